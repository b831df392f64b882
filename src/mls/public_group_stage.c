/* Commits of a public group, staged and merged (RFC 9420, section 12.4.2, without secrets). */
#include <assert.h>
#include <string.h>

#include "mls/framing.h"
#include "mls/public_group_state.h"
#include "mls/transcript.h"

/* What the steps of one staging hand on. */
struct staging {
    struct mls_public_group *group;
    struct mls_public_staged *staged;
    const struct mls_authenticated *content;
    const struct mls_commit *commit;
    struct mls_proposals_input input;
    struct mls_proposals_result result;
};

/* ---------------------------------------------------------------- sender and proposals */

static tb_status check_committer(struct staging *step)
{
    const struct mls_framed_content *content = &step->content->content;
    struct mls_proposals_input *input = &step->input;
    const struct mls_leaf_node *leaf;
    input->committer_type = content->sender.sender_type;
    if (input->committer_type == MLS_SENDER_MEMBER) {
        input->committer_leaf = content->sender.of.leaf_index->value;
        leaf = mls_tree_leaf(&step->group->epoch.tree, input->committer_leaf);
        if (leaf == NULL) return TB_STATUS(MLS_SENDER);
    } else if (input->committer_type == MLS_SENDER_NEW_MEMBER_COMMIT) {
        if (step->commit->path == NULL) return TB_STATUS(MLS_COMMIT_PATH_MISSING);
        leaf = &step->commit->path->leaf_node;
    } else {
        return TB_STATUS(MLS_SENDER_KIND);
    }
    return mls_public_group_verify(step->group, step->content, leaf->signature_key,
                                   &step->staged->arena);
}

static tb_status resolve(const struct staging *step, const struct mls_proposal_or_ref *entry,
                         struct mls_public_proposal *out)
{
    if (entry->type == MLS_BY_VALUE) {
        *out = (struct mls_public_proposal){
            .proposal = entry->of.proposal,
            .sender_type = step->input.committer_type,
            .sender_index = step->input.committer_leaf,
            .authenticated_data = step->content->content.authenticated_data,
        };
        return TB_STATUS(TB_OK);
    }
    const struct mls_public_pending *pending =
        mls_public_group_find(step->group, entry->of.reference->value);
    if (pending == NULL) return TB_STATUS(MLS_PROPOSALS_UNKNOWN_REF);
    *out = pending->view;
    return TB_STATUS(TB_OK);
}

static tb_status resolve_all(struct staging *step)
{
    size_t count = step->commit->proposals.count;
    struct tb_arena *arena = &step->staged->arena;
    struct mls_public_proposal *views = tb_arena_take(arena, count, sizeof *views);
    struct mls_proposals_item *items = tb_arena_take(arena, count, sizeof *items);
    if (views == NULL || items == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < count; i++) {
        TRY(resolve(step, &step->commit->proposals.at[i], &views[i]));
        items[i] = (struct mls_proposals_item){
            .proposal = views[i].proposal,
            .sender_type = views[i].sender_type,
            .sender_index = views[i].sender_index,
            .by_reference = views[i].by_reference,
        };
    }
    step->input.items = items;
    step->input.count = count;
    step->staged->view.proposals = views;
    step->staged->view.proposal_count = count;
    return TB_STATUS(TB_OK);
}

/* ---------------------------------------------------------------- the next epoch */

static tb_status next_context(struct staging *step)
{
    struct mls_public_group *group = step->group;
    struct mls_public_staged *staged = step->staged;
    const struct crypto_suite *suite = group->env.suite;
    const struct mls_framed framed = mls_framing_of(MLS_WIRE_PUBLIC_MESSAGE, step->content);
    struct mls_group_context context = group->epoch.context;
    uint8_t tree_hash[CRYPTO_HASH_MAX], confirmed[CRYPTO_HASH_MAX];
    tb_bytes octets;
    if (context.epoch == UINT64_MAX) return TB_STATUS(TB_OVERFLOW);
    context.epoch++;
    TRY(mls_tree_hash(&step->result.tree, tree_hash));
    TRY(mls_transcript_confirmed(
        suite, (tb_bytes){ group->epoch.interim_transcript_hash, suite->hash_len },
        MLS_WIRE_PUBLIC_MESSAGE, framed.content, step->content->signature, confirmed));
    context.tree_hash = (tb_bytes){ tree_hash, suite->hash_len };
    context.confirmed_transcript_hash = (tb_bytes){ confirmed, suite->hash_len };
    /* Written into the context only to be encoded; nothing is changed through it. */
    context.extensions.at = (struct mls_extension *)step->result.rules.extensions;
    context.extensions.count = step->result.rules.extension_count;
    TRY(wire_encode(&mls_group_context_desc, &context, &staged->epoch.arena, &octets));
    TRY(mls_public_epoch_context(&group->env, octets, &staged->epoch));
    return mls_transcript_interim(suite, context.confirmed_transcript_hash,
                                  step->content->of.confirmation_tag->value,
                                  staged->epoch.interim_transcript_hash);
}

/* ---------------------------------------------------------------- the description */

static tb_status describe_leaves(const struct mls_tree *tree,
                                 const struct mls_proposals_leaves *leaves,
                                 const uint32_t *one_more, struct tb_arena *arena,
                                 const struct mls_public_leaf **out, size_t *count)
{
    struct mls_public_leaf *list = tb_arena_take(arena, leaves->count + 1, sizeof *list);
    if (list == NULL) return TB_STATUS(TB_NO_SPACE);
    *count = 0;
    for (size_t i = 0; i < leaves->count; i++) {
        bool is_there = mls_public_leaf_of(tree, leaves->at[i], &list[(*count)++]);
        assert(is_there);
    }
    if (one_more != NULL) {
        bool is_there = mls_public_leaf_of(tree, *one_more, &list[(*count)++]);
        assert(is_there);
    }
    *out = list;
    return TB_STATUS(TB_OK);
}

static tb_status describe(struct staging *step)
{
    const struct mls_proposals_result *result = &step->result;
    struct mls_public_staged *staged = step->staged;
    struct tb_arena *arena = &staged->arena;
    struct mls_public_commit_view *view = &staged->view;
    bool is_external = step->input.committer_type == MLS_SENDER_NEW_MEMBER_COMMIT;
    bool has_path = step->commit->path != NULL;
    const uint32_t *joiner = is_external ? &result->committer_leaf : NULL;
    const uint32_t *updater = has_path && !is_external ? &result->committer_leaf : NULL;
    TRY(describe_leaves(&result->tree, &result->added, joiner, arena, &view->added,
                        &view->added_count));
    TRY(describe_leaves(&result->tree, &result->updated, updater, arena, &view->updated,
                        &view->updated_count));
    TRY(describe_leaves(&step->group->epoch.tree, &result->removed, NULL, arena, &view->removed,
                        &view->removed_count));
    view->committer_type = step->input.committer_type;
    view->committer_leaf = result->committer_leaf;
    view->authenticated_data = step->content->content.authenticated_data;
    view->new_epoch = staged->epoch.context.epoch;
    view->new_group_context = staged->epoch.context_octets;
    return TB_STATUS(TB_OK);
}

/* ---------------------------------------------------------------- the committer's GroupInfo */

static tb_status check_group_info(struct staging *step, tb_bytes octets, struct tb_why *why)
{
    struct mls_public_staged *staged = step->staged;
    struct tb_arena *arena = &staged->arena;
    const struct mls_group_info_in *info;
    tb_bytes tree, own_tree;
    TRY(mls_public_group_info_open(octets, arena, &info, why));
    TRY(mls_public_extensions_distinct(info->extensions.at, info->extensions.count));
    if (!tb_bytes_equal(mls_span(info->group_context.mark_start, info->group_context.mark_end),
                        staged->epoch.context_octets)) {
        return TB_STATUS(MLS_GROUP_INFO_CONTEXT);
    }
    if (!tb_bytes_equal(info->confirmation_tag, step->content->of.confirmation_tag->value)) {
        return TB_STATUS(MLS_GROUP_INFO_TAG);
    }
    if (info->signer != step->result.committer_leaf) return TB_STATUS(MLS_GROUP_INFO_SIGNATURE);
    TRY(mls_public_group_info_verify(step->group->env.suite, &step->result.tree, info, arena));
    if (mls_public_extension_find(info->extensions.at, info->extensions.count,
                                  MLS_EXTENSION_RATCHET_TREE, &tree)) {
        TRY(mls_tree_encode(&step->result.tree, arena, &own_tree));
        if (!tb_bytes_equal(tree, own_tree)) return TB_STATUS(MLS_TREE_HASH);
    }
    return TB_STATUS(TB_OK);
}

/* ---------------------------------------------------------------- stage, merge, drop */

static tb_status stage(struct staging *step, tb_bytes message, tb_bytes group_info,
                       struct tb_why *why)
{
    struct tb_arena *arena = &step->staged->arena;
    struct mls_proposals_result *result = &step->result;
    const struct mls_update_path *path;
    tb_bytes copy;
    TRY(tb_arena_dup(arena, message, &copy));
    TRY(mls_public_group_frame(step->group, copy, MLS_CONTENT_COMMIT, arena, &step->content, why));
    step->commit = step->content->content.of.commit;
    path = step->commit->path;
    step->input.has_path = path != NULL;
    TRY(check_committer(step));
    TRY(resolve_all(step));
    TRY(mls_proposals_apply(&step->input, arena, result));
    if (path != NULL) {
        TRY(mls_tree_path_merge(&result->tree, result->committer_leaf, path, result->added.at,
                                result->added.count, arena));
    }
    TRY(mls_proposals_finish(&step->input, result, path == NULL ? NULL : &path->leaf_node, arena));
    TRY(next_context(step));
    step->staged->epoch.has_ended = result->reinit != NULL;
    TRY(describe(step));
    return group_info.len == 0 ? TB_STATUS(TB_OK) : check_group_info(step, group_info, why);
}

static void staged_free(struct mls_public_group *group, struct mls_public_staged *staged)
{
    mls_public_epoch_wipe(&staged->epoch);
    tb_arena_wipe(&staged->arena);
    tb_mem_give(&group->mem, staged, sizeof *staged);
    mls_public_group_forget(&group->dropped);
}

tb_status mls_public_group_stage(struct mls_public_group *group, tb_bytes message,
                                 tb_bytes group_info, uint64_t now_s,
                                 struct mls_public_staged **out, struct tb_why *why)
{
    if (why != NULL) *why = (struct tb_why){ NULL, NULL, 0 };
    if (group->epoch.has_ended) return TB_STATUS(MLS_GROUP_REINIT);
    if (group->staged != NULL) return TB_STATUS(MLS_COMMIT_STAGED);
    struct mls_public_staged *staged = tb_mem_take(&group->mem, sizeof *staged);
    if (staged == NULL) return TB_STATUS(TB_NO_SPACE);
    tb_arena_init(&staged->arena, &group->mem, MLS_PUBLIC_STAGED_BYTES_MAX);
    tb_arena_init(&staged->epoch.arena, &group->mem, MLS_PUBLIC_STAGED_BYTES_MAX);
    struct staging step = {
        .group = group,
        .staged = staged,
        .input = mls_public_group_input(group, now_s),
    };
    tb_status status = stage(&step, message, group_info, why);
    staged->epoch.tree = step.result.tree;
    if (!tb_is_ok(status)) {
        staged_free(group, staged);
        return status;
    }
    group->staged = staged;
    *out = staged;
    return status;
}

const struct mls_public_commit_view *mls_public_staged_view(const struct mls_public_staged *staged)
{
    return &staged->view;
}

tb_status mls_public_group_merge(struct mls_public_group *group, struct mls_public_staged *staged)
{
    assert(staged != NULL && group->staged == staged);
    struct mls_public_epoch old = group->epoch;
    group->epoch = staged->epoch;
    staged->epoch = old;
    group->staged = NULL;
    staged_free(group, staged);
    mls_public_group_forget(&group->pending); /* proposals belong to one epoch */
    group->pending_count = 0;
    return TB_STATUS(TB_OK);
}

void mls_public_group_drop(struct mls_public_group *group, struct mls_public_staged *staged)
{
    assert(staged != NULL && group->staged == staged);
    group->staged = NULL;
    staged_free(group, staged);
}
