/* Writing MIMI content, and the contents that Timbre makes and asks about. */
#include "chat/content.h"

#include <string.h>

#include "wire/cbor.h"
#include "wire/text.h"

/* ------------------------------------------------------------------ encoding */

static tb_status put_id(struct tb_buf *buf, tb_bytes id)
{
    if (id.len == 0) return wire_cbor_put_null(buf);
    if (id.len != CHAT_MESSAGE_ID_LEN) return TB_STATUS(CHAT_CONTENT_ID);
    return wire_cbor_put_bytes(buf, id);
}

static tb_status put_expires(struct tb_buf *buf, const struct chat_content *content)
{
    if (!content->has_expires) return wire_cbor_put_null(buf);
    TRY(wire_cbor_put_array(buf, 2));
    TRY(wire_cbor_put_bool(buf, content->expires_relative));
    return wire_cbor_put_uint(buf, content->expires_s);
}

/* Keys and values side by side in one buffer; it may move, so offsets are kept until the end. */
struct pairs {
    struct tb_buf buf;
    size_t ends[2 * CHAT_EXTENSION_COUNT_MAX]; /* of key, value, key, value, ... */
    size_t count;
};

static tb_status pair_key(struct pairs *pairs, int64_t key)
{
    if (pairs->count == CHAT_EXTENSION_COUNT_MAX) return TB_STATUS(CHAT_CONTENT_EXTENSION);
    TRY(wire_cbor_put_int(&pairs->buf, key));
    pairs->ends[2 * pairs->count] = pairs->buf.len;
    return TB_STATUS(TB_OK);
}

static void pair_end(struct pairs *pairs)
{
    pairs->ends[2 * pairs->count + 1] = pairs->buf.len;
    pairs->count++;
}

static tb_status pair_uri(struct pairs *pairs, int64_t key, tb_bytes uri)
{
    if (uri.len == 0 || uri.len > CHAT_URI_LEN_MAX) return TB_STATUS(CHAT_CONTENT_URI);
    TRY(pair_key(pairs, key));
    TRY(wire_cbor_put_string(&pairs->buf, uri));
    pair_end(pairs);
    return TB_STATUS(TB_OK);
}

static tb_status pair_private(struct pairs *pairs, const struct chat_content *content)
{
    if (content->last_seen.len != 0) {
        TRY(pair_key(pairs, 256));
        TRY(tb_buf_append(&pairs->buf, content->last_seen));
        pair_end(pairs);
    }
    if (content->has_frank_prev) {
        TRY(pair_key(pairs, -1));
        TRY(wire_cbor_put_array(&pairs->buf, 2));
        TRY(wire_cbor_put_uint(&pairs->buf, content->prev_room_seq));
        TRY(wire_cbor_put_bytes(&pairs->buf, TB_ARRAY(content->prev_chain)));
        pair_end(pairs);
    }
    if (content->plaintext_hash_count != 0) {
        if (content->plaintext_hash_count > CHAT_PLAINTEXT_HASH_COUNT_MAX) {
            return TB_STATUS(CHAT_CONTENT_EXTENSION);
        }
        TRY(pair_key(pairs, -2));
        TRY(wire_cbor_put_array(&pairs->buf, content->plaintext_hash_count));
        for (size_t i = 0; i < content->plaintext_hash_count; i++) {
            TRY(wire_cbor_put_bytes(&pairs->buf, TB_ARRAY(content->plaintext_hashes[i])));
        }
        pair_end(pairs);
    }
    return TB_STATUS(TB_OK);
}

static tb_status pair_others(struct pairs *pairs, const struct chat_content *content)
{
    for (size_t i = 0; i < content->other_count; i++) {
        if (pairs->count == CHAT_EXTENSION_COUNT_MAX) return TB_STATUS(CHAT_CONTENT_EXTENSION);
        TRY(tb_buf_append(&pairs->buf, content->others[i].key));
        pairs->ends[2 * pairs->count] = pairs->buf.len;
        TRY(tb_buf_append(&pairs->buf, content->others[i].value));
        pair_end(pairs);
    }
    return TB_STATUS(TB_OK);
}

static tb_status put_extensions(struct tb_buf *buf, const struct chat_content *content)
{
    struct wire_cbor_pair sorted[CHAT_EXTENSION_COUNT_MAX];
    struct pairs pairs = { .count = 0 };
    tb_status status = TB_STATUS(TB_OK);

    tb_buf_init(&pairs.buf, buf->mem, buf->len_max);
    CHECK(pair_uri(&pairs, 1, content->sender_uri));
    CHECK(pair_uri(&pairs, 2, content->room_uri));
    CHECK(pair_private(&pairs, content));
    CHECK(pair_others(&pairs, content));
    for (size_t i = 0; i < pairs.count; i++) {
        size_t start = i == 0 ? 0 : pairs.ends[2 * i - 1];
        size_t middle = pairs.ends[2 * i], end = pairs.ends[2 * i + 1];
        sorted[i] = (struct wire_cbor_pair){ { pairs.buf.data + start, middle - start },
                                             { pairs.buf.data + middle, end - middle } };
    }
    CHECK(wire_cbor_put_pairs(buf, sorted, pairs.count));
out:
    tb_buf_wipe(&pairs.buf);
    return status;
}

static tb_status put_external(struct tb_buf *buf, const struct chat_part *part)
{
    if (part->content_type.len > CHAT_CONTENT_TYPE_LEN_MAX) return TB_STATUS(CHAT_CONTENT_PART);
    TRY(wire_cbor_put_string(buf, part->content_type));
    TRY(wire_cbor_put_string(buf, part->url));
    TRY(wire_cbor_put_uint(buf, part->expires));
    TRY(wire_cbor_put_uint(buf, part->size));
    TRY(wire_cbor_put_uint(buf, part->enc_alg));
    TRY(wire_cbor_put_bytes(buf, part->key));
    TRY(wire_cbor_put_bytes(buf, part->nonce));
    TRY(wire_cbor_put_bytes(buf, part->aad));
    TRY(wire_cbor_put_uint(buf, part->hash_alg));
    TRY(wire_cbor_put_bytes(buf, part->content_hash));
    TRY(wire_cbor_put_string(buf, part->description));
    return wire_cbor_put_string(buf, part->filename);
}

static tb_status put_part(struct tb_buf *buf, const struct chat_part *part, unsigned depth,
                          size_t *part_count)
{
    static const size_t FIELDS[] = { 3, 5, 15, 5 };

    if (++*part_count > CHAT_PART_COUNT_MAX) return TB_STATUS(CHAT_CONTENT_PART_COUNT);
    if (part->cardinality > CHAT_PART_MULTI || part->language.len > CHAT_LANGUAGE_LEN_MAX) {
        return TB_STATUS(CHAT_CONTENT_PART);
    }
    TRY(wire_cbor_put_array(buf, FIELDS[part->cardinality]));
    TRY(wire_cbor_put_uint(buf, part->disposition));
    TRY(wire_cbor_put_string(buf, part->language));
    TRY(wire_cbor_put_uint(buf, part->cardinality));
    if (part->cardinality == CHAT_PART_SINGLE) {
        if (part->content_type.len > CHAT_CONTENT_TYPE_LEN_MAX) {
            return TB_STATUS(CHAT_CONTENT_PART);
        }
        TRY(wire_cbor_put_string(buf, part->content_type));
        return wire_cbor_put_bytes(buf, part->content);
    }
    if (part->cardinality == CHAT_PART_EXTERNAL) return put_external(buf, part);
    if (part->cardinality == CHAT_PART_NULL) return TB_STATUS(TB_OK);

    if (part->part_count < 2 || part->part_semantics > CHAT_PROCESS_ALL) {
        return TB_STATUS(CHAT_CONTENT_PART);
    }
    if (depth == CHAT_PART_DEPTH_MAX) return TB_STATUS(CHAT_CONTENT_DEPTH);
    TRY(wire_cbor_put_uint(buf, part->part_semantics));
    TRY(wire_cbor_put_array(buf, part->part_count));
    for (size_t i = 0; i < part->part_count; i++) {
        TRY(put_part(buf, &part->parts[i], depth + 1, part_count));
    }
    return TB_STATUS(TB_OK);
}

tb_status chat_content_encode(const struct chat_content *content, struct tb_buf *buf)
{
    size_t part_count = 0;

    if (content->topic_id.len > CHAT_TOPIC_LEN_MAX) return TB_STATUS(CHAT_CONTENT_TOPIC);
    TRY(wire_cbor_put_array(buf, 7));
    TRY(wire_cbor_put_bytes(buf, TB_ARRAY(content->salt)));
    TRY(put_id(buf, content->replaces));
    TRY(wire_cbor_put_bytes(buf, content->topic_id));
    TRY(put_expires(buf, content));
    TRY(put_id(buf, content->in_reply_to));
    TRY(put_extensions(buf, content));
    return put_part(buf, &content->part, 1, &part_count);
}

tb_status chat_content_frame(const struct chat_content *content, struct tb_mem *mem,
                             struct tb_arena *arena, tb_bytes *application_data)
{
    struct mls_application_framing framing = {
        .media_type.type = TB_LITERAL(CHAT_MEDIA_TYPE_CONTENT),
    };
    tb_status status = TB_STATUS(TB_OK);
    struct chat_content checked;
    struct tb_buf buf;

    tb_buf_init(&buf, mem, CHAT_MESSAGE_LEN_MAX);
    CHECK(chat_content_encode(content, &buf));
    /* What others would refuse is not sent: raw extension values come from the caller. */
    CHECK(chat_content_decode(tb_buf_view(&buf), arena, &checked));
    framing.inner_application_content = tb_buf_view(&buf);
    CHECK(wire_encode(&mls_application_framing_desc, &framing, arena, application_data));
out:
    tb_buf_wipe(&buf);
    return status;
}

/* ------------------------------------------------------------------ the usual contents */

tb_status chat_content_init(const struct chat_content_head *head, struct tb_rng *rng,
                            struct chat_content *out)
{
    struct chat_content content = { .sender_uri = head->sender_uri, .room_uri = head->room_uri };

    TRY(tb_rng_fill(rng, content.salt, sizeof content.salt));
    if (head->prev_room_seq != 0) {
        content.has_frank_prev = true;
        content.prev_room_seq = head->prev_room_seq;
        memcpy(content.prev_chain, head->prev_chain, CHAT_HASH_LEN);
    }
    *out = content;
    return TB_STATUS(TB_OK);
}

void chat_content_set_single(struct chat_content *content, tb_bytes content_type, tb_bytes body)
{
    content->part = (struct chat_part){
        .disposition = CHAT_DISPOSITION_RENDER,
        .cardinality = CHAT_PART_SINGLE,
        .content_type = content_type,
        .content = body,
    };
}

void chat_content_set_text(struct chat_content *content, tb_bytes text)
{
    chat_content_set_single(content, TB_LITERAL(CHAT_TYPE_TEXT), text);
}

void chat_content_set_deleted(struct chat_content *content, tb_bytes replaces)
{
    content->replaces = replaces;
    content->part = (struct chat_part){ .disposition = CHAT_DISPOSITION_RENDER,
                                        .cardinality = CHAT_PART_NULL };
}

tb_status chat_content_single(const struct chat_content *content, const char *type, tb_bytes *body)
{
    if (content->part.cardinality != CHAT_PART_SINGLE
        || !tb_bytes_equal(content->part.content_type, tb_bytes_text(type))) {
        return TB_STATUS(CHAT_CONTENT_TYPE);
    }
    *body = content->part.content;
    return TB_STATUS(TB_OK);
}

/* "text/plain" and "text/plain;charset=utf-8", but not "text/plainer". */
static bool is_media_type(tb_bytes type, const char *name)
{
    tb_bytes text = tb_bytes_text(name);
    return tb_bytes_starts_with(type, text) && (type.len == text.len || type.data[text.len] == ';');
}

tb_status chat_content_text(const struct chat_content *content, tb_bytes *text)
{
    const struct chat_part *part = &content->part;

    if (part->cardinality != CHAT_PART_SINGLE
        || (!is_media_type(part->content_type, "text/markdown")
            && !is_media_type(part->content_type, "text/plain"))) {
        return TB_STATUS(CHAT_CONTENT_TYPE);
    }
    if (!wire_text_is_utf8(part->content)) return TB_STATUS(CHAT_CONTENT_TYPE);
    *text = part->content;
    return TB_STATUS(TB_OK);
}

bool chat_content_is_tombstone(const struct chat_content *content)
{
    return content->replaces.len != 0 && content->part.cardinality == CHAT_PART_NULL;
}

/* ------------------------------------------------------------------ attachments */

static const struct chat_part *external_of(const struct chat_part *part, size_t *index)
{
    if (part->cardinality == CHAT_PART_EXTERNAL) return (*index)-- == 0 ? part : NULL;
    for (size_t i = 0; i < part->part_count; i++) {
        const struct chat_part *found = external_of(&part->parts[i], index);
        if (found != NULL) return found;
    }
    return NULL;
}

const struct chat_part *chat_content_external(const struct chat_content *content, size_t index)
{
    return external_of(&content->part, &index);
}

tb_status chat_content_check_attachments(const struct chat_content *content)
{
    const struct chat_part *part;
    for (size_t i = 0; (part = chat_content_external(content, i)) != NULL; i++) {
        if (part->hash_alg != 1 || part->content_hash.len != CHAT_HASH_LEN || part->enc_alg != 1
            || part->key.len != 16 || part->nonce.len != CRYPTO_NONCE_LEN) {
            return TB_STATUS(CHAT_CONTENT_ATTACHMENT);
        }
    }
    return TB_STATUS(TB_OK);
}
