/* Records: the hub's, pinned by the invitation; other accounts', pinned at first sight. */
#include "client/desk.h"
#include "client/devices.h"

/* ------------------------------------------------------------------ the hub */

static tb_status client_record_hub_keep(struct client_turn *turn, tb_bytes encoded,
                                        uint64_t known_version, bool *is_anew)
{
    struct client *client = turn->client;
    struct tb_arena arena;
    struct chat_hub_record record;
    tb_bytes copy;
    tb_arena_init(&arena, client->config.mem, CLIENT_TURN_BYTES_MAX);
    tb_status status = tb_arena_dup(&arena, encoded, &copy);
    if (tb_is_ok(status)) {
        status = chat_records_verify_hub(&client->suite, copy, TB_ARRAY(client->profile.root_hash),
                                         known_version, &arena, &record);
    }
    if (tb_is_ok(status) && !tb_bytes_equal(record.domain, client->profile.domain)) {
        status = TB_STATUS(CLIENT_HUB_DOMAIN);
    }
    *is_anew = false;
    if (tb_is_ok(status) && client->hub.version != 0) {
        status = chat_records_desk_follows(&client->hub, &record, is_anew);
    }
    if (!tb_is_ok(status)) {
        tb_arena_wipe(&arena);
        return status;
    }
    tb_arena_wipe(&client->hub_arena);
    client->hub_arena = arena;
    client->hub = record;
    client->hub_encoded = copy;
    return TB_STATUS(TB_OK);
}

tb_status client_record_hub_load(struct client_turn *turn)
{
    tb_bytes encoded;
    tb_status status =
        client_table_get_raw(turn, CLIENT_TABLE_META, client_key_text("hub"), &encoded);
    if (status.code == TB_NOT_FOUND) return TB_STATUS(TB_OK);
    TRY(status);
    bool is_anew;
    status = client_record_hub_keep(turn, encoded, 0, &is_anew);
    /* Registering anew with another hub leaves the old record behind; it is simply not used. */
    return client_status_is_fatal(status) ? status : TB_STATUS(TB_OK);
}

bool client_record_hub_is_behind(struct client_turn *turn, tb_bytes encoded)
{
    struct client *client = turn->client;
    struct chat_hub_record record;
    bool unused;
    if (client->hub.version == 0) return false;
    tb_status status = chat_records_verify_hub(&client->suite, encoded,
                                               TB_ARRAY(client->profile.root_hash),
                                               client->hub.version, &turn->arena, &record);
    return tb_is_ok(status) && tb_bytes_equal(record.domain, client->profile.domain)
           && !tb_is_ok(chat_records_desk_follows(&client->hub, &record, &unused))
           && tb_is_ok(chat_records_desk_follows(&record, &client->hub, &unused));
}

tb_status client_record_hub_take(struct client_turn *turn, tb_bytes encoded)
{
    struct client *client = turn->client;
    uint64_t known = client->hub.version;
    struct chat_hub_record before = { .version = 0 };
    tb_bytes copy;
    TRY(tb_arena_dup(&turn->arena, client->hub_encoded, &copy));
    if (known != 0) TRY(wire_decode(&chat_hub_record_desc, copy, &turn->arena, &before, NULL));
    bool is_anew;
    tb_status status = client_record_hub_keep(turn, encoded, known, &is_anew);
    if (client_status_is_fatal(status)) return status;
    if (!tb_is_ok(status)) {
        TRY(client_alarm(turn, CLIENT_ALARM_HUB_RECORD, (tb_bytes){ 0 }, 0, NULL, encoded));
        return status;
    }
    if (client->hub.version == known) return TB_STATUS(TB_OK);
    if (!chat_records_keeps_agents(&before, &client->hub)
        || !chat_records_keeps_revocations(&before, &client->hub)) {
        TRY(client_alarm(turn, CLIENT_ALARM_HUB_RECORD, (tb_bytes){ 0 }, 0, NULL, encoded));
    }
    TRY(client_table_put_raw(turn, CLIENT_TABLE_META, client_key_text("hub"),
                             client->hub_encoded));
    if (is_anew) TRY(client_report_desk_gone(turn));
    return client_desk_record_changed(turn);
}

tb_status client_record_policy_hub(struct client_turn *turn, struct chat_policy_hub *out)
{
    return chat_policy_hub_of_record(&turn->client->hub, &turn->arena, out);
}

/* ------------------------------------------------------------------ accounts */

tb_status client_record_get(struct client_turn *turn, tb_bytes account,
                            struct client_person_row *person, struct chat_account_record *record)
{
    if (account.len > CHAT_URI_LEN_MAX) return TB_STATUS(TB_NOT_FOUND);
    TRY(client_table_get(turn, CLIENT_TABLE_RECORDS, client_key_bytes(account),
                         &client_person_row_desc, person));
    tb_status status =
        wire_decode(&chat_account_record_desc, person->record, &turn->arena, record, NULL);
    if (tb_is_ok(status) || status.code == TB_NO_SPACE) return status;
    return TB_STATUS(TB_STORE);
}

tb_bytes client_record_handle(struct client_turn *turn, tb_bytes account)
{
    struct client_person_row person;
    if (tb_bytes_equal(account, turn->client->profile.account)) return turn->client->profile.handle;
    if (account.len == 0 || account.len > CHAT_URI_LEN_MAX) return (tb_bytes){ 0 };
    tb_status status = client_table_get(turn, CLIENT_TABLE_RECORDS, client_key_bytes(account),
                                        &client_person_row_desc, &person);
    return tb_is_ok(status) ? person.handle : (tb_bytes){ 0 };
}

static tb_status client_record_of_leaf(struct client_turn *turn, tb_bytes identity,
                                       struct chat_account_record *record)
{
    struct client_person_row person;
    tb_bytes account;
    tb_status status = chat_names_user_of(identity, &turn->arena, &account);
    if (client_status_is_fatal(status)) return status;
    if (!tb_is_ok(status)) return TB_STATUS(CHAT_LEAF_IDENTITY);
    return client_record_get(turn, account, &person, record);
}

tb_status client_record_check_leaf(struct client_turn *turn, tb_bytes identity,
                                   tb_bytes signature_key)
{
    struct chat_account_record record;
    TRY(client_record_of_leaf(turn, identity, &record));
    return chat_records_check_leaf(&record, identity, signature_key);
}

tb_status client_record_knows_leaf(struct client_turn *turn, tb_bytes identity,
                                   tb_bytes signature_key)
{
    struct chat_account_record record;
    TRY(client_record_of_leaf(turn, identity, &record));
    const struct chat_device_key *device = chat_records_device(&record, identity);
    bool is_known = device != NULL && tb_bytes_equal(device->signature_key, signature_key);
    return is_known ? TB_STATUS(TB_OK) : TB_STATUS(CHAT_LEAF_KEY);
}

tb_status client_record_put_own(struct client_turn *turn)
{
    const struct client_profile_row *profile = &turn->client->profile;
    struct client_person_row person = {
        .handle = profile->handle,
        .pinned_ms = turn->now_ms,
        .record = profile->record,
    };
    return client_table_put(turn, CLIENT_TABLE_RECORDS, client_key_bytes(profile->account),
                            &client_person_row_desc, &person);
}

/* Amendments 22: the first record is pinned from its version 0; then only chained successors. */
static tb_status client_record_chain(struct client_turn *turn, tb_bytes account,
                                     struct client_person_row *person, tb_bytes encoded)
{
    struct client *client = turn->client;
    struct chat_account_record record;
    if (tb_bytes_equal(person->record, encoded)) return TB_STATUS(TB_OK); /* asked for twice */
    if (person->record.len == 0) {
        TRY(chat_records_verify_first(&client->suite, encoded, &turn->arena, &record));
        if (record.version != 0) return TB_STATUS(CHAT_RECORD_VERSION);
        if (!tb_bytes_equal(record.account, account)) return TB_STATUS(CHAT_RECORD_ACCOUNT);
        person->pinned_ms = turn->now_ms;
    } else {
        TRY(chat_records_verify_next(&client->suite, person->record, encoded, &turn->arena,
                                     &record));
        if (record.reset && person->reset_count < UINT8_MAX) person->reset_count++;
        if (record.reset) {
            TRY(client_alarm(turn, CLIENT_ALARM_RESET, (tb_bytes){ 0 }, record.version, NULL,
                             encoded));
        }
    }
    person->record = encoded;
    return TB_STATUS(TB_OK);
}

tb_status client_record_take(struct client_turn *turn, tb_bytes account,
                             const struct chat_record_answer *answer)
{
    struct client_person_row person = { 0 };
    if (account.len > CHAT_URI_LEN_MAX) return TB_STATUS(CHAT_RECORD_ACCOUNT);
    struct client_key key = client_key_bytes(account);
    tb_status status =
        client_table_get(turn, CLIENT_TABLE_RECORDS, key, &client_person_row_desc, &person);
    if (status.code != TB_NOT_FOUND) TRY(status);
    for (size_t i = 0; i < answer->records.count; i++) {
        TRY(client_record_chain(turn, account, &person, answer->records.at[i].value));
    }
    if (person.record.len == 0) return TB_STATUS(TB_NOT_FOUND);
    if (chat_names_is_handle(answer->handle)) person.handle = answer->handle;
    TRY(client_table_put(turn, CLIENT_TABLE_RECORDS, key, &client_person_row_desc, &person));
    bool is_own = tb_bytes_equal(account, turn->client->profile.account);
    return is_own ? client_devices_record(turn, person.record) : TB_STATUS(TB_OK);
}

static tb_status client_record_answered(struct client_turn *turn,
                                        const struct client_request *request, uint16_t code,
                                        tb_bytes body)
{
    if (code == CHAT_CODE_OK) {
        struct chat_record_answer answer;
        TRY(client_answer_decode(turn, &chat_record_answer_desc, body, &answer));
        tb_bytes account = client_request_data(request);
        tb_status status = client_record_take(turn, account, &answer);
        if (client_status_is_fatal(status)) return status;
        if (!tb_is_ok(status)) {
            TRY(client_alarm(turn, CLIENT_ALARM_RECORD, (tb_bytes){ 0 }, status.code, NULL, body));
            code = CHAT_CODE_SIGNATURE;
        }
    }
    return request->then != NULL ? request->then(turn, request, code, body) : TB_STATUS(TB_OK);
}

tb_status client_record_fetch(struct client_turn *turn, tb_bytes account, client_answer *then,
                              uint64_t op, uint64_t number)
{
    struct client_person_row person;
    struct chat_account_record record;
    struct chat_record_get get = { .account = account };
    tb_status status = client_record_get(turn, account, &person, &record);
    if (tb_is_ok(status)) get.from_version = record.version + 1;
    if (status.code != TB_NOT_FOUND) TRY(status);
    struct client_about about = { .then = then, .op = op, .number = number, .data = account };
    return client_request_send(turn, CHAT_VERB_RECORD_GET, &get, client_record_answered, &about);
}
