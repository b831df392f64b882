#include "chat/room_rules.h"

#include <string.h>

WIRE_TABLE(chat_timed_user, CHAT_TIMED_USER)
WIRE_TABLE(chat_room_rules, CHAT_ROOM_RULES)

static bool rules_fit(const struct chat_room_rules *rules)
{
    return rules->announce_only <= 1 && rules->join_approval <= 1
           && rules->slow_mode_s <= CHAT_RULES_SLOW_MODE_S_MAX
           && rules->muted.count <= CHAT_RULES_USER_COUNT_MAX
           && rules->denied.count <= CHAT_RULES_USER_COUNT_MAX;
}

static const struct chat_timed_user *rules_find(const struct chat_timed_user *list, size_t count,
                                                tb_bytes user)
{
    for (size_t i = 0; i < count; i++) {
        if (tb_bytes_equal(list[i].user, user)) return &list[i];
    }
    return NULL;
}

/* Everybody whose entry differs between the two lists stands below the committer. */
static tb_status rules_check_list(const struct chat_policy_room *room,
                                  const struct chat_timed_user *one, size_t one_count,
                                  const struct chat_timed_user *other, size_t other_count,
                                  uint32_t committer_role, bool *is_changed)
{
    for (size_t i = 0; i < one_count; i++) {
        const struct chat_timed_user *match = rules_find(other, other_count, one[i].user);
        if (match != NULL && match->until_ms == one[i].until_ms) continue;
        *is_changed = true;
        if (chat_policy_role_of(&room->participants, one[i].user) >= committer_role) {
            return TB_STATUS(CHAT_RULES_RANK);
        }
    }
    return TB_STATUS(TB_OK);
}

static tb_status rules_check_lists(const struct chat_policy_room *room,
                                   const struct chat_timed_user *before, size_t before_count,
                                   const struct chat_timed_user *after, size_t after_count,
                                   uint32_t committer_role, uint16_t capability)
{
    bool is_changed = false;
    for (size_t i = 0; i < after_count; i++) {
        if (rules_find(after, i, after[i].user) != NULL) return TB_STATUS(CHAT_RULES_FORM);
    }
    TRY(rules_check_list(room, before, before_count, after, after_count, committer_role,
                         &is_changed));
    TRY(rules_check_list(room, after, after_count, before, before_count, committer_role,
                         &is_changed));
    if (!is_changed || chat_policy_can(&room->roles, committer_role, capability)) {
        return TB_STATUS(TB_OK);
    }
    return TB_STATUS(CHAT_POLICY_CAPABILITY);
}

tb_status chat_rules_check_update(const struct chat_policy_room *before,
                                  uint32_t committer_role,
                                  const struct mls_app_data_update *update,
                                  struct tb_arena *arena)
{
    const struct chat_room_rules *old = &before->rules;
    struct chat_room_rules new;
    if (update->op != MLS_APP_DATA_UPDATE) return TB_STATUS(CHAT_POLICY_COMPONENT_UPDATE);
    TRY(wire_decode(&chat_room_rules_desc, update->of.update->value, arena, &new, NULL));
    if (!rules_fit(&new)) return TB_STATUS(CHAT_RULES_FORM);
    bool is_flag_changed = old->announce_only != new.announce_only
                           || old->join_approval != new.join_approval
                           || old->slow_mode_s != new.slow_mode_s;
    if (is_flag_changed
        && !chat_policy_can(&before->roles, committer_role, CHAT_CAN_CHANGE_ROOM_METADATA)) {
        return TB_STATUS(CHAT_POLICY_CAPABILITY);
    }
    TRY(rules_check_lists(before, old->muted.at, old->muted.count, new.muted.at, new.muted.count,
                          committer_role, CHAT_CAN_CHANGE_USER_ROLE));
    return rules_check_lists(before, old->denied.at, old->denied.count, new.denied.at,
                             new.denied.count, committer_role, CHAT_CAN_KICK);
}

static bool is_over(const struct chat_timed_user *entry, uint64_t now_ms)
{
    return entry->until_ms != 0 && entry->until_ms <= now_ms;
}

bool chat_rules_has(const struct chat_timed_user *list, size_t count, tb_bytes user,
                    uint64_t now_ms, uint64_t *until_ms)
{
    const struct chat_timed_user *entry = rules_find(list, count, user);
    if (entry == NULL || is_over(entry, now_ms)) return false;
    if (until_ms != NULL) *until_ms = entry->until_ms;
    return true;
}

tb_status chat_rules_set(struct tb_arena *arena, uint64_t now_ms, tb_bytes user,
                         uint64_t until_ms, struct chat_timed_user **list, size_t *count)
{
    struct chat_timed_user *out = tb_arena_take(arena, *count + 1, sizeof *out);
    size_t kept = 0;
    if (out == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < *count; i++) {
        const struct chat_timed_user *entry = &(*list)[i];
        if (!is_over(entry, now_ms) && !tb_bytes_equal(entry->user, user)) out[kept++] = *entry;
    }
    if (until_ms != UINT64_MAX) out[kept++] = (struct chat_timed_user){ user, until_ms };
    if (kept > CHAT_RULES_USER_COUNT_MAX) return TB_STATUS(CHAT_POLICY_LIMIT);
    *list = out;
    *count = kept;
    return TB_STATUS(TB_OK);
}
