/* The desk: who belongs to it, its room and keys, and statements that wait for their readers. */
#include <string.h>

#include "chat/records.h"
#include "hub/desk.h"

bool hub_is_desk(struct hub *hub, const struct hub_user_id *user)
{
    struct hub_room *room;
    if (hub->desk.desk_uri.len == 0) return false;
    if (!tb_is_ok(hub_room_by_uri(hub, hub->desk.desk_uri, &room)) || room == NULL) return false;
    return hub_room_is_active(room, user);
}

size_t hub_desk_count(struct hub *hub)
{
    struct hub_room *room;
    size_t count = 0;
    if (hub->desk.desk_uri.len == 0) return 0;
    if (!tb_is_ok(hub_room_by_uri(hub, hub->desk.desk_uri, &room)) || room == NULL) return 0;
    for (size_t i = 0; i < room->shape.participants.count; i++) {
        struct hub_user_id user;
        memcpy(user.at, room->shape.participants.at[i].user, sizeof user.at);
        count += hub_room_is_active(room, &user) ? 1 : 0;
    }
    return count;
}

static bool is_leaving(const struct hub_room *room, const struct hub_user_id *user)
{
    for (size_t i = 0; i < room->shape.mandatory.count; i++) {
        const struct hub_row_mandatory *item = &room->shape.mandatory.at[i];
        if (item->kind == HUB_MANDATORY_LEAVE &&
            memcmp(item->device, user->at, sizeof user->at) == 0) {
            return true;
        }
    }
    return false;
}

bool hub_desk_is_last(struct hub *hub, const struct hub_user_id *user)
{
    struct hub_room *room;
    bool has_owner = false, has_other = false;
    if (!hub_is_desk(hub, user)) return false;
    if (!tb_is_ok(hub_room_by_uri(hub, hub->desk.desk_uri, &room)) || room == NULL) return false;
    for (size_t i = 0; i < room->shape.participants.count; i++) {
        struct hub_user_id other;
        memcpy(other.at, room->shape.participants.at[i].user, sizeof other.at);
        if (memcmp(other.at, user->at, sizeof other.at) == 0) continue;
        if (!hub_room_is_active(room, &other) || is_leaving(room, &other)) continue;
        has_other = true;
        if ((hub_room_role_bits(room, &other) & HUB_ROLE_IS_OWNER) != 0) has_owner = true;
    }
    bool is_owner = (hub_room_role_bits(room, user) & HUB_ROLE_IS_OWNER) != 0;
    return is_owner ? !has_owner : !has_other;
}

void hub_push_desk(struct hub *hub, struct hub_effects *effects, uint16_t push,
                   const struct wire_desc *desc, const void *body)
{
    struct hub_room *room;
    if (hub->desk.desk_uri.len == 0 ||
        !tb_is_ok(hub_room_by_uri(hub, hub->desk.desk_uri, &room)) || room == NULL) {
        return;
    }
    for (size_t i = 0; i < room->shape.participants.count; i++) {
        struct hub_user_id user;
        memcpy(user.at, room->shape.participants.at[i].user, sizeof user.at);
        if (!hub_room_is_active(room, &user)) continue;
        hub_push_account(hub, effects, hub_map_get(&hub->accounts, &user), push, desc, body);
    }
}

/* ---- recipient keys ---- */

static tb_status recipient_prefix(const struct hub *hub, tb_bytes uri, struct hub_key *key)
{
    uint8_t hash[CHAT_HASH_LEN];
    TRY(chat_records_hash(hub_own_suite(hub), uri, hash));
    *key = hub_key_of(TB_ARRAY(hash));
    return TB_STATUS(TB_OK);
}

struct newest_ctx {
    struct tb_arena *arena;
    tb_bytes value;
    tb_status status;
};

static bool newest_row(void *ctx, tb_bytes key, tb_bytes value)
{
    (void)key;
    struct newest_ctx *newest = ctx;
    newest->status = tb_arena_dup(newest->arena, value, &newest->value);
    return false;
}

tb_status hub_desk_key_newest(struct hub *hub, tb_bytes uri, struct tb_arena *arena,
                              struct chat_recipient_key *out, bool *found)
{
    struct hub_key prefix;
    TRY(recipient_prefix(hub, uri, &prefix));
    struct hub_key until = hub_key_end(&prefix);
    struct newest_ctx newest = { arena, { NULL, 0 }, TB_STATUS(TB_OK) };
    TRY(tb_store_scan(hub->store, HUB_TABLE_RECIPIENT_KEYS, hub_key_view(&prefix),
                      hub_key_view(&until), true, 1, newest_row, &newest));
    TRY(newest.status);
    *found = newest.value.len != 0;
    if (!*found) return TB_STATUS(TB_OK);
    return wire_decode(&chat_recipient_key_desc, newest.value, arena, out, NULL);
}

tb_status hub_desk_key_put(struct hub *hub, struct hub_call *call,
                           const struct chat_recipient_key *recipient)
{
    struct hub_key key;
    TRY(recipient_prefix(hub, recipient->uri, &key));
    hub_key_add_u64(&key, recipient->serial);
    return hub_put(hub, HUB_TABLE_RECIPIENT_KEYS, &key, &chat_recipient_key_desc, recipient,
                   call->arena);
}

uint16_t hub_verb_recipient_key_put(struct hub *hub, struct hub_call *call, const void *request,
                                    void *answer)
{
    (void)answer;
    const struct chat_recipient_key *put = request;
    struct chat_recipient_key before;
    bool found;
    tb_status status;
    CHECK(hub_desk_key_newest(hub, put->uri, call->arena, &before, &found));
    if (found && wire_equal(&chat_recipient_key_desc, &before, put)) return CHAT_CODE_OK;
    if (found && put->serial <= before.serial) {
        return hub_refuse_value(call, CHAT_CODE_CONFLICT, "the serial must grow", before.serial);
    }
    status = chat_records_verify_recipient(hub_own_suite(hub), put, hub->desk.desk_uri,
                                           hub->desk.desk_verify_key, 0, call->now_ms,
                                           call->arena);
    if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_SIGNATURE);
    CHECK(hub_desk_key_put(hub, call, put));
    return CHAT_CODE_OK;
out:
    return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}

uint16_t hub_verb_recipient_key_get(struct hub *hub, struct hub_call *call, const void *request,
                                    void *answer)
{
    bool found;
    tb_bytes uri = ((const struct chat_opaque *)request)->value;
    tb_status status = hub_desk_key_newest(hub, uri, call->arena, answer, &found);
    if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
    return found ? CHAT_CODE_OK : CHAT_CODE_NOT_FOUND;
}

/* ---- publish ---- */

/* The desk room is its own recipient, under the key that is published. */
static uint16_t check_desk_room(struct hub *hub, struct hub_call *call,
                                const struct chat_desk_publish *asked, struct hub_room *room)
{
    struct chat_policy_room policy;
    tb_status status;
    uint8_t bits = hub_room_role_bits(room, &call->account->id);
    if (room->head.room_kind != CHAT_ROOM_DESK || (bits & HUB_ROLE_IS_OWNER) == 0) {
        return hub_refuse(call, CHAT_CODE_FORBIDDEN, "only an owner of the desk room publishes");
    }
    CHECK(hub_room_group(hub, room));
    CHECK(chat_policy_decode(mls_public_group_context(room->group), call->arena, &policy, NULL));
    for (size_t i = 0; i < policy.frank.recipients.count; i++) {
        const struct chat_report_recipient *recipient = &policy.frank.recipients.at[i];
        if (tb_bytes_equal(recipient->uri, asked->desk_room_uri) &&
            tb_bytes_equal(recipient->verify_key, asked->verify_key)) {
            return CHAT_CODE_OK;
        }
    }
    return hub_refuse(call, CHAT_CODE_POLICY, "the desk room names another recipient");
out:
    return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}

uint16_t hub_verb_desk_publish(struct hub *hub, struct hub_call *call, const void *request,
                               void *answer)
{
    const struct chat_desk_publish *asked = request;
    struct chat_opaque *out = answer;
    struct hub_room *room;
    tb_status status;
    if (hub->desk.desk_uri.len != 0) {
        bool is_same = tb_bytes_equal(hub->desk.desk_uri, asked->desk_room_uri) &&
                       tb_bytes_equal(hub->desk.desk_verify_key, asked->verify_key);
        out->value = hub->hub_record;
        return is_same ? CHAT_CODE_OK
                       : hub_refuse(call, CHAT_CODE_CONFLICT, "this hub has another desk");
    }
    CHECK(hub_room_by_uri(hub, asked->desk_room_uri, &room));
    if (room == NULL) return hub_refuse(call, CHAT_CODE_NOT_FOUND, "there is no such room");
    uint16_t code = check_desk_room(hub, call, asked, room);
    if (code != CHAT_CODE_OK) return code;
    status = chat_records_verify_recipient(hub_own_suite(hub), &asked->recipient_key,
                                           asked->desk_room_uri, asked->verify_key, 0,
                                           call->now_ms, call->arena);
    if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_SIGNATURE);
    CHECK(tb_arena_dup(&hub->state_arena, asked->desk_room_uri, &hub->desk.desk_uri));
    CHECK(tb_arena_dup(&hub->state_arena, asked->verify_key, &hub->desk.desk_verify_key));
    CHECK(hub_desk_key_put(hub, call, &asked->recipient_key));
    CHECK(hub_record_renew(hub, call->now_ms, call->effects));
    CHECK(hub_desk_rooms_due(hub, call));
    out->value = hub->hub_record;
    return CHAT_CODE_OK;
out:
    return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}

/* ---- statements ---- */

uint16_t hub_verb_statements_get(struct hub *hub, struct hub_call *call, const void *request,
                                 void *answer)
{
    (void)request;
    struct chat_opaques *out = answer;
    struct hub_key prefix = hub_key_of(TB_ARRAY(call->device.at));
    struct hub_pairs rows;
    tb_status status = hub_row_list_some(hub->store, HUB_TABLE_STATEMENTS, &prefix, NULL,
                                         HUB_ANSWER_ROW_COUNT_MAX, HUB_ANSWER_BYTES_MAX,
                                         call->arena, &rows);
    if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
    out->values.at = tb_arena_take(call->arena, rows.count, sizeof *out->values.at);
    if (out->values.at == NULL) return CHAT_CODE_INTERNAL;
    for (size_t i = 0; i < rows.count; i++) out->values.at[i].value = rows.at[i].value;
    out->values.count = rows.count;
    return CHAT_CODE_OK;
}
