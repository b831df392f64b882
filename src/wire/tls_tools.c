/* What tables give for free beside decoding and encoding: copy, equality, and their own check. */
#include "wire/tls.h"

#include <string.h>

tb_status wire_copy(const struct wire_desc *desc, const void *value, struct tb_arena *arena,
                    void *out)
{
    tb_bytes encoded;
    TRY(wire_encode(desc, value, arena, &encoded));
    return wire_decode(desc, encoded, arena, out, NULL);
}

static bool equal_row(const struct wire_row *row, const uint8_t *a, const uint8_t *b);

static bool equal_pointer(const struct wire_desc *desc, const uint8_t *a, const uint8_t *b)
{
    const void *left, *right;
    memcpy(&left, a, sizeof left);
    memcpy(&right, b, sizeof right);
    if (left == NULL || right == NULL) return left == right;
    return wire_equal(desc, left, right);
}

static bool equal_vec(const struct wire_row *row, const uint8_t *a, const uint8_t *b)
{
    struct wire_vec left, right;
    memcpy(&left, a, sizeof left);
    memcpy(&right, b, sizeof right);
    if (left.count != right.count) return false;
    for (size_t i = 0; i < left.count; i++) {
        size_t at = i * row->sub->size;
        if (!wire_equal(row->sub, (const uint8_t *)left.at + at, (const uint8_t *)right.at + at)) {
            return false;
        }
    }
    return true;
}

/* The tags were compared by an earlier row. */
static bool equal_select(const struct wire_row *row, const uint8_t *a, const uint8_t *b)
{
    const struct wire_arms *arms = row->arms;
    uint32_t tag = 0;
    if (arms->tag_size == 1) {
        tag = a[arms->tag_offset];
    } else if (arms->tag_size == 2) {
        uint16_t value;
        memcpy(&value, a + arms->tag_offset, sizeof value);
        tag = value;
    } else {
        memcpy(&tag, a + arms->tag_offset, sizeof tag);
    }
    for (size_t i = 0; i < arms->arm_count; i++) {
        if (arms->arms[i].tag != tag) continue;
        return arms->arms[i].desc == NULL ||
               equal_pointer(arms->arms[i].desc, a + row->offset, b + row->offset);
    }
    return true;
}

static bool equal_row(const struct wire_row *row, const uint8_t *a, const uint8_t *b)
{
    const uint8_t *left = a + row->offset, *right = b + row->offset;
    tb_bytes left_view, right_view;
    switch (row->kind) {
    case WIRE_U8: return *left == *right;
    case WIRE_U16: return memcmp(left, right, sizeof(uint16_t)) == 0;
    case WIRE_U32: return memcmp(left, right, sizeof(uint32_t)) == 0;
    case WIRE_U64: return memcmp(left, right, sizeof(uint64_t)) == 0;
    case WIRE_FIXED: return memcmp(left, right, row->max) == 0;
    case WIRE_BYTES:
    case WIRE_REST:
        memcpy(&left_view, left, sizeof left_view);
        memcpy(&right_view, right, sizeof right_view);
        return tb_bytes_equal(left_view, right_view);
    case WIRE_SUB: return wire_equal(row->sub, left, right);
    case WIRE_VEC: return equal_vec(row, left, right);
    case WIRE_OPT: return equal_pointer(row->sub, left, right);
    case WIRE_SELECT: return equal_select(row, a, b);
    case WIRE_MARK: return true;
    }
    return false;
}

bool wire_equal(const struct wire_desc *desc, const void *a, const void *b)
{
    for (size_t i = 0; i < desc->row_count; i++) {
        if (!equal_row(&desc->rows[i], a, b)) return false;
    }
    return true;
}

enum { CHECK_DEPTH_MAX = 24 };

static bool check_at(const struct wire_desc *desc, unsigned depth);

static bool takes_octets(const struct wire_desc *desc)
{
    for (size_t i = 0; i < desc->row_count; i++) {
        const struct wire_row *row = &desc->rows[i];
        if (row->kind == WIRE_MARK || row->kind == WIRE_REST || row->kind == WIRE_SELECT) continue;
        if (row->kind == WIRE_SUB && !takes_octets(row->sub)) continue;
        if (row->kind == WIRE_FIXED && row->max == 0) continue;
        return true;
    }
    return false;
}

/* Does the value reach to the end of its input?  Asked of graphs that are known to be finite. */
static bool ends_in_rest(const struct wire_desc *desc)
{
    if (desc->row_count == 0) return false;
    const struct wire_row *last = &desc->rows[desc->row_count - 1];
    if (last->kind == WIRE_REST) return true;
    if (last->kind == WIRE_SUB || last->kind == WIRE_OPT) return ends_in_rest(last->sub);
    if (last->kind != WIRE_SELECT) return false;
    for (size_t i = 0; i < last->arms->arm_count; i++) {
        const struct wire_desc *arm = last->arms->arms[i].desc;
        if (arm != NULL && ends_in_rest(arm)) return true;
    }
    return false;
}

/* The rest of an input ends it: nothing may follow, and elements of a vector have no rest. */
static bool check_rest(const struct wire_desc *desc)
{
    for (size_t i = 0; i < desc->row_count; i++) {
        const struct wire_row *row = &desc->rows[i];
        struct wire_desc alone = { desc->name, row, 1, desc->size };
        bool is_last = i + 1 == desc->row_count;
        if (!is_last && ends_in_rest(&alone)) return false;
        if (row->kind == WIRE_VEC && ends_in_rest(row->sub)) return false;
    }
    return true;
}

static bool check_row(const struct wire_desc *desc, const struct wire_row *row, unsigned depth)
{
    if (row->offset >= desc->size || row->min > row->max || row->max > WIRE_LEN_MAX) return false;
    if (row->kind == WIRE_VEC && !takes_octets(row->sub)) return false;
    if (row->sub != NULL) return check_at(row->sub, depth + 1);
    if (row->arms == NULL) return true;
    for (size_t i = 0; i < row->arms->arm_count; i++) {
        const struct wire_desc *arm = row->arms->arms[i].desc;
        if (arm != NULL && !check_at(arm, depth + 1)) return false;
    }
    return true;
}

static bool check_at(const struct wire_desc *desc, unsigned depth)
{
    if (depth > CHECK_DEPTH_MAX) return false; /* deeper than any format: a cycle */
    for (size_t i = 0; i < desc->row_count; i++) {
        if (!check_row(desc, &desc->rows[i], depth)) return false;
    }
    return check_rest(desc);
}

bool wire_check(const struct wire_desc *desc)
{
    return check_at(desc, 0);
}
