/* What the desk may decide, and the measures that are no bans (sanction.c, reverse.c). */
#ifndef TB_HUB_SANCTION_H
#define TB_HUB_SANCTION_H

#include "hub/ban.h"
#include "hub/desk.h"

/* A mute, beside its room in DECISIONS. */
#define HUB_ROW_MUTE(ROW, S)           \
    ROW(S, U64, number,   NONE)        \
    ROW(S, U64, until_ms, NONE)
WIRE_STRUCT(hub_row_mute, HUB_ROW_MUTE)
/* An appeal, by the number of its decision. */
#define HUB_ROW_APPEAL(ROW, S)              \
    ROW(S, U64, appealed_ms,    NONE)       \
    ROW(S, U64, settled_number, NONE) /* 0: pending */
WIRE_STRUCT(hub_row_appeal, HUB_ROW_APPEAL)

/* Whose signatures a decision has, and whether those are enough.  *single: the desk has one person,
 * who decides alone what needs two. */
uint16_t hub_sanction_check(struct hub *hub, struct hub_call *call,
                            const struct chat_decision *decision, uint8_t *single);
/* Retraction: every target is a message of the subject in this room. */
uint16_t hub_sanction_check_targets(struct hub *hub, struct hub_call *call,
                                    const struct chat_decision *decision,
                                    const struct hub_user_id *subject,
                                    const struct hub_room *room);
/* Carry out a decision that is no ban, or with is_ban false undo it.  what: the decision that is
 * carried out or undone; act->decision is the one that says so. */
TB_MUST_USE tb_status hub_sanction_apply(struct hub *hub, struct hub_ban *act,
                                         const struct chat_decision *what);
/* May this account not send in the room now?  *until_ms: when it may. */
TB_MUST_USE tb_status hub_sanction_is_muted(struct hub *hub, const struct hub_room *room,
                                            const struct hub_user_id *user, uint64_t now_ms,
                                            struct tb_arena *arena, bool *out,
                                            uint64_t *until_ms);
/* A room is loaded: has it mutes? */
TB_MUST_USE tb_status hub_sanction_load(struct hub *hub, struct hub_room *room);
/* The state of a room that is open otherwise: HUB_ROOM_SHUT when the desk closed it. */
TB_MUST_USE tb_status hub_sanction_room_state(struct hub *hub, const struct hub_room *room,
                                              struct tb_arena *arena, uint8_t *state);

/* ---- settling (reverse.c) ---- */

/* The decision that a reversal or an upholding settles; CHAT_CODE_OK and *of. */
uint16_t hub_settle_check(struct hub *hub, struct hub_call *call,
                          const struct chat_decision *decision,
                          struct chat_decision_entry *of);
/* Undoes what can be undone, and notes that the appeal is over. */
TB_MUST_USE tb_status hub_settle_apply(struct hub *hub, struct hub_ban *act,
                                       const struct chat_decision_entry *of);

#endif
