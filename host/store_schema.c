/* Whose file it is, which schema it has, and the way to the one that this program speaks. */
#include <assert.h>
#include <stdio.h>
#include <unistd.h>

#include "host/files.h"
#include "host/store_internal.h"

static tb_status make_tables(struct host_store *store)
{
    for (size_t i = 0; i < HOST_STORE_TABLE_COUNT_MAX; i++) {
        const struct host_store_table *table = store->tables[i];
        if (table == NULL) continue;
        char sql[STORE_SQL_LEN_MAX];
        const char *form =
            table->layout == HOST_STORE_KEYED
                ? "CREATE TABLE %s(key BLOB PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID"
                : "CREATE TABLE %s(id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE,"
                  " value BLOB NOT NULL) STRICT";
        int len = snprintf(sql, sizeof sql, form, table->name);
        assert(len > 0 && (size_t)len < sizeof sql);
        TRY(host_store_run(store->db, sql));
    }
    return TB_STATUS(TB_OK);
}

static tb_status mark(struct host_store *store, const struct host_store_config *config)
{
    char sql[STORE_SQL_LEN_MAX];
    snprintf(sql, sizeof sql, "PRAGMA application_id=%u; PRAGMA user_version=%u",
             (unsigned)config->application_id, (unsigned)config->schema_version);
    return host_store_run(store->db, sql);
}

static tb_status run_steps(struct host_store *store, const struct host_store_config *config,
                           uint32_t from)
{
    for (uint32_t at = from; at < config->schema_version; at++) {
        const struct host_store_step *step = NULL;
        for (size_t i = 0; i < config->step_count; i++) {
            if (config->steps[i].from == at) step = &config->steps[i];
        }
        if (step == NULL) return TB_STATUS(HOST_SCHEMA_STEP);
        TRY(host_store_run(store->db, step->sql));
    }
    return TB_STATUS(TB_OK);
}

/* An earlier attempt may have left its copy; it is of the same schema, but perhaps not whole. */
static tb_status copy_before(struct host_store *store, const char *path, uint32_t version)
{
    char copy[HOST_PATH_LEN_MAX];
    int len = snprintf(copy, sizeof copy, "%s.schema-%u", path, (unsigned)version);
    if (len < 0 || (size_t)len >= sizeof copy) return TB_STATUS(TB_TOO_LONG);
    if (host_file_exists(copy) && unlink(copy) != 0) return TB_STATUS(HOST_IO);
    return host_store_copy(store, copy);
}

static tb_status change(struct host_store *store, const struct host_store_config *config,
                        uint32_t from)
{
    tb_status status = TB_STATUS(TB_OK);
    TRY(host_store_run(store->db, "BEGIN IMMEDIATE"));
    if (from == 0) CHECK(make_tables(store));
    else CHECK(run_steps(store, config, from));
    CHECK(mark(store, config));
    CHECK(host_store_run(store->db, "COMMIT"));
    return TB_STATUS(TB_OK);
out:
    if (!sqlite3_get_autocommit(store->db)) {
        tb_status ignored = host_store_run(store->db, "ROLLBACK");
        (void)ignored;
    }
    return status;
}

tb_status host_store_settle(struct host_store *store, const struct host_store_config *config)
{
    sqlite3_int64 application_id = 0, version = 0, table_count = 0;
    TRY(host_store_number(store->db, "PRAGMA application_id", &application_id));
    TRY(host_store_number(store->db, "PRAGMA user_version", &version));
    TRY(host_store_number(store->db, "SELECT count(*) FROM sqlite_schema", &table_count));
    bool is_new = application_id == 0 && version == 0 && table_count == 0;
    if (!is_new && application_id != (sqlite3_int64)config->application_id) {
        return TB_STATUS(HOST_SCHEMA_FOREIGN);
    }
    if (!is_new && (version < 1 || version > UINT32_MAX)) return TB_STATUS(HOST_SCHEMA_FOREIGN);
    if (version > (sqlite3_int64)config->schema_version) return TB_STATUS(HOST_SCHEMA_NEWER);
    if (version == (sqlite3_int64)config->schema_version) return TB_STATUS(TB_OK);
    if (config->is_read_only) return TB_STATUS(HOST_SCHEMA_STEP);
    if (!is_new) TRY(copy_before(store, config->path, (uint32_t)version));
    return change(store, config, (uint32_t)version);
}
