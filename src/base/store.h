/*
 * The store as the engines see it: a few numbered tables of octet keys and octet values, ordered by
 * key (bytewise), inside one transaction that the host opens and commits.
 *
 * An engine reads and writes during a step; the host commits once after all steps of a loop turn
 * and only then releases the effects.  Reads see the writes of the open transaction.  A failed
 * commit discards every write since begin, and the engine is told so that it forgets what it
 * believed.  Adapters: SQLite (host/store_sqlite.c), memory with faults (tests/sim).
 */
#ifndef TB_BASE_STORE_H
#define TB_BASE_STORE_H

#include "base/mem.h"

/* Views are valid inside the call only.  Return false to end the scan. */
typedef bool tb_store_row(void *row_ctx, tb_bytes key, tb_bytes value);

struct tb_store {
    void *ctx;
    /* The value, in the arena.  TB_NOT_FOUND, TB_STORE, TB_NO_SPACE. */
    tb_status (*get)(void *ctx, uint8_t table, tb_bytes key, struct tb_arena *arena,
                     tb_bytes *value);
    tb_status (*put)(void *ctx, uint8_t table, tb_bytes key, tb_bytes value);
    /* TB_OK also when there was none. */
    tb_status (*del)(void *ctx, uint8_t table, tb_bytes key);
    /* Keys in [from, until) upward, or downward from the end of that range when is_backward.
     * An empty `until` means no upper end.  At most count_max rows. */
    tb_status (*scan)(void *ctx, uint8_t table, tb_bytes from, tb_bytes until, bool is_backward,
                      size_t count_max, tb_store_row *row, void *row_ctx);
};

static inline tb_status tb_store_get(const struct tb_store *store, uint8_t table, tb_bytes key,
                                     struct tb_arena *arena, tb_bytes *value)
{
    return store->get(store->ctx, table, key, arena, value);
}
static inline tb_status tb_store_put(const struct tb_store *store, uint8_t table, tb_bytes key,
                                     tb_bytes value)
{
    return store->put(store->ctx, table, key, value);
}
static inline tb_status tb_store_del(const struct tb_store *store, uint8_t table, tb_bytes key)
{
    return store->del(store->ctx, table, key);
}
static inline tb_status tb_store_scan(const struct tb_store *store, uint8_t table, tb_bytes from,
                                      tb_bytes until, bool is_backward, size_t count_max,
                                      tb_store_row *row, void *row_ctx)
{
    return store->scan(store->ctx, table, from, until, is_backward, count_max, row, row_ctx);
}

#endif
