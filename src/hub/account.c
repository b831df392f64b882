/* Accounts, their records and devices. */
#include <string.h>

#include "chat/names.h"
#include "chat/records.h"
#include "hub/box.h"
#include "hub/join.h"

/* ---- rows ---- */

static struct hub_key account_key(const struct hub_user_id *id)
{
    return hub_key_of(TB_ARRAY(id->at));
}

static struct hub_key record_key(const struct hub_user_id *id, uint32_t version)
{
    struct hub_key key = account_key(id);
    uint8_t octets[4];
    tb_put_u32(octets, version);
    hub_key_add(&key, octets, sizeof octets);
    return key;
}

tb_status hub_device_row(struct hub *hub, const struct hub_device_id *device,
                         struct tb_arena *arena, struct hub_row_device *row, bool *found)
{
    struct hub_key key = hub_key_of(TB_ARRAY(device->at));
    return hub_get(hub, HUB_TABLE_DEVICES, &key, &hub_row_device_desc, arena, row, found);
}

tb_status hub_device_save(struct hub *hub, const struct hub_device_id *device,
                          const struct hub_row_device *row, struct tb_arena *arena)
{
    struct hub_key key = hub_key_of(TB_ARRAY(device->at));
    return hub_put(hub, HUB_TABLE_DEVICES, &key, &hub_row_device_desc, row, arena);
}

tb_status hub_account_row(struct hub *hub, const struct hub_account *account,
                          struct tb_arena *arena, struct hub_row_account *row)
{
    struct hub_key key = account_key(&account->id);
    return hub_row_get(hub->store, HUB_TABLE_ACCOUNTS, &key, &hub_row_account_desc, arena, row);
}

static void take_row(struct hub *hub, struct hub_account *account,
                     const struct hub_row_account *row)
{
    account->flags = row->flags;
    account->record_version = row->record_version;
    memcpy(account->record_hash, row->record_hash, CHAT_HASH_LEN);
    account->decision_number = row->decision_number;
    account->until_ms = row->until_ms;
    account->generation = hub->generation;
}

tb_status hub_account_save(struct hub *hub, struct hub_account *account,
                           const struct hub_row_account *row, struct tb_arena *arena)
{
    struct hub_key key = account_key(&account->id);
    TRY(hub_put(hub, HUB_TABLE_ACCOUNTS, &key, &hub_row_account_desc, row, arena));
    take_row(hub, account, row);
    return TB_STATUS(TB_OK);
}

tb_status hub_account_record(struct hub *hub, const struct hub_account *account,
                             struct tb_arena *arena, tb_bytes *encoded)
{
    struct hub_key key = record_key(&account->id, account->record_version);
    return hub_row_get_octets(hub->store, HUB_TABLE_RECORDS, &key, arena, encoded);
}

/* ---- the cache ---- */

static tb_status cache(struct hub *hub, const struct hub_user_id *id, struct tb_arena *arena,
                       struct hub_account **out)
{
    tb_bytes uri;
    TRY(hub_uri_user(hub->domain, id, arena, &uri));
    struct hub_account *account = tb_mem_take(hub->mem, sizeof *account + uri.len);
    if (account == NULL) return TB_STATUS(TB_NO_SPACE);
    account->id = *id;
    account->uri_len = uri.len;
    memcpy(account->uri, uri.data, uri.len);
    tb_status status = hub_map_put(&hub->accounts, account);
    if (!tb_is_ok(status)) {
        tb_mem_give(hub->mem, account, sizeof *account + uri.len);
        return status;
    }
    *out = account;
    return TB_STATUS(TB_OK);
}

tb_status hub_account_get(struct hub *hub, const struct hub_user_id *id, struct hub_account **out)
{
    struct hub_account *account = hub_map_get(&hub->accounts, id);
    if (account != NULL && account->generation == hub->generation) {
        *out = account;
        return TB_STATUS(TB_OK);
    }
    struct tb_arena arena;
    tb_arena_init(&arena, hub->mem, HUB_STEP_ARENA_BYTES_MAX);
    struct hub_key key = account_key(id);
    struct hub_row_account row;
    bool found;
    tb_status status;
    CHECK(hub_get(hub, HUB_TABLE_ACCOUNTS, &key, &hub_row_account_desc, &arena, &row, &found));
    if (found && account == NULL) CHECK(cache(hub, id, &arena, &account));
    if (found) take_row(hub, account, &row);
    *out = found ? account : NULL;
out:
    tb_arena_wipe(&arena);
    return status;
}

tb_status hub_account_by_uri(struct hub *hub, tb_bytes uri, struct hub_account **out)
{
    struct hub_user_id id;
    *out = NULL;
    if (!hub_id_user(hub->domain, uri, &id)) return TB_STATUS(TB_OK);
    return hub_account_get(hub, &id, out);
}

/* Whoever emptied a bucket stays in memory until it is full again. */
void hub_account_sweep(struct hub *hub, uint64_t now_ms)
{
    if (hub->accounts.count <= HUB_QUIET_ACCOUNT_COUNT_MAX + hub->tokens.count) return;
    uint64_t rate = hub->config.limits.submit_rate_per_minute;
    size_t at = 0;
    for (struct hub_account *a; (a = hub_map_next(&hub->accounts, &at)) != NULL;) {
        if (a->session_count != 0 || !hub_bucket_is_full(&a->submits, rate, now_ms)) continue;
        hub_map_remove(&hub->accounts, &a->id);
        tb_mem_give(hub->mem, a, sizeof *a + a->uri_len);
        at = at == 0 ? 0 : at - 1; /* the slot may hold another value now */
    }
}

bool hub_account_is_restricted(const struct hub_account *account, uint64_t now_ms)
{
    if ((account->flags & HUB_ACCOUNT_IS_RESTRICTED) == 0) return false;
    return account->until_ms == 0 || now_ms < account->until_ms;
}

/* ---- devices follow the record ---- */

static size_t active_count(const struct chat_account_record *record)
{
    size_t count = 0;
    for (size_t i = 0; i < record->devices.count; i++) {
        if (record->devices.at[i].status == CHAT_DEVICE_ACTIVE) count++;
    }
    return count;
}

/* A device that another replaces in the same record stays in its rooms until the other comes in:
   the commit that adds the new one removes it (join request of kind 2). */
static tb_status revoke_device(struct hub *hub, struct hub_call *call,
                               const struct hub_device_id *id, bool is_replaced)
{
    struct hub_session *session = hub_map_get(&hub->devices, id);
    if (session != NULL && session != call->session) {
        hub_session_end(hub, session, CHAT_CODE_UNAUTHENTICATED, call->effects);
    }
    TRY(hub_key_packages_drop(hub, id, call->arena));
    return is_replaced ? TB_STATUS(TB_OK) : hub_device_remove(hub, call, id);
}

static tb_status save_devices(struct hub *hub, struct hub_call *call,
                              const struct chat_account_record *record)
{
    size_t new_count = 0;
    for (size_t i = record->devices.count; i-- > 0;) { /* new devices stand last */
        const struct chat_device_key *device = &record->devices.at[i];
        struct hub_device_id id;
        struct hub_row_device row = { .profile_counter = 0 };
        bool found;
        if (!hub_id_device(hub->domain, device->device, &id)) {
            return TB_STATUS(CHAT_RECORD_DEVICE); /* was checked before */
        }
        TRY(hub_device_row(hub, &id, call->arena, &row, &found));
        if (found && row.status == device->status) continue;
        if (!found) row.profile_counter = 0;
        row.signature_key = device->signature_key;
        row.status = device->status;
        row.added_ms = device->added_ms;
        TRY(hub_device_save(hub, &id, &row, call->arena));
        if (!found && device->status == CHAT_DEVICE_ACTIVE) new_count++;
        if (device->status != CHAT_DEVICE_ACTIVE) {
            TRY(revoke_device(hub, call, &id, new_count > 0));
        }
    }
    return TB_STATUS(TB_OK);
}

static uint16_t check_devices(struct hub *hub, struct hub_call *call,
                              const struct chat_account_record *record)
{
    size_t count = active_count(record);
    if (count == 0) return hub_refuse(call, CHAT_CODE_BAD_REQUEST, "the record has no device");
    if (count > hub->config.limits.device_count_max) {
        return hub_refuse_value(call, CHAT_CODE_TOO_LARGE, "too many devices of one account",
                                hub->config.limits.device_count_max);
    }
    for (size_t i = 0; i < record->devices.count; i++) {
        struct hub_device_id id;
        if (!hub_id_device(hub->domain, record->devices.at[i].device, &id)) {
            return hub_refuse(call, CHAT_CODE_BAD_REQUEST, "a device name has not its form");
        }
    }
    return CHAT_CODE_OK;
}

/* ---- register ---- */

static tb_status create_account(struct hub *hub, struct hub_call *call,
                                const struct chat_register *request,
                                const struct chat_account_record *record,
                                const struct hub_user_id *id, struct hub_row_invite *invite)
{
    struct hub_row_account row = { .handle = request->handle,
                                   .flags = invite->is_admin ? HUB_ACCOUNT_IS_ADMIN : 0,
                                   .created_ms = call->now_ms };
    TRY(chat_records_hash(hub_own_suite(hub), request->record, row.record_hash));
    invite->use_count++;
    TRY(hub_invite_put(hub, invite, call->arena));
    struct hub_key key = account_key(id), handle = hub_key_of(request->handle);
    struct hub_key record_at = record_key(id, 0);
    TRY(hub_put(hub, HUB_TABLE_ACCOUNTS, &key, &hub_row_account_desc, &row, call->arena));
    TRY(hub_put_octets(hub, HUB_TABLE_HANDLES, &handle, TB_ARRAY(id->at)));
    TRY(hub_put_octets(hub, HUB_TABLE_RECORDS, &record_at, request->record));
    TRY(save_devices(hub, call, record));
    hub->counters.account_count++;
    if (invite->is_admin) hub->counters.admin_count++;
    return hub_save_counters(hub, call->arena);
}

/* A client that missed the answer asks again with the same record and handle. */
static tb_status is_same_registration(struct hub *hub, struct hub_call *call,
                                      const struct chat_register *request,
                                      const struct hub_account *account, bool *is_same)
{
    struct hub_row_account row;
    struct hub_key key = record_key(&account->id, 0);
    tb_bytes first;
    TRY(hub_account_row(hub, account, call->arena, &row));
    TRY(hub_row_get_octets(hub->store, HUB_TABLE_RECORDS, &key, call->arena, &first));
    *is_same = tb_bytes_equal(first, request->record) &&
               tb_bytes_equal(row.handle, request->handle);
    return TB_STATUS(TB_OK);
}

static uint16_t check_free(struct hub *hub, struct hub_call *call,
                           const struct chat_register *request)
{
    struct hub_key handle = hub_key_of(request->handle);
    tb_bytes owner;
    tb_status status = hub_row_get_octets(hub->store, HUB_TABLE_HANDLES, &handle, call->arena,
                                          &owner);
    if (status.code == TB_NOT_FOUND) return CHAT_CODE_OK;
    if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
    return hub_refuse(call, CHAT_CODE_CONFLICT, "this handle is taken");
}

static uint16_t check_register(struct hub *hub, struct hub_call *call,
                               const struct chat_register *request,
                               struct chat_account_record *record)
{
    const struct crypto_suite *suite = hub_own_suite(hub);
    struct chat_register_tbs tbs = { .domain = hub->domain, .handle = request->handle };
    tb_status status = chat_records_hash(suite, request->record, tbs.record_hash);
    if (tb_is_ok(status)) {
        status = chat_records_register_verify(suite, request->invite_key, &tbs,
                                              request->invite_signature, call->arena);
    }
    if (status.code == CHAT_REGISTER_HANDLE) {
        return hub_refuse_status(hub, call, status, CHAT_CODE_BAD_REQUEST);
    }
    if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_SIGNATURE);
    status = chat_records_verify_first(suite, request->record, call->arena, record);
    if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_SIGNATURE);
    if (record->version != 0) {
        return hub_refuse(call, CHAT_CODE_BAD_REQUEST, "the first record has version 0");
    }
    return check_devices(hub, call, record);
}

uint16_t hub_verb_register(struct hub *hub, struct hub_call *call, const void *request,
                           void *answer)
{
    const struct chat_register *asked = request;
    struct chat_register_answer *out = answer;
    struct hub_row_invite invite;
    /* First what costs little, so that strangers do not use up what the invited need. */
    uint16_t code = hub_invite_check(hub, call, asked->invite_key, CHAT_INVITE_ACCOUNT, &invite);
    if (code == CHAT_CODE_NOT_FOUND) return code;
    uint64_t rate = hub->config.limits.register_rate_per_minute, wait_ms;
    if (hub->config.is_rate_limited &&
        !hub_bucket_take(&hub->registers, rate, rate, call->now_ms, &wait_ms)) {
        return hub_refuse_value(call, CHAT_CODE_RATE_LIMITED, "", wait_ms);
    }
    struct chat_account_record record;
    code = check_register(hub, call, asked, &record);
    if (code != CHAT_CODE_OK) return code;
    struct hub_user_id id;
    if (!hub_id_user(hub->domain, record.account, &id)) {
        return hub_refuse(call, CHAT_CODE_BAD_REQUEST, "the account is not one of this hub");
    }
    struct hub_account *account;
    bool is_same = false;
    tb_status status = hub_account_get(hub, &id, &account);
    if (tb_is_ok(status) && account != NULL) {
        status = is_same_registration(hub, call, asked, account, &is_same);
    }
    if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
    out->account = record.account;
    if (account != NULL) {
        out->is_admin = (account->flags & HUB_ACCOUNT_IS_ADMIN) != 0;
        return is_same ? CHAT_CODE_OK
                       : hub_refuse(call, CHAT_CODE_CONFLICT, "this account exists already");
    }
    code = hub_invite_check(hub, call, asked->invite_key, CHAT_INVITE_ACCOUNT, &invite);
    if (code == CHAT_CODE_OK) code = check_free(hub, call, asked);
    if (code != CHAT_CODE_OK) return code;
    status = create_account(hub, call, asked, &record, &id, &invite);
    if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
    out->is_admin = invite.is_admin;
    return CHAT_CODE_OK;
}

/* ---- records ---- */

static tb_status store_record(struct hub *hub, struct hub_call *call, struct hub_account *account,
                              const struct chat_account_record *record, tb_bytes encoded)
{
    struct hub_row_account row;
    TRY(hub_account_row(hub, account, call->arena, &row));
    TRY(chat_records_hash(hub_own_suite(hub), encoded, row.record_hash));
    row.record_version = record->version;
    struct hub_key key = record_key(&account->id, record->version);
    TRY(hub_put_octets(hub, HUB_TABLE_RECORDS, &key, encoded));
    TRY(hub_account_save(hub, account, &row, call->arena));
    TRY(save_devices(hub, call, record));
    hub_record_push(hub, call, account, encoded);
    return TB_STATUS(TB_OK);
}

/* The record authenticates itself, so a device that may not log in can still be revoked. */
uint16_t hub_verb_record_put(struct hub *hub, struct hub_call *call, const void *request,
                             void *answer)
{
    (void)answer;
    tb_bytes encoded = ((const struct chat_opaque *)request)->value;
    struct chat_account_record record;
    tb_status status = wire_decode(&chat_account_record_desc, encoded, call->arena, &record, NULL);
    if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_BAD_REQUEST);
    struct hub_account *account;
    tb_bytes previous;
    status = hub_account_by_uri(hub, record.account, &account);
    if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
    if (account == NULL) return hub_refuse(call, CHAT_CODE_NOT_FOUND, "no such account");
    status = hub_account_record(hub, account, call->arena, &previous);
    if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
    if (tb_bytes_equal(previous, encoded)) return CHAT_CODE_OK; /* asked again */
    if (record.version != account->record_version + 1) {
        return hub_refuse_value(call, CHAT_CODE_CONFLICT, "", account->record_version);
    }
    status = chat_records_verify_next(hub_own_suite(hub), previous, encoded, call->arena, &record);
    if (status.code == CHAT_RECORD_CHAIN) {
        return hub_refuse_value(call, CHAT_CODE_CONFLICT, chat_status_text(status),
                                account->record_version);
    }
    if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_SIGNATURE);
    if (record.reset != 0) {
        return hub_refuse(call, CHAT_CODE_FORBIDDEN, "only the operator resets an account");
    }
    uint16_t code = check_devices(hub, call, &record);
    if (code != CHAT_CODE_OK) return code;
    status = store_record(hub, call, account, &record, encoded);
    return tb_is_ok(status) ? CHAT_CODE_OK
                            : hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}

uint16_t hub_verb_record_get(struct hub *hub, struct hub_call *call, const void *request,
                             void *answer)
{
    const struct chat_record_get *asked = request;
    struct chat_record_answer *out = answer;
    struct hub_account *account;
    tb_status status;
    CHECK(hub_account_by_uri(hub, asked->account, &account));
    if (account == NULL) return hub_refuse(call, CHAT_CODE_NOT_FOUND, "no such account");
    struct hub_row_account row;
    CHECK(hub_account_row(hub, account, call->arena, &row));
    out->handle = row.handle;
    struct hub_key prefix = account_key(&account->id);
    struct hub_key after = record_key(&account->id, asked->from_version - 1);
    struct hub_pairs rows;
    CHECK(hub_row_list_some(hub->store, HUB_TABLE_RECORDS, &prefix,
                            asked->from_version != 0 ? &after : NULL, HUB_ANSWER_ROW_COUNT_MAX,
                            HUB_ANSWER_BYTES_MAX, call->arena, &rows));
    out->records.at = tb_arena_take(call->arena, rows.count, sizeof *out->records.at);
    if (out->records.at == NULL) return CHAT_CODE_INTERNAL;
    out->records.count = rows.count;
    for (size_t i = 0; i < rows.count; i++) out->records.at[i].value = rows.at[i].value;
    return CHAT_CODE_OK;
out:
    return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}

uint16_t hub_verb_lookup(struct hub *hub, struct hub_call *call, const void *request, void *answer)
{
    tb_bytes handle = ((const struct chat_opaque *)request)->value;
    if (!chat_names_is_handle(handle)) {
        return hub_refuse(call, CHAT_CODE_BAD_REQUEST, "this is no handle");
    }
    struct hub_key key = hub_key_of(handle);
    tb_bytes owner;
    tb_status status = hub_row_get_octets(hub->store, HUB_TABLE_HANDLES, &key, call->arena,
                                          &owner);
    if (status.code == TB_NOT_FOUND) {
        return hub_refuse(call, CHAT_CODE_NOT_FOUND, "nobody has this handle");
    }
    struct hub_user_id id;
    if (tb_is_ok(status) && owner.len != sizeof id.at) status = TB_STATUS(HUB_ROW);
    if (tb_is_ok(status)) {
        memcpy(id.at, owner.data, sizeof id.at);
        struct chat_opaque *out = answer;
        status = hub_uri_user(hub->domain, &id, call->arena, &out->value);
    }
    return tb_is_ok(status) ? CHAT_CODE_OK
                            : hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}
