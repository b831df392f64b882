/* HTTP/1.1: heads, bodies, the way to a page, a request of the engine or a WebSocket. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "host/server_internal.h"

enum { ERROR_ARENA_BYTES = 8192, FIELDS_LEN_MAX = 128 };

void server_request_free(struct server_conn *conn)
{
    if (conn->request == NULL) return;
    tb_buf_wipe(&conn->request->in);
    tb_wipe(conn->request->secret, sizeof conn->request->secret);
    tb_mem_give(&conn->server->receive_mem, conn->request, sizeof *conn->request);
    conn->request = NULL;
}

static struct server_request *request_of(struct server_conn *conn)
{
    struct tb_mem *mem = &conn->server->receive_mem;
    if (conn->request != NULL) return conn->request;
    conn->request = tb_mem_take(mem, sizeof *conn->request);
    if (conn->request == NULL) return NULL;
    *conn->request = (struct server_request){ .form = PUBLIC_NONE };
    const struct host_server_limits *limits = &conn->server->config.limits;
    tb_buf_init(&conn->request->in, mem, limits->head_bytes_max + limits->frame_bytes_max);
    return conn->request;
}

/* ------------------------------------------------------------------ answers */

/* May another request follow?  Not when something has come behind this one: it is never answered
 * twice, and a client that pipelines sees the connection close. */
static bool is_kept_alive(const struct server_conn *conn)
{
    const struct server_request *request = conn->request;
    return request != NULL && request->is_kept_alive && !conn->server->is_draining &&
           request->in.len == request->head_len + request->body_len;
}

static void after_answer(struct server_conn *conn, bool is_kept)
{
    if (conn->state == CONN_DEAD) return;
    server_request_free(conn);
    conn->post_id = 0;
    if (!is_kept) {
        server_conn_finish(conn);
        return;
    }
    conn->state = CONN_HTTP;
    server_wait_for(conn, WAIT_HEAD);
    server_conn_interest(conn);
}

static void send_answer(struct server_conn *conn, const struct host_http_answer *answer,
                        struct hub_blob *body)
{
    struct hub_blob *blob = host_http_write(answer, conn->server->mem);
    conn->server->counts.http_answers[answer->status / 100 % 6]++;
    if (blob == NULL) {
        hub_blob_drop(body);
        server_conn_end(conn);
        return;
    }
    server_send(conn, blob);
    if (body != NULL && body->len == 0) hub_blob_drop(body);
    else if (body != NULL) server_send(conn, body);
    after_answer(conn, answer->is_kept_alive);
}

void server_http_reply(struct server_conn *conn, const struct host_http_answer *answer)
{
    struct host_http_answer whole = *answer;
    whole.is_kept_alive = is_kept_alive(conn);
    send_answer(conn, &whole, NULL);
}

static void send_problem(struct server_conn *conn, unsigned status, const char *code,
                         tb_bytes detail, uint64_t value, const char *fields, bool is_kept)
{
    char text[HOST_HTTP_PROBLEM_LEN_MAX];
    size_t len = host_http_problem(text, status, code, detail, value);
    struct host_http_answer answer = { .status = status,
                                       .content_type = "application/problem+json",
                                       .body = tb_bytes_of(text, len),
                                       .is_kept_alive = is_kept,
                                       .extra_fields = fields };
    send_answer(conn, &answer, NULL);
}

void server_http_problem(struct server_conn *conn, unsigned status, const char *code,
                         const char *detail)
{
    send_problem(conn, status, code, tb_bytes_text(detail), 0, NULL, false);
}

void server_http_refusal(struct server_conn *conn, uint16_t code, tb_bytes detail, uint64_t value)
{
    char fields[FIELDS_LEN_MAX] = "";
    if (detail.len == 0) detail = tb_bytes_text(chat_code_sentence(code));
    if (code == CHAT_CODE_RATE_LIMITED || code == CHAT_CODE_STORE) {
        snprintf(fields, sizeof fields, "Retry-After: %llu\r\n",
                 (unsigned long long)(value / 1000 + 1));
    }
    send_problem(conn, chat_code_http(code), chat_code_name(code), detail, value,
                 fields[0] == 0 ? NULL : fields, is_kept_alive(conn));
}

/* The engine's refusal: a chat_error, told in JSON. */
static void send_refusal(struct server_conn *conn, uint16_t code, tb_bytes body)
{
    uint8_t memory[ERROR_ARENA_BYTES];
    struct tb_arena arena;
    struct chat_error error = { .value = 0 };
    tb_arena_init_fixed(&arena, memory, sizeof memory);
    tb_status status = wire_decode(&chat_error_desc, body, &arena, &error, NULL);
    if (status.code != TB_OK) error = (struct chat_error){ .value = 0 };
    server_http_refusal(conn, code, error.detail, error.value);
}

void server_http_answer(struct server_conn *conn, uint16_t chat_code, struct hub_blob *body)
{
    tb_bytes octets = body == NULL ? tb_bytes_of(NULL, 0) : tb_bytes_of(body->data, body->len);
    if (conn->request->form != PUBLIC_NONE) {
        server_public_answer(conn, chat_code, octets);
        hub_blob_drop(body);
        return;
    }
    if (chat_code != CHAT_CODE_OK) {
        send_refusal(conn, chat_code, octets);
        hub_blob_drop(body);
        return;
    }
    struct host_http_answer answer = { .status = 200,
                                       .content_type = "application/octet-stream",
                                       .body = octets,
                                       .is_kept_alive = is_kept_alive(conn),
                                       .is_head = true /* the body goes as its own blob */ };
    send_answer(conn, &answer, body);
}

/* ------------------------------------------------------------------ upgrade */

static void upgrade(struct server_conn *conn, const struct host_http_request *request)
{
    struct host_server *server = conn->server;
    if (request->method != HOST_HTTP_GET || !request->is_websocket ||
        !tb_bytes_equal(request->ws_version, TB_LITERAL("13"))) {
        send_problem(conn, 426, "upgrade_required",
                     TB_LITERAL("this is a WebSocket: Upgrade: websocket, version 13"), 0,
                     "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n", is_kept_alive(conn));
        return;
    }
    if (!host_ws_key_is_valid(request->ws_key)) {
        server_http_problem(conn, 400, "bad_request", "Sec-WebSocket-Key is not 16 octets");
        return;
    }
    if (!host_http_origin_is_allowed(request, server->config.allowed_origins)) {
        server_http_problem(conn, 403, "forbidden", "a page of another origin may not connect");
        return;
    }
    if (server->is_draining) {
        server_http_problem(conn, 503, "closing", "the hub is stopping");
        return;
    }
    char accept[HOST_WS_ACCEPT_LEN], text[256];
    host_ws_accept(request->ws_key, accept);
    int len = snprintf(text, sizeof text,
                       "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                       "Connection: Upgrade\r\nSec-WebSocket-Accept: %.*s\r\n\r\n",
                       (int)sizeof accept, accept);
    struct hub_blob *blob = hub_blob_new(server->mem, (size_t)len);
    if (blob == NULL) {
        server_conn_end(conn);
        return;
    }
    memcpy(blob->data, text, (size_t)len);
    server_send(conn, blob);
    if (conn->state == CONN_DEAD) return;

    char peer[HOST_NET_TEXT_LEN_MAX];
    host_peer_text(&conn->peer, peer);
    host_log(server->config.log, HOST_LOG_DEBUG, "socket_opened", "from %s", peer);

    /* A client may not send before our answer, but what it did send is not lost. */
    struct server_request *done = conn->request;
    conn->request = NULL;
    server_socket_begin(conn);
    size_t early_len = done->in.len - done->head_len;
    if (early_len > 0 && conn->state == CONN_SOCKET) {
        server_socket_feed(conn, done->in.data + done->head_len, early_len);
    }
    tb_buf_wipe(&done->in);
    tb_mem_give(&server->receive_mem, done, sizeof *done);
}

/* ------------------------------------------------------------------ requests of the engine */

void server_http_ask(struct server_conn *conn, tb_bytes body, bool is_page)
{
    struct server_request *request = conn->request;
    conn->state = CONN_ANSWER;
    conn->post_id = server_conn_name(conn);
    conn->server->counts.requests++;
    server_wait_for(conn, WAIT_ANSWER);
    struct hub_event event = {
        .kind = HUB_EVENT_POST,
        .conn = conn->post_id,
        .is_admin = conn->role == ROLE_ADMIN,
        .is_page = is_page,
        .verb = request->verb,
        .token = request->has_token ? TB_ARRAY(request->token) : tb_bytes_of(NULL, 0),
        .bytes = body
    };
    server_turn_event(conn->server, &event);
    server_conn_interest(conn);
}

/* True when the head is good and the body may come. */
static bool begin_post(struct server_conn *conn, const struct host_http_request *head,
                       tb_bytes name)
{
    struct server_request *request = conn->request;
    const struct chat_verb_row *row = chat_verb_by_path(name);
    if (row == NULL) {
        server_http_problem(conn, 404, "unsupported",
                            chat_code_sentence(CHAT_CODE_UNSUPPORTED));
        return false;
    }
    if (head->method != HOST_HTTP_POST) {
        send_problem(conn, 405, "method_not_allowed", TB_LITERAL("requests are POSTed"), 0,
                     "Allow: POST\r\n", head->body_len == 0 && is_kept_alive(conn));
        return false;
    }
    if (row->access == CHAT_ACCESS_ADMIN && conn->role != ROLE_ADMIN) {
        server_http_problem(conn, 403, "forbidden", "only through the hub's admin socket");
        return false;
    }
    if (head->body_len > conn->server->config.limits.frame_bytes_max) {
        server_http_problem(conn, 413, "too_large", chat_code_sentence(CHAT_CODE_TOO_LARGE));
        return false;
    }
    request->verb = row->verb;
    request->body_len = (size_t)head->body_len;
    request->has_token = host_http_bearer(head->authorization, request->token);
    if (head->authorization.len > 0 && !request->has_token) {
        server_http_problem(conn, 401, "unauthenticated",
                            "Authorization is Bearer and the token of a login");
        return false;
    }
    if (head->wants_continue && request->in.len == request->head_len) {
        struct hub_blob *blob = hub_blob_new(conn->server->mem, 25);
        if (blob == NULL) {
            server_conn_end(conn);
            return false;
        }
        memcpy(blob->data, "HTTP/1.1 100 Continue\r\n\r\n", 25);
        server_send(conn, blob);
    }
    return conn->state != CONN_DEAD;
}

/* ------------------------------------------------------------------ heads */

static void route(struct server_conn *conn, const struct host_http_request *head)
{
    static const char prefix[] = "/v1/";
    enum { PREFIX_LEN = sizeof prefix - 1 };
    if (conn->role == ROLE_METRICS) {
        server_metrics_page(conn, head);
        return;
    }
    if (conn->role == ROLE_PUBLIC && tb_bytes_equal(head->path, TB_LITERAL("/v1/socket"))) {
        upgrade(conn, head);
        return;
    }
    if (conn->role == ROLE_PUBLIC && server_public(conn, head)) return;
    if (tb_bytes_starts_with(head->path, TB_LITERAL(prefix))) {
        tb_bytes name = { head->path.data + PREFIX_LEN, head->path.len - PREFIX_LEN };
        if (!begin_post(conn, head, name)) return;
        conn->state = CONN_BODY;
        server_wait_for(conn, WAIT_BODY);
        return;
    }
    if (head->method == HOST_HTTP_OTHER || head->method == HOST_HTTP_POST || head->body_len > 0) {
        send_problem(conn, 405, "method_not_allowed", TB_LITERAL("pages are read"), 0,
                     "Allow: GET, HEAD\r\n", false);
        return;
    }
    if (!server_page(conn, head) && !server_public_page(conn, head)) {
        send_problem(conn, 404, "not_found", TB_LITERAL("there is no such page"), 0, NULL,
                     is_kept_alive(conn));
    }
}

static const char *refusal_of(unsigned status)
{
    switch (status) {
    case 431: return "too many header fields";
    case 501: return "a body comes with Content-Length, without a transfer coding";
    case 505: return "HTTP/1.1 is spoken here";
    default: return "the request is not HTTP/1.1";
    }
}

/* False while the head is not complete. */
static bool take_head(struct server_conn *conn)
{
    struct server_request *request = conn->request;
    const struct host_server_limits *limits = &conn->server->config.limits;
    request->head_len = host_http_head_end(tb_buf_view(&request->in), request->looked_at);
    request->looked_at = request->in.len;
    size_t known_len = request->head_len == 0 ? request->in.len : request->head_len;
    if (known_len > limits->head_bytes_max) {
        server_http_problem(conn, 431, "too_large", "the request's head is over the limit");
        return true;
    }
    if (request->head_len == 0) return false;
    struct host_http_request head;
    unsigned refusal = host_http_parse(tb_bytes_of(request->in.data, request->head_len),
                                       limits->header_count_max, &head);
    if (refusal != 0) {
        server_http_problem(conn, refusal, "bad_request", refusal_of(refusal));
        return true;
    }
    request->is_kept_alive = head.is_kept_alive;
    request->is_head = head.method == HOST_HTTP_HEAD;
    conn->peer =
        host_peer_behind(conn->peer, head.forwarded_for, &conn->server->config.trusted_proxies);
    route(conn, &head);
    return true;
}

void server_http_feed(struct server_conn *conn, const uint8_t *data, size_t len)
{
    struct server_request *request = request_of(conn);
    if (request == NULL) {
        server_http_problem(conn, 503, "store_refused", "too many requests are on their way");
        return;
    }
    tb_status status = tb_buf_append(&request->in, tb_bytes_of(data, len));
    if (status.code != TB_OK) {
        server_http_problem(conn, status.code == TB_TOO_LONG ? 413 : 503, "too_large",
                            "the request is over the limit");
        return;
    }
    if (conn->state == CONN_HTTP && !take_head(conn)) return;
    if (conn->state != CONN_BODY || request->in.len < request->head_len + request->body_len) return;
    if (request->form != PUBLIC_NONE) {
        server_public_body(conn);
        return;
    }
    tb_bytes body = { request->in.data + request->head_len, request->body_len };
    server_http_ask(conn, body, false);
}
