/* The profile key and its file. */
#include "tests/support.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/client_key.h"

static char folder[] = "/tmp/timbre-key-XXXXXX";
static char path[128];
static const struct cli_key_cost cheap = { 1, 8192 };

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL) return -1;
    (void)snprintf(path, sizeof path, "%s/key", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(folder);
}

static void make(tb_bytes passphrase, struct tb_secret *key)
{
    struct test_rng rng;
    test_rng_init(&rng, 7);
    (void)unlink(path);
    assert_ok(cli_key_make(path, passphrase, &cheap, &rng.rng, key));
    assert_int_equal(key->len, CLI_KEY_LEN);
}

static size_t file_read(uint8_t out[512])
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t len = fread(out, 1, 512, file);
    assert_int_equal(fclose(file), 0);
    return len;
}

static void file_write(const uint8_t *data, size_t len)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, 0600), 0);
}

static void a_bare_key_comes_back_and_is_private(void **state)
{
    (void)state;
    struct tb_secret made = { 0 }, read = { 0 };
    struct stat info;
    make((tb_bytes){ 0 }, &made);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(info.st_size, CLI_KEY_LEN);
    assert_ok(cli_key_read(path, (tb_bytes){ 0 }, &read));
    assert_bytes(tb_secret_view(&read), tb_secret_view(&made));
}

static void a_key_that_others_can_read_is_refused(void **state)
{
    (void)state;
    struct tb_secret made = { 0 }, read = { 0 };
    make((tb_bytes){ 0 }, &made);
    assert_int_equal(chmod(path, 0640), 0);
    assert_status(cli_key_read(path, (tb_bytes){ 0 }, &read), HOST_PERMISSION);
    assert_int_equal(read.len, 0);
}

static void a_passphrase_wraps_the_key(void **state)
{
    (void)state;
    struct tb_secret made = { 0 }, read = { 0 };
    uint8_t file[512];
    make(TB_LITERAL("correct horse"), &made);
    size_t len = file_read(file);
    assert_null(memmem(file, len, made.data, CLI_KEY_LEN));
    assert_status(cli_key_read(path, (tb_bytes){ 0 }, &read), CLI_PASSPHRASE_NEEDED);
    assert_status(cli_key_read(path, TB_LITERAL("wrong horse"), &read), CLI_PASSPHRASE_WRONG);
    assert_int_equal(read.len, 0);
    assert_ok(cli_key_read(path, TB_LITERAL("correct horse"), &read));
    assert_bytes(tb_secret_view(&read), tb_secret_view(&made));
}

static void each_changed_octet_of_a_wrapped_key_is_refused(void **state)
{
    (void)state;
    struct tb_secret made = { 0 }, read = { 0 };
    uint8_t file[512];
    make(TB_LITERAL("p"), &made);
    size_t len = file_read(file);
    for (size_t i = 0; i < len; i++) {
        /* The limits' high octets would only ask for hours or memory; their bounds come below. */
        bool is_cost = i >= 8 && i < 24;
        if (is_cost && i != 15 && i != 23) continue;
        file[i] ^= 1;
        file_write(file, len);
        assert_true(cli_key_read(path, TB_LITERAL("p"), &read).code != TB_OK);
        file[i] ^= 1;
    }
    assert_int_equal(read.len, 0);
}

static void a_file_that_asks_for_too_much_is_refused(void **state)
{
    (void)state;
    struct tb_secret made = { 0 }, read = { 0 };
    uint8_t file[512];
    make(TB_LITERAL("p"), &made);
    size_t len = file_read(file);
    file[8] = 0xff; /* opslimit */
    file_write(file, len);
    assert_status(cli_key_read(path, TB_LITERAL("p"), &read), CLI_KEY_FORMAT);
    file[8] = 0;
    file[16] = 0xff; /* memlimit */
    file_write(file, len);
    assert_status(cli_key_read(path, TB_LITERAL("p"), &read), CLI_KEY_FORMAT);
}

static void a_missing_a_short_and_a_long_file_are_named(void **state)
{
    (void)state;
    struct tb_secret read = { 0 };
    uint8_t file[512] = { 0 };
    (void)unlink(path);
    assert_status(cli_key_read(path, (tb_bytes){ 0 }, &read), CLI_KEY_MISSING);
    file_write(file, CLI_KEY_LEN - 1);
    assert_status(cli_key_read(path, (tb_bytes){ 0 }, &read), CLI_KEY_FORMAT);
    file_write(file, sizeof file);
    assert_status(cli_key_read(path, (tb_bytes){ 0 }, &read), CLI_KEY_FORMAT);
    file_write(file, 0);
    assert_status(cli_key_read(path, (tb_bytes){ 0 }, &read), CLI_KEY_FORMAT);
}

static bool no_randomness(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    (void)out;
    (void)len;
    return false;
}

static void without_randomness_no_key_is_made(void **state)
{
    (void)state;
    struct tb_rng rng = { NULL, no_randomness };
    struct tb_secret key = { 0 };
    (void)unlink(path);
    assert_status(cli_key_make(path, (tb_bytes){ 0 }, &cheap, &rng, &key), TB_RANDOM);
    assert_int_equal(key.len, 0);
    assert_int_not_equal(access(path, F_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bare_key_comes_back_and_is_private),
        cmocka_unit_test(a_key_that_others_can_read_is_refused),
        cmocka_unit_test(a_passphrase_wraps_the_key),
        cmocka_unit_test(each_changed_octet_of_a_wrapped_key_is_refused),
        cmocka_unit_test(a_file_that_asks_for_too_much_is_refused),
        cmocka_unit_test(a_missing_a_short_and_a_long_file_are_named),
        cmocka_unit_test(without_randomness_no_key_is_made),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
