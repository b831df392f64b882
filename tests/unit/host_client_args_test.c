/* The command line, the table of verbs, and what is printed from it. */
#include "tests/support.h"

#include <stdio.h>

#include "host/client_args.h"
#include "host/client_manual.h"
#include "host/client_text.h"
#include "host/client_verbs.h"

static struct cli_args args;
static char said[4096];

/* A command line in one string, words parted by single blanks. */
static bool parse(const char *line)
{
    static char buffer[2048];
    static char *argv[512];
    int argc = 0;
    (void)snprintf(buffer, sizeof buffer, "timbre %s", line);
    for (char *word = strtok(buffer, " "); word != NULL; word = strtok(NULL, " ")) {
        argv[argc++] = word;
    }
    memset(said, 0, sizeof said);
    FILE *err = fmemopen(said, sizeof said - 1, "w");
    assert_non_null(err);
    bool is_fit = cli_args_parse(&args, argc, argv, err);
    if (is_fit && args.verb != NULL) is_fit = cli_args_check(&args, err);
    assert_int_equal(fclose(err), 0);
    return is_fit;
}

static void options_stand_before_between_and_behind_words(void **state)
{
    (void)state;
    assert_true(parse("--profile alice send team hello --json --timeout=5s"));
    assert_string_equal(args.verb->name, "send");
    assert_int_equal(args.count, 2);
    assert_string_equal(args.words[1], "hello");
    assert_string_equal(args.values[CLI_OPTION_PROFILE], "alice");
    assert_string_equal(args.values[CLI_OPTION_TIMEOUT], "5s");
    assert_true(cli_args_has(&args, CLI_OPTION_JSON));
}

static void two_dashes_end_the_options(void **state)
{
    (void)state;
    assert_true(parse("send team -- --json"));
    assert_string_equal(args.words[1], "--json");
    assert_false(cli_args_has(&args, CLI_OPTION_JSON));
}

static void open_can_be_repeated_and_others_cannot(void **state)
{
    (void)state;
    assert_true(parse("report new team 12 13 --reason spam --open 11 --open 14"));
    assert_int_equal(args.open_count, 2);
    assert_string_equal(args.open[1], "14");
    assert_int_equal(args.count, 3);
    assert_false(parse("report new team 12 --reason spam --reason hate"));
    assert_non_null(strstr(said, "given twice"));
}

static void an_unknown_verb_gets_a_hint(void **state)
{
    (void)state;
    assert_false(parse("rooom list"));
    assert_non_null(strstr(said, "Did you mean 'timbre room list'?"));
    assert_false(parse("room crate x"));
    assert_non_null(strstr(said, "there is no such verb: crate"));
    assert_non_null(strstr(said, "timbre room create NAME"));
    assert_false(parse("room"));
    assert_non_null(strstr(said, "a verb is missing behind 'room'"));
    assert_false(parse("dance"));
    assert_non_null(strstr(said, "'timbre help' lists the verbs."));
}

static void an_unknown_option_gets_a_hint(void **state)
{
    (void)state;
    assert_false(parse("room list --jsn"));
    assert_non_null(strstr(said, "Did you mean --json?"));
}

static void an_option_of_another_verb_is_refused(void **state)
{
    (void)state;
    assert_false(parse("send team hello --action ban"));
    assert_non_null(strstr(said, "does not take the option --action"));
}

static void missing_and_surplus_words_are_refused(void **state)
{
    (void)state;
    assert_false(parse("send team"));
    assert_non_null(strstr(said, "needs ROOM TEXT"));
    assert_false(parse("send team hello world"));
    assert_non_null(strstr(said, "a word too many: world"));
    assert_false(parse("room list --timeout"));
    assert_non_null(strstr(said, "needs a value"));
    assert_false(parse("room list --json=yes"));
    assert_non_null(strstr(said, "takes no value"));
}

static void control_characters_of_the_command_line_are_not_echoed(void **state)
{
    (void)state;
    assert_false(parse("\x1b[2J"));
    assert_null(strchr(said, '\x1b'));
}

static void without_a_verb_there_is_none(void **state)
{
    (void)state;
    assert_true(parse(""));
    assert_null(args.verb);
    assert_true(parse("--version"));
    assert_string_equal(args.verb->name, "version");
}

/* No option may carry a secret: they stand in the table of processes for all to read. */
static void no_option_takes_a_secret(void **state)
{
    (void)state;
    static const char *const words[] = { "invite", "link", "passphrase", "key", "token", "secret" };
    for (int i = 0; i < CLI_OPTION_COUNT; i++) {
        const struct cli_option_row *row = &cli_option_rows[i];
        for (size_t j = 0; j < sizeof words / sizeof words[0]; j++) {
            bool is_secret = strstr(row->name, words[j]) != NULL && row->value != NULL;
            if (is_secret) assert_non_null(strstr(row->name, "-file"));
        }
    }
}

static void every_verb_of_the_table_is_found_and_helped(void **state)
{
    (void)state;
    for (size_t i = 0; i < cli_verb_count; i++) {
        char name[32], *words[2];
        size_t taken = 0;
        (void)snprintf(name, sizeof name, "%s", cli_verbs[i].name);
        words[0] = name;
        words[1] = strchr(name, ' ');
        if (words[1] != NULL) *words[1]++ = 0;
        assert_ptr_equal(cli_verb_find((const char *const *)words, words[1] != NULL ? 2 : 1,
                                       &taken),
                         &cli_verbs[i]);
        assert_true(strlen(cli_verbs[i].summary) > 0);
        assert_true(cli_verbs[i].count_min <= cli_verbs[i].count_max);
        FILE *to = fmemopen(said, sizeof said, "w");
        assert_non_null(to);
        cli_verb_help(&cli_verbs[i], to);
        assert_int_equal(fclose(to), 0);
    }
}

static char *printed(void (*print)(FILE *to))
{
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);
    assert_non_null(to);
    print(to);
    assert_int_equal(fclose(to), 0);
    return text;
}

static void the_manual_page_holds_the_table(void **state)
{
    (void)state;
    char *wanted = printed(cli_manual_man), *page = NULL;
    size_t cap = 0;
    FILE *file = fopen("docs/timbre.1", "r");
    assert_non_null(file); /* tests run in the project's folder */
    assert_true(getdelim(&page, &cap, 0, file) > 0);
    assert_int_equal(fclose(file), 0);
    assert_non_null(strstr(page, wanted));
    free(wanted);
    free(page);
}

static void the_completion_script_offers_every_noun_and_verb(void **state)
{
    (void)state;
    char *script = printed(cli_manual_completion);
    char *nouns = strstr(script, "words=\"account ");
    assert_non_null(nouns);
    for (size_t i = 0; i < cli_verb_count; i++) {
        const char *name = cli_verbs[i].name, *space = strchr(name, ' ');
        char noun[32], verbs[64];
        snprintf(noun, sizeof noun, "%.*s", (int)strcspn(name, " "), name);
        const char *found = strstr(nouns, noun);
        assert_true(found != NULL && found < strchr(nouns, '\n'));
        if (space == NULL) continue;
        snprintf(verbs, sizeof verbs, "\"%s \"*) words=\"", noun);
        const char *line = strstr(script, verbs);
        assert_non_null(line);
        found = strstr(line, space + 1);
        assert_true(found != NULL && found < strchr(line, '\n'));
    }
    assert_non_null(strstr(script, "\"report new\"*) words=\"--profile"));
    assert_null(strstr(script, "--man"));
    free(script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_stand_before_between_and_behind_words),
        cmocka_unit_test(two_dashes_end_the_options),
        cmocka_unit_test(open_can_be_repeated_and_others_cannot),
        cmocka_unit_test(an_unknown_verb_gets_a_hint),
        cmocka_unit_test(an_unknown_option_gets_a_hint),
        cmocka_unit_test(an_option_of_another_verb_is_refused),
        cmocka_unit_test(missing_and_surplus_words_are_refused),
        cmocka_unit_test(control_characters_of_the_command_line_are_not_echoed),
        cmocka_unit_test(without_a_verb_there_is_none),
        cmocka_unit_test(no_option_takes_a_secret),
        cmocka_unit_test(every_verb_of_the_table_is_found_and_helped),
        cmocka_unit_test(the_manual_page_holds_the_table),
        cmocka_unit_test(the_completion_script_offers_every_noun_and_verb),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
