#include "mls/schedule.h"

#include <assert.h>

void mls_epoch_secrets_wipe(struct mls_epoch_secrets *secrets)
{
    tb_wipe(secrets, sizeof *secrets);
}

void mls_welcome_key_wipe(struct mls_welcome_key *key)
{
    tb_wipe(key, sizeof *key);
}

tb_status mls_schedule_joiner(const struct crypto_suite *suite,
                              const struct tb_secret *init_secret,
                              const struct tb_secret *commit_secret, tb_bytes group_context,
                              struct tb_secret *joiner_secret)
{
    struct tb_secret extracted = { 0 };
    tb_status status = TB_STATUS(TB_OK);

    assert(init_secret->len == suite->hash_len);
    assert(commit_secret->len == suite->hash_len);
    CHECK(crypto_extract(suite, tb_secret_view(init_secret), tb_secret_view(commit_secret),
                         &extracted));
    CHECK(crypto_expand_label(suite, tb_secret_view(&extracted), "joiner", group_context,
                              suite->hash_len, joiner_secret));
out:
    tb_secret_wipe(&extracted);
    return status;
}

/* The intermediate secret that joiner_secret and psk_secret give; it has no name in the RFC. */
static tb_status member_secret(const struct crypto_suite *suite,
                               const struct tb_secret *joiner_secret,
                               const struct tb_secret *psk_secret, struct tb_secret *out)
{
    assert(joiner_secret->len == suite->hash_len);
    assert(psk_secret->len == suite->hash_len);
    return crypto_extract(suite, tb_secret_view(joiner_secret), tb_secret_view(psk_secret), out);
}

tb_status mls_schedule_welcome(const struct crypto_suite *suite,
                               const struct tb_secret *joiner_secret,
                               const struct tb_secret *psk_secret,
                               struct tb_secret *welcome_secret)
{
    struct tb_secret member = { 0 };
    tb_status status = TB_STATUS(TB_OK);

    CHECK(member_secret(suite, joiner_secret, psk_secret, &member));
    CHECK(crypto_derive_secret(suite, tb_secret_view(&member), "welcome", welcome_secret));
out:
    tb_secret_wipe(&member);
    return status;
}

tb_status mls_schedule_welcome_key(const struct crypto_suite *suite,
                                   const struct tb_secret *welcome_secret,
                                   struct mls_welcome_key *out)
{
    tb_bytes secret = tb_secret_view(welcome_secret), nothing = { NULL, 0 };
    struct mls_welcome_key next = { 0 };
    tb_status status = TB_STATUS(TB_OK);

    CHECK(crypto_expand_label(suite, secret, "key", nothing, suite->key_len, &next.key));
    CHECK(crypto_expand_label(suite, secret, "nonce", nothing, CRYPTO_NONCE_LEN, &next.nonce));
    *out = next;
out:
    mls_welcome_key_wipe(&next);
    return status;
}

tb_status mls_schedule_from_epoch_secret(const struct crypto_suite *suite,
                                         const struct tb_secret *epoch_secret,
                                         struct mls_epoch_secrets *out)
{
    struct mls_epoch_secrets next = { 0 };
    const struct {
        const char *label;
        struct tb_secret *secret;
    } rows[] = {
        { "sender data", &next.sender_data_secret },
        { "encryption", &next.encryption_secret },
        { "exporter", &next.exporter_secret },
        { "external", &next.external_secret },
        { "confirm", &next.confirmation_key },
        { "membership", &next.membership_key },
        { "resumption", &next.resumption_psk },
        { "authentication", &next.epoch_authenticator },
        { "init", &next.init_secret },
        { "application_export", &next.application_export_secret },
    };
    tb_status status = TB_STATUS(TB_OK);

    assert(epoch_secret->len == suite->hash_len);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK(crypto_derive_secret(suite, tb_secret_view(epoch_secret), rows[i].label,
                                   rows[i].secret));
    }
    *out = next;
out:
    mls_epoch_secrets_wipe(&next);
    return status;
}

tb_status mls_schedule_epoch(const struct crypto_suite *suite,
                             const struct tb_secret *joiner_secret,
                             const struct tb_secret *psk_secret, tb_bytes group_context,
                             struct mls_epoch_secrets *out)
{
    struct tb_secret member = { 0 }, epoch_secret = { 0 };
    tb_status status = TB_STATUS(TB_OK);

    CHECK(member_secret(suite, joiner_secret, psk_secret, &member));
    CHECK(crypto_expand_label(suite, tb_secret_view(&member), "epoch", group_context,
                              suite->hash_len, &epoch_secret));
    CHECK(mls_schedule_from_epoch_secret(suite, &epoch_secret, out));
out:
    tb_secret_wipe(&member);
    tb_secret_wipe(&epoch_secret);
    return status;
}

tb_status mls_schedule_external_key(const struct crypto_suite *suite,
                                    const struct tb_secret *external_secret,
                                    struct tb_secret *private_key,
                                    uint8_t public_key[CRYPTO_PUBLIC_MAX])
{
    return crypto_hpke_derive(suite, tb_secret_view(external_secret), private_key, public_key);
}

tb_status mls_schedule_export(const struct crypto_suite *suite,
                              const struct tb_secret *exporter_secret, const char *label,
                              tb_bytes context, size_t len, struct tb_secret *out)
{
    struct tb_secret derived = { 0 };
    uint8_t hash[CRYPTO_HASH_MAX];
    tb_status status = TB_STATUS(TB_OK);

    CHECK(crypto_derive_secret(suite, tb_secret_view(exporter_secret), label, &derived));
    CHECK(crypto_hash(suite, &context, 1, hash));
    CHECK(crypto_expand_label(suite, tb_secret_view(&derived), "exported",
                              (tb_bytes){ hash, suite->hash_len }, len, out));
out:
    tb_secret_wipe(&derived);
    return status;
}

tb_status mls_schedule_confirmation_tag(const struct crypto_suite *suite,
                                        const struct tb_secret *confirmation_key,
                                        tb_bytes confirmed_transcript_hash,
                                        uint8_t out[CRYPTO_HASH_MAX])
{
    return crypto_hmac(suite, tb_secret_view(confirmation_key), &confirmed_transcript_hash, 1,
                       out);
}
