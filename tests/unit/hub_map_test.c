/* The engine's tables in memory and the keys of its rows. */
#include "tests/support.h"

#include "hub/map.h"
#include "hub/records.h"
#include "hub/tags.h"

struct item {
    uint32_t value;
    uint8_t key[8];
};

static void siphash_gives_the_published_value(void **state)
{
    (void)state;
    /* SipHash-2-4, key 00..0f, input 00..0e (the example of its authors) */
    uint8_t seed[HUB_MAP_SEED_LEN], input[15];
    for (size_t i = 0; i < sizeof seed; i++) seed[i] = (uint8_t)i;
    for (size_t i = 0; i < sizeof input; i++) input[i] = (uint8_t)i;
    assert_true(hub_map_hash(seed, TB_ARRAY(input)) == UINT64_C(0xa129ca6149be45e5));
}

static void a_map_holds_what_was_put_and_not_removed(void **state)
{
    (void)state;
    enum { COUNT = 500, STEPS = 20000 };
    struct test_heap heap;
    struct test_rng rng;
    struct hub_map map;
    static struct item items[COUNT];
    static bool is_in[COUNT];
    uint8_t seed[HUB_MAP_SEED_LEN] = { 1 };
    test_heap_init(&heap);
    test_rng_init(&rng, 1);
    hub_map_init(&map, &heap.mem, seed, offsetof(struct item, key), sizeof items[0].key);
    size_t count = 0;
    for (size_t i = 0; i < COUNT; i++) {
        items[i].value = (uint32_t)i;
        tb_put_u64(items[i].key, i * 7919);
        is_in[i] = false;
    }
    for (size_t step = 0; step < STEPS; step++) {
        size_t i = test_rng_u64(&rng) % COUNT;
        assert_ptr_equal(hub_map_get(&map, items[i].key), is_in[i] ? &items[i] : NULL);
        if (is_in[i]) {
            assert_ptr_equal(hub_map_remove(&map, items[i].key), &items[i]);
            count--;
        } else {
            assert_ok(hub_map_put(&map, &items[i]));
            count++;
        }
        is_in[i] = !is_in[i];
        assert_int_equal(map.count, count);
    }
    size_t at = 0, seen = 0;
    while (hub_map_next(&map, &at) != NULL) seen++;
    assert_int_equal(seen, count);
    hub_map_wipe(&map);
    assert_int_equal(heap.mem.used_bytes, 0);
}

static void a_map_without_memory_stays_as_it_was(void **state)
{
    (void)state;
    struct test_heap heap;
    struct hub_map map;
    struct item items[13];
    uint8_t seed[HUB_MAP_SEED_LEN] = { 1 };
    test_heap_init(&heap);
    hub_map_init(&map, &heap.mem, seed, offsetof(struct item, key), sizeof items[0].key);
    for (size_t i = 0; i < 13; i++) tb_put_u64(items[i].key, i);
    for (size_t i = 0; i < 12; i++) assert_ok(hub_map_put(&map, &items[i]));
    heap.fail_after = 0;
    assert_status(hub_map_put(&map, &items[12]), TB_NO_SPACE);
    assert_int_equal(map.count, 12);
    assert_null(hub_map_get(&map, items[12].key));
    hub_map_wipe(&map);
}

static void tags_are_found_until_their_window_is_over(void **state)
{
    (void)state;
    enum { COUNT = 5000, WINDOW_MS = 1000 };
    struct test_heap heap;
    struct hub_tags tags = { .count = 0 };
    uint64_t log_seq;
    test_heap_init(&heap);
    for (uint64_t i = 1; i <= COUNT; i++) {
        assert_ok(hub_tags_add(&tags, &heap.mem, i * 2654435761u, i, i, WINDOW_MS));
        if (i > WINDOW_MS) {
            assert_true(hub_tags_find(&tags, (i - WINDOW_MS + 1) * 2654435761u, 0, &log_seq));
            assert_int_equal(log_seq, i - WINDOW_MS + 1);
        }
        assert_false(hub_tags_find(&tags, (i + 1) * 2654435761u, 0, &log_seq));
    }
    assert_false(hub_tags_find(&tags, 2654435761u, 0, &log_seq));
    /* one hash may stand for several entries */
    assert_ok(hub_tags_add(&tags, &heap.mem, 7, 9001, COUNT, WINDOW_MS));
    assert_ok(hub_tags_add(&tags, &heap.mem, 7, 9002, COUNT, WINDOW_MS));
    assert_true(hub_tags_find(&tags, 7, 0, &log_seq));
    assert_true(hub_tags_find(&tags, 7, 1, &log_seq));
    assert_false(hub_tags_find(&tags, 7, 2, &log_seq));
    hub_tags_wipe(&tags, &heap.mem);
    assert_int_equal(heap.mem.used_bytes, 0);
}

static void ids_are_the_octets_of_their_uris(void **state)
{
    (void)state;
    struct test_heap heap;
    struct tb_arena arena;
    struct hub_device_id device;
    struct hub_user_id user;
    struct hub_room_id room;
    tb_bytes domain = TB_LITERAL("hub.example"), uri;
    test_heap_init(&heap);
    tb_arena_init(&arena, &heap.mem, SIZE_MAX);
    tb_bytes text = TB_LITERAL("mimi://hub.example/d/00112233445566778899/0123456789abcdef");
    assert_true(hub_id_device(domain, text, &device));
    assert_ok(hub_uri_device(domain, &device, &arena, &uri));
    assert_bytes(uri, text);
    user = hub_user_of_device(&device);
    assert_ok(hub_uri_user(domain, &user, &arena, &uri));
    assert_bytes(uri, TB_LITERAL("mimi://hub.example/u/00112233445566778899"));
    static const char *const refused[] = {
        "mimi://hub.example/u/0011223344556677889",   "mimi://hub.example/u/001122334455667788990",
        "mimi://hub.example/u/0011223344556677889A",  "mimi://hub.examples/u/00112233445566778899",
        "mimi://hub.example/r/00112233445566778899",  "mimi://hub.example/u/00112233445566778899/",
        "http://hub.example/u/00112233445566778899",  "",
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        assert_false(hub_id_user(domain, tb_bytes_text(refused[i]), &user));
        assert_false(hub_id_room(domain, tb_bytes_text(refused[i]), &room));
        assert_false(hub_id_device(domain, tb_bytes_text(refused[i]), &device));
    }
    tb_arena_wipe(&arena);
}

static void the_end_of_a_prefix_is_behind_all_its_keys(void **state)
{
    (void)state;
    struct hub_key key = hub_key_of(TB_LITERAL("ab\xff"));
    struct hub_key end = hub_key_end(&key);
    assert_bytes(hub_key_view(&end), TB_LITERAL("ac"));
    key = hub_key_of(TB_LITERAL("\xff\xff"));
    end = hub_key_end(&key);
    assert_int_equal(end.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(siphash_gives_the_published_value),
        cmocka_unit_test(a_map_holds_what_was_put_and_not_removed),
        cmocka_unit_test(a_map_without_memory_stays_as_it_was),
        cmocka_unit_test(tags_are_found_until_their_window_is_over),
        cmocka_unit_test(ids_are_the_octets_of_their_uris),
        cmocka_unit_test(the_end_of_a_prefix_is_behind_all_its_keys),
    };
    return cmocka_run_group_tests_name("hub/map", tests, NULL, NULL);
}
