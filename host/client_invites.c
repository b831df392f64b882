/* The verbs of a room's invitations: which there are, and taking them back. */
#include <string.h>

#include "client/status.h"
#include "host/client_app.h"
#include "host/client_text.h"
#include "wire/text.h"

enum { WORD_LEN_MIN = 4, WORD_LEN_SHOWN = 12 };

static tb_status invites_read(struct cli_app *app, tb_bytes room, struct client_invite_view **at,
                              size_t *count)
{
    cli_run_read_begin(&app->run);
    tb_status status = client_room_invites(app->run.client, room, &app->arena, at, count);
    return cli_run_read_end(&app->run, status);
}

/* The first digits of the public key: enough to tell one from another. */
static size_t word_of(const struct client_invite_view *invite, char *out, size_t digit_count_max)
{
    size_t len = invite->invite_key.len;
    if (len > digit_count_max / 2) len = digit_count_max / 2;
    wire_text_hex_encode(tb_bytes_of(invite->invite_key.data, len), out);
    out[2 * len] = 0;
    return 2 * len;
}

static json_t *invite_record(const struct client_invite_view *invite)
{
    char word[WORD_LEN_SHOWN + 1];
    json_t *record = json_object();
    word_of(invite, word, WORD_LEN_SHOWN);
    cli_json_set(record, "invitation", json_string(word));
    cli_json_set(record, "key", cli_json_hex(invite->invite_key));
    cli_json_set(record, "expires", cli_json_time(invite->expires_ms));
    cli_json_set(record, "uses_left", json_integer((json_int_t)invite->use_count_left));
    cli_json_set(record, "uses", json_integer((json_int_t)invite->use_count_max));
    cli_json_set(record, "inviter", cli_json_text(invite->inviter));
    cli_json_set(record, "inviter_handle", cli_json_text(invite->handle));
    cli_json_set(record, "own", json_boolean(invite->is_own));
    return record;
}

int cli_verb_room_invites(struct cli_app *app)
{
    static const struct cli_column columns[] = {
        { "invitation", "INVITATION", CLI_COLUMN_TEXT }, { "expires", "EXPIRES", CLI_COLUMN_TIME },
        { "uses_left", "LEFT", CLI_COLUMN_NUMBER },      { "uses", "OF", CLI_COLUMN_NUMBER },
        { "inviter_handle", "BY", CLI_COLUMN_TEXT },
    };
    struct client_invite_view *at = NULL;
    size_t count = 0;
    tb_bytes room = { 0 };
    int code = cli_app_refresh(app);
    if (code == CLI_EXIT_OK) code = cli_app_room(app, app->args.words[0], &room);
    if (code != CLI_EXIT_OK) return code;
    tb_status status = invites_read(app, room, &at, &count);
    if (status.code != TB_OK) return cli_app_fail(app, status, "list the invitations");
    uint64_t now_ms = cli_run_now_ms(&app->run);
    json_t *rows = json_array();
    for (size_t i = 0; i < count; i++) {
        bool is_open = at[i].use_count_left != 0 && at[i].expires_ms > now_ms;
        if (is_open) json_array_append_new(rows, invite_record(&at[i]));
    }
    cli_out_table(&app->out, columns, sizeof columns / sizeof columns[0], rows,
                  "There is no invitation that could still be used.");
    return CLI_EXIT_OK;
}

/* An invitation by the first digits of its key. */
static int invite_find(struct cli_app *app, tb_bytes room, const char *word, tb_bytes *key)
{
    static const char doing[] = "find the invitation";
    struct client_invite_view *at = NULL;
    size_t count = 0, found = SIZE_MAX, len = strlen(word);
    tb_status status = invites_read(app, room, &at, &count);
    if (status.code != TB_OK) return cli_app_fail(app, status, doing);
    for (size_t i = 0; i < count; i++) {
        char hex[2 * CRYPTO_PUBLIC_MAX + 1];
        size_t digit_count = word_of(&at[i], hex, sizeof hex - 1);
        if (len < WORD_LEN_MIN || len > digit_count || memcmp(hex, word, len) != 0) continue;
        if (found != SIZE_MAX) {
            return cli_app_usage(app, "more than one invitation begins so",
                                 "Write more of its digits.");
        }
        found = i;
    }
    if (found == SIZE_MAX) {
        const struct cli_problem unknown = { CLI_EXIT_NOT_FOUND, "invitation_unknown",
                                             "there is no such invitation to this room",
                                             "'timbre room invites ROOM' lists them." };
        return cli_out_fail(&app->out, &unknown, doing, tb_bytes_text(word));
    }
    *key = at[found].invite_key;
    return CLI_EXIT_OK;
}

int cli_verb_room_uninvite(struct cli_app *app)
{
    static const char doing[] = "take the invitation back";
    bool is_all = cli_args_has(&app->args, CLI_OPTION_ALL);
    tb_bytes room = { 0 }, key = { 0 };
    uint64_t op = 0;
    if (is_all == (app->args.count == 2)) {
        return cli_app_usage(app, "name one INVITATION, or --all that you made",
                             "'timbre room invites ROOM' lists them.");
    }
    int code = cli_app_online(app, doing);
    if (code == CLI_EXIT_OK) code = cli_app_room(app, app->args.words[0], &room);
    if (code == CLI_EXIT_OK && !is_all) code = invite_find(app, room, app->args.words[1], &key);
    if (code != CLI_EXIT_OK) return code;
    cli_run_begin(&app->run);
    tb_status status = client_room_uninvite(app->run.client, cli_run_now_ms(&app->run), room, key,
                                            &app->run.effects, &op);
    code = cli_app_await(app, status, op, doing);
    if (code != CLI_EXIT_OK) return code;
    unsigned long long count = app->run.outcome.show.number;
    json_t *record = json_object();
    cli_json_set(record, "room", cli_json_text(room));
    cli_json_set(record, "taken_back", json_integer((json_int_t)count));
    cli_out_record(&app->out, record);
    cli_out_say(&app->out, "Took back %llu %s.\n", count,
                count == 1 ? "invitation" : "invitations");
    cli_app_settle(app);
    return CLI_EXIT_OK;
}
