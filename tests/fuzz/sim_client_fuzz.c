/*
 * The client engine under a hostile hub or network.  The simulator makes a room of four with real
 * groups; bob's device is away while others write, add somebody and leave.  What the hub then
 * sends it is recorded once.  A run plays it to a fresh client over its store, and the input says
 * frame by frame what happens to it: delivered, lost, doubled, one octet changed, cut short, or the
 * store refuses the turn.
 *
 * Whatever comes: nothing crashes or leaks, and no text is shown that nobody wrote.
 *
 * covers: client_step client_turn_refused client_receive_page client_run_take client_commit_take
 *     client_commit_take_proposal client_record_take client_session_room_state
 */
#include "tests/sim/sim.h"

#include "client/rooms.h"

#include "tests/fuzz/fuzz.h"

enum { FRAME_COUNT_MAX = 256, BOB = 1 };

static struct sim *sim;
static struct store_mem before;
static struct {
    uint8_t *data;
    size_t len;
} frames[FRAME_COUNT_MAX];
static size_t frame_count;

static void record(struct sim_client *to, uint8_t *frame, size_t len)
{
    if (to->index != BOB || frame_count == FRAME_COUNT_MAX) return;
    frames[frame_count].data = malloc(len);
    FUZZ_REQUIRE(frames[frame_count].data != NULL || len == 0);
    memcpy(frames[frame_count].data, frame, len);
    frames[frame_count++].len = len;
}

static void join(struct sim_client *who, const struct sim_client *host)
{
    size_t op = sim_act_join(who, host->link);
    sim_settle(sim, 60000);
    sim_act_expect(sim, op);
}

static void set_up(void)
{
    char room[256];
    sim = malloc(sizeof *sim);
    FUZZ_REQUIRE(sim != NULL);
    sim_init(sim, 7, 4);
    sim_act_register(sim);
    struct sim_client *bob = &sim->clients[BOB], *carol = &sim->clients[2];
    sim_act_create(carol, "kitchen", room);
    size_t link = sim_act_invite(carol, room, 8);
    sim_settle(sim, 60000);
    sim_act_expect(sim, link);
    join(bob, carol);
    join(&sim->clients[0], carol);
    (void)sim_act_send(bob, room);
    sim_settle(sim, 60000);

    sim_disconnect(bob);
    bob->wants_connection = false;
    sim_settle(sim, 60000);
    sim_client_crash(bob); /* a process of its own: its requests count from 1 */
    store_mem_init(&before);
    store_mem_copy(&before, &bob->store);
    for (size_t i = 0; i < 3; i++) (void)sim_act_send(carol, room);
    sim_settle(sim, 60000);
    join(&sim->clients[3], carol);
    (void)sim_act_send(&sim->clients[3], room);
    sim_settle(sim, 60000);
    (void)sim_act_leave(&sim->clients[0], room);
    sim_settle(sim, 60000);
    sim->tamper = record;
    bob->wants_connection = true;
    sim_settle(sim, 60000);
    sim->tamper = NULL;
    FUZZ_REQUIRE(frame_count > 4);
}

struct run {
    struct store_mem store;
    struct test_rng rng;
    struct client *client;
    struct client_effects effects;
    tb_bytes program;
};

static uint8_t take(struct run *r)
{
    if (r->program.len == 0) return 0;
    uint8_t value = r->program.data[0];
    r->program = (tb_bytes){ r->program.data + 1, r->program.len - 1 };
    return value;
}

static void check_shown(const struct run *r)
{
    for (size_t i = 0; i < r->effects.count; i++) {
        const struct client_effect *effect = &r->effects.at[i];
        if (effect->kind != CLIENT_EFFECT_SHOW) continue;
        if (effect->show.kind != CLIENT_SHOW_MESSAGE || effect->show.text.len == 0) continue;
        FUZZ_REQUIRE(tb_bytes_starts_with(effect->show.text, TB_LITERAL("text ")));
    }
}

static void step(struct run *r, enum client_event_kind kind, tb_bytes bytes, bool is_refused)
{
    struct client_event event = { .kind = kind, .now_ms = sim->now_ms, .bytes = bytes };
    client_effects_clear(&r->effects);
    store_mem_begin(&r->store);
    client_step(r->client, &event, &r->effects);
    if (is_refused || client_is_void(r->client)) {
        store_mem_rollback(&r->store);
        FUZZ_OK(client_turn_refused(r->client, &r->effects));
        return;
    }
    FUZZ_OK(store_mem_commit(&r->store));
    check_shown(r);
}

static void deliver(struct run *r, size_t index)
{
    enum { AS_IT_IS, LOST, DOUBLED, CHANGED, CUT, REFUSED, TICK_FIRST, KIND_COUNT };
    uint8_t how = take(r) % KIND_COUNT;
    size_t len = frames[index].len;
    uint8_t *copy = malloc(len + 1);
    FUZZ_REQUIRE(copy != NULL);
    memcpy(copy, frames[index].data, len);
    size_t at = how == CHANGED || how == CUT ? (size_t)take(r) << 8 : 0;
    if (how == CHANGED || how == CUT) at = len != 0 ? (at | take(r)) % len : 0;
    if (how == CHANGED && len != 0) copy[at] ^= take(r);
    if (how == CUT) len = at;
    if (how == TICK_FIRST) step(r, CLIENT_EVENT_TICK, (tb_bytes){ 0 }, false);
    if (how != LOST) step(r, CLIENT_EVENT_FRAME, tb_bytes_of(copy, len), how == REFUSED);
    if (how == DOUBLED) step(r, CLIENT_EVENT_FRAME, tb_bytes_of(copy, len), false);
    free(copy);
}

FUZZ_TARGET(input, arena)
{
    if (sim == NULL) set_up();
    struct run r = { .program = input };
    struct client_config config = {
        .provider = crypto_backend_native(),
        .mem = arena->mem,
        .rng = &r.rng.rng,
        .store = &r.store.store,
        .software = "sim",
    };
    store_mem_init(&r.store);
    store_mem_copy(&r.store, &before);
    test_rng_init(&r.rng, 9);
    client_effects_init(&r.effects, arena->mem);
    store_mem_begin(&r.store);
    FUZZ_OK(client_new(&config, sim->now_ms, &r.client));
    FUZZ_OK(store_mem_commit(&r.store));
    step(&r, CLIENT_EVENT_CONNECTED, (tb_bytes){ 0 }, false);
    for (size_t i = 0; i < frame_count; i++) deliver(&r, i);
    client_free(r.client);
    client_effects_wipe(&r.effects);
    store_mem_wipe(&r.store);
}
