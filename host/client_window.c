#include "host/client_window.h"

#include "chat/status.h"
#include "chat/structs.h"
#include "client/status.h"
#include "host/client_text.h"
#include "host/client_timeline.h"

/* Why there is no text; NULL: there is one, or it is proven that there is none. */
static const char *missing(const struct client_message_view *message)
{
    if (message->is_failed) return "not proven";
    switch (message->opening) {
    case CHAT_OPENING_IS_FULL: return NULL;
    case CHAT_OPENING_IS_EXPIRED: return "expired";
    case CHAT_OPENING_IS_UNDECRYPTABLE: return "unreadable";
    case CHAT_OPENING_IS_NOT_RECEIVED: return "not received";
    default: return "withheld";
    }
}

size_t cli_window_withheld(const struct client_case_view *at)
{
    size_t count = 0;
    for (size_t i = 0; i < at->message_count; i++) {
        if (missing(&at->messages[i]) != NULL) count++;
    }
    return count;
}

static void print_files(FILE *to, const struct client_message_view *message)
{
    for (size_t i = 0; i < message->file_count; i++) {
        const struct client_case_file_view *file = &message->files[i];
        fputs("[file ", to);
        cli_text_print(to, file->filename, CLI_TEXT_ONE_LINE, 0);
        fprintf(to, ", %llu octets, %s]", (unsigned long long)file->len,
                file->is_here ? "verified: 'timbre desk save' writes it" : "not in the report");
    }
}

static void print_text(FILE *to, const struct client_message_view *message, size_t indent)
{
    const char *why_not = missing(message);
    if (why_not != NULL) {
        fprintf(to, "(%s)", why_not);
        return;
    }
    if (message->is_tombstone) fputs("deletion", to);
    if (message->replaces_seq != 0) {
        indent += (size_t)fprintf(to, message->is_tombstone ? " of %llu" : "[instead of %llu] ",
                                  (unsigned long long)message->replaces_seq);
    }
    cli_text_print(to, message->text, CLI_TEXT_INDENTED, indent);
    print_files(to, message);
}

void cli_window_print(struct cli_app *app, const struct client_case_view *at)
{
    size_t withheld = cli_window_withheld(at), width = 0;
    FILE *to = app->out.to;
    for (size_t i = 0; i < at->message_count; i++) {
        const struct client_message_view *message = &at->messages[i];
        tb_bytes who = message->handle.len > 0 ? message->handle : message->account;
        size_t columns = cli_text_width(who);
        if (columns > width) width = columns;
    }
    fprintf(to, "\nThe window: %zu messages, %zu opened, %zu withheld\n", at->message_count,
            at->message_count - withheld, withheld);
    for (size_t i = 0; i < at->message_count; i++) {
        const struct client_message_view *message = &at->messages[i];
        tb_bytes who = message->handle.len > 0 ? message->handle : message->account;
        char time[CLI_TEXT_TIME_LEN_MAX];
        cli_text_time(message->at_ms, time);
        int before = fprintf(to, "%c %5llu  %s  ", message->is_target ? '>' : ' ',
                             (unsigned long long)message->room_seq, time);
        cli_text_print(to, who, CLI_TEXT_ONE_LINE, 0);
        fprintf(to, "%*s  ", (int)(width - cli_text_width(who)), "");
        print_text(to, message, (size_t)before + width + 2);
        fputc('\n', to);
    }
}

static json_t *file_records(const struct client_message_view *message)
{
    json_t *list = json_array();
    for (size_t i = 0; i < message->file_count; i++) {
        const struct client_case_file_view *file = &message->files[i];
        json_t *record = json_object();
        cli_json_set(record, "part", json_integer(file->part_index));
        cli_json_set(record, "name", cli_json_text(file->filename));
        cli_json_set(record, "content_type", cli_json_text(file->content_type));
        cli_json_set(record, "octets", json_integer((json_int_t)file->len));
        cli_json_set(record, "verified", json_boolean(file->is_here));
        json_array_append_new(list, record);
    }
    return list;
}

json_t *cli_window_record(struct cli_app *app, const struct client_case_view *at)
{
    json_t *window = json_array();
    for (size_t i = 0; i < at->message_count; i++) {
        const struct client_message_view *message = &at->messages[i];
        const char *why_not = missing(message);
        json_t *record = cli_timeline_record(app, at->room, message);
        cli_json_set(record, "withheld", json_boolean(why_not != NULL));
        cli_json_set(record, "opening", json_string(why_not != NULL ? why_not : "full"));
        cli_json_set(record, "level", json_integer(message->level));
        if (message->replaces_seq != 0) {
            cli_json_set(record, "replaces",
                         json_integer((json_int_t)message->replaces_seq));
        }
        if (message->is_tombstone) cli_json_set(record, "deletion", json_true());
        if (message->file_count > 0) cli_json_set(record, "files", file_records(message));
        json_array_append_new(window, record);
    }
    return window;
}
