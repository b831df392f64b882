/*
 * `timbre chat`: what comes in is printed, what is typed is sent, line by line.  On a terminal
 * libedit keeps the line that is being typed; in a pipe it is plain lines in and out, so it works
 * over a bad connection, under a screen reader, and in a script.
 */
#include <editline/readline.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/status.h"
#include "host/client_notice.h"
#include "host/client_text.h"
#include "host/client_timeline.h"

enum { LINE_LEN_MAX = 60000 };

struct chat {
    struct cli_app *app;
    struct cli_timeline timeline;
    tb_bytes room;
    bool is_edited;    /* libedit holds a line */
    bool is_shown;     /* the prompt stands at the foot of the screen */
    bool is_over;
    int code;          /* of the newest refusal */
    char line[LINE_LEN_MAX + 1];
    size_t len;
};
/* libedit's callback takes no context. */
static struct chat *chat_of_libedit;

/* Around output: take the line being typed away, and put it back. */
static void prompt_hide(struct chat *chat)
{
    if (chat->is_edited && chat->is_shown) fputs("\r\033[K", chat->app->out.to);
    chat->is_shown = false;
}

static void prompt_show(struct chat *chat)
{
    if (!chat->is_edited || chat->is_shown || chat->is_over) return;
    fflush(chat->app->out.to);
    rl_forced_update_display();
    chat->is_shown = true;
}

static void on_show(void *ctx, const struct client_show *show)
{
    struct chat *chat = ctx;
    struct cli_app *app = chat->app;
    prompt_hide(chat);
    if (show->kind == CLIENT_SHOW_FAILED) {
        struct cli_problem problem = cli_status_show(show->code);
        chat->code = cli_out_fail(&app->out, &problem,
                                  show->op == 0 ? "log in" : "send a message", show->text);
    } else if (show->kind == CLIENT_SHOW_OFFLINE) {
        cli_out_note(&app->out, "timbre: the connection is lost; trying again.\n");
    } else if (!cli_out_is_text(&app->out) && show->kind == CLIENT_SHOW_ALARM) {
        cli_out_record(&app->out, cli_notice_record(show));
    } else {
        cli_notice_on_show(app, show);
    }
}

static void say_members(struct chat *chat)
{
    struct cli_app *app = chat->app;
    struct client_member_view *members = NULL;
    size_t count = 0;
    cli_run_read_begin(&app->run);
    tb_status status = client_members(app->run.client, chat->room, &app->arena, &members, &count);
    status = cli_run_read_end(&app->run, status);
    for (size_t i = 0; status.code == TB_OK && i < count; i++) {
        cli_out_say(&app->out, "  %s%s\n", cli_app_visible(app, members[i].handle),
                    members[i].is_self ? " (you)" : "");
    }
}

/* One line of the person: a command, or a message. */
static void take_line(struct chat *chat, tb_bytes text)
{
    struct cli_app *app = chat->app;
    uint64_t op = 0;
    if (text.len > 0 && text.data[text.len - 1] == '\r') text.len--;
    if (text.len == 0) return;
    if (tb_bytes_equal(text, TB_LITERAL("/quit"))) {
        chat->is_over = true;
    } else if (tb_bytes_equal(text, TB_LITERAL("/members"))) {
        say_members(chat);
    } else if (tb_bytes_starts_with(text, TB_LITERAL("/")) &&
               !tb_bytes_starts_with(text, TB_LITERAL("//"))) {
        cli_out_note(&app->out, "/members lists who is here, /quit ends; // begins a message "
                                "with a slash.\n");
    } else {
        if (text.data[0] == '/') text = tb_bytes_of(text.data + 1, text.len - 1);
        cli_run_begin(&app->run);
        tb_status status = client_send(app->run.client, cli_run_now_ms(&app->run), chat->room, text,
                                       &app->run.effects, &op);
        status = cli_run_end(&app->run, status, op);
        if (status.code != TB_OK) chat->code = cli_app_fail(app, status, "send a message");
    }
}

/* libedit leaves its callback mode with each line; installing it again prints the prompt. */
static void on_edited_line(char *line)
{
    struct chat *chat = chat_of_libedit;
    chat->is_shown = false;
    if (line == NULL) {
        chat->is_over = true;
        return;
    }
    if (*line != 0) add_history(line);
    take_line(chat, tb_bytes_text(line));
    free(line);
    if (chat->is_over) return;
    rl_callback_handler_install("> ", on_edited_line);
    chat->is_shown = true;
}

/* Ctrl-D: in its callback mode libedit does not tell the end of input from an emptied line. */
static int on_end_key(int count, int key)
{
    (void)count;
    (void)key;
    if (rl_end == 0) chat_of_libedit->is_over = true;
    return 0;
}

/* Plain lines: whole ones are taken, the rest waits. */
static void read_plain(struct chat *chat)
{
    ssize_t got = read(STDIN_FILENO, chat->line + chat->len, LINE_LEN_MAX - chat->len);
    if (got <= 0) {
        take_line(chat, tb_bytes_of(chat->line, chat->len)); /* a last one without its end */
        chat->len = 0;
        chat->is_over = true;
        return;
    }
    chat->len += (size_t)got;
    char *start = chat->line, *end;
    while ((end = memchr(start, '\n', chat->len)) != NULL && !chat->is_over) {
        take_line(chat, tb_bytes_of(start, (size_t)(end - start)));
        chat->len -= (size_t)(end - start) + 1;
        start = end + 1;
    }
    if (chat->len == LINE_LEN_MAX) {
        chat->code = cli_app_fail(chat->app, TB_STATUS(CLIENT_TEXT_LENGTH), "send a message");
        chat->is_over = true;
    }
    memmove(chat->line, start, chat->len);
}

static tb_status loop(struct chat *chat)
{
    struct cli_app *app = chat->app;
    while (!chat->is_over) {
        struct pollfd typed = { STDIN_FILENO, POLLIN, 0 };
        prompt_show(chat);
        TRY(cli_run_once(&app->run, &typed, 1, UINT64_MAX));
        if (typed.revents != 0) {
            if (chat->is_edited) rl_callback_read_char();
            else read_plain(chat);
        }
        uint64_t before = chat->timeline.row;
        bool has_more = false;
        TRY(cli_timeline_has_more(&chat->timeline, &has_more));
        if (has_more) prompt_hide(chat);
        TRY(cli_timeline_print(&chat->timeline));
        if (before != chat->timeline.row) tb_arena_wipe(&app->arena);
    }
    return TB_STATUS(TB_OK);
}

int cli_verb_chat(struct cli_app *app)
{
    static struct chat chat; /* large: it holds a line */
    const char *lines = app->args.values[CLI_OPTION_LINES];
    uint64_t count = 20;
    tb_bytes found = { 0 };
    static uint8_t room[CHAT_URI_LEN_MAX];
    if (lines != NULL && !cli_text_number(lines, 1000000000, &count)) {
        return cli_app_usage(app, "--lines is a number", NULL);
    }
    int code = cli_app_refresh(app);
    if (code == CLI_EXIT_OK) code = cli_app_room(app, app->args.words[0], &found);
    if (code != CLI_EXIT_OK) return code;
    memcpy(room, found.data, found.len); /* the arena is emptied while the chat goes on */
    chat = (struct chat){ .app = app, .room = tb_bytes_of(room, found.len) };
    const char *term = getenv("TERM");
    bool is_dumb = term == NULL || *term == 0 || strcmp(term, "dumb") == 0;
    chat.is_edited = cli_out_is_text(&app->out) && app->out.is_terminal && !is_dumb &&
                     isatty(STDIN_FILENO) == 1;
    app->run.is_patient = true;
    app->run.on_show = on_show;
    app->run.show_ctx = &chat;
    tb_status status = cli_timeline_init(&chat.timeline, app, chat.room, count);
    if (status.code == TB_OK) status = cli_timeline_print(&chat.timeline);
    if (chat.is_edited) {
        chat_of_libedit = &chat;
        (void)rl_initialize();
        (void)rl_add_defun("chat-end", on_end_key, 'D' & 0x1f);
        rl_callback_handler_install("> ", on_edited_line);
        chat.is_shown = true;
    }
    if (status.code == TB_OK) status = loop(&chat);
    if (chat.is_edited) {
        rl_callback_handler_remove();
        fputc('\n', app->out.to);
    }
    if (status.code == TB_OK) { /* what was typed last is still on its way */
        status = cli_run_until(&app->run, cli_run_is_settled, cli_app_until(app));
        if (status.code == TB_OK) status = cli_timeline_print(&chat.timeline);
    }
    app->run.on_show = cli_notice_on_show;
    app->run.show_ctx = app;
    if (status.code == CLI_INTERRUPTED) return chat.code;
    return status.code == TB_OK ? chat.code : cli_app_fail(app, status, "chat");
}
