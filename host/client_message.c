/* The verbs that write and read messages. */
#include <string.h>

#include "client/status.h"
#include "host/client_text.h"
#include "host/client_timeline.h"

int cli_verb_send(struct cli_app *app)
{
    static const char doing[] = "send the message";
    tb_bytes room = { 0 }, text = tb_bytes_text(app->args.words[1]);
    uint64_t op = 0;
    int code = CLI_EXIT_OK;
    if (strcmp(app->args.words[1], "-") == 0 && !app->is_rpc) {
        code = cli_app_read(app, "-", doing, &text);
    }
    if (code == CLI_EXIT_OK && !cli_args_has(&app->args, CLI_OPTION_OFFLINE)) {
        code = cli_app_online(app, doing);
    }
    if (code == CLI_EXIT_OK) code = cli_app_room(app, app->args.words[0], &room);
    if (code != CLI_EXIT_OK) return code;
    cli_run_begin(&app->run);
    tb_status status = client_send(app->run.client, cli_run_now_ms(&app->run), room, text,
                                   &app->run.effects, &op);
    json_t *record = json_object();
    cli_json_set(record, "room", cli_json_text(room));
    if (cli_args_has(&app->args, CLI_OPTION_OFFLINE)) {
        status = cli_run_end(&app->run, status, op);
        code = status.code == TB_OK ? CLI_EXIT_OK : cli_app_fail(app, status, doing);
        cli_json_set(record, "queued", json_true());
    } else {
        code = cli_app_await(app, status, op, doing);
        cli_json_set(record, "room_seq", json_integer((json_int_t)app->run.outcome.show.number));
    }
    if (code != CLI_EXIT_OK) {
        json_decref(record);
        return code;
    }
    cli_out_record(&app->out, record);
    if (cli_args_has(&app->args, CLI_OPTION_OFFLINE)) {
        cli_out_say(&app->out, "Kept; 'timbre sync' sends it.\n");
    } else {
        cli_out_say(&app->out, "Sent as message %llu.\n",
                    (unsigned long long)app->run.outcome.show.number);
        cli_app_settle(app);
    }
    return CLI_EXIT_OK;
}

static int lines_wanted(struct cli_app *app, uint64_t *count)
{
    const char *lines = app->args.values[CLI_OPTION_LINES];
    *count = 50;
    if (lines == NULL || cli_text_number(lines, 1000000000, count)) return CLI_EXIT_OK;
    return cli_app_usage(app, "--lines is a number", NULL);
}

int cli_verb_tail(struct cli_app *app)
{
    static const char doing[] = "show the messages";
    struct cli_timeline timeline;
    uint64_t count = 0, until_ms = UINT64_MAX;
    tb_bytes room = { 0 };
    bool is_following = cli_args_has(&app->args, CLI_OPTION_FOLLOW) && !app->is_rpc;
    int code = lines_wanted(app, &count);
    if (code == CLI_EXIT_OK) code = cli_app_refresh(app);
    if (code == CLI_EXIT_OK) code = cli_app_room(app, app->args.words[0], &room);
    if (code != CLI_EXIT_OK) return code;
    tb_status status = cli_timeline_init(&timeline, app, room, count);
    if (status.code == TB_OK) status = cli_timeline_print(&timeline);
    if (cli_args_has(&app->args, CLI_OPTION_TIMEOUT)) until_ms = cli_app_until(app);
    app->run.is_patient = is_following;
    while (is_following && status.code == TB_OK && host_clock_monotonic_ms() < until_ms) {
        status = cli_run_once(&app->run, NULL, 0, until_ms);
        if (status.code == TB_OK) status = cli_timeline_print(&timeline);
    }
    bool is_end = status.code == TB_OK || (is_following && status.code == CLI_INTERRUPTED);
    return is_end ? CLI_EXIT_OK : cli_app_fail(app, status, doing);
}

int cli_verb_notice_show(struct cli_app *app)
{
    struct cli_timeline timeline;
    tb_bytes room = { 0 };
    int code = cli_app_refresh(app);
    if (code == CLI_EXIT_OK) code = cli_app_room(app, app->args.words[0], &room);
    if (code != CLI_EXIT_OK) return code;
    tb_status status = cli_timeline_init(&timeline, app, room, 0);
    if (status.code == TB_OK) status = cli_timeline_print(&timeline);
    return status.code == TB_OK ? CLI_EXIT_OK : cli_app_fail(app, status, "show the notice");
}
