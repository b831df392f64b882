/* A session's commits: made, looked at, merged, kept apart; groups out of groups. */
#include "api/api.h"
#include "mls/group_branch.h"
#include "mls/group_pending.h"
#include "mls/group_state.h"

struct mls_detached {
    struct mls_session *session;
    struct mls_staged *staged;
};

void mls_session_commit_result(const struct mls_commit_out *made, struct mls_commit_result *out)
{
    const struct mls_commit_result result = {
        .commit = mls_convert_out(made->commit),
        .welcome = mls_convert_out(made->welcome),
        .group_info = mls_convert_out(made->group_info),
        .ratchet_tree = mls_convert_out(made->ratchet_tree),
    };
    mls_convert_result(out, &result, sizeof result);
}

static tb_status by_value(struct mls_session *session, const struct mls_commit_options *options,
                          struct tb_arena *arena, struct mls_proposal **out)
{
    const struct mls_credential_ask ask = mls_session_ask(session, options->now_s);
    struct mls_proposal *list = tb_arena_take(arena, options->proposal_count, sizeof *list);
    if (list == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < options->proposal_count; i++) {
        TRY(mls_proposal_make(&session->host->env, options->proposals[i], arena, &list[i]));
        TRY(mls_credential_ask_proposal(&ask, &list[i], UINT32_MAX, NULL));
    }
    *out = list;
    return TB_STATUS(TB_OK);
}

tb_status mls_session_own_leaf_of(struct mls_session *session, const struct mls_signer *new_signer,
                                  const struct mls_identity *new_credential, uint64_t now_s,
                                  struct tb_arena *arena, struct mls_own_leaf *out)
{
    const struct mls_credential_ask ask = mls_session_ask(session, now_s);
    struct mls_credential *credential = NULL;
    struct mls_leaf_view old;
    uint32_t leaf_index = mls_group_own_leaf(session->group);
    *out = (struct mls_own_leaf){ NULL, NULL };
    if (new_signer == NULL && new_credential == NULL) return TB_STATUS(TB_OK);
    if (new_signer != NULL && new_signer->suite->id != session->host->env.suite->id) {
        return TB_STATUS(MLS_SUITE);
    }
    if (!mls_group_leaf(session->group, leaf_index, &old)) return TB_STATUS(MLS_GROUP_INACTIVE);
    if (new_credential != NULL) TRY(mls_convert_credential(new_credential, arena, &credential));
    TRY(mls_credential_ask_one(&ask, MLS_CREDENTIAL_IN_UPDATE, leaf_index,
                               credential == NULL ? &old.node->credential : credential,
                               &old.node->credential,
                               new_signer == NULL ? old.signature_key
                                                  : crypto_signing_key_public(&new_signer->key)));
    out->signer = new_signer == NULL ? NULL : &new_signer->key;
    out->credential = credential;
    return TB_STATUS(TB_OK);
}

static tb_status commit(struct mls_session *session, const struct mls_commit_options *options,
                        struct tb_arena *arena, struct mls_commit_result *out, struct tb_why *why)
{
    struct mls_proposal *proposals;
    struct mls_extension *extensions;
    struct mls_psk_entry *psks;
    tb_bytes *references;
    struct mls_commit_out made;
    struct mls_own_leaf leaf;
    TRY(mls_session_own_leaf_of(session, options->new_signer, options->new_credential,
                                options->now_s, arena, &leaf));
    TRY(by_value(session, options, arena, &proposals));
    TRY(mls_convert_octets(options->references, options->reference_count, arena, &references));
    TRY(mls_convert_psks(options->psks, options->psk_count, arena, &psks));
    TRY(mls_convert_extensions(options->group_info_extensions,
                               options->group_info_extension_count, arena, &extensions));
    const struct mls_commit_params params = {
        .proposals = proposals,
        .proposal_count = options->proposal_count,
        .references = references,
        .reference_count = options->reference_count,
        .include_pending = !options->without_pending,
        .force_path = options->force_path,
        .as_public = options->as_public,
        .tree_in_welcome = options->tree_in_welcome,
        .aad = mls_convert_in(options->aad),
        .psks = psks,
        .psk_count = options->psk_count,
        .group_info_extensions = extensions,
        .group_info_extension_count = options->group_info_extension_count,
        .now_s = options->now_s,
        .leaf = leaf,
    };
    TRY(mls_group_commit(session->group, &params, arena, &made, why));
    session->is_whole_due = true;
    mls_session_commit_result(&made, out);
    return TB_STATUS(TB_OK);
}

int mls_session_commit(struct mls_session *session, const struct mls_commit_options *options,
                       struct mls_arena *arena, struct mls_commit_result *out,
                       struct mls_where *where)
{
    struct mls_commit_options known;
    struct tb_why why = { NULL, NULL, 0 };
    tb_status status = mls_convert_options(options, &known, sizeof known);
    if (tb_is_ok(status)) status = mls_convert_target(out);
    if (tb_is_ok(status)) status = commit(session, &known, arena->at, out, &why);
    if (!tb_is_ok(status)) mls_session_where(&why, where);
    return status.code;
}

/* ---------------------------------------------------------------- looking */

/* NULL when nothing of that kind is staged. */
static const struct mls_staged_view *view_of(const struct mls_session *session,
                                             enum mls_staged_whose whose)
{
    const struct mls_staged *staged = whose == MLS_STAGED_OWN ? session->group->pending
                                                              : session->group->staged;
    return staged == NULL ? NULL : mls_staged_view(staged);
}

int mls_session_staged(const struct mls_session *session, enum mls_staged_whose whose,
                       struct mls_staged_info *out)
{
    const struct mls_staged_view *view = view_of(session, whose);
    tb_status status = mls_convert_target(out);
    if (!tb_is_ok(status)) return status.code;
    if (view == NULL) return MLS_NO_PENDING;
    const struct mls_staged_info info = {
        .committer_type = view->committer_type,
        .committer_leaf = view->committer_leaf,
        .new_epoch = view->new_epoch,
        .new_group_context = mls_convert_out(view->new_group_context),
        .removes_us = view->removes_us,
        .proposal_count = view->proposal_count,
        .added_count = view->added_count,
        .removed_count = view->removed_count,
        .updated_count = view->updated_count,
    };
    mls_convert_result(out, &info, sizeof info);
    return MLS_OK;
}

int mls_session_staged_proposal(const struct mls_session *session, enum mls_staged_whose whose,
                                size_t index, struct mls_arena *arena,
                                struct mls_proposal_info *out)
{
    const struct mls_staged_view *view = view_of(session, whose);
    tb_status status = mls_convert_target(out);
    if (!tb_is_ok(status)) return status.code;
    if (view == NULL) return MLS_NO_PENDING;
    if (index >= view->proposal_count) return TB_NOT_FOUND;
    return mls_session_show_proposal(&view->proposals[index], (tb_bytes){ NULL, 0 }, arena->at,
                                     out).code;
}

int mls_session_staged_leaf(const struct mls_session *session, enum mls_staged_whose whose,
                            enum mls_staged_leaves which, size_t index, struct mls_arena *arena,
                            struct mls_leaf_info *out)
{
    const struct mls_staged_view *view = view_of(session, whose);
    const struct mls_leaf_view *list;
    size_t count;
    tb_status status = mls_convert_target(out);
    if (!tb_is_ok(status)) return status.code;
    if (view == NULL) return MLS_NO_PENDING;
    switch (which) {
    case MLS_LEAVES_ADDED: list = view->added; count = view->added_count; break;
    case MLS_LEAVES_REMOVED: list = view->removed; count = view->removed_count; break;
    case MLS_LEAVES_UPDATED: list = view->updated; count = view->updated_count; break;
    default: return MLS_ARGUMENT;
    }
    if (index >= count) return TB_NOT_FOUND;
    return mls_convert_leaf(list[index].node, list[index].leaf_index, arena->at, out).code;
}

/* ---------------------------------------------------------------- ending */

int mls_session_merge(struct mls_session *session, enum mls_staged_whose whose)
{
    tb_status status = whose == MLS_STAGED_OWN
                           ? mls_group_pending_merge(session->group)
                           : mls_group_merge(session->group, session->staged);
    if (!tb_is_ok(status)) return status.code;
    session->staged = NULL;
    session->is_whole_due = true;
    return MLS_OK;
}

void mls_session_clear(struct mls_session *session, enum mls_staged_whose whose)
{
    if (whose == MLS_STAGED_OWN) {
        mls_group_pending_clear(session->group);
        session->is_whole_due = true;
    } else {
        mls_group_drop(session->group, session->staged);
        session->staged = NULL;
    }
}

int mls_session_detach(struct mls_session *session, struct mls_detached **out)
{
    struct mls_detached *detached = tb_mem_take(&session->host->mem, sizeof *detached);
    if (detached == NULL) return TB_NO_SPACE;
    detached->session = session;
    tb_status status = mls_group_pending_detach(session->group, &detached->staged);
    if (tb_is_ok(status)) {
        session->is_whole_due = true;
        *out = detached;
    } else {
        tb_mem_give(&session->host->mem, detached, sizeof *detached);
    }
    return status.code;
}

int mls_session_attach(struct mls_session *session, struct mls_detached *detached)
{
    if (detached->session != session) return MLS_PENDING_FOREIGN;
    tb_status status = mls_group_pending_attach(session->group, detached->staged);
    if (!tb_is_ok(status)) return status.code;
    session->is_whole_due = true;
    tb_mem_give(&session->host->mem, detached, sizeof *detached);
    return MLS_OK;
}

void mls_detached_free(struct mls_detached *detached)
{
    if (detached == NULL) return;
    mls_group_pending_free(detached->staged);
    tb_mem_give(&detached->session->host->mem, detached, sizeof *detached);
}

/* ---------------------------------------------------------------- groups out of groups */

int mls_session_reinit(const struct mls_session *session, struct mls_arena *arena,
                       struct mls_proposal_spec *out)
{
    const struct mls_re_init *reinit = mls_group_reinit(session->group);
    struct mls_proposal_spec spec;
    tb_status status = mls_convert_target(out);
    if (!tb_is_ok(status)) return status.code;
    if (reinit == NULL) return MLS_GROUP_NO_REINIT;
    const struct mls_proposal proposal = {
        .proposal_type = MLS_PROPOSAL_REINIT,
        .of = { .reinit = (struct mls_re_init *)(uintptr_t)reinit },
    };
    status = mls_proposal_show(&proposal, arena->at, &spec);
    if (tb_is_ok(status)) mls_convert_result(out, &spec, sizeof spec);
    return status.code;
}

static tb_status subgroup(const struct mls_session *from, struct mls_session *session,
                          const struct mls_signer *signer,
                          const struct mls_subgroup_options *options, struct tb_arena *arena,
                          struct mls_commit_result *out, struct tb_why *why)
{
    struct mls_key_package_params leaf;
    struct mls_extension *extensions;
    struct mls_commit_out made;
    tb_bytes *key_packages;
    TRY(mls_convert_leaf_options(options->leaf, arena, &leaf));
    TRY(mls_convert_extensions(options->extensions, options->extension_count, arena,
                               &extensions));
    TRY(mls_convert_octets(options->key_packages, options->key_package_count, arena,
                           &key_packages));
    const struct mls_group_branch_params params = {
        .group_id = mls_convert_in(options->group_id),
        .extensions = extensions,
        .extension_count = options->extension_count,
        .signer = &signer->key,
        .not_before_s = leaf.not_before_s,
        .not_after_s = leaf.not_after_s,
        .extra = leaf.extra,
        .key_packages = key_packages,
        .key_package_count = options->key_package_count,
        .force_path = options->force_path,
        .tree_in_welcome = options->tree_in_welcome,
        .now_s = options->now_s,
    };
    const struct mls_env *env = &session->host->env;
    if (options->is_branch) {
        TRY(mls_group_branch(from->group, env, &params, arena, &session->group, &made, why));
    } else {
        TRY(mls_group_reinit_create(from->group, env, &params, arena, &session->group, &made,
                                    why));
    }
    const struct mls_credential_ask ask = mls_session_ask(session, options->now_s);
    TRY(mls_credential_ask_group(&ask, session->group));
    mls_session_commit_result(&made, out);
    return TB_STATUS(TB_OK);
}

int mls_session_subgroup(const struct mls_session *from, const struct mls_signer *signer,
                         const struct mls_subgroup_options *options, struct mls_arena *arena,
                         struct mls_session **session, struct mls_commit_result *out,
                         struct mls_where *where)
{
    struct mls_subgroup_options known;
    struct mls_session *made = NULL;
    struct tb_why why = { NULL, NULL, 0 };
    tb_status status = mls_convert_options(options, &known, sizeof known);
    if (tb_is_ok(status)) status = mls_convert_target(out);
    if (tb_is_ok(status)) status = mls_session_alloc(from->host->ctx, signer, NULL, &made);
    if (!tb_is_ok(status)) return status.code;
    status = subgroup(from, made, signer, &known, arena->at, out, &why);
    if (tb_is_ok(status)) {
        *session = made;
    } else {
        mls_session_where(&why, where);
        mls_session_free(made);
    }
    return status.code;
}
