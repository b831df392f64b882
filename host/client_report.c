/* The verbs of reports. */
#include <string.h>

#include "chat/protocol.h"
#include "chat/reason.h"
#include "client/status.h"
#include "host/client_app.h"
#include "host/client_text.h"

enum { NUMBER_COUNT_MAX = CLI_OPEN_COUNT_MAX };

static int numbers(struct cli_app *app, const char *const *words, size_t count,
                   uint64_t out[NUMBER_COUNT_MAX])
{
    if (count > NUMBER_COUNT_MAX) return cli_app_usage(app, "too many messages at once", NULL);
    for (size_t i = 0; i < count; i++) {
        if (cli_text_number(words[i], UINT64_MAX, &out[i]) && out[i] > 0) continue;
        return cli_app_usage(app, "a MESSAGE is the number that 'timbre tail' shows before it",
                             NULL);
    }
    return CLI_EXIT_OK;
}

static int reason(struct cli_app *app, uint8_t *code)
{
    const char *name = app->args.values[CLI_OPTION_REASON];
    if (name == NULL) {
        return cli_app_usage(app, "--reason is missing", "'timbre help report new' lists them.");
    }
    if (chat_reason_parse(tb_bytes_text(name), code).code == TB_OK) return CLI_EXIT_OK;
    return cli_app_usage(app, "there is no such reason", "'timbre help report new' lists them.");
}

static int level(struct cli_app *app, uint8_t *out)
{
    const char *text = app->args.values[CLI_OPTION_LEVEL];
    uint64_t number = 1;
    if (text != NULL && (!cli_text_number(text, 2, &number) || number == 0)) {
        return cli_app_usage(app, "--level is 1 or 2", NULL);
    }
    *out = (uint8_t)number;
    return CLI_EXIT_OK;
}

/* Without a desk the engine keeps the report; the person has to know both. */
static int fail_without_desk(struct cli_app *app, const char *doing)
{
    struct cli_problem problem = cli_status_chat(CHAT_CODE_DESK_MISSING);
    problem.advice = "The report is kept here and handed in when there is one; 'timbre report "
                     "list' shows it.";
    return cli_out_fail(&app->out, &problem, doing, (tb_bytes){ 0 });
}

static int hand_in(struct cli_app *app, const struct client_report_params *params)
{
    static const char doing[] = "hand in the report";
    uint64_t op = 0;
    cli_run_begin(&app->run);
    tb_status status = client_report(app->run.client, cli_run_now_ms(&app->run), params,
                                     &app->run.effects, &op);
    status = cli_run_end(&app->run, status, op);
    if (status.code == TB_OK) {
        status = cli_run_until(&app->run, cli_run_is_over, cli_app_until(app));
    }
    const struct cli_outcome *outcome = &app->run.outcome;
    if (outcome->is_failed && outcome->show.code == CHAT_CODE_DESK_MISSING) {
        return fail_without_desk(app, doing);
    }
    int code = cli_app_outcome(app, status, doing);
    if (code != CLI_EXIT_OK) return code;
    json_t *record = json_object();
    cli_json_set(record, "report", cli_json_text(outcome->show.text));
    cli_json_set(record, "room", cli_json_text(params->room));
    cli_out_record(&app->out, record);
    cli_out_say(&app->out, "Handed in as report %s.\n",
                cli_app_visible(app, outcome->show.text));
    return CLI_EXIT_OK;
}

int cli_verb_report_new(struct cli_app *app)
{
    uint64_t targets[NUMBER_COUNT_MAX], opened[NUMBER_COUNT_MAX];
    struct client_report_params params = {
        .room_seq = targets,
        .room_seq_count = app->args.count - 1,
        .open_seq = opened,
        .open_seq_count = app->args.open_count,
        .is_named = cli_args_has(&app->args, CLI_OPTION_NAMED),
    };
    const char *note = app->args.values[CLI_OPTION_NOTE_FILE];
    int code = numbers(app, app->args.words + 1, params.room_seq_count, targets);
    if (code == CLI_EXIT_OK) code = numbers(app, app->args.open, params.open_seq_count, opened);
    if (code == CLI_EXIT_OK) code = reason(app, &params.reason_code);
    if (code == CLI_EXIT_OK) code = level(app, &params.level);
    if (code == CLI_EXIT_OK && note != NULL) {
        code = cli_app_read(app, note, "read the note", &params.note);
    }
    if (code == CLI_EXIT_OK) code = cli_app_online(app, "hand in the report");
    if (code == CLI_EXIT_OK) code = cli_app_room(app, app->args.words[0], &params.room);
    return code == CLI_EXIT_OK ? hand_in(app, &params) : code;
}

/* "12, 13" */
static json_t *number_list(const uint64_t *at, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(list, json_integer((json_int_t)at[i]));
    }
    return list;
}

/* The answer of the hub is the acknowledgement; the outcome comes with a later login. */
static const char *state_name(const struct client_report_view *report)
{
    if (report->is_gone) return "desk lost";
    if (!report->is_sent) return "kept";
    if (report->outcome == CHAT_OUTCOME_ACTION) return "action taken";
    return report->outcome == CHAT_OUTCOME_NO_ACTION ? "no action" : "handed in";
}

int cli_verb_report_list(struct cli_app *app)
{
    static const struct cli_column columns[] = {
        { "report", "REPORT", CLI_COLUMN_TEXT },  { "state", "STATE", CLI_COLUMN_TEXT },
        { "time", "HANDED IN", CLI_COLUMN_TIME }, { "reason", "REASON", CLI_COLUMN_TEXT },
        { "target", "MESSAGE", CLI_COLUMN_NUMBER }, { "room_name", "ROOM", CLI_COLUMN_TEXT },
    };
    struct client_report_view *reports = NULL;
    size_t count = 0;
    int code = cli_app_refresh(app);
    if (code != CLI_EXIT_OK) return code;
    cli_run_read_begin(&app->run);
    tb_status status = client_reports(app->run.client, &app->arena, &reports, &count);
    status = cli_run_read_end(&app->run, status);
    if (status.code != TB_OK) return cli_app_fail(app, status, "list the reports");
    json_t *rows = json_array();
    for (size_t i = 0; i < count; i++) {
        const char *name = chat_reason_name(reports[i].reason_code);
        json_t *row = json_object();
        cli_json_set(row, "report", cli_json_hex(reports[i].report_id));
        cli_json_set(row, "state", json_string(state_name(&reports[i])));
        if (reports[i].decision_number != 0) {
            cli_json_set(row, "decision", json_integer((json_int_t)reports[i].decision_number));
            cli_json_set(row, "decided", cli_json_time(reports[i].decided_ms));
        }
        cli_json_set(row, "time", cli_json_time(reports[i].received_ms));
        cli_json_set(row, "reason", json_string(name != NULL ? name : "unknown"));
        cli_json_set(row, "room", cli_json_text(reports[i].room));
        cli_json_set(row, "room_name", cli_json_text(reports[i].room_name));
        cli_json_set(row, "targets", number_list(reports[i].room_seq, reports[i].room_seq_count));
        if (reports[i].room_seq_count > 0) {
            cli_json_set(row, "target", json_integer((json_int_t)reports[i].room_seq[0]));
        }
        json_array_append_new(rows, row);
    }
    cli_out_table(&app->out, columns, sizeof columns / sizeof columns[0], rows,
                  "You made no report.");
    return CLI_EXIT_OK;
}
