/* hub_retracted_messages (component 0x0050): the hub's own signature on what it retracts. */
#ifndef TB_CHAT_RETRACT_H
#define TB_CHAT_RETRACT_H

#include "chat/status.h"
#include "chat/structs.h"
#include "crypto/crypto.h"

#define CHAT_LABEL_RETRACTED "HubRetractedComponentTBS"

/* Sets signature; external: the hub's external sender key. */
TB_MUST_USE tb_status chat_retracted_sign(const struct crypto_suite *suite,
                                          const struct crypto_signing_key *external,
                                          struct chat_retracted *retracted,
                                          struct tb_arena *arena);
/* CHAT_DECISION_SIGNATURE */
TB_MUST_USE tb_status chat_retracted_verify(const struct crypto_suite *suite,
                                            const struct chat_retracted *retracted,
                                            tb_bytes external_key, struct tb_arena *arena);

#endif
