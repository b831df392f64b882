/*
 * SelfRemoves in external commits (draft-ietf-mls-extensions, section 5.3), and the end of a group
 * by a ReInit, as members, joiners and the delivery service see them.
 */
#include "tests/unit/mls_public_fixture.h"

#include "mls/group_external.h"

static const tb_bytes NOTHING = { NULL, 0 };
static const struct mls_proposal leave = { .proposal_type = MLS_PROPOSAL_SELF_REMOVE };

/* `who` says that it leaves; every other member and the hub keep the proposal. */
static tb_bytes say_leave(struct room *r, size_t who)
{
    struct mls_public_proposal kept;
    tb_bytes message;
    assert_ok(mls_group_propose(r->p.member[who].group, &leave, NOTHING, true, &r->p.arena,
                                &message));
    assert_ok(room_propose(r, message, &kept));
    party_deliver(&r->p, who, message);
    return message;
}

static struct mls_group_external *look(struct room *r)
{
    struct mls_group_external *external = NULL;
    tb_bytes info, tree;
    assert_ok(mls_group_info(r->p.member[0].group, false, NULL, 0, &r->p.arena, &info, &tree));
    assert_ok(mls_group_external_open(&r->p.env, info, tree, PARTY_NOW_S, &external, NULL));
    return external;
}

static struct mls_group_external_params as(const struct room *r, size_t who,
                                           const tb_bytes *self_removes, size_t count)
{
    return (struct mls_group_external_params){ .identity = party_name(&r->p, who),
                                               .signer = &r->p.member[who].signer,
                                               .now_s = PARTY_NOW_S,
                                               .self_removes = self_removes,
                                               .self_remove_count = count };
}

/* The commit goes through the hub and all members; the joiner is in the new epoch already. */
static void follow(struct room *r, size_t who, tb_bytes commit)
{
    struct mls_public_staged *staged;
    assert_ok(room_stage(r, commit, &staged));
    assert_ok(mls_public_group_merge(r->hub, staged));
    party_deliver(&r->p, who, commit);
    room_assert_agreement(r);
    party_assert_agreement(&r->p);
}

static void a_joiner_takes_those_out_who_said_that_they_leave(void **state)
{
    (void)state;
    struct room r;
    struct mls_commit_out out;
    room_begin(&r, 4);
    const tb_bytes waiting[] = { say_leave(&r, 1), say_leave(&r, 3) };
    struct mls_group_external *external = look(&r);
    const struct mls_group_external_params params = as(&r, 5, waiting, 2);
    assert_ok(mls_group_external_join(external, &params, &r.p.arena, &r.p.member[5].group, &out));
    follow(&r, 5, out.commit);
    assert_false(mls_group_is_active(r.p.member[1].group));
    assert_false(mls_group_is_active(r.p.member[3].group));
    assert_int_equal(mls_group_own_leaf(r.p.member[5].group), 1); /* the leftmost that got free */
    tb_bytes text = TB_LITERAL("hello");
    party_assert_reads(&r.p, 2, party_protect(&r.p, 5, text), text);
    mls_group_external_free(external);
    room_end(&r);
}

static void who_left_comes_back_in_the_place_of_its_self_remove(void **state)
{
    (void)state;
    struct room r;
    struct mls_commit_out out;
    struct mls_group *group = NULL;
    uint32_t prior = 2;
    room_begin(&r, 3);
    const tb_bytes waiting = say_leave(&r, 2);
    struct mls_group_external *external = look(&r);
    struct mls_group_external_params params = as(&r, 2, &waiting, 1);
    params.prior_leaf = &prior;
    assert_ok(mls_group_external_join(external, &params, &r.p.arena, &group, &out));
    mls_group_free(r.p.member[2].group);
    r.p.member[2].group = group;
    follow(&r, 2, out.commit);
    mls_group_external_free(external);
    room_end(&r);
}

static void a_joiner_verifies_what_it_refers_to(void **state)
{
    (void)state;
    struct room r;
    struct mls_commit_out out;
    struct mls_group *group = NULL;
    struct forged forged;
    struct mls_proposal proposal = leave;
    room_begin(&r, 3);
    struct mls_group_external *external = look(&r);
    tb_bytes message = say_leave(&r, 1);
    struct mls_group_external_params params = as(&r, 5, &message, 1);

    /* The membership_tag, at the end, is for members; every octet of the rest counts. */
    tb_bytes good = message;
    message = party_spoil(&r.p, good, good.len - 1);
    assert_ok(mls_group_external_join(external, &params, &r.p.arena, &group, &out));
    mls_group_free(group);
    group = NULL;
    message = party_spoil(&r.p, good, good.len - 40);
    assert_status(mls_group_external_join(external, &params, &r.p.arena, &group, &out),
                  MLS_CONTENT_SIGNATURE);

    struct mls_app_ephemeral ephemeral = { 0x50, TB_LITERAL("x") };
    message = room_forge_proposal(&r, 1, (struct mls_proposal){
                                             .proposal_type = MLS_PROPOSAL_APP_EPHEMERAL,
                                             .of = { .app_ephemeral = &ephemeral } });
    assert_status(mls_group_external_join(external, &params, &r.p.arena, &group, &out),
                  MLS_PROPOSALS_NOT_EXTERNAL);

    forged_begin(&r, 6, &forged); /* no such leaf */
    forged.content.content_type = MLS_CONTENT_PROPOSAL;
    forged.content.of.proposal = &proposal;
    message = room_forge(&r, &r.p.member[1].signer, &forged.content);
    assert_status(mls_group_external_join(external, &params, &r.p.arena, &group, &out),
                  MLS_SENDER);
    forged_begin(&r, 1, &forged);
    forged.content.content_type = MLS_CONTENT_PROPOSAL;
    forged.content.of.proposal = &proposal;
    forged.content.epoch++;
    message = room_forge(&r, &r.p.member[1].signer, &forged.content);
    assert_status(mls_group_external_join(external, &params, &r.p.arena, &group, &out), MLS_EPOCH);
    forged.content.epoch--;
    forged.content.group_id = TB_LITERAL("another");
    message = room_forge(&r, &r.p.member[1].signer, &forged.content);
    assert_status(mls_group_external_join(external, &params, &r.p.arena, &group, &out),
                  MLS_GROUP_ID);
    forged_begin(&r, 0, &forged);
    forged.content.sender = (struct mls_sender){ MLS_SENDER_EXTERNAL,
                                                 { .sender_index = &forged.index } };
    forged.content.content_type = MLS_CONTENT_PROPOSAL;
    forged.content.of.proposal = &proposal;
    message = room_forge(&r, &r.hub_key, &forged.content);
    assert_status(mls_group_external_join(external, &params, &r.p.arena, &group, &out),
                  MLS_PROPOSALS_INVALID_SENDER);
    message = mls_group_context(r.p.member[0].group);
    assert_false(tb_is_ok(mls_group_external_join(external, &params, &r.p.arena, &group, &out)));
    assert_null(group);
    mls_group_external_free(external);
    room_end(&r);
}

static void a_member_says_once_an_epoch_that_it_leaves(void **state)
{
    (void)state;
    struct room r;
    tb_bytes message;
    room_begin(&r, 2);
    (void)say_leave(&r, 1);
    assert_status(mls_group_propose(r.p.member[1].group, &leave, TB_LITERAL("other aad"), true,
                                    &r.p.arena, &message),
                  MLS_PENDING_TWICE);
    room_end(&r);
}

/* ---------------------------------------------------------------- ReInit */

static void after_a_reinit_the_delivery_service_takes_nothing_more(void **state)
{
    (void)state;
    struct room r;
    struct mls_commit_out out;
    struct mls_public_staged *staged = NULL;
    struct mls_public_group *again = NULL;
    struct tb_buf blob;
    struct mls_re_init reinit = { TB_LITERAL("successor"), MLS_VERSION_MLS10, 0x0003, { NULL, 0 } };
    const struct mls_proposal end = { .proposal_type = MLS_PROPOSAL_REINIT,
                                      .of = { .reinit = &reinit } };
    const struct mls_commit_params params = { .proposals = &end, .proposal_count = 1,
                                              .as_public = true };
    tb_bytes ref, message;
    room_begin(&r, 2);
    assert_false(mls_public_group_has_ended(r.hub));
    room_commit(&r, 0, &params, &out);
    assert_true(mls_public_group_has_ended(r.hub));
    tb_buf_init(&blob, &r.p.heap.mem, SIZE_MAX);
    assert_ok(mls_public_group_encode(r.hub, &blob));
    assert_ok(mls_public_group_decode(&r.env, tb_buf_view(&blob), &again));
    tb_buf_wipe(&blob);
    assert_true(mls_public_group_has_ended(again));
    mls_public_group_free(again);

    /* A member that goes on nevertheless; its messages are well formed. */
    message = room_forge_proposal(&r, 1, leave);
    room_assert_not_proposed(&r, message, MLS_GROUP_REINIT);
    message = room_forge_commit(&r, 1, (struct mls_commit){ .path = NULL });
    assert_status(room_stage(&r, message, &staged), MLS_GROUP_REINIT);
    assert_status(mls_public_group_external(r.hub, 0, &r.hub_key, &end, NOTHING, &r.p.arena,
                                            &message, &ref),
                  MLS_GROUP_REINIT);
    room_end(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_joiner_takes_those_out_who_said_that_they_leave),
        cmocka_unit_test(who_left_comes_back_in_the_place_of_its_self_remove),
        cmocka_unit_test(a_joiner_verifies_what_it_refers_to),
        cmocka_unit_test(a_member_says_once_an_epoch_that_it_leaves),
        cmocka_unit_test(after_a_reinit_the_delivery_service_takes_nothing_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
