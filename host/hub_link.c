#include "host/hub_link.h"

#include <jansson.h>
#include <string.h>
#include <unistd.h>

#include "host/files.h"
#include "host/qr.h"

static bool origin_path(const struct host_config *config, char out[HOST_PATH_LEN_MAX])
{
    const char *folder = host_config_text(config, HOST_KEY_server_data_dir);
    return host_file_join(out, folder, "origin").code == TB_OK;
}

/* What the hub wrote; false when it wrote nothing. */
static bool origin_read(const struct host_config *config, char out[HOST_LINK_LEN_MAX])
{
    char path[HOST_PATH_LEN_MAX];
    FILE *file = origin_path(config, path) ? fopen(path, "re") : NULL;
    if (file == NULL) return false;
    bool is_read = fgets(out, HOST_LINK_LEN_MAX, file) != NULL;
    fclose(file);
    if (!is_read) return false;
    out[strcspn(out, "\n")] = 0;
    return *out != 0;
}

/* From the settings alone. */
static void origin_make(const struct host_config *config, char out[HOST_LINK_LEN_MAX])
{
    const char *url = host_config_text(config, HOST_KEY_server_public_url);
    if (*url != 0) {
        snprintf(out, HOST_LINK_LEN_MAX, "%s", url);
        return;
    }
    union host_address addresses[HOST_LISTEN_COUNT_MAX];
    size_t count = 0;
    unsigned port = 8470;
    const char *listen = host_config_text(config, HOST_KEY_server_listen);
    if (host_net_parse(listen, addresses, &count).code == TB_OK) {
        port = ntohs(addresses[0].any.sa_family == AF_INET6 ? addresses[0].v6.sin6_port
                                                            : addresses[0].v4.sin_port);
    }
    bool is_tls = *host_config_text(config, HOST_KEY_tls_certificate_file) != 0;
    snprintf(out, HOST_LINK_LEN_MAX, "http%s://localhost:%u", is_tls ? "s" : "", port);
}

void host_link_origin(const struct host_config *config, char out[HOST_LINK_LEN_MAX])
{
    bool is_set = *host_config_text(config, HOST_KEY_server_public_url) != 0;
    if (is_set || !origin_read(config, out)) origin_make(config, out);
}

tb_status host_link_origin_write(const struct host_config *config)
{
    char path[HOST_PATH_LEN_MAX], origin[HOST_LINK_LEN_MAX];
    if (!origin_path(config, path)) return TB_STATUS(TB_TOO_LONG);
    origin_make(config, origin);
    return host_file_write(path, tb_bytes_text(origin), 0600);
}

void host_link_print(const struct host_cli *cli, tb_bytes fragment, bool is_admin,
                     uint64_t expires_ms, uint64_t use_count_max)
{
    char origin[HOST_LINK_LEN_MAX], link[HOST_LINK_LEN_MAX], until[HOST_CLOCK_TEXT_LEN_MAX];
    host_link_origin(&cli->config, origin);
    host_clock_text(expires_ms, until);
    int len = snprintf(link, sizeof link, "%s/j/#%.*s", origin, (int)fragment.len,
                       (const char *)fragment.data);
    if (len < 0 || (size_t)len >= sizeof link) {
        host_cli_fail(cli, "too_large", "the link is too long; is [server] public_url right?");
    } else if (cli->is_json) {
        json_t *object = json_pack("{s:s,s:b,s:s,s:I}", "link", link, "is_admin", (int)is_admin,
                                   "expires", until, "uses", (json_int_t)use_count_max);
        json_dumpf(object, stdout, JSON_COMPACT);
        putchar('\n');
        json_decref(object);
    } else {
        puts(link);
        if (!cli->is_quiet && isatty(STDOUT_FILENO)) {
            host_qr_print(stdout, link);
            printf("for %llu account%s%s, until %s; who has the link can use it\n",
                   (unsigned long long)use_count_max, use_count_max == 1 ? "" : "s",
                   is_admin ? " with admin rights" : "", until);
        }
    }
    tb_wipe(link, sizeof link);
}
