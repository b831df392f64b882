#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/bench/bench.h"
#include "tests/bench/cases.h"

enum { OUTSTANDING = 1000 };

static uint64_t refused(const struct bench_sender *senders, size_t count)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++) sum += senders[i].refused;
    return sum;
}

/* Messages leave on a schedule at half the rate; latency counts from the time they were due. */
static void open_loop(struct bench_world *world, struct bench_sender *senders, size_t rooms,
                      double rate_per_s, const char *params)
{
    size_t left = 0, sent = 0, sample_count = 0;
    for (size_t i = 0; i < rooms; i++) left += senders[i].message_count - senders[i].next;
    uint64_t *samples = calloc(left + 1, sizeof *samples);
    if (samples == NULL) bench_die("no memory");
    for (size_t i = 0; i < rooms; i++) {
        senders[i].latency_ns = samples;
        senders[i].latency_count = &sample_count;
    }
    uint64_t start = bench_wall_ns(), stop = start + 30000000000u;
    while (sample_count + refused(senders, rooms) < left && bench_wall_ns() < stop) {
        uint64_t now = bench_wall_ns();
        while (sent < left) {
            uint64_t due = start + (uint64_t)((double)sent * 1e9 / rate_per_s);
            if (due > now) break;
            struct bench_sender *sender = &senders[sent % rooms];
            for (size_t i = 0; sender->next == sender->message_count && i < rooms; i++) {
                sender = &senders[(sent + i) % rooms];
            }
            bench_sender_send(sender, due);
            sent++;
        }
        bench_net_pump(world->net, 1);
    }
    bench_row("accept_p50", params, (double)bench_percentile(samples, sample_count, 0.5) / 1e3,
              "us", 0, false);
    bench_row("accept_p99", params, (double)bench_percentile(samples, sample_count, 0.99) / 1e3,
              "us", 0, false);
    free(samples);
}

static double one(size_t rooms, size_t total, const struct bench_floors *floors)
{
    struct bench_hub_process hub = { 0 };
    struct bench_world world;
    struct bench_account **readers;
    char params[160];
    bench_hub_start(&hub);
    bench_world_init(&world, &hub);
    size_t each = total / rooms, closed = each * 3 / 4;
    struct bench_sender *senders = bench_senders_new(&world, rooms, each, &readers);
    for (size_t i = 0; i < rooms; i++) {
        bench_sender_connect(&world, &senders[i]);
        senders[i].message_count = closed;
    }
    uint64_t hub_cpu = bench_process_cpu_ns(hub.pid), own_cpu = bench_cpu_ns();
    uint64_t start = bench_wall_ns();
    bench_senders_run(&world, senders, rooms, OUTSTANDING / rooms, start + 60000000000u);
    double seconds = (double)(bench_wall_ns() - start) / 1e9;
    double count = (double)(closed * rooms - refused(senders, rooms));
    double hub_s = (double)(bench_process_cpu_ns(hub.pid) - hub_cpu) / 1e9;
    snprintf(params, sizeof params,
             "\"rooms\": %zu, \"outstanding\": %zu, \"text\": 200, \"generator_cpu\": %.2f", rooms,
             OUTSTANDING / rooms * rooms, (double)(bench_cpu_ns() - own_cpu) / 1e9 / seconds);
    double rate = count / seconds;
    bench_row("accepted", params, rate, "1/s", floors->signs_per_s, true);
    bench_row("accepted_per_hub_cpu_s", params, count / hub_s, "1/cpu-s", floors->rows_per_s_1000,
              true);
    if (refused(senders, rooms) > 0) bench_die("the hub refused messages");
    for (size_t i = 0; i < rooms; i++) senders[i].message_count = each;
    snprintf(params, sizeof params, "\"rooms\": %zu, \"rate\": %.0f", rooms, rate / 2);
    open_loop(&world, senders, rooms, rate / 2, params);
    for (size_t i = 0; i < rooms; i++) senders[i].message_count = each;
    bench_senders_free(senders, rooms);
    free(readers);
    bench_world_wipe(&world);
    bench_hub_stop(&hub, SIGTERM);
    bench_folder_remove(hub.folder);
    return rate;
}

void bench_case_accept(const struct bench_options *options, const struct bench_floors *floors)
{
    size_t total = options->is_quick ? 8000 : 120000;
    one(1, total, floors);
    one(10, total, floors);
    double rate = one(100, total, floors);
    bench_bar("accepted_100_rooms", "at least half of one core's Ed25519 signatures a second",
              rate >= floors->signs_per_s / 2);
}
