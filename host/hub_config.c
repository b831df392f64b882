#include "host/hub_config.h"

#include <assert.h>
#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "host/files.h"
#include "wire/uri.h"

extern char **environ;

#define STRING_OF_(VALUE_) #VALUE_
static const struct host_config_row rows[HOST_KEY_COUNT] = {
#define TEXT_ROW(SECTION_, NAME_, KIND_, DEFAULT_, TEXT_)                                          \
    { #SECTION_, #NAME_, DEFAULT_, TEXT_, HOST_CONFIG_##KIND_ },
    HOST_CONFIG_TEXT_LIST(TEXT_ROW)
#define LIMIT_ROW(NAME_, DEFAULT_, TEXT_)                                                          \
    { "limits", #NAME_, STRING_OF_(DEFAULT_), TEXT_, HOST_CONFIG_NUMBER },
    HUB_LIMIT_LIST(LIMIT_ROW) HOST_LIMIT_LIST(LIMIT_ROW)
#define TIMEOUT_ROW(NAME_, DEFAULT_, TEXT_)                                                        \
    { "timeouts", #NAME_, STRING_OF_(DEFAULT_), TEXT_, HOST_CONFIG_NUMBER },
    HOST_TIMEOUT_LIST(TIMEOUT_ROW)
};

const struct host_config_row *host_config_row(enum host_config_key key)
{
    assert(key < HOST_KEY_COUNT);
    return &rows[key];
}

const char *host_config_text(const struct host_config *config, enum host_config_key key)
{
    return config->values[key].text;
}

static void problem(struct host_config *config, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void problem(struct host_config *config, const char *format, ...)
{
    va_list arguments;
    config->problem_count++;
    va_start(arguments, format);
    vfprintf(config->problems, format, arguments);
    va_end(arguments);
    fputc('\n', config->problems);
}

static bool parse_number(const char *text, uint64_t *out)
{
    char *end;
    if (*text < '0' || *text > '9') return false;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (*end != 0 || errno != 0) return false;
    *out = number;
    return true;
}

uint64_t host_config_number(const struct host_config *config, enum host_config_key key)
{
    uint64_t number = 0;
    bool is_number = parse_number(config->values[key].text, &number);
    assert(is_number && rows[key].kind == HOST_CONFIG_NUMBER);
    return number;
}

bool host_config_is_yes(const struct host_config *config, enum host_config_key key)
{
    assert(rows[key].kind == HOST_CONFIG_YES_NO);
    return strcmp(config->values[key].text, "yes") == 0;
}

/* ------------------------------------------------------------------ where values come from */

void host_config_init(struct host_config *config, FILE *problems)
{
    memset(config, 0, sizeof *config);
    config->problems = problems;
    for (int key = 0; key < HOST_KEY_COUNT; key++) {
        strcpy(config->values[key].text, rows[key].fallback);
        strcpy(config->values[key].origin, "default");
    }
}

static int find(const char *section, const char *name)
{
    for (int key = 0; key < HOST_KEY_COUNT; key++) {
        if (strcmp(rows[key].section, section) != 0) continue;
        if (strcmp(rows[key].name, name) == 0) return key;
    }
    return -1;
}

static void put(struct host_config *config, int key, const char *value, const char *origin)
{
    struct host_config_value *to = &config->values[key];
    snprintf(to->origin, sizeof to->origin, "%s", origin);
    if (strlen(value) >= sizeof to->text) {
        problem(config, "%s: [%s] %s: longer than %zu characters", origin, rows[key].section,
                rows[key].name, sizeof to->text - 1);
        return;
    }
    strcpy(to->text, value);
}

struct reading {
    struct host_config *config;
    FILE *file;
    unsigned line;
};

static char *read_line(char *out, int out_max, void *ctx)
{
    struct reading *reading = ctx;
    reading->line++;
    return fgets(out, out_max, reading->file);
}

static int on_line(void *ctx, const char *section, const char *name, const char *value)
{
    struct reading *reading = ctx;
    struct host_config *config = reading->config;
    char origin[HOST_CONFIG_ORIGIN_LEN_MAX];
    snprintf(origin, sizeof origin, "%.200s:%u", config->path, reading->line);
    int key = find(section, name);
    if (key < 0) problem(config, "%s: there is no key [%s] %s", origin, section, name);
    else put(config, key, value, origin);
    return 1;
}

void host_config_read_file(struct host_config *config, const char *path)
{
    static const char usual[] = "/etc/timbre/timbre-hub.conf";
    const char *named = path != NULL ? path : getenv("TIMBRE_CONFIG");
    if (named == NULL && !host_file_exists(usual)) return;
    if (named == NULL) named = usual;
    FILE *file = fopen(named, "re");
    if (file == NULL || strlen(named) >= sizeof config->path) {
        problem(config, "%s: %s", named, file == NULL ? strerror(errno) : "the path is too long");
        if (file != NULL) fclose(file);
        return;
    }
    strcpy(config->path, named);
    struct reading reading = { config, file, 0 };
    int line = ini_parse_stream(read_line, &reading, on_line, &reading);
    if (line != 0) problem(config, "%s:%d: neither [section] nor key = value", named, line);
    fclose(file);
}

static void put_from_file(struct host_config *config, int key, const char *path,
                          const char *variable)
{
    char line[HOST_CONFIG_VALUE_LEN_MAX];
    FILE *file = fopen(path, "re");
    if (file == NULL || fgets(line, sizeof line, file) == NULL) {
        problem(config, "%s: %s cannot be read", variable, path);
    } else {
        line[strcspn(line, "\r\n")] = 0;
        put(config, key, line, variable);
    }
    if (file != NULL) fclose(file);
}

/* "TIMBRE_<SECTION>_<KEY>" of a key, in capitals. */
static bool is_variable_of(int key, const char *variable, const char *suffix)
{
    char name[HOST_CONFIG_ORIGIN_LEN_MAX];
    snprintf(name, sizeof name, "TIMBRE_%s_%s%s", rows[key].section, rows[key].name, suffix);
    return strcasecmp(name, variable) == 0;
}

static bool belongs_to_a_section(const char *variable)
{
    for (int key = 0; key < HOST_KEY_COUNT; key++) {
        char start[HOST_CONFIG_ORIGIN_LEN_MAX];
        int len = snprintf(start, sizeof start, "TIMBRE_%s_", rows[key].section);
        if (strncasecmp(start, variable, (size_t)len) == 0) return true;
    }
    return false;
}

static void read_variable(struct host_config *config, const char *variable, const char *value)
{
    for (int key = 0; key < HOST_KEY_COUNT; key++) {
        if (!is_variable_of(key, variable, "")) continue;
        put(config, key, value, variable);
        return;
    }
    for (int key = 0; key < HOST_KEY_COUNT; key++) {
        if (!is_variable_of(key, variable, "_FILE")) continue;
        put_from_file(config, key, value, variable);
        return;
    }
    if (belongs_to_a_section(variable)) problem(config, "%s: there is no such key", variable);
}

void host_config_read_environment(struct host_config *config)
{
    for (char **entry = environ; *entry != NULL; entry++) {
        char variable[HOST_CONFIG_ORIGIN_LEN_MAX];
        const char *equals = strchr(*entry, '=');
        if (strncmp(*entry, "TIMBRE_", 7) != 0 || equals == NULL) continue;
        size_t len = (size_t)(equals - *entry);
        if (len >= sizeof variable) continue;
        memcpy(variable, *entry, len);
        variable[len] = 0;
        read_variable(config, variable, equals + 1);
    }
}

void host_config_set(struct host_config *config, const char *assignment)
{
    char section[64], name[64];
    const char *dot = strchr(assignment, '.'), *equals = strchr(assignment, '=');
    if (dot == NULL || equals == NULL || dot > equals || dot - assignment >= 64 ||
        equals - dot > 64) {
        problem(config, "--set %s: it has the form section.key=value", assignment);
        return;
    }
    snprintf(section, sizeof section, "%.*s", (int)(dot - assignment), assignment);
    snprintf(name, sizeof name, "%.*s", (int)(equals - dot - 1), dot + 1);
    int key = find(section, name);
    if (key < 0) problem(config, "--set: there is no key [%s] %s", section, name);
    else put(config, key, equals + 1, "--set");
}

/* ------------------------------------------------------------------ what is right */

static bool is_url(const char *text)
{
    size_t len = strlen(text);
    if (len == 0) return true;
    bool has_scheme = strncmp(text, "http://", 7) == 0 || strncmp(text, "https://", 8) == 0;
    return has_scheme && text[len - 1] != '/' && strpbrk(text, " #?\"<>") == NULL;
}

/* NULL, or what is wrong. */
static const char *fault_of(enum host_config_kind kind, const char *text)
{
    union host_address addresses[HOST_LISTEN_COUNT_MAX];
    struct host_networks networks;
    enum host_log_level level;
    enum host_log_format format;
    uint64_t number;
    size_t count;
    switch (kind) {
    case HOST_CONFIG_TEXT:
    case HOST_CONFIG_PATH: return NULL;
    case HOST_CONFIG_NUMBER: return parse_number(text, &number) ? NULL : "not a number";
    case HOST_CONFIG_YES_NO:
        return strcmp(text, "yes") == 0 || strcmp(text, "no") == 0 ? NULL : "neither yes nor no";
    case HOST_CONFIG_LISTEN:
        if (strcmp(text, "none") == 0) return NULL;
        return host_net_parse(text, addresses, &count).code == TB_OK
                   ? NULL
                   : "not ADDRESS:PORT, [ADDRESS]:PORT or localhost:PORT";
    case HOST_CONFIG_NETWORKS:
        return host_networks_parse(text, &networks).code == TB_OK ? NULL
                                                                  : "not ADDRESS or ADDRESS/LEN";
    case HOST_CONFIG_DOMAIN:
        return wire_uri_is_domain(tb_bytes_text(text)) ? NULL : "not a domain in lower case";
    case HOST_CONFIG_URL:
        return is_url(text) ? NULL : "not http(s)://HOST without a slash at the end";
    case HOST_CONFIG_LEVEL:
        return host_log_level_of(text, &level) ? NULL : "no level: error warning notice info debug";
    case HOST_CONFIG_FORMAT:
        return host_log_format_of(text, &format) ? NULL : "neither text nor json";
    }
    return "of no kind";
}

static void check_alone(struct host_config *config, int key)
{
    const struct host_config_value *value = &config->values[key];
    const char *fault = fault_of(rows[key].kind, value->text);
    if (fault != NULL) {
        problem(config, "%s: [%s] %s = %s: %s", value->origin, rows[key].section, rows[key].name,
                value->text, fault);
        return;
    }
    bool is_limit = strcmp(rows[key].section, "limits") == 0 ||
                    strcmp(rows[key].section, "timeouts") == 0;
    if (is_limit && rows[key].kind == HOST_CONFIG_NUMBER &&
        host_config_number(config, (enum host_config_key)key) == 0) {
        problem(config, "%s: [%s] %s: 0 would refuse everything", value->origin,
                rows[key].section, rows[key].name);
    }
}

static void check_together(struct host_config *config)
{
    const char *certificate = host_config_text(config, HOST_KEY_tls_certificate_file);
    const char *key = host_config_text(config, HOST_KEY_tls_key_file);
    if ((*certificate == 0) != (*key == 0)) {
        problem(config, "[tls] certificate_file and key_file are given together or not at all");
    }
    if (*host_config_text(config, HOST_KEY_server_data_dir) == 0) {
        problem(config, "[server] data_dir is empty");
    }
    if (strcmp(host_config_text(config, HOST_KEY_server_listen), "none") == 0) {
        problem(config, "[server] listen: a hub listens somewhere");
    }
    uint64_t low = host_config_number(config, HOST_KEY_limits_queue_bytes_low);
    uint64_t high = host_config_number(config, HOST_KEY_limits_queue_bytes_high);
    uint64_t max = host_config_number(config, HOST_KEY_limits_queue_bytes_max);
    if (low > high || high > max) {
        problem(config, "[limits] queue_bytes_low <= queue_bytes_high <= queue_bytes_max");
    }
    if (host_config_number(config, HOST_KEY_limits_open_connection_count_max) > 1 << 24) {
        problem(config, "[limits] open_connection_count_max is at most 16777216");
    }
    uint64_t frame_max = host_config_number(config, HOST_KEY_limits_frame_bytes_max);
    if (frame_max > CHAT_FRAME_LEN_MAX) {
        problem(config, "[limits] frame_bytes_max is at most %d", (int)CHAT_FRAME_LEN_MAX);
    }
}

tb_status host_config_check(struct host_config *config)
{
    for (int key = 0; key < HOST_KEY_COUNT; key++) check_alone(config, key);
    if (config->problem_count == 0) check_together(config);
    return TB_STATUS(config->problem_count == 0 ? TB_OK : HOST_CONFIG);
}

void host_config_limits(const struct host_config *config, struct hub_limits *hub,
                        struct host_server_limits *server)
{
#define LIMIT_TAKE_HUB(NAME_, DEFAULT_, TEXT_)                                                     \
    hub->NAME_ = host_config_number(config, HOST_KEY_limits_##NAME_);
    HUB_LIMIT_LIST(LIMIT_TAKE_HUB)
#define LIMIT_TAKE_SERVER(NAME_, DEFAULT_, TEXT_)                                                  \
    server->NAME_ = host_config_number(config, HOST_KEY_limits_##NAME_);
    HOST_LIMIT_LIST(LIMIT_TAKE_SERVER)
#define TIMEOUT_TAKE(NAME_, DEFAULT_, TEXT_)                                                       \
    server->NAME_ = host_config_number(config, HOST_KEY_timeouts_##NAME_);
    HOST_TIMEOUT_LIST(TIMEOUT_TAKE)
}

void host_config_log(const struct host_config *config, struct host_log *log)
{
    host_log_init(log);
    bool is_known = host_log_level_of(host_config_text(config, HOST_KEY_log_level), &log->level);
    is_known &= host_log_format_of(host_config_text(config, HOST_KEY_log_format), &log->format);
    assert(is_known);
}
