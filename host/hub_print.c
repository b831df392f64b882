/* Rows of an admin answer on a terminal or as JSON, and the way to get them. */
#include <jansson.h>
#include <string.h>

#include "host/client_text.h"
#include "host/hub_cli.h"
#include "wire/text.h"

enum { COLUMN_COUNT_MAX = 16, CELL_LEN_MAX = 1024 };

static bool is_time(tb_bytes heading)
{
    return heading.len > 3 && memcmp(heading.data + heading.len - 3, "_ms", 3) == 0;
}

tb_bytes host_cli_heading(tb_bytes heading)
{
    return is_time(heading) ? tb_bytes_of(heading.data, heading.len - 3) : heading;
}

tb_bytes host_cli_cell(tb_bytes heading, tb_bytes cell, char out[HOST_CLOCK_TEXT_LEN_MAX])
{
    uint64_t at_ms;
    if (!is_time(heading) || wire_text_u64_decode(cell, &at_ms).code != TB_OK) return cell;
    host_clock_text(at_ms, out);
    return tb_bytes_text(out);
}

/* "Last seen" as a member's name: "last_seen". */
static void member_of(tb_bytes heading, char out[CELL_LEN_MAX])
{
    size_t len = heading.len < CELL_LEN_MAX - 1 ? heading.len : CELL_LEN_MAX - 1;
    for (size_t i = 0; i < len; i++) {
        char c = (char)heading.data[i];
        out[i] = c == ' ' ? '_' : c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    out[len] = 0;
}

static void print_json(const struct chat_admin_rows *rows)
{
    for (size_t r = 1; r < rows->rows.count; r++) {
        json_t *object = json_object();
        for (size_t c = 0; c < rows->rows.at[r].cells.count && c < rows->rows.at[0].cells.count;
             c++) {
            char name[CELL_LEN_MAX], time[HOST_CLOCK_TEXT_LEN_MAX];
            tb_bytes heading = rows->rows.at[0].cells.at[c].value;
            tb_bytes cell = host_cli_cell(heading, rows->rows.at[r].cells.at[c].value, time);
            member_of(host_cli_heading(heading), name);
            json_object_set_new(object, name, json_stringn((const char *)cell.data, cell.len));
        }
        json_dumpf(object, stdout, JSON_COMPACT);
        putchar('\n');
        json_decref(object);
    }
}

/* What stands in row r and column c for a person. */
static tb_bytes shown(const struct chat_admin_rows *rows, size_t r, size_t c,
                      char out[HOST_CLOCK_TEXT_LEN_MAX])
{
    tb_bytes none = tb_bytes_of(NULL, 0);
    const struct chat_admin_row *headings = &rows->rows.at[0];
    tb_bytes heading = c < headings->cells.count ? headings->cells.at[c].value : none;
    if (r == 0) return host_cli_heading(heading);
    return host_cli_cell(heading, rows->rows.at[r].cells.at[c].value, out);
}

static void print_columns(const struct chat_admin_rows *rows)
{
    size_t widths[COLUMN_COUNT_MAX] = { 0 };
    char time[HOST_CLOCK_TEXT_LEN_MAX];
    for (size_t r = 0; r < rows->rows.count; r++) {
        for (size_t c = 0; c < rows->rows.at[r].cells.count && c < COLUMN_COUNT_MAX; c++) {
            size_t width = cli_text_width(shown(rows, r, c, time));
            if (width > widths[c]) widths[c] = width;
        }
    }
    for (size_t r = 0; r < rows->rows.count; r++) {
        size_t count = rows->rows.at[r].cells.count;
        for (size_t c = 0; c < count && c < COLUMN_COUNT_MAX; c++) {
            tb_bytes cell = shown(rows, r, c, time);
            cli_text_print(stdout, cell, CLI_TEXT_ONE_LINE, 0);
            size_t width = cli_text_width(cell);
            if (c + 1 < count) printf("%*s", (int)(widths[c] - width + 2), "");
        }
        putchar('\n');
    }
}

void host_cli_print_rows(const struct host_cli *cli, const struct chat_admin_rows *rows,
                         const char *empty)
{
    if (cli->is_json) print_json(rows);
    else if (rows->rows.count > 1) print_columns(rows);
    else if (!cli->is_quiet) puts(empty);
}

static int fail_open(const struct host_cli *cli, const struct host_admin *admin, tb_status status)
{
    char why[512];
    if (status.code == TB_NOT_FOUND) {
        host_cli_fail(cli, "not_found",
                      "there is no hub's data in %s; start one with `timbre-hub serve`, or say "
                      "--data-dir",
                      host_config_text(&cli->config, HOST_KEY_server_data_dir));
        return HOST_EXIT_NOT_FOUND;
    }
    host_hub_explain(&admin->hub, status, why, sizeof why);
    host_cli_fail(cli, "store", "%s", why);
    return host_cli_exit_of_status(status);
}

int host_cli_call(const struct host_cli *cli, enum chat_verb verb, const struct wire_desc *desc,
                  const void *request, struct tb_arena *arena, const struct wire_desc *answer_desc,
                  void *answer)
{
    static struct host_admin admin; /* holds two paths */
    tb_bytes body, octets = tb_bytes_of(NULL, 0);
    uint16_t code = CHAT_CODE_INTERNAL;
    tb_status status = host_admin_open(&admin, &cli->config);
    if (status.code != TB_OK) {
        int failed = fail_open(cli, &admin, status);
        host_admin_close(&admin);
        return failed;
    }
    status = wire_encode(desc, request, arena, &body);
    if (status.code == TB_OK) status = host_admin_call(&admin, verb, body, arena, &code, &octets);
    if (status.code == TB_OK && code == CHAT_CODE_OK) {
        status = wire_decode(answer_desc, octets, arena, answer, NULL);
        if (status.code != TB_OK) status = TB_STATUS(HOST_HTTP);
    }
    host_admin_close(&admin);
    if (status.code != TB_OK) {
        host_cli_fail(cli, "network", "the hub: %s", host_status_text(status));
        return host_cli_exit_of_status(status);
    }
    if (code != CHAT_CODE_OK) {
        host_cli_fail(cli, chat_code_name(code), "%.*s", (int)octets.len,
                      (const char *)octets.data);
    }
    return host_cli_exit_of_code(code);
}
