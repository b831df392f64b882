/*
 * From the log to connections.  A subscription is live (it gets each page as it is made) or
 * catching up (pages are read from the store, a few at a time).  The octets beyond a device's
 * acknowledged cursor are bounded either way.
 */
#include <assert.h>
#include <string.h>

#include "hub/desk.h"
#include "hub/join.h"

/* ---- the list of sessions that catch up ---- */

static void enqueue(struct hub *hub, struct hub_session *session)
{
    session->is_blocked = false;
    if (session->is_catching_up) return;
    session->is_catching_up = true;
    session->catch_up_next = hub->catch_up_first;
    hub->catch_up_first = session;
}

static void dequeue(struct hub *hub, struct hub_session *session)
{
    if (!session->is_catching_up) return;
    struct hub_session **at = &hub->catch_up_first;
    while (*at != session) at = &(*at)->catch_up_next;
    *at = session->catch_up_next;
    session->catch_up_next = NULL;
    session->is_catching_up = false;
}

/* ---- subscriptions ---- */

static struct hub_seat *seat_of(struct hub_session *session, const struct hub_room *room)
{
    for (size_t i = 0; i < session->seat_count; i++) {
        if (session->seats[i].room == room) return &session->seats[i];
    }
    return NULL;
}

/* Doubles an array of subscriptions or seats. */
static tb_status grow(struct tb_mem *mem, void **at, size_t *cap, size_t count, size_t size)
{
    if (count < *cap) return TB_STATUS(TB_OK);
    size_t new_cap = *cap == 0 ? 4 : *cap * 2;
    void *grown = tb_mem_take(mem, new_cap * size);
    if (grown == NULL) return TB_STATUS(TB_NO_SPACE);
    if (count != 0) memcpy(grown, *at, count * size);
    tb_mem_give(mem, *at, *cap * size);
    *at = grown;
    *cap = new_cap;
    return TB_STATUS(TB_OK);
}

static tb_status sub_add(struct hub *hub, struct hub_room *room, const struct hub_sub *sub)
{
    void *subs = room->subs, *seats = sub->session->seats;
    tb_status status = grow(hub->mem, &subs, &room->sub_cap, room->sub_count, sizeof *sub);
    room->subs = subs;
    TRY(status);
    status = grow(hub->mem, &seats, &sub->session->seat_cap, sub->session->seat_count,
                  sizeof(struct hub_seat));
    sub->session->seats = seats;
    TRY(status);
    sub->session->seats[sub->session->seat_count++] =
        (struct hub_seat){ room, room->sub_count };
    room->subs[room->sub_count++] = *sub;
    hub_room_settle_quiet(hub, room);
    return TB_STATUS(TB_OK);
}

void hub_deliver_leave(struct hub *hub, struct hub_room *room, size_t sub_index)
{
    assert(sub_index < room->sub_count);
    struct hub_session *session = room->subs[sub_index].session;
    struct hub_seat *seat = seat_of(session, room);
    *seat = session->seats[--session->seat_count];
    struct hub_sub *last = &room->subs[--room->sub_count];
    if (last != &room->subs[sub_index]) {
        room->subs[sub_index] = *last;
        seat_of(last->session, room)->sub_index = sub_index;
    }
    hub_room_settle_quiet(hub, room);
}

void hub_deliver_unsubscribe(struct hub *hub, struct hub_session *session)
{
    while (session->seat_count != 0) {
        const struct hub_seat *seat = &session->seats[session->seat_count - 1];
        hub_deliver_leave(hub, seat->room, seat->sub_index);
    }
    dequeue(hub, session);
    session->is_blocked = false;
    session->catch_up_bytes = 0;
}

void hub_deliver_cut(struct hub *hub, struct hub_room *room, const struct hub_user_id *user)
{
    (void)hub;
    for (size_t i = 0; i < room->sub_count; i++) {
        struct hub_sub *sub = &room->subs[i];
        if (memcmp(sub->session->account->id.at, user->at, sizeof user->at) != 0) continue;
        sub->is_banned = true;
        if (room->shape.fixed_membership) sub->state = HUB_SUB_CUT;
    }
}

void hub_deliver_hold(struct hub *hub, struct hub_account *account, bool is_held)
{
    for (struct hub_session *s = account->sessions; s != NULL; s = s->account_next) {
        for (size_t i = 0; i < s->seat_count; i++) {
            const struct hub_room *room = s->seats[i].room;
            struct hub_sub *sub = &room->subs[s->seats[i].sub_index];
            if (room->head.room_kind == CHAT_ROOM_NOTICE || sub->is_banned) continue;
            sub->state = is_held ? HUB_SUB_CUT : HUB_SUB_CATCHING_UP;
            sub->sent_seq = sub->acked_seq;
            sub->acked_total = 0;
        }
        if (!is_held) enqueue(hub, s);
    }
}

void hub_deliver_restart(struct hub *hub, struct hub_room *room)
{
    for (size_t i = 0; i < room->sub_count; i++) {
        struct hub_sub *sub = &room->subs[i];
        sub->state = HUB_SUB_CATCHING_UP;
        sub->sent_seq = sub->acked_seq;
        sub->acked_total = 0;
        sub->session->catch_up_bytes = 0;
        enqueue(hub, sub->session);
    }
}

/* ---- live ---- */

void hub_deliver_page(struct hub *hub, struct hub_room *room, struct hub_blob *blob,
                      uint64_t first_log_seq, uint64_t last_log_seq, struct hub_effects *effects)
{
    (void)last_log_seq;
    if (room->sub_count == 0 || !hub_effects_reserve(hub, effects, room->sub_count)) return;
    uint64_t max = hub->config.limits.unacked_page_bytes_max;
    uint64_t total = room->page_bytes_total;
    struct hub_effect *at = effects->at + effects->count;
    uint32_t count = 0;
    for (size_t i = 0; i < room->sub_count; i++) {
        struct hub_sub *sub = &room->subs[i];
        if (sub->state != HUB_SUB_LIVE || (sub->is_banned && blob->message_count != 0)) continue;
        if (total - sub->acked_total > max && total - sub->acked_total > blob->len) {
            sub->state = HUB_SUB_CATCHING_UP;
            sub->sent_seq = first_log_seq - 1;
            sub->acked_total = total - blob->len - sub->acked_total;
            enqueue(hub, sub->session);
            continue;
        }
        at[count++] = (struct hub_effect){ .kind = HUB_EFFECT_SEND, .conn = sub->conn,
                                           .blob = blob };
    }
    effects->count += count;
    blob->ref_count += count;
    hub->metrics.deliveries += (uint64_t)count * (blob->message_count != 0 ? blob->message_count
                                                                          : 1);
    hub->metrics.bytes_fanned_out += (uint64_t)count * blob->len;
}

void hub_deliver_push(struct hub *hub, struct hub_room *room, uint16_t push,
                      const struct wire_desc *desc, const void *body,
                      struct hub_effects *effects)
{
    if (room->sub_count == 0) return;
    struct hub_blob *blob = hub_push_blob(hub, push, desc, body);
    if (blob == NULL) return;
    for (size_t i = 0; i < room->sub_count; i++) {
        if (room->subs[i].state == HUB_SUB_CUT) continue;
        hub_send(hub, effects, room->subs[i].conn, hub_blob_keep(blob));
    }
    hub_blob_drop(blob);
}

/* ---- catching up ---- */

/* The newest page is behind it: live from here on, or finished. */
static void caught_up(struct hub *hub, struct hub_room *room, size_t sub_index)
{
    struct hub_sub *sub = &room->subs[sub_index];
    if (sub->limit_seq != UINT64_MAX) {
        hub_deliver_leave(hub, room, sub_index);
        return;
    }
    sub->state = HUB_SUB_LIVE;
    sub->acked_total = room->page_bytes_total - sub->acked_total;
}

enum catch_up { CATCH_UP_MORE, CATCH_UP_DONE, CATCH_UP_WAITS };

static tb_status send_next(struct hub *hub, struct hub_room *room, size_t sub_index,
                           struct hub_effects *effects, enum catch_up *result)
{
    struct hub_sub *sub = &room->subs[sub_index];
    uint64_t limit = sub->limit_seq < room->head.log_seq ? sub->limit_seq : room->head.log_seq;
    *result = CATCH_UP_DONE;
    if (sub->limit_seq == UINT64_MAX && !hub_room_is_active(room, &sub->session->account->id)) {
        sub->is_banned = true; /* as after a refused turn nobody knows */
        if (room->shape.fixed_membership) sub->state = HUB_SUB_CUT;
        if (room->shape.fixed_membership) return TB_STATUS(TB_OK);
    }
    /* Reduced pages are not sent and may be gone altogether: subscribe told what is missing. */
    if (sub->sent_seq < room->head.reduced_seq) sub->sent_seq = room->head.reduced_seq;
    if (sub->sent_seq >= limit) {
        caught_up(hub, room, sub_index);
        return TB_STATUS(TB_OK);
    }
    *result = CATCH_UP_WAITS;
    if (sub->acked_total >= hub->config.limits.unacked_page_bytes_max ||
        sub->session->catch_up_bytes >= HUB_CATCH_UP_BYTES_MAX) {
        return TB_STATUS(TB_OK);
    }
    struct hub_blob *blob;
    struct hub_page_tail tail;
    TRY(hub_page_blob(hub, room, sub->sent_seq + 1, &blob, &tail));
    *result = CATCH_UP_MORE;
    sub->sent_seq = tail.last_log_seq;
    if (blob == NULL) return TB_STATUS(TB_OK); /* reduced in this turn */
    if (sub->is_banned && blob->message_count != 0) {
        hub_blob_drop(blob);
        return TB_STATUS(TB_OK);
    }
    sub->acked_total += blob->len;
    sub->session->catch_up_bytes += blob->len;
    hub->metrics.deliveries += blob->message_count != 0 ? blob->message_count : 1;
    hub->metrics.bytes_fanned_out += blob->len;
    hub_send(hub, effects, sub->conn, blob);
    return TB_STATUS(TB_OK);
}

static tb_status catch_up(struct hub *hub, struct hub_session *session,
                          struct hub_effects *effects)
{
    for (size_t i = 0; i < session->seat_count;) {
        struct hub_room_id id = session->seats[i].room->id;
        struct hub_room *room;
        size_t seat_count = session->seat_count;
        TRY(hub_room_get(hub, &id, &room)); /* read again after a refused turn, */
        if (room == NULL) continue;         /* which may have been its creation: no seat is left */
        enum catch_up result = CATCH_UP_DONE;
        if (room->subs[session->seats[i].sub_index].state == HUB_SUB_CATCHING_UP) {
            TRY(send_next(hub, room, session->seats[i].sub_index, effects, &result));
        }
        if (result == CATCH_UP_MORE) continue;
        if (result == CATCH_UP_WAITS) session->is_blocked = true;
        if (session->seat_count == seat_count) i++;
    }
    return TB_STATUS(TB_OK);
}

void hub_deliver_catch_up(struct hub *hub, struct hub_effects *effects)
{
    while (hub->catch_up_first != NULL) {
        struct hub_session *session = hub->catch_up_first;
        dequeue(hub, session);
        if (!tb_is_ok(catch_up(hub, session, effects))) {
            hub->is_broken = true;
            return;
        }
    }
}

static void unblock(struct hub *hub, struct hub_session *session)
{
    session->catch_up_bytes = 0;
    if (session->is_blocked) enqueue(hub, session);
}

void hub_deliver_drained(struct hub *hub, hub_conn conn)
{
    struct hub_session *session = hub_map_get(&hub->sessions, &conn);
    if (session != NULL) unblock(hub, session);
}

/* A live one has had everything; another goes on up to the commit. */
void hub_deliver_drop_removed(struct hub *hub, struct hub_room *room, uint64_t log_seq)
{
    for (size_t i = room->sub_count; i-- != 0;) {
        struct hub_sub *sub = &room->subs[i];
        if (hub_room_member(room, &sub->session->device) != NULL) continue;
        if (sub->limit_seq != UINT64_MAX) continue;
        if (sub->state == HUB_SUB_CATCHING_UP) sub->limit_seq = log_seq;
        else hub_deliver_leave(hub, room, i);
    }
}

/* ---- what a device sees of a room ---- */

static tb_status device_cursor(struct hub *hub, const struct hub_room_id *id,
                               const struct hub_device_id *device, uint64_t otherwise,
                               struct tb_arena *arena, uint64_t *out)
{
    struct hub_room *room = hub_map_get(&hub->rooms, id);
    *out = otherwise;
    if (room != NULL && room->generation == hub->generation) {
        size_t i = hub_room_member_index(room, device);
        if (i != SIZE_MAX) *out = room->cursors[i];
        return TB_STATUS(TB_OK);
    }
    struct hub_key key = hub_key_of(TB_ARRAY(id->at));
    hub_key_add(&key, device->at, sizeof device->at);
    tb_bytes value;
    tb_status status = hub_row_get_octets(hub->store, HUB_TABLE_CURSORS, &key, arena, &value);
    if (status.code == TB_NOT_FOUND) return TB_STATUS(TB_OK);
    if (tb_is_ok(status) && value.len == 8) *out = tb_get_u64(value.data);
    return status;
}

tb_status hub_room_state(struct hub *hub, const struct hub_device_id *device,
                         const struct hub_row_membership *membership,
                         const struct hub_room_id *id, struct tb_arena *arena,
                         struct chat_room_state *out, bool *is_shown, bool is_restricted)
{
    struct hub_room *room = hub_map_get(&hub->rooms, id);
    struct hub_key key = hub_key_tagged('H', id->at, sizeof id->at);
    struct hub_row_head head;
    if (room != NULL && room->generation == hub->generation) {
        head = room->head; /* the row lags behind inside a turn */
    } else {
        TRY(hub_row_get(hub->store, HUB_TABLE_ROOMS, &key, &hub_row_head_desc, arena, &head));
    }
    bool is_out = membership->to_log_seq != 0;
    *is_shown = !is_restricted || head.room_kind == CHAT_ROOM_NOTICE || is_out;
    if (!*is_shown) return TB_STATUS(TB_OK);
    TRY(hub_uri_room(hub->domain, id, arena, &out->room_uri));
    out->log_seq = is_out ? membership->to_log_seq : head.log_seq;
    out->final_seq = head.final_seq < out->log_seq ? head.final_seq : out->log_seq;
    out->epoch = head.epoch;
    out->state = is_out ? HUB_STATE_OUT : head.state;
    return device_cursor(hub, id, device, membership->from_log_seq, arena, &out->cursor);
}

/* ---- subscribe ---- */

static struct hub_key device_room_key(const struct hub_device_id *device,
                                      const struct hub_room_id *room)
{
    struct hub_key key = hub_key_tagged('D', device->at, sizeof device->at);
    hub_key_add(&key, room->at, sizeof room->at);
    return key;
}

static void push_state(struct hub *hub, struct hub_call *call, const struct chat_room_state *state)
{
    hub_send(hub, call->effects, call->session->conn,
             hub_push_blob(hub, CHAT_PUSH_ROOM_STATE, &chat_room_state_desc, state));
}

/* The room's state, which may have changed since the login was answered.  When history is missing
 * its `cursor` lies above the device's own. */
static tb_status tell_state(struct hub *hub, struct hub_call *call, const struct hub_room *room,
                            const struct hub_row_membership *row, const struct hub_sub *sub,
                            uint64_t cursor)
{
    struct chat_room_state state;
    bool is_shown;
    TRY(hub_room_state(hub, &call->device, row, &room->id, call->arena, &state, &is_shown,
                       false));
    bool is_missing = cursor < room->head.reduced_seq && row->from_log_seq <= cursor;
    state.cursor = is_missing ? room->head.reduced_seq : cursor;
    if (sub->state == HUB_SUB_CUT) state.log_seq = cursor; /* nothing that it has to wait for */
    push_state(hub, call, &state);
    return TB_STATUS(TB_OK);
}

static bool is_suspended(const struct hub_call *call, const struct hub_room *room)
{
    return (call->account->flags & HUB_ACCOUNT_IS_SUSPENDED) != 0 &&
           hub_account_is_restricted(call->account, call->now_ms) &&
           room->head.room_kind != CHAT_ROOM_NOTICE;
}

static bool is_banned(const struct hub_call *call, const struct hub_room *room,
                      const struct hub_row_membership *row)
{
    if (row->to_log_seq != 0) return row->is_banned;
    if (!hub_room_is_active(room, &call->account->id)) return true;
    if (is_suspended(call, room)) return false; /* it will read on behind its time */
    return hub_account_is_restricted(call->account, call->now_ms) &&
           room->head.room_kind != CHAT_ROOM_NOTICE;
}

static tb_status subscribe_room(struct hub *hub, struct hub_call *call,
                                const struct chat_cursor *asked)
{
    struct hub_room *room;
    struct hub_row_membership row;
    bool found = false;
    TRY(hub_room_by_uri(hub, asked->room_uri, &room));
    if (room != NULL) {
        struct hub_key key = device_room_key(&call->device, &room->id);
        TRY(hub_get(hub, HUB_TABLE_MEMBERSHIPS, &key, &hub_row_membership_desc, call->arena, &row,
                    &found));
    }
    if (!found) {
        struct chat_room_state out = { .room_uri = asked->room_uri, .cursor = asked->log_seq,
                                       .state = HUB_STATE_OUT };
        push_state(hub, call, &out);
        return TB_STATUS(TB_OK);
    }
    struct hub_seat *seat = seat_of(call->session, room);
    bool is_again = seat != NULL;
    if (is_again) hub_deliver_leave(hub, room, seat->sub_index);
    uint64_t cursor = asked->log_seq > row.from_log_seq ? asked->log_seq : row.from_log_seq;
    if (cursor > room->head.log_seq) cursor = room->head.log_seq; /* a restored hub: heads-put */
    struct hub_sub sub = {
        .conn = call->session->conn, .session = call->session,
        .sent_seq = cursor, .acked_seq = cursor,
        .limit_seq = row.to_log_seq != 0 ? row.to_log_seq : UINT64_MAX,
        .state = HUB_SUB_CATCHING_UP, .is_banned = is_banned(call, room, &row),
    };
    if (sub.is_banned && room->shape.fixed_membership) sub.state = HUB_SUB_CUT;
    if (is_suspended(call, room)) sub.state = HUB_SUB_CUT;
    TRY(sub_add(hub, room, &sub));
    TRY(tell_state(hub, call, room, &row, &sub, cursor));
    /* It may have become final while nobody told this device; the newest entry does not say. */
    struct chat_cursor final = { hub_room_uri(room), room->head.final_seq };
    hub_send(hub, call->effects, call->session->conn,
             hub_push_blob(hub, CHAT_PUSH_FINAL, &chat_cursor_desc, &final));
    enqueue(hub, call->session);
    if (is_again) return TB_STATUS(TB_OK); /* once, however often a list names the room */
    if (!sub.is_banned) TRY(hub_opening_asks_push(hub, room, call));
    return hub_join_push_all(hub, room, call->session, call->arena, call->effects);
}

uint16_t hub_verb_subscribe(struct hub *hub, struct hub_call *call, const void *request,
                            void *answer)
{
    (void)answer;
    const struct chat_cursors *asked = request;
    if (call->is_post) return hub_refuse(call, CHAT_CODE_UNSUPPORTED, "subscribe on a socket");
    if (asked->cursors.count > hub->config.limits.room_count_max * 2) return CHAT_CODE_TOO_LARGE;
    hub_answer(hub, call, CHAT_CODE_OK, &chat_nothing_desc, &(struct chat_nothing){ NULL });
    for (size_t i = 0; i < asked->cursors.count; i++) {
        tb_status status = subscribe_room(hub, call, &asked->cursors.at[i]);
        if (!tb_is_ok(status)) {
            hub->is_broken = true;
            break;
        }
    }
    return CHAT_CODE_OK;
}

/* ---- cursor-ack ---- */

/* The newest known page at or before log_seq tells how many octets were behind it. */
static void raise_total(const struct hub_room *room, struct hub_sub *sub, uint64_t log_seq)
{
    size_t known = room->ring_count < HUB_PAGE_RING_COUNT ? room->ring_count
                                                          : HUB_PAGE_RING_COUNT;
    for (size_t i = 1; i <= known; i++) {
        const struct hub_page_mark *mark =
            &room->ring[(room->ring_count - i) % HUB_PAGE_RING_COUNT];
        if (mark->last_log_seq > log_seq) continue;
        if (mark->total - sub->acked_total <= room->page_bytes_total - sub->acked_total) {
            sub->acked_total = mark->total;
        }
        return;
    }
}

static tb_status forget_removed(struct hub *hub, struct hub_call *call,
                                const struct hub_room_id *id, uint64_t log_seq)
{
    struct hub_key key = device_room_key(&call->device, id);
    struct hub_row_membership row;
    bool found;
    TRY(hub_get(hub, HUB_TABLE_MEMBERSHIPS, &key, &hub_row_membership_desc, call->arena, &row,
                &found));
    if (!found || row.to_log_seq == 0 || log_seq < row.to_log_seq) return TB_STATUS(TB_OK);
    return hub_del(hub, HUB_TABLE_MEMBERSHIPS, &key);
}

static tb_status ack_room(struct hub *hub, struct hub_call *call, const struct chat_cursor *asked)
{
    struct hub_room *room;
    TRY(hub_room_by_uri(hub, asked->room_uri, &room));
    if (room == NULL) return TB_STATUS(TB_OK);
    uint64_t log_seq = asked->log_seq < room->head.log_seq ? asked->log_seq : room->head.log_seq;
    size_t i = hub_room_member_index(room, &call->device);
    if (i == SIZE_MAX) return forget_removed(hub, call, &room->id, log_seq);
    if (log_seq > room->cursors[i]) {
        room->cursors[i] = log_seq;
        room->cursor_is_dirty[i] = true;
    }
    struct hub_seat *seat = seat_of(call->session, room);
    if (seat == NULL) return TB_STATUS(TB_OK);
    struct hub_sub *sub = &room->subs[seat->sub_index];
    if (log_seq > sub->acked_seq) sub->acked_seq = log_seq;
    if (sub->state == HUB_SUB_LIVE) raise_total(room, sub, log_seq);
    if (sub->state == HUB_SUB_CATCHING_UP && log_seq >= sub->sent_seq) sub->acked_total = 0;
    return TB_STATUS(TB_OK);
}

uint16_t hub_verb_cursor_ack(struct hub *hub, struct hub_call *call, const void *request,
                             void *answer)
{
    (void)answer;
    const struct chat_cursors *asked = request;
    if (asked->cursors.count > hub->config.limits.room_count_max * 2) return CHAT_CODE_TOO_LARGE;
    for (size_t i = 0; i < asked->cursors.count; i++) {
        tb_status status = ack_room(hub, call, &asked->cursors.at[i]);
        if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
    }
    unblock(hub, call->session);
    return CHAT_CODE_OK;
}
