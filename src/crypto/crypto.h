/*
 * The crypto room: a provider of primitives, the cipher suites of RFC 9420 as rows of a table, and
 * what MLS builds on them (labels, HPKE).  A backend is one provider in one file.
 *
 * Every function is deterministic but for the tb_rng it takes.  Keys and results that are secret
 * are struct tb_secret; views (tb_bytes) of secrets are borrowed for the length of the call.
 */
#ifndef TB_CRYPTO_CRYPTO_H
#define TB_CRYPTO_CRYPTO_H

#include "base/mem.h"
#include "crypto/status.h"

enum crypto_hash { CRYPTO_SHA256 = 1, CRYPTO_SHA384, CRYPTO_SHA512 };
enum crypto_aead { CRYPTO_AES128_GCM = 1, CRYPTO_AES256_GCM, CRYPTO_CHACHA20_POLY1305 };
/* Numbers are the KEM ids of RFC 9180, section 7.1. */
enum crypto_kem {
    CRYPTO_KEM_P256 = 0x0010,
    CRYPTO_KEM_P384 = 0x0011,
    CRYPTO_KEM_P521 = 0x0012,
    CRYPTO_KEM_X25519 = 0x0020,
    CRYPTO_KEM_X448 = 0x0021,
    CRYPTO_KEM_MLKEM768_X25519 = 0x647a, /* X-Wing: draft-connolly-cfrg-xwing-kem */
};
enum crypto_signature {
    CRYPTO_ED25519 = 1,
    CRYPTO_ECDSA_P256,
    CRYPTO_ED448,
    CRYPTO_ECDSA_P521,
    CRYPTO_ECDSA_P384,
};

enum {
    CRYPTO_HASH_MAX = 64,       /* octets of the longest hash */
    CRYPTO_TAG_LEN = 16,        /* every AEAD here */
    CRYPTO_NONCE_LEN = 12,      /* every AEAD here */
    CRYPTO_KEY_MAX = 32,        /* AEAD key */
    CRYPTO_PUBLIC_MAX = 1216,   /* of a KEM, and its output: ML-KEM-768 with X25519 */
    CRYPTO_SIGN_PUBLIC_MAX = 133, /* P-521 uncompressed point */
    CRYPTO_SUITE_MLKEM = 0xf47a, /* id of its suite, private range until the draft has a number */
    CRYPTO_ENCAP_RANDOM_LEN = 64, /* what an encapsulation of ML-KEM with X25519 takes */
    CRYPTO_SIGNATURE_MAX = 144, /* P-521 ECDSA in DER */
};

/*
 * The primitives.  Lengths are those of the algorithm; a wrong length of a fixed-size argument is
 * the caller's bug and asserts, except public keys, signatures and ciphertexts, which are hostile
 * input and give CRYPTO_KEY, CRYPTO_SIGNATURE or CRYPTO_DECRYPT.  Private keys: Ed25519 and Ed448
 * the raw seed; X25519 and X448 the raw scalar; NIST curves the big-endian scalar of field size.
 * NIST public keys are uncompressed points.  ECDSA signatures are DER (RFC 9420, section 5.1.2).
 * Each function gets the provider that it was called through.
 */
struct crypto_provider {
    const char *name;
    void *user; /* of the functions; the backends of this room have none */
    /* Concatenated parts are hashed.  out: hash_len octets. */
    tb_status (*hash)(const struct crypto_provider *self, enum crypto_hash alg,
                      const tb_bytes *parts, size_t count, uint8_t *out);
    tb_status (*hmac)(const struct crypto_provider *self, enum crypto_hash alg, tb_bytes key,
                      const tb_bytes *parts, size_t count, uint8_t *out);
    /* out: plain.len + CRYPTO_TAG_LEN octets; may not overlap plain. */
    tb_status (*aead_seal)(const struct crypto_provider *self, enum crypto_aead alg, tb_bytes key,
                           tb_bytes nonce, tb_bytes aad, tb_bytes plain, uint8_t *out);
    /* out: sealed.len - CRYPTO_TAG_LEN octets, untouched or wiped on CRYPTO_DECRYPT. */
    tb_status (*aead_open)(const struct crypto_provider *self, enum crypto_aead alg, tb_bytes key,
                           tb_bytes nonce, tb_bytes aad, tb_bytes sealed, uint8_t *out);
    /* Of any KEM: the public key of a private one. */
    tb_status (*dh_public)(const struct crypto_provider *self, enum crypto_kem kem,
                           tb_bytes private_key, uint8_t *public_key);
    /* CRYPTO_KEY for a point off the curve and for an all-zero result (RFC 9180, 7.1.4). */
    tb_status (*dh)(const struct crypto_provider *self, enum crypto_kem kem, tb_bytes private_key,
                    tb_bytes public_key, struct tb_secret *shared);
    /* Of a NIST curve: CRYPTO_KEY unless this is a point of it.  Not asked of other curves. */
    tb_status (*point_check)(const struct crypto_provider *self, enum crypto_kem kem,
                             tb_bytes public_key);
    /*
     * A KEM that is no Diffie-Hellman; NULL where the provider has none.  derive: the key pair of
     * this keying material, dh_private_len octets; encap: `random` is CRYPTO_ENCAP_RANDOM_LEN
     * octets, `output` kem_output_len; shared: Nsecret octets.  CRYPTO_KEY for a bad public key or
     * output.  point_check is asked about its public keys too.
     */
    tb_status (*kem_derive)(const struct crypto_provider *self, enum crypto_kem kem, tb_bytes ikm,
                            struct tb_secret *private_key, uint8_t *public_key);
    tb_status (*kem_encap)(const struct crypto_provider *self, enum crypto_kem kem,
                           tb_bytes public_key, tb_bytes random, uint8_t *output,
                           struct tb_secret *shared);
    tb_status (*kem_decap)(const struct crypto_provider *self, enum crypto_kem kem,
                           tb_bytes private_key, tb_bytes output, struct tb_secret *shared);
    tb_status (*sign_public)(const struct crypto_provider *self, enum crypto_signature alg,
                             tb_bytes private_key, uint8_t *public_key);
    /* public_key belongs to private_key; Ed25519 needs both. *len: octets of the signature. */
    tb_status (*sign)(const struct crypto_provider *self, enum crypto_signature alg,
                      tb_bytes private_key, tb_bytes public_key, tb_bytes message,
                      uint8_t signature[CRYPTO_SIGNATURE_MAX], size_t *len);
    tb_status (*verify)(const struct crypto_provider *self, enum crypto_signature alg,
                        tb_bytes public_key, tb_bytes message, tb_bytes signature);
    bool (*has)(const struct crypto_provider *self, uint16_t cipher_suite);
};

/* A KEM with functions of its own, instead of one made of a Diffie-Hellman (RFC 9180, 4.1). */
static inline bool crypto_kem_is_plain(enum crypto_kem kem)
{
    return kem == CRYPTO_KEM_MLKEM768_X25519;
}

/* One row of RFC 9420, section 17.1. */
struct crypto_suite {
    uint16_t id;
    const char *name;
    enum crypto_hash hash;
    enum crypto_aead aead;
    enum crypto_kem kem;
    enum crypto_signature signature;
    size_t hash_len;           /* Nh */
    size_t key_len;            /* Nk */
    size_t dh_private_len;     /* Nsk */
    size_t dh_public_len;      /* Npk */
    size_t kem_output_len;     /* Nenc */
    size_t sign_private_len;
    size_t sign_public_len;
    const struct crypto_provider *provider;
};

/*
 * The suite with this id on this provider, or CRYPTO_UNSUPPORTED; CRYPTO_NO_MLKEM where the row is
 * there and the provider lacks its KEM.  *out is caller's storage and
 * must outlive whatever was given a pointer to it; it owns nothing.
 */
TB_MUST_USE tb_status crypto_suite_init(struct crypto_suite *out, uint16_t id,
                                        const struct crypto_provider *provider);

/* The backends; a build links one.  Native: OpenSSL and libsodium.  WASM: imports. */
const struct crypto_provider *crypto_backend_native(void);
const struct crypto_provider *crypto_backend_wasm(void);

/* A signature key pair; private_key is the provider's form (a seed for Ed25519). */
struct crypto_signing_key {
    struct tb_secret private_key;
    uint8_t public_key[CRYPTO_SIGN_PUBLIC_MAX];
    size_t public_len;
};
TB_MUST_USE tb_status crypto_signing_key_new(const struct crypto_suite *suite, struct tb_rng *rng,
                                             struct crypto_signing_key *out);
TB_MUST_USE tb_status crypto_signing_key_from(const struct crypto_suite *suite,
                                              tb_bytes private_key, struct crypto_signing_key *out);
void crypto_signing_key_wipe(struct crypto_signing_key *key);
static inline tb_bytes crypto_signing_key_public(const struct crypto_signing_key *key)
{
    return (tb_bytes){ key->public_key, key->public_len };
}

/* ---- hash, HMAC, HKDF (RFC 5869) with the suite's hash ---- */
TB_MUST_USE tb_status crypto_hash(const struct crypto_suite *suite, const tb_bytes *parts,
                                  size_t count, uint8_t out[CRYPTO_HASH_MAX]);
TB_MUST_USE tb_status crypto_hmac(const struct crypto_suite *suite, tb_bytes key,
                                  const tb_bytes *parts, size_t count,
                                  uint8_t out[CRYPTO_HASH_MAX]);
TB_MUST_USE tb_status crypto_extract(const struct crypto_suite *suite, tb_bytes salt, tb_bytes ikm,
                                     struct tb_secret *out);
/* len <= TB_SECRET_MAX; info is the concatenation of parts. */
TB_MUST_USE tb_status crypto_expand(const struct crypto_suite *suite, tb_bytes prk,
                                    const tb_bytes *info_parts, size_t count, size_t len,
                                    struct tb_secret *out);

/* ---- labels of RFC 9420: label without "MLS 1.0 " ---- */
/* Section 8: ExpandWithLabel. */
TB_MUST_USE tb_status crypto_expand_label(const struct crypto_suite *suite, tb_bytes secret,
                                          const char *label, tb_bytes context, size_t len,
                                          struct tb_secret *out);
/* Section 8: DeriveSecret = ExpandWithLabel(secret, label, "", Nh). */
TB_MUST_USE tb_status crypto_derive_secret(const struct crypto_suite *suite, tb_bytes secret,
                                           const char *label, struct tb_secret *out);
/* Section 9.1: DeriveTreeSecret. */
TB_MUST_USE tb_status crypto_derive_tree_secret(const struct crypto_suite *suite, tb_bytes secret,
                                                const char *label, uint32_t generation, size_t len,
                                                struct tb_secret *out);
/* Section 5.2: RefHash(label, value); the label is whole, nothing is put before it. */
TB_MUST_USE tb_status crypto_ref_hash(const struct crypto_suite *suite, const char *label,
                                      tb_bytes value, uint8_t out[CRYPTO_HASH_MAX]);
/*
 * Section 5.1.2: SignWithLabel over the concatenation of the parts.  The arena holds the signed
 * content for the length of the call (its octets stay until the arena ends).
 */
TB_MUST_USE tb_status crypto_sign_label(const struct crypto_suite *suite,
                                        const struct crypto_signing_key *key, const char *label,
                                        const tb_bytes *parts, size_t count,
                                        struct tb_arena *arena, tb_bytes *signature);
TB_MUST_USE tb_status crypto_verify_label(const struct crypto_suite *suite, tb_bytes public_key,
                                          const char *label, const tb_bytes *parts, size_t count,
                                          tb_bytes signature, struct tb_arena *arena);
/* What the two above sign and verify, in the arena: for signatures that are verified later. */
TB_MUST_USE tb_status crypto_sign_content(const char *label, const tb_bytes *parts, size_t count,
                                          struct tb_arena *arena, tb_bytes *content);

/* ---- HPKE (RFC 9180), base mode, single shot ---- */
TB_MUST_USE tb_status crypto_hpke_derive(const struct crypto_suite *suite, tb_bytes ikm,
                                         struct tb_secret *private_key,
                                         uint8_t public_key[CRYPTO_PUBLIC_MAX]);
TB_MUST_USE tb_status crypto_hpke_generate(const struct crypto_suite *suite, struct tb_rng *rng,
                                           struct tb_secret *private_key,
                                           uint8_t public_key[CRYPTO_PUBLIC_MAX]);
/*
 * CRYPTO_KEY unless something can be encrypted to this public key: its length, a point of its
 * curve, none of small order (whose Diffie-Hellman results are all zero).  PUBLIC: time depends on
 * it.
 */
TB_MUST_USE tb_status crypto_hpke_key_check(const struct crypto_suite *suite, tb_bytes public_key);
/* enc: kem_output_len octets; sealed: plain.len + tag, in the arena. */
TB_MUST_USE tb_status crypto_hpke_seal(const struct crypto_suite *suite, tb_bytes public_key,
                                       tb_bytes info, tb_bytes aad, tb_bytes plain,
                                       struct tb_rng *rng, struct tb_arena *arena, tb_bytes *enc,
                                       tb_bytes *sealed);
TB_MUST_USE tb_status crypto_hpke_open(const struct crypto_suite *suite, tb_bytes private_key,
                                       tb_bytes public_key, tb_bytes enc, tb_bytes info,
                                       tb_bytes aad, tb_bytes sealed, struct tb_arena *arena,
                                       tb_bytes *plain);
/*
 * The part of the key schedule that depends on info alone: computed once where many recipients get
 * their share of one large context (the GroupInfo of a Welcome).
 */
struct crypto_hpke_info {
    uint8_t key_schedule_context[1 + 2 * CRYPTO_HASH_MAX];
};
/* info is the concatenation of at most 8 parts. */
TB_MUST_USE tb_status crypto_hpke_info_of(const struct crypto_suite *suite, const tb_bytes *parts,
                                          size_t count, struct crypto_hpke_info *out);
/* The info of EncryptWithLabel. */
TB_MUST_USE tb_status crypto_label_info(const struct crypto_suite *suite, const char *label,
                                        tb_bytes context, struct crypto_hpke_info *out);
TB_MUST_USE tb_status crypto_hpke_seal_with(const struct crypto_suite *suite, tb_bytes public_key,
                                            const struct crypto_hpke_info *info, tb_bytes aad,
                                            tb_bytes plain, struct tb_rng *rng,
                                            struct tb_arena *arena, tb_bytes *enc,
                                            tb_bytes *sealed);
TB_MUST_USE tb_status crypto_hpke_open_with(const struct crypto_suite *suite, tb_bytes private_key,
                                            tb_bytes public_key, tb_bytes enc,
                                            const struct crypto_hpke_info *info, tb_bytes aad,
                                            tb_bytes sealed, struct tb_arena *arena,
                                            tb_bytes *plain);
/* RFC 9420, section 5.1.3: EncryptWithLabel and DecryptWithLabel. */
TB_MUST_USE tb_status crypto_encrypt_label(const struct crypto_suite *suite, tb_bytes public_key,
                                           const char *label, tb_bytes context, tb_bytes plain,
                                           struct tb_rng *rng, struct tb_arena *arena,
                                           tb_bytes *enc, tb_bytes *sealed);
TB_MUST_USE tb_status crypto_decrypt_label(const struct crypto_suite *suite, tb_bytes private_key,
                                           tb_bytes public_key, const char *label, tb_bytes context,
                                           tb_bytes enc, tb_bytes sealed, struct tb_arena *arena,
                                           tb_bytes *plain);
/* RFC 9180, section 5.3 and RFC 9420, section 8.3: the KEM half of an external init. */
TB_MUST_USE tb_status crypto_hpke_export_send(const struct crypto_suite *suite, tb_bytes public_key,
                                              tb_bytes info, tb_bytes exporter_context, size_t len,
                                              struct tb_rng *rng, uint8_t enc[CRYPTO_PUBLIC_MAX],
                                              struct tb_secret *out);
TB_MUST_USE tb_status crypto_hpke_export_receive(const struct crypto_suite *suite,
                                                 tb_bytes private_key, tb_bytes public_key,
                                                 tb_bytes enc, tb_bytes info,
                                                 tb_bytes exporter_context, size_t len,
                                                 struct tb_secret *out);

#endif
