/* The verbs of rooms. */
#include <string.h>

#include "chat/policy.h"
#include "client/status.h"
#include "host/client_app.h"
#include "host/client_text.h"

static const char *state_name(uint8_t state)
{
    switch (state) {
    case CLIENT_ROOM_CREATING: return "creating";
    case CLIENT_ROOM_OPEN: return "open";
    case CLIENT_ROOM_FROZEN: return "frozen";
    case CLIENT_ROOM_CLOSED: return "closed";
    case CLIENT_ROOM_LEFT: return "left";
    case CLIENT_ROOM_REMOVED: return "removed";
    case CLIENT_ROOM_REJOINING: return "rejoining";
    case CLIENT_ROOM_SHUT: return "shut";
    default: return "unknown";
    }
}

static const char *or_unknown(const char *name)
{
    return name != NULL ? name : "unknown";
}

static json_t *room_record(const struct client_room_view *room)
{
    json_t *record = json_object();
    cli_json_set(record, "room", cli_json_text(room->room));
    cli_json_set(record, "name", cli_json_text(room->name));
    cli_json_set(record, "kind", json_string(or_unknown(chat_policy_kind_name(room->kind))));
    cli_json_set(record, "class",
                 json_string(or_unknown(chat_policy_class_name(room->room_class))));
    cli_json_set(record, "state", json_string(state_name(room->state)));
    cli_json_set(record, "members", json_integer((json_int_t)room->participant_count));
    cli_json_set(record, "unread", json_integer((json_int_t)room->unread_count));
    cli_json_set(record, "newest", json_integer((json_int_t)room->newest_seq));
    cli_json_set(record, "epoch", json_integer((json_int_t)room->epoch));
    return record;
}

static tb_status rooms_read(struct cli_app *app, struct client_room_view **rooms, size_t *count)
{
    cli_run_read_begin(&app->run);
    tb_status status = client_rooms(app->run.client, &app->arena, rooms, count);
    return cli_run_read_end(&app->run, status);
}

/* The rooms of one kind, or without CHAT_ROOM_NOTICE when kind is 0. */
static int list(struct cli_app *app, uint8_t kind, const char *nothing)
{
    static const struct cli_column columns[] = {
        { "name", "NAME", CLI_COLUMN_TEXT },       { "kind", "KIND", CLI_COLUMN_TEXT },
        { "class", "CLASS", CLI_COLUMN_TEXT },     { "state", "STATE", CLI_COLUMN_TEXT },
        { "members", "PEOPLE", CLI_COLUMN_NUMBER }, { "unread", "UNREAD", CLI_COLUMN_NUMBER },
        { "room", "ROOM", CLI_COLUMN_TEXT },
    };
    struct client_room_view *rooms = NULL;
    size_t count = 0;
    int code = cli_app_refresh(app);
    if (code != CLI_EXIT_OK) return code;
    tb_status status = rooms_read(app, &rooms, &count);
    if (status.code != TB_OK) return cli_app_fail(app, status, "list the rooms");
    json_t *rows = json_array();
    for (size_t i = 0; i < count; i++) {
        bool is_notice = rooms[i].kind == CHAT_ROOM_NOTICE;
        if (kind == 0 ? is_notice : rooms[i].kind != kind) continue;
        json_array_append_new(rows, room_record(&rooms[i]));
    }
    cli_out_table(&app->out, columns, sizeof columns / sizeof columns[0], rows, nothing);
    return CLI_EXIT_OK;
}

int cli_verb_room_list(struct cli_app *app)
{
    return list(app, 0, "There is no room yet.");
}

int cli_verb_notice_list(struct cli_app *app)
{
    return list(app, CHAT_ROOM_NOTICE, "The desk has written to nobody here.");
}

/* What would be shown as an escape is no name, nor are blanks alone. */
static bool is_room_name(struct cli_app *app, tb_bytes name)
{
    const char *shown = cli_app_visible(app, name);
    return shown[strspn(shown, " ")] != 0 && tb_bytes_equal(name, tb_bytes_text(shown));
}

int cli_verb_room_create(struct cli_app *app)
{
    static const char doing[] = "create the room";
    const char *class_name = app->args.values[CLI_OPTION_CLASS];
    uint8_t room_class = CHAT_CLASS_PRIVATE;
    uint64_t op = 0;
    if (class_name != NULL) room_class = chat_policy_class_of_name(tb_bytes_text(class_name));
    if (room_class == 0) {
        return cli_app_usage(app, "--class is private, open or channel", NULL);
    }
    tb_bytes name = tb_bytes_text(app->args.words[0]);
    if (!is_room_name(app, name)) {
        return cli_app_usage(app, "a room's name is a line of visible text", NULL);
    }
    int code = cli_app_online(app, doing);
    if (code != CLI_EXIT_OK) return code;
    cli_run_begin(&app->run);
    tb_status status = client_room_create(app->run.client, cli_run_now_ms(&app->run),
                                          tb_bytes_text(app->args.words[0]), room_class,
                                          &app->run.effects, &op);
    code = cli_app_await(app, status, op, doing);
    if (code != CLI_EXIT_OK) return code;
    tb_bytes room = app->run.outcome.show.room;
    json_t *record = json_object();
    cli_json_set(record, "room", cli_json_text(room));
    cli_json_set(record, "name", json_string(app->args.words[0]));
    cli_out_record(&app->out, record);
    cli_out_say(&app->out, "Created the room %s, %s.\n",
                cli_app_visible(app, tb_bytes_text(app->args.words[0])),
                cli_app_visible(app, room));
    return CLI_EXIT_OK;
}

int cli_verb_room_invite(struct cli_app *app)
{
    static const char doing[] = "invite";
    const char *uses = app->args.values[CLI_OPTION_USES];
    const char *expires = app->args.values[CLI_OPTION_EXPIRES];
    uint64_t use_count = 1, span_ms = 7 * UINT64_C(86400000), op = 0;
    tb_bytes room = { 0 };
    char until[CLI_TEXT_TIME_LEN_MAX];
    if (uses != NULL && (!cli_text_number(uses, 100000, &use_count) || use_count == 0)) {
        return cli_app_usage(app, "--uses is a number from 1 to 100000", NULL);
    }
    if (expires != NULL && (!cli_text_span(expires, &span_ms) || span_ms == 0)) {
        return cli_app_usage(app, "--expires is a span like 24h or 7d", NULL);
    }
    int code = cli_app_online(app, doing);
    if (code == CLI_EXIT_OK) code = cli_app_room(app, app->args.words[0], &room);
    if (code != CLI_EXIT_OK) return code;
    uint64_t now_ms = cli_run_now_ms(&app->run), expires_ms = now_ms + span_ms;
    cli_run_begin(&app->run);
    tb_status status = client_room_invite_link(app->run.client, now_ms, room, expires_ms,
                                               (uint32_t)use_count, &app->run.effects, &op);
    code = cli_app_await(app, status, op, doing);
    if (code != CLI_EXIT_OK) return code;
    json_t *record = json_object();
    cli_json_set(record, "room", cli_json_text(room));
    cli_json_set(record, "link", cli_json_text(app->run.outcome.show.text));
    cli_json_set(record, "uses", json_integer((json_int_t)use_count));
    cli_json_set(record, "expires", cli_json_time(expires_ms));
    cli_out_record(&app->out, record);
    cli_out_text(&app->out, app->run.outcome.show.text);
    cli_out_say(&app->out, "\n");
    cli_text_time(expires_ms, until);
    cli_out_note(&app->out, "This link lets %u %s in until %s.  Keep it secret.\n",
                 (unsigned)use_count, use_count == 1 ? "person" : "people", until);
    cli_app_settle(app);
    return CLI_EXIT_OK;
}

static bool is_handed_in(struct cli_run *run)
{
    return cli_run_is_over(run) || cli_run_is_settled(run);
}

int cli_verb_room_join(struct cli_app *app)
{
    static const char doing[] = "join the room";
    struct host_secret_text link;
    uint64_t op = 0;
    bool has_no_wait = cli_args_has(&app->args, CLI_OPTION_NO_WAIT);
    int code = cli_app_secret(app, CLI_OPTION_LINK_FILE, "Link of the room: ", &link);
    if (code == CLI_EXIT_OK) code = cli_app_online(app, doing);
    if (code != CLI_EXIT_OK) {
        host_secret_text_wipe(&link);
        return code;
    }
    cli_run_begin(&app->run);
    tb_status status = client_room_join(app->run.client, cli_run_now_ms(&app->run),
                                        tb_bytes_of(link.text, link.len), &app->run.effects, &op);
    host_secret_text_wipe(&link);
    status = cli_run_end(&app->run, status, op);
    if (status.code == TB_OK) {
        status = cli_run_until(&app->run, has_no_wait ? is_handed_in : cli_run_is_over,
                               cli_app_until(app));
    }
    bool is_waiting = status.code == CLI_TIMEOUT || (status.code == TB_OK && has_no_wait);
    if (is_waiting && !cli_run_is_over(&app->run)) {
        json_t *record = json_object();
        cli_json_set(record, "joined", json_false());
        cli_out_record(&app->out, record);
        cli_out_say(&app->out, "The request waits at the hub until a member is online; "
                               "'timbre sync' takes the answer.\n");
        return has_no_wait ? CLI_EXIT_OK : CLI_EXIT_NETWORK;
    }
    code = cli_app_outcome(app, status, doing);
    if (code != CLI_EXIT_OK) return code;
    json_t *record = json_object();
    cli_json_set(record, "joined", json_true());
    cli_json_set(record, "room", cli_json_text(app->run.outcome.show.room));
    cli_json_set(record, "name", cli_json_text(app->run.outcome.show.room_name));
    cli_out_record(&app->out, record);
    cli_out_say(&app->out, "You joined %s.\n",
                cli_app_visible(app, app->run.outcome.show.room_name));
    cli_app_settle(app);
    return CLI_EXIT_OK;
}

int cli_verb_room_leave(struct cli_app *app)
{
    static const char doing[] = "leave the room";
    tb_bytes room = { 0 };
    uint64_t op = 0;
    int code = cli_app_online(app, doing);
    if (code == CLI_EXIT_OK) code = cli_app_room(app, app->args.words[0], &room);
    if (code != CLI_EXIT_OK) return code;
    if (!cli_app_agreed(app, "Leave the room?")) return CLI_EXIT_USAGE;
    cli_run_begin(&app->run);
    tb_status status = client_room_leave(app->run.client, cli_run_now_ms(&app->run), room,
                                         &app->run.effects, &op);
    code = cli_app_await(app, status, op, doing);
    if (code != CLI_EXIT_OK) return code;
    json_t *record = json_object();
    cli_json_set(record, "room", cli_json_text(room));
    cli_json_set(record, "left", json_true());
    cli_out_record(&app->out, record);
    cli_out_say(&app->out, "You left the room.\n");
    cli_app_settle(app);
    return CLI_EXIT_OK;
}

typedef tb_status member_act(struct client *client, uint64_t now_ms, tb_bytes room,
                             tb_bytes account, struct client_effects *effects, uint64_t *op);

static int member_change(struct cli_app *app, member_act *act, const char *doing, const char *said)
{
    tb_bytes room = { 0 }, account = { 0 };
    uint64_t op = 0;
    int code = cli_app_online(app, doing);
    if (code == CLI_EXIT_OK) code = cli_app_room(app, app->args.words[0], &room);
    if (code == CLI_EXIT_OK) code = cli_app_account(app, app->args.words[1], &account);
    if (code != CLI_EXIT_OK) return code;
    if (act == client_room_remove && !cli_app_agreed(app, "Remove this person from the room?")) {
        return CLI_EXIT_USAGE;
    }
    cli_run_begin(&app->run);
    tb_status status = act(app->run.client, cli_run_now_ms(&app->run), room, account,
                           &app->run.effects, &op);
    code = cli_app_await(app, status, op, doing);
    if (code != CLI_EXIT_OK) return code;
    cli_app_settle(app);
    json_t *record = json_object();
    cli_json_set(record, "room", cli_json_text(room));
    cli_json_set(record, "account", cli_json_text(account));
    cli_json_set(record, "change", json_string(said));
    cli_out_record(&app->out, record);
    cli_out_say(&app->out, "%s is %s.\n",
                cli_app_visible(app, tb_bytes_text(app->args.words[1])), said);
    return CLI_EXIT_OK;
}

int cli_verb_room_add(struct cli_app *app)
{
    return member_change(app, client_room_add, "add the person", "added");
}

int cli_verb_room_remove(struct cli_app *app)
{
    return member_change(app, client_room_remove, "remove the person", "removed");
}

static int role_set(struct cli_app *app, tb_bytes room, tb_bytes account, uint32_t role_index)
{
    static const char doing[] = "change the role";
    uint64_t op = 0;
    cli_run_begin(&app->run);
    tb_status status = client_room_role(app->run.client, cli_run_now_ms(&app->run), room, account,
                                        role_index, &app->run.effects, &op);
    int code = cli_app_await(app, status, op, doing);
    if (code != CLI_EXIT_OK) return code;
    cli_app_settle(app);
    json_t *record = json_object();
    cli_json_set(record, "room", cli_json_text(room));
    cli_json_set(record, "account", cli_json_text(account));
    cli_json_set(record, "role", json_string(chat_policy_role_name(role_index)));
    cli_out_record(&app->out, record);
    cli_out_say(&app->out, "%s is %s now.\n",
                cli_app_visible(app, tb_bytes_text(app->args.words[1])),
                chat_policy_role_name(role_index));
    return CLI_EXIT_OK;
}

int cli_verb_room_role(struct cli_app *app)
{
    static const char doing[] = "change the role";
    tb_bytes room = { 0 }, account = { 0 };
    uint32_t role_index = CHAT_ROLE_OWNER;
    while (role_index >= CHAT_ROLE_MEMBER
           && strcmp(app->args.words[2], chat_policy_role_name(role_index)) != 0) {
        role_index--;
    }
    if (role_index < CHAT_ROLE_MEMBER) {
        return cli_app_usage(app, "ROLE is member, moderator or owner", NULL);
    }
    int code = cli_app_online(app, doing);
    if (code == CLI_EXIT_OK) code = cli_app_room(app, app->args.words[0], &room);
    if (code == CLI_EXIT_OK) code = cli_app_account(app, app->args.words[1], &account);
    return code == CLI_EXIT_OK ? role_set(app, room, account, role_index) : code;
}

static int members(struct cli_app *app, tb_bytes room)
{
    static const struct cli_column columns[] = {
        { "handle", "HANDLE", CLI_COLUMN_TEXT },     { "role", "ROLE", CLI_COLUMN_TEXT },
        { "devices", "DEVICES", CLI_COLUMN_NUMBER }, { "self", "YOU", CLI_COLUMN_TEXT },
        { "account", "ACCOUNT", CLI_COLUMN_TEXT },
    };
    struct client_member_view *at = NULL;
    size_t count = 0;
    cli_run_read_begin(&app->run);
    tb_status status = client_members(app->run.client, room, &app->arena, &at, &count);
    status = cli_run_read_end(&app->run, status);
    if (status.code != TB_OK) return cli_app_fail(app, status, "list the members");
    json_t *rows = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *row = json_object();
        cli_json_set(row, "account", cli_json_text(at[i].account));
        cli_json_set(row, "handle", cli_json_text(at[i].handle));
        cli_json_set(row, "role", json_string(or_unknown(chat_policy_role_name(at[i].role_index))));
        cli_json_set(row, "devices", json_integer((json_int_t)at[i].device_count));
        cli_json_set(row, "self", json_boolean(at[i].is_self));
        json_array_append_new(rows, row);
    }
    cli_out_table(&app->out, columns, sizeof columns / sizeof columns[0], rows,
                  "Nobody is in this room.");
    return CLI_EXIT_OK;
}

int cli_verb_room_members(struct cli_app *app)
{
    tb_bytes room = { 0 };
    int code = cli_app_refresh(app);
    if (code == CLI_EXIT_OK) code = cli_app_room(app, app->args.words[0], &room);
    return code == CLI_EXIT_OK ? members(app, room) : code;
}

int cli_verb_room_show(struct cli_app *app)
{
    struct client_room_view *rooms = NULL;
    size_t count = 0;
    tb_bytes room = { 0 };
    int code = cli_app_refresh(app);
    if (code == CLI_EXIT_OK) code = cli_app_room(app, app->args.words[0], &room);
    if (code != CLI_EXIT_OK) return code;
    tb_status status = rooms_read(app, &rooms, &count);
    if (status.code != TB_OK) return cli_app_fail(app, status, "show the room");
    for (size_t i = 0; i < count; i++) {
        if (!tb_bytes_equal(rooms[i].room, room)) continue;
        cli_out_record(&app->out, room_record(&rooms[i]));
        cli_out_say(&app->out, "name    %s\nroom    %s\nkind    %s\nclass   %s\nstate   %s\n",
                    cli_app_visible(app, rooms[i].name), cli_app_visible(app, room),
                    or_unknown(chat_policy_kind_name(rooms[i].kind)),
                    or_unknown(chat_policy_class_name(rooms[i].room_class)),
                    state_name(rooms[i].state));
        cli_out_say(&app->out, "epoch   %llu\nnewest  %llu\n\n",
                    (unsigned long long)rooms[i].epoch, (unsigned long long)rooms[i].newest_seq);
    }
    return cli_out_is_text(&app->out) ? members(app, room) : CLI_EXIT_OK;
}
