/* The native provider: AEADs.  ChaCha20-Poly1305 is libsodium's, AES-GCM OpenSSL's. */
#include "crypto/backend_native.h"

#include <assert.h>
#include <sodium/crypto_aead_chacha20poly1305.h>
#include <string.h>

static bool gcm_seal(EVP_CIPHER_CTX *ctx, const EVP_CIPHER *cipher, tb_bytes key, tb_bytes nonce,
                     tb_bytes aad, tb_bytes plain, uint8_t *out)
{
    int len = 0;
    if (EVP_EncryptInit_ex2(ctx, cipher, key.data, nonce.data, NULL) != 1) return false;
    if (aad.len != 0 && EVP_EncryptUpdate(ctx, NULL, &len, aad.data, (int)aad.len) != 1) {
        return false;
    }
    if (plain.len != 0 && EVP_EncryptUpdate(ctx, out, &len, plain.data, (int)plain.len) != 1) {
        return false;
    }
    return EVP_EncryptFinal_ex(ctx, out + plain.len, &len) == 1 &&
           EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, CRYPTO_TAG_LEN, out + plain.len) == 1;
}

static bool gcm_open(EVP_CIPHER_CTX *ctx, const EVP_CIPHER *cipher, tb_bytes key, tb_bytes nonce,
                     tb_bytes aad, tb_bytes cipher_text, const uint8_t *tag, uint8_t *out)
{
    uint8_t expected[CRYPTO_TAG_LEN], none[1];
    int len = 0;
    memcpy(expected, tag, sizeof expected);
    if (EVP_DecryptInit_ex2(ctx, cipher, key.data, nonce.data, NULL) != 1) return false;
    if (aad.len != 0 && EVP_DecryptUpdate(ctx, NULL, &len, aad.data, (int)aad.len) != 1) {
        return false;
    }
    if (cipher_text.len != 0 &&
        EVP_DecryptUpdate(ctx, out, &len, cipher_text.data, (int)cipher_text.len) != 1) {
        return false;
    }
    return EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, CRYPTO_TAG_LEN, expected) == 1 &&
           EVP_DecryptFinal_ex(ctx, none, &len) == 1;
}

static void aead_check_lengths(enum crypto_aead alg, tb_bytes key, tb_bytes nonce)
{
    assert(key.len == (alg == CRYPTO_AES128_GCM ? 16 : 32));
    assert(nonce.len == CRYPTO_NONCE_LEN);
}

tb_status crypto_native_aead_seal(const struct crypto_provider *self, enum crypto_aead alg,
                                  tb_bytes key, tb_bytes nonce, tb_bytes aad, tb_bytes plain,
                                  uint8_t *out)
{
    (void)self;
    aead_check_lengths(alg, key, nonce);
    if (!crypto_native_is_ready()) return TB_STATUS(CRYPTO_FAILED);
    if (plain.len > INT32_MAX || aad.len > INT32_MAX) return TB_STATUS(TB_TOO_LONG);
    if (alg == CRYPTO_CHACHA20_POLY1305) {
        crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, plain.data, plain.len, aad.data,
                                                  aad.len, NULL, nonce.data, key.data);
        return TB_STATUS(TB_OK);
    }
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    bool is_done = ctx != NULL &&
                   gcm_seal(ctx, crypto_native_gcm(alg), key, nonce, aad, plain, out);
    EVP_CIPHER_CTX_free(ctx);
    return TB_STATUS(is_done ? TB_OK : CRYPTO_FAILED);
}

tb_status crypto_native_aead_open(const struct crypto_provider *self, enum crypto_aead alg,
                                  tb_bytes key, tb_bytes nonce, tb_bytes aad, tb_bytes sealed,
                                  uint8_t *out)
{
    (void)self;
    aead_check_lengths(alg, key, nonce);
    if (!crypto_native_is_ready()) return TB_STATUS(CRYPTO_FAILED);
    if (sealed.len < CRYPTO_TAG_LEN) return TB_STATUS(CRYPTO_DECRYPT);
    if (sealed.len > INT32_MAX || aad.len > INT32_MAX) return TB_STATUS(TB_TOO_LONG);
    if (alg == CRYPTO_CHACHA20_POLY1305) {
        int result = crypto_aead_chacha20poly1305_ietf_decrypt(out, NULL, NULL, sealed.data,
                                                               sealed.len, aad.data, aad.len,
                                                               nonce.data, key.data);
        return TB_STATUS(result == 0 ? TB_OK : CRYPTO_DECRYPT);
    }
    tb_bytes cipher_text = { sealed.data, sealed.len - CRYPTO_TAG_LEN };
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    if (ctx == NULL) return TB_STATUS(CRYPTO_FAILED);
    bool is_done = gcm_open(ctx, crypto_native_gcm(alg), key, nonce, aad, cipher_text,
                            sealed.data + cipher_text.len, out);
    EVP_CIPHER_CTX_free(ctx);
    if (!is_done) tb_wipe(out, cipher_text.len); /* GCM decrypts before it knows */
    return TB_STATUS(is_done ? TB_OK : CRYPTO_DECRYPT);
}
