/* A member's group: life, views, merge.  See group_state.h for the other files. */
#include <string.h>

#include "mls/group_state.h"
#include "mls/welcome.h"

/* ---------------------------------------------------------------- life */

tb_status mls_group_new(const struct mls_env *env, const struct crypto_signing_key *signer,
                        struct mls_group **out)
{
    struct mls_group *group = tb_mem_take(env->mem, sizeof *group);
    if (group == NULL) return TB_STATUS(TB_NO_SPACE);
    group->env = *env;
    group->signer = *signer;
    group->is_active = true;
    tb_arena_init(&group->cache_arena, env->mem, MLS_CACHE_BYTES_MAX);
    *out = group;
    return TB_STATUS(TB_OK);
}

void mls_group_free(struct mls_group *group)
{
    if (group == NULL) return;
    mls_group_stage_free(group->staged);
    mls_group_stage_free(group->pending);
    tb_arena_wipe(&group->cache_arena);
    for (size_t i = 0; i < MLS_PAST_EPOCH_COUNT_MAX; i++) mls_group_past_free(group->past[i]);
    mls_group_epoch_free(group->now);
    tb_mem_give(group->env.mem, group, sizeof *group);
}

/* The tree of the creator alone; leaf key and tree are the caller's from here on. */
static tb_status first_tree(const struct mls_env *env, const struct mls_group_params *params,
                            struct tb_arena *arena, struct mls_treekem_private *own,
                            struct mls_tree *tree)
{
    const struct mls_key_package_params leaf_params = {
        .identity = params->identity,
        .signer = params->signer,
        .not_before_s = params->not_before_s,
        .not_after_s = params->not_after_s,
        .leaf_app_data = params->leaf_app_data,
        .extra = params->extra,
    };
    struct mls_treekem_key *key = &own->at[0];
    tb_bytes leaf;
    key->public_len = env->suite->dh_public_len;
    TRY(crypto_hpke_generate(env->suite, env->rng, &key->private_key, key->public_key));
    TRY(mls_key_package_leaf(env, &leaf_params, (tb_bytes){ key->public_key, key->public_len },
                             arena, &leaf));
    return mls_tree_add(tree, leaf, &own->leaf_index);
}

/* Section 11: epoch 0 of a group of one, whose epoch_secret is random. */
static tb_status first_epoch(struct mls_group *group, const struct mls_group_params *params,
                             struct tb_arena *arena, struct mls_tree *tree)
{
    const struct crypto_suite *suite = group->env.suite;
    uint8_t tree_hash[CRYPTO_HASH_MAX];
    struct mls_public_rules rules;
    struct mls_treekem_private own = { 0 };
    struct tb_secret epoch_secret = { .len = suite->hash_len };
    struct mls_epoch_secrets secrets = { 0 };
    struct mls_group_context context = {
        .version = MLS_VERSION_MLS10,
        .cipher_suite = suite->id,
        .group_id = params->group_id,
        .extensions = { (struct mls_extension *)(uintptr_t)params->extensions,
                        params->extension_count },
    };
    tb_status status = TB_STATUS(TB_OK);

    CHECK(first_tree(&group->env, params, arena, &own, tree));
    CHECK(mls_public_rules_init(&rules, suite, params->group_id, params->extensions,
                                params->extension_count, 0, arena));
    CHECK(mls_public_leaf_check(&rules, mls_tree_leaf(tree, 0), MLS_LEAF_KEY_PACKAGE, 0, arena));
    CHECK(mls_tree_hash(tree, tree_hash));
    context.tree_hash = (tb_bytes){ tree_hash, suite->hash_len };
    CHECK(mls_group_epoch_new(&group->env, &context, tree, &group->now));
    CHECK(tb_rng_fill(group->env.rng, epoch_secret.data, epoch_secret.len));
    CHECK(mls_schedule_from_epoch_secret(suite, &epoch_secret, &secrets));
    CHECK(mls_group_epoch_start(group->now, &secrets));
    group->now->own = own;
out:
    mls_treekem_private_wipe(&own);
    tb_secret_wipe(&epoch_secret);
    mls_epoch_secrets_wipe(&secrets);
    return status;
}

tb_status mls_group_create(const struct mls_env *env, const struct mls_group_params *params,
                           struct mls_group **out)
{
    struct tb_arena scratch;
    struct mls_tree tree;
    struct mls_group *group = NULL;
    TRY(mls_group_new(env, params->signer, &group));
    tb_arena_init(&scratch, env->mem, MLS_EPOCH_BYTES_MAX);
    mls_tree_init(&tree, group->env.suite, env->mem);
    tb_status status = first_epoch(group, params, &scratch, &tree);
    mls_tree_wipe(&tree);
    tb_arena_wipe(&scratch);
    if (tb_is_ok(status)) {
        *out = group;
    } else {
        mls_group_free(group);
    }
    return status;
}

/* ---------------------------------------------------------------- views */

tb_bytes mls_group_id(const struct mls_group *group) { return group->now->context.group_id; }
uint64_t mls_group_epoch(const struct mls_group *group) { return group->now->context.epoch; }
uint32_t mls_group_own_leaf(const struct mls_group *group) { return group->now->own.leaf_index; }
tb_bytes mls_group_context(const struct mls_group *group) { return group->now->context_octets; }
bool mls_group_is_active(const struct mls_group *group) { return group->is_active; }

tb_bytes mls_group_epoch_authenticator(const struct mls_group *group)
{
    return tb_secret_view(&group->now->secrets.epoch_authenticator);
}

tb_bytes mls_group_extension(const struct mls_group *group, uint16_t extension_type)
{
    const struct mls_group_context *context = &group->now->context;
    tb_bytes data = { NULL, 0 };
    (void)mls_public_extension_find(context->extensions.at, context->extensions.count,
                                    extension_type, &data);
    return data;
}

bool mls_group_component(const struct mls_group *group, uint16_t component_id, tb_bytes *data)
{
    tb_bytes dictionary = mls_group_extension(group, MLS_EXTENSION_APP_DATA_DICTIONARY);
    return dictionary.len != 0 && mls_public_dictionary_find(dictionary, component_id, data);
}

uint32_t mls_group_leaf_count(const struct mls_group *group)
{
    return mls_tree_leaf_count(&group->now->tree);
}

bool mls_group_leaf(const struct mls_group *group, uint32_t leaf_index, struct mls_leaf_view *out)
{
    const struct mls_leaf_node *leaf = mls_tree_leaf(&group->now->tree, leaf_index);
    if (leaf == NULL) return false;
    *out = (struct mls_leaf_view){ leaf_index, mls_leaf_identity(&leaf->credential),
                                   leaf->signature_key, leaf };
    return true;
}

tb_bytes mls_group_last_signature(const struct mls_group *group)
{
    return (tb_bytes){ group->last_signature, group->last_signature_len };
}

tb_status mls_group_check_active(const struct mls_group *group)
{
    if (!group->is_active) return TB_STATUS(MLS_GROUP_INACTIVE);
    return TB_STATUS(group->now->reinit == NULL ? TB_OK : MLS_GROUP_REINIT);
}

tb_status mls_group_check_aad(const struct mls_epoch *epoch, tb_bytes aad)
{
    tb_bytes dictionary, data;
    if (!mls_public_extension_find(epoch->context.extensions.at, epoch->context.extensions.count,
                                   MLS_EXTENSION_APP_DATA_DICTIONARY, &dictionary) ||
        !mls_public_dictionary_find(dictionary, MLS_COMPONENT_SAFE_AAD, &data)) {
        return TB_STATUS(TB_OK);
    }
    return mls_public_safe_aad_check(aad);
}

/* ---------------------------------------------------------------- merge */

/* A removed member keeps nothing but the public picture of its last epoch. */
static void deactivate(struct mls_group *group)
{
    group->is_active = false;
    for (size_t i = 0; i < MLS_PAST_EPOCH_COUNT_MAX; i++) {
        mls_group_past_free(group->past[i]);
        group->past[i] = NULL;
    }
    tb_wipe(group->resumption, sizeof group->resumption);
    group->resumption_count = 0;
    mls_epoch_secrets_wipe(&group->now->secrets);
    mls_secret_tree_free(group->now->secret_tree);
    mls_secret_tree_free(group->now->exporter_tree);
    group->now->secret_tree = NULL;
    group->now->exporter_tree = NULL;
    tb_wipe(group->now->own.at, sizeof group->now->own.at);
}

/* The epoch's secret tree stays for late messages, so the commit's own key is spent now. */
static tb_status spend_key(struct mls_group *group, const struct mls_staged *staged)
{
    struct mls_secret_tree_find find;
    if (!staged->has_message_key) return TB_STATUS(TB_OK);
    TRY(mls_secret_tree_find(group->now->secret_tree, staged->view.committer_leaf,
                             MLS_RATCHET_HANDSHAKE, staged->message_generation, &find));
    mls_secret_tree_take(group->now->secret_tree, &find);
    group->use_count++;
    return TB_STATUS(TB_OK);
}

static tb_status merge(struct mls_group *group, struct mls_staged *staged)
{
    if (staged->view.removes_us) {
        deactivate(group);
    } else {
        if (mls_group_signer_of(group, staged->next) == NULL) return TB_STATUS(MLS_GROUP_SIGNER);
        TRY(spend_key(group, staged));
        staged->has_message_key = false;
        TRY(mls_group_past_advance(group, staged));
    }
    mls_group_signer_advance(group);
    mls_group_cache_clear(group);
    mls_group_stage_free(group->staged);
    mls_group_stage_free(group->pending);
    group->staged = NULL;
    group->pending = NULL;
    return TB_STATUS(TB_OK);
}

const struct mls_staged_view *mls_staged_view(const struct mls_staged *staged)
{
    return &staged->view;
}

tb_status mls_group_merge(struct mls_group *group, struct mls_staged *staged)
{
    if (staged == NULL || staged != group->staged) return TB_STATUS(MLS_NO_PENDING);
    return merge(group, staged);
}

void mls_group_drop(struct mls_group *group, struct mls_staged *staged)
{
    if (staged == NULL || staged != group->staged) return;
    mls_group_stage_free(staged);
    group->staged = NULL;
}

bool mls_group_has_pending(const struct mls_group *group) { return group->pending != NULL; }

bool mls_group_is_own_pending(const struct mls_group *group, tb_bytes message)
{
    return group->pending != NULL && tb_bytes_equal(group->pending->message, message);
}

tb_status mls_group_pending_merge(struct mls_group *group)
{
    if (group->pending == NULL) return TB_STATUS(MLS_NO_PENDING);
    return merge(group, group->pending);
}

void mls_group_pending_clear(struct mls_group *group)
{
    mls_group_stage_free(group->pending);
    group->pending = NULL;
}

/* ---------------------------------------------------------------- beside */

tb_status mls_group_export(const struct mls_group *group, const char *label, tb_bytes context,
                           size_t len, struct tb_secret *out)
{
    if (!group->is_active) return TB_STATUS(MLS_GROUP_INACTIVE);
    return mls_schedule_export(group->env.suite, &group->now->secrets.exporter_secret, label,
                               context, len, out);
}

tb_status mls_group_safe_export(struct mls_group *group, uint16_t component_id,
                                struct tb_secret *out)
{
    if (!group->is_active) return TB_STATUS(MLS_GROUP_INACTIVE);
    if (group->now->exporter_tree == NULL) return TB_STATUS(MLS_EXPORT_CONSUMED);
    TRY(mls_secret_tree_leaf_take(group->now->exporter_tree, component_id, out));
    group->use_count++;
    return TB_STATUS(TB_OK);
}

tb_status mls_group_sign(const struct mls_group *group, const char *label, const tb_bytes *parts,
                         size_t count, struct tb_arena *arena, tb_bytes *signature)
{
    return crypto_sign_label(group->env.suite, &group->signer, label, parts, count, arena,
                             signature);
}

tb_status mls_group_epoch_info(const struct mls_group *group, struct mls_epoch *epoch,
                               const struct crypto_signing_key *signer, bool with_tree,
                               bool with_external_pub, const struct mls_extension *extensions,
                               size_t extension_count, struct tb_arena *arena, tb_bytes *group_info)
{
    const struct crypto_suite *suite = group->env.suite;
    struct mls_extension *list = tb_arena_take(arena, extension_count + 2, sizeof *list);
    struct tb_secret private_key = { 0 };
    uint8_t public_key[CRYPTO_PUBLIC_MAX];
    size_t count = 0;
    if (list == NULL) return TB_STATUS(TB_NO_SPACE);
    if (with_tree) {
        list[count].extension_type = MLS_EXTENSION_RATCHET_TREE;
        TRY(mls_tree_encode(&epoch->tree, arena, &list[count++].extension_data));
    }
    if (with_external_pub) {
        tb_status status = mls_schedule_external_key(suite, &epoch->secrets.external_secret,
                                                     &private_key, public_key);
        tb_secret_wipe(&private_key);
        TRY(status);
        const struct mls_external_pub pub = { { public_key, suite->dh_public_len } };
        list[count].extension_type = MLS_EXTENSION_EXTERNAL_PUB;
        TRY(wire_encode(&mls_external_pub_desc, &pub, arena, &list[count++].extension_data));
    }
    for (size_t i = 0; i < extension_count; i++) list[count++] = extensions[i];
    const struct mls_group_info_in info = {
        .group_context = epoch->context,
        .extensions = { list, count },
        .confirmation_tag = { epoch->confirmation_tag, suite->hash_len },
        .signer = epoch->own.leaf_index,
    };
    return mls_welcome_group_info_sign(suite, signer, &info, arena, group_info);
}

tb_status mls_group_info(struct mls_group *group, bool with_tree,
                         const struct mls_extension *extensions, size_t extension_count,
                         struct tb_arena *arena, tb_bytes *group_info, tb_bytes *ratchet_tree)
{
    tb_bytes info, tree;
    TRY(mls_group_check_active(group));
    TRY(mls_group_epoch_info(group, group->now, &group->signer, with_tree, true, extensions,
                             extension_count, arena, &info));
    TRY(mls_tree_encode(&group->now->tree, arena, &tree));
    TRY(mls_framing_wrap(MLS_WIRE_GROUP_INFO, info, arena, group_info));
    *ratchet_tree = tree;
    return TB_STATUS(TB_OK);
}
