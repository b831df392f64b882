/*
 * A WebSocket to the hub (RFC 6455, client side) that never blocks.
 *
 * The owner polls the descriptor, calls step with what poll said, then takes frames until there are
 * no more, and calls step again no later than the deadline.  Masks come from the generator.  Times
 * are monotonic milliseconds.
 */
#ifndef TB_HOST_CLIENT_SOCKET_H
#define TB_HOST_CLIENT_SOCKET_H

#include "base/mem.h"
#include "host/client_status.h"
#include "host/client_transport.h"

enum {
    CLI_SOCKET_CONNECT_MS_MAX = 10000, /* connect, TLS and upgrade together */
    CLI_SOCKET_PING_MS = 30000,        /* silence before a ping */
    CLI_SOCKET_PONG_MS_MAX = 15000,    /* and before the connection counts as dead */
    CLI_SOCKET_CLOSE_MS_MAX = 1000     /* for the last octets at a close */
};

struct cli_socket;
enum cli_socket_state { CLI_SOCKET_CLOSED = 1, CLI_SOCKET_OPENING, CLI_SOCKET_OPEN };

/* ca_file as in cli_transport_new; mem and rng outlive the socket. */
TB_MUST_USE tb_status cli_socket_new(tb_bytes origin, const char *ca_file, struct tb_mem *mem,
                                     struct tb_rng *rng, struct cli_socket **out,
                                     char why[CLI_WHY_LEN_MAX]);
void cli_socket_free(struct cli_socket *socket);
bool cli_socket_is_clear_text(const struct cli_socket *socket); /* http:// beyond this machine */

/* Begin; the state is OPENING, or CLOSED with the reason. */
void cli_socket_open(struct cli_socket *socket, uint64_t now_ms);
enum cli_socket_state cli_socket_state(const struct cli_socket *socket);
/* Why it is closed: a CLI_ status and words for a person; TB_OK after cli_socket_close. */
tb_status cli_socket_status(const struct cli_socket *socket);
const char *cli_socket_why(const struct cli_socket *socket);

int cli_socket_fd(const struct cli_socket *socket);
short cli_socket_events(const struct cli_socket *socket);
uint64_t cli_socket_deadline(const struct cli_socket *socket, uint64_t now_ms);

/* Read, write, keep alive.  Never fails: the state says how it went. */
void cli_socket_step(struct cli_socket *socket, uint64_t now_ms);
/* The next whole binary message; the view ends with the next call of any function here. */
bool cli_socket_take(struct cli_socket *socket, tb_bytes *message);
/* Queue one binary message.  CLI_CLOSED; CLI_QUEUE when too much waits. */
TB_MUST_USE tb_status cli_socket_send(struct cli_socket *socket, tb_bytes message);
/* Say goodbye and close, waiting at most CLI_SOCKET_CLOSE_MS_MAX for what is queued. */
void cli_socket_close(struct cli_socket *socket);

#endif
