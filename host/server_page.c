/* The pages: how to join, /j/ for invitation links, health, limits. */
#include <openssl/sha.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "host/rng_os.h"
#include "host/server_internal.h"
#include "wire/text.h"

enum { PAGE_LEN_MAX = 8 << 10 };

struct page {
    char text[PAGE_LEN_MAX];
    size_t len;
};

static void add(struct page *page, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void add(struct page *page, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    size_t left = sizeof page->text - page->len;
    int len = vsnprintf(page->text + page->len, left, format, arguments);
    va_end(arguments);
    if (len > 0 && (size_t)len < left) page->len += (size_t)len;
}

/* ------------------------------------------------------------------ for people */

static const char style[] =
    "body{font:1.05rem/1.6 system-ui,sans-serif;max-width:38rem;margin:3rem auto;padding:0 1rem;"
    "color:#1c1c1c;background:#fdfdfb}"
    "input:not([type=checkbox]),select,textarea{font:inherit;width:100%;box-sizing:border-box}"
    "button{font:inherit;padding:.3rem 1rem}"
    "pre{background:#f0efe9;padding:.8rem 1rem;overflow-x:auto;border-radius:.3rem}"
    "h1{line-height:1.2}"
    "@media(prefers-color-scheme:dark){body{color:#e8e6df;background:#191917}"
    "pre{background:#262623}}";

static const char head_html[] =
    "<!doctype html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta name=\"robots\" content=\"noindex\">\n<title>%s</title>\n<style>%s</style>\n</head>\n"
    "<body>\n<main>\n";
static const char tail_html[] = "</main>\n</body>\n</html>\n";

static const char home_html[] =
    "<h1>A Timbre hub</h1>\n"
    "<p>This is an end-to-end encrypted messenger that people host themselves. The hub stamps and "
    "stores messages; it cannot read them.</p>\n"
    "<p>Accounts are made by invitation. If somebody gave you a link, start the client and paste "
    "the link when it asks:</p>\n"
    "<pre>timbre account register --profile NAME</pre>\n"
    "<p>With an account you can make rooms, join them and write:</p>\n"
    "<pre>timbre room list --profile NAME\ntimbre chat ROOM --profile NAME</pre>\n"
    "<p><a href=\"/notice\">Report illegal content</a> · <a href=\"/contact\">Contact</a> · "
    "<a href=\"/v1/transparency\">Public counts</a> · <a href=\"/v1/log/checkpoint\">Decision "
    "log</a> · <a href=\"/limits\">Limits of this hub</a> · <a href=\"/healthz\">Health</a></p>\n";

static const char join_html[] =
    "<h1>You have been invited</h1>\n"
    "<p>The invitation is in this page's address, behind the <code>#</code>. Your browser has not "
    "sent that part to the hub, and it should not go anywhere else: whoever has it can use "
    "it.</p>\n"
    "<ol>\n<li>Copy the whole address of this page.</li>\n"
    "<li>For an account on this hub, run"
    "<pre>timbre account register --profile NAME</pre>and paste the address when it asks.</li>\n"
    "<li>If you have an account and were invited to a room, run"
    "<pre>timbre room join --profile NAME</pre>and paste it there.</li>\n</ol>\n";

static void reply(struct server_conn *conn, const struct host_http_request *request,
                  unsigned status, const char *content_type, const struct page *page)
{
    struct host_http_answer answer = { .status = status,
                                       .content_type = content_type,
                                       .body = tb_bytes_of(page->text, page->len),
                                       .is_head = request->method == HOST_HTTP_HEAD,
                                       .style_source = conn->server->style_source };
    server_http_reply(conn, &answer);
}

static void show_html(struct server_conn *conn, const struct host_http_request *request,
                      const char *title, const char *body)
{
    struct page page = { .len = 0 };
    add(&page, head_html, "en", title, style);
    add(&page, "%s%s", body, tail_html);
    reply(conn, request, 200, "text/html; charset=utf-8", &page);
}

/* ------------------------------------------------------------------ for programs */

/* Both answer 200 or 503 and the same object. */
static void show_state(struct server_conn *conn, const struct host_http_request *request,
                       bool asks_ready)
{
    const struct host_server *server = conn->server;
    const char *state = server->is_draining      ? "draining"
                        : !server->is_store_well ? "store_refused"
                                                 : "ok";
    bool is_good = !asks_ready || strcmp(state, "ok") == 0;
    struct page page = { .len = 0 };
    add(&page, "{\"status\":\"%s\",\"version\":\"" TIMBRE_VERSION "\",\"protocol\":[%d,%d],"
               "\"schema\":%d}\n",
        state, CHAT_PROTOCOL_VERSION_MIN, CHAT_PROTOCOL_VERSION_MAX, HUB_SCHEMA_VERSION);
    reply(conn, request, is_good ? 200 : 503, "application/json", &page);
}

static void show_limits(struct server_conn *conn, const struct host_http_request *request)
{
    struct page page = { .len = 0 };
#define LIMIT_JSON(NAME_, DEFAULT_, TEXT_)                                                         \
    add(&page, "%s\"" #NAME_ "\":%llu", page.len == 1 ? "" : ",", (unsigned long long)from->NAME_);
    add(&page, "{");
    {
        const struct hub_limits *from = &conn->server->config.hub_limits;
        HUB_LIMIT_LIST(LIMIT_JSON)
    }
    {
        const struct host_server_limits *from = &conn->server->config.limits;
        HOST_LIMIT_LIST(LIMIT_JSON)
        HOST_TIMEOUT_LIST(LIMIT_JSON)
    }
    add(&page, "}\n");
    reply(conn, request, 200, "application/json", &page);
}

bool server_page(struct server_conn *conn, const struct host_http_request *request)
{
    tb_bytes path = request->path;
    if (tb_bytes_equal(path, TB_LITERAL("/"))) {
        show_html(conn, request, "A Timbre hub", home_html);
    } else if (tb_bytes_equal(path, TB_LITERAL("/j/")) || tb_bytes_equal(path, TB_LITERAL("/j"))) {
        show_html(conn, request, "An invitation", join_html);
    } else if (tb_bytes_equal(path, TB_LITERAL("/healthz"))) {
        show_state(conn, request, false);
    } else if (tb_bytes_equal(path, TB_LITERAL("/readyz"))) {
        show_state(conn, request, true);
    } else if (tb_bytes_equal(path, TB_LITERAL("/limits"))) {
        show_limits(conn, request);
    } else {
        return false;
    }
    return true;
}

tb_status server_page_wrap(const char *lang, const struct tb_buf *body, struct tb_buf *out)
{
    char head[sizeof head_html + sizeof style + 64];
    int len = snprintf(head, sizeof head, head_html, lang, "Timbre", style);
    TRY(tb_buf_append(out, tb_bytes_of(head, (size_t)len)));
    TRY(tb_buf_append(out, tb_buf_view(body)));
    return tb_buf_append(out, TB_LITERAL(tail_html));
}

void server_page_init(struct host_server *server)
{
    uint8_t hash[SHA256_DIGEST_LENGTH];
    char text[44];
    uint8_t seed[8] = { 0 };
    struct host_rng rng;
    host_rng_init(&rng);
    tb_status status = tb_rng_fill(&rng.rng, seed, sizeof seed);
    (void)status; /* addresses are told apart without it too */
    server->notice_seed = tb_get_u64(seed);
    SHA256((const uint8_t *)style, sizeof style - 1, hash);
    wire_text_base64_encode(WIRE_TEXT_BASE64, TB_ARRAY(hash), text);
    snprintf(server->style_source, sizeof server->style_source, "'sha256-%.*s'", (int)sizeof text,
             text);
}
