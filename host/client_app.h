/*
 * What every verb stands on: the arguments, the output, the open profile and the turn loop, and the
 * steps that most verbs share.  Functions that return int return an exit code and have already said
 * what went wrong.
 *
 * In host/ a file client_x.c has the prefix cli_x_: client_ belongs to the engine.
 */
#ifndef TB_HOST_CLIENT_APP_H
#define TB_HOST_CLIENT_APP_H

#include "host/client_out.h"
#include "host/client_run.h"
#include "host/client_verbs.h"

enum {
    CLI_APP_TIMEOUT_MS = 30000,   /* of an act, without --timeout */
    CLI_APP_REFRESH_MS = 10000,   /* of the look at the hub before something is shown */
    CLI_APP_SETTLE_MS = 8000,     /* for what an act leaves behind: commits, acks */
    CLI_APP_ARENA_BYTES_MAX = 256 << 20,
    CLI_APP_INPUT_LEN_MAX = 65536 /* of a text that is read from a file or standard input */
};

struct cli_app {
    struct cli_args args;
    struct cli_out out;
    struct tb_mem mem;
    struct host_rng rng;
    struct cli_profile profile;
    struct cli_run run;
    struct tb_arena arena; /* of the verb that runs */
    char ca_path[HOST_PATH_LEN_MAX]; /* the profile's own certificates, where it has some */
    bool is_open;          /* profile and run */
    bool is_rpc;
};

/* Everything but cmd/timbre.c's main: parse, open, run the verb, close. */
int cli_app_main(int argc, char **argv);
/* The verb of app->args in the open app; wipes the arena afterwards. */
int cli_app_call(struct cli_app *app);

/* ---- refusals ---- */
int cli_app_fail(struct cli_app *app, tb_status status, const char *doing);
int cli_app_fail_detail(struct cli_app *app, tb_status status, const char *doing, tb_bytes detail);
int cli_app_usage(struct cli_app *app, const char *title, const char *advice);

/* ---- the hub ---- */
/* Connected, logged in, up to date. */
int cli_app_online(struct cli_app *app, const char *doing);
/* The same where the profile alone can answer too: an unreachable hub is a remark. */
int cli_app_refresh(struct cli_app *app);
/* Around an act of the engine: cli_run_begin, the act, then this.  Waits for its outcome. */
int cli_app_await(struct cli_app *app, tb_status status, uint64_t op, const char *doing);
/* What cli_run_until said, and the outcome, as an exit code. */
int cli_app_outcome(struct cli_app *app, tb_status status, const char *doing);
/* Let acks and commits that the act caused go out, for a moment. */
void cli_app_settle(struct cli_app *app);
uint64_t cli_app_until(const struct cli_app *app); /* monotonic end of --timeout */

/* ---- words into names ---- */
int cli_app_room(struct cli_app *app, const char *word, tb_bytes *room);
int cli_app_account(struct cli_app *app, const char *word, tb_bytes *account);

/* ---- input ---- */
/* A secret: from JSON-RPC, the option's file, a prompt without echo, or standard input. */
int cli_app_secret(struct cli_app *app, enum cli_option option, const char *prompt,
                   struct host_secret_text *out);
/* A text, UTF-8, without line ends at its end; path "-" is standard input. */
int cli_app_read(struct cli_app *app, const char *path, const char *doing, tb_bytes *text);
/* Ask before something that cannot be taken back.  True with --yes; never without a terminal. */
bool cli_app_agreed(struct cli_app *app, const char *question);

/* ---- output ---- */
/* Made visible, as a string of the arena. */
const char *cli_app_visible(struct cli_app *app, tb_bytes text);
void cli_app_notice_restricted(struct cli_app *app);

#endif
