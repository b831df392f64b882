#include "hub/map.h"

#include <assert.h>
#include <string.h>

enum { MAP_SLOT_COUNT_MIN = 16 };

/* SipHash reads little-endian words. */
static uint64_t load_word(const uint8_t *in, size_t len)
{
    uint64_t word = 0;
    for (size_t i = 0; i < len; i++) word |= (uint64_t)in[i] << (8 * i);
    return word;
}

static uint64_t rotate(uint64_t value, unsigned bits)
{
    return value << bits | value >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[2] += v[3];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] = rotate(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] = rotate(v[2], 32);
}

static void sip_word(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    sip_round(v);
    sip_round(v);
    v[0] ^= word;
}

uint64_t hub_map_hash(const uint8_t seed[HUB_MAP_SEED_LEN], tb_bytes key)
{
    uint64_t k0 = load_word(seed, 8), k1 = load_word(seed + 8, 8);
    uint64_t v[4] = { k0 ^ 0x736f6d6570736575u, k1 ^ 0x646f72616e646f6du,
                      k0 ^ 0x6c7967656e657261u, k1 ^ 0x7465646279746573u };
    size_t whole = key.len & ~(size_t)7;
    for (size_t i = 0; i < whole; i += 8) sip_word(v, load_word(key.data + i, 8));
    uint64_t last = (uint64_t)key.len << 56;
    if (key.len != whole) last |= load_word(key.data + whole, key.len - whole);
    sip_word(v, last);
    v[2] ^= 0xff;
    for (int i = 0; i < 4; i++) sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

void hub_map_init(struct hub_map *map, struct tb_mem *mem, const uint8_t seed[HUB_MAP_SEED_LEN],
                  size_t key_offset, size_t key_len)
{
    *map = (struct hub_map){ .mem = mem, .key_offset = key_offset, .key_len = key_len };
    memcpy(map->seed, seed, HUB_MAP_SEED_LEN);
}

static uint64_t hash_of(const struct hub_map *map, const void *key)
{
    return hub_map_hash(map->seed, tb_bytes_of(key, map->key_len));
}

static bool has_key(const struct hub_map *map, const struct hub_map_slot *slot, uint64_t hash,
                    const void *key)
{
    return slot->hash == hash &&
           memcmp((const uint8_t *)slot->value + map->key_offset, key, map->key_len) == 0;
}

void *hub_map_get(const struct hub_map *map, const void *key)
{
    if (map->count == 0) return NULL;
    uint64_t hash = hash_of(map, key);
    size_t mask = map->slot_count - 1;
    for (size_t i = (size_t)hash & mask; map->slots[i].value != NULL; i = (i + 1) & mask) {
        if (has_key(map, &map->slots[i], hash, key)) return map->slots[i].value;
    }
    return NULL;
}

static void place(struct hub_map_slot *slots, size_t slot_count, struct hub_map_slot slot)
{
    size_t mask = slot_count - 1, i = (size_t)slot.hash & mask;
    while (slots[i].value != NULL) i = (i + 1) & mask;
    slots[i] = slot;
}

static tb_status map_grow(struct hub_map *map)
{
    size_t slot_count = map->slot_count == 0 ? MAP_SLOT_COUNT_MIN : map->slot_count * 2;
    struct hub_map_slot *slots = tb_mem_take(map->mem, slot_count * sizeof *slots);
    if (slots == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < map->slot_count; i++) {
        if (map->slots[i].value != NULL) place(slots, slot_count, map->slots[i]);
    }
    tb_mem_give(map->mem, map->slots, map->slot_count * sizeof *slots);
    map->slots = slots;
    map->slot_count = slot_count;
    return TB_STATUS(TB_OK);
}

tb_status hub_map_put(struct hub_map *map, void *value)
{
    if ((map->count + 1) * 4 > map->slot_count * 3) TRY(map_grow(map));
    const uint8_t *key = (const uint8_t *)value + map->key_offset;
    place(map->slots, map->slot_count, (struct hub_map_slot){ hash_of(map, key), value });
    map->count++;
    return TB_STATUS(TB_OK);
}

/* Moves later slots of the same chain back, so that no search ends early at the gap. */
static void close_gap(struct hub_map *map, size_t gap)
{
    size_t mask = map->slot_count - 1;
    for (size_t i = (gap + 1) & mask; map->slots[i].value != NULL; i = (i + 1) & mask) {
        size_t home = (size_t)map->slots[i].hash & mask;
        if (((i - home) & mask) < ((i - gap) & mask)) continue;
        map->slots[gap] = map->slots[i];
        gap = i;
    }
    map->slots[gap] = (struct hub_map_slot){ 0 };
}

void *hub_map_remove(struct hub_map *map, const void *key)
{
    if (map->count == 0) return NULL;
    uint64_t hash = hash_of(map, key);
    size_t mask = map->slot_count - 1;
    for (size_t i = (size_t)hash & mask; map->slots[i].value != NULL; i = (i + 1) & mask) {
        if (!has_key(map, &map->slots[i], hash, key)) continue;
        void *value = map->slots[i].value;
        close_gap(map, i);
        map->count--;
        return value;
    }
    return NULL;
}

void *hub_map_next(const struct hub_map *map, size_t *at)
{
    while (*at < map->slot_count) {
        void *value = map->slots[(*at)++].value;
        if (value != NULL) return value;
    }
    return NULL;
}

void hub_map_wipe(struct hub_map *map)
{
    tb_mem_give(map->mem, map->slots, map->slot_count * sizeof *map->slots);
    map->slots = NULL;
    map->slot_count = map->count = 0;
}
