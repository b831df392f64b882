/*
 * Admin requests of the engine: through the socket of the hub that runs, or, when none runs, on the
 * database itself.  The same verbs and answers either way.
 */
#ifndef TB_HOST_HUB_ADMIN_H
#define TB_HOST_HUB_ADMIN_H

#include "host/hub_open.h"

struct host_admin {
    struct host_hub hub;
    bool is_running; /* a hub holds the lock: requests go through its socket */
};

/* TB_NOT_FOUND: there is no data directory; what host_hub_open refuses. */
TB_MUST_USE tb_status host_admin_open(struct host_admin *admin, const struct host_config *config);
void host_admin_close(struct host_admin *admin);

/*
 * One request.  *code: the engine's, CHAT_CODE_OK with the answer's octets in *answer, or another
 * with a sentence for a person.  HOST_NETWORK: the hub that runs does not answer; HOST_HTTP: it
 * answers something else; TB_STORE.
 */
TB_MUST_USE tb_status host_admin_call(struct host_admin *admin, enum chat_verb verb, tb_bytes body,
                                      struct tb_arena *arena, uint16_t *code, tb_bytes *answer);

#endif
