/* The generator of random values: it reaches every arm and edge, and stays within its bounds. */
#include "tests/support.h"
#include "wire/tls_random.h"

#define ITEM(ROW, S)                  \
    ROW(S, BYTES_SOME, some, 200)     \
    ROW(S, OPT, number, wire_u64)
WIRE_STRUCT(item, ITEM)
WIRE_TABLE(item, ITEM)

#define INNER_ARMS(ARM, ARM_EMPTY, U) \
    ARM(U, 1, number, wire_u32)       \
    ARM(U, 300, item, item)           \
    ARM_EMPTY(U, 9, nothing)
WIRE_UNION(inner_select, INNER_ARMS)
#define INNER(ROW, S)                 \
    ROW(S, U16, tag, NONE)            \
    ROW(S, SELECT, of, inner_select)
WIRE_STRUCT(inner, INNER)
WIRE_ARMS_TABLE(inner_select, inner, tag, false, INNER_ARMS)
WIRE_TABLE(inner, INNER)

/* Two selects on a tag inside, and one on its own tag that is open. */
#define FOLLOW_ARMS(ARM, ARM_EMPTY, U) \
    ARM(U, 1, text, wire_opaque)       \
    ARM_EMPTY(U, 300, item)            \
    ARM_EMPTY(U, 9, nothing)
WIRE_UNION(follow_select, FOLLOW_ARMS)
#define OPEN_ARMS(ARM, ARM_EMPTY, U)  \
    ARM(U, 2, text, wire_opaque)
WIRE_UNION(open_select, OPEN_ARMS)
#define OUTER(ROW, S)                  \
    ROW(S, SUB, inner, inner)          \
    ROW(S, SELECT, follow, follow_select) \
    ROW(S, U8, own, NONE)              \
    ROW(S, SELECT, open, open_select)  \
    ROW(S, VEC, items, item)
WIRE_STRUCT(outer, OUTER)
WIRE_ARMS_TABLE(follow_select, outer, inner.tag, false, FOLLOW_ARMS)
WIRE_ARMS_TABLE(open_select, outer, own, true, OPEN_ARMS)
WIRE_TABLE(outer, OUTER)

static const struct wire_random_bounds bounds = { .len_max = 70, .count_max = 5, .item_max = 4 };

struct tally {
    size_t tag_1, tag_300, tag_9, open, unknown, empty, full, present, absent, len_63, len_64;
};

static void count(struct tally *tally, const struct outer *value)
{
    tally->tag_1 += value->inner.tag == 1;
    tally->tag_300 += value->inner.tag == 300;
    tally->tag_9 += value->inner.tag == 9;
    tally->open += value->own == 2;
    tally->unknown += value->own != 2;
    tally->empty += value->items.count == 0;
    tally->full += value->items.count == bounds.item_max;
    assert_true(value->items.count <= bounds.count_max);
    for (size_t i = 0; i < value->items.count; i++) {
        const struct item *item = &value->items.at[i];
        assert_in_range(item->some.len, 1, bounds.len_max);
        tally->len_63 += item->some.len == 63;
        tally->len_64 += item->some.len == 64;
        tally->present += item->number != NULL;
        tally->absent += item->number == NULL;
    }
}

static void assert_all_reached(const struct tally *tally)
{
    assert_true(tally->tag_1 > 0 && tally->tag_300 > 0 && tally->tag_9 > 0);
    assert_true(tally->open > 0 && tally->unknown > 0);
    assert_true(tally->empty > 0 && tally->full > 0);
    assert_true(tally->present > 0 && tally->absent > 0);
    assert_true(tally->len_63 > 0 && tally->len_64 > 0);
}

static void every_arm_option_and_edge_is_made(void **state)
{
    (void)state;
    struct test_heap heap;
    struct test_rng rng;
    struct tb_arena arena;
    struct tally tally = { 0 };
    test_heap_init(&heap);
    test_rng_init(&rng, 7);
    tb_arena_init(&arena, &heap.mem, 1 << 20);
    for (int round = 0; round < 500; round++) {
        struct outer value;
        tb_bytes octets;
        assert_ok(wire_random_make(&outer_desc, &rng.rng, &bounds, &arena, &value));
        assert_ok(wire_encode(&outer_desc, &value, &arena, &octets));
        count(&tally, &value);
        tb_arena_wipe(&arena);
    }
    assert_all_reached(&tally);
}

static void a_chain_of_changes_visits_every_arm_and_stays_encodable(void **state)
{
    (void)state;
    struct test_heap heap;
    struct test_rng rng;
    struct tb_arena arena;
    struct tally tally = { 0 };
    struct outer value;
    size_t unchanged = 0;
    tb_bytes before = { NULL, 0 }, octets;
    test_heap_init(&heap);
    test_rng_init(&rng, 8);
    tb_arena_init(&arena, &heap.mem, 64 << 20);
    assert_ok(wire_random_make(&outer_desc, &rng.rng, &bounds, &arena, &value));
    for (int round = 0; round < 2000; round++) {
        assert_ok(wire_random_change(&outer_desc, &rng.rng, &bounds, &arena, &value));
        assert_ok(wire_encode(&outer_desc, &value, &arena, &octets));
        unchanged += tb_bytes_equal(octets, before);
        before = octets;
        if (value.items.count <= bounds.count_max) count(&tally, &value);
    }
    assert_all_reached(&tally);
    assert_true(unchanged < 1500);
    tb_arena_wipe(&arena);
}

static void the_same_seed_makes_the_same_value(void **state)
{
    (void)state;
    struct test_heap heap;
    struct tb_arena arena;
    tb_bytes octets[3];
    test_heap_init(&heap);
    tb_arena_init(&arena, &heap.mem, 1 << 20);
    for (size_t i = 0; i < 3; i++) {
        struct test_rng rng;
        struct outer value;
        test_rng_init(&rng, i == 2 ? 4 : 3);
        assert_ok(wire_random_make(&outer_desc, &rng.rng, &bounds, &arena, &value));
        assert_ok(wire_encode(&outer_desc, &value, &arena, &octets[i]));
    }
    assert_true(tb_bytes_equal(octets[0], octets[1]));
    assert_false(tb_bytes_equal(octets[0], octets[2]));
    tb_arena_wipe(&arena);
}

static bool no_randomness(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    (void)out;
    (void)len;
    return false;
}

static void randomness_or_memory_that_ends_is_told(void **state)
{
    (void)state;
    struct test_heap heap;
    struct test_rng rng;
    struct tb_arena arena;
    struct outer value;
    struct tb_rng dry = { NULL, no_randomness };
    test_heap_init(&heap);
    test_rng_init(&rng, 1);
    tb_arena_init(&arena, &heap.mem, 16);
    assert_status(wire_random_make(&outer_desc, &dry, &bounds, &arena, &value), TB_RANDOM);
    assert_status(wire_random_make(&outer_desc, &rng.rng, &bounds, &arena, &value), TB_NO_SPACE);
    tb_arena_wipe(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_arm_option_and_edge_is_made),
        cmocka_unit_test(a_chain_of_changes_visits_every_arm_and_stays_encodable),
        cmocka_unit_test(the_same_seed_makes_the_same_value),
        cmocka_unit_test(randomness_or_memory_that_ends_is_told),
    };
    return cmocka_run_group_tests_name("wire/tls_random", tests, NULL, NULL);
}
