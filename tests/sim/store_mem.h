/*
 * A store in memory for simulations and unit tests: every table is one sorted array, a transaction
 * is a journal that a rollback plays backwards.  Faults: refuse writes or commits, once or forever.
 *
 * As every adapter must, it refuses the commit of a transaction in which it refused a write.
 * Crash of the process: drop the engine, store_mem_rollback(), make a new engine over the store.
 */
#ifndef TB_TESTS_SIM_STORE_MEM_H
#define TB_TESTS_SIM_STORE_MEM_H

#include "base/store.h"

enum { STORE_MEM_TABLE_COUNT_MAX = 64 };

struct store_mem_row {
    uint8_t *key;
    size_t key_len;
    uint8_t *value;
    size_t value_len;
};
struct store_mem_table {
    struct store_mem_row *rows; /* ascending by key */
    size_t count, cap;
};
/* What a key held before the transaction touched it; value NULL: nothing. */
struct store_mem_change {
    uint8_t table;
    struct store_mem_row before;
};

enum store_mem_fault {
    STORE_MEM_WORKS = 0,
    STORE_MEM_REFUSES_ONCE,
    STORE_MEM_REFUSES /* until it is set back */
};

struct store_mem {
    struct tb_store store; /* give &mem->store to an engine */
    struct store_mem_table tables[STORE_MEM_TABLE_COUNT_MAX];
    struct store_mem_change *journal;
    size_t journal_count, journal_cap;
    bool is_open, is_broken;
    enum store_mem_fault commit_fault, write_fault;
    uint64_t write_count, commit_count;
    uint64_t row_bytes; /* of keys and values, now */
};

void store_mem_init(struct store_mem *mem);
void store_mem_wipe(struct store_mem *mem);

void store_mem_begin(struct store_mem *mem);
/* TB_STORE: everything since begin is undone. */
TB_MUST_USE tb_status store_mem_commit(struct store_mem *mem);
void store_mem_rollback(struct store_mem *mem);

/* A deep copy of what is committed: a backup.  `to` is initialised; no transaction is open. */
void store_mem_copy(struct store_mem *to, const struct store_mem *from);
size_t store_mem_count(const struct store_mem *mem, uint8_t table);
/* Do these octets stand in a value of any table? */
bool store_mem_holds(const struct store_mem *mem, tb_bytes octets);

#endif
