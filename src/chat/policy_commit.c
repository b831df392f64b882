/* Judging a commit: each proposal by its own sender, then what all of them lead to. */
#include "chat/policy.h"

#include "chat/names.h"
#include "chat/policy_part.h"
#include "chat/room_rules.h"

/* A participant that the commit touches: the role before and after, 0 for not in the list. */
struct touched {
    tb_bytes user;
    uint32_t role_before;
    uint32_t role_after;
    bool by_hub;
};

struct walk {
    const struct chat_policy_room *before;
    const struct chat_policy_room *after;
    const struct chat_policy_commit *commit;
    struct tb_arena *arena;
    tb_bytes committer;     /* user URI */
    uint32_t committer_role;
    struct chat_participant_list list; /* after the updates seen so far */
    struct touched *touched;
    size_t touched_count;
    size_t hub_update_count, member_update_count; /* of 0x0022 */
    bool has_hub_removal;                         /* a hub's 0x0022 update shifts indices */
    bool has_metadata_update, has_rules_update;
};

/* ------------------------------------------------------------------ proposals by their sender */

static tb_status check_metadata_update(const struct chat_policy_room *room,
                                       const struct mls_app_data_update *update,
                                       struct tb_arena *arena)
{
    struct chat_room_metadata metadata;
    if (update->op != MLS_APP_DATA_UPDATE) return TB_STATUS(CHAT_POLICY_COMPONENT_UPDATE);
    TRY(wire_decode(&chat_room_metadata_desc, update->of.update->value, arena, &metadata, NULL));
    if (!tb_bytes_equal(metadata.room_uri, room->metadata.room_uri)) {
        return TB_STATUS(CHAT_POLICY_ROOM_CHANGED);
    }
    return TB_STATUS(TB_OK);
}

/* By value in a commit; whether the committer's role suffices comes later. */
static tb_status check_member_proposal(const struct chat_policy_room *room,
                                       const struct mls_proposal *body, struct tb_arena *arena)
{
    switch (body->proposal_type) {
    case MLS_PROPOSAL_ADD:
    case MLS_PROPOSAL_REMOVE:
        return TB_STATUS(TB_OK);
    case MLS_PROPOSAL_APP_DATA_UPDATE:
        switch (body->of.app_data_update->component_id) {
        case MLS_COMPONENT_PARTICIPANT_LIST:
            return TB_STATUS(room->base.fixed_membership != 0 ? CHAT_POLICY_FIXED : TB_OK);
        case MLS_COMPONENT_ROOM_METADATA:
            return check_metadata_update(room, body->of.app_data_update, arena);
        case MLS_COMPONENT_TIMBRE_ROOM_RULES: /* who may is judged with the committer's role */
            return TB_STATUS(TB_OK);
        default:
            return TB_STATUS(CHAT_POLICY_COMPONENT_UPDATE);
        }
    default:
        return TB_STATUS(CHAT_POLICY_PROPOSAL);
    }
}

tb_status chat_policy_check_proposal(const struct chat_policy_room *room,
                                     const struct crypto_suite *suite,
                                     const struct chat_policy_proposal *proposal,
                                     struct tb_arena *arena)
{
    switch (proposal->sender_type) {
    case MLS_SENDER_EXTERNAL:
        return chat_policy_check_hub_proposal(room, suite, proposal, arena);
    case MLS_SENDER_MEMBER:
        if (!proposal->by_reference) {
            return check_member_proposal(room, proposal->proposal, arena);
        }
        return TB_STATUS(proposal->proposal->proposal_type == MLS_PROPOSAL_SELF_REMOVE
                             ? TB_OK
                             : CHAT_POLICY_STANDALONE);
    default:
        return TB_STATUS(CHAT_POLICY_STANDALONE);
    }
}

/* ------------------------------------------------------------------ the list of participants */

static tb_status touch(struct walk *walk, tb_bytes user, uint32_t role_before, uint32_t role_after,
                       bool by_hub)
{
    for (size_t i = 0; i < walk->touched_count; i++) {
        if (tb_bytes_equal(walk->touched[i].user, user)) return TB_STATUS(CHAT_PARTICIPANT_TWICE);
    }
    if (walk->touched_count == CHAT_POLICY_CHANGE_COUNT_MAX) return TB_STATUS(CHAT_POLICY_LIMIT);
    walk->touched[walk->touched_count++] =
        (struct touched){ user, role_before, role_after, by_hub };
    return TB_STATUS(TB_OK);
}

/* chat_policy_apply has checked indices and roles. */
static tb_status touch_all(struct walk *walk, const struct chat_participant_update *update,
                           const struct chat_user_role_pair *old, bool by_hub)
{
    for (size_t i = 0; i < update->changed_role_participants.count; i++) {
        const struct chat_userindex_role_pair *pair = &update->changed_role_participants.at[i];
        TRY(touch(walk, old[pair->user_index].user, old[pair->user_index].role_index,
                  pair->role_index, by_hub));
    }
    for (size_t i = 0; i < update->removed_indices.count; i++) {
        const struct chat_user_role_pair *pair = &old[update->removed_indices.at[i].value];
        TRY(touch(walk, pair->user, pair->role_index, CHAT_ROLE_NONE, by_hub));
    }
    for (size_t i = 0; i < update->added_participants.count; i++) {
        const struct chat_user_role_pair *pair = &update->added_participants.at[i];
        TRY(touch(walk, pair->user, CHAT_ROLE_NONE, pair->role_index, by_hub));
    }
    return TB_STATUS(TB_OK);
}

static tb_status walk_list_update(struct walk *walk, const struct chat_policy_proposal *proposal)
{
    bool by_hub = proposal->sender_type == MLS_SENDER_EXTERNAL;
    const struct chat_user_role_pair *old = walk->list.participants.at;
    struct chat_participant_update update;

    TRY(chat_policy_decode_update(proposal->proposal->of.app_data_update, walk->arena, &update));
    TRY(chat_policy_apply(&walk->before->roles, &walk->list, &update, walk->arena, &walk->list));
    TRY(touch_all(walk, &update, old, by_hub));
    if (by_hub) {
        walk->hub_update_count++;
        if (update.removed_indices.count != 0) walk->has_hub_removal = true;
    } else {
        walk->member_update_count++;
    }
    return TB_STATUS(TB_OK);
}

static tb_status walk_proposals(struct walk *walk)
{
    const struct chat_policy_commit *commit = walk->commit;

    for (size_t i = 0; i < commit->proposal_count; i++) {
        const struct chat_policy_proposal *proposal = &commit->proposals[i];
        TRY(chat_policy_check_proposal(walk->before, commit->suite, proposal, walk->arena));
        if (proposal->proposal->proposal_type != MLS_PROPOSAL_APP_DATA_UPDATE) continue;
        uint16_t component = proposal->proposal->of.app_data_update->component_id;
        if (component == MLS_COMPONENT_PARTICIPANT_LIST) TRY(walk_list_update(walk, proposal));
        if (component == MLS_COMPONENT_ROOM_METADATA) {
            if (walk->has_metadata_update) return TB_STATUS(CHAT_POLICY_COMPONENT_UPDATE);
            if (!chat_policy_can(&walk->before->roles, walk->committer_role,
                                 CHAT_CAN_CHANGE_ROOM_METADATA)) {
                return TB_STATUS(CHAT_POLICY_CAPABILITY);
            }
            walk->has_metadata_update = true;
        }
        if (component == MLS_COMPONENT_TIMBRE_ROOM_RULES) {
            if (walk->has_rules_update) return TB_STATUS(CHAT_POLICY_COMPONENT_UPDATE);
            TRY(chat_rules_check_update(walk->before, walk->committer_role,
                                        proposal->proposal->of.app_data_update, walk->arena));
            walk->has_rules_update = true;
        }
    }
    /* Amendments 4: an index shift would ban somebody else. */
    if (walk->hub_update_count != 0 && walk->member_update_count != 0) {
        return TB_STATUS(CHAT_POLICY_MANDATORY_MIXED);
    }
    if (walk->has_hub_removal && walk->hub_update_count != 1) {
        return TB_STATUS(CHAT_POLICY_MANDATORY_MIXED);
    }
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ owners */

static bool is_removed(const struct chat_policy_commit *commit, uint32_t leaf_index)
{
    for (size_t i = 0; i < commit->removed_count; i++) {
        if (commit->removed[i].leaf_index == leaf_index) return true;
    }
    return false;
}

/* Has the user a device in the room behind this commit? */
static bool has_device_after(const struct walk *walk, tb_bytes user)
{
    const struct chat_policy_commit *commit = walk->commit;
    for (size_t i = 0; i < commit->added_count; i++) {
        if (chat_names_is_of_user(commit->added[i].identity, user)) return true;
    }
    for (size_t i = 0; i < commit->leaf_count; i++) {
        if (chat_names_is_of_user(commit->leaves[i].identity, user)
            && !is_removed(commit, commit->leaves[i].leaf_index)) {
            return true;
        }
    }
    return false;
}

/* An owner who can act, other than `except`, in the room that the commit leads to. */
static bool has_acting_owner(const struct walk *walk, tb_bytes except)
{
    for (size_t i = 0; i < walk->list.participants.count; i++) {
        const struct chat_user_role_pair *pair = &walk->list.participants.at[i];
        if (pair->role_index == CHAT_ROLE_OWNER && !tb_bytes_equal(pair->user, except)
            && has_device_after(walk, pair->user)) {
            return true;
        }
    }
    return false;
}

/* Amendments 4: only somebody who is there, and only where no owner is left. */
static tb_status check_named(const struct walk *walk, const struct touched *touched)
{
    bool is_here = touched->role_before >= CHAT_ROLE_MEMBER
                   && touched->role_before < CHAT_ROLE_OWNER
                   && has_device_after(walk, touched->user);
    return TB_STATUS(is_here && !has_acting_owner(walk, touched->user) ? TB_OK
                                                                       : CHAT_POLICY_HUB_PROPOSAL);
}

/* ------------------------------------------------------------------ who may change whose role */

/* Did every device of the user that was in the room ask to leave, in this commit? */
static bool has_left(const struct walk *walk, tb_bytes user)
{
    const struct chat_policy_commit *commit = walk->commit;
    size_t leave_count = 0;

    for (size_t i = 0; i < commit->proposal_count; i++) {
        const struct chat_policy_proposal *proposal = &commit->proposals[i];
        if (proposal->proposal->proposal_type == MLS_PROPOSAL_SELF_REMOVE
            && chat_names_is_of_user(proposal->sender_identity, user)) {
            leave_count++;
        }
    }
    if (leave_count == 0) return false;
    for (size_t i = 0; i < commit->leaf_count; i++) {
        if (!chat_names_is_of_user(commit->leaves[i].identity, user)) continue;
        if (leave_count-- == 0) return false;
    }
    return leave_count == 0;
}

static tb_status check_removed(const struct walk *walk, const struct touched *touched)
{
    const struct chat_role_data *roles = &walk->before->roles;
    bool is_self = tb_bytes_equal(touched->user, walk->committer);

    if (is_self) {
        return TB_STATUS(chat_policy_can(roles, walk->committer_role, CHAT_CAN_REMOVE_SELF)
                             ? TB_OK
                             : CHAT_POLICY_CAPABILITY);
    }
    if (has_left(walk, touched->user)) return TB_STATUS(TB_OK);
    bool can_remove = touched->role_before == CHAT_ROLE_BANNED
                          ? chat_policy_can(roles, walk->committer_role, CHAT_CAN_UNBAN)
                          : chat_policy_can(roles, walk->committer_role, CHAT_CAN_KICK)
                                || chat_policy_can(roles, walk->committer_role,
                                                   CHAT_CAN_REMOVE_PARTICIPANT);
    if (!can_remove) return TB_STATUS(CHAT_POLICY_CAPABILITY);
    return TB_STATUS(chat_policy_may_change(roles, walk->committer_role, touched->role_before,
                                            CHAT_ROLE_NONE)
                         ? TB_OK
                         : CHAT_POLICY_ROLE_CHANGE);
}

static uint16_t capability_for(const struct walk *walk, const struct touched *touched)
{
    if (touched->role_after == CHAT_ROLE_BANNED) return CHAT_CAN_BAN;
    if (touched->role_before == CHAT_ROLE_BANNED) return CHAT_CAN_UNBAN;
    if (touched->role_before == CHAT_ROLE_NONE) return CHAT_CAN_ADD_PARTICIPANT;
    return tb_bytes_equal(touched->user, walk->committer) ? CHAT_CAN_CHANGE_OWN_ROLE
                                                          : CHAT_CAN_CHANGE_USER_ROLE;
}

static tb_status check_touched(const struct walk *walk, const struct touched *touched)
{
    const struct chat_role_data *roles = &walk->before->roles;

    if (touched->by_hub) {
        if (touched->role_after == CHAT_ROLE_OWNER) return check_named(walk, touched);
        return TB_STATUS(chat_policy_may_change(roles, CHAT_ROLE_POLICY_ENFORCER,
                                                touched->role_before, touched->role_after)
                             ? TB_OK
                             : CHAT_POLICY_HUB_PROPOSAL);
    }
    if (touched->role_after == CHAT_ROLE_NONE) return check_removed(walk, touched);
    if (!chat_policy_can(roles, walk->committer_role, capability_for(walk, touched))) {
        return TB_STATUS(CHAT_POLICY_CAPABILITY);
    }
    /* Where newcomers need approval, who adds them gives it. */
    if (walk->before->rules.join_approval != 0 && touched->role_before == CHAT_ROLE_NONE
        && !chat_policy_can(roles, walk->committer_role, CHAT_CAN_KICK)) {
        return TB_STATUS(CHAT_POLICY_CAPABILITY);
    }
    return TB_STATUS(chat_policy_may_change(roles, walk->committer_role, touched->role_before,
                                            touched->role_after)
                         ? TB_OK
                         : CHAT_POLICY_ROLE_CHANGE);
}

/* Members leave no room without an owner who can act.  Bans, and a last owner who leaves, may. */
static tb_status check_owner_remains(const struct walk *walk)
{
    bool is_lowered = false;
    for (size_t i = 0; i < walk->touched_count; i++) {
        const struct touched *touched = &walk->touched[i];
        is_lowered = is_lowered
                     || (!touched->by_hub && touched->role_before == CHAT_ROLE_OWNER
                         && touched->role_after != CHAT_ROLE_OWNER
                         && !has_left(walk, touched->user));
    }
    return TB_STATUS(!is_lowered || has_acting_owner(walk, (tb_bytes){ NULL, 0 })
                         ? TB_OK
                         : CHAT_POLICY_LAST_OWNER);
}

/* ------------------------------------------------------------------ leaves */

/* Every leaf of a user who may not be in the room any more goes with this commit. */
static tb_status check_leaves_go(const struct walk *walk, const struct touched *touched)
{
    const struct chat_policy_commit *commit = walk->commit;

    if (touched->role_after >= CHAT_ROLE_MEMBER) return TB_STATUS(TB_OK);
    if (touched->role_before < CHAT_ROLE_MEMBER) return TB_STATUS(TB_OK);
    for (size_t i = 0; i < commit->leaf_count; i++) {
        if (chat_names_is_of_user(commit->leaves[i].identity, touched->user)
            && !is_removed(commit, commit->leaves[i].leaf_index)) {
            return TB_STATUS(CHAT_POLICY_LEAF_REMAINS);
        }
    }
    return TB_STATUS(TB_OK);
}

static tb_status check_added(const struct walk *walk, const struct chat_policy_leaf *leaf)
{
    tb_bytes user;
    TRY(chat_names_user_of(leaf->identity, walk->arena, &user));
    uint32_t role_before = chat_policy_role_of(&walk->before->participants, user);

    if (chat_policy_role_of(&walk->list, user) < CHAT_ROLE_MEMBER) {
        return TB_STATUS(CHAT_POLICY_LEAF_STRANGER);
    }
    if (role_before == CHAT_ROLE_NONE) return TB_STATUS(TB_OK); /* added with the user: judged */
    uint16_t capability = tb_bytes_equal(user, walk->committer) ? CHAT_CAN_ADD_OWN_CLIENT
                                                                : CHAT_CAN_ADD_PARTICIPANT;
    return TB_STATUS(chat_policy_can(&walk->before->roles, walk->committer_role, capability)
                         ? TB_OK
                         : CHAT_POLICY_CAPABILITY);
}

/* The proposal that removes the leaf; NULL when MLS told of a removal that nothing proposed. */
static const struct chat_policy_proposal *remover(const struct chat_policy_commit *commit,
                                                  const struct chat_policy_leaf *leaf)
{
    for (size_t i = 0; i < commit->proposal_count; i++) {
        const struct chat_policy_proposal *proposal = &commit->proposals[i];
        const struct mls_proposal *body = proposal->proposal;
        if (body->proposal_type == MLS_PROPOSAL_REMOVE
            && body->of.remove->removed == leaf->leaf_index) {
            return proposal;
        }
        if (body->proposal_type == MLS_PROPOSAL_SELF_REMOVE
            && tb_bytes_equal(proposal->sender_identity, leaf->identity)) {
            return proposal;
        }
    }
    return NULL;
}

/* The device is added again in the same commit: it fell behind, and this is how it comes back. */
static bool is_added_again(const struct chat_policy_commit *commit, tb_bytes identity)
{
    for (size_t i = 0; i < commit->added_count; i++) {
        if (tb_bytes_equal(commit->added[i].identity, identity)) return true;
    }
    return false;
}

static tb_status check_leaf_removed(const struct walk *walk, const struct chat_policy_leaf *leaf)
{
    const struct chat_policy_proposal *proposal = remover(walk->commit, leaf);
    tb_bytes user;

    if (proposal == NULL) return TB_STATUS(CHAT_POLICY_LEAF_RETAINED);
    TRY(chat_names_user_of(leaf->identity, walk->arena, &user));
    if (chat_policy_role_of(&walk->list, user) < CHAT_ROLE_MEMBER) return TB_STATUS(TB_OK);
    /* The user stays: only the user, the device itself, the hub, or anybody once it is dead. */
    if (proposal->sender_type == MLS_SENDER_EXTERNAL || leaf->is_dead
        || is_added_again(walk->commit, leaf->identity)
        || proposal->proposal->proposal_type == MLS_PROPOSAL_SELF_REMOVE) {
        return TB_STATUS(TB_OK);
    }
    if (!tb_bytes_equal(user, walk->committer)) return TB_STATUS(CHAT_POLICY_LEAF_RETAINED);
    return TB_STATUS(chat_policy_can(&walk->before->roles, walk->committer_role,
                                     CHAT_CAN_REMOVE_OWN_CLIENT)
                         ? TB_OK
                         : CHAT_POLICY_CAPABILITY);
}

static tb_status check_leaves(const struct walk *walk)
{
    const struct chat_policy_commit *commit = walk->commit;

    for (size_t i = 0; i < walk->touched_count; i++) {
        TRY(check_leaves_go(walk, &walk->touched[i]));
    }
    for (size_t i = 0; i < commit->added_count; i++) TRY(check_added(walk, &commit->added[i]));
    for (size_t i = 0; i < commit->removed_count; i++) {
        TRY(check_leaf_removed(walk, &commit->removed[i]));
    }
    if (commit->removed_count > commit->leaf_count
        || commit->leaf_count - commit->removed_count + commit->added_count
               > walk->before->base.max_clients
        || walk->list.participants.count > walk->before->base.max_users) {
        return TB_STATUS(CHAT_POLICY_LIMIT);
    }
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ the whole */

static tb_status walk_init(struct walk *walk)
{
    const struct chat_policy_commit *commit = walk->commit;

    if (commit->committer_type != MLS_SENDER_MEMBER) return TB_STATUS(CHAT_POLICY_EXTERNAL_COMMIT);
    TRY(chat_names_user_of(commit->committer_identity, walk->arena, &walk->committer));
    walk->committer_role = chat_policy_role_of(&walk->before->participants, walk->committer);
    if (walk->committer_role < CHAT_ROLE_MEMBER) return TB_STATUS(CHAT_POLICY_NOT_PARTICIPANT);
    walk->list = walk->before->participants;
    walk->touched =
        tb_arena_take(walk->arena, CHAT_POLICY_CHANGE_COUNT_MAX, sizeof *walk->touched);
    return TB_STATUS(walk->touched == NULL ? TB_NO_SPACE : TB_OK);
}

/* The components that commits may change; all else stays as it is, octet for octet. */
static bool is_changeable(uint16_t component_id)
{
    return component_id == MLS_COMPONENT_FRANKING_SIGNATURE_KEY
           || component_id == MLS_COMPONENT_PARTICIPANT_LIST
           || component_id == MLS_COMPONENT_ROOM_METADATA
           || component_id == MLS_COMPONENT_TIMBRE_FRANK_POLICY
           || component_id == MLS_COMPONENT_TIMBRE_ROOM_RULES;
}

static tb_status check_rest_unchanged(const struct chat_policy_room *before,
                                      const struct chat_policy_room *after)
{
    size_t count = before->dictionary.component_data.count;
    bool is_same = after->dictionary.component_data.count == count
                   && after->context.extensions.count == before->context.extensions.count
                   && tb_bytes_equal(after->metadata.room_uri, before->metadata.room_uri);

    for (size_t i = 0; is_same && i < count; i++) {
        const struct mls_component_data *old = &before->dictionary.component_data.at[i];
        const struct mls_component_data *new = &after->dictionary.component_data.at[i];
        is_same = old->component_id == new->component_id
                  && (is_changeable(old->component_id) || tb_bytes_equal(old->data, new->data));
    }
    for (size_t i = 0; is_same && i < before->context.extensions.count; i++) {
        const struct mls_extension *old = &before->context.extensions.at[i];
        const struct mls_extension *new = &after->context.extensions.at[i];
        is_same = old->extension_type == new->extension_type
                  && (old->extension_type == MLS_EXTENSION_APP_DATA_DICTIONARY
                      || tb_bytes_equal(old->extension_data, new->extension_data));
    }
    return TB_STATUS(is_same ? TB_OK : CHAT_POLICY_ROOM_CHANGED);
}

tb_status chat_policy_check_commit(const struct chat_policy_room *before,
                                   const struct chat_policy_room *after,
                                   const struct chat_policy_commit *commit,
                                   const struct chat_policy_hub *hub, struct tb_arena *arena)
{
    struct walk walk = { .before = before, .after = after, .commit = commit, .arena = arena };

    TRY(walk_init(&walk));
    TRY(walk_proposals(&walk));
    for (size_t i = 0; i < walk.touched_count; i++) TRY(check_touched(&walk, &walk.touched[i]));
    TRY(check_owner_remains(&walk));
    TRY(check_leaves(&walk));
    if (!wire_equal(&chat_participant_list_desc, &walk.list, &after->participants)) {
        return TB_STATUS(CHAT_POLICY_DICTIONARY);
    }
    TRY(check_rest_unchanged(before, after));
    TRY(chat_policy_check_recipient_change(&before->frank, &after->frank, hub));
    return chat_policy_check_uri(after->metadata.room_uri, hub->domain);
}
