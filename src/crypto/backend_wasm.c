/*
 * The provider as imports of module "timbre_crypto", for wasm32.  Pointers are addresses in the
 * module's memory; a tb_bytes is two 32-bit words, address and length.  Results are the status code
 * of base/status.h and crypto/status.h (0: done); the embedder writes outputs only with 0.
 *
 *   hash(alg, parts, count, out)
 *   hmac(alg, key, key_len, parts, count, out)
 *   aead_seal, aead_open(alg, key, key_len, nonce, aad, aad_len, in, in_len, out)
 *   dh_public(kem, private, private_len, out)
 *   dh(kem, private, private_len, public, public_len, out)      out: private_len octets
 *   sign_public(alg, private, private_len, out)
 *   sign(alg, private, private_len, message, message_len, out, out_len)
 *   verify(alg, public, public_len, message, message_len, signature, signature_len)
 *   has(cipher_suite)                                           1 or 0
 *
 * Numbers of algorithms are the enumerators of crypto/crypto.h.
 */
#include "crypto/crypto.h"

#include <assert.h>
#include <string.h>

#ifdef __wasm__

#define IMPORT(NAME_) __attribute__((import_module("timbre_crypto"), import_name(#NAME_)))

IMPORT(hash)
extern uint32_t import_hash(uint32_t alg, const tb_bytes *parts, size_t count, uint8_t *out);
IMPORT(hmac)
extern uint32_t import_hmac(uint32_t alg, const uint8_t *key, size_t key_len,
                            const tb_bytes *parts, size_t count, uint8_t *out);
IMPORT(aead_seal)
extern uint32_t import_aead_seal(uint32_t alg, const uint8_t *key, size_t key_len,
                                 const uint8_t *nonce, const uint8_t *aad, size_t aad_len,
                                 const uint8_t *plain, size_t plain_len, uint8_t *out);
IMPORT(aead_open)
extern uint32_t import_aead_open(uint32_t alg, const uint8_t *key, size_t key_len,
                                 const uint8_t *nonce, const uint8_t *aad, size_t aad_len,
                                 const uint8_t *sealed, size_t sealed_len, uint8_t *out);
IMPORT(dh_public)
extern uint32_t import_dh_public(uint32_t kem, const uint8_t *private_key, size_t private_len,
                                 uint8_t *out);
IMPORT(dh)
extern uint32_t import_dh(uint32_t kem, const uint8_t *private_key, size_t private_len,
                          const uint8_t *public_key, size_t public_len, uint8_t *out);
IMPORT(sign_public)
extern uint32_t import_sign_public(uint32_t alg, const uint8_t *private_key, size_t private_len,
                                   uint8_t *out);
IMPORT(sign)
extern uint32_t import_sign(uint32_t alg, const uint8_t *private_key, size_t private_len,
                            const uint8_t *message, size_t message_len, uint8_t *out,
                            size_t *out_len);
IMPORT(verify)
extern uint32_t import_verify(uint32_t alg, const uint8_t *public_key, size_t public_len,
                              const uint8_t *message, size_t message_len,
                              const uint8_t *signature, size_t signature_len);
IMPORT(has)
extern uint32_t import_has(uint32_t cipher_suite);

static tb_status wasm_hash(const struct crypto_provider *self, enum crypto_hash alg,
                           const tb_bytes *parts, size_t count, uint8_t *out)
{
    (void)self;
    return TB_STATUS(import_hash(alg, parts, count, out));
}

static tb_status wasm_hmac(const struct crypto_provider *self, enum crypto_hash alg, tb_bytes key,
                           const tb_bytes *parts, size_t count, uint8_t *out)
{
    (void)self;
    return TB_STATUS(import_hmac(alg, key.data, key.len, parts, count, out));
}

static tb_status wasm_aead_seal(const struct crypto_provider *self, enum crypto_aead alg,
                                tb_bytes key, tb_bytes nonce, tb_bytes aad, tb_bytes plain,
                                uint8_t *out)
{
    (void)self;
    assert(nonce.len == CRYPTO_NONCE_LEN);
    return TB_STATUS(import_aead_seal(alg, key.data, key.len, nonce.data, aad.data, aad.len,
                                      plain.data, plain.len, out));
}

static tb_status wasm_aead_open(const struct crypto_provider *self, enum crypto_aead alg,
                                tb_bytes key, tb_bytes nonce, tb_bytes aad, tb_bytes sealed,
                                uint8_t *out)
{
    (void)self;
    assert(nonce.len == CRYPTO_NONCE_LEN);
    if (sealed.len < CRYPTO_TAG_LEN) return TB_STATUS(CRYPTO_DECRYPT);
    return TB_STATUS(import_aead_open(alg, key.data, key.len, nonce.data, aad.data, aad.len,
                                      sealed.data, sealed.len, out));
}

static tb_status wasm_dh_public(const struct crypto_provider *self, enum crypto_kem kem,
                                tb_bytes private_key, uint8_t *public_key)
{
    (void)self;
    return TB_STATUS(import_dh_public(kem, private_key.data, private_key.len, public_key));
}

/* Octets of a DH result: the x coordinate of a NIST curve is as long as its scalar, and so are
 * those of X25519 and X448. */
static tb_status wasm_dh(const struct crypto_provider *self, enum crypto_kem kem,
                         tb_bytes private_key, tb_bytes public_key, struct tb_secret *shared)
{
    (void)self;
    struct tb_secret result = { .len = private_key.len };
    uint32_t code = import_dh(kem, private_key.data, private_key.len, public_key.data,
                              public_key.len, result.data);
    if (code == TB_OK) *shared = result;
    tb_secret_wipe(&result);
    return TB_STATUS(code);
}

/* What the embedder's Diffie-Hellman refuses: one with the scalar 1. */
static tb_status wasm_point_check(const struct crypto_provider *self, enum crypto_kem kem,
                                  tb_bytes public_key)
{
    (void)self;
    size_t len = (public_key.len - 1) / 2;
    struct tb_secret one = { .len = len }, unused = { .len = len };
    one.data[len - 1] = 1;
    return TB_STATUS(import_dh(kem, one.data, len, public_key.data, public_key.len, unused.data));
}

static tb_status wasm_sign_public(const struct crypto_provider *self, enum crypto_signature alg,
                                  tb_bytes private_key, uint8_t *public_key)
{
    (void)self;
    return TB_STATUS(import_sign_public(alg, private_key.data, private_key.len, public_key));
}

static tb_status wasm_sign(const struct crypto_provider *self, enum crypto_signature alg,
                           tb_bytes private_key, tb_bytes public_key, tb_bytes message,
                           uint8_t signature[CRYPTO_SIGNATURE_MAX], size_t *len)
{
    (void)self;
    (void)public_key; /* the embedder derives it */
    return TB_STATUS(import_sign(alg, private_key.data, private_key.len, message.data, message.len,
                                 signature, len));
}

static tb_status wasm_verify(const struct crypto_provider *self, enum crypto_signature alg,
                             tb_bytes public_key, tb_bytes message, tb_bytes signature)
{
    (void)self;
    return TB_STATUS(import_verify(alg, public_key.data, public_key.len, message.data, message.len,
                                   signature.data, signature.len));
}

static bool wasm_has(const struct crypto_provider *self, uint16_t cipher_suite)
{
    (void)self;
    return import_has(cipher_suite) == 1;
}

const struct crypto_provider *crypto_backend_wasm(void)
{
    static const struct crypto_provider provider = {
        .name = "timbre_crypto imports",
        .hash = wasm_hash,
        .hmac = wasm_hmac,
        .aead_seal = wasm_aead_seal,
        .aead_open = wasm_aead_open,
        .dh_public = wasm_dh_public,
        .dh = wasm_dh,
        .point_check = wasm_point_check,
        .sign_public = wasm_sign_public,
        .sign = wasm_sign,
        .verify = wasm_verify,
        .has = wasm_has,
    };
    return &provider;
}

#endif
