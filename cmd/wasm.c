/*
 * The core as a WebAssembly reactor: memory for the embedder, and what a failed assert does.
 *
 * The module imports nothing but the crypto provider (src/crypto/backend_wasm.c).  The embedder
 * calls _initialize once, before anything else.  Growing memory detaches the embedder's views of
 * it: it must take them anew after each call that may allocate.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "cmd/wasm.h"

#ifdef __wasm__

#define EXPORT(NAME_) __attribute__((export_name(#NAME_)))

static void *take(void *ctx, size_t len)
{
    (void)ctx;
    return malloc(len);
}

static void give(void *ctx, void *data, size_t len)
{
    (void)ctx;
    (void)len;
    free(data);
}

struct tb_mem *wasm_mem(void)
{
    static struct tb_mem mem = { .take = take, .give = give, .used_bytes_max = WASM_BYTES_MAX };
    return &mem;
}

/* Zeroed octets for the embedder's inputs, 0 when memory is at its end; len > 0. */
EXPORT(timbre_take)
void *wasm_take(size_t len)
{
    return tb_mem_take(wasm_mem(), len);
}

/* Wipes and returns what timbre_take gave. */
EXPORT(timbre_give)
void wasm_give(void *data, size_t len)
{
    tb_mem_give(wasm_mem(), data, len);
}

/* assert() of the C library would print, and with that import files and a process.  Here a broken
 * program traps, and the embedder sees where in the trace of the error. */
_Noreturn void __assert_fail(const char *text, const char *file, int line, const char *function)
{
    (void)text;
    (void)file;
    (void)line;
    (void)function;
    __builtin_trap();
}

_Noreturn void abort(void)
{
    __builtin_trap();
}

#endif
