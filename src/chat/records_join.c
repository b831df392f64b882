/* Invitations, requests to join, login, registration, the safety code. */
#include "chat/records.h"

#include <string.h>

#include "chat/names.h"
#include "wire/text.h"

/* ------------------------------------------------------------------ requests to join */

/* The fields before the invitation's signature, and before the device's. */
static tb_status join_tbs(const struct chat_join_request *request, bool with_invite,
                          struct tb_arena *arena, tb_bytes *out)
{
    struct chat_join_request bare = *request;
    tb_bytes encoded;

    bare.device_signature = (tb_bytes){ NULL, 0 };
    if (!with_invite) bare.invite_signature = (tb_bytes){ NULL, 0 };
    TRY(wire_encode(&chat_join_request_desc, &bare, arena, &encoded));
    /* Emptied signatures are one octet each. */
    *out = (tb_bytes){ encoded.data, encoded.len - (with_invite ? 1u : 2u) };
    return TB_STATUS(TB_OK);
}

static tb_status check_join_form(const struct chat_join_request *request)
{
    bool by_link = request->kind == CHAT_JOIN_KIND_LINK;
    struct wire_uri room, device;

    if ((!by_link && request->kind != CHAT_JOIN_KIND_DEVICE)
        || (request->invite_key.len != 0) != by_link
        || !tb_is_ok(wire_uri_parse(request->room_uri, &room)) || room.kind != WIRE_URI_ROOM
        || !tb_is_ok(wire_uri_parse(request->device, &device)) || device.kind != WIRE_URI_DEVICE
        || !chat_names_is_of_user(request->device, request->account)) {
        return TB_STATUS(CHAT_JOIN_FORM);
    }
    return TB_STATUS(TB_OK);
}

tb_status chat_records_make_join(const struct crypto_suite *suite,
                                 const struct crypto_signing_key *invite,
                                 const struct crypto_signing_key *device,
                                 struct chat_join_request *request, struct tb_arena *arena)
{
    struct chat_join_request made = *request;
    tb_bytes tbs;

    made.invite_key = made.invite_signature = made.device_signature = (tb_bytes){ NULL, 0 };
    if (invite != NULL) {
        TRY(tb_arena_dup(arena, crypto_signing_key_public(invite), &made.invite_key));
    }
    TRY(check_join_form(&made));
    if (invite != NULL) {
        TRY(join_tbs(&made, false, arena, &tbs));
        TRY(crypto_sign_label(suite, invite, CHAT_LABEL_JOIN_REQUEST, &tbs, 1, arena,
                              &made.invite_signature));
    }
    TRY(join_tbs(&made, true, arena, &tbs));
    TRY(crypto_sign_label(suite, device, CHAT_LABEL_JOIN_REQUEST, &tbs, 1, arena,
                          &made.device_signature));
    *request = made;
    return TB_STATUS(TB_OK);
}

tb_status chat_records_verify_join(const struct crypto_suite *suite,
                                   const struct chat_join_request *request, tb_bytes invite_key,
                                   tb_bytes record, struct tb_arena *arena)
{
    struct chat_account_record account;
    uint8_t hash[CHAT_HASH_LEN];
    tb_bytes tbs;

    TRY(check_join_form(request));
    TRY(wire_decode(&chat_account_record_desc, record, arena, &account, NULL));
    TRY(chat_records_hash(suite, record, hash));
    const struct chat_device_key *device = chat_records_device(&account, request->device);
    if (!tb_bytes_equal(TB_ARRAY(request->record_hash), TB_ARRAY(hash))
        || !tb_bytes_equal(account.account, request->account) || device == NULL
        || device->status != CHAT_DEVICE_ACTIVE) {
        return TB_STATUS(CHAT_JOIN_RECORD);
    }
    if (!tb_bytes_equal(request->invite_key, invite_key)) return TB_STATUS(CHAT_JOIN_INVITE);
    if (request->kind == CHAT_JOIN_KIND_LINK) {
        TRY(join_tbs(request, false, arena, &tbs));
        TRY(chat_status_as(crypto_verify_label(suite, invite_key, CHAT_LABEL_JOIN_REQUEST, &tbs,
                                               1, request->invite_signature, arena),
                           CHAT_JOIN_INVITE));
    } else if (request->invite_signature.len != 0) {
        return TB_STATUS(CHAT_JOIN_FORM);
    }
    TRY(join_tbs(request, true, arena, &tbs));
    TRY(chat_status_as(crypto_verify_label(suite, device->signature_key, CHAT_LABEL_JOIN_REQUEST,
                                           &tbs, 1, request->device_signature, arena),
                       CHAT_JOIN_DEVICE));
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ invitation links */

tb_status chat_records_invite_key(const struct crypto_suite *suite,
                                  const struct chat_invite_secret *secret,
                                  struct crypto_signing_key *out)
{
    return crypto_signing_key_from(suite, TB_ARRAY(secret->seed), out);
}

tb_status chat_records_invite_fragment(const struct chat_invite_secret *secret,
                                       struct tb_arena *arena, tb_bytes *fragment)
{
    tb_bytes encoded;
    TRY(wire_encode(&chat_invite_secret_desc, secret, arena, &encoded));
    size_t len = wire_text_base64_size(WIRE_TEXT_BASE64URL, encoded.len);
    char *text = tb_arena_take(arena, len, 1);
    if (text == NULL) return TB_STATUS(TB_NO_SPACE);
    wire_text_base64_encode(WIRE_TEXT_BASE64URL, encoded, text);
    *fragment = tb_bytes_of(text, len);
    return TB_STATUS(TB_OK);
}

tb_status chat_records_invite_link(tb_bytes origin, const struct chat_invite_secret *secret,
                                   struct tb_arena *arena, tb_bytes *link)
{
    static const char PATH[] = "/j/#";
    enum { PATH_LEN = sizeof PATH - 1, ORIGIN_LEN_MAX = 1024 };
    tb_bytes fragment;

    if (origin.len > ORIGIN_LEN_MAX) return TB_STATUS(TB_TOO_LONG);
    TRY(chat_records_invite_fragment(secret, arena, &fragment));
    uint8_t *text = tb_arena_take(arena, origin.len + PATH_LEN + fragment.len, 1);
    if (text == NULL) return TB_STATUS(TB_NO_SPACE);
    if (origin.len != 0) memcpy(text, origin.data, origin.len);
    memcpy(text + origin.len, PATH, PATH_LEN);
    memcpy(text + origin.len + PATH_LEN, fragment.data, fragment.len);
    *link = (tb_bytes){ text, origin.len + PATH_LEN + fragment.len };
    return TB_STATUS(TB_OK);
}

static bool is_space(uint8_t c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

static tb_bytes trimmed(tb_bytes text)
{
    while (text.len != 0 && is_space(text.data[0])) {
        text.data++;
        text.len--;
    }
    while (text.len != 0 && is_space(text.data[text.len - 1])) text.len--;
    return text;
}

/* Splits "<origin>/j/#<fragment>"; a text without '#' is a bare fragment. */
static tb_status split_link(tb_bytes text, tb_bytes *origin, tb_bytes *fragment)
{
    static const char PATH[] = "/j/";
    size_t hash = 0;

    while (hash < text.len && text.data[hash] != '#') hash++;
    if (hash == text.len) {
        *origin = (tb_bytes){ NULL, 0 };
        *fragment = text;
        return TB_STATUS(TB_OK);
    }
    if (hash <= sizeof PATH - 1
        || memcmp(text.data + hash - (sizeof PATH - 1), PATH, sizeof PATH - 1) != 0) {
        return TB_STATUS(CHAT_INVITE_LINK);
    }
    *origin = (tb_bytes){ text.data, hash - (sizeof PATH - 1) };
    *fragment = (tb_bytes){ text.data + hash + 1, text.len - hash - 1 };
    return TB_STATUS(TB_OK);
}

tb_status chat_records_invite_parse(tb_bytes text, struct tb_arena *arena, tb_bytes *origin,
                                    struct chat_invite_secret *secret)
{
    struct chat_invite_secret parsed;
    tb_bytes start, fragment;
    struct wire_uri uri;
    size_t len;

    TRY(split_link(trimmed(text), &start, &fragment));
    uint8_t *octets = tb_arena_take(arena, fragment.len, 1);
    if (octets == NULL) return TB_STATUS(TB_NO_SPACE);
    if (!tb_is_ok(wire_text_base64_decode(WIRE_TEXT_BASE64URL, fragment, octets, fragment.len,
                                          &len))
        || !tb_is_ok(wire_decode(&chat_invite_secret_desc, (tb_bytes){ octets, len }, arena,
                                 &parsed, NULL))) {
        return TB_STATUS(CHAT_INVITE_LINK);
    }
    bool is_room = parsed.kind == CHAT_INVITE_ROOM;
    if (parsed.version != 1 || (!is_room && parsed.kind != CHAT_INVITE_ACCOUNT)
        || !wire_uri_is_domain(parsed.domain) || (parsed.room_uri.len != 0) != is_room
        || (is_room
            && (!tb_is_ok(wire_uri_parse(parsed.room_uri, &uri)) || uri.kind != WIRE_URI_ROOM))) {
        return TB_STATUS(CHAT_INVITE_LINK);
    }
    if (origin != NULL) *origin = start;
    *secret = parsed;
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ sessions */

static tb_status sign_tbs(const struct crypto_suite *suite, const struct crypto_signing_key *key,
                          const char *label, const struct wire_desc *desc, const void *tbs,
                          struct tb_arena *arena, tb_bytes *signature)
{
    tb_bytes encoded;
    TRY(wire_encode(desc, tbs, arena, &encoded));
    return crypto_sign_label(suite, key, label, &encoded, 1, arena, signature);
}

static tb_status verify_tbs(const struct crypto_suite *suite, tb_bytes key, const char *label,
                            const struct wire_desc *desc, const void *tbs, tb_bytes signature,
                            struct tb_arena *arena)
{
    tb_bytes encoded;
    TRY(wire_encode(desc, tbs, arena, &encoded));
    return crypto_verify_label(suite, key, label, &encoded, 1, signature, arena);
}

tb_status chat_records_login_sign(const struct crypto_suite *suite,
                                  const struct crypto_signing_key *device_key,
                                  const struct chat_login_tbs *tbs, struct tb_arena *arena,
                                  tb_bytes *signature)
{
    return sign_tbs(suite, device_key, CHAT_LABEL_LOGIN, &chat_login_tbs_desc, tbs, arena,
                    signature);
}

tb_status chat_records_login_verify(const struct crypto_suite *suite, tb_bytes device_key,
                                    const struct chat_login_tbs *tbs, tb_bytes signature,
                                    struct tb_arena *arena)
{
    return chat_status_as(verify_tbs(suite, device_key, CHAT_LABEL_LOGIN, &chat_login_tbs_desc,
                                     tbs, signature, arena),
                          CHAT_LOGIN_SIGNATURE);
}

tb_status chat_records_register_sign(const struct crypto_suite *suite,
                                     const struct crypto_signing_key *invite,
                                     const struct chat_register_tbs *tbs, struct tb_arena *arena,
                                     tb_bytes *signature)
{
    if (!chat_names_is_handle(tbs->handle)) return TB_STATUS(CHAT_REGISTER_HANDLE);
    return sign_tbs(suite, invite, CHAT_LABEL_REGISTER, &chat_register_tbs_desc, tbs, arena,
                    signature);
}

tb_status chat_records_register_verify(const struct crypto_suite *suite, tb_bytes invite_key,
                                       const struct chat_register_tbs *tbs, tb_bytes signature,
                                       struct tb_arena *arena)
{
    if (!chat_names_is_handle(tbs->handle)) return TB_STATUS(CHAT_REGISTER_HANDLE);
    return chat_status_as(verify_tbs(suite, invite_key, CHAT_LABEL_REGISTER,
                                     &chat_register_tbs_desc, tbs, signature, arena),
                          CHAT_REGISTER_SIGNATURE);
}

/* ------------------------------------------------------------------ the safety code */

enum { SAFETY_ROUND_COUNT = 5200, SAFETY_GROUP_COUNT = 12, SAFETY_GROUP_OCTETS = 5 };

/* x_n of one side: uri<V> || key<V>. */
static tb_status safety_side(const struct crypto_suite *suite, tb_bytes uri, tb_bytes key,
                             uint8_t x[CHAT_HASH_LEN])
{
    uint8_t uri_header[4], key_header[4];
    const tb_bytes side[] = {
        { uri_header, (size_t)(wire_length_put(uri_header, uri.len) - uri_header) },
        uri,
        { key_header, (size_t)(wire_length_put(key_header, key.len) - key_header) },
        key,
    };
    tb_bytes parts[5] = { TB_LITERAL("Timbre safety code"), side[0], side[1], side[2], side[3] };

    TRY(suite->provider->hash(suite->provider, CRYPTO_SHA256, parts, 5, x));
    for (size_t i = 0; i < SAFETY_ROUND_COUNT; i++) {
        uint8_t next[CHAT_HASH_LEN];
        parts[0] = (tb_bytes){ x, CHAT_HASH_LEN };
        TRY(suite->provider->hash(suite->provider, CRYPTO_SHA256, parts, 5, next));
        memcpy(x, next, CHAT_HASH_LEN);
    }
    return TB_STATUS(TB_OK);
}

static void safety_digits(const uint8_t *octets, char *out)
{
    uint64_t value = 0;
    for (size_t i = 0; i < SAFETY_GROUP_OCTETS; i++) value = value << 8 | octets[i];
    value %= 100000;
    for (size_t i = 5; i-- != 0; value /= 10) out[i] = (char)('0' + value % 10);
}

tb_status chat_records_safety_code(const struct crypto_suite *suite, tb_bytes uri_a,
                                   tb_bytes key_a, tb_bytes uri_b, tb_bytes key_b,
                                   char out[CHAT_SAFETY_CODE_LEN])
{
    uint8_t a[CHAT_HASH_LEN], b[CHAT_HASH_LEN], z[CHAT_HASH_LEN], digits[2 * CHAT_HASH_LEN];

    if (uri_a.len > CHAT_URI_LEN_MAX || uri_b.len > CHAT_URI_LEN_MAX || key_a.len > 255
        || key_b.len > 255) {
        return TB_STATUS(TB_TOO_LONG);
    }
    TRY(safety_side(suite, uri_a, key_a, a));
    TRY(safety_side(suite, uri_b, key_b, b));
    bool is_ordered = memcmp(a, b, CHAT_HASH_LEN) <= 0;
    const tb_bytes pair[] = { TB_LITERAL("Timbre safety code pair"),
                              is_ordered ? TB_ARRAY(a) : TB_ARRAY(b),
                              is_ordered ? TB_ARRAY(b) : TB_ARRAY(a) };
    TRY(suite->provider->hash(suite->provider, CRYPTO_SHA256, pair, 3, z));
    for (size_t i = 0; i < 2; i++) {
        uint8_t counter[1] = { (uint8_t)i };
        const tb_bytes parts[] = { TB_ARRAY(z), TB_ARRAY(counter) };
        TRY(suite->provider->hash(suite->provider, CRYPTO_SHA256, parts, 2,
                                  digits + i * CHAT_HASH_LEN));
    }
    for (size_t i = 0; i < SAFETY_GROUP_COUNT; i++) {
        safety_digits(digits + i * SAFETY_GROUP_OCTETS, out + 6 * i);
        if (i + 1 != SAFETY_GROUP_COUNT) out[6 * i + 5] = ' ';
    }
    return TB_STATUS(TB_OK);
}
