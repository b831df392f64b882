/*
 * The hub's own keys.  Nothing else of the engine touches a private key or a hub_key, so this
 * interface can move to a process of its own.
 *
 *     root         signs HubRecords
 *     agent        signs runs and restored entries (franking)
 *     external     signs proposals as external sender 0 of every room
 *     intake       signs report intakes, decision entries and verdicts
 *     hub_key      keys server_frank; a new one every 30 days, kept for the report window after
 *                  its last use and then destroyed
 *     pseudonym    keys the reporters' monthly pseudonyms
 */
#ifndef TB_HUB_KEYS_H
#define TB_HUB_KEYS_H

#include "base/store.h"
#include "chat/frank.h"
#include "crypto/crypto.h"
#include "hub/records.h"

enum { HUB_KEY_LIFE_MS_DAYS = 30, HUB_OLD_KEY_COUNT_MAX = 64, HUB_AGENT_COUNT_MAX = 256 };

struct hub_hub_key {
    uint8_t id[CHAT_HUB_KEY_ID_LEN];
    struct tb_secret key;
    uint64_t from_ms, until_ms;
};
struct hub_keys {
    const struct crypto_suite *suite; /* Ed25519, SHA-256 */
    struct crypto_signing_key root, agent, external, intake;
    struct tb_secret pseudonym;
    uint64_t agent_from_ms;
    struct hub_hub_key current;
    struct hub_hub_key old[HUB_OLD_KEY_COUNT_MAX];
    size_t old_count;
};

/* Makes all keys and stores them.  TB_RANDOM, TB_STORE. */
TB_MUST_USE tb_status hub_keys_create(const struct tb_store *store,
                                      const struct crypto_suite *suite, struct tb_rng *rng,
                                      tb_bytes domain, uint64_t now_ms, struct tb_arena *arena);
/* TB_NOT_FOUND: an empty store.  HUB_SCHEMA_NEWER.  *domain is in the arena. */
TB_MUST_USE tb_status hub_keys_load(const struct tb_store *store,
                                    const struct crypto_suite *suite, struct tb_arena *arena,
                                    struct hub_keys *out, tb_bytes *domain);
void hub_keys_wipe(struct hub_keys *keys);

/* A new hub_key when the current one is 30 days old; destroys those past window_ms.  No run may be
 * open (amendments 8).  *is_changed tells whether there is a new one. */
TB_MUST_USE tb_status hub_keys_rotate(struct hub_keys *keys, const struct tb_store *store,
                                      struct tb_rng *rng, uint64_t now_ms, uint64_t window_ms,
                                      struct tb_arena *arena, bool *is_changed);

/* server_frank under the current hub_key, or under the one that id names (HUB_KEY_GONE). */
TB_MUST_USE tb_status hub_keys_frank(const struct hub_keys *keys, const uint8_t tag[CHAT_HASH_LEN],
                                     const struct chat_franking_context *context,
                                     uint8_t server_frank[CHAT_HASH_LEN]);
TB_MUST_USE tb_status hub_keys_frank_of(const struct hub_keys *keys,
                                        const uint8_t id[CHAT_HUB_KEY_ID_LEN],
                                        const uint8_t tag[CHAT_HASH_LEN],
                                        const struct chat_franking_context *context,
                                        uint8_t server_frank[CHAT_HASH_LEN]);

#endif
