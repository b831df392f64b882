/* Text of others on a terminal, spans of time, and hints. */
#include "tests/support.h"

#include <locale.h>
#include <stdio.h>

#include "host/client_text.h"

static char shown_text[512];

static const char *shown(tb_bytes text, enum cli_text_lines lines, size_t indent)
{
    memset(shown_text, 0, sizeof shown_text);
    FILE *to = fmemopen(shown_text, sizeof shown_text - 1, "w");
    assert_non_null(to);
    cli_text_print(to, text, lines, indent);
    assert_int_equal(fclose(to), 0);
    return shown_text;
}

static const char *one_line(const char *text)
{
    return shown(tb_bytes_text(text), CLI_TEXT_ONE_LINE, 0);
}

static void control_characters_are_made_visible(void **state)
{
    (void)state;
    assert_string_equal(one_line("\x1b[31mred"), "\\x1b[31mred");
    assert_string_equal(one_line("a\rb\tc\x7f"), "a\\x0db\\x09c\\x7f");
    assert_string_equal(one_line("bell\x07"), "bell\\x07");
    assert_string_equal(shown(tb_bytes_of("a\0b", 3), CLI_TEXT_ONE_LINE, 0), "a\\x00b");
}

static void c1_controls_are_made_visible(void **state)
{
    (void)state;
    assert_string_equal(one_line("\xc2\x9b" "31m"), "\\u{9b}31m"); /* CSI in one character */
}

static void direction_marks_and_hidden_characters_are_made_visible(void **state)
{
    (void)state;
    assert_string_equal(one_line("ab\xe2\x80\xae" "dc"), "ab\\u{202e}dc");
    assert_string_equal(one_line("\xe2\x81\xa6x"), "\\u{2066}x");
    assert_string_equal(one_line("a\xe2\x80\x8b"), "a\\u{200b}");
    assert_string_equal(one_line("\xe2\x80\xa8"), "\\u{2028}");
    assert_string_equal(one_line("\xef\xbb\xbf"), "\\u{feff}");
}

static void octets_that_are_no_utf8_are_made_visible(void **state)
{
    (void)state;
    assert_string_equal(one_line("\xff"), "\\xff");
    assert_string_equal(one_line("\xc3"), "\\xc3");              /* cut */
    assert_string_equal(one_line("\xc0\xaf"), "\\xc0\\xaf");     /* overlong */
    assert_string_equal(one_line("\xed\xa0\x80"), "\\xed\\xa0\\x80"); /* surrogate */
    assert_string_equal(one_line("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
}

static void ordinary_text_stays_as_it_is(void **state)
{
    (void)state;
    assert_string_equal(one_line("\xc3\xa9t\xc3\xa9 \xf0\x9f\x99\x82 \\x1b"),
                        "\xc3\xa9t\xc3\xa9 \xf0\x9f\x99\x82 \\x1b");
    assert_string_equal(one_line(""), "");
}

static void a_line_feed_is_indented_or_made_visible(void **state)
{
    (void)state;
    assert_string_equal(one_line("a\nb"), "a\\x0ab");
    assert_string_equal(shown(TB_LITERAL("a\nb\n"), CLI_TEXT_INDENTED, 3), "a\n   b");
}

static void width_counts_columns_not_octets(void **state)
{
    (void)state;
    if (setlocale(LC_CTYPE, "C.UTF-8") == NULL) skip();
    assert_int_equal(cli_text_width(TB_LITERAL("\xc3\xa9t\xc3\xa9")), 3);
    assert_int_equal(cli_text_width(TB_LITERAL("\xe4\xb8\xad")), 2);
    assert_int_equal(cli_text_width(TB_LITERAL("\x1b")), 4);
}

static void spans_have_a_number_and_a_unit(void **state)
{
    (void)state;
    uint64_t span_ms = 7;
    assert_true(cli_text_span("30s", &span_ms));
    assert_int_equal(span_ms, 30000);
    assert_true(cli_text_span("5m", &span_ms));
    assert_int_equal(span_ms, 300000);
    assert_true(cli_text_span("24h", &span_ms));
    assert_int_equal(span_ms, 86400000);
    assert_true(cli_text_span("7d", &span_ms));
    assert_int_equal(span_ms, 604800000);
    const char *wrong[] = { "", "s", "5", "5w", "-5s", "5 s", "1.5h", "3651d", "5ss",
                            "99999999999999999999s" };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        span_ms = 7;
        assert_false(cli_text_span(wrong[i], &span_ms));
        assert_int_equal(span_ms, 7);
    }
}

static void numbers_are_bounded_decimals(void **state)
{
    (void)state;
    uint64_t value = 7;
    assert_true(cli_text_number("0", 10, &value));
    assert_int_equal(value, 0);
    assert_true(cli_text_number("18446744073709551615", UINT64_MAX, &value));
    assert_true(value == UINT64_MAX);
    value = 7;
    assert_false(cli_text_number("18446744073709551616", UINT64_MAX, &value));
    assert_false(cli_text_number("11", 10, &value));
    assert_false(cli_text_number("9", 3, &value));
    assert_false(cli_text_number("", 10, &value));
    assert_false(cli_text_number("+1", 10, &value));
    assert_int_equal(value, 7);
}

static void distance_counts_edits(void **state)
{
    (void)state;
    assert_int_equal(cli_text_distance("room", "room"), 0);
    assert_int_equal(cli_text_distance("rom", "room"), 1);
    assert_int_equal(cli_text_distance("", "room"), 4);
    assert_int_equal(cli_text_distance("send", "tail"), 4);
    assert_int_equal(cli_text_distance("a word of more than thirty-two letters", "a"), 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(control_characters_are_made_visible),
        cmocka_unit_test(c1_controls_are_made_visible),
        cmocka_unit_test(direction_marks_and_hidden_characters_are_made_visible),
        cmocka_unit_test(octets_that_are_no_utf8_are_made_visible),
        cmocka_unit_test(ordinary_text_stays_as_it_is),
        cmocka_unit_test(a_line_feed_is_indented_or_made_visible),
        cmocka_unit_test(width_counts_columns_not_octets),
        cmocka_unit_test(spans_have_a_number_and_a_unit),
        cmocka_unit_test(numbers_are_bounded_decimals),
        cmocka_unit_test(distance_counts_edits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
