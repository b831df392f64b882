/*
 * libcrypto without memory: the native provider is then not there, or a primitive fails, and
 * nothing crashes.  Each failure runs in a process of its own, since algorithms are fetched once.
 */
#include "tests/support.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "crypto/crypto.h"

enum { STEP_EARLY = 1, STEP_LATE = 97, EARLY = 80, SUITE = 0x0002 };

static size_t allocation_count, fail_at;
static bool is_for_good;

static bool fails(void)
{
    allocation_count++;
    return fail_at != 0 &&
           (is_for_good ? allocation_count >= fail_at : allocation_count == fail_at);
}

static void *take(size_t len, const char *file, int line)
{
    (void)file;
    (void)line;
    return fails() ? NULL : malloc(len);
}

static void *grow(void *data, size_t len, const char *file, int line)
{
    (void)file;
    (void)line;
    return fails() ? NULL : realloc(data, len);
}

static void give(void *data, const char *file, int line)
{
    (void)file;
    (void)line;
    free(data);
}

static bool fill(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    for (size_t i = 0; i < len; i++) out[i] = (uint8_t)(i + 1);
    return true;
}

/* Everything that libcrypto does for a suite; what comes of it does not matter. */
static bool use(void)
{
    const tb_bytes text = TB_LITERAL("text");
    const struct crypto_provider *native = crypto_backend_native();
    struct crypto_suite suite;
    struct crypto_signing_key key;
    struct tb_rng rng = { NULL, fill };
    struct tb_secret shared;
    uint8_t signature[CRYPTO_SIGNATURE_MAX], sealed[4 + CRYPTO_TAG_LEN], digest[CRYPTO_HASH_MAX];
    const uint8_t zeros[CRYPTO_KEY_MAX] = { 0 };
    size_t len;
    if (!tb_is_ok(crypto_suite_init(&suite, SUITE, native))) return false;
    if (!tb_is_ok(crypto_signing_key_new(&suite, &rng, &key))) return false;
    tb_bytes public_key = crypto_signing_key_public(&key);
    tb_bytes private_key = tb_secret_view(&key.private_key);
    if (!tb_is_ok(native->hash(native, suite.hash, &text, 1, digest))) return false;
    if (!tb_is_ok(native->dh(native, suite.kem, private_key, public_key, &shared))) return false;
    if (!tb_is_ok(native->aead_seal(native, suite.aead, (tb_bytes){ zeros, suite.key_len },
                                    (tb_bytes){ zeros, CRYPTO_NONCE_LEN }, text, text, sealed))) {
        return false;
    }
    if (!tb_is_ok(native->sign(native, suite.signature, private_key, public_key, text, signature,
                               &len))) {
        return false;
    }
    return tb_is_ok(native->verify(native, suite.signature, public_key, text,
                                   (tb_bytes){ signature, len }));
}

/* In a child: with one failure, or all from one on.  Allocations of a whole run with fail_at 0. */
static size_t run(size_t at, bool for_good)
{
    int ends[2], status;
    size_t count = 0;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        fail_at = at;
        is_for_good = for_good;
        if (CRYPTO_set_mem_functions(take, grow, give) != 1) _exit(2);
        bool is_done = use();
        if (at == 0 && !is_done) _exit(3);
        _exit(write(ends[1], &allocation_count, sizeof allocation_count) < 0 ? 4 : 0);
    }
    assert_int_equal(close(ends[1]), 0);
    if (read(ends[0], &count, sizeof count) != sizeof count) count = 0;
    assert_int_equal(close(ends[0]), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    return count;
}

static void no_failed_allocation_of_libcrypto_crashes(void **state)
{
    (void)state;
    size_t count = run(0, false);
    assert_in_range(count, EARLY, 100000);
    for (size_t at = 1; at <= count; at += at < EARLY ? STEP_EARLY : STEP_LATE) {
        run(at, false);
        run(at, true);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_failed_allocation_of_libcrypto_crashes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
