/*
 * The load generator's side of the wire: many WebSocket connections in one thread, epoll, loopback.
 * It is a client without state of its own; masks are zero (the peer is on this machine).
 */
#ifndef TB_BENCH_NET_H
#define TB_BENCH_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bench_conn;
struct bench_net;

/* payload: one binary frame of the hub, borrowed for the call. */
typedef void bench_on_frame(struct bench_conn *conn, const uint8_t *payload, size_t len);

struct bench_conn {
    struct bench_net *net;
    int fd;
    bool is_open, is_upgraded, wants_write;
    uint8_t *in;
    size_t in_len, in_cap;
    uint8_t *out;
    size_t out_at, out_len, out_cap;
    bench_on_frame *on_frame;
    void *user;
    void *tls;       /* SSL, when the connection is encrypted */
    uint32_t next_id;
    /* the answer that bench_conn_call waits for */
    uint32_t wait_id;
    uint16_t wait_code;
    uint8_t *wait_body;
    size_t wait_len;
};

struct bench_net *bench_net_new(uint16_t port, bool is_tls);
void bench_net_free(struct bench_net *net);
uint16_t bench_net_port(const struct bench_net *net);

/* A connection that is upgraded and ready; dies with a message when the hub refuses. */
struct bench_conn *bench_conn_open(struct bench_net *net, bench_on_frame *on_frame, void *user);
void bench_conn_close(struct bench_conn *conn);

/* Wraps octets that are ready to send: WebSocket header and zero mask, then the payload. */
size_t bench_frame_wrap(uint8_t *out, size_t payload_len); /* header octets, at most 14 */
/* Queue one request; it leaves at the next flush or pump.  Returns the request id. */
uint32_t bench_conn_request(struct bench_conn *conn, uint16_t verb, const uint8_t *body,
                            size_t len);
/* Queue octets that hold whole WebSocket frames already. */
void bench_conn_raw(struct bench_conn *conn, const uint8_t *frames, size_t len);
/* Send one request and pump until its answer: the code; body stays until the next call. */
uint16_t bench_conn_call(struct bench_conn *conn, uint16_t verb, const uint8_t *body, size_t len,
                         const uint8_t **answer, size_t *answer_len);

/* Flush what is queued, wait at most timeout_ms, dispatch what came.  False: nothing came. */
bool bench_net_pump(struct bench_net *net, int timeout_ms);
void bench_net_flush(struct bench_net *net);
bool bench_net_has_failed(const struct bench_net *net); /* a connection broke since the start */

#endif
