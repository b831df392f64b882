/* Own commits: chosen proposals, own resumption keys, detached commits. */
#include "tests/support.h"

#include "mls/group_pending.h"
#include "mls/group_psk.h"
#include "tests/unit/mls_party.h"

static const tb_bytes NOTHING = { NULL, 0 };

static tb_bytes newest_ref(const struct party *p, size_t who)
{
    const struct mls_group *group = p->member[who].group;
    tb_bytes ref = { NULL, 0 };
    size_t count = mls_group_pending_proposal_count(group);
    assert_true(mls_group_pending_proposal_ref(group, count - 1, &ref));
    return ref;
}

static void propose_remove(struct party *p, size_t who, uint32_t leaf)
{
    struct mls_remove remove = { leaf };
    const struct mls_proposal removal = { .proposal_type = MLS_PROPOSAL_REMOVE,
                                          .of = { .remove = &remove } };
    tb_bytes message;
    assert_ok(mls_group_propose(p->member[who].group, &removal, NOTHING, who % 2 == 0, &p->arena,
                                &message));
    party_deliver(p, who, message);
}

static void a_commit_takes_the_chosen_proposals_and_no_others(void **state)
{
    (void)state;
    struct party p;
    struct mls_commit_out out;
    party_start(&p, 0x0003, 1, 5);
    propose_remove(&p, 0, 3);
    propose_remove(&p, 1, 4);
    tb_bytes ref = newest_ref(&p, 0);
    assert_bytes(newest_ref(&p, 2), ref); /* the same for everybody */
    const struct mls_commit_params params = { .references = &ref, .reference_count = 1 };
    party_commit(&p, 2, &params, &out);
    assert_true(mls_group_is_active(p.member[3].group));
    assert_false(mls_group_is_active(p.member[4].group));
    party_assert_agreement(&p);
    party_end(&p);
}

static void a_chosen_proposal_is_not_taken_twice_with_the_pending_ones(void **state)
{
    (void)state;
    struct party p;
    struct mls_commit_out out;
    party_start(&p, 0x0003, 2, 5);
    propose_remove(&p, 0, 3);
    propose_remove(&p, 1, 4);
    tb_bytes ref = newest_ref(&p, 2);
    const struct mls_commit_params params = { .references = &ref, .reference_count = 1,
                                              .include_pending = true };
    party_commit(&p, 2, &params, &out);
    assert_false(mls_group_is_active(p.member[3].group));
    assert_false(mls_group_is_active(p.member[4].group));
    party_assert_agreement(&p);
    party_end(&p);
}

static void a_reference_to_nothing_or_to_what_does_not_fit_is_refused(void **state)
{
    (void)state;
    struct party p;
    struct mls_commit_out out;
    party_start(&p, 0x0003, 3, 4);
    propose_remove(&p, 0, 3);
    tb_bytes refs[2] = { newest_ref(&p, 2), TB_LITERAL("0123456789abcdef0123456789abcdef") };
    struct mls_commit_params params = { .references = refs + 1, .reference_count = 1 };
    assert_status(mls_group_commit(p.member[2].group, &params, &p.arena, &out, NULL),
                  MLS_PROPOSALS_UNKNOWN_REF);
    propose_remove(&p, 1, 3);
    refs[1] = newest_ref(&p, 2);
    params.references = refs;
    params.reference_count = 2;
    assert_status(mls_group_commit(p.member[2].group, &params, &p.arena, &out, NULL),
                  MLS_PROPOSALS_LEAF_TWICE);
    party_end(&p);
}

static void the_own_resumption_keys_can_be_proposed(void **state)
{
    (void)state;
    struct party p;
    struct mls_commit_out out;
    struct mls_proposal psk[2];
    party_start(&p, 0x0001, 4, 3);
    party_add(&p, 0, 3);
    const struct mls_group *group = p.member[0].group;
    for (uint64_t i = 0; i < 2; i++) {
        uint64_t epoch = mls_group_epoch(group) - i;
        assert_true(mls_group_psk_has(group, epoch));
        assert_ok(mls_group_psk_resumption(&p.env, mls_group_id(group), epoch, &p.arena, &psk[i]));
    }
    assert_false(mls_group_psk_has(group, mls_group_epoch(group) + 1));
    assert_false(mls_group_psk_has(p.member[3].group, 1)); /* it joined later */
    const struct mls_commit_params now = { .proposals = &psk[0], .proposal_count = 1 };
    party_commit(&p, 1, &now, &out);
    party_assert_agreement(&p);
    /* Member 3 was not in the epoch of the other one. */
    struct mls_received received;
    const struct mls_commit_params before = { .proposals = &psk[1], .proposal_count = 1 };
    assert_ok(mls_group_commit(p.member[0].group, &before, &p.arena, &out, NULL));
    assert_ok(party_receive(&p, 1, out.commit, &received));
    assert_status(party_receive(&p, 3, out.commit, &received), MLS_PSK_UNKNOWN);
    party_end(&p);
}

static void of_detached_commits_the_one_that_won_is_merged(void **state)
{
    (void)state;
    struct party p;
    struct mls_commit_out first, second;
    struct mls_staged *staged[2] = { NULL, NULL };
    const struct mls_commit_params params = { .force_path = true };
    party_start(&p, 0x0003, 5, 3);
    struct mls_group *group = p.member[0].group;
    assert_status(mls_group_pending_detach(group, &staged[0]), MLS_NO_PENDING);
    assert_ok(mls_group_commit(group, &params, &p.arena, &first, NULL));
    assert_ok(mls_group_pending_detach(group, &staged[0]));
    assert_false(mls_group_has_pending(group));
    assert_ok(mls_group_commit(group, &params, &p.arena, &second, NULL));
    assert_ok(mls_group_pending_detach(group, &staged[1]));
    party_deliver(&p, 0, first.commit);
    assert_ok(mls_group_pending_attach(group, staged[0]));
    assert_true(mls_group_is_own_pending(group, first.commit));
    assert_ok(mls_group_pending_merge(group));
    party_assert_agreement(&p);
    /* The loser's epoch has passed. */
    assert_status(mls_group_pending_attach(group, staged[1]), MLS_PENDING_FOREIGN);
    assert_status(mls_group_pending_attach(p.member[1].group, staged[1]), MLS_PENDING_FOREIGN);
    mls_group_pending_free(staged[1]);
    mls_group_pending_free(NULL);
    party_end(&p);
}

static void attaching_drops_what_is_pending(void **state)
{
    (void)state;
    struct party p;
    struct mls_commit_out first, second;
    struct mls_staged *staged = NULL;
    const struct mls_commit_params params = { .force_path = true };
    party_start(&p, 0x0003, 6, 2);
    struct mls_group *group = p.member[0].group;
    assert_ok(mls_group_commit(group, &params, &p.arena, &first, NULL));
    assert_ok(mls_group_pending_detach(group, &staged));
    assert_ok(mls_group_commit(group, &params, &p.arena, &second, NULL));
    assert_ok(mls_group_pending_attach(group, staged));
    assert_false(mls_group_is_own_pending(group, second.commit));
    assert_true(mls_group_is_own_pending(group, first.commit));
    party_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_commit_takes_the_chosen_proposals_and_no_others),
        cmocka_unit_test(a_chosen_proposal_is_not_taken_twice_with_the_pending_ones),
        cmocka_unit_test(a_reference_to_nothing_or_to_what_does_not_fit_is_refused),
        cmocka_unit_test(the_own_resumption_keys_can_be_proposed),
        cmocka_unit_test(of_detached_commits_the_one_that_won_is_merged),
        cmocka_unit_test(attaching_drops_what_is_pending),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
