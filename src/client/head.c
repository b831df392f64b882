/*
 * The head that a message named and that does not fit what we know (amendments 17).  Its sender is
 * asked for it, in the room, and shows the hub's signature over it; only when that and a signature
 * that we hold contradict each other is the hub accused.
 *
 *     head-request  {1: account that is asked, 2: room_seq, 3: chain}
 *     head          {1: chat_signed_head}
 *
 * One question and one answer an hour and room, and none about messages of these two types, so that
 * nothing goes round.
 */
#include "client/rooms.h"

#include <string.h>

#include "chat/content.h"
#include "chat/equivocation.h"
#include "wire/cbor.h"

enum { CLIENT_HEAD_REST_MS = 3600000, CLIENT_HEAD_BODY_LEN_MAX = 4096 };

static bool client_head_rests(uint64_t last_ms, uint64_t now_ms)
{
    return last_ms != 0 && now_ms < last_ms + CLIENT_HEAD_REST_MS;
}

static tb_status client_head_send(struct client_turn *turn, struct client_room *room,
                                  tb_bytes content_type, const struct tb_buf *buf)
{
    struct client_send_params message = { .content_type = content_type,
                                          .body = tb_buf_view(buf),
                                          .is_silent = true };
    return client_send_content(turn, room, &message);
}

tb_status client_head_ask(struct client_turn *turn, struct client_room *room, tb_bytes account,
                          const struct chat_content *content)
{
    struct tb_buf buf;
    tb_status status = TB_STATUS(TB_OK);
    bool is_hidden = content->part.cardinality == CHAT_PART_SINGLE
                     && client_type_is_hidden(content->part.content_type);
    bool is_own = tb_bytes_equal(account, turn->client->profile.account);
    if (is_hidden || is_own || client_head_rests(room->head_asked_ms, turn->now_ms)) {
        return TB_STATUS(TB_OK);
    }
    room->head_asked_ms = turn->now_ms;
    tb_buf_init(&buf, turn->client->config.mem, CLIENT_HEAD_BODY_LEN_MAX);
    CHECK(wire_cbor_put_map(&buf, 3));
    CHECK(wire_cbor_put_uint(&buf, 1));
    CHECK(wire_cbor_put_bytes(&buf, account));
    CHECK(wire_cbor_put_uint(&buf, 2));
    CHECK(wire_cbor_put_uint(&buf, content->prev_room_seq));
    CHECK(wire_cbor_put_uint(&buf, 3));
    CHECK(wire_cbor_put_bytes(&buf, TB_ARRAY(content->prev_chain)));
    CHECK(client_head_send(turn, room, TB_LITERAL(CHAT_TYPE_HEAD_REQUEST), &buf));
out:
    tb_buf_wipe(&buf);
    return status;
}

/* ------------------------------------------------------------------ answering */

static tb_status client_head_key(struct wire_cbor *cbor, uint64_t expected)
{
    uint64_t key;
    TRY(wire_cbor_take_uint(cbor, &key));
    return TB_STATUS(key == expected ? TB_OK : WIRE_CBOR_TYPE);
}

static tb_status client_head_request_take(tb_bytes body, tb_bytes *account, uint64_t *room_seq,
                                          tb_bytes *chain)
{
    struct wire_cbor cbor;
    size_t count;
    TRY(wire_cbor_open(body, &cbor));
    TRY(wire_cbor_take_map(&cbor, &count));
    if (count != 3) return TB_STATUS(WIRE_CBOR_TYPE);
    TRY(client_head_key(&cbor, 1));
    TRY(wire_cbor_take_bytes(&cbor, account));
    TRY(client_head_key(&cbor, 2));
    TRY(wire_cbor_take_uint(&cbor, room_seq));
    TRY(client_head_key(&cbor, 3));
    return wire_cbor_take_bytes(&cbor, chain);
}

static tb_status client_head_of_row(const struct client_room *room,
                                    const struct client_evidence_row *row,
                                    struct chat_signed_head *out)
{
    struct chat_run_link link;
    chat_run_link_of_stub(&row->stub, room->row.group_id, row->prev_chain, &link);
    return chat_equivocation_head(&room->suite, &link, out);
}

tb_status client_head_requested(struct client_turn *turn, struct client_room *room, tb_bytes body)
{
    struct client_evidence_row row;
    struct chat_signed_head head;
    struct tb_buf buf;
    tb_bytes account, chain, encoded;
    uint64_t room_seq;
    TRY(client_head_request_take(body, &account, &room_seq, &chain));
    if (!tb_bytes_equal(account, turn->client->profile.account)
        || client_head_rests(room->head_told_ms, turn->now_ms)) {
        return TB_STATUS(TB_OK);
    }
    TRY(client_evidence_get(turn, room, room_seq, &row));
    /* What another of our devices named is for that device to show. */
    if (!tb_bytes_equal(chain, TB_ARRAY(row.chain)) || !row.is_verified) return TB_STATUS(TB_OK);
    TRY(client_head_of_row(room, &row, &head));
    TRY(wire_encode(&chat_signed_head_desc, &head, &turn->arena, &encoded));
    room->head_told_ms = turn->now_ms;
    tb_status status;
    tb_buf_init(&buf, turn->client->config.mem, CLIENT_HEAD_BODY_LEN_MAX);
    CHECK(wire_cbor_put_map(&buf, 1));
    CHECK(wire_cbor_put_uint(&buf, 1));
    CHECK(wire_cbor_put_bytes(&buf, encoded));
    CHECK(client_head_send(turn, room, TB_LITERAL(CHAT_TYPE_HEAD), &buf));
out:
    tb_buf_wipe(&buf);
    return status;
}

/* ------------------------------------------------------------------ the answer */

/* Our links behind the head up to the first whose signature was kept; *row is that one. */
static tb_status client_head_links(struct client_turn *turn, struct client_room *room,
                                   uint64_t room_seq, struct client_evidence_row *row,
                                   struct chat_equivocation *proof)
{
    proof->links.at = tb_arena_take(&turn->arena, CHAT_RUN_LINK_COUNT_MAX,
                                    sizeof *proof->links.at);
    if (proof->links.at == NULL) return TB_STATUS(TB_NO_SPACE);
    proof->links.count = 0;
    for (uint64_t seq = room_seq;; seq++) {
        struct chat_run_link link;
        TRY(client_evidence_get(turn, room, seq, row));
        chat_run_link_of_stub(&row->stub, room->row.group_id, row->prev_chain, &link);
        if (seq != room_seq) proof->links.at[proof->links.count++] = link.link;
        if (row->stub.timbre_signature.len != 0) return TB_STATUS(TB_OK);
        /* A run ends signed, so there is no more than a run between two signatures. */
        if (proof->links.count == CHAT_RUN_LINK_COUNT_MAX) return TB_STATUS(TB_NOT_FOUND);
    }
}

static tb_status client_head_prove(struct client_turn *turn, struct client_room *room,
                                   const struct chat_signed_head *head,
                                   struct client_evidence_row *row, tb_bytes *proof)
{
    struct client *client = turn->client;
    struct chat_equivocation made = { .version = 1, .suite = room->suite.id, .x = *head };
    TRY(client_head_links(turn, room, head->tbs.room_seq, row, &made));
    TRY(client_head_of_row(room, row, &made.y));
    TRY(wire_encode(&chat_hub_record_desc, &client->hub, &turn->arena, &made.hub_record));
    return chat_equivocation_make(client->config.provider, &made,
                                  TB_ARRAY(client->profile.root_hash), &turn->arena, proof);
}

tb_status client_head_told(struct client_turn *turn, struct client_room *room, tb_bytes body)
{
    struct wire_cbor cbor;
    struct chat_signed_head head;
    struct client_evidence_row row;
    tb_bytes encoded, proof;
    size_t count;
    if (room->head_asked_ms == 0) return TB_STATUS(TB_OK); /* we have not asked */
    TRY(wire_cbor_open(body, &cbor));
    TRY(wire_cbor_take_map(&cbor, &count));
    TRY(client_head_key(&cbor, 1));
    TRY(wire_cbor_take_bytes(&cbor, &encoded));
    TRY(wire_decode(&chat_signed_head_desc, encoded, &turn->arena, &head, NULL));
    /* Whatever is no proof accuses nobody. */
    TRY(client_head_prove(turn, room, &head, &row, &proof));
    return client_alarm(turn, CLIENT_ALARM_EQUIVOCATION, room->row.room_uri, head.tbs.room_seq,
                        &row.stub, proof);
}
