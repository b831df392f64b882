/*
 * Which pending proposals an own commit takes up: one that no valid commit can hold keeps nobody
 * from committing the others (RFC 9420, section 12.2, last part).
 */
#include "tests/support.h"

#include "mls/group_psk.h"
#include "mls/group_state.h"
#include "tests/unit/mls_party.h"

static const tb_bytes NO_AAD = { NULL, 0 };
enum { COMPONENT = 0x8001 };

static void propose(struct party *p, size_t who, const struct mls_proposal *proposal)
{
    tb_bytes message;
    assert_ok(mls_group_propose(p->member[who].group, proposal, NO_AAD, true, &p->arena,
                                &message));
    party_deliver(p, who, message);
}

static void propose_app_data(struct party *p, size_t who, uint16_t component_id, const char *data)
{
    struct wire_opaque value = { tb_bytes_text(data == NULL ? "" : data) };
    struct mls_app_data_update update = { component_id, MLS_APP_DATA_REMOVE, { NULL } };
    const struct mls_proposal proposal = { .proposal_type = MLS_PROPOSAL_APP_DATA_UPDATE,
                                           .of = { .app_data_update = &update } };
    if (data != NULL) {
        update.op = MLS_APP_DATA_UPDATE;
        update.of.update = &value;
    }
    propose(p, who, &proposal);
}

/* Member 0 commits what is pending; how many proposals that were. */
static size_t commit(struct party *p)
{
    const struct mls_commit_params params = { .include_pending = true, .as_public = true };
    struct mls_commit_out out;
    struct mls_message message;
    party_commit(p, 0, &params, &out);
    party_assert_agreement(p);
    assert_ok(mls_framing_message(out.commit, &p->arena, &message, NULL));
    return message.of.public_message->authenticated.content.of.commit->proposals.count;
}

static void contradicting_app_data_updates_leave_the_first_standing(void **state)
{
    (void)state;
    struct party p;
    tb_bytes data;
    party_start(&p, 0x0003, 1, 3);
    propose_app_data(&p, 1, COMPONENT, "here");
    assert_int_equal(commit(&p), 1);
    propose_app_data(&p, 1, COMPONENT, NULL);
    propose_app_data(&p, 2, COMPONENT, "still here");
    propose_app_data(&p, 2, COMPONENT, NULL);
    propose_app_data(&p, 2, COMPONENT + 1, "another");
    assert_int_equal(commit(&p), 2);
    assert_false(mls_group_component(p.member[2].group, COMPONENT, &data));
    assert_true(mls_group_component(p.member[2].group, COMPONENT + 1, &data));
    party_end(&p);
}

static void the_removal_of_an_absent_component_is_left_out(void **state)
{
    (void)state;
    struct party p;
    party_start(&p, 0x0003, 2, 2);
    propose_app_data(&p, 1, COMPONENT, NULL);
    assert_int_equal(commit(&p), 0);
    party_end(&p);
}

static void a_pre_shared_key_that_the_committer_has_not_is_left_out(void **state)
{
    (void)state;
    struct party p;
    struct mls_proposal proposal;
    party_start(&p, 0x0003, 3, 2);
    assert_ok(mls_group_psk_external(&p.env, TB_LITERAL("unheard of"), &p.arena, &proposal));
    propose(&p, 1, &proposal);
    assert_ok(mls_group_psk_resumption(&p.env, TB_LITERAL("a group of the tests"), 1, &p.arena,
                                       &proposal));
    propose(&p, 1, &proposal);
    assert_int_equal(commit(&p), 1);
    party_end(&p);
}

static void no_more_app_data_updates_are_taken_than_a_commit_may_hold(void **state)
{
    (void)state;
    struct party p;
    party_start(&p, 0x0003, 4, 2);
    for (size_t i = 0; i < MLS_APP_DATA_UPDATE_COUNT_MAX + 3; i++) {
        propose_app_data(&p, 1, (uint16_t)(COMPONENT + i), "x");
    }
    assert_int_equal(commit(&p), MLS_APP_DATA_UPDATE_COUNT_MAX);
    party_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contradicting_app_data_updates_leave_the_first_standing),
        cmocka_unit_test(the_removal_of_an_absent_component_is_left_out),
        cmocka_unit_test(a_pre_shared_key_that_the_committer_has_not_is_left_out),
        cmocka_unit_test(no_more_app_data_updates_are_taken_than_a_commit_may_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
