#include "tests/bench/mls_floor.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>
#include <string.h>

#include "tests/bench/bench.h"

/* One primitive, often enough for 20 ms, best of five. */
#define MEASURE(US_, COUNT_, CALL_)                                                                \
    do {                                                                                           \
        double best_us_ = 1e9;                                                                     \
        for (int round_ = 0; round_ < 5; round_++) {                                               \
            uint64_t start_ = bench_cpu_ns();                                                      \
            for (int i_ = 0; i_ < (COUNT_); i_++) CALL_;                                           \
            double us_ = (double)(bench_cpu_ns() - start_) / 1e3 / (COUNT_);                       \
            if (us_ < best_us_) best_us_ = us_;                                                    \
        }                                                                                          \
        (US_) = best_us_;                                                                          \
    } while (0)

static unsigned char big[16384 + 64], sealed[16384 + 64];

static void seal_gcm(EVP_CIPHER_CTX *ctx, const unsigned char *key, size_t len)
{
    static const unsigned char nonce[12];
    int done;
    EVP_EncryptInit_ex(ctx, NULL, NULL, key, nonce);
    EVP_EncryptUpdate(ctx, sealed, &done, big, (int)len);
    EVP_EncryptFinal_ex(ctx, sealed + done, &done);
    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, 16, sealed);
}

static void seal_chacha(const unsigned char *key, size_t len)
{
    static const unsigned char nonce[12];
    unsigned long long done;
    crypto_aead_chacha20poly1305_ietf_encrypt(sealed, &done, big, len, NULL, 0, NULL, nonce, key);
}

static void measure_aead(uint16_t cipher_suite, struct mls_floor *f)
{
    static const unsigned char key[32] = { 1 };
    if (cipher_suite == 1) {
        EVP_CIPHER *gcm = EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL);
        EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
        EVP_EncryptInit_ex2(ctx, gcm, key, NULL, NULL);
        MEASURE(f->aead_us_100, 20000, seal_gcm(ctx, key, 100));
        MEASURE(f->aead_us_16k, 2000, seal_gcm(ctx, key, 16384));
        EVP_CIPHER_CTX_free(ctx);
        EVP_CIPHER_free(gcm);
        return;
    }
    MEASURE(f->aead_us_100, 20000, seal_chacha(key, 100));
    MEASURE(f->aead_us_16k, 1000, seal_chacha(key, 16384));
}

static void hash_once(EVP_MD_CTX *ctx, EVP_MD *md, size_t len)
{
    unsigned char out[32];
    EVP_DigestInit_ex2(ctx, md, NULL);
    EVP_DigestUpdate(ctx, big, len);
    EVP_DigestFinal_ex(ctx, out, NULL);
}

/* Four blocks on a context that is used again: what HMAC over a short text costs at least. */
static void measure_hash(struct mls_floor *f)
{
    EVP_MD *md = EVP_MD_fetch(NULL, "SHA256", NULL);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    double kib16, outer, inner;
    MEASURE(kib16, 2000, hash_once(ctx, md, 16384));
    MEASURE(inner, 20000, hash_once(ctx, md, 128));
    MEASURE(outer, 20000, hash_once(ctx, md, 96));
    f->sha_us_per_kib = kib16 / 16;
    f->hmac_us = inner + outer;
    EVP_MD_CTX_free(ctx);
    EVP_MD_free(md);
}

void mls_floor_measure(uint16_t cipher_suite, struct mls_floor *f)
{
    unsigned char pk[32], sk[64], signature[64], point[32], scalar[32], shared[32];
    if (sodium_init() < 0) bench_die("libsodium does not start");
    memset(f, 0, sizeof *f);
    crypto_sign_keypair(pk, sk);
    randombytes_buf(scalar, sizeof scalar);
    crypto_scalarmult_base(point, scalar);
    MEASURE(f->sign_us, 1000, crypto_sign_detached(signature, NULL, big, 300, sk));
    MEASURE(f->verify_us, 500,
            if (crypto_sign_verify_detached(signature, big, 300, pk) != 0) bench_die("verify"));
    MEASURE(f->sign_us_16k, 300, crypto_sign_detached(signature, NULL, big, 16384, sk));
    MEASURE(f->verify_us_16k, 300,
            if (crypto_sign_verify_detached(signature, big, 16384, pk) != 0) bench_die("verify"));
    MEASURE(f->dh_us, 500, if (crypto_scalarmult(shared, scalar, point) != 0) bench_die("dh"));
    MEASURE(f->dh_base_us, 500, crypto_scalarmult_base(point, scalar));
    measure_hash(f);
    measure_aead(cipher_suite, f);
}

/* RFC 9180: DHKEM takes 2 HMACs (4 with the expansion), the key schedule 9; one AEAD. */
double mls_floor_seal_us(const struct mls_floor *f)
{
    return f->dh_base_us + f->dh_us + 13 * f->hmac_us + f->aead_us_100;
}

double mls_floor_open_us(const struct mls_floor *f)
{
    return f->dh_us + 13 * f->hmac_us + f->aead_us_100;
}

/* path_secret -> next path_secret, node_secret, DeriveKeyPair (extract, expand), public key. */
double mls_floor_key_pair_us(const struct mls_floor *f)
{
    return f->dh_base_us + 4 * f->hmac_us;
}

double mls_floor_hash_us(const struct mls_floor *f, size_t octets)
{
    return f->sha_us_per_kib * (double)octets / 1024;
}
