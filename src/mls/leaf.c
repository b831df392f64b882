#include "mls/leaf.h"

#include <assert.h>

/* Room for `opaque group_id<V>` of LeafNodeTBS: its header, and leaf_index. */
struct place_parts {
    uint8_t header[4];
    uint8_t leaf_index[4];
};

/* The parts of LeafNodeTBS behind the fields that are sent; returns their count. */
static size_t place_parts(const struct mls_leaf_place *place, struct place_parts *room,
                          tb_bytes parts[3])
{
    const uint8_t *end = wire_length_put(room->header, place->group_id.len);
    tb_put_u32(room->leaf_index, place->leaf_index);
    parts[0] = mls_span(room->header, end);
    parts[1] = place->group_id;
    parts[2] = TB_ARRAY(room->leaf_index);
    return 3;
}

tb_status mls_leaf_sign(const struct crypto_suite *suite, const struct crypto_signing_key *signer,
                        const struct mls_leaf_node *fields, const struct mls_leaf_place *place,
                        struct tb_arena *arena, tb_bytes *encoded)
{
    struct mls_leaf_node leaf = *fields;
    struct place_parts room;
    tb_bytes whole, parts[4];
    size_t count = 1;
    assert(tb_bytes_equal(fields->signature_key, crypto_signing_key_public(signer)));
    /* LeafNodeTBS ends where the signature begins, so it is cut from an encoding with none. */
    leaf.signature = (tb_bytes){ NULL, 0 };
    TRY(wire_encode(&mls_leaf_node_desc, &leaf, arena, &whole));
    parts[0] = (tb_bytes){ whole.data, whole.len - wire_length_size(0) };
    if (leaf.leaf_node_source != MLS_LEAF_KEY_PACKAGE) {
        count += place_parts(place, &room, parts + 1);
    }
    TRY(crypto_sign_label(suite, signer, "LeafNodeTBS", parts, count, arena, &leaf.signature));
    return wire_encode(&mls_leaf_node_desc, &leaf, arena, encoded);
}

tb_status mls_leaf_content(const struct mls_leaf_node *leaf, const struct mls_leaf_place *place,
                           struct tb_arena *arena, tb_bytes *content)
{
    struct place_parts room;
    tb_bytes parts[4];
    size_t count = 1;
    assert(leaf->mark_tbs_end != NULL);
    parts[0] = mls_span(leaf->mark_start, leaf->mark_tbs_end);
    if (leaf->leaf_node_source != MLS_LEAF_KEY_PACKAGE) {
        count += place_parts(place, &room, parts + 1);
    }
    return crypto_sign_content("LeafNodeTBS", parts, count, arena, content);
}

tb_status mls_leaf_verify(const struct crypto_suite *suite, const struct mls_leaf_node *leaf,
                          const struct mls_leaf_place *place, struct tb_arena *arena)
{
    tb_bytes content;
    TRY(mls_leaf_content(leaf, place, arena, &content));
    tb_status status = suite->provider->verify(suite->provider, suite->signature,
                                               leaf->signature_key, content, leaf->signature);
    if (status.code == CRYPTO_SIGNATURE) return TB_STATUS(MLS_LEAF_SIGNATURE);
    return status;
}

tb_status mls_leaf_key_package_sign(const struct crypto_suite *suite,
                                    const struct crypto_signing_key *signer,
                                    const struct mls_key_package_in *fields, struct tb_arena *arena,
                                    tb_bytes *encoded)
{
    struct mls_key_package_in package = *fields;
    tb_bytes whole;
    package.signature = (tb_bytes){ NULL, 0 };
    TRY(wire_encode(&mls_key_package_in_desc, &package, arena, &whole));
    tb_bytes tbs = { whole.data, whole.len - wire_length_size(0) };
    TRY(crypto_sign_label(suite, signer, "KeyPackageTBS", &tbs, 1, arena, &package.signature));
    return wire_encode(&mls_key_package_in_desc, &package, arena, encoded);
}

tb_status mls_leaf_key_package_content(const struct mls_key_package_in *key_package,
                                       struct tb_arena *arena, tb_bytes *content)
{
    assert(key_package->mark_tbs_end != NULL);
    tb_bytes tbs = mls_span(key_package->mark_start, key_package->mark_tbs_end);
    return crypto_sign_content("KeyPackageTBS", &tbs, 1, arena, content);
}

tb_status mls_leaf_key_package_ref(const struct crypto_suite *suite, tb_bytes encoded,
                                   uint8_t out[CRYPTO_HASH_MAX])
{
    return crypto_ref_hash(suite, "MLS 1.0 KeyPackage Reference", encoded, out);
}

tb_bytes mls_leaf_identity(const struct mls_credential *credential)
{
    if (credential->credential_type != MLS_CREDENTIAL_BASIC) return (tb_bytes){ NULL, 0 };
    return credential->of.identity->value;
}

bool mls_leaf_is_default_extension(uint16_t extension_type)
{
    return extension_type >= MLS_EXTENSION_APPLICATION_ID &&
           extension_type <= MLS_EXTENSION_EXTERNAL_SENDERS;
}

bool mls_leaf_is_default_proposal(uint16_t proposal_type)
{
    return proposal_type >= MLS_PROPOSAL_ADD &&
           proposal_type <= MLS_PROPOSAL_GROUP_CONTEXT_EXTENSIONS;
}

static bool lists(const struct wire_u16 *at, size_t count, uint16_t value)
{
    for (size_t i = 0; i < count; i++) {
        if (at[i].value == value) return true;
    }
    return false;
}

bool mls_leaf_has_extension(const struct mls_capabilities *capabilities, uint16_t extension_type)
{
    return mls_leaf_is_default_extension(extension_type) ||
           lists(capabilities->extensions.at, capabilities->extensions.count, extension_type);
}

bool mls_leaf_has_proposal(const struct mls_capabilities *capabilities, uint16_t proposal_type)
{
    return mls_leaf_is_default_proposal(proposal_type) ||
           lists(capabilities->proposals.at, capabilities->proposals.count, proposal_type);
}

bool mls_leaf_has_credential(const struct mls_capabilities *capabilities, uint16_t credential_type)
{
    return lists(capabilities->credentials.at, capabilities->credentials.count, credential_type);
}
