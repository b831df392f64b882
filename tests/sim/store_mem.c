#include "tests/sim/store_mem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static uint8_t *dup_octets(tb_bytes value)
{
    uint8_t *copy = malloc(value.len + 1); /* never of size 0, so that NULL means absent */
    assert(copy != NULL);
    if (value.len != 0) memcpy(copy, value.data, value.len);
    return copy;
}

static tb_bytes row_key(const struct store_mem_row *row)
{
    return tb_bytes_of(row->key, row->key_len);
}

static void row_wipe(struct store_mem_row *row)
{
    free(row->key);
    free(row->value);
    *row = (struct store_mem_row){ 0 };
}

/* Index of the first row whose key is not below. */
static size_t lower_bound(const struct store_mem_table *table, tb_bytes key)
{
    size_t low = 0, high = table->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (tb_bytes_compare(row_key(&table->rows[middle]), key) < 0) low = middle + 1;
        else high = middle;
    }
    return low;
}

static bool is_at(const struct store_mem_table *table, size_t index, tb_bytes key)
{
    return index < table->count && tb_bytes_equal(row_key(&table->rows[index]), key);
}

/* Replaces, inserts or (value NULL) deletes, without a journal.  Takes ownership of value. */
static void set_row(struct store_mem *mem, uint8_t table_id, tb_bytes key, uint8_t *value,
                    size_t value_len)
{
    struct store_mem_table *table = &mem->tables[table_id];
    size_t index = lower_bound(table, key);
    if (is_at(table, index, key)) {
        struct store_mem_row *row = &table->rows[index];
        mem->row_bytes -= row->key_len + row->value_len;
        free(row->value);
        row->value = value;
        row->value_len = value_len;
        if (value == NULL) {
            row_wipe(row);
            memmove(row, row + 1, (--table->count - index) * sizeof *row);
            return;
        }
        mem->row_bytes += row->key_len + value_len;
        return;
    }
    if (value == NULL) return;
    if (table->count == table->cap) {
        table->cap = table->cap == 0 ? 64 : table->cap * 2;
        table->rows = realloc(table->rows, table->cap * sizeof *table->rows);
        assert(table->rows != NULL);
    }
    struct store_mem_row *row = &table->rows[index];
    memmove(row + 1, row, (table->count++ - index) * sizeof *row);
    *row = (struct store_mem_row){ dup_octets(key), key.len, value, value_len };
    mem->row_bytes += key.len + value_len;
}

static void remember(struct store_mem *mem, uint8_t table_id, tb_bytes key)
{
    if (mem->journal_count == mem->journal_cap) {
        mem->journal_cap = mem->journal_cap == 0 ? 64 : mem->journal_cap * 2;
        mem->journal = realloc(mem->journal, mem->journal_cap * sizeof *mem->journal);
        assert(mem->journal != NULL);
    }
    struct store_mem_change *change = &mem->journal[mem->journal_count++];
    *change = (struct store_mem_change){ table_id, { dup_octets(key), key.len, NULL, 0 } };
    struct store_mem_table *table = &mem->tables[table_id];
    size_t index = lower_bound(table, key);
    if (!is_at(table, index, key)) return;
    const struct store_mem_row *row = &table->rows[index];
    change->before.value = dup_octets(tb_bytes_of(row->value, row->value_len));
    change->before.value_len = row->value_len;
}

static bool is_refused(enum store_mem_fault *fault)
{
    if (*fault == STORE_MEM_WORKS) return false;
    if (*fault == STORE_MEM_REFUSES_ONCE) *fault = STORE_MEM_WORKS;
    return true;
}

static tb_status mem_write(struct store_mem *mem, uint8_t table, tb_bytes key, uint8_t *value,
                           size_t value_len)
{
    assert(mem->is_open && table < STORE_MEM_TABLE_COUNT_MAX && key.len != 0);
    mem->write_count++;
    if (is_refused(&mem->write_fault)) {
        free(value);
        mem->is_broken = true;
        return TB_STATUS(TB_STORE);
    }
    remember(mem, table, key);
    set_row(mem, table, key, value, value_len);
    return TB_STATUS(TB_OK);
}

static tb_status mem_put(void *ctx, uint8_t table, tb_bytes key, tb_bytes value)
{
    return mem_write(ctx, table, key, dup_octets(value), value.len);
}

static tb_status mem_del(void *ctx, uint8_t table, tb_bytes key)
{
    return mem_write(ctx, table, key, NULL, 0);
}

static tb_status mem_get(void *ctx, uint8_t table_id, tb_bytes key, struct tb_arena *arena,
                         tb_bytes *value)
{
    struct store_mem *mem = ctx;
    assert(table_id < STORE_MEM_TABLE_COUNT_MAX);
    struct store_mem_table *table = &mem->tables[table_id];
    size_t index = lower_bound(table, key);
    if (!is_at(table, index, key)) return TB_STATUS(TB_NOT_FOUND);
    const struct store_mem_row *row = &table->rows[index];
    return tb_arena_dup(arena, tb_bytes_of(row->value, row->value_len), value);
}

static tb_status mem_scan(void *ctx, uint8_t table_id, tb_bytes from, tb_bytes until,
                          bool is_backward, size_t count_max, tb_store_row *row, void *row_ctx)
{
    struct store_mem *mem = ctx;
    assert(table_id < STORE_MEM_TABLE_COUNT_MAX);
    struct store_mem_table *table = &mem->tables[table_id];
    size_t low = lower_bound(table, from);
    size_t high = until.len == 0 ? table->count : lower_bound(table, until);
    for (size_t i = 0; low + i < high && i < count_max; i++) {
        const struct store_mem_row *at = &table->rows[is_backward ? high - 1 - i : low + i];
        if (!row(row_ctx, row_key(at), tb_bytes_of(at->value, at->value_len))) break;
    }
    return TB_STATUS(TB_OK);
}

void store_mem_init(struct store_mem *mem)
{
    *mem = (struct store_mem){ .store = { mem, mem_get, mem_put, mem_del, mem_scan } };
}

void store_mem_begin(struct store_mem *mem)
{
    assert(!mem->is_open);
    mem->is_open = true;
    mem->is_broken = false;
}

static void end_transaction(struct store_mem *mem)
{
    for (size_t i = 0; i < mem->journal_count; i++) row_wipe(&mem->journal[i].before);
    mem->journal_count = 0;
    mem->is_open = mem->is_broken = false;
}

void store_mem_rollback(struct store_mem *mem)
{
    while (mem->journal_count != 0) {
        struct store_mem_change *change = &mem->journal[--mem->journal_count];
        uint8_t *value = change->before.value;
        change->before.value = NULL;
        set_row(mem, change->table, row_key(&change->before), value, change->before.value_len);
        row_wipe(&change->before);
    }
    end_transaction(mem);
}

tb_status store_mem_commit(struct store_mem *mem)
{
    assert(mem->is_open);
    if (mem->is_broken || is_refused(&mem->commit_fault)) {
        store_mem_rollback(mem);
        return TB_STATUS(TB_STORE);
    }
    end_transaction(mem);
    mem->commit_count++;
    return TB_STATUS(TB_OK);
}

void store_mem_copy(struct store_mem *to, const struct store_mem *from)
{
    assert(!from->is_open && !to->is_open);
    for (uint8_t id = 0; id < STORE_MEM_TABLE_COUNT_MAX; id++) {
        const struct store_mem_table *table = &from->tables[id];
        for (size_t i = 0; i < table->count; i++) {
            const struct store_mem_row *row = &table->rows[i];
            set_row(to, id, row_key(row), dup_octets(tb_bytes_of(row->value, row->value_len)),
                    row->value_len);
        }
    }
}

size_t store_mem_count(const struct store_mem *mem, uint8_t table)
{
    assert(table < STORE_MEM_TABLE_COUNT_MAX);
    return mem->tables[table].count;
}

void store_mem_wipe(struct store_mem *mem)
{
    if (mem->is_open) store_mem_rollback(mem);
    for (size_t id = 0; id < STORE_MEM_TABLE_COUNT_MAX; id++) {
        struct store_mem_table *table = &mem->tables[id];
        for (size_t i = 0; i < table->count; i++) row_wipe(&table->rows[i]);
        free(table->rows);
    }
    free(mem->journal);
    *mem = (struct store_mem){ 0 };
}

bool store_mem_holds(const struct store_mem *mem, tb_bytes octets)
{
    for (size_t i = 0; i < STORE_MEM_TABLE_COUNT_MAX; i++) {
        for (size_t k = 0; k < mem->tables[i].count; k++) {
            const struct store_mem_row *row = &mem->tables[i].rows[k];
            if (memmem(row->value, row->value_len, octets.data, octets.len) != NULL) return true;
        }
    }
    return false;
}
