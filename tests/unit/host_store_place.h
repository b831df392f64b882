/* What the tests of the SQLite adapter share: a folder for each test, and short forms. */
#ifndef TB_TESTS_UNIT_HOST_STORE_PLACE_H
#define TB_TESTS_UNIT_HOST_STORE_PLACE_H

#include <stdio.h>
#include <unistd.h>

#include "host/mem_os.h"
#include "host/store_sqlite.h"
#include "tests/support.h"

enum { KEYED = 1, LOG = 2, APPLICATION_ID = 0x54424d54 };
static const struct host_store_table tables[] = {
    { KEYED, "things", HOST_STORE_KEYED },
    { LOG, "pages", HOST_STORE_LOG },
};

struct place {
    char folder[64];
    char path[128];
    struct tb_mem mem;
    struct tb_arena arena;
};

static inline int place_set_up(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    strcpy(place->folder, "/tmp/timbre-store-XXXXXX");
    if (mkdtemp(place->folder) == NULL) return -1;
    snprintf(place->path, sizeof place->path, "%s/hub.db", place->folder);
    host_mem_init(&place->mem, SIZE_MAX);
    tb_arena_init(&place->arena, &place->mem, 1 << 24);
    *state = place;
    return 0;
}

static inline int place_tear_down(void **state)
{
    struct place *place = *state;
    static const char *const names[] = { "", "-wal", "-shm", ".schema-1", ".schema-1-wal" };
    char path[160];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s%s", place->path, names[i]);
        unlink(path);
    }
    snprintf(path, sizeof path, "%s/copy.db", place->folder);
    unlink(path);
    tb_arena_wipe(&place->arena);
    int failed = rmdir(place->folder);
    if (place->mem.used_bytes != 0) failed = -1; /* something was not given back */
    free(place);
    return failed;
}

static inline struct host_store_config config_of(struct place *place)
{
    return (struct host_store_config){ .path = place->path,
                                       .mem = &place->mem,
                                       .tables = tables,
                                       .table_count = 2,
                                       .application_id = APPLICATION_ID,
                                       .schema_version = 1 };
}

static inline struct host_store *open_store(struct place *place)
{
    struct host_store_config config = config_of(place);
    struct host_store *store = NULL;
    assert_ok(host_store_open(&config, &store));
    return store;
}

static inline void put(struct host_store *store, uint8_t table, const char *key, const char *value)
{
    assert_ok(tb_store_put(host_store_view(store), table, tb_bytes_text(key),
                           tb_bytes_text(value)));
}

static inline void put_durably(struct host_store *store, uint8_t table, const char *key,
                        const char *value)
{
    assert_ok(host_store_begin(store));
    put(store, table, key, value);
    assert_ok(host_store_commit(store));
}

static inline void expect(struct place *place, struct host_store *store, uint8_t table,
                          const char *key, const char *value)
{
    tb_bytes found;
    tb_status status =
        tb_store_get(host_store_view(store), table, tb_bytes_text(key), &place->arena, &found);
    if (value == NULL) {
        assert_int_equal(status.code, TB_NOT_FOUND);
        return;
    }
    assert_int_equal(status.code, TB_OK);
    assert_bytes(found, tb_bytes_text(value));
}

/* Keys as one text, "a b c ". */
static inline bool collect(void *ctx, tb_bytes key, tb_bytes value)
{
    (void)value;
    char *text = ctx;
    size_t len = strlen(text);
    memcpy(text + len, key.data, key.len);
    strcpy(text + len + key.len, " ");
    return true;
}

static inline void expect_scan(struct host_store *store, uint8_t table, const char *from,
                        const char *until, bool is_backward, size_t count_max,
                        const char *expected)
{
    char found[256] = "";
    assert_ok(tb_store_scan(host_store_view(store), table, tb_bytes_text(from),
                            tb_bytes_text(until), is_backward, count_max, collect, found));
    assert_string_equal(found, expected);
}

#define IN_PLACE(TEST_) cmocka_unit_test_setup_teardown(TEST_, place_set_up, place_tear_down)

#endif
