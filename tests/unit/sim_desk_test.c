/* Reports and the desk between whole engines: who may be accused, and what becomes of a case. */
#include "tests/sim/sim.h"

#include <stdio.h>

#include "chat/decision.h"
#include "chat/policy.h"
#include "chat/records.h"
#include "chat/protocol.h"
#include "client/rooms.h"
#include "client/status.h"

static char room[256];

/* Ada is the desk, carol's room holds all; each of them has said one thing, ada first. */
static struct sim *start(uint64_t seed)
{
    struct sim *sim = malloc(sizeof *sim);
    sim_init(sim, seed, 3);
    sim_act_register(sim);
    struct sim_client *carol = &sim->clients[2];
    sim_act_create(carol, "kitchen", room);
    size_t link = sim_act_invite(carol, room, 8);
    sim_settle(sim, 60000);
    sim_act_expect(sim, link);
    for (size_t i = 0; i < 2; i++) {
        size_t join = sim_act_join(&sim->clients[i], carol->link);
        sim_settle(sim, 60000);
        sim_act_expect(sim, join);
    }
    for (size_t i = 0; i < 3; i++) {
        size_t send = sim_act_send(&sim->clients[i], room);
        sim_settle(sim, 60000);
        sim_act_expect(sim, send);
    }
    return sim;
}

static void finish(struct sim *sim)
{
    sim_wipe(sim);
    free(sim);
}

static uint16_t report_code(struct sim *sim, size_t who, const uint64_t *seq, size_t count)
{
    size_t op = sim_act_report(&sim->clients[who], room, seq, count);
    sim_settle(sim, 60000);
    return sim->ops[op].is_done ? TB_OK : sim->ops[op].code;
}

static void a_report_is_about_shown_messages_of_one_other_account(void **state)
{
    (void)state;
    struct sim *sim = start(21);
    uint64_t ada = sim_model_newest_seq(&sim->clients[2], room, "ada");
    uint64_t bob = sim_model_newest_seq(&sim->clients[2], room, "bob");
    uint64_t carol = sim_model_newest_seq(&sim->clients[2], room, "carol");
    const uint64_t two[] = { ada, bob }, with_own[] = { bob, carol };
    assert_true(ada > 1); /* number 1 is the announcement of carol's invitation */
    const uint64_t hidden = 1;
    assert_int_equal(report_code(sim, 2, two, 2), CLIENT_REPORT_SENDERS);
    assert_int_equal(report_code(sim, 2, with_own, 2), CLIENT_REPORT_OWN);
    assert_int_equal(report_code(sim, 2, &carol, 1), CLIENT_REPORT_OWN);
    assert_int_equal(report_code(sim, 2, &hidden, 1), CLIENT_REPORT_HIDDEN);
    assert_int_equal(report_code(sim, 2, &bob, 1), TB_OK);
    finish(sim);
}

/* ------------------------------------------------------------------ decisions */

/* One reports the other's newest, and the desk has fetched it. */
static void make_case_of(struct sim *sim, size_t reporter, const char *accused,
                         uint8_t report_id[32])
{
    struct sim_client *ada = &sim->clients[0];
    struct client_case_view *cases;
    struct tb_arena arena;
    size_t count;
    uint64_t seq = sim_model_newest_seq(&sim->clients[reporter], room, accused);
    assert_int_equal(report_code(sim, reporter, &seq, 1), TB_OK);
    size_t fetch = sim_act_fetch(ada);
    sim_settle(sim, 60000);
    sim_act_expect(sim, fetch);
    tb_arena_init(&arena, &sim->heap.mem, 1 << 26);
    assert_ok(client_cases(ada->client, &arena, &cases, &count));
    assert_int_equal(count, 1);
    memcpy(report_id, cases[0].report_id.data, 32);
    tb_arena_wipe(&arena);
}

static void make_case(struct sim *sim, uint8_t report_id[32])
{
    make_case_of(sim, 2, "bob", report_id);
}

static uint16_t decide_code(struct sim *sim, size_t who, const uint8_t report_id[32],
                            uint8_t action, uint8_t scope)
{
    struct client_decision_params params = {
        .report_id = tb_bytes_of(report_id, 32), .action = action, .scope = scope,
        .reason_code = 2, .facts = TB_LITERAL("It was read again."),
    };
    if (chat_decision_needs_two(action, scope)) {
        params.until_ms = sim_client_now(&sim->clients[who]) + 6 * CHAT_MS_A_DAY;
    }
    size_t op = sim_act_decide(&sim->clients[who], &params);
    sim_settle(sim, 60000);
    return sim->ops[op].is_done ? TB_OK : sim->ops[op].code;
}

static uint8_t role_of(struct sim *sim, size_t who, const char *handle)
{
    struct tb_arena arena;
    struct client_member_view *members;
    size_t count;
    uint8_t role = 0; /* not listed */
    tb_arena_init(&arena, &sim->heap.mem, 1 << 26);
    assert_ok(client_members(sim->clients[who].client, tb_bytes_text(room), &arena, &members,
                             &count));
    for (size_t i = 0; i < count; i++) {
        if (!tb_bytes_equal(members[i].handle, tb_bytes_text(handle))) continue;
        role = (uint8_t)members[i].role_index;
    }
    tb_arena_wipe(&arena);
    return role;
}

static void a_ban_is_taken_back_from_its_own_case(void **state)
{
    (void)state;
    const uint8_t scopes[] = { CHAT_SCOPE_ROOM, CHAT_SCOPE_HUB };
    for (size_t i = 0; i < 2; i++) {
        struct sim *sim = start(31 + i);
        struct sim_client *bob = &sim->clients[1], *carol = &sim->clients[2];
        uint8_t id[32];
        make_case(sim, id);
        assert_int_equal(decide_code(sim, 0, id, CHAT_ACTION_BAN, scopes[i]), TB_OK);
        assert_int_equal(role_of(sim, 2, "bob"), CHAT_ROLE_BANNED);
        assert_int_equal(decide_code(sim, 0, id, CHAT_ACTION_BAN, scopes[i]),
                         CLIENT_CASE_DECIDED);
        assert_int_equal(decide_code(sim, 0, id, CHAT_ACTION_UNBAN, scopes[1 - i]),
                         CLIENT_UNBAN_SCOPE);
        assert_int_equal(decide_code(sim, 0, id, CHAT_ACTION_UNBAN, scopes[i]), TB_OK);
        assert_int_equal(role_of(sim, 2, "bob"), 0);
        assert_false(bob->is_restricted);
        assert_int_equal(decide_code(sim, 0, id, CHAT_ACTION_UNBAN, scopes[i]),
                         CLIENT_CASE_DECIDED);
        size_t join = sim_act_join(bob, carol->link);
        sim_settle(sim, 60000);
        sim_act_expect(sim, join);
        assert_int_equal(role_of(sim, 2, "bob"), CHAT_ROLE_MEMBER);
        finish(sim);
    }
}

static void desk_room(struct sim *sim, char out[256])
{
    tb_bytes uri = sim->clients[0].client->hub.desk_uri;
    snprintf(out, 256, "%.*s", (int)uri.len, (const char *)uri.data);
}

static void join_desk(struct sim *sim, size_t who)
{
    struct sim_client *ada = &sim->clients[0];
    char desk[256];
    desk_room(sim, desk);
    size_t link = sim_act_invite(ada, desk, 1);
    sim_settle(sim, 60000);
    sim_act_expect(sim, link);
    size_t join = sim_act_join(&sim->clients[who], ada->link);
    sim_settle(sim, 60000);
    sim_act_expect(sim, join);
}

static void another_moderator_takes_a_ban_back_if_there_is_one(void **state)
{
    (void)state;
    struct sim *sim = start(35);
    uint8_t id[32];
    make_case(sim, id);
    join_desk(sim, 2);
    assert_int_equal(decide_code(sim, 0, id, CHAT_ACTION_BAN, CHAT_SCOPE_ROOM), TB_OK);
    assert_int_equal(decide_code(sim, 0, id, CHAT_ACTION_UNBAN, CHAT_SCOPE_ROOM),
                     CLIENT_UNBAN_DECIDER);
    size_t fetch = sim_act_fetch(&sim->clients[2]);
    sim_settle(sim, 60000);
    sim_act_expect(sim, fetch);
    assert_int_equal(decide_code(sim, 2, id, CHAT_ACTION_UNBAN, CHAT_SCOPE_ROOM), TB_OK);
    assert_int_equal(role_of(sim, 2, "bob"), 0);
    finish(sim);
}

/* ------------------------------------------------------------------ owners */

static uint16_t code_of(struct sim *sim, size_t op)
{
    sim_settle(sim, 60000);
    return sim->ops[op].is_done ? TB_OK : sim->ops[op].code;
}

/* Carol alone owned the room; when she is banned it goes on, and the desk names bob. */
static void the_desk_names_an_owner_when_the_last_one_was_banned(void **state)
{
    (void)state;
    struct sim *sim = start(36);
    struct sim_client *ada = &sim->clients[0], *bob = &sim->clients[1];
    uint8_t id[32];
    make_case_of(sim, 1, "carol", id);
    assert_int_equal(code_of(sim, sim_act_name_owner(ada, room, bob)), CHAT_CODE_POLICY);
    assert_int_equal(code_of(sim, sim_act_name_owner(bob, room, ada)), CHAT_CODE_FORBIDDEN);
    assert_int_equal(decide_code(sim, 0, id, CHAT_ACTION_BAN, CHAT_SCOPE_ROOM), TB_OK);
    assert_int_equal(code_of(sim, sim_act_name_owner(ada, room, &sim->clients[2])),
                     CHAT_CODE_POLICY);
    assert_int_equal(code_of(sim, sim_act_name_owner(ada, room, ada)), CHAT_DECISION_FORM);
    assert_int_equal(code_of(sim, sim_act_name_owner(ada, room, bob)), TB_OK);
    assert_int_equal(role_of(sim, 0, "bob"), CHAT_ROLE_OWNER);
    assert_int_equal(role_of(sim, 1, "bob"), CHAT_ROLE_OWNER);
    assert_int_equal(sim->named_by_desk_count, 2); /* ada and bob were told so */
    assert_int_equal(code_of(sim, sim_act_name_owner(ada, room, bob)), CHAT_CODE_POLICY);
    finish(sim);
}

static void the_last_owner_of_a_room_hands_it_on_before_stepping_down(void **state)
{
    (void)state;
    struct sim *sim = start(39);
    struct sim_client *bob = &sim->clients[1], *carol = &sim->clients[2];
    assert_int_equal(code_of(sim, sim_act_role(carol, room, carol, CHAT_ROLE_MEMBER)),
                     CHAT_CODE_POLICY);
    assert_int_equal(code_of(sim, sim_act_role(bob, room, bob, CHAT_ROLE_OWNER)),
                     CLIENT_PERMISSION);
    assert_int_equal(code_of(sim, sim_act_role(carol, room, bob, CHAT_ROLE_OWNER)), TB_OK);
    assert_int_equal(code_of(sim, sim_act_role(carol, room, carol, CHAT_ROLE_MEMBER)), TB_OK);
    assert_int_equal(role_of(sim, 0, "carol"), CHAT_ROLE_MEMBER);
    assert_int_equal(role_of(sim, 0, "bob"), CHAT_ROLE_OWNER);
    finish(sim);
}

/* ------------------------------------------------------------------ the desk's keys */

static struct client_desk_key_view newest_key(struct sim *sim, size_t who)
{
    struct client_desk_key_view *keys, newest = { 0 };
    struct tb_arena arena;
    size_t count;
    tb_arena_init(&arena, &sim->heap.mem, 1 << 26);
    assert_ok(client_desk_keys(sim->clients[who].client, &arena, &keys, &count));
    for (size_t i = 0; i < count; i++) {
        if (keys[i].serial > newest.serial) newest = keys[i];
    }
    newest.hash = (tb_bytes){ 0 };
    tb_arena_wipe(&arena);
    return newest;
}

/* Bob stays at the desk, carol goes: what she holds opens no report that comes later. */
static void the_desk_s_key_changes_when_a_moderator_is_gone(void **state)
{
    (void)state;
    struct sim *sim = start(37);
    struct sim_client *ada = &sim->clients[0];
    char desk[256];
    desk_room(sim, desk);
    join_desk(sim, 1);
    join_desk(sim, 2);
    assert_int_equal(newest_key(sim, 2).serial, 1);
    assert_true(newest_key(sim, 2).has_private);
    size_t removal = sim_act_remove(ada, desk, &sim->clients[2]);
    sim_settle(sim, 60000);
    sim_act_expect(sim, removal);
    for (size_t who = 0; who < 2; who++) {
        assert_int_equal(newest_key(sim, who).serial, 2);
        assert_true(newest_key(sim, who).has_private);
    }
    assert_int_equal(newest_key(sim, 2).serial, 1);
    uint8_t id[32];
    make_case(sim, id); /* sealed to the new key, and opened by ada's verification */
    size_t leave = sim_act_leave(&sim->clients[1], desk);
    sim_settle(sim, 60000);
    sim_act_expect(sim, leave);
    assert_int_equal(newest_key(sim, 0).serial, 3);
    sim_disconnect(ada);
    sim_settle(sim, 60000);
    assert_int_equal(newest_key(sim, 0).serial, 3); /* once for each who is gone */
    finish(sim);
}

static void the_desk_s_last_owner_does_not_leave_it(void **state)
{
    (void)state;
    struct sim *sim = start(38);
    char desk[256];
    desk_room(sim, desk);
    assert_int_equal(sim->ops[sim_act_leave(&sim->clients[0], desk)].code, CLIENT_DESK_LAST);
    join_desk(sim, 1);
    assert_int_equal(sim->ops[sim_act_leave(&sim->clients[0], desk)].code, CLIENT_DESK_LAST);
    size_t leave = sim_act_leave(&sim->clients[1], desk);
    sim_settle(sim, 60000);
    sim_act_expect(sim, leave);
    finish(sim);
}

/* ------------------------------------------------------------------ a desk that comes later */

static tb_status create(struct sim_client *who, const void *params, uint64_t *op)
{
    const tb_bytes *name = params;
    return client_room_create(who->client, sim_client_now(who), *name, CHAT_CLASS_PRIVATE,
                              &who->effects, op);
}

/* The record that a client keeps may be older than the desk: it is asked for at each connection
 * until it names one. */
static void a_desk_made_while_a_client_was_away_is_known_when_it_is_online(void **state)
{
    (void)state;
    struct sim *sim = malloc(sizeof *sim);
    const tb_bytes name = TB_LITERAL("garden");
    size_t op;
    sim_init(sim, 41, 2);
    sim_act_register_one(&sim->clients[1], false);
    assert_status(sim_turn(&sim->clients[1], create, &name, SIM_OP_OTHER, &op),
                  CLIENT_DESK_MISSING);
    sim_disconnect(&sim->clients[1]);
    sim->clients[1].wants_connection = false;
    sim_act_register_one(&sim->clients[0], true);
    sim->clients[1].wants_connection = true;
    for (size_t i = 0; i < 60000 && !client_is_online(sim->clients[1].client); i++) {
        sim_run(sim, 1);
    }
    assert_true(client_is_online(sim->clients[1].client));
    assert_ok(sim_turn(&sim->clients[1], create, &name, SIM_OP_OTHER, &op));
    sim_settle(sim, 60000);
    sim_act_expect(sim, op);
    finish(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_report_is_about_shown_messages_of_one_other_account),
        cmocka_unit_test(a_ban_is_taken_back_from_its_own_case),
        cmocka_unit_test(another_moderator_takes_a_ban_back_if_there_is_one),
        cmocka_unit_test(the_desk_names_an_owner_when_the_last_one_was_banned),
        cmocka_unit_test(the_last_owner_of_a_room_hands_it_on_before_stepping_down),
        cmocka_unit_test(the_desk_s_key_changes_when_a_moderator_is_gone),
        cmocka_unit_test(the_desk_s_last_owner_does_not_leave_it),
        cmocka_unit_test(a_desk_made_while_a_client_was_away_is_known_when_it_is_online),
    };
    return cmocka_run_group_tests_name("sim_desk", tests, NULL, NULL);
}
