/*
 * How this profile becomes a device of an account that exists: by a code that another device reads,
 * or by the recovery phrase.  Before that it knows the hub's address alone; what the hub says of
 * itself is believed once the account's word about it (domain, root key) has come out of the box.
 */
#include "client/devices.h"

bool client_link_is_open(const struct client *client)
{
    return client->profile.state == CLIENT_PROFILE_LINKING
           || client->profile.state == CLIENT_PROFILE_RECOVERING;
}

/* ------------------------------------------------------------------ beginning */

static tb_status client_link_code_of(struct client *client, struct chat_link_code *code)
{
    tb_bytes secret = client->profile.invite_seed;
    if (client->profile.state != CLIENT_PROFILE_LINKING || secret.len != sizeof code->secret) {
        return TB_STATUS(CLIENT_NOT_REGISTERED);
    }
    *code = (struct chat_link_code){
        .version = 1,
        .device_key = crypto_signing_key_public(&client->device_key),
    };
    for (size_t i = 0; i < secret.len; i++) code->secret[i] = secret.data[i];
    return TB_STATUS(TB_OK);
}

/* A device key and a secret, at a hub of which only the address is known. */
static tb_status client_link_start(struct client_turn *turn, tb_bytes origin, tb_bytes seed,
                                   uint8_t state, uint64_t *op)
{
    struct client *client = turn->client;
    struct client_profile_row *profile = &client->profile;
    struct crypto_signing_key key = { 0 };
    tb_status status = TB_STATUS(TB_OK);
    if (profile->state >= CLIENT_PROFILE_REGISTERED) return TB_STATUS(CLIENT_REGISTERED);
    CHECK(crypto_signing_key_new(&client->suite, client->config.rng, &key));
    CHECK(client_profile_keep(client, origin, &profile->origin));
    CHECK(client_profile_keep(client, seed, &profile->invite_seed));
    CHECK(client_profile_keep(client, tb_secret_view(&key.private_key), &profile->device_key));
    profile->account_key = (tb_bytes){ 0 };
    profile->schema_version = CLIENT_SCHEMA_VERSION;
    profile->state = state;
    *op = profile->register_op = client_op_new(client);
    CHECK(client_profile_keys(client));
    if (client->session != CLIENT_SESSION_NONE) {
        CHECK(client_effect_close(turn)); /* connected for the old state */
        CHECK(client_session_end(turn));
    }
out:
    crypto_signing_key_wipe(&key);
    return status;
}

tb_status client_link(struct client *client, uint64_t now_ms, tb_bytes origin,
                      struct client_effects *effects, uint64_t *op)
{
    struct client_turn turn;
    uint8_t secret[CHAT_LINK_SECRET_LEN];
    tb_status status = client_turn_begin(&turn, client, now_ms, effects);
    if (tb_is_ok(status)) status = tb_rng_fill(client->config.rng, secret, sizeof secret);
    if (tb_is_ok(status)) {
        status = client_link_start(&turn, origin, TB_ARRAY(secret), CLIENT_PROFILE_LINKING, op);
    }
    tb_wipe(secret, sizeof secret);
    return client_turn_end(&turn, status);
}

tb_status client_recover(struct client *client, uint64_t now_ms, tb_bytes origin, tb_bytes seed,
                         struct client_effects *effects, uint64_t *op)
{
    struct client_turn turn;
    tb_status status = client_turn_begin(&turn, client, now_ms, effects);
    if (tb_is_ok(status) && seed.len != CHAT_RECOVERY_SEED_LEN) status = TB_STATUS(CHAT_PHRASE);
    if (tb_is_ok(status)) {
        status = client_link_start(&turn, origin, seed, CLIENT_PROFILE_RECOVERING, op);
    }
    return client_turn_end(&turn, status);
}

tb_status client_link_show(struct client *client, struct tb_arena *arena, tb_bytes *text,
                           char digits[CHAT_LINK_DIGITS_LEN])
{
    struct chat_link_code code;
    TRY(client_link_code_of(client, &code));
    tb_status status = chat_link_text(&code, arena, text);
    if (tb_is_ok(status)) status = chat_link_digits(&client->suite, &code, arena, digits);
    tb_wipe(&code, sizeof code);
    return status;
}

tb_status client_link_read(struct client *client, tb_bytes text, struct tb_arena *arena,
                           char digits[CHAT_LINK_DIGITS_LEN])
{
    struct chat_link_code code;
    TRY(chat_link_parse(&client->suite, text, arena, &code));
    tb_status status = chat_link_digits(&client->suite, &code, arena, digits);
    tb_wipe(&code, sizeof code);
    return status;
}

/* ------------------------------------------------------------------ what came */

static tb_status client_link_adopt(struct client_turn *turn, const struct chat_link_account *from,
                                   tb_bytes device, tb_bytes record)
{
    struct client *client = turn->client;
    struct client_profile_row *profile = &client->profile;
    TRY(client_profile_keep(client, from->account, &profile->account));
    TRY(client_profile_keep(client, from->handle, &profile->handle));
    TRY(client_profile_keep(client, device, &profile->device));
    TRY(client_profile_keep(client, from->account_key, &profile->account_key));
    TRY(client_profile_keep(client, record, &profile->record));
    for (size_t i = 0; i < CHAT_HASH_LEN; i++) profile->root_hash[i] = from->root_hash[i];
    profile->invite_seed = (tb_bytes){ 0 };
    profile->state = CLIENT_PROFILE_REGISTERED;
    client->is_profile_dirty = true;
    TRY(client_profile_keys(client));
    TRY(client_recovery_keep(turn, from->recovery_public));
    TRY(client_record_put_own(turn));
    client->session = CLIENT_SESSION_RECORD;
    return client_session_ask_record(turn);
}

/* Is this the account key of this record? */
static tb_status client_link_is_key_of(struct client *client, tb_bytes private_key,
                                       const struct chat_account_record *record, bool *out)
{
    struct crypto_signing_key key;
    TRY(crypto_signing_key_from(&client->suite, private_key, &key));
    *out = tb_bytes_equal(crypto_signing_key_public(&key), record->account_key);
    crypto_signing_key_wipe(&key);
    return TB_STATUS(TB_OK);
}

/* Linked: the record that came lists this device. */
static tb_status client_link_linked(struct client_turn *turn, tb_bytes sealed)
{
    struct client *client = turn->client;
    struct chat_link_code code;
    struct chat_link_account account;
    struct chat_account_record record;
    tb_bytes context;
    bool is_key;
    TRY(client_link_code_of(client, &code));
    TRY(wire_encode(&chat_link_code_desc, &code, &turn->arena, &context));
    tb_wipe(&code, sizeof code);
    TRY(chat_link_open(&client->suite, &client->device_key, context, sealed, &turn->arena,
                       &account));
    TRY(chat_status_as(wire_decode(&chat_account_record_desc, account.record, &turn->arena,
                                   &record, NULL),
                       CHAT_LINK_SEALED));
    TRY(client_link_is_key_of(client, account.account_key, &record, &is_key));
    if (!is_key || !tb_bytes_equal(record.account, account.account)) {
        return TB_STATUS(CHAT_LINK_SEALED);
    }
    TRY(chat_records_check_leaf(&record, account.device,
                                crypto_signing_key_public(&client->device_key)));
    if (!tb_bytes_equal(account.domain, client->profile.domain)) {
        return TB_STATUS(CLIENT_HUB_DOMAIN);
    }
    return client_link_adopt(turn, &account, account.device, account.record);
}

/* Recovered: the hub's newest record and this device behind it; the login hands it in. */
static tb_status client_link_recovered(struct client_turn *turn, const struct chat_box *box)
{
    struct client *client = turn->client;
    struct chat_link_account account;
    struct chat_account_record record;
    struct crypto_signing_key key = { 0 };
    tb_bytes device, encoded;
    bool is_key;
    TRY(chat_recovery_open(&client->suite, client->profile.invite_seed, box->sealed, &turn->arena,
                           &account));
    TRY(client_answer_decode(turn, &chat_account_record_desc, box->record, &record));
    if (!tb_bytes_equal(record.account, account.account)) return TB_STATUS(CHAT_RECORD_ACCOUNT);
    TRY(client_link_is_key_of(client, account.account_key, &record, &is_key));
    if (!is_key) return TB_STATUS(CLIENT_RECOVERY_OLD);
    if (!tb_bytes_equal(account.domain, client->profile.domain)) {
        return TB_STATUS(CLIENT_HUB_DOMAIN);
    }
    size_t count = record.devices.count;
    struct chat_device_key *devices = tb_arena_take(&turn->arena, count + 1, sizeof *devices);
    if (devices == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < count; i++) devices[i] = record.devices.at[i];
    TRY(chat_names_device(account.account, client->config.rng, &turn->arena, &device));
    devices[count] = (struct chat_device_key){
        .device = device,
        .signature_key = crypto_signing_key_public(&client->device_key),
        .added_ms = turn->now_ms,
        .status = CHAT_DEVICE_ACTIVE,
    };
    struct chat_account_record next = {
        .account = record.account,
        .version = record.version + 1,
        .account_key = record.account_key,
        .devices = { devices, count + 1 },
    };
    TRY(crypto_signing_key_from(&client->suite, account.account_key, &key));
    tb_status status = chat_records_make_account(&client->suite, &key, box->record, &next,
                                                 &turn->arena, &encoded);
    crypto_signing_key_wipe(&key);
    TRY(status);
    return client_link_adopt(turn, &account, device, encoded);
}

static tb_status client_link_answered(struct client_turn *turn,
                                      const struct client_request *request, uint16_t code,
                                      tb_bytes body)
{
    (void)request;
    struct client *client = turn->client;
    struct chat_box box;
    bool is_linking = client->profile.state == CLIENT_PROFILE_LINKING;
    if (code == CLIENT_CODE_LOST) return TB_STATUS(TB_OK);
    if (is_linking && (code == CHAT_CODE_NOT_FOUND || code == CHAT_CODE_RATE_LIMITED)) {
        client->link_at_ms = turn->now_ms + CLIENT_LINK_POLL_MS;
        return TB_STATUS(TB_OK);
    }
    if (code != CHAT_CODE_OK) {
        return client_session_refuse(turn, code, client_answer_detail(turn, body, NULL));
    }
    TRY(client_answer_decode(turn, &chat_box_desc, body, &box));
    tb_status status = is_linking ? client_link_linked(turn, box.sealed)
                                  : client_link_recovered(turn, &box);
    if (tb_is_ok(status) || client_status_is_fatal(status)) return status;
    return client_session_refuse(turn, status.code, (tb_bytes){ 0 });
}

static tb_status client_link_ask(struct client_turn *turn)
{
    struct client *client = turn->client;
    struct chat_box_get get;
    tb_bytes seed = client->profile.invite_seed, recovery_public;
    client->link_at_ms = 0;
    if (client->profile.state == CLIENT_PROFILE_LINKING) {
        TRY(chat_link_box(&client->suite, seed, get.id));
    } else {
        TRY(chat_recovery_public(&client->suite, seed, &turn->arena, &recovery_public));
        TRY(chat_link_recovery_box(&client->suite, recovery_public, get.id));
    }
    return client_request_send(turn, CHAT_VERB_BOX_GET, &get, client_link_answered, NULL);
}

tb_status client_link_greeted(struct client_turn *turn, tb_bytes domain)
{
    struct client *client = turn->client;
    TRY(client_profile_keep(client, domain, &client->profile.domain));
    client->is_profile_dirty = true;
    client->session = CLIENT_SESSION_LINK;
    return client_link_ask(turn);
}

tb_status client_link_work(struct client_turn *turn)
{
    uint64_t at_ms = turn->client->link_at_ms;
    if (at_ms == 0) return TB_STATUS(TB_OK);
    if (at_ms <= turn->now_ms) return client_link_ask(turn);
    client_wake_at(turn, at_ms);
    return TB_STATUS(TB_OK);
}
