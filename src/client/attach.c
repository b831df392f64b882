/*
 * Attachments out: encrypted under a key of their own, stored, uploaded piece by piece, and named
 * in a message when the hub has all of it.  The hashes of ciphertext and plaintext are franked with
 * the message, so a report shows the file that was sent and no other (spec 2.5.9).
 */
#include "client/revise.h"

#include <string.h>

#include "chat/protocol_blob.h"
#include "wire/text.h"

enum {
    UPLOAD_COUNT_MAX = 16, /* attachments of a profile on their way */
    URL_LEN_MAX = 1024,
    DESCRIPTION_LEN_MAX = 1024,
    ENC_AES128_GCM = 1,
    HASH_SHA256 = 1
};

static struct client_key client_upload_key(uint64_t op)
{
    struct client_key key = { .len = 9 };
    key.data[0] = 'H';
    tb_put_u64(key.data + 1, op);
    return key;
}

static struct client_key client_piece_key(uint64_t op, uint64_t offset)
{
    struct client_key key = { .len = 17 };
    key.data[0] = 'P';
    tb_put_u64(key.data + 1, op);
    tb_put_u64(key.data + 9, offset);
    return key;
}

static tb_status client_uploads(struct client_turn *turn, size_t count_max,
                                struct client_pairs *out)
{
    const uint8_t from[] = { 'H' }, until[] = { 'H' + 1 };
    return client_table_scan(turn, CLIENT_TABLE_UPLOADS, TB_ARRAY(from), TB_ARRAY(until), false,
                             count_max, out);
}

static tb_status client_upload_drop(struct client_turn *turn, const struct client_upload_row *row)
{
    for (uint64_t offset = 0; offset < row->total; offset += CHAT_BLOB_PIECE_LEN) {
        TRY(client_table_del(turn, CLIENT_TABLE_UPLOADS, client_piece_key(row->op, offset)));
    }
    return client_table_del(turn, CLIENT_TABLE_UPLOADS, client_upload_key(row->op));
}

/* ------------------------------------------------------------------ the act */

static bool client_text_fits(tb_bytes text, size_t len_min, size_t len_max)
{
    return text.len >= len_min && text.len <= len_max && wire_text_is_utf8(text);
}

/* A name without folders: where it is saved is for the reader to say. */
static bool client_is_plain_name(tb_bytes name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (name.data[i] == '/' || name.data[i] == 0) return false;
    }
    return client_text_fits(name, 1, CLIENT_FILE_NAME_LEN_MAX);
}

static bool client_attachment_is_good(const struct client_attachment *attachment)
{
    return attachment->bytes.len != 0 && attachment->bytes.len <= CLIENT_ATTACHMENT_LEN_MAX
           && client_is_plain_name(attachment->file_name)
           && client_text_fits(attachment->content_type, 1, CHAT_CONTENT_TYPE_LEN_MAX)
           && client_text_fits(attachment->description, 0, DESCRIPTION_LEN_MAX);
}

/* Fresh id, key and nonce; the ciphertext lives in the turn's arena. */
static tb_status client_attach_seal(struct client_turn *turn, tb_bytes plain,
                                    struct client_upload_row *row, tb_bytes *sealed)
{
    const struct crypto_provider *provider = turn->client->config.provider;
    struct tb_rng *rng = turn->client->config.rng;
    TRY(tb_rng_fill(rng, row->id, sizeof row->id));
    TRY(tb_rng_fill(rng, row->key, sizeof row->key));
    TRY(tb_rng_fill(rng, row->nonce, sizeof row->nonce));
    row->total = plain.len + CRYPTO_TAG_LEN;
    uint8_t *out = tb_arena_take(&turn->arena, 1, (size_t)row->total);
    if (out == NULL) return TB_STATUS(TB_NO_SPACE);
    TRY(provider->aead_seal(provider, CRYPTO_AES128_GCM, TB_ARRAY(row->key), TB_ARRAY(row->nonce),
                            (tb_bytes){ 0 }, plain, out));
    *sealed = tb_bytes_of(out, (size_t)row->total);
    TRY(provider->hash(provider, CRYPTO_SHA256, sealed, 1, row->content_hash));
    return provider->hash(provider, CRYPTO_SHA256, &plain, 1, row->plain_hash);
}

static tb_status client_attach_check(struct client_turn *turn,
                                     const struct client_attachment *attachment,
                                     uint32_t *expires_s)
{
    struct client_room *room;
    struct chat_policy_room policy;
    struct client_pairs under_way = { 0 };
    TRY(client_room_open(turn, attachment->room, &room));
    if (!client_attachment_is_good(attachment)) return TB_STATUS(CLIENT_ATTACHMENT);
    TRY(client_room_policy(turn, room, &policy));
    if (!chat_policy_user_can(&policy, turn->client->profile.account, CHAT_CAN_SEND_MESSAGE)) {
        return TB_STATUS(CLIENT_PERMISSION);
    }
    TRY(client_expire_wanted(&policy, attachment->has_expires, attachment->expires_s, expires_s));
    TRY(client_uploads(turn, UPLOAD_COUNT_MAX, &under_way));
    return under_way.count < UPLOAD_COUNT_MAX ? TB_STATUS(TB_OK) : TB_STATUS(CLIENT_BUSY);
}

static tb_status client_attach_store(struct client_turn *turn,
                                     const struct client_attachment *attachment, uint64_t *op)
{
    struct client_upload_row row = { .room_uri = attachment->room,
                                     .file_name = attachment->file_name,
                                     .content_type = attachment->content_type,
                                     .description = attachment->description };
    tb_bytes sealed;
    TRY(client_attach_check(turn, attachment, &row.expires_s));
    TRY(client_attach_seal(turn, attachment->bytes, &row, &sealed));
    row.op = *op = client_op_new(turn->client);
    for (size_t offset = 0; offset < sealed.len; offset += CHAT_BLOB_PIECE_LEN) {
        size_t left = sealed.len - offset;
        tb_bytes piece = { sealed.data + offset,
                           left < CHAT_BLOB_PIECE_LEN ? left : CHAT_BLOB_PIECE_LEN };
        TRY(client_table_put_raw(turn, CLIENT_TABLE_UPLOADS, client_piece_key(row.op, offset),
                                 piece));
    }
    tb_status status = client_table_put(turn, CLIENT_TABLE_UPLOADS, client_upload_key(row.op),
                                        &client_upload_row_desc, &row);
    tb_wipe(row.key, sizeof row.key);
    turn->client->has_uploads = true;
    return status;
}

tb_status client_attach(struct client *client, uint64_t now_ms,
                        const struct client_attachment *attachment,
                        struct client_effects *effects, uint64_t *op)
{
    struct client_turn turn;
    tb_status status = client_turn_begin(&turn, client, now_ms, effects);
    if (tb_is_ok(status)) status = client_attach_store(&turn, attachment, op);
    if (tb_is_ok(status)) status = client_session_work(&turn);
    return client_turn_end(&turn, status);
}

static tb_status client_dropped(struct client_turn *turn, const struct client_request *request,
                                uint16_t code, tb_bytes body)
{
    (void)turn, (void)request, (void)code, (void)body; /* else it ends by its age */
    return TB_STATUS(TB_OK);
}

static tb_status client_cancel(struct client_turn *turn, uint64_t op)
{
    struct client_upload_row row;
    struct client_about about = { .op = op };
    struct chat_blob_id blob;
    TRY(client_table_get(turn, CLIENT_TABLE_UPLOADS, client_upload_key(op),
                         &client_upload_row_desc, &row));
    TRY(client_upload_drop(turn, &row));
    memcpy(blob.id, row.id, sizeof blob.id);
    if (turn->client->session != CLIENT_SESSION_ONLINE) return TB_STATUS(TB_OK);
    return client_request_send(turn, CHAT_VERB_BLOB_DROP, &blob, client_dropped, &about);
}

tb_status client_attach_cancel(struct client *client, uint64_t now_ms, uint64_t op,
                               struct client_effects *effects)
{
    struct client_turn turn;
    tb_status status = client_turn_begin(&turn, client, now_ms, effects);
    if (tb_is_ok(status)) status = client_cancel(&turn, op);
    if (tb_is_ok(status)) status = client_session_work(&turn);
    return client_turn_end(&turn, status);
}

/* ------------------------------------------------------------------ on its way */

static tb_status client_attach_url(struct client_turn *turn, const struct client_upload_row *row,
                                   tb_bytes *out)
{
    char hex[2 * CHAT_BLOB_ID_LEN + 1];
    struct tb_buf buf;
    tb_status status;
    tb_buf_init(&buf, turn->client->config.mem, URL_LEN_MAX);
    wire_text_hex_encode(TB_ARRAY(row->id), hex);
    CHECK(tb_buf_append(&buf, TB_LITERAL("mimi://")));
    CHECK(tb_buf_append(&buf, turn->client->profile.domain));
    CHECK(tb_buf_append(&buf, TB_LITERAL("/b/")));
    CHECK(tb_buf_append(&buf, tb_bytes_of(hex, 2 * CHAT_BLOB_ID_LEN)));
    CHECK(tb_arena_dup(&turn->arena, tb_buf_view(&buf), out));
out:
    tb_buf_wipe(&buf);
    return status;
}

/* All of it is there: the message that names it takes its place, in one turn. */
static tb_status client_attach_say(struct client_turn *turn, struct client_upload_row *row)
{
    struct client_room *room;
    struct chat_part part = {
        .disposition = CHAT_DISPOSITION_ATTACHMENT,
        .cardinality = CHAT_PART_EXTERNAL,
        .content_type = row->content_type,
        .size = row->total - CRYPTO_TAG_LEN,
        .enc_alg = ENC_AES128_GCM,
        .key = TB_ARRAY(row->key),
        .nonce = TB_ARRAY(row->nonce),
        .hash_alg = HASH_SHA256,
        .content_hash = TB_ARRAY(row->content_hash),
        .description = row->description,
        .filename = row->file_name,
    };
    struct client_send_params params = {
        .part = &part,
        .plaintext_hashes = (const uint8_t(*)[CHAT_HASH_LEN])&row->plain_hash,
        .plaintext_hash_count = 1,
        .expires_s = row->expires_s,
        .op = row->op,
    };
    TRY(client_upload_drop(turn, row));
    TRY(client_attach_url(turn, row, &part.url));
    tb_status status = client_room_open(turn, row->room_uri, &room);
    if (tb_is_ok(status)) status = client_send_content(turn, room, &params);
    if (tb_is_ok(status) || client_status_is_fatal(status)) return status;
    return client_show_failed(turn, row->op, status.code, (tb_bytes){ 0 });
}

static tb_status client_upload_put(struct client_turn *turn, const struct client_upload_row *row)
{
    return client_table_put(turn, CLIENT_TABLE_UPLOADS, client_upload_key(row->op),
                            &client_upload_row_desc, row);
}

static tb_status client_attach_refused(struct client_turn *turn, struct client_upload_row *row,
                                       uint16_t code, tb_bytes body)
{
    if (code == CHAT_CODE_RATE_LIMITED || code == CHAT_CODE_STORE) return TB_STATUS(TB_OK);
    if (code == CHAT_CODE_CONFLICT) { /* the hub went back, or we did: from what it has */
        struct chat_error error = { .value = 0 };
        (void)client_answer_detail(turn, body, &error);
        if (error.value % CHAT_BLOB_PIECE_LEN == 0 && error.value < row->sent) {
            row->sent = error.value;
            return client_upload_put(turn, row);
        }
    }
    TRY(client_upload_drop(turn, row));
    return client_show_failed(turn, row->op, code, client_answer_detail(turn, body, NULL));
}

static tb_status client_attach_answered(struct client_turn *turn,
                                        const struct client_request *request, uint16_t code,
                                        tb_bytes body)
{
    struct client_upload_row row;
    struct chat_blob_state state;
    turn->client->is_uploading = false;
    if (code == CLIENT_CODE_LOST) return TB_STATUS(TB_OK);
    tb_status status = client_table_get(turn, CLIENT_TABLE_UPLOADS,
                                        client_upload_key(request->op), &client_upload_row_desc,
                                        &row);
    if (status.code == TB_NOT_FOUND) return TB_STATUS(TB_OK); /* it was given up */
    TRY(status);
    if (code != CHAT_CODE_OK) return client_attach_refused(turn, &row, code, body);
    TRY(client_answer_decode(turn, &chat_blob_state_desc, body, &state));
    if (state.total != row.total || state.received <= row.sent || state.received > row.total) {
        return TB_STATUS(CLIENT_HUB_ANSWER);
    }
    row.sent = state.received;
    TRY(client_show(turn, &(struct client_show){ .kind = CLIENT_SHOW_PROGRESS,
                                                 .op = row.op,
                                                 .number = row.sent,
                                                 .total = row.total,
                                                 .room = row.room_uri }));
    return row.sent == row.total ? client_attach_say(turn, &row) : client_upload_put(turn, &row);
}

tb_status client_attach_work(struct client_turn *turn)
{
    struct client *client = turn->client;
    struct client_pairs first = { 0 };
    struct client_upload_row row;
    struct chat_blob_put put;
    if (!client->has_uploads || client->is_uploading || client->is_restricted) {
        return TB_STATUS(TB_OK);
    }
    TRY(client_uploads(turn, 1, &first));
    client->has_uploads = first.count != 0;
    if (first.count == 0) return TB_STATUS(TB_OK);
    tb_status status =
        wire_decode(&client_upload_row_desc, first.at[0].value, &turn->arena, &row, NULL);
    if (!tb_is_ok(status)) return status.code == TB_NO_SPACE ? status : TB_STATUS(TB_STORE);
    put = (struct chat_blob_put){ .total = row.total, .offset = row.sent };
    memcpy(put.id, row.id, sizeof put.id);
    TRY(client_table_get_raw(turn, CLIENT_TABLE_UPLOADS, client_piece_key(row.op, row.sent),
                             &put.piece));
    struct client_about about = { .op = row.op };
    client->is_uploading = true;
    return client_request_send(turn, CHAT_VERB_BLOB_PUT, &put, client_attach_answered, &about);
}
