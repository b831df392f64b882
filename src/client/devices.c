/*
 * The devices of one's account.  A change is a new version of the AccountRecord: it stands in the
 * profile (next_record) before it leaves, and counts once the hub has it.  Revoking replaces the
 * account key; the devices that stay find the new one in boxes that were put before the record.
 */
#include "client/devices.h"

static struct client_key client_recovery_key(void)
{
    return client_key_text("recovery");
}

tb_status client_recovery_get(struct client_turn *turn, tb_bytes *recovery_public)
{
    *recovery_public = (tb_bytes){ 0 };
    tb_status status = client_table_get_raw(turn, CLIENT_TABLE_META, client_recovery_key(),
                                            recovery_public);
    return status.code == TB_NOT_FOUND ? TB_STATUS(TB_OK) : status;
}

tb_status client_recovery_keep(struct client_turn *turn, tb_bytes recovery_public)
{
    if (recovery_public.len == 0) return TB_STATUS(TB_OK);
    return client_table_put_raw(turn, CLIENT_TABLE_META, client_recovery_key(), recovery_public);
}

tb_status client_devices_account(struct client_turn *turn, tb_bytes device, tb_bytes account_key,
                                 tb_bytes record, struct chat_link_account *out)
{
    const struct client_profile_row *profile = &turn->client->profile;
    *out = (struct chat_link_account){
        .domain = profile->domain,
        .account = profile->account,
        .handle = profile->handle,
        .device = device,
        .account_key = account_key,
        .record = record,
    };
    for (size_t i = 0; i < CHAT_HASH_LEN; i++) out->root_hash[i] = profile->root_hash[i];
    return client_recovery_get(turn, &out->recovery_public);
}

/* ------------------------------------------------------------------ our own record */

static tb_status client_devices_own(struct client_turn *turn, struct chat_account_record *out)
{
    tb_status status = wire_decode(&chat_account_record_desc, turn->client->profile.record,
                                   &turn->arena, out, NULL);
    if (tb_is_ok(status) || status.code == TB_NO_SPACE) return status;
    return TB_STATUS(TB_STORE);
}

/* The box that the revoking device left for us. */
static tb_status client_key_came(struct client_turn *turn, const struct client_request *request,
                                 uint16_t code, tb_bytes body)
{
    (void)request;
    struct client *client = turn->client;
    struct chat_box box;
    struct chat_link_account account;
    struct chat_account_record record;
    struct crypto_signing_key key = { 0 };
    if (code != CHAT_CODE_OK) return TB_STATUS(TB_OK); /* whoever changed it did not leave one */
    TRY(client_answer_decode(turn, &chat_box_desc, body, &box));
    tb_status status = chat_link_open(&client->suite, &client->device_key, client->profile.device,
                                      box.sealed, &turn->arena, &account);
    if (client_status_is_fatal(status)) return status;
    if (!tb_is_ok(status)) return TB_STATUS(TB_OK);
    TRY(client_devices_own(turn, &record));
    CHECK(crypto_signing_key_from(&client->suite, account.account_key, &key));
    if (tb_bytes_equal(crypto_signing_key_public(&key), record.account_key)) {
        CHECK(client_profile_keep(client, account.account_key, &client->profile.account_key));
        client->is_profile_dirty = true;
        CHECK(client_profile_keys(client));
        CHECK(client_recovery_keep(turn, account.recovery_public));
    }
out:
    crypto_signing_key_wipe(&key);
    return status;
}

static tb_status client_key_ask(struct client_turn *turn)
{
    struct client *client = turn->client;
    struct chat_account_record record;
    struct chat_box_get get;
    TRY(client_devices_own(turn, &record));
    bool is_ours =
        tb_bytes_equal(crypto_signing_key_public(&client->account_key), record.account_key);
    if (is_ours || client->session != CLIENT_SESSION_ONLINE) return TB_STATUS(TB_OK);
    TRY(chat_link_key_box(&client->suite, client->profile.device, client->profile.record, get.id));
    return client_request_send(turn, CHAT_VERB_BOX_GET, &get, client_key_came, NULL);
}

tb_status client_devices_record(struct client_turn *turn, tb_bytes record)
{
    struct client *client = turn->client;
    struct client_profile_row *profile = &client->profile;
    if (profile->state != CLIENT_PROFILE_REGISTERED) return TB_STATUS(TB_OK);
    bool is_new = !tb_bytes_equal(profile->record, record);
    if (!is_new && profile->next_record.len == 0) return client_key_ask(turn);
    if (tb_bytes_equal(profile->next_record, record) && profile->next_account_key.len != 0) {
        profile->account_key = profile->next_account_key;
    }
    if (is_new) TRY(client_profile_keep(client, record, &profile->record));
    if (is_new) { /* else the one on its way is still on its way */
        profile->next_record = profile->next_account_key = (tb_bytes){ 0 };
    }
    client->is_profile_dirty = true;
    TRY(client_profile_keys(client));
    return client_key_ask(turn);
}

static tb_status client_devices_fetched(struct client_turn *turn,
                                        const struct client_request *request, uint16_t code,
                                        tb_bytes body)
{
    (void)turn, (void)request, (void)code, (void)body;
    return TB_STATUS(TB_OK); /* client_devices_record has it; a refusal was told */
}

static tb_status client_devices_fetch(struct client_turn *turn)
{
    tb_bytes account;
    TRY(tb_arena_dup(&turn->arena, turn->client->profile.account, &account));
    return client_record_fetch(turn, account, client_devices_fetched, 0, 0);
}

static tb_status client_devices_put(struct client_turn *turn, uint64_t op, tb_bytes data,
                                    client_answer *then);
static tb_status client_backup_put(struct client_turn *turn, uint64_t op, client_answer *answer);

static tb_status client_change_resumed(struct client_turn *turn,
                                       const struct client_request *request, uint16_t code,
                                       tb_bytes body);

tb_status client_devices_logged_in(struct client_turn *turn, uint32_t version_at_hub)
{
    struct client_profile_row *profile = &turn->client->profile;
    struct chat_account_record record;
    TRY(client_devices_own(turn, &record));
    if (version_at_hub > record.version) return client_devices_fetch(turn);
    if (profile->next_record.len != 0) {
        return client_devices_put(turn, 0, (tb_bytes){ 0 }, client_change_resumed);
    }
    return client_key_ask(turn);
}

tb_status client_devices_pushed(struct client_turn *turn, tb_bytes record)
{
    (void)record; /* asked for, so that a version in between is not missed */
    return client_devices_fetch(turn);
}

/* ------------------------------------------------------------------ a change */

/* The next version with these devices, in the profile.  next_key NULL: the account key stays. */
static tb_status client_devices_next(struct client_turn *turn,
                                     const struct chat_account_record *before,
                                     struct chat_device_key *devices, size_t count,
                                     const struct crypto_signing_key *next_key)
{
    struct client *client = turn->client;
    struct client_profile_row *profile = &client->profile;
    struct chat_account_record next = {
        .account = before->account,
        .version = before->version + 1,
        .account_key = next_key != NULL ? crypto_signing_key_public(next_key)
                                        : before->account_key,
        .devices = { devices, count },
    };
    tb_bytes encoded;
    TRY(chat_records_make_account(&client->suite, &client->account_key, profile->record, &next,
                                  &turn->arena, &encoded));
    TRY(client_profile_keep(client, encoded, &profile->next_record));
    profile->next_account_key = (tb_bytes){ 0 };
    if (next_key != NULL) {
        TRY(client_profile_keep(client, tb_secret_view(&next_key->private_key),
                                &profile->next_account_key));
    }
    client->is_profile_dirty = true;
    return TB_STATUS(TB_OK);
}

/* The hub has the record on its way: it is ours now. */
static tb_status client_change_done(struct client_turn *turn)
{
    struct client *client = turn->client;
    if (client->profile.next_record.len == 0) return TB_STATUS(TB_OK); /* adopted by a push */
    TRY(client_devices_record(turn, client->profile.next_record));
    return client_record_put_own(turn);
}

/* Another device was quicker, or the hub refuses: ours is void. */
static tb_status client_change_failed(struct client_turn *turn, uint64_t op, uint16_t code,
                                      tb_bytes body)
{
    struct client_profile_row *profile = &turn->client->profile;
    if (code == CLIENT_CODE_LOST) return TB_STATUS(TB_OK); /* put again after the next login */
    profile->next_record = profile->next_account_key = (tb_bytes){ 0 };
    turn->client->is_profile_dirty = true;
    TRY(client_show_failed(turn, op, code, client_answer_detail(turn, body, NULL)));
    return client_devices_fetch(turn);
}

static tb_status client_change_resumed(struct client_turn *turn,
                                       const struct client_request *request, uint16_t code,
                                       tb_bytes body)
{
    if (code != CHAT_CODE_OK) return client_change_failed(turn, request->op, code, body);
    TRY(client_change_done(turn));
    return client_backup_put(turn, 0, NULL);
}

static tb_status client_devices_put(struct client_turn *turn, uint64_t op, tb_bytes data,
                                    client_answer *then)
{
    struct chat_opaque record = { turn->client->profile.next_record };
    struct client_about about = { .op = op, .data = data };
    return client_request_send(turn, CHAT_VERB_RECORD_PUT, &record, then, &about);
}

/* May this device change the record?  *out: our newest record. */
static tb_status client_change_begin(struct client_turn *turn, struct chat_account_record *out)
{
    struct client *client = turn->client;
    TRY(client_profile_check(client));
    if (!client_is_online(client)) return TB_STATUS(CLIENT_OFFLINE);
    if (client->profile.next_record.len != 0) return TB_STATUS(CLIENT_BUSY);
    TRY(client_devices_own(turn, out));
    bool is_ours =
        tb_bytes_equal(crypto_signing_key_public(&client->account_key), out->account_key);
    return TB_STATUS(is_ours ? TB_OK : CLIENT_ACCOUNT_KEY);
}

/* ------------------------------------------------------------------ adding */

static const struct chat_device_key *client_device_of_key(const struct chat_account_record *record,
                                                          tb_bytes signature_key)
{
    for (size_t i = 0; i < record->devices.count; i++) {
        const struct chat_device_key *device = &record->devices.at[i];
        bool is_active = device->status == CHAT_DEVICE_ACTIVE;
        if (is_active && tb_bytes_equal(device->signature_key, signature_key)) return device;
    }
    return NULL;
}

static tb_status client_box_taken(struct client_turn *turn, const struct client_request *request,
                                  uint16_t code, tb_bytes body)
{
    if (code != CHAT_CODE_OK) {
        return client_show_failed(turn, request->op, code, client_answer_detail(turn, body, NULL));
    }
    return client_show_done(turn, request->op,
                            &(struct client_show){ .text = client_request_data(request) });
}

/* The record lists the device: its box. */
static tb_status client_add_hand_over(struct client_turn *turn, const struct chat_link_code *code,
                                      uint64_t op)
{
    struct client *client = turn->client;
    struct chat_account_record record;
    struct chat_link_account account;
    struct chat_box_put put = { .kind = CHAT_BOX_LINK };
    tb_bytes context;
    TRY(client_devices_own(turn, &record));
    const struct chat_device_key *device = client_device_of_key(&record, code->device_key);
    if (device == NULL) {
        return client_show_failed(turn, op, CLIENT_DEVICE_UNKNOWN, (tb_bytes){ 0 });
    }
    TRY(client_devices_account(turn, device->device, client->profile.account_key,
                               client->profile.record, &account));
    TRY(wire_encode(&chat_link_code_desc, code, &turn->arena, &context));
    TRY(chat_link_seal(&client->suite, code->device_key, context, &account, client->config.rng,
                       &turn->arena, &put.sealed));
    TRY(chat_link_box(&client->suite, TB_ARRAY(code->secret), put.id));
    struct client_about about = { .op = op, .data = device->device };
    return client_request_send(turn, CHAT_VERB_BOX_PUT, &put, client_box_taken, &about);
}

static tb_status client_add_recorded(struct client_turn *turn,
                                     const struct client_request *request, uint16_t code,
                                     tb_bytes body)
{
    struct chat_link_code link;
    if (code == CLIENT_CODE_LOST) {
        return client_show_failed(turn, request->op, CLIENT_OFFLINE, (tb_bytes){ 0 });
    }
    if (code != CHAT_CODE_OK) return client_change_failed(turn, request->op, code, body);
    TRY(client_change_done(turn));
    TRY(chat_link_parse(&turn->client->suite, client_request_data(request), &turn->arena, &link));
    return client_add_hand_over(turn, &link, request->op);
}

static tb_status client_add_begin(struct client_turn *turn, tb_bytes text, uint64_t *op)
{
    struct client *client = turn->client;
    struct chat_link_code code;
    struct chat_account_record record;
    tb_bytes device;
    TRY(chat_link_parse(&client->suite, text, &turn->arena, &code));
    TRY(client_change_begin(turn, &record));
    *op = client_op_new(client);
    /* A second try with the same code: only the box is missing. */
    if (client_device_of_key(&record, code.device_key) != NULL) {
        return client_add_hand_over(turn, &code, *op);
    }
    size_t count = record.devices.count;
    struct chat_device_key *devices = tb_arena_take(&turn->arena, count + 1, sizeof *devices);
    if (devices == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < count; i++) devices[i] = record.devices.at[i];
    TRY(chat_names_device(client->profile.account, client->config.rng, &turn->arena, &device));
    devices[count] = (struct chat_device_key){ .device = device,
                                               .signature_key = code.device_key,
                                               .added_ms = turn->now_ms,
                                               .status = CHAT_DEVICE_ACTIVE };
    TRY(client_devices_next(turn, &record, devices, count + 1, NULL));
    return client_devices_put(turn, *op, text, client_add_recorded);
}

tb_status client_device_add(struct client *client, uint64_t now_ms, tb_bytes code,
                            struct client_effects *effects, uint64_t *op)
{
    struct client_turn turn;
    tb_status status = client_turn_begin(&turn, client, now_ms, effects);
    if (tb_is_ok(status)) status = client_add_begin(&turn, code, op);
    return client_turn_end(&turn, status);
}

/* ------------------------------------------------------------------ revoking */

/* The new key for one of the devices that stay. */
static tb_status client_key_leave(struct client_turn *turn, const struct chat_device_key *device)
{
    struct client *client = turn->client;
    const struct client_profile_row *profile = &client->profile;
    struct chat_link_account account;
    struct chat_box_put put = { .kind = CHAT_BOX_KEY };
    TRY(client_devices_account(turn, device->device, profile->next_account_key,
                               profile->next_record, &account));
    TRY(chat_link_seal(&client->suite, device->signature_key, device->device, &account,
                       client->config.rng, &turn->arena, &put.sealed));
    TRY(chat_link_key_box(&client->suite, device->device, profile->next_record, put.id));
    return client_request_send(turn, CHAT_VERB_BOX_PUT, &put, NULL, NULL);
}

static tb_status client_revoke_recorded(struct client_turn *turn,
                                        const struct client_request *request, uint16_t code,
                                        tb_bytes body)
{
    if (code != CHAT_CODE_OK) return client_change_failed(turn, request->op, code, body);
    TRY(client_change_done(turn));
    TRY(client_backup_put(turn, 0, NULL)); /* of the new key */
    return client_show_done(turn, request->op,
                            &(struct client_show){ .text = client_request_data(request) });
}

static tb_status client_revoke_record(struct client_turn *turn, tb_bytes device,
                                      const struct chat_account_record *record)
{
    struct client *client = turn->client;
    struct crypto_signing_key key = { 0 };
    tb_status status = TB_STATUS(TB_OK);
    size_t count = record->devices.count;
    struct chat_device_key *devices = tb_arena_take(&turn->arena, count, sizeof *devices);
    if (devices == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < count; i++) {
        devices[i] = record->devices.at[i];
        if (tb_bytes_equal(devices[i].device, device)) devices[i].status = CHAT_DEVICE_REVOKED;
    }
    CHECK(crypto_signing_key_new(&client->suite, client->config.rng, &key));
    CHECK(client_devices_next(turn, record, devices, count, &key));
    for (size_t i = 0; i < count; i++) {
        bool is_self = tb_bytes_equal(devices[i].device, client->profile.device);
        if (is_self || devices[i].status != CHAT_DEVICE_ACTIVE) continue;
        CHECK(client_key_leave(turn, &devices[i]));
    }
out:
    crypto_signing_key_wipe(&key);
    return status;
}

static tb_status client_revoke_begin(struct client_turn *turn, tb_bytes device, uint64_t *op)
{
    struct client *client = turn->client;
    struct chat_account_record record;
    TRY(client_change_begin(turn, &record));
    if (tb_bytes_equal(device, client->profile.device)) return TB_STATUS(CLIENT_DEVICE_SELF);
    const struct chat_device_key *known = chat_records_device(&record, device);
    if (known == NULL || known->status != CHAT_DEVICE_ACTIVE) {
        return TB_STATUS(CLIENT_DEVICE_UNKNOWN);
    }
    *op = client_op_new(client);
    TRY(client_revoke_record(turn, device, &record));
    return client_devices_put(turn, *op, device, client_revoke_recorded);
}

tb_status client_device_revoke(struct client *client, uint64_t now_ms, tb_bytes device,
                               struct client_effects *effects, uint64_t *op)
{
    struct client_turn turn;
    tb_status status = client_turn_begin(&turn, client, now_ms, effects);
    if (tb_is_ok(status)) status = client_revoke_begin(&turn, device, op);
    return client_turn_end(&turn, status);
}

/* ------------------------------------------------------------------ the recovery phrase */

/* answer NULL: nobody waits.  Without a phrase there is nothing to do. */
static tb_status client_backup_put(struct client_turn *turn, uint64_t op, client_answer *answer)
{
    struct client *client = turn->client;
    struct chat_link_account account;
    struct chat_box_put put = { .kind = CHAT_BOX_RECOVERY };
    TRY(client_devices_account(turn, (tb_bytes){ 0 }, client->profile.account_key,
                               client->profile.record, &account));
    if (account.recovery_public.len == 0) return TB_STATUS(TB_OK);
    TRY(chat_recovery_seal(&client->suite, account.recovery_public, &account, client->config.rng,
                           &turn->arena, &put.sealed));
    TRY(chat_link_recovery_box(&client->suite, account.recovery_public, put.id));
    struct client_about about = { .op = op };
    return client_request_send(turn, CHAT_VERB_BOX_PUT, &put, answer, &about);
}

static tb_status client_recovery_begin(struct client_turn *turn, tb_bytes seed, uint64_t *op)
{
    struct chat_account_record record;
    tb_bytes recovery_public;
    if (seed.len != CHAT_RECOVERY_SEED_LEN) return TB_STATUS(CHAT_PHRASE);
    TRY(client_change_begin(turn, &record));
    TRY(chat_recovery_public(&turn->client->suite, seed, &turn->arena, &recovery_public));
    TRY(client_recovery_keep(turn, recovery_public));
    *op = client_op_new(turn->client);
    return client_backup_put(turn, *op, client_box_taken);
}

tb_status client_recovery_new(struct client *client, uint64_t now_ms, tb_bytes seed,
                              struct client_effects *effects, uint64_t *op)
{
    struct client_turn turn;
    tb_status status = client_turn_begin(&turn, client, now_ms, effects);
    if (tb_is_ok(status)) status = client_recovery_begin(&turn, seed, op);
    return client_turn_end(&turn, status);
}

bool client_has_recovery(struct client *client)
{
    struct client_turn turn;
    tb_bytes recovery_public = { 0 };
    if (!tb_is_ok(client_turn_read(&turn, client))) return false;
    tb_status status = client_recovery_get(&turn, &recovery_public);
    bool has = tb_is_ok(status) && recovery_public.len != 0;
    tb_arena_wipe(&turn.arena);
    return has;
}
