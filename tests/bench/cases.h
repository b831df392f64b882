/* The cases of bench-hub; each starts a hub of its own and prints its rows. */
#ifndef TB_BENCH_CASES_H
#define TB_BENCH_CASES_H

#include "tests/bench/world.h"

struct bench_options {
    bool is_quick; /* a tenth of the work, to see that everything runs */
};
struct bench_floors {
    double signs_per_s, commits_per_s, rows_per_s, rows_per_s_1000, deliveries_per_cpu_s;
};

/* Accepted, durable, franked messages a second with 1, 10 and 100 rooms busy. */
void bench_case_accept(const struct bench_options *options, const struct bench_floors *floors);
/* Deliveries into rooms of 10, 100 and 1,000 connected devices. */
void bench_case_fanout(const struct bench_options *options, const struct bench_floors *floors);
/* Memory of 1,000 and 10,000 idle connections that are logged in, in clear and with TLS. */
void bench_case_idle(const struct bench_options *options);
/* 100,000 messages stored for devices that are offline, and their drain. */
void bench_case_drain(const struct bench_options *options, const struct bench_floors *floors);
/* kill -9 under load, 20 times: acknowledged messages lost or doubled. */
void bench_case_kill(const struct bench_options *options);
/* A hub starts again: how long the first message waits in a room that took 200,000 in a day. */
void bench_case_reload(const struct bench_options *options);

/* ---- senders: rooms with frames that wait to be sent ---- */

struct bench_message {
    uint8_t *frame;
    size_t len, id_offset;
    uint8_t tag[32];
    uint64_t sent_ns;
};
struct bench_sender {
    struct bench_room room;
    struct bench_account *account;
    struct bench_conn *conn;
    struct bench_message *messages;
    size_t message_count, next, acked;
    uint32_t first_id;  /* request id of messages[first] */
    size_t first;
    uint64_t *acked_seq;   /* room_seq by message, 0: not acknowledged */
    uint64_t *latency_ns;  /* where samples go, or NULL */
    size_t *latency_count;
    uint64_t refused;
};

/* `count` rooms, each with one sender and one further, offline member account in readers. */
struct bench_sender *bench_senders_new(struct bench_world *world, size_t count,
                                       size_t message_count, struct bench_account ***readers);
void bench_senders_free(struct bench_sender *senders, size_t count);
void bench_sender_connect(struct bench_world *world, struct bench_sender *sender);
/* Sends the next message; is due at the time given, for latencies. */
void bench_sender_send(struct bench_sender *sender, uint64_t due_ns);
/* Closed loop with `window` messages outstanding a room until all are acknowledged or until_ns. */
void bench_senders_run(struct bench_world *world, struct bench_sender *senders, size_t count,
                       size_t window, uint64_t until_ns);

#endif
