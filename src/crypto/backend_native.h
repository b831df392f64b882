/* What the files of the native provider share. */
#ifndef TB_CRYPTO_BACKEND_NATIVE_H
#define TB_CRYPTO_BACKEND_NATIVE_H

#include <openssl/evp.h>

#include "crypto/crypto.h"

/* Fetches the algorithms at the first call; false when one is missing. */
bool crypto_native_is_ready(void);
/* NULL when it is not ready. */
const EVP_CIPHER *crypto_native_gcm(enum crypto_aead alg);

/* aead_seal and aead_open of the provider. */
tb_status crypto_native_aead_seal(const struct crypto_provider *self, enum crypto_aead alg,
                                  tb_bytes key, tb_bytes nonce, tb_bytes aad, tb_bytes plain,
                                  uint8_t *out);
tb_status crypto_native_aead_open(const struct crypto_provider *self, enum crypto_aead alg,
                                  tb_bytes key, tb_bytes nonce, tb_bytes aad, tb_bytes sealed,
                                  uint8_t *out);

/* ML-KEM-768 with X25519 (backend_native_kem.c). */
bool crypto_native_has_ml_kem(void);
tb_status crypto_native_kem_check(tb_bytes public_key);
tb_status crypto_native_kem_public(tb_bytes private_key, uint8_t *public_key);
tb_status crypto_native_kem_derive(const struct crypto_provider *self, enum crypto_kem kem,
                                   tb_bytes ikm, struct tb_secret *private_key,
                                   uint8_t *public_key);
tb_status crypto_native_kem_encap(const struct crypto_provider *self, enum crypto_kem kem,
                                  tb_bytes public_key, tb_bytes random, uint8_t *output,
                                  struct tb_secret *shared);
tb_status crypto_native_kem_decap(const struct crypto_provider *self, enum crypto_kem kem,
                                  tb_bytes private_key, tb_bytes output, struct tb_secret *shared);

#endif
