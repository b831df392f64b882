/*
 * The native provider for programs whose secrets are undefined: our own code is what is watched.
 *
 * What a primitive of OpenSSL or libsodium does inside is not ours to test here, and some of it
 * looks at secrets in ways that are harmless (whether a tag was right, whether a shared point is
 * zero).  So DH, signatures and AEAD run on defined copies, and then their results are marked as
 * what they are: shared secrets and opened secrets SECRET, public keys, signatures and
 * ciphertexts public.  Hash and HMAC run on the secrets themselves.
 */
#ifndef TB_TESTS_CT_PROVIDER_H
#define TB_TESTS_CT_PROVIDER_H

#include <stdlib.h>
#include <string.h>

#include "crypto/crypto.h"
#include "tests/ct/ct.h"

/* How secrets of 32 octets stand in opened plaintexts (RFC 9420, sections 7.6 and 12.4.3.1). */
enum { CT_SECRET_LEN = 32, CT_GROUP_SECRETS_LEN = 35, CT_GROUP_SECRETS_PATH_LEN = 68 };

/*
 * What was opened: a path secret, or GroupSecrets, whose lengths are public and whose secrets are
 * not.  Anything else is content that its reader looks at: sender data, a GroupInfo, a message.
 */
static inline void ct_mark_opened(uint8_t *out, size_t len)
{
    bool is_group_secrets = (len == CT_GROUP_SECRETS_LEN || len == CT_GROUP_SECRETS_PATH_LEN) &&
                            out[0] == CT_SECRET_LEN;
    if (len == CT_SECRET_LEN) CT_SECRET(out, len);
    if (!is_group_secrets) return;
    CT_SECRET(out + 1, CT_SECRET_LEN);
    if (len == CT_GROUP_SECRETS_PATH_LEN) CT_SECRET(out + CT_SECRET_LEN + 3, CT_SECRET_LEN);
}

static inline tb_bytes ct_defined(tb_bytes value, uint8_t *copy)
{
    if (value.len != 0) memcpy(copy, value.data, value.len);
    CT_PUBLIC(copy, value.len);
    return (tb_bytes){ copy, value.len };
}

static inline tb_status ct_hash(const struct crypto_provider *self, enum crypto_hash alg,
                                const tb_bytes *parts, size_t count, uint8_t *out)
{
    (void)self;
    return crypto_backend_native()->hash(crypto_backend_native(), alg, parts, count, out);
}

static inline tb_status ct_hmac(const struct crypto_provider *self, enum crypto_hash alg,
                                tb_bytes key, const tb_bytes *parts, size_t count, uint8_t *out)
{
    (void)self;
    return crypto_backend_native()->hmac(crypto_backend_native(), alg, key, parts, count, out);
}

static inline tb_status ct_seal(const struct crypto_provider *self, enum crypto_aead alg,
                                tb_bytes key, tb_bytes nonce, tb_bytes aad, tb_bytes plain,
                                uint8_t *out)
{
    (void)self;
    uint8_t key_copy[CRYPTO_KEY_MAX], nonce_copy[CRYPTO_NONCE_LEN];
    uint8_t *plain_copy = malloc(plain.len + 1), *aad_copy = malloc(aad.len + 1);
    tb_status status = crypto_backend_native()->aead_seal(
        crypto_backend_native(), alg, ct_defined(key, key_copy), ct_defined(nonce, nonce_copy),
        ct_defined(aad, aad_copy), ct_defined(plain, plain_copy), out);
    free(plain_copy);
    free(aad_copy);
    return status;
}

static inline tb_status ct_open(const struct crypto_provider *self, enum crypto_aead alg,
                                tb_bytes key, tb_bytes nonce, tb_bytes aad, tb_bytes sealed,
                                uint8_t *out)
{
    (void)self;
    uint8_t key_copy[CRYPTO_KEY_MAX], nonce_copy[CRYPTO_NONCE_LEN];
    uint8_t *aad_copy = malloc(aad.len + 1);
    tb_status status = crypto_backend_native()->aead_open(crypto_backend_native(), alg,
                                                          ct_defined(key, key_copy),
                                                          ct_defined(nonce, nonce_copy),
                                                          ct_defined(aad, aad_copy), sealed, out);
    if (tb_is_ok(status)) ct_mark_opened(out, sealed.len - CRYPTO_TAG_LEN);
    free(aad_copy);
    return status;
}

static inline tb_status ct_dh_public(const struct crypto_provider *self, enum crypto_kem kem,
                                     tb_bytes private_key, uint8_t *public_key)
{
    (void)self;
    uint8_t copy[CRYPTO_PUBLIC_MAX];
    return crypto_backend_native()->dh_public(crypto_backend_native(), kem,
                                              ct_defined(private_key, copy), public_key);
}

static inline tb_status ct_dh(const struct crypto_provider *self, enum crypto_kem kem,
                              tb_bytes private_key, tb_bytes public_key, struct tb_secret *shared)
{
    (void)self;
    uint8_t copy[CRYPTO_PUBLIC_MAX];
    tb_status status = crypto_backend_native()->dh(crypto_backend_native(), kem,
                                                   ct_defined(private_key, copy), public_key,
                                                   shared);
    if (tb_is_ok(status)) CT_SECRET(shared->data, shared->len);
    return status;
}

static inline tb_status ct_sign_public(const struct crypto_provider *self,
                                       enum crypto_signature alg, tb_bytes private_key,
                                       uint8_t *public_key)
{
    (void)self;
    uint8_t copy[CRYPTO_PUBLIC_MAX];
    return crypto_backend_native()->sign_public(crypto_backend_native(), alg,
                                                ct_defined(private_key, copy), public_key);
}

/* A message holds what is public, or a tag that becomes so. */
static inline tb_status ct_sign(const struct crypto_provider *self, enum crypto_signature alg,
                                tb_bytes private_key, tb_bytes public_key, tb_bytes message,
                                uint8_t signature[CRYPTO_SIGNATURE_MAX], size_t *len)
{
    (void)self;
    uint8_t copy[CRYPTO_PUBLIC_MAX], *message_copy = malloc(message.len + 1);
    tb_status status = crypto_backend_native()->sign(crypto_backend_native(), alg,
                                                     ct_defined(private_key, copy), public_key,
                                                     ct_defined(message, message_copy), signature,
                                                     len);
    free(message_copy);
    return status;
}

static inline tb_status ct_verify(const struct crypto_provider *self, enum crypto_signature alg,
                                  tb_bytes public_key, tb_bytes message, tb_bytes signature)
{
    (void)self;
    uint8_t *copy = malloc(message.len + 1);
    tb_status status = crypto_backend_native()->verify(crypto_backend_native(), alg, public_key,
                                                       ct_defined(message, copy), signature);
    free(copy);
    return status;
}

/* The native provider with these in place of its own. */
static inline const struct crypto_provider *ct_provider(void)
{
    static struct crypto_provider provider;
    provider = *crypto_backend_native();
    provider.hash = ct_hash;
    provider.hmac = ct_hmac;
    provider.aead_seal = ct_seal;
    provider.aead_open = ct_open;
    provider.dh_public = ct_dh_public;
    provider.dh = ct_dh;
    provider.sign_public = ct_sign_public;
    provider.sign = ct_sign;
    provider.verify = ct_verify;
    return &provider;
}

/* All randomness is secret. */
static inline bool ct_fill(void *ctx, uint8_t *out, size_t len)
{
    uint64_t *state = ctx;
    for (size_t i = 0; i < len; i++) {
        *state = *state * 6364136223846793005u + 1442695040888963407u;
        out[i] = (uint8_t)(*state >> 40);
    }
    CT_SECRET(out, len);
    return true;
}

static inline void *ct_take(void *ctx, size_t len)
{
    (void)ctx;
    return malloc(len);
}

static inline void ct_give(void *ctx, void *data, size_t len)
{
    (void)ctx;
    (void)len;
    free(data);
}

#endif
