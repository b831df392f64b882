/* Leaving a room: a SelfRemove that others commit (spec 3.4), said again in each new epoch. */
#include "client/rooms.h"

static tb_status client_leave_answered(struct client_turn *turn,
                                       const struct client_request *request, uint16_t code,
                                       tb_bytes body)
{
    struct client_room *room;
    if (!tb_is_ok(client_room_by_no(turn, (uint32_t)request->number, &room))) {
        return TB_STATUS(TB_OK);
    }
    if (code == CHAT_CODE_OK) {
        /* From here on the hub asks the others to commit it. */
        return client_show_done(turn, request->op,
                                &(struct client_show){ .room = room->row.room_uri });
    }
    room->flags &= ~(unsigned)CLIENT_ROOM_LEAVE_SENT;
    bool is_later = code == CHAT_CODE_WRONG_EPOCH || code == CHAT_CODE_TENTATIVE
                    || code == CHAT_CODE_FROZEN || code == CHAT_CODE_RATE_LIMITED
                    || code == CHAT_CODE_STORE;
    if (code == CLIENT_CODE_LOST) return TB_STATUS(TB_OK);
    if (is_later) return client_room_retry(turn, room);
    room->row.leave_wanted = false;
    client_room_touch(room);
    return client_show_failed(turn, request->op, code, client_answer_detail(turn, body, NULL));
}

/* The SelfRemove of this epoch: made and stored once, then the same octets at each try. */
static tb_status client_leave_message(struct client_turn *turn, struct client_room *room,
                                      tb_bytes *message)
{
    struct mls_proposal proposal = { .proposal_type = MLS_PROPOSAL_SELF_REMOVE };
    struct client_key key = client_key_number(room->row.no, CLIENT_GROUP_LEAVE);
    uint64_t made = mls_group_epoch(room->group) + 1;
    if (room->row.leave_made == made) {
        return client_table_get_raw(turn, CLIENT_TABLE_GROUPS, key, message);
    }
    TRY(mls_group_propose(room->group, &proposal, TB_LITERAL("\0"), true, &turn->arena, message));
    TRY(client_table_put_raw(turn, CLIENT_TABLE_GROUPS, key, *message));
    room->row.leave_made = made;
    room->flags |= CLIENT_ROOM_GROUP_DIRTY;
    client_room_touch(room);
    return client_commit_duty_check(turn, room);
}

tb_status client_leave_work(struct client_turn *turn, struct client_room *room)
{
    struct mls_group *group;
    struct chat_room_update update = { .room_uri = room->row.room_uri };
    if ((room->flags & CLIENT_ROOM_LEAVE_SENT) != 0) return TB_STATUS(TB_OK);
    TRY(client_room_group(turn, room, &group));
    /* In the log of this epoch it gates every commit, so the next one carries it. */
    if (room->row.leave_epoch == mls_group_epoch(group) + 1) return TB_STATUS(TB_OK);
    TRY(client_leave_message(turn, room, &update.handshake));
    room->flags |= CLIENT_ROOM_LEAVE_SENT;
    struct client_about about = { .op = room->leave_op, .number = room->row.no };
    return client_request_send(turn, CHAT_VERB_ROOM_UPDATE, &update, client_leave_answered,
                               &about);
}

tb_status client_leave_see(struct client_turn *turn, struct client_room *room, tb_bytes message)
{
    struct mls_message in;
    tb_status status = wire_decode(&mls_message_desc, message, &turn->arena, &in, NULL);
    if (client_status_is_fatal(status)) return status;
    if (!tb_is_ok(status) || in.wire_format != MLS_WIRE_PUBLIC_MESSAGE) return TB_STATUS(TB_OK);
    const struct mls_framed_content *content = &in.of.public_message->authenticated.content;
    bool is_own = content->sender.sender_type == MLS_SENDER_MEMBER
                  && content->sender.of.leaf_index->value == mls_group_own_leaf(room->group)
                  && content->content_type == MLS_CONTENT_PROPOSAL
                  && content->of.proposal->proposal_type == MLS_PROPOSAL_SELF_REMOVE
                  && content->epoch == mls_group_epoch(room->group);
    if (!is_own) return TB_STATUS(TB_OK);
    /* Said by this device and unknown to this state: the state that said it is lost. */
    if (room->row.leave_made != content->epoch + 1) return client_session_rolled_back(turn);
    room->row.leave_epoch = content->epoch + 1;
    client_room_touch(room);
    return TB_STATUS(TB_OK);
}

/* Without an owner the desk could take nobody in and publish no key; reports would lie there. */
static tb_status client_leave_check(struct client_turn *turn, struct client_room *room)
{
    struct client *client = turn->client;
    struct chat_policy_room policy;
    bool has_owner = false, has_other = false;
    if (!tb_bytes_equal(room->row.room_uri, client->hub.desk_uri)) return TB_STATUS(TB_OK);
    TRY(client_room_policy(turn, room, &policy));
    tb_bytes self = client->profile.account;
    bool is_owner = chat_policy_role_of(&policy.participants, self) == CHAT_ROLE_OWNER;
    for (size_t i = 0; i < policy.participants.participants.count; i++) {
        const struct chat_user_role_pair *person = &policy.participants.participants.at[i];
        if (tb_bytes_equal(person->user, self)) continue;
        has_owner = has_owner || person->role_index == CHAT_ROLE_OWNER;
        has_other = has_other || person->role_index != CHAT_ROLE_BANNED;
    }
    bool may_leave = is_owner ? has_owner : has_other;
    return TB_STATUS(may_leave ? TB_OK : CLIENT_DESK_LAST);
}

tb_status client_room_leave(struct client *client, uint64_t now_ms, tb_bytes room_uri,
                            struct client_effects *effects, uint64_t *op)
{
    struct client_turn turn;
    struct client_room *room;
    tb_status status = client_turn_begin(&turn, client, now_ms, effects);
    if (tb_is_ok(status)) status = client_room_open(&turn, room_uri, &room);
    if (tb_is_ok(status)) status = client_leave_check(&turn, room);
    if (tb_is_ok(status)) {
        room->row.leave_wanted = true;
        room->leave_op = *op = client_op_new(client);
        room->flags &= ~(unsigned)CLIENT_ROOM_LEAVE_SENT;
        client_room_touch(room);
        status = client_session_work(&turn);
    }
    return client_turn_end(&turn, status);
}
