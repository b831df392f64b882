/* Case work: the messages' one encoding, and the rules of the fold. */
#include "tests/support.h"

#include "chat/casework.h"

enum { CASE_COUNT_MAX = 512 };

/* States and subjects in arrays, with their own copies of what the fold puts. */
struct desk {
    struct test_heap heap;
    struct tb_arena arena;
    struct chat_case_state states[CASE_COUNT_MAX];
    struct {
        tb_bytes subject, case_id;
    } subjects[CASE_COUNT_MAX];
    size_t state_count, subject_count;
    struct chat_case_store store;
};

static tb_bytes keep(struct desk *desk, tb_bytes value)
{
    tb_bytes out;
    assert_ok(tb_arena_dup(&desk->arena, value, &out));
    return out;
}

static tb_status desk_get(void *ctx, tb_bytes case_id, struct chat_case_state *out)
{
    struct desk *desk = ctx;
    for (size_t i = 0; i < desk->state_count; i++) {
        if (!tb_bytes_equal(desk->states[i].case_id, case_id)) continue;
        *out = desk->states[i];
        return TB_STATUS(TB_OK);
    }
    return TB_STATUS(TB_NOT_FOUND);
}

static tb_status desk_put(void *ctx, const struct chat_case_state *state)
{
    struct desk *desk = ctx;
    struct chat_case_state *at = NULL;
    tb_bytes encoded;
    for (size_t i = 0; i < desk->state_count; i++) {
        if (tb_bytes_equal(desk->states[i].case_id, state->case_id)) at = &desk->states[i];
    }
    if (at == NULL) at = &desk->states[desk->state_count++];
    assert_true(desk->state_count <= CASE_COUNT_MAX);
    assert_ok(wire_encode(&chat_case_state_desc, state, &desk->arena, &encoded));
    return wire_decode(&chat_case_state_desc, encoded, &desk->arena, at, NULL);
}

static tb_status desk_of_subject(void *ctx, tb_bytes subject, tb_bytes *case_id)
{
    struct desk *desk = ctx;
    for (size_t i = 0; i < desk->subject_count; i++) {
        if (!tb_bytes_equal(desk->subjects[i].subject, subject)) continue;
        *case_id = desk->subjects[i].case_id;
        return TB_STATUS(TB_OK);
    }
    return TB_STATUS(TB_NOT_FOUND);
}

static tb_status desk_put_subject(void *ctx, tb_bytes subject, tb_bytes case_id)
{
    struct desk *desk = ctx;
    desk->subjects[desk->subject_count].subject = keep(desk, subject);
    desk->subjects[desk->subject_count++].case_id = keep(desk, case_id);
    return TB_STATUS(TB_OK);
}

static struct desk *desk_new(void)
{
    struct desk *desk = calloc(1, sizeof *desk);
    assert_non_null(desk);
    test_heap_init(&desk->heap);
    tb_arena_init(&desk->arena, &desk->heap.mem, 1 << 24);
    desk->store = (struct chat_case_store){ desk, desk_get, desk_put, desk_of_subject,
                                            desk_put_subject };
    return desk;
}

static void desk_free(struct desk *desk)
{
    tb_arena_wipe(&desk->arena);
    assert_int_equal(desk->heap.mem.used_bytes, 0);
    free(desk);
}

/* A case's id, or a subject: 32 octets that begin with the number. */
static tb_bytes id(struct desk *desk, uint16_t number)
{
    uint8_t octets[CHAT_HASH_LEN] = { 0 };
    tb_put_u16(octets, number);
    return keep(desk, TB_ARRAY(octets));
}

static uint16_t take(struct desk *desk, const char *account, uint64_t at_ms,
                     struct chat_case_event event)
{
    const struct chat_case_entry entry = { at_ms, tb_bytes_text(account), &event };
    uint16_t verdict = 1;
    assert_ok(chat_casework_take(&desk->store, &entry, &verdict));
    return verdict;
}

static uint16_t claim(struct desk *desk, const char *account, uint64_t at_ms, uint16_t number)
{
    return take(desk, account, at_ms,
                (struct chat_case_event){ .kind = CHAT_CASE_CLAIM,
                                          .case_id = id(desk, number),
                                          .until_ms = at_ms + CHAT_CASE_LEASE_MS });
}

static uint16_t merge(struct desk *desk, const char *account, uint64_t at_ms, uint16_t number,
                      uint16_t into)
{
    return take(desk, account, at_ms,
                (struct chat_case_event){ .kind = CHAT_CASE_MERGE,
                                          .case_id = id(desk, number),
                                          .into = id(desk, into) });
}

static struct chat_case_state root(struct desk *desk, uint16_t number)
{
    struct chat_case_state state;
    assert_ok(chat_casework_root(&desk->store, id(desk, number), &state));
    return state;
}

/* ------------------------------------------------------------------ the fold */

static void a_claim_by_another_is_void_until_the_lease_ends(void **state)
{
    (void)state;
    struct desk *desk = desk_new();
    assert_int_equal(claim(desk, "alice", 1000, 1), TB_OK);
    assert_int_equal(claim(desk, "bob", 2000, 1), CHAT_CASE_CLAIMED);
    assert_int_equal(claim(desk, "bob", 999 + CHAT_CASE_LEASE_MS, 1), CHAT_CASE_CLAIMED);
    assert_true(tb_bytes_equal(root(desk, 1).holder, TB_LITERAL("alice")));
    assert_int_equal(claim(desk, "bob", 1000 + CHAT_CASE_LEASE_MS, 1), TB_OK);
    assert_true(tb_bytes_equal(root(desk, 1).holder, TB_LITERAL("bob")));
    desk_free(desk);
}

static void a_claim_can_be_renewed_and_is_never_longer_than_the_lease(void **state)
{
    (void)state;
    struct desk *desk = desk_new();
    struct chat_case_event event = { .kind = CHAT_CASE_CLAIM, .case_id = id(desk, 1),
                                     .until_ms = UINT64_MAX };
    assert_int_equal(take(desk, "alice", 1000, event), TB_OK);
    assert_int_equal(root(desk, 1).lease_ms, 1000 + CHAT_CASE_LEASE_MS);
    assert_int_equal(take(desk, "alice", 5000, event), TB_OK);
    assert_int_equal(root(desk, 1).lease_ms, 5000 + CHAT_CASE_LEASE_MS);
    event.until_ms = 7000;
    assert_int_equal(take(desk, "alice", 7000, event), CHAT_CASE_LEASE);
    assert_int_equal(take(desk, "alice", 6999, event), TB_OK);
    assert_int_equal(root(desk, 1).lease_ms, 7000);
    desk_free(desk);
}

static void only_the_holder_releases_and_only_while_the_lease_stands(void **state)
{
    (void)state;
    struct desk *desk = desk_new();
    struct chat_case_event event = { .kind = CHAT_CASE_RELEASE, .case_id = id(desk, 1) };
    assert_int_equal(take(desk, "alice", 500, event), CHAT_CASE_NOT_HELD);
    assert_int_equal(claim(desk, "alice", 1000, 1), TB_OK);
    assert_int_equal(take(desk, "bob", 1500, event), CHAT_CASE_NOT_HELD);
    assert_int_equal(take(desk, "alice", 1000 + CHAT_CASE_LEASE_MS, event), CHAT_CASE_NOT_HELD);
    assert_int_equal(take(desk, "alice", 2000, event), TB_OK);
    assert_int_equal(claim(desk, "bob", 2001, 1), TB_OK);
    desk_free(desk);
}

static void merged_cases_act_as_one_and_circles_are_refused(void **state)
{
    (void)state;
    struct desk *desk = desk_new();
    assert_int_equal(merge(desk, "alice", 1, 1, 1), CHAT_CASE_CYCLE);
    assert_int_equal(merge(desk, "alice", 1, 1, 2), TB_OK);
    assert_int_equal(merge(desk, "alice", 2, 2, 3), TB_OK);
    assert_int_equal(merge(desk, "alice", 3, 3, 1), CHAT_CASE_CYCLE);
    assert_int_equal(merge(desk, "alice", 3, 1, 2), CHAT_CASE_CYCLE);
    assert_int_equal(claim(desk, "alice", 4, 1), TB_OK);
    assert_true(tb_bytes_equal(root(desk, 2).holder, TB_LITERAL("alice")));
    assert_int_equal(claim(desk, "bob", 5, 3), CHAT_CASE_CLAIMED);
    /* What is merged already goes along, whichever of them is named. */
    assert_int_equal(merge(desk, "alice", 6, 1, 4), TB_OK);
    assert_true(tb_bytes_equal(root(desk, 3).case_id, id(desk, 4)));
    desk_free(desk);
}

static void a_case_that_another_works_on_is_not_merged(void **state)
{
    (void)state;
    struct desk *desk = desk_new();
    assert_int_equal(claim(desk, "alice", 1, 1), TB_OK);
    assert_int_equal(merge(desk, "bob", 2, 1, 2), CHAT_CASE_CLAIMED);
    assert_int_equal(merge(desk, "bob", 2, 2, 1), CHAT_CASE_CLAIMED);
    assert_int_equal(merge(desk, "alice", 3, 1, 2), TB_OK);
    assert_int_equal(claim(desk, "bob", 4, 2), CHAT_CASE_CLAIMED);
    desk_free(desk);
}

static void the_more_urgent_of_two_merged_cases_decides(void **state)
{
    (void)state;
    struct desk *desk = desk_new();
    struct chat_case_event event = { .kind = CHAT_CASE_PRIORITY, .case_id = id(desk, 1),
                                     .level = CHAT_CASE_THREAT, .text = TB_LITERAL("an address") };
    assert_int_equal(take(desk, "alice", 1, event), TB_OK);
    event = (struct chat_case_event){ .kind = CHAT_CASE_DEADLINE, .case_id = id(desk, 2),
                                      .until_ms = 9000 };
    assert_int_equal(take(desk, "alice", 2, event), TB_OK);
    assert_int_equal(root(desk, 2).level, CHAT_CASE_NORMAL);
    assert_int_equal(merge(desk, "alice", 3, 1, 2), TB_OK);
    assert_int_equal(root(desk, 1).level, CHAT_CASE_THREAT);
    assert_int_equal(root(desk, 1).due_ms, 9000);
    assert_true(tb_bytes_equal(root(desk, 1).why, TB_LITERAL("an address")));
    desk_free(desk);
}

static void cases_about_one_message_merge_by_themselves(void **state)
{
    (void)state;
    struct desk *desk = desk_new();
    struct chat_case_event event = { .kind = CHAT_CASE_CLAIM, .case_id = id(desk, 1),
                                     .subject = id(desk, 77), .until_ms = 900 };
    assert_int_equal(take(desk, "alice", 1, event), TB_OK);
    event.case_id = id(desk, 2);
    assert_int_equal(take(desk, "bob", 2, event), CHAT_CASE_CLAIMED);
    assert_true(tb_bytes_equal(root(desk, 2).case_id, id(desk, 1)));
    event.case_id = id(desk, 3);
    event.subject = id(desk, 78);
    assert_int_equal(take(desk, "bob", 3, event), TB_OK);
    /* The first message says what a case is about; a later one does not move it. */
    event.subject = id(desk, 77);
    assert_int_equal(take(desk, "bob", 4, event), TB_OK);
    assert_true(tb_bytes_equal(root(desk, 3).case_id, id(desk, 3)));
    desk_free(desk);
}

static void a_chain_of_merges_has_an_end(void **state)
{
    (void)state;
    struct desk *desk = desk_new();
    /* Each into the next, from the far end: the longest chain that merging can make. */
    for (uint16_t i = 1; i <= CHAT_CASE_DEPTH_MAX; i++) {
        assert_int_equal(merge(desk, "alice", i, i, (uint16_t)(i + 1)), TB_OK);
    }
    assert_int_equal(merge(desk, "bob", 1000, CHAT_CASE_DEPTH_MAX + 1, CHAT_CASE_DEPTH_MAX + 2),
                     CHAT_CASE_DEPTH);
    assert_int_equal(merge(desk, "bob", 1001, CHAT_CASE_DEPTH_MAX + 3, CHAT_CASE_DEPTH_MAX + 1),
                     TB_OK);
    assert_int_equal(claim(desk, "bob", 1002, 1), TB_OK);
    assert_int_equal(claim(desk, "alice", 1003, CHAT_CASE_DEPTH_MAX + 3), CHAT_CASE_CLAIMED);
    desk_free(desk);
}

/* ------------------------------------------------------------------ the messages */

static void each_kind_has_one_encoding(void **state)
{
    (void)state;
    struct desk *desk = desk_new();
    const struct chat_case_event events[] = {
        { .kind = CHAT_CASE_CLAIM, .case_id = id(desk, 1), .until_ms = 5,
          .subject = id(desk, 9) },
        { .kind = CHAT_CASE_RELEASE, .case_id = tb_bytes_of("\0\0\0\0\0\0\0\7", 8) },
        { .kind = CHAT_CASE_NOTE, .case_id = id(desk, 1), .text = TB_LITERAL("call back") },
        { .kind = CHAT_CASE_CODE, .case_id = id(desk, 1), .code_count = 2,
          .codes = { TB_LITERAL("ketamine"), TB_LITERAL("form:powder") } },
        { .kind = CHAT_CASE_MERGE, .case_id = id(desk, 1), .into = id(desk, 2) },
        { .kind = CHAT_CASE_PRIORITY, .case_id = id(desk, 1), .level = CHAT_CASE_ORDER },
        { .kind = CHAT_CASE_DEADLINE, .case_id = id(desk, 1) },
    };
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        struct chat_case_event out;
        struct tb_buf buf, again;
        tb_buf_init(&buf, &desk->heap.mem, 65536);
        tb_buf_init(&again, &desk->heap.mem, 65536);
        assert_ok(chat_casework_encode(&events[i], &buf));
        assert_ok(chat_casework_decode(tb_buf_view(&buf), &out));
        assert_int_equal(out.kind, events[i].kind);
        assert_ok(chat_casework_encode(&out, &again));
        assert_true(tb_bytes_equal(tb_buf_view(&buf), tb_buf_view(&again)));
        for (size_t len = 0; len < buf.len; len++) {
            assert_true(chat_casework_decode(tb_bytes_of(buf.data, len), &out).code != TB_OK);
        }
        for (size_t bit = 0; bit < 8 * buf.len; bit++) {
            buf.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
            tb_buf_clear(&again);
            if (tb_is_ok(chat_casework_decode(tb_buf_view(&buf), &out))) {
                assert_ok(chat_casework_encode(&out, &again));
                assert_true(tb_bytes_equal(tb_buf_view(&buf), tb_buf_view(&again)));
            }
            buf.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        tb_buf_wipe(&buf);
        tb_buf_wipe(&again);
    }
    desk_free(desk);
}

static void what_a_kind_has_not_is_refused(void **state)
{
    (void)state;
    struct desk *desk = desk_new();
    tb_bytes one = id(desk, 1);
    uint8_t long_text[CHAT_CASE_TEXT_LEN_MAX + 1];
    memset(long_text, 'a', sizeof long_text);
    const struct chat_case_event events[] = {
        { .case_id = one },
        { .kind = CHAT_CASE_KIND_END, .case_id = one },
        { .kind = CHAT_CASE_RELEASE, .case_id = TB_LITERAL("short") },
        { .kind = CHAT_CASE_RELEASE, .case_id = one, .subject = TB_LITERAL("short") },
        { .kind = CHAT_CASE_CLAIM, .case_id = one },
        { .kind = CHAT_CASE_RELEASE, .case_id = one, .until_ms = 5 },
        { .kind = CHAT_CASE_NOTE, .case_id = one },
        { .kind = CHAT_CASE_NOTE, .case_id = one, .text = TB_ARRAY(long_text) },
        { .kind = CHAT_CASE_CLAIM, .case_id = one, .until_ms = 5, .text = TB_LITERAL("x") },
        { .kind = CHAT_CASE_CODE, .case_id = one },
        { .kind = CHAT_CASE_CODE, .case_id = one, .code_count = 1, .codes = { TB_LITERAL("A") } },
        { .kind = CHAT_CASE_CODE, .case_id = one, .code_count = 2,
          .codes = { TB_LITERAL("a"), TB_LITERAL("a") } },
        { .kind = CHAT_CASE_CODE, .case_id = one, .code_count = CHAT_CASE_CODE_COUNT_MAX + 1 },
        { .kind = CHAT_CASE_MERGE, .case_id = one },
        { .kind = CHAT_CASE_PRIORITY, .case_id = one },
        { .kind = CHAT_CASE_PRIORITY, .case_id = one, .level = CHAT_CASE_NORMAL + 1 },
        { .kind = CHAT_CASE_NOTE, .case_id = one, .text = TB_LITERAL("x"), .level = 1 },
    };
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        struct tb_buf buf;
        tb_buf_init(&buf, &desk->heap.mem, 65536);
        assert_int_equal(chat_casework_encode(&events[i], &buf).code, CHAT_CASE_FORM);
        assert_int_equal(buf.len, 0);
        tb_buf_wipe(&buf);
    }
    struct chat_case_event out;
    /* A release whose case is the octets of a notice, with an end of 0: another encoding of it. */
    static const uint8_t with_zero[] = { 0xa3, 1, 2, 2, 0x48, 0, 0, 0, 0, 0, 0, 0, 7, 4, 0 };
    static const uint8_t without[] = { 0xa2, 1, 2, 2, 0x48, 0, 0, 0, 0, 0, 0, 0, 7 };
    static const uint8_t unknown[] = { 0xa3, 1, 2, 2, 0x48, 0, 0, 0, 0, 0, 0, 0, 7, 9, 1 };
    assert_ok(chat_casework_decode(TB_ARRAY(without), &out));
    assert_int_equal(chat_casework_decode(TB_ARRAY(with_zero), &out).code, CHAT_CASE_FORM);
    assert_int_equal(chat_casework_decode(TB_ARRAY(unknown), &out).code, CHAT_CASE_FORM);
    desk_free(desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_claim_by_another_is_void_until_the_lease_ends),
        cmocka_unit_test(a_claim_can_be_renewed_and_is_never_longer_than_the_lease),
        cmocka_unit_test(only_the_holder_releases_and_only_while_the_lease_stands),
        cmocka_unit_test(merged_cases_act_as_one_and_circles_are_refused),
        cmocka_unit_test(a_case_that_another_works_on_is_not_merged),
        cmocka_unit_test(the_more_urgent_of_two_merged_cases_decides),
        cmocka_unit_test(cases_about_one_message_merge_by_themselves),
        cmocka_unit_test(a_chain_of_merges_has_an_end),
        cmocka_unit_test(each_kind_has_one_encoding),
        cmocka_unit_test(what_a_kind_has_not_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
