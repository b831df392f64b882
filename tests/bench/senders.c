#include <stdlib.h>
#include <string.h>

#include "tests/bench/bench.h"
#include "tests/bench/cases.h"

enum { TEXT_BYTES = 200 };

static void on_answer(struct bench_conn *conn, const uint8_t *payload, size_t len)
{
    struct bench_sender *sender = conn->user;
    if (len < 7 || payload[0] != CHAT_FRAME_ANSWER) return;
    uint32_t id = tb_get_u32(payload + 1);
    size_t index = sender->first + (size_t)(id - sender->first_id);
    if (id < sender->first_id || index >= sender->message_count) return;
    sender->acked++;
    if (tb_get_u16(payload + 5) != CHAT_CODE_OK) {
        sender->refused++;
        return;
    }
    /* log_seq, accepted_timestamp, then Frank (32 octets, suite, signature<V>) and TimbreFrank. */
    tb_bytes rest = tb_bytes_of(payload + 7 + 16 + 34, len - 7 - 16 - 34);
    size_t signature_len;
    if (!tb_is_ok(wire_length_take(&rest, &signature_len)) || rest.len < signature_len + 10) {
        bench_die("an answer to submit does not parse");
    }
    sender->acked_seq[index] = tb_get_u64(rest.data + signature_len + 2);
    if (sender->latency_ns != NULL) {
        sender->latency_ns[(*sender->latency_count)++] =
            bench_wall_ns() - sender->messages[index].sent_ns;
    }
}

struct bench_sender *bench_senders_new(struct bench_world *world, size_t count,
                                       size_t message_count, struct bench_account ***readers)
{
    struct bench_sender *senders = calloc(count, sizeof *senders);
    *readers = calloc(count, sizeof **readers);
    if (senders == NULL || *readers == NULL) bench_die("no memory");
    for (size_t i = 0; i < count; i++) {
        struct bench_sender *sender = &senders[i];
        sender->account = bench_account_new(world, 1);
        (*readers)[i] = bench_account_new(world, 1);
        bench_key_packages_put(world, (*readers)[i]);
        struct bench_conn *conn = bench_login(world, sender->account, 0, NULL, NULL);
        bench_room_new(world, conn, sender->account, &(*readers)[i], 1, &sender->room);
        bench_conn_close(conn);
        sender->messages = calloc(message_count, sizeof *sender->messages);
        sender->acked_seq = calloc(message_count, sizeof *sender->acked_seq);
        if (sender->messages == NULL || sender->acked_seq == NULL) bench_die("no memory");
        sender->message_count = message_count;
        for (size_t m = 0; m < message_count; m++) {
            struct bench_message *message = &sender->messages[m];
            message->frame = bench_submit_frame(world, &sender->room, TEXT_BYTES, &message->len,
                                                &message->id_offset, message->tag);
        }
    }
    return senders;
}

void bench_senders_free(struct bench_sender *senders, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t m = 0; m < senders[i].message_count; m++) free(senders[i].messages[m].frame);
        free(senders[i].messages);
        free(senders[i].acked_seq);
        if (senders[i].conn != NULL) bench_conn_close(senders[i].conn);
        bench_room_free(&senders[i].room);
    }
    free(senders);
}

void bench_sender_connect(struct bench_world *world, struct bench_sender *sender)
{
    if (sender->conn != NULL) bench_conn_close(sender->conn);
    sender->conn = bench_login(world, sender->account, 0, on_answer, sender);
    sender->first = sender->next;
    sender->first_id = sender->conn->next_id + 1;
    sender->acked = sender->next;
}

void bench_sender_send(struct bench_sender *sender, uint64_t due_ns)
{
    struct bench_message *message = &sender->messages[sender->next++];
    tb_put_u32(message->frame + message->id_offset, ++sender->conn->next_id);
    message->sent_ns = due_ns;
    bench_conn_raw(sender->conn, message->frame, message->len);
}

void bench_senders_run(struct bench_world *world, struct bench_sender *senders, size_t count,
                       size_t window, uint64_t until_ns)
{
    for (;;) {
        size_t done = 0;
        uint64_t now = bench_wall_ns();
        for (size_t i = 0; i < count; i++) {
            struct bench_sender *sender = &senders[i];
            while (sender->next < sender->message_count &&
                   sender->next - sender->acked < window) {
                bench_sender_send(sender, now);
            }
            if (sender->acked == sender->message_count) done++;
        }
        if (done == count || now >= until_ns || bench_net_has_failed(world->net)) return;
        bench_net_pump(world->net, 10);
    }
}
