/* Reports: metered here, read by the desk alone (spec 2.5.7, amendments 28, 29); V8's oracle. */
#include <string.h>

#include "chat/report_seal.h"
#include "chat/report_verify.h"
#include "hub/desk.h"

enum { MEMBERSHIP_COUNT_MAX = 4096, FRANK_CHECK_COUNT_MAX = 512 };
enum { VERDICT_RIGHT = 1, VERDICT_WRONG = 2, VERDICT_KEY_GONE = 3 };

struct report {
    const struct chat_sealed_report *sealed;
    struct hub_room *room;
    struct hub_row_device device;
    uint8_t pseudonym[CHAT_PSEUDONYM_LEN];
};

/* ---- rows ---- */

static struct hub_key numbered_key(char tag, uint64_t number)
{
    struct hub_key key = hub_key_tagged(tag, "", 0);
    hub_key_add_u64(&key, number);
    return key;
}

static struct hub_key open_key(const uint8_t *user, uint64_t number)
{
    struct hub_key key = hub_key_tagged('A', user, HUB_USER_ID_LEN);
    hub_key_add_u64(&key, number);
    return key;
}

static struct hub_key target_key(const struct hub_room *room, uint64_t room_seq,
                                 const struct hub_user_id *user)
{
    struct hub_key key = hub_key_tagged('T', room->id.at, HUB_ROOM_ID_LEN);
    hub_key_add_u64(&key, room_seq);
    hub_key_add(&key, user->at, sizeof user->at);
    return key;
}

tb_status hub_membership_at(struct hub *hub, const struct hub_user_id *user,
                            const struct hub_room *room, uint64_t log_seq,
                            struct tb_arena *arena, bool *was)
{
    struct hub_key prefix = hub_key_tagged('U', user->at, sizeof user->at);
    hub_key_add(&prefix, room->id.at, sizeof room->id.at);
    struct hub_pairs rows;
    TRY(hub_row_list(hub->store, HUB_TABLE_MEMBERSHIPS, &prefix, NULL, MEMBERSHIP_COUNT_MAX,
                     arena, &rows));
    *was = false;
    for (size_t i = 0; i < rows.count && !*was; i++) {
        struct hub_row_membership row;
        if (!tb_is_ok(wire_decode(&hub_row_membership_desc, rows.at[i].value, arena, &row,
                                  NULL))) {
            return TB_STATUS(HUB_ROW);
        }
        *was = row.from_log_seq <= log_seq && (row.to_log_seq == 0 || log_seq <= row.to_log_seq);
    }
    return TB_STATUS(TB_OK);
}

static bool count_row(void *ctx, tb_bytes key, tb_bytes value)
{
    (void)key, (void)value;
    ++*(uint64_t *)ctx;
    return true;
}

/* ---- the checks ---- */

static tb_status stub_at(struct hub *hub, const struct hub_room *room, uint64_t room_seq,
                         struct tb_arena *arena, struct hub_page *page,
                         const struct chat_stub **stub)
{
    struct hub_stub_page stubs;
    TRY(hub_page_of_room_seq(hub, room, room_seq, arena, page));
    TRY(hub_page_as_stubs(page, room->suite, arena, &stubs));
    for (size_t i = 0; i < stubs.stubs.count; i++) {
        if (stubs.stubs.at[i].room_seq != room_seq) continue;
        *stub = &stubs.stubs.at[i];
        return TB_STATUS(TB_OK);
    }
    return TB_STATUS(TB_NOT_FOUND);
}

/* Whoever was a participant at the message, within the window, and not too often. */
static uint16_t check_target(struct hub *hub, struct hub_call *call, const struct report *r,
                             uint64_t room_seq)
{
    struct hub_page page;
    const struct chat_stub *stub;
    bool was, found;
    struct wire_u32 count = { 0 };
    tb_status status = stub_at(hub, r->room, room_seq, call->arena, &page, &stub);
    if (status.code == TB_NOT_FOUND) {
        return hub_refuse_value(call, CHAT_CODE_GONE, "a reported message is past its retention",
                                room_seq);
    }
    CHECK(status);
    uint64_t window_ms = hub->config.limits.report_window_s * 1000;
    if (call->now_ms > window_ms &&
        stub->context.accepted_timestamp < call->now_ms - window_ms) {
        return hub_refuse_value(call, CHAT_CODE_GONE, "the report window has closed", room_seq);
    }
    /* The desk cannot see it in a report without a name. */
    if (tb_bytes_equal(stub->context.sender_uri, hub_account_uri(call->account))) {
        return hub_refuse_value(call, CHAT_CODE_BAD_REQUEST, "you reported a message of your own",
                                room_seq);
    }
    CHECK(hub_membership_at(hub, &call->account->id, r->room, page.tail.last_log_seq, call->arena,
                            &was));
    if (!was) return hub_refuse(call, CHAT_CODE_FORBIDDEN, "you were not in the room then");
    struct hub_key key = target_key(r->room, room_seq, &call->account->id);
    CHECK(hub_get(hub, HUB_TABLE_REPORTS, &key, &wire_u32_desc, call->arena, &count, &found));
    if (count.value >= hub->config.limits.report_target_count_max) {
        return hub_refuse_value(call, CHAT_CODE_RATE_LIMITED,
                                "you reported this message often enough", room_seq);
    }
    return CHAT_CODE_OK;
out:
    return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}

/* A role without canReportAbuse may not; who has left has no role any more, and may. */
static uint16_t check_role(struct hub_call *call, const struct report *r)
{
    const struct hub_row_participant *listed = hub_room_participant(r->room, &call->account->id);
    if (listed == NULL || listed->role_index == CHAT_ROLE_BANNED ||
        (listed->flags & HUB_PARTICIPANT_IS_BANNED) != 0 ||
        (hub_room_role_bits(r->room, &call->account->id) & HUB_ROLE_MAY_REPORT) != 0) {
        return CHAT_CODE_OK;
    }
    return hub_refuse(call, CHAT_CODE_FORBIDDEN, "your role in this room may not report");
}

static uint16_t check_report(struct hub *hub, struct hub_call *call, struct report *r)
{
    bool found;
    tb_status status;
    size_t len = 0;
    uint64_t max = hub->config.limits.report_bytes_max;
    /* With what the hub adds it must fit into one answer to the desk. */
    if (max > HUB_ANSWER_BYTES_MAX) max = HUB_ANSWER_BYTES_MAX;
    CHECK(wire_size(&chat_sealed_report_desc, r->sealed, &len));
    if (len > max) {
        return hub_refuse_value(call, CHAT_CODE_TOO_LARGE, "the report is over the limit", max);
    }
    if (r->sealed->version != CHAT_SEALED_IS_REPORT) {
        return hub_refuse(call, CHAT_CODE_BAD_REQUEST, "this is no report");
    }
    if (hub->desk.desk_uri.len == 0) return CHAT_CODE_DESK_MISSING;
    CHECK(hub_room_by_uri(hub, r->sealed->room_uri, &r->room));
    if (r->room == NULL) return hub_refuse(call, CHAT_CODE_NOT_FOUND, "there is no such room");
    CHECK(hub_device_row(hub, &call->device, call->arena, &r->device, &found));
    if (!found) return CHAT_CODE_UNAUTHENTICATED;
    status = chat_report_seal_check(hub_own_suite(hub), r->sealed, r->device.signature_key,
                                    call->arena);
    if (!tb_is_ok(status)) {
        return hub_refuse_status(hub, call, status,
                                 status.code == CHAT_SEALED_SIGNATURE ? CHAT_CODE_SIGNATURE
                                                                      : CHAT_CODE_BAD_REQUEST);
    }
    CHECK(hub_run_close(hub, r->room, call->effects)); /* targets are looked for in pages */
    return check_role(call, r);
out:
    return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}

static uint16_t check_meter(struct hub *hub, struct hub_call *call, const struct report *r)
{
    uint64_t open_count = 0, max = hub->config.limits.report_open_count_max;
    struct hub_key prefix = hub_key_tagged('A', call->account->id.at, HUB_USER_ID_LEN);
    tb_status status = hub_row_scan(hub->store, HUB_TABLE_REPORTS, &prefix, NULL, max, count_row,
                                    &open_count);
    if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
    if (open_count >= max) {
        return hub_refuse_value(call, CHAT_CODE_RATE_LIMITED, "too many open reports of yours",
                                max);
    }
    uint16_t code = CHAT_CODE_OK;
    for (size_t i = 0; i < r->sealed->target_seq.count && code == CHAT_CODE_OK; i++) {
        code = check_target(hub, call, r, r->sealed->target_seq.at[i].value);
    }
    return code;
}

/* ---- taking it ---- */

static tb_status count_targets(struct hub *hub, struct hub_call *call, const struct report *r)
{
    for (size_t i = 0; i < r->sealed->target_seq.count; i++) {
        struct hub_key key = target_key(r->room, r->sealed->target_seq.at[i].value,
                                        &call->account->id);
        struct wire_u32 count = { 0 };
        bool found;
        TRY(hub_get(hub, HUB_TABLE_REPORTS, &key, &wire_u32_desc, call->arena, &count, &found));
        if (!found) count.value = 0;
        count.value++;
        TRY(hub_put(hub, HUB_TABLE_REPORTS, &key, &wire_u32_desc, &count, call->arena));
    }
    return TB_STATUS(TB_OK);
}

static tb_status store_report(struct hub *hub, struct hub_call *call, struct report *r)
{
    const struct crypto_suite *suite = hub_own_suite(hub);
    tb_bytes intake;
    TRY(chat_report_pseudonym(suite, tb_secret_view(&hub->keys.pseudonym),
                              hub_account_uri(call->account), call->now_ms, r->pseudonym));
    TRY(chat_report_intake_make(suite, &hub->keys.intake, r->sealed, r->pseudonym, call->now_ms,
                                call->arena, &intake));
    struct hub_row_report row = { .number = ++hub->counters.report_number,
                                  .received_ms = call->now_ms, .is_open = 1,
                                  .signature = r->sealed->reporter_signature };
    memcpy(row.user, call->account->id.at, sizeof row.user);
    struct hub_key queue = numbered_key('Q', row.number), open = open_key(row.user, row.number);
    struct hub_key id = hub_key_tagged('I', r->sealed->report_id, CHAT_HASH_LEN);
    TRY(hub_put_octets(hub, HUB_TABLE_REPORTS, &queue, intake));
    TRY(hub_put(hub, HUB_TABLE_REPORTS, &id, &hub_row_report_desc, &row, call->arena));
    TRY(hub_put_octets(hub, HUB_TABLE_REPORTS, &open, TB_LITERAL("1")));
    TRY(count_targets(hub, call, r));
    TRY(hub_save_counters(hub, call->arena));
    hub_push_desk(hub, call->effects, CHAT_PUSH_REPORT_WAITING, &chat_nothing_desc,
                  &(struct chat_nothing){ NULL });
    hub->metrics.reports++;
    return TB_STATUS(TB_OK);
}

uint16_t hub_verb_report(struct hub *hub, struct hub_call *call, const void *request, void *answer)
{
    struct report r = { .sealed = request };
    struct chat_report_answer *out = answer;
    uint16_t code = check_report(hub, call, &r);
    if (code != CHAT_CODE_OK) return code;
    struct hub_key id = hub_key_tagged('I', r.sealed->report_id, CHAT_HASH_LEN);
    struct hub_row_report before;
    bool found;
    tb_status status = hub_get(hub, HUB_TABLE_REPORTS, &id, &hub_row_report_desc, call->arena,
                               &before, &found);
    if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
    memcpy(out->report_id, r.sealed->report_id, CHAT_HASH_LEN);
    if (found) { /* handed in again */
        out->received_ms = before.received_ms;
        return memcmp(before.user, call->account->id.at, sizeof before.user) == 0
                   ? CHAT_CODE_OK
                   : CHAT_CODE_DUPLICATE;
    }
    code = check_meter(hub, call, &r);
    if (code != CHAT_CODE_OK) return code;
    status = store_report(hub, call, &r);
    out->received_ms = call->now_ms;
    return tb_is_ok(status) ? CHAT_CODE_OK
                            : hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}

tb_status hub_report_settle(struct hub *hub, tb_bytes report_id, struct tb_arena *arena)
{
    if (report_id.len != CHAT_HASH_LEN) return TB_STATUS(TB_OK);
    struct hub_key id = hub_key_tagged('I', report_id.data, report_id.len);
    struct hub_row_report row;
    bool found;
    TRY(hub_get(hub, HUB_TABLE_REPORTS, &id, &hub_row_report_desc, arena, &row, &found));
    if (!found || !row.is_open) return TB_STATUS(TB_OK);
    row.is_open = 0;
    struct hub_key open = open_key(row.user, row.number);
    TRY(hub_del(hub, HUB_TABLE_REPORTS, &open));
    return hub_put(hub, HUB_TABLE_REPORTS, &id, &hub_row_report_desc, &row, arena);
}

/* ---- the desk's queue ---- */

uint16_t hub_verb_desk_queue(struct hub *hub, struct hub_call *call, const void *request,
                             void *answer)
{
    struct chat_queue_answer *out = answer;
    struct hub_key prefix = hub_key_tagged('Q', "", 0);
    uint64_t number = ((const struct chat_queue_get *)request)->after;
    /* What is sealed to a desk that is gone opens to nobody here. */
    struct hub_key after = numbered_key('Q', number > hub->desk.queue_from
                                                 ? number : hub->desk.queue_from);
    struct hub_pairs rows;
    tb_status status;
    /* The rest comes with the next request. */
    CHECK(hub_row_list_some(hub->store, HUB_TABLE_REPORTS, &prefix, &after,
                            HUB_ANSWER_ROW_COUNT_MAX, HUB_ANSWER_BYTES_MAX, call->arena, &rows));
    out->entries.at = tb_arena_take(call->arena, rows.count, sizeof *out->entries.at);
    if (out->entries.at == NULL) return CHAT_CODE_INTERNAL;
    for (size_t i = 0; i < rows.count; i++) {
        tb_bytes key = rows.at[i].key;
        out->entries.at[out->entries.count++] = (struct chat_queue_entry){
            tb_get_u64(key.data + key.len - 8), rows.at[i].value
        };
    }
    return CHAT_CODE_OK;
out:
    return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}

/* ---- V8: was this stamp ours?  The hub sees no text. ---- */

static tb_status judge_stub(struct hub *hub, const struct chat_stub *stub, uint8_t *verdict)
{
    uint8_t server_frank[CHAT_HASH_LEN];
    tb_status status = hub_keys_frank_of(&hub->keys, stub->hub_key_id, stub->franking_tag,
                                         &stub->context, server_frank);
    *verdict = VERDICT_KEY_GONE;
    if (status.code == HUB_KEY_GONE) return TB_STATUS(TB_OK);
    TRY(status);
    bool is_right = tb_equal_ct(TB_ARRAY(server_frank), TB_ARRAY(stub->frank.server_frank));
    *verdict = is_right ? VERDICT_RIGHT : VERDICT_WRONG;
    return TB_STATUS(TB_OK);
}

uint16_t hub_verb_frank_check(struct hub *hub, struct hub_call *call, const void *request,
                              void *answer)
{
    const struct chat_frank_check *asked = request;
    struct chat_frank_verdict *out = answer;
    size_t count = asked->stubs.count;
    if (count == 0 || count > FRANK_CHECK_COUNT_MAX) return CHAT_CODE_TOO_LARGE;
    uint8_t *verdicts = tb_arena_take(call->arena, count, 1);
    if (verdicts == NULL) return CHAT_CODE_INTERNAL;
    tb_status status;
    for (size_t i = 0; i < count; i++) {
        CHECK(judge_stub(hub, &asked->stubs.at[i], &verdicts[i]));
        if (!tb_bytes_equal(asked->stubs.at[i].context.room_uri, asked->room_uri)) {
            verdicts[i] = VERDICT_WRONG;
        }
    }
    out->room_uri = asked->room_uri;
    out->verdicts = tb_bytes_of(verdicts, count);
    out->checked_ms = call->now_ms;
    CHECK(chat_report_stubs_hash(hub_own_suite(hub), asked->stubs.at, count, call->arena,
                                 out->stubs_hash));
    CHECK(chat_report_verdict_sign(hub_own_suite(hub), &hub->keys.intake, out, call->arena));
    return CHAT_CODE_OK;
out:
    return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}
