/*
 * What all stored forms of the mls room have in common: they begin with their version and cipher
 * suite, and since version 2 they end with a digest of everything before it.  The digest finds
 * damage: every octet that changed, every octet that is missing.  Whoever may have WRITTEN a blob
 * is for the caller to know (it encrypts and authenticates what it stores).
 */
#ifndef TB_MLS_BLOB_H
#define TB_MLS_BLOB_H

#include "crypto/crypto.h"
#include "mls/status.h"

enum { MLS_BLOB_VERSION_OLDEST = 1, MLS_BLOB_VERSION_DIGEST = 2 };

/* Append the digest (hash_len octets, the suite's hash) to a blob that starts at `from` in out; a
 * refusal takes the blob back. */
TB_MUST_USE tb_status mls_blob_close(const struct crypto_suite *suite, size_t from,
                                     struct tb_buf *out);
/* Take back, wiped, what was appended behind `from`: an encoding that cannot be finished. */
void mls_blob_cut(struct tb_buf *out, size_t from);
/*
 * Version and body (a view without the digest), checked.  MLS_BLOB_VERSION above newest or below
 * the oldest, MLS_SUITE, MLS_BLOB.
 */
TB_MUST_USE tb_status mls_blob_open(const struct crypto_suite *suite, tb_bytes octets,
                                    uint16_t newest, uint16_t *version, tb_bytes *body);

/* Whatever was wrong with a stored form, it is damaged; lack of memory and a provider that failed
 * are not its fault. */
static inline tb_status mls_blob_status(tb_status status)
{
    bool is_ours = status.code == TB_NO_SPACE || status.code == CRYPTO_FAILED;
    return tb_is_ok(status) || is_ours ? status : TB_STATUS(MLS_BLOB);
}

#endif
