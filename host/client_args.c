#include "host/client_args.h"

#include <string.h>

#include "host/client_text.h"
#include "host/client_verbs.h"

const struct cli_option_row cli_option_rows[CLI_OPTION_COUNT] = {
#define CLI_OPTION_ROW(NAME_, TEXT_, VALUE_, HELP_) { TEXT_, VALUE_, HELP_ },
    CLI_OPTION_LIST(CLI_OPTION_ROW)
};

enum { HINT_DISTANCE_MAX = 2 };

/* What another person or program wrote on our command line may hold control characters too. */
static void complain(FILE *err, const char *before, const char *word, const char *after)
{
    fprintf(err, "timbre: %s", before);
    cli_text_print(err, tb_bytes_text(word), CLI_TEXT_ONE_LINE, 0);
    fprintf(err, "%s\n", after);
}

static int option_find(const char *name, size_t len)
{
    for (int i = 0; i < CLI_OPTION_COUNT; i++) {
        const char *known = cli_option_rows[i].name;
        if (strlen(known) == len && strncmp(known, name, len) == 0) return i;
    }
    return -1;
}

static void option_hint(const char *name, FILE *err)
{
    const char *best = NULL;
    unsigned best_distance = HINT_DISTANCE_MAX + 1;
    for (int i = 0; i < CLI_OPTION_COUNT; i++) {
        unsigned distance = cli_text_distance(name, cli_option_rows[i].name);
        if (cli_option_rows[i].help == NULL || distance >= best_distance) continue;
        best = cli_option_rows[i].name;
        best_distance = distance;
    }
    if (best != NULL) fprintf(err, "Did you mean --%s?\n", best);
}

static bool option_set(struct cli_args *args, int option, const char *value, FILE *err)
{
    if (option == CLI_OPTION_OPEN) {
        if (args->open_count == CLI_OPEN_COUNT_MAX) {
            complain(err, "too many options --open at ", value, "");
            return false;
        }
        args->open[args->open_count++] = value;
    } else if (args->values[option] != NULL && cli_option_rows[option].value != NULL) {
        complain(err, "option --", cli_option_rows[option].name, " is given twice");
        return false;
    }
    args->values[option] = value;
    return true;
}

/* One option at argv[*at]; *at moves over its value. */
static bool option_parse(struct cli_args *args, int argc, char **argv, int *at, FILE *err)
{
    const char *name = argv[*at] + 2;
    const char *equals = strchr(name, '=');
    size_t len = equals != NULL ? (size_t)(equals - name) : strlen(name);
    int option = option_find(name, len);
    if (option < 0) {
        complain(err, "there is no option --", name, "");
        option_hint(name, err);
        return false;
    }
    if (cli_option_rows[option].value == NULL) {
        if (equals != NULL) {
            complain(err, "option --", cli_option_rows[option].name, " takes no value");
            return false;
        }
        return option_set(args, option, "", err);
    }
    if (equals != NULL) return option_set(args, option, equals + 1, err);
    if (*at + 1 >= argc) {
        complain(err, "option --", name, " needs a value");
        return false;
    }
    *at += 1;
    return option_set(args, option, argv[*at], err);
}

bool cli_args_parse(struct cli_args *args, int argc, char **argv, FILE *err)
{
    const char *words[CLI_WORD_COUNT_MAX];
    size_t count = 0, taken = 0;
    bool is_ended = false;
    *args = (struct cli_args){ 0 };
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i];
        if (!is_ended && strcmp(word, "--") == 0) {
            is_ended = true;
        } else if (!is_ended && strcmp(word, "-h") == 0) {
            args->values[CLI_OPTION_HELP] = "";
        } else if (!is_ended && strcmp(word, "--version") == 0) {
            words[0] = "version";
            count = 1;
            is_ended = true;
        } else if (!is_ended && strncmp(word, "--", 2) == 0) {
            if (!option_parse(args, argc, argv, &i, err)) return false;
        } else if (count == CLI_WORD_COUNT_MAX) {
            complain(err, "too many words at ", word, "");
            return false;
        } else {
            words[count++] = word;
        }
    }
    if (count == 0) return true; /* no verb: the usage is shown */
    args->verb = cli_verb_find(words, count, &taken);
    if (args->verb == NULL) {
        if (!cli_verb_is_noun(words[0])) complain(err, "there is no verb '", words[0], "'");
        else if (count == 1) complain(err, "a verb is missing behind '", words[0], "'");
        else complain(err, "there is no such verb: ", words[1], "");
        cli_verb_hint(words, count, err);
        return false;
    }
    args->count = count - taken;
    memcpy(args->words, words + taken, args->count * sizeof words[0]);
    return true;
}

bool cli_args_check(const struct cli_args *args, FILE *err)
{
    const struct cli_verb *verb = args->verb;
    for (int i = 0; i < CLI_OPTION_COUNT; i++) {
        bool is_known = ((verb->options | CLI_OPTIONS_ALL) >> i & 1) != 0;
        if (args->values[i] == NULL || is_known) continue;
        fprintf(err, "timbre: 'timbre %s' does not take the option --%s\n", verb->name,
                cli_option_rows[i].name);
        return false;
    }
    if (args->count < verb->count_min) {
        fprintf(err, "timbre: 'timbre %s' needs %s\nSee 'timbre help %s'.\n", verb->name,
                verb->arguments, verb->name);
        return false;
    }
    if (verb->count_max != 255 && args->count > verb->count_max) {
        complain(err, "there is a word too many: ", args->words[verb->count_max],
                 "; put a text with spaces into quotes");
        return false;
    }
    return true;
}
