#include "host/http.h"

#include <http_parser.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "wire/text.h"

size_t host_http_head_end(tb_bytes input, size_t from)
{
    static const char end[] = "\r\n\r\n";
    size_t at = from < 3 ? 0 : from - 3;
    if (input.len < 4 || at > input.len - 4) return 0;
    const uint8_t *found = memmem(input.data + at, input.len - at, end, 4);
    return found == NULL ? 0 : (size_t)(found - input.data) + 4;
}

/* ------------------------------------------------------------------ parsing */

/* Fields that a request is looked at for; of those that are `once` a second one is refused. */
static const struct field {
    const char *name;
    size_t offset;
    bool is_once;
} fields[] = {
    { "host", offsetof(struct host_http_request, host), true },
    { "origin", offsetof(struct host_http_request, origin), true },
    { "authorization", offsetof(struct host_http_request, authorization), true },
    { "x-forwarded-for", offsetof(struct host_http_request, forwarded_for), false },
    { "sec-websocket-key", offsetof(struct host_http_request, ws_key), true },
    { "sec-websocket-version", offsetof(struct host_http_request, ws_version), true },
};
enum { FIELD_COUNT = sizeof fields / sizeof fields[0] };

struct reading {
    struct host_http_request *request;
    tb_bytes url, name;
    size_t header_count, header_count_max;
    unsigned seen; /* bit per row of fields */
    unsigned refusal;
    bool is_upgrade, is_transfer_coded, is_whole, has_value;
};

static bool is_text(tb_bytes value, const char *text)
{
    return value.len == strlen(text) &&
           strncasecmp((const char *)value.data, text, value.len) == 0;
}

static int refuse(struct reading *reading, unsigned status)
{
    if (reading->refusal == 0) reading->refusal = status;
    return 1;
}

static int on_url(http_parser *parser, const char *at, size_t len)
{
    struct reading *reading = parser->data;
    reading->url = tb_bytes_of(at, len);
    return 0;
}

/* RFC 9110, section 5.6.2.  The parser lets blanks pass; a field can hide behind one. */
static bool is_token(tb_bytes name)
{
    static const char others[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.data[i];
        bool is_alphanumeric = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
        if (!is_alphanumeric && (c == 0 || strchr(others, c) == NULL)) return false;
    }
    return name.len > 0;
}

static int on_field(http_parser *parser, const char *at, size_t len)
{
    struct reading *reading = parser->data;
    if (!is_token(tb_bytes_of(at, len))) return refuse(reading, 400);
    if (++reading->header_count > reading->header_count_max) return refuse(reading, 431);
    reading->name = tb_bytes_of(at, len);
    reading->has_value = false;
    return 0;
}

static int on_value(http_parser *parser, const char *at, size_t len)
{
    struct reading *reading = parser->data;
    tb_bytes value = tb_bytes_of(at, len);
    /* A second piece of one value is a folded line (RFC 9112, section 5.2: refuse). */
    if (reading->has_value) return refuse(reading, 400);
    if (memchr(at, 0, len) != NULL) return refuse(reading, 400); /* RFC 9110, section 5.5 */
    reading->has_value = true;
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (!is_text(reading->name, fields[i].name)) continue;
        if (fields[i].is_once && (reading->seen & (1u << i))) return refuse(reading, 400);
        reading->seen |= 1u << i;
        memcpy((char *)reading->request + fields[i].offset, &value, sizeof value);
    }
    if (is_text(reading->name, "transfer-encoding")) reading->is_transfer_coded = true;
    if (is_text(reading->name, "upgrade")) reading->is_upgrade = is_text(value, "websocket");
    if (is_text(reading->name, "expect")) {
        reading->request->wants_continue = is_text(value, "100-continue");
    }
    return 0;
}

static int on_head(http_parser *parser)
{
    struct reading *reading = parser->data;
    struct host_http_request *request = reading->request;
    reading->is_whole = true;
    request->method = parser->method == HTTP_GET    ? HOST_HTTP_GET
                      : parser->method == HTTP_HEAD ? HOST_HTTP_HEAD
                      : parser->method == HTTP_POST ? HOST_HTTP_POST
                                                    : HOST_HTTP_OTHER;
    request->body_len = parser->content_length == UINT64_MAX ? 0 : parser->content_length;
    request->is_kept_alive = http_should_keep_alive(parser) != 0;
    request->is_websocket = parser->upgrade && reading->is_upgrade;
    if (parser->http_major != 1 || parser->http_minor > 1) return refuse(reading, 505);
    return 2; /* the body is ours to read: stop behind the head */
}

unsigned host_http_parse(tb_bytes head, size_t header_count_max, struct host_http_request *out)
{
    static const http_parser_settings settings = { .on_url = on_url,
                                                   .on_header_field = on_field,
                                                   .on_header_value = on_value,
                                                   .on_headers_complete = on_head };
    struct reading reading = { .request = out, .header_count_max = header_count_max };
    http_parser parser;
    *out = (struct host_http_request){ .body_len = 0 };
    http_parser_init(&parser, HTTP_REQUEST);
    parser.data = &reading;
    size_t used = http_parser_execute(&parser, &settings, (const char *)head.data, head.len);
    if (reading.refusal != 0) return reading.refusal;
    if (HTTP_PARSER_ERRNO(&parser) == HPE_INVALID_VERSION) return 505;
    if (HTTP_PARSER_ERRNO(&parser) != HPE_OK || !reading.is_whole || used != head.len) return 400;
    if (reading.is_transfer_coded) return 501;
    if (out->host.len == 0) return 400;

    struct http_parser_url url;
    http_parser_url_init(&url);
    if (reading.url.len == 0 || reading.url.data[0] != '/' ||
        http_parser_parse_url((const char *)reading.url.data, reading.url.len, 0, &url) != 0 ||
        !(url.field_set & (1 << UF_PATH))) {
        return 400;
    }
    out->path = tb_bytes_of(reading.url.data + url.field_data[UF_PATH].off,
                            url.field_data[UF_PATH].len);
    if (url.field_set & (1 << UF_QUERY)) {
        out->query = tb_bytes_of(reading.url.data + url.field_data[UF_QUERY].off,
                                 url.field_data[UF_QUERY].len);
    }
    return 0;
}

bool host_http_bearer(tb_bytes authorization, uint8_t out[HOST_HTTP_TOKEN_LEN])
{
    static const char scheme[] = "Bearer ";
    size_t scheme_len = sizeof scheme - 1, len = 0;
    if (authorization.len <= scheme_len) return false;
    if (strncasecmp((const char *)authorization.data, scheme, scheme_len) != 0) return false;
    tb_bytes text = { authorization.data + scheme_len, authorization.len - scheme_len };
    tb_status status =
        wire_text_base64_decode(WIRE_TEXT_BASE64URL, text, out, HOST_HTTP_TOKEN_LEN, &len);
    return status.code == TB_OK && len == HOST_HTTP_TOKEN_LEN;
}

bool host_http_origin_is_allowed(const struct host_http_request *request, const char *allowed)
{
    tb_bytes origin = request->origin;
    if (origin.len == 0) return true;
    const uint8_t *slashes = memmem(origin.data, origin.len, "://", 3);
    if (slashes != NULL) {
        size_t offset = (size_t)(slashes - origin.data) + 3;
        tb_bytes authority = { origin.data + offset, origin.len - offset };
        if (authority.len == request->host.len &&
            strncasecmp((const char *)authority.data, (const char *)request->host.data,
                        authority.len) == 0) {
            return true;
        }
    }
    while (*allowed != 0) {
        size_t len = strcspn(allowed, " ");
        if (tb_bytes_equal(tb_bytes_of(allowed, len), origin)) return true;
        allowed += len + strspn(allowed + len, " ");
    }
    return false;
}

/* ------------------------------------------------------------------ answers */

const char *host_http_reason(unsigned status)
{
    switch (status) {
#define REASON_CASE(NUMBER_, NAME_, TEXT_)                                                         \
    case NUMBER_: return #TEXT_;
        HTTP_STATUS_MAP(REASON_CASE)
    default: return "Unknown";
    }
}

struct hub_blob *host_http_write(const struct host_http_answer *answer, struct tb_mem *mem)
{
    /* A page may load nothing but its own style, run nothing, and be framed by nobody. */
    static const char form[] =
        "HTTP/1.1 %u %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
        "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
        "Referrer-Policy: no-referrer\r\nCross-Origin-Resource-Policy: same-origin\r\n"
        "Content-Security-Policy: default-src 'none'; style-src %s; "
        "base-uri 'none'; form-action %s; frame-ancestors 'none'\r\n"
        "%s%s\r\n";
    char head[1024];
    int len = snprintf(head, sizeof head, form, answer->status, host_http_reason(answer->status),
                       answer->content_type, answer->body.len,
                       answer->style_source == NULL ? "'none'" : answer->style_source,
                       answer->has_form ? "'self'" : "'none'",
                       answer->extra_fields == NULL ? "" : answer->extra_fields,
                       answer->is_kept_alive ? "" : "Connection: close\r\n");
    if (len < 0 || (size_t)len >= sizeof head) return NULL;
    size_t body_len = answer->is_head ? 0 : answer->body.len;
    struct hub_blob *blob = hub_blob_new(mem, (size_t)len + body_len);
    if (blob == NULL) return NULL;
    memcpy(blob->data, head, (size_t)len);
    if (body_len > 0) memcpy(blob->data + len, answer->body.data, body_len);
    return blob;
}

size_t host_http_problem(char out[HOST_HTTP_PROBLEM_LEN_MAX], unsigned status, const char *code,
                         tb_bytes detail, uint64_t value)
{
    char text[HOST_HTTP_PROBLEM_LEN_MAX / 2];
    size_t len = 0, i = 0;
    if (!wire_text_is_utf8(detail)) detail.len = 0;
    for (; i < detail.len && len + 3 < sizeof text; i++) {
        uint8_t c = detail.data[i];
        if (c < 0x20 || c == 0x7f) c = ' ';
        if (c == '"' || c == '\\') text[len++] = '\\';
        text[len++] = (char)c;
    }
    if (i < detail.len) { /* cut: not inside of a character */
        while (len > 0 && ((uint8_t)text[len - 1] & 0xc0) == 0x80) len--;
        if (len > 0 && (uint8_t)text[len - 1] >= 0xc0) len--;
    }
    text[len] = 0;
    char number[40] = "";
    if (value != 0) {
        snprintf(number, sizeof number, ",\"value\":%llu", (unsigned long long)value);
    }
    int whole = snprintf(out, HOST_HTTP_PROBLEM_LEN_MAX,
                         "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%u,"
                         "\"code\":\"%s\",\"detail\":\"%s\"%s}\n",
                         host_http_reason(status), status, code, text, number);
    return whole < 0 || whole >= HOST_HTTP_PROBLEM_LEN_MAX ? 0 : (size_t)whole;
}
