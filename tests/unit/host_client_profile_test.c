/* Profiles: their folder, their lock, their key and what stands in their database. */
#include "tests/support.h"

#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/client.h"
#include "host/client_profile.h"
#include "host/store_sqlite.h"

static char base[64], folder[HOST_PATH_LEN_MAX];
static struct test_heap heap;
static struct test_rng rng;

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(base, sizeof base, "/tmp/timbre-profile-XXXXXX");
    if (mkdtemp(base) == NULL) return -1;
    test_heap_init(&heap);
    test_rng_init(&rng, 11);
    return cli_profile_folder(base, "alice", folder).code;
}

static int tear_down(void **state)
{
    char command[128];
    (void)state;
    (void)snprintf(command, sizeof command, "rm -rf '%s'", base);
    return system(command);
}

static tb_status open_as(struct cli_profile *profile, tb_bytes passphrase, bool may_make)
{
    return cli_profile_open(profile, folder, passphrase, may_make, &heap.mem, &rng.rng);
}

static void names_are_plain_words(void **state)
{
    (void)state;
    char out[HOST_PATH_LEN_MAX];
    static const char *const wrong[] = { "", ".", "..", ".hidden", "a/b", "a b", "a\n", "\xc3\xa9",
        "a123456789012345678901234567890123456789012345678901234567890123456789" };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_status(cli_profile_folder(base, wrong[i], out), CLI_PROFILE_NAME);
    }
    assert_ok(cli_profile_folder("/x", "Bob-2.old_1", out));
    assert_string_equal(out, "/x/Bob-2.old_1");
}

static void the_folder_of_profiles_comes_from_option_environment_or_home(void **state)
{
    (void)state;
    char out[HOST_PATH_LEN_MAX];
    assert_int_equal(setenv("TIMBRE_DATA_DIR", "/own", 1), 0);
    assert_ok(cli_profile_folder("/given", "a", out));
    assert_string_equal(out, "/given/a");
    assert_ok(cli_profile_folder(NULL, "a", out));
    assert_string_equal(out, "/own/a");
    assert_int_equal(unsetenv("TIMBRE_DATA_DIR"), 0);
    assert_int_equal(setenv("XDG_DATA_HOME", "/xdg", 1), 0);
    assert_ok(cli_profile_folder(NULL, "a", out));
    assert_string_equal(out, "/xdg/timbre/a");
    assert_int_equal(unsetenv("XDG_DATA_HOME"), 0);
    assert_int_equal(setenv("HOME", "/home/a", 1), 0);
    assert_ok(cli_profile_folder(NULL, "a", out));
    assert_string_equal(out, "/home/a/.local/share/timbre/a");
}

static void an_absent_profile_is_made_only_when_asked(void **state)
{
    (void)state;
    struct cli_profile profile;
    struct stat info;
    assert_status(open_as(&profile, (tb_bytes){ 0 }, false), CLI_PROFILE_ABSENT);
    assert_int_not_equal(stat(folder, &info), 0);
    assert_ok(open_as(&profile, (tb_bytes){ 0 }, true));
    cli_profile_close(&profile);
    assert_int_equal(stat(folder, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0700);
    assert_ok(open_as(&profile, (tb_bytes){ 0 }, false));
    cli_profile_close(&profile);
}

static void a_second_process_is_refused_and_told_who_holds_it(void **state)
{
    (void)state;
    struct cli_profile profile, second;
    char holder[CLI_HOLDER_LEN_MAX], expected[CLI_HOLDER_LEN_MAX];
    assert_ok(open_as(&profile, (tb_bytes){ 0 }, true));
    assert_status(open_as(&second, (tb_bytes){ 0 }, false), HOST_LOCKED);
    cli_profile_holder(folder, holder);
    (void)snprintf(expected, sizeof expected, "process %d holds %s", (int)getpid(), folder);
    assert_string_equal(holder, expected);
    cli_profile_close(&profile);
    assert_ok(open_as(&second, (tb_bytes){ 0 }, false));
    cli_profile_close(&second);
}

static void the_lock_ends_with_its_process(void **state)
{
    (void)state;
    struct cli_profile profile;
    int told[2], status = 0;
    char byte;
    assert_ok(open_as(&profile, (tb_bytes){ 0 }, true));
    cli_profile_close(&profile);
    assert_int_equal(pipe(told), 0);
    pid_t child = fork();
    if (child == 0) {
        struct cli_profile theirs;
        byte = open_as(&theirs, (tb_bytes){ 0 }, false).code == TB_OK ? 'y' : 'n';
        if (write(told[1], &byte, 1) != 1) _exit(1);
        for (;;) (void)pause();
    }
    assert_true(child > 0);
    assert_int_equal(read(told[0], &byte, 1), 1);
    assert_int_equal(byte, 'y');
    assert_status(open_as(&profile, (tb_bytes){ 0 }, false), HOST_LOCKED);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_ok(open_as(&profile, (tb_bytes){ 0 }, false));
    cli_profile_close(&profile);
    (void)close(told[0]);
    (void)close(told[1]);
}

/* Every table that the engine may name takes a value and gives it back, and the file holds none. */
static void values_of_every_table_are_sealed_on_disk(void **state)
{
    (void)state;
    static const char secret[] = "a secret of the profile";
    struct cli_profile profile;
    char path[HOST_PATH_LEN_MAX];
    assert_ok(open_as(&profile, (tb_bytes){ 0 }, true));
    const struct tb_store *store = host_store_view(profile.store);
    for (uint8_t table = CLIENT_TABLE_META; table < CLIENT_TABLE_END; table++) {
        (void)host_store_begin(profile.store);
        assert_ok(tb_store_put(store, table, TB_LITERAL("key"), tb_bytes_text(secret)));
        assert_ok(host_store_commit(profile.store));
    }
    cli_profile_close(&profile);

    assert_ok(host_file_join(path, folder, "profile.db"));
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    static char contents[1 << 20];
    size_t len = fread(contents, 1, sizeof contents, file);
    assert_int_equal(fclose(file), 0);
    assert_true(len > 0);
    assert_null(memmem(contents, len, secret, sizeof secret - 1));

    struct tb_arena arena;
    tb_bytes value = { 0 };
    tb_arena_init(&arena, &heap.mem, 1 << 20);
    assert_ok(open_as(&profile, (tb_bytes){ 0 }, false));
    assert_ok(tb_store_get(host_store_view(profile.store), CLIENT_TABLE_META, TB_LITERAL("key"),
                           &arena, &value));
    assert_bytes(value, tb_bytes_text(secret));
    tb_arena_wipe(&arena);
    cli_profile_close(&profile);
}

static void without_its_key_a_database_is_no_profile(void **state)
{
    (void)state;
    struct cli_profile profile;
    char path[HOST_PATH_LEN_MAX];
    assert_ok(open_as(&profile, (tb_bytes){ 0 }, true));
    cli_profile_close(&profile);
    assert_ok(host_file_join(path, folder, "key"));
    assert_int_equal(unlink(path), 0);
    assert_false(cli_profile_exists(folder));
    assert_status(open_as(&profile, (tb_bytes){ 0 }, false), CLI_KEY_MISSING);
    assert_status(open_as(&profile, (tb_bytes){ 0 }, true), CLI_KEY_MISSING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(names_are_plain_words, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            the_folder_of_profiles_comes_from_option_environment_or_home, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_absent_profile_is_made_only_when_asked, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_second_process_is_refused_and_told_who_holds_it, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_lock_ends_with_its_process, set_up, tear_down),
        cmocka_unit_test_setup_teardown(values_of_every_table_are_sealed_on_disk, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(without_its_key_a_database_is_no_profile, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
