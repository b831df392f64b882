/* RFC 9420, sections 12.2 to 12.4: the rules of docs/mls-validation.md about lists of proposals. */
#include "tests/unit/mls_rules_fixture.h"

#include "mls/group_psk.h"

static const struct mls_proposal leave = { .proposal_type = MLS_PROPOSAL_SELF_REMOVE };

static tb_bytes pend_update(struct room *r, size_t who)
{
    struct mls_proposal update = { .proposal_type = MLS_PROPOSAL_UPDATE };
    tb_bytes message;
    assert_ok(mls_group_propose(r->p.member[who].group, &update, RULES_NOTHING, true, &r->p.arena,
                                &message));
    return rules_pend(r, message);
}

/* ---------------------------------------------------------------- section 12.2, members */

static void rule_12_2_1_a_list_holds_no_invalid_proposal(void **state)
{
    (void)state;
    struct room r;
    room_begin(&r, 3);
    const struct mls_proposal list[] = { rules_remove(&r, BOB), rules_remove(&r, 77) };
    rules_refuse_commit(&r, list, 2, rules_path(&r, NULL, 0), MLS_TREE_LEAF);
    room_end(&r);
}

static void rule_12_2_2_a_committer_does_not_update_itself(void **state)
{
    (void)state;
    struct room r;
    room_begin(&r, 3);
    /* By value, and by a reference to what it proposed itself. */
    struct mls_leaf_node leaf = rules_update_leaf(&r);
    struct mls_update update = { *rules_sign_leaf(&r, MALLORY, &leaf, MALLORY) };
    const struct mls_proposal own = { .proposal_type = MLS_PROPOSAL_UPDATE,
                                      .of = { .update = &update } };
    rules_refuse_commit(&r, &own, 1, rules_path(&r, NULL, 0), MLS_PROPOSALS_UPDATE_OWN);
    const tb_bytes ref = pend_update(&r, MALLORY);
    rules_refuse_references(&r, &ref, 1, rules_path(&r, NULL, 0), MLS_PROPOSALS_UPDATE_OWN);
    room_end(&r);
}

static void rule_12_2_3_a_committer_does_not_remove_itself(void **state)
{
    (void)state;
    struct room r;
    room_begin(&r, 3);
    const struct mls_proposal own = rules_remove(&r, MALLORY);
    rules_refuse_commit(&r, &own, 1, rules_path(&r, NULL, 0), MLS_PROPOSALS_REMOVE_OWN);
    /* Nor when somebody else proposed it, or it said itself that it leaves. */
    tb_bytes ref = rules_pend(&r, rules_proposal(&r, BOB, own));
    rules_refuse_references(&r, &ref, 1, rules_path(&r, NULL, 0), MLS_PROPOSALS_REMOVE_OWN);
    ref = rules_pend(&r, rules_proposal(&r, MALLORY, leave));
    rules_refuse_references(&r, &ref, 1, rules_path(&r, NULL, 0), MLS_PROPOSALS_REMOVE_OWN);
    room_end(&r);
}

static void rule_12_2_4_updates_and_removes_concern_a_leaf_once(void **state)
{
    (void)state;
    struct room r;
    room_begin(&r, 4);
    const struct mls_proposal twice[] = { rules_remove(&r, BOB), rules_remove(&r, BOB) };
    rules_refuse_commit(&r, twice, 2, rules_path(&r, NULL, 0), MLS_PROPOSALS_LEAF_TWICE);
    const tb_bytes refs[] = { pend_update(&r, BOB),
                              rules_pend(&r, rules_proposal(&r, CAROL, rules_remove(&r, BOB))),
                              pend_update(&r, BOB) };
    rules_refuse_references(&r, refs, 2, rules_path(&r, NULL, 0), MLS_PROPOSALS_LEAF_TWICE);
    const tb_bytes updates[] = { refs[0], refs[2] };
    rules_refuse_references(&r, updates, 2, rules_path(&r, NULL, 0), MLS_PROPOSALS_LEAF_TWICE);
    const tb_bytes same[] = { refs[0], refs[0] };
    rules_refuse_references(&r, same, 2, rules_path(&r, NULL, 0), MLS_PROPOSALS_LEAF_TWICE);
    room_end(&r);
}

static void rule_12_2_5_a_client_is_added_once(void **state)
{
    (void)state;
    struct room r;
    room_begin(&r, 3);
    const struct mls_proposal twice[] = {
        rules_add(&r, NEWCOMER, rules_package(&r, NEWCOMER), true),
        rules_add(&r, NEWCOMER, rules_package(&r, NEWCOMER), true),
    };
    rules_refuse_commit(&r, twice, 2, NULL, MLS_TREE_SIGNATURE_KEY_TWICE);
    room_end(&r);
}

static void rule_12_2_6_a_member_is_not_added_unless_it_is_removed(void **state)
{
    (void)state;
    struct room r;
    struct mls_commit_out out;
    room_begin(&r, 3);
    const struct mls_proposal list[] = { rules_add(&r, BOB, rules_package(&r, BOB), true),
                                         rules_remove(&r, BOB) };
    rules_refuse_commit(&r, list, 1, NULL, MLS_TREE_SIGNATURE_KEY_TWICE);
    /* With the Remove the same Add is good. */
    const struct mls_commit_params params = { .proposals = list, .proposal_count = 2,
                                              .as_public = true, .now_s = PARTY_NOW_S };
    struct mls_public_staged *staged;
    struct mls_received received;
    assert_ok(mls_group_commit(r.p.member[MALLORY].group, &params, &r.p.arena, &out, NULL));
    assert_ok(party_receive(&r.p, ALICE, out.commit, &received));
    assert_ok(room_stage(&r, out.commit, &staged));
    assert_int_equal(mls_public_staged_view(staged)->added[0].leaf_index, BOB);
    room_end(&r);
}

static void rule_12_2_7_a_pre_shared_key_comes_once(void **state)
{
    (void)state;
    struct room r;
    struct mls_proposal psk;
    room_begin(&r, 3);
    assert_ok(mls_group_psk_external(&r.p.env, TB_LITERAL("a key"), &r.p.arena, &psk));
    const struct mls_proposal twice[] = { psk, psk };
    rules_refuse_commit(&r, twice, 2, NULL, MLS_PROPOSALS_PSK_TWICE);
    room_end(&r);
}

static void rule_12_2_8_the_extensions_are_replaced_once(void **state)
{
    (void)state;
    struct room r;
    rules_begin_with(&r, 3, NULL, 0);
    const struct mls_proposal twice[] = { rules_extensions(&r, NULL, 0),
                                          rules_extensions(&r, NULL, 0) };
    rules_refuse_commit(&r, twice, 2, rules_path(&r, NULL, 0), MLS_PROPOSALS_EXTENSIONS_TWICE);
    room_end(&r);
}

static void rule_12_2_9_a_reinit_stands_alone(void **state)
{
    (void)state;
    struct room r;
    struct mls_re_init reinit = { TB_LITERAL("successor"), MLS_VERSION_MLS10, 0x0003, { NULL, 0 } };
    const struct mls_proposal end = { .proposal_type = MLS_PROPOSAL_REINIT,
                                      .of = { .reinit = &reinit } };
    room_begin(&r, 3);
    const struct mls_proposal others[] = { end, rules_remove(&r, BOB) }, twice[] = { end, end };
    rules_refuse_commit(&r, others, 2, rules_path(&r, NULL, 0), MLS_PROPOSALS_REINIT_NOT_ALONE);
    rules_refuse_commit(&r, twice, 2, NULL, MLS_PROPOSALS_REINIT_NOT_ALONE);
    room_end(&r);
}

static void rule_12_2_10_a_members_commit_holds_no_external_init(void **state)
{
    (void)state;
    struct room r;
    static const uint8_t kem_output[32] = { 3 };
    struct mls_external_init init = { TB_ARRAY(kem_output) };
    const struct mls_proposal list[] = {
        { .proposal_type = MLS_PROPOSAL_EXTERNAL_INIT, .of = { .external_init = &init } },
    };
    room_begin(&r, 3);
    rules_refuse_commit(&r, list, 1, rules_path(&r, NULL, 0), MLS_PROPOSALS_INVALID_SENDER);
    room_end(&r);
}

static void rule_12_2_11_all_who_stay_support_a_type_that_is_not_default(void **state)
{
    (void)state;
    struct room r;
    struct party_key_package made;
    struct mls_commit_out out;
    struct mls_app_ephemeral ephemeral = { 0x50, TB_LITERAL("x") };
    const struct mls_proposal proposal = { .proposal_type = MLS_PROPOSAL_APP_EPHEMERAL,
                                           .of = { .app_ephemeral = &ephemeral } };
    rules_begin_with(&r, 3, NULL, 0);
    /* A member whose software is older. */
    party_key_package(&r.p, NEWCOMER, &made);
    made.add.key_package.leaf_node.capabilities.proposals.count = 0;
    const struct mls_proposal add = rules_add(&r, NEWCOMER, made.add.key_package, true);
    room_commit(&r, ALICE, &(struct mls_commit_params){ .proposals = &add, .proposal_count = 1,
                                                        .as_public = true }, &out);
    rules_refuse_proposal(&r, proposal, MLS_PROPOSALS_NOT_SUPPORTED);
    rules_refuse_commit(&r, &proposal, 1, NULL, MLS_PROPOSALS_NOT_SUPPORTED);
    mls_key_package_secrets_wipe(&made.secrets);
    room_end(&r);
}

static void rule_12_2_12_the_tree_after_the_commit_is_valid(void **state)
{
    (void)state;
    struct room r;
    room_begin(&r, 3);
    /* Each proposal is good by itself; together they put one key into two leaves. */
    struct mls_key_package_in first = rules_package(&r, NEWCOMER);
    struct mls_key_package_in second = rules_package(&r, 6);
    second.leaf_node.encryption_key = first.leaf_node.encryption_key;
    const struct mls_proposal list[] = { rules_add(&r, NEWCOMER, first, true),
                                         rules_add(&r, 6, second, true) };
    rules_refuse_commit(&r, list, 2, NULL, MLS_TREE_KEY_TWICE);
    room_end(&r);
}

static void rule_12_4_1_a_reference_names_a_pending_proposal(void **state)
{
    (void)state;
    struct room r;
    static const uint8_t unknown[32] = { 1 };
    const tb_bytes refs[] = { TB_ARRAY(unknown), TB_LITERAL(""), { unknown, 31 } };
    room_begin(&r, 3);
    for (size_t i = 0; i < 3; i++) {
        rules_refuse_references(&r, &refs[i], 1, rules_path(&r, NULL, 0),
                                MLS_PROPOSALS_UNKNOWN_REF);
    }
    room_end(&r);
}

/* ---------------------------------------------------------------- section 12.3 */

static void rule_12_3_1_new_extensions_judge_the_other_proposals(void **state)
{
    (void)state;
    struct room r;
    /* extension_types { 0x0006 } */
    const struct mls_extension required = { MLS_EXTENSION_REQUIRED_CAPABILITIES,
                                            TB_LITERAL("\2\0\6\0\0") };
    rules_begin_with(&r, 3, NULL, 0);
    struct mls_key_package_in fields = rules_package(&r, NEWCOMER);
    fields.leaf_node.capabilities.extensions.count = 0;
    const struct mls_proposal list[] = { rules_add(&r, NEWCOMER, fields, true),
                                         rules_extensions(&r, &required, 1) };
    rules_refuse_commit(&r, list, 2, rules_path(&r, NULL, 0), MLS_LEAF_REQUIRED);
    room_end(&r);
}

/* ---------------------------------------------------------------- section 12.4: the path */

static void rule_12_4_2_an_empty_commit_has_a_path(void **state)
{
    (void)state;
    struct room r;
    room_begin(&r, 3);
    rules_refuse_commit(&r, NULL, 0, NULL, MLS_COMMIT_PATH_MISSING);
    room_end(&r);
}

static void rule_12_4_3_proposals_that_need_a_path_get_one(void **state)
{
    (void)state;
    struct room r;
    room_begin(&r, 4);
    const struct mls_proposal removal = rules_remove(&r, BOB);
    rules_refuse_commit(&r, &removal, 1, NULL, MLS_COMMIT_PATH_MISSING);
    tb_bytes ref = pend_update(&r, BOB);
    rules_refuse_references(&r, &ref, 1, NULL, MLS_COMMIT_PATH_MISSING);
    ref = rules_pend(&r, rules_proposal(&r, CAROL, leave));
    rules_refuse_references(&r, &ref, 1, NULL, MLS_COMMIT_PATH_MISSING);
    room_end(&r);
    rules_begin_with(&r, 3, NULL, 0);
    const struct mls_proposal next = rules_extensions(&r, NULL, 0);
    rules_refuse_commit(&r, &next, 1, NULL, MLS_COMMIT_PATH_MISSING);
    room_end(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_12_2_1_a_list_holds_no_invalid_proposal),
        cmocka_unit_test(rule_12_2_2_a_committer_does_not_update_itself),
        cmocka_unit_test(rule_12_2_3_a_committer_does_not_remove_itself),
        cmocka_unit_test(rule_12_2_4_updates_and_removes_concern_a_leaf_once),
        cmocka_unit_test(rule_12_2_5_a_client_is_added_once),
        cmocka_unit_test(rule_12_2_6_a_member_is_not_added_unless_it_is_removed),
        cmocka_unit_test(rule_12_2_7_a_pre_shared_key_comes_once),
        cmocka_unit_test(rule_12_2_8_the_extensions_are_replaced_once),
        cmocka_unit_test(rule_12_2_9_a_reinit_stands_alone),
        cmocka_unit_test(rule_12_2_10_a_members_commit_holds_no_external_init),
        cmocka_unit_test(rule_12_2_11_all_who_stay_support_a_type_that_is_not_default),
        cmocka_unit_test(rule_12_2_12_the_tree_after_the_commit_is_valid),
        cmocka_unit_test(rule_12_4_1_a_reference_names_a_pending_proposal),
        cmocka_unit_test(rule_12_3_1_new_extensions_judge_the_other_proposals),
        cmocka_unit_test(rule_12_4_2_an_empty_commit_has_a_path),
        cmocka_unit_test(rule_12_4_3_proposals_that_need_a_path_get_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
