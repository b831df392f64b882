/* The profile: who we are at which hub, registration, and rejoining as a new device. */
#include "client/rooms.h"

static struct client_key client_profile_key(void)
{
    return client_key_text("profile");
}

tb_status client_profile_keep(struct client *client, tb_bytes value, tb_bytes *out)
{
    return tb_arena_dup(&client->profile_arena, value, out);
}

void client_profile_wipe(struct client *client)
{
    tb_arena_wipe(&client->profile_arena);
    crypto_signing_key_wipe(&client->account_key);
    crypto_signing_key_wipe(&client->device_key);
    client->profile = (struct client_profile_row){ 0 };
    client->is_profile_dirty = false;
}

tb_status client_profile_keys(struct client *client)
{
    const struct client_profile_row *profile = &client->profile;
    if (profile->account_key.len != 0) {
        TRY(crypto_signing_key_from(&client->suite, profile->account_key, &client->account_key));
    }
    if (profile->device_key.len == 0) return TB_STATUS(TB_OK);
    return crypto_signing_key_from(&client->suite, profile->device_key, &client->device_key);
}

tb_status client_profile_load(struct client_turn *turn)
{
    struct client *client = turn->client;
    struct client_key key = client_profile_key();
    tb_bytes value;
    client_profile_wipe(client);
    tb_status status = tb_store_get(client->config.store, CLIENT_TABLE_META, client_key_view(&key),
                                    &client->profile_arena, &value);
    if (status.code == TB_NOT_FOUND) {
        client->profile.schema_version = CLIENT_SCHEMA_VERSION;
        return TB_STATUS(TB_OK);
    }
    TRY(status);
    /* The version stands first, so that it can be read whatever follows. */
    if (value.len >= 2 && tb_get_u16(value.data) > CLIENT_SCHEMA_VERSION) {
        return TB_STATUS(CLIENT_SCHEMA_NEWER);
    }
    status = wire_decode(&client_profile_row_desc, value, &client->profile_arena, &client->profile,
                         NULL);
    if (!tb_is_ok(status)) return TB_STATUS(TB_STORE);
    return client_profile_keys(client);
}

tb_status client_profile_flush(struct client_turn *turn)
{
    struct client *client = turn->client;
    if (!client->is_profile_dirty) return TB_STATUS(TB_OK);
    TRY(client_table_put(turn, CLIENT_TABLE_META, client_profile_key(), &client_profile_row_desc,
                         &client->profile));
    client->is_profile_dirty = false;
    return TB_STATUS(TB_OK);
}

tb_status client_profile_check(const struct client *client)
{
    if (client->profile.state < CLIENT_PROFILE_REGISTERED) {
        return TB_STATUS(CLIENT_NOT_REGISTERED);
    }
    if (client->profile.is_rolled_back) return TB_STATUS(CLIENT_ROLLED_BACK);
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ registration */

static tb_status client_register_record(struct client_turn *turn,
                                        const struct crypto_signing_key *account_key,
                                        const struct crypto_signing_key *device_key)
{
    struct client *client = turn->client;
    struct chat_device_key device = {
        .device = client->profile.device,
        .signature_key = crypto_signing_key_public(device_key),
        .added_ms = turn->now_ms,
        .status = CHAT_DEVICE_ACTIVE,
    };
    struct chat_account_record record = {
        .account = client->profile.account,
        .account_key = crypto_signing_key_public(account_key),
        .devices = { &device, 1 },
    };
    tb_bytes encoded;
    TRY(chat_records_make_account(&client->suite, account_key, (tb_bytes){ 0 }, &record,
                                  &turn->arena, &encoded));
    return client_profile_keep(client, encoded, &client->profile.record);
}

static tb_status client_register_profile(struct client_turn *turn, tb_bytes origin,
                                         const struct chat_invite_secret *secret, tb_bytes handle)
{
    struct client *client = turn->client;
    struct client_profile_row *profile = &client->profile;
    struct crypto_signing_key account_key = { 0 }, device_key = { 0 };
    tb_status status = TB_STATUS(TB_OK);
    tb_bytes uri;

    CHECK(crypto_signing_key_new(&client->suite, client->config.rng, &account_key));
    CHECK(crypto_signing_key_new(&client->suite, client->config.rng, &device_key));
    CHECK(client_profile_keep(client, origin, &profile->origin));
    CHECK(client_profile_keep(client, secret->domain, &profile->domain));
    CHECK(client_profile_keep(client, handle, &profile->handle));
    CHECK(client_profile_keep(client, TB_ARRAY(secret->seed), &profile->invite_seed));
    for (size_t i = 0; i < CHAT_HASH_LEN; i++) profile->root_hash[i] = secret->hub_root_hash[i];
    CHECK(chat_names_account(&client->suite, secret->domain,
                             crypto_signing_key_public(&account_key), &turn->arena, &uri));
    CHECK(client_profile_keep(client, uri, &profile->account));
    CHECK(chat_names_device(profile->account, client->config.rng, &turn->arena, &uri));
    CHECK(client_profile_keep(client, uri, &profile->device));
    CHECK(client_profile_keep(client, tb_secret_view(&account_key.private_key),
                              &profile->account_key));
    CHECK(client_profile_keep(client, tb_secret_view(&device_key.private_key),
                              &profile->device_key));
    CHECK(client_register_record(turn, &account_key, &device_key));
    client->account_key = account_key;
    client->device_key = device_key;
    profile->schema_version = CLIENT_SCHEMA_VERSION;
    profile->state = CLIENT_PROFILE_REGISTERING;
    client->is_profile_dirty = true;

out:
    crypto_signing_key_wipe(&account_key);
    crypto_signing_key_wipe(&device_key);
    return status;
}

static tb_status client_register_begin(struct client_turn *turn, tb_bytes link, tb_bytes handle,
                                       uint64_t *op)
{
    struct client *client = turn->client;
    struct chat_invite_secret secret;
    tb_bytes origin;
    if (client->profile.state >= CLIENT_PROFILE_REGISTERED) return TB_STATUS(CLIENT_REGISTERED);
    if (!chat_names_is_handle(handle)) return TB_STATUS(CHAT_REGISTER_HANDLE);
    TRY(chat_records_invite_parse(link, &turn->arena, &origin, &secret));
    if (secret.kind != CHAT_INVITE_ACCOUNT) return TB_STATUS(CLIENT_LINK_KIND);
    if (origin.len == 0) return TB_STATUS(CHAT_INVITE_LINK);
    /* A new try with another invitation or handle starts over: nothing was registered. */
    TRY(client_register_profile(turn, origin, &secret, handle));
    *op = client->profile.register_op = client_op_new(client);
    if (client->session == CLIENT_SESSION_NONE) return TB_STATUS(TB_OK);
    TRY(client_effect_close(turn)); /* connected for the old state: the host connects again */
    return client_session_end(turn);
}

tb_status client_register(struct client *client, uint64_t now_ms, tb_bytes link, tb_bytes handle,
                          struct client_effects *effects, uint64_t *op)
{
    struct client_turn turn;
    tb_status status = client_turn_begin(&turn, client, now_ms, effects);
    if (tb_is_ok(status)) status = client_register_begin(&turn, link, handle, op);
    return client_turn_end(&turn, status);
}

/* ------------------------------------------------------------------ a new device */

/* The record that revokes this device, lists the new one and replaces the account key. */
static tb_status client_rejoin_record(struct client_turn *turn,
                                      const struct crypto_signing_key *account_key,
                                      const struct crypto_signing_key *device_key,
                                      tb_bytes device, tb_bytes *encoded)
{
    struct client *client = turn->client;
    struct chat_account_record record;
    TRY(wire_decode(&chat_account_record_desc, client->profile.record, &turn->arena, &record,
                    NULL));
    size_t count = record.devices.count;
    struct chat_device_key *devices = tb_arena_take(&turn->arena, count + 1, sizeof *devices);
    if (devices == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < count; i++) {
        devices[i] = record.devices.at[i];
        if (tb_bytes_equal(devices[i].device, client->profile.device)) {
            devices[i].status = CHAT_DEVICE_REVOKED;
        }
    }
    devices[count] = (struct chat_device_key){
        .device = device,
        .signature_key = crypto_signing_key_public(device_key),
        .added_ms = turn->now_ms,
        .status = CHAT_DEVICE_ACTIVE,
    };
    struct chat_account_record next = {
        .account = record.account,
        .version = record.version + 1,
        .account_key = crypto_signing_key_public(account_key),
        .devices = { devices, count + 1 },
    };
    return chat_records_make_account(&client->suite, &client->account_key, client->profile.record,
                                     &next, &turn->arena, encoded);
}

static tb_status client_rejoin_keys(struct client_turn *turn)
{
    struct client *client = turn->client;
    struct client_profile_row *profile = &client->profile;
    struct crypto_signing_key account_key = { 0 }, device_key = { 0 };
    tb_status status = TB_STATUS(TB_OK);
    tb_bytes device, record;

    CHECK(crypto_signing_key_new(&client->suite, client->config.rng, &account_key));
    CHECK(crypto_signing_key_new(&client->suite, client->config.rng, &device_key));
    CHECK(chat_names_device(profile->account, client->config.rng, &turn->arena, &device));
    CHECK(client_rejoin_record(turn, &account_key, &device_key, device, &record));
    CHECK(client_profile_keep(client, device, &profile->next_device));
    CHECK(client_profile_keep(client, record, &profile->next_record));
    CHECK(client_profile_keep(client, tb_secret_view(&account_key.private_key),
                              &profile->next_account_key));
    CHECK(client_profile_keep(client, tb_secret_view(&device_key.private_key),
                              &profile->next_device_key));
    profile->state = CLIENT_PROFILE_REJOINING;
    client->is_profile_dirty = true;

out:
    crypto_signing_key_wipe(&account_key);
    crypto_signing_key_wipe(&device_key);
    return status;
}

static tb_status client_rejoin_begin(struct client_turn *turn, uint64_t *op)
{
    struct client *client = turn->client;
    if (client->profile.state < CLIENT_PROFILE_REGISTERED) {
        return TB_STATUS(CLIENT_NOT_REGISTERED);
    }
    if (client->profile.state != CLIENT_PROFILE_REJOINING) TRY(client_rejoin_keys(turn));
    *op = client->profile.register_op = client_op_new(client);
    if (client->session == CLIENT_SESSION_NONE) return TB_STATUS(TB_OK);
    TRY(client_effect_close(turn)); /* the host connects again, and the new record goes first */
    return client_session_end(turn);
}

tb_status client_rejoin(struct client *client, uint64_t now_ms, struct client_effects *effects,
                        uint64_t *op)
{
    struct client_turn turn;
    tb_status status = client_turn_begin(&turn, client, now_ms, effects);
    if (tb_is_ok(status)) status = client_rejoin_begin(&turn, op);
    return client_turn_end(&turn, status);
}

/* The hub has the new record: from here on we are the new device, without a key of any group. */
tb_status client_profile_adopt(struct client_turn *turn)
{
    struct client *client = turn->client;
    struct client_profile_row *profile = &client->profile;
    profile->device = profile->next_device;
    profile->record = profile->next_record;
    profile->account_key = profile->next_account_key;
    profile->device_key = profile->next_device_key;
    profile->next_device = profile->next_record = (tb_bytes){ 0 };
    profile->next_account_key = profile->next_device_key = (tb_bytes){ 0 };
    profile->state = CLIENT_PROFILE_REGISTERED;
    profile->is_rolled_back = 0;
    client->is_profile_dirty = true;
    TRY(client_profile_keys(client));
    TRY(client_record_put_own(turn));

    struct client_pairs packages;
    TRY(client_table_all(turn, CLIENT_TABLE_KEY_PACKAGES, &packages));
    for (size_t i = 0; i < packages.count; i++) {
        struct client_key key = client_key_bytes(packages.at[i].key);
        TRY(client_table_del(turn, CLIENT_TABLE_KEY_PACKAGES, key));
    }
    for (struct client_room *room = client->rooms; room != NULL; room = room->next) {
        if (!client_room_is_live(room)) continue;
        TRY(client_room_end(turn, room, CLIENT_ROOM_REJOINING));
    }
    return TB_STATUS(TB_OK);
}
