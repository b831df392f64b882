/*
 * The identity property for every table of the program (the list is made from the headers):
 * what is encoded is decoded to an equal value and the same octets; what is accepted encodes to
 * what was read; what is cut, extended or altered is refused or is another value in full.
 */
#include "tests/support.h"
#include "wire/tls.h"
#include "wire/tls_random.h"
#include "wire_roots.h"

#define DECLARE(NAME_) extern const struct wire_desc NAME_##_desc;
WIRE_ROOTS(DECLARE)

enum {
    VALUE_COUNT = 60,          /* random values of each table */
    CHANGE_COUNT = 10,         /* changes to each of them */
    THOROUGH_COUNT = 6,        /* values whose every prefix and octet is tried */
    THOROUGH_LEN_MAX = 600,
    ARENA_BYTES_MAX = 4 << 20,
};

static const struct wire_random_bounds bounds = { .len_max = 80, .count_max = 4, .item_max = 40 };

struct scene {
    const struct wire_desc *desc;
    struct test_heap heap;
    struct test_rng rng;
    struct tb_arena arena;
    struct tb_arena scratch;
};

static bool ends_in_rest(const struct wire_desc *desc)
{
    if (desc->row_count == 0) return false;
    const struct wire_row *last = &desc->rows[desc->row_count - 1];
    if (last->kind == WIRE_SELECT) {
        for (size_t i = 0; i < last->arms->arm_count; i++) {
            const struct wire_desc *arm = last->arms->arms[i].desc;
            if (arm != NULL && ends_in_rest(arm)) return true;
        }
    }
    return last->kind == WIRE_REST || (last->kind == WIRE_SUB && ends_in_rest(last->sub));
}

/* Accepted octets encode to themselves; returns the status of decoding. */
static tb_status decode_and_check(struct scene *s, tb_bytes octets, struct tb_why *why)
{
    tb_arena_wipe(&s->scratch);
    void *value = tb_arena_take(&s->scratch, 1, s->desc->size);
    assert_non_null(value);
    tb_status status = wire_decode(s->desc, octets, &s->scratch, value, why);
    if (tb_is_ok(status)) {
        tb_bytes again;
        size_t len;
        assert_ok(wire_size(s->desc, value, &len));
        assert_int_equal(len, octets.len);
        assert_ok(wire_encode(s->desc, value, &s->scratch, &again));
        assert_bytes(again, octets);
    }
    return status;
}

/* The octets, in a block of their own length, so that reading past them is seen. */
static tb_bytes fenced(tb_bytes octets)
{
    uint8_t *copy = malloc(octets.len == 0 ? 1 : octets.len);
    assert_non_null(copy);
    if (octets.len != 0) memcpy(copy, octets.data, octets.len);
    return (tb_bytes){ copy, octets.len };
}

static void check_value(struct scene *s, const void *value)
{
    tb_bytes octets;
    assert_ok(wire_encode(s->desc, value, &s->arena, &octets));
    tb_bytes input = fenced(octets);
    void *back = tb_arena_take(&s->arena, 1, s->desc->size);
    void *copy = tb_arena_take(&s->arena, 1, s->desc->size);
    assert_non_null(back);
    assert_non_null(copy);
    assert_ok(wire_decode(s->desc, input, &s->arena, back, NULL));
    assert_true(wire_equal(s->desc, value, back));
    assert_ok(decode_and_check(s, input, NULL));

    struct tb_buf buf;
    tb_buf_init(&buf, &s->heap.mem, octets.len + 1);
    assert_ok(tb_buf_append_u8(&buf, 0x7e));
    assert_ok(wire_encode_buf(s->desc, value, &buf));
    assert_bytes(tb_bytes_of(buf.data + 1, buf.len - 1), octets);
    tb_buf_wipe(&buf);

    assert_ok(wire_copy(s->desc, back, &s->arena, copy));
    free((void *)(uintptr_t)input.data); /* the copy does not look into the input */
    assert_true(wire_equal(s->desc, value, copy));
}

static void check_cuts_and_bits(struct scene *s, const void *value)
{
    tb_bytes octets;
    assert_ok(wire_encode(s->desc, value, &s->arena, &octets));
    if (octets.len > THOROUGH_LEN_MAX) return;
    bool has_rest = ends_in_rest(s->desc);
    for (size_t len = 0; len < octets.len; len++) {
        struct tb_why why;
        tb_bytes input = fenced((tb_bytes){ octets.data, len });
        tb_status status = decode_and_check(s, input, &why);
        if (!has_rest) {
            assert_false(tb_is_ok(status));
            assert_non_null(why.type);
            assert_true(why.offset <= len);
        }
        free((void *)(uintptr_t)input.data);
    }
    uint8_t *altered = malloc(octets.len + 1);
    assert_non_null(altered);
    for (size_t at = 0; at < octets.len; at++) {
        memcpy(altered, octets.data, octets.len);
        altered[at] = (uint8_t)(altered[at] ^ (1u << (at % 8)));
        (void)decode_and_check(s, (tb_bytes){ altered, octets.len }, NULL).code;
    }
    if (octets.len != 0) memcpy(altered, octets.data, octets.len);
    altered[octets.len] = 0;
    if (!has_rest) {
        assert_status(decode_and_check(s, (tb_bytes){ altered, octets.len + 1 }, NULL),
                      WIRE_TRAILING);
    }
    free(altered);
}

/* Decoding and copying end in TB_NO_SPACE wherever memory ends, and leak nothing. */
static void check_without_memory(struct scene *s, const void *value)
{
    tb_bytes octets;
    assert_ok(wire_encode(s->desc, value, &s->arena, &octets));
    for (size_t allowed = 0; allowed < 64; allowed++) {
        struct test_heap poor;
        struct tb_arena arena;
        test_heap_init(&poor);
        tb_arena_init(&arena, &poor.mem, ARENA_BYTES_MAX);
        void *back = malloc(s->desc->size);
        assert_non_null(back);
        poor.fail_after = allowed;
        tb_status status = wire_decode(s->desc, octets, &arena, back, NULL);
        free(back);
        tb_arena_wipe(&arena);
        assert_int_equal(poor.mem.used_bytes, 0);
        if (tb_is_ok(status)) return;
        assert_status(status, TB_NO_SPACE);
    }
    fail_msg("%s needs more than 64 blocks", s->desc->name);
}

static void identity(void **state)
{
    struct scene s = { .desc = *state };
    test_heap_init(&s.heap);
    test_rng_init(&s.rng, 42);
    tb_arena_init(&s.arena, &s.heap.mem, ARENA_BYTES_MAX);
    tb_arena_init(&s.scratch, &s.heap.mem, ARENA_BYTES_MAX);
    assert_true(wire_check(s.desc));
    for (int round = 0; round < VALUE_COUNT; round++) {
        void *value = tb_arena_take(&s.arena, 1, s.desc->size);
        assert_non_null(value);
        assert_ok(wire_random_make(s.desc, &s.rng.rng, &bounds, &s.arena, value));
        check_value(&s, value);
        if (round < THOROUGH_COUNT) {
            check_cuts_and_bits(&s, value);
            check_without_memory(&s, value);
        }
        for (int change = 0; change < CHANGE_COUNT; change++) {
            assert_ok(wire_random_change(s.desc, &s.rng.rng, &bounds, &s.arena, value));
            check_value(&s, value);
        }
        tb_arena_wipe(&s.arena);
    }
    tb_arena_wipe(&s.scratch);
    assert_int_equal(s.heap.mem.used_bytes, 0);
}

int main(void)
{
#define TEST(NAME_)                                                                                \
    { .name = "identity of " #NAME_, .test_func = identity,                                        \
      .initial_state = (void *)(uintptr_t)&NAME_##_desc },
    const struct CMUnitTest tests[] = { WIRE_ROOTS(TEST) };
    return cmocka_run_group_tests_name("every table", tests, NULL, NULL);
}
