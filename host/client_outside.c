/* `desk list` and `desk show` for notices from outside, and `desk answer`. */
#include "host/client_outside.h"

#include <stdio.h>
#include <string.h>

#include "chat/reason.h"
#include "chat/status.h"
#include "host/client_case.h"
#include "host/client_text.h"

enum { WORD_LEN_MAX = 24 };

bool cli_outside_is_word(const char *word)
{
    uint64_t number;
    return word[0] == 'n' && cli_text_number(word + 1, UINT64_MAX, &number);
}

static tb_status outsides_read(struct cli_app *app, struct client_outside_view **out,
                               size_t *count)
{
    cli_run_read_begin(&app->run);
    tb_status status = client_outsides(app->run.client, &app->arena, out, count);
    return cli_run_read_end(&app->run, status);
}

static json_t *outside_record(const struct client_outside_view *at)
{
    char word[WORD_LEN_MAX];
    const char *reason = chat_reason_name(at->reason_code);
    json_t *record = json_object();
    snprintf(word, sizeof word, "n%llu", (unsigned long long)at->number);
    cli_json_set(record, "case", json_string(word));
    cli_json_set(record, "received", cli_json_time(at->received_ms));
    cli_json_set(record, "reason", json_string(reason != NULL ? reason : "unknown"));
    cli_json_set(record, "verified", json_false());
    cli_json_set(record, "level", json_string("unproven"));
    cli_json_set(record, "state", json_string(at->outcome == CHAT_NOTICE_OPEN ? "open"
                                                                              : "decided"));
    cli_json_set(record, "outcome", json_string(chat_notice_outcome_name(at->outcome)));
    if (at->about != 0) {
        snprintf(word, sizeof word, "n%llu", (unsigned long long)at->about);
        cli_json_set(record, "complaint_about", json_string(word));
    }
    return record;
}

int cli_outside_rows(struct cli_app *app, json_t *rows)
{
    struct client_outside_view *notices = NULL;
    size_t count = 0;
    tb_status status = outsides_read(app, &notices, &count);
    if (status.code != TB_OK) return cli_app_fail(app, status, "list the notices");
    for (size_t i = 0; i < count; i++) json_array_append_new(rows, outside_record(&notices[i]));
    return CLI_EXIT_OK;
}

static int outside_find(struct cli_app *app, const char *word, struct client_outside_view *out)
{
    static const struct cli_problem unknown = { CLI_EXIT_NOT_FOUND, "case_unknown",
                                                "there is no such notice",
                                                "'timbre desk list' lists them." };
    struct client_outside_view *notices = NULL;
    size_t count = 0;
    uint64_t number = 0;
    if (!cli_outside_is_word(word) || !cli_text_number(word + 1, UINT64_MAX, &number)) {
        return cli_app_usage(app, "a notice is called n and its number", NULL);
    }
    tb_status status = outsides_read(app, &notices, &count);
    if (status.code != TB_OK) return cli_app_fail(app, status, "find the notice");
    for (size_t i = 0; i < count; i++) {
        if (notices[i].number != number) continue;
        *out = notices[i];
        return CLI_EXIT_OK;
    }
    return cli_out_fail(&app->out, &unknown, "find the notice", tb_bytes_text(word));
}

static void print_field(struct cli_app *app, const char *name, tb_bytes text)
{
    if (text.len == 0) return;
    fprintf(app->out.to, "%-10s", name);
    cli_text_print(app->out.to, text, CLI_TEXT_INDENTED, 10);
    fputc('\n', app->out.to);
}

static void outside_print(struct cli_app *app, const struct client_outside_view *at)
{
    char time[CLI_TEXT_TIME_LEN_MAX];
    FILE *to = app->out.to;
    cli_text_time(at->received_ms, time);
    fprintf(to, "Notice n%llu, received %s, %s\n\n", (unsigned long long)at->number, time,
            chat_notice_outcome_name(at->outcome));
    if (at->about != 0) {
        fprintf(to, "A complaint about the answer to n%llu.\n\n", (unsigned long long)at->about);
    }
    if (at->fault != TB_OK) {
        fprintf(to, "It cannot be read here: %s.\n",
                chat_status_text((tb_status){ .code = at->fault }));
        return;
    }
    const char *reason = chat_reason_text(at->reason_code);
    print_field(app, "reason", tb_bytes_text(reason != NULL ? reason : "an unknown reason"));
    print_field(app, "where", at->where);
    print_field(app, "name", at->name);
    print_field(app, "mail", at->mail);
    print_field(app, "text", at->text);
    fputs("\nUnproven: it came from somebody without an account.  Nothing of it is checked, and "
          "it alone\nis no ground to restrict anybody.\n",
          to);
}

int cli_outside_show(struct cli_app *app, const char *word)
{
    struct client_outside_view at = { 0 };
    int code = outside_find(app, word, &at);
    if (code != CLI_EXIT_OK) return code;
    json_t *record = outside_record(&at);
    code = cli_case_record(app, record);
    if (code != CLI_EXIT_OK || cli_out_is_text(&app->out)) {
        if (code == CLI_EXIT_OK) outside_print(app, &at);
        if (code == CLI_EXIT_OK) cli_case_print(app, record);
        json_decref(record);
        return code;
    }
    cli_json_set(record, "opened", json_boolean(at.fault == TB_OK));
    cli_json_set(record, "where", cli_json_text(at.where));
    cli_json_set(record, "text", cli_json_text(at.text));
    cli_json_set(record, "name", cli_json_text(at.name));
    cli_json_set(record, "mail", cli_json_text(at.mail));
    cli_out_record(&app->out, record);
    return CLI_EXIT_OK;
}

/* ------------------------------------------------------------------ answer */

static int answer_read(struct cli_app *app, struct chat_notice_answer *put)
{
    const char *outcome = app->args.values[CLI_OPTION_OUTCOME];
    const char *basis = app->args.values[CLI_OPTION_BASIS];
    const char *file = app->args.values[CLI_OPTION_REPLY_FILE];
    for (uint8_t i = CHAT_NOTICE_ACTED; outcome != NULL && i <= CHAT_NOTICE_UNFOUNDED; i++) {
        if (strcmp(outcome, chat_notice_outcome_name(i)) == 0) put->outcome = i;
    }
    if (put->outcome == CHAT_NOTICE_OPEN) {
        return cli_app_usage(app, "--outcome is acted, no-action or unfounded", NULL);
    }
    if (put->outcome == CHAT_NOTICE_ACTED) {
        bool is_law = basis != NULL && strcmp(basis, "law") == 0;
        if (!is_law && (basis == NULL || strcmp(basis, "terms") != 0)) {
            return cli_app_usage(app, "--basis is law or terms", "An action has its ground.");
        }
        put->basis = is_law ? CHAT_BASIS_LAW : CHAT_BASIS_TERMS;
    }
    if (file == NULL) {
        return cli_app_usage(app, "--reply-file is missing", "Who sent the notice reads it.");
    }
    int code = cli_app_read(app, file, "read the reply", &put->reply);
    if (code == CLI_EXIT_OK && (put->reply.len == 0 ||
                                put->reply.len > CHAT_NOTICE_REPLY_LEN_MAX)) {
        return cli_app_usage(app, "the reply has 1 to 2000 octets", NULL);
    }
    return code;
}

int cli_verb_desk_answer(struct cli_app *app)
{
    static const char doing[] = "answer the notice";
    struct client_outside_view at = { 0 };
    struct chat_notice_answer put = { .number = 0 };
    uint64_t op = 0;
    int code = cli_app_online(app, doing);
    if (code == CLI_EXIT_OK) code = outside_find(app, app->args.words[0], &at);
    if (code == CLI_EXIT_OK) code = answer_read(app, &put);
    if (code != CLI_EXIT_OK) return code;
    put.number = at.number;
    cli_run_begin(&app->run);
    tb_status status = client_outside_answer(app->run.client, cli_run_now_ms(&app->run), &put,
                                             &app->run.effects, &op);
    code = cli_app_await(app, status, op, doing);
    if (code != CLI_EXIT_OK) return code;
    at.outcome = put.outcome;
    cli_out_record(&app->out, outside_record(&at));
    cli_out_say(&app->out, "The answer can be read with the receipt of n%llu.\n",
                (unsigned long long)at.number);
    return CLI_EXIT_OK;
}
