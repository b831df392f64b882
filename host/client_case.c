#include "host/client_case.h"

#include <stdio.h>
#include <string.h>

#include "chat/status.h"
#include "client/queue.h"
#include "client/status.h"
#include "host/client_outside.h"
#include "host/client_text.h"
#include "wire/text.h"

enum {
    WORD_DIGITS_MIN = 4,
    WORD_DIGITS_SHOWN = 8,
    WORD_LEN_MAX = 2 * CHAT_HASH_LEN + 1,
    NEXT_COUNT_MAX = 16 /* others may be quicker; then there is too much of a run for a loop */
};

struct queue {
    struct client_queue_view *at;
    size_t count;
};

static tb_status queue_read(struct cli_app *app, struct queue *out)
{
    cli_run_read_begin(&app->run);
    tb_status status = client_queue(app->run.client, cli_run_now_ms(&app->run), &app->arena,
                                    &out->at, &out->count);
    return cli_run_read_end(&app->run, status);
}

/* ------------------------------------------------------------------ names of cases */

/* "3f9a01c2", or "n12" of a notice. */
static void word_of(tb_bytes case_id, char out[WORD_LEN_MAX])
{
    if (case_id.len == CHAT_CASE_NOTICE_LEN) {
        (void)snprintf(out, WORD_LEN_MAX, "n%llu",
                       (unsigned long long)tb_get_u64(case_id.data));
        return;
    }
    wire_text_hex_encode(tb_bytes_of(case_id.data, WORD_DIGITS_SHOWN / 2), out);
    out[WORD_DIGITS_SHOWN] = 0;
}

json_t *cli_case_word(tb_bytes case_id)
{
    char word[WORD_LEN_MAX];
    word_of(case_id, word);
    return json_string(word);
}

static bool is_named(tb_bytes case_id, const char *word)
{
    char hex[2 * CHAT_HASH_LEN];
    uint64_t number;
    size_t len = strlen(word);
    if (cli_outside_is_word(word)) {
        return case_id.len == CHAT_CASE_NOTICE_LEN && cli_text_number(word + 1, UINT64_MAX, &number)
               && tb_get_u64(case_id.data) == number;
    }
    if (case_id.len != CHAT_HASH_LEN || len < WORD_DIGITS_MIN || len > sizeof hex) return false;
    wire_text_hex_encode(case_id, hex);
    return memcmp(hex, word, len) == 0;
}

struct found {
    const struct client_queue_view *view; /* what it is a part of */
    tb_bytes case_id;
    size_t count;
};

static void look_at(const struct client_queue_view *view, tb_bytes case_id, const char *word,
                    struct found *found)
{
    if (!is_named(case_id, word)) return;
    found->view = view;
    found->case_id = case_id;
    found->count++;
}

/* A case by its word, among those that stand for others and those that do not. */
static int case_find(struct cli_app *app, const struct queue *queue, const char *word,
                     struct found *out)
{
    static const struct cli_problem unknown = { CLI_EXIT_NOT_FOUND, "case_unknown",
                                                "there is no such case",
                                                "'timbre desk list' lists the cases." };
    struct found found = { NULL, { 0 }, 0 };
    for (size_t i = 0; i < queue->count; i++) {
        const struct client_queue_view *view = &queue->at[i];
        look_at(view, view->case_id, word, &found);
        for (size_t k = 0; k < view->duplicate_count; k++) {
            look_at(view, view->duplicates[k], word, &found);
        }
    }
    if (found.count == 0) {
        return cli_out_fail(&app->out, &unknown, "find the case", tb_bytes_text(word));
    }
    if (found.count > 1) {
        return cli_app_usage(app, "more than one case begins so", "Write more of its digits.");
    }
    *out = found;
    return CLI_EXIT_OK;
}

/* ------------------------------------------------------------------ records */

static json_t *json_codes(const struct client_queue_view *view)
{
    json_t *codes = json_array();
    for (size_t i = 0; i < view->code_count; i++) {
        json_array_append_new(codes, cli_json_text(view->codes[i].value));
    }
    return codes;
}

static void record_fill(struct cli_app *app, const struct client_queue_view *view, json_t *record)
{
    json_t *duplicates = json_array();
    for (size_t i = 0; i < view->duplicate_count; i++) {
        json_array_append_new(duplicates, cli_case_word(view->duplicates[i]));
    }
    cli_json_set(record, "priority", json_string(chat_casework_level_name(view->level)));
    cli_json_set(record, "priority_basis", cli_json_text(view->why));
    cli_json_set(record, "claimed_by", view->holder.len != 0 ? cli_json_text(view->holder_handle)
                                                             : json_null());
    cli_json_set(record, "claimed_until", cli_json_time(view->lease_ms));
    cli_json_set(record, "due", cli_json_time(view->due_ms));
    bool is_late = !view->is_decided && view->due_ms < cli_run_now_ms(&app->run);
    cli_json_set(record, "overdue", json_boolean(is_late));
    cli_json_set(record, "codes", json_codes(view));
    cli_json_set(record, "notes", json_integer((json_int_t)view->note_count));
    cli_json_set(record, "duplicates", duplicates);
    cli_json_set(record, "state", json_string(view->is_decided ? "decided" : "open"));
    if (view->decided_before != 0) {
        cli_json_set(record, "decided_before", json_integer((json_int_t)view->decided_before));
    }
    if (view->decision_number != 0) {
        cli_json_set(record, "decision", json_integer((json_int_t)view->decision_number));
    }
}

/* Records by what names them: a report's id, or a notice's word. */
static json_t *rows_index(const json_t *rows)
{
    json_t *index = json_object();
    for (size_t i = 0; i < json_array_size(rows); i++) {
        json_t *row = json_array_get(rows, i), *name = json_object_get(row, "report");
        if (name == NULL) name = json_object_get(row, "case");
        json_object_set(index, json_string_value(name), row);
    }
    return index;
}

static void name_of(tb_bytes case_id, char out[WORD_LEN_MAX])
{
    if (case_id.len != CHAT_HASH_LEN) {
        word_of(case_id, out);
        return;
    }
    wire_text_hex_encode(case_id, out);
    out[2 * CHAT_HASH_LEN] = 0;
}

int cli_case_rows(struct cli_app *app, json_t *rows, json_t **out)
{
    struct queue queue = { NULL, 0 };
    tb_status status = queue_read(app, &queue);
    if (status.code != TB_OK) {
        json_decref(rows);
        return cli_app_fail(app, status, "read the queue");
    }
    json_t *index = rows_index(rows);
    *out = json_array();
    for (size_t i = 0; i < queue.count; i++) {
        char name[WORD_LEN_MAX];
        name_of(queue.at[i].case_id, name);
        json_t *row = json_object_get(index, name);
        if (row == NULL) continue; /* it came between the two looks */
        record_fill(app, &queue.at[i], row);
        json_array_append(*out, row);
    }
    json_decref(index);
    json_decref(rows);
    return CLI_EXIT_OK;
}

static json_t *json_line(const struct client_queue_line *line)
{
    json_t *record = json_object(), *codes = json_array();
    const struct chat_case_event *event = &line->event;
    for (size_t i = 0; i < event->code_count; i++) {
        json_array_append_new(codes, cli_json_text(event->codes[i]));
    }
    cli_json_set(record, "number", json_integer((json_int_t)line->room_seq));
    cli_json_set(record, "time", cli_json_time(line->at_ms));
    cli_json_set(record, "account", cli_json_text(line->account));
    cli_json_set(record, "handle", cli_json_text(line->handle));
    cli_json_set(record, "act", json_string(chat_casework_kind_name(event->kind)));
    cli_json_set(record, "case", cli_case_word(event->case_id));
    cli_json_set(record, "void", line->verdict == TB_OK
                                     ? json_null()
                                     : json_string(chat_status_text(TB_STATUS(line->verdict))));
    if (event->until_ms != 0) cli_json_set(record, "until", cli_json_time(event->until_ms));
    if (event->text.len != 0) cli_json_set(record, "text", cli_json_text(event->text));
    if (event->into.len != 0) cli_json_set(record, "into", cli_case_word(event->into));
    if (event->level != 0) {
        cli_json_set(record, "priority", json_string(chat_casework_level_name(event->level)));
    }
    if (event->code_count != 0) cli_json_set(record, "codes", json_incref(codes));
    json_decref(codes);
    return record;
}

int cli_case_record(struct cli_app *app, json_t *record)
{
    static const char doing[] = "read the case's history";
    struct queue queue = { NULL, 0 };
    struct found found = { NULL, { 0 }, 0 };
    struct client_queue_line *lines = NULL;
    size_t count = 0;
    const json_t *word = json_object_get(record, "report");
    if (word == NULL) word = json_object_get(record, "case");
    tb_status status = queue_read(app, &queue);
    if (status.code != TB_OK) return cli_app_fail(app, status, doing);
    int code = case_find(app, &queue, json_string_value(word), &found);
    if (code != CLI_EXIT_OK) return code;
    record_fill(app, found.view, record);
    cli_run_read_begin(&app->run);
    status = client_queue_history(app->run.client, found.view->case_id, &app->arena, &lines,
                                  &count);
    status = cli_run_read_end(&app->run, status);
    if (status.code != TB_OK) return cli_app_fail(app, status, doing);
    json_t *history = json_array();
    for (size_t i = 0; i < count; i++) json_array_append_new(history, json_line(&lines[i]));
    cli_json_set(record, "history", history);
    return CLI_EXIT_OK;
}

/* ------------------------------------------------------------------ lines */

static tb_bytes text_at(const json_t *record, const char *field)
{
    return tb_bytes_text(json_string_value(json_object_get(record, field)));
}

static void print_words(struct cli_app *app, const char *name, const json_t *words)
{
    if (json_array_size(words) == 0) return;
    fprintf(app->out.to, "%-10s", name);
    for (size_t i = 0; i < json_array_size(words); i++) {
        fprintf(app->out.to, "%s%s", i != 0 ? ", " : "",
                json_string_value(json_array_get(words, i)));
    }
    fputc('\n', app->out.to);
}

static void print_line(struct cli_app *app, const json_t *line)
{
    FILE *to = app->out.to;
    tb_bytes text = text_at(line, "text"), void_text = text_at(line, "void");
    const json_t *codes = json_object_get(line, "codes");
    const char *details[] = { "priority", "into", "until" };
    fprintf(to, "  %s  %s %s", json_string_value(json_object_get(line, "time")),
            cli_app_visible(app, text_at(line, "handle")),
            json_string_value(json_object_get(line, "act")));
    for (size_t i = 0; i < sizeof details / sizeof details[0]; i++) {
        const char *value = json_string_value(json_object_get(line, details[i]));
        if (value != NULL) fprintf(to, " %s", value);
    }
    for (size_t i = 0; i < json_array_size(codes); i++) {
        fprintf(to, " %s", json_string_value(json_array_get(codes, i)));
    }
    if (text.len != 0) {
        fputs(": ", to);
        cli_text_print(to, text, CLI_TEXT_INDENTED, 4);
    }
    if (void_text.len != 0) {
        fputs(" (void: ", to);
        cli_text_print(to, void_text, CLI_TEXT_ONE_LINE, 0);
        fputc(')', to);
    }
    fputc('\n', to);
}

void cli_case_print(struct cli_app *app, const json_t *record)
{
    FILE *to = app->out.to;
    const json_t *history = json_object_get(record, "history");
    tb_bytes basis = text_at(record, "priority_basis"), holder = text_at(record, "claimed_by");
    fprintf(to, "\npriority  %s", json_string_value(json_object_get(record, "priority")));
    if (basis.len != 0) fprintf(to, ": %s", cli_app_visible(app, basis));
    fprintf(to, "\ndue       %s%s\n", json_string_value(json_object_get(record, "due")),
            json_is_true(json_object_get(record, "overdue")) ? ", overdue" : "");
    if (holder.len != 0) {
        fprintf(to, "claimed   by %s until %s\n", cli_app_visible(app, holder),
                json_string_value(json_object_get(record, "claimed_until")));
    }
    json_int_t before = json_integer_value(json_object_get(record, "decided_before"));
    if (before != 0) fprintf(to, "same      was decided before, number %lld\n", (long long)before);
    print_words(app, "codes", json_object_get(record, "codes"));
    print_words(app, "same as", json_object_get(record, "duplicates"));
    if (json_array_size(history) == 0) return;
    fputs("\nWhat moderators did:\n", to);
    for (size_t i = 0; i < json_array_size(history); i++) {
        print_line(app, json_array_get(history, i));
    }
}

/* ------------------------------------------------------------------ acts */

/* Until it is in the log; *verdict: what came of it there. */
static int act_do(struct cli_app *app, const struct client_queue_act *act, const char *doing,
                  uint16_t *verdict)
{
    uint64_t op = 0;
    cli_run_begin(&app->run);
    tb_status status = client_queue_act(app->run.client, cli_run_now_ms(&app->run), act,
                                        &app->run.effects, &op);
    int code = cli_app_await(app, status, op, doing);
    if (code != CLI_EXIT_OK) return code;
    uint64_t room_seq = app->run.outcome.show.number;
    cli_app_settle(app);
    cli_run_read_begin(&app->run);
    status = client_queue_verdict(app->run.client, room_seq, verdict);
    status = cli_run_read_end(&app->run, status);
    if (status.code == TB_NOT_FOUND) status = TB_STATUS(CLIENT_OFFLINE); /* it will be told later */
    return status.code == TB_OK ? CLI_EXIT_OK : cli_app_fail(app, status, doing);
}

/* How the case stands after the act. */
static int act_show(struct cli_app *app, tb_bytes case_id)
{
    struct queue queue = { NULL, 0 };
    struct found found = { NULL, { 0 }, 0 };
    char name[WORD_LEN_MAX];
    name_of(case_id, name);
    tb_status status = queue_read(app, &queue);
    if (status.code != TB_OK) return cli_app_fail(app, status, "show the case");
    int code = case_find(app, &queue, name, &found);
    if (code != CLI_EXIT_OK) return code;
    json_t *record = json_object();
    cli_json_set(record, "case", cli_case_word(found.view->case_id));
    record_fill(app, found.view, record);
    cli_out_record(&app->out, record);
    return CLI_EXIT_OK;
}

/* The act on the case that the first word names, said with a sentence. */
static int act_on_word(struct cli_app *app, struct client_queue_act *act, const char *doing,
                       const char *sentence)
{
    struct queue queue = { NULL, 0 };
    struct found found = { NULL, { 0 }, 0 }, into = { NULL, { 0 }, 0 };
    char word[WORD_LEN_MAX];
    uint16_t verdict = TB_OK;
    int code = cli_app_online(app, doing);
    if (code == CLI_EXIT_OK) code = cli_desk_fetch(app);
    if (code != CLI_EXIT_OK) return code;
    tb_status status = queue_read(app, &queue);
    if (status.code != TB_OK) return cli_app_fail(app, status, doing);
    code = case_find(app, &queue, app->args.words[0], &found);
    if (code == CLI_EXIT_OK && act->kind == CHAT_CASE_MERGE) {
        code = case_find(app, &queue, app->args.words[1], &into);
        act->into = into.case_id;
    }
    if (code != CLI_EXIT_OK) return code;
    act->case_id = found.case_id;
    code = act_do(app, act, doing, &verdict);
    if (code == CLI_EXIT_OK && verdict != TB_OK) {
        code = cli_app_fail(app, TB_STATUS(verdict), doing);
    }
    if (code == CLI_EXIT_OK) code = act_show(app, found.case_id);
    if (code != CLI_EXIT_OK) return code;
    word_of(found.case_id, word);
    cli_out_say(&app->out, "Case %s %s\n", word, sentence);
    return CLI_EXIT_OK;
}

int cli_verb_desk_claim(struct cli_app *app)
{
    struct client_queue_act act = { .kind = CHAT_CASE_CLAIM };
    return act_on_word(app, &act, "claim the case", "is yours for 30 minutes.");
}

int cli_verb_desk_release(struct cli_app *app)
{
    struct client_queue_act act = { .kind = CHAT_CASE_RELEASE };
    return act_on_word(app, &act, "release the case", "is free again.");
}

int cli_verb_desk_note(struct cli_app *app)
{
    struct client_queue_act act = { .kind = CHAT_CASE_NOTE };
    const char *text = app->args.words[1];
    act.text = tb_bytes_text(text);
    int code = strcmp(text, "-") == 0 ? cli_app_read(app, text, "read the note", &act.text)
                                      : CLI_EXIT_OK;
    if (code != CLI_EXIT_OK) return code;
    return act_on_word(app, &act, "note something about the case", "has a note more.");
}

int cli_verb_desk_code(struct cli_app *app)
{
    tb_bytes codes[CHAT_CASE_CODE_COUNT_MAX];
    struct client_queue_act act = { .kind = CHAT_CASE_CODE, .codes = codes };
    if (app->args.count > CHAT_CASE_CODE_COUNT_MAX) {
        return cli_app_usage(app, "too many codes", "A case has at most 16.");
    }
    for (size_t i = 1; i < app->args.count; i++) {
        codes[act.code_count++] = tb_bytes_text(app->args.words[i]);
    }
    return act_on_word(app, &act, "code the case", "is coded.");
}

int cli_verb_desk_merge(struct cli_app *app)
{
    struct client_queue_act act = { .kind = CHAT_CASE_MERGE };
    return act_on_word(app, &act, "merge the cases", "is a part of the other one.");
}

int cli_verb_desk_priority(struct cli_app *app)
{
    struct client_queue_act act = { .kind = CHAT_CASE_PRIORITY };
    for (uint8_t i = CHAT_CASE_THREAT; i <= CHAT_CASE_NORMAL; i++) {
        if (strcmp(app->args.words[1], chat_casework_level_name(i)) == 0) act.level = i;
    }
    if (act.level == 0) {
        return cli_app_usage(app, "there is no such priority",
                             "It is threat-to-life, order, trusted-flagger or normal.");
    }
    if (app->args.count > 2) act.text = tb_bytes_text(app->args.words[2]);
    return act_on_word(app, &act, "set the priority", "has another priority.");
}

int cli_verb_desk_deadline(struct cli_app *app)
{
    struct client_queue_act act = { .kind = CHAT_CASE_DEADLINE };
    uint64_t span_ms = 0;
    const char *word = app->args.words[1];
    bool is_none = strcmp(word, "none") == 0;
    if (!is_none && (!cli_text_span(word, &span_ms) || span_ms == 0)) {
        return cli_app_usage(app, "a deadline is a span like 24h or 7d, or none", NULL);
    }
    if (!is_none) act.until_ms = cli_run_now_ms(&app->run) + span_ms;
    return act_on_word(app, &act, "set the deadline", "has another deadline.");
}

/* The most urgent one that nobody works on; NULL: there is none. */
static const struct client_queue_view *next_of(const struct queue *queue)
{
    for (size_t i = 0; i < queue->count; i++) {
        if (!queue->at[i].is_decided && queue->at[i].holder.len == 0) return &queue->at[i];
    }
    return NULL;
}

static int next_claim(struct cli_app *app, const char *doing, bool *is_taken)
{
    static const struct cli_problem nothing = { CLI_EXIT_NOT_FOUND, "queue_empty",
                                                "no case waits for anybody", NULL };
    struct queue queue = { NULL, 0 };
    char word[WORD_LEN_MAX];
    uint16_t verdict = TB_OK;
    tb_status status = queue_read(app, &queue);
    if (status.code != TB_OK) return cli_app_fail(app, status, doing);
    const struct client_queue_view *next = next_of(&queue);
    if (next == NULL) return cli_out_fail(&app->out, &nothing, doing, (tb_bytes){ 0 });
    const struct client_queue_act act = { .kind = CHAT_CASE_CLAIM, .case_id = next->case_id };
    int code = act_do(app, &act, doing, &verdict);
    if (code != CLI_EXIT_OK || verdict == CHAT_CASE_CLAIMED) return code; /* then the next one */
    if (verdict != TB_OK) return cli_app_fail(app, TB_STATUS(verdict), doing);
    *is_taken = true;
    word_of(next->case_id, word);
    code = act_show(app, next->case_id);
    if (code == CLI_EXIT_OK) {
        cli_out_say(&app->out, "Case %s is yours for 30 minutes: timbre desk show %s\n", word,
                    word);
    }
    return code;
}

int cli_verb_desk_next(struct cli_app *app)
{
    static const char doing[] = "claim the next case";
    bool is_taken = false;
    int code = cli_app_online(app, doing);
    if (code == CLI_EXIT_OK) code = cli_desk_fetch(app);
    for (int i = 0; code == CLI_EXIT_OK && !is_taken && i < NEXT_COUNT_MAX; i++) {
        code = next_claim(app, doing, &is_taken);
    }
    if (code != CLI_EXIT_OK || is_taken) return code;
    return cli_app_fail(app, TB_STATUS(CHAT_CASE_CLAIMED), doing);
}
