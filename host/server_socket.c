/* WebSockets: messages to the engine, control frames, closing. */
#include <assert.h>
#include <string.h>

#include "host/server_internal.h"

static struct hub_blob *framed(struct hub_blob *blob, enum host_ws_opcode opcode)
{
    uint8_t head[HOST_WS_HEAD_LEN_MAX];
    size_t len = host_ws_head_put(head, opcode, blob->len);
    memcpy(blob->head + HUB_BLOB_HEAD_MAX - len, head, len);
    blob->head_len = (uint8_t)len;
    return blob;
}

static void send_control(struct server_conn *conn, enum host_ws_opcode opcode, tb_bytes payload)
{
    struct hub_blob *blob = hub_blob_new(conn->server->mem, payload.len);
    if (blob == NULL) {
        server_conn_end(conn);
        return;
    }
    if (payload.len > 0) memcpy(blob->data, payload.data, payload.len);
    server_send(conn, framed(blob, opcode));
}

void server_socket_send(struct server_conn *conn, struct hub_blob *blob)
{
    /* The first of those who get it makes the header. */
    server_send(conn, blob->head_len == 0 ? framed(blob, HOST_WS_BINARY) : blob);
}

void server_socket_close(struct server_conn *conn, uint16_t ws_code)
{
    if (conn->state != CONN_SOCKET || conn->is_close_sent) return;
    uint8_t payload[2];
    tb_put_u16(payload, ws_code);
    conn->is_close_sent = true;
    server_conn_finish(conn);
    send_control(conn, HOST_WS_CLOSE,
                 ws_code == HOST_WS_NO_CODE ? tb_bytes_of(NULL, 0) : TB_ARRAY(payload));
}

void server_socket_ping(struct server_conn *conn)
{
    send_control(conn, HOST_WS_PING, tb_bytes_of(NULL, 0));
    if (conn->state == CONN_SOCKET) server_wait_for(conn, WAIT_PONG);
}

static void step(struct server_conn *conn, enum hub_event_kind kind, tb_bytes bytes)
{
    struct hub_event event = { .kind = kind,
                               .conn = conn->id,
                               .is_admin = conn->role == ROLE_ADMIN,
                               .bytes = bytes };
    server_turn_event(conn->server, &event);
}

/* RFC 6455, section 5.5.1: the code comes back as it came. */
static void answer_close(struct server_conn *conn, tb_bytes payload)
{
    uint16_t code;
    enum host_ws_code fault = host_ws_close_code(payload, &code);
    server_socket_close(conn, fault != HOST_WS_OK ? (uint16_t)fault : code);
}

static bool on_message(void *ctx, enum host_ws_opcode opcode, uint8_t *payload, size_t len)
{
    struct server_conn *conn = ctx;
    tb_bytes bytes = { payload, len };
    switch (opcode) {
    case HOST_WS_BINARY:
        conn->server->counts.frames_in++;
        step(conn, HUB_EVENT_FRAME, bytes);
        break;
    case HOST_WS_PING: send_control(conn, HOST_WS_PONG, bytes); break;
    case HOST_WS_CLOSE: answer_close(conn, bytes); break;
    default: break; /* a pong: that something came is enough */
    }
    return conn->state == CONN_SOCKET;
}

void server_socket_feed(struct server_conn *conn, uint8_t *data, size_t len)
{
    bool was_begun = conn->ws.rest != NULL;
    enum host_ws_code code = host_ws_feed(&conn->ws, data, len, on_message, conn);
    if (conn->state != CONN_SOCKET) return;
    if (code != HOST_WS_OK) {
        server_socket_close(conn, (uint16_t)code);
        return;
    }
    bool is_begun = conn->ws.rest != NULL;
    /* A message has its time from its first octet on, however it dribbles. */
    if (!is_begun) server_wait_for(conn, WAIT_PING);
    else if (!was_begun || conn->wait.wait != WAIT_FRAME) server_wait_for(conn, WAIT_FRAME);
}

void server_socket_begin(struct server_conn *conn)
{
    conn->state = CONN_SOCKET;
    conn->id = server_conn_name(conn);
    conn->server->counts.upgrades++;
    server_wait_for(conn, WAIT_PING);
    step(conn, HUB_EVENT_OPENED, tb_bytes_of(NULL, 0));
}
