/*
 * verify_key among the desk's owners (amendments 25).  Everybody at the desk reads its room, so the
 * key travels there sealed to the device key of each owner's leaf.  When an owner's device is gone,
 * an owner's client makes another key, hands it round, and has the old one sign it over; of two who
 * do so at once the hub takes the first, and the others adopt that one.
 */
#include "client/desk.h"

#include "chat/content.h"
#include "chat/statement.h"
#include "wire/cbor.h"

enum {
    CLIENT_OWNER_DEVICE_COUNT_MAX = 64,
    CLIENT_CANDIDATE_COUNT_MAX = 4,
    CLIENT_DESK_OWNER_LEN_MAX = 32768 /* octets of a desk-owner message */
};

static tb_status client_owner_get(struct client_turn *turn, struct client_desk_owner_row *out)
{
    tb_status status = client_table_get(turn, CLIENT_TABLE_META, client_key_text("desk owner"),
                                        &client_desk_owner_row_desc, out);
    if (status.code != TB_NOT_FOUND) return status;
    *out = (struct client_desk_owner_row){ 0 };
    return TB_STATUS(TB_OK);
}

static tb_status client_owner_put(struct client_turn *turn,
                                  const struct client_desk_owner_row *row)
{
    return client_table_put(turn, CLIENT_TABLE_META, client_key_text("desk owner"),
                            &client_desk_owner_row_desc, row);
}

static bool client_owner_has(const struct wire_opaque *devices, size_t count, tb_bytes device)
{
    for (size_t i = 0; i < count; i++) {
        if (tb_bytes_equal(devices[i].value, device)) return true;
    }
    return false;
}

/* The devices of owners in the room as it stands. */
static tb_status client_owner_devices(struct client_turn *turn, struct client_room *room,
                                      struct wire_opaque **out, size_t *count)
{
    struct chat_policy_room policy;
    struct chat_policy_leaf *leaves;
    size_t leaf_count;
    TRY(client_room_policy(turn, room, &policy));
    TRY(client_room_leaves(turn, room, &leaves, &leaf_count));
    struct wire_opaque *list =
        tb_arena_take(&turn->arena, CLIENT_OWNER_DEVICE_COUNT_MAX, sizeof *list);
    if (list == NULL) return TB_STATUS(TB_NO_SPACE);
    *count = 0;
    for (size_t i = 0; i < leaf_count && *count < CLIENT_OWNER_DEVICE_COUNT_MAX; i++) {
        tb_bytes user;
        TRY(chat_names_user_of(leaves[i].identity, &turn->arena, &user));
        if (chat_policy_role_of(&policy.participants, user) != CHAT_ROLE_OWNER) continue;
        list[(*count)++].value = leaves[i].identity;
    }
    *out = list;
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ handing round */

static tb_status client_owner_seal(struct client_turn *turn, struct client_room *room,
                                   tb_bytes device, tb_bytes verify_key,
                                   struct chat_sealed_statement *out, bool *is_found)
{
    struct client *client = turn->client;
    *is_found = false;
    for (uint32_t i = 0; i < mls_group_leaf_count(room->group); i++) {
        struct mls_leaf_view leaf;
        if (!mls_group_leaf(room->group, i, &leaf)) continue;
        if (!tb_bytes_equal(leaf.identity, device)) continue;
        *is_found = true;
        return chat_device_seal(&client->suite, CHAT_LABEL_SEALED_DESK_KEY, device,
                                leaf.signature_key, verify_key, client->config.rng, &turn->arena,
                                out);
    }
    return TB_STATUS(TB_OK);
}

/* [public key, [[device, kem_output, ciphertext], ...]]: deterministic CBOR. */
static tb_status client_owner_body(struct client_turn *turn,
                                   const struct client_desk_candidate_row *key,
                                   const struct chat_sealed_statement *sealed, size_t count,
                                   tb_bytes *body)
{
    struct tb_buf buf;
    tb_status status = TB_STATUS(TB_OK);
    tb_buf_init(&buf, turn->client->config.mem, CLIENT_DESK_OWNER_LEN_MAX);
    CHECK(wire_cbor_put_array(&buf, 2));
    CHECK(wire_cbor_put_bytes(&buf, key->verify_public));
    CHECK(wire_cbor_put_array(&buf, count));
    for (size_t i = 0; i < count; i++) {
        CHECK(wire_cbor_put_array(&buf, 3));
        CHECK(wire_cbor_put_bytes(&buf, sealed[i].device));
        CHECK(wire_cbor_put_bytes(&buf, sealed[i].kem_output));
        CHECK(wire_cbor_put_bytes(&buf, sealed[i].ciphertext));
    }
    CHECK(tb_arena_dup(&turn->arena, tb_buf_view(&buf), body));
out:
    tb_buf_wipe(&buf);
    return status;
}

static tb_status client_owner_send(struct client_turn *turn, struct client_room *room,
                                   const struct client_desk_candidate_row *key)
{
    struct mls_group *group;
    struct chat_sealed_statement *sealed =
        tb_arena_take(&turn->arena, key->devices.count, sizeof *sealed);
    size_t count = 0;
    tb_bytes body;
    if (sealed == NULL) return TB_STATUS(TB_NO_SPACE);
    TRY(client_room_group(turn, room, &group));
    for (size_t i = 0; i < key->devices.count; i++) {
        bool is_found;
        TRY(client_owner_seal(turn, room, key->devices.at[i].value, key->verify_key,
                              &sealed[count], &is_found));
        if (is_found) count++;
    }
    TRY(client_owner_body(turn, key, sealed, count, &body));
    struct client_send_params message = {
        .content_type = TB_LITERAL(CHAT_TYPE_DESK_OWNER), .body = body, .is_silent = true };
    return client_send_content(turn, room, &message);
}

tb_status client_desk_owner_seen(struct client_turn *turn, struct client_room *room,
                                 const struct client_desk_row *desk, bool *is_due)
{
    struct client_desk_owner_row row;
    struct client_desk_candidate_row key = { .verify_public = desk->verify_public,
                                             .verify_key = desk->verify_key };
    tb_bytes self = turn->client->profile.device;
    bool has_new = false;
    TRY(client_owner_get(turn, &row));
    TRY(client_owner_devices(turn, room, &key.devices.at, &key.devices.count));
    for (size_t i = 0; i < row.devices.count; i++) {
        tb_bytes device = row.devices.at[i].value;
        if (tb_bytes_equal(device, self)) continue;
        if (!client_owner_has(key.devices.at, key.devices.count, device)) row.is_due = 1;
    }
    for (size_t i = 0; i < key.devices.count; i++) {
        tb_bytes device = key.devices.at[i].value;
        if (tb_bytes_equal(device, self)) continue;
        if (!client_owner_has(row.devices.at, row.devices.count, device)) has_new = true;
    }
    *is_due = row.is_due != 0;
    /* Who is new gets the key that follows, when one is due. */
    if (row.is_due != 0) return client_owner_put(turn, &row);
    if (!has_new || !client_owner_has(key.devices.at, key.devices.count, self)) {
        return TB_STATUS(TB_OK);
    }
    TRY(client_owner_send(turn, room, &key));
    row.devices.at = key.devices.at;
    row.devices.count = key.devices.count;
    return client_owner_put(turn, &row);
}

/* ------------------------------------------------------------------ another key */

tb_status client_desk_owner_candidate(struct client_turn *turn,
                                      struct client_desk_candidate_row *out, bool *is_found)
{
    struct client_desk_owner_row row;
    TRY(client_owner_get(turn, &row));
    *is_found = false;
    for (size_t i = 0; i < row.candidates.count; i++) {
        if (row.candidates.at[i].is_own == 0) continue;
        *out = row.candidates.at[i];
        *is_found = true;
    }
    return TB_STATUS(TB_OK);
}

/* In front of the others; the oldest goes. */
static tb_status client_candidate_add(struct client_turn *turn, struct client_desk_owner_row *row,
                                      const struct client_desk_candidate_row *candidate)
{
    struct client_desk_candidate_row *at =
        tb_arena_take(&turn->arena, CLIENT_CANDIDATE_COUNT_MAX, sizeof *at);
    size_t count = 0;
    if (at == NULL) return TB_STATUS(TB_NO_SPACE);
    at[count++] = *candidate;
    for (size_t i = 0; i < row->candidates.count && count < CLIENT_CANDIDATE_COUNT_MAX; i++) {
        at[count++] = row->candidates.at[i];
    }
    row->candidates.at = at;
    row->candidates.count = count;
    return client_owner_put(turn, row);
}

tb_status client_desk_owner_make(struct client_turn *turn, struct client_room *room,
                                 struct client_desk_candidate_row *out)
{
    struct client *client = turn->client;
    struct client_desk_owner_row row;
    struct client_desk_candidate_row made = { .is_own = 1 };
    struct crypto_signing_key key = { 0 };
    tb_status status = TB_STATUS(TB_OK);
    CHECK(client_owner_get(turn, &row));
    CHECK(crypto_signing_key_new(&client->suite, client->config.rng, &key));
    CHECK(tb_arena_dup(&turn->arena, tb_secret_view(&key.private_key), &made.verify_key));
    CHECK(tb_arena_dup(&turn->arena, crypto_signing_key_public(&key), &made.verify_public));
    CHECK(client_owner_devices(turn, room, &made.devices.at, &made.devices.count));
    row.is_due = 0;
    CHECK(client_candidate_add(turn, &row, &made));
    CHECK(client_owner_send(turn, room, &made));
    *out = made;
out:
    crypto_signing_key_wipe(&key);
    return status;
}

tb_status client_desk_owner_drop(struct client_turn *turn)
{
    struct client_desk_owner_row row;
    size_t count = 0;
    TRY(client_owner_get(turn, &row));
    for (size_t i = 0; i < row.candidates.count; i++) {
        if (row.candidates.at[i].is_own == 0) row.candidates.at[count++] = row.candidates.at[i];
    }
    row.candidates.count = count;
    return client_owner_put(turn, &row);
}

tb_status client_desk_owner_candidates(struct client_turn *turn,
                                       struct client_desk_candidate_row **out, size_t *count)
{
    struct client_desk_owner_row row;
    TRY(client_owner_get(turn, &row));
    *out = row.candidates.at;
    *count = row.candidates.count;
    return TB_STATUS(TB_OK);
}

/* The hub's record names another key of our desk: a candidate's, or one that we have not. */
tb_status client_desk_owner_adopt(struct client_turn *turn, struct client_desk_row *desk)
{
    struct client_desk_owner_row row;
    tb_bytes current = turn->client->hub.desk_verify_key;
    TRY(client_owner_get(turn, &row));
    desk->verify_key = (tb_bytes){ 0 };
    TRY(tb_arena_dup(&turn->arena, current, &desk->verify_public));
    row.devices.count = 0;
    for (size_t i = 0; i < row.candidates.count; i++) {
        if (!tb_bytes_equal(row.candidates.at[i].verify_public, current)) continue;
        desk->verify_key = row.candidates.at[i].verify_key;
        row.devices.at = row.candidates.at[i].devices.at;
        row.devices.count = row.candidates.at[i].devices.count;
    }
    row.candidates.count = 0;
    row.is_due = 0;
    return client_owner_put(turn, &row);
}

/* ------------------------------------------------------------------ a key comes */

static tb_status client_owner_read(struct client_turn *turn, tb_bytes body,
                                   struct client_desk_candidate_row *out)
{
    struct client *client = turn->client;
    struct wire_cbor cbor;
    size_t parts, count;
    *out = (struct client_desk_candidate_row){ 0 };
    TRY(wire_cbor_open(body, &cbor));
    TRY(wire_cbor_take_array(&cbor, &parts));
    if (parts != 2) return TB_STATUS(WIRE_CBOR_TYPE);
    TRY(wire_cbor_take_bytes(&cbor, &out->verify_public));
    TRY(wire_cbor_take_array(&cbor, &count));
    if (count > CLIENT_OWNER_DEVICE_COUNT_MAX) return TB_STATUS(TB_TOO_LONG);
    if (out->verify_public.len != client->suite.sign_public_len) return TB_STATUS(CRYPTO_KEY);
    out->devices.at = tb_arena_take(&turn->arena, count, sizeof *out->devices.at);
    if (out->devices.at == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < count; i++) {
        struct chat_sealed_statement sealed;
        TRY(wire_cbor_take_array(&cbor, &parts));
        if (parts != 3) return TB_STATUS(WIRE_CBOR_TYPE);
        TRY(wire_cbor_take_bytes(&cbor, &sealed.device));
        TRY(wire_cbor_take_bytes(&cbor, &sealed.kem_output));
        TRY(wire_cbor_take_bytes(&cbor, &sealed.ciphertext));
        out->devices.at[out->devices.count++].value = sealed.device;
        if (!tb_bytes_equal(sealed.device, client->profile.device)) continue;
        TRY(chat_device_open(&client->suite, CHAT_LABEL_SEALED_DESK_KEY, &client->device_key,
                             &sealed, &turn->arena, &out->verify_key));
    }
    return TB_STATUS(TB_OK);
}

static tb_status client_owner_key_check(struct client_turn *turn,
                                        const struct client_desk_candidate_row *key)
{
    struct crypto_signing_key pair = { 0 };
    if (key->verify_key.len == 0) return TB_STATUS(TB_OK); /* of owners, and we are none */
    tb_status status = crypto_signing_key_from(&turn->client->suite, key->verify_key, &pair);
    if (tb_is_ok(status)
        && !tb_bytes_equal(crypto_signing_key_public(&pair), key->verify_public)) {
        status = TB_STATUS(CRYPTO_KEY);
    }
    crypto_signing_key_wipe(&pair);
    return status;
}

tb_status client_desk_owner_taken(struct client_turn *turn, struct client_room *room,
                                  tb_bytes sender, tb_bytes body)
{
    struct client *client = turn->client;
    struct chat_policy_room policy;
    struct client_desk_candidate_row key;
    struct client_desk_owner_row row;
    struct client_desk_row desk;
    if (!tb_bytes_equal(room->row.room_uri, client->hub.desk_uri)
        || tb_bytes_equal(sender, client->profile.account)) {
        return TB_STATUS(TB_OK);
    }
    TRY(client_room_policy(turn, room, &policy));
    if (chat_policy_role_of(&policy.participants, sender) != CHAT_ROLE_OWNER) {
        return TB_STATUS(TB_OK);
    }
    TRY(client_owner_read(turn, body, &key));
    TRY(client_owner_key_check(turn, &key));
    TRY(client_owner_get(turn, &row));
    if (!tb_bytes_equal(key.verify_public, client->hub.desk_verify_key)) {
        return client_candidate_add(turn, &row, &key);
    }
    if (key.verify_key.len == 0) return TB_STATUS(TB_OK);
    TRY(client_desk_of_room(turn, room, &desk));
    desk.verify_key = key.verify_key;
    TRY(client_desk_put(turn, &desk));
    row.devices.at = key.devices.at;
    row.devices.count = key.devices.count;
    client->is_desk_publishing = false;
    return client_owner_put(turn, &row);
}
