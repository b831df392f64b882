/*
 * After a restore (amendments 9).  A frozen room takes back what its members still hold of the log:
 * messages under the hub's own signatures, handshakes under their senders'.  It thaws with an entry
 * that skips every number which may have been given out before, so nothing is ever signed twice.
 */
#include <assert.h>
#include <string.h>

#include "chat/run.h"
#include "hub/mandatory.h"
#include "hub/sanction.h"

enum { PRESENTED_COUNT_MAX = 65536 };

/* ---- heads ---- */

static struct hub_key presented_key(const struct hub_room *room, const uint8_t *device)
{
    struct hub_key key = hub_room_key('F', room);
    if (device != NULL) hub_key_add(&key, device, HUB_DEVICE_ID_LEN);
    return key;
}

struct presented {
    const struct hub_room *room;
    size_t member_count;
    uint64_t newest;
};

static bool presented_row(void *ctx, tb_bytes key, tb_bytes value)
{
    struct presented *p = ctx;
    struct hub_device_id device;
    if (key.len != 1 + HUB_ROOM_ID_LEN + sizeof device.at || value.len != 8) return true;
    memcpy(device.at, key.data + 1 + HUB_ROOM_ID_LEN, sizeof device.at);
    if (hub_room_member(p->room, &device) == NULL) return true;
    p->member_count++;
    uint64_t log_seq = tb_get_u64(value.data);
    if (log_seq > p->newest) p->newest = log_seq;
    return true;
}

/* Every device of the roster has spoken, and nobody holds more than the hub. */
static tb_status is_complete(struct hub *hub, const struct hub_room *room, bool *out)
{
    struct presented p = { room, 0, 0 };
    struct hub_key prefix = presented_key(room, NULL);
    TRY(hub_row_scan(hub->store, HUB_TABLE_ROOMS, &prefix, NULL, PRESENTED_COUNT_MAX,
                     presented_row, &p));
    *out = p.member_count == room->shape.members.count && p.newest <= room->head.log_seq;
    return TB_STATUS(TB_OK);
}

static tb_status note_head(struct hub *hub, struct hub_call *call, struct hub_room *room,
                           uint64_t log_seq)
{
    if (room->head.frozen_ms == 0) {
        room->head.frozen_ms = call->now_ms;
        hub_room_touch_head(hub, room);
    }
    uint8_t value[8];
    tb_put_u64(value, log_seq);
    struct hub_key key = presented_key(room, call->device.at);
    TRY(hub_put_octets(hub, HUB_TABLE_ROOMS, &key, TB_ARRAY(value)));
    bool complete;
    TRY(is_complete(hub, room, &complete));
    if (!complete) return TB_STATUS(TB_OK);
    return hub_restore_thaw(hub, room, call->now_ms, call->arena, call->effects);
}

/* By what this hub remembers the device has no part in the room (any more). */
static void tell_out(struct hub *hub, hub_conn conn, tb_bytes room_uri, struct hub_effects *effects)
{
    enum { STATE_OUT = 4 };
    struct chat_room_state state = { .room_uri = room_uri, .state = STATE_OUT };
    hub_send(hub, effects, conn,
             hub_push_blob(hub, CHAT_PUSH_ROOM_STATE, &chat_room_state_desc, &state));
}

/* A device that came in after the backup waits too: whether it is in shows when the room thaws. */
static tb_status take_head(struct hub *hub, struct hub_call *call, const struct chat_head *head,
                           struct chat_heads_answer *out)
{
    struct hub_room *room;
    TRY(hub_room_by_uri(hub, head->room_uri, &room));
    bool is_member = room != NULL && hub_room_member(room, &call->device) != NULL;
    if (room == NULL || room->head.state != HUB_ROOM_FROZEN) {
        if (!is_member) tell_out(hub, call->session->conn, head->room_uri, call->effects);
        return TB_STATUS(TB_OK);
    }
    if (is_member && head->log_seq > room->head.log_seq) {
        out->wanted.at[out->wanted.count++] =
            (struct chat_cursor){ head->room_uri, room->head.log_seq };
    }
    return note_head(hub, call, room, head->log_seq);
}

uint16_t hub_verb_heads_put(struct hub *hub, struct hub_call *call, const void *request,
                            void *answer)
{
    const struct chat_heads *asked = request;
    struct chat_heads_answer *out = answer;
    tb_status status;
    if (asked->heads.count > hub->config.limits.room_count_max * 2) return CHAT_CODE_TOO_LARGE;
    out->wanted.at = tb_arena_take(call->arena, asked->heads.count, sizeof *out->wanted.at);
    if (out->wanted.at == NULL) return CHAT_CODE_INTERNAL;
    for (size_t i = 0; i < asked->heads.count; i++) {
        CHECK(take_head(hub, call, &asked->heads.at[i], out));
    }
    return CHAT_CODE_OK;
out:
    return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}

/* ---- import ---- */

/* What came after it tells how a tentative commit ended. */
static tb_status settle_before(struct hub *hub, struct hub_call *call, struct hub_room *room,
                               const struct chat_entry *entry)
{
    if (room->shape.tentative == NULL || entry->kind == CHAT_ENTRY_ROLLBACK) {
        return TB_STATUS(TB_OK);
    }
    return hub_settle_final(hub, room, call->now_ms, call->arena, call->effects);
}

static tb_status open_links(const struct hub_room *room, const struct chat_page *page,
                            struct tb_arena *arena, struct chat_run_link *links)
{
    for (size_t i = 0; i < page->entries.count; i++) {
        const struct chat_entry *entry = &page->entries.at[i];
        struct mls_public_private_message opened;
        if (entry->kind != CHAT_ENTRY_MESSAGE) return TB_STATUS(CHAT_RUN_GROUP);
        TRY(mls_public_private_message_open(entry->body.message->message, arena, &opened));
        TRY(chat_run_link_of_entry(room->suite, entry->body.message, hub_room_uri(room),
                                   opened.group_id, opened.epoch, opened.authenticated_data,
                                   &links[i]));
    }
    return TB_STATUS(TB_OK);
}

static tb_status store_run(struct hub *hub, struct hub_call *call, struct hub_room *room,
                           const struct chat_page *page, tb_bytes octets,
                           const struct chat_run_head *after)
{
    size_t count = page->entries.count, len = HUB_PUSH_HEADER_LEN + octets.len;
    struct hub_blob *blob = hub_blob_new(hub->mem, len + HUB_PAGE_TAIL_LEN);
    if (blob == NULL) return TB_STATUS(TB_NO_SPACE);
    blob->len = len;
    blob->message_count = (uint32_t)count;
    blob->data[0] = CHAT_FRAME_PUSH;
    tb_put_u16(blob->data + 1, CHAT_PUSH_PAGE);
    memcpy(blob->data + HUB_PUSH_HEADER_LEN, octets.data, octets.len);
    struct hub_page_tail tail = { .form = HUB_PAGE_WHOLE,
                                  .first_log_seq = room->head.log_seq + 1,
                                  .last_log_seq = room->head.log_seq + count,
                                  .last_room_seq = after->room_seq, .message_count = count,
                                  .last_ms = after->time_ms };
    room->head.log_seq += count;
    room->head.room_seq = after->room_seq;
    room->head.last_ms = after->time_ms;
    memcpy(room->head.chain, after->chain, CHAT_HASH_LEN);
    return hub_page_finish(hub, room, blob, &tail, call->effects);
}

static tb_status import_run(struct hub *hub, struct hub_call *call, struct hub_room *room,
                            const struct chat_page *page, tb_bytes octets)
{
    size_t count = page->entries.count;
    struct chat_run_link *links = tb_arena_take(call->arena, count, sizeof *links);
    if (links == NULL) return TB_STATUS(TB_NO_SPACE);
    TRY(open_links(room, page, call->arena, links));
    struct chat_run_rules rules = {
        .suite = room->suite, .agent_key = room->shape.agent_key,
        .room_uri = hub_room_uri(room), .group_id = room->shape.group_id,
        .epoch = room->head.epoch, .mode = CHAT_RUN_VERIFY,
        .is_mimi_required = room->shape.is_mimi_required,
    };
    struct chat_run_head before = { .room_seq = room->head.room_seq }, after;
    memcpy(before.chain, room->head.chain, CHAT_HASH_LEN);
    TRY(chat_run_verify(&rules, &before, links, count, &after, NULL));
    for (size_t i = 0; i < count; i++) {
        TRY(hub_tags_add(&room->tags, hub->mem, hub_tag_hash(hub, links[i].link.franking_tag),
                         page->entries.at[i].log_seq, links[i].link.context.accepted_timestamp,
                         hub->config.limits.tag_window_ms));
    }
    return store_run(hub, call, room, page, octets, &after);
}

static tb_status import_proposal(struct hub *hub, struct hub_call *call, struct hub_room *room,
                                 struct chat_entry *entry)
{
    struct mls_public_proposal proposal;
    struct tb_why why;
    tb_bytes message = entry->body.proposal->message;
    TRY(hub_room_group(hub, room));
    TRY(mls_public_group_propose(room->group, message, call->now_ms / 1000, call->arena,
                                 &proposal, &why));
    TRY(hub_page_append(hub, room, entry, entry->body.proposal->accepted_timestamp, call->arena,
                        call->effects));
    bool is_leave = proposal.sender_type == MLS_SENDER_MEMBER &&
                    proposal.proposal->proposal_type == MLS_PROPOSAL_SELF_REMOVE;
    for (size_t i = 0; is_leave && i < room->shape.members.count; i++) {
        if (room->shape.members.at[i].leaf_index != proposal.sender_index) continue;
        struct hub_device_id device; /* who leaves commits no more */
        memcpy(device.at, room->shape.members.at[i].device, sizeof device.at);
        return hub_mandatory_leave(hub, room, &device, proposal.ref, message, call->arena);
    }
    return hub_mandatory_import(hub, room, &proposal, message, call->arena);
}

static tb_status import_restored(struct hub *hub, struct hub_call *call, struct hub_room *room,
                                 struct chat_entry *entry)
{
    const struct chat_entry_restored *body = entry->body.restored;
    TRY(chat_frank_restored_verify(room->suite, room->shape.agent_key, hub_room_uri(room), body));
    if (body->room_seq != room->head.room_seq ||
        memcmp(body->chain, room->head.chain, CHAT_HASH_LEN) != 0) {
        return TB_STATUS(CHAT_RUN_CHAIN);
    }
    room->head.room_seq = body->next_room_seq - 1;
    return hub_page_append(hub, room, entry, body->accepted_timestamp, call->arena,
                           call->effects);
}

static tb_status import_page(struct hub *hub, struct hub_call *call, struct hub_room *room,
                             tb_bytes octets)
{
    struct chat_page page;
    TRY(wire_decode(&chat_page_desc, octets, call->arena, &page, NULL));
    if (page.entries.count == 0 || page.entries.count > CHAT_RUN_LINK_COUNT_MAX ||
        !tb_bytes_equal(page.room_uri, hub_room_uri(room))) {
        return TB_STATUS(CHAT_RUN_GROUP);
    }
    struct chat_entry *entry = &page.entries.at[0];
    for (size_t i = 0; i < page.entries.count; i++) {
        if (page.entries.at[i].log_seq != room->head.log_seq + 1 + i) {
            return TB_STATUS(CHAT_RUN_GAP);
        }
    }
    if (entry->kind != CHAT_ENTRY_MESSAGE && page.entries.count != 1) {
        return TB_STATUS(CHAT_RUN_GROUP);
    }
    TRY(settle_before(hub, call, room, entry));
    switch (entry->kind) {
    case CHAT_ENTRY_MESSAGE: return import_run(hub, call, room, &page, octets);
    case CHAT_ENTRY_PROPOSAL: return import_proposal(hub, call, room, entry);
    case CHAT_ENTRY_COMMIT:
        return hub_commit_import(hub, call, room, entry->body.commit->message,
                                 entry->body.commit->accepted_timestamp);
    case CHAT_ENTRY_ROLLBACK:
        if (room->shape.tentative == NULL ||
            room->shape.tentative->log_seq != entry->body.rollback->commit_log_seq) {
            return TB_STATUS(CHAT_RUN_GROUP);
        }
        return hub_settle_rollback(hub, room, entry->body.rollback->reason, call->now_ms,
                                   call->arena, call->effects);
    default: return import_restored(hub, call, room, entry);
    }
}

/* What is refused stops the import; what came before it stays.  A page that was imported by another
 * member already is passed over. */
uint16_t hub_verb_pages_import(struct hub *hub, struct hub_call *call, const void *request,
                               void *answer)
{
    (void)answer;
    const struct chat_pages_import *asked = request;
    struct hub_room *room;
    bool complete;
    tb_status status;
    CHECK(hub_room_by_uri(hub, asked->room_uri, &room));
    if (room == NULL) return hub_refuse(call, CHAT_CODE_NOT_FOUND, "there is no such room");
    if (room->head.state != HUB_ROOM_FROZEN) {
        return hub_refuse(call, CHAT_CODE_CONFLICT, "the room is not waiting for pages");
    }
    /* Nobody signs a rollback, so it is the word of a member at least. */
    if (hub_room_member(room, &call->device) == NULL) {
        return hub_refuse(call, CHAT_CODE_FORBIDDEN, "this device is no member of the room");
    }
    if (asked->pages.count > HUB_IMPORT_PAGE_COUNT_MAX) return CHAT_CODE_TOO_LARGE;
    for (size_t i = 0; i < asked->pages.count; i++) {
        uint64_t write_count = hub->write_count;
        status = import_page(hub, call, room, asked->pages.at[i].value);
        if (status.code == CHAT_RUN_GAP) continue;
        if (!tb_is_ok(status)) {
            if (hub->write_count != write_count) hub->is_broken = true;
            return hub_refuse_status(hub, call, status, CHAT_CODE_SIGNATURE);
        }
    }
    CHECK(is_complete(hub, room, &complete));
    if (complete) {
        CHECK(hub_restore_thaw(hub, room, call->now_ms, call->arena, call->effects));
    }
    return CHAT_CODE_OK;
out:
    return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}

/* ---- thaw ---- */

/* Those who are not in the room, now that it is decided, are told. */
static tb_status forget_presented(struct hub *hub, const struct hub_room *room,
                                  struct tb_arena *arena, struct hub_effects *effects)
{
    struct hub_key prefix = presented_key(room, NULL);
    struct hub_pairs rows;
    TRY(hub_row_list(hub->store, HUB_TABLE_ROOMS, &prefix, NULL, PRESENTED_COUNT_MAX, arena,
                     &rows));
    for (size_t i = 0; i < rows.count; i++) {
        struct hub_key key = hub_key_of(rows.at[i].key);
        struct hub_device_id device;
        TRY(hub_del(hub, HUB_TABLE_ROOMS, &key));
        if (key.len != prefix.len + sizeof device.at) return TB_STATUS(HUB_ROW);
        memcpy(device.at, key.octets + prefix.len, sizeof device.at);
        const struct hub_session *session = hub_map_get(&hub->devices, &device);
        if (session != NULL && hub_room_member(room, &device) == NULL) {
            tell_out(hub, session->conn, hub_room_uri(room), effects);
        }
    }
    return TB_STATUS(TB_OK);
}

tb_status hub_restore_thaw(struct hub *hub, struct hub_room *room, uint64_t now_ms,
                           struct tb_arena *arena, struct hub_effects *effects)
{
    assert(room->head.state == HUB_ROOM_FROZEN);
    if (room->shape.tentative != NULL) {
        TRY(hub_settle_final(hub, room, now_ms, arena, effects));
    }
    struct chat_entry_restored body = { .accepted_timestamp = hub_page_time(room, now_ms),
                                        .group_id = room->shape.group_id,
                                        .room_seq = room->head.room_seq,
                                        .next_room_seq = room->head.room_seq + HUB_RESTORE_SKIP };
    memcpy(body.chain, room->head.chain, CHAT_HASH_LEN);
    struct chat_signature signature;
    const struct crypto_signing_key *agent = hub_keys_agent(&hub->keys, room->shape.agent_key);
    if (agent == NULL) return TB_STATUS(HUB_AGENT_GONE);
    TRY(chat_frank_restored_sign(room->suite, agent, hub_room_uri(room), &body,
                                 &signature));
    body.signature = chat_signature_view(&signature);
    TRY(hub_sanction_room_state(hub, room, arena, &room->head.state));
    room->head.frozen_ms = 0;
    room->head.room_seq = body.next_room_seq - 1;
    TRY(forget_presented(hub, room, arena, effects));
    struct chat_entry entry = { .kind = CHAT_ENTRY_RESTORED, .body.restored = &body };
    TRY(hub_page_append(hub, room, &entry, now_ms, arena, effects));
    room->head.final_seq = entry.log_seq;
    struct chat_room_state state = { .room_uri = hub_room_uri(room),
                                     .log_seq = room->head.log_seq,
                                     .cursor = room->head.log_seq,
                                     .final_seq = room->head.final_seq,
                                     .epoch = room->head.epoch, .state = room->head.state };
    hub_deliver_push(hub, room, CHAT_PUSH_ROOM_STATE, &chat_room_state_desc, &state, effects);
    return hub_mandatory_issue(hub, room, now_ms, arena, effects);
}

tb_status hub_restore_due(struct hub *hub, struct hub_room *room, uint64_t now_ms,
                          struct tb_arena *arena, struct hub_effects *effects)
{
    if (room->head.state != HUB_ROOM_FROZEN || room->head.frozen_ms == 0 ||
        now_ms < room->head.frozen_ms + hub->config.limits.restore_wait_ms) {
        return TB_STATUS(TB_OK);
    }
    return hub_restore_thaw(hub, room, now_ms, arena, effects);
}
