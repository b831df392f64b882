/*
 * Decisions that need two people of the desk.  The decider's signed decision and its statement go
 * into the desk room; another one looks at them, signs as well, and carries the decision out.  What
 * nobody confirms is void after three days, and a newer draft takes the place of an older one.
 */
#include "client/desk.h"

#include <string.h>

#include "chat/content.h"
#include "chat/decision.h"
#include "chat/desk_message.h"
#include "chat/names.h"
#include "chat/statement.h"

enum { CLIENT_DRAFT_LEN_MAX = 512 << 10 };

static struct client_key client_draft_key(tb_bytes report_id)
{
    struct client_key key = { .len = 1 + CHAT_HASH_LEN };
    key.data[0] = 'D';
    memcpy(key.data + 1, report_id.data, CHAT_HASH_LEN);
    return key;
}

/* TB_NOT_FOUND: none, or its time is over. */
static tb_status client_draft_get(struct client_turn *turn, tb_bytes report_id,
                                  struct client_draft_row *out)
{
    if (report_id.len != CHAT_HASH_LEN) return TB_STATUS(TB_NOT_FOUND);
    TRY(client_table_get(turn, CLIENT_TABLE_NOTICES, client_draft_key(report_id),
                         &client_draft_row_desc, out));
    return TB_STATUS(out->expires_ms > turn->now_ms ? TB_OK : TB_NOT_FOUND);
}

tb_status client_draft_drop(struct client_turn *turn, tb_bytes report_id)
{
    if (report_id.len != CHAT_HASH_LEN) return TB_STATUS(TB_OK);
    return client_table_del(turn, CLIENT_TABLE_NOTICES, client_draft_key(report_id));
}

/* ------------------------------------------------------------------ sending and taking */

tb_status client_draft_send(struct client_turn *turn, const struct client_case_row *row)
{
    struct client *client = turn->client;
    struct client_room *desk;
    struct tb_buf buf;
    const struct chat_draft draft = { row->decision, row->statement,
                                      turn->now_ms + CHAT_DRAFT_LIFE_MS };
    TRY(client_room_get(turn, client->hub.desk_uri, &desk));
    tb_buf_init(&buf, client->config.mem, CLIENT_DRAFT_LEN_MAX);
    tb_status status = chat_draft_encode(&draft, &buf);
    if (tb_is_ok(status)) {
        const struct client_send_params message = {
            .content_type = TB_LITERAL(CHAT_TYPE_DRAFT),
            .body = tb_buf_view(&buf),
            .op = row->op,
        };
        status = client_send_content(turn, desk, &message);
    }
    tb_buf_wipe(&buf);
    return status;
}

/* Is the draft what its sender decided: their device, their signature, this statement? */
static tb_status client_draft_check(struct client_turn *turn, tb_bytes sender,
                                    const struct chat_draft *draft,
                                    struct chat_decision *decision)
{
    struct client *client = turn->client;
    struct client_person_row person;
    struct chat_account_record record;
    uint8_t hash[CHAT_HASH_LEN];
    TRY(wire_decode(&chat_decision_desc, draft->decision, &turn->arena, decision, NULL));
    if (!chat_names_is_of_user(decision->decider_device, sender)
        || decision->report_id.len != CHAT_HASH_LEN) {
        return TB_STATUS(CHAT_DESK_MESSAGE_FORM);
    }
    TRY(chat_statement_hash(&client->suite, draft->statement, hash));
    if (memcmp(hash, decision->statement_hash, sizeof hash) != 0) {
        return TB_STATUS(CHAT_DESK_MESSAGE_FORM);
    }
    if (tb_bytes_equal(sender, client->profile.account)) {
        TRY(wire_decode(&chat_account_record_desc, client->profile.record, &turn->arena, &record,
                        NULL));
    } else {
        TRY(client_record_get(turn, sender, &person, &record));
    }
    for (size_t i = 0; i < record.devices.count; i++) {
        const struct chat_device_key *device = &record.devices.at[i];
        if (!tb_bytes_equal(device->device, decision->decider_device)) continue;
        return chat_decision_verify(&client->suite, decision, device->signature_key, &turn->arena);
    }
    return TB_STATUS(CHAT_DECISION_SIGNATURE);
}

tb_status client_draft_taken(struct client_turn *turn, struct client_room *room, tb_bytes sender,
                             tb_bytes body)
{
    struct chat_draft draft;
    struct client_draft_row row;
    if (!tb_bytes_equal(room->row.room_uri, turn->client->hub.desk_uri)) return TB_STATUS(TB_OK);
    TRY(chat_draft_decode(body, &draft));
    TRY(client_draft_check(turn, sender, &draft, &row.decision));
    row.statement = draft.statement;
    row.expires_ms = draft.expires_ms;
    uint64_t latest_ms = turn->now_ms + CHAT_DRAFT_LIFE_MS;
    if (row.expires_ms > latest_ms) row.expires_ms = latest_ms;
    return client_table_put(turn, CLIENT_TABLE_NOTICES, client_draft_key(row.decision.report_id),
                            &client_draft_row_desc, &row);
}

/* ------------------------------------------------------------------ confirming */

/* The same case as the one that we hold and have verified? */
static bool client_draft_fits(const struct client_case_row *row,
                              const struct chat_decision *decision)
{
    return row->verdict == TB_OK && tb_bytes_equal(row->accused, decision->subject)
           && tb_bytes_equal(row->room_uri, decision->room_uri)
           && memcmp(row->evidence_hash, decision->evidence_hash, CHAT_HASH_LEN) == 0;
}

static tb_status client_draft_confirm(struct client_turn *turn, tb_bytes report_id, uint64_t *op)
{
    struct client *client = turn->client;
    struct client_case_row row;
    struct client_draft_row draft;
    TRY(client_profile_check(client));
    if (!client_is_online(client)) return TB_STATUS(CLIENT_OFFLINE);
    TRY(client_case_get(turn, report_id, &row));
    if (row.stage != CLIENT_STAGE_OPEN) return TB_STATUS(CLIENT_CASE_DECIDED);
    tb_status status = client_draft_get(turn, report_id, &draft);
    if (status.code == TB_NOT_FOUND) return TB_STATUS(CLIENT_DRAFT_NONE);
    TRY(status);
    struct chat_decision *decision = &draft.decision;
    if (chat_names_is_of_user(decision->decider_device, client->profile.account)) {
        return TB_STATUS(CLIENT_DRAFT_OWN);
    }
    if (!client_draft_fits(&row, decision)) return TB_STATUS(CLIENT_CASE_UNVERIFIED);
    decision->co_decider_device = client->profile.device;
    TRY(chat_decision_confirm(&client->suite, &client->device_key, decision, &turn->arena));
    TRY(wire_encode(&chat_decision_desc, decision, &turn->arena, &row.decision));
    row.statement = draft.statement;
    row.action = decision->action;
    row.scope = decision->scope;
    row.decision_reason = decision->reason_code;
    row.until_ms = decision->until_ms;
    row.notice_room = decision->notice_room_uri;
    row.is_sealed = false;
    row.op = *op = client_op_new(client);
    return client_decide_carry(turn, &row);
}

tb_status client_desk_confirm(struct client *client, uint64_t now_ms, tb_bytes report_id,
                              struct client_effects *effects, uint64_t *op)
{
    struct client_turn turn;
    tb_status status = client_turn_begin(&turn, client, now_ms, effects);
    if (tb_is_ok(status)) status = client_draft_confirm(&turn, report_id, op);
    if (tb_is_ok(status)) status = client_session_work(&turn);
    return client_turn_end(&turn, status);
}

/* ------------------------------------------------------------------ the list */

static tb_status client_draft_view_of(struct client_turn *turn, const struct client_draft_row *row,
                                      struct client_draft_view *out)
{
    const struct chat_decision *decision = &row->decision;
    *out = (struct client_draft_view){
        .report_id = decision->report_id,
        .accused = decision->subject,
        .accused_handle = client_record_handle(turn, decision->subject),
        .action = decision->action,
        .scope = decision->scope,
        .until_ms = decision->until_ms,
        .expires_ms = row->expires_ms,
        .is_own = chat_names_is_of_user(decision->decider_device, turn->client->profile.account),
    };
    TRY(chat_names_user_of(decision->decider_device, &turn->arena, &out->decider));
    out->decider_handle = client_record_handle(turn, out->decider);
    return client_statement_text(turn, row->statement, 0, &out->text);
}

static tb_status client_drafts_read(struct client_turn *turn, struct client_draft_view **out,
                                    size_t *count)
{
    struct client_pairs rows;
    TRY(client_table_scan(turn, CLIENT_TABLE_NOTICES, TB_LITERAL("D"), TB_LITERAL("E"), false,
                          SIZE_MAX, &rows));
    struct client_draft_view *views = tb_arena_take(&turn->arena, rows.count, sizeof *views);
    if (views == NULL) return TB_STATUS(TB_NO_SPACE);
    size_t n = 0;
    for (size_t i = 0; i < rows.count; i++) {
        struct client_draft_row row;
        TRY(wire_decode(&client_draft_row_desc, rows.at[i].value, &turn->arena, &row, NULL));
        if (row.expires_ms <= turn->now_ms) continue;
        TRY(client_draft_view_of(turn, &row, &views[n++]));
    }
    *out = views;
    *count = n;
    return TB_STATUS(TB_OK);
}

tb_status client_drafts(struct client *client, uint64_t now_ms, struct tb_arena *arena,
                        struct client_draft_view **out, size_t *count)
{
    struct client_turn turn;
    TRY(client_list_begin(client, arena, &turn));
    turn.now_ms = now_ms;
    tb_status status = client_drafts_read(&turn, out, count);
    *arena = turn.arena;
    return status;
}
