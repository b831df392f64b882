/* The verbs that write and read messages. */
#include <string.h>

#include "chat/policy.h"
#include "client/status.h"
#include "host/client_text.h"
#include "host/client_timeline.h"

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

int cli_verb_send(struct cli_app *app)
{
    static const char doing[] = "send the message";
    tb_bytes room = { 0 }, text = tb_bytes_text(app->args.words[1]);
    uint64_t op = 0;
    int code = CLI_EXIT_OK;
    bool is_offline = cli_args_has(&app->args, CLI_OPTION_OFFLINE);
    if (strcmp(app->args.words[1], "-") == 0 && !app->is_rpc) {
        code = cli_app_read(app, "-", doing, &text);
    }
    if (code == CLI_EXIT_OK && !is_offline) code = cli_app_online(app, doing);
    if (code == CLI_EXIT_OK) code = cli_app_room(app, app->args.words[0], &room);
    if (code != CLI_EXIT_OK) return code;
    cli_run_begin(&app->run);
    tb_status status = client_send(app->run.client, cli_run_now_ms(&app->run), room, text,
                                   &app->run.effects, &op);
    status = cli_run_end(&app->run, status, op);
    if (status.code != TB_OK) return cli_app_fail(app, status, doing); /* nothing is kept */

    json_t *record = json_object();
    cli_json_set(record, "room", cli_json_text(room));
    if (is_offline) {
        cli_json_set(record, "queued", json_true());
        cli_out_record(&app->out, record);
        cli_out_say(&app->out, "Kept; 'timbre sync' sends it.\n");
        return CLI_EXIT_OK;
    }
    status = cli_run_until(&app->run, cli_run_is_told, cli_app_until(app));
    code = sent(app, status, doing);
    if (code != CLI_EXIT_OK) {
        json_decref(record);
        return code;
    }
    uint64_t number = app->run.outcome.show.number;
    cli_json_set(record, "room_seq", json_integer((json_int_t)number));
    cli_out_record(&app->out, record);
    cli_out_say(&app->out, "Sent as message %llu.\n", (unsigned long long)number);
    cli_app_settle(app);
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

static tb_status show_whole(struct cli_app *app, tb_bytes room)
{
    struct cli_timeline timeline;
    TRY(cli_timeline_init(&timeline, app, room, 0));
    return cli_timeline_print(&timeline);
}

/* Notices bear one name; several that are meant are shown one after another. */
static tb_status show_named(struct cli_app *app, tb_bytes name, bool *is_shown)
{
    struct client_room_view *rooms = NULL;
    size_t count = 0;
    cli_run_read_begin(&app->run);
    tb_status status = client_rooms(app->run.client, &app->arena, &rooms, &count);
    status = cli_run_read_end(&app->run, status);
    for (size_t i = 0; status.code == TB_OK && i < count; i++) {
        if (rooms[i].kind != CHAT_ROOM_NOTICE || !tb_bytes_equal(rooms[i].name, name)) continue;
        cli_out_say(&app->out, "%s%s\n", *is_shown ? "\n" : "",
                    cli_app_visible(app, rooms[i].room));
        *is_shown = true;
        status = show_whole(app, rooms[i].room);
    }
    return status;
}

int cli_verb_notice_show(struct cli_app *app)
{
    static const char doing[] = "show the notice";
    tb_bytes room = { 0 }, word = tb_bytes_text(app->args.words[0]);
    bool is_shown = false;
    int code = cli_app_refresh(app);
    if (code != CLI_EXIT_OK) return code;
    cli_run_read_begin(&app->run);
    tb_status status = client_room_find(app->run.client, word, &app->arena, &room);
    status = cli_run_read_end(&app->run, status);
    if (status.code == TB_OK) status = show_whole(app, room);
    else if (status.code == CLIENT_AMBIGUOUS) status = show_named(app, word, &is_shown);
    if (status.code == TB_NOT_FOUND || (status.code == TB_OK && room.len == 0 && !is_shown)) {
        const struct cli_problem unknown = { CLI_EXIT_NOT_FOUND, "room_unknown",
                                             "there is no such notice, or more than one begins so",
                                             "'timbre notice list' lists the notices." };
        return cli_out_fail(&app->out, &unknown, doing, word);
    }
    return status.code == TB_OK ? CLI_EXIT_OK : cli_app_fail(app, status, doing);
}
