/*
 * Hash maps from fixed-length keys to structs that hold their own key.
 *
 * Keys are chosen by strangers (URIs, tags), so the hash is SipHash-2-4 under a seed of the
 * process.  Open addressing, at most three quarters full, removal without tombstones.
 */
#ifndef TB_HUB_MAP_H
#define TB_HUB_MAP_H

#include "base/mem.h"

enum { HUB_MAP_SEED_LEN = 16 };

uint64_t hub_map_hash(const uint8_t seed[HUB_MAP_SEED_LEN], tb_bytes key);

struct hub_map_slot {
    uint64_t hash;
    void *value; /* NULL: free */
};
struct hub_map {
    struct tb_mem *mem;
    uint8_t seed[HUB_MAP_SEED_LEN];
    size_t key_offset; /* of the key in the value */
    size_t key_len;    /* octets */
    struct hub_map_slot *slots;
    size_t slot_count; /* a power of two, or 0 */
    size_t count;
};

void hub_map_init(struct hub_map *map, struct tb_mem *mem, const uint8_t seed[HUB_MAP_SEED_LEN],
                  size_t key_offset, size_t key_len);
void *hub_map_get(const struct hub_map *map, const void *key); /* NULL: none */
/* The key must not be there.  TB_NO_SPACE. */
TB_MUST_USE tb_status hub_map_put(struct hub_map *map, void *value);
void *hub_map_remove(struct hub_map *map, const void *key); /* the value, or NULL */
/* Values one by one; *at starts at 0.  Nothing may be put or removed on the way. */
void *hub_map_next(const struct hub_map *map, size_t *at);
void hub_map_wipe(struct hub_map *map); /* the values are the caller's */

#endif
