/* When keys change, and how rooms follow (spec 2.5.10, amendments 8). */
#include "hub/rotate.h"

#include <string.h>

#include "hub/admin.h"
#include "hub/mandatory.h"
#include "wire/text.h"

enum {
    AT_ONCE_COUNT_MAX = 256, /* loaded rooms that are told in the turn of a new agent; others in
                              * their turn of the walk */
    KEY_ID_LEN = 8           /* octets of a key that a person is shown */
};

void hub_rotate_turn(const struct hub *hub, struct tb_arena *arena, uint64_t now_ms,
                     struct hub_keys_turn *out)
{
    uint64_t window_ms = hub->config.limits.report_window_s * 1000;
    *out = (struct hub_keys_turn){ .store = hub->store, .rng = hub->config.rng, .arena = arena,
                                   .now_ms = now_ms,
                                   .window_from_ms = now_ms > window_ms ? now_ms - window_ms : 0 };
}

/* ---- rooms ---- */

static bool has_imported(const struct hub_room *room)
{
    for (size_t i = 0; i < room->shape.mandatory.count; i++) {
        if (room->shape.mandatory.at[i].kind == HUB_MANDATORY_IMPORTED) return true;
    }
    return false;
}

tb_status hub_rotate_room(struct hub *hub, struct hub_room *room, uint64_t now_ms,
                          struct tb_arena *arena, struct hub_effects *effects)
{
    const struct hub_user_id nobody = { { 0 } };
    tb_bytes newest = crypto_signing_key_public(&hub_keys_agent_newest(&hub->keys)->key);
    if (room->head.state == HUB_ROOM_CLOSED) return TB_STATUS(TB_OK);
    hub_keys_agent_seen(&hub->keys, room->shape.agent_key);
    if (room->shape.tentative != NULL || room->head.state == HUB_ROOM_FROZEN) {
        hub_keys_agent_hold(&hub->keys); /* a rollback or a member's log may bring an older one */
        return TB_STATUS(TB_OK);
    }
    /* After a restore the log may hold this very proposal. */
    if (tb_bytes_equal(room->shape.agent_key, newest) || has_imported(room)) {
        return TB_STATUS(TB_OK);
    }
    TRY(hub_mandatory_add(hub, room, HUB_MANDATORY_AGENT, &nobody, (tb_bytes){ NULL, 0 }, arena));
    return hub_mandatory_issue(hub, room, now_ms, arena, effects);
}

static tb_status tell_loaded(struct hub *hub, uint64_t now_ms, struct hub_effects *effects)
{
    size_t at = 0, count = 0;
    tb_status status = TB_STATUS(TB_OK);
    for (struct hub_room *room; (room = hub_map_next(&hub->rooms, &at)) != NULL;) {
        if (room->generation != hub->generation || count++ == AT_ONCE_COUNT_MAX) continue;
        struct tb_arena arena;
        tb_arena_init(&arena, hub->mem, HUB_STEP_ARENA_BYTES_MAX);
        status = hub_rotate_room(hub, room, now_ms, &arena, effects);
        tb_arena_wipe(&arena);
        TRY(status);
    }
    return status;
}

tb_status hub_rotate_walked(struct hub *hub, uint64_t now_ms, struct hub_effects *effects)
{
    struct tb_arena arena;
    struct hub_keys_turn turn;
    bool is_changed;
    tb_arena_init(&arena, hub->mem, HUB_STEP_ARENA_BYTES_MAX);
    hub_rotate_turn(hub, &arena, now_ms, &turn);
    tb_status status = hub_keys_agent_walked(&hub->keys, &turn, &is_changed);
    if (tb_is_ok(status) && is_changed) {
        hub->write_count++;
        status = hub_record_renew(hub, now_ms, effects);
    }
    tb_arena_wipe(&arena);
    return status;
}

/* ---- changes ---- */

/* Amendments 8: links that are open were made with the keys of before. */
static tb_status close_runs(struct hub *hub, struct hub_effects *effects)
{
    size_t at = 0;
    for (struct hub_room *room; (room = hub_map_next(&hub->rooms, &at)) != NULL;) {
        TRY(hub_run_close(hub, room, effects));
    }
    return TB_STATUS(TB_OK);
}

static tb_status change_frank(struct hub *hub, const struct hub_keys_turn *turn, bool is_wanted)
{
    uint64_t window_ms = hub->config.limits.report_window_s * 1000;
    bool is_changed;
    TRY(hub_keys_rotate(&hub->keys, turn->store, turn->rng, turn->now_ms, window_ms, turn->arena,
                        is_wanted, &is_changed));
    if (is_changed) hub->write_count++;
    return TB_STATUS(TB_OK);
}

static tb_status change(struct hub *hub, const struct hub_keys_turn *turn, unsigned keys,
                        struct hub_effects *effects)
{
    TRY(close_runs(hub, effects));
    TRY(change_frank(hub, turn, (keys & CHAT_KEYS_FRANK) != 0));
    if ((keys & CHAT_KEYS_INTAKE) != 0) TRY(hub_keys_intake_rotate(&hub->keys, turn));
    if ((keys & CHAT_KEYS_AGENT) != 0) {
        TRY(hub_keys_agent_rotate(&hub->keys, turn, turn->now_ms));
    }
    if ((keys & (CHAT_KEYS_INTAKE | CHAT_KEYS_AGENT)) == 0) return TB_STATUS(TB_OK);
    hub->write_count++;
    /* Everybody knows a key before anything signed with it comes. */
    TRY(hub_record_renew(hub, turn->now_ms, effects));
    return tell_loaded(hub, turn->now_ms, effects);
}

static tb_status change_now(struct hub *hub, uint64_t now_ms, unsigned keys,
                            struct hub_effects *effects)
{
    struct tb_arena arena;
    struct hub_keys_turn turn;
    tb_arena_init(&arena, hub->mem, HUB_STEP_ARENA_BYTES_MAX);
    hub_rotate_turn(hub, &arena, now_ms, &turn);
    tb_status status = change(hub, &turn, keys, effects);
    tb_arena_wipe(&arena);
    return status;
}

tb_status hub_rotate_due(struct hub *hub, uint64_t now_ms, struct hub_effects *effects)
{
    const struct hub_keys *keys = &hub->keys;
    uint64_t life_ms = hub->config.limits.signing_key_life_ms;
    unsigned due = 0;
    if (now_ms >= hub_keys_agent_newest(keys)->from_ms + life_ms) due |= CHAT_KEYS_AGENT;
    if (now_ms >= keys->intake_from_ms + life_ms) due |= CHAT_KEYS_INTAKE;
    return change_now(hub, now_ms, due, effects);
}

/* ---- the operator ---- */

uint16_t hub_verb_admin_keys_rotate(struct hub *hub, struct hub_call *call, const void *request,
                                    void *answer)
{
    const unsigned all = CHAT_KEYS_AGENT | CHAT_KEYS_INTAKE | CHAT_KEYS_FRANK;
    unsigned keys = ((const struct chat_admin_keys *)request)->keys;
    (void)answer;
    if (keys == 0 || (keys & ~all) != 0) {
        return hub_refuse(call, CHAT_CODE_BAD_REQUEST, "no such key");
    }
    bool is_full = hub->keys.agent_count == HUB_AGENT_COUNT_MAX ||
                   hub->keys.old_intake_count == HUB_AGENT_COUNT_MAX ||
                   hub->keys.old_count + 1 >= HUB_OLD_KEY_COUNT_MAX;
    if (is_full) {
        return hub_refuse(call, CHAT_CODE_CONFLICT,
                          "too many changes in the report window; wait until old keys go");
    }
    tb_status status = change_now(hub, call->now_ms, keys, call->effects);
    if (tb_is_ok(status)) return CHAT_CODE_OK;
    hub->is_broken = true;
    return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}

/* Spec 2.5.10.  Rooms leave a revoked key as fast as they can. */
static tb_status revoke(struct hub *hub, struct hub_agent *agent, uint64_t now_ms,
                        uint64_t revoked_ms, struct hub_effects *effects)
{
    struct tb_arena arena;
    struct hub_keys_turn turn;
    bool is_newest = agent == hub_keys_agent_newest(&hub->keys);
    tb_arena_init(&arena, hub->mem, HUB_STEP_ARENA_BYTES_MAX);
    hub_rotate_turn(hub, &arena, now_ms, &turn);
    tb_status status = hub_keys_agent_revoke(agent, &turn, revoked_ms);
    tb_arena_wipe(&arena);
    TRY(status);
    hub->write_count++;
    if (is_newest) return change_now(hub, now_ms, CHAT_KEYS_AGENT, effects);
    return hub_record_renew(hub, now_ms, effects);
}

uint16_t hub_verb_admin_keys_revoke(struct hub *hub, struct hub_call *call, const void *request,
                                    void *answer)
{
    const struct chat_admin_revoke *asked = request;
    struct hub_keys *keys = &hub->keys;
    (void)answer;
    if (asked->revoked_ms == 0 || asked->revoked_ms > call->now_ms) {
        return hub_refuse(call, CHAT_CODE_BAD_REQUEST, "the time of a revocation has to have come");
    }
    for (size_t i = 0; i < keys->agent_count; i++) {
        struct hub_agent *agent = &keys->agents[i];
        if (memcmp(agent->key.public_key, asked->key_id, sizeof asked->key_id) != 0) continue;
        if (i + 1 == keys->agent_count && i + 1 == HUB_AGENT_COUNT_MAX) {
            return hub_refuse(call, CHAT_CODE_CONFLICT,
                              "too many changes in the report window; wait until old keys go");
        }
        tb_status status = revoke(hub, agent, call->now_ms, asked->revoked_ms, call->effects);
        if (tb_is_ok(status)) return CHAT_CODE_OK;
        hub->is_broken = true;
        return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
    }
    return hub_refuse(call, CHAT_CODE_NOT_FOUND, "no agent key begins so");
}

static void add_key(struct hub_admin_table *table, const char *name, tb_bytes octets,
                    uint64_t from_ms, uint64_t until_ms, const char *state)
{
    char *text = tb_arena_take(table->call->arena, 2 * KEY_ID_LEN, 1);
    if (text == NULL) {
        table->status = TB_STATUS(TB_NO_SPACE);
        return;
    }
    wire_text_hex_encode(tb_bytes_of(octets.data, KEY_ID_LEN), text);
    tb_bytes cells[] = { tb_bytes_text(name), tb_bytes_of(text, 2 * KEY_ID_LEN),
                         tb_bytes_text(state), hub_admin_number(table, from_ms),
                         hub_admin_number(table, until_ms) };
    hub_admin_row(table, cells, sizeof cells / sizeof cells[0]);
}

uint16_t hub_verb_admin_keys(struct hub *hub, struct hub_call *call, const void *request,
                             void *answer)
{
    (void)request;
    const struct hub_keys *keys = &hub->keys;
    struct hub_admin_table table = { call, answer, 0, TB_STATUS(TB_OK) };
    tb_bytes heads[] = { TB_LITERAL("key"), TB_LITERAL("id"), TB_LITERAL("state"),
                         TB_LITERAL("from_ms"), TB_LITERAL("until_ms") };
    hub_admin_row(&table, heads, sizeof heads / sizeof heads[0]);
    for (size_t i = 0; i < keys->agent_count; i++) {
        const struct hub_agent *agent = &keys->agents[i];
        bool is_newest = i + 1 == keys->agent_count;
        add_key(&table, "agent", crypto_signing_key_public(&agent->key), agent->from_ms,
                agent->until_ms,
                agent->revoked_ms != 0 ? "revoked"
                : is_newest ? "newest" : agent->until_ms == 0 ? "in use" : "over");
    }
    for (size_t i = 0; i < keys->old_intake_count; i++) {
        const struct hub_agent *old = &keys->old_intakes[i];
        add_key(&table, "intake", crypto_signing_key_public(&old->key), old->from_ms,
                old->until_ms, "over");
    }
    add_key(&table, "intake", crypto_signing_key_public(&keys->intake), keys->intake_from_ms, 0,
            "newest");
    for (size_t i = 0; i < keys->old_count; i++) {
        const struct hub_hub_key *old = &keys->old[i];
        add_key(&table, "frank", TB_ARRAY(old->id), old->from_ms, old->until_ms, "over");
    }
    add_key(&table, "frank", TB_ARRAY(keys->current.id), keys->current.from_ms, 0, "newest");
    return tb_is_ok(table.status) ? CHAT_CODE_OK
                                  : hub_refuse_status(hub, call, table.status, CHAT_CODE_INTERNAL);
}
