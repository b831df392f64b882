/*
 * Heads of requests: the end is found wherever the octets are cut, and every part of an accepted
 * head is a view into it, without control characters.
 * covers: host_http_head_end host_http_parse host_http_bearer host_http_origin_is_allowed
 */
#include "host/http.h"

#include "tests/fuzz/fuzz.h"

enum { HEADER_COUNT_MAX = 32 };

static void require_inside(tb_bytes part, tb_bytes head)
{
    if (part.len == 0) return;
    FUZZ_REQUIRE(part.data >= head.data && part.data + part.len <= head.data + head.len);
    for (size_t i = 0; i < part.len; i++) {
        FUZZ_REQUIRE(part.data[i] != '\r' && part.data[i] != '\n' && part.data[i] != 0);
    }
}

FUZZ_TARGET(input, arena)
{
    struct host_http_request request;
    uint8_t token[HOST_HTTP_TOKEN_LEN];
    size_t end = host_http_head_end(input, 0);
    FUZZ_REQUIRE(end <= input.len);
    for (size_t cut = 0; cut < input.len && cut < 64; cut++) {
        /* What an earlier call has looked at without finding the end need not be read again. */
        if (host_http_head_end((tb_bytes){ input.data, cut }, 0) != 0) break;
        FUZZ_REQUIRE(host_http_head_end(input, cut) == end);
    }
    if (end == 0) return;
    uint8_t *copy = tb_arena_take(arena, end, 1);
    FUZZ_REQUIRE(copy != NULL);
    memcpy(copy, input.data, end);
    tb_bytes head = { copy, end };
    unsigned refusal = host_http_parse(head, HEADER_COUNT_MAX, &request);
    FUZZ_REQUIRE(refusal == 0 || refusal == 400 || refusal == 431 || refusal == 501 ||
                 refusal == 505);
    if (refusal != 0) return;
    require_inside(request.path, head);
    require_inside(request.host, head);
    require_inside(request.origin, head);
    require_inside(request.authorization, head);
    require_inside(request.forwarded_for, head);
    require_inside(request.ws_key, head);
    require_inside(request.ws_version, head);
    (void)host_http_bearer(request.authorization, token);
    (void)host_http_origin_is_allowed(&request, "https://a.example https://b.example");
}
