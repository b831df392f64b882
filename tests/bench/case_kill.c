#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium/crypto_hash_sha256.h>

#include "tests/bench/bench.h"
#include "tests/bench/cases.h"

enum { ROOMS = 10, OUTSTANDING = 100, KILLS = 20, MESSAGES_A_ROUND = 2000 };

/* What a fresh look at a room's log shows. */
struct seen {
    struct bench_sender *sender;
    uint8_t (*hash_by_seq)[32]; /* of the MLSMessage that bears the number */
    size_t seq_max;
    uint64_t last_seq, last_log_seq, gaps;
};

static void on_message(void *user, tb_bytes room, uint64_t room_seq, tb_bytes message)
{
    struct seen *seen = user;
    (void)room;
    if (room_seq != seen->last_seq + 1) seen->gaps++;
    seen->last_seq = room_seq;
    if (room_seq <= seen->seq_max) {
        crypto_hash_sha256(seen->hash_by_seq[room_seq], message.data, message.len);
    }
}

static void on_frame(struct bench_conn *conn, const uint8_t *payload, size_t len)
{
    struct seen *seen = conn->user;
    struct bench_page_view page;
    if (bench_page_read(payload, len, &page, on_message, seen)) {
        seen->last_log_seq = page.last_log_seq;
        bench_cursor_ack(conn, page.room, page.last_log_seq);
    }
}

/* The message inside a submit frame: behind two URIs. */
static void hash_of_frame(const struct bench_message *message, uint8_t hash[32])
{
    tb_bytes in = tb_bytes_of(message->frame + message->id_offset + 6,
                              message->len - message->id_offset - 6);
    size_t len = 0;
    for (int i = 0; i < 3; i++) {
        in = tb_bytes_of(in.data + len, in.len - len);
        if (!tb_is_ok(wire_length_take(&in, &len)) || len > in.len) bench_die("a frame is wrong");
    }
    crypto_hash_sha256(hash, in.data, len);
}

static void compare(const struct bench_sender *sender, const struct seen *seen, uint64_t *acked,
                    uint64_t *lost, uint64_t *doubled)
{
    for (size_t m = 0; m < sender->message_count; m++) {
        uint8_t hash[32];
        if (sender->acked_seq[m] == 0) continue;
        (*acked)++;
        hash_of_frame(&sender->messages[m], hash);
        uint64_t seq = sender->acked_seq[m];
        if (seq > seen->last_seq || memcmp(seen->hash_by_seq[seq], hash, 32) != 0) (*lost)++;
        for (uint64_t s = 1; s <= seen->last_seq && s <= seen->seq_max; s++) {
            if (s != seq && memcmp(seen->hash_by_seq[s], hash, 32) == 0) (*doubled)++;
        }
    }
}

static void look(struct bench_world *world, struct bench_sender *sender,
                 struct bench_account *reader, uint64_t *acked, uint64_t *lost, uint64_t *doubled)
{
    struct seen seen = { .sender = sender, .seq_max = sender->message_count };
    seen.hash_by_seq = calloc(seen.seq_max + 1, sizeof *seen.hash_by_seq);
    if (seen.hash_by_seq == NULL) bench_die("no memory");
    struct bench_conn *conn = bench_login(world, reader, 0, on_frame, &seen);
    bench_subscribe(conn, sender->room.uri, sender->room.joined_log_seq);
    while (bench_net_pump(world->net, 300)) continue;
    compare(sender, &seen, acked, lost, doubled);
    *doubled += seen.gaps;
    bench_conn_close(conn);
    free(seen.hash_by_seq);
}

void bench_case_kill(const struct bench_options *options)
{
    int kills = options->is_quick ? 2 : KILLS;
    size_t each = (size_t)(kills + 1) * MESSAGES_A_ROUND / ROOMS;
    struct bench_hub_process hub = { 0 };
    struct bench_world world;
    struct bench_account **readers;
    uint64_t acked = 0, lost = 0, doubled = 0;
    char params[128];
    bench_hub_start(&hub);
    bench_world_init(&world, &hub);
    struct bench_sender *senders = bench_senders_new(&world, ROOMS, each, &readers);
    for (int kill_number = 0; kill_number < kills; kill_number++) {
        for (size_t i = 0; i < ROOMS; i++) bench_sender_connect(&world, &senders[i]);
        uint64_t pause_ns = 5000000u + (uint64_t)(kill_number * 7919 % 40) * 1000000u;
        bench_senders_run(&world, senders, ROOMS, OUTSTANDING / ROOMS,
                          bench_wall_ns() + pause_ns);
        kill(hub.pid, SIGKILL);
        bench_net_pump(world.net, 50); /* answers that were on their way count as acknowledged */
        bench_hub_stop(&hub, SIGKILL);
        for (size_t i = 0; i < ROOMS; i++) {
            bench_conn_close(senders[i].conn);
            senders[i].conn = NULL;
        }
        bench_hub_start(&hub);
        struct bench_net *broken = world.net;
        bench_conn_close(world.admin_conn);
        bench_net_free(broken);
        world.net = bench_net_new(hub.port, false);
        world.admin_conn = bench_login(&world, world.admin, 0, NULL, NULL);
    }
    for (size_t i = 0; i < ROOMS; i++) {
        look(&world, &senders[i], readers[i], &acked, &lost, &doubled);
    }
    snprintf(params, sizeof params, "\"kills\": %d, \"acknowledged\": %llu", kills,
             (unsigned long long)acked);
    bench_row("kill_lost", params, (double)lost, "messages", 0, false);
    bench_row("kill_doubled_or_gaps", params, (double)doubled, "messages", 0, false);
    bench_bar("kill", "no acknowledged message lost or doubled", lost == 0 && doubled == 0);
    bench_senders_free(senders, ROOMS);
    free(readers);
    bench_world_wipe(&world);
    bench_hub_stop(&hub, SIGTERM);
    bench_folder_remove(hub.folder);
}
