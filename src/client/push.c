/* What the hub says unasked. */
#include "client/desk.h"
#include "client/devices.h"

static tb_status client_room_is_out(struct client_turn *turn, struct client_room *room,
                                    const struct chat_room_state *state)
{
    /* The commit that removes us, if the hub still has it for us, tells more than this. */
    bool is_kept = state->cursor < state->log_seq;
    if (room->row.cursor < state->log_seq && is_kept) return TB_STATUS(TB_OK);
    bool is_known = room->row.leave_wanted || room->row.decision_number != 0;
    if (!is_known && !turn->client->is_restricted) {
        /* Only this device may be out, for its absence (amendments 6): the answer to the request to
         * be added again tells. */
        return client_room_end(turn, room, CLIENT_ROOM_REJOINING);
    }
    TRY(client_room_end(turn, room, CLIENT_ROOM_REMOVED));
    return client_show(turn, &(struct client_show){ .kind = CLIENT_SHOW_REMOVED_US,
                                                    .room = room->row.room_uri,
                                                    .room_name = room->row.name,
                                                    .decision_number = room->row.decision_number,
                                                    .at_ms = turn->now_ms });
}

tb_status client_session_room_state(struct client_turn *turn, struct client_room *room,
                                    const struct chat_room_state *state)
{
    bool is_live = client_room_is_live(room);
    if (!is_live) return TB_STATUS(TB_OK);
    if (state->log_seq > room->hub_log_seq) room->hub_log_seq = state->log_seq;
    /* Names the newest final entry exactly, whether we have taken it or it is still to come; of
     * older commits the entry behind them tells whether they stood. */
    TRY(client_receive_final(turn, room, state->final_seq));
    if (room->row.state == CLIENT_ROOM_REJOINING) return TB_STATUS(TB_OK);
    client_room_touch(room);
    switch (state->state) {
    case CLIENT_HUB_ROOM_FROZEN: room->row.state = CLIENT_ROOM_FROZEN; break;
    case CLIENT_HUB_ROOM_SHUT: room->row.state = CLIENT_ROOM_SHUT; break;
    case CLIENT_HUB_ROOM_OPEN:
        /* The hub lost what we have taken already: our keys are of an epoch that is no more. */
        if (room->row.cursor > state->log_seq) {
            return client_room_end(turn, room, CLIENT_ROOM_REJOINING);
        }
        room->row.state = CLIENT_ROOM_OPEN;
        break;
    case CLIENT_HUB_ROOM_CLOSED:
        TRY(client_room_end(turn, room, CLIENT_ROOM_CLOSED));
        return client_show(turn, &(struct client_show){ .kind = CLIENT_SHOW_ROOM_CLOSED,
                                                        .room = room->row.room_uri,
                                                        .room_name = room->row.name });
    case CLIENT_HUB_ROOM_OUT: return client_room_is_out(turn, room, state);
    default: return TB_STATUS(CLIENT_HUB_ANSWER);
    }
    return TB_STATUS(TB_OK);
}

tb_status client_session_subscribe(struct client_turn *turn, struct client_room *room)
{
    struct chat_cursor cursor = { room->row.room_uri, room->row.cursor };
    struct chat_cursors cursors = { { &cursor, 1 } };
    room->flags |= CLIENT_ROOM_SUBSCRIBED;
    return client_request_send(turn, CHAT_VERB_SUBSCRIBE, &cursors, NULL, NULL);
}

static tb_status client_push_state(struct client_turn *turn, const struct chat_session_state *state)
{
    struct client *client = turn->client;
    client->is_desk = state->is_desk;
    if (state->is_restricted == client->is_restricted) return TB_STATUS(TB_OK);
    client->is_restricted = state->is_restricted;
    return client_show(turn, &(struct client_show){ .kind = client->is_restricted
                                                              ? CLIENT_SHOW_RESTRICTED
                                                              : CLIENT_SHOW_ONLINE,
                                                    .account = client->profile.account,
                                                    .is_restricted = client->is_restricted });
}

static tb_status client_push_room(struct client_turn *turn, uint16_t push, const void *body)
{
    const struct chat_cursor *cursor = body;
    const struct chat_room_state *state = body;
    struct client_room *room;
    tb_bytes room_uri = push == CHAT_PUSH_FINAL ? cursor->room_uri : state->room_uri;
    tb_status status = client_room_get(turn, room_uri, &room);
    if (status.code == TB_NOT_FOUND) return TB_STATUS(TB_OK); /* left long ago */
    TRY(status);
    if (push == CHAT_PUSH_FINAL) return client_receive_final(turn, room, cursor->log_seq);
    TRY(client_session_room_state(turn, room, state));
    bool is_live = client_room_is_live(room);
    return is_live ? client_receive_missing(turn, room, state) : TB_STATUS(TB_OK);
}

static tb_status client_push_take(struct client_turn *turn, const struct chat_push_frame *frame,
                                  void *body)
{
    const struct chat_key_packages_answer *packages = body;
    const struct chat_opaque *opaque = body;
    switch (frame->push) {
    case CHAT_PUSH_PAGE: return client_receive_page(turn, frame->body);
    case CHAT_PUSH_FINAL:
    case CHAT_PUSH_ROOM_STATE: return client_push_room(turn, frame->push, body);
    case CHAT_PUSH_WELCOME: return client_welcome_take(turn, frame->body);
    case CHAT_PUSH_JOIN_REQUEST: return client_join_take_request(turn, body);
    case CHAT_PUSH_CONSENT: return client_consent_take(turn, body);
    case CHAT_PUSH_REPORT_WAITING:
        return client_show(turn, &(struct client_show){ .kind = CLIENT_SHOW_REPORT_WAITING });
    case CHAT_PUSH_SESSION_STATE: return client_push_state(turn, body);
    case CHAT_PUSH_KEY_PACKAGES_LOW:
        return client_key_package_top_up(turn, packages->count, packages->has_last_resort);
    case CHAT_PUSH_DECISION: return client_decision_came(turn, body);
    case CHAT_PUSH_CLOSING: return TB_STATUS(TB_OK); /* the end of the connection follows */
    case CHAT_PUSH_RECORD: return client_devices_pushed(turn, opaque->value);
    case CHAT_PUSH_STUB_ASK: return client_opening_asked(turn, body);
    case CHAT_PUSH_HUB_RECORD: return client_record_hub_take(turn, opaque->value);
    default: return TB_STATUS(TB_OK);
    }
}

tb_status client_session_push(struct client_turn *turn, tb_bytes frame)
{
    struct chat_push_frame push;
    TRY(client_answer_decode(turn, &chat_push_frame_desc, frame, &push));
    const struct chat_push_row *row = chat_push_row(push.push);
    if (row == NULL) return TB_STATUS(TB_OK); /* of a later version: nothing for us */
    void *body = tb_arena_take(&turn->arena, 1, row->body->size);
    if (body == NULL) return TB_STATUS(TB_NO_SPACE);
    TRY(client_answer_decode(turn, row->body, push.body, body));
    bool is_before_login = turn->client->session != CLIENT_SESSION_ONLINE;
    if (is_before_login && push.push != CHAT_PUSH_CLOSING) return TB_STATUS(CLIENT_HUB_ANSWER);
    return client_push_take(turn, &push, body);
}
