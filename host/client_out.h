/*
 * What a verb says.  A verb makes records (JSON objects with stable fields) and sentences; which
 * of them is written is decided here:
 *
 *     text      sentences and aligned tables on standard output, for a person
 *     JSON      one record a line on standard output, for a program
 *     collect   records kept, as the result of a JSON-RPC call
 *
 * Errors go to standard error with their cause and what to do; with --json as a problem of
 * RFC 9457.  Records take their references: whatever is passed as json_t is used up.
 */
#ifndef TB_HOST_CLIENT_OUT_H
#define TB_HOST_CLIENT_OUT_H

#include <jansson.h>
#include <stdio.h>

#include "base/bytes.h"

enum cli_exit {
    CLI_EXIT_OK = 0,
    CLI_EXIT_FAILED = 1,
    CLI_EXIT_USAGE = 2,
    CLI_EXIT_NOT_FOUND = 3,
    CLI_EXIT_DENIED = 4,
    CLI_EXIT_CONFLICT = 5,
    CLI_EXIT_NETWORK = 6,
    CLI_EXIT_VERIFY = 7
};

enum cli_out_form { CLI_OUT_TEXT = 1, CLI_OUT_JSON, CLI_OUT_COLLECT };

struct cli_out {
    enum cli_out_form form;
    FILE *to, *err;
    bool is_terminal, has_color, is_quiet;
    json_t *records; /* COLLECT: what the verb said, in order */
    json_t *problem; /* COLLECT: why it failed, or NULL */
};

void cli_out_init(struct cli_out *out, FILE *to, FILE *err, bool is_json, bool is_quiet,
                     bool has_no_color);
/* The records of a COLLECT: one alone, or an array when is_list or there are several. */
json_t *cli_out_take(struct cli_out *out, bool is_list);

static inline bool cli_out_is_text(const struct cli_out *out)
{
    return out->form == CLI_OUT_TEXT;
}

void cli_out_record(struct cli_out *out, json_t *record);
/* Text form: a sentence on standard output.  %s arguments are the program's own words. */
void cli_out_say(struct cli_out *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Text form, not quiet: a remark on standard error that is no result. */
void cli_out_note(struct cli_out *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Text of others, made visible. */
void cli_out_text(struct cli_out *out, tb_bytes text);

/* ---- tables ---- */

struct cli_column {
    const char *field;   /* of the record */
    const char *heading;
    enum { CLI_COLUMN_TEXT = 1, CLI_COLUMN_NUMBER, CLI_COLUMN_TIME } kind;
};
/* rows: an array of records.  Text form prints it aligned, or `nothing` when it is empty. */
void cli_out_table(struct cli_out *out, const struct cli_column *columns, size_t count,
                      json_t *rows, const char *nothing);

/* ---- values of records ---- */

json_t *cli_json_text(tb_bytes text); /* what is no UTF-8 is shown as \xNN */
json_t *cli_json_time(uint64_t at_ms); /* RFC 3339, null for 0 */
json_t *cli_json_hex(tb_bytes value);
void cli_json_set(json_t *record, const char *field, json_t *value);

/* ---- errors ---- */

enum { CLI_PROBLEM_CODE_LEN_MAX = 48 };
struct cli_problem {
    enum cli_exit exit;
    char code[CLI_PROBLEM_CODE_LEN_MAX]; /* stable, for programs */
    const char *title;  /* the cause, one clause without a full stop */
    const char *advice; /* what to do, one sentence; NULL when there is nothing to say */
};
/* "timbre: cannot <doing>: <title> (<detail>)".  Returns problem->exit. */
int cli_out_fail(struct cli_out *out, const struct cli_problem *problem,
                    const char *doing, tb_bytes detail);

#endif
