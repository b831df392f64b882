#include "host/client_out.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/client_text.h"
#include "host/clock.h"
#include "wire/text.h"

enum { COLUMN_COUNT_MAX = 12 };

void cli_out_init(struct cli_out *out, FILE *to, FILE *err, bool is_json, bool is_quiet,
                     bool has_no_color)
{
    const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
    bool is_terminal = isatty(fileno(to)) == 1;
    bool is_plain = term == NULL || *term == 0 || strcmp(term, "dumb") == 0 ||
                    (no_color != NULL && *no_color != 0);
    *out = (struct cli_out){
        .form = is_json ? CLI_OUT_JSON : CLI_OUT_TEXT,
        .to = to,
        .err = err,
        .is_terminal = is_terminal,
        .has_color = is_terminal && !is_plain && !has_no_color,
        .is_quiet = is_quiet,
    };
}

json_t *cli_out_take(struct cli_out *out, bool is_list)
{
    json_t *records = out->records;
    out->records = NULL;
    if (records == NULL) return is_list ? json_array() : json_object();
    if (is_list || json_array_size(records) != 1) return records;
    json_t *only = json_incref(json_array_get(records, 0));
    json_decref(records);
    return only;
}

/* On a terminal every character beyond ASCII is escaped: a record is for programs, and what a
 * terminal obeys must not reach it. */
static void print_record(const struct cli_out *out, FILE *to, const json_t *record)
{
    size_t flags = JSON_COMPACT | JSON_PRESERVE_ORDER;
    if (out->is_terminal) flags |= JSON_ENSURE_ASCII;
    char *text = json_dumps(record, flags);
    for (const char *at = text; at != NULL && *at != 0; at++) {
        if (*at == 0x7f && out->is_terminal) fputs("\\u007f", to); /* it stands in strings alone */
        else fputc(*at, to);
    }
    free(text);
    fputc('\n', to);
    fflush(to);
}

void cli_out_record(struct cli_out *out, json_t *record)
{
    if (out->form == CLI_OUT_JSON) {
        print_record(out, out->to, record);
    } else if (out->form == CLI_OUT_COLLECT) {
        if (out->records == NULL) out->records = json_array();
        json_array_append(out->records, record);
    }
    json_decref(record);
}

void cli_out_say(struct cli_out *out, const char *format, ...)
{
    va_list list;
    if (out->form != CLI_OUT_TEXT) return;
    va_start(list, format);
    vfprintf(out->to, format, list);
    va_end(list);
    fflush(out->to);
}

void cli_out_note(struct cli_out *out, const char *format, ...)
{
    va_list list;
    if (out->form != CLI_OUT_TEXT || out->is_quiet) return;
    va_start(list, format);
    vfprintf(out->err, format, list);
    va_end(list);
    fflush(out->err);
}

void cli_out_text(struct cli_out *out, tb_bytes text)
{
    if (out->form == CLI_OUT_TEXT) cli_text_print(out->to, text, CLI_TEXT_ONE_LINE, 0);
}

/* ---- tables ---- */

/* One cell as text; buffer is for numbers and times. */
static tb_bytes cell_text(const struct cli_column *column, const json_t *row, char buffer[32])
{
    const json_t *value = json_object_get(row, column->field);
    if (json_is_integer(value)) {
        int len = snprintf(buffer, 32, "%lld", (long long)json_integer_value(value));
        return tb_bytes_of(buffer, (size_t)len);
    }
    if (json_is_true(value)) return TB_LITERAL("yes");
    if (json_is_false(value)) return TB_LITERAL("no");
    if (!json_is_string(value)) return TB_LITERAL("-");
    tb_bytes text = tb_bytes_of(json_string_value(value), json_string_length(value));
    /* "2026-11-24T14:05:09.250Z": a person needs no seconds */
    if (column->kind == CLI_COLUMN_TIME && text.len > 16) {
        memcpy(buffer, text.data, 16);
        buffer[10] = ' ';
        return tb_bytes_of(buffer, 16);
    }
    return text.len == 0 ? TB_LITERAL("-") : text;
}

static void print_cell(FILE *to, tb_bytes text, size_t width, bool is_right, bool is_last)
{
    size_t used = cli_text_width(text);
    int space = used < width ? (int)(width - used) : 0;
    if (is_right) fprintf(to, "%*s", space, "");
    cli_text_print(to, text, CLI_TEXT_ONE_LINE, 0);
    if (!is_right && !is_last) fprintf(to, "%*s", space, "");
    fputs(is_last ? "\n" : "  ", to);
}

void cli_out_table(struct cli_out *out, const struct cli_column *columns, size_t count,
                      json_t *rows, const char *nothing)
{
    size_t widths[COLUMN_COUNT_MAX], at;
    json_t *row;
    if (out->form != CLI_OUT_TEXT) {
        json_array_foreach(rows, at, row) cli_out_record(out, json_incref(row));
        json_decref(rows);
        return;
    }
    if (json_array_size(rows) == 0) {
        fprintf(out->to, "%s\n", nothing);
        json_decref(rows);
        return;
    }
    if (count > COLUMN_COUNT_MAX) count = COLUMN_COUNT_MAX;
    for (size_t i = 0; i < count; i++) {
        widths[i] = strlen(columns[i].heading);
        json_array_foreach(rows, at, row) {
            char buffer[32];
            size_t width = cli_text_width(cell_text(&columns[i], row, buffer));
            if (width > widths[i]) widths[i] = width;
        }
    }
    for (size_t i = 0; i < count; i++) {
        print_cell(out->to, tb_bytes_text(columns[i].heading), widths[i],
                   columns[i].kind == CLI_COLUMN_NUMBER, i + 1 == count);
    }
    json_array_foreach(rows, at, row) {
        for (size_t i = 0; i < count; i++) {
            char buffer[32];
            print_cell(out->to, cell_text(&columns[i], row, buffer), widths[i],
                       columns[i].kind == CLI_COLUMN_NUMBER, i + 1 == count);
        }
    }
    json_decref(rows);
}

/* ---- values of records ---- */

json_t *cli_json_text(tb_bytes text)
{
    json_t *value = json_stringn((const char *)text.data, text.len);
    if (value != NULL || text.len == 0) return value != NULL ? value : json_string("");
    char *shown = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&shown, &len);
    if (to == NULL) return json_string("");
    cli_text_print(to, text, CLI_TEXT_ONE_LINE, 0);
    if (fclose(to) == 0) value = json_stringn(shown, len);
    free(shown);
    return value != NULL ? value : json_string("");
}

json_t *cli_json_time(uint64_t at_ms)
{
    char text[HOST_CLOCK_TEXT_LEN_MAX];
    if (at_ms == 0) return json_null();
    host_clock_text(at_ms, text);
    return json_string(text);
}

json_t *cli_json_hex(tb_bytes value)
{
    enum { HEX_LEN_MAX = 64 };
    char text[2 * HEX_LEN_MAX];
    if (value.len > HEX_LEN_MAX) value.len = HEX_LEN_MAX;
    wire_text_hex_encode(value, text);
    return json_stringn(text, 2 * value.len);
}

void cli_json_set(json_t *record, const char *field, json_t *value)
{
    json_object_set_new(record, field, value);
}

/* ---- errors ---- */

static json_t *problem_record(const struct cli_problem *problem, const char *doing,
                              tb_bytes detail)
{
    json_t *record = json_object();
    cli_json_set(record, "type", json_string("about:blank"));
    cli_json_set(record, "title", json_string(problem->title));
    cli_json_set(record, "code", json_string(problem->code));
    if (detail.len > 0) cli_json_set(record, "detail", cli_json_text(detail));
    cli_json_set(record, "doing", json_string(doing));
    if (problem->advice != NULL) cli_json_set(record, "advice", json_string(problem->advice));
    cli_json_set(record, "exit", json_integer(problem->exit));
    return record;
}

int cli_out_fail(struct cli_out *out, const struct cli_problem *problem,
                    const char *doing, tb_bytes detail)
{
    fflush(out->to);
    if (tb_bytes_equal(detail, tb_bytes_text(problem->title))) detail = (tb_bytes){ 0 };
    if (out->form == CLI_OUT_TEXT) {
        fprintf(out->err, "timbre: cannot %s: %s", doing, problem->title);
        if (detail.len > 0) {
            fputs(" (", out->err);
            cli_text_print(out->err, detail, CLI_TEXT_ONE_LINE, 0);
            fputs(")", out->err);
        }
        fputs("\n", out->err);
        if (problem->advice != NULL) fprintf(out->err, "%s\n", problem->advice);
        return (int)problem->exit;
    }
    json_t *record = problem_record(problem, doing, detail);
    if (out->form == CLI_OUT_JSON) {
        print_record(out, out->err, record);
        json_decref(record);
    } else {
        json_decref(out->problem);
        out->problem = record;
    }
    return (int)problem->exit;
}
