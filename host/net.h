/* Addresses and listening sockets. */
#ifndef TB_HOST_NET_H
#define TB_HOST_NET_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/bytes.h"
#include "host/status.h"

union host_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_storage storage;
};

enum { HOST_LISTEN_COUNT_MAX = 8, HOST_NET_TEXT_LEN_MAX = 64 };

/*
 * Addresses to listen at, from words separated by blanks or commas: "127.0.0.1:8470",
 * "[::1]:8470", "localhost:8470" (both loopback addresses).  Names are not looked up elsewhere.
 * HOST_CONFIG.
 */
TB_MUST_USE tb_status host_net_parse(const char *text,
                                     union host_address out[HOST_LISTEN_COUNT_MAX],
                                     size_t *count);
bool host_net_is_loopback(const union host_address *address);

/* A listening socket, not blocking.  HOST_NETWORK (errno says why). */
TB_MUST_USE tb_status host_net_listen(const union host_address *address, int *fd);
/* A UNIX socket of mode 0600; a dead one in its place is removed.  HOST_NETWORK, TB_TOO_LONG. */
TB_MUST_USE tb_status host_net_listen_unix(const char *path, int *fd);
TB_MUST_USE tb_status host_net_connect_unix(const char *path, int *fd);

/* "127.0.0.1:8470". */
void host_net_address_text(const union host_address *address, char out[HOST_NET_TEXT_LEN_MAX]);
/* The same, as the socket was bound. */
void host_net_text(int fd, char out[HOST_NET_TEXT_LEN_MAX]);

/* Networks whose word on a client's address counts: "127.0.0.0/8 ::1 10.0.0.2". */
enum { HOST_NETWORK_COUNT_MAX = 32 };
struct host_network {
    uint8_t address[16]; /* IPv4 mapped into IPv6 */
    unsigned prefix_len;
};
struct host_networks {
    struct host_network at[HOST_NETWORK_COUNT_MAX];
    size_t count;
};
TB_MUST_USE tb_status host_networks_parse(const char *text, struct host_networks *out);

/* An address in the sixteen octets of IPv6; all zero when there is none (a UNIX socket). */
struct host_peer {
    uint8_t address[16];
};
struct host_peer host_peer_of(const struct sockaddr *address);
bool host_peer_parse(tb_bytes text, struct host_peer *out);
bool host_peer_is_in(const struct host_peer *peer, const struct host_networks *networks);
/*
 * Whose request it is: the peer, or, when the peer is trusted, the last address in
 * X-Forwarded-For that is not.
 */
struct host_peer host_peer_behind(struct host_peer peer, tb_bytes forwarded_for,
                                  const struct host_networks *trusted);
/* Shortened for the log. */
void host_peer_text(const struct host_peer *peer, char out[HOST_NET_TEXT_LEN_MAX]);

#endif
