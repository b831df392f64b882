/*
 * `timbre chat`: what comes in is printed, what is typed is sent, line by line.  On a terminal
 * libedit keeps the line that is being typed; in a pipe it is plain lines in and out, so it works
 * over a bad connection, under a screen reader, and in a script.
 */
#include <errno.h>
#include <histedit.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>
#include <wctype.h>

#include "client/status.h"
#include "host/client_notice.h"
#include "host/client_text.h"
#include "host/client_timeline.h"

enum {
    LINE_LEN_MAX = 60000,       /* octets; more than a message may have */
    EDITED_LEN_MAX = 16384,     /* characters: libedit draws the whole line anew for each */
    HISTORY_COUNT = 100,        /* lines */
    HISTORY_LEN_MAX = 1000      /* octets of a line that is kept for the arrow keys */
};

struct chat {
    struct cli_app *app;
    struct cli_timeline timeline;
    tb_bytes room;
    EditLine *edit;    /* holds the line that is typed; NULL: plain lines */
    History *history;
    mbstate_t partial; /* of a character whose octets have not all come */
    tb_status status;  /* why the editor was left */
    bool is_cut;       /* more was typed than a line may have */
    bool is_shown;     /* the prompt stands at the foot of the screen */
    bool is_over;
    int code;          /* of the newest refusal */
    char line[LINE_LEN_MAX + 1];
    size_t len;
};

/* How many rows of the screen the cursor stands below the prompt. */
static int rows_above(EditLine *edit)
{
    const LineInfoW *line = el_wline(edit);
    int columns = 0, at = (int)strlen("> ");
    if (el_get(edit, EL_GETTC, "co", &columns) != 0 || columns <= 0) return 0;
    for (const wchar_t *c = line->buffer; c < line->cursor; c++) {
        int width = wcwidth(*c);
        at += width < 0 ? 2 : width; /* a control character is shown as ^X */
    }
    return at / columns;
}

/* Around output: take the line being typed away, and put it back. */
static void prompt_hide(struct chat *chat)
{
    if (chat->edit != NULL && chat->is_shown) {
        int rows = rows_above(chat->edit);
        if (rows > 0) fprintf(chat->app->out.to, "\033[%dA", rows);
        fputs("\r\033[J", chat->app->out.to);
    }
    chat->is_shown = false;
}

static void prompt_show(struct chat *chat)
{
    if (chat->edit == NULL || chat->is_shown || chat->is_over) return;
    fflush(chat->app->out.to);
    el_resize(chat->edit);
    (void)el_set(chat->edit, EL_REFRESH);
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
        cli_timeline_on_show(&chat->timeline, show);
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

static void say(struct chat *chat, const struct client_message_params *params)
{
    struct cli_app *app = chat->app;
    uint64_t op = 0;
    cli_run_begin(&app->run);
    tb_status status = client_message(app->run.client, cli_run_now_ms(&app->run), params,
                                      &app->run.effects, &op);
    status = cli_run_end(&app->run, status, op);
    if (status.code != TB_OK) chat->code = cli_app_fail(app, status, "send a message");
}

/* The next word of a line; the rest stands behind it. */
static tb_bytes word_of(tb_bytes *rest)
{
    size_t len = 0;
    while (len < rest->len && rest->data[len] != ' ') len++;
    tb_bytes word = tb_bytes_of(rest->data, len);
    while (len < rest->len && rest->data[len] == ' ') len++;
    *rest = tb_bytes_of(rest->data + len, rest->len - len);
    return word;
}

/* A command that concerns a message: "/edit 12 at nine". */
static bool message_command(tb_bytes line, struct client_message_params *params)
{
    static const struct {
        const char *name;
        enum client_message_kind kind;
    } commands[] = {
        { "/reply", CLIENT_MESSAGE_REPLY },     { "/edit", CLIENT_MESSAGE_EDIT },
        { "/delete", CLIENT_MESSAGE_DELETE },   { "/react", CLIENT_MESSAGE_REACT },
        { "/unreact", CLIENT_MESSAGE_UNREACT },
    };
    char number[24];
    tb_bytes name = word_of(&line), digits = word_of(&line);
    if (digits.len == 0 || digits.len >= sizeof number) return false;
    memcpy(number, digits.data, digits.len);
    number[digits.len] = 0;
    if (!cli_text_number(number, INT64_MAX, &params->of_seq)) return false;
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (!tb_bytes_equal(name, tb_bytes_text(commands[i].name))) continue;
        params->kind = commands[i].kind;
        params->text = line;
        return true;
    }
    return false;
}

/* One line of the person: a command, or a message. */
static void take_line(struct chat *chat, tb_bytes text)
{
    struct cli_app *app = chat->app;
    if (text.len > 0 && text.data[text.len - 1] == '\r') text.len--;
    if (text.len == 0) return;
    if (tb_bytes_equal(text, TB_LITERAL("/quit"))) {
        chat->is_over = true;
    } else if (tb_bytes_equal(text, TB_LITERAL("/members"))) {
        say_members(chat);
    } else if (tb_bytes_starts_with(text, TB_LITERAL("/")) &&
               !tb_bytes_starts_with(text, TB_LITERAL("//"))) {
        struct client_message_params params = { .room = chat->room };
        if (message_command(text, &params)) {
            say(chat, &params);
            return;
        }
        cli_out_note(&app->out, "/reply N TEXT, /edit N TEXT, /delete N, /react N EMOJI, "
                                "/unreact N, where N is a\nmessage's number; /members lists who "
                                "is here, /quit ends; // begins a message\nwith a slash.\n");
    } else {
        if (text.data[0] == '/') text = tb_bytes_of(text.data + 1, text.len - 1);
        say(chat, &(struct client_message_params){
                      .room = chat->room, .kind = CLIENT_MESSAGE_TEXT, .text = text });
    }
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

static volatile sig_atomic_t has_new_size;

static void on_new_size(int number)
{
    (void)number;
    has_new_size = 1;
}

/* Wait for what comes in or is typed.  A window of another size draws the line anew. */
static tb_status wait_turn(struct chat *chat, bool *is_typed)
{
    struct pollfd typed = { STDIN_FILENO, POLLIN, 0 };
    if (has_new_size) {
        has_new_size = 0;
        if (chat->edit != NULL) el_resize(chat->edit); /* rows are counted in the new width */
        prompt_hide(chat);
    }
    prompt_show(chat);
    TRY(cli_run_once(&chat->app->run, &typed, 1, UINT64_MAX));
    *is_typed = typed.revents != 0;
    return TB_STATUS(TB_OK);
}

static tb_status print_new(struct chat *chat)
{
    uint64_t before = chat->timeline.row;
    bool has_more = false;
    TRY(cli_timeline_has_more(&chat->timeline, &has_more));
    if (has_more) prompt_hide(chat);
    TRY(cli_timeline_print(&chat->timeline));
    if (before != chat->timeline.row) tb_arena_wipe(&chat->app->arena);
    return TB_STATUS(TB_OK);
}

static tb_status plain_loop(struct chat *chat)
{
    while (!chat->is_over) {
        bool is_typed = false;
        TRY(wait_turn(chat, &is_typed));
        if (is_typed) read_plain(chat);
        TRY(print_new(chat));
    }
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ libedit */

static char *prompt_text(EditLine *edit)
{
    static char text[] = "> ";
    (void)edit;
    return text;
}

/* One octet of the terminal.  True when it ends a character: *out is it. */
static bool take_octet(struct chat *chat, char octet, wchar_t *out)
{
    size_t got = mbrtowc(out, &octet, 1, &chat->partial);
    if (got == (size_t)-1) chat->partial = (mbstate_t){ 0 }; /* no UTF-8: as if never typed */
    if (got == (size_t)-1 || got == (size_t)-2) return false;
    const LineInfoW *line = el_wline(chat->edit);
    bool is_full = line->lastchar - line->buffer >= EDITED_LEN_MAX;
    if (!is_full || iswcntrl((wint_t)*out)) return true;
    chat->is_cut = true;
    return false;
}

/* libedit asks for the next character; meanwhile the chat goes on.  0 and less end the line. */
static int next_character(EditLine *edit, wchar_t *out)
{
    struct chat *chat = NULL;
    (void)el_get(edit, EL_CLIENTDATA, &chat);
    while (!chat->is_over) {
        bool is_typed = false;
        char octet;
        chat->status = wait_turn(chat, &is_typed);
        if (chat->status.code == TB_OK) chat->status = print_new(chat);
        if (chat->status.code != TB_OK) return -1;
        if (!is_typed) continue;
        prompt_show(chat);
        ssize_t got = read(STDIN_FILENO, &octet, 1);
        if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (got <= 0) return 0; /* the terminal is gone */
        if (take_octet(chat, octet, out)) return 1;
    }
    return 0;
}

static void take_edited(struct chat *chat, const char *typed)
{
    tb_bytes text = tb_bytes_of(typed, strcspn(typed, "\r\n"));
    HistEvent event;
    if (text.len > 0 && text.len <= HISTORY_LEN_MAX) {
        (void)history(chat->history, &event, H_ENTER, typed);
    }
    if (!chat->is_cut) take_line(chat, text);
    else chat->code = cli_app_fail(chat->app, TB_STATUS(CLIENT_TEXT_LENGTH), "send a message");
}

static tb_status edited_loop(struct chat *chat)
{
    while (!chat->is_over) {
        int count = 0;
        chat->is_shown = true; /* el_gets begins with it */
        chat->is_cut = false;
        const char *typed = el_gets(chat->edit, &count);
        if (chat->status.code != TB_OK) return chat->status;
        chat->is_shown = false;
        if (typed == NULL || count <= 0) break; /* Ctrl-D */
        /* libedit has given the terminal back; what is typed until it asks again is ours too. */
        (void)el_set(chat->edit, EL_PREP_TERM, 1);
        take_edited(chat, typed);
        TRY(print_new(chat));
    }
    return TB_STATUS(TB_OK);
}

static bool edit_begin(struct chat *chat)
{
    HistEvent event;
    struct sigaction action = { .sa_handler = on_new_size };
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGWINCH, &action, NULL);
    chat->edit = el_init("timbre", stdin, chat->app->out.to, chat->app->out.err);
    chat->history = history_init();
    if (chat->edit == NULL || chat->history == NULL) return false;
    (void)history(chat->history, &event, H_SETSIZE, HISTORY_COUNT);
    return el_set(chat->edit, EL_CLIENTDATA, chat) == 0 &&
           el_set(chat->edit, EL_EDITOR, "emacs") == 0 &&
           el_set(chat->edit, EL_PROMPT, prompt_text) == 0 &&
           el_set(chat->edit, EL_HIST, history, chat->history) == 0 &&
           el_set(chat->edit, EL_GETCFN, next_character) == 0;
}

static void edit_end(struct chat *chat)
{
    struct sigaction action = { .sa_handler = SIG_DFL };
    (void)sigaction(SIGWINCH, &action, NULL);
    if (chat->edit != NULL) el_end(chat->edit); /* the terminal as it was */
    if (chat->history != NULL) history_end(chat->history);
    chat->edit = NULL;
    chat->history = NULL;
}

/* With the editor where a person types, else in plain lines. */
static tb_status loop(struct chat *chat, bool is_edited)
{
    if (!is_edited || !edit_begin(chat)) {
        edit_end(chat);
        return plain_loop(chat);
    }
    tb_status status = edited_loop(chat);
    edit_end(chat);
    fputc('\n', chat->app->out.to);
    return status;
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
    bool is_edited = cli_out_is_text(&app->out) && app->out.is_terminal && !is_dumb &&
                     isatty(STDIN_FILENO) == 1;
    app->run.is_patient = true;
    app->run.on_show = on_show;
    app->run.show_ctx = &chat;
    tb_status status = cli_timeline_init(&chat.timeline, app, chat.room, count);
    if (status.code == TB_OK) status = cli_timeline_print(&chat.timeline);
    if (status.code == TB_OK) status = loop(&chat, is_edited);
    if (status.code == TB_OK) { /* what was typed last is still on its way */
        status = cli_run_until(&app->run, cli_run_is_settled, cli_app_until(app));
        if (status.code == TB_OK) status = cli_timeline_print(&chat.timeline);
    }
    app->run.on_show = cli_notice_on_show;
    app->run.show_ctx = app;
    if (status.code == CLI_INTERRUPTED) return chat.code;
    return status.code == TB_OK ? chat.code : cli_app_fail(app, status, "chat");
}
