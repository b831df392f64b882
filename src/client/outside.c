/*
 * Notices of people without an account, as a moderator's client has them: fetched sealed, kept
 * sealed, opened when they are looked at.  Nothing about them is proven.
 */
#include <string.h>

#include "client/desk.h"

enum { OUTSIDE_KEY_LEN = 16 };
static const char OUTSIDE_PREFIX[] = "outside ";

static struct client_key outside_key(uint64_t number)
{
    uint8_t octets[OUTSIDE_KEY_LEN];
    memcpy(octets, OUTSIDE_PREFIX, sizeof OUTSIDE_PREFIX - 1);
    tb_put_u64(octets + sizeof OUTSIDE_PREFIX - 1, number);
    return client_key_bytes(TB_ARRAY(octets));
}

tb_status client_outside_get(struct client_turn *turn, uint64_t number,
                             struct chat_notice_waiting *out)
{
    return client_table_get(turn, CLIENT_TABLE_META, outside_key(number),
                            &chat_notice_waiting_desc, out);
}

/* ------------------------------------------------------------------ fetching */

static tb_status outside_answered(struct client_turn *turn, const struct client_request *request,
                                  uint16_t code, tb_bytes body)
{
    struct chat_notice_queue queue;
    uint64_t newest = request->number;
    if (code == CLIENT_CODE_LOST) code = CLIENT_OFFLINE;
    if (code != CHAT_CODE_OK) return client_fetch_over(turn, code);
    TRY(client_answer_decode(turn, &chat_notice_queue_desc, body, &queue));
    for (size_t i = 0; i < queue.notices.count; i++) {
        const struct chat_notice_waiting *waiting = &queue.notices.at[i];
        if (waiting->sealed.number <= newest) return TB_STATUS(CLIENT_HUB_ANSWER);
        newest = waiting->sealed.number;
        TRY(client_table_put(turn, CLIENT_TABLE_META, outside_key(newest),
                             &chat_notice_waiting_desc, waiting));
    }
    if (queue.notices.count != 0) TRY(client_outside_ask(turn, newest)); /* until nothing is left */
    return client_fetch_over(turn, CHAT_CODE_OK);
}

tb_status client_outside_ask(struct client_turn *turn, uint64_t after)
{
    struct chat_queue_get get = { after };
    struct client_about about = { .number = after };
    turn->client->fetch_open_count++;
    return client_request_send(turn, CHAT_VERB_NOTICE_QUEUE, &get, outside_answered, &about);
}

/* ------------------------------------------------------------------ looking */

/* The desk's key that it was sealed to; CHAT_NOTICE_SEALED when this device has it not. */
static tb_status outside_open(struct client_turn *turn, const struct client_desk_row *desk,
                              const struct chat_sealed_notice *sealed, struct chat_notice *out)
{
    struct client *client = turn->client;
    for (size_t i = 0; i < desk->keys.count; i++) {
        const struct client_desk_key_row *row = &desk->keys.at[i];
        struct chat_recipient_key key;
        struct tb_secret secret = { 0 };
        uint8_t hash[CHAT_HASH_LEN];
        TRY(wire_decode(&chat_recipient_key_desc, row->recipient_key, &turn->arena, &key, NULL));
        TRY(chat_notice_key_hash(&client->suite, &key, &turn->arena, hash));
        if (memcmp(hash, sealed->recipient_key_hash, sizeof hash) != 0) continue;
        if (row->private_key.len > TB_SECRET_MAX) return TB_STATUS(TB_STORE);
        tb_secret_set(&secret, row->private_key);
        tb_bytes intake_key = chat_records_intake_key(&client->hub, sealed->received_ms);
        tb_status status = chat_notice_open(&client->suite, sealed, intake_key, &key, &secret,
                                            &turn->arena, out);
        tb_secret_wipe(&secret);
        return status;
    }
    return TB_STATUS(CHAT_NOTICE_SEALED);
}

static tb_status outside_view(struct client_turn *turn, const struct client_desk_row *desk,
                              tb_bytes encoded, struct client_outside_view *out)
{
    struct chat_notice_waiting waiting;
    struct chat_notice notice = { .kind = 0 };
    TRY(client_answer_decode(turn, &chat_notice_waiting_desc, encoded, &waiting));
    *out = (struct client_outside_view){ .number = waiting.sealed.number,
                                         .about = waiting.sealed.about,
                                         .received_ms = waiting.sealed.received_ms,
                                         .outcome = waiting.outcome };
    tb_status status = outside_open(turn, desk, &waiting.sealed, &notice);
    if (client_status_is_fatal(status)) return status;
    out->fault = status.code;
    if (!tb_is_ok(status)) return TB_STATUS(TB_OK); /* shown as one that does not open */
    out->reason_code = notice.reason_code;
    out->where = notice.where;
    out->text = notice.text;
    out->name = notice.name;
    out->mail = notice.mail;
    return TB_STATUS(TB_OK);
}

static tb_status outside_list(struct client_turn *turn, struct client_outside_view **out,
                              size_t *count)
{
    struct client_desk_row desk = { 0 };
    struct client_pairs pairs;
    struct client_key from = outside_key(0), until = outside_key(UINT64_MAX);
    tb_status status = client_desk_get(turn, &desk);
    if (status.code != TB_NOT_FOUND) TRY(status);
    TRY(client_table_scan(turn, CLIENT_TABLE_META, client_key_view(&from), client_key_view(&until),
                          false, SIZE_MAX, &pairs));
    struct client_outside_view *views = tb_arena_take(&turn->arena, pairs.count, sizeof *views);
    if (views == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < pairs.count; i++) {
        TRY(outside_view(turn, &desk, pairs.at[i].value, &views[i]));
    }
    *out = views;
    *count = pairs.count;
    return TB_STATUS(TB_OK);
}

tb_status client_outsides(struct client *client, struct tb_arena *arena,
                          struct client_outside_view **out, size_t *count)
{
    if (client->is_void || client->must_reload) return TB_STATUS(TB_STORE);
    struct client_turn turn = { .client = client };
    turn.arena = *arena;
    tb_status status = outside_list(&turn, out, count);
    *arena = turn.arena;
    return status;
}

/* ------------------------------------------------------------------ answering */

static tb_status outside_settled(struct client_turn *turn, const struct client_request *request,
                                 uint16_t code, tb_bytes body)
{
    struct chat_notice_waiting waiting;
    if (code == CLIENT_CODE_LOST) code = CLIENT_OFFLINE;
    if (code != CHAT_CODE_OK) {
        struct chat_error error = { .value = 0 };
        tb_status read = wire_decode(&chat_error_desc, body, &turn->arena, &error, NULL);
        return client_show_failed(turn, request->op, code,
                                  tb_is_ok(read) ? error.detail : (tb_bytes){ 0 });
    }
    struct client_key key = outside_key(request->number);
    TRY(client_table_get(turn, CLIENT_TABLE_META, key, &chat_notice_waiting_desc, &waiting));
    waiting.outcome = request->data[0];
    TRY(client_table_put(turn, CLIENT_TABLE_META, key, &chat_notice_waiting_desc, &waiting));
    return client_show_done(turn, request->op, &(struct client_show){ .number = request->number });
}

static tb_status outside_answer(struct client_turn *turn, const struct chat_notice_answer *put,
                                uint64_t *op)
{
    struct client *client = turn->client;
    TRY(client_profile_check(client));
    if (!client_is_online(client)) return TB_STATUS(CLIENT_OFFLINE);
    *op = client_op_new(client);
    struct client_about about = { .op = *op, .number = put->number,
                                  .data = tb_bytes_of(&put->outcome, 1) };
    return client_request_send(turn, CHAT_VERB_NOTICE_ANSWER, put, outside_settled, &about);
}

tb_status client_outside_answer(struct client *client, uint64_t now_ms,
                                const struct chat_notice_answer *put,
                                struct client_effects *effects, uint64_t *op)
{
    struct client_turn turn;
    tb_status status = client_turn_begin(&turn, client, now_ms, effects);
    if (tb_is_ok(status)) status = outside_answer(&turn, put, op);
    return client_turn_end(&turn, status);
}
