/* The verbs that read messages. */
#include <string.h>

#include "chat/policy.h"
#include "client/status.h"
#include "host/client_desk.h"
#include "host/client_notice.h"
#include "host/client_text.h"
#include "host/client_timeline.h"

static int lines_wanted(struct cli_app *app, uint64_t *count)
{
    const char *lines = app->args.values[CLI_OPTION_LINES];
    *count = 50;
    if (lines == NULL || cli_text_number(lines, 1000000000, count)) return CLI_EXIT_OK;
    return cli_app_usage(app, "--lines is a number", NULL);
}

/* What becomes of earlier messages while the newest are followed. */
static void on_follow(void *ctx, const struct client_show *show)
{
    struct cli_timeline *timeline = ctx;
    cli_timeline_on_show(timeline, show);
    cli_notice_on_show(timeline->app, show);
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
    if (is_following) {
        app->run.on_show = on_follow;
        app->run.show_ctx = &timeline;
    }
    while (is_following && status.code == TB_OK && host_clock_monotonic_ms() < until_ms) {
        status = cli_run_once(&app->run, NULL, 0, until_ms);
        if (status.code == TB_OK) status = cli_timeline_print(&timeline);
    }
    app->run.on_show = cli_notice_on_show;
    app->run.show_ctx = app;
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
    uint64_t number;
    if (cli_text_number(app->args.words[0], UINT64_MAX, &number)) return cli_appeal_show(app);
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
