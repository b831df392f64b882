/* The vector runner: what its JSON reader takes, what it recognises, and that it can fail. */
#include "tests/support.h"
#include "tests/vectors/vectors.h"

/* ---------------------------------------------------------------- JSON */

static const struct json *parsed(struct tb_arena *arena, const char *text)
{
    struct json *json = NULL;
    assert_true(json_parse(tb_bytes_text(text), arena, &json));
    return json;
}

static void values_of_every_kind_are_read(void **state)
{
    (void)state;
    struct test_heap heap;
    struct tb_arena arena;
    uint64_t number;
    bool truth;
    tb_bytes octets;
    test_heap_init(&heap);
    tb_arena_init(&arena, &heap.mem, 1 << 20);
    const struct json *json = parsed(&arena, " { \"a\" : [1, 18446744073709551615, -1] , "
                                             "\"b\":null,\"c\":true,\"d\":\"00fF\",\"e\":{}} ");
    assert_int_equal(json->count, 5);
    const struct json *list = json_get(json, "a");
    assert_int_equal(list->count, 3);
    assert_true(json_u64(list->first, &number));
    assert_int_equal(number, 1);
    assert_true(json_u64(list->first->next, &number));
    assert_true(number == UINT64_MAX);
    assert_false(json_u64(list->first->next->next, &number));
    assert_true(json_is_null(json_get(json, "b")));
    assert_true(json_is_null(json_get(json, "missing")));
    assert_true(json_bool(json_get(json, "c"), &truth) && truth);
    assert_true(json_hex(json_get(json, "d"), &arena, &octets));
    assert_bytes(octets, tb_bytes_of((const uint8_t[]){ 0x00, 0xff }, 2));
    assert_false(json_hex(json_get(json, "c"), &arena, &octets));
    assert_int_equal(json_get(json, "e")->count, 0);
    assert_bytes(parsed(&arena, "\"\\u00e9\\ud83d\\ude00\\n\\\"\"")->text,
                 TB_LITERAL("\xc3\xa9\xf0\x9f\x98\x80\n\""));
    tb_arena_wipe(&arena);
}

static void malformed_texts_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",        " ",         "{",          "[1,]",       "[1 2]",      "{\"a\"}",  "{\"a\":}",
        "{a:1}",   "\"",        "\"\\x\"",    "\"\\ud800\"", "\"\n\"",    "nul",      "[1]]",
        "[1] 2",   "\"\\u12\"", "{\"a\":1,}", "]",          "\"\\udc00\"", "tru",     "[",
    };
    struct test_heap heap;
    struct tb_arena arena;
    struct json *json = NULL;
    char deep[100];
    test_heap_init(&heap);
    tb_arena_init(&arena, &heap.mem, 1 << 20);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_false(json_parse(tb_bytes_text(texts[i]), &arena, &json));
    }
    memset(deep, '[', sizeof deep);
    assert_false(json_parse(tb_bytes_of(deep, sizeof deep), &arena, &json));
    assert_null(json);
    tb_arena_wipe(&arena);
}

/* ---------------------------------------------------------------- the runner */

struct seen {
    size_t count;
    size_t index;
    enum vectors_verdict verdict;
    char field[40];
    bool has_case;
};

static void note(void *ctx, const char *kind, size_t index, enum vectors_verdict verdict,
                 const struct vectors_case *c)
{
    struct seen *seen = ctx;
    (void)kind;
    *seen = (struct seen){ seen->count + 1, index, verdict, { 0 }, c != NULL };
    if (c != NULL) snprintf(seen->field, sizeof seen->field, "%s", c->field);
}

static struct vectors_result run(const char *text, struct seen *seen)
{
    struct test_heap heap;
    struct test_rng rng;
    const char *kind = NULL;
    test_heap_init(&heap);
    test_rng_init(&rng, 1);
    const struct vectors_env env = { crypto_backend_native(), &heap.mem, &rng.rng };
    *seen = (struct seen){ 0 };
    struct vectors_result result = vectors_run(&env, tb_bytes_text(text), note, seen, &kind);
    assert_int_equal(heap.mem.used_bytes, 0);
    return result;
}

static void a_case_passes_or_names_what_disagreed(void **state)
{
    (void)state;
    struct seen seen;
    struct vectors_result result = run("[{\"vlbytes_header\":\"00\",\"length\":0},"
                                       " {\"vlbytes_header\":\"7fff\",\"length\":16383},"
                                       " {\"vlbytes_header\":\"7fff\",\"length\":16382}]", &seen);
    assert_int_equal(result.passed, 2);
    assert_int_equal(result.failed, 1);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.index, 2);
    assert_int_equal(seen.verdict, VECTORS_FAILED);
    assert_string_equal(seen.field, "length");
}

static void a_wrong_psk_secret_fails(void **state)
{
    (void)state;
    struct seen seen;
    const char *right = "[{\"cipher_suite\":1,\"psks\":[],\"psk_secret\":"
                        "\"0000000000000000000000000000000000000000000000000000000000000000\"}]";
    const char *wrong = "[{\"cipher_suite\":1,\"psks\":[],\"psk_secret\":"
                        "\"0000000000000000000000000000000000000000000000000000000000000001\"}]";
    assert_int_equal(run(right, &seen).passed, 1);
    assert_int_equal(run(wrong, &seen).failed, 1);
    assert_string_equal(seen.field, "psk_secret");
}

static void what_is_not_known_is_skipped_and_said(void **state)
{
    (void)state;
    struct seen seen;
    struct vectors_result result = run("[{\"cipher_suite\":61,\"psks\":[],\"psk_secret\":\"\"}]",
                                       &seen);
    assert_int_equal(result.skipped, 1);
    assert_string_equal(seen.field, "cipher_suite");
    result = run("[{\"cipher_suite\":1,\"of_tomorrow\":true}]", &seen);
    assert_int_equal(result.skipped, 1);
    assert_string_equal(seen.field, "kind");
}

static void a_file_that_is_no_json_fails(void **state)
{
    (void)state;
    struct seen seen;
    assert_int_equal(run("[{\"vlbytes_header\":\"00\",", &seen).failed, 1);
    assert_false(seen.has_case);
}

static void members_that_are_missing_fail_instead_of_passing(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{\"vlbytes_header\":3,\"length\":0}",
        "{\"cipher_suite\":1,\"psks\":{},\"psk_secret\":\"\"}",
        "{\"cipher_suite\":1,\"ref_hash\":{},\"expand_with_label\":{}}",
        "{\"cipher_suite\":1,\"initial_init_secret\":\"00\",\"epochs\":[]}",
        "{\"cipher_suite\":1,\"encryption_secret\":\"\",\"sender_data\":1,\"leaves\":[]}",
        "{\"cipher_suite\":1,\"initial_epoch_authenticator\":\"\",\"epochs\":[]}",
        "{\"cipher_suite\":1,\"proposal_priv\":\"\",\"application_priv\":\"\"}",
        "{\"cipher_suite\":1,\"interim_transcript_hash_before\":\"\"}",
        "{\"cipher_suite\":1,\"init_priv\":1,\"key_package\":2,\"signer_pub\":3,\"welcome\":4}",
    };
    struct seen seen;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_int_equal(run(texts[i], &seen).failed, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_of_every_kind_are_read),
        cmocka_unit_test(malformed_texts_are_refused),
        cmocka_unit_test(a_case_passes_or_names_what_disagreed),
        cmocka_unit_test(a_wrong_psk_secret_fails),
        cmocka_unit_test(what_is_not_known_is_skipped_and_said),
        cmocka_unit_test(a_file_that_is_no_json_fails),
        cmocka_unit_test(members_that_are_missing_fail_instead_of_passing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
