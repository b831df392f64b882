/* The desk's queue: fetch, open and verify (V1-V8), keep as cases. */
#include "client/desk.h"

#include <string.h>

#include "chat/content.h"
#include "chat/report_seal.h"
#include "chat/report_verify.h"

struct client_key client_case_key(tb_bytes report_id)
{
    return client_key_bytes(report_id);
}

tb_status client_case_get(struct client_turn *turn, tb_bytes report_id, struct client_case_row *out)
{
    if (report_id.len != CHAT_HASH_LEN) return TB_STATUS(TB_NOT_FOUND);
    return client_table_get(turn, CLIENT_TABLE_CASES, client_case_key(report_id),
                            &client_case_row_desc, out);
}

tb_status client_case_put(struct client_turn *turn, const struct client_case_row *row)
{
    return client_table_put(turn, CLIENT_TABLE_CASES, client_case_key(TB_ARRAY(row->report_id)),
                            &client_case_row_desc, row);
}

/* ------------------------------------------------------------------ V1 */

tb_status client_case_open(struct client_turn *turn, const struct client_case_row *row,
                           struct chat_report_intake *intake, tb_bytes *report)
{
    struct client *client = turn->client;
    struct client_desk_row desk;
    tb_status status = client_desk_get(turn, &desk);
    if (status.code == TB_NOT_FOUND) return TB_STATUS(CLIENT_NO_DESK);
    TRY(status);
    size_t count = desk.keys.count;
    struct chat_report_opener *openers = tb_arena_take(&turn->arena, count, sizeof *openers);
    struct chat_recipient_key *keys = tb_arena_take(&turn->arena, count, sizeof *keys);
    struct tb_secret *secrets = tb_arena_take(&turn->arena, count, sizeof *secrets);
    if (openers == NULL || keys == NULL || secrets == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < count; i++) {
        const struct client_desk_key_row *held = &desk.keys.at[i];
        TRY(wire_decode(&chat_recipient_key_desc, held->recipient_key, &turn->arena, &keys[i],
                        NULL));
        if (held->private_key.len > TB_SECRET_MAX) return TB_STATUS(TB_STORE);
        tb_secret_set(&secrets[i], held->private_key); /* the arena is wiped with the turn */
        openers[i] = (struct chat_report_opener){ &keys[i], &secrets[i] };
    }
    return chat_report_open(&client->suite, row->intake, row->intake_key, openers, count,
                            &turn->arena, intake, report);
}

/* ------------------------------------------------------------------ V2-V8 */

tb_status client_case_verify(struct client_turn *turn, const struct client_case_row *row,
                             const struct chat_report_intake *intake, tb_bytes report,
                             const struct chat_frank_verdict *oracle,
                             struct chat_report_result *result)
{
    struct client *client = turn->client;
    struct chat_report_verify_params params = {
        .suite = &client->suite,
        .hub = &client->hub,
        .room_uri = intake->report.room_uri,
        .report_id = intake->report.report_id,
        .target_seq = intake->report.target_seq.at,
        .target_count = intake->report.target_seq.count,
        .received_ms = intake->received_ms,
        .report_window_s = CHAT_REPORT_WINDOW_S,
        .context_before = CHAT_CONTEXT_BEFORE,
        .context_after = CHAT_CONTEXT_AFTER,
        .oracle = oracle,
    };
    struct chat_abuse_report named;
    struct chat_report_evidence evidence;
    struct client_person_row person;
    struct chat_account_record *record = tb_arena_take(&turn->arena, 1, sizeof *record);
    if (record == NULL) return TB_STATUS(TB_NO_SPACE);
    if (tb_is_ok(chat_report_decode(report, &turn->arena, &named, &evidence))) {
        params.reporter_uri = named.reporting_user;
        tb_status status = client_record_get(turn, named.alleged_abuser_uri, &person, record);
        if (client_status_is_fatal(status)) return status;
        if (tb_is_ok(status)) {
            params.records = record;
            params.record_count = 1;
        }
    }
    TRY(chat_report_verify(&params, report, &turn->arena, result));
    return client_case_more_apply(turn, row, &params, result);
}

/* What a proven content adds: level, which version it is, its attachments. */
static tb_status client_case_proven(struct client_turn *turn,
                                    const struct chat_report_result *result,
                                    const struct chat_report_message *message,
                                    struct client_case_message *out)
{
    const struct chat_content *content = message->content;
    size_t count = 0;
    while (chat_content_external(content, count) != NULL) count++;
    struct client_case_file *files = tb_arena_take(&turn->arena, count, sizeof *files);
    if (files == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < count; i++) {
        const struct chat_part *part = chat_content_external(content, i);
        files[i] = (struct client_case_file){ .part_index = (uint16_t)i,
                                              .len = part->size,
                                              .content_type = part->content_type,
                                              .filename = part->filename };
        for (size_t k = 0; k < message->attachment_count; k++) {
            if (message->attachments[k].part_index == i) files[i].is_here = true;
        }
    }
    out->files.at = files;
    out->files.count = count;
    out->message_id = TB_ARRAY(message->message_id);
    out->level = message->level;
    out->is_tombstone = chat_content_is_tombstone(content);
    if (message->replaces_index != SIZE_MAX) {
        out->replaces_seq = result->messages[message->replaces_index].stub->room_seq;
    }
    return TB_STATUS(TB_OK);
}

static tb_status client_case_messages(struct client_turn *turn,
                                      const struct chat_report_result *result,
                                      struct client_case_row *row)
{
    size_t count = result->message_count;
    struct client_case_message *list = tb_arena_take(&turn->arena, count, sizeof *list);
    struct chat_stub *stubs = tb_arena_take(&turn->arena, count, sizeof *stubs);
    if (list == NULL || stubs == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < count; i++) {
        const struct chat_report_message *message = &result->messages[i];
        stubs[i] = *message->stub;
        list[i] = (struct client_case_message){
            .room_seq = message->stub->room_seq,
            .at_ms = message->stub->context.accepted_timestamp,
            .epoch = message->stub->epoch,
            .is_target = message->is_target,
            .opening = message->kind,
            .verdict = message->verdict.code,
            .account = message->stub->context.sender_uri,
        };
        if (message->content == NULL) continue; /* never a text that is not proven */
        TRY(client_case_proven(turn, result, message, &list[i]));
        list[i].content_type = message->content->part.content_type;
        (void)chat_content_text(message->content, &list[i].text).code; /* other types: no text */
    }
    row->messages.at = list;
    row->stubs.at = stubs;
    row->messages.count = row->stubs.count = count;
    return TB_STATUS(TB_OK);
}

static tb_status client_case_sentences(struct client_turn *turn,
                                       const struct chat_report_result *result,
                                       struct client_case_row *row)
{
    struct tb_buf buf;
    tb_buf_init(&buf, turn->client->config.mem, 1 << 20);
    tb_status status = chat_report_sentences(result, &buf);
    if (tb_is_ok(status)) status = client_case_more_say(turn, row, result, &buf);
    if (tb_is_ok(status)) status = tb_arena_dup(&turn->arena, tb_buf_view(&buf), &row->sentences);
    tb_buf_wipe(&buf);
    return status;
}

static tb_status client_case_fill(struct client_turn *turn, const struct chat_report_result *result,
                                  struct client_case_row *row)
{
    row->accused = result->report->alleged_abuser_uri;
    row->reason_code = result->report->reason_code;
    row->note = result->report->note;
    row->level = result->level;
    memcpy(row->evidence_hash, result->evidence_hash, CHAT_HASH_LEN);
    row->oracle = CHAT_ORACLE_NOT_ASKED;
    for (size_t i = 0; i < result->message_count; i++) {
        uint8_t oracle = result->messages[i].oracle;
        bool is_worse = oracle == CHAT_ORACLE_WRONG || row->oracle == CHAT_ORACLE_NOT_ASKED
                        || (oracle == CHAT_ORACLE_KEY_GONE && row->oracle == CHAT_ORACLE_RIGHT);
        if (is_worse) row->oracle = oracle;
    }
    bool is_unproven = (result->alarms & (CHAT_ALARM_TARGET_UNPROVEN | CHAT_ALARM_LATE)) != 0;
    row->verdict = is_unproven ? (uint16_t)CHAT_EVIDENCE_TARGET : (uint16_t)TB_OK;
    TRY(client_case_messages(turn, result, row));
    return client_case_sentences(turn, result, row);
}

/* Verify as a whole: a refusal is kept as the verdict, so that the desk sees that it came. */
static tb_status client_case_judge(struct client_turn *turn, struct client_case_row *row,
                                   const struct chat_frank_verdict *oracle)
{
    struct chat_report_intake intake;
    struct chat_report_result *result = tb_arena_take(&turn->arena, 1, sizeof *result);
    tb_bytes report;
    if (result == NULL) return TB_STATUS(TB_NO_SPACE);
    tb_status status = client_case_open(turn, row, &intake, &report);
    if (tb_is_ok(status)) {
        row->room_uri = intake.report.room_uri;
        row->received_ms = intake.received_ms;
        memcpy(row->reporter_pseudonym, intake.reporter_pseudonym, 16);
        status = client_case_verify(turn, row, &intake, report, oracle, result);
    }
    if (tb_is_ok(status)) status = client_case_fill(turn, result, row);
    if (client_status_is_fatal(status)) return status;
    if (tb_is_ok(status)) return TB_STATUS(TB_OK);
    row->verdict = status.code;
    row->accused = (tb_bytes){ 0 }; /* nobody that a decision could fall on */
    row->sentences = tb_bytes_text(chat_status_text(status));
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ the oracle */

tb_status client_fetch_over(struct client_turn *turn, uint16_t code)
{
    struct client *client = turn->client;
    if (client->fetch_open_count != 0) client->fetch_open_count--;
    if (client->fetch_open_count != 0 && code == CHAT_CODE_OK) return TB_STATUS(TB_OK);
    uint64_t op = client->fetch_op;
    client->fetch_op = 0;
    if (code != CHAT_CODE_OK) return client_show_failed(turn, op, code, (tb_bytes){ 0 });
    return client_show_done(turn, op, &(struct client_show){ .number = client->fetch_new_count });
}

static tb_status client_oracle_answered(struct client_turn *turn,
                                        const struct client_request *request, uint16_t code,
                                        tb_bytes body)
{
    struct client_case_row row;
    struct chat_frank_verdict verdict;
    if (code == CLIENT_CODE_LOST) return client_fetch_over(turn, CLIENT_OFFLINE);
    tb_status status = client_case_get(turn, client_request_data(request), &row);
    if (tb_is_ok(status) && code == CHAT_CODE_OK) {
        TRY(client_answer_decode(turn, &chat_frank_verdict_desc, body, &verdict));
        TRY(client_case_judge(turn, &row, &verdict));
        TRY(client_case_put(turn, &row));
    }
    if (client_status_is_fatal(status)) return status;
    return client_fetch_over(turn, CHAT_CODE_OK); /* V8 is optional (spec 2.5.8) */
}

static tb_status client_oracle_ask(struct client_turn *turn, const struct client_case_row *row)
{
    struct chat_frank_check check = { .room_uri = row->room_uri };
    check.stubs.at = row->stubs.at;
    check.stubs.count = row->stubs.count;
    struct client_about about = { .data = TB_ARRAY(row->report_id) };
    turn->client->fetch_open_count++;
    return client_request_send(turn, CHAT_VERB_FRANK_CHECK, &check, client_oracle_answered, &about);
}

tb_status client_case_again(struct client_turn *turn, struct client_case_row *row)
{
    TRY(client_case_judge(turn, row, NULL));
    TRY(client_case_put(turn, row));
    return row->stubs.count == 0 ? TB_STATUS(TB_OK) : client_oracle_ask(turn, row);
}

/* ------------------------------------------------------------------ the queue */

static tb_status client_case_new(struct client_turn *turn, const struct chat_queue_entry *entry)
{
    struct client_case_row row = {
        .number = entry->number, .intake = entry->intake, .stage = CLIENT_STAGE_OPEN };
    struct client_case_row known;
    struct chat_report_intake intake;
    TRY(client_answer_decode(turn, &chat_report_intake_desc, entry->intake, &intake));
    if (intake.report.version == CHAT_SEALED_IS_OPENINGS) {
        return client_case_more_take(turn, entry, &intake);
    }
    memcpy(row.report_id, intake.report.report_id, CHAT_HASH_LEN);
    tb_status status = client_case_get(turn, TB_ARRAY(row.report_id), &known);
    if (status.code != TB_NOT_FOUND) return status; /* known: decisions stay */
    /* Kept with the case: a hub that is restored from a backup may have lost this key. */
    row.intake_key = chat_records_intake_key(&turn->client->hub, intake.received_ms);
    TRY(client_case_judge(turn, &row, NULL));
    TRY(client_decision_of_case(turn, &row));
    TRY(client_case_put(turn, &row));
    turn->client->fetch_new_count++;
    if (row.accused.len != 0) TRY(client_record_fetch(turn, row.accused, NULL, 0, 0));
    if (row.stubs.count == 0) return TB_STATUS(TB_OK);
    return client_oracle_ask(turn, &row);
}

static tb_status client_queue_answered(struct client_turn *turn,
                                       const struct client_request *request, uint16_t code,
                                       tb_bytes body)
{
    (void)request;
    struct client *client = turn->client;
    struct chat_queue_answer answer;
    if (code == CLIENT_CODE_LOST) code = CLIENT_OFFLINE;
    if (code != CHAT_CODE_OK) return client_fetch_over(turn, code);
    TRY(client_answer_decode(turn, &chat_queue_answer_desc, body, &answer));
    for (size_t i = 0; i < answer.entries.count; i++) {
        const struct chat_queue_entry *entry = &answer.entries.at[i];
        if (entry->number <= client->profile.queue_number) continue;
        TRY(client_case_new(turn, entry));
        client->profile.queue_number = entry->number;
        client->is_profile_dirty = true;
    }
    if (answer.entries.count != 0) TRY(client_queue_ask(turn)); /* until nothing is left */
    return client_fetch_over(turn, CHAT_CODE_OK);
}

tb_status client_queue_ask(struct client_turn *turn)
{
    struct chat_queue_get get = { turn->client->profile.queue_number };
    turn->client->fetch_open_count++;
    return client_request_send(turn, CHAT_VERB_DESK_QUEUE, &get, client_queue_answered, NULL);
}

/* Before anything is opened: is the key that reporters are given one of ours? */
static tb_status client_queue_recipient_came(struct client_turn *turn,
                                             const struct client_request *request, uint16_t code,
                                             tb_bytes body)
{
    (void)request;
    struct chat_recipient_key key;
    if (code == CLIENT_CODE_LOST) return client_fetch_over(turn, CLIENT_OFFLINE);
    if (code == CHAT_CODE_OK) {
        TRY(client_answer_decode(turn, &chat_recipient_key_desc, body, &key));
        tb_status status = client_desk_recipient_check(turn, &key);
        if (client_status_is_fatal(status)) return status; /* else the alarm is raised */
    }
    return client_fetch_over(turn, CHAT_CODE_OK);
}

static tb_status client_fetch_begin(struct client_turn *turn, uint64_t *op)
{
    struct client *client = turn->client;
    struct client_desk_row desk;
    TRY(client_profile_check(client));
    if (!client_is_online(client)) return TB_STATUS(CLIENT_OFFLINE);
    if (client->fetch_op != 0) return TB_STATUS(CLIENT_BUSY);
    tb_status status = client_desk_get(turn, &desk);
    if (status.code == TB_NOT_FOUND) return TB_STATUS(CLIENT_NO_DESK);
    TRY(status);
    *op = client->fetch_op = client_op_new(client);
    client->fetch_open_count = client->fetch_new_count = 0;
    struct chat_opaque uri = { desk.room_uri };
    client->fetch_open_count++;
    TRY(client_request_send(turn, CHAT_VERB_RECIPIENT_KEY_GET, &uri, client_queue_recipient_came,
                            NULL));
    TRY(client_outside_ask(turn, 0));
    return client_queue_ask(turn);
}

tb_status client_desk_fetch(struct client *client, uint64_t now_ms, struct client_effects *effects,
                            uint64_t *op)
{
    struct client_turn turn;
    tb_status status = client_turn_begin(&turn, client, now_ms, effects);
    if (tb_is_ok(status)) status = client_fetch_begin(&turn, op);
    return client_turn_end(&turn, status);
}
