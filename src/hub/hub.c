/* The engine's life and its turns. */
#include "hub/hub.h"

#include <assert.h>
#include <string.h>

#include "chat/app_data.h"
#include "chat/records.h"
#include "hub/ban.h"
#include "hub/rotate.h"
#include "hub/join.h"
#include "wire/uri.h"

enum { STATE_ARENA_BYTES_MAX = 1 << 20, DOMAIN_LEN_MAX = 160, RESTORE_BATCH_COUNT = 256 };

/* ---- rows ---- */

static tb_status written(struct hub *hub, tb_status status)
{
    hub->write_count++;
    if (!tb_is_ok(status)) hub->is_broken = true;
    return status;
}

tb_status hub_put(struct hub *hub, enum hub_table table, const struct hub_key *key,
                  const struct wire_desc *desc, const void *value, struct tb_arena *arena)
{
    return written(hub, hub_row_put(hub->store, table, key, desc, value, arena));
}

tb_status hub_put_octets(struct hub *hub, enum hub_table table, const struct hub_key *key,
                         tb_bytes value)
{
    return written(hub, hub_row_put_octets(hub->store, table, key, value));
}

tb_status hub_del(struct hub *hub, enum hub_table table, const struct hub_key *key)
{
    return written(hub, hub_row_del(hub->store, table, key));
}

tb_status hub_get(struct hub *hub, enum hub_table table, const struct hub_key *key,
                  const struct wire_desc *desc, struct tb_arena *arena, void *out, bool *found)
{
    tb_status status = hub_row_get(hub->store, table, key, desc, arena, out);
    if (!tb_is_ok(status) && status.code != TB_NOT_FOUND) return status;
    *found = tb_is_ok(status);
    return TB_STATUS(TB_OK);
}

static const struct hub_key *meta_key(const char *name, struct hub_key *key)
{
    *key = hub_key_of(tb_bytes_text(name));
    return key;
}

tb_status hub_save_counters(struct hub *hub, struct tb_arena *arena)
{
    struct hub_key key;
    return hub_put(hub, HUB_TABLE_META, meta_key("counters", &key), &hub_row_counters_desc,
                   &hub->counters, arena);
}

tb_status hub_save_desk(struct hub *hub, struct tb_arena *arena)
{
    struct hub_key key;
    return hub_put(hub, HUB_TABLE_META, meta_key("desk", &key), &hub_row_desk_desc, &hub->desk,
                   arena);
}

const struct crypto_suite *hub_suite(const struct hub *hub, uint16_t id)
{
    for (size_t i = 0; i < sizeof hub->suites / sizeof hub->suites[0]; i++) {
        if (hub->suites[i].id == id) return &hub->suites[i];
    }
    return NULL;
}

const struct mls_public_env *hub_env(const struct hub *hub, uint16_t suite_id)
{
    const struct crypto_suite *suite = hub_suite(hub, suite_id);
    return suite == NULL ? NULL : &hub->envs[suite - hub->suites];
}

/* ---- the hub's record ---- */

static size_t list_keys(const struct hub_agent *keys, size_t count, struct chat_agent_key *out)
{
    for (size_t i = 0; i < count; i++) {
        out[i] = (struct chat_agent_key){ crypto_signing_key_public(&keys[i].key),
                                          keys[i].from_ms, keys[i].until_ms,
                                          keys[i].revoked_ms };
    }
    return count;
}

/* Signing is deterministic, so the same facts give the same octets after each start. */
static tb_status make_record(struct hub *hub)
{
    struct chat_agent_key agents[HUB_AGENT_COUNT_MAX], intakes[HUB_AGENT_COUNT_MAX];
    struct chat_hub_record record = {
        .domain = hub->domain,
        .version = hub->desk.record_version,
        .time_ms = hub->desk.record_ms,
        .external_sender_key = crypto_signing_key_public(&hub->keys.external),
        .intake_key = crypto_signing_key_public(&hub->keys.intake),
        .desk_uri = hub->desk.desk_uri,
        .desk_verify_key = hub->desk.desk_verify_key,
    };
    record.agents.at = agents;
    record.agents.count = list_keys(hub->keys.agents, hub->keys.agent_count, agents);
    record.old_intakes.at = intakes;
    record.old_intakes.count =
        list_keys(hub->keys.old_intakes, hub->keys.old_intake_count, intakes);
    record.desk_past.at = hub->desk.desk_past.at;
    record.desk_past.count = hub->desk.desk_past.count;
    return chat_records_make_hub(hub_own_suite(hub), &hub->keys.root, &record, &hub->state_arena,
                                 &hub->hub_record);
}

tb_status hub_record_renew(struct hub *hub, uint64_t now_ms, struct hub_effects *effects)
{
    hub->desk.record_version++;
    hub->desk.record_ms = now_ms;
    TRY(hub_save_desk(hub, &hub->state_arena));
    TRY(make_record(hub));
    struct chat_opaque body = { .value = hub->hub_record };
    struct hub_blob *blob = hub_push_blob(hub, CHAT_PUSH_HUB_RECORD, &chat_opaque_desc, &body);
    if (blob == NULL) return TB_STATUS(TB_NO_SPACE);
    size_t at = 0;
    for (struct hub_session *s; (s = hub_map_next(&hub->sessions, &at)) != NULL;) {
        if (s->account != NULL) hub_send(hub, effects, s->conn, hub_blob_keep(blob));
    }
    hub_blob_drop(blob);
    return TB_STATUS(TB_OK);
}

tb_status hub_policy_hub(const struct hub *hub, struct tb_arena *arena,
                         struct chat_policy_hub *out)
{
    tb_bytes *agents = tb_arena_take(arena, hub->keys.agent_count, sizeof *agents);
    size_t count = 0;
    if (agents == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < hub->keys.agent_count; i++) {
        const struct hub_agent *agent = &hub->keys.agents[i];
        if (agent->until_ms == 0) agents[count++] = crypto_signing_key_public(&agent->key);
    }
    *out = (struct chat_policy_hub){
        .domain = hub->domain,
        .external_sender_key = crypto_signing_key_public(&hub->keys.external),
        .agent_keys = agents,
        .agent_count = count,
        .desk_uri = hub->desk.desk_uri,
        .desk_verify_key = hub->desk.desk_verify_key,
        .desk_past = hub->desk.desk_past.at,
        .desk_past_count = hub->desk.desk_past.count,
    };
    return TB_STATUS(TB_OK);
}

/* ---- life ---- */

static tb_status get_or_zero(struct hub *hub, const char *name, const struct wire_desc *desc,
                             void *out)
{
    struct hub_key key;
    bool found;
    TRY(hub_get(hub, HUB_TABLE_META, meta_key(name, &key), desc, &hub->state_arena, out, &found));
    if (!found) memset(out, 0, desc->size);
    return TB_STATUS(TB_OK);
}

static tb_status load_state(struct hub *hub)
{
    struct tb_arena scratch; /* holds seeds: wiped at once */
    tb_arena_init(&scratch, hub->mem, STATE_ARENA_BYTES_MAX);
    tb_arena_wipe(&hub->state_arena);
    tb_bytes domain;
    tb_status status;
    CHECK(hub_keys_load(hub->store, hub_own_suite(hub), &scratch, &hub->keys, &domain));
    CHECK(tb_arena_dup(&hub->state_arena, domain, &hub->domain));
    struct wire_uri provider = { .kind = WIRE_URI_PROVIDER, .domain = hub->domain };
    CHECK(wire_uri_build(&provider, &hub->state_arena, &hub->provider_uri));
    CHECK(get_or_zero(hub, "desk", &hub_row_desk_desc, &hub->desk));
    CHECK(get_or_zero(hub, "counters", &hub_row_counters_desc, &hub->counters));
    CHECK(make_record(hub));
    CHECK(hub_ban_load(hub, &scratch));
    hub->is_unloaded = false;
out:
    tb_arena_wipe(&scratch);
    return status;
}

static tb_status create_state(struct hub *hub, uint64_t now_ms)
{
    tb_bytes domain = tb_bytes_text(hub->config.domain != NULL ? hub->config.domain : "localhost");
    if (!wire_uri_is_domain(domain) || domain.len > DOMAIN_LEN_MAX) return TB_STATUS(HUB_DOMAIN);
    struct tb_arena scratch;
    tb_arena_init(&scratch, hub->mem, STATE_ARENA_BYTES_MAX);
    tb_status status;
    CHECK(hub_keys_create(hub->store, hub_own_suite(hub), hub->config.rng, domain, now_ms,
                          &scratch));
    struct hub_row_desk desk = { .record_version = 1, .record_ms = now_ms };
    struct hub_key key;
    CHECK(hub_put(hub, HUB_TABLE_META, meta_key("desk", &key), &hub_row_desk_desc, &desk,
                  &scratch));
out:
    tb_arena_wipe(&scratch);
    return status;
}

static void init_maps(struct hub *hub)
{
    const uint8_t *seed = hub->map_seed;
    hub_map_init(&hub->accounts, hub->mem, seed, offsetof(struct hub_account, id),
                 HUB_USER_ID_LEN);
    hub_map_init(&hub->sessions, hub->mem, seed, offsetof(struct hub_session, conn),
                 sizeof(hub_conn));
    hub_map_init(&hub->tokens, hub->mem, seed, offsetof(struct hub_session, token), 32);
    hub_map_init(&hub->devices, hub->mem, seed, offsetof(struct hub_session, device),
                 HUB_DEVICE_ID_LEN);
    hub_map_init(&hub->rooms, hub->mem, seed, offsetof(struct hub_room, id), HUB_ROOM_ID_LEN);
}

static tb_status start(struct hub *hub, uint64_t now_ms)
{
    const struct crypto_provider *provider = hub->config.provider;
    TRY(crypto_suite_init(&hub->suites[0], MLS_128_DHKEMX25519_AES128GCM_SHA256_ED25519,
                          provider));
    TRY(crypto_suite_init(&hub->suites[1], MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_ED25519,
                          provider));
    for (size_t i = 0; i < sizeof hub->envs / sizeof hub->envs[0]; i++) {
        hub->envs[i] = (struct mls_public_env){ .suite = &hub->suites[i],
                                                .mem = hub->mem,
                                                .app_data = chat_app_data() };
    }
    TRY(tb_rng_fill(hub->config.rng, hub->map_seed, sizeof hub->map_seed));
    TRY(hub_tag_seed_load(hub));
    init_maps(hub);
    tb_status status = load_state(hub);
    if (status.code != TB_NOT_FOUND) return status;
    TRY(create_state(hub, now_ms));
    return load_state(hub);
}

tb_status hub_new(const struct hub_config *config, uint64_t now_ms, struct hub **out)
{
    struct hub *hub = tb_mem_take(config->mem, sizeof *hub);
    if (hub == NULL) return TB_STATUS(TB_NO_SPACE);
    hub->config = *config;
    hub_limits_fill(&hub->config.limits);
    hub->mem = config->mem;
    hub->store = config->store;
    hub->now_ms = now_ms;
    hub->turn = 1;
    hub->maintenance_ms = now_ms + HUB_MAINTENANCE_MS;
    tb_arena_init(&hub->state_arena, hub->mem, STATE_ARENA_BYTES_MAX);
    tb_status status = start(hub, now_ms);
    if (!tb_is_ok(status)) {
        hub_free(hub);
        return status;
    }
    *out = hub;
    return TB_STATUS(TB_OK);
}

static void free_runs(struct hub *hub)
{
    while (hub->run_free != NULL) {
        struct hub_run *run = hub->run_free;
        hub->run_free = run->next_free;
        tb_mem_give(hub->mem, run->answers, run->answer_cap * sizeof *run->answers);
        tb_mem_give(hub->mem, run, sizeof *run);
    }
}

void hub_free(struct hub *hub)
{
    if (hub == NULL) return;
    while (hub->session_oldest != NULL) hub_session_close(hub, hub->session_oldest->conn);
    size_t at = 0;
    for (struct hub_room *room; (room = hub_map_next(&hub->rooms, &at)) != NULL; at = 0) {
        hub_room_drop(hub, room);
    }
    at = 0;
    for (struct hub_account *a; (a = hub_map_next(&hub->accounts, &at)) != NULL; at = 0) {
        hub_map_remove(&hub->accounts, &a->id);
        tb_mem_give(hub->mem, a, sizeof *a + a->uri_len);
    }
    free_runs(hub);
    hub_map_wipe(&hub->accounts);
    hub_map_wipe(&hub->sessions);
    hub_map_wipe(&hub->tokens);
    hub_map_wipe(&hub->devices);
    hub_map_wipe(&hub->rooms);
    tb_mem_give(hub->mem, hub->requests, hub->request_cap * sizeof *hub->requests);
    tb_arena_wipe(&hub->state_arena);
    hub_keys_wipe(&hub->keys);
    tb_mem_give(hub->mem, hub, sizeof *hub);
}

/* ---- turns ---- */

void hub_step(struct hub *hub, const struct hub_event *event, struct hub_effects *effects)
{
    if (event->now_ms > hub->now_ms) hub->now_ms = event->now_ms;
    if (hub->is_unloaded && !hub->is_broken && !tb_is_ok(load_state(hub))) hub->is_broken = true;
    switch (event->kind) {
    case HUB_EVENT_OPENED: hub_session_open(hub, event); break;
    case HUB_EVENT_CLOSED: hub_session_close(hub, event->conn); break;
    case HUB_EVENT_DRAINED: hub_deliver_drained(hub, event->conn); break;
    case HUB_EVENT_TICK: break; /* hub_turn_end looks at the clock in each turn */
    case HUB_EVENT_FRAME:
    case HUB_EVENT_POST: hub_dispatch(hub, event, effects); break;
    }
}

static tb_status write_head(struct hub *hub, struct hub_room *room)
{
    struct tb_arena arena;
    tb_arena_init_fixed(&arena, hub->fast_memory, sizeof hub->fast_memory);
    struct hub_key key = hub_room_key('H', room);
    room->is_head_dirty = false;
    return hub_put(hub, HUB_TABLE_ROOMS, &key, &hub_row_head_desc, &room->head, &arena);
}

static tb_status flush_rooms(struct hub *hub, struct hub_effects *effects)
{
    while (hub->dirty_first != NULL) {
        struct hub_room *room = hub->dirty_first;
        hub->dirty_first = room->dirty_next;
        room->is_in_dirty_list = false;
        room->dirty_next = NULL;
        TRY(hub_run_close(hub, room, effects));
        if (room->is_head_dirty) TRY(write_head(hub, room));
    }
    return TB_STATUS(TB_OK);
}

static void wish_wake(struct hub *hub, struct hub_effects *effects)
{
    uint64_t at_ms = hub->maintenance_ms;
    if (hub->ban_end_ms < at_ms) at_ms = hub->ban_end_ms;
    for (struct hub_room *room = hub->tentative_first; room != NULL;
         room = room->tentative_next) {
        const struct hub_row_tentative *tentative = room->shape.tentative;
        if (tentative == NULL || room->head.state == HUB_ROOM_FROZEN) continue; /* no deadline */
        if (tentative->deadline_ms < at_ms) at_ms = tentative->deadline_ms;
    }
    if (at_ms == hub->wake_at_ms && at_ms > hub->now_ms) return;
    hub->wake_at_ms = at_ms;
    hub_effect_add(hub, effects, (struct hub_effect){ .kind = HUB_EFFECT_WAKE, .at_ms = at_ms });
}

bool hub_turn_end(struct hub *hub, uint64_t now_ms, struct hub_effects *effects)
{
    if (now_ms > hub->now_ms) hub->now_ms = now_ms;
    if (hub->is_broken) return false;
    hub_settle_due(hub, hub->now_ms, effects);
    hub_ban_due(hub, hub->now_ms, effects);
    if (!tb_is_ok(flush_rooms(hub, effects))) hub->is_broken = true;
    if (!hub->is_broken && hub->now_ms >= hub->maintenance_ms) {
        hub_maintain(hub, hub->now_ms, effects);
        hub->maintenance_ms = hub->now_ms + HUB_MAINTENANCE_MS;
        if (!tb_is_ok(flush_rooms(hub, effects))) hub->is_broken = true;
    }
    if (!hub->is_broken) hub_deliver_catch_up(hub, effects);
    wish_wake(hub, effects);
    return !hub->is_broken;
}

void hub_turn_committed(struct hub *hub)
{
    assert(!hub->is_broken);
    hub->turn++;
    hub->metrics.turns++;
    hub->request_count = 0;
    hub_room_sweep(hub);
}

/* A refused turn: nothing of it happened, and every cached thing is doubted. */
static void forget(struct hub *hub)
{
    hub->generation++;
    hub->dirty_first = NULL;
    hub->tentative_first = NULL;
    size_t at = 0;
    for (struct hub_room *room; (room = hub_map_next(&hub->rooms, &at)) != NULL;) {
        hub_run_drop(hub, room);
        hub_room_group_drop(hub, room);
        room->is_in_dirty_list = room->is_head_dirty = room->is_in_tentative_list = false;
        room->dirty_next = room->tentative_next = NULL;
        hub_deliver_restart(hub, room);
    }
    hub_session_refused(hub);
    hub->is_unloaded = true;
}

void hub_turn_refused(struct hub *hub, struct hub_effects *effects)
{
    hub_effects_clear(effects);
    hub->is_broken = false;
    forget(hub);
    hub->wake_at_ms = 0;
    hub->metrics.turns_refused++;
    struct tb_arena arena;
    for (size_t i = 0; i < hub->request_count; i++) {
        const struct hub_turn_request *request = &hub->requests[i];
        tb_arena_init_fixed(&arena, hub->fast_memory, sizeof hub->fast_memory);
        struct hub_call call = { .conn = request->conn, .request_id = request->request_id,
                                 .is_post = request->is_post, .arena = &arena,
                                 .effects = effects };
        hub_answer(hub, &call, CHAT_CODE_STORE, NULL, NULL);
    }
    hub->request_count = 0;
    hub->is_broken = false; /* answers that found no memory are lost; the turn is over */
    hub->turn++;
    wish_wake(hub, effects);
    hub->is_broken = false;
}

/* ---- what the host asks outside of events ---- */

bool hub_needs_admin(struct hub *hub)
{
    return hub->counters.admin_count == 0;
}

void hub_metrics_read(const struct hub *hub, struct hub_metrics *out)
{
    *out = hub->metrics;
    out->connections = hub->sessions.count;
    out->sessions = hub->tokens.count;
    out->rooms_loaded = hub->rooms.count;
}

tb_status hub_invite_new(struct hub *hub, bool is_admin, uint64_t expires_ms,
                         uint32_t use_count_max, struct tb_arena *arena, tb_bytes *fragment)
{
    const struct crypto_suite *suite = hub_own_suite(hub);
    struct chat_invite_secret secret = { .version = 1, .kind = CHAT_INVITE_ACCOUNT,
                                         .domain = hub->domain };
    struct crypto_signing_key key = { .public_len = 0 };
    tb_status status;
    CHECK(tb_rng_fill(hub->config.rng, secret.seed, sizeof secret.seed));
    CHECK(chat_records_root_hash(suite, crypto_signing_key_public(&hub->keys.root),
                                 secret.hub_root_hash));
    CHECK(chat_records_invite_key(suite, &secret, &key));
    struct hub_row_invite row = { .kind = CHAT_INVITE_ACCOUNT, .is_admin = is_admin,
                                  .invite_key = crypto_signing_key_public(&key),
                                  .expires_ms = expires_ms, .use_count_max = use_count_max };
    CHECK(hub_invite_put(hub, &row, arena));
    CHECK(chat_records_invite_fragment(&secret, arena, fragment));
out:
    tb_wipe(&secret, sizeof secret);
    crypto_signing_key_wipe(&key);
    return status;
}

static tb_status freeze_batch(struct hub *hub, struct hub_key *after, struct tb_arena *arena,
                              size_t *count)
{
    struct hub_key prefix = hub_key_tagged('H', "", 0);
    struct hub_pairs rows;
    TRY(hub_row_list(hub->store, HUB_TABLE_ROOMS, &prefix, after->len != 0 ? after : NULL,
                     RESTORE_BATCH_COUNT, arena, &rows));
    for (size_t i = 0; i < rows.count; i++) {
        struct hub_row_head head;
        if (!tb_is_ok(wire_decode(&hub_row_head_desc, rows.at[i].value, arena, &head, NULL))) {
            return TB_STATUS(HUB_ROW);
        }
        *after = hub_key_of(rows.at[i].key);
        if (head.state == HUB_ROOM_CLOSED) continue;
        head.state = HUB_ROOM_FROZEN;
        head.frozen_ms = 0;
        TRY(hub_put(hub, HUB_TABLE_ROOMS, after, &hub_row_head_desc, &head, arena));
    }
    *count = rows.count;
    return TB_STATUS(TB_OK);
}

/* One-time key packages that were handed out since the backup must not be handed out again. */
static tb_status drop_key_packages(struct hub *hub, struct tb_arena *arena)
{
    struct hub_key all = { .len = 0 }, after = { .len = 0 };
    struct hub_pairs rows;
    do {
        TRY(hub_row_list(hub->store, HUB_TABLE_KEY_PACKAGES, &all, after.len != 0 ? &after : NULL,
                         RESTORE_BATCH_COUNT, arena, &rows));
        for (size_t i = 0; i < rows.count; i++) {
            after = hub_key_of(rows.at[i].key);
            if (!hub_key_package_is_last_resort(rows.at[i].key)) {
                TRY(hub_del(hub, HUB_TABLE_KEY_PACKAGES, &after));
            }
        }
        tb_arena_wipe(arena);
    } while (rows.count == RESTORE_BATCH_COUNT);
    return TB_STATUS(TB_OK);
}

/* Numbers that people may have seen already are passed over: of reports, which desks fetch by
 * number, and of the HubRecord, of which clients refuse an older one.  The agent that follows ours
 * may be in use already: it counts from the last moment that this state knows of. */
static tb_status skip_numbers(struct hub *hub, uint64_t now_ms)
{
    struct hub_keys_turn turn;
    hub_rotate_turn(hub, &hub->state_arena, now_ms, &turn);
    TRY(hub_keys_agent_rotate(&hub->keys, &turn, hub->desk.record_ms));
    hub->counters.restored_ms = now_ms;
    hub->counters.report_number += HUB_RESTORE_SKIP;
    /* A second restore from the same backup comes later, and so above the first one's versions. */
    hub->desk.record_version += HUB_RESTORE_SKIP;
    if (hub->desk.record_version < now_ms) hub->desk.record_version = now_ms;
    hub->desk.record_ms = now_ms;
    TRY(hub_save_counters(hub, &hub->state_arena));
    TRY(hub_save_desk(hub, &hub->state_arena));
    return make_record(hub);
}

tb_status hub_mark_restored(struct hub *hub, uint64_t now_ms)
{
    struct tb_arena arena;
    tb_arena_init(&arena, hub->mem, HUB_STEP_ARENA_BYTES_MAX);
    struct hub_key after = { .len = 0 };
    tb_status status;
    size_t count;
    do {
        CHECK(freeze_batch(hub, &after, &arena, &count));
        tb_arena_wipe(&arena);
    } while (count == RESTORE_BATCH_COUNT);
    CHECK(drop_key_packages(hub, &arena));
    CHECK(skip_numbers(hub, now_ms));
    hub->generation++;
out:
    tb_arena_wipe(&arena);
    return status;
}
