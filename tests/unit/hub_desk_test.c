/* Reports and the desk: who may hand in and read them, and how often. */
#include "tests/unit/hub_room.h"

#include "chat/report_seal.h"
#include "chat/report_verify.h"

/* ------------------------------------------------------------------ reports */

static struct chat_sealed_report seal(struct world *w, struct person *who,
                                      const struct world_desk_keys *keys, uint64_t *target,
                                      uint8_t id)
{
    struct chat_report_seal_params params = {
        .suite = &w->suite, .room_uri = w->rooms[ROOM], .target_seq = target, .target_count = 1,
        .report = TB_LITERAL("what the desk reads"), .recipients = &keys->recipient,
        .recipient_count = 1, .reporter_key = &who->device_key,
    };
    struct chat_sealed_report report;
    memset(params.report_id, id, sizeof params.report_id);
    assert_ok(chat_report_seal(&params, &w->rng.rng, &w->arena, &report));
    return report;
}

static void a_report_is_taken_signed_and_waits_for_the_desk(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct chat_report_answer answer, again;
    struct chat_queue_answer queue;
    uint64_t target = 1;
    world_init(&w, 1);
    world_usual(&w, &keys, 3);
    assert_code(world_say(&w, &w.people[BOB], ROOM, 1, NULL), CHAT_CODE_OK);
    struct chat_sealed_report report = seal(&w, &w.people[CAROL], &keys, &target, 7);
    assert_code(world_ask(&w, &w.people[CAROL], CHAT_VERB_REPORT, &report, &answer),
                CHAT_CODE_OK);
    assert_true(world_push(&w, &w.people[ALICE], CHAT_PUSH_REPORT_WAITING, 0, NULL));
    /* handed in twice it is one report */
    w.now_ms += 5;
    assert_code(world_ask(&w, &w.people[CAROL], CHAT_VERB_REPORT, &report, &again), CHAT_CODE_OK);
    assert_int_equal(again.received_ms, answer.received_ms);
    struct chat_queue_get get = { 0 };
    assert_code(world_ask(&w, &w.people[CAROL], CHAT_VERB_DESK_QUEUE, &get, NULL),
                CHAT_CODE_FORBIDDEN);
    assert_code(world_ask(&w, &w.people[ALICE], CHAT_VERB_DESK_QUEUE, &get, &queue),
                CHAT_CODE_OK);
    assert_int_equal(queue.entries.count, 1);
    struct chat_report_opener opener = { &keys.recipient, &keys.hpke_private };
    struct chat_report_intake intake;
    tb_bytes text;
    assert_ok(chat_report_open(&w.suite, queue.entries.at[0].intake,
                               world_hub_record(&w, &w.people[ALICE])->intake_key, &opener, 1,
                               &w.arena, &intake, &text));
    assert_bytes(text, TB_LITERAL("what the desk reads"));
    assert_int_equal(intake.report.reporter_signature.len, 0);
    world_end(&w);
}

static void a_report_with_one_octet_changed_is_refused(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    uint64_t target = 1;
    world_init(&w, 2);
    world_usual(&w, &keys, 3);
    assert_code(world_say(&w, &w.people[BOB], ROOM, 1, NULL), CHAT_CODE_OK);
    struct chat_sealed_report report = seal(&w, &w.people[CAROL], &keys, &target, 7), changed;
    tb_bytes whole;
    assert_ok(wire_encode(&chat_sealed_report_desc, &report, &w.arena, &whole));
    for (size_t i = 0; i < whole.len; i += 37) {
        tb_bytes copy;
        assert_ok(tb_arena_dup(&w.arena, whole, &copy));
        ((uint8_t *)(uintptr_t)copy.data)[i] ^= 1;
        if (!tb_is_ok(wire_decode(&chat_sealed_report_desc, copy, &w.arena, &changed, NULL))) {
            continue;
        }
        uint16_t code = world_ask(&w, &w.people[CAROL], CHAT_VERB_REPORT, &changed, NULL);
        assert_true(code == CHAT_CODE_SIGNATURE || code == CHAT_CODE_BAD_REQUEST ||
                    code == CHAT_CODE_NOT_FOUND);
    }
    world_end(&w);
}

static void a_report_without_a_desk_is_refused(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    uint64_t target = 1;
    world_init(&w, 3);
    world_register(&w, ALICE, "alice", true);
    assert_ok(crypto_signing_key_new(&w.suite, &w.rng.rng, &keys.verify));
    assert_ok(crypto_hpke_generate(&w.suite, &w.rng.rng, &keys.hpke_private, keys.hpke_public));
    w.rooms[DESK] = TB_LITERAL("mimi://hub.example/r/0123456789abcdef0123456789abcdef");
    w.rooms[ROOM] = w.rooms[DESK];
    world_recipient(&w, &keys, 1);
    struct chat_sealed_report report = seal(&w, &w.people[ALICE], &keys, &target, 7);
    assert_code(world_ask(&w, &w.people[ALICE], CHAT_VERB_REPORT, &report, NULL),
                CHAT_CODE_DESK_MISSING);
    world_end(&w);
}

static void only_participants_of_that_time_report_and_within_the_window(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    uint64_t target = 1;
    world_init(&w, 4);
    world_usual(&w, &keys, 3);
    assert_code(world_say(&w, &w.people[BOB], ROOM, 1, NULL), CHAT_CODE_OK);
    world_register(&w, MALLORY, "mallory", false);
    struct chat_sealed_report report = seal(&w, &w.people[MALLORY], &keys, &target, 7);
    assert_code(world_ask(&w, &w.people[MALLORY], CHAT_VERB_REPORT, &report, NULL),
                CHAT_CODE_FORBIDDEN);
    world_add(&w, &w.people[ALICE], &w.people[MALLORY], ROOM, CHAT_ROLE_MEMBER);
    assert_code(world_ask(&w, &w.people[MALLORY], CHAT_VERB_REPORT, &report, NULL),
                CHAT_CODE_FORBIDDEN); /* came later */
    target = 99;
    report = seal(&w, &w.people[CAROL], &keys, &target, 8);
    assert_code(world_ask(&w, &w.people[CAROL], CHAT_VERB_REPORT, &report, NULL), CHAT_CODE_GONE);
    w.now_ms += (uint64_t)CHAT_REPORT_WINDOW_S * 1000 + 1;
    w.people[CAROL].conn = 0;
    world_login(&w, &w.people[CAROL]);
    target = 1;
    report = seal(&w, &w.people[CAROL], &keys, &target, 9);
    assert_code(world_ask(&w, &w.people[CAROL], CHAT_VERB_REPORT, &report, NULL), CHAT_CODE_GONE);
    world_end(&w);
}

/* Without a name the desk cannot see it; the hub can. */
static void nobody_reports_a_message_of_their_own(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    uint64_t targets[] = { 1, 2 };
    world_init(&w, 6);
    world_usual(&w, &keys, 3);
    assert_code(world_say(&w, &w.people[BOB], ROOM, 1, NULL), CHAT_CODE_OK);
    assert_code(world_say(&w, &w.people[CAROL], ROOM, 2, NULL), CHAT_CODE_OK);
    struct chat_sealed_report report = seal(&w, &w.people[BOB], &keys, &targets[0], 7);
    assert_code(world_ask(&w, &w.people[BOB], CHAT_VERB_REPORT, &report, NULL),
                CHAT_CODE_BAD_REQUEST);
    assert_int_equal(w.error.value, 1);
    assert_int_equal(store_mem_count(&w.store, HUB_TABLE_REPORTS), 0);
    report = seal(&w, &w.people[CAROL], &keys, &targets[0], 8);
    assert_code(world_ask(&w, &w.people[CAROL], CHAT_VERB_REPORT, &report, NULL), CHAT_CODE_OK);
    report = seal(&w, &w.people[CAROL], &keys, &targets[1], 9);
    assert_code(world_ask(&w, &w.people[CAROL], CHAT_VERB_REPORT, &report, NULL),
                CHAT_CODE_BAD_REQUEST);
    world_end(&w);
}

static void reports_are_metered(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    uint64_t target = 1;
    world_init(&w, 5);
    world_usual(&w, &keys, 3);
    for (uint8_t i = 1; i <= 6; i++) {
        assert_code(world_say(&w, &w.people[BOB], ROOM, i, NULL), CHAT_CODE_OK);
    }
    struct person *carol = &w.people[CAROL];
    for (uint8_t i = 0; i < 3; i++) {
        struct chat_sealed_report report = seal(&w, carol, &keys, &target, i);
        assert_code(world_ask(&w, carol, CHAT_VERB_REPORT, &report, NULL), CHAT_CODE_OK);
    }
    struct chat_sealed_report fourth = seal(&w, carol, &keys, &target, 3);
    assert_code(world_ask(&w, carol, CHAT_VERB_REPORT, &fourth, NULL), CHAT_CODE_RATE_LIMITED);
    for (uint8_t i = 3; i < 10; i++) {
        target = 2 + i / 3;
        struct chat_sealed_report report = seal(&w, carol, &keys, &target, (uint8_t)(i + 50));
        assert_code(world_ask(&w, carol, CHAT_VERB_REPORT, &report, NULL), CHAT_CODE_OK);
    }
    target = 6;
    struct chat_sealed_report eleventh = seal(&w, carol, &keys, &target, 99);
    assert_code(world_ask(&w, carol, CHAT_VERB_REPORT, &eleventh, NULL), CHAT_CODE_RATE_LIMITED);
    world_end(&w);
}

static void the_oracle_knows_its_own_stamps(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct chat_stubs_answer stubs;
    struct chat_frank_verdict verdict;
    world_init(&w, 6);
    world_usual(&w, &keys, 2);
    for (uint8_t i = 1; i <= 3; i++) {
        assert_code(world_say(&w, &w.people[BOB], ROOM, i, NULL), CHAT_CODE_OK);
    }
    struct chat_stubs_get get = { w.rooms[ROOM], 1, 3 };
    assert_code(world_ask(&w, &w.people[ALICE], CHAT_VERB_STUBS_GET, &get, &stubs), CHAT_CODE_OK);
    assert_int_equal(stubs.stubs.count, 3);
    stubs.stubs.at[1].franking_tag[0] ^= 1;
    stubs.stubs.at[2].hub_key_id[0] ^= 1;
    struct chat_frank_check check = { .room_uri = w.rooms[ROOM] };
    check.stubs.at = stubs.stubs.at;
    check.stubs.count = 3;
    assert_code(world_ask(&w, &w.people[ALICE], CHAT_VERB_FRANK_CHECK, &check, &verdict),
                CHAT_CODE_OK);
    assert_bytes(verdict.verdicts, TB_LITERAL("\x01\x02\x03"));
    assert_ok(chat_report_verdict_verify(&w.suite, &verdict, check.stubs.at, 3, w.rooms[ROOM],
                                         world_hub_record(&w, &w.people[ALICE])->intake_key,
                                         &w.arena));
    world_end(&w);
}

static void a_recipient_key_must_grow_and_be_signed(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct chat_recipient_key got;
    world_init(&w, 13);
    world_usual(&w, &keys, 2);
    struct person *alice = &w.people[ALICE];
    assert_code(world_ask(&w, &w.people[BOB], CHAT_VERB_RECIPIENT_KEY_PUT, &keys.recipient, NULL),
                CHAT_CODE_FORBIDDEN);
    world_recipient(&w, &keys, 2);
    keys.recipient.not_after_ms--;
    assert_code(world_ask(&w, alice, CHAT_VERB_RECIPIENT_KEY_PUT, &keys.recipient, NULL),
                CHAT_CODE_SIGNATURE);
    world_recipient(&w, &keys, 2);
    assert_code(world_ask(&w, alice, CHAT_VERB_RECIPIENT_KEY_PUT, &keys.recipient, NULL),
                CHAT_CODE_OK);
    w.now_ms++;
    world_recipient(&w, &keys, 1);
    assert_code(world_ask(&w, alice, CHAT_VERB_RECIPIENT_KEY_PUT, &keys.recipient, NULL),
                CHAT_CODE_CONFLICT);
    struct chat_opaque uri = { w.rooms[DESK] };
    assert_code(world_ask(&w, &w.people[BOB], CHAT_VERB_RECIPIENT_KEY_GET, &uri, &got),
                CHAT_CODE_OK);
    assert_int_equal(got.serial, 2);
    world_end(&w);
}

static void a_report_at_any_failing_allocation_is_counted_once(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct chat_queue_answer queue;
    struct chat_queue_get get = { 0 };
    uint64_t target = 1;
    world_init(&w, 15);
    world_usual(&w, &keys, 3);
    assert_code(world_say(&w, &w.people[BOB], ROOM, 1, NULL), CHAT_CODE_OK);
    struct chat_sealed_report report = seal(&w, &w.people[CAROL], &keys, &target, 7);
    world_starve(&w, &w.people[CAROL], CHAT_VERB_REPORT, &report);
    assert_code(world_ask(&w, &w.people[ALICE], CHAT_VERB_DESK_QUEUE, &get, &queue),
                CHAT_CODE_OK);
    assert_int_equal(queue.entries.count, 1);
    assert_int_equal(queue.entries.at[0].number, 1);
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_report_is_taken_signed_and_waits_for_the_desk),
        cmocka_unit_test(a_report_with_one_octet_changed_is_refused),
        cmocka_unit_test(a_report_without_a_desk_is_refused),
        cmocka_unit_test(only_participants_of_that_time_report_and_within_the_window),
        cmocka_unit_test(nobody_reports_a_message_of_their_own),
        cmocka_unit_test(reports_are_metered),
        cmocka_unit_test(the_oracle_knows_its_own_stamps),
        cmocka_unit_test(a_recipient_key_must_grow_and_be_signed),
        cmocka_unit_test(a_report_at_any_failing_allocation_is_counted_once),
    };
    return cmocka_run_group_tests_name("hub/desk", tests, NULL, NULL);
}
