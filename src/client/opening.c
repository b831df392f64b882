/*
 * Adding to a case: openings of one's own for messages around a report (counter-opening), the
 * senders' signatures where a report had none, and this device's word on a stub when the desk asks.
 */
#include "client/desk.h"

#include <string.h>

#include "chat/opening.h"
#include "chat/report_seal.h"
#include "client/evidence.h"
#include "client/proof.h"

/* ------------------------------------------------------------------ what is opened */

static tb_status client_opening_full(struct client_turn *turn, const struct chat_report_row *row,
                                     struct chat_opening *out)
{
    struct chat_opening_full *full = tb_arena_take(&turn->arena, 1, sizeof *full);
    if (full == NULL) return TB_STATUS(TB_NO_SPACE);
    *full = (struct chat_opening_full){ .application_data = row->application_data };
    if (row->proof != NULL) {
        full->proof = tb_arena_take(&turn->arena, 1, sizeof *full->proof);
        if (full->proof == NULL) return TB_STATUS(TB_NO_SPACE);
        *full->proof = *row->proof;
    }
    *out = (struct chat_opening){ .room_seq = row->stub.room_seq, .kind = CHAT_OPENING_IS_FULL,
                                  .body.full = full };
    return TB_STATUS(TB_OK);
}

static tb_status client_opening_rows(struct client_turn *turn, struct client_room *room,
                                     const struct client_opening_row *wish,
                                     struct chat_openings *out)
{
    const struct client_evidence_wish how = { .level = wish->level };
    size_t count = wish->seq.count;
    struct chat_report_row *rows = tb_arena_take(&turn->arena, count, sizeof *rows);
    out->openings.at = tb_arena_take(&turn->arena, count, sizeof *out->openings.at);
    if (rows == NULL || out->openings.at == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < count; i++) {
        struct client_evidence_row evidence;
        tb_status status = client_evidence_get(turn, room, wish->seq.at[i].value, &evidence);
        if (status.code == TB_NOT_FOUND) return TB_STATUS(CLIENT_MESSAGE_UNKNOWN);
        TRY(status);
        TRY(client_evidence_open(turn, room, &evidence, &how, &rows[i]));
        if (rows[i].kind != CHAT_OPENING_IS_FULL) return TB_STATUS(CLIENT_MESSAGE_CLOSED);
        if (wish->level >= 2 && rows[i].proof == NULL) return TB_STATUS(CLIENT_REPORT_LEVEL);
        TRY(client_opening_full(turn, &rows[i], &out->openings.at[i]));
    }
    out->openings.count = count;
    struct chat_report_params params = { .rows = rows, .row_count = count };
    TRY(client_evidence_contexts(turn, room, &params));
    out->group_contexts.at =
        tb_arena_take(&turn->arena, params.group_context_count, sizeof *out->group_contexts.at);
    if (out->group_contexts.at == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < params.group_context_count; i++) {
        out->group_contexts.at[i].value = params.group_contexts[i];
    }
    out->group_contexts.count = params.group_context_count;
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ a word on a stub */

static uint8_t client_ack_seen(uint8_t opening)
{
    switch (opening) {
    case CHAT_OPENING_IS_UNDECRYPTABLE: return CHAT_SEEN_UNDECRYPTABLE;
    case CHAT_OPENING_IS_NOT_RECEIVED: return CHAT_SEEN_NEVER;
    default: return CHAT_SEEN_VERIFIED;
    }
}

/* The stubs from the one that is asked for to the first that the hub signed. */
static tb_status client_ack_stubs(struct client_turn *turn, struct client_room *room,
                                  struct chat_stub_ack *ack)
{
    ack->stubs.at = tb_arena_take(&turn->arena, CHAT_ACK_STUB_COUNT_MAX, sizeof *ack->stubs.at);
    if (ack->stubs.at == NULL) return TB_STATUS(TB_NO_SPACE);
    while (ack->stubs.count < CHAT_ACK_STUB_COUNT_MAX) {
        struct client_evidence_row evidence;
        tb_status status =
            client_evidence_get(turn, room, ack->room_seq + ack->stubs.count, &evidence);
        if (status.code == TB_NOT_FOUND) return TB_STATUS(TB_OK);
        TRY(status);
        ack->stubs.at[ack->stubs.count++] = evidence.stub;
        if (evidence.stub.timbre_signature.len != 0) return TB_STATUS(TB_OK);
    }
    return TB_STATUS(TB_OK);
}

static tb_status client_opening_ack(struct client_turn *turn, struct client_room *room,
                                    const struct client_opening_row *wish,
                                    struct chat_openings *out)
{
    struct client *client = turn->client;
    struct chat_ack_place place = { .suite = &client->suite, .room_uri = room->row.room_uri,
                                    .group_id = room->row.group_id,
                                    .report_id = wish->report_id };
    struct chat_stub_ack *ack = tb_arena_take(&turn->arena, 1, sizeof *ack);
    struct client_evidence_row evidence;
    if (ack == NULL) return TB_STATUS(TB_NO_SPACE);
    *ack = (struct chat_stub_ack){ .room_seq = wish->seq.at[0].value, .seen = CHAT_SEEN_NEVER,
                                   .device = client->profile.device };
    tb_status status = client_evidence_get(turn, room, ack->room_seq, &evidence);
    if (status.code != TB_NOT_FOUND) TRY(status);
    if (tb_is_ok(status)) ack->seen = client_ack_seen(evidence.opening);
    if (ack->seen != CHAT_SEEN_NEVER) {
        memcpy(ack->chain, evidence.chain, CHAT_HASH_LEN);
        memcpy(ack->chain_before, evidence.prev_chain, CHAT_HASH_LEN);
        TRY(client_ack_stubs(turn, room, ack));
    }
    TRY(chat_opening_ack_sign(&place, &client->device_key, &turn->arena, ack));
    out->acks.at = ack;
    out->acks.count = 1;
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ handing it in */

static tb_status client_opening_end(struct client_turn *turn, const struct client_request *request,
                                    uint16_t code, tb_bytes detail, uint64_t count)
{
    if (request->op == 0) return TB_STATUS(TB_OK); /* nobody waits for our word */
    if (code != CHAT_CODE_OK) return client_show_failed(turn, request->op, code, detail);
    return client_show_done(turn, request->op, &(struct client_show){ .number = count });
}

static struct client_key client_asked_key(const uint8_t report_id[CHAT_HASH_LEN], uint64_t seq)
{
    struct client_key key = client_key_text("asked");
    tb_put_u64(key.data + key.len, seq);
    memcpy(key.data + key.len + 8, report_id, CHAT_HASH_LEN);
    key.len += 8 + CHAT_HASH_LEN;
    return key;
}

static tb_status client_opening_answered(struct client_turn *turn,
                                         const struct client_request *request, uint16_t code,
                                         tb_bytes body)
{
    struct client_opening_row wish;
    if (request->op == 0 && code != CLIENT_CODE_LOST) { /* our word was taken, or never will be */
        TRY(wire_decode(&client_opening_row_desc, client_request_data(request), &turn->arena,
                        &wish, NULL));
        return client_table_put_raw(turn, CLIENT_TABLE_META,
                                    client_asked_key(wish.report_id, wish.seq.at[0].value),
                                    TB_LITERAL("1"));
    }
    if (code == CLIENT_CODE_LOST) code = CLIENT_OFFLINE;
    tb_bytes detail = code == CHAT_CODE_OK ? (tb_bytes){ 0 }
                                           : client_answer_detail(turn, body, NULL);
    return client_opening_end(turn, request, code, detail, request->number);
}

static tb_status client_opening_seal(struct client_turn *turn,
                                     const struct client_opening_row *wish,
                                     const struct chat_recipient_key *recipient,
                                     struct chat_sealed_report *sealed)
{
    struct client *client = turn->client;
    struct client_room *room;
    struct chat_openings openings = { .version = 1 };
    uint64_t *seq = tb_arena_take(&turn->arena, wish->seq.count, sizeof *seq);
    if (seq == NULL) return TB_STATUS(TB_NO_SPACE);
    TRY(client_desk_recipient_check(turn, recipient));
    TRY(client_room_get(turn, wish->room_uri, &room));
    TRY(wish->is_ack ? client_opening_ack(turn, room, wish, &openings)
                     : client_opening_rows(turn, room, wish, &openings));
    for (size_t i = 0; i < wish->seq.count; i++) seq[i] = wish->seq.at[i].value;
    struct chat_report_seal_params params = {
        .kind = CHAT_SEALED_IS_OPENINGS,
        .suite = &client->suite,
        .room_uri = wish->room_uri,
        .target_seq = seq,
        .target_count = wish->seq.count,
        .recipients = recipient,
        .recipient_count = 1,
        .reporter_key = &client->device_key,
    };
    memcpy(params.report_id, wish->report_id, CHAT_HASH_LEN);
    TRY(wire_encode(&chat_openings_desc, &openings, &turn->arena, &params.report));
    return chat_report_seal(&params, client->config.rng, &turn->arena, sealed);
}

static tb_status client_opening_recipient_came(struct client_turn *turn,
                                               const struct client_request *request,
                                               uint16_t code, tb_bytes body)
{
    struct client_opening_row wish;
    struct chat_recipient_key recipient;
    struct chat_sealed_report sealed;
    if (code != CHAT_CODE_OK) return client_opening_answered(turn, request, code, body);
    TRY(client_answer_decode(turn, &chat_recipient_key_desc, body, &recipient));
    TRY(wire_decode(&client_opening_row_desc, client_request_data(request), &turn->arena, &wish,
                    NULL));
    tb_status status = client_opening_seal(turn, &wish, &recipient, &sealed);
    if (client_status_is_fatal(status)) return status;
    if (!tb_is_ok(status)) {
        return client_opening_end(turn, request, status.code, (tb_bytes){ 0 }, 0);
    }
    struct client_about about = { .op = request->op, .number = wish.seq.count,
                                  .data = client_request_data(request) };
    return client_request_send(turn, CHAT_VERB_OPENING_PUT, &sealed, client_opening_answered,
                               &about);
}

static tb_status client_opening_send(struct client_turn *turn,
                                     const struct client_opening_row *wish, uint64_t op)
{
    struct chat_opaque uri = { turn->client->hub.desk_uri };
    struct client_about about = { .op = op };
    TRY(wire_encode(&client_opening_row_desc, wish, &turn->arena, &about.data));
    return client_request_send(turn, CHAT_VERB_RECIPIENT_KEY_GET, &uri,
                               client_opening_recipient_came, &about);
}

/* ------------------------------------------------------------------ by a decision's number */

/* The decision tells which report it was about; data: the wish without it. */
static tb_status client_opening_decision_came(struct client_turn *turn,
                                              const struct client_request *request, uint16_t code,
                                              tb_bytes body)
{
    struct client_opening_row wish;
    struct chat_opaques answer;
    struct chat_decision_entry entry;
    if (code != CHAT_CODE_OK) return client_opening_answered(turn, request, code, body);
    TRY(client_answer_decode(turn, &chat_opaques_desc, body, &answer));
    TRY(wire_decode(&client_opening_row_desc, client_request_data(request), &turn->arena, &wish,
                    NULL));
    bool is_found = answer.values.count != 0
                    && tb_is_ok(wire_decode(&chat_decision_entry_desc, answer.values.at[0].value,
                                            &turn->arena, &entry, NULL))
                    && entry.number == request->number
                    && entry.decision.report_id.len == CHAT_HASH_LEN;
    if (!is_found) {
        return client_opening_end(turn, request, CHAT_CODE_NOT_FOUND, (tb_bytes){ 0 }, 0);
    }
    memcpy(wish.report_id, entry.decision.report_id.data, CHAT_HASH_LEN);
    wish.room_uri = entry.decision.room_uri;
    return client_opening_send(turn, &wish, request->op);
}

/* ------------------------------------------------------------------ wishes */

static tb_status client_open_begin(struct client_turn *turn,
                                   const struct client_open_params *params, uint64_t *op)
{
    struct client *client = turn->client;
    struct client_opening_row wish = { .room_uri = params->room, .level = params->level };
    TRY(client_profile_check(client));
    if (!client_is_online(client)) return TB_STATUS(CLIENT_OFFLINE);
    if (client->hub.desk_uri.len == 0) return TB_STATUS(CLIENT_DESK_MISSING);
    if (params->room_seq_count == 0) return TB_STATUS(CLIENT_MESSAGE_UNKNOWN);
    if (params->room_seq_count > CHAT_OPENING_COUNT_MAX) return TB_STATUS(CHAT_REPORT_TOO_LARGE);
    TRY(client_report_seq_list(turn, params->room_seq, params->room_seq_count, &wish.seq.at));
    wish.seq.count = params->room_seq_count;
    for (size_t i = 1; i < wish.seq.count; i++) {
        if (wish.seq.at[i].value == wish.seq.at[i - 1].value) return TB_STATUS(CHAT_REPORT_TARGET);
    }
    if (params->decision_number == 0) {
        if (params->report_id.len != CHAT_HASH_LEN) return TB_STATUS(TB_NOT_FOUND);
        memcpy(wish.report_id, params->report_id.data, CHAT_HASH_LEN);
        *op = client_op_new(client);
        return client_opening_send(turn, &wish, *op);
    }
    struct chat_queue_get get = { params->decision_number - 1 };
    struct client_about about = { .op = client_op_new(client), .number = params->decision_number };
    *op = about.op;
    wish.room_uri = client->hub.desk_uri; /* until the decision says which; never empty */
    TRY(wire_encode(&client_opening_row_desc, &wish, &turn->arena, &about.data));
    return client_request_send(turn, CHAT_VERB_DECISIONS_GET, &get, client_opening_decision_came,
                               &about);
}

tb_status client_open(struct client *client, uint64_t now_ms,
                      const struct client_open_params *params, struct client_effects *effects,
                      uint64_t *op)
{
    struct client_turn turn;
    tb_status status = client_turn_begin(&turn, client, now_ms, effects);
    if (tb_is_ok(status)) status = client_open_begin(&turn, params, op);
    return client_turn_end(&turn, status);
}

/* ------------------------------------------------------------------ the desk asks */

static tb_status client_desk_ask_begin(struct client_turn *turn, tb_bytes report_id,
                                       uint64_t room_seq, uint64_t *op)
{
    struct client_case_row row;
    struct chat_stub_ask ask = { .room_seq = room_seq };
    TRY(client_profile_check(turn->client));
    if (!client_is_online(turn->client)) return TB_STATUS(CLIENT_OFFLINE);
    TRY(client_case_get(turn, report_id, &row));
    bool is_in = false;
    for (size_t i = 0; i < row.messages.count; i++) {
        is_in = is_in || row.messages.at[i].room_seq == room_seq;
    }
    if (!is_in) return TB_STATUS(CLIENT_MESSAGE_UNKNOWN);
    ask.room_uri = row.room_uri;
    memcpy(ask.report_id, row.report_id, CHAT_HASH_LEN);
    struct client_about about = { .op = *op = client_op_new(turn->client), .number = 1 };
    return client_request_send(turn, CHAT_VERB_STUB_ASK, &ask, client_opening_answered, &about);
}

tb_status client_desk_ask(struct client *client, uint64_t now_ms, tb_bytes report_id,
                          uint64_t room_seq, struct client_effects *effects, uint64_t *op)
{
    struct client_turn turn;
    tb_status status = client_turn_begin(&turn, client, now_ms, effects);
    if (tb_is_ok(status)) status = client_desk_ask_begin(&turn, report_id, room_seq, op);
    return client_turn_end(&turn, status);
}

tb_status client_opening_asked(struct client_turn *turn, const struct chat_stub_ask *ask)
{
    struct client_room *room;
    tb_bytes known;
    struct wire_u64 seq = { ask->room_seq };
    struct client_opening_row wish = { .room_uri = ask->room_uri, .is_ack = true,
                                       .seq = { &seq, 1 } };
    if (turn->client->hub.desk_uri.len == 0) return TB_STATUS(TB_OK);
    if (!tb_is_ok(client_room_get(turn, ask->room_uri, &room))) return TB_STATUS(TB_OK);
    tb_status status =
        client_table_get_raw(turn, CLIENT_TABLE_META,
                             client_asked_key(ask->report_id, ask->room_seq), &known);
    if (status.code != TB_NOT_FOUND) return status; /* answered */
    memcpy(wish.report_id, ask->report_id, CHAT_HASH_LEN);
    return client_opening_send(turn, &wish, 0);
}
