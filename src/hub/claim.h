/* Key packages that were handed out for a room (claim.c). */
#ifndef TB_HUB_CLAIM_H
#define TB_HUB_CLAIM_H

#include "hub/engine.h"

/* The caller was given this key package of a device for a room. */
TB_MUST_USE tb_status hub_claim_put(struct hub *hub, struct hub_call *call,
                                    const struct hub_room_id *room,
                                    const struct hub_device_id *device, uint16_t suite,
                                    tb_bytes key_package);
/* Every Add of a commit names a key package that the caller was given for this room. */
uint16_t hub_claim_check(struct hub *hub, struct hub_call *call, const struct hub_room *room,
                         const struct mls_public_commit_view *commit);
/* The device is in the tree: what was claimed of it for this room is used up. */
TB_MUST_USE tb_status hub_claim_done(struct hub *hub, const struct hub_room_id *room,
                                     const struct hub_device_id *device, struct tb_arena *arena);
/* Forgets some of those that are past their time. */
TB_MUST_USE tb_status hub_claim_sweep(struct hub *hub, uint64_t now_ms, struct tb_arena *arena);

#endif
