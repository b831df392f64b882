/*
 * Invitations to rooms: made and taken back by a member, announced in the room, and counted by all
 * of its members from the log, so that no hub can let more people in than the inviter wanted.
 */
#include "client/rooms.h"

#include <string.h>

#include "chat/content.h"
#include "chat/safe_aad.h"
#include "wire/cbor.h"

enum {
    CLIENT_INVITE_LIFE_MS = 7 * 86400 * 1000,
    CLIENT_UNINVITE_COUNT_MAX = 256 /* keys of one announcement */
};

static tb_status client_invite_get(struct client_turn *turn, tb_bytes invite_key,
                                   struct client_invite_row *out)
{
    return client_table_get(turn, CLIENT_TABLE_INVITES, client_key_bytes(invite_key),
                            &client_invite_row_desc, out);
}

static tb_status client_invite_set(struct client_turn *turn, tb_bytes invite_key,
                                   const struct client_invite_row *row)
{
    return client_table_put(turn, CLIENT_TABLE_INVITES, client_key_bytes(invite_key),
                            &client_invite_row_desc, row);
}

/* ------------------------------------------------------------------ announcing */

/* {1: public key, 2: expires ms, 3: uses} */
static tb_status client_invite_body(struct client_turn *turn, tb_bytes invite_key,
                                    uint64_t expires_ms, uint32_t use_count_max, tb_bytes *out)
{
    struct tb_buf buf;
    tb_status status = TB_STATUS(TB_OK);
    tb_buf_init(&buf, turn->client->config.mem, 1024);
    CHECK(wire_cbor_put_map(&buf, 3));
    CHECK(wire_cbor_put_uint(&buf, 1));
    CHECK(wire_cbor_put_bytes(&buf, invite_key));
    CHECK(wire_cbor_put_uint(&buf, 2));
    CHECK(wire_cbor_put_uint(&buf, expires_ms));
    CHECK(wire_cbor_put_uint(&buf, 3));
    CHECK(wire_cbor_put_uint(&buf, use_count_max));
    CHECK(tb_arena_dup(&turn->arena, tb_buf_view(&buf), out));
out:
    tb_buf_wipe(&buf);
    return status;
}

static tb_status client_invite_take(struct wire_cbor *cbor, tb_bytes *invite_key,
                                    uint64_t *expires_ms, uint64_t *use_count_max)
{
    size_t count;
    uint64_t key;
    TRY(wire_cbor_take_map(cbor, &count));
    if (count != 3) return TB_STATUS(WIRE_CBOR_TYPE);
    TRY(wire_cbor_take_uint(cbor, &key));
    if (key != 1) return TB_STATUS(WIRE_CBOR_TYPE);
    TRY(wire_cbor_take_bytes(cbor, invite_key));
    TRY(wire_cbor_take_uint(cbor, &key));
    if (key != 2) return TB_STATUS(WIRE_CBOR_TYPE);
    TRY(wire_cbor_take_uint(cbor, expires_ms));
    TRY(wire_cbor_take_uint(cbor, &key));
    if (key != 3) return TB_STATUS(WIRE_CBOR_TYPE);
    return wire_cbor_take_uint(cbor, use_count_max);
}

tb_status client_invite_announced(struct client_turn *turn, struct client_room *room,
                                tb_bytes inviter, tb_bytes body)
{
    struct wire_cbor cbor;
    struct chat_policy_room policy;
    tb_bytes invite_key;
    uint64_t expires_ms, use_count_max;
    TRY(wire_cbor_open(body, &cbor));
    TRY(client_invite_take(&cbor, &invite_key, &expires_ms, &use_count_max));
    TRY(client_room_policy(turn, room, &policy));
    if (!chat_policy_user_can(&policy, inviter, CHAT_CAN_ADD_PARTICIPANT)) {
        return TB_STATUS(CLIENT_PERMISSION);
    }
    if (invite_key.len == 0 || invite_key.len > CRYPTO_SIGN_PUBLIC_MAX) {
        return TB_STATUS(CRYPTO_KEY);
    }
    /* Whoever reads an announcement could repeat it elsewhere, and so take it from here. */
    struct client_invite_row known;
    tb_status status = client_invite_get(turn, invite_key, &known);
    if (status.code != TB_NOT_FOUND) {
        TRY(status);
        bool is_same = tb_bytes_equal(known.room_uri, room->row.room_uri)
                       && tb_bytes_equal(known.inviter, inviter);
        if (!is_same) return TB_STATUS(CHAT_JOIN_INVITE);
    }
    struct client_invite_row row = {
        .room_uri = room->row.room_uri,
        .inviter = inviter,
        .expires_ms = expires_ms,
        .use_count_max = use_count_max > UINT32_MAX ? UINT32_MAX : (uint32_t)use_count_max,
    };
    if (status.code != TB_NOT_FOUND) { /* said again: what was used or taken back stays so */
        row.use_count = known.use_count;
        row.used_log_seq = known.used_log_seq;
        row.is_revoked = known.is_revoked;
    }
    return client_invite_set(turn, invite_key, &row);
}

static tb_status client_invite_answered(struct client_turn *turn,
                                        const struct client_request *request, uint16_t code,
                                        tb_bytes body)
{
    if (code == CLIENT_CODE_LOST) code = CLIENT_OFFLINE;
    if (code != CHAT_CODE_OK) {
        return client_show_failed(turn, request->op, code, client_answer_detail(turn, body, NULL));
    }
    return client_show_done(turn, request->op,
                            &(struct client_show){ .text = client_request_data(request) });
}

static tb_status client_invite_make(struct client_turn *turn, struct client_room *room,
                                    uint64_t expires_ms, uint32_t use_count_max, uint64_t op)
{
    struct client *client = turn->client;
    struct chat_invite_secret secret = {
        .version = 1,
        .kind = CHAT_INVITE_ROOM,
        .domain = client->profile.domain,
        .room_uri = room->row.room_uri,
        .inviter = client->profile.account,
    };
    struct crypto_signing_key key = { 0 };
    tb_status status = TB_STATUS(TB_OK);
    tb_bytes link, body;
    memcpy(secret.hub_root_hash, client->profile.root_hash, CHAT_HASH_LEN);
    CHECK(tb_rng_fill(client->config.rng, secret.seed, sizeof secret.seed));
    CHECK(chat_records_invite_key(&client->suite, &secret, &key));
    CHECK(chat_records_invite_link(client->profile.origin, &secret, &turn->arena, &link));
    tb_bytes public_key = crypto_signing_key_public(&key);
    CHECK(client_invite_body(turn, public_key, expires_ms, use_count_max, &body));
    CHECK(client_invite_announced(turn, room, client->profile.account, body));
    /* Members must know the key before somebody asks with it. */
    struct client_send_params message = {
        .content_type = TB_LITERAL(CHAT_TYPE_INVITE), .body = body, .is_silent = true };
    CHECK(client_send_content(turn, room, &message));
    struct chat_invite_put put = {
        .kind = CHAT_INVITE_ROOM,
        .invite_key = public_key,
        .room_uri = room->row.room_uri,
        .expires_ms = expires_ms,
        .use_count_max = use_count_max,
    };
    struct client_about about = { .op = op, .data = link };
    CHECK(client_request_send(turn, CHAT_VERB_INVITE_PUT, &put, client_invite_answered, &about));
out:
    crypto_signing_key_wipe(&key);
    tb_wipe(&secret, sizeof secret);
    return status;
}

tb_status client_room_invite_link(struct client *client, uint64_t now_ms, tb_bytes room_uri,
                                  uint64_t expires_ms, uint32_t use_count_max,
                                  struct client_effects *effects, uint64_t *op)
{
    struct client_turn turn;
    struct client_room *room;
    tb_status status = client_turn_begin(&turn, client, now_ms, effects);
    if (tb_is_ok(status)) status = client_room_open(&turn, room_uri, &room);
    if (tb_is_ok(status) && room->row.state != CLIENT_ROOM_OPEN) {
        status = TB_STATUS(CLIENT_ROOM_STATE);
    }
    if (tb_is_ok(status) && !client_is_online(client)) status = TB_STATUS(CLIENT_OFFLINE);
    if (tb_is_ok(status)) {
        uint64_t until_ms = expires_ms != 0 ? expires_ms : now_ms + CLIENT_INVITE_LIFE_MS;
        *op = client_op_new(client);
        status = client_invite_make(&turn, room, until_ms, use_count_max != 0 ? use_count_max : 1,
                                    *op);
    }
    if (tb_is_ok(status)) status = client_session_work(&turn);
    return client_turn_end(&turn, status);
}

/* ------------------------------------------------------------------ taking back */

/* {1: [public key...]} */
static tb_status client_uninvite_body(struct client_turn *turn, const struct wire_opaque *keys,
                                      size_t count, tb_bytes *out)
{
    struct tb_buf buf;
    tb_status status = TB_STATUS(TB_OK);
    tb_buf_init(&buf, turn->client->config.mem, 32 + count * (CRYPTO_SIGN_PUBLIC_MAX + 8));
    CHECK(wire_cbor_put_map(&buf, 1));
    CHECK(wire_cbor_put_uint(&buf, 1));
    CHECK(wire_cbor_put_array(&buf, count));
    for (size_t i = 0; i < count; i++) CHECK(wire_cbor_put_bytes(&buf, keys[i].value));
    CHECK(tb_arena_dup(&turn->arena, tb_buf_view(&buf), out));
out:
    tb_buf_wipe(&buf);
    return status;
}

/* May the account take this invitation back: its own, or as one who may remove people? */
static bool client_uninvite_may(const struct chat_policy_room *policy, tb_bytes account,
                                const struct client_invite_row *row)
{
    return tb_bytes_equal(row->inviter, account)
           || chat_policy_user_can(policy, account, CHAT_CAN_REMOVE_PARTICIPANT);
}

tb_status client_invite_withdrawn(struct client_turn *turn, struct client_room *room,
                                  tb_bytes sender, tb_bytes body)
{
    struct wire_cbor cbor;
    struct chat_policy_room policy;
    size_t count;
    uint64_t key;
    TRY(wire_cbor_open(body, &cbor));
    TRY(wire_cbor_take_map(&cbor, &count));
    if (count != 1) return TB_STATUS(WIRE_CBOR_TYPE);
    TRY(wire_cbor_take_uint(&cbor, &key));
    if (key != 1) return TB_STATUS(WIRE_CBOR_TYPE);
    TRY(wire_cbor_take_array(&cbor, &count));
    if (count > CLIENT_UNINVITE_COUNT_MAX) return TB_STATUS(WIRE_CBOR_TYPE);
    TRY(client_room_policy(turn, room, &policy));
    for (size_t i = 0; i < count; i++) {
        struct client_invite_row row;
        tb_bytes invite_key;
        TRY(wire_cbor_take_bytes(&cbor, &invite_key));
        if (invite_key.len > CRYPTO_SIGN_PUBLIC_MAX) return TB_STATUS(CRYPTO_KEY);
        tb_status status = client_invite_get(turn, invite_key, &row);
        if (status.code == TB_NOT_FOUND) continue;
        TRY(status);
        bool is_here = tb_bytes_equal(row.room_uri, room->row.room_uri);
        if (!is_here || !client_uninvite_may(&policy, sender, &row)) continue;
        row.is_revoked = true;
        TRY(client_invite_set(turn, invite_key, &row));
    }
    return TB_STATUS(TB_OK);
}

/* What stands of this room: whether it can still be used is the caller's question. */
static tb_status client_invite_of_room(struct client_turn *turn, const struct client_room *room,
                                       const struct client_pair *pair,
                                       struct client_invite_row *row, bool *is_standing)
{
    TRY(wire_decode(&client_invite_row_desc, pair->value, &turn->arena, row, NULL));
    *is_standing = !row->is_revoked && tb_bytes_equal(row->room_uri, room->row.room_uri);
    return TB_STATUS(TB_OK);
}

/* The one that was named, or all that this account made for the room. */
static tb_status client_uninvite_choose(struct client_turn *turn, struct client_room *room,
                                        tb_bytes wanted, struct wire_opaque *keys, size_t *count)
{
    struct client_pairs pairs;
    struct chat_policy_room policy;
    tb_bytes self = turn->client->profile.account;
    TRY(client_room_policy(turn, room, &policy));
    TRY(client_table_all(turn, CLIENT_TABLE_INVITES, &pairs));
    *count = 0;
    for (size_t i = 0; i < pairs.count && *count < CLIENT_UNINVITE_COUNT_MAX; i++) {
        struct client_invite_row row;
        bool is_standing;
        TRY(client_invite_of_room(turn, room, &pairs.at[i], &row, &is_standing));
        if (!is_standing) continue;
        if (wanted.len == 0 && !tb_bytes_equal(row.inviter, self)) continue;
        if (wanted.len != 0 && !tb_bytes_equal(pairs.at[i].key, wanted)) continue;
        if (!client_uninvite_may(&policy, self, &row)) return TB_STATUS(CLIENT_PERMISSION);
        keys[(*count)++].value = pairs.at[i].key;
    }
    return wanted.len != 0 && *count == 0 ? TB_STATUS(TB_NOT_FOUND) : TB_STATUS(TB_OK);
}

static tb_status client_uninvite_answered(struct client_turn *turn,
                                          const struct client_request *request, uint16_t code,
                                          tb_bytes body)
{
    if (code == CLIENT_CODE_LOST) code = CLIENT_OFFLINE;
    if (code != CHAT_CODE_OK) {
        return client_show_failed(turn, request->op, code, client_answer_detail(turn, body, NULL));
    }
    return client_show_done(turn, request->op,
                            &(struct client_show){ .number = request->number });
}

static tb_status client_uninvite(struct client_turn *turn, struct client_room *room,
                                 tb_bytes invite_key, uint64_t op)
{
    struct wire_opaque keys[CLIENT_UNINVITE_COUNT_MAX];
    size_t count;
    tb_bytes body;
    TRY(client_uninvite_choose(turn, room, invite_key, keys, &count));
    if (count != 0) {
        TRY(client_uninvite_body(turn, keys, count, &body));
        TRY(client_invite_withdrawn(turn, room, turn->client->profile.account, body));
        struct client_send_params message = {
            .content_type = TB_LITERAL(CHAT_TYPE_UNINVITE), .body = body, .is_silent = true };
        TRY(client_send_content(turn, room, &message));
    }
    /* The hub may know of some that this profile has forgotten: without a key it ends them all. */
    struct chat_invite_revoke revoke = { .room_uri = room->row.room_uri };
    if (invite_key.len != 0) revoke.invite_keys.at = keys;
    if (invite_key.len != 0) revoke.invite_keys.count = count;
    struct client_about about = { .op = op, .number = count };
    return client_request_send(turn, CHAT_VERB_INVITE_REVOKE, &revoke, client_uninvite_answered,
                               &about);
}

tb_status client_room_uninvite(struct client *client, uint64_t now_ms, tb_bytes room_uri,
                               tb_bytes invite_key, struct client_effects *effects, uint64_t *op)
{
    struct client_turn turn;
    struct client_room *room;
    tb_status status = client_turn_begin(&turn, client, now_ms, effects);
    if (tb_is_ok(status)) status = client_room_open(&turn, room_uri, &room);
    if (tb_is_ok(status) && room->row.state != CLIENT_ROOM_OPEN) {
        status = TB_STATUS(CLIENT_ROOM_STATE);
    }
    if (tb_is_ok(status) && !client_is_online(client)) status = TB_STATUS(CLIENT_OFFLINE);
    if (tb_is_ok(status)) {
        *op = client_op_new(client);
        status = client_uninvite(&turn, room, invite_key, *op);
    }
    if (tb_is_ok(status)) status = client_session_work(&turn);
    return client_turn_end(&turn, status);
}

/* ------------------------------------------------------------------ counting */

tb_status client_invite_check(struct client_turn *turn, const struct client_room *room,
                              tb_bytes invite_key, uint64_t asked_ms,
                              struct client_invite_row *out)
{
    if (invite_key.len > CRYPTO_SIGN_PUBLIC_MAX) return TB_STATUS(CHAT_JOIN_INVITE);
    tb_status status = client_invite_get(turn, invite_key, out);
    if (status.code == TB_NOT_FOUND) return TB_STATUS(CHAT_JOIN_INVITE);
    TRY(status);
    bool is_for_room = tb_bytes_equal(out->room_uri, room->row.room_uri);
    if (!is_for_room || out->expires_ms < asked_ms) return TB_STATUS(CHAT_JOIN_INVITE);
    if (out->is_revoked) return TB_STATUS(CLIENT_INVITE_REVOKED);
    if (out->use_count >= out->use_count_max) return TB_STATUS(CLIENT_INVITE_USED);
    return TB_STATUS(TB_OK);
}

/* The invite key that a commit names; empty: none, or it adds nobody. */
static tb_status client_invite_named(struct client_turn *turn, tb_bytes commit, tb_bytes *out)
{
    struct mls_message message;
    tb_bytes data;
    *out = (tb_bytes){ 0 };
    TRY(wire_decode(&mls_message_desc, commit, &turn->arena, &message, NULL));
    if (message.wire_format != MLS_WIRE_PUBLIC_MESSAGE) return TB_STATUS(TB_OK);
    const struct mls_framed_content *content =
        &message.of.public_message->authenticated.content;
    if (content->content_type != MLS_CONTENT_COMMIT) return TB_STATUS(TB_OK);
    if (!tb_is_ok(chat_safe_aad_find(content->authenticated_data,
                                     MLS_COMPONENT_TIMBRE_INVITE_USE, &data))) {
        return TB_STATUS(TB_OK);
    }
    const struct mls_commit *body = content->of.commit;
    for (size_t i = 0; i < body->proposals.count; i++) {
        const struct mls_proposal_or_ref *each = &body->proposals.at[i];
        bool is_add = each->type == MLS_BY_VALUE
                      && each->of.proposal->proposal_type == MLS_PROPOSAL_ADD;
        if (is_add && data.len <= CRYPTO_SIGN_PUBLIC_MAX) *out = data;
    }
    return TB_STATUS(TB_OK);
}

tb_status client_invite_used(struct client_turn *turn, const struct client_room *room,
                             uint64_t log_seq, tb_bytes commit)
{
    struct client_invite_row row;
    tb_bytes invite_key;
    TRY(client_invite_named(turn, commit, &invite_key));
    if (invite_key.len == 0) return TB_STATUS(TB_OK);
    tb_status status = client_invite_get(turn, invite_key, &row);
    if (status.code == TB_NOT_FOUND) return TB_STATUS(TB_OK); /* announced before we came */
    TRY(status);
    if (!tb_bytes_equal(row.room_uri, room->row.room_uri)) return TB_STATUS(TB_OK);
    if (row.use_count != UINT32_MAX) row.use_count++;
    row.used_log_seq = log_seq;
    return client_invite_set(turn, invite_key, &row);
}

tb_status client_invite_undo(struct client_turn *turn, const struct client_room *room,
                             uint64_t log_seq)
{
    struct client_pairs pairs;
    TRY(client_table_all(turn, CLIENT_TABLE_INVITES, &pairs));
    for (size_t i = 0; i < pairs.count; i++) {
        struct client_invite_row row;
        TRY(wire_decode(&client_invite_row_desc, pairs.at[i].value, &turn->arena, &row, NULL));
        bool is_here = tb_bytes_equal(row.room_uri, room->row.room_uri);
        if (!is_here || row.used_log_seq != log_seq || row.use_count == 0) continue;
        row.use_count--;
        row.used_log_seq = 0;
        TRY(client_invite_set(turn, pairs.at[i].key, &row));
    }
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ reading */

static tb_status client_invites_read(struct client_turn *turn, tb_bytes room_uri,
                                     struct client_invite_view **out, size_t *count)
{
    struct client_pairs pairs;
    struct client_room *room;
    TRY(client_room_get(turn, room_uri, &room));
    TRY(client_table_all(turn, CLIENT_TABLE_INVITES, &pairs));
    struct client_invite_view *views = tb_arena_take(&turn->arena, pairs.count, sizeof *views);
    if (views == NULL) return TB_STATUS(TB_NO_SPACE);
    *count = 0;
    for (size_t i = 0; i < pairs.count; i++) {
        struct client_invite_row row;
        struct client_person_row person;
        bool is_standing;
        TRY(client_invite_of_room(turn, room, &pairs.at[i], &row, &is_standing));
        if (!is_standing) continue;
        struct client_invite_view *view = &views[(*count)++];
        *view = (struct client_invite_view){
            .invite_key = pairs.at[i].key,
            .inviter = row.inviter,
            .expires_ms = row.expires_ms,
            .use_count_max = row.use_count_max,
            .use_count_left =
                row.use_count < row.use_count_max ? row.use_count_max - row.use_count : 0,
        };
        tb_status status = client_table_get(turn, CLIENT_TABLE_RECORDS,
                                            client_key_bytes(row.inviter),
                                            &client_person_row_desc, &person);
        if (tb_is_ok(status)) view->handle = person.handle;
        if (status.code != TB_NOT_FOUND) TRY(status);
        if (tb_bytes_equal(row.inviter, turn->client->profile.account)) {
            view->is_own = true;
            TRY(tb_arena_dup(&turn->arena, turn->client->profile.handle, &view->handle));
        }
    }
    *out = views;
    return TB_STATUS(TB_OK);
}

tb_status client_room_invites(struct client *client, tb_bytes room_uri, struct tb_arena *arena,
                              struct client_invite_view **out, size_t *count)
{
    if (client->is_void || client->must_reload) return TB_STATUS(TB_STORE);
    struct client_turn turn = { .client = client, .arena = *arena };
    tb_status status = client_invites_read(&turn, room_uri, out, count);
    *arena = turn.arena;
    return status;
}
