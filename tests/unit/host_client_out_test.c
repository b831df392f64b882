/* Records, tables, problems, and what a status means to a person. */
#include "tests/support.h"

#include <stdio.h>
#include <unistd.h>

#include "chat/protocol.h"
#include "client/status.h"
#include "host/client_out.h"
#include "host/client_status.h"

struct printed {
    struct cli_out out;
    char *text, *error;
    size_t text_len, error_len;
    FILE *to, *err;
};

/* Output into memory: cli_out_init asks for a descriptor, which memory has not. */
static void begin(struct printed *printed, enum cli_out_form form)
{
    *printed = (struct printed){ .to = NULL };
    printed->to = open_memstream(&printed->text, &printed->text_len);
    printed->err = open_memstream(&printed->error, &printed->error_len);
    assert_non_null(printed->to);
    assert_non_null(printed->err);
    printed->out = (struct cli_out){ .form = form, .to = printed->to, .err = printed->err };
}

static void finish(struct printed *printed)
{
    assert_int_equal(fclose(printed->to), 0);
    assert_int_equal(fclose(printed->err), 0);
}

static void drop(struct printed *printed)
{
    free(printed->text);
    free(printed->error);
}

static const struct cli_column columns[] = {
    { "name", "NAME", CLI_COLUMN_TEXT },
    { "count", "COUNT", CLI_COLUMN_NUMBER },
    { "time", "SINCE", CLI_COLUMN_TIME },
    { "is", "IS", CLI_COLUMN_TEXT },
};

static json_t *rows(void)
{
    return json_pack("[{s:s,s:i,s:s,s:b},{s:s,s:i,s:n,s:b}]", "name", "a\x1b" "b", "count", 7,
                     "time", "2026-11-24T14:05:09.250Z", "is", 1, "name", "long name", "count",
                     1000, "time", "is", 0);
}

static void tables_are_aligned_and_harmless(void **state)
{
    (void)state;
    struct printed printed;
    begin(&printed, CLI_OUT_TEXT);
    cli_out_table(&printed.out, columns, 4, rows(), "nothing");
    finish(&printed);
    assert_string_equal(printed.text, "NAME       COUNT  SINCE             IS\n"
                                      "a\\x1bb         7  2026-11-24 14:05  yes\n"
                                      "long name   1000  -                 no\n");
    drop(&printed);
}

static void an_empty_table_says_so(void **state)
{
    (void)state;
    struct printed printed;
    begin(&printed, CLI_OUT_TEXT);
    cli_out_table(&printed.out, columns, 4, json_array(), "There is nothing.");
    finish(&printed);
    assert_string_equal(printed.text, "There is nothing.\n");
    drop(&printed);
}

static void json_is_one_object_a_line(void **state)
{
    (void)state;
    struct printed printed;
    begin(&printed, CLI_OUT_JSON);
    cli_out_table(&printed.out, columns, 4, rows(), "nothing");
    cli_out_say(&printed.out, "a sentence is not shown\n");
    cli_out_note(&printed.out, "nor a remark\n");
    finish(&printed);
    assert_string_equal(printed.text,
                        "{\"name\":\"a\\u001Bb\",\"count\":7,\"time\":\"2026-11-24T14:05:09.250Z\","
                        "\"is\":true}\n"
                        "{\"name\":\"long name\",\"count\":1000,\"time\":null,\"is\":false}\n");
    assert_string_equal(printed.error, "");
    drop(&printed);
}

static void records_on_a_terminal_are_ascii(void **state)
{
    (void)state;
    struct printed printed;
    begin(&printed, CLI_OUT_JSON);
    printed.out.is_terminal = true;
    json_t *record = json_object();
    cli_json_set(record, "text", cli_json_text(TB_LITERAL("\xe2\x80\xae\x7f\xc2\x9b")));
    cli_out_record(&printed.out, record);
    finish(&printed);
    for (size_t i = 0; i < printed.text_len; i++) {
        assert_true(printed.text[i] == '\n' || (printed.text[i] >= 0x20 && printed.text[i] < 0x7f));
    }
    drop(&printed);
}

static void collected_records_keep_their_shape(void **state)
{
    (void)state;
    struct cli_out out = { .form = CLI_OUT_COLLECT };
    json_t *taken = cli_out_take(&out, true);
    assert_int_equal(json_array_size(taken), 0);
    assert_true(json_is_array(taken));
    json_decref(taken);
    cli_out_record(&out, json_pack("{s:i}", "a", 1));
    taken = cli_out_take(&out, true);
    assert_int_equal(json_array_size(taken), 1);
    json_decref(taken);
    cli_out_record(&out, json_pack("{s:i}", "a", 1));
    taken = cli_out_take(&out, false);
    assert_true(json_is_object(taken));
    json_decref(taken);
}

static void text_that_is_no_utf8_becomes_a_string_all_the_same(void **state)
{
    (void)state;
    json_t *value = cli_json_text(TB_LITERAL("a\xff"));
    assert_string_equal(json_string_value(value), "a\\xff");
    json_decref(value);
    value = cli_json_text((tb_bytes){ 0 });
    assert_string_equal(json_string_value(value), "");
    json_decref(value);
}

static void an_error_has_cause_detail_and_advice(void **state)
{
    (void)state;
    struct printed printed;
    struct cli_problem problem = cli_status_problem(TB_STATUS(CLI_CONNECT));
    begin(&printed, CLI_OUT_TEXT);
    assert_int_equal(cli_out_fail(&printed.out, &problem, "send", TB_LITERAL("a\x1b: refused")),
                     CLI_EXIT_NETWORK);
    finish(&printed);
    assert_string_equal(printed.error,
                        "timbre: cannot send: the hub cannot be reached (a\\x1b: refused)\n"
                        "Look whether the hub runs and the network works.\n");
    drop(&printed);
}

static void an_error_in_json_is_a_problem(void **state)
{
    (void)state;
    struct printed printed;
    struct cli_problem problem = cli_status_chat(CHAT_CODE_NO_CONSENT);
    begin(&printed, CLI_OUT_JSON);
    assert_int_equal(cli_out_fail(&printed.out, &problem, "add", (tb_bytes){ 0 }), CLI_EXIT_DENIED);
    finish(&printed);
    json_t *record = json_loads(printed.error, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(record, "code")), "no_consent");
    assert_string_equal(json_string_value(json_object_get(record, "type")), "about:blank");
    assert_int_equal(json_integer_value(json_object_get(record, "exit")), CLI_EXIT_DENIED);
    assert_non_null(json_object_get(record, "title"));
    assert_non_null(json_object_get(record, "advice"));
    json_decref(record);
    drop(&printed);
}

static void every_answer_of_the_hub_has_an_exit_code_and_a_name(void **state)
{
    (void)state;
    static const uint16_t codes[] = {
#define CODE_NUMBER(NAME_, NUMBER_, HTTP_, TEXT_, SENTENCE_) NUMBER_,
        CHAT_CODE_LIST(CODE_NUMBER)
    };
    for (size_t i = 1; i < sizeof codes / sizeof codes[0]; i++) {
        struct cli_problem problem = cli_status_chat(codes[i]);
        assert_true(problem.exit >= CLI_EXIT_FAILED && problem.exit <= CLI_EXIT_VERIFY);
        assert_string_equal(problem.code, chat_code_name(codes[i]));
        assert_true(strlen(problem.title) > 0);
    }
    assert_int_equal(cli_status_chat(CHAT_CODE_RESTRICTED).exit, CLI_EXIT_DENIED);
    assert_int_equal(cli_status_chat(CHAT_CODE_NOT_FOUND).exit, CLI_EXIT_NOT_FOUND);
    assert_int_equal(cli_status_chat(CHAT_CODE_INVITATION_USED).exit, CLI_EXIT_CONFLICT);
    assert_int_equal(cli_status_chat(CHAT_CODE_INVALID_COMMIT).exit, CLI_EXIT_VERIFY);
}

static void every_status_of_the_client_has_an_exit_code_and_a_name(void **state)
{
    (void)state;
    static const struct { uint16_t code; const char *text; } codes[] = {
#define STATUS_NUMBER(NAME_, NUMBER_, TEXT_) { NUMBER_, TEXT_ },
        CLIENT_STATUS_LIST(STATUS_NUMBER)
        CLI_STATUS_LIST(STATUS_NUMBER)
    };
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        struct cli_problem problem = cli_status_problem(TB_STATUS(codes[i].code));
        assert_true(problem.exit >= CLI_EXIT_FAILED && problem.exit <= CLI_EXIT_VERIFY);
        assert_string_equal(problem.title, codes[i].text);
        assert_true(strlen(problem.code) > 0);
        assert_null(strpbrk(problem.code, " ABCDEFGHIJKLMNOPQRSTUVWXYZ"));
    }
    assert_string_equal(cli_status_problem(TB_STATUS(CLI_PASSPHRASE_WRONG)).code,
                        "passphrase_wrong");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_are_aligned_and_harmless),
        cmocka_unit_test(an_empty_table_says_so),
        cmocka_unit_test(json_is_one_object_a_line),
        cmocka_unit_test(records_on_a_terminal_are_ascii),
        cmocka_unit_test(collected_records_keep_their_shape),
        cmocka_unit_test(text_that_is_no_utf8_becomes_a_string_all_the_same),
        cmocka_unit_test(an_error_has_cause_detail_and_advice),
        cmocka_unit_test(an_error_in_json_is_a_problem),
        cmocka_unit_test(every_answer_of_the_hub_has_an_exit_code_and_a_name),
        cmocka_unit_test(every_status_of_the_client_has_an_exit_code_and_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
