/* Cursors, catching up, back-pressure, retention, the hub key; and pages octet for octet. */
#include "tests/unit/hub_room.h"

static void what_a_device_missed_comes_with_its_subscription(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct chat_page page;
    world_init(&w, 1);
    world_usual(&w, &keys, 2);
    struct person *bob = &w.people[BOB], *alice = &w.people[ALICE];
    world_disconnect(&w, bob);
    for (uint8_t i = 1; i <= 5; i++) assert_code(world_say(&w, alice, ROOM, i, NULL), CHAT_CODE_OK);
    world_login(&w, bob);
    assert_int_equal(bob->login.rooms.at[0].log_seq, 6);
    assert_int_equal(bob->login.rooms.at[0].cursor, 1);
    world_subscribe(&w, bob, ROOM, 3);
    assert_int_equal(world_push_count(&w, bob, CHAT_PUSH_PAGE), 3);
    assert_true(world_push(&w, bob, CHAT_PUSH_PAGE, 0, &page));
    assert_int_equal(page.entries.at[0].log_seq, 4);
    assert_code(world_say(&w, alice, ROOM, 6, NULL), CHAT_CODE_OK); /* and it is live now */
    assert_int_equal(world_push_count(&w, bob, CHAT_PUSH_PAGE), 4);
    world_end(&w);
}

static void cursors_are_kept_over_a_restart(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    world_init(&w, 2);
    world_usual(&w, &keys, 2);
    struct person *bob = &w.people[BOB];
    for (uint8_t i = 1; i <= 3; i++) assert_code(world_say(&w, bob, ROOM, i, NULL), CHAT_CODE_OK);
    assert_code(world_cursor_ack(&w, bob, ROOM, 3), CHAT_CODE_OK);
    assert_code(world_cursor_ack(&w, bob, ROOM, 2), CHAT_CODE_OK);   /* never back */
    assert_code(world_cursor_ack(&w, bob, ROOM, 999), CHAT_CODE_OK); /* never beyond the log */
    world_tick(&w, 10000); /* cursors are written now and then */
    world_crash(&w);
    world_login(&w, bob);
    assert_int_equal(bob->login.rooms.at[0].cursor, 4);
    world_end(&w);
}

static void octets_beyond_the_cursor_are_bounded_and_nothing_is_lost(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct chat_page page;
    world_init(&w, 3);
    hub_free(w.hub);
    w.limits.unacked_page_bytes_max = 2000;
    world_start(&w);
    world_usual(&w, &keys, 2);
    struct person *bob = &w.people[BOB], *alice = &w.people[ALICE];
    assert_code(world_cursor_ack(&w, bob, ROOM, 1), CHAT_CODE_OK);
    for (uint8_t i = 1; i <= 20; i++) {
        assert_code(world_say(&w, alice, ROOM, i, NULL), CHAT_CODE_OK);
        assert_code(world_cursor_ack(&w, alice, ROOM, i + 1u), CHAT_CODE_OK);
    }
    size_t before = world_push_count(&w, bob, CHAT_PUSH_PAGE);
    assert_in_range(before, 1, 19);
    assert_int_equal(world_push_count(&w, alice, CHAT_PUSH_PAGE), 20);
    for (size_t n = 0; n < 20; n++) { /* acknowledge as it comes */
        assert_true(world_push(&w, bob, CHAT_PUSH_PAGE, n, &page));
        assert_int_equal(page.entries.at[0].log_seq, n + 2);
        assert_code(world_cursor_ack(&w, bob, ROOM, n + 2), CHAT_CODE_OK);
    }
    assert_int_equal(world_push_count(&w, bob, CHAT_PUSH_PAGE), 20);
    world_end(&w);
}

static void catching_up_waits_for_the_connection_to_drain(void **state)
{
    (void)state;
    enum { COUNT = 12, TEXT_LEN = 60000 };
    struct world w;
    struct world_desk_keys keys;
    world_init(&w, 4);
    world_usual(&w, &keys, 2);
    struct person *bob = &w.people[BOB], *alice = &w.people[ALICE];
    world_disconnect(&w, bob);
    uint8_t *text = tb_arena_take(&w.arena, TEXT_LEN, 1), aad[CHAT_SAFE_AAD_TAG_LEN];
    for (uint8_t i = 1; i <= COUNT; i++) {
        struct world_message message;
        memset(message.tag, i, sizeof message.tag);
        chat_safe_aad_of_tag(message.tag, aad);
        assert_ok(mls_group_protect(alice->groups[ROOM], TB_ARRAY(aad),
                                    tb_bytes_of(text, TEXT_LEN), 0, &w.arena, &message.octets));
        assert_code(world_submit(&w, alice, ROOM, &message, NULL), CHAT_CODE_OK);
    }
    world_login(&w, bob);
    world_subscribe(&w, bob, ROOM, 1);
    size_t first = world_push_count(&w, bob, CHAT_PUSH_PAGE);
    assert_in_range(first, 4, 6);
    world_tick(&w, 1);
    assert_int_equal(world_push_count(&w, bob, CHAT_PUSH_PAGE), first);
    for (size_t i = 0; i < 3; i++) {
        world_event(&w, (struct hub_event){ .kind = HUB_EVENT_DRAINED, .conn = bob->conn });
        assert_true(world_close_turn(&w));
    }
    assert_int_equal(world_push_count(&w, bob, CHAT_PUSH_PAGE), COUNT);
    world_end(&w);
}

static void a_refused_turn_is_handed_out_again_and_not_lost(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    world_init(&w, 5);
    world_usual(&w, &keys, 3);
    struct person *bob = &w.people[BOB], *alice = &w.people[ALICE], *carol = &w.people[CAROL];
    assert_code(world_say(&w, bob, ROOM, 1, NULL), CHAT_CODE_OK);
    world_disconnect(&w, carol);
    assert_code(world_say(&w, bob, ROOM, 2, NULL), CHAT_CODE_OK);
    /* carol subscribes and bob speaks in the turn that is refused */
    world_login(&w, carol);
    struct chat_cursor cursor = { w.rooms[ROOM], 3 };
    struct chat_cursors cursors = { .cursors = { &cursor, 1 } };
    struct world_message message = world_encrypt(&w, bob, ROOM, 3);
    struct chat_submit submit = world_submit_request(&w, bob, ROOM, &message);
    world_forget(&w);
    uint32_t one = world_send(&w, carol, CHAT_VERB_SUBSCRIBE, &cursors);
    uint32_t two = world_send(&w, bob, CHAT_VERB_SUBMIT, &submit);
    w.store.commit_fault = STORE_MEM_REFUSES_ONCE;
    assert_false(world_close_turn(&w));
    assert_code(world_answer(&w, one, CHAT_VERB_SUBSCRIBE, NULL), CHAT_CODE_STORE);
    assert_code(world_answer(&w, two, CHAT_VERB_SUBMIT, NULL), CHAT_CODE_STORE);
    assert_code(world_submit(&w, bob, ROOM, &message, NULL), CHAT_CODE_OK);
    struct chat_page page;
    size_t last = world_push_count(&w, alice, CHAT_PUSH_PAGE) - 1;
    assert_true(world_push(&w, alice, CHAT_PUSH_PAGE, last, &page));
    assert_int_equal(page.entries.at[0].log_seq, 5);
    world_end(&w);
}

static void pages_that_everybody_has_lose_their_messages_and_keep_their_stubs(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct chat_stubs_answer before, after;
    world_init(&w, 6);
    world_usual(&w, &keys, 2);
    struct person *bob = &w.people[BOB], *alice = &w.people[ALICE];
    for (uint8_t i = 1; i <= 4; i++) assert_code(world_say(&w, bob, ROOM, i, NULL), CHAT_CODE_OK);
    struct chat_stubs_get get = { w.rooms[ROOM], 2, 3 };
    assert_code(world_ask(&w, alice, CHAT_VERB_STUBS_GET, &get, &before), CHAT_CODE_OK);
    assert_code(world_cursor_ack(&w, alice, ROOM, 5), CHAT_CODE_OK);
    assert_code(world_cursor_ack(&w, bob, ROOM, 3), CHAT_CODE_OK); /* one is behind */
    uint64_t bytes = w.store.row_bytes;
    world_tick(&w, 86400000 + 1);
    assert_true(w.store.row_bytes < bytes);
    world_again(&w, alice);
    world_again(&w, bob);
    assert_code(world_ask(&w, alice, CHAT_VERB_STUBS_GET, &get, &after), CHAT_CODE_OK);
    assert_true(wire_equal(&chat_stubs_answer_desc, &before, &after));
    /* what bob lacks is still whole */
    world_subscribe(&w, bob, ROOM, 3);
    assert_int_equal(world_push_count(&w, bob, CHAT_PUSH_PAGE), 2);
    /* who comes with an older cursor is told that history is missing */
    struct chat_room_state room;
    world_forget(&w);
    world_subscribe(&w, bob, ROOM, 1);
    assert_true(world_push(&w, bob, CHAT_PUSH_ROOM_STATE, 0, &room));
    assert_int_equal(room.cursor, 3);
    world_tick(&w, (uint64_t)CHAT_REPORT_WINDOW_S * 1000);
    world_again(&w, alice);
    assert_code(world_ask(&w, alice, CHAT_VERB_STUBS_GET, &get, NULL), CHAT_CODE_GONE);
    world_end(&w);
}

static void stubs_are_for_those_who_were_there(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    world_init(&w, 7);
    world_usual(&w, &keys, 2);
    assert_code(world_say(&w, &w.people[BOB], ROOM, 1, NULL), CHAT_CODE_OK);
    world_register(&w, CAROL, "carol", false);
    struct chat_stubs_get get = { w.rooms[ROOM], 1, 1 };
    assert_code(world_ask(&w, &w.people[CAROL], CHAT_VERB_STUBS_GET, &get, NULL),
                CHAT_CODE_FORBIDDEN);
    get.to_seq = 0;
    assert_code(world_ask(&w, &w.people[BOB], CHAT_VERB_STUBS_GET, &get, NULL),
                CHAT_CODE_BAD_REQUEST);
    world_end(&w);
}

static void the_hub_key_changes_every_thirty_days_and_the_old_one_is_known(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct chat_submit_answer first, second;
    struct chat_stubs_answer stubs;
    struct chat_frank_verdict verdict;
    world_init(&w, 8);
    world_usual(&w, &keys, 2);
    struct person *bob = &w.people[BOB];
    world_tick(&w, (uint64_t)30 * 86400000 - 100000);
    world_again(&w, bob);
    assert_code(world_say(&w, bob, ROOM, 1, &first), CHAT_CODE_OK);
    world_tick(&w, 100000);
    assert_code(world_say(&w, bob, ROOM, 2, &second), CHAT_CODE_OK);
    assert_memory_not_equal(first.timbre_frank.hub_key_id, second.timbre_frank.hub_key_id, 8);
    struct chat_stubs_get get = { w.rooms[ROOM], 1, 2 };
    assert_code(world_ask(&w, bob, CHAT_VERB_STUBS_GET, &get, &stubs), CHAT_CODE_OK);
    struct chat_frank_check check = { .room_uri = w.rooms[ROOM] };
    check.stubs.at = stubs.stubs.at;
    check.stubs.count = stubs.stubs.count;
    world_crash(&w);
    world_login(&w, bob);
    assert_code(world_ask(&w, bob, CHAT_VERB_FRANK_CHECK, &check, &verdict), CHAT_CODE_OK);
    assert_bytes(verdict.verdicts, TB_LITERAL("\x01\x01"));
    /* after the window its key is destroyed: "not available", not "failed" */
    world_tick(&w, (uint64_t)CHAT_REPORT_WINDOW_S * 1000 + 20000);
    world_again(&w, bob);
    assert_code(world_ask(&w, bob, CHAT_VERB_FRANK_CHECK, &check, &verdict), CHAT_CODE_OK);
    assert_int_equal(verdict.verdicts.data[0], 3);
    world_end(&w);
}

static void a_page_is_what_its_table_would_encode(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    world_init(&w, 9);
    world_usual(&w, &keys, 2);
    struct person *bob = &w.people[BOB];
    for (size_t count = 1; count <= 64; count *= 4) { /* each form of the length in front */
        world_forget(&w);
        for (size_t i = 0; i < count; i++) {
            struct world_message message = world_encrypt(&w, bob, ROOM, (uint8_t)(count + i));
            struct chat_submit submit = world_submit_request(&w, bob, ROOM, &message);
            world_send(&w, bob, CHAT_VERB_SUBMIT, &submit);
        }
        assert_true(world_close_turn(&w));
        struct chat_page page;
        tb_bytes again;
        assert_true(world_push(&w, bob, CHAT_PUSH_PAGE, 0, &page));
        assert_int_equal(page.entries.count, count);
        assert_ok(wire_encode(&chat_page_desc, &page, &w.arena, &again));
        bool found = false;
        for (size_t i = 0; i < w.inbox_count; i++) {
            tb_bytes frame = w.inbox[i].bytes;
            found |= frame.len == again.len + 3 &&
                     memcmp(frame.data + 3, again.data, again.len) == 0;
        }
        assert_true(found);
    }
    world_end(&w);
}

static void a_message_at_any_failing_allocation_is_taken_once(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    world_init(&w, 10);
    world_usual(&w, &keys, 2);
    struct person *bob = &w.people[BOB];
    struct world_message message = world_encrypt(&w, bob, ROOM, 1);
    struct chat_submit submit = world_submit_request(&w, bob, ROOM, &message);
    world_starve(&w, bob, CHAT_VERB_SUBMIT, &submit);
    struct chat_submit_answer answer;
    assert_code(world_submit(&w, bob, ROOM, &message, &answer), CHAT_CODE_OK);
    assert_int_equal(answer.timbre_frank.room_seq, 1);
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_device_missed_comes_with_its_subscription),
        cmocka_unit_test(cursors_are_kept_over_a_restart),
        cmocka_unit_test(octets_beyond_the_cursor_are_bounded_and_nothing_is_lost),
        cmocka_unit_test(catching_up_waits_for_the_connection_to_drain),
        cmocka_unit_test(a_refused_turn_is_handed_out_again_and_not_lost),
        cmocka_unit_test(pages_that_everybody_has_lose_their_messages_and_keep_their_stubs),
        cmocka_unit_test(stubs_are_for_those_who_were_there),
        cmocka_unit_test(the_hub_key_changes_every_thirty_days_and_the_old_one_is_known),
        cmocka_unit_test(a_page_is_what_its_table_would_encode),
        cmocka_unit_test(a_message_at_any_failing_allocation_is_taken_once),
    };
    return cmocka_run_group_tests_name("hub/deliver", tests, NULL, NULL);
}
