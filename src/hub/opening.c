/*
 * What comes to a case after its report: openings and members' words, sealed to the desk and put
 * into its queue like reports, and the desk's questions to the members of a room.
 */
#include <string.h>

#include "chat/report_seal.h"
#include "hub/desk.h"

enum {
    OPENING_COUNT_MAX = 16, /* of one account for one case */
    ASK_COUNT_MAX = 64      /* questions that stand in a room */
};

/* ---- rows ---- */

static struct hub_key count_key(const uint8_t report_id[CHAT_HASH_LEN],
                                const struct hub_user_id *user)
{
    struct hub_key key = hub_key_tagged('O', report_id, CHAT_HASH_LEN);
    hub_key_add(&key, user->at, sizeof user->at);
    return key;
}

static struct hub_key ask_prefix(const struct hub_room *room)
{
    return hub_key_tagged('K', room->id.at, HUB_ROOM_ID_LEN);
}

static struct hub_key ask_key(const struct hub_room *room, const struct chat_stub_ask *ask)
{
    struct hub_key key = ask_prefix(room);
    hub_key_add_u64(&key, ask->room_seq);
    hub_key_add(&key, ask->report_id, 16); /* enough to tell cases apart, and the key is short */
    return key;
}

/* ---- the checks ---- */

/* The room of a report that this hub took; code: why not. */
static tb_status case_room(struct hub *hub, struct hub_call *call,
                           const uint8_t report_id[CHAT_HASH_LEN], tb_bytes room_uri,
                           struct hub_room **room, uint16_t *code)
{
    struct hub_key id = hub_key_tagged('I', report_id, CHAT_HASH_LEN);
    struct hub_row_report row;
    struct chat_report_intake intake;
    tb_bytes value;
    bool found;
    *code = CHAT_CODE_OK;
    TRY(hub_get(hub, HUB_TABLE_REPORTS, &id, &hub_row_report_desc, call->arena, &row, &found));
    if (found) {
        struct hub_key queue = hub_key_tagged('Q', "", 0);
        hub_key_add_u64(&queue, row.number);
        TRY(hub_row_get_octets(hub->store, HUB_TABLE_REPORTS, &queue, call->arena, &value));
        TRY(wire_decode(&chat_report_intake_desc, value, call->arena, &intake, NULL));
        TRY(hub_room_by_uri(hub, room_uri, room));
        found = *room != NULL && tb_bytes_equal(intake.report.room_uri, room_uri);
    }
    if (!found) *code = hub_refuse(call, CHAT_CODE_NOT_FOUND, "there is no such report");
    return TB_STATUS(TB_OK);
}

static tb_status check_members(struct hub *hub, struct hub_call *call, const struct hub_room *room,
                               const struct chat_sealed_report *sealed, uint16_t *code)
{
    for (size_t i = 0; i < sealed->target_seq.count && *code == CHAT_CODE_OK; i++) {
        struct hub_page page;
        bool was;
        uint64_t seq = sealed->target_seq.at[i].value;
        tb_status status = hub_page_of_room_seq(hub, room, seq, call->arena, &page);
        if (status.code == TB_NOT_FOUND) {
            *code = hub_refuse_value(call, CHAT_CODE_GONE, "the message is past its retention",
                                     seq);
            return TB_STATUS(TB_OK);
        }
        TRY(status);
        TRY(hub_membership_at(hub, &call->account->id, room, page.tail.last_log_seq, call->arena,
                              &was));
        if (!was) *code = hub_refuse(call, CHAT_CODE_FORBIDDEN, "you were not in the room then");
    }
    return TB_STATUS(TB_OK);
}

static uint16_t check_form(struct hub *hub, struct hub_call *call,
                           const struct chat_sealed_report *sealed)
{
    struct hub_row_device device;
    bool found;
    tb_status status = hub_device_row(hub, &call->device, call->arena, &device, &found);
    if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
    if (!found) return CHAT_CODE_UNAUTHENTICATED;
    if (sealed->version != CHAT_SEALED_IS_OPENINGS) {
        return hub_refuse(call, CHAT_CODE_BAD_REQUEST, "these are no openings");
    }
    if (sealed->body.len > hub->config.limits.report_bytes_max) {
        return hub_refuse_value(call, CHAT_CODE_TOO_LARGE, "the openings are over the limit",
                                hub->config.limits.report_bytes_max);
    }
    status = chat_report_seal_check(hub_own_suite(hub), sealed, device.signature_key, call->arena);
    if (tb_is_ok(status)) return CHAT_CODE_OK;
    return hub_refuse_status(hub, call, status,
                             status.code == CHAT_SEALED_SIGNATURE ? CHAT_CODE_SIGNATURE
                                                                  : CHAT_CODE_BAD_REQUEST);
}

/* ---- openings ---- */

static tb_status store_openings(struct hub *hub, struct hub_call *call,
                                const struct chat_sealed_report *sealed, uint16_t *code)
{
    const struct crypto_suite *suite = hub_own_suite(hub);
    struct hub_key key = count_key(sealed->report_id, &call->account->id);
    struct wire_u32 count = { 0 };
    uint8_t pseudonym[CHAT_PSEUDONYM_LEN];
    tb_bytes intake;
    bool found;
    TRY(hub_get(hub, HUB_TABLE_REPORTS, &key, &wire_u32_desc, call->arena, &count, &found));
    if (!found) count.value = 0;
    if (count.value++ >= OPENING_COUNT_MAX) {
        *code = hub_refuse_value(call, CHAT_CODE_RATE_LIMITED,
                                 "you added to this case often enough", OPENING_COUNT_MAX);
        return TB_STATUS(TB_OK);
    }
    TRY(hub_put(hub, HUB_TABLE_REPORTS, &key, &wire_u32_desc, &count, call->arena));
    TRY(chat_report_pseudonym(suite, tb_secret_view(&hub->keys.pseudonym),
                              hub_account_uri(call->account), call->now_ms, pseudonym));
    TRY(chat_report_intake_make(suite, &hub->keys.intake, sealed, pseudonym, call->now_ms,
                                call->arena, &intake));
    struct hub_key queue = hub_key_tagged('Q', "", 0);
    hub_key_add_u64(&queue, ++hub->counters.report_number);
    TRY(hub_put_octets(hub, HUB_TABLE_REPORTS, &queue, intake));
    TRY(hub_save_counters(hub, call->arena));
    hub_push_desk(hub, call->effects, CHAT_PUSH_REPORT_WAITING, &chat_nothing_desc,
                  &(struct chat_nothing){ NULL });
    return TB_STATUS(TB_OK);
}

uint16_t hub_verb_opening_put(struct hub *hub, struct hub_call *call, const void *request,
                              void *answer)
{
    const struct chat_sealed_report *sealed = request;
    struct chat_report_answer *out = answer;
    struct hub_room *room;
    tb_status status;
    uint16_t code = check_form(hub, call, sealed);
    if (code != CHAT_CODE_OK) return code;
    CHECK(case_room(hub, call, sealed->report_id, sealed->room_uri, &room, &code));
    if (code != CHAT_CODE_OK) return code;
    CHECK(hub_run_close(hub, room, call->effects)); /* messages are looked for in pages */
    CHECK(check_members(hub, call, room, sealed, &code));
    if (code != CHAT_CODE_OK) return code;
    CHECK(store_openings(hub, call, sealed, &code));
    memcpy(out->report_id, sealed->report_id, CHAT_HASH_LEN);
    out->received_ms = call->now_ms;
    return code;
out:
    return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}

/* ---- questions ---- */

static void push_ask(struct hub *hub, struct hub_effects *effects, hub_conn conn,
                     const struct chat_stub_ask *ask)
{
    hub_send(hub, effects, conn, hub_push_blob(hub, CHAT_PUSH_STUB_ASK, &chat_stub_ask_desc, ask));
}

uint16_t hub_verb_stub_ask(struct hub *hub, struct hub_call *call, const void *request,
                           void *answer)
{
    const struct chat_stub_ask *ask = request;
    struct hub_room *room;
    struct hub_pairs rows;
    tb_status status;
    uint16_t code;
    (void)answer;
    CHECK(case_room(hub, call, ask->report_id, ask->room_uri, &room, &code));
    if (code != CHAT_CODE_OK) return code;
    struct hub_key prefix = ask_prefix(room), key = ask_key(room, ask);
    CHECK(hub_row_list(hub->store, HUB_TABLE_REPORTS, &prefix, NULL, ASK_COUNT_MAX, call->arena,
                       &rows));
    if (rows.count == ASK_COUNT_MAX) { /* the oldest number makes room */
        struct hub_key oldest = hub_key_of(rows.at[0].key);
        CHECK(hub_del(hub, HUB_TABLE_REPORTS, &oldest));
    }
    CHECK(hub_put(hub, HUB_TABLE_REPORTS, &key, &chat_stub_ask_desc, ask, call->arena));
    for (size_t i = 0; i < room->sub_count; i++) {
        if (!room->subs[i].is_banned) push_ask(hub, call->effects, room->subs[i].conn, ask);
    }
    return CHAT_CODE_OK;
out:
    return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}

tb_status hub_opening_asks_push(struct hub *hub, const struct hub_room *room,
                                const struct hub_call *call)
{
    struct hub_key prefix = ask_prefix(room);
    struct hub_pairs rows;
    TRY(hub_row_list(hub->store, HUB_TABLE_REPORTS, &prefix, NULL, ASK_COUNT_MAX, call->arena,
                     &rows));
    for (size_t i = 0; i < rows.count; i++) {
        struct chat_stub_ask ask;
        if (!tb_is_ok(wire_decode(&chat_stub_ask_desc, rows.at[i].value, call->arena, &ask,
                                  NULL))) {
            return TB_STATUS(HUB_ROW);
        }
        push_ask(hub, call->effects, call->session->conn, &ask);
    }
    return TB_STATUS(TB_OK);
}
