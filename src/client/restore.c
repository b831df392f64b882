/*
 * When the hub was restored from a backup (amendments 9).  Pages are kept as they came, the newest
 * CLIENT_PAGES_KEPT_COUNT entries of a room, so that the hub can be given what it lost; the newest
 * signed head says how far we had come.
 */
#include "client/desk.h"

#include <string.h>

#include "chat/frank.h"

enum { CLIENT_PAGES_PRUNE_COUNT = 16 }; /* rows that one page may push out */

tb_status client_restore_page_keep(struct client_turn *turn, struct client_room *room,
                                   uint64_t first_log_seq, tb_bytes page)
{
    TRY(client_table_put_raw(turn, CLIENT_TABLE_PAGES,
                             client_key_number(room->row.no, first_log_seq), page));
    if (room->row.cursor <= room->row.pages_from + CLIENT_PAGES_KEPT_COUNT) return TB_STATUS(TB_OK);
    uint64_t from = room->row.cursor - CLIENT_PAGES_KEPT_COUNT;
    struct client_pairs old;
    TRY(client_table_of_room(turn, CLIENT_TABLE_PAGES, room->row.no, 0, from,
                             CLIENT_PAGES_PRUNE_COUNT, &old));
    for (size_t i = 0; i < old.count; i++) {
        uint64_t log_seq = client_key_number_of(old.at[i].key);
        TRY(client_table_del(turn, CLIENT_TABLE_PAGES, client_key_number(room->row.no, log_seq)));
    }
    if (old.count < CLIENT_PAGES_PRUNE_COUNT) room->row.pages_from = from;
    client_room_touch(room);
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ what the hub lost */

static tb_status client_import_send(struct client_turn *turn, tb_bytes room_uri,
                                    struct wire_opaque *pages, size_t count)
{
    struct chat_pages_import import = { .room_uri = room_uri, .pages = { pages, count } };
    if (count == 0) return TB_STATUS(TB_OK);
    return client_request_send(turn, CHAT_VERB_PAGES_IMPORT, &import, NULL, NULL);
}

/* Pages above log_seq, in requests of bounded size, in order. */
static tb_status client_import(struct client_turn *turn, struct client_room *room, uint64_t log_seq)
{
    struct client_pairs rows;
    TRY(client_table_of_room(turn, CLIENT_TABLE_PAGES, room->row.no, log_seq + 1, UINT64_MAX,
                             SIZE_MAX, &rows));
    struct wire_opaque *pages = tb_arena_take(&turn->arena, rows.count, sizeof *pages);
    if (pages == NULL) return TB_STATUS(TB_NO_SPACE);
    size_t count = 0, bytes = 0;
    for (size_t i = 0; i < rows.count; i++) {
        if (count != 0 && bytes + rows.at[i].value.len > CLIENT_IMPORT_BYTES_MAX) {
            TRY(client_import_send(turn, room->row.room_uri, pages, count));
            pages += count;
            count = bytes = 0;
        }
        pages[count++].value = rows.at[i].value;
        bytes += rows.at[i].value.len;
    }
    return client_import_send(turn, room->row.room_uri, pages, count);
}

static tb_status client_heads_answered(struct client_turn *turn,
                                       const struct client_request *request, uint16_t code,
                                       tb_bytes body)
{
    (void)request;
    struct chat_heads_answer answer;
    if (code != CHAT_CODE_OK) return TB_STATUS(TB_OK); /* presented again at the next login */
    TRY(client_answer_decode(turn, &chat_heads_answer_desc, body, &answer));
    for (size_t i = 0; i < answer.wanted.count; i++) {
        struct client_room *room;
        const struct chat_cursor *wanted = &answer.wanted.at[i];
        if (!tb_is_ok(client_room_get(turn, wanted->room_uri, &room))) continue;
        TRY(client_import(turn, room, wanted->log_seq));
    }
    return TB_STATUS(TB_OK);
}

tb_status client_restore_heads(struct client_turn *turn)
{
    struct client *client = turn->client;
    size_t count = 0;
    for (struct client_room *room = client->rooms; room != NULL; room = room->next) count++;
    struct chat_heads heads = { { tb_arena_take(&turn->arena, count, sizeof *heads.heads.at), 0 } };
    if (heads.heads.at == NULL) return TB_STATUS(TB_NO_SPACE);
    for (struct client_room *room = client->rooms; room != NULL; room = room->next) {
        struct client_evidence_row *row;
        if (room->row.state != CLIENT_ROOM_FROZEN) continue;
        struct chat_head *head = &heads.heads.at[heads.heads.count++];
        head->room_uri = room->row.room_uri;
        head->log_seq = room->row.cursor;
        if (room->row.signed_seq == 0) continue;
        row = tb_arena_take(&turn->arena, 1, sizeof *row);
        if (row == NULL) return TB_STATUS(TB_NO_SPACE);
        TRY(client_evidence_get(turn, room, room->row.signed_seq, row));
        head->stub = &row->stub;
    }
    if (heads.heads.count == 0) return TB_STATUS(TB_OK);
    return client_request_send(turn, CHAT_VERB_HEADS_PUT, &heads, client_heads_answered, NULL);
}

/* ------------------------------------------------------------------ the room goes on */

tb_status client_restore_entry(struct client_turn *turn, struct client_room *room,
                               uint64_t log_seq, const struct chat_entry_restored *entry)
{
    struct chat_policy_room policy;
    TRY(client_room_policy(turn, room, &policy));
    tb_status status =
        chat_frank_restored_verify(&room->suite, policy.agent.franking_signature_key,
                                   room->row.room_uri, entry);
    if (client_status_is_fatal(status)) return status;
    if (!tb_is_ok(status) || !tb_bytes_equal(entry->group_id, room->row.group_id)) {
        return client_alarm(turn, CLIENT_ALARM_HISTORY, room->row.room_uri, entry->room_seq,
                            NULL, entry->signature);
    }
    bool is_ours = entry->room_seq == room->row.head_seq
                   && memcmp(entry->chain, room->row.head_chain, CHAT_HASH_LEN) == 0;
    /* What we had taken and the hub could not be given is no part of its history any more. */
    if (!is_ours) return client_room_end(turn, room, CLIENT_ROOM_REJOINING);
    if (room->row.tentative_seq != 0) {
        TRY(client_receive_final(turn, room, room->row.tentative_seq));
    }
    room->row.restored_seq = log_seq;
    if (room->row.state == CLIENT_ROOM_FROZEN) room->row.state = CLIENT_ROOM_OPEN; /* it thawed */
    room->row.head_seq = entry->next_room_seq - 1;
    room->row.signed_seq = 0; /* the next run is signed anew; until then no head can be named */
    client_room_touch(room);
    TRY(client_send_again(turn, room));
    if (room->row.kind == CHAT_ROOM_DESK) TRY(client_desk_publish_again(turn));
    struct client_line_row line = {
        .row_kind = CLIENT_LINE_RESTORED,
        .room_seq = entry->room_seq,
        .at_ms = entry->accepted_timestamp,
    };
    return client_timeline_tell(turn, room, &line);
}
