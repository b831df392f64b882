/* A delivery service's end of a group. */
#include "api/api.h"

struct mls_follower {
    const struct mls_ctx *ctx;
    struct tb_mem mem;
    struct mls_public_env env;
    struct mls_public_group *group;
    struct mls_public_staged *staged; /* the group's */
};

/* ---------------------------------------------------------------- life */

static struct mls_follower *follower_alloc(const struct mls_ctx *ctx)
{
    struct tb_mem mem;
    struct mls_follower *follower = mls_ctx_take(ctx, sizeof *follower, &mem);
    if (follower == NULL) return NULL;
    follower->ctx = ctx;
    follower->mem = mem;
    follower->env.mem = &follower->mem;
    follower->env.app_data = ctx->update_app_data == NULL ? NULL : &ctx->app_data;
    follower->env.run_parallel = mls_ctx_parallel(ctx);
    return follower;
}

static struct mls_credential_ask ask_of(struct mls_follower *follower, uint64_t now_s)
{
    return (struct mls_credential_ask){ follower->ctx, &follower->mem,
                                        mls_public_group_id(follower->group), now_s };
}

static tb_status ask_group(struct mls_follower *follower, uint64_t now_s)
{
    const struct mls_credential_ask ask = ask_of(follower, now_s);
    struct mls_public_leaf leaf;
    for (uint32_t i = 0; i < mls_public_group_leaf_count(follower->group); i++) {
        if (!mls_public_group_leaf(follower->group, i, &leaf)) continue;
        TRY(mls_credential_ask_leaf(&ask, MLS_CREDENTIAL_IN_GROUP, i, leaf.node));
    }
    return mls_credential_ask_context(&ask, mls_public_group_context(follower->group),
                                      (tb_bytes){ NULL, 0 });
}

static tb_status start(struct mls_follower *follower, tb_bytes group_info, tb_bytes ratchet_tree,
                       uint64_t now_s, struct tb_why *why)
{
    TRY(mls_outsider_suite(follower->ctx, &follower->mem, group_info, &follower->env.suite, why));
    TRY(mls_public_group_new(&follower->env, group_info, ratchet_tree, now_s, &follower->group,
                             why));
    return ask_group(follower, now_s);
}

int mls_follower_new(const struct mls_ctx *ctx, struct mls_octets group_info,
                     struct mls_octets ratchet_tree, uint64_t now_s, struct mls_follower **out,
                     struct mls_where *where)
{
    struct tb_why why = { NULL, NULL, 0 };
    struct mls_follower *follower = follower_alloc(ctx);
    if (follower == NULL) return TB_NO_SPACE;
    tb_status status = start(follower, mls_convert_in(group_info), mls_convert_in(ratchet_tree),
                             now_s, &why);
    if (tb_is_ok(status)) {
        *out = follower;
    } else {
        mls_session_where(&why, where);
        mls_follower_free(follower);
    }
    return status.code;
}

void mls_follower_free(struct mls_follower *follower)
{
    if (follower == NULL) return;
    mls_public_group_free(follower->group);
    mls_ctx_give(follower, sizeof *follower, &follower->mem);
}

int mls_follower_state(const struct mls_follower *follower, struct mls_arena *arena,
                       struct mls_octets *out)
{
    struct tb_buf buf;
    tb_bytes made;
    tb_buf_init(&buf, arena->at->mem, API_ARENA_BYTES_MAX);
    tb_status status = mls_public_group_encode(follower->group, &buf);
    if (tb_is_ok(status)) status = tb_arena_dup(arena->at, tb_buf_view(&buf), &made);
    tb_buf_wipe(&buf);
    if (tb_is_ok(status)) *out = mls_convert_out(made);
    return status.code;
}

/* The stored form begins with its version and the suite. */
static const struct crypto_suite *stored_suite(const struct mls_ctx *ctx, struct mls_octets state)
{
    return state.len < 4 ? NULL : mls_ctx_suite(ctx, tb_get_u16(state.data + 2));
}

int mls_follower_load(const struct mls_ctx *ctx, struct mls_octets state,
                      struct mls_follower **out)
{
    const struct crypto_suite *suite = stored_suite(ctx, state);
    if (suite == NULL) return MLS_BLOB;
    struct mls_follower *follower = follower_alloc(ctx);
    if (follower == NULL) return TB_NO_SPACE;
    follower->env.suite = suite;
    tb_status status = mls_public_group_decode(&follower->env, mls_convert_in(state),
                                               &follower->group);
    if (tb_is_ok(status)) {
        *out = follower;
    } else {
        mls_follower_free(follower);
    }
    return status.code;
}

/* ---------------------------------------------------------------- views */

struct mls_octets mls_follower_group_id(const struct mls_follower *follower)
{
    return mls_convert_out(mls_public_group_id(follower->group));
}

uint64_t mls_follower_epoch(const struct mls_follower *follower)
{
    return mls_public_group_epoch(follower->group);
}

struct mls_octets mls_follower_group_context(const struct mls_follower *follower)
{
    return mls_convert_out(mls_public_group_context(follower->group));
}

bool mls_follower_extension(const struct mls_follower *follower, uint16_t extension_type,
                            struct mls_octets *out)
{
    tb_bytes data = mls_public_group_extension(follower->group, extension_type);
    if (data.data == NULL) return false;
    *out = mls_convert_out(data);
    return true;
}

bool mls_follower_component(const struct mls_follower *follower, uint16_t component_id,
                            struct mls_octets *out)
{
    tb_bytes data;
    if (!mls_public_group_component(follower->group, component_id, &data)) return false;
    *out = mls_convert_out(data);
    return true;
}

uint32_t mls_follower_leaf_count(const struct mls_follower *follower)
{
    return mls_public_group_leaf_count(follower->group);
}

int mls_follower_leaf(const struct mls_follower *follower, uint32_t leaf_index,
                      struct mls_arena *arena, struct mls_leaf_info *out)
{
    struct mls_public_leaf leaf;
    tb_status status = mls_convert_target(out);
    if (!tb_is_ok(status)) return status.code;
    if (!mls_public_group_leaf(follower->group, leaf_index, &leaf)) return MLS_TREE_LEAF;
    return mls_convert_leaf(leaf.node, leaf_index, arena->at, out).code;
}

int mls_follower_ratchet_tree(const struct mls_follower *follower, struct mls_arena *arena,
                              struct mls_octets *out)
{
    tb_bytes made;
    tb_status status = mls_public_group_ratchet_tree(follower->group, arena->at, &made);
    if (tb_is_ok(status)) *out = mls_convert_out(made);
    return status.code;
}

/* ---------------------------------------------------------------- proposals */

static tb_status show(const struct mls_public_proposal *proposal, struct tb_arena *arena,
                      struct mls_proposal_info *out)
{
    const struct mls_staged_proposal staged = { proposal->proposal, proposal->sender_type,
                                                proposal->sender_index, proposal->by_reference,
                                                proposal->authenticated_data };
    return mls_session_show_proposal(&staged, proposal->ref, arena, out);
}

static tb_status propose(struct mls_follower *follower, tb_bytes message, uint64_t now_s,
                         struct tb_arena *arena, struct mls_proposal_info *out,
                         struct tb_why *why)
{
    struct mls_public_proposal proposal;
    struct mls_public_leaf old = { .node = NULL };
    TRY(mls_public_group_propose(follower->group, message, now_s, arena, &proposal, why));
    const struct mls_credential_ask ask = ask_of(follower, now_s);
    if (proposal.sender_type == MLS_SENDER_MEMBER) {
        (void)mls_public_group_leaf(follower->group, proposal.sender_index, &old);
    }
    tb_status status = mls_credential_ask_proposal(&ask, proposal.proposal, proposal.sender_index,
                                                   old.node);
    if (tb_is_ok(status)) status = show(&proposal, arena, out);
    if (!tb_is_ok(status)) mls_public_group_pending_drop(follower->group, proposal.ref);
    return status;
}

int mls_follower_propose(struct mls_follower *follower, struct mls_octets message, uint64_t now_s,
                         struct mls_arena *arena, struct mls_proposal_info *out,
                         struct mls_where *where)
{
    struct tb_why why = { NULL, NULL, 0 };
    tb_status status = mls_convert_target(out);
    if (tb_is_ok(status)) {
        status = propose(follower, mls_convert_in(message), now_s, arena->at, out, &why);
    }
    if (!tb_is_ok(status)) mls_session_where(&why, where);
    return status.code;
}

size_t mls_follower_proposal_count(const struct mls_follower *follower)
{
    return mls_public_group_pending_count(follower->group);
}

int mls_follower_proposal(const struct mls_follower *follower, size_t index,
                          struct mls_arena *arena, struct mls_proposal_info *out)
{
    struct mls_public_proposal proposal;
    tb_status status = mls_convert_target(out);
    if (!tb_is_ok(status)) return status.code;
    if (!mls_public_group_pending(follower->group, index, &proposal)) return TB_NOT_FOUND;
    return show(&proposal, arena->at, out).code;
}

void mls_follower_proposal_drop(struct mls_follower *follower, struct mls_octets ref)
{
    mls_public_group_pending_drop(follower->group, mls_convert_in(ref));
}

int mls_follower_external(const struct mls_follower *follower, const struct mls_signer *signer,
                          uint32_t sender_index, const struct mls_proposal_spec *proposal,
                          struct mls_octets aad, struct mls_arena *arena,
                          struct mls_octets *message, struct mls_octets *ref)
{
    struct tb_rng rng = mls_ctx_rng(follower->ctx);
    const struct mls_env env = { .suite = follower->env.suite, .rng = &rng };
    struct mls_proposal wanted;
    tb_bytes made, made_ref;
    tb_status status = mls_proposal_make(&env, proposal, arena->at, &wanted);
    if (tb_is_ok(status)) {
        status = mls_public_group_external(follower->group, sender_index, &signer->key, &wanted,
                                           mls_convert_in(aad), arena->at, &made, &made_ref);
    }
    if (!tb_is_ok(status)) return status.code;
    *message = mls_convert_out(made);
    *ref = mls_convert_out(made_ref);
    return MLS_OK;
}

/* ---------------------------------------------------------------- commits */

static tb_status judge(struct mls_follower *follower, const struct mls_public_commit_view *view,
                       uint64_t now_s)
{
    const struct mls_credential_ask ask = ask_of(follower, now_s);
    for (size_t i = 0; i < view->added_count; i++) {
        TRY(mls_credential_ask_leaf(&ask, MLS_CREDENTIAL_IN_ADD, view->added[i].leaf_index,
                                    view->added[i].node));
    }
    for (size_t i = 0; i < view->updated_count; i++) {
        const struct mls_public_leaf *leaf = &view->updated[i];
        struct mls_public_leaf old = { .node = NULL };
        bool is_old = mls_public_group_leaf(follower->group, leaf->leaf_index, &old);
        TRY(mls_credential_ask_one(&ask, MLS_CREDENTIAL_IN_UPDATE, leaf->leaf_index,
                                   &leaf->node->credential,
                                   is_old ? &old.node->credential : NULL, leaf->signature_key));
    }
    return mls_credential_ask_context(&ask, view->new_group_context,
                                      mls_public_group_context(follower->group));
}

static void stage_result(const struct mls_public_commit_view *view, struct mls_staged_info *out)
{
    const struct mls_staged_info info = {
        .committer_type = view->committer_type,
        .committer_leaf = view->committer_leaf,
        .new_epoch = view->new_epoch,
        .new_group_context = mls_convert_out(view->new_group_context),
        .proposal_count = view->proposal_count,
        .added_count = view->added_count,
        .removed_count = view->removed_count,
        .updated_count = view->updated_count,
    };
    mls_convert_result(out, &info, sizeof info);
}

int mls_follower_stage(struct mls_follower *follower, struct mls_octets message,
                       struct mls_octets group_info, uint64_t now_s, struct mls_staged_info *out,
                       struct mls_where *where)
{
    struct mls_public_staged *staged = NULL;
    struct tb_why why = { NULL, NULL, 0 };
    tb_status status = mls_convert_target(out);
    if (!tb_is_ok(status)) return status.code;
    status = mls_public_group_stage(follower->group, mls_convert_in(message),
                                    mls_convert_in(group_info), now_s, &staged, &why);
    if (!tb_is_ok(status)) {
        mls_session_where(&why, where);
        return status.code;
    }
    status = judge(follower, mls_public_staged_view(staged), now_s);
    if (tb_is_ok(status)) {
        follower->staged = staged;
        stage_result(mls_public_staged_view(staged), out);
    } else {
        mls_public_group_drop(follower->group, staged);
    }
    return status.code;
}

int mls_follower_staged_proposal(const struct mls_follower *follower, size_t index,
                                 struct mls_arena *arena, struct mls_proposal_info *out)
{
    tb_status status = mls_convert_target(out);
    if (!tb_is_ok(status)) return status.code;
    if (follower->staged == NULL) return MLS_NO_PENDING;
    const struct mls_public_commit_view *view = mls_public_staged_view(follower->staged);
    if (index >= view->proposal_count) return TB_NOT_FOUND;
    return show(&view->proposals[index], arena->at, out).code;
}

int mls_follower_staged_leaf(const struct mls_follower *follower, enum mls_staged_leaves which,
                             size_t index, struct mls_arena *arena, struct mls_leaf_info *out)
{
    const struct mls_public_leaf *list;
    size_t count;
    tb_status status = mls_convert_target(out);
    if (!tb_is_ok(status)) return status.code;
    if (follower->staged == NULL) return MLS_NO_PENDING;
    const struct mls_public_commit_view *view = mls_public_staged_view(follower->staged);
    switch (which) {
    case MLS_LEAVES_ADDED: list = view->added; count = view->added_count; break;
    case MLS_LEAVES_REMOVED: list = view->removed; count = view->removed_count; break;
    case MLS_LEAVES_UPDATED: list = view->updated; count = view->updated_count; break;
    default: return MLS_ARGUMENT;
    }
    if (index >= count) return TB_NOT_FOUND;
    return mls_convert_leaf(list[index].node, list[index].leaf_index, arena->at, out).code;
}

int mls_follower_merge(struct mls_follower *follower)
{
    if (follower->staged == NULL) return MLS_NO_PENDING;
    tb_status status = mls_public_group_merge(follower->group, follower->staged);
    if (tb_is_ok(status)) follower->staged = NULL;
    return status.code;
}

void mls_follower_clear(struct mls_follower *follower)
{
    if (follower->staged == NULL) return;
    mls_public_group_drop(follower->group, follower->staged);
    follower->staged = NULL;
}
