#include "host/client_timeline.h"

#include <string.h>

#include "client/status.h"
#include "host/client_notice.h"
#include "host/client_text.h"
#include "wire/text.h"

enum {
    PAGE_COUNT = 200,          /* rows read at once */
    ROW_MESSAGE = 1, ROW_JOINED, ROW_ADDED, ROW_REMOVED, ROW_GAP, ROW_RESTORED,
    ROW_OWNER, ROW_MODERATOR, ROW_MEMBER,
    HANDLE_WIDTH_MIN = 6, HANDLE_WIDTH_MAX = 20
};

static const char *type_name(const struct client_message_view *row)
{
    static const char *const names[] = { "unknown", "message", "joined",  "member_added",
                                         "member_removed", "gap", "restored",
                                         "owner_named", "moderator_named", "member_named" };
    if (row->is_failed) return "failed";
    return names[row->row_kind <= ROW_MEMBER ? row->row_kind : 0];
}

static tb_bytes sentence(struct cli_app *app, const char *format, tb_bytes who, uint64_t number)
{
    char text[256];
    tb_bytes kept = { 0 };
    (void)snprintf(text, sizeof text, format, cli_app_visible(app, who),
                   (unsigned long long)number);
    return tb_arena_dup(&app->arena, tb_bytes_text(text), &kept).code == TB_OK ? kept
                                                                               : (tb_bytes){ 0 };
}

static tb_bytes file_sentence(struct cli_app *app, const struct client_message_view *row)
{
    static const char *const units[] = { "B", "KiB", "MiB" };
    char text[2 * CLIENT_FILE_NAME_LEN_MAX];
    tb_bytes kept = { 0 };
    uint64_t size = row->attachment_len;
    size_t unit = 0;
    for (; size >= 10240 && unit < 2; unit++) size = (size + 512) / 1024;
    (void)snprintf(text, sizeof text, "[file %s, %llu %s]", cli_app_visible(app, row->text),
                   (unsigned long long)size, units[unit]);
    return tb_arena_dup(&app->arena, tb_bytes_text(text), &kept).code == TB_OK ? kept
                                                                               : (tb_bytes){ 0 };
}

tb_bytes cli_timeline_text(struct cli_app *app, const struct client_message_view *row)
{
    tb_bytes who = row->handle.len > 0 ? row->handle : row->account;
    if (row->is_failed) return TB_LITERAL("[a message that did not verify is not shown]");
    switch (row->row_kind) {
    case ROW_JOINED: return TB_LITERAL("you joined here");
    case ROW_ADDED: return sentence(app, "%s joined", who, 0);
    case ROW_REMOVED:
        if (row->decision_number == 0) return sentence(app, "%s is no longer here", who, 0);
        return sentence(app, "%s: removed by a decision of the desk, number %llu", who,
                        row->decision_number);
    case ROW_GAP: return TB_LITERAL("history missing");
    case ROW_RESTORED: return TB_LITERAL("the hub was restored from a backup");
    case ROW_OWNER:
        if (row->decision_number == 0) return sentence(app, "%s is an owner now", who, 0);
        return sentence(app, "%s: made owner by a decision of the desk, number %llu", who,
                        row->decision_number);
    case ROW_MODERATOR: return sentence(app, "%s is a moderator now", who, 0);
    case ROW_MEMBER: return sentence(app, "%s is an ordinary member now", who, 0);
    default: break;
    }
    switch (row->revision) {
    case CLIENT_REVISION_DELETED: return TB_LITERAL("[deleted]");
    case CLIENT_REVISION_MODERATED: return TB_LITERAL("[deleted by a moderator]");
    case CLIENT_REVISION_EXPIRED: return TB_LITERAL("[disappeared]");
    case CLIENT_REVISION_RETRACTED:
        return sentence(app, "[%sretracted by a decision of the desk, number %llu]",
                        (tb_bytes){ 0 }, row->decision_number);
    default: break;
    }
    if (row->attachment_len != 0) return file_sentence(app, row);
    bool is_text = row->content_type.len == 0 ||
                   tb_bytes_starts_with(row->content_type, TB_LITERAL("text/"));
    return is_text || wire_text_is_utf8(row->text) ? row->text
                                                   : sentence(app, "[%s]", row->content_type, 0);
}

const char *cli_timeline_revision_name(uint8_t revision)
{
    static const char *const names[] = { "", "edited", "deleted", "deleted_by_moderator",
                                         "expired", "retracted", "restored" };
    return revision < sizeof names / sizeof names[0] ? names[revision] : "";
}

/* What came later, and what is still to come. */
static void record_later(json_t *record, const struct client_message_view *row)
{
    const char *revision = cli_timeline_revision_name(row->revision);
    if (row->attachment_len != 0) {
        json_t *file = json_object();
        cli_json_set(file, "name", cli_json_text(row->text));
        cli_json_set(file, "type", cli_json_text(row->content_type));
        cli_json_set(file, "size", json_integer((json_int_t)row->attachment_len));
        cli_json_set(record, "attachment", file);
    }
    if (row->reply_to_seq != 0) {
        cli_json_set(record, "reply_to", json_integer((json_int_t)row->reply_to_seq));
    }
    if (row->expires_ms != 0) cli_json_set(record, "expires", cli_json_time(row->expires_ms));
    if (*revision != 0) {
        cli_json_set(record, "revision", json_string(revision));
        cli_json_set(record, "revised", cli_json_time(row->revised_ms));
    }
    if (row->reader_count != 0) {
        cli_json_set(record, "read_by", json_integer((json_int_t)row->reader_count));
    }
    if (row->reaction_count == 0) return;
    json_t *all = json_array();
    for (size_t i = 0; i < row->reaction_count; i++) {
        const struct client_reaction_view *reaction = &row->reactions[i];
        json_t *one = json_object();
        cli_json_set(one, "account", cli_json_text(reaction->account));
        cli_json_set(one, "handle", cli_json_text(reaction->handle));
        cli_json_set(one, "text", cli_json_text(reaction->text));
        cli_json_set(one, "own", json_boolean(reaction->is_own));
        (void)json_array_append_new(all, one);
    }
    cli_json_set(record, "reactions", all);
}

json_t *cli_timeline_record(struct cli_app *app, tb_bytes room,
                            const struct client_message_view *row)
{
    json_t *record = json_object();
    cli_json_set(record, "type", json_string(type_name(row)));
    cli_json_set(record, "room", cli_json_text(room));
    cli_json_set(record, "row", json_integer((json_int_t)row->row));
    if (row->room_seq != 0) {
        cli_json_set(record, "room_seq", json_integer((json_int_t)row->room_seq));
    }
    cli_json_set(record, "time", cli_json_time(row->at_ms));
    if (row->account.len > 0) {
        cli_json_set(record, "account", cli_json_text(row->account));
        cli_json_set(record, "handle", cli_json_text(row->handle));
    }
    cli_json_set(record, "text", cli_json_text(cli_timeline_text(app, row)));
    if (row->row_kind == ROW_MESSAGE) {
        cli_json_set(record, "content_type", cli_json_text(row->content_type));
        cli_json_set(record, "message_id", cli_json_hex(row->message_id));
        cli_json_set(record, "own", json_boolean(row->is_own));
        cli_json_set(record, "verified", json_boolean(row->is_verified));
    }
    if (row->decision_number != 0) {
        cli_json_set(record, "decision", json_integer((json_int_t)row->decision_number));
    }
    record_later(record, row);
    return record;
}

static tb_bytes row_name(const struct client_message_view *row)
{
    if (row->row_kind != ROW_MESSAGE || row->is_failed) return TB_LITERAL("--");
    return row->handle.len > 0 ? row->handle : row->account;
}

/* Room for every name of these rows, so that their texts stand in one column. */
static void widen(struct cli_timeline *timeline, const struct client_message_view *rows,
                  size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t width = cli_text_width(row_name(&rows[i]));
        if (width > timeline->handle_width && width <= HANDLE_WIDTH_MAX) {
            timeline->handle_width = width;
        }
    }
}

static void print_row(struct cli_timeline *timeline, const struct client_message_view *row)
{
    struct cli_app *app = timeline->app;
    char time[CLI_TEXT_TIME_LEN_MAX], number[24] = "-";
    FILE *to = app->out.to;
    if (!cli_out_is_text(&app->out)) {
        cli_out_record(&app->out, cli_timeline_record(app, timeline->room, row));
        return;
    }
    tb_bytes who = row_name(row);
    size_t width = cli_text_width(who);
    int space = width < timeline->handle_width ? (int)(timeline->handle_width - width) : 0;
    cli_text_time(row->at_ms, time);
    if (row->room_seq != 0 && row->row_kind == ROW_MESSAGE) {
        (void)snprintf(number, sizeof number, "%llu", (unsigned long long)row->room_seq);
    }
    int before = fprintf(to, "%5s  %s  ", number, time);
    bool is_bold = app->out.has_color && who.data == row->handle.data && who.len > 0;
    fputs(is_bold ? "\033[1m" : "", to);
    cli_text_print(to, who, CLI_TEXT_ONE_LINE, 0);
    fprintf(to, "%s%*s  ", is_bold ? "\033[0m" : "", space, "");
    size_t indent = (size_t)before + width + (size_t)space + 2;
    if (row->reply_to_seq != 0) {
        indent += (size_t)fprintf(to, "[to %llu] ", (unsigned long long)row->reply_to_seq);
    }
    cli_text_print(to, cli_timeline_text(app, row), CLI_TEXT_INDENTED, indent);
    if (row->revision == CLIENT_REVISION_EDITED) fputs(" (edited)", to);
    for (size_t i = 0; i < row->reaction_count; i++) {
        const struct client_reaction_view *reaction = &row->reactions[i];
        fputs(i == 0 ? "  [" : ", ", to);
        cli_text_print(to, reaction->text, CLI_TEXT_ONE_LINE, 0);
        fputc(' ', to);
        cli_text_print(to, reaction->handle.len > 0 ? reaction->handle : reaction->account,
                       CLI_TEXT_ONE_LINE, 0);
    }
    if (row->reaction_count > 0) fputc(']', to);
    if (row->reader_count > 0) fprintf(to, "  (read by %zu)", row->reader_count);
    fputc('\n', to);
}

void cli_timeline_on_show(struct cli_timeline *timeline, const struct client_show *show)
{
    struct cli_app *app = timeline->app;
    bool is_later = show->kind == CLIENT_SHOW_REVISED || show->kind == CLIENT_SHOW_REACTION ||
                    show->kind == CLIENT_SHOW_READ;
    if (!is_later || !tb_bytes_equal(show->room, timeline->room)) return;
    if (!cli_out_is_text(&app->out)) {
        cli_out_record(&app->out, cli_notice_record(show));
        return;
    }
    if (show->kind == CLIENT_SHOW_READ) return; /* shown with the message itself */
    unsigned long long number = show->number;
    const char *who = cli_app_visible(app, show->handle.len > 0 ? show->handle : show->account);
    const char *text = cli_app_visible(app, show->text);
    if (show->kind == CLIENT_SHOW_REACTION) {
        if (show->text.len > 0) cli_out_say(&app->out, "%5llu  %s: %s\n", number, who, text);
        else cli_out_say(&app->out, "%5llu  %s took a reaction back\n", number, who);
    } else if (show->code == CLIENT_REVISION_EDITED) {
        cli_out_say(&app->out, "%5llu  %s changed it: %s\n", number, who, text);
    } else if (show->code == CLIENT_REVISION_EXPIRED) {
        cli_out_say(&app->out, "%5llu  [disappeared]\n", number);
    } else {
        cli_out_say(&app->out, "%5llu  %s deleted it\n", number, who);
    }
}

static tb_status read_rows(struct cli_app *app, tb_bytes room, uint64_t after, size_t count_max,
                           struct tb_arena *arena, struct client_message_view **rows,
                           size_t *count)
{
    cli_run_read_begin(&app->run);
    tb_status status = client_messages(app->run.client, room, after, count_max, arena, rows, count);
    return cli_run_read_end(&app->run, status);
}

/* Is there a row above this number? */
static tb_status has_above(struct cli_app *app, tb_bytes room, uint64_t row, bool *out)
{
    struct client_message_view *rows = NULL;
    size_t count = 0;
    struct tb_arena arena;
    tb_arena_init(&arena, &app->mem, CLI_APP_ARENA_BYTES_MAX);
    tb_status status = read_rows(app, room, row, 1, &arena, &rows, &count);
    *out = count > 0;
    tb_arena_wipe(&arena);
    return status;
}

/* The newest row's number in about 2 log2(n) reads: rooms are long, and each row is decrypted. */
static tb_status newest_row(struct cli_app *app, tb_bytes room, uint64_t *out)
{
    uint64_t low = 0, high = 1; /* a row above low, none above high */
    bool is_above = false;
    TRY(has_above(app, room, 0, &is_above));
    *out = 0;
    if (!is_above) return TB_STATUS(TB_OK);
    for (;;) {
        TRY(has_above(app, room, high, &is_above));
        if (!is_above || high > UINT64_MAX / 4) break;
        low = high;
        high *= 2;
    }
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        TRY(has_above(app, room, middle, &is_above));
        if (is_above) low = middle;
        else high = middle;
    }
    *out = high;
    return TB_STATUS(TB_OK);
}

tb_status cli_timeline_init(struct cli_timeline *timeline, struct cli_app *app, tb_bytes room,
                            uint64_t count_max)
{
    uint64_t newest = 0;
    *timeline = (struct cli_timeline){
        .app = app, .room = room, .handle_width = HANDLE_WIDTH_MIN,
    };
    if (count_max == 0) return TB_STATUS(TB_OK);
    TRY(newest_row(app, room, &newest));
    timeline->row = newest > count_max ? newest - count_max : 0;
    return TB_STATUS(TB_OK);
}

tb_status cli_timeline_has_more(struct cli_timeline *timeline, bool *out)
{
    return has_above(timeline->app, timeline->room, timeline->row, out);
}

/* What was printed counts as read.  When the store refuses, it counts as unread: no harm. */
static void mark_read(struct cli_timeline *timeline)
{
    struct cli_app *app = timeline->app;
    cli_run_read_begin(&app->run);
    tb_status status = client_mark_read(app->run.client, cli_run_now_ms(&app->run), timeline->room,
                                        timeline->row, &app->run.effects);
    status = cli_run_read_end(&app->run, status);
    (void)status;
}

tb_status cli_timeline_print(struct cli_timeline *timeline)
{
    struct cli_app *app = timeline->app;
    uint64_t before = timeline->row;
    for (;;) {
        struct client_message_view *rows = NULL;
        size_t count = 0;
        struct tb_arena arena;
        tb_arena_init(&arena, &app->mem, CLI_APP_ARENA_BYTES_MAX);
        tb_status status = read_rows(app, timeline->room, timeline->row, PAGE_COUNT, &arena, &rows,
                                     &count);
        if (status.code == TB_OK) widen(timeline, rows, count);
        for (size_t i = 0; status.code == TB_OK && i < count; i++) {
            print_row(timeline, &rows[i]);
            timeline->row = rows[i].row;
        }
        tb_arena_wipe(&arena);
        if (status.code != TB_OK || count == 0) {
            fflush(app->out.to);
            if (timeline->row != before) mark_read(timeline);
            return status;
        }
    }
}
