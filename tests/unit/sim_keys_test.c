/* What members keep of a group with each message, and what becomes of the hub's keys. */
#include "tests/sim/sim.h"

#include "chat/protocol.h"
#include "client/rooms.h"

static char room[256];

/* Ada is the desk; carol's room holds all. */
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
    return sim;
}

static void finish(struct sim *sim)
{
    sim_check_end(sim);
    sim_wipe(sim);
    free(sim);
}

static void say(struct sim *sim, size_t who)
{
    size_t send = sim_act_send(&sim->clients[who], room);
    sim_settle(sim, 60000);
    sim_act_expect(sim, send);
}

/* ------------------------------------------------------------------ the state of a group */

static struct client_key group_key(struct sim_client *who, uint8_t slot)
{
    struct tb_arena arena;
    struct client_room_row row;
    struct client_key key = client_key_bytes(tb_bytes_text(room));
    tb_bytes value;
    tb_arena_init(&arena, &who->sim->heap.mem, 1 << 20);
    assert_ok(tb_store_get(&who->store.store, CLIENT_TABLE_ROOMS, client_key_view(&key), &arena,
                           &value));
    assert_ok(wire_decode(&client_room_row_desc, value, &arena, &row, NULL));
    uint32_t no = row.no;
    tb_arena_wipe(&arena);
    return client_key_number(no, slot);
}

/* The stored octets; {NULL, 0} when there is no such row. */
static tb_bytes stored(struct sim_client *who, uint8_t slot, struct tb_arena *arena)
{
    struct client_key key = group_key(who, slot);
    tb_bytes value;
    tb_status status = tb_store_get(&who->store.store, CLIENT_TABLE_GROUPS, client_key_view(&key),
                                    arena, &value);
    if (status.code == TB_NOT_FOUND) return (tb_bytes){ NULL, 0 };
    assert_ok(status);
    return value;
}

static void a_message_stores_its_ratchets_and_no_whole_group(void **state)
{
    (void)state;
    struct sim *sim = start(41);
    struct sim_client *bob = &sim->clients[1];
    struct tb_arena arena;
    tb_arena_init(&arena, &sim->heap.mem, 1 << 26);
    tb_bytes whole = stored(bob, CLIENT_GROUP_CURRENT, &arena);
    assert_true(whole.len != 0);
    say(sim, 1);
    tb_bytes first = stored(bob, CLIENT_GROUP_RATCHETS, &arena);
    assert_true(first.len != 0 && first.len < whole.len);
    say(sim, 0);
    tb_bytes second = stored(bob, CLIENT_GROUP_RATCHETS, &arena);
    assert_false(tb_bytes_equal(first, second)); /* what was received used a key up too */
    assert_bytes(stored(bob, CLIENT_GROUP_CURRENT, &arena), whole);

    /* A process that comes back goes on where it was: no generation twice (the model's S5). */
    sim_client_crash(bob);
    say(sim, 1);
    say(sim, 2);
    assert_bytes(stored(bob, CLIENT_GROUP_CURRENT, &arena), whole);
    tb_arena_wipe(&arena);
    finish(sim);
}

static void a_new_epoch_stores_the_whole_group_and_the_ratchets_go(void **state)
{
    (void)state;
    struct sim *sim = start(42);
    struct sim_client *bob = &sim->clients[1];
    struct tb_arena arena;
    tb_arena_init(&arena, &sim->heap.mem, 1 << 26);
    say(sim, 1);
    tb_bytes whole = stored(bob, CLIENT_GROUP_CURRENT, &arena);
    assert_true(stored(bob, CLIENT_GROUP_RATCHETS, &arena).len != 0);
    size_t removed = sim_act_remove(&sim->clients[2], room, &sim->clients[0]);
    sim_settle(sim, 60000);
    sim_act_expect(sim, removed);
    assert_false(tb_bytes_equal(stored(bob, CLIENT_GROUP_CURRENT, &arena), whole));
    assert_int_equal(stored(bob, CLIENT_GROUP_RATCHETS, &arena).len, 0);
    say(sim, 1);
    tb_arena_wipe(&arena);
    finish(sim);
}

static void ratchets_that_are_not_newer_than_the_group_are_a_damaged_store(void **state)
{
    (void)state;
    struct sim *sim = start(43);
    struct sim_client *bob = &sim->clients[1];
    struct tb_arena arena;
    struct client_member_view *members;
    size_t count;
    tb_arena_init(&arena, &sim->heap.mem, 1 << 26);
    say(sim, 1);
    tb_bytes old = stored(bob, CLIENT_GROUP_RATCHETS, &arena);
    size_t removed = sim_act_remove(&sim->clients[2], room, &sim->clients[0]);
    sim_settle(sim, 60000);
    sim_act_expect(sim, removed);

    struct store_mem mixed;
    struct client *client;
    struct client_key key = group_key(bob, CLIENT_GROUP_RATCHETS);
    struct client_config config = { .provider = crypto_backend_native(),
                                    .mem = &sim->heap.mem, .rng = &bob->rng.rng,
                                    .store = &mixed.store, .software = "test" };
    store_mem_init(&mixed);
    store_mem_copy(&mixed, &bob->store);
    store_mem_begin(&mixed);
    assert_ok(tb_store_put(&mixed.store, CLIENT_TABLE_GROUPS, client_key_view(&key), old));
    assert_ok(client_new(&config, sim->now_ms, &client));
    assert_ok(store_mem_commit(&mixed));
    assert_status(client_members(client, tb_bytes_text(room), &arena, &members, &count),
                  TB_STORE);
    client_free(client);
    store_mem_wipe(&mixed);
    tb_arena_wipe(&arena);
    finish(sim);
}

/* ------------------------------------------------------------------ the hub's keys */

static tb_bytes agent_of(struct sim *sim, size_t who, struct tb_arena *arena)
{
    struct client_turn turn;
    struct client_room *found;
    struct chat_policy_room policy;
    tb_bytes key;
    assert_ok(client_turn_read(&turn, sim->clients[who].client));
    assert_ok(client_room_get(&turn, tb_bytes_text(room), &found));
    assert_ok(client_room_policy(&turn, found, &policy));
    assert_ok(tb_arena_dup(arena, policy.agent.franking_signature_key, &key));
    tb_arena_wipe(&turn.arena);
    return key;
}

static const struct chat_hub_record *record_of(struct sim *sim, size_t who)
{
    return &sim->clients[who].client->hub;
}

static void desk_looks(struct sim *sim)
{
    size_t fetch = sim_act_fetch(&sim->clients[0]);
    sim_settle(sim, 60000);
    sim_act_expect(sim, fetch);
    sim_act_desk(sim, false);
    sim_settle(sim, 60000);
}

/* Carol reports bob's messages, and the desk proves it. */
static void report_verifies(struct sim *sim, const uint64_t *seq, size_t count)
{
    uint64_t verified = sim->reports_verified_count;
    size_t report = sim_act_report(&sim->clients[2], room, seq, count);
    sim_settle(sim, 60000);
    sim_act_expect(sim, report);
    desk_looks(sim);
    assert_true(sim->reports_verified_count > verified);
}

static void a_room_takes_the_new_agent_with_an_epoch_and_reports_reach_over_it(void **state)
{
    (void)state;
    struct sim *sim = start(44);
    struct tb_arena arena;
    uint64_t seq[2];
    tb_arena_init(&arena, &sim->heap.mem, 1 << 26);
    say(sim, 1);
    seq[0] = sim_model_newest_seq(&sim->clients[2], room, "bob");
    tb_bytes before = agent_of(sim, 1, &arena);
    sim_act_rotate(sim, CHAT_KEYS_AGENT | CHAT_KEYS_FRANK);
    sim_settle(sim, 60000);
    tb_bytes after = agent_of(sim, 1, &arena);
    assert_false(tb_bytes_equal(before, after));
    assert_bytes(agent_of(sim, 2, &arena), after);
    say(sim, 1);
    seq[1] = sim_model_newest_seq(&sim->clients[2], room, "bob");
    report_verifies(sim, seq, 2);
    assert_int_equal(sim->alarm_count, 0);

    /* No room uses the old one any more: after a walk over all rooms it is over for good. */
    for (size_t i = 0; i < 6; i++) sim_run(sim, 11000);
    sim_settle(sim, 60000);
    const struct chat_hub_record *record = record_of(sim, 2);
    assert_int_equal(record->agents.count, 2);
    assert_bytes(record->agents.at[0].signature_key, before);
    assert_true(record->agents.at[0].until_ms != 0);
    assert_int_equal(record->agents.at[1].until_ms, 0);
    report_verifies(sim, seq, 1); /* what it signed stays evidence */
    tb_arena_wipe(&arena);
    finish(sim);
}

static void a_new_intake_key_leaves_older_receipts_and_decisions_valid(void **state)
{
    (void)state;
    struct sim *sim = start(45);
    say(sim, 1);
    uint64_t seq = sim_model_newest_seq(&sim->clients[2], room, "bob");
    size_t report = sim_act_report(&sim->clients[2], room, &seq, 1);
    sim_settle(sim, 60000);
    sim_act_expect(sim, report);
    sim_act_rotate(sim, CHAT_KEYS_INTAKE);
    sim_settle(sim, 60000);
    assert_int_equal(record_of(sim, 0)->old_intakes.count, 1);
    desk_looks(sim); /* opens the intake that the old key signed */
    assert_true(sim->reports_verified_count > 0);
    say(sim, 1);
    seq = sim_model_newest_seq(&sim->clients[2], room, "bob");
    report_verifies(sim, &seq, 1);
    assert_int_equal(sim->alarm_count, 0);
    finish(sim);
}

static void go_back(struct sim *sim, struct store_mem *backup)
{
    sim_hub_go_back(sim, backup, true);
    sim_model_hub_went_back(sim);
    for (size_t i = 0; i < 6; i++) sim_run(sim, 11000);
    sim_settle(sim, 1000000);
}

static void a_backup_of_before_a_rotation_brings_the_rooms_back(void **state)
{
    (void)state;
    struct sim *sim = start(46);
    struct store_mem backup;
    store_mem_init(&backup);
    say(sim, 1);
    store_mem_copy(&backup, &sim->hub_store);
    sim_act_rotate(sim, CHAT_KEYS_AGENT);
    sim_settle(sim, 60000);
    say(sim, 0);
    go_back(sim, &backup);
    say(sim, 1);
    say(sim, 2);
    assert_int_equal(sim->alarm_count, 0);
    store_mem_wipe(&backup);
    finish(sim);
}

static void members_notice_a_restored_hub_that_lacks_their_rooms_key(void **state)
{
    (void)state;
    struct sim *sim = start(47);
    struct store_mem backup;
    store_mem_init(&backup);
    store_mem_copy(&backup, &sim->hub_store);
    for (size_t i = 0; i < 2; i++) {
        sim_act_rotate(sim, CHAT_KEYS_AGENT);
        sim_settle(sim, 60000);
    }
    assert_int_equal(sim->alarm_count, 0);
    sim->is_hostile = true; /* alarms are counted */
    sim_hub_go_back(sim, &backup, true);
    sim_run(sim, 60000);
    assert_true(sim->alarm_count >= 3);
    assert_int_equal(sim->last_alarm, CLIENT_ALARM_HUB_RECORD);
    store_mem_wipe(&backup);
    sim_wipe(sim);
    free(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_stores_its_ratchets_and_no_whole_group),
        cmocka_unit_test(a_new_epoch_stores_the_whole_group_and_the_ratchets_go),
        cmocka_unit_test(ratchets_that_are_not_newer_than_the_group_are_a_damaged_store),
        cmocka_unit_test(a_room_takes_the_new_agent_with_an_epoch_and_reports_reach_over_it),
        cmocka_unit_test(a_new_intake_key_leaves_older_receipts_and_decisions_valid),
        cmocka_unit_test(a_backup_of_before_a_rotation_brings_the_rooms_back),
        cmocka_unit_test(members_notice_a_restored_hub_that_lacks_their_rooms_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
