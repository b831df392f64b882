/* The verbs that send a file and fetch one. */
#include <string.h>
#include <strings.h>

#include "client/status.h"
#include "host/client_notice.h"
#include "host/client_send.h"
#include "host/files.h"

enum { FILE_ARENA_BYTES_MAX = CLIENT_ATTACHMENT_LEN_MAX + 4096 };

/* What goes on while octets travel, and what came. */
struct transfer {
    struct cli_app *app;
    const char *path; /* of a file to be written; NULL: none */
    bool has_moved;   /* since it was last looked at */
    tb_status written;
    uint64_t len;
};

static tb_status write_file(const char *path, tb_bytes bytes)
{
    if (strcmp(path, "-") != 0) return host_file_write(path, bytes, 0600);
    bool is_out = fwrite(bytes.data, 1, bytes.len, stdout) == bytes.len && fflush(stdout) == 0;
    return is_out ? TB_STATUS(TB_OK) : TB_STATUS(HOST_IO);
}

static void on_transfer(void *ctx, const struct client_show *show)
{
    struct transfer *transfer = ctx;
    struct cli_app *app = transfer->app;
    bool is_ours = show->op == app->run.awaited_op && show->op != 0;
    if (is_ours && show->kind == CLIENT_SHOW_PROGRESS) {
        transfer->has_moved = true;
        if (cli_out_is_text(&app->out) && app->out.is_terminal && show->total != 0) {
            cli_out_note(&app->out, "\r%3u %%%s", (unsigned)(show->number * 100 / show->total),
                         show->number == show->total ? "\r     \r" : "");
        }
    } else if (is_ours && show->kind == CLIENT_SHOW_DONE && transfer->path != NULL) {
        transfer->written = write_file(transfer->path, show->text);
        transfer->len = show->text.len;
    } else {
        cli_notice_on_show(app, show);
    }
}

/* Until the outcome is known: the time-out counts from the newest sign of life. */
static tb_status wait(struct transfer *transfer)
{
    struct cli_app *app = transfer->app;
    tb_status status;
    app->run.on_show = on_transfer;
    app->run.show_ctx = transfer;
    do {
        transfer->has_moved = false;
        status = cli_run_until(&app->run, cli_run_is_told, cli_app_until(app));
    } while (status.code == CLI_TIMEOUT && transfer->has_moved);
    app->run.on_show = cli_notice_on_show;
    app->run.show_ctx = app;
    return status;
}

static const char *type_of(const char *name)
{
    static const char *const types[][2] = {
        { ".txt", "text/plain" },      { ".md", "text/markdown" },    { ".pdf", "application/pdf" },
        { ".png", "image/png" },       { ".jpg", "image/jpeg" },      { ".jpeg", "image/jpeg" },
        { ".gif", "image/gif" },       { ".webp", "image/webp" },     { ".svg", "image/svg+xml" },
        { ".mp3", "audio/mpeg" },      { ".ogg", "audio/ogg" },       { ".wav", "audio/wav" },
        { ".mp4", "video/mp4" },       { ".webm", "video/webm" },     { ".zip", "application/zip" },
        { ".json", "application/json" }, { ".csv", "text/csv" },
    };
    const char *end = strrchr(name, '.');
    for (size_t i = 0; end != NULL && i < sizeof types / sizeof types[0]; i++) {
        if (strcasecmp(end, types[i][0]) == 0) return types[i][1];
    }
    return "application/octet-stream";
}

static int attach(struct cli_app *app, struct client_attachment *attachment, const char *doing)
{
    struct transfer transfer = { .app = app };
    uint64_t op = 0;
    bool is_offline = cli_args_has(&app->args, CLI_OPTION_OFFLINE);
    int code = is_offline ? CLI_EXIT_OK : cli_app_online(app, doing);
    if (code == CLI_EXIT_OK) code = cli_app_room(app, app->args.words[0], &attachment->room);
    if (code != CLI_EXIT_OK) return code;
    cli_run_begin(&app->run);
    tb_status status = client_attach(app->run.client, cli_run_now_ms(&app->run), attachment,
                                     &app->run.effects, &op);
    status = cli_run_end(&app->run, status, op);
    if (status.code != TB_OK) return cli_app_fail(app, status, doing);
    if (is_offline) return cli_send_kept(app, attachment->room);
    return cli_send_told(app, attachment->room, wait(&transfer), doing, "Sent as message %llu.\n");
}

int cli_verb_attach(struct cli_app *app)
{
    static const char doing[] = "send the file";
    const char *path = app->args.words[1], *type = app->args.values[CLI_OPTION_TYPE];
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
    struct client_attachment attachment = {
        .file_name = tb_bytes_text(name),
        .content_type = tb_bytes_text(type != NULL ? type : type_of(name)),
    };
    struct tb_arena arena;
    int code = cli_send_expiry(app, &attachment.has_expires, &attachment.expires_s);
    if (code != CLI_EXIT_OK) return code;
    tb_arena_init(&arena, &app->mem, FILE_ARENA_BYTES_MAX);
    tb_status status = host_file_read(path, CLIENT_ATTACHMENT_LEN_MAX, &arena, &attachment.bytes);
    if (status.code != TB_OK) {
        code = cli_app_fail_detail(app, status, doing, tb_bytes_text(path));
    } else {
        code = attach(app, &attachment, doing);
    }
    tb_arena_wipe(&arena);
    return code;
}

int cli_verb_save(struct cli_app *app)
{
    static const char doing[] = "save the file";
    struct transfer transfer = { .app = app, .path = app->args.words[2] };
    tb_bytes room = { 0 };
    uint64_t number = 0, op = 0;
    bool is_out = strcmp(transfer.path, "-") == 0;
    if (is_out && app->is_rpc) return cli_app_usage(app, "FILE is the name of a file", NULL);
    if (!is_out && host_file_exists(transfer.path)) {
        return cli_app_fail_detail(app, TB_STATUS(HOST_EXISTS), doing,
                                   tb_bytes_text(transfer.path));
    }
    int code = cli_send_number(app, 1, &number);
    if (code == CLI_EXIT_OK) code = cli_app_online(app, doing);
    if (code == CLI_EXIT_OK) code = cli_app_room(app, app->args.words[0], &room);
    if (code != CLI_EXIT_OK) return code;
    cli_run_begin(&app->run);
    tb_status status = client_fetch(app->run.client, cli_run_now_ms(&app->run), room, number, 0,
                                    &app->run.effects, &op);
    status = cli_run_end(&app->run, status, op);
    if (status.code != TB_OK) return cli_app_fail(app, status, doing);
    status = wait(&transfer);
    if (status.code != TB_OK || app->run.outcome.is_failed) {
        return cli_app_outcome(app, status, doing);
    }
    if (transfer.written.code != TB_OK) {
        return cli_app_fail_detail(app, transfer.written, doing, tb_bytes_text(transfer.path));
    }
    if (is_out) return CLI_EXIT_OK;
    json_t *record = json_object();
    cli_json_set(record, "file", json_string(transfer.path));
    cli_json_set(record, "size", json_integer((json_int_t)transfer.len));
    cli_out_record(&app->out, record);
    cli_out_say(&app->out, "Saved %llu octets as %s.\n", (unsigned long long)transfer.len,
                transfer.path);
    return CLI_EXIT_OK;
}
