/* The verbs of the moderation desk. */
#include <string.h>

#include "chat/decision.h"
#include "chat/reason.h"
#include "client/status.h"
#include "host/client_app.h"
#include "host/client_case.h"
#include "host/client_desk.h"
#include "host/client_outside.h"
#include "host/client_text.h"
#include "host/client_timeline.h"
#include "host/client_window.h"
#include "wire/text.h"

enum { REPORT_ID_LEN = 32, CASE_WORD_LEN_MIN = 4, CASE_IS_OPEN = 1 };

const char *cli_desk_reason(uint8_t code)
{
    const char *text = chat_reason_text(code);
    return text != NULL ? text : "an unknown reason";
}

int cli_desk_fetch(struct cli_app *app)
{
    uint64_t op = 0;
    int code = cli_app_refresh(app);
    if (code != CLI_EXIT_OK || !client_is_online(app->run.client)) return code;
    cli_run_begin(&app->run);
    tb_status status = client_desk_fetch(app->run.client, cli_run_now_ms(&app->run),
                                         &app->run.effects, &op);
    return cli_app_await(app, status, op, "fetch the reports");
}

void cli_desk_word(const struct client_case_view *at, char out[CLI_DESK_WORD_LEN + 1])
{
    tb_bytes head = tb_bytes_of(at->report_id.data, CLI_DESK_WORD_LEN / 2);
    wire_text_hex_encode(head, out);
    out[CLI_DESK_WORD_LEN] = 0;
}

static tb_status cases_read(struct cli_app *app, struct client_case_view **cases, size_t *count)
{
    cli_run_read_begin(&app->run);
    tb_status status = client_cases(app->run.client, &app->arena, cases, count);
    return cli_run_read_end(&app->run, status);
}

int cli_desk_find(struct cli_app *app, const char *word, struct client_case_view *out)
{
    static const char doing[] = "find the case";
    struct client_case_view *cases = NULL;
    size_t count = 0, found = SIZE_MAX, len = strlen(word);
    tb_status status = cases_read(app, &cases, &count);
    for (size_t i = 0; status.code == TB_OK && i < count; i++) {
        char hex[2 * REPORT_ID_LEN];
        wire_text_hex_encode(cases[i].report_id, hex);
        if (len < CASE_WORD_LEN_MIN || len > sizeof hex || memcmp(hex, word, len) != 0) continue;
        if (found != SIZE_MAX) {
            return cli_app_usage(app, "more than one case begins so", "Write more of its digits.");
        }
        found = i;
    }
    if (status.code == TB_OK && found == SIZE_MAX) {
        const struct cli_problem unknown = { CLI_EXIT_NOT_FOUND, "case_unknown",
                                             "there is no such case",
                                             "'timbre desk list' lists the cases." };
        return cli_out_fail(&app->out, &unknown, doing, tb_bytes_text(word));
    }
    if (status.code == TB_OK) {
        cli_run_read_begin(&app->run);
        status = client_case(app->run.client, cases[found].report_id, &app->arena, out);
        status = cli_run_read_end(&app->run, status);
    }
    return status.code == TB_OK ? CLI_EXIT_OK : cli_app_fail(app, status, doing);
}

json_t *cli_desk_record(const struct client_case_view *at)
{
    char word[CLI_DESK_WORD_LEN + 1];
    const char *name = chat_reason_name(at->reason_code);
    json_t *record = json_object();
    cli_desk_word(at, word);
    cli_json_set(record, "case", json_string(word));
    cli_json_set(record, "report", cli_json_hex(at->report_id));
    cli_json_set(record, "received", cli_json_time(at->received_ms));
    cli_json_set(record, "reason", json_string(name != NULL ? name : "unknown"));
    cli_json_set(record, "room", cli_json_text(at->room));
    cli_json_set(record, "accused", cli_json_text(at->accused));
    cli_json_set(record, "accused_handle", cli_json_text(at->accused_handle));
    cli_json_set(record, "verified", json_boolean(at->is_verified));
    cli_json_set(record, "level", json_integer(at->level));
    cli_json_set(record, "state", json_string(at->state == CASE_IS_OPEN ? "open" : "decided"));
    if (at->decision_number != 0) {
        cli_json_set(record, "decision", json_integer((json_int_t)at->decision_number));
    }
    return record;
}

int cli_verb_desk_list(struct cli_app *app)
{
    static const struct cli_column columns[] = {
        { "case", "CASE", CLI_COLUMN_TEXT },        { "received", "RECEIVED", CLI_COLUMN_TIME },
        { "reason", "REASON", CLI_COLUMN_TEXT },
        { "accused_handle", "ACCUSED", CLI_COLUMN_TEXT },
        { "verified", "PROVEN", CLI_COLUMN_TEXT },  { "level", "LEVEL", CLI_COLUMN_TEXT },
        { "priority", "PRIORITY", CLI_COLUMN_TEXT },
        { "claimed_by", "CLAIMED BY", CLI_COLUMN_TEXT },
        { "claimed_until", "UNTIL", CLI_COLUMN_TIME },
        { "due", "DUE", CLI_COLUMN_TIME },
        { "state", "STATE", CLI_COLUMN_TEXT },      { "decision", "DECISION", CLI_COLUMN_NUMBER },
    };
    struct client_case_view *cases = NULL;
    size_t count = 0;
    int code = cli_desk_fetch(app);
    if (code != CLI_EXIT_OK) return code;
    tb_status status = cases_read(app, &cases, &count);
    if (status.code != TB_OK) return cli_app_fail(app, status, "list the cases");
    json_t *rows = json_array();
    for (size_t i = 0; i < count; i++) json_array_append_new(rows, cli_desk_record(&cases[i]));
    code = cli_outside_rows(app, rows);
    if (code != CLI_EXIT_OK) {
        json_decref(rows);
        return code;
    }
    code = cli_case_rows(app, rows, &rows);
    if (code != CLI_EXIT_OK) return code;
    cli_out_table(&app->out, columns, sizeof columns / sizeof columns[0], rows,
                  "There is no case.");
    return CLI_EXIT_OK;
}

/* ------------------------------------------------------------------ show */

static json_t *case_record_whole(struct cli_app *app, const struct client_case_view *at)
{
    json_t *record = cli_desk_record(at);
    cli_json_set(record, "reporter", cli_json_hex(at->reporter_pseudonym));
    cli_json_set(record, "note", cli_json_text(at->note));
    cli_json_set(record, "sentences", cli_json_text(at->sentences));
    cli_json_set(record, "withheld", json_integer((json_int_t)cli_window_withheld(at)));
    cli_json_set(record, "window", cli_window_record(app, at));
    return record;
}

static const struct client_message_view *named_at(const struct client_case_view *at, tb_bytes text)
{
    for (size_t i = 0; i < at->message_count; i++) {
        const struct client_message_view *message = &at->messages[i];
        bool is_known = message->account.len > 0 && message->handle.len > 0;
        if (is_known && tb_bytes_starts_with(text, message->account)) return message;
    }
    return NULL;
}

/* The sentences name people by their addresses; a handle that the window knows reads easier. */
static void print_sentences(struct cli_app *app, const struct client_case_view *at)
{
    struct tb_buf text;
    tb_bytes left = at->sentences;
    tb_status status = TB_STATUS(TB_OK);
    tb_buf_init(&text, &app->mem, CLI_APP_INPUT_LEN_MAX);
    while (left.len > 0 && status.code == TB_OK) {
        const struct client_message_view *named = named_at(at, left);
        size_t len = named != NULL ? named->account.len : 1;
        status = tb_buf_append(&text, named != NULL ? named->handle : tb_bytes_of(left.data, 1));
        left = tb_bytes_of(left.data + len, left.len - len);
    }
    fputs("  ", app->out.to);
    cli_text_print(app->out.to, status.code == TB_OK ? tb_buf_view(&text) : at->sentences,
                   CLI_TEXT_INDENTED, 2);
    fputc('\n', app->out.to);
    tb_buf_wipe(&text);
}

int cli_verb_desk_show(struct cli_app *app)
{
    struct client_case_view at = { 0 };
    char word[CLI_DESK_WORD_LEN + 1], time[CLI_TEXT_TIME_LEN_MAX];
    FILE *to = app->out.to;
    int code = cli_desk_fetch(app);
    if (code == CLI_EXIT_OK && cli_outside_is_word(app->args.words[0])) {
        return cli_outside_show(app, app->args.words[0]);
    }
    if (code == CLI_EXIT_OK) code = cli_desk_find(app, app->args.words[0], &at);
    if (code != CLI_EXIT_OK) return code;
    json_t *record = case_record_whole(app, &at);
    code = cli_case_record(app, record);
    if (code != CLI_EXIT_OK || !cli_out_is_text(&app->out)) {
        if (code == CLI_EXIT_OK) cli_out_record(&app->out, json_incref(record));
        json_decref(record);
        return code;
    }
    cli_desk_word(&at, word);
    cli_text_time(at.received_ms, time);
    fprintf(to, "Case %s, received %s, %s\n\n", word, time,
            at.state == CASE_IS_OPEN ? "open" : "decided");
    fprintf(to, "accused   %s, %s\n", cli_app_visible(app, at.accused_handle),
            cli_app_visible(app, at.accused));
    fprintf(to, "room      %s\n", cli_app_visible(app, at.room));
    fprintf(to, "reason    %s\n", cli_desk_reason(at.reason_code));
    fprintf(to, "level     %u\n", at.level);
    if (at.note.len > 0) {
        fprintf(to, "note      ");
        cli_text_print(to, at.note, CLI_TEXT_INDENTED, 10);
        fputc('\n', to);
    }
    if (at.decision_number != 0) {
        fprintf(to, "decision  %llu\n", (unsigned long long)at.decision_number);
    }
    fprintf(to, "\nWhat is proven, and what is not:\n");
    print_sentences(app, &at);
    cli_window_print(app, &at);
    cli_case_print(app, record);
    json_decref(record);
    return CLI_EXIT_OK;
}

int cli_verb_desk_keys(struct cli_app *app)
{
    static const struct cli_column columns[] = {
        { "serial", "SERIAL", CLI_COLUMN_NUMBER }, { "from", "FROM", CLI_COLUMN_TIME },
        { "until", "UNTIL", CLI_COLUMN_TIME },     { "has_private", "HELD HERE", CLI_COLUMN_TEXT },
        { "hash", "RECIPIENT KEY HASH", CLI_COLUMN_TEXT },
    };
    struct client_desk_key_view *keys = NULL;
    size_t count = 0;
    int code = cli_app_refresh(app);
    if (code != CLI_EXIT_OK) return code;
    cli_run_read_begin(&app->run);
    tb_status status = client_desk_keys(app->run.client, &app->arena, &keys, &count);
    status = cli_run_read_end(&app->run, status);
    if (status.code != TB_OK) return cli_app_fail(app, status, "show the desk's keys");
    json_t *rows = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *row = json_object();
        cli_json_set(row, "serial", json_integer((json_int_t)keys[i].serial));
        cli_json_set(row, "from", cli_json_time(keys[i].not_before_ms));
        cli_json_set(row, "until", cli_json_time(keys[i].not_after_ms));
        cli_json_set(row, "has_private", json_boolean(keys[i].has_private));
        cli_json_set(row, "hash", cli_json_hex(keys[i].hash));
        json_array_append_new(rows, row);
    }
    cli_out_table(&app->out, columns, sizeof columns / sizeof columns[0], rows,
                  "No key of the desk is known here.");
    return CLI_EXIT_OK;
}
