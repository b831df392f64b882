/*
 * Case work for a moderator who comes later: whoever added them sends what was said before, as
 * messages of the desk's room that only the new devices open.  Messages, not states: the newcomer
 * folds over them and those that it has itself, so its states are the others', whatever was said
 * meanwhile.
 */
#include "client/casework.h"

#include <string.h>

#include "chat/statement.h"
#include "wire/cbor.h"

enum {
    SNAPSHOT_PART_LEN = 32768,      /* octets of messages that one part holds */
    SNAPSHOT_PART_COUNT_MAX = 4096,
    SNAPSHOT_EVENT_LEN_MAX = 8192   /* octets of one message in a part */
};

struct parts {
    tb_bytes at[SNAPSHOT_PART_COUNT_MAX];
    size_t count;
};

/* ------------------------------------------------------------------ making */

static tb_status mark_report(struct client_turn *turn, tb_bytes encoded)
{
    struct client_case_row row;
    struct chat_case_state root;
    tb_bytes subject;
    TRY(wire_decode(&client_case_row_desc, encoded, &turn->arena, &row, NULL));
    if (row.stage == CLIENT_STAGE_DECIDED) return TB_STATUS(TB_OK);
    TRY(client_casework_subject(turn, &row, &subject));
    TRY(client_casework_place(turn, TB_ARRAY(row.report_id), subject, &root));
    return client_casework_mark(turn, root.case_id);
}

/* A case that was named: notices count as open, and reports that did not come here yet. */
static tb_status mark_named(struct client_turn *turn, tb_bytes case_id)
{
    struct client_decided_row decided;
    struct chat_case_state root;
    if (case_id.len == CHAT_HASH_LEN) {
        tb_status status = client_decision_known(turn, case_id, &decided);
        if (status.code != TB_NOT_FOUND) return status;
    }
    TRY(client_casework_place(turn, case_id, (tb_bytes){ 0 }, &root));
    return client_casework_mark(turn, root.case_id);
}

static tb_status mark_open(struct client_turn *turn)
{
    struct client_pairs rows;
    TRY(client_table_all(turn, CLIENT_TABLE_CASES, &rows));
    for (size_t i = 0; i < rows.count; i++) TRY(mark_report(turn, rows.at[i].value));
    TRY(client_casework_states(turn, &rows));
    for (size_t i = 0; i < rows.count; i++) {
        TRY(mark_named(turn, tb_bytes_of(rows.at[i].key.data + 1, rows.at[i].key.len - 1)));
    }
    return TB_STATUS(TB_OK);
}

/* Of decided cases only what later messages depend on: merges, and which case was named first. */
static tb_status is_needed(struct client_turn *turn, uint64_t room_seq,
                           const struct chat_case_event *event, bool *out)
{
    struct client_pairs named;
    struct chat_case_state root;
    *out = true;
    TRY(client_casework_named(turn, event->case_id, &named));
    if (event->kind == CHAT_CASE_MERGE || named.count == 0) return TB_STATUS(TB_OK);
    tb_bytes first = named.at[0].key;
    if (tb_get_u64(first.data + first.len - 8) == room_seq) return TB_STATUS(TB_OK);
    TRY(client_casework_place(turn, event->case_id, (tb_bytes){ 0 }, &root));
    return client_casework_is_marked(turn, root.case_id, out);
}

static tb_status put_event(struct tb_buf *buf, uint64_t room_seq,
                           const struct client_case_event_row *row)
{
    TRY(wire_cbor_put_array(buf, 4));
    TRY(wire_cbor_put_uint(buf, room_seq));
    TRY(wire_cbor_put_uint(buf, row->at_ms));
    TRY(wire_cbor_put_string(buf, row->account));
    return wire_cbor_put_bytes(buf, row->body);
}

/* [[room_seq, at ms, account, message], ...] */
static tb_status close_part(struct client_turn *turn, struct tb_buf *events, size_t count,
                            struct parts *parts)
{
    struct tb_buf part;
    if (count == 0) return TB_STATUS(TB_OK);
    if (parts->count == SNAPSHOT_PART_COUNT_MAX) return TB_STATUS(TB_TOO_LONG);
    tb_buf_init(&part, turn->client->config.mem, 2 * SNAPSHOT_PART_LEN);
    tb_status status = wire_cbor_put_array(&part, count);
    if (tb_is_ok(status)) status = tb_buf_append(&part, tb_buf_view(events));
    if (tb_is_ok(status)) {
        status = tb_arena_dup(&turn->arena, tb_buf_view(&part), &parts->at[parts->count]);
    }
    tb_buf_wipe(&part);
    tb_buf_clear(events);
    parts->count += tb_is_ok(status) ? 1 : 0;
    return status;
}

static tb_status make_parts(struct client_turn *turn, struct tb_buf *events, struct parts *parts)
{
    struct client_key from = client_casework_event_key(0);
    struct client_key until = client_casework_event_key(UINT64_MAX);
    struct client_pairs rows;
    size_t count = 0;
    TRY(client_table_scan(turn, CLIENT_TABLE_CASEWORK, client_key_view(&from),
                          client_key_view(&until), false, SIZE_MAX, &rows));
    for (size_t i = 0; i < rows.count; i++) {
        struct client_case_event_row row;
        struct chat_case_event event;
        bool is_due;
        TRY(wire_decode(&client_case_event_row_desc, rows.at[i].value, &turn->arena, &row, NULL));
        TRY(chat_casework_decode(row.body, &event));
        uint64_t room_seq = tb_get_u64(rows.at[i].key.data + 1);
        TRY(is_needed(turn, room_seq, &event, &is_due));
        if (!is_due) continue;
        TRY(put_event(events, room_seq, &row));
        count++;
        if (events->len < SNAPSHOT_PART_LEN - SNAPSHOT_EVENT_LEN_MAX) continue;
        TRY(close_part(turn, events, count, parts));
        count = 0;
    }
    return close_part(turn, events, count, parts);
}

/* [part, of how many, device, kem_output, ciphertext]: deterministic CBOR. */
static tb_status send_part(struct client_turn *turn, struct client_room *room,
                           const struct mls_leaf_view *leaf, const struct parts *parts, size_t i)
{
    struct client *client = turn->client;
    struct chat_sealed_statement sealed;
    struct tb_buf buf;
    tb_bytes body;
    TRY(chat_device_seal(&client->suite, CHAT_LABEL_SEALED_CASES, leaf->identity,
                         leaf->signature_key, parts->at[i], client->config.rng, &turn->arena,
                         &sealed));
    tb_buf_init(&buf, client->config.mem, 2 * SNAPSHOT_PART_LEN);
    tb_status status = TB_STATUS(TB_OK);
    CHECK(wire_cbor_put_array(&buf, 5));
    CHECK(wire_cbor_put_uint(&buf, i));
    CHECK(wire_cbor_put_uint(&buf, parts->count));
    CHECK(wire_cbor_put_string(&buf, sealed.device));
    CHECK(wire_cbor_put_bytes(&buf, sealed.kem_output));
    CHECK(wire_cbor_put_bytes(&buf, sealed.ciphertext));
    CHECK(tb_arena_dup(&turn->arena, tb_buf_view(&buf), &body));
    struct client_send_params message = {
        .content_type = TB_LITERAL(CHAT_TYPE_CASE_SNAPSHOT), .body = body, .is_silent = true };
    CHECK(client_send_content(turn, room, &message));
out:
    tb_buf_wipe(&buf);
    return status;
}

tb_status client_casework_hand_over(struct client_turn *turn, struct client_room *room,
                                    tb_bytes account)
{
    struct client *client = turn->client;
    struct mls_group *group;
    struct tb_buf events;
    if (!client_casework_is_here(client, room)) return TB_STATUS(TB_OK);
    struct parts *parts = tb_arena_take(&turn->arena, 1, sizeof *parts);
    if (parts == NULL) return TB_STATUS(TB_NO_SPACE);
    TRY(client_casework_begin(turn, room));
    TRY(mark_open(turn));
    tb_buf_init(&events, client->config.mem, SNAPSHOT_PART_LEN);
    tb_status status = make_parts(turn, &events, parts);
    tb_buf_wipe(&events);
    TRY(status);
    TRY(client_casework_unmark(turn));
    TRY(client_room_group(turn, room, &group));
    for (uint32_t k = 0; k < mls_group_leaf_count(group); k++) {
        struct mls_leaf_view leaf;
        if (!mls_group_leaf(group, k, &leaf)) continue;
        if (!chat_names_is_of_user(leaf.identity, account)) continue;
        for (size_t i = 0; i < parts->count; i++) TRY(send_part(turn, room, &leaf, parts, i));
    }
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ taking */

/*
 * What we could read ourselves we believe ourselves: neither a message that we have, nor one at
 * the number of something that was no message about a case, nor one that is still to come.
 */
static tb_status is_missing(struct client_turn *turn, struct client_room *room, uint64_t room_seq,
                            bool *out)
{
    struct client_evidence_row evidence;
    tb_bytes known;
    *out = false;
    tb_status status = client_table_get_raw(turn, CLIENT_TABLE_CASEWORK,
                                            client_casework_event_key(room_seq), &known);
    if (status.code != TB_NOT_FOUND) return status;
    status = client_evidence_get(turn, room, room_seq, &evidence);
    if (status.code != TB_NOT_FOUND) TRY(status);
    *out = tb_is_ok(status) ? evidence.opening != CHAT_OPENING_IS_FULL
                            : room_seq <= room->row.joined_seq;
    return TB_STATUS(TB_OK);
}

static tb_status take_event(struct client_turn *turn, struct client_room *room,
                            struct wire_cbor *cbor)
{
    struct client_case_event_row row = { 0 };
    struct chat_case_event event;
    uint64_t room_seq;
    size_t count;
    bool is_wanted;
    TRY(wire_cbor_take_array(cbor, &count));
    TRY(wire_cbor_take_uint(cbor, &room_seq));
    TRY(wire_cbor_take_uint(cbor, &row.at_ms));
    TRY(wire_cbor_take_string(cbor, &row.account));
    TRY(wire_cbor_take_bytes(cbor, &row.body));
    TRY(chat_casework_decode(row.body, &event));
    bool is_good = count == 4 && room_seq != 0 && row.account.len != 0
                   && row.account.len <= CHAT_URI_LEN_MAX;
    if (!is_good) return TB_STATUS(CHAT_CASE_SNAPSHOT);
    TRY(is_missing(turn, room, room_seq, &is_wanted));
    if (!is_wanted) return TB_STATUS(TB_OK);
    return client_table_put(turn, CLIENT_TABLE_CASEWORK, client_casework_event_key(room_seq),
                            &client_case_event_row_desc, &row);
}

static tb_status take_part(struct client_turn *turn, struct client_room *room, tb_bytes part)
{
    struct wire_cbor cbor;
    size_t count;
    TRY(wire_cbor_open(part, &cbor));
    TRY(wire_cbor_take_array(&cbor, &count));
    for (size_t i = 0; i < count; i++) TRY(take_event(turn, room, &cbor));
    return TB_STATUS(TB_OK);
}

tb_status client_casework_handed(struct client_turn *turn, struct client_room *room,
                                 tb_bytes sender, tb_bytes body)
{
    struct client *client = turn->client;
    struct chat_policy_room policy;
    struct chat_sealed_statement sealed = { .device = { 0 } };
    struct wire_cbor cbor;
    uint64_t index, part_count;
    size_t count;
    tb_bytes part;
    if (!client_casework_is_here(client, room)) return TB_STATUS(TB_OK);
    TRY(client_room_policy(turn, room, &policy));
    if (!chat_policy_user_can(&policy, sender, CHAT_CAN_ADD_PARTICIPANT)) {
        return TB_STATUS(TB_OK); /* not one who can have added us */
    }
    TRY(wire_cbor_open(body, &cbor));
    TRY(wire_cbor_take_array(&cbor, &count));
    if (count != 5) return TB_STATUS(CHAT_CASE_SNAPSHOT);
    TRY(wire_cbor_take_uint(&cbor, &index));
    TRY(wire_cbor_take_uint(&cbor, &part_count));
    TRY(wire_cbor_take_string(&cbor, &sealed.device));
    TRY(wire_cbor_take_bytes(&cbor, &sealed.kem_output));
    TRY(wire_cbor_take_bytes(&cbor, &sealed.ciphertext));
    if (!tb_bytes_equal(sealed.device, client->profile.device)) return TB_STATUS(TB_OK);
    TRY(chat_device_open(&client->suite, CHAT_LABEL_SEALED_CASES, &client->device_key, &sealed,
                         &turn->arena, &part));
    TRY(client_casework_begin(turn, room));
    tb_status status = take_part(turn, room, part);
    if (client_status_is_fatal(status)) return status;
    /* With the last part the states are made anew; a part that does not parse holds up nothing. */
    return index + 1 == part_count ? client_casework_again(turn) : status;
}
