/* URIs made from keys, from randomness and from one another. */
#include "chat/names.h"

#include <string.h>

#include "wire/text.h"

enum { ACCOUNT_ID_LEN = 10, DEVICE_ID_LEN = 8, ROOM_ID_LEN = 16 }; /* octets, before hexadecimal */

static tb_status build_hex(enum wire_uri_kind kind, tb_bytes domain, tb_bytes user, tb_bytes id,
                           struct tb_arena *arena, tb_bytes *uri)
{
    char hex[2 * ROOM_ID_LEN];
    wire_text_hex_encode(id, hex);
    tb_bytes text = tb_bytes_of(hex, 2 * id.len);
    struct wire_uri parts = { .kind = kind, .domain = domain };
    if (kind == WIRE_URI_USER) parts.user = text;
    if (kind == WIRE_URI_ROOM) parts.room = text;
    if (kind == WIRE_URI_DEVICE) {
        parts.user = user;
        parts.device = text;
    }
    return wire_uri_build(&parts, arena, uri);
}

tb_status chat_names_account(const struct crypto_suite *suite, tb_bytes domain,
                             tb_bytes account_key, struct tb_arena *arena, tb_bytes *uri)
{
    const tb_bytes parts[] = { TB_LITERAL("Timbre account"), account_key };
    uint8_t hash[CHAT_HASH_LEN];
    TRY(suite->provider->hash(suite->provider, CRYPTO_SHA256, parts, 2, hash));
    return build_hex(WIRE_URI_USER, domain, (tb_bytes){ NULL, 0 },
                     (tb_bytes){ hash, ACCOUNT_ID_LEN }, arena, uri);
}

tb_status chat_names_device(tb_bytes account, struct tb_rng *rng, struct tb_arena *arena,
                            tb_bytes *uri)
{
    uint8_t id[DEVICE_ID_LEN];
    struct wire_uri user;
    TRY(wire_uri_parse(account, &user));
    if (user.kind != WIRE_URI_USER) return TB_STATUS(WIRE_URI);
    TRY(tb_rng_fill(rng, id, sizeof id));
    return build_hex(WIRE_URI_DEVICE, user.domain, user.user, TB_ARRAY(id), arena, uri);
}

tb_status chat_names_room(tb_bytes domain, struct tb_rng *rng, struct tb_arena *arena,
                          tb_bytes *uri)
{
    uint8_t id[ROOM_ID_LEN];
    TRY(tb_rng_fill(rng, id, sizeof id));
    return build_hex(WIRE_URI_ROOM, domain, (tb_bytes){ NULL, 0 }, TB_ARRAY(id), arena, uri);
}

tb_status chat_names_dm(const struct crypto_suite *suite, tb_bytes domain, tb_bytes user_a,
                        tb_bytes user_b, struct tb_arena *arena, tb_bytes *uri)
{
    bool is_ordered = tb_bytes_compare(user_a, user_b) <= 0;
    const tb_bytes values[] = { domain, is_ordered ? user_a : user_b,
                                is_ordered ? user_b : user_a };
    uint8_t headers[3][4], hash[CHAT_HASH_LEN];
    tb_bytes parts[7] = { TB_LITERAL("Timbre dm") };

    for (size_t i = 0; i < 3; i++) {
        if (values[i].len > CHAT_URI_LEN_MAX) return TB_STATUS(TB_TOO_LONG);
        uint8_t *end = wire_length_put(headers[i], values[i].len);
        parts[1 + 2 * i] = (tb_bytes){ headers[i], (size_t)(end - headers[i]) };
        parts[2 + 2 * i] = values[i];
    }
    TRY(suite->provider->hash(suite->provider, CRYPTO_SHA256, parts, 7, hash));
    return build_hex(WIRE_URI_ROOM, domain, (tb_bytes){ NULL, 0 },
                     (tb_bytes){ hash, ROOM_ID_LEN }, arena, uri);
}

tb_status chat_names_provider(tb_bytes domain, struct tb_arena *arena, tb_bytes *uri)
{
    return wire_uri_build(&(struct wire_uri){ .kind = WIRE_URI_PROVIDER, .domain = domain }, arena,
                          uri);
}

tb_status chat_names_user_of(tb_bytes device, struct tb_arena *arena, tb_bytes *uri)
{
    struct wire_uri parts;
    TRY(wire_uri_parse(device, &parts));
    if (parts.kind != WIRE_URI_DEVICE && parts.kind != WIRE_URI_USER) return TB_STATUS(WIRE_URI);
    parts = wire_uri_user_of(&parts);
    return wire_uri_build(&parts, arena, uri);
}

bool chat_names_is_of_user(tb_bytes device, tb_bytes user)
{
    struct wire_uri a, b;
    return tb_is_ok(wire_uri_parse(device, &a)) && tb_is_ok(wire_uri_parse(user, &b))
           && (a.kind == WIRE_URI_DEVICE || a.kind == WIRE_URI_USER) && b.kind == WIRE_URI_USER
           && tb_bytes_equal(a.domain, b.domain) && tb_bytes_equal(a.user, b.user);
}

bool chat_names_same_domain(tb_bytes a, tb_bytes b)
{
    struct wire_uri first, second;
    return tb_is_ok(wire_uri_parse(a, &first)) && tb_is_ok(wire_uri_parse(b, &second))
           && tb_bytes_equal(first.domain, second.domain);
}

bool chat_names_is_handle(tb_bytes handle)
{
    if (handle.len < 2 || handle.len > CHAT_HANDLE_LEN_MAX) return false;
    for (size_t i = 0; i < handle.len; i++) {
        uint8_t c = handle.data[i];
        bool is_allowed = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_'
                          || c == '-';
        if (!is_allowed) return false;
    }
    return true;
}
