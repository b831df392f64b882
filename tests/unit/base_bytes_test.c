/* Octets: comparison, wiping, big-endian integers, checked arithmetic. */
#include "tests/support.h"

static void equality_looks_at_length_and_octets(void **state)
{
    (void)state;
    assert_true(tb_bytes_equal(TB_LITERAL("ab"), TB_LITERAL("ab")));
    assert_false(tb_bytes_equal(TB_LITERAL("ab"), TB_LITERAL("ac")));
    assert_false(tb_bytes_equal(TB_LITERAL("ab"), TB_LITERAL("abc")));
    assert_true(tb_bytes_equal((tb_bytes){ NULL, 0 }, TB_LITERAL("")));
}

static void order_is_bytewise_and_a_prefix_sorts_first(void **state)
{
    (void)state;
    static const char *const sorted[] = { "", "\x01", "\x01\x01", "\x01\xff", "\x02", "\xff" };
    enum { COUNT = sizeof sorted / sizeof sorted[0] };
    for (int i = 0; i < COUNT; i++) {
        for (int j = 0; j < COUNT; j++) {
            int order = tb_bytes_compare(tb_bytes_text(sorted[i]), tb_bytes_text(sorted[j]));
            assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
        }
    }
}

static void every_value_starts_with_its_prefixes_alone(void **state)
{
    (void)state;
    assert_true(tb_bytes_starts_with(TB_LITERAL("abc"), TB_LITERAL("")));
    assert_true(tb_bytes_starts_with(TB_LITERAL("abc"), TB_LITERAL("abc")));
    assert_false(tb_bytes_starts_with(TB_LITERAL("abc"), TB_LITERAL("b")));
    assert_false(tb_bytes_starts_with(TB_LITERAL("ab"), TB_LITERAL("abc")));
}

static void a_c_string_is_viewed_without_its_terminator(void **state)
{
    (void)state;
    assert_int_equal(tb_bytes_text("abc").len, 3);
    assert_int_equal(tb_bytes_text(NULL).len, 0);
}

static void secrets_compare_in_every_octet(void **state)
{
    (void)state;
    uint8_t a[TB_SECRET_MAX], b[TB_SECRET_MAX];
    memset(a, 0x5a, sizeof a);
    memset(b, 0x5a, sizeof b);
    assert_true(tb_equal_ct(TB_ARRAY(a), TB_ARRAY(b)));
    for (size_t i = 0; i < sizeof a; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            b[i] = (uint8_t)(a[i] ^ (1u << bit));
            assert_false(tb_equal_ct(TB_ARRAY(a), TB_ARRAY(b)));
        }
        b[i] = a[i];
    }
    assert_false(tb_equal_ct(TB_ARRAY(a), (tb_bytes){ b, sizeof b - 1 }));
    assert_true(tb_equal_ct((tb_bytes){ NULL, 0 }, (tb_bytes){ NULL, 0 }));
}

static void a_wiped_secret_is_zero_in_all_its_memory(void **state)
{
    (void)state;
    struct tb_secret secret, zero;
    memset(&zero, 0, sizeof zero);
    memset(&secret, 0xee, sizeof secret);
    tb_secret_set(&secret, TB_LITERAL("key"));
    assert_bytes(tb_secret_view(&secret), TB_LITERAL("key"));
    for (size_t i = 3; i < TB_SECRET_MAX; i++) assert_int_equal(secret.data[i], 0);
    tb_secret_set(&secret, (tb_bytes){ secret.data + 1, 2 }); /* a part of itself */
    assert_bytes(tb_secret_view(&secret), TB_LITERAL("ey"));
    tb_secret_wipe(&secret);
    assert_memory_equal(&secret, &zero, sizeof zero);
    tb_wipe(NULL, 0);
}

static void set_too_long(void)
{
    struct tb_secret secret;
    uint8_t value[TB_SECRET_MAX + 1] = { 0 };
    tb_secret_set(&secret, TB_ARRAY(value));
}

static void a_secret_over_the_limit_is_a_broken_program(void **state)
{
    (void)state;
    struct tb_secret full = { .len = 0 };
    uint8_t value[TB_SECRET_MAX];
    memset(value, 1, sizeof value);
    tb_secret_set(&full, TB_ARRAY(value));
    assert_int_equal(full.len, TB_SECRET_MAX);
    assert_aborts(set_too_long);
}

static void integers_are_big_endian(void **state)
{
    (void)state;
    uint8_t octets[8];
    tb_put_u16(octets, 0x0102);
    assert_memory_equal(octets, "\x01\x02", 2);
    assert_int_equal(tb_get_u16(octets), 0x0102);
    tb_put_u32(octets, 0xfffefdfcu);
    assert_memory_equal(octets, "\xff\xfe\xfd\xfc", 4);
    assert_int_equal(tb_get_u32(octets), 0xfffefdfcu);
    tb_put_u64(octets, 0x8102030405060708u);
    assert_memory_equal(octets, "\x81\x02\x03\x04\x05\x06\x07\x08", 8);
    assert_true(tb_get_u64(octets) == 0x8102030405060708u);
}

static void sums_and_products_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    size_t out = 77;
    assert_true(tb_add_size(SIZE_MAX - 1, 1, &out) && out == SIZE_MAX);
    assert_true(tb_mul_size(SIZE_MAX, 1, &out) && out == SIZE_MAX);
    assert_true(tb_mul_size(0, SIZE_MAX, &out) && out == 0);
    assert_true(tb_mul_size(SIZE_MAX, 0, &out) && out == 0);
    out = 77;
    assert_false(tb_add_size(SIZE_MAX, 1, &out));
    assert_false(tb_mul_size(SIZE_MAX / 2 + 1, 2, &out));
    assert_false(tb_mul_size(SIZE_MAX, SIZE_MAX, &out));
    assert_int_equal(out, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equality_looks_at_length_and_octets),
        cmocka_unit_test(order_is_bytewise_and_a_prefix_sorts_first),
        cmocka_unit_test(every_value_starts_with_its_prefixes_alone),
        cmocka_unit_test(a_c_string_is_viewed_without_its_terminator),
        cmocka_unit_test(secrets_compare_in_every_octet),
        cmocka_unit_test(a_wiped_secret_is_zero_in_all_its_memory),
        cmocka_unit_test(a_secret_over_the_limit_is_a_broken_program),
        cmocka_unit_test(integers_are_big_endian),
        cmocka_unit_test(sums_and_products_that_do_not_fit_are_refused),
    };
    return cmocka_run_group_tests_name("base/bytes", tests, NULL, NULL);
}
