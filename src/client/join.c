/* Requests to join a room, ours and those of others (amendments 23). */
#include "client/rooms.h"

enum {
    CLIENT_JOIN_YIELD_MS_MIN = 1500,  /* the inviter goes first */
    CLIENT_JOIN_YIELD_MS_SPAN = 4000
};

/* ------------------------------------------------------------------ asking */

static tb_status client_join_forget(struct client_turn *turn, tb_bytes room_uri)
{
    return client_table_del(turn, CLIENT_TABLE_JOINS, client_key_bytes(room_uri));
}

static tb_status client_join_answered(struct client_turn *turn,
                                      const struct client_request *request, uint16_t code,
                                      tb_bytes body)
{
    tb_bytes room_uri = client_request_data(request);
    if (code == CHAT_CODE_OK || code == CLIENT_CODE_LOST || code == CHAT_CODE_STORE
        || code == CHAT_CODE_RATE_LIMITED) {
        return TB_STATUS(TB_OK); /* it waits at the hub, or is sent again after the next login */
    }
    struct client_join_row row;
    struct client_room *room;
    tb_status status = client_table_get(turn, CLIENT_TABLE_JOINS, client_key_bytes(room_uri),
                                        &client_join_row_desc, &row);
    if (status.code == TB_NOT_FOUND) return TB_STATUS(TB_OK);
    TRY(status);
    TRY(client_join_forget(turn, room_uri));
    if (row.kind == CHAT_JOIN_KIND_DEVICE && tb_is_ok(client_room_get(turn, room_uri, &room))) {
        TRY(client_room_end(turn, room, CLIENT_ROOM_REMOVED)); /* no participant any more */
        TRY(client_show(turn, &(struct client_show){
                                  .kind = CLIENT_SHOW_REMOVED_US,
                                  .room = room->row.room_uri,
                                  .room_name = room->row.name,
                                  .decision_number = room->row.decision_number,
                                  .at_ms = turn->now_ms,
                              }));
    }
    return client_show_failed(turn, row.op, code, client_answer_detail(turn, body, NULL));
}

static tb_status client_join_send(struct client_turn *turn, tb_bytes room_uri,
                                  const struct client_join_row *row)
{
    struct client *client = turn->client;
    struct chat_join_request request = {
        .kind = row->kind,
        .room_uri = room_uri,
        .account = client->profile.account,
        .device = client->profile.device,
        .time_ms = turn->now_ms,
    };
    struct crypto_signing_key invite = { 0 };
    tb_status status = TB_STATUS(TB_OK);
    bool by_link = row->kind == CHAT_JOIN_KIND_LINK;
    CHECK(chat_records_hash(&client->suite, client->profile.record, request.record_hash));
    if (by_link) CHECK(crypto_signing_key_from(&client->suite, row->seed, &invite));
    CHECK(chat_records_make_join(&client->suite, by_link ? &invite : NULL, &client->device_key,
                                 &request, &turn->arena));
    struct client_about about = { .op = row->op, .data = room_uri };
    CHECK(client_request_send(turn, CHAT_VERB_JOIN_REQUEST, &request, client_join_answered,
                              &about));
out:
    crypto_signing_key_wipe(&invite);
    return status;
}

tb_status client_join_work(struct client_turn *turn)
{
    struct client_pairs rows;
    if (turn->client->is_restricted) return TB_STATUS(TB_OK);
    TRY(client_table_all(turn, CLIENT_TABLE_JOINS, &rows));
    for (size_t i = 0; i < rows.count; i++) {
        struct client_join_row row;
        TRY(wire_decode(&client_join_row_desc, rows.at[i].value, &turn->arena, &row, NULL));
        if (row.kind != CHAT_JOIN_KIND_LINK) continue; /* client_join_again */
        TRY(client_join_send(turn, rows.at[i].key, &row));
    }
    return TB_STATUS(TB_OK);
}

tb_status client_join_again(struct client_turn *turn, struct client_room *room)
{
    if ((room->flags & CLIENT_ROOM_REJOIN_SENT) != 0) return TB_STATUS(TB_OK);
    if (turn->client->is_restricted) return TB_STATUS(TB_OK);
    room->flags |= CLIENT_ROOM_REJOIN_SENT;
    struct client_join_row row = { .op = 0 };
    tb_status status = client_table_get(turn, CLIENT_TABLE_JOINS,
                                        client_key_bytes(room->row.room_uri),
                                        &client_join_row_desc, &row);
    if (status.code != TB_NOT_FOUND) TRY(status);
    row.kind = CHAT_JOIN_KIND_DEVICE; /* whoever waits for the join waits on */
    TRY(client_table_put(turn, CLIENT_TABLE_JOINS, client_key_bytes(room->row.room_uri),
                         &client_join_row_desc, &row));
    return client_join_send(turn, room->row.room_uri, &row);
}

tb_status client_join_as_device(struct client_turn *turn, tb_bytes room_uri)
{
    struct client_join_row row = { .kind = CHAT_JOIN_KIND_DEVICE };
    if (turn->client->is_restricted || room_uri.len > CHAT_URI_LEN_MAX) return TB_STATUS(TB_OK);
    tb_status status = client_table_get(turn, CLIENT_TABLE_JOINS, client_key_bytes(room_uri),
                                        &client_join_row_desc, &row);
    if (status.code != TB_NOT_FOUND) TRY(status);
    row.kind = CHAT_JOIN_KIND_DEVICE;
    TRY(client_table_put(turn, CLIENT_TABLE_JOINS, client_key_bytes(room_uri),
                         &client_join_row_desc, &row));
    return client_join_send(turn, room_uri, &row);
}

static tb_status client_join_begin(struct client_turn *turn, tb_bytes link, uint64_t *op)
{
    struct client *client = turn->client;
    struct chat_invite_secret secret;
    struct client_room *room;
    TRY(client_profile_check(client));
    if (client->is_restricted) return TB_STATUS(CLIENT_RESTRICTED);
    TRY(chat_records_invite_parse(link, &turn->arena, NULL, &secret));
    if (secret.kind != CHAT_INVITE_ROOM) return TB_STATUS(CLIENT_LINK_KIND);
    if (!tb_bytes_equal(TB_ARRAY(secret.hub_root_hash), TB_ARRAY(client->profile.root_hash))
        || !tb_bytes_equal(secret.domain, client->profile.domain)) {
        return TB_STATUS(CLIENT_LINK_HUB);
    }
    if (tb_is_ok(client_room_get(turn, secret.room_uri, &room))
        && (room->row.state == CLIENT_ROOM_CREATING || client_room_is_live(room))) {
        return TB_STATUS(CLIENT_ALREADY_MEMBER);
    }
    if (secret.room_uri.len == 0) return TB_STATUS(CLIENT_LINK_KIND);
    *op = client_op_new(client);
    struct client_join_row row = {
        .kind = CHAT_JOIN_KIND_LINK,
        .op = *op,
        .seed = TB_ARRAY(secret.seed),
    };
    TRY(client_table_put(turn, CLIENT_TABLE_JOINS, client_key_bytes(secret.room_uri),
                         &client_join_row_desc, &row));
    if (!client_is_online(client)) return TB_STATUS(TB_OK);
    return client_join_send(turn, secret.room_uri, &row);
}

tb_status client_room_join(struct client *client, uint64_t now_ms, tb_bytes link,
                           struct client_effects *effects, uint64_t *op)
{
    struct client_turn turn;
    tb_status status = client_turn_begin(&turn, client, now_ms, effects);
    if (tb_is_ok(status)) status = client_join_begin(&turn, link, op);
    return client_turn_end(&turn, status);
}

/* ------------------------------------------------------------------ others ask */

/* The inviter's client takes the request at once; the others give it time. */
static tb_status client_join_yield(struct client_turn *turn,
                                   const struct chat_join_request *request, uint64_t *not_before_ms)
{
    struct client_invite_row invite;
    uint8_t random[2];
    *not_before_ms = 0;
    if (request->kind == CHAT_JOIN_KIND_LINK && request->invite_key.len <= CHAT_URI_LEN_MAX) {
        tb_status status = client_table_get(turn, CLIENT_TABLE_INVITES,
                                            client_key_bytes(request->invite_key),
                                            &client_invite_row_desc, &invite);
        if (status.code != TB_NOT_FOUND) TRY(status);
        bool is_ours = tb_is_ok(status)
                       && tb_bytes_equal(invite.inviter, turn->client->profile.account);
        if (is_ours) return TB_STATUS(TB_OK);
    }
    TRY(tb_rng_fill(turn->client->config.rng, random, sizeof random));
    *not_before_ms = turn->now_ms + CLIENT_JOIN_YIELD_MS_MIN
                     + (uint64_t)CLIENT_JOIN_YIELD_MS_SPAN * tb_get_u16(random) / 65536;
    return TB_STATUS(TB_OK);
}

/* What came is in the table of people: all that was wanted. */
static tb_status client_join_known(struct client_turn *turn, const struct client_request *request,
                                   uint16_t code, tb_bytes body)
{
    (void)turn, (void)request, (void)code, (void)body;
    return TB_STATUS(TB_OK);
}

/* Where newcomers need approval, somebody has to say so; who may is told once. */
static tb_status client_join_hold(struct client_turn *turn, struct client_room *room,
                                  const struct chat_join_request *request, bool *is_held)
{
    struct chat_policy_room policy;
    TRY(client_room_policy(turn, room, &policy));
    *is_held = policy.rules.join_approval != 0; /* for good, where it is not ours to approve */
    if (!*is_held || !chat_policy_user_can(&policy, turn->client->profile.account, CHAT_CAN_KICK)) {
        return TB_STATUS(TB_OK);
    }
    TRY(client_record_fetch(turn, request->account, client_join_known, 0, 0));
    return client_show(turn, &(struct client_show){
                                 .kind = CLIENT_SHOW_ASKED,
                                 .room = room->row.room_uri,
                                 .room_name = room->row.name,
                                 .account = request->account,
                                 .handle = client_record_handle(turn, request->account) });
}

tb_status client_join_take_request(struct client_turn *turn,
                                   const struct chat_join_request *request)
{
    struct client_room *room;
    tb_status status = client_room_get(turn, request->room_uri, &room);
    if (status.code == TB_NOT_FOUND) return TB_STATUS(TB_OK);
    TRY(status);
    bool is_own = tb_bytes_equal(request->device, turn->client->profile.device);
    if (room->row.state != CLIENT_ROOM_OPEN || is_own) return TB_STATUS(TB_OK);
    if (!chat_names_is_of_user(request->device, request->account)) return TB_STATUS(TB_OK);
    bool by_link = request->kind == CHAT_JOIN_KIND_LINK;
    if (!by_link && request->kind != CHAT_JOIN_KIND_DEVICE) return TB_STATUS(TB_OK);
    struct client_intent_params params = {
        .kind = by_link ? CLIENT_INTENT_ADD : CLIENT_INTENT_DEVICE,
        .account = request->account,
        .device = by_link ? (tb_bytes){ 0 } : request->device,
        .request = request,
    };
    /* Our own devices are ours to add; the others give us time. */
    bool is_of_us = tb_bytes_equal(request->account, turn->client->profile.account);
    if (by_link || !is_of_us) TRY(client_join_yield(turn, request, &params.not_before_ms));
    if (by_link) TRY(client_join_hold(turn, room, request, &params.is_held));
    return client_intent_add(turn, room, &params);
}
