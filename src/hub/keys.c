#include "hub/keys.h"

#include <string.h>

static const uint64_t KEY_LIFE_MS = (uint64_t)HUB_KEY_LIFE_MS_DAYS * 86400000u;

static struct hub_key identity_key(void)
{
    return hub_key_of(TB_LITERAL("identity"));
}

static tb_status put_hub_key(const struct tb_store *store, const struct hub_hub_key *key,
                             struct tb_arena *arena)
{
    struct hub_row_hub_key row = { .from_ms = key->from_ms, .until_ms = key->until_ms };
    memcpy(row.key, key->key.data, sizeof row.key);
    struct hub_key at = hub_key_tagged('K', key->id, sizeof key->id);
    tb_status status = hub_row_put(store, HUB_TABLE_HUB_KEYS, &at, &hub_row_hub_key_desc, &row,
                                   arena);
    tb_wipe(&row, sizeof row);
    return status;
}

static tb_status make_hub_key(const struct crypto_suite *suite, struct tb_rng *rng,
                              uint64_t now_ms, struct hub_hub_key *out)
{
    struct hub_hub_key key = { .from_ms = now_ms };
    key.key.len = CHAT_HUB_KEY_LEN;
    tb_status status;
    CHECK(tb_rng_fill(rng, key.key.data, key.key.len));
    CHECK(chat_frank_hub_key_id(suite, tb_secret_view(&key.key), key.id));
    *out = key;
out:
    tb_secret_wipe(&key.key);
    return status;
}

tb_status hub_keys_create(const struct tb_store *store, const struct crypto_suite *suite,
                          struct tb_rng *rng, tb_bytes domain, uint64_t now_ms,
                          struct tb_arena *arena)
{
    struct hub_row_identity row = { .schema = HUB_SCHEMA_VERSION,
                                    .domain = domain,
                                    .intake_from_ms = now_ms,
                                    .created_ms = now_ms };
    struct hub_agent agent = { .from_ms = now_ms }, next = { .from_ms = 0 };
    struct hub_hub_key hub_key = { .from_ms = 0 };
    struct hub_key at = identity_key();
    tb_status status;
    CHECK(tb_rng_fill(rng, row.root_seed, sizeof row.root_seed));
    CHECK(tb_rng_fill(rng, row.external_seed, sizeof row.external_seed));
    CHECK(tb_rng_fill(rng, row.intake_seed, sizeof row.intake_seed));
    CHECK(tb_rng_fill(rng, row.pseudonym_key, sizeof row.pseudonym_key));
    CHECK(crypto_signing_key_new(suite, rng, &agent.key));
    CHECK(make_hub_key(suite, rng, now_ms, &hub_key));
    CHECK(hub_row_put(store, HUB_TABLE_META, &at, &hub_row_identity_desc, &row, arena));
    CHECK(hub_keys_agent_put(store, &agent, arena));
    CHECK(hub_keys_next_make(store, suite, rng, arena, &next));
    CHECK(put_hub_key(store, &hub_key, arena));
out:
    tb_wipe(&row, sizeof row);
    tb_wipe(&agent, sizeof agent);
    tb_wipe(&next, sizeof next);
    tb_secret_wipe(&hub_key.key);
    return status;
}

static tb_status load_identity(const struct tb_store *store, struct tb_arena *arena,
                               struct hub_keys *keys, tb_bytes *domain)
{
    struct hub_key at = identity_key();
    tb_bytes value;
    TRY(hub_row_get_octets(store, HUB_TABLE_META, &at, arena, &value));
    /* The schema comes first, so that a newer row need not parse. */
    if (value.len < 4) return TB_STATUS(HUB_ROW);
    if (tb_get_u32(value.data) > HUB_SCHEMA_VERSION) return TB_STATUS(HUB_SCHEMA_NEWER);
    struct hub_row_identity row;
    if (!tb_is_ok(wire_decode(&hub_row_identity_desc, value, arena, &row, NULL))) {
        return TB_STATUS(HUB_ROW);
    }
    const struct crypto_suite *suite = keys->suite;
    tb_status status;
    CHECK(crypto_signing_key_from(suite, TB_ARRAY(row.root_seed), &keys->root));
    CHECK(crypto_signing_key_from(suite, TB_ARRAY(row.external_seed), &keys->external));
    CHECK(crypto_signing_key_from(suite, TB_ARRAY(row.intake_seed), &keys->intake));
    tb_secret_set(&keys->pseudonym, TB_ARRAY(row.pseudonym_key));
    keys->intake_from_ms = row.intake_from_ms;
    *domain = row.domain;
out:
    tb_wipe(&row, sizeof row);
    return status;
}

static tb_status load_hub_keys(const struct tb_store *store, struct tb_arena *arena,
                               struct hub_keys *keys)
{
    struct hub_key prefix = hub_key_tagged('K', "", 0);
    struct hub_pairs rows;
    TRY(hub_row_list(store, HUB_TABLE_HUB_KEYS, &prefix, NULL, HUB_OLD_KEY_COUNT_MAX + 1, arena,
                     &rows));
    for (size_t i = 0; i < rows.count; i++) {
        struct hub_row_hub_key row;
        if (!tb_is_ok(wire_decode(&hub_row_hub_key_desc, rows.at[i].value, arena, &row, NULL)) ||
            rows.at[i].key.len != 1 + CHAT_HUB_KEY_ID_LEN) {
            return TB_STATUS(HUB_ROW);
        }
        struct hub_hub_key *key = row.until_ms == 0 ? &keys->current
                                                    : &keys->old[keys->old_count++];
        memcpy(key->id, rows.at[i].key.data + 1, sizeof key->id);
        tb_secret_set(&key->key, TB_ARRAY(row.key));
        key->from_ms = row.from_ms;
        key->until_ms = row.until_ms;
        tb_wipe(&row, sizeof row);
    }
    return keys->current.key.len != 0 ? TB_STATUS(TB_OK) : TB_STATUS(HUB_ROW);
}

tb_status hub_keys_load(const struct tb_store *store, const struct crypto_suite *suite,
                        struct tb_arena *arena, struct hub_keys *out, tb_bytes *domain)
{
    struct hub_keys keys = { .suite = suite };
    tb_bytes stored;
    tb_status status;
    CHECK(load_identity(store, arena, &keys, &stored));
    CHECK(load_hub_keys(store, arena, &keys));
    CHECK(hub_keys_load_agents(store, arena, &keys));
    *out = keys;
    *domain = stored;
out:
    hub_keys_wipe(&keys);
    return status;
}

void hub_keys_wipe(struct hub_keys *keys)
{
    tb_wipe(keys, sizeof *keys);
}

static tb_status destroy_old(struct hub_keys *keys, const struct tb_store *store, uint64_t now_ms,
                             uint64_t window_ms)
{
    for (size_t i = 0; i < keys->old_count;) {
        struct hub_hub_key *old = &keys->old[i];
        bool is_over = now_ms > window_ms && old->until_ms < now_ms - window_ms;
        if (!is_over && keys->old_count < HUB_OLD_KEY_COUNT_MAX) {
            i++;
            continue;
        }
        struct hub_key at = hub_key_tagged('K', old->id, sizeof old->id);
        TRY(hub_row_del(store, HUB_TABLE_HUB_KEYS, &at));
        *old = keys->old[--keys->old_count];
        tb_wipe(&keys->old[keys->old_count], sizeof *old);
    }
    return TB_STATUS(TB_OK);
}

tb_status hub_keys_rotate(struct hub_keys *keys, const struct tb_store *store, struct tb_rng *rng,
                          uint64_t now_ms, uint64_t window_ms, struct tb_arena *arena,
                          bool is_wanted, bool *is_changed)
{
    *is_changed = false;
    TRY(destroy_old(keys, store, now_ms, window_ms));
    if (!is_wanted && now_ms < keys->current.from_ms + KEY_LIFE_MS) return TB_STATUS(TB_OK);
    struct hub_hub_key fresh;
    TRY(make_hub_key(keys->suite, rng, now_ms, &fresh));
    tb_status status;
    keys->current.until_ms = now_ms;
    CHECK(put_hub_key(store, &keys->current, arena));
    CHECK(put_hub_key(store, &fresh, arena));
    keys->old[keys->old_count++] = keys->current;
    keys->current = fresh;
    *is_changed = true;
out:
    tb_wipe(&fresh, sizeof fresh);
    return status;
}

tb_status hub_keys_frank(const struct hub_keys *keys, const uint8_t tag[CHAT_HASH_LEN],
                         const struct chat_franking_context *context,
                         uint8_t server_frank[CHAT_HASH_LEN])
{
    return chat_frank_server(keys->suite, tb_secret_view(&keys->current.key), tag, context,
                             server_frank);
}

tb_status hub_keys_frank_of(const struct hub_keys *keys, const uint8_t id[CHAT_HUB_KEY_ID_LEN],
                            const uint8_t tag[CHAT_HASH_LEN],
                            const struct chat_franking_context *context,
                            uint8_t server_frank[CHAT_HASH_LEN])
{
    const struct hub_hub_key *key = NULL;
    if (memcmp(keys->current.id, id, CHAT_HUB_KEY_ID_LEN) == 0) key = &keys->current;
    for (size_t i = 0; i < keys->old_count && key == NULL; i++) {
        if (memcmp(keys->old[i].id, id, CHAT_HUB_KEY_ID_LEN) == 0) key = &keys->old[i];
    }
    if (key == NULL) return TB_STATUS(HUB_KEY_GONE);
    return chat_frank_server(keys->suite, tb_secret_view(&key->key), tag, context, server_frank);
}
