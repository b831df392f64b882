/*
 * A room's rules (chat/room_rules.h): who changes them makes a commit with the whole new value.
 * And newcomers who need approval: their requests wait as intents that are held back, and come
 * again from the hub after each login.
 */
#include "client/rules.h"

#include "chat/room_rules.h"

/* ------------------------------------------------------------------ changing */

static bool client_rules_is_of_person(const struct client_rules_change *change)
{
    return change->act != CLIENT_RULES_SET;
}

static uint16_t client_rules_needs(const struct client_rules_change *change)
{
    switch (change->act) {
    case CLIENT_RULES_SET: return CHAT_CAN_CHANGE_ROOM_METADATA;
    case CLIENT_RULES_MUTE:
    case CLIENT_RULES_UNMUTE: return CHAT_CAN_CHANGE_USER_ROLE;
    default: return CHAT_CAN_KICK;
    }
}

tb_status client_rules_allowed(struct client_turn *turn, const struct chat_policy_room *policy,
                               tb_bytes account, const struct client_rules_change *change)
{
    tb_bytes self = turn->client->profile.account;
    if (!chat_policy_user_can(policy, self, client_rules_needs(change))) {
        return TB_STATUS(CLIENT_PERMISSION);
    }
    if (!client_rules_is_of_person(change)) return TB_STATUS(TB_OK);
    uint32_t role = chat_policy_role_of(&policy->participants, account);
    bool is_here = role != CHAT_ROLE_NONE && role != CHAT_ROLE_BANNED;
    if (!is_here && (change->act == CLIENT_RULES_MUTE || change->act == CLIENT_RULES_KICK)) {
        return TB_STATUS(CLIENT_NOT_PARTICIPANT);
    }
    return role < chat_policy_role_of(&policy->participants, self) ? TB_STATUS(TB_OK)
                                                                   : TB_STATUS(CHAT_RULES_RANK);
}

tb_status client_rules_proposal(struct client_turn *turn, struct client_room *room,
                                tb_bytes account, const struct client_rules_change *change,
                                struct mls_proposal *out)
{
    struct chat_policy_room policy;
    struct wire_opaque *value = tb_arena_take(&turn->arena, 1, sizeof *value);
    struct mls_app_data_update *update = tb_arena_take(&turn->arena, 1, sizeof *update);
    if (value == NULL || update == NULL) return TB_STATUS(TB_NO_SPACE);
    TRY(client_room_policy(turn, room, &policy));
    struct chat_room_rules *rules = &policy.rules;
    bool is_on = change->act == CLIENT_RULES_MUTE || change->act == CLIENT_RULES_KICK;
    uint64_t until_ms = is_on ? change->until_ms : UINT64_MAX;
    if (change->act == CLIENT_RULES_SET) {
        rules->announce_only = change->announce_only;
        rules->join_approval = change->join_approval;
        rules->slow_mode_s = change->slow_mode_s;
    } else if (change->act == CLIENT_RULES_MUTE || change->act == CLIENT_RULES_UNMUTE) {
        TRY(chat_rules_set(&turn->arena, turn->now_ms, account, until_ms, &rules->muted.at,
                           &rules->muted.count));
    } else {
        TRY(chat_rules_set(&turn->arena, turn->now_ms, account, until_ms, &rules->denied.at,
                           &rules->denied.count));
    }
    TRY(wire_encode(&chat_room_rules_desc, rules, &turn->arena, &value->value));
    *update = (struct mls_app_data_update){ .component_id = MLS_COMPONENT_TIMBRE_ROOM_RULES,
                                            .op = MLS_APP_DATA_UPDATE };
    update->of.update = value;
    *out = (struct mls_proposal){ .proposal_type = MLS_PROPOSAL_APP_DATA_UPDATE,
                                  .of.app_data_update = update };
    return TB_STATUS(TB_OK);
}

tb_status client_room_rules(struct client *client, uint64_t now_ms, tb_bytes room,
                            const struct client_rules_change *change,
                            struct client_effects *effects, uint64_t *op)
{
    struct client_intent_params params = {
        .kind = CLIENT_INTENT_RULES,
        /* Of nobody in particular: then it stands for the room's own rules. */
        .account = client_rules_is_of_person(change) ? change->account : client_account(client),
        .rules = change,
    };
    return client_wish(client, now_ms, room, &params, effects, op);
}

/* ------------------------------------------------------------------ reading */

static tb_status client_timed_views(struct client_turn *turn, const struct chat_timed_user *list,
                                    size_t count, uint64_t now_ms,
                                    const struct client_timed_view **out, size_t *out_count)
{
    struct client_timed_view *views = tb_arena_take(&turn->arena, count, sizeof *views);
    size_t n = 0;
    if (views == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < count; i++) {
        if (list[i].until_ms != 0 && list[i].until_ms <= now_ms) continue;
        views[n] = (struct client_timed_view){ .account = list[i].user,
                                               .until_ms = list[i].until_ms };
        TRY(tb_arena_dup(&turn->arena, client_record_handle(turn, list[i].user),
                         &views[n].handle));
        n++;
    }
    *out = views;
    *out_count = n;
    return TB_STATUS(TB_OK);
}

static tb_status client_rules_read(struct client_turn *turn, uint64_t now_ms, tb_bytes room_uri,
                                   struct client_rules_view *out)
{
    struct client_room *room;
    struct chat_policy_room policy;
    TRY(client_room_get(turn, room_uri, &room));
    TRY(client_room_policy(turn, room, &policy));
    *out = (struct client_rules_view){ .announce_only = policy.rules.announce_only,
                                       .join_approval = policy.rules.join_approval,
                                       .slow_mode_s = policy.rules.slow_mode_s };
    TRY(client_timed_views(turn, policy.rules.muted.at, policy.rules.muted.count, now_ms,
                           &out->muted, &out->muted_count));
    return client_timed_views(turn, policy.rules.denied.at, policy.rules.denied.count, now_ms,
                              &out->denied, &out->denied_count);
}

tb_status client_rules(struct client *client, uint64_t now_ms, tb_bytes room,
                       struct tb_arena *arena, struct client_rules_view *out)
{
    struct client_turn turn;
    TRY(client_turn_read(&turn, client));
    turn.arena = *arena;
    tb_status status = client_rules_read(&turn, now_ms, room, out);
    *arena = turn.arena;
    return status;
}

/* ------------------------------------------------------------------ approval */

static tb_status client_may_approve(struct client_turn *turn, struct client_room *room)
{
    struct chat_policy_room policy;
    TRY(client_room_policy(turn, room, &policy));
    return chat_policy_user_can(&policy, turn->client->profile.account, CHAT_CAN_KICK)
               ? TB_STATUS(TB_OK)
               : TB_STATUS(CLIENT_PERMISSION);
}

static tb_status client_askers_read(struct client_turn *turn, tb_bytes room_uri,
                                    struct client_timed_view **out, size_t *count)
{
    struct client_room *room;
    size_t n = 0;
    TRY(client_room_get(turn, room_uri, &room));
    TRY(client_may_approve(turn, room));
    for (const struct client_intent *i = room->intents; i != NULL; i = i->next) n += i->is_held;
    *out = tb_arena_take(&turn->arena, n, sizeof **out);
    if (*out == NULL) return TB_STATUS(TB_NO_SPACE);
    *count = 0;
    for (const struct client_intent *i = room->intents; i != NULL; i = i->next) {
        if (!i->is_held) continue;
        struct client_timed_view *view = &(*out)[(*count)++];
        *view = (struct client_timed_view){ .until_ms = 0 };
        TRY(tb_arena_dup(&turn->arena, i->account, &view->account));
        TRY(tb_arena_dup(&turn->arena, client_record_handle(turn, i->account), &view->handle));
    }
    return TB_STATUS(TB_OK);
}

tb_status client_room_askers(struct client *client, tb_bytes room, struct tb_arena *arena,
                             struct client_timed_view **out, size_t *count)
{
    struct client_turn turn;
    TRY(client_turn_read(&turn, client));
    turn.arena = *arena;
    tb_status status = client_askers_read(&turn, room, out, count);
    *arena = turn.arena;
    return status;
}

static tb_status client_approve(struct client_turn *turn, tb_bytes room_uri, tb_bytes account,
                                uint64_t *op)
{
    struct client_room *room;
    TRY(client_room_open(turn, room_uri, &room));
    TRY(client_may_approve(turn, room));
    for (struct client_intent *i = room->intents; i != NULL; i = i->next) {
        if (!i->is_held || !tb_bytes_equal(i->account, account)) continue;
        i->is_held = false;
        i->not_before_ms = 0;
        i->op = *op = client_op_new(turn->client);
        return TB_STATUS(TB_OK);
    }
    return TB_STATUS(TB_NOT_FOUND);
}

tb_status client_room_approve(struct client *client, uint64_t now_ms, tb_bytes room,
                              tb_bytes account, struct client_effects *effects, uint64_t *op)
{
    struct client_turn turn;
    tb_status status = client_turn_begin(&turn, client, now_ms, effects);
    if (tb_is_ok(status)) status = client_approve(&turn, room, account, op);
    if (tb_is_ok(status)) status = client_session_work(&turn);
    return client_turn_end(&turn, status);
}
