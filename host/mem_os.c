#include "host/mem_os.h"

#include <stdlib.h>

static void *mem_take(void *ctx, size_t len)
{
    (void)ctx;
    return malloc(len); /* 16-aligned on every 64-bit system */
}

static void mem_give(void *ctx, void *data, size_t len)
{
    (void)ctx;
    (void)len;
    free(data);
}

void host_mem_init(struct tb_mem *mem, size_t used_bytes_max)
{
    *mem = (struct tb_mem){ NULL, mem_take, mem_give, 0, used_bytes_max };
}
