#include "hub/rules.h"

#include <string.h>

static tb_status rules_users(const struct hub *hub, const struct chat_timed_user *list,
                             size_t count, struct tb_arena *arena, struct hub_row_timed **out,
                             size_t *out_count)
{
    struct hub_row_timed *rows = tb_arena_take(arena, count, sizeof *rows);
    size_t n = 0;
    if (rows == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < count; i++) {
        struct hub_user_id id;
        if (!hub_id_user(hub->domain, list[i].user, &id)) continue;
        memcpy(rows[n].user, id.at, sizeof id.at);
        rows[n++].until_ms = list[i].until_ms;
    }
    *out = rows;
    *out_count = n;
    return TB_STATUS(TB_OK);
}

tb_status hub_rules_of_policy(const struct hub *hub, const struct chat_policy_room *policy,
                              struct tb_arena *arena, struct hub_row_rules *out)
{
    const struct chat_room_rules *rules = &policy->rules;
    *out = (struct hub_row_rules){ .announce_only = rules->announce_only,
                                   .slow_mode_s = rules->slow_mode_s };
    TRY(rules_users(hub, rules->muted.at, rules->muted.count, arena, &out->muted.at,
                    &out->muted.count));
    return rules_users(hub, rules->denied.at, rules->denied.count, arena, &out->denied.at,
                       &out->denied.count);
}

static bool rules_has(const struct hub_row_timed *list, size_t count,
                      const struct hub_user_id *user, uint64_t now_ms, uint64_t *until_ms)
{
    for (size_t i = 0; i < count; i++) {
        if (memcmp(list[i].user, user->at, sizeof user->at) != 0) continue;
        *until_ms = list[i].until_ms;
        return list[i].until_ms == 0 || list[i].until_ms > now_ms;
    }
    return false;
}

bool hub_rules_denies(const struct hub_room *room, const struct hub_user_id *user,
                      uint64_t now_ms, uint64_t *until_ms)
{
    const struct hub_row_rules *rules = &room->shape.rules;
    return rules_has(rules->denied.at, rules->denied.count, user, now_ms, until_ms);
}

/* Slow mode looks at the newest senders alone; who is not among them has waited long enough, or so
 * many others wrote since that one message more does no harm. */
static const struct hub_slow_mark *rules_mark(const struct hub_room *room,
                                              const struct hub_user_id *user)
{
    for (size_t i = 0; i < HUB_SLOW_MARK_COUNT; i++) {
        const struct hub_slow_mark *mark = &room->slow[i];
        if (mark->at_ms != 0 && memcmp(mark->user.at, user->at, sizeof user->at) == 0) return mark;
    }
    return NULL;
}

void hub_rules_sent(struct hub_room *room, const struct hub_user_id *user, uint64_t now_ms)
{
    size_t place = 0;
    if (room->shape.rules.slow_mode_s == 0) return;
    for (size_t i = 0; i < HUB_SLOW_MARK_COUNT; i++) {
        if (memcmp(room->slow[i].user.at, user->at, sizeof user->at) == 0) {
            place = i;
            break;
        }
        if (room->slow[i].at_ms < room->slow[place].at_ms) place = i;
    }
    room->slow[place] = (struct hub_slow_mark){ *user, now_ms };
}

uint16_t hub_rules_check(struct hub *hub, struct hub_call *call, const struct hub_room *room,
                         uint8_t role_bits)
{
    const struct hub_row_rules *rules = &room->shape.rules;
    const struct hub_user_id *user = &call->account->id;
    uint64_t until_ms = 0;
    (void)hub;
    if (rules_has(rules->muted.at, rules->muted.count, user, call->now_ms, &until_ms)) {
        return hub_refuse_value(call, CHAT_CODE_MUTED, "", until_ms);
    }
    if ((role_bits & HUB_ROLE_MODERATES) != 0) return CHAT_CODE_OK;
    if (rules->announce_only != 0) {
        return hub_refuse(call, CHAT_CODE_FORBIDDEN, "in this room moderators and owners write");
    }
    const struct hub_slow_mark *mark = rules_mark(room, user);
    uint64_t wait_ms = (uint64_t)rules->slow_mode_s * 1000;
    if (rules->slow_mode_s == 0 || mark == NULL || mark->at_ms + wait_ms <= call->now_ms) {
        return CHAT_CODE_OK;
    }
    return hub_refuse_value(call, CHAT_CODE_RATE_LIMITED, "slow mode: one message at a time",
                            mark->at_ms + wait_ms - call->now_ms);
}
