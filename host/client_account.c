/* The verbs of account, device, contact and safety-code, and those that need no room. */
#include <string.h>

#include "chat/policy.h"
#include "client/status.h"
#include "host/client_app.h"
#include "host/client_manual.h"
#include "host/client_text.h"
#include "wire/uri.h"

/* ------------------------------------------------------------------ account */

static json_t *account_record(struct cli_app *app)
{
    const struct client *client = app->run.client;
    json_t *record = json_object();
    cli_json_set(record, "account", cli_json_text(client_account(client)));
    cli_json_set(record, "handle", cli_json_text(client_handle(client)));
    cli_json_set(record, "device", cli_json_text(client_device(client)));
    cli_json_set(record, "hub", cli_json_text(client_origin(client)));
    cli_json_set(record, "desk", json_boolean(client_is_desk(client)));
    cli_json_set(record, "restricted", json_boolean(app->run.is_restricted));
    cli_json_set(record, "profile", json_string(app->profile.folder));
    return record;
}

/* The handle that was asked for, or the profile's name. */
static tb_bytes wanted_handle(struct cli_app *app)
{
    const char *handle = app->args.values[CLI_OPTION_HANDLE];
    if (handle == NULL) {
        const char *slash = strrchr(app->profile.folder, '/');
        handle = slash != NULL ? slash + 1 : app->profile.folder;
    }
    return tb_bytes_text(handle);
}

int cli_verb_account_register(struct cli_app *app)
{
    static const char doing[] = "register";
    struct host_secret_text link;
    uint64_t op = 0;
    if (client_is_registered(app->run.client)) {
        return cli_app_fail_detail(app, TB_STATUS(CLIENT_REGISTERED), doing,
                                   tb_bytes_text(app->profile.folder));
    }
    int code = cli_app_secret(app, CLI_OPTION_INVITE_FILE, "Invitation link: ", &link);
    if (code != CLI_EXIT_OK) return code;
    cli_run_begin(&app->run);
    tb_status status = client_register(app->run.client, cli_run_now_ms(&app->run),
                                       tb_bytes_of(link.text, link.len), wanted_handle(app),
                                       &app->run.effects, &op);
    host_secret_text_wipe(&link);
    code = cli_app_await(app, status, op, doing);
    if (code != CLI_EXIT_OK) return code;
    cli_app_settle(app);
    cli_out_record(&app->out, account_record(app));
    struct wire_uri account;
    tb_bytes domain = TB_LITERAL("?");
    if (wire_uri_parse(client_account(app->run.client), &account).code == TB_OK) {
        domain = account.domain;
    }
    cli_out_say(&app->out, "Registered %s at %s.\n",
                cli_app_visible(app, client_handle(app->run.client)),
                cli_app_visible(app, domain));
    if (client_is_desk(app->run.client)) {
        cli_out_say(&app->out, "The moderation desk is open; you are its first moderator.\n");
    }
    return CLI_EXIT_OK;
}

/* "name   value" lines of a record. */
static void say_lines(struct cli_app *app, const json_t *record, const char *const *fields,
                      const char *const *labels, size_t count)
{
    if (!cli_out_is_text(&app->out)) return;
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_object_get(record, fields[i]);
        fprintf(app->out.to, "%-10s  ", labels[i]);
        if (json_is_string(value)) cli_out_text(&app->out, tb_bytes_text(json_string_value(value)));
        else if (json_is_boolean(value)) fputs(json_is_true(value) ? "yes" : "no", app->out.to);
        fputc('\n', app->out.to);
    }
}

int cli_verb_account_show(struct cli_app *app)
{
    static const char *const fields[] = { "handle", "account", "device", "hub",
                                          "desk",   "restricted", "profile" };
    static const char *const labels[] = { "handle", "account", "device", "hub",
                                          "moderator", "restricted", "profile" };
    int code = cli_app_refresh(app);
    if (code != CLI_EXIT_OK) return code;
    json_t *record = account_record(app);
    say_lines(app, record, fields, labels, sizeof fields / sizeof fields[0]);
    cli_out_record(&app->out, record);
    return CLI_EXIT_OK;
}

/* ------------------------------------------------------------------ devices */

int cli_verb_device_list(struct cli_app *app)
{
    static const struct cli_column columns[] = {
        { "device", "DEVICE", CLI_COLUMN_TEXT },
        { "added", "SINCE", CLI_COLUMN_TIME },
        { "state", "STATE", CLI_COLUMN_TEXT },
        { "this", "THIS", CLI_COLUMN_TEXT },
    };
    struct client_device_view *devices = NULL;
    size_t count = 0;
    int code = cli_app_refresh(app);
    if (code != CLI_EXIT_OK) return code;
    cli_run_read_begin(&app->run);
    tb_status status = client_devices(app->run.client, &app->arena, &devices, &count);
    status = cli_run_read_end(&app->run, status);
    if (status.code != TB_OK) return cli_app_fail(app, status, "list the devices");
    json_t *rows = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *row = json_object();
        cli_json_set(row, "device", cli_json_text(devices[i].device));
        cli_json_set(row, "added", cli_json_time(devices[i].added_ms));
        cli_json_set(row, "state", json_string(devices[i].is_active ? "active" : "revoked"));
        cli_json_set(row, "this", json_boolean(devices[i].is_this));
        json_array_append_new(rows, row);
    }
    cli_out_table(&app->out, columns, sizeof columns / sizeof columns[0], rows,
                  "There is no device.");
    return CLI_EXIT_OK;
}

/* Is this profile in the desk's room, and nobody else with a device?  What cannot be read says no:
 * a profile that is in trouble has to come back all the same. */
static bool is_alone_at_desk(struct cli_app *app)
{
    struct client_room_view *rooms = NULL;
    size_t room_count = 0;
    bool is_alone = false;
    cli_run_read_begin(&app->run);
    tb_status status = client_rooms(app->run.client, &app->arena, &rooms, &room_count);
    for (size_t i = 0; status.code == TB_OK && i < room_count; i++) {
        struct client_member_view *members = NULL;
        size_t count = 0, self_count = 0, other_count = 0;
        if (rooms[i].kind != CHAT_ROOM_DESK) continue;
        tb_status known = client_members(app->run.client, rooms[i].room, &app->arena, &members,
                                         &count);
        for (size_t k = 0; known.code == TB_OK && k < count; k++) {
            if (members[k].is_self) self_count++;
            else if (members[k].device_count != 0) other_count++;
        }
        if (self_count != 0 && other_count == 0) is_alone = true;
    }
    status = cli_run_read_end(&app->run, status);
    return status.code == TB_OK && is_alone;
}

int cli_verb_device_rejoin(struct cli_app *app)
{
    static const char doing[] = "rejoin";
    uint64_t op = 0;
    if (is_alone_at_desk(app)) {
        cli_out_note(&app->out, "You are the desk's only moderator.  Nobody could let the new "
                                "device into the desk's room, and no further moderator could be "
                                "added.\n");
    }
    if (!cli_app_agreed(app, "Revoke the old device and make this profile a new one?")) {
        return CLI_EXIT_USAGE;
    }
    cli_run_begin(&app->run);
    tb_status status = client_rejoin(app->run.client, cli_run_now_ms(&app->run),
                                     &app->run.effects, &op);
    app->run.is_rolled_back = false;
    int code = cli_app_await(app, status, op, doing);
    if (code != CLI_EXIT_OK) return code;
    cli_app_settle(app);
    cli_out_record(&app->out, account_record(app));
    cli_out_say(&app->out, "This profile is a new device now.  It comes back into each room when "
                           "another member is online.\n");
    return CLI_EXIT_OK;
}

/* ------------------------------------------------------------------ contacts */

/* operation: enum of client_consent. */
static int consent(struct cli_app *app, uint8_t operation, const char *doing, const char *said)
{
    tb_bytes account = { 0 };
    uint64_t op = 0;
    int code = cli_app_online(app, doing);
    if (code == CLI_EXIT_OK) code = cli_app_account(app, app->args.words[0], &account);
    if (code != CLI_EXIT_OK) return code;
    cli_run_begin(&app->run);
    tb_status status = client_consent(app->run.client, cli_run_now_ms(&app->run), operation,
                                      account, &app->run.effects, &op);
    code = cli_app_await(app, status, op, doing);
    if (code != CLI_EXIT_OK) return code;
    json_t *record = json_object();
    cli_json_set(record, "account", cli_json_text(account));
    cli_json_set(record, "operation", json_string(said));
    cli_out_record(&app->out, record);
    cli_out_say(&app->out, "Contact with %s: %s.\n",
                cli_app_visible(app, tb_bytes_text(app->args.words[0])), said);
    return CLI_EXIT_OK;
}

int cli_verb_contact_request(struct cli_app *app)
{
    return consent(app, 1, "ask for contact", "asked for");
}

int cli_verb_contact_accept(struct cli_app *app)
{
    return consent(app, 2, "agree to contact", "agreed to");
}

int cli_verb_contact_revoke(struct cli_app *app)
{
    return consent(app, 3, "take back the agreement", "taken back");
}

/* Gathers what client_consents shows. */
struct contacts {
    json_t *rows;
    cli_run_show *on_show;
    void *show_ctx;
};

static void gather_contact(void *ctx, const struct client_show *show)
{
    static const char *const names[] = { "cancelled", "asked", "agreed", "taken back" };
    struct contacts *contacts = ctx;
    if (show->kind != CLIENT_SHOW_CONSENT) {
        if (contacts->on_show != NULL) contacts->on_show(contacts->show_ctx, show);
        return;
    }
    json_t *row = json_object();
    cli_json_set(row, "handle", cli_json_text(show->handle));
    cli_json_set(row, "state", json_string(show->code < 4 ? names[show->code] : "unknown"));
    cli_json_set(row, "by", json_string(show->is_own ? "you" : "them"));
    cli_json_set(row, "account", cli_json_text(show->account));
    json_array_append_new(contacts->rows, row);
}

int cli_verb_contact_list(struct cli_app *app)
{
    static const char doing[] = "list the contacts";
    static const struct cli_column columns[] = {
        { "handle", "HANDLE", CLI_COLUMN_TEXT },
        { "state", "STATE", CLI_COLUMN_TEXT },
        { "by", "BY", CLI_COLUMN_TEXT },
        { "account", "ACCOUNT", CLI_COLUMN_TEXT },
    };
    uint64_t op = 0;
    int code = cli_app_online(app, doing);
    if (code != CLI_EXIT_OK) return code;
    struct contacts contacts = { json_array(), app->run.on_show, app->run.show_ctx };
    app->run.on_show = gather_contact;
    app->run.show_ctx = &contacts;
    cli_run_begin(&app->run);
    tb_status status = client_consents(app->run.client, cli_run_now_ms(&app->run),
                                       &app->run.effects, &op);
    code = cli_app_await(app, status, op, doing);
    app->run.on_show = contacts.on_show;
    app->run.show_ctx = contacts.show_ctx;
    if (code != CLI_EXIT_OK) {
        json_decref(contacts.rows);
        return code;
    }
    cli_out_table(&app->out, columns, sizeof columns / sizeof columns[0], contacts.rows,
                  "Nobody has asked for contact.");
    return CLI_EXIT_OK;
}

int cli_verb_safety_code(struct cli_app *app)
{
    tb_bytes account = { 0 }, digits = { 0 };
    int code = cli_app_refresh(app);
    if (code == CLI_EXIT_OK) code = cli_app_account(app, app->args.words[0], &account);
    if (code != CLI_EXIT_OK) return code;
    if (tb_bytes_equal(account, client_account(app->run.client))) {
        return cli_app_usage(app, "a safety code stands between you and somebody else", NULL);
    }
    cli_run_read_begin(&app->run);
    tb_status status = client_safety_code(app->run.client, account, &app->arena, &digits);
    status = cli_run_read_end(&app->run, status);
    if (status.code != TB_OK) return cli_app_fail(app, status, "make the safety code");
    json_t *record = json_object();
    cli_json_set(record, "account", cli_json_text(account));
    cli_json_set(record, "safety_code", cli_json_text(digits));
    cli_out_record(&app->out, record);
    cli_out_text(&app->out, digits);
    cli_out_say(&app->out, "\n");
    return CLI_EXIT_OK;
}

/* ------------------------------------------------------------------ the rest */

static bool never(struct cli_run *run)
{
    (void)run;
    return false;
}

int cli_verb_sync(struct cli_app *app)
{
    static const char doing[] = "synchronise";
    if (cli_args_has(&app->args, CLI_OPTION_FOLLOW)) {
        uint64_t until_ms = UINT64_MAX;
        if (cli_args_has(&app->args, CLI_OPTION_TIMEOUT)) until_ms = cli_app_until(app);
        app->run.is_patient = true;
        tb_status status = cli_run_until(&app->run, never, until_ms);
        bool is_end = status.code == CLI_INTERRUPTED || status.code == CLI_TIMEOUT;
        return is_end ? CLI_EXIT_OK : cli_app_fail(app, status, doing);
    }
    int code = cli_app_online(app, doing);
    if (code != CLI_EXIT_OK) return code;
    tb_status status = cli_run_until(&app->run, cli_run_is_settled, cli_app_until(app));
    if (status.code != TB_OK) return cli_app_fail(app, status, doing);
    json_t *record = json_object();
    cli_json_set(record, "synced", json_true());
    cli_out_record(&app->out, record);
    cli_out_say(&app->out, "Everything is up to date.\n");
    return CLI_EXIT_OK;
}

int cli_verb_completion(struct cli_app *app)
{
    if (strcmp(app->args.words[0], "bash") != 0) {
        return cli_app_usage(app, "there is a script for bash only", NULL);
    }
    cli_manual_completion(app->out.to);
    return CLI_EXIT_OK;
}

int cli_verb_version(struct cli_app *app)
{
    json_t *record = json_object();
    cli_json_set(record, "version", json_string(TIMBRE_VERSION));
    cli_out_record(&app->out, record);
    cli_out_say(&app->out, "timbre %s\n", TIMBRE_VERSION);
    return CLI_EXIT_OK;
}

int cli_verb_help_run(struct cli_app *app)
{
    size_t taken = 0;
    if (cli_args_has(&app->args, CLI_OPTION_MAN)) {
        cli_manual_man(app->out.to);
        return CLI_EXIT_OK;
    }
    if (app->args.count == 0) {
        cli_verbs_usage(app->out.to);
        return CLI_EXIT_OK;
    }
    const struct cli_verb *verb = cli_verb_find(app->args.words, app->args.count, &taken);
    if (verb != NULL && taken == app->args.count) {
        cli_verb_help(verb, app->out.to);
        return CLI_EXIT_OK;
    }
    fprintf(app->out.err, "timbre: there is no such verb\n");
    cli_verb_hint(app->args.words, app->args.count, app->out.err);
    return CLI_EXIT_USAGE;
}
