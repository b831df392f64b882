/* Ed25519 keys as X25519 keys, against libsodium's conversion and against Diffie-Hellman. */
#include "tests/support.h"

#include <sodium/crypto_sign_ed25519.h>

#include "crypto/montgomery.h"

static void a_thousand_keys_convert_as_libsodium_does(void **state)
{
    (void)state;
    struct crypto_suite suite;
    struct test_rng rng;
    test_rng_init(&rng, 5);
    assert_ok(crypto_suite_init(&suite, 1, crypto_backend_native()));
    for (size_t i = 0; i < 1000; i++) {
        uint8_t public_key[32], expected[32], actual[32], from_private[32], sodium_private[32];
        uint8_t pair[64];
        struct crypto_signing_key key;
        struct tb_secret scalar;
        assert_ok(crypto_signing_key_new(&suite, &rng.rng, &key));
        memcpy(public_key, key.public_key, 32);
        assert_int_equal(crypto_sign_ed25519_pk_to_curve25519(expected, public_key), 0);
        assert_ok(crypto_montgomery_public(TB_ARRAY(public_key), actual));
        assert_memory_equal(actual, expected, 32);
        /* The private halves belong together. */
        assert_ok(crypto_montgomery_private(&suite, tb_secret_view(&key.private_key), &scalar));
        assert_ok(suite.provider->dh_public(suite.provider, CRYPTO_KEM_X25519,
                                            tb_secret_view(&scalar), from_private));
        assert_memory_equal(from_private, actual, 32);
        memcpy(pair, key.private_key.data, 32);
        memcpy(pair + 32, public_key, 32);
        assert_int_equal(crypto_sign_ed25519_sk_to_curve25519(sodium_private, pair), 0);
        scalar.data[0] &= 248;
        scalar.data[31] = (uint8_t)((scalar.data[31] & 127) | 64);
        assert_memory_equal(scalar.data, sodium_private, 32);
        tb_secret_wipe(&scalar);
        crypto_signing_key_wipe(&key);
    }
}

static void octets_that_are_no_key_are_refused(void **state)
{
    (void)state;
    uint8_t key[32], out[32];
    memset(key, 0xff, sizeof key);
    key[31] = 0x7f;
    for (unsigned low = 0xed; low <= 0xff; low++) { /* p to 2^255 - 1 */
        key[0] = (uint8_t)low;
        assert_status(crypto_montgomery_public(TB_ARRAY(key), out), CRYPTO_KEY);
    }
    key[0] = 0xec; /* p - 1: y = -1, u = 0 */
    assert_ok(crypto_montgomery_public(TB_ARRAY(key), out));
    for (size_t i = 0; i < 32; i++) assert_int_equal(out[i], 0);
    memset(key, 0, sizeof key);
    key[0] = 1; /* the neutral element */
    assert_status(crypto_montgomery_public(TB_ARRAY(key), out), CRYPTO_KEY);
    key[31] = 0x80;
    assert_status(crypto_montgomery_public(TB_ARRAY(key), out), CRYPTO_KEY);
    assert_status(crypto_montgomery_public((tb_bytes){ key, 31 }, out), CRYPTO_KEY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thousand_keys_convert_as_libsodium_does),
        cmocka_unit_test(octets_that_are_no_key_are_refused),
    };
    return cmocka_run_group_tests_name("crypto_montgomery", tests, NULL, NULL);
}
