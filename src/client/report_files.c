/*
 * Attachments of a report: before it is sealed the ciphertexts of what it opens are fetched, so
 * that their deletion at the hub destroys no evidence.  Small ones go inside, of others the
 * verifier gets the address.  Pieces are rows until the report is handed in; a fetch that breaks
 * off begins again with the next login.
 */
#include "client/evidence.h"

#include <string.h>

#include "chat/protocol_blob.h"
#include "chat/records.h"
#include "client/revise.h"

enum {
    FILE_LEN_MAX = 1 << 20,     /* octets of one ciphertext inside a report */
    FILES_LEN_MAX = 2 << 20,    /* octets of all of them */
    FILE_COUNT_MAX = 16,
    HOW_INLINE = 1, HOW_URL = 2,
    PIECE_COUNT_MAX = FILE_LEN_MAX / CHAT_BLOB_PIECE_LEN + 1
};

/* One external part of a message that the report opens. */
struct client_report_file {
    uint64_t room_seq;
    uint16_t part_index;
    uint64_t total;        /* octets of the ciphertext */
    tb_bytes url;
    bool is_inside;
    uint8_t id[CHAT_BLOB_ID_LEN];
};
struct client_report_files {
    struct client_report_file at[FILE_COUNT_MAX];
    size_t count;
};

/* Behind a request for a piece. */
enum { ABOUT_LEN = 16 + 8 + 2 };

static struct client_key client_file_key(const uint8_t nonce[16], uint64_t room_seq,
                                         uint16_t part_index, uint64_t offset)
{
    struct client_key key = { .len = ABOUT_LEN + 8 };
    memcpy(key.data, nonce, 16);
    tb_put_u64(key.data + 16, room_seq);
    tb_put_u16(key.data + 24, part_index);
    tb_put_u64(key.data + ABOUT_LEN, offset);
    return key;
}

static tb_status client_file_pieces(struct client_turn *turn, const uint8_t nonce[16],
                                    const struct client_report_file *file,
                                    struct client_pairs *out)
{
    struct client_key from = client_file_key(nonce, file->room_seq, file->part_index, 0);
    struct client_key until =
        client_file_key(nonce, file->room_seq, file->part_index, UINT64_MAX);
    *out = (struct client_pairs){ 0 };
    return client_table_scan(turn, CLIENT_TABLE_REPORT_FILES, tb_bytes_of(from.data, from.len),
                             tb_bytes_of(until.data, until.len), false, PIECE_COUNT_MAX, out);
}

/* ------------------------------------------------------------------ which */

static void client_files_add(struct client_turn *turn, uint64_t room_seq,
                             const struct chat_content *content,
                             struct client_report_files *files, uint64_t *sum)
{
    const struct chat_part *part;
    for (size_t i = 0; (part = chat_content_external(content, i)) != NULL; i++) {
        if (files->count == FILE_COUNT_MAX) return;
        struct client_report_file *file = &files->at[files->count];
        *file = (struct client_report_file){ .room_seq = room_seq, .part_index = (uint16_t)i,
                                             .total = part->size + CRYPTO_TAG_LEN,
                                             .url = part->url };
        bool is_small = part->size != 0 && part->size <= FILE_LEN_MAX - CRYPTO_TAG_LEN
                        && *sum + file->total <= FILES_LEN_MAX;
        file->is_inside = is_small && tb_is_ok(client_fetch_id(turn, part->url, file->id));
        if (file->is_inside) *sum += file->total;
        files->count++;
    }
}

static tb_status client_files_of(struct client_turn *turn, const struct client_report_row *report,
                                 struct client_report_files *out)
{
    struct client_room *room;
    uint64_t sum = 0;
    out->count = 0;
    TRY(client_room_get(turn, report->room_uri, &room));
    for (size_t i = 0; i < report->target_seq.count + report->open_seq.count; i++) {
        uint64_t seq = i < report->target_seq.count
                         ? report->target_seq.at[i].value
                         : report->open_seq.at[i - report->target_seq.count].value;
        struct client_evidence_row evidence;
        struct chat_content *content = tb_arena_take(&turn->arena, 1, sizeof *content);
        if (content == NULL) return TB_STATUS(TB_NO_SPACE);
        tb_status status = client_evidence_get(turn, room, seq, &evidence);
        if (status.code == TB_NOT_FOUND) continue;
        TRY(status);
        if (evidence.opening != CHAT_OPENING_IS_FULL) continue;
        status = chat_content_open(evidence.application_data, &turn->arena, content);
        if (client_status_is_fatal(status)) return status;
        if (tb_is_ok(status)) client_files_add(turn, seq, content, out, &sum);
    }
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ fetching */

static bool client_file_is_here(const struct client_report_file *file,
                                const struct client_pairs *pieces, uint64_t *len)
{
    bool is_lost = false; /* an empty piece: the hub does not have it */
    *len = 0;
    for (size_t i = 0; i < pieces->count; i++) {
        *len += pieces->at[i].value.len;
        is_lost = is_lost || pieces->at[i].value.len == 0;
    }
    return is_lost || *len == file->total;
}

static tb_status client_piece_came(struct client_turn *turn, const struct client_request *request,
                                   uint16_t code, tb_bytes body)
{
    struct client_report_row report;
    struct chat_blob_piece piece = { 0 };
    tb_bytes about = client_request_data(request);
    if (code == CLIENT_CODE_LOST || code == CHAT_CODE_STORE) return TB_STATUS(TB_OK);
    tb_status status = client_table_get(turn, CLIENT_TABLE_REPORTS,
                                        client_key_bytes(tb_bytes_of(about.data, 16)),
                                        &client_report_row_desc, &report);
    if (status.code == TB_NOT_FOUND) return TB_STATUS(TB_OK);
    TRY(status);
    if (code == CHAT_CODE_OK) TRY(client_answer_decode(turn, &chat_blob_piece_desc, body, &piece));
    TRY(client_table_put_raw(turn, CLIENT_TABLE_REPORT_FILES,
                             client_file_key(about.data, tb_get_u64(about.data + 16),
                                             tb_get_u16(about.data + 24), request->number),
                             piece.piece));
    return client_report_go_on(turn, &report);
}

tb_status client_report_files_work(struct client_turn *turn,
                                   const struct client_report_row *report, bool *is_waiting)
{
    struct client_report_files *files = tb_arena_take(&turn->arena, 1, sizeof *files);
    *is_waiting = false;
    if (files == NULL) return TB_STATUS(TB_NO_SPACE);
    TRY(client_files_of(turn, report, files));
    for (size_t i = 0; i < files->count; i++) {
        const struct client_report_file *file = &files->at[i];
        struct client_pairs pieces;
        uint64_t len;
        if (!file->is_inside) continue;
        TRY(client_file_pieces(turn, report->nonce, file, &pieces));
        if (client_file_is_here(file, &pieces, &len)) continue;
        struct client_key key =
            client_file_key(report->nonce, file->room_seq, file->part_index, len);
        struct chat_blob_get get = { .offset = len };
        struct client_about about = { .then = NULL, .number = len,
                                      .data = tb_bytes_of(key.data, ABOUT_LEN) };
        memcpy(get.id, file->id, sizeof get.id);
        *is_waiting = true;
        return client_request_send(turn, CHAT_VERB_BLOB_GET, &get, client_piece_came, &about);
    }
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ into the report */

static tb_status client_file_join(struct client_turn *turn, const struct client_report_file *file,
                                  const struct client_pairs *pieces, tb_bytes *out)
{
    uint8_t *octets = tb_arena_take(&turn->arena, (size_t)file->total, 1);
    size_t len = 0;
    if (octets == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < pieces->count; i++) {
        memcpy(octets + len, pieces->at[i].value.data, pieces->at[i].value.len);
        len += pieces->at[i].value.len;
    }
    *out = tb_bytes_of(octets, len);
    return TB_STATUS(TB_OK);
}

/* Inside when it is the one that was sent; else by address, so that the text stays proven. */
static tb_status client_file_evidence(struct client_turn *turn, const uint8_t nonce[16],
                                      const struct client_report_file *file,
                                      tb_bytes content_hash,
                                      struct chat_attachment_evidence *out)
{
    struct client_pairs pieces;
    uint8_t hash[CHAT_HASH_LEN];
    uint64_t len;
    *out = (struct chat_attachment_evidence){ file->part_index, HOW_URL, file->url };
    if (!file->is_inside) return TB_STATUS(TB_OK);
    TRY(client_file_pieces(turn, nonce, file, &pieces));
    if (!client_file_is_here(file, &pieces, &len) || len != file->total) return TB_STATUS(TB_OK);
    tb_bytes ciphertext;
    TRY(client_file_join(turn, file, &pieces, &ciphertext));
    TRY(chat_records_hash(&turn->client->suite, ciphertext, hash));
    if (!tb_bytes_equal(TB_ARRAY(hash), content_hash)) return TB_STATUS(TB_OK);
    out->how = HOW_INLINE;
    out->ciphertext = ciphertext;
    return TB_STATUS(TB_OK);
}

tb_status client_report_files_attach(struct client_turn *turn,
                                     const struct client_report_row *report,
                                     struct chat_report_row *row)
{
    struct client_report_files *files = tb_arena_take(&turn->arena, 1, sizeof *files);
    struct chat_attachment_evidence *list =
        tb_arena_take(&turn->arena, FILE_COUNT_MAX, sizeof *list);
    struct chat_content content;
    if (files == NULL || list == NULL) return TB_STATUS(TB_NO_SPACE);
    if (row->kind != CHAT_OPENING_IS_FULL) return TB_STATUS(TB_OK);
    tb_status status = chat_content_open(row->application_data, &turn->arena, &content);
    if (client_status_is_fatal(status)) return status;
    if (!tb_is_ok(status) || chat_content_external(&content, 0) == NULL) return TB_STATUS(TB_OK);
    TRY(client_files_of(turn, report, files));
    for (size_t i = 0; i < files->count; i++) {
        const struct client_report_file *file = &files->at[i];
        if (file->room_seq != row->stub.room_seq) continue;
        const struct chat_part *part = chat_content_external(&content, file->part_index);
        if (part == NULL) continue;
        TRY(client_file_evidence(turn, report->nonce, file, part->content_hash,
                                 &list[row->attachment_count++]));
    }
    row->attachments = list;
    return TB_STATUS(TB_OK);
}

tb_status client_report_files_drop(struct client_turn *turn,
                                   const struct client_report_row *report)
{
    struct client_key from = client_file_key(report->nonce, 0, 0, 0);
    struct client_key until = client_file_key(report->nonce, UINT64_MAX, UINT16_MAX, UINT64_MAX);
    struct client_pairs rows = { 0 };
    TRY(client_table_scan(turn, CLIENT_TABLE_REPORT_FILES, tb_bytes_of(from.data, from.len),
                          tb_bytes_of(until.data, until.len), false,
                          FILE_COUNT_MAX * PIECE_COUNT_MAX, &rows));
    for (size_t i = 0; i < rows.count; i++) {
        TRY(client_table_del(turn, CLIENT_TABLE_REPORT_FILES, client_key_bytes(rows.at[i].key)));
    }
    return TB_STATUS(TB_OK);
}
