/* Opening, transactions, closing.  Rows are in store_table.c, the schema in store_schema.c. */
#include "host/store_sqlite.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "host/files.h"
#include "host/store_internal.h"

tb_status host_store_run(sqlite3 *db, const char *sql)
{
    return host_store_status_of(sqlite3_exec(db, sql, NULL, NULL, NULL));
}

tb_status host_store_number(sqlite3 *db, const char *sql, sqlite3_int64 *out)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    if (code == SQLITE_OK) code = sqlite3_step(statement);
    if (code == SQLITE_ROW) *out = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return host_store_status_of(code == SQLITE_ROW ? SQLITE_OK : code);
}

tb_status host_store_status_of(int sqlite_code)
{
    switch (sqlite_code & 0xff) {
    case SQLITE_OK: return TB_STATUS(TB_OK);
    case SQLITE_NOTADB: return TB_STATUS(HOST_SCHEMA_FOREIGN);
    case SQLITE_CORRUPT: return TB_STATUS(HOST_DAMAGED);
    case SQLITE_NOMEM: return TB_STATUS(TB_NO_SPACE);
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return TB_STATUS(HOST_LOCKED);
    default: return TB_STATUS(HOST_IO);
    }
}

static int on_wal(void *ctx, sqlite3 *db, const char *name, int page_count)
{
    (void)db;
    (void)name;
    ((struct host_store *)ctx)->wal_pages = (unsigned)page_count;
    return SQLITE_OK;
}

static tb_status set_up_connection(struct host_store *store, const struct host_store_config *config)
{
    TRY(host_store_run(store->db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                                  "PRAGMA wal_autocheckpoint=0; PRAGMA mmap_size=0;"
                                  "PRAGMA cache_size=-16384; PRAGMA temp_store=MEMORY;"
                                  "PRAGMA journal_size_limit=67108864"));
    if (config->is_wiping) TRY(host_store_run(store->db, "PRAGMA secure_delete=ON"));
    sqlite3_wal_hook(store->db, on_wal, store);
    host_store_limit(store, config->bytes_max);
    static const char *const fixed[] = { "BEGIN IMMEDIATE", "COMMIT", "ROLLBACK" };
    sqlite3_stmt **const statements[] = { &store->begin, &store->commit, &store->rollback };
    for (size_t i = 0; i < 3; i++) {
        int code = sqlite3_prepare_v3(store->db, fixed[i], -1, SQLITE_PREPARE_PERSISTENT,
                                      statements[i], NULL);
        TRY(host_store_status_of(code));
    }
    return TB_STATUS(TB_OK);
}

/* SQLite would make the file readable for others. */
static tb_status make_private_file(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return TB_STATUS(HOST_IO);
    close(fd);
    return TB_STATUS(TB_OK);
}

tb_status host_store_open(const struct host_store_config *config, struct host_store **out)
{
    tb_status status = TB_STATUS(TB_OK);
    struct host_store *store = tb_mem_take(config->mem, sizeof *store);
    if (store == NULL) return TB_STATUS(TB_NO_SPACE);
    store->mem = config->mem;
    store->codec = config->codec;
    store->error = "";
    store->view = (struct tb_store){ store, host_store_get, host_store_put, host_store_del,
                                     host_store_scan };
    for (size_t i = 0; i < config->table_count; i++) {
        const struct host_store_table *table = &config->tables[i];
        assert(table->number > 0 && table->number < HOST_STORE_TABLE_COUNT_MAX);
        assert(store->tables[table->number] == NULL);
        store->tables[table->number] = table;
    }
    if (!host_file_exists(config->path)) {
        if (config->is_read_only) CHECK(TB_STATUS(TB_NOT_FOUND));
        CHECK(make_private_file(config->path));
    }
    int flags = config->is_read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    CHECK(host_store_status_of(sqlite3_open_v2(config->path, &store->db,
                                               flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
                                               NULL)));
    unsigned wait_ms = config->lock_wait_ms > 0 ? config->lock_wait_ms : STORE_LOCK_WAIT_MS;
    sqlite3_busy_timeout(store->db, (int)wait_ms);
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    CHECK(host_store_settle(store, config));
    if (!config->is_read_only) CHECK(set_up_connection(store, config));
    *out = store;
    return TB_STATUS(TB_OK);
out:
    host_store_close(store);
    return status;
}

void host_store_close(struct host_store *store)
{
    if (store == NULL) return;
    if (store->is_begun) host_store_rollback(store);
    for (size_t i = 0; i < HOST_STORE_TABLE_COUNT_MAX; i++) {
        for (size_t k = 0; k < STORE_SQL_COUNT; k++) sqlite3_finalize(store->statements[i][k]);
    }
    sqlite3_finalize(store->begin);
    sqlite3_finalize(store->commit);
    sqlite3_finalize(store->rollback);
    sqlite3_close(store->db);
    tb_mem_give(store->mem, store, sizeof *store);
}

const struct tb_store *host_store_view(const struct host_store *store)
{
    return &store->view;
}

bool host_store_is_begun(const struct host_store *store)
{
    return store->is_begun;
}

const char *host_store_error(const struct host_store *store)
{
    return store->error;
}

static int run_fixed(sqlite3_stmt *statement)
{
    int code = sqlite3_step(statement);
    sqlite3_reset(statement);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

tb_status host_store_begin(struct host_store *store)
{
    assert(!store->is_begun && store->begin != NULL);
    store->is_begun = true;
    store->has_failed = false;
    int code = run_fixed(store->begin);
    return code == SQLITE_OK ? TB_STATUS(TB_OK) : host_store_refuse(store, code);
}

tb_status host_store_commit(struct host_store *store)
{
    assert(store->is_begun);
    if (!store->has_failed) {
        int code = run_fixed(store->commit);
        if (code == SQLITE_OK) {
            store->is_begun = false;
            return TB_STATUS(TB_OK);
        }
        host_store_refuse(store, code);
    }
    host_store_rollback(store);
    return TB_STATUS(TB_STORE);
}

void host_store_rollback(struct host_store *store)
{
    assert(store->is_begun);
    store->is_begun = false;
    /* SQLite may have rolled back by itself (a full disk), or never begun. */
    if (!sqlite3_get_autocommit(store->db)) run_fixed(store->rollback);
}

void host_store_limit(struct host_store *store, uint64_t bytes_max)
{
    char sql[64];
    uint64_t page_count = bytes_max == 0 ? 0xfffffffeu : bytes_max / STORE_PAGE_LEN;
    snprintf(sql, sizeof sql, "PRAGMA max_page_count=%llu",
             (unsigned long long)(page_count == 0 ? 1 : page_count));
    sqlite3_int64 in_force = 0;
    tb_status status = host_store_number(store->db, sql, &in_force);
    if (status.code != TB_OK) store->error = "the size limit could not be set";
}
