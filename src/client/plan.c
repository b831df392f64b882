/* What a commit of ours holds, built for the epoch that stands. */
#include "client/rules.h"

#include "chat/safe_aad.h"

static tb_status client_plan_take(struct client_turn *turn, struct client_commit_plan *plan,
                                  size_t count)
{
    plan->proposals = tb_arena_take(&turn->arena, count, sizeof *plan->proposals);
    return plan->proposals != NULL ? TB_STATUS(TB_OK) : TB_STATUS(TB_NO_SPACE);
}

static tb_status client_plan_add(struct client_turn *turn, tb_bytes key_package,
                                 struct client_commit_plan *plan)
{
    struct mls_add *add = tb_arena_take(&turn->arena, 1, sizeof *add);
    if (add == NULL) return TB_STATUS(TB_NO_SPACE);
    TRY(wire_decode(&mls_key_package_in_desc, key_package, &turn->arena, &add->key_package, NULL));
    plan->proposals[plan->count++] =
        (struct mls_proposal){ .proposal_type = MLS_PROPOSAL_ADD, .of.add = add };
    return TB_STATUS(TB_OK);
}

static tb_status client_plan_remove(struct client_turn *turn, uint32_t leaf_index,
                                    struct client_commit_plan *plan)
{
    struct mls_remove *removed = tb_arena_take(&turn->arena, 1, sizeof *removed);
    if (removed == NULL) return TB_STATUS(TB_NO_SPACE);
    removed->removed = leaf_index;
    plan->proposals[plan->count++] =
        (struct mls_proposal){ .proposal_type = MLS_PROPOSAL_REMOVE, .of.remove = removed };
    return TB_STATUS(TB_OK);
}

/* An owner of the desk room adds moderators, also to a notice room; everybody else adds members. */
static uint32_t client_plan_role(struct client_turn *turn, const struct client_room *room,
                                 const struct chat_policy_room *policy, tb_bytes account)
{
    struct client_room *desk;
    struct chat_policy_room desk_policy;
    uint32_t own = chat_policy_role_of(&policy->participants, turn->client->profile.account);
    if (own != CHAT_ROLE_OWNER) return CHAT_ROLE_MEMBER;
    if (room->row.kind == CHAT_ROOM_DESK) return CHAT_ROLE_MODERATOR;
    if (room->row.kind != CHAT_ROOM_NOTICE) return CHAT_ROLE_MEMBER;
    if (!tb_is_ok(client_room_get(turn, turn->client->hub.desk_uri, &desk))
        || !tb_is_ok(client_room_policy(turn, desk, &desk_policy))) {
        return CHAT_ROLE_MEMBER;
    }
    bool is_desk = chat_policy_find(&desk_policy.participants, account) != SIZE_MAX;
    return is_desk ? CHAT_ROLE_MODERATOR : CHAT_ROLE_MEMBER;
}

/* The commit says by whose invitation somebody comes, for everybody to count (0xF108). */
static tb_status client_plan_invite(struct client_turn *turn, const struct client_room *room,
                                    const struct chat_join_request *request,
                                    struct client_commit_plan *plan)
{
    struct client_invite_row invite;
    if (request == NULL || request->kind != CHAT_JOIN_KIND_LINK) return TB_STATUS(TB_OK);
    /* Others may have used it, or taken it back, since the request was looked at. */
    TRY(client_invite_check(turn, room, request->invite_key, request->time_ms, &invite));
    struct mls_safe_aad_item item = {
        .component_id = MLS_COMPONENT_TIMBRE_INVITE_USE,
        .aad_item_data = request->invite_key,
    };
    return chat_safe_aad_build(&item, 1, &turn->arena, &plan->aad);
}

static tb_status client_plan_for_add(struct client_turn *turn, struct client_room *room,
                                     const struct client_intent *intent,
                                     struct client_commit_plan *plan)
{
    struct chat_policy_room policy;
    TRY(client_room_policy(turn, room, &policy));
    TRY(client_plan_invite(turn, room, intent->request, plan));
    TRY(client_plan_take(turn, plan, intent->packages.count + 1));
    for (size_t i = 0; i < intent->packages.count; i++) {
        TRY(client_plan_add(turn, intent->packages.at[i].value, plan));
    }
    uint32_t role = chat_policy_role_of(&policy.participants, intent->account);
    if (role == CHAT_ROLE_BANNED) return TB_STATUS(CLIENT_PERMISSION);
    if (role != CHAT_ROLE_NONE) return TB_STATUS(TB_OK); /* listed, without a device until now */
    struct chat_user_role_pair pair = { intent->account,
                                        client_plan_role(turn, room, &policy, intent->account) };
    struct chat_participant_update update = { .added_participants = { &pair, 1 } };
    return chat_policy_update_proposal(&update, &turn->arena, &plan->proposals[plan->count++]);
}

static tb_status client_plan_for_remove(struct client_turn *turn, struct client_room *room,
                                        const struct client_intent *intent,
                                        struct client_commit_plan *plan)
{
    struct chat_policy_room policy;
    struct chat_policy_leaf *leaves;
    size_t leaf_count;
    TRY(client_room_policy(turn, room, &policy));
    TRY(client_room_leaves(turn, room, &leaves, &leaf_count));
    size_t index = chat_policy_find(&policy.participants, intent->account);
    if (index == SIZE_MAX) return TB_STATUS(CLIENT_NOT_PARTICIPANT);
    TRY(client_plan_take(turn, plan, leaf_count + 2)); /* a kick changes the rules as well */
    for (size_t i = 0; i < leaf_count; i++) {
        if (!chat_names_is_of_user(leaves[i].identity, intent->account)) continue;
        TRY(client_plan_remove(turn, leaves[i].leaf_index, plan));
    }
    struct wire_u32 removed = { (uint32_t)index };
    struct chat_participant_update update = { .removed_indices = { &removed, 1 } };
    return chat_policy_update_proposal(&update, &turn->arena, &plan->proposals[plan->count++]);
}

static tb_status client_plan_for_role(struct client_turn *turn, struct client_room *room,
                                      const struct client_intent *intent,
                                      struct client_commit_plan *plan)
{
    struct chat_policy_room policy;
    TRY(client_room_policy(turn, room, &policy));
    size_t index = chat_policy_find(&policy.participants, intent->account);
    if (index == SIZE_MAX) return TB_STATUS(CLIENT_NOT_PARTICIPANT);
    TRY(client_plan_take(turn, plan, 1));
    return chat_policy_role_proposal((uint32_t)index, intent->role_index, &turn->arena,
                                     &plan->proposals[plan->count++]);
}

/* A participant's new device comes, and devices that its record revoked go. */
static tb_status client_plan_for_device(struct client_turn *turn, struct client_room *room,
                                        const struct client_intent *intent,
                                        struct client_commit_plan *plan)
{
    struct chat_policy_leaf *leaves;
    size_t leaf_count;
    TRY(client_room_leaves(turn, room, &leaves, &leaf_count));
    TRY(client_plan_take(turn, plan, leaf_count + intent->packages.count));
    for (size_t i = 0; i < leaf_count; i++) {
        struct mls_leaf_view leaf;
        if (!chat_names_is_of_user(leaves[i].identity, intent->account)) continue;
        if (!mls_group_leaf(room->group, leaves[i].leaf_index, &leaf)) continue;
        tb_status status = client_record_check_leaf(turn, leaf.identity, leaf.signature_key);
        if (client_status_is_fatal(status)) return status;
        bool is_same = tb_bytes_equal(leaf.identity, intent->device);
        if (tb_is_ok(status) && !is_same) continue;
        TRY(client_plan_remove(turn, leaves[i].leaf_index, plan));
    }
    for (size_t i = 0; i < intent->packages.count; i++) {
        TRY(client_plan_add(turn, intent->packages.at[i].value, plan));
    }
    return TB_STATUS(TB_OK);
}

/* Does the user keep a device, of those in the group, when the pending SelfRemoves are done? */
static bool client_plan_stays(const struct mls_group *group, const struct chat_policy_leaf *leaves,
                              size_t leaf_count, tb_bytes user)
{
    size_t kept = 0, pending_count = mls_group_pending_proposal_count(group);
    for (size_t i = 0; i < leaf_count; i++) {
        if (!chat_names_is_of_user(leaves[i].identity, user)) continue;
        kept++;
        for (size_t k = 0; k < pending_count; k++) {
            struct mls_staged_proposal pending;
            if (!mls_group_pending_proposal(group, k, &pending)) continue;
            if (pending.proposal->proposal_type != MLS_PROPOSAL_SELF_REMOVE) continue;
            if (pending.sender_index == leaves[i].leaf_index) kept--;
        }
    }
    return kept != 0;
}

/*
 * Who leaves by a SelfRemove also leaves the list when the committer may remove people, unless a
 * ban is on its way too (a second update of the list beside a ban could hit somebody else,
 * amendments 4). Otherwise they stay listed without a device.
 */
static tb_status client_plan_for_duty(struct client_turn *turn, struct client_room *room,
                                      struct client_commit_plan *plan)
{
    struct chat_policy_room policy;
    struct mls_group *group;
    struct chat_policy_leaf *leaves;
    size_t leaf_count;
    TRY(client_room_group(turn, room, &group));
    TRY(client_room_policy(turn, room, &policy));
    TRY(client_room_leaves(turn, room, &leaves, &leaf_count));
    size_t count = mls_group_pending_proposal_count(group);
    struct wire_u32 *leaving = tb_arena_take(&turn->arena, count, sizeof *leaving);
    if (leaving == NULL) return TB_STATUS(TB_NO_SPACE);
    size_t leaving_count = 0;
    plan->include_pending = true;
    if (!chat_policy_user_can(&policy, turn->client->profile.account,
                              CHAT_CAN_REMOVE_PARTICIPANT)) {
        return TB_STATUS(TB_OK);
    }
    for (size_t i = 0; i < count; i++) {
        struct mls_staged_proposal pending;
        struct mls_leaf_view leaf;
        if (!mls_group_pending_proposal(group, i, &pending)) continue;
        if (pending.proposal->proposal_type == MLS_PROPOSAL_APP_DATA_UPDATE) {
            return TB_STATUS(TB_OK);
        }
        if (pending.proposal->proposal_type != MLS_PROPOSAL_SELF_REMOVE) continue;
        if (!mls_group_leaf(group, pending.sender_index, &leaf)) continue;
        tb_bytes user;
        TRY(chat_names_user_of(leaf.identity, &turn->arena, &user));
        size_t index = chat_policy_find(&policy.participants, user);
        if (index == SIZE_MAX || client_plan_stays(group, leaves, leaf_count, user)) continue;
        if (policy.participants.participants.at[index].role_index == CHAT_ROLE_OWNER) continue;
        leaving[leaving_count++].value = (uint32_t)index;
    }
    if (leaving_count == 0) return TB_STATUS(TB_OK);
    TRY(client_plan_take(turn, plan, 1));
    struct chat_participant_update update = { .removed_indices = { leaving, leaving_count } };
    return chat_policy_update_proposal(&update, &turn->arena, &plan->proposals[plan->count++]);
}

tb_status client_commit_plan(struct client_turn *turn, struct client_room *room,
                             const struct client_intent *intent, struct client_commit_plan *plan)
{
    plan->aad = TB_LITERAL("\0"); /* without an item */
    if (intent == NULL) return client_plan_for_duty(turn, room, plan);
    switch (intent->kind) {
    case CLIENT_INTENT_ADD: return client_plan_for_add(turn, room, intent, plan);
    case CLIENT_INTENT_REMOVE: return client_plan_for_remove(turn, room, intent, plan);
    case CLIENT_INTENT_ROLE: return client_plan_for_role(turn, room, intent, plan);
    case CLIENT_INTENT_RULES:
        if (intent->rules.act == CLIENT_RULES_KICK) {
            TRY(client_plan_for_remove(turn, room, intent, plan));
        } else {
            TRY(client_plan_take(turn, plan, 1));
        }
        return client_rules_proposal(turn, room, intent->account, &intent->rules,
                                     &plan->proposals[plan->count++]);
    default: return client_plan_for_device(turn, room, intent, plan);
    }
}
