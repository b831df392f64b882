/* Time-outs of connections: one list for each kind of wait, one timer for all. */
#include "host/server_internal.h"

static uint64_t length_of(const struct host_server *server, enum server_wait wait)
{
    const struct host_server_limits *limits = &server->config.limits;
    switch (wait) {
    case WAIT_HANDSHAKE: return limits->handshake_ms;
    case WAIT_HEAD: return limits->head_ms;
    case WAIT_BODY: return limits->body_ms;
    case WAIT_ANSWER: return limits->answer_ms;
    case WAIT_FRAME: return limits->frame_ms;
    case WAIT_PING: return limits->ping_ms;
    case WAIT_PONG: return limits->pong_ms;
    case WAIT_CLOSE: return limits->close_ms;
    case WAIT_WRITE: return limits->write_ms;
    case WAIT_NONE:
    case WAIT_COUNT: break;
    }
    return 0;
}

static struct server_conn *conn_of(struct server_timer *timer)
{
    size_t offset = timer->wait == WAIT_WRITE ? offsetof(struct server_conn, write_wait)
                                              : offsetof(struct server_conn, wait);
    return (struct server_conn *)(void *)((char *)timer - offset);
}

static void on_timer(uv_timer_t *timer);

static void arm(struct host_server *server, uint64_t at_ms)
{
    uint64_t now_ms = uv_now(&server->loop);
    uint64_t delay_ms = at_ms > now_ms ? at_ms - now_ms : 0;
    if (delay_ms < SERVER_TIMER_GRAIN_MS) delay_ms = SERVER_TIMER_GRAIN_MS;
    if (server->timer_at_ms != 0 && server->timer_at_ms <= now_ms + delay_ms) return;
    server->timer_at_ms = now_ms + delay_ms;
    uv_timer_start(&server->timer, on_timer, delay_ms, 0);
}

static void unlink_timer(struct server_timer *timer)
{
    if (timer->before == NULL) return;
    timer->before->after = timer->after;
    timer->after->before = timer->before;
    timer->before = timer->after = NULL;
}

static void link_timer(struct host_server *server, struct server_timer *timer,
                       enum server_wait wait)
{
    struct server_timer *head = &server->waits[wait];
    unlink_timer(timer);
    timer->wait = (uint8_t)wait;
    timer->at_ms = uv_now(&server->loop) + length_of(server, wait);
    timer->before = head->before;
    timer->after = head;
    head->before->after = timer;
    head->before = timer;
    arm(server, timer->at_ms);
}

static void on_timer(uv_timer_t *timer)
{
    struct host_server *server = timer->data;
    uint64_t now_ms = uv_now(&server->loop), next_ms = UINT64_MAX;
    server->timer_at_ms = 0;
    for (int wait = WAIT_NONE + 1; wait < WAIT_COUNT; wait++) {
        struct server_timer *head = &server->waits[wait];
        while (head->after != head && head->after->at_ms <= now_ms) {
            struct server_timer *expired = head->after;
            unlink_timer(expired);
            server->counts.timed_out++;
            server_conn_expired(conn_of(expired), (enum server_wait)wait);
        }
        if (head->after != head && head->after->at_ms < next_ms) next_ms = head->after->at_ms;
    }
    if (next_ms != UINT64_MAX) arm(server, next_ms);
    server_turn_end(server);
}

void server_timer_init(struct host_server *server)
{
    for (int wait = 0; wait < WAIT_COUNT; wait++) {
        server->waits[wait].before = server->waits[wait].after = &server->waits[wait];
    }
}

void server_wait_for(struct server_conn *conn, enum server_wait wait)
{
    if (wait == WAIT_NONE) unlink_timer(&conn->wait);
    else link_timer(conn->server, &conn->wait, wait);
}

void server_wait_write(struct server_conn *conn, bool is_waiting)
{
    if (is_waiting) link_timer(conn->server, &conn->write_wait, WAIT_WRITE);
    else unlink_timer(&conn->write_wait);
}

void server_wait_forget(struct server_conn *conn)
{
    unlink_timer(&conn->wait);
    unlink_timer(&conn->write_wait);
}
