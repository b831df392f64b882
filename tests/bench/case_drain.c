#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/bench/bench.h"
#include "tests/bench/cases.h"

enum { ROOMS = 100, OUTSTANDING = 1000, ACK_EVERY = 256 };

struct reader {
    uint64_t received, unacked;
    uint64_t *total;
};

static void on_frame(struct bench_conn *conn, const uint8_t *payload, size_t len)
{
    struct reader *reader = conn->user;
    struct bench_page_view page;
    if (!bench_page_read(payload, len, &page, NULL, NULL)) return;
    reader->received += page.message_count;
    reader->unacked += page.message_count;
    *reader->total += page.message_count;
    if (reader->unacked >= ACK_EVERY) {
        bench_cursor_ack(conn, page.room, page.last_log_seq);
        reader->unacked = 0;
    }
}

void bench_case_drain(const struct bench_options *options, const struct bench_floors *floors)
{
    size_t total = options->is_quick ? 10000 : 100000, each = total / ROOMS;
    struct bench_hub_process hub = { 0 };
    struct bench_world world;
    struct bench_account **readers;
    struct reader state[ROOMS] = { { 0 } };
    struct bench_conn *conns[ROOMS];
    uint64_t received = 0;
    char params[96];
    bench_hub_start(&hub);
    bench_world_init(&world, &hub);
    struct bench_sender *senders = bench_senders_new(&world, ROOMS, each, &readers);
    for (size_t i = 0; i < ROOMS; i++) bench_sender_connect(&world, &senders[i]);
    snprintf(params, sizeof params, "\"messages\": %zu, \"devices\": %d", total, ROOMS);

    uint64_t start = bench_wall_ns();
    bench_senders_run(&world, senders, ROOMS, OUTSTANDING / ROOMS, start + 60000000000u);
    double seconds = (double)(bench_wall_ns() - start) / 1e9;
    bench_row("store_offline", params, (double)total / seconds, "1/s", floors->rows_per_s_1000,
              true);

    uint64_t cpu = bench_process_cpu_ns(hub.pid);
    start = bench_wall_ns();
    for (size_t i = 0; i < ROOMS; i++) {
        state[i].total = &received;
        conns[i] = bench_login(&world, readers[i], 0, on_frame, &state[i]);
        bench_subscribe(conns[i], senders[i].room.uri, senders[i].room.joined_log_seq);
    }
    while (received < total && bench_wall_ns() < start + 60000000000u) {
        bench_net_pump(world.net, 10);
    }
    seconds = (double)(bench_wall_ns() - start) / 1e9;
    if (received != total) bench_die("messages are missing or doubled after the drain");
    bench_row("drain_offline", params, (double)total / seconds, "1/s", 0, true);
    bench_row("drain_per_hub_cpu_s", params,
              (double)total * 1e9 / (double)(bench_process_cpu_ns(hub.pid) - cpu), "1/cpu-s", 0,
              true);
    for (size_t i = 0; i < ROOMS; i++) bench_conn_close(conns[i]);
    bench_senders_free(senders, ROOMS);
    free(readers);
    bench_world_wipe(&world);
    bench_hub_stop(&hub, SIGTERM);
    bench_folder_remove(hub.folder);
}
