/* Deterministic CBOR: RFC 8949, section 4.2.1; examples from its appendix A. */
#include "tests/support.h"
#include "wire/cbor.h"

static tb_status open_hex(const char *hex)
{
    uint8_t octets[256];
    struct wire_cbor cbor;
    return wire_cbor_open(test_hex(hex, octets, sizeof octets), &cbor);
}

static void examples_in_shortest_form_are_accepted(void **state)
{
    (void)state;
    static const char *const accepted[] = {
        "00", "17", "1818", "18ff", "190100", "19ffff", "1a00010000", "1affffffff",
        "1b0000000100000000", "1bffffffffffffffff", "20", "3863", "3bffffffffffffffff",
        "40", "4401020304", "60", "6161", "62c3bc", "64f0908591", "80", "83010203",
        "8301820203820405", "a0", "a201020304", "a26161016162820203",
        "c06a323031332d30332d3231", "f4", "f5", "f6", "f7", "f0", "f8ff", "f820",
        "f90000", "f98000", "f93c00", "f97bff", "fa47c35000", "fa7f7fffff", "fb7e37e43c8800759c",
        "f90001", "f90400", "fb3ff199999999999a", "f97c00", "f9fc00", "f97e00",
        "fa00000001", "fb0000000000000001",
    };
    for (size_t i = 0; i < sizeof accepted / sizeof accepted[0]; i++) {
        assert_ok(open_hex(accepted[i]));
    }
}

static void longer_integers_and_lengths_than_needed_are_refused(void **state)
{
    (void)state;
    static const char *const refused[] = {
        "1800", "1817", "190000", "1900ff", "1a00000000", "1a0000ffff", "1b0000000000000000",
        "1b00000000ffffffff", "3800", "3900ff", "5800", "580161", "7800", "780161", "9800",
        "980101", "b800", "d81761", "d80000",
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        assert_status(open_hex(refused[i]), WIRE_CBOR_FORM);
    }
}

static void indefinite_lengths_and_reserved_forms_are_refused(void **state)
{
    (void)state;
    static const char *const refused[] = {
        "5f42010243030405ff", "7f657374726561646d696e67ff", "9fff", "bfff", "ff", "1c", "1d", "1e",
        "1f", "3f", "dc00", "fc", "fd", "fe", "f800", "f814", "f816", "f81f",
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        assert_status(open_hex(refused[i]), WIRE_CBOR_FORM);
    }
}

static void floats_that_fit_a_shorter_form_are_refused(void **state)
{
    (void)state;
    static const char *const refused[] = {
        "fa00000000", "fa80000000", "fa3f800000", "fa477fe000", "fa33800000", "fa38800000",
        "fa7f800000", "fa7fc00000", "fa7f800001", "fb0000000000000000", "fb3ff0000000000000",
        "fb47efffffe0000000", "fb36a0000000000000", "fb7ff0000000000000", "fb7ff8000000000000",
        "f97e01", "f9fe00", "f97c01",
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        assert_status(open_hex(refused[i]), WIRE_CBOR_FORM);
    }
    /* One unit beyond what the shorter form can hold. */
    assert_ok(open_hex("fa33800001"));
    assert_ok(open_hex("fa33000000"));
    assert_ok(open_hex("fa47800000"));
    assert_ok(open_hex("fa3f801000"));
    assert_ok(open_hex("fb3ff0000010000000"));
    assert_ok(open_hex("fb36a0000000000001"));
    assert_ok(open_hex("fb3690000000000000"));
    assert_ok(open_hex("fb47f0000000000000"));
}

static void map_keys_are_sorted_bytewise_and_unique(void **state)
{
    (void)state;
    assert_ok(open_hex("a4 01 00 02 00 190100 00 20 00")); /* 1, 2, 256, -1 */
    assert_ok(open_hex("a3 20 00 4161 00 6161 00"));       /* -1, 'a', "a" */
    assert_status(open_hex("a2 01 00 01 00"), WIRE_CBOR_FORM);
    assert_status(open_hex("a2 02 00 01 00"), WIRE_CBOR_FORM);
    assert_status(open_hex("a2 20 00 01 00"), WIRE_CBOR_FORM);
    assert_status(open_hex("a2 6162 00 6161 00"), WIRE_CBOR_FORM);
    assert_status(open_hex("a2 626161 00 6162 00"), WIRE_CBOR_FORM); /* length first: "b" < "aa" */
    assert_status(open_hex("81 a1 00 a2 02 00 01 00"), WIRE_CBOR_FORM);
}

static void texts_are_utf8_and_byte_strings_are_free(void **state)
{
    (void)state;
    assert_status(open_hex("61ff"), WIRE_TEXT);
    assert_status(open_hex("62c080"), WIRE_TEXT);
    assert_status(open_hex("81 63eda080"), WIRE_TEXT);
    assert_ok(open_hex("41ff"));
}

static void every_prefix_is_truncated_and_every_extension_trails(void **state)
{
    (void)state;
    static const char sample[] = "87 50 000102030405060708090a0b0c0d0e0f f6 40 82f51903e8 f6"
                                 "a2 01 6161 20 82014102 84 01 62656e 01 190100";
    uint8_t octets[128];
    struct wire_cbor cbor;
    tb_bytes whole = test_hex(sample, octets, sizeof octets - 1);
    assert_ok(wire_cbor_open(whole, &cbor));
    for (size_t len = 0; len < whole.len; len++) {
        assert_status(wire_cbor_open((tb_bytes){ octets, len }, &cbor), WIRE_TRUNCATED);
    }
    for (int octet = 0; octet < 256; octet++) {
        octets[whole.len] = (uint8_t)octet;
        assert_status(wire_cbor_open((tb_bytes){ octets, whole.len + 1 }, &cbor), WIRE_TRAILING);
    }
    assert_status(wire_cbor_open((tb_bytes){ NULL, 0 }, &cbor), WIRE_TRUNCATED);
}

static void counts_larger_than_the_input_are_truncated_at_once(void **state)
{
    (void)state;
    assert_status(open_hex("9bffffffffffffffff"), WIRE_TRUNCATED);
    assert_status(open_hex("bbffffffffffffffff"), WIRE_TRUNCATED);
    assert_status(open_hex("5bffffffffffffffff00"), WIRE_TRUNCATED);
    assert_status(open_hex("7bffffffffffffffff00"), WIRE_TRUNCATED);
    assert_status(open_hex("a3 01 02 03 04"), WIRE_TRUNCATED);
}

static void nesting_ends_at_the_depth_limit(void **state)
{
    (void)state;
    uint8_t octets[WIRE_CBOR_DEPTH_MAX + 1];
    struct wire_cbor cbor;
    static const uint8_t openers[] = { 0x81, 0xc1 }; /* an array of one, a tag */
    for (size_t i = 0; i < sizeof openers; i++) {
        memset(octets, openers[i], sizeof octets);
        octets[WIRE_CBOR_DEPTH_MAX - 1] = 0x00;
        assert_ok(wire_cbor_open((tb_bytes){ octets, WIRE_CBOR_DEPTH_MAX }, &cbor));
        octets[WIRE_CBOR_DEPTH_MAX - 1] = openers[i];
        octets[WIRE_CBOR_DEPTH_MAX] = 0x00;
        assert_status(wire_cbor_open(TB_ARRAY(octets), &cbor), WIRE_CBOR_DEPTH);
    }
}

struct fixture {
    struct test_heap heap;
    struct tb_buf buf;
};

static int setup(void **state)
{
    struct fixture *f = malloc(sizeof *f);
    if (f == NULL) return -1;
    test_heap_init(&f->heap);
    tb_buf_init(&f->buf, &f->heap.mem, 4096);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    tb_buf_wipe(&f->buf);
    int left = f->heap.mem.used_bytes != 0;
    free(f);
    return left;
}

static void what_is_written_is_read_back_in_order(void **state)
{
    struct fixture *f = *state;
    struct wire_cbor cbor;
    uint64_t u;
    int64_t i;
    size_t count;
    bool b;
    tb_bytes view;
    assert_ok(wire_cbor_put_array(&f->buf, 9));
    assert_ok(wire_cbor_put_uint(&f->buf, UINT64_MAX));
    assert_ok(wire_cbor_put_int(&f->buf, INT64_MIN));
    assert_ok(wire_cbor_put_bytes(&f->buf, TB_LITERAL("\xff\x00")));
    assert_ok(wire_cbor_put_string(&f->buf, TB_LITERAL("gr\xc3\xbc\xc3\x9f")));
    assert_ok(wire_cbor_put_bool(&f->buf, true));
    assert_ok(wire_cbor_put_bool(&f->buf, false));
    assert_ok(wire_cbor_put_null(&f->buf));
    assert_ok(wire_cbor_put_map(&f->buf, 1));
    assert_ok(wire_cbor_put_int(&f->buf, -1));
    assert_ok(wire_cbor_put_array(&f->buf, 0));
    assert_ok(wire_cbor_put_tag(&f->buf, 32));
    assert_ok(wire_cbor_put_string(&f->buf, TB_LITERAL("x")));

    assert_ok(wire_cbor_open(tb_buf_view(&f->buf), &cbor));
    assert_ok(wire_cbor_take_array(&cbor, &count));
    assert_int_equal(count, 9);
    assert_ok(wire_cbor_take_uint(&cbor, &u));
    assert_true(u == UINT64_MAX);
    assert_ok(wire_cbor_take_int(&cbor, &i));
    assert_true(i == INT64_MIN);
    assert_ok(wire_cbor_take_bytes(&cbor, &view));
    assert_bytes(view, TB_LITERAL("\xff\x00"));
    assert_ok(wire_cbor_take_string(&cbor, &view));
    assert_bytes(view, TB_LITERAL("gr\xc3\xbc\xc3\x9f"));
    assert_ok(wire_cbor_take_bool(&cbor, &b));
    assert_true(b);
    assert_ok(wire_cbor_take_bool(&cbor, &b));
    assert_false(b);
    assert_ok(wire_cbor_take_null(&cbor));
    assert_ok(wire_cbor_take_map(&cbor, &count));
    assert_int_equal(count, 1);
    assert_ok(wire_cbor_take_int(&cbor, &i));
    assert_int_equal(i, -1);
    assert_ok(wire_cbor_take_item(&cbor, &view));
    assert_bytes(view, TB_LITERAL("\x80"));
    assert_ok(wire_cbor_take_tag(&cbor, &u));
    assert_int_equal(u, 32);
    assert_false(wire_cbor_at_end(&cbor));
    assert_ok(wire_cbor_take_item(&cbor, NULL));
    assert_true(wire_cbor_at_end(&cbor));
    assert_status(wire_cbor_take_item(&cbor, NULL), WIRE_TRUNCATED);
}

static void integers_of_every_size_are_written_in_shortest_form(void **state)
{
    struct fixture *f = *state;
    static const int64_t values[] = { 0, 23, 24, 255, 256, 65535, 65536, 4294967295, 4294967296,
                                      INT64_MAX, -1, -24, -25, -256, -257, -65536, -65537,
                                      -4294967296, -4294967297, INT64_MIN };
    static const size_t lens[] = { 1, 1, 2, 2, 3, 3, 5, 5, 9, 9, 1, 1, 2, 2, 3, 3, 5, 5, 9, 9 };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        struct wire_cbor cbor;
        int64_t back;
        tb_buf_clear(&f->buf);
        assert_ok(wire_cbor_put_int(&f->buf, values[i]));
        assert_int_equal(f->buf.len, lens[i]);
        assert_ok(wire_cbor_open(tb_buf_view(&f->buf), &cbor));
        assert_ok(wire_cbor_take_int(&cbor, &back));
        assert_true(back == values[i]);
    }
}

static void integers_outside_int64_are_another_type(void **state)
{
    (void)state;
    uint8_t octets[16];
    struct wire_cbor cbor;
    int64_t i = 5;
    assert_ok(wire_cbor_open(test_hex("1b8000000000000000", octets, 16), &cbor));
    assert_status(wire_cbor_take_int(&cbor, &i), WIRE_CBOR_TYPE);
    assert_ok(wire_cbor_open(test_hex("3b8000000000000000", octets, 16), &cbor));
    assert_status(wire_cbor_take_int(&cbor, &i), WIRE_CBOR_TYPE);
    assert_int_equal(i, 5);
}

/* A cursor on one item of each kind; every take but its own refuses and consumes nothing. */
static void a_foreign_kind_is_refused_and_stays(void **state)
{
    (void)state;
    static const char *const items[] = { "05", "24", "4100", "6161", "8100", "a10000", "c100",
                                         "f5", "f6", "f7" };
    for (int kind = WIRE_CBOR_UINT; kind <= WIRE_CBOR_OTHER; kind++) {
        uint8_t octets[8];
        struct wire_cbor cbor, start;
        enum wire_cbor_kind found;
        uint64_t u;
        size_t count;
        bool b;
        tb_bytes view;
        assert_ok(wire_cbor_open(test_hex(items[kind - 1], octets, 8), &start));
        assert_ok(wire_cbor_peek(&start, &found));
        assert_int_equal(found, kind);
        int status[WIRE_CBOR_OTHER] = { 0 };
#define TAKE(KIND_, CALL_)                                                                         \
    cbor = start;                                                                                  \
    status[KIND_] = (CALL_).code;                                                                  \
    if (status[KIND_] != TB_OK) assert_bytes(cbor.rest, start.rest)
        TAKE(WIRE_CBOR_UINT, wire_cbor_take_uint(&cbor, &u));
        TAKE(WIRE_CBOR_BYTES, wire_cbor_take_bytes(&cbor, &view));
        TAKE(WIRE_CBOR_STRING, wire_cbor_take_string(&cbor, &view));
        TAKE(WIRE_CBOR_ARRAY, wire_cbor_take_array(&cbor, &count));
        TAKE(WIRE_CBOR_MAP, wire_cbor_take_map(&cbor, &count));
        TAKE(WIRE_CBOR_TAG, wire_cbor_take_tag(&cbor, &u));
        TAKE(WIRE_CBOR_BOOL, wire_cbor_take_bool(&cbor, &b));
        TAKE(WIRE_CBOR_NULL, wire_cbor_take_null(&cbor));
#undef TAKE
        for (int taken = WIRE_CBOR_UINT; taken <= WIRE_CBOR_NULL; taken++) {
            if (taken == WIRE_CBOR_NEGATIVE) continue; /* take_int reads both signs */
            assert_int_equal(status[taken], taken == kind ? TB_OK : WIRE_CBOR_TYPE);
        }
    }
}

static void pairs_are_sorted_and_double_keys_refused(void **state)
{
    struct fixture *f = *state;
    struct wire_cbor cbor;
    const struct wire_cbor_pair pairs[] = {
        { TB_LITERAL("\x20"), TB_LITERAL("\x80") },
        { TB_LITERAL("\x19\x01\x00"), TB_LITERAL("\x00") },
        { TB_LITERAL("\x01"), TB_LITERAL("\x61z") },
    };
    assert_ok(wire_cbor_put_pairs(&f->buf, pairs, 3));
    assert_bytes(tb_buf_view(&f->buf), TB_LITERAL("\xa3\x01\x61z\x19\x01\x00\x00\x20\x80"));
    assert_ok(wire_cbor_open(tb_buf_view(&f->buf), &cbor));

    const struct wire_cbor_pair twice[] = { pairs[0], pairs[1], pairs[0] };
    size_t len = f->buf.len;
    assert_status(wire_cbor_put_pairs(&f->buf, twice, 3), WIRE_CBOR_FORM);
    assert_int_equal(f->buf.len, len);
    assert_ok(wire_cbor_put_pairs(&f->buf, NULL, 0));
}

static void writing_a_text_that_is_not_utf8_is_refused(void **state)
{
    struct fixture *f = *state;
    assert_status(wire_cbor_put_string(&f->buf, TB_LITERAL("\xff")), WIRE_TEXT);
    assert_int_equal(f->buf.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples_in_shortest_form_are_accepted),
        cmocka_unit_test(longer_integers_and_lengths_than_needed_are_refused),
        cmocka_unit_test(indefinite_lengths_and_reserved_forms_are_refused),
        cmocka_unit_test(floats_that_fit_a_shorter_form_are_refused),
        cmocka_unit_test(map_keys_are_sorted_bytewise_and_unique),
        cmocka_unit_test(texts_are_utf8_and_byte_strings_are_free),
        cmocka_unit_test(every_prefix_is_truncated_and_every_extension_trails),
        cmocka_unit_test(counts_larger_than_the_input_are_truncated_at_once),
        cmocka_unit_test(nesting_ends_at_the_depth_limit),
        cmocka_unit_test(integers_outside_int64_are_another_type),
        cmocka_unit_test(a_foreign_kind_is_refused_and_stays),
        cmocka_unit_test_setup_teardown(what_is_written_is_read_back_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(integers_of_every_size_are_written_in_shortest_form, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(pairs_are_sorted_and_double_keys_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(writing_a_text_that_is_not_utf8_is_refused, setup,
                                        teardown),
    };
    return cmocka_run_group_tests_name("wire/cbor", tests, NULL, NULL);
}
