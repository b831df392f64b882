/* A group's life: who comes, who goes, what changes; all members agree after each commit. */
#include "tests/support.h"

#include "tests/unit/mls_party.h"

static const uint16_t suites[] = { 0x0001, 0x0002, 0x0003, 0x0004, 0x0005, 0x0006, 0x0007 };

static void members_of_every_suite_agree_after_adds(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++) {
        struct party p;
        party_start(&p, suites[i], i + 1, 4);
        party_assert_agreement(&p);
        assert_int_equal(mls_group_epoch(p.member[3].group), 3);
        assert_int_equal(mls_group_leaf_count(p.member[0].group), 4);
        tb_bytes text = TB_LITERAL("hello");
        tb_bytes message = party_protect(&p, 2, text);
        party_assert_reads(&p, 0, message, text);
        party_assert_reads(&p, 3, message, text);
        party_end(&p);
    }
}

static void an_add_without_path_needs_no_path_secret(void **state)
{
    (void)state;
    struct party p;
    struct party_key_package key_package;
    struct mls_commit_out out;
    party_start(&p, 0x0003, 1, 2);
    party_key_package(&p, 2, &key_package);
    const struct mls_commit_params params = { .proposals = &key_package.proposal,
                                              .proposal_count = 1,
                                              .as_public = true };
    party_commit(&p, 1, &params, &out);
    party_join(&p, 2, &key_package, out.welcome, out.ratchet_tree); /* tree beside it */
    party_assert_agreement(&p);
    /* The newcomer is an unmerged leaf now; a path from the other side must reach it. */
    const struct mls_commit_params empty = { .as_public = false };
    party_commit(&p, 0, &empty, &out);
    party_assert_agreement(&p);
    party_commit(&p, 2, &empty, &out);
    party_assert_agreement(&p);
    party_end(&p);
}

static void a_welcome_without_any_tree_is_refused(void **state)
{
    (void)state;
    struct party p;
    struct party_key_package key_package;
    struct mls_commit_out out;
    party_start(&p, 0x0003, 2, 1);
    party_key_package(&p, 1, &key_package);
    const struct mls_commit_params params = { .proposals = &key_package.proposal,
                                              .proposal_count = 1,
                                              .as_public = true };
    party_commit(&p, 0, &params, &out);
    const struct mls_join_params join = { .welcome = out.welcome,
                                          .key_package = key_package.encoded,
                                          .secrets = &key_package.secrets,
                                          .signer = &p.member[1].signer };
    struct mls_group *group = NULL;
    assert_status(mls_group_join(&p.env, &join, &group, NULL), MLS_GROUP_INFO_NO_TREE);
    assert_null(group);
    party_end(&p);
}

static void a_welcome_is_for_the_key_package_it_names(void **state)
{
    (void)state;
    struct party p;
    struct party_key_package invited, other;
    struct mls_commit_out out;
    struct mls_group *group = NULL;
    party_start(&p, 0x0003, 3, 1);
    party_key_package(&p, 1, &invited);
    party_key_package(&p, 2, &other);
    const struct mls_commit_params params = { .proposals = &invited.proposal,
                                              .proposal_count = 1,
                                              .as_public = true };
    party_commit(&p, 0, &params, &out);
    struct mls_join_params join = { .welcome = out.welcome,
                                    .ratchet_tree = out.ratchet_tree,
                                    .key_package = other.encoded,
                                    .secrets = &other.secrets,
                                    .signer = &p.member[2].signer };
    assert_status(mls_group_join(&p.env, &join, &group, NULL), MLS_WELCOME_NOT_FOR_US);
    join.key_package = invited.encoded;
    assert_status(mls_group_join(&p.env, &join, &group, NULL), MLS_WELCOME_KEYS);
    join.secrets = &invited.secrets;
    assert_status(mls_group_join(&p.env, &join, &group, NULL), MLS_WELCOME_KEYS);
    join.signer = &p.member[1].signer;
    join.now_s = PARTY_NOW_S + 2 * 86400;
    assert_status(mls_group_join(&p.env, &join, &group, NULL), MLS_LEAF_LIFETIME);
    join.now_s = PARTY_NOW_S;
    for (size_t at = out.welcome.len - 40; at < out.welcome.len; at += 13) {
        join.welcome = party_spoil(&p, out.welcome, at);
        assert_status(mls_group_join(&p.env, &join, &group, NULL), CRYPTO_DECRYPT);
    }
    join.welcome = out.welcome;
    assert_ok(mls_group_join(&p.env, &join, &p.member[1].group, NULL));
    party_assert_agreement(&p);
    party_end(&p);
}

static void a_removed_member_holds_no_key_of_the_next_epoch(void **state)
{
    (void)state;
    struct party p;
    struct mls_commit_out out;
    struct mls_remove remove = { 2 };
    struct mls_received received;
    const struct mls_proposal proposal = { .proposal_type = MLS_PROPOSAL_REMOVE,
                                           .of = { .remove = &remove } };
    party_start(&p, 0x0003, 4, 4);
    const struct mls_commit_params params = { .proposals = &proposal,
                                              .proposal_count = 1,
                                              .as_public = true };
    assert_ok(mls_group_commit(p.member[1].group, &params, &p.arena, &out, NULL));
    assert_ok(party_receive(&p, 2, out.commit, &received));
    const struct mls_staged_view *view = mls_staged_view(received.staged);
    assert_true(view->removes_us);
    assert_int_equal(view->removed_count, 1);
    assert_int_equal(view->removed[0].leaf_index, 2);
    assert_bytes(view->removed[0].identity, party_name(&p, 2));
    assert_int_equal(view->committer_leaf, 1);
    assert_ok(mls_group_merge(p.member[2].group, received.staged));
    assert_false(mls_group_is_active(p.member[2].group));
    assert_int_equal(mls_group_epoch_authenticator(p.member[2].group).len, 0);

    party_deliver(&p, 1, out.commit);
    assert_ok(mls_group_pending_merge(p.member[1].group));
    party_assert_agreement(&p);
    tb_bytes message = party_protect(&p, 0, TB_LITERAL("not for 2"));
    assert_status(party_receive(&p, 2, message, &received), MLS_GROUP_INACTIVE);
    struct mls_leaf_view leaf;
    assert_false(mls_group_leaf(p.member[0].group, 2, &leaf));
    party_end(&p);
}

static void proposals_by_reference_are_taken_up_by_a_commit(void **state)
{
    (void)state;
    struct party p;
    struct party_key_package key_package;
    struct mls_commit_out out;
    struct mls_remove remove = { 3 };
    tb_bytes message;
    const struct mls_proposal update = { .proposal_type = MLS_PROPOSAL_UPDATE };
    const struct mls_proposal removal = { .proposal_type = MLS_PROPOSAL_REMOVE,
                                          .of = { .remove = &remove } };
    party_start(&p, 0x0001, 5, 4);
    party_key_package(&p, 4, &key_package);
    assert_ok(mls_group_propose(p.member[1].group, &update, (tb_bytes){ NULL, 0 }, true, &p.arena,
                                &message));
    party_deliver(&p, 1, message);
    assert_ok(mls_group_propose(p.member[2].group, &removal, (tb_bytes){ NULL, 0 }, false,
                                &p.arena, &message));
    party_deliver(&p, 2, message);
    assert_ok(mls_group_propose(p.member[0].group, &key_package.proposal,
                                TB_LITERAL("with data"), false, &p.arena, &message));
    party_deliver(&p, 0, message);
    assert_true(mls_group_must_commit(p.member[0].group));
    assert_int_equal(mls_group_pending_proposal_count(p.member[0].group), 3);

    const struct mls_commit_params params = { .include_pending = true,
                                              .as_public = false,
                                              .tree_in_welcome = true,
                                              .now_s = PARTY_NOW_S };
    party_commit(&p, 0, &params, &out);
    party_join(&p, 4, &key_package, out.welcome, (tb_bytes){ NULL, 0 });
    party_assert_agreement(&p);
    assert_false(mls_group_is_active(p.member[3].group));
    assert_int_equal(mls_group_pending_proposal_count(p.member[0].group), 0);
    /* The updater's fresh leaf key works: a path from elsewhere reaches it. */
    const struct mls_commit_params empty = { .as_public = true };
    party_commit(&p, 4, &empty, &out);
    party_assert_agreement(&p);
    party_end(&p);
}

static void an_own_update_is_left_to_others(void **state)
{
    (void)state;
    struct party p;
    struct mls_commit_out out;
    tb_bytes message;
    const struct mls_proposal update = { .proposal_type = MLS_PROPOSAL_UPDATE };
    party_start(&p, 0x0003, 6, 3);
    assert_ok(mls_group_propose(p.member[1].group, &update, (tb_bytes){ NULL, 0 }, true, &p.arena,
                                &message));
    party_deliver(&p, 1, message);
    assert_false(mls_group_must_commit(p.member[1].group));
    const struct mls_commit_params params = { .include_pending = true, .as_public = true };
    party_commit(&p, 1, &params, &out); /* by the updater: an empty commit with a path */
    party_assert_agreement(&p);
    party_end(&p);
}

static void a_member_removes_itself(void **state)
{
    (void)state;
    struct party p;
    struct mls_commit_out out;
    tb_bytes message;
    const struct mls_proposal leave = { .proposal_type = MLS_PROPOSAL_SELF_REMOVE };
    party_start(&p, 0x0003, 7, 3);
    assert_status(mls_group_propose(p.member[2].group, &leave, (tb_bytes){ NULL, 0 }, false,
                                    &p.arena, &message),
                  MLS_HANDSHAKE_FORMAT);
    assert_ok(mls_group_propose(p.member[2].group, &leave, (tb_bytes){ NULL, 0 }, true, &p.arena,
                                &message));
    party_deliver(&p, 2, message);
    const struct mls_commit_params params = { .include_pending = true, .as_public = true };
    party_commit(&p, 0, &params, &out);
    assert_false(mls_group_is_active(p.member[2].group));
    party_assert_agreement(&p);
    party_end(&p);
}

static void a_pre_shared_key_enters_the_schedule_of_all(void **state)
{
    (void)state;
    struct party p;
    struct mls_commit_out out;
    struct mls_received received;
    struct wire_opaque id = { TB_LITERAL("shared by voice") };
    uint8_t nonce[32] = { 7 };
    struct mls_pre_shared_key psk = { { MLS_PSK_EXTERNAL, { .psk_id = &id }, TB_ARRAY(nonce) } };
    const struct mls_proposal proposal = { .proposal_type = MLS_PROPOSAL_PSK,
                                           .of = { .psk = &psk } };
    const struct mls_psk_entry entry = { psk.psk, TB_LITERAL("sesame") };
    const struct mls_psk_entry wrong = { psk.psk, TB_LITERAL("barley") };
    party_start(&p, 0x0003, 8, 2);
    struct mls_commit_params params = { .proposals = &proposal,
                                        .proposal_count = 1,
                                        .as_public = true };
    assert_status(mls_group_commit(p.member[0].group, &params, &p.arena, &out, NULL),
                  MLS_PSK_UNKNOWN);
    params.psks = &entry;
    params.psk_count = 1;
    assert_ok(mls_group_commit(p.member[0].group, &params, &p.arena, &out, NULL));
    assert_status(party_receive(&p, 1, out.commit, &received), MLS_PSK_UNKNOWN);
    assert_status(mls_group_receive(p.member[1].group, out.commit, 0, &wrong, 1, &p.arena,
                                    &received, NULL),
                  MLS_CONFIRMATION_TAG);
    assert_ok(mls_group_receive(p.member[1].group, out.commit, 0, &entry, 1, &p.arena, &received,
                                NULL));
    assert_ok(mls_group_merge(p.member[1].group, received.staged));
    assert_ok(mls_group_pending_merge(p.member[0].group));
    party_assert_agreement(&p);
    party_end(&p);
}

static void a_resumption_key_of_an_earlier_epoch_needs_no_caller(void **state)
{
    (void)state;
    struct party p;
    struct mls_commit_out out;
    struct mls_resumption_psk id = { MLS_RESUMPTION_APPLICATION, { NULL, 0 }, 1 };
    uint8_t nonce[32] = { 9 };
    party_start(&p, 0x0003, 9, 2);
    id.psk_group_id = TB_LITERAL("a group of the tests");
    struct mls_pre_shared_key psk = { { MLS_PSK_RESUMPTION, { .resumption = &id },
                                        TB_ARRAY(nonce) } };
    const struct mls_proposal proposal = { .proposal_type = MLS_PROPOSAL_PSK,
                                           .of = { .psk = &psk } };
    const struct mls_commit_params empty = { .as_public = true };
    party_commit(&p, 0, &empty, &out);
    const struct mls_commit_params params = { .proposals = &proposal,
                                              .proposal_count = 1,
                                              .as_public = true };
    party_commit(&p, 1, &params, &out);
    party_assert_agreement(&p);
    party_end(&p);
}

static void extensions_of_the_group_can_be_replaced(void **state)
{
    (void)state;
    struct party p;
    struct mls_commit_out out;
    const struct mls_external_sender sender = {
        TB_LITERAL("a key"), { MLS_CREDENTIAL_BASIC, { .identity = &(struct wire_opaque){
                                                            TB_LITERAL("hub") } } }
    };
    const struct mls_external_senders senders = {
        { (struct mls_external_sender *)(uintptr_t)&sender, 1 }
    };
    struct mls_extension extension = { MLS_EXTENSION_EXTERNAL_SENDERS, { NULL, 0 } };
    party_start(&p, 0x0003, 10, 3);
    assert_ok(wire_encode(&mls_external_senders_desc, &senders, &p.arena,
                          &extension.extension_data));
    struct mls_group_context_extensions list = { .extensions = { &extension, 1 } };
    const struct mls_proposal proposal = { .proposal_type = MLS_PROPOSAL_GROUP_CONTEXT_EXTENSIONS,
                                           .of = { .group_context_extensions = &list } };
    const struct mls_commit_params params = { .proposals = &proposal,
                                              .proposal_count = 1,
                                              .as_public = true };
    party_commit(&p, 2, &params, &out);
    party_assert_agreement(&p);
    assert_bytes(mls_group_extension(p.member[1].group, MLS_EXTENSION_EXTERNAL_SENDERS),
                 extension.extension_data);
    party_end(&p);
}

static void app_data_updates_change_components_without_a_path(void **state)
{
    (void)state;
    struct party p;
    struct mls_commit_out out;
    struct wire_opaque data = { TB_LITERAL("first") };
    struct mls_app_data_update update = { 0x8001, MLS_APP_DATA_UPDATE, { .update = &data } };
    struct mls_app_ephemeral ephemeral = { 0x8002, TB_LITERAL("seen by this commit only") };
    const struct mls_proposal proposals[] = {
        { .proposal_type = MLS_PROPOSAL_APP_DATA_UPDATE, .of = { .app_data_update = &update } },
        { .proposal_type = MLS_PROPOSAL_APP_EPHEMERAL, .of = { .app_ephemeral = &ephemeral } },
    };
    struct mls_received received;
    tb_bytes found;
    party_start(&p, 0x0003, 11, 2);
    const struct mls_commit_params params = { .proposals = proposals,
                                              .proposal_count = 2,
                                              .as_public = true };
    assert_ok(mls_group_commit(p.member[0].group, &params, &p.arena, &out, NULL));
    assert_ok(party_receive(&p, 1, out.commit, &received));
    const struct mls_staged_view *view = mls_staged_view(received.staged);
    assert_int_equal(view->proposal_count, 2);
    assert_int_equal(view->proposals[1].proposal->proposal_type, MLS_PROPOSAL_APP_EPHEMERAL);
    assert_bytes(view->proposals[1].proposal->of.app_ephemeral->data, ephemeral.data);
    assert_int_equal(view->updated_count, 0); /* no path */
    assert_ok(mls_group_merge(p.member[1].group, received.staged));
    assert_ok(mls_group_pending_merge(p.member[0].group));
    party_assert_agreement(&p);
    assert_true(mls_group_component(p.member[1].group, 0x8001, &found));
    assert_bytes(found, data.value);
    assert_false(mls_group_component(p.member[1].group, 0x8002, &found));
    party_end(&p);
}

static void exports_and_signatures_are_bound_to_the_epoch_and_the_leaf(void **state)
{
    (void)state;
    struct party p;
    struct mls_commit_out out;
    struct tb_secret first, second, later;
    struct mls_leaf_view leaf;
    tb_bytes context = TB_LITERAL("context"), part = TB_LITERAL("signed"), signature;
    party_start(&p, 0x0003, 12, 2);
    assert_ok(mls_group_export(p.member[0].group, "label", context, 32, &first));
    assert_ok(mls_group_export(p.member[1].group, "label", context, 32, &second));
    assert_bytes(tb_secret_view(&first), tb_secret_view(&second));
    const struct mls_commit_params empty = { .as_public = true };
    party_commit(&p, 0, &empty, &out);
    assert_ok(mls_group_export(p.member[0].group, "label", context, 32, &later));
    assert_false(tb_bytes_equal(tb_secret_view(&first), tb_secret_view(&later)));
    assert_ok(mls_group_sign(p.member[1].group, "Test", &part, 1, &p.arena, &signature));
    assert_true(mls_group_leaf(p.member[0].group, 1, &leaf));
    assert_ok(crypto_verify_label(&p.suite, leaf.signature_key, "Test", &part, 1, signature,
                                  &p.arena));
    party_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_of_every_suite_agree_after_adds),
        cmocka_unit_test(an_add_without_path_needs_no_path_secret),
        cmocka_unit_test(a_welcome_without_any_tree_is_refused),
        cmocka_unit_test(a_welcome_is_for_the_key_package_it_names),
        cmocka_unit_test(a_removed_member_holds_no_key_of_the_next_epoch),
        cmocka_unit_test(proposals_by_reference_are_taken_up_by_a_commit),
        cmocka_unit_test(an_own_update_is_left_to_others),
        cmocka_unit_test(a_member_removes_itself),
        cmocka_unit_test(a_pre_shared_key_enters_the_schedule_of_all),
        cmocka_unit_test(a_resumption_key_of_an_earlier_epoch_needs_no_caller),
        cmocka_unit_test(extensions_of_the_group_can_be_replaced),
        cmocka_unit_test(app_data_updates_change_components_without_a_path),
        cmocka_unit_test(exports_and_signatures_are_bound_to_the_epoch_and_the_leaf),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
