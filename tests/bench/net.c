#include "tests/bench/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "tests/bench/bench.h"

enum { READ_BYTES = 1 << 18, EVENT_COUNT = 512 };

struct bench_net {
    int epoll;
    uint16_t port;
    SSL_CTX *tls;
    bool has_failed;
    struct bench_conn **dirty; /* connections with queued octets */
    size_t dirty_count, dirty_cap;
    uint8_t *scratch;
};

struct bench_net *bench_net_new(uint16_t port, bool is_tls)
{
    struct bench_net *net = calloc(1, sizeof *net);
    if (net == NULL || (net->scratch = malloc(READ_BYTES)) == NULL) bench_die("no memory");
    net->epoll = epoll_create1(0);
    net->port = port;
    if (is_tls) {
        net->tls = SSL_CTX_new(TLS_client_method());
        SSL_CTX_set_mode(net->tls, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                       SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    }
    return net;
}

void bench_net_free(struct bench_net *net)
{
    close(net->epoll);
    SSL_CTX_free(net->tls);
    free(net->dirty);
    free(net->scratch);
    free(net);
}

uint16_t bench_net_port(const struct bench_net *net)
{
    return net->port;
}

bool bench_net_has_failed(const struct bench_net *net)
{
    return net->has_failed;
}

static void append(uint8_t **data, size_t *len, size_t *cap, const void *more, size_t more_len)
{
    if (*cap - *len < more_len) {
        size_t wanted = *cap == 0 ? 1024 : *cap;
        while (wanted - *len < more_len) wanted *= 2;
        *data = realloc(*data, wanted);
        if (*data == NULL) bench_die("no memory");
        *cap = wanted;
    }
    memcpy(*data + *len, more, more_len);
    *len += more_len;
}

static void mark_dirty(struct bench_conn *conn)
{
    struct bench_net *net = conn->net;
    if (conn->wants_write) return;
    conn->wants_write = true;
    if (net->dirty_count == net->dirty_cap) {
        net->dirty_cap = net->dirty_cap == 0 ? 256 : net->dirty_cap * 2;
        net->dirty = realloc(net->dirty, net->dirty_cap * sizeof(struct bench_conn *));
        if (net->dirty == NULL) bench_die("no memory");
    }
    net->dirty[net->dirty_count++] = conn;
}

size_t bench_frame_wrap(uint8_t *out, size_t payload_len)
{
    size_t at = 2;
    out[0] = 0x82;
    if (payload_len < 126) {
        out[1] = (uint8_t)(0x80 | payload_len);
    } else if (payload_len < 65536) {
        out[1] = 0x80 | 126;
        tb_put_u16(out + 2, (uint16_t)payload_len);
        at = 4;
    } else {
        out[1] = 0x80 | 127;
        tb_put_u64(out + 2, payload_len);
        at = 10;
    }
    memset(out + at, 0, 4);
    return at + 4;
}

void bench_conn_raw(struct bench_conn *conn, const uint8_t *frames, size_t len)
{
    append(&conn->out, &conn->out_len, &conn->out_cap, frames, len);
    mark_dirty(conn);
}

uint32_t bench_conn_request(struct bench_conn *conn, uint16_t verb, const uint8_t *body, size_t len)
{
    uint8_t head[20];
    size_t at = bench_frame_wrap(head, 6 + len);
    uint32_t id = ++conn->next_id;
    tb_put_u32(head + at, id);
    tb_put_u16(head + at + 4, verb);
    append(&conn->out, &conn->out_len, &conn->out_cap, head, at + 6);
    append(&conn->out, &conn->out_len, &conn->out_cap, body, len);
    mark_dirty(conn);
    return id;
}

static ssize_t conn_write(struct bench_conn *conn, const uint8_t *data, size_t len)
{
    if (conn->tls == NULL) return write(conn->fd, data, len);
    int done = SSL_write(conn->tls, data, (int)(len > 1 << 20 ? 1 << 20 : len));
    if (done > 0) return done;
    errno = EAGAIN;
    return -1;
}

static ssize_t conn_read(struct bench_conn *conn, uint8_t *data, size_t len)
{
    if (conn->tls == NULL) return read(conn->fd, data, len);
    int done = SSL_read(conn->tls, data, (int)len);
    if (done > 0) return done;
    int why = SSL_get_error(conn->tls, done);
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
        errno = EAGAIN;
        return -1;
    }
    return 0;
}

static void watch(struct bench_conn *conn, bool also_write)
{
    struct epoll_event event = { .events = EPOLLIN | (also_write ? EPOLLOUT : 0),
                                 .data.ptr = conn };
    epoll_ctl(conn->net->epoll, EPOLL_CTL_MOD, conn->fd, &event);
}

/* True when everything left. */
static bool flush_one(struct bench_conn *conn)
{
    while (conn->out_at < conn->out_len) {
        ssize_t done = conn_write(conn, conn->out + conn->out_at, conn->out_len - conn->out_at);
        if (done <= 0) {
            if (done < 0 && errno == EAGAIN) return false;
            conn->is_open = false;
            conn->net->has_failed = true;
            return true;
        }
        conn->out_at += (size_t)done;
    }
    conn->out_at = conn->out_len = 0;
    return true;
}

void bench_net_flush(struct bench_net *net)
{
    size_t count = net->dirty_count;
    net->dirty_count = 0;
    for (size_t i = 0; i < count; i++) {
        struct bench_conn *conn = net->dirty[i];
        conn->wants_write = false;
        if (conn->is_open && !flush_one(conn)) watch(conn, true);
    }
}

static void on_payload(struct bench_conn *conn, const uint8_t *payload, size_t len)
{
    if (conn->wait_id != 0 && len >= 7 && payload[0] == 1 &&
        tb_get_u32(payload + 1) == conn->wait_id) {
        conn->wait_code = tb_get_u16(payload + 5);
        conn->wait_body = realloc(conn->wait_body, len);
        if (conn->wait_body == NULL) bench_die("no memory");
        memcpy(conn->wait_body, payload + 7, len - 7);
        conn->wait_len = len - 7;
        conn->wait_id = 0;
        return;
    }
    if (conn->on_frame != NULL) conn->on_frame(conn, payload, len);
}

/* Takes whole frames off the front; returns the octets used. */
static size_t take_frames(struct bench_conn *conn, const uint8_t *data, size_t len)
{
    size_t at = 0;
    for (;;) {
        if (len - at < 2) return at;
        size_t head = 2, payload = data[at + 1] & 0x7f;
        if (payload == 126) {
            if (len - at < 4) return at;
            payload = tb_get_u16(data + at + 2);
            head = 4;
        } else if (payload == 127) {
            if (len - at < 10) return at;
            payload = (size_t)tb_get_u64(data + at + 2);
            head = 10;
        }
        if (len - at < head + payload) return at;
        unsigned opcode = data[at] & 0x0f;
        if (opcode == 2) on_payload(conn, data + at + head, payload);
        if (opcode == 8) {
            conn->is_open = false;
            conn->net->has_failed = true;
        }
        at += head + payload;
    }
}

static void on_readable(struct bench_conn *conn)
{
    uint8_t *scratch = conn->net->scratch;
    for (;;) {
        ssize_t got = conn_read(conn, scratch, READ_BYTES);
        if (got < 0 && errno == EAGAIN) return;
        if (got <= 0) {
            conn->is_open = false;
            conn->net->has_failed = true;
            epoll_ctl(conn->net->epoll, EPOLL_CTL_DEL, conn->fd, NULL);
            return;
        }
        const uint8_t *data = scratch;
        size_t len = (size_t)got;
        if (conn->in_len > 0) {
            append(&conn->in, &conn->in_len, &conn->in_cap, scratch, len);
            data = conn->in;
            len = conn->in_len;
        }
        size_t used = take_frames(conn, data, len);
        if (conn->in_len > 0) {
            memmove(conn->in, conn->in + used, len - used);
            conn->in_len = len - used;
        } else if (used < len) {
            append(&conn->in, &conn->in_len, &conn->in_cap, data + used, len - used);
        }
        if (conn->tls == NULL && got < READ_BYTES) return;
    }
}

bool bench_net_pump(struct bench_net *net, int timeout_ms)
{
    struct epoll_event events[EVENT_COUNT];
    bench_net_flush(net);
    int ready = epoll_wait(net->epoll, events, EVENT_COUNT, timeout_ms);
    for (int i = 0; i < ready; i++) {
        struct bench_conn *conn = events[i].data.ptr;
        if (events[i].events & EPOLLOUT) {
            if (flush_one(conn)) watch(conn, false);
        }
        if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) on_readable(conn);
    }
    bench_net_flush(net);
    return ready > 0;
}

static void upgrade(struct bench_conn *conn)
{
    static const char request[] = "GET /v1/socket HTTP/1.1\r\nHost: localhost\r\n"
                                  "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                                  "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                                  "Sec-WebSocket-Version: 13\r\n\r\n";
    char answer[1024] = { 0 };
    size_t len = 0;
    if (conn_write(conn, (const uint8_t *)request, sizeof request - 1) < 0) bench_die("upgrade");
    while (strstr(answer, "\r\n\r\n") == NULL && len < sizeof answer - 1) {
        ssize_t got = conn_read(conn, (uint8_t *)answer + len, 1);
        if (got <= 0) bench_die("the hub closed a connection instead of upgrading it");
        len += (size_t)got;
    }
    if (strncmp(answer, "HTTP/1.1 101", 12) != 0) bench_die(answer);
}

struct bench_conn *bench_conn_open(struct bench_net *net, bench_on_frame *on_frame, void *user)
{
    struct bench_conn *conn = calloc(1, sizeof *conn);
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(net->port) };
    int one = 1;
    if (conn == NULL) bench_die("no memory");
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    conn->net = net;
    conn->on_frame = on_frame;
    conn->user = user;
    conn->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (conn->fd < 0) bench_die("no more file descriptors");
    if (connect(conn->fd, (void *)&address, sizeof address) != 0) bench_die("cannot connect");
    setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (net->tls != NULL) {
        conn->tls = SSL_new(net->tls);
        SSL_set_fd(conn->tls, conn->fd);
        if (SSL_connect(conn->tls) != 1) bench_die("TLS handshake");
    }
    upgrade(conn);
    fcntl(conn->fd, F_SETFL, O_NONBLOCK);
    conn->is_open = true;
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = conn };
    epoll_ctl(net->epoll, EPOLL_CTL_ADD, conn->fd, &event);
    return conn;
}

void bench_conn_close(struct bench_conn *conn)
{
    struct bench_net *net = conn->net;
    for (size_t i = 0; i < net->dirty_count; i++) {
        if (net->dirty[i] == conn) net->dirty[i--] = net->dirty[--net->dirty_count];
    }
    SSL_free(conn->tls);
    close(conn->fd);
    free(conn->in);
    free(conn->out);
    free(conn->wait_body);
    free(conn);
}

uint16_t bench_conn_call(struct bench_conn *conn, uint16_t verb, const uint8_t *body, size_t len,
                         const uint8_t **answer, size_t *answer_len)
{
    uint64_t deadline = bench_wall_ns() + 60000000000u;
    conn->wait_id = bench_conn_request(conn, verb, body, len);
    while (conn->wait_id != 0) {
        bench_net_pump(conn->net, 100);
        if (!conn->is_open) bench_die("the hub closed the connection during a request");
        if (bench_wall_ns() > deadline) bench_die("the hub does not answer");
    }
    if (answer != NULL) *answer = conn->wait_body;
    if (answer_len != NULL) *answer_len = conn->wait_len;
    return conn->wait_code;
}
