/* What comes of a valid list of proposals: RFC 9420, section 12.3. */
#include <assert.h>
#include <string.h>

#include "mls/proposals_list.h"

static tb_status take_leaves(struct tb_arena *arena, size_t count, struct mls_proposals_leaves *out)
{
    out->count = 0;
    out->at = tb_arena_take(arena, count, sizeof *out->at);
    return TB_STATUS(out->at == NULL ? TB_NO_SPACE : TB_OK);
}

static tb_status take_lists(size_t count, struct tb_arena *arena, struct mls_proposals_result *out)
{
    TRY(take_leaves(arena, count, &out->added));
    TRY(take_leaves(arena, count, &out->updated));
    TRY(take_leaves(arena, count, &out->removed));
    out->psks = tb_arena_take(arena, count, sizeof *out->psks);
    return TB_STATUS(out->psks == NULL ? TB_NO_SPACE : TB_OK);
}

/* ---------------------------------------------------------------- extensions */

/* The list of the new GroupContext but for AppDataUpdates; true when a proposal replaces it. */
static bool base_extensions(const struct mls_proposals_input *input,
                            struct mls_group_context_extensions *out)
{
    *out = (struct mls_group_context_extensions){ .mark_start = NULL };
    out->extensions.at = input->context->extensions.at;
    out->extensions.count = input->context->extensions.count;
    for (size_t i = 0; i < input->count; i++) {
        const struct mls_proposal *proposal = input->items[i].proposal;
        if (proposal->proposal_type != MLS_PROPOSAL_GROUP_CONTEXT_EXTENSIONS) continue;
        *out = *proposal->of.group_context_extensions;
        return true;
    }
    return false;
}

static tb_status collect_updates(const struct mls_proposals_input *input, struct tb_arena *arena,
                                 const struct mls_app_data_update ***updates, size_t *count)
{
    *updates = tb_arena_take(arena, input->count, sizeof **updates);
    if (*updates == NULL) return TB_STATUS(TB_NO_SPACE);
    *count = 0;
    for (size_t i = 0; i < input->count; i++) {
        const struct mls_proposal *proposal = input->items[i].proposal;
        if (proposal->proposal_type != MLS_PROPOSAL_APP_DATA_UPDATE) continue;
        (*updates)[(*count)++] = proposal->of.app_data_update;
    }
    return TB_STATUS(TB_OK);
}

/* The extensions with their dictionary replaced, or with one at the end. */
static tb_status with_dictionary(const struct mls_group_context_extensions *base,
                                 tb_bytes dictionary, struct tb_arena *arena,
                                 struct mls_group_context_extensions *out)
{
    size_t count = base->extensions.count;
    struct mls_extension *list = tb_arena_take(arena, count + 1, sizeof *list);
    if (list == NULL) return TB_STATUS(TB_NO_SPACE);
    if (count != 0) memcpy(list, base->extensions.at, count * sizeof *list);
    size_t at = 0;
    while (at < count && list[at].extension_type != MLS_EXTENSION_APP_DATA_DICTIONARY) at++;
    list[at] = (struct mls_extension){ MLS_EXTENSION_APP_DATA_DICTIONARY, dictionary };
    out->extensions.at = list;
    out->extensions.count = at == count ? count + 1 : count;
    return TB_STATUS(TB_OK);
}

static tb_status new_rules(const struct mls_proposals_input *input, struct tb_arena *arena,
                           struct mls_proposals_result *out)
{
    struct mls_group_context_extensions next;
    const struct mls_app_data_update **updates;
    size_t update_count;
    tb_bytes dictionary = { NULL, 0 };
    bool is_replaced = base_extensions(input, &next);
    size_t base_count = next.extensions.count;
    /* Twice one type: refused before anything is looked for in the list. */
    TRY(mls_public_extensions_distinct(next.extensions.at, next.extensions.count));
    TRY(collect_updates(input, arena, &updates, &update_count));
    if (update_count != 0) {
        (void)mls_public_extension_find(next.extensions.at, next.extensions.count,
                                        MLS_EXTENSION_APP_DATA_DICTIONARY, &dictionary);
        TRY(mls_public_dictionary_apply(input->app_data, dictionary, updates, update_count, arena,
                                        &dictionary));
        TRY(with_dictionary(&next, dictionary, arena, &next));
    }
    /* New data of a dictionary that was there asks nothing new of the members. */
    out->rules_changed = is_replaced || next.extensions.count != base_count;
    return mls_public_rules_init(&out->rules, input->tree->suite, input->context->group_id,
                                 next.extensions.at, next.extensions.count, input->now_s, arena);
}

/* ---------------------------------------------------------------- the tree */

tb_status mls_proposals_check_update(const struct mls_proposals_input *input,
                                     const struct mls_public_rules *rules,
                                     const struct mls_proposals_item *item, struct tb_arena *arena)
{
    const struct mls_leaf_node *next = &item->proposal->of.update->leaf_node;
    const struct mls_leaf_node *old = mls_tree_leaf(input->tree, item->sender_index);
    assert(old != NULL); /* the sender was looked up before */
    if (tb_bytes_equal(old->encryption_key, next->encryption_key)) {
        return TB_STATUS(MLS_LEAF_UPDATE_KEY);
    }
    return mls_public_leaf_check(rules, next, MLS_LEAF_UPDATE, item->sender_index, arena);
}

static tb_status apply_updates(const struct mls_proposals_input *input, struct tb_arena *arena,
                               struct mls_proposals_result *out)
{
    for (size_t i = 0; i < input->count; i++) {
        const struct mls_proposals_item *item = &input->items[i];
        if (item->proposal->proposal_type != MLS_PROPOSAL_UPDATE) continue;
        TRY(mls_proposals_check_update(input, &out->rules, item, arena));
        TRY(mls_tree_update(&out->tree, item->sender_index,
                            mls_leaf_view(&item->proposal->of.update->leaf_node)));
        out->updated.at[out->updated.count++] = item->sender_index;
    }
    return TB_STATUS(TB_OK);
}

static tb_status apply_removes(const struct mls_proposals_input *input, bool self_removes,
                               struct mls_proposals_result *out)
{
    for (size_t i = 0; i < input->count; i++) {
        const struct mls_proposals_item *item = &input->items[i];
        uint16_t wanted = self_removes ? MLS_PROPOSAL_SELF_REMOVE : MLS_PROPOSAL_REMOVE;
        if (item->proposal->proposal_type != wanted) continue;
        uint32_t leaf = self_removes ? item->sender_index : item->proposal->of.remove->removed;
        TRY(mls_tree_remove(&out->tree, leaf));
        out->removed.at[out->removed.count++] = leaf;
    }
    return TB_STATUS(TB_OK);
}

static tb_status collect_adds(const struct mls_proposals_input *input,
                              struct mls_public_verify *verify, struct mls_proposals_result *out)
{
    for (size_t i = 0; i < input->count; i++) {
        const struct mls_proposal *proposal = input->items[i].proposal;
        uint32_t leaf;
        if (proposal->proposal_type != MLS_PROPOSAL_ADD) continue;
        const struct mls_key_package_in *key_package = &proposal->of.add->key_package;
        TRY(mls_public_key_package_collect(&out->rules, key_package, verify));
        TRY(mls_tree_add(&out->tree, mls_leaf_view(&key_package->leaf_node), &leaf));
        out->added.at[out->added.count++] = leaf;
    }
    return TB_STATUS(TB_OK);
}

/* The tree is only the caller's again when every signature was found good. */
static tb_status apply_adds(const struct mls_proposals_input *input,
                            struct mls_proposals_result *out)
{
    struct mls_public_verify verify;
    mls_public_verify_init(&verify, out->rules.suite, input->parallel, out->tree.mem);
    return mls_public_verify_finish(&verify, collect_adds(input, &verify, out));
}

static void note_others(const struct mls_proposals_input *input, struct mls_proposals_result *out)
{
    for (size_t i = 0; i < input->count; i++) {
        const struct mls_proposal *proposal = input->items[i].proposal;
        if (proposal->proposal_type == MLS_PROPOSAL_PSK) {
            out->psks[out->psk_count++] = &proposal->of.psk->psk;
        } else if (proposal->proposal_type == MLS_PROPOSAL_EXTERNAL_INIT) {
            out->external_init = proposal->of.external_init;
        } else if (proposal->proposal_type == MLS_PROPOSAL_REINIT) {
            out->reinit = proposal->of.reinit;
        }
    }
}

static tb_status apply_all(const struct mls_proposals_input *input, struct tb_arena *arena,
                           struct mls_proposals_result *out)
{
    bool is_external = input->committer_type == MLS_SENDER_NEW_MEMBER_COMMIT;
    TRY(apply_updates(input, arena, out));
    TRY(apply_removes(input, true, out));
    TRY(apply_removes(input, false, out));
    TRY(apply_adds(input, out));
    note_others(input, out);
    out->committer_leaf = is_external ? mls_tree_next_leaf(&out->tree) : input->committer_leaf;
    return TB_STATUS(TB_OK);
}

tb_status mls_proposals_apply(const struct mls_proposals_input *input, struct tb_arena *arena,
                              struct mls_proposals_result *out)
{
    struct mls_proposals_result next = { .path_required = input->count == 0 };
    struct mls_public_rules old;
    bool is_external = input->committer_type == MLS_SENDER_NEW_MEMBER_COMMIT;
    assert(is_external || input->committer_type == MLS_SENDER_MEMBER);
    if (!is_external && mls_tree_leaf(input->tree, input->committer_leaf) == NULL) {
        return TB_STATUS(MLS_SENDER);
    }
    TRY(mls_proposals_old_rules(input, arena, &old));
    TRY(mls_proposals_check_list(input, &old, arena));
    for (size_t i = 0; i < input->count; i++) {
        next.path_required |= mls_proposals_needs_path(input->items[i].proposal->proposal_type);
    }
    if (next.path_required && !input->has_path) return TB_STATUS(MLS_COMMIT_PATH_MISSING);
    TRY(take_lists(input->count, arena, &next));
    TRY(new_rules(input, arena, &next));
    mls_tree_share(input->tree, &next.tree);
    tb_status status = apply_all(input, arena, &next);
    if (!tb_is_ok(status)) {
        mls_tree_wipe(&next.tree);
        return status;
    }
    *out = next;
    return TB_STATUS(TB_OK);
}

/* ---------------------------------------------------------------- after the path */

/* Section 12.4.3.2: a Remove in an external commit takes out the joiner's own old leaf. */
static tb_status check_resync(const struct mls_proposals_input *input,
                              const struct mls_leaf_node *path_leaf)
{
    for (size_t i = 0; i < input->count; i++) {
        const struct mls_proposal *proposal = input->items[i].proposal;
        if (proposal->proposal_type != MLS_PROPOSAL_REMOVE) continue;
        const struct mls_leaf_node *old = mls_tree_leaf(input->tree, proposal->of.remove->removed);
        if (!wire_equal(&mls_credential_desc, &old->credential, &path_leaf->credential)) {
            return TB_STATUS(MLS_COMMIT_EXTERNAL_REMOVE);
        }
        if (tb_bytes_equal(old->encryption_key, path_leaf->encryption_key)) {
            return TB_STATUS(MLS_LEAF_UPDATE_KEY);
        }
    }
    return TB_STATUS(TB_OK);
}

/*
 * Section 7.3: every member supports the credential types in use.  The old tree was so; what is
 * new is asked, and everybody when a type came into use.
 */
static tb_status check_credentials(const struct mls_tree *old, const struct mls_tree *tree,
                                   const struct mls_proposals_leaves *changed)
{
    for (size_t type = 0; type < 2; type++) {
        if (old->credential_counts[type] != 0 || tree->credential_counts[type] == 0) continue;
        for (uint32_t i = 0; i < mls_tree_leaf_count(tree); i++) {
            const struct mls_leaf_node *leaf = mls_tree_leaf(tree, i);
            if (leaf != NULL) TRY(mls_public_credentials_check(tree, leaf));
        }
    }
    for (size_t i = 0; i < changed->count; i++) {
        const struct mls_leaf_node *leaf = mls_tree_leaf(tree, changed->at[i]);
        assert(leaf != NULL);
        TRY(mls_public_credentials_check(tree, leaf));
    }
    return TB_STATUS(TB_OK);
}

tb_status mls_proposals_finish(const struct mls_proposals_input *input,
                               const struct mls_proposals_result *result,
                               const struct mls_leaf_node *path_leaf, struct tb_arena *arena)
{
    const struct mls_tree *tree = &result->tree;
    uint32_t own = result->committer_leaf;
    if (path_leaf != NULL) {
        const struct mls_proposals_leaves committer = { &own, 1 };
        TRY(mls_public_leaf_check(&result->rules, path_leaf, MLS_LEAF_COMMIT, own, arena));
        if (input->committer_type == MLS_SENDER_NEW_MEMBER_COMMIT) {
            TRY(check_resync(input, path_leaf));
        }
        TRY(check_credentials(input->tree, tree, &committer));
    }
    TRY(mls_tree_check_keys(tree));
    TRY(check_credentials(input->tree, tree, &result->added));
    TRY(check_credentials(input->tree, tree, &result->updated));
    return result->rules_changed ? mls_public_all_support(&result->rules, tree)
                                 : TB_STATUS(TB_OK);
}
