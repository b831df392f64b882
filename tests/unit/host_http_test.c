/* Request heads: what is read off them, and everything that is refused. */
#include "host/http.h"
#include "tests/support.h"

enum { HEADER_COUNT_MAX = 8 };

static unsigned parse(const char *head, struct host_http_request *out)
{
    return host_http_parse(tb_bytes_text(head), HEADER_COUNT_MAX, out);
}

static void a_head_ends_at_its_empty_line_however_it_came(void **state)
{
    (void)state;
    tb_bytes whole = TB_LITERAL("GET / HTTP/1.1\r\nHost: a\r\n\r\nbody");
    size_t looked_at = 0;
    for (size_t len = 0; len < whole.len; len++) {
        size_t end = host_http_head_end(tb_bytes_of(whole.data, len), looked_at);
        assert_int_equal(end, len >= whole.len - 4 ? whole.len - 4 : 0);
        looked_at = end == 0 ? len : 0;
    }
}

static void the_parts_that_count_are_read(void **state)
{
    (void)state;
    struct host_http_request request;
    assert_int_equal(parse("POST /v1/submit?x=1 HTTP/1.1\r\nhOsT: hub.example:80\r\n"
                           "Content-Length: 12\r\nExpect: 100-continue\r\n"
                           "Authorization: Bearer abc\r\nX-Forwarded-For: 192.0.2.1\r\n"
                           "X-Forwarded-For: 192.0.2.2\r\n\r\n", &request), 0);
    assert_int_equal(request.method, HOST_HTTP_POST);
    assert_bytes(request.path, TB_LITERAL("/v1/submit"));
    assert_bytes(request.host, TB_LITERAL("hub.example:80"));
    assert_bytes(request.authorization, TB_LITERAL("Bearer abc"));
    assert_bytes(request.forwarded_for, TB_LITERAL("192.0.2.2"));
    assert_int_equal(request.body_len, 12);
    assert_true(request.is_kept_alive && request.wants_continue && !request.is_websocket);
}

static void an_upgrade_needs_both_of_its_fields(void **state)
{
    (void)state;
    struct host_http_request request;
    assert_int_equal(parse("GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\n"
                           "Upgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\n\r\n", &request), 0);
    assert_true(request.is_websocket);
    assert_int_equal(parse("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n", &request), 0);
    assert_false(request.is_websocket);
    assert_int_equal(parse("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n"
                           "Upgrade: h2c\r\n\r\n", &request), 0);
    assert_false(request.is_websocket);
}

static void a_connection_is_kept_as_the_version_says(void **state)
{
    (void)state;
    struct host_http_request request;
    assert_int_equal(parse("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", &request), 0);
    assert_false(request.is_kept_alive);
    assert_int_equal(parse("GET / HTTP/1.0\r\nHost: a\r\n\r\n", &request), 0);
    assert_false(request.is_kept_alive);
}

static void what_http_does_not_allow_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *rule, *head;
        unsigned status;
    } cases[] = {
        { "no Host", "GET / HTTP/1.1\r\n\r\n", 400 },
        { "two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400 },
        { "two lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
                         "Content-Length: 1\r\n\r\n", 400 },
        { "a length that is none", "POST / HTTP/1.1\r\nHost: a\r\n"
                                   "Content-Length: 1x\r\n\r\n", 400 },
        { "a length over 64 bits", "POST / HTTP/1.1\r\nHost: a\r\n"
                                   "Content-Length: 99999999999999999999\r\n\r\n", 400 },
        { "a folded field", "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n", 400 },
        { "an end before the end", "GET / HTTP/1.1\r\nHost: a\n\nGET /\r\n\r\n", 400 },
        { "an absolute target", "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
        { "a blank in a field's name", "GET / HTTP/1.1\r\nHost: a\r\nX y: b\r\n\r\n", 400 },
        { "a blank behind it", "POST / HTTP/1.1\r\nHost: a\r\n"
                               "Transfer-Encoding : chunked\r\n\r\n", 400 },
        { "no method", " / HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
        { "a transfer coding", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
          501 },
        { "version 2", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505 },
        { "many fields", "GET / HTTP/1.1\r\nHost: a\r\na: 1\r\nb: 1\r\nc: 1\r\nd: 1\r\ne: 1\r\n"
                         "f: 1\r\ng: 1\r\nh: 1\r\n\r\n", 431 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct host_http_request request;
        unsigned status = parse(cases[i].head, &request);
        if (status != cases[i].status) fail_msg("%s: %u", cases[i].rule, status);
    }
}

static void a_token_is_bearer_and_32_octets(void **state)
{
    (void)state;
    uint8_t token[HOST_HTTP_TOKEN_LEN];
    const char *good = "bearer AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    assert_true(host_http_bearer(tb_bytes_text(good), token));
    for (uint8_t i = 0; i < sizeof token; i++) assert_int_equal(token[i], i);
    assert_false(host_http_bearer(TB_LITERAL("Bearer "), token));
    assert_false(host_http_bearer(TB_LITERAL("Bearer AAEC"), token));
    assert_false(host_http_bearer(TB_LITERAL("Basic AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"),
                                  token));
    assert_false(host_http_bearer(
        TB_LITERAL("Bearer AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="), token));
}

static bool is_allowed(const char *origin, const char *host, const char *allowed)
{
    struct host_http_request request = { .origin = tb_bytes_text(origin),
                                         .host = tb_bytes_text(host) };
    return host_http_origin_is_allowed(&request, allowed);
}

static void only_ones_own_origin_and_those_named_may_connect(void **state)
{
    (void)state;
    assert_true(is_allowed("", "a", ""));
    assert_true(is_allowed("https://Hub.example:8470", "hub.example:8470", ""));
    assert_false(is_allowed("https://hub.example", "hub.example:8470", ""));
    assert_false(is_allowed("https://hub.example.evil", "hub.example", ""));
    assert_false(is_allowed("null", "hub.example", ""));
    assert_false(is_allowed("https://b.example", "a", "https://a.example https://b.example.org"));
    assert_true(is_allowed("https://b.example", "a", "https://a.example https://b.example"));
}

static void an_answer_has_its_length_with_and_without_body(void **state)
{
    (void)state;
    struct test_heap heap;
    test_heap_init(&heap);
    struct host_http_answer answer = { .status = 200, .content_type = "text/plain",
                                       .body = TB_LITERAL("hello") };
    struct hub_blob *blob = host_http_write(&answer, &heap.mem);
    tb_bytes whole = tb_bytes_of(blob->data, blob->len);
    assert_true(tb_bytes_starts_with(whole, TB_LITERAL("HTTP/1.1 200 OK\r\n")));
    assert_non_null(memmem(whole.data, whole.len, "Content-Length: 5\r\n", 19));
    assert_non_null(memmem(whole.data, whole.len, "Connection: close\r\n\r\nhello", 26));
    hub_blob_drop(blob);
    answer.is_head = true;
    answer.is_kept_alive = true;
    blob = host_http_write(&answer, &heap.mem);
    whole = tb_bytes_of(blob->data, blob->len);
    assert_non_null(memmem(whole.data, whole.len, "Content-Length: 5\r\n", 19));
    assert_int_equal(host_http_head_end(whole, 0), whole.len);
    hub_blob_drop(blob);
    heap.fail_after = 0;
    assert_null(host_http_write(&answer, &heap.mem));
    assert_int_equal(heap.mem.used_bytes, 0);
}

static void a_problem_is_json_whatever_its_detail_says(void **state)
{
    (void)state;
    char out[HOST_HTTP_PROBLEM_LEN_MAX];
    size_t len = host_http_problem(out, 429, "rate_limited", TB_LITERAL("a \"b\" \\ \n c"), 1500);
    assert_bytes(tb_bytes_of(out, len),
                 TB_LITERAL("{\"type\":\"about:blank\",\"title\":\"Too Many Requests\","
                            "\"status\":429,\"code\":\"rate_limited\","
                            "\"detail\":\"a \\\"b\\\" \\\\   c\",\"value\":1500}\n"));
    len = host_http_problem(out, 400, "bad_request", TB_LITERAL("\xff\xfe"), 0);
    assert_non_null(memmem(out, len, "\"detail\":\"\"}", 12));
    char long_text[3000];
    memset(long_text, '"', sizeof long_text);
    len = host_http_problem(out, 400, "x", tb_bytes_of(long_text, sizeof long_text), 0);
    assert_true(len > 0 && out[len - 2] == '}');
    for (size_t i = 0; i + 1 < sizeof long_text; i += 2) memcpy(long_text + i, "\xc3\xa9", 2);
    len = host_http_problem(out, 400, "x", tb_bytes_of(long_text, sizeof long_text), 0);
    assert_memory_equal(out + len - 5, "\xc3\xa9\"}\n", 5); /* cut between two characters */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_head_ends_at_its_empty_line_however_it_came),
        cmocka_unit_test(the_parts_that_count_are_read),
        cmocka_unit_test(an_upgrade_needs_both_of_its_fields),
        cmocka_unit_test(a_connection_is_kept_as_the_version_says),
        cmocka_unit_test(what_http_does_not_allow_is_refused),
        cmocka_unit_test(a_token_is_bearer_and_32_octets),
        cmocka_unit_test(only_ones_own_origin_and_those_named_may_connect),
        cmocka_unit_test(an_answer_has_its_length_with_and_without_body),
        cmocka_unit_test(a_problem_is_json_whatever_its_detail_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
