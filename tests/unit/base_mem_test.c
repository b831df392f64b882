/* Memory by lifetime: the capped allocator, arenas, buffers, and what happens when memory ends. */
#include "tests/support.h"

static bool is_zero(const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (data[i] != 0) return false;
    }
    return true;
}

/* Remembers whether every block came back wiped. */
struct watching_heap {
    struct tb_mem mem;
    size_t given_count;
    bool all_wiped;
};

static void *watching_take(void *ctx, size_t len)
{
    (void)ctx;
    uint8_t *data = malloc(len);
    if (data != NULL) memset(data, 0xa5, len);
    return data;
}

static void watching_give(void *ctx, void *data, size_t len)
{
    struct watching_heap *heap = ctx;
    heap->given_count++;
    if (!is_zero(data, len)) heap->all_wiped = false;
    free(data);
}

static void watching_init(struct watching_heap *heap, size_t used_bytes_max)
{
    *heap = (struct watching_heap){
        { heap, watching_take, watching_give, 0, used_bytes_max }, 0, true
    };
}

static void memory_comes_zeroed_and_goes_back_wiped(void **state)
{
    (void)state;
    struct watching_heap heap;
    watching_init(&heap, SIZE_MAX);
    uint8_t *data = tb_mem_take(&heap.mem, 100);
    assert_non_null(data);
    assert_true(is_zero(data, 100));
    assert_int_equal(heap.mem.used_bytes, 100);
    memset(data, 1, 100);
    tb_mem_give(&heap.mem, data, 100);
    tb_mem_give(&heap.mem, NULL, 5);
    assert_int_equal(heap.mem.used_bytes, 0);
    assert_int_equal(heap.given_count, 1);
    assert_true(heap.all_wiped);
}

static void the_ceiling_of_the_allocator_holds(void **state)
{
    (void)state;
    struct watching_heap heap;
    watching_init(&heap, 100);
    void *first = tb_mem_take(&heap.mem, 60);
    assert_non_null(first);
    assert_null(tb_mem_take(&heap.mem, 41));
    assert_null(tb_mem_take(&heap.mem, SIZE_MAX));
    void *second = tb_mem_take(&heap.mem, 40);
    assert_non_null(second);
    assert_null(tb_mem_take(&heap.mem, 1));
    tb_mem_give(&heap.mem, first, 60);
    tb_mem_give(&heap.mem, second, 40);
}

static void arena_pieces_are_zeroed_aligned_and_apart(void **state)
{
    (void)state;
    struct watching_heap heap;
    struct tb_arena arena;
    uint8_t *pieces[200];
    watching_init(&heap, SIZE_MAX);
    tb_arena_init(&arena, &heap.mem, 1 << 20);
    for (size_t i = 0; i < 200; i++) {
        pieces[i] = tb_arena_take(&arena, 1, i);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % 16, 0);
        assert_true(is_zero(pieces[i], i));
        memset(pieces[i], (int)i, i);
    }
    for (size_t i = 0; i < 200; i++) {
        for (size_t j = 0; j < i; j++) assert_int_equal(pieces[i][j], i);
    }
    tb_arena_wipe(&arena);
    assert_true(heap.all_wiped && heap.given_count > 1);
    assert_int_equal(heap.mem.used_bytes, 0);
}

static void the_ceiling_of_an_arena_holds_whatever_is_asked(void **state)
{
    (void)state;
    struct watching_heap heap;
    struct tb_arena arena;
    watching_init(&heap, SIZE_MAX);
    tb_arena_init(&arena, &heap.mem, 64);
    assert_non_null(tb_arena_take(&arena, 3, 16));
    assert_null(tb_arena_take(&arena, 1, 17));
    assert_null(tb_arena_take(&arena, SIZE_MAX, 2));
    assert_null(tb_arena_take(&arena, SIZE_MAX, 1));
    assert_non_null(tb_arena_take(&arena, 0, 1000)); /* nothing still has an address */
    assert_null(tb_arena_take(&arena, 1, 1));
    tb_arena_wipe(&arena);
    assert_non_null(tb_arena_take(&arena, 4, 16)); /* usable again */
    tb_arena_wipe(&arena);
}

static void a_copy_in_the_arena_outlives_its_source(void **state)
{
    (void)state;
    struct watching_heap heap;
    struct tb_arena arena;
    tb_bytes copy = { NULL, 99 };
    char text[] = "lives";
    watching_init(&heap, SIZE_MAX);
    tb_arena_init(&arena, &heap.mem, 1000);
    assert_ok(tb_arena_dup(&arena, tb_bytes_text(text), &copy));
    memset(text, 'x', sizeof text);
    assert_bytes(copy, TB_LITERAL("lives"));
    assert_ok(tb_arena_dup(&arena, (tb_bytes){ NULL, 0 }, &copy));
    assert_int_equal(copy.len, 0);
    tb_bytes large = { (const uint8_t *)text, 2000 };
    copy.len = 99;
    assert_status(tb_arena_dup(&arena, large, &copy), TB_NO_SPACE);
    assert_int_equal(copy.len, 99);
    tb_arena_wipe(&arena);
}

static void an_arena_takes_a_smaller_block_when_a_large_one_is_refused(void **state)
{
    (void)state;
    struct watching_heap heap;
    struct tb_arena arena;
    watching_init(&heap, 600); /* less than one ordinary block */
    tb_arena_init(&arena, &heap.mem, 1 << 20);
    assert_non_null(tb_arena_take(&arena, 1, 400));
    assert_null(tb_arena_take(&arena, 1, 400));
    tb_arena_wipe(&arena);
    assert_int_equal(heap.mem.used_bytes, 0);
}

static void an_arena_in_fixed_memory_never_grows_and_is_wiped_in_place(void **state)
{
    (void)state;
    struct tb_arena arena;
    union {
        uint8_t octets[TB_ARENA_FIXED_OVERHEAD + 64];
        max_align_t aligned;
    } memory;
    memset(&memory, 0xee, sizeof memory);
    tb_arena_init_fixed(&arena, &memory, sizeof memory);
    for (int round = 0; round < 2; round++) {
        uint8_t *first = tb_arena_take(&arena, 1, 40);
        uint8_t *second = tb_arena_take(&arena, 1, 16);
        assert_true(first != NULL && second != NULL);
        assert_true(is_zero(first, 40) && is_zero(second, 16));
        assert_true(second + 16 <= memory.octets + sizeof memory);
        assert_null(tb_arena_take(&arena, 1, 1));
        memset(first, 0x77, 40);
        tb_arena_wipe(&arena);
        assert_true(is_zero(first, 40));
    }
}

static void a_buffer_grows_to_its_ceiling_and_keeps_its_contents(void **state)
{
    (void)state;
    struct watching_heap heap;
    struct tb_buf buf;
    watching_init(&heap, SIZE_MAX);
    tb_buf_init(&buf, &heap.mem, 1000);
    for (size_t i = 0; i < 1000; i++) assert_ok(tb_buf_append_u8(&buf, (uint8_t)i));
    assert_status(tb_buf_append_u8(&buf, 0), TB_TOO_LONG);
    assert_ok(tb_buf_append(&buf, (tb_bytes){ NULL, 0 }));
    assert_int_equal(buf.len, 1000);
    for (size_t i = 0; i < 1000; i++) assert_int_equal(buf.data[i], (uint8_t)i);
    uint8_t *at = NULL;
    assert_status(tb_buf_extend(&buf, SIZE_MAX, &at), TB_TOO_LONG);
    assert_null(at);
    tb_buf_clear(&buf);
    assert_int_equal(buf.len, 0);
    assert_ok(tb_buf_extend(&buf, 1000, &at));
    assert_true(is_zero(at, 1000)); /* clear wiped what was there */
    tb_buf_wipe(&buf);
    assert_true(heap.all_wiped);
    assert_int_equal(heap.mem.used_bytes, 0);
}

static void a_buffer_without_memory_keeps_what_it_has(void **state)
{
    (void)state;
    struct test_heap heap;
    struct tb_buf buf;
    uint8_t block[300] = { 0 };
    test_heap_init(&heap);
    tb_buf_init(&buf, &heap.mem, 1000);
    assert_ok(tb_buf_append(&buf, TB_LITERAL("kept")));
    heap.fail_after = 0;
    assert_status(tb_buf_append(&buf, TB_ARRAY(block)), TB_NO_SPACE);
    assert_bytes(tb_buf_view(&buf), TB_LITERAL("kept"));
    tb_buf_wipe(&buf);
    assert_status(tb_buf_append(&buf, TB_LITERAL("x")), TB_NO_SPACE);
}

static bool dry(void *ctx, uint8_t *out, size_t len)
{
    (void)out;
    *(size_t *)ctx += len;
    return false;
}

static void a_dry_generator_is_told_and_nothing_needs_none(void **state)
{
    (void)state;
    size_t asked = 0;
    struct tb_rng rng = { &asked, dry };
    uint8_t octet = 9;
    assert_ok(tb_rng_fill(&rng, &octet, 0));
    assert_int_equal(asked, 0);
    assert_status(tb_rng_fill(&rng, &octet, 1), TB_RANDOM);
    assert_int_equal(octet, 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_comes_zeroed_and_goes_back_wiped),
        cmocka_unit_test(the_ceiling_of_the_allocator_holds),
        cmocka_unit_test(arena_pieces_are_zeroed_aligned_and_apart),
        cmocka_unit_test(the_ceiling_of_an_arena_holds_whatever_is_asked),
        cmocka_unit_test(a_copy_in_the_arena_outlives_its_source),
        cmocka_unit_test(an_arena_takes_a_smaller_block_when_a_large_one_is_refused),
        cmocka_unit_test(an_arena_in_fixed_memory_never_grows_and_is_wiped_in_place),
        cmocka_unit_test(a_buffer_grows_to_its_ceiling_and_keeps_its_contents),
        cmocka_unit_test(a_buffer_without_memory_keeps_what_it_has),
        cmocka_unit_test(a_dry_generator_is_told_and_nothing_needs_none),
    };
    return cmocka_run_group_tests_name("base/mem", tests, NULL, NULL);
}
