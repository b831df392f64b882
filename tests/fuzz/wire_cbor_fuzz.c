/* covers: wire_cbor_open wire_cbor_take_uint wire_cbor_take_int wire_cbor_take_bytes
 * wire_cbor_take_string wire_cbor_take_array wire_cbor_take_map wire_cbor_take_tag
 * wire_cbor_take_bool wire_cbor_take_null wire_cbor_take_item wire_cbor_peek wire_cbor_put_int */
#include "tests/fuzz/fuzz.h"
#include "wire/cbor.h"

/* Read one item through the cursor and write it again; false when the cursor refuses. */
static bool rewrite(struct wire_cbor *cbor, struct tb_buf *out, unsigned depth);

static bool rewrite_items(struct wire_cbor *cbor, struct tb_buf *out, size_t count, unsigned depth)
{
    for (size_t i = 0; i < count; i++) {
        if (!rewrite(cbor, out, depth + 1)) return false;
    }
    return true;
}

static bool rewrite_group(struct wire_cbor *cbor, struct tb_buf *out, enum wire_cbor_kind kind,
                          unsigned depth)
{
    size_t count;
    uint64_t tag;
    if (kind == WIRE_CBOR_ARRAY) {
        if (!tb_is_ok(wire_cbor_take_array(cbor, &count))) return false;
        FUZZ_OK(wire_cbor_put_array(out, count));
        return rewrite_items(cbor, out, count, depth);
    }
    if (kind == WIRE_CBOR_MAP) {
        if (!tb_is_ok(wire_cbor_take_map(cbor, &count))) return false;
        FUZZ_OK(wire_cbor_put_map(out, count));
        return rewrite_items(cbor, out, 2 * count, depth);
    }
    FUZZ_OK(wire_cbor_take_tag(cbor, &tag));
    FUZZ_OK(wire_cbor_put_tag(out, tag));
    return rewrite_items(cbor, out, 1, depth);
}

static bool rewrite_run(struct wire_cbor *cbor, struct tb_buf *out, enum wire_cbor_kind kind)
{
    tb_bytes view;
    if (kind == WIRE_CBOR_BYTES) {
        if (!tb_is_ok(wire_cbor_take_bytes(cbor, &view))) return false;
        FUZZ_OK(wire_cbor_put_bytes(out, view));
        return true;
    }
    if (!tb_is_ok(wire_cbor_take_string(cbor, &view))) return false;
    FUZZ_OK(wire_cbor_put_string(out, view));
    return true;
}

static void rewrite_uint(struct wire_cbor *cbor, struct tb_buf *out)
{
    uint64_t value;
    FUZZ_OK(wire_cbor_take_uint(cbor, &value));
    FUZZ_OK(wire_cbor_put_uint(out, value));
}

static bool rewrite(struct wire_cbor *cbor, struct tb_buf *out, unsigned depth)
{
    enum wire_cbor_kind kind;
    int64_t number;
    tb_bytes view;
    bool is_true;
    if (depth > WIRE_CBOR_DEPTH_MAX) return false;
    if (!tb_is_ok(wire_cbor_peek(cbor, &kind))) return false;
    switch (kind) {
    case WIRE_CBOR_UINT: rewrite_uint(cbor, out); return true;
    case WIRE_CBOR_BYTES:
    case WIRE_CBOR_STRING: return rewrite_run(cbor, out, kind);
    case WIRE_CBOR_ARRAY:
    case WIRE_CBOR_MAP:
    case WIRE_CBOR_TAG: return rewrite_group(cbor, out, kind, depth);
    case WIRE_CBOR_BOOL:
        FUZZ_OK(wire_cbor_take_bool(cbor, &is_true));
        FUZZ_OK(wire_cbor_put_bool(out, is_true));
        return true;
    case WIRE_CBOR_NULL:
        FUZZ_OK(wire_cbor_take_null(cbor));
        FUZZ_OK(wire_cbor_put_null(out));
        return true;
    case WIRE_CBOR_NEGATIVE:
        if (tb_is_ok(wire_cbor_take_int(cbor, &number))) {
            FUZZ_OK(wire_cbor_put_int(out, number));
            return true;
        }
        break; /* below INT64_MIN */
    case WIRE_CBOR_OTHER: break;
    }
    if (!tb_is_ok(wire_cbor_take_item(cbor, &view))) return false;
    FUZZ_OK(tb_buf_append(out, view));
    return true;
}

FUZZ_TARGET(input, arena)
{
    struct wire_cbor checked, raw = { input };
    struct tb_buf out;
    tb_buf_init(&out, arena->mem, 2 * FUZZ_INPUT_LEN_MAX);
    bool is_accepted = tb_is_ok(wire_cbor_open(input, &checked));
    if (is_accepted) {
        FUZZ_REQUIRE(rewrite(&checked, &out, 1));
        FUZZ_REQUIRE(wire_cbor_at_end(&checked));
        FUZZ_REQUIRE(tb_bytes_equal(tb_buf_view(&out), input));
        tb_buf_clear(&out);
    }
    (void)rewrite(&raw, &out, 1); /* the cursor alone survives what the check refuses */
    tb_buf_wipe(&out);
}
