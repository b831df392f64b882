/* Acts of case work, and what was said about a case. */
#include "client/queue.h"

#include <string.h>

#include "client/casework.h"

/* ------------------------------------------------------------------ acts */

/* Would it stand, as far as is known here?  The states of a try are not kept. */
static tb_status put_nothing(void *ctx, const struct chat_case_state *state)
{
    (void)ctx, (void)state;
    return TB_STATUS(TB_OK);
}

static tb_status put_no_subject(void *ctx, tb_bytes subject, tb_bytes case_id)
{
    (void)ctx, (void)subject, (void)case_id;
    return TB_STATUS(TB_OK);
}

static tb_status would_stand(struct client_turn *turn, const struct chat_case_event *event)
{
    struct chat_case_store store = client_casework_store(turn);
    const struct chat_case_entry entry = { turn->now_ms, turn->client->profile.account, event };
    uint16_t verdict;
    store.put = put_nothing;
    store.put_subject = put_no_subject;
    TRY(chat_casework_take(&store, &entry, &verdict));
    return TB_STATUS(verdict);
}

/* A report or a notice that is here, or one that somebody has named. */
static tb_status look_up(struct client_turn *turn, tb_bytes case_id, struct client_case_row *row)
{
    struct chat_case_store store = client_casework_store(turn);
    struct chat_case_state state;
    struct chat_notice_waiting notice;
    *row = (struct client_case_row){ .verdict = CHAT_EVIDENCE_TARGET }; /* it proves nothing */
    tb_status status = client_case_get(turn, case_id, row);
    if (status.code == TB_NOT_FOUND && case_id.len == CHAT_CASE_NOTICE_LEN) {
        status = client_outside_get(turn, tb_get_u64(case_id.data), &notice);
        if (tb_is_ok(status) && notice.outcome != CHAT_NOTICE_OPEN) {
            row->stage = CLIENT_STAGE_DECIDED;
        }
    }
    return status.code == TB_NOT_FOUND ? store.get(store.ctx, case_id, &state) : status;
}

/* Fills in what the report proves.  A case that is decided is worked on no longer. */
static tb_status cases_check(struct client_turn *turn, struct chat_case_event *event)
{
    struct client_case_row row, into;
    TRY(look_up(turn, event->case_id, &row));
    bool is_remark = event->kind == CHAT_CASE_NOTE || event->kind == CHAT_CASE_CODE;
    if (row.stage == CLIENT_STAGE_DECIDED && !is_remark) return TB_STATUS(CLIENT_CASE_DECIDED);
    if (event->kind == CHAT_CASE_MERGE) TRY(look_up(turn, event->into, &into));
    return client_casework_subject(turn, &row, &event->subject);
}

static tb_status act_begin(struct client_turn *turn, const struct client_queue_act *act,
                           uint64_t *op)
{
    struct client *client = turn->client;
    struct client_room *room;
    struct chat_case_event event = { .kind = act->kind,
                                     .case_id = act->case_id,
                                     .until_ms = act->until_ms,
                                     .text = act->text,
                                     .code_count = act->code_count,
                                     .into = act->into,
                                     .level = act->level };
    struct tb_buf buf;
    tb_bytes body;
    TRY(client_profile_check(client));
    if (!client->is_desk) return TB_STATUS(CLIENT_NO_DESK);
    TRY(client_room_open(turn, client->hub.desk_uri, &room));
    TRY(client_casework_begin(turn, room));
    if (act->kind == CHAT_CASE_CLAIM) event.until_ms = turn->now_ms + CHAT_CASE_LEASE_MS;
    if (act->code_count > CHAT_CASE_CODE_COUNT_MAX) return TB_STATUS(CHAT_CASE_FORM);
    for (size_t i = 0; i < act->code_count; i++) event.codes[i] = act->codes[i];
    tb_buf_init(&buf, client->config.mem, CLIENT_TEXT_LEN_MAX);
    tb_status status = cases_check(turn, &event);
    if (tb_is_ok(status)) status = chat_casework_encode(&event, &buf);
    if (tb_is_ok(status)) status = would_stand(turn, &event);
    if (tb_is_ok(status)) status = tb_arena_dup(&turn->arena, tb_buf_view(&buf), &body);
    tb_buf_wipe(&buf);
    TRY(status);
    *op = client_op_new(client);
    struct client_send_params message = {
        .content_type = TB_LITERAL(CHAT_TYPE_CASE), .body = body, .is_silent = true, .op = *op };
    return client_send_content(turn, room, &message);
}

tb_status client_queue_act(struct client *client, uint64_t now_ms,
                           const struct client_queue_act *act, struct client_effects *effects,
                           uint64_t *op)
{
    struct client_turn turn;
    tb_status status = client_turn_begin(&turn, client, now_ms, effects);
    if (tb_is_ok(status)) status = act_begin(&turn, act, op);
    if (tb_is_ok(status)) status = client_session_work(&turn);
    return client_turn_end(&turn, status);
}

/* ------------------------------------------------------------------ what was said */

static tb_status read_begin(struct client *client, struct tb_arena *arena,
                            struct client_turn *turn)
{
    if (client->is_void || client->must_reload) return TB_STATUS(TB_STORE);
    *turn = (struct client_turn){ .client = client };
    turn->arena = *arena;
    return TB_STATUS(TB_OK);
}

tb_status client_queue_verdict(struct client *client, uint64_t room_seq, uint16_t *verdict)
{
    struct client_turn turn;
    struct tb_arena arena;
    struct client_case_event_row row;
    tb_arena_init(&arena, client->config.mem, CLIENT_TURN_BYTES_MAX);
    TRY(read_begin(client, &arena, &turn));
    tb_status status = client_table_get(&turn, CLIENT_TABLE_CASEWORK,
                                        client_casework_event_key(room_seq),
                                        &client_case_event_row_desc, &row);
    if (tb_is_ok(status)) *verdict = row.verdict;
    tb_arena_wipe(&turn.arena);
    return status;
}

static tb_status line_of(struct client_turn *turn, uint64_t room_seq,
                         struct client_queue_line *out)
{
    struct client_case_event_row row;
    TRY(client_table_get(turn, CLIENT_TABLE_CASEWORK, client_casework_event_key(room_seq),
                         &client_case_event_row_desc, &row));
    *out = (struct client_queue_line){ .room_seq = room_seq,
                                       .at_ms = row.at_ms,
                                       .account = row.account,
                                       .verdict = row.verdict };
    TRY(chat_casework_decode(row.body, &out->event));
    return tb_arena_dup(&turn->arena, client_record_handle(turn, row.account), &out->handle);
}

static tb_status history(struct client_turn *turn, tb_bytes case_id,
                         struct client_queue_line **out, size_t *count)
{
    struct client_pairs rows;
    tb_bytes *parts;
    size_t part_count, n = 0, cap = 0;
    struct client_queue_line *lines = NULL;
    TRY(client_casework_parts(turn, case_id, &parts, &part_count));
    for (size_t i = 0; i < part_count; i++) {
        TRY(client_casework_named(turn, parts[i], &rows));
        cap += rows.count;
    }
    lines = tb_arena_take(&turn->arena, cap, sizeof *lines);
    if (lines == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < part_count; i++) {
        TRY(client_casework_named(turn, parts[i], &rows));
        for (size_t k = 0; k < rows.count; k++) {
            tb_bytes key = rows.at[k].key;
            struct client_queue_line line;
            TRY(line_of(turn, tb_get_u64(key.data + key.len - 8), &line));
            size_t at = n++; /* by number: there are few parts, and each is in order */
            for (; at > 0 && lines[at - 1].room_seq > line.room_seq; at--) {
                lines[at] = lines[at - 1];
            }
            lines[at] = line;
        }
    }
    *out = lines;
    *count = n;
    return TB_STATUS(TB_OK);
}

tb_status client_queue_history(struct client *client, tb_bytes case_id, struct tb_arena *arena,
                               struct client_queue_line **out, size_t *count)
{
    struct client_turn turn;
    TRY(read_begin(client, arena, &turn));
    tb_status status = history(&turn, case_id, out, count);
    *arena = turn.arena;
    return status;
}
