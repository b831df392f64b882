/*
 * Once every ten seconds: idle connections, cursors to write, the hub key's rotation, and a few
 * rooms of the long walk that forgets what is past its time.
 *
 * A page whose devices have all acknowledged it (or that is 90 days old) loses its messages: what
 * stays are the stubs that a report may need, until the report window ends.
 */
#include <string.h>

#include "hub/ban.h"
#include "hub/blob.h"
#include "hub/box.h"
#include "hub/claim.h"
#include "hub/desk.h"
#include "hub/join.h"
#include "hub/mandatory.h"
#include "hub/outside.h"
#include "hub/rotate.h"

enum {
    ROOMS_A_ROUND = 8,
    PAGES_A_ROUND = 64,
    MEMBERSHIPS_A_ROUND = 256,
    EPOCHS_A_ROUND = 64
};

static bool is_over(uint64_t then_ms, uint64_t life_ms, uint64_t now_ms)
{
    return now_ms > life_ms && then_ms < now_ms - life_ms;
}

/* ---- pages ---- */

static uint64_t slowest_cursor(const struct hub_room *room)
{
    uint64_t slowest = room->head.log_seq;
    for (size_t i = 0; i < room->shape.members.count; i++) {
        if (room->cursors[i] < slowest) slowest = room->cursors[i];
    }
    return slowest;
}

static tb_status write_stubs(struct hub *hub, const struct hub_room *room,
                             const struct hub_page *page, struct tb_arena *arena)
{
    struct hub_stub_page stubs;
    struct hub_page_tail tail = page->tail;
    struct hub_key key = hub_page_key(room, tail.last_log_seq);
    if (tail.message_count == 0) return hub_del(hub, HUB_TABLE_PAGES, &key);
    TRY(hub_page_as_stubs(page, room->suite, arena, &stubs));
    tail.form = HUB_PAGE_STUBS;
    struct tb_buf buf;
    tb_buf_init(&buf, hub->mem, HUB_STEP_ARENA_BYTES_MAX);
    tb_status status;
    CHECK(wire_encode_buf(&hub_stub_page_desc, &stubs, &buf));
    CHECK(wire_encode_buf(&hub_page_tail_desc, &tail, &buf));
    CHECK(hub_put_octets(hub, HUB_TABLE_PAGES, &key, tb_buf_view(&buf)));
out:
    tb_buf_wipe(&buf);
    return status;
}

/* Whoever finds a tag compares it in its page, and the newest tags stand there alone. */
static bool is_reducible(const struct hub *hub, const struct hub_room *room,
                         const struct hub_page_tail *tail, uint64_t slowest, uint64_t now_ms)
{
    const struct hub_limits *limits = &hub->config.limits;
    if (tail->last_log_seq > room->head.final_seq && room->shape.tentative != NULL) return false;
    if (!is_over(tail->last_ms, limits->tag_window_ms, now_ms)) return false;
    return tail->last_log_seq <= slowest ||
           is_over(tail->last_ms, limits->handshake_retention_ms, now_ms);
}

static tb_status reduce_pages(struct hub *hub, struct hub_room *room, uint64_t now_ms,
                              struct tb_arena *arena)
{
    uint64_t slowest = slowest_cursor(room);
    for (size_t i = 0; i < PAGES_A_ROUND; i++) {
        struct hub_page page;
        tb_status status = hub_page_read(hub, room, room->head.reduced_seq + 1, arena, &page);
        if (status.code == TB_NOT_FOUND) return TB_STATUS(TB_OK);
        TRY(status);
        if (page.tail.form != HUB_PAGE_WHOLE) return TB_STATUS(HUB_ROW);
        if (!is_reducible(hub, room, &page.tail, slowest, now_ms)) return TB_STATUS(TB_OK);
        TRY(write_stubs(hub, room, &page, arena));
        bool is_handshake = page.tail.message_count == 0;
        if (is_handshake && page.tail.last_log_seq > slowest) {
            room->head.lost_seq = page.tail.last_log_seq;
        }
        room->head.reduced_seq = page.tail.last_log_seq;
        hub_room_touch_head(hub, room);
    }
    return TB_STATUS(TB_OK);
}

/* ---- devices that fell behind ---- */

static bool is_behind(const struct hub_room *room, size_t member)
{
    return room->cursors[member] < room->head.lost_seq;
}

/* Somebody who is not behind has to be there: nobody else can carry it out or let them in again. */
static tb_status has_committer(struct hub *hub, const struct hub_room *room, bool *out)
{
    *out = false;
    for (size_t i = 0; i < room->shape.members.count && !*out; i++) {
        if (is_behind(room, i)) continue;
        TRY(hub_mandatory_can_commit(hub, room, &room->shape.members.at[i], out));
    }
    return TB_STATUS(TB_OK);
}

/*
 * A handshake went before these devices had it, so no further commit can be applied by them: their
 * leaves go (amendments 6).  Their users stay on the list, be it without any device.
 */
static tb_status remove_absent(struct hub *hub, struct hub_room *room, uint64_t now_ms,
                               struct tb_arena *arena, struct hub_effects *effects)
{
    bool can;
    if (room->head.lost_seq == 0 || room->head.state != HUB_ROOM_OPEN) return TB_STATUS(TB_OK);
    TRY(has_committer(hub, room, &can));
    for (size_t i = 0; can && i < room->shape.members.count; i++) {
        if (!is_behind(room, i)) continue;
        /* The shape's arena moves when an item is added. */
        struct hub_device_id device;
        memcpy(device.at, room->shape.members.at[i].device, sizeof device.at);
        TRY(hub_mandatory_absent(hub, room, device.at, arena));
    }
    return hub_mandatory_issue(hub, room, now_ms, arena, effects);
}

static tb_status drop_stubs(struct hub *hub, struct hub_room *room, uint64_t now_ms,
                            struct tb_arena *arena)
{
    uint64_t window_ms = hub->config.limits.report_window_s * 1000;
    for (size_t i = 0; i < PAGES_A_ROUND; i++) {
        struct hub_page page;
        tb_status status = hub_page_read(hub, room, room->head.gone_seq + 1, arena, &page);
        if (status.code == TB_NOT_FOUND) return TB_STATUS(TB_OK);
        TRY(status);
        if (page.tail.form != HUB_PAGE_STUBS || !is_over(page.tail.last_ms, window_ms, now_ms)) {
            return TB_STATUS(TB_OK);
        }
        struct hub_key key = hub_page_key(room, page.tail.last_log_seq);
        TRY(hub_del(hub, HUB_TABLE_PAGES, &key));
        room->head.gone_seq = page.tail.last_log_seq;
        hub_room_touch_head(hub, room);
    }
    return TB_STATUS(TB_OK);
}

/* An epoch goes when the one after it began before the report window. */
static tb_status drop_epochs(struct hub *hub, struct hub_room *room, uint64_t now_ms,
                             struct tb_arena *arena)
{
    struct hub_key prefix = hub_key_of(TB_ARRAY(room->id.at));
    struct hub_pairs rows;
    TRY(hub_row_list(hub->store, HUB_TABLE_EPOCHS, &prefix, NULL, EPOCHS_A_ROUND, arena, &rows));
    for (size_t i = 0; i + 1 < rows.count; i++) {
        struct hub_row_epoch next;
        if (!tb_is_ok(wire_decode(&hub_row_epoch_desc, rows.at[i + 1].value, arena, &next, NULL))) {
            return TB_STATUS(HUB_ROW);
        }
        if (!is_over(next.from_ms, hub->config.limits.report_window_s * 1000, now_ms)) break;
        struct hub_key key = hub_key_of(rows.at[i].key);
        TRY(hub_del(hub, HUB_TABLE_EPOCHS, &key));
    }
    return TB_STATUS(TB_OK);
}

static tb_status look_at_room(struct hub *hub, tb_bytes key, uint64_t now_ms,
                              struct tb_arena *arena, struct hub_effects *effects)
{
    struct hub_room_id id;
    struct hub_room *room;
    if (key.len != 1 + sizeof id.at) return TB_STATUS(HUB_ROW);
    memcpy(id.at, key.data + 1, sizeof id.at);
    TRY(hub_room_get(hub, &id, &room));
    if (room == NULL) return TB_STATUS(TB_OK);
    if (room->head.state == HUB_ROOM_FROZEN) {
        TRY(hub_rotate_room(hub, room, now_ms, arena, effects));
        return hub_restore_due(hub, room, now_ms, arena, effects);
    }
    TRY(hub_desk_room_due(hub, room, now_ms, arena, effects));
    TRY(hub_rotate_room(hub, room, now_ms, arena, effects));
    TRY(reduce_pages(hub, room, now_ms, arena));
    TRY(drop_stubs(hub, room, now_ms, arena));
    TRY(hub_tags_forget(hub, room, now_ms, arena));
    TRY(remove_absent(hub, room, now_ms, arena, effects));
    return drop_epochs(hub, room, now_ms, arena);
}

static tb_status walk_rooms(struct hub *hub, uint64_t now_ms, struct hub_effects *effects)
{
    struct tb_arena arena;
    tb_arena_init(&arena, hub->mem, HUB_STEP_ARENA_BYTES_MAX);
    struct hub_key prefix = hub_key_tagged('H', "", 0);
    struct hub_pairs rows;
    tb_status status;
    CHECK(hub_row_list(hub->store, HUB_TABLE_ROOMS, &prefix,
                       hub->retention_at.len != 0 ? &hub->retention_at : NULL, ROOMS_A_ROUND,
                       &arena, &rows));
    hub->retention_at.len = 0; /* from the start again, unless there is more */
    for (size_t i = 0; i < rows.count; i++) {
        CHECK(look_at_room(hub, rows.at[i].key, now_ms, &arena, effects));
        if (rows.count == ROOMS_A_ROUND) hub->retention_at = hub_key_of(rows.at[i].key);
    }
    if (hub->retention_at.len == 0) CHECK(hub_rotate_walked(hub, now_ms, effects));
out:
    tb_arena_wipe(&arena);
    return status;
}

/* ---- memberships that ended ---- */

/* While somebody is banned from the hub, its end must find the rooms that they were in. */
static tb_status is_banned(struct hub *hub, const struct hub_key *key, struct tb_arena *arena,
                           bool *out)
{
    struct hub_user_id user;
    memcpy(user.at, key->octets + 1, sizeof user.at);
    return hub_ban_is_on_hub(hub, &user, arena, out);
}

static tb_status walk_memberships(struct hub *hub, uint64_t now_ms)
{
    struct tb_arena arena;
    tb_arena_init(&arena, hub->mem, HUB_STEP_ARENA_BYTES_MAX);
    const struct hub_limits *limits = &hub->config.limits;
    struct hub_key all = { .len = 0 };
    struct hub_pairs rows;
    tb_status status;
    CHECK(hub_row_list(hub->store, HUB_TABLE_MEMBERSHIPS, &all,
                       hub->membership_at.len != 0 ? &hub->membership_at : NULL,
                       MEMBERSHIPS_A_ROUND, &arena, &rows));
    hub->membership_at.len = 0;
    for (size_t i = 0; i < rows.count; i++) {
        struct hub_row_membership row;
        struct hub_key key = hub_key_of(rows.at[i].key);
        if (rows.count == MEMBERSHIPS_A_ROUND) hub->membership_at = key;
        if (!tb_is_ok(wire_decode(&hub_row_membership_desc, rows.at[i].value, &arena, &row,
                                  NULL))) {
            CHECK(TB_STATUS(HUB_ROW));
        }
        uint64_t life_ms = key.octets[0] == 'U' ? limits->report_window_s * 1000
                                                : limits->handshake_retention_ms;
        bool is_held = false;
        if (row.to_log_seq == 0 || !is_over(row.to_ms, life_ms, now_ms)) continue;
        if (key.octets[0] == 'U') CHECK(is_banned(hub, &key, &arena, &is_held));
        if (!is_held) {
            CHECK(hub_del(hub, HUB_TABLE_MEMBERSHIPS, &key));
        }
    }
out:
    tb_arena_wipe(&arena);
    return status;
}

/* ---- all of it ---- */

static tb_status save_cursors(struct hub *hub)
{
    size_t at = 0;
    for (struct hub_room *room; (room = hub_map_next(&hub->rooms, &at)) != NULL;) {
        if (room->generation == hub->generation) TRY(hub_room_cursors_save(hub, room));
    }
    return TB_STATUS(TB_OK);
}

static tb_status walk_rest(struct hub *hub, uint64_t now_ms)
{
    struct tb_arena arena;
    tb_arena_init(&arena, hub->mem, HUB_STEP_ARENA_BYTES_MAX);
    tb_status status = hub_claim_sweep(hub, now_ms, &arena);
    if (tb_is_ok(status)) status = hub_invite_sweep(hub, now_ms, &arena);
    if (tb_is_ok(status)) status = hub_blob_sweep(hub, now_ms, &arena);
    if (tb_is_ok(status)) status = hub_box_sweep(hub, now_ms, &arena);
    tb_arena_wipe(&arena);
    return status;
}

static tb_status maintain(struct hub *hub, uint64_t now_ms, struct hub_effects *effects)
{
    TRY(save_cursors(hub));
    TRY(hub_rotate_due(hub, now_ms, effects));
    TRY(walk_rooms(hub, now_ms, effects));
    TRY(walk_memberships(hub, now_ms));
    return walk_rest(hub, now_ms);
}

void hub_maintain(struct hub *hub, uint64_t now_ms, struct hub_effects *effects)
{
    hub_session_idle(hub, now_ms, effects);
    hub_account_sweep(hub, now_ms);
    if (!tb_is_ok(hub_notice_forget(hub, now_ms))) hub->is_broken = true;
    if (!tb_is_ok(maintain(hub, now_ms, effects))) hub->is_broken = true;
}
