/*
 * An Ed25519 key pair used as an X25519 key pair: the birational map of RFC 7748, section 4.1.
 *
 * Timbre has one key a device.  When an account has no KeyPackage left, a statement of reasons is
 * sealed to that key (docs/franking.md, amendment 27); nothing else uses this.
 */
#ifndef TB_CRYPTO_MONTGOMERY_H
#define TB_CRYPTO_MONTGOMERY_H

#include "crypto/crypto.h"

enum { CRYPTO_X25519_LEN = 32 };

/* u = (1 + y) / (1 - y).  The key is PUBLIC: time depends on it.  CRYPTO_KEY for another length,
 * for a y that is not below 2^255 - 19, and for the neutral element. */
TB_MUST_USE tb_status crypto_montgomery_public(tb_bytes ed25519_public,
                                               uint8_t out[CRYPTO_X25519_LEN]);
/* The scalar of a seed, unclamped: the first half of SHA-512(seed).  The caller wipes it. */
TB_MUST_USE tb_status crypto_montgomery_private(const struct crypto_suite *suite, tb_bytes seed,
                                                struct tb_secret *out);

#endif
