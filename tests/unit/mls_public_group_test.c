/* A delivery service follows real members: what it takes up, describes, merges and stores. */
#include "tests/unit/mls_public_fixture.h"

static const tb_bytes nothing = { NULL, 0 };

static struct mls_commit_params commit_of(const struct mls_proposal *proposals, size_t count)
{
    return (struct mls_commit_params){
        .proposals = proposals,
        .proposal_count = count,
        .force_path = true,
        .as_public = true,
        .tree_in_welcome = true,
        .now_s = PARTY_NOW_S,
    };
}

/* ---------------------------------------------------------------- following */

static void the_hub_follows_adds_removes_and_empty_commits_to_the_same_context(void **state)
{
    (void)state;
    static const uint16_t suites[] = { 1, 3 };
    for (size_t i = 0; i < 2; i++) {
        struct room r;
        struct mls_commit_out out;
        struct party_key_package newcomer;
        room_create(&r, suites[i], TB_LITERAL("\x04\0\x22\1x"));
        for (size_t j = 1; j < 4; j++) party_add(&r.p, 0, j);
        assert_ok(room_open(&r, 0, &r.hub));
        room_assert_agreement(&r);

        struct mls_commit_params params = commit_of(NULL, 0);
        room_commit(&r, 2, &params, &out);
        room_commit(&r, 1, &params, &out);

        party_key_package(&r.p, 4, &newcomer);
        params = commit_of(&newcomer.proposal, 1);
        room_commit(&r, 3, &params, &out);
        party_join(&r.p, 4, &newcomer, out.welcome, nothing);
        mls_key_package_secrets_wipe(&newcomer.secrets);

        struct mls_remove remove = { 1 };
        const struct mls_proposal proposal = { .proposal_type = MLS_PROPOSAL_REMOVE,
                                               .of = { .remove = &remove } };
        params = commit_of(&proposal, 1);
        room_commit(&r, 4, &params, &out);
        params = commit_of(NULL, 0);
        room_commit(&r, 0, &params, &out);
        struct mls_public_leaf leaf;
        assert_false(mls_public_group_leaf(r.hub, 1, &leaf));
        assert_true(mls_public_group_leaf(r.hub, 4, &leaf));
        assert_bytes(leaf.identity, party_name(&r.p, 4));
        room_end(&r);
    }
}

static void a_staged_commit_is_described_and_changes_nothing_before_merge(void **state)
{
    (void)state;
    struct room r;
    struct mls_commit_out out;
    struct party_key_package newcomer;
    struct mls_public_staged *staged, *second;
    tb_bytes data;
    room_begin(&r, 4);
    party_key_package(&r.p, 5, &newcomer);
    struct mls_remove remove = { 2 };
    struct wire_opaque value = { TB_LITERAL("new list") };
    struct mls_app_data_update update = { 0x22, MLS_APP_DATA_UPDATE, { .update = &value } };
    const struct mls_proposal proposals[] = {
        newcomer.proposal,
        { .proposal_type = MLS_PROPOSAL_REMOVE, .of = { .remove = &remove } },
        { .proposal_type = MLS_PROPOSAL_APP_DATA_UPDATE, .of = { .app_data_update = &update } },
    };
    const struct mls_commit_params params = commit_of(proposals, 3);
    assert_ok(mls_group_commit(r.p.member[1].group, &params, &r.p.arena, &out, NULL));

    size_t before_bytes = mls_public_group_bytes(r.hub);
    tb_bytes before;
    assert_ok(tb_arena_dup(&r.p.arena, mls_public_group_context(r.hub), &before));
    assert_ok(mls_public_group_stage(r.hub, out.commit, out.group_info, PARTY_NOW_S, &staged,
                                     NULL));
    const struct mls_public_commit_view *view = mls_public_staged_view(staged);
    assert_int_equal(view->committer_type, MLS_SENDER_MEMBER);
    assert_int_equal(view->committer_leaf, 1);
    assert_int_equal(view->proposal_count, 3);
    assert_int_equal(view->proposals[1].sender_index, 1);
    assert_false(view->proposals[1].by_reference);
    assert_int_equal(view->added_count, 1);
    assert_int_equal(view->added[0].leaf_index, 2); /* the place of the removed */
    assert_bytes(view->added[0].identity, party_name(&r.p, 5));
    assert_bytes(view->added[0].signature_key, crypto_signing_key_public(&r.p.member[5].signer));
    assert_int_equal(view->removed_count, 1);
    assert_int_equal(view->removed[0].leaf_index, 2);
    assert_bytes(view->removed[0].identity, party_name(&r.p, 2));
    assert_int_equal(view->updated_count, 1);
    assert_int_equal(view->updated[0].leaf_index, 1);
    assert_int_equal(view->new_epoch, mls_public_group_epoch(r.hub) + 1);
    assert_true(mls_public_staged_component(staged, 0x22, &data));
    assert_bytes(data, value.value);
    assert_false(mls_public_staged_component(staged, 0x23, &data));

    assert_bytes(mls_public_group_context(r.hub), before);
    assert_true(mls_public_group_component(r.hub, 0x22, &data));
    assert_bytes(data, TB_LITERAL("x"));
    assert_status(room_stage(&r, out.commit, &second), MLS_COMMIT_STAGED);
    mls_public_group_drop(r.hub, staged);
    assert_int_equal(mls_public_group_bytes(r.hub), before_bytes);
    assert_bytes(mls_public_group_context(r.hub), before);

    assert_ok(room_stage(&r, out.commit, &staged));
    assert_ok(mls_public_group_merge(r.hub, staged));
    party_deliver(&r.p, 1, out.commit);
    assert_ok(mls_group_pending_merge(r.p.member[1].group));
    room_assert_agreement(&r);
    mls_key_package_secrets_wipe(&newcomer.secrets);
    room_end(&r);
}

static void a_self_remove_travels_by_reference_with_its_sender(void **state)
{
    (void)state;
    struct room r;
    struct mls_commit_out out;
    struct mls_public_proposal kept;
    struct mls_public_staged *staged;
    tb_bytes message;
    room_begin(&r, 4);
    const struct mls_proposal leave = { .proposal_type = MLS_PROPOSAL_SELF_REMOVE };
    assert_ok(mls_group_propose(r.p.member[3].group, &leave, nothing, true, &r.p.arena, &message));
    assert_ok(room_propose(&r, message, &kept));
    assert_int_equal(kept.proposal->proposal_type, MLS_PROPOSAL_SELF_REMOVE);
    assert_int_equal(kept.sender_type, MLS_SENDER_MEMBER);
    assert_int_equal(kept.sender_index, 3);
    assert_true(kept.by_reference);
    assert_int_equal(mls_public_group_pending_count(r.hub), 1);
    party_deliver(&r.p, 3, message);

    struct mls_commit_params params = commit_of(NULL, 0);
    params.include_pending = true;
    assert_ok(mls_group_commit(r.p.member[0].group, &params, &r.p.arena, &out, NULL));
    assert_ok(room_stage(&r, out.commit, &staged));
    const struct mls_public_commit_view *view = mls_public_staged_view(staged);
    assert_int_equal(view->proposal_count, 1);
    assert_true(view->proposals[0].by_reference);
    assert_int_equal(view->proposals[0].sender_index, 3);
    assert_bytes(view->proposals[0].ref, kept.ref);
    assert_int_equal(view->removed_count, 1);
    assert_int_equal(view->removed[0].leaf_index, 3);
    /* Dropping the pending proposal now does not pull it away from under the commit. */
    mls_public_group_pending_drop(r.hub, kept.ref);
    assert_int_equal(mls_public_group_pending_count(r.hub), 0);
    assert_int_equal(view->proposals[0].proposal->proposal_type, MLS_PROPOSAL_SELF_REMOVE);
    assert_ok(mls_public_group_merge(r.hub, staged));
    party_deliver(&r.p, 0, out.commit);
    assert_ok(mls_group_pending_merge(r.p.member[0].group));
    room_assert_agreement(&r);
    room_end(&r);
}

static void proposals_of_the_external_sender_are_kept_committed_and_forgotten_at_merge(void **state)
{
    (void)state;
    struct room r;
    struct mls_commit_out out;
    struct mls_public_proposal kept;
    tb_bytes message, ref, data;
    room_begin(&r, 3);
    struct mls_remove remove = { 2 };
    const struct mls_proposal ban = { .proposal_type = MLS_PROPOSAL_REMOVE,
                                      .of = { .remove = &remove } };
    struct wire_opaque value = { TB_LITERAL("banned") };
    struct mls_app_data_update update = { 0x22, MLS_APP_DATA_UPDATE, { .update = &value } };
    const struct mls_proposal role = { .proposal_type = MLS_PROPOSAL_APP_DATA_UPDATE,
                                       .of = { .app_data_update = &update } };
    const struct mls_proposal *const proposals[] = { &role, &ban };
    for (size_t i = 0; i < 2; i++) {
        assert_ok(mls_public_group_external(r.hub, 0, &r.hub_key, proposals[i],
                                            TB_LITERAL("why"), &r.p.arena, &message, &ref));
        assert_ok(room_propose(&r, message, &kept));
        assert_bytes(kept.ref, ref);
        assert_bytes(kept.authenticated_data, TB_LITERAL("why"));
        assert_int_equal(kept.sender_type, MLS_SENDER_EXTERNAL);
        assert_int_equal(kept.sender_index, 0);
        party_deliver(&r.p, PARTY_MAX, message);
    }
    assert_true(mls_public_group_pending(r.hub, 1, &kept));
    assert_int_equal(kept.proposal->proposal_type, MLS_PROPOSAL_REMOVE);
    assert_false(mls_public_group_pending(r.hub, 2, &kept));
    struct mls_commit_params params = commit_of(NULL, 0);
    params.include_pending = true;
    room_commit(&r, 1, &params, &out);
    assert_int_equal(mls_public_group_pending_count(r.hub), 0);
    assert_true(mls_public_group_component(r.hub, 0x22, &data));
    assert_bytes(data, TB_LITERAL("banned"));
    struct mls_public_leaf leaf;
    assert_false(mls_public_group_leaf(r.hub, 2, &leaf));
    room_end(&r);
}

static void a_key_that_is_not_the_external_senders_makes_no_proposal(void **state)
{
    (void)state;
    struct room r;
    tb_bytes message, ref;
    room_begin(&r, 2);
    struct mls_remove remove = { 1 };
    const struct mls_proposal ban = { .proposal_type = MLS_PROPOSAL_REMOVE,
                                      .of = { .remove = &remove } };
    const struct mls_proposal leave = { .proposal_type = MLS_PROPOSAL_SELF_REMOVE };
    assert_status(mls_public_group_external(r.hub, 0, &r.p.member[0].signer, &ban, nothing,
                                            &r.p.arena, &message, &ref),
                  MLS_SENDER);
    assert_status(mls_public_group_external(r.hub, 1, &r.hub_key, &ban, nothing, &r.p.arena,
                                            &message, &ref),
                  MLS_SENDER);
    assert_status(mls_public_group_external(r.hub, 0, &r.hub_key, &leave, nothing, &r.p.arena,
                                            &message, &ref),
                  MLS_PROPOSALS_INVALID_SENDER);
    room_end(&r);
}

static void new_extensions_replace_the_old_ones(void **state)
{
    (void)state;
    struct room r;
    struct mls_commit_out out;
    room_begin(&r, 2);
    struct mls_group_context context;
    assert_ok(wire_decode(&mls_group_context_desc, mls_public_group_context(r.hub), &r.p.arena,
                          &context, NULL));
    struct mls_group_context_extensions next = { .mark_start = NULL };
    next.extensions.at = context.extensions.at; /* all but the external senders */
    next.extensions.at[1] = next.extensions.at[2];
    next.extensions.count = 2;
    const struct mls_proposal proposal = {
        .proposal_type = MLS_PROPOSAL_GROUP_CONTEXT_EXTENSIONS,
        .of = { .group_context_extensions = &next },
    };
    const struct mls_commit_params params = commit_of(&proposal, 1);
    assert_int_not_equal(
        mls_public_group_extension(r.hub, MLS_EXTENSION_EXTERNAL_SENDERS).len, 0);
    room_commit(&r, 1, &params, &out);
    assert_int_equal(mls_public_group_extension(r.hub, MLS_EXTENSION_EXTERNAL_SENDERS).len, 0);
    room_end(&r);
}

/* ---------------------------------------------------------------- storing */

static void a_group_is_stored_and_read_back_with_its_pending_proposals(void **state)
{
    (void)state;
    struct room r;
    struct mls_commit_out out;
    struct mls_public_proposal kept, again;
    struct tb_buf blob, blob_again;
    tb_bytes message;
    room_begin(&r, 4);
    struct mls_commit_params params = commit_of(NULL, 0);
    room_commit(&r, 2, &params, &out);
    const struct mls_proposal leave = { .proposal_type = MLS_PROPOSAL_SELF_REMOVE };
    assert_ok(mls_group_propose(r.p.member[3].group, &leave, nothing, true, &r.p.arena, &message));
    assert_ok(room_propose(&r, message, &kept));
    party_deliver(&r.p, 3, message);

    tb_buf_init(&blob, &r.p.heap.mem, SIZE_MAX);
    tb_buf_init(&blob_again, &r.p.heap.mem, SIZE_MAX);
    assert_ok(mls_public_group_encode(r.hub, &blob));
    mls_public_group_free(r.hub);
    assert_ok(mls_public_group_decode(&r.env, tb_buf_view(&blob), &r.hub));
    assert_ok(mls_public_group_encode(r.hub, &blob_again));
    assert_bytes(tb_buf_view(&blob_again), tb_buf_view(&blob));
    room_assert_agreement(&r);
    assert_true(mls_public_group_pending(r.hub, 0, &again));
    assert_int_equal(again.proposal->proposal_type, MLS_PROPOSAL_SELF_REMOVE);
    assert_int_equal(again.sender_index, 3);
    /* It goes on where it was: the transcript too. */
    params.include_pending = true;
    room_commit(&r, 0, &params, &out);
    tb_buf_wipe(&blob);
    tb_buf_wipe(&blob_again);
    room_end(&r);
}

static void a_damaged_stored_group_is_refused(void **state)
{
    (void)state;
    struct room r;
    struct tb_buf blob;
    struct mls_public_group *group = NULL;
    room_begin(&r, 2);
    tb_buf_init(&blob, &r.p.heap.mem, SIZE_MAX);
    assert_ok(mls_public_group_encode(r.hub, &blob));
    tb_bytes whole = tb_buf_view(&blob);
    for (size_t len = 0; len < whole.len; len += 7) {
        assert_status(mls_public_group_decode(&r.env, (tb_bytes){ whole.data, len }, &group),
                      MLS_BLOB);
    }
    /* Version and cipher suite come first; the digest covers all that follows. */
    assert_status(mls_public_group_decode(&r.env, party_spoil(&r.p, whole, 1), &group),
                  MLS_BLOB_VERSION);
    assert_status(mls_public_group_decode(&r.env, party_spoil(&r.p, whole, 3), &group), MLS_SUITE);
    for (size_t at = 4; at < whole.len; at++) {
        assert_status(mls_public_group_decode(&r.env, party_spoil(&r.p, whole, at), &group),
                      MLS_BLOB);
    }
    assert_null(group);
    tb_buf_wipe(&blob);
    room_end(&r);
}

/* ---------------------------------------------------------------- taking up */

static tb_status take_up(struct room *r, tb_bytes info, tb_bytes tree, uint64_t now_s)
{
    struct mls_public_group *group = NULL;
    tb_status status = mls_public_group_new(&r->env, info, tree, now_s, &group, NULL);
    mls_public_group_free(group);
    return status;
}

static void a_group_is_taken_up_from_a_group_info_in_either_form_and_a_tree_in_either_place(
    void **state)
{
    (void)state;
    struct room r;
    tb_bytes info, tree, inside, unused;
    room_begin(&r, 3);
    assert_ok(mls_group_info(r.p.member[1].group, false, NULL, 0, &r.p.arena, &info, &tree));
    assert_ok(mls_group_info(r.p.member[1].group, true, NULL, 0, &r.p.arena, &inside, &unused));
    assert_ok(take_up(&r, info, tree, PARTY_NOW_S));
    assert_ok(take_up(&r, inside, nothing, PARTY_NOW_S));
    tb_bytes bare = { info.data + 4, info.len - 4 }; /* without version and wire format */
    assert_ok(take_up(&r, bare, tree, PARTY_NOW_S));
    assert_status(take_up(&r, info, nothing, PARTY_NOW_S), MLS_GROUP_INFO_NO_TREE);
    room_end(&r);
}

static void a_group_info_is_refused_when_an_octet_of_it_or_of_its_tree_is_changed(void **state)
{
    (void)state;
    struct room r;
    tb_bytes info, tree;
    room_begin(&r, 2);
    assert_ok(mls_group_info(r.p.member[1].group, false, NULL, 0, &r.p.arena, &info, &tree));
    for (size_t at = 0; at < info.len; at++) {
        assert_false(tb_is_ok(take_up(&r, party_spoil(&r.p, info, at), tree, PARTY_NOW_S)));
    }
    for (size_t at = 0; at < tree.len; at++) {
        assert_false(tb_is_ok(take_up(&r, info, party_spoil(&r.p, tree, at), PARTY_NOW_S)));
    }
    assert_status(take_up(&r, party_spoil(&r.p, info, info.len - 1), tree, PARTY_NOW_S),
                  MLS_GROUP_INFO_SIGNATURE);
    room_end(&r);
}

static void a_group_info_of_another_suite_or_with_expired_leaves_is_refused(void **state)
{
    (void)state;
    struct room r;
    struct crypto_suite other;
    tb_bytes info, tree;
    room_begin(&r, 2);
    assert_ok(mls_group_info(r.p.member[0].group, false, NULL, 0, &r.p.arena, &info, &tree));
    assert_status(take_up(&r, info, tree, PARTY_NOW_S + 86401), MLS_LEAF_LIFETIME);
    assert_ok(take_up(&r, info, tree, 0));
    assert_ok(crypto_suite_init(&other, 3, crypto_backend_native()));
    r.env.suite = &other;
    assert_status(take_up(&r, info, tree, PARTY_NOW_S), MLS_SUITE);
    room_end(&r);
}

/* ---------------------------------------------------------------- beside groups */

static void a_key_package_shows_who_how_long_and_whether_it_is_the_last_resort(void **state)
{
    (void)state;
    struct party p;
    struct mls_key_package_secrets secrets;
    struct mls_public_key_package view;
    tb_bytes encoded;
    uint8_t ref[CRYPTO_HASH_MAX];
    party_init(&p, 1, 3);
    for (unsigned last_resort = 0; last_resort < 2; last_resort++) {
        const struct mls_key_package_params params = {
            .identity = party_name(&p, 2),
            .signer = &p.member[2].signer,
            .not_before_s = PARTY_NOW_S - 10,
            .not_after_s = PARTY_NOW_S + 10,
            .is_last_resort = last_resort == 1,
        };
        assert_ok(mls_key_package_new(&p.env, &params, &p.arena, &encoded, &secrets, ref));
        mls_key_package_secrets_wipe(&secrets);
        assert_ok(mls_public_key_package_open(&p.suite, encoded, PARTY_NOW_S, &p.arena, &view,
                                              NULL));
        assert_bytes(view.identity, params.identity);
        assert_bytes(view.signature_key, crypto_signing_key_public(params.signer));
        assert_int_equal(view.not_before_s, params.not_before_s);
        assert_int_equal(view.not_after_s, params.not_after_s);
        assert_int_equal(view.is_last_resort, params.is_last_resort);
        assert_int_equal(view.ref_len, p.suite.hash_len);
        assert_memory_equal(view.ref, ref, view.ref_len);
        assert_status(mls_public_key_package_open(&p.suite, encoded, PARTY_NOW_S + 11, &p.arena,
                                                  &view, NULL),
                      MLS_LEAF_LIFETIME);
        for (size_t at = 0; at < encoded.len; at++) {
            assert_false(tb_is_ok(mls_public_key_package_open(
                &p.suite, party_spoil(&p, encoded, at), PARTY_NOW_S, &p.arena, &view, NULL)));
        }
    }
    party_end(&p);
}

static void a_private_message_shows_its_group_epoch_and_authenticated_data(void **state)
{
    (void)state;
    struct room r;
    struct mls_public_private_message view;
    tb_bytes message;
    room_begin(&r, 2);
    assert_ok(mls_group_protect(r.p.member[1].group, TB_LITERAL("shown"), TB_LITERAL("hidden"), 0,
                                &r.p.arena, &message));
    assert_ok(mls_public_private_message_open(message, &r.p.arena, &view));
    assert_bytes(view.group_id, mls_public_group_id(r.hub));
    assert_int_equal(view.epoch, mls_public_group_epoch(r.hub));
    assert_int_equal(view.content_type, MLS_CONTENT_APPLICATION);
    assert_bytes(view.authenticated_data, TB_LITERAL("shown"));
    const struct mls_proposal leave = { .proposal_type = MLS_PROPOSAL_SELF_REMOVE };
    assert_ok(mls_group_propose(r.p.member[1].group, &leave, nothing, true, &r.p.arena, &message));
    assert_status(mls_public_private_message_open(message, &r.p.arena, &view), MLS_WIRE_FORMAT);
    room_end(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_hub_follows_adds_removes_and_empty_commits_to_the_same_context),
        cmocka_unit_test(a_staged_commit_is_described_and_changes_nothing_before_merge),
        cmocka_unit_test(a_self_remove_travels_by_reference_with_its_sender),
        cmocka_unit_test(
            proposals_of_the_external_sender_are_kept_committed_and_forgotten_at_merge),
        cmocka_unit_test(a_key_that_is_not_the_external_senders_makes_no_proposal),
        cmocka_unit_test(new_extensions_replace_the_old_ones),
        cmocka_unit_test(a_group_is_stored_and_read_back_with_its_pending_proposals),
        cmocka_unit_test(a_damaged_stored_group_is_refused),
        cmocka_unit_test(
            a_group_is_taken_up_from_a_group_info_in_either_form_and_a_tree_in_either_place),
        cmocka_unit_test(a_group_info_is_refused_when_an_octet_of_it_or_of_its_tree_is_changed),
        cmocka_unit_test(a_group_info_of_another_suite_or_with_expired_leaves_is_refused),
        cmocka_unit_test(a_key_package_shows_who_how_long_and_whether_it_is_the_last_resort),
        cmocka_unit_test(a_private_message_shows_its_group_epoch_and_authenticated_data),
    };
    return cmocka_run_group_tests_name("mls/public_group", tests, NULL, NULL);
}
