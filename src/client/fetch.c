/*
 * Attachments in: fetched piece by piece into memory, checked against the hash that was franked
 * with the message, decrypted with its key, checked against the hash of the plaintext, and only
 * then given to the person.
 */
#include "client/prune.h"
#include "client/evidence.h"
#include "client/revise.h"

#include <string.h>

#include "chat/protocol_blob.h"
#include "wire/text.h"

struct client_fetching {
    uint64_t op;
    uint32_t room_no;
    uint64_t room_seq;
    size_t part;
    uint8_t id[CHAT_BLOB_ID_LEN];
    uint64_t total; /* octets of the ciphertext, as the message says */
    struct tb_buf sealed;
};

void client_fetch_drop(struct client *client)
{
    struct client_fetching *fetching = client->fetching;
    if (fetching == NULL) return;
    tb_buf_wipe(&fetching->sealed);
    tb_mem_give(client->config.mem, fetching, sizeof *fetching);
    client->fetching = NULL;
}

/* The part of a message that stands in the room and may be opened.  Views into the arena. */
static tb_status client_fetch_part(struct client_turn *turn, struct client_room *room,
                                   uint64_t room_seq, size_t index, struct chat_content *content,
                                   const struct chat_part **part)
{
    struct client_evidence_row evidence;
    tb_status status = client_evidence_get(turn, room, room_seq, &evidence);
    if (status.code == TB_NOT_FOUND) TRY(client_prune_check(turn, room, room_seq, NULL));
    if (status.code == TB_NOT_FOUND || (tb_is_ok(status) && evidence.row == 0)) {
        return TB_STATUS(CLIENT_MESSAGE_UNKNOWN);
    }
    TRY(status);
    if (evidence.opening != CHAT_OPENING_IS_FULL) return TB_STATUS(CLIENT_MESSAGE_CLOSED);
    TRY(chat_content_open(evidence.application_data, &turn->arena, content));
    *part = chat_content_external(content, index);
    if (*part == NULL) return TB_STATUS(CLIENT_ATTACHMENT_NONE);
    return chat_content_check_attachments(content);
}

/* What stands behind `start`; false when the text does not begin so. */
static bool client_take_start(tb_bytes *text, tb_bytes start)
{
    if (!tb_bytes_starts_with(*text, start)) return false;
    *text = tb_bytes_of(text->data + start.len, text->len - start.len);
    return true;
}

tb_status client_fetch_id(const struct client_turn *turn, tb_bytes url,
                          uint8_t id[CHAT_BLOB_ID_LEN])
{
    bool is_ours = client_take_start(&url, TB_LITERAL("mimi://"))
                   && client_take_start(&url, turn->client->profile.domain)
                   && client_take_start(&url, TB_LITERAL("/b/"))
                   && tb_is_ok(wire_text_hex_decode(url, id, CHAT_BLOB_ID_LEN));
    return is_ours ? TB_STATUS(TB_OK) : TB_STATUS(CLIENT_ATTACHMENT);
}

/* ------------------------------------------------------------------ all of it is here */

static tb_status client_fetch_open(struct client_turn *turn, struct client_fetching *fetching,
                                   struct chat_content *content, const struct chat_part **part,
                                   tb_bytes *plain)
{
    const struct crypto_provider *provider = turn->client->config.provider;
    struct client_room *room;
    uint8_t hash[CHAT_HASH_LEN];
    tb_bytes sealed = tb_buf_view(&fetching->sealed);
    TRY(client_room_by_no(turn, fetching->room_no, &room));
    TRY(client_fetch_part(turn, room, fetching->room_seq, fetching->part, content, part));
    TRY(provider->hash(provider, CRYPTO_SHA256, &sealed, 1, hash));
    if (!tb_bytes_equal(TB_ARRAY(hash), (*part)->content_hash)) {
        return TB_STATUS(CLIENT_ATTACHMENT_CHANGED);
    }
    uint8_t *out = tb_arena_take(&turn->arena, 1, sealed.len - CRYPTO_TAG_LEN);
    if (out == NULL) return TB_STATUS(TB_NO_SPACE);
    tb_status status = provider->aead_open(provider, CRYPTO_AES128_GCM, (*part)->key,
                                           (*part)->nonce, (*part)->aad, sealed, out);
    if (status.code == CRYPTO_DECRYPT) return TB_STATUS(CLIENT_ATTACHMENT_CHANGED);
    TRY(status);
    *plain = tb_bytes_of(out, sealed.len - CRYPTO_TAG_LEN);
    if (fetching->part >= content->plaintext_hash_count) return TB_STATUS(TB_OK);
    TRY(provider->hash(provider, CRYPTO_SHA256, plain, 1, hash));
    bool is_same = memcmp(hash, content->plaintext_hashes[fetching->part], sizeof hash) == 0;
    return is_same ? TB_STATUS(TB_OK) : TB_STATUS(CLIENT_ATTACHMENT_CHANGED);
}

static tb_status client_fetch_end(struct client_turn *turn)
{
    struct client_fetching *fetching = turn->client->fetching;
    struct chat_content content;
    const struct chat_part *part;
    tb_bytes plain;
    uint64_t op = fetching->op;
    tb_status status = client_fetch_open(turn, fetching, &content, &part, &plain);
    client_fetch_drop(turn->client);
    if (client_status_is_fatal(status)) return status;
    if (!tb_is_ok(status)) return client_show_failed(turn, op, status.code, (tb_bytes){ 0 });
    return client_show_done(turn, op, &(struct client_show){ .text = plain,
                                                             .content_type = part->content_type,
                                                             .handle = part->filename });
}

/* ------------------------------------------------------------------ piece by piece */

static tb_status client_fetch_fail(struct client_turn *turn, uint16_t code, tb_bytes detail)
{
    uint64_t op = turn->client->fetching->op;
    client_fetch_drop(turn->client);
    return client_show_failed(turn, op, code, detail);
}

static tb_status client_fetch_ask(struct client_turn *turn);

static tb_status client_fetch_answered(struct client_turn *turn,
                                       const struct client_request *request, uint16_t code,
                                       tb_bytes body)
{
    struct client_fetching *fetching = turn->client->fetching;
    struct chat_blob_piece piece;
    if (fetching == NULL || fetching->op != request->op) return TB_STATUS(TB_OK);
    if (code == CLIENT_CODE_LOST) return client_fetch_fail(turn, CLIENT_OFFLINE, (tb_bytes){ 0 });
    if (code != CHAT_CODE_OK) {
        return client_fetch_fail(turn, code, client_answer_detail(turn, body, NULL));
    }
    TRY(client_answer_decode(turn, &chat_blob_piece_desc, body, &piece));
    uint64_t left = fetching->total - fetching->sealed.len;
    uint64_t due = left < CHAT_BLOB_PIECE_LEN ? left : CHAT_BLOB_PIECE_LEN;
    if (piece.total != fetching->total || piece.piece.len != due) {
        return client_fetch_fail(turn, CLIENT_ATTACHMENT_CHANGED, (tb_bytes){ 0 });
    }
    TRY(tb_buf_append(&fetching->sealed, piece.piece));
    TRY(client_show(turn, &(struct client_show){ .kind = CLIENT_SHOW_PROGRESS,
                                                 .op = fetching->op,
                                                 .number = fetching->sealed.len,
                                                 .total = fetching->total }));
    return fetching->sealed.len == fetching->total ? client_fetch_end(turn)
                                                   : client_fetch_ask(turn);
}

static tb_status client_fetch_ask(struct client_turn *turn)
{
    struct client_fetching *fetching = turn->client->fetching;
    struct chat_blob_get get = { .offset = fetching->sealed.len };
    struct client_about about = { .op = fetching->op };
    memcpy(get.id, fetching->id, sizeof get.id);
    return client_request_send(turn, CHAT_VERB_BLOB_GET, &get, client_fetch_answered, &about);
}

static tb_status client_fetch_begin(struct client_turn *turn, tb_bytes room_uri,
                                    uint64_t room_seq, size_t index, uint64_t *op)
{
    struct client *client = turn->client;
    struct client_room *room;
    struct chat_content content;
    const struct chat_part *part;
    uint8_t id[CHAT_BLOB_ID_LEN];
    TRY(client_room_get(turn, room_uri, &room));
    if (client->session != CLIENT_SESSION_ONLINE) return TB_STATUS(CLIENT_OFFLINE);
    if (client->fetching != NULL) return TB_STATUS(CLIENT_BUSY);
    TRY(client_fetch_part(turn, room, room_seq, index, &content, &part));
    TRY(client_fetch_id(turn, part->url, id));
    if (part->size == 0 || part->size > CLIENT_ATTACHMENT_LEN_MAX) {
        return TB_STATUS(CLIENT_ATTACHMENT);
    }
    struct client_fetching *fetching = tb_mem_take(client->config.mem, sizeof *fetching);
    if (fetching == NULL) return TB_STATUS(TB_NO_SPACE);
    *fetching = (struct client_fetching){ .op = client_op_new(client),
                                          .room_no = room->row.no,
                                          .room_seq = room_seq,
                                          .part = index,
                                          .total = part->size + CRYPTO_TAG_LEN };
    memcpy(fetching->id, id, sizeof id);
    tb_buf_init(&fetching->sealed, client->config.mem, (size_t)fetching->total);
    client->fetching = fetching;
    *op = fetching->op;
    return client_fetch_ask(turn);
}

tb_status client_fetch(struct client *client, uint64_t now_ms, tb_bytes room, uint64_t room_seq,
                       size_t part, struct client_effects *effects, uint64_t *op)
{
    struct client_turn turn;
    tb_status status = client_turn_begin(&turn, client, now_ms, effects);
    if (tb_is_ok(status)) status = client_fetch_begin(&turn, room, room_seq, part, op);
    return client_turn_end(&turn, status);
}
