/*
 * timbre/mls.h: cryptography of the program's own, for what the built-in one (OpenSSL and
 * libsodium) does not do: hardware, a validated module, a signature key that never leaves a device.
 *
 * A struct mls_crypto in struct mls_config replaces primitives one by one: a function that is NULL
 * is the built-in one's, and a function that wants to do only some algorithms itself calls
 * mls_crypto_builtin() for the others.
 *
 * Conventions
 *   Results     MLS_OK, or MLS_CRYPTO_KEY, MLS_CRYPTO_SIGNATURE, MLS_CRYPTO_DECRYPT where a comment
 *               says so, or MLS_CRYPTO_FAILED, MLS_NO_SPACE for what is not the input's fault.  Any
 *               other value counts as MLS_CRYPTO_FAILED.  The call that needed it ends with that
 *               code and changes nothing.
 *   Lengths     of fixed-size inputs and outputs are those of the algorithm; the library has
 *               checked them but for public keys, signatures and ciphertexts, which come from
 *               others: a wrong length is refused like any other wrong value.
 *   Keys        Ed25519 and Ed448: the seed; X25519 and X448: the scalar; NIST curves: the
 *               big-endian scalar of the field's size, and uncompressed points.  The private key of
 *               a signer is what the program gave to mls_signer_from: octets of that length, whose
 *               meaning is sign_public's and sign's alone.
 *   Secrets     Keys, plaintexts and results of hmac, aead_open and dh are SECRET: wipe copies.
 *   Borrowed    Every argument, for the length of the call.  Outputs do not overlap inputs.
 *   Threads     A function is called by each thread that calls the library, and by the threads of
 *               run_parallel (struct mls_config): verify must bear that.
 *   Trust       The library's promises are those of these functions: a hash that collides or a
 *               verify that says yes is believed.
 */
#ifndef TIMBRE_MLS_CRYPTO_H
#define TIMBRE_MLS_CRYPTO_H

#include "timbre/mls_base.h"

#ifdef __cplusplus
extern "C" {
#endif

enum mls_hash { MLS_HASH_SHA256 = 1, MLS_HASH_SHA384 = 2, MLS_HASH_SHA512 = 3 };
enum mls_aead {
    MLS_AEAD_AES128_GCM = 1,
    MLS_AEAD_AES256_GCM = 2,
    MLS_AEAD_CHACHA20_POLY1305 = 3
};
/* Numbers are the KEM ids of RFC 9180, section 7.1. */
enum mls_kem {
    MLS_KEM_P256 = 0x0010,
    MLS_KEM_P384 = 0x0011,
    MLS_KEM_P521 = 0x0012,
    MLS_KEM_X25519 = 0x0020,
    MLS_KEM_X448 = 0x0021
};
enum mls_signing {
    MLS_SIGNING_ED25519 = 1,
    MLS_SIGNING_ECDSA_P256 = 2, /* with SHA-256 */
    MLS_SIGNING_ED448 = 3,
    MLS_SIGNING_ECDSA_P521 = 4, /* with SHA-512 */
    MLS_SIGNING_ECDSA_P384 = 5  /* with SHA-384 */
};

#define MLS_CRYPTO_PARTS_MAX 15      /* parts of one hash or HMAC input */
#define MLS_CRYPTO_TAG_LEN 16        /* octets, every AEAD */
#define MLS_CRYPTO_NONCE_LEN 12      /* octets, every AEAD */
#define MLS_CRYPTO_SIGNATURE_MAX 144 /* octets */

struct mls_crypto {
    size_t size;
    void *user; /* first argument of every function */
    /* Is this cipher suite (enum mls_cipher_suite) done?  NULL: those of the built-in one. */
    bool (*has_suite)(void *user, uint16_t cipher_suite);
    /* Of the concatenated parts, at most MLS_CRYPTO_PARTS_MAX.  out: 32, 48 or 64 octets. */
    int (*hash)(void *user, enum mls_hash alg, const struct mls_octets *parts, size_t count,
                uint8_t *out);
    int (*hmac)(void *user, enum mls_hash alg, struct mls_octets key,
                const struct mls_octets *parts, size_t count, uint8_t *out);
    /* out: the ciphertext and behind it the tag, plain.len + MLS_CRYPTO_TAG_LEN octets. */
    int (*aead_seal)(void *user, enum mls_aead alg, struct mls_octets key, struct mls_octets nonce,
                     struct mls_octets aad, struct mls_octets plain, uint8_t *out);
    /* out: sealed.len - MLS_CRYPTO_TAG_LEN octets, untouched or wiped unless MLS_OK.
     * MLS_CRYPTO_DECRYPT, also for what is shorter than a tag. */
    int (*aead_open)(void *user, enum mls_aead alg, struct mls_octets key, struct mls_octets nonce,
                     struct mls_octets aad, struct mls_octets sealed, uint8_t *out);
    /* The public key of a private key.  MLS_CRYPTO_KEY for a scalar out of range. */
    int (*dh_public)(void *user, enum mls_kem kem, struct mls_octets private_key,
                     uint8_t *public_key);
    /* Diffie-Hellman; of a NIST curve the x coordinate.  shared: private_key.len octets.
     * MLS_CRYPTO_KEY for a point off the curve and for an all-zero result (RFC 9180, 7.1.4). */
    int (*dh)(void *user, enum mls_kem kem, struct mls_octets private_key,
              struct mls_octets public_key, uint8_t *shared);
    /* NIST curves only: MLS_CRYPTO_KEY unless public_key is a point of the curve. */
    int (*point_check)(void *user, enum mls_kem kem, struct mls_octets public_key);
    int (*sign_public)(void *user, enum mls_signing alg, struct mls_octets private_key,
                       uint8_t *public_key);
    /* signature: at most MLS_CRYPTO_SIGNATURE_MAX octets, *len of them; ECDSA in DER (RFC 9420,
     * section 5.1.2). */
    int (*sign)(void *user, enum mls_signing alg, struct mls_octets private_key,
                struct mls_octets public_key, struct mls_octets message, uint8_t *signature,
                size_t *len);
    /* MLS_CRYPTO_SIGNATURE, or MLS_CRYPTO_KEY when public_key is none. */
    int (*verify)(void *user, enum mls_signing alg, struct mls_octets public_key,
                  struct mls_octets message, struct mls_octets signature);
};

/* The built-in one, every function set; constant, its user is NULL.  Lengths of fixed-size
 * arguments are not checked. */
MLS_API const struct mls_crypto *mls_crypto_builtin(void);

#ifdef __cplusplus
}
#endif

#endif
