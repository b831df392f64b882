/*
 * Attachments.  The hub stores what it cannot read and gives it to whoever knows the id, which
 * stands in an encrypted message.  Pieces are rows, so they are as durable as the log, come back
 * with a backup, and none of them holds up the others of a turn.
 */
#include "hub/blob.h"

#include <string.h>

#include "chat/protocol_blob.h"

enum { SWEEP_COUNT = 16 };

static struct hub_key piece_key(const uint8_t id[CHAT_BLOB_ID_LEN], uint64_t offset)
{
    uint8_t number[4];
    struct hub_key key = hub_key_tagged('P', id, CHAT_BLOB_ID_LEN);
    tb_put_u32(number, (uint32_t)(offset / CHAT_BLOB_PIECE_LEN));
    hub_key_add(&key, number, sizeof number);
    return key;
}

static struct hub_key end_key(uint64_t until_ms, const uint8_t id[CHAT_BLOB_ID_LEN])
{
    struct hub_key key = hub_key_tagged('E', "", 0);
    hub_key_add_u64(&key, until_ms);
    hub_key_add(&key, id, CHAT_BLOB_ID_LEN);
    return key;
}

static tb_status blob_get(struct hub *hub, const uint8_t id[CHAT_BLOB_ID_LEN],
                          struct tb_arena *arena, struct hub_row_blob *row, bool *found)
{
    struct hub_key key = hub_key_tagged('H', id, CHAT_BLOB_ID_LEN);
    return hub_get(hub, HUB_TABLE_BLOBS, &key, &hub_row_blob_desc, arena, row, found);
}

static tb_status blob_put(struct hub *hub, const uint8_t id[CHAT_BLOB_ID_LEN],
                          const struct hub_row_blob *row, struct tb_arena *arena)
{
    struct hub_key key = hub_key_tagged('H', id, CHAT_BLOB_ID_LEN);
    return hub_put(hub, HUB_TABLE_BLOBS, &key, &hub_row_blob_desc, row, arena);
}

static tb_status use_get(struct hub *hub, const uint8_t user[HUB_USER_ID_LEN],
                         struct tb_arena *arena, struct hub_row_blob_use *use)
{
    struct hub_key key = hub_key_tagged('U', user, HUB_USER_ID_LEN);
    bool found;
    TRY(hub_get(hub, HUB_TABLE_BLOBS, &key, &hub_row_blob_use_desc, arena, use, &found));
    if (!found) use->taken = 0;
    return TB_STATUS(TB_OK);
}

static tb_status use_put(struct hub *hub, const uint8_t user[HUB_USER_ID_LEN],
                         const struct hub_row_blob_use *use, struct tb_arena *arena)
{
    struct hub_key key = hub_key_tagged('U', user, HUB_USER_ID_LEN);
    if (use->taken == 0) return hub_del(hub, HUB_TABLE_BLOBS, &key);
    return hub_put(hub, HUB_TABLE_BLOBS, &key, &hub_row_blob_use_desc, use, arena);
}

/* The head, its end, its pieces, and what it took of its owner's share. */
static tb_status blob_drop(struct hub *hub, const uint8_t id[CHAT_BLOB_ID_LEN],
                           const struct hub_row_blob *row, struct tb_arena *arena)
{
    struct hub_key head = hub_key_tagged('H', id, CHAT_BLOB_ID_LEN);
    struct hub_key end = end_key(row->until_ms, id);
    struct hub_row_blob_use use;
    TRY(hub_del(hub, HUB_TABLE_BLOBS, &head));
    TRY(hub_del(hub, HUB_TABLE_BLOBS, &end));
    for (uint64_t offset = 0; offset < row->received; offset += CHAT_BLOB_PIECE_LEN) {
        struct hub_key key = piece_key(id, offset);
        TRY(hub_del(hub, HUB_TABLE_BLOBS, &key));
    }
    TRY(use_get(hub, row->user, arena, &use));
    use.taken -= use.taken < row->total ? use.taken : row->total;
    return use_put(hub, row->user, &use, arena);
}

/* ------------------------------------------------------------------ put */

/* A new one: its octets are counted from the start, so that many uploads at once cannot pass the
 * share together. */
static uint16_t blob_begin(struct hub *hub, struct hub_call *call,
                           const struct chat_blob_put *put, struct hub_row_blob *row)
{
    const struct hub_limits *limits = &hub->config.limits;
    struct hub_row_blob_use use;
    if (put->total == 0 || put->total > limits->blob_bytes_max) {
        return hub_refuse_value(call, CHAT_CODE_TOO_LARGE, "the attachment is empty or too large",
                                limits->blob_bytes_max);
    }
    tb_status status = use_get(hub, call->account->id.at, call->arena, &use);
    if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
    if (use.taken + put->total > limits->blob_account_bytes_max) {
        return hub_refuse_value(call, CHAT_CODE_TOO_LARGE,
                                "the account's attachments take all the room that it has",
                                limits->blob_account_bytes_max);
    }
    *row = (struct hub_row_blob){ .total = put->total,
                                  .until_ms = call->now_ms + limits->blob_upload_ms };
    memcpy(row->user, call->account->id.at, sizeof row->user);
    use.taken += put->total;
    struct hub_key end = end_key(row->until_ms, put->id);
    status = use_put(hub, row->user, &use, call->arena);
    if (tb_is_ok(status)) {
        status = hub_put_octets(hub, HUB_TABLE_BLOBS, &end, (tb_bytes){ 0 });
    }
    return tb_is_ok(status) ? CHAT_CODE_OK
                            : hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}

/* The next piece, whole; the last one may be short. */
static tb_status blob_append(struct hub *hub, struct hub_call *call,
                             const struct chat_blob_put *put, struct hub_row_blob *row)
{
    struct hub_key key = piece_key(put->id, put->offset);
    TRY(hub_put_octets(hub, HUB_TABLE_BLOBS, &key, put->piece));
    row->received += put->piece.len;
    if (row->received == row->total) {
        struct hub_key end = end_key(row->until_ms, put->id);
        TRY(hub_del(hub, HUB_TABLE_BLOBS, &end));
        row->until_ms = call->now_ms + hub->config.limits.blob_life_ms;
        end = end_key(row->until_ms, put->id);
        TRY(hub_put_octets(hub, HUB_TABLE_BLOBS, &end, (tb_bytes){ 0 }));
    }
    return blob_put(hub, put->id, row, call->arena);
}

static bool is_whole_piece(const struct chat_blob_put *put)
{
    return put->offset % CHAT_BLOB_PIECE_LEN == 0 && put->piece.len <= put->total - put->offset
           && (put->piece.len == CHAT_BLOB_PIECE_LEN
               || put->offset + put->piece.len == put->total);
}

uint16_t hub_verb_blob_put(struct hub *hub, struct hub_call *call, const void *request,
                           void *answer)
{
    const struct chat_blob_put *put = request;
    struct chat_blob_state *state = answer;
    struct hub_row_blob row;
    bool found;
    tb_status status = blob_get(hub, put->id, call->arena, &row, &found);
    if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
    if (!found && put->piece.len == 0) {
        return hub_refuse(call, CHAT_CODE_NOT_FOUND, "no such upload");
    }
    if (put->offset > put->total || (put->piece.len != 0 && !is_whole_piece(put))) {
        return hub_refuse(call, CHAT_CODE_BAD_REQUEST, "a piece is whole, but for the last one");
    }
    if (found && (memcmp(row.user, call->account->id.at, sizeof row.user) != 0 ||
                  row.total != put->total)) {
        return hub_refuse(call, CHAT_CODE_CONFLICT, "another attachment has this id");
    }
    if (put->piece.len != 0 && put->offset > (found ? row.received : 0)) {
        return hub_refuse_value(call, CHAT_CODE_CONFLICT, "a piece before this one is missing",
                                found ? row.received : 0);
    }
    if (!found) {
        uint16_t code = blob_begin(hub, call, put, &row);
        if (code != CHAT_CODE_OK) return code;
    }
    if (put->piece.len != 0 && put->offset == row.received) { /* else: it was taken before */
        status = blob_append(hub, call, put, &row);
        if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
    }
    *state = (struct chat_blob_state){ .total = row.total, .received = row.received };
    return CHAT_CODE_OK;
}

/* ------------------------------------------------------------------ get, drop */

uint16_t hub_verb_blob_get(struct hub *hub, struct hub_call *call, const void *request,
                           void *answer)
{
    const struct chat_blob_get *get = request;
    struct chat_blob_piece *out = answer;
    struct hub_row_blob row;
    bool found;
    tb_status status = blob_get(hub, get->id, call->arena, &row, &found);
    if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
    if (!found || row.received != row.total) {
        return hub_refuse(call, CHAT_CODE_NOT_FOUND, "no such attachment, or no longer");
    }
    if (get->offset % CHAT_BLOB_PIECE_LEN != 0 || get->offset >= row.total) {
        return hub_refuse(call, CHAT_CODE_BAD_REQUEST, "no piece begins there");
    }
    struct hub_key key = piece_key(get->id, get->offset);
    status = hub_row_get_octets(hub->store, HUB_TABLE_BLOBS, &key, call->arena, &out->piece);
    if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
    out->total = row.total;
    return CHAT_CODE_OK;
}

uint16_t hub_verb_blob_drop(struct hub *hub, struct hub_call *call, const void *request,
                            void *answer)
{
    const struct chat_blob_id *blob = request;
    struct hub_row_blob row;
    bool found;
    (void)answer;
    tb_status status = blob_get(hub, blob->id, call->arena, &row, &found);
    if (tb_is_ok(status) && found) {
        if (memcmp(row.user, call->account->id.at, sizeof row.user) != 0) {
            return hub_refuse(call, CHAT_CODE_FORBIDDEN, "who put an attachment takes it back");
        }
        status = blob_drop(hub, blob->id, &row, call->arena);
    }
    return tb_is_ok(status) ? CHAT_CODE_OK
                            : hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}

tb_status hub_blob_sweep(struct hub *hub, uint64_t now_ms, struct tb_arena *arena)
{
    struct hub_key prefix = hub_key_tagged('E', "", 0);
    struct hub_pairs rows;
    TRY(hub_row_list(hub->store, HUB_TABLE_BLOBS, &prefix, NULL, SWEEP_COUNT, arena, &rows));
    for (size_t i = 0; i < rows.count; i++) {
        struct hub_row_blob row;
        bool found;
        if (rows.at[i].key.len != 1 + 8 + CHAT_BLOB_ID_LEN) return TB_STATUS(HUB_ROW);
        if (tb_get_u64(rows.at[i].key.data + 1) > now_ms) return TB_STATUS(TB_OK);
        const uint8_t *id = rows.at[i].key.data + 9;
        TRY(blob_get(hub, id, arena, &row, &found));
        if (!found) return TB_STATUS(HUB_ROW);
        TRY(blob_drop(hub, id, &row, arena));
    }
    return TB_STATUS(TB_OK);
}
