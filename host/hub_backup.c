/* Verbs: backup, verify, restore. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/backup.h"
#include "host/hub_cli.h"

static const char *why(tb_status status)
{
    switch (status.code) {
    case HOST_SCHEMA_FOREIGN: return "it is not a backup of a hub";
    case HOST_SCHEMA_NEWER: return "it was made by a newer version of timbre-hub";
    case HOST_DAMAGED: return "it is damaged: what it holds is not what was written";
    case HOST_EXISTS: return "there is such a file already";
    case HOST_IO: return strerror(errno);
    default: return host_status_text(status);
    }
}

static void print_backup(const struct host_cli *cli, const struct host_backup *backup,
                         const char *done)
{
    if (cli->is_json) {
        json_t *object = json_pack("{s:s,s:s,s:i,s:I}", "created", backup->created, "software",
                                   backup->software, "schema", (int)backup->schema, "bytes",
                                   (json_int_t)backup->payload_bytes);
        json_dumpf(object, stdout, JSON_COMPACT);
        putchar('\n');
        json_decref(object);
    } else if (!cli->is_quiet) {
        printf("%s: made %s by %s, schema %u, %llu octets of database\n", done, backup->created,
               backup->software, (unsigned)backup->schema,
               (unsigned long long)backup->payload_bytes);
    }
}

/* Reading beside a hub that runs is what SQLite's WAL is for; the lock is not needed. */
int host_verb_backup(struct host_cli *cli)
{
    static struct host_hub hub;
    const char *path = cli->arguments[0];
    struct host_backup backup;
    tb_status status = host_hub_lock(&hub, &cli->config, false);
    if (status.code == HOST_LOCKED) status = TB_STATUS(TB_OK);
    struct host_store_config store = host_hub_store_config(hub.database_path, &hub.mem);
    store.is_read_only = true;
    if (status.code == TB_OK) status = host_store_open(&store, &hub.store);
    if (status.code != TB_OK) {
        char sentence[512];
        host_hub_explain(&hub, status, sentence, sizeof sentence);
        host_cli_fail(cli, "store", "%s", sentence);
    } else {
        status = host_backup_write(hub.store, path, &backup);
        if (status.code != TB_OK) host_cli_fail(cli, "backup", "%s: %s", path, why(status));
        else print_backup(cli, &backup, path);
    }
    host_hub_close(&hub);
    return host_cli_exit_of_status(status);
}

int host_verb_verify(struct host_cli *cli)
{
    const char *path = cli->arguments[0];
    char copy_path[HOST_PATH_LEN_MAX];
    struct host_backup backup;
    struct tb_mem mem;
    int len = snprintf(copy_path, sizeof copy_path, "%s.verify-%ld", path, (long)getpid());
    if (len < 0 || (size_t)len >= sizeof copy_path) return HOST_EXIT_USAGE;
    host_mem_init(&mem, SIZE_MAX);
    tb_status status = host_backup_read(path, copy_path, &mem, &backup);
    if (status.code == TB_OK) unlink(copy_path);
    if (status.code == TB_OK) {
        print_backup(cli, &backup, path);
        return HOST_EXIT_OK;
    }
    host_cli_fail(cli, "verification", "%s: %s", path, why(status));
    bool is_wrong = status.code == HOST_DAMAGED || status.code == HOST_SCHEMA_FOREIGN ||
                    status.code == HOST_SCHEMA_NEWER;
    return is_wrong ? HOST_EXIT_VERIFICATION : host_cli_exit_of_status(status);
}

/* ------------------------------------------------------------------ restore */

struct restoring {
    struct host_cli *cli;
    struct host_hub hub;
    char final_path[HOST_PATH_LEN_MAX];
    char aside_path[HOST_PATH_LEN_MAX]; /* where the database that was there goes */
    bool is_over_another;
};

static bool is_agreed(const struct restoring *restoring)
{
    const struct host_cli *cli = restoring->cli;
    if (!restoring->is_over_another || cli->is_yes) return true;
    if (!isatty(STDIN_FILENO) || cli->is_json) {
        host_cli_fail(cli, "exists",
                      "%s holds a hub's data; --yes sets it aside and restores over it",
                      host_config_text(&cli->config, HOST_KEY_server_data_dir));
        return false;
    }
    char answer[16] = "";
    printf("%s holds a hub's data. It will be set aside as %s.\nGo on? [y/N] ",
           host_config_text(&cli->config, HOST_KEY_server_data_dir), restoring->aside_path);
    fflush(stdout);
    return fgets(answer, sizeof answer, stdin) != NULL && (answer[0] == 'y' || answer[0] == 'Y');
}

/* Frozen before it is in its place: no hub can ever start with a restored database that is not. */
static tb_status freeze(struct restoring *restoring)
{
    struct host_hub *hub = &restoring->hub;
    TRY(host_hub_open(hub, &restoring->cli->config));
    (void)host_store_begin(hub->store); /* a refusal shows in the commit */
    tb_status status = hub_mark_restored(hub->hub, host_clock_now_ms(&hub->clock));
    if (status.code == TB_OK) status = host_store_commit(hub->store);
    else host_store_rollback(hub->store);
    hub_free(hub->hub);
    host_store_close(hub->store);
    hub->hub = NULL;
    hub->store = NULL;
    return status;
}

static tb_status set_aside(const struct restoring *restoring, bool is_back)
{
    static const char *const tails[] = { "", "-wal", "-shm" };
    for (size_t i = 0; i < 3 && restoring->is_over_another; i++) {
        char from[HOST_PATH_LEN_MAX + 8], to[HOST_PATH_LEN_MAX + 8];
        snprintf(from, sizeof from, "%s%s", restoring->final_path, tails[i]);
        snprintf(to, sizeof to, "%s%s", restoring->aside_path, tails[i]);
        const char *source = is_back ? to : from, *target = is_back ? from : to;
        if (host_file_exists(source) && rename(source, target) != 0) return TB_STATUS(HOST_IO);
    }
    return TB_STATUS(TB_OK);
}

static tb_status put_in_place(struct restoring *restoring, struct host_backup *backup)
{
    struct host_hub *hub = &restoring->hub;
    TRY(host_file_join(hub->database_path,
                       host_config_text(&restoring->cli->config, HOST_KEY_server_data_dir),
                       "hub.db.restored"));
    unlink(hub->database_path); /* of an attempt that was cut short */
    TRY(host_backup_read(restoring->cli->arguments[0], hub->database_path, &hub->mem, backup));
    TRY(freeze(restoring));
    tb_status status = set_aside(restoring, false);
    if (status.code != TB_OK || rename(hub->database_path, restoring->final_path) != 0) {
        status = set_aside(restoring, true);
        return TB_STATUS(HOST_IO);
    }
    return host_file_sync_folder_of(restoring->final_path);
}

int host_verb_restore(struct host_cli *cli)
{
    static struct restoring restoring;
    struct host_backup backup;
    restoring.cli = cli;
    tb_status status = host_hub_lock(&restoring.hub, &cli->config, true);
    if (status.code != TB_OK) {
        host_cli_fail(cli, "locked", "%s",
                      status.code == HOST_LOCKED
                          ? "a hub runs with this data directory; stop it first"
                          : "the data directory cannot be used");
        host_hub_close(&restoring.hub);
        return host_cli_exit_of_status(status);
    }
    memcpy(restoring.final_path, restoring.hub.database_path, sizeof restoring.final_path);
    int len = snprintf(restoring.aside_path, sizeof restoring.aside_path, "%s.before-restore-%llu",
                       restoring.final_path, (unsigned long long)host_clock_unix_ms());
    restoring.is_over_another = host_file_exists(restoring.final_path);
    int code = HOST_EXIT_CONFLICT;
    if (len < 0 || (size_t)len >= sizeof restoring.aside_path || !is_agreed(&restoring)) {
        host_hub_close(&restoring.hub);
        return code;
    }
    if (cli->is_dry_run) {
        printf("would put %s into %s%s and freeze every room until its members have shown where "
               "they are\n",
               cli->arguments[0], restoring.final_path,
               restoring.is_over_another ? ", set what is there aside," : "");
        host_hub_close(&restoring.hub);
        return HOST_EXIT_OK;
    }
    status = put_in_place(&restoring, &backup);
    if (status.code == TB_OK) {
        print_backup(cli, &backup, "restored");
        if (!cli->is_quiet && !cli->is_json) {
            puts("Rooms go on when their members' devices have shown their newest messages, or "
                 "after restore_wait_ms. Members are told.");
        }
        code = HOST_EXIT_OK;
    } else {
        host_cli_fail(cli, "restore", "%s: %s; the data directory is as it was", cli->arguments[0],
                      why(status));
        bool is_wrong = status.code == HOST_DAMAGED || status.code == HOST_SCHEMA_FOREIGN;
        code = is_wrong ? HOST_EXIT_VERIFICATION : host_cli_exit_of_status(status);
        unlink(restoring.hub.database_path);
    }
    host_hub_close(&restoring.hub);
    return code;
}
