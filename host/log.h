/*
 * The program's log, on standard error: one line an event, as text, as text for the journal, or as
 * JSON.  It never holds message texts, names of rooms or people, or secrets; addresses are cut to
 * /24 (IPv4) or /48 (IPv6).
 */
#ifndef TB_HOST_LOG_H
#define TB_HOST_LOG_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/bytes.h"

enum host_log_level { HOST_LOG_ERROR = 3, HOST_LOG_WARNING, HOST_LOG_NOTICE, HOST_LOG_INFO,
                      HOST_LOG_DEBUG }; /* numbers of syslog */
enum host_log_format { HOST_LOG_TEXT = 1, HOST_LOG_JOURNAL, HOST_LOG_JSON };

struct host_log {
    enum host_log_level level; /* what is less urgent is left out */
    enum host_log_format format;
    int fd;
};

/* To standard error; text, or text for the journal when systemd reads it. */
void host_log_init(struct host_log *log);
bool host_log_level_of(const char *name, enum host_log_level *out);   /* "error" ... "debug" */
bool host_log_format_of(const char *name, enum host_log_format *out); /* "text", "json" */

enum { HOST_LOG_LINE_LEN_MAX = 1024 }; /* octets; what is longer is cut */
/* event: a constant of the program, lower_case; the message is for a person. */
void host_log(const struct host_log *log, enum host_log_level level, const char *event,
              const char *format, ...) __attribute__((format(printf, 4, 5)));

enum { HOST_ADDRESS_TEXT_LEN_MAX = 64 };
/* "192.0.2.0/24", "2001:db8:1::/48", "local" for a UNIX socket. */
void host_log_address(const struct sockaddr *address, char out[HOST_ADDRESS_TEXT_LEN_MAX]);

#endif
