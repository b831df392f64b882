/* Joining by a Welcome: RFC 9420, section 12.4.3.1, in the order of its list. */
#include <string.h>

#include "mls/group_state.h"
#include "mls/welcome.h"

/* What is known while joining. */
struct join {
    const struct mls_env *env;
    const struct mls_join_params *params;
    struct tb_arena arena; /* plaintexts of the Welcome: ends with the call */
    struct tb_why *why;
    struct mls_key_package_in key_package;
    struct mls_group_secrets secrets;
    struct mls_group_info_in info;
    struct mls_tree tree;
    struct tb_secret joiner_secret;
    struct tb_secret psk_secret;
    struct mls_treekem_private own;
};

/* The list is that of the commit, so the rules of its proposals hold (sections 12.1.4 and 12.2). */
static tb_status check_psk_form(const struct crypto_suite *suite,
                                const struct mls_group_secrets *secrets, size_t at)
{
    const struct mls_pre_shared_key_id *id = &secrets->psks.at[at];
    if (id->psk_nonce.len != suite->hash_len) return TB_STATUS(MLS_PROPOSALS_PSK);
    for (size_t i = 0; i < at; i++) {
        if (wire_equal(&mls_pre_shared_key_id_desc, &secrets->psks.at[i], id)) {
            return TB_STATUS(MLS_PROPOSALS_PSK_TWICE);
        }
    }
    return TB_STATUS(TB_OK);
}

/* A reinit or branch key may only come alone (section 11.3), and only if the caller has it. */
static tb_status check_psk_ids(const struct crypto_suite *suite,
                               const struct mls_group_secrets *secrets, uint8_t asked_usage)
{
    size_t special = 0, asked = 0;
    if (secrets->psks.count > MLS_PROPOSALS_PSK_COUNT_MAX) return TB_STATUS(TB_TOO_LONG);
    for (size_t i = 0; i < secrets->psks.count; i++) {
        const struct mls_pre_shared_key_id *id = &secrets->psks.at[i];
        TRY(check_psk_form(suite, secrets, i));
        if (id->psktype != MLS_PSK_RESUMPTION) continue;
        uint8_t usage = id->of.resumption->usage;
        if (usage == MLS_RESUMPTION_REINIT || usage == MLS_RESUMPTION_BRANCH) special++;
        if (usage == asked_usage) asked++;
        if (usage < MLS_RESUMPTION_APPLICATION || usage > MLS_RESUMPTION_BRANCH) special += 2;
    }
    /* Where none is asked for, nobody would check that the group is what sections 11.2 and 11.3
     * want. */
    bool is_asked = asked_usage == 0 ? special == 0 : asked == 1;
    return TB_STATUS(special > 1 || !is_asked ? MLS_WELCOME_PSK_USAGE : TB_OK);
}

static tb_status psk_secret_of(struct join *j)
{
    size_t count = j->secrets.psks.count;
    struct mls_psk_entry *entries = tb_arena_take(&j->arena, count, sizeof *entries);
    if (entries == NULL) return TB_STATUS(TB_NO_SPACE);
    TRY(check_psk_ids(j->env->suite, &j->secrets, j->params->resumption_usage));
    for (size_t i = 0; i < count; i++) {
        entries[i].id = j->secrets.psks.at[i];
        TRY(mls_psk_find(j->params->psks, j->params->psk_count, &entries[i].id, &entries[i].psk));
    }
    return mls_psk_secret(j->env->suite, entries, count, &j->arena, &j->psk_secret);
}

/* From the Welcome to a GroupInfo, both decrypted. */
static tb_status open_welcome(struct join *j)
{
    const struct crypto_suite *suite = j->env->suite;
    const struct mls_join_params *params = j->params;
    struct mls_welcome welcome;
    uint8_t ref[CRYPTO_HASH_MAX];
    TRY(mls_key_package_own(j->env, params->key_package, params->secrets, params->signer,
                            &j->arena, &j->key_package, j->why));
    TRY(mls_leaf_key_package_ref(suite, params->key_package, ref));
    TRY(mls_welcome_decode(params->welcome, &j->arena, &welcome, j->why));
    TRY(mls_welcome_secrets(suite, &welcome, (tb_bytes){ ref, suite->hash_len },
                            &params->secrets->init_key, j->key_package.init_key, &j->arena,
                            &j->secrets, j->why));
    tb_secret_set(&j->joiner_secret, j->secrets.joiner_secret);
    TRY(psk_secret_of(j));
    TRY(mls_welcome_group_info(suite, &welcome, &j->joiner_secret, &j->psk_secret, &j->arena,
                               &j->info, j->why));
    if (j->info.group_context.version != MLS_VERSION_MLS10) return TB_STATUS(MLS_VERSION);
    if (j->info.group_context.cipher_suite != suite->id) return TB_STATUS(MLS_SUITE);
    return mls_public_extensions_distinct(j->info.extensions.at, j->info.extensions.count);
}

/* The tree, from inside or beside, and whether it may be believed. */
static tb_status check_tree(struct join *j)
{
    const struct crypto_suite *suite = j->env->suite;
    const struct mls_group_context *context = &j->info.group_context;
    struct mls_public_rules rules;
    tb_bytes octets;
    if (!mls_public_extension_find(j->info.extensions.at, j->info.extensions.count,
                                   MLS_EXTENSION_RATCHET_TREE, &octets)) {
        octets = j->params->ratchet_tree;
    }
    if (octets.len == 0) return TB_STATUS(MLS_GROUP_INFO_NO_TREE);
    TRY(mls_tree_decode(suite, j->env->mem, octets, &j->tree, j->why));
    TRY(mls_public_group_info_verify(suite, &j->tree, &j->info, &j->arena));
    TRY(mls_public_rules_init(&rules, suite, context->group_id, context->extensions.at,
                              context->extensions.count, j->params->now_s, &j->arena));
    rules.parallel = j->env->run_parallel;
    return mls_public_tree_check(&rules, &j->tree, context->tree_hash);
}

/* Our leaf is the one that equals the key package's, octet for octet. */
static tb_status find_own_leaf(struct join *j)
{
    const struct mls_leaf_node *ours = &j->key_package.leaf_node;
    uint32_t leaf_count = mls_tree_leaf_count(&j->tree);
    for (uint32_t i = 0; i < leaf_count; i++) {
        const struct mls_leaf_node *leaf = mls_tree_leaf(&j->tree, i);
        if (leaf == NULL || !tb_bytes_equal(leaf->encryption_key, ours->encryption_key)) continue;
        if (!tb_bytes_equal(mls_leaf_view(leaf), mls_leaf_view(ours))) continue;
        struct mls_treekem_key *key = &j->own.at[0];
        j->own.leaf_index = i;
        key->private_key = j->params->secrets->encryption_key;
        key->public_len = ours->encryption_key.len;
        memcpy(key->public_key, ours->encryption_key.data, key->public_len);
        return TB_STATUS(TB_OK);
    }
    return TB_STATUS(MLS_WELCOME_LEAF);
}

static tb_status path_keys(struct join *j)
{
    if (j->secrets.path_secret == NULL) return TB_STATUS(TB_OK);
    /* The signer of the GroupInfo made the commit (section 12.4.3.1). */
    if (j->info.signer == j->own.leaf_index) return TB_STATUS(MLS_WELCOME_PATH_SECRET);
    tb_status status = mls_treekem_join(&j->tree, j->info.signer,
                                        j->secrets.path_secret->path_secret, &j->own);
    return status.code == MLS_PATH_KEY ? TB_STATUS(MLS_WELCOME_PATH_SECRET) : status;
}

static tb_status start_epoch(struct join *j, struct mls_group *group)
{
    const struct crypto_suite *suite = group->env.suite;
    struct mls_epoch_secrets secrets = { 0 };
    tb_status status = TB_STATUS(TB_OK);
    CHECK(mls_group_epoch_new(&group->env, &j->info.group_context, &j->tree, &group->now));
    CHECK(mls_schedule_epoch(suite, &j->joiner_secret, &j->psk_secret,
                             group->now->context_octets, &secrets));
    CHECK(mls_group_epoch_start(group->now, &secrets));
    tb_bytes tag = { group->now->confirmation_tag, suite->hash_len };
    if (!tb_equal_ct(tag, j->info.confirmation_tag)) CHECK(TB_STATUS(MLS_CONFIRMATION_TAG));
    group->now->own = j->own;
out:
    mls_epoch_secrets_wipe(&secrets);
    return status;
}

tb_status mls_group_join_check_id(tb_bytes group_id, const tb_bytes *group_ids, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (tb_bytes_equal(group_ids[i], group_id)) return TB_STATUS(MLS_GROUP_ID_TAKEN);
    }
    return TB_STATUS(TB_OK);
}

static tb_status join(struct join *j, struct mls_group *group)
{
    TRY(open_welcome(j));
    TRY(mls_group_join_check_id(j->info.group_context.group_id, j->params->group_ids,
                                j->params->group_id_count));
    TRY(check_tree(j));
    TRY(find_own_leaf(j));
    TRY(path_keys(j));
    return start_epoch(j, group);
}

/* What the committer told in the GroupInfo, verified with it. */
static tb_status info_app_data(const struct join *j)
{
    tb_bytes data;
    if (j->params->info_arena == NULL) return TB_STATUS(TB_OK);
    *j->params->info_app_data = (tb_bytes){ 0 };
    if (!mls_public_extension_find(j->info.extensions.at, j->info.extensions.count,
                                   MLS_EXTENSION_APP_DATA_DICTIONARY, &data)) {
        return TB_STATUS(TB_OK);
    }
    return tb_arena_dup(j->params->info_arena, data, j->params->info_app_data);
}

tb_status mls_group_join(const struct mls_env *env, const struct mls_join_params *params,
                         struct mls_group **out, struct tb_why *why)
{
    struct join j = { .env = env, .params = params, .why = why };
    struct mls_group *group = NULL;
    TRY(mls_group_new(env, params->signer, &group));
    tb_arena_init(&j.arena, env->mem, MLS_STAGED_BYTES_MAX);
    tb_status status = join(&j, group);
    if (tb_is_ok(status)) status = info_app_data(&j);
    mls_tree_wipe(&j.tree);
    tb_arena_wipe(&j.arena);
    tb_wipe(&j, sizeof j);
    if (tb_is_ok(status)) {
        *out = group;
    } else {
        mls_group_free(group);
    }
    return status;
}
