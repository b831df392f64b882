/*
 * Appeals.  The hub is told which decision somebody appeals against, so that it can be counted and
 * nobody settles their own; the words go to the notice room, where both sides can write.  They are
 * durable in the profile before the hub hears of the appeal.
 */
#include "client/desk.h"

#include <string.h>

#include "chat/content.h"
#include "chat/decision.h"
#include "chat/desk_message.h"
#include "chat/names.h"
#include "chat/reason.h"
#include "chat/statement.h"

static tb_status client_appealed_set(struct client_turn *turn, const struct chat_appeal *appeal)
{
    struct client_notice_row row;
    tb_status status = client_notice_row_get(turn, appeal->number, &row);
    if (status.code == TB_NOT_FOUND) return TB_STATUS(TB_OK);
    TRY(status);
    row.appealed_ms = appeal->appealed_ms;
    return client_table_put(turn, CLIENT_TABLE_NOTICES, client_notice_key('N', appeal->number),
                            &client_notice_row_desc, &row);
}

/* ------------------------------------------------------------------ the person concerned */

static tb_status client_appeal_words(struct client_turn *turn, uint64_t number, uint64_t op)
{
    struct client_notice_row row;
    struct client_room *room;
    struct chat_appeal_text appeal = { .number = number };
    struct client_key key = client_notice_key('W', number);
    struct tb_buf buf;
    TRY(client_table_get_raw(turn, CLIENT_TABLE_NOTICES, key, &appeal.text));
    TRY(client_notice_row_get(turn, number, &row));
    tb_status status = client_room_get(turn, row.entry.decision.notice_room_uri, &room);
    if (status.code == TB_NOT_FOUND) return client_show_failed(turn, op, status.code, appeal.text);
    TRY(status);
    tb_buf_init(&buf, turn->client->config.mem, 2 * CHAT_APPEAL_TEXT_LEN_MAX);
    status = chat_appeal_encode(&appeal, &buf);
    if (tb_is_ok(status)) {
        const struct client_send_params message = { .content_type = TB_LITERAL(CHAT_TYPE_APPEAL),
                                                    .body = tb_buf_view(&buf),
                                                    .op = op };
        status = client_send_content(turn, room, &message);
    }
    tb_buf_wipe(&buf);
    TRY(status);
    return client_table_del(turn, CLIENT_TABLE_NOTICES, key);
}

static tb_status client_appeal_answered(struct client_turn *turn,
                                        const struct client_request *request, uint16_t code,
                                        tb_bytes body)
{
    struct chat_appeal answer;
    if (code == CLIENT_CODE_LOST) return client_show_failed(turn, request->op, CLIENT_OFFLINE,
                                                            (tb_bytes){ 0 });
    if (code != CHAT_CODE_OK) {
        TRY(client_table_del(turn, CLIENT_TABLE_NOTICES, client_notice_key('W', request->number)));
        return client_show_failed(turn, request->op, code,
                                  client_answer_detail(turn, body, NULL));
    }
    TRY(client_answer_decode(turn, &chat_appeal_desc, body, &answer));
    TRY(client_appealed_set(turn, &answer));
    return client_appeal_words(turn, request->number, request->op);
}

static tb_status client_appeal_begin(struct client_turn *turn, uint64_t number, tb_bytes text,
                                     uint64_t *op)
{
    struct client *client = turn->client;
    struct client_notice_row row;
    TRY(client_profile_check(client));
    if (!client_is_online(client)) return TB_STATUS(CLIENT_OFFLINE);
    if (text.len == 0 || text.len > CHAT_APPEAL_TEXT_LEN_MAX) return TB_STATUS(CLIENT_TEXT_LENGTH);
    TRY(client_notice_row_get(turn, number, &row));
    TRY(client_table_put_raw(turn, CLIENT_TABLE_NOTICES, client_notice_key('W', number), text));
    const struct chat_appeal_put put = { number };
    struct client_about about = { .op = *op = client_op_new(client), .number = number };
    return client_request_send(turn, CHAT_VERB_APPEAL_PUT, &put, client_appeal_answered, &about);
}

tb_status client_appeal(struct client *client, uint64_t now_ms, uint64_t number, tb_bytes text,
                        struct client_effects *effects, uint64_t *op)
{
    struct client_turn turn;
    tb_status status = client_turn_begin(&turn, client, now_ms, effects);
    if (tb_is_ok(status)) status = client_appeal_begin(&turn, number, text, op);
    if (tb_is_ok(status)) status = client_session_work(&turn);
    return client_turn_end(&turn, status);
}

/* ------------------------------------------------------------------ both sides */

tb_status client_appeal_taken(struct client_turn *turn, struct client_room *room, tb_bytes sender,
                              tb_bytes body, struct client_line_row *line)
{
    struct chat_appeal_text appeal;
    if (room->row.kind != CHAT_ROOM_NOTICE) return TB_STATUS(TB_OK);
    TRY(chat_appeal_decode(body, &appeal));
    line->text = appeal.text;
    const struct client_appeal_row row = { line->at_ms, sender, appeal.text };
    return client_table_put(turn, CLIENT_TABLE_NOTICES, client_notice_key('A', appeal.number),
                            &client_appeal_row_desc, &row);
}

/* ------------------------------------------------------------------ the desk */

static tb_status client_appeals_answered(struct client_turn *turn,
                                         const struct client_request *request, uint16_t code,
                                         tb_bytes body)
{
    (void)request;
    struct chat_appeals answer;
    if (code != CHAT_CODE_OK) return TB_STATUS(TB_OK); /* asked again at the next login */
    TRY(client_answer_decode(turn, &chat_appeals_desc, body, &answer));
    for (size_t i = 0; i < answer.appeals.count; i++) {
        if (answer.appeals.at[i].appealed_ms == 0) continue;
        TRY(client_appealed_set(turn, &answer.appeals.at[i]));
    }
    if (answer.appeals.count == 0) return TB_STATUS(TB_OK);
    const struct chat_queue_get next = { answer.appeals.at[answer.appeals.count - 1].number };
    return client_ask_send(turn, CHAT_VERB_APPEALS_GET, &next, client_appeals_answered, NULL);
}

tb_status client_appeals_ask(struct client_turn *turn)
{
    const struct chat_queue_get get = { 0 };
    if (!turn->client->is_desk) return TB_STATUS(TB_OK);
    return client_ask_send(turn, CHAT_VERB_APPEALS_GET, &get, client_appeals_answered, NULL);
}

static tb_status client_settle_fill(struct client_turn *turn,
                                    const struct client_notice_row *notice, uint8_t action,
                                    tb_bytes facts, struct client_case_row *row)
{
    const struct chat_decision *of = &notice->entry.decision;
    const struct client_decision_params params = {
        .report_id = of->report_id,
        .facts = facts,
        .ground = of->ground,
        .category = of->category,
        .rule_id = of->rule_id,
        .rule_version = of->rule_version,
    };
    row->action = action;
    row->scope = of->scope;
    row->decision_reason = of->reason_code;
    row->until_ms = 0;
    row->notice_room = of->notice_room_uri;
    return client_decision_draft(turn, row, &params, notice->entry.number);
}

static tb_status client_settle_begin(struct client_turn *turn, uint64_t number, uint8_t action,
                                     tb_bytes facts, uint64_t *op)
{
    struct client *client = turn->client;
    struct client_notice_row notice;
    struct client_case_row row;
    struct client_room *room;
    TRY(client_profile_check(client));
    if (!client_is_online(client)) return TB_STATUS(CLIENT_OFFLINE);
    if (action != CHAT_ACTION_REVERSE && action != CHAT_ACTION_UPHOLD) {
        return TB_STATUS(CHAT_DECISION_FORM);
    }
    if (facts.len > CHAT_STATEMENT_TEXT_LEN_MAX) return TB_STATUS(CLIENT_TEXT_LENGTH);
    TRY(client_notice_row_get(turn, number, &notice));
    if (notice.settled_number != 0) return TB_STATUS(CLIENT_CASE_DECIDED);
    if (notice.appealed_ms != 0 && client_decision_took_part(client, &notice.entry.decision)) {
        return TB_STATUS(CLIENT_SETTLE_DECIDER);
    }
    TRY(client_case_get(turn, notice.entry.decision.report_id, &row));
    if (row.stage != CLIENT_STAGE_DECIDED) return TB_STATUS(CLIENT_BUSY);
    TRY(client_settle_fill(turn, &notice, action, facts, &row));
    row.op = *op = client_op_new(client);
    client->has_decisions = true;
    /* Without a key package there was no room with the person in it: the reasons go sealed. */
    tb_status status = client_room_get(turn, row.notice_room, &room);
    if (status.code != TB_NOT_FOUND) TRY(status);
    row.is_sealed = row.is_sealed || !tb_is_ok(status) || room->row.state != CLIENT_ROOM_OPEN;
    row.stage = row.is_sealed ? CLIENT_STAGE_DECISION : CLIENT_STAGE_STATEMENT;
    TRY(client_case_put(turn, &row));
    return row.is_sealed ? TB_STATUS(TB_OK) : client_decide_statement(turn, room, &row);
}

tb_status client_desk_settle(struct client *client, uint64_t now_ms, uint64_t number,
                             uint8_t action, tb_bytes facts, struct client_effects *effects,
                             uint64_t *op)
{
    struct client_turn turn;
    tb_status status = client_turn_begin(&turn, client, now_ms, effects);
    if (tb_is_ok(status)) status = client_settle_begin(&turn, number, action, facts, op);
    if (tb_is_ok(status)) status = client_session_work(&turn);
    return client_turn_end(&turn, status);
}
