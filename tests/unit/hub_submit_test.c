/* Messages: H1 to H10, runs, retries, and what a refused store or a crash may never break. */
#include "tests/unit/hub_room.h"

static struct chat_run_head head_of(struct world *w, size_t room, tb_bytes group_id)
{
    struct chat_chain_genesis genesis = { .room_uri = w->rooms[room], .group_id = group_id };
    struct chat_run_head head = { .room_seq = 0 };
    assert_ok(chat_frank_genesis(&w->suite, &genesis, head.chain));
    return head;
}

/* Verifies every message page that somebody got, from the start of the chain; the head behind. */
static struct chat_run_head verify_pages(struct world *w, const struct person *who, size_t room)
{
    struct mls_group *group = who->groups[room];
    struct chat_run_head head = head_of(w, room, mls_group_id(group));
    struct chat_page page;
    for (size_t n = 0; world_push(w, who, CHAT_PUSH_PAGE, n, &page); n++) {
        if (page.entries.at[0].kind != CHAT_ENTRY_MESSAGE) continue;
        struct chat_run_link links[CHAT_RUN_LINK_COUNT_MAX];
        struct mls_private_message_in *opened = NULL;
        for (size_t i = 0; i < page.entries.count; i++) {
            const struct chat_entry_message *entry = page.entries.at[i].body.message;
            struct mls_message message;
            assert_ok(wire_decode(&mls_message_desc, entry->message, &w->arena, &message, NULL));
            opened = message.of.private_message;
            assert_ok(chat_run_link_of_entry(&w->suite, entry, w->rooms[room],
                                             mls_group_id(group), opened->epoch,
                                             opened->authenticated_data, &links[i]));
        }
        struct chat_policy_hub facts = world_facts(w, who);
        struct chat_run_rules rules = { .suite = &w->suite, .agent_key = facts.agent_keys[0],
                                        .room_uri = w->rooms[room],
                                        .group_id = mls_group_id(group), .epoch = opened->epoch,
                                        .mode = CHAT_RUN_VERIFY };
        assert_ok(chat_run_verify(&rules, &head, links, page.entries.count, &head, NULL));
    }
    return head;
}

static void an_accepted_message_is_franked_and_reaches_every_member(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct chat_submit_answer answer;
    world_init(&w, 1);
    world_usual(&w, &keys, 3);
    assert_code(world_say(&w, &w.people[BOB], ROOM, 1, &answer), CHAT_CODE_OK);
    assert_int_equal(answer.timbre_frank.room_seq, 1);
    assert_int_equal(answer.log_seq, 3); /* two commits came before */
    assert_int_equal(answer.frank.franking_signature_ciphersuite, 0);
    assert_true(answer.timbre_frank.timbre_signature.len == 64);
    for (size_t i = ALICE; i <= CAROL; i++) {
        struct chat_run_head head = verify_pages(&w, &w.people[i], ROOM);
        assert_int_equal(head.room_seq, 1);
    }
    struct chat_page page;
    assert_true(world_push(&w, &w.people[CAROL], CHAT_PUSH_PAGE, 0, &page));
    assert_bytes(page.entries.at[0].body.message->submitter, w.people[BOB].account);
    world_end(&w);
}

static void the_messages_of_one_turn_are_one_page_with_one_signature(void **state)
{
    (void)state;
    enum { COUNT = 70 };
    struct world w;
    struct world_desk_keys keys;
    world_init(&w, 2);
    world_usual(&w, &keys, 2);
    uint32_t requests[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        struct person *who = &w.people[i % 2];
        struct world_message message = world_encrypt(&w, who, ROOM, (uint8_t)(i + 1));
        struct chat_submit submit = world_submit_request(&w, who, ROOM, &message);
        requests[i] = world_send(&w, who, CHAT_VERB_SUBMIT, &submit);
    }
    assert_true(world_close_turn(&w));
    assert_int_equal(world_push_count(&w, &w.people[BOB], CHAT_PUSH_PAGE), 2);
    struct chat_page page;
    assert_true(world_push(&w, &w.people[BOB], CHAT_PUSH_PAGE, 0, &page));
    assert_int_equal(page.entries.count, CHAT_RUN_LINK_COUNT_MAX);
    for (size_t i = 0; i < COUNT; i++) {
        struct chat_submit_answer answer;
        assert_code(world_answer(&w, requests[i], CHAT_VERB_SUBMIT, &answer), CHAT_CODE_OK);
        assert_int_equal(answer.timbre_frank.room_seq, i + 1);
        bool is_last = i == CHAT_RUN_LINK_COUNT_MAX - 1 || i == COUNT - 1;
        assert_int_equal(answer.timbre_frank.timbre_signature.len, is_last ? 64 : 0);
    }
    assert_int_equal(verify_pages(&w, &w.people[ALICE], ROOM).room_seq, COUNT);
    world_end(&w);
}

static void a_replayed_frame_gets_the_stored_answer(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct chat_submit_answer first, again;
    world_init(&w, 3);
    world_usual(&w, &keys, 2);
    struct person *bob = &w.people[BOB];
    struct world_message message = world_encrypt(&w, bob, ROOM, 1);
    struct chat_submit submit = world_submit_request(&w, bob, ROOM, &message);
    /* twice in one turn, then later, then after a restart */
    uint32_t one = world_send(&w, bob, CHAT_VERB_SUBMIT, &submit);
    uint32_t two = world_send(&w, bob, CHAT_VERB_SUBMIT, &submit);
    assert_true(world_close_turn(&w));
    assert_code(world_answer(&w, one, CHAT_VERB_SUBMIT, &first), CHAT_CODE_OK);
    assert_code(world_answer(&w, two, CHAT_VERB_SUBMIT, &again), CHAT_CODE_OK);
    assert_true(wire_equal(&chat_submit_answer_desc, &first, &again));
    assert_code(world_submit(&w, bob, ROOM, &message, &again), CHAT_CODE_OK);
    assert_true(wire_equal(&chat_submit_answer_desc, &first, &again));
    world_crash(&w);
    world_login(&w, bob);
    assert_code(world_submit(&w, bob, ROOM, &message, &again), CHAT_CODE_OK);
    assert_true(wire_equal(&chat_submit_answer_desc, &first, &again));
    assert_int_equal(again.timbre_frank.room_seq, 1);
    world_end(&w);
}

static void the_same_tag_from_another_account_is_a_duplicate(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    world_init(&w, 4);
    world_usual(&w, &keys, 2);
    assert_code(world_say(&w, &w.people[BOB], ROOM, 1, NULL), CHAT_CODE_OK);
    assert_code(world_say(&w, &w.people[ALICE], ROOM, 1, NULL), CHAT_CODE_DUPLICATE);
    /* and in the same turn */
    struct world_message first = world_encrypt(&w, &w.people[ALICE], ROOM, 2);
    struct world_message second = world_encrypt(&w, &w.people[BOB], ROOM, 2);
    struct chat_submit submit = world_submit_request(&w, &w.people[ALICE], ROOM, &first);
    uint32_t one = world_send(&w, &w.people[ALICE], CHAT_VERB_SUBMIT, &submit);
    submit = world_submit_request(&w, &w.people[BOB], ROOM, &second);
    uint32_t two = world_send(&w, &w.people[BOB], CHAT_VERB_SUBMIT, &submit);
    assert_true(world_close_turn(&w));
    assert_code(world_answer(&w, one, CHAT_VERB_SUBMIT, NULL), CHAT_CODE_OK);
    assert_code(world_answer(&w, two, CHAT_VERB_SUBMIT, NULL), CHAT_CODE_DUPLICATE);
    world_end(&w);
}

static void a_tag_past_its_window_is_forgotten(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    world_init(&w, 5);
    world_usual(&w, &keys, 2);
    for (uint8_t i = 1; i < 8; i++) {
        struct chat_nothing nothing = { NULL };
        assert_code(world_say(&w, &w.people[BOB], ROOM, i, NULL), CHAT_CODE_OK);
        assert_code(world_ask(&w, &w.people[ALICE], CHAT_VERB_PING, &nothing, NULL), CHAT_CODE_OK);
        w.now_ms += 86400000 / 3;
    }
    struct chat_submit_answer answer;
    assert_code(world_say(&w, &w.people[ALICE], ROOM, 1, &answer), CHAT_CODE_OK);
    assert_int_equal(answer.timbre_frank.room_seq, 8);
    world_end(&w);
}

static void a_message_over_the_limit_is_refused(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    world_init(&w, 6);
    hub_free(w.hub);
    w.limits.message_bytes_max = 200;
    world_start(&w);
    world_usual(&w, &keys, 2);
    struct world_message message;
    uint8_t aad[CHAT_SAFE_AAD_TAG_LEN], text[300] = { 0 };
    memset(message.tag, 1, sizeof message.tag);
    chat_safe_aad_of_tag(message.tag, aad);
    assert_ok(mls_group_protect(w.people[BOB].groups[ROOM], TB_ARRAY(aad), TB_ARRAY(text), 0,
                                &w.arena, &message.octets));
    assert_code(world_submit(&w, &w.people[BOB], ROOM, &message, NULL), CHAT_CODE_TOO_LARGE);
    assert_int_equal(w.error.value, 200);
    world_end(&w);
}

static void a_message_of_another_epoch_is_refused(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    world_init(&w, 7);
    world_usual(&w, &keys, 2);
    struct world_message message = world_encrypt(&w, &w.people[BOB], ROOM, 1);
    struct world_commit c = { .count = 0 };
    world_make_commit(&w, &w.people[ALICE], ROOM, &c);
    assert_code(world_update(&w, &w.people[ALICE], ROOM, &c), CHAT_CODE_OK);
    assert_code(world_submit(&w, &w.people[BOB], ROOM, &message, NULL), CHAT_CODE_TENTATIVE);
    assert_code(world_ack(&w, &w.people[BOB], ROOM, &c, CHAT_ACK_APPLIED), CHAT_CODE_OK);
    assert_code(world_submit(&w, &w.people[BOB], ROOM, &message, NULL), CHAT_CODE_WRONG_EPOCH);
    assert_int_equal(w.error.value, 2);
    world_end(&w);
}

static void strangers_and_other_names_are_refused(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    world_init(&w, 8);
    world_usual(&w, &keys, 2);
    world_register(&w, CAROL, "carol", false);
    struct person *bob = &w.people[BOB], *carol = &w.people[CAROL];
    struct world_message message = world_encrypt(&w, bob, ROOM, 1);
    assert_code(world_submit(&w, carol, ROOM, &message, NULL), CHAT_CODE_FORBIDDEN);
    struct chat_submit submit = world_submit_request(&w, bob, ROOM, &message);
    submit.sending_uri = w.people[ALICE].account;
    assert_code(world_ask(&w, bob, CHAT_VERB_SUBMIT, &submit, NULL), CHAT_CODE_FORBIDDEN);
    submit = world_submit_request(&w, bob, ROOM, &message);
    submit.room_uri = w.rooms[DESK];
    assert_code(world_ask(&w, bob, CHAT_VERB_SUBMIT, &submit, NULL), CHAT_CODE_NOT_FOUND);
    world_end(&w);
}

static void a_message_without_a_tag_is_refused(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct world_message message;
    uint8_t none[] = { 0 };
    world_init(&w, 9);
    world_usual(&w, &keys, 2);
    assert_ok(mls_group_protect(w.people[BOB].groups[ROOM], TB_ARRAY(none), TB_LITERAL("text"), 0,
                                &w.arena, &message.octets));
    assert_code(world_submit(&w, &w.people[BOB], ROOM, &message, NULL), CHAT_CODE_BAD_REQUEST);
    world_end(&w);
}

static void messages_over_the_rate_of_an_account_are_refused(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    world_init(&w, 10);
    hub_free(w.hub);
    w.is_rate_limited = true;
    w.limits.submit_burst_count = 3;
    w.limits.submit_rate_per_minute = 60;
    world_start(&w);
    world_usual(&w, &keys, 2);
    for (uint8_t i = 1; i <= 3; i++) {
        assert_code(world_say(&w, &w.people[BOB], ROOM, i, NULL), CHAT_CODE_OK);
    }
    assert_code(world_say(&w, &w.people[BOB], ROOM, 4, NULL), CHAT_CODE_RATE_LIMITED);
    assert_code(world_say(&w, &w.people[ALICE], ROOM, 5, NULL), CHAT_CODE_OK);
    w.now_ms += 1000;
    assert_code(world_say(&w, &w.people[BOB], ROOM, 6, NULL), CHAT_CODE_OK);
    world_end(&w);
}

static void time_does_not_run_back_in_a_room(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct chat_submit_answer first, second;
    world_init(&w, 11);
    world_usual(&w, &keys, 2);
    assert_code(world_say(&w, &w.people[BOB], ROOM, 1, &first), CHAT_CODE_OK);
    world_crash(&w);
    w.now_ms -= 3600000;
    world_crash(&w);
    world_login(&w, &w.people[BOB]);
    assert_code(world_say(&w, &w.people[BOB], ROOM, 2, &second), CHAT_CODE_OK);
    assert_int_equal(second.accepted_timestamp, first.accepted_timestamp);
    world_end(&w);
}

/* ------------------------------------------------------------------ the store */

static void a_refused_commit_of_the_store_discards_the_turn(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct chat_submit_answer answer;
    world_init(&w, 12);
    world_usual(&w, &keys, 2);
    struct person *bob = &w.people[BOB];
    struct world_message message = world_encrypt(&w, bob, ROOM, 1);
    w.store.commit_fault = STORE_MEM_REFUSES_ONCE;
    assert_code(world_submit(&w, bob, ROOM, &message, NULL), CHAT_CODE_STORE);
    assert_int_equal(world_push_count(&w, &w.people[ALICE], CHAT_PUSH_PAGE), 0);
    /* nothing happened: the same message gets the first number, and everybody gets it */
    assert_code(world_submit(&w, bob, ROOM, &message, &answer), CHAT_CODE_OK);
    assert_int_equal(answer.timbre_frank.room_seq, 1);
    assert_int_equal(verify_pages(&w, &w.people[ALICE], ROOM).room_seq, 1);
    world_end(&w);
}

static void a_refused_write_of_the_store_discards_the_turn(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct chat_submit_answer answer;
    world_init(&w, 13);
    world_usual(&w, &keys, 2);
    struct person *bob = &w.people[BOB];
    struct world_message message = world_encrypt(&w, bob, ROOM, 1);
    w.store.write_fault = STORE_MEM_REFUSES;
    assert_code(world_submit(&w, bob, ROOM, &message, NULL), CHAT_CODE_STORE);
    struct chat_consent_entry entry = { .consent_operation = 2, .target_uri = bob->account,
                                        .requester_uri = w.people[ALICE].account };
    assert_code(world_ask(&w, bob, CHAT_VERB_CONSENT, &entry, NULL), CHAT_CODE_STORE);
    w.store.write_fault = STORE_MEM_WORKS;
    assert_code(world_submit(&w, bob, ROOM, &message, &answer), CHAT_CODE_OK);
    assert_int_equal(answer.timbre_frank.room_seq, 1);
    world_end(&w);
}

static void a_login_of_a_refused_turn_did_not_happen(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 14);
    world_register(&w, ALICE, "alice", true);
    struct person *alice = &w.people[ALICE];
    world_disconnect(&w, alice);
    world_connect(&w, alice);
    struct chat_login login = world_login_request(&w, alice, ++alice->counter);
    w.store.commit_fault = STORE_MEM_REFUSES_ONCE;
    assert_code(world_ask(&w, alice, CHAT_VERB_LOGIN, &login, NULL), CHAT_CODE_STORE);
    struct chat_nothing nothing = { NULL };
    assert_code(world_ask(&w, alice, CHAT_VERB_CONSENTS_GET, &nothing, NULL),
                CHAT_CODE_UNAUTHENTICATED);
    world_disconnect(&w, alice);
    world_login(&w, alice);
    world_end(&w);
}

static void a_crash_before_the_commit_reuses_no_number_that_was_told(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct chat_submit_answer answer;
    world_init(&w, 15);
    world_usual(&w, &keys, 2);
    struct person *bob = &w.people[BOB], *alice = &w.people[ALICE];
    assert_code(world_say(&w, bob, ROOM, 1, &answer), CHAT_CODE_OK);
    struct world_message lost = world_encrypt(&w, bob, ROOM, 2);
    struct chat_submit submit = world_submit_request(&w, bob, ROOM, &lost);
    world_send(&w, bob, CHAT_VERB_SUBMIT, &submit);
    hub_turn_end(w.hub, w.now_ms, &w.effects);
    world_crash(&w); /* nothing of this turn was released */
    world_login(&w, bob);
    world_login(&w, alice);
    world_subscribe(&w, alice, ROOM, 0);
    assert_code(world_submit(&w, bob, ROOM, &lost, &answer), CHAT_CODE_OK);
    assert_int_equal(answer.timbre_frank.room_seq, 2);
    assert_int_equal(verify_pages(&w, alice, ROOM).room_seq, 2);
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_accepted_message_is_franked_and_reaches_every_member),
        cmocka_unit_test(the_messages_of_one_turn_are_one_page_with_one_signature),
        cmocka_unit_test(a_replayed_frame_gets_the_stored_answer),
        cmocka_unit_test(the_same_tag_from_another_account_is_a_duplicate),
        cmocka_unit_test(a_tag_past_its_window_is_forgotten),
        cmocka_unit_test(a_message_over_the_limit_is_refused),
        cmocka_unit_test(a_message_of_another_epoch_is_refused),
        cmocka_unit_test(strangers_and_other_names_are_refused),
        cmocka_unit_test(a_message_without_a_tag_is_refused),
        cmocka_unit_test(messages_over_the_rate_of_an_account_are_refused),
        cmocka_unit_test(time_does_not_run_back_in_a_room),
        cmocka_unit_test(a_refused_commit_of_the_store_discards_the_turn),
        cmocka_unit_test(a_refused_write_of_the_store_discards_the_turn),
        cmocka_unit_test(a_login_of_a_refused_turn_did_not_happen),
        cmocka_unit_test(a_crash_before_the_commit_reuses_no_number_that_was_told),
    };
    return cmocka_run_group_tests_name("hub/submit", tests, NULL, NULL);
}
