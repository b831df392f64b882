/* Staging a commit: RFC 9420, section 12.4.2.  The group does not change before merge. */
#include <string.h>

#include "mls/group_state.h"

tb_status mls_group_stage_new(struct mls_group *group, struct mls_staged **out)
{
    struct mls_staged *staged = tb_mem_take(group->env.mem, sizeof *staged);
    if (staged == NULL) return TB_STATUS(TB_NO_SPACE);
    staged->mem = group->env.mem;
    tb_arena_init(&staged->arena, staged->mem, MLS_STAGED_BYTES_MAX);
    *out = staged;
    return TB_STATUS(TB_OK);
}

void mls_group_stage_free(struct mls_staged *staged)
{
    if (staged == NULL) return;
    mls_group_epoch_free(staged->next);
    mls_tree_wipe(&staged->tree_after);
    tb_arena_wipe(&staged->arena);
    tb_mem_give(staged->mem, staged, sizeof *staged);
}

struct mls_proposals_input mls_group_stage_input(const struct mls_group *group,
                                                 const struct mls_proposals_item *items,
                                                 size_t count, uint64_t now_s)
{
    return (struct mls_proposals_input){
        .tree = &group->now->tree,
        .context = &group->now->context,
        .app_data = group->env.app_data,
        .parallel = group->env.run_parallel,
        .items = items,
        .count = count,
        .committer_type = MLS_SENDER_MEMBER,
        .committer_leaf = group->now->own.leaf_index,
        .resumption_usage = group->subgroup_usage,
        .now_s = now_s,
    };
}

tb_status mls_group_stage_items(struct mls_group *group, struct mls_staged *staged,
                                const struct mls_commit *commit, uint8_t committer_type,
                                uint32_t committer_leaf, bool with_dropped,
                                struct mls_proposals_item **items, size_t *count)
{
    size_t total = commit->proposals.count;
    struct mls_proposals_item *list = tb_arena_take(&staged->arena, total, sizeof *list);
    struct mls_staged_proposal *views = tb_arena_take(&staged->arena, total, sizeof *views);
    if (list == NULL || views == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < total; i++) {
        const struct mls_proposal_or_ref *either = &commit->proposals.at[i];
        tb_bytes authenticated_data = { NULL, 0 };
        if (either->type == MLS_BY_VALUE) {
            list[i] = (struct mls_proposals_item){ either->of.proposal, committer_type,
                                                   committer_leaf, false };
        } else {
            const struct mls_cached *cached =
                mls_group_cache_find(group, either->of.reference->value, with_dropped);
            if (cached == NULL) return TB_STATUS(MLS_PROPOSALS_UNKNOWN_REF);
            list[i] = cached->item;
            authenticated_data = cached->content.content.authenticated_data;
        }
        views[i] = (struct mls_staged_proposal){ list[i].proposal, list[i].sender_type,
                                                 list[i].sender_index, list[i].by_reference,
                                                 authenticated_data };
    }
    staged->view.proposals = views;
    staged->view.proposal_count = total;
    *items = list;
    *count = total;
    return TB_STATUS(TB_OK);
}

/* ---------------------------------------------------------------- the view */

/* Views of the leaves in `leaves`, and of one more if it is none of them. */
static tb_status leaf_views(const struct mls_tree *tree, const struct mls_proposals_leaves *leaves,
                            bool has_more, uint32_t more, struct tb_arena *arena,
                            const struct mls_leaf_view **out, size_t *out_count)
{
    size_t count = leaves->count, filled = 0;
    struct mls_leaf_view *views = tb_arena_take(arena, count + 1, sizeof *views);
    if (views == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < count + (has_more ? 1 : 0); i++) {
        uint32_t index = i < count ? leaves->at[i] : more;
        if (i < count && has_more && index == more) continue;
        const struct mls_leaf_node *leaf = mls_tree_leaf(tree, index);
        if (leaf == NULL) continue;
        views[filled++] = (struct mls_leaf_view){ index, mls_leaf_identity(&leaf->credential),
                                                  leaf->signature_key, leaf };
    }
    *out = views;
    *out_count = filled;
    return TB_STATUS(TB_OK);
}

tb_status mls_group_stage_describe(const struct mls_group *group, struct mls_staged *staged,
                                   const struct mls_proposals_result *result,
                                   const struct mls_tree *next_tree, tb_bytes context,
                                   bool has_path)
{
    struct mls_staged_view *view = &staged->view;
    bool joins = view->committer_type == MLS_SENDER_NEW_MEMBER_COMMIT;
    view->committer_leaf = result->committer_leaf;
    view->new_epoch = group->now->context.epoch + 1;
    view->new_group_context = context;
    TRY(leaf_views(next_tree, &result->added, joins, result->committer_leaf, &staged->arena,
                   &view->added, &view->added_count));
    TRY(leaf_views(&group->now->tree, &result->removed, false, 0, &staged->arena, &view->removed,
                   &view->removed_count));
    return leaf_views(next_tree, &result->updated, has_path && !joins, result->committer_leaf,
                      &staged->arena, &view->updated, &view->updated_count);
}

/* ---------------------------------------------------------------- a received commit */

void mls_group_stage_own(const struct mls_group *group, const struct mls_tree *tree,
                         struct mls_treekem_private *own)
{
    *own = group->now->own;
    tb_bytes key = mls_tree_key(tree, mls_tree_node_of_leaf(own->leaf_index));
    for (const struct mls_cached *at = group->cache; at != NULL; at = at->next) {
        const struct mls_treekem_key *update = &at->update_key;
        if (update->public_len == 0) continue;
        if (tb_bytes_equal(key, (tb_bytes){ update->public_key, update->public_len })) {
            own->at[0] = *update;
        }
    }
    mls_treekem_private_prune(own, tree);
}

/* What one staging works with. */
struct stage {
    struct mls_group *group;
    struct mls_staged *staged;
    struct mls_authenticated content; /* views of octets in the staged arena */
    const struct mls_commit *commit;
    const struct mls_psk_entry *psks;
    size_t psk_count;
    const struct mls_known_secrets *known; /* of an own commit that is restored; else NULL */
    struct mls_proposals_result result;
};

/* Copy the commit's octets into the staged arena and decode them there. */
static tb_status take_content(struct stage *stage, const struct mls_framed *framed,
                              struct tb_why *why)
{
    struct mls_staged *staged = stage->staged;
    size_t content_len = framed->content.len, len = content_len + framed->auth.len;
    uint8_t *octets = tb_arena_take(&staged->arena, len, 1);
    if (octets == NULL) return TB_STATUS(TB_NO_SPACE);
    memcpy(octets, framed->content.data, content_len);
    memcpy(octets + content_len, framed->auth.data, framed->auth.len);
    TRY(wire_decode(&mls_authenticated_desc, (tb_bytes){ octets, len }, &staged->arena,
                    &stage->content, why));
    staged->framed = mls_framing_of(framed->wire_format, &stage->content);
    stage->commit = stage->content.content.of.commit;
    return TB_STATUS(TB_OK);
}

/* The proposals and the public half of the path, judged whole. */
static tb_status apply(struct stage *stage, uint64_t now_s)
{
    struct mls_staged *staged = stage->staged;
    const struct mls_update_path *path = stage->commit->path;
    struct mls_proposals_result *result = &stage->result;
    struct mls_proposals_item *items = NULL;
    uint32_t committer_leaf = 0;
    size_t count = 0;

    mls_group_cache_sender(&stage->content.content.sender, &staged->view.committer_type,
                           &committer_leaf);
    TRY(mls_group_stage_items(stage->group, staged, stage->commit, staged->view.committer_type,
                              committer_leaf, stage->known != NULL, &items, &count));
    struct mls_proposals_input input = mls_group_stage_input(stage->group, items, count, now_s);
    input.committer_type = staged->view.committer_type;
    input.committer_leaf = committer_leaf;
    input.has_path = path != NULL;
    TRY(mls_proposals_apply(&input, &staged->arena, result));
    if (path != NULL) {
        TRY(mls_tree_path_merge(&result->tree, result->committer_leaf, path, result->added.at,
                                result->added.count, &staged->arena));
    }
    return mls_proposals_finish(&input, result, path == NULL ? NULL : &path->leaf_node,
                                &staged->arena);
}

static bool removes_us(const struct stage *stage)
{
    uint32_t own = stage->group->now->own.leaf_index;
    for (size_t i = 0; i < stage->result.removed.count; i++) {
        if (stage->result.removed.at[i] == own) return true;
    }
    return false;
}

/* Section 8.3: the init secret of an external commit comes out of its ExternalInit. */
static tb_status init_secret_of(const struct stage *stage, struct tb_secret *out)
{
    const struct mls_epoch *now = stage->group->now;
    const struct mls_external_init *external = stage->result.external_init;
    struct tb_secret private_key = { 0 };
    uint8_t public_key[CRYPTO_PUBLIC_MAX];
    tb_status status = TB_STATUS(TB_OK);
    if (external == NULL) {
        *out = now->secrets.init_secret;
        return status;
    }
    const struct crypto_suite *suite = now->env->suite;
    CHECK(mls_schedule_external_key(suite, &now->secrets.external_secret, &private_key,
                                    public_key));
    CHECK(crypto_hpke_export_receive(suite, tb_secret_view(&private_key),
                                     (tb_bytes){ public_key, suite->dh_public_len },
                                     external->kem_output, (tb_bytes){ NULL, 0 },
                                     TB_LITERAL("MLS 1.0 external init secret"), suite->hash_len,
                                     out));
out:
    tb_secret_wipe(&private_key);
    return status;
}

/* commit_secret and our keys of the next tree, from the path. */
static tb_status path_secrets(struct stage *stage, struct mls_treekem_private *own,
                              struct tb_secret *commit_secret)
{
    const struct mls_update_path *path = stage->commit->path;
    const struct mls_proposals_result *result = &stage->result;
    tb_bytes context;
    mls_group_stage_own(stage->group, &result->tree, own);
    if (path == NULL) {
        *commit_secret = (struct tb_secret){ .len = stage->group->env.suite->hash_len };
        return TB_STATUS(TB_OK);
    }
    TRY(mls_group_epoch_provisional(stage->group->now, &stage->result, &stage->staged->arena,
                                    &context));
    return mls_treekem_decrypt(&result->tree, result->committer_leaf, path, context,
                               result->added.at, result->added.count, &stage->staged->arena, own,
                               commit_secret);
}

static tb_status secrets_of(struct stage *stage, struct mls_known_secrets *out)
{
    const struct mls_proposals_result *result = &stage->result;
    if (stage->known != NULL) {
        *out = *stage->known;
        return TB_STATUS(TB_OK);
    }
    TRY(mls_group_past_psk_secret(stage->group, result->psks, result->psk_count, stage->psks,
                                  stage->psk_count, &stage->staged->arena, &out->psk_secret));
    return path_secrets(stage, &out->own, &out->commit_secret);
}

static tb_status next_epoch(struct stage *stage)
{
    struct mls_group *group = stage->group;
    struct mls_staged *staged = stage->staged;
    const struct mls_authenticated *content = &stage->content;
    struct mls_known_secrets secrets = { .commit_secret = { .len = 0 } };
    struct tb_secret init_secret = { 0 }, joiner_secret = { 0 };
    tb_status status = TB_STATUS(TB_OK);

    CHECK(secrets_of(stage, &secrets));
    CHECK(init_secret_of(stage, &init_secret));
    const struct mls_transition transition = {
        .result = &stage->result,
        .init_secret = &init_secret,
        .commit_secret = &secrets.commit_secret,
        .psk_secret = &secrets.psk_secret,
        .wire_format = staged->framed.wire_format,
        .content = staged->framed.content,
        .signature = content->signature,
    };
    CHECK(mls_group_epoch_next(group->now, &transition, &staged->next, &joiner_secret));
    tb_bytes tag = { staged->next->confirmation_tag, group->env.suite->hash_len };
    if (!tb_equal_ct(tag, content->of.confirmation_tag->value)) {
        CHECK(TB_STATUS(MLS_CONFIRMATION_TAG));
    }
    staged->next->own = secrets.own;
out:
    tb_secret_wipe(&init_secret);
    tb_secret_wipe(&joiner_secret);
    tb_wipe(&secrets, sizeof secrets);
    return status;
}

static tb_status stage_whole(struct stage *stage, uint64_t now_s)
{
    struct mls_staged *staged = stage->staged;
    bool has_path = stage->commit->path != NULL;
    tb_bytes context;
    TRY(apply(stage, now_s));
    staged->view.removes_us = removes_us(stage);
    if (!staged->view.removes_us) {
        TRY(next_epoch(stage));
        return mls_group_stage_describe(stage->group, staged, &stage->result, &staged->next->tree,
                                        staged->next->context_octets, has_path);
    }
    /* Nobody gave us the keys of that epoch; what is public of it can still be shown. */
    TRY(mls_group_epoch_provisional(stage->group->now, &stage->result, &staged->arena, &context));
    staged->tree_after = stage->result.tree;
    stage->result.tree = (struct mls_tree){ .suite = NULL };
    return mls_group_stage_describe(stage->group, staged, &stage->result, &staged->tree_after,
                                    context, has_path);
}

static tb_status run(struct stage *stage, const struct mls_framed *framed, uint64_t now_s,
                     struct tb_why *why, struct mls_staged **out)
{
    tb_status status = TB_STATUS(TB_OK);
    TRY(mls_group_stage_new(stage->group, &stage->staged));
    CHECK(take_content(stage, framed, why));
    CHECK(stage_whole(stage, now_s));
    *out = stage->staged;
    stage->staged = NULL;
out:
    mls_tree_wipe(&stage->result.tree);
    mls_group_stage_free(stage->staged);
    return status;
}

tb_status mls_group_stage_received(struct mls_group *group, const struct mls_framed *framed,
                                   uint64_t now_s, const struct mls_psk_entry *psks,
                                   size_t psk_count, struct tb_why *why, struct mls_staged **out)
{
    struct stage stage = { .group = group, .psks = psks, .psk_count = psk_count };
    return run(&stage, framed, now_s, why, out);
}

tb_status mls_group_stage_own_again(struct mls_group *group, const struct mls_framed *framed,
                                    const struct mls_known_secrets *known,
                                    struct mls_staged **out)
{
    struct stage stage = { .group = group, .known = known };
    TRY(run(&stage, framed, 0, NULL, out));
    (*out)->commit_secret = known->commit_secret;
    (*out)->psk_secret = known->psk_secret;
    return TB_STATUS(TB_OK);
}
