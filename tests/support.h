/*
 * What tests need around the pure rooms: memory from the heap (so that sanitizers see each piece),
 * a generator with a seed, octets from hexadecimal, and assertions that name a status.
 *
 * Everything is static inline: a test program includes this after cmocka, or without it.
 */
#ifndef TB_TESTS_SUPPORT_H
#define TB_TESTS_SUPPORT_H

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"

/* ---- memory ---- */

/* fail_after counts allocations that still succeed; SIZE_MAX never fails. */
struct test_heap {
    struct tb_mem mem;
    size_t fail_after;
    size_t taken_count;
};

static inline void *test_heap_take(void *ctx, size_t len)
{
    struct test_heap *heap = ctx;
    if (heap->fail_after == 0) return NULL;
    if (heap->fail_after != SIZE_MAX) heap->fail_after--;
    heap->taken_count++;
    return malloc(len);
}

static inline void test_heap_give(void *ctx, void *data, size_t len)
{
    (void)ctx;
    (void)len;
    free(data);
}

/* The heap must not move afterwards: mem.ctx points to it. */
static inline void test_heap_init(struct test_heap *heap)
{
    *heap = (struct test_heap){
        .mem = { heap, test_heap_take, test_heap_give, 0, SIZE_MAX },
        .fail_after = SIZE_MAX,
    };
}

/* ---- randomness: xorshift64*, the same octets for the same seed on every machine ---- */

struct test_rng {
    struct tb_rng rng;
    uint64_t state;
};

static inline uint64_t test_rng_u64(struct test_rng *rng)
{
    rng->state ^= rng->state >> 12;
    rng->state ^= rng->state << 25;
    rng->state ^= rng->state >> 27;
    return rng->state * 0x2545f4914f6cdd1du;
}

static inline bool test_rng_fill(void *ctx, uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++) out[i] = (uint8_t)(test_rng_u64(ctx) >> 32);
    return true;
}

static inline void test_rng_init(struct test_rng *rng, uint64_t seed)
{
    *rng = (struct test_rng){ { rng, test_rng_fill }, seed * 0x9e3779b97f4a7c15u + 1 };
    if (rng->state == 0) rng->state = 1;
}

/* ---- octets ---- */

static inline int test_hex_value(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Spaces are skipped; anything else foreign, or too much for out, fails the test. */
static inline tb_bytes test_hex(const char *text, uint8_t *out, size_t out_max)
{
    size_t digits = 0;
    for (; *text != 0; text++) {
        if (*text == ' ') continue;
        int value = test_hex_value(*text);
        assert_true(value >= 0 && digits / 2 < out_max);
        out[digits / 2] = (uint8_t)(digits % 2 == 0 ? value << 4 : out[digits / 2] | value);
        digits++;
    }
    assert_true(digits % 2 == 0);
    return (tb_bytes){ out, digits / 2 };
}

/* ---- assertions ---- */

#define assert_ok(EXPRESSION_) assert_int_equal((EXPRESSION_).code, TB_OK)
#define assert_status(EXPRESSION_, CODE_) assert_int_equal((EXPRESSION_).code, (CODE_))
/* The call ends its process by abort(), as a failed assert does. */
#define assert_aborts(FUNCTION_) assert_true(test_aborts(FUNCTION_))
static inline bool test_aborts(void (*function)(void))
{
    int result = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)!freopen("/dev/null", "w", stderr);
        function();
        _exit(0);
    }
    assert_true(waitpid(child, &result, 0) == child);
    return WIFSIGNALED(result) && WTERMSIG(result) == SIGABRT;
}

#define assert_bytes(ACTUAL_, EXPECTED_)                                                           \
    do {                                                                                           \
        tb_bytes actual_ = (ACTUAL_), expected_ = (EXPECTED_);                                     \
        assert_int_equal(actual_.len, expected_.len);                                              \
        if (expected_.len != 0) {                                                                  \
            assert_memory_equal(actual_.data, expected_.data, expected_.len);                      \
        }                                                                                          \
    } while (0)

#endif
