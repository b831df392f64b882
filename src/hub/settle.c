/*
 * The end of a tentative commit (amendments 3).  Until then the room's state before it stands in
 * the store under 'P'; final drops that, a rollback takes it back.  What depends on who is a
 * member - memberships, Welcomes, subscriptions - changes with final and not before.
 */
#include <string.h>

#include "chat/ack.h"
#include "hub/desk.h"
#include "hub/claim.h"
#include "hub/join.h"
#include "hub/mandatory.h"
#include "hub/welcome.h"

/* ---- the list of rooms with a tentative commit ---- */

void hub_settle_watch(struct hub *hub, struct hub_room *room)
{
    if (room->is_in_tentative_list) return;
    room->is_in_tentative_list = true;
    room->tentative_next = hub->tentative_first;
    hub->tentative_first = room;
}

static void unwatch(struct hub *hub, struct hub_room *room)
{
    if (!room->is_in_tentative_list) return;
    struct hub_room **at = &hub->tentative_first;
    while (*at != room) at = &(*at)->tentative_next;
    *at = room->tentative_next;
    room->tentative_next = NULL;
    room->is_in_tentative_list = false;
}

void hub_settle_due(struct hub *hub, uint64_t now_ms, struct hub_effects *effects)
{
    struct hub_room *room = hub->tentative_first;
    while (room != NULL && !hub->is_broken) {
        const struct hub_row_tentative *tentative = room->shape.tentative;
        if (room->head.state == HUB_ROOM_FROZEN || tentative == NULL ||
            tentative->deadline_ms > now_ms) {
            room = room->tentative_next;
            continue;
        }
        struct tb_arena arena;
        tb_arena_init(&arena, hub->mem, HUB_STEP_ARENA_BYTES_MAX);
        tb_status status =
            tentative->nacks.count == 0
                ? hub_settle_final(hub, room, now_ms, &arena, effects)
                : hub_settle_rollback(hub, room, tentative->nacks.at[0].result, now_ms, &arena,
                                      effects);
        if (!tb_is_ok(status)) hub->is_broken = true;
        tb_arena_wipe(&arena);
        room = hub->tentative_first; /* the list has changed */
    }
}

/* ---- final ---- */

static tb_status read_before(struct hub *hub, const struct hub_room *room, struct tb_arena *arena,
                             struct hub_row_shape *before)
{
    struct hub_key key = hub_room_key('P', room);
    return hub_row_get(hub->store, HUB_TABLE_ROOMS, &key, &hub_row_shape_desc, arena, before);
}

static tb_status drop_before(struct hub *hub, const struct hub_room *room)
{
    struct hub_key key = hub_room_key('P', room);
    TRY(hub_del(hub, HUB_TABLE_ROOMS, &key));
    return hub_del(hub, HUB_TABLE_TREES, &key);
}

static tb_status greet_added(struct hub *hub, struct hub_room *room, uint64_t log_seq,
                             struct tb_arena *arena, struct hub_effects *effects)
{
    for (size_t i = 0; i < room->shape.members.count; i++) {
        const struct hub_row_member *member = &room->shape.members.at[i];
        if (member->from_log_seq != log_seq) continue;
        struct hub_device_id device;
        memcpy(device.at, member->device, sizeof device.at);
        TRY(hub_join_done(hub, &room->id, &device));
        TRY(hub_claim_done(hub, &room->id, &device, arena));
        TRY(hub_welcome_route(hub, room, log_seq, &device, effects, arena));
    }
    return TB_STATUS(TB_OK);
}

static size_t keep_suspended(const struct hub_row_shape *shape, uint64_t now_ms,
                             struct hub_row_suspended *out)
{
    size_t count = 0;
    for (size_t i = 0; i < shape->suspended.count; i++) {
        if (shape->suspended.at[i].until_ms > now_ms) out[count++] = shape->suspended.at[i];
    }
    return count;
}

tb_status hub_settle_final(struct hub *hub, struct hub_room *room, uint64_t now_ms,
                           struct tb_arena *arena, struct hub_effects *effects)
{
    uint64_t log_seq = room->shape.tentative->log_seq;
    struct hub_row_shape before, shape = room->shape;
    TRY(read_before(hub, room, arena, &before));
    shape.tentative = NULL;
    shape.suspended.at = tb_arena_take(arena, shape.suspended.count, sizeof *shape.suspended.at);
    if (shape.suspended.at == NULL) return TB_STATUS(TB_NO_SPACE);
    shape.suspended.count = keep_suspended(&room->shape, now_ms, shape.suspended.at);
    unwatch(hub, room);
    TRY(hub_room_reshape(hub, room, &shape, arena));
    TRY(drop_before(hub, room));
    TRY(hub_membership_move(hub, room, &before, log_seq, now_ms, arena));
    room->head.final_seq = log_seq;
    hub_room_touch_head(hub, room);
    struct chat_cursor cursor = { hub_room_uri(room), log_seq };
    hub_deliver_push(hub, room, CHAT_PUSH_FINAL, &chat_cursor_desc, &cursor, effects);
    hub_deliver_drop_removed(hub, room, log_seq);
    TRY(greet_added(hub, room, log_seq, arena, effects));
    if (tb_bytes_equal(hub_room_uri(room), hub->desk.desk_uri)) {
        hub_desk_tell(hub, &before, now_ms, effects);
        hub_desk_tell(hub, &room->shape, now_ms, effects);
    }
    return hub_mandatory_issue(hub, room, now_ms, arena, effects);
}

/* ---- rollback ---- */

/* The old state, what was asked for since, and a pause for the committer. */
static tb_status old_shape(const struct hub_room *room, const struct hub_row_shape *before,
                           uint64_t now_ms, struct tb_arena *arena, struct hub_row_shape *out)
{
    *out = *before;
    size_t waiting = room->shape.mandatory.count, known = before->mandatory.count;
    out->mandatory.at = tb_arena_take(arena, known + waiting, sizeof *out->mandatory.at);
    out->suspended.at = tb_arena_take(arena, before->suspended.count + 1,
                                      sizeof *out->suspended.at);
    if (out->mandatory.at == NULL || out->suspended.at == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < known; i++) out->mandatory.at[i] = before->mandatory.at[i];
    for (size_t i = 0; i < waiting; i++) {
        if (!room->shape.mandatory.at[i].is_issued) {
            out->mandatory.at[out->mandatory.count++] = room->shape.mandatory.at[i];
        }
    }
    size_t count = keep_suspended(before, now_ms, out->suspended.at);
    struct hub_row_suspended *pause = &out->suspended.at[count];
    memcpy(pause->device, room->shape.tentative->committer, sizeof pause->device);
    pause->until_ms = now_ms + HUB_SUSPENSION_MS;
    out->suspended.count = count + 1;
    return TB_STATUS(TB_OK);
}

static tb_status take_back_tree(struct hub *hub, struct hub_room *room, struct tb_arena *arena)
{
    struct hub_key from = hub_room_key('P', room), to = hub_room_key('S', room);
    tb_bytes blob;
    TRY(hub_row_get_octets(hub->store, HUB_TABLE_TREES, &from, arena, &blob));
    hub_room_group_drop(hub, room);
    return hub_put_octets(hub, HUB_TABLE_TREES, &to, blob);
}

tb_status hub_settle_rollback(struct hub *hub, struct hub_room *room, uint8_t reason,
                              uint64_t now_ms, struct tb_arena *arena,
                              struct hub_effects *effects)
{
    uint64_t log_seq = room->shape.tentative->log_seq;
    struct hub_row_shape before, shape;
    TRY(read_before(hub, room, arena, &before));
    TRY(old_shape(room, &before, now_ms, arena, &shape));
    hub_mandatory_mark(&shape);
    struct hub_key epoch = hub_key_of(TB_ARRAY(room->id.at));
    hub_key_add_u64(&epoch, room->shape.epoch);
    TRY(hub_del(hub, HUB_TABLE_EPOCHS, &epoch));
    TRY(hub_welcome_forget(hub, room, log_seq, arena));
    TRY(take_back_tree(hub, room, arena));
    unwatch(hub, room);
    TRY(hub_room_reshape(hub, room, &shape, arena));
    TRY(drop_before(hub, room));
    room->head.epoch = shape.epoch;
    struct chat_entry_rollback body = { log_seq, shape.epoch, reason };
    struct chat_entry entry = { .kind = CHAT_ENTRY_ROLLBACK, .body.rollback = &body };
    TRY(hub_page_append(hub, room, &entry, now_ms, arena, effects));
    room->head.final_seq = entry.log_seq;
    return hub_mandatory_issue(hub, room, now_ms, arena, effects);
}

/* ---- acks ---- */

static struct hub_room *find_tentative(const struct hub *hub, const struct chat_commit_ack *ack)
{
    for (struct hub_room *room = hub->tentative_first; room != NULL;
         room = room->tentative_next) {
        if (room->shape.tentative != NULL && ack->epoch + 1 == room->shape.epoch &&
            tb_bytes_equal(ack->group_id, room->shape.group_id) &&
            memcmp(ack->commit_hash, room->shape.tentative->commit_hash, CHAT_HASH_LEN) == 0) {
            return room;
        }
    }
    return NULL;
}

/* A member of the epoch before, and not the committer itself. */
static bool is_witness(const struct hub_room *room, const struct hub_call *call)
{
    const struct hub_row_tentative *tentative = room->shape.tentative;
    const struct hub_row_member *member = hub_room_member(room, &call->device);
    return member != NULL && member->from_log_seq < tentative->log_seq &&
           hub_room_role_bits(room, &call->account->id) != 0 &&
           memcmp(tentative->committer, call->device.at, sizeof call->device.at) != 0;
}

static bool has_nacked(const struct hub_row_tentative *tentative, const uint8_t *device)
{
    for (size_t i = 0; i < tentative->nacks.count; i++) {
        if (memcmp(tentative->nacks.at[i].device, device, HUB_DEVICE_ID_LEN) == 0) return true;
    }
    return false;
}

/* Is nobody online left who might still say that it works? */
static bool all_have_nacked(const struct hub_room *room)
{
    const struct hub_row_tentative *tentative = room->shape.tentative;
    for (size_t i = 0; i < room->sub_count; i++) {
        const struct hub_sub *sub = &room->subs[i];
        const struct hub_row_member *member = hub_room_member(room, &sub->session->device);
        if (member == NULL || sub->is_banned || member->from_log_seq >= tentative->log_seq ||
            memcmp(member->device, tentative->committer, HUB_DEVICE_ID_LEN) == 0) {
            continue;
        }
        if (!has_nacked(tentative, member->device)) return false;
    }
    return true;
}

/* One NACK alone does not undo a commit while others may still apply it: a member who wants to keep
 * a ban from being carried out would have to be the only one there. */
static tb_status note_nack(struct hub *hub, struct hub_call *call, struct hub_room *room,
                           uint8_t result)
{
    struct hub_row_shape shape = room->shape;
    struct hub_row_tentative tentative = *shape.tentative;
    size_t count = tentative.nacks.count;
    if (!has_nacked(&tentative, call->device.at)) {
        struct hub_row_nack *at = tb_arena_take(call->arena, count + 1, sizeof *at);
        if (at == NULL) return TB_STATUS(TB_NO_SPACE);
        if (count != 0) memcpy(at, tentative.nacks.at, count * sizeof *at);
        memcpy(at[count].device, call->device.at, sizeof at[count].device);
        at[count].result = result;
        tentative.nacks.at = at;
        tentative.nacks.count = count + 1;
        shape.tentative = &tentative;
        TRY(hub_room_reshape(hub, room, &shape, call->arena));
    }
    if (!all_have_nacked(room)) return TB_STATUS(TB_OK);
    return hub_settle_rollback(hub, room, room->shape.tentative->nacks.at[0].result, call->now_ms,
                               call->arena, call->effects);
}

uint16_t hub_verb_commit_ack(struct hub *hub, struct hub_call *call, const void *request,
                             void *answer)
{
    (void)answer;
    const struct chat_commit_ack *ack = request;
    struct hub_room *room = find_tentative(hub, ack);
    bool is_settled = room == NULL || room->head.state == HUB_ROOM_CLOSED ||
                      room->head.state == HUB_ROOM_FROZEN;
    if (is_settled) return CHAT_CODE_OK;
    if (!is_witness(room, call)) {
        return hub_refuse(call, CHAT_CODE_FORBIDDEN, "you cannot vouch for this commit");
    }
    struct hub_row_device device;
    bool found;
    tb_status status = hub_device_row(hub, &call->device, call->arena, &device, &found);
    if (tb_is_ok(status) && !found) status = TB_STATUS(HUB_ROW);
    if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
    status = chat_ack_verify(room->suite, ack, device.signature_key, call->arena);
    if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_SIGNATURE);
    if (ack->result == CHAT_ACK_APPLIED) {
        status = hub_settle_final(hub, room, call->now_ms, call->arena, call->effects);
    } else {
        status = note_nack(hub, call, room, ack->result);
    }
    if (tb_is_ok(status)) return CHAT_CODE_OK;
    hub->is_broken = true;
    return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}
