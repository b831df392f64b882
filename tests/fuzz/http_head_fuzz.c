/* A request's head, as a stranger may send it: what is accepted is read within the head, and does
 * not depend on what stands behind it.
 * covers: host_http_head_end host_http_parse host_http_bearer host_http_origin_is_allowed
 * host_peer_behind host_http_problem */
#include "host/http.h"
#include "host/net.h"
#include "tests/fuzz/fuzz.h"

enum { HEADER_COUNT_MAX = 64 };

static void require_inside(tb_bytes part, tb_bytes head)
{
    if (part.len == 0) return;
    FUZZ_REQUIRE(part.data >= head.data && part.data + part.len <= head.data + head.len);
    FUZZ_REQUIRE(memchr(part.data, '\n', part.len) == NULL);
}

FUZZ_TARGET(input, arena)
{
    struct host_http_request request;
    uint8_t token[HOST_HTTP_TOKEN_LEN];
    char problem[HOST_HTTP_PROBLEM_LEN_MAX];
    struct host_networks everyone;
    struct host_peer peer = { { 0 } };
    size_t problem_len = host_http_problem(problem, 400, "code", input, input.len);
    FUZZ_REQUIRE(problem_len > 0 && memchr(problem, '\n', problem_len - 1) == NULL);
    size_t head_len = host_http_head_end(input, 0);
    FUZZ_REQUIRE(head_len <= input.len);
    if (head_len == 0) return;
    FUZZ_REQUIRE(head_len == host_http_head_end(input, head_len - 1)); /* not looked at before */

    /* In memory of exactly its size, so that a read behind it is seen. */
    uint8_t *copy = tb_arena_take(arena, head_len, 1);
    FUZZ_REQUIRE(copy != NULL);
    memcpy(copy, input.data, head_len);
    tb_bytes head = { copy, head_len };
    unsigned status = host_http_parse(head, HEADER_COUNT_MAX, &request);
    if (status != 0) {
        FUZZ_REQUIRE(status == 400 || status == 431 || status == 501 || status == 505);
        return;
    }
    FUZZ_REQUIRE(request.host.len > 0 && request.path.len > 0 && request.path.data[0] == '/');
    require_inside(request.path, head);
    require_inside(request.host, head);
    require_inside(request.origin, head);
    require_inside(request.authorization, head);
    require_inside(request.forwarded_for, head);
    require_inside(request.ws_key, head);
    require_inside(request.ws_version, head);
    (void)host_http_bearer(request.authorization, token);
    (void)host_http_origin_is_allowed(&request, "https://a.example https://b.example");
    FUZZ_OK(host_networks_parse("0.0.0.0/0 ::/0", &everyone));
    (void)host_peer_behind(peer, request.forwarded_for, &everyone);
}
