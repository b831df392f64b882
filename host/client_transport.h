/*
 * A stream to the hub that never blocks: TCP, with TLS 1.3 for https://.
 *
 * The owner polls cli_transport_fd() for cli_transport_events() and calls step until it is ready,
 * then read and write.  Only name resolution waits, as long as the system's resolver does.
 */
#ifndef TB_HOST_CLIENT_TRANSPORT_H
#define TB_HOST_CLIENT_TRANSPORT_H

#include "base/bytes.h"
#include "host/client_status.h"

enum { CLI_ORIGIN_HOST_LEN_MAX = 254, CLI_ORIGIN_LEN_MAX = 300 };

/* "http://localhost:8470", "https://chat.example", "https://[2001:db8::1]:8443" */
struct cli_origin {
    bool is_tls;
    char host[CLI_ORIGIN_HOST_LEN_MAX]; /* without brackets */
    char port[6];
    char authority[CLI_ORIGIN_LEN_MAX]; /* for the header Host */
};
TB_MUST_USE tb_status cli_origin_parse(tb_bytes text, struct cli_origin *out); /* CLI_ORIGIN */
/* Does this name this machine?  Else http:// shows everyone on the way who talks when. */
bool cli_origin_is_local(const struct cli_origin *origin);

struct cli_transport;

/* ca_file NULL: the system's certificate authorities.  CLI_TLS with why, TB_NO_SPACE. */
TB_MUST_USE tb_status cli_transport_new(const struct cli_origin *origin, const char *ca_file,
                                        struct cli_transport **out, char why[CLI_WHY_LEN_MAX]);
void cli_transport_free(struct cli_transport *transport);

/* Begin to connect.  CLI_CONNECT. */
TB_MUST_USE tb_status cli_transport_open(struct cli_transport *transport);
void cli_transport_close(struct cli_transport *transport);
/* Go on; *is_ready once octets can pass.  CLI_CONNECT, CLI_TLS. */
TB_MUST_USE tb_status cli_transport_step(struct cli_transport *transport, bool *is_ready);

int cli_transport_fd(const struct cli_transport *transport); /* -1 when closed */
short cli_transport_events(const struct cli_transport *transport, bool wants_write);
bool cli_transport_has_input(const struct cli_transport *transport); /* decrypted, not read yet */

/* *done 0: nothing now.  CLI_CLOSED at the end of the stream, CLI_CONNECT, CLI_TLS. */
TB_MUST_USE tb_status cli_transport_read(struct cli_transport *transport, uint8_t *out, size_t len,
                                         size_t *done);
TB_MUST_USE tb_status cli_transport_write(struct cli_transport *transport, tb_bytes data,
                                          size_t *done);

/* Why the newest refusal, for a person. */
const char *cli_transport_why(const struct cli_transport *transport);

#endif
