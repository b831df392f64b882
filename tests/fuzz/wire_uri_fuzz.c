/* covers: wire_uri_parse wire_uri_build wire_uri_is_domain wire_uri_is_id */
#include "tests/fuzz/fuzz.h"
#include "wire/uri.h"

FUZZ_TARGET(input, arena)
{
    struct wire_uri uri;
    tb_bytes text;
    if (!tb_is_ok(wire_uri_parse(input, &uri))) return;
    FUZZ_OK(wire_uri_build(&uri, arena, &text));
    FUZZ_REQUIRE(tb_bytes_equal(text, input));
    FUZZ_REQUIRE(wire_uri_is_domain(uri.domain));
    if (uri.kind == WIRE_URI_DEVICE) {
        struct wire_uri user = wire_uri_user_of(&uri), again;
        FUZZ_OK(wire_uri_build(&user, arena, &text));
        FUZZ_OK(wire_uri_parse(text, &again));
        FUZZ_REQUIRE(again.kind == WIRE_URI_USER && tb_bytes_equal(again.user, uri.user));
    }
}
