/* The native provider against published vectors, and against hostile keys and ciphertexts. */
#include "crypto/crypto.h"
#include "tests/support.h"

static const struct crypto_provider *native(void)
{
    return crypto_backend_native();
}

static void hmac_agrees_with_rfc_4231(void **state)
{
    (void)state;
    uint8_t wanted[64], got[CRYPTO_HASH_MAX], key[131];
    memset(key, 0x0b, 20);
    tb_bytes text = TB_LITERAL("Hi There");
    assert_ok(native()->hmac(native(), CRYPTO_SHA256, tb_bytes_of(key, 20), &text, 1, got));
    assert_bytes(tb_bytes_of(got, 32),
                 test_hex("b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
                          wanted, sizeof wanted));
    assert_ok(native()->hmac(native(), CRYPTO_SHA384, tb_bytes_of(key, 20), &text, 1, got));
    assert_bytes(tb_bytes_of(got, 48),
                 test_hex("afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59c"
                          "faea9ea9076ede7f4af152e8b2fa9cb6", wanted, sizeof wanted));
    /* Test case 6: a key longer than a block; the text in two parts. */
    memset(key, 0xaa, sizeof key);
    const tb_bytes parts[] = { TB_LITERAL("Test Using Larger Than Block-Size Key"),
                               TB_LITERAL(" - Hash Key First") };
    assert_ok(native()->hmac(native(), CRYPTO_SHA256, TB_ARRAY(key), parts, 2, got));
    assert_bytes(tb_bytes_of(got, 32),
                 test_hex("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
                          wanted, sizeof wanted));
}

static void hash_of_parts_is_hash_of_the_whole(void **state)
{
    (void)state;
    uint8_t wanted[64], got[CRYPTO_HASH_MAX];
    const tb_bytes parts[] = { TB_LITERAL("a"), { NULL, 0 }, TB_LITERAL("bc") };
    assert_ok(native()->hash(native(), CRYPTO_SHA256, parts, 3, got));
    assert_bytes(tb_bytes_of(got, 32),
                 test_hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
                          wanted, sizeof wanted));
    assert_ok(native()->hash(native(), CRYPTO_SHA256, NULL, 0, got));
    assert_bytes(tb_bytes_of(got, 32),
                 test_hex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                          wanted, sizeof wanted));
}

static void an_aead_opens_what_it_sealed_and_nothing_else(void **state)
{
    (void)state;
    static const struct {
        enum crypto_aead alg;
        size_t key_len;
    } rows[] = { { CRYPTO_AES128_GCM, 16 }, { CRYPTO_AES256_GCM, 32 },
                 { CRYPTO_CHACHA20_POLY1305, 32 } };
    uint8_t key[32] = { 1 }, nonce[12] = { 2 }, sealed[80], opened[64];
    tb_bytes aad = TB_LITERAL("aad");
    for (size_t i = 0; i < 3; i++) {
        tb_bytes key_view = { key, rows[i].key_len };
        for (size_t len = 0; len <= 64; len += 32) {
            uint8_t plain[64] = { 3 };
            tb_bytes sealed_view = { sealed, len + CRYPTO_TAG_LEN };
            assert_ok(native()->aead_seal(native(), rows[i].alg, key_view, TB_ARRAY(nonce), aad,
                                          tb_bytes_of(plain, len), sealed));
            assert_ok(native()->aead_open(native(), rows[i].alg, key_view, TB_ARRAY(nonce), aad,
                                          sealed_view, opened));
            assert_bytes(tb_bytes_of(opened, len), tb_bytes_of(plain, len));
            for (size_t at = 0; at < sealed_view.len; at++) {
                sealed[at] ^= 0x80;
                assert_status(native()->aead_open(native(), rows[i].alg, key_view, TB_ARRAY(nonce),
                                                  aad, sealed_view, opened),
                              CRYPTO_DECRYPT);
                sealed[at] ^= 0x80;
            }
            assert_status(native()->aead_open(native(), rows[i].alg, key_view, TB_ARRAY(nonce),
                                              TB_LITERAL("other"), sealed_view, opened),
                          CRYPTO_DECRYPT);
            assert_status(native()->aead_open(native(), rows[i].alg, key_view, TB_ARRAY(nonce), aad,
                                              tb_bytes_of(sealed, CRYPTO_TAG_LEN - 1), opened),
                          CRYPTO_DECRYPT);
        }
    }
}

static void a_failed_decryption_leaves_no_plaintext(void **state)
{
    (void)state;
    uint8_t key[16] = { 1 }, nonce[12] = { 2 }, sealed[48], opened[32], zeros[32] = { 0 };
    assert_ok(native()->aead_seal(native(), CRYPTO_AES128_GCM, TB_ARRAY(key), TB_ARRAY(nonce),
                                  tb_bytes_of(NULL, 0),
                                  TB_LITERAL("thirty-two octets of clear text!"), sealed));
    sealed[47] ^= 1;
    memset(opened, 0, sizeof opened);
    assert_status(native()->aead_open(native(), CRYPTO_AES128_GCM, TB_ARRAY(key), TB_ARRAY(nonce),
                                      tb_bytes_of(NULL, 0), TB_ARRAY(sealed), opened),
                  CRYPTO_DECRYPT);
    assert_bytes(TB_ARRAY(opened), TB_ARRAY(zeros));
}

static const struct {
    enum crypto_kem kem;
    size_t private_len, public_len;
} kems[] = {
    { CRYPTO_KEM_X25519, 32, 32 }, { CRYPTO_KEM_X448, 56, 56 },  { CRYPTO_KEM_P256, 32, 65 },
    { CRYPTO_KEM_P384, 48, 97 },   { CRYPTO_KEM_P521, 66, 133 },
};
enum { KEMS = sizeof kems / sizeof kems[0] };

static void both_sides_of_a_key_agreement_agree(void **state)
{
    (void)state;
    for (size_t i = 0; i < KEMS; i++) {
        uint8_t a[66] = { 0 }, b[66] = { 0 }, public_a[133], public_b[133];
        struct tb_secret left, right;
        memset(a + 1, 0x5a, kems[i].private_len - 1);
        memset(b + 1, 0x77, kems[i].private_len - 1);
        tb_bytes key_a = { a, kems[i].private_len }, key_b = { b, kems[i].private_len };
        assert_ok(native()->dh_public(native(), kems[i].kem, key_a, public_a));
        assert_ok(native()->dh_public(native(), kems[i].kem, key_b, public_b));
        assert_ok(native()->dh(native(), kems[i].kem, key_a,
                               tb_bytes_of(public_b, kems[i].public_len), &left));
        assert_ok(native()->dh(native(), kems[i].kem, key_b,
                               tb_bytes_of(public_a, kems[i].public_len), &right));
        assert_int_equal(left.len, kems[i].private_len);
        assert_bytes(tb_secret_view(&left), tb_secret_view(&right));
    }
}

static void public_keys_that_are_no_points_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < KEMS; i++) {
        uint8_t own[66] = { 0 }, point[133] = { 0 }, valid[133];
        struct tb_secret shared = { .len = 1 };
        own[kems[i].private_len - 1] = 9;
        own[0] = 1;
        tb_bytes key = { own, kems[i].private_len };
        /* X25519 and X448: a point of low order; the others: not a point at all. */
        assert_status(native()->dh(native(), kems[i].kem, key,
                                   tb_bytes_of(point, kems[i].public_len), &shared),
                      CRYPTO_KEY);
        assert_status(native()->dh(native(), kems[i].kem, key,
                                   tb_bytes_of(point, kems[i].public_len - 1), &shared),
                      CRYPTO_KEY);
        assert_status(native()->dh(native(), kems[i].kem, key, tb_bytes_of(NULL, 0),
                                   &shared), CRYPTO_KEY);
        assert_ok(native()->dh_public(native(), kems[i].kem, key, valid));
        if (kems[i].public_len != kems[i].private_len) {
            valid[kems[i].public_len - 1] ^= 1; /* off the curve */
            assert_status(native()->dh(native(), kems[i].kem, key,
                                       tb_bytes_of(valid, kems[i].public_len), &shared),
                          CRYPTO_KEY);
            valid[0] = 2; /* compressed, and as long as an uncompressed one */
            assert_status(native()->dh(native(), kems[i].kem, key,
                                       tb_bytes_of(valid, kems[i].public_len), &shared),
                          CRYPTO_KEY);
        }
        assert_int_equal(shared.len, 1); /* untouched */
    }
}

static void scalars_outside_of_the_order_are_refused(void **state)
{
    (void)state;
    uint8_t zeros[66] = { 0 }, ones[66], point[133];
    memset(ones, 0xff, sizeof ones);
    for (size_t i = 2; i < KEMS; i++) {
        assert_status(native()->dh_public(native(), kems[i].kem,
                                          tb_bytes_of(zeros, kems[i].private_len), point),
                      CRYPTO_KEY);
        assert_status(native()->dh_public(native(), kems[i].kem,
                                          tb_bytes_of(ones, kems[i].private_len), point),
                      CRYPTO_KEY);
    }
}

static void signatures_bind_key_message_and_every_octet(void **state)
{
    (void)state;
    static const uint16_t suites[] = { 0x0001, 0x0002, 0x0004, 0x0005, 0x0007 };
    struct test_rng rng;
    test_rng_init(&rng, 5);
    for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++) {
        struct crypto_suite suite;
        struct crypto_signing_key key, again, other;
        uint8_t signature[CRYPTO_SIGNATURE_MAX];
        size_t len;
        tb_bytes message = TB_LITERAL("message");
        assert_ok(crypto_suite_init(&suite, suites[i], native()));
        assert_ok(crypto_signing_key_new(&suite, &rng.rng, &key));
        assert_ok(crypto_signing_key_new(&suite, &rng.rng, &other));
        assert_ok(crypto_signing_key_from(&suite, tb_secret_view(&key.private_key), &again));
        tb_bytes public_key = crypto_signing_key_public(&key);
        assert_bytes(crypto_signing_key_public(&again), public_key);
        assert_ok(native()->sign(native(), suite.signature, tb_secret_view(&key.private_key),
                                 public_key, message, signature, &len));
        assert_ok(native()->verify(native(), suite.signature, public_key, message,
                                   tb_bytes_of(signature, len)));
        assert_status(native()->verify(native(), suite.signature, public_key, TB_LITERAL("massage"),
                                       tb_bytes_of(signature, len)),
                      CRYPTO_SIGNATURE);
        assert_status(native()->verify(native(), suite.signature, crypto_signing_key_public(&other),
                                       message, tb_bytes_of(signature, len)),
                      CRYPTO_SIGNATURE);
        assert_status(native()->verify(native(), suite.signature, tb_bytes_of(public_key.data, 5),
                                       message, tb_bytes_of(signature, len)),
                      CRYPTO_KEY);
        assert_status(native()->verify(native(), suite.signature, public_key, message,
                                       tb_bytes_of(NULL, 0)),
                      CRYPTO_SIGNATURE);
        for (size_t at = 0; at < len; at++) {
            signature[at] ^= 1;
            assert_status(native()->verify(native(), suite.signature, public_key, message,
                                           tb_bytes_of(signature, len)),
                          CRYPTO_SIGNATURE);
            signature[at] ^= 1;
        }
    }
}

static void suites_that_are_not_offered_are_refused(void **state)
{
    (void)state;
    struct crypto_suite suite;
    assert_status(crypto_suite_init(&suite, 0x0000, native()), CRYPTO_UNSUPPORTED);
    assert_status(crypto_suite_init(&suite, 0x0008, native()), CRYPTO_UNSUPPORTED);
    assert_status(crypto_suite_init(&suite, 0x0a0a, native()), CRYPTO_UNSUPPORTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hmac_agrees_with_rfc_4231),
        cmocka_unit_test(hash_of_parts_is_hash_of_the_whole),
        cmocka_unit_test(an_aead_opens_what_it_sealed_and_nothing_else),
        cmocka_unit_test(a_failed_decryption_leaves_no_plaintext),
        cmocka_unit_test(both_sides_of_a_key_agreement_agree),
        cmocka_unit_test(public_keys_that_are_no_points_are_refused),
        cmocka_unit_test(scalars_outside_of_the_order_are_refused),
        cmocka_unit_test(signatures_bind_key_message_and_every_octet),
        cmocka_unit_test(suites_that_are_not_offered_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
