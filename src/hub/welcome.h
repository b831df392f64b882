/* Welcomes that wait for the devices they are for. */
#ifndef TB_HUB_WELCOME_H
#define TB_HUB_WELCOME_H

#include "hub/engine.h"

/* Can the Welcome of a commit that is not merged yet be handed out in one frame? */
TB_MUST_USE tb_status hub_welcome_fits(const struct hub_room *room,
                                       const struct chat_room_update *update,
                                       struct tb_arena *arena, bool *fits);
TB_MUST_USE tb_status hub_welcome_put(struct hub *hub, struct hub_room *room, uint64_t log_seq,
                                      tb_bytes welcome, tb_bytes group_info,
                                      struct tb_arena *arena);
/* At a login.  What is beyond WELCOME_PUSH_BYTES_MAX comes at a later one. */
TB_MUST_USE tb_status hub_welcome_push_all(struct hub *hub, struct hub_session *session,
                                           struct tb_arena *arena, struct hub_effects *effects);
TB_MUST_USE tb_status hub_welcome_route(struct hub *hub, const struct hub_room *room,
                                        uint64_t log_seq, const struct hub_device_id *device,
                                        struct hub_effects *effects, struct tb_arena *arena);
/* Is there a Welcome to this room that the device has not acknowledged? */
TB_MUST_USE tb_status hub_welcome_is_waiting(struct hub *hub, const struct hub_room *room,
                                             const struct hub_device_id *device,
                                             struct tb_arena *arena, bool *out);
TB_MUST_USE tb_status hub_welcome_forget(struct hub *hub, const struct hub_room *room,
                                         uint64_t log_seq, struct tb_arena *arena);

#endif
