/*
 * Carrying out a ban and its end (docs/architecture.md, Decisions): the account, its sessions, and
 * what the next commit of each room has to carry.  The decision in force about an account, in a
 * room or on the whole hub, stands under 'B', so that the end of one ban does not lift another; a
 * ban with an end stands under 'E' until then.
 */
#include <string.h>

#include "chat/decision.h"
#include "chat/safe_aad.h"
#include "hub/ban.h"
#include "hub/desk.h"
#include "hub/mandatory.h"

enum {
    ROOM_COUNT_MAX = 4096,
    END_COUNT_MAX = 16, /* in one turn; the next turn goes on */
    END_KEY_LEN = 17    /* 'E', u64 until_ms, u64 number of the decision */
};

/* room NULL: on the whole hub. */
static struct hub_key force_key(const struct hub_user_id *user, const struct hub_room *room)
{
    static const struct hub_room_id whole_hub = { { 0 } };
    const struct hub_room_id *place = room != NULL ? &room->id : &whole_hub;
    struct hub_key key = hub_key_tagged('B', user->at, sizeof user->at);
    hub_key_add(&key, place->at, sizeof place->at);
    return key;
}

static struct hub_key end_key(uint64_t until_ms, uint64_t number)
{
    struct hub_key key = hub_key_tagged('E', "", 0);
    hub_key_add_u64(&key, until_ms);
    hub_key_add_u64(&key, number);
    return key;
}

/* The number of the ban in force there; 0: none. */
static tb_status ban_in_force(struct hub *hub, const struct hub_user_id *user,
                              const struct hub_room *room, struct tb_arena *arena,
                              uint64_t *number)
{
    struct hub_key key = force_key(user, room);
    struct wire_u64 row;
    bool found;
    TRY(hub_get(hub, HUB_TABLE_DECISIONS, &key, &wire_u64_desc, arena, &row, &found));
    *number = found ? row.value : 0;
    return TB_STATUS(TB_OK);
}

tb_status hub_ban_is_on_hub(struct hub *hub, const struct hub_user_id *user,
                            struct tb_arena *arena, bool *out)
{
    uint64_t number;
    TRY(ban_in_force(hub, user, NULL, arena, &number));
    *out = number != 0;
    return TB_STATUS(TB_OK);
}

tb_status hub_ban_keeps_out(struct hub *hub, const struct hub_user_id *user,
                            const struct hub_room *room, uint64_t now_ms, struct tb_arena *arena,
                            bool *out)
{
    struct hub_account *account;
    uint64_t number = 0;
    *out = false;
    if (room->head.room_kind == CHAT_ROOM_NOTICE) return TB_STATUS(TB_OK);
    TRY(hub_account_get(hub, user, &account));
    TRY(ban_in_force(hub, user, room, arena, &number));
    *out = number != 0 || (account != NULL && hub_account_is_restricted(account, now_ms));
    return TB_STATUS(TB_OK);
}

static tb_status note(struct hub *hub, const struct hub_ban *ban)
{
    struct hub_key key = force_key(&ban->subject->id, ban->room);
    struct wire_u64 number = { ban->number };
    uint64_t until_ms = ban->decision->until_ms;
    if (!ban->is_ban) return hub_del(hub, HUB_TABLE_DECISIONS, &key);
    TRY(hub_put(hub, HUB_TABLE_DECISIONS, &key, &wire_u64_desc, &number, ban->arena));
    if (until_ms == 0) return TB_STATUS(TB_OK);
    struct hub_key end = end_key(until_ms, ban->number);
    if (until_ms < hub->ban_end_ms) hub->ban_end_ms = until_ms;
    return hub_put(hub, HUB_TABLE_DECISIONS, &end, &wire_u64_desc, &number, ban->arena);
}

/* ---- in rooms ---- */

/* In a room of fixed membership nothing is proposed: the hub stops submission and delivery. */
static tb_status mark_only(struct hub *hub, struct hub_room *room, const struct hub_user_id *user,
                           bool is_banned, struct tb_arena *arena)
{
    for (size_t i = 0; i < room->shape.participants.count; i++) {
        struct hub_row_participant *p = &room->shape.participants.at[i];
        if (memcmp(p->user, user->at, sizeof p->user) == 0) {
            p->flags = is_banned ? HUB_PARTICIPANT_IS_BANNED : 0;
        }
    }
    struct hub_row_shape shape = room->shape;
    return hub_room_reshape(hub, room, &shape, arena);
}

/* A ban of the room and one of the hub may both reach a room: who is let off one stays under the
 * other. */
static tb_status is_held(struct hub *hub, const struct hub_ban *ban, const struct hub_room *room,
                         bool *out)
{
    uint64_t other;
    const struct hub_room *place = ban->room == NULL ? room : NULL;
    TRY(ban_in_force(hub, &ban->subject->id, place, ban->arena, &other));
    *out = !ban->is_ban && other != 0;
    return TB_STATUS(TB_OK);
}

static tb_status act_in_room(struct hub *hub, struct hub_ban *ban, struct hub_room *room,
                             tb_bytes aad)
{
    const struct hub_user_id *user = &ban->subject->id;
    bool held;
    if (room->head.state == HUB_ROOM_CLOSED || room->head.room_kind == CHAT_ROOM_NOTICE ||
        hub_room_participant(room, user) == NULL) {
        return TB_STATUS(TB_OK);
    }
    TRY(is_held(hub, ban, room, &held));
    if (held) return TB_STATUS(TB_OK);
    ban->rooms_affected++;
    if (ban->is_ban) hub_deliver_cut(hub, room, user);
    if (room->shape.fixed_membership) {
        return mark_only(hub, room, user, ban->is_ban, ban->arena);
    }
    TRY(hub_mandatory_add(hub, room, ban->is_ban ? HUB_MANDATORY_BAN : HUB_MANDATORY_UNBAN, user,
                          aad, ban->arena));
    TRY(hub_mandatory_issue(hub, room, ban->now_ms, ban->arena, ban->effects));
    if (!hub_mandatory_is_open(room)) ban->rooms_rotated++;
    return TB_STATUS(TB_OK);
}

/* Rooms that the user is or was in, once each. */
static tb_status act_everywhere(struct hub *hub, struct hub_ban *ban, tb_bytes aad)
{
    struct hub_key prefix = hub_key_tagged('U', ban->subject->id.at, HUB_USER_ID_LEN);
    struct hub_pairs rows;
    TRY(hub_row_list(hub->store, HUB_TABLE_MEMBERSHIPS, &prefix, NULL, ROOM_COUNT_MAX, ban->arena,
                     &rows));
    struct hub_room_id last = { { 0 } };
    for (size_t i = 0; i < rows.count; i++) {
        struct hub_room_id id;
        struct hub_room *room;
        if (rows.at[i].key.len < prefix.len + sizeof id.at) return TB_STATUS(HUB_ROW);
        memcpy(id.at, rows.at[i].key.data + prefix.len, sizeof id.at);
        if (i != 0 && memcmp(id.at, last.at, sizeof id.at) == 0) continue;
        last = id;
        TRY(hub_room_get(hub, &id, &room));
        if (room != NULL) TRY(act_in_room(hub, ban, room, aad));
    }
    return TB_STATUS(TB_OK);
}

/* ---- the account ---- */

/* A hub-wide ban or its end: the account, its sessions, what it is subscribed to. */
static tb_status restrict_account(struct hub *hub, const struct hub_ban *ban)
{
    struct hub_row_account row;
    TRY(hub_account_row(hub, ban->subject, ban->arena, &row));
    row.flags = (uint8_t)(row.flags & ~(HUB_ACCOUNT_IS_RESTRICTED | HUB_ACCOUNT_IS_SUSPENDED));
    if (ban->is_ban) row.flags |= HUB_ACCOUNT_IS_RESTRICTED;
    if (ban->is_ban && ban->is_suspension) row.flags |= HUB_ACCOUNT_IS_SUSPENDED;
    row.decision_number = ban->is_ban ? ban->number : 0;
    row.until_ms = ban->is_ban ? ban->decision->until_ms : 0;
    TRY(hub_account_save(hub, ban->subject, &row, ban->arena));
    struct chat_session_state state = { .is_restricted = ban->is_ban,
                                        .is_desk = hub_is_desk(hub, &ban->subject->id) };
    hub_push_account(hub, ban->effects, ban->subject, CHAT_PUSH_SESSION_STATE,
                     &chat_session_state_desc, &state);
    return TB_STATUS(TB_OK);
}

tb_status hub_ban_apply(struct hub *hub, struct hub_ban *ban)
{
    struct chat_moderation_ref ref;
    tb_bytes aad;
    TRY(chat_decision_ref(hub_own_suite(hub), ban->decision, ban->number,
                          ban->room == NULL ? hub->provider_uri : ban->decision->room_uri,
                          ban->arena, &ref));
    if (ban->number_of != 0) {
        uint64_t in_force;
        TRY(ban_in_force(hub, &ban->subject->id, ban->room, ban->arena, &in_force));
        if (in_force != ban->number_of) return TB_STATUS(TB_OK);
    }
    ref.action = ban->is_ban ? CHAT_ACTION_BAN : CHAT_ACTION_UNBAN;
    TRY(chat_safe_aad_of_moderation(&ref, ban->arena, &aad));
    TRY(note(hub, ban));
    if (ban->room != NULL) return act_in_room(hub, ban, ban->room, aad);
    TRY(restrict_account(hub, ban));
    if (ban->is_suspension) {
        hub_deliver_hold(hub, ban->subject, ban->is_ban);
        return TB_STATUS(TB_OK);
    }
    return act_everywhere(hub, ban, aad);
}

/* ---- the end ---- */

static tb_status end_ban(struct hub *hub, uint64_t number, struct hub_ban *ban)
{
    struct hub_key key = hub_key_tagged('N', "", 0);
    struct chat_decision_entry entry;
    uint64_t in_force;
    hub_key_add_u64(&key, number);
    TRY(hub_row_get(hub->store, HUB_TABLE_DECISIONS, &key, &chat_decision_entry_desc, ban->arena,
                    &entry));
    TRY(hub_account_by_uri(hub, entry.decision.subject, &ban->subject));
    bool is_room = entry.decision.scope == CHAT_SCOPE_ROOM;
    if (is_room) TRY(hub_room_by_uri(hub, entry.decision.room_uri, &ban->room));
    if (ban->subject == NULL || (is_room && ban->room == NULL)) return TB_STATUS(TB_OK);
    TRY(ban_in_force(hub, &ban->subject->id, ban->room, ban->arena, &in_force));
    if (in_force != number) return TB_STATUS(TB_OK); /* a later decision took its place */
    ban->decision = &entry.decision;
    ban->number = number;
    ban->is_suspension = entry.decision.action == CHAT_ACTION_SUSPEND;
    return hub_ban_apply(hub, ban);
}

static tb_status first_end(struct hub *hub, struct tb_arena *arena, uint64_t *until_ms,
                           uint64_t *number)
{
    struct hub_key prefix = hub_key_tagged('E', "", 0);
    struct hub_pairs rows;
    TRY(hub_row_list(hub->store, HUB_TABLE_DECISIONS, &prefix, NULL, 1, arena, &rows));
    *until_ms = UINT64_MAX;
    *number = 0;
    if (rows.count == 0) return TB_STATUS(TB_OK);
    if (rows.at[0].key.len != END_KEY_LEN) return TB_STATUS(HUB_ROW);
    *until_ms = tb_get_u64(rows.at[0].key.data + 1);
    *number = tb_get_u64(rows.at[0].key.data + 9);
    return TB_STATUS(TB_OK);
}

tb_status hub_ban_load(struct hub *hub, struct tb_arena *arena)
{
    uint64_t number;
    return first_end(hub, arena, &hub->ban_end_ms, &number);
}

static tb_status end_first(struct hub *hub, struct hub_ban *ban)
{
    uint64_t until_ms, number;
    TRY(first_end(hub, ban->arena, &until_ms, &number));
    if (until_ms <= ban->now_ms) {
        struct hub_key key = end_key(until_ms, number);
        TRY(end_ban(hub, number, ban));
        TRY(hub_del(hub, HUB_TABLE_DECISIONS, &key));
    }
    return hub_ban_load(hub, ban->arena);
}

void hub_ban_due(struct hub *hub, uint64_t now_ms, struct hub_effects *effects)
{
    for (size_t i = 0; i < END_COUNT_MAX && !hub->is_broken && hub->ban_end_ms <= now_ms; i++) {
        struct tb_arena arena;
        tb_arena_init(&arena, hub->mem, HUB_STEP_ARENA_BYTES_MAX);
        struct hub_ban ban = { .now_ms = now_ms, .arena = &arena, .effects = effects };
        if (!tb_is_ok(end_first(hub, &ban))) hub->is_broken = true;
        tb_arena_wipe(&arena);
    }
}
