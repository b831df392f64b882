/* The hub's log of decisions, as far as it concerns this account. */
#include "client/desk.h"

#include <string.h>

#include "chat/decision.h"

/* The rooms that a ban of ours reaches: their next commit removes us. */
static void client_decision_mark(struct client_turn *turn, const struct chat_decision_entry *entry)
{
    const struct chat_decision *decision = &entry->decision;
    for (struct client_room *room = turn->client->rooms; room != NULL; room = room->next) {
        bool is_here = decision->scope == CHAT_SCOPE_HUB
                         ? room->row.kind != CHAT_ROOM_NOTICE
                         : tb_bytes_equal(room->row.room_uri, decision->room_uri);
        if (!is_here) continue;
        room->row.decision_number = decision->action == CHAT_ACTION_BAN ? entry->number : 0;
        client_room_touch(room);
    }
}

/* META "decided" report id: the decision's number, for moderators. */
static struct client_key client_decided_key(tb_bytes report_id)
{
    struct client_key key = client_key_text("decided");
    memcpy(key.data + key.len, report_id.data, CHAT_HASH_LEN);
    key.len += CHAT_HASH_LEN;
    return key;
}

tb_status client_decision_of_case(struct client_turn *turn, struct client_case_row *row)
{
    tb_bytes number;
    tb_status status = client_table_get_raw(
        turn, CLIENT_TABLE_META, client_decided_key(TB_ARRAY(row->report_id)), &number);
    if (status.code == TB_NOT_FOUND) return TB_STATUS(TB_OK);
    TRY(status);
    row->stage = CLIENT_STAGE_DECIDED;
    row->decision_number = tb_get_u64(number.data);
    return TB_STATUS(TB_OK);
}

/* Whoever decided: the case is open no longer, also when its report comes to us only later.  A
 * decision of our own that is on its way ends by its answer. */
static tb_status client_decision_keep(struct client_turn *turn,
                                      const struct chat_decision_entry *entry)
{
    struct client_case_row row;
    uint8_t number[8];
    tb_bytes report_id = entry->decision.report_id;
    if (!turn->client->is_desk || report_id.len != CHAT_HASH_LEN) return TB_STATUS(TB_OK);
    tb_put_u64(number, entry->number);
    TRY(client_table_put_raw(turn, CLIENT_TABLE_META, client_decided_key(report_id),
                             TB_ARRAY(number)));
    tb_status status = client_case_get(turn, report_id, &row);
    if (status.code == TB_NOT_FOUND) return TB_STATUS(TB_OK);
    TRY(status);
    if (row.stage != CLIENT_STAGE_OPEN) return TB_STATUS(TB_OK);
    TRY(client_decision_of_case(turn, &row));
    return client_case_put(turn, &row);
}

tb_status client_decision_take(struct client_turn *turn, const struct chat_decision_entry *entry)
{
    struct client *client = turn->client;
    if (entry->number <= client->profile.decision_number) return TB_STATUS(TB_OK);
    /* Entries about others are not given to us, so the chain is checked link by link only. */
    tb_status status =
        chat_decision_entry_verify(&client->suite, entry, client->hub.intake_key,
                                   entry->number - 1, entry->prev_entry_hash, &turn->arena);
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
    if (!tb_bytes_equal(entry->decision.subject, client->profile.account)) return TB_STATUS(TB_OK);
    if (entry->decision.action == CHAT_ACTION_BAN || entry->decision.action == CHAT_ACTION_UNBAN) {
        client_decision_mark(turn, entry);
    }
    bool is_hub_ban = entry->decision.action == CHAT_ACTION_BAN
                      && entry->decision.scope == CHAT_SCOPE_HUB;
    if (!is_hub_ban) return TB_STATUS(TB_OK);
    return client_show(turn, &(struct client_show){ .kind = CLIENT_SHOW_RESTRICTED,
                                                    .room = entry->decision.notice_room_uri,
                                                    .decision_number = entry->number,
                                                    .at_ms = entry->logged_ms });
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
    return client_request_send(turn, CHAT_VERB_DECISIONS_GET, &get, client_decisions_answered,
                               NULL);
}
