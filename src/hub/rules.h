/* The rules of a room, as the hub holds senders and newcomers to them (chat/room_rules.h). */
#ifndef TB_HUB_RULES_H
#define TB_HUB_RULES_H

#include "hub/engine.h"

/* From the room's policy; users of other hubs are left out. */
TB_MUST_USE tb_status hub_rules_of_policy(const struct hub *hub,
                                          const struct chat_policy_room *policy,
                                          struct tb_arena *arena, struct hub_row_rules *out);
/* May the account send now?  CHAT_CODE_OK, or the refusal; a message that is taken has to be noted
 * with hub_rules_sent. */
uint16_t hub_rules_check(struct hub *hub, struct hub_call *call, const struct hub_room *room,
                         uint8_t role_bits);
void hub_rules_sent(struct hub_room *room, const struct hub_user_id *user, uint64_t now_ms);
/* Was the user kicked, and may not come back yet?  *until_ms: 0 without end. */
bool hub_rules_denies(const struct hub_room *room, const struct hub_user_id *user,
                      uint64_t now_ms, uint64_t *until_ms);

#endif
