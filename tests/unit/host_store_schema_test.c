/* The SQLite adapter over time: schemas, copies, checkpoints, sealed values. */
#include <fcntl.h>
#include <sqlite3.h>

#include "host/files.h"
#include "host/rng_os.h"
#include "host/store_codec.h"
#include "tests/unit/host_store_place.h"

/* ---- schemas ---- */

static void set_version(struct place *place, const char *sql)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(place->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void a_newer_schema_is_refused_and_left_as_it_is(void **state)
{
    struct place *place = *state;
    struct host_store *store = open_store(place);
    put_durably(store, KEYED, "k", "v");
    host_store_close(store);
    set_version(place, "PRAGMA user_version=2");
    tb_bytes before, after;
    assert_ok(host_file_read(place->path, 1 << 20, &place->arena, &before));
    struct host_store_config config = config_of(place);
    store = NULL;
    assert_status(host_store_open(&config, &store), HOST_SCHEMA_NEWER);
    assert_null(store);
    assert_ok(host_file_read(place->path, 1 << 20, &place->arena, &after));
    assert_bytes(after, before);
}

static void a_foreign_file_is_refused_and_left_as_it_is(void **state)
{
    struct place *place = *state;
    struct host_store_config config = config_of(place);
    struct host_store *store = NULL;
    assert_ok(host_file_write(place->path, TB_LITERAL("this is a letter, not a database, and it "
                                                      "is long enough to be looked at as one"),
                              0600));
    assert_status(host_store_open(&config, &store), HOST_SCHEMA_FOREIGN);
    unlink(place->path);
    set_version(place, "CREATE TABLE others(x); PRAGMA user_version=1");
    assert_status(host_store_open(&config, &store), HOST_SCHEMA_FOREIGN);
    unlink(place->path);
    set_version(place, "PRAGMA application_id=7; PRAGMA user_version=1");
    assert_status(host_store_open(&config, &store), HOST_SCHEMA_FOREIGN);
}

static void an_older_schema_is_copied_and_brought_forward(void **state)
{
    struct place *place = *state;
    struct host_store *store = open_store(place);
    put_durably(store, KEYED, "k", "v");
    host_store_close(store);

    static const struct host_store_step steps[] = { { 1, "CREATE TABLE more(x) STRICT" },
                                                    { 2, "UPDATE things SET value=x'6e6577'" } };
    static const struct host_store_step wrong[] = {
        { 1, "UPDATE things SET value=x'00'; CREATE" }
    };
    struct host_store_config config = config_of(place);
    config.schema_version = 3;
    assert_status(host_store_open(&config, &store), HOST_SCHEMA_STEP); /* no way leads there */
    config.steps = wrong;
    config.step_count = 1;
    config.schema_version = 2;
    assert_int_not_equal(host_store_open(&config, &store).code, TB_OK);
    store = open_store(place);
    expect(place, store, KEYED, "k", "v"); /* a step that fails changes nothing */
    host_store_close(store);

    struct host_store_table kinds[] = { { KEYED, "things", HOST_STORE_KEYED } };
    config.tables = kinds;
    config.table_count = 1;
    config.steps = (const struct host_store_step[]){ { 1, "SELECT 1" }, steps[1] };
    config.step_count = 2;
    config.schema_version = 3;
    assert_ok(host_store_open(&config, &store));
    expect(place, store, KEYED, "k", "new");
    host_store_close(store);

    char copy[160];
    snprintf(copy, sizeof copy, "%s.schema-1", place->path);
    config = config_of(place);
    config.path = copy;
    config.is_read_only = true;
    assert_ok(host_store_open(&config, &store));
    expect(place, store, KEYED, "k", "v");
    host_store_close(store);
}

/* ---- upkeep ---- */

static void a_copy_is_whole_and_does_not_disturb_writing(void **state)
{
    struct place *place = *state;
    struct host_store *store = open_store(place);
    put_durably(store, KEYED, "k", "before");
    char path[160];
    snprintf(path, sizeof path, "%s/copy.db", place->folder);
    assert_ok(host_store_copy(store, path));
    assert_status(host_store_copy(store, path), HOST_EXISTS);
    put_durably(store, KEYED, "k", "after");
    host_store_close(store);

    struct host_store_config config = config_of(place);
    config.path = path;
    config.is_read_only = true;
    assert_ok(host_store_open(&config, &store));
    expect(place, store, KEYED, "k", "before");
    assert_ok(host_store_check(store));
    host_store_close(store);
}

static void a_damaged_file_is_found_out(void **state)
{
    struct place *place = *state;
    struct host_store *store = open_store(place);
    assert_ok(host_store_begin(store));
    char key[16];
    for (int i = 0; i < 2000; i++) {
        snprintf(key, sizeof key, "%d", i);
        put(store, LOG, key, "a value of some length, so that there are many pages to damage");
    }
    assert_ok(host_store_commit(store));
    host_store_close(store);
    int fd = open(place->path, O_RDWR);
    assert_true(fd >= 0);
    uint8_t rubbish[4096];
    memset(rubbish, 0x5a, sizeof rubbish);
    assert_int_equal(pwrite(fd, rubbish, sizeof rubbish, 10 * 4096), sizeof rubbish);
    close(fd);
    store = open_store(place);
    assert_status(host_store_check(store), HOST_DAMAGED);
    host_store_close(store);
}

static void a_checkpoint_beside_leaves_the_wal_to_be_begun_anew(void **state)
{
    struct place *place = *state;
    struct host_store *store = open_store(place);
    char key[16];
    for (int i = 0; i < 200; i++) {
        snprintf(key, sizeof key, "%d", i);
        put_durably(store, LOG, key, "value");
    }
    unsigned before = host_store_wal_pages(store);
    assert_true(before >= 200);
    host_store_checkpoint_beside(place->path);
    host_store_checkpoint(store);
    put_durably(store, LOG, "next", "value");
    assert_true(host_store_wal_pages(store) < before / 10);
    host_store_close(store);
}

/* ---- sealed values ---- */

static void sealed_values_open_in_their_own_place_only(void **state)
{
    struct place *place = *state;
    struct host_rng rng;
    struct host_codec codec;
    host_rng_init(&rng);
    uint8_t key[HOST_CODEC_KEY_LEN] = { 1, 2, 3 };
    host_codec_init(&codec, TB_ARRAY(key), &rng.rng);
    struct host_store_config config = config_of(place);
    config.codec = &codec.codec;
    config.is_wiping = true;
    struct host_store *store = NULL;
    assert_ok(host_store_open(&config, &store));
    put_durably(store, KEYED, "a", "a private text");
    put_durably(store, KEYED, "b", "");
    expect(place, store, KEYED, "a", "a private text");
    expect(place, store, KEYED, "b", "");
    expect_scan(store, KEYED, "", "", false, 9, "a b ");
    host_store_close(store);

    tb_bytes file;
    assert_ok(host_file_read(place->path, 1 << 20, &place->arena, &file));
    assert_null(memmem(file.data, file.len, "a private text", 14));

    set_version(place, "UPDATE things SET value=(SELECT value FROM things WHERE key=x'61') "
                       "WHERE key=x'62'");
    assert_ok(host_store_open(&config, &store));
    tb_bytes found;
    assert_status(tb_store_get(host_store_view(store), KEYED, TB_LITERAL("b"), &place->arena,
                               &found), TB_STORE);
    expect(place, store, KEYED, "a", "a private text");
    host_store_close(store);
    host_codec_wipe(&codec);

    key[0] ^= 1;
    host_codec_init(&codec, TB_ARRAY(key), &rng.rng);
    assert_ok(host_store_open(&config, &store));
    assert_status(tb_store_get(host_store_view(store), KEYED, TB_LITERAL("a"), &place->arena,
                               &found), TB_STORE);
    host_store_close(store);
    host_codec_wipe(&codec);
    host_rng_wipe(&rng);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_PLACE(a_newer_schema_is_refused_and_left_as_it_is),
        IN_PLACE(a_foreign_file_is_refused_and_left_as_it_is),
        IN_PLACE(an_older_schema_is_copied_and_brought_forward),
        IN_PLACE(a_copy_is_whole_and_does_not_disturb_writing),
        IN_PLACE(a_damaged_file_is_found_out),
        IN_PLACE(a_checkpoint_beside_leaves_the_wal_to_be_begun_anew),
        IN_PLACE(sealed_values_open_in_their_own_place_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
