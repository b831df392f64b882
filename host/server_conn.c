/* Connections: accepted, read, ended. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/server_internal.h"

/* ------------------------------------------------------------------ names */

static bool take_slot(struct host_server *server, struct server_conn *conn)
{
    if (server->free_count == 0) return false;
    conn->slot = server->free_slots[--server->free_count];
    server->slots[conn->slot] = conn;
    return true;
}

hub_conn server_conn_name(struct server_conn *conn)
{
    return (++conn->server->name_count << SERVER_SLOT_BITS) | conn->slot;
}

struct server_conn *server_conn_find(struct host_server *server, hub_conn id)
{
    uint32_t slot = (uint32_t)(id & ((1u << SERVER_SLOT_BITS) - 1));
    if (slot >= server->slot_count || id == 0) return NULL;
    struct server_conn *conn = server->slots[slot];
    return conn != NULL && (conn->id == id || conn->post_id == id) ? conn : NULL;
}

/* ------------------------------------------------------------------ ends */

static void on_closed(uv_handle_t *handle)
{
    struct server_conn *conn = (struct server_conn *)(void *)handle;
    tb_mem_give(conn->server->mem, conn, sizeof *conn);
}

/* The engine is to hear CLOSED, once. */
static void tell_gone(struct server_conn *conn)
{
    if (conn->id == 0) return;
    conn->gone_next = conn->server->gone;
    conn->server->gone = conn;
}

void server_conn_end(struct server_conn *conn)
{
    struct host_server *server = conn->server;
    if (conn->state == CONN_DEAD) return;
    if (conn->state == CONN_SOCKET) tell_gone(conn);
    conn->state = CONN_DEAD;
    server_wait_forget(conn);
    server_queue_wipe(&conn->queue, server->mem);
    server_request_free(conn);
    host_ws_wipe(&conn->ws);
    host_tls_close(conn->tls);
    conn->tls = NULL;
    if (conn->cipher != NULL) {
        tb_buf_wipe(conn->cipher);
        tb_mem_give(server->mem, conn->cipher, sizeof *conn->cipher);
        conn->cipher = NULL;
    }
    server->slots[conn->slot] = NULL;
    server->free_slots[server->free_count++] = conn->slot;
    server->conn_count--;
    server->counts.closed++;
    /* The struct lives until the loop has let the handle go, behind the end of this turn. */
    uv_close((uv_handle_t *)&conn->poll, on_closed);
    close(conn->fd);
    if (server->is_draining && server->conn_count == 0) uv_stop(&server->loop);
}

void server_conn_finish(struct server_conn *conn)
{
    if (conn->state == CONN_DEAD || conn->state == CONN_LINGER) return;
    if (conn->state == CONN_SOCKET) tell_gone(conn);
    conn->state = CONN_LAST_WRITE;
    conn->is_paused = false; /* what still comes is read and thrown away */
    server_wait_for(conn, WAIT_NONE); /* while it takes what is queued, it is waited for */
    host_ws_wipe(&conn->ws);
    if (!conn->is_dirty) { /* also when nothing is queued: the flush closes our side */
        conn->is_dirty = true;
        conn->dirty_next = conn->server->dirty;
        conn->server->dirty = conn;
    }
}

static void log_expired(const struct server_conn *conn, enum server_wait wait)
{
    static const char *const names[WAIT_COUNT] = {
        [WAIT_HANDSHAKE] = "handshake_ms", [WAIT_HEAD] = "head_ms",   [WAIT_BODY] = "body_ms",
        [WAIT_ANSWER] = "answer_ms",       [WAIT_FRAME] = "frame_ms", [WAIT_PONG] = "pong_ms",
        [WAIT_CLOSE] = "close_ms",         [WAIT_WRITE] = "write_ms",
    };
    if (names[wait] == NULL || (wait == WAIT_HEAD && conn->request == NULL)) return;
    char peer[HOST_NET_TEXT_LEN_MAX];
    host_peer_text(&conn->peer, peer);
    host_log(conn->server->config.log, HOST_LOG_DEBUG, "timed_out", "%s of a connection from %s",
             names[wait], peer);
}

void server_conn_expired(struct server_conn *conn, enum server_wait wait)
{
    log_expired(conn, wait);
    switch (wait) {
    case WAIT_PING: server_socket_ping(conn); break;
    case WAIT_PONG: server_socket_close(conn, HOST_WS_PONG_TIMEOUT); break;
    case WAIT_FRAME: server_socket_close(conn, HOST_WS_FRAME_TIMEOUT); break;
    case WAIT_HEAD:
        /* Between two requests there is nobody to be told. */
        if (conn->request == NULL) server_conn_end(conn);
        else server_http_problem(conn, 408, "timeout", "the request did not come in time");
        break;
    case WAIT_BODY:
        server_http_problem(conn, 408, "timeout", "the request's body did not come in time");
        break;
    case WAIT_ANSWER:
        conn->post_id = 0; /* an answer that comes now finds nobody */
        server_http_problem(conn, 504, "internal", "the hub did not answer in time");
        break;
    case WAIT_HANDSHAKE:
    case WAIT_CLOSE:
    case WAIT_WRITE:
    case WAIT_NONE:
    case WAIT_COUNT: server_conn_end(conn); break;
    }
}

/* ------------------------------------------------------------------ reading */

static void feed(struct server_conn *conn, uint8_t *data, size_t len)
{
    switch (conn->state) {
    case CONN_HTTP:
    case CONN_BODY:
    case CONN_ANSWER: server_http_feed(conn, data, len); break;
    case CONN_SOCKET: server_socket_feed(conn, data, len); break;
    default: break; /* it is over: what comes is not looked at */
    }
}

static void feed_tls(struct server_conn *conn, const uint8_t *data, size_t len)
{
    struct host_server *server = conn->server;
    struct host_tls_io *io = &server->tls_io;
    bool was_established = host_tls_is_established(conn->tls);
    io->in = data;
    io->in_len = len;
    io->out_len = 0;
    while (conn->state != CONN_DEAD) {
        size_t plain_len = 0;
        enum host_tls_step step =
            host_tls_read(conn->tls, server->plain_buffer, SERVER_READ_LEN, &plain_len);
        server_flush_tls_control(conn); /* before anybody else writes to io->out */
        if (conn->state == CONN_DEAD) return;
        if (!was_established && host_tls_is_established(conn->tls)) {
            was_established = true;
            server_wait_for(conn, WAIT_HEAD);
        }
        if (step == HOST_TLS_MORE) return;
        if (step != HOST_TLS_DATA) {
            server_conn_end(conn);
            return;
        }
        feed(conn, server->plain_buffer, plain_len);
    }
}

static void read_some(struct server_conn *conn)
{
    struct host_server *server = conn->server;
    ssize_t len = recv(conn->fd, server->read_buffer, SERVER_READ_LEN, 0);
    if (len < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (len <= 0) {
        server_conn_end(conn);
        return;
    }
    server->counts.bytes_in += (uint64_t)len;
    if (conn->tls != NULL) feed_tls(conn, server->read_buffer, (size_t)len);
    else feed(conn, server->read_buffer, (size_t)len);
    server_conn_interest(conn);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct server_conn *conn = (struct server_conn *)(void *)poll;
    if (status < 0) {
        server_conn_end(conn);
        return;
    }
    if (events & UV_WRITABLE) server_flush(conn);
    if ((events & UV_READABLE) && conn->state != CONN_DEAD) read_some(conn);
}

void server_conn_interest(struct server_conn *conn)
{
    if (conn->state == CONN_DEAD) return;
    int events = 0;
    if (!conn->is_paused && conn->state != CONN_ANSWER) events |= UV_READABLE;
    /* Until the flush of this turn has tried, there is no reason to ask. */
    if (conn->write_wait.before != NULL) events |= UV_WRITABLE;
    if (events == conn->events) return;
    conn->events = (uint8_t)events;
    if (events == 0) uv_poll_stop(&conn->poll);
    else uv_poll_start(&conn->poll, events, on_poll);
}

/* ------------------------------------------------------------------ accepting */

/* The admin socket is for the user that runs the hub, and for root. */
static bool may_administrate(int fd)
{
    struct ucred peer;
    socklen_t len = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0) return false;
    return peer.uid == geteuid() || peer.uid == 0;
}

static bool open_conn(struct host_server *server, int fd, enum server_role role,
                      const struct sockaddr *address)
{
    struct server_conn *conn = tb_mem_take(server->mem, sizeof *conn);
    if (conn == NULL) return false;
    conn->server = server;
    conn->fd = fd;
    conn->role = (uint8_t)role;
    conn->state = CONN_HTTP;
    conn->peer = host_peer_of(address);
    conn->ws.mem = &server->receive_mem;
    conn->ws.message_len_max = server->config.limits.frame_bytes_max;
    bool is_tls = role == ROLE_PUBLIC && server->tls != NULL;
    if (is_tls) conn->tls = host_tls_open(server->tls, &server->tls_io);
    if ((is_tls && conn->tls == NULL) || !take_slot(server, conn)) {
        host_tls_close(conn->tls);
        tb_mem_give(server->mem, conn, sizeof *conn);
        return false;
    }
    if (uv_poll_init(&server->loop, &conn->poll, fd) != 0) {
        server->slots[conn->slot] = NULL;
        server->free_slots[server->free_count++] = conn->slot;
        host_tls_close(conn->tls);
        tb_mem_give(server->mem, conn, sizeof *conn);
        return false;
    }
    server->conn_count++;
    server->counts.accepted++;
    server_wait_for(conn, is_tls ? WAIT_HANDSHAKE : WAIT_HEAD);
    server_conn_interest(conn);
    return true;
}

/* With no descriptor left a connection could not even be refused: give up the spare one for it. */
static void refuse_without_descriptors(struct host_server *server, int listener_fd)
{
    close(server->spare_fd);
    int fd = accept4(listener_fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0) close(fd);
    server->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    server->counts.refused++;
}

void server_accept(struct server_listener *listener)
{
    struct host_server *server = listener->server;
    for (int i = 0; i < SERVER_ACCEPT_COUNT_MAX; i++) {
        union host_address address = { .storage = { .ss_family = AF_UNSPEC } };
        socklen_t len = sizeof address;
        int fd = accept4(listener->fd, &address.any, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0 && (errno == EMFILE || errno == ENFILE)) {
            refuse_without_descriptors(server, listener->fd);
            continue;
        }
        if (fd < 0 && errno == ECONNABORTED) continue;
        if (fd < 0) return;
        bool is_welcome = server->conn_count < server->config.limits.open_connection_count_max;
        if (listener->role == ROLE_ADMIN) {
            is_welcome = may_administrate(fd);
        } else {
            int on = 1;
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        }
        if (!is_welcome || !open_conn(server, fd, listener->role, &address.any)) {
            server->counts.refused++;
            close(fd);
        }
    }
}
