/* Backups: one file that says itself whether it is whole. */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/backup.h"
#include "tests/support.h"

struct place {
    char folder[64], database[96], backup[96], restored[96];
    struct tb_mem mem;
    struct tb_arena arena;
    struct host_store *store;
};

static int set_up(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    strcpy(place->folder, "/tmp/timbre-backup-XXXXXX");
    if (mkdtemp(place->folder) == NULL) return -1;
    snprintf(place->database, sizeof place->database, "%s/hub.db", place->folder);
    snprintf(place->backup, sizeof place->backup, "%s/backup", place->folder);
    snprintf(place->restored, sizeof place->restored, "%s/restored.db", place->folder);
    host_mem_init(&place->mem, SIZE_MAX);
    tb_arena_init(&place->arena, &place->mem, 1 << 26);
    struct host_store_config config = host_hub_store_config(place->database, &place->mem);
    if (host_store_open(&config, &place->store).code != TB_OK) return -1;
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    host_store_close(place->store);
    unlink(place->database);
    unlink(place->backup);
    tb_arena_wipe(&place->arena);
    int failed = rmdir(place->folder); /* nothing temporary may be left */
    if (place->mem.used_bytes != 0) failed = -1;
    free(place);
    return failed;
}

static void put(struct place *place, const char *value)
{
    assert_ok(host_store_begin(place->store));
    assert_ok(tb_store_put(host_store_view(place->store), HUB_TABLE_META, TB_LITERAL("k"),
                           tb_bytes_text(value)));
    assert_ok(host_store_commit(place->store));
}

static void a_backup_comes_back_as_it_was_when_it_was_made(void **state)
{
    struct place *place = *state;
    struct host_backup made, found;
    struct stat info;
    put(place, "before");
    assert_ok(host_backup_write(place->store, place->backup, &made));
    put(place, "after");
    assert_status(host_backup_write(place->store, place->backup, &made), HOST_EXISTS);
    assert_int_equal(stat(place->backup, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);

    assert_ok(host_backup_read(place->backup, place->restored, &place->mem, &found));
    assert_int_equal(found.schema, HUB_SCHEMA_VERSION);
    assert_string_equal(found.software, HOST_HUB_SOFTWARE);
    struct host_store_config config = host_hub_store_config(place->restored, &place->mem);
    struct host_store *store = NULL;
    tb_bytes value;
    assert_ok(host_store_open(&config, &store));
    assert_ok(tb_store_get(host_store_view(store), HUB_TABLE_META, TB_LITERAL("k"), &place->arena,
                           &value));
    assert_bytes(value, TB_LITERAL("before"));
    host_store_close(store);
    assert_status(host_backup_read(place->backup, place->restored, &place->mem, &found),
                  HOST_EXISTS);
    unlink(place->restored);
}

/* Where a flipped bit lies decides how it is found out, never whether. */
static void every_changed_octet_and_every_missing_end_is_found_out(void **state)
{
    struct place *place = *state;
    struct host_backup made, found;
    tb_bytes whole;
    put(place, "value");
    assert_ok(host_backup_write(place->store, place->backup, &made));
    assert_ok(host_file_read(place->backup, 1 << 24, &place->arena, &whole));
    uint8_t *broken = malloc(whole.len);
    for (size_t at = 0; at < whole.len; at += at < 400 ? 1 : whole.len / 40) {
        memcpy(broken, whole.data, whole.len);
        broken[at] ^= 4;
        assert_ok(host_file_write(place->backup, tb_bytes_of(broken, whole.len), 0600));
        tb_status status =
            host_backup_read(place->backup, place->restored, &place->mem, &found);
        if (status.code == TB_OK) fail_msg("octet %zu", at);
        assert_false(host_file_exists(place->restored));
    }
    for (size_t len = 0; len < whole.len; len += len < 400 ? 1 : whole.len / 40) {
        assert_ok(host_file_write(place->backup, tb_bytes_of(whole.data, len), 0600));
        tb_status status =
            host_backup_read(place->backup, place->restored, &place->mem, &found);
        assert_true(status.code == HOST_DAMAGED || status.code == HOST_SCHEMA_FOREIGN);
        assert_false(host_file_exists(place->restored));
    }
    free(broken);
}

static void a_later_format_is_refused_as_newer(void **state)
{
    struct place *place = *state;
    struct host_backup made, found;
    tb_bytes whole;
    assert_ok(host_backup_write(place->store, place->backup, &made));
    assert_ok(host_file_read(place->backup, 1 << 24, &place->arena, &whole));
    uint8_t *later = malloc(whole.len);
    memcpy(later, whole.data, whole.len);
    later[16] = HOST_BACKUP_VERSION + 1; /* the last octet of the format's version */
    assert_ok(host_file_write(place->backup, tb_bytes_of(later, whole.len), 0600));
    assert_status(host_backup_read(place->backup, place->restored, &place->mem, &found),
                  HOST_SCHEMA_NEWER);
    free(later);
}

static void what_is_not_there_is_not_found(void **state)
{
    struct place *place = *state;
    struct host_backup found;
    assert_status(host_backup_read(place->backup, place->restored, &place->mem, &found),
                  TB_NOT_FOUND);
    assert_status(host_backup_write(place->store, "/nonexistent/folder/backup", &found), HOST_IO);
}

int main(void)
{
#define IN_PLACE(TEST_) cmocka_unit_test_setup_teardown(TEST_, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        IN_PLACE(a_backup_comes_back_as_it_was_when_it_was_made),
        IN_PLACE(every_changed_octet_and_every_missing_end_is_found_out),
        IN_PLACE(a_later_format_is_refused_as_newer),
        IN_PLACE(what_is_not_there_is_not_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
