/* The stored state: a group written and read back at any moment goes on as if nothing was. */
#include "tests/support.h"

#include "tests/unit/mls_party.h"

static const tb_bytes NO_AAD = { NULL, 0 };
static const struct mls_commit_params empty = { .as_public = true };

/* Write a member's group, forget it, read it back. */
static void restart(struct party *p, size_t who)
{
    struct tb_buf first, second;
    struct mls_group *again = NULL;
    tb_buf_init(&first, &p->heap.mem, SIZE_MAX);
    tb_buf_init(&second, &p->heap.mem, SIZE_MAX);
    assert_ok(mls_group_encode(p->member[who].group, &first));
    assert_ok(mls_group_decode(&p->env, tb_buf_view(&first), &p->member[who].signer, &again));
    assert_ok(mls_group_encode(again, &second));
    assert_bytes(tb_buf_view(&second), tb_buf_view(&first));
    mls_group_free(p->member[who].group);
    p->member[who].group = again;
    tb_buf_wipe(&first);
    tb_buf_wipe(&second);
}

static void a_group_goes_on_after_a_restart(void **state)
{
    (void)state;
    struct party p;
    struct mls_commit_out out;
    party_start(&p, 0x0003, 1, 4);
    for (size_t i = 0; i < 4; i++) restart(&p, i);
    party_assert_agreement(&p);
    tb_bytes message = party_protect(&p, 1, TB_LITERAL("before"));
    for (size_t i = 0; i < 4; i++) restart(&p, i);
    party_assert_reads(&p, 2, message, TB_LITERAL("before"));
    party_commit(&p, 3, &empty, &out);
    for (size_t i = 0; i < 4; i++) restart(&p, i);
    party_add(&p, 1, 4);
    for (size_t i = 0; i < 5; i++) restart(&p, i);
    party_commit(&p, 4, &empty, &out);
    party_assert_agreement(&p);
    party_end(&p);
}

static void no_generation_is_used_twice_over_a_restart(void **state)
{
    (void)state;
    struct party p;
    struct mls_received received;
    party_start(&p, 0x0001, 2, 2);
    tb_bytes first = party_protect(&p, 0, TB_LITERAL("one"));
    restart(&p, 0);
    tb_bytes second = party_protect(&p, 0, TB_LITERAL("two"));
    party_assert_reads(&p, 1, second, TB_LITERAL("two"));
    restart(&p, 1); /* the skipped key of the first is stored */
    party_assert_reads(&p, 1, first, TB_LITERAL("one"));
    restart(&p, 1);
    assert_status(party_receive(&p, 1, first, &received), MLS_GENERATION_USED);
    assert_status(party_receive(&p, 1, second, &received), MLS_GENERATION_USED);
    party_end(&p);
}

static void late_messages_open_after_a_restart_under_their_senders_name(void **state)
{
    (void)state;
    struct party p;
    struct mls_commit_out out;
    struct mls_received received;
    struct mls_remove remove = { 2 };
    const struct mls_proposal removal = { .proposal_type = MLS_PROPOSAL_REMOVE,
                                          .of = { .remove = &remove } };
    const struct mls_commit_params params = { .proposals = &removal,
                                              .proposal_count = 1,
                                              .as_public = true };
    party_start(&p, 0x0003, 3, 4);
    tb_bytes message = party_protect(&p, 2, TB_LITERAL("late"));
    party_commit(&p, 0, &params, &out);
    restart(&p, 1);
    assert_ok(party_receive(&p, 1, message, &received));
    assert_bytes(received.sender_identity, party_name(&p, 2));
    restart(&p, 2);
    assert_false(mls_group_is_active(p.member[2].group));
    party_end(&p);
}

static void a_pending_commit_survives_a_restart(void **state)
{
    (void)state;
    struct party p;
    struct mls_commit_out out;
    struct mls_received received;
    struct party_key_package key_package;
    struct mls_remove remove = { 3 };
    tb_bytes message;
    const struct mls_proposal removal = { .proposal_type = MLS_PROPOSAL_REMOVE,
                                          .of = { .remove = &remove } };
    party_start(&p, 0x0003, 4, 4);
    assert_ok(mls_group_propose(p.member[2].group, &removal, NO_AAD, true, &p.arena, &message));
    party_deliver(&p, 2, message);
    party_key_package(&p, 4, &key_package);
    for (int as_public = 0; as_public <= 1; as_public++) {
        const struct mls_commit_params params = { .proposals = &key_package.proposal,
                                                  .proposal_count = 1,
                                                  .include_pending = true,
                                                  .as_public = as_public == 1,
                                                  .tree_in_welcome = true,
                                                  .now_s = PARTY_NOW_S };
        assert_ok(mls_group_commit(p.member[0].group, &params, &p.arena, &out, NULL));
        restart(&p, 0);
        assert_true(mls_group_has_pending(p.member[0].group));
        assert_true(mls_group_is_own_pending(p.member[0].group, out.commit));
    }
    /* Even if policy drops what it holds: it may have been sent. */
    mls_group_pending_proposal_drop(p.member[0].group, 0);
    restart(&p, 0);
    assert_int_equal(mls_group_pending_proposal_count(p.member[0].group), 0);
    assert_true(mls_group_is_own_pending(p.member[0].group, out.commit));
    assert_ok(party_receive(&p, 0, out.commit, &received));
    assert_int_equal(received.kind, MLS_RECEIVED_OWN_COMMIT);
    party_deliver(&p, 0, out.commit);
    assert_ok(mls_group_pending_merge(p.member[0].group));
    party_join(&p, 4, &key_package, out.welcome, NO_AAD);
    party_assert_agreement(&p);
    party_commit(&p, 0, &empty, &out); /* its path keys are right */
    party_assert_agreement(&p);
    party_commit(&p, 4, &empty, &out);
    party_assert_agreement(&p);
    party_end(&p);
}

static void an_own_update_survives_a_restart(void **state)
{
    (void)state;
    struct party p;
    struct mls_commit_out out;
    tb_bytes message;
    const struct mls_proposal update = { .proposal_type = MLS_PROPOSAL_UPDATE };
    const struct mls_commit_params params = { .include_pending = true, .as_public = true };
    party_start(&p, 0x0003, 5, 3);
    assert_ok(mls_group_propose(p.member[1].group, &update, NO_AAD, false, &p.arena, &message));
    restart(&p, 1);
    party_deliver(&p, 1, message);
    party_commit(&p, 0, &params, &out);
    restart(&p, 1);
    party_commit(&p, 2, &empty, &out); /* reaches member 1 by its new leaf key */
    party_assert_agreement(&p);
    party_end(&p);
}

static void a_truncated_blob_and_one_with_any_octet_changed_are_refused(void **state)
{
    (void)state;
    struct party p;
    struct tb_buf blob;
    struct mls_group *group = NULL;
    tb_bytes message;
    const struct mls_proposal leave = { .proposal_type = MLS_PROPOSAL_SELF_REMOVE };
    struct mls_commit_out out;
    party_start(&p, 0x0003, 6, 3);
    message = party_protect(&p, 2, TB_LITERAL("makes a ratchet"));
    party_assert_reads(&p, 0, message, TB_LITERAL("makes a ratchet"));
    assert_ok(mls_group_propose(p.member[2].group, &leave, NO_AAD, true, &p.arena, &message));
    party_deliver(&p, 2, message);
    assert_ok(mls_group_commit(p.member[0].group, &empty, &p.arena, &out, NULL));
    tb_buf_init(&blob, &p.heap.mem, SIZE_MAX);
    assert_ok(mls_group_encode(p.member[0].group, &blob));
    tb_bytes whole = tb_buf_view(&blob);
    for (size_t len = 0; len < whole.len; len++) {
        assert_status(mls_group_decode(&p.env, (tb_bytes){ whole.data, len },
                                       &p.member[0].signer, &group),
                      MLS_BLOB);
    }
    /* The digest covers all that follows version and cipher suite, and itself. */
    for (size_t at = 4; at < whole.len; at++) {
        const uint8_t changes[] = { (uint8_t)(1u << (at % 8)), 0xff };
        for (size_t i = 0; i < 2; i++) {
            blob.data[at] ^= changes[i];
            assert_status(mls_group_decode(&p.env, whole, &p.member[0].signer, &group), MLS_BLOB);
            blob.data[at] ^= changes[i];
        }
    }
    blob.data[1] ^= 4;
    assert_status(mls_group_decode(&p.env, whole, &p.member[0].signer, &group), MLS_BLOB_VERSION);
    blob.data[1] ^= 4;
    blob.data[3] ^= 2;
    assert_status(mls_group_decode(&p.env, whole, &p.member[0].signer, &group), MLS_SUITE);
    blob.data[3] ^= 2;
    assert_status(mls_group_decode(&p.env, whole, &p.member[1].signer, &group), MLS_GROUP_SIGNER);
    tb_buf_wipe(&blob);
    party_end(&p);
}

/* ---- ratchets apart ---- */

static void store_ratchets(struct party *p, size_t who, struct tb_buf *out)
{
    tb_buf_init(out, &p->heap.mem, SIZE_MAX);
    assert_ok(mls_group_ratchets_encode(p->member[who].group, out));
}

static void ratchets_stored_apart_bring_an_older_blob_up_to_date(void **state)
{
    (void)state;
    struct party p;
    struct mls_commit_out out;
    struct mls_received received;
    struct tb_buf whole, small;
    party_start(&p, 0x0003, 20, 3);
    tb_bytes late = party_protect(&p, 1, TB_LITERAL("late"));
    party_commit(&p, 2, &empty, &out);
    tb_buf_init(&whole, &p.heap.mem, SIZE_MAX);
    assert_ok(mls_group_encode(p.member[0].group, &whole));
    party_assert_reads(&p, 0, late, TB_LITERAL("late"));
    tb_bytes first = party_protect(&p, 0, TB_LITERAL("one"));
    store_ratchets(&p, 0, &small);
    assert_true(small.len < whole.len);

    /* The process dies here; what was stored comes back. */
    mls_group_free(p.member[0].group);
    p.member[0].group = NULL;
    assert_ok(mls_group_decode(&p.env, tb_buf_view(&whole), &p.member[0].signer,
                               &p.member[0].group));
    assert_ok(mls_group_ratchets_decode(p.member[0].group, tb_buf_view(&small)));
    assert_status(party_receive(&p, 0, late, &received), MLS_GENERATION_USED);
    assert_true(mls_group_last_signature(p.member[0].group).len != 0);
    tb_bytes second = party_protect(&p, 0, TB_LITERAL("two"));
    party_assert_reads(&p, 1, first, TB_LITERAL("one"));
    party_assert_reads(&p, 1, second, TB_LITERAL("two"));
    tb_buf_wipe(&whole);
    tb_buf_wipe(&small);
    party_end(&p);
}

static void ratchets_that_are_older_change_nothing(void **state)
{
    (void)state;
    struct party p;
    struct mls_commit_out out;
    struct tb_buf small;
    party_start(&p, 0x0003, 21, 2);
    (void)party_protect(&p, 0, TB_LITERAL("one"));
    store_ratchets(&p, 0, &small);
    assert_status(mls_group_ratchets_decode(p.member[0].group, tb_buf_view(&small)),
                  MLS_RATCHETS_STALE); /* as new as the group */
    tb_bytes message = party_protect(&p, 0, TB_LITERAL("two"));
    assert_status(mls_group_ratchets_decode(p.member[0].group, tb_buf_view(&small)),
                  MLS_RATCHETS_STALE);
    party_assert_reads(&p, 1, message, TB_LITERAL("two"));
    party_commit(&p, 1, &empty, &out);
    assert_status(mls_group_ratchets_decode(p.member[0].group, tb_buf_view(&small)),
                  MLS_RATCHETS_STALE); /* another epoch */
    for (size_t len = 0; len < small.len; len++) {
        assert_status(mls_group_ratchets_decode(p.member[0].group, tb_bytes_of(small.data, len)),
                      MLS_BLOB);
    }
    tb_buf_wipe(&small);
    party_end(&p);
}

/* ---- memory that runs out ---- */

typedef tb_status fallible(struct party *p, tb_bytes input);

/* Fail each allocation in turn; the group must then still be where it was, and work. */
static void fail_each_allocation(struct party *p, size_t who, fallible *call, tb_bytes input)
{
    struct tb_buf before, after;
    for (size_t n = 0;; n++) {
        tb_buf_init(&before, &p->heap.mem, SIZE_MAX);
        tb_buf_init(&after, &p->heap.mem, SIZE_MAX);
        assert_ok(mls_group_encode(p->member[who].group, &before));
        p->heap.fail_after = n;
        tb_status status = call(p, input);
        p->heap.fail_after = SIZE_MAX;
        bool is_done = tb_is_ok(status);
        if (!is_done) {
            assert_status(status, TB_NO_SPACE);
            assert_ok(mls_group_encode(p->member[who].group, &after));
            assert_bytes(tb_buf_view(&after), tb_buf_view(&before));
        }
        tb_buf_wipe(&before);
        tb_buf_wipe(&after);
        assert_true(n < 5000);
        if (!is_done) continue;
        assert_true(n > 10); /* allocations were failed indeed */
        return;
    }
}

static tb_status receive_and_merge(struct party *p, tb_bytes input)
{
    struct mls_received received;
    struct mls_group *group = p->member[1].group;
    TRY(party_receive(p, 1, input, &received));
    tb_status status = mls_group_merge(group, received.staged);
    if (!tb_is_ok(status)) mls_group_drop(group, received.staged);
    return status;
}

static tb_status commit(struct party *p, tb_bytes input)
{
    struct mls_commit_out out;
    (void)input;
    return mls_group_commit(p->member[0].group, &empty, &p->arena, &out, NULL);
}

static void running_out_of_memory_changes_nothing(void **state)
{
    (void)state;
    struct party p;
    struct mls_commit_out out;
    party_start(&p, 0x0003, 7, 3);
    fail_each_allocation(&p, 0, commit, NO_AAD);
    mls_group_pending_clear(p.member[0].group);
    assert_ok(mls_group_commit(p.member[0].group, &empty, &p.arena, &out, NULL));
    fail_each_allocation(&p, 1, receive_and_merge, out.commit);
    assert_ok(mls_group_pending_merge(p.member[0].group));
    struct mls_received received;
    assert_ok(party_receive(&p, 2, out.commit, &received));
    assert_ok(mls_group_merge(p.member[2].group, received.staged));
    party_assert_agreement(&p);
    party_end(&p);
}

static void decoding_frees_what_it_took_when_memory_runs_out(void **state)
{
    (void)state;
    struct party p;
    struct tb_buf blob;
    struct mls_commit_out out;
    struct mls_group *group = NULL;
    party_start(&p, 0x0003, 8, 3);
    assert_ok(mls_group_commit(p.member[0].group, &empty, &p.arena, &out, NULL));
    tb_buf_init(&blob, &p.heap.mem, SIZE_MAX);
    assert_ok(mls_group_encode(p.member[0].group, &blob));
    size_t used = p.heap.mem.used_bytes;
    for (size_t n = 0; group == NULL; n++) {
        p.heap.fail_after = n;
        tb_status status = mls_group_decode(&p.env, tb_buf_view(&blob), &p.member[0].signer,
                                            &group);
        p.heap.fail_after = SIZE_MAX;
        if (tb_is_ok(status)) break;
        assert_status(status, TB_NO_SPACE); /* the blob is not to blame */
        assert_int_equal(p.heap.mem.used_bytes, used);
        assert_true(n < 5000);
    }
    mls_group_free(group);
    tb_buf_wipe(&blob);
    party_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_group_goes_on_after_a_restart),
        cmocka_unit_test(no_generation_is_used_twice_over_a_restart),
        cmocka_unit_test(late_messages_open_after_a_restart_under_their_senders_name),
        cmocka_unit_test(a_pending_commit_survives_a_restart),
        cmocka_unit_test(an_own_update_survives_a_restart),
        cmocka_unit_test(a_truncated_blob_and_one_with_any_octet_changed_are_refused),
        cmocka_unit_test(ratchets_stored_apart_bring_an_older_blob_up_to_date),
        cmocka_unit_test(ratchets_that_are_older_change_nothing),
        cmocka_unit_test(running_out_of_memory_changes_nothing),
        cmocka_unit_test(decoding_frees_what_it_took_when_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
