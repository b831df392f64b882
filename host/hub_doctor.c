/* `timbre-hub doctor`: what an operator would otherwise find out one complaint at a time. */
#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "host/hub_cli.h"
#include "host/tls.h"

enum { FREE_MIB_MIN = 512, CERTIFICATE_DAYS_MIN = 14, FILES_MIN = 4096 };
enum verdict { GOOD, WORRYING, BAD };
#define YEAR_2024_MS 1704067200000u /* no machine that runs this program was started before */

struct visit {
    struct host_cli *cli;
    unsigned bad_count;
};

static void say(struct visit *visit, enum verdict verdict, const char *subject,
                const char *format, ...) __attribute__((format(printf, 4, 5)));
static void say(struct visit *visit, enum verdict verdict, const char *subject,
                const char *format, ...)
{
    static const char *const marks[] = { "ok", "warning", "failed" };
    char sentence[768];
    va_list arguments;
    va_start(arguments, format);
    if (vsnprintf(sentence, sizeof sentence, format, arguments) < 0) sentence[0] = 0;
    va_end(arguments);
    if (verdict == BAD) visit->bad_count++;
    if (visit->cli->is_json) {
        json_t *object = json_pack("{s:s,s:s,s:s}", "check", subject, "state", marks[verdict],
                                   "detail", sentence);
        json_dumpf(object, stdout, JSON_COMPACT);
        putchar('\n');
        json_decref(object);
    } else if (verdict != GOOD || !visit->cli->is_quiet) {
        printf("%-8s %-12s %s\n", marks[verdict], subject, sentence);
    }
}

static const char *text(const struct visit *visit, enum host_config_key key)
{
    return host_config_text(&visit->cli->config, key);
}

static void look_at_configuration(struct visit *visit)
{
    const char *path = visit->cli->config.path, *url = text(visit, HOST_KEY_server_public_url);
    bool has_tls = *text(visit, HOST_KEY_tls_certificate_file) != 0;
    say(visit, GOOD, "config", "%s is valid", *path == 0 ? "the default configuration" : path);
    if (strncmp(url, "http://", 7) == 0 && strstr(url, "localhost") == NULL) {
        say(visit, WORRYING, "public_url", "%s is in clear: whoever is between can see who talks",
            url);
    } else if (strncmp(url, "https://", 8) == 0 && !has_tls &&
               *text(visit, HOST_KEY_server_trusted_proxies) == 0) {
        say(visit, WORRYING, "public_url",
            "behind a proxy, [server] trusted_proxies should name it");
    }
}

static void look_at_folder(struct visit *visit)
{
    const char *folder = text(visit, HOST_KEY_server_data_dir);
    struct stat found;
    struct statvfs disk;
    if (stat(folder, &found) != 0) {
        say(visit, errno == ENOENT ? WORRYING : BAD, "data_dir", "%s: %s", folder,
            errno == ENOENT ? "not there yet; `serve` makes it" : strerror(errno));
        return;
    }
    if (!S_ISDIR(found.st_mode)) say(visit, BAD, "data_dir", "%s is no folder", folder);
    else if (found.st_uid != geteuid()) {
        say(visit, BAD, "data_dir", "%s belongs to another user", folder);
    } else if (found.st_mode & (S_IRWXG | S_IRWXO)) {
        say(visit, WORRYING, "data_dir", "%s is open to other users: chmod 700 %s", folder, folder);
    } else {
        say(visit, GOOD, "data_dir", "%s is private to its user", folder);
    }
    if (statvfs(folder, &disk) != 0) return;
    uint64_t free_mib = (uint64_t)disk.f_bavail * disk.f_frsize >> 20;
    say(visit, free_mib < FREE_MIB_MIN ? BAD : GOOD, "disk", "%llu MiB are free",
        (unsigned long long)free_mib);
}

static void look_at_database(struct visit *visit, struct host_hub *hub)
{
    struct host_store_config config = host_hub_store_config(hub->database_path, &hub->mem);
    char why[512];
    if (!host_file_exists(hub->database_path)) {
        say(visit, WORRYING, "database", "not there yet; `serve` makes it");
        return;
    }
    config.is_read_only = true;
    tb_status status = host_store_open(&config, &hub->store);
    if (status.code == TB_OK) status = host_store_check(hub->store);
    if (status.code == TB_OK) {
        say(visit, GOOD, "database", "%s is whole, schema %d", hub->database_path,
            HUB_SCHEMA_VERSION);
        return;
    }
    host_hub_explain(hub, status, why, sizeof why);
    say(visit, BAD, "database", "%s", why);
}

/* Can each address be had?  Asked only when no hub of this data directory has it. */
static void look_at_addresses(struct visit *visit, enum host_config_key key)
{
    union host_address addresses[HOST_LISTEN_COUNT_MAX];
    size_t count = 0;
    const struct host_config_row *row = host_config_row(key);
    if (strcmp(text(visit, key), "none") == 0) return;
    if (host_net_parse(text(visit, key), addresses, &count).code != TB_OK) return;
    for (size_t i = 0; i < count; i++) {
        int fd = -1;
        if (host_net_listen(&addresses[i], &fd).code == TB_OK) {
            close(fd);
        } else if (i == 0 || (errno != EADDRNOTAVAIL && errno != EAFNOSUPPORT)) {
            say(visit, BAD, "address", "[%s] listen = %s: %s", row->section, text(visit, key),
                strerror(errno));
            return;
        }
    }
    say(visit, GOOD, "address", "[%s] listen = %s is free", row->section, text(visit, key));
}

static void look_at_hub(struct visit *visit)
{
    static struct host_hub hub;
    tb_status status = host_hub_lock(&hub, &visit->cli->config, false);
    if (status.code == TB_NOT_FOUND) {
        look_at_addresses(visit, HOST_KEY_server_listen);
        look_at_addresses(visit, HOST_KEY_metrics_listen);
    } else if (status.code == HOST_LOCKED) {
        int fd = -1;
        bool answers = host_net_connect_unix(hub.socket_path, &fd).code == TB_OK;
        if (answers) close(fd);
        say(visit, answers ? GOOD : BAD, "hub", "%s",
            answers ? "it runs" : "it runs, but its admin socket does not answer");
        look_at_database(visit, &hub);
    } else if (status.code != TB_OK) {
        say(visit, BAD, "lock", "%s", host_status_text(status));
    } else {
        say(visit, GOOD, "hub", "none runs with this data directory");
        look_at_addresses(visit, HOST_KEY_server_listen);
        look_at_addresses(visit, HOST_KEY_metrics_listen);
        look_at_database(visit, &hub);
    }
    host_hub_close(&hub);
}

static void look_at_certificate(struct visit *visit)
{
    const char *path = text(visit, HOST_KEY_tls_certificate_file);
    const char *key_path = text(visit, HOST_KEY_tls_key_file);
    struct host_tls *tls = NULL;
    struct tb_mem mem;
    if (*path == 0) return;
    host_mem_init(&mem, SIZE_MAX);
    if (host_file_check_private(key_path).code == HOST_PERMISSION) {
        say(visit, WORRYING, "tls", "%s can be read by others", key_path);
    }
    if (host_tls_new(path, key_path, &mem, &tls).code != TB_OK) {
        char why[128];
        host_tls_error(why, sizeof why);
        say(visit, BAD, "tls", "%s or %s cannot be used: %s", path, key_path, why);
        return;
    }
    long days = host_tls_days_left(tls);
    if (days < 0) say(visit, BAD, "tls", "the certificate has ended");
    else say(visit, days < CERTIFICATE_DAYS_MIN ? WORRYING : GOOD, "tls",
             "the certificate is good for %ld more days", days);
    host_tls_free(tls);
}

static void look_at_machine(struct visit *visit)
{
    struct rlimit files;
    char now[HOST_CLOCK_TEXT_LEN_MAX];
    uint64_t now_ms = host_clock_unix_ms();
    host_clock_text(now_ms, now);
    say(visit, now_ms < YEAR_2024_MS ? BAD : GOOD, "clock", "it is %s", now);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        say(visit, files.rlim_max < FILES_MIN ? WORRYING : GOOD, "files",
            "%llu connections and files may be open at once",
            (unsigned long long)files.rlim_max);
    }
}

int host_verb_doctor(struct host_cli *cli)
{
    struct visit visit = { .cli = cli };
    look_at_configuration(&visit);
    look_at_folder(&visit);
    look_at_hub(&visit);
    look_at_certificate(&visit);
    look_at_machine(&visit);
    return visit.bad_count == 0 ? HOST_EXIT_OK : HOST_EXIT_FAILED;
}
