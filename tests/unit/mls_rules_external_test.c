/* RFC 9420, sections 12.2 and 12.4.3.2: each rule of docs/mls-validation.md on external commits. */
#include "tests/unit/mls_rules_fixture.h"

#include "mls/group_external.h"

/* The honest external commit of somebody outside, which is not sent. */
static struct mls_commit *outsider(struct room *r, size_t who, const uint32_t *prior)
{
    struct mls_group_external *external = NULL;
    struct mls_group *group = NULL;
    struct mls_commit_out out;
    tb_bytes info, tree;
    const struct mls_group_external_params params = { .identity = party_name(&r->p, who),
                                                      .signer = &r->p.member[who].signer,
                                                      .prior_leaf = prior,
                                                      .now_s = PARTY_NOW_S };
    assert_ok(mls_group_info(r->p.member[ALICE].group, false, NULL, 0, &r->p.arena, &info,
                             &tree));
    assert_ok(mls_group_external_open(&r->p.env, info, tree, PARTY_NOW_S, &external, NULL));
    assert_ok(mls_group_external_join(external, &params, &r->p.arena, &group, &out));
    mls_group_free(group);
    mls_group_external_free(external);
    return room_open_commit(r, out.commit);
}

static tb_bytes sign(struct room *r, const struct crypto_signing_key *key,
                     const struct mls_commit *commit)
{
    struct mls_commit copy = *commit;
    const struct mls_framed_content content = {
        .group_id = mls_public_group_id(r->hub),
        .epoch = mls_public_group_epoch(r->hub),
        .sender = { MLS_SENDER_NEW_MEMBER_COMMIT, { NULL } },
        .content_type = MLS_CONTENT_COMMIT,
        .of = { .commit = &copy },
    };
    return room_forge(r, key, &content);
}

/* The commit with one more entry in its list. */
static struct mls_commit with(struct room *r, const struct mls_commit *commit,
                              struct mls_proposal_or_ref more)
{
    struct mls_commit longer = *commit;
    size_t count = commit->proposals.count;
    longer.proposals.at = tb_arena_take(&r->p.arena, count + 1, sizeof *longer.proposals.at);
    memcpy(longer.proposals.at, commit->proposals.at, count * sizeof *longer.proposals.at);
    longer.proposals.at[count] = more;
    longer.proposals.count = count + 1;
    return longer;
}

static struct mls_commit with_value(struct room *r, const struct mls_commit *commit,
                                    const struct mls_proposal *proposal)
{
    struct mls_proposal_or_ref more = { .type = MLS_BY_VALUE };
    more.of.proposal = (struct mls_proposal *)(uintptr_t)proposal;
    return with(r, commit, more);
}

static void refuse(struct room *r, size_t who, const struct mls_commit *commit, uint16_t code)
{
    rules_refuse_message(r, sign(r, &r->p.member[who].signer, commit), code);
}

static void rule_12_2_13_an_external_commit_has_exactly_one_external_init(void **state)
{
    (void)state;
    struct room r;
    room_begin(&r, 3);
    struct mls_commit *honest = outsider(&r, NEWCOMER, NULL);
    const struct mls_commit twice = with(&r, honest, honest->proposals.at[0]);
    refuse(&r, NEWCOMER, &twice, MLS_PROPOSALS_EXTERNAL_INIT);
    const struct mls_commit none = { .path = honest->path };
    refuse(&r, NEWCOMER, &none, MLS_PROPOSALS_EXTERNAL_INIT);
    room_end(&r);
}

static void rule_12_2_14_an_external_commit_has_one_remove_at_most(void **state)
{
    (void)state;
    struct room r;
    uint32_t prior = BOB;
    room_begin(&r, 4);
    struct mls_commit *honest = outsider(&r, BOB, &prior);
    const struct mls_proposal removal = rules_remove(&r, CAROL);
    const struct mls_commit two = with_value(&r, honest, &removal);
    refuse(&r, BOB, &two, MLS_PROPOSALS_NOT_EXTERNAL);
    room_end(&r);
}

static void rule_12_2_17_an_external_commit_has_no_other_proposals(void **state)
{
    (void)state;
    struct room r;
    struct mls_re_init reinit = { TB_LITERAL("successor"), MLS_VERSION_MLS10, 0x0003, { NULL, 0 } };
    room_begin(&r, 3);
    struct mls_commit *honest = outsider(&r, NEWCOMER, NULL);
    struct mls_leaf_node leaf = rules_update_leaf(&r);
    struct mls_update update = { *rules_sign_leaf(&r, MALLORY, &leaf, MALLORY) };
    const struct mls_proposal others[] = {
        rules_add(&r, 6, rules_package(&r, 6), true),
        rules_extensions(&r, NULL, 0),
        { .proposal_type = MLS_PROPOSAL_REINIT, .of = { .reinit = &reinit } },
        { .proposal_type = MLS_PROPOSAL_UPDATE, .of = { .update = &update } },
        { .proposal_type = MLS_PROPOSAL_SELF_REMOVE },
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        const struct mls_commit more = with_value(&r, honest, &others[i]);
        refuse(&r, NEWCOMER, &more, MLS_PROPOSALS_NOT_EXTERNAL);
    }
    room_end(&r);
}

static void rule_12_1_6_2_a_kem_output_has_the_length_of_the_suite(void **state)
{
    (void)state;
    struct room r;
    room_begin(&r, 3);
    struct mls_commit *honest = outsider(&r, NEWCOMER, NULL);
    honest->proposals.at[0].of.proposal->of.external_init->kem_output.len--;
    refuse(&r, NEWCOMER, honest, MLS_PROPOSALS_KEM_OUTPUT);
    room_end(&r);
}

static void rule_12_4_3_2_1_an_external_commit_has_a_path(void **state)
{
    (void)state;
    struct room r;
    room_begin(&r, 3);
    struct mls_commit *honest = outsider(&r, NEWCOMER, NULL);
    honest->path = NULL;
    refuse(&r, NEWCOMER, honest, MLS_COMMIT_PATH_MISSING);
    room_end(&r);
}

static void rule_12_4_3_2_2_an_external_commit_refers_to_self_removes_alone(void **state)
{
    (void)state;
    struct room r;
    room_begin(&r, 4);
    struct mls_commit *honest = outsider(&r, NEWCOMER, NULL);
    struct wire_opaque ref = { rules_pend(&r, rules_proposal(&r, CAROL, rules_remove(&r, BOB))) };
    const struct mls_commit more =
        with(&r, honest, (struct mls_proposal_or_ref){ MLS_BY_REFERENCE, { .reference = &ref } });
    refuse(&r, NEWCOMER, &more, MLS_PROPOSALS_NOT_EXTERNAL);
    room_end(&r);
}

static void rule_12_4_3_2_3_an_external_commit_is_signed_by_its_leaf(void **state)
{
    (void)state;
    struct room r;
    room_begin(&r, 3);
    refuse(&r, 6, outsider(&r, NEWCOMER, NULL), MLS_CONTENT_SIGNATURE);
    room_end(&r);
}

static void rule_12_4_3_2_4_who_joins_by_a_commit_sends_nothing_else_before(void **state)
{
    (void)state;
    struct room r;
    struct mls_proposal removal;
    room_begin(&r, 3);
    removal = rules_remove(&r, BOB);
    const struct mls_framed_content content = {
        .group_id = mls_public_group_id(r.hub),
        .epoch = mls_public_group_epoch(r.hub),
        .sender = { MLS_SENDER_NEW_MEMBER_COMMIT, { NULL } },
        .content_type = MLS_CONTENT_PROPOSAL,
        .of = { .proposal = &removal },
    };
    tb_bytes message = room_forge(&r, &r.p.member[NEWCOMER].signer, &content);
    rules_alice_refuses(&r, message, MLS_SENDER_KIND);
    room_assert_not_proposed(&r, message, MLS_SENDER_KIND);
    room_end(&r);
}

static void rule_12_4_3_2_5_a_member_joins_again_only_by_removing_its_old_leaf(void **state)
{
    (void)state;
    struct room r;
    room_begin(&r, 3);
    /* BOB's key in the leaf of an outsider; the library would not make it. */
    struct mls_commit *honest = outsider(&r, NEWCOMER, NULL);
    struct mls_leaf_node fields = honest->path->leaf_node;
    fields.signature_key = crypto_signing_key_public(&r.p.member[BOB].signer);
    honest->path->leaf_node = *rules_sign_leaf(&r, BOB, &fields, 3);
    refuse(&r, BOB, honest, MLS_TREE_SIGNATURE_KEY_TWICE);
    room_end(&r);
}

static void rule_12_4_3_2_6_a_joiner_needs_the_groups_external_key(void **state)
{
    (void)state;
    struct room r;
    struct mls_group_external *external = NULL;
    struct mls_group *joined = NULL;
    struct mls_commit_out out;
    tb_bytes info;
    room_begin(&r, 3);
    struct mls_group *group = r.p.member[ALICE].group;
    assert_ok(mls_group_epoch_info(group, group->now, &group->signer, true, false, NULL, 0,
                                   &r.p.arena, &info));
    assert_ok(mls_group_external_open(&r.p.env, info, RULES_NOTHING, PARTY_NOW_S, &external,
                                      NULL));
    const struct mls_group_external_params params = { .identity = TB_LITERAL("x"),
                                                      .signer = &r.p.member[NEWCOMER].signer };
    assert_status(mls_group_external_join(external, &params, &r.p.arena, &joined, &out),
                  MLS_GROUP_INFO_NO_EXTERNAL_PUB);
    assert_null(joined);
    mls_group_external_free(external);
    room_end(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_12_2_13_an_external_commit_has_exactly_one_external_init),
        cmocka_unit_test(rule_12_2_14_an_external_commit_has_one_remove_at_most),
        cmocka_unit_test(rule_12_2_17_an_external_commit_has_no_other_proposals),
        cmocka_unit_test(rule_12_1_6_2_a_kem_output_has_the_length_of_the_suite),
        cmocka_unit_test(rule_12_4_3_2_1_an_external_commit_has_a_path),
        cmocka_unit_test(rule_12_4_3_2_2_an_external_commit_refers_to_self_removes_alone),
        cmocka_unit_test(rule_12_4_3_2_3_an_external_commit_is_signed_by_its_leaf),
        cmocka_unit_test(rule_12_4_3_2_4_who_joins_by_a_commit_sends_nothing_else_before),
        cmocka_unit_test(rule_12_4_3_2_5_a_member_joins_again_only_by_removing_its_old_leaf),
        cmocka_unit_test(rule_12_4_3_2_6_a_joiner_needs_the_groups_external_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
