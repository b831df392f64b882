/* What members keep of a group with each message, and what becomes of the hub's keys. */
#include "tests/sim/sim.h"

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
    sim_model_check_end(sim);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_stores_its_ratchets_and_no_whole_group),
        cmocka_unit_test(a_new_epoch_stores_the_whole_group_and_the_ratchets_go),
        cmocka_unit_test(ratchets_that_are_not_newer_than_the_group_are_a_damaged_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
