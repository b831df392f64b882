#include "host/client_profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/client.h"

enum { NAME_LEN_MAX = 64, APPLICATION_ID = 0x544d4243 /* "TMBC" */ };

static const struct host_store_table tables[] = {
    { CLIENT_TABLE_META, "meta", HOST_STORE_KEYED },
    { CLIENT_TABLE_ROOMS, "rooms", HOST_STORE_KEYED },
    { CLIENT_TABLE_GROUPS, "mls_groups", HOST_STORE_KEYED },
    { CLIENT_TABLE_ROWS, "timeline", HOST_STORE_KEYED },
    { CLIENT_TABLE_EVIDENCE, "evidence", HOST_STORE_KEYED },
    { CLIENT_TABLE_PAGES, "pages", HOST_STORE_KEYED },
    { CLIENT_TABLE_OUTBOX, "outbox", HOST_STORE_KEYED },
    { CLIENT_TABLE_KEY_PACKAGES, "key_packages", HOST_STORE_KEYED },
    { CLIENT_TABLE_RECORDS, "records", HOST_STORE_KEYED },
    { CLIENT_TABLE_INVITES, "invites", HOST_STORE_KEYED },
    { CLIENT_TABLE_JOINS, "joins", HOST_STORE_KEYED },
    { CLIENT_TABLE_CASES, "cases", HOST_STORE_KEYED },
    { CLIENT_TABLE_REPORTS, "reports", HOST_STORE_KEYED },
    { CLIENT_TABLE_MESSAGE_IDS, "message_ids", HOST_STORE_KEYED },
    { CLIENT_TABLE_UPLOADS, "uploads", HOST_STORE_KEYED },
    { CLIENT_TABLE_EXPIRIES, "expiries", HOST_STORE_KEYED },
    { CLIENT_TABLE_CONTEXTS, "contexts", HOST_STORE_KEYED },
    { CLIENT_TABLE_REPORT_FILES, "report_files", HOST_STORE_KEYED },
    { CLIENT_TABLE_PINS, "pins", HOST_STORE_KEYED },
    { CLIENT_TABLE_CASEWORK, "casework", HOST_STORE_KEYED },
    { CLIENT_TABLE_NOTICES, "notices", HOST_STORE_KEYED },
};

static bool is_name(const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789._-";
    size_t len = strlen(name);
    return len > 0 && len <= NAME_LEN_MAX && name[0] != '.' && strspn(name, allowed) == len;
}

tb_status cli_profile_folder(const char *data_dir, const char *name, char out[HOST_PATH_LEN_MAX])
{
    char base[HOST_PATH_LEN_MAX];
    const char *own = getenv("TIMBRE_DATA_DIR"), *xdg = getenv("XDG_DATA_HOME");
    const char *home = getenv("HOME");
    if (!is_name(name)) return TB_STATUS(CLI_PROFILE_NAME);
    if (data_dir != NULL) return host_file_join(out, data_dir, name);
    if (own != NULL && *own != 0) return host_file_join(out, own, name);
    if (xdg != NULL && *xdg == '/') {
        TRY(host_file_join(base, xdg, "timbre"));
    } else {
        if (home == NULL || *home != '/') return TB_STATUS(CLI_PROFILE_ABSENT);
        TRY(host_file_join(base, home, ".local/share/timbre"));
    }
    return host_file_join(out, base, name);
}

bool cli_profile_exists(const char *folder)
{
    char path[HOST_PATH_LEN_MAX];
    return host_file_join(path, folder, "key").code == TB_OK && host_file_exists(path);
}

static tb_status open_store(struct cli_profile *profile, const char *path, struct tb_mem *mem)
{
    const struct host_store_config config = {
        .path = path,
        .mem = mem,
        .tables = tables,
        .table_count = sizeof tables / sizeof tables[0],
        .application_id = APPLICATION_ID,
        .schema_version = CLIENT_SCHEMA_VERSION,
        .codec = &profile->codec.codec,
        .is_wiping = true,
    };
    return host_store_open(&config, &profile->store);
}

tb_status cli_profile_open(struct cli_profile *profile, const char *folder, tb_bytes passphrase,
                           bool may_make, struct tb_mem *mem, struct tb_rng *rng)
{
    char path[HOST_PATH_LEN_MAX], database[HOST_PATH_LEN_MAX];
    struct tb_secret key = { 0 };
    tb_status status = TB_STATUS(TB_OK);
    *profile = (struct cli_profile){ .lock = { -1 } };
    if (!may_make && !cli_profile_exists(folder)) {
        TRY(host_file_join(database, folder, "profile.db"));
        return TB_STATUS(host_file_exists(database) ? CLI_KEY_MISSING : CLI_PROFILE_ABSENT);
    }
    TRY(host_file_make_folder(folder));
    TRY(host_file_join(path, folder, "lock"));
    (void)snprintf(profile->folder, sizeof profile->folder, "%s", folder); /* shorter than path */
    CHECK(host_lock_take(&profile->lock, path));
    CHECK(host_file_join(database, folder, "profile.db"));
    CHECK(host_file_join(path, folder, "key"));
    if (host_file_exists(path) || host_file_exists(database)) {
        CHECK(cli_key_read(path, passphrase, &key));
    } else {
        CHECK(cli_key_make(path, passphrase, &cli_key_cost_default, rng, &key));
    }
    host_codec_init(&profile->codec, tb_secret_view(&key), rng);
    CHECK(open_store(profile, database, mem));
out:
    tb_secret_wipe(&key);
    if (status.code != TB_OK) cli_profile_close(profile);
    return status;
}

void cli_profile_close(struct cli_profile *profile)
{
    host_store_close(profile->store);
    profile->store = NULL;
    host_codec_wipe(&profile->codec);
    if (profile->lock.fd >= 0) host_lock_release(&profile->lock);
}

void cli_profile_holder(const char *folder, char out[CLI_HOLDER_LEN_MAX])
{
    char path[HOST_PATH_LEN_MAX], pid[16] = "";
    (void)snprintf(out, CLI_HOLDER_LEN_MAX, "another process holds %s", folder);
    if (host_file_join(path, folder, "lock").code != TB_OK) return;
    FILE *file = fopen(path, "re");
    if (file == NULL) return;
    if (fgets(pid, sizeof pid, file) != NULL) {
        pid[strspn(pid, "0123456789")] = 0;
        if (pid[0] != 0) {
            (void)snprintf(out, CLI_HOLDER_LEN_MAX, "process %s holds %s", pid, folder);
        }
    }
    (void)fclose(file);
}
