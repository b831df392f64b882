/*
 * Decisions of the desk: logged, signed, and carried out at once by ban.c (docs/architecture.md,
 * Decisions).
 */
#include <string.h>

#include "chat/decision.h"
#include "chat/records.h"
#include "chat/safe_aad.h"
#include "hub/ban.h"
#include "hub/desk.h"
#include "hub/mandatory.h"
#include "hub/sanction.h"
#include "hub/outside.h"

enum { STATEMENT_COUNT_MAX = 64 };

struct decide {
    const struct chat_decision_put *request;
    const struct chat_decision *decision;
    struct hub_account *subject;
    struct hub_room *room; /* scope room */
    struct chat_decision_entry entry, of; /* of: what it settles */
    uint8_t single;
    uint32_t rooms_affected, rooms_rotated;
};

struct hub_key hub_decision_key(uint64_t number)
{
    struct hub_key key = hub_key_tagged('N', "", 0);
    hub_key_add_u64(&key, number);
    return key;
}

static struct hub_key id_key(const struct chat_decision *decision)
{
    return hub_key_tagged('I', decision->decision_id, sizeof decision->decision_id);
}

/* ---- checks ---- */

/* Handed in by the decider's device, or by that of the second person. */
static bool is_by_caller(const struct hub *hub, const struct hub_call *call,
                         const struct chat_decision *decision)
{
    struct hub_device_id device;
    return (hub_id_device(hub->domain, decision->decider_device, &device) &&
            memcmp(device.at, call->device.at, sizeof device.at) == 0) ||
           (hub_id_device(hub->domain, decision->co_decider_device, &device) &&
            memcmp(device.at, call->device.at, sizeof device.at) == 0);
}

static uint16_t check_decider(struct hub *hub, struct hub_call *call, const struct decide *d)
{
    struct hub_device_id device;
    struct hub_row_device row;
    bool found;
    if (!tb_bytes_equal(d->decision->domain, hub->domain) ||
        !hub_id_device(hub->domain, d->decision->decider_device, &device) ||
        !is_by_caller(hub, call, d->decision)) {
        return hub_refuse(call, CHAT_CODE_FORBIDDEN, "a decision of another hub or device");
    }
    struct hub_user_id decider = hub_user_of_device(&device);
    if (!hub_is_desk(hub, &decider)) {
        return hub_refuse(call, CHAT_CODE_FORBIDDEN, "the decider is not of the desk");
    }
    tb_status status = hub_device_row(hub, &device, call->arena, &row, &found);
    if (tb_is_ok(status) && !found) status = TB_STATUS(HUB_ROW);
    if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
    status = chat_decision_verify(hub_own_suite(hub), d->decision, row.signature_key, call->arena);
    if (tb_is_ok(status)) return CHAT_CODE_OK;
    return hub_refuse_status(hub, call, status,
                             status.code == CHAT_DECISION_FORM ? CHAT_CODE_BAD_REQUEST
                                                               : CHAT_CODE_SIGNATURE);
}

/* Statements for all the subject's devices: one that is for nobody would be no reason at all. */
static uint16_t check_statements(struct hub *hub, struct hub_call *call, const struct decide *d)
{
    for (size_t i = 0; i < d->request->sealed_statements.count; i++) {
        struct hub_device_id device;
        struct hub_row_device row;
        bool found = false;
        if (hub_id_device(hub->domain, d->request->sealed_statements.at[i].device, &device) &&
            memcmp(device.at, d->subject->id.at, HUB_USER_ID_LEN) == 0) {
            tb_status status = hub_device_row(hub, &device, call->arena, &row, &found);
            if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
        }
        if (!found) {
            return hub_refuse(call, CHAT_CODE_POLICY, "a statement for another account's device");
        }
    }
    return CHAT_CODE_OK;
}

/* Amendments 27: no restriction before its reasons can be read: a notice room with the subject in
 * it, or statements sealed to its devices. */
static uint16_t check_notice(struct hub *hub, struct hub_call *call, const struct decide *d)
{
    uint16_t code = check_statements(hub, call, d);
    if (code != CHAT_CODE_OK) return code;
    bool needs_reasons = chat_decision_is_restriction(d->decision->action) ||
                         d->decision->action == CHAT_ACTION_UPHOLD;
    if (!needs_reasons || d->request->sealed_statements.count != 0) return CHAT_CODE_OK;
    struct hub_room *notice;
    tb_status status = hub_room_by_uri(hub, d->decision->notice_room_uri, &notice);
    if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
    if (notice == NULL || notice->head.room_kind != CHAT_ROOM_NOTICE ||
        hub_room_participant(notice, &d->subject->id) == NULL) {
        return hub_refuse(call, CHAT_CODE_POLICY, "the reasons come first, in a notice room");
    }
    return CHAT_CODE_OK;
}

/* Amendments 4: one naming at a time, of somebody who is in a room without an acting owner. */
static uint16_t check_naming(struct hub_call *call, const struct decide *d)
{
    const struct hub_room *room = d->room;
    if (!chat_policy_is_owner_nameable(room->head.room_kind) ||
        room->head.state == HUB_ROOM_CLOSED) {
        return hub_refuse(call, CHAT_CODE_POLICY, "the desk names no owner in this room");
    }
    if (!hub_room_is_active(room, &d->subject->id)) {
        return hub_refuse(call, CHAT_CODE_POLICY, "the account is not in the room");
    }
    if (!hub_mandatory_may_own(room, &d->subject->id)) {
        return hub_refuse(call, CHAT_CODE_POLICY, "the room has an owner");
    }
    for (size_t i = 0; i < room->shape.mandatory.count; i++) {
        if (room->shape.mandatory.at[i].kind == HUB_MANDATORY_OWNER) {
            return hub_refuse(call, CHAT_CODE_POLICY, "an owner of the room is being named");
        }
    }
    return CHAT_CODE_OK;
}

static uint16_t check_subject(struct hub *hub, struct hub_call *call, struct decide *d)
{
    tb_status status = hub_account_by_uri(hub, d->decision->subject, &d->subject);
    if (tb_is_ok(status) && d->decision->scope == CHAT_SCOPE_ROOM) {
        status = hub_room_by_uri(hub, d->decision->room_uri, &d->room);
    }
    if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
    if (d->subject == NULL) return hub_refuse(call, CHAT_CODE_NOT_FOUND, "no such account");
    if (d->decision->scope == CHAT_SCOPE_ROOM && d->room == NULL) {
        return hub_refuse(call, CHAT_CODE_NOT_FOUND, "there is no such room");
    }
    bool is_special = d->room != NULL && (d->room->head.room_kind == CHAT_ROOM_DESK ||
                                         d->room->head.room_kind == CHAT_ROOM_NOTICE);
    if (is_special && d->decision->action == CHAT_ACTION_CLOSE_ROOM) {
        return hub_refuse(call, CHAT_CODE_POLICY, "the desk's rooms and notices stay open");
    }
    bool is_desk_room =
        d->room != NULL && tb_bytes_equal(hub_room_uri(d->room), hub->desk.desk_uri);
    bool takes_out = d->decision->action == CHAT_ACTION_BAN ||
                     d->decision->action == CHAT_ACTION_REMOVE ||
                     d->decision->action == CHAT_ACTION_CLOSE_ACCOUNT ||
                     d->decision->action == CHAT_ACTION_SUSPEND;
    if (takes_out && (d->room == NULL || is_desk_room) &&
        hub_desk_is_last(hub, &d->subject->id)) {
        return hub_refuse(call, CHAT_CODE_POLICY, "the desk's last owner cannot be banned");
    }
    if (d->decision->action == CHAT_ACTION_NAME_OWNER) return check_naming(call, d);
    if (d->request->sealed_statements.count > STATEMENT_COUNT_MAX) return CHAT_CODE_TOO_LARGE;
    uint16_t code = hub_sanction_check(hub, call, d->decision, &d->single);
    if (code == CHAT_CODE_OK && d->room != NULL) {
        code = hub_sanction_check_targets(hub, call, d->decision, &d->subject->id, d->room);
    }
    if (code == CHAT_CODE_OK && d->decision->number_of != 0) {
        code = hub_settle_check(hub, call, d->decision, &d->of);
    }
    return code == CHAT_CODE_OK ? check_notice(hub, call, d) : code;
}

/* ---- the log ---- */

static tb_status log_entry(struct hub *hub, struct hub_call *call, struct decide *d)
{
    const struct crypto_suite *suite = hub_own_suite(hub);
    struct hub_row_counters *counters = &hub->counters;
    d->entry = (struct chat_decision_entry){ .number = counters->decision_number + 1,
                                             .logged_ms = call->now_ms,
                                             .single = d->single,
                                             .decision = *d->decision };
    memcpy(d->entry.prev_entry_hash, counters->decision_entry_hash, CHAT_HASH_LEN);
    TRY(chat_decision_entry_sign(suite, &hub->keys.intake, &d->entry, call->arena));
    struct hub_key key = hub_decision_key(d->entry.number), id = id_key(d->decision);
    struct wire_u64 number = { d->entry.number };
    TRY(hub_put(hub, HUB_TABLE_DECISIONS, &key, &chat_decision_entry_desc, &d->entry,
                call->arena));
    TRY(hub_put(hub, HUB_TABLE_DECISIONS, &id, &wire_u64_desc, &number, call->arena));
    counters->decision_number = d->entry.number;
    TRY(chat_decision_entry_hash(suite, &d->entry, call->arena, counters->decision_entry_hash));
    TRY(hub_log_append(hub, &d->entry, call->arena));
    hub->metrics.decisions++;
    return hub_save_counters(hub, call->arena);
}

static tb_status store_statements(struct hub *hub, struct hub_call *call, const struct decide *d)
{
    for (size_t i = 0; i < d->request->sealed_statements.count; i++) {
        const struct chat_sealed_statement *sealed = &d->request->sealed_statements.at[i];
        struct hub_device_id device;
        if (!hub_id_device(hub->domain, sealed->device, &device) ||
            memcmp(device.at, d->subject->id.at, HUB_USER_ID_LEN) != 0) {
            continue; /* not for the subject */
        }
        struct hub_key key = hub_key_of(TB_ARRAY(device.at));
        hub_key_add_u64(&key, d->entry.number);
        TRY(hub_put(hub, HUB_TABLE_STATEMENTS, &key, &chat_sealed_statement_desc, sealed,
                    call->arena));
    }
    return TB_STATUS(TB_OK);
}

/* ---- carrying it out ---- */

static tb_status name_owner(struct hub *hub, struct hub_call *call, struct decide *d)
{
    struct chat_moderation_ref ref;
    tb_bytes aad;
    TRY(chat_decision_ref(hub_own_suite(hub), d->decision, d->entry.number, d->decision->room_uri,
                          call->arena, &ref));
    TRY(chat_safe_aad_of_moderation(&ref, call->arena, &aad));
    TRY(hub_mandatory_add(hub, d->room, HUB_MANDATORY_OWNER, &d->subject->id, aad, call->arena));
    d->rooms_affected = 1;
    return hub_mandatory_issue(hub, d->room, call->now_ms, call->arena, call->effects);
}

static tb_status carry_out(struct hub *hub, struct hub_call *call, struct decide *d)
{
    uint8_t action = d->decision->action;
    if (action == CHAT_ACTION_NAME_OWNER) return name_owner(hub, call, d);
    struct hub_ban ban = { .subject = d->subject,
                           .room = d->room,
                           .decision = d->decision,
                           .number = d->entry.number,
                           .is_ban = action != CHAT_ACTION_UNBAN,
                           .now_ms = call->now_ms,
                           .arena = call->arena,
                           .effects = call->effects };
    if (d->decision->number_of != 0) TRY(hub_settle_apply(hub, &ban, &d->of));
    else if (action == CHAT_ACTION_UNBAN) TRY(hub_ban_apply(hub, &ban));
    else TRY(hub_sanction_apply(hub, &ban, d->decision));
    d->rooms_affected = ban.rooms_affected;
    d->rooms_rotated = ban.rooms_rotated;
    return TB_STATUS(TB_OK);
}

static void tell(struct hub *hub, struct hub_call *call, const struct decide *d)
{
    hub_push_desk(hub, call->effects, CHAT_PUSH_DECISION, &chat_decision_entry_desc, &d->entry);
    hub_push_account(hub, call->effects, d->subject, CHAT_PUSH_DECISION,
                     &chat_decision_entry_desc, &d->entry);
}

/* The same decision again is answered as before; another one under its id is not taken. */
static uint16_t find_same(struct hub *hub, struct hub_call *call, const struct decide *d,
                          struct chat_decision_answer *out, bool *found)
{
    struct hub_key id = id_key(d->decision);
    struct wire_u64 number;
    struct chat_decision_entry entry;
    tb_status status;
    CHECK(hub_get(hub, HUB_TABLE_DECISIONS, &id, &wire_u64_desc, call->arena, &number, found));
    if (!*found) return CHAT_CODE_OK;
    struct hub_key key = hub_decision_key(number.value);
    CHECK(hub_row_get(hub->store, HUB_TABLE_DECISIONS, &key, &chat_decision_entry_desc,
                      call->arena, &entry));
    out->number = number.value;
    return wire_equal(&chat_decision_desc, &entry.decision, d->decision) ? CHAT_CODE_OK
                                                                         : CHAT_CODE_CONFLICT;
out:
    return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}

uint16_t hub_verb_decision_put(struct hub *hub, struct hub_call *call, const void *request,
                               void *answer)
{
    struct decide d = { .request = request };
    struct chat_decision_answer *out = answer;
    d.decision = &d.request->decision;
    bool is_known;
    uint16_t code = check_decider(hub, call, &d);
    if (code == CHAT_CODE_OK) code = find_same(hub, call, &d, out, &is_known);
    if (code != CHAT_CODE_OK || is_known) return code;
    code = check_subject(hub, call, &d);
    if (code != CHAT_CODE_OK) return code;
    tb_status status;
    CHECK(log_entry(hub, call, &d));
    CHECK(store_statements(hub, call, &d));
    CHECK(hub_report_settle(hub, d.decision->report_id, call->arena));
    CHECK(hub_outcome_note(hub, &d.entry, call->arena));
    CHECK(carry_out(hub, call, &d));
    tell(hub, call, &d);
    out->number = d.entry.number;
    out->rooms_affected = d.rooms_affected;
    out->rooms_rotated = d.rooms_rotated;
    return CHAT_CODE_OK;
out:
    hub->is_broken = true; /* half a decision must not stand */
    return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}

/* Takes from one batch what the caller may read. */
static tb_status take_entries(struct hub_call *call, const struct hub_pairs *rows, bool is_desk,
                              struct chat_opaques *out)
{
    for (size_t i = 0; i < rows->count; i++) {
        struct chat_decision_entry entry;
        TRY(wire_decode(&chat_decision_entry_desc, rows->at[i].value, call->arena, &entry, NULL));
        if (is_desk || tb_bytes_equal(entry.decision.subject, hub_account_uri(call->account))) {
            out->values.at[out->values.count++].value = rows->at[i].value;
        }
    }
    return TB_STATUS(TB_OK);
}

/* The desk reads the whole log, everybody else what concerns themselves. */
uint16_t hub_verb_decisions_get(struct hub *hub, struct hub_call *call, const void *request,
                                void *answer)
{
    struct chat_opaques *out = answer;
    struct hub_key prefix = hub_key_tagged('N', "", 0);
    struct hub_key after = hub_decision_key(((const struct chat_queue_get *)request)->after);
    bool is_desk = hub_is_desk(hub, &call->account->id);
    struct hub_pairs rows;
    tb_status status;
    out->values.at = tb_arena_take(call->arena, HUB_ANSWER_ROW_COUNT_MAX, sizeof *out->values.at);
    if (out->values.at == NULL) return CHAT_CODE_INTERNAL;
    do {
        CHECK(hub_row_list_some(hub->store, HUB_TABLE_DECISIONS, &prefix, &after,
                                HUB_ANSWER_ROW_COUNT_MAX, HUB_ANSWER_BYTES_MAX, call->arena,
                                &rows));
        CHECK(take_entries(call, &rows, is_desk, out));
        if (rows.count != 0) after = hub_key_of(rows.at[rows.count - 1].key);
    } while (out->values.count == 0 && rows.count != 0);
    return CHAT_CODE_OK;
out:
    return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}
