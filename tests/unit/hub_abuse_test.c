/* What members with a session try against other people and against the hub. */
#include "tests/unit/hub_room.h"

#include "chat/decision.h"
#include "chat/report_seal.h"
#include "hub/engine.h"

#define PRIVATE_ROOM "mimi://hub.example/r/0123456789abcdef0123456789abcdef"

static void nobody_is_listed_into_giving_key_packages(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    world_init(&w, 1);
    world_usual(&w, &keys, 2);
    world_register(&w, CAROL, "carol", false);
    struct person *bob = &w.people[BOB], *carol = &w.people[CAROL];
    assert_code(world_put_key_package(&w, carol, true), CHAT_CODE_OK);
    /* bob names carol as a participant of his room from birth, unasked */
    struct chat_user_role_pair pairs[] = { { bob->account, CHAT_ROLE_OWNER },
                                           { carol->account, CHAT_ROLE_MEMBER } };
    struct world_room group = { .kind = CHAT_ROOM_GROUP, .people = pairs, .count = 2 };
    assert_code(world_create(&w, bob, SECOND, &group), CHAT_CODE_OK);
    struct chat_key_material ask = world_material_request(carol, w.rooms[SECOND], CHAT_ROOM_GROUP);
    assert_code(world_ask(&w, bob, CHAT_VERB_KEY_MATERIAL, &ask, NULL), CHAT_CODE_NO_CONSENT);
    /* a conversation of two lists both from birth as well */
    tb_bytes dm;
    assert_ok(chat_names_dm(&w.suite, TB_LITERAL("hub.example"), bob->account, carol->account,
                            &w.arena, &dm));
    mls_group_free(bob->groups[SECOND]);
    bob->groups[SECOND] = NULL;
    w.rooms[SECOND] = dm;
    pairs[0].role_index = CHAT_ROLE_MEMBER;
    struct world_room two = { .kind = CHAT_ROOM_DM, .people = pairs, .count = 2 };
    assert_code(world_create(&w, bob, SECOND, &two), CHAT_CODE_OK);
    ask = world_material_request(carol, dm, CHAT_ROOM_DM);
    assert_code(world_ask(&w, bob, CHAT_VERB_KEY_MATERIAL, &ask, NULL), CHAT_CODE_NO_CONSENT);
    world_grant(&w, carol, bob);
    assert_code(world_ask(&w, bob, CHAT_VERB_KEY_MATERIAL, &ask, NULL), CHAT_CODE_OK);
    world_end(&w);
}

/* Requests to contact somebody are kept for them; they must not be in the way of the login. */
static void many_large_requests_to_contact_leave_the_login_alone(void **state)
{
    (void)state;
    enum { COUNT = 40 };
    struct world w;
    struct world_desk_keys keys;
    world_init(&w, 2);
    world_usual(&w, &keys, 3);
    struct person *bob = &w.people[BOB], *carol = &w.people[CAROL];
    uint8_t *filler = tb_arena_take(&w.arena, 4 << 20, 1);
    struct wire_opaque padding = { { filler, 60000 } };
    world_disconnect(&w, carol);
    for (uint32_t i = 0; i < COUNT; i++) {
        char uri[80];
        snprintf(uri, sizeof uri, "mimi://hub.example/r/%032x", i + 1);
        struct wire_opaque room = { tb_bytes_text(uri) };
        struct chat_consent_entry entry = { .consent_operation = 1, .room_id = &room,
                                            .requester_uri = bob->account,
                                            .target_uri = carol->account,
                                            .client_key_packages = { &padding, 1 } };
        assert_code(world_ask(&w, bob, CHAT_VERB_CONSENT, &entry, NULL), CHAT_CODE_TOO_LARGE);
        entry.client_key_packages.count = 0;
        assert_code(world_ask(&w, bob, CHAT_VERB_CONSENT, &entry, NULL), CHAT_CODE_OK);
    }
    world_forget(&w);
    world_login(&w, carol);
    assert_true(world_push_count(&w, carol, CHAT_PUSH_CONSENT) <= 16);
    world_end(&w);
}

/* A Welcome is as large as its committer likes, and waits for somebody who is not there. */
static void large_welcomes_do_not_lock_anybody_out(void **state)
{
    (void)state;
    enum { ROOM_COUNT = 20 };
    struct world w;
    struct world_desk_keys keys;
    world_init(&w, 3);
    world_usual(&w, &keys, 3);
    struct person *bob = &w.people[BOB], *carol = &w.people[CAROL];
    const size_t len = (4 << 20) - 65536;
    uint8_t *filler = tb_arena_take(&w.arena, len, 1);
    world_grant(&w, carol, bob);
    for (size_t i = 0; i < ROOM_COUNT; i++) {
        assert_code(world_put_key_package(&w, carol, false), CHAT_CODE_OK);
    }
    world_disconnect(&w, carol);
    for (size_t i = 0; i < ROOM_COUNT; i++) {
        struct world_commit c = { .count = 0 };
        struct chat_key_material_answer material;
        struct world_room group = { .kind = CHAT_ROOM_GROUP };
        w.rooms[SECOND] = (tb_bytes){ NULL, 0 };
        assert_code(world_create(&w, bob, SECOND, &group), CHAT_CODE_OK);
        struct chat_key_material ask = world_material_request(carol, w.rooms[SECOND], 0);
        assert_code(world_ask(&w, bob, CHAT_VERB_KEY_MATERIAL, &ask, &material), CHAT_CODE_OK);
        world_propose_add(&w, &c, material.clients.at[0].key_package);
        struct chat_user_role_pair pair = { carol->account, CHAT_ROLE_MEMBER };
        struct chat_participant_update update = { .added_participants = { &pair, 1 } };
        world_propose_list(&w, &c, &update);
        world_make_commit(&w, bob, SECOND, &c);
        memcpy(filler, c.out.welcome.data, c.out.welcome.len);
        c.out.welcome = tb_bytes_of(filler, len - (i == 0 ? 0 : 262144));
        /* what would not fit into a frame is refused, and breaks no turn */
        uint16_t code = world_update(&w, bob, SECOND, &c);
        assert_code(code, i == 0 ? CHAT_CODE_TOO_LARGE : CHAT_CODE_OK);
        world_forget(&w);
    }
    world_login(&w, carol);
    assert_true(world_push_count(&w, carol, CHAT_PUSH_WELCOME) >= 1);
    world_end(&w);
}

/* bob's commit that adds carol by this key package. */
static uint16_t add_by(struct world *w, tb_bytes key_package)
{
    struct person *bob = &w->people[BOB], *carol = &w->people[CAROL];
    struct world_commit c = { .count = 0 };
    struct chat_user_role_pair pair = { carol->account, CHAT_ROLE_MEMBER };
    struct chat_participant_update update = { .added_participants = { &pair, 1 } };
    world_propose_add(w, &c, key_package);
    world_propose_list(w, &c, &update);
    world_make_commit(w, bob, SECOND, &c);
    uint16_t code = world_update(w, bob, SECOND, &c);
    mls_group_pending_clear(bob->groups[SECOND]);
    return code;
}

/* Consent is for a room, so a key package that came by another way adds nobody. */
static void an_add_names_a_key_package_claimed_for_this_room(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    world_init(&w, 6);
    world_usual(&w, &keys, 2);
    world_register(&w, CAROL, "carol", false);
    struct person *alice = &w.people[ALICE], *bob = &w.people[BOB], *carol = &w.people[CAROL];
    struct world_room group = { .kind = CHAT_ROOM_GROUP };
    assert_code(world_create(&w, bob, SECOND, &group), CHAT_CODE_OK);
    assert_code(world_put_key_package(&w, carol, false), CHAT_CODE_OK);
    assert_code(add_by(&w, carol->key_package), CHAT_CODE_NO_CONSENT);
    /* claimed by somebody else, for another room, and a day ago */
    assert_code(add_by(&w, world_claim(&w, alice, carol, w.rooms[ROOM])), CHAT_CODE_NO_CONSENT);
    tb_bytes other = world_claim(&w, bob, carol, TB_LITERAL(PRIVATE_ROOM));
    assert_code(add_by(&w, other), CHAT_CODE_NO_CONSENT);
    tb_bytes old = world_claim(&w, bob, carol, w.rooms[SECOND]);
    size_t claim_count = store_mem_count(&w.store, HUB_TABLE_CLAIMS);
    w.now_ms += HUB_CLAIM_LIFE_MS;
    assert_code(add_by(&w, old), CHAT_CODE_NO_CONSENT);
    world_tick(&w, HUB_MAINTENANCE_MS);
    bob->conn = carol->conn = 0; /* ended: nobody said anything for a day */
    world_login(&w, bob);
    world_login(&w, carol);
    assert_true(store_mem_count(&w.store, HUB_TABLE_CLAIMS) < claim_count);
    tb_bytes newest = world_claim(&w, bob, carol, w.rooms[SECOND]);
    assert_code(add_by(&w, newest), CHAT_CODE_OK);
    assert_int_equal(store_mem_count(&w.store, HUB_TABLE_CLAIMS), 0); /* all old ones went */
    world_end(&w);
}

/* Two accounts fill the queue; the desk reads it all the same. */
static void large_reports_do_not_close_the_queue(void **state)
{
    (void)state;
    enum { REPORT_COUNT = 18, BODY_LEN = (4 << 20) - 4096 };
    struct world w;
    struct world_desk_keys keys;
    struct chat_queue_answer queue;
    world_init(&w, 4);
    world_usual(&w, &keys, 4);
    for (uint8_t i = 1; i <= 8; i++) {
        assert_code(world_say(&w, &w.people[MALLORY], ROOM, i, NULL), CHAT_CODE_OK);
    }
    world_forget(&w);
    struct tb_arena kept = w.arena; /* the reports are large: each goes before the next */
    uint8_t *filler = tb_mem_take(&w.heap.mem, BODY_LEN);
    for (uint64_t i = 0; i < REPORT_COUNT; i++) {
        struct person *who = &w.people[i % 2 == 0 ? BOB : CAROL];
        uint64_t target = 1 + i / 2 % 8;
        tb_arena_init(&w.arena, &w.heap.mem, SIZE_MAX);
        struct chat_report_seal_params params = {
            .suite = &w.suite, .room_uri = w.rooms[ROOM], .target_seq = &target,
            .target_count = 1, .report = { filler, BODY_LEN }, .recipients = &keys.recipient,
            .recipient_count = 1, .reporter_key = &who->device_key,
        };
        struct chat_sealed_report report;
        memset(params.report_id, (int)i + 1, sizeof params.report_id);
        assert_ok(chat_report_seal(&params, &w.rng.rng, &w.arena, &report));
        assert_code(world_ask(&w, who, CHAT_VERB_REPORT, &report, NULL), CHAT_CODE_OK);
        world_forget(&w);
        tb_arena_wipe(&w.arena);
    }
    w.arena = kept;
    tb_mem_give(&w.heap.mem, filler, BODY_LEN);
    struct chat_queue_get get = { 0 };
    assert_code(world_ask(&w, &w.people[ALICE], CHAT_VERB_DESK_QUEUE, &get, &queue), CHAT_CODE_OK);
    assert_int_equal(queue.entries.count, 1); /* the next with the next request */
    world_end(&w);
}

static struct chat_decision_put decide(struct world *w, struct person *desk,
                                       const struct person *subject, uint8_t action, uint8_t id)
{
    struct chat_decision_put put = { .sealed_statements = { NULL, 0 } };
    put.decision = (struct chat_decision){
        .domain = TB_LITERAL("hub.example"), .subject = subject->account, .action = action,
        .scope = CHAT_SCOPE_ROOM, .room_uri = w->rooms[ROOM], .reason_code = 1,
        .notice_room_uri = w->rooms[NOTICE], .decider_device = desk->device,
        .decided_ms = w->now_ms,
    };
    memset(put.decision.decision_id, id, sizeof put.decision.decision_id);
    assert_ok(chat_decision_sign(&w->suite, &desk->device_key, &put.decision, &w->arena));
    return put;
}

/* A moderator who gives reasons to somebody else has given none. */
static void a_ban_with_a_statement_for_another_device_is_refused(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    world_init(&w, 5);
    world_usual(&w, &keys, 4);
    struct person *alice = &w.people[ALICE], *mallory = &w.people[MALLORY];
    struct chat_sealed_statement statement = { .device = w.people[BOB].device,
                                               .kem_output = TB_LITERAL("k"),
                                               .ciphertext = TB_LITERAL("c") };
    w.rooms[NOTICE] = TB_LITERAL(PRIVATE_ROOM);
    struct chat_decision_put put = decide(&w, alice, mallory, CHAT_ACTION_BAN, 1);
    put.sealed_statements.at = &statement;
    put.sealed_statements.count = 1;
    assert_code(world_ask(&w, alice, CHAT_VERB_DECISION_PUT, &put, NULL), CHAT_CODE_POLICY);
    assert_code(world_say(&w, mallory, ROOM, 1, NULL), CHAT_CODE_OK);
    statement.device = mallory->device;
    assert_code(world_ask(&w, alice, CHAT_VERB_DECISION_PUT, &put, NULL), CHAT_CODE_OK);
    assert_code(world_say(&w, mallory, ROOM, 2, NULL), CHAT_CODE_FORBIDDEN);
    world_end(&w);
}

/* Ban, unban, ban, while nobody commits: the last word is the ban. */
static void the_newest_decision_stands_in_the_room(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    world_init(&w, 6);
    world_usual(&w, &keys, 4);
    struct person *alice = &w.people[ALICE], *bob = &w.people[BOB], *mallory = &w.people[MALLORY];
    struct chat_user_role_pair people[] = { { alice->account, CHAT_ROLE_OWNER },
                                            { mallory->account, CHAT_ROLE_MEMBER } };
    struct world_room notice = { .kind = CHAT_ROOM_NOTICE, .people = people, .count = 2 };
    assert_code(world_create(&w, alice, NOTICE, &notice), CHAT_CODE_OK);
    const uint8_t actions[] = { CHAT_ACTION_BAN, CHAT_ACTION_UNBAN, CHAT_ACTION_BAN };
    for (uint8_t i = 0; i < 3; i++) {
        struct chat_decision_put put = decide(&w, alice, mallory, actions[i], i);
        assert_code(world_ask(&w, alice, CHAT_VERB_DECISION_PUT, &put, NULL), CHAT_CODE_OK);
    }
    struct chat_page page;
    for (size_t i = 0; i < 2; i++) {
        assert_true(world_push(&w, bob, CHAT_PUSH_PAGE, i, &page));
        world_take(&w, bob, ROOM, page.entries.at[0].body.proposal->message);
    }
    struct world_commit c = { .include_pending = true };
    world_make_commit(&w, bob, ROOM, &c);
    assert_code(world_update(&w, bob, ROOM, &c), CHAT_CODE_OK);
    world_tick(&w, 6000);
    assert_ok(mls_group_pending_merge(bob->groups[ROOM]));
    /* no proposal that takes mallory off the list waits behind it */
    assert_code(world_say(&w, bob, ROOM, 1, NULL), CHAT_CODE_OK);
    world_end(&w);
}

/* Somebody without an account neither keeps a place nor uses up the registrations. */
static void strangers_hold_neither_places_nor_registrations(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 7);
    hub_free(w.hub);
    w.is_rate_limited = true;
    w.limits.register_rate_per_minute = 1;
    world_start(&w);
    world_person(&w, MALLORY, "mallory");
    struct person *mallory = &w.people[MALLORY];
    struct crypto_signing_key made_up;
    assert_ok(crypto_signing_key_new(&w.suite, &w.rng.rng, &made_up));
    world_connect(&w, mallory);
    struct chat_register request = world_register_request(&w, mallory, &made_up);
    for (size_t i = 0; i < 3; i++) {
        assert_code(world_ask(&w, mallory, CHAT_VERB_REGISTER, &request, NULL),
                    CHAT_CODE_NOT_FOUND);
    }
    world_register(&w, ALICE, "alice", true);
    world_forget(&w);
    for (size_t i = 0; i < 13; i++) {
        assert_code(world_ask(&w, mallory, CHAT_VERB_PING, &(struct chat_nothing){ NULL }, NULL),
                    CHAT_CODE_OK);
        world_tick(&w, 10000);
    }
    bool is_closed = false;
    for (size_t i = 0; i < w.inbox_count; i++) {
        bool is_close = w.inbox[i].kind == HUB_EFFECT_CLOSE;
        if (is_close) assert_int_equal(w.inbox[i].conn, mallory->conn);
        is_closed = is_closed || is_close;
    }
    assert_true(is_closed);
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_add_names_a_key_package_claimed_for_this_room),
        cmocka_unit_test(nobody_is_listed_into_giving_key_packages),
        cmocka_unit_test(many_large_requests_to_contact_leave_the_login_alone),
        cmocka_unit_test(large_welcomes_do_not_lock_anybody_out),
        cmocka_unit_test(large_reports_do_not_close_the_queue),
        cmocka_unit_test(a_ban_with_a_statement_for_another_device_is_refused),
        cmocka_unit_test(the_newest_decision_stands_in_the_room),
        cmocka_unit_test(strangers_hold_neither_places_nor_registrations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
