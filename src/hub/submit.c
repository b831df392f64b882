/*
 * H1 to H10 for one application message.  Hot: no heap but for the room's page under way, one
 * decode of the frame, one hash of the message, one HMAC, one hash of the link.  The signature, the
 * store and the answers come once a room and turn, when the run closes.
 */
#include <assert.h>
#include <string.h>

#include "chat/safe_aad.h"
#include "hub/mandatory.h"
#include "hub/rules.h"
#include "hub/sanction.h"

enum {
    RUN_BLOB_BYTES_MIN = 4096,
    RUN_BLOB_BYTES_MAX = 8 << 20,
    RUN_ANSWER_COUNT_MAX = 1024,
    RUN_END_BYTES = 4 + CRYPTO_SIGNATURE_MAX + HUB_PAGE_TAIL_LEN,
    ENTRIES_PREFIX_LEN = 4,   /* reserved; a short run moves its entries forward */
    ENTRY_FIXED_LEN = 8 + 1 + 8 + 32 + 2 + 2 + 8 + 32 + CHAT_HUB_KEY_ID_LEN + 1,
    REF_COUNT_MAX = 32        /* named in one refusal */
};

struct submit {
    tb_bytes room_uri, sending_uri, message;
    struct hub_room *room;
    struct mls_public_private_message opened;
    uint8_t tag[CHAT_HASH_LEN];
    uint64_t tag_hash;
};

/* ---- the request ---- */

static bool take_field(tb_bytes *rest, tb_bytes *out)
{
    size_t len;
    if (!tb_is_ok(wire_length_take(rest, &len)) || len > rest->len) return false;
    *out = tb_bytes_of(rest->data, len);
    rest->data += len;
    rest->len -= len;
    return true;
}

/* chat_submit by hand, because a message over the limit has its own code. */
static uint16_t parse(struct hub *hub, struct hub_call *call, tb_bytes body, struct submit *s)
{
    if (!take_field(&body, &s->room_uri) || !take_field(&body, &s->sending_uri) ||
        !take_field(&body, &s->message) || body.len != 0) {
        return CHAT_CODE_BAD_REQUEST;
    }
    uint64_t max = hub->config.limits.message_bytes_max;
    if (max > CHAT_MESSAGE_LEN_MAX) max = CHAT_MESSAGE_LEN_MAX;
    if (s->message.len > max) {
        return hub_refuse_value(call, CHAT_CODE_TOO_LARGE, "the message is over the limit", max);
    }
    tb_status status = mls_public_private_message_open(s->message, call->arena, &s->opened);
    if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_BAD_REQUEST);
    if (s->opened.content_type != MLS_CONTENT_APPLICATION) {
        return hub_refuse(call, CHAT_CODE_BAD_REQUEST, "only application messages are private");
    }
    status = chat_safe_aad_tag(s->opened.authenticated_data, s->tag);
    if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_BAD_REQUEST);
    return CHAT_CODE_OK;
}

static uint16_t find_room(struct hub *hub, struct hub_call *call, struct submit *s)
{
    if (!tb_bytes_equal(s->sending_uri, hub_account_uri(call->account))) {
        return hub_refuse(call, CHAT_CODE_FORBIDDEN, "a message in another user's name");
    }
    tb_status status = hub_room_by_uri(hub, s->room_uri, &s->room);
    if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
    if (s->room == NULL || !tb_bytes_equal(s->opened.group_id, s->room->shape.group_id)) {
        return hub_refuse(call, CHAT_CODE_NOT_FOUND, "there is no such room or group");
    }
    return CHAT_CODE_OK;
}

/* ---- H4 ---- */

static bool answer_later(struct hub *hub, struct hub_call *call, struct hub_run *run, size_t entry)
{
    call->is_answered = true;
    if (call->request_id == 0 && !call->is_post) return true;
    if (run->answer_count == run->answer_cap) {
        size_t cap = run->answer_cap == 0 ? CHAT_RUN_LINK_COUNT_MAX : run->answer_cap * 2;
        struct hub_run_answer *at = tb_mem_take(hub->mem, cap * sizeof *at);
        if (at == NULL) {
            call->is_answered = false;
            return false;
        }
        if (run->answer_count != 0) memcpy(at, run->answers, run->answer_count * sizeof *at);
        tb_mem_give(hub->mem, run->answers, run->answer_cap * sizeof *at);
        run->answers = at;
        run->answer_cap = cap;
    }
    run->answers[run->answer_count++] = (struct hub_run_answer){
        call->conn, call->request_id, (uint16_t)entry, call->is_post
    };
    return true;
}

static uint16_t answer_stored(struct hub *hub, struct hub_call *call,
                              const struct chat_entry *entry)
{
    const struct chat_entry_message *message = entry->body.message;
    if (!tb_bytes_equal(message->submitter, hub_account_uri(call->account))) {
        return CHAT_CODE_DUPLICATE;
    }
    struct chat_submit_answer answer = { .log_seq = entry->log_seq,
                                         .accepted_timestamp = message->accepted_timestamp,
                                         .frank = message->frank,
                                         .timbre_frank = message->timbre_frank };
    hub_answer(hub, call, CHAT_CODE_OK, &chat_submit_answer_desc, &answer);
    return CHAT_CODE_OK;
}

/* A stored entry with this tag; NULL when the hash met another tag. */
static tb_status find_stored(struct hub *hub, struct submit *s, uint64_t log_seq,
                             struct tb_arena *arena, const struct chat_entry **out)
{
    struct hub_page page;
    struct chat_page entries;
    *out = NULL;
    TRY(hub_page_read(hub, s->room, log_seq, arena, &page));
    if (page.tail.form != HUB_PAGE_WHOLE) return TB_STATUS(TB_OK);
    TRY(hub_page_entries(&page, arena, &entries));
    for (size_t i = 0; i < entries.entries.count; i++) {
        const struct chat_entry *entry = &entries.entries.at[i];
        if (entry->log_seq != log_seq || entry->kind != CHAT_ENTRY_MESSAGE) continue;
        struct mls_public_private_message opened;
        uint8_t tag[CHAT_HASH_LEN];
        TRY(mls_public_private_message_open(entry->body.message->message, arena, &opened));
        TRY(chat_safe_aad_tag(opened.authenticated_data, tag));
        if (memcmp(tag, s->tag, sizeof tag) == 0) *out = entry;
    }
    return TB_STATUS(TB_OK);
}

/* Same account: the stored answer.  Another account: refused.  *is_new: the tag was not seen. */
static uint16_t check_tag(struct hub *hub, struct hub_call *call, struct submit *s, bool *is_new)
{
    struct hub_run *run = s->room->run;
    uint64_t log_seq;
    *is_new = false;
    for (size_t n = 0; hub_tags_find(&s->room->tags, s->tag_hash, n, &log_seq); n++) {
        if (run != NULL && log_seq >= run->first_log_seq) {
            size_t entry = (size_t)(log_seq - run->first_log_seq);
            if (memcmp(run->tags[entry], s->tag, CHAT_HASH_LEN) != 0) continue;
            if (memcmp(run->users[entry].at, call->account->id.at, HUB_USER_ID_LEN) != 0) {
                return CHAT_CODE_DUPLICATE;
            }
            if (run->answer_count >= RUN_ANSWER_COUNT_MAX) return CHAT_CODE_RATE_LIMITED;
            return answer_later(hub, call, run, entry) ? CHAT_CODE_OK : CHAT_CODE_INTERNAL;
        }
        struct tb_arena arena; /* not the small one of the call: pages are large */
        tb_arena_init(&arena, hub->mem, HUB_STEP_ARENA_BYTES_MAX);
        const struct chat_entry *entry;
        uint16_t code = CHAT_CODE_OK;
        tb_status status = find_stored(hub, s, log_seq, &arena, &entry);
        if (!tb_is_ok(status)) code = hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
        else if (entry != NULL) code = answer_stored(hub, call, entry);
        bool is_done = !tb_is_ok(status) || entry != NULL;
        tb_arena_wipe(&arena);
        if (is_done) return code;
    }
    *is_new = true;
    return CHAT_CODE_OK;
}

/* ---- H1b, rate, state, H2, H5 ---- */

static uint16_t check_sender(struct hub *hub, struct hub_call *call, const struct hub_room *room)
{
    if (hub_account_is_restricted(call->account, call->now_ms) &&
        room->head.room_kind != CHAT_ROOM_NOTICE) {
        return hub_refuse_value(call, CHAT_CODE_RESTRICTED, "", call->account->decision_number);
    }
    uint8_t bits = hub_room_role_bits(room, &call->account->id);
    if ((bits & HUB_ROLE_MAY_SEND) == 0) {
        return hub_refuse(call, CHAT_CODE_FORBIDDEN, "your role in this room may not send");
    }
    if (room->has_mutes) {
        bool is_muted;
        uint64_t until_ms;
        tb_status status = hub_sanction_is_muted(hub, room, &call->account->id, call->now_ms,
                                                 call->arena, &is_muted, &until_ms);
        if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
        if (is_muted) return hub_refuse_value(call, CHAT_CODE_MUTED,
                                              "the desk has muted this account here", until_ms);
    }
    if (hub_room_member(room, &call->device) == NULL) {
        return hub_refuse(call, CHAT_CODE_FORBIDDEN, "this device is no member of the room");
    }
    uint16_t code = hub_rules_check(hub, call, room, bits);
    if (code != CHAT_CODE_OK) return code;
    const struct hub_limits *limits = &hub->config.limits;
    uint64_t wait_ms;
    if (hub->config.is_rate_limited &&
        !hub_bucket_take(&call->account->submits, limits->submit_burst_count,
                         limits->submit_rate_per_minute, call->now_ms, &wait_ms)) {
        return hub_refuse_value(call, CHAT_CODE_RATE_LIMITED, "", wait_ms);
    }
    return CHAT_CODE_OK;
}

static uint16_t refuse_missing(struct hub *hub, struct hub_call *call, const struct hub_room *room)
{
    tb_bytes *refs;
    size_t count;
    tb_status status = hub_mandatory_refs(room, call->arena, &refs, &count);
    if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
    call->refs = refs;
    call->ref_count = count < REF_COUNT_MAX ? count : REF_COUNT_MAX;
    return hub_refuse_value(call, CHAT_CODE_MISSING_PROPOSALS, "", room->head.epoch);
}

static uint16_t check_room(struct hub *hub, struct hub_call *call, const struct submit *s)
{
    const struct hub_room *room = s->room;
    uint16_t code = hub_room_state_code(room);
    if (code != CHAT_CODE_OK) return code;
    if (room->shape.tentative != NULL) {
        return hub_refuse_value(call, CHAT_CODE_TENTATIVE, "", room->head.epoch);
    }
    if (s->opened.epoch != room->head.epoch) {
        return hub_refuse_value(call, CHAT_CODE_WRONG_EPOCH, "", room->head.epoch);
    }
    return hub_mandatory_is_open(room) ? refuse_missing(hub, call, room) : CHAT_CODE_OK;
}

/* ---- the page under way ---- */

static uint8_t *put(uint8_t *at, tb_bytes value)
{
    if (value.len != 0) memcpy(at, value.data, value.len);
    return at + value.len;
}

static uint8_t *put_u64(uint8_t *at, uint64_t value)
{
    tb_put_u64(at, value);
    return at + 8;
}

static uint8_t *put_vector(uint8_t *at, tb_bytes value)
{
    return put(wire_length_put(at, value.len), value);
}

static tb_status blob_room(struct hub *hub, struct hub_run *run, size_t len)
{
    struct hub_blob *old = run->blob;
    if (old->cap - old->len >= len) return TB_STATUS(TB_OK);
    size_t cap = old->cap * 2;
    while (cap - old->len < len) cap *= 2;
    if (cap > RUN_BLOB_BYTES_MAX) return TB_STATUS(TB_TOO_LONG);
    struct hub_blob *grown = hub_blob_new(hub->mem, cap);
    if (grown == NULL) return TB_STATUS(TB_NO_SPACE);
    memcpy(grown->data, old->data, old->len);
    grown->len = old->len;
    run->blob = grown;
    hub_blob_drop(old);
    return TB_STATUS(TB_OK);
}

static tb_status run_begin(struct hub *hub, struct hub_room *room)
{
    struct hub_run *run = hub->run_free;
    if (run == NULL) {
        run = tb_mem_take(hub->mem, sizeof *run);
        if (run == NULL) return TB_STATUS(TB_NO_SPACE);
    } else {
        hub->run_free = run->next_free;
    }
    run->blob = hub_blob_new(hub->mem, RUN_BLOB_BYTES_MIN);
    if (run->blob == NULL) {
        run->next_free = hub->run_free;
        hub->run_free = run;
        return TB_STATUS(TB_NO_SPACE);
    }
    uint8_t *at = run->blob->data;
    *at++ = CHAT_FRAME_PUSH;
    tb_put_u16(at, CHAT_PUSH_PAGE);
    at = put_vector(at + 2, hub_room_uri(room));
    run->header_len = (size_t)(at - run->blob->data) + ENTRIES_PREFIX_LEN;
    run->blob->len = run->header_len;
    run->entry_count = run->answer_count = 0;
    run->first_log_seq = room->head.log_seq + 1;
    memcpy(run->hub_key_id, hub->keys.current.id, sizeof run->hub_key_id);
    room->run = run;
    hub_room_touch_head(hub, room);
    return TB_STATUS(TB_OK);
}

static void run_end(struct hub *hub, struct hub_room *room)
{
    struct hub_run *run = room->run;
    run->blob = NULL;
    room->run = NULL;
    run->next_free = hub->run_free;
    hub->run_free = run;
}

void hub_run_drop(struct hub *hub, struct hub_room *room)
{
    if (room->run == NULL) return;
    hub_blob_drop(room->run->blob);
    run_end(hub, room);
}

/* One entry, octet for octet as chat_entry's table would encode it. */
static void write_entry(struct hub_run *run, const struct hub_room *room,
                        const struct chat_frank_link *link, tb_bytes message,
                        const struct chat_frank *frank)
{
    struct hub_blob *blob = run->blob;
    uint8_t *at = blob->data + blob->len;
    run->entry_at[run->entry_count] = blob->len;
    at = put_u64(at, room->head.log_seq + 1);
    *at++ = CHAT_ENTRY_MESSAGE;
    at = put_u64(at, link->context.accepted_timestamp);
    at = put_vector(at, link->context.sender_uri);
    at = put_vector(at, message);
    run->frank_at[run->entry_count] = (size_t)(at - blob->data);
    at = put(at, TB_ARRAY(frank->server_frank));
    tb_put_u16(at, frank->franking_signature_ciphersuite);
    at = put_vector(at + 2, frank->franking_integrity_signature);
    tb_put_u16(at, CHAT_FRANK_PROFILE);
    at = put_u64(at + 2, link->room_seq);
    at = put(at, TB_ARRAY(link->prev_chain));
    at = put(at, TB_ARRAY(run->hub_key_id));
    *at++ = 0; /* timbre_signature<V>: the run's end replaces the last one */
    blob->len = (size_t)(at - blob->data);
}

static tb_status make_frank(struct hub *hub, struct hub_room *room, struct chat_frank_link *link,
                            struct chat_signature *mimi, struct chat_frank *frank)
{
    *frank = (struct chat_frank){ .franking_signature_ciphersuite = 0 };
    TRY(hub_keys_frank(&hub->keys, link->franking_tag, &link->context, link->server_frank));
    memcpy(frank->server_frank, link->server_frank, CHAT_HASH_LEN);
    if (!room->shape.is_mimi_required) return TB_STATUS(TB_OK);
    const struct crypto_signing_key *agent = hub_keys_agent(&hub->keys, room->shape.agent_key);
    if (agent == NULL) return TB_STATUS(HUB_AGENT_GONE);
    TRY(chat_frank_mimi_sign(room->suite, agent, link->server_frank, &link->context, mimi));
    frank->franking_signature_ciphersuite = room->suite->id;
    frank->franking_integrity_signature = chat_signature_view(mimi);
    return TB_STATUS(TB_OK);
}

/* H6 to H9, all but the signature and the store.  Nothing changes before the last thing that can
 * fail. */
static tb_status append(struct hub *hub, struct hub_call *call, const struct submit *s)
{
    struct hub_room *room = s->room;
    struct hub_row_head *head = &room->head;
    uint64_t t = call->now_ms > head->last_ms ? call->now_ms : head->last_ms;
    struct chat_frank_link link = {
        .group_id = room->shape.group_id, .epoch = head->epoch, .room_seq = head->room_seq + 1,
        .context = { hub_account_uri(call->account), hub_room_uri(room), t },
    };
    memcpy(link.prev_chain, head->chain, CHAT_HASH_LEN);
    memcpy(link.franking_tag, s->tag, CHAT_HASH_LEN);
    struct chat_signature mimi;
    struct chat_frank frank;
    uint8_t chain[CHAT_HASH_LEN];
    TRY(chat_frank_ct_hash(room->suite, s->message, link.ct_hash));
    TRY(make_frank(hub, room, &link, &mimi, &frank));
    TRY(chat_frank_link_hash(room->suite, &link, chain));
    if (room->run == NULL) TRY(run_begin(hub, room));
    struct hub_run *run = room->run;
    size_t entry_len = ENTRY_FIXED_LEN + 12 + link.context.sender_uri.len + s->message.len +
                       frank.franking_integrity_signature.len;
    TRY(blob_room(hub, run, entry_len + RUN_END_BYTES));
    TRY(hub_tags_add(&room->tags, hub->mem, s->tag_hash, head->log_seq + 1, t,
                     hub->config.limits.tag_window_ms));
    if (!answer_later(hub, call, run, run->entry_count)) return TB_STATUS(TB_NO_SPACE);

    write_entry(run, room, &link, s->message, &frank);
    memcpy(run->tags[run->entry_count], s->tag, CHAT_HASH_LEN);
    run->users[run->entry_count++] = call->account->id;
    run->link = link;
    head->log_seq++;
    head->room_seq++;
    head->last_ms = t;
    hub_rules_sent(room, &call->account->id, t);
    memcpy(head->chain, chain, CHAT_HASH_LEN);
    hub->metrics.messages_accepted++;
    return TB_STATUS(TB_OK);
}

uint16_t hub_submit(struct hub *hub, struct hub_call *call, tb_bytes body)
{
    struct submit s = { .room = NULL };
    uint16_t code = parse(hub, call, body, &s);
    if (code == CHAT_CODE_OK) code = find_room(hub, call, &s);
    if (code != CHAT_CODE_OK) return code;
    s.tag_hash = hub_tag_hash(hub, s.tag);
    bool is_new;
    code = check_tag(hub, call, &s, &is_new);
    if (code != CHAT_CODE_OK || !is_new) return code;
    code = check_sender(hub, call, s.room);
    if (code == CHAT_CODE_OK) code = check_room(hub, call, &s);
    if (code != CHAT_CODE_OK) return code;
    tb_status status = append(hub, call, &s);
    if (tb_is_ok(status) && s.room->run->entry_count == CHAT_RUN_LINK_COUNT_MAX) {
        status = hub_run_close(hub, s.room, call->effects);
        if (!tb_is_ok(status)) hub->is_broken = true;
        return CHAT_CODE_OK;
    }
    return tb_is_ok(status) ? CHAT_CODE_OK
                            : hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}

/* ---- the end of a run ---- */

/* The answer is the entry without its message: log_seq, time, frank, Timbre frank. */
static void send_answer(struct hub *hub, const struct hub_run *run,
                        const struct hub_run_answer *answer, struct hub_effects *effects)
{
    const struct hub_blob *page = run->blob;
    size_t start = run->entry_at[answer->entry], frank_at = run->frank_at[answer->entry];
    size_t end = (size_t)answer->entry + 1 < run->entry_count ? run->entry_at[answer->entry + 1]
                                                              : page->len;
    size_t header_len = answer->is_post ? 0 : HUB_ANSWER_HEADER_LEN;
    struct hub_blob *blob = hub_blob_new(hub->mem, header_len + 16 + end - frank_at);
    if (blob == NULL) {
        hub->is_broken = true;
        return;
    }
    uint8_t *at = blob->data;
    if (!answer->is_post) {
        *at = CHAT_FRAME_ANSWER;
        tb_put_u32(at + 1, answer->request_id);
        tb_put_u16(at + 5, CHAT_CODE_OK);
        at += header_len;
    }
    at = put(at, tb_bytes_of(page->data + start, 8));
    at = put(at, tb_bytes_of(page->data + start + 9, 8));
    put(at, tb_bytes_of(page->data + frank_at, end - frank_at));
    hub_effect_add(hub, effects,
                   (struct hub_effect){ .kind = answer->is_post ? HUB_EFFECT_ANSWER
                                                                : HUB_EFFECT_SEND,
                                        .code = CHAT_CODE_OK, .conn = answer->conn,
                                        .blob = blob });
}

/* The length of the entries in its shortest form, right in front of them. */
static void close_entries(struct hub_run *run)
{
    struct hub_blob *blob = run->blob;
    size_t len = blob->len - run->header_len, prefix_len = wire_length_size(len);
    size_t gap = ENTRIES_PREFIX_LEN - prefix_len;
    uint8_t *prefix = blob->data + run->header_len - ENTRIES_PREFIX_LEN;
    if (gap != 0) {
        memmove(prefix + prefix_len, blob->data + run->header_len, len);
        blob->len -= gap;
        for (size_t i = 0; i < run->entry_count; i++) {
            run->entry_at[i] -= gap;
            run->frank_at[i] -= gap;
        }
    }
    wire_length_put(prefix, len);
}

tb_status hub_run_close(struct hub *hub, struct hub_room *room, struct hub_effects *effects)
{
    struct hub_run *run = room->run;
    if (run == NULL) return TB_STATUS(TB_OK);
    if (run->entry_count == 0) {
        hub_run_drop(hub, room);
        return TB_STATUS(TB_OK);
    }
    struct chat_signature signature;
    const struct crypto_signing_key *agent = hub_keys_agent(&hub->keys, room->shape.agent_key);
    if (agent == NULL) return TB_STATUS(HUB_AGENT_GONE);
    TRY(chat_frank_sign(room->suite, agent, &run->link, room->head.chain,
                        run->hub_key_id, &signature));
    struct hub_blob *blob = run->blob;
    uint8_t *end = put_vector(blob->data + blob->len - 1, chat_signature_view(&signature));
    blob->len = (size_t)(end - blob->data);
    close_entries(run);
    for (size_t i = 0; i < run->answer_count; i++) {
        send_answer(hub, run, &run->answers[i], effects);
    }
    struct hub_page_tail tail = {
        .form = HUB_PAGE_WHOLE, .first_log_seq = run->first_log_seq,
        .last_log_seq = room->head.log_seq, .last_room_seq = room->head.room_seq,
        .message_count = run->entry_count, .last_ms = room->head.last_ms,
    };
    blob->message_count = (uint32_t)run->entry_count;
    run_end(hub, room);
    return hub_page_finish(hub, room, blob, &tail, effects);
}
