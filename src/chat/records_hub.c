/* The hub's record and recipient keys: signed, versioned, pinned. */
#include "chat/records.h"

#include "chat/names.h"

/* ------------------------------------------------------------------ the hub's record */

tb_status chat_records_root_hash(const struct crypto_suite *suite, tb_bytes root_key,
                                 uint8_t hash[CHAT_HASH_LEN])
{
    return chat_records_hash(suite, root_key, hash);
}

static tb_status hub_tbs(const struct chat_hub_record *record, struct tb_arena *arena,
                         tb_bytes *out)
{
    struct chat_hub_record bare = *record;
    tb_bytes encoded;
    bare.signature = (tb_bytes){ NULL, 0 };
    TRY(wire_encode(&chat_hub_record_desc, &bare, arena, &encoded));
    *out = (tb_bytes){ encoded.data, encoded.len - 1 }; /* the empty signature is one octet */
    return TB_STATUS(TB_OK);
}

/* At least one agent key is in use; a desk has both of its fields. */
static tb_status check_hub_form(const struct crypto_suite *suite,
                                const struct chat_hub_record *record)
{
    bool has_agent = false;
    bool is_good = record->v == 1 && wire_uri_is_domain(record->domain)
                   && record->agents.count <= CHAT_HUB_AGENT_COUNT_MAX
                   && record->old_intakes.count <= CHAT_HUB_AGENT_COUNT_MAX
                   && record->root_key.len == suite->sign_public_len
                   && record->external_sender_key.len == suite->sign_public_len
                   && record->intake_key.len == suite->sign_public_len
                   && (record->desk_uri.len == 0) == (record->desk_verify_key.len == 0);

    for (size_t i = 0; is_good && i < record->agents.count; i++) {
        const struct chat_agent_key *agent = &record->agents.at[i];
        if (agent->until_ms == 0) has_agent = true;
        is_good = agent->signature_key.len == suite->sign_public_len
                  && (agent->until_ms == 0 || agent->from_ms < agent->until_ms);
    }
    for (size_t i = 0; is_good && i < record->old_intakes.count; i++) {
        const struct chat_agent_key *old = &record->old_intakes.at[i];
        is_good = old->signature_key.len == suite->sign_public_len
                  && old->from_ms < old->until_ms;
    }
    if (is_good && record->desk_uri.len != 0) {
        struct wire_uri uri;
        is_good = tb_is_ok(wire_uri_parse(record->desk_uri, &uri)) && uri.kind == WIRE_URI_ROOM
                  && tb_bytes_equal(uri.domain, record->domain);
    }
    return TB_STATUS(is_good && has_agent ? TB_OK : CHAT_HUB_RECORD_FORM);
}

tb_status chat_records_make_hub(const struct crypto_suite *suite,
                                const struct crypto_signing_key *root,
                                struct chat_hub_record *record, struct tb_arena *arena,
                                tb_bytes *encoded)
{
    struct chat_hub_record made = *record;
    tb_bytes tbs;

    made.v = 1;
    TRY(tb_arena_dup(arena, crypto_signing_key_public(root), &made.root_key));
    TRY(check_hub_form(suite, &made));
    TRY(chat_records_desk_check(suite, &made, arena));
    TRY(hub_tbs(&made, arena, &tbs));
    TRY(crypto_sign_label(suite, root, CHAT_LABEL_HUB_RECORD, &tbs, 1, arena, &made.signature));
    TRY(wire_encode(&chat_hub_record_desc, &made, arena, encoded));
    *record = made;
    return TB_STATUS(TB_OK);
}

tb_status chat_records_verify_hub(const struct crypto_suite *suite, tb_bytes encoded,
                                  tb_bytes root_hash, uint64_t known_version,
                                  struct tb_arena *arena, struct chat_hub_record *out)
{
    struct chat_hub_record record;
    uint8_t hash[CHAT_HASH_LEN];
    tb_bytes tbs;

    TRY(wire_decode(&chat_hub_record_desc, encoded, arena, &record, NULL));
    TRY(check_hub_form(suite, &record));
    TRY(chat_records_root_hash(suite, record.root_key, hash));
    if (!tb_bytes_equal(root_hash, TB_ARRAY(hash))) return TB_STATUS(CHAT_HUB_RECORD_ROOT);
    TRY(hub_tbs(&record, arena, &tbs));
    TRY(chat_status_as(crypto_verify_label(suite, record.root_key, CHAT_LABEL_HUB_RECORD, &tbs, 1,
                                           record.signature, arena),
                       CHAT_HUB_RECORD_SIGNATURE));
    TRY(chat_records_desk_check(suite, &record, arena));
    if (record.version < known_version) return TB_STATUS(CHAT_HUB_RECORD_VERSION);
    *out = record;
    return TB_STATUS(TB_OK);
}

bool chat_records_agent_next(const struct chat_hub_record *record, uint64_t time_ms, size_t *at,
                             tb_bytes *agent_key)
{
    while (*at < record->agents.count) {
        const struct chat_agent_key *agent = &record->agents.at[(*at)++];
        if (time_ms >= agent->from_ms && (agent->until_ms == 0 || time_ms < agent->until_ms)) {
            *agent_key = agent->signature_key;
            return true;
        }
    }
    return false;
}

uint64_t chat_records_agent_revoked_ms(const struct chat_hub_record *record, tb_bytes agent_key)
{
    for (size_t i = 0; i < record->agents.count; i++) {
        const struct chat_agent_key *agent = &record->agents.at[i];
        if (tb_bytes_equal(agent->signature_key, agent_key)) return agent->revoked_ms;
    }
    return 0;
}

/* A revocation stands for good; the operator may learn of an earlier time. */
bool chat_records_keeps_revocations(const struct chat_hub_record *before,
                                    const struct chat_hub_record *after)
{
    for (size_t i = 0; i < before->agents.count; i++) {
        const struct chat_agent_key *was = &before->agents.at[i];
        if (was->revoked_ms == 0) continue;
        for (size_t j = 0; j < after->agents.count; j++) {
            const struct chat_agent_key *is = &after->agents.at[j];
            if (!tb_bytes_equal(is->signature_key, was->signature_key)) continue;
            if (is->revoked_ms == 0 || is->revoked_ms > was->revoked_ms) return false;
        }
    }
    return true;
}

tb_bytes chat_records_intake_key(const struct chat_hub_record *record, uint64_t time_ms)
{
    for (size_t i = 0; i < record->old_intakes.count; i++) {
        const struct chat_agent_key *old = &record->old_intakes.at[i];
        if (time_ms >= old->from_ms && time_ms < old->until_ms) return old->signature_key;
    }
    return record->intake_key;
}

bool chat_records_keeps_agents(const struct chat_hub_record *before,
                               const struct chat_hub_record *after)
{
    if (after->agents.count == CHAT_HUB_AGENT_COUNT_MAX) return true;
    for (size_t i = 0; i < before->agents.count; i++) {
        bool is_there = before->agents.at[i].until_ms != 0;
        for (size_t j = 0; !is_there && j < after->agents.count; j++) {
            const struct chat_agent_key *agent = &after->agents.at[j];
            is_there = tb_bytes_equal(before->agents.at[i].signature_key, agent->signature_key);
        }
        if (!is_there) return false;
    }
    return true;
}

/* ------------------------------------------------------------------ recipient keys */

static tb_status recipient_tbs(const struct chat_recipient_key *key, struct tb_arena *arena,
                               tb_bytes *out)
{
    struct chat_recipient_key bare = *key;
    tb_bytes encoded;
    bare.signature = (tb_bytes){ NULL, 0 };
    TRY(wire_encode(&chat_recipient_key_desc, &bare, arena, &encoded));
    *out = (tb_bytes){ encoded.data, encoded.len - 1 };
    return TB_STATUS(TB_OK);
}

static tb_status check_recipient_form(const struct crypto_suite *suite,
                                      const struct chat_recipient_key *key)
{
    struct crypto_suite own;
    struct wire_uri uri;

    if (!tb_is_ok(crypto_suite_init(&own, key->suite, suite->provider))
        || key->hpke_key.len != own.dh_public_len
        || !tb_is_ok(wire_uri_parse(key->uri, &uri)) || key->not_before_ms >= key->not_after_ms
        || key->not_after_ms - key->not_before_ms
               > CHAT_RECIPIENT_KEY_LIFE_DAYS_MAX * CHAT_MS_A_DAY) {
        return TB_STATUS(CHAT_RECIPIENT_KEY_FORM);
    }
    return TB_STATUS(TB_OK);
}

tb_status chat_records_make_recipient(const struct crypto_suite *suite,
                                      const struct crypto_signing_key *verify_key,
                                      struct chat_recipient_key *key, struct tb_arena *arena,
                                      tb_bytes *encoded)
{
    struct chat_recipient_key made = *key;
    tb_bytes tbs;

    TRY(check_recipient_form(suite, &made));
    TRY(recipient_tbs(&made, arena, &tbs));
    TRY(crypto_sign_label(suite, verify_key, CHAT_LABEL_RECIPIENT_KEY, &tbs, 1, arena,
                          &made.signature));
    TRY(wire_encode(&chat_recipient_key_desc, &made, arena, encoded));
    *key = made;
    return TB_STATUS(TB_OK);
}

tb_status chat_records_verify_recipient(const struct crypto_suite *suite,
                                        const struct chat_recipient_key *key, tb_bytes uri,
                                        tb_bytes verify_key, uint64_t known_serial,
                                        uint64_t now_ms, struct tb_arena *arena)
{
    tb_bytes tbs;

    TRY(check_recipient_form(suite, key));
    if (!tb_bytes_equal(key->uri, uri)) return TB_STATUS(CHAT_RECIPIENT_KEY_FORM);
    TRY(recipient_tbs(key, arena, &tbs));
    TRY(chat_status_as(crypto_verify_label(suite, verify_key, CHAT_LABEL_RECIPIENT_KEY, &tbs, 1,
                                           key->signature, arena),
                       CHAT_RECIPIENT_KEY_SIGNATURE));
    if (key->serial < known_serial) return TB_STATUS(CHAT_RECIPIENT_KEY_SERIAL);
    if (now_ms < key->not_before_ms || now_ms >= key->not_after_ms) {
        return TB_STATUS(CHAT_RECIPIENT_KEY_TIME);
    }
    return TB_STATUS(TB_OK);
}

tb_status chat_records_recipient_hash(const struct crypto_suite *suite,
                                      const struct chat_recipient_key *key,
                                      struct tb_arena *arena, uint8_t hash[CHAT_HASH_LEN])
{
    return chat_records_hash_of(suite, &chat_recipient_key_desc, key, arena, hash);
}
