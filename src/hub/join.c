/* Invitations, and requests to join a room that wait for a member who may add. */
#include <string.h>

#include "chat/records.h"
#include "hub/join.h"
#include "hub/rules.h"
#include "hub/welcome.h"

enum {
    JOIN_COUNT_MAX = 256,             /* waiting for one room */
    JOIN_CLOCK_SKEW_MS = 86400000,
    INVITE_COUNT_MAX = 256,           /* of one account, until they are forgotten */
    INVITE_KEPT_MS = 7 * 86400000,    /* after its end, so that people are told what it is */
    INVITE_SWEEP_COUNT = 256,
    REMOVAL_COUNT_MAX = 4096          /* of one user from one room, within the report window */
};

/* ---- invitations ---- */

static tb_status invite_key_of(const struct hub *hub, tb_bytes invite_key, struct hub_key *key)
{
    uint8_t hash[CRYPTO_HASH_MAX];
    TRY(crypto_hash(hub_own_suite(hub), &invite_key, 1, hash));
    *key = hub_key_tagged('I', hash, CHAT_HASH_LEN);
    return TB_STATUS(TB_OK);
}

/* The row under which an account's invitations are counted; false: made by the operator. */
static bool creator_key(const struct hub *hub, const struct hub_row_invite *invite,
                        const struct hub_key *key, struct hub_key *out)
{
    struct hub_user_id user;
    if (!hub_id_user(hub->domain, invite->creator, &user)) return false;
    *out = hub_key_tagged('A', user.at, sizeof user.at);
    hub_key_add(out, key->octets + 1, CHAT_HASH_LEN);
    return true;
}

tb_status hub_invite_drop(struct hub *hub, const struct hub_key *key,
                          const struct hub_row_invite *invite)
{
    struct hub_key owned;
    if (creator_key(hub, invite, key, &owned)) TRY(hub_del(hub, HUB_TABLE_INVITES, &owned));
    return hub_del(hub, HUB_TABLE_INVITES, key);
}

tb_status hub_invite_sweep(struct hub *hub, uint64_t now_ms, struct tb_arena *arena)
{
    struct hub_key all = hub_key_tagged('I', "", 0);
    struct hub_pairs rows;
    TRY(hub_row_list(hub->store, HUB_TABLE_INVITES, &all,
                     hub->invite_at.len != 0 ? &hub->invite_at : NULL, INVITE_SWEEP_COUNT, arena,
                     &rows));
    hub->invite_at.len = 0; /* from the start again, unless there is more */
    for (size_t i = 0; i < rows.count; i++) {
        struct hub_row_invite row;
        struct hub_key key = hub_key_of(rows.at[i].key);
        if (rows.count == INVITE_SWEEP_COUNT) hub->invite_at = key;
        if (!tb_is_ok(wire_decode(&hub_row_invite_desc, rows.at[i].value, arena, &row, NULL))) {
            return TB_STATUS(HUB_ROW);
        }
        bool is_old = now_ms > INVITE_KEPT_MS && row.expires_ms < now_ms - INVITE_KEPT_MS;
        if (is_old) TRY(hub_invite_drop(hub, &key, &row));
    }
    return TB_STATUS(TB_OK);
}

tb_status hub_invite_put(struct hub *hub, const struct hub_row_invite *invite,
                         struct tb_arena *arena)
{
    struct hub_key key, owned;
    TRY(invite_key_of(hub, invite->invite_key, &key));
    if (creator_key(hub, invite, &key, &owned)) {
        TRY(hub_put_octets(hub, HUB_TABLE_INVITES, &owned, TB_LITERAL("1")));
    }
    return hub_put(hub, HUB_TABLE_INVITES, &key, &hub_row_invite_desc, invite, arena);
}

uint16_t hub_invite_check(struct hub *hub, struct hub_call *call, tb_bytes invite_key,
                          uint8_t kind, struct hub_row_invite *out)
{
    struct hub_key key;
    bool found;
    tb_status status;
    CHECK(invite_key_of(hub, invite_key, &key));
    CHECK(hub_get(hub, HUB_TABLE_INVITES, &key, &hub_row_invite_desc, call->arena, out, &found));
    if (!found || out->kind != kind) {
        return hub_refuse(call, CHAT_CODE_NOT_FOUND, "there is no such invitation");
    }
    if (out->expires_ms <= call->now_ms) {
        return hub_refuse_value(call, CHAT_CODE_INVITATION_EXPIRED, "", out->expires_ms);
    }
    if (out->use_count >= out->use_count_max) return CHAT_CODE_INVITATION_USED;
    return CHAT_CODE_OK;
out:
    return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}

static uint16_t check_invite_right(struct hub *hub, struct hub_call *call,
                                   const struct chat_invite_put *put)
{
    if (put->kind == CHAT_INVITE_ACCOUNT) {
        if ((call->account->flags & HUB_ACCOUNT_IS_ADMIN) != 0) return CHAT_CODE_OK;
        return hub_refuse(call, CHAT_CODE_FORBIDDEN, "only admins invite new accounts");
    }
    struct hub_room *room;
    tb_status status = hub_room_by_uri(hub, put->room_uri, &room);
    if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
    if (put->kind != CHAT_INVITE_ROOM || room == NULL) {
        return hub_refuse(call, CHAT_CODE_NOT_FOUND, "there is no such room");
    }
    if (room->shape.fixed_membership ||
        (hub_room_role_bits(room, &call->account->id) & HUB_ROLE_MAY_ADD) == 0) {
        return hub_refuse(call, CHAT_CODE_FORBIDDEN, "you may not add people to this room");
    }
    return CHAT_CODE_OK;
}

static bool count_row(void *ctx, tb_bytes key, tb_bytes value)
{
    (void)key, (void)value;
    ++*(size_t *)ctx;
    return true;
}

static uint16_t check_invite_count(struct hub *hub, struct hub_call *call)
{
    struct hub_key prefix = hub_key_tagged('A', call->account->id.at, HUB_USER_ID_LEN);
    size_t count = 0;
    tb_status status = hub_row_scan(hub->store, HUB_TABLE_INVITES, &prefix, NULL,
                                    INVITE_COUNT_MAX, count_row, &count);
    if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
    if (count < INVITE_COUNT_MAX) return CHAT_CODE_OK;
    return hub_refuse_value(call, CHAT_CODE_RATE_LIMITED,
                            "too many invitations of yours; wait until some have ended",
                            INVITE_COUNT_MAX);
}

uint16_t hub_verb_invite_put(struct hub *hub, struct hub_call *call, const void *request,
                             void *answer)
{
    (void)answer;
    const struct chat_invite_put *put = request;
    uint16_t code = check_invite_right(hub, call, put);
    if (code != CHAT_CODE_OK) return code;
    struct hub_row_invite row, other;
    code = hub_invite_check(hub, call, put->invite_key, put->kind, &other);
    if (code != CHAT_CODE_NOT_FOUND) {
        /* The key exists; asking again is no harm, but uses that are gone stay gone. */
        return code == CHAT_CODE_INTERNAL || code == CHAT_CODE_STORE ? code : CHAT_CODE_OK;
    }
    code = check_invite_count(hub, call);
    if (code != CHAT_CODE_OK) return code;
    row = (struct hub_row_invite){
        .kind = put->kind, .invite_key = put->invite_key, .room_uri = put->room_uri,
        .creator = hub_account_uri(call->account), .use_count_max = put->use_count_max,
        .expires_ms = put->expires_ms != 0 ? put->expires_ms : call->now_ms + HUB_INVITE_LIFE_MS,
    };
    if (row.use_count_max == 0) row.use_count_max = 1;
    tb_status status = hub_invite_put(hub, &row, call->arena);
    return tb_is_ok(status) ? CHAT_CODE_OK
                            : hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}

/* Ends one invitation, and forgets who waits by it: no member would take them. */
static tb_status revoke_one(struct hub *hub, const struct hub_room *room,
                            const struct hub_key *key, const struct hub_row_invite *invite,
                            struct tb_arena *arena)
{
    struct hub_key prefix = hub_key_of(TB_ARRAY(room->id.at));
    struct hub_pairs rows;
    TRY(hub_row_list(hub->store, HUB_TABLE_JOIN_REQUESTS, &prefix, NULL, JOIN_COUNT_MAX, arena,
                     &rows));
    for (size_t i = 0; i < rows.count; i++) {
        struct hub_row_join row;
        if (!tb_is_ok(wire_decode(&hub_row_join_desc, rows.at[i].value, arena, &row, NULL))) {
            return TB_STATUS(HUB_ROW);
        }
        if (!tb_bytes_equal(row.request.invite_key, invite->invite_key)) continue;
        struct hub_key waiting = hub_key_of(rows.at[i].key);
        TRY(hub_del(hub, HUB_TABLE_JOIN_REQUESTS, &waiting));
    }
    return hub_invite_drop(hub, key, invite);
}

/* One key; a key of another room, or that is gone, changes nothing. */
static tb_status revoke_key(struct hub *hub, struct hub_call *call, const struct hub_room *room,
                            const struct hub_key *key, bool *is_refused)
{
    struct hub_row_invite row;
    bool found;
    TRY(hub_get(hub, HUB_TABLE_INVITES, key, &hub_row_invite_desc, call->arena, &row, &found));
    if (!found || !tb_bytes_equal(row.room_uri, hub_room_uri(room))) return TB_STATUS(TB_OK);
    bool is_own = tb_bytes_equal(row.creator, hub_account_uri(call->account));
    bool may = (hub_room_role_bits(room, &call->account->id) & HUB_ROLE_MAY_REMOVE) != 0;
    *is_refused = *is_refused || (!is_own && !may);
    if (!is_own && !may) return TB_STATUS(TB_OK);
    return revoke_one(hub, room, key, &row, call->arena);
}

static tb_status revoke_own(struct hub *hub, struct hub_call *call, const struct hub_room *room)
{
    struct hub_key prefix = hub_key_tagged('A', call->account->id.at, HUB_USER_ID_LEN);
    struct hub_pairs rows;
    bool is_refused = false;
    TRY(hub_row_list(hub->store, HUB_TABLE_INVITES, &prefix, NULL, INVITE_COUNT_MAX, call->arena,
                     &rows));
    for (size_t i = 0; i < rows.count; i++) {
        tb_bytes at = rows.at[i].key;
        if (at.len != 1 + HUB_USER_ID_LEN + CHAT_HASH_LEN) return TB_STATUS(HUB_ROW);
        struct hub_key key = hub_key_tagged('I', at.data + 1 + HUB_USER_ID_LEN, CHAT_HASH_LEN);
        TRY(revoke_key(hub, call, room, &key, &is_refused));
    }
    return TB_STATUS(TB_OK);
}

uint16_t hub_verb_invite_revoke(struct hub *hub, struct hub_call *call, const void *request,
                                void *answer)
{
    (void)answer;
    const struct chat_invite_revoke *asked = request;
    struct hub_room *room;
    bool is_refused = false;
    tb_status status;
    CHECK(hub_room_by_uri(hub, asked->room_uri, &room));
    if (room == NULL) return hub_refuse(call, CHAT_CODE_NOT_FOUND, "there is no such room");
    if (asked->invite_keys.count > INVITE_COUNT_MAX) return CHAT_CODE_TOO_LARGE;
    if (asked->invite_keys.count == 0) CHECK(revoke_own(hub, call, room));
    for (size_t i = 0; i < asked->invite_keys.count; i++) {
        struct hub_key key;
        CHECK(invite_key_of(hub, asked->invite_keys.at[i].value, &key));
        CHECK(revoke_key(hub, call, room, &key, &is_refused));
    }
    if (!is_refused) return CHAT_CODE_OK;
    return hub_refuse(call, CHAT_CODE_FORBIDDEN, "the invitation is somebody else's");
out:
    return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}

/* ---- requests ---- */

static struct hub_key join_key(const struct hub_room_id *room, const struct hub_device_id *device)
{
    struct hub_key key = hub_key_of(TB_ARRAY(room->at));
    hub_key_add(&key, device->at, sizeof device->at);
    return key;
}

/* Whoever was removed, or left, is not wanted by what they asked before. */
static tb_status is_void(struct hub *hub, const struct hub_room_id *room,
                         const struct chat_join_request *request, struct tb_arena *arena,
                         bool *out)
{
    struct hub_user_id user;
    struct hub_pairs rows;
    *out = false;
    if (request->kind != CHAT_JOIN_KIND_LINK) return TB_STATUS(TB_OK); /* participants alone */
    if (!hub_id_user(hub->domain, request->account, &user)) return TB_STATUS(TB_OK);
    struct hub_key prefix = hub_key_tagged('U', user.at, sizeof user.at);
    hub_key_add(&prefix, room->at, sizeof room->at);
    TRY(hub_row_list(hub->store, HUB_TABLE_MEMBERSHIPS, &prefix, NULL, REMOVAL_COUNT_MAX, arena,
                     &rows));
    for (size_t i = 0; i < rows.count; i++) {
        struct hub_row_membership row;
        if (!tb_is_ok(wire_decode(&hub_row_membership_desc, rows.at[i].value, arena, &row,
                                  NULL))) {
            return TB_STATUS(HUB_ROW);
        }
        if (row.to_log_seq != 0 && request->time_ms <= row.to_ms) *out = true;
    }
    return TB_STATUS(TB_OK);
}

tb_status hub_join_is_waiting(struct hub *hub, const struct hub_room_id *room,
                              const struct chat_join_request *request, struct tb_arena *arena,
                              bool *found)
{
    struct hub_device_id device;
    *found = false;
    if (!hub_id_device(hub->domain, request->device, &device)) return TB_STATUS(TB_OK);
    struct hub_key key = join_key(room, &device);
    struct hub_row_join row;
    bool is_there;
    TRY(hub_get(hub, HUB_TABLE_JOIN_REQUESTS, &key, &hub_row_join_desc, arena, &row, &is_there));
    bool is_old = false;
    if (is_there) TRY(is_void(hub, room, &row.request, arena, &is_old));
    *found = is_there && !is_old && row.expires_ms > hub->now_ms &&
             wire_equal(&chat_join_request_desc, &row.request, request);
    return TB_STATUS(TB_OK);
}

tb_status hub_join_done(struct hub *hub, const struct hub_room_id *room,
                        const struct hub_device_id *device)
{
    struct hub_key key = join_key(room, device);
    return hub_del(hub, HUB_TABLE_JOIN_REQUESTS, &key);
}

/* Kind 1 needs a living invitation to this room, kind 2 a participant. */
static uint16_t check_kind(struct hub *hub, struct hub_call *call,
                           const struct chat_join_request *asked, struct hub_room *room,
                           struct hub_row_invite *invite)
{
    bool is_participant = hub_room_role_bits(room, &call->account->id) != 0;
    if (asked->kind == CHAT_JOIN_KIND_DEVICE) {
        if (is_participant) return CHAT_CODE_OK;
        return hub_refuse(call, CHAT_CODE_FORBIDDEN, "you are no participant of this room");
    }
    const struct hub_row_participant *listed = hub_room_participant(room, &call->account->id);
    if (listed != NULL && !is_participant) {
        return hub_refuse(call, CHAT_CODE_FORBIDDEN, "you are banned from this room");
    }
    uint64_t until_ms;
    if (hub_rules_denies(room, &call->account->id, call->now_ms, &until_ms)) {
        return hub_refuse_value(call, CHAT_CODE_DENIED, "", until_ms);
    }
    uint16_t code = hub_invite_check(hub, call, asked->invite_key, CHAT_INVITE_ROOM, invite);
    if (code != CHAT_CODE_OK) return code;
    if (!tb_bytes_equal(invite->room_uri, asked->room_uri)) {
        return hub_refuse(call, CHAT_CODE_NOT_FOUND, "the invitation is for another room");
    }
    return CHAT_CODE_OK;
}

static uint16_t check_request(struct hub *hub, struct hub_call *call,
                              const struct chat_join_request *asked)
{
    struct hub_device_id device;
    if (!hub_id_device(hub->domain, asked->device, &device) ||
        memcmp(device.at, call->device.at, sizeof device.at) != 0 ||
        !tb_bytes_equal(asked->account, hub_account_uri(call->account))) {
        return hub_refuse(call, CHAT_CODE_FORBIDDEN, "the request names another device");
    }
    if (asked->time_ms > call->now_ms + JOIN_CLOCK_SKEW_MS ||
        asked->time_ms + HUB_JOIN_LIFE_MS < call->now_ms) {
        return hub_refuse(call, CHAT_CODE_BAD_REQUEST, "the request is not of today");
    }
    tb_bytes record;
    tb_status status = hub_account_record(hub, call->account, call->arena, &record);
    if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
    status = chat_records_verify_join(hub_own_suite(hub), asked, asked->invite_key, record,
                                      call->arena);
    return tb_is_ok(status) ? CHAT_CODE_OK
                            : hub_refuse_status(hub, call, status, CHAT_CODE_SIGNATURE);
}

/* A further device may be let in by its account's others, whatever their role. */
static bool may_add(const struct hub_room *room, const struct hub_account *account,
                    const struct chat_join_request *asked)
{
    unsigned bits = hub_room_role_bits(room, &account->id);
    bool is_own = tb_bytes_equal(asked->account, hub_account_uri(account));
    return (bits & HUB_ROLE_MAY_ADD) != 0
           || (bits != 0 && is_own && asked->kind == CHAT_JOIN_KIND_DEVICE);
}

static tb_status store_request(struct hub *hub, struct hub_call *call,
                               const struct chat_join_request *asked, struct hub_room *room,
                               struct hub_row_invite *invite)
{
    struct hub_key key = join_key(&room->id, &call->device);
    struct hub_row_join row, before;
    bool found;
    TRY(hub_get(hub, HUB_TABLE_JOIN_REQUESTS, &key, &hub_row_join_desc, call->arena, &before,
                &found));
    /* The same link again from the same device is one use. */
    bool is_new_use = asked->kind == CHAT_JOIN_KIND_LINK &&
                      !(found && tb_bytes_equal(before.request.invite_key, asked->invite_key));
    if (is_new_use) {
        invite->use_count++;
        TRY(hub_invite_put(hub, invite, call->arena));
    }
    row.expires_ms = call->now_ms + HUB_JOIN_LIFE_MS;
    row.request = *asked;
    TRY(hub_put(hub, HUB_TABLE_JOIN_REQUESTS, &key, &hub_row_join_desc, &row, call->arena));
    for (size_t i = 0; i < room->sub_count; i++) {
        const struct hub_session *session = room->subs[i].session;
        if (!may_add(room, session->account, asked)) continue;
        hub_send(hub, call->effects, session->conn,
                 hub_push_blob(hub, CHAT_PUSH_JOIN_REQUEST, &chat_join_request_desc, asked));
    }
    return TB_STATUS(TB_OK);
}

/* Those of a room that still count; the others go. */
static tb_status list_waiting(struct hub *hub, const struct hub_room *room, struct tb_arena *arena,
                              struct chat_join_request **out, size_t *count)
{
    struct hub_key prefix = hub_key_of(TB_ARRAY(room->id.at));
    struct hub_pairs rows;
    TRY(hub_row_list(hub->store, HUB_TABLE_JOIN_REQUESTS, &prefix, NULL, JOIN_COUNT_MAX, arena,
                     &rows));
    *out = tb_arena_take(arena, rows.count, sizeof **out);
    if (*out == NULL) return TB_STATUS(TB_NO_SPACE);
    *count = 0;
    for (size_t i = 0; i < rows.count; i++) {
        struct hub_row_join row;
        bool is_old;
        if (!tb_is_ok(wire_decode(&hub_row_join_desc, rows.at[i].value, arena, &row, NULL))) {
            return TB_STATUS(HUB_ROW);
        }
        TRY(is_void(hub, &room->id, &row.request, arena, &is_old));
        struct hub_key key = hub_key_of(rows.at[i].key);
        if (is_old || row.expires_ms <= hub->now_ms) {
            TRY(hub_del(hub, HUB_TABLE_JOIN_REQUESTS, &key));
            continue;
        }
        (*out)[(*count)++] = row.request;
    }
    return TB_STATUS(TB_OK);
}

uint16_t hub_verb_join_request(struct hub *hub, struct hub_call *call, const void *request,
                               void *answer)
{
    (void)answer;
    const struct chat_join_request *asked = request;
    struct hub_room *room;
    tb_status status;
    CHECK(hub_room_by_uri(hub, asked->room_uri, &room));
    if (room == NULL) return hub_refuse(call, CHAT_CODE_NOT_FOUND, "there is no such room");
    if (room->head.state == HUB_ROOM_CLOSED) return CHAT_CODE_ROOM_CLOSED;
    if (room->head.state == HUB_ROOM_SHUT) return CHAT_CODE_ROOM_SHUT;
    uint16_t code = check_request(hub, call, asked);
    struct hub_row_invite invite = { .kind = 0 };
    bool is_repeated;
    CHECK(hub_join_is_waiting(hub, &room->id, asked, call->arena, &is_repeated));
    if (code == CHAT_CODE_OK && is_repeated) return CHAT_CODE_OK;
    /* Asked again before the Welcome was taken: members shall not add the device a second time. */
    bool is_welcome = false;
    CHECK(hub_welcome_is_waiting(hub, room, &call->device, call->arena, &is_welcome));
    if (code == CHAT_CODE_OK && is_welcome) return CHAT_CODE_OK;
    if (code == CHAT_CODE_OK) code = check_kind(hub, call, asked, room, &invite);
    if (code != CHAT_CODE_OK) return code;
    bool is_old;
    CHECK(is_void(hub, &room->id, asked, call->arena, &is_old));
    if (is_old) {
        return hub_refuse(call, CHAT_CODE_FORBIDDEN,
                          "the request is older than your removal from the room");
    }
    size_t count;
    struct chat_join_request *waiting;
    CHECK(list_waiting(hub, room, call->arena, &waiting, &count));
    if (count >= JOIN_COUNT_MAX) {
        return hub_refuse(call, CHAT_CODE_RATE_LIMITED, "too many wait for this room");
    }
    CHECK(store_request(hub, call, asked, room, &invite));
    return CHAT_CODE_OK;
out:
    return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}

tb_status hub_join_push_all(struct hub *hub, struct hub_room *room, struct hub_session *session,
                            struct tb_arena *arena, struct hub_effects *effects)
{
    if (hub_room_role_bits(room, &session->account->id) == 0) return TB_STATUS(TB_OK);
    struct chat_join_request *waiting;
    size_t count;
    TRY(list_waiting(hub, room, arena, &waiting, &count));
    for (size_t i = 0; i < count; i++) {
        if (!may_add(room, session->account, &waiting[i])) continue;
        hub_send(hub, effects, session->conn,
                 hub_push_blob(hub, CHAT_PUSH_JOIN_REQUEST, &chat_join_request_desc,
                               &waiting[i]));
    }
    return TB_STATUS(TB_OK);
}
