/*
 * The command line of timbre-hub: `timbre-hub [options] noun verb [arguments]`, one table of verbs.
 * Options may stand anywhere; `--` ends them.
 */
#ifndef TB_HOST_HUB_CLI_H
#define TB_HOST_HUB_CLI_H

#include "host/hub_admin.h"

/* What the program ends with. */
enum host_exit {
    HOST_EXIT_OK = 0,
    HOST_EXIT_FAILED = 1,
    HOST_EXIT_USAGE = 2,
    HOST_EXIT_NOT_FOUND = 3,
    HOST_EXIT_DENIED = 4,
    HOST_EXIT_CONFLICT = 5,
    HOST_EXIT_NETWORK = 6,
    HOST_EXIT_VERIFICATION = 7, /* a file or chain does not verify */
    HOST_EXIT_UNAVAILABLE = 69, /* sysexits.h, for `serve` */
    HOST_EXIT_SOFTWARE = 70,
    HOST_EXIT_CANT_CREATE = 73,
    HOST_EXIT_IO = 74,
    HOST_EXIT_TRY_LATER = 75,   /* another hub runs here */
    HOST_EXIT_CONFIG = 78
};

enum { HOST_CLI_ARGUMENT_COUNT_MAX = 8 };

/* Options with a value that single verbs take. */
#define HOST_CLI_VALUE_LIST(VALUE)                                                                 \
    VALUE(FROM, "--from")                                                                          \
    VALUE(PERIOD, "--period")                                                                      \
    VALUE(FORM, "--form")                                                                          \
    VALUE(KIND, "--kind")                                                                          \
    VALUE(AUTHORITY, "--authority")                                                                \
    VALUE(STATE, "--state")                                                                        \
    VALUE(LEGAL_BASIS, "--legal-basis")                                                            \
    VALUE(REASON, "--reason")                                                                      \
    VALUE(RECEIVED, "--received")                                                                  \
    VALUE(INFORMED, "--informed")                                                                  \
    VALUE(EFFECT, "--effect")
enum host_cli_value {
#define HOST_CLI_VALUE_ENUM(NAME_, TEXT_) HOST_CLI_##NAME_,
    HOST_CLI_VALUE_LIST(HOST_CLI_VALUE_ENUM) HOST_CLI_VALUE_COUNT
};

struct host_cli {
    struct host_config config;
    const char *program; /* as it was called */
    const char *arguments[HOST_CLI_ARGUMENT_COUNT_MAX]; /* behind the verb */
    size_t argument_count;
    bool is_json, is_quiet, is_yes, is_dry_run;
    bool prints_invitation, shows_origin, is_admin, is_end;
    const char *uses, *expires; /* as they were written; NULL */
    const char *values[HOST_CLI_VALUE_COUNT]; /* the same */
};

struct host_cli_verb {
    const char *noun;
    const char *verb; /* NULL: the noun is all */
    const char *arguments;
    size_t argument_count_min, argument_count_max;
    const char *sentence;
    int (*run)(struct host_cli *cli);
};

/* Parses, checks the configuration where the verb needs it, runs, and returns the exit code. */
int host_cli_main(int argc, char **argv, const struct host_cli_verb *verbs, size_t verb_count);

/* A refusal for a person, or as one problem object with --json, on standard error. */
void host_cli_fail(const struct host_cli *cli, const char *code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int host_cli_exit_of_code(uint16_t chat_code);
int host_cli_exit_of_status(tb_status status);

/*
 * A table: the first row holds the headings.  On a terminal in columns; with --json one object a
 * line whose members are the headings in lower case with `_` for blanks.  Prints nothing but
 * `empty` when there are no other rows.
 */
void host_cli_print_rows(const struct host_cli *cli, const struct chat_admin_rows *rows,
                         const char *empty);
/* Columns whose heading ends in _ms are times: shown without that, as RFC 3339 in UTC. */
tb_bytes host_cli_heading(tb_bytes heading);
tb_bytes host_cli_cell(tb_bytes heading, tb_bytes cell, char out[HOST_CLOCK_TEXT_LEN_MAX]);

/* The admin requests of a verb: opens, calls, says what was refused.  HOST_EXIT_OK or the code to
 * end with; the answer is in the arena. */
int host_cli_call(const struct host_cli *cli, enum chat_verb verb, const struct wire_desc *desc,
                  const void *request, struct tb_arena *arena, const struct wire_desc *answer_desc,
                  void *answer);

/* ---- the verbs (hub_*.c) ---- */
int host_verb_serve(struct host_cli *cli);
int host_verb_user_list(struct host_cli *cli);
int host_verb_user_show(struct host_cli *cli);
int host_verb_user_admin(struct host_cli *cli);
int host_verb_user_close_sessions(struct host_cli *cli);
int host_verb_invite_create(struct host_cli *cli);
int host_verb_desk_refound(struct host_cli *cli);
int host_verb_invite_list(struct host_cli *cli);
int host_verb_invite_revoke(struct host_cli *cli);
int host_verb_room_list(struct host_cli *cli);
int host_verb_room_show(struct host_cli *cli);
int host_verb_room_thaw(struct host_cli *cli);
int host_verb_keys_list(struct host_cli *cli);
int host_verb_keys_rotate(struct host_cli *cli);
int host_verb_keys_revoke(struct host_cli *cli);
int host_verb_backup(struct host_cli *cli);
int host_verb_verify(struct host_cli *cli);
int host_verb_restore(struct host_cli *cli);
int host_verb_doctor(struct host_cli *cli);
int host_verb_status(struct host_cli *cli);
int host_verb_config_check(struct host_cli *cli);
int host_verb_config_show(struct host_cli *cli);
int host_verb_log_verify(struct host_cli *cli);
int host_verb_log_export(struct host_cli *cli);
int host_verb_order_add(struct host_cli *cli);
int host_verb_order_list(struct host_cli *cli);
int host_verb_order_close(struct host_cli *cli);
int host_verb_transparency_export(struct host_cli *cli);
int host_verb_version(struct host_cli *cli);

#endif
