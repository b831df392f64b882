/* Public answers as JSON. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/client_out.h"
#include "host/public.h"
#include "wire/text.h"

static json_t *hex(tb_bytes value) { return cli_json_hex(value); }

static json_t *base64(tb_bytes value)
{
    char text[64];
    size_t len = wire_text_base64_size(WIRE_TEXT_BASE64, value.len);
    if (len > sizeof text) return json_null();
    wire_text_base64_encode(WIRE_TEXT_BASE64, value, text);
    return json_stringn(text, len);
}

static json_t *entry_json(uint64_t index, tb_bytes encoded)
{
    uint8_t memory[512];
    struct tb_arena arena;
    struct chat_log_leaf leaf;
    tb_arena_init_fixed(&arena, memory, sizeof memory);
    if (wire_decode(&chat_log_leaf_desc, encoded, &arena, &leaf, NULL).code != TB_OK) return NULL;
    return json_pack("{s:I,s:I,s:o,s:o,s:o}", "index", (json_int_t)index, "number",
                     (json_int_t)leaf.number, "day", cli_json_time(leaf.day_ms), "commitment",
                     hex(TB_ARRAY(leaf.commitment)), "leaf", hex(encoded));
}

static json_t *path_json(const char *first_name, uint64_t first, const char *second_name,
                         uint64_t second, const struct chat_log_path *path)
{
    json_t *hashes = json_array();
    for (size_t i = 0; i < path->hashes.count; i++) {
        json_array_append_new(hashes, base64(TB_ARRAY(path->hashes.at[i].hash)));
    }
    return json_pack("{s:I,s:I,s:o}", first_name, (json_int_t)first, second_name,
                     (json_int_t)second, "path", hashes);
}

/* ------------------------------------------------------------------ notices */

static json_t *receipt_json(const struct chat_notice_receipt *receipt)
{
    return json_pack("{s:I,s:o,s:o,s:s}", "number", (json_int_t)receipt->number, "secret",
                     hex(TB_ARRAY(receipt->secret)), "received",
                     cli_json_time(receipt->received_ms), "state", "open");
}

static json_t *state_json(const struct chat_notice_state *state)
{
    json_t *out = json_object();
    cli_json_set(out, "number", json_integer((json_int_t)state->number));
    cli_json_set(out, "received", cli_json_time(state->received_ms));
    cli_json_set(out, "state", json_string(chat_notice_outcome_name(state->outcome)));
    if (state->outcome != CHAT_NOTICE_OPEN) {
        cli_json_set(out, "decided", cli_json_time(state->decided_ms));
        cli_json_set(out, "reply", cli_json_text(state->reply));
        cli_json_set(out, "automated", json_false());
    }
    if (state->complain_until_ms != 0) {
        cli_json_set(out, "complain_until", cli_json_time(state->complain_until_ms));
    }
    if (state->complaint_ms != 0) {
        json_t *complaint = json_object();
        cli_json_set(complaint, "received", cli_json_time(state->complaint_ms));
        cli_json_set(complaint, "state",
                     json_string(chat_notice_outcome_name(state->complaint_outcome)));
        if (state->complaint_outcome != CHAT_NOTICE_OPEN) {
            cli_json_set(complaint, "reply", cli_json_text(state->complaint_reply));
        }
        cli_json_set(out, "complaint", complaint);
    }
    cli_json_set(out, "warned", json_boolean(state->is_warned));
    if (state->suspended_until_ms != 0) {
        cli_json_set(out, "suspended_until", cli_json_time(state->suspended_until_ms));
    }
    return out;
}

/* ------------------------------------------------------------------ counts */

/* A number, or {"fewer_than": 11} for one that is too small to be shown. */
static json_t *cell_json(const struct chat_count *cell)
{
    if (cell->is_hidden) return json_pack("{s:i}", "fewer_than", CHAT_COUNT_PUBLIC_MIN);
    return json_integer((json_int_t)cell->value);
}

static json_t *month_json(const struct chat_counts *counts)
{
    char name[16];
    json_t *out = json_object();
    snprintf(name, sizeof name, "%04u-%02u", counts->month / 12, counts->month % 12 + 1);
    cli_json_set(out, "month", json_string(name));
    for (size_t i = 0; i < counts->cells.count; i++) {
        const struct chat_count *cell = &counts->cells.at[i];
        const char *what = chat_count_name(cell->what);
        const char *by = chat_count_by_name(cell->what, cell->by);
        if (what == NULL || by == NULL) continue;
        if (strcmp(by, "all") == 0) {
            cli_json_set(out, what, cell_json(cell));
            continue;
        }
        json_t *group = json_object_get(out, what);
        if (group == NULL) {
            cli_json_set(out, what, json_object());
            group = json_object_get(out, what);
        }
        cli_json_set(group, by, cell_json(cell));
    }
    return out;
}

static json_t *counts_json(const struct chat_counts_list *list)
{
    json_t *months = json_array();
    for (size_t i = 0; i < list->months.count; i++) {
        json_array_append_new(months, month_json(&list->months.at[i]));
    }
    return json_pack("{s:i,s:i,s:o}", "smallest_number_shown", CHAT_COUNT_PUBLIC_MIN, "delay_days",
                     CHAT_COUNT_DELAY_DAYS, "months", months);
}

/* ------------------------------------------------------------------ all of them */

static tb_status dump(json_t *object, struct tb_buf *out)
{
    char *text = object == NULL ? NULL : json_dumps(object, JSON_COMPACT);
    json_decref(object);
    if (text == NULL) return TB_STATUS(TB_NO_SPACE);
    tb_status status = tb_buf_append(out, tb_bytes_text(text));
    free(text);
    TRY(status);
    return tb_buf_append_u8(out, '\n');
}

tb_status public_json(enum public_form form, uint64_t first, uint64_t second, const void *answer,
                      struct tb_buf *out)
{
    const struct chat_opaque *leaf = answer;
    switch (form) {
    case PUBLIC_LOG_ENTRY: return dump(entry_json(first, leaf->value), out);
    case PUBLIC_LOG_INCLUSION:
        return dump(path_json("index", first, "size", second, answer), out);
    case PUBLIC_LOG_CONSISTENCY:
        return dump(path_json("first", first, "second", second, answer), out);
    case PUBLIC_COUNTS: return dump(counts_json(answer), out);
    case PUBLIC_NOTICE_JSON: return dump(receipt_json(answer), out);
    default: return dump(state_json(answer), out);
    }
}

tb_status public_contact_json(const struct public_contact *contact, struct tb_buf *out)
{
    json_t *object = json_object();
    const struct {
        const char *name, *text;
    } members[] = { { "users", contact->users },
                    { "authorities", contact->authorities },
                    { "representative", contact->representative },
                    { "languages", contact->languages } };
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        if (members[i].text == NULL || members[i].text[0] == 0) continue;
        cli_json_set(object, members[i].name, json_string(members[i].text));
    }
    return dump(object, out);
}
