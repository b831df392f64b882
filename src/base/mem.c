#include "base/mem.h"

#include <assert.h>
#include <string.h>

enum { ARENA_BLOCK_BYTES = 4096, ALIGNMENT = 16 };

struct tb_arena_block {
    struct tb_arena_block *older;
    size_t cap;
    size_t used;
    size_t pad;
};

static size_t round_up(size_t len)
{
    return (len + (ALIGNMENT - 1)) & ~(size_t)(ALIGNMENT - 1);
}

void *tb_mem_take(struct tb_mem *mem, size_t len)
{
    assert(len > 0);
    if (len > mem->used_bytes_max || mem->used_bytes > mem->used_bytes_max - len) return NULL;
    void *data = mem->take(mem->ctx, len);
    if (data == NULL) return NULL;
    mem->used_bytes += len;
    memset(data, 0, len);
    return data;
}

void tb_mem_give(struct tb_mem *mem, void *data, size_t len)
{
    if (data == NULL) return;
    assert(mem->used_bytes >= len);
    tb_wipe(data, len);
    mem->used_bytes -= len;
    mem->give(mem->ctx, data, len);
}

void tb_arena_init(struct tb_arena *arena, struct tb_mem *mem, size_t used_bytes_max)
{
    *arena = (struct tb_arena){ .mem = mem, .used_bytes_max = used_bytes_max };
}

void tb_arena_init_fixed(struct tb_arena *arena, void *memory, size_t len)
{
    struct tb_arena_block *block = memory;
    static_assert(sizeof *block == TB_ARENA_FIXED_OVERHEAD, "the header says what a block costs");
    assert(len >= sizeof *block);
    memset(memory, 0, len);
    block->cap = len - sizeof *block;
    *arena = (struct tb_arena){ .newest = block, .used_bytes_max = block->cap };
}

static struct tb_arena_block *arena_grow(struct tb_arena *arena, size_t need)
{
    if (arena->mem == NULL) return NULL;
    size_t cap = ARENA_BLOCK_BYTES - sizeof(struct tb_arena_block);
    /* Doubling with the arena keeps the number of blocks logarithmic. */
    if (cap < arena->used_bytes / 2) cap = round_up(arena->used_bytes / 2);
    if (cap < need) cap = need;
    struct tb_arena_block *block = tb_mem_take(arena->mem, sizeof *block + cap);
    if (block == NULL && cap > need) {
        cap = need;
        block = tb_mem_take(arena->mem, sizeof *block + cap);
    }
    if (block == NULL) return NULL;
    block->cap = cap;
    block->older = arena->newest;
    arena->newest = block;
    return block;
}

void *tb_arena_take(struct tb_arena *arena, size_t count, size_t size)
{
    size_t len;
    if (!tb_mul_size(count, size, &len) || len > SIZE_MAX / 2) return NULL;
    len = len == 0 ? ALIGNMENT : round_up(len);
    if (len > arena->used_bytes_max || arena->used_bytes > arena->used_bytes_max - len) return NULL;

    struct tb_arena_block *block = arena->newest;
    if (block == NULL || block->cap - block->used < len) block = arena_grow(arena, len);
    if (block == NULL) return NULL;
    uint8_t *piece = (uint8_t *)(block + 1) + block->used;
    block->used += len;
    arena->used_bytes += len;
    return piece;
}

tb_status tb_arena_dup(struct tb_arena *arena, tb_bytes value, tb_bytes *out)
{
    uint8_t *copy = tb_arena_take(arena, value.len, 1);
    if (copy == NULL) return TB_STATUS(TB_NO_SPACE);
    if (value.len != 0) memcpy(copy, value.data, value.len);
    *out = (tb_bytes){ copy, value.len };
    return TB_STATUS(TB_OK);
}

void tb_arena_wipe(struct tb_arena *arena)
{
    if (arena->mem == NULL && arena->newest != NULL) {
        tb_wipe(arena->newest + 1, arena->newest->cap);
        arena->newest->used = arena->used_bytes = 0;
        return;
    }
    while (arena->newest != NULL) {
        struct tb_arena_block *older = arena->newest->older;
        tb_mem_give(arena->mem, arena->newest, sizeof *older + arena->newest->cap);
        arena->newest = older;
    }
    arena->used_bytes = 0;
}

void tb_buf_init(struct tb_buf *buf, struct tb_mem *mem, size_t len_max)
{
    *buf = (struct tb_buf){ .mem = mem, .len_max = len_max };
}

tb_status tb_buf_extend(struct tb_buf *buf, size_t len, uint8_t **out)
{
    if (len > buf->len_max || buf->len > buf->len_max - len) return TB_STATUS(TB_TOO_LONG);
    if (buf->cap - buf->len < len) {
        size_t cap = buf->cap < 256 ? 256 : buf->cap;
        while (cap - buf->len < len && cap <= SIZE_MAX / 2) cap *= 2;
        if (cap > buf->len_max) cap = buf->len_max;
        uint8_t *data = tb_mem_take(buf->mem, cap);
        if (data == NULL) return TB_STATUS(TB_NO_SPACE);
        if (buf->len != 0) memcpy(data, buf->data, buf->len);
        tb_mem_give(buf->mem, buf->data, buf->cap);
        buf->data = data;
        buf->cap = cap;
    }
    *out = buf->data + buf->len;
    buf->len += len;
    return TB_STATUS(TB_OK);
}

tb_status tb_buf_append(struct tb_buf *buf, tb_bytes value)
{
    uint8_t *at;
    if (value.len == 0) return TB_STATUS(TB_OK);
    TRY(tb_buf_extend(buf, value.len, &at));
    memcpy(at, value.data, value.len);
    return TB_STATUS(TB_OK);
}

tb_status tb_buf_append_u8(struct tb_buf *buf, uint8_t value)
{
    return tb_buf_append(buf, (tb_bytes){ &value, 1 });
}

void tb_buf_clear(struct tb_buf *buf)
{
    tb_wipe(buf->data, buf->len);
    buf->len = 0;
}

void tb_buf_wipe(struct tb_buf *buf)
{
    tb_mem_give(buf->mem, buf->data, buf->cap);
    buf->data = NULL;
    buf->len = buf->cap = 0;
}

tb_status tb_rng_fill(struct tb_rng *rng, uint8_t *out, size_t len)
{
    return TB_STATUS(len == 0 || rng->fill(rng->ctx, out, len) ? TB_OK : TB_RANDOM);
}
