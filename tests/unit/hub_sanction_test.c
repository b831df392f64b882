/* Measures of the desk beside bans: who has to agree, what each does, appeals and reversals. */
#include "tests/unit/hub_room.h"

#include "chat/decision.h"

static void open_notice(struct world *w, struct person *desk, struct person *subject)
{
    struct chat_user_role_pair people[] = { { desk->account, CHAT_ROLE_OWNER },
                                            { subject->account, CHAT_ROLE_MEMBER } };
    struct world_room notice = { .kind = CHAT_ROOM_NOTICE, .people = people, .count = 2 };
    assert_code(world_create(w, desk, NOTICE, &notice), CHAT_CODE_OK);
}

/* Alice decides about mallory; what the action needs is filled in. */
static struct chat_decision make(struct world *w, uint8_t action, uint64_t until_ms, uint8_t id)
{
    bool is_hub = action == CHAT_ACTION_SUSPEND || action == CHAT_ACTION_CLOSE_ACCOUNT;
    struct chat_decision decision = {
        .domain = TB_LITERAL("hub.example"), .subject = w->people[MALLORY].account,
        .action = action, .scope = is_hub ? CHAT_SCOPE_HUB : CHAT_SCOPE_ROOM,
        .room_uri = w->rooms[ROOM], .reason_code = 1, .until_ms = until_ms,
        .notice_room_uri = w->rooms[NOTICE], .decider_device = w->people[ALICE].device,
        .decided_ms = w->now_ms,
    };
    memset(decision.decision_id, id, sizeof decision.decision_id);
    return decision;
}

static uint16_t put_by(struct world *w, struct person *who, struct chat_decision decision,
                       struct person *second)
{
    struct chat_decision_put put = { .sealed_statements = { NULL, 0 } };
    decision.decider_device = who->device;
    assert_ok(chat_decision_sign(&w->suite, &who->device_key, &decision, &w->arena));
    if (second != NULL) {
        decision.co_decider_device = second->device;
        assert_ok(chat_decision_confirm(&w->suite, &second->device_key, &decision, &w->arena));
    }
    put.decision = decision;
    return world_ask(w, who, CHAT_VERB_DECISION_PUT, &put, NULL);
}

static uint16_t put(struct world *w, uint8_t action, uint64_t until_ms, uint8_t id)
{
    return put_by(w, &w->people[ALICE], make(w, action, until_ms, id), NULL);
}

static uint16_t settle(struct world *w, struct person *who, uint8_t action, uint64_t number_of,
                       uint8_t scope, uint8_t id)
{
    struct chat_decision decision = make(w, action, 0, id);
    decision.number_of = number_of;
    decision.scope = scope;
    return put_by(w, who, decision, NULL);
}

static uint16_t appeal(struct world *w, struct person *who, uint64_t number)
{
    const struct chat_appeal_put put = { number };
    return world_ask(w, who, CHAT_VERB_APPEAL_PUT, &put, NULL);
}

static void start(struct world *w, struct world_desk_keys *keys, unsigned seed)
{
    world_init(w, seed);
    world_usual(w, keys, 4);
    open_notice(w, &w->people[ALICE], &w->people[MALLORY]);
    world_forget(w);
}

static void second_moderator(struct world *w)
{
    world_add(w, &w->people[ALICE], &w->people[CAROL], DESK, CHAT_ROLE_MODERATOR);
    world_forget(w);
}

static void an_account_is_restricted_by_two_or_alone_for_a_week(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    start(&w, &keys, 41);
    struct person *alice = &w.people[ALICE], *carol = &w.people[CAROL], *bob = &w.people[BOB];
    uint64_t week_ms = w.now_ms + CHAT_SINGLE_MS_MAX;
    struct chat_decision_entry entry;
    assert_code(put(&w, CHAT_ACTION_CLOSE_ACCOUNT, 0, 1), CHAT_CODE_POLICY);
    assert_code(put(&w, CHAT_ACTION_SUSPEND, week_ms + 1, 1), CHAT_CODE_POLICY);
    assert_code(put(&w, CHAT_ACTION_SUSPEND, week_ms, 1), CHAT_CODE_OK);
    assert_true(world_push(&w, &w.people[MALLORY], CHAT_PUSH_DECISION, 0, &entry));
    assert_int_equal(entry.single, 1);
    second_moderator(&w);
    struct chat_decision decision = make(&w, CHAT_ACTION_CLOSE_ACCOUNT, 0, 2);
    assert_code(put(&w, CHAT_ACTION_SUSPEND, week_ms, 3), CHAT_CODE_POLICY); /* not alone */
    assert_code(put_by(&w, alice, decision, bob), CHAT_CODE_FORBIDDEN); /* not of the desk */
    assert_code(put_by(&w, bob, decision, carol), CHAT_CODE_FORBIDDEN);
    assert_code(put_by(&w, alice, decision, carol), CHAT_CODE_OK);
    assert_true(world_push(&w, &w.people[MALLORY], CHAT_PUSH_DECISION, 0, &entry));
    assert_int_equal(entry.single, 0);
    world_end(&w);
}

static void a_confirmed_decision_comes_from_either_of_the_two(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    start(&w, &keys, 42);
    struct person *alice = &w.people[ALICE], *carol = &w.people[CAROL];
    second_moderator(&w);
    struct chat_decision_put put = { .decision = make(&w, CHAT_ACTION_CLOSE_ACCOUNT, 0, 1) };
    assert_ok(chat_decision_sign(&w.suite, &alice->device_key, &put.decision, &w.arena));
    assert_code(world_ask(&w, carol, CHAT_VERB_DECISION_PUT, &put, NULL), CHAT_CODE_FORBIDDEN);
    put.decision.co_decider_device = carol->device;
    assert_ok(chat_decision_confirm(&w.suite, &carol->device_key, &put.decision, &w.arena));
    struct chat_decision_put bad = put;
    bad.decision.reason_code++;
    assert_code(world_ask(&w, carol, CHAT_VERB_DECISION_PUT, &bad, NULL), CHAT_CODE_SIGNATURE);
    bad = put;
    assert_ok(chat_decision_confirm(&w.suite, &alice->device_key, &bad.decision, &w.arena));
    assert_code(world_ask(&w, carol, CHAT_VERB_DECISION_PUT, &bad, NULL), CHAT_CODE_SIGNATURE);
    assert_code(world_ask(&w, carol, CHAT_VERB_DECISION_PUT, &put, NULL), CHAT_CODE_OK);
    world_end(&w);
}

static void no_restriction_comes_before_its_reasons(void **state)
{
    (void)state;
    const uint8_t actions[] = { CHAT_ACTION_MUTE, CHAT_ACTION_REMOVE, CHAT_ACTION_CLOSE_ROOM,
                                CHAT_ACTION_SUSPEND };
    struct world w;
    struct world_desk_keys keys;
    world_init(&w, 43);
    world_usual(&w, &keys, 4);
    w.rooms[NOTICE] = w.rooms[ROOM];
    for (uint8_t i = 0; i < sizeof actions; i++) {
        bool has_end = actions[i] == CHAT_ACTION_MUTE || actions[i] == CHAT_ACTION_SUSPEND;
        assert_code(put(&w, actions[i], has_end ? w.now_ms + 60000 : 0, i), CHAT_CODE_POLICY);
    }
    assert_code(world_say(&w, &w.people[MALLORY], ROOM, 1, NULL), CHAT_CODE_OK);
    world_end(&w);
}

static void a_mute_holds_in_its_room_until_its_end_also_after_a_crash(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    start(&w, &keys, 44);
    struct person *mallory = &w.people[MALLORY], *bob = &w.people[BOB];
    assert_code(put(&w, CHAT_ACTION_MUTE, w.now_ms + 3600000, 1), CHAT_CODE_OK);
    assert_code(world_say(&w, mallory, ROOM, 1, NULL), CHAT_CODE_MUTED);
    assert_int_equal(w.error.value, w.now_ms + 3600000);
    assert_code(world_say(&w, bob, ROOM, 2, NULL), CHAT_CODE_OK);
    world_crash(&w);
    world_login(&w, mallory);
    assert_code(world_say(&w, mallory, ROOM, 3, NULL), CHAT_CODE_MUTED);
    world_tick(&w, 3600000);
    world_again(&w, mallory);
    assert_code(world_say(&w, mallory, ROOM, 4, NULL), CHAT_CODE_OK);
    world_end(&w);
}

static void a_suspended_account_keeps_its_room_and_reads_on_afterwards(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct chat_session_state session;
    start(&w, &keys, 45);
    struct person *mallory = &w.people[MALLORY], *bob = &w.people[BOB];
    assert_code(put(&w, CHAT_ACTION_SUSPEND, w.now_ms + 3600000, 1), CHAT_CODE_OK);
    assert_true(world_push(&w, mallory, CHAT_PUSH_SESSION_STATE, 0, &session));
    assert_true(session.is_restricted);
    assert_code(world_say(&w, mallory, ROOM, 1, NULL), CHAT_CODE_RESTRICTED);
    assert_code(world_say(&w, bob, ROOM, 2, NULL), CHAT_CODE_OK); /* no proposal is in the way */
    assert_int_equal(world_push_count(&w, mallory, CHAT_PUSH_PAGE), 0);
    world_forget(&w);
    assert_code(settle(&w, &w.people[ALICE], CHAT_ACTION_REVERSE, 1, CHAT_SCOPE_HUB, 2),
                CHAT_CODE_OK);
    assert_true(world_push(&w, mallory, CHAT_PUSH_SESSION_STATE, 0, &session));
    assert_false(session.is_restricted);
    assert_int_equal(world_push_count(&w, mallory, CHAT_PUSH_PAGE), 1); /* what bob said */
    assert_code(world_say(&w, mallory, ROOM, 3, NULL), CHAT_CODE_OK);
    world_end(&w);
}

static void a_suspension_ends_at_its_time(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    start(&w, &keys, 46);
    struct person *mallory = &w.people[MALLORY];
    assert_code(put(&w, CHAT_ACTION_SUSPEND, w.now_ms + 60000, 1), CHAT_CODE_OK);
    assert_code(world_say(&w, mallory, ROOM, 1, NULL), CHAT_CODE_RESTRICTED);
    world_tick(&w, 61000);
    assert_code(world_say(&w, mallory, ROOM, 2, NULL), CHAT_CODE_OK);
    world_end(&w);
}

static void a_shut_room_takes_nothing_until_the_reversal(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    start(&w, &keys, 47);
    struct person *alice = &w.people[ALICE], *bob = &w.people[BOB];
    tb_bytes kitchen = w.rooms[ROOM];
    w.rooms[ROOM] = w.rooms[DESK];
    assert_code(put(&w, CHAT_ACTION_CLOSE_ROOM, 0, 9), CHAT_CODE_POLICY); /* the desk stays */
    w.rooms[ROOM] = kitchen;
    assert_code(put(&w, CHAT_ACTION_CLOSE_ROOM, 0, 1), CHAT_CODE_OK);
    assert_code(world_say(&w, bob, ROOM, 1, NULL), CHAT_CODE_ROOM_SHUT);
    world_crash(&w);
    world_login(&w, alice);
    world_login(&w, bob);
    assert_code(world_say(&w, bob, ROOM, 2, NULL), CHAT_CODE_ROOM_SHUT);
    assert_code(settle(&w, alice, CHAT_ACTION_REVERSE, 1, CHAT_SCOPE_ROOM, 2), CHAT_CODE_OK);
    assert_code(world_say(&w, bob, ROOM, 3, NULL), CHAT_CODE_OK);
    world_end(&w);
}

static void only_the_subjects_own_messages_are_retracted(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct chat_page page;
    start(&w, &keys, 48);
    struct chat_decision_target target = { .room_seq = 1 };
    struct chat_decision decision = make(&w, CHAT_ACTION_RETRACT, 0, 1);
    decision.targets.at = &target;
    decision.targets.count = 1;
    assert_code(world_say(&w, &w.people[BOB], ROOM, 1, NULL), CHAT_CODE_OK);
    assert_code(world_say(&w, &w.people[MALLORY], ROOM, 2, NULL), CHAT_CODE_OK);
    assert_code(put_by(&w, &w.people[ALICE], decision, NULL), CHAT_CODE_POLICY); /* bob's */
    target.room_seq = 9;
    assert_code(put_by(&w, &w.people[ALICE], decision, NULL), CHAT_CODE_GONE);
    target.room_seq = 2;
    world_forget(&w);
    assert_code(put_by(&w, &w.people[ALICE], decision, NULL), CHAT_CODE_OK);
    assert_true(world_push(&w, &w.people[BOB], CHAT_PUSH_PAGE, 0, &page));
    assert_int_equal(page.entries.at[0].kind, CHAT_ENTRY_PROPOSAL);
    assert_code(world_say(&w, &w.people[BOB], ROOM, 3, NULL), CHAT_CODE_MISSING_PROPOSALS);
    world_end(&w);
}

static void who_took_part_settles_no_appeal(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    start(&w, &keys, 49);
    struct person *alice = &w.people[ALICE], *carol = &w.people[CAROL];
    struct person *mallory = &w.people[MALLORY];
    assert_code(put(&w, CHAT_ACTION_MUTE, w.now_ms + 3600000, 1), CHAT_CODE_OK);
    assert_code(settle(&w, alice, CHAT_ACTION_UPHOLD, 1, CHAT_SCOPE_ROOM, 2), CHAT_CODE_POLICY);
    assert_code(appeal(&w, &w.people[BOB], 1), CHAT_CODE_NOT_FOUND); /* not about bob */
    assert_code(appeal(&w, mallory, 7), CHAT_CODE_NOT_FOUND);
    assert_code(appeal(&w, mallory, 1), CHAT_CODE_OK);
    assert_code(appeal(&w, mallory, 1), CHAT_CODE_OK); /* once more is no other appeal */
    for (uint8_t action = CHAT_ACTION_REVERSE; action <= CHAT_ACTION_UPHOLD; action++) {
        assert_code(settle(&w, alice, action, 1, CHAT_SCOPE_ROOM, 3), CHAT_CODE_POLICY);
    }
    assert_code(world_say(&w, mallory, ROOM, 1, NULL), CHAT_CODE_MUTED); /* pending */
    second_moderator(&w);
    assert_code(settle(&w, carol, CHAT_ACTION_UPHOLD, 1, CHAT_SCOPE_HUB, 4), CHAT_CODE_POLICY);
    assert_code(settle(&w, carol, CHAT_ACTION_UPHOLD, 8, CHAT_SCOPE_ROOM, 4), CHAT_CODE_NOT_FOUND);
    assert_code(settle(&w, carol, CHAT_ACTION_REVERSE, 1, CHAT_SCOPE_ROOM, 5), CHAT_CODE_OK);
    assert_code(world_say(&w, mallory, ROOM, 2, NULL), CHAT_CODE_OK);
    assert_code(settle(&w, carol, CHAT_ACTION_UPHOLD, 1, CHAT_SCOPE_ROOM, 6), CHAT_CODE_CONFLICT);
    struct chat_appeals appeals;
    const struct chat_queue_get get = { 0 };
    assert_code(world_ask(&w, carol, CHAT_VERB_APPEALS_GET, &get, &appeals), CHAT_CODE_OK);
    assert_int_equal(appeals.appeals.count, 1);
    assert_int_equal(appeals.appeals.at[0].settled_number, 2);
    assert_code(world_ask(&w, mallory, CHAT_VERB_APPEALS_GET, &get, NULL), CHAT_CODE_FORBIDDEN);
    world_end(&w);
}

static void an_appeal_is_possible_for_six_months(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    start(&w, &keys, 50);
    struct person *mallory = &w.people[MALLORY];
    assert_code(put(&w, CHAT_ACTION_MUTE, w.now_ms + 60000, 1), CHAT_CODE_OK);
    assert_code(put(&w, CHAT_ACTION_NONE, 0, 2), CHAT_CODE_OK);
    assert_code(appeal(&w, mallory, 2), CHAT_CODE_POLICY); /* nothing was taken */
    uint64_t start_ms = w.now_ms;
    while (w.now_ms + CHAT_MS_A_DAY < start_ms + CHAT_APPEAL_MS_MAX) world_tick(&w, CHAT_MS_A_DAY);
    world_tick(&w, start_ms + CHAT_APPEAL_MS_MAX + 1 - w.now_ms);
    world_again(&w, mallory);
    assert_code(appeal(&w, mallory, 1), CHAT_CODE_GONE);
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_account_is_restricted_by_two_or_alone_for_a_week),
        cmocka_unit_test(a_confirmed_decision_comes_from_either_of_the_two),
        cmocka_unit_test(no_restriction_comes_before_its_reasons),
        cmocka_unit_test(a_mute_holds_in_its_room_until_its_end_also_after_a_crash),
        cmocka_unit_test(a_suspended_account_keeps_its_room_and_reads_on_afterwards),
        cmocka_unit_test(a_suspension_ends_at_its_time),
        cmocka_unit_test(a_shut_room_takes_nothing_until_the_reversal),
        cmocka_unit_test(only_the_subjects_own_messages_are_retracted),
        cmocka_unit_test(who_took_part_settles_no_appeal),
        cmocka_unit_test(an_appeal_is_possible_for_six_months),
    };
    return cmocka_run_group_tests_name("hub_sanction", tests, NULL, NULL);
}
