/* Commit acknowledgements (spec 3.5, amendments 3): "I applied it", or why not. */
#ifndef TB_CHAT_ACK_H
#define TB_CHAT_ACK_H

#include "chat/status.h"
#include "chat/structs.h"
#include "crypto/crypto.h"

#define CHAT_LABEL_COMMIT_ACK "TimbreCommitAck1"

/* H(MLSMessage octets of the commit). */
TB_MUST_USE tb_status chat_ack_commit_hash(const struct crypto_suite *suite, tb_bytes commit,
                                           uint8_t hash[CHAT_HASH_LEN]);
/* Signs by the leaf key of epoch n (which is the device key) and fills the signature. */
TB_MUST_USE tb_status chat_ack_sign(const struct crypto_suite *suite,
                                    const struct crypto_signing_key *leaf_key,
                                    struct chat_commit_ack *ack, struct tb_arena *arena);
/* CHAT_COMMIT_ACK_FORM, _SIGNATURE.  Whether the leaf is a member of epoch n is the caller's. */
TB_MUST_USE tb_status chat_ack_verify(const struct crypto_suite *suite,
                                      const struct chat_commit_ack *ack, tb_bytes leaf_key,
                                      struct tb_arena *arena);
const char *chat_ack_result_name(uint8_t result); /* "applied", ...; "unknown" */

#endif
