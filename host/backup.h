/*
 * Backups: the whole database in one file.
 *
 *     "TimbreBackup\n"        13 octets
 *     u32                     version of the format, 1
 *     u32                     length of the manifest
 *     manifest                JSON: software, schema, created, payload_bytes, payload_sha256
 *     sha256(manifest)        32 octets
 *     payload                 the SQLite file
 *
 * The file holds the hub's secret keys and is made with mode 0600.
 */
#ifndef TB_HOST_BACKUP_H
#define TB_HOST_BACKUP_H

#include "host/hub_open.h"

enum { HOST_BACKUP_VERSION = 1, HOST_BACKUP_TEXT_LEN_MAX = 64, HOST_BACKUP_HASH_LEN = 32 };

struct host_backup {
    char software[HOST_BACKUP_TEXT_LEN_MAX];
    char created[HOST_BACKUP_TEXT_LEN_MAX];
    uint32_t schema;
    uint64_t payload_bytes;
    uint8_t payload_sha256[HOST_BACKUP_HASH_LEN];
};

/* A snapshot of the store into `path`, replacing nothing: HOST_EXISTS.  HOST_IO, TB_NO_SPACE. */
TB_MUST_USE tb_status host_backup_write(struct host_store *store, const char *path,
                                        struct host_backup *made);
/*
 * Check the whole backup and put its database into `database_path` (which must not exist): manifest
 * and payload hashes, then SQLite's own check.  HOST_DAMAGED (nothing is left behind),
 * HOST_SCHEMA_FOREIGN for a file of another kind, HOST_SCHEMA_NEWER, HOST_IO, TB_NOT_FOUND.
 */
TB_MUST_USE tb_status host_backup_read(const char *path, const char *database_path,
                                       struct tb_mem *mem, struct host_backup *found);

#endif
