/* The scripts of the simulator: a path without faults, and chaos. */
#include "tests/sim/sim.h"

#include <stdio.h>

#include "client/engine.h"

static void sim_join_all(struct sim *sim, struct sim_client *host, const char *room)
{
    size_t link = sim_act_invite(host, room, 16);
    sim_settle(sim, 60000);
    sim_act_expect(sim, link);
    for (size_t i = 0; i < sim->client_count; i++) {
        if (&sim->clients[i] == host) continue;
        size_t join = sim_act_join(&sim->clients[i], host->link);
        sim_settle(sim, 60000);
        sim_act_expect(sim, join);
    }
}

void sim_script_path(uint64_t seed, bool is_trace)
{
    struct sim *sim = malloc(sizeof *sim);
    char room[256];
    sim_init(sim, seed, 4);
    sim->is_trace = is_trace;
    sim_act_register(sim);
    struct sim_client *ada = &sim->clients[0], *bob = &sim->clients[1];
    (void)ada;
    sim_act_create(bob, "kitchen", room);
    sim_join_all(sim, bob, room);
    for (size_t i = 0; i < sim->client_count; i++) {
        size_t send = sim_act_send(&sim->clients[i], room);
        sim_settle(sim, 60000);
        sim_act_expect(sim, send);
    }
    sim_model_check_end(sim);
    printf("path: %llu messages shown, %zu epochs\n", (unsigned long long)sim->shown_count,
           sim->epoch_count);
    sim_wipe(sim);
    free(sim);
}

void sim_script_chaos(uint64_t seed, uint64_t steps, bool is_trace)
{
    struct sim *sim = malloc(sizeof *sim);
    char rooms[2][256];
    sim_init(sim, seed, 4);
    sim->is_trace = is_trace;
    sim_act_register(sim);
    sim_act_create(&sim->clients[1], "kitchen", rooms[0]);
    sim_act_create(&sim->clients[2], "garden", rooms[1]);
    sim_join_all(sim, &sim->clients[1], rooms[0]);
    for (sim->step = 1; sim->step <= steps; sim->step++) {
        sim_act_random(sim, (const char(*)[256])rooms, 2);
        sim_run(sim, sim_random(sim, 60));
    }
    sim_settle(sim, 600000);
    sim_model_check_end(sim);
    printf("seed %llu: %llu messages shown, %zu epochs, %llu client crashes, %llu hub crashes\n",
           (unsigned long long)seed, (unsigned long long)sim->shown_count, sim->epoch_count,
           (unsigned long long)sim->client_crash_count, (unsigned long long)sim->hub_crash_count);
    sim_wipe(sim);
    free(sim);
}
