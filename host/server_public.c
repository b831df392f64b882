/*
 * Routes for people without an account: the public log, counts, notices.  A route becomes one of
 * the engine's public requests, and its answer becomes JSON, a checkpoint's text or a page.
 */
#include <stdio.h>
#include <string.h>

#include "host/server_internal.h"
#include "wire/text.h"

enum { REQUEST_ARENA_BYTES_MAX = 1 << 20, ANSWER_ARENA_BYTES_MAX = 4 << 20, HOUR_MS = 3600000 };

struct route {
    const char *path; /* one that ends in a slash goes on with a number */
    enum host_http_method method;
    enum public_form form;
    enum chat_verb verb;
};
static const struct route routes[] = {
    { "/v1/log/checkpoint", HOST_HTTP_GET, PUBLIC_CHECKPOINT, CHAT_VERB_LOG_HEAD },
    { "/v1/log/entry/", HOST_HTTP_GET, PUBLIC_LOG_ENTRY, CHAT_VERB_LOG_ENTRY },
    { "/v1/log/proof/inclusion", HOST_HTTP_GET, PUBLIC_LOG_INCLUSION, CHAT_VERB_LOG_INCLUSION },
    { "/v1/log/proof/consistency", HOST_HTTP_GET, PUBLIC_LOG_CONSISTENCY,
      CHAT_VERB_LOG_CONSISTENCY },
    { "/v1/transparency", HOST_HTTP_GET, PUBLIC_COUNTS, CHAT_VERB_TRANSPARENCY },
    { "/v1/notice", HOST_HTTP_POST, PUBLIC_NOTICE_JSON, CHAT_VERB_NOTICE_PUT },
    { "/v1/notice/status", HOST_HTTP_POST, PUBLIC_STATE_JSON, CHAT_VERB_NOTICE_STATE },
    { "/v1/notice/complaint", HOST_HTTP_POST, PUBLIC_COMPLAINT_JSON, CHAT_VERB_NOTICE_COMPLAIN },
    { "/notice", HOST_HTTP_POST, PUBLIC_NOTICE_PAGE, CHAT_VERB_NOTICE_PUT },
    { "/notice/status", HOST_HTTP_POST, PUBLIC_STATE_PAGE, CHAT_VERB_NOTICE_STATE },
    { "/notice/complaint", HOST_HTTP_POST, PUBLIC_COMPLAINT_PAGE, CHAT_VERB_NOTICE_COMPLAIN },
};
enum { ROUTE_COUNT = sizeof routes / sizeof routes[0] };

/* ------------------------------------------------------------------ the meter */

/* One place for each address, or for those that share its hash: never kept on disk. */
static bool is_metered_out(struct host_server *server, const struct host_peer *peer)
{
    static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
    size_t len = memcmp(peer->address, mapped, sizeof mapped) == 0 ? 16 : 8; /* IPv6: its /64 */
    uint64_t hash = server->notice_seed;
    for (size_t i = 0; i < len; i++) hash = (hash ^ peer->address[i]) * UINT64_C(0x100000001b3);
    struct server_meter *meter = &server->notice_meters[(hash >> 32) % SERVER_METER_COUNT];
    if (server->now_ms - meter->from_ms >= HOUR_MS || server->now_ms < meter->from_ms) {
        *meter = (struct server_meter){ .from_ms = server->now_ms };
    }
    if (meter->count >= server->config.limits.notice_address_rate_per_hour) return true;
    meter->count++;
    return false;
}

/* ------------------------------------------------------------------ answers */

static void send_text(struct server_conn *conn, unsigned status, const char *content_type,
                      tb_bytes body)
{
    struct host_http_answer answer = { .status = status,
                                       .content_type = content_type,
                                       .body = body,
                                       .is_head = conn->request->is_head,
                                       .style_source = conn->server->style_source,
                                       .has_form = true };
    server_http_reply(conn, &answer);
}

static void send_page(struct server_conn *conn, unsigned status, bool is_french,
                      struct tb_buf *body, tb_status made)
{
    struct tb_buf page;
    tb_buf_init(&page, conn->server->mem, PUBLIC_TEXT_LEN_MAX);
    if (made.code == TB_OK) made = server_page_wrap(is_french ? "fr" : "en", body, &page);
    if (made.code == TB_OK) {
        send_text(conn, status, "text/html; charset=utf-8", tb_buf_view(&page));
    } else {
        server_http_problem(conn, 503, "store_refused", "no memory for the page");
    }
    tb_buf_wipe(&page);
    tb_buf_wipe(body);
}

static void refuse(struct server_conn *conn, uint16_t code, const char *detail, uint64_t value)
{
    struct tb_buf body;
    enum public_form form = conn->request->form;
    if (!public_is_page(form)) {
        server_http_refusal(conn, code, tb_bytes_text(detail), value);
        return;
    }
    bool is_french = conn->request->is_french;
    tb_buf_init(&body, conn->server->mem, PUBLIC_TEXT_LEN_MAX);
    tb_status made = public_refusal_page(is_french, code, tb_bytes_text(detail), value, &body);
    send_page(conn, chat_code_http(code), is_french, &body, made);
}

static void answer_page(struct server_conn *conn, const void *answer)
{
    const struct server_request *request = conn->request;
    bool is_french = request->is_french;
    struct tb_buf body;
    tb_buf_init(&body, conn->server->mem, PUBLIC_TEXT_LEN_MAX);
    tb_status made = request->form == PUBLIC_NOTICE_PAGE
                         ? public_receipt_page(is_french, answer, &body)
                         : public_state_page(is_french, answer, request->secret, &body);
    send_page(conn, 200, is_french, &body, made);
}

static void answer_text(struct server_conn *conn, const void *answer)
{
    const struct server_request *request = conn->request;
    struct tb_buf body;
    tb_buf_init(&body, conn->server->mem, PUBLIC_TEXT_LEN_MAX);
    if (request->form == PUBLIC_CHECKPOINT) {
        send_text(conn, 200, "text/plain; charset=utf-8",
                  ((const struct chat_log_head *)answer)->checkpoint);
    } else {
        tb_status made =
            public_json(request->form, request->first, request->second, answer, &body);
        if (made.code == TB_OK) send_text(conn, 200, "application/json", tb_buf_view(&body));
        else server_http_problem(conn, 500, "internal", "the answer does not fit into its form");
    }
    tb_buf_wipe(&body);
}

void server_public_answer(struct server_conn *conn, uint16_t code, tb_bytes octets)
{
    struct tb_arena arena;
    const struct chat_verb_row *row = chat_verb_row(conn->request->verb);
    const struct wire_desc *desc = code == CHAT_CODE_OK ? row->answer : &chat_error_desc;
    tb_arena_init(&arena, conn->server->mem, ANSWER_ARENA_BYTES_MAX);
    void *answer = tb_arena_take(&arena, 1, desc->size);
    if (answer == NULL || wire_decode(desc, octets, &arena, answer, NULL).code != TB_OK) {
        server_http_problem(conn, 503, "store_refused", "no memory for the answer");
    } else if (code == CHAT_CODE_OK && public_is_page(conn->request->form)) {
        answer_page(conn, answer);
    } else if (code == CHAT_CODE_OK) {
        answer_text(conn, answer);
    } else {
        char detail[1025];
        const struct chat_error *error = answer;
        snprintf(detail, sizeof detail, "%.*s", (int)error->detail.len,
                 error->detail.len == 0 ? "" : (const char *)error->detail.data);
        refuse(conn, code, detail, error->value);
    }
    tb_arena_wipe(&arena);
}

/* ------------------------------------------------------------------ requests */

static void ask(struct server_conn *conn, const void *request)
{
    struct tb_arena arena;
    tb_bytes body;
    const struct chat_verb_row *row = chat_verb_row(conn->request->verb);
    tb_arena_init(&arena, conn->server->mem, REQUEST_ARENA_BYTES_MAX);
    if (wire_encode(row->request, request, &arena, &body).code != TB_OK) {
        server_http_problem(conn, 503, "store_refused", "no memory for the request");
    } else {
        server_http_ask(conn, body, true);
    }
    tb_arena_wipe(&arena);
}

void server_public_body(struct server_conn *conn)
{
    struct server_request *request = conn->request;
    enum public_form form = request->form;
    bool is_state = form == PUBLIC_STATE_JSON || form == PUBLIC_STATE_PAGE;
    struct tb_arena arena;
    struct chat_notice notice;
    struct chat_notice_ask asked;
    tb_bytes body = { request->in.data + request->head_len, request->body_len };
    tb_arena_init(&arena, conn->server->mem, REQUEST_ARENA_BYTES_MAX);
    const char *wrong =
        public_request_read(form, body, &arena, &notice, &asked, &request->is_french);
    bool is_notice = form == PUBLIC_NOTICE_JSON || form == PUBLIC_NOTICE_PAGE;
    if (wrong != NULL) {
        refuse(conn, CHAT_CODE_BAD_REQUEST, wrong, 0);
    } else if (!is_state && is_metered_out(conn->server, &conn->peer)) {
        refuse(conn, CHAT_CODE_RATE_LIMITED, "too many notices from your address; wait an hour",
               HOUR_MS);
    } else {
        if (!is_notice) memcpy(request->secret, asked.secret, sizeof request->secret);
        ask(conn, is_notice ? (const void *)&notice : &asked);
    }
    tb_arena_wipe(&arena);
}

/* The numbers of a log route; false when one is missing. */
static bool read_numbers(struct server_request *request, const struct host_http_request *head,
                         tb_bytes rest)
{
    uint8_t memory[256];
    struct tb_arena arena;
    tb_arena_init_fixed(&arena, memory, sizeof memory);
    switch (request->form) {
    case PUBLIC_LOG_ENTRY: return wire_text_u64_decode(rest, &request->first).code == TB_OK;
    case PUBLIC_LOG_INCLUSION:
        return public_number(head->query, "index", &arena, &request->first) &&
               public_number(head->query, "size", &arena, &request->second);
    case PUBLIC_LOG_CONSISTENCY:
        return public_number(head->query, "first", &arena, &request->first) &&
               public_number(head->query, "second", &arena, &request->second);
    default: return true;
    }
}

static const struct route *find_route(const struct host_http_request *head, tb_bytes *rest,
                                      bool *is_known)
{
    *is_known = false;
    for (size_t i = 0; i < ROUTE_COUNT; i++) {
        tb_bytes path = tb_bytes_text(routes[i].path);
        bool is_open = path.data[path.len - 1] == '/';
        if (!tb_bytes_starts_with(head->path, path)) continue;
        if (!is_open && head->path.len != path.len) continue;
        *is_known = true;
        if (routes[i].method != head->method) continue;
        *rest = tb_bytes_of(head->path.data + path.len, head->path.len - path.len);
        return &routes[i];
    }
    return NULL;
}

bool server_public(struct server_conn *conn, const struct host_http_request *head)
{
    struct server_request *request = conn->request;
    tb_bytes rest = { NULL, 0 };
    bool is_known;
    const struct route *route = find_route(head, &rest, &is_known);
    if (route == NULL) return false;
    request->form = (uint8_t)route->form;
    request->verb = (uint16_t)route->verb;
    if (route->method == HOST_HTTP_POST) {
        if (head->body_len > PUBLIC_BODY_LEN_MAX) {
            server_http_problem(conn, 413, "too_large", "a notice is at most 64 KiB");
            return true;
        }
        request->body_len = (size_t)head->body_len;
        conn->state = CONN_BODY;
        server_wait_for(conn, WAIT_BODY);
        return true;
    }
    if (head->body_len > 0) {
        server_http_problem(conn, 400, "bad_request", "this has no body");
        return true;
    }
    if (!read_numbers(request, head, rest)) {
        refuse(conn, CHAT_CODE_BAD_REQUEST, "the address lacks a number", 0);
        return true;
    }
    if (request->form == PUBLIC_COUNTS) {
        ask(conn, &(struct chat_nothing){ NULL });
    } else {
        ask(conn, &(struct chat_log_get){ request->first, request->second });
    }
    return true;
}

/* ------------------------------------------------------------------ pages without the engine */

bool server_public_page(struct server_conn *conn, const struct host_http_request *head)
{
    uint8_t memory[256];
    struct tb_arena arena;
    struct tb_buf body;
    tb_bytes language = { NULL, 0 };
    tb_status made;
    const struct public_contact *contact = &conn->server->config.contact;
    tb_arena_init_fixed(&arena, memory, sizeof memory);
    bool is_french = public_field(head->query, "lang", &arena, &language) &&
                     tb_bytes_equal(language, TB_LITERAL("fr"));
    tb_buf_init(&body, conn->server->mem, PUBLIC_TEXT_LEN_MAX);
    if (tb_bytes_equal(head->path, TB_LITERAL("/notice"))) {
        made = public_notice_form(is_french, contact, &body);
    } else if (tb_bytes_equal(head->path, TB_LITERAL("/notice/status"))) {
        made = public_state_form(is_french, &body);
    } else if (tb_bytes_equal(head->path, TB_LITERAL("/contact"))) {
        made = public_contact_page(is_french, contact, &body);
    } else if (tb_bytes_equal(head->path, TB_LITERAL("/.well-known/timbre-contact"))) {
        made = public_contact_json(contact, &body);
        if (made.code == TB_OK) send_text(conn, 200, "application/json", tb_buf_view(&body));
        else server_http_problem(conn, 503, "store_refused", "no memory for the page");
        tb_buf_wipe(&body);
        return true;
    } else {
        return false;
    }
    send_page(conn, 200, is_french, &body, made);
    return true;
}
