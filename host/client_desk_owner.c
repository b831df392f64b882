/* The desk names an owner for a room that has none left. */
#include "host/client_app.h"
#include "wire/uri.h"

/* A moderator need not be in the room: its whole address will do. */
static int room_word(struct cli_app *app, const char *word, tb_bytes *room)
{
    struct wire_uri uri;
    *room = tb_bytes_text(word);
    bool is_address = wire_uri_parse(*room, &uri).code == TB_OK && uri.kind == WIRE_URI_ROOM;
    return is_address ? CLI_EXIT_OK : cli_app_room(app, word, room);
}

int cli_verb_desk_name_owner(struct cli_app *app)
{
    static const char doing[] = "name an owner";
    tb_bytes room = { 0 }, account = { 0 };
    uint64_t op = 0;
    int code = cli_app_online(app, doing);
    if (code == CLI_EXIT_OK) code = room_word(app, app->args.words[0], &room);
    if (code == CLI_EXIT_OK) code = cli_app_account(app, app->args.words[1], &account);
    if (code != CLI_EXIT_OK) return code;
    cli_out_say(&app->out, "Decision of the desk\n  who     %s\n  what    is made owner\n",
                cli_app_visible(app, account));
    cli_out_say(&app->out, "  where   %s\n", cli_app_visible(app, room));
    if (!cli_app_agreed(app, "Sign this decision?")) return CLI_EXIT_USAGE;
    cli_run_begin(&app->run);
    tb_status status = client_desk_name_owner(app->run.client, cli_run_now_ms(&app->run), room,
                                              account, &app->run.effects, &op);
    code = cli_app_await(app, status, op, doing);
    if (code != CLI_EXIT_OK) return code;
    uint64_t number = app->run.outcome.show.number;
    json_t *record = json_object();
    cli_json_set(record, "room", cli_json_text(room));
    cli_json_set(record, "account", cli_json_text(account));
    cli_json_set(record, "decision", json_integer((json_int_t)number));
    cli_out_record(&app->out, record);
    cli_out_say(&app->out, "Decision number %llu is in force; the next commit of the room carries "
                           "it.\n", (unsigned long long)number);
    cli_app_settle(app);
    return CLI_EXIT_OK;
}
