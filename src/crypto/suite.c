/* The cipher suites of RFC 9420, section 17.1, and signature key pairs. */
#include "crypto/crypto.h"

#include <assert.h>
#include <string.h>

static const struct crypto_suite suites[] = {
    { 0x0001, "MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519", CRYPTO_SHA256, CRYPTO_AES128_GCM,
      CRYPTO_KEM_X25519, CRYPTO_ED25519, 32, 16, 32, 32, 32, 32, 32, NULL },
    { 0x0002, "MLS_128_DHKEMP256_AES128GCM_SHA256_P256", CRYPTO_SHA256, CRYPTO_AES128_GCM,
      CRYPTO_KEM_P256, CRYPTO_ECDSA_P256, 32, 16, 32, 65, 65, 32, 65, NULL },
    { 0x0003, "MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519", CRYPTO_SHA256,
      CRYPTO_CHACHA20_POLY1305, CRYPTO_KEM_X25519, CRYPTO_ED25519, 32, 32, 32, 32, 32, 32, 32,
      NULL },
    { 0x0004, "MLS_256_DHKEMX448_AES256GCM_SHA512_Ed448", CRYPTO_SHA512, CRYPTO_AES256_GCM,
      CRYPTO_KEM_X448, CRYPTO_ED448, 64, 32, 56, 56, 56, 57, 57, NULL },
    { 0x0005, "MLS_256_DHKEMP521_AES256GCM_SHA512_P521", CRYPTO_SHA512, CRYPTO_AES256_GCM,
      CRYPTO_KEM_P521, CRYPTO_ECDSA_P521, 64, 32, 66, 133, 133, 66, 133, NULL },
    { 0x0006, "MLS_256_DHKEMX448_CHACHA20POLY1305_SHA512_Ed448", CRYPTO_SHA512,
      CRYPTO_CHACHA20_POLY1305, CRYPTO_KEM_X448, CRYPTO_ED448, 64, 32, 56, 56, 56, 57, 57, NULL },
    { 0x0007, "MLS_256_DHKEMP384_AES256GCM_SHA384_P384", CRYPTO_SHA384, CRYPTO_AES256_GCM,
      CRYPTO_KEM_P384, CRYPTO_ECDSA_P384, 48, 32, 48, 97, 97, 48, 97, NULL },
    { CRYPTO_SUITE_MLKEM, "MLS_128_MLKEM768X25519_AES128GCM_SHA256_Ed25519", CRYPTO_SHA256,
      CRYPTO_AES128_GCM,
      CRYPTO_KEM_MLKEM768_X25519, CRYPTO_ED25519, 32, 16, 32, 1216, 1120, 32, 32, NULL },
};

tb_status crypto_suite_init(struct crypto_suite *out, uint16_t id,
                            const struct crypto_provider *provider)
{
    for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++) {
        if (suites[i].id != id) continue;
        if (!provider->has(provider, id)) {
            bool is_pq = suites[i].kem == CRYPTO_KEM_MLKEM768_X25519;
            return TB_STATUS(is_pq ? CRYPTO_NO_MLKEM : CRYPTO_UNSUPPORTED);
        }
        /* A provider that claims the suite and lacks its KEM. */
        if (crypto_kem_is_plain(suites[i].kem)
            && (provider->kem_derive == NULL || provider->kem_encap == NULL
                || provider->kem_decap == NULL)) {
            return TB_STATUS(CRYPTO_NO_MLKEM);
        }
        *out = suites[i];
        out->provider = provider;
        return TB_STATUS(TB_OK);
    }
    return TB_STATUS(CRYPTO_UNSUPPORTED);
}

tb_status crypto_signing_key_from(const struct crypto_suite *suite, tb_bytes private_key,
                                  struct crypto_signing_key *out)
{
    struct crypto_signing_key key = { 0 };
    tb_status status = TB_STATUS(TB_OK);

    if (private_key.len != suite->sign_private_len) return TB_STATUS(CRYPTO_KEY);
    tb_secret_set(&key.private_key, private_key);
    key.public_len = suite->sign_public_len;
    CHECK(suite->provider->sign_public(suite->provider, suite->signature, private_key,
                                       key.public_key));
    *out = key;
out:
    crypto_signing_key_wipe(&key);
    return status;
}

/* A random string of field size is a valid scalar but for the orders' gap below the power of two
 * (at most 2^-32 for these curves once P-521's seven spare bits are cleared). */
enum { SCALAR_TRIES_MAX = 16 };

tb_status crypto_signing_key_new(const struct crypto_suite *suite, struct tb_rng *rng,
                                 struct crypto_signing_key *out)
{
    struct tb_secret seed = { .len = suite->sign_private_len };
    tb_status status = TB_STATUS(CRYPTO_KEY);

    for (int i = 0; i < SCALAR_TRIES_MAX && status.code == CRYPTO_KEY; i++) {
        CHECK(tb_rng_fill(rng, seed.data, seed.len));
        if (suite->signature == CRYPTO_ECDSA_P521) seed.data[0] &= 1;
        status = crypto_signing_key_from(suite, tb_secret_view(&seed), out);
    }
    if (status.code == CRYPTO_KEY) status = TB_STATUS(TB_RANDOM);
out:
    tb_secret_wipe(&seed);
    return status;
}

void crypto_signing_key_wipe(struct crypto_signing_key *key)
{
    tb_wipe(key, sizeof *key);
}
