/* What the tests of the chat room share: memory, a suite, keys from small numbers. */
#ifndef TB_TESTS_UNIT_CHAT_FIXTURE_H
#define TB_TESTS_UNIT_CHAT_FIXTURE_H

#include "tests/support.h"

#include "chat/status.h"
#include "crypto/crypto.h"
#include "wire/tls.h"

struct fixture {
    struct test_heap heap;
    struct test_rng rng;
    struct tb_arena arena;
    struct crypto_suite suite;
};

static inline void fixture_init(struct fixture *fixture)
{
    test_heap_init(&fixture->heap);
    test_rng_init(&fixture->rng, 7);
    tb_arena_init(&fixture->arena, &fixture->heap.mem, 64u << 20);
    assert_ok(crypto_suite_init(&fixture->suite, 1, crypto_backend_native()));
}

static inline void fixture_end(struct fixture *fixture)
{
    tb_arena_wipe(&fixture->arena);
    assert_int_equal(fixture->heap.mem.used_bytes, 0);
}

/* The Ed25519 key whose seed is `first`, `first` + 1, ... */
static inline void fixture_key(struct fixture *fixture, uint8_t first,
                               struct crypto_signing_key *out)
{
    uint8_t seed[32];
    for (size_t i = 0; i < sizeof seed; i++) seed[i] = (uint8_t)(first + i);
    assert_ok(crypto_signing_key_from(&fixture->suite, TB_ARRAY(seed), out));
}

/* Octets from hexadecimal, in the arena. */
static inline tb_bytes fixture_hex(struct fixture *fixture, const char *hex)
{
    size_t max = strlen(hex) / 2 + 1;
    uint8_t *out = tb_arena_take(&fixture->arena, max, 1);
    assert_non_null(out);
    return test_hex(hex, out, max);
}

#define assert_hex(FIXTURE_, ACTUAL_, HEX_) assert_bytes(ACTUAL_, fixture_hex(FIXTURE_, HEX_))

static inline tb_bytes fixture_encode(struct fixture *fixture, const struct wire_desc *desc,
                                      const void *value)
{
    tb_bytes out;
    assert_ok(wire_encode(desc, value, &fixture->arena, &out));
    return out;
}

/* A copy with one octet changed. */
static inline tb_bytes fixture_changed(struct fixture *fixture, tb_bytes value, size_t at)
{
    tb_bytes copy;
    assert_ok(tb_arena_dup(&fixture->arena, value, &copy));
    uint8_t *octets = tb_arena_take(&fixture->arena, value.len, 1);
    assert_non_null(octets);
    memcpy(octets, copy.data, copy.len);
    octets[at] ^= 0x01;
    return (tb_bytes){ octets, value.len };
}

#endif
