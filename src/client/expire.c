/*
 * Disappearing messages.  `expires` counts from the hub's acceptance, so all devices agree.  When
 * the time has come the line keeps its place without text, and the evidence keeps only the stub: a
 * report can no longer open it (spec 2.5.9).  Never earlier, never later for who is online.
 */
#include "client/revise.h"

#include <string.h>

enum { KEY_LEN = 8 + 4 + 8, ROW_LEN = 8, EXPIRATION_FORBIDDEN = 0, EXPIRATION_REQUIRED = 2 };

static struct client_key client_expiry_key(uint64_t expires_ms, uint32_t room_no,
                                           uint64_t room_seq)
{
    struct client_key key = { .len = KEY_LEN };
    tb_put_u64(key.data, expires_ms);
    tb_put_u32(key.data + 8, room_no);
    tb_put_u64(key.data + 12, room_seq);
    return key;
}

tb_status client_expire_wanted(const struct chat_policy_room *policy, bool is_wish,
                               uint32_t wish_s, uint32_t *expires_s)
{
    const struct chat_expiration_policy *rule = &policy->expiration;
    uint32_t wanted_s = is_wish ? wish_s : rule->default_s;
    if (rule->expiration == EXPIRATION_FORBIDDEN) {
        if (is_wish && wish_s != 0) return TB_STATUS(CLIENT_EXPIRY);
        wanted_s = 0;
    } else if (wanted_s == 0) {
        if (rule->expiration == EXPIRATION_REQUIRED) return TB_STATUS(CLIENT_EXPIRY);
    } else if (wanted_s < rule->min_s || (rule->max_s != 0 && wanted_s > rule->max_s)) {
        return TB_STATUS(CLIENT_EXPIRY);
    }
    *expires_s = wanted_s;
    return TB_STATUS(TB_OK);
}

uint64_t client_expire_at(const struct chat_policy_room *policy, const struct chat_content *content,
                          uint64_t accepted_ms)
{
    if (!content->has_expires || policy->expiration.expiration == EXPIRATION_FORBIDDEN) return 0;
    uint64_t expires_ms = (uint64_t)content->expires_s * 1000;
    if (content->expires_relative) return accepted_ms + expires_ms;
    return expires_ms > accepted_ms ? expires_ms : accepted_ms;
}

/* The value is the line: the evidence may be gone before the text is. */
tb_status client_expire_note(struct client_turn *turn, const struct client_room *room,
                             const struct client_evidence_row *evidence, uint64_t expires_ms)
{
    uint8_t row[ROW_LEN];
    if (expires_ms == 0) return TB_STATUS(TB_OK);
    struct client *client = turn->client;
    if (expires_ms < client->expire_at_ms) client->expire_at_ms = expires_ms;
    tb_put_u64(row, evidence->row);
    return client_table_put_raw(
        turn, CLIENT_TABLE_EXPIRIES,
        client_expiry_key(expires_ms, room->row.no, evidence->stub.room_seq), TB_ARRAY(row));
}

static tb_status client_expire_line(struct client_turn *turn, struct client_room *room,
                                    uint64_t row, uint64_t expires_ms)
{
    struct client_line_row line;
    TRY(client_table_get(turn, CLIENT_TABLE_ROWS, client_key_number(room->row.no, row),
                         &client_line_row_desc, &line));
    if (line.revision >= CLIENT_REVISION_DELETED) return TB_STATUS(TB_OK);
    line.revision = CLIENT_REVISION_EXPIRED;
    line.revised_ms = expires_ms;
    line.text = (tb_bytes){ 0 };
    line.reactions.count = 0;
    return client_revise_line(turn, room, row, &line, (tb_bytes){ 0 });
}

static tb_status client_expire_evidence(struct client_turn *turn, struct client_room *room,
                                        uint64_t room_seq)
{
    struct client_evidence_row evidence;
    tb_status status = client_evidence_get(turn, room, room_seq, &evidence);
    if (status.code == TB_NOT_FOUND) return TB_STATUS(TB_OK); /* past the report window */
    TRY(status);
    if (evidence.opening != CHAT_OPENING_IS_FULL) return TB_STATUS(TB_OK);
    evidence.opening = CHAT_OPENING_IS_EXPIRED;
    evidence.application_data = (tb_bytes){ 0 };
    evidence.signature = (tb_bytes){ 0 };
    return client_table_put(turn, CLIENT_TABLE_EVIDENCE, client_key_number(room->row.no, room_seq),
                            &client_evidence_row_desc, &evidence);
}

static tb_status client_expire_one(struct client_turn *turn, const struct client_pair *due)
{
    struct client_room *room;
    uint64_t expires_ms = tb_get_u64(due->key.data), room_seq = tb_get_u64(due->key.data + 12);
    uint32_t room_no = tb_get_u32(due->key.data + 8);
    uint64_t row = tb_get_u64(due->value.data);
    TRY(client_table_del(turn, CLIENT_TABLE_EXPIRIES,
                         client_expiry_key(expires_ms, room_no, room_seq)));
    tb_status status = client_room_by_no(turn, room_no, &room);
    if (status.code == TB_NOT_FOUND) return TB_STATUS(TB_OK);
    TRY(status);
    TRY(client_expire_evidence(turn, room, room_seq));
    return row == 0 ? TB_STATUS(TB_OK) : client_expire_line(turn, room, row, expires_ms);
}

tb_status client_expire_work(struct client_turn *turn)
{
    struct client *client = turn->client;
    struct client_pairs due = { 0 };
    uint8_t from[1] = { 0 }, until[1] = { 0xff };
    if (client->expire_at_ms > turn->now_ms) return TB_STATUS(TB_OK);
    TRY(client_table_scan(turn, CLIENT_TABLE_EXPIRIES, TB_ARRAY(from), TB_ARRAY(until), false,
                          CLIENT_EXPIRY_COUNT_MAX, &due));
    client->expire_at_ms = UINT64_MAX;
    for (size_t i = 0; i < due.count; i++) {
        if (due.at[i].key.len != KEY_LEN || due.at[i].value.len != ROW_LEN) {
            return TB_STATUS(TB_STORE);
        }
        uint64_t expires_ms = tb_get_u64(due.at[i].key.data);
        if (expires_ms > turn->now_ms) {
            client->expire_at_ms = expires_ms;
            return TB_STATUS(TB_OK);
        }
        TRY(client_expire_one(turn, &due.at[i]));
    }
    if (due.count == CLIENT_EXPIRY_COUNT_MAX) client->expire_at_ms = turn->now_ms + 1;
    return TB_STATUS(TB_OK);
}
