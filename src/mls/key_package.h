/* Key packages of our own: RFC 9420, section 10.  Those of others are public_validate.h's. */
#ifndef TB_MLS_KEY_PACKAGE_H
#define TB_MLS_KEY_PACKAGE_H

#include "mls/env.h"
#include "mls/status.h"
#include "mls/structs.h"

/* The private halves of a key package; the caller stores them until it is used. */
struct mls_key_package_secrets {
    struct tb_secret init_key;
    struct tb_secret encryption_key;
};
void mls_key_package_secrets_wipe(struct mls_key_package_secrets *secrets);

/* What a leaf of ours may say beyond the usual.  All zeros: nothing. */
struct mls_leaf_extra {
    const struct mls_credential *credential; /* in place of the basic one of `identity`, or NULL */
    const uint16_t *extension_types;         /* more types for capabilities.extensions */
    size_t extension_type_count;
    const uint16_t *credential_types;        /* more types for capabilities.credentials */
    size_t credential_type_count;
    const struct mls_extension *extensions;  /* more extensions of the leaf */
    size_t extension_count;
};

struct mls_key_package_params {
    tb_bytes identity;                       /* basic credential */
    const struct crypto_signing_key *signer; /* the device key; the leaf's signature key */
    uint64_t not_before_s, not_after_s;      /* lifetime, seconds since 1970 UTC */
    bool is_last_resort;                     /* adds the last_resort_key_package component */
    tb_bytes leaf_app_data;                  /* encoded AppDataDictionary, may be empty */
    const struct mls_leaf_extra *extra; /* NULL: nothing */
};
/* encoded: the KeyPackage (not in an MLSMessage), in the arena.  ref: KeyPackageRef, hash_len. */
TB_MUST_USE tb_status mls_key_package_new(const struct mls_env *env,
                                          const struct mls_key_package_params *params,
                                          struct tb_arena *arena, tb_bytes *encoded,
                                          struct mls_key_package_secrets *secrets,
                                          uint8_t ref[CRYPTO_HASH_MAX]);

/*
 * A signed leaf of source key_package with what this library supports in its capabilities: the
 * leaf of a key package, and the first leaf of a group that we create.
 */
TB_MUST_USE tb_status mls_key_package_leaf(const struct mls_env *env,
                                           const struct mls_key_package_params *params,
                                           tb_bytes encryption_key, struct tb_arena *arena,
                                           tb_bytes *encoded);

/*
 * Decode a key package of ours and check that signer and secrets are its private halves
 * (MLS_WELCOME_KEYS).
 */
TB_MUST_USE tb_status mls_key_package_own(const struct mls_env *env, tb_bytes encoded,
                                          const struct mls_key_package_secrets *secrets,
                                          const struct crypto_signing_key *signer,
                                          struct tb_arena *arena, struct mls_key_package_in *out,
                                          struct tb_why *why);

#endif
