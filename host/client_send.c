/* The verbs that write messages: new ones, and those that concern an earlier one. */
#include <string.h>

#include "client/status.h"
#include "host/client_send.h"
#include "host/client_text.h"

/* The outcome of a message that stays in the profile until the hub takes it. */
static int sent(struct cli_app *app, tb_status status, const char *doing)
{
    const struct client_show *show = &app->run.outcome.show;
    if (status.code == TB_OK && !app->run.outcome.is_delayed) {
        return cli_app_outcome(app, status, doing);
    }
    struct cli_problem problem = status.code == TB_OK ? cli_status_show(show->code)
                                                      : cli_status_problem(status);
    bool is_lost = status.code == TB_STORE; /* our own store: it was not even kept */
    if (!is_lost) {
        problem.advice = "The message is kept and goes out with the next 'timbre sync'; do not "
                         "send it again.";
    }
    return cli_out_fail(&app->out, &problem, doing,
                        status.code == TB_OK ? show->text
                                             : tb_bytes_text(cli_run_why(&app->run, status)));
}

int cli_send_told(struct cli_app *app, tb_bytes room, tb_status status, const char *doing,
                  const char *sentence)
{
    int code = sent(app, status, doing);
    if (code != CLI_EXIT_OK) return code;
    uint64_t number = app->run.outcome.show.number;
    json_t *record = json_object();
    cli_json_set(record, "room", cli_json_text(room));
    cli_json_set(record, "room_seq", json_integer((json_int_t)number));
    cli_out_record(&app->out, record);
    cli_out_say(&app->out, sentence, (unsigned long long)number);
    cli_app_settle(app);
    return CLI_EXIT_OK;
}

int cli_send_kept(struct cli_app *app, tb_bytes room)
{
    json_t *record = json_object();
    cli_json_set(record, "room", cli_json_text(room));
    cli_json_set(record, "queued", json_true());
    cli_out_record(&app->out, record);
    cli_out_say(&app->out, "Kept; 'timbre sync' sends it.\n");
    return CLI_EXIT_OK;
}

/* One message out: params lack the room.  sentence: what is said of its number. */
static int message(struct cli_app *app, struct client_message_params *params, const char *doing,
                   const char *sentence)
{
    uint64_t op = 0;
    int code = CLI_EXIT_OK;
    bool is_offline = cli_args_has(&app->args, CLI_OPTION_OFFLINE);
    if (!is_offline) code = cli_app_online(app, doing);
    if (code == CLI_EXIT_OK) code = cli_app_room(app, app->args.words[0], &params->room);
    if (code != CLI_EXIT_OK) return code;
    cli_run_begin(&app->run);
    tb_status status = client_message(app->run.client, cli_run_now_ms(&app->run), params,
                                      &app->run.effects, &op);
    status = cli_run_end(&app->run, status, op);
    if (status.code != TB_OK) return cli_app_fail(app, status, doing); /* nothing is kept */
    if (is_offline) return cli_send_kept(app, params->room);
    status = cli_run_until(&app->run, cli_run_is_told, cli_app_until(app));
    return cli_send_told(app, params->room, status, doing, sentence);
}

/* The text at words[at]; "-" is standard input. */
static int text_of(struct cli_app *app, size_t at, const char *doing, tb_bytes *text)
{
    *text = tb_bytes_text(app->args.words[at]);
    if (strcmp(app->args.words[at], "-") != 0 || app->is_rpc) return CLI_EXIT_OK;
    return cli_app_read(app, "-", doing, text);
}

int cli_send_number(struct cli_app *app, size_t at, uint64_t *number)
{
    if (cli_text_number(app->args.words[at], INT64_MAX, number) && *number != 0) {
        return CLI_EXIT_OK;
    }
    return cli_app_usage(app, "MESSAGE is the number that 'timbre tail' shows before a message",
                         app->args.words[at]);
}

int cli_send_expiry(struct cli_app *app, bool *has_expires, uint32_t *expires_s)
{
    const char *text = app->args.values[CLI_OPTION_EXPIRES];
    uint64_t span_ms = 0;
    if (text == NULL) return CLI_EXIT_OK;
    bool is_never = strcmp(text, "never") == 0;
    if (!is_never && (!cli_text_span(text, &span_ms) || span_ms / 1000 > UINT32_MAX)) {
        return cli_app_usage(app, "--expires is a time like 30s, 2h or 7d, or never", text);
    }
    *has_expires = true;
    *expires_s = (uint32_t)(span_ms / 1000);
    return CLI_EXIT_OK;
}

int cli_verb_send(struct cli_app *app)
{
    static const char doing[] = "send the message";
    struct client_message_params params = { .kind = CLIENT_MESSAGE_TEXT };
    int code = text_of(app, 1, doing, &params.text);
    if (code == CLI_EXIT_OK) code = cli_send_expiry(app, &params.has_expires, &params.expires_s);
    return code == CLI_EXIT_OK ? message(app, &params, doing, "Sent as message %llu.\n") : code;
}

int cli_verb_reply(struct cli_app *app)
{
    static const char doing[] = "send the answer";
    struct client_message_params params = { .kind = CLIENT_MESSAGE_REPLY };
    int code = cli_send_number(app, 1, &params.of_seq);
    if (code == CLI_EXIT_OK) code = text_of(app, 2, doing, &params.text);
    if (code == CLI_EXIT_OK) code = cli_send_expiry(app, &params.has_expires, &params.expires_s);
    return code == CLI_EXIT_OK ? message(app, &params, doing, "Sent as message %llu.\n") : code;
}

int cli_verb_edit(struct cli_app *app)
{
    static const char doing[] = "change the message";
    struct client_message_params params = { .kind = CLIENT_MESSAGE_EDIT };
    int code = cli_send_number(app, 1, &params.of_seq);
    if (code == CLI_EXIT_OK) code = text_of(app, 2, doing, &params.text);
    return code == CLI_EXIT_OK ? message(app, &params, doing, "Changed, by message %llu.\n")
                               : code;
}

int cli_verb_delete(struct cli_app *app)
{
    struct client_message_params params = { .kind = CLIENT_MESSAGE_DELETE };
    int code = cli_send_number(app, 1, &params.of_seq);
    return code == CLI_EXIT_OK
               ? message(app, &params, "delete the message", "Deleted, by message %llu.\n")
               : code;
}

int cli_verb_react(struct cli_app *app)
{
    bool is_back = cli_args_has(&app->args, CLI_OPTION_REMOVE);
    struct client_message_params params = { .kind = is_back ? CLIENT_MESSAGE_UNREACT
                                                            : CLIENT_MESSAGE_REACT };
    int code = cli_send_number(app, 1, &params.of_seq);
    if (code == CLI_EXIT_OK && app->args.count < 3 && !is_back) {
        code = cli_app_usage(app, "'timbre react ROOM MESSAGE EMOJI' says with what", NULL);
    }
    if (code != CLI_EXIT_OK) return code;
    if (app->args.count > 2) params.text = tb_bytes_text(app->args.words[2]);
    return message(app, &params, "react to the message",
                   is_back ? "Taken back, by message %llu.\n" : "Sent as message %llu.\n");
}

int cli_verb_account_receipts(struct cli_app *app)
{
    static const char *const names[] = { "dm", "off", "all" };
    static const char doing[] = "set who learns that you have read";
    size_t at = 0;
    if (app->args.count == 0) {
        at = (size_t)client_receipts_of(app->run.client);
    } else {
        while (at < 3 && strcmp(app->args.words[0], names[at]) != 0) at++;
        if (at == 3) {
            return cli_app_usage(app, "say dm, off or all", app->args.words[0]);
        }
        cli_run_begin(&app->run);
        tb_status status = client_receipts_set(app->run.client, cli_run_now_ms(&app->run),
                                               (enum client_receipts)at, &app->run.effects);
        status = cli_run_end(&app->run, status, 0);
        if (status.code != TB_OK) return cli_app_fail(app, status, doing);
    }
    json_t *record = json_object();
    cli_json_set(record, "receipts", json_string(names[at]));
    cli_out_record(&app->out, record);
    cli_out_say(&app->out, "Read receipts: %s.\n", names[at]);
    return CLI_EXIT_OK;
}
