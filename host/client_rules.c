/* The verbs for the rules of a room: announcements, slow mode, mutes, kicks, approval. */
#include <string.h>

#include "client/status.h"
#include "host/client_app.h"
#include "host/client_text.h"

static int change(struct cli_app *app, const struct client_rules_change *change, tb_bytes room,
                  const char *doing, const char *said)
{
    uint64_t op = 0;
    cli_run_begin(&app->run);
    tb_status status = client_room_rules(app->run.client, cli_run_now_ms(&app->run), room, change,
                                         &app->run.effects, &op);
    int code = cli_app_await(app, status, op, doing);
    if (code != CLI_EXIT_OK) return code;
    cli_app_settle(app);
    json_t *record = json_object();
    cli_json_set(record, "room", cli_json_text(room));
    if (change->account.len != 0) cli_json_set(record, "account", cli_json_text(change->account));
    if (change->until_ms != 0) cli_json_set(record, "until", cli_json_time(change->until_ms));
    cli_out_record(&app->out, record);
    cli_out_say(&app->out, said, cli_app_visible(app, tb_bytes_text(
                                     app->args.count > 1 ? app->args.words[1] : "")));
    return CLI_EXIT_OK;
}

/* ROOM WHO [--until SPAN] */
static int person(struct cli_app *app, enum client_rules_act act, const char *doing,
                  const char *said)
{
    struct client_rules_change wanted = { .act = act };
    const char *until = app->args.values[CLI_OPTION_UNTIL];
    tb_bytes room = { 0 };
    uint64_t span_ms = 0;
    if (until != NULL && (!cli_text_span(until, &span_ms) || span_ms == 0)) {
        return cli_app_usage(app, "--until is a time like 30m, 2h or 7d", until);
    }
    if (until != NULL) wanted.until_ms = cli_run_now_ms(&app->run) + span_ms;
    int code = cli_app_online(app, doing);
    if (code == CLI_EXIT_OK) code = cli_app_room(app, app->args.words[0], &room);
    if (code == CLI_EXIT_OK) code = cli_app_account(app, app->args.words[1], &wanted.account);
    return code == CLI_EXIT_OK ? change(app, &wanted, room, doing, said) : code;
}

int cli_verb_room_mute(struct cli_app *app)
{
    return person(app, CLIENT_RULES_MUTE, "mute", "%s may read here, and not write.\n");
}

int cli_verb_room_unmute(struct cli_app *app)
{
    return person(app, CLIENT_RULES_UNMUTE, "lift the mute", "%s may write again.\n");
}

int cli_verb_room_kick(struct cli_app *app)
{
    return person(app, CLIENT_RULES_KICK, "remove the person",
                  "%s is out, and may not come back for that time.\n");
}

int cli_verb_room_readmit(struct cli_app *app)
{
    return person(app, CLIENT_RULES_LET_BACK, "let the person back",
                  "%s may come back with a link or by being added.\n");
}

static bool is_switch(const char *text, uint8_t *out)
{
    if (text == NULL) return true;
    *out = strcmp(text, "on") == 0;
    return *out || strcmp(text, "off") == 0;
}

static tb_status read_rules(struct cli_app *app, tb_bytes room, struct client_rules_view *view)
{
    cli_run_read_begin(&app->run);
    tb_status status = client_rules(app->run.client, cli_run_now_ms(&app->run), room, &app->arena,
                                    view);
    return cli_run_read_end(&app->run, status);
}

static json_t *timed_list(const struct client_timed_view *list, size_t count)
{
    json_t *all = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *one = json_object();
        cli_json_set(one, "account", cli_json_text(list[i].account));
        cli_json_set(one, "handle", cli_json_text(list[i].handle));
        if (list[i].until_ms != 0) cli_json_set(one, "until", cli_json_time(list[i].until_ms));
        (void)json_array_append_new(all, one);
    }
    return all;
}

static void say_list(struct cli_app *app, const char *title, const struct client_timed_view *list,
                     size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char time[CLI_TEXT_TIME_LEN_MAX] = "without end";
        if (list[i].until_ms != 0) cli_text_time(list[i].until_ms, time);
        cli_out_say(&app->out, "%s: %s, %s%s\n", title,
                    cli_app_visible(app, list[i].handle.len > 0 ? list[i].handle
                                                                : list[i].account),
                    list[i].until_ms != 0 ? "until " : "", time);
    }
}

static int show_rules(struct cli_app *app, tb_bytes room)
{
    struct client_rules_view view;
    tb_status status = read_rules(app, room, &view);
    if (status.code != TB_OK) return cli_app_fail(app, status, "show the rules");
    json_t *record = json_object();
    cli_json_set(record, "room", cli_json_text(room));
    cli_json_set(record, "announce", json_boolean(view.announce_only));
    cli_json_set(record, "approval", json_boolean(view.join_approval));
    cli_json_set(record, "slow_s", json_integer((json_int_t)view.slow_mode_s));
    cli_json_set(record, "muted", timed_list(view.muted, view.muted_count));
    cli_json_set(record, "denied", timed_list(view.denied, view.denied_count));
    cli_out_record(&app->out, record);
    cli_out_say(&app->out, "Who writes: %s\nSlow mode: %u s\nNewcomers: %s\n",
                view.announce_only ? "moderators and owners" : "everybody", view.slow_mode_s,
                view.join_approval ? "a moderator approves" : "whoever has a link");
    say_list(app, "Muted", view.muted, view.muted_count);
    say_list(app, "Kept out", view.denied, view.denied_count);
    return CLI_EXIT_OK;
}

int cli_verb_room_rules(struct cli_app *app)
{
    static const char doing[] = "change the rules";
    const char *announce = app->args.values[CLI_OPTION_ANNOUNCE];
    const char *approval = app->args.values[CLI_OPTION_APPROVAL];
    const char *slow = app->args.values[CLI_OPTION_SLOW];
    struct client_rules_change wanted = { .act = CLIENT_RULES_SET };
    struct client_rules_view view;
    tb_bytes room = { 0 };
    uint64_t slow_ms = 0;
    bool is_change = announce != NULL || approval != NULL || slow != NULL;
    int code = is_change ? cli_app_online(app, doing) : cli_app_refresh(app);
    if (code == CLI_EXIT_OK) code = cli_app_room(app, app->args.words[0], &room);
    if (code != CLI_EXIT_OK) return code;
    if (!is_change) return show_rules(app, room);
    tb_status status = read_rules(app, room, &view);
    if (status.code != TB_OK) return cli_app_fail(app, status, doing);
    wanted.announce_only = view.announce_only;
    wanted.join_approval = view.join_approval;
    wanted.slow_mode_s = view.slow_mode_s;
    if (!is_switch(announce, &wanted.announce_only) ||
        !is_switch(approval, &wanted.join_approval)) {
        return cli_app_usage(app, "say on or off", NULL);
    }
    if (slow != NULL && strcmp(slow, "off") != 0 && !cli_text_span(slow, &slow_ms)) {
        return cli_app_usage(app, "--slow is a time like 30s, or off", slow);
    }
    if (slow != NULL) wanted.slow_mode_s = (uint32_t)(slow_ms / 1000);
    return change(app, &wanted, room, doing, "The rules are changed.\n");
}

int cli_verb_room_requests(struct cli_app *app)
{
    static const struct cli_column columns[] = { { "handle", "HANDLE", CLI_COLUMN_TEXT },
                                                 { "account", "ACCOUNT", CLI_COLUMN_TEXT } };
    struct client_timed_view *at = NULL;
    tb_bytes room = { 0 };
    size_t count = 0;
    int code = cli_app_online(app, "list who asks");
    if (code == CLI_EXIT_OK) code = cli_app_room(app, app->args.words[0], &room);
    if (code != CLI_EXIT_OK) return code;
    cli_app_settle(app);
    cli_run_read_begin(&app->run);
    tb_status status = client_room_askers(app->run.client, room, &app->arena, &at, &count);
    status = cli_run_read_end(&app->run, status);
    if (status.code != TB_OK) return cli_app_fail(app, status, "list who asks");
    json_t *rows = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *row = json_object();
        cli_json_set(row, "account", cli_json_text(at[i].account));
        cli_json_set(row, "handle", cli_json_text(at[i].handle));
        (void)json_array_append_new(rows, row);
    }
    cli_out_table(&app->out, columns, sizeof columns / sizeof columns[0], rows,
                  "Nobody asks to come in.\n");
    return CLI_EXIT_OK;
}

int cli_verb_room_approve(struct cli_app *app)
{
    static const char doing[] = "let the person in";
    tb_bytes room = { 0 }, account = { 0 };
    uint64_t op = 0;
    int code = cli_app_online(app, doing);
    if (code == CLI_EXIT_OK) code = cli_app_room(app, app->args.words[0], &room);
    if (code == CLI_EXIT_OK) code = cli_app_account(app, app->args.words[1], &account);
    if (code != CLI_EXIT_OK) return code;
    cli_app_settle(app);
    cli_run_begin(&app->run);
    tb_status status = client_room_approve(app->run.client, cli_run_now_ms(&app->run), room,
                                           account, &app->run.effects, &op);
    code = cli_app_await(app, status, op, doing);
    if (code != CLI_EXIT_OK) return code;
    cli_app_settle(app);
    json_t *record = json_object();
    cli_json_set(record, "room", cli_json_text(room));
    cli_json_set(record, "account", cli_json_text(account));
    cli_out_record(&app->out, record);
    cli_out_say(&app->out, "%s is in.\n",
                cli_app_visible(app, tb_bytes_text(app->args.words[1])));
    return CLI_EXIT_OK;
}
