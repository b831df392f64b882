/*
 * Memory by lifetime.
 *
 * tb_mem    an allocator of the caller with a ceiling; src/ never calls malloc itself.
 * tb_arena  many small pieces that end together; wiped whole.  Views and vectors of a decoded
 *           message live here, so no struct has a free of its own.
 * tb_buf    one growing run of octets with a mandatory ceiling.
 * tb_rng    the caller's source of randomness.
 *
 * None of these may be used by two threads at once.
 */
#ifndef TB_BASE_MEM_H
#define TB_BASE_MEM_H

#include "base/bytes.h"

struct tb_mem {
    void *ctx;
    void *(*take)(void *ctx, size_t len);             /* NULL when nothing is left; 16-aligned */
    void (*give)(void *ctx, void *data, size_t len);  /* the len that was taken */
    size_t used_bytes;                                /* kept by tb_mem_take and tb_mem_give */
    size_t used_bytes_max;                            /* the ceiling; SIZE_MAX for none */
};

/* Zeroed octets, or NULL when the ceiling or the allocator says no.  len > 0. */
void *tb_mem_take(struct tb_mem *mem, size_t len);
/* Wipes, then returns them.  NULL is accepted. */
void tb_mem_give(struct tb_mem *mem, void *data, size_t len);

struct tb_arena_block;
struct tb_arena {
    struct tb_mem *mem;
    struct tb_arena_block *newest;
    size_t used_bytes;
    size_t used_bytes_max; /* ceiling of this arena: bounds what hostile input can claim */
};

void tb_arena_init(struct tb_arena *arena, struct tb_mem *mem, size_t used_bytes_max);
/* An arena in the caller's memory, 16-aligned: it never grows, and wiping returns nothing.  Of len,
 * TB_ARENA_FIXED_OVERHEAD octets are the arena's own. */
enum { TB_ARENA_FIXED_OVERHEAD = 4 * sizeof(size_t) };
void tb_arena_init_fixed(struct tb_arena *arena, void *memory, size_t len);
/* count * size zeroed octets, 16-aligned; NULL over the ceiling.  Nothing still has an address. */
void *tb_arena_take(struct tb_arena *arena, size_t count, size_t size);
/* A copy that lives as long as the arena. */
TB_MUST_USE tb_status tb_arena_dup(struct tb_arena *arena, tb_bytes value, tb_bytes *out);
/* Wipes and returns everything; the arena is empty and can be used again. */
void tb_arena_wipe(struct tb_arena *arena);

struct tb_buf {
    struct tb_mem *mem;
    uint8_t *data;
    size_t len;
    size_t cap;
    size_t len_max;
};

void tb_buf_init(struct tb_buf *buf, struct tb_mem *mem, size_t len_max);
TB_MUST_USE tb_status tb_buf_append(struct tb_buf *buf, tb_bytes value);
TB_MUST_USE tb_status tb_buf_append_u8(struct tb_buf *buf, uint8_t value);
/* Room for len more octets at *out, counted as appended; uninitialised. */
TB_MUST_USE tb_status tb_buf_extend(struct tb_buf *buf, size_t len, uint8_t **out);
static inline tb_bytes tb_buf_view(const struct tb_buf *buf)
{
    return (tb_bytes){ buf->data, buf->len };
}
void tb_buf_clear(struct tb_buf *buf); /* keeps the memory, wipes the contents */
void tb_buf_wipe(struct tb_buf *buf);  /* gives the memory back */

struct tb_rng {
    void *ctx;
    bool (*fill)(void *ctx, uint8_t *out, size_t len); /* false: no randomness, nothing written */
};
TB_MUST_USE tb_status tb_rng_fill(struct tb_rng *rng, uint8_t *out, size_t len);

#endif
