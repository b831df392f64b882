/* The verify keys that a hub's desk has had, each handing over to the next (amendments 25). */
#include "chat/records.h"

#include "wire/uri.h"

tb_status chat_records_desk_key_sign(const struct crypto_suite *suite,
                                     const struct crypto_signing_key *verify_key,
                                     const struct chat_desk_key_tbs *tbs, struct tb_arena *arena,
                                     tb_bytes *signature)
{
    tb_bytes encoded;
    TRY(wire_encode(&chat_desk_key_tbs_desc, tbs, arena, &encoded));
    return crypto_sign_label(suite, verify_key, CHAT_LABEL_DESK_KEY, &encoded, 1, arena,
                             signature);
}

tb_status chat_records_desk_key_verify(const struct crypto_suite *suite,
                                       const struct chat_desk_key_tbs *tbs, tb_bytes signature,
                                       struct tb_arena *arena)
{
    tb_bytes encoded;
    TRY(wire_encode(&chat_desk_key_tbs_desc, tbs, arena, &encoded));
    return chat_status_as(crypto_verify_label(suite, tbs->verify_key, CHAT_LABEL_DESK_KEY,
                                              &encoded, 1, signature, arena),
                          CHAT_HUB_RECORD_DESK);
}

static tb_status check_step(const struct crypto_suite *suite, const struct chat_hub_record *record,
                            size_t place, struct tb_arena *arena)
{
    const struct chat_desk_past *past = &record->desk_past.at[place];
    bool is_last = place + 1 == record->desk_past.count;
    tb_bytes next_uri = is_last ? record->desk_uri : past[1].uri;
    tb_bytes next_key = is_last ? record->desk_verify_key : past[1].verify_key;
    struct wire_uri uri;
    if (past->verify_key.len != suite->sign_public_len
        || !tb_is_ok(wire_uri_parse(past->uri, &uri)) || uri.kind != WIRE_URI_ROOM
        || !tb_bytes_equal(uri.domain, record->domain)
        || tb_bytes_equal(past->verify_key, next_key)
        || tb_bytes_equal(past->uri, next_uri) != (past->signature.len != 0)) {
        return TB_STATUS(CHAT_HUB_RECORD_DESK);
    }
    if (past->signature.len == 0) return TB_STATUS(TB_OK);
    const struct chat_desk_key_tbs tbs = { .domain = record->domain, .uri = past->uri,
                                           .place = (uint32_t)place,
                                           .verify_key = past->verify_key,
                                           .next_verify_key = next_key };
    return chat_records_desk_key_verify(suite, &tbs, past->signature, arena);
}

tb_status chat_records_desk_check(const struct crypto_suite *suite,
                                  const struct chat_hub_record *record, struct tb_arena *arena)
{
    if (record->desk_past.count > CHAT_DESK_PAST_COUNT_MAX) return TB_STATUS(CHAT_HUB_RECORD_DESK);
    for (size_t i = 0; i < record->desk_past.count; i++) {
        TRY(check_step(suite, record, i, arena));
    }
    return TB_STATUS(TB_OK);
}

tb_status chat_records_desk_follows(const struct chat_hub_record *known,
                                    const struct chat_hub_record *next, bool *is_anew)
{
    size_t count = known->desk_past.count;
    bool follows = next->desk_past.count >= count, anew = false;
    for (size_t i = 0; follows && i < count; i++) {
        follows = wire_equal(&chat_desk_past_desc, &known->desk_past.at[i],
                             &next->desk_past.at[i]);
    }
    if (follows && known->desk_uri.len != 0) {
        bool is_past = next->desk_past.count > count;
        tb_bytes uri = is_past ? next->desk_past.at[count].uri : next->desk_uri;
        tb_bytes key = is_past ? next->desk_past.at[count].verify_key : next->desk_verify_key;
        follows = tb_bytes_equal(uri, known->desk_uri)
                  && tb_bytes_equal(key, known->desk_verify_key);
    }
    if (!follows) return TB_STATUS(CHAT_HUB_RECORD_DESK);
    for (size_t i = count; i < next->desk_past.count; i++) {
        anew = anew || next->desk_past.at[i].signature.len == 0;
    }
    *is_anew = anew;
    return TB_STATUS(TB_OK);
}
