/* Pages: storing them, finding them again, and the stubs in them. */
#include <assert.h>
#include <string.h>

#include "chat/run.h"
#include "chat/safe_aad.h"
#include "hub/desk.h"

enum { STUBS_COUNT_MAX = 512 /* of one answer */ };

struct hub_key hub_page_key(const struct hub_room *room, uint64_t last_log_seq)
{
    struct hub_key key = hub_key_of(TB_ARRAY(room->id.at));
    hub_key_add_u64(&key, last_log_seq);
    return key;
}

uint64_t hub_page_time(struct hub_room *room, uint64_t now_ms)
{
    if (now_ms > room->head.last_ms) room->head.last_ms = now_ms;
    return room->head.last_ms;
}

/* ---- writing ---- */

static void write_tail(struct hub_blob *blob, const struct hub_page_tail *tail)
{
    assert(blob->cap - blob->len >= HUB_PAGE_TAIL_LEN);
    uint8_t *at = blob->data + blob->len;
    *at++ = tail->form;
    const uint64_t values[] = { tail->first_log_seq, tail->last_log_seq, tail->last_room_seq,
                                tail->message_count, tail->last_ms };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) tb_put_u64(at + 8 * i, values[i]);
}

tb_status hub_page_finish(struct hub *hub, struct hub_room *room, struct hub_blob *blob,
                          const struct hub_page_tail *tail, struct hub_effects *effects)
{
    write_tail(blob, tail);
    struct hub_key key = hub_page_key(room, tail->last_log_seq);
    tb_status status = hub_put_octets(hub, HUB_TABLE_PAGES, &key,
                                      tb_bytes_of(blob->data, blob->len + HUB_PAGE_TAIL_LEN));
    if (tb_is_ok(status)) status = hub_tags_page(hub, room, tail);
    if (tb_is_ok(status)) {
        room->page_bytes_total += blob->len;
        room->ring[room->ring_count++ % HUB_PAGE_RING_COUNT] =
            (struct hub_page_mark){ tail->last_log_seq, room->page_bytes_total };
        hub_room_touch_head(hub, room);
        hub_deliver_page(hub, room, blob, tail->first_log_seq, tail->last_log_seq, effects);
    }
    hub_blob_drop(blob);
    return status;
}

tb_status hub_page_append(struct hub *hub, struct hub_room *room, struct chat_entry *entry,
                          uint64_t now_ms, struct tb_arena *arena, struct hub_effects *effects)
{
    assert(room->run == NULL); /* the caller closed it before it took the entry's time */
    entry->log_seq = room->head.log_seq + 1;
    struct chat_page page = { .room_uri = hub_room_uri(room) };
    page.entries.at = entry;
    page.entries.count = 1;
    tb_bytes encoded;
    TRY(wire_encode(&chat_page_desc, &page, arena, &encoded));
    size_t len = HUB_PUSH_HEADER_LEN + encoded.len;
    struct hub_blob *blob = hub_blob_new(hub->mem, len + HUB_PAGE_TAIL_LEN);
    if (blob == NULL) return TB_STATUS(TB_NO_SPACE);
    blob->len = len;
    blob->data[0] = CHAT_FRAME_PUSH;
    tb_put_u16(blob->data + 1, CHAT_PUSH_PAGE);
    memcpy(blob->data + HUB_PUSH_HEADER_LEN, encoded.data, encoded.len);
    room->head.log_seq++;
    struct hub_page_tail tail = { .form = HUB_PAGE_WHOLE, .first_log_seq = entry->log_seq,
                                  .last_log_seq = entry->log_seq,
                                  .last_room_seq = room->head.room_seq,
                                  .last_ms = hub_page_time(room, now_ms) };
    return hub_page_finish(hub, room, blob, &tail, effects);
}

/* ---- reading ---- */

bool hub_page_split(tb_bytes value, struct hub_page *out)
{
    if (value.len < HUB_PAGE_TAIL_LEN) return false;
    const uint8_t *at = value.data + value.len - HUB_PAGE_TAIL_LEN;
    out->frame = tb_bytes_of(value.data, value.len - HUB_PAGE_TAIL_LEN);
    out->tail.form = *at++;
    out->tail.first_log_seq = tb_get_u64(at);
    out->tail.last_log_seq = tb_get_u64(at + 8);
    out->tail.last_room_seq = tb_get_u64(at + 16);
    out->tail.message_count = tb_get_u64(at + 24);
    out->tail.last_ms = tb_get_u64(at + 32);
    return (out->tail.form == HUB_PAGE_WHOLE && out->frame.len > HUB_PUSH_HEADER_LEN) ||
           out->tail.form == HUB_PAGE_STUBS;
}

struct read_ctx {
    struct hub *hub;
    struct tb_arena *arena; /* a copy of the row, or */
    bool is_blob;           /* a blob of its frame */
    struct hub_page page;
    struct hub_blob *blob;
    tb_status status;
};

static bool read_row(void *ctx, tb_bytes key, tb_bytes value)
{
    (void)key;
    struct read_ctx *read = ctx;
    read->status = TB_STATUS(TB_OK);
    tb_bytes own = value;
    if (!read->is_blob) read->status = tb_arena_dup(read->arena, value, &own);
    if (tb_is_ok(read->status) && !hub_page_split(own, &read->page)) {
        read->status = TB_STATUS(HUB_ROW);
    }
    if (!tb_is_ok(read->status) || !read->is_blob) return false;
    if (read->page.tail.form != HUB_PAGE_WHOLE) return false;
    read->blob = hub_blob_new(read->hub->mem, read->page.frame.len);
    if (read->blob == NULL) {
        read->status = TB_STATUS(TB_NO_SPACE);
        return false;
    }
    memcpy(read->blob->data, read->page.frame.data, read->page.frame.len);
    read->blob->message_count = (uint32_t)read->page.tail.message_count;
    return false;
}

static tb_status read_page(struct hub *hub, const struct hub_room *room, uint64_t log_seq,
                           struct read_ctx *read)
{
    struct hub_key from = hub_page_key(room, log_seq);
    struct hub_key until = hub_key_of(TB_ARRAY(room->id.at));
    until = hub_key_end(&until);
    read->hub = hub;
    read->status = TB_STATUS(TB_NOT_FOUND);
    TRY(tb_store_scan(hub->store, HUB_TABLE_PAGES, hub_key_view(&from), hub_key_view(&until),
                      false, 1, read_row, read));
    return read->status;
}

tb_status hub_page_read(struct hub *hub, const struct hub_room *room, uint64_t log_seq,
                        struct tb_arena *arena, struct hub_page *out)
{
    struct read_ctx read = { .arena = arena };
    TRY(read_page(hub, room, log_seq, &read));
    *out = read.page;
    return TB_STATUS(TB_OK);
}

tb_status hub_page_blob(struct hub *hub, const struct hub_room *room, uint64_t log_seq,
                        struct hub_blob **out, struct hub_page_tail *tail)
{
    struct read_ctx read = { .is_blob = true };
    TRY(read_page(hub, room, log_seq, &read));
    *out = read.blob;
    *tail = read.page.tail;
    return TB_STATUS(TB_OK);
}

tb_status hub_page_entries(const struct hub_page *page, struct tb_arena *arena,
                           struct chat_page *out)
{
    assert(page->tail.form == HUB_PAGE_WHOLE);
    tb_bytes body = tb_bytes_of(page->frame.data + HUB_PUSH_HEADER_LEN,
                                page->frame.len - HUB_PUSH_HEADER_LEN);
    tb_status status = wire_decode(&chat_page_desc, body, arena, out, NULL);
    return tb_is_ok(status) || status.code == TB_NO_SPACE ? status : TB_STATUS(HUB_ROW);
}

/* ---- stubs ---- */

static tb_status stub_of_entry(const struct chat_entry_message *entry, tb_bytes room_uri,
                               struct tb_arena *arena, const struct crypto_suite *suite,
                               struct chat_stub *out)
{
    struct mls_public_private_message opened;
    struct chat_run_link link;
    TRY(mls_public_private_message_open(entry->message, arena, &opened));
    TRY(chat_run_link_of_entry(suite, entry, room_uri, opened.group_id, opened.epoch,
                               opened.authenticated_data, &link));
    chat_run_stub_of_link(&link, out);
    return TB_STATUS(TB_OK);
}

tb_status hub_page_as_stubs(const struct hub_page *page, const struct crypto_suite *suite,
                            struct tb_arena *arena, struct hub_stub_page *out)
{
    if (page->tail.form == HUB_PAGE_STUBS) {
        tb_status status = wire_decode(&hub_stub_page_desc, page->frame, arena, out, NULL);
        return tb_is_ok(status) || status.code == TB_NO_SPACE ? status : TB_STATUS(HUB_ROW);
    }
    struct chat_page entries;
    TRY(hub_page_entries(page, arena, &entries));
    *out = (struct hub_stub_page){ .chain_before = { 0 } };
    out->stubs.at = tb_arena_take(arena, entries.entries.count, sizeof *out->stubs.at);
    if (out->stubs.at == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < entries.entries.count; i++) {
        const struct chat_entry *entry = &entries.entries.at[i];
        if (entry->kind != CHAT_ENTRY_MESSAGE) continue;
        const struct chat_entry_message *message = entry->body.message;
        if (out->stubs.count == 0) {
            memcpy(out->chain_before, message->timbre_frank.prev_chain, CHAT_HASH_LEN);
        }
        TRY(stub_of_entry(message, entries.room_uri, arena, suite,
                          &out->stubs.at[out->stubs.count++]));
    }
    return TB_STATUS(TB_OK);
}

/*
 * The first page whose newest number is not below room_seq, found by halving: pages are in order of
 * both numbers.  Numbers that were skipped after a restore are in no page.
 */
tb_status hub_page_of_room_seq(struct hub *hub, const struct hub_room *room, uint64_t room_seq,
                               struct tb_arena *arena, struct hub_page *out)
{
    uint64_t low = room->head.gone_seq + 1, high = room->head.log_seq;
    struct hub_page found = { .tail = { .message_count = 0 } };
    while (low <= high) {
        struct hub_page page;
        tb_status status = hub_page_read(hub, room, low + (high - low) / 2, arena, &page);
        if (!tb_is_ok(status)) return status;
        if (page.tail.last_room_seq < room_seq) {
            low = page.tail.last_log_seq + 1;
            continue;
        }
        found = page;
        if (page.tail.first_log_seq <= low) break;
        high = page.tail.first_log_seq - 1;
    }
    if (found.tail.message_count == 0 ||
        found.tail.last_room_seq - found.tail.message_count >= room_seq) {
        return TB_STATUS(TB_NOT_FOUND);
    }
    *out = found;
    return TB_STATUS(TB_OK);
}

/* Takes what is wanted of one page.  True when the answer is complete. */
static bool take_stubs(const struct hub_stub_page *page, uint64_t from_seq, uint64_t to_seq,
                       size_t count_max, struct chat_stubs_answer *out)
{
    for (size_t i = 0; i < page->stubs.count; i++) {
        const struct chat_stub *stub = &page->stubs.at[i];
        if (stub->room_seq < from_seq) continue;
        if (out->stubs.count == count_max) return true;
        out->stubs.at[out->stubs.count++] = *stub;
        if (stub->room_seq >= to_seq && stub->timbre_signature.len != 0) return true;
    }
    return false;
}

/* The chain in front of stub from_seq of its page. */
static tb_status chain_before(const struct hub_room *room, const struct hub_stub_page *page,
                              uint64_t from_seq, uint8_t chain[CHAT_HASH_LEN])
{
    size_t count = 0;
    while (count < page->stubs.count && page->stubs.at[count].room_seq < from_seq) count++;
    memcpy(chain, page->chain_before, CHAT_HASH_LEN);
    for (size_t i = 0; i < count; i++) {
        struct chat_run_link link;
        uint8_t prev[CHAT_HASH_LEN];
        memcpy(prev, chain, CHAT_HASH_LEN);
        chat_run_link_of_stub(&page->stubs.at[i], room->shape.group_id, prev, &link);
        TRY(chat_frank_link_hash(room->suite, &link.link, chain));
    }
    return TB_STATUS(TB_OK);
}

tb_status hub_page_stubs(struct hub *hub, const struct hub_room *room, uint64_t from_seq,
                         uint64_t to_seq, size_t count_max, struct tb_arena *arena,
                         struct chat_stubs_answer *out)
{
    struct hub_page page;
    struct chat_stubs_answer answer = { .chain_before = { 0 } };
    answer.stubs.at = tb_arena_take(arena, count_max, sizeof *answer.stubs.at);
    if (answer.stubs.at == NULL) return TB_STATUS(TB_NO_SPACE);
    TRY(hub_page_of_room_seq(hub, room, from_seq, arena, &page));
    for (bool is_first = true, is_done = false; !is_done; is_first = false) {
        struct hub_stub_page stubs;
        TRY(hub_page_as_stubs(&page, room->suite, arena, &stubs));
        if (is_first) TRY(chain_before(room, &stubs, from_seq, answer.chain_before));
        is_done = take_stubs(&stubs, from_seq, to_seq, count_max, &answer);
        if (is_done || page.tail.last_log_seq >= room->head.log_seq) break;
        tb_status status = hub_page_read(hub, room, page.tail.last_log_seq + 1, arena, &page);
        if (status.code == TB_NOT_FOUND) break;
        TRY(status);
    }
    *out = answer;
    return TB_STATUS(TB_OK);
}

/* Members of those epochs only: whoever was listed when the messages were written. */
uint16_t hub_verb_stubs_get(struct hub *hub, struct hub_call *call, const void *request,
                            void *answer)
{
    const struct chat_stubs_get *asked = request;
    struct hub_room *room;
    struct hub_page page;
    bool was;
    tb_status status;
    CHECK(hub_room_by_uri(hub, asked->room_uri, &room));
    if (room == NULL) return CHAT_CODE_NOT_FOUND;
    CHECK(hub_run_close(hub, room, call->effects));
    if (asked->from_seq == 0 || asked->to_seq < asked->from_seq ||
        asked->from_seq > room->head.room_seq) {
        return hub_refuse(call, CHAT_CODE_BAD_REQUEST, "no such messages");
    }
    status = hub_page_of_room_seq(hub, room, asked->from_seq, call->arena, &page);
    if (status.code == TB_NOT_FOUND) return CHAT_CODE_GONE;
    CHECK(status);
    CHECK(hub_membership_at(hub, &call->account->id, room, page.tail.last_log_seq, call->arena,
                            &was));
    if (!was) return hub_refuse(call, CHAT_CODE_FORBIDDEN, "you were not in the room then");
    CHECK(hub_page_stubs(hub, room, asked->from_seq, asked->to_seq, STUBS_COUNT_MAX, call->arena,
                         answer));
    return CHAT_CODE_OK;
out:
    return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}
