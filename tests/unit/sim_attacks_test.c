/*
 * Attacks of docs/security.md between whole engines.  The list there names the test of each; what
 * other files try is not repeated here.
 */
#include "tests/unit/sim_report_fixture.h"

#include "chat/frank.h"
#include "chat/policy.h"
#include "chat/protocol.h"
#include "chat/status.h"
#include "wire/text.h"

static bool has_seen(const struct sim *sim, const char *text, size_t who)
{
    struct client_message_view *rows;
    struct tb_arena arena;
    size_t count;
    bool has = false;
    tb_arena_init(&arena, &((struct sim *)(uintptr_t)sim)->heap.mem, 1 << 26);
    assert_ok(client_messages(sim->clients[who].client, tb_bytes_text(room), 0, 1000, &arena,
                              &rows, &count));
    for (size_t i = 0; i < count; i++) has = has || is_text(rows[i].text, text);
    tb_arena_wipe(&arena);
    return has;
}

static bool is_push(const uint8_t *frame, size_t len, uint16_t push)
{
    return len > 3 && frame[0] == CHAT_FRAME_PUSH && tb_get_u16(frame + 1) == push;
}

/* ------------------------------------------------------------------ 2: a tag of another text */

struct other_text {
    uint8_t data[512], tag[CHAT_HASH_LEN];
    size_t len;
};

/* The message carries the tag of `with`; what it would carry itself is kept for the accomplice. */
static void take_tag(struct client_outbox_row *row, const void *with)
{
    const struct other_text *other = with;
    memcpy(row->franking_tag, other->tag, CHAT_HASH_LEN);
}

static void make_other(struct sim *sim, const char *text, struct other_text *out)
{
    struct sim_client *bob = &sim->clients[BOB];
    struct chat_content_head head = { .sender_uri = bob->client->profile.account,
                                      .room_uri = tb_bytes_text(room) };
    struct chat_content content;
    struct tb_arena arena;
    tb_bytes data;
    tb_arena_init(&arena, &sim->heap.mem, 1 << 20);
    assert_ok(chat_content_init(&head, &bob->rng.rng, &content));
    chat_content_set_text(&content, tb_bytes_text(text));
    assert_ok(chat_content_frame(&content, &sim->heap.mem, &arena, &data));
    assert_ok(chat_frank_tag(&bob->client->suite, content.salt, data, out->tag));
    assert_true(data.len <= sizeof out->data);
    memcpy(out->data, data.data, data.len);
    out->len = data.len;
    tb_arena_wipe(&arena);
}

/* Carol's device says that this is what the message of the number held. */
static void claim_text(struct sim *sim, uint64_t seq, tb_bytes application_data)
{
    struct sim_client *carol = &sim->clients[CAROL];
    struct client_evidence_row evidence;
    struct client_turn turn;
    struct client_room *at;
    store_mem_begin(&carol->store);
    assert_ok(client_turn_begin(&turn, carol->client, sim_client_now(carol), &carol->effects));
    assert_ok(client_room_get(&turn, tb_bytes_text(room), &at));
    assert_ok(client_evidence_get(&turn, at, seq, &evidence));
    evidence.opening = CHAT_OPENING_IS_FULL;
    evidence.application_data = application_data;
    assert_ok(client_table_put(&turn, CLIENT_TABLE_EVIDENCE, client_key_number(at->row.no, seq),
                               &client_evidence_row_desc, &evidence));
    assert_ok(client_turn_end(&turn, TB_STATUS(TB_OK)));
    assert_ok(store_mem_commit(&carol->store));
}

static void attack_2_an_accomplice_frames_only_the_one_who_sent_the_tag(void **state)
{
    (void)state;
    struct sim *sim = start(51);
    struct other_text other;
    struct tb_arena arena;
    sim->is_hostile = true;
    make_other(sim, "the framed words", &other);
    uint64_t seq = room_of(&sim->clients[CAROL])->row.head_seq + 1;
    send_changed(sim, BOB, "the words that went out", take_tag, &other);
    for (size_t i = 0; i < 3; i++) {
        assert_false(has_seen(sim, "the framed words", i));
        assert_false(has_seen(sim, "the words that went out", i));
    }
    claim_text(sim, seq, tb_bytes_of(other.data, other.len));
    assert_int_equal(report_one(sim, CAROL, seq, 1), TB_OK);
    struct client_case_view at = fetch_case(sim, &arena);
    assert_true(at.is_verified);
    assert_true(is_text(case_message(&at, seq)->text, "the framed words"));
    assert_true(tb_bytes_equal(at.accused, sim->clients[BOB].client->profile.account));
    tb_arena_wipe(&arena);
    finish(sim);
}

/* ------------------------------------------------------------------ 8: withheld from one */

static bool is_withholding;
/* A push that this client does not know is nothing for it: the page never came. */
static void withhold_pages(struct sim_client *to, uint8_t *frame, size_t len)
{
    if (!is_withholding || to->index != BOB || !is_push(frame, len, CHAT_PUSH_PAGE)) return;
    tb_put_u16(frame + 1, 999);
}

static void attack_8_a_message_withheld_from_one_member_is_a_gap_for_that_one(void **state)
{
    (void)state;
    struct sim *sim = start(52);
    sim->is_hostile = true;
    sim->tamper = withhold_pages;
    is_withholding = true;
    say(sim, CAROL, "not for bob");
    assert_true(has_seen(sim, "not for bob", ADA));
    assert_false(has_seen(sim, "not for bob", BOB));
    assert_int_equal(sim->alarm_count, 0); /* it may have been the network: nobody is accused */
    is_withholding = false;
    say(sim, CAROL, "for all");
    /* The numbers tell: what was withheld has to come before what follows is shown. */
    assert_true(has_seen(sim, "for all", BOB));
    assert_true(has_seen(sim, "not for bob", BOB));
    assert_int_equal(sim->alarm_count, 0);
    finish(sim);
}

/* ------------------------------------------------------------------ 10, 14: another text */

static void attack_10_a_text_that_was_not_sent_is_not_proven(void **state)
{
    (void)state;
    struct sim *sim = start(53);
    struct other_text other;
    struct tb_arena arena;
    uint64_t seq = newest(sim, "bob");
    make_other(sim, "never said", &other);
    claim_text(sim, seq, tb_bytes_of(other.data, other.len));
    assert_int_equal(report_one(sim, CAROL, seq, 1), TB_OK);
    struct client_case_view at = fetch_case(sim, &arena);
    assert_false(at.is_verified);
    assert_int_equal(case_message(&at, seq)->text.len, 0);
    assert_true(says(at.sentences, "is not the one that was sent"));
    tb_arena_wipe(&arena);
    finish(sim);
}

/* Whatever else a ciphertext may open to: the tag is over the text, and V3 never decrypts. */
static void attack_14_a_ciphertext_of_two_plaintexts_proves_the_tagged_one_alone(void **state)
{
    (void)state;
    struct sim *sim = start(54);
    struct other_text first, second;
    struct tb_arena arena;
    make_other(sim, "what the others saw", &first);
    make_other(sim, "what carol saw", &second);
    sim->is_hostile = true;
    uint64_t seq = room_of(&sim->clients[CAROL])->row.head_seq + 1;
    send_changed(sim, BOB, "octets of a ciphertext", take_tag, &first);
    claim_text(sim, seq, tb_bytes_of(second.data, second.len));
    assert_int_equal(report_one(sim, CAROL, seq, 1), TB_OK);
    struct client_case_view at = fetch_case(sim, &arena);
    assert_false(at.is_verified);
    assert_int_equal(case_message(&at, seq)->text.len, 0);
    tb_arena_wipe(&arena);
    claim_text(sim, seq, tb_bytes_of(first.data, first.len));
    assert_int_equal(report_one(sim, CAROL, seq, 1), TB_OK);
    at = fetch_case(sim, &arena);
    assert_true(at.is_verified);
    assert_true(is_text(case_message(&at, seq)->text, "what the others saw"));
    tb_arena_wipe(&arena);
    finish(sim);
}

/* ------------------------------------------------------------------ 17, 18, 20: many, and less */

static void attack_17_every_message_around_the_reported_one_is_there_as_a_stub(void **state)
{
    (void)state;
    struct sim *sim = start(55);
    struct tb_arena arena;
    say(sim, CAROL, "the provocation");
    uint64_t provocation = newest(sim, "carol");
    say(sim, BOB, "the answer to it");
    uint64_t seq = newest(sim, "bob");
    say(sim, ADA, "stop it, both of you");
    say(sim, ADA, "now");
    assert_int_equal(report_one(sim, CAROL, seq, 1), TB_OK);
    struct client_case_view at = fetch_case(sim, &arena);
    const struct client_message_view *hidden = case_message(&at, provocation);
    assert_int_equal(hidden->opening, CHAT_OPENING_IS_WITHHELD);
    assert_true(tb_bytes_equal(hidden->account, sim->clients[CAROL].client->profile.account));
    assert_int_equal(hidden->text.len, 0);
    assert_true(says(at.sentences, "withheld; the accused or any member can open them"));
    tb_arena_wipe(&arena);
    finish(sim);
}

static void attack_20_reports_need_real_messages_and_are_metered(void **state)
{
    (void)state;
    struct sim *sim = start(56);
    uint64_t seq = newest(sim, "bob");
    assert_int_equal(report_one(sim, CAROL, 9999, 1), CLIENT_MESSAGE_UNKNOWN);
    for (size_t i = 0; i < 3; i++) assert_int_equal(report_one(sim, CAROL, seq, 1), TB_OK);
    assert_int_equal(report_one(sim, CAROL, seq, 1), CHAT_CODE_RATE_LIMITED);
    /* Nothing happens to bob by the number of reports alone. */
    assert_false(sim->clients[BOB].is_restricted);
    say(sim, BOB, "still here");
    finish(sim);
}

/* ------------------------------------------------------------------ 21-23: who sees what */

struct intake_search {
    struct sim *sim;
    tb_bytes needle;
    size_t case_count, hit_count;
};

static bool intake_row(void *ctx, tb_bytes key, tb_bytes value)
{
    struct intake_search *search = ctx;
    struct client_case_row row;
    struct tb_arena arena;
    (void)key;
    tb_arena_init(&arena, &search->sim->heap.mem, 1 << 22);
    assert_ok(wire_decode(&client_case_row_desc, value, &arena, &row, NULL));
    search->case_count++;
    for (size_t i = 0; i + search->needle.len <= row.intake.len; i++) {
        if (memcmp(row.intake.data + i, search->needle.data, search->needle.len) == 0) {
            search->hit_count++;
            break;
        }
    }
    tb_arena_wipe(&arena);
    return true;
}

static void attack_21_the_desk_sees_a_monthly_pseudonym_and_the_hub_the_account(void **state)
{
    (void)state;
    struct sim *sim = start(57);
    struct sim_client *ada = &sim->clients[ADA], *carol = &sim->clients[CAROL];
    struct client_case_view *cases;
    struct tb_arena arena;
    size_t count;
    uint8_t user[10];
    assert_int_equal(report_one(sim, CAROL, newest(sim, "bob"), 1), TB_OK);
    say(sim, BOB, "and again");
    assert_int_equal(report_one(sim, CAROL, newest(sim, "bob"), 1), TB_OK);
    (void)fetch_case(sim, &arena);
    tb_arena_wipe(&arena);
    tb_arena_init(&arena, &sim->heap.mem, 1 << 26);
    assert_ok(client_cases(ada->client, &arena, &cases, &count));
    assert_int_equal(count, 2);
    assert_true(tb_bytes_equal(cases[0].reporter_pseudonym, cases[1].reporter_pseudonym));
    struct intake_search search = { .sim = sim, .needle = carol->client->profile.account };
    assert_ok(tb_store_scan(&ada->store.store, CLIENT_TABLE_CASES, (tb_bytes){ 0 },
                            (tb_bytes){ 0 }, false, SIZE_MAX, intake_row, &search));
    assert_int_equal(search.case_count, 2);
    assert_int_equal(search.hit_count, 0);
    /* The accused learns nothing of it; the hub knows whom it metered. */
    assert_false(store_mem_holds(&sim->clients[BOB].store, cases[0].reporter_pseudonym));
    tb_bytes account = carol->client->profile.account;
    assert_ok(wire_text_hex_decode(tb_bytes_of(account.data + account.len - 20, 20), user, 10));
    assert_true(store_mem_holds(&sim->hub_store, TB_ARRAY(user)));
    tb_arena_wipe(&arena);
    finish(sim);
}

static void attack_22_the_room_s_policy_names_everybody_who_could_leak_a_report(void **state)
{
    (void)state;
    struct sim *sim = start(58);
    struct sim_client *bob = &sim->clients[BOB];
    struct client_turn turn;
    struct client_room *at;
    struct chat_policy_room policy;
    store_mem_begin(&bob->store);
    assert_ok(client_turn_begin(&turn, bob->client, sim_client_now(bob), &bob->effects));
    assert_ok(client_room_get(&turn, tb_bytes_text(room), &at));
    assert_ok(client_room_policy(&turn, at, &policy));
    assert_int_equal(policy.frank.recipients.count, 1);
    assert_true(tb_bytes_equal(policy.frank.recipients.at[0].uri, bob->client->hub.desk_uri));
    assert_ok(client_turn_end(&turn, TB_STATUS(TB_OK)));
    assert_ok(store_mem_commit(&bob->store));
    finish(sim);
}

static void attack_23_the_hub_holds_no_octet_of_a_reported_text_or_note(void **state)
{
    (void)state;
    struct sim *sim = start(59);
    struct tb_arena arena;
    say(sim, BOB, "words that the operator may not read");
    uint64_t seq = newest(sim, "bob");
    assert_int_equal(report_with(sim, CAROL,
                                 (struct client_report_params){
                                     .room_seq = &seq, .room_seq_count = 1,
                                     .note = TB_LITERAL("a note for the desk alone") }),
                     TB_OK);
    assert_false(store_mem_holds(&sim->hub_store, TB_LITERAL("the operator may not read")));
    assert_false(store_mem_holds(&sim->hub_store, TB_LITERAL("for the desk alone")));
    struct client_case_view at = fetch_case(sim, &arena);
    assert_true(is_text(case_message(&at, seq)->text, "words that the operator may not read"));
    assert_true(is_text(at.note, "a note for the desk alone"));
    tb_arena_wipe(&arena);
    finish(sim);
}

/* ------------------------------------------------------------------ 26: a false beginning */

/* Behind the Welcome of MLS come the head, the stubs up to it (none here, so one octet for their
 * length) and the chain before them.  The GroupInfo states where it begins, signed. */
static void false_beginning(struct sim_client *to, uint8_t *frame, size_t len)
{
    (void)to;
    if (!is_push(frame, len, CHAT_PUSH_WELCOME)) return;
    frame[len - 1] ^= 1;
    frame[len - CHAT_HASH_LEN - 2] ^= 1;
}

static void attack_26_a_newcomer_takes_no_beginning_but_the_signed_one(void **state)
{
    (void)state;
    struct sim *sim = malloc(sizeof *sim);
    assert_non_null(sim);
    sim_init(sim, 60, 3);
    sim_act_register(sim);
    struct sim_client *bob = &sim->clients[BOB], *carol = &sim->clients[CAROL];
    sim_act_create(carol, "kitchen", room);
    size_t op = sim_act_invite(carol, room, 8);
    sim_settle(sim, 60000);
    sim_act_expect(sim, op);
    op = sim_act_send(carol, room);
    sim_settle(sim, 60000);
    sim_act_expect(sim, op);
    sim->is_hostile = true;
    sim->tamper = false_beginning;
    (void)sim_act_join(bob, carol->link);
    sim_run(sim, 30000);
    /* It holds no keys of the room, shows nothing of it, and asks to be added anew. */
    assert_int_equal(room_of(bob)->row.state, CLIENT_ROOM_REJOINING);
    assert_int_equal(room_of(bob)->row.head_seq, 0);
    assert_int_equal(sim->texts[0].seen_by >> BOB & 1, 0);
    op = sim_act_send(carol, room);
    sim_run(sim, 10000);
    sim_act_expect(sim, op);
    assert_int_equal(sim->texts[1].seen_by >> BOB & 1, 0);
    finish(sim);
}

/* ------------------------------------------------------------------ 27: a stolen device */

static void attack_27_a_stolen_profile_is_the_user_until_the_device_is_revoked(void **state)
{
    (void)state;
    struct sim *sim = start(61);
    struct sim_client *bob = &sim->clients[BOB];
    struct store_mem stolen;
    sim->is_hostile = true;
    store_mem_init(&stolen);
    store_mem_copy(&stolen, &bob->store);
    /* The thief runs the copy, and nobody can tell. */
    sim_client_go_back(bob, &stolen);
    sim_settle(sim, 60000);
    say(sim, BOB, "said by the thief");
    assert_true(has_seen(sim, "said by the thief", CAROL));
    struct tb_arena arena;
    assert_int_equal(report_one(sim, CAROL, newest(sim, "bob"), 2), TB_OK);
    struct client_case_view at = fetch_case(sim, &arena);
    assert_int_equal(at.level, 2);
    assert_true(says(at.sentences, "Not proven: who held the sender's device."));
    tb_arena_wipe(&arena);
    /* Bob makes the device another; what was stolen is refused from then on. */
    store_mem_copy(&stolen, &bob->store);
    size_t rejoin = sim_act_rejoin(bob);
    sim_settle(sim, 60000);
    sim_act_expect(sim, rejoin);
    sim_run(sim, 10000);
    sim_settle(sim, 60000);
    sim_client_go_back(bob, &stolen);
    sim_run(sim, 30000);
    size_t send = sim_act_send(bob, room);
    sim_run(sim, 30000);
    assert_false(sim->ops[send].is_done);
    store_mem_wipe(&stolen);
    finish(sim);
}

/* ------------------------------------------------------------------ denials of service */

static void denial_3_commits_that_race_all_come_through(void **state)
{
    (void)state;
    struct sim *sim = malloc(sizeof *sim);
    assert_non_null(sim);
    sim_init(sim, 62, 4);
    sim_act_register(sim);
    struct sim_client *ada = &sim->clients[ADA], *carol = &sim->clients[CAROL];
    sim_act_create(carol, "kitchen", room);
    size_t op = sim_act_invite(carol, room, 8);
    sim_settle(sim, 60000);
    for (size_t i = 0; i < 4; i++) {
        if (i == CAROL) continue;
        op = sim_act_join(&sim->clients[i], carol->link);
        sim_settle(sim, 60000);
        sim_act_expect(sim, op);
    }
    op = sim_act_role(carol, room, ada, CHAT_ROLE_OWNER);
    sim_settle(sim, 60000);
    sim_act_expect(sim, op);
    for (size_t i = 0; i < 6; i++) {
        uint32_t role = i % 2 == 0 ? CHAT_ROLE_MODERATOR : CHAT_ROLE_MEMBER;
        size_t first = sim_act_role(carol, room, &sim->clients[BOB], role);
        size_t second = sim_act_role(ada, room, &sim->clients[3], role);
        sim_settle(sim, 60000);
        sim_act_expect(sim, first);
        sim_act_expect(sim, second);
    }
    sim_model_check_epochs(sim);
    finish(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attack_2_an_accomplice_frames_only_the_one_who_sent_the_tag),
        cmocka_unit_test(attack_8_a_message_withheld_from_one_member_is_a_gap_for_that_one),
        cmocka_unit_test(attack_10_a_text_that_was_not_sent_is_not_proven),
        cmocka_unit_test(attack_14_a_ciphertext_of_two_plaintexts_proves_the_tagged_one_alone),
        cmocka_unit_test(attack_17_every_message_around_the_reported_one_is_there_as_a_stub),
        cmocka_unit_test(attack_20_reports_need_real_messages_and_are_metered),
        cmocka_unit_test(attack_21_the_desk_sees_a_monthly_pseudonym_and_the_hub_the_account),
        cmocka_unit_test(attack_22_the_room_s_policy_names_everybody_who_could_leak_a_report),
        cmocka_unit_test(attack_23_the_hub_holds_no_octet_of_a_reported_text_or_note),
        cmocka_unit_test(attack_26_a_newcomer_takes_no_beginning_but_the_signed_one),
        cmocka_unit_test(attack_27_a_stolen_profile_is_the_user_until_the_device_is_revoked),
        cmocka_unit_test(denial_3_commits_that_race_all_come_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
