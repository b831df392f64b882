#include "wire/cbor.h"

#include <assert.h>

#include "wire/text.h"

/* RFC 8949, section 3.1. */
enum major {
    MAJOR_UINT = 0,
    MAJOR_NEGATIVE = 1,
    MAJOR_BYTES = 2,
    MAJOR_STRING = 3,
    MAJOR_ARRAY = 4,
    MAJOR_MAP = 5,
    MAJOR_TAG = 6,
    MAJOR_SIMPLE = 7,
};

/* Section 3.3. */
enum {
    SIMPLE_FALSE = 20,
    SIMPLE_TRUE = 21,
    SIMPLE_NULL = 22,
    SIMPLE_IN_OCTET_MIN = 32, /* smaller ones have a shorter form or are reserved */
    INFO_OCTET = 24,
    INFO_HALF = 25,
    INFO_SINGLE = 26,
    INFO_DOUBLE = 27,
};

/* The first octet, and the argument that it carries or that follows it. */
struct head {
    enum major major;
    unsigned info;
    uint64_t argument;
};

static uint64_t big_endian(const uint8_t *at, size_t len)
{
    uint64_t value = 0;
    for (size_t i = 0; i < len; i++) value = value << 8 | at[i];
    return value;
}

/* The smallest argument that needs this info, so that a shorter form is not possible. */
static bool is_shortest(const struct head *head)
{
    if (head->major == MAJOR_SIMPLE) {
        return head->info != INFO_OCTET || head->argument >= SIMPLE_IN_OCTET_MIN;
    }
    switch (head->info) {
    case INFO_OCTET: return head->argument >= INFO_OCTET;
    case INFO_HALF: return head->argument > UINT8_MAX;
    case INFO_SINGLE: return head->argument > UINT16_MAX;
    case INFO_DOUBLE: return head->argument > UINT32_MAX;
    default: return true;
    }
}

/* The bounds check of heads.  *rest moves behind the head, on success only. */
static tb_status take_head(tb_bytes *rest, struct head *out)
{
    if (rest->len == 0) return TB_STATUS(WIRE_TRUNCATED);
    struct head head = { (enum major)(rest->data[0] >> 5), rest->data[0] & 0x1fu, 0 };
    size_t len = 1;
    if (head.info > INFO_DOUBLE) return TB_STATUS(WIRE_CBOR_FORM); /* reserved or indefinite */
    if (head.info < INFO_OCTET) {
        head.argument = head.info;
    } else {
        size_t octets = (size_t)1 << (head.info - INFO_OCTET);
        if (rest->len - 1 < octets) return TB_STATUS(WIRE_TRUNCATED);
        head.argument = big_endian(rest->data + 1, octets);
        len += octets;
    }
    if (!is_shortest(&head)) return TB_STATUS(WIRE_CBOR_FORM);
    *rest = (tb_bytes){ rest->data + len, rest->len - len };
    *out = head;
    return TB_STATUS(TB_OK);
}

/* The bounds check of contents. */
static tb_status take_octets(tb_bytes *rest, uint64_t len, tb_bytes *out)
{
    if (len > rest->len) return TB_STATUS(WIRE_TRUNCATED);
    *out = (tb_bytes){ rest->data, (size_t)len };
    *rest = (tb_bytes){ rest->data + len, rest->len - (size_t)len };
    return TB_STATUS(TB_OK);
}

/* One item takes an octet at least, so a larger count cannot be honest. */
static tb_status check_count(tb_bytes rest, uint64_t count, size_t octets_each)
{
    return TB_STATUS(count > rest.len / octets_each ? WIRE_TRUNCATED : TB_OK);
}

/* ---------------------------------------------------------------- the check */

/* Does a single with this exponent and fraction have the same value as a half?  IEEE 754. */
static bool single_fits_half(uint32_t bits)
{
    int exponent = (int)(bits >> 23 & 0xff) - 127;
    uint32_t fraction = bits & 0x7fffff;
    if (exponent == 128) return true; /* infinity, and every NaN has the one canonical half form */
    if (exponent == -127) return fraction == 0; /* zero; subnormal singles are too small */
    if (exponent > 15 || exponent < -24) return false;
    /* A half keeps 10 bits, fewer as it becomes subnormal. */
    int dropped = exponent >= -14 ? 13 : 13 + (-14 - exponent);
    return (fraction & ((1u << dropped) - 1)) == 0;
}

static bool double_fits_single(uint64_t bits)
{
    int exponent = (int)(bits >> 52 & 0x7ff) - 1023;
    uint64_t fraction = bits & 0xfffffffffffffu;
    if (exponent == 1024) return true;
    if (exponent == -1023) return fraction == 0;
    if (exponent > 127 || exponent < -149) return false;
    int dropped = exponent >= -126 ? 29 : 29 + (-126 - exponent);
    return (fraction & (((uint64_t)1 << dropped) - 1)) == 0;
}

/* Section 4.2.1, and 4.2.2 for NaN: one form, half 0x7e00. */
static tb_status check_simple(const struct head *head)
{
    bool is_short = true;
    if (head->info == INFO_HALF) {
        bool is_nan = (head->argument & 0x7c00) == 0x7c00 && (head->argument & 0x03ff) != 0;
        is_short = !is_nan || head->argument == 0x7e00;
    } else if (head->info == INFO_SINGLE) {
        is_short = !single_fits_half((uint32_t)head->argument);
    } else if (head->info == INFO_DOUBLE) {
        is_short = !double_fits_single(head->argument);
    }
    return TB_STATUS(is_short ? TB_OK : WIRE_CBOR_FORM);
}

static tb_status check_item(tb_bytes *rest, unsigned depth);

static tb_status check_map(tb_bytes *rest, uint64_t count, unsigned depth)
{
    tb_bytes previous = { NULL, 0 };
    for (uint64_t i = 0; i < count; i++) {
        tb_bytes key = { rest->data, 0 };
        TRY(check_item(rest, depth + 1));
        key.len = (size_t)(rest->data - key.data);
        if (i > 0 && tb_bytes_compare(previous, key) >= 0) return TB_STATUS(WIRE_CBOR_FORM);
        previous = key;
        TRY(check_item(rest, depth + 1));
    }
    return TB_STATUS(TB_OK);
}

/* Moves *rest behind the item.  Recursion ends at the depth limit. */
static tb_status check_item(tb_bytes *rest, unsigned depth)
{
    struct head head;
    tb_bytes octets;
    if (depth > WIRE_CBOR_DEPTH_MAX) return TB_STATUS(WIRE_CBOR_DEPTH);
    TRY(take_head(rest, &head));
    switch (head.major) {
    case MAJOR_UINT:
    case MAJOR_NEGATIVE: return TB_STATUS(TB_OK);
    case MAJOR_BYTES: return take_octets(rest, head.argument, &octets);
    case MAJOR_STRING:
        TRY(take_octets(rest, head.argument, &octets));
        return TB_STATUS(wire_text_is_utf8(octets) ? TB_OK : WIRE_TEXT);
    case MAJOR_ARRAY:
        TRY(check_count(*rest, head.argument, 1));
        for (uint64_t i = 0; i < head.argument; i++) TRY(check_item(rest, depth + 1));
        return TB_STATUS(TB_OK);
    case MAJOR_MAP:
        TRY(check_count(*rest, head.argument, 2));
        return check_map(rest, head.argument, depth);
    case MAJOR_TAG: return check_item(rest, depth + 1);
    case MAJOR_SIMPLE: return check_simple(&head);
    }
    assert(false && "three bits have eight values");
    return TB_STATUS(WIRE_CBOR_FORM);
}

tb_status wire_cbor_check(tb_bytes *input, tb_bytes *item)
{
    tb_bytes rest = *input;
    TRY(check_item(&rest, 1));
    *item = (tb_bytes){ input->data, input->len - rest.len };
    *input = rest;
    return TB_STATUS(TB_OK);
}

tb_status wire_cbor_open(tb_bytes input, struct wire_cbor *out)
{
    tb_bytes rest = input, item;
    TRY(wire_cbor_check(&rest, &item));
    if (rest.len != 0) return TB_STATUS(WIRE_TRAILING);
    out->rest = input;
    return TB_STATUS(TB_OK);
}

/* ---------------------------------------------------------------- the cursor */

bool wire_cbor_at_end(const struct wire_cbor *cbor)
{
    return cbor->rest.len == 0;
}

static enum wire_cbor_kind kind_of(const struct head *head)
{
    switch (head->major) {
    case MAJOR_UINT: return WIRE_CBOR_UINT;
    case MAJOR_NEGATIVE: return WIRE_CBOR_NEGATIVE;
    case MAJOR_BYTES: return WIRE_CBOR_BYTES;
    case MAJOR_STRING: return WIRE_CBOR_STRING;
    case MAJOR_ARRAY: return WIRE_CBOR_ARRAY;
    case MAJOR_MAP: return WIRE_CBOR_MAP;
    case MAJOR_TAG: return WIRE_CBOR_TAG;
    case MAJOR_SIMPLE: break;
    }
    if (head->info == SIMPLE_FALSE || head->info == SIMPLE_TRUE) return WIRE_CBOR_BOOL;
    return head->info == SIMPLE_NULL ? WIRE_CBOR_NULL : WIRE_CBOR_OTHER;
}

tb_status wire_cbor_peek(const struct wire_cbor *cbor, enum wire_cbor_kind *out)
{
    tb_bytes rest = cbor->rest;
    struct head head;
    TRY(take_head(&rest, &head));
    *out = kind_of(&head);
    return TB_STATUS(TB_OK);
}

static tb_status take_kind(tb_bytes *rest, enum wire_cbor_kind kind, uint64_t *argument)
{
    tb_bytes after = *rest;
    struct head head;
    TRY(take_head(&after, &head));
    if (kind_of(&head) != kind) return TB_STATUS(WIRE_CBOR_TYPE);
    *rest = after;
    *argument = head.argument;
    return TB_STATUS(TB_OK);
}

tb_status wire_cbor_take_uint(struct wire_cbor *cbor, uint64_t *out)
{
    return take_kind(&cbor->rest, WIRE_CBOR_UINT, out);
}

tb_status wire_cbor_take_int(struct wire_cbor *cbor, int64_t *out)
{
    tb_bytes rest = cbor->rest;
    struct head head;
    TRY(take_head(&rest, &head));
    if (head.major > MAJOR_NEGATIVE || head.argument > INT64_MAX) return TB_STATUS(WIRE_CBOR_TYPE);
    *out = head.major == MAJOR_UINT ? (int64_t)head.argument : -1 - (int64_t)head.argument;
    cbor->rest = rest;
    return TB_STATUS(TB_OK);
}

static tb_status take_run(struct wire_cbor *cbor, enum wire_cbor_kind kind, tb_bytes *out)
{
    tb_bytes rest = cbor->rest, octets;
    uint64_t len;
    TRY(take_kind(&rest, kind, &len));
    TRY(take_octets(&rest, len, &octets));
    if (kind == WIRE_CBOR_STRING && !wire_text_is_utf8(octets)) return TB_STATUS(WIRE_TEXT);
    cbor->rest = rest;
    *out = octets;
    return TB_STATUS(TB_OK);
}

tb_status wire_cbor_take_bytes(struct wire_cbor *cbor, tb_bytes *out)
{
    return take_run(cbor, WIRE_CBOR_BYTES, out);
}

tb_status wire_cbor_take_string(struct wire_cbor *cbor, tb_bytes *out)
{
    return take_run(cbor, WIRE_CBOR_STRING, out);
}

tb_status wire_cbor_take_bool(struct wire_cbor *cbor, bool *out)
{
    uint64_t value;
    TRY(take_kind(&cbor->rest, WIRE_CBOR_BOOL, &value));
    *out = value == SIMPLE_TRUE;
    return TB_STATUS(TB_OK);
}

tb_status wire_cbor_take_null(struct wire_cbor *cbor)
{
    uint64_t ignored;
    return take_kind(&cbor->rest, WIRE_CBOR_NULL, &ignored);
}

static tb_status take_group(struct wire_cbor *cbor, enum wire_cbor_kind kind, size_t octets_each,
                            size_t *out)
{
    tb_bytes rest = cbor->rest;
    uint64_t count;
    TRY(take_kind(&rest, kind, &count));
    TRY(check_count(rest, count, octets_each));
    cbor->rest = rest;
    *out = (size_t)count;
    return TB_STATUS(TB_OK);
}

tb_status wire_cbor_take_array(struct wire_cbor *cbor, size_t *count)
{
    return take_group(cbor, WIRE_CBOR_ARRAY, 1, count);
}

tb_status wire_cbor_take_map(struct wire_cbor *cbor, size_t *count)
{
    return take_group(cbor, WIRE_CBOR_MAP, 2, count);
}

tb_status wire_cbor_take_tag(struct wire_cbor *cbor, uint64_t *tag)
{
    return take_kind(&cbor->rest, WIRE_CBOR_TAG, tag);
}

tb_status wire_cbor_take_item(struct wire_cbor *cbor, tb_bytes *out)
{
    tb_bytes item;
    TRY(wire_cbor_check(&cbor->rest, &item));
    if (out != NULL) *out = item;
    return TB_STATUS(TB_OK);
}

/* ---------------------------------------------------------------- writing */

static tb_status put_head(struct tb_buf *buf, enum major major, uint64_t argument)
{
    uint8_t head[9];
    size_t octets = argument < INFO_OCTET ? 0 : argument <= UINT8_MAX ? 1
                  : argument <= UINT16_MAX ? 2 : argument <= UINT32_MAX ? 4 : 8;
    unsigned info = octets == 0 ? (unsigned)argument : octets == 1 ? INFO_OCTET
                  : octets == 2 ? INFO_HALF : octets == 4 ? INFO_SINGLE : INFO_DOUBLE;
    head[0] = (uint8_t)((unsigned)major << 5 | info);
    for (size_t i = octets; i > 0; i--) {
        head[i] = (uint8_t)argument;
        argument >>= 8;
    }
    return tb_buf_append(buf, (tb_bytes){ head, 1 + octets });
}

tb_status wire_cbor_put_uint(struct tb_buf *buf, uint64_t value)
{
    return put_head(buf, MAJOR_UINT, value);
}

tb_status wire_cbor_put_int(struct tb_buf *buf, int64_t value)
{
    if (value >= 0) return put_head(buf, MAJOR_UINT, (uint64_t)value);
    return put_head(buf, MAJOR_NEGATIVE, (uint64_t)(-1 - value));
}

tb_status wire_cbor_put_bytes(struct tb_buf *buf, tb_bytes value)
{
    TRY(put_head(buf, MAJOR_BYTES, value.len));
    return tb_buf_append(buf, value);
}

tb_status wire_cbor_put_string(struct tb_buf *buf, tb_bytes value)
{
    if (!wire_text_is_utf8(value)) return TB_STATUS(WIRE_TEXT);
    TRY(put_head(buf, MAJOR_STRING, value.len));
    return tb_buf_append(buf, value);
}

tb_status wire_cbor_put_bool(struct tb_buf *buf, bool value)
{
    return put_head(buf, MAJOR_SIMPLE, value ? SIMPLE_TRUE : SIMPLE_FALSE);
}

tb_status wire_cbor_put_null(struct tb_buf *buf)
{
    return put_head(buf, MAJOR_SIMPLE, SIMPLE_NULL);
}

tb_status wire_cbor_put_array(struct tb_buf *buf, size_t count)
{
    return put_head(buf, MAJOR_ARRAY, count);
}

tb_status wire_cbor_put_map(struct tb_buf *buf, size_t count)
{
    return put_head(buf, MAJOR_MAP, count);
}

tb_status wire_cbor_put_tag(struct tb_buf *buf, uint64_t tag)
{
    return put_head(buf, MAJOR_TAG, tag);
}

/* How many keys sort before this one; a permutation of 0 to count - 1 when all are different. */
static size_t rank_of(const struct wire_cbor_pair *pairs, size_t count, size_t index)
{
    size_t rank = 0;
    for (size_t i = 0; i < count; i++) {
        if (tb_bytes_compare(pairs[i].key, pairs[index].key) < 0) rank++;
    }
    return rank;
}

tb_status wire_cbor_put_pairs(struct tb_buf *buf, const struct wire_cbor_pair *pairs, size_t count)
{
    size_t order[WIRE_CBOR_PAIRS_MAX];
    assert(count <= WIRE_CBOR_PAIRS_MAX);
    for (size_t i = 0; i < count; i++) order[i] = count;
    for (size_t i = 0; i < count; i++) {
        size_t rank = rank_of(pairs, count, i);
        if (order[rank] != count) return TB_STATUS(WIRE_CBOR_FORM);
        order[rank] = i;
    }
    TRY(wire_cbor_put_map(buf, count));
    for (size_t i = 0; i < count; i++) {
        TRY(tb_buf_append(buf, pairs[order[i]].key));
        TRY(tb_buf_append(buf, pairs[order[i]].value));
    }
    return TB_STATUS(TB_OK);
}
