/* What leaves this device as proof for others: exported cases, alarms, attachments of a case. */
#include "client/desk.h"

#include <string.h>

#include "chat/bundle.h"
#include "client/proof.h"

/* ------------------------------------------------------------------ a case */

static tb_status client_export_records(struct client_turn *turn,
                                       const struct client_case_row *row, tb_bytes **out,
                                       size_t *count)
{
    tb_bytes *list = tb_arena_take(&turn->arena, row->messages.count, sizeof *list);
    if (list == NULL) return TB_STATUS(TB_NO_SPACE);
    *count = 0;
    for (size_t i = 0; i < row->messages.count; i++) {
        tb_bytes account = row->messages.at[i].account;
        struct client_person_row person;
        struct chat_account_record record;
        bool is_known = false;
        for (size_t k = 0; k < i && !is_known; k++) {
            is_known = tb_bytes_equal(row->messages.at[k].account, account);
        }
        if (is_known) continue;
        tb_status status = client_record_get(turn, account, &person, &record);
        if (client_status_is_fatal(status)) return status;
        if (tb_is_ok(status)) list[(*count)++] = person.record;
    }
    *out = list;
    return TB_STATUS(TB_OK);
}

static tb_status client_export_make(struct client_turn *turn, tb_bytes report_id, tb_bytes *out)
{
    struct client *client = turn->client;
    struct client_case_row row;
    struct chat_report_intake intake;
    struct chat_bundle_params params = { .suite = &client->suite };
    tb_bytes *records = NULL;
    TRY(client_case_get(turn, report_id, &row));
    if (row.verdict != TB_OK) return TB_STATUS(CLIENT_CASE_UNVERIFIED);
    TRY(client_case_open(turn, &row, &intake, &params.report));
    params.received_ms = row.received_ms;
    params.room_uri = row.room_uri;
    tb_bytes *openings = tb_arena_take(&turn->arena, row.more.count, sizeof *openings);
    if (openings == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < row.more.count; i++) openings[i] = row.more.at[i].openings;
    params.openings = openings;
    params.opening_count = row.more.count;
    TRY(client_export_records(turn, &row, &records, &params.record_count));
    params.records = records;
    TRY(wire_encode(&chat_hub_record_desc, &client->hub, &turn->arena, &params.hub_record));
    return chat_bundle_make(&params, &turn->arena, out);
}

tb_status client_case_export(struct client *client, tb_bytes report_id, struct tb_arena *arena,
                             tb_bytes *bundle)
{
    struct client_turn turn;
    TRY(client_read_begin(client, arena, &turn));
    return client_read_end(&turn, arena, client_export_make(&turn, report_id, bundle));
}

/* ------------------------------------------------------------------ an attachment */

static tb_status client_case_save_read(struct client_turn *turn, tb_bytes report_id,
                                       uint64_t room_seq, tb_bytes *plain)
{
    struct client_case_row row;
    struct chat_report_intake intake;
    struct chat_report_result *result = tb_arena_take(&turn->arena, 1, sizeof *result);
    tb_bytes report;
    if (result == NULL) return TB_STATUS(TB_NO_SPACE);
    TRY(client_case_get(turn, report_id, &row));
    TRY(client_case_open(turn, &row, &intake, &report));
    TRY(client_case_verify(turn, &row, &intake, report, NULL, result));
    for (size_t i = 0; i < result->message_count; i++) {
        const struct chat_report_message *message = &result->messages[i];
        if (message->stub->room_seq != room_seq) continue;
        if (message->attachment_count == 0) return TB_STATUS(CLIENT_ATTACHMENT_NONE);
        *plain = message->attachments[0].plain;
        return TB_STATUS(TB_OK);
    }
    return TB_STATUS(CLIENT_MESSAGE_UNKNOWN);
}

tb_status client_case_save(struct client *client, tb_bytes report_id, uint64_t room_seq,
                           struct tb_arena *arena, tb_bytes *plain)
{
    struct client_turn turn;
    TRY(client_read_begin(client, arena, &turn));
    return client_read_end(&turn, arena,
                           client_case_save_read(&turn, report_id, room_seq, plain));
}

/* ------------------------------------------------------------------ alarms */

static tb_status client_alarms_read(struct client_turn *turn, struct client_alarm_view **out,
                                    size_t *count)
{
    struct client_key from = client_key_text("alarm"), until = from;
    struct client_pairs rows = { 0 };
    memset(from.data + from.len, 0, 8);
    memset(until.data + until.len, 0xff, 8);
    from.len += 8;
    until.len += 8;
    TRY(client_table_scan(turn, CLIENT_TABLE_META, tb_bytes_of(from.data, from.len),
                          tb_bytes_of(until.data, until.len), false, CLIENT_ALARM_COUNT_MAX,
                          &rows));
    struct client_alarm_view *views = tb_arena_take(&turn->arena, rows.count, sizeof *views);
    if (views == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < rows.count; i++) {
        struct client_alarm_row row;
        TRY(wire_decode(&client_alarm_row_desc, rows.at[i].value, &turn->arena, &row, NULL));
        views[i] = (struct client_alarm_view){
            .number = tb_get_u64(rows.at[i].key.data + rows.at[i].key.len - 8),
            .at_ms = row.at_ms,
            .room_seq = row.room_seq,
            .code = row.code,
            .room = row.room_uri,
        };
        if (row.code == CLIENT_ALARM_EQUIVOCATION) views[i].proof = row.received;
    }
    *out = views;
    *count = rows.count;
    return TB_STATUS(TB_OK);
}

tb_status client_alarms(struct client *client, struct tb_arena *arena,
                        struct client_alarm_view **out, size_t *count)
{
    struct client_turn turn;
    TRY(client_read_begin(client, arena, &turn));
    return client_read_end(&turn, arena, client_alarms_read(&turn, out, count));
}
