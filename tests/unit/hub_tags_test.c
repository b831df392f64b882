/* The tag index in the store: H4 holds over restarts, whatever page a tag stands in. */
#include "tests/unit/hub_room.h"

#include "hub/engine.h"

static struct hub_room *room_of(struct world *w)
{
    size_t at = 0;
    for (struct hub_room *room; (room = hub_map_next(&w->hub->rooms, &at)) != NULL;) {
        if (tb_bytes_equal(hub_room_uri(room), w->rooms[ROOM])) return room;
    }
    fail_msg("the room is not loaded");
    return NULL;
}

/* As if so many tags had come in since the newest row. */
static void pretend(struct world *w, size_t count)
{
    room_of(w)->tag_unsaved_count = count;
}

static size_t row_count(const struct world *w)
{
    return store_mem_count(&w->store, HUB_TABLE_TAGS);
}

/* Five messages, of which the first three stand in a row of TAGS. */
static void begin(struct world *w, struct world_desk_keys *keys, uint64_t seed,
                  struct world_message messages[5], struct chat_submit_answer answers[5])
{
    world_init(w, seed);
    world_usual(w, keys, 2);
    for (uint8_t i = 0; i < 5; i++) {
        if (i == 2) pretend(w, HUB_TAG_BLOCK_COUNT - 1);
        messages[i] = world_encrypt(w, &w->people[BOB], ROOM, (uint8_t)(i + 1));
        assert_code(world_submit(w, &w->people[BOB], ROOM, &messages[i], &answers[i]),
                    CHAT_CODE_OK);
        assert_int_equal(row_count(w), i < 2 ? 0 : 1);
    }
}

static void a_full_block_is_a_row_and_the_rest_comes_from_the_pages(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct world_message messages[5];
    struct chat_submit_answer answers[5], again;
    begin(&w, &keys, 71, messages, answers);
    for (int restart = 0; restart < 2; restart++) {
        struct person *bob = &w.people[BOB];
        for (size_t i = 0; i < 5; i++) {
            assert_code(world_submit(&w, bob, ROOM, &messages[i], &again), CHAT_CODE_OK);
            assert_true(wire_equal(&chat_submit_answer_desc, &answers[i], &again));
            assert_code(world_say(&w, &w.people[ALICE], ROOM, (uint8_t)(i + 1), NULL),
                        CHAT_CODE_DUPLICATE);
        }
        assert_int_equal(room_of(&w)->tag_unsaved_count, 2);
        world_crash(&w);
        world_login(&w, bob);
        world_login(&w, &w.people[ALICE]);
    }
    world_end(&w);
}

static void a_row_whose_turn_failed_was_never_written(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct chat_submit_answer answer;
    world_init(&w, 72);
    world_usual(&w, &keys, 2);
    struct person *bob = &w.people[BOB];
    assert_code(world_say(&w, bob, ROOM, 1, NULL), CHAT_CODE_OK);
    pretend(&w, HUB_TAG_BLOCK_COUNT - 1);
    struct world_message message = world_encrypt(&w, bob, ROOM, 2);
    w.store.commit_fault = STORE_MEM_REFUSES_ONCE;
    assert_code(world_submit(&w, bob, ROOM, &message, NULL), CHAT_CODE_STORE);
    assert_int_equal(row_count(&w), 0);
    assert_code(world_submit(&w, bob, ROOM, &message, &answer), CHAT_CODE_OK);
    assert_int_equal(answer.timbre_frank.room_seq, 2);
    assert_int_equal(room_of(&w)->tag_unsaved_count, 2);
    assert_int_equal(room_of(&w)->head.tags_seq, 0);
    assert_code(world_say(&w, &w.people[ALICE], ROOM, 1, NULL), CHAT_CODE_DUPLICATE);
    world_end(&w);
}

static void rows_go_when_no_window_reaches_them(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct world_message messages[5];
    struct chat_submit_answer answers[5], answer;
    begin(&w, &keys, 73, messages, answers);
    for (size_t i = 0; i < 4; i++) {
        struct chat_nothing nothing = { NULL };
        assert_int_equal(row_count(&w), 1);
        w.now_ms += 86400000 / 4 + 1000;
        assert_code(world_ask(&w, &w.people[ALICE], CHAT_VERB_PING, &nothing, NULL), CHAT_CODE_OK);
    }
    assert_code(world_say(&w, &w.people[ALICE], ROOM, 9, NULL), CHAT_CODE_OK);
    assert_int_equal(row_count(&w), 0);
    world_crash(&w);
    world_login(&w, &w.people[ALICE]);
    assert_code(world_say(&w, &w.people[ALICE], ROOM, 1, &answer), CHAT_CODE_OK);
    assert_int_equal(answer.timbre_frank.room_seq, 7);
    world_end(&w);
}

static void the_newest_entries_are_given_in_order_over_segments(void **state)
{
    (void)state;
    struct test_heap heap;
    struct hub_tags tags = { .count = 0 };
    struct hub_tag_slot slots[100];
    test_heap_init(&heap);
    for (uint64_t i = 1; i <= 100; i++) {
        assert_ok(hub_tags_add(&tags, &heap.mem, i * 3, i, i * 10, 1000));
    }
    assert_true(tags.count > 1);
    assert_int_equal(hub_tags_newest(&tags, 40, slots, 100), 60);
    for (size_t i = 0; i < 60; i++) {
        assert_int_equal(slots[i].log_seq, 41 + i);
        assert_int_equal(slots[i].hash, 3 * (41 + i));
    }
    assert_int_equal(hub_tags_newest(&tags, 40, slots, 7), 7);
    assert_int_equal(slots[0].log_seq, 94);
    assert_int_equal(hub_tags_newest(&tags, 100, slots, 100), 0);
    hub_tags_wipe(&tags, &heap.mem);
    assert_int_equal(heap.mem.used_bytes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_block_is_a_row_and_the_rest_comes_from_the_pages),
        cmocka_unit_test(a_row_whose_turn_failed_was_never_written),
        cmocka_unit_test(rows_go_when_no_window_reaches_them),
        cmocka_unit_test(the_newest_entries_are_given_in_order_over_segments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
