/*
 * The desk's verify key gives way to another, by its owner's signature, or the operator founds the
 * desk anew; every room is told by a proposal of the hub (amendments 25).
 */
#include <string.h>

#include "chat/records.h"
#include "hub/desk.h"
#include "hub/mandatory.h"

enum { ROOMS_AT_ONCE_MAX = 256 }; /* the long walk of retention.c has the others */

/* ---- rooms ---- */

tb_status hub_desk_room_due(struct hub *hub, struct hub_room *room, uint64_t now_ms,
                            struct tb_arena *arena, struct hub_effects *effects)
{
    static const struct hub_user_id nobody = { { 0 } };
    if (hub->desk.desk_uri.len == 0 || room->head.state != HUB_ROOM_OPEN ||
        tb_bytes_equal(room->shape.desk_key, hub->desk.desk_verify_key)) {
        return TB_STATUS(TB_OK);
    }
    TRY(hub_mandatory_add(hub, room, HUB_MANDATORY_RECIPIENT, &nobody,
                          TB_LITERAL("\0"), arena)); /* Safe AAD without an item */
    return hub_mandatory_issue(hub, room, now_ms, arena, effects);
}

tb_status hub_desk_rooms_due(struct hub *hub, struct hub_call *call)
{
    size_t at = 0, count = 0;
    for (struct hub_room *room; (room = hub_map_next(&hub->rooms, &at)) != NULL;) {
        if (room->sub_count == 0 || room->generation != hub->generation) continue;
        if (count++ == ROOMS_AT_ONCE_MAX) break;
        TRY(hub_desk_room_due(hub, room, call->now_ms, call->arena, call->effects));
    }
    return TB_STATUS(TB_OK);
}

/* ---- people ---- */

void hub_desk_tell(struct hub *hub, const struct hub_row_shape *shape, uint64_t now_ms,
                   struct hub_effects *effects)
{
    for (size_t i = 0; i < shape->participants.count; i++) {
        struct hub_user_id user;
        memcpy(user.at, shape->participants.at[i].user, sizeof user.at);
        const struct hub_account *account = hub_map_get(&hub->accounts, &user);
        if (account == NULL || account->session_count == 0) continue;
        struct chat_session_state state = {
            .is_restricted = hub_account_is_restricted(account, now_ms),
            .is_desk = hub_is_desk(hub, &user),
        };
        hub_push_account(hub, effects, account, CHAT_PUSH_SESSION_STATE,
                         &chat_session_state_desc, &state);
    }
}

/* ---- the record ---- */

/* What stands becomes past; signature empty: the operator's will. */
static tb_status step_back(struct hub *hub, uint64_t now_ms, tb_bytes signature)
{
    struct hub_row_desk *desk = &hub->desk;
    size_t count = desk->desk_past.count;
    struct chat_desk_past *at = tb_arena_take(&hub->state_arena, count + 1, sizeof *at);
    if (at == NULL) return TB_STATUS(TB_NO_SPACE);
    if (count != 0) memcpy(at, desk->desk_past.at, count * sizeof *at);
    at[count] = (struct chat_desk_past){ .uri = desk->desk_uri,
                                         .verify_key = desk->desk_verify_key,
                                         .until_ms = now_ms };
    TRY(tb_arena_dup(&hub->state_arena, signature, &at[count].signature));
    desk->desk_past.at = at;
    desk->desk_past.count = count + 1;
    return TB_STATUS(TB_OK);
}

/* ---- by an owner ---- */

static uint16_t check_rotate(struct hub *hub, struct hub_call *call,
                             const struct chat_desk_rotate *asked)
{
    struct hub_room *room;
    struct chat_recipient_key before;
    bool found;
    tb_status status;
    const struct chat_desk_key_tbs tbs = { .domain = hub->domain,
                                           .uri = hub->desk.desk_uri,
                                           .place = (uint32_t)hub->desk.desk_past.count,
                                           .verify_key = hub->desk.desk_verify_key,
                                           .next_verify_key = asked->verify_key };
    CHECK(hub_room_by_uri(hub, hub->desk.desk_uri, &room));
    if (room == NULL ||
        (hub_room_role_bits(room, &call->account->id) & HUB_ROLE_IS_OWNER) == 0) {
        return hub_refuse(call, CHAT_CODE_FORBIDDEN, "only an owner of the desk changes its key");
    }
    if (asked->verify_key.len != hub_own_suite(hub)->sign_public_len) {
        return hub_refuse(call, CHAT_CODE_BAD_REQUEST, "no key of this suite");
    }
    if (tbs.place >= CHAT_DESK_PAST_COUNT_MAX) {
        return hub_refuse(call, CHAT_CODE_TOO_LARGE, "the desk's key has changed too often");
    }
    status = chat_records_desk_key_verify(hub_own_suite(hub), &tbs, asked->signature, call->arena);
    /* Another owner was first: what this one signed over is past. */
    if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_CONFLICT);
    status = chat_records_verify_recipient(hub_own_suite(hub), &asked->recipient_key,
                                           hub->desk.desk_uri, asked->verify_key, 0, call->now_ms,
                                           call->arena);
    if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_SIGNATURE);
    CHECK(hub_desk_key_newest(hub, hub->desk.desk_uri, call->arena, &before, &found));
    if (found && asked->recipient_key.serial <= before.serial) {
        return hub_refuse_value(call, CHAT_CODE_CONFLICT, "the serial must grow", before.serial);
    }
    return CHAT_CODE_OK;
out:
    return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}

uint16_t hub_verb_desk_rotate(struct hub *hub, struct hub_call *call, const void *request,
                              void *answer)
{
    const struct chat_desk_rotate *asked = request;
    struct chat_opaque *out = answer;
    tb_status status;
    if (tb_bytes_equal(asked->verify_key, hub->desk.desk_verify_key)) {
        out->value = hub->hub_record; /* asked again */
        return CHAT_CODE_OK;
    }
    uint16_t code = check_rotate(hub, call, asked);
    if (code != CHAT_CODE_OK) return code;
    CHECK(step_back(hub, call->now_ms, asked->signature));
    CHECK(tb_arena_dup(&hub->state_arena, asked->verify_key, &hub->desk.desk_verify_key));
    CHECK(hub_desk_key_put(hub, call, &asked->recipient_key));
    CHECK(hub_record_renew(hub, call->now_ms, call->effects));
    CHECK(hub_desk_rooms_due(hub, call));
    out->value = hub->hub_record;
    return CHAT_CODE_OK;
out:
    hub->is_broken = true; /* half a change must not stand */
    return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}

/* ---- given back after a restore ---- */

/* What this hub said later than the backup that it was restored from: its own signature says so. */
static uint16_t check_given(struct hub *hub, struct hub_call *call, tb_bytes encoded,
                            struct chat_hub_record *given, bool *is_anew)
{
    struct chat_hub_record own;
    uint8_t root_hash[CHAT_HASH_LEN];
    tb_status status;
    CHECK(chat_records_root_hash(hub_own_suite(hub), crypto_signing_key_public(&hub->keys.root),
                                 root_hash));
    CHECK(wire_decode(&chat_hub_record_desc, hub->hub_record, call->arena, &own, NULL));
    status = chat_records_verify_hub(hub_own_suite(hub), encoded, TB_ARRAY(root_hash), 0,
                                     call->arena, given);
    if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_SIGNATURE);
    if (!tb_bytes_equal(given->domain, hub->domain)) {
        return hub_refuse(call, CHAT_CODE_BAD_REQUEST, "the record of another domain");
    }
    status = chat_records_desk_follows(&own, given, is_anew);
    if (tb_is_ok(status)) return CHAT_CODE_OK;
    return hub_refuse_status(hub, call, status, CHAT_CODE_CONFLICT);
out:
    return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}

static tb_status take_given(struct hub *hub, const struct chat_hub_record *given)
{
    struct hub_row_desk *desk = &hub->desk;
    struct chat_hub_record kept;
    tb_bytes encoded;
    TRY(wire_encode(&chat_hub_record_desc, given, &hub->state_arena, &encoded));
    TRY(wire_decode(&chat_hub_record_desc, encoded, &hub->state_arena, &kept, NULL));
    desk->desk_uri = kept.desk_uri;
    desk->desk_verify_key = kept.desk_verify_key;
    desk->desk_past.at = kept.desk_past.at;
    desk->desk_past.count = kept.desk_past.count;
    if (desk->record_version < given->version) desk->record_version = given->version;
    return TB_STATUS(TB_OK);
}

uint16_t hub_verb_hub_record_put(struct hub *hub, struct hub_call *call, const void *request,
                                 void *answer)
{
    struct chat_hub_record given;
    struct chat_opaque *out = answer;
    bool is_anew = false;
    tb_status status;
    uint16_t code = check_given(hub, call, ((const struct chat_opaque *)request)->value, &given,
                                &is_anew);
    if (code != CHAT_CODE_OK) return code;
    bool is_same = given.desk_past.count == hub->desk.desk_past.count &&
                   tb_bytes_equal(given.desk_uri, hub->desk.desk_uri);
    if (!is_same) {
        CHECK(take_given(hub, &given));
        if (is_anew) hub->desk.queue_from = hub->counters.report_number;
        CHECK(hub_record_renew(hub, call->now_ms, call->effects));
        CHECK(hub_desk_rooms_due(hub, call));
    }
    out->value = hub->hub_record;
    return CHAT_CODE_OK;
out:
    hub->is_broken = true; /* half a change must not stand */
    return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}

/* ---- by the operator ---- */

uint16_t hub_verb_admin_desk_refound(struct hub *hub, struct hub_call *call, const void *request,
                                     void *answer)
{
    const struct chat_admin_invite *asked = request;
    struct hub_room *room;
    tb_status status;
    if (hub->desk.desk_uri.len == 0) {
        return hub_refuse(call, CHAT_CODE_CONFLICT,
                          "there is no desk; `invite create --admin` invites who will found it");
    }
    if (hub->desk.desk_past.count >= CHAT_DESK_PAST_COUNT_MAX) {
        return hub_refuse(call, CHAT_CODE_TOO_LARGE, "the desk has changed too often");
    }
    uint64_t expires_ms = asked->expires_ms != 0 ? asked->expires_ms
                                                 : call->now_ms + HUB_INVITE_LIFE_MS;
    CHECK(hub_room_by_uri(hub, hub->desk.desk_uri, &room));
    CHECK(hub_invite_new(hub, true, expires_ms, 1, call->arena,
                         &((struct chat_opaque *)answer)->value));
    CHECK(step_back(hub, call->now_ms, (tb_bytes){ NULL, 0 }));
    hub->desk.desk_uri = hub->desk.desk_verify_key = (tb_bytes){ NULL, 0 };
    hub->desk.queue_from = hub->counters.report_number;
    CHECK(hub_record_renew(hub, call->now_ms, call->effects));
    if (room != NULL) hub_desk_tell(hub, &room->shape, call->now_ms, call->effects);
    return CHAT_CODE_OK;
out:
    hub->is_broken = true;
    return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}
