/*
 * What the next commit of a room must carry (amendments 4): bans and their reversal, which the hub
 * proposes as external sender, and the SelfRemove of members who leave.  The list is durable; items
 * that could not be issued in this epoch wait for the next.
 */
#include <string.h>

#include "chat/records.h"
#include "chat/safe_aad.h"
#include "hub/mandatory.h"
#include "hub/retract.h"

enum {
    ITEM_COUNT_MAX = 512,
    LEAVE_COUNT_MAX = 256, /* of those: who leaves must not be in the way of a ban */
    ABSENT_COUNT_MAX = 64, /* and as little whoever is away */
    HUB_SENDER_INDEX = 0
};

/* Proposals of one item while they are made. */
struct issue {
    struct hub *hub;
    struct hub_room *room;
    uint64_t now_ms;
    struct tb_arena *arena;
    struct hub_effects *effects;
    struct hub_row_mandatory *item;
    size_t cap;
};

bool hub_mandatory_may_leave(const struct hub_room *room)
{
    size_t count = 0;
    for (size_t i = 0; i < room->shape.mandatory.count; i++) {
        if (room->shape.mandatory.at[i].kind == HUB_MANDATORY_LEAVE) count++;
    }
    return count < LEAVE_COUNT_MAX;
}

bool hub_mandatory_is_open(const struct hub_room *room)
{
    for (size_t i = 0; i < room->shape.mandatory.count; i++) {
        const struct hub_row_mandatory *item = &room->shape.mandatory.at[i];
        if (item->is_issued || item->kind == HUB_MANDATORY_BAN) return true;
    }
    return false;
}

void hub_mandatory_mark(struct hub_row_shape *shape)
{
    for (size_t i = 0; i < shape->mandatory.count; i++) {
        const struct hub_row_mandatory *item = &shape->mandatory.at[i];
        for (size_t j = 0; item->kind == HUB_MANDATORY_BAN && j < shape->participants.count; j++) {
            struct hub_row_participant *p = &shape->participants.at[j];
            if (memcmp(p->user, item->device, sizeof p->user) == 0) {
                p->flags |= HUB_PARTICIPANT_IS_BANNED;
            }
        }
    }
}

static size_t ref_total(const struct hub_room *room)
{
    size_t count = 0;
    for (size_t i = 0; i < room->shape.mandatory.count; i++) {
        count += room->shape.mandatory.at[i].refs.count;
    }
    return count;
}

tb_status hub_mandatory_refs(const struct hub_room *room, struct tb_arena *arena,
                             tb_bytes **refs, size_t *ref_count)
{
    return hub_mandatory_missing(room, NULL, 0, arena, refs, ref_count);
}

static bool is_carried(const struct mls_public_proposal *proposals, size_t count, tb_bytes ref)
{
    for (size_t i = 0; i < count; i++) {
        if (proposals[i].by_reference && tb_bytes_equal(proposals[i].ref, ref)) return true;
    }
    return false;
}

tb_status hub_mandatory_missing(const struct hub_room *room,
                                const struct mls_public_proposal *proposals, size_t count,
                                struct tb_arena *arena, tb_bytes **refs, size_t *ref_count)
{
    tb_bytes *missing = tb_arena_take(arena, ref_total(room), sizeof *missing);
    size_t missing_count = 0;
    if (missing == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < room->shape.mandatory.count; i++) {
        const struct hub_row_mandatory *item = &room->shape.mandatory.at[i];
        for (size_t j = 0; item->is_issued && j < item->refs.count; j++) {
            tb_bytes ref = item->refs.at[j].value;
            if (!is_carried(proposals, count, ref)) missing[missing_count++] = ref;
        }
    }
    *refs = missing;
    *ref_count = missing_count;
    return TB_STATUS(TB_OK);
}

/* ---- adding ---- */

static tb_status add_item(struct hub *hub, struct hub_room *room,
                          const struct hub_row_mandatory *item, struct tb_arena *arena)
{
    struct hub_row_shape shape = room->shape;
    size_t count = shape.mandatory.count;
    if (count >= ITEM_COUNT_MAX) return TB_STATUS(TB_TOO_LONG);
    struct hub_row_mandatory *at = tb_arena_take(arena, count + 1, sizeof *at);
    if (at == NULL) return TB_STATUS(TB_NO_SPACE);
    if (count != 0) memcpy(at, shape.mandatory.at, count * sizeof *at);
    at[count] = *item;
    shape.mandatory.at = at;
    shape.mandatory.count = count + 1;
    hub_mandatory_mark(&shape);
    return hub_room_reshape(hub, room, &shape, arena);
}

/* Banned again before the end of an earlier ban was issued: that end must not come after it. */
static tb_status drop_waiting_unban(struct hub *hub, struct hub_room *room,
                                    const struct hub_user_id *user, struct tb_arena *arena)
{
    struct hub_row_shape shape = room->shape;
    size_t count = shape.mandatory.count, kept = 0;
    struct hub_row_mandatory *at = tb_arena_take(arena, count, sizeof *at);
    if (at == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < count; i++) {
        const struct hub_row_mandatory *item = &room->shape.mandatory.at[i];
        bool is_waiting = item->kind == HUB_MANDATORY_UNBAN && !item->is_issued;
        if (is_waiting && memcmp(item->device, user->at, sizeof user->at) == 0) continue;
        at[kept++] = *item;
    }
    if (kept == count) return TB_STATUS(TB_OK);
    shape.mandatory.at = at;
    shape.mandatory.count = kept;
    return hub_room_reshape(hub, room, &shape, arena);
}

tb_status hub_mandatory_add(struct hub *hub, struct hub_room *room, enum hub_mandatory_kind kind,
                            const struct hub_user_id *user, tb_bytes aad, struct tb_arena *arena)
{
    if (kind == HUB_MANDATORY_BAN) TRY(drop_waiting_unban(hub, room, user, arena));
    struct hub_row_mandatory item = { .kind = (uint8_t)kind, .aad = aad };
    memcpy(item.device, user->at, sizeof user->at);
    for (size_t i = 0; i < room->shape.mandatory.count; i++) {
        const struct hub_row_mandatory *other = &room->shape.mandatory.at[i];
        bool is_same = other->kind == kind && (kind != HUB_MANDATORY_RETRACT ||
                                               tb_bytes_equal(other->aad, aad));
        if (is_same && memcmp(other->device, item.device, sizeof item.device) == 0) {
            return TB_STATUS(TB_OK);
        }
    }
    return add_item(hub, room, &item, arena);
}

tb_status hub_mandatory_leave(struct hub *hub, struct hub_room *room,
                              const struct hub_device_id *device, tb_bytes ref, tb_bytes message,
                              struct tb_arena *arena)
{
    struct wire_opaque ref_item = { ref }, message_item = { message };
    struct hub_row_mandatory item = { .kind = HUB_MANDATORY_LEAVE, .is_issued = 1 };
    memcpy(item.device, device->at, sizeof device->at);
    item.refs.at = &ref_item;
    item.messages.at = &message_item;
    item.refs.count = item.messages.count = 1;
    return add_item(hub, room, &item, arena);
}

tb_status hub_mandatory_absent(struct hub *hub, struct hub_room *room, const uint8_t *device,
                               struct tb_arena *arena)
{
    struct hub_row_mandatory item = { .kind = HUB_MANDATORY_ABSENT,
                                      .aad = TB_LITERAL("\0") /* Safe AAD without an item */ };
    size_t count = 0;
    for (size_t i = 0; i < room->shape.mandatory.count; i++) {
        const struct hub_row_mandatory *other = &room->shape.mandatory.at[i];
        if (other->kind != HUB_MANDATORY_ABSENT) continue;
        if (memcmp(other->device, device, HUB_DEVICE_ID_LEN) == 0) return TB_STATUS(TB_OK);
        count++;
    }
    if (count >= ABSENT_COUNT_MAX) return TB_STATUS(TB_OK); /* looked at again */
    memcpy(item.device, device, sizeof item.device);
    return add_item(hub, room, &item, arena);
}

/* Whom a proposal concerns: the device that it removes, or the user whose role it changes. */
static tb_status subject_of(const struct hub_room *room, const struct mls_public_proposal *proposal,
                            struct tb_arena *arena, uint8_t device[HUB_DEVICE_ID_LEN])
{
    uint32_t leaf_index = proposal->sender_index;
    struct chat_participant_update update;
    memset(device, 0, HUB_DEVICE_ID_LEN);
    if (proposal->proposal->proposal_type == MLS_PROPOSAL_APP_DATA_UPDATE) {
        const struct mls_app_data_update *data = proposal->proposal->of.app_data_update;
        if (data->component_id != MLS_COMPONENT_PARTICIPANT_LIST || data->of.update == NULL) {
            return TB_STATUS(TB_OK);
        }
        TRY(wire_decode(&chat_participant_update_desc, data->of.update->value, arena, &update,
                        NULL));
        if (update.changed_role_participants.count == 0) return TB_STATUS(TB_OK);
        /* Of one who is made owner all else may still be proposed. */
        if (update.changed_role_participants.at[0].role_index == CHAT_ROLE_OWNER) {
            return TB_STATUS(TB_OK);
        }
        size_t index = update.changed_role_participants.at[0].user_index;
        if (index >= room->shape.participants.count) return TB_STATUS(TB_OK);
        memcpy(device, room->shape.participants.at[index].user, HUB_USER_ID_LEN);
        return TB_STATUS(TB_OK);
    }
    if (proposal->proposal->proposal_type == MLS_PROPOSAL_REMOVE) {
        leaf_index = proposal->proposal->of.remove->removed;
    }
    for (size_t i = 0; i < room->shape.members.count; i++) {
        const struct hub_row_member *member = &room->shape.members.at[i];
        if (member->leaf_index == leaf_index) memcpy(device, member->device, HUB_DEVICE_ID_LEN);
    }
    return TB_STATUS(TB_OK);
}

tb_status hub_mandatory_import(struct hub *hub, struct hub_room *room,
                               const struct mls_public_proposal *proposal, tb_bytes message,
                               struct tb_arena *arena)
{
    struct wire_opaque ref_item = { proposal->ref }, message_item = { message };
    bool is_leave = proposal->proposal->proposal_type == MLS_PROPOSAL_SELF_REMOVE;
    struct hub_row_mandatory item = { .kind = is_leave ? HUB_MANDATORY_LEAVE
                                                       : HUB_MANDATORY_IMPORTED,
                                      .is_issued = 1 };
    TRY(subject_of(room, proposal, arena, item.device));
    item.refs.at = &ref_item;
    item.messages.at = &message_item;
    item.refs.count = item.messages.count = 1;
    return add_item(hub, room, &item, arena);
}

/* ---- issuing ---- */

static tb_status propose(struct issue *issue, const struct mls_proposal *proposal)
{
    struct hub_room *room = issue->room;
    struct hub_row_mandatory *item = issue->item;
    tb_bytes message, ref;
    struct mls_public_proposal pending;
    struct tb_why why;
    if (item->refs.count == issue->cap) return TB_STATUS(TB_TOO_LONG);
    TRY(mls_public_group_external(room->group, HUB_SENDER_INDEX, &issue->hub->keys.external,
                                  proposal, item->aad, issue->arena, &message, &ref));
    TRY(mls_public_group_propose(room->group, message, issue->now_ms / 1000, issue->arena,
                                 &pending, &why));
    struct chat_entry_handshake body = { hub_page_time(room, issue->now_ms), message };
    struct chat_entry entry = { .kind = CHAT_ENTRY_PROPOSAL, .body.proposal = &body };
    TRY(hub_page_append(issue->hub, room, &entry, issue->now_ms, issue->arena, issue->effects));
    item->refs.at[item->refs.count++].value = ref;
    item->messages.at[item->messages.count++].value = message;
    return TB_STATUS(TB_OK);
}

/* A leaf with a SelfRemove, or with a Remove because it is absent or that came back after a
 * restore, is on its way out already; another Remove beside it would be invalid.  The same for a
 * user's role. */
bool hub_mandatory_goes(const struct hub_room *room, const uint8_t *device)
{
    for (size_t i = 0; i < room->shape.mandatory.count; i++) {
        const struct hub_row_mandatory *item = &room->shape.mandatory.at[i];
        if (item->kind >= HUB_MANDATORY_LEAVE && item->is_issued &&
            memcmp(item->device, device, HUB_DEVICE_ID_LEN) == 0) {
            return true;
        }
    }
    return false;
}

static tb_status propose_leaves(struct issue *issue)
{
    struct hub_room *room = issue->room;
    for (size_t i = 0; i < room->shape.members.count; i++) {
        const struct hub_row_member *member = &room->shape.members.at[i];
        if (memcmp(member->device, issue->item->device, HUB_USER_ID_LEN) != 0 ||
            hub_mandatory_goes(room, member->device)) {
            continue;
        }
        struct mls_remove remove = { .removed = member->leaf_index };
        struct mls_proposal proposal = { .proposal_type = MLS_PROPOSAL_REMOVE,
                                         .of.remove = &remove };
        TRY(propose(issue, &proposal));
    }
    return TB_STATUS(TB_OK);
}

static tb_status propose_ban(struct issue *issue, size_t participant_index)
{
    struct hub_room *room = issue->room;
    struct mls_proposal ban;
    bool is_done = room->shape.participants.at[participant_index].role_index == CHAT_ROLE_BANNED;
    if (!is_done && !hub_mandatory_goes(room, issue->item->device)) {
        TRY(chat_policy_role_proposal((uint32_t)participant_index, CHAT_ROLE_BANNED, issue->arena,
                                      &ban));
        TRY(propose(issue, &ban));
    }
    return propose_leaves(issue);
}

/* Off the list: whoever was banned may be invited again (role 0 is not being listed). */
static tb_status propose_unban(struct issue *issue, size_t participant_index)
{
    struct wire_u32 index = { (uint32_t)participant_index };
    struct chat_participant_update update = { .removed_indices = { &index, 1 } };
    struct mls_proposal proposal;
    if (issue->room->shape.participants.at[participant_index].role_index != CHAT_ROLE_BANNED) {
        return TB_STATUS(TB_OK);
    }
    TRY(chat_policy_update_proposal(&update, issue->arena, &proposal));
    return propose(issue, &proposal);
}

/* The user stays on the list, and the device comes back by a JoinRequest of kind 2 (amendments 6).
 * A ban of the user takes the leaf as well. */
static tb_status propose_absent(struct issue *issue)
{
    const struct hub_room *room = issue->room;
    const uint8_t *device = issue->item->device;
    size_t i = hub_shape_member_index(&room->shape, device);
    if (i == SIZE_MAX || hub_mandatory_goes(room, device)) return TB_STATUS(TB_OK);
    for (size_t j = 0; j < room->shape.mandatory.count; j++) {
        const struct hub_row_mandatory *other = &room->shape.mandatory.at[j];
        bool is_ban = other->kind == HUB_MANDATORY_BAN;
        if (is_ban && memcmp(other->device, device, HUB_USER_ID_LEN) == 0) return TB_STATUS(TB_OK);
    }
    struct mls_remove remove = { .removed = room->shape.members.at[i].leaf_index };
    struct mls_proposal proposal = { .proposal_type = MLS_PROPOSAL_REMOVE, .of.remove = &remove };
    return propose(issue, &proposal);
}

/* Off the list with all devices; who was banned meanwhile stays on it. */
static tb_status propose_kick(struct issue *issue, size_t participant_index)
{
    struct wire_u32 index = { (uint32_t)participant_index };
    struct chat_participant_update update = { .removed_indices = { &index, 1 } };
    struct mls_proposal proposal;
    const struct hub_row_participant *p = &issue->room->shape.participants.at[participant_index];
    if (p->role_index == CHAT_ROLE_BANNED) return TB_STATUS(TB_OK);
    TRY(chat_policy_update_proposal(&update, issue->arena, &proposal));
    TRY(propose(issue, &proposal));
    return propose_leaves(issue);
}

static tb_status propose_retraction(struct issue *issue)
{
    struct mls_proposal proposal;
    TRY(hub_retract_proposal(issue->hub, issue->room, issue->item->aad, issue->arena, &proposal));
    return propose(issue, &proposal);
}

/* Has the user a device in the room that is not about to leave it? */
static bool has_staying_device(const struct hub_room *room, const uint8_t *user)
{
    for (size_t i = 0; i < room->shape.members.count; i++) {
        const uint8_t *device = room->shape.members.at[i].device;
        if (memcmp(device, user, HUB_USER_ID_LEN) != 0) continue;
        if (!hub_mandatory_goes(room, device)) return true;
    }
    return false;
}

bool hub_mandatory_may_own(const struct hub_room *room, const struct hub_user_id *user)
{
    bool is_other = false;
    for (size_t i = 0; i < room->shape.participants.count; i++) {
        struct hub_user_id owner;
        memcpy(owner.at, room->shape.participants.at[i].user, sizeof owner.at);
        bool is_owner = (hub_room_role_bits(room, &owner) & HUB_ROLE_IS_OWNER) != 0;
        if (is_owner && has_staying_device(room, owner.at)) is_other = true;
    }
    return !is_other && hub_room_is_active(room, user) && has_staying_device(room, user->at);
}

/* The room may have got an owner meanwhile, or lost the one who was named. */
static tb_status propose_owner(struct issue *issue, size_t participant_index)
{
    struct hub_user_id user;
    struct mls_proposal proposal;
    memcpy(user.at, issue->item->device, sizeof user.at);
    if (!hub_mandatory_may_own(issue->room, &user)) return TB_STATUS(TB_OK);
    TRY(chat_policy_role_proposal((uint32_t)participant_index, CHAT_ROLE_OWNER, issue->arena,
                                  &proposal));
    return propose(issue, &proposal);
}

/* Amendments 25: reports go to the desk as it stands, under its verify key of today. */
static tb_status propose_recipient(struct issue *issue)
{
    struct chat_policy_room policy;
    struct chat_policy_hub facts;
    struct mls_proposal proposal;
    if (tb_bytes_equal(issue->room->shape.desk_key, issue->hub->desk.desk_verify_key)) {
        return TB_STATUS(TB_OK);
    }
    TRY(chat_policy_decode(mls_public_group_context(issue->room->group), issue->arena, &policy,
                           NULL));
    TRY(hub_policy_hub(issue->hub, issue->arena, &facts));
    TRY(chat_policy_recipient_proposal(&policy.frank, &facts, issue->arena, &proposal));
    return propose(issue, &proposal);
}

/* The room's own key vouches for the newest one (spec 2.5.10). */
static tb_status propose_agent(struct issue *issue)
{
    const struct hub_keys *keys = &issue->hub->keys;
    struct hub_room *room = issue->room;
    tb_bytes newest = crypto_signing_key_public(&hub_keys_agent_newest(keys)->key);
    const struct crypto_signing_key *old = hub_keys_agent(keys, room->shape.agent_key);
    struct chat_signature signature;
    struct mls_proposal proposal;
    if (tb_bytes_equal(room->shape.agent_key, newest)) return TB_STATUS(TB_OK);
    if (old == NULL) return TB_STATUS(HUB_AGENT_GONE);
    TRY(chat_policy_agent_proposal(newest, issue->hub->provider_uri, issue->arena, &proposal));
    TRY(chat_frank_transition_sign(room->suite, old, hub_room_uri(room),
                                   proposal.of.app_data_update->of.update->value, &signature));
    struct mls_safe_aad_item item = { MLS_COMPONENT_TIMBRE_AGENT_TRANSITION,
                                      chat_signature_view(&signature) };
    TRY(chat_safe_aad_build(&item, 1, issue->arena, &issue->item->aad));
    return propose(issue, &proposal);
}

static tb_status propose_item(struct issue *issue, size_t participant_index)
{
    switch (issue->item->kind) {
    case HUB_MANDATORY_BAN: return propose_ban(issue, participant_index);
    case HUB_MANDATORY_UNBAN: return propose_unban(issue, participant_index);
    case HUB_MANDATORY_ABSENT: return propose_absent(issue);
    case HUB_MANDATORY_KICK: return propose_kick(issue, participant_index);
    case HUB_MANDATORY_RETRACT: return propose_retraction(issue);
    case HUB_MANDATORY_RECIPIENT: return propose_recipient(issue);
    case HUB_MANDATORY_AGENT: return propose_agent(issue);
    default: return propose_owner(issue, participant_index);
    }
}

static size_t participant_index(const struct hub_room *room, const uint8_t *user)
{
    for (size_t i = 0; i < room->shape.participants.count; i++) {
        if (memcmp(room->shape.participants.at[i].user, user, HUB_USER_ID_LEN) == 0) return i;
    }
    return SIZE_MAX;
}

/* Issues one item; one that has nothing to change any more keeps no refs and is dropped. */
static tb_status issue_item(struct issue *issue)
{
    size_t index = participant_index(issue->room, issue->item->device);
    issue->item->refs.count = issue->item->messages.count = 0;
    bool is_of_user = issue->item->kind != HUB_MANDATORY_RECIPIENT &&
                      issue->item->kind != HUB_MANDATORY_AGENT &&
                      issue->item->kind != HUB_MANDATORY_RETRACT;
    if (index == SIZE_MAX && is_of_user) return TB_STATUS(TB_OK);
    issue->cap = issue->room->shape.members.count + 1;
    issue->item->refs.at = tb_arena_take(issue->arena, issue->cap, sizeof(struct wire_opaque));
    issue->item->messages.at = tb_arena_take(issue->arena, issue->cap, sizeof(struct wire_opaque));
    if (issue->item->refs.at == NULL || issue->item->messages.at == NULL) {
        return TB_STATUS(TB_NO_SPACE);
    }
    TRY(propose_item(issue, index));
    issue->item->is_issued = issue->item->refs.count != 0;
    return TB_STATUS(TB_OK);
}

static bool is_shift(const struct hub_row_mandatory *item)
{
    return item->kind == HUB_MANDATORY_UNBAN || item->kind == HUB_MANDATORY_KICK;
}

/* An update that removes shifts the indices of the list, so it goes alone. */
static bool may_issue(const struct hub_row_shape *shape, size_t index)
{
    const struct hub_row_mandatory *item = &shape->mandatory.at[index];
    bool is_ours = item->kind != HUB_MANDATORY_LEAVE && item->kind != HUB_MANDATORY_IMPORTED;
    if (item->is_issued || !is_ours) return false;
    for (size_t i = 0; i < shape->mandatory.count; i++) {
        const struct hub_row_mandatory *other = &shape->mandatory.at[i];
        if (i == index) continue;
        if (item->kind == HUB_MANDATORY_RETRACT || other->kind == HUB_MANDATORY_RETRACT) continue;
        if (other->is_issued && is_shift(other)) return false;
        if (is_shift(item) &&
            (other->is_issued || other->kind == HUB_MANDATORY_BAN)) {
            return false;
        }
    }
    return true;
}

static bool has_waiting(const struct hub_row_shape *shape)
{
    for (size_t i = 0; i < shape->mandatory.count; i++) {
        if (!shape->mandatory.at[i].is_issued) return true;
    }
    return false;
}

tb_status hub_mandatory_issue(struct hub *hub, struct hub_room *room, uint64_t now_ms,
                              struct tb_arena *arena, struct hub_effects *effects)
{
    if (!has_waiting(&room->shape) || room->shape.tentative != NULL ||
        room->head.state != HUB_ROOM_OPEN) {
        return TB_STATUS(TB_OK);
    }
    TRY(hub_run_close(hub, room, effects));
    TRY(hub_room_group(hub, room));
    struct hub_row_shape shape = room->shape;
    size_t count = shape.mandatory.count, kept = 0;
    struct hub_row_mandatory *items = tb_arena_take(arena, count, sizeof *items);
    if (items == NULL) return TB_STATUS(TB_NO_SPACE);
    memcpy(items, shape.mandatory.at, count * sizeof *items);
    shape.mandatory.at = items;
    struct issue issue = { hub, room, now_ms, arena, effects, NULL, 0 };
    for (size_t i = 0; i < count; i++) {
        bool is_done = false;
        if (may_issue(&shape, i)) {
            issue.item = &items[i];
            TRY(issue_item(&issue));
            is_done = !items[i].is_issued;
        }
        if (is_done) items[i].kind = 0;
    }
    for (size_t i = 0; i < count; i++) {
        if (items[i].kind != 0) items[kept++] = items[i];
    }
    shape.mandatory.count = kept;
    TRY(hub_room_reshape(hub, room, &shape, arena));
    hub_room_group_touch(hub, room);
    return hub_room_close_if_empty(hub, room, effects);
}

/* ---- nobody left ---- */

enum { DEVICE_ROW_BYTES_MAX = 1 << 16 };

tb_status hub_mandatory_can_commit(struct hub *hub, const struct hub_room *room,
                                   const struct hub_row_member *member, bool *can)
{
    struct hub_user_id user;
    struct hub_device_id device;
    struct hub_row_device row;
    struct tb_arena arena;
    bool found;
    memcpy(user.at, member->device, sizeof user.at);
    *can = hub_room_role_bits(room, &user) != 0 && !hub_mandatory_goes(room, member->device);
    if (!*can) return TB_STATUS(TB_OK);
    memcpy(device.at, member->device, sizeof device.at);
    tb_arena_init(&arena, hub->mem, DEVICE_ROW_BYTES_MAX);
    tb_status status = hub_device_row(hub, &device, &arena, &row, &found);
    if (tb_is_ok(status)) *can = found && row.status == CHAT_DEVICE_ACTIVE;
    tb_arena_wipe(&arena);
    return status;
}

tb_status hub_room_close_if_empty(struct hub *hub, struct hub_room *room,
                                  struct hub_effects *effects)
{
    if (!hub_mandatory_is_open(room) && room->shape.members.count != 0) return TB_STATUS(TB_OK);
    for (size_t i = 0; i < room->shape.members.count; i++) {
        bool can;
        TRY(hub_mandatory_can_commit(hub, room, &room->shape.members.at[i], &can));
        if (can) return TB_STATUS(TB_OK);
    }
    room->head.state = HUB_ROOM_CLOSED;
    hub_room_touch_head(hub, room);
    struct chat_room_state state = { .room_uri = hub_room_uri(room),
                                     .log_seq = room->head.log_seq,
                                     .cursor = room->head.log_seq,
                                     .final_seq = room->head.final_seq,
                                     .epoch = room->head.epoch,
                                     .state = HUB_ROOM_CLOSED };
    hub_deliver_push(hub, room, CHAT_PUSH_ROOM_STATE, &chat_room_state_desc, &state, effects);
    return TB_STATUS(TB_OK);
}
