/*
 * Deciding a case, in stages that survive a crash: the notice room with the accused and the desk,
 * the statement of reasons in it, then the signed decision (amendments 27).  If no key package of
 * the accused is left, the reasons go with the decision, sealed to the devices of their record.
 */
#include "client/desk.h"

#include <string.h>

#include "chat/category.h"
#include "chat/content.h"
#include "chat/decision.h"
#include "chat/names.h"
#include "chat/reason.h"
#include "chat/say.h"
#include "chat/statement.h"

#define CLIENT_NOTICE_ROOM_NAME "Notice from the moderators"

enum { CLIENT_STATEMENT_LEN_MAX = 256 << 10 };

/* ------------------------------------------------------------------ the statement */

/* Are there active moderators besides this account?  Then they are to look at its decisions. */
tb_status client_desk_has_others(struct client_turn *turn, bool *out)
{
    struct client *client = turn->client;
    struct client_room *desk;
    struct chat_policy_room policy;
    TRY(client_room_get(turn, client->hub.desk_uri, &desk));
    TRY(client_room_policy(turn, desk, &policy));
    *out = false;
    for (size_t i = 0; i < policy.participants.participants.count; i++) {
        const struct chat_user_role_pair *person = &policy.participants.participants.at[i];
        bool is_active = person->role_index != CHAT_ROLE_BANNED;
        if (is_active && !tb_bytes_equal(person->user, client->profile.account)) *out = true;
    }
    return TB_STATUS(TB_OK);
}

/* stubs<V>: the accused can check what was judged, and open more of it (amendments 29). */
static tb_status client_statement_stubs(struct client_turn *turn, const struct client_case_row *row,
                                        tb_bytes *out)
{
    struct chat_stubs_answer vector = { .stubs = { row->stubs.at, row->stubs.count } };
    tb_bytes encoded;
    TRY(wire_encode(&chat_stubs_answer_desc, &vector, &turn->arena, &encoded));
    *out = tb_bytes_of(encoded.data + CHAT_HASH_LEN, encoded.len - CHAT_HASH_LEN);
    return TB_STATUS(TB_OK);
}

/* "terms 4.2, version 3"; without one, what the reason says. */
static tb_status client_statement_rule(struct client_turn *turn,
                                       const struct chat_decision *decision, tb_bytes *out)
{
    struct tb_buf buf;
    *out = tb_bytes_text(chat_reason_text(decision->reason_code));
    if (decision->rule_id.len == 0) return TB_STATUS(TB_OK);
    tb_buf_init(&buf, turn->client->config.mem, 4096);
    tb_status status = chat_say_plain(&buf, decision->rule_id);
    if (tb_is_ok(status) && decision->rule_version != 0) {
        status = chat_say(&buf, ", version ");
        if (tb_is_ok(status)) status = chat_say_u64(&buf, decision->rule_version);
    }
    if (tb_is_ok(status)) status = tb_arena_dup(&turn->arena, tb_buf_view(&buf), out);
    tb_buf_wipe(&buf);
    return status;
}

static tb_status client_statement_make(struct client_turn *turn, struct client_case_row *row,
                                       const struct chat_decision *decision,
                                       const struct client_decision_params *params)
{
    struct tb_buf buf;
    bool has_others;
    TRY(client_desk_has_others(turn, &has_others));
    bool needs_two = chat_decision_needs_two(decision->action, decision->scope);
    struct chat_statement statement = {
        .action = row->action,
        .scope = row->scope,
        .room_uri = row->scope == CHAT_SCOPE_ROOM ? row->room_uri : (tb_bytes){ 0 },
        .reason_code = row->decision_reason,
        .facts = params->facts,
        .why = params->why,
        .territory = params->territory,
        .until_ms = row->until_ms,
        .ground = decision->ground,
        .category = decision->category,
        .number_of = decision->number_of,
        .target_count = decision->targets.count,
        .single = needs_two && !has_others,
        .decided_ms = decision->decided_ms,
        .report_id = TB_ARRAY(row->report_id),
    };
    memcpy(statement.decision_id, decision->decision_id, sizeof statement.decision_id);
    TRY(client_statement_rule(turn, decision, &statement.rule));
    TRY(client_statement_stubs(turn, row, &statement.stubs));
    tb_buf_init(&buf, turn->client->config.mem, CLIENT_STATEMENT_LEN_MAX);
    tb_status status = chat_statement_encode(&statement, &buf);
    if (tb_is_ok(status) && buf.len > CLIENT_TEXT_LEN_MAX) {
        tb_buf_clear(&buf); /* a long window: the stubs stay with the desk */
        statement.stubs = (tb_bytes){ 0 };
        status = chat_statement_encode(&statement, &buf);
    }
    if (tb_is_ok(status)) status = tb_arena_dup(&turn->arena, tb_buf_view(&buf), &row->statement);
    tb_buf_wipe(&buf);
    return status;
}

/* ------------------------------------------------------------------ beginning */

/* The messages that the report names. */
static tb_status client_decision_targets(struct client_turn *turn,
                                         const struct client_case_row *row,
                                         struct chat_decision *decision)
{
    struct chat_decision_target *at = tb_arena_take(&turn->arena, row->messages.count, sizeof *at);
    size_t count = 0;
    if (at == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < row->messages.count; i++) {
        const struct client_case_message *message = &row->messages.at[i];
        if (!message->is_target || message->message_id.len != CHAT_HASH_LEN) continue;
        at[count].room_seq = message->room_seq;
        memcpy(at[count++].message_id, message->message_id.data, CHAT_HASH_LEN);
    }
    decision->targets.at = at;
    decision->targets.count = count;
    return TB_STATUS(TB_OK);
}

tb_status client_decision_draft(struct client_turn *turn, struct client_case_row *row,
                                const struct client_decision_params *params, uint64_t number_of)
{
    struct client *client = turn->client;
    uint8_t category = params->category != 0 ? params->category
                                             : chat_category_of_reason(row->decision_reason);
    struct chat_decision decision = {
        .domain = client->profile.domain,
        .subject = row->accused,
        .action = row->action,
        .scope = row->scope,
        .room_uri = row->room_uri,
        .number_of = number_of,
        .reason_code = row->decision_reason,
        .ground = params->ground,
        .category = category,
        .rule_id = params->rule_id,
        .rule_version = params->rule_version,
        .report_id = TB_ARRAY(row->report_id),
        .until_ms = row->until_ms,
        .notice_room_uri = row->notice_room,
        .decider_device = client->profile.device,
        .decided_ms = turn->now_ms,
    };
    memcpy(decision.evidence_hash, row->evidence_hash, CHAT_HASH_LEN);
    TRY(tb_rng_fill(client->config.rng, decision.decision_id, sizeof decision.decision_id));
    if (row->action == CHAT_ACTION_RETRACT) TRY(client_decision_targets(turn, row, &decision));
    TRY(client_statement_make(turn, row, &decision, params));
    TRY(chat_statement_hash(&client->suite, row->statement, decision.statement_hash));
    TRY(chat_decision_sign(&client->suite, &client->device_key, &decision, &turn->arena));
    return wire_encode(&chat_decision_desc, &decision, &turn->arena, &row->decision);
}

/* A case is decided once; but a ban can be taken back from the case that it rests on. */
static tb_status client_decide_stage(struct client_turn *turn, const struct client_case_row *row,
                                     const struct client_decision_params *params)
{
    struct client_decided_row decided;
    bool has_others;
    if (row->stage == CLIENT_STAGE_OPEN) return TB_STATUS(TB_OK);
    if (row->stage != CLIENT_STAGE_DECIDED || params->action != CHAT_ACTION_UNBAN) {
        return TB_STATUS(CLIENT_CASE_DECIDED);
    }
    tb_status status = client_decision_known(turn, TB_ARRAY(row->report_id), &decided);
    if (status.code == TB_NOT_FOUND) return TB_STATUS(CLIENT_CASE_DECIDED);
    TRY(status);
    if (decided.action != CHAT_ACTION_BAN) return TB_STATUS(CLIENT_CASE_DECIDED);
    if (decided.scope != params->scope) return TB_STATUS(CLIENT_UNBAN_SCOPE);
    tb_bytes account = turn->client->profile.account;
    if (!chat_names_is_of_user(decided.decider_device, account)) return TB_STATUS(TB_OK);
    TRY(client_desk_has_others(turn, &has_others));
    return TB_STATUS(has_others ? CLIENT_UNBAN_DECIDER : TB_OK);
}

tb_status client_decide_carry(struct client_turn *turn, struct client_case_row *row)
{
    struct client_room *room;
    turn->client->has_decisions = true;
    if (row->action == CHAT_ACTION_NONE) {
        row->stage = CLIENT_STAGE_DECISION; /* nobody is concerned who would have to be told */
        return client_case_put(turn, row);
    }
    struct client_create_params create = {
        .room_kind = CHAT_ROOM_NOTICE,
        .room_class = CHAT_CLASS_PRIVATE,
        .purpose = CLIENT_CREATE_FOR_NOTICE,
        .name = TB_LITERAL(CLIENT_NOTICE_ROOM_NAME),
        .room_uri = row->notice_room,
        .case_id = TB_ARRAY(row->report_id),
    };
    TRY(client_create_room(turn, &create, &room));
    row->stage = CLIENT_STAGE_ROOM;
    return client_case_put(turn, row);
}

static tb_status client_decide_begin(struct client_turn *turn,
                                     const struct client_decision_params *params, uint64_t *op)
{
    struct client *client = turn->client;
    struct client_case_row row;
    bool has_others;
    TRY(client_profile_check(client));
    if (!client_is_online(client)) return TB_STATUS(CLIENT_OFFLINE);
    if (params->action == CHAT_ACTION_NAME_OWNER) return TB_STATUS(CHAT_DECISION_FORM);
    if (params->facts.len > CHAT_STATEMENT_TEXT_LEN_MAX
        || params->why.len > CHAT_STATEMENT_TEXT_LEN_MAX) {
        return TB_STATUS(CLIENT_TEXT_LENGTH);
    }
    TRY(client_case_get(turn, params->report_id, &row));
    TRY(client_decide_stage(turn, &row, params));
    bool is_sanction = chat_decision_is_restriction(params->action)
                       || params->action == CHAT_ACTION_WARN;
    if (is_sanction && row.verdict != TB_OK) return TB_STATUS(CLIENT_CASE_UNVERIFIED);
    if (row.accused.len == 0) return TB_STATUS(CLIENT_CASE_UNVERIFIED);
    row.action = params->action;
    row.scope = params->scope;
    row.decision_reason = params->reason_code;
    row.until_ms = params->until_ms;
    row.is_sealed = false;
    /* The room's name is part of what is signed, by one or by two, before there is the room. */
    row.notice_room = (tb_bytes){ 0 };
    if (params->action != CHAT_ACTION_NONE) {
        TRY(chat_names_room(client->profile.domain, client->config.rng, &turn->arena,
                            &row.notice_room));
    }
    TRY(client_decision_draft(turn, &row, params, 0));
    row.op = *op = client_op_new(client);
    TRY(client_desk_has_others(turn, &has_others));
    if (has_others && chat_decision_needs_two(row.action, row.scope)) {
        return client_draft_send(turn, &row);
    }
    return client_decide_carry(turn, &row);
}

tb_status client_desk_decide(struct client *client, uint64_t now_ms,
                             const struct client_decision_params *params,
                             struct client_effects *effects, uint64_t *op)
{
    struct client_turn turn;
    tb_status status = client_turn_begin(&turn, client, now_ms, effects);
    if (tb_is_ok(status)) status = client_casework_may_decide(&turn, params->report_id);
    if (tb_is_ok(status)) status = client_decide_begin(&turn, params, op);
    if (tb_is_ok(status)) status = client_session_work(&turn);
    return client_turn_end(&turn, status);
}

tb_status client_decide_fail(struct client_turn *turn, tb_bytes case_id, uint16_t code,
                             tb_bytes detail)
{
    struct client_case_row row;
    tb_status status = client_case_get(turn, case_id, &row);
    if (status.code == TB_NOT_FOUND) return TB_STATUS(TB_OK);
    TRY(status);
    if (row.stage == CLIENT_STAGE_DECIDED) return TB_STATUS(TB_OK);
    row.stage = CLIENT_STAGE_OPEN; /* the desk may decide again */
    TRY(client_decision_of_case(turn, &row)); /* unless it was to take back what stands */
    TRY(client_case_put(turn, &row));
    return client_show_failed(turn, row.op, code, detail);
}

/* ------------------------------------------------------------------ the notice room */

static tb_status client_notice_invite(struct client_turn *turn, struct client_room *room,
                                      tb_bytes account)
{
    struct client_intent_params params = { .kind = CLIENT_INTENT_ADD, .account = account };
    return client_intent_add(turn, room, &params);
}

tb_status client_decide_room_made(struct client_turn *turn, struct client_room *room)
{
    struct client *client = turn->client;
    struct client_case_row row;
    struct client_room *desk;
    struct chat_policy_room policy;
    tb_status status = client_case_get(turn, room->row.create_case, &row);
    if (status.code == TB_NOT_FOUND) return TB_STATUS(TB_OK);
    TRY(status);
    TRY(client_notice_invite(turn, room, row.accused));
    if (!tb_is_ok(client_room_get(turn, client->hub.desk_uri, &desk))) return TB_STATUS(TB_OK);
    if (desk->row.state != CLIENT_ROOM_OPEN) return TB_STATUS(TB_OK);
    TRY(client_room_policy(turn, desk, &policy));
    for (size_t i = 0; i < policy.participants.participants.count; i++) {
        tb_bytes user = policy.participants.participants.at[i].user;
        if (tb_bytes_equal(user, client->profile.account)) continue;
        if (policy.participants.participants.at[i].role_index == CHAT_ROLE_BANNED) continue;
        TRY(client_notice_invite(turn, room, user));
    }
    return TB_STATUS(TB_OK);
}

tb_status client_decide_room_ready(struct client_turn *turn, struct client_room *room,
                                   tb_bytes account, bool is_added)
{
    struct client_case_row row;
    tb_status status = client_case_get(turn, room->row.create_case, &row);
    if (status.code == TB_NOT_FOUND) return TB_STATUS(TB_OK);
    TRY(status);
    if (row.stage != CLIENT_STAGE_ROOM || !tb_bytes_equal(account, row.accused)
        || !tb_bytes_equal(room->row.room_uri, row.notice_room)) {
        return TB_STATUS(TB_OK); /* a moderator who could not come reads the desk room */
    }
    row.is_sealed = !is_added;
    row.stage = CLIENT_STAGE_STATEMENT;
    TRY(client_case_put(turn, &row));
    return client_decide_statement(turn, room, &row);
}

tb_status client_decide_statement(struct client_turn *turn, struct client_room *room,
                                  const struct client_case_row *row)
{
    struct client_send_params message = {
        .content_type = TB_LITERAL(CHAT_TYPE_STATEMENT),
        .body = row->statement,
        .case_id = TB_ARRAY(row->report_id),
        .is_silent = true,
    };
    return client_send_content(turn, room, &message);
}

tb_status client_decide_statement_sent(struct client_turn *turn, tb_bytes case_id,
                                       tb_bytes room_uri)
{
    struct client_case_row row;
    tb_status status = client_case_get(turn, case_id, &row);
    if (status.code == TB_NOT_FOUND) return TB_STATUS(TB_OK);
    TRY(status);
    if (row.stage != CLIENT_STAGE_STATEMENT || !tb_bytes_equal(room_uri, row.notice_room)) {
        return TB_STATUS(TB_OK);
    }
    row.stage = CLIENT_STAGE_DECISION;
    turn->client->has_decisions = true;
    return client_case_put(turn, &row);
}

/* ------------------------------------------------------------------ the decision */

static tb_status client_decision_answered(struct client_turn *turn,
                                          const struct client_request *request, uint16_t code,
                                          tb_bytes body)
{
    struct client_case_row row;
    struct chat_decision_answer answer;
    tb_bytes case_id = client_request_data(request);
    if (code == CLIENT_CODE_LOST) return TB_STATUS(TB_OK);
    if (code == CHAT_CODE_STORE || code == CHAT_CODE_RATE_LIMITED) return TB_STATUS(TB_OK);
    if (code != CHAT_CODE_OK) {
        return client_decide_fail(turn, case_id, code, client_answer_detail(turn, body, NULL));
    }
    TRY(client_answer_decode(turn, &chat_decision_answer_desc, body, &answer));
    TRY(client_case_get(turn, case_id, &row));
    row.stage = CLIENT_STAGE_DECIDED;
    row.decision_number = answer.number;
    TRY(client_case_put(turn, &row));
    struct client_show show = { .account = row.accused,
                                .room = row.notice_room,
                                .number = answer.number,
                                .decision_number = answer.number };
    return client_show_done(turn, row.op, &show);
}

/* One for each device of the accused (amendments 27). */
static tb_status client_decision_seal(struct client_turn *turn, const struct client_case_row *row,
                                      struct chat_decision_put *put)
{
    struct client *client = turn->client;
    struct client_person_row person;
    struct chat_account_record record;
    tb_status status = client_record_get(turn, row->accused, &person, &record);
    if (status.code == TB_NOT_FOUND) return TB_STATUS(TB_OK);
    TRY(status);
    struct chat_sealed_statement *sealed =
        tb_arena_take(&turn->arena, record.devices.count, sizeof *sealed);
    if (sealed == NULL) return TB_STATUS(TB_NO_SPACE);
    put->sealed_statements.at = sealed;
    for (size_t i = 0; i < record.devices.count; i++) {
        const struct chat_device_key *device = &record.devices.at[i];
        if (device->status != CHAT_DEVICE_ACTIVE) continue;
        TRY(chat_statement_seal(&client->suite, device->device, device->signature_key,
                                row->statement, client->config.rng, &turn->arena,
                                &sealed[put->sealed_statements.count++]));
    }
    return TB_STATUS(TB_OK);
}

static tb_status client_decision_send(struct client_turn *turn, const struct client_case_row *row)
{
    struct chat_decision_put put = { .sealed_statements = { NULL, 0 } };
    TRY(wire_decode(&chat_decision_desc, row->decision, &turn->arena, &put.decision, NULL));
    if (row->is_sealed) TRY(client_decision_seal(turn, row, &put));
    struct client_about about = { .op = row->op, .data = TB_ARRAY(row->report_id) };
    return client_request_send(turn, CHAT_VERB_DECISION_PUT, &put, client_decision_answered,
                               &about);
}

/* After a restart the accused may still have to be asked into the notice room. */
static tb_status client_decide_room_again(struct client_turn *turn,
                                          const struct client_case_row *row)
{
    struct client_room *room;
    if (!tb_is_ok(client_room_get(turn, row->notice_room, &room))) return TB_STATUS(TB_OK);
    if (room->row.state != CLIENT_ROOM_OPEN || room->intents != NULL || room->row.has_commit) {
        return TB_STATUS(TB_OK);
    }
    return client_decide_room_made(turn, room);
}

tb_status client_decide_work(struct client_turn *turn)
{
    struct client *client = turn->client;
    struct client_pairs rows;
    if (!client->has_decisions) return TB_STATUS(TB_OK);
    client->has_decisions = false;
    TRY(client_naming_work(turn));
    TRY(client_table_all(turn, CLIENT_TABLE_CASES, &rows));
    for (size_t i = 0; i < rows.count; i++) {
        struct client_case_row row;
        TRY(wire_decode(&client_case_row_desc, rows.at[i].value, &turn->arena, &row, NULL));
        if (row.stage == CLIENT_STAGE_ROOM) TRY(client_decide_room_again(turn, &row));
        if (row.stage == CLIENT_STAGE_DECISION) TRY(client_decision_send(turn, &row));
    }
    return TB_STATUS(TB_OK);
}
