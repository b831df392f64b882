/*
 * Sending.  A content is made once (salt, text, tag) and stored; it is encrypted for the epoch that
 * stands, stored again with the group whose generation it used, and only then leaves. After a
 * crash the same octets leave again while the epoch stands; in another epoch the same content is
 * encrypted anew, so its tag is the same and the hub cannot take it twice (spec 2.5.9).
 */
#include "client/desk.h"

#include <string.h>

#include "chat/content.h"
#include "chat/frank.h"
#include "chat/safe_aad.h"

static tb_status client_outbox_put(struct client_turn *turn, struct client_key key,
                                   const struct client_outbox_row *row)
{
    return client_table_put(turn, CLIENT_TABLE_OUTBOX, key, &client_outbox_row_desc, row);
}

/* The oldest rows of a room, in order. */
static tb_status client_outbox_oldest(struct client_turn *turn, const struct client_room *room,
                                      size_t count_max, struct client_pairs *out)
{
    return client_table_of_room(turn, CLIENT_TABLE_OUTBOX, room->row.no, 0, UINT64_MAX, count_max,
                                out);
}

static tb_status client_outbox_rows(struct client_turn *turn, const struct client_room *room,
                                    struct client_pairs *out)
{
    return client_outbox_oldest(turn, room, SIZE_MAX, out);
}

static tb_status client_outbox_decode(struct client_turn *turn, const struct client_pair *pair,
                                      struct client_outbox_row *out)
{
    tb_status status =
        wire_decode(&client_outbox_row_desc, pair->value, &turn->arena, out, NULL);
    if (tb_is_ok(status) || status.code == TB_NO_SPACE) return status;
    return TB_STATUS(TB_STORE);
}

static struct client_key client_outbox_key(tb_bytes key)
{
    return client_key_number(tb_get_u32(key.data), client_key_number_of(key));
}

/* ------------------------------------------------------------------ a new message */

static tb_status client_send_make(struct client_turn *turn, struct client_room *room,
                                  const struct client_send_params *params,
                                  struct client_outbox_row *out)
{
    struct client *client = turn->client;
    struct chat_content_head head = {
        .sender_uri = client->profile.account,
        .room_uri = room->row.room_uri,
        /* Only a head whose signature was checked may be named (amendments 17). */
        .prev_room_seq = room->row.signed_seq == room->row.head_seq ? room->row.signed_seq : 0,
        .prev_chain = room->row.head_chain,
    };
    struct chat_content *content = tb_arena_take(&turn->arena, 1, sizeof *content);
    if (content == NULL) return TB_STATUS(TB_NO_SPACE);
    TRY(chat_content_init(&head, client->config.rng, content));
    content->in_reply_to = params->in_reply_to;
    content->has_expires = content->expires_relative = params->expires_s != 0;
    content->expires_s = params->expires_s;
    if (params->is_tombstone) {
        chat_content_set_deleted(content, params->replaces);
    } else if (params->part != NULL) {
        content->part = *params->part;
        content->plaintext_hashes = params->plaintext_hashes;
        content->plaintext_hash_count = params->plaintext_hash_count;
    } else if (params->content_type.len == 0) {
        chat_content_set_text(content, params->body);
        content->replaces = params->replaces;
        if (params->is_reaction) content->part.disposition = CHAT_DISPOSITION_REACTION;
    } else {
        chat_content_set_single(content, params->content_type, params->body);
    }
    TRY(chat_content_frame(content, client->config.mem, &turn->arena, &out->application_data));
    return chat_frank_tag(&room->suite, content->salt, out->application_data, out->franking_tag);
}

tb_status client_send_content(struct client_turn *turn, struct client_room *room,
                              const struct client_send_params *params)
{
    struct client_outbox_row row = {
        .state = CLIENT_OUTBOX_WAITING,
        .is_silent = params->is_silent,
        .op = params->op,
        .room_no = room->row.no,
        .room_uri = room->row.room_uri,
        .case_id = params->case_id,
    };
    if (params->body.len > CLIENT_TEXT_LEN_MAX) return TB_STATUS(CLIENT_TEXT_LENGTH);
    TRY(client_send_make(turn, room, params, &row));
    turn->client->is_profile_dirty = true;
    room->flags |= CLIENT_ROOM_HAS_OUTBOX;
    return client_outbox_put(
        turn, client_key_number(room->row.no, ++turn->client->profile.next_outbox), &row);
}

/* ------------------------------------------------------------------ on its way */

static tb_status client_outbox_seal(struct client_turn *turn, struct client_room *room,
                                    struct client_outbox_row *row)
{
    struct mls_group *group;
    uint8_t aad[CHAT_SAFE_AAD_TAG_LEN];
    TRY(client_room_group(turn, room, &group));
    chat_safe_aad_of_tag(row->franking_tag, aad);
    TRY(mls_group_protect(group, TB_ARRAY(aad), row->application_data, CLIENT_PADDING_LEN,
                          &turn->arena, &row->message));
    room->flags |= CLIENT_ROOM_RATCHETS_DIRTY;
    TRY(tb_arena_dup(&turn->arena, mls_group_last_signature(group), &row->signature));
    row->leaf_index = mls_group_own_leaf(group);
    row->epoch = mls_group_epoch(group);
    row->state = CLIENT_OUTBOX_SEALED;
    return TB_STATUS(TB_OK);
}

static tb_status client_outbox_fail(struct client_turn *turn, struct client_key key,
                                    const struct client_outbox_row *row, uint16_t code,
                                    tb_bytes detail)
{
    TRY(client_table_del(turn, CLIENT_TABLE_OUTBOX, key));
    if (row->case_id.len != 0) return client_decide_fail(turn, row->case_id, code, detail);
    return client_show_failed(turn, row->op, code, detail);
}

static tb_status client_outbox_accepted(struct client_turn *turn, struct client_room *room,
                                        struct client_key key, struct client_outbox_row *row,
                                        const struct chat_submit_answer *answer)
{
    if (row->state == CLIENT_OUTBOX_ANSWERED) return TB_STATUS(TB_OK);
    row->state = CLIENT_OUTBOX_ANSWERED;
    row->room_seq = answer->timbre_frank.room_seq;
    if (row->room_seq > room->row.joined_seq) TRY(client_outbox_put(turn, key, row));
    else TRY(client_table_del(turn, CLIENT_TABLE_OUTBOX, key)); /* accepted before we came anew */
    if (row->case_id.len != 0) {
        TRY(client_decide_statement_sent(turn, row->case_id, room->row.room_uri));
    }
    return client_show_done(turn, row->op,
                            &(struct client_show){ .room = room->row.room_uri,
                                                   .room_name = room->row.name,
                                                   .number = row->room_seq,
                                                   .at_ms = answer->accepted_timestamp });
}

static tb_status client_submit_refused(struct client_turn *turn, struct client_room *room,
                                       struct client_key key, struct client_outbox_row *row,
                                       uint16_t code, tb_bytes body)
{
    switch (code) {
    case CLIENT_CODE_LOST: return TB_STATUS(TB_OK);
    case CHAT_CODE_WRONG_EPOCH:
    case CHAT_CODE_MISSING_PROPOSALS:
    case CHAT_CODE_TENTATIVE: return client_room_retry(turn, room);
    case CHAT_CODE_FROZEN:
    case CHAT_CODE_RATE_LIMITED:
    case CHAT_CODE_STORE: /* may last: the person is told */
        TRY(client_show(turn, &(struct client_show){
                                  .kind = CLIENT_SHOW_DELAYED,
                                  .op = row->op,
                                  .code = code,
                                  .room = room->row.room_uri,
                                  .text = client_answer_detail(turn, body, NULL) }));
        return client_room_retry(turn, room);
    case CHAT_CODE_DUPLICATE: /* of another account: the tag is taken, this content is lost */
    default:
        return client_outbox_fail(turn, key, row, code, client_answer_detail(turn, body, NULL));
    }
}

static tb_status client_submit_answered(struct client_turn *turn,
                                        const struct client_request *request, uint16_t code,
                                        tb_bytes body)
{
    struct client_room *room;
    struct client_outbox_row row;
    struct chat_submit_answer answer;
    if (!tb_is_ok(client_room_by_no(turn, (uint32_t)request->op, &room))) return TB_STATUS(TB_OK);
    if (room->flight_count != 0) room->flight_count--;
    struct client_key key = client_key_number(room->row.no, request->number);
    tb_status status =
        client_table_get(turn, CLIENT_TABLE_OUTBOX, key, &client_outbox_row_desc, &row);
    if (status.code == TB_NOT_FOUND) return TB_STATUS(TB_OK); /* seen in the log already */
    TRY(status);
    if (code != CHAT_CODE_OK) return client_submit_refused(turn, room, key, &row, code, body);
    TRY(client_answer_decode(turn, &chat_submit_answer_desc, body, &answer));
    room->retry_count = 0;
    return client_outbox_accepted(turn, room, key, &row, &answer);
}

static tb_status client_outbox_send(struct client_turn *turn, struct client_room *room,
                                    struct client_key key, const struct client_outbox_row *row)
{
    struct chat_submit submit = {
        .room_uri = room->row.room_uri,
        .sending_uri = turn->client->profile.account,
        .app_message = row->message,
    };
    struct client_about about = { .op = room->row.no,
                                  .number = client_key_number_of(client_key_view(&key)) };
    room->flight_count++;
    return client_request_send(turn, CHAT_VERB_SUBMIT, &submit, client_submit_answered, &about);
}

/* One row: seal it if need be, and send what is not under way in this connection. */
static tb_status client_outbox_work(struct client_turn *turn, struct client_room *room,
                                    const struct client_pair *pair)
{
    struct client_outbox_row row;
    struct mls_group *group;
    struct client_key key = client_outbox_key(pair->key);
    TRY(client_outbox_decode(turn, pair, &row));
    if (row.state == CLIENT_OUTBOX_ANSWERED) return TB_STATUS(TB_OK);
    TRY(client_room_group(turn, room, &group));
    if (row.state == CLIENT_OUTBOX_WAITING || row.epoch != mls_group_epoch(group)) {
        tb_status status = client_outbox_seal(turn, room, &row);
        if (client_status_is_fatal(status)) return status;
        if (!tb_is_ok(status)) {
            return client_outbox_fail(turn, key, &row, status.code, (tb_bytes){ 0 });
        }
        TRY(client_outbox_put(turn, key, &row));
    }
    return client_outbox_send(turn, room, key, &row);
}

tb_status client_send_work(struct client_turn *turn, struct client_room *room)
{
    struct client_pairs rows;
    if ((room->flags & CLIENT_ROOM_HAS_OUTBOX) == 0) return TB_STATUS(TB_OK);
    if (!client_room_is_steady(turn->client, room)) return TB_STATUS(TB_OK);
    /* The hub's proposals are committed first, and a commit of ours may end the epoch. */
    /* The window covers what is under way and what was answered and is not in the log yet. */
    bool waits = room->row.duty != CLIENT_DUTY_NONE || room->row.has_commit;
    if (waits || room->flight_count >= CLIENT_OUTBOX_FLIGHT_MAX) return TB_STATUS(TB_OK);
    TRY(client_outbox_oldest(turn, room, CLIENT_OUTBOX_LOOK_COUNT, &rows));
    if (rows.count == 0) room->flags &= ~(unsigned)CLIENT_ROOM_HAS_OUTBOX;
    for (size_t i = 0; i < rows.count; i++) {
        if (room->flight_count >= CLIENT_OUTBOX_FLIGHT_MAX) break;
        if (client_request_is_open(turn->client, room->row.no,
                                   client_key_number_of(rows.at[i].key))) {
            continue;
        }
        TRY(client_outbox_work(turn, room, &rows.at[i]));
    }
    return TB_STATUS(TB_OK);
}

bool client_request_is_open(const struct client *client, uint64_t op, uint64_t number)
{
    for (const struct client_request *r = client->requests; r != NULL; r = r->next) {
        if (r->answer == client_submit_answered && r->op == op && r->number == number) return true;
    }
    return false;
}

/* ------------------------------------------------------------------ seen in the log */

tb_status client_send_find(struct client_turn *turn, struct client_room *room,
                           const uint8_t franking_tag[CHAT_HASH_LEN], struct client_key *key,
                           struct client_outbox_row *out)
{
    struct client_pairs rows;
    if ((room->flags & CLIENT_ROOM_HAS_OUTBOX) == 0) return TB_STATUS(TB_NOT_FOUND);
    /* No more than these can have left, so what comes back is among them. */
    TRY(client_outbox_oldest(turn, room, CLIENT_OUTBOX_LOOK_COUNT, &rows));
    for (size_t i = 0; i < rows.count; i++) {
        TRY(client_outbox_decode(turn, &rows.at[i], out));
        if (memcmp(out->franking_tag, franking_tag, CHAT_HASH_LEN) != 0) continue;
        *key = client_outbox_key(rows.at[i].key);
        return TB_STATUS(TB_OK);
    }
    return TB_STATUS(TB_NOT_FOUND);
}

tb_status client_send_seen(struct client_turn *turn, struct client_room *room,
                           struct client_key key, const struct client_outbox_row *row,
                           uint64_t room_seq)
{
    TRY(client_table_del(turn, CLIENT_TABLE_OUTBOX, key));
    if (row->state == CLIENT_OUTBOX_ANSWERED) {
        if (row->room_seq == room_seq) return TB_STATUS(TB_OK);
        /* The hub answered with another number than it gave the message in the log. */
        return client_alarm(turn, CLIENT_ALARM_HISTORY, room->row.room_uri, room_seq, NULL,
                            row->message);
    }
    if (row->case_id.len != 0) {
        TRY(client_decide_statement_sent(turn, row->case_id, room->row.room_uri));
    }
    return client_show_done(turn, row->op, &(struct client_show){ .room = room->row.room_uri,
                                                                  .room_name = room->row.name,
                                                                  .number = room_seq });
}

tb_status client_send_settle(struct client_turn *turn, struct client_room *room)
{
    struct client_pairs rows;
    TRY(client_outbox_rows(turn, room, &rows));
    for (size_t i = 0; i < rows.count; i++) {
        struct client_outbox_row row;
        TRY(client_outbox_decode(turn, &rows.at[i], &row));
        if (row.state != CLIENT_OUTBOX_ANSWERED || row.room_seq > room->row.joined_seq) continue;
        TRY(client_table_del(turn, CLIENT_TABLE_OUTBOX, client_outbox_key(rows.at[i].key)));
    }
    return TB_STATUS(TB_OK);
}

tb_status client_send_again(struct client_turn *turn, struct client_room *room)
{
    struct client_pairs rows;
    TRY(client_outbox_rows(turn, room, &rows));
    for (size_t i = 0; i < rows.count; i++) {
        struct client_outbox_row row;
        TRY(client_outbox_decode(turn, &rows.at[i], &row));
        if (row.state != CLIENT_OUTBOX_ANSWERED) continue;
        row.state = CLIENT_OUTBOX_SEALED;
        row.op = 0; /* whoever waited was told already */
        TRY(client_outbox_put(turn, client_outbox_key(rows.at[i].key), &row));
    }
    return TB_STATUS(TB_OK);
}

tb_status client_send_fail_all(struct client_turn *turn, struct client_room *room, uint16_t code)
{
    struct client_pairs rows;
    TRY(client_outbox_rows(turn, room, &rows));
    for (size_t i = 0; i < rows.count; i++) {
        struct client_outbox_row row;
        TRY(client_outbox_decode(turn, &rows.at[i], &row));
        TRY(client_outbox_fail(turn, client_outbox_key(rows.at[i].key), &row, code,
                               (tb_bytes){ 0 }));
    }
    room->flags &= ~(unsigned)CLIENT_ROOM_HAS_OUTBOX;
    return TB_STATUS(TB_OK);
}
