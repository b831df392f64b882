/*
 * The hub's data directory: lock, database, engine.
 *
 *     <data_dir>/hub.db       the database (with -wal and -shm while it is open)
 *     <data_dir>/lock         held by whichever process may write
 *     <data_dir>/origin       the URL of the hub that started here last (hub_link.h)
 *     <data_dir>/admin.sock   while the hub runs
 */
#ifndef TB_HOST_HUB_OPEN_H
#define TB_HOST_HUB_OPEN_H

#include "host/clock.h"
#include "host/files.h"
#include "host/hub_config.h"
#include "host/mem_os.h"
#include "host/rng_os.h"

#define HOST_HUB_SOFTWARE "timbre-hub/" TIMBRE_VERSION

struct host_hub {
    struct tb_mem mem;
    struct host_rng rng;
    struct host_clock clock;
    struct host_lock lock;
    struct host_store *store;
    struct hub *hub;
    char database_path[HOST_PATH_LEN_MAX];
    char socket_path[HOST_PATH_LEN_MAX];
};

/* The paths, and the lock: HOST_LOCKED when a hub runs here.  The folder is made when `is_made`,
 * else it must be there: TB_NOT_FOUND. */
TB_MUST_USE tb_status host_hub_lock(struct host_hub *hub, const struct host_config *config,
                                    bool is_made);
/* Database and engine, after the lock.  What host_store_open and hub_new refuse. */
TB_MUST_USE tb_status host_hub_open(struct host_hub *hub, const struct host_config *config);
void host_hub_close(struct host_hub *hub); /* whatever of it is open */

/* The configuration of the hub's database; path and mem are the caller's. */
struct host_store_config host_hub_store_config(const char *path, struct tb_mem *mem);

/* What went wrong with the data directory, and what to do about it: one or two sentences. */
void host_hub_explain(const struct host_hub *hub, tb_status status, char *out, size_t out_len_max);

#endif
