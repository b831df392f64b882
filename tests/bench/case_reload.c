#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/bench/bench.h"
#include "tests/bench/cases.h"

enum { ROUND = 20000, OUTSTANDING = 256, TEXT_BYTES = 200 };

/* One more message, durable: from its submit to its answer. */
static double one_more_s(struct bench_world *world, struct bench_sender *sender)
{
    uint64_t start = bench_wall_ns();
    sender->message_count = sender->next + 1;
    bench_senders_run(world, sender, 1, 1, start + 120000000000u);
    if (sender->acked != sender->message_count || sender->refused != 0) {
        bench_die("a message was not taken after the restart");
    }
    return (double)(bench_wall_ns() - start) / 1e9;
}

/* New messages in the place of those that went. */
static void refill(struct bench_world *world, struct bench_sender *sender)
{
    for (size_t m = 0; m < ROUND; m++) {
        struct bench_message *message = &sender->messages[m];
        free(message->frame);
        message->frame = bench_submit_frame(world, &sender->room, TEXT_BYTES, &message->len,
                                            &message->id_offset, message->tag);
    }
    sender->next = sender->acked = 0;
}

void bench_case_reload(const struct bench_options *options)
{
    size_t total = options->is_quick ? ROUND : 10 * ROUND;
    struct bench_hub_process hub = { 0 };
    struct bench_world world;
    struct bench_account **readers;
    char params[96];
    bench_hub_start(&hub);
    bench_world_init(&world, &hub);
    struct bench_sender *sender = bench_senders_new(&world, 1, ROUND, &readers);
    for (size_t sent = 0; sent < total; sent += ROUND) {
        if (sent != 0) refill(&world, sender);
        sender->message_count = ROUND - (sent + ROUND == total ? 2 : 0);
        bench_sender_connect(&world, sender);
        bench_senders_run(&world, sender, 1, OUTSTANDING, bench_wall_ns() + 120000000000u);
        if (sender->acked != sender->message_count || sender->refused != 0) {
            bench_die("messages were not taken");
        }
    }
    bench_conn_close(sender->conn);
    sender->conn = NULL;
    bench_hub_stop(&hub, SIGTERM);
    bench_hub_start(&hub);
    bench_world_reconnect(&world);
    bench_sender_connect(&world, sender);
    double first_s = one_more_s(&world, sender), next_s = one_more_s(&world, sender);
    snprintf(params, sizeof params, "\"messages\": %zu", total);
    bench_row("room_load", params, (first_s - next_s) * 1e3, "ms", 0, false);
    sender->message_count = ROUND; /* what is freed */
    bench_senders_free(sender, 1);
    free(readers);
    bench_world_wipe(&world);
    bench_hub_stop(&hub, SIGTERM);
    bench_folder_remove(hub.folder);
}
