/* New rooms, and what a GroupContext means to the hub. */
#include <string.h>

#include "chat/names.h"
#include "hub/desk.h"
#include "hub/rules.h"

enum { GROUP_ID_LEN = 32, GROUP_INFO_SUITE_AT = 6, ROOMS_COUNTED_MAX = 4096 };

/* ---- shapes ---- */

static uint8_t role_bits(const struct chat_role_data *roles, uint32_t index)
{
    uint8_t bits = index != CHAT_ROLE_BANNED ? HUB_ROLE_IS_LISTED : 0;
    if (chat_policy_can(roles, index, CHAT_CAN_SEND_MESSAGE)) bits |= HUB_ROLE_MAY_SEND;
    if (chat_policy_can(roles, index, CHAT_CAN_ADD_PARTICIPANT)) bits |= HUB_ROLE_MAY_ADD;
    if (chat_policy_can(roles, index, CHAT_CAN_REMOVE_PARTICIPANT)) bits |= HUB_ROLE_MAY_REMOVE;
    if (chat_policy_can(roles, index, CHAT_CAN_REPORT_ABUSE)) bits |= HUB_ROLE_MAY_REPORT;
    if (index == CHAT_ROLE_OWNER) bits |= HUB_ROLE_IS_OWNER;
    if (chat_policy_can(roles, index, CHAT_CAN_CHANGE_USER_ROLE)) bits |= HUB_ROLE_MODERATES;
    return bits;
}

tb_status hub_shape_of_policy(const struct hub *hub, const struct chat_policy_room *policy,
                              struct tb_arena *arena, struct hub_row_shape *out)
{
    struct hub_row_shape shape = {
        .group_id = policy->context.group_id,
        .cipher_suite = policy->context.cipher_suite,
        .epoch = policy->context.epoch,
        .room_kind = policy->base.room_kind,
        .profile = policy->frank.profile,
        .fixed_membership = policy->base.fixed_membership,
        .is_mimi_required = chat_frank_mimi_is_required(
            policy->frank.profile, policy->metadata.room_uri, &policy->participants),
        .agent_key = policy->agent.franking_signature_key,
        .desk_key = policy->frank.recipients.count != 0
                      ? policy->frank.recipients.at[0].verify_key
                      : (tb_bytes){ NULL, 0 },
    };
    TRY(hub_rules_of_policy(hub, policy, arena, &shape.rules));
    size_t role_count = policy->roles.roles.count, count = policy->participants.participants.count;
    shape.roles.at = tb_arena_take(arena, role_count, sizeof *shape.roles.at);
    shape.participants.at = tb_arena_take(arena, count, sizeof *shape.participants.at);
    if (shape.roles.at == NULL || shape.participants.at == NULL) return TB_STATUS(TB_NO_SPACE);
    shape.roles.count = role_count;
    shape.participants.count = count;
    for (size_t i = 0; i < role_count; i++) {
        uint32_t index = policy->roles.roles.at[i].role_index;
        shape.roles.at[i] = (struct hub_row_role){ index, role_bits(&policy->roles, index) };
    }
    for (size_t i = 0; i < count; i++) {
        const struct chat_user_role_pair *pair = &policy->participants.participants.at[i];
        struct hub_user_id id;
        if (!hub_id_user(hub->domain, pair->user, &id)) return TB_STATUS(CHAT_PARTICIPANT_URI);
        memcpy(shape.participants.at[i].user, id.at, sizeof id.at);
        shape.participants.at[i].role_index = pair->role_index;
    }
    *out = shape;
    return TB_STATUS(TB_OK);
}

static void insert_member(struct hub_row_shape *shape, const struct hub_row_member *member)
{
    size_t i = shape->members.count++;
    while (i != 0 && memcmp(shape->members.at[i - 1].device, member->device,
                            HUB_DEVICE_ID_LEN) > 0) {
        shape->members.at[i] = shape->members.at[i - 1];
        i--;
    }
    shape->members.at[i] = *member;
}

/* Removed and added again by one commit, a device may get the leaf that it had. */
static bool is_added(const struct hub_shape_changes *changes, uint32_t leaf_index)
{
    for (size_t i = 0; i < changes->added_count; i++) {
        if (changes->added[i].leaf_index == leaf_index) return true;
    }
    return false;
}

/* Old members keep their order, so only the new ones are sorted in. */
tb_status hub_shape_members(const struct hub *hub, const struct mls_public_group *group,
                            const struct hub_shape_changes *changes, struct tb_arena *arena,
                            struct hub_row_shape *shape)
{
    const struct hub_row_shape *before = changes->before;
    uint32_t leaf_count = mls_public_group_leaf_count(group);
    size_t before_count = before != NULL ? before->members.count : 0;
    bool *stays = tb_arena_take(arena, before_count, sizeof *stays);
    struct hub_row_member *added = tb_arena_take(arena, leaf_count, sizeof *added);
    shape->members.at = tb_arena_take(arena, leaf_count, sizeof *shape->members.at);
    shape->members.count = 0;
    if (stays == NULL || added == NULL || shape->members.at == NULL) return TB_STATUS(TB_NO_SPACE);
    size_t added_count = 0;
    for (uint32_t i = 0; i < leaf_count; i++) {
        struct mls_public_leaf leaf;
        struct hub_device_id id;
        if (!mls_public_group_leaf(group, i, &leaf)) continue;
        if (!hub_id_device(hub->domain, leaf.identity, &id)) return TB_STATUS(CHAT_LEAF_IDENTITY);
        size_t old = before != NULL ? hub_shape_member_index(before, id.at) : SIZE_MAX;
        if (old != SIZE_MAX && before->members.at[old].leaf_index == i && !is_added(changes, i)) {
            stays[old] = true;
            continue;
        }
        struct hub_row_member *member = &added[added_count++];
        *member = (struct hub_row_member){ .leaf_index = i,
                                           .from_log_seq = changes->log_seq };
        memcpy(member->device, id.at, sizeof id.at);
    }
    for (size_t i = 0; i < before_count; i++) {
        if (stays[i]) shape->members.at[shape->members.count++] = before->members.at[i];
    }
    for (size_t i = 0; i < added_count; i++) insert_member(shape, &added[i]);
    return TB_STATUS(TB_OK);
}

tb_status hub_epoch_save(struct hub *hub, struct hub_room *room, struct tb_arena *arena)
{
    struct hub_row_epoch row = { .agent_key = room->shape.agent_key,
                                 .from_log_seq = room->shape.epoch_log_seq,
                                 .from_ms = room->head.last_ms };
    tb_bytes context = mls_public_group_context(room->group);
    TRY(chat_frank_ct_hash(room->suite, context, row.group_context_hash)); /* SHA-256 always */
    struct hub_key key = hub_key_of(TB_ARRAY(room->id.at));
    hub_key_add_u64(&key, room->shape.epoch);
    return hub_put(hub, HUB_TABLE_EPOCHS, &key, &hub_row_epoch_desc, &row, arena);
}

/* ---- memberships ---- */

struct move {
    struct hub *hub;
    struct hub_room *room;
    uint64_t log_seq, now_ms;
    struct tb_arena *arena;
};

static struct hub_key user_prefix(const struct move *m, const uint8_t *user)
{
    struct hub_key key = hub_key_tagged('U', user, HUB_USER_ID_LEN);
    hub_key_add(&key, m->room->id.at, HUB_ROOM_ID_LEN);
    return key;
}

static tb_status user_came(const struct move *m, const uint8_t *user)
{
    struct hub_key key = user_prefix(m, user);
    hub_key_add_u64(&key, m->log_seq);
    struct hub_row_membership row = { .from_log_seq = m->log_seq };
    return hub_put(m->hub, HUB_TABLE_MEMBERSHIPS, &key, &hub_row_membership_desc, &row, m->arena);
}

static tb_status user_left(const struct move *m, const uint8_t *user)
{
    struct hub_key prefix = user_prefix(m, user);
    struct hub_pairs rows;
    TRY(hub_row_list(m->hub->store, HUB_TABLE_MEMBERSHIPS, &prefix, NULL, ROOMS_COUNTED_MAX,
                     m->arena, &rows));
    if (rows.count == 0) return TB_STATUS(TB_OK);
    struct hub_row_membership row;
    const struct hub_pair *newest = &rows.at[rows.count - 1];
    if (!tb_is_ok(wire_decode(&hub_row_membership_desc, newest->value, m->arena, &row, NULL))) {
        return TB_STATUS(HUB_ROW);
    }
    if (row.to_log_seq != 0) return TB_STATUS(TB_OK);
    row.to_log_seq = m->log_seq;
    row.to_ms = m->now_ms;
    struct hub_key key = hub_key_of(newest->key);
    return hub_put(m->hub, HUB_TABLE_MEMBERSHIPS, &key, &hub_row_membership_desc, &row, m->arena);
}

static struct hub_key device_key(const struct move *m, const uint8_t *device)
{
    struct hub_key key = hub_key_tagged('D', device, HUB_DEVICE_ID_LEN);
    hub_key_add(&key, m->room->id.at, HUB_ROOM_ID_LEN);
    return key;
}

static tb_status device_came(const struct move *m, const uint8_t *device)
{
    struct hub_key key = device_key(m, device);
    struct hub_row_membership row = { .from_log_seq = m->log_seq };
    return hub_put(m->hub, HUB_TABLE_MEMBERSHIPS, &key, &hub_row_membership_desc, &row, m->arena);
}

static tb_status device_left(const struct move *m, const uint8_t *device, bool is_banned)
{
    struct hub_key key = device_key(m, device), cursor = hub_key_of(TB_ARRAY(m->room->id.at));
    hub_key_add(&cursor, device, HUB_DEVICE_ID_LEN);
    struct hub_row_membership row;
    bool found;
    TRY(hub_get(m->hub, HUB_TABLE_MEMBERSHIPS, &key, &hub_row_membership_desc, m->arena, &row,
                &found));
    TRY(hub_del(m->hub, HUB_TABLE_CURSORS, &cursor));
    if (!found) return TB_STATUS(TB_OK);
    row.to_log_seq = m->log_seq;
    row.to_ms = m->now_ms;
    row.is_banned = is_banned;
    return hub_put(m->hub, HUB_TABLE_MEMBERSHIPS, &key, &hub_row_membership_desc, &row, m->arena);
}

static bool is_listed(const struct hub_row_participant *p)
{
    return p != NULL && p->role_index != CHAT_ROLE_BANNED;
}

tb_status hub_membership_move(struct hub *hub, struct hub_room *room,
                              const struct hub_row_shape *before, uint64_t log_seq,
                              uint64_t now_ms, struct tb_arena *arena)
{
    static const struct hub_row_shape nothing = { .epoch = 0 };
    if (before == NULL) before = &nothing;
    struct move m = { hub, room, log_seq, now_ms, arena };
    const struct hub_row_shape *after = &room->shape;
    uint32_t *by_user;
    TRY(hub_shape_index(before, arena, &by_user));
    for (size_t i = 0; i < after->participants.count; i++) {
        const struct hub_row_participant *p = &after->participants.at[i];
        bool was = is_listed(hub_shape_participant(before, by_user, p->user));
        if (is_listed(p) && !was) TRY(user_came(&m, p->user));
    }
    for (size_t i = 0; i < before->participants.count; i++) {
        const struct hub_row_participant *p = &before->participants.at[i];
        bool stays = is_listed(hub_shape_participant(after, room->by_user, p->user));
        if (is_listed(p) && !stays) TRY(user_left(&m, p->user));
    }
    for (size_t i = 0; i < before->members.count; i++) {
        const uint8_t *device = before->members.at[i].device;
        if (hub_shape_member_index(after, device) != SIZE_MAX) continue;
        const struct hub_row_participant *p = hub_shape_participant(after, room->by_user, device);
        TRY(device_left(&m, device, p != NULL && p->role_index == CHAT_ROLE_BANNED));
    }
    for (size_t i = 0; i < after->members.count; i++) {
        const struct hub_row_member *member = &after->members.at[i];
        if (member->from_log_seq == log_seq) TRY(device_came(&m, member->device));
    }
    return TB_STATUS(TB_OK);
}

/* ---- room-create ---- */

struct create {
    const struct chat_room_create *request;
    struct mls_public_group *group;
    struct chat_policy_room policy;
    struct hub_row_shape shape;
    struct hub_row_head head;
    struct hub_room_id id;
};

static uint16_t open_group(struct hub *hub, struct hub_call *call, struct create *c)
{
    tb_bytes info = c->request->group_info;
    if (info.len > hub->config.limits.handshake_bytes_max) return CHAT_CODE_TOO_LARGE;
    if (info.len < GROUP_INFO_SUITE_AT + 2 || tb_get_u16(info.data + 2) != MLS_WIRE_GROUP_INFO) {
        return hub_refuse(call, CHAT_CODE_BAD_REQUEST, "no MLSMessage with a GroupInfo");
    }
    const struct mls_public_env *env = hub_env(hub, tb_get_u16(info.data + GROUP_INFO_SUITE_AT));
    if (env == NULL) return hub_refuse(call, CHAT_CODE_BAD_REQUEST, "unknown cipher suite");
    struct tb_why why = { NULL, NULL, 0 };
    tb_status status = mls_public_group_new(env, info, c->request->ratchet_tree,
                                            call->now_ms / 1000, &c->group, &why);
    if (!tb_is_ok(status)) {
        return hub_refuse_status(hub, call, status, CHAT_CODE_INVALID_COMMIT);
    }
    if (mls_public_group_epoch(c->group) != 0 ||
        mls_public_group_id(c->group).len != GROUP_ID_LEN) {
        return hub_refuse(call, CHAT_CODE_BAD_REQUEST, "a new group has epoch 0 and 32 octets id");
    }
    tb_bytes context;
    status = tb_arena_dup(call->arena, mls_public_group_context(c->group), &context);
    if (tb_is_ok(status)) status = chat_policy_decode(context, call->arena, &c->policy, &why);
    return tb_is_ok(status) ? CHAT_CODE_OK : hub_refuse_status(hub, call, status, CHAT_CODE_POLICY);
}

/* The creator is alone in the tree, with its recorded key. */
static uint16_t check_creator(struct hub *hub, struct hub_call *call, struct create *c)
{
    struct hub_row_device device;
    struct mls_public_leaf leaf;
    bool found;
    tb_status status = hub_device_row(hub, &call->device, call->arena, &device, &found);
    if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
    if (!found || mls_public_group_leaf_count(c->group) != 1 ||
        !mls_public_group_leaf(c->group, 0, &leaf) ||
        !tb_bytes_equal(leaf.signature_key, device.signature_key)) {
        return hub_refuse(call, CHAT_CODE_POLICY, "the creator's device is not alone in the room");
    }
    tb_bytes own;
    status = hub_uri_device(hub->domain, &call->device, call->arena, &own);
    if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
    if (!tb_bytes_equal(leaf.identity, own)) {
        return hub_refuse(call, CHAT_CODE_FORBIDDEN, "the leaf is another device's");
    }
    struct chat_policy_hub facts;
    struct chat_policy_leaf policy_leaf = { .leaf_index = 0, .identity = leaf.identity };
    status = hub_policy_hub(hub, call->arena, &facts);
    if (tb_is_ok(status)) {
        status = chat_policy_check_room(&c->policy, &facts, &policy_leaf, 1, call->arena);
    }
    return tb_is_ok(status) ? CHAT_CODE_OK : hub_refuse_status(hub, call, status, CHAT_CODE_POLICY);
}

/* Both users of a dm name the same room. */
static uint16_t check_dm(struct hub *hub, struct hub_call *call, const struct create *c)
{
    const struct chat_participant_list *list = &c->policy.participants;
    tb_bytes uri;
    if (list->participants.count != 2) return CHAT_CODE_POLICY;
    tb_status status = chat_names_dm(hub_own_suite(hub), hub->domain,
                                     list->participants.at[0].user, list->participants.at[1].user,
                                     call->arena, &uri);
    if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_POLICY);
    if (!tb_bytes_equal(uri, c->policy.metadata.room_uri)) {
        return hub_refuse(call, CHAT_CODE_POLICY, "a conversation of two has a name made of both");
    }
    return CHAT_CODE_OK;
}

static uint16_t check_kind(struct hub *hub, struct hub_call *call, const struct create *c)
{
    uint8_t kind = c->policy.base.room_kind;
    bool has_desk = hub->desk.desk_uri.len != 0;
    if (kind == CHAT_ROOM_DESK) {
        if ((call->account->flags & HUB_ACCOUNT_IS_ADMIN) == 0) return CHAT_CODE_FORBIDDEN;
        return has_desk ? hub_refuse(call, CHAT_CODE_CONFLICT, "this hub has a desk") : 0;
    }
    if (!has_desk) return CHAT_CODE_DESK_MISSING;
    if (kind == CHAT_ROOM_DM) return check_dm(hub, call, c);
    if (kind == CHAT_ROOM_NOTICE && !hub_is_desk(hub, &call->account->id)) {
        return hub_refuse(call, CHAT_CODE_FORBIDDEN, "only the desk opens notice rooms");
    }
    return CHAT_CODE_OK;
}

static bool count_open(void *ctx, tb_bytes key, tb_bytes value)
{
    (void)key;
    /* to_log_seq is the second integer of the row; 0: still there */
    if (value.len >= 16 && tb_get_u64(value.data + 8) == 0) ++*(size_t *)ctx;
    return true;
}

static uint16_t check_people(struct hub *hub, struct hub_call *call, struct create *c)
{
    tb_status status;
    size_t room_count = 0;
    struct hub_key prefix = hub_key_tagged('U', call->account->id.at, HUB_USER_ID_LEN);
    CHECK(hub_row_scan(hub->store, HUB_TABLE_MEMBERSHIPS, &prefix, NULL, ROOMS_COUNTED_MAX,
                       count_open, &room_count));
    if (room_count >= hub->config.limits.room_count_max) {
        return hub_refuse_value(call, CHAT_CODE_TOO_LARGE, "too many rooms of this account",
                                hub->config.limits.room_count_max);
    }
    if (c->policy.participants.participants.count > hub->config.limits.participant_count_max) {
        return hub_refuse_value(call, CHAT_CODE_TOO_LARGE, "too many participants",
                                hub->config.limits.participant_count_max);
    }
    for (size_t i = 0; i < c->policy.participants.participants.count; i++) {
        struct hub_account *account;
        CHECK(hub_account_by_uri(hub, c->policy.participants.participants.at[i].user, &account));
        if (account == NULL) return hub_refuse(call, CHAT_CODE_NOT_FOUND, "no such participant");
    }
    return CHAT_CODE_OK;
out:
    return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}

/* Takes c->group on success. */
static tb_status store_room(struct hub *hub, struct hub_call *call, struct create *c)
{
    TRY(hub_shape_of_policy(hub, &c->policy, call->arena, &c->shape));
    struct hub_shape_changes changes = { .before = NULL };
    TRY(hub_shape_members(hub, c->group, &changes, call->arena, &c->shape));
    struct chat_chain_genesis genesis = { .room_uri = c->policy.metadata.room_uri,
                                          .group_id = c->shape.group_id };
    c->head = (struct hub_row_head){ .state = HUB_ROOM_OPEN, .room_kind = c->shape.room_kind,
                                     .last_ms = call->now_ms };
    TRY(chat_frank_genesis(hub_own_suite(hub), &genesis, c->head.chain));
    struct hub_room *room;
    TRY(hub_room_new(hub, &c->id, &c->head, &c->shape, &room));
    hub_room_group_set(hub, room, c->group);
    c->group = NULL;
    TRY(hub_room_group_save(hub, room));
    TRY(hub_epoch_save(hub, room, call->arena));
    TRY(hub_membership_move(hub, room, NULL, 0, call->now_ms, call->arena));
    hub->counters.room_count++;
    return hub_save_counters(hub, call->arena);
}

static uint16_t create_room(struct hub *hub, struct hub_call *call, struct create *c)
{
    uint16_t code = open_group(hub, call, c);
    if (code != CHAT_CODE_OK) return code;
    if (!hub_id_room(hub->domain, c->policy.metadata.room_uri, &c->id)) {
        return hub_refuse(call, CHAT_CODE_POLICY, "the room's name has not its form");
    }
    struct hub_room *existing;
    tb_status status = hub_room_get(hub, &c->id, &existing);
    if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
    if (existing != NULL) {
        /* Asked again after a lost answer, or another room under the same name. */
        bool is_same = tb_bytes_equal(existing->shape.group_id, c->policy.context.group_id) &&
                       hub_room_member(existing, &call->device) != NULL;
        return is_same ? CHAT_CODE_OK : hub_refuse(call, CHAT_CODE_CONFLICT, "the room exists");
    }
    code = check_kind(hub, call, c);
    if (code == CHAT_CODE_OK) code = check_creator(hub, call, c);
    if (code == CHAT_CODE_OK) code = check_people(hub, call, c);
    if (code != CHAT_CODE_OK) return code;
    status = store_room(hub, call, c);
    return tb_is_ok(status) ? CHAT_CODE_OK
                            : hub_refuse_status(hub, call, status, CHAT_CODE_POLICY);
}

uint16_t hub_verb_room_create(struct hub *hub, struct hub_call *call, const void *request,
                              void *answer)
{
    struct create c = { .request = request };
    uint16_t code = create_room(hub, call, &c);
    mls_public_group_free(c.group);
    struct chat_room_update_answer *out = answer;
    out->accepted_timestamp = call->now_ms;
    return code;
}
