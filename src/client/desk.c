/*
 * The desk's keys (amendments 24, 25): made by the first admin's client with the desk room,
 * announced in that room before the hub publishes them, shared by messages there, checked when
 * they come back.
 */
#include "client/desk.h"

#include <string.h>

#include "chat/content.h"
#include "wire/cbor.h"

enum {
    CLIENT_DESK_KEY_COUNT_MAX = 8,   /* older ones open nothing that still matters */
    CLIENT_DESK_KEYS_LEN_MAX = 16384 /* octets of a desk-keys message */
};
#define CLIENT_RECIPIENT_KEY_LIFE_MS (85 * CHAT_MS_A_DAY)
#define CLIENT_RECIPIENT_KEY_EARLY_MS (CHAT_MS_A_DAY) /* clocks differ */
#define CLIENT_RECIPIENT_KEY_RENEW_MS (14 * CHAT_MS_A_DAY)
#define CLIENT_DESK_ROOM_NAME "Moderation desk"

tb_status client_desk_get(struct client_turn *turn, struct client_desk_row *out)
{
    return client_table_get(turn, CLIENT_TABLE_META, client_key_text("desk"),
                            &client_desk_row_desc, out);
}

tb_status client_desk_of_room(struct client_turn *turn, const struct client_room *room,
                              struct client_desk_row *out)
{
    struct client_desk_row desk;
    tb_status status = client_desk_get(turn, &desk);
    if (status.code != TB_NOT_FOUND) TRY(status);
    if (!tb_is_ok(status) || !tb_bytes_equal(desk.room_uri, room->row.room_uri)) {
        desk = (struct client_desk_row){ .room_uri = room->row.room_uri,
                                         .verify_public = turn->client->hub.desk_verify_key,
                                         .is_published = true };
    }
    *out = desk;
    return TB_STATUS(TB_OK);
}

tb_status client_desk_put(struct client_turn *turn, const struct client_desk_row *row)
{
    return client_table_put(turn, CLIENT_TABLE_META, client_key_text("desk"),
                            &client_desk_row_desc, row);
}

/* ------------------------------------------------------------------ making keys */

/* A new RecipientKey in front of the others, signed by a key that owners of the desk hold. */
static tb_status client_desk_key_new(struct client_turn *turn, struct client_desk_row *desk,
                                     tb_bytes signer, struct chat_recipient_key *key)
{
    struct client *client = turn->client;
    struct crypto_signing_key verify_key = { 0 };
    struct tb_secret private_key = { 0 };
    uint8_t public_key[CRYPTO_PUBLIC_MAX];
    tb_status status = TB_STATUS(TB_OK);
    tb_bytes encoded, secret;
    struct client_desk_key_row *keys =
        tb_arena_take(&turn->arena, desk->keys.count + 1, sizeof *keys);
    if (keys == NULL) return TB_STATUS(TB_NO_SPACE);
    CHECK(crypto_signing_key_from(&client->suite, signer, &verify_key));
    CHECK(crypto_hpke_generate(&client->suite, client->config.rng, &private_key, public_key));
    uint64_t start_ms = turn->now_ms > CLIENT_RECIPIENT_KEY_EARLY_MS
                          ? turn->now_ms - CLIENT_RECIPIENT_KEY_EARLY_MS
                          : 0;
    *key = (struct chat_recipient_key){
        .uri = desk->room_uri,
        .serial = desk->keys.count != 0 ? desk->keys.at[0].serial + 1 : 1,
        .suite = client->suite.id,
        .not_before_ms = start_ms,
        .not_after_ms = turn->now_ms + CLIENT_RECIPIENT_KEY_LIFE_MS,
    };
    CHECK(tb_arena_dup(&turn->arena, tb_bytes_of(public_key, client->suite.dh_public_len),
                       &key->hpke_key));
    CHECK(chat_records_make_recipient(&client->suite, &verify_key, key, &turn->arena, &encoded));
    CHECK(tb_arena_dup(&turn->arena, tb_secret_view(&private_key), &secret));
    keys[0] = (struct client_desk_key_row){ key->serial, encoded, secret };
    for (size_t i = 0; i < desk->keys.count; i++) keys[i + 1] = desk->keys.at[i];
    desk->keys.at = keys;
    desk->keys.count = desk->keys.count + 1 < CLIENT_DESK_KEY_COUNT_MAX ? desk->keys.count + 1
                                                                        : CLIENT_DESK_KEY_COUNT_MAX;
out:
    crypto_signing_key_wipe(&verify_key);
    tb_secret_wipe(&private_key);
    return status;
}

static tb_status client_desk_create(struct client_turn *turn)
{
    struct client *client = turn->client;
    struct crypto_signing_key verify_key = { 0 };
    struct client_desk_row desk = { 0 };
    struct client_room *room;
    tb_status status = TB_STATUS(TB_OK);
    CHECK(crypto_signing_key_new(&client->suite, client->config.rng, &verify_key));
    struct client_create_params params = {
        .room_kind = CHAT_ROOM_DESK,
        .room_class = CHAT_CLASS_PRIVATE,
        .purpose = CLIENT_CREATE_FOR_DESK,
        .name = TB_LITERAL(CLIENT_DESK_ROOM_NAME),
        .desk_verify_key = crypto_signing_key_public(&verify_key),
    };
    CHECK(client_create_room(turn, &params, &room));
    desk.room_uri = room->row.room_uri;
    desk.verify_key = tb_secret_view(&verify_key.private_key);
    desk.verify_public = crypto_signing_key_public(&verify_key);
    CHECK(client_desk_put(turn, &desk));
out:
    crypto_signing_key_wipe(&verify_key);
    return status;
}

/* [[RecipientKey, private key], ...], newest first: deterministic CBOR. */
static tb_status client_desk_keys_body(struct client_turn *turn,
                                       const struct client_desk_row *desk, tb_bytes *body)
{
    struct tb_buf buf;
    tb_status status = TB_STATUS(TB_OK);
    tb_buf_init(&buf, turn->client->config.mem, CLIENT_DESK_KEYS_LEN_MAX);
    CHECK(wire_cbor_put_array(&buf, desk->keys.count));
    for (size_t i = 0; i < desk->keys.count; i++) {
        CHECK(wire_cbor_put_array(&buf, 2));
        CHECK(wire_cbor_put_bytes(&buf, desk->keys.at[i].recipient_key));
        CHECK(wire_cbor_put_bytes(&buf, desk->keys.at[i].private_key));
    }
    CHECK(tb_arena_dup(&turn->arena, tb_buf_view(&buf), body));
out:
    tb_buf_wipe(&buf);
    return status;
}

/* ------------------------------------------------------------------ publishing */

static tb_status client_desk_published(struct client_turn *turn,
                                       const struct client_request *request, uint16_t code,
                                       tb_bytes body)
{
    (void)request;
    struct client *client = turn->client;
    struct client_desk_row desk;
    struct chat_opaque record;
    client->is_desk_publishing = false;
    if (code == CLIENT_CODE_LOST || code == CHAT_CODE_STORE) return TB_STATUS(TB_OK);
    if (code != CHAT_CODE_OK) {
        /* Another admin was first: the desk is theirs, and ours is an ordinary empty room. */
        client->is_desk_publishing = true; /* not again in this connection */
        return client_session_registered(turn);
    }
    TRY(client_answer_decode(turn, &chat_opaque_desc, body, &record));
    TRY(client_record_hub_take(turn, record.value));
    TRY(client_desk_get(turn, &desk));
    desk.is_published = true;
    TRY(client_desk_put(turn, &desk));
    client->is_desk = true;
    return client_session_registered(turn);
}

static tb_status client_desk_publish(struct client_turn *turn, struct client_desk_row *desk,
                                     struct client_room *room)
{
    struct chat_desk_publish publish = { .desk_room_uri = desk->room_uri,
                                         .verify_key = desk->verify_public };
    if (desk->keys.count == 0) {
        TRY(client_desk_key_new(turn, desk, desk->verify_key, &publish.recipient_key));
        TRY(client_desk_put(turn, desk));
        TRY(client_desk_keys_send(turn, room)); /* announced before it is published */
    } else {
        TRY(wire_decode(&chat_recipient_key_desc, desk->keys.at[0].recipient_key, &turn->arena,
                        &publish.recipient_key, NULL));
    }
    turn->client->is_desk_publishing = true;
    return client_request_send(turn, CHAT_VERB_DESK_PUBLISH, &publish, client_desk_published, NULL);
}

/* ------------------------------------------------------------------ rotation */

static tb_status client_desk_shared_get(struct client_turn *turn,
                                        struct client_desk_shared_row *out)
{
    tb_status status = client_table_get(turn, CLIENT_TABLE_META, client_key_text("desk shared"),
                                        &client_desk_shared_row_desc, out);
    if (status.code != TB_NOT_FOUND) return status;
    *out = (struct client_desk_shared_row){ 0 };
    return TB_STATUS(TB_OK);
}

static tb_status client_desk_shared_put(struct client_turn *turn,
                                        const struct client_desk_shared_row *row)
{
    return client_table_put(turn, CLIENT_TABLE_META, client_key_text("desk shared"),
                            &client_desk_shared_row_desc, row);
}

static bool client_desk_has_leaf(const struct chat_policy_leaf *leaves, size_t count,
                                 tb_bytes device)
{
    for (size_t i = 0; i < count; i++) {
        if (tb_bytes_equal(leaves[i].identity, device)) return true;
    }
    return false;
}

tb_status client_desk_members_seen(struct client_turn *turn, struct client_room *room)
{
    struct client_desk_row desk;
    struct client_desk_shared_row shared;
    struct chat_policy_leaf *leaves;
    size_t count;
    tb_status status = client_desk_get(turn, &desk);
    if (status.code == TB_NOT_FOUND) return TB_STATUS(TB_OK);
    TRY(status);
    if (desk.verify_key.len == 0 || !tb_bytes_equal(desk.room_uri, room->row.room_uri)) {
        return TB_STATUS(TB_OK); /* only who holds verify_key can publish another key */
    }
    TRY(client_desk_shared_get(turn, &shared));
    TRY(client_room_leaves(turn, room, &leaves, &count));
    for (size_t i = 0; i < shared.devices.count; i++) {
        if (!client_desk_has_leaf(leaves, count, shared.devices.at[i].value)) shared.is_due = 1;
    }
    shared.devices.at = tb_arena_take(&turn->arena, count, sizeof *shared.devices.at);
    if (shared.devices.at == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < count; i++) shared.devices.at[i].value = leaves[i].identity;
    shared.devices.count = count;
    bool is_owner_due;
    TRY(client_desk_owner_seen(turn, room, &desk, &is_owner_due));
    if (shared.is_due || is_owner_due) {
        turn->client->is_desk_publishing = false; /* looked at in this turn */
    }
    return client_desk_shared_put(turn, &shared);
}

static tb_status client_recipient_put(struct client_turn *turn,
                                      const struct client_request *request, uint16_t code,
                                      tb_bytes body)
{
    (void)request, (void)body;
    struct client_desk_shared_row shared;
    /* At a conflict another owner's key is newer; else the next login looks again. */
    if (code != CHAT_CODE_OK && code != CHAT_CODE_CONFLICT) return TB_STATUS(TB_OK);
    TRY(client_desk_shared_get(turn, &shared));
    shared.rotation = CLIENT_DESK_KEY_PUBLISHED;
    turn->client->is_desk_publishing = !shared.is_due;
    return client_desk_shared_put(turn, &shared);
}

static tb_status client_recipient_publish(struct client_turn *turn,
                                          const struct client_desk_row *desk)
{
    struct chat_recipient_key key;
    TRY(wire_decode(&chat_recipient_key_desc, desk->keys.at[0].recipient_key, &turn->arena, &key,
                    NULL));
    return client_request_send(turn, CHAT_VERB_RECIPIENT_KEY_PUT, &key, client_recipient_put, NULL);
}

/* The hub may have lost the newest key with what it lost; a key that it has changes nothing. */
tb_status client_desk_publish_again(struct client_turn *turn)
{
    struct client_desk_row desk;
    struct chat_recipient_key key;
    tb_status status = client_desk_get(turn, &desk);
    if (status.code == TB_NOT_FOUND) return TB_STATUS(TB_OK);
    TRY(status);
    if (desk.keys.count == 0) return TB_STATUS(TB_OK);
    TRY(wire_decode(&chat_recipient_key_desc, desk.keys.at[0].recipient_key, &turn->arena, &key,
                    NULL));
    return client_request_send(turn, CHAT_VERB_RECIPIENT_KEY_PUT, &key, NULL, NULL);
}

/* Keys that nobody will publish: signed by a verify key of ours that the hub did not take. */
static tb_status client_desk_keys_withdraw(struct client_turn *turn, tb_bytes verify_public)
{
    struct client_desk_row desk;
    size_t count = 0;
    TRY(client_desk_get(turn, &desk));
    for (size_t i = 0; i < desk.keys.count; i++) {
        struct chat_recipient_key key;
        TRY(wire_decode(&chat_recipient_key_desc, desk.keys.at[i].recipient_key, &turn->arena,
                        &key, NULL));
        tb_status status =
            chat_records_verify_recipient(&turn->client->suite, &key, desk.room_uri, verify_public,
                                          0, key.not_before_ms, &turn->arena);
        if (client_status_is_fatal(status)) return status;
        if (!tb_is_ok(status)) desk.keys.at[count++] = desk.keys.at[i];
    }
    desk.keys.count = count;
    return client_desk_put(turn, &desk);
}

static tb_status client_desk_rotated(struct client_turn *turn,
                                     const struct client_request *request, uint16_t code,
                                     tb_bytes body)
{
    (void)request;
    struct client_desk_shared_row shared;
    struct client_desk_candidate_row made;
    struct chat_opaque record;
    bool is_found;
    if (code == CLIENT_CODE_LOST || code == CHAT_CODE_STORE || code == CHAT_CODE_RATE_LIMITED) {
        return TB_STATUS(TB_OK);
    }
    TRY(client_desk_shared_get(turn, &shared));
    shared.rotation = CLIENT_DESK_KEY_PUBLISHED;
    TRY(client_desk_shared_put(turn, &shared));
    if (code == CHAT_CODE_OK) {
        TRY(client_answer_decode(turn, &chat_opaque_desc, body, &record));
        return client_record_hub_take(turn, record.value);
    }
    TRY(client_desk_owner_candidate(turn, &made, &is_found));
    if (!is_found) return TB_STATUS(TB_OK);
    TRY(client_desk_keys_withdraw(turn, made.verify_public));
    return client_desk_owner_drop(turn);
}

/* The new verify key, signed over by the one that stands. */
static tb_status client_desk_rotate(struct client_turn *turn, const struct client_desk_row *desk,
                                    const struct client_desk_candidate_row *made)
{
    struct client *client = turn->client;
    struct crypto_signing_key verify_key = { 0 };
    struct chat_desk_rotate rotate = { .verify_key = made->verify_public };
    const struct chat_desk_key_tbs tbs = {
        .domain = client->hub.domain,
        .uri = client->hub.desk_uri,
        .place = (uint32_t)client->hub.desk_past.count,
        .verify_key = desk->verify_public,
        .next_verify_key = made->verify_public,
    };
    tb_status status = TB_STATUS(TB_OK);
    CHECK(wire_decode(&chat_recipient_key_desc, desk->keys.at[0].recipient_key, &turn->arena,
                      &rotate.recipient_key, NULL));
    CHECK(crypto_signing_key_from(&client->suite, desk->verify_key, &verify_key));
    CHECK(chat_records_desk_key_sign(&client->suite, &verify_key, &tbs, &turn->arena,
                                     &rotate.signature));
    CHECK(client_request_send(turn, CHAT_VERB_DESK_ROTATE, &rotate, client_desk_rotated, NULL));
out:
    crypto_signing_key_wipe(&verify_key);
    return status;
}

/* What the desk's room knows goes to the hub. */
static tb_status client_desk_hand_in(struct client_turn *turn, const struct client_desk_row *desk)
{
    struct client_desk_candidate_row made;
    bool is_found;
    TRY(client_desk_owner_candidate(turn, &made, &is_found));
    return is_found ? client_desk_rotate(turn, desk, &made)
                    : client_recipient_publish(turn, desk);
}

/* Our own message came back in the log: what it announced can be published. */
static tb_status client_desk_announced(struct client_turn *turn, tb_bytes body)
{
    struct client_desk_row desk;
    struct client_desk_shared_row shared;
    tb_bytes newest;
    TRY(client_desk_shared_get(turn, &shared));
    if (shared.rotation != CLIENT_DESK_KEY_MADE) return TB_STATUS(TB_OK);
    TRY(client_desk_get(turn, &desk));
    TRY(client_desk_keys_body(turn, &desk, &newest));
    if (!tb_bytes_equal(body, newest)) return TB_STATUS(TB_OK); /* the keys before these */
    shared.rotation = CLIENT_DESK_KEY_ANNOUNCED;
    TRY(client_desk_shared_put(turn, &shared));
    return client_is_online(turn->client) && desk.verify_key.len != 0
             ? client_desk_hand_in(turn, &desk)
             : TB_STATUS(TB_OK);
}

/* Keys rotate by time and when somebody who had them is gone, with an owner's client (amendments
 * 25).  The desk knows a key before the hub publishes it. */
static tb_status client_desk_renew(struct client_turn *turn, struct client_desk_row *desk,
                                   struct client_room *room)
{
    struct chat_recipient_key key;
    struct client_desk_shared_row shared;
    if (desk->keys.count == 0 || desk->verify_key.len == 0) return TB_STATUS(TB_OK);
    TRY(client_desk_members_seen(turn, room));
    turn->client->is_desk_publishing = true;
    TRY(client_desk_shared_get(turn, &shared));
    if (shared.rotation == CLIENT_DESK_KEY_MADE) return TB_STATUS(TB_OK);
    if (shared.rotation == CLIENT_DESK_KEY_ANNOUNCED) return client_desk_hand_in(turn, desk);
    TRY(wire_decode(&chat_recipient_key_desc, desk->keys.at[0].recipient_key, &turn->arena, &key,
                    NULL));
    bool is_old = key.not_after_ms <= turn->now_ms + CLIENT_RECIPIENT_KEY_RENEW_MS;
    tb_bytes signer = desk->verify_key;
    bool is_owner_due;
    TRY(client_desk_owner_seen(turn, room, desk, &is_owner_due));
    if (is_owner_due) {
        struct client_desk_candidate_row made;
        TRY(client_desk_owner_make(turn, room, &made));
        signer = made.verify_key;
    }
    if (!is_old && !shared.is_due && !is_owner_due) return TB_STATUS(TB_OK);
    TRY(client_desk_key_new(turn, desk, signer, &key));
    TRY(client_desk_put(turn, desk));
    shared.is_due = 0;
    shared.rotation = CLIENT_DESK_KEY_MADE;
    TRY(client_desk_shared_put(turn, &shared));
    return client_desk_keys_send(turn, room);
}

tb_status client_desk_work(struct client_turn *turn)
{
    struct client *client = turn->client;
    struct client_desk_row desk;
    struct client_room *room;
    if (client->hub.version == 0 || client->is_desk_publishing) return TB_STATUS(TB_OK);
    bool has_desk = client->hub.desk_uri.len != 0;
    if (has_desk && !client->is_desk) return TB_STATUS(TB_OK);
    if (!has_desk && (!client->profile.is_admin || client->is_restricted)) return TB_STATUS(TB_OK);
    tb_status status = client_desk_get(turn, &desk);
    bool is_gone = tb_is_ok(status) && desk.is_published
                   && !tb_bytes_equal(desk.room_uri, client->hub.desk_uri);
    if (status.code == TB_NOT_FOUND || is_gone) {
        client->is_desk_publishing = has_desk; /* a moderator without keys yet: nothing to do */
        return has_desk ? TB_STATUS(TB_OK) : client_desk_create(turn);
    }
    TRY(status);
    status = client_room_get(turn, desk.room_uri, &room);
    if (status.code == TB_NOT_FOUND) return TB_STATUS(TB_OK);
    TRY(status);
    if (room->row.state != CLIENT_ROOM_OPEN) return TB_STATUS(TB_OK);
    if (!has_desk) return client_desk_publish(turn, &desk, room);
    client->is_desk_publishing = true; /* once a connection, and when somebody is gone */
    return client_desk_renew(turn, &desk, room);
}

/* ------------------------------------------------------------------ sharing */

tb_status client_desk_keys_send(struct client_turn *turn, struct client_room *room)
{
    struct client_desk_row desk;
    tb_bytes body;
    tb_status status = client_desk_get(turn, &desk);
    if (status.code == TB_NOT_FOUND) return TB_STATUS(TB_OK);
    TRY(status);
    TRY(client_desk_keys_body(turn, &desk, &body));
    struct client_send_params message = {
        .content_type = TB_LITERAL(CHAT_TYPE_DESK_KEYS), .body = body, .is_silent = true };
    return client_send_content(turn, room, &message);
}

/* Signed by the desk's key of today, by an earlier one, or by one that an owner has announced. */
static tb_status client_desk_key_signer(struct client_turn *turn,
                                        const struct client_desk_row *desk,
                                        const struct chat_recipient_key *key)
{
    struct client *client = turn->client;
    struct client_desk_candidate_row *candidates;
    size_t count;
    TRY(client_desk_owner_candidates(turn, &candidates, &count));
    tb_status status =
        chat_records_verify_recipient(&client->suite, key, desk->room_uri, desk->verify_public, 0,
                                      key->not_before_ms, &turn->arena);
    for (size_t i = 0; status.code == CHAT_RECIPIENT_KEY_SIGNATURE && i < count; i++) {
        status = chat_records_verify_recipient(&client->suite, key, desk->room_uri,
                                               candidates[i].verify_public, 0, key->not_before_ms,
                                               &turn->arena);
    }
    const struct chat_desk_past *past = client->hub.desk_past.at;
    for (size_t i = client->hub.desk_past.count;
         status.code == CHAT_RECIPIENT_KEY_SIGNATURE && i-- > 0;) {
        status = chat_records_verify_recipient(&client->suite, key, desk->room_uri,
                                               past[i].verify_key, 0, key->not_before_ms,
                                               &turn->arena);
    }
    return status;
}

/* One announced key: signed by the desk, and the private half belongs to it. */
static tb_status client_desk_key_check(struct client_turn *turn, struct client_desk_row *desk,
                                       tb_bytes recipient_key, tb_bytes private_key,
                                       struct client_desk_key_row *out)
{
    struct client *client = turn->client;
    struct chat_recipient_key key;
    struct crypto_suite suite;
    uint8_t public_key[CRYPTO_PUBLIC_MAX];
    TRY(wire_decode(&chat_recipient_key_desc, recipient_key, &turn->arena, &key, NULL));
    TRY(client_desk_key_signer(turn, desk, &key));
    TRY(crypto_suite_init(&suite, key.suite, client->config.provider));
    if (private_key.len != suite.dh_private_len) return TB_STATUS(CRYPTO_KEY);
    TRY(client->config.provider->dh_public(client->config.provider, suite.kem, private_key,
                                           public_key));
    if (!tb_bytes_equal(key.hpke_key, tb_bytes_of(public_key, suite.dh_public_len))) {
        return TB_STATUS(CRYPTO_KEY);
    }
    *out = (struct client_desk_key_row){ key.serial, recipient_key, private_key };
    return TB_STATUS(TB_OK);
}

static tb_status client_desk_key_merge(struct client_turn *turn, struct client_desk_row *desk,
                                       const struct client_desk_key_row *key)
{
    struct client_desk_key_row *keys =
        tb_arena_take(&turn->arena, desk->keys.count + 1, sizeof *keys);
    if (keys == NULL) return TB_STATUS(TB_NO_SPACE);
    size_t count = 0;
    bool is_placed = false;
    for (size_t i = 0; i < desk->keys.count; i++) {
        /* Two owners may have made one of the same number at once. */
        if (tb_bytes_equal(desk->keys.at[i].recipient_key, key->recipient_key)) {
            return TB_STATUS(TB_OK);
        }
        if (!is_placed && desk->keys.at[i].serial < key->serial) {
            keys[count++] = *key;
            is_placed = true;
        }
        keys[count++] = desk->keys.at[i];
    }
    if (!is_placed) keys[count++] = *key;
    desk->keys.at = keys;
    desk->keys.count = count < CLIENT_DESK_KEY_COUNT_MAX ? count : CLIENT_DESK_KEY_COUNT_MAX;
    return TB_STATUS(TB_OK);
}

static tb_status client_desk_keys_read(struct client_turn *turn, struct client_desk_row *desk,
                                       tb_bytes body)
{
    struct wire_cbor cbor;
    size_t count, pair;
    TRY(wire_cbor_open(body, &cbor));
    TRY(wire_cbor_take_array(&cbor, &count));
    if (count > CLIENT_DESK_KEY_COUNT_MAX) return TB_STATUS(TB_TOO_LONG);
    for (size_t i = 0; i < count; i++) {
        tb_bytes recipient_key, private_key;
        struct client_desk_key_row key;
        TRY(wire_cbor_take_array(&cbor, &pair));
        if (pair != 2) return TB_STATUS(WIRE_CBOR_TYPE);
        TRY(wire_cbor_take_bytes(&cbor, &recipient_key));
        TRY(wire_cbor_take_bytes(&cbor, &private_key));
        TRY(client_desk_key_check(turn, desk, recipient_key, private_key, &key));
        TRY(client_desk_key_merge(turn, desk, &key));
    }
    return TB_STATUS(TB_OK);
}

tb_status client_desk_keys_taken(struct client_turn *turn, struct client_room *room,
                                 tb_bytes sender, tb_bytes body)
{
    struct client *client = turn->client;
    struct client_desk_row desk;
    bool is_desk_room = room->row.kind == CHAT_ROOM_DESK
                        && tb_bytes_equal(room->row.room_uri, client->hub.desk_uri);
    if (!is_desk_room) return TB_STATUS(TB_OK);
    if (tb_bytes_equal(sender, client->profile.account)) return client_desk_announced(turn, body);
    TRY(client_desk_of_room(turn, room, &desk));
    TRY(client_desk_keys_read(turn, &desk, body));
    return client_desk_put(turn, &desk);
}
