/* A room's rules, as members change and read them (rules.c). */
#ifndef TB_CLIENT_RULES_H
#define TB_CLIENT_RULES_H

#include "client/rooms.h"

TB_MUST_USE tb_status client_rules_allowed(struct client_turn *turn,
                                           const struct chat_policy_room *policy,
                                           tb_bytes account,
                                           const struct client_rules_change *change);
/* The rules that stand now, with the change, as a proposal by value. */
TB_MUST_USE tb_status client_rules_proposal(struct client_turn *turn, struct client_room *room,
                                            tb_bytes account,
                                            const struct client_rules_change *change,
                                            struct mls_proposal *out);
/* A person's wish becomes an intent of the room (intent.c). */
TB_MUST_USE tb_status client_wish(struct client *client, uint64_t now_ms, tb_bytes room_uri,
                                  struct client_intent_params *params,
                                  struct client_effects *effects, uint64_t *op);

#endif
