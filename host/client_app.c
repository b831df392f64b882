#include "host/client_app.h"

#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/status.h"
#include "host/client_notice.h"
#include "host/client_text.h"
#include "host/mem_os.h"
#include "wire/text.h"
#include "wire/uri.h"

enum {
    CA_LEN_MAX = 1 << 20,   /* octets of a file of certificates that a profile keeps */
    CHOICES_LEN_MAX = 1024  /* octets of a list of rooms in a refusal */
};

/* ------------------------------------------------------------------ refusals */

int cli_app_fail_detail(struct cli_app *app, tb_status status, const char *doing, tb_bytes detail)
{
    struct cli_problem problem = cli_status_problem(status);
    return cli_out_fail(&app->out, &problem, doing, detail);
}

/* A status, or what stands behind it when the hub refused the session. */
static struct cli_problem problem_of(const struct cli_app *app, tb_status status)
{
    return status.code == CLI_REFUSED ? cli_status_show(app->run.refusal_code)
                                      : cli_status_problem(status);
}

int cli_app_fail(struct cli_app *app, tb_status status, const char *doing)
{
    struct cli_problem problem = problem_of(app, status);
    return cli_out_fail(&app->out, &problem, doing,
                        tb_bytes_text(cli_run_why(&app->run, status)));
}

int cli_app_usage(struct cli_app *app, const char *title, const char *advice)
{
    const struct cli_problem problem = { CLI_EXIT_USAGE, "usage", title, advice };
    return cli_out_fail(&app->out, &problem, "do this", (tb_bytes){ 0 });
}

/* ------------------------------------------------------------------ the hub */

uint64_t cli_app_until(const struct cli_app *app)
{
    uint64_t span_ms = CLI_APP_TIMEOUT_MS;
    const char *text = app->args.values[CLI_OPTION_TIMEOUT];
    if (text != NULL && !cli_text_span(text, &span_ms)) span_ms = CLI_APP_TIMEOUT_MS;
    return host_clock_monotonic_ms() + span_ms;
}

void cli_app_notice_restricted(struct cli_app *app)
{
    if (!app->run.is_restricted) return;
    cli_out_note(&app->out, "timbre: this account is restricted by a decision of the desk; "
                            "'timbre notice list' shows why.\n");
}

static void notice_clear_text(struct cli_app *app)
{
    if (app->run.socket == NULL || !cli_socket_is_clear_text(app->run.socket)) return;
    cli_out_note(&app->out, "timbre: the connection to the hub is not encrypted; texts are, but "
                            "everyone on the way sees who talks when.\n");
}

int cli_app_online(struct cli_app *app, const char *doing)
{
    tb_status status = TB_STATUS(CLIENT_OFFLINE);
    bool was_online = client_is_online(app->run.client);
    if (!cli_args_has(&app->args, CLI_OPTION_OFFLINE)) {
        status = cli_run_until(&app->run, cli_run_is_synced, cli_app_until(app));
    }
    if (status.code != TB_OK) return cli_app_fail(app, status, doing);
    if (!was_online) {
        notice_clear_text(app);
        cli_app_notice_restricted(app);
    }
    return CLI_EXIT_OK;
}

int cli_app_refresh(struct cli_app *app)
{
    uint64_t until_ms = host_clock_monotonic_ms() + CLI_APP_REFRESH_MS;
    if (cli_args_has(&app->args, CLI_OPTION_OFFLINE)) return CLI_EXIT_OK;
    if (cli_args_has(&app->args, CLI_OPTION_TIMEOUT)) until_ms = cli_app_until(app);
    bool was_online = client_is_online(app->run.client);
    tb_status status = cli_run_until(&app->run, cli_run_is_synced, until_ms);
    if (status.code == CLI_INTERRUPTED || status.code == TB_STORE) {
        return cli_app_fail(app, status, "look at the hub");
    }
    if (status.code != TB_OK) {
        struct cli_problem problem = problem_of(app, status);
        const char *why = cli_app_visible(app, tb_bytes_text(cli_run_why(&app->run, status)));
        cli_out_note(&app->out, "timbre: this is what the profile holds; %s%s%s%s.\n",
                     problem.title, *why != 0 ? " (" : "", why, *why != 0 ? ")" : "");
    } else if (!was_online) {
        notice_clear_text(app);
        cli_app_notice_restricted(app);
    }
    return CLI_EXIT_OK;
}

int cli_app_outcome(struct cli_app *app, tb_status status, const char *doing)
{
    if (status.code != TB_OK) return cli_app_fail(app, status, doing);
    const struct client_show *show = &app->run.outcome.show;
    if (!app->run.outcome.is_failed) return CLI_EXIT_OK;
    struct cli_problem problem = cli_status_show(show->code);
    return cli_out_fail(&app->out, &problem, doing, show->text);
}

int cli_app_await(struct cli_app *app, tb_status status, uint64_t op, const char *doing)
{
    status = cli_run_end(&app->run, status, op);
    if (status.code == TB_OK) {
        status = cli_run_until(&app->run, cli_run_is_over, cli_app_until(app));
    }
    return cli_app_outcome(app, status, doing);
}

void cli_app_settle(struct cli_app *app)
{
    uint64_t until_ms = host_clock_monotonic_ms() + CLI_APP_SETTLE_MS;
    if (app->is_rpc) return; /* the loop goes on by itself */
    tb_status status = cli_run_until(&app->run, cli_run_is_settled, until_ms);
    (void)status; /* what is left goes out with the next sync */
}

/* ------------------------------------------------------------------ words into names */

/* The rooms that a word fits, as the engine compares them: whole names before beginnings. */
static void room_choices(struct cli_app *app, tb_bytes word, char *out, size_t max)
{
    struct client_room_view *rooms = NULL;
    size_t count = 0, exact_count = 0, len = 0;
    cli_run_read_begin(&app->run);
    tb_status status = client_rooms(app->run.client, &app->arena, &rooms, &count);
    if (cli_run_read_end(&app->run, status).code != TB_OK) count = 0;
    for (size_t i = 0; i < count; i++) exact_count += tb_bytes_equal(rooms[i].name, word);
    for (size_t i = 0; i < count && len + 1 < max; i++) {
        bool is_exact = tb_bytes_equal(rooms[i].name, word);
        struct wire_uri uri;
        bool is_begun = tb_bytes_starts_with(rooms[i].name, word) ||
                        tb_bytes_starts_with(rooms[i].room, word) ||
                        (wire_uri_parse(rooms[i].room, &uri).code == TB_OK &&
                         tb_bytes_starts_with(uri.room, word));
        if (exact_count != 0 ? !is_exact : !is_begun) continue;
        int wrote = snprintf(out + len, max - len, "%s%s = %.*s", len != 0 ? ", " : "",
                             cli_app_visible(app, rooms[i].name), (int)rooms[i].room.len,
                             (const char *)rooms[i].room.data);
        if (wrote < 0) break;
        len += (size_t)wrote < max - len ? (size_t)wrote : max - len - 1;
    }
}

int cli_app_room(struct cli_app *app, const char *word, tb_bytes *room)
{
    char choices[CHOICES_LEN_MAX] = "";
    cli_run_read_begin(&app->run);
    tb_status status = client_room_find(app->run.client, tb_bytes_text(word), &app->arena, room);
    status = cli_run_read_end(&app->run, status);
    if (status.code == TB_OK) return CLI_EXIT_OK;
    if (status.code == CLIENT_AMBIGUOUS) {
        room_choices(app, tb_bytes_text(word), choices, sizeof choices);
        return cli_app_fail_detail(app, status, "find the room", tb_bytes_text(choices));
    }
    if (status.code != TB_NOT_FOUND) {
        return cli_app_fail_detail(app, status, "find the room", tb_bytes_text(word));
    }
    const struct cli_problem unknown = { CLI_EXIT_NOT_FOUND, "room_unknown",
                                         "there is no such room in this profile",
                                         "'timbre room list' lists the rooms." };
    return cli_out_fail(&app->out, &unknown, "find the room", tb_bytes_text(word));
}

/* A handle among the people of our rooms.  TB_NOT_FOUND. */
static tb_status account_in_rooms(struct cli_app *app, tb_bytes handle, tb_bytes *account)
{
    struct client_room_view *rooms = NULL;
    size_t room_count = 0;
    TRY(client_rooms(app->run.client, &app->arena, &rooms, &room_count));
    for (size_t i = 0; i < room_count; i++) {
        struct client_member_view *members = NULL;
        size_t count = 0;
        tb_status status = client_members(app->run.client, rooms[i].room, &app->arena, &members,
                                          &count);
        if (status.code != TB_OK) continue; /* a room that we are no longer in */
        for (size_t j = 0; j < count; j++) {
            if (!tb_bytes_equal(members[j].handle, handle)) continue;
            *account = members[j].account;
            return TB_STATUS(TB_OK);
        }
    }
    return TB_STATUS(TB_NOT_FOUND);
}

int cli_app_account(struct cli_app *app, const char *word, tb_bytes *account)
{
    static const char doing[] = "find the person";
    struct wire_uri uri;
    uint64_t op = 0;
    tb_bytes text = tb_bytes_text(word);
    if (wire_uri_parse(text, &uri).code == TB_OK && uri.kind == WIRE_URI_USER) {
        *account = text;
        return CLI_EXIT_OK;
    }
    cli_run_read_begin(&app->run);
    tb_status status = account_in_rooms(app, text, account);
    status = cli_run_read_end(&app->run, status);
    if (status.code == TB_OK) return CLI_EXIT_OK;
    if (status.code != TB_NOT_FOUND) return cli_app_fail(app, status, doing);

    int code = cli_app_online(app, doing);
    if (code != CLI_EXIT_OK) return code;
    cli_run_begin(&app->run);
    status = client_lookup(app->run.client, cli_run_now_ms(&app->run), text, &app->run.effects,
                           &op);
    code = cli_app_await(app, status, op, doing);
    if (code != CLI_EXIT_OK) return code;
    status = tb_arena_dup(&app->arena, app->run.outcome.show.account, account);
    return status.code == TB_OK ? CLI_EXIT_OK : cli_app_fail(app, status, doing);
}

/* ------------------------------------------------------------------ input */

int cli_app_secret(struct cli_app *app, enum cli_option option, const char *prompt,
                   struct host_secret_text *out)
{
    const char *path = app->args.values[option];
    tb_status status = TB_STATUS(TB_OK);
    if (app->args.secret != NULL) {
        out->len = strlen(app->args.secret);
        if (out->len > HOST_SECRET_TEXT_LEN_MAX) status = TB_STATUS(TB_TOO_LONG);
        else memcpy(out->text, app->args.secret, out->len + 1);
    } else if (app->is_rpc) {
        return cli_app_usage(app, "the secret is missing", "Give it as the parameter 'secret'.");
    } else if (path == NULL && isatty(STDIN_FILENO) == 1) {
        status = host_secret_ask(prompt, out);
    } else {
        status = host_secret_read(path != NULL ? path : "-", out);
    }
    if (status.code == TB_OK) return CLI_EXIT_OK;
    return cli_app_fail_detail(app, status, "read the secret",
                               tb_bytes_text(path != NULL ? path : "standard input"));
}

int cli_app_read(struct cli_app *app, const char *path, const char *doing, tb_bytes *text)
{
    tb_status status = TB_STATUS(TB_OK);
    if (strcmp(path, "-") == 0) {
        char *buffer = tb_arena_take(&app->arena, 1, CLI_APP_INPUT_LEN_MAX + 1);
        if (buffer == NULL) return cli_app_fail(app, TB_STATUS(TB_NO_SPACE), doing);
        size_t len = fread(buffer, 1, CLI_APP_INPUT_LEN_MAX + 1, stdin);
        *text = tb_bytes_of(buffer, len);
        if (len > CLI_APP_INPUT_LEN_MAX) status = TB_STATUS(TB_TOO_LONG);
    } else {
        status = host_file_read(path, CLI_APP_INPUT_LEN_MAX, &app->arena, text);
    }
    if (status.code != TB_OK) {
        return cli_app_fail_detail(app, status, doing, tb_bytes_text(path));
    }
    while (text->len > 0 && strchr("\r\n", text->data[text->len - 1]) != NULL) text->len--;
    if (wire_text_is_utf8(*text)) return CLI_EXIT_OK;
    return cli_app_usage(app, "the text is no UTF-8", NULL);
}

bool cli_app_agreed(struct cli_app *app, const char *question)
{
    char answer[16] = "";
    if (cli_args_has(&app->args, CLI_OPTION_YES)) return true;
    if (app->is_rpc || isatty(STDIN_FILENO) != 1 || !cli_out_is_text(&app->out)) {
        (void)cli_app_usage(app, "this cannot be taken back", "Say so with --yes.");
        return false;
    }
    fprintf(app->out.err, "%s [y/N] ", question);
    fflush(app->out.err);
    if (fgets(answer, sizeof answer, stdin) == NULL) return false;
    if (answer[0] == 'y' || answer[0] == 'Y') return true;
    cli_out_note(&app->out, "Nothing was changed.\n");
    return false;
}

/* ------------------------------------------------------------------ output */

const char *cli_app_visible(struct cli_app *app, tb_bytes text)
{
    char *shown = NULL;
    size_t len = 0;
    tb_bytes kept = { 0 };
    FILE *to = open_memstream(&shown, &len);
    if (to == NULL) return "?";
    cli_text_print(to, text, CLI_TEXT_ONE_LINE, 0);
    fputc(0, to);
    bool is_written = fclose(to) == 0;
    if (is_written && tb_arena_dup(&app->arena, tb_bytes_of(shown, len), &kept).code != TB_OK) {
        is_written = false;
    }
    free(shown);
    return is_written ? (const char *)kept.data : "?";
}

/* ------------------------------------------------------------------ the program */

/* Also where the command line could not be read to its end. */
static bool asks_for_json(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--json") == 0) return true;
    }
    return false;
}

/* A refused command line: as it was said, or the same as a problem object. */
static int refuse_words(struct cli_app *app, char *said)
{
    static const char before[] = "timbre: ";
    if (cli_out_is_text(&app->out)) {
        fputs(said, app->out.err);
        return CLI_EXIT_USAGE;
    }
    char *title = said, *end = strchr(said, '\n');
    if (strncmp(title, before, strlen(before)) == 0) title += strlen(before);
    char *advice = end != NULL ? end + 1 : NULL;
    if (end != NULL) *end = 0;
    if (advice != NULL) advice[strcspn(advice, "\n")] = 0;
    if (advice != NULL && advice[strcspn(advice, ":")] != 0) advice = NULL; /* a list for people */
    const struct cli_problem problem = { CLI_EXIT_USAGE, "usage", title,
                                         advice != NULL && *advice != 0 ? advice : NULL };
    return cli_out_fail(&app->out, &problem, "read the command line", (tb_bytes){ 0 });
}

/* CLI_EXIT_OK: app->args is whole, and its verb is there or NULL. */
static int read_words(struct cli_app *app, int argc, char **argv)
{
    char *said = NULL;
    size_t len = 0;
    int code = CLI_EXIT_OK;
    FILE *err = open_memstream(&said, &len);
    if (err == NULL) return CLI_EXIT_FAILED;
    bool is_fit = cli_args_parse(&app->args, argc, argv, err);
    bool is_run = is_fit && app->args.verb != NULL && !cli_args_has(&app->args, CLI_OPTION_HELP);
    if (is_run) is_fit = cli_args_check(&app->args, err);
    bool is_json = asks_for_json(argc, argv);
    cli_out_init(&app->out, stdout, stderr, is_json, cli_args_has(&app->args, CLI_OPTION_QUIET),
                 cli_args_has(&app->args, CLI_OPTION_NO_COLOR));
    if (fclose(err) != 0) code = CLI_EXIT_FAILED;
    else if (!is_fit) code = refuse_words(app, said);
    free(said);
    return code;
}

static const char *profile_name(const struct cli_app *app)
{
    const char *given = app->args.values[CLI_OPTION_PROFILE], *own = getenv("TIMBRE_PROFILE");
    if (given != NULL) return given;
    return own != NULL && *own != 0 ? own : "default";
}

/* A passphrase from the file of the option, or typed twice for a new profile that wants one. */
static tb_status passphrase_first(struct cli_app *app, bool is_new, struct host_secret_text *out)
{
    struct host_secret_text again = { .len = 0 };
    const char *path = app->args.values[CLI_OPTION_PASSPHRASE_FILE];
    out->len = 0;
    if (path != NULL) return host_secret_read(path, out);
    if (!is_new || !cli_args_has(&app->args, CLI_OPTION_PASSPHRASE)) return TB_STATUS(TB_OK);
    TRY(host_secret_ask("New passphrase: ", out));
    tb_status status = host_secret_ask("Once more: ", &again);
    bool is_same = out->len == again.len && memcmp(out->text, again.text, out->len) == 0;
    if (status.code == TB_OK && (!is_same || out->len == 0)) {
        status = TB_STATUS(CLI_PASSPHRASE_WRONG);
    }
    host_secret_text_wipe(&again);
    return status;
}

static tb_status open_profile(struct cli_app *app, const char *folder)
{
    struct host_secret_text passphrase;
    bool may_make = app->args.verb->need == CLI_NEEDS_NEW;
    tb_status status = passphrase_first(app, !cli_profile_exists(folder), &passphrase);
    for (int attempt = 0; status.code == TB_OK; attempt++) {
        status = cli_profile_open(&app->profile, folder,
                                  tb_bytes_of(passphrase.text, passphrase.len), may_make,
                                  &app->mem, &app->rng.rng);
        bool is_asked = status.code == CLI_PASSPHRASE_NEEDED && attempt == 0 &&
                        isatty(STDIN_FILENO) == 1;
        if (!is_asked) break;
        status = host_secret_ask("Passphrase of the profile: ", &passphrase);
    }
    host_secret_text_wipe(&passphrase);
    return status;
}

static int app_open(struct cli_app *app)
{
    char folder[HOST_PATH_LEN_MAX], holder[CLI_HOLDER_LEN_MAX];
    static const char doing[] = "open the profile";
    tb_status status = cli_profile_folder(app->args.values[CLI_OPTION_DATA_DIR],
                                          profile_name(app), folder);
    if (status.code != TB_OK) {
        return cli_app_fail_detail(app, status, doing, tb_bytes_text(profile_name(app)));
    }
    status = open_profile(app, folder);
    if (status.code == HOST_LOCKED) {
        cli_profile_holder(folder, holder);
        return cli_app_fail_detail(app, status, doing, tb_bytes_text(holder));
    }
    if (status.code != TB_OK) return cli_app_fail_detail(app, status, doing, tb_bytes_text(folder));
    const char *ca_file = app->args.values[CLI_OPTION_CA_FILE];
    if (ca_file == NULL && host_file_join(app->ca_path, folder, "ca.pem").code == TB_OK &&
        host_file_exists(app->ca_path)) {
        ca_file = app->ca_path;
    }
    status = cli_run_init(&app->run, &app->profile, &app->mem, &app->rng, ca_file);
    if (status.code != TB_OK) {
        cli_profile_close(&app->profile);
        return cli_app_fail_detail(app, status, doing, tb_bytes_text(folder));
    }
    app->is_open = true;
    app->run.on_show = cli_notice_on_show;
    app->run.show_ctx = app;
    if (app->args.verb->need == CLI_NEEDS_ACCOUNT && !client_is_registered(app->run.client)) {
        return cli_app_fail_detail(app, TB_STATUS(CLIENT_NOT_REGISTERED), doing,
                                   tb_bytes_text(folder));
    }
    return CLI_EXIT_OK;
}

int cli_app_call(struct cli_app *app)
{
    int code = app->args.verb->run(app);
    fflush(app->out.to);
    tb_arena_wipe(&app->arena);
    return code;
}

static int fail_ca_file(struct cli_app *app, const char *path)
{
    const struct cli_problem problem = { CLI_EXIT_NOT_FOUND, "ca_file",
                                         "the file of --ca-file cannot be read", NULL };
    char detail[CLI_WHY_LEN_MAX];
    (void)snprintf(detail, sizeof detail, "%s: %s", path, strerror(errno));
    return cli_out_fail(&app->out, &problem, "trust a certificate", tb_bytes_text(detail));
}

/* A profile keeps the certificates with which it reached its hub, so that later verbs need not be
 * told again; a copy, because the file may lie on a stick that goes away. */
static int keep_ca_file(struct cli_app *app)
{
    const char *path = app->args.values[CLI_OPTION_CA_FILE];
    char kept[HOST_PATH_LEN_MAX];
    tb_bytes text = { 0 };
    if (path == NULL) return CLI_EXIT_OK;
    tb_status status = host_file_join(kept, app->profile.folder, "ca.pem");
    if (status.code == TB_OK) status = host_file_read(path, CA_LEN_MAX, &app->arena, &text);
    if (status.code == TB_OK) status = host_file_write(kept, text, 0600);
    if (status.code == TB_OK) return CLI_EXIT_OK;
    return cli_app_fail_detail(app, status, "keep the certificates", tb_bytes_text(path));
}

static int app_run(struct cli_app *app)
{
    uint64_t span_ms;
    const char *timeout = app->args.values[CLI_OPTION_TIMEOUT];
    int code = CLI_EXIT_OK;
    if (timeout != NULL && !cli_text_span(timeout, &span_ms)) {
        return cli_app_usage(app, "--timeout is a span like 30s or 5m", NULL);
    }
    const char *lines = app->args.values[CLI_OPTION_LINES];
    if (lines != NULL && !cli_text_number(lines, 1000000000, &span_ms)) {
        return cli_app_usage(app, "--lines is a number", NULL);
    }
    const char *ca_file = app->args.values[CLI_OPTION_CA_FILE];
    if (ca_file != NULL && access(ca_file, R_OK) != 0) return fail_ca_file(app, ca_file);
    host_mem_init(&app->mem, SIZE_MAX);
    host_rng_init(&app->rng);
    tb_arena_init(&app->arena, &app->mem, CLI_APP_ARENA_BYTES_MAX);
    if (app->args.verb->need != CLI_NEEDS_NOTHING) code = app_open(app);
    if (code == CLI_EXIT_OK) code = cli_app_call(app);
    if (code == CLI_EXIT_OK && app->is_open && app->run.has_been_online) code = keep_ca_file(app);
    if (app->is_open) {
        cli_run_wipe(&app->run);
        cli_profile_close(&app->profile);
    }
    tb_arena_wipe(&app->arena);
    host_rng_wipe(&app->rng);
    return code;
}

int cli_app_main(int argc, char **argv)
{
    static struct cli_app app; /* large: it holds buffers of the generator and of paths */
    const char *utf8 = "C.UTF-8";
    if (setlocale(LC_CTYPE, "") == NULL || MB_CUR_MAX == 1) (void)setlocale(LC_CTYPE, utf8);
    cli_run_catch_signals();
    int code = read_words(&app, argc, argv);
    if (code != CLI_EXIT_OK) return code;
    bool wants_help = cli_args_has(&app.args, CLI_OPTION_HELP);
    if (app.args.verb == NULL) {
        cli_verbs_usage(wants_help ? stdout : stderr);
        return wants_help ? CLI_EXIT_OK : CLI_EXIT_USAGE;
    }
    if (wants_help) {
        cli_verb_help(app.args.verb, stdout);
        return CLI_EXIT_OK;
    }
    code = app_run(&app);
    if (fflush(stdout) != 0 && code == CLI_EXIT_OK) code = CLI_EXIT_FAILED;
    return code;
}
