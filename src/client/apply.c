/*
 * Handshakes of the log.  A commit is staged by MLS, judged by the room's policy, its leaves by the
 * accounts' records, and only then merged; the epoch before stays stored until the commit is final
 * (amendments 3).  What we cannot apply is answered with a NACK and changes nothing.
 */
#include "client/desk.h"

#include "chat/ack.h"
#include "chat/safe_aad.h"

static uint8_t client_ack_result(tb_status status)
{
    switch (status.code) {
    case TB_OK: return CHAT_ACK_APPLIED;
    case MLS_CONFIRMATION_TAG: return CHAT_ACK_CONFIRMATION_TAG;
    case MLS_PATH_KEY:
    case MLS_PATH_SECRET:
    case CRYPTO_DECRYPT: return CHAT_ACK_PATH_SECRET;
    case MLS_CONTENT_SIGNATURE:
    case MLS_LEAF_SIGNATURE:
    case MLS_MEMBERSHIP_TAG:
    case CRYPTO_SIGNATURE: return CHAT_ACK_SIGNATURE;
    default: break;
    }
    bool is_policy = status.code >= 690 && status.code < 730; /* CHAT_STATUS_POLICY */
    return is_policy || status.code == CHAT_LEAF_KEY || status.code == CHAT_LEAF_IDENTITY
             ? CHAT_ACK_POLICY
             : CHAT_ACK_OTHER;
}

/* Signed by our leaf key of epoch n, which is the device key in every room. */
static tb_status client_commit_ack(struct client_turn *turn, struct client_room *room,
                                   uint64_t epoch, tb_bytes commit, tb_status outcome)
{
    struct client *client = turn->client;
    struct chat_commit_ack ack = {
        .group_id = room->row.group_id,
        .epoch = epoch,
        .result = client_ack_result(outcome),
    };
    TRY(chat_ack_commit_hash(&room->suite, commit, ack.commit_hash));
    TRY(chat_ack_sign(&room->suite, &client->device_key, &ack, &turn->arena));
    return client_request_send(turn, CHAT_VERB_COMMIT_ACK, &ack, NULL, NULL);
}

/* ------------------------------------------------------------------ who came and went */

static bool client_is_present(const struct chat_policy_room *room, tb_bytes user)
{
    uint32_t role = chat_policy_role_of(&room->participants, user);
    return role != CHAT_ROLE_NONE && role != CHAT_ROLE_BANNED;
}

/* The line of one who stays and has another role now; 0: the role is the same. */
static uint8_t client_role_line(const struct chat_policy_room *before,
                                const struct chat_policy_room *after, tb_bytes user)
{
    uint32_t role = chat_policy_role_of(&after->participants, user);
    if (role == chat_policy_role_of(&before->participants, user)) return 0;
    switch (role) {
    case CHAT_ROLE_OWNER: return CLIENT_LINE_OWNER;
    case CHAT_ROLE_MODERATOR: return CLIENT_LINE_MODERATOR;
    default: return CLIENT_LINE_MEMBER;
    }
}

static bool client_has_leaf(const struct chat_policy_leaf *leaves, size_t count, tb_bytes user)
{
    for (size_t i = 0; i < count; i++) {
        if (chat_names_is_of_user(leaves[i].identity, user)) return true;
    }
    return false;
}

/* What a commit meant for people; collected before the merge, written after it. */
struct client_changes {
    struct client_line_row *at;
    size_t count;
    uint64_t own_decision; /* of our own removal */
    bool is_still_listed;  /* our account stays, whatever happens to this device */
};

struct client_epoch_view {
    const struct chat_policy_room *room;
    const struct chat_policy_leaf *leaves;
    size_t leaf_count;
    const bool *is_absent; /* beside leaves: the hub removes the device, which was away too long */
};

/* Did the user's last devices go, by their own wish or somebody's?  Who was away is not gone. */
static bool client_lost_leaves(const struct client_epoch_view *before,
                               const struct client_epoch_view *after, tb_bytes user)
{
    bool had_leaf = false;
    for (size_t i = 0; i < before->leaf_count; i++) {
        if (!chat_names_is_of_user(before->leaves[i].identity, user)) continue;
        had_leaf = had_leaf || !before->is_absent[i];
    }
    return had_leaf && !client_has_leaf(after->leaves, after->leaf_count, user);
}

static tb_status client_changes_find(struct client_turn *turn, struct mls_group *group,
                                     const struct client_epoch_view *before,
                                     const struct client_epoch_view *after, uint64_t at_ms,
                                     struct client_changes *out)
{
    const struct chat_participant_list *old = &before->room->participants;
    const struct chat_participant_list *now = &after->room->participants;
    out->is_still_listed = client_is_present(after->room, turn->client->profile.account);
    out->at = tb_arena_take(&turn->arena, old->participants.count + now->participants.count,
                            sizeof *out->at);
    if (out->at == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < now->participants.count; i++) {
        tb_bytes user = now->participants.at[i].user;
        if (!client_is_present(after->room, user)) continue;
        struct client_line_row line = { .row_kind = CLIENT_LINE_ADDED,
                                        .at_ms = at_ms,
                                        .account = user };
        if (client_is_present(before->room, user)) {
            line.row_kind = client_role_line(before->room, after->room, user);
            if (line.row_kind == 0) continue;
            TRY(client_decision_of(turn, group, before->room, user, &line.decision_number));
        }
        out->at[out->count++] = line;
    }
    for (size_t i = 0; i < old->participants.count; i++) {
        tb_bytes user = old->participants.at[i].user;
        if (!client_is_present(before->room, user)) continue;
        bool lost_leaves = client_lost_leaves(before, after, user);
        if (client_is_present(after->room, user) && !lost_leaves) continue;
        struct client_line_row line = { .row_kind = CLIENT_LINE_REMOVED,
                                        .at_ms = at_ms,
                                        .account = user };
        TRY(client_decision_of(turn, group, before->room, user, &line.decision_number));
        if (tb_bytes_equal(user, turn->client->profile.account)) {
            out->own_decision = line.decision_number;
        }
        out->at[out->count++] = line;
    }
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ judging */

static tb_status client_leaf_list(struct client_turn *turn, const struct mls_leaf_view *views,
                                  size_t count, struct chat_policy_leaf **out)
{
    struct chat_policy_leaf *list = tb_arena_take(&turn->arena, count, sizeof *list);
    if (list == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < count; i++) {
        list[i] = (struct chat_policy_leaf){ .leaf_index = views[i].leaf_index };
        TRY(tb_arena_dup(&turn->arena, views[i].identity, &list[i].identity));
        /* A device that its owner revoked may be removed by others. */
        list[i].is_dead = client_record_check_leaf(turn, views[i].identity, views[i].signature_key)
                            .code == CHAT_LEAF_KEY;
    }
    *out = list;
    return TB_STATUS(TB_OK);
}

static tb_status client_leaf_identity(struct client_turn *turn, const struct mls_group *group,
                                      uint8_t sender_type, uint32_t index, tb_bytes *identity)
{
    struct mls_leaf_view leaf;
    *identity = (tb_bytes){ 0 };
    if (sender_type != MLS_SENDER_MEMBER) return TB_STATUS(TB_OK);
    if (!mls_group_leaf(group, index, &leaf)) return TB_STATUS(MLS_SENDER);
    return tb_arena_dup(&turn->arena, leaf.identity, identity);
}

static tb_status client_commit_judge(struct client_turn *turn, struct client_room *room,
                                     const struct mls_staged_view *view,
                                     const struct client_epoch_view *before,
                                     const struct chat_policy_room *after)
{
    struct chat_policy_commit commit = {
        .suite = &room->suite,
        .committer_type = view->committer_type,
        .proposal_count = view->proposal_count,
        .leaves = before->leaves,
        .leaf_count = before->leaf_count,
        .added_count = view->added_count,
        .removed_count = view->removed_count,
    };
    struct chat_policy_hub hub;
    struct chat_policy_leaf *added, *removed;
    struct chat_policy_proposal *proposals =
        tb_arena_take(&turn->arena, view->proposal_count, sizeof *proposals);
    if (proposals == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < view->proposal_count; i++) {
        const struct mls_staged_proposal *from = &view->proposals[i];
        proposals[i] = (struct chat_policy_proposal){
            .proposal = from->proposal,
            .sender_type = from->sender_type,
            .by_reference = from->by_reference,
            .authenticated_data = from->authenticated_data,
        };
        TRY(client_leaf_identity(turn, room->group, from->sender_type, from->sender_index,
                                 &proposals[i].sender_identity));
    }
    commit.proposals = proposals;
    TRY(client_leaf_identity(turn, room->group, view->committer_type, view->committer_leaf,
                             &commit.committer_identity));
    TRY(client_leaf_list(turn, view->added, view->added_count, &added));
    TRY(client_leaf_list(turn, view->removed, view->removed_count, &removed));
    commit.added = added;
    commit.removed = removed;
    TRY(client_record_policy_hub(turn, &hub));
    return chat_policy_check_commit(before->room, after, &commit, &hub, &turn->arena);
}

static tb_status client_commit_records_came(struct client_turn *turn,
                                            const struct client_request *request, uint16_t code,
                                            tb_bytes body)
{
    (void)body;
    struct client_room *room;
    if (code == CLIENT_CODE_LOST) return TB_STATUS(TB_OK);
    tb_status status = client_room_by_no(turn, (uint32_t)request->number, &room);
    if (!tb_is_ok(status)) return TB_STATUS(TB_OK);
    if (room->record_wait_count != 0) room->record_wait_count--;
    if (room->record_wait_count != 0) return TB_STATUS(TB_OK);
    return client_receive_resume(turn, room);
}

static tb_status client_commit_hub_record_came(struct client_turn *turn,
                                               const struct client_request *request,
                                               uint16_t code, tb_bytes body)
{
    struct chat_opaque answer;
    if (code == CHAT_CODE_OK) {
        TRY(client_answer_decode(turn, &chat_opaque_desc, body, &answer));
        tb_status status = client_record_hub_take(turn, answer.value);
        if (client_status_is_fatal(status)) return status;
    }
    return client_commit_records_came(turn, request, code, body);
}

/*
 * Every leaf that is new must be the key in its account's record. A record may be younger than
 * ours, so unknown and wrong leaves are asked for once; then the answer stands.
 */
static tb_status client_commit_leaves(struct client_turn *turn, struct client_room *room,
                                      const struct mls_leaf_view *leaves, size_t count,
                                      bool *is_blocked)
{
    bool may_ask = (room->flags & CLIENT_ROOM_RECORDS_ASKED) == 0;
    for (size_t i = 0; i < count; i++) {
        tb_status status =
            client_record_knows_leaf(turn, leaves[i].identity, leaves[i].signature_key);
        if (tb_is_ok(status)) continue;
        if (client_status_is_fatal(status)) return status;
        tb_bytes account;
        if (!may_ask || !tb_is_ok(chat_names_user_of(leaves[i].identity, &turn->arena, &account))) {
            return status.code == TB_NOT_FOUND ? TB_STATUS(CHAT_LEAF_KEY) : status;
        }
        TRY(client_record_fetch(turn, account, client_commit_records_came, 0, room->row.no));
        room->record_wait_count++;
        *is_blocked = true;
    }
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ taking a commit */

/* Which leaves the hub's pending proposals remove. */
static tb_status client_absent_leaves(struct client_turn *turn, const struct mls_group *group,
                                      const struct chat_policy_leaf *leaves, size_t leaf_count,
                                      const bool **out)
{
    bool *is_absent = tb_arena_take(&turn->arena, leaf_count, sizeof *is_absent);
    if (is_absent == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < mls_group_pending_proposal_count(group); i++) {
        struct mls_staged_proposal pending;
        if (!mls_group_pending_proposal(group, i, &pending)) continue;
        if (pending.sender_type != MLS_SENDER_EXTERNAL) continue;
        if (pending.proposal->proposal_type != MLS_PROPOSAL_REMOVE) continue;
        for (size_t k = 0; k < leaf_count; k++) {
            uint32_t removed = pending.proposal->of.remove->removed;
            is_absent[k] = is_absent[k] || leaves[k].leaf_index == removed;
        }
    }
    *out = is_absent;
    return TB_STATUS(TB_OK);
}

static tb_status client_commit_before(struct client_turn *turn, struct client_room *room,
                                      struct client_epoch_view *out)
{
    struct chat_policy_room *policy = tb_arena_take(&turn->arena, 1, sizeof *policy);
    struct chat_policy_leaf *leaves;
    if (policy == NULL) return TB_STATUS(TB_NO_SPACE);
    TRY(client_room_policy(turn, room, policy));
    TRY(client_room_leaves(turn, room, &leaves, &out->leaf_count));
    TRY(client_absent_leaves(turn, room->group, leaves, out->leaf_count, &out->is_absent));
    out->room = policy;
    out->leaves = leaves;
    return TB_STATUS(TB_OK);
}

static tb_status client_commit_describe(struct client_turn *turn, struct client_room *room,
                                        const struct client_epoch_view *before,
                                        const struct mls_staged_view *view, uint64_t at_ms,
                                        struct client_changes *changes)
{
    struct chat_policy_room after_room;
    struct client_epoch_view after = { .room = &after_room };
    tb_bytes context; /* the merge moves what the view points to */
    TRY(tb_arena_dup(&turn->arena, view->new_group_context, &context));
    TRY(chat_policy_decode(context, &turn->arena, &after_room, NULL));
    TRY(client_commit_judge(turn, room, view, before, &after_room));

    struct chat_policy_leaf *leaves =
        tb_arena_take(&turn->arena, before->leaf_count + view->added_count, sizeof *leaves);
    if (leaves == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < before->leaf_count; i++) {
        bool is_gone = false;
        for (size_t k = 0; k < view->removed_count; k++) {
            is_gone = is_gone || view->removed[k].leaf_index == before->leaves[i].leaf_index;
        }
        if (!is_gone) leaves[after.leaf_count++] = before->leaves[i];
    }
    for (size_t k = 0; k < view->added_count; k++) {
        leaves[after.leaf_count++] = (struct chat_policy_leaf){
            .leaf_index = view->added[k].leaf_index, .identity = view->added[k].identity };
    }
    after.leaves = leaves;
    return client_changes_find(turn, room->group, before, &after, at_ms, changes);
}

/* Whether a device may be removed by others depends on its owner's record, which may be younger
 * than ours: it is asked for once; then the refusal stands. */
static tb_status client_commit_removed_ask(struct client_turn *turn, struct client_room *room,
                                           const struct mls_staged_view *view, tb_status refusal,
                                           bool *is_blocked)
{
    if ((room->flags & CLIENT_ROOM_RECORDS_ASKED) != 0) return refusal;
    for (size_t i = 0; i < view->removed_count; i++) {
        tb_bytes account;
        TRY(chat_names_user_of(view->removed[i].identity, &turn->arena, &account));
        TRY(client_record_fetch(turn, account, client_commit_records_came, 0, room->row.no));
        room->record_wait_count++;
        *is_blocked = true;
    }
    return TB_STATUS(TB_OK);
}

/* A desk that our record of the hub does not name: a newer record may, and is asked for once. */
static tb_status client_commit_desk_ask(struct client_turn *turn, struct client_room *room,
                                        tb_status refusal, bool *is_blocked)
{
    if ((room->flags & CLIENT_ROOM_RECORDS_ASKED) != 0) return refusal;
    struct client_about about = { .number = room->row.no };
    TRY(client_request_send(turn, CHAT_VERB_HUB_RECORD, &(struct chat_nothing){ 0 },
                            client_commit_hub_record_came, &about));
    room->record_wait_count++;
    *is_blocked = true;
    return TB_STATUS(TB_OK);
}

/* Stage and judge somebody else's commit.  *staged is set when it may be merged. */
static tb_status client_commit_stage(struct client_turn *turn, struct client_room *room,
                                     const struct chat_entry_handshake *entry,
                                     const struct client_epoch_view *before,
                                     struct mls_staged **staged, struct client_changes *changes,
                                     bool *is_blocked)
{
    struct mls_received received;
    /* Lifetimes as of the time it was accepted: a device that was away replays the log. */
    TRY(mls_group_receive(room->group, entry->message, entry->accepted_timestamp / 1000, NULL, 0,
                          &turn->arena, &received, NULL));
    if (received.kind != MLS_RECEIVED_COMMIT) return TB_STATUS(MLS_CONTENT_TYPE);
    const struct mls_staged_view *view = mls_staged_view(received.staged);
    tb_status status = TB_STATUS(TB_OK);
    if (!view->removes_us) {
        status = client_commit_leaves(turn, room, view->added, view->added_count, is_blocked);
        if (tb_is_ok(status)) {
            status = client_commit_leaves(turn, room, view->updated, view->updated_count,
                                          is_blocked);
        }
    }
    if (tb_is_ok(status) && !*is_blocked) {
        status = client_commit_describe(turn, room, before, view, entry->accepted_timestamp,
                                        changes);
    }
    if (status.code == CHAT_POLICY_LEAF_RETAINED) {
        status = client_commit_removed_ask(turn, room, view, status, is_blocked);
    }
    if (status.code == CHAT_POLICY_RECIPIENT) {
        status = client_commit_desk_ask(turn, room, status, is_blocked);
    }
    if (!tb_is_ok(status) || *is_blocked) {
        mls_group_drop(room->group, received.staged);
        return status;
    }
    *staged = received.staged;
    return TB_STATUS(TB_OK);
}

static tb_status client_commit_removed_us(struct client_turn *turn, struct client_room *room,
                                          const struct client_changes *changes)
{
    bool is_wish = room->row.leave_wanted && changes->own_decision == 0;
    if (changes->is_still_listed && !is_wish) {
        /* Only this device: it was away too long, and asks to be added again (amendments 6). */
        TRY(client_timeline_release(turn, room));
        return client_room_end(turn, room, CLIENT_ROOM_REJOINING);
    }
    room->row.decision_number = changes->own_decision;
    room->row.tentative_seq = 0;
    TRY(client_timeline_release(turn, room));
    TRY(client_room_end(turn, room, is_wish ? CLIENT_ROOM_LEFT : CLIENT_ROOM_REMOVED));
    return client_show(turn, &(struct client_show){
                                 .kind = CLIENT_SHOW_REMOVED_US,
                                 .room = room->row.room_uri,
                                 .room_name = room->row.name,
                                 .decision_number = room->row.decision_number,
                                 .at_ms = turn->now_ms,
                             });
}

/* The epoch has changed in memory: everything that follows from it. */
static tb_status client_commit_merged(struct client_turn *turn, struct client_room *room,
                                      const struct chat_entry *entry,
                                      const struct client_changes *changes)
{
    room->flags |= CLIENT_ROOM_GROUP_DIRTY;
    room->flags &= ~(unsigned)CLIENT_ROOM_LEAVE_SENT;
    room->row.tentative_seq = entry->log_seq;
    room->duty_at_ms = 0;
    room->retry_at_ms = 0;
    room->retry_count = 0;
    client_room_touch(room);
    TRY(client_invite_used(turn, room, entry->log_seq, entry->body.commit->message));
    for (size_t i = 0; i < changes->count; i++) {
        TRY(client_timeline_add(turn, room, &changes->at[i], NULL));
    }
    if (!mls_group_is_active(room->group)) return client_commit_removed_us(turn, room, changes);
    TRY(client_commit_duty_check(turn, room));
    if (room->row.final_seq != entry->log_seq) return TB_STATUS(TB_OK);
    return client_receive_final(turn, room, entry->log_seq);
}

static tb_status client_commit_take_own(struct client_turn *turn, struct client_room *room,
                                        const struct chat_entry *entry)
{
    struct client_commit_row commit;
    struct client_epoch_view before = { 0 }, after = { 0 };
    struct client_changes changes = { 0 };
    TRY(client_commit_own_get(turn, room, &commit));
    TRY(client_commit_before(turn, room, &before));
    TRY(client_room_before_put(turn, room));
    /* The hub's proposals are forgotten by the merge, so the decisions are looked up before it. */
    uint64_t *numbers =
        tb_arena_take(&turn->arena, before.room->participants.participants.count, sizeof *numbers);
    if (numbers == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < before.room->participants.participants.count; i++) {
        TRY(client_decision_of(turn, room->group, before.room,
                               before.room->participants.participants.at[i].user, &numbers[i]));
    }
    TRY(mls_group_pending_merge(room->group));
    TRY(client_commit_before(turn, room, &after));
    TRY(client_changes_find(turn, room->group, &before, &after,
                            entry->body.commit->accepted_timestamp, &changes));
    for (size_t i = 0; i < changes.count; i++) {
        size_t index = chat_policy_find(&before.room->participants, changes.at[i].account);
        if (index != SIZE_MAX) changes.at[i].decision_number = numbers[index];
    }
    commit.log_seq = entry->log_seq;
    TRY(client_table_put(turn, CLIENT_TABLE_GROUPS,
                         client_key_number(room->row.no, CLIENT_GROUP_COMMIT),
                         &client_commit_row_desc, &commit));
    room->flags &= ~(unsigned)CLIENT_ROOM_COMMIT_SENT;
    return client_commit_merged(turn, room, entry, &changes);
}

static tb_status client_commit_refuse(struct client_turn *turn, struct client_room *room,
                                      const struct chat_entry *entry, uint64_t epoch,
                                      tb_status status)
{
    if (client_status_is_fatal(status)) return status;
    /* Made by this device and unknown to its group: the state that made it is lost. */
    if (status.code == MLS_OWN_MESSAGE) return client_session_rolled_back(turn);
    if ((room->flags & CLIENT_ROOM_BEHIND_GAP) != 0) {
        /* It cites proposals that we were not given.  Banned, we know from the decision log what it
         * does; otherwise we ask to be added again, and are told if we may not. */
        struct client_changes changes = { .own_decision = room->row.decision_number };
        if (changes.own_decision != 0) return client_commit_removed_us(turn, room, &changes);
        return client_room_end(turn, room, CLIENT_ROOM_REJOINING);
    }
    /* Of another epoch than ours: entries are missing, and no NACK would help. */
    if (status.code == MLS_EPOCH || status.code == MLS_EPOCH_PAST) {
        return client_room_end(turn, room, CLIENT_ROOM_REJOINING);
    }
    room->row.refused_seq = entry->log_seq;
    client_room_touch(room);
    TRY(client_show(turn, &(struct client_show){ .kind = CLIENT_SHOW_FAILED_ENTRY,
                                                 .room = room->row.room_uri,
                                                 .room_name = room->row.name,
                                                 .code = status.code,
                                                 .at_ms = turn->now_ms }));
    TRY(client_commit_ack(turn, room, epoch, entry->body.commit->message, status));
    if (room->row.final_seq != entry->log_seq) return TB_STATUS(TB_OK);
    return client_receive_final(turn, room, entry->log_seq);
}

tb_status client_commit_take(struct client_turn *turn, struct client_room *room,
                             const struct chat_entry *entry, bool *is_blocked)
{
    struct mls_group *group;
    struct mls_staged *staged = NULL;
    struct client_epoch_view before = { 0 };
    struct client_changes changes = { 0 };
    TRY(client_room_group(turn, room, &group));
    const struct chat_entry_handshake *handshake = entry->body.commit;
    if (mls_group_is_own_pending(group, handshake->message)) {
        return client_commit_take_own(turn, room, entry);
    }
    uint64_t epoch = mls_group_epoch(group);
    TRY(client_commit_before(turn, room, &before));
    tb_status status =
        client_commit_stage(turn, room, handshake, &before, &staged, &changes, is_blocked);
    if (!tb_is_ok(status)) return client_commit_refuse(turn, room, entry, epoch, status);
    if (*is_blocked) {
        room->flags |= CLIENT_ROOM_RECORDS_ASKED;
        return TB_STATUS(TB_OK);
    }
    if (room->row.has_commit) TRY(client_commit_own_lost(turn, room));
    TRY(client_room_before_put(turn, room));
    TRY(mls_group_merge(group, staged));
    TRY(client_commit_ack(turn, room, epoch, handshake->message, TB_STATUS(TB_OK)));
    return client_commit_merged(turn, room, entry, &changes);
}

tb_status client_commit_rollback(struct client_turn *turn, struct client_room *room,
                                 const struct chat_entry_rollback *rollback)
{
    if (room->row.refused_seq != 0 && room->row.refused_seq == rollback->commit_log_seq) {
        room->row.refused_seq = 0;
        client_room_touch(room);
        return TB_STATUS(TB_OK);
    }
    if (room->row.tentative_seq == 0 || room->row.tentative_seq != rollback->commit_log_seq) {
        /* A final commit cannot be taken back: the hub's history is not the one we have. */
        return client_room_end(turn, room, CLIENT_ROOM_REJOINING);
    }
    TRY(client_room_before_restore(turn, room));
    TRY(client_timeline_undo(turn, room));
    TRY(client_invite_undo(turn, room, rollback->commit_log_seq));
    room->row.tentative_seq = 0;
    client_room_touch(room);
    if (mls_group_epoch(room->group) != rollback->epoch) return TB_STATUS(CLIENT_HUB_ANSWER);
    TRY(client_commit_own_undone(turn, room));
    return client_commit_duty_check(turn, room);
}
