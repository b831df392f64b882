/*
 * Runs of messages (amendments 8-14): the chain and the hub's signature first, from octets alone;
 * then each message by itself.  A message that fails is one collapsed line without text; nothing
 * that was not verified is shown.
 */
#include "client/revise.h"

#include <string.h>

#include "chat/content.h"
#include "chat/safe_aad.h"
#include "client/evidence.h"

/* The run as it is taken apart. */
struct client_run {
    const struct chat_entry *entries;
    size_t count;
    struct chat_run_link links[CHAT_RUN_LINK_COUNT_MAX];
    tb_bytes aads[CHAT_RUN_LINK_COUNT_MAX];
    uint8_t chains[CHAT_RUN_LINK_COUNT_MAX][CHAT_HASH_LEN]; /* behind each link */
    struct chat_policy_room policy;
    uint8_t group_context_hash[CHAT_HASH_LEN];
    tb_bytes encoded; /* the page */
    bool is_after_gap;
};

static tb_status client_run_link(struct client_turn *turn, struct client_room *room,
                                 struct client_run *run, size_t i)
{
    const struct chat_entry_message *entry = run->entries[i].body.message;
    struct mls_message message;
    TRY(client_answer_decode(turn, &mls_message_desc, entry->message, &message));
    if (message.version != MLS_VERSION_MLS10 || message.wire_format != MLS_WIRE_PRIVATE_MESSAGE) {
        return TB_STATUS(CLIENT_HUB_ANSWER);
    }
    const struct mls_private_message_in *private_message = message.of.private_message;
    if (private_message->content_type != MLS_CONTENT_APPLICATION) {
        return TB_STATUS(CLIENT_HUB_ANSWER);
    }
    run->aads[i] = private_message->authenticated_data;
    return chat_run_link_of_entry(&room->suite, entry, room->row.room_uri,
                                  private_message->group_id, private_message->epoch,
                                  private_message->authenticated_data, &run->links[i]);
}

static tb_status client_run_open(struct client_turn *turn, struct client_room *room,
                                 const struct chat_page *page, struct client_run *run)
{
    run->entries = page->entries.at;
    run->count = page->entries.count;
    for (size_t i = 0; i < run->count; i++) TRY(client_run_link(turn, room, run, i));
    TRY(client_room_policy(turn, room, &run->policy));
    tb_bytes context = mls_group_context(room->group);
    return turn->client->config.provider->hash(turn->client->config.provider, CRYPTO_SHA256,
                                               &context, 1, run->group_context_hash);
}

static tb_status client_run_verify(struct client_turn *turn, struct client_room *room,
                                   struct client_run *run, const struct chat_run_head *before,
                                   struct chat_run_head *after)
{
    const struct chat_frank_policy *frank = &run->policy.frank;
    struct chat_run_rules rules = {
        .suite = &room->suite,
        .agent_key = run->policy.agent.franking_signature_key,
        .room_uri = room->row.room_uri,
        .group_id = room->row.group_id,
        .epoch = mls_group_epoch(room->group),
        .mode = CHAT_RUN_VERIFY,
        .is_mimi_required = chat_frank_mimi_is_required(frank->profile, room->row.room_uri,
                                                        &run->policy.participants),
        .now_ms = turn->now_ms,
        .clock_skew_ms_max = (uint64_t)frank->max_clock_skew_s * 1000,
    };
    tb_status status = chat_run_verify(&rules, before, run->links, run->count, after, NULL);
    if (status.code != CHAT_RUN_TIME_AHEAD) return status;
    /* R8: one of the two clocks is wrong, and nobody can say which.  Tell, and go on. */
    TRY(client_alarm(turn, CLIENT_ALARM_CLOCK, room->row.room_uri,
                     run->links[run->count - 1].link.room_seq, NULL, (tb_bytes){ 0 }));
    rules.now_ms = 0;
    return chat_run_verify(&rules, before, run->links, run->count, after, NULL);
}

/* ------------------------------------------------------------------ one message */

static tb_status client_evidence_put(struct client_turn *turn, struct client_room *room,
                                     const struct client_evidence_row *row)
{
    return client_table_put(turn, CLIENT_TABLE_EVIDENCE,
                            client_key_number(room->row.no, row->stub.room_seq),
                            &client_evidence_row_desc, row);
}

tb_status client_evidence_get(struct client_turn *turn, struct client_room *room, uint64_t room_seq,
                              struct client_evidence_row *out)
{
    return client_table_get(turn, CLIENT_TABLE_EVIDENCE,
                            client_key_number(room->row.no, room_seq), &client_evidence_row_desc,
                            out);
}

/* R9: what the sender had seen, against what we know at that number. */
static tb_status client_run_frank_prev(struct client_turn *turn, struct client_room *room,
                                       const struct chat_content *content, uint64_t room_seq,
                                       bool *is_marked)
{
    struct client_evidence_row known;
    if (!content->has_frank_prev) return TB_STATUS(TB_OK);
    tb_status status = client_evidence_get(turn, room, content->prev_room_seq, &known);
    if (status.code == TB_NOT_FOUND) return TB_STATUS(TB_OK);
    TRY(status);
    if (memcmp(known.chain, content->prev_chain, CHAT_HASH_LEN) == 0) return TB_STATUS(TB_OK);
    *is_marked = true;
    return client_alarm(turn, CLIENT_ALARM_FORK, room->row.room_uri, room_seq, &known.stub,
                        TB_ARRAY(content->prev_chain));
}

/* R10: a message id is taken once in a room. */
static tb_status client_run_id_is_new(struct client_turn *turn, struct client_room *room,
                                      const uint8_t id[CHAT_MESSAGE_ID_LEN])
{
    struct client_message_id_row known;
    tb_status status =
        client_message_id_get(turn, room, tb_bytes_of(id, CHAT_MESSAGE_ID_LEN), &known);
    if (tb_is_ok(status)) return TB_STATUS(CHAT_FRANK_TWICE);
    return status.code == TB_NOT_FOUND ? TB_STATUS(TB_OK) : status;
}

/* What a decrypted message was made of, whoever sent it. */
struct client_opened {
    tb_bytes application_data, identity, signature;
    uint32_t leaf_index;
    bool is_own;
};

/* Our own message: the text is in the outbox, and what came back must be what left. */
static tb_status client_run_own(struct client_turn *turn, struct client_room *room,
                                const struct client_run *run, size_t i, struct client_opened *out)
{
    struct client_key key;
    struct client_outbox_row row;
    const struct chat_entry_message *entry = run->entries[i].body.message;
    if (!tb_bytes_equal(entry->submitter, turn->client->profile.account)) {
        return TB_STATUS(TB_NOT_FOUND);
    }
    TRY(client_send_find(turn, room, run->links[i].link.franking_tag, &key, &row));
    if (!tb_bytes_equal(row.message, entry->message)) return TB_STATUS(TB_NOT_FOUND);
    *out = (struct client_opened){
        .application_data = row.application_data,
        .identity = turn->client->profile.device,
        .signature = row.signature,
        .leaf_index = row.leaf_index,
        .is_own = true,
    };
    return client_send_seen(turn, room, key, &row, run->links[i].link.room_seq);
}

/* R1 */
static tb_status client_run_decrypt(struct client_turn *turn, struct client_room *room,
                                    const struct client_run *run, size_t i,
                                    struct client_opened *out)
{
    tb_status status = client_run_own(turn, room, run, i, out);
    if (status.code != TB_NOT_FOUND) return status;
    struct mls_received received;
    status = mls_group_receive(room->group, run->entries[i].body.message->message,
                               turn->now_ms / 1000, NULL, 0, &turn->arena, &received, NULL);
    /* Sent by this device and unknown to its outbox: the state that sent it is lost.  But every
     * member can write our leaf into the sender data, so it counts only when the hub took it from
     * our account too. */
    bool is_from_us = tb_bytes_equal(run->entries[i].body.message->submitter,
                                     turn->client->profile.account);
    if (status.code == MLS_OWN_MESSAGE && is_from_us) return client_session_rolled_back(turn);
    TRY(status);
    room->flags |= CLIENT_ROOM_RATCHETS_DIRTY; /* the key of this generation is used up */
    if (received.kind != MLS_RECEIVED_APPLICATION) return TB_STATUS(MLS_CONTENT_TYPE);
    *out = (struct client_opened){
        .application_data = received.application_data,
        .identity = received.sender_identity,
        .signature = received.signature,
        .leaf_index = received.sender_leaf,
    };
    return TB_STATUS(TB_OK);
}

static void client_run_evidence(const struct client_run *run, size_t i,
                                struct client_evidence_row *out)
{
    const struct chat_run_link *link = &run->links[i];
    *out = (struct client_evidence_row){ .opening = CHAT_OPENING_IS_UNDECRYPTABLE };
    chat_run_stub_of_link(link, &out->stub);
    memcpy(out->prev_chain, link->link.prev_chain, CHAT_HASH_LEN);
    memcpy(out->chain, run->chains[i], CHAT_HASH_LEN);
    out->is_verified = i + 1 == run->count;
    out->authenticated_data = run->aads[i];
    memcpy(out->group_context_hash, run->group_context_hash, CHAT_HASH_LEN);
}

/* What a proven content does: a line of its own, a change of an earlier one, or neither. */
static tb_status client_run_content(struct client_turn *turn, struct client_room *room,
                                    const struct client_run *run,
                                    const struct chat_content *content,
                                    struct client_evidence_row *evidence,
                                    struct client_line_row *line)
{
    struct client_message_id_row about = { .room_seq = line->room_seq };
    uint64_t expires_ms = client_expire_at(&run->policy, content, line->at_ms);
    line->reply_to = content->in_reply_to;
    line->expires_ms = expires_ms;
    if (client_revise_is_later(content)) {
        struct client_later later = { .content = content,
                                      .policy = &run->policy,
                                      .account = line->account,
                                      .room_seq = line->room_seq,
                                      .at_ms = line->at_ms,
                                      .message_id = line->message_id.data };
        line->row_kind = 0;
        TRY(client_revise_take(turn, room, &later, &about, &expires_ms));
    } else if (content->part.cardinality == CHAT_PART_EXTERNAL) {
        TRY(chat_content_check_attachments(content));
        line->content_type = content->part.content_type;
        line->text = content->part.filename;
        line->attachment_len = content->part.size;
    } else if (content->part.cardinality == CHAT_PART_SINGLE) {
        line->content_type = content->part.content_type;
        if (!tb_is_ok(chat_content_text(content, &line->text))) {
            TRY(client_run_typed(turn, room, line->account, content->part.content_type,
                                 content->part.content, line));
        }
    }
    if (line->row_kind != 0) about.row = evidence->row = room->row.row_newest + 1;
    TRY(client_message_id_put(turn, room, line->message_id, &about));
    return client_expire_note(turn, room, evidence, expires_ms);
}

/* R1-R4, R9, R10 and what the text says.  Hides one message only. */
static tb_status client_run_message(struct client_turn *turn, struct client_room *room,
                                    const struct client_run *run, size_t i,
                                    struct client_evidence_row *evidence,
                                    struct client_line_row *line)
{
    const struct chat_entry_message *entry = run->entries[i].body.message;
    struct client_opened opened = { 0 };
    TRY(client_run_decrypt(turn, room, run, i, &opened));
    struct chat_frank_opened message = {
        .application_data = opened.application_data,
        .authenticated_data = run->aads[i],
        .leaf_identity = opened.identity,
        .submitter = entry->submitter,
        .room_uri = room->row.room_uri,
    };
    struct chat_content *content = tb_arena_take(&turn->arena, 1, sizeof *content);
    uint8_t *id = tb_arena_take(&turn->arena, 1, CHAT_MESSAGE_ID_LEN);
    bool is_marked = false;
    if (content == NULL || id == NULL) return TB_STATUS(TB_NO_SPACE);
    /* Kept if it fails too: tag, text and the sender's signature can be reported as a violation. */
    evidence->application_data = opened.application_data;
    evidence->leaf_index = opened.leaf_index;
    evidence->signature = opened.signature;
    TRY(chat_frank_open(&room->suite, &message, &turn->arena, content, id));
    TRY(client_run_id_is_new(turn, room, id));
    TRY(client_run_frank_prev(turn, room, content, run->links[i].link.room_seq, &is_marked));
    if (is_marked) TRY(client_head_ask(turn, room, entry->submitter, content));

    evidence->opening = CHAT_OPENING_IS_FULL;
    line->is_own = opened.is_own || tb_bytes_equal(entry->submitter, turn->client->profile.account);
    line->is_marked = is_marked;
    line->message_id = tb_bytes_of(id, CHAT_MESSAGE_ID_LEN);
    return client_run_content(turn, room, run, content, evidence, line);
}

static tb_status client_run_take_one(struct client_turn *turn, struct client_room *room,
                                     const struct client_run *run, size_t i)
{
    const struct chat_entry_message *entry = run->entries[i].body.message;
    struct client_evidence_row evidence;
    struct client_line_row line = {
        .row_kind = CLIENT_LINE_MESSAGE,
        .room_seq = run->links[i].link.room_seq,
        .epoch = run->links[i].link.epoch,
        .at_ms = entry->accepted_timestamp,
        .account = entry->submitter,
    };
    client_run_evidence(run, i, &evidence);
    tb_status status = client_run_message(turn, room, run, i, &evidence, &line);
    if (client_status_is_fatal(status) || status.code == CLIENT_ROLLED_BACK) return status;
    if (!tb_is_ok(status)) {
        line = (struct client_line_row){
            .row_kind = CLIENT_LINE_MESSAGE,
            .is_failed = true,
            .code = status.code,
            .room_seq = line.room_seq,
            .epoch = line.epoch,
            .at_ms = line.at_ms,
        };
    }
    evidence.message_id = line.message_id;
    TRY(client_evidence_put(turn, room, &evidence));
    return line.row_kind != 0 ? client_timeline_tell(turn, room, &line) : TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ gaps */

static tb_status client_gap_line(struct client_turn *turn, struct client_room *room,
                                 uint64_t room_seq)
{
    struct client_line_row line = { .row_kind = CLIENT_LINE_GAP,
                                    .room_seq = room_seq,
                                    .at_ms = turn->now_ms };
    return client_timeline_tell(turn, room, &line);
}

/* The stubs continue our chain up to the head they lead to; they become evidence without text. */
static tb_status client_gap_fill(struct client_turn *turn, struct client_room *room,
                                 const struct chat_stubs_answer *answer)
{
    struct chat_run_head head = { room->row.head_seq, { 0 }, room->row.head_ms }, after;
    memcpy(head.chain, room->row.head_chain, CHAT_HASH_LEN);
    if (memcmp(answer->chain_before, head.chain, CHAT_HASH_LEN) != 0) {
        return TB_STATUS(CHAT_RUN_CHAIN);
    }
    for (size_t i = 0; i < answer->stubs.count; i++) {
        const struct chat_stub *stub = &answer->stubs.at[i];
        TRY(chat_run_stubs_hash(&room->suite, room->row.room_uri, room->row.group_id, &head, stub,
                                1, &after));
        struct client_evidence_row row = { .stub = *stub, .opening = CHAT_OPENING_IS_NOT_RECEIVED };
        memcpy(row.prev_chain, head.chain, CHAT_HASH_LEN);
        memcpy(row.chain, after.chain, CHAT_HASH_LEN);
        TRY(client_evidence_put(turn, room, &row));
        head = after;
    }
    room->row.head_seq = head.room_seq;
    room->row.head_ms = head.time_ms;
    memcpy(room->row.head_chain, head.chain, CHAT_HASH_LEN);
    client_room_touch(room);
    return client_gap_line(turn, room, head.room_seq);
}

static tb_status client_gap_answered(struct client_turn *turn,
                                     const struct client_request *request, uint16_t code,
                                     tb_bytes body)
{
    struct client_room *room;
    if (code == CLIENT_CODE_LOST) return TB_STATUS(TB_OK);
    if (!tb_is_ok(client_room_by_no(turn, (uint32_t)request->op, &room))) return TB_STATUS(TB_OK);
    room->flags &= ~(unsigned)CLIENT_ROOM_WAITS_STUBS;
    if (code == CHAT_CODE_OK) {
        struct chat_stubs_answer answer;
        TRY(client_answer_decode(turn, &chat_stubs_answer_desc, body, &answer));
        /* No more than was asked for: what follows is verified with its own run. */
        while (answer.stubs.count != 0
               && answer.stubs.at[answer.stubs.count - 1].room_seq > request->number) {
            answer.stubs.count--;
        }
        tb_status status = client_gap_fill(turn, room, &answer);
        if (client_status_is_fatal(status)) return status;
        if (!tb_is_ok(status)) room->gap_lost_seq = request->number;
    } else {
        room->gap_lost_seq = request->number; /* past retention: start behind it */
    }
    if (room->row.head_seq < request->number) room->gap_lost_seq = request->number;
    return client_receive_resume(turn, room);
}

static tb_status client_gap_ask(struct client_turn *turn, struct client_room *room, uint64_t to_seq)
{
    struct chat_stubs_get get = {
        .room_uri = room->row.room_uri,
        .from_seq = room->row.head_seq + 1,
        .to_seq = to_seq,
    };
    struct client_about about = { .op = room->row.no, .number = to_seq };
    room->flags |= CLIENT_ROOM_WAITS_STUBS;
    return client_request_send(turn, CHAT_VERB_STUBS_GET, &get, client_gap_answered, &about);
}

/* ------------------------------------------------------------------ the run */

/* The run as a whole is not believed: one line for each of its messages, and the head stays. */
static tb_status client_run_refuse(struct client_turn *turn, struct client_room *room,
                                   const struct client_run *run, tb_status why)
{
    if (why.code == CHAT_RUN_CHAIN || why.code == CHAT_RUN_OLD) {
        TRY(client_accuse(turn, room, run->links, run->count, run->encoded));
    }
    for (size_t i = 0; i < run->count; i++) {
        struct client_line_row line = {
            .row_kind = CLIENT_LINE_MESSAGE,
            .is_failed = true,
            .code = why.code,
            .room_seq = run->links[i].link.room_seq,
            .epoch = run->links[i].link.epoch,
            .at_ms = run->entries[i].body.message->accepted_timestamp,
        };
        TRY(client_timeline_tell(turn, room, &line));
    }
    return TB_STATUS(TB_OK);
}

static tb_status client_run_accept(struct client_turn *turn, struct client_room *room,
                                   struct client_run *run, const struct chat_run_head *after)
{
    TRY(client_context_keep(turn, room));
    for (size_t i = 0; i < run->count; i++) {
        TRY(chat_frank_link_hash(&room->suite, &run->links[i].link, run->chains[i]));
        TRY(client_run_take_one(turn, room, run, i));
    }
    room->row.head_seq = room->row.signed_seq = after->room_seq;
    room->row.head_ms = after->time_ms;
    memcpy(room->row.head_chain, after->chain, CHAT_HASH_LEN);
    client_room_touch(room);
    return TB_STATUS(TB_OK);
}

static tb_status client_run_of_page(struct client_turn *turn, struct client_room *room,
                                    struct client_run *run, bool *is_blocked)
{
    struct chat_run_head before = { room->row.head_seq, { 0 }, room->row.head_ms }, after;
    memcpy(before.chain, room->row.head_chain, CHAT_HASH_LEN);
    uint64_t first_seq = run->links[0].link.room_seq;
    if (first_seq > before.room_seq + 1) {
        if (room->gap_lost_seq != first_seq - 1) {
            *is_blocked = true;
            return client_gap_ask(turn, room, first_seq - 1);
        }
        /* Amendments 13: the history before this signed run is missing. */
        room->gap_lost_seq = 0;
        before.room_seq = first_seq - 1;
        memcpy(before.chain, run->links[0].link.prev_chain, CHAT_HASH_LEN);
        run->is_after_gap = true;
    }
    tb_status status = client_run_verify(turn, room, run, &before, &after);
    if (client_status_is_fatal(status)) return status;
    if (!tb_is_ok(status)) return client_run_refuse(turn, room, run, status);
    if (run->is_after_gap) TRY(client_gap_line(turn, room, first_seq - 1));
    return client_run_accept(turn, room, run, &after);
}

tb_status client_run_take(struct client_turn *turn, struct client_room *room,
                          const struct chat_page *page, tb_bytes encoded, bool *is_blocked)
{
    struct mls_group *group;
    TRY(client_room_group(turn, room, &group));
    struct client_run *run = tb_arena_take(&turn->arena, 1, sizeof *run);
    if (run == NULL) return TB_STATUS(TB_NO_SPACE);
    run->encoded = encoded;
    TRY(client_run_open(turn, room, page, run));
    /* Amendments 1: every message of an epoch stands before the commit that ends it. */
    if (run->links[0].link.epoch > mls_group_epoch(group)) {
        return client_room_end(turn, room, CLIENT_ROOM_REJOINING);
    }
    return client_run_of_page(turn, room, run, is_blocked);
}
