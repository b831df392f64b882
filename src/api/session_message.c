/* A session's messages and proposals. */
#include "api/api.h"

int mls_session_protect(struct mls_session *session, struct mls_octets aad,
                        struct mls_octets content, size_t padding_size, struct mls_arena *arena,
                        struct mls_octets *message)
{
    tb_bytes made;
    tb_status status = mls_group_protect(session->group, mls_convert_in(aad),
                                         mls_convert_in(content), padding_size, arena->at, &made);
    if (!tb_is_ok(status)) return status.code;
    session->is_increment_due = true;
    *message = mls_convert_out(made);
    return MLS_OK;
}

/* ---------------------------------------------------------------- receiving */

/* What the application says of a proposal that was verified and kept; refused, it is dropped. */
static tb_status judge_proposal(struct mls_session *session, const struct mls_received *received,
                                uint64_t now_s)
{
    const struct mls_credential_ask ask = mls_session_ask(session, now_s);
    struct mls_leaf_view old = { .node = NULL };
    if (received->sender_type == MLS_SENDER_MEMBER) {
        (void)mls_group_leaf(session->group, received->sender_leaf, &old);
    }
    tb_status status = mls_credential_ask_proposal(&ask, received->proposal,
                                                   received->sender_leaf, old.node);
    if (!tb_is_ok(status)) {
        size_t count = mls_group_pending_proposal_count(session->group);
        mls_group_pending_proposal_drop(session->group, count - 1); /* the newest is last */
    }
    return status;
}

static tb_status judge_leaves(struct mls_session *session, const struct mls_staged_view *view,
                              uint64_t now_s)
{
    const struct mls_credential_ask ask = mls_session_ask(session, now_s);
    for (size_t i = 0; i < view->added_count; i++) {
        TRY(mls_credential_ask_leaf(&ask, MLS_CREDENTIAL_IN_ADD, view->added[i].leaf_index,
                                    view->added[i].node));
    }
    for (size_t i = 0; i < view->updated_count; i++) {
        const struct mls_leaf_view *leaf = &view->updated[i];
        struct mls_leaf_view old = { .node = NULL };
        bool is_old = mls_group_leaf(session->group, leaf->leaf_index, &old);
        TRY(mls_credential_ask_one(&ask, MLS_CREDENTIAL_IN_UPDATE, leaf->leaf_index,
                                   &leaf->node->credential,
                                   is_old ? &old.node->credential : NULL, leaf->signature_key));
    }
    return mls_credential_ask_context(&ask, view->new_group_context,
                                      mls_group_context(session->group));
}

static tb_status judge(struct mls_session *session, const struct mls_received *received,
                       uint64_t now_s)
{
    if (received->kind == MLS_RECEIVED_PROPOSAL) return judge_proposal(session, received, now_s);
    if (received->kind != MLS_RECEIVED_COMMIT) return TB_STATUS(TB_OK);
    tb_status status = judge_leaves(session, mls_staged_view(received->staged), now_s);
    if (tb_is_ok(status)) {
        session->staged = received->staged;
    } else {
        mls_group_drop(session->group, received->staged);
    }
    return status;
}

static tb_status receive(struct mls_session *session, tb_bytes message, uint64_t now_s,
                         const struct mls_psk *psks, size_t psk_count, struct tb_arena *arena,
                         struct mls_incoming *out, struct tb_why *why)
{
    struct mls_received received;
    struct mls_psk_entry *entries;
    TRY(mls_convert_psks(psks, psk_count, arena, &entries));
    TRY(mls_group_receive(session->group, message, now_s, entries, psk_count, arena, &received,
                          why));
    if (received.kind == MLS_RECEIVED_APPLICATION) {
        session->is_increment_due = true;
    } else if (received.kind == MLS_RECEIVED_PROPOSAL) {
        session->is_whole_due = true;
    }
    TRY(judge(session, &received, now_s));
    const struct mls_incoming incoming = {
        .kind = (enum mls_incoming_kind)received.kind,
        .epoch = received.epoch,
        .sender_type = received.sender_type,
        .sender_index = received.sender_leaf,
        .sender_identity = mls_convert_out(received.sender_identity),
        .authenticated_data = mls_convert_out(received.authenticated_data),
        .content = mls_convert_out(received.application_data),
        .signature = mls_convert_out(received.signature),
    };
    mls_convert_result(out, &incoming, sizeof incoming);
    return TB_STATUS(TB_OK);
}

_Static_assert((int)MLS_INCOMING_APPLICATION == (int)MLS_RECEIVED_APPLICATION &&
                   (int)MLS_INCOMING_PROPOSAL == (int)MLS_RECEIVED_PROPOSAL &&
                   (int)MLS_INCOMING_COMMIT == (int)MLS_RECEIVED_COMMIT &&
                   (int)MLS_INCOMING_OWN_COMMIT == (int)MLS_RECEIVED_OWN_COMMIT,
               "the kinds are the same");

int mls_session_receive(struct mls_session *session, struct mls_octets message, uint64_t now_s,
                        const struct mls_psk *psks, size_t psk_count, struct mls_arena *arena,
                        struct mls_incoming *out, struct mls_where *where)
{
    struct tb_why why = { NULL, NULL, 0 };
    tb_status status = mls_convert_target(out);
    if (!tb_is_ok(status)) return status.code;
    status = receive(session, mls_convert_in(message), now_s, psks, psk_count, arena->at, out,
                     &why);
    if (!tb_is_ok(status)) mls_session_where(&why, where);
    return status.code;
}

/* ---------------------------------------------------------------- proposals */

static tb_status propose_update(struct mls_session *session, const struct mls_proposal_spec *given,
                                tb_bytes aad, bool as_public, struct tb_arena *arena,
                                tb_bytes *out)
{
    struct mls_proposal_spec known;
    struct mls_own_leaf leaf;
    TRY(mls_convert_options(given, &known, sizeof known));
    bool is_same = known.credential.credential_type == 0;
    TRY(mls_session_own_leaf_of(session, known.new_signer, is_same ? NULL : &known.credential, 0,
                                arena, &leaf));
    return mls_group_propose_update(session->group, &leaf, aad, as_public, arena, out);
}

static tb_status propose(struct mls_session *session, const struct mls_proposal_spec *given,
                         struct mls_octets aad, bool as_public, struct tb_arena *arena,
                         struct mls_octets *message)
{
    struct mls_proposal proposal;
    const struct mls_credential_ask ask = mls_session_ask(session, 0);
    tb_bytes made;
    TRY(mls_proposal_make(&session->host->env, given, arena, &proposal));
    TRY(mls_credential_ask_proposal(&ask, &proposal, UINT32_MAX, NULL));
    if (proposal.proposal_type == MLS_PROPOSAL_UPDATE) {
        TRY(propose_update(session, given, mls_convert_in(aad), as_public, arena, &made));
    } else {
        TRY(mls_group_propose(session->group, &proposal, mls_convert_in(aad), as_public, arena,
                              &made));
    }
    session->is_whole_due = true;
    *message = mls_convert_out(made);
    return TB_STATUS(TB_OK);
}

int mls_session_propose(struct mls_session *session, const struct mls_proposal_spec *proposal,
                        struct mls_octets aad, bool as_public, struct mls_arena *arena,
                        struct mls_octets *message)
{
    return propose(session, proposal, aad, as_public, arena->at, message).code;
}

size_t mls_session_proposal_count(const struct mls_session *session)
{
    return mls_group_pending_proposal_count(session->group);
}

tb_status mls_session_show_proposal(const struct mls_staged_proposal *staged, tb_bytes ref,
                                    struct tb_arena *arena, struct mls_proposal_info *out)
{
    struct mls_proposal_spec *shown = tb_arena_take(arena, 1, sizeof *shown);
    if (shown == NULL) return TB_STATUS(TB_NO_SPACE);
    TRY(mls_proposal_show(staged->proposal, arena, shown));
    const struct mls_proposal_info info = {
        .proposal = shown,
        .sender_type = staged->sender_type,
        .sender_index = staged->sender_index,
        .by_reference = staged->by_reference,
        .authenticated_data = mls_convert_out(staged->authenticated_data),
        .ref = mls_convert_out(ref),
    };
    mls_convert_result(out, &info, sizeof info);
    return TB_STATUS(TB_OK);
}

int mls_session_proposal(const struct mls_session *session, size_t index, struct mls_arena *arena,
                         struct mls_proposal_info *out)
{
    struct mls_staged_proposal pending;
    tb_bytes ref;
    tb_status status = mls_convert_target(out);
    if (!tb_is_ok(status)) return status.code;
    if (!mls_group_pending_proposal(session->group, index, &pending) ||
        !mls_group_pending_proposal_ref(session->group, index, &ref)) {
        return TB_NOT_FOUND;
    }
    return mls_session_show_proposal(&pending, ref, arena->at, out).code;
}

void mls_session_proposal_drop(struct mls_session *session, size_t index)
{
    mls_group_pending_proposal_drop(session->group, index);
    session->is_whole_due = true;
}

bool mls_session_must_commit(const struct mls_session *session)
{
    return mls_group_must_commit(session->group);
}
