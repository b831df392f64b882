/* From evidence rows to what a report opens: versions, level 2, and messages that failed. */
#include "client/evidence.h"

#include <string.h>

#include "chat/policy.h"
#include "client/prune.h"
#include "client/revise.h"

/* ------------------------------------------------------------------ GroupContexts */

tb_status client_context_keep(struct client_turn *turn, struct client_room *room)
{
    uint64_t epoch = mls_group_epoch(room->group);
    if (room->has_context && room->context_epoch == epoch) return TB_STATUS(TB_OK);
    TRY(client_table_put_raw(turn, CLIENT_TABLE_CONTEXTS, client_key_number(room->row.no, epoch),
                             mls_group_context(room->group)));
    room->has_context = true;
    room->context_epoch = epoch;
    return TB_STATUS(TB_OK);
}

static tb_status client_context_get(struct client_turn *turn, const struct client_room *room,
                                    uint64_t epoch, tb_bytes *out)
{
    return client_table_get_raw(turn, CLIENT_TABLE_CONTEXTS,
                                client_key_number(room->row.no, epoch), out);
}

/* ------------------------------------------------------------------ one message */

static tb_status client_evidence_prove(struct client_turn *turn, struct client_room *room,
                                       const struct client_evidence_row *evidence,
                                       struct chat_report_row *out)
{
    tb_bytes context;
    if (evidence->signature.len == 0) return TB_STATUS(TB_OK);
    tb_status status = client_context_get(turn, room, evidence->stub.epoch, &context);
    if (status.code == TB_NOT_FOUND) return TB_STATUS(TB_OK);
    TRY(status);
    struct chat_mls_sender_proof *proof = tb_arena_take(&turn->arena, 1, sizeof *proof);
    if (proof == NULL) return TB_STATUS(TB_NO_SPACE);
    *proof = (struct chat_mls_sender_proof){ .leaf_index = evidence->leaf_index,
                                             .authenticated_data = evidence->authenticated_data,
                                             .signature = evidence->signature };
    memcpy(proof->group_context_hash, evidence->group_context_hash, CHAT_HASH_LEN);
    out->proof = proof;
    return TB_STATUS(TB_OK);
}

tb_status client_evidence_open(struct client_turn *turn, struct client_room *room,
                               const struct client_evidence_row *evidence,
                               const struct client_evidence_wish *wish,
                               struct chat_report_row *out)
{
    *out = (struct chat_report_row){ .stub = evidence->stub, .kind = evidence->opening };
    bool is_wrong = evidence->opening == CHAT_OPENING_IS_UNDECRYPTABLE
                    && evidence->application_data.len != 0;
    if (evidence->opening != CHAT_OPENING_IS_FULL && !(is_wrong && wish->may_be_wrong)) {
        return TB_STATUS(TB_OK);
    }
    out->kind = CHAT_OPENING_IS_FULL;
    out->application_data = evidence->application_data;
    return wish->level >= 2 ? client_evidence_prove(turn, room, evidence, out) : TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ which messages */

/* A list of room_seq and the span that they and the context around them take. */
struct client_evidence_span {
    uint64_t low, high; /* first and last wanted, the signed tail not counted */
    uint64_t seq[CHAT_WINDOW_STUB_COUNT_MAX];
    size_t count;
};

static bool client_span_has(const struct client_evidence_span *span, uint64_t seq)
{
    for (size_t i = 0; i < span->count; i++) {
        if (span->seq[i] == seq) return true;
    }
    return false;
}

/* Take one more, as far as the window may reach. */
static void client_span_add(struct client_evidence_span *span, uint64_t seq)
{
    uint64_t low = seq < span->low ? seq : span->low, high = seq > span->high ? seq : span->high;
    bool fits = seq != 0 && high - low < CHAT_WINDOW_STUB_COUNT_MAX;
    if (!fits || span->count == CHAT_WINDOW_STUB_COUNT_MAX || client_span_has(span, seq)) return;
    span->seq[span->count++] = seq;
    span->low = low;
    span->high = high;
}

/* A content that is here; false: it is not, or does not parse. */
static bool client_evidence_content(struct client_turn *turn,
                                    const struct client_evidence_row *evidence,
                                    struct chat_content *content, tb_bytes *encoded)
{
    return evidence->opening == CHAT_OPENING_IS_FULL
           && tb_is_ok(chat_content_unframe(evidence->application_data, &turn->arena, encoded))
           && tb_is_ok(chat_content_decode(*encoded, &turn->arena, content));
}

static tb_status client_span_add_id(struct client_turn *turn, struct client_room *room, tb_bytes id,
                                    struct client_evidence_span *span)
{
    struct client_message_id_row row;
    tb_status status = client_message_id_get(turn, room, id, &row);
    if (status.code == TB_NOT_FOUND) return TB_STATUS(TB_OK);
    TRY(status);
    client_span_add(span, row.room_seq);
    return TB_STATUS(TB_OK);
}

/* The edits and deletions of the first version `id` by its sender, from `from_seq` on. */
static tb_status client_span_add_versions(struct client_turn *turn, struct client_room *room,
                                          tb_bytes id, tb_bytes sender, uint64_t from_seq,
                                          struct client_evidence_span *span)
{
    struct client_pairs pairs = { 0 };
    TRY(client_table_of_room(turn, CLIENT_TABLE_EVIDENCE, room->row.no, from_seq,
                             from_seq + CHAT_WINDOW_STUB_COUNT_MAX, CHAT_WINDOW_STUB_COUNT_MAX,
                             &pairs));
    for (size_t i = 0; i < pairs.count; i++) {
        struct client_evidence_row evidence;
        struct chat_content content;
        tb_bytes encoded;
        TRY(wire_decode(&client_evidence_row_desc, pairs.at[i].value, &turn->arena, &evidence,
                        NULL));
        if (!tb_bytes_equal(evidence.stub.context.sender_uri, sender)) continue;
        if (!client_evidence_content(turn, &evidence, &content, &encoded)) continue;
        if (!tb_bytes_equal(content.replaces, id)) continue;
        client_span_add(span, evidence.stub.room_seq);
    }
    return TB_STATUS(TB_OK);
}

/* Spec 2.5.9: all versions of a reported message; what a reported reaction is about. */
static tb_status client_span_add_related(struct client_turn *turn, struct client_room *room,
                                         uint64_t target, struct client_evidence_span *span)
{
    enum { DISPOSITION_REACTION = 2 };
    struct client_evidence_row evidence;
    struct chat_content content;
    tb_bytes encoded;
    uint8_t id[CHAT_MESSAGE_ID_LEN];
    struct client_message_id_row first = { .room_seq = target };
    TRY(client_evidence_get(turn, room, target, &evidence));
    if (!client_evidence_content(turn, &evidence, &content, &encoded)) return TB_STATUS(TB_OK);
    if (content.part.disposition == DISPOSITION_REACTION) {
        TRY(client_span_add_id(turn, room, content.in_reply_to, span));
    }
    tb_bytes first_id = content.replaces;
    if (first_id.len == 0) {
        TRY(chat_content_message_id(&room->suite, content.sender_uri, content.room_uri, encoded,
                                    content.salt, id));
        first_id = TB_ARRAY(id);
    } else {
        tb_status status = client_message_id_get(turn, room, first_id, &first);
        if (status.code != TB_NOT_FOUND) TRY(status);
        client_span_add(span, first.room_seq);
    }
    return client_span_add_versions(turn, room, first_id, evidence.stub.context.sender_uri,
                                    first.room_seq, span);
}

static tb_status client_span_of(struct client_turn *turn, struct client_room *room,
                                const struct client_report_row *report,
                                struct chat_report_params *params,
                                struct client_evidence_span *span)
{
    size_t count = report->target_seq.count;
    uint64_t first = report->target_seq.at[0].value, last = report->target_seq.at[count - 1].value;
    *span = (struct client_evidence_span){
        .low = first > CHAT_CONTEXT_BEFORE ? first - CHAT_CONTEXT_BEFORE : 1,
        .high = last + CHAT_CONTEXT_AFTER,
    };
    for (size_t i = 0; i < count; i++) client_span_add(span, report->target_seq.at[i].value);
    for (size_t i = 0; i < report->open_seq.count; i++) {
        client_span_add(span, report->open_seq.at[i].value);
    }
    for (size_t i = 0; i < count; i++) {
        TRY(client_span_add_related(turn, room, report->target_seq.at[i].value, span));
    }
    /* Both are within CHAT_WINDOW_STUB_COUNT_MAX, unless the targets alone are too far apart. */
    if (span->high - span->low >= CHAT_WINDOW_STUB_COUNT_MAX) {
        return TB_STATUS(CHAT_REPORT_TOO_LARGE);
    }
    params->context_before = (uint16_t)(first - span->low);
    params->context_after = (uint16_t)(span->high - last);
    if (params->context_before < CHAT_CONTEXT_BEFORE) params->context_before = CHAT_CONTEXT_BEFORE;
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ the rows */

static tb_status client_evidence_row_of(struct client_turn *turn, struct client_room *room,
                                        const struct client_report_row *report,
                                        const struct client_evidence_span *span,
                                        const struct client_evidence_row *evidence,
                                        struct chat_report_row *out)
{
    const struct client_evidence_wish wish = {
        .level = report->level, .may_be_wrong = report->reason_code == CHAT_REASON_PROTOCOL,
    };
    if (!client_span_has(span, evidence->stub.room_seq)) {
        *out = (struct chat_report_row){ .stub = evidence->stub, .kind = evidence->opening };
        if (out->kind == CHAT_OPENING_IS_FULL) out->kind = CHAT_OPENING_IS_WITHHELD;
        return TB_STATUS(TB_OK);
    }
    TRY(client_evidence_open(turn, room, evidence, &wish, out));
    TRY(client_report_files_attach(turn, report, out));
    bool is_target = false;
    for (size_t i = 0; i < report->target_seq.count; i++) {
        if (report->target_seq.at[i].value == evidence->stub.room_seq) is_target = true;
    }
    bool is_short = is_target && report->level >= 2 && out->proof == NULL;
    return is_short ? TB_STATUS(CLIENT_REPORT_LEVEL) : TB_STATUS(TB_OK);
}

tb_status client_evidence_contexts(struct client_turn *turn, struct client_room *room,
                                   struct chat_report_params *params)
{
    tb_bytes *list = tb_arena_take(&turn->arena, params->row_count, sizeof *list);
    uint64_t *epochs = tb_arena_take(&turn->arena, params->row_count, sizeof *epochs);
    size_t count = 0;
    if (list == NULL || epochs == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < params->row_count; i++) {
        uint64_t epoch = params->rows[i].stub.epoch;
        bool is_known = params->rows[i].proof == NULL;
        for (size_t k = 0; k < count && !is_known; k++) is_known = epochs[k] == epoch;
        if (is_known) continue;
        TRY(client_context_get(turn, room, epoch, &list[count]));
        epochs[count++] = epoch;
    }
    params->group_contexts = list;
    params->group_context_count = count;
    return TB_STATUS(TB_OK);
}

/* The window, up to the signature that covers it. */
static tb_status client_evidence_pin(struct client_turn *turn, struct client_room *room,
                                     const struct client_evidence_span *span,
                                     const struct chat_report_row *rows, size_t count)
{
    size_t last = 0;
    if (count == 0) return TB_STATUS(TB_OK);
    while (last + 1 < count && (rows[last].stub.room_seq < span->high ||
                                rows[last].stub.timbre_signature.len == 0)) {
        last++;
    }
    return client_prune_pin(turn, room, rows[0].stub.room_seq, rows[last].stub.room_seq,
                            turn->now_ms + CLIENT_PIN_MS);
}

tb_status client_evidence_rows(struct client_turn *turn, struct client_room *room,
                               const struct client_report_row *report,
                               struct chat_report_params *params)
{
    struct client_pairs pairs = { 0 };
    struct client_evidence_span *span = tb_arena_take(&turn->arena, 1, sizeof *span);
    if (span == NULL) return TB_STATUS(TB_NO_SPACE);
    TRY(client_span_of(turn, room, report, params, span));
    uint64_t first_seq = report->target_seq.at[0].value;
    TRY(client_table_of_room(turn, CLIENT_TABLE_EVIDENCE, room->row.no, span->low,
                             span->high + CHAT_REPORT_TAIL_COUNT_MAX + 1,
                             CHAT_REPORT_ROW_COUNT_MAX, &pairs));
    struct chat_report_row *rows = tb_arena_take(&turn->arena, pairs.count, sizeof *rows);
    if (rows == NULL) return TB_STATUS(TB_NO_SPACE);
    size_t count = 0;
    for (size_t i = 0; i < pairs.count; i++) {
        struct client_evidence_row evidence;
        TRY(wire_decode(&client_evidence_row_desc, pairs.at[i].value, &turn->arena, &evidence,
                        NULL));
        uint64_t seq = evidence.stub.room_seq;
        bool follows = count != 0 && rows[count - 1].stub.room_seq + 1 == seq;
        if (count != 0 && !follows && seq <= first_seq) count = 0; /* begin behind the hole */
        if (count != 0 && !follows && seq > first_seq) break;
        if (count == 0) memcpy(params->chain_before, evidence.prev_chain, CHAT_HASH_LEN);
        TRY(client_evidence_row_of(turn, room, report, span, &evidence, &rows[count]));
        count++;
    }
    params->rows = rows;
    params->row_count = count;
    TRY(client_evidence_pin(turn, room, span, rows, count));
    return client_evidence_contexts(turn, room, params);
}
