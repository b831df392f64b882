/* Handshakes that must be refused, and commits that wait: RFC 9420, sections 6.2, 12 and 14. */
#include "tests/support.h"

#include "tests/unit/mls_party.h"

static const tb_bytes NO_AAD = { NULL, 0 };
static const struct mls_commit_params empty = { .as_public = true };

static void every_changed_octet_of_a_public_commit_is_noticed(void **state)
{
    (void)state;
    struct party p;
    struct mls_commit_out out;
    struct mls_received received;
    party_start(&p, 0x0003, 1, 3);
    assert_ok(mls_group_commit(p.member[0].group, &empty, &p.arena, &out, NULL));
    for (size_t at = 0; at < out.commit.len; at++) {
        tb_status status = party_receive(&p, 1, party_spoil(&p, out.commit, at), &received);
        assert_int_not_equal(status.code, TB_OK);
    }
    for (size_t len = 0; len < out.commit.len; len++) {
        tb_status status = party_receive(&p, 1, (tb_bytes){ out.commit.data, len }, &received);
        assert_int_not_equal(status.code, TB_OK);
    }
    assert_ok(party_receive(&p, 1, out.commit, &received));
    mls_group_drop(p.member[1].group, received.staged);
    party_deliver(&p, 0, out.commit);
    assert_ok(mls_group_pending_merge(p.member[0].group));
    party_assert_agreement(&p);
    party_end(&p);
}

static void a_dropped_commit_leaves_no_trace_even_in_a_private_message(void **state)
{
    (void)state;
    struct party p;
    struct mls_commit_out out;
    struct mls_received received;
    const struct mls_commit_params params = { .as_public = false };
    party_start(&p, 0x0003, 2, 2);
    tb_bytes before;
    assert_ok(tb_arena_dup(&p.arena, mls_group_context(p.member[1].group), &before));
    assert_ok(mls_group_commit(p.member[0].group, &params, &p.arena, &out, NULL));
    assert_ok(party_receive(&p, 1, out.commit, &received));
    struct mls_received second = { .staged = NULL };
    assert_status(party_receive(&p, 1, out.commit, &second), MLS_COMMIT_STAGED);
    assert_null(second.staged); /* outputs are written only on success */
    mls_group_drop(p.member[1].group, received.staged);
    assert_bytes(mls_group_context(p.member[1].group), before);
    assert_ok(party_receive(&p, 1, out.commit, &received)); /* its key was not spent */
    assert_ok(mls_group_merge(p.member[1].group, received.staged));
    assert_ok(mls_group_pending_merge(p.member[0].group));
    party_assert_agreement(&p);
    party_end(&p);
}

static void a_commit_of_another_epoch_is_refused(void **state)
{
    (void)state;
    struct party p;
    struct mls_commit_out first, second;
    struct mls_received received;
    party_start(&p, 0x0003, 3, 3);
    assert_ok(mls_group_commit(p.member[0].group, &empty, &p.arena, &first, NULL));
    assert_ok(mls_group_commit(p.member[1].group, &empty, &p.arena, &second, NULL));
    /* The first wins; the loser drops its own, by merging the winner's. */
    party_deliver(&p, 0, first.commit);
    assert_ok(mls_group_pending_merge(p.member[0].group));
    assert_false(mls_group_has_pending(p.member[1].group));
    party_assert_agreement(&p);
    assert_status(party_receive(&p, 2, second.commit, &received), MLS_EPOCH);
    assert_status(party_receive(&p, 2, first.commit, &received), MLS_EPOCH);
    party_end(&p);
}

static void an_own_commit_is_known_when_it_comes_back(void **state)
{
    (void)state;
    struct party p;
    struct mls_commit_out out, again;
    struct mls_received received;
    party_start(&p, 0x0003, 4, 2);
    assert_status(mls_group_pending_merge(p.member[0].group), MLS_NO_PENDING);
    assert_ok(mls_group_commit(p.member[0].group, &empty, &p.arena, &out, NULL));
    assert_ok(mls_group_commit(p.member[0].group, &empty, &p.arena, &again, NULL));
    assert_false(mls_group_is_own_pending(p.member[0].group, out.commit)); /* replaced */
    assert_status(party_receive(&p, 0, out.commit, &received), MLS_OWN_MESSAGE);
    assert_ok(party_receive(&p, 0, again.commit, &received));
    assert_int_equal(received.kind, MLS_RECEIVED_OWN_COMMIT);
    party_deliver(&p, 0, again.commit);
    assert_ok(mls_group_pending_merge(p.member[0].group));
    party_assert_agreement(&p);
    assert_ok(mls_group_commit(p.member[0].group, &empty, &p.arena, &out, NULL));
    mls_group_pending_clear(p.member[0].group);
    assert_false(mls_group_has_pending(p.member[0].group));
    party_assert_agreement(&p);
    party_end(&p);
}

static void a_commit_may_only_refer_to_what_was_seen(void **state)
{
    (void)state;
    struct party p;
    struct mls_commit_out out;
    struct mls_received received;
    struct mls_remove remove = { 2 };
    tb_bytes message;
    const struct mls_proposal removal = { .proposal_type = MLS_PROPOSAL_REMOVE,
                                          .of = { .remove = &remove } };
    const struct mls_commit_params params = { .include_pending = true, .as_public = true };
    party_start(&p, 0x0003, 5, 4);
    assert_ok(mls_group_propose(p.member[0].group, &removal, NO_AAD, true, &p.arena, &message));
    assert_ok(mls_group_commit(p.member[0].group, &params, &p.arena, &out, NULL));
    assert_status(party_receive(&p, 1, out.commit, &received), MLS_PROPOSALS_UNKNOWN_REF);
    assert_ok(party_receive(&p, 1, message, &received));
    assert_int_equal(received.kind, MLS_RECEIVED_PROPOSAL);
    assert_status(party_receive(&p, 1, message, &received), MLS_PENDING_TWICE);
    assert_ok(party_receive(&p, 1, out.commit, &received));
    party_end(&p);
}

static void proposals_that_exclude_each_other_are_not_committed_together(void **state)
{
    (void)state;
    struct party p;
    struct mls_commit_out out;
    struct mls_remove remove = { 2 };
    tb_bytes message;
    const struct mls_proposal removal = { .proposal_type = MLS_PROPOSAL_REMOVE,
                                          .of = { .remove = &remove } };
    const struct mls_proposal leave = { .proposal_type = MLS_PROPOSAL_SELF_REMOVE };
    const struct mls_proposal update = { .proposal_type = MLS_PROPOSAL_UPDATE };
    party_start(&p, 0x0003, 6, 4);
    assert_ok(mls_group_propose(p.member[1].group, &removal, NO_AAD, true, &p.arena, &message));
    party_deliver(&p, 1, message);
    assert_ok(mls_group_propose(p.member[2].group, &update, NO_AAD, true, &p.arena, &message));
    party_deliver(&p, 2, message);
    assert_ok(mls_group_propose(p.member[2].group, &leave, NO_AAD, true, &p.arena, &message));
    party_deliver(&p, 2, message);
    const struct mls_commit_params params = { .include_pending = true, .as_public = true };
    assert_ok(mls_group_commit(p.member[0].group, &params, &p.arena, &out, NULL));
    struct mls_received received;
    assert_ok(party_receive(&p, 3, out.commit, &received));
    const struct mls_staged_view *view = mls_staged_view(received.staged);
    assert_int_equal(view->proposal_count, 1);
    assert_int_equal(view->proposals[0].proposal->proposal_type, MLS_PROPOSAL_SELF_REMOVE);
    assert_int_equal(view->proposals[0].sender_index, 2);
    assert_true(view->proposals[0].by_reference);
    party_end(&p);
}

static void policy_can_drop_a_pending_proposal(void **state)
{
    (void)state;
    struct party p;
    struct mls_remove remove = { 2 };
    struct mls_staged_proposal pending;
    tb_bytes message;
    const struct mls_proposal removal = { .proposal_type = MLS_PROPOSAL_REMOVE,
                                          .of = { .remove = &remove } };
    party_start(&p, 0x0003, 7, 3);
    assert_ok(mls_group_propose(p.member[1].group, &removal, TB_LITERAL("why"), true, &p.arena,
                                &message));
    party_deliver(&p, 1, message);
    assert_true(mls_group_pending_proposal(p.member[0].group, 0, &pending));
    assert_int_equal(pending.sender_index, 1);
    assert_bytes(pending.authenticated_data, TB_LITERAL("why"));
    assert_false(mls_group_pending_proposal(p.member[0].group, 1, &pending));
    mls_group_pending_proposal_drop(p.member[0].group, 1); /* nothing there: nothing happens */
    mls_group_pending_proposal_drop(p.member[0].group, 0);
    assert_int_equal(mls_group_pending_proposal_count(p.member[0].group), 0);
    assert_false(mls_group_must_commit(p.member[0].group));
    /* Whoever commits it nevertheless is not followed, and it does not come in by a replay. */
    struct mls_commit_out out;
    struct mls_received received;
    const struct mls_commit_params params = { .include_pending = true, .as_public = true };
    assert_ok(mls_group_commit(p.member[1].group, &params, &p.arena, &out, NULL));
    assert_status(party_receive(&p, 0, out.commit, &received), MLS_PROPOSALS_UNKNOWN_REF);
    assert_status(party_receive(&p, 0, message, &received), MLS_PENDING_TWICE);
    party_end(&p);
}

static void replays_of_a_proposal_take_no_memory(void **state)
{
    (void)state;
    struct party p;
    struct mls_received received;
    tb_bytes message;
    const struct mls_proposal leave = { .proposal_type = MLS_PROPOSAL_SELF_REMOVE };
    party_start(&p, 0x0003, 14, 2);
    assert_ok(mls_group_propose(p.member[1].group, &leave, NO_AAD, true, &p.arena, &message));
    assert_ok(party_receive(&p, 0, message, &received));
    struct tb_arena arena;
    size_t used = p.heap.mem.used_bytes;
    for (int i = 0; i < 100; i++) {
        tb_arena_init(&arena, &p.heap.mem, SIZE_MAX);
        assert_status(mls_group_receive(p.member[0].group, message, 0, NULL, 0, &arena, &received,
                                        NULL),
                      MLS_PENDING_TWICE);
        tb_arena_wipe(&arena);
        assert_int_equal(p.heap.mem.used_bytes, used);
    }
    party_end(&p);
}

/* ---- senders from outside ---- */

struct hub {
    struct crypto_signing_key key;
    struct mls_extension extension;
};

static void start_with_hub(struct party *p, struct hub *hub, uint64_t seed)
{
    struct wire_opaque identity = { TB_LITERAL("hub") };
    party_init(p, 0x0003, seed);
    assert_ok(crypto_signing_key_new(&p->suite, &p->rng.rng, &hub->key));
    struct mls_external_sender sender = {
        crypto_signing_key_public(&hub->key), { MLS_CREDENTIAL_BASIC, { .identity = &identity } }
    };
    const struct mls_external_senders senders = { { &sender, 1 } };
    hub->extension.extension_type = MLS_EXTENSION_EXTERNAL_SENDERS;
    assert_ok(wire_encode(&mls_external_senders_desc, &senders, &p->arena,
                          &hub->extension.extension_data));
    party_create_with(p, &hub->extension, 1);
    party_add(p, 0, 1);
    party_add(p, 0, 2);
}

static tb_bytes external_proposal(struct party *p, const struct crypto_signing_key *key,
                                  uint32_t sender_index, const struct mls_proposal *proposal)
{
    struct wire_u32 index = { sender_index };
    struct mls_framed framed = { .wire_format = MLS_WIRE_PUBLIC_MESSAGE };
    tb_bytes signature, message;
    const struct mls_framed_content content = {
        .group_id = mls_group_id(p->member[0].group),
        .epoch = mls_group_epoch(p->member[0].group),
        .sender = { MLS_SENDER_EXTERNAL, { .sender_index = &index } },
        .authenticated_data = TB_LITERAL("decision 7"),
        .content_type = MLS_CONTENT_PROPOSAL,
        .of = { .proposal = (struct mls_proposal *)(uintptr_t)proposal },
    };
    assert_ok(mls_framing_sign(&p->suite, key, framed.wire_format, &content, NO_AAD, &p->arena,
                               &framed.content, &signature));
    assert_ok(mls_framing_auth(signature, NO_AAD, &p->arena, &framed.auth));
    assert_ok(mls_framing_public(&framed, NO_AAD, &p->arena, &message));
    return message;
}

static void an_external_senders_remove_is_carried_out_first(void **state)
{
    (void)state;
    struct party p;
    struct hub hub;
    struct mls_commit_out out;
    struct mls_received received;
    struct mls_remove remove = { 2 };
    tb_bytes leave_message;
    const struct mls_proposal removal = { .proposal_type = MLS_PROPOSAL_REMOVE,
                                          .of = { .remove = &remove } };
    const struct mls_proposal leave = { .proposal_type = MLS_PROPOSAL_SELF_REMOVE };
    start_with_hub(&p, &hub, 8);
    assert_ok(mls_group_propose(p.member[2].group, &leave, NO_AAD, true, &p.arena,
                                &leave_message));
    party_deliver(&p, 2, leave_message);
    party_deliver(&p, PARTY_MAX, external_proposal(&p, &hub.key, 0, &removal));
    const struct mls_commit_params params = { .include_pending = true, .as_public = true };
    assert_ok(mls_group_commit(p.member[1].group, &params, &p.arena, &out, NULL));
    assert_ok(party_receive(&p, 0, out.commit, &received));
    const struct mls_staged_view *view = mls_staged_view(received.staged);
    assert_int_equal(view->proposal_count, 1);
    assert_int_equal(view->proposals[0].sender_type, MLS_SENDER_EXTERNAL);
    assert_bytes(view->proposals[0].authenticated_data, TB_LITERAL("decision 7"));
    party_end(&p);
}

static void only_listed_external_senders_are_heard(void **state)
{
    (void)state;
    struct party p;
    struct hub hub;
    struct mls_received received;
    struct mls_remove remove = { 2 }, nobody = { 3 };
    const struct mls_proposal removal = { .proposal_type = MLS_PROPOSAL_REMOVE,
                                          .of = { .remove = &remove } };
    const struct mls_proposal of_nobody = { .proposal_type = MLS_PROPOSAL_REMOVE,
                                            .of = { .remove = &nobody } };
    const struct mls_proposal leave = { .proposal_type = MLS_PROPOSAL_SELF_REMOVE };
    start_with_hub(&p, &hub, 9);
    assert_status(party_receive(&p, 1, external_proposal(&p, &hub.key, 1, &removal), &received),
                  MLS_SENDER);
    assert_status(party_receive(&p, 1, external_proposal(&p, &p.member[0].signer, 0, &removal),
                                &received),
                  MLS_CONTENT_SIGNATURE);
    assert_status(party_receive(&p, 1, external_proposal(&p, &hub.key, 0, &of_nobody), &received),
                  MLS_TREE_LEAF);
    assert_status(party_receive(&p, 1, external_proposal(&p, &hub.key, 0, &leave), &received),
                  MLS_PROPOSALS_INVALID_SENDER);
    assert_ok(party_receive(&p, 1, external_proposal(&p, &hub.key, 0, &removal), &received));
    assert_int_equal(received.sender_type, MLS_SENDER_EXTERNAL);
    party_end(&p);
}

static void a_membership_tag_keeps_outsiders_from_speaking_as_members(void **state)
{
    (void)state;
    struct party p;
    struct mls_received received;
    struct mls_message decoded;
    struct mls_remove remove = { 2 };
    tb_bytes message, forged;
    const struct mls_proposal removal = { .proposal_type = MLS_PROPOSAL_REMOVE,
                                          .of = { .remove = &remove } };
    party_start(&p, 0x0003, 10, 3);
    assert_ok(mls_group_propose(p.member[0].group, &removal, NO_AAD, true, &p.arena, &message));
    assert_status(party_receive(&p, 1, party_spoil(&p, message, message.len - 1), &received),
                  MLS_MEMBERSHIP_TAG);
    assert_ok(mls_framing_message(message, &p.arena, &decoded, NULL));
    struct mls_framed framed = mls_framing_of(MLS_WIRE_PUBLIC_MESSAGE,
                                              &decoded.of.public_message->authenticated);
    uint8_t zeros[32] = { 0 };
    assert_ok(mls_framing_public(&framed, TB_ARRAY(zeros), &p.arena, &forged));
    assert_status(party_receive(&p, 1, forged, &received), MLS_MEMBERSHIP_TAG);
    party_end(&p);
}

static void foreign_messages_are_refused_by_cause(void **state)
{
    (void)state;
    struct party p, other;
    struct mls_received received;
    struct party_key_package key_package;
    tb_bytes message;
    party_start(&p, 0x0003, 11, 2);
    party_start(&other, 0x0003, 12, 2);
    message = party_protect(&p, 0, TB_LITERAL("x"));
    assert_status(party_receive(&p, 1, party_spoil(&p, message, 1), &received), MLS_VERSION);
    /* Same group id, other secrets. */
    assert_status(party_receive(&other, 1, message, &received), CRYPTO_DECRYPT);
    assert_status(party_receive(&p, 1, party_spoil(&p, message, 6), &received), MLS_GROUP_ID);
    party_key_package(&p, 2, &key_package);
    assert_ok(mls_framing_wrap(MLS_WIRE_KEY_PACKAGE, key_package.encoded, &p.arena, &message));
    assert_status(party_receive(&p, 1, message, &received), MLS_WIRE_FORMAT);
    party_end(&p);
    party_end(&other);
}

static void a_commit_that_breaks_a_rule_is_not_made(void **state)
{
    (void)state;
    struct party p;
    struct mls_commit_out out;
    struct party_key_package twin;
    struct mls_remove own = { 0 }, twice = { 1 };
    const struct mls_proposal remove_own = { .proposal_type = MLS_PROPOSAL_REMOVE,
                                             .of = { .remove = &own } };
    const struct mls_proposal removals[] = {
        { .proposal_type = MLS_PROPOSAL_REMOVE, .of = { .remove = &twice } },
        { .proposal_type = MLS_PROPOSAL_REMOVE, .of = { .remove = &twice } },
    };
    const struct mls_proposal leave = { .proposal_type = MLS_PROPOSAL_SELF_REMOVE };
    struct mls_commit_params params = { .as_public = true };
    party_start(&p, 0x0003, 13, 3);
    params.proposals = &remove_own;
    params.proposal_count = 1;
    assert_status(mls_group_commit(p.member[0].group, &params, &p.arena, &out, NULL),
                  MLS_PROPOSALS_REMOVE_OWN);
    params.proposals = removals;
    params.proposal_count = 2;
    assert_status(mls_group_commit(p.member[0].group, &params, &p.arena, &out, NULL),
                  MLS_PROPOSALS_LEAF_TWICE);
    params.proposals = &leave;
    params.proposal_count = 1;
    assert_status(mls_group_commit(p.member[0].group, &params, &p.arena, &out, NULL),
                  MLS_PROPOSALS_SELF_REMOVE);
    party_key_package(&p, 1, &twin); /* the same signature key a second time */
    params.proposals = &twin.proposal;
    assert_status(mls_group_commit(p.member[0].group, &params, &p.arena, &out, NULL),
                  MLS_TREE_SIGNATURE_KEY_TWICE);
    assert_false(mls_group_has_pending(p.member[0].group));
    party_assert_agreement(&p);
    party_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_changed_octet_of_a_public_commit_is_noticed),
        cmocka_unit_test(a_dropped_commit_leaves_no_trace_even_in_a_private_message),
        cmocka_unit_test(a_commit_of_another_epoch_is_refused),
        cmocka_unit_test(an_own_commit_is_known_when_it_comes_back),
        cmocka_unit_test(a_commit_may_only_refer_to_what_was_seen),
        cmocka_unit_test(proposals_that_exclude_each_other_are_not_committed_together),
        cmocka_unit_test(policy_can_drop_a_pending_proposal),
        cmocka_unit_test(replays_of_a_proposal_take_no_memory),
        cmocka_unit_test(an_external_senders_remove_is_carried_out_first),
        cmocka_unit_test(only_listed_external_senders_are_heard),
        cmocka_unit_test(a_membership_tag_keeps_outsiders_from_speaking_as_members),
        cmocka_unit_test(foreign_messages_are_refused_by_cause),
        cmocka_unit_test(a_commit_that_breaks_a_rule_is_not_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
