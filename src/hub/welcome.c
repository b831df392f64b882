/* Welcomes wait for their devices, with the links that lead to the commit (amendments 19). */
#include <string.h>

#include "hub/welcome.h"

enum {
    WELCOME_COUNT_MAX = 1024,
    WELCOME_PUSH_BYTES_MAX = 8 << 20, /* pushed at one login; one at least */
    STUB_REST_BYTES = 512             /* of a stub, without its two URIs */
};

static struct hub_key shared_key(const uint8_t *room, uint64_t log_seq)
{
    struct hub_key key = hub_key_tagged('C', room, HUB_ROOM_ID_LEN);
    hub_key_add_u64(&key, log_seq);
    return key;
}

static struct hub_key device_key(const uint8_t *device, const uint8_t *room)
{
    struct hub_key key = hub_key_tagged('D', device, HUB_DEVICE_ID_LEN);
    hub_key_add(&key, room, HUB_ROOM_ID_LEN);
    return key;
}

/* The head that the committer wrote into the GroupInfo, if it is to be seen. */
static bool known_head(tb_bytes group_info, struct tb_arena *arena, struct chat_chain_head *out)
{
    struct mls_message message;
    tb_bytes dictionary, data;
    if (group_info.len == 0 ||
        !tb_is_ok(wire_decode(&mls_message_desc, group_info, arena, &message, NULL)) ||
        message.wire_format != MLS_WIRE_GROUP_INFO) {
        return false;
    }
    const struct mls_group_info_in *info = message.of.group_info;
    return mls_public_extension_find(info->extensions.at, info->extensions.count,
                                     MLS_EXTENSION_APP_DATA_DICTIONARY, &dictionary) &&
           tb_is_ok(mls_public_dictionary_check(dictionary)) &&
           mls_public_dictionary_find(dictionary, MLS_COMPONENT_TIMBRE_CHAIN_HEAD, &data) &&
           tb_is_ok(wire_decode(&chat_chain_head_desc, data, arena, out, NULL));
}

/* From behind the known head, else as many as are handed out, to the newest. */
static tb_status add_stubs(struct hub *hub, const struct hub_room *room, tb_bytes group_info,
                           struct tb_arena *arena, struct chat_welcome *out)
{
    uint64_t newest = room->head.room_seq, from = 1;
    struct chat_chain_head head;
    struct chat_stubs_answer stubs = { .chain_before = { 0 } };
    memcpy(out->chain_before, room->head.chain, CHAT_HASH_LEN);
    if (newest > HUB_WELCOME_STUB_COUNT_MAX) from = newest - HUB_WELCOME_STUB_COUNT_MAX + 1;
    if (known_head(group_info, arena, &head) && head.room_seq >= from) from = head.room_seq + 1;
    if (from > newest) return TB_STATUS(TB_OK);
    tb_status status = hub_page_stubs(hub, room, from, newest, HUB_WELCOME_STUB_COUNT_MAX, arena,
                                      &stubs);
    if (status.code == TB_NOT_FOUND) return TB_STATUS(TB_OK); /* skipped or past their time */
    TRY(status);
    memcpy(out->chain_before, stubs.chain_before, CHAT_HASH_LEN);
    out->stubs.at = stubs.stubs.at;
    out->stubs.count = stubs.stubs.count;
    return TB_STATUS(TB_OK);
}

/* The new tree holds no more than the old one and what the commit brought. */
tb_status hub_welcome_fits(const struct hub_room *room, const struct chat_room_update *update,
                           struct tb_arena *arena, bool *fits)
{
    tb_bytes tree;
    TRY(mls_public_group_ratchet_tree(room->group, arena, &tree));
    size_t stub_bytes = STUB_REST_BYTES + 2 * hub_room_uri(room).len;
    *fits = tree.len + update->handshake.len + update->welcome.len +
                HUB_WELCOME_STUB_COUNT_MAX * stub_bytes <=
            CHAT_FRAME_LEN_MAX;
    return TB_STATUS(TB_OK);
}

tb_status hub_welcome_put(struct hub *hub, struct hub_room *room, uint64_t log_seq,
                          tb_bytes welcome, tb_bytes group_info, struct tb_arena *arena)
{
    struct chat_welcome body = { .room_uri = hub_room_uri(room), .log_seq = log_seq,
                                 .welcome = welcome, .head = { .room_seq = room->head.room_seq } };
    memcpy(body.head.chain, room->head.chain, CHAT_HASH_LEN);
    TRY(mls_public_group_ratchet_tree(room->group, arena, &body.ratchet_tree));
    TRY(add_stubs(hub, room, group_info, arena, &body));
    struct hub_blob *blob = hub_push_blob(hub, CHAT_PUSH_WELCOME, &chat_welcome_desc, &body);
    if (blob == NULL) return TB_STATUS(TB_NO_SPACE);
    struct hub_key key = shared_key(room->id.at, log_seq);
    tb_status status = hub_put_octets(hub, HUB_TABLE_WELCOMES, &key,
                                      tb_bytes_of(blob->data, blob->len));
    hub_blob_drop(blob);
    return status;
}

/* Adds to *bytes.  In an arena of its own: many that wait are more than one request may hold. */
static tb_status send_shared(struct hub *hub, const struct hub_key *key, hub_conn conn,
                             struct hub_effects *effects, size_t *bytes)
{
    struct tb_arena arena;
    tb_arena_init(&arena, hub->mem, HUB_STEP_ARENA_BYTES_MAX);
    tb_bytes frame;
    struct hub_blob *blob;
    tb_status status = hub_row_get_octets(hub->store, HUB_TABLE_WELCOMES, key, &arena, &frame);
    if (status.code == TB_NOT_FOUND) {
        status = TB_STATUS(TB_OK);
        goto out;
    }
    CHECK(status);
    blob = hub_blob_new(hub->mem, frame.len);
    if (blob == NULL) CHECK(TB_STATUS(TB_NO_SPACE));
    memcpy(blob->data, frame.data, frame.len);
    *bytes += frame.len;
    hub_send(hub, effects, conn, blob);
out:
    tb_arena_wipe(&arena);
    return status;
}

tb_status hub_welcome_route(struct hub *hub, const struct hub_room *room, uint64_t log_seq,
                            const struct hub_device_id *device, struct hub_effects *effects,
                            struct tb_arena *arena)
{
    (void)arena;
    size_t unused = 0;
    struct hub_key key = device_key(device->at, room->id.at);
    hub_key_add_u64(&key, log_seq);
    TRY(hub_put_octets(hub, HUB_TABLE_WELCOMES, &key, (tb_bytes){ NULL, 0 }));
    struct hub_session *session = hub_map_get(&hub->devices, device);
    if (session == NULL) return TB_STATUS(TB_OK);
    struct hub_key shared = shared_key(room->id.at, log_seq);
    return send_shared(hub, &shared, session->conn, effects, &unused);
}

tb_status hub_welcome_is_waiting(struct hub *hub, const struct hub_room *room,
                                 const struct hub_device_id *device, struct tb_arena *arena,
                                 bool *out)
{
    struct hub_key prefix = device_key(device->at, room->id.at);
    struct hub_pairs rows;
    TRY(hub_row_list(hub->store, HUB_TABLE_WELCOMES, &prefix, NULL, 1, arena, &rows));
    *out = rows.count != 0;
    return TB_STATUS(TB_OK);
}

tb_status hub_welcome_forget(struct hub *hub, const struct hub_room *room, uint64_t log_seq,
                             struct tb_arena *arena)
{
    (void)arena;
    struct hub_key key = shared_key(room->id.at, log_seq);
    return hub_del(hub, HUB_TABLE_WELCOMES, &key);
}

tb_status hub_welcome_push_all(struct hub *hub, struct hub_session *session,
                               struct tb_arena *arena, struct hub_effects *effects)
{
    struct hub_key prefix = hub_key_tagged('D', session->device.at, HUB_DEVICE_ID_LEN);
    struct hub_pairs rows;
    TRY(hub_row_list(hub->store, HUB_TABLE_WELCOMES, &prefix, NULL, WELCOME_COUNT_MAX, arena,
                     &rows));
    size_t bytes = 0;
    for (size_t i = 0; i < rows.count && bytes < WELCOME_PUSH_BYTES_MAX; i++) {
        tb_bytes key = rows.at[i].key;
        if (key.len != prefix.len + HUB_ROOM_ID_LEN + 8) return TB_STATUS(HUB_ROW);
        struct hub_key shared = shared_key(key.data + prefix.len,
                                           tb_get_u64(key.data + key.len - 8));
        TRY(send_shared(hub, &shared, session->conn, effects, &bytes));
    }
    return TB_STATUS(TB_OK);
}

/* The shared part goes with the last device that waited for it. */
static tb_status drop_shared(struct hub *hub, const struct hub_room *room, uint64_t log_seq,
                             struct tb_arena *arena)
{
    for (size_t i = 0; i < room->shape.members.count; i++) {
        const struct hub_row_member *member = &room->shape.members.at[i];
        if (member->from_log_seq != log_seq) continue;
        struct hub_key key = device_key(member->device, room->id.at);
        hub_key_add_u64(&key, log_seq);
        tb_bytes unused;
        tb_status status = hub_row_get_octets(hub->store, HUB_TABLE_WELCOMES, &key, arena,
                                              &unused);
        if (status.code != TB_NOT_FOUND) return status;
    }
    return hub_welcome_forget(hub, room, log_seq, arena);
}

uint16_t hub_verb_welcome_ack(struct hub *hub, struct hub_call *call, const void *request,
                              void *answer)
{
    (void)answer;
    struct hub_room *room;
    struct hub_pairs rows;
    tb_status status;
    CHECK(hub_room_by_uri(hub, ((const struct chat_opaque *)request)->value, &room));
    if (room == NULL) return CHAT_CODE_NOT_FOUND;
    struct hub_key prefix = device_key(call->device.at, room->id.at);
    CHECK(hub_row_list(hub->store, HUB_TABLE_WELCOMES, &prefix, NULL, WELCOME_COUNT_MAX,
                       call->arena, &rows));
    for (size_t i = 0; i < rows.count; i++) {
        struct hub_key key = hub_key_of(rows.at[i].key);
        uint64_t log_seq = tb_get_u64(rows.at[i].key.data + rows.at[i].key.len - 8);
        CHECK(hub_del(hub, HUB_TABLE_WELCOMES, &key));
        CHECK(drop_shared(hub, room, log_seq, call->arena));
    }
    return CHAT_CODE_OK;
out:
    return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}
