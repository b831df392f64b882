/* Decisions about this account, appeals against them, and the desk's answer. */
#include <string.h>

#include "chat/decision.h"
#include "client/decisions.h"
#include "host/client_desk.h"
#include "host/client_text.h"

static const char *state_name(uint8_t state)
{
    switch (state) {
    case CLIENT_NOTICE_APPEALED: return "appealed";
    case CLIENT_NOTICE_UPHELD: return "upheld";
    case CLIENT_NOTICE_REVERSED: return "reversed";
    default: return "stands";
    }
}

static json_t *notice_record(const struct client_notice_view *at)
{
    json_t *record = json_object();
    cli_json_set(record, "number", json_integer((json_int_t)at->number));
    cli_json_set(record, "action", json_string(chat_decision_action_name(at->action)));
    cli_json_set(record, "scope", json_string(at->scope == CHAT_SCOPE_HUB ? "hub" : "room"));
    cli_json_set(record, "room", cli_json_text(at->room));
    cli_json_set(record, "notice_room", cli_json_text(at->notice_room));
    cli_json_set(record, "subject", cli_json_text(at->subject));
    cli_json_set(record, "subject_handle", cli_json_text(at->subject_handle));
    cli_json_set(record, "time", cli_json_time(at->logged_ms));
    if (at->until_ms != 0) cli_json_set(record, "until", cli_json_time(at->until_ms));
    cli_json_set(record, "state", json_string(state_name(at->state)));
    cli_json_set(record, "single", json_boolean(at->is_single));
    cli_json_set(record, "appeal_until", cli_json_time(at->appeal_until_ms));
    if (at->appealed_ms != 0) cli_json_set(record, "appealed", cli_json_time(at->appealed_ms));
    if (at->appeal.len != 0) cli_json_set(record, "appeal", cli_json_text(at->appeal));
    if (at->settled_number != 0) {
        cli_json_set(record, "settled_by", json_integer((json_int_t)at->settled_number));
    }
    return record;
}

static int notices_list(struct cli_app *app, bool is_desk, const struct cli_column *columns,
                        size_t column_count, const char *nothing)
{
    struct client_notice_view *notices = NULL;
    size_t count = 0;
    int code = cli_app_refresh(app);
    if (code != CLI_EXIT_OK) return code;
    cli_run_read_begin(&app->run);
    tb_status status = client_notices(app->run.client, is_desk, cli_run_now_ms(&app->run),
                                      &app->arena, &notices, &count);
    status = cli_run_read_end(&app->run, status);
    if (status.code != TB_OK) return cli_app_fail(app, status, "list the decisions");
    json_t *rows = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *row = notice_record(&notices[i]);
        if (is_desk) cli_json_set(row, "may_settle", json_boolean(notices[i].may_settle));
        json_array_append_new(rows, row);
    }
    cli_out_table(&app->out, columns, column_count, rows, nothing);
    return CLI_EXIT_OK;
}

int cli_verb_notice_decisions(struct cli_app *app)
{
    static const struct cli_column columns[] = {
        { "number", "NUMBER", CLI_COLUMN_NUMBER }, { "time", "DECIDED", CLI_COLUMN_TIME },
        { "action", "ACTION", CLI_COLUMN_TEXT },   { "scope", "SCOPE", CLI_COLUMN_TEXT },
        { "state", "STATE", CLI_COLUMN_TEXT },
        { "appeal_until", "APPEAL UNTIL", CLI_COLUMN_TIME },
    };
    return notices_list(app, false, columns, sizeof columns / sizeof columns[0],
                        "The desk has decided nothing about you.");
}

int cli_verb_desk_appeals(struct cli_app *app)
{
    static const struct cli_column columns[] = {
        { "number", "NUMBER", CLI_COLUMN_NUMBER },
        { "appealed", "APPEALED", CLI_COLUMN_TIME },
        { "subject_handle", "WHO", CLI_COLUMN_TEXT },
        { "action", "ACTION", CLI_COLUMN_TEXT },
        { "state", "STATE", CLI_COLUMN_TEXT },
        { "may_settle", "YOURS TO SETTLE", CLI_COLUMN_TEXT },
        { "appeal", "WORDS", CLI_COLUMN_TEXT },
    };
    return notices_list(app, true, columns, sizeof columns / sizeof columns[0],
                        "Nobody appeals.");
}

/* ------------------------------------------------------------------ one decision */

static int number_read(struct cli_app *app, uint64_t *number)
{
    if (cli_text_number(app->args.words[0], UINT64_MAX, number) && *number > 0) return CLI_EXIT_OK;
    return cli_app_usage(app, "NUMBER is the number of a decision",
                         "'timbre notice decisions' lists those about you.");
}

static int notice_read(struct cli_app *app, uint64_t number, const char *doing,
                       struct client_notice_view *out)
{
    cli_run_read_begin(&app->run);
    tb_status status = client_notice(app->run.client, number, cli_run_now_ms(&app->run),
                                     &app->arena, out);
    status = cli_run_read_end(&app->run, status);
    if (status.code == TB_NOT_FOUND) {
        const struct cli_problem unknown = { CLI_EXIT_NOT_FOUND, "decision_unknown",
                                             "no decision of this number is known here",
                                             "'timbre notice decisions' lists those about you." };
        return cli_out_fail(&app->out, &unknown, doing, tb_bytes_text(app->args.words[0]));
    }
    return status.code == TB_OK ? CLI_EXIT_OK : cli_app_fail(app, status, doing);
}

int cli_appeal_show(struct cli_app *app)
{
    struct client_notice_view at = { 0 };
    uint64_t number = 0;
    char time[CLI_TEXT_TIME_LEN_MAX];
    int code = number_read(app, &number);
    if (code == CLI_EXIT_OK) code = cli_app_refresh(app);
    if (code == CLI_EXIT_OK) code = notice_read(app, number, "show the decision", &at);
    if (code != CLI_EXIT_OK) return code;
    if (!cli_out_is_text(&app->out)) {
        json_t *record = notice_record(&at);
        cli_json_set(record, "statement", cli_json_text(at.text));
        cli_out_record(&app->out, record);
        return CLI_EXIT_OK;
    }
    cli_text_print(app->out.to, at.text, CLI_TEXT_INDENTED, 0);
    if (at.appeal.len != 0) {
        fputs("\nAppeal: ", app->out.to);
        cli_text_print(app->out.to, at.appeal, CLI_TEXT_INDENTED, 8);
        fputc('\n', app->out.to);
    }
    cli_text_time(at.appeal_until_ms, time);
    if (at.settled_number != 0) {
        fprintf(app->out.to, "\nState: %s by decision %llu.\n", state_name(at.state),
                (unsigned long long)at.settled_number);
    } else {
        fprintf(app->out.to, "\nState: %s.  An appeal is possible until %s.\n",
                state_name(at.state), time);
    }
    return CLI_EXIT_OK;
}

int cli_verb_notice_appeal(struct cli_app *app)
{
    static const char doing[] = "appeal";
    const char *path = app->args.values[CLI_OPTION_TEXT_FILE];
    struct client_notice_view at = { 0 };
    uint64_t number = 0, op = 0;
    tb_bytes text;
    int code = number_read(app, &number);
    if (code != CLI_EXIT_OK) return code;
    if (path == NULL) {
        return cli_app_usage(app, "--text-file is missing",
                             "Say in it why the decision is wrong, in your own words.");
    }
    code = cli_app_read(app, path, "read the appeal", &text);
    if (code == CLI_EXIT_OK) code = cli_app_online(app, doing);
    if (code == CLI_EXIT_OK) code = notice_read(app, number, doing, &at);
    if (code != CLI_EXIT_OK) return code;
    cli_run_begin(&app->run);
    tb_status status = client_appeal(app->run.client, cli_run_now_ms(&app->run), number, text,
                                     &app->run.effects, &op);
    code = cli_app_await(app, status, op, doing);
    if (code != CLI_EXIT_OK) return code;
    json_t *record = notice_record(&at);
    cli_json_set(record, "state", json_string("appealed"));
    cli_out_record(&app->out, record);
    cli_out_say(&app->out, "Your appeal against decision %llu is with the desk.  Somebody who took "
                           "no part in it will settle it.\n", (unsigned long long)number);
    return CLI_EXIT_OK;
}

/* ------------------------------------------------------------------ settling */

int cli_verb_desk_settle(struct cli_app *app)
{
    static const char doing[] = "settle the appeal";
    const char *facts_path = app->args.values[CLI_OPTION_FACTS_FILE];
    bool is_uphold = cli_args_has(&app->args, CLI_OPTION_UPHOLD);
    bool is_reverse = cli_args_has(&app->args, CLI_OPTION_REVERSE);
    uint8_t action = is_uphold ? CHAT_ACTION_UPHOLD : CHAT_ACTION_REVERSE;
    struct client_notice_view at = { 0 };
    uint64_t number = 0, op = 0;
    tb_bytes facts;
    int code = number_read(app, &number);
    if (code != CLI_EXIT_OK) return code;
    if (is_uphold == is_reverse) return cli_app_usage(app, "say --uphold or --reverse", NULL);
    if (facts_path == NULL) {
        return cli_app_usage(app, "--facts-file is missing",
                             "The person concerned is told why.");
    }
    code = cli_app_read(app, facts_path, "read the reasons", &facts);
    if (code == CLI_EXIT_OK) code = cli_app_online(app, doing);
    if (code == CLI_EXIT_OK) code = cli_desk_fetch(app);
    if (code == CLI_EXIT_OK) code = notice_read(app, number, doing, &at);
    if (code != CLI_EXIT_OK) return code;
    cli_out_say(&app->out, "Decision %llu, %s, about %s: %s\n", (unsigned long long)number,
                chat_decision_action_name(at.action), cli_app_visible(app, at.subject_handle),
                chat_decision_action_name(action));
    if (at.appeal.len != 0) {
        cli_out_say(&app->out, "The appeal says: %s\n", cli_app_visible(app, at.appeal));
    }
    if (!cli_app_agreed(app, "Sign this?")) return CLI_EXIT_USAGE;
    cli_run_begin(&app->run);
    tb_status status = client_desk_settle(app->run.client, cli_run_now_ms(&app->run), number,
                                          action, facts, &app->run.effects, &op);
    code = cli_app_await(app, status, op, doing);
    if (code != CLI_EXIT_OK) return code;
    uint64_t settled = app->run.outcome.show.decision_number;
    json_t *record = notice_record(&at);
    cli_json_set(record, "state", json_string(is_uphold ? "upheld" : "reversed"));
    cli_json_set(record, "settled_by", json_integer((json_int_t)settled));
    cli_out_record(&app->out, record);
    cli_out_say(&app->out, "Decision %llu is %s, by decision number %llu.\n",
                (unsigned long long)number, is_uphold ? "upheld" : "reversed",
                (unsigned long long)settled);
    cli_app_settle(app);
    return CLI_EXIT_OK;
}
