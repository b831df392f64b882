#include "host/log.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/clock.h"

static const char *const level_names[] = { "error", "warning", "notice", "info", "debug" };

void host_log_init(struct host_log *log)
{
    bool is_journal = getenv("JOURNAL_STREAM") != NULL;
    *log = (struct host_log){ HOST_LOG_INFO, is_journal ? HOST_LOG_JOURNAL : HOST_LOG_TEXT,
                              STDERR_FILENO };
}

bool host_log_level_of(const char *name, enum host_log_level *out)
{
    for (size_t i = 0; i < sizeof level_names / sizeof level_names[0]; i++) {
        if (strcmp(name, level_names[i]) != 0) continue;
        *out = (enum host_log_level)(HOST_LOG_ERROR + (int)i);
        return true;
    }
    return false;
}

bool host_log_format_of(const char *name, enum host_log_format *out)
{
    if (strcmp(name, "json") == 0) *out = HOST_LOG_JSON;
    else if (strcmp(name, "text") == 0)
        *out = getenv("JOURNAL_STREAM") != NULL ? HOST_LOG_JOURNAL : HOST_LOG_TEXT;
    else return false;
    return true;
}

/* Control characters and what is no ASCII become '?': a line stays a line, whoever wrote it. */
static void make_plain(char *text)
{
    for (; *text != 0; text++) {
        if ((unsigned char)*text < 0x20 || (unsigned char)*text > 0x7e) *text = '?';
    }
}

static size_t json_escape(const char *text, char *out, size_t out_max)
{
    size_t len = 0;
    for (; *text != 0 && len + 3 < out_max; text++) {
        if (*text == '"' || *text == '\\') out[len++] = '\\';
        out[len++] = *text;
    }
    out[len] = 0;
    return len;
}

void host_log(const struct host_log *log, enum host_log_level level, const char *event,
              const char *format, ...)
{
    if (level > log->level) return;
    char message[HOST_LOG_LINE_LEN_MAX / 2], escaped[HOST_LOG_LINE_LEN_MAX];
    char line[2 * HOST_LOG_LINE_LEN_MAX], at[HOST_CLOCK_TEXT_LEN_MAX];
    const char *name = level_names[level - HOST_LOG_ERROR];
    va_list arguments;
    va_start(arguments, format);
    if (vsnprintf(message, sizeof message, format, arguments) < 0) message[0] = 0;
    va_end(arguments);
    make_plain(message);
    host_clock_text(host_clock_unix_ms(), at);

    int len = 0;
    switch (log->format) {
    case HOST_LOG_TEXT:
        len = snprintf(line, sizeof line, "%s %-7s %s: %s\n", at, name, event, message);
        break;
    case HOST_LOG_JOURNAL:
        len = snprintf(line, sizeof line, "<%d>%s: %s\n", (int)level, event, message);
        break;
    case HOST_LOG_JSON:
        json_escape(message, escaped, sizeof escaped);
        len = snprintf(line, sizeof line,
                       "{\"time\":\"%s\",\"level\":\"%s\",\"event\":\"%s\",\"message\":\"%s\"}\n",
                       at, name, event, escaped);
        break;
    }
    /* A log that cannot be written is no reason to stop serving. */
    if (len > 0) (void)!write(log->fd, line, (size_t)len);
}

void host_log_address(const struct sockaddr *address, char out[HOST_ADDRESS_TEXT_LEN_MAX])
{
    char text[INET6_ADDRSTRLEN];
    if (address->sa_family == AF_INET) {
        struct in_addr cut = ((const struct sockaddr_in *)address)->sin_addr;
        cut.s_addr &= htonl(0xffffff00u);
        if (inet_ntop(AF_INET, &cut, text, sizeof text) != NULL) {
            snprintf(out, HOST_ADDRESS_TEXT_LEN_MAX, "%s/24", text);
            return;
        }
    }
    if (address->sa_family == AF_INET6) {
        struct in6_addr cut = ((const struct sockaddr_in6 *)address)->sin6_addr;
        bool is_mapped = IN6_IS_ADDR_V4MAPPED(&cut);
        memset(cut.s6_addr + (is_mapped ? 15 : 6), 0, is_mapped ? 1 : 10);
        if (inet_ntop(AF_INET6, &cut, text, sizeof text) != NULL) {
            snprintf(out, HOST_ADDRESS_TEXT_LEN_MAX, "%s/%s", text, is_mapped ? "120" : "48");
            return;
        }
    }
    snprintf(out, HOST_ADDRESS_TEXT_LEN_MAX, "local");
}
