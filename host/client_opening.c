/* The verbs that add to a case: openings, and the desk's question to members. */
#include <string.h>

#include "chat/opening.h"
#include "client/proof.h"
#include "client/status.h"
#include "host/client_app.h"
#include "host/client_desk.h"
#include "host/client_text.h"
#include "wire/text.h"

static int numbers(struct cli_app *app, size_t first, uint64_t out[CHAT_OPENING_COUNT_MAX],
                   size_t *count)
{
    *count = app->args.count - first;
    if (*count > CHAT_OPENING_COUNT_MAX) {
        return cli_app_usage(app, "too many messages at once", NULL);
    }
    for (size_t i = 0; i < *count; i++) {
        const char *word = app->args.words[first + i];
        if (cli_text_number(word, UINT64_MAX, &out[i]) && out[i] > 0) continue;
        return cli_app_usage(app, "a MESSAGE is the number that 'timbre tail' shows before it",
                             NULL);
    }
    return CLI_EXIT_OK;
}

static int open_them(struct cli_app *app, struct client_open_params *params)
{
    static const char doing[] = "open the messages to the desk";
    const char *level = app->args.values[CLI_OPTION_LEVEL];
    uint64_t number = 1, op = 0;
    if (level != NULL && (!cli_text_number(level, 2, &number) || number == 0)) {
        return cli_app_usage(app, "--level is 1 or 2", NULL);
    }
    params->level = (uint8_t)number;
    cli_run_begin(&app->run);
    tb_status status = client_open(app->run.client, cli_run_now_ms(&app->run), params,
                                   &app->run.effects, &op);
    int code = cli_app_await(app, status, op, doing);
    if (code != CLI_EXIT_OK) return code;
    uint64_t count = app->run.outcome.show.number;
    json_t *record = json_object();
    cli_json_set(record, "opened", json_integer((json_int_t)count));
    cli_out_record(&app->out, record);
    cli_out_say(&app->out, "Opened %llu message%s to the desk.\n", (unsigned long long)count,
                count == 1 ? "" : "s");
    return CLI_EXIT_OK;
}

int cli_verb_report_open(struct cli_app *app)
{
    uint64_t seq[CHAT_OPENING_COUNT_MAX];
    uint8_t id[CHAT_HASH_LEN];
    struct client_open_params params = { .room_seq = seq, .report_id = TB_ARRAY(id) };
    tb_bytes word = tb_bytes_text(app->args.words[1]);
    if (!tb_is_ok(wire_text_hex_decode(word, id, sizeof id))) {
        return cli_app_usage(app, "a REPORT is 64 digits and letters a to f",
                             "'timbre report list --json' shows those of your own.");
    }
    int code = numbers(app, 2, seq, &params.room_seq_count);
    if (code == CLI_EXIT_OK) code = cli_app_online(app, "open the messages to the desk");
    if (code == CLI_EXIT_OK) code = cli_app_room(app, app->args.words[0], &params.room);
    return code == CLI_EXIT_OK ? open_them(app, &params) : code;
}

int cli_verb_notice_open(struct cli_app *app)
{
    uint64_t seq[CHAT_OPENING_COUNT_MAX];
    struct client_open_params params = { .room_seq = seq };
    if (!cli_text_number(app->args.words[0], UINT64_MAX, &params.decision_number)
        || params.decision_number == 0) {
        return cli_app_usage(app, "NUMBER is that of a decision",
                             "'timbre notice show' tells it.");
    }
    int code = numbers(app, 1, seq, &params.room_seq_count);
    if (code == CLI_EXIT_OK) code = cli_app_online(app, "open the messages to the desk");
    return code == CLI_EXIT_OK ? open_them(app, &params) : code;
}

int cli_verb_desk_ask(struct cli_app *app)
{
    static const char doing[] = "ask the members";
    struct client_case_view at = { 0 };
    uint64_t seq[CHAT_OPENING_COUNT_MAX], op = 0;
    size_t count;
    int code = numbers(app, 1, seq, &count);
    if (code == CLI_EXIT_OK) code = cli_app_online(app, doing);
    if (code == CLI_EXIT_OK) code = cli_desk_find(app, app->args.words[0], &at);
    if (code != CLI_EXIT_OK) return code;
    cli_run_begin(&app->run);
    tb_status status = client_desk_ask(app->run.client, cli_run_now_ms(&app->run), at.report_id,
                                       seq[0], &app->run.effects, &op);
    code = cli_app_await(app, status, op, doing);
    if (code != CLI_EXIT_OK) return code;
    json_t *record = json_object();
    cli_json_set(record, "asked", json_integer((json_int_t)seq[0]));
    cli_out_record(&app->out, record);
    cli_out_say(&app->out, "Asked.  Answers come with 'timbre desk show'.\n");
    return CLI_EXIT_OK;
}
