/*
 * X-Wing (draft-connolly-cfrg-xwing-kem): ML-KEM-768 of OpenSSL 3.5 and later, reached by name so
 * that this file builds with every OpenSSL 3 and the suite is offered where the algorithm is, and
 * X25519 of libsodium.
 */
#include "crypto/backend_native.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <sodium/crypto_scalarmult_curve25519.h>
#include <string.h>

#define ML_KEM "ML-KEM-768"
/* Names of parameters that the headers of OpenSSL 3.0 do not have. */
#define PARAM_SEED "seed"
#define PARAM_ENTROPY "ikme"

enum {
    XWING_SEED_LEN = 32,
    XWING_EXPANDED_LEN = 96, /* d and z of ML-KEM, then the X25519 scalar */
    ML_SEED_LEN = 64,
    ML_PUBLIC_LEN = 1184,
    ML_OUTPUT_LEN = 1088,
    SHARED_LEN = 32,
    X25519_LEN = 32
};
static const uint8_t label[] = { 0x5c, 0x2e, 0x2f, 0x2f, 0x5e, 0x5c };

bool crypto_native_has_ml_kem(void)
{
    EVP_KEM *kem = EVP_KEM_fetch(NULL, ML_KEM, NULL);
    bool is_there = kem != NULL;
    EVP_KEM_free(kem);
    return is_there;
}

static bool digest(const char *name, const tb_bytes *parts, size_t count, uint8_t *out,
                   size_t len, bool is_xof)
{
    EVP_MD *md = EVP_MD_fetch(NULL, name, NULL);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool is_well = md != NULL && ctx != NULL && EVP_DigestInit_ex2(ctx, md, NULL) == 1;
    for (size_t i = 0; is_well && i < count; i++) {
        is_well = EVP_DigestUpdate(ctx, parts[i].data, parts[i].len) == 1;
    }
    if (is_well && is_xof) is_well = EVP_DigestFinalXOF(ctx, out, len) == 1;
    else if (is_well) is_well = EVP_DigestFinal_ex(ctx, out, NULL) == 1;
    EVP_MD_CTX_free(ctx);
    EVP_MD_free(md);
    return is_well;
}

/* ------------------------------------------------------------------ ML-KEM-768 */

static EVP_PKEY *ml_private(const uint8_t seed[ML_SEED_LEN])
{
    uint8_t copy[ML_SEED_LEN];
    EVP_PKEY *key = NULL;
    memcpy(copy, seed, sizeof copy);
    OSSL_PARAM params[] = { OSSL_PARAM_construct_octet_string(PARAM_SEED, copy, sizeof copy),
                            OSSL_PARAM_construct_end() };
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, ML_KEM, NULL);
    if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1
        || EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params) != 1) {
        key = NULL;
    }
    EVP_PKEY_CTX_free(ctx);
    tb_wipe(copy, sizeof copy);
    return key;
}

static EVP_PKEY *ml_public(const uint8_t public_key[ML_PUBLIC_LEN])
{
    return EVP_PKEY_new_raw_public_key_ex(NULL, ML_KEM, NULL, public_key, ML_PUBLIC_LEN);
}

static bool ml_encap(EVP_PKEY *key, const uint8_t random[32], uint8_t output[ML_OUTPUT_LEN],
                     uint8_t shared[SHARED_LEN])
{
    uint8_t copy[32];
    size_t output_len = ML_OUTPUT_LEN, shared_len = SHARED_LEN;
    memcpy(copy, random, sizeof copy);
    OSSL_PARAM params[] = { OSSL_PARAM_construct_octet_string(PARAM_ENTROPY, copy, sizeof copy),
                            OSSL_PARAM_construct_end() };
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    bool is_well = ctx != NULL && EVP_PKEY_encapsulate_init(ctx, params) == 1
                   && EVP_PKEY_encapsulate(ctx, output, &output_len, shared, &shared_len) == 1
                   && output_len == ML_OUTPUT_LEN && shared_len == SHARED_LEN;
    EVP_PKEY_CTX_free(ctx);
    tb_wipe(copy, sizeof copy);
    return is_well;
}

static bool ml_decap(EVP_PKEY *key, const uint8_t output[ML_OUTPUT_LEN],
                     uint8_t shared[SHARED_LEN])
{
    size_t shared_len = SHARED_LEN;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    bool is_well =
        ctx != NULL && EVP_PKEY_decapsulate_init(ctx, NULL) == 1
        && EVP_PKEY_decapsulate(ctx, shared, &shared_len, output, ML_OUTPUT_LEN) == 1
        && shared_len == SHARED_LEN;
    EVP_PKEY_CTX_free(ctx);
    return is_well;
}

/* ------------------------------------------------------------------ X-Wing */

/* SECRET: what the seed stands for. */
static bool expand(tb_bytes seed, uint8_t out[XWING_EXPANDED_LEN])
{
    return digest("SHAKE256", &seed, 1, out, XWING_EXPANDED_LEN, true);
}

static bool combine(const uint8_t ml_shared[SHARED_LEN], const uint8_t dh_shared[SHARED_LEN],
                    const uint8_t dh_output[X25519_LEN], const uint8_t dh_public[X25519_LEN],
                    struct tb_secret *shared)
{
    const tb_bytes parts[] = { { ml_shared, SHARED_LEN },
                               { dh_shared, SHARED_LEN },
                               { dh_output, X25519_LEN },
                               { dh_public, X25519_LEN },
                               { label, sizeof label } };
    shared->len = SHARED_LEN;
    return digest("SHA3-256", parts, 5, shared->data, SHARED_LEN, false);
}

tb_status crypto_native_kem_public(tb_bytes private_key, uint8_t *public_key)
{
    uint8_t expanded[XWING_EXPANDED_LEN] = { 0 };
    size_t len = 0;
    EVP_PKEY *key = NULL;
    bool is_well = expand(private_key, expanded) && (key = ml_private(expanded)) != NULL
                   && EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, public_key,
                                                      ML_PUBLIC_LEN, &len) == 1
                   && len == ML_PUBLIC_LEN;
    if (is_well) {
        is_well = crypto_scalarmult_curve25519_base(public_key + ML_PUBLIC_LEN,
                                                    expanded + ML_SEED_LEN) == 0;
    }
    EVP_PKEY_free(key);
    tb_wipe(expanded, sizeof expanded);
    return is_well ? TB_STATUS(TB_OK) : TB_STATUS(CRYPTO_FAILED);
}

tb_status crypto_native_kem_derive(const struct crypto_provider *self, enum crypto_kem kem,
                                   tb_bytes ikm, struct tb_secret *private_key,
                                   uint8_t *public_key)
{
    struct tb_secret seed = { .len = XWING_SEED_LEN };
    tb_status status = TB_STATUS(CRYPTO_FAILED);
    (void)self, (void)kem;
    if (digest("SHAKE256", &ikm, 1, seed.data, seed.len, true)) {
        status = crypto_native_kem_public(tb_secret_view(&seed), public_key);
    }
    if (tb_is_ok(status)) *private_key = seed;
    tb_secret_wipe(&seed);
    return status;
}

tb_status crypto_native_kem_check(tb_bytes public_key)
{
    EVP_PKEY *key = ml_public(public_key.data);
    bool is_well = key != NULL;
    EVP_PKEY_free(key);
    return is_well ? TB_STATUS(TB_OK) : TB_STATUS(CRYPTO_KEY);
}

tb_status crypto_native_kem_encap(const struct crypto_provider *self, enum crypto_kem kem,
                                  tb_bytes public_key, tb_bytes random, uint8_t *output,
                                  struct tb_secret *shared)
{
    uint8_t ml_shared[SHARED_LEN] = { 0 }, dh_shared[SHARED_LEN] = { 0 };
    const uint8_t *dh_public = public_key.data + ML_PUBLIC_LEN;
    const uint8_t *ephemeral = random.data + SHARED_LEN;
    (void)self, (void)kem;
    EVP_PKEY *key = ml_public(public_key.data);
    if (key == NULL) return TB_STATUS(CRYPTO_KEY);
    bool is_well = ml_encap(key, random.data, output, ml_shared)
                   && crypto_scalarmult_curve25519_base(output + ML_OUTPUT_LEN, ephemeral) == 0;
    bool is_key = is_well
                  && crypto_scalarmult_curve25519(dh_shared, ephemeral, dh_public) == 0;
    if (is_key) {
        is_well = combine(ml_shared, dh_shared, output + ML_OUTPUT_LEN, dh_public, shared);
    }
    EVP_PKEY_free(key);
    tb_wipe(ml_shared, sizeof ml_shared);
    tb_wipe(dh_shared, sizeof dh_shared);
    if (!is_well) return TB_STATUS(CRYPTO_FAILED);
    return is_key ? TB_STATUS(TB_OK) : TB_STATUS(CRYPTO_KEY);
}

tb_status crypto_native_kem_decap(const struct crypto_provider *self, enum crypto_kem kem,
                                  tb_bytes private_key, tb_bytes output, struct tb_secret *shared)
{
    uint8_t expanded[XWING_EXPANDED_LEN] = { 0 }, dh_public[X25519_LEN] = { 0 };
    uint8_t ml_shared[SHARED_LEN] = { 0 }, dh_shared[SHARED_LEN] = { 0 };
    const uint8_t *scalar = expanded + ML_SEED_LEN, *dh_output = output.data + ML_OUTPUT_LEN;
    EVP_PKEY *key = NULL;
    (void)self, (void)kem;
    bool is_well = expand(private_key, expanded) && (key = ml_private(expanded)) != NULL
                   && ml_decap(key, output.data, ml_shared)
                   && crypto_scalarmult_curve25519_base(dh_public, scalar) == 0;
    bool is_key = is_well && crypto_scalarmult_curve25519(dh_shared, scalar, dh_output) == 0;
    if (is_key) is_well = combine(ml_shared, dh_shared, dh_output, dh_public, shared);
    EVP_PKEY_free(key);
    tb_wipe(expanded, sizeof expanded);
    tb_wipe(ml_shared, sizeof ml_shared);
    tb_wipe(dh_shared, sizeof dh_shared);
    if (!is_well) return TB_STATUS(CRYPTO_FAILED);
    return is_key ? TB_STATUS(TB_OK) : TB_STATUS(CRYPTO_KEY);
}
