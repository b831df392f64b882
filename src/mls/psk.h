/* Pre-shared keys: RFC 9420, section 8.4. */
#ifndef TB_MLS_PSK_H
#define TB_MLS_PSK_H

#include "crypto/crypto.h"
#include "mls/status.h"
#include "mls/structs.h"

/* A pre-shared key and its name.  When a caller offers one, id.psk_nonce is not looked at. */
struct mls_psk_entry {
    struct mls_pre_shared_key_id id;
    tb_bytes psk; /* SECRET; borrowed for the call */
};

enum { MLS_PSK_COUNT_MAX = 1024 }; /* pre-shared keys of one commit */

/* psk_secret over the keys in the order of their proposals; hash_len zeros for none. */
TB_MUST_USE tb_status mls_psk_secret(const struct crypto_suite *suite,
                                     const struct mls_psk_entry *psks, size_t count,
                                     struct tb_arena *arena, struct tb_secret *out);

/* Do two ids name the same key?  The nonce belongs to the proposal, not to the key. */
bool mls_psk_id_matches(const struct mls_pre_shared_key_id *a,
                        const struct mls_pre_shared_key_id *b);

/* The key that an id names among those that a caller offers: MLS_PSK_UNKNOWN without one. */
TB_MUST_USE tb_status mls_psk_find(const struct mls_psk_entry *psks, size_t count,
                                   const struct mls_pre_shared_key_id *id, tb_bytes *out);

#endif
