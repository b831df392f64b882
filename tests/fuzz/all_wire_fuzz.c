/*
 * Every table of the program: four octets name it (a hash of its name, so that new tables change
 * nothing for old inputs), the rest is decoded.  Half of the mutations are made on the decoded
 * value, so that inputs stay deep inside.
 *
 * covers: wire_decode wire_encode wire_copy wire_equal wire_size
 */
#include "wire/tls.h"
#include "wire/tls_random.h"

#include "tests/fuzz/fuzz.h"
#include "wire_roots.h"

#define DECLARE(NAME_) extern const struct wire_desc NAME_##_desc;
WIRE_ROOTS(DECLARE)
#define ADDRESS(NAME_) &NAME_##_desc,
static const struct wire_desc *const roots[] = { WIRE_ROOTS(ADDRESS) };
enum { ROOT_COUNT = sizeof roots / sizeof roots[0], NAME_LEN = 4 };

size_t LLVMFuzzerMutate(uint8_t *data, size_t len, size_t len_max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t len, size_t len_max, unsigned seed);

static uint32_t name_hash(const char *name)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (; *name != 0; name++) hash = (hash ^ (uint8_t)*name) * 16777619u;
    return hash;
}

static const struct wire_desc *root_of(const uint8_t *data)
{
    for (size_t i = 0; i < ROOT_COUNT; i++) {
        if (name_hash(roots[i]->name) == tb_get_u32(data)) return roots[i];
    }
    return NULL;
}

FUZZ_TARGET(input, arena)
{
    if (input.len < NAME_LEN) return;
    const struct wire_desc *desc = root_of(input.data);
    if (desc == NULL) return;
    (void)fuzz_wire(desc, (tb_bytes){ input.data + NAME_LEN, input.len - NAME_LEN }, arena);
}

static bool fill(void *ctx, uint8_t *out, size_t len)
{
    uint64_t *state = ctx;
    for (size_t i = 0; i < len; i++) {
        *state = *state * 6364136223846793005u + 1442695040888963407u;
        out[i] = (uint8_t)(*state >> 40);
    }
    return true;
}

/* A changed value, or a new one where the input is no value; 0 when it does not fit. */
static size_t mutate_value(uint8_t *data, size_t len, size_t len_max, struct tb_rng *rng,
                           struct tb_arena *arena)
{
    const struct wire_random_bounds bounds = { .len_max = 100, .count_max = 4, .item_max = 24 };
    uint8_t choice[4];
    tb_bytes octets;
    const struct wire_desc *desc = len < NAME_LEN ? NULL : root_of(data);
    if (desc == NULL) {
        FUZZ_OK(tb_rng_fill(rng, choice, sizeof choice));
        desc = roots[tb_get_u32(choice) % ROOT_COUNT];
        len = 0;
    }
    void *value = tb_arena_take(arena, 1, desc->size);
    FUZZ_REQUIRE(value != NULL);
    tb_bytes body = { data + NAME_LEN, len < NAME_LEN ? 0 : len - NAME_LEN };
    tb_status status = wire_decode(desc, body, arena, value, NULL);
    status = tb_is_ok(status) ? wire_random_change(desc, rng, &bounds, arena, value)
                              : wire_random_make(desc, rng, &bounds, arena, value);
    if (!tb_is_ok(status) || !tb_is_ok(wire_encode(desc, value, arena, &octets))) return 0;
    if (octets.len > len_max - NAME_LEN) return 0;
    tb_put_u32(data, name_hash(desc->name));
    if (octets.len != 0) memcpy(data + NAME_LEN, octets.data, octets.len);
    return NAME_LEN + octets.len;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t len, size_t len_max, unsigned seed)
{
    uint64_t state = seed;
    struct tb_rng rng = { &state, fill };
    struct tb_mem mem = { NULL, fuzz_take, fuzz_give, 0, SIZE_MAX };
    struct tb_arena arena;
    size_t made = 0;
    if (seed % 2 == 0 && len_max > NAME_LEN) {
        tb_arena_init(&arena, &mem, FUZZ_ARENA_BYTES_MAX);
        made = mutate_value(data, len, len_max, &rng, &arena);
        tb_arena_wipe(&arena);
    }
    return made != 0 ? made : LLVMFuzzerMutate(data, len, len_max);
}
