/* Texts: RFC 3629 (UTF-8), RFC 4648 (base64), hexadecimal and decimal in one form each. */
#include "tests/support.h"
#include "wire/text.h"

static bool utf8(const char *text) { return wire_text_is_utf8(tb_bytes_text(text)); }

static void valid_utf8_is_accepted_at_every_boundary(void **state)
{
    (void)state;
    assert_true(utf8(""));
    assert_true(utf8("plain"));
    assert_true(utf8("\x7f\xc2\x80\xdf\xbf"));                      /* U+7F, U+80, U+7FF */
    assert_true(utf8("\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf"));
    assert_true(utf8("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"));          /* U+10000, U+10FFFF */
    assert_true(wire_text_is_utf8(TB_LITERAL("a\0b")));             /* U+0 is a character */
}

static void overlong_utf8_is_refused(void **state)
{
    (void)state;
    assert_false(utf8("\xc0\x80"));
    assert_false(utf8("\xc1\xbf"));
    assert_false(utf8("\xe0\x9f\xbf"));
    assert_false(utf8("\xf0\x8f\xbf\xbf"));
}

static void surrogates_and_numbers_over_10ffff_are_refused(void **state)
{
    (void)state;
    assert_false(utf8("\xed\xa0\x80"));
    assert_false(utf8("\xed\xbf\xbf"));
    assert_false(utf8("\xf4\x90\x80\x80"));
    assert_false(utf8("\xf5\x80\x80\x80"));
    assert_false(utf8("\xff"));
}

static void broken_utf8_sequences_are_refused(void **state)
{
    (void)state;
    assert_false(utf8("\x80"));
    assert_false(utf8("\xc2"));
    assert_false(utf8("\xc2 "));
    assert_false(utf8("\xe2\x82"));
    assert_false(utf8("\xe2\x82\x41"));
    assert_false(utf8("\xf0\x9f\x98"));
    assert_false(utf8("ok\xf0\x9f\x98 "));
}

static void hex_is_lower_case_and_comes_back(void **state)
{
    (void)state;
    uint8_t all[256], back[256];
    char text[512];
    for (size_t i = 0; i < sizeof all; i++) all[i] = (uint8_t)i;
    wire_text_hex_encode(TB_ARRAY(all), text);
    assert_memory_equal(text, "000102030405060708090a0b0c0d0e0f10", 34);
    assert_memory_equal(text + 508, "feff", 4);
    assert_ok(wire_text_hex_decode(tb_bytes_of(text, sizeof text), back, sizeof back));
    assert_memory_equal(all, back, sizeof all);
}

static void hex_refuses_every_other_character_and_length(void **state)
{
    (void)state;
    uint8_t out[2];
    for (int c = 0; c < 256; c++) {
        bool is_digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
        uint8_t first[2] = { (uint8_t)c, '0' }, second[2] = { '0', (uint8_t)c };
        int expected = is_digit ? TB_OK : WIRE_TEXT;
        assert_status(wire_text_hex_decode(TB_ARRAY(first), out, 1), expected);
        assert_status(wire_text_hex_decode(TB_ARRAY(second), out, 1), expected);
    }
    assert_status(wire_text_hex_decode(TB_LITERAL("000"), out, 1), WIRE_TEXT);
    assert_status(wire_text_hex_decode(TB_LITERAL("00"), out, 2), WIRE_TEXT);
    assert_status(wire_text_hex_decode(TB_LITERAL("0000"), out, 1), WIRE_TEXT);
    assert_ok(wire_text_hex_decode(TB_LITERAL(""), out, 0));
}

static void base64_has_the_vectors_of_rfc_4648_section_10(void **state)
{
    (void)state;
    static const struct { const char *plain, *padded, *url; } rows[] = {
        { "", "", "" },
        { "f", "Zg==", "Zg" },
        { "fo", "Zm8=", "Zm8" },
        { "foo", "Zm9v", "Zm9v" },
        { "foob", "Zm9vYg==", "Zm9vYg" },
        { "fooba", "Zm9vYmE=", "Zm9vYmE" },
        { "foobar", "Zm9vYmFy", "Zm9vYmFy" },
        { "\xfb\xff\xbf", "+/+/", "-_-_" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int form = WIRE_TEXT_BASE64; form <= WIRE_TEXT_BASE64URL; form++) {
            tb_bytes plain = tb_bytes_text(rows[i].plain);
            tb_bytes text = tb_bytes_text(form == WIRE_TEXT_BASE64 ? rows[i].padded : rows[i].url);
            char encoded[16];
            uint8_t decoded[16];
            size_t len;
            assert_int_equal(wire_text_base64_size((enum wire_text_base64)form, plain.len),
                             text.len);
            wire_text_base64_encode((enum wire_text_base64)form, plain, encoded);
            assert_bytes(tb_bytes_of(encoded, text.len), text);
            assert_ok(wire_text_base64_decode((enum wire_text_base64)form, text, decoded,
                                              plain.len, &len));
            assert_bytes(tb_bytes_of(decoded, len), plain);
        }
    }
}

static tb_status base64(enum wire_text_base64 form, const char *text, size_t out_max)
{
    uint8_t out[32];
    size_t len;
    return wire_text_base64_decode(form, tb_bytes_text(text), out, out_max, &len);
}

static void base64_refuses_what_it_would_not_write(void **state)
{
    (void)state;
    assert_status(base64(WIRE_TEXT_BASE64, "Zg", 32), WIRE_TEXT);      /* padding missing */
    assert_status(base64(WIRE_TEXT_BASE64, "Zg=", 32), WIRE_TEXT);
    assert_status(base64(WIRE_TEXT_BASE64, "Zh==", 32), WIRE_TEXT);    /* unused bits set */
    assert_status(base64(WIRE_TEXT_BASE64, "Zm9=", 32), WIRE_TEXT);
    assert_status(base64(WIRE_TEXT_BASE64, "Z===", 32), WIRE_TEXT);
    assert_status(base64(WIRE_TEXT_BASE64, "====", 32), WIRE_TEXT);
    assert_status(base64(WIRE_TEXT_BASE64, "Zg==Zg==", 32), WIRE_TEXT);
    assert_status(base64(WIRE_TEXT_BASE64, "Zm9v\n", 32), WIRE_TEXT);
    assert_status(base64(WIRE_TEXT_BASE64, "-_-_", 32), WIRE_TEXT);    /* the other alphabet */
    assert_status(base64(WIRE_TEXT_BASE64URL, "+/+/", 32), WIRE_TEXT);
    assert_status(base64(WIRE_TEXT_BASE64URL, "Zg==", 32), WIRE_TEXT); /* padding not wanted */
    assert_status(base64(WIRE_TEXT_BASE64URL, "Zh", 32), WIRE_TEXT);
    assert_status(base64(WIRE_TEXT_BASE64URL, "Z", 32), WIRE_TEXT);
    assert_status(base64(WIRE_TEXT_BASE64, "Zm9v", 2), TB_TOO_LONG);
}

static void base64_comes_back_for_every_length(void **state)
{
    (void)state;
    struct test_rng rng;
    test_rng_init(&rng, 1);
    for (size_t len = 0; len < 100; len++) {
        for (int form = WIRE_TEXT_BASE64; form <= WIRE_TEXT_BASE64URL; form++) {
            uint8_t value[100], back[100];
            char text[136];
            size_t back_len, size = wire_text_base64_size((enum wire_text_base64)form, len);
            assert_ok(tb_rng_fill(&rng.rng, value, len));
            wire_text_base64_encode((enum wire_text_base64)form, tb_bytes_of(value, len), text);
            assert_ok(wire_text_base64_decode((enum wire_text_base64)form, tb_bytes_of(text, size),
                                              back, sizeof back, &back_len));
            assert_bytes(tb_bytes_of(back, back_len), tb_bytes_of(value, len));
        }
    }
}

static void decimal_has_one_form(void **state)
{
    (void)state;
    static const uint64_t values[] = { 0, 1, 9, 10, 99, 100, UINT32_MAX, UINT64_MAX };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        char text[WIRE_TEXT_U64_MAX];
        uint64_t back;
        size_t len = wire_text_u64_encode(values[i], text);
        assert_ok(wire_text_u64_decode(tb_bytes_of(text, len), &back));
        assert_true(back == values[i]);
    }
    uint64_t out = 7;
    assert_status(wire_text_u64_decode(TB_LITERAL(""), &out), WIRE_TEXT);
    assert_status(wire_text_u64_decode(TB_LITERAL("00"), &out), WIRE_TEXT);
    assert_status(wire_text_u64_decode(TB_LITERAL("01"), &out), WIRE_TEXT);
    assert_status(wire_text_u64_decode(TB_LITERAL("-1"), &out), WIRE_TEXT);
    assert_status(wire_text_u64_decode(TB_LITERAL("+1"), &out), WIRE_TEXT);
    assert_status(wire_text_u64_decode(TB_LITERAL("1 "), &out), WIRE_TEXT);
    assert_status(wire_text_u64_decode(TB_LITERAL("18446744073709551616"), &out), TB_OVERFLOW);
    assert_status(wire_text_u64_decode(TB_LITERAL("99999999999999999999"), &out), TB_OVERFLOW);
    assert_true(out == 7);
}

static void appending_respects_the_ceiling_of_the_buffer(void **state)
{
    (void)state;
    struct test_heap heap;
    struct tb_buf buf;
    test_heap_init(&heap);
    tb_buf_init(&buf, &heap.mem, 12);
    assert_ok(wire_text_put_hex(&buf, TB_LITERAL("\x01\xff")));
    assert_ok(wire_text_put_u64(&buf, 907));
    assert_ok(wire_text_put_base64(&buf, WIRE_TEXT_BASE64, TB_LITERAL("foo")));
    assert_bytes(tb_buf_view(&buf), TB_LITERAL("01ff907Zm9v"));
    assert_status(wire_text_put_hex(&buf, TB_LITERAL("x")), TB_TOO_LONG);
    assert_status(wire_text_put_u64(&buf, 10), TB_TOO_LONG);
    assert_status(wire_text_put_base64(&buf, WIRE_TEXT_BASE64URL, TB_LITERAL("x")), TB_TOO_LONG);
    assert_int_equal(buf.len, 11);
    tb_buf_wipe(&buf);
    assert_int_equal(heap.mem.used_bytes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid_utf8_is_accepted_at_every_boundary),
        cmocka_unit_test(overlong_utf8_is_refused),
        cmocka_unit_test(surrogates_and_numbers_over_10ffff_are_refused),
        cmocka_unit_test(broken_utf8_sequences_are_refused),
        cmocka_unit_test(hex_is_lower_case_and_comes_back),
        cmocka_unit_test(hex_refuses_every_other_character_and_length),
        cmocka_unit_test(base64_has_the_vectors_of_rfc_4648_section_10),
        cmocka_unit_test(base64_refuses_what_it_would_not_write),
        cmocka_unit_test(base64_comes_back_for_every_length),
        cmocka_unit_test(decimal_has_one_form),
        cmocka_unit_test(appending_respects_the_ceiling_of_the_buffer),
    };
    return cmocka_run_group_tests_name("wire/text", tests, NULL, NULL);
}
