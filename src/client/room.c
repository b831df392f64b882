/* Rooms as they are held in memory, and their groups. */
#include "client/rooms.h"

#include <string.h>

static struct client_room *client_room_alloc(struct client *client)
{
    struct client_room *room = tb_mem_take(client->config.mem, sizeof *room);
    if (room == NULL) return NULL;
    tb_arena_init(&room->arena, client->config.mem, CLIENT_ROOM_BYTES_MAX);
    return room;
}

static void client_room_free(struct client *client, struct client_room *room)
{
    client_room_pages_drop(client, room);
    client_intent_free_all(client, room);
    mls_group_free(room->group);
    tb_arena_wipe(&room->arena);
    tb_mem_give(client->config.mem, room, sizeof *room);
}

void client_room_drop_all(struct client *client)
{
    while (client->rooms != NULL) {
        struct client_room *room = client->rooms;
        client->rooms = room->next;
        client_room_free(client, room);
    }
}

tb_status client_room_keep(struct client_room *room, tb_bytes value, tb_bytes *out)
{
    return tb_arena_dup(&room->arena, value, out);
}

tb_status client_room_set_suite(struct client *client, struct client_room *room,
                                uint16_t cipher_suite)
{
    TRY(crypto_suite_init(&room->suite, cipher_suite, client->config.provider));
    room->row.cipher_suite = cipher_suite;
    return TB_STATUS(TB_OK);
}

struct mls_env client_env(struct client *client, const struct crypto_suite *suite)
{
    return (struct mls_env){ .suite = suite,
                             .mem = client->config.mem,
                             .rng = client->config.rng,
                             .app_data = chat_app_data() };
}

static void client_room_link(struct client *client, struct client_room *room)
{
    struct client_room **at = &client->rooms;
    while (*at != NULL && (*at)->row.no < room->row.no) at = &(*at)->next;
    room->next = *at;
    *at = room;
}

static tb_status client_room_load(struct client_turn *turn, tb_bytes value)
{
    struct client *client = turn->client;
    struct client_room *room = client_room_alloc(client);
    if (room == NULL) return TB_STATUS(TB_NO_SPACE);
    tb_bytes copy;
    tb_status status = tb_arena_dup(&room->arena, value, &copy);
    if (tb_is_ok(status)) {
        status = wire_decode(&client_room_row_desc, copy, &room->arena, &room->row, NULL);
    }
    if (tb_is_ok(status)) status = client_room_set_suite(client, room, room->row.cipher_suite);
    if (!tb_is_ok(status)) {
        client_room_free(client, room);
        return client_status_is_fatal(status) ? status : TB_STATUS(TB_STORE);
    }
    client_room_link(client, room);
    struct client_pairs waiting;
    TRY(client_table_of_room(turn, CLIENT_TABLE_OUTBOX, room->row.no, 0, UINT64_MAX, 1, &waiting));
    if (waiting.count != 0) room->flags |= CLIENT_ROOM_HAS_OUTBOX;
    return TB_STATUS(TB_OK);
}

tb_status client_room_load_all(struct client_turn *turn)
{
    struct client_pairs rows;
    TRY(client_table_all(turn, CLIENT_TABLE_ROOMS, &rows));
    for (size_t i = 0; i < rows.count; i++) TRY(client_room_load(turn, rows.at[i].value));
    return TB_STATUS(TB_OK);
}

tb_status client_room_get(struct client_turn *turn, tb_bytes room_uri, struct client_room **out)
{
    for (struct client_room *room = turn->client->rooms; room != NULL; room = room->next) {
        if (!tb_bytes_equal(room->row.room_uri, room_uri)) continue;
        *out = room;
        return TB_STATUS(TB_OK);
    }
    return TB_STATUS(TB_NOT_FOUND);
}

tb_status client_room_by_no(struct client_turn *turn, uint32_t room_no, struct client_room **out)
{
    for (struct client_room *room = turn->client->rooms; room != NULL; room = room->next) {
        if (room->row.no != room_no) continue;
        *out = room;
        return TB_STATUS(TB_OK);
    }
    return TB_STATUS(TB_NOT_FOUND);
}

tb_status client_room_open(struct client_turn *turn, tb_bytes room_uri, struct client_room **out)
{
    struct client *client = turn->client;
    struct client_room *room;
    TRY(client_profile_check(client));
    TRY(client_room_get(turn, room_uri, &room));
    if (client->is_restricted && room->row.kind != CHAT_ROOM_NOTICE) {
        return TB_STATUS(CLIENT_RESTRICTED);
    }
    if (room->row.state == CLIENT_ROOM_REMOVED || room->row.state == CLIENT_ROOM_LEFT) {
        return TB_STATUS(CLIENT_NOT_MEMBER);
    }
    if (room->row.state == CLIENT_ROOM_CLOSED) return TB_STATUS(CLIENT_ROOM_STATE);
    if (room->row.state == CLIENT_ROOM_SHUT) return TB_STATUS(CLIENT_ROOM_IS_SHUT);
    *out = room;
    return TB_STATUS(TB_OK);
}

tb_status client_room_new(struct client_turn *turn, tb_bytes room_uri, struct client_room **out)
{
    struct client *client = turn->client;
    struct client_room *room = client_room_alloc(client);
    if (room == NULL) return TB_STATUS(TB_NO_SPACE);
    tb_status status = client_room_keep(room, room_uri, &room->row.room_uri);
    if (tb_is_ok(status)) status = client_room_set_suite(client, room, client->suite.id);
    if (!tb_is_ok(status)) {
        client_room_free(client, room);
        return status;
    }
    room->row.no = ++client->profile.next_room_no;
    client->is_profile_dirty = true;
    client_room_link(client, room);
    client_room_touch(room);
    *out = room;
    return TB_STATUS(TB_OK);
}

void client_room_forget(struct client *client, struct client_room *room)
{
    struct client_room **at = &client->rooms;
    while (*at != room) at = &(*at)->next;
    *at = room->next;
    client_room_free(client, room);
}

/* ------------------------------------------------------------------ groups */

static tb_status client_group_load(struct client_turn *turn, struct client_room *room, uint8_t slot,
                                   struct mls_group **out)
{
    struct client *client = turn->client;
    struct mls_env env = client_env(client, &room->suite);
    tb_bytes blob;
    TRY(client_table_get_raw(turn, CLIENT_TABLE_GROUPS, client_key_number(room->row.no, slot),
                             &blob));
    return mls_group_decode(&env, blob, &client->device_key, out);
}

/* Brings the whole state up to what messages changed since.  The row goes whenever a whole state is
 * stored, so one that is there and not newer shows that the two are not of one store. */
static tb_status client_group_catch_up(struct client_turn *turn, struct client_room *room,
                                       struct mls_group *group)
{
    tb_bytes ratchets;
    tb_status status = client_table_get_raw(
        turn, CLIENT_TABLE_GROUPS, client_key_number(room->row.no, CLIENT_GROUP_RATCHETS),
        &ratchets);
    if (status.code == TB_NOT_FOUND) return TB_STATUS(TB_OK);
    TRY(status);
    return mls_group_ratchets_decode(group, ratchets);
}

static tb_status client_group_load_current(struct client_turn *turn, struct client_room *room)
{
    struct mls_group *group;
    TRY(client_group_load(turn, room, CLIENT_GROUP_CURRENT, &group));
    tb_status status = client_group_catch_up(turn, room, group);
    if (!tb_is_ok(status)) {
        mls_group_free(group);
        return status.code == TB_NOT_FOUND ? TB_STATUS(TB_STORE) : status;
    }
    room->group = group;
    return TB_STATUS(TB_OK);
}

static tb_status client_group_store(struct client_turn *turn, struct client_room *room,
                                    uint8_t slot)
{
    struct tb_buf buf;
    tb_buf_init(&buf, turn->client->config.mem, CLIENT_BLOB_BYTES_MAX);
    tb_status status = slot == CLIENT_GROUP_RATCHETS
                           ? mls_group_ratchets_encode(room->group, &buf)
                           : mls_group_encode(room->group, &buf);
    if (tb_is_ok(status)) {
        status = client_table_put_raw(turn, CLIENT_TABLE_GROUPS,
                                      client_key_number(room->row.no, slot), tb_buf_view(&buf));
    }
    tb_buf_wipe(&buf);
    return status;
}

tb_status client_room_group(struct client_turn *turn, struct client_room *room,
                            struct mls_group **out)
{
    if (room->group == NULL) {
        tb_status status = client_group_load_current(turn, room);
        if (status.code == TB_NOT_FOUND) return TB_STATUS(CLIENT_NOT_MEMBER);
        /* Our own blob that does not decode is a damaged store. */
        if (!tb_is_ok(status)) return client_status_is_fatal(status) ? status : TB_STATUS(TB_STORE);
    }
    *out = room->group;
    return TB_STATUS(TB_OK);
}

void client_room_set_group(struct client_room *room, struct mls_group *group)
{
    mls_group_free(room->group);
    room->group = group;
    room->flags |= CLIENT_ROOM_GROUP_DIRTY;
}

tb_status client_room_before_put(struct client_turn *turn, struct client_room *room)
{
    return client_group_store(turn, room, CLIENT_GROUP_BEFORE);
}

tb_status client_room_before_restore(struct client_turn *turn, struct client_room *room)
{
    struct mls_group *group;
    tb_status status = client_group_load(turn, room, CLIENT_GROUP_BEFORE, &group);
    if (!tb_is_ok(status)) return client_status_is_fatal(status) ? status : TB_STATUS(TB_STORE);
    client_room_set_group(room, group);
    return client_room_before_drop(turn, room);
}

tb_status client_room_before_drop(struct client_turn *turn, struct client_room *room)
{
    return client_table_del(turn, CLIENT_TABLE_GROUPS,
                            client_key_number(room->row.no, CLIENT_GROUP_BEFORE));
}

/* One transaction of the host's takes all of it, so the two rows always fit one another. */
static tb_status client_room_flush_group(struct client_turn *turn, struct client_room *room)
{
    if (room->group == NULL) return TB_STATUS(TB_OK);
    if ((room->flags & CLIENT_ROOM_GROUP_DIRTY) != 0) {
        TRY(client_group_store(turn, room, CLIENT_GROUP_CURRENT));
        return client_table_del(turn, CLIENT_TABLE_GROUPS,
                                client_key_number(room->row.no, CLIENT_GROUP_RATCHETS));
    }
    if ((room->flags & CLIENT_ROOM_RATCHETS_DIRTY) == 0) return TB_STATUS(TB_OK);
    return client_group_store(turn, room, CLIENT_GROUP_RATCHETS);
}

static tb_status client_room_flush(struct client_turn *turn, struct client_room *room)
{
    const unsigned dirty =
        CLIENT_ROOM_GROUP_DIRTY | CLIENT_ROOM_RATCHETS_DIRTY | CLIENT_ROOM_ROW_DIRTY;
    TRY(client_room_flush_group(turn, room));
    if ((room->flags & CLIENT_ROOM_ROW_DIRTY) != 0) {
        TRY(client_table_put(turn, CLIENT_TABLE_ROOMS, client_key_bytes(room->row.room_uri),
                             &client_room_row_desc, &room->row));
    }
    room->flags &= ~dirty;
    return TB_STATUS(TB_OK);
}

tb_status client_room_flush_all(struct client_turn *turn)
{
    for (struct client_room *room = turn->client->rooms; room != NULL; room = room->next) {
        TRY(client_room_flush(turn, room));
    }
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ views of the group */

tb_status client_room_policy(struct client_turn *turn, struct client_room *room,
                             struct chat_policy_room *out)
{
    struct mls_group *group;
    tb_bytes context;
    TRY(client_room_group(turn, room, &group));
    TRY(tb_arena_dup(&turn->arena, mls_group_context(group), &context));
    return chat_policy_decode(context, &turn->arena, out, NULL);
}

tb_status client_room_leaves(struct client_turn *turn, struct client_room *room,
                             struct chat_policy_leaf **leaves, size_t *count)
{
    struct mls_group *group;
    TRY(client_room_group(turn, room, &group));
    uint32_t leaf_count = mls_group_leaf_count(group);
    struct chat_policy_leaf *list = tb_arena_take(&turn->arena, leaf_count, sizeof *list);
    if (list == NULL) return TB_STATUS(TB_NO_SPACE);
    size_t filled = 0;
    for (uint32_t i = 0; i < leaf_count; i++) {
        struct mls_leaf_view leaf;
        if (!mls_group_leaf(group, i, &leaf)) continue;
        list[filled].leaf_index = i;
        TRY(tb_arena_dup(&turn->arena, leaf.identity, &list[filled].identity));
        filled++;
    }
    *leaves = list;
    *count = filled;
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ states */

void client_room_pages_drop(struct client *client, struct client_room *room)
{
    while (room->page_first != NULL) {
        struct client_page *page = room->page_first;
        room->page_first = page->next;
        tb_mem_give(client->config.mem, page, sizeof *page + page->len);
    }
    room->page_last = NULL;
    room->page_bytes = 0;
}

tb_status client_room_end(struct client_turn *turn, struct client_room *room, uint8_t state)
{
    mls_group_free(room->group);
    room->group = NULL;
    for (uint8_t slot = CLIENT_GROUP_CURRENT; slot < CLIENT_GROUP_SLOT_COUNT; slot++) {
        TRY(client_table_del(turn, CLIENT_TABLE_GROUPS, client_key_number(room->row.no, slot)));
    }
    room->row.state = state;
    room->row.tentative_seq = room->row.refused_seq = 0;
    room->row.row_final = room->row.row_newest;
    room->row.leave_wanted = room->row.has_commit = false;
    room->row.duty = CLIENT_DUTY_NONE;
    room->row.leave_epoch = room->row.leave_made = 0;
    room->duty_at_ms = room->retry_at_ms = 0;
    room->flags &= CLIENT_ROOM_HAS_OUTBOX;
    client_room_touch(room);
    client_room_pages_drop(turn->client, room);
    TRY(client_intent_lose_all(turn, room, CLIENT_NOT_MEMBER));
    if (state == CLIENT_ROOM_REJOINING) return TB_STATUS(TB_OK); /* the outbox waits too */
    return client_send_fail_all(turn, room, CLIENT_NOT_MEMBER);
}

tb_status client_room_retry(struct client_turn *turn, struct client_room *room)
{
    if (room->retry_at_ms != 0) return TB_STATUS(TB_OK);
    unsigned shift = room->retry_count < 6 ? room->retry_count : 6;
    uint64_t span_ms = (uint64_t)CLIENT_RETRY_MS_MIN << shift;
    if (span_ms > CLIENT_RETRY_MS_MAX) span_ms = CLIENT_RETRY_MS_MAX;
    uint8_t random[2];
    TRY(tb_rng_fill(turn->client->config.rng, random, sizeof random));
    room->retry_count++;
    /* Between half and whole, so that those who collided do not collide again. */
    room->retry_at_ms = turn->now_ms + span_ms / 2 + span_ms * tb_get_u16(random) / 131072 + 1;
    return TB_STATUS(TB_OK);
}

bool client_room_is_steady(const struct client *client, const struct client_room *room)
{
    const unsigned busy = CLIENT_ROOM_WAITS_STUBS | CLIENT_ROOM_RESUBSCRIBE;
    if (client->session != CLIENT_SESSION_ONLINE || room->row.state != CLIENT_ROOM_OPEN) {
        return false;
    }
    if (client->is_restricted && room->row.kind != CHAT_ROOM_NOTICE) return false;
    if ((room->flags & CLIENT_ROOM_SUBSCRIBED) == 0 || (room->flags & busy) != 0) return false;
    if (room->row.tentative_seq != 0 || room->row.refused_seq != 0) return false;
    if (room->record_wait_count != 0 || room->page_first != NULL) return false;
    return room->retry_at_ms == 0 && room->row.cursor >= room->hub_log_seq;
}
