/* What a report opens and what it proves, between whole engines. */
#include "tests/unit/sim_report_fixture.h"

#include "chat/status.h"

static void a_report_of_level_2_holds_the_senders_own_signatures(void **state)
{
    (void)state;
    struct sim *sim = start(41);
    struct tb_arena arena;
    assert_int_equal(report_one(sim, CAROL, newest(sim, "bob"), 1), TB_OK);
    struct client_case_view at = fetch_case(sim, &arena);
    assert_int_equal(at.level, 1);
    assert_true(says(at.sentences, "that the hub itself is honest"));
    tb_arena_wipe(&arena);
    assert_int_equal(report_one(sim, CAROL, newest(sim, "bob"), 2), TB_OK);
    at = fetch_case(sim, &arena);
    assert_true(at.is_verified);
    assert_int_equal(at.level, 2);
    assert_true(says(at.sentences, "not even the hub could have made it up"));
    assert_false(says(at.sentences, "that the hub itself is honest"));
    tb_arena_wipe(&arena);
    finish(sim);
}

static void a_report_of_any_version_opens_every_version(void **state)
{
    (void)state;
    struct sim *sim = start(42);
    struct tb_arena arena;
    uint64_t first = newest(sim, "bob");
    for (size_t i = 0; i < 10; i++) say(sim, ADA, "between");
    uint64_t edit = newest(sim, "ada") + 1;
    assert_int_equal(say_as(sim, BOB, CLIENT_MESSAGE_EDIT, first, "second", 0), TB_OK);
    for (size_t i = 0; i < 10; i++) say(sim, ADA, "between");
    assert_int_equal(say_as(sim, BOB, CLIENT_MESSAGE_EDIT, first, "third", 0), TB_OK);
    uint64_t other_edit = newest(sim, "ada") + 1;
    const uint64_t targets[] = { first, edit };
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(report_one(sim, CAROL, targets[i], 1), TB_OK);
        struct client_case_view at = fetch_case(sim, &arena);
        assert_true(at.is_verified);
        assert_true(case_message(&at, first)->is_verified);
        assert_true(is_text(case_message(&at, edit)->text, "second"));
        assert_true(is_text(case_message(&at, other_edit)->text, "third"));
        assert_int_equal(case_message(&at, edit)->replaces_seq, first);
        assert_int_equal(case_message(&at, other_edit)->replaces_seq, first);
        assert_int_equal(case_message(&at, first + 2)->opening, CHAT_OPENING_IS_WITHHELD);
        assert_int_equal(case_message(&at, first + 2)->text.len, 0);
        tb_arena_wipe(&arena);
    }
    finish(sim);
}

static void a_deleted_message_is_reported_with_its_text_and_its_deletion(void **state)
{
    (void)state;
    struct sim *sim = start(43);
    struct tb_arena arena;
    say(sim, BOB, "bad words");
    uint64_t of = newest(sim, "bob");
    assert_int_equal(say_as(sim, BOB, CLIENT_MESSAGE_DELETE, of, "", 0), TB_OK);
    say(sim, ADA, "what was that");
    assert_int_equal(report_one(sim, CAROL, of, 1), TB_OK);
    struct client_case_view at = fetch_case(sim, &arena);
    assert_true(at.is_verified);
    assert_true(is_text(case_message(&at, of)->text, "bad words"));
    assert_int_equal(case_message(&at, of + 1)->replaces_seq, of);
    assert_true(case_message(&at, of + 1)->is_verified);
    tb_arena_wipe(&arena);
    finish(sim);
}

static void what_has_disappeared_is_an_expired_stub(void **state)
{
    (void)state;
    struct sim *sim = start(44);
    struct tb_arena arena;
    assert_int_equal(say_as(sim, BOB, CLIENT_MESSAGE_TEXT, 0, "for one hour", 3600), TB_OK);
    uint64_t gone = newest(sim, "bob");
    say(sim, BOB, "that stays");
    uint64_t stays = newest(sim, "bob");
    sim->now_ms += 3700 * 1000;
    sim_run(sim, 10000);
    say(sim, ADA, "later");
    const uint64_t open[] = { gone };
    assert_int_equal(report_with(sim, CAROL,
                                 (struct client_report_params){ .room_seq = &stays,
                                                                .room_seq_count = 1,
                                                                .open_seq = open,
                                                                .open_seq_count = 1 }),
                     TB_OK);
    struct client_case_view at = fetch_case(sim, &arena);
    assert_true(at.is_verified);
    assert_int_equal(case_message(&at, gone)->opening, CHAT_OPENING_IS_EXPIRED);
    assert_int_equal(case_message(&at, gone)->text.len, 0);
    assert_true(says(at.sentences, "had expired before the report"));
    tb_arena_wipe(&arena);
    assert_int_equal(report_one(sim, CAROL, gone, 1), CLIENT_MESSAGE_CLOSED);
    finish(sim);
}

/* R3: nobody is shown the text; reported, it proves what its sender signed. */
static void attack_1_a_garbled_tag_is_shown_to_nobody_and_can_be_reported(void **state)
{
    (void)state;
    struct sim *sim = start(45);
    struct tb_arena arena;
    sim->is_hostile = true;
    uint64_t bad = room_of(&sim->clients[CAROL])->row.head_seq + 1;
    send_changed(sim, BOB, "under another tag", garble_tag, NULL);
    assert_int_equal(sim->last_failure, CHAT_FRANK_TAG);
    assert_true(room_of(&sim->clients[CAROL])->row.head_seq > bad);
    assert_int_equal(report_one(sim, CAROL, bad, 1), CLIENT_MESSAGE_CLOSED);
    assert_int_equal(report_with(sim, CAROL,
                                 (struct client_report_params){
                                     .room_seq = &bad, .room_seq_count = 1,
                                     .reason_code = CHAT_REASON_PROTOCOL }),
                     TB_OK);
    struct client_case_view at = fetch_case(sim, &arena);
    assert_int_equal(at.verdict, CHAT_EVIDENCE_TARGET); /* no text is proven */
    assert_true(case_message(&at, bad)->is_failed);
    assert_int_equal(case_message(&at, bad)->text.len, 0);
    assert_true(says(at.sentences, "violates the protocol"));
    tb_arena_wipe(&arena);
    finish(sim);
}

static void after_a_revocation_only_the_senders_signature_proves(void **state)
{
    (void)state;
    struct sim *sim = start(46);
    struct tb_arena arena;
    uint8_t octets[64], out[256];
    struct chat_admin_revoke revoke = { .revoked_ms = sim->now_ms };
    const struct chat_hub_record *hub = &sim->clients[CAROL].client->hub;
    assert_int_equal(hub->agents.count, 1);
    memcpy(revoke.key_id, hub->agents.at[0].signature_key.data, sizeof revoke.key_id);
    sim->now_ms += 1000;
    say(sim, BOB, "said after it");
    uint64_t seq = newest(sim, "bob");
    assert_int_equal(report_one(sim, CAROL, seq, 1), TB_OK);
    struct client_case_view at = fetch_case(sim, &arena);
    assert_int_equal(at.level, 1);
    tb_arena_wipe(&arena);
    tb_arena_init(&arena, &sim->heap.mem, 1 << 16);
    tb_bytes request;
    assert_ok(wire_encode(&chat_admin_revoke_desc, &revoke, &arena, &request));
    assert_true(request.len <= sizeof octets);
    memcpy(octets, request.data, request.len);
    sim_hub_admin(sim, CHAT_VERB_ADMIN_KEYS_REVOKE, tb_bytes_of(octets, request.len), out,
                  sizeof out);
    tb_arena_wipe(&arena);
    sim_settle(sim, 60000);
    assert_int_equal(report_one(sim, CAROL, seq, 1), TB_OK); /* the client knows what it takes */
    at = fetch_case(sim, &arena);
    assert_int_equal(at.level, 2);
    assert_true(says(at.sentences, "NOT proven"));
    assert_true(says(at.sentences, "was revoked from an earlier time"));
    assert_true(is_text(case_message(&at, seq)->text, "said after it"));
    tb_arena_wipe(&arena);
    say(sim, ADA, "and on, under the new key");
    finish(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_report_of_level_2_holds_the_senders_own_signatures),
        cmocka_unit_test(a_report_of_any_version_opens_every_version),
        cmocka_unit_test(a_deleted_message_is_reported_with_its_text_and_its_deletion),
        cmocka_unit_test(what_has_disappeared_is_an_expired_stub),
        cmocka_unit_test(after_a_revocation_only_the_senders_signature_proves),
        cmocka_unit_test(attack_1_a_garbled_tag_is_shown_to_nobody_and_can_be_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
