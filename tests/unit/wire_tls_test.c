/*
 * The table interpreter: RFC 8446, section 3, and the vectors of RFC 9420, section 2.1.2.  One test
 * for each refusal; what holds for every table is in all_wire_test.c.
 */
#include "tests/support.h"
#include "wire/tls.h"

/* ---- tables of every kind of row ---- */

#define SCALARS(ROW, S)           \
    ROW(S, U8, small, NONE)       \
    ROW(S, U16, middle, NONE)     \
    ROW(S, U32, large, NONE)      \
    ROW(S, U64, huge, NONE)       \
    ROW(S, FIXED, tag, 3)
WIRE_STRUCT(scalars, SCALARS)
WIRE_TABLE(scalars, SCALARS)

#define BOUNDED(ROW, S)              \
    ROW(S, BYTES, any, NONE)         \
    ROW(S, BYTES_MAX, short_one, 3)  \
    ROW(S, BYTES_SOME, some, 2)
WIRE_STRUCT(bounded, BOUNDED)
WIRE_TABLE(bounded, BOUNDED)

#define PAIR(ROW, S)          \
    ROW(S, U8, key, NONE)     \
    ROW(S, BYTES, value, NONE)
WIRE_STRUCT(pair, PAIR)
WIRE_TABLE(pair, PAIR)

#define GROUPS(ROW, S)                \
    ROW(S, VEC, pairs, pair)          \
    ROW(S, OPT, maybe, pair)          \
    ROW(S, VEC, numbers, wire_u16)
WIRE_STRUCT(groups, GROUPS)
WIRE_TABLE(groups, GROUPS)

#define NESTED(ROW, S) ROW(S, VEC, groups, groups)
WIRE_STRUCT(nested, NESTED)
WIRE_TABLE(nested, NESTED)

#define CHOICE_ARMS(ARM, ARM_EMPTY, U) \
    ARM(U, 1, number, wire_u32)        \
    ARM(U, 7, pair, pair)              \
    ARM_EMPTY(U, 9, nothing)
WIRE_UNION(choice_select, CHOICE_ARMS)
#define CHOICE(ROW, S)            \
    ROW(S, U16, tag, NONE)        \
    ROW(S, U8, between, NONE)     \
    ROW(S, SELECT, of, choice_select)
WIRE_STRUCT(choice, CHOICE)
WIRE_ARMS_TABLE(choice_select, choice, tag, false, CHOICE_ARMS)
WIRE_TABLE(choice, CHOICE)

/* A select whose tag lies in a struct inside, and one that refuses no tag. */
#define OUTER_ARMS(ARM, ARM_EMPTY, U)   \
    ARM_EMPTY(U, 1, without)            \
    ARM(U, 7, extra, wire_opaque)
WIRE_UNION(outer_select, OUTER_ARMS)
#define OUTER(ROW, S)                 \
    ROW(S, SUB, inner, choice)        \
    ROW(S, SELECT, of, outer_select)
WIRE_STRUCT(outer, OUTER)
WIRE_ARMS_TABLE(outer_select, outer, inner.tag, true, OUTER_ARMS)
WIRE_TABLE(outer, OUTER)

#define MARKED(ROW, S)               \
    ROW(S, MARK, mark_start, NONE)   \
    ROW(S, U16, number, NONE)        \
    ROW(S, MARK, mark_middle, NONE)  \
    ROW(S, REST, rest, NONE)
WIRE_STRUCT(marked, MARKED)
WIRE_TABLE(marked, MARKED)

/* ---- the fixture ---- */

struct fixture {
    struct test_heap heap;
    struct tb_arena arena;
    struct tb_why why;
    uint8_t octets[512];
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    if (f == NULL) return -1;
    test_heap_init(&f->heap);
    tb_arena_init(&f->arena, &f->heap.mem, 1 << 20);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    tb_arena_wipe(&f->arena);
    int left = f->heap.mem.used_bytes != 0;
    free(f);
    return left;
}

static tb_status decode(struct fixture *f, const struct wire_desc *desc, const char *hex, void *out)
{
    return wire_decode(desc, test_hex(hex, f->octets, sizeof f->octets), &f->arena, out, &f->why);
}

static void assert_encodes_to(struct fixture *f, const struct wire_desc *desc, const void *value,
                              const char *hex)
{
    uint8_t expected[512];
    tb_bytes octets;
    size_t len;
    assert_ok(wire_encode(desc, value, &f->arena, &octets));
    assert_bytes(octets, test_hex(hex, expected, sizeof expected));
    assert_ok(wire_size(desc, value, &len));
    assert_int_equal(len, octets.len);
}

static void assert_why(const struct fixture *f, const char *type, const char *field, size_t offset)
{
    assert_string_equal(f->why.type, type);
    assert_string_equal(f->why.field, field);
    assert_int_equal(f->why.offset, offset);
}

/* ---- tests ---- */

static void scalars_are_big_endian(void **state)
{
    struct fixture *f = *state;
    struct scalars value;
    const char *hex = "01 0203 04050607 08090a0b0c0d0e0f f0f1f2";
    assert_ok(decode(f, &scalars_desc, hex, &value));
    assert_int_equal(value.small, 0x01);
    assert_int_equal(value.middle, 0x0203);
    assert_int_equal(value.large, 0x04050607);
    assert_true(value.huge == 0x08090a0b0c0d0e0fu);
    assert_memory_equal(value.tag, "\xf0\xf1\xf2", 3);
    assert_encodes_to(f, &scalars_desc, &value, hex);
}

static void an_input_that_ends_in_a_field_is_truncated_and_names_it(void **state)
{
    struct fixture *f = *state;
    struct scalars value;
    assert_status(decode(f, &scalars_desc, "01 02", &value), WIRE_TRUNCATED);
    assert_why(f, "scalars", "middle", 1);
    assert_status(decode(f, &scalars_desc, "", &value), WIRE_TRUNCATED);
    assert_why(f, "scalars", "small", 0);
    assert_status(wire_decode(&scalars_desc, (tb_bytes){ NULL, 0 }, &f->arena, &value, NULL),
                  WIRE_TRUNCATED);
}

static void octets_behind_the_value_are_refused(void **state)
{
    struct fixture *f = *state;
    struct wire_u16 value;
    assert_status(decode(f, &wire_u16_desc, "0102 00", &value), WIRE_TRAILING);
    assert_why(f, "wire_u16", "end", 2);
}

static void a_prefix_of_the_input_leaves_the_rest(void **state)
{
    struct fixture *f = *state;
    struct wire_u16 value;
    tb_bytes input = test_hex("0102 0304 05", f->octets, sizeof f->octets);
    assert_ok(wire_decode_prefix(&wire_u16_desc, &input, &f->arena, &value, NULL));
    assert_ok(wire_decode_prefix(&wire_u16_desc, &input, &f->arena, &value, NULL));
    assert_int_equal(value.value, 0x0304);
    assert_int_equal(input.len, 1);
    assert_status(wire_decode_prefix(&wire_u16_desc, &input, &f->arena, &value, &f->why),
                  WIRE_TRUNCATED);
    assert_int_equal(input.len, 1);
}

/* RFC 9420, section 2.1.2, gives these three. */
static void lengths_have_the_examples_of_the_rfc(void **state)
{
    struct fixture *f = *state;
    static const struct { const char *hex; size_t len; } rows[] = {
        { "25", 37 }, { "7bbd", 15293 }, { "9d7f3e7d", 494878333 },
        { "00", 0 }, { "3f", 63 }, { "4040", 64 }, { "7fff", 16383 }, { "80004000", 16384 },
        { "bfffffff", WIRE_LEN_MAX },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t written[4];
        size_t len;
        tb_bytes input = test_hex(rows[i].hex, f->octets, sizeof f->octets);
        tb_bytes prefix = input;
        assert_ok(wire_length_take(&input, &len));
        assert_int_equal(len, rows[i].len);
        assert_int_equal(input.len, 0);
        assert_int_equal(wire_length_size(len), prefix.len);
        assert_ptr_equal(wire_length_put(written, len), written + prefix.len);
        assert_bytes(tb_bytes_of(written, prefix.len), prefix);
    }
}

static void lengths_in_a_longer_form_or_with_prefix_11_are_refused(void **state)
{
    struct fixture *f = *state;
    static const char *const refused[] = { "4000", "4025", "403f", "80000000", "80003fff",
                                           "8000003f", "c0", "c000000000000000", "ff" };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct wire_opaque value;
        size_t len = 99;
        tb_bytes input = test_hex(refused[i], f->octets, sizeof f->octets);
        assert_status(wire_length_take(&input, &len), WIRE_LENGTH_FORM);
        assert_int_equal(len, 99);
        assert_status(decode(f, &wire_opaque_desc, refused[i], &value), WIRE_LENGTH_FORM);
    }
    tb_bytes input = test_hex("7b", f->octets, sizeof f->octets);
    size_t len;
    assert_status(wire_length_take(&input, &len), WIRE_TRUNCATED);
}

static void a_length_over_the_input_is_truncated(void **state)
{
    struct fixture *f = *state;
    struct wire_opaque value;
    assert_status(decode(f, &wire_opaque_desc, "02 00", &value), WIRE_TRUNCATED);
    assert_status(decode(f, &wire_opaque_desc, "bfffffff 00", &value), WIRE_TRUNCATED);
}

static void lengths_outside_the_bounds_of_a_row_are_refused(void **state)
{
    struct fixture *f = *state;
    struct bounded value;
    assert_ok(decode(f, &bounded_desc, "00 00 01aa", &value));
    assert_ok(decode(f, &bounded_desc, "00 03aaaaaa 02aaaa", &value));
    assert_status(decode(f, &bounded_desc, "00 04aaaaaaaa 01aa", &value), WIRE_LENGTH_RANGE);
    assert_why(f, "bounded", "short_one", 2);
    assert_status(decode(f, &bounded_desc, "00 00 00", &value), WIRE_LENGTH_RANGE);
    assert_why(f, "bounded", "some", 3);
    assert_status(decode(f, &bounded_desc, "00 00 03aaaaaa", &value), WIRE_LENGTH_RANGE);

    tb_bytes octets;
    value = (struct bounded){ .some = { NULL, 0 } };
    assert_status(wire_encode(&bounded_desc, &value, &f->arena, &octets), WIRE_LENGTH_RANGE);
    value.some = TB_LITERAL("abc");
    assert_status(wire_encode(&bounded_desc, &value, &f->arena, &octets), WIRE_LENGTH_RANGE);
    value.some = TB_LITERAL("ab");
    assert_encodes_to(f, &bounded_desc, &value, "00 00 026162");
}

static void vectors_and_options_are_decoded_in_order(void **state)
{
    struct fixture *f = *state;
    struct groups value;
    const char *hex = "07 01 01aa 02 02bbcc 01 05 00 04 0001 ffff";
    assert_ok(decode(f, &groups_desc, hex, &value));
    assert_int_equal(value.pairs.count, 2);
    assert_int_equal(value.pairs.at[1].key, 2);
    assert_bytes(value.pairs.at[1].value, TB_LITERAL("\xbb\xcc"));
    assert_int_equal(value.maybe->key, 5);
    assert_int_equal(value.numbers.count, 2);
    assert_int_equal(value.numbers.at[1].value, 0xffff);
    assert_encodes_to(f, &groups_desc, &value, hex);
    assert_ok(decode(f, &groups_desc, "00 00 00", &value));
    assert_int_equal(value.pairs.count, 0);
    assert_null(value.maybe);
    assert_encodes_to(f, &groups_desc, &value, "00 00 00");
}

static void an_element_may_not_pass_the_end_of_its_vector(void **state)
{
    struct fixture *f = *state;
    struct groups value;
    struct nested deep;
    assert_status(decode(f, &groups_desc, "02 01 01 aa 00 00", &value), WIRE_TRUNCATED);
    assert_why(f, "pair", "value", 3);
    assert_status(decode(f, &groups_desc, "00 00 03 0001ff", &value), WIRE_TRUNCATED);
    /* Inside a vector of vectors the inner one is looked into too. */
    assert_status(decode(f, &nested_desc, "05 02 0102 00 00", &deep), WIRE_TRUNCATED);
    assert_ok(decode(f, &nested_desc, "05 02 0100 00 00", &deep));
}

static void a_presence_octet_is_0_or_1(void **state)
{
    struct fixture *f = *state;
    struct groups value;
    assert_status(decode(f, &groups_desc, "00 02 05 00 00", &value), WIRE_PRESENCE);
    assert_why(f, "groups", "maybe", 2);
    assert_status(decode(f, &groups_desc, "00 ff 05 00 00", &value), WIRE_PRESENCE);
}

static void a_select_has_the_arm_of_its_tag(void **state)
{
    struct fixture *f = *state;
    struct choice value;
    assert_ok(decode(f, &choice_desc, "0001 aa 01020304", &value));
    assert_int_equal(value.of.number->value, 0x01020304);
    assert_encodes_to(f, &choice_desc, &value, "0001 aa 01020304");
    assert_ok(decode(f, &choice_desc, "0007 aa 05 01ff", &value));
    assert_int_equal(value.of.pair->key, 5);
    assert_ok(decode(f, &choice_desc, "0009 aa", &value));
    assert_null(value.of.any);
    assert_encodes_to(f, &choice_desc, &value, "0009 aa");
    assert_status(decode(f, &choice_desc, "0009 aa 00", &value), WIRE_TRAILING);
}

static void an_unknown_tag_is_refused_unless_the_select_is_open(void **state)
{
    struct fixture *f = *state;
    struct choice value;
    struct outer around;
    tb_bytes octets;
    assert_status(decode(f, &choice_desc, "0002 aa", &value), WIRE_UNKNOWN_TAG);
    assert_why(f, "choice", "of", 3);
    assert_status(decode(f, &choice_desc, "0100 aa", &value), WIRE_UNKNOWN_TAG);
    value = (struct choice){ .tag = 2 };
    assert_status(wire_encode(&choice_desc, &value, &f->arena, &octets), WIRE_UNKNOWN_TAG);
    /* 9 is no tag of the outer select, which is open; 7 is. */
    assert_ok(decode(f, &outer_desc, "0009 aa", &around));
    assert_ok(decode(f, &outer_desc, "0007 aa 05 00 02 0102", &around));
    assert_int_equal(around.of.extra->value.len, 2);
    assert_encodes_to(f, &outer_desc, &around, "0007 aa 05 00 02 0102");
}

static void an_arm_that_was_not_filled_in_has_no_encoding(void **state)
{
    struct fixture *f = *state;
    struct choice value = { .tag = 7 };
    tb_bytes octets = { NULL, 99 };
    assert_status(wire_encode(&choice_desc, &value, &f->arena, &octets), WIRE_UNKNOWN_TAG);
    assert_int_equal(octets.len, 99);
}

static void marks_say_where_the_decoder_stood_and_have_no_octets(void **state)
{
    struct fixture *f = *state;
    struct marked value, other;
    assert_ok(decode(f, &marked_desc, "0102 030405", &value));
    assert_ptr_equal(value.mark_start, f->octets);
    assert_ptr_equal(value.mark_middle, f->octets + 2);
    assert_bytes(value.rest, TB_LITERAL("\x03\x04\x05"));
    assert_encodes_to(f, &marked_desc, &value, "0102 030405");
    other = value;
    other.mark_start = NULL;
    assert_true(wire_equal(&marked_desc, &value, &other));
    assert_ok(decode(f, &marked_desc, "0102", &value));
    assert_int_equal(value.rest.len, 0);
}

static void values_that_differ_in_any_row_are_not_equal(void **state)
{
    struct fixture *f = *state;
    static const char *const texts[] = {
        "03 01 01aa 00 00", "03 02 01aa 00 00", "03 01 01ab 00 00", "06 01 01aa 01 01aa 00 00",
        "03 01 01aa 01 05 00 00", "03 01 01aa 01 06 00 00", "03 01 01aa 00 02 0001", "00 00 00",
    };
    enum { COUNT = sizeof texts / sizeof texts[0] };
    uint8_t octets[COUNT][32];
    struct groups values[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        tb_bytes input = test_hex(texts[i], octets[i], sizeof octets[i]);
        assert_ok(wire_decode(&groups_desc, input, &f->arena, &values[i], NULL));
        for (size_t j = 0; j <= i; j++) {
            assert_int_equal(wire_equal(&groups_desc, &values[i], &values[j]), i == j);
            assert_int_equal(wire_equal(&groups_desc, &values[j], &values[i]), i == j);
        }
    }
}

static void selects_with_other_tags_or_arms_are_not_equal(void **state)
{
    struct fixture *f = *state;
    static const char *const texts[] = { "0001 aa 00000001", "0001 aa 00000002", "0009 aa",
                                         "0007 aa 05 00", "0007 aa 05 01ff" };
    enum { COUNT = sizeof texts / sizeof texts[0] };
    uint8_t octets[COUNT][32];
    struct choice values[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        tb_bytes input = test_hex(texts[i], octets[i], sizeof octets[i]);
        assert_ok(wire_decode(&choice_desc, input, &f->arena, &values[i], NULL));
        for (size_t j = 0; j <= i; j++) {
            assert_int_equal(wire_equal(&choice_desc, &values[i], &values[j]), i == j);
        }
    }
}

static void what_hostile_input_may_claim_ends_at_the_ceiling_of_the_arena(void **state)
{
    struct fixture *f = *state;
    uint8_t octets[4 + 16000] = { 0 };
    uint8_t *body = wire_length_put(octets, 16000);
    struct tb_arena small;
    struct groups value;
    tb_arena_init(&small, &f->heap.mem, 100000); /* 8,000 pairs of 24 octets do not fit */
    size_t len = (size_t)(body - octets) + 16000;
    assert_status(wire_decode(&groups_desc, (tb_bytes){ octets, len }, &small, &value, NULL),
                  TB_NO_SPACE);
    tb_arena_wipe(&small);
}

static void an_encoding_over_the_longest_vector_is_too_long(void **state)
{
    struct fixture *f = *state;
    struct pair pairs[3];
    struct groups value = { .pairs = { pairs, 3 } };
    size_t len = 99;
    for (size_t i = 0; i < 3; i++) { /* sizes are added up; the octets are not touched */
        pairs[i] = (struct pair){ 1, { f->octets, WIRE_LEN_MAX / 2 } };
    }
    assert_status(wire_size(&groups_desc, &value, &len), TB_TOO_LONG);
    pairs[0].value.len = (size_t)WIRE_LEN_MAX + 1;
    assert_status(wire_size(&pair_desc, &pairs[0], &len), WIRE_LENGTH_RANGE);
    assert_int_equal(len, 99);
}

static void encoding_behind_a_buffer_respects_its_ceiling(void **state)
{
    struct fixture *f = *state;
    struct tb_buf buf;
    struct wire_u32 value = { 0x01020304 };
    tb_buf_init(&buf, &f->heap.mem, 7);
    assert_ok(wire_encode_buf(&wire_u32_desc, &value, &buf));
    assert_status(wire_encode_buf(&wire_u32_desc, &value, &buf), TB_TOO_LONG);
    assert_bytes(tb_buf_view(&buf), TB_LITERAL("\x01\x02\x03\x04"));
    tb_buf_wipe(&buf);
}

static void tables_that_could_run_in_circles_are_found(void **state)
{
    (void)state;
    assert_true(wire_check(&groups_desc));
    assert_true(wire_check(&outer_desc));
    assert_true(wire_check(&marked_desc));

    struct wire_desc circle = { "circle", NULL, 1, sizeof(void *) };
    const struct wire_row to_itself = { .name = "next", .sub = &circle, .kind = WIRE_OPT };
    circle.rows = &to_itself;
    assert_false(wire_check(&circle));

    const struct wire_row mark = { .name = "mark", .kind = WIRE_MARK };
    const struct wire_desc nothing = { "nothing", &mark, 1, sizeof(void *) };
    const struct wire_row vec = { .name = "endless", .sub = &nothing, .kind = WIRE_VEC };
    const struct wire_desc endless = { "endless", &vec, 1, sizeof(struct wire_vec) };
    assert_false(wire_check(&endless)); /* elements of no octets would never end */

    const struct wire_row inverted = { .name = "range", .min = 2, .max = 1, .kind = WIRE_BYTES };
    const struct wire_desc range = { "range", &inverted, 1, sizeof(tb_bytes) };
    assert_false(wire_check(&range));
}

static void the_rest_of_an_input_is_last_and_in_no_vector(void **state)
{
    (void)state;
    const struct wire_row rows[] = {
        { .name = "rest", .max = WIRE_LEN_MAX, .kind = WIRE_REST },
        { .name = "after", .offset = sizeof(tb_bytes), .kind = WIRE_U8 },
    };
    const struct wire_desc not_last = { "not_last", rows, 2, sizeof(tb_bytes) + 8 };
    assert_false(wire_check(&not_last));

    const struct wire_row sub[] = {
        { .name = "sub", .sub = &marked_desc, .kind = WIRE_SUB },
        { .name = "after", .offset = sizeof(struct marked), .kind = WIRE_U8 },
    };
    const struct wire_desc inside = { "inside", sub, 2, sizeof(struct marked) + 8 };
    assert_false(wire_check(&inside));

    const struct wire_row vec = { .name = "vec", .sub = &marked_desc, .kind = WIRE_VEC };
    const struct wire_desc vector = { "vector", &vec, 1, sizeof(struct wire_vec) };
    assert_false(wire_check(&vector));
}

int main(void)
{
#define WITH_FIXTURE(TEST_) cmocka_unit_test_setup_teardown(TEST_, setup, teardown)
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(scalars_are_big_endian),
        WITH_FIXTURE(an_input_that_ends_in_a_field_is_truncated_and_names_it),
        WITH_FIXTURE(octets_behind_the_value_are_refused),
        WITH_FIXTURE(a_prefix_of_the_input_leaves_the_rest),
        WITH_FIXTURE(lengths_have_the_examples_of_the_rfc),
        WITH_FIXTURE(lengths_in_a_longer_form_or_with_prefix_11_are_refused),
        WITH_FIXTURE(a_length_over_the_input_is_truncated),
        WITH_FIXTURE(lengths_outside_the_bounds_of_a_row_are_refused),
        WITH_FIXTURE(vectors_and_options_are_decoded_in_order),
        WITH_FIXTURE(an_element_may_not_pass_the_end_of_its_vector),
        WITH_FIXTURE(a_presence_octet_is_0_or_1),
        WITH_FIXTURE(a_select_has_the_arm_of_its_tag),
        WITH_FIXTURE(an_unknown_tag_is_refused_unless_the_select_is_open),
        WITH_FIXTURE(an_arm_that_was_not_filled_in_has_no_encoding),
        WITH_FIXTURE(marks_say_where_the_decoder_stood_and_have_no_octets),
        WITH_FIXTURE(values_that_differ_in_any_row_are_not_equal),
        WITH_FIXTURE(selects_with_other_tags_or_arms_are_not_equal),
        WITH_FIXTURE(what_hostile_input_may_claim_ends_at_the_ceiling_of_the_arena),
        WITH_FIXTURE(an_encoding_over_the_longest_vector_is_too_long),
        WITH_FIXTURE(encoding_behind_a_buffer_respects_its_ceiling),
        cmocka_unit_test(tables_that_could_run_in_circles_are_found),
        cmocka_unit_test(the_rest_of_an_input_is_last_and_in_no_vector),
    };
    return cmocka_run_group_tests_name("wire/tls", tests, NULL, NULL);
}
