/*
 * The server: sockets, HTTP/1.1, WebSocket and TLS around the hub's engine, on one libuv loop.
 *
 * A turn of the loop: whatever sockets are ready is read into one shared buffer and stepped through
 * the engine inside one store transaction; then the transaction is committed, the effects are
 * released, and each connection that was given something is written to once, with one gathered
 * write (or one run of TLS records).  A connection at rest holds its struct and nothing else.
 */
#ifndef TB_HOST_SERVER_H
#define TB_HOST_SERVER_H

#include "host/engine.h"
#include "host/log.h"
#include "host/net.h"
#include "host/public.h"
#include "host/store_sqlite.h"

/* Published at /limits together with the engine's. */
#define HOST_LIMIT_LIST(LIMIT)                                                                     \
    LIMIT(open_connection_count_max, 20000, "open connections, all together")                      \
    LIMIT(head_bytes_max, 8192, "octets of a request's head")                                      \
    LIMIT(header_count_max, 64, "fields of a request's head")                                      \
    LIMIT(frame_bytes_max, 4259840, "octets of a WebSocket message or a request's body")           \
    LIMIT(receive_bytes_max, 134217728, "octets of unfinished messages, all together")             \
    LIMIT(queue_bytes_low, 65536, "octets waiting for a client below which it gets more pages")    \
    LIMIT(queue_bytes_high, 2097152, "octets waiting for a client above which it is not read")     \
    LIMIT(queue_bytes_max, 16777216, "octets waiting for a client above which it is closed")       \
    LIMIT(queue_count_max, 8192, "messages waiting for a client above which it is closed")         \
    LIMIT(notice_address_rate_per_hour, 20, "notices taken from one address an hour")              \
    LIMIT(turn_frame_count_max, 1024, "requests that share one commit")                            \
    LIMIT(turn_bytes_max, 8388608, "octets of requests that share one commit")                     \
    LIMIT(checkpoint_page_count, 4096, "pages of the write-ahead log that begin a checkpoint")

#define HOST_TIMEOUT_LIST(TIMEOUT)                                                                 \
    TIMEOUT(handshake_ms, 10000, "a TLS handshake")                                                \
    TIMEOUT(head_ms, 10000, "a request's head, from its connection or the request before")         \
    TIMEOUT(body_ms, 120000, "a request's body")                                                   \
    TIMEOUT(answer_ms, 30000, "the engine's answer to a request")                                  \
    TIMEOUT(frame_ms, 120000, "a message on a WebSocket that has begun")                           \
    TIMEOUT(ping_ms, 45000, "silence on a WebSocket before it is pinged")                          \
    TIMEOUT(pong_ms, 20000, "silence after the ping")                                              \
    TIMEOUT(write_ms, 60000, "output of which the client takes nothing")                           \
    TIMEOUT(close_ms, 5000, "the client's side of closing")                                        \
    TIMEOUT(drain_ms, 8000, "all connections, when the hub stops")

struct host_server_limits {
#define HOST_LIMIT_MEMBER(NAME_, DEFAULT_, TEXT_) uint64_t NAME_;
    HOST_LIMIT_LIST(HOST_LIMIT_MEMBER)
    HOST_TIMEOUT_LIST(HOST_LIMIT_MEMBER)
};
void host_server_limits_fill(struct host_server_limits *limits); /* zero: the default */

struct host_server_config {
    struct tb_mem *mem;
    struct host_log *log; /* its level changes with SIGHUP */
    struct host_engine engine;
    struct host_store *store;
    const char *store_path;
    union host_address listen[HOST_LISTEN_COUNT_MAX];
    size_t listen_count;
    union host_address metrics[HOST_LISTEN_COUNT_MAX];
    size_t metrics_count;
    const char *admin_path;       /* UNIX socket; NULL: none */
    const char *certificate_path; /* NULL: in clear */
    const char *key_path;
    const char *public_url;       /* as people write it, without a slash at the end */
    struct public_contact contact;
    const char *allowed_origins;  /* beside the hub's own; separated by blanks */
    struct host_networks trusted_proxies;
    struct host_server_limits limits;
    struct hub_limits hub_limits; /* to be published */
    /* SIGHUP, beside the certificate: new level of the log and so on.  May be NULL. */
    void (*reload)(void *ctx);
    void *reload_ctx;
};

struct host_server;

/* Binds everything; nothing is accepted before host_server_run.  HOST_NETWORK, HOST_TLS,
 * TB_NO_SPACE; what was refused is in the log. */
TB_MUST_USE tb_status host_server_new(const struct host_server_config *config,
                                      struct host_server **out);
/* Serves until SIGTERM or SIGINT and then drains: no new connections, the turn is finished, every
 * client is told with the push `closing` and close code 1001, the store is checkpointed. */
void host_server_run(struct host_server *server);
void host_server_free(struct host_server *server); /* NULL is accepted */

/* "127.0.0.1:8470", where the first listener is bound. */
void host_server_address(const struct host_server *server, char out[HOST_NET_TEXT_LEN_MAX]);
/* The same stop as by a signal, from within the loop. */
void host_server_stop(struct host_server *server);

#endif
