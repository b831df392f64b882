/*
 * Handshakes of members: SelfRemove proposals, and commits, which are verified as far as public
 * data go, judged by the room's policy, staged, merged, and then wait as tentative (settle.c).
 */
#include <string.h>

#include "chat/ack.h"
#include "chat/records.h"
#include "hub/ban.h"
#include "hub/claim.h"
#include "hub/desk.h"
#include "hub/mandatory.h"
#include "hub/welcome.h"

/* What can be read of a PublicMessage without decoding it. */
struct peeked {
    tb_bytes group_id;
    uint64_t epoch;
    uint8_t sender_type, content_type;
    uint32_t sender_index;
};

struct update {
    const struct chat_room_update *request;
    struct hub_room *room;
    struct peeked peeked;
    const struct hub_row_member *member;
    uint8_t commit_hash[CHAT_HASH_LEN];
    struct chat_policy_room before, after;
    tb_bytes new_context;
    struct mls_public_staged *staged;
    const struct chat_policy_leaf *added;
    size_t added_count;
    uint64_t timestamp_ms;
    bool is_import;
};

/* ---- the message's frame ---- */

static bool take(tb_bytes *rest, size_t len, const uint8_t **out)
{
    if (rest->len < len) return false;
    *out = rest->data;
    rest->data += len;
    rest->len -= len;
    return true;
}

static bool take_vector(tb_bytes *rest, tb_bytes *out)
{
    size_t len;
    const uint8_t *data;
    if (!tb_is_ok(wire_length_take(rest, &len)) || !take(rest, len, &data)) return false;
    *out = tb_bytes_of(data, len);
    return true;
}

static bool peek(tb_bytes message, struct peeked *out)
{
    const uint8_t *at;
    tb_bytes authenticated_data;
    if (!take(&message, 4, &at) || tb_get_u16(at) != MLS_VERSION_MLS10 ||
        tb_get_u16(at + 2) != MLS_WIRE_PUBLIC_MESSAGE || !take_vector(&message, &out->group_id) ||
        !take(&message, 9, &at)) {
        return false;
    }
    out->epoch = tb_get_u64(at);
    out->sender_type = at[8];
    if (out->sender_type != MLS_SENDER_MEMBER || !take(&message, 4, &at)) return false;
    out->sender_index = tb_get_u32(at);
    if (!take_vector(&message, &authenticated_data) || !take(&message, 1, &at)) return false;
    out->content_type = *at;
    return true;
}

/* ---- who may, and when ---- */

static uint16_t check_member(struct hub *hub, struct hub_call *call, struct update *u)
{
    tb_status status = hub_room_by_uri(hub, u->request->room_uri, &u->room);
    if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
    if (u->room == NULL) return hub_refuse(call, CHAT_CODE_NOT_FOUND, "there is no such room");
    if (hub_account_is_restricted(call->account, call->now_ms) &&
        u->room->head.room_kind != CHAT_ROOM_NOTICE) {
        return hub_refuse_value(call, CHAT_CODE_RESTRICTED, "", call->account->decision_number);
    }
    if (!peek(u->request->handshake, &u->peeked)) {
        return hub_refuse(call, CHAT_CODE_BAD_REQUEST, "no PublicMessage of a member");
    }
    u->member = hub_room_member(u->room, &call->device);
    if (u->member == NULL || hub_room_role_bits(u->room, &call->account->id) == 0) {
        return hub_refuse(call, CHAT_CODE_FORBIDDEN, "this device is no member of the room");
    }
    if (u->peeked.sender_index != u->member->leaf_index) {
        return hub_refuse(call, CHAT_CODE_FORBIDDEN, "a handshake in another member's name");
    }
    if (!tb_bytes_equal(u->peeked.group_id, u->room->shape.group_id)) {
        return hub_refuse(call, CHAT_CODE_NOT_FOUND, "another group");
    }
    return CHAT_CODE_OK;
}

/* A commit that was taken, and whose answer was lost, is asked for again with the same octets. */
static tb_status find_same(struct hub *hub, struct hub_call *call, const struct update *u,
                           struct chat_room_update_answer *out, bool *found)
{
    const struct hub_row_shape *shape = &u->room->shape;
    struct hub_page page;
    struct chat_page entries;
    *found = false;
    if (u->peeked.epoch + 1 != shape->epoch) return TB_STATUS(TB_OK);
    tb_status status = hub_page_read(hub, u->room, shape->epoch_log_seq, call->arena, &page);
    if (status.code == TB_NOT_FOUND) return TB_STATUS(TB_OK);
    TRY(status);
    if (page.tail.form != HUB_PAGE_WHOLE) return TB_STATUS(TB_OK);
    TRY(hub_page_entries(&page, call->arena, &entries));
    const struct chat_entry *entry = &entries.entries.at[0];
    *found = entry->kind == CHAT_ENTRY_COMMIT &&
             tb_bytes_equal(entry->body.commit->message, u->request->handshake);
    if (!*found) return TB_STATUS(TB_OK);
    *out = (struct chat_room_update_answer){ entry->log_seq,
                                             entry->body.commit->accepted_timestamp, shape->epoch };
    return TB_STATUS(TB_OK);
}

static uint16_t check_state(struct hub_call *call, const struct update *u)
{
    const struct hub_room *room = u->room;
    uint16_t code = hub_room_state_code(room);
    if (code != CHAT_CODE_OK) return code;
    if (room->shape.tentative != NULL) {
        return hub_refuse_value(call, CHAT_CODE_TENTATIVE, "", room->head.epoch);
    }
    if (u->peeked.epoch != room->head.epoch) {
        return hub_refuse_value(call, CHAT_CODE_WRONG_EPOCH, "", room->head.epoch);
    }
    return CHAT_CODE_OK;
}

static uint16_t check_suspended(struct hub_call *call, const struct hub_room *room)
{
    for (size_t i = 0; i < room->shape.suspended.count; i++) {
        const struct hub_row_suspended *s = &room->shape.suspended.at[i];
        if (memcmp(s->device, call->device.at, sizeof s->device) != 0) continue;
        if (s->until_ms <= call->now_ms) continue;
        return hub_refuse_value(call, CHAT_CODE_RATE_LIMITED,
                                "your last commit was rolled back; wait",
                                s->until_ms - call->now_ms);
    }
    return CHAT_CODE_OK;
}

/* ---- leave ---- */

static tb_status proposal_sender(const struct hub_room *room, uint32_t leaf_index,
                                 uint8_t sender_type, tb_bytes *identity)
{
    struct mls_public_leaf leaf;
    *identity = (tb_bytes){ NULL, 0 };
    if (sender_type == MLS_SENDER_EXTERNAL) return TB_STATUS(TB_OK);
    if (!mls_public_group_leaf(room->group, leaf_index, &leaf)) return TB_STATUS(MLS_SENDER);
    *identity = leaf.identity;
    return TB_STATUS(TB_OK);
}

static tb_status judge_proposal(struct hub_call *call, const struct hub_room *room,
                                const struct mls_public_proposal *proposal)
{
    struct chat_policy_room policy;
    struct chat_policy_proposal judged = {
        .proposal = proposal->proposal, .sender_type = proposal->sender_type,
        .by_reference = true, .authenticated_data = proposal->authenticated_data, };
    TRY(proposal_sender(room, proposal->sender_index, proposal->sender_type,
                        &judged.sender_identity));
    TRY(chat_policy_decode(mls_public_group_context(room->group), call->arena, &policy, NULL));
    return chat_policy_check_proposal(&policy, room->suite, &judged, call->arena);
}

static bool has_open_item(const struct hub_room *room, enum hub_mandatory_kind kind,
                          const uint8_t *device, size_t len)
{
    for (size_t i = 0; i < room->shape.mandatory.count; i++) {
        const struct hub_row_mandatory *item = &room->shape.mandatory.at[i];
        if (item->kind == kind && memcmp(item->device, device, len) == 0) return true;
    }
    return false;
}

static uint16_t take_proposal(struct hub *hub, struct hub_call *call, struct update *u,
                              struct chat_room_update_answer *out)
{
    struct hub_room *room = u->room;
    *out = (struct chat_room_update_answer){ room->head.log_seq, call->now_ms, room->head.epoch };
    if (has_open_item(room, HUB_MANDATORY_LEAVE, call->device.at, HUB_DEVICE_ID_LEN)) {
        return CHAT_CODE_OK; /* asked again */
    }
    if (tb_bytes_equal(hub_room_uri(room), hub->desk.desk_uri) &&
        hub_desk_is_last(hub, &call->account->id)) {
        return hub_refuse(call, CHAT_CODE_POLICY, "the desk's last owner cannot leave it");
    }
    if (!hub_mandatory_may_leave(room)) {
        return hub_refuse(call, CHAT_CODE_RATE_LIMITED, "many leave this room; try again");
    }
    if (hub_mandatory_goes(room, call->device.at)) {
        return hub_refuse(call, CHAT_CODE_RATE_LIMITED, "this device is being removed already");
    }
    struct mls_public_proposal proposal;
    struct tb_why why;
    tb_status status = mls_public_group_propose(room->group, u->request->handshake,
                                                call->now_ms / 1000, call->arena, &proposal, &why);
    if (!tb_is_ok(status)) {
        return hub_refuse_status(hub, call, status, CHAT_CODE_INVALID_COMMIT);
    }
    status = judge_proposal(call, room, &proposal);
    if (!tb_is_ok(status)) {
        mls_public_group_pending_drop(room->group, proposal.ref);
        return hub_refuse_status(hub, call, status, CHAT_CODE_POLICY);
    }
    CHECK(hub_run_close(hub, room, call->effects));
    out->accepted_timestamp = hub_page_time(room, call->now_ms);
    struct chat_entry_handshake body = { out->accepted_timestamp, u->request->handshake };
    struct chat_entry entry = { .kind = CHAT_ENTRY_PROPOSAL, .body.proposal = &body };
    CHECK(hub_page_append(hub, room, &entry, call->now_ms, call->arena, call->effects));
    CHECK(hub_mandatory_leave(hub, room, &call->device, proposal.ref, u->request->handshake,
                              call->arena));
    CHECK(hub_room_close_if_empty(hub, room, call->effects));
    out->log_seq = entry.log_seq;
    hub->metrics.handshakes_accepted++;
    return CHAT_CODE_OK;
out:
    hub->is_broken = true;
    return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}

/* ---- commits ---- */

/* Only proposals that are mandatory gate (spec 3.5); they are refused by naming what is missing. */
static uint16_t check_mandatory(struct hub *hub, struct hub_call *call, const struct update *u)
{
    const struct mls_public_commit_view *view = mls_public_staged_view(u->staged);
    tb_bytes *refs;
    size_t count;
    tb_status status = hub_mandatory_missing(u->room, view->proposals, view->proposal_count,
                                             call->arena, &refs, &count);
    if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
    if (count == 0) return CHAT_CODE_OK;
    call->refs = refs;
    call->ref_count = count;
    return hub_refuse_value(call, CHAT_CODE_MISSING_PROPOSALS, "", u->room->head.epoch);
}

/* A new or updated leaf is an active device of an account here, with its recorded key. */
static tb_status check_leaf(struct hub *hub, struct hub_call *call,
                            const struct mls_public_leaf *leaf)
{
    struct hub_device_id id;
    struct hub_row_device row;
    bool found;
    if (!hub_id_device(hub->domain, leaf->identity, &id)) return TB_STATUS(CHAT_LEAF_IDENTITY);
    TRY(hub_device_row(hub, &id, call->arena, &row, &found));
    if (!found) return TB_STATUS(CHAT_LEAF_IDENTITY);
    if (row.status != CHAT_DEVICE_ACTIVE ||
        !tb_bytes_equal(row.signature_key, leaf->signature_key)) {
        return TB_STATUS(CHAT_LEAF_KEY);
    }
    return TB_STATUS(TB_OK);
}

static tb_status check_leaves(struct hub *hub, struct hub_call *call,
                              const struct mls_public_commit_view *view)
{
    for (size_t i = 0; i < view->added_count; i++) TRY(check_leaf(hub, call, &view->added[i]));
    for (size_t i = 0; i < view->updated_count; i++) {
        TRY(check_leaf(hub, call, &view->updated[i]));
    }
    return TB_STATUS(TB_OK);
}

/* Others may remove a leaf although its user stays when the device is revoked in the record, which
 * members see too; a device that fell behind is removed and added again in one commit. */
static tb_status is_dead(struct hub *hub, struct hub_call *call, tb_bytes identity, bool *out)
{
    struct hub_device_id id;
    struct hub_row_device row;
    bool found;
    *out = true;
    if (!hub_id_device(hub->domain, identity, &id)) return TB_STATUS(TB_OK);
    TRY(hub_device_row(hub, &id, call->arena, &row, &found));
    *out = !found || row.status != CHAT_DEVICE_ACTIVE;
    return TB_STATUS(TB_OK);
}

static tb_status policy_leaves(struct hub *hub, struct hub_call *call,
                               const struct mls_public_leaf *leaves, size_t count, bool is_removed,
                               const struct chat_policy_leaf **out)
{
    struct chat_policy_leaf *at = tb_arena_take(call->arena, count, sizeof *at);
    if (at == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < count; i++) {
        at[i].leaf_index = leaves[i].leaf_index;
        at[i].identity = leaves[i].identity;
        if (is_removed) TRY(is_dead(hub, call, at[i].identity, &at[i].is_dead));
    }
    *out = at;
    return TB_STATUS(TB_OK);
}

static tb_status all_leaves(struct hub_call *call, const struct hub_room *room,
                            const struct chat_policy_leaf **out, size_t *count)
{
    uint32_t leaf_count = mls_public_group_leaf_count(room->group);
    struct chat_policy_leaf *at = tb_arena_take(call->arena, leaf_count, sizeof *at);
    if (at == NULL) return TB_STATUS(TB_NO_SPACE);
    *count = 0;
    for (uint32_t i = 0; i < leaf_count; i++) {
        struct mls_public_leaf leaf;
        if (!mls_public_group_leaf(room->group, i, &leaf)) continue;
        at[(*count)++] = (struct chat_policy_leaf){ .leaf_index = i, .identity = leaf.identity };
    }
    *out = at;
    return TB_STATUS(TB_OK);
}

static tb_status policy_proposals(struct hub_call *call, const struct hub_room *room,
                                  const struct mls_public_commit_view *view,
                                  const struct chat_policy_proposal **out)
{
    struct chat_policy_proposal *at = tb_arena_take(call->arena, view->proposal_count, sizeof *at);
    if (at == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < view->proposal_count; i++) {
        const struct mls_public_proposal *p = &view->proposals[i];
        at[i] = (struct chat_policy_proposal){ .proposal = p->proposal,
                                               .sender_type = p->sender_type,
                                               .by_reference = p->by_reference,
                                               .authenticated_data = p->authenticated_data };
        TRY(proposal_sender(room, p->sender_index, p->sender_type, &at[i].sender_identity));
    }
    *out = at;
    return TB_STATUS(TB_OK);
}

static tb_status judge_commit(struct hub *hub, struct hub_call *call, struct update *u)
{
    const struct mls_public_commit_view *view = mls_public_staged_view(u->staged);
    struct hub_room *room = u->room;
    struct chat_policy_hub facts;
    struct chat_policy_commit commit = { .suite = room->suite,
                                         .committer_type = view->committer_type,
                                         .proposal_count = view->proposal_count,
                                         .added_count = view->added_count,
                                         .removed_count = view->removed_count };
    TRY(check_leaves(hub, call, view));
    TRY(hub_policy_hub(hub, call->arena, &facts));
    TRY(tb_arena_dup(call->arena, view->new_group_context, &u->new_context));
    TRY(chat_policy_decode(mls_public_group_context(room->group), call->arena, &u->before, NULL));
    TRY(chat_policy_decode(u->new_context, call->arena, &u->after, NULL));
    TRY(proposal_sender(room, view->committer_leaf, MLS_SENDER_MEMBER, &commit.committer_identity));
    TRY(policy_proposals(call, room, view, &commit.proposals));
    TRY(all_leaves(call, room, &commit.leaves, &commit.leaf_count));
    TRY(policy_leaves(hub, call, view->added, view->added_count, false, &commit.added));
    TRY(policy_leaves(hub, call, view->removed, view->removed_count, true, &commit.removed));
    u->added = commit.added;
    u->added_count = view->added_count;
    TRY(chat_policy_check_commit(&u->before, &u->after, &commit, &facts, call->arena));
    return hub_keys_agent_check(&hub->keys, u->after.agent.franking_signature_key);
}

static uint16_t check_added(struct hub *hub, struct hub_call *call, const struct update *u)
{
    const struct mls_public_commit_view *view = mls_public_staged_view(u->staged);
    for (size_t i = 0; i < view->added_count; i++) {
        struct hub_device_id id;
        bool is_out;
        if (!hub_id_device(hub->domain, view->added[i].identity, &id)) continue;
        struct hub_user_id user = hub_user_of_device(&id);
        tb_status status = hub_ban_keeps_out(hub, &user, u->room, call->now_ms, call->arena,
                                             &is_out);
        if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
        if (is_out) {
            return hub_refuse(call, CHAT_CODE_POLICY, "a restricted account cannot be added");
        }
    }
    return CHAT_CODE_OK;
}

static uint16_t check_limits(struct hub *hub, struct hub_call *call, const struct update *u)
{
    const struct hub_limits *limits = &hub->config.limits;
    const struct mls_public_commit_view *view = mls_public_staged_view(u->staged);
    size_t members = u->room->shape.members.count + view->added_count - view->removed_count;
    if (u->after.participants.participants.count > limits->participant_count_max) {
        return hub_refuse_value(call, CHAT_CODE_TOO_LARGE, "too many participants",
                                limits->participant_count_max);
    }
    if (members > limits->member_count_max) {
        return hub_refuse_value(call, CHAT_CODE_TOO_LARGE, "too many devices in the room",
                                limits->member_count_max);
    }
    tb_bytes welcome = u->request->welcome;
    bool is_welcome = welcome.len >= 4 && tb_get_u16(welcome.data) == MLS_VERSION_MLS10 &&
                      tb_get_u16(welcome.data + 2) == MLS_WIRE_WELCOME;
    if ((view->added_count != 0) != is_welcome || (!is_welcome && welcome.len != 0)) {
        return hub_refuse(call, CHAT_CODE_BAD_REQUEST,
                          "a commit that adds devices comes with its Welcome, others without");
    }
    bool fits = true;
    tb_status status = TB_STATUS(TB_OK);
    if (is_welcome) status = hub_welcome_fits(u->room, u->request, call->arena, &fits);
    if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
    return fits ? CHAT_CODE_OK
                : hub_refuse(call, CHAT_CODE_TOO_LARGE, "the Welcome does not fit into a frame");
}

/* ---- storing ---- */

/* The state before stands aside until the commit is final. */
static tb_status keep_before(struct hub *hub, struct hub_room *room, struct tb_arena *arena)
{
    struct hub_key shape = hub_room_key('P', room);
    struct tb_buf buf;
    tb_buf_init(&buf, hub->mem, HUB_STEP_ARENA_BYTES_MAX);
    tb_status status;
    CHECK(hub_put(hub, HUB_TABLE_ROOMS, &shape, &hub_row_shape_desc, &room->shape, arena));
    CHECK(mls_public_group_encode(room->group, &buf));
    CHECK(hub_put_octets(hub, HUB_TABLE_TREES, &shape, tb_buf_view(&buf)));
out:
    tb_buf_wipe(&buf);
    return status;
}

/* In a room of fixed membership a ban is a mark of the hub alone (amendments 26). */
static void keep_flags(const struct hub_row_shape *before, struct hub_row_shape *after)
{
    for (size_t i = 0; i < before->participants.count && i < after->participants.count; i++) {
        after->participants.at[i].flags = before->participants.at[i].flags;
    }
}

static tb_status new_shape(struct hub *hub, struct hub_call *call, struct update *u,
                           uint64_t log_seq, struct hub_row_tentative *tentative)
{
    struct hub_room *room = u->room;
    struct hub_row_shape shape;
    TRY(hub_shape_of_policy(hub, &u->after, call->arena, &shape));
    struct hub_shape_changes changes = { &room->shape, u->added, u->added_count, log_seq };
    TRY(hub_shape_members(hub, room->group, &changes, call->arena, &shape));
    shape.epoch_log_seq = log_seq;
    if (shape.fixed_membership) keep_flags(&room->shape, &shape);
    shape.suspended.at = room->shape.suspended.at;
    shape.suspended.count = room->shape.suspended.count;
    /* Issued proposals were carried, or the commit would have been refused; others wait on. */
    shape.mandatory.at = tb_arena_take(call->arena, room->shape.mandatory.count,
                                       sizeof *shape.mandatory.at);
    if (shape.mandatory.at == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < room->shape.mandatory.count; i++) {
        const struct hub_row_mandatory *item = &room->shape.mandatory.at[i];
        if (!item->is_issued) shape.mandatory.at[shape.mandatory.count++] = *item;
    }
    hub_mandatory_mark(&shape);
    *tentative = (struct hub_row_tentative){
        .log_seq = log_seq, .deadline_ms = call->now_ms + hub->config.limits.tentative_ms };
    memcpy(tentative->committer, u->member->device, sizeof tentative->committer);
    memcpy(tentative->commit_hash, u->commit_hash, CHAT_HASH_LEN);
    shape.tentative = tentative;
    return hub_room_reshape(hub, room, &shape, call->arena);
}

/* Somebody else who was there before and can say whether the commit works. */
static bool has_other_witness(const struct hub_room *room, const struct hub_device_id *committer,
                              uint64_t log_seq)
{
    for (size_t i = 0; i < room->sub_count; i++) {
        const struct hub_sub *sub = &room->subs[i];
        const struct hub_row_member *member = hub_room_member(room, &sub->session->device);
        if (sub->state == HUB_SUB_CUT || sub->is_banned || member == NULL) continue;
        bool is_committer = memcmp(member->device, committer->at, sizeof member->device) == 0;
        if (!is_committer && member->from_log_seq < log_seq) return true;
    }
    return false;
}

/* After the first write nothing may be refused any more: a failure here breaks the turn. */
static tb_status accept_commit(struct hub *hub, struct hub_call *call, struct update *u,
                               struct chat_room_update_answer *out)
{
    struct hub_room *room = u->room;
    TRY(hub_run_close(hub, room, call->effects));
    TRY(keep_before(hub, room, call->arena));
    struct mls_public_staged *staged = u->staged;
    u->staged = NULL;
    TRY(mls_public_group_merge(room->group, staged));
    out->accepted_timestamp = hub_page_time(room, u->timestamp_ms);
    struct chat_entry_handshake body = { out->accepted_timestamp, u->request->handshake };
    struct chat_entry entry = { .kind = CHAT_ENTRY_COMMIT, .body.commit = &body };
    TRY(hub_page_append(hub, room, &entry, u->timestamp_ms, call->arena, call->effects));
    struct hub_row_tentative tentative;
    TRY(new_shape(hub, call, u, entry.log_seq, &tentative));
    room->head.epoch = room->shape.epoch;
    room->ack_count = 0;
    hub_room_touch_head(hub, room);
    TRY(hub_room_group_save(hub, room));
    TRY(hub_epoch_save(hub, room, call->arena));
    if (u->added_count != 0 && u->request->welcome.len != 0) {
        TRY(hub_welcome_put(hub, room, entry.log_seq, u->request->welcome, u->request->group_info,
                            call->arena));
    }
    hub_settle_watch(hub, room);
    hub->metrics.handshakes_accepted++;
    out->log_seq = entry.log_seq;
    out->epoch = room->head.epoch;
    bool waits = u->is_import || has_other_witness(room, &call->device, entry.log_seq);
    if (waits) return TB_STATUS(TB_OK);
    return hub_settle_final(hub, room, call->now_ms, call->arena, call->effects);
}

static tb_status stage(struct hub_call *call, struct update *u)
{
    struct tb_why why;
    TRY(chat_ack_commit_hash(u->room->suite, u->request->handshake, u->commit_hash));
    return mls_public_group_stage(u->room->group, u->request->handshake, u->request->group_info,
                                  call->now_ms / 1000, &u->staged, &why);
}

static uint16_t take_commit(struct hub *hub, struct hub_call *call, struct update *u,
                            struct chat_room_update_answer *out)
{
    uint16_t code = check_suspended(call, u->room);
    if (code != CHAT_CODE_OK) return code;
    tb_status status = stage(call, u);
    if (!tb_is_ok(status)) {
        return hub_refuse_status(hub, call, status, CHAT_CODE_INVALID_COMMIT);
    }
    code = check_mandatory(hub, call, u);
    if (code != CHAT_CODE_OK) return code;
    status = judge_commit(hub, call, u);
    if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_POLICY);
    code = check_limits(hub, call, u);
    if (code == CHAT_CODE_OK) code = check_added(hub, call, u);
    if (code == CHAT_CODE_OK) {
        code = hub_claim_check(hub, call, u->room, mls_public_staged_view(u->staged));
    }
    if (code != CHAT_CODE_OK) return code;
    status = accept_commit(hub, call, u, out);
    if (tb_is_ok(status)) return CHAT_CODE_OK;
    hub->is_broken = true;
    return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}

uint16_t hub_verb_room_update(struct hub *hub, struct hub_call *call, const void *request,
                              void *answer)
{
    struct update u = { .request = request, .timestamp_ms = call->now_ms };
    struct chat_room_update_answer *out = answer;
    uint64_t max = hub->config.limits.handshake_bytes_max;
    if (u.request->handshake.len + u.request->welcome.len + u.request->group_info.len > max) {
        return hub_refuse_value(call, CHAT_CODE_TOO_LARGE, "the commit is over the limit", max);
    }
    uint16_t code = check_member(hub, call, &u);
    if (code != CHAT_CODE_OK) return code;
    bool is_same;
    tb_status status = find_same(hub, call, &u, out, &is_same);
    if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
    if (is_same) return CHAT_CODE_OK;
    code = check_state(call, &u);
    if (code != CHAT_CODE_OK) return code;
    status = hub_room_group(hub, u.room);
    if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
    switch (u.peeked.content_type) {
    case MLS_CONTENT_PROPOSAL: return take_proposal(hub, call, &u, out);
    case MLS_CONTENT_COMMIT: break;
    default: return hub_refuse(call, CHAT_CODE_BAD_REQUEST, "neither proposal nor commit");
    }
    code = take_commit(hub, call, &u, out);
    if (u.staged != NULL) mls_public_group_drop(u.room->group, u.staged);
    return code;
}

/* The committer's device is read off the leaf; who was logged in then is not known any more. */
tb_status hub_commit_import(struct hub *hub, struct hub_call *call, struct hub_room *room,
                            tb_bytes message, uint64_t timestamp_ms)
{
    struct chat_room_update request = { .room_uri = hub_room_uri(room), .handshake = message };
    struct update u = { .request = &request, .room = room, .timestamp_ms = timestamp_ms,
                        .is_import = true };
    struct chat_room_update_answer unused;
    if (!peek(message, &u.peeked)) return TB_STATUS(MLS_WIRE_FORMAT);
    for (size_t i = 0; i < room->shape.members.count; i++) {
        const struct hub_row_member *member = &room->shape.members.at[i];
        if (member->leaf_index == u.peeked.sender_index) u.member = member;
    }
    if (u.member == NULL) return TB_STATUS(MLS_SENDER);
    TRY(hub_room_group(hub, room));
    tb_status status;
    CHECK(stage(call, &u));
    CHECK(judge_commit(hub, call, &u));
    CHECK(accept_commit(hub, call, &u, &unused));
out:
    if (u.staged != NULL) mls_public_group_drop(room->group, u.staged);
    return status;
}
