/* Verbs about accounts, invitations and rooms. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/client_text.h"
#include "host/hub_cli.h"
#include "host/hub_link.h"
#include "host/hub_outside.h"
#include "wire/text.h"

enum { VERB_ARENA_BYTES_MAX = 64 << 20, DAY_MS = 86400000 };

/* A verb's memory. */
struct room_to_work {
    struct tb_mem mem;
    struct tb_arena arena;
};

static struct tb_arena *begin(struct room_to_work *work)
{
    host_mem_init(&work->mem, SIZE_MAX);
    tb_arena_init(&work->arena, &work->mem, VERB_ARENA_BYTES_MAX);
    return &work->arena;
}

static int end(struct room_to_work *work, int exit_code)
{
    tb_arena_wipe(&work->arena);
    return exit_code;
}

static int get_rows(struct host_cli *cli, enum chat_verb verb, struct tb_arena *arena,
                    struct chat_admin_rows *rows)
{
    struct chat_nothing nothing = { NULL };
    return host_cli_call(cli, verb, &chat_nothing_desc, &nothing, arena, &chat_admin_rows_desc,
                         rows);
}

static int list(struct host_cli *cli, enum chat_verb verb, const char *empty)
{
    struct room_to_work work;
    struct chat_admin_rows rows;
    struct tb_arena *arena = begin(&work);
    int code = get_rows(cli, verb, arena, &rows);
    if (code == HOST_EXIT_OK) host_cli_print_rows(cli, &rows, empty);
    return end(&work, code);
}

/* The first row one of whose cells is `text`; NULL when there is none. */
static struct chat_admin_row *find_row(const struct chat_admin_rows *rows, const char *text)
{
    for (size_t r = 1; r < rows->rows.count; r++) {
        struct chat_admin_row *row = &rows->rows.at[r];
        for (size_t c = 0; c < row->cells.count; c++) {
            if (tb_bytes_equal(row->cells.at[c].value, tb_bytes_text(text))) return row;
        }
    }
    return NULL;
}

/* A list cut down to its headings and the row that was asked for. */
static int show(struct host_cli *cli, enum chat_verb verb, const char *what)
{
    struct room_to_work work;
    struct chat_admin_rows rows;
    struct tb_arena *arena = begin(&work);
    int code = get_rows(cli, verb, arena, &rows);
    if (code != HOST_EXIT_OK) return end(&work, code);
    struct chat_admin_row *row = find_row(&rows, cli->arguments[0]);
    if (row == NULL) {
        host_cli_fail(cli, "not_found", "there is no %s %s", what, cli->arguments[0]);
        return end(&work, HOST_EXIT_NOT_FOUND);
    }
    if (cli->is_json) {
        struct chat_admin_row both[2] = { rows.rows.at[0], *row };
        struct chat_admin_rows cut = { .rows = { both, 2 } };
        host_cli_print_rows(cli, &cut, "");
        return end(&work, HOST_EXIT_OK);
    }
    for (size_t c = 0; c < row->cells.count && c < rows.rows.at[0].cells.count; c++) {
        char time[HOST_CLOCK_TEXT_LEN_MAX];
        tb_bytes heading = rows.rows.at[0].cells.at[c].value;
        tb_bytes cell = host_cli_cell(heading, row->cells.at[c].value, time);
        heading = host_cli_heading(heading);
        printf("%-18.*s ", (int)heading.len, (const char *)heading.data);
        cli_text_print(stdout, cell, CLI_TEXT_ONE_LINE, 0);
        putchar('\n');
    }
    return end(&work, HOST_EXIT_OK);
}

/* ------------------------------------------------------------------ accounts */

int host_verb_user_list(struct host_cli *cli)
{
    return list(cli, CHAT_VERB_ADMIN_USERS,
                "nobody has an account yet; `timbre-hub invite create --admin` makes a link");
}

int host_verb_user_show(struct host_cli *cli)
{
    return show(cli, CHAT_VERB_ADMIN_USERS, "account");
}

/* A handle or URI as an account URI: the cell of its row that is one. */
static bool account_of(struct host_cli *cli, struct tb_arena *arena, tb_bytes *account, int *code)
{
    struct chat_admin_rows rows;
    *code = get_rows(cli, CHAT_VERB_ADMIN_USERS, arena, &rows);
    if (*code != HOST_EXIT_OK) return false;
    struct chat_admin_row *row = find_row(&rows, cli->arguments[0]);
    for (size_t c = 0; row != NULL && c < row->cells.count; c++) {
        *account = row->cells.at[c].value;
        if (tb_bytes_starts_with(*account, TB_LITERAL("mimi://"))) return true;
    }
    host_cli_fail(cli, "not_found", "there is no account %s", cli->arguments[0]);
    *code = HOST_EXIT_NOT_FOUND;
    return false;
}

static int set_user(struct host_cli *cli, uint8_t what, const char *done)
{
    struct room_to_work work;
    struct tb_arena *arena = begin(&work);
    struct chat_admin_user_set request = { .what = what };
    struct chat_nothing nothing;
    int code;
    if (!account_of(cli, arena, &request.account, &code)) return end(&work, code);
    if (cli->is_dry_run) {
        printf("would say of %s: %s\n", cli->arguments[0], done);
        return end(&work, HOST_EXIT_OK);
    }
    code = host_cli_call(cli, CHAT_VERB_ADMIN_USER_SET, &chat_admin_user_set_desc, &request, arena,
                         &chat_nothing_desc, &nothing);
    if (code == HOST_EXIT_OK && !cli->is_quiet && !cli->is_json) {
        printf("%s: %s\n", cli->arguments[0], done);
    }
    return end(&work, code);
}

int host_verb_user_admin(struct host_cli *cli)
{
    return cli->is_end ? set_user(cli, 2, "no longer an admin") : set_user(cli, 1, "an admin now");
}

int host_verb_user_close_sessions(struct host_cli *cli)
{
    return set_user(cli, 3, "every session is closed");
}

/* ------------------------------------------------------------------ invitations */

int host_verb_invite_create(struct host_cli *cli)
{
    struct room_to_work work;
    struct tb_arena *arena = begin(&work);
    struct chat_opaque fragment;
    uint64_t life_ms = 7 * (uint64_t)DAY_MS, uses = 1;
    if (cli->expires != NULL && !cli_text_span(cli->expires, &life_ms)) {
        host_cli_fail(cli, "usage", "--expires %s: say 30m, 24h, 7d", cli->expires);
        return end(&work, HOST_EXIT_USAGE);
    }
    if (cli->uses != NULL && (!cli_text_number(cli->uses, UINT32_MAX, &uses) || uses == 0)) {
        host_cli_fail(cli, "usage", "--uses %s: a number from 1", cli->uses);
        return end(&work, HOST_EXIT_USAGE);
    }
    struct chat_admin_invite request = { .is_admin = cli->is_admin,
                                         .expires_ms = host_clock_unix_ms() + life_ms,
                                         .use_count_max = (uint32_t)uses };
    int code = host_cli_call(cli, CHAT_VERB_ADMIN_INVITE, &chat_admin_invite_desc, &request, arena,
                             &chat_opaque_desc, &fragment);
    if (code == HOST_EXIT_OK) {
        host_link_print(cli, fragment.value, request.is_admin, request.expires_ms, uses);
    }
    return end(&work, code);
}

int host_verb_desk_refound(struct host_cli *cli)
{
    struct room_to_work work;
    struct tb_arena *arena = begin(&work);
    struct chat_opaque fragment;
    struct chat_admin_invite request = {
        .is_admin = 1, .expires_ms = host_clock_unix_ms() + 7 * (uint64_t)DAY_MS,
        .use_count_max = 1
    };
    if (cli->is_dry_run) {
        puts("would declare the desk lost: reports that it has not decided stay unread, everybody "
             "is told, and the next admin's client founds a new one");
        return end(&work, HOST_EXIT_OK);
    }
    if (!cli->is_yes) {
        host_cli_fail(cli, "usage", "reports that the desk has not decided are lost with it; "
                                    "--yes goes on");
        return end(&work, HOST_EXIT_USAGE);
    }
    int code = host_cli_call(cli, CHAT_VERB_ADMIN_DESK_REFOUND, &chat_admin_invite_desc, &request,
                             arena, &chat_opaque_desc, &fragment);
    if (code == HOST_EXIT_OK) host_link_print(cli, fragment.value, true, request.expires_ms, 1);
    return end(&work, code);
}

int host_verb_invite_list(struct host_cli *cli)
{
    return list(cli, CHAT_VERB_ADMIN_INVITES, "there are no invitations");
}

int host_verb_invite_revoke(struct host_cli *cli)
{
    struct room_to_work work;
    struct tb_arena *arena = begin(&work);
    struct chat_opaque request = { .value = tb_bytes_text(cli->arguments[0]) };
    struct chat_nothing nothing;
    int code = host_cli_call(cli, CHAT_VERB_ADMIN_INVITE_REVOKE, &chat_opaque_desc, &request, arena,
                             &chat_nothing_desc, &nothing);
    if (code == HOST_EXIT_OK && !cli->is_quiet && !cli->is_json) puts("the invitation is over");
    return end(&work, code);
}

/* ------------------------------------------------------------------ rooms and the whole */

int host_verb_room_list(struct host_cli *cli)
{
    return list(cli, CHAT_VERB_ADMIN_ROOMS, "there are no rooms");
}

int host_verb_room_show(struct host_cli *cli)
{
    return show(cli, CHAT_VERB_ADMIN_ROOMS, "room");
}

int host_verb_room_thaw(struct host_cli *cli)
{
    struct room_to_work work;
    struct tb_arena *arena = begin(&work);
    struct chat_opaque request = { .value = tb_bytes_text(cli->arguments[0]) };
    struct chat_nothing nothing;
    if (cli->is_dry_run) {
        puts("would let the room go on without waiting for the heads of devices that are missing");
        return end(&work, HOST_EXIT_OK);
    }
    int code = host_cli_call(cli, CHAT_VERB_ADMIN_THAW, &chat_opaque_desc, &request, arena,
                             &chat_nothing_desc, &nothing);
    if (code == HOST_EXIT_OK && !cli->is_quiet && !cli->is_json) puts("the room goes on");
    return end(&work, code);
}

/* ------------------------------------------------------------------ keys */

int host_verb_keys_list(struct host_cli *cli)
{
    return list(cli, CHAT_VERB_ADMIN_KEYS, "the hub has no keys");
}

static unsigned key_bit(const char *name)
{
    if (strcmp(name, "agent") == 0) return CHAT_KEYS_AGENT;
    if (strcmp(name, "intake") == 0) return CHAT_KEYS_INTAKE;
    return strcmp(name, "frank") == 0 ? CHAT_KEYS_FRANK : 0;
}

int host_verb_keys_rotate(struct host_cli *cli)
{
    struct room_to_work work;
    struct tb_arena *arena = begin(&work);
    struct chat_admin_keys request = { .keys = 0 };
    struct chat_nothing nothing;
    for (size_t i = 0; i < cli->argument_count; i++) {
        unsigned bit = key_bit(cli->arguments[i]);
        request.keys |= (uint8_t)bit;
        if (bit != 0) continue;
        host_cli_fail(cli, "usage", "%s: say agent, intake or frank", cli->arguments[i]);
        return end(&work, HOST_EXIT_USAGE);
    }
    if (cli->is_dry_run) {
        puts("would make new keys; rooms take a new agent with their next commit");
        return end(&work, HOST_EXIT_OK);
    }
    int code = host_cli_call(cli, CHAT_VERB_ADMIN_KEYS_ROTATE, &chat_admin_keys_desc, &request,
                             arena, &chat_nothing_desc, &nothing);
    if (code == HOST_EXIT_OK && !cli->is_quiet && !cli->is_json) puts("the keys are new");
    return end(&work, code);
}

int host_verb_keys_revoke(struct host_cli *cli)
{
    struct room_to_work work;
    struct tb_arena *arena = begin(&work);
    struct chat_admin_revoke request = { .revoked_ms = 0 };
    struct chat_nothing nothing;
    if (!tb_is_ok(wire_text_hex_decode(tb_bytes_text(cli->arguments[0]), request.key_id,
                                       sizeof request.key_id))) {
        host_cli_fail(cli, "usage", "%s: the id of an agent, as `keys list` shows it",
                      cli->arguments[0]);
        return end(&work, HOST_EXIT_USAGE);
    }
    if (!host_outside_time(cli->arguments[1], &request.revoked_ms)) {
        host_cli_fail(cli, "usage", "%s: say 2026-05-31 or 2026-05-31T12:00:00Z",
                      cli->arguments[1]);
        return end(&work, HOST_EXIT_USAGE);
    }
    if (cli->is_dry_run) {
        puts("would revoke the key for good and make a new one; reports of messages since then "
             "need the senders' own signatures");
        return end(&work, HOST_EXIT_OK);
    }
    int code = host_cli_call(cli, CHAT_VERB_ADMIN_KEYS_REVOKE, &chat_admin_revoke_desc, &request,
                             arena, &chat_nothing_desc, &nothing);
    if (code == HOST_EXIT_OK && !cli->is_quiet && !cli->is_json) puts("the key is revoked");
    return end(&work, code);
}

int host_verb_status(struct host_cli *cli)
{
    return list(cli, CHAT_VERB_ADMIN_STATUS, "the hub says nothing of itself");
}
