/* Deciding cases, confirming what another one decided, and settling appeals. */
#include <string.h>

#include "chat/category.h"
#include "chat/decision.h"
#include "chat/reason.h"
#include "client/decisions.h"
#include "host/client_desk.h"
#include "host/client_text.h"
#include "wire/text.h"

enum { CASE_IS_OPEN = 1 };

/* ------------------------------------------------------------------ what was asked for */

static int action_read(struct cli_app *app, uint8_t *action)
{
    const char *word = app->args.values[CLI_OPTION_ACTION];
    bool is_known = word != NULL &&
                    chat_decision_action_parse(tb_bytes_text(word), action).code == TB_OK;
    bool is_here = is_known && *action != CHAT_ACTION_NAME_OWNER &&
                   *action != CHAT_ACTION_REVERSE && *action != CHAT_ACTION_UPHOLD;
    if (is_here) return CLI_EXIT_OK;
    return cli_app_usage(app, "--action is none, warn, retract, mute, remove, ban, unban, suspend, "
                              "close-account or close-room",
                         "'timbre desk settle' reverses a decision or upholds it.");
}

/* Of an account as a whole, unless it can also be meant for one room. */
static int scope_read(struct cli_app *app, struct client_decision_params *params)
{
    const char *scope = app->args.values[CLI_OPTION_SCOPE];
    bool is_hub_only = params->action == CHAT_ACTION_SUSPEND ||
                       params->action == CHAT_ACTION_CLOSE_ACCOUNT;
    params->scope = is_hub_only ? CHAT_SCOPE_HUB : CHAT_SCOPE_ROOM;
    if (scope == NULL) return CLI_EXIT_OK;
    if (strcmp(scope, "hub") == 0) params->scope = CHAT_SCOPE_HUB;
    else if (strcmp(scope, "room") == 0) params->scope = CHAT_SCOPE_ROOM;
    else return cli_app_usage(app, "--scope is room or hub", NULL);
    return CLI_EXIT_OK;
}

static int ground_read(struct cli_app *app, struct client_decision_params *params)
{
    const char *ground = app->args.values[CLI_OPTION_GROUND];
    const char *category = app->args.values[CLI_OPTION_CATEGORY];
    const char *rule = app->args.values[CLI_OPTION_RULE];
    if (ground != NULL && strcmp(ground, "illegal") == 0) params->ground = CHAT_GROUND_ILLEGAL;
    else if (ground != NULL && strcmp(ground, "terms") != 0) {
        return cli_app_usage(app, "--ground is terms or illegal", NULL);
    }
    if (category != NULL &&
        chat_category_parse(tb_bytes_text(category), &params->category).code != TB_OK) {
        return cli_app_usage(app, "there is no such category",
                             "'timbre help desk decide' lists them.");
    }
    if (rule == NULL) return CLI_EXIT_OK;
    const char *at = strrchr(rule, '@');
    uint64_t version = 0;
    if (at != NULL && !cli_text_number(at + 1, UINT32_MAX, &version)) {
        return cli_app_usage(app, "--rule is like 4.2 or 4.2@3, with the version behind the @",
                             NULL);
    }
    params->rule_version = (uint32_t)version;
    params->rule_id = tb_bytes_text(rule);
    if (at != NULL) params->rule_id.len = (size_t)(at - rule);
    if (params->rule_id.len <= CHAT_RULE_LEN_MAX && params->rule_id.len > 0) return CLI_EXIT_OK;
    return cli_app_usage(app, "the name of a rule has 1 to 64 octets", NULL);
}

static int until_read(struct cli_app *app, struct client_decision_params *params)
{
    const char *until = app->args.values[CLI_OPTION_UNTIL];
    uint64_t span_ms = 0;
    bool needs_end = params->action == CHAT_ACTION_MUTE || params->action == CHAT_ACTION_SUSPEND;
    if (until == NULL && needs_end) {
        return cli_app_usage(app, "--until is missing", "A mute or a suspension has an end.");
    }
    if (until == NULL) return CLI_EXIT_OK;
    if (!cli_text_span(until, &span_ms) || span_ms == 0) {
        return cli_app_usage(app, "--until is a span like 24h or 7d", NULL);
    }
    params->until_ms = cli_run_now_ms(&app->run) + span_ms;
    return CLI_EXIT_OK;
}

static int plan_read(struct cli_app *app, const struct client_case_view *at,
                     struct client_decision_params *params)
{
    const char *reason = app->args.values[CLI_OPTION_REASON];
    const char *facts = app->args.values[CLI_OPTION_FACTS_FILE];
    const char *why = app->args.values[CLI_OPTION_WHY_FILE];
    *params = (struct client_decision_params){ .report_id = at->report_id,
                                               .reason_code = at->reason_code };
    int code = action_read(app, &params->action);
    if (code == CLI_EXIT_OK) code = scope_read(app, params);
    if (code == CLI_EXIT_OK) code = ground_read(app, params);
    if (code == CLI_EXIT_OK) code = until_read(app, params);
    if (code != CLI_EXIT_OK) return code;
    if (reason != NULL &&
        chat_reason_parse(tb_bytes_text(reason), &params->reason_code).code != TB_OK) {
        return cli_app_usage(app, "there is no such reason",
                             "'timbre help report new' lists them.");
    }
    if (facts == NULL) {
        return cli_app_usage(app, "--facts-file is missing",
                             "The person concerned is told what the decision rests on.");
    }
    code = cli_app_read(app, facts, "read the facts", &params->facts);
    if (code != CLI_EXIT_OK || why == NULL) return code;
    return cli_app_read(app, why, "read why the rule applies", &params->why);
}

/* ------------------------------------------------------------------ the plan */

static const char *end_text(uint8_t action, uint64_t until_ms, char until[CLI_TEXT_TIME_LEN_MAX])
{
    bool is_lasting = action == CHAT_ACTION_BAN || action == CHAT_ACTION_CLOSE_ACCOUNT ||
                      action == CHAT_ACTION_CLOSE_ROOM;
    cli_text_time(until_ms, until);
    return until_ms != 0 ? until : is_lasting ? "without end" : "";
}

static void plan_say(struct cli_app *app, const struct client_case_view *at,
                     const struct client_decision_params *params)
{
    char word[CLI_DESK_WORD_LEN + 1], until[CLI_TEXT_TIME_LEN_MAX];
    bool is_ban = params->action == CHAT_ACTION_BAN || params->action == CHAT_ACTION_CLOSE_ACCOUNT;
    const char *end = end_text(params->action, params->until_ms, until);
    cli_desk_word(at, word);
    cli_out_say(&app->out, "Decision on case %s\n", word);
    cli_out_say(&app->out, "  who     %s, %s\n", cli_app_visible(app, at->accused_handle),
                cli_app_visible(app, at->accused));
    cli_out_say(&app->out, "  what    %s%s%s%s\n", chat_decision_action_name(params->action),
                *end != 0 ? ", " : "", params->until_ms != 0 ? "until " : "", end);
    cli_out_say(&app->out, "  where   %s\n", params->scope == CHAT_SCOPE_HUB
                                                 ? "the whole hub"
                                                 : cli_app_visible(app, at->room));
    cli_out_say(&app->out, "  reason  %s\n", cli_desk_reason(params->reason_code));
    if (params->action != CHAT_ACTION_NONE) {
        cli_out_say(&app->out, "The person is told the reasons in a notice room and can answer "
                               "there.  ");
    }
    cli_out_say(&app->out, "The decision goes into the log.\n");
    if (is_ban) {
        cli_out_say(&app->out, "Each room concerned changes its keys, so that nothing further can "
                               "be read.\n");
    }
}

static void decided_say(struct cli_app *app, json_t *record, uint8_t action)
{
    uint64_t number = app->run.outcome.show.decision_number;
    cli_json_set(record, "action", json_string(chat_decision_action_name(action)));
    cli_json_set(record, "state", json_string(number != 0 ? "decided" : "draft"));
    if (number != 0) cli_json_set(record, "decision", json_integer((json_int_t)number));
    cli_out_record(&app->out, record);
    if (number != 0) {
        cli_out_say(&app->out, "Decision number %llu is in force.\n", (unsigned long long)number);
    } else {
        cli_out_say(&app->out, "This needs two people of the desk.  It waits for another one's "
                               "'timbre desk confirm', for three days.\n");
    }
    cli_app_settle(app);
}

int cli_verb_desk_decide(struct cli_app *app)
{
    static const char doing[] = "decide the case";
    struct client_case_view at = { 0 };
    struct client_decision_params params;
    uint64_t op = 0;
    int code = cli_app_online(app, doing);
    if (code == CLI_EXIT_OK) code = cli_desk_fetch(app);
    if (code == CLI_EXIT_OK) code = cli_desk_find(app, app->args.words[0], &at);
    if (code == CLI_EXIT_OK) code = plan_read(app, &at, &params);
    if (code != CLI_EXIT_OK) return code;
    plan_say(app, &at, &params);
    if (!cli_app_agreed(app, "Sign this decision?")) return CLI_EXIT_USAGE;
    cli_run_begin(&app->run);
    tb_status status = client_desk_decide(app->run.client, cli_run_now_ms(&app->run), &params,
                                          &app->run.effects, &op);
    code = cli_app_await(app, status, op, doing);
    if (code != CLI_EXIT_OK) return code;
    decided_say(app, cli_desk_record(&at), params.action);
    return CLI_EXIT_OK;
}

/* ------------------------------------------------------------------ drafts */

static tb_status drafts_read(struct cli_app *app, struct client_draft_view **drafts, size_t *count)
{
    cli_run_read_begin(&app->run);
    tb_status status = client_drafts(app->run.client, cli_run_now_ms(&app->run), &app->arena,
                                     drafts, count);
    return cli_run_read_end(&app->run, status);
}

int cli_verb_desk_drafts(struct cli_app *app)
{
    static const struct cli_column columns[] = {
        { "case", "CASE", CLI_COLUMN_TEXT },
        { "decider_handle", "DECIDED BY", CLI_COLUMN_TEXT },
        { "action", "ACTION", CLI_COLUMN_TEXT },
        { "accused_handle", "ACCUSED", CLI_COLUMN_TEXT },
        { "expires", "WAITS UNTIL", CLI_COLUMN_TIME },
    };
    struct client_draft_view *drafts = NULL;
    size_t count = 0;
    int code = cli_desk_fetch(app);
    if (code != CLI_EXIT_OK) return code;
    tb_status status = drafts_read(app, &drafts, &count);
    if (status.code != TB_OK) return cli_app_fail(app, status, "list the drafts");
    json_t *rows = json_array();
    for (size_t i = 0; i < count; i++) {
        char word[2 * CLI_DESK_WORD_LEN + 1] = "";
        wire_text_hex_encode(tb_bytes_of(drafts[i].report_id.data, CLI_DESK_WORD_LEN / 2), word);
        json_t *row = json_object();
        cli_json_set(row, "case", json_stringn(word, CLI_DESK_WORD_LEN));
        cli_json_set(row, "decider_handle", cli_json_text(drafts[i].decider_handle));
        cli_json_set(row, "decider", cli_json_text(drafts[i].decider));
        cli_json_set(row, "own", json_boolean(drafts[i].is_own));
        cli_json_set(row, "action", json_string(chat_decision_action_name(drafts[i].action)));
        cli_json_set(row, "accused_handle", cli_json_text(drafts[i].accused_handle));
        cli_json_set(row, "accused", cli_json_text(drafts[i].accused));
        cli_json_set(row, "expires", cli_json_time(drafts[i].expires_ms));
        cli_json_set(row, "statement", cli_json_text(drafts[i].text));
        json_array_append_new(rows, row);
    }
    cli_out_table(&app->out, columns, sizeof columns / sizeof columns[0], rows,
                  "No decision waits for a second person.");
    return CLI_EXIT_OK;
}

/* What the second person signs, in the words that the person concerned will read. */
static uint8_t draft_say(struct cli_app *app, tb_bytes report_id)
{
    struct client_draft_view *drafts = NULL;
    size_t count = 0;
    if (drafts_read(app, &drafts, &count).code != TB_OK) return CHAT_ACTION_NONE;
    for (size_t i = 0; i < count; i++) {
        if (!tb_bytes_equal(drafts[i].report_id, report_id)) continue;
        cli_out_say(&app->out, "Decided by %s, about %s.  The person will read:\n",
                    cli_app_visible(app, drafts[i].decider_handle),
                    cli_app_visible(app, drafts[i].accused_handle));
        if (cli_out_is_text(&app->out)) {
            fputs("  ", app->out.to);
            cli_text_print(app->out.to, drafts[i].text, CLI_TEXT_INDENTED, 2);
            fputc('\n', app->out.to);
        }
        return drafts[i].action;
    }
    return CHAT_ACTION_NONE;
}

int cli_verb_desk_confirm(struct cli_app *app)
{
    static const char doing[] = "confirm the decision";
    struct client_case_view at = { 0 };
    uint64_t op = 0;
    int code = cli_app_online(app, doing);
    if (code == CLI_EXIT_OK) code = cli_desk_fetch(app);
    if (code == CLI_EXIT_OK) code = cli_desk_find(app, app->args.words[0], &at);
    if (code != CLI_EXIT_OK) return code;
    uint8_t action = draft_say(app, at.report_id);
    if (!cli_app_agreed(app, "Sign this decision too?")) return CLI_EXIT_USAGE;
    cli_run_begin(&app->run);
    tb_status status = client_desk_confirm(app->run.client, cli_run_now_ms(&app->run),
                                           at.report_id, &app->run.effects, &op);
    code = cli_app_await(app, status, op, doing);
    if (code != CLI_EXIT_OK) return code;
    decided_say(app, cli_desk_record(&at), action);
    return CLI_EXIT_OK;
}
