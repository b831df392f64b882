/* The hub's log of decisions as far as it concerns this account, and reasons that wait sealed. */
#include "client/desk.h"

#include <string.h>

#include "chat/decision.h"
#include "chat/statement.h"
#include "client/prune.h"

static bool client_takes_out(uint8_t action)
{
    return action == CHAT_ACTION_BAN || action == CHAT_ACTION_REMOVE
           || action == CHAT_ACTION_CLOSE_ACCOUNT;
}

/* The rooms that a ban of ours reaches: their next commit removes us. */
static void client_decision_mark(struct client_turn *turn, const struct chat_decision_entry *entry)
{
    const struct chat_decision *decision = &entry->decision;
    for (struct client_room *room = turn->client->rooms; room != NULL; room = room->next) {
        bool is_here = decision->scope == CHAT_SCOPE_HUB
                         ? room->row.kind != CHAT_ROOM_NOTICE
                         : tb_bytes_equal(room->row.room_uri, decision->room_uri);
        if (!is_here) continue;
        room->row.decision_number = client_takes_out(decision->action) ? entry->number : 0;
        client_room_touch(room);
    }
}

static struct client_key client_decided_key(tb_bytes report_id)
{
    struct client_key key = client_key_text("decided");
    memcpy(key.data + key.len, report_id.data, CHAT_HASH_LEN);
    key.len += CHAT_HASH_LEN;
    return key;
}

tb_status client_decision_known(struct client_turn *turn, tb_bytes report_id,
                                struct client_decided_row *out)
{
    return client_table_get(turn, CLIENT_TABLE_META, client_decided_key(report_id),
                            &client_decided_row_desc, out);
}

tb_status client_decision_of_case(struct client_turn *turn, struct client_case_row *row)
{
    struct client_decided_row decided;
    tb_status status = client_decision_known(turn, TB_ARRAY(row->report_id), &decided);
    if (status.code == TB_NOT_FOUND) return TB_STATUS(TB_OK);
    TRY(status);
    row->stage = CLIENT_STAGE_DECIDED;
    row->decision_number = decided.number;
    return TB_STATUS(TB_OK);
}

/* Whoever decided: the case is open no longer, also when its report comes to us only later.  A
 * decision of our own that is on its way ends by its answer. */
static tb_status client_decision_keep(struct client_turn *turn,
                                      const struct chat_decision_entry *entry)
{
    struct client_case_row row;
    const struct client_decided_row decided = {
        .number = entry->number,
        .action = entry->decision.action,
        .scope = entry->decision.scope,
        .decider_device = entry->decision.decider_device,
    };
    tb_bytes report_id = entry->decision.report_id;
    if (!turn->client->is_desk || report_id.len != CHAT_HASH_LEN) return TB_STATUS(TB_OK);
    TRY(client_draft_drop(turn, report_id));
    TRY(client_table_put(turn, CLIENT_TABLE_META, client_decided_key(report_id),
                         &client_decided_row_desc, &decided));
    tb_status status = client_case_get(turn, report_id, &row);
    if (status.code == TB_NOT_FOUND) return TB_STATUS(TB_OK);
    TRY(status);
    bool is_ours = row.stage != CLIENT_STAGE_OPEN && row.stage != CLIENT_STAGE_DECIDED;
    if (is_ours) return TB_STATUS(TB_OK);
    TRY(client_decision_of_case(turn, &row));
    return client_case_put(turn, &row);
}

/* ------------------------------------------------------------------ asking */

tb_status client_ask_send(struct client_turn *turn, uint16_t verb, const void *body,
                          client_answer *answered, const struct client_about *about)
{
    struct client_about awaited = { 0 };
    if (about != NULL) awaited = *about;
    awaited.is_awaited = true;
    return client_request_send(turn, verb, body, answered, &awaited);
}

/* ------------------------------------------------------------------ sealed reasons */

static tb_status client_statement_show(struct client_turn *turn, tb_bytes encoded)
{
    struct chat_statement statement;
    tb_bytes text;
    TRY(chat_statement_decode(encoded, &statement));
    TRY(client_prune_pin_stubs(turn, statement.stubs));
    TRY(client_notice_statement_put(turn, encoded));
    TRY(client_statement_text(turn, encoded, 0, &text));
    return client_show(turn, &(struct client_show){
                                 .kind = CLIENT_SHOW_RESTRICTED,
                                 .content_type = TB_LITERAL(CHAT_TYPE_STATEMENT),
                                 .text = text,
                                 .at_ms = statement.decided_ms,
                             });
}

/* What makes it the desk's is the decision in the log that holds its hash. */
static tb_status client_statement_take(struct client_turn *turn, tb_bytes value, tb_bytes hash)
{
    struct client *client = turn->client;
    struct chat_sealed_statement sealed;
    uint8_t found[CHAT_HASH_LEN];
    tb_bytes encoded;
    TRY(wire_decode(&chat_sealed_statement_desc, value, &turn->arena, &sealed, NULL));
    TRY(chat_statement_open(&client->suite, &client->device_key, &sealed, &turn->arena, &encoded));
    TRY(chat_statement_hash(&client->suite, encoded, found));
    if (!tb_bytes_equal(TB_ARRAY(found), hash)) return TB_STATUS(TB_NOT_FOUND);
    return client_statement_show(turn, encoded);
}

static tb_status client_statements_answered(struct client_turn *turn,
                                            const struct client_request *request, uint16_t code,
                                            tb_bytes body)
{
    struct chat_opaques answer;
    if (code != CHAT_CODE_OK) return TB_STATUS(TB_OK);
    TRY(client_answer_decode(turn, &chat_opaques_desc, body, &answer));
    for (size_t i = 0; i < answer.values.count; i++) {
        tb_status status = client_statement_take(turn, answer.values.at[i].value,
                                                 client_request_data(request));
        if (client_status_is_fatal(status)) return status; /* others are for other decisions */
    }
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ the log */

static tb_status client_decision_ours(struct client_turn *turn,
                                      const struct chat_decision_entry *entry)
{
    const struct chat_decision *decision = &entry->decision;
    struct client_about about = { .data = TB_ARRAY(decision->statement_hash) };
    bool is_end = decision->action == CHAT_ACTION_UNBAN || decision->action == CHAT_ACTION_REVERSE;
    if (client_takes_out(decision->action) || is_end) client_decision_mark(turn, entry);
    if (chat_decision_needs_two(decision->action, decision->scope)) {
        TRY(client_show(turn, &(struct client_show){ .kind = CLIENT_SHOW_RESTRICTED,
                                                     .room = decision->notice_room_uri,
                                                     .decision_number = entry->number,
                                                     .at_ms = entry->logged_ms }));
    }
    return client_ask_send(turn, CHAT_VERB_STATEMENTS_GET, &(struct chat_nothing){ 0 },
                               client_statements_answered, &about);
}

/* Entries about others are not given to us, so the chain is checked link by link only. */
static tb_status client_decision_verify(struct client_turn *turn,
                                        const struct chat_decision_entry *entry)
{
    struct client *client = turn->client;
    return chat_decision_entry_verify(&client->suite, entry,
                                      chat_records_intake_key(&client->hub, entry->logged_ms),
                                      entry->number - 1, entry->prev_entry_hash, &turn->arena);
}

static tb_status client_decision_take(struct client_turn *turn,
                                      const struct chat_decision_entry *entry)
{
    struct client *client = turn->client;
    if (entry->number <= client->profile.decision_number) return TB_STATUS(TB_OK);
    tb_status status = client_decision_verify(turn, entry);
    if (client_status_is_fatal(status)) return status;
    if (!tb_is_ok(status)) {
        tb_bytes encoded;
        TRY(wire_encode(&chat_decision_entry_desc, entry, &turn->arena, &encoded));
        return client_alarm(turn, CLIENT_ALARM_HUB_RECORD, (tb_bytes){ 0 }, entry->number, NULL,
                            encoded);
    }
    client->profile.decision_number = entry->number;
    client->is_profile_dirty = true;
    TRY(client_decision_keep(turn, entry));
    TRY(client_notice_entry_put(turn, entry));
    if (!tb_bytes_equal(entry->decision.subject, client->profile.account)) return TB_STATUS(TB_OK);
    return client_decision_ours(turn, entry);
}

static tb_status client_decisions_answered(struct client_turn *turn,
                                           const struct client_request *request, uint16_t code,
                                           tb_bytes body)
{
    (void)request;
    struct chat_opaques answer;
    uint64_t number = turn->client->profile.decision_number;
    if (code != CHAT_CODE_OK) return TB_STATUS(TB_OK); /* asked again at the next login */
    TRY(client_answer_decode(turn, &chat_opaques_desc, body, &answer));
    for (size_t i = 0; i < answer.values.count; i++) {
        struct chat_decision_entry entry;
        TRY(client_answer_decode(turn, &chat_decision_entry_desc, answer.values.at[i].value,
                                 &entry));
        TRY(client_decision_take(turn, &entry));
    }
    if (turn->client->profile.decision_number != number) return client_decision_ask(turn);
    return TB_STATUS(TB_OK);
}

tb_status client_decision_ask(struct client_turn *turn)
{
    struct chat_queue_get get = { turn->client->profile.decision_number };
    return client_ask_send(turn, CHAT_VERB_DECISIONS_GET, &get, client_decisions_answered,
                               NULL);
}

tb_status client_decision_came(struct client_turn *turn, const struct chat_decision_entry *entry)
{
    tb_status status = client_decision_verify(turn, entry);
    if (tb_is_ok(status)) return client_decision_take(turn, entry);
    if (client_status_is_fatal(status)) return status;
    /* The key may be younger than our record of the hub; answers come in order. */
    TRY(client_session_ask_record(turn));
    return client_decision_ask(turn);
}
