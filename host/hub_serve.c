/* `timbre-hub serve`. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "host/hub_cli.h"
#include "host/hub_link.h"

enum { SPARE_FILE_COUNT = 64, LINK_ARENA_BYTES_MAX = 1 << 16, FIRST_LINK_LIFE_MS = 86400000 };

struct serving {
    struct host_cli *cli;
    struct host_log log;
    struct host_hub hub;
    struct host_config reloaded;
};

/* SIGHUP: the file and the environment again, for what can change while the hub runs. */
static void on_reload(void *ctx)
{
    struct serving *serving = ctx;
    const struct host_config *before = &serving->cli->config;
    struct host_config *now = &serving->reloaded;
    struct host_log log;
    host_config_init(now, stderr);
    if (before->path[0] != 0) host_config_read_file(now, before->path);
    host_config_read_environment(now);
    if (host_config_check(now).code != TB_OK) {
        host_log(&serving->log, HOST_LOG_ERROR, "reload",
                 "the configuration is not valid; the hub goes on with the old one");
        return;
    }
    if (strcmp(before->values[HOST_KEY_log_level].origin, "--set") == 0) return;
    host_config_log(now, &log);
    serving->log.level = log.level;
    serving->log.format = log.format;
}

/* As many descriptors as we may have; what is left over is the limit of connections. */
static void raise_limits(const struct serving *serving, struct host_server_limits *limits)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
    rlim_t before = files.rlim_cur;
    files.rlim_cur = files.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &files) != 0) files.rlim_cur = before;
    uint64_t count_max = files.rlim_cur > SPARE_FILE_COUNT ? files.rlim_cur - SPARE_FILE_COUNT : 1;
    if (limits->open_connection_count_max <= count_max) return;
    host_log(&serving->log, HOST_LOG_DEBUG, "limits",
             "open_connection_count_max is %llu: no more file descriptors are allowed",
             (unsigned long long)count_max);
    limits->open_connection_count_max = count_max;
}

static const char *text_or_null(const struct host_config *config, enum host_config_key key)
{
    const char *text = host_config_text(config, key);
    return *text == 0 ? NULL : text;
}

static tb_status parse_listeners(const struct host_config *config,
                                 struct host_server_config *server)
{
    const char *metrics = host_config_text(config, HOST_KEY_metrics_listen);
    TRY(host_net_parse(host_config_text(config, HOST_KEY_server_listen), server->listen,
                       &server->listen_count));
    if (strcmp(metrics, "none") != 0) {
        TRY(host_net_parse(metrics, server->metrics, &server->metrics_count));
    }
    return host_networks_parse(host_config_text(config, HOST_KEY_server_trusted_proxies),
                               &server->trusted_proxies);
}

static void warn_of_clear_text(const struct serving *serving,
                               const struct host_server_config *server)
{
    for (size_t i = 0; i < server->listen_count && server->certificate_path == NULL; i++) {
        if (host_net_is_loopback(&server->listen[i])) continue;
        host_log(&serving->log, HOST_LOG_WARNING, "clear_text",
                 "listening in clear on an address that others reach; set [tls], or put a proxy "
                 "in front");
        return;
    }
}

/* ------------------------------------------------------------------ the first admin */

static void say_what_next(const char *origin)
{
    printf("\nThe hub is at %s. It has no admin yet. This link, good for one account and one day, "
           "makes the first:\n\n",
           origin);
}

/* Programs lie beside this one: they are shown with the folder that it was called with, if any. */
static void say_commands(const char *program)
{
    static const char *const commands[] = {
        "timbre account register --profile alice      asks for the link",
        "timbre room create \"Our room\" --profile alice",
        "timbre-hub invite create                     a link for somebody else",
        "timbre chat \"Our room\" --profile alice",
    };
    const char *slash = strrchr(program, '/');
    int folder_len = slash != NULL ? (int)(slash - program) + 1 : 0;
    puts("\nIn another terminal, with the link at hand to be pasted:\n");
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        printf("  %.*s%s\n", folder_len, program, commands[i]);
    }
    puts("\nCtrl-C stops the hub.\n");
    fflush(stdout);
}

static void print_first_invitation(struct serving *serving)
{
    struct host_hub *hub = &serving->hub;
    const struct host_cli *cli = serving->cli;
    if (!hub_needs_admin(hub->hub)) return;
    if (!cli->prints_invitation && !isatty(STDOUT_FILENO)) {
        host_log(&serving->log, HOST_LOG_NOTICE, "no_admin",
                 "there is no admin yet: `timbre-hub invite create --admin` makes a link");
        return;
    }
    struct tb_arena arena;
    tb_bytes fragment;
    char origin[HOST_LINK_LEN_MAX];
    uint64_t expires_ms = host_clock_unix_ms() + FIRST_LINK_LIFE_MS;
    tb_arena_init(&arena, &hub->mem, LINK_ARENA_BYTES_MAX);
    (void)host_store_begin(hub->store); /* a refusal shows in the commit */
    tb_status status = hub_invite_new(hub->hub, true, expires_ms, 1, &arena, &fragment);
    if (status.code == TB_OK) status = host_store_commit(hub->store);
    else host_store_rollback(hub->store);
    if (status.code == TB_OK) {
        host_link_origin(&cli->config, origin);
        if (!cli->is_json) say_what_next(origin);
        host_link_print(cli, fragment, true, expires_ms, 1);
        if (!cli->is_json) say_commands(cli->program);
        fflush(stdout);
    } else {
        host_log(&serving->log, HOST_LOG_ERROR, "invitation", "no invitation was made: %s",
                 host_status_text(status));
    }
    tb_arena_wipe(&arena);
}

/* ------------------------------------------------------------------ */

static int fail(struct serving *serving, tb_status status)
{
    char why[512];
    host_hub_explain(&serving->hub, status, why, sizeof why);
    host_cli_fail(serving->cli, "serve", "%s", why);
    switch (status.code) {
    case HOST_LOCKED: return HOST_EXIT_TRY_LATER;
    case HOST_IO: return HOST_EXIT_CANT_CREATE;
    case TB_STORE: return HOST_EXIT_IO;
    default: return HOST_EXIT_UNAVAILABLE;
    }
}

static int serve(struct serving *serving)
{
    const struct host_config *config = &serving->cli->config;
    struct host_hub *hub = &serving->hub;
    tb_status status = host_hub_lock(hub, config, true);
    if (status.code == TB_OK) status = host_hub_open(hub, config);
    if (status.code != TB_OK) return fail(serving, status);

    struct host_server_config server = {
        .mem = &hub->mem,
        .log = &serving->log,
        .engine = host_engine_of(hub->hub),
        .store = hub->store,
        .store_path = hub->database_path,
        .admin_path = hub->socket_path,
        .certificate_path = text_or_null(config, HOST_KEY_tls_certificate_file),
        .key_path = text_or_null(config, HOST_KEY_tls_key_file),
        .public_url = host_config_text(config, HOST_KEY_server_public_url),
        .allowed_origins = host_config_text(config, HOST_KEY_server_allowed_origins),
        .contact = { .users = host_config_text(config, HOST_KEY_contact_users),
                     .authorities = host_config_text(config, HOST_KEY_contact_authorities),
                     .representative = host_config_text(config, HOST_KEY_contact_representative),
                     .languages = host_config_text(config, HOST_KEY_contact_languages) },
        .reload = on_reload,
        .reload_ctx = serving,
    };
    host_config_limits(config, &server.hub_limits, &server.limits);
    status = parse_listeners(config, &server);
    raise_limits(serving, &server.limits);
    warn_of_clear_text(serving, &server);
    struct host_server *running = NULL;
    if (status.code == TB_OK) status = host_server_new(&server, &running);
    if (status.code == TB_OK) {
        status = host_link_origin_write(config);
        if (status.code != TB_OK) {
            host_server_free(running);
            return fail(serving, status);
        }
    }
    if (status.code != TB_OK) {
        host_cli_fail(serving->cli, "serve", "the hub does not start: %s",
                      status.code == HOST_NETWORK ? "it cannot listen where it should; see above"
                                                  : host_status_text(status));
        return status.code == HOST_TLS ? HOST_EXIT_CONFIG : HOST_EXIT_UNAVAILABLE;
    }
    print_first_invitation(serving);
    host_server_run(running);
    host_server_free(running);
    return HOST_EXIT_OK;
}

int host_verb_serve(struct host_cli *cli)
{
    static struct serving serving; /* two configurations are too much for a stack */
    serving.cli = cli;
    serving.hub.lock.fd = -1;
    signal(SIGPIPE, SIG_IGN);
    setenv("UV_THREADPOOL_SIZE", "1", 0); /* checkpoints alone run beside the loop */
    host_config_log(&cli->config, &serving.log);
    int code = serve(&serving);
    host_hub_close(&serving.hub);
    return code;
}
