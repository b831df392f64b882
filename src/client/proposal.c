/* Standalone proposals of the log: judged by the room's policy, and kept for the commit. */
#include "client/desk.h"

static tb_status client_proposal_judge(struct client_turn *turn, struct client_room *room,
                                       const struct mls_received *received)
{
    struct chat_policy_room policy;
    struct chat_policy_proposal proposal = {
        .proposal = received->proposal,
        .sender_type = received->sender_type,
        .by_reference = true,
        .authenticated_data = received->authenticated_data,
    };
    if (received->sender_type == MLS_SENDER_MEMBER) {
        proposal.sender_identity = received->sender_identity;
    }
    TRY(client_room_policy(turn, room, &policy));
    return chat_policy_check_proposal(&policy, &room->suite, &proposal, &turn->arena);
}

tb_status client_commit_take_proposal(struct client_turn *turn, struct client_room *room,
                                      const struct chat_entry *entry)
{
    struct mls_group *group;
    struct mls_received received;
    TRY(client_room_group(turn, room, &group));
    size_t count_before = mls_group_pending_proposal_count(group);
    TRY(client_leave_see(turn, room, entry->body.proposal->message));
    const struct chat_entry_handshake *handshake = entry->body.proposal;
    tb_status status = mls_group_receive(group, handshake->message,
                                         handshake->accepted_timestamp / 1000, NULL, 0,
                                         &turn->arena, &received, NULL);
    if (client_status_is_fatal(status)) return status;
    if (status.code == MLS_EPOCH) return client_room_end(turn, room, CLIENT_ROOM_REJOINING);
    /* Our own SelfRemove comes back and is pending already; what is invalid changes nothing. */
    if (!tb_is_ok(status)) return TB_STATUS(TB_OK);
    if (received.kind != MLS_RECEIVED_PROPOSAL) {
        if (received.kind == MLS_RECEIVED_COMMIT) mls_group_drop(group, received.staged);
        return TB_STATUS(TB_OK);
    }
    status = client_proposal_judge(turn, room, &received);
    if (client_status_is_fatal(status)) return status;
    if (!tb_is_ok(status)) {
        /* Whoever commits it all the same is refused by the same rule. */
        size_t count = mls_group_pending_proposal_count(group);
        if (count > count_before) mls_group_pending_proposal_drop(group, count - 1);
        return TB_STATUS(TB_OK);
    }
    TRY(client_retract_take(turn, room, &received));
    room->flags |= CLIENT_ROOM_GROUP_DIRTY;
    return client_commit_duty_check(turn, room);
}
