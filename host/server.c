/* The server's life: made, run, drained, freed. */
#include "host/server.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/sd_notify.h"
#include "host/server_internal.h"

void host_server_limits_fill(struct host_server_limits *limits)
{
#define LIMIT_FILL(NAME_, DEFAULT_, TEXT_)                                                         \
    if (limits->NAME_ == 0) limits->NAME_ = DEFAULT_;
    HOST_LIMIT_LIST(LIMIT_FILL)
    HOST_TIMEOUT_LIST(LIMIT_FILL)
}

/* ------------------------------------------------------------------ listeners */

static void on_listener(uv_poll_t *poll, int status, int events)
{
    (void)events;
    if (status == 0) server_accept(poll->data);
}

static tb_status add_listener(struct host_server *server, int fd, enum server_role role)
{
    assert(server->listener_count < SERVER_LISTENER_COUNT_MAX);
    struct server_listener *listener = &server->listeners[server->listener_count];
    *listener = (struct server_listener){ .server = server, .fd = fd, .role = role };
    if (uv_poll_init(&server->loop, &listener->poll, fd) != 0) {
        close(fd);
        return TB_STATUS(HOST_NETWORK);
    }
    listener->poll.data = listener;
    listener->is_open = true;
    server->listener_count++;
    return TB_STATUS(TB_OK);
}

/* A machine without IPv6 has no second "localhost"; one that was given by number must be there. */
static tb_status listen_all(struct host_server *server, const union host_address *addresses,
                            size_t count, enum server_role role)
{
    size_t before = server->listener_count;
    for (size_t i = 0; i < count; i++) {
        int fd = -1;
        union host_address address = addresses[i];
        tb_status status = host_net_listen(&address, &fd);
        if (status.code != TB_OK && i > 0 && server->listener_count > before &&
            (errno == EADDRNOTAVAIL || errno == EAFNOSUPPORT)) {
            continue;
        }
        if (status.code != TB_OK) {
            const char *why = strerror(errno);
            char at[HOST_NET_TEXT_LEN_MAX];
            host_net_address_text(&address, at);
            host_log(server->config.log, HOST_LOG_ERROR, "listen", "cannot listen at %s: %s; %s",
                     at, why,
                     role == ROLE_METRICS ? "choose another with [metrics] listen, or none"
                                          : "choose another with --listen or [server] listen");
            return status;
        }
        TRY(add_listener(server, fd, role));
        char text[HOST_NET_TEXT_LEN_MAX];
        host_net_text(fd, text);
        host_log(server->config.log, HOST_LOG_INFO, "listening", "%s%s%s",
                 role == ROLE_METRICS ? "metrics at http://"
                 : server->tls != NULL ? "https://"
                                       : "http://",
                 text, role == ROLE_METRICS ? "/metrics" : "");
    }
    return TB_STATUS(TB_OK);
}

static tb_status listen_admin(struct host_server *server)
{
    int fd = -1;
    if (server->config.admin_path == NULL) return TB_STATUS(TB_OK);
    tb_status status = host_net_listen_unix(server->config.admin_path, &fd);
    if (status.code != TB_OK) {
        host_log(server->config.log, HOST_LOG_ERROR, "listen", "cannot make the admin socket: %s",
                 status.code == TB_TOO_LONG ? "its path is too long" : strerror(errno));
        return status;
    }
    return add_listener(server, fd, ROLE_ADMIN);
}

static void close_listeners(struct host_server *server)
{
    for (size_t i = 0; i < server->listener_count; i++) {
        struct server_listener *listener = &server->listeners[i];
        if (!listener->is_open) continue;
        listener->is_open = false;
        uv_close((uv_handle_t *)&listener->poll, NULL);
        close(listener->fd);
        if (listener->role == ROLE_ADMIN) unlink(server->config.admin_path);
    }
}

/* ------------------------------------------------------------------ stopping */

static struct hub_blob *closing_push(struct host_server *server)
{
    struct chat_error error = { .detail = TB_LITERAL("the hub is stopping; connect again soon") };
    struct tb_buf buf;
    tb_buf_init(&buf, server->mem, 4096);
    struct hub_blob *blob = NULL;
    uint8_t head[3] = { CHAT_FRAME_PUSH };
    tb_put_u16(head + 1, CHAT_PUSH_CLOSING);
    if (tb_buf_append(&buf, TB_ARRAY(head)).code == TB_OK &&
        wire_encode_buf(&chat_error_desc, &error, &buf).code == TB_OK) {
        blob = hub_blob_new(server->mem, buf.len);
        if (blob != NULL) memcpy(blob->data, buf.data, buf.len);
    }
    tb_buf_wipe(&buf);
    return blob;
}

static void on_drained(uv_timer_t *timer)
{
    struct host_server *server = timer->data;
    host_log(server->config.log, HOST_LOG_WARNING, "drain_ms",
             "%zu connections did not end in time", server->conn_count);
    uv_stop(&server->loop);
}

void host_server_stop(struct host_server *server)
{
    if (server->is_draining) return;
    server->is_draining = true;
    host_log(server->config.log, HOST_LOG_NOTICE, "stopping", "%zu connections are open",
             server->conn_count);
    host_sd_notify("STOPPING=1");
    close_listeners(server);
    server_turn_end(server); /* what has been taken in is finished and answered first */
    struct hub_blob *push = closing_push(server);
    for (uint32_t i = 0; i < server->slot_count; i++) {
        struct server_conn *conn = server->slots[i];
        if (conn == NULL) continue;
        if (conn->state == CONN_SOCKET) {
            if (push != NULL) server_socket_send(conn, hub_blob_keep(push));
            server_socket_close(conn, HOST_WS_GOING_AWAY);
        } else if (conn->state == CONN_HTTP) {
            server_conn_end(conn);
        }
    }
    hub_blob_drop(push);
    server_turn_end(server);
    uv_timer_start(&server->drain, on_drained, server->config.limits.drain_ms, 0);
    if (server->conn_count == 0) uv_stop(&server->loop);
}

static void on_signal(uv_signal_t *signal, int number)
{
    struct host_server *server = signal->data;
    const struct host_server_config *config = &server->config;
    if (number != SIGHUP) {
        host_server_stop(server);
        return;
    }
    if (server->tls != NULL) {
        tb_status status =
            host_tls_reload(server->tls, config->certificate_path, config->key_path);
        if (status.code == TB_OK) {
            host_log(config->log, HOST_LOG_NOTICE, "reloaded", "certificate ends in %ld days",
                     host_tls_days_left(server->tls));
        } else {
            char why[128];
            host_tls_error(why, sizeof why);
            host_log(config->log, HOST_LOG_ERROR, "reload",
                     "the certificate cannot be used (%s); the old one stays", why);
        }
    }
    if (config->reload != NULL) config->reload(config->reload_ctx);
}

/* ------------------------------------------------------------------ making */

static tb_status take_memory(struct host_server *server)
{
    struct tb_mem *mem = server->mem;
    server->slot_count = (uint32_t)server->config.limits.open_connection_count_max;
    server->slots = tb_mem_take(mem, server->slot_count * sizeof(struct server_conn *));
    server->free_slots = tb_mem_take(mem, server->slot_count * sizeof(uint32_t));
    server->read_buffer = tb_mem_take(mem, SERVER_READ_LEN);
    server->plain_buffer = tb_mem_take(mem, SERVER_READ_LEN);
    server->gather_buffer = tb_mem_take(mem, HOST_TLS_RECORD_LEN_MAX);
    server->tls_io.out = tb_mem_take(mem, HOST_TLS_OUT_LEN_MAX);
    if (server->slots == NULL || server->free_slots == NULL || server->read_buffer == NULL ||
        server->plain_buffer == NULL || server->gather_buffer == NULL ||
        server->tls_io.out == NULL) {
        return TB_STATUS(TB_NO_SPACE);
    }
    server->free_count = server->slot_count;
    for (uint32_t i = 0; i < server->slot_count; i++) {
        server->free_slots[i] = server->slot_count - 1 - i;
    }
    return TB_STATUS(TB_OK);
}

static void give_memory(struct host_server *server)
{
    struct tb_mem *mem = server->mem;
    tb_mem_give(mem, server->slots, server->slot_count * sizeof(struct server_conn *));
    tb_mem_give(mem, server->free_slots, server->slot_count * sizeof(uint32_t));
    tb_mem_give(mem, server->read_buffer, SERVER_READ_LEN);
    tb_mem_give(mem, server->plain_buffer, SERVER_READ_LEN);
    tb_mem_give(mem, server->gather_buffer, HOST_TLS_RECORD_LEN_MAX);
    tb_mem_give(mem, server->tls_io.out, HOST_TLS_OUT_LEN_MAX);
}

static tb_status load_certificate(struct host_server *server)
{
    const struct host_server_config *config = &server->config;
    if (config->certificate_path == NULL) return TB_STATUS(TB_OK);
    tb_status status = host_tls_new(config->certificate_path, config->key_path, server->mem,
                                    &server->tls);
    if (status.code == HOST_TLS) {
        char why[128];
        host_tls_error(why, sizeof why);
        host_log(config->log, HOST_LOG_ERROR, "tls", "certificate %s or key %s cannot be used: %s",
                 config->certificate_path, config->key_path, why);
    }
    return status;
}

static void start_handles(struct host_server *server)
{
    static const int numbers[] = { SIGTERM, SIGINT, SIGHUP };
    uv_check_init(&server->loop, &server->check);
    uv_idle_init(&server->loop, &server->again);
    uv_timer_init(&server->loop, &server->timer);
    uv_timer_init(&server->loop, &server->wake);
    uv_timer_init(&server->loop, &server->drain);
    server->timer.data = server->wake.data = server->drain.data = server;
    for (size_t i = 0; i < 3; i++) {
        uv_signal_init(&server->loop, &server->signals[i]);
        server->signals[i].data = server;
        uv_signal_start(&server->signals[i], on_signal, numbers[i]);
    }
    server_timer_init(server);
    server_turn_init(server);
    server_page_init(server);
}

tb_status host_server_new(const struct host_server_config *config, struct host_server **out)
{
    tb_status status = TB_STATUS(TB_OK);
    struct host_server *server = tb_mem_take(config->mem, sizeof *server);
    if (server == NULL) return TB_STATUS(TB_NO_SPACE);
    server->config = *config;
    server->mem = config->mem;
    host_server_limits_fill(&server->config.limits);
    server->receive_mem = *config->mem;
    server->receive_mem.used_bytes = 0;
    server->receive_mem.used_bytes_max = server->config.limits.receive_bytes_max;
    if (uv_loop_init(&server->loop) != 0) {
        tb_mem_give(config->mem, server, sizeof *server);
        return TB_STATUS(TB_NO_SPACE);
    }
    server->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    start_handles(server);
    CHECK(take_memory(server));
    CHECK(load_certificate(server));
    CHECK(listen_all(server, config->listen, config->listen_count, ROLE_PUBLIC));
    CHECK(listen_all(server, config->metrics, config->metrics_count, ROLE_METRICS));
    CHECK(listen_admin(server));
    *out = server;
    return TB_STATUS(TB_OK);
out:
    host_server_free(server);
    return status;
}

void host_server_address(const struct host_server *server, char out[HOST_NET_TEXT_LEN_MAX])
{
    host_net_text(server->listeners[0].fd, out);
}

void server_listen_start(struct host_server *server)
{
    for (size_t i = 0; i < server->listener_count; i++) {
        uv_poll_start(&server->listeners[i].poll, UV_READABLE, on_listener);
    }
    server->is_running = true;
    /* The engine asks for its ticks with WAKE; the first one is ours. */
    struct hub_event event = { .kind = HUB_EVENT_TICK };
    server_turn_event(server, &event);
    server_turn_end(server);
}

void server_end_all(struct host_server *server)
{
    server->is_running = false;
    for (uint32_t i = 0; i < server->slot_count; i++) {
        if (server->slots[i] != NULL) server_conn_end(server->slots[i]);
    }
    server_turn_end(server);
}

void host_server_run(struct host_server *server)
{
    server_listen_start(server);
    host_sd_notify("READY=1");
    uv_run(&server->loop, UV_RUN_DEFAULT);
    server_end_all(server);
    host_store_checkpoint(server->config.store);
    host_log(server->config.log, HOST_LOG_NOTICE, "stopped", "every turn is stored");
}

static void close_handle(uv_handle_t *handle, void *ctx)
{
    (void)ctx;
    if (!uv_is_closing(handle)) uv_close(handle, NULL);
}

void host_server_free(struct host_server *server)
{
    if (server == NULL) return;
    close_listeners(server);
    uv_walk(&server->loop, close_handle, NULL);
    /* The handles, and a checkpoint on its way, end here; a stop not seen yet ends one run. */
    while (uv_run(&server->loop, UV_RUN_DEFAULT) != 0) continue;
    int failed = uv_loop_close(&server->loop);
    assert(failed == 0);
    if (server->spare_fd >= 0) close(server->spare_fd);
    host_tls_free(server->tls);
    hub_effects_wipe(&server->effects);
    give_memory(server);
    tb_mem_give(server->mem, server, sizeof *server);
}
