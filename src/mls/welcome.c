#include "mls/welcome.h"

#include "mls/framing.h"
#include "mls/leaf.h"
#include "mls/schedule.h"

tb_status mls_welcome_decode(tb_bytes octets, struct tb_arena *arena, struct mls_welcome *out,
                             struct tb_why *why)
{
    /* No Welcome begins like this: cipher suite 1 followed by an empty list of secrets. */
    static const uint8_t head[] = { 0, MLS_VERSION_MLS10, 0, MLS_WIRE_WELCOME };
    tb_bytes body = octets;
    if (tb_bytes_starts_with(octets, TB_ARRAY(head))) {
        body = (tb_bytes){ octets.data + sizeof head, octets.len - sizeof head };
    }
    return wire_decode(&mls_welcome_desc, body, arena, out, why);
}

tb_status mls_welcome_secrets(const struct crypto_suite *suite, const struct mls_welcome *welcome,
                              tb_bytes key_package_ref, const struct tb_secret *init_key,
                              tb_bytes init_public_key, struct tb_arena *arena,
                              struct mls_group_secrets *out, struct tb_why *why)
{
    tb_bytes plain;
    if (welcome->cipher_suite != suite->id) return TB_STATUS(MLS_SUITE);
    for (size_t i = 0; i < welcome->secrets.count; i++) {
        const struct mls_encrypted_group_secrets *ours = &welcome->secrets.at[i];
        if (!tb_bytes_equal(ours->new_member, key_package_ref)) continue;
        TRY(crypto_decrypt_label(suite, tb_secret_view(init_key), init_public_key, "Welcome",
                                 welcome->encrypted_group_info,
                                 ours->encrypted_group_secrets.kem_output,
                                 ours->encrypted_group_secrets.ciphertext, arena, &plain));
        TRY(wire_decode(&mls_group_secrets_desc, plain, arena, out, why));
        bool fits = out->joiner_secret.len == suite->hash_len &&
                    (out->path_secret == NULL ||
                     out->path_secret->path_secret.len == suite->hash_len);
        return TB_STATUS(fits ? TB_OK : WIRE_LENGTH_RANGE);
    }
    return TB_STATUS(MLS_WELCOME_NOT_FOR_US);
}

tb_status mls_welcome_group_info(const struct crypto_suite *suite,
                                 const struct mls_welcome *welcome,
                                 const struct tb_secret *joiner_secret,
                                 const struct tb_secret *psk_secret, struct tb_arena *arena,
                                 struct mls_group_info_in *out, struct tb_why *why)
{
    tb_bytes sealed = welcome->encrypted_group_info;
    struct tb_secret welcome_secret = { 0 };
    struct mls_welcome_key key = { 0 };
    tb_status status = TB_STATUS(TB_OK);

    if (sealed.len < CRYPTO_TAG_LEN) return TB_STATUS(CRYPTO_DECRYPT);
    uint8_t *plain = tb_arena_take(arena, sealed.len - CRYPTO_TAG_LEN, 1);
    if (plain == NULL) return TB_STATUS(TB_NO_SPACE);
    CHECK(mls_schedule_welcome(suite, joiner_secret, psk_secret, &welcome_secret));
    CHECK(mls_schedule_welcome_key(suite, &welcome_secret, &key));
    CHECK(suite->provider->aead_open(suite->provider, suite->aead, tb_secret_view(&key.key),
                                     tb_secret_view(&key.nonce), (tb_bytes){ NULL, 0 }, sealed,
                                     plain));
    CHECK(wire_decode(&mls_group_info_in_desc, (tb_bytes){ plain, sealed.len - CRYPTO_TAG_LEN },
                      arena, out, why));
out:
    tb_secret_wipe(&welcome_secret);
    mls_welcome_key_wipe(&key);
    return status;
}

tb_status mls_welcome_group_info_sign(const struct crypto_suite *suite,
                                      const struct crypto_signing_key *signer,
                                      const struct mls_group_info_in *fields,
                                      struct tb_arena *arena, tb_bytes *encoded)
{
    struct mls_group_info_in info = *fields;
    tb_bytes unsigned_info;
    /* GroupInfoTBS ends where the signature begins, so it is cut from an encoding with none. */
    info.signature = (tb_bytes){ NULL, 0 };
    TRY(wire_encode(&mls_group_info_in_desc, &info, arena, &unsigned_info));
    tb_bytes signed_part = { unsigned_info.data, unsigned_info.len - wire_length_size(0) };
    TRY(crypto_sign_label(suite, signer, "GroupInfoTBS", &signed_part, 1, arena,
                          &info.signature));
    return wire_encode(&mls_group_info_in_desc, &info, arena, encoded);
}

static tb_status seal_group_info(const struct crypto_suite *suite,
                                 const struct mls_welcome_params *params, struct tb_arena *arena,
                                 tb_bytes *out)
{
    struct tb_secret welcome_secret = { 0 };
    struct mls_welcome_key key = { 0 };
    tb_status status = TB_STATUS(TB_OK);

    size_t len = params->group_info.len + CRYPTO_TAG_LEN;
    uint8_t *sealed = tb_arena_take(arena, len, 1);
    if (sealed == NULL) return TB_STATUS(TB_NO_SPACE);
    CHECK(mls_schedule_welcome(suite, params->joiner_secret, params->psk_secret, &welcome_secret));
    CHECK(mls_schedule_welcome_key(suite, &welcome_secret, &key));
    CHECK(suite->provider->aead_seal(suite->provider, suite->aead, tb_secret_view(&key.key),
                                     tb_secret_view(&key.nonce), (tb_bytes){ NULL, 0 },
                                     params->group_info, sealed));
    *out = (tb_bytes){ sealed, len };
out:
    tb_secret_wipe(&welcome_secret);
    mls_welcome_key_wipe(&key);
    return status;
}

static tb_status seal_member(const struct crypto_suite *suite,
                             const struct mls_welcome_params *params,
                             const struct mls_welcome_member *member,
                             const struct crypto_hpke_info *info, struct tb_rng *rng,
                             struct tb_arena *arena, struct mls_encrypted_group_secrets *out)
{
    struct mls_path_secret path_secret;
    struct mls_group_secrets secrets = {
        .joiner_secret = tb_secret_view(params->joiner_secret),
        .psks = { (struct mls_pre_shared_key_id *)(uintptr_t)params->psks, params->psk_count },
    };
    tb_bytes plain;
    if (member->path_secret != NULL) {
        path_secret.path_secret = tb_secret_view(member->path_secret);
        secrets.path_secret = &path_secret;
    }
    TRY(wire_encode(&mls_group_secrets_desc, &secrets, arena, &plain));
    uint8_t *ref = tb_arena_take(arena, CRYPTO_HASH_MAX, 1);
    if (ref == NULL) return TB_STATUS(TB_NO_SPACE);
    TRY(mls_leaf_key_package_ref(suite, member->key_package, ref));
    out->new_member = (tb_bytes){ ref, suite->hash_len };
    return crypto_hpke_seal_with(suite, member->init_key, info, (tb_bytes){ NULL, 0 }, plain, rng,
                                 arena, &out->encrypted_group_secrets.kem_output,
                                 &out->encrypted_group_secrets.ciphertext);
}

tb_status mls_welcome_seal(const struct crypto_suite *suite,
                           const struct mls_welcome_params *params, struct tb_rng *rng,
                           struct tb_arena *arena, tb_bytes *message)
{
    struct mls_welcome welcome = { .cipher_suite = suite->id };
    struct crypto_hpke_info info;
    struct tb_arena scratch;
    tb_bytes body;
    tb_status status = TB_STATUS(TB_OK);

    /* The plaintexts must not outlive this call, so they get an arena of their own. */
    tb_arena_init(&scratch, arena->mem, arena->used_bytes_max - arena->used_bytes);
    CHECK(seal_group_info(suite, params, &scratch, &welcome.encrypted_group_info));
    welcome.secrets.count = params->member_count;
    welcome.secrets.at = tb_arena_take(&scratch, params->member_count, sizeof *welcome.secrets.at);
    if (welcome.secrets.at == NULL) CHECK(TB_STATUS(TB_NO_SPACE));
    /* Hashed once: the GroupInfo may hold the whole tree. */
    CHECK(crypto_label_info(suite, "Welcome", welcome.encrypted_group_info, &info));
    for (size_t i = 0; i < params->member_count; i++) {
        CHECK(seal_member(suite, params, &params->members[i], &info, rng, &scratch,
                          &welcome.secrets.at[i]));
    }
    CHECK(wire_encode(&mls_welcome_desc, &welcome, &scratch, &body));
    CHECK(mls_framing_wrap(MLS_WIRE_WELCOME, body, arena, message));
out:
    tb_arena_wipe(&scratch);
    return status;
}
