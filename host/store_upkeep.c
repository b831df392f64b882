/* Checkpoints, copies and checks. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/files.h"
#include "host/store_internal.h"

unsigned host_store_wal_pages(const struct host_store *store)
{
    return store->wal_pages;
}

void host_store_checkpoint(struct host_store *store)
{
    int wal_pages = 0, moved_pages = 0;
    int code = sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &wal_pages,
                                         &moved_pages);
    if (code != SQLITE_OK) store->error = sqlite3_errstr(code);
    else if (moved_pages == wal_pages) store->wal_pages = 0; /* the next write starts it anew */
}

void host_store_checkpoint_beside(const char *path)
{
    sqlite3 *db = NULL;
    /* Not to be had now is no harm: the next turn over the threshold asks again. */
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(path, &db, flags, NULL) == SQLITE_OK) {
        sqlite3_exec(db, "PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0", NULL, NULL, NULL);
        sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    }
    sqlite3_close(db);
}

tb_status host_store_copy(struct host_store *store, const char *path)
{
    if (host_file_exists(path)) return TB_STATUS(HOST_EXISTS);
    char part[HOST_PATH_LEN_MAX];
    int len = snprintf(part, sizeof part, "%s.part", path);
    if (len < 0 || (size_t)len >= sizeof part) return TB_STATUS(TB_TOO_LONG);
    unlink(part);

    tb_status status = TB_STATUS(TB_OK);
    sqlite3 *copy = NULL;
    sqlite3_backup *backup = NULL;
    int code = sqlite3_open_v2(part, &copy,
                               SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                               NULL);
    CHECK(host_store_status_of(code));
    CHECK(host_store_run(copy, "PRAGMA synchronous=FULL"));
    backup = sqlite3_backup_init(copy, "main", store->db, "main");
    if (backup == NULL) CHECK(host_store_status_of(sqlite3_errcode(copy)));
    /* All pages in one step: a snapshot, that no writer can make begin again. */
    code = sqlite3_backup_step(backup, -1);
    if (code != SQLITE_DONE) CHECK(host_store_status_of(code == SQLITE_OK ? SQLITE_BUSY : code));
    code = sqlite3_backup_finish(backup);
    backup = NULL;
    CHECK(host_store_status_of(code));
    /* One file, without a WAL beside it, until somebody writes to it again. */
    CHECK(host_store_run(copy, "PRAGMA journal_mode=DELETE"));
    code = sqlite3_close(copy);
    copy = NULL;
    CHECK(host_store_status_of(code));
    if (rename(part, path) != 0) CHECK(TB_STATUS(HOST_IO));
    CHECK(host_file_sync_folder_of(path));
out:
    sqlite3_backup_finish(backup);
    sqlite3_close(copy);
    if (status.code != TB_OK) unlink(part);
    return status;
}

static int first_row_is_ok(void *ctx, int count, char **values, char **names)
{
    (void)names;
    if (count == 1 && values[0] != NULL && strcmp(values[0], "ok") == 0) *(bool *)ctx = true;
    return 0;
}

tb_status host_store_check(struct host_store *store)
{
    bool is_ok = false;
    int code = sqlite3_exec(store->db, "PRAGMA integrity_check(1)", first_row_is_ok, &is_ok, NULL);
    if (code != SQLITE_OK) return host_store_status_of(code);
    return TB_STATUS(is_ok ? TB_OK : HOST_DAMAGED);
}
