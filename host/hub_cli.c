#include "host/hub_cli.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WORD_COUNT_MAX = HOST_CLI_ARGUMENT_COUNT_MAX + 2 };

void host_cli_fail(const struct host_cli *cli, const char *code, const char *format, ...)
{
    char sentence[1024];
    va_list arguments;
    va_start(arguments, format);
    if (vsnprintf(sentence, sizeof sentence, format, arguments) < 0) sentence[0] = 0;
    va_end(arguments);
    if (!cli->is_json) {
        fprintf(stderr, "timbre-hub: %s\n", sentence);
        return;
    }
    json_t *problem = json_pack("{s:s,s:s,s:s}", "type", "about:blank", "code", code, "detail",
                                sentence);
    json_dumpf(problem, stderr, JSON_COMPACT);
    fputc('\n', stderr);
    json_decref(problem);
}

int host_cli_exit_of_code(uint16_t chat_code)
{
    switch (chat_code) {
    case CHAT_CODE_OK: return HOST_EXIT_OK;
    case CHAT_CODE_NOT_FOUND:
    case CHAT_CODE_UNSUPPORTED: return HOST_EXIT_NOT_FOUND;
    case CHAT_CODE_FORBIDDEN:
    case CHAT_CODE_RESTRICTED:
    case CHAT_CODE_UNAUTHENTICATED: return HOST_EXIT_DENIED;
    case CHAT_CODE_CONFLICT:
    case CHAT_CODE_FROZEN:
    case CHAT_CODE_DUPLICATE: return HOST_EXIT_CONFLICT;
    default: return HOST_EXIT_FAILED;
    }
}

int host_cli_exit_of_status(tb_status status)
{
    switch (status.code) {
    case TB_OK: return HOST_EXIT_OK;
    case TB_NOT_FOUND: return HOST_EXIT_NOT_FOUND;
    case HOST_PERMISSION: return HOST_EXIT_DENIED;
    case HOST_LOCKED:
    case HOST_EXISTS: return HOST_EXIT_CONFLICT;
    case HOST_NETWORK:
    case HOST_HTTP: return HOST_EXIT_NETWORK;
    case HOST_DAMAGED: return HOST_EXIT_VERIFICATION;
    case HOST_CONFIG: return HOST_EXIT_CONFIG;
    default: return HOST_EXIT_FAILED;
    }
}

/* ------------------------------------------------------------------ help */

static void print_verb(FILE *to, const struct host_cli_verb *verb)
{
    char words[64];
    snprintf(words, sizeof words, "%s%s%s %s", verb->noun, verb->verb == NULL ? "" : " ",
             verb->verb == NULL ? "" : verb->verb, verb->arguments);
    fprintf(to, "  %-28s %s\n", words, verb->sentence);
}

static void print_help(FILE *to, const struct host_cli_verb *verbs, size_t verb_count)
{
    fputs("timbre-hub: the server of Timbre, an end-to-end encrypted messenger.\n\n"
          "  timbre-hub serve                      a hub on http://localhost:8470, data in ./var\n"
          "  timbre-hub invite create --admin      a link for the first account\n"
          "  timbre-hub backup hub.backup          while it runs\n\n"
          "usage: timbre-hub [options] noun verb [arguments]\n\n",
          to);
    for (size_t i = 0; i < verb_count; i++) print_verb(to, &verbs[i]);
    fputs("\noptions:\n"
          "  --config FILE          instead of /etc/timbre/timbre-hub.conf\n"
          "  --data-dir DIR         the same as --set server.data_dir=DIR\n"
          "  --listen ADDRESS:PORT  the same as --set server.listen=...\n"
          "  --set SECTION.KEY=V    any key of the configuration\n"
          "  --version              of program, schema and protocol\n"
          "  --json                 objects instead of tables, errors as problem objects\n"
          "  --quiet                no more than was asked for\n"
          "  --yes                  go on where a person would be asked\n"
          "  --dry-run              say what would be done\n"
          "  --print-invitation     serve: also when standard output is no terminal\n"
          "  --origin               config show: where each value comes from\n"
          "  --admin --uses N --expires 7d    invite create\n"
          "  --end                  user admin: take it away\n"
          "  --from FILE            log verify: an earlier checkpoint or export\n"
          "  --period 2026-01..2026-12 --form eu|tdb    transparency export\n"
          "  --kind act|information --authority WHO --state FR --legal-basis TEXT\n"
          "  --reason REASON --received DATE --informed DATE    order add\n"
          "  --effect TEXT          order close: what was done\n",
          to);
}

/* ------------------------------------------------------------------ options */

struct parsing {
    struct host_cli *cli;
    const char *config_path;
    const char *words[WORD_COUNT_MAX];
    size_t word_count;
    bool wants_help, wants_version;
};

static bool take_flag(struct parsing *parsing, const char *option)
{
    struct host_cli *cli = parsing->cli;
    const struct {
        const char *name;
        bool *flag;
    } flags[] = {
        { "--json", &cli->is_json },
        { "--quiet", &cli->is_quiet },
        { "--yes", &cli->is_yes },
        { "--dry-run", &cli->is_dry_run },
        { "--print-invitation", &cli->prints_invitation },
        { "--origin", &cli->shows_origin },
        { "--admin", &cli->is_admin },
        { "--end", &cli->is_end },
        { "--help", &parsing->wants_help },
        { "-h", &parsing->wants_help },
        { "--version", &parsing->wants_version },
    };
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        if (strcmp(option, flags[i].name) != 0) continue;
        *flags[i].flag = true;
        return true;
    }
    return false;
}

/* The value of an option that has one: "--name value" or "--name=value". */
static const char *value_of(const char *name, int argc, char **argv, int *at)
{
    size_t len = strlen(name);
    const char *word = argv[*at];
    if (strncmp(word, name, len) != 0) return NULL;
    if (word[len] == '=') return word + len + 1;
    if (word[len] != 0 || *at + 1 >= argc) return NULL;
    return argv[++*at];
}

static bool take_value(struct parsing *parsing, int argc, char **argv, int *at, bool is_second)
{
    struct host_cli *cli = parsing->cli;
    char assignment[HOST_CONFIG_VALUE_LEN_MAX + 64];
    const char *value;
    const char *key = NULL;
    static const char *const names[] = {
#define VALUE_NAME(NAME_, TEXT_) TEXT_,
        HOST_CLI_VALUE_LIST(VALUE_NAME)
    };
    for (size_t i = 0; i < HOST_CLI_VALUE_COUNT; i++) {
        if ((value = value_of(names[i], argc, argv, at)) == NULL) continue;
        cli->values[i] = value;
        return true;
    }
    if ((value = value_of("--config", argc, argv, at)) != NULL) {
        parsing->config_path = value;
    } else if ((value = value_of("--uses", argc, argv, at)) != NULL) {
        cli->uses = value;
    } else if ((value = value_of("--expires", argc, argv, at)) != NULL) {
        cli->expires = value;
    } else if ((value = value_of("--set", argc, argv, at)) != NULL) {
        if (is_second) host_config_set(&cli->config, value);
    } else if ((value = value_of("--data-dir", argc, argv, at)) != NULL) {
        key = "server.data_dir";
    } else if ((value = value_of("--listen", argc, argv, at)) != NULL) {
        key = "server.listen";
    } else {
        return false;
    }
    if (key != NULL && is_second) {
        snprintf(assignment, sizeof assignment, "%s=%s", key, value);
        host_config_set(&cli->config, assignment);
    }
    return true;
}

/* The first time for words and flags; the second, after file and environment, for settings. */
static bool parse(struct parsing *parsing, int argc, char **argv, bool is_second)
{
    bool has_ended = false;
    parsing->word_count = 0;
    for (int i = 1; i < argc; i++) {
        if (!has_ended && strcmp(argv[i], "--") == 0) {
            has_ended = true;
        } else if (!has_ended && argv[i][0] == '-' && argv[i][1] != 0) {
            if (take_flag(parsing, argv[i])) continue;
            if (take_value(parsing, argc, argv, &i, is_second)) continue;
            host_cli_fail(parsing->cli, "usage", "%s: no such option, or its value is missing",
                          argv[i]);
            return false;
        } else if (parsing->word_count == WORD_COUNT_MAX) {
            host_cli_fail(parsing->cli, "usage", "too many arguments");
            return false;
        } else {
            parsing->words[parsing->word_count++] = argv[i];
        }
    }
    return true;
}

static const struct host_cli_verb *find_verb(const struct parsing *parsing,
                                             const struct host_cli_verb *verbs, size_t verb_count,
                                             size_t *used)
{
    for (size_t i = 0; i < verb_count; i++) {
        size_t needed = verbs[i].verb == NULL ? 1 : 2;
        if (parsing->word_count < needed) continue;
        if (strcmp(parsing->words[0], verbs[i].noun) != 0) continue;
        if (needed == 2 && strcmp(parsing->words[1], verbs[i].verb) != 0) continue;
        *used = needed;
        return &verbs[i];
    }
    return NULL;
}

/* Of the verbs that begin with the words; of everything when there are none. */
static void print_help_of(const struct parsing *parsing, FILE *to,
                          const struct host_cli_verb *verbs, size_t verb_count)
{
    size_t used = 0, shown = 0;
    const struct host_cli_verb *verb = find_verb(parsing, verbs, verb_count, &used);
    for (size_t i = 0; i < verb_count && parsing->word_count > 0; i++) {
        bool is_meant = verb != NULL ? verb == &verbs[i]
                                     : strcmp(verbs[i].noun, parsing->words[0]) == 0;
        if (!is_meant) continue;
        if (shown++ == 0) fputs("usage: timbre-hub [options]\n", to);
        print_verb(to, &verbs[i]);
    }
    if (shown == 0) print_help(to, verbs, verb_count);
    else fputs("\n'timbre-hub --help' lists all verbs and the options.\n", to);
}

static int fail_unknown(const struct parsing *parsing, const struct host_cli_verb *verbs,
                        size_t verb_count)
{
    host_cli_fail(parsing->cli, "usage", "there is no such verb%s",
                  parsing->cli->is_json ? "" : "; these begin alike:");
    if (parsing->cli->is_json) return HOST_EXIT_USAGE;
    size_t shown = 0;
    for (size_t i = 0; i < verb_count; i++) {
        if (strncmp(verbs[i].noun, parsing->words[0], 2) != 0) continue;
        print_verb(stderr, &verbs[i]);
        shown++;
    }
    if (shown == 0) print_help(stderr, verbs, verb_count);
    return HOST_EXIT_USAGE;
}

int host_cli_main(int argc, char **argv, const struct host_cli_verb *verbs, size_t verb_count)
{
    static struct host_cli cli; /* too large for the stack of a verb */
    struct parsing parsing = { .cli = &cli };
    size_t used = 0;
    cli.program = argc > 0 ? argv[0] : "";
    host_config_init(&cli.config, stderr);
    if (!parse(&parsing, argc, argv, false)) return HOST_EXIT_USAGE;
    if (parsing.wants_version) {
        parsing.words[0] = "version";
        parsing.word_count = 1;
    }
    if (parsing.wants_help || parsing.word_count == 0) {
        print_help_of(&parsing, parsing.wants_help ? stdout : stderr, verbs, verb_count);
        return parsing.wants_help ? HOST_EXIT_OK : HOST_EXIT_USAGE;
    }
    const struct host_cli_verb *verb = find_verb(&parsing, verbs, verb_count, &used);
    if (verb == NULL) return fail_unknown(&parsing, verbs, verb_count);
    cli.argument_count = parsing.word_count - used;
    if (cli.argument_count < verb->argument_count_min ||
        cli.argument_count > verb->argument_count_max) {
        host_cli_fail(&cli, "usage", "timbre-hub %s%s%s %s", verb->noun,
                      verb->verb == NULL ? "" : " ", verb->verb == NULL ? "" : verb->verb,
                      verb->arguments);
        return HOST_EXIT_USAGE;
    }
    memcpy(cli.arguments, parsing.words + used, cli.argument_count * sizeof cli.arguments[0]);
    host_config_read_file(&cli.config, parsing.config_path);
    host_config_read_environment(&cli.config);
    parse(&parsing, argc, argv, true);
    if (host_config_check(&cli.config).code != TB_OK) {
        host_cli_fail(&cli, "config", "the configuration has %u problems; nothing was done",
                      cli.config.problem_count);
        return HOST_EXIT_CONFIG;
    }
    return verb->run(&cli);
}
