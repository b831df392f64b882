/*
 * Read receipts: a MIMI message-status in a content of its own, so that it is franked and numbered
 * like everything else.  One receipt names what was read at once.  They are off by default but in
 * conversations of two: in a larger room each of them is a message to everybody.
 */
#include "client/revise.h"

#include <string.h>

#include "wire/cbor.h"

enum { STATUS_READ = 2, RECEIPT_BYTES_MAX = 8192 };

enum client_receipts client_receipts_of(const struct client *client)
{
    return (enum client_receipts)client->profile.receipts;
}

tb_status client_receipts_set(struct client *client, uint64_t now_ms,
                              enum client_receipts receipts, struct client_effects *effects)
{
    struct client_turn turn;
    tb_status status = client_turn_begin(&turn, client, now_ms, effects);
    if (tb_is_ok(status)) {
        client->profile.receipts = (uint8_t)receipts;
        client->is_profile_dirty = true;
    }
    return client_turn_end(&turn, status);
}

/* ------------------------------------------------------------------ making */

static tb_status client_receipt_is_wanted(struct client_turn *turn, struct client_room *room,
                                          bool *out)
{
    struct chat_policy_room policy;
    *out = false;
    if (room->row.state != CLIENT_ROOM_OPEN || turn->client->is_restricted) return TB_STATUS(TB_OK);
    switch (client_receipts_of(turn->client)) {
    case CLIENT_RECEIPTS_DM:
        if (room->row.kind != CHAT_ROOM_DM) return TB_STATUS(TB_OK);
        break;
    case CLIENT_RECEIPTS_ALL:
        if (room->row.kind != CHAT_ROOM_DM && room->row.kind != CHAT_ROOM_GROUP) {
            return TB_STATUS(TB_OK);
        }
        break;
    default: return TB_STATUS(TB_OK);
    }
    TRY(client_room_policy(turn, room, &policy));
    *out = policy.participants.participants.count <= CLIENT_RECEIPT_ROOM_COUNT_MAX
           && chat_policy_user_can(&policy, turn->client->profile.account, CHAT_CAN_SEND_MESSAGE);
    return TB_STATUS(TB_OK);
}

static tb_status client_receipt_body(struct client_turn *turn, const tb_bytes *ids, size_t count,
                                     tb_bytes *out)
{
    struct tb_buf buf;
    tb_buf_init(&buf, turn->client->config.mem, RECEIPT_BYTES_MAX);
    tb_status status = wire_cbor_put_array(&buf, count);
    for (size_t i = 0; tb_is_ok(status) && i < count; i++) {
        status = wire_cbor_put_array(&buf, 2);
        if (tb_is_ok(status)) status = wire_cbor_put_bytes(&buf, ids[i]);
        if (tb_is_ok(status)) status = wire_cbor_put_uint(&buf, STATUS_READ);
    }
    if (tb_is_ok(status)) status = tb_arena_dup(&turn->arena, tb_buf_view(&buf), out);
    tb_buf_wipe(&buf);
    return status;
}

tb_status client_receipt_make(struct client_turn *turn, struct client_room *room,
                              uint64_t row_before)
{
    struct client_pairs rows = { 0 };
    tb_bytes ids[CLIENT_RECEIPT_COUNT_MAX];
    size_t count = 0;
    bool is_wanted;
    TRY(client_receipt_is_wanted(turn, room, &is_wanted));
    if (!is_wanted || room->row.row_read <= row_before) return TB_STATUS(TB_OK);
    uint64_t from = row_before + 1;
    if (room->row.row_read - row_before > CLIENT_RECEIPT_COUNT_MAX) {
        from = room->row.row_read - CLIENT_RECEIPT_COUNT_MAX + 1;
    }
    TRY(client_table_of_room(turn, CLIENT_TABLE_ROWS, room->row.no, from, room->row.row_read + 1,
                             CLIENT_RECEIPT_COUNT_MAX, &rows));
    for (size_t i = 0; i < rows.count; i++) {
        struct client_line_row line;
        TRY(wire_decode(&client_line_row_desc, rows.at[i].value, &turn->arena, &line, NULL));
        bool is_message = line.row_kind == CLIENT_LINE_MESSAGE && !line.is_failed
                          && line.message_id.len != 0;
        if (is_message && !line.is_own) ids[count++] = line.message_id;
    }
    if (count == 0) return TB_STATUS(TB_OK);
    struct client_send_params params = { .content_type = TB_LITERAL(CHAT_MEDIA_TYPE_STATUS),
                                         .is_silent = true };
    TRY(client_receipt_body(turn, ids, count, &params.body));
    return client_send_content(turn, room, &params);
}

/* ------------------------------------------------------------------ taking */

static tb_status client_receipt_one(struct client_turn *turn, struct client_room *room,
                                    tb_bytes account, uint64_t at_ms, tb_bytes id)
{
    struct client_message_id_row about;
    struct client_line_row line;
    tb_status status = client_message_id_get(turn, room, id, &about);
    if (status.code == TB_NOT_FOUND || (tb_is_ok(status) && about.row == 0)) {
        return TB_STATUS(TB_OK);
    }
    TRY(status);
    struct client_key key = client_key_number(room->row.no, about.row);
    TRY(client_table_get(turn, CLIENT_TABLE_ROWS, key, &client_line_row_desc, &line));
    if (!line.is_own || about.is_reaction || line.readers.count == CLIENT_READER_COUNT_MAX
        || tb_bytes_equal(account, turn->client->profile.account)) {
        return TB_STATUS(TB_OK);
    }
    struct wire_opaque *all = tb_arena_take(&turn->arena, line.readers.count + 1, sizeof *all);
    if (all == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < line.readers.count; i++) {
        if (tb_bytes_equal(line.readers.at[i].value, account)) return TB_STATUS(TB_OK);
        all[i] = line.readers.at[i];
    }
    all[line.readers.count].value = account;
    line.readers.at = all;
    line.readers.count++;
    TRY(client_table_put(turn, CLIENT_TABLE_ROWS, key, &client_line_row_desc, &line));
    return client_show(turn, &(struct client_show){
                                 .kind = CLIENT_SHOW_READ,
                                 .number = line.room_seq,
                                 .at_ms = at_ms,
                                 .is_own = true,
                                 .room = room->row.room_uri,
                                 .room_name = room->row.name,
                                 .account = account,
                                 .handle = client_record_handle(turn, account),
                                 .message_id = line.message_id });
}

tb_status client_receipt_take(struct client_turn *turn, struct client_room *room, tb_bytes account,
                              uint64_t at_ms, tb_bytes body)
{
    struct wire_cbor cbor;
    size_t count;
    TRY(wire_cbor_open(body, &cbor));
    TRY(wire_cbor_take_array(&cbor, &count));
    if (count > CLIENT_RECEIPT_COUNT_MAX) return TB_STATUS(CLIENT_HUB_ANSWER);
    for (size_t i = 0; i < count; i++) {
        size_t fields;
        tb_bytes id;
        uint64_t state;
        TRY(wire_cbor_take_array(&cbor, &fields));
        if (fields != 2) return TB_STATUS(CLIENT_HUB_ANSWER);
        TRY(wire_cbor_take_bytes(&cbor, &id));
        TRY(wire_cbor_take_uint(&cbor, &state));
        if (state == STATUS_READ) TRY(client_receipt_one(turn, room, account, at_ms, id));
    }
    return TB_STATUS(TB_OK);
}
