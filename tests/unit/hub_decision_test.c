/* Decisions of the desk: who may, what a ban does at once, and how it ends. */
#include "tests/unit/hub_room.h"

#include "chat/decision.h"

static void open_notice(struct world *w, struct person *desk, struct person *subject)
{
    struct chat_user_role_pair people[] = { { desk->account, CHAT_ROLE_OWNER },
                                            { subject->account, CHAT_ROLE_MEMBER } };
    struct world_room notice = { .kind = CHAT_ROOM_NOTICE, .people = people, .count = 2 };
    assert_code(world_create(w, desk, NOTICE, &notice), CHAT_CODE_OK);
}

static struct chat_decision_put decide(struct world *w, struct person *desk,
                                       const struct person *subject, uint8_t action,
                                       uint8_t scope, uint8_t id)
{
    struct chat_decision_put put = { .sealed_statements = { NULL, 0 } };
    put.decision = (struct chat_decision){
        .domain = TB_LITERAL("hub.example"), .subject = subject->account, .action = action,
        .scope = scope, .room_uri = w->rooms[ROOM], .reason_code = 1,
        .notice_room_uri = w->rooms[NOTICE], .decider_device = desk->device,
        .decided_ms = w->now_ms,
    };
    /* Alone at the desk, alice may do this for some days. */
    bool needs_two = chat_decision_needs_two(action, scope);
    if (needs_two) put.decision.until_ms = w->now_ms + 6 * CHAT_MS_A_DAY;
    if (action == CHAT_ACTION_NAME_OWNER) put.decision.notice_room_uri.len = 0;
    memset(put.decision.decision_id, id, sizeof put.decision.decision_id);
    assert_ok(chat_decision_sign(&w->suite, &desk->device_key, &put.decision, &w->arena));
    return put;
}

static void a_ban_comes_after_its_reasons_and_from_the_desk(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    world_init(&w, 7);
    world_usual(&w, &keys, 4);
    struct person *alice = &w.people[ALICE], *mallory = &w.people[MALLORY];
    w.rooms[NOTICE] = w.rooms[ROOM];
    struct chat_decision_put put = decide(&w, alice, mallory, CHAT_ACTION_BAN, CHAT_SCOPE_ROOM, 1);
    assert_code(world_ask(&w, alice, CHAT_VERB_DECISION_PUT, &put, NULL), CHAT_CODE_POLICY);
    put = decide(&w, &w.people[BOB], mallory, CHAT_ACTION_BAN, CHAT_SCOPE_ROOM, 1);
    assert_code(world_ask(&w, &w.people[BOB], CHAT_VERB_DECISION_PUT, &put, NULL),
                CHAT_CODE_FORBIDDEN);
    assert_code(world_ask(&w, alice, CHAT_VERB_DECISION_PUT, &put, NULL), CHAT_CODE_FORBIDDEN);
    w.rooms[NOTICE] = (tb_bytes){ NULL, 0 };
    open_notice(&w, alice, mallory);
    put = decide(&w, alice, mallory, CHAT_ACTION_BAN, CHAT_SCOPE_ROOM, 1);
    put.decision.reason_code++;
    assert_code(world_ask(&w, alice, CHAT_VERB_DECISION_PUT, &put, NULL), CHAT_CODE_SIGNATURE);
    world_end(&w);
}

/* Every member takes the hub's proposals, and one commits them. */
static void carry(struct world *w, struct person *by, size_t first_page, size_t count)
{
    struct world_commit c = { .include_pending = true };
    struct chat_page page;
    for (size_t n = first_page; n < first_page + count; n++) {
        assert_true(world_push(w, by, CHAT_PUSH_PAGE, n, &page));
        assert_int_equal(page.entries.at[0].kind, CHAT_ENTRY_PROPOSAL);
        for (size_t i = ALICE; i <= CAROL; i++) {
            world_take(w, &w->people[i], ROOM, page.entries.at[0].body.proposal->message);
        }
    }
    world_make_commit(w, by, ROOM, &c);
    assert_code(world_update(w, by, ROOM, &c), CHAT_CODE_OK);
    for (size_t i = ALICE; i <= CAROL; i++) {
        if (&w->people[i] == by) continue;
        if (w->people[i].conn != 0) {
            assert_code(world_ack(w, &w->people[i], ROOM, &c, CHAT_ACK_APPLIED), CHAT_CODE_OK);
        }
        world_take(w, &w->people[i], ROOM, c.out.commit);
    }
    assert_ok(mls_group_pending_merge(by->groups[ROOM]));
}

static void a_hub_wide_ban_acts_at_once_and_the_next_commit_carries_it(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct chat_decision_answer answer, again;
    world_init(&w, 8);
    world_usual(&w, &keys, 4);
    struct person *alice = &w.people[ALICE], *bob = &w.people[BOB], *mallory = &w.people[MALLORY];
    open_notice(&w, alice, mallory);
    world_forget(&w);
    struct chat_decision_put put = decide(&w, alice, mallory, CHAT_ACTION_BAN, CHAT_SCOPE_HUB, 1);
    assert_code(world_ask(&w, alice, CHAT_VERB_DECISION_PUT, &put, &answer), CHAT_CODE_OK);
    assert_int_equal(answer.number, 1);
    assert_int_equal(answer.rooms_affected, 1);
    assert_code(world_ask(&w, alice, CHAT_VERB_DECISION_PUT, &put, &again), CHAT_CODE_OK);
    assert_int_equal(again.number, 1);
    struct chat_session_state session;
    assert_true(world_push(&w, mallory, CHAT_PUSH_SESSION_STATE, 0, &session));
    assert_true(session.is_restricted);
    assert_true(world_push(&w, mallory, CHAT_PUSH_DECISION, 0, NULL));
    /* the banned one neither speaks nor hears */
    assert_code(world_say(&w, mallory, ROOM, 1, NULL), CHAT_CODE_RESTRICTED);
    struct chat_opaque handle = { TB_LITERAL("bob") };
    assert_code(world_ask(&w, mallory, CHAT_VERB_LOOKUP, &handle, NULL), CHAT_CODE_RESTRICTED);
    assert_code(world_say(&w, bob, ROOM, 2, NULL), CHAT_CODE_MISSING_PROPOSALS);
    assert_int_equal(w.error.refs.count, 2); /* the role and the one device */
    carry(&w, bob, 0, 2);
    assert_code(world_say(&w, bob, ROOM, 3, NULL), CHAT_CODE_OK);
    /* of the log it gets what removes it, and nothing else */
    struct chat_page page;
    assert_int_equal(world_push_count(&w, mallory, CHAT_PUSH_PAGE), 3);
    for (size_t n = 0; n < 3; n++) {
        assert_true(world_push(&w, mallory, CHAT_PUSH_PAGE, n, &page));
        world_take(&w, mallory, ROOM, page.entries.at[0].body.commit->message);
    }
    assert_int_equal(page.entries.at[0].kind, CHAT_ENTRY_COMMIT);
    assert_false(mls_group_is_active(mallory->groups[ROOM]));
    world_end(&w);
}

static void a_ban_survives_the_process_and_a_banned_device_learns_of_it_later(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    world_init(&w, 9);
    world_usual(&w, &keys, 4);
    struct person *alice = &w.people[ALICE], *bob = &w.people[BOB], *mallory = &w.people[MALLORY];
    open_notice(&w, alice, mallory);
    world_disconnect(&w, mallory);
    assert_code(world_say(&w, bob, ROOM, 1, NULL), CHAT_CODE_OK);
    struct chat_decision_put put = decide(&w, alice, mallory, CHAT_ACTION_BAN, CHAT_SCOPE_HUB, 1);
    assert_code(world_ask(&w, alice, CHAT_VERB_DECISION_PUT, &put, NULL), CHAT_CODE_OK);
    world_crash(&w);
    world_login(&w, bob);
    world_subscribe(&w, bob, ROOM, 4);
    carry(&w, bob, 0, 2);
    world_login(&w, mallory);
    assert_true(mallory->login.is_restricted);
    assert_int_equal(mallory->login.rooms.count, 1); /* the one that it is out of */
    assert_int_equal(mallory->login.rooms.at[0].state, 4);
    world_subscribe(&w, mallory, ROOM, 3); /* the message at 4 is not for it any more */
    assert_int_equal(world_push_count(&w, mallory, CHAT_PUSH_PAGE), 3);
    assert_code(world_cursor_ack(&w, mallory, ROOM, 7), CHAT_CODE_OK);
    world_disconnect(&w, mallory);
    world_login(&w, mallory);
    assert_int_equal(mallory->login.rooms.count, 0);
    world_end(&w);
}

/* Alice, desk and owner of the room, makes mallory its owner and steps down; mallory is banned. */
static void only_a_room_without_an_acting_owner_is_given_one(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct chat_decision_answer answer;
    world_init(&w, 12);
    world_usual(&w, &keys, 4);
    struct person *alice = &w.people[ALICE], *bob = &w.people[BOB], *mallory = &w.people[MALLORY];
    struct chat_decision_put put =
        decide(&w, alice, bob, CHAT_ACTION_NAME_OWNER, CHAT_SCOPE_ROOM, 1);
    assert_code(world_ask(&w, alice, CHAT_VERB_DECISION_PUT, &put, NULL), CHAT_CODE_POLICY);
    struct chat_userindex_role_pair pairs[] = { { 0, CHAT_ROLE_MEMBER }, { 3, CHAT_ROLE_OWNER } };
    struct chat_participant_update update = { .changed_role_participants = { pairs, 2 } };
    struct world_commit c = { .count = 0 };
    world_propose_list(&w, &c, &update);
    world_make_commit(&w, alice, ROOM, &c);
    assert_code(world_update(&w, alice, ROOM, &c), CHAT_CODE_OK);
    for (size_t i = BOB; i <= MALLORY; i++) {
        assert_code(world_ack(&w, &w.people[i], ROOM, &c, CHAT_ACK_APPLIED), CHAT_CODE_OK);
        world_take(&w, &w.people[i], ROOM, c.out.commit);
    }
    assert_ok(mls_group_pending_merge(alice->groups[ROOM]));
    open_notice(&w, alice, mallory);
    put = decide(&w, alice, mallory, CHAT_ACTION_BAN, CHAT_SCOPE_HUB, 2);
    assert_code(world_ask(&w, alice, CHAT_VERB_DECISION_PUT, &put, NULL), CHAT_CODE_OK);
    put = decide(&w, alice, mallory, CHAT_ACTION_NAME_OWNER, CHAT_SCOPE_ROOM, 3);
    assert_code(world_ask(&w, alice, CHAT_VERB_DECISION_PUT, &put, NULL), CHAT_CODE_POLICY);
    /* The ban is not committed yet: both go into one commit. */
    world_forget(&w);
    put = decide(&w, alice, bob, CHAT_ACTION_NAME_OWNER, CHAT_SCOPE_ROOM, 4);
    assert_code(world_ask(&w, alice, CHAT_VERB_DECISION_PUT, &put, &answer), CHAT_CODE_OK);
    assert_int_equal(answer.number, 2);
    assert_int_equal(answer.rooms_affected, 1);
    put = decide(&w, alice, &w.people[CAROL], CHAT_ACTION_NAME_OWNER, CHAT_SCOPE_ROOM, 5);
    assert_code(world_ask(&w, alice, CHAT_VERB_DECISION_PUT, &put, NULL), CHAT_CODE_POLICY);
    assert_code(world_say(&w, bob, ROOM, 2, NULL), CHAT_CODE_MISSING_PROPOSALS);
    assert_int_equal(w.error.refs.count, 3); /* role and device of the ban, and the naming */
    world_end(&w);
}

static void a_restricted_account_gets_no_key_packages_handed_out_but_to_the_desk(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct chat_key_material_answer material;
    world_init(&w, 10);
    world_usual(&w, &keys, 4);
    struct person *alice = &w.people[ALICE], *bob = &w.people[BOB], *mallory = &w.people[MALLORY];
    open_notice(&w, alice, mallory);
    world_grant(&w, mallory, bob);
    struct chat_decision_put put = decide(&w, alice, mallory, CHAT_ACTION_BAN, CHAT_SCOPE_HUB, 1);
    assert_code(world_ask(&w, alice, CHAT_VERB_DECISION_PUT, &put, NULL), CHAT_CODE_OK);
    assert_code(world_put_key_package(&w, mallory, false), CHAT_CODE_OK);
    tb_bytes other = TB_LITERAL("mimi://hub.example/r/0123456789abcdef0123456789abcdef");
    struct chat_key_material ask = world_material_request(mallory, other, CHAT_ROOM_GROUP);
    assert_code(world_ask(&w, bob, CHAT_VERB_KEY_MATERIAL, &ask, NULL), CHAT_CODE_NO_CONSENT);
    ask = world_material_request(mallory, w.rooms[NOTICE], CHAT_ROOM_NOTICE);
    assert_code(world_ask(&w, alice, CHAT_VERB_KEY_MATERIAL, &ask, &material), CHAT_CODE_OK);
    assert_int_equal(material.clients.at[0].client_status, 0);
    world_end(&w);
}

static void an_unban_lifts_the_restriction_and_takes_the_user_off_the_list(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    world_init(&w, 11);
    world_usual(&w, &keys, 4);
    struct person *alice = &w.people[ALICE], *bob = &w.people[BOB], *mallory = &w.people[MALLORY];
    open_notice(&w, alice, mallory);
    world_forget(&w);
    struct chat_decision_put put = decide(&w, alice, mallory, CHAT_ACTION_BAN, CHAT_SCOPE_HUB, 1);
    assert_code(world_ask(&w, alice, CHAT_VERB_DECISION_PUT, &put, NULL), CHAT_CODE_OK);
    carry(&w, bob, 0, 2);
    put = decide(&w, alice, mallory, CHAT_ACTION_UNBAN, CHAT_SCOPE_HUB, 2);
    assert_code(world_ask(&w, alice, CHAT_VERB_DECISION_PUT, &put, NULL), CHAT_CODE_OK);
    struct chat_opaque handle = { TB_LITERAL("bob") };
    assert_code(world_ask(&w, mallory, CHAT_VERB_LOOKUP, &handle, NULL), CHAT_CODE_OK);
    assert_code(world_say(&w, bob, ROOM, 9, NULL), CHAT_CODE_MISSING_PROPOSALS);
    assert_int_equal(w.error.refs.count, 1);
    carry(&w, bob, 3, 1); /* behind two proposals and a commit */
    assert_code(world_say(&w, bob, ROOM, 10, NULL), CHAT_CODE_OK);
    world_end(&w);
}

/* Bob's commit, behind the log's first `page` pages, carries the one proposal of the end. */
static void carry_end(struct world *w, size_t page)
{
    struct person *bob = &w->people[BOB];
    assert_code(world_say(w, bob, ROOM, 9, NULL), CHAT_CODE_MISSING_PROPOSALS);
    assert_int_equal(w->error.refs.count, 1);
    carry(w, bob, page, 1);
    assert_code(world_say(w, bob, ROOM, 10, NULL), CHAT_CODE_OK);
}

static struct chat_decision_put decide_until(struct world *w, uint8_t action, uint8_t scope,
                                             uint8_t id, uint64_t until_ms)
{
    struct person *alice = &w->people[ALICE];
    struct chat_decision_put put = decide(w, alice, &w->people[MALLORY], action, scope, id);
    put.decision.until_ms = until_ms;
    assert_ok(chat_decision_sign(&w->suite, &alice->device_key, &put.decision, &w->arena));
    assert_code(world_ask(w, alice, CHAT_VERB_DECISION_PUT, &put, NULL), CHAT_CODE_OK);
    return put;
}

static void a_ban_ends_at_its_time_also_after_a_crash(void **state)
{
    (void)state;
    const uint8_t scopes[] = { CHAT_SCOPE_ROOM, CHAT_SCOPE_HUB };
    for (size_t i = 0; i < 2; i++) {
        struct world w;
        struct world_desk_keys keys;
        world_init(&w, 21 + i);
        world_usual(&w, &keys, 4);
        struct person *bob = &w.people[BOB], *mallory = &w.people[MALLORY];
        open_notice(&w, &w.people[ALICE], mallory);
        world_forget(&w);
        decide_until(&w, CHAT_ACTION_BAN, scopes[i], 1, w.now_ms + 3600000);
        carry(&w, bob, 0, 2);
        world_crash(&w);
        for (size_t k = ALICE; k <= MALLORY; k++) world_again(&w, &w.people[k]);
        for (size_t k = ALICE; k <= CAROL; k++) world_subscribe(&w, &w.people[k], ROOM, 5);
        world_forget(&w);
        world_tick(&w, 3590000);
        assert_code(world_say(&w, bob, ROOM, 8, NULL), CHAT_CODE_OK);
        size_t pages = world_push_count(&w, bob, CHAT_PUSH_PAGE);
        world_tick(&w, 20000);
        carry_end(&w, pages);
        struct chat_opaque handle = { TB_LITERAL("bob") };
        assert_code(world_ask(&w, mallory, CHAT_VERB_LOOKUP, &handle, NULL), CHAT_CODE_OK);
        world_end(&w);
    }
}

/* A month and more: what else is remembered of who was where is forgotten by then. */
static void the_end_of_a_long_ban_finds_its_rooms(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    world_init(&w, 25);
    world_usual(&w, &keys, 4);
    struct person *bob = &w.people[BOB];
    open_notice(&w, &w.people[ALICE], &w.people[MALLORY]);
    world_forget(&w);
    struct person *alice = &w.people[ALICE], *carol = &w.people[CAROL];
    world_add(&w, alice, carol, DESK, CHAT_ROLE_MODERATOR);
    world_forget(&w);
    struct chat_decision_put put = decide(&w, alice, &w.people[MALLORY], CHAT_ACTION_BAN,
                                          CHAT_SCOPE_HUB, 1);
    put.decision.until_ms = w.now_ms + 60 * CHAT_MS_A_DAY - 60000;
    assert_ok(chat_decision_sign(&w.suite, &alice->device_key, &put.decision, &w.arena));
    put.decision.co_decider_device = carol->device;
    assert_ok(chat_decision_confirm(&w.suite, &carol->device_key, &put.decision, &w.arena));
    assert_code(world_ask(&w, alice, CHAT_VERB_DECISION_PUT, &put, NULL), CHAT_CODE_OK);
    carry(&w, bob, 0, 2);
    for (size_t i = 0; i < 59; i++) world_tick(&w, CHAT_MS_A_DAY);
    for (size_t i = ALICE; i <= CAROL; i++) {
        world_again(&w, &w.people[i]); /* idle connections were closed */
        world_subscribe(&w, &w.people[i], ROOM, 5);
    }
    world_forget(&w);
    assert_code(world_say(&w, bob, ROOM, 8, NULL), CHAT_CODE_OK);
    size_t pages = world_push_count(&w, bob, CHAT_PUSH_PAGE);
    world_tick(&w, CHAT_MS_A_DAY - 30000); /* behind the end; nobody idles out */
    carry_end(&w, pages);
    world_end(&w);
}

static void the_end_of_a_ban_does_not_lift_a_later_one(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    world_init(&w, 23);
    world_usual(&w, &keys, 4);
    struct person *bob = &w.people[BOB];
    open_notice(&w, &w.people[ALICE], &w.people[MALLORY]);
    world_forget(&w);
    uint64_t until_ms = w.now_ms + 3600000;
    decide_until(&w, CHAT_ACTION_BAN, CHAT_SCOPE_ROOM, 1, until_ms);
    carry(&w, bob, 0, 2);
    decide_until(&w, CHAT_ACTION_BAN, CHAT_SCOPE_ROOM, 2, until_ms + 3600000);
    decide_until(&w, CHAT_ACTION_BAN, CHAT_SCOPE_HUB, 3, until_ms + 6 * CHAT_MS_A_DAY);
    world_tick(&w, 3700000);
    assert_code(world_say(&w, bob, ROOM, 7, NULL), CHAT_CODE_OK); /* the first is replaced */
    world_tick(&w, 3600000);
    assert_code(world_say(&w, bob, ROOM, 8, NULL), CHAT_CODE_OK); /* the hub's own stands */
    size_t pages = world_push_count(&w, bob, CHAT_PUSH_PAGE);
    decide_until(&w, CHAT_ACTION_UNBAN, CHAT_SCOPE_HUB, 4, 0);
    carry_end(&w, pages);
    world_end(&w);
}

static uint16_t leave_desk(struct world *w, struct person *who)
{
    static const uint8_t none[] = { 0 };
    const struct mls_proposal leave = { .proposal_type = MLS_PROPOSAL_SELF_REMOVE };
    struct world_commit c = { .count = 0 };
    assert_ok(mls_group_propose(who->groups[DESK], &leave, TB_ARRAY(none), true, &w->arena,
                                &c.out.commit));
    return world_update(w, who, DESK, &c);
}

static void the_desk_keeps_an_owner(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    world_init(&w, 24);
    world_usual(&w, &keys, 4);
    struct person *alice = &w.people[ALICE], *bob = &w.people[BOB], *carol = &w.people[CAROL];
    const uint8_t scopes[] = { CHAT_SCOPE_ROOM, CHAT_SCOPE_HUB };
    world_add(&w, alice, bob, DESK, CHAT_ROLE_MODERATOR);
    assert_code(leave_desk(&w, alice), CHAT_CODE_POLICY);
    tb_bytes kitchen = w.rooms[ROOM];
    open_notice(&w, bob, alice);
    w.rooms[ROOM] = w.rooms[DESK];
    for (size_t i = 0; i < 2; i++) {
        struct chat_decision_put put = decide(&w, bob, alice, CHAT_ACTION_BAN, scopes[i], 1);
        assert_code(world_ask(&w, bob, CHAT_VERB_DECISION_PUT, &put, NULL), CHAT_CODE_POLICY);
    }
    w.rooms[ROOM] = kitchen; /* elsewhere an owner of the desk is like everybody */
    struct chat_decision_put put = decide(&w, bob, alice, CHAT_ACTION_BAN, CHAT_SCOPE_ROOM, 2);
    assert_code(world_ask(&w, bob, CHAT_VERB_DECISION_PUT, &put, NULL), CHAT_CODE_OK);
    world_add(&w, alice, carol, DESK, CHAT_ROLE_OWNER);
    assert_code(leave_desk(&w, alice), CHAT_CODE_OK);
    assert_code(leave_desk(&w, carol), CHAT_CODE_POLICY); /* alice is as good as gone */
    world_end(&w);
}

static void decisions_are_chained_and_shown_to_those_they_concern(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct chat_opaques all, own, none;
    world_init(&w, 12);
    world_usual(&w, &keys, 4);
    struct person *alice = &w.people[ALICE], *mallory = &w.people[MALLORY];
    for (uint8_t i = 1; i <= 3; i++) {
        struct chat_decision_put put = decide(&w, alice, i == 2 ? &w.people[CAROL] : mallory,
                                              CHAT_ACTION_WARN, CHAT_SCOPE_ROOM, i);
        assert_code(world_ask(&w, alice, CHAT_VERB_DECISION_PUT, &put, NULL), CHAT_CODE_OK);
    }
    struct chat_queue_get get = { 0 };
    assert_code(world_ask(&w, alice, CHAT_VERB_DECISIONS_GET, &get, &all), CHAT_CODE_OK);
    assert_code(world_ask(&w, mallory, CHAT_VERB_DECISIONS_GET, &get, &own), CHAT_CODE_OK);
    assert_code(world_ask(&w, &w.people[BOB], CHAT_VERB_DECISIONS_GET, &get, &none),
                CHAT_CODE_OK);
    assert_int_equal(all.values.count, 3);
    assert_int_equal(own.values.count, 2);
    assert_int_equal(none.values.count, 0);
    tb_bytes intake_key = world_hub_record(&w, alice)->intake_key;
    uint8_t hash[CHAT_HASH_LEN] = { 0 };
    for (size_t i = 0; i < 3; i++) {
        struct chat_decision_entry entry;
        assert_ok(wire_decode(&chat_decision_entry_desc, all.values.at[i].value, &w.arena, &entry,
                              NULL));
        assert_ok(chat_decision_entry_verify(&w.suite, &entry, intake_key, i, hash, &w.arena));
        assert_ok(chat_decision_entry_hash(&w.suite, &entry, &w.arena, hash));
    }
    world_end(&w);
}

static void a_decision_at_any_failing_allocation_happens_whole_or_not_at_all(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct chat_decision_answer answer;
    world_init(&w, 14);
    world_usual(&w, &keys, 4);
    struct person *alice = &w.people[ALICE], *bob = &w.people[BOB], *mallory = &w.people[MALLORY];
    open_notice(&w, alice, mallory);
    struct chat_decision_put put = decide(&w, alice, mallory, CHAT_ACTION_BAN, CHAT_SCOPE_HUB, 1);
    assert_true(world_starve(&w, alice, CHAT_VERB_DECISION_PUT, &put) > 10);
    assert_code(world_ask(&w, alice, CHAT_VERB_DECISION_PUT, &put, &answer), CHAT_CODE_OK);
    assert_int_equal(answer.number, 1);
    assert_code(world_say(&w, bob, ROOM, 2, NULL), CHAT_CODE_MISSING_PROPOSALS);
    assert_int_equal(w.error.refs.count, 2);
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ban_comes_after_its_reasons_and_from_the_desk),
        cmocka_unit_test(a_hub_wide_ban_acts_at_once_and_the_next_commit_carries_it),
        cmocka_unit_test(a_ban_survives_the_process_and_a_banned_device_learns_of_it_later),
        cmocka_unit_test(only_a_room_without_an_acting_owner_is_given_one),
        cmocka_unit_test(a_restricted_account_gets_no_key_packages_handed_out_but_to_the_desk),
        cmocka_unit_test(an_unban_lifts_the_restriction_and_takes_the_user_off_the_list),
        cmocka_unit_test(a_ban_ends_at_its_time_also_after_a_crash),
        cmocka_unit_test(the_end_of_a_long_ban_finds_its_rooms),
        cmocka_unit_test(the_end_of_a_ban_does_not_lift_a_later_one),
        cmocka_unit_test(the_desk_keeps_an_owner),
        cmocka_unit_test(decisions_are_chained_and_shown_to_those_they_concern),
        cmocka_unit_test(a_decision_at_any_failing_allocation_happens_whole_or_not_at_all),
    };
    return cmocka_run_group_tests_name("hub/decision", tests, NULL, NULL);
}
