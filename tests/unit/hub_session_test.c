/* Registration, login, records: who gets in, and how a copy is found out. */
#include "tests/unit/hub_world.h"

static void an_admin_is_needed_until_one_registers(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 1);
    assert_true(hub_needs_admin(w.hub));
    world_register(&w, ALICE, "alice", true);
    assert_false(hub_needs_admin(w.hub));
    assert_true(w.people[ALICE].login.is_admin);
    world_register(&w, BOB, "bob", false);
    assert_false(w.people[BOB].login.is_admin);
    world_end(&w);
}

static void an_invitation_used_twice_is_refused(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 2);
    world_person(&w, ALICE, "alice");
    world_person(&w, BOB, "bob");
    struct crypto_signing_key invite = world_invite(&w, false, 60000, 1);
    world_connect(&w, &w.people[ALICE]);
    world_connect(&w, &w.people[BOB]);
    struct chat_register first = world_register_request(&w, &w.people[ALICE], &invite);
    struct chat_register second = world_register_request(&w, &w.people[BOB], &invite);
    assert_code(world_ask(&w, &w.people[ALICE], CHAT_VERB_REGISTER, &first, NULL), CHAT_CODE_OK);
    assert_code(world_ask(&w, &w.people[BOB], CHAT_VERB_REGISTER, &second, NULL),
                CHAT_CODE_INVITATION_USED);
    /* whoever missed the answer asks again, and is told the same */
    assert_code(world_ask(&w, &w.people[ALICE], CHAT_VERB_REGISTER, &first, NULL), CHAT_CODE_OK);
    world_end(&w);
}

static void an_invitation_past_its_time_is_refused(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 3);
    world_person(&w, ALICE, "alice");
    struct crypto_signing_key invite = world_invite(&w, false, 1000, 1);
    world_connect(&w, &w.people[ALICE]);
    struct chat_register request = world_register_request(&w, &w.people[ALICE], &invite);
    w.now_ms += 1001;
    assert_code(world_ask(&w, &w.people[ALICE], CHAT_VERB_REGISTER, &request, NULL),
                CHAT_CODE_INVITATION_EXPIRED);
    world_end(&w);
}

static void a_registration_without_the_invitations_key_is_refused(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 4);
    world_person(&w, ALICE, "alice");
    struct person *alice = &w.people[ALICE];
    struct crypto_signing_key invite = world_invite(&w, false, 60000, 1), other;
    assert_ok(crypto_signing_key_new(&w.suite, &w.rng.rng, &other));
    world_connect(&w, alice);
    struct chat_register request = world_register_request(&w, alice, &other);
    assert_code(world_ask(&w, alice, CHAT_VERB_REGISTER, &request, NULL), CHAT_CODE_NOT_FOUND);
    request.invite_key = crypto_signing_key_public(&invite);
    assert_code(world_ask(&w, alice, CHAT_VERB_REGISTER, &request, NULL), CHAT_CODE_SIGNATURE);
    request = world_register_request(&w, alice, &invite);
    request.handle = TB_LITERAL("Alice");
    assert_code(world_ask(&w, alice, CHAT_VERB_REGISTER, &request, NULL), CHAT_CODE_BAD_REQUEST);
    world_end(&w);
}

static void a_handle_belongs_to_one_account(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 5);
    world_register(&w, ALICE, "alice", true);
    world_person(&w, BOB, "alice");
    struct crypto_signing_key invite = world_invite(&w, false, 60000, 1);
    world_connect(&w, &w.people[BOB]);
    struct chat_register request = world_register_request(&w, &w.people[BOB], &invite);
    assert_code(world_ask(&w, &w.people[BOB], CHAT_VERB_REGISTER, &request, NULL),
                CHAT_CODE_CONFLICT);
    struct chat_opaque handle = { TB_LITERAL("alice") }, account;
    assert_code(world_ask(&w, &w.people[ALICE], CHAT_VERB_LOOKUP, &handle, &account),
                CHAT_CODE_OK);
    assert_bytes(account.value, w.people[ALICE].account);
    world_end(&w);
}

static void a_login_needs_the_device_key_and_a_fresh_nonce(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 6);
    world_register(&w, ALICE, "alice", true);
    struct person *alice = &w.people[ALICE], thief = w.people[ALICE];
    assert_ok(crypto_signing_key_new(&w.suite, &w.rng.rng, &thief.device_key));
    world_connect(&w, &thief);
    struct chat_login login = world_login_request(&w, &thief, 50);
    assert_code(world_ask(&w, &thief, CHAT_VERB_LOGIN, &login, NULL), CHAT_CODE_SIGNATURE);
    /* what alice signed for another connection does not work here */
    struct chat_login old = world_login_request(&w, alice, 60);
    assert_code(world_ask(&w, &thief, CHAT_VERB_LOGIN, &old, NULL), CHAT_CODE_SIGNATURE);
    world_end(&w);
}

static void a_profile_whose_counter_does_not_grow_is_a_copy(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 7);
    world_register(&w, ALICE, "alice", true);
    struct person copy = w.people[ALICE];
    world_connect(&w, &copy);
    struct chat_login login = world_login_request(&w, &copy, w.people[ALICE].counter);
    assert_code(world_ask(&w, &copy, CHAT_VERB_LOGIN, &login, NULL), CHAT_CODE_ROLLED_BACK);
    assert_int_equal(w.error.value, w.people[ALICE].counter);
    /* a copy that counts on ends the connection of the original */
    login = world_login_request(&w, &copy, w.people[ALICE].counter + 1);
    assert_code(world_ask(&w, &copy, CHAT_VERB_LOGIN, &login, NULL), CHAT_CODE_OK);
    assert_true(world_push(&w, &w.people[ALICE], CHAT_PUSH_CLOSING, 0, NULL));
    world_crash(&w);
    w.people[ALICE].conn = 0;
    world_connect(&w, &w.people[ALICE]);
    login = world_login_request(&w, &w.people[ALICE], w.people[ALICE].counter + 1);
    assert_code(world_ask(&w, &w.people[ALICE], CHAT_VERB_LOGIN, &login, NULL),
                CHAT_CODE_ROLLED_BACK);
    world_end(&w);
}

static void before_login_only_the_open_verbs_answer(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 8);
    world_register(&w, ALICE, "alice", true);
    struct person stranger = { .handle = "stranger" };
    world_connect(&w, &stranger);
    struct chat_opaque handle = { TB_LITERAL("alice") };
    assert_code(world_ask(&w, &stranger, CHAT_VERB_LOOKUP, &handle, NULL),
                CHAT_CODE_UNAUTHENTICATED);
    struct chat_nothing nothing = { NULL };
    assert_code(world_ask(&w, &stranger, CHAT_VERB_PING, &nothing, NULL), CHAT_CODE_OK);
    assert_code(world_ask(&w, &stranger, CHAT_VERB_ADMIN_USERS, &nothing, NULL),
                CHAT_CODE_FORBIDDEN);
    struct chat_queue_get queue = { 0 };
    assert_code(world_ask(&w, &w.people[ALICE], CHAT_VERB_DESK_QUEUE, &queue, NULL),
                CHAT_CODE_FORBIDDEN);
    world_end(&w);
}

static void versions_without_overlap_are_refused(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 9);
    struct person stranger = { .handle = "stranger" };
    world_connect(&w, &stranger);
    struct chat_hello hello = { 2, 9, TB_LITERAL("later") };
    assert_code(world_ask(&w, &stranger, CHAT_VERB_HELLO, &hello, NULL), CHAT_CODE_VERSION);
    assert_int_equal(w.error.value, CHAT_PROTOCOL_VERSION_MAX);
    world_end(&w);
}

static void malformed_requests_are_refused_and_change_nothing(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 10);
    world_register(&w, ALICE, "alice", true);
    struct person *alice = &w.people[ALICE];
    uint32_t id = world_send_octets(&w, alice->conn, 9999, TB_LITERAL(""));
    world_close_turn(&w);
    assert_code(world_answer(&w, id, 0, NULL), CHAT_CODE_UNSUPPORTED);
    for (uint16_t verb = 1; verb < 128; verb++) {
        const struct chat_verb_row *row = chat_verb_row(verb);
        if (row == NULL || row->access == CHAT_ACCESS_DESK || row->access == CHAT_ACCESS_ADMIN ||
            row->access == CHAT_ACCESS_PAGE) {
            continue;
        }
        id = world_send_octets(&w, alice->conn, verb, TB_LITERAL("\xff\xff\xff\xff\xff"));
        world_close_turn(&w);
        uint16_t code = world_answer(&w, id, verb, NULL);
        assert_true(code == CHAT_CODE_BAD_REQUEST || code == CHAT_CODE_TOO_LARGE);
    }
    /* a frame without room for its header ends the connection */
    world_event(&w, (struct hub_event){ .kind = HUB_EVENT_FRAME, .conn = alice->conn,
                                        .bytes = TB_LITERAL("abc") });
    world_close_turn(&w);
    assert_true(world_push(&w, alice, CHAT_PUSH_CLOSING, 0, NULL));
    assert_int_equal(w.inbox[w.inbox_count - 1].kind, HUB_EFFECT_CLOSE);
    world_end(&w);
}

static struct chat_account_record next_record(struct world *w, struct person *who,
                                              struct chat_device_key devices[2])
{
    struct chat_account_record record;
    assert_ok(wire_decode(&chat_account_record_desc, who->record, &w->arena, &record, NULL));
    devices[0] = record.devices.at[0];
    record.version++;
    record.devices.at = devices;
    record.devices.count = 1;
    return record;
}

static void records_are_chained_and_compared(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 11);
    world_register(&w, ALICE, "alice", true);
    struct person *alice = &w.people[ALICE];
    struct chat_device_key devices[2];
    struct chat_account_record record = next_record(&w, alice, devices);
    struct crypto_signing_key second;
    assert_ok(crypto_signing_key_new(&w.suite, &w.rng.rng, &second));
    devices[1] = (struct chat_device_key){ .added_ms = w.now_ms, .status = CHAT_DEVICE_ACTIVE };
    devices[1].signature_key = crypto_signing_key_public(&second);
    assert_ok(chat_names_device(alice->account, &w.rng.rng, &w.arena, &devices[1].device));
    record.devices.count = 2;
    struct chat_opaque put;
    assert_ok(chat_records_make_account(&w.suite, &alice->account_key, alice->record, &record,
                                        &w.arena, &put.value));
    struct chat_opaque forged;
    assert_ok(tb_arena_dup(&w.arena, put.value, &forged.value));
    ((uint8_t *)(uintptr_t)forged.value.data)[forged.value.len - 1] ^= 1;
    assert_code(world_ask(&w, alice, CHAT_VERB_RECORD_PUT, &forged, NULL), CHAT_CODE_SIGNATURE);
    assert_code(world_ask(&w, alice, CHAT_VERB_RECORD_PUT, &put, NULL), CHAT_CODE_OK);
    assert_code(world_ask(&w, alice, CHAT_VERB_RECORD_PUT, &put, NULL), CHAT_CODE_OK);
    /* another version 1 comes too late */
    devices[1].added_ms++;
    assert_ok(chat_records_make_account(&w.suite, &alice->account_key, alice->record, &record,
                                        &w.arena, &put.value));
    assert_code(world_ask(&w, alice, CHAT_VERB_RECORD_PUT, &put, NULL), CHAT_CODE_CONFLICT);
    assert_int_equal(w.error.value, 1);
    struct chat_record_get get = { alice->account, 0 };
    struct chat_record_answer answer;
    assert_code(world_ask(&w, alice, CHAT_VERB_RECORD_GET, &get, &answer), CHAT_CODE_OK);
    assert_int_equal(answer.records.count, 2);
    assert_bytes(answer.records.at[0].value, alice->record);
    world_end(&w);
}

/* Signed by its own key alone, it would hand anybody's account to whoever asks first. */
static void a_reset_does_not_come_from_a_client(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 18);
    world_register(&w, ALICE, "alice", true);
    struct person *alice = &w.people[ALICE];
    struct chat_device_key devices[2];
    struct chat_account_record record = next_record(&w, alice, devices);
    struct crypto_signing_key stranger;
    struct chat_opaque put;
    assert_ok(crypto_signing_key_new(&w.suite, &w.rng.rng, &stranger));
    record.account_key = crypto_signing_key_public(&stranger);
    record.reset = 1;
    assert_ok(chat_records_make_account(&w.suite, &stranger, alice->record, &record, &w.arena,
                                        &put.value));
    assert_code(world_ask(&w, alice, CHAT_VERB_RECORD_PUT, &put, NULL), CHAT_CODE_FORBIDDEN);
    crypto_signing_key_wipe(&stranger);
    world_end(&w);
}

static void a_box_is_given_to_who_knows_its_id_and_ends(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 19);
    world_register(&w, ALICE, "alice", true);
    world_register(&w, BOB, "bob", false);
    struct chat_box_put put = { .kind = CHAT_BOX_LINK, .id = { 1 }, .sealed = TB_LITERAL("x") };
    struct chat_box_get get = { .id = { 1 } };
    struct chat_box box;
    assert_code(world_ask(&w, &w.people[ALICE], CHAT_VERB_BOX_GET, &get, NULL),
                CHAT_CODE_NOT_FOUND);
    assert_code(world_ask(&w, &w.people[ALICE], CHAT_VERB_BOX_PUT, &put, NULL), CHAT_CODE_OK);
    assert_code(world_ask(&w, &w.people[BOB], CHAT_VERB_BOX_PUT, &put, NULL), CHAT_CODE_CONFLICT);
    assert_code(world_ask(&w, &w.people[BOB], CHAT_VERB_BOX_GET, &get, &box), CHAT_CODE_OK);
    assert_true(tb_bytes_equal(box.sealed, put.sealed));
    assert_true(tb_bytes_equal(box.record, w.people[ALICE].record));
    put.kind = 9;
    assert_code(world_ask(&w, &w.people[ALICE], CHAT_VERB_BOX_PUT, &put, NULL),
                CHAT_CODE_BAD_REQUEST);
    w.now_ms += 3600001;
    assert_code(world_ask(&w, &w.people[BOB], CHAT_VERB_BOX_GET, &get, NULL), CHAT_CODE_NOT_FOUND);
    world_end(&w);
}

static void a_revoked_device_is_logged_out_and_stays_out(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 12);
    world_register(&w, ALICE, "alice", true);
    struct person *alice = &w.people[ALICE];
    struct chat_device_key devices[2];
    struct chat_account_record record = next_record(&w, alice, devices);
    struct crypto_signing_key account_key, second;
    assert_ok(crypto_signing_key_new(&w.suite, &w.rng.rng, &account_key));
    assert_ok(crypto_signing_key_new(&w.suite, &w.rng.rng, &second));
    devices[0].status = CHAT_DEVICE_REVOKED;
    devices[1] = (struct chat_device_key){ .added_ms = w.now_ms, .status = CHAT_DEVICE_ACTIVE };
    devices[1].signature_key = crypto_signing_key_public(&second);
    assert_ok(chat_names_device(alice->account, &w.rng.rng, &w.arena, &devices[1].device));
    record.devices.count = 2;
    record.account_key = crypto_signing_key_public(&account_key);
    struct chat_opaque put;
    assert_ok(chat_records_make_account(&w.suite, &alice->account_key, alice->record, &record,
                                        &w.arena, &put.value));
    /* the new device has no login yet: the record speaks for itself */
    struct person fresh = *alice;
    world_connect(&w, &fresh);
    assert_code(world_ask(&w, &fresh, CHAT_VERB_RECORD_PUT, &put, NULL), CHAT_CODE_OK);
    assert_true(world_push(&w, alice, CHAT_PUSH_CLOSING, 0, NULL));
    struct chat_login login = world_login_request(&w, &fresh, 100);
    assert_code(world_ask(&w, &fresh, CHAT_VERB_LOGIN, &login, NULL), CHAT_CODE_DEVICE_REVOKED);
    fresh.device = devices[1].device;
    fresh.device_key = second;
    login = world_login_request(&w, &fresh, 1);
    assert_code(world_ask(&w, &fresh, CHAT_VERB_LOGIN, &login, NULL), CHAT_CODE_OK);
    world_end(&w);
}

static void requests_over_the_rate_are_refused_and_come_back(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 13);
    hub_free(w.hub);
    w.is_rate_limited = true;
    w.limits.request_rate_per_minute = 60;
    world_start(&w);
    world_register(&w, ALICE, "alice", true);
    struct chat_nothing nothing = { NULL };
    uint16_t code = CHAT_CODE_OK;
    for (size_t i = 0; i < 61 && code == CHAT_CODE_OK; i++) {
        code = world_ask(&w, &w.people[ALICE], CHAT_VERB_PING, &nothing, NULL);
    }
    assert_code(code, CHAT_CODE_RATE_LIMITED);
    assert_in_range(w.error.value, 1, 1001);
    w.now_ms += w.error.value;
    assert_code(world_ask(&w, &w.people[ALICE], CHAT_VERB_PING, &nothing, NULL), CHAT_CODE_OK);
    world_end(&w);
}

static void an_idle_connection_is_ended(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 14);
    world_register(&w, ALICE, "alice", true);
    world_tick(&w, 86400000);
    assert_true(world_push(&w, &w.people[ALICE], CHAT_PUSH_CLOSING, 0, NULL));
    world_end(&w);
}

static void a_newer_database_is_not_opened(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 15);
    struct tb_arena arena;
    tb_bytes row;
    tb_arena_init(&arena, &w.heap.mem, SIZE_MAX);
    store_mem_begin(&w.store);
    assert_ok(tb_store_get(&w.store.store, HUB_TABLE_META, TB_LITERAL("identity"), &arena, &row));
    uint8_t *newer = tb_arena_take(&arena, row.len, 1);
    memcpy(newer, row.data, row.len);
    tb_put_u32(newer, HUB_SCHEMA_VERSION + 1);
    assert_ok(tb_store_put(&w.store.store, HUB_TABLE_META, TB_LITERAL("identity"),
                           tb_bytes_of(newer, row.len)));
    struct hub_config config = { .provider = w.suite.provider, .mem = &w.heap.mem,
                                 .rng = &w.rng.rng, .store = &w.store.store };
    struct hub *hub;
    assert_status(hub_new(&config, w.now_ms, &hub), 800);
    store_mem_rollback(&w.store);
    tb_arena_wipe(&arena);
    world_end(&w);
}

static void a_registration_at_any_failing_allocation_happens_whole_or_not_at_all(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 16);
    world_person(&w, ALICE, "alice");
    struct person *alice = &w.people[ALICE];
    struct crypto_signing_key invite = world_invite(&w, true, 60000, 1);
    world_connect(&w, alice);
    struct chat_register request = world_register_request(&w, alice, &invite);
    assert_true(world_starve(&w, alice, CHAT_VERB_REGISTER, &request) > 0);
    assert_false(hub_needs_admin(w.hub));
    world_login(&w, alice);
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_admin_is_needed_until_one_registers),
        cmocka_unit_test(an_invitation_used_twice_is_refused),
        cmocka_unit_test(an_invitation_past_its_time_is_refused),
        cmocka_unit_test(a_registration_without_the_invitations_key_is_refused),
        cmocka_unit_test(a_handle_belongs_to_one_account),
        cmocka_unit_test(a_login_needs_the_device_key_and_a_fresh_nonce),
        cmocka_unit_test(a_profile_whose_counter_does_not_grow_is_a_copy),
        cmocka_unit_test(before_login_only_the_open_verbs_answer),
        cmocka_unit_test(versions_without_overlap_are_refused),
        cmocka_unit_test(malformed_requests_are_refused_and_change_nothing),
        cmocka_unit_test(records_are_chained_and_compared),
        cmocka_unit_test(a_reset_does_not_come_from_a_client),
        cmocka_unit_test(a_box_is_given_to_who_knows_its_id_and_ends),
        cmocka_unit_test(a_revoked_device_is_logged_out_and_stays_out),
        cmocka_unit_test(requests_over_the_rate_are_refused_and_come_back),
        cmocka_unit_test(an_idle_connection_is_ended),
        cmocka_unit_test(a_newer_database_is_not_opened),
        cmocka_unit_test(a_registration_at_any_failing_allocation_happens_whole_or_not_at_all),
    };
    return cmocka_run_group_tests_name("hub/session", tests, NULL, NULL);
}
