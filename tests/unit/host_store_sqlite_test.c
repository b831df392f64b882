/* The SQLite adapter: order, transactions, and a disk that fails. */
#include <sqlite3.h>

#include "host/files.h"
#include "tests/unit/host_store_place.h"

/* ---- a file system whose writes and syncs can fail, in front of the real one ---- */

static sqlite3_vfs fault_vfs;
static struct fault {
    long writes_until_failure; /* negative: never */
    long syncs_until_failure;
} fault;
struct fault_file {
    sqlite3_file base;
    sqlite3_file *real;
};
static sqlite3_io_methods fault_methods;
static const sqlite3_io_methods *real_methods;

static int count_down(long *left)
{
    if (*left < 0) return 0;
    if (*left > 0) {
        (*left)--;
        return 0;
    }
    return 1;
}
static sqlite3_file *real_of(sqlite3_file *file)
{
    return ((struct fault_file *)(void *)file)->real;
}
static int fault_close(sqlite3_file *file)
{
    sqlite3_file *real = real_of(file);
    int code = real->pMethods->xClose(real);
    sqlite3_free(real);
    return code;
}
static int fault_read(sqlite3_file *file, void *out, int len, sqlite3_int64 at)
{
    return real_methods->xRead(real_of(file), out, len, at);
}
static int fault_write(sqlite3_file *file, const void *data, int len, sqlite3_int64 at)
{
    if (count_down(&fault.writes_until_failure)) return SQLITE_FULL;
    return real_methods->xWrite(real_of(file), data, len, at);
}
static int fault_truncate(sqlite3_file *file, sqlite3_int64 len)
{
    return real_methods->xTruncate(real_of(file), len);
}
static int fault_sync(sqlite3_file *file, int flags)
{
    if (count_down(&fault.syncs_until_failure)) return SQLITE_IOERR_FSYNC;
    return real_methods->xSync(real_of(file), flags);
}
static int fault_size(sqlite3_file *file, sqlite3_int64 *out)
{
    return real_methods->xFileSize(real_of(file), out);
}
static int fault_lock(sqlite3_file *file, int level)
{
    return real_methods->xLock(real_of(file), level);
}
static int fault_unlock(sqlite3_file *file, int level)
{
    return real_methods->xUnlock(real_of(file), level);
}
static int fault_reserved(sqlite3_file *file, int *out)
{
    return real_methods->xCheckReservedLock(real_of(file), out);
}
static int fault_control(sqlite3_file *file, int op, void *argument)
{
    return real_methods->xFileControl(real_of(file), op, argument);
}
static int fault_sector(sqlite3_file *file)
{
    return real_methods->xSectorSize(real_of(file));
}
static int fault_traits(sqlite3_file *file)
{
    return real_methods->xDeviceCharacteristics(real_of(file));
}
static int fault_map(sqlite3_file *file, int page, int len, int extend, void volatile **out)
{
    return real_methods->xShmMap(real_of(file), page, len, extend, out);
}
static int fault_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
    return real_methods->xShmLock(real_of(file), offset, count, flags);
}
static void fault_barrier(sqlite3_file *file)
{
    real_methods->xShmBarrier(real_of(file));
}
static int fault_unmap(sqlite3_file *file, int is_deleted)
{
    return real_methods->xShmUnmap(real_of(file), is_deleted);
}

static int fault_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                      int *out_flags)
{
    sqlite3_vfs *real = vfs->pAppData;
    struct fault_file *ours = (struct fault_file *)(void *)file;
    ours->real = sqlite3_malloc(real->szOsFile);
    memset(ours->real, 0, (size_t)real->szOsFile);
    int code = real->xOpen(real, name, ours->real, flags, out_flags);
    if (code != SQLITE_OK) {
        sqlite3_free(ours->real);
        ours->base.pMethods = NULL;
        return code;
    }
    if (real_methods == NULL) real_methods = ours->real->pMethods;
    ours->base.pMethods = &fault_methods;
    return SQLITE_OK;
}

static void fault_install(void)
{
    sqlite3_vfs *real = sqlite3_vfs_find(NULL);
    fault_vfs = *real;
    fault_vfs.zName = "fault";
    fault_vfs.pAppData = real;
    fault_vfs.szOsFile = (int)sizeof(struct fault_file);
    fault_vfs.xOpen = fault_open;
    fault_methods = (sqlite3_io_methods){
        .iVersion = 2, .xClose = fault_close, .xRead = fault_read, .xWrite = fault_write,
        .xTruncate = fault_truncate, .xSync = fault_sync, .xFileSize = fault_size,
        .xLock = fault_lock, .xUnlock = fault_unlock, .xCheckReservedLock = fault_reserved,
        .xFileControl = fault_control, .xSectorSize = fault_sector,
        .xDeviceCharacteristics = fault_traits, .xShmMap = fault_map, .xShmLock = fault_shm_lock,
        .xShmBarrier = fault_barrier, .xShmUnmap = fault_unmap,
    };
    fault = (struct fault){ -1, -1 };
    sqlite3_vfs_register(&fault_vfs, 1);
}

/* ---- what the contract of base/store.h says ---- */

static void values_are_found_again_replaced_and_deleted(void **state)
{
    struct place *place = *state;
    for (uint8_t table = KEYED; table <= LOG; table++) {
        struct host_store *store = open_store(place);
        assert_ok(host_store_begin(store));
        put(store, table, "k", "first");
        expect(place, store, table, "k", "first"); /* reads see the open transaction */
        put(store, table, "k", "second");
        put(store, table, "", "of the empty key");
        put(store, table, "empty", "");
        assert_ok(tb_store_del(host_store_view(store), table, TB_LITERAL("never there")));
        assert_ok(host_store_commit(store));
        host_store_close(store);

        store = open_store(place);
        expect(place, store, table, "k", "second");
        expect(place, store, table, "", "of the empty key");
        expect(place, store, table, "empty", "");
        assert_ok(host_store_begin(store));
        assert_ok(tb_store_del(host_store_view(store), table, TB_LITERAL("k")));
        assert_ok(host_store_commit(store));
        expect(place, store, table, "k", NULL);
        host_store_close(store);
    }
}

static void scans_run_in_order_of_octets_and_end_before_until(void **state)
{
    struct place *place = *state;
    struct host_store *store = open_store(place);
    for (uint8_t table = KEYED; table <= LOG; table++) {
        assert_ok(host_store_begin(store));
        static const char *const keys[] = { "c", "a", "ab", "\xff", "b", "B" };
        for (size_t i = 0; i < 6; i++) put(store, table, keys[i], "v");
        expect_scan(store, table, "", "", false, 99, "B a ab b c \xff ");
        expect_scan(store, table, "", "", true, 2, "\xff c ");
        expect_scan(store, table, "a", "c", false, 99, "a ab b ");
        expect_scan(store, table, "a", "c", true, 99, "b ab a ");
        expect_scan(store, table, "ab", "", false, 2, "ab b ");
        expect_scan(store, table, "b", "b", false, 9, "");
        assert_ok(host_store_commit(store));
    }
    host_store_close(store);
}

struct nested {
    struct host_store *store;
    char found[256];
};
static bool scan_again(void *ctx, tb_bytes key, tb_bytes value)
{
    struct nested *nested = ctx;
    collect(nested->found, key, value);
    char inner[256] = "";
    assert_ok(tb_store_scan(host_store_view(nested->store), KEYED, TB_LITERAL(""), TB_LITERAL(""),
                            false, 9, collect, inner));
    assert_string_equal(inner, "a b ");
    return key.data[0] != 'b';
}

static void a_scan_may_ask_for_the_same_scan_and_end_early(void **state)
{
    struct host_store *store = open_store(*state);
    assert_ok(host_store_begin(store));
    put(store, KEYED, "a", "1");
    put(store, KEYED, "b", "2");
    struct nested nested = { store, "" };
    assert_ok(tb_store_scan(host_store_view(store), KEYED, TB_LITERAL(""), TB_LITERAL(""), false,
                            9, scan_again, &nested));
    assert_string_equal(nested.found, "a b ");
    assert_ok(host_store_commit(store));
    host_store_close(store);
}

static void log_rows_lie_in_the_order_of_their_arrival(void **state)
{
    struct place *place = *state;
    struct host_store *store = open_store(place);
    put_durably(store, LOG, "z", "first");
    put_durably(store, LOG, "a", "second");
    host_store_close(store);

    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_open(place->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT value FROM pages ORDER BY id", -1, &statement,
                                        NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    assert_memory_equal(sqlite3_column_blob(statement, 0), "first", 5);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    assert_memory_equal(sqlite3_column_blob(statement, 0), "second", 6);
    sqlite3_finalize(statement);
    sqlite3_close(db);
}

static void a_rolled_back_transaction_leaves_nothing(void **state)
{
    struct place *place = *state;
    struct host_store *store = open_store(place);
    assert_ok(host_store_begin(store));
    put(store, KEYED, "k", "v");
    host_store_rollback(store);
    expect(place, store, KEYED, "k", NULL);
    host_store_close(store);
}

static void the_file_is_private_to_its_user(void **state)
{
    struct place *place = *state;
    struct host_store *store = open_store(place);
    put_durably(store, KEYED, "k", "v");
    char wal[160];
    snprintf(wal, sizeof wal, "%s-wal", place->path);
    assert_ok(host_file_check_private(place->path));
    assert_ok(host_file_check_private(wal));
    host_store_close(store);
}

/* ---- faults ---- */

static void a_full_disk_refuses_and_changes_nothing(void **state)
{
    struct place *place = *state;
    struct host_store *store = open_store(place);
    put_durably(store, KEYED, "kept", "yes");
    host_store_limit(store, 64 << 10);
    uint8_t *large = calloc(1, 1 << 20);
    assert_ok(host_store_begin(store));
    put(store, KEYED, "also", "lost");
    assert_status(tb_store_put(host_store_view(store), LOG, TB_LITERAL("k"),
                               tb_bytes_of(large, 1 << 20)), TB_STORE);
    /* The transaction is spoilt: a later, smaller write must not slip in. */
    assert_status(tb_store_put(host_store_view(store), KEYED, TB_LITERAL("x"), TB_LITERAL("y")),
                  TB_STORE);
    assert_status(host_store_commit(store), TB_STORE);
    assert_true(strlen(host_store_error(store)) > 0);
    expect(place, store, KEYED, "also", NULL);
    expect(place, store, KEYED, "kept", "yes");

    host_store_limit(store, 0);
    put_durably(store, KEYED, "after", "space was made");
    expect(place, store, KEYED, "after", "space was made");
    free(large);
    host_store_close(store);
}

/* Whatever write or sync of a commit fails: the commit is refused or durable, never half. */
static void every_failing_write_or_sync_refuses_the_whole_turn(void **state)
{
    struct place *place = *state;
    struct host_store *store = open_store(place);
    put_durably(store, KEYED, "kept", "yes");
    size_t refused_count = 0;
    for (long n = 0; n < 12; n++) {
        for (int is_sync = 0; is_sync < 2; is_sync++) {
            char key[48];
            snprintf(key, sizeof key, "k%ld%d", n, is_sync);
            assert_ok(host_store_begin(store));
            put(store, KEYED, key, "1");
            put(store, LOG, key, "2");
            fault = is_sync ? (struct fault){ -1, n } : (struct fault){ n, -1 };
            tb_status status = host_store_commit(store);
            fault = (struct fault){ -1, -1 };
            if (status.code != TB_OK) refused_count++;
            expect(place, store, KEYED, key, status.code == TB_OK ? "1" : NULL);
            expect(place, store, LOG, key, status.code == TB_OK ? "2" : NULL);
        }
    }
    assert_true(refused_count >= 3); /* the faults did reach the commit */
    put_durably(store, KEYED, "after", "works");
    expect(place, store, KEYED, "kept", "yes");
    assert_ok(host_store_check(store));
    host_store_close(store);
}

static void a_begin_that_is_refused_refuses_the_turn(void **state)
{
    struct place *place = *state;
    struct host_store_config config = config_of(place);
    config.lock_wait_ms = 1;
    struct host_store *store = NULL;
    assert_ok(host_store_open(&config, &store));
    put_durably(store, KEYED, "kept", "yes");
    sqlite3 *other = NULL;
    assert_int_equal(sqlite3_open(place->path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    assert_status(host_store_begin(store), TB_STORE);
    assert_status(tb_store_put(host_store_view(store), KEYED, TB_LITERAL("k"), TB_LITERAL("v")),
                  TB_STORE);
    assert_status(host_store_commit(store), TB_STORE);
    sqlite3_close(other);
    expect(place, store, KEYED, "k", NULL);
    put_durably(store, KEYED, "after", "the lock was given back");
    host_store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_PLACE(values_are_found_again_replaced_and_deleted),
        IN_PLACE(scans_run_in_order_of_octets_and_end_before_until),
        IN_PLACE(a_scan_may_ask_for_the_same_scan_and_end_early),
        IN_PLACE(log_rows_lie_in_the_order_of_their_arrival),
        IN_PLACE(a_rolled_back_transaction_leaves_nothing),
        IN_PLACE(the_file_is_private_to_its_user),
        IN_PLACE(a_full_disk_refuses_and_changes_nothing),
        IN_PLACE(every_failing_write_or_sync_refuses_the_whole_turn),
        IN_PLACE(a_begin_that_is_refused_refuses_the_turn),
    };
    fault_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
