#include "mls/public_validate.h"

#include "mls/public_app_data.h"

tb_status mls_public_rules_init(struct mls_public_rules *rules, const struct crypto_suite *suite,
                                tb_bytes group_id, const struct mls_extension *extensions,
                                size_t extension_count, uint64_t now_s, struct tb_arena *arena)
{
    struct mls_public_rules next = {
        .suite = suite,
        .group_id = group_id,
        .extensions = extensions,
        .extension_count = extension_count,
        .now_s = now_s,
    };
    struct mls_external_senders senders;
    tb_bytes data;
    TRY(mls_public_extensions_distinct(extensions, extension_count));
    if (mls_public_extension_find(extensions, extension_count, MLS_EXTENSION_REQUIRED_CAPABILITIES,
                                  &data)) {
        TRY(wire_decode(&mls_required_capabilities_desc, data, arena, &next.required, NULL));
    }
    if (mls_public_extension_find(extensions, extension_count, MLS_EXTENSION_EXTERNAL_SENDERS,
                                  &data)) {
        TRY(wire_decode(&mls_external_senders_desc, data, arena, &senders, NULL));
    }
    if (mls_public_extension_find(extensions, extension_count, MLS_EXTENSION_APP_DATA_DICTIONARY,
                                  &data)) {
        TRY(mls_public_dictionary_check(data));
    }
    *rules = next;
    return TB_STATUS(TB_OK);
}

tb_status mls_public_leaf_supports(const struct mls_public_rules *rules,
                                   const struct mls_leaf_node *leaf)
{
    const struct mls_capabilities *has = &leaf->capabilities;
    const struct mls_required_capabilities *required = &rules->required;
    /* The lists of versions and suites bind nobody: section 7.3 does not ask for the group's own in
     * them, and deployed clients leave it out. */
    for (size_t i = 0; i < rules->extension_count; i++) { /* section 13.4 */
        if (!mls_leaf_has_extension(has, rules->extensions[i].extension_type)) {
            return TB_STATUS(MLS_LEAF_CONTEXT_EXTENSION);
        }
    }
    for (size_t i = 0; i < required->extension_types.count; i++) { /* section 11.1 */
        if (!mls_leaf_has_extension(has, required->extension_types.at[i].value)) {
            return TB_STATUS(MLS_LEAF_REQUIRED);
        }
    }
    for (size_t i = 0; i < required->proposal_types.count; i++) {
        if (!mls_leaf_has_proposal(has, required->proposal_types.at[i].value)) {
            return TB_STATUS(MLS_LEAF_REQUIRED);
        }
    }
    for (size_t i = 0; i < required->credential_types.count; i++) {
        if (!mls_leaf_has_credential(has, required->credential_types.at[i].value)) {
            return TB_STATUS(MLS_LEAF_REQUIRED);
        }
    }
    return TB_STATUS(TB_OK);
}

static tb_status check_lifetime(const struct mls_public_rules *rules,
                                const struct mls_leaf_node *leaf)
{
    if (rules->now_s == 0 || leaf->leaf_node_source != MLS_LEAF_KEY_PACKAGE) {
        return TB_STATUS(TB_OK);
    }
    const struct mls_lifetime *lifetime = leaf->of.lifetime;
    bool is_now = lifetime->not_before <= rules->now_s && rules->now_s <= lifetime->not_after;
    bool is_short = is_now && lifetime->not_after - lifetime->not_before <= MLS_LIFETIME_MAX_S;
    return TB_STATUS(is_short ? TB_OK : MLS_LEAF_LIFETIME);
}

/* No type twice, and a dictionary in order. */
static tb_status check_extensions(const struct mls_extension *extensions, size_t count)
{
    tb_bytes dictionary;
    TRY(mls_public_extensions_distinct(extensions, count));
    if (!mls_public_extension_find(extensions, count, MLS_EXTENSION_APP_DATA_DICTIONARY,
                                   &dictionary)) {
        return TB_STATUS(TB_OK);
    }
    return mls_public_dictionary_check(dictionary);
}

/* What a leaf says of itself: no group is needed. */
static tb_status check_alone(const struct crypto_suite *suite, const struct mls_leaf_node *leaf)
{
    const struct mls_capabilities *has = &leaf->capabilities;
    /* Section 10: the keys are keys of the suite.  A leaf whose key nothing can be encrypted to
     * would stop every later commit of anybody. */
    TRY(crypto_hpke_key_check(suite, leaf->encryption_key));
    if (leaf->signature_key.len != suite->sign_public_len) return TB_STATUS(CRYPTO_KEY);
    TRY(check_extensions(leaf->extensions.at, leaf->extensions.count));
    for (size_t i = 0; i < leaf->extensions.count; i++) {
        if (!mls_leaf_has_extension(has, leaf->extensions.at[i].extension_type)) {
            return TB_STATUS(MLS_LEAF_EXTENSION);
        }
    }
    if (!mls_leaf_has_credential(has, leaf->credential.credential_type)) {
        return TB_STATUS(MLS_LEAF_CREDENTIAL);
    }
    return TB_STATUS(TB_OK);
}

/* Everything but the signature. */
static tb_status check_leaf(const struct mls_public_rules *rules, const struct mls_leaf_node *leaf,
                            uint8_t leaf_node_source)
{
    if (leaf_node_source != 0 && leaf->leaf_node_source != leaf_node_source) {
        return TB_STATUS(MLS_LEAF_SOURCE);
    }
    TRY(check_alone(rules->suite, leaf));
    TRY(mls_public_leaf_supports(rules, leaf));
    return check_lifetime(rules, leaf);
}

tb_status mls_public_leaf_check(const struct mls_public_rules *rules,
                                const struct mls_leaf_node *leaf, uint8_t leaf_node_source,
                                uint32_t leaf_index, struct tb_arena *arena)
{
    const struct mls_leaf_place place = { rules->group_id, leaf_index };
    TRY(check_leaf(rules, leaf, leaf_node_source));
    return mls_leaf_verify(rules->suite, leaf, &place, arena);
}

static tb_status collect_leaf(const struct mls_public_rules *rules,
                              const struct mls_leaf_node *leaf, uint8_t leaf_node_source,
                              uint32_t leaf_index, struct mls_public_verify *verify)
{
    const struct mls_leaf_place place = { rules->group_id, leaf_index };
    tb_bytes content;
    TRY(check_leaf(rules, leaf, leaf_node_source));
    TRY(mls_leaf_content(leaf, &place, &verify->arena, &content));
    return mls_public_verify_add(verify, leaf->signature_key, content, leaf->signature,
                                 TB_STATUS(MLS_LEAF_SIGNATURE));
}

tb_status mls_public_key_package_collect(const struct mls_public_rules *rules,
                                         const struct mls_key_package_in *key_package,
                                         struct mls_public_verify *verify)
{
    const struct mls_leaf_node *leaf = &key_package->leaf_node;
    tb_bytes content;
    if (key_package->version != MLS_VERSION_MLS10) return TB_STATUS(MLS_VERSION);
    if (key_package->cipher_suite != rules->suite->id) return TB_STATUS(MLS_SUITE);
    TRY(crypto_hpke_key_check(rules->suite, key_package->init_key));
    if (tb_bytes_equal(key_package->init_key, leaf->encryption_key)) {
        return TB_STATUS(MLS_KEY_PACKAGE_INIT_KEY);
    }
    TRY(check_extensions(key_package->extensions.at, key_package->extensions.count));
    /* Its extensions need no capability, unlike a leaf's: GREASE may stand there (13.5). */
    TRY(collect_leaf(rules, leaf, MLS_LEAF_KEY_PACKAGE, 0, verify));
    TRY(mls_leaf_key_package_content(key_package, &verify->arena, &content));
    return mls_public_verify_add(verify, leaf->signature_key, content, key_package->signature,
                                 TB_STATUS(MLS_KEY_PACKAGE_SIGNATURE));
}

tb_status mls_public_key_package_check(const struct mls_public_rules *rules,
                                       const struct mls_key_package_in *key_package,
                                       struct tb_mem *mem)
{
    struct mls_public_verify verify;
    mls_public_verify_init(&verify, rules->suite, rules->parallel, mem);
    return mls_public_verify_finish(&verify,
                                    mls_public_key_package_collect(rules, key_package, &verify));
}

tb_status mls_public_credentials_check(const struct mls_tree *tree,
                                       const struct mls_leaf_node *leaf)
{
    for (uint16_t i = 0; i < 2; i++) {
        uint16_t type = (uint16_t)(MLS_CREDENTIAL_BASIC + i);
        if (tree->credential_counts[i] != 0 &&
            !mls_leaf_has_credential(&leaf->capabilities, type)) {
            return TB_STATUS(MLS_LEAF_CREDENTIAL);
        }
    }
    return TB_STATUS(TB_OK);
}

bool mls_public_requires_proposal(const struct mls_public_rules *rules, uint16_t proposal_type)
{
    for (size_t i = 0; i < rules->required.proposal_types.count; i++) {
        if (rules->required.proposal_types.at[i].value == proposal_type) return true;
    }
    return false;
}

tb_status mls_public_all_support(const struct mls_public_rules *rules, const struct mls_tree *tree)
{
    for (uint32_t i = 0; i < mls_tree_leaf_count(tree); i++) {
        const struct mls_leaf_node *leaf = mls_tree_leaf(tree, i);
        if (leaf != NULL) TRY(mls_public_leaf_supports(rules, leaf));
    }
    return TB_STATUS(TB_OK);
}

static tb_status collect_leaves(const struct mls_public_rules *rules, const struct mls_tree *tree,
                                struct mls_public_verify *verify)
{
    for (uint32_t i = 0; i < mls_tree_leaf_count(tree); i++) {
        const struct mls_leaf_node *leaf = mls_tree_leaf(tree, i);
        if (leaf == NULL) continue;
        TRY(mls_public_credentials_check(tree, leaf));
        TRY(collect_leaf(rules, leaf, 0, i, verify));
    }
    return TB_STATUS(TB_OK);
}

tb_status mls_public_tree_check(const struct mls_public_rules *rules, struct mls_tree *tree,
                                tb_bytes tree_hash)
{
    struct mls_public_verify verify;
    uint8_t hash[CRYPTO_HASH_MAX];
    TRY(mls_tree_hash(tree, hash));
    if (!tb_bytes_equal(tree_hash, (tb_bytes){ hash, rules->suite->hash_len })) {
        return TB_STATUS(MLS_TREE_HASH);
    }
    TRY(mls_tree_check(tree));
    mls_public_verify_init(&verify, rules->suite, rules->parallel, tree->mem);
    return mls_public_verify_finish(&verify, collect_leaves(rules, tree, &verify));
}

tb_status mls_public_group_info_verify(const struct crypto_suite *suite,
                                       const struct mls_tree *tree,
                                       const struct mls_group_info_in *group_info,
                                       struct tb_arena *arena)
{
    const struct mls_leaf_node *signer = mls_tree_leaf(tree, group_info->signer);
    if (signer == NULL) return TB_STATUS(MLS_TREE_LEAF);
    tb_bytes tbs = mls_span(group_info->mark_start, group_info->mark_tbs_end);
    tb_status status = crypto_verify_label(suite, signer->signature_key, "GroupInfoTBS", &tbs, 1,
                                           group_info->signature, arena);
    return status.code == CRYPTO_SIGNATURE ? TB_STATUS(MLS_GROUP_INFO_SIGNATURE) : status;
}
