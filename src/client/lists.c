/* Lists that a person asks for now and then: reports made, keys of the desk, consents. */
#include "client/desk.h"

/* ------------------------------------------------------------------ reading */

tb_status client_list_begin(struct client *client, struct tb_arena *arena,
                            struct client_turn *turn)
{
    if (client->is_void || client->must_reload) return TB_STATUS(TB_STORE);
    *turn = (struct client_turn){ .client = client };
    turn->arena = *arena;
    return TB_STATUS(TB_OK);
}

static tb_status client_report_view_of(struct client_turn *turn, const struct client_pair *pair,
                                       struct client_report_view *out)
{
    struct client_report_row row;
    struct client_room *room = NULL;
    TRY(wire_decode(&client_report_row_desc, pair->value, &turn->arena, &row, NULL));
    *out = (struct client_report_view){
        .report_id = row.report_id.len > 0 ? row.report_id : pair->key, /* kept: no id yet */
        .room = row.room_uri,
        .room_seq_count = row.target_seq.count,
        .received_ms = row.received_ms,
        .reason_code = row.reason_code,
        .is_sent = row.state != CLIENT_REPORT_KEPT,
        .is_gone = row.state == CLIENT_REPORT_GONE,
        .outcome = row.outcome,
        .decided_ms = row.decided_ms,
        .decision_number = row.decision_number,
    };
    uint64_t *room_seq = tb_arena_take(&turn->arena, row.target_seq.count, sizeof *room_seq);
    if (room_seq == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < row.target_seq.count; i++) room_seq[i] = row.target_seq.at[i].value;
    out->room_seq = room_seq;
    tb_status status = client_room_get(turn, row.room_uri, &room);
    if (status.code == TB_NOT_FOUND) return TB_STATUS(TB_OK);
    TRY(status);
    return tb_arena_dup(&turn->arena, room->row.name, &out->room_name);
}

static bool client_report_is_newer(const struct client_report_view *a,
                                   const struct client_report_view *b)
{
    if (a->received_ms == 0 || b->received_ms == 0) return a->received_ms < b->received_ms;
    return a->received_ms > b->received_ms;
}

static tb_status client_reports_read(struct client_turn *turn, struct client_report_view **out,
                                     size_t *count)
{
    struct client_pairs pairs = { 0 };
    TRY(client_table_all(turn, CLIENT_TABLE_REPORTS, &pairs));
    struct client_report_view *views = tb_arena_take(&turn->arena, pairs.count, sizeof *views);
    if (views == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < pairs.count; i++) {
        struct client_report_view view;
        size_t at = i;
        TRY(client_report_view_of(turn, &pairs.at[i], &view));
        for (; at > 0 && client_report_is_newer(&view, &views[at - 1]); at--) {
            views[at] = views[at - 1];
        }
        views[at] = view;
    }
    *out = views;
    *count = pairs.count;
    return TB_STATUS(TB_OK);
}

tb_status client_reports(struct client *client, struct tb_arena *arena,
                         struct client_report_view **out, size_t *count)
{
    struct client_turn turn;
    TRY(client_list_begin(client, arena, &turn));
    tb_status status = client_reports_read(&turn, out, count);
    *arena = turn.arena;
    return status;
}

static tb_status client_desk_key_view_of(struct client_turn *turn, tb_bytes encoded,
                                         bool has_private, struct client_desk_key_view *out)
{
    struct chat_recipient_key key;
    uint8_t hash[CRYPTO_HASH_MAX];
    TRY(wire_decode(&chat_recipient_key_desc, encoded, &turn->arena, &key, NULL));
    TRY(crypto_hash(&turn->client->suite, &encoded, 1, hash));
    *out = (struct client_desk_key_view){
        .serial = key.serial,
        .not_before_ms = key.not_before_ms,
        .not_after_ms = key.not_after_ms,
        .has_private = has_private,
    };
    return tb_arena_dup(&turn->arena, tb_bytes_of(hash, CHAT_HASH_LEN), &out->hash);
}

static tb_status client_desk_keys_list(struct client_turn *turn, struct client_desk_key_view **out,
                                       size_t *count)
{
    struct client_desk_row desk = { 0 };
    struct client_recipient_row known;
    tb_status status = client_desk_get(turn, &desk);
    if (status.code != TB_NOT_FOUND) TRY(status);
    struct client_desk_key_view *views =
        tb_arena_take(&turn->arena, desk.keys.count + 1, sizeof *views);
    if (views == NULL) return TB_STATUS(TB_NO_SPACE);
    size_t n = 0;
    for (; n < desk.keys.count; n++) {
        const struct client_desk_key_row *key = &desk.keys.at[n];
        TRY(client_desk_key_view_of(turn, key->recipient_key, key->private_key.len > 0,
                                    &views[n]));
    }
    if (n == 0) {
        status = client_table_get(turn, CLIENT_TABLE_META, client_key_text("recipient"),
                                  &client_recipient_row_desc, &known);
        if (status.code != TB_NOT_FOUND) {
            TRY(status);
            TRY(client_desk_key_view_of(turn, known.recipient_key, false, &views[n++]));
        }
    }
    *out = views;
    *count = n;
    return TB_STATUS(TB_OK);
}

tb_status client_desk_keys(struct client *client, struct tb_arena *arena,
                           struct client_desk_key_view **out, size_t *count)
{
    struct client_turn turn;
    TRY(client_list_begin(client, arena, &turn));
    tb_status status = client_desk_keys_list(&turn, out, count);
    *arena = turn.arena;
    return status;
}

/* ------------------------------------------------------------------ consents */

enum { CLIENT_LIST_REQUEST = 1 }; /* consent_operation of a request (spec 1.3) */

static tb_status client_consent_tell(struct client_turn *turn, tb_bytes encoded)
{
    struct chat_consent_entry entry;
    TRY(client_answer_decode(turn, &chat_consent_entry_desc, encoded, &entry));
    bool are_we_asking = tb_bytes_equal(entry.requester_uri, turn->client->profile.account);
    bool is_request = entry.consent_operation <= CLIENT_LIST_REQUEST;
    tb_bytes other = are_we_asking ? entry.target_uri : entry.requester_uri;
    return client_show(turn, &(struct client_show){
                                 .kind = CLIENT_SHOW_CONSENT,
                                 .account = other,
                                 .handle = client_record_handle(turn, other),
                                 .code = entry.consent_operation,
                                 .is_own = is_request == are_we_asking,
                             });
}

static tb_status client_consents_answered(struct client_turn *turn,
                                          const struct client_request *request, uint16_t code,
                                          tb_bytes body)
{
    struct chat_opaques answer;
    if (code == CLIENT_CODE_LOST) code = CLIENT_OFFLINE;
    if (code != CHAT_CODE_OK) {
        return client_show_failed(turn, request->op, code, client_answer_detail(turn, body, NULL));
    }
    TRY(client_answer_decode(turn, &chat_opaques_desc, body, &answer));
    for (size_t i = 0; i < answer.values.count; i++) {
        TRY(client_consent_tell(turn, answer.values.at[i].value));
    }
    return client_show_done(turn, request->op, &(struct client_show){ 0 });
}

tb_status client_consents(struct client *client, uint64_t now_ms, struct client_effects *effects,
                          uint64_t *op)
{
    struct client_turn turn;
    struct chat_nothing nothing = { 0 };
    tb_status status = client_turn_begin(&turn, client, now_ms, effects);
    if (tb_is_ok(status)) status = client_profile_check(client);
    if (tb_is_ok(status) && !client_is_online(client)) status = TB_STATUS(CLIENT_OFFLINE);
    if (tb_is_ok(status)) {
        *op = client_op_new(client);
        struct client_about about = { .op = *op };
        status = client_request_send(&turn, CHAT_VERB_CONSENTS_GET, &nothing,
                                     client_consents_answered, &about);
    }
    return client_turn_end(&turn, status);
}
