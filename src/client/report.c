/* Handing in a report (spec 2.5.6, 2.5.7): window, seal, and keeping it until there is a desk. */
#include "client/desk.h"

#include <string.h>

#include "chat/content.h"
#include "chat/report.h"
#include "chat/report_seal.h"
#include "client/evidence.h"
#include "client/prune.h"
#include "wire/text.h"

static struct client_key client_report_key(const struct client_report_row *row)
{
    return client_key_bytes(TB_ARRAY(row->nonce));
}

static tb_status client_report_put(struct client_turn *turn, const struct client_report_row *row)
{
    return client_table_put(turn, CLIENT_TABLE_REPORTS, client_report_key(row),
                            &client_report_row_desc, row);
}

/* ------------------------------------------------------------------ the window */

static tb_status client_report_evidence(struct client_turn *turn, struct client_room *room,
                                        const struct client_report_row *report,
                                        struct chat_report_evidence *out)
{
    struct client *client = turn->client;
    size_t count = report->target_seq.count;
    uint64_t *targets = tb_arena_take(&turn->arena, count, sizeof *targets);
    if (targets == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < count; i++) targets[i] = report->target_seq.at[i].value;
    struct chat_report_params *params = tb_arena_take(&turn->arena, 1, sizeof *params);
    if (params == NULL) return TB_STATUS(TB_NO_SPACE);
    *params = (struct chat_report_params){
        .suite = &room->suite,
        .room_uri = room->row.room_uri,
        .group_id = room->row.group_id,
        .hub = &client->hub,
        .target_seq = targets,
        .target_count = count,
    };
    TRY(client_evidence_rows(turn, room, report, params));
    TRY(chat_report_build(params, client->config.rng, &turn->arena, out));
    /* The same nonce at each try: the hub knows a report by its id. */
    memcpy(out->nonce, report->nonce, sizeof out->nonce);
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ handing in */

static tb_status client_report_end(struct client_turn *turn, struct client_report_row *row,
                                   uint16_t code, tb_bytes detail)
{
    TRY(client_table_del(turn, CLIENT_TABLE_REPORTS, client_report_key(row)));
    TRY(client_report_files_drop(turn, row));
    return client_show_failed(turn, row->op, code, detail);
}

static tb_status client_report_of_request(struct client_turn *turn,
                                          const struct client_request *request,
                                          struct client_report_row *out)
{
    return client_table_get(turn, CLIENT_TABLE_REPORTS,
                            client_key_bytes(client_request_data(request)),
                            &client_report_row_desc, out);
}

static tb_status client_report_answered(struct client_turn *turn,
                                        const struct client_request *request, uint16_t code,
                                        tb_bytes body)
{
    struct client_report_row row;
    struct chat_report_answer answer;
    if (code == CLIENT_CODE_LOST || code == CHAT_CODE_STORE) return TB_STATUS(TB_OK);
    tb_status status = client_report_of_request(turn, request, &row);
    if (status.code == TB_NOT_FOUND) return TB_STATUS(TB_OK);
    TRY(status);
    if (code != CHAT_CODE_OK) {
        return client_report_end(turn, &row, code, client_answer_detail(turn, body, NULL));
    }
    TRY(client_answer_decode(turn, &chat_report_answer_desc, body, &answer));
    row.state = CLIENT_REPORT_SENT;
    row.report_id = TB_ARRAY(answer.report_id);
    row.received_ms = answer.received_ms;
    TRY(client_report_put(turn, &row));
    TRY(client_report_files_drop(turn, &row));
    char hex[2 * CHAT_HASH_LEN];
    wire_text_hex_encode(TB_ARRAY(answer.report_id), hex);
    struct client_show show = { .room = row.room_uri,
                                .text = tb_bytes_of(hex, sizeof hex),
                                .at_ms = row.received_ms };
    return client_show_done(turn, row.op, &show);
}

static tb_status client_report_seal(struct client_turn *turn, struct client_room *room,
                                    const struct client_report_row *row,
                                    const struct chat_recipient_key *recipient,
                                    struct chat_sealed_report *sealed)
{
    struct client *client = turn->client;
    struct chat_report_evidence evidence;
    TRY(client_report_evidence(turn, room, row, &evidence));
    struct chat_report_text text = {
        .reporting_user = row->is_named ? client->profile.account : (tb_bytes){ 0 },
        .reason_code = row->reason_code,
        .note = row->note,
    };
    uint64_t *targets = tb_arena_take(&turn->arena, row->target_seq.count, sizeof *targets);
    if (targets == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < row->target_seq.count; i++) targets[i] = row->target_seq.at[i].value;
    struct chat_report_seal_params params = {
        .suite = &client->suite,
        .room_uri = room->row.room_uri,
        .target_seq = targets,
        .target_count = row->target_seq.count,
        .recipients = recipient,
        .recipient_count = 1,
        .reporter_key = &client->device_key,
    };
    TRY(chat_report_id(&client->suite, &evidence, client->profile.account, &turn->arena,
                       params.report_id));
    TRY(chat_report_encode(&evidence, &text, &turn->arena, &params.report));
    return chat_report_seal(&params, client->config.rng, &turn->arena, sealed);
}

static tb_status client_report_recipient_came(struct client_turn *turn,
                                              const struct client_request *request, uint16_t code,
                                              tb_bytes body)
{
    struct client_report_row row;
    struct client_room *room;
    struct chat_recipient_key recipient;
    struct chat_sealed_report sealed;
    if (code == CLIENT_CODE_LOST || code == CHAT_CODE_STORE) return TB_STATUS(TB_OK);
    tb_status status = client_report_of_request(turn, request, &row);
    if (status.code == TB_NOT_FOUND) return TB_STATUS(TB_OK);
    TRY(status);
    if (code != CHAT_CODE_OK) {
        return client_report_end(turn, &row, code, client_answer_detail(turn, body, NULL));
    }
    TRY(client_answer_decode(turn, &chat_recipient_key_desc, body, &recipient));
    status = client_room_get(turn, row.room_uri, &room);
    if (tb_is_ok(status)) status = client_desk_recipient_check(turn, &recipient);
    if (tb_is_ok(status)) status = client_report_seal(turn, room, &row, &recipient, &sealed);
    if (client_status_is_fatal(status)) return status;
    if (!tb_is_ok(status)) return client_report_end(turn, &row, status.code, (tb_bytes){ 0 });
    struct client_about about = { .op = row.op, .data = client_request_data(request) };
    return client_request_send(turn, CHAT_VERB_REPORT, &sealed, client_report_answered, &about);
}

tb_status client_report_go_on(struct client_turn *turn, const struct client_report_row *row)
{
    bool is_waiting;
    TRY(client_report_files_work(turn, row, &is_waiting));
    if (is_waiting) return TB_STATUS(TB_OK);
    struct chat_opaque uri = { turn->client->hub.desk_uri };
    struct client_about about = { .op = row->op, .data = TB_ARRAY(row->nonce) };
    return client_request_send(turn, CHAT_VERB_RECIPIENT_KEY_GET, &uri,
                               client_report_recipient_came, &about);
}

tb_status client_report_work(struct client_turn *turn)
{
    struct client *client = turn->client;
    struct client_pairs rows;
    if (!client->has_kept_reports || client->hub.desk_uri.len == 0) return TB_STATUS(TB_OK);
    client->has_kept_reports = false;
    TRY(client_table_all(turn, CLIENT_TABLE_REPORTS, &rows));
    for (size_t i = 0; i < rows.count; i++) {
        struct client_report_row row;
        TRY(wire_decode(&client_report_row_desc, rows.at[i].value, &turn->arena, &row, NULL));
        if (row.state == CLIENT_REPORT_KEPT) TRY(client_report_go_on(turn, &row));
    }
    return TB_STATUS(TB_OK);
}

tb_status client_report_desk_gone(struct client_turn *turn)
{
    struct client_pairs rows;
    uint64_t count = 0;
    TRY(client_table_all(turn, CLIENT_TABLE_REPORTS, &rows));
    for (size_t i = 0; i < rows.count; i++) {
        struct client_report_row row;
        TRY(wire_decode(&client_report_row_desc, rows.at[i].value, &turn->arena, &row, NULL));
        if (row.state != CLIENT_REPORT_SENT) continue;
        row.state = CLIENT_REPORT_GONE;
        TRY(client_report_put(turn, &row));
        count++;
    }
    return client_show(turn, &(struct client_show){ .kind = CLIENT_SHOW_DESK_ANEW,
                                                    .number = count, .at_ms = turn->now_ms });
}

/* ------------------------------------------------------------------ the person's wish */

tb_status client_report_seq_list(struct client_turn *turn, const uint64_t *seq, size_t count,
                                 struct wire_u64 **out)
{
    struct wire_u64 *list = tb_arena_take(&turn->arena, count, sizeof *list);
    if (list == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < count; i++) { /* kept ascending: insertion */
        size_t k = i;
        for (; k > 0 && list[k - 1].value > seq[i]; k--) list[k] = list[k - 1];
        list[k].value = seq[i];
    }
    *out = list;
    return TB_STATUS(TB_OK);
}

/*
 * A message that this device has shown, and that `accused` wrote; empty: any account but ours.  A
 * violation of the protocol is one that was not shown: it decrypted, and its tag is another's.
 */
static tb_status client_report_target(struct client_turn *turn, struct client_room *room,
                                      uint64_t room_seq, bool is_violation, tb_bytes *accused)
{
    struct client_evidence_row evidence;
    struct chat_content content;
    tb_status status = client_evidence_get(turn, room, room_seq, &evidence);
    if (status.code == TB_NOT_FOUND) {
        TRY(client_prune_check(turn, room, room_seq, NULL));
        return TB_STATUS(CLIENT_MESSAGE_UNKNOWN);
    }
    TRY(status);
    TRY(client_prune_check(turn, room, room_seq, &evidence));
    bool is_wrong = evidence.opening == CHAT_OPENING_IS_UNDECRYPTABLE
                    && evidence.application_data.len != 0;
    if (evidence.opening != CHAT_OPENING_IS_FULL && !(is_wrong && is_violation)) {
        return TB_STATUS(CLIENT_MESSAGE_CLOSED);
    }
    if (!is_wrong) {
        TRY(chat_content_open(evidence.application_data, &turn->arena, &content));
        if (client_type_is_hidden(content.part.content_type)) {
            return TB_STATUS(CLIENT_REPORT_HIDDEN);
        }
    }
    tb_bytes sender = evidence.stub.context.sender_uri;
    if (tb_bytes_equal(sender, turn->client->profile.account)) return TB_STATUS(CLIENT_REPORT_OWN);
    if (accused->len != 0 && !tb_bytes_equal(sender, *accused)) {
        return TB_STATUS(CLIENT_REPORT_SENDERS);
    }
    *accused = sender;
    return TB_STATUS(TB_OK);
}

static tb_status client_report_check(struct client_turn *turn,
                                     const struct client_report_params *params)
{
    struct client_room *room;
    tb_bytes accused = { 0 };
    TRY(client_profile_check(turn->client));
    TRY(client_room_get(turn, params->room, &room));
    if (params->room_seq_count == 0) return TB_STATUS(CLIENT_MESSAGE_UNKNOWN);
    if (params->room_seq_count > CHAT_REPORT_TARGET_COUNT_MAX
        || params->open_seq_count > CHAT_WINDOW_STUB_COUNT_MAX) {
        return TB_STATUS(CHAT_REPORT_TOO_LARGE);
    }
    if (chat_reason_name(params->reason_code) == NULL) return TB_STATUS(CHAT_REASON_UNKNOWN);
    if (params->note.len > CHAT_REPORT_NOTE_LEN_MAX) return TB_STATUS(CLIENT_TEXT_LENGTH);
    if (!wire_text_is_utf8(params->note)) return TB_STATUS(WIRE_TEXT);
    for (size_t i = 0; i < params->room_seq_count; i++) {
        TRY(client_report_target(turn, room, params->room_seq[i],
                                 params->reason_code == CHAT_REASON_PROTOCOL, &accused));
        for (size_t k = 0; k < i; k++) {
            if (params->room_seq[k] == params->room_seq[i]) return TB_STATUS(CHAT_REPORT_TARGET);
        }
    }
    return TB_STATUS(TB_OK);
}

/* What it rests on stays, also while it waits for a desk; what cannot be shown is refused now. */
static tb_status client_report_pin(struct client_turn *turn, const struct client_report_row *row)
{
    struct client_room *room;
    struct chat_report_params params = { .target_count = 0 };
    TRY(client_room_get(turn, row->room_uri, &room));
    return client_evidence_rows(turn, room, row, &params);
}

/* May a key that was revoked have signed these messages?  Then the hub vouches for nothing. */
static tb_status client_report_is_unvouched(struct client_turn *turn,
                                            const struct client_report_row *row, bool *out)
{
    const struct chat_hub_record *hub = &turn->client->hub;
    struct client_room *room;
    struct client_evidence_row evidence;
    *out = false;
    TRY(client_room_get(turn, row->room_uri, &room));
    TRY(client_evidence_get(turn, room, row->target_seq.at[0].value, &evidence));
    uint64_t at_ms = evidence.stub.context.accepted_timestamp;
    for (size_t i = 0; i < hub->agents.count; i++) {
        const struct chat_agent_key *agent = &hub->agents.at[i];
        bool is_later = agent->until_ms == 0 || agent->until_ms > at_ms;
        if (agent->revoked_ms != 0 && is_later) *out = true;
    }
    return TB_STATUS(TB_OK);
}

/* Level 2 is what the person wishes, or what a revoked key makes necessary, if it can be had. */
static tb_status client_report_level(struct client_turn *turn, struct client_report_row *row)
{
    bool is_unvouched;
    TRY(client_report_is_unvouched(turn, row, &is_unvouched));
    if (row->level == 2 || !is_unvouched) return client_report_pin(turn, row);
    row->level = 2;
    tb_status status = client_report_pin(turn, row);
    if (status.code != CLIENT_REPORT_LEVEL) return status;
    row->level = 1;
    return client_report_pin(turn, row);
}

static tb_status client_report_begin(struct client_turn *turn,
                                     const struct client_report_params *params, uint64_t *op)
{
    struct client *client = turn->client;
    bool is_violation = params->reason_code == CHAT_REASON_PROTOCOL;
    TRY(client_report_check(turn, params));
    struct client_report_row row = {
        .state = CLIENT_REPORT_KEPT,
        .op = client_op_new(client),
        .room_uri = params->room,
        .reason_code = params->reason_code,
        .is_named = params->is_named,
        .level = params->level == 2 || is_violation ? 2 : 1,
        .note = params->note,
        .target_seq.count = params->room_seq_count,
        .open_seq.count = params->open_seq_count,
    };
    *op = row.op;
    TRY(client_report_seq_list(turn, params->room_seq, params->room_seq_count, &row.target_seq.at));
    TRY(client_report_seq_list(turn, params->open_seq, params->open_seq_count, &row.open_seq.at));
    TRY(tb_rng_fill(client->config.rng, row.nonce, sizeof row.nonce));
    TRY(client_report_level(turn, &row));
    TRY(client_report_put(turn, &row));
    client->has_kept_reports = true;
    if (client->hub.desk_uri.len == 0) {
        return client_show_failed(turn, row.op, CHAT_CODE_DESK_MISSING, (tb_bytes){ 0 });
    }
    return client_session_work(turn);
}

tb_status client_report(struct client *client, uint64_t now_ms,
                        const struct client_report_params *params, struct client_effects *effects,
                        uint64_t *op)
{
    struct client_turn turn;
    tb_status status = client_turn_begin(&turn, client, now_ms, effects);
    if (tb_is_ok(status)) status = client_report_begin(&turn, params, op);
    return client_turn_end(&turn, status);
}
