#include "tests/bench/mls_floor.h"

#include <openssl/evp.h>
#include <sodium.h>
#include <stdbool.h>
#include <string.h>

#include "tests/bench/bench.h"

enum { LONG_LEN = 16384, ROUNDS = 5, ROUND_US = 8000 };
/* The short texts: a signature's, an AEAD's, a hash's and the outer hash's of an HMAC. */
enum { SIGN_LEN = 300, AEAD_LEN = 100, HASH_LEN = 128, OUTER_LEN = 96 };

enum { TAG_LEN = 16, NONCE_LEN = 12, KEY_LEN = 32, SIGNATURE_LEN_MAX = 144 };

/* OpenSSL's names of what a suite is made of (RFC 9420, section 17.1). */
struct names {
    const char *hash, *cipher, *curve, *signature;
};
static const struct names suites[] = {
    [1] = { "SHA256", "AES-128-GCM", "X25519", "ED25519" },
    [2] = { "SHA256", "AES-128-GCM", "P-256", "P-256" },
    [3] = { "SHA256", "ChaCha20-Poly1305", "X25519", "ED25519" },
    [4] = { "SHA512", "AES-256-GCM", "X448", "ED448" },
    [5] = { "SHA512", "AES-256-GCM", "P-521", "P-521" },
    [6] = { "SHA512", "ChaCha20-Poly1305", "X448", "ED448" },
    [7] = { "SHA384", "AES-256-GCM", "P-384", "P-384" },
};

/* What the primitives work on. */
struct kit {
    unsigned char text[LONG_LEN], sealed[LONG_LEN + TAG_LEN], out[256];
    size_t len; /* of the text */
    EVP_PKEY_CTX *keygen, *derive;
    EVP_PKEY *signer;
    EVP_MD_CTX *digest;
    EVP_MD *md, *signature_md;
    EVP_CIPHER *cipher;
    EVP_CIPHER_CTX *cipher_ctx;
    unsigned char signature[SIGNATURE_LEN_MAX];
    size_t signature_len;
    unsigned char sodium_public[32], sodium_secret[64], sodium_signature[64];
    unsigned char scalar[32], point[32], key[KEY_LEN];
};

typedef void primitive(struct kit *kit);

/* Best of some rounds of some milliseconds. */
static double measure(primitive *call, struct kit *kit, size_t len)
{
    double best_us = 1e12;
    size_t count = 1;
    kit->len = len;
    for (int round = 0; round < ROUNDS;) {
        uint64_t start = bench_cpu_ns();
        for (size_t i = 0; i < count; i++) call(kit);
        double us = (double)(bench_cpu_ns() - start) / 1e3;
        if (us < ROUND_US) {
            count *= 2;
            continue;
        }
        if (us / (double)count < best_us) best_us = us / (double)count;
        round++;
    }
    return best_us;
}

static double faster(double a, double b)
{
    return a < b ? a : b;
}

static struct mls_floor_text measure_text(primitive *call, struct kit *kit, size_t short_len)
{
    double short_us = measure(call, kit, short_len), long_us = measure(call, kit, LONG_LEN);
    return (struct mls_floor_text){ short_us,
                                    (long_us - short_us) * 1024 / (double)(LONG_LEN - short_len) };
}

/* The one that is faster with the short text; its slope with it. */
static struct mls_floor_text faster_text(struct mls_floor_text a, struct mls_floor_text b)
{
    return a.short_us < b.short_us ? a : b;
}

static void must(bool is_done, const char *what)
{
    if (!is_done) bench_die(what);
}

/* ---------------------------------------------------------------- OpenSSL */

static void ssl_hash(struct kit *kit)
{
    EVP_DigestInit_ex2(kit->digest, kit->md, NULL);
    EVP_DigestUpdate(kit->digest, kit->text, kit->len);
    EVP_DigestFinal_ex(kit->digest, kit->out, NULL);
}

static void ssl_sign(struct kit *kit)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    kit->signature_len = sizeof kit->signature;
    must(EVP_DigestSignInit(ctx, NULL, kit->signature_md, NULL, kit->signer) == 1 &&
             EVP_DigestSign(ctx, kit->signature, &kit->signature_len, kit->text, kit->len) == 1,
         "sign");
    EVP_MD_CTX_free(ctx);
}

static void ssl_verify(struct kit *kit)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    must(EVP_DigestVerifyInit(ctx, NULL, kit->signature_md, NULL, kit->signer) == 1 &&
             EVP_DigestVerify(ctx, kit->signature, kit->signature_len, kit->text, kit->len) == 1,
         "verify");
    EVP_MD_CTX_free(ctx);
}

static void ssl_key(struct kit *kit)
{
    EVP_PKEY *key = NULL;
    must(EVP_PKEY_keygen(kit->keygen, &key) == 1, "key");
    EVP_PKEY_free(key);
}

static void ssl_dh(struct kit *kit)
{
    size_t len = sizeof kit->out;
    must(EVP_PKEY_derive(kit->derive, kit->out, &len) == 1, "derive");
}

static void ssl_seal(struct kit *kit)
{
    static const unsigned char nonce[NONCE_LEN];
    int done;
    EVP_EncryptInit_ex(kit->cipher_ctx, NULL, NULL, kit->key, nonce);
    EVP_EncryptUpdate(kit->cipher_ctx, kit->sealed, &done, kit->text, (int)kit->len);
    EVP_EncryptFinal_ex(kit->cipher_ctx, kit->sealed + done, &done);
    EVP_CIPHER_CTX_ctrl(kit->cipher_ctx, EVP_CTRL_AEAD_GET_TAG, TAG_LEN, kit->out);
}

/* ---------------------------------------------------------------- libsodium */

static void sodium_sign(struct kit *kit)
{
    crypto_sign_detached(kit->sodium_signature, NULL, kit->text, kit->len, kit->sodium_secret);
}

static void sodium_verify(struct kit *kit)
{
    must(crypto_sign_verify_detached(kit->sodium_signature, kit->text, kit->len,
                                     kit->sodium_public) == 0,
         "verify");
}

static void sodium_key(struct kit *kit)
{
    crypto_scalarmult_base(kit->out, kit->scalar);
}

static void sodium_dh(struct kit *kit)
{
    must(crypto_scalarmult(kit->out, kit->scalar, kit->point) == 0, "dh");
}

static void sodium_seal(struct kit *kit)
{
    static const unsigned char nonce[NONCE_LEN];
    unsigned long long done;
    crypto_aead_chacha20poly1305_ietf_encrypt(kit->sealed, &done, kit->text, kit->len, NULL, 0,
                                              NULL, nonce, kit->key);
}

/* ---------------------------------------------------------------- all of a suite */

static EVP_PKEY *key_new(const char *name)
{
    EVP_PKEY *key = name[0] == 'P' ? EVP_PKEY_Q_keygen(NULL, NULL, "EC", name)
                                   : EVP_PKEY_Q_keygen(NULL, NULL, name);
    must(key != NULL, "key");
    return key;
}

static void kit_fetch(struct kit *kit, const struct names *names)
{
    EVP_PKEY *mine = key_new(names->curve), *theirs = key_new(names->curve);
    kit->digest = EVP_MD_CTX_new();
    kit->md = EVP_MD_fetch(NULL, names->hash, NULL);
    kit->signature_md = names->signature[0] == 'E' ? NULL : kit->md;
    kit->cipher = EVP_CIPHER_fetch(NULL, names->cipher, NULL);
    kit->cipher_ctx = EVP_CIPHER_CTX_new();
    kit->keygen = EVP_PKEY_CTX_new(mine, NULL);
    kit->derive = EVP_PKEY_CTX_new(mine, NULL);
    kit->signer = key_new(names->signature);
    must(EVP_EncryptInit_ex2(kit->cipher_ctx, kit->cipher, kit->key, NULL, NULL) == 1, "cipher");
    must(EVP_PKEY_keygen_init(kit->keygen) == 1, "keygen");
    must(EVP_PKEY_derive_init(kit->derive) == 1, "derive");
    must(EVP_PKEY_derive_set_peer(kit->derive, theirs) == 1, "peer");
    EVP_PKEY_free(mine);
    EVP_PKEY_free(theirs);
    crypto_sign_keypair(kit->sodium_public, kit->sodium_secret);
    randombytes_buf(kit->scalar, sizeof kit->scalar);
    crypto_scalarmult_base(kit->point, kit->scalar);
}

static void kit_free(struct kit *kit)
{
    EVP_MD_CTX_free(kit->digest);
    EVP_MD_free(kit->md);
    EVP_CIPHER_free(kit->cipher);
    EVP_CIPHER_CTX_free(kit->cipher_ctx);
    EVP_PKEY_CTX_free(kit->keygen);
    EVP_PKEY_CTX_free(kit->derive);
    EVP_PKEY_free(kit->signer);
}

/* A signature is of one text, so each length is signed before it is verified. */
static struct mls_floor_text measure_verify(primitive *sign, primitive *verify, struct kit *kit,
                                            size_t short_len)
{
    kit->len = short_len;
    sign(kit);
    double short_us = measure(verify, kit, short_len);
    kit->len = LONG_LEN;
    sign(kit);
    double long_us = measure(verify, kit, LONG_LEN);
    return (struct mls_floor_text){ short_us,
                                    (long_us - short_us) * 1024 / (double)(LONG_LEN - short_len) };
}

void mls_floor_measure(uint16_t cipher_suite, struct mls_floor *f)
{
    static struct kit kit;
    must(cipher_suite < sizeof suites / sizeof suites[0] && cipher_suite != 0, "cipher suite");
    must(sodium_init() >= 0, "libsodium does not start");
    memset(&kit, 0, sizeof kit);
    kit_fetch(&kit, &suites[cipher_suite]);
    bool is_25519 = cipher_suite == 1 || cipher_suite == 3;
    f->sign = measure_text(ssl_sign, &kit, SIGN_LEN);
    f->verify = measure_verify(ssl_sign, ssl_verify, &kit, SIGN_LEN);
    if (is_25519) {
        f->sign = faster_text(f->sign, measure_text(sodium_sign, &kit, SIGN_LEN));
        f->verify = faster_text(f->verify,
                                measure_verify(sodium_sign, sodium_verify, &kit, SIGN_LEN));
    }
    f->dh_us = measure(ssl_dh, &kit, 0);
    f->dh_key_us = measure(ssl_key, &kit, 0);
    if (is_25519) {
        f->dh_us = faster(f->dh_us, measure(sodium_dh, &kit, 0));
        f->dh_key_us = faster(f->dh_key_us, measure(sodium_key, &kit, 0));
    }
    f->aead = measure_text(ssl_seal, &kit, AEAD_LEN);
    if (cipher_suite == 3 || cipher_suite == 6) {
        f->aead = faster_text(f->aead, measure_text(sodium_seal, &kit, AEAD_LEN));
    }
    f->hash = measure_text(ssl_hash, &kit, HASH_LEN);
    /* An inner and an outer hash on a context that is used again. */
    f->hmac_us = f->hash.short_us + measure(ssl_hash, &kit, OUTER_LEN);
    kit_free(&kit);
}

static double text_us(const struct mls_floor_text *text, size_t octets, size_t short_len)
{
    size_t more = octets > short_len ? octets - short_len : 0;
    return text->short_us + text->kib_us * (double)more / 1024;
}

double mls_floor_sign_us(const struct mls_floor *f, size_t octets)
{
    return text_us(&f->sign, octets, SIGN_LEN);
}

double mls_floor_verify_us(const struct mls_floor *f, size_t octets)
{
    return text_us(&f->verify, octets, SIGN_LEN);
}

double mls_floor_hash_us(const struct mls_floor *f, size_t octets)
{
    return f->hash.kib_us * (double)octets / 1024;
}

double mls_floor_aead_us(const struct mls_floor *f, size_t octets)
{
    return text_us(&f->aead, octets, AEAD_LEN);
}

/* RFC 9180: DHKEM takes 2 HMACs (4 with the expansion), the key schedule 9; one AEAD. */
double mls_floor_seal_us(const struct mls_floor *f)
{
    return f->dh_key_us + f->dh_us + 13 * f->hmac_us + f->aead.short_us;
}

double mls_floor_open_us(const struct mls_floor *f)
{
    return f->dh_us + 13 * f->hmac_us + f->aead.short_us;
}

/* path_secret -> next path_secret, node_secret, DeriveKeyPair (extract, expand), public key. */
double mls_floor_key_pair_us(const struct mls_floor *f)
{
    return f->dh_key_us + 4 * f->hmac_us;
}
