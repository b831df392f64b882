/* Windows of stubs around reported messages, and the MIMI report around the window. */
#include "chat/report.h"

#include <string.h>

#include "chat/records.h"
#include "mls/codepoints.h"
#include "wire/text.h"

/* ------------------------------------------------------------------ the window */

struct window {
    const struct chat_report_params *params;
    struct chat_run_head *heads; /* before each row, and behind the last */
    size_t first, last;          /* rows, inclusive */
};

static tb_status hash_rows(const struct chat_report_params *params, struct tb_arena *arena,
                           struct chat_run_head **out)
{
    struct chat_run_head *heads = tb_arena_take(arena, params->row_count + 1, sizeof *heads);
    if (heads == NULL) return TB_STATUS(TB_NO_SPACE);
    if (params->row_count == 0 || params->rows[0].stub.room_seq == 0) {
        return TB_STATUS(CHAT_REPORT_ROWS);
    }
    heads[0].room_seq = params->rows[0].stub.room_seq - 1;
    memcpy(heads[0].chain, params->chain_before, CHAT_HASH_LEN);
    for (size_t i = 0; i < params->row_count; i++) {
        TRY(chat_status_as(chat_run_stubs_hash(params->suite, params->room_uri, params->group_id,
                                               &heads[i], &params->rows[i].stub, 1,
                                               &heads[i + 1]),
                           CHAT_REPORT_ROWS));
    }
    *out = heads;
    return TB_STATUS(TB_OK);
}

/* The row of a target; SIZE_MAX when it is not held or cannot be opened. */
static size_t row_of(const struct chat_report_params *params, uint64_t room_seq)
{
    uint64_t first = params->rows[0].stub.room_seq;
    if (room_seq < first || room_seq - first >= params->row_count) return SIZE_MAX;
    size_t row = (size_t)(room_seq - first);
    return params->rows[row].kind == CHAT_OPENING_IS_FULL ? row : SIZE_MAX;
}

static tb_status check_targets(const struct chat_report_params *params)
{
    if (params->target_count == 0 || params->target_count > CHAT_REPORT_TARGET_COUNT_MAX) {
        return TB_STATUS(CHAT_REPORT_TARGET);
    }
    for (size_t i = 0; i < params->target_count; i++) {
        if (row_of(params, params->target_seq[i]) == SIZE_MAX
            || (i != 0 && params->target_seq[i] <= params->target_seq[i - 1])) {
            return TB_STATUS(CHAT_REPORT_TARGET);
        }
    }
    return TB_STATUS(TB_OK);
}

static bool is_signed(const struct window *window, size_t row)
{
    const struct chat_report_params *params = window->params;
    const struct chat_stub *stub = &params->rows[row].stub;
    struct chat_run_link link;
    tb_bytes key;
    size_t at = 0;

    if (stub->timbre_signature.len == 0) return false;
    chat_run_link_of_stub(stub, params->group_id, window->heads[row].chain, &link);
    while (chat_records_agent_next(params->hub, stub->context.accepted_timestamp, &at, &key)) {
        if (tb_is_ok(chat_frank_verify(params->suite, key, &link.link,
                                       window->heads[row + 1].chain, stub->hub_key_id,
                                       stub->timbre_signature))) {
            return true;
        }
    }
    return false;
}

/* Amendments 14, 15: to the first link that verifies, at or behind `wanted`; at the newest message
 * back to one that still covers the last target. */
static tb_status find_end(const struct window *window, size_t last_target, size_t wanted,
                          size_t *out)
{
    size_t row_count = window->params->row_count;

    for (size_t row = wanted; row < row_count && row - wanted <= CHAT_REPORT_TAIL_COUNT_MAX;
         row++) {
        if (is_signed(window, row)) {
            *out = row;
            return TB_STATUS(TB_OK);
        }
    }
    for (size_t row = wanted; row-- > last_target;) {
        if (is_signed(window, row)) {
            *out = row;
            return TB_STATUS(TB_OK);
        }
    }
    return TB_STATUS(CHAT_REPORT_NO_SIGNED_END);
}

static tb_status find_window(struct window *window)
{
    const struct chat_report_params *params = window->params;
    size_t first = row_of(params, params->target_seq[0]);
    size_t last = row_of(params, params->target_seq[params->target_count - 1]);
    size_t room_behind = params->row_count - 1 - last;
    size_t wanted =
        last + (room_behind < params->context_after ? room_behind : params->context_after);

    window->first = first < params->context_before ? 0 : first - params->context_before;
    if (wanted - window->first >= CHAT_WINDOW_STUB_COUNT_MAX) {
        return TB_STATUS(CHAT_REPORT_TOO_LARGE);
    }
    return find_end(window, last, wanted, &window->last);
}

/* ------------------------------------------------------------------ the evidence */

static tb_status fill_opening(const struct chat_report_row *row, struct tb_arena *arena,
                              struct chat_opening *out)
{
    *out = (struct chat_opening){ .room_seq = row->stub.room_seq, .kind = row->kind };
    if (row->kind != CHAT_OPENING_IS_FULL) return TB_STATUS(TB_OK);
    struct chat_opening_full *full = tb_arena_take(arena, 1, sizeof *full);
    if (full == NULL) return TB_STATUS(TB_NO_SPACE);
    full->application_data = row->application_data;
    full->attachments.at =
        tb_arena_take(arena, row->attachment_count, sizeof *full->attachments.at);
    if (full->attachments.at == NULL) return TB_STATUS(TB_NO_SPACE);
    full->attachments.count = row->attachment_count;
    for (size_t i = 0; i < row->attachment_count; i++) {
        full->attachments.at[i] = row->attachments[i];
    }
    if (row->proof != NULL) {
        full->proof = tb_arena_take(arena, 1, sizeof *full->proof);
        if (full->proof == NULL) return TB_STATUS(TB_NO_SPACE);
        *full->proof = *row->proof;
    }
    out->body.full = full;
    return TB_STATUS(TB_OK);
}

static tb_status fill_lists(const struct window *window, struct tb_arena *arena,
                            struct chat_report_evidence *out)
{
    const struct chat_report_params *params = window->params;
    size_t count = window->last - window->first + 1;

    out->stubs.at = tb_arena_take(arena, count, sizeof *out->stubs.at);
    out->openings.at = tb_arena_take(arena, count, sizeof *out->openings.at);
    out->target_seq.at = tb_arena_take(arena, params->target_count, sizeof *out->target_seq.at);
    out->group_contexts.at =
        tb_arena_take(arena, params->group_context_count, sizeof *out->group_contexts.at);
    if (out->stubs.at == NULL || out->openings.at == NULL || out->target_seq.at == NULL
        || out->group_contexts.at == NULL) {
        return TB_STATUS(TB_NO_SPACE);
    }
    out->stubs.count = out->openings.count = count;
    for (size_t i = 0; i < count; i++) {
        out->stubs.at[i] = params->rows[window->first + i].stub;
        TRY(fill_opening(&params->rows[window->first + i], arena, &out->openings.at[i]));
    }
    out->target_seq.count = params->target_count;
    for (size_t i = 0; i < params->target_count; i++) {
        out->target_seq.at[i].value = params->target_seq[i];
    }
    out->group_contexts.count = params->group_context_count;
    for (size_t i = 0; i < params->group_context_count; i++) {
        out->group_contexts.at[i].value = params->group_contexts[i];
    }
    return TB_STATUS(TB_OK);
}

tb_status chat_report_build(const struct chat_report_params *params, struct tb_rng *rng,
                            struct tb_arena *arena, struct chat_report_evidence *out)
{
    struct window window = { .params = params };
    struct chat_report_evidence evidence = {
        .version = 1, .room_uri = params->room_uri, .group_id = params->group_id
    };

    TRY(hash_rows(params, arena, &window.heads));
    TRY(check_targets(params));
    TRY(find_window(&window));
    evidence.first_seq = params->rows[window.first].stub.room_seq;
    evidence.last_seq = params->rows[window.last].stub.room_seq;
    memcpy(evidence.chain_before, window.heads[window.first].chain, CHAT_HASH_LEN);
    TRY(fill_lists(&window, arena, &evidence));
    TRY(tb_rng_fill(rng, evidence.nonce, sizeof evidence.nonce));
    *out = evidence;
    return TB_STATUS(TB_OK);
}

tb_status chat_report_id(const struct crypto_suite *suite,
                         const struct chat_report_evidence *evidence, tb_bytes reporter_uri,
                         struct tb_arena *arena, uint8_t report_id[CHAT_HASH_LEN])
{
    static const char LABEL[] = "Timbre 1.0 ReportId";
    struct chat_report_id_input input = { .room_uri = evidence->room_uri,
                                          .reporter_uri = reporter_uri };
    uint8_t label_header[4], value_header[4];
    tb_bytes label = TB_LITERAL(LABEL), value;

    input.target_seq.at = evidence->target_seq.at;
    input.target_seq.count = evidence->target_seq.count;
    memcpy(input.nonce, evidence->nonce, sizeof input.nonce);
    TRY(wire_encode(&chat_report_id_input_desc, &input, arena, &value));
    const tb_bytes parts[] = {
        { label_header, (size_t)(wire_length_put(label_header, label.len) - label_header) },
        label,
        { value_header, (size_t)(wire_length_put(value_header, value.len) - value_header) },
        value,
    };
    return suite->provider->hash(suite->provider, CRYPTO_SHA256, parts, 4, report_id);
}

/* ------------------------------------------------------------------ the MIMI report */

static const struct chat_stub *stub_of(const struct chat_report_evidence *evidence,
                                       uint64_t room_seq)
{
    for (size_t i = 0; i < evidence->stubs.count; i++) {
        if (evidence->stubs.at[i].room_seq == room_seq) return &evidence->stubs.at[i];
    }
    return NULL;
}

tb_status chat_report_encode(const struct chat_report_evidence *evidence,
                             const struct chat_report_text *text, struct tb_arena *arena,
                             tb_bytes *encoded)
{
    struct mls_component_data extension = { .component_id = MLS_COMPONENT_TIMBRE_REPORT_EVIDENCE };

    if (evidence->target_seq.count == 0) return TB_STATUS(CHAT_REPORT_TARGET);
    const struct chat_stub *target = stub_of(evidence, evidence->target_seq.at[0].value);
    if (target == NULL) return TB_STATUS(CHAT_REPORT_TARGET);
    if (chat_reason_name(text->reason_code) == NULL) return TB_STATUS(CHAT_REASON_UNKNOWN);
    if (!wire_text_is_utf8(text->note)) return TB_STATUS(WIRE_TEXT);
    TRY(wire_encode(&chat_report_evidence_desc, evidence, arena, &extension.data));
    const struct chat_abuse_report report = {
        .reporting_user = text->reporting_user,
        .alleged_abuser_uri = target->context.sender_uri,
        .reason_code = text->reason_code,
        .note = text->note,
        .abuse_extensions = { &extension, 1 },
    };
    return wire_encode(&chat_abuse_report_desc, &report, arena, encoded);
}

tb_status chat_report_decode(tb_bytes encoded, struct tb_arena *arena,
                             struct chat_abuse_report *report,
                             struct chat_report_evidence *evidence)
{
    struct chat_abuse_report outer;
    struct chat_report_evidence inner;
    const struct mls_component_data *found = NULL;

    TRY(wire_decode(&chat_abuse_report_desc, encoded, arena, &outer, NULL));
    if (chat_reason_name(outer.reason_code) == NULL) return TB_STATUS(CHAT_REASON_UNKNOWN);
    if (!wire_text_is_utf8(outer.note)) return TB_STATUS(WIRE_TEXT);
    for (size_t i = 0; i < outer.abuse_extensions.count; i++) {
        if (outer.abuse_extensions.at[i].component_id != MLS_COMPONENT_TIMBRE_REPORT_EVIDENCE) {
            continue;
        }
        if (found != NULL) return TB_STATUS(CHAT_EVIDENCE_MISSING);
        found = &outer.abuse_extensions.at[i];
    }
    /* Each text stands in one place, the evidence. */
    if (found == NULL || outer.messages.count != 0) return TB_STATUS(CHAT_EVIDENCE_MISSING);
    TRY(wire_decode(&chat_report_evidence_desc, found->data, arena, &inner, NULL));
    if (inner.version != 1) return TB_STATUS(CHAT_EVIDENCE_FORM);
    *report = outer;
    *evidence = inner;
    return TB_STATUS(TB_OK);
}
