/* The desk changes hands: its key among owners, a key that follows another, a desk founded anew. */
#include "tests/sim/sim.h"

#include <stdio.h>

#include "chat/policy.h"
#include "chat/protocol.h"
#include "client/desk.h"
#include "hub/engine.h"

static char room[256];
enum { ADA, BOB, CAROL, DAVE };

static void expect(struct sim *sim, size_t op)
{
    sim_settle(sim, 120000);
    sim_act_expect(sim, op);
}

/* Ada is the desk, carol's room holds her, ada and bob; each has said one thing.  Dave is new. */
static struct sim *start(uint64_t seed)
{
    struct sim *sim = malloc(sizeof *sim);
    sim_init(sim, seed, 4);
    for (size_t i = ADA; i <= CAROL; i++) sim_act_register_one(&sim->clients[i], i == ADA);
    struct sim_client *carol = &sim->clients[CAROL];
    sim_act_create(carol, "kitchen", room);
    expect(sim, sim_act_invite(carol, room, 8));
    for (size_t i = ADA; i <= BOB; i++) expect(sim, sim_act_join(&sim->clients[i], carol->link));
    for (size_t i = ADA; i <= CAROL; i++) expect(sim, sim_act_send(&sim->clients[i], room));
    return sim;
}

static void finish(struct sim *sim)
{
    sim_wipe(sim);
    free(sim);
}

static void desk_room(struct sim *sim, size_t who, char out[256])
{
    tb_bytes uri = sim->clients[who].client->hub.desk_uri;
    snprintf(out, 256, "%.*s", (int)uri.len, (const char *)uri.data);
}

static void join_desk(struct sim *sim, size_t by, size_t who)
{
    char desk[256];
    desk_room(sim, by, desk);
    expect(sim, sim_act_invite(&sim->clients[by], desk, 1));
    expect(sim, sim_act_join(&sim->clients[who], sim->clients[by].link));
}

/* Where reports of a room go, as this client's group says. */
static void assert_recipient(struct sim *sim, size_t who, const char *room_uri)
{
    struct client *client = sim->clients[who].client;
    struct client_turn turn;
    struct client_room *at;
    struct chat_policy_room policy;
    assert_ok(client_turn_read(&turn, client));
    assert_ok(client_room_get(&turn, tb_bytes_text(room_uri), &at));
    assert_ok(client_room_policy(&turn, at, &policy));
    assert_int_equal(policy.frank.recipients.count, 1);
    assert_bytes(policy.frank.recipients.at[0].uri, client->hub.desk_uri);
    assert_bytes(policy.frank.recipients.at[0].verify_key, client->hub.desk_verify_key);
    tb_arena_wipe(&turn.arena);
}

static bool holds_verify_key(struct sim *sim, size_t who)
{
    struct client_turn turn;
    struct client_desk_row desk;
    assert_ok(client_turn_read(&turn, sim->clients[who].client));
    tb_status status = client_desk_get(&turn, &desk);
    bool holds = tb_is_ok(status) && desk.verify_key.len != 0 &&
                 tb_bytes_equal(desk.verify_public, sim->clients[who].client->hub.desk_verify_key);
    tb_arena_wipe(&turn.arena);
    return holds;
}

/* One reports the newest of another, and the desk's member has it proven. */
static void assert_report_is_read(struct sim *sim, size_t reporter, const char *accused,
                                  size_t reader)
{
    struct client_case_view *cases;
    struct tb_arena arena;
    size_t count;
    uint64_t seq = sim_model_newest_seq(&sim->clients[reporter], room, accused);
    expect(sim, sim_act_report(&sim->clients[reporter], room, &seq, 1));
    expect(sim, sim_act_fetch(&sim->clients[reader]));
    tb_arena_init(&arena, &sim->heap.mem, 1 << 26);
    assert_ok(client_cases(sim->clients[reader].client, &arena, &cases, &count));
    assert_true(count >= 1);
    assert_true(cases[0].is_verified);
    tb_arena_wipe(&arena);
}

/* ------------------------------------------------------------------ owners */

static void every_owner_of_the_desk_holds_its_key_and_no_moderator(void **state)
{
    (void)state;
    struct sim *sim = start(51);
    char desk[256];
    desk_room(sim, ADA, desk);
    join_desk(sim, ADA, BOB);
    join_desk(sim, ADA, CAROL);
    assert_true(holds_verify_key(sim, ADA));
    assert_false(holds_verify_key(sim, BOB));
    expect(sim, sim_act_role(&sim->clients[ADA], desk, &sim->clients[BOB], CHAT_ROLE_OWNER));
    assert_true(holds_verify_key(sim, BOB));
    assert_false(holds_verify_key(sim, CAROL));
    assert_int_equal(sim->clients[CAROL].client->hub.desk_past.count, 0);
    finish(sim);
}

/* The founder goes: what was hers to sign with is worth nothing afterwards. */
static void the_desk_s_key_follows_another_when_an_owner_leaves(void **state)
{
    (void)state;
    struct sim *sim = start(52);
    char desk[256];
    uint8_t before[32];
    desk_room(sim, ADA, desk);
    join_desk(sim, ADA, BOB);
    join_desk(sim, ADA, CAROL);
    expect(sim, sim_act_role(&sim->clients[ADA], desk, &sim->clients[BOB], CHAT_ROLE_OWNER));
    memcpy(before, sim->clients[CAROL].client->hub.desk_verify_key.data, sizeof before);
    assert_report_is_read(sim, BOB, "ada", CAROL);
    expect(sim, sim_act_leave(&sim->clients[ADA], desk));
    for (size_t i = ADA; i <= CAROL; i++) {
        const struct chat_hub_record *hub = &sim->clients[i].client->hub;
        assert_int_equal(hub->desk_past.count, 1);
        assert_bytes(hub->desk_past.at[0].verify_key, TB_ARRAY(before));
        assert_true(hub->desk_past.at[0].signature.len != 0);
        assert_false(tb_bytes_equal(hub->desk_verify_key, TB_ARRAY(before)));
        assert_recipient(sim, i, room);
    }
    assert_true(holds_verify_key(sim, BOB));
    assert_false(holds_verify_key(sim, ADA));
    assert_false(holds_verify_key(sim, CAROL));
    assert_report_is_read(sim, CAROL, "bob", BOB);
    finish(sim);
}

static void an_owner_who_is_made_a_moderator_holds_no_key_that_counts(void **state)
{
    (void)state;
    struct sim *sim = start(53);
    char desk[256];
    desk_room(sim, ADA, desk);
    join_desk(sim, ADA, BOB);
    expect(sim, sim_act_role(&sim->clients[ADA], desk, &sim->clients[BOB], CHAT_ROLE_OWNER));
    expect(sim, sim_act_role(&sim->clients[ADA], desk, &sim->clients[BOB], CHAT_ROLE_MODERATOR));
    assert_true(holds_verify_key(sim, ADA));
    assert_false(holds_verify_key(sim, BOB));
    assert_int_equal(sim->clients[CAROL].client->hub.desk_past.count, 1);
    assert_report_is_read(sim, CAROL, "bob", ADA);
    finish(sim);
}

/* ------------------------------------------------------------------ a hub that forgot it */

/* The hub comes back from a backup of before; what it signed since is given back to it. */
static void a_restored_hub_learns_again_which_key_the_desk_has(void **state)
{
    (void)state;
    struct sim *sim = start(56);
    struct store_mem backup;
    char desk[256];
    desk_room(sim, ADA, desk);
    join_desk(sim, ADA, BOB);
    join_desk(sim, ADA, CAROL);
    expect(sim, sim_act_role(&sim->clients[ADA], desk, &sim->clients[BOB], CHAT_ROLE_OWNER));
    store_mem_init(&backup);
    store_mem_copy(&backup, &sim->hub_store);
    expect(sim, sim_act_leave(&sim->clients[ADA], desk));
    const struct chat_hub_record *at_carol = &sim->clients[CAROL].client->hub;
    assert_int_equal(at_carol->desk_past.count, 1);
    uint8_t key[32];
    memcpy(key, at_carol->desk_verify_key.data, sizeof key);
    sim_hub_go_back(sim, &backup, true);
    assert_int_equal(sim->hub->desk.desk_past.count, 0);
    sim_settle(sim, 120000);
    sim_run(sim, 60000);
    sim_settle(sim, 120000);
    assert_int_equal(sim->hub->desk.desk_past.count, 1);
    assert_bytes(sim->hub->desk.desk_verify_key, TB_ARRAY(key));
    for (size_t i = ADA; i <= CAROL; i++) {
        assert_true(client_is_online(sim->clients[i].client));
        assert_bytes(sim->clients[i].client->hub.desk_verify_key, TB_ARRAY(key));
        assert_recipient(sim, i, room);
    }
    assert_int_equal(sim->alarm_count, 0);
    expect(sim, sim_act_send(&sim->clients[ADA], room));
    assert_report_is_read(sim, CAROL, "ada", BOB);
    store_mem_wipe(&backup);
    finish(sim);
}

/* ------------------------------------------------------------------ founded anew */

static void refound(struct sim *sim)
{
    const struct chat_admin_invite ask = { .is_admin = 1 };
    struct chat_opaque answer;
    struct tb_arena arena;
    uint8_t octets[4096];
    tb_bytes request;
    tb_arena_init(&arena, &sim->heap.mem, 1 << 20);
    assert_ok(wire_encode(&chat_admin_invite_desc, &ask, &arena, &request));
    size_t len = sim_hub_admin(sim, CHAT_VERB_ADMIN_DESK_REFOUND, request, octets, sizeof octets);
    assert_ok(wire_decode(&chat_opaque_desc, tb_bytes_of(octets, len), &arena, &answer, NULL));
    sim->clients[ADA].wants_connection = false; /* her device is lost */
    sim_disconnect(&sim->clients[ADA]);
    sim_act_register_with(&sim->clients[DAVE], answer.value);
    tb_arena_wipe(&arena);
}

static void the_operator_founds_the_desk_anew_and_everybody_is_told(void **state)
{
    (void)state;
    struct sim *sim = start(54);
    struct client_report_view *reports;
    struct tb_arena arena;
    size_t count;
    char desk[256];
    desk_room(sim, ADA, desk);
    uint64_t seq = sim_model_newest_seq(&sim->clients[CAROL], room, "bob");
    expect(sim, sim_act_report(&sim->clients[CAROL], room, &seq, 1));
    refound(sim);
    sim_settle(sim, 120000);
    for (size_t i = BOB; i <= CAROL; i++) {
        const struct chat_hub_record *hub = &sim->clients[i].client->hub;
        assert_int_equal(hub->desk_past.count, 1);
        assert_bytes(hub->desk_past.at[0].uri, tb_bytes_text(desk));
        assert_int_equal(hub->desk_past.at[0].signature.len, 0);
        assert_true(hub->desk_uri.len != 0);
        assert_false(tb_bytes_equal(hub->desk_uri, tb_bytes_text(desk)));
        assert_recipient(sim, i, room);
    }
    assert_true(client_is_desk(sim->clients[DAVE].client));
    assert_true(sim->desk_anew_count >= 2);
    tb_arena_init(&arena, &sim->heap.mem, 1 << 26);
    assert_ok(client_reports(sim->clients[CAROL].client, &arena, &reports, &count));
    assert_int_equal(count, 1);
    assert_true(reports[0].is_gone);
    tb_arena_wipe(&arena);
    assert_report_is_read(sim, CAROL, "ada", DAVE); /* and the lost report is not in its queue */
    finish(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_owner_of_the_desk_holds_its_key_and_no_moderator),
        cmocka_unit_test(the_desk_s_key_follows_another_when_an_owner_leaves),
        cmocka_unit_test(an_owner_who_is_made_a_moderator_holds_no_key_that_counts),
        cmocka_unit_test(a_restored_hub_learns_again_which_key_the_desk_has),
        cmocka_unit_test(the_operator_founds_the_desk_anew_and_everybody_is_told),
    };
    return cmocka_run_group_tests_name("sim_desk_change", tests, NULL, NULL);
}
