#include "mls/key_package.h"

#include "mls/leaf.h"

void mls_key_package_secrets_wipe(struct mls_key_package_secrets *secrets)
{
    tb_wipe(secrets, sizeof *secrets);
}

/* What this library can do beyond the RFC's defaults, as capabilities list it. */
static const uint16_t supported_extensions[] = { MLS_EXTENSION_APP_DATA_DICTIONARY };
static const uint16_t supported_proposals[] = {
    MLS_PROPOSAL_APP_DATA_UPDATE,
    MLS_PROPOSAL_APP_EPHEMERAL,
    MLS_PROPOSAL_SELF_REMOVE,
};
static const uint16_t supported_versions[] = { MLS_VERSION_MLS10 };
static const uint16_t supported_credentials[] = { MLS_CREDENTIAL_BASIC };

enum { SUITE_FIRST = 0x0001, SUITE_LAST = 0x0007 };

/* Two lists of values as one; NULL when the arena is full. */
static struct wire_u16 *list_of(const uint16_t *values, size_t count, const uint16_t *more,
                                size_t more_count, struct tb_arena *arena)
{
    struct wire_u16 *list = tb_arena_take(arena, count + more_count, sizeof *list);
    for (size_t i = 0; list != NULL && i < count; i++) list[i].value = values[i];
    for (size_t i = 0; list != NULL && i < more_count; i++) list[count + i].value = more[i];
    return list;
}
#define COUNT(ARRAY_) (sizeof(ARRAY_) / sizeof(ARRAY_)[0])

static tb_status capabilities_of(const struct mls_env *env, const struct mls_leaf_extra *extra,
                                 struct tb_arena *arena, struct mls_capabilities *out)
{
    uint16_t suites[SUITE_LAST - SUITE_FIRST + 1];
    size_t count = 0;
    for (uint16_t id = SUITE_FIRST; id <= SUITE_LAST; id++) {
        if (env->suite->provider->has(env->suite->provider, id)) suites[count++] = id;
    }
    out->versions.count = COUNT(supported_versions);
    out->versions.at = list_of(supported_versions, out->versions.count, NULL, 0, arena);
    out->cipher_suites.count = count;
    out->cipher_suites.at = list_of(suites, count, NULL, 0, arena);
    out->extensions.count = COUNT(supported_extensions) + extra->extension_type_count;
    out->extensions.at = list_of(supported_extensions, COUNT(supported_extensions),
                                 extra->extension_types, extra->extension_type_count, arena);
    out->proposals.count = COUNT(supported_proposals);
    out->proposals.at = list_of(supported_proposals, out->proposals.count, NULL, 0, arena);
    out->credentials.count = COUNT(supported_credentials) + extra->credential_type_count;
    out->credentials.at = list_of(supported_credentials, COUNT(supported_credentials),
                                  extra->credential_types, extra->credential_type_count, arena);
    bool has_space = out->versions.at != NULL && out->cipher_suites.at != NULL &&
                     out->extensions.at != NULL && out->proposals.at != NULL &&
                     out->credentials.at != NULL;
    return TB_STATUS(has_space ? TB_OK : TB_NO_SPACE);
}

/* The app_data_dictionary, then the extensions of the caller. */
static tb_status extensions_of(const struct mls_key_package_params *params,
                               const struct mls_leaf_extra *extra, struct tb_arena *arena,
                               struct mls_leaf_node *leaf)
{
    struct mls_extension *list = tb_arena_take(arena, extra->extension_count + 1, sizeof *list);
    size_t count = 0;
    if (list == NULL) return TB_STATUS(TB_NO_SPACE);
    if (params->leaf_app_data.len != 0) {
        list[count++] = (struct mls_extension){ MLS_EXTENSION_APP_DATA_DICTIONARY,
                                                params->leaf_app_data };
    }
    for (size_t i = 0; i < extra->extension_count; i++) list[count++] = extra->extensions[i];
    leaf->extensions.at = list;
    leaf->extensions.count = count;
    return TB_STATUS(TB_OK);
}

tb_status mls_key_package_leaf(const struct mls_env *env,
                               const struct mls_key_package_params *params,
                               tb_bytes encryption_key, struct tb_arena *arena, tb_bytes *encoded)
{
    static const struct mls_leaf_extra nothing = { .credential = NULL };
    const struct mls_leaf_extra *extra = params->extra == NULL ? &nothing : params->extra;
    struct wire_opaque identity = { params->identity };
    struct mls_lifetime lifetime = { params->not_before_s, params->not_after_s };
    struct mls_leaf_node leaf = {
        .encryption_key = encryption_key,
        .signature_key = crypto_signing_key_public(params->signer),
        .credential = { MLS_CREDENTIAL_BASIC, { .identity = &identity } },
        .leaf_node_source = MLS_LEAF_KEY_PACKAGE,
        .of = { .lifetime = &lifetime },
    };
    if (extra->credential != NULL) leaf.credential = *extra->credential;
    TRY(extensions_of(params, extra, arena, &leaf));
    TRY(capabilities_of(env, extra, arena, &leaf.capabilities));
    return mls_leaf_sign(env->suite, params->signer, &leaf, NULL, arena, encoded);
}

/* The key package's own app_data_dictionary with the one component of a last resort. */
static tb_status last_resort(struct tb_arena *arena, tb_bytes *out)
{
    struct mls_component_data component = { MLS_COMPONENT_LAST_RESORT_KEY_PACKAGE, { NULL, 0 } };
    const struct mls_app_data_dictionary dictionary = { { &component, 1 } };
    return wire_encode(&mls_app_data_dictionary_desc, &dictionary, arena, out);
}

tb_status mls_key_package_new(const struct mls_env *env,
                              const struct mls_key_package_params *params, struct tb_arena *arena,
                              tb_bytes *encoded, struct mls_key_package_secrets *secrets,
                              uint8_t ref[CRYPTO_HASH_MAX])
{
    const struct crypto_suite *suite = env->suite;
    struct mls_extension extension = { MLS_EXTENSION_APP_DATA_DICTIONARY, { NULL, 0 } };
    struct mls_key_package_in fields = {
        .version = MLS_VERSION_MLS10,
        .cipher_suite = suite->id,
        .extensions = { &extension, params->is_last_resort ? 1 : 0 },
    };
    struct mls_key_package_secrets own = { 0 };
    uint8_t init_key[CRYPTO_PUBLIC_MAX], encryption_key[CRYPTO_PUBLIC_MAX];
    tb_bytes leaf;
    tb_status status = TB_STATUS(TB_OK);

    CHECK(crypto_hpke_generate(suite, env->rng, &own.init_key, init_key));
    CHECK(crypto_hpke_generate(suite, env->rng, &own.encryption_key, encryption_key));
    CHECK(mls_key_package_leaf(env, params, (tb_bytes){ encryption_key, suite->dh_public_len },
                               arena, &leaf));
    CHECK(wire_decode(&mls_leaf_node_desc, leaf, arena, &fields.leaf_node, NULL));
    if (params->is_last_resort) CHECK(last_resort(arena, &extension.extension_data));
    fields.init_key = (tb_bytes){ init_key, suite->dh_public_len };
    CHECK(mls_leaf_key_package_sign(suite, params->signer, &fields, arena, encoded));
    CHECK(mls_leaf_key_package_ref(suite, *encoded, ref));
    *secrets = own;
out:
    mls_key_package_secrets_wipe(&own);
    return status;
}

static tb_status check_pair(const struct crypto_suite *suite, const struct tb_secret *private_key,
                            tb_bytes public_key)
{
    uint8_t derived[CRYPTO_PUBLIC_MAX];
    if (private_key->len != suite->dh_private_len) return TB_STATUS(MLS_WELCOME_KEYS);
    tb_status status = suite->provider->dh_public(suite->provider, suite->kem,
                                                  tb_secret_view(private_key), derived);
    if (status.code == CRYPTO_KEY) return TB_STATUS(MLS_WELCOME_KEYS);
    TRY(status);
    bool is_pair = tb_bytes_equal((tb_bytes){ derived, suite->dh_public_len }, public_key);
    return TB_STATUS(is_pair ? TB_OK : MLS_WELCOME_KEYS);
}

tb_status mls_key_package_own(const struct mls_env *env, tb_bytes encoded,
                              const struct mls_key_package_secrets *secrets,
                              const struct crypto_signing_key *signer, struct tb_arena *arena,
                              struct mls_key_package_in *out, struct tb_why *why)
{
    TRY(wire_decode(&mls_key_package_in_desc, encoded, arena, out, why));
    if (out->version != MLS_VERSION_MLS10) return TB_STATUS(MLS_VERSION);
    if (out->cipher_suite != env->suite->id) return TB_STATUS(MLS_SUITE);
    TRY(check_pair(env->suite, &secrets->init_key, out->init_key));
    TRY(check_pair(env->suite, &secrets->encryption_key, out->leaf_node.encryption_key));
    bool is_signer = tb_bytes_equal(crypto_signing_key_public(signer),
                                    out->leaf_node.signature_key);
    return TB_STATUS(is_signer ? TB_OK : MLS_WELCOME_KEYS);
}
