/* Invitations and requests to join (join.c). */
#ifndef TB_HUB_JOIN_H
#define TB_HUB_JOIN_H

#include "hub/engine.h"

/* Is this request waiting for this room, octet for octet?  Then it is consent. */
TB_MUST_USE tb_status hub_join_is_waiting(struct hub *hub, const struct hub_room_id *room,
                                          const struct chat_join_request *request,
                                          struct tb_arena *arena, bool *found);
TB_MUST_USE tb_status hub_join_done(struct hub *hub, const struct hub_room_id *room,
                                    const struct hub_device_id *device);
/* The waiting requests of a room for one connection. */
TB_MUST_USE tb_status hub_join_push_all(struct hub *hub, struct hub_room *room,
                                        struct hub_session *session, struct tb_arena *arena,
                                        struct hub_effects *effects);
TB_MUST_USE tb_status hub_invite_put(struct hub *hub, const struct hub_row_invite *invite,
                                     struct tb_arena *arena);
/* With its row among its creator's; key as its own row stands under. */
TB_MUST_USE tb_status hub_invite_drop(struct hub *hub, const struct hub_key *key,
                                      const struct hub_row_invite *invite);
/* Forgets some of those that ended a while ago. */
TB_MUST_USE tb_status hub_invite_sweep(struct hub *hub, uint64_t now_ms, struct tb_arena *arena);
/* CHAT_CODE_OK, NOT_FOUND, INVITATION_USED, INVITATION_EXPIRED. */
uint16_t hub_invite_check(struct hub *hub, struct hub_call *call, tb_bytes invite_key,
                          uint8_t kind, struct hub_row_invite *out);
hub_handler hub_verb_invite_put, hub_verb_invite_revoke, hub_verb_join_request;

#endif
