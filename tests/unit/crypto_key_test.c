/* Public keys that nothing can be encrypted to: RFC 9420, section 10; RFC 9180, section 7.1.4. */
#include "tests/support.h"

#include "crypto/crypto.h"

enum { X25519_LEN = 32, X448_LEN = 56 };

static struct crypto_suite suite_of(uint16_t id)
{
    struct crypto_suite suite;
    assert_ok(crypto_suite_init(&suite, id, crypto_backend_native()));
    return suite;
}

/* The check agrees with Diffie-Hellman itself. */
static void assert_agrees(const struct crypto_suite *suite, tb_bytes key, bool is_good)
{
    struct tb_secret private_key = { .len = suite->dh_private_len, .data = { 0, 1, 2, 3 } }, shared;
    uint16_t code = is_good ? TB_OK : CRYPTO_KEY;
    assert_status(crypto_hpke_key_check(suite, key), code);
    assert_status(suite->provider->dh(suite->provider, suite->kem, tb_secret_view(&private_key),
                                      key, &shared),
                  code);
}

static void a_generated_key_is_a_key_in_every_suite(void **state)
{
    (void)state;
    struct test_rng rng;
    test_rng_init(&rng, 1);
    for (uint16_t id = 1; id <= 7; id++) {
        const struct crypto_suite suite = suite_of(id);
        struct tb_secret private_key;
        uint8_t key[CRYPTO_PUBLIC_MAX];
        for (size_t i = 0; i < 8; i++) {
            assert_ok(crypto_hpke_generate(&suite, &rng.rng, &private_key, key));
            assert_agrees(&suite, (tb_bytes){ key, suite.dh_public_len }, true);
        }
        const tb_bytes shorter = { key, suite.dh_public_len - 1 };
        assert_status(crypto_hpke_key_check(&suite, shorter), CRYPTO_KEY);
    }
}

/* 0, 1, p - 1, p, p + 1 and the two of order 8. */
static void points_of_small_order_of_x25519_are_refused(void **state)
{
    (void)state;
    const struct crypto_suite suite = suite_of(1);
    static const char *const octets[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    };
    for (size_t i = 0; i < sizeof octets / sizeof octets[0]; i++) {
        uint8_t key[X25519_LEN];
        for (size_t j = 0; j < X25519_LEN; j++) {
            unsigned octet;
            assert_int_equal(sscanf(octets[i] + 2 * j, "%2x", &octet), 1);
            key[j] = (uint8_t)octet;
        }
        assert_agrees(&suite, TB_ARRAY(key), false);
        key[X25519_LEN - 1] |= 0x80; /* which the function ignores */
        assert_agrees(&suite, TB_ARRAY(key), false);
        for (size_t j = 1; j < X25519_LEN; j++) { /* the neighbours are good */
            key[j] ^= 4;
            assert_agrees(&suite, TB_ARRAY(key), true);
            key[j] ^= 4;
        }
    }
}

static void points_of_small_order_of_x448_are_refused(void **state)
{
    (void)state;
    const struct crypto_suite suite = suite_of(4);
    /* First octet, octets up to the middle, the middle, octets behind it. */
    static const uint8_t parts[][4] = {
        { 0, 0, 0, 0 },          { 1, 0, 0, 0 },
        { 0xfe, 0xff, 0xfe, 0xff }, { 0xff, 0xff, 0xfe, 0xff }, { 0, 0, 0xff, 0xff },
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        uint8_t key[X448_LEN];
        memset(key, parts[i][1], X448_LEN / 2);
        memset(key + X448_LEN / 2, parts[i][3], X448_LEN / 2);
        key[0] = parts[i][0];
        key[X448_LEN / 2] = parts[i][2];
        assert_agrees(&suite, TB_ARRAY(key), false);
        for (size_t j = 0; j < X448_LEN; j++) {
            key[j] ^= 4;
            assert_agrees(&suite, TB_ARRAY(key), true);
            key[j] ^= 4;
        }
    }
}

static void points_off_a_nist_curve_are_refused(void **state)
{
    (void)state;
    static const uint16_t ids[] = { 2, 5, 7 };
    struct test_rng rng;
    test_rng_init(&rng, 2);
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        const struct crypto_suite suite = suite_of(ids[i]);
        struct tb_secret private_key;
        uint8_t key[CRYPTO_PUBLIC_MAX];
        assert_ok(crypto_hpke_generate(&suite, &rng.rng, &private_key, key));
        const tb_bytes view = { key, suite.dh_public_len };
        key[view.len - 1] ^= 1;
        assert_agrees(&suite, view, false);
        key[view.len - 1] ^= 1;
        key[0] = 2; /* the compressed form is not one of RFC 9180 */
        assert_status(crypto_hpke_key_check(&suite, view), CRYPTO_KEY);
        memset(key, 0, view.len);
        assert_status(crypto_hpke_key_check(&suite, view), CRYPTO_KEY);
    }
}

static void a_suite_with_ml_kem_is_refused_by_name_where_there_is_none(void **state)
{
    (void)state;
    struct crypto_suite suite;
    assert_status(crypto_suite_init(&suite, 0xf47a, crypto_backend_native()), CRYPTO_NO_MLKEM);
    assert_status(crypto_suite_init(&suite, 0xf47b, crypto_backend_native()), CRYPTO_UNSUPPORTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_suite_with_ml_kem_is_refused_by_name_where_there_is_none),
        cmocka_unit_test(a_generated_key_is_a_key_in_every_suite),
        cmocka_unit_test(points_of_small_order_of_x25519_are_refused),
        cmocka_unit_test(points_of_small_order_of_x448_are_refused),
        cmocka_unit_test(points_off_a_nist_curve_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
