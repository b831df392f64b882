/* Leaving a room: a SelfRemove that others commit (spec 3.4).  It is said again in each new epoch. */
#include "client/engine.h"

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

tb_status client_leave_send(struct client_turn *turn, struct client_room *room)
{
    struct mls_group *group;
    struct mls_proposal proposal = { .proposal_type = MLS_PROPOSAL_SELF_REMOVE };
    struct chat_room_update update = { .room_uri = room->row.room_uri };
    TRY(client_room_group(turn, room, &group));
    tb_status status = mls_group_propose(group, &proposal, TB_LITERAL("\0"), true, &turn->arena,
                                         &update.handshake);
    room->flags |= CLIENT_ROOM_LEAVE_SENT;
    /* Proposed in this epoch already: the hub has it, or will hear of it in the next. */
    if (status.code == MLS_PENDING_TWICE) return TB_STATUS(TB_OK);
    TRY(status);
    room->flags |= CLIENT_ROOM_GROUP_DIRTY;
    struct client_about about = { .op = room->leave_op, .number = room->row.no };
    return client_request_send(turn, CHAT_VERB_ROOM_UPDATE, &update, client_leave_answered,
                               &about);
}

tb_status client_room_leave(struct client *client, uint64_t now_ms, tb_bytes room_uri,
                            struct client_effects *effects, uint64_t *op)
{
    struct client_turn turn;
    struct client_room *room;
    tb_status status = client_turn_begin(&turn, client, now_ms, effects);
    if (tb_is_ok(status)) status = client_room_open(&turn, room_uri, &room);
    if (tb_is_ok(status)) {
        room->row.leave_wanted = true;
        room->leave_op = *op = client_op_new(client);
        room->flags &= ~(unsigned)CLIENT_ROOM_LEAVE_SENT;
        client_room_touch(room);
        status = client_session_work(&turn);
    }
    return client_turn_end(&turn, status);
}
