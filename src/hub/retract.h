/* What the hub tells a room whose messages are retracted or restored (retract.c). */
#ifndef TB_HUB_RETRACT_H
#define TB_HUB_RETRACT_H

#include "hub/engine.h"

/* AppEphemeral 0x0050 with the messages of the decision that the Safe AAD names, or of the one that
 * this decision reverses. */
TB_MUST_USE tb_status hub_retract_proposal(struct hub *hub, const struct hub_room *room,
                                           tb_bytes aad, struct tb_arena *arena,
                                           struct mls_proposal *out);

#endif
