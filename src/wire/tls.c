#include "wire/tls.h"

#include <assert.h>
#include <string.h>

WIRE_TABLE(wire_u16, WIRE_U16_VALUE)
WIRE_TABLE(wire_u32, WIRE_U32_VALUE)
WIRE_TABLE(wire_u64, WIRE_U64_VALUE)
WIRE_TABLE(wire_opaque, WIRE_OPAQUE_VALUE)

/* ---------------------------------------------------------------- reading */

/* The only bounds check of a read is in reader_take. */
struct reader {
    const uint8_t *start; /* of the whole input, for offsets */
    const uint8_t *at;
    const uint8_t *end;
    struct tb_arena *arena; /* NULL while a vector is only counted */
    struct tb_why *why;
};

static tb_status reader_fail(struct reader *r, const struct wire_desc *desc,
                             const struct wire_row *row, tb_status status)
{
    if (r->why != NULL && r->why->type == NULL) {
        *r->why = (struct tb_why){ desc->name, row->name, (size_t)(r->at - r->start) };
    }
    return status;
}

static tb_status reader_take(struct reader *r, size_t len, const uint8_t **out)
{
    if ((size_t)(r->end - r->at) < len) return TB_STATUS(WIRE_TRUNCATED);
    *out = r->at;
    r->at += len;
    return TB_STATUS(TB_OK);
}

static tb_status reader_length(struct reader *r, size_t *out)
{
    const uint8_t *at;
    TRY(reader_take(r, 1, &at));
    size_t octets = (size_t)1 << (*at >> 6);
    size_t value = *at & 0x3f;
    if (octets == 8) return TB_STATUS(WIRE_LENGTH_FORM);
    if (octets > 1) {
        TRY(reader_take(r, octets - 1, &at));
        for (size_t i = 0; i < octets - 1; i++) value = (value << 8) | at[i];
    }
    if (wire_length_size(value) != octets) return TB_STATUS(WIRE_LENGTH_FORM);
    *out = value;
    return TB_STATUS(TB_OK);
}

static tb_status decode_struct(const struct wire_desc *desc, struct reader *r, uint8_t *out);

static uint32_t tag_of(const struct wire_arms *arms, const uint8_t *base)
{
    const uint8_t *tag = base + arms->tag_offset;
    if (arms->tag_size == 1) return *tag;
    if (arms->tag_size == 2) {
        uint16_t value;
        memcpy(&value, tag, sizeof value);
        return value;
    }
    uint32_t value;
    memcpy(&value, tag, sizeof value);
    return value;
}

static const struct wire_arm *arm_of(const struct wire_arms *arms, const uint8_t *base)
{
    uint32_t tag = tag_of(arms, base);
    for (size_t i = 0; i < arms->arm_count; i++) {
        if (arms->arms[i].tag == tag) return &arms->arms[i];
    }
    return NULL;
}

static tb_status decode_bytes(const struct wire_row *row, struct reader *r, uint8_t *member)
{
    const uint8_t *at;
    size_t len;
    TRY(reader_length(r, &len));
    if (len < row->min || len > row->max) return TB_STATUS(WIRE_LENGTH_RANGE);
    TRY(reader_take(r, len, &at));
    tb_bytes view = { at, len };
    memcpy(member, &view, sizeof view);
    return TB_STATUS(TB_OK);
}

/* Counting needs a scratch struct, for the tags of selects; descriptors are this large at most. */
enum { SCRATCH_BYTES = 1024 };

static tb_status skip_struct(const struct wire_desc *desc, struct reader *r)
{
    union {
        uint8_t octets[SCRATCH_BYTES];
        uint64_t aligned;
        void *pointer;
    } scratch;
    assert(desc->size <= sizeof scratch);
    memset(&scratch, 0, desc->size);
    return decode_struct(desc, r, scratch.octets);
}

static tb_status decode_vec(const struct wire_row *row, struct reader *r, uint8_t *member)
{
    const uint8_t *body;
    size_t len, count = 0;
    TRY(reader_length(r, &len));
    TRY(reader_take(r, len, &body));
    if (r->arena == NULL) {
        /* A vector inside a vector that is being counted: its length says all there is to know;
         * the pass that stores it will look inside. */
        return TB_STATUS(TB_OK);
    }

    struct reader counter = { r->start, body, body + len, NULL, r->why };
    while (counter.at < counter.end) {
        TRY(skip_struct(row->sub, &counter));
        count++;
    }
    uint8_t *items = tb_arena_take(r->arena, count, row->sub->size);
    if (items == NULL) return TB_STATUS(TB_NO_SPACE);
    struct reader inner = { r->start, body, body + len, r->arena, r->why };
    for (size_t i = 0; i < count; i++) {
        TRY(decode_struct(row->sub, &inner, items + i * row->sub->size));
    }
    struct wire_vec vec = { items, count };
    memcpy(member, &vec, sizeof vec);
    return TB_STATUS(TB_OK);
}

/* OPT and SELECT arms are pointers to structs of their own. */
static tb_status decode_pointer(const struct wire_desc *sub, struct reader *r, uint8_t *member)
{
    if (r->arena == NULL) return skip_struct(sub, r);
    uint8_t *value = tb_arena_take(r->arena, 1, sub->size);
    if (value == NULL) return TB_STATUS(TB_NO_SPACE);
    TRY(decode_struct(sub, r, value));
    memcpy(member, &value, sizeof value);
    return TB_STATUS(TB_OK);
}

static tb_status decode_opt(const struct wire_row *row, struct reader *r, uint8_t *member)
{
    const uint8_t *presence;
    TRY(reader_take(r, 1, &presence));
    if (*presence > 1) return TB_STATUS(WIRE_PRESENCE);
    return *presence == 0 ? TB_STATUS(TB_OK) : decode_pointer(row->sub, r, member);
}

static tb_status decode_select(const struct wire_row *row, struct reader *r, uint8_t *base)
{
    const struct wire_arm *arm = arm_of(row->arms, base);
    if (arm == NULL) return TB_STATUS(row->arms->is_open ? TB_OK : WIRE_UNKNOWN_TAG);
    return arm->desc == NULL ? TB_STATUS(TB_OK) : decode_pointer(arm->desc, r, base + row->offset);
}

static tb_status decode_scalar(const struct wire_row *row, struct reader *r, uint8_t *member)
{
    const uint8_t *at;
    if (row->kind == WIRE_U8) {
        TRY(reader_take(r, 1, &at));
        *member = *at;
    } else if (row->kind == WIRE_U16) {
        TRY(reader_take(r, 2, &at));
        uint16_t value = tb_get_u16(at);
        memcpy(member, &value, sizeof value);
    } else if (row->kind == WIRE_U32) {
        TRY(reader_take(r, 4, &at));
        uint32_t value = tb_get_u32(at);
        memcpy(member, &value, sizeof value);
    } else {
        TRY(reader_take(r, 8, &at));
        uint64_t value = tb_get_u64(at);
        memcpy(member, &value, sizeof value);
    }
    return TB_STATUS(TB_OK);
}

static tb_status decode_row(const struct wire_row *row, struct reader *r, uint8_t *out)
{
    uint8_t *member = out + row->offset;
    const uint8_t *at;
    switch (row->kind) {
    case WIRE_U8:
    case WIRE_U16:
    case WIRE_U32:
    case WIRE_U64: return decode_scalar(row, r, member);
    case WIRE_FIXED:
        TRY(reader_take(r, row->max, &at));
        memcpy(member, at, row->max);
        return TB_STATUS(TB_OK);
    case WIRE_BYTES: return decode_bytes(row, r, member);
    case WIRE_SUB: return decode_struct(row->sub, r, member);
    case WIRE_VEC: return decode_vec(row, r, member);
    case WIRE_OPT: return decode_opt(row, r, member);
    case WIRE_SELECT: return decode_select(row, r, out);
    case WIRE_MARK: memcpy(member, &r->at, sizeof r->at); return TB_STATUS(TB_OK);
    case WIRE_REST: {
        tb_bytes rest = { r->at, (size_t)(r->end - r->at) };
        r->at = r->end;
        memcpy(member, &rest, sizeof rest);
        return TB_STATUS(TB_OK);
    }
    }
    assert(false && "a row has a kind");
    return TB_STATUS(WIRE_UNKNOWN_TAG);
}

static tb_status decode_struct(const struct wire_desc *desc, struct reader *r, uint8_t *out)
{
    for (size_t i = 0; i < desc->row_count; i++) {
        tb_status status = decode_row(&desc->rows[i], r, out);
        if (status.code != TB_OK) return reader_fail(r, desc, &desc->rows[i], status);
    }
    return TB_STATUS(TB_OK);
}

tb_status wire_decode_prefix(const struct wire_desc *desc, tb_bytes *input, struct tb_arena *arena,
                             void *out, struct tb_why *why)
{
    static const uint8_t nothing[1] = { 0 };
    const uint8_t *start = input->data == NULL ? nothing : input->data;
    struct reader r = { start, start, start + input->len, arena, why };
    if (why != NULL) *why = (struct tb_why){ NULL, NULL, 0 };
    memset(out, 0, desc->size);
    TRY(decode_struct(desc, &r, out));
    *input = (tb_bytes){ r.at, (size_t)(r.end - r.at) };
    return TB_STATUS(TB_OK);
}

tb_status wire_decode(const struct wire_desc *desc, tb_bytes input, struct tb_arena *arena,
                      void *out, struct tb_why *why)
{
    tb_bytes rest = input;
    TRY(wire_decode_prefix(desc, &rest, arena, out, why));
    if (rest.len == 0) return TB_STATUS(TB_OK);
    if (why != NULL) *why = (struct tb_why){ desc->name, "end", input.len - rest.len };
    return TB_STATUS(WIRE_TRAILING);
}

/* ---------------------------------------------------------------- writing */

size_t wire_length_size(size_t len)
{
    return len < 0x40 ? 1 : len < 0x4000 ? 2 : 4;
}

uint8_t *wire_length_put(uint8_t *out, size_t len)
{
    assert(len <= WIRE_LEN_MAX);
    size_t octets = wire_length_size(len);
    for (size_t i = octets; i-- > 0;) {
        out[i] = (uint8_t)len;
        len >>= 8;
    }
    out[0] = (uint8_t)(out[0] | (octets == 1 ? 0x00 : octets == 2 ? 0x40 : 0x80));
    return out + octets;
}

tb_status wire_length_take(tb_bytes *input, size_t *len)
{
    static const uint8_t nothing[1] = { 0 };
    const uint8_t *start = input->data == NULL ? nothing : input->data;
    struct reader r = { start, start, start + input->len, NULL, NULL };
    TRY(reader_length(&r, len));
    *input = (tb_bytes){ r.at, (size_t)(r.end - r.at) };
    return TB_STATUS(TB_OK);
}

static tb_status size_struct(const struct wire_desc *desc, const uint8_t *value, size_t *total);

static tb_status size_add(size_t *total, size_t more)
{
    if (more > WIRE_LEN_MAX || *total > WIRE_LEN_MAX - more) return TB_STATUS(TB_TOO_LONG);
    *total += more;
    return TB_STATUS(TB_OK);
}

static tb_status size_vec(const struct wire_row *row, const uint8_t *member, size_t *total)
{
    struct wire_vec vec;
    size_t body = 0;
    memcpy(&vec, member, sizeof vec);
    for (size_t i = 0; i < vec.count; i++) {
        TRY(size_struct(row->sub, (const uint8_t *)vec.at + i * row->sub->size, &body));
    }
    TRY(size_add(total, wire_length_size(body)));
    return size_add(total, body);
}

static const uint8_t *pointer_at(const uint8_t *member)
{
    const uint8_t *pointer;
    memcpy(&pointer, member, sizeof pointer);
    return pointer;
}

static tb_status size_select(const struct wire_row *row, const uint8_t *value, size_t *total)
{
    const struct wire_arm *arm = arm_of(row->arms, value);
    if (arm == NULL) return TB_STATUS(row->arms->is_open ? TB_OK : WIRE_UNKNOWN_TAG);
    if (arm->desc == NULL) return TB_STATUS(TB_OK);
    const uint8_t *body = pointer_at(value + row->offset);
    return body == NULL ? TB_STATUS(WIRE_UNKNOWN_TAG) : size_struct(arm->desc, body, total);
}

static tb_status size_row(const struct wire_row *row, const uint8_t *value, size_t *total)
{
    const uint8_t *member = value + row->offset;
    tb_bytes view;
    switch (row->kind) {
    case WIRE_U8: return size_add(total, 1);
    case WIRE_U16: return size_add(total, 2);
    case WIRE_U32: return size_add(total, 4);
    case WIRE_U64: return size_add(total, 8);
    case WIRE_FIXED: return size_add(total, row->max);
    case WIRE_BYTES:
        memcpy(&view, member, sizeof view);
        if (view.len < row->min || view.len > row->max) return TB_STATUS(WIRE_LENGTH_RANGE);
        TRY(size_add(total, wire_length_size(view.len)));
        return size_add(total, view.len);
    case WIRE_SUB: return size_struct(row->sub, member, total);
    case WIRE_VEC: return size_vec(row, member, total);
    case WIRE_OPT:
        TRY(size_add(total, 1));
        return pointer_at(member) == NULL ? TB_STATUS(TB_OK)
                                          : size_struct(row->sub, pointer_at(member), total);
    case WIRE_SELECT: return size_select(row, value, total);
    case WIRE_MARK: return TB_STATUS(TB_OK);
    case WIRE_REST: memcpy(&view, member, sizeof view); return size_add(total, view.len);
    }
    assert(false && "a row has a kind");
    return TB_STATUS(WIRE_UNKNOWN_TAG);
}

static tb_status size_struct(const struct wire_desc *desc, const uint8_t *value, size_t *total)
{
    for (size_t i = 0; i < desc->row_count; i++) TRY(size_row(&desc->rows[i], value, total));
    return TB_STATUS(TB_OK);
}

tb_status wire_size(const struct wire_desc *desc, const void *value, size_t *out)
{
    size_t total = 0;
    TRY(size_struct(desc, value, &total));
    *out = total;
    return TB_STATUS(TB_OK);
}

/* Backwards from the end, so that a vector's length is known when its prefix is due.  The size was
 * checked before: no write can fail. */
static uint8_t *put_struct(const struct wire_desc *desc, const uint8_t *value, uint8_t *end);

static uint8_t *put_octets(uint8_t *end, tb_bytes octets)
{
    end -= octets.len;
    if (octets.len != 0) memcpy(end, octets.data, octets.len);
    return end;
}

static uint8_t *put_length(uint8_t *end, size_t len)
{
    end -= wire_length_size(len);
    wire_length_put(end, len);
    return end;
}

static uint8_t *put_vec(const struct wire_row *row, const uint8_t *member, uint8_t *end)
{
    struct wire_vec vec;
    uint8_t *at = end;
    memcpy(&vec, member, sizeof vec);
    for (size_t i = vec.count; i-- > 0;) {
        at = put_struct(row->sub, (const uint8_t *)vec.at + i * row->sub->size, at);
    }
    return put_length(at, (size_t)(end - at));
}

static uint8_t *put_scalar(const struct wire_row *row, const uint8_t *member, uint8_t *end)
{
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;
    switch (row->kind) {
    case WIRE_U8: *--end = *member; return end;
    case WIRE_U16:
        memcpy(&u16, member, sizeof u16);
        tb_put_u16(end -= 2, u16);
        return end;
    case WIRE_U32:
        memcpy(&u32, member, sizeof u32);
        tb_put_u32(end -= 4, u32);
        return end;
    default:
        memcpy(&u64, member, sizeof u64);
        tb_put_u64(end -= 8, u64);
        return end;
    }
}

static uint8_t *put_row(const struct wire_row *row, const uint8_t *value, uint8_t *end)
{
    const uint8_t *member = value + row->offset;
    tb_bytes view;
    switch (row->kind) {
    case WIRE_U8:
    case WIRE_U16:
    case WIRE_U32:
    case WIRE_U64: return put_scalar(row, member, end);
    case WIRE_FIXED: return put_octets(end, (tb_bytes){ member, row->max });
    case WIRE_BYTES:
        memcpy(&view, member, sizeof view);
        return put_length(put_octets(end, view), view.len);
    case WIRE_SUB: return put_struct(row->sub, member, end);
    case WIRE_VEC: return put_vec(row, member, end);
    case WIRE_OPT:
        if (pointer_at(member) != NULL) end = put_struct(row->sub, pointer_at(member), end);
        *--end = pointer_at(member) != NULL;
        return end;
    case WIRE_SELECT: {
        const struct wire_arm *arm = arm_of(row->arms, value);
        if (arm == NULL || arm->desc == NULL) return end;
        return put_struct(arm->desc, pointer_at(member), end);
    }
    case WIRE_MARK: return end;
    case WIRE_REST: memcpy(&view, member, sizeof view); return put_octets(end, view);
    }
    assert(false && "a row has a kind");
    return end;
}

static uint8_t *put_struct(const struct wire_desc *desc, const uint8_t *value, uint8_t *end)
{
    for (size_t i = desc->row_count; i-- > 0;) end = put_row(&desc->rows[i], value, end);
    return end;
}

tb_status wire_encode(const struct wire_desc *desc, const void *value, struct tb_arena *arena,
                      tb_bytes *out)
{
    size_t len;
    TRY(wire_size(desc, value, &len));
    uint8_t *octets = tb_arena_take(arena, len, 1);
    if (octets == NULL) return TB_STATUS(TB_NO_SPACE);
    uint8_t *start = put_struct(desc, value, octets + len);
    assert(start == octets);
    *out = (tb_bytes){ octets, len };
    return TB_STATUS(TB_OK);
}

tb_status wire_encode_buf(const struct wire_desc *desc, const void *value, struct tb_buf *buf)
{
    uint8_t *at;
    size_t len;
    TRY(wire_size(desc, value, &len));
    TRY(tb_buf_extend(buf, len, &at));
    uint8_t *start = put_struct(desc, value, at + len);
    assert(start == at);
    return TB_STATUS(TB_OK);
}
