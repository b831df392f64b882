/*
 * Who may decide what, and the measures beside bans: mutes, retractions, removals and closed rooms
 * (docs/architecture.md, Decisions).  Mutes stand in DECISIONS under 'M' room user, rooms that the
 * desk closed under 'C' room.
 */
#include "hub/sanction.h"

#include <string.h>

#include "chat/decision.h"
#include "chat/records.h"
#include "chat/safe_aad.h"
#include "hub/mandatory.h"

WIRE_TABLE(hub_row_mute, HUB_ROW_MUTE)
WIRE_TABLE(hub_row_appeal, HUB_ROW_APPEAL)

/* ---- who may ---- */

/* A second person of the desk who signed with a device of theirs. */
static uint16_t check_second(struct hub *hub, struct hub_call *call,
                             const struct chat_decision *decision)
{
    struct hub_device_id device;
    struct hub_row_device row;
    bool found = false;
    if (!hub_id_device(hub->domain, decision->co_decider_device, &device)) {
        return hub_refuse(call, CHAT_CODE_FORBIDDEN, "a second signature of another hub");
    }
    tb_status status = hub_device_row(hub, &device, call->arena, &row, &found);
    if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
    struct hub_user_id user = hub_user_of_device(&device);
    if (!found || row.status != CHAT_DEVICE_ACTIVE || !hub_is_desk(hub, &user)) {
        return hub_refuse(call, CHAT_CODE_FORBIDDEN, "the second person is not of the desk");
    }
    status = chat_decision_verify_co(hub_own_suite(hub), decision, row.signature_key, call->arena);
    return tb_is_ok(status) ? CHAT_CODE_OK
                            : hub_refuse_status(hub, call, status, CHAT_CODE_SIGNATURE);
}

uint16_t hub_sanction_check(struct hub *hub, struct hub_call *call,
                            const struct chat_decision *decision, uint8_t *single)
{
    *single = 0;
    if (decision->co_decider_device.len != 0) return check_second(hub, call, decision);
    if (!chat_decision_needs_two(decision->action, decision->scope)) return CHAT_CODE_OK;
    if (hub_desk_count(hub) > 1) {
        return hub_refuse(call, CHAT_CODE_POLICY,
                          "a sanction of the account needs two people of the desk");
    }
    if (decision->until_ms == 0 || decision->until_ms > call->now_ms + CHAT_SINGLE_MS_MAX) {
        return hub_refuse(call, CHAT_CODE_POLICY,
                          "a desk of one person restricts an account for at most seven days");
    }
    *single = 1;
    return CHAT_CODE_OK;
}

static tb_status is_of(struct hub *hub, struct hub_call *call, const struct hub_room *room,
                       uint64_t room_seq, const struct hub_user_id *subject, bool *out)
{
    struct hub_page page;
    struct hub_stub_page stubs;
    *out = false;
    TRY(hub_page_of_room_seq(hub, room, room_seq, call->arena, &page));
    TRY(hub_page_as_stubs(&page, room->suite, call->arena, &stubs));
    for (size_t i = 0; i < stubs.stubs.count; i++) {
        struct hub_user_id sender;
        if (stubs.stubs.at[i].room_seq != room_seq) continue;
        *out = hub_id_user(hub->domain, stubs.stubs.at[i].context.sender_uri, &sender)
               && memcmp(sender.at, subject->at, sizeof sender.at) == 0;
    }
    return TB_STATUS(TB_OK);
}

uint16_t hub_sanction_check_targets(struct hub *hub, struct hub_call *call,
                                    const struct chat_decision *decision,
                                    const struct hub_user_id *subject,
                                    const struct hub_room *room)
{
    for (size_t i = 0; i < decision->targets.count; i++) {
        uint64_t room_seq = decision->targets.at[i].room_seq;
        bool is_theirs;
        tb_status status = is_of(hub, call, room, room_seq, subject, &is_theirs);
        if (status.code == TB_NOT_FOUND) {
            return hub_refuse_value(call, CHAT_CODE_GONE, "the message is past its retention",
                                    room_seq);
        }
        if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
        if (is_theirs) continue;
        return hub_refuse_value(call, CHAT_CODE_POLICY, "the message is not of that account",
                                room_seq);
    }
    return CHAT_CODE_OK;
}

/* ---- mutes ---- */

static struct hub_key mute_prefix(const struct hub_room *room)
{
    return hub_key_tagged('M', room->id.at, sizeof room->id.at);
}

static struct hub_key mute_key(const struct hub_room *room, const struct hub_user_id *user)
{
    struct hub_key key = mute_prefix(room);
    hub_key_add(&key, user->at, sizeof user->at);
    return key;
}

static bool one_row(void *ctx, tb_bytes key, tb_bytes value)
{
    (void)key, (void)value;
    *(bool *)ctx = true;
    return false;
}

tb_status hub_sanction_load(struct hub *hub, struct hub_room *room)
{
    struct hub_key prefix = mute_prefix(room);
    room->has_mutes = false;
    return hub_row_scan(hub->store, HUB_TABLE_DECISIONS, &prefix, NULL, 1, one_row,
                        &room->has_mutes);
}

tb_status hub_sanction_is_muted(struct hub *hub, const struct hub_room *room,
                                const struct hub_user_id *user, uint64_t now_ms,
                                struct tb_arena *arena, bool *out, uint64_t *until_ms)
{
    struct hub_key key = mute_key(room, user);
    struct hub_row_mute row;
    bool found;
    TRY(hub_get(hub, HUB_TABLE_DECISIONS, &key, &hub_row_mute_desc, arena, &row, &found));
    *out = found && now_ms < row.until_ms;
    *until_ms = found ? row.until_ms : 0;
    return TB_STATUS(TB_OK);
}

/* The newest mute stands; the end of an older one does not lift it. */
static tb_status mute(struct hub *hub, struct hub_ban *act, const struct chat_decision *what,
                      uint64_t number)
{
    struct hub_key key = mute_key(act->room, &act->subject->id);
    struct hub_row_mute row = { number, what->until_ms }, known;
    bool found;
    act->rooms_affected = 1;
    act->room->has_mutes = true;
    if (act->is_ban) {
        return hub_put(hub, HUB_TABLE_DECISIONS, &key, &hub_row_mute_desc, &row, act->arena);
    }
    TRY(hub_get(hub, HUB_TABLE_DECISIONS, &key, &hub_row_mute_desc, act->arena, &known, &found));
    if (!found || known.number != number) return TB_STATUS(TB_OK);
    return hub_del(hub, HUB_TABLE_DECISIONS, &key);
}

/* ---- retractions and removals: the next commit carries them ---- */

static tb_status propose(struct hub *hub, struct hub_ban *act, enum hub_mandatory_kind kind)
{
    struct chat_moderation_ref ref;
    tb_bytes aad;
    TRY(chat_decision_ref(hub_own_suite(hub), act->decision, act->number, hub_room_uri(act->room),
                          act->arena, &ref));
    TRY(chat_safe_aad_of_moderation(&ref, act->arena, &aad));
    TRY(hub_mandatory_add(hub, act->room, kind, &act->subject->id, aad, act->arena));
    act->rooms_affected = 1;
    TRY(hub_mandatory_issue(hub, act->room, act->now_ms, act->arena, act->effects));
    if (!hub_mandatory_is_open(act->room)) act->rooms_rotated = 1;
    return TB_STATUS(TB_OK);
}

/* ---- closed rooms ---- */

static struct hub_key shut_key(const struct hub_room *room)
{
    return hub_key_tagged('C', room->id.at, sizeof room->id.at);
}

tb_status hub_sanction_room_state(struct hub *hub, const struct hub_room *room,
                                  struct tb_arena *arena, uint8_t *state)
{
    struct hub_key key = shut_key(room);
    struct wire_u64 number;
    bool found;
    TRY(hub_get(hub, HUB_TABLE_DECISIONS, &key, &wire_u64_desc, arena, &number, &found));
    *state = found ? HUB_ROOM_SHUT : HUB_ROOM_OPEN;
    return TB_STATUS(TB_OK);
}

static tb_status shut(struct hub *hub, struct hub_ban *act, uint64_t number)
{
    struct hub_room *room = act->room;
    struct hub_key key = shut_key(room);
    struct wire_u64 row = { number }, known;
    bool found;
    TRY(hub_get(hub, HUB_TABLE_DECISIONS, &key, &wire_u64_desc, act->arena, &known, &found));
    if (!act->is_ban && (!found || known.value != number)) return TB_STATUS(TB_OK);
    if (act->is_ban) TRY(hub_put(hub, HUB_TABLE_DECISIONS, &key, &wire_u64_desc, &row, act->arena));
    else TRY(hub_del(hub, HUB_TABLE_DECISIONS, &key));
    act->rooms_affected = 1;
    if (room->head.state != HUB_ROOM_OPEN && room->head.state != HUB_ROOM_SHUT) {
        return TB_STATUS(TB_OK); /* closed for good, or frozen: it is seen when that ends */
    }
    TRY(hub_run_close(hub, room, act->effects));
    room->head.state = act->is_ban ? HUB_ROOM_SHUT : HUB_ROOM_OPEN;
    hub_room_touch_head(hub, room);
    struct chat_room_state state = { .room_uri = hub_room_uri(room),
                                     .log_seq = room->head.log_seq,
                                     .cursor = room->head.log_seq,
                                     .final_seq = room->head.final_seq,
                                     .epoch = room->head.epoch,
                                     .state = room->head.state };
    hub_deliver_push(hub, room, CHAT_PUSH_ROOM_STATE, &chat_room_state_desc, &state, act->effects);
    return hub_mandatory_issue(hub, room, act->now_ms, act->arena, act->effects);
}

tb_status hub_sanction_apply(struct hub *hub, struct hub_ban *act, const struct chat_decision *what)
{
    uint64_t number = act->is_ban ? act->number : act->decision->number_of;
    switch (what->action) {
    case CHAT_ACTION_MUTE: return mute(hub, act, what, number);
    case CHAT_ACTION_RETRACT: return propose(hub, act, HUB_MANDATORY_RETRACT);
    case CHAT_ACTION_CLOSE_ROOM: return shut(hub, act, number);
    case CHAT_ACTION_REMOVE:
        /* Who was removed can be invited again; nobody is brought back without being asked. */
        return act->is_ban ? propose(hub, act, HUB_MANDATORY_KICK) : TB_STATUS(TB_OK);
    case CHAT_ACTION_BAN:
    case CHAT_ACTION_SUSPEND:
    case CHAT_ACTION_CLOSE_ACCOUNT:
        act->is_suspension = what->action == CHAT_ACTION_SUSPEND;
        act->number_of = act->is_ban ? 0 : number;
        return hub_ban_apply(hub, act);
    default: return TB_STATUS(TB_OK);
    }
}
