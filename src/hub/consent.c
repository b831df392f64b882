/*
 * Consent (spec 1.7): who may claim whose key packages.  A row under the target decides; a row
 * under the requester lets it see what it asked for and was granted.  A refusal is not told:
 * answers are the same whether the target exists, refuses or has not answered.
 */
#include <string.h>

#include "hub/engine.h"

enum consent_operation { CONSENT_CANCEL = 0, CONSENT_REQUEST, CONSENT_GRANT, CONSENT_REVOKE };
enum {
    CONSENT_COUNT_MAX = 4096,   /* of one person */
    CONSENT_PAIR_COUNT_MAX = 16, /* of those, between the same two people */
    CONSENT_LEN_MAX = 2048
};

struct consent {
    struct hub_account *requester, *target;
    struct hub_room_id room; /* zeros: any room */
    tb_bytes encoded;
};

static struct hub_key consent_key(char tag, const struct hub_user_id *first,
                                  const struct hub_user_id *second,
                                  const struct hub_room_id *room)
{
    struct hub_key key = hub_key_tagged(tag, first->at, sizeof first->at);
    hub_key_add(&key, second->at, sizeof second->at);
    hub_key_add(&key, room->at, sizeof room->at);
    return key;
}

static tb_status read_operation(struct hub *hub, const struct hub_key *key,
                                struct tb_arena *arena, uint8_t *operation, bool *found)
{
    struct chat_consent_entry entry;
    TRY(hub_get(hub, HUB_TABLE_CONSENTS, key, &chat_consent_entry_desc, arena, &entry, found));
    if (*found) *operation = entry.consent_operation;
    return TB_STATUS(TB_OK);
}

tb_status hub_consent_is_granted(struct hub *hub, const struct hub_user_id *requester,
                                 const struct hub_user_id *target,
                                 const struct hub_room_id *room, struct tb_arena *arena,
                                 bool *granted)
{
    static const struct hub_room_id any = { { 0 } };
    uint8_t operation = CONSENT_CANCEL;
    bool found;
    struct hub_key key = consent_key('T', target, requester, room);
    TRY(read_operation(hub, &key, arena, &operation, &found));
    if (!found || operation == CONSENT_REQUEST) {
        key = consent_key('T', target, requester, &any);
        TRY(read_operation(hub, &key, arena, &operation, &found));
    }
    *granted = found && operation == CONSENT_GRANT;
    return TB_STATUS(TB_OK);
}

static tb_status store_request(struct hub *hub, struct hub_call *call, const struct consent *c,
                               const struct chat_consent_entry *entry)
{
    struct hub_key at = consent_key('T', &c->target->id, &c->requester->id, &c->room);
    struct hub_key own = consent_key('R', &c->requester->id, &c->target->id, &c->room);
    uint8_t operation = CONSENT_CANCEL;
    bool found;
    TRY(read_operation(hub, &at, call->arena, &operation, &found));
    TRY(hub_put_octets(hub, HUB_TABLE_CONSENTS, &own, c->encoded));
    if (found && operation != CONSENT_REQUEST) return TB_STATUS(TB_OK);
    TRY(hub_put_octets(hub, HUB_TABLE_CONSENTS, &at, c->encoded));
    if (!found) {
        hub_push_account(hub, call->effects, c->target, CHAT_PUSH_CONSENT,
                         &chat_consent_entry_desc, entry);
    }
    return TB_STATUS(TB_OK);
}

static tb_status store_answer(struct hub *hub, struct hub_call *call, const struct consent *c,
                              const struct chat_consent_entry *entry)
{
    struct hub_key at = consent_key('T', &c->target->id, &c->requester->id, &c->room);
    struct hub_key theirs = consent_key('R', &c->requester->id, &c->target->id, &c->room);
    TRY(hub_put_octets(hub, HUB_TABLE_CONSENTS, &at, c->encoded));
    if (entry->consent_operation == CONSENT_REVOKE) {
        return hub_del(hub, HUB_TABLE_CONSENTS, &theirs);
    }
    TRY(hub_put_octets(hub, HUB_TABLE_CONSENTS, &theirs, c->encoded));
    hub_push_account(hub, call->effects, c->requester, CHAT_PUSH_CONSENT,
                     &chat_consent_entry_desc, entry);
    return TB_STATUS(TB_OK);
}

static tb_status cancel(struct hub *hub, struct hub_call *call, const struct consent *c)
{
    struct hub_key at = consent_key('T', &c->target->id, &c->requester->id, &c->room);
    struct hub_key own = consent_key('R', &c->requester->id, &c->target->id, &c->room);
    uint8_t operation = CONSENT_CANCEL;
    bool found;
    TRY(read_operation(hub, &at, call->arena, &operation, &found));
    if (found && operation == CONSENT_REQUEST) TRY(hub_del(hub, HUB_TABLE_CONSENTS, &at));
    return hub_del(hub, HUB_TABLE_CONSENTS, &own);
}

static bool count_row(void *ctx, tb_bytes key, tb_bytes value)
{
    (void)key, (void)value;
    ++*(size_t *)ctx;
    return true;
}

/* What stands already may be said again; nobody fills the other's list by naming rooms. */
static tb_status has_room_for_one(struct hub *hub, struct hub_call *call, const struct consent *c,
                                  bool *has)
{
    size_t count = 0, pair_count = 0;
    uint8_t operation = CONSENT_CANCEL;
    struct hub_key key = consent_key('T', &c->target->id, &c->requester->id, &c->room);
    TRY(read_operation(hub, &key, call->arena, &operation, has));
    if (*has) return TB_STATUS(TB_OK);
    struct hub_key prefix = hub_key_tagged('T', c->target->id.at, sizeof c->target->id.at);
    TRY(hub_row_scan(hub->store, HUB_TABLE_CONSENTS, &prefix, NULL, CONSENT_COUNT_MAX, count_row,
                     &count));
    hub_key_add(&prefix, c->requester->id.at, sizeof c->requester->id.at);
    TRY(hub_row_scan(hub->store, HUB_TABLE_CONSENTS, &prefix, NULL, CONSENT_PAIR_COUNT_MAX,
                     count_row, &pair_count));
    *has = count < CONSENT_COUNT_MAX && pair_count < CONSENT_PAIR_COUNT_MAX;
    return TB_STATUS(TB_OK);
}

static tb_status apply(struct hub *hub, struct hub_call *call, const struct consent *c,
                       const struct chat_consent_entry *entry)
{
    switch (entry->consent_operation) {
    case CONSENT_CANCEL: return cancel(hub, call, c);
    case CONSENT_REQUEST: return store_request(hub, call, c, entry);
    default: return store_answer(hub, call, c, entry);
    }
}

uint16_t hub_verb_consent(struct hub *hub, struct hub_call *call, const void *request,
                          void *answer)
{
    (void)answer;
    const struct chat_consent_entry *entry = request;
    struct consent c = { .requester = NULL };
    if (entry->consent_operation > CONSENT_REVOKE ||
        (entry->room_id != NULL && !hub_id_room(hub->domain, entry->room_id->value, &c.room))) {
        return hub_refuse(call, CHAT_CODE_BAD_REQUEST, "no such operation or room");
    }
    bool is_requester = entry->consent_operation <= CONSENT_REQUEST;
    if (!tb_bytes_equal(is_requester ? entry->requester_uri : entry->target_uri,
                        hub_account_uri(call->account))) {
        return hub_refuse(call, CHAT_CODE_FORBIDDEN, "this is not yours to say");
    }
    tb_status status;
    bool has_room = true;
    CHECK(hub_account_by_uri(hub, entry->requester_uri, &c.requester));
    CHECK(hub_account_by_uri(hub, entry->target_uri, &c.target));
    if (c.requester == NULL || c.target == NULL || c.requester == c.target) return CHAT_CODE_OK;
    CHECK(wire_encode(&chat_consent_entry_desc, entry, call->arena, &c.encoded));
    if (c.encoded.len > CONSENT_LEN_MAX) return CHAT_CODE_TOO_LARGE;
    if (entry->consent_operation != CONSENT_CANCEL) {
        CHECK(has_room_for_one(hub, call, &c, &has_room));
    }
    if (!has_room) return is_requester ? CHAT_CODE_OK : CHAT_CODE_TOO_LARGE;
    CHECK(apply(hub, call, &c, entry));
    return CHAT_CODE_OK;
out:
    return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}

uint16_t hub_verb_consents_get(struct hub *hub, struct hub_call *call, const void *request,
                               void *answer)
{
    (void)request;
    struct chat_opaques *out = answer;
    const struct hub_user_id *id = &call->account->id;
    struct hub_key as_target = hub_key_tagged('T', id->at, sizeof id->at);
    struct hub_key as_requester = hub_key_tagged('R', id->at, sizeof id->at);
    struct hub_pairs theirs, own;
    tb_status status;
    CHECK(hub_row_list_some(hub->store, HUB_TABLE_CONSENTS, &as_target, NULL, CONSENT_COUNT_MAX,
                            HUB_ANSWER_BYTES_MAX / 2, call->arena, &theirs));
    CHECK(hub_row_list_some(hub->store, HUB_TABLE_CONSENTS, &as_requester, NULL,
                            CONSENT_COUNT_MAX, HUB_ANSWER_BYTES_MAX / 2, call->arena, &own));
    out->values.count = theirs.count + own.count;
    out->values.at = tb_arena_take(call->arena, out->values.count, sizeof *out->values.at);
    if (out->values.at == NULL) return CHAT_CODE_INTERNAL;
    for (size_t i = 0; i < theirs.count; i++) out->values.at[i].value = theirs.at[i].value;
    for (size_t i = 0; i < own.count; i++) {
        out->values.at[theirs.count + i].value = own.at[i].value;
    }
    return CHAT_CODE_OK;
out:
    return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}

tb_status hub_consent_push_all(struct hub *hub, struct hub_session *session,
                               struct tb_arena *arena, struct hub_effects *effects)
{
    const struct hub_user_id *id = &session->account->id;
    struct hub_key prefix = hub_key_tagged('T', id->at, sizeof id->at);
    struct hub_pairs rows;
    TRY(hub_row_list_some(hub->store, HUB_TABLE_CONSENTS, &prefix, NULL, CONSENT_COUNT_MAX,
                          HUB_ANSWER_BYTES_MAX / 2, arena, &rows));
    for (size_t i = 0; i < rows.count; i++) {
        struct chat_consent_entry entry;
        if (!tb_is_ok(wire_decode(&chat_consent_entry_desc, rows.at[i].value, arena, &entry,
                                  NULL))) {
            return TB_STATUS(HUB_ROW);
        }
        if (entry.consent_operation != CONSENT_REQUEST) continue;
        hub_send(hub, effects, session->conn,
                 hub_push_blob(hub, CHAT_PUSH_CONSENT, &chat_consent_entry_desc, &entry));
    }
    return TB_STATUS(TB_OK);
}
