/*
 * CBOR in the core deterministic encoding of RFC 8949, section 4.2.1, and nothing else.
 *
 * Reading is in two steps.  wire_cbor_open checks the whole input once: shortest integers and
 * lengths, definite lengths, map keys in bytewise order of their encodings and unique, texts in
 * UTF-8, floats in their shortest form, the depth limit, no octet behind the item.  The cursor
 * it returns then walks through what was checked and refuses only a type or a count that the
 * format does not expect.  The cursor checks its own bounds all the same.
 *
 * Writing: the caller gives map entries in order, or lets wire_cbor_put_pairs sort them.  Encodings
 * made here are accepted by wire_cbor_open as long as counts are kept.
 */
#ifndef TB_WIRE_CBOR_H
#define TB_WIRE_CBOR_H

#include "base/mem.h"
#include "wire/status.h"

/* Arrays, maps and tags inside one another; an item outside any of them has depth 1. */
enum { WIRE_CBOR_DEPTH_MAX = 16 };

enum wire_cbor_kind {
    WIRE_CBOR_UINT = 1, /* 0 to 2^64 - 1 */
    WIRE_CBOR_NEGATIVE, /* -1 to -2^64 */
    WIRE_CBOR_BYTES,
    WIRE_CBOR_STRING, /* UTF-8 */
    WIRE_CBOR_ARRAY,
    WIRE_CBOR_MAP,
    WIRE_CBOR_TAG,
    WIRE_CBOR_BOOL,
    WIRE_CBOR_NULL,
    WIRE_CBOR_OTHER, /* undefined, a float, another simple value: only take_item reads it */
};

/* What is left to read.  A copy is a bookmark. */
struct wire_cbor {
    tb_bytes rest;
};

/* The input is exactly one item.  WIRE_TRUNCATED, WIRE_TRAILING, WIRE_CBOR_FORM, WIRE_CBOR_DEPTH,
 * WIRE_TEXT.  The views handed out later point into the input. */
TB_MUST_USE tb_status wire_cbor_open(tb_bytes input, struct wire_cbor *out);

/* The same checks for one item at the start of *input; *item is its span, *input what follows. */
TB_MUST_USE tb_status wire_cbor_check(tb_bytes *input, tb_bytes *item);

/* Nothing is left: after the last expected item this must hold. */
bool wire_cbor_at_end(const struct wire_cbor *cbor);
/* The kind of the next item, nothing consumed. */
TB_MUST_USE tb_status wire_cbor_peek(const struct wire_cbor *cbor, enum wire_cbor_kind *out);

/* Each takes the next item; WIRE_CBOR_TYPE for another kind or, with integers, another range,
 * WIRE_TRUNCATED at the end.  On refusal the cursor stays where it was. */
TB_MUST_USE tb_status wire_cbor_take_uint(struct wire_cbor *cbor, uint64_t *out);
TB_MUST_USE tb_status wire_cbor_take_int(struct wire_cbor *cbor, int64_t *out);
TB_MUST_USE tb_status wire_cbor_take_bytes(struct wire_cbor *cbor, tb_bytes *out);
TB_MUST_USE tb_status wire_cbor_take_string(struct wire_cbor *cbor, tb_bytes *out);
TB_MUST_USE tb_status wire_cbor_take_bool(struct wire_cbor *cbor, bool *out);
TB_MUST_USE tb_status wire_cbor_take_null(struct wire_cbor *cbor);
/* The head alone; *count items (array), *count pairs (map) or one item (tag) follow. */
TB_MUST_USE tb_status wire_cbor_take_array(struct wire_cbor *cbor, size_t *count);
TB_MUST_USE tb_status wire_cbor_take_map(struct wire_cbor *cbor, size_t *count);
TB_MUST_USE tb_status wire_cbor_take_tag(struct wire_cbor *cbor, uint64_t *tag);
/* One whole item of any kind, checked again in full; out is its encoding and may be NULL. */
TB_MUST_USE tb_status wire_cbor_take_item(struct wire_cbor *cbor, tb_bytes *out);

/* Each appends one item or head.  TB_TOO_LONG or TB_NO_SPACE from the buffer. */
TB_MUST_USE tb_status wire_cbor_put_uint(struct tb_buf *buf, uint64_t value);
TB_MUST_USE tb_status wire_cbor_put_int(struct tb_buf *buf, int64_t value);
TB_MUST_USE tb_status wire_cbor_put_bytes(struct tb_buf *buf, tb_bytes value);
TB_MUST_USE tb_status wire_cbor_put_string(struct tb_buf *buf, tb_bytes value); /* or WIRE_TEXT */
TB_MUST_USE tb_status wire_cbor_put_bool(struct tb_buf *buf, bool value);
TB_MUST_USE tb_status wire_cbor_put_null(struct tb_buf *buf);
TB_MUST_USE tb_status wire_cbor_put_array(struct tb_buf *buf, size_t count);
TB_MUST_USE tb_status wire_cbor_put_map(struct tb_buf *buf, size_t count);
TB_MUST_USE tb_status wire_cbor_put_tag(struct tb_buf *buf, uint64_t tag);

/* A whole map from encoded keys and values in any order.  WIRE_CBOR_FORM for a double key. */
struct wire_cbor_pair {
    tb_bytes key;
    tb_bytes value;
};
enum { WIRE_CBOR_PAIRS_MAX = 64 }; /* the sort is quadratic; more is the caller's bug */
TB_MUST_USE tb_status wire_cbor_put_pairs(struct tb_buf *buf, const struct wire_cbor_pair *pairs,
                                          size_t count);

#endif
