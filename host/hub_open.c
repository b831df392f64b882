#include "host/hub_open.h"

#include <errno.h>
#include <string.h>

#include "crypto/crypto.h"
#include "hub/status.h"

enum { HUB_APPLICATION_ID = 0x54424855 /* "TBHU" */ };

#define KEYED(NUMBER_, NAME_) { HUB_TABLE_##NUMBER_, NAME_, HOST_STORE_KEYED }
static const struct host_store_table tables[] = {
    KEYED(META, "meta"),
    KEYED(ACCOUNTS, "accounts"),
    KEYED(HANDLES, "handles"),
    KEYED(RECORDS, "records"),
    KEYED(DEVICES, "devices"),
    KEYED(KEY_PACKAGES, "key_packages"),
    KEYED(INVITES, "invites"),
    KEYED(ROOMS, "rooms"),
    KEYED(TREES, "trees"),
    { HUB_TABLE_PAGES, "pages", HOST_STORE_LOG },
    KEYED(CURSORS, "cursors"),
    KEYED(WELCOMES, "welcomes"),
    KEYED(JOIN_REQUESTS, "join_requests"),
    KEYED(CONSENTS, "consents"),
    KEYED(MEMBERSHIPS, "memberships"),
    KEYED(EPOCHS, "epochs"),
    KEYED(REPORTS, "reports"),
    KEYED(DECISIONS, "decisions"),
    KEYED(RECIPIENT_KEYS, "recipient_keys"),
    KEYED(STATEMENTS, "statements"),
    KEYED(HUB_KEYS, "hub_keys"),
    KEYED(CLAIMS, "claims"),
    KEYED(BLOBS, "blobs"),
    KEYED(LOG, "log"),
    KEYED(NOTICES, "notices"),
    KEYED(ORDERS, "orders"),
    KEYED(MONTHS, "months"),
    KEYED(TAGS, "tags"),
    KEYED(BOXES, "boxes"),
};
_Static_assert(sizeof tables / sizeof tables[0] == HUB_TABLE_BOXES,
               "every table of the engine has its row here");

struct host_store_config host_hub_store_config(const char *path, struct tb_mem *mem)
{
    return (struct host_store_config){ .path = path,
                                       .mem = mem,
                                       .tables = tables,
                                       .table_count = sizeof tables / sizeof tables[0],
                                       .application_id = HUB_APPLICATION_ID,
                                       .schema_version = HUB_SCHEMA_VERSION };
}

tb_status host_hub_lock(struct host_hub *hub, const struct host_config *config, bool is_made)
{
    const char *folder = host_config_text(config, HOST_KEY_server_data_dir);
    char lock_path[HOST_PATH_LEN_MAX];
    memset(hub, 0, sizeof *hub);
    hub->lock.fd = -1;
    host_mem_init(&hub->mem, SIZE_MAX);
    host_rng_init(&hub->rng);
    if (is_made) TRY(host_file_make_folder(folder));
    else if (!host_file_exists(folder)) return TB_STATUS(TB_NOT_FOUND);
    TRY(host_file_join(hub->database_path, folder, "hub.db"));
    TRY(host_file_join(hub->socket_path, folder, "admin.sock"));
    TRY(host_file_join(lock_path, folder, "lock"));
    return host_lock_take(&hub->lock, lock_path);
}

tb_status host_hub_open(struct host_hub *hub, const struct host_config *config)
{
    struct host_store_config store = host_hub_store_config(hub->database_path, &hub->mem);
    store.bytes_max = host_config_number(config, HOST_KEY_store_bytes_max);
    TRY(host_store_open(&store, &hub->store));

    struct host_server_limits unused;
    struct hub_config engine = {
        .provider = crypto_backend_native(),
        .mem = &hub->mem,
        .rng = &hub->rng.rng,
        .store = host_store_view(hub->store),
        .domain = host_config_text(config, HOST_KEY_hub_domain),
        .software = HOST_HUB_SOFTWARE,
        .is_rate_limited = host_config_is_yes(config, HOST_KEY_limits_rate_limited),
    };
    host_config_limits(config, &engine.limits, &unused);
    (void)host_store_begin(hub->store); /* a refusal shows in the commit */
    tb_status status = hub_new(&engine, host_clock_now_ms(&hub->clock), &hub->hub);
    if (status.code != TB_OK) {
        host_store_rollback(hub->store);
        return status;
    }
    return host_store_commit(hub->store);
}

void host_hub_close(struct host_hub *hub)
{
    hub_free(hub->hub);
    host_store_close(hub->store);
    host_rng_wipe(&hub->rng);
    host_lock_release(&hub->lock);
    hub->hub = NULL;
    hub->store = NULL;
}

void host_hub_explain(const struct host_hub *hub, tb_status status, char *out, size_t out_len_max)
{
    switch (status.code) {
    case HOST_LOCKED:
        snprintf(out, out_len_max, "another hub runs with this data directory (%s)",
                 hub->database_path);
        return;
    case HOST_SCHEMA_NEWER:
    case HUB_SCHEMA_NEWER:
        snprintf(out, out_len_max,
                 "%s was written by a newer version of timbre-hub; this is " TIMBRE_VERSION
                 ". Nothing was changed. Install the newer version again, or restore a backup of "
                 "this one.",
                 hub->database_path);
        return;
    case HOST_SCHEMA_FOREIGN:
        snprintf(out, out_len_max, "%s is not the database of a hub", hub->database_path);
        return;
    case HOST_DAMAGED:
        snprintf(out, out_len_max, "%s is damaged; restore a backup", hub->database_path);
        return;
    case TB_STORE:
        snprintf(out, out_len_max, "the database refuses: %s",
                 hub->store == NULL ? "it is not open" : host_store_error(hub->store));
        return;
    case HOST_IO:
        snprintf(out, out_len_max, "%s: %s",
                 hub->database_path[0] != 0 ? hub->database_path : "the data directory",
                 strerror(errno));
        return;
    default:
        snprintf(out, out_len_max, "%s: %s", hub->database_path, host_status_text(status));
        return;
    }
}
