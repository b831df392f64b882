/*
 * base/store.h over SQLite: one file, WAL, synchronous=FULL, STRICT tables, one SQL table for each
 * table of the engine.  Hub and client use the same adapter.
 *
 * KEYED tables are clustered by key.  LOG tables keep rows in the order of their arrival, with a
 * small unique index on the key: rows of many rooms that arrive together lie together, so that one
 * commit dirties few pages.
 *
 * A refused operation spoils its transaction: everything after it is refused too, and commit rolls
 * back.  So nothing of a turn is kept unless all of it is.
 */
#ifndef TB_HOST_STORE_SQLITE_H
#define TB_HOST_STORE_SQLITE_H

#include "base/store.h"
#include "host/status.h"

enum {
    HOST_STORE_TABLE_COUNT_MAX = 64,  /* table numbers are 1 to 63 */
    HOST_STORE_KEY_LEN_MAX = 1024,    /* octets of a key */
    HOST_STORE_VALUE_LEN_MAX = 256 << 20
};

enum host_store_layout { HOST_STORE_KEYED = 1, HOST_STORE_LOG };
struct host_store_table {
    uint8_t number;
    const char *name; /* an SQL identifier; a constant of the program */
    enum host_store_layout layout;
};

/* Values on their way to the disk and back.  Keys stay as they are: they are what scans order. */
struct host_store_codec {
    void *ctx;
    /* Both append to `out`.  open: HOST_DAMAGED when the value was not sealed for this place. */
    tb_status (*seal)(void *ctx, uint8_t table, tb_bytes key, tb_bytes plain, struct tb_buf *out);
    tb_status (*open)(void *ctx, uint8_t table, tb_bytes key, tb_bytes sealed, struct tb_buf *out);
};

/* From one schema to the next; runs in one transaction with all the others that are needed. */
struct host_store_step {
    uint32_t from; /* leads to from + 1 */
    const char *sql;
};

struct host_store_config {
    const char *path;
    struct tb_mem *mem;
    const struct host_store_table *tables; /* must outlive the store */
    size_t table_count;
    uint32_t application_id; /* whose database it is */
    uint32_t schema_version; /* from 1 */
    const struct host_store_step *steps;
    size_t step_count;
    const struct host_store_codec *codec; /* NULL: values as they are */
    bool is_wiping;                       /* overwrite what is deleted */
    bool is_read_only;                    /* must exist and have this schema; nothing is written */
    uint64_t bytes_max;                   /* of the file: more is refused; 0: no limit */
    unsigned lock_wait_ms;                /* for another writer; 0: STORE_LOCK_WAIT_MS, 5 s */
};

struct host_store;

/*
 * Open, or make when there is none.  An older schema is first copied to `<path>.schema-<n>`, then
 * brought forward.  HOST_SCHEMA_NEWER, HOST_SCHEMA_FOREIGN and HOST_DAMAGED leave the file as it
 * was; HOST_SCHEMA_STEP when no steps lead here; HOST_IO, TB_NOT_FOUND (read only), TB_NO_SPACE.
 */
TB_MUST_USE tb_status host_store_open(const struct host_store_config *config,
                                      struct host_store **out);
/* Rolls back what is open; folds the WAL into the file when nobody else reads.  NULL is fine. */
void host_store_close(struct host_store *store);

/* The providers' view; lives as long as the store.  Writes only between begin and commit. */
const struct tb_store *host_store_view(const struct host_store *store);

/*
 * TB_STORE when there is no transaction to be had: it counts as begun all the same, refuses every
 * operation, and its commit is refused.
 */
tb_status host_store_begin(struct host_store *store);
/* TB_OK: durable.  TB_STORE: nothing since begin has happened. */
TB_MUST_USE tb_status host_store_commit(struct host_store *store);
void host_store_rollback(struct host_store *store);
bool host_store_is_begun(const struct host_store *store);

/* In SQLite's words, why the newest refusal; "" when there was none. */
const char *host_store_error(const struct host_store *store);

/* Change the size at which writes are refused; 0 takes the limit away. */
void host_store_limit(struct host_store *store, uint64_t bytes_max);

/* ---- upkeep (store_upkeep.c) ---- */

/* Pages in the WAL at the last commit. */
unsigned host_store_wal_pages(const struct host_store *store);
/* Move what is in the WAL to the file, as far as no reader is in the way.  Between transactions. */
void host_store_checkpoint(struct host_store *store);
/*
 * The same on a connection of its own, for another thread: the long part (two syncs and many pages)
 * passes while the loop goes on writing.  host_store_checkpoint afterwards finds little left.
 */
void host_store_checkpoint_beside(const char *path);

/* A consistent copy, while others write, into a file that must not exist.  HOST_EXISTS, HOST_IO. */
TB_MUST_USE tb_status host_store_copy(struct host_store *store, const char *path);
/* SQLite's own check of the whole file.  HOST_DAMAGED. */
TB_MUST_USE tb_status host_store_check(struct host_store *store);

#endif
