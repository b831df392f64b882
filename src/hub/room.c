/* Rooms in memory: what a message needs is small; the public tree is a cache of its own. */
#include <assert.h>
#include <string.h>

#include "hub/sanction.h"

enum { CURSOR_LOAD_COUNT_MAX = 65536 };

struct hub_key hub_room_key(char tag, const struct hub_room *room)
{
    return hub_key_tagged(tag, room->id.at, sizeof room->id.at);
}

/* ---- finding people in it ---- */

const struct hub_row_participant *hub_shape_participant(const struct hub_row_shape *shape,
                                                        const uint32_t *by_user,
                                                        const uint8_t *user)
{
    size_t low = 0, high = shape->participants.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct hub_row_participant *p = &shape->participants.at[by_user[middle]];
        int order = memcmp(p->user, user, sizeof p->user);
        if (order == 0) return p;
        if (order < 0) low = middle + 1;
        else high = middle;
    }
    return NULL;
}

const struct hub_row_participant *hub_room_participant(const struct hub_room *room,
                                                       const struct hub_user_id *user)
{
    return hub_shape_participant(&room->shape, room->by_user, user->at);
}

static size_t member_bound(const struct hub_row_shape *shape, const uint8_t *device)
{
    size_t low = 0, high = shape->members.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (memcmp(shape->members.at[middle].device, device, HUB_DEVICE_ID_LEN) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

size_t hub_shape_member_index(const struct hub_row_shape *shape, const uint8_t *device)
{
    size_t i = member_bound(shape, device);
    bool is_there = i < shape->members.count &&
                    memcmp(shape->members.at[i].device, device, HUB_DEVICE_ID_LEN) == 0;
    return is_there ? i : SIZE_MAX;
}

size_t hub_room_member_index(const struct hub_room *room, const struct hub_device_id *device)
{
    return hub_shape_member_index(&room->shape, device->at);
}

const struct hub_row_member *hub_room_member(const struct hub_room *room,
                                             const struct hub_device_id *device)
{
    size_t i = hub_shape_member_index(&room->shape, device->at);
    return i == SIZE_MAX ? NULL : &room->shape.members.at[i];
}

uint8_t hub_room_role_bits(const struct hub_room *room, const struct hub_user_id *user)
{
    const struct hub_row_participant *p = hub_room_participant(room, user);
    if (p == NULL || (p->flags & HUB_PARTICIPANT_IS_BANNED) != 0) return 0;
    for (size_t i = 0; i < room->shape.roles.count; i++) {
        const struct hub_row_role *role = &room->shape.roles.at[i];
        if (role->role_index == p->role_index) return role->bits;
    }
    return 0;
}

bool hub_room_is_active(const struct hub_room *room, const struct hub_user_id *user)
{
    if (hub_room_role_bits(room, user) == 0) return false;
    uint8_t first[HUB_DEVICE_ID_LEN] = { 0 };
    memcpy(first, user->at, sizeof user->at);
    size_t i = member_bound(&room->shape, first);
    return i < room->shape.members.count &&
           memcmp(room->shape.members.at[i].device, user->at, sizeof user->at) == 0;
}

/* ---- the list of rooms that nobody is subscribed to ---- */

static void quiet_remove(struct hub *hub, struct hub_room *room)
{
    if (!room->is_quiet) return;
    if (room->quiet_older != NULL) room->quiet_older->quiet_newer = room->quiet_newer;
    else hub->quiet_oldest = room->quiet_newer;
    if (room->quiet_newer != NULL) room->quiet_newer->quiet_older = room->quiet_older;
    else hub->quiet_newest = room->quiet_older;
    room->quiet_older = room->quiet_newer = NULL;
    room->is_quiet = false;
    hub->quiet_count--;
}

void hub_room_settle_quiet(struct hub *hub, struct hub_room *room)
{
    quiet_remove(hub, room);
    if (room->sub_count != 0) return;
    room->quiet_older = hub->quiet_newest;
    if (room->quiet_older != NULL) room->quiet_older->quiet_newer = room;
    else hub->quiet_oldest = room;
    hub->quiet_newest = room;
    room->is_quiet = true;
    hub->quiet_count++;
}

void hub_room_sweep(struct hub *hub)
{
    struct hub_room *room = hub->quiet_oldest;
    while (room != NULL && hub->quiet_count > HUB_QUIET_ROOM_COUNT_MAX) {
        struct hub_room *next = room->quiet_newer;
        if (!room->is_in_dirty_list && !room->is_in_tentative_list) hub_room_drop(hub, room);
        room = next;
    }
}

void hub_room_drop(struct hub *hub, struct hub_room *room)
{
    quiet_remove(hub, room);
    hub_map_remove(&hub->rooms, &room->id);
    hub_run_drop(hub, room);
    hub_room_group_drop(hub, room);
    hub_tags_wipe(&room->tags, hub->mem);
    tb_mem_give(hub->mem, room->subs, room->sub_cap * sizeof *room->subs);
    tb_arena_wipe(&room->arena);
    tb_mem_give(hub->mem, room, sizeof *room);
}

/* ---- the shape ---- */

tb_status hub_shape_index(const struct hub_row_shape *shape, struct tb_arena *arena,
                          uint32_t **out)
{
    size_t count = shape->participants.count;
    uint32_t *by_user = tb_arena_take(arena, count, sizeof *by_user);
    if (by_user == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < count; i++) {
        const uint8_t *user = shape->participants.at[i].user;
        size_t low = 0, high = i;
        while (low < high) {
            size_t middle = low + (high - low) / 2;
            const uint8_t *other = shape->participants.at[by_user[middle]].user;
            if (memcmp(other, user, HUB_USER_ID_LEN) < 0) low = middle + 1;
            else high = middle;
        }
        memmove(by_user + low + 1, by_user + low, (i - low) * sizeof *by_user);
        by_user[low] = (uint32_t)i;
    }
    *out = by_user;
    return TB_STATUS(TB_OK);
}

/* A freshly decoded shape and what goes beside it. */
struct built {
    struct tb_arena arena;
    struct hub_row_shape shape;
    uint32_t *by_user;
    uint64_t *cursors;
    bool *cursor_is_dirty;
};

static tb_status build(struct hub *hub, tb_bytes encoded, struct built *out)
{
    struct built b;
    tb_arena_init(&b.arena, hub->mem, HUB_ROOM_ARENA_BYTES_MAX);
    tb_bytes own;
    tb_status status;
    CHECK(tb_arena_dup(&b.arena, encoded, &own));
    CHECK(wire_decode(&hub_row_shape_desc, own, &b.arena, &b.shape, NULL));
    CHECK(hub_shape_index(&b.shape, &b.arena, &b.by_user));
    b.cursors = tb_arena_take(&b.arena, b.shape.members.count, sizeof *b.cursors);
    b.cursor_is_dirty = tb_arena_take(&b.arena, b.shape.members.count, sizeof(bool));
    if (b.cursors == NULL || b.cursor_is_dirty == NULL) CHECK(TB_STATUS(TB_NO_SPACE));
    *out = b;
    return TB_STATUS(TB_OK);
out:
    tb_arena_wipe(&b.arena);
    return status;
}

static void install(struct hub_room *room, const struct built *b)
{
    tb_arena_wipe(&room->arena);
    room->arena = b->arena;
    room->shape = b->shape;
    room->by_user = b->by_user;
    room->cursors = b->cursors;
    room->cursor_is_dirty = b->cursor_is_dirty;
}

tb_status hub_room_reshape(struct hub *hub, struct hub_room *room,
                           const struct hub_row_shape *shape, struct tb_arena *arena)
{
    tb_bytes encoded;
    TRY(wire_encode(&hub_row_shape_desc, shape, arena, &encoded));
    struct built b;
    TRY(build(hub, encoded, &b));
    for (size_t i = 0; i < b.shape.members.count; i++) {
        size_t old = hub_shape_member_index(&room->shape, b.shape.members.at[i].device);
        uint64_t from = b.shape.members.at[i].from_log_seq;
        /* Added again, it begins again. */
        bool is_same = old != SIZE_MAX && room->shape.members.at[old].from_log_seq == from;
        b.cursors[i] = is_same ? room->cursors[old] : from;
        b.cursor_is_dirty[i] = !is_same || room->cursor_is_dirty[old];
    }
    struct hub_key key = hub_room_key('S', room);
    tb_status status = hub_put_octets(hub, HUB_TABLE_ROOMS, &key, encoded);
    if (!tb_is_ok(status)) {
        tb_arena_wipe(&b.arena);
        return status;
    }
    install(room, &b);
    if (room->run != NULL) room->run->link.group_id = room->shape.group_id;
    return TB_STATUS(TB_OK);
}

/* ---- cursors ---- */

static struct hub_key cursor_key(const struct hub_room *room, const uint8_t *device)
{
    struct hub_key key = hub_key_of(TB_ARRAY(room->id.at));
    hub_key_add(&key, device, HUB_DEVICE_ID_LEN);
    return key;
}

struct cursor_ctx {
    const struct hub_row_shape *shape;
    uint64_t *cursors;
};

static bool cursor_row(void *ctx, tb_bytes key, tb_bytes value)
{
    const struct cursor_ctx *c = ctx;
    if (key.len != HUB_ROOM_ID_LEN + HUB_DEVICE_ID_LEN || value.len != 8) return true;
    size_t i = hub_shape_member_index(c->shape, key.data + HUB_ROOM_ID_LEN);
    if (i != SIZE_MAX) c->cursors[i] = tb_get_u64(value.data);
    return true;
}

static tb_status load_cursors(struct hub *hub, struct hub_room *room)
{
    struct cursor_ctx ctx = { &room->shape, room->cursors };
    for (size_t i = 0; i < room->shape.members.count; i++) {
        room->cursors[i] = room->shape.members.at[i].from_log_seq;
    }
    struct hub_key prefix = hub_key_of(TB_ARRAY(room->id.at));
    return hub_row_scan(hub->store, HUB_TABLE_CURSORS, &prefix, NULL, CURSOR_LOAD_COUNT_MAX,
                        cursor_row, &ctx);
}

tb_status hub_room_cursors_save(struct hub *hub, struct hub_room *room)
{
    for (size_t i = 0; i < room->shape.members.count; i++) {
        if (!room->cursor_is_dirty[i]) continue;
        uint8_t value[8];
        tb_put_u64(value, room->cursors[i]);
        struct hub_key key = cursor_key(room, room->shape.members.at[i].device);
        TRY(hub_put_octets(hub, HUB_TABLE_CURSORS, &key, TB_ARRAY(value)));
        room->cursor_is_dirty[i] = false;
    }
    return TB_STATUS(TB_OK);
}

/* ---- loading ---- */

static tb_status read_room(struct hub *hub, struct hub_room *room, bool *found)
{
    struct tb_arena arena;
    tb_arena_init(&arena, hub->mem, HUB_ROOM_ARENA_BYTES_MAX);
    struct hub_key head_key = hub_room_key('H', room), shape_key = hub_room_key('S', room);
    tb_bytes encoded;
    struct built b;
    struct hub_row_head head;
    tb_status status;
    CHECK(hub_get(hub, HUB_TABLE_ROOMS, &head_key, &hub_row_head_desc, &arena, &head, found));
    if (!*found) goto out;
    CHECK(hub_row_get_octets(hub->store, HUB_TABLE_ROOMS, &shape_key, &arena, &encoded));
    CHECK(build(hub, encoded, &b));
    room->head = head;
    install(room, &b);
    room->suite = hub_suite(hub, room->shape.cipher_suite);
    if (room->suite == NULL) CHECK(TB_STATUS(HUB_ROW));
    CHECK(load_cursors(hub, room));
    CHECK(hub_sanction_load(hub, room));
    CHECK(hub_tags_load(hub, room));
    room->generation = hub->generation;
    room->ack_count = 0;
    if (room->shape.tentative != NULL) hub_settle_watch(hub, room);
out:
    tb_arena_wipe(&arena);
    return status;
}

static tb_status room_alloc(struct hub *hub, const struct hub_room_id *id, struct hub_room **out)
{
    uint8_t memory[1024] __attribute__((aligned(16)));
    struct tb_arena arena;
    tb_arena_init_fixed(&arena, memory, sizeof memory);
    struct hub_room *room = tb_mem_take(hub->mem, sizeof *room);
    if (room == NULL) return TB_STATUS(TB_NO_SPACE);
    room->id = *id;
    tb_arena_init(&room->arena, hub->mem, HUB_ROOM_ARENA_BYTES_MAX);
    tb_bytes uri;
    tb_status status = hub_uri_room(hub->domain, id, &arena, &uri);
    if (!tb_is_ok(status)) {
        tb_mem_give(hub->mem, room, sizeof *room);
        return status;
    }
    assert(uri.len <= sizeof room->uri);
    memcpy(room->uri, uri.data, uri.len);
    room->uri_len = uri.len;
    *out = room;
    return TB_STATUS(TB_OK);
}

static void forget_room(struct hub *hub, struct hub_room *room)
{
    while (room->sub_count != 0) hub_deliver_leave(hub, room, room->sub_count - 1);
    hub_room_drop(hub, room);
}

tb_status hub_room_get(struct hub *hub, const struct hub_room_id *id, struct hub_room **out)
{
    struct hub_room *room = hub_map_get(&hub->rooms, id);
    if (room != NULL && room->generation == hub->generation) {
        if (room->is_quiet) hub_room_settle_quiet(hub, room);
        *out = room;
        return TB_STATUS(TB_OK);
    }
    bool is_new = room == NULL, found = false;
    if (is_new) TRY(room_alloc(hub, id, &room));
    tb_status status = read_room(hub, room, &found);
    if (tb_is_ok(status) && found && is_new) status = hub_map_put(&hub->rooms, room);
    *out = tb_is_ok(status) && found ? room : NULL;
    if (*out == NULL) {
        /* Of a refused turn that created it, or one that could not be read the first time. */
        if (is_new || tb_is_ok(status)) forget_room(hub, room);
        return status;
    }
    if (is_new) hub_room_settle_quiet(hub, room);
    return TB_STATUS(TB_OK);
}

tb_status hub_room_by_uri(struct hub *hub, tb_bytes uri, struct hub_room **out)
{
    struct hub_room_id id;
    *out = NULL;
    if (!hub_id_room(hub->domain, uri, &id)) return TB_STATUS(TB_OK);
    return hub_room_get(hub, &id, out);
}

tb_status hub_room_new(struct hub *hub, const struct hub_room_id *id,
                       const struct hub_row_head *head, const struct hub_row_shape *shape,
                       struct hub_room **out)
{
    struct hub_room *room;
    struct tb_arena arena;
    tb_arena_init(&arena, hub->mem, HUB_ROOM_ARENA_BYTES_MAX);
    TRY(room_alloc(hub, id, &room));
    room->head = *head;
    room->generation = hub->generation;
    room->suite = hub_suite(hub, shape->cipher_suite);
    tb_status status = hub_room_reshape(hub, room, shape, &arena);
    if (tb_is_ok(status)) status = hub_map_put(&hub->rooms, room);
    tb_arena_wipe(&arena);
    if (!tb_is_ok(status)) {
        hub_room_drop(hub, room);
        return status;
    }
    hub_room_settle_quiet(hub, room);
    hub_room_touch_head(hub, room);
    *out = room;
    return TB_STATUS(TB_OK);
}

void hub_room_touch_head(struct hub *hub, struct hub_room *room)
{
    room->is_head_dirty = true;
    if (room->is_in_dirty_list) return;
    room->is_in_dirty_list = true;
    room->dirty_next = hub->dirty_first;
    hub->dirty_first = room;
}

/* ---- the public group ---- */

static void group_unlink(struct hub *hub, struct hub_room *room)
{
    if (room->group_older != NULL) room->group_older->group_newer = room->group_newer;
    else hub->group_oldest = room->group_newer;
    if (room->group_newer != NULL) room->group_newer->group_older = room->group_older;
    else hub->group_newest = room->group_older;
    room->group_older = room->group_newer = NULL;
    hub->group_bytes -= room->group_bytes;
    room->group_bytes = 0;
}

static void group_link(struct hub *hub, struct hub_room *room)
{
    room->group_older = hub->group_newest;
    if (room->group_older != NULL) room->group_older->group_newer = room;
    else hub->group_oldest = room;
    hub->group_newest = room;
    room->group_bytes = mls_public_group_bytes(room->group);
    hub->group_bytes += room->group_bytes;
}

void hub_room_group_drop(struct hub *hub, struct hub_room *room)
{
    if (room->group == NULL) return;
    group_unlink(hub, room);
    mls_public_group_free(room->group);
    room->group = NULL;
}

void hub_room_group_touch(struct hub *hub, struct hub_room *room)
{
    group_unlink(hub, room);
    group_link(hub, room);
    while (hub->group_bytes > hub->config.limits.tree_cache_bytes_max &&
           hub->group_oldest != room) {
        hub_room_group_drop(hub, hub->group_oldest);
    }
}

/* The proposals of this epoch are kept as messages beside the tree. */
static tb_status propose_again(struct hub *hub, struct hub_room *room, struct tb_arena *arena)
{
    for (size_t i = 0; i < room->shape.mandatory.count; i++) {
        const struct hub_row_mandatory *item = &room->shape.mandatory.at[i];
        for (size_t j = 0; item->is_issued && j < item->messages.count; j++) {
            struct mls_public_proposal unused;
            struct tb_why why;
            tb_status status = mls_public_group_propose(room->group, item->messages.at[j].value,
                                                        hub->now_ms / 1000, arena, &unused, &why);
            if (!tb_is_ok(status) && status.code != MLS_PENDING_TWICE) return status;
        }
    }
    return TB_STATUS(TB_OK);
}

tb_status hub_room_group(struct hub *hub, struct hub_room *room)
{
    if (room->group != NULL) {
        hub_room_group_touch(hub, room);
        return TB_STATUS(TB_OK);
    }
    struct tb_arena arena;
    tb_arena_init(&arena, hub->mem, HUB_STEP_ARENA_BYTES_MAX);
    struct hub_key key = hub_room_key('S', room);
    tb_bytes blob;
    tb_status status;
    CHECK(hub_row_get_octets(hub->store, HUB_TABLE_TREES, &key, &arena, &blob));
    CHECK(mls_public_group_decode(hub_env(hub, room->suite->id), blob, &room->group));
    group_link(hub, room);
    CHECK(propose_again(hub, room, &arena));
    hub_room_group_touch(hub, room);
out:
    if (!tb_is_ok(status)) hub_room_group_drop(hub, room);
    tb_arena_wipe(&arena);
    return status;
}

void hub_room_group_set(struct hub *hub, struct hub_room *room, struct mls_public_group *group)
{
    assert(room->group == NULL);
    room->group = group;
    group_link(hub, room);
    hub_room_group_touch(hub, room);
}

tb_status hub_room_group_save(struct hub *hub, struct hub_room *room)
{
    struct tb_buf buf;
    tb_buf_init(&buf, hub->mem, HUB_STEP_ARENA_BYTES_MAX);
    struct hub_key key = hub_room_key('S', room);
    tb_status status;
    CHECK(mls_public_group_encode(room->group, &buf));
    CHECK(hub_put_octets(hub, HUB_TABLE_TREES, &key, tb_buf_view(&buf)));
    hub_room_group_touch(hub, room);
out:
    tb_buf_wipe(&buf);
    return status;
}
