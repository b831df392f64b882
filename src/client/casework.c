/*
 * Case work: messages of the desk's room become rows of CASEWORK, in the order of its log.
 *
 *     'R'             URI of the desk's room that the rows are of
 *     'E' room_seq    client_case_event_row: a message as it came, and what became of it
 *     'I' case, seq   where to find the messages that name a case
 *     'S' case        chat_case_state
 *     'T' subject     the case that was first named with it
 *     'O' case        within one turn: something that belongs to it is not decided
 *
 * R and E are the log; the others follow from it and can be made again at any time.
 */
#include "client/casework.h"

#include <string.h>

enum { TAG_ROOM = 'R', TAG_EVENT = 'E', TAG_INDEX = 'I', TAG_OPEN = 'O', TAG_STATE = 'S',
       TAG_SUBJECT = 'T' };

static struct client_key tagged(char tag, tb_bytes rest)
{
    struct client_key key = { .len = 1 + rest.len };
    key.data[0] = (uint8_t)tag;
    if (rest.len != 0) memcpy(key.data + 1, rest.data, rest.len);
    return key;
}

struct client_key client_casework_event_key(uint64_t room_seq)
{
    uint8_t octets[8];
    tb_put_u64(octets, room_seq);
    return tagged(TAG_EVENT, TB_ARRAY(octets));
}

static struct client_key index_key(tb_bytes case_id, uint64_t room_seq)
{
    struct client_key key = { .len = 2 + case_id.len };
    key.data[0] = TAG_INDEX;
    key.data[1] = (uint8_t)case_id.len; /* ids have two lengths */
    memcpy(key.data + 2, case_id.data, case_id.len);
    tb_put_u64(key.data + key.len, room_seq);
    key.len += 8;
    return key;
}

bool client_casework_is_here(const struct client *client, const struct client_room *room)
{
    return room->row.kind == CHAT_ROOM_DESK
           && tb_bytes_equal(room->row.room_uri, client->hub.desk_uri);
}

/* ------------------------------------------------------------------ states in rows */

static tb_status state_get(void *ctx, tb_bytes case_id, struct chat_case_state *out)
{
    return client_table_get(ctx, CLIENT_TABLE_CASEWORK, tagged(TAG_STATE, case_id),
                            &chat_case_state_desc, out);
}

static tb_status state_put(void *ctx, const struct chat_case_state *state)
{
    return client_table_put(ctx, CLIENT_TABLE_CASEWORK, tagged(TAG_STATE, state->case_id),
                            &chat_case_state_desc, state);
}

static tb_status subject_get(void *ctx, tb_bytes subject, tb_bytes *case_id)
{
    return client_table_get_raw(ctx, CLIENT_TABLE_CASEWORK, tagged(TAG_SUBJECT, subject),
                                case_id);
}

static tb_status subject_put(void *ctx, tb_bytes subject, tb_bytes case_id)
{
    return client_table_put_raw(ctx, CLIENT_TABLE_CASEWORK, tagged(TAG_SUBJECT, subject),
                                case_id);
}

struct chat_case_store client_casework_store(struct client_turn *turn)
{
    return (struct chat_case_store){ turn, state_get, state_put, subject_get, subject_put };
}

/* ------------------------------------------------------------------ what belongs together */

tb_status client_casework_named(struct client_turn *turn, tb_bytes case_id,
                                struct client_pairs *out)
{
    struct client_key from = index_key(case_id, 0), until = index_key(case_id, UINT64_MAX);
    return client_table_scan(turn, CLIENT_TABLE_CASEWORK, client_key_view(&from),
                             client_key_view(&until), false, SIZE_MAX, out);
}

tb_status client_casework_states(struct client_turn *turn, struct client_pairs *out)
{
    struct client_key from = tagged(TAG_STATE, (tb_bytes){ 0 });
    struct client_key until = tagged(TAG_STATE + 1, (tb_bytes){ 0 });
    return client_table_scan(turn, CLIENT_TABLE_CASEWORK, client_key_view(&from),
                             client_key_view(&until), false, SIZE_MAX, out);
}

tb_status client_casework_parts(struct client_turn *turn, tb_bytes case_id, tb_bytes **out,
                                size_t *count)
{
    struct chat_case_store store = client_casework_store(turn);
    struct chat_case_state whole, root;
    struct client_pairs rows;
    TRY(chat_casework_root(&store, case_id, &whole));
    TRY(client_casework_states(turn, &rows));
    tb_bytes *parts = tb_arena_take(&turn->arena, rows.count + 1, sizeof *parts);
    if (parts == NULL) return TB_STATUS(TB_NO_SPACE);
    *count = 0;
    for (size_t i = 0; i < rows.count; i++) {
        tb_bytes id = tb_bytes_of(rows.at[i].key.data + 1, rows.at[i].key.len - 1);
        TRY(chat_casework_root(&store, id, &root));
        if (tb_bytes_equal(root.case_id, whole.case_id)) parts[(*count)++] = id;
    }
    *out = parts;
    return TB_STATUS(TB_OK);
}

tb_status client_casework_place(struct client_turn *turn, tb_bytes case_id, tb_bytes subject,
                                struct chat_case_state *out)
{
    struct chat_case_store store = client_casework_store(turn);
    struct chat_case_state own;
    tb_bytes first;
    tb_status status = store.get(store.ctx, case_id, &own);
    if (status.code != TB_NOT_FOUND) TRY(status);
    if (tb_is_ok(status) || subject.len == 0) return chat_casework_root(&store, case_id, out);
    status = store.of_subject(store.ctx, subject, &first);
    if (status.code == TB_NOT_FOUND) return chat_casework_root(&store, case_id, out);
    TRY(status);
    return chat_casework_root(&store, first, out);
}

tb_status client_casework_mark(struct client_turn *turn, tb_bytes case_id)
{
    return client_table_put_raw(turn, CLIENT_TABLE_CASEWORK, tagged(TAG_OPEN, case_id),
                                TB_LITERAL("1"));
}

tb_status client_casework_is_marked(struct client_turn *turn, tb_bytes case_id, bool *out)
{
    tb_bytes value;
    tb_status status = client_table_get_raw(turn, CLIENT_TABLE_CASEWORK,
                                            tagged(TAG_OPEN, case_id), &value);
    *out = tb_is_ok(status);
    return status.code == TB_NOT_FOUND ? TB_STATUS(TB_OK) : status;
}

/* ------------------------------------------------------------------ subjects */

tb_status client_casework_subject(struct client_turn *turn, const struct client_case_row *row,
                                  tb_bytes *out)
{
    const struct client_case_message *first = NULL;
    *out = (tb_bytes){ 0 };
    for (size_t i = 0; row->verdict == TB_OK && i < row->messages.count; i++) {
        const struct client_case_message *message = &row->messages.at[i];
        bool is_proven = message->is_target && message->verdict == TB_OK
                         && message->message_id.len != 0;
        if (is_proven && (first == NULL || message->room_seq < first->room_seq)) first = message;
    }
    if (first == NULL) return TB_STATUS(TB_OK);
    uint8_t *subject = tb_arena_take(&turn->arena, 1, CHAT_HASH_LEN);
    if (subject == NULL) return TB_STATUS(TB_NO_SPACE);
    TRY(chat_casework_subject(&turn->client->suite, row->room_uri, first->message_id, subject));
    *out = tb_bytes_of(subject, CHAT_HASH_LEN);
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ the fold */

/* One message, after all before it; *row with the verdict goes to its place. */
static tb_status step(struct client_turn *turn, uint64_t room_seq,
                      struct client_case_event_row *row)
{
    struct chat_case_event event;
    struct chat_case_store store = client_casework_store(turn);
    TRY(chat_casework_decode(row->body, &event));
    const struct chat_case_entry entry = { row->at_ms, row->account, &event };
    TRY(chat_casework_take(&store, &entry, &row->verdict));
    TRY(client_table_put_raw(turn, CLIENT_TABLE_CASEWORK, index_key(event.case_id, room_seq),
                             TB_LITERAL("1")));
    return client_table_put(turn, CLIENT_TABLE_CASEWORK, client_casework_event_key(room_seq),
                            &client_case_event_row_desc, row);
}

/* What an exhausted arena or another failure inside means is not the message's fault. */
static tb_status step_or_skip(struct client_turn *turn, uint64_t room_seq,
                              struct client_case_event_row *row)
{
    tb_status status = step(turn, room_seq, row);
    return tb_is_ok(status) || client_status_is_fatal(status) ? status : TB_STATUS(TB_OK);
}

static tb_status delete_tagged(struct client_turn *turn, char tag)
{
    struct client_key from = tagged(tag, (tb_bytes){ 0 });
    struct client_key until = tagged((char)(tag + 1), (tb_bytes){ 0 });
    struct client_pairs rows = { 0 };
    do {
        TRY(client_table_scan(turn, CLIENT_TABLE_CASEWORK, client_key_view(&from),
                              client_key_view(&until), false, CLIENT_CASEWORK_BATCH, &rows));
        for (size_t i = 0; i < rows.count; i++) {
            TRY(client_table_del(turn, CLIENT_TABLE_CASEWORK, client_key_bytes(rows.at[i].key)));
        }
    } while (rows.count == CLIENT_CASEWORK_BATCH);
    return TB_STATUS(TB_OK);
}

tb_status client_casework_unmark(struct client_turn *turn)
{
    return delete_tagged(turn, TAG_OPEN);
}

tb_status client_casework_begin(struct client_turn *turn, const struct client_room *room)
{
    struct client_key key = tagged(TAG_ROOM, (tb_bytes){ 0 });
    static const char tags[] = { TAG_EVENT, TAG_INDEX, TAG_STATE, TAG_SUBJECT };
    tb_bytes known;
    tb_status status = client_table_get_raw(turn, CLIENT_TABLE_CASEWORK, key, &known);
    if (status.code != TB_NOT_FOUND) TRY(status);
    if (tb_is_ok(status) && tb_bytes_equal(known, room->row.room_uri)) return status;
    for (size_t i = 0; i < sizeof tags; i++) TRY(delete_tagged(turn, tags[i]));
    return client_table_put_raw(turn, CLIENT_TABLE_CASEWORK, key, room->row.room_uri);
}

static tb_status tell(struct client_turn *turn, const struct client_room *room,
                      const struct client_line_row *line,
                      const struct client_case_event_row *row)
{
    struct chat_case_event event;
    TRY(chat_casework_decode(row->body, &event));
    return client_show(turn, &(struct client_show){
                                 .kind = CLIENT_SHOW_CASE,
                                 .room = room->row.room_uri,
                                 .room_name = room->row.name,
                                 .account = line->account,
                                 .handle = client_record_handle(turn, line->account),
                                 .at_ms = line->at_ms,
                                 .number = line->room_seq,
                                 .code = row->verdict,
                                 .is_own = line->is_own,
                                 .message_id = event.case_id,
                                 .text = tb_bytes_text(chat_casework_kind_name(event.kind)),
                             });
}

tb_status client_casework_taken(struct client_turn *turn, struct client_room *room,
                                const struct client_line_row *line, tb_bytes body)
{
    struct client_case_event_row row = { .account = line->account, .at_ms = line->at_ms,
                                         .body = body };
    if (!client_casework_is_here(turn->client, room)) return TB_STATUS(TB_OK);
    TRY(client_casework_begin(turn, room));
    TRY(step(turn, line->room_seq, &row));
    return tell(turn, room, line, &row);
}

tb_status client_casework_may_decide(struct client_turn *turn, tb_bytes report_id)
{
    struct client_case_row row;
    struct chat_case_state root;
    tb_bytes subject;
    tb_status status = client_case_get(turn, report_id, &row);
    if (status.code == TB_NOT_FOUND) return TB_STATUS(TB_OK); /* whoever decides says so */
    TRY(status);
    TRY(client_casework_subject(turn, &row, &subject));
    TRY(client_casework_place(turn, report_id, subject, &root));
    bool is_own = tb_bytes_equal(root.holder, turn->client->profile.account);
    bool is_held = chat_casework_is_held(&root, turn->now_ms);
    return TB_STATUS(is_held && !is_own ? CHAT_CASE_CLAIMED : TB_OK);
}

/* The messages from *next on, as many as a batch; *next: the one behind, 0 at the end. */
static tb_status again_batch(struct client_turn *turn, uint64_t *next)
{
    struct client_key from = client_casework_event_key(*next);
    struct client_key until = tagged(TAG_EVENT + 1, (tb_bytes){ 0 });
    struct client_pairs rows;
    TRY(client_table_scan(turn, CLIENT_TABLE_CASEWORK, client_key_view(&from),
                          client_key_view(&until), false, CLIENT_CASEWORK_BATCH, &rows));
    for (size_t i = 0; i < rows.count; i++) {
        struct client_case_event_row row;
        uint64_t room_seq = tb_get_u64(rows.at[i].key.data + 1);
        TRY(wire_decode(&client_case_event_row_desc, rows.at[i].value, &turn->arena, &row, NULL));
        TRY(step_or_skip(turn, room_seq, &row));
        *next = room_seq + 1;
    }
    if (rows.count < CLIENT_CASEWORK_BATCH) *next = 0;
    return TB_STATUS(TB_OK);
}

tb_status client_casework_again(struct client_turn *turn)
{
    uint64_t next = 1;
    TRY(delete_tagged(turn, TAG_INDEX));
    TRY(delete_tagged(turn, TAG_STATE));
    TRY(delete_tagged(turn, TAG_SUBJECT));
    while (next != 0) {
        /* An arena for each batch, so that the work of a long life fits in one turn. */
        struct client_turn batch = *turn;
        tb_arena_init(&batch.arena, turn->client->config.mem, CLIENT_TURN_BYTES_MAX);
        tb_status status = again_batch(&batch, &next);
        tb_arena_wipe(&batch.arena);
        TRY(status);
    }
    return TB_STATUS(TB_OK);
}
