/*
 * Welcome and GroupInfo as messages: RFC 9420, sections 12.4.3 and 12.4.3.1.  What a member makes
 * of them is group_join.c's and group_commit.c's.
 */
#ifndef TB_MLS_WELCOME_H
#define TB_MLS_WELCOME_H

#include "crypto/crypto.h"
#include "mls/psk.h"
#include "mls/status.h"
#include "mls/structs.h"
#include "mls/structs_secret.h"

/* Decode a Welcome, or an MLSMessage that holds one. */
TB_MUST_USE tb_status mls_welcome_decode(tb_bytes octets, struct tb_arena *arena,
                                         struct mls_welcome *out, struct tb_why *why);

/*
 * Decrypt our GroupSecrets.  key_package_ref names our key package, init_key its private half.
 * MLS_WELCOME_NOT_FOR_US, MLS_SUITE, CRYPTO_DECRYPT.  *out views plaintext in the arena: SECRET.
 */
TB_MUST_USE tb_status mls_welcome_secrets(const struct crypto_suite *suite,
                                          const struct mls_welcome *welcome,
                                          tb_bytes key_package_ref,
                                          const struct tb_secret *init_key,
                                          tb_bytes init_public_key, struct tb_arena *arena,
                                          struct mls_group_secrets *out, struct tb_why *why);

/* Decrypt the GroupInfo.  Its signature is not verified here. */
TB_MUST_USE tb_status mls_welcome_group_info(const struct crypto_suite *suite,
                                             const struct mls_welcome *welcome,
                                             const struct tb_secret *joiner_secret,
                                             const struct tb_secret *psk_secret,
                                             struct tb_arena *arena,
                                             struct mls_group_info_in *out, struct tb_why *why);

/* Sign a GroupInfo whose fields but the signature are set; encoded lies in the arena. */
TB_MUST_USE tb_status mls_welcome_group_info_sign(const struct crypto_suite *suite,
                                                  const struct crypto_signing_key *signer,
                                                  const struct mls_group_info_in *fields,
                                                  struct tb_arena *arena, tb_bytes *encoded);

/* Somebody whom a commit adds. */
struct mls_welcome_member {
    tb_bytes key_package;         /* encoded */
    tb_bytes init_key;            /* of the key package */
    const struct tb_secret *path_secret; /* NULL without a path */
};
struct mls_welcome_params {
    const struct tb_secret *joiner_secret;
    const struct tb_secret *psk_secret;
    const struct mls_pre_shared_key_id *psks; /* of the commit, in order */
    size_t psk_count;
    tb_bytes group_info; /* encoded and signed */
    const struct mls_welcome_member *members;
    size_t member_count;
};
/* MLSMessage(Welcome), in the arena. */
TB_MUST_USE tb_status mls_welcome_seal(const struct crypto_suite *suite,
                                       const struct mls_welcome_params *params,
                                       struct tb_rng *rng, struct tb_arena *arena,
                                       tb_bytes *message);

#endif
