/*
 * The desk names an owner for a room that has none left who can act (amendments 4): one signed
 * decision without a report, kept until the hub has answered it.
 */
#include "client/desk.h"

#include "chat/decision.h"
#include "chat/reason.h"

static tb_status client_naming_get(struct client_turn *turn, struct client_naming_row *out)
{
    return client_table_get(turn, CLIENT_TABLE_META, client_key_text("naming"),
                            &client_naming_row_desc, out);
}

static tb_status client_naming_answered(struct client_turn *turn,
                                        const struct client_request *request, uint16_t code,
                                        tb_bytes body)
{
    struct client_naming_row row;
    struct chat_decision decision;
    struct chat_decision_answer answer;
    if (code == CLIENT_CODE_LOST) return TB_STATUS(TB_OK);
    if (code == CHAT_CODE_STORE || code == CHAT_CODE_RATE_LIMITED) return TB_STATUS(TB_OK);
    tb_status status = client_naming_get(turn, &row);
    if (status.code == TB_NOT_FOUND || row.op != request->op) return TB_STATUS(TB_OK);
    TRY(status);
    TRY(client_table_del(turn, CLIENT_TABLE_META, client_key_text("naming")));
    if (code != CHAT_CODE_OK) {
        return client_show_failed(turn, row.op, code, client_answer_detail(turn, body, NULL));
    }
    TRY(client_answer_decode(turn, &chat_decision_answer_desc, body, &answer));
    TRY(wire_decode(&chat_decision_desc, row.decision, &turn->arena, &decision, NULL));
    struct client_show show = { .account = decision.subject,
                                .room = decision.room_uri,
                                .number = answer.number,
                                .decision_number = answer.number };
    return client_show_done(turn, row.op, &show);
}

tb_status client_naming_work(struct client_turn *turn)
{
    struct client_naming_row row;
    struct chat_decision_put put = { .sealed_statements = { NULL, 0 } };
    tb_status status = client_naming_get(turn, &row);
    if (status.code == TB_NOT_FOUND) return TB_STATUS(TB_OK);
    TRY(status);
    TRY(wire_decode(&chat_decision_desc, row.decision, &turn->arena, &put.decision, NULL));
    struct client_about about = { .op = row.op };
    return client_request_send(turn, CHAT_VERB_DECISION_PUT, &put, client_naming_answered, &about);
}

static tb_status client_naming_begin(struct client_turn *turn, tb_bytes room, tb_bytes account,
                                     uint64_t *op)
{
    struct client *client = turn->client;
    struct client_naming_row row;
    TRY(client_profile_check(client));
    if (!client_is_online(client)) return TB_STATUS(CLIENT_OFFLINE);
    tb_status status = client_naming_get(turn, &row);
    if (status.code != TB_NOT_FOUND) return tb_is_ok(status) ? TB_STATUS(CLIENT_BUSY) : status;
    struct chat_decision decision = {
        .domain = client->profile.domain,
        .subject = account,
        .action = CHAT_ACTION_NAME_OWNER,
        .scope = CHAT_SCOPE_ROOM,
        .room_uri = room,
        .reason_code = CHAT_REASON_OTHER,
        .decider_device = client->profile.device,
        .decided_ms = turn->now_ms,
    };
    TRY(tb_rng_fill(client->config.rng, decision.decision_id, sizeof decision.decision_id));
    TRY(chat_decision_sign(&client->suite, &client->device_key, &decision, &turn->arena));
    TRY(wire_encode(&chat_decision_desc, &decision, &turn->arena, &row.decision));
    row.op = *op = client_op_new(client);
    TRY(client_table_put(turn, CLIENT_TABLE_META, client_key_text("naming"),
                         &client_naming_row_desc, &row));
    return client_naming_work(turn);
}

tb_status client_desk_name_owner(struct client *client, uint64_t now_ms, tb_bytes room,
                                 tb_bytes account, struct client_effects *effects, uint64_t *op)
{
    struct client_turn turn;
    tb_status status = client_turn_begin(&turn, client, now_ms, effects);
    if (tb_is_ok(status)) status = client_naming_begin(&turn, room, account, op);
    return client_turn_end(&turn, status);
}
