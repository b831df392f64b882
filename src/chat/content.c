/* Reading MIMI content: draft-ietf-mimi-content-08, section 3, in deterministic CBOR. */
#include "chat/content.h"

#include <string.h>

#include "wire/cbor.h"

/* Elements of a part's array, by cardinality. */
enum { PART_NULL_COUNT = 3, PART_SINGLE_COUNT = 5, PART_EXTERNAL_COUNT = 15, PART_MULTI_COUNT = 5 };

/* A value of the wrong type is this format's error, not CBOR's. */
static tb_status as(tb_status status, enum chat_status_code code)
{
    return status.code == WIRE_CBOR_TYPE || status.code == WIRE_TRUNCATED ? TB_STATUS(code)
                                                                          : status;
}

static bool take_null(struct wire_cbor *cbor)
{
    return tb_is_ok(wire_cbor_take_null(cbor));
}

/* null / bstr .size 32 */
static tb_status take_id(struct wire_cbor *cbor, tb_bytes *out)
{
    if (take_null(cbor)) {
        *out = (tb_bytes){ NULL, 0 };
        return TB_STATUS(TB_OK);
    }
    TRY(as(wire_cbor_take_bytes(cbor, out), CHAT_CONTENT_ID));
    return TB_STATUS(out->len == CHAT_MESSAGE_ID_LEN ? TB_OK : CHAT_CONTENT_ID);
}

/* null / [relative: bool, time: u32] */
static tb_status take_expires(struct wire_cbor *cbor, struct chat_content *out)
{
    size_t count;
    uint64_t time;

    if (take_null(cbor)) return TB_STATUS(TB_OK);
    TRY(as(wire_cbor_take_array(cbor, &count), CHAT_CONTENT_EXPIRES));
    if (count != 2) return TB_STATUS(CHAT_CONTENT_EXPIRES);
    TRY(as(wire_cbor_take_bool(cbor, &out->expires_relative), CHAT_CONTENT_EXPIRES));
    TRY(as(wire_cbor_take_uint(cbor, &time), CHAT_CONTENT_EXPIRES));
    if (time > UINT32_MAX) return TB_STATUS(CHAT_CONTENT_EXPIRES);
    out->expires_s = (uint32_t)time;
    out->has_expires = true;
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ extensions */

/* Arrays and maps inside one another, at most `levels`. */
static tb_status check_levels(struct wire_cbor *cbor, unsigned levels)
{
    enum wire_cbor_kind kind;
    size_t count;
    uint64_t tag;

    TRY(wire_cbor_peek(cbor, &kind));
    if (kind != WIRE_CBOR_ARRAY && kind != WIRE_CBOR_MAP && kind != WIRE_CBOR_TAG) {
        return wire_cbor_take_item(cbor, NULL);
    }
    if (levels == 0) return TB_STATUS(CHAT_CONTENT_EXTENSION);
    if (kind == WIRE_CBOR_TAG) {
        TRY(wire_cbor_take_tag(cbor, &tag));
        return check_levels(cbor, levels - 1);
    }
    if (kind == WIRE_CBOR_ARRAY) {
        TRY(wire_cbor_take_array(cbor, &count));
    } else {
        TRY(wire_cbor_take_map(cbor, &count));
        count *= 2; /* each takes an octet of the input, so this cannot wrap */
    }
    while (count-- != 0) TRY(check_levels(cbor, levels - 1));
    return TB_STATUS(TB_OK);
}

static tb_status take_frank_prev(struct wire_cbor value, struct chat_content *out)
{
    size_t count;
    tb_bytes chain;

    TRY(as(wire_cbor_take_array(&value, &count), CHAT_CONTENT_EXTENSION));
    if (count != 2) return TB_STATUS(CHAT_CONTENT_EXTENSION);
    TRY(as(wire_cbor_take_uint(&value, &out->prev_room_seq), CHAT_CONTENT_EXTENSION));
    TRY(as(wire_cbor_take_bytes(&value, &chain), CHAT_CONTENT_EXTENSION));
    if (chain.len != CHAT_HASH_LEN) return TB_STATUS(CHAT_CONTENT_EXTENSION);
    memcpy(out->prev_chain, chain.data, CHAT_HASH_LEN);
    out->has_frank_prev = true;
    return TB_STATUS(TB_OK);
}

static tb_status take_plaintext_hashes(struct wire_cbor value, struct tb_arena *arena,
                                       struct chat_content *out)
{
    size_t count;
    TRY(as(wire_cbor_take_array(&value, &count), CHAT_CONTENT_EXTENSION));
    if (count == 0 || count > CHAT_PLAINTEXT_HASH_COUNT_MAX) {
        return TB_STATUS(CHAT_CONTENT_EXTENSION);
    }
    uint8_t(*hashes)[CHAT_HASH_LEN] = tb_arena_take(arena, count, sizeof *hashes);
    if (hashes == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < count; i++) {
        tb_bytes hash;
        TRY(as(wire_cbor_take_bytes(&value, &hash), CHAT_CONTENT_EXTENSION));
        if (hash.len != CHAT_HASH_LEN) return TB_STATUS(CHAT_CONTENT_EXTENSION);
        memcpy(hashes[i], hash.data, CHAT_HASH_LEN);
    }
    out->plaintext_hashes = (const uint8_t(*)[CHAT_HASH_LEN])hashes;
    out->plaintext_hash_count = count;
    return TB_STATUS(TB_OK);
}

static tb_status take_uri(struct wire_cbor value, tb_bytes *out)
{
    TRY(as(wire_cbor_take_string(&value, out), CHAT_CONTENT_URI));
    return TB_STATUS(out->len == 0 || out->len > CHAT_URI_LEN_MAX ? CHAT_CONTENT_URI : TB_OK);
}

/* Keys as they stand in deterministic CBOR. */
static tb_status take_extension(tb_bytes key, tb_bytes item, struct tb_arena *arena,
                                struct chat_content *out)
{
    struct wire_cbor value = { item };

    if (tb_bytes_equal(key, TB_LITERAL("\x01"))) return take_uri(value, &out->sender_uri);
    if (tb_bytes_equal(key, TB_LITERAL("\x02"))) return take_uri(value, &out->room_uri);
    if (tb_bytes_equal(key, TB_LITERAL("\x20"))) return take_frank_prev(value, out);
    if (tb_bytes_equal(key, TB_LITERAL("\x21"))) return take_plaintext_hashes(value, arena, out);
    if (tb_bytes_equal(key, TB_LITERAL("\x19\x01\x00"))) {
        out->last_seen = item;
        return TB_STATUS(TB_OK);
    }
    out->others[out->other_count++] = (struct chat_extension){ key, item };
    return TB_STATUS(TB_OK);
}

static tb_status take_extensions(struct wire_cbor *cbor, struct tb_arena *arena,
                                 struct chat_content *out)
{
    size_t count;

    TRY(as(wire_cbor_take_map(cbor, &count), CHAT_CONTENT_EXTENSION));
    if (count > CHAT_EXTENSION_COUNT_MAX) return TB_STATUS(CHAT_CONTENT_EXTENSION);
    out->others = tb_arena_take(arena, count, sizeof *out->others);
    if (out->others == NULL) return TB_STATUS(TB_NO_SPACE);
    while (count-- != 0) {
        enum wire_cbor_kind kind;
        tb_bytes key, item;
        TRY(wire_cbor_peek(cbor, &kind));
        if (kind != WIRE_CBOR_UINT && kind != WIRE_CBOR_NEGATIVE && kind != WIRE_CBOR_STRING) {
            return TB_STATUS(CHAT_CONTENT_EXTENSION);
        }
        TRY(wire_cbor_take_item(cbor, &key));
        TRY(wire_cbor_take_item(cbor, &item));
        struct wire_cbor levels = { item };
        TRY(check_levels(&levels, CHAT_EXTENSION_DEPTH_MAX));
        TRY(take_extension(key, item, arena, out));
    }
    if (out->sender_uri.len == 0 || out->room_uri.len == 0) return TB_STATUS(CHAT_CONTENT_URI);
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ parts */

static tb_status take_number(struct wire_cbor *cbor, uint64_t max, uint64_t *out)
{
    TRY(as(wire_cbor_take_uint(cbor, out), CHAT_CONTENT_PART));
    return TB_STATUS(*out > max ? CHAT_CONTENT_PART : TB_OK);
}

static tb_status take_text(struct wire_cbor *cbor, size_t len_max, tb_bytes *out)
{
    TRY(as(wire_cbor_take_string(cbor, out), CHAT_CONTENT_PART));
    return TB_STATUS(out->len > len_max ? CHAT_CONTENT_PART : TB_OK);
}

static tb_status take_octets(struct wire_cbor *cbor, tb_bytes *out)
{
    return as(wire_cbor_take_bytes(cbor, out), CHAT_CONTENT_PART);
}

static tb_status take_external(struct wire_cbor *cbor, struct chat_part *out)
{
    uint64_t number;
    TRY(take_text(cbor, CHAT_CONTENT_TYPE_LEN_MAX, &out->content_type));
    TRY(take_text(cbor, SIZE_MAX, &out->url));
    TRY(take_number(cbor, UINT32_MAX, &number));
    out->expires = (uint32_t)number;
    TRY(take_number(cbor, UINT64_MAX, &out->size));
    TRY(take_number(cbor, UINT16_MAX, &number));
    out->enc_alg = (uint16_t)number;
    TRY(take_octets(cbor, &out->key));
    TRY(take_octets(cbor, &out->nonce));
    TRY(take_octets(cbor, &out->aad));
    TRY(take_number(cbor, UINT8_MAX, &number));
    out->hash_alg = (uint8_t)number;
    TRY(take_octets(cbor, &out->content_hash));
    TRY(take_text(cbor, SIZE_MAX, &out->description));
    return take_text(cbor, SIZE_MAX, &out->filename);
}

struct part_walk {
    struct wire_cbor *cbor;
    struct tb_arena *arena;
    size_t part_count;
};

static tb_status take_part(struct part_walk *walk, unsigned depth, struct chat_part *out);

static tb_status take_multi(struct part_walk *walk, unsigned depth, struct chat_part *out)
{
    uint64_t semantics;
    size_t count;

    TRY(take_number(walk->cbor, CHAT_PROCESS_ALL, &semantics));
    out->part_semantics = (uint8_t)semantics;
    TRY(as(wire_cbor_take_array(walk->cbor, &count), CHAT_CONTENT_PART));
    if (count < 2) return TB_STATUS(CHAT_CONTENT_PART);
    if (count > CHAT_PART_COUNT_MAX - walk->part_count) return TB_STATUS(CHAT_CONTENT_PART_COUNT);
    if (depth == CHAT_PART_DEPTH_MAX) return TB_STATUS(CHAT_CONTENT_DEPTH);
    out->parts = tb_arena_take(walk->arena, count, sizeof *out->parts);
    if (out->parts == NULL) return TB_STATUS(TB_NO_SPACE);
    out->part_count = count;
    for (size_t i = 0; i < count; i++) TRY(take_part(walk, depth + 1, &out->parts[i]));
    return TB_STATUS(TB_OK);
}

static tb_status take_part(struct part_walk *walk, unsigned depth, struct chat_part *out)
{
    static const size_t FIELDS[] = { PART_NULL_COUNT, PART_SINGLE_COUNT, PART_EXTERNAL_COUNT,
                                     PART_MULTI_COUNT };
    uint64_t number;
    size_t count;

    if (++walk->part_count > CHAT_PART_COUNT_MAX) return TB_STATUS(CHAT_CONTENT_PART_COUNT);
    TRY(as(wire_cbor_take_array(walk->cbor, &count), CHAT_CONTENT_PART));
    if (count < PART_NULL_COUNT) return TB_STATUS(CHAT_CONTENT_PART);
    TRY(take_number(walk->cbor, UINT8_MAX, &number));
    out->disposition = (uint8_t)number;
    TRY(take_text(walk->cbor, CHAT_LANGUAGE_LEN_MAX, &out->language));
    TRY(take_number(walk->cbor, CHAT_PART_MULTI, &number));
    out->cardinality = (uint8_t)number;
    if (count != FIELDS[out->cardinality]) return TB_STATUS(CHAT_CONTENT_PART);

    switch (out->cardinality) {
    case CHAT_PART_SINGLE:
        TRY(take_text(walk->cbor, CHAT_CONTENT_TYPE_LEN_MAX, &out->content_type));
        return take_octets(walk->cbor, &out->content);
    case CHAT_PART_EXTERNAL:
        return take_external(walk->cbor, out);
    case CHAT_PART_MULTI:
        return take_multi(walk, depth, out);
    default:
        return TB_STATUS(TB_OK);
    }
}

/* ------------------------------------------------------------------ whole contents */

tb_status chat_content_decode(tb_bytes input, struct tb_arena *arena, struct chat_content *out)
{
    struct chat_content content = { .other_count = 0 };
    struct wire_cbor cbor;
    tb_bytes salt;
    size_t count;

    TRY(wire_cbor_open(input, &cbor));
    TRY(as(wire_cbor_take_array(&cbor, &count), CHAT_CONTENT_SHAPE));
    if (count != 7) return TB_STATUS(CHAT_CONTENT_SHAPE);
    TRY(as(wire_cbor_take_bytes(&cbor, &salt), CHAT_CONTENT_SALT));
    if (salt.len != CHAT_SALT_LEN) return TB_STATUS(CHAT_CONTENT_SALT);
    memcpy(content.salt, salt.data, CHAT_SALT_LEN);
    TRY(take_id(&cbor, &content.replaces));
    TRY(as(wire_cbor_take_bytes(&cbor, &content.topic_id), CHAT_CONTENT_TOPIC));
    if (content.topic_id.len > CHAT_TOPIC_LEN_MAX) return TB_STATUS(CHAT_CONTENT_TOPIC);
    TRY(take_expires(&cbor, &content));
    TRY(take_id(&cbor, &content.in_reply_to));
    TRY(take_extensions(&cbor, arena, &content));
    struct part_walk walk = { &cbor, arena, 0 };
    TRY(take_part(&walk, 1, &content.part));
    *out = content;
    return TB_STATUS(TB_OK);
}

tb_status chat_content_unframe(tb_bytes application_data, struct tb_arena *arena,
                               tb_bytes *encoded)
{
    struct mls_application_framing framing;

    TRY(chat_status_as(wire_decode(&mls_application_framing_desc, application_data, arena,
                                   &framing, NULL),
                       CHAT_CONTENT_MEDIA_TYPE));
    if (framing.media_type.parameters.count != 0
        || !tb_bytes_equal(framing.media_type.type, TB_LITERAL(CHAT_MEDIA_TYPE_CONTENT))) {
        return TB_STATUS(CHAT_CONTENT_MEDIA_TYPE);
    }
    *encoded = framing.inner_application_content;
    return TB_STATUS(TB_OK);
}

tb_status chat_content_open(tb_bytes application_data, struct tb_arena *arena,
                            struct chat_content *out)
{
    tb_bytes encoded;
    TRY(chat_content_unframe(application_data, arena, &encoded));
    return chat_content_decode(encoded, arena, out);
}

tb_status chat_content_message_id(const struct crypto_suite *suite, tb_bytes sender_uri,
                                  tb_bytes room_uri, tb_bytes encoded,
                                  const uint8_t salt[CHAT_SALT_LEN],
                                  uint8_t id[CHAT_MESSAGE_ID_LEN])
{
    uint8_t sender_len[2], room_len[2], hash[CHAT_HASH_LEN];

    if (sender_uri.len > UINT16_MAX || room_uri.len > UINT16_MAX) return TB_STATUS(TB_TOO_LONG);
    tb_put_u16(sender_len, (uint16_t)sender_uri.len);
    tb_put_u16(room_len, (uint16_t)room_uri.len);
    const tb_bytes parts[] = { TB_ARRAY(sender_len), sender_uri, TB_ARRAY(room_len), room_uri,
                               encoded, { salt, CHAT_SALT_LEN } };
    TRY(suite->provider->hash(suite->provider, CRYPTO_SHA256, parts, sizeof parts / sizeof parts[0],
                              hash));
    id[0] = 0x01;
    memcpy(id + 1, hash, CHAT_MESSAGE_ID_LEN - 1);
    return TB_STATUS(TB_OK);
}
