/* Rows: the four functions of base/store.h. */
#include <assert.h>
#include <stdio.h>

#include "host/store_internal.h"

static const char *const sql_forms[STORE_SQL_COUNT] = {
    [STORE_SQL_GET] = "SELECT value FROM %s WHERE key=?1",
    [STORE_SQL_PUT] = ("INSERT INTO %s(key,value) VALUES(?1,?2) "
                       "ON CONFLICT(key) DO UPDATE SET value=excluded.value"),
    [STORE_SQL_DEL] = "DELETE FROM %s WHERE key=?1",
    [STORE_SQL_UP] = "SELECT key,value FROM %s WHERE key>=?1 ORDER BY key",
    [STORE_SQL_UP_UNTIL] = "SELECT key,value FROM %s WHERE key>=?1 AND key<?2 ORDER BY key",
    [STORE_SQL_DOWN] = "SELECT key,value FROM %s WHERE key>=?1 ORDER BY key DESC",
    [STORE_SQL_DOWN_UNTIL] = "SELECT key,value FROM %s WHERE key>=?1 AND key<?2 ORDER BY key DESC",
};

tb_status host_store_refuse(struct host_store *store, int sqlite_code)
{
    store->error = sqlite3_errstr(sqlite_code);
    if (store->is_begun) store->has_failed = true;
    return TB_STATUS(TB_STORE);
}

static tb_status prepare(struct host_store *store, uint8_t table, enum host_store_sql form,
                         unsigned flags, sqlite3_stmt **out)
{
    assert(table < HOST_STORE_TABLE_COUNT_MAX && store->tables[table] != NULL);
    char sql[STORE_SQL_LEN_MAX];
    int len = snprintf(sql, sizeof sql, sql_forms[form], store->tables[table]->name);
    assert(len > 0 && (size_t)len < sizeof sql);
    int code = sqlite3_prepare_v3(store->db, sql, len + 1, flags, out, NULL);
    return code == SQLITE_OK ? TB_STATUS(TB_OK) : host_store_refuse(store, code);
}

/*
 * The cached statement, or, while it is in use (a scan whose row asks for another scan of the same
 * table), one of its own that the caller ends.
 */
static tb_status take_statement(struct host_store *store, uint8_t table, enum host_store_sql form,
                                sqlite3_stmt **out, bool *is_own)
{
    assert(table < HOST_STORE_TABLE_COUNT_MAX);
    sqlite3_stmt **cached = &store->statements[table][form];
    *is_own = *cached != NULL && sqlite3_stmt_busy(*cached);
    if (*is_own) return prepare(store, table, form, 0, out);
    if (*cached == NULL) TRY(prepare(store, table, form, SQLITE_PREPARE_PERSISTENT, cached));
    *out = *cached;
    return TB_STATUS(TB_OK);
}

static void end_statement(sqlite3_stmt *statement, bool is_own)
{
    if (is_own) {
        sqlite3_finalize(statement);
        return;
    }
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement); /* they point into the caller's memory */
}

/* NULL data would bind NULL, which is not the empty value. */
static int bind(sqlite3_stmt *statement, int number, tb_bytes value)
{
    const void *data = value.data != NULL ? (const void *)value.data : "";
    return sqlite3_bind_blob64(statement, number, data, value.len, SQLITE_STATIC);
}

static tb_bytes column(sqlite3_stmt *statement, int number)
{
    const void *data = sqlite3_column_blob(statement, number);
    return tb_bytes_of(data, (size_t)sqlite3_column_bytes(statement, number));
}

static tb_status unseal(struct host_store *store, uint8_t table, tb_bytes key, tb_bytes *value,
                        struct tb_buf *scratch)
{
    if (store->codec == NULL) return TB_STATUS(TB_OK);
    tb_buf_clear(scratch);
    tb_status status = store->codec->open(store->codec->ctx, table, key, *value, scratch);
    if (status.code == TB_NO_SPACE) return status;
    if (status.code != TB_OK) return host_store_refuse(store, SQLITE_CORRUPT);
    *value = tb_buf_view(scratch);
    return TB_STATUS(TB_OK);
}

static bool is_refusing(const struct host_store *store)
{
    return store->is_begun && store->has_failed;
}

tb_status host_store_get(void *ctx, uint8_t table, tb_bytes key, struct tb_arena *arena,
                         tb_bytes *value)
{
    struct host_store *store = ctx;
    if (is_refusing(store)) return TB_STATUS(TB_STORE);
    sqlite3_stmt *statement = NULL;
    bool is_own = false;
    struct tb_buf scratch;
    tb_buf_init(&scratch, store->mem, HOST_STORE_VALUE_LEN_MAX);
    tb_status status = TB_STATUS(TB_OK);
    CHECK(take_statement(store, table, STORE_SQL_GET, &statement, &is_own));
    int code = bind(statement, 1, key);
    if (code == SQLITE_OK) code = sqlite3_step(statement);
    if (code == SQLITE_DONE) CHECK(TB_STATUS(TB_NOT_FOUND));
    if (code != SQLITE_ROW) CHECK(host_store_refuse(store, code));
    tb_bytes found = column(statement, 0);
    CHECK(unseal(store, table, key, &found, &scratch));
    CHECK(tb_arena_dup(arena, found, value));
out:
    if (statement != NULL) end_statement(statement, is_own);
    tb_buf_wipe(&scratch);
    return status;
}

/* A write that changes one row or none. */
static tb_status write_row(struct host_store *store, uint8_t table, enum host_store_sql form,
                           tb_bytes key, const tb_bytes *value)
{
    sqlite3_stmt *statement = NULL;
    bool is_own = false;
    TRY(take_statement(store, table, form, &statement, &is_own));
    int code = bind(statement, 1, key);
    if (code == SQLITE_OK && value != NULL) code = bind(statement, 2, *value);
    if (code == SQLITE_OK) code = sqlite3_step(statement);
    end_statement(statement, is_own);
    return code == SQLITE_DONE ? TB_STATUS(TB_OK) : host_store_refuse(store, code);
}

tb_status host_store_put(void *ctx, uint8_t table, tb_bytes key, tb_bytes value)
{
    struct host_store *store = ctx;
    assert(store->is_begun);
    if (is_refusing(store)) return TB_STATUS(TB_STORE);
    if (key.len > HOST_STORE_KEY_LEN_MAX) return host_store_refuse(store, SQLITE_TOOBIG);
    if (store->codec == NULL) return write_row(store, table, STORE_SQL_PUT, key, &value);

    struct tb_buf sealed;
    tb_buf_init(&sealed, store->mem, HOST_STORE_VALUE_LEN_MAX);
    tb_status status = store->codec->seal(store->codec->ctx, table, key, value, &sealed);
    if (status.code == TB_OK) {
        tb_bytes view = tb_buf_view(&sealed);
        status = write_row(store, table, STORE_SQL_PUT, key, &view);
    } else {
        /* A value that is not written spoils the turn as much as one that the disk refused. */
        status = host_store_refuse(store, SQLITE_NOMEM);
    }
    tb_buf_wipe(&sealed);
    return status;
}

tb_status host_store_del(void *ctx, uint8_t table, tb_bytes key)
{
    struct host_store *store = ctx;
    assert(store->is_begun);
    if (is_refusing(store)) return TB_STATUS(TB_STORE);
    return write_row(store, table, STORE_SQL_DEL, key, NULL);
}

tb_status host_store_scan(void *ctx, uint8_t table, tb_bytes from, tb_bytes until,
                          bool is_backward, size_t count_max, tb_store_row *row, void *row_ctx)
{
    struct host_store *store = ctx;
    if (is_refusing(store)) return TB_STATUS(TB_STORE);
    enum host_store_sql form = is_backward ? STORE_SQL_DOWN : STORE_SQL_UP;
    if (until.len > 0) form++;
    sqlite3_stmt *statement = NULL;
    bool is_own = false;
    struct tb_buf scratch;
    tb_buf_init(&scratch, store->mem, HOST_STORE_VALUE_LEN_MAX);
    tb_status status = TB_STATUS(TB_OK);
    CHECK(take_statement(store, table, form, &statement, &is_own));
    int code = bind(statement, 1, from);
    if (code == SQLITE_OK && until.len > 0) code = bind(statement, 2, until);
    if (code != SQLITE_OK) CHECK(host_store_refuse(store, code));
    for (size_t i = 0; i < count_max; i++) {
        code = sqlite3_step(statement);
        if (code == SQLITE_DONE) break;
        if (code != SQLITE_ROW) CHECK(host_store_refuse(store, code));
        tb_bytes key = column(statement, 0), value = column(statement, 1);
        CHECK(unseal(store, table, key, &value, &scratch));
        if (!row(row_ctx, key, value)) break;
    }
out:
    if (statement != NULL) end_statement(statement, is_own);
    tb_buf_wipe(&scratch);
    return status;
}
