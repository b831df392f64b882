/* Bans of the desk and their ends (docs/architecture.md, Decisions). */
#ifndef TB_HUB_BAN_H
#define TB_HUB_BAN_H

#include "hub/engine.h"

/* A ban that is carried out, or its end. */
struct hub_ban {
    struct hub_account *subject;
    struct hub_room *room;                /* NULL: the whole hub */
    const struct chat_decision *decision; /* what it rests on */
    uint64_t number;                      /* of the decision */
    bool is_ban;                          /* else an end */
    bool is_suspension;                   /* of the account, which stays in its rooms */
    uint64_t number_of;                   /* an end: of this decision, if it still stands; 0: any */
    uint64_t now_ms;
    struct tb_arena *arena;
    struct hub_effects *effects;
    uint32_t rooms_affected, rooms_rotated; /* out */
};
TB_MUST_USE tb_status hub_ban_apply(struct hub *hub, struct hub_ban *ban);
/* Ends bans whose until_ms has come; a failure breaks the turn. */
void hub_ban_due(struct hub *hub, uint64_t now_ms, struct hub_effects *effects);
/* Is a ban of the whole hub in force?  Its end has to find the user's rooms. */
TB_MUST_USE tb_status hub_ban_is_on_hub(struct hub *hub, const struct hub_user_id *user,
                                        struct tb_arena *arena, bool *out);
/* May nobody add this user to the room?  A ban also keeps out who had left before it came. */
TB_MUST_USE tb_status hub_ban_keeps_out(struct hub *hub, const struct hub_user_id *user,
                                        const struct hub_room *room, uint64_t now_ms,
                                        struct tb_arena *arena, bool *out);
TB_MUST_USE tb_status hub_ban_load(struct hub *hub, struct tb_arena *arena);

#endif
