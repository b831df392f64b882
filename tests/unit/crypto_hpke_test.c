/* HPKE against RFC 9180, appendix A.1.1, and against itself in every suite. */
#include "crypto/crypto.h"
#include "tests/support.h"

/* A generator that gives the ikmE of the vector. */
static bool fill_ikm_e(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    test_hex("7268600d403fce431561aef583ee1613527cff655c1343f29812e66706df3234", out, len);
    return true;
}

static void the_first_message_agrees_with_rfc_9180(void **state)
{
    (void)state;
    struct crypto_suite suite;
    struct test_heap heap;
    struct tb_arena arena;
    struct tb_rng rng = { NULL, fill_ikm_e };
    struct tb_secret private_key;
    uint8_t public_key[CRYPTO_PUBLIC_MAX], ikm[32], info[32], aad[32], plain[32], wanted[64];
    tb_bytes enc, sealed, opened;
    test_heap_init(&heap);
    tb_arena_init(&arena, &heap.mem, SIZE_MAX);
    assert_ok(crypto_suite_init(&suite, 0x0001, crypto_backend_native()));

    test_hex("6db9df30aa07dd42ee5e8181afdb977e538f5e1fec8a06223f33f7013e525037", ikm, sizeof ikm);
    assert_ok(crypto_hpke_derive(&suite, TB_ARRAY(ikm), &private_key, public_key));
    assert_bytes(tb_secret_view(&private_key),
                 test_hex("4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8",
                          wanted, sizeof wanted));
    assert_bytes(tb_bytes_of(public_key, 32),
                 test_hex("3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d",
                          wanted, sizeof wanted));

    tb_bytes info_view = test_hex("4f6465206f6e2061204772656369616e2055726e", info, sizeof info);
    tb_bytes aad_view = test_hex("436f756e742d30", aad, sizeof aad);
    tb_bytes plain_view = test_hex("4265617574792069732074727574682c20747275746820626561757479",
                                   plain, sizeof plain);
    assert_ok(crypto_hpke_seal(&suite, tb_bytes_of(public_key, 32), info_view, aad_view,
                               plain_view, &rng, &arena, &enc, &sealed));
    assert_bytes(enc, test_hex("37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431",
                               wanted, sizeof wanted));
    assert_bytes(sealed, test_hex("f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a9"
                                  "6d8770ac83d07bea87e13c512a", wanted, sizeof wanted));
    assert_ok(crypto_hpke_open(&suite, tb_secret_view(&private_key), tb_bytes_of(public_key, 32),
                               enc, info_view, aad_view, sealed, &arena, &opened));
    assert_bytes(opened, plain_view);
    tb_arena_wipe(&arena);
}

static void every_suite_opens_what_it_sealed_and_exports_alike(void **state)
{
    (void)state;
    struct test_heap heap;
    struct test_rng rng;
    struct tb_arena arena;
    test_heap_init(&heap);
    test_rng_init(&rng, 1);
    tb_arena_init(&arena, &heap.mem, SIZE_MAX);
    for (uint16_t id = 1; id <= 7; id++) {
        struct crypto_suite suite;
        struct tb_secret private_key, sent, received;
        uint8_t public_key[CRYPTO_PUBLIC_MAX], kem_output[CRYPTO_PUBLIC_MAX];
        tb_bytes enc, sealed, opened, context = TB_LITERAL("context"), text = TB_LITERAL("text");
        assert_ok(crypto_suite_init(&suite, id, crypto_backend_native()));
        assert_ok(crypto_hpke_generate(&suite, &rng.rng, &private_key, public_key));
        tb_bytes key = { public_key, suite.dh_public_len };
        assert_ok(crypto_encrypt_label(&suite, key, "Label", context, text, &rng.rng, &arena, &enc,
                                       &sealed));
        assert_ok(crypto_decrypt_label(&suite, tb_secret_view(&private_key), key, "Label", context,
                                       enc, sealed, &arena, &opened));
        assert_bytes(opened, text);
        assert_status(crypto_decrypt_label(&suite, tb_secret_view(&private_key), key, "label",
                                           context, enc, sealed, &arena, &opened),
                      CRYPTO_DECRYPT);
        assert_status(crypto_decrypt_label(&suite, tb_secret_view(&private_key), key, "Label",
                                           context, tb_bytes_of(enc.data, enc.len - 1), sealed,
                                           &arena, &opened),
                      CRYPTO_KEY);
        assert_ok(crypto_hpke_export_send(&suite, key, context, text, suite.hash_len, &rng.rng,
                                          kem_output, &sent));
        assert_ok(crypto_hpke_export_receive(&suite, tb_secret_view(&private_key), key,
                                             tb_bytes_of(kem_output, suite.kem_output_len), context,
                                             text, suite.hash_len, &received));
        assert_bytes(tb_secret_view(&sent), tb_secret_view(&received));
    }
    tb_arena_wipe(&arena);
}

/* RFC 5869, test case 2 has 80 octets of info and 82 of output; 80 is our limit. */
static void long_expansions_chain_their_blocks(void **state)
{
    (void)state;
    struct crypto_suite suite;
    struct tb_secret prk, okm;
    uint8_t ikm[80], salt[80], info[80], wanted[82];
    assert_ok(crypto_suite_init(&suite, 0x0001, crypto_backend_native()));
    for (uint8_t i = 0; i < 80; i++) {
        ikm[i] = i;
        salt[i] = (uint8_t)(0x60 + i);
        info[i] = (uint8_t)(0xb0 + i);
    }
    assert_ok(crypto_extract(&suite, TB_ARRAY(salt), TB_ARRAY(ikm), &prk));
    tb_bytes whole = TB_ARRAY(info);
    assert_ok(crypto_expand(&suite, tb_secret_view(&prk), &whole, 1, 80, &okm));
    test_hex("b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"
             "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71"
             "cc30c58179ec3e87c14c01d5c1f3434f1d87", wanted, sizeof wanted);
    assert_bytes(tb_secret_view(&okm), tb_bytes_of(wanted, 80));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_message_agrees_with_rfc_9180),
        cmocka_unit_test(every_suite_opens_what_it_sealed_and_exports_alike),
        cmocka_unit_test(long_expansions_chain_their_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
