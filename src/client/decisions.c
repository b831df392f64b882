/*
 * What this profile knows of decisions: the log's entries about this account, or for a moderator
 * about anybody, with the statements of reasons and the appeals that belong to them.
 */
#include "client/desk.h"

#include <string.h>

#include "chat/decision.h"
#include "chat/names.h"
#include "chat/statement.h"

struct client_key client_notice_key(char tag, uint64_t number)
{
    struct client_key key = { .len = 9 };
    key.data[0] = (uint8_t)tag;
    tb_put_u64(key.data + 1, number);
    return key;
}

static struct client_key client_statement_key(const uint8_t hash[CHAT_HASH_LEN])
{
    struct client_key key = { .len = 1 + CHAT_HASH_LEN };
    key.data[0] = 'S';
    memcpy(key.data + 1, hash, CHAT_HASH_LEN);
    return key;
}

tb_status client_notice_statement_put(struct client_turn *turn, tb_bytes encoded)
{
    uint8_t hash[CHAT_HASH_LEN];
    TRY(chat_statement_hash(&turn->client->suite, encoded, hash));
    return client_table_put_raw(turn, CLIENT_TABLE_NOTICES, client_statement_key(hash), encoded);
}

tb_status client_notice_row_get(struct client_turn *turn, uint64_t number,
                                struct client_notice_row *out)
{
    return client_table_get(turn, CLIENT_TABLE_NOTICES, client_notice_key('N', number),
                            &client_notice_row_desc, out);
}

/* A decision that settles another is noted there too. */
static tb_status client_notice_settle(struct client_turn *turn,
                                      const struct chat_decision_entry *entry)
{
    struct client_notice_row row;
    uint64_t of = entry->decision.number_of;
    tb_status status = client_notice_row_get(turn, of, &row);
    if (status.code == TB_NOT_FOUND) return TB_STATUS(TB_OK);
    TRY(status);
    row.settled_number = entry->number;
    row.settled_action = entry->decision.action;
    return client_table_put(turn, CLIENT_TABLE_NOTICES, client_notice_key('N', of),
                            &client_notice_row_desc, &row);
}

tb_status client_notice_entry_put(struct client_turn *turn,
                                  const struct chat_decision_entry *entry)
{
    struct client *client = turn->client;
    const struct client_notice_row row = { .entry = *entry };
    bool is_ours = tb_bytes_equal(entry->decision.subject, client->profile.account);
    if (!is_ours && !client->is_desk) return TB_STATUS(TB_OK);
    if (entry->decision.number_of != 0) TRY(client_notice_settle(turn, entry));
    return client_table_put(turn, CLIENT_TABLE_NOTICES, client_notice_key('N', entry->number),
                            &client_notice_row_desc, &row);
}

/* ------------------------------------------------------------------ reading */

tb_status client_statement_text(struct client_turn *turn, tb_bytes encoded, uint64_t number,
                                tb_bytes *out)
{
    struct chat_statement statement;
    struct tb_buf text;
    TRY(chat_statement_decode(encoded, &statement));
    if (number != 0) statement.number = number;
    tb_buf_init(&text, turn->client->config.mem, 8 * CHAT_STATEMENT_TEXT_LEN_MAX);
    tb_status status = chat_statement_render(&statement, turn->client->config.language, &text);
    if (tb_is_ok(status)) status = tb_arena_dup(&turn->arena, tb_buf_view(&text), out);
    tb_buf_wipe(&text);
    return status;
}

static tb_status client_notice_text(struct client_turn *turn,
                                    const struct chat_decision_entry *entry, tb_bytes *out)
{
    tb_bytes encoded;
    tb_status status = client_table_get_raw(turn, CLIENT_TABLE_NOTICES,
                                            client_statement_key(entry->decision.statement_hash),
                                            &encoded);
    *out = (tb_bytes){ 0 };
    if (status.code == TB_NOT_FOUND) return TB_STATUS(TB_OK);
    TRY(status);
    return client_statement_text(turn, encoded, entry->number, out);
}

bool client_decision_took_part(const struct client *client,
                               const struct chat_decision *decision)
{
    tb_bytes account = client->profile.account;
    return chat_names_is_of_user(decision->decider_device, account)
           || (decision->co_decider_device.len != 0
               && chat_names_is_of_user(decision->co_decider_device, account));
}

static uint8_t client_notice_state_of(const struct client_notice_view *view, uint8_t settled_action)
{
    if (settled_action == CHAT_ACTION_UPHOLD) return CLIENT_NOTICE_UPHELD;
    if (view->settled_number != 0) return CLIENT_NOTICE_REVERSED;
    return view->appealed_ms != 0 ? CLIENT_NOTICE_APPEALED : CLIENT_NOTICE_STANDS;
}

static tb_status client_notice_view_of(struct client_turn *turn,
                                       const struct client_notice_row *row,
                                       struct client_notice_view *out)
{
    const struct chat_decision *decision = &row->entry.decision;
    struct client_appeal_row appeal;
    *out = (struct client_notice_view){
        .number = row->entry.number,
        .logged_ms = row->entry.logged_ms,
        .until_ms = decision->until_ms,
        .appeal_until_ms = row->entry.logged_ms + CHAT_APPEAL_MS_MAX,
        .appealed_ms = row->appealed_ms,
        .settled_number = row->settled_number,
        .action = decision->action,
        .scope = decision->scope,
        .is_single = row->entry.single != 0,
        .may_settle = !client_decision_took_part(turn->client, decision),
        .room = decision->room_uri,
        .notice_room = decision->notice_room_uri,
        .subject = decision->subject,
        .subject_handle = client_record_handle(turn, decision->subject),
    };
    tb_status status = client_table_get(turn, CLIENT_TABLE_NOTICES,
                                        client_notice_key('A', row->entry.number),
                                        &client_appeal_row_desc, &appeal);
    if (status.code != TB_NOT_FOUND) TRY(status);
    if (tb_is_ok(status) && tb_bytes_equal(appeal.account, decision->subject)) {
        out->appeal = appeal.text;
        if (out->appealed_ms == 0) out->appealed_ms = appeal.at_ms;
    }
    bool has_redress = chat_decision_is_restriction(decision->action)
                       || decision->action == CHAT_ACTION_WARN;
    out->state = client_notice_state_of(out, row->settled_action);
    out->may_appeal = has_redress && out->settled_number == 0
                      && turn->now_ms <= out->appeal_until_ms;
    return client_notice_text(turn, &row->entry, &out->text);
}

static tb_status client_notices_read(struct client_turn *turn, bool is_desk,
                                     struct client_notice_view **out, size_t *count)
{
    struct client_pairs rows;
    TRY(client_table_scan(turn, CLIENT_TABLE_NOTICES, TB_LITERAL("N"), TB_LITERAL("O"), false,
                          SIZE_MAX, &rows));
    struct client_notice_view *views = tb_arena_take(&turn->arena, rows.count, sizeof *views);
    if (views == NULL) return TB_STATUS(TB_NO_SPACE);
    size_t n = 0;
    for (size_t i = 0; i < rows.count; i++) {
        struct client_notice_row row;
        TRY(wire_decode(&client_notice_row_desc, rows.at[i].value, &turn->arena, &row, NULL));
        bool is_ours = tb_bytes_equal(row.entry.decision.subject, turn->client->profile.account);
        if (!is_desk && !is_ours) continue;
        TRY(client_notice_view_of(turn, &row, &views[n]));
        if (is_desk && views[n].appealed_ms == 0) continue;
        n++;
    }
    *out = views;
    *count = n;
    return TB_STATUS(TB_OK);
}

tb_status client_notices(struct client *client, bool is_desk, uint64_t now_ms,
                         struct tb_arena *arena, struct client_notice_view **out, size_t *count)
{
    struct client_turn turn;
    TRY(client_list_begin(client, arena, &turn));
    turn.now_ms = now_ms;
    tb_status status = client_notices_read(&turn, is_desk, out, count);
    *arena = turn.arena;
    return status;
}

tb_status client_notice(struct client *client, uint64_t number, uint64_t now_ms,
                        struct tb_arena *arena, struct client_notice_view *out)
{
    struct client_turn turn;
    struct client_notice_row row;
    TRY(client_list_begin(client, arena, &turn));
    turn.now_ms = now_ms;
    tb_status status = client_notice_row_get(&turn, number, &row);
    if (tb_is_ok(status)) status = client_notice_view_of(&turn, &row, out);
    *arena = turn.arena;
    return status;
}
