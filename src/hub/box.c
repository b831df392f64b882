/*
 * Boxes: what one device of an account leaves sealed for another one, or for the holder of the
 * recovery phrase.  The hub knows the account and the kind of a box, and cannot open it.
 */
#include "hub/box.h"

#include <string.h>

#include "hub/mandatory.h"

enum {
    BOX_COUNT_MAX = 160, /* of one account */
    SWEEP_COUNT = 64,
    ROOM_COUNT_MAX = 4096 /* of one device or account */
};
static const uint64_t link_life_ms = 3600000, key_life_ms = UINT64_C(365) * 86400000;

/* ---- rows: 'B' id: the box;  'A' account, id: whose it is;  'E' end, id: when it goes ---- */

static struct hub_key box_key(const uint8_t id[CHAT_BOX_ID_LEN])
{
    return hub_key_tagged('B', id, CHAT_BOX_ID_LEN);
}

static struct hub_key owner_key(const uint8_t user[HUB_USER_ID_LEN],
                                const uint8_t id[CHAT_BOX_ID_LEN])
{
    struct hub_key key = hub_key_tagged('A', user, HUB_USER_ID_LEN);
    hub_key_add(&key, id, CHAT_BOX_ID_LEN);
    return key;
}

static struct hub_key end_key(uint64_t until_ms, const uint8_t id[CHAT_BOX_ID_LEN])
{
    struct hub_key key = hub_key_tagged('E', "", 0);
    hub_key_add_u64(&key, until_ms);
    hub_key_add(&key, id, CHAT_BOX_ID_LEN);
    return key;
}

static tb_status box_drop(struct hub *hub, const uint8_t id[CHAT_BOX_ID_LEN],
                          const struct hub_row_box *row)
{
    struct hub_key box = box_key(id), owner = owner_key(row->user, id);
    struct hub_key end = end_key(row->until_ms, id);
    TRY(hub_del(hub, HUB_TABLE_BOXES, &box));
    TRY(hub_del(hub, HUB_TABLE_BOXES, &owner));
    return hub_del(hub, HUB_TABLE_BOXES, &end);
}

static tb_status box_read(struct hub *hub, const uint8_t id[CHAT_BOX_ID_LEN],
                          struct tb_arena *arena, struct hub_row_box *row, bool *found)
{
    struct hub_key key = box_key(id);
    return hub_get(hub, HUB_TABLE_BOXES, &key, &hub_row_box_desc, arena, row, found);
}

/* The new one takes the place of an account's older backup. */
static tb_status drop_backups(struct hub *hub, struct hub_call *call, const struct hub_pairs *owned,
                              size_t prefix_len)
{
    for (size_t i = 0; i < owned->count; i++) {
        struct hub_row_box row;
        bool found;
        if (owned->at[i].key.len != prefix_len + CHAT_BOX_ID_LEN) return TB_STATUS(HUB_ROW);
        const uint8_t *id = owned->at[i].key.data + prefix_len;
        TRY(box_read(hub, id, call->arena, &row, &found));
        if (found && row.kind == CHAT_BOX_RECOVERY) TRY(box_drop(hub, id, &row));
    }
    return TB_STATUS(TB_OK);
}

static uint64_t end_of(uint8_t kind, uint64_t now_ms)
{
    switch (kind) {
    case CHAT_BOX_LINK: return now_ms + link_life_ms;
    case CHAT_BOX_KEY: return now_ms + key_life_ms;
    default: return UINT64_MAX; /* a backup stays */
    }
}

static tb_status box_store(struct hub *hub, struct hub_call *call, const struct chat_box_put *put)
{
    struct hub_row_box row = { .kind = put->kind, .until_ms = end_of(put->kind, call->now_ms),
                               .sealed = put->sealed };
    memcpy(row.user, call->account->id.at, sizeof row.user);
    struct hub_key box = box_key(put->id), owner = owner_key(row.user, put->id);
    struct hub_key end = end_key(row.until_ms, put->id);
    TRY(hub_put(hub, HUB_TABLE_BOXES, &box, &hub_row_box_desc, &row, call->arena));
    TRY(hub_put_octets(hub, HUB_TABLE_BOXES, &owner, TB_LITERAL("1")));
    return hub_put_octets(hub, HUB_TABLE_BOXES, &end, TB_LITERAL("1"));
}

uint16_t hub_verb_box_put(struct hub *hub, struct hub_call *call, const void *request,
                          void *answer)
{
    (void)answer;
    const struct chat_box_put *put = request;
    struct hub_row_box before;
    struct hub_pairs owned;
    bool found;
    tb_status status;
    if (put->kind < CHAT_BOX_LINK || put->kind > CHAT_BOX_KEY) {
        return hub_refuse(call, CHAT_CODE_BAD_REQUEST, "an unknown kind of box");
    }
    CHECK(box_read(hub, put->id, call->arena, &before, &found));
    if (found && memcmp(before.user, call->account->id.at, sizeof before.user) != 0) {
        return hub_refuse(call, CHAT_CODE_CONFLICT, "this box is another account's");
    }
    struct hub_key prefix = hub_key_tagged('A', call->account->id.at, HUB_USER_ID_LEN);
    CHECK(hub_row_list(hub->store, HUB_TABLE_BOXES, &prefix, NULL, BOX_COUNT_MAX, call->arena,
                       &owned));
    if (!found && owned.count >= BOX_COUNT_MAX) {
        return hub_refuse_value(call, CHAT_CODE_RATE_LIMITED, "too many boxes of this account",
                                BOX_COUNT_MAX);
    }
    if (put->kind == CHAT_BOX_RECOVERY) CHECK(drop_backups(hub, call, &owned, prefix.len));
    if (found) CHECK(box_drop(hub, put->id, &before));
    CHECK(box_store(hub, call, put));
    return CHAT_CODE_OK;
out:
    return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}

/* Whoever knows the id may have it: a device before its first login, or the phrase's holder. */
uint16_t hub_verb_box_get(struct hub *hub, struct hub_call *call, const void *request,
                          void *answer)
{
    const struct chat_box_get *get = request;
    struct chat_box *out = answer;
    struct hub_row_box row;
    struct hub_account *account;
    struct hub_user_id user;
    bool found;
    tb_status status;
    CHECK(box_read(hub, get->id, call->arena, &row, &found));
    if (!found || row.until_ms <= call->now_ms) {
        return hub_refuse(call, CHAT_CODE_NOT_FOUND, "there is no such box");
    }
    memcpy(user.at, row.user, sizeof user.at);
    CHECK(hub_account_get(hub, &user, &account));
    if (account == NULL) return hub_refuse(call, CHAT_CODE_NOT_FOUND, "the account is gone");
    CHECK(hub_account_record(hub, account, call->arena, &out->record));
    out->sealed = row.sealed;
    return CHAT_CODE_OK;
out:
    return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}

tb_status hub_box_sweep(struct hub *hub, uint64_t now_ms, struct tb_arena *arena)
{
    struct hub_key prefix = hub_key_tagged('E', "", 0);
    struct hub_pairs rows;
    TRY(hub_row_list(hub->store, HUB_TABLE_BOXES, &prefix, NULL, SWEEP_COUNT, arena, &rows));
    for (size_t i = 0; i < rows.count; i++) {
        struct hub_row_box row;
        bool found;
        if (rows.at[i].key.len != 1 + 8 + CHAT_BOX_ID_LEN) return TB_STATUS(HUB_ROW);
        if (tb_get_u64(rows.at[i].key.data + 1) > now_ms) return TB_STATUS(TB_OK);
        const uint8_t *id = rows.at[i].key.data + 1 + 8;
        TRY(box_read(hub, id, arena, &row, &found));
        if (found) TRY(box_drop(hub, id, &row));
    }
    return TB_STATUS(TB_OK);
}

/* ---- what follows from a record ---- */

void hub_record_push(struct hub *hub, struct hub_call *call, const struct hub_account *account,
                     tb_bytes encoded)
{
    struct chat_opaque body = { encoded };
    for (struct hub_session *s = account->sessions; s != NULL; s = s->account_next) {
        if (s == call->session) continue;
        hub_send(hub, call->effects, s->conn,
                 hub_push_blob(hub, CHAT_PUSH_RECORD, &chat_opaque_desc, &body));
    }
}

static tb_status remove_from(struct hub *hub, struct hub_call *call,
                             const struct hub_device_id *device, const struct hub_room_id *id)
{
    struct hub_room *room;
    bool can = false;
    TRY(hub_room_get(hub, id, &room));
    if (room == NULL || room->head.state != HUB_ROOM_OPEN) return TB_STATUS(TB_OK);
    for (size_t i = 0; i < room->shape.members.count && !can; i++) {
        TRY(hub_mandatory_can_commit(hub, room, &room->shape.members.at[i], &can));
    }
    if (!can) return TB_STATUS(TB_OK);
    TRY(hub_mandatory_absent(hub, room, device->at, call->arena));
    return hub_mandatory_issue(hub, room, call->now_ms, call->arena, call->effects);
}

static tb_status membership_of(tb_bytes value, struct tb_arena *arena,
                               struct hub_row_membership *row)
{
    tb_status status = wire_decode(&hub_row_membership_desc, value, arena, row, NULL);
    if (tb_is_ok(status) || status.code == TB_NO_SPACE) return status;
    return TB_STATUS(HUB_ROW);
}

tb_status hub_device_remove(struct hub *hub, struct hub_call *call,
                            const struct hub_device_id *device)
{
    struct hub_key prefix = hub_key_tagged('D', device->at, sizeof device->at);
    struct hub_pairs rows;
    TRY(hub_row_list(hub->store, HUB_TABLE_MEMBERSHIPS, &prefix, NULL, ROOM_COUNT_MAX, call->arena,
                     &rows));
    for (size_t i = 0; i < rows.count; i++) {
        struct hub_row_membership row;
        struct hub_room_id id;
        if (rows.at[i].key.len != prefix.len + sizeof id.at) return TB_STATUS(HUB_ROW);
        TRY(membership_of(rows.at[i].value, call->arena, &row));
        if (row.to_log_seq != 0) continue;
        memcpy(id.at, rows.at[i].key.data + prefix.len, sizeof id.at);
        TRY(remove_from(hub, call, device, &id));
    }
    return TB_STATUS(TB_OK);
}

static bool is_listed(const struct chat_login_answer *answer, tb_bytes room_uri)
{
    for (size_t i = 0; i < answer->rooms.count; i++) {
        if (tb_bytes_equal(answer->rooms.at[i].room_uri, room_uri)) return true;
    }
    return false;
}

static tb_status add_room(struct hub *hub, struct hub_call *call, const struct hub_room_id *id,
                          struct chat_login_answer *out)
{
    struct hub_row_membership row = { .from_log_seq = 0 };
    struct chat_room_state state = { .log_seq = 0 };
    bool is_shown;
    TRY(hub_room_state(hub, &call->device, &row, id, call->arena, &state, &is_shown, false));
    bool is_living = state.state == HUB_ROOM_OPEN || state.state == HUB_ROOM_FROZEN;
    if (!is_shown || !is_living || is_listed(out, state.room_uri)) return TB_STATUS(TB_OK);
    state.state = HUB_STATE_OUT;
    state.cursor = state.log_seq;
    out->rooms.at[out->rooms.count++] = state;
    return TB_STATUS(TB_OK);
}

tb_status hub_device_rooms(struct hub *hub, struct hub_call *call, struct chat_login_answer *out)
{
    struct hub_user_id user = hub_user_of_device(&call->device);
    struct hub_key prefix = hub_key_tagged('U', user.at, sizeof user.at);
    struct hub_pairs rows;
    TRY(hub_row_list(hub->store, HUB_TABLE_MEMBERSHIPS, &prefix, NULL, ROOM_COUNT_MAX, call->arena,
                     &rows));
    struct chat_room_state *at =
        tb_arena_take(call->arena, out->rooms.count + rows.count, sizeof *at);
    if (at == NULL) return TB_STATUS(TB_NO_SPACE);
    if (out->rooms.count != 0) memcpy(at, out->rooms.at, out->rooms.count * sizeof *at);
    out->rooms.at = at;
    for (size_t i = 0; i < rows.count; i++) {
        struct hub_row_membership row;
        struct hub_room_id id;
        if (rows.at[i].key.len != prefix.len + sizeof id.at + 8) return TB_STATUS(HUB_ROW);
        TRY(membership_of(rows.at[i].value, call->arena, &row));
        if (row.to_log_seq != 0) continue; /* no participant any more */
        memcpy(id.at, rows.at[i].key.data + prefix.len, sizeof id.at);
        TRY(add_room(hub, call, &id, out));
    }
    return TB_STATUS(TB_OK);
}
