/*
 * The hub's configuration: default < file < TIMBRE_<SECTION>_<KEY> < --set section.key=value, each
 * value with where it came from.  TIMBRE_<SECTION>_<KEY>_FILE names a file whose first line is the
 * value.  docs/timbre-hub.conf is the commented default.
 */
#ifndef TB_HOST_HUB_CONFIG_H
#define TB_HOST_HUB_CONFIG_H

#include <stdio.h>

#include "host/server.h"

/* KEY(SECTION, name, kind, default, "sentence") */
#define HOST_CONFIG_TEXT_LIST(KEY)                                                                 \
    KEY(server, listen, LISTEN, "localhost:8470", "where people connect; blanks between several")  \
    KEY(server, data_dir, PATH, "var", "the folder with the database, the lock and the socket")    \
    KEY(server, public_url, URL, "", "as people reach it; empty: http://localhost:<port>")         \
    KEY(server, trusted_proxies, NETWORKS, "", "networks whose X-Forwarded-For counts")            \
    KEY(server, allowed_origins, TEXT, "", "other origins whose pages may open the socket")        \
    KEY(hub, domain, DOMAIN, "localhost", "the hub's name in all addresses; fixed at first start") \
    KEY(tls, certificate_file, PATH, "", "PEM chain; empty: in clear")                             \
    KEY(tls, key_file, PATH, "", "PEM private key of the certificate")                             \
    KEY(metrics, listen, LISTEN, "127.0.0.1:9464", "Prometheus text at /metrics; or none")         \
    KEY(contact, users, TEXT, "", "where everybody can write to, for people (Art. 12)")            \
    KEY(contact, authorities, TEXT, "", "where authorities can write to (Art. 11)")                \
    KEY(contact, representative, TEXT, "", "legal representative, of a provider outside the EU")   \
    KEY(contact, languages, TEXT, "", "languages in which both are answered")                      \
    KEY(log, level, LEVEL, "info", "error, warning, notice, info or debug")                        \
    KEY(log, format, FORMAT, "text", "text or json")                                               \
    KEY(store, bytes_max, NUMBER, "0", "size of the database at which it refuses; 0: none")        \
    KEY(limits, rate_limited, YES_NO, "yes", "no: for benchmarks alone")

enum host_config_kind {
    HOST_CONFIG_TEXT = 1,
    HOST_CONFIG_PATH,
    HOST_CONFIG_NUMBER,
    HOST_CONFIG_YES_NO,
    HOST_CONFIG_LISTEN,
    HOST_CONFIG_NETWORKS,
    HOST_CONFIG_DOMAIN,
    HOST_CONFIG_URL,
    HOST_CONFIG_LEVEL,
    HOST_CONFIG_FORMAT
};

/* One number for each key, in the order of the lists. */
enum host_config_key {
#define HOST_CONFIG_KEY_ENUM(SECTION_, NAME_, KIND_, DEFAULT_, TEXT_) HOST_KEY_##SECTION_##_##NAME_,
    HOST_CONFIG_TEXT_LIST(HOST_CONFIG_KEY_ENUM)
#define HOST_CONFIG_LIMIT_ENUM(NAME_, DEFAULT_, TEXT_) HOST_KEY_limits_##NAME_,
    HUB_LIMIT_LIST(HOST_CONFIG_LIMIT_ENUM)
    HOST_LIMIT_LIST(HOST_CONFIG_LIMIT_ENUM)
#define HOST_CONFIG_TIMEOUT_ENUM(NAME_, DEFAULT_, TEXT_) HOST_KEY_timeouts_##NAME_,
    HOST_TIMEOUT_LIST(HOST_CONFIG_TIMEOUT_ENUM)
    HOST_KEY_COUNT
};

enum { HOST_CONFIG_VALUE_LEN_MAX = 512, HOST_CONFIG_ORIGIN_LEN_MAX = 256 };
struct host_config_value {
    char text[HOST_CONFIG_VALUE_LEN_MAX];
    char origin[HOST_CONFIG_ORIGIN_LEN_MAX]; /* "default", "FILE:LINE", "TIMBRE_...", "--set" */
};
struct host_config {
    struct host_config_value values[HOST_KEY_COUNT];
    char path[HOST_CONFIG_VALUE_LEN_MAX]; /* of the file that was read; "" for none */
    unsigned problem_count;               /* what was wrong is told as it is found */
    FILE *problems;
};

/* Every key with its default. */
void host_config_init(struct host_config *config, FILE *problems);
/* path NULL: $TIMBRE_CONFIG, else /etc/timbre/timbre-hub.conf if there is one. */
void host_config_read_file(struct host_config *config, const char *path);
void host_config_read_environment(struct host_config *config);
/* "section.key=value" */
void host_config_set(struct host_config *config, const char *assignment);
/* Each value alone, and values together.  HOST_CONFIG when there was any problem since init. */
TB_MUST_USE tb_status host_config_check(struct host_config *config);

/* section, key and default of a number; the names are constants. */
struct host_config_row {
    const char *section, *name, *fallback, *sentence;
    enum host_config_kind kind;
};
const struct host_config_row *host_config_row(enum host_config_key key);

const char *host_config_text(const struct host_config *config, enum host_config_key key);
uint64_t host_config_number(const struct host_config *config, enum host_config_key key);
bool host_config_is_yes(const struct host_config *config, enum host_config_key key);

/* The parts that the server and the engine take; only after a check that found nothing. */
void host_config_limits(const struct host_config *config, struct hub_limits *hub,
                        struct host_server_limits *server);
void host_config_log(const struct host_config *config, struct host_log *log);

#endif
