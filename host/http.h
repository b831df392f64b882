/*
 * Heads of HTTP/1.1 requests, read by http_parser and then judged more strictly than it does, and
 * answers.  A head is parsed once, when all of it is there, so that every part is a view into it.
 */
#ifndef TB_HOST_HTTP_H
#define TB_HOST_HTTP_H

#include "hub/hub.h"

enum host_http_method { HOST_HTTP_GET = 1, HOST_HTTP_HEAD, HOST_HTTP_POST, HOST_HTTP_OTHER };

/* Views into the head; what was not sent is empty. */
struct host_http_request {
    enum host_http_method method;
    tb_bytes path; /* without query */
    tb_bytes query;
    tb_bytes host;
    tb_bytes origin;
    tb_bytes authorization;
    tb_bytes forwarded_for; /* the last X-Forwarded-For */
    tb_bytes ws_key;
    tb_bytes ws_version;
    uint64_t body_len;
    bool is_kept_alive;   /* the connection may carry another request */
    bool is_websocket;    /* Connection: Upgrade and Upgrade: websocket */
    bool wants_continue;  /* Expect: 100-continue */
};

/* Octets up to and with the empty line that ends the head; 0 when it has not come yet.  `from`:
 * octets that an earlier call has looked at. */
size_t host_http_head_end(tb_bytes input, size_t from);

/*
 * Returns 0, or the status to refuse with: 400 for what HTTP/1.1 does not allow (no Host field, a
 * second one, two lengths, folded lines, a bare line feed that would end the head elsewhere),
 * 431 for more than header_count_max fields, 501 for a transfer coding, 505 for other versions.
 */
unsigned host_http_parse(tb_bytes head, size_t header_count_max, struct host_http_request *out);

/* "Bearer <base64url>" of 32 octets.  False for anything else. */
enum { HOST_HTTP_TOKEN_LEN = 32 };
bool host_http_bearer(tb_bytes authorization, uint8_t out[HOST_HTTP_TOKEN_LEN]);

/* May a page of this origin open a socket here: no Origin, the request's own host, or one of the
 * origins in `allowed` (separated by blanks). */
bool host_http_origin_is_allowed(const struct host_http_request *request, const char *allowed);

struct host_http_answer {
    unsigned status;
    const char *content_type;
    tb_bytes body;
    bool is_kept_alive;
    bool is_head;             /* the body's length alone is sent */
    const char *extra_fields; /* NULL, or "Name: value\r\n"... */
    const char *style_source; /* of the content security policy; NULL: no style at all */
    bool has_form;            /* the page may send its form to this hub */
};
/* The octets to send, in a blob without a frame header.  NULL: no memory. */
struct hub_blob *host_http_write(const struct host_http_answer *answer, struct tb_mem *mem);

/*
 * RFC 9457: {"type":"about:blank","title":...,"status":...,"code":...,"detail":...,"value":...}.
 * `code` is a stable name, `detail` for a person; both are quoted here.  A value of 0 is left out.
 */
enum { HOST_HTTP_PROBLEM_LEN_MAX = 2048 };
size_t host_http_problem(char out[HOST_HTTP_PROBLEM_LEN_MAX], unsigned status, const char *code,
                         tb_bytes detail, uint64_t value);
const char *host_http_reason(unsigned status);

#endif
