/*
 * The hub's own keys.  Nothing else of the engine touches a private key or a hub_key, so this
 * interface can move to a process of its own.
 *
 *     root         signs HubRecords
 *     agents       sign runs and restored entries (franking), each room's own until its next epoch
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

enum { HUB_KEY_LIFE_MS_DAYS = 30, HUB_OLD_KEY_COUNT_MAX = 64, HUB_AGENT_COUNT_MAX = 64 };

struct hub_hub_key {
    uint8_t id[CHAT_HUB_KEY_ID_LEN];
    struct tb_secret key;
    uint64_t from_ms, until_ms;
};
/* Of an agent: in use from the rotation to the last room that left it, then the public half only.
 * Of an intake key that was replaced: the public half. */
struct hub_agent {
    struct crypto_signing_key key; /* no private_key: it is destroyed */
    uint64_t from_ms, until_ms;    /* until_ms 0: in use */
    uint64_t revoked_ms;           /* others may have had it since; 0 */
};
/* What a change of keys needs. */
struct hub_keys_turn {
    const struct tb_store *store;
    struct tb_rng *rng;
    struct tb_arena *arena;
    uint64_t now_ms, window_from_ms; /* reports reach back to there */
};
struct hub_keys {
    const struct crypto_suite *suite; /* Ed25519, SHA-256 */
    struct crypto_signing_key root, external, intake;
    struct tb_secret pseudonym;
    uint64_t intake_from_ms;
    struct hub_agent agents[HUB_AGENT_COUNT_MAX]; /* oldest first, the newest for new epochs */
    size_t agent_count;
    struct hub_agent next_agent;
    struct hub_agent old_intakes[HUB_AGENT_COUNT_MAX];
    size_t old_intake_count;
    uint64_t agents_seen;    /* bit i: a room uses agents[i], as of this walk over all rooms */
    bool is_walk_whole;      /* no key came since that walk began */
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

/* A new hub_key when the current one is 30 days old, or is_wanted; destroys those past window_ms.
 * No run may be open (amendments 8).  *is_changed tells whether there is a new one. */
TB_MUST_USE tb_status hub_keys_rotate(struct hub_keys *keys, const struct tb_store *store,
                                      struct tb_rng *rng, uint64_t now_ms, uint64_t window_ms,
                                      struct tb_arena *arena, bool is_wanted, bool *is_changed);

/* server_frank under the current hub_key, or under the one that id names (HUB_KEY_GONE). */
TB_MUST_USE tb_status hub_keys_frank(const struct hub_keys *keys, const uint8_t tag[CHAT_HASH_LEN],
                                     const struct chat_franking_context *context,
                                     uint8_t server_frank[CHAT_HASH_LEN]);
TB_MUST_USE tb_status hub_keys_frank_of(const struct hub_keys *keys,
                                        const uint8_t id[CHAT_HUB_KEY_ID_LEN],
                                        const uint8_t tag[CHAT_HASH_LEN],
                                        const struct chat_franking_context *context,
                                        uint8_t server_frank[CHAT_HASH_LEN]);

/* ---- keys_rotate.c ---- */

/* For hub_keys_create and hub_keys_load. */
TB_MUST_USE tb_status hub_keys_next_make(const struct tb_store *store,
                                         const struct crypto_suite *suite, struct tb_rng *rng,
                                         struct tb_arena *arena, struct hub_agent *next);
TB_MUST_USE tb_status hub_keys_agent_put(const struct tb_store *store,
                                         const struct hub_agent *agent, struct tb_arena *arena);
TB_MUST_USE tb_status hub_keys_load_agents(const struct tb_store *store, struct tb_arena *arena,
                                           struct hub_keys *keys);

/* The agent of new rooms, which all others move to. */
const struct hub_agent *hub_keys_agent_newest(const struct hub_keys *keys);
/* What signs for a room; NULL: a key that the hub does not hold. */
const struct crypto_signing_key *hub_keys_agent(const struct hub_keys *keys, tb_bytes public_key);
/* HUB_AGENT_GONE then: after a restore from a state of two rotations ago. */
TB_MUST_USE tb_status hub_keys_agent_check(const struct hub_keys *keys, tb_bytes public_key);
/* The next agent becomes the newest, and another is made to follow it.  HUB_KEYS_FULL: more in the
 * report window than a HubRecord lists. */
TB_MUST_USE tb_status hub_keys_agent_rotate(struct hub_keys *keys,
                                            const struct hub_keys_turn *turn, uint64_t from_ms);
/* The operator says that others may have had this agent's key since revoked_ms.  It can be taken
 * back no more, only be set to an earlier time. */
TB_MUST_USE tb_status hub_keys_agent_revoke(struct hub_agent *agent,
                                            const struct hub_keys_turn *turn, uint64_t revoked_ms);
/* A walk over all rooms tells what each uses; hold: a room may go back to any of them.  At its end
 * those that no room uses are over: their private halves are destroyed. */
void hub_keys_agent_seen(struct hub_keys *keys, tb_bytes public_key);
void hub_keys_agent_hold(struct hub_keys *keys);
TB_MUST_USE tb_status hub_keys_agent_walked(struct hub_keys *keys,
                                            const struct hub_keys_turn *turn, bool *is_changed);
/* Another intake key; what the old one signed is of its time. */
TB_MUST_USE tb_status hub_keys_intake_rotate(struct hub_keys *keys,
                                             const struct hub_keys_turn *turn);

#endif
