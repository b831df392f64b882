/* Making a commit: RFC 9420, section 12.4.1. */
#include <string.h>

#include "mls/group_select.h"
#include "mls/group_state.h"
#include "mls/welcome.h"

/* What the steps of one commit pass on. */
struct build {
    struct mls_group *group;
    const struct mls_commit_params *params;
    struct mls_staged *staged; /* its arena holds what outlives the call */
    struct tb_arena *arena;    /* the caller's, for outputs */
    uint16_t wire_format;
    struct mls_commit commit;
    struct mls_proposals_item *items;
    size_t item_count;
    bool has_path;
    struct mls_proposals_result result;
    struct mls_treekem_path path;
    struct mls_treekem_private own;
    struct mls_update_path update_path;
    struct tb_secret joiner_secret;
};

/* The list, decoded again so that views of leaves and key packages stand. */
static tb_status choose(struct build *b)
{
    struct tb_arena *arena = &b->staged->arena;
    struct mls_group_selection selection;
    TRY(mls_group_select(b->group, b->params, arena, &selection));
    const struct mls_commit chosen = { .proposals = { selection.list, selection.count } };
    TRY(wire_copy(&mls_commit_desc, &chosen, arena, &b->commit));
    b->staged->view.committer_type = MLS_SENDER_MEMBER;
    TRY(mls_group_stage_items(b->group, b->staged, &b->commit, MLS_SENDER_MEMBER,
                              b->group->now->own.leaf_index, false, &b->items, &b->item_count));
    b->has_path = b->params->force_path || b->item_count == 0 || b->params->leaf.signer != NULL ||
                  b->params->leaf.credential != NULL;
    for (size_t i = 0; i < b->item_count; i++) {
        b->has_path |= mls_proposals_needs_path(b->items[i].proposal->proposal_type);
    }
    return TB_STATUS(TB_OK);
}

/* Whose key our leaf has in the next epoch: the new one's, or that of an own Update. */
static tb_status next_signer(const struct build *b, const struct crypto_signing_key **out)
{
    *out = b->params->leaf.signer;
    if (*out == NULL) *out = mls_group_signer_of(b->group, b->staged->next);
    return TB_STATUS(*out == NULL ? MLS_GROUP_SIGNER : TB_OK);
}

/* A fresh path on the tree after the proposals, encrypted to the group. */
static tb_status make_path(struct build *b)
{
    struct mls_group *group = b->group;
    struct tb_arena *arena = &b->staged->arena;
    struct mls_tree *tree = &b->result.tree;
    struct mls_leaf_node fields = *mls_tree_leaf(tree, b->own.leaf_index);
    const struct mls_own_leaf *leaf = &b->params->leaf;
    const struct crypto_signing_key *signer = leaf->signer == NULL ? &group->signer : leaf->signer;
    tb_bytes context;
    if (leaf->signer != NULL) fields.signature_key = crypto_signing_key_public(leaf->signer);
    if (leaf->credential != NULL) fields.credential = *leaf->credential;
    TRY(mls_treekem_create(tree, &fields, signer, group->now->context.group_id, group->env.rng,
                           arena, &b->own, &b->path));
    TRY(mls_group_epoch_provisional(group->now, &b->result, arena, &context));
    TRY(mls_treekem_encrypt(tree, &b->path, context, b->result.added.at, b->result.added.count,
                            group->env.rng, arena, &b->update_path));
    b->commit.path = &b->update_path;
    return TB_STATUS(TB_OK);
}

static tb_status apply(struct build *b)
{
    struct mls_proposals_input input = mls_group_stage_input(b->group, b->items, b->item_count,
                                                             b->params->now_s);
    input.has_path = b->has_path;
    TRY(mls_proposals_apply(&input, &b->staged->arena, &b->result));
    mls_group_stage_own(b->group, &b->result.tree, &b->own);
    if (b->has_path) TRY(make_path(b));
    return mls_proposals_finish(&input, &b->result,
                                b->has_path ? &b->update_path.leaf_node : NULL,
                                &b->staged->arena);
}

/* The content and its signature; what is signed is as large as the commit and passes. */
static tb_status sign(struct build *b, struct mls_framed *framed, tb_bytes *signature)
{
    const union mls_framed_content_select of = { .commit = &b->commit };
    struct tb_arena scratch, *arena = &b->staged->arena;
    tb_status status = TB_STATUS(TB_OK);
    tb_bytes content, octets;
    framed->wire_format = b->wire_format;
    tb_arena_init(&scratch, arena->mem, MLS_STAGED_BYTES_MAX);
    CHECK(mls_group_send_sign(b->group, b->wire_format, MLS_CONTENT_COMMIT, of, b->params->aad,
                              &scratch, &content, &octets));
    CHECK(tb_arena_dup(arena, content, &framed->content));
    CHECK(tb_arena_dup(arena, octets, signature));
out:
    tb_arena_wipe(&scratch);
    return status;
}

/* Content and signature, then the next epoch, whose tag completes the content. */
static tb_status next_epoch(struct build *b, struct mls_framed *framed)
{
    struct mls_group *group = b->group;
    struct mls_staged *staged = b->staged;
    tb_bytes signature;
    staged->commit_secret = b->has_path ? b->path.commit_secret
                                        : (struct tb_secret){ .len = group->env.suite->hash_len };
    TRY(mls_group_past_psk_secret(group, b->result.psks, b->result.psk_count, b->params->psks,
                                  b->params->psk_count, &staged->arena, &staged->psk_secret));
    TRY(sign(b, framed, &signature));
    const struct mls_transition transition = {
        .result = &b->result,
        .init_secret = &group->now->secrets.init_secret,
        .commit_secret = &staged->commit_secret,
        .psk_secret = &staged->psk_secret,
        .wire_format = b->wire_format,
        .content = framed->content,
        .signature = signature,
    };
    TRY(mls_group_epoch_next(group->now, &transition, &staged->next, &b->joiner_secret));
    staged->next->own = b->own;
    return mls_framing_auth(signature,
                            (tb_bytes){ staged->next->confirmation_tag,
                                        group->env.suite->hash_len },
                            &staged->arena, &framed->auth);
}

static const struct tb_secret *path_secret_for(const struct build *b, uint32_t leaf_index)
{
    uint32_t common = mls_tree_common(b->own.leaf_index, leaf_index);
    for (uint32_t i = 0; b->has_path && i < b->path.path.count; i++) {
        if (b->path.path.node[i] == common) return &b->path.path_secret[i];
    }
    return NULL;
}

static tb_status welcome_members(const struct build *b, struct mls_welcome_member **out)
{
    size_t count = 0;
    *out = tb_arena_take(&b->staged->arena, b->result.added.count, sizeof **out);
    if (*out == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < b->item_count; i++) {
        const struct mls_proposal *proposal = b->items[i].proposal;
        if (proposal->proposal_type != MLS_PROPOSAL_ADD) continue;
        const struct mls_key_package_in *key_package = &proposal->of.add->key_package;
        (*out)[count] = (struct mls_welcome_member){
            .key_package = mls_leaf_key_package_view(key_package),
            .init_key = key_package->init_key,
            .path_secret = path_secret_for(b, b->result.added.at[count]),
        };
        count++;
    }
    return TB_STATUS(TB_OK);
}

static tb_status make_welcome(const struct build *b, tb_bytes *out)
{
    struct mls_group *group = b->group;
    const struct mls_commit_params *params = b->params;
    struct tb_arena *arena = &b->staged->arena;
    struct mls_welcome_member *members = NULL;
    struct mls_pre_shared_key_id *ids = tb_arena_take(arena, b->result.psk_count, sizeof *ids);
    const struct crypto_signing_key *signer;
    tb_bytes group_info;
    if (ids == NULL) return TB_STATUS(TB_NO_SPACE);
    TRY(next_signer(b, &signer));
    for (size_t i = 0; i < b->result.psk_count; i++) ids[i] = *b->result.psks[i];
    TRY(welcome_members(b, &members));
    TRY(mls_group_epoch_info(group, b->staged->next, signer, params->tree_in_welcome, false,
                             params->group_info_extensions, params->group_info_extension_count,
                             arena, &group_info));
    const struct mls_welcome_params welcome = {
        .joiner_secret = &b->joiner_secret,
        .psk_secret = &b->staged->psk_secret,
        .psks = ids,
        .psk_count = b->result.psk_count,
        .group_info = group_info,
        .members = members,
        .member_count = b->result.added.count,
    };
    return mls_welcome_seal(group->env.suite, &welcome, group->env.rng, b->arena, out);
}

static tb_status make_outputs(struct build *b, const struct mls_framed *framed,
                              struct mls_commit_out *out)
{
    struct mls_group *group = b->group;
    struct mls_staged *staged = b->staged;
    const struct mls_commit_params *params = b->params;
    const struct crypto_signing_key *signer;
    tb_bytes info;
    TRY(next_signer(b, &signer));
    if (b->result.added.count != 0) TRY(make_welcome(b, &out->welcome));
    TRY(mls_group_epoch_info(group, staged->next, signer, false, true,
                             params->group_info_extensions, params->group_info_extension_count,
                             &staged->arena, &info));
    TRY(mls_framing_wrap(MLS_WIRE_GROUP_INFO, info, b->arena, &out->group_info));
    TRY(mls_tree_encode(&staged->next->tree, b->arena, &out->ratchet_tree));
    /* Last, because a PrivateMessage uses a generation up. */
    TRY(mls_group_send(group, framed, MLS_CONTENT_COMMIT, params->aad, 0, b->arena,
                       &out->commit));
    return tb_arena_dup(&staged->arena, out->commit, &staged->message);
}

static tb_status build(struct build *b, struct mls_commit_out *out)
{
    struct mls_staged *staged = b->staged;
    TRY(choose(b));
    TRY(apply(b));
    TRY(next_epoch(b, &staged->framed));
    TRY(mls_group_stage_describe(b->group, staged, &b->result, &staged->next->tree,
                                 staged->next->context_octets, b->has_path));
    return make_outputs(b, &staged->framed, out);
}

tb_status mls_group_commit(struct mls_group *group, const struct mls_commit_params *params,
                           struct tb_arena *arena, struct mls_commit_out *out, struct tb_why *why)
{
    struct build b = {
        .group = group,
        .params = params,
        .arena = arena,
        .wire_format = params->as_public ? MLS_WIRE_PUBLIC_MESSAGE : MLS_WIRE_PRIVATE_MESSAGE,
    };
    struct mls_commit_out made = { .welcome = { NULL, 0 } };
    size_t signer_count = group->next_signer_count;
    tb_status status = TB_STATUS(TB_OK);
    if (why != NULL) *why = (struct tb_why){ NULL, NULL, 0 };
    TRY(mls_group_check_active(group));
    TRY(mls_group_check_aad(group->now, params->aad));
    TRY(mls_group_stage_new(group, &b.staged));
    CHECK(mls_group_signer_keep(group, params->leaf.signer));
    CHECK(build(&b, &made));
    mls_group_pending_clear(group);
    group->pending = b.staged;
    b.staged = NULL;
    *out = made;
out:
    if (!tb_is_ok(status)) mls_group_signer_cut(group, signer_count);
    mls_group_stage_free(b.staged);
    mls_tree_wipe(&b.result.tree);
    tb_wipe(&b, sizeof b);
    return status;
}
