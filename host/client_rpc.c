/*
 * `timbre rpc`: JSON-RPC 2.0 on standard input and output, one object a line.
 *
 * A method is a verb with a dot between its words; its parameters are the verb's words, lower case,
 * and its options in camelCase, or an array of words alone.  Calls are answered in order.  Between
 * them, and while one waits for the hub, what comes in is told as notifications named `receive`.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/client_notice.h"

enum {
    LINE_LEN_MAX = 1 << 20,
    WORD_LEN_MAX = 32,
    RPC_PARSE = -32700, RPC_REQUEST = -32600, RPC_METHOD = -32601, RPC_PARAMS = -32602,
    RPC_VERB = -32000 /* minus the exit code */
};

struct rpc {
    struct cli_app *app;
    json_t *strings; /* owns texts made from numbers, for the call */
    char *line;
    size_t len;
    bool is_over;
};

static void print_line(json_t *message)
{
    json_dumpf(message, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
    fputc('\n', stdout);
    fflush(stdout);
    json_decref(message);
}

static void on_show(void *ctx, const struct client_show *show)
{
    (void)ctx;
    json_t *record = cli_notice_record(show);
    if (record == NULL) return;
    print_line(json_pack("{s:s, s:s, s:o}", "jsonrpc", "2.0", "method", "receive", "params",
                         record));
}

static void answer_error(json_t *id, int code, const char *text, json_t *data)
{
    json_t *error = json_pack("{s:i, s:s}", "code", code, "message", text);
    if (data != NULL) json_object_set(error, "data", data);
    print_line(json_pack("{s:s, s:O?, s:o}", "jsonrpc", "2.0", "id", id, "error", error));
}

/* ------------------------------------------------------------------ parameters into arguments */

/* A word from a JSON value; NULL for what is none. */
static const char *word_of(struct rpc *rpc, const json_t *value)
{
    if (json_is_string(value)) return json_string_value(value);
    if (!json_is_integer(value)) return NULL;
    json_t *text = json_sprintf("%lld", (long long)json_integer_value(value));
    json_array_append_new(rpc->strings, text);
    return json_string_value(text);
}

static bool add_words(struct rpc *rpc, struct cli_args *args, const json_t *value)
{
    size_t at;
    const json_t *one;
    if (!json_is_array(value)) {
        const char *word = word_of(rpc, value);
        if (word == NULL || args->count == CLI_WORD_COUNT_MAX) return false;
        args->words[args->count++] = word;
        return true;
    }
    json_array_foreach((json_t *)value, at, one) {
        if (json_is_array(one) || !add_words(rpc, args, one)) return false;
    }
    return true;
}

/* "note-file" as "noteFile" */
static bool is_camel_of(const char *camel, const char *option)
{
    for (; *option != 0; option++, camel++) {
        bool is_joint = *option == '-';
        if (is_joint) option++;
        if (*camel != (is_joint ? toupper((unsigned char)*option) : *option)) return false;
    }
    return *camel == 0;
}

static bool set_option(struct rpc *rpc, struct cli_args *args, const char *name,
                       const json_t *value)
{
    size_t at;
    const json_t *one;
    for (int i = 0; i < CLI_OPTION_COUNT; i++) {
        const struct cli_option_row *row = &cli_option_rows[i];
        bool is_allowed = (args->verb->options >> i & 1) != 0 || i == CLI_OPTION_TIMEOUT;
        if (!is_allowed || i == CLI_OPTION_FOLLOW || !is_camel_of(name, row->name)) continue;
        if (row->value == NULL) {
            if (!json_is_boolean(value)) return false;
            args->values[i] = json_is_true(value) ? "" : NULL;
            return true;
        }
        if (i != CLI_OPTION_OPEN) {
            args->values[i] = word_of(rpc, value);
            /* standard input belongs to the protocol */
            return args->values[i] != NULL && strcmp(args->values[i], "-") != 0;
        }
        if (!json_is_array(value)) return false;
        json_array_foreach((json_t *)value, at, one) {
            const char *word = word_of(rpc, one);
            if (word == NULL || args->open_count == CLI_OPEN_COUNT_MAX) return false;
            args->open[args->open_count++] = word;
        }
        return true;
    }
    return false;
}

/* The names of a verb's words, lower case, in order: "ROOM MESSAGE..." gives room and message. */
static bool next_word_name(const char **arguments, char out[WORD_LEN_MAX])
{
    size_t len = 0;
    while (**arguments != 0 && !isalpha((unsigned char)**arguments)) (*arguments)++;
    for (; isalpha((unsigned char)**arguments) && len + 1 < WORD_LEN_MAX; (*arguments)++) {
        out[len++] = (char)tolower((unsigned char)**arguments);
    }
    out[len] = 0;
    return len > 0;
}

static bool args_of_params(struct rpc *rpc, struct cli_args *args, json_t *params)
{
    const char *arguments = args->verb->arguments, *key;
    char name[WORD_LEN_MAX];
    json_t *value;
    if (params == NULL) return true;
    if (json_is_array(params)) return add_words(rpc, args, params);
    if (!json_is_object(params)) return false;
    json_t *options = json_copy(params);
    bool is_fit = true;
    while (is_fit && next_word_name(&arguments, name)) {
        value = json_object_get(options, name);
        if (value == NULL) break;
        is_fit = add_words(rpc, args, value);
        json_object_del(options, name);
    }
    json_object_foreach(options, key, value) {
        if (!is_fit) break;
        if (strcmp(key, "secret") == 0) {
            args->secret = json_string_value(value);
            is_fit = args->secret != NULL;
        } else {
            is_fit = set_option(rpc, args, key, value);
        }
    }
    json_decref(options); /* its values live on in params */
    return is_fit;
}

/* ------------------------------------------------------------------ calls */

static const struct cli_verb *verb_of_method(const char *method)
{
    for (size_t i = 0; i < cli_verb_count; i++) {
        const struct cli_verb *verb = &cli_verbs[i];
        const char *a = method, *b = verb->name;
        while (*a != 0 && (*a == *b || (*a == '.' && *b == ' '))) {
            a++;
            b++;
        }
        if (*a == 0 && *b == 0 && !verb->is_terminal_only) return verb;
    }
    return NULL;
}

static void run_verb(struct rpc *rpc, const struct cli_args *args, json_t *id)
{
    struct cli_app *app = rpc->app;
    struct cli_args own = app->args;
    struct cli_out out = app->out;
    app->args = *args;
    app->out.form = CLI_OUT_COLLECT;
    app->out.records = app->out.problem = NULL;
    int code = cli_app_call(app);
    json_t *result = cli_out_take(&app->out, args->verb->is_list);
    json_t *problem = app->out.problem;
    app->args = own;
    app->out = out;
    if (code == CLI_EXIT_OK) {
        if (id != NULL) {
            print_line(json_pack("{s:s, s:O, s:O}", "jsonrpc", "2.0", "id", id, "result", result));
        }
    } else if (id != NULL) {
        const char *title = json_string_value(json_object_get(problem, "title"));
        answer_error(id, RPC_VERB - code, title != NULL ? title : "refused", problem);
    }
    json_decref(result);
    json_decref(problem);
}

static void call(struct rpc *rpc, json_t *request)
{
    json_t *id = json_object_get(request, "id"), *params = json_object_get(request, "params");
    const char *version = json_string_value(json_object_get(request, "jsonrpc"));
    const char *method = json_string_value(json_object_get(request, "method"));
    bool is_id = id == NULL || json_is_string(id) || json_is_integer(id) || json_is_null(id);
    if (version == NULL || strcmp(version, "2.0") != 0 || method == NULL || !is_id) {
        answer_error(is_id ? id : NULL, RPC_REQUEST, "this is no JSON-RPC 2.0 request", NULL);
        return;
    }
    struct cli_args args = { .verb = verb_of_method(method) };
    if (args.verb == NULL) {
        if (id != NULL) answer_error(id, RPC_METHOD, "there is no such method", NULL);
        return;
    }
    rpc->strings = json_array();
    args.values[CLI_OPTION_TIMEOUT] = rpc->app->args.values[CLI_OPTION_TIMEOUT];
    args.values[CLI_OPTION_YES] = ""; /* a program has made up its mind */
    bool is_fit = args_of_params(rpc, &args, params) && args.count >= args.verb->count_min &&
                  (args.verb->count_max == 255 || args.count <= args.verb->count_max);
    if (is_fit) run_verb(rpc, &args, id);
    else if (id != NULL) answer_error(id, RPC_PARAMS, "the parameters do not fit the method", NULL);
    json_decref(rpc->strings);
    rpc->strings = NULL;
}

static void take_line(struct rpc *rpc, const char *line, size_t len)
{
    while (len > 0 && isspace((unsigned char)line[len - 1])) len--;
    if (len == 0) return;
    json_t *request = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
    if (request == NULL) answer_error(NULL, RPC_PARSE, "this is no JSON", NULL);
    else if (!json_is_object(request)) answer_error(NULL, RPC_REQUEST, "one object a line", NULL);
    else call(rpc, request);
    json_decref(request);
}

static void read_lines(struct rpc *rpc)
{
    ssize_t got = read(STDIN_FILENO, rpc->line + rpc->len, LINE_LEN_MAX - rpc->len);
    if (got <= 0) {
        take_line(rpc, rpc->line, rpc->len);
        rpc->is_over = true;
        return;
    }
    rpc->len += (size_t)got;
    char *start = rpc->line, *end;
    while ((end = memchr(start, '\n', rpc->len)) != NULL) {
        take_line(rpc, start, (size_t)(end - start));
        rpc->len -= (size_t)(end - start) + 1;
        start = end + 1;
    }
    memmove(rpc->line, start, rpc->len);
    if (rpc->len == LINE_LEN_MAX) {
        answer_error(NULL, RPC_REQUEST, "the line is too long", NULL);
        rpc->is_over = true;
    }
}

int cli_verb_rpc(struct cli_app *app)
{
    struct rpc rpc = { .app = app, .line = malloc(LINE_LEN_MAX) };
    if (rpc.line == NULL) return cli_app_fail(app, TB_STATUS(TB_NO_SPACE), "begin");
    app->is_rpc = true;
    app->run.is_patient = true;
    app->run.on_show = on_show;
    app->run.show_ctx = NULL;
    tb_status status = TB_STATUS(TB_OK);
    while (status.code == TB_OK && !rpc.is_over) {
        struct pollfd in = { STDIN_FILENO, POLLIN, 0 };
        status = cli_run_once(&app->run, &in, 1, UINT64_MAX);
        if (status.code == TB_OK && in.revents != 0) read_lines(&rpc);
    }
    app->is_rpc = false;
    if (status.code == TB_OK) cli_app_settle(app);
    free(rpc.line);
    app->run.on_show = cli_notice_on_show;
    app->run.show_ctx = app;
    bool is_end = status.code == TB_OK || status.code == CLI_INTERRUPTED;
    return is_end ? CLI_EXIT_OK : cli_app_fail(app, status, "speak JSON-RPC");
}
