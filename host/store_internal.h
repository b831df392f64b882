/* What the files of the SQLite adapter share. */
#ifndef TB_HOST_STORE_INTERNAL_H
#define TB_HOST_STORE_INTERNAL_H

#include <sqlite3.h>

#include "host/store_sqlite.h"

enum host_store_sql {
    STORE_SQL_GET,
    STORE_SQL_PUT,
    STORE_SQL_DEL,
    STORE_SQL_UP,
    STORE_SQL_UP_UNTIL,
    STORE_SQL_DOWN,
    STORE_SQL_DOWN_UNTIL,
    STORE_SQL_COUNT
};

enum { STORE_PAGE_LEN = 4096, STORE_LOCK_WAIT_MS = 5000, STORE_SQL_LEN_MAX = 512 };

struct host_store {
    struct tb_store view;
    struct tb_mem *mem;
    sqlite3 *db;
    const struct host_store_codec *codec;
    const struct host_store_table *tables[HOST_STORE_TABLE_COUNT_MAX]; /* by number */
    /* Made when they are first used. */
    sqlite3_stmt *statements[HOST_STORE_TABLE_COUNT_MAX][STORE_SQL_COUNT];
    sqlite3_stmt *begin, *commit, *rollback;
    bool is_begun;
    bool has_failed; /* of the open transaction: something was refused */
    unsigned wal_pages;
    const char *error; /* a constant of SQLite */
};

/* Remember why, spoil the transaction, and say TB_STORE. */
tb_status host_store_refuse(struct host_store *store, int sqlite_code);

/* tb_store's four functions. */
tb_status host_store_get(void *ctx, uint8_t table, tb_bytes key, struct tb_arena *arena,
                         tb_bytes *value);
tb_status host_store_put(void *ctx, uint8_t table, tb_bytes key, tb_bytes value);
tb_status host_store_del(void *ctx, uint8_t table, tb_bytes key);
tb_status host_store_scan(void *ctx, uint8_t table, tb_bytes from, tb_bytes until,
                          bool is_backward, size_t count_max, tb_store_row *row, void *row_ctx);

/* Look at who made the file, and bring its schema to the configured one. */
TB_MUST_USE tb_status host_store_settle(struct host_store *store,
                                        const struct host_store_config *config);
/* One number that a statement gives. */
TB_MUST_USE tb_status host_store_number(sqlite3 *db, const char *sql, sqlite3_int64 *out);
TB_MUST_USE tb_status host_store_run(sqlite3 *db, const char *sql);
tb_status host_store_status_of(int sqlite_code); /* for opening: HOST_DAMAGED and so on */

#endif
