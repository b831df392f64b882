#include "wire/tls_random.h"

#include <assert.h>
#include <string.h>

struct source {
    struct tb_rng *rng;
    struct tb_arena *arena;
    const struct wire_random_bounds *bounds;
    uint32_t item_count; /* made so far */
};

/* 0 to limit - 1; slightly uneven, which no test minds. */
static tb_status below(struct source *s, uint32_t limit, uint32_t *out)
{
    uint8_t octets[4];
    TRY(tb_rng_fill(s->rng, octets, sizeof octets));
    *out = tb_get_u32(octets) % limit;
    return TB_STATUS(TB_OK);
}

/* A number of so many octets; in one of four cases one at an edge. */
static tb_status number(struct source *s, size_t octets, uint64_t *out)
{
    static const uint64_t edges[] = { 0, 1, 0x7f, 0x80, 0xff, 0xffff, 0xffffffff, UINT64_MAX };
    uint8_t random[8];
    uint32_t choice;
    TRY(below(s, 4 * sizeof edges / sizeof edges[0], &choice));
    TRY(tb_rng_fill(s->rng, random, sizeof random));
    uint64_t value = choice < sizeof edges / sizeof edges[0] ? edges[choice] : tb_get_u64(random);
    *out = octets == 8 ? value : value & (((uint64_t)1 << (8 * octets)) - 1);
    return TB_STATUS(TB_OK);
}

static void store_number(uint8_t *member, size_t octets, uint64_t value)
{
    uint8_t u8 = (uint8_t)value;
    uint16_t u16 = (uint16_t)value;
    uint32_t u32 = (uint32_t)value;
    const void *from = octets == 1 ? (const void *)&u8 : octets == 2 ? (const void *)&u16
                     : octets == 4 ? (const void *)&u32 : (const void *)&value;
    memcpy(member, from, octets);
}

static size_t octets_of(const struct wire_row *row)
{
    return row->kind == WIRE_U8 ? 1 : row->kind == WIRE_U16 ? 2 : row->kind == WIRE_U32 ? 4 : 8;
}

/* Lengths around the steps of the prefix (63 and 64 octets), or any. */
static tb_status opaque(struct source *s, uint32_t min, uint32_t max, uint8_t *member)
{
    static const uint32_t edges[] = { 0, 1, 63, 64, 65 };
    uint32_t choice, len;
    if (max > s->bounds->len_max) max = s->bounds->len_max < min ? min : s->bounds->len_max;
    TRY(below(s, 2 * sizeof edges / sizeof edges[0], &choice));
    TRY(below(s, max - min + 1, &len));
    len += min;
    if (choice < sizeof edges / sizeof edges[0]) len = edges[choice];
    if (len < min) len = min;
    if (len > max) len = max;
    uint8_t *octets = tb_arena_take(s->arena, len, 1);
    if (octets == NULL) return TB_STATUS(TB_NO_SPACE);
    TRY(tb_rng_fill(s->rng, octets, len));
    tb_bytes view = { octets, len };
    memcpy(member, &view, sizeof view);
    return TB_STATUS(TB_OK);
}

static tb_status make_struct(const struct wire_desc *desc, struct source *s, uint8_t *out);

static tb_status make_vec(const struct wire_row *row, struct source *s, uint8_t *member)
{
    uint32_t count;
    uint32_t left = s->bounds->item_max - s->item_count;
    TRY(below(s, (s->bounds->count_max < left ? s->bounds->count_max : left) + 1, &count));
    s->item_count += count;
    uint8_t *items = tb_arena_take(s->arena, count, row->sub->size);
    if (items == NULL) return TB_STATUS(TB_NO_SPACE);
    for (uint32_t i = 0; i < count; i++) {
        TRY(make_struct(row->sub, s, items + i * row->sub->size));
    }
    struct wire_vec vec = { items, count };
    memcpy(member, &vec, sizeof vec);
    return TB_STATUS(TB_OK);
}

static tb_status make_pointer(const struct wire_desc *sub, struct source *s, uint8_t *member)
{
    uint8_t *value = tb_arena_take(s->arena, 1, sub->size);
    if (value == NULL) return TB_STATUS(TB_NO_SPACE);
    TRY(make_struct(sub, s, value));
    memcpy(member, &value, sizeof value);
    return TB_STATUS(TB_OK);
}

static tb_status make_opt(const struct wire_row *row, struct source *s, uint8_t *member)
{
    const void *absent = NULL;
    uint32_t choice;
    memcpy(member, &absent, sizeof absent);
    TRY(below(s, 2, &choice));
    if (choice == 0 || s->item_count == s->bounds->item_max) return TB_STATUS(TB_OK);
    s->item_count++;
    return make_pointer(row->sub, s, member);
}

/* The row of this struct, before `select`, whose member holds the tag. */
static const struct wire_row *tag_row(const struct wire_desc *desc, const struct wire_row *select)
{
    for (const struct wire_row *row = desc->rows; row < select; row++) {
        size_t size = row->kind == WIRE_SUB ? row->sub->size : row->kind <= WIRE_U64
                    ? octets_of(row) : 0;
        size_t tag = select->arms->tag_offset;
        if (tag >= row->offset && tag < row->offset + size) return row;
    }
    assert(false && "a tag stands before its select");
    return NULL;
}

/* May this select choose its tag?  Not when a struct inside or an earlier select chose it. */
static bool chooses_tag(const struct wire_desc *desc, const struct wire_row *select)
{
    if (tag_row(desc, select)->kind == WIRE_SUB) return false;
    for (const struct wire_row *row = desc->rows; row < select; row++) {
        bool is_same = row->kind == WIRE_SELECT && row->arms->tag_offset ==
                       select->arms->tag_offset;
        if (is_same) return false;
    }
    return true;
}

static uint32_t load_tag(const struct wire_arms *arms, const uint8_t *base)
{
    uint8_t u8;
    uint16_t u16;
    uint32_t u32;
    memcpy(&u8, base + arms->tag_offset, sizeof u8);
    if (arms->tag_size == 1) return u8;
    memcpy(&u16, base + arms->tag_offset, sizeof u16);
    if (arms->tag_size == 2) return u16;
    memcpy(&u32, base + arms->tag_offset, sizeof u32);
    return u32;
}

static tb_status make_select(const struct wire_desc *desc, const struct wire_row *row,
                             struct source *s, uint8_t *out)
{
    const struct wire_arms *arms = row->arms;
    const void *nothing = NULL;
    uint32_t choice;
    memcpy(out + row->offset, &nothing, sizeof nothing);
    TRY(below(s, (uint32_t)arms->arm_count + (arms->is_open ? 1 : 0), &choice));
    if (chooses_tag(desc, row) && choice < arms->arm_count) {
        store_number(out + arms->tag_offset, arms->tag_size, arms->arms[choice].tag);
    }
    uint32_t tag = load_tag(arms, out);
    for (size_t i = 0; i < arms->arm_count; i++) {
        if (arms->arms[i].tag != tag) continue;
        if (arms->arms[i].desc == NULL) return TB_STATUS(TB_OK);
        return make_pointer(arms->arms[i].desc, s, out + row->offset);
    }
    return TB_STATUS(arms->is_open ? TB_OK : WIRE_UNKNOWN_TAG);
}

static tb_status make_row(const struct wire_desc *desc, const struct wire_row *row,
                          struct source *s, uint8_t *out)
{
    uint8_t *member = out + row->offset;
    uint64_t value;
    switch (row->kind) {
    case WIRE_U8:
    case WIRE_U16:
    case WIRE_U32:
    case WIRE_U64:
        TRY(number(s, octets_of(row), &value));
        store_number(member, octets_of(row), value);
        return TB_STATUS(TB_OK);
    case WIRE_FIXED: return tb_rng_fill(s->rng, member, row->max);
    case WIRE_BYTES:
    case WIRE_REST: return opaque(s, row->min, row->max, member);
    case WIRE_SUB: return make_struct(row->sub, s, member);
    case WIRE_VEC: return make_vec(row, s, member);
    case WIRE_OPT: return make_opt(row, s, member);
    case WIRE_SELECT: return make_select(desc, row, s, out);
    case WIRE_MARK: return TB_STATUS(TB_OK);
    }
    assert(false && "a row has a kind");
    return TB_STATUS(TB_OK);
}

static tb_status make_struct(const struct wire_desc *desc, struct source *s, uint8_t *out)
{
    for (size_t i = 0; i < desc->row_count; i++) TRY(make_row(desc, &desc->rows[i], s, out));
    return TB_STATUS(TB_OK);
}

tb_status wire_random_make(const struct wire_desc *desc, struct tb_rng *rng,
                           const struct wire_random_bounds *bounds, struct tb_arena *arena,
                           void *out)
{
    struct source s = { rng, arena, bounds, 0 };
    memset(out, 0, desc->size);
    return make_struct(desc, &s, out);
}

/* ---------------------------------------------------------------- changes */

static tb_status change_struct(const struct wire_desc *desc, struct source *s, uint8_t *value);

/* Remove or double an element, change one inside, or begin anew. */
static tb_status change_vec(const struct wire_row *row, struct source *s, uint8_t *member)
{
    struct wire_vec vec;
    uint32_t choice, at;
    size_t size = row->sub->size;
    memcpy(&vec, member, sizeof vec);
    TRY(below(s, 4, &choice));
    if (vec.count == 0 || choice == 0) return make_vec(row, s, member);
    TRY(below(s, (uint32_t)vec.count, &at));
    uint8_t *items = tb_arena_take(s->arena, vec.count + 1, size);
    if (items == NULL) return TB_STATUS(TB_NO_SPACE);
    memcpy(items, vec.at, vec.count * size);
    if (choice == 1) {
        memmove(items + at * size, items + (at + 1) * size, (vec.count - at - 1) * size);
        vec.count--;
    } else if (choice == 2) {
        memcpy(items + vec.count * size, items + at * size, size);
        vec.count++;
    } else {
        TRY(change_struct(row->sub, s, items + at * size));
    }
    vec.at = items;
    memcpy(member, &vec, sizeof vec);
    return TB_STATUS(TB_OK);
}

static uint8_t *pointer_at(const uint8_t *member)
{
    uint8_t *pointer;
    memcpy(&pointer, member, sizeof pointer);
    return pointer;
}

/* The struct behind a pointer may be shared after an element was doubled: it is copied first. */
static tb_status change_pointer(const struct wire_desc *sub, struct source *s, uint8_t *member)
{
    uint8_t *copy = tb_arena_take(s->arena, 1, sub->size);
    if (copy == NULL) return TB_STATUS(TB_NO_SPACE);
    memcpy(copy, pointer_at(member), sub->size);
    TRY(change_struct(sub, s, copy));
    memcpy(member, &copy, sizeof copy);
    return TB_STATUS(TB_OK);
}

static const struct wire_desc *arm_desc(const struct wire_arms *arms, const uint8_t *base)
{
    uint32_t tag = load_tag(arms, base);
    for (size_t i = 0; i < arms->arm_count; i++) {
        if (arms->arms[i].tag == tag) return arms->arms[i].desc;
    }
    return NULL;
}

static tb_status change_row(const struct wire_desc *desc, const struct wire_row *row,
                            struct source *s, uint8_t *value)
{
    uint8_t *member = value + row->offset;
    uint32_t choice;
    TRY(below(s, 2, &choice));
    if (row->kind == WIRE_SUB) return change_struct(row->sub, s, member);
    if (row->kind == WIRE_VEC) return change_vec(row, s, member);
    if (row->kind == WIRE_OPT && choice == 0 && pointer_at(member) != NULL) {
        return change_pointer(row->sub, s, member);
    }
    if (row->kind == WIRE_SELECT && choice == 0 && arm_desc(row->arms, value) != NULL) {
        return change_pointer(arm_desc(row->arms, value), s, member);
    }
    return make_row(desc, row, s, value);
}

/* Every select whose tag lies in this row is made anew with the tag that stands there now. */
static tb_status follow_tags(const struct wire_desc *desc, const struct wire_row *changed,
                             struct source *s, uint8_t *value)
{
    for (size_t i = 0; i < desc->row_count; i++) {
        const struct wire_row *row = &desc->rows[i];
        if (row->kind != WIRE_SELECT || row == changed) continue;
        const struct wire_row *tag = tag_row(desc, row);
        bool is_touched = tag == changed || (changed->kind == WIRE_SELECT &&
                                             tag == tag_row(desc, changed));
        if (is_touched) TRY(make_select(desc, row, s, value));
    }
    return TB_STATUS(TB_OK);
}

static tb_status change_struct(const struct wire_desc *desc, struct source *s, uint8_t *value)
{
    uint32_t at;
    if (desc->row_count == 0) return TB_STATUS(TB_OK);
    TRY(below(s, (uint32_t)desc->row_count, &at));
    TRY(change_row(desc, &desc->rows[at], s, value));
    return follow_tags(desc, &desc->rows[at], s, value);
}

tb_status wire_random_change(const struct wire_desc *desc, struct tb_rng *rng,
                             const struct wire_random_bounds *bounds, struct tb_arena *arena,
                             void *value)
{
    struct source s = { rng, arena, bounds, 0 };
    return change_struct(desc, &s, value);
}
