/* Files, locks, secrets from files, the generator, and what the log writes. */
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/files.h"
#include "host/log.h"
#include "host/mem_os.h"
#include "host/rng_os.h"
#include "tests/support.h"

struct place {
    char folder[64], path[96];
    struct tb_mem mem;
    struct tb_arena arena;
};

static int set_up(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    strcpy(place->folder, "/tmp/timbre-files-XXXXXX");
    if (mkdtemp(place->folder) == NULL) return -1;
    snprintf(place->path, sizeof place->path, "%s/file", place->folder);
    host_mem_init(&place->mem, 1 << 20);
    tb_arena_init(&place->arena, &place->mem, 1 << 20);
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    unlink(place->path);
    tb_arena_wipe(&place->arena);
    int failed = rmdir(place->folder); /* nothing temporary may be left */
    free(place);
    return failed;
}

static void a_file_is_replaced_whole(void **state)
{
    struct place *place = *state;
    tb_bytes found;
    struct stat info;
    assert_status(host_file_read(place->path, 100, &place->arena, &found), TB_NOT_FOUND);
    assert_ok(host_file_write(place->path, TB_LITERAL("first, and longer"), 0600));
    assert_ok(host_file_write(place->path, TB_LITERAL("second"), 0640));
    assert_ok(host_file_read(place->path, 6, &place->arena, &found));
    assert_bytes(found, TB_LITERAL("second"));
    assert_status(host_file_read(place->path, 5, &place->arena, &found), TB_TOO_LONG);
    assert_int_equal(stat(place->path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0640);
    assert_status(host_file_read(place->folder, 5, &place->arena, &found), HOST_IO);
    assert_status(host_file_write("/nonexistent/folder/file", found, 0600), HOST_IO);
}

static void privacy_is_checked(void **state)
{
    struct place *place = *state;
    assert_status(host_file_check_private(place->path), TB_NOT_FOUND);
    assert_ok(host_file_write(place->path, TB_LITERAL("x"), 0600));
    assert_ok(host_file_check_private(place->path));
    assert_int_equal(chmod(place->path, 0640), 0);
    assert_status(host_file_check_private(place->path), HOST_PERMISSION);
    assert_int_equal(chmod(place->path, 0602), 0);
    assert_status(host_file_check_private(place->path), HOST_PERMISSION);
}

static void folders_are_made_private_with_those_above(void **state)
{
    struct place *place = *state;
    char deep[160], upper[128];
    struct stat info;
    snprintf(upper, sizeof upper, "%s/a", place->folder);
    snprintf(deep, sizeof deep, "%s/b", upper);
    assert_ok(host_file_make_folder(deep));
    assert_ok(host_file_make_folder(deep)); /* there already */
    assert_int_equal(stat(deep, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0700);
    assert_ok(host_file_write(place->path, TB_LITERAL("x"), 0600));
    assert_status(host_file_make_folder(place->path), HOST_IO); /* a file in its place */
    rmdir(deep);
    rmdir(upper);
}

static void a_lock_is_held_by_one_process_and_ends_with_it(void **state)
{
    struct place *place = *state;
    struct host_lock lock, other;
    assert_ok(host_lock_take(&lock, place->path));
    assert_status(host_lock_take(&other, place->path), HOST_LOCKED);
    assert_int_equal(other.fd, -1);
    host_lock_release(&other); /* of what is not held: nothing */
    host_lock_release(&lock);

    int ready[2];
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        tb_status status = host_lock_take(&lock, place->path);
        char byte = status.code == TB_OK ? 'y' : 'n';
        if (write(ready[1], &byte, 1) != 1) _exit(1);
        pause();
        _exit(0);
    }
    char byte = 0;
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(byte, 'y');
    assert_status(host_lock_take(&other, place->path), HOST_LOCKED);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_ok(host_lock_take(&other, place->path));
    host_lock_release(&other);
    close(ready[0]);
    close(ready[1]);
}

static void a_secret_is_one_line_of_a_private_file(void **state)
{
    struct place *place = *state;
    struct host_secret_text secret;
    assert_status(host_secret_read(place->path, &secret), TB_NOT_FOUND);
    assert_ok(host_file_write(place->path, TB_LITERAL("pass phrase\r\nanother line"), 0600));
    assert_ok(host_secret_read(place->path, &secret));
    assert_string_equal(secret.text, "pass phrase");
    assert_int_equal(secret.len, 11);
    host_secret_text_wipe(&secret);
    for (size_t i = 0; i < sizeof secret.text; i++) assert_int_equal(secret.text[i], 0);
    assert_int_equal(chmod(place->path, 0644), 0);
    assert_status(host_secret_read(place->path, &secret), HOST_PERMISSION);
    assert_ok(host_file_write(place->path, TB_LITERAL(""), 0600));
    assert_status(host_secret_read(place->path, &secret), HOST_INTERRUPTED);
    char *large = calloc(1, HOST_SECRET_TEXT_LEN_MAX + 1);
    memset(large, 'x', HOST_SECRET_TEXT_LEN_MAX + 1);
    assert_ok(host_file_write(place->path, tb_bytes_of(large, HOST_SECRET_TEXT_LEN_MAX + 1), 0600));
    assert_status(host_secret_read(place->path, &secret), TB_TOO_LONG);
    assert_ok(host_file_write(place->path, tb_bytes_of(large, HOST_SECRET_TEXT_LEN_MAX), 0600));
    assert_ok(host_secret_read(place->path, &secret));
    assert_int_equal(secret.len, HOST_SECRET_TEXT_LEN_MAX);
    free(large);
}

static void the_generator_hands_out_each_octet_once(void **state)
{
    (void)state;
    struct host_rng rng;
    host_rng_init(&rng);
    uint8_t seen[64][16];
    for (size_t i = 0; i < 64; i++) {
        assert_ok(tb_rng_fill(&rng.rng, seen[i], sizeof seen[i]));
        for (size_t k = 0; k < i; k++) assert_memory_not_equal(seen[i], seen[k], 16);
        for (size_t k = 0; k < rng.used; k++) assert_int_equal(rng.buffer[k], 0);
    }
    uint8_t large[1000] = { 0 }, zero[1000] = { 0 };
    assert_ok(tb_rng_fill(&rng.rng, large, sizeof large));
    assert_memory_not_equal(large, zero, sizeof large);
    host_rng_wipe(&rng);
}

/* What one call writes, through a file. */
static void logged(struct place *place, enum host_log_format format, enum host_log_level level,
                   const char *message, tb_bytes *out)
{
    int fd = open(place->path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    struct host_log log = { HOST_LOG_INFO, format, fd };
    host_log(&log, level, "event_name", "%s", message);
    close(fd);
    assert_ok(host_file_read(place->path, 1 << 16, &place->arena, out));
}

static void a_log_line_is_one_line_whatever_it_is_told(void **state)
{
    struct place *place = *state;
    tb_bytes line;
    const char *hostile = "a\nforged: line \"quoted\\ \x1b[2J \xff";
    logged(place, HOST_LOG_TEXT, HOST_LOG_WARNING, hostile, &line);
    assert_ptr_equal(memchr(line.data, '\n', line.len), line.data + line.len - 1);
    assert_null(memchr(line.data, 0x1b, line.len));
    assert_non_null(memmem(line.data, line.len, "Z warning event_name: a?forged", 30));
    logged(place, HOST_LOG_JOURNAL, HOST_LOG_ERROR, "m", &line);
    assert_bytes(line, TB_LITERAL("<3>event_name: m\n"));
    logged(place, HOST_LOG_JSON, HOST_LOG_INFO, hostile, &line);
    json_t *object = json_loadb((const char *)line.data, line.len, 0, NULL);
    assert_non_null(object);
    assert_string_equal(json_string_value(json_object_get(object, "message")),
                        "a?forged: line \"quoted\\ ?[2J ?");
    json_decref(object);
    logged(place, HOST_LOG_TEXT, HOST_LOG_DEBUG, "left out", &line);
    assert_int_equal(line.len, 0);
}

int main(void)
{
#define IN_PLACE(TEST_) cmocka_unit_test_setup_teardown(TEST_, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        IN_PLACE(a_file_is_replaced_whole),
        IN_PLACE(privacy_is_checked),
        IN_PLACE(folders_are_made_private_with_those_above),
        IN_PLACE(a_lock_is_held_by_one_process_and_ends_with_it),
        IN_PLACE(a_secret_is_one_line_of_a_private_file),
        cmocka_unit_test(the_generator_hands_out_each_octet_once),
        IN_PLACE(a_log_line_is_one_line_whatever_it_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
