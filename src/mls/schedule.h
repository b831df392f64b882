/*
 * The key schedule: RFC 9420, section 8.  Deterministic, without memory of its own.
 */
#ifndef TB_MLS_SCHEDULE_H
#define TB_MLS_SCHEDULE_H

#include "crypto/crypto.h"
#include "mls/status.h"

/* What DeriveSecret takes out of epoch_secret; each is hash_len octets.  Table 4 of section 8, and
 * the one that draft-ietf-mls-extensions, section 4.3 adds. */
struct mls_epoch_secrets {
    struct tb_secret sender_data_secret;
    struct tb_secret encryption_secret; /* root of the secret tree, which takes it over */
    struct tb_secret exporter_secret;
    struct tb_secret external_secret;
    struct tb_secret confirmation_key;
    struct tb_secret membership_key;
    struct tb_secret resumption_psk;
    struct tb_secret epoch_authenticator;
    struct tb_secret init_secret;
    struct tb_secret application_export_secret; /* root of the exporter tree, which takes it over */
};

void mls_epoch_secrets_wipe(struct mls_epoch_secrets *secrets);

/*
 * joiner_secret of epoch n.
 *   init_secret     of epoch n-1, or of the ExternalInit; hash_len octets
 *   commit_secret   of the path, or hash_len zeros
 *   group_context   of epoch n, encoded
 */
TB_MUST_USE tb_status mls_schedule_joiner(const struct crypto_suite *suite,
                                          const struct tb_secret *init_secret,
                                          const struct tb_secret *commit_secret,
                                          tb_bytes group_context, struct tb_secret *joiner_secret);

/* Key and nonce that encrypt the GroupInfo of a Welcome (section 12.4.3.1). */
struct mls_welcome_key {
    struct tb_secret key;
    struct tb_secret nonce;
};
void mls_welcome_key_wipe(struct mls_welcome_key *key);
TB_MUST_USE tb_status mls_schedule_welcome(const struct crypto_suite *suite,
                                           const struct tb_secret *joiner_secret,
                                           const struct tb_secret *psk_secret,
                                           struct tb_secret *welcome_secret);
TB_MUST_USE tb_status mls_schedule_welcome_key(const struct crypto_suite *suite,
                                               const struct tb_secret *welcome_secret,
                                               struct mls_welcome_key *out);

/* All secrets of epoch n.  *out is written only on TB_OK. */
TB_MUST_USE tb_status mls_schedule_epoch(const struct crypto_suite *suite,
                                         const struct tb_secret *joiner_secret,
                                         const struct tb_secret *psk_secret,
                                         tb_bytes group_context, struct mls_epoch_secrets *out);

/* The secrets of an epoch whose epoch_secret is random: a group's first (section 11). */
TB_MUST_USE tb_status mls_schedule_from_epoch_secret(const struct crypto_suite *suite,
                                                     const struct tb_secret *epoch_secret,
                                                     struct mls_epoch_secrets *out);

/* Section 8.3: the key pair behind the external_pub extension. */
TB_MUST_USE tb_status mls_schedule_external_key(const struct crypto_suite *suite,
                                                const struct tb_secret *external_secret,
                                                struct tb_secret *private_key,
                                                uint8_t public_key[CRYPTO_PUBLIC_MAX]);

/* Section 8.5: MLS-Exporter.  len <= TB_SECRET_MAX. */
TB_MUST_USE tb_status mls_schedule_export(const struct crypto_suite *suite,
                                          const struct tb_secret *exporter_secret,
                                          const char *label, tb_bytes context, size_t len,
                                          struct tb_secret *out);

/* Section 6.1: MAC over the confirmed transcript hash; hash_len octets. */
TB_MUST_USE tb_status mls_schedule_confirmation_tag(const struct crypto_suite *suite,
                                                    const struct tb_secret *confirmation_key,
                                                    tb_bytes confirmed_transcript_hash,
                                                    uint8_t out[CRYPTO_HASH_MAX]);

#endif
