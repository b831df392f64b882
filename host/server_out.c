/* Output: a queue of blobs for each connection, written with one gathered write a turn. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "host/server_internal.h"

/* ------------------------------------------------------------------ the queue */

static struct hub_blob **places(struct server_queue *queue)
{
    return queue->at != NULL ? queue->at : queue->few;
}

static uint32_t cap_of(const struct server_queue *queue)
{
    return queue->at != NULL ? queue->cap : SERVER_INLINE_BLOB_COUNT;
}

static struct hub_blob *blob_at(struct server_queue *queue, uint32_t index)
{
    return places(queue)[(queue->first + index) % cap_of(queue)];
}

static size_t wire_len(const struct hub_blob *blob)
{
    return blob->head_len + blob->len;
}

static const uint8_t *wire_data(const struct hub_blob *blob)
{
    return (const uint8_t *)blob + offsetof(struct hub_blob, data) - blob->head_len;
}

static bool grow(struct server_queue *queue, struct tb_mem *mem)
{
    uint32_t cap = cap_of(queue), wider = 4 * cap;
    struct hub_blob **at = tb_mem_take(mem, wider * sizeof(struct hub_blob *));
    if (at == NULL) return false;
    for (uint32_t i = 0; i < queue->count; i++) at[i] = blob_at(queue, i);
    if (queue->at != NULL) tb_mem_give(mem, queue->at, cap * sizeof(struct hub_blob *));
    queue->at = at;
    queue->cap = wider;
    queue->first = 0;
    return true;
}

static bool push(struct server_queue *queue, struct hub_blob *blob, struct tb_mem *mem)
{
    if (queue->count == cap_of(queue) && !grow(queue, mem)) return false;
    places(queue)[(queue->first + queue->count) % cap_of(queue)] = blob;
    queue->count++;
    queue->bytes += wire_len(blob);
    return true;
}

/* len octets have gone; an empty queue keeps no memory. */
static void shift(struct server_queue *queue, size_t len, struct tb_mem *mem)
{
    queue->bytes -= len;
    len += queue->sent;
    while (queue->count > 0) {
        struct hub_blob *blob = blob_at(queue, 0);
        if (len < wire_len(blob)) break;
        len -= wire_len(blob);
        hub_blob_drop(blob);
        queue->first = (queue->first + 1) % cap_of(queue);
        queue->count--;
    }
    queue->sent = len;
    if (queue->count == 0) server_queue_wipe(queue, mem);
}

void server_queue_wipe(struct server_queue *queue, struct tb_mem *mem)
{
    for (uint32_t i = 0; i < queue->count; i++) hub_blob_drop(blob_at(queue, i));
    if (queue->at != NULL) tb_mem_give(mem, queue->at, queue->cap * sizeof(struct hub_blob *));
    memset(queue, 0, sizeof *queue);
}

/* Everything but what has partly gone already. */
static void cut(struct server_queue *queue)
{
    uint32_t kept = queue->sent > 0 ? 1 : 0;
    while (queue->count > kept) {
        struct hub_blob *blob = blob_at(queue, --queue->count);
        queue->bytes -= wire_len(blob);
        hub_blob_drop(blob);
    }
}

static void mark_dirty(struct server_conn *conn)
{
    if (conn->is_dirty) return;
    conn->is_dirty = true;
    conn->dirty_next = conn->server->dirty;
    conn->server->dirty = conn;
}

/* The client does not keep up: what waits for it is let go, and it is told why. */
static void give_up(struct server_conn *conn)
{
    conn->server->counts.slow_closed++;
    if (conn->state == CONN_SOCKET) {
        cut(&conn->queue);
        server_socket_close(conn, HOST_WS_TOO_SLOW);
    } else {
        server_conn_end(conn);
    }
}

void server_send(struct server_conn *conn, struct hub_blob *blob)
{
    const struct host_server_limits *limits = &conn->server->config.limits;
    if (conn->state == CONN_DEAD || conn->state == CONN_LINGER ||
        !push(&conn->queue, blob, conn->server->mem)) {
        hub_blob_drop(blob);
        server_conn_end(conn); /* nothing when it has ended already */
        return;
    }
    mark_dirty(conn);
    if (conn->queue.bytes >= limits->queue_bytes_low) conn->owes_drained = true;
    if (conn->queue.bytes > limits->queue_bytes_high) conn->is_paused = true;
    if (conn->state != CONN_LAST_WRITE && (conn->queue.bytes > limits->queue_bytes_max ||
                                           conn->queue.count > limits->queue_count_max)) {
        give_up(conn);
    }
}

/* ------------------------------------------------------------------ in clear */

/* False when the connection has ended. */
static bool write_clear(struct server_conn *conn, bool *is_blocked)
{
    struct server_queue *queue = &conn->queue;
    struct iovec pieces[SERVER_IOV_COUNT_MAX];
    while (queue->count > 0 && !*is_blocked) {
        size_t count = 0, len = 0;
        for (; count < queue->count && count < SERVER_IOV_COUNT_MAX; count++) {
            struct hub_blob *blob = blob_at(queue, (uint32_t)count);
            size_t skipped = count == 0 ? queue->sent : 0;
            union {
                const uint8_t *from;
                void *base;
            } data = { wire_data(blob) + skipped }; /* sendmsg reads it only */
            pieces[count] = (struct iovec){ data.base, wire_len(blob) - skipped };
            len += pieces[count].iov_len;
        }
        struct msghdr message = { .msg_iov = pieces, .msg_iovlen = count };
        ssize_t sent = sendmsg(conn->fd, &message, MSG_NOSIGNAL);
        conn->server->counts.writes++;
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0 && errno != EAGAIN) {
            server_conn_end(conn);
            return false;
        }
        *is_blocked = sent < 0 || (size_t)sent < len;
        if (sent <= 0) break;
        conn->server->counts.bytes_out += (uint64_t)sent;
        shift(queue, (size_t)sent, conn->server->mem);
        if (*is_blocked) server_wait_write(conn, true); /* it moves: the time begins anew */
    }
    return true;
}

/* ------------------------------------------------------------------ in TLS */

static void drop_cipher(struct server_conn *conn)
{
    if (conn->cipher == NULL) return;
    tb_buf_wipe(conn->cipher);
    tb_mem_give(conn->server->mem, conn->cipher, sizeof *conn->cipher);
    conn->cipher = NULL;
}

static ssize_t send_some(struct server_conn *conn, tb_bytes data)
{
    for (;;) {
        ssize_t sent = send(conn->fd, data.data, data.len, MSG_NOSIGNAL);
        conn->server->counts.writes++;
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0 && errno == EAGAIN) return 0;
        if (sent > 0) conn->server->counts.bytes_out += (uint64_t)sent;
        return sent;
    }
}

/* What the socket would not take is kept; so it is with every record that is made: it must go. */
static bool send_cipher(struct server_conn *conn, tb_bytes data, bool *is_blocked)
{
    ssize_t sent = send_some(conn, data);
    if (sent < 0) {
        server_conn_end(conn);
        return false;
    }
    *is_blocked = (size_t)sent < data.len;
    if (!*is_blocked) return true;
    server_wait_write(conn, true);
    conn->cipher = tb_mem_take(conn->server->mem, sizeof *conn->cipher);
    if (conn->cipher == NULL) {
        server_conn_end(conn);
        return false;
    }
    tb_buf_init(conn->cipher, conn->server->mem, HOST_TLS_OUT_LEN_MAX);
    tb_bytes rest = { data.data + sent, data.len - (size_t)sent };
    if (tb_buf_append(conn->cipher, rest).code != TB_OK) {
        server_conn_end(conn);
        return false;
    }
    return true;
}

static bool send_kept_cipher(struct server_conn *conn, bool *is_blocked)
{
    if (conn->cipher == NULL) return true;
    ssize_t sent = send_some(conn, tb_buf_view(conn->cipher));
    if (sent < 0) {
        server_conn_end(conn);
        return false;
    }
    size_t left = conn->cipher->len - (size_t)sent;
    *is_blocked = left > 0;
    if (!*is_blocked) {
        drop_cipher(conn);
        return true;
    }
    if (sent > 0) server_wait_write(conn, true);
    memmove(conn->cipher->data, conn->cipher->data + sent, left);
    conn->cipher->len = left;
    return true;
}

/* The next octets of the queue, up to one record; those of one blob are not copied. */
static tb_bytes gather(struct host_server *server, struct server_queue *queue)
{
    size_t len = 0;
    for (uint32_t i = 0; i < queue->count && len < HOST_TLS_RECORD_LEN_MAX; i++) {
        const struct hub_blob *blob = blob_at(queue, i);
        size_t skipped = i == 0 ? queue->sent : 0, part = wire_len(blob) - skipped;
        if (part > HOST_TLS_RECORD_LEN_MAX - len) part = HOST_TLS_RECORD_LEN_MAX - len;
        if (i == 0 && (queue->count == 1 || part == HOST_TLS_RECORD_LEN_MAX)) {
            return tb_bytes_of(wire_data(blob) + skipped, part);
        }
        memcpy(server->gather_buffer + len, wire_data(blob) + skipped, part);
        len += part;
    }
    return tb_bytes_of(server->gather_buffer, len);
}

static bool write_tls(struct server_conn *conn, bool *is_blocked)
{
    struct host_server *server = conn->server;
    if (!send_kept_cipher(conn, is_blocked)) return false;
    while (conn->queue.count > 0 && !*is_blocked) {
        size_t run_len = 0;
        server->tls_io.out_len = 0;
        while (conn->queue.count > 0 && run_len < HOST_TLS_RUN_LEN_MAX) {
            tb_bytes record = gather(server, &conn->queue);
            if (!host_tls_write(conn->tls, record)) {
                server_conn_end(conn);
                return false;
            }
            run_len += record.len;
            shift(&conn->queue, record.len, server->mem);
        }
        tb_bytes run = { server->tls_io.out, server->tls_io.out_len };
        if (!send_cipher(conn, run, is_blocked)) return false;
    }
    return true;
}

void server_flush_tls_control(struct server_conn *conn)
{
    struct host_tls_io *io = &conn->server->tls_io;
    bool is_blocked = false;
    if (io->out_len == 0 || conn->state == CONN_DEAD) return;
    tb_bytes out = { io->out, io->out_len };
    if (conn->cipher == NULL) {
        if (!send_cipher(conn, out, &is_blocked)) return;
    } else if (tb_buf_append(conn->cipher, out).code != TB_OK) {
        server_conn_end(conn);
        return;
    }
    io->out_len = 0;
    server_conn_interest(conn);
}

/* ------------------------------------------------------------------ both */

static void note_drained(struct server_conn *conn)
{
    struct host_server *server = conn->server;
    if (conn->queue.bytes >= server->config.limits.queue_bytes_low) return;
    conn->is_paused = false;
    if (!conn->owes_drained) return;
    conn->owes_drained = false;
    if (conn->id == 0 || conn->is_thirsty) return;
    conn->is_thirsty = true;
    conn->thirsty_next = server->thirsty;
    server->thirsty = conn;
}

/* All is sent that ever will be: say so, and wait for the client's end. */
static void close_our_side(struct server_conn *conn)
{
    struct host_tls_io *io = &conn->server->tls_io;
    if (conn->tls != NULL) {
        io->out_len = 0; /* io->in belongs to whoever is being read now */
        host_tls_shut(conn->tls);
        if (io->out_len > 0) (void)send_some(conn, tb_bytes_of(io->out, io->out_len));
        io->out_len = 0;
    }
    conn->state = CONN_LINGER;
    server_wait_for(conn, WAIT_CLOSE);
    shutdown(conn->fd, SHUT_WR);
}

void server_flush(struct server_conn *conn)
{
    bool is_blocked = false;
    if (conn->state == CONN_DEAD) return;
    bool goes_on = conn->tls != NULL && host_tls_is_established(conn->tls)
                       ? write_tls(conn, &is_blocked)
                   : conn->tls != NULL ? send_kept_cipher(conn, &is_blocked)
                                       : write_clear(conn, &is_blocked);
    if (!goes_on) return;
    bool is_waiting = conn->queue.count > 0 || conn->cipher != NULL;
    if (!is_waiting) {
        server_wait_write(conn, false);
        drop_cipher(conn);
    } else if (conn->write_wait.before == NULL) {
        server_wait_write(conn, true);
    }
    note_drained(conn);
    if (!is_waiting && conn->state == CONN_LAST_WRITE) close_our_side(conn);
    server_conn_interest(conn);
}
