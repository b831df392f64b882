/* Account records: a chain of versions, each signed by the key of the one before. */
#include "chat/records.h"

#include <string.h>

#include "chat/names.h"

/* ------------------------------------------------------------------ hashes and signatures */

tb_status chat_records_hash(const struct crypto_suite *suite, tb_bytes encoded,
                            uint8_t hash[CHAT_HASH_LEN])
{
    return suite->provider->hash(suite->provider, CRYPTO_SHA256, &encoded, 1, hash);
}

tb_status chat_records_hash_of(const struct crypto_suite *suite, const struct wire_desc *desc,
                               const void *value, struct tb_arena *arena,
                               uint8_t hash[CHAT_HASH_LEN])
{
    tb_bytes encoded;
    TRY(wire_encode(desc, value, arena, &encoded));
    return chat_records_hash(suite, encoded, hash);
}

/* What every record signs: its encoding without the last field, an opaque<V> signature.  An empty
 * signature is one octet, so a prefix of the encoding with the field emptied is the same. */
static tb_status signed_part(const struct wire_desc *desc, const void *value,
                             struct tb_arena *arena, tb_bytes *out)
{
    tb_bytes encoded;
    TRY(wire_encode(desc, value, arena, &encoded));
    *out = (tb_bytes){ encoded.data, encoded.len - 1 };
    return TB_STATUS(TB_OK);
}

static tb_status account_tbs(const struct chat_account_record *record, struct tb_arena *arena,
                             tb_bytes *out)
{
    struct chat_account_record bare = *record;
    bare.signature = (tb_bytes){ NULL, 0 };
    return signed_part(&chat_account_record_desc, &bare, arena, out);
}

/* ------------------------------------------------------------------ rules of one record */

static tb_status check_device(const struct chat_account_record *record, size_t index)
{
    const struct chat_device_key *device = &record->devices.at[index];
    struct wire_uri uri;

    if (device->status != CHAT_DEVICE_ACTIVE && device->status != CHAT_DEVICE_REVOKED) {
        return TB_STATUS(CHAT_RECORD_FORM);
    }
    if (!tb_is_ok(wire_uri_parse(device->device, &uri)) || uri.kind != WIRE_URI_DEVICE
        || !chat_names_is_of_user(device->device, record->account)) {
        return TB_STATUS(CHAT_RECORD_DEVICE);
    }
    for (size_t i = 0; i < index; i++) {
        if (tb_bytes_equal(record->devices.at[i].device, device->device)
            || tb_bytes_equal(record->devices.at[i].signature_key, device->signature_key)) {
            return TB_STATUS(CHAT_RECORD_DEVICE);
        }
    }
    return TB_STATUS(TB_OK);
}

/* Zeros name no predecessor: no record has this hash. */
static bool has_previous(const struct chat_account_record *record)
{
    static const uint8_t none[CHAT_HASH_LEN];
    return memcmp(record->prev_record_hash, none, sizeof none) != 0;
}

static tb_status check_form(const struct crypto_suite *suite,
                            const struct chat_account_record *record)
{
    struct wire_uri uri;

    if (record->v != 1 || record->reset > 1 || has_previous(record) != (record->version != 0)
        || (record->version == 0 && record->reset != 0)
        || record->account_key.len != suite->sign_public_len
        || !tb_is_ok(wire_uri_parse(record->account, &uri)) || uri.kind != WIRE_URI_USER) {
        return TB_STATUS(CHAT_RECORD_FORM);
    }
    if (record->devices.count > CHAT_RECORD_DEVICE_COUNT_MAX) {
        return TB_STATUS(CHAT_RECORD_DEVICE_COUNT);
    }
    for (size_t i = 0; i < record->devices.count; i++) {
        if (record->devices.at[i].signature_key.len != suite->sign_public_len) {
            return TB_STATUS(CHAT_RECORD_FORM);
        }
        TRY(check_device(record, i));
    }
    return TB_STATUS(TB_OK);
}

static tb_status check_signature(const struct crypto_suite *suite,
                                 const struct chat_account_record *record, tb_bytes key,
                                 struct tb_arena *arena)
{
    tb_bytes tbs;
    TRY(account_tbs(record, arena, &tbs));
    TRY(chat_status_as(crypto_verify_label(suite, key, CHAT_LABEL_ACCOUNT_RECORD, &tbs, 1,
                                           record->signature, arena),
                       CHAT_RECORD_SIGNATURE));
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ first and next */

tb_status chat_records_verify_first(const struct crypto_suite *suite, tb_bytes encoded,
                                    struct tb_arena *arena, struct chat_account_record *out)
{
    struct chat_account_record record;
    tb_bytes account;
    struct wire_uri uri;

    TRY(wire_decode(&chat_account_record_desc, encoded, arena, &record, NULL));
    TRY(check_form(suite, &record));
    if (record.version != 0) return TB_STATUS(CHAT_RECORD_VERSION);
    TRY(check_signature(suite, &record, record.account_key, arena));
    TRY(wire_uri_parse(record.account, &uri));
    TRY(chat_names_account(suite, uri.domain, record.account_key, arena, &account));
    if (!tb_bytes_equal(account, record.account)) return TB_STATUS(CHAT_RECORD_ACCOUNT);
    *out = record;
    return TB_STATUS(TB_OK);
}

/* A revoked device stays revoked, a known device keeps its key; entries do not vanish. */
static tb_status check_devices_follow(const struct chat_account_record *before,
                                      const struct chat_account_record *after)
{
    bool is_revoking = false;

    for (size_t i = 0; i < before->devices.count; i++) {
        const struct chat_device_key *old = &before->devices.at[i];
        const struct chat_device_key *new = chat_records_device(after, old->device);
        if (new == NULL || !tb_bytes_equal(new->signature_key, old->signature_key)) {
            return TB_STATUS(CHAT_RECORD_DEVICE);
        }
        if (old->status == CHAT_DEVICE_REVOKED && new->status != CHAT_DEVICE_REVOKED) {
            return TB_STATUS(CHAT_RECORD_REVOKED_BACK);
        }
        if (old->status != new->status) is_revoking = true;
    }
    /* Amendments 22: whoever held the device may have held the account key. */
    if (is_revoking && tb_bytes_equal(before->account_key, after->account_key)) {
        return TB_STATUS(CHAT_RECORD_KEY_KEPT);
    }
    return TB_STATUS(TB_OK);
}

static tb_status check_follows(const struct crypto_suite *suite, tb_bytes previous,
                               const struct chat_account_record *record, struct tb_arena *arena)
{
    struct chat_account_record before;
    uint8_t hash[CHAT_HASH_LEN];

    TRY(wire_decode(&chat_account_record_desc, previous, arena, &before, NULL));
    TRY(chat_records_hash(suite, previous, hash));
    if (!tb_bytes_equal(before.account, record->account)) return TB_STATUS(CHAT_RECORD_ACCOUNT);
    if (before.version == UINT32_MAX || record->version != before.version + 1) {
        return TB_STATUS(CHAT_RECORD_VERSION);
    }
    if (memcmp(record->prev_record_hash, hash, sizeof hash) != 0) {
        return TB_STATUS(CHAT_RECORD_CHAIN);
    }
    TRY(check_devices_follow(&before, record));
    return check_signature(suite, record,
                           record->reset != 0 ? record->account_key : before.account_key, arena);
}

tb_status chat_records_verify_next(const struct crypto_suite *suite, tb_bytes previous,
                                   tb_bytes encoded, struct tb_arena *arena,
                                   struct chat_account_record *out)
{
    struct chat_account_record record;
    TRY(wire_decode(&chat_account_record_desc, encoded, arena, &record, NULL));
    TRY(check_form(suite, &record));
    TRY(check_follows(suite, previous, &record, arena));
    *out = record;
    return TB_STATUS(TB_OK);
}

tb_status chat_records_make_account(const struct crypto_suite *suite,
                                    const struct crypto_signing_key *signer, tb_bytes previous,
                                    struct chat_account_record *record, struct tb_arena *arena,
                                    tb_bytes *encoded)
{
    struct chat_account_record made = *record, checked;
    tb_bytes tbs, octets;

    made.v = 1;
    made.signature = (tb_bytes){ NULL, 0 };
    memset(made.prev_record_hash, 0, sizeof made.prev_record_hash);
    if (previous.len != 0) TRY(chat_records_hash(suite, previous, made.prev_record_hash));
    TRY(account_tbs(&made, arena, &tbs));
    TRY(crypto_sign_label(suite, signer, CHAT_LABEL_ACCOUNT_RECORD, &tbs, 1, arena,
                          &made.signature));
    TRY(wire_encode(&chat_account_record_desc, &made, arena, &octets));
    if (previous.len == 0) {
        TRY(chat_records_verify_first(suite, octets, arena, &checked));
    } else {
        TRY(chat_records_verify_next(suite, previous, octets, arena, &checked));
    }
    *record = made;
    *encoded = octets;
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ devices and leaves */

const struct chat_device_key *chat_records_device(const struct chat_account_record *record,
                                                  tb_bytes device)
{
    for (size_t i = 0; i < record->devices.count; i++) {
        if (tb_bytes_equal(record->devices.at[i].device, device)) return &record->devices.at[i];
    }
    return NULL;
}

tb_status chat_records_check_leaf(const struct chat_account_record *record, tb_bytes identity,
                                  tb_bytes signature_key)
{
    const struct chat_device_key *device = chat_records_device(record, identity);

    if (device == NULL) return TB_STATUS(CHAT_LEAF_IDENTITY);
    if (device->status != CHAT_DEVICE_ACTIVE
        || !tb_bytes_equal(device->signature_key, signature_key)) {
        return TB_STATUS(CHAT_LEAF_KEY);
    }
    return TB_STATUS(TB_OK);
}
