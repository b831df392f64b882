/*
 * New keys for old ones.  The agent key that comes next is made together with the one in use, so a
 * backup holds the key of one rotation more and rooms that have moved on can still be taken back
 * from it; two rotations in a row leave nothing of a backup that was stolen.
 */
#include <string.h>

#include "hub/keys.h"

static tb_status put_seed(const struct tb_store *store, const struct hub_key *at,
                          const struct hub_agent *agent, struct tb_arena *arena)
{
    struct hub_row_agent row = { .seed = tb_secret_view(&agent->key.private_key),
                                 .public_key = crypto_signing_key_public(&agent->key),
                                 .from_ms = agent->from_ms,
                                 .until_ms = agent->until_ms,
                                 .revoked_ms = agent->revoked_ms };
    return hub_row_put(store, HUB_TABLE_HUB_KEYS, at, &hub_row_agent_desc, &row, arena);
}

static struct hub_key timed_key(char tag, uint64_t from_ms)
{
    struct hub_key key = hub_key_tagged(tag, "", 0);
    hub_key_add_u64(&key, from_ms);
    return key;
}

tb_status hub_keys_next_make(const struct tb_store *store, const struct crypto_suite *suite,
                             struct tb_rng *rng, struct tb_arena *arena, struct hub_agent *next)
{
    struct hub_key at = hub_key_tagged('N', "", 0);
    struct hub_agent made = { .from_ms = 0 };
    tb_status status;
    CHECK(crypto_signing_key_new(suite, rng, &made.key));
    CHECK(put_seed(store, &at, &made, arena));
    *next = made;
out:
    crypto_signing_key_wipe(&made.key);
    return status;
}

tb_status hub_keys_agent_put(const struct tb_store *store, const struct hub_agent *agent,
                             struct tb_arena *arena)
{
    struct hub_key at = timed_key('A', agent->from_ms);
    return put_seed(store, &at, agent, arena);
}

/* ---- loading ---- */

static tb_status open_row(const struct crypto_suite *suite, tb_bytes value, struct tb_arena *arena,
                          struct hub_agent *out)
{
    struct hub_row_agent row;
    struct hub_agent agent = { .from_ms = 0 };
    if (!tb_is_ok(wire_decode(&hub_row_agent_desc, value, arena, &row, NULL)) ||
        row.public_key.len != suite->sign_public_len) {
        return TB_STATUS(HUB_ROW);
    }
    tb_status status = TB_STATUS(TB_OK);
    if (row.seed.len != 0) CHECK(crypto_signing_key_from(suite, row.seed, &agent.key));
    memcpy(agent.key.public_key, row.public_key.data, row.public_key.len);
    agent.key.public_len = row.public_key.len;
    agent.from_ms = row.from_ms;
    agent.until_ms = row.until_ms;
    agent.revoked_ms = row.revoked_ms;
    *out = agent;
out:
    crypto_signing_key_wipe(&agent.key);
    return status;
}

static tb_status load_list(const struct tb_store *store, const struct crypto_suite *suite, char tag,
                           struct tb_arena *arena, struct hub_agent *list, size_t count_max,
                           size_t *count)
{
    struct hub_key prefix = hub_key_tagged(tag, "", 0);
    struct hub_pairs rows;
    TRY(hub_row_list(store, HUB_TABLE_HUB_KEYS, &prefix, NULL, count_max, arena, &rows));
    for (size_t i = 0; i < rows.count; i++) {
        TRY(open_row(suite, rows.at[i].value, arena, &list[i]));
    }
    *count = rows.count;
    return TB_STATUS(TB_OK);
}

tb_status hub_keys_load_agents(const struct tb_store *store, struct tb_arena *arena,
                               struct hub_keys *keys)
{
    size_t next_count;
    TRY(load_list(store, keys->suite, 'A', arena, keys->agents, HUB_AGENT_COUNT_MAX,
                  &keys->agent_count));
    TRY(load_list(store, keys->suite, 'I', arena, keys->old_intakes, HUB_AGENT_COUNT_MAX,
                  &keys->old_intake_count));
    TRY(load_list(store, keys->suite, 'N', arena, &keys->next_agent, 1, &next_count));
    bool is_whole = keys->agent_count != 0 && next_count == 1 &&
                    hub_keys_agent_newest(keys)->key.private_key.len != 0;
    return is_whole ? TB_STATUS(TB_OK) : TB_STATUS(HUB_ROW);
}

/* ---- agents ---- */

const struct hub_agent *hub_keys_agent_newest(const struct hub_keys *keys)
{
    return &keys->agents[keys->agent_count - 1];
}

const struct crypto_signing_key *hub_keys_agent(const struct hub_keys *keys, tb_bytes public_key)
{
    for (size_t i = keys->agent_count; i-- != 0;) {
        const struct hub_agent *agent = &keys->agents[i];
        if (tb_bytes_equal(crypto_signing_key_public(&agent->key), public_key)) {
            return agent->key.private_key.len != 0 ? &agent->key : NULL;
        }
    }
    return NULL;
}

tb_status hub_keys_agent_check(const struct hub_keys *keys, tb_bytes public_key)
{
    return hub_keys_agent(keys, public_key) != NULL ? TB_STATUS(TB_OK) : TB_STATUS(HUB_AGENT_GONE);
}

/* Room for one more: the oldest whose time and whose report window are over goes. */
static tb_status make_place(struct hub_agent *list, size_t *count, char tag,
                            const struct tb_store *store, uint64_t before_ms)
{
    if (*count < HUB_AGENT_COUNT_MAX) return TB_STATUS(TB_OK);
    if (list[0].until_ms == 0 || list[0].until_ms > before_ms) return TB_STATUS(HUB_KEYS_FULL);
    struct hub_key at = timed_key(tag, list[0].from_ms);
    TRY(hub_row_del(store, HUB_TABLE_HUB_KEYS, &at));
    memmove(&list[0], &list[1], (*count - 1) * sizeof list[0]);
    (*count)--;
    return TB_STATUS(TB_OK);
}

tb_status hub_keys_agent_rotate(struct hub_keys *keys, const struct hub_keys_turn *turn,
                                uint64_t from_ms)
{
    uint64_t newest_ms = hub_keys_agent_newest(keys)->from_ms;
    struct hub_agent fresh = keys->next_agent;
    fresh.from_ms = from_ms > newest_ms ? from_ms : newest_ms + 1; /* rows are ordered by it */
    tb_status status;
    CHECK(make_place(keys->agents, &keys->agent_count, 'A', turn->store, turn->window_from_ms));
    CHECK(hub_keys_agent_put(turn->store, &fresh, turn->arena));
    CHECK(hub_keys_next_make(turn->store, keys->suite, turn->rng, turn->arena,
                             &keys->next_agent));
    keys->agents[keys->agent_count++] = fresh;
    keys->agents_seen = keys->is_walk_whole = 0;
out:
    tb_wipe(&fresh, sizeof fresh);
    return status;
}

tb_status hub_keys_agent_revoke(struct hub_agent *agent, const struct hub_keys_turn *turn,
                                uint64_t revoked_ms)
{
    if (agent->revoked_ms == 0 || revoked_ms < agent->revoked_ms) agent->revoked_ms = revoked_ms;
    return hub_keys_agent_put(turn->store, agent, turn->arena);
}

/* ---- which of them rooms still use ---- */

void hub_keys_agent_seen(struct hub_keys *keys, tb_bytes public_key)
{
    for (size_t i = 0; i < keys->agent_count; i++) {
        if (tb_bytes_equal(crypto_signing_key_public(&keys->agents[i].key), public_key)) {
            keys->agents_seen |= (uint64_t)1 << i;
        }
    }
}

void hub_keys_agent_hold(struct hub_keys *keys)
{
    keys->agents_seen = UINT64_MAX;
}

tb_status hub_keys_agent_walked(struct hub_keys *keys, const struct hub_keys_turn *turn,
                                bool *is_changed)
{
    bool is_whole = keys->is_walk_whole;
    uint64_t seen = keys->agents_seen;
    *is_changed = false;
    keys->agents_seen = 0;
    keys->is_walk_whole = true; /* the next one begins at the first room */
    for (size_t i = 0; is_whole && i + 1 < keys->agent_count; i++) {
        struct hub_agent *agent = &keys->agents[i];
        if (agent->until_ms != 0 || (seen >> i & 1) != 0) continue;
        tb_wipe(&agent->key.private_key, sizeof agent->key.private_key);
        agent->until_ms = turn->now_ms > agent->from_ms ? turn->now_ms : agent->from_ms + 1;
        TRY(hub_keys_agent_put(turn->store, agent, turn->arena));
        *is_changed = true;
    }
    return TB_STATUS(TB_OK);
}

/* ---- the intake key ---- */

tb_status hub_keys_intake_rotate(struct hub_keys *keys, const struct hub_keys_turn *turn)
{
    struct hub_key at = hub_key_of(TB_LITERAL("identity"));
    struct hub_row_identity row;
    struct crypto_signing_key fresh = { .public_len = 0 };
    struct hub_agent old = { .from_ms = keys->intake_from_ms, .until_ms = turn->now_ms };
    if (old.until_ms <= old.from_ms) old.until_ms = old.from_ms + 1;
    memcpy(old.key.public_key, keys->intake.public_key, keys->intake.public_len);
    old.key.public_len = keys->intake.public_len;
    struct hub_key old_at = timed_key('I', old.from_ms);
    tb_status status;
    CHECK(hub_row_get(turn->store, HUB_TABLE_META, &at, &hub_row_identity_desc, turn->arena, &row));
    CHECK(make_place(keys->old_intakes, &keys->old_intake_count, 'I', turn->store,
                     turn->window_from_ms));
    CHECK(tb_rng_fill(turn->rng, row.intake_seed, sizeof row.intake_seed));
    CHECK(crypto_signing_key_from(keys->suite, TB_ARRAY(row.intake_seed), &fresh));
    row.intake_from_ms = old.until_ms;
    CHECK(hub_row_put(turn->store, HUB_TABLE_META, &at, &hub_row_identity_desc, &row,
                      turn->arena));
    CHECK(put_seed(turn->store, &old_at, &old, turn->arena));
    keys->old_intakes[keys->old_intake_count++] = old;
    keys->intake = fresh;
    keys->intake_from_ms = row.intake_from_ms;
out:
    tb_wipe(&row, sizeof row);
    crypto_signing_key_wipe(&fresh);
    return status;
}
