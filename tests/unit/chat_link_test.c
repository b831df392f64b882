/* Codes that link devices, sealed account keys, recovery phrases. */
#include "tests/unit/chat_fixture.h"

#include "chat/link.h"

static struct chat_link_account an_account(void)
{
    return (struct chat_link_account){
        .domain = TB_LITERAL("hub.example"),
        .account = TB_LITERAL("mimi://hub.example/u/00112233445566778899"),
        .handle = TB_LITERAL("bob"),
        .account_key = TB_LITERAL("a private key of thirty-two octe"),
        .record = TB_LITERAL("a record"),
    };
}

static void a_code_comes_back_as_it_was_shown(void **state)
{
    (void)state;
    struct fixture f;
    struct crypto_signing_key device;
    fixture_init(&f);
    fixture_key(&f, 7, &device);
    struct chat_link_code code = { .version = 1, .device_key = crypto_signing_key_public(&device),
                                   .secret = { 3 } };
    struct chat_link_code read;
    char here[CHAT_LINK_DIGITS_LEN], there[CHAT_LINK_DIGITS_LEN];
    tb_bytes text;
    assert_ok(chat_link_text(&code, &f.arena, &text));
    assert_ok(chat_link_parse(&f.suite, text, &f.arena, &read));
    assert_ok(chat_link_digits(&f.suite, &code, &f.arena, here));
    assert_ok(chat_link_digits(&f.suite, &read, &f.arena, there));
    assert_memory_equal(here, there, sizeof here);
    read.secret[0]++;
    assert_ok(chat_link_digits(&f.suite, &read, &f.arena, there));
    assert_memory_not_equal(here, there, sizeof here);
    text.len--;
    assert_status(chat_link_parse(&f.suite, text, &f.arena, &read), CHAT_LINK_CODE);
    code.version = 2;
    assert_ok(chat_link_text(&code, &f.arena, &text));
    assert_status(chat_link_parse(&f.suite, text, &f.arena, &read), CHAT_LINK_CODE);
    crypto_signing_key_wipe(&device);
    fixture_end(&f);
}

static void a_sealed_account_opens_with_its_key_and_context_alone(void **state)
{
    (void)state;
    struct fixture f;
    struct crypto_signing_key device, other;
    fixture_init(&f);
    fixture_key(&f, 7, &device);
    fixture_key(&f, 9, &other);
    struct chat_link_account account = an_account(), out;
    tb_bytes sealed, context = TB_LITERAL("the code");
    assert_ok(chat_link_seal(&f.suite, crypto_signing_key_public(&device), context, &account,
                             &f.rng.rng, &f.arena, &sealed));
    assert_ok(chat_link_open(&f.suite, &device, context, sealed, &f.arena, &out));
    assert_true(wire_equal(&chat_link_account_desc, &account, &out));
    assert_status(chat_link_open(&f.suite, &other, context, sealed, &f.arena, &out),
                  CHAT_LINK_SEALED);
    assert_status(chat_link_open(&f.suite, &device, TB_LITERAL("another"), sealed, &f.arena, &out),
                  CHAT_LINK_SEALED);
    for (size_t i = 0; i < sealed.len; i++) {
        ((uint8_t *)(uintptr_t)sealed.data)[i] ^= 1;
        assert_false(tb_is_ok(chat_link_open(&f.suite, &device, context, sealed, &f.arena, &out)));
        ((uint8_t *)(uintptr_t)sealed.data)[i] ^= 1;
    }
    crypto_signing_key_wipe(&device);
    crypto_signing_key_wipe(&other);
    fixture_end(&f);
}

static void a_backup_opens_with_the_seed_of_its_phrase_alone(void **state)
{
    (void)state;
    struct fixture f;
    uint8_t seed[CHAT_RECOVERY_SEED_LEN] = { 1 }, other[CHAT_RECOVERY_SEED_LEN] = { 2 };
    struct chat_link_account account = an_account(), out;
    tb_bytes recovery_public, sealed;
    fixture_init(&f);
    assert_ok(chat_recovery_public(&f.suite, TB_ARRAY(seed), &f.arena, &recovery_public));
    assert_ok(chat_recovery_seal(&f.suite, recovery_public, &account, &f.rng.rng, &f.arena,
                                 &sealed));
    assert_ok(chat_recovery_open(&f.suite, TB_ARRAY(seed), sealed, &f.arena, &out));
    assert_true(wire_equal(&chat_link_account_desc, &account, &out));
    assert_status(chat_recovery_open(&f.suite, TB_ARRAY(other), sealed, &f.arena, &out),
                  CHAT_LINK_SEALED);
    fixture_end(&f);
}

static void a_phrase_is_read_as_people_type_it_and_no_wrong_letter_passes(void **state)
{
    (void)state;
    struct fixture f;
    uint8_t entropy[CHAT_PHRASE_ENTROPY_LEN];
    char phrase[CHAT_PHRASE_LEN], typed[CHAT_PHRASE_LEN], read[CHAT_PHRASE_LEN];
    fixture_init(&f);
    assert_ok(tb_rng_fill(&f.rng.rng, entropy, sizeof entropy));
    assert_ok(chat_phrase_make(&f.suite, entropy, phrase));
    for (size_t i = 0; i < sizeof phrase; i++) {
        bool is_letter = phrase[i] >= 'a' && phrase[i] <= 'z';
        typed[i] = phrase[i] == '-' ? ' ' : is_letter ? (char)(phrase[i] - 'a' + 'A') : phrase[i];
    }
    assert_ok(chat_phrase_parse(&f.suite, tb_bytes_of(typed, sizeof typed), read));
    assert_memory_equal(read, phrase, sizeof phrase);
    for (size_t i = 0; i < sizeof phrase; i++) {
        if (phrase[i] == '-') continue;
        char right = phrase[i];
        phrase[i] = right == '7' ? '8' : '7';
        assert_status(chat_phrase_parse(&f.suite, tb_bytes_of(phrase, sizeof phrase), read),
                      CHAT_PHRASE);
        phrase[i] = right;
    }
    assert_status(chat_phrase_parse(&f.suite, tb_bytes_of(phrase, sizeof phrase - 1), read),
                  CHAT_PHRASE);
    assert_status(chat_phrase_parse(&f.suite, TB_LITERAL("not a phrase!"), read), CHAT_PHRASE);
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_code_comes_back_as_it_was_shown),
        cmocka_unit_test(a_sealed_account_opens_with_its_key_and_context_alone),
        cmocka_unit_test(a_backup_opens_with_the_seed_of_its_phrase_alone),
        cmocka_unit_test(a_phrase_is_read_as_people_type_it_and_no_wrong_letter_passes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
