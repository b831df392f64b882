/* deserialization: the header of a variable-size vector (RFC 9420, section 2.1.2). */
#include "tests/vectors/vectors.h"
#include "wire/tls.h"

bool vectors_deserialization(struct vectors_case *c)
{
    tb_bytes header, rest;
    uint64_t wanted;
    size_t len;
    uint8_t again[4];
    if (!vectors_hex(c, c->json, "vlbytes_header", &header)) return false;
    if (!vectors_u64(c, c->json, "length", &wanted)) return false;
    rest = header;
    if (!vectors_ok(c, "vlbytes_header", wire_length_take(&rest, &len))) return false;
    if (!vectors_true(c, "length", len == wanted && rest.len == 0)) return false;
    uint8_t *end = wire_length_put(again, len);
    return vectors_equal(c, c->json, "vlbytes_header",
                         (tb_bytes){ again, (size_t)(end - again) });
}
