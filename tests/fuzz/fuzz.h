/*
 * What every fuzz target needs.  A target is one file:
 *
 *     covers: wire_uri_parse wire_uri_build        in its comment: functions the corpus must reach
 *     FUZZ_TARGET(input, arena)
 *     {
 *         ... decode input; what was accepted must FUZZ_REQUIRE(...) its properties ...
 *     }
 *
 * Targets are deterministic: no clock, no randomness but what the input says.  Memory of a run is
 * capped and must be given back.
 */
#ifndef TB_TESTS_FUZZ_FUZZ_H
#define TB_TESTS_FUZZ_FUZZ_H

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { FUZZ_ARENA_BYTES_MAX = 16 << 20, FUZZ_INPUT_LEN_MAX = 1 << 20 };

#define FUZZ_REQUIRE(CONDITION_)                                                                   \
    do {                                                                                           \
        if (!(CONDITION_)) abort();                                                                \
    } while (0)
#define FUZZ_OK(EXPRESSION_) FUZZ_REQUIRE(tb_is_ok(EXPRESSION_))

static inline void *fuzz_take(void *ctx, size_t len)
{
    (void)ctx;
    return malloc(len);
}

static inline void fuzz_give(void *ctx, void *data, size_t len)
{
    (void)ctx;
    (void)len;
    free(data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define FUZZ_TARGET(INPUT_, ARENA_)                                                                \
    static void fuzz_one(tb_bytes INPUT_, struct tb_arena *ARENA_);                                \
    int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)                                    \
    {                                                                                              \
        struct tb_mem mem = { NULL, fuzz_take, fuzz_give, 0, SIZE_MAX };                           \
        struct tb_arena arena;                                                                     \
        if (len > FUZZ_INPUT_LEN_MAX) return -1;                                                   \
        tb_arena_init(&arena, &mem, FUZZ_ARENA_BYTES_MAX);                                         \
        fuzz_one((tb_bytes){ data, len }, &arena);                                                 \
        tb_arena_wipe(&arena);                                                                     \
        FUZZ_REQUIRE(mem.used_bytes == 0);                                                         \
        return 0;                                                                                  \
    }                                                                                              \
    static void fuzz_one(tb_bytes INPUT_, struct tb_arena *ARENA_)

/*
 * A decoder that has a table: what it accepts encodes to the input, and an equal copy can be made.
 * Returns the decoded value, or NULL when the input was refused.  (Include wire/tls.h first.)
 */
#ifdef TB_WIRE_TLS_H
static inline void *fuzz_wire(const struct wire_desc *desc, tb_bytes input, struct tb_arena *arena)
{
    void *value = tb_arena_take(arena, 1, desc->size);
    void *copy = tb_arena_take(arena, 1, desc->size);
    tb_bytes again;
    size_t len;
    FUZZ_REQUIRE(value != NULL && copy != NULL);
    if (!tb_is_ok(wire_decode(desc, input, arena, value, NULL))) return NULL;
    FUZZ_OK(wire_size(desc, value, &len));
    FUZZ_REQUIRE(len == input.len);
    if (!tb_is_ok(wire_encode(desc, value, arena, &again))) return NULL; /* memory ended */
    FUZZ_REQUIRE(tb_bytes_equal(again, input));
    if (tb_is_ok(wire_copy(desc, value, arena, copy))) {
        FUZZ_REQUIRE(wire_equal(desc, value, copy));
    }
    return value;
}
#endif

/* The whole target for one table. */
#define FUZZ_WIRE_TARGET(DESC_)                                                                    \
    FUZZ_TARGET(input, arena)                                                                      \
    {                                                                                              \
        (void)fuzz_wire(&(DESC_), input, arena);                                                   \
    }

#endif
