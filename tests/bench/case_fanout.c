#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/bench/bench.h"
#include "tests/bench/cases.h"

enum { DEVICES_AN_ACCOUNT = 16, OUTSTANDING = 8, ACK_EVERY = 64 };

struct fanout {
    struct bench_sender *sender;
    uint64_t deliveries;
    uint64_t *samples; /* latency of each delivery, or NULL */
    size_t sample_count, sample_count_max;
    uint64_t first_room_seq; /* of messages[0] */
};
struct receiver {
    struct fanout *fanout;
    struct bench_conn *conn;
    uint64_t unacked;
};

static void on_message(void *user, tb_bytes room, uint64_t room_seq, tb_bytes message)
{
    struct fanout *fanout = user;
    (void)room;
    (void)message;
    size_t index = (size_t)(room_seq - fanout->first_room_seq);
    if (index >= fanout->sender->message_count) return;
    if (fanout->sample_count == fanout->sample_count_max) return;
    fanout->samples[fanout->sample_count++] =
        bench_wall_ns() - fanout->sender->messages[index].sent_ns;
}

static void on_frame(struct bench_conn *conn, const uint8_t *payload, size_t len)
{
    struct receiver *receiver = conn->user;
    struct fanout *fanout = receiver->fanout;
    struct bench_page_view page;
    if (!bench_page_read(payload, len, &page, fanout->samples != NULL ? on_message : NULL,
                         fanout)) {
        return;
    }
    fanout->deliveries += page.message_count;
    receiver->unacked += page.message_count;
    if (receiver->unacked >= ACK_EVERY) {
        bench_cursor_ack(conn, page.room, page.last_log_seq);
        receiver->unacked = 0;
    }
}

static size_t join(struct bench_world *world, struct fanout *fanout, size_t devices,
                   struct receiver *receivers, struct bench_account **accounts)
{
    size_t account_count = (devices + DEVICES_AN_ACCOUNT - 1) / DEVICES_AN_ACCOUNT, at = 0;
    struct bench_sender *sender = fanout->sender;
    for (size_t i = 0; i < account_count; i++) {
        size_t left = devices - i * DEVICES_AN_ACCOUNT;
        accounts[i] = bench_account_new(world, left < DEVICES_AN_ACCOUNT ? left
                                                                         : DEVICES_AN_ACCOUNT);
        bench_key_packages_put(world, accounts[i]);
    }
    sender->account = bench_account_new(world, 1);
    struct bench_conn *conn = bench_login(world, sender->account, 0, NULL, NULL);
    bench_room_new(world, conn, sender->account, accounts, account_count, &sender->room);
    bench_conn_close(conn);
    for (size_t i = 0; i < account_count; i++) {
        for (size_t d = 0; d < accounts[i]->device_count; d++) {
            struct receiver *receiver = &receivers[at++];
            receiver->fanout = fanout;
            receiver->conn = bench_login(world, accounts[i], d, on_frame, receiver);
            bench_subscribe(receiver->conn, sender->room.uri, sender->room.joined_log_seq);
        }
    }
    return at;
}

/* A message is done when every device has it. */
static void closed_loop(struct bench_world *world, struct fanout *fanout, size_t devices,
                        size_t until)
{
    struct bench_sender *sender = fanout->sender;
    size_t base = sender->next;
    uint64_t start = fanout->deliveries, stop = bench_wall_ns() + 60000000000u;
    while (bench_wall_ns() < stop) {
        size_t done = (size_t)((fanout->deliveries - start) / devices);
        if (done >= until - base) return;
        while (sender->next < until && sender->next - base < done + OUTSTANDING) {
            bench_sender_send(sender, bench_wall_ns());
        }
        bench_net_pump(world->net, 10);
    }
    bench_die("deliveries are missing");
}

static void open_loop(struct bench_world *world, struct fanout *fanout, size_t devices,
                      double messages_per_s, const char *params)
{
    struct bench_sender *sender = fanout->sender;
    size_t base = sender->next, left = sender->message_count - base;
    fanout->sample_count_max = left * devices;
    fanout->samples = calloc(fanout->sample_count_max, sizeof *fanout->samples);
    if (fanout->samples == NULL) bench_die("no memory");
    uint64_t start = bench_wall_ns(), stop = start + 60000000000u;
    while (fanout->sample_count < fanout->sample_count_max && bench_wall_ns() < stop) {
        uint64_t now = bench_wall_ns();
        while (sender->next < sender->message_count) {
            uint64_t due = start + (uint64_t)((double)(sender->next - base) * 1e9 / messages_per_s);
            if (due > now) break;
            bench_sender_send(sender, due);
        }
        bench_net_pump(world->net, 1);
    }
    bench_row("fanout_p50", params,
              (double)bench_percentile(fanout->samples, fanout->sample_count, 0.5) / 1e3, "us", 0,
              false);
    bench_row("fanout_p99", params,
              (double)bench_percentile(fanout->samples, fanout->sample_count, 0.99) / 1e3, "us", 0,
              false);
    free(fanout->samples);
    fanout->samples = NULL;
}

static double one(size_t devices, size_t messages, const struct bench_floors *floors)
{
    struct bench_hub_process hub = { 0 };
    struct bench_world world;
    struct bench_account *accounts[128];
    struct bench_sender sender = { 0 };
    struct fanout fanout = { .sender = &sender, .first_room_seq = 1 };
    char params[160];
    bench_hub_start(&hub);
    bench_world_init(&world, &hub);
    struct receiver *receivers = calloc(devices, sizeof *receivers);
    if (receivers == NULL) bench_die("no memory");
    size_t receiver_count = join(&world, &fanout, devices, receivers, accounts);
    sender.messages = calloc(messages, sizeof *sender.messages);
    sender.acked_seq = calloc(messages, sizeof *sender.acked_seq);
    if (sender.messages == NULL || sender.acked_seq == NULL) bench_die("no memory");
    sender.message_count = messages;
    for (size_t i = 0; i < messages; i++) {
        struct bench_message *message = &sender.messages[i];
        message->frame = bench_submit_frame(&world, &sender.room, 200, &message->len,
                                            &message->id_offset, message->tag);
    }
    bench_sender_connect(&world, &sender);
    while (bench_net_pump(world.net, 200)) continue; /* what the set-up still sends */
    fanout.deliveries = 0;
    uint64_t hub_cpu = bench_process_cpu_ns(hub.pid), own_cpu = bench_cpu_ns();
    uint64_t start = bench_wall_ns();
    closed_loop(&world, &fanout, devices, messages * 3 / 4);
    double seconds = (double)(bench_wall_ns() - start) / 1e9;
    double hub_s = (double)(bench_process_cpu_ns(hub.pid) - hub_cpu) / 1e9;
    double rate = (double)fanout.deliveries / seconds;
    double per_cpu = (double)fanout.deliveries / hub_s;
    snprintf(params, sizeof params,
             "\"devices\": %zu, \"outstanding\": %d, \"text\": 200, \"generator_cpu\": %.2f",
             receiver_count, OUTSTANDING, (double)(bench_cpu_ns() - own_cpu) / 1e9 / seconds);
    bench_row("deliveries", params, rate, "1/s", 0, true);
    bench_row("deliveries_per_hub_cpu_s", params, per_cpu, "1/cpu-s",
              floors->deliveries_per_cpu_s, true);
    snprintf(params, sizeof params, "\"devices\": %zu, \"deliveries\": %.0f", receiver_count,
             rate / 2);
    open_loop(&world, &fanout, devices, rate / 2 / (double)devices, params);
    for (size_t i = 0; i < receiver_count; i++) bench_conn_close(receivers[i].conn);
    for (size_t i = 0; i < messages; i++) free(sender.messages[i].frame);
    free(sender.messages);
    free(sender.acked_seq);
    bench_conn_close(sender.conn);
    bench_room_free(&sender.room);
    free(receivers);
    bench_world_wipe(&world);
    bench_hub_stop(&hub, SIGTERM);
    bench_folder_remove(hub.folder);
    return per_cpu;
}

void bench_case_fanout(const struct bench_options *options, const struct bench_floors *floors)
{
    size_t scale = options->is_quick ? 10 : 1;
    one(10, 40000 / scale, floors);
    one(100, 20000 / scale, floors);
    double per_cpu = one(1000, 4000 / scale, floors);
    bench_bar("deliveries_1000", "at least 250,000 deliveries per hub CPU-second, durable",
              per_cpu >= 250000);
}
