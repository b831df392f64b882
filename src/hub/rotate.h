/* Changes of the hub's keys, and how rooms follow them (keys.h holds the keys themselves). */
#ifndef TB_HUB_ROTATE_H
#define TB_HUB_ROTATE_H

#include "hub/engine.h"

void hub_rotate_turn(const struct hub *hub, struct tb_arena *arena, uint64_t now_ms,
                     struct hub_keys_turn *out);
/* Agent and intake keys that have lived as long as they may; the hub_key after its month. */
TB_MUST_USE tb_status hub_rotate_due(struct hub *hub, uint64_t now_ms,
                                     struct hub_effects *effects);
/* One room of the walk over all: with an older agent it gets the proposal of the newest one, which
 * its next commit carries (spec 2.5.10). */
TB_MUST_USE tb_status hub_rotate_room(struct hub *hub, struct hub_room *room, uint64_t now_ms,
                                      struct tb_arena *arena, struct hub_effects *effects);
/* The walk is at its end: agents that no room uses are over, and the HubRecord says so. */
TB_MUST_USE tb_status hub_rotate_walked(struct hub *hub, uint64_t now_ms,
                                        struct hub_effects *effects);

hub_handler hub_verb_admin_keys, hub_verb_admin_keys_rotate, hub_verb_admin_keys_revoke;

#endif
