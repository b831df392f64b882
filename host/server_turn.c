/* Turns: the engine inside one transaction, then the effects, then one write a connection. */
#include <assert.h>
#include <string.h>

#include "host/server_internal.h"

static void begin(struct host_server *server)
{
    server->is_in_turn = true;
    server->turn_count = 0;
    server->turn_bytes = 0;
    server->turn_began_us = uv_hrtime() / 1000;
    server->now_ms = host_clock_now_ms(&server->clock);
    /* A refused begin refuses every operation and the commit: the engine hears of it at the end. */
    (void)host_store_begin(server->config.store);
}

void server_turn_event(struct host_server *server, const struct hub_event *event)
{
    const struct host_server_limits *limits = &server->config.limits;
    struct hub_event timed = *event;
    if (!server->is_in_turn) begin(server);
    timed.now_ms = server->now_ms;
    server->config.engine.step(server->config.engine.ctx, &timed, &server->effects);
    server->turn_count++;
    server->turn_bytes += event->bytes.len;
    if (server->turn_count >= limits->turn_frame_count_max ||
        server->turn_bytes >= limits->turn_bytes_max) {
        server_turn_end(server);
    }
}

/* ------------------------------------------------------------------ effects */

static uint16_t close_code_of(uint16_t chat_code)
{
    switch (chat_code) {
    case CHAT_CODE_OK: return HOST_WS_NORMAL;
    case CHAT_CODE_BAD_REQUEST: return HOST_WS_NOT_UTF8; /* 1007: "inconsistent with its type" */
    case CHAT_CODE_TOO_LARGE: return HOST_WS_TOO_LARGE;
    case CHAT_CODE_INTERNAL: return HOST_WS_INTERNAL;
    default: return (uint16_t)(HOST_WS_ENGINE + chat_code);
    }
}

static void on_wake(uv_timer_t *timer)
{
    struct host_server *server = timer->data;
    struct hub_event event = { .kind = HUB_EVENT_TICK };
    server_turn_event(server, &event);
    server_turn_end(server);
}

static void wake_at(struct host_server *server, uint64_t at_ms)
{
    uint64_t now_ms = host_clock_unix_ms();
    uv_update_time(&server->loop);
    uv_timer_start(&server->wake, on_wake, at_ms > now_ms ? at_ms - now_ms : 0, 0);
}

static void release(struct host_server *server, struct hub_effect *effect)
{
    struct server_conn *conn = server_conn_find(server, effect->conn);
    struct hub_blob *blob = effect->blob;
    effect->blob = NULL;
    switch (effect->kind) {
    case HUB_EFFECT_SEND:
        if (conn != NULL && conn->state == CONN_SOCKET) server_socket_send(conn, blob);
        else hub_blob_drop(blob);
        break;
    case HUB_EFFECT_ANSWER:
        if (conn != NULL && conn->state == CONN_ANSWER) {
            server_http_answer(conn, effect->code, blob);
        } else {
            hub_blob_drop(blob);
        }
        break;
    case HUB_EFFECT_CLOSE:
        if (conn != NULL) server_socket_close(conn, close_code_of(effect->code));
        break;
    case HUB_EFFECT_WAKE: wake_at(server, effect->at_ms); break;
    }
}

/* ------------------------------------------------------------------ the store's upkeep */

static void on_checkpoint(uv_work_t *work)
{
    const struct host_server *server = work->data;
    host_store_checkpoint_beside(server->config.store_path);
}

static void after_checkpoint(uv_work_t *work, int status)
{
    struct host_server *server = work->data;
    (void)status;
    server->is_checkpointing = false;
    server->counts.checkpoints++;
    host_store_checkpoint(server->config.store); /* the little that came meanwhile */
}

static void keep_up(struct host_server *server)
{
    unsigned page_count = host_store_wal_pages(server->config.store);
    uint64_t begins_at = server->config.limits.checkpoint_page_count;
    if (page_count < begins_at || server->is_checkpointing || !server->is_running) return;
    server->checkpoint.data = server;
    server->is_checkpointing =
        uv_queue_work(&server->loop, &server->checkpoint, on_checkpoint, after_checkpoint) == 0;
}

/* ------------------------------------------------------------------ the end of a turn */

static void note_store(struct host_server *server, bool is_well)
{
    if (is_well == server->is_store_well) return;
    server->is_store_well = is_well;
    if (is_well) {
        host_log(server->config.log, HOST_LOG_NOTICE, "store_well", "the store works again");
        return;
    }
    host_log(server->config.log, HOST_LOG_ERROR, "store_refused",
             "the store refuses: %s; nothing of the turn was kept",
             host_store_error(server->config.store));
}

static void close_turn(struct host_server *server)
{
    const struct host_engine *engine = &server->config.engine;
    tb_status status = TB_STATUS(TB_STORE);
    if (engine->turn_end(engine->ctx, server->now_ms, &server->effects)) {
        status = host_store_commit(server->config.store);
    } else {
        host_store_rollback(server->config.store);
    }
    server->is_in_turn = false;
    if (status.code == TB_OK) {
        engine->committed(engine->ctx);
    } else {
        server->counts.turns_refused++;
        engine->refused(engine->ctx, &server->effects);
    }
    note_store(server, status.code == TB_OK);
    for (size_t i = 0; i < server->effects.count; i++) release(server, &server->effects.at[i]);
    hub_effects_clear(&server->effects);
    server->counts.turns++;
    server->counts.turn_us += uv_hrtime() / 1000 - server->turn_began_us;
    keep_up(server);
}

/* What the server owes the engine: connections that are gone ... */
static void pay_gone(struct host_server *server)
{
    while (server->gone != NULL) {
        struct server_conn *conn = server->gone;
        server->gone = conn->gone_next;
        struct hub_event event = { .kind = HUB_EVENT_CLOSED, .conn = conn->id };
        conn->id = 0;
        server_turn_event(server, &event);
    }
}

/* ... and those that are drained.  Those that drain meanwhile wait for the loop to come round, so
 * that a thousand clients catching up do not keep the loop from what the others send. */
static void pay_thirsty(struct host_server *server)
{
    struct server_conn *next = server->thirsty;
    server->thirsty = NULL;
    while (next != NULL) {
        struct server_conn *conn = next;
        next = conn->thirsty_next;
        conn->is_thirsty = false;
        if (conn->state != CONN_SOCKET) continue;
        struct hub_event event = { .kind = HUB_EVENT_DRAINED, .conn = conn->id };
        server_turn_event(server, &event);
    }
}

/* A connection that has ended is freed when the loop comes round: it may not stay in the list. */
static void forget_ended(struct host_server *server)
{
    struct server_conn **link = &server->thirsty;
    while (*link != NULL) {
        if ((*link)->state == CONN_DEAD) *link = (*link)->thirsty_next;
        else link = &(*link)->thirsty_next;
    }
}

static void flush(struct host_server *server)
{
    while (server->dirty != NULL) {
        struct server_conn *conn = server->dirty;
        server->dirty = conn->dirty_next;
        conn->is_dirty = false;
        server_flush(conn);
    }
}

static void on_again(uv_idle_t *idle)
{
    (void)idle; /* the check behind it does the work */
}

void server_turn_end(struct host_server *server)
{
    if (server->is_ending_turn) return; /* the loop below comes round again */
    server->is_ending_turn = true;
    pay_thirsty(server);
    do {
        pay_gone(server);
        if (server->is_in_turn) close_turn(server);
        flush(server);
    } while (server->is_in_turn || server->gone != NULL || server->dirty != NULL);
    server->is_ending_turn = false;
    forget_ended(server);
    /* An idle handle does nothing but keep the loop from waiting. */
    if (server->thirsty != NULL) uv_idle_start(&server->again, on_again);
    else uv_idle_stop(&server->again);
}

static void on_check(uv_check_t *check)
{
    server_turn_end(check->data);
}

void server_turn_init(struct host_server *server)
{
    server->is_store_well = true;
    hub_effects_init(&server->effects, server->mem);
    server->check.data = server;
    uv_check_start(&server->check, on_check);
}
