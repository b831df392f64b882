/*
 * Notices of people without an account: sealed to the desk in the turn in which they come, answered
 * by the desk, asked for and complained about by receipt.
 */
#include <string.h>

#include "chat/records.h"
#include "hub/outside.h"

WIRE_TABLE(hub_row_notice, HUB_ROW_NOTICE)
WIRE_TABLE(hub_row_strikes, HUB_ROW_STRIKES)

enum { DAY_MS = 86400000, FORGET_ROW_COUNT = 16, FORGET_AFTER_DAYS = 31 };

/* ------------------------------------------------------------------ rows */

static struct hub_key numbered(char tag, uint64_t number)
{
    struct hub_key key = hub_key_tagged(tag, "", 0);
    hub_key_add_u64(&key, number);
    return key;
}

static tb_status get_row(struct hub *hub, uint64_t number, struct tb_arena *arena,
                         struct hub_row_notice *out, bool *found)
{
    struct hub_key key = numbered('R', number);
    return hub_get(hub, HUB_TABLE_NOTICES, &key, &hub_row_notice_desc, arena, out, found);
}

static tb_status put_row(struct hub *hub, uint64_t number, const struct hub_row_notice *row,
                         struct tb_arena *arena)
{
    struct hub_key key = numbered('R', number);
    return hub_put(hub, HUB_TABLE_NOTICES, &key, &hub_row_notice_desc, row, arena);
}

static tb_status get_number(struct hub *hub, char tag, struct tb_arena *arena, uint64_t *out)
{
    struct hub_key key = hub_key_tagged(tag, "", 0);
    struct wire_u64 value = { 0 };
    bool found;
    TRY(hub_get(hub, HUB_TABLE_NOTICES, &key, &wire_u64_desc, arena, &value, &found));
    *out = found ? value.value : 0;
    return TB_STATUS(TB_OK);
}

static tb_status put_number(struct hub *hub, char tag, uint64_t number, struct tb_arena *arena)
{
    struct hub_key key = hub_key_tagged(tag, "", 0);
    struct wire_u64 value = { number };
    return hub_put(hub, HUB_TABLE_NOTICES, &key, &wire_u64_desc, &value, arena);
}

tb_status hub_notice_rows(struct hub *hub, uint64_t after, size_t count_max,
                          struct tb_arena *arena, struct hub_notice_row **out, size_t *count)
{
    struct hub_key prefix = hub_key_tagged('R', "", 0), from = numbered('R', after);
    struct hub_pairs rows;
    TRY(hub_row_list(hub->store, HUB_TABLE_NOTICES, &prefix, &from, count_max, arena, &rows));
    struct hub_notice_row *at = tb_arena_take(arena, rows.count, sizeof *at);
    if (at == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < rows.count; i++) {
        at[i].number = tb_get_u64(rows.at[i].key.data + 1);
        TRY(wire_decode(&hub_row_notice_desc, rows.at[i].value, arena, &at[i].row, NULL));
    }
    *out = at;
    *count = rows.count;
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ strikes */

static bool has_contact(const uint8_t contact[HUB_CONTACT_LEN])
{
    static const uint8_t NONE[HUB_CONTACT_LEN] = { 0 };
    return memcmp(contact, NONE, HUB_CONTACT_LEN) != 0;
}

/* The same address in other capitals is the same one. */
static tb_status contact_of(struct hub *hub, tb_bytes mail, uint8_t out[HUB_CONTACT_LEN])
{
    uint8_t lower[CHAT_NOTICE_MAIL_LEN_MAX], mac[CRYPTO_HASH_MAX];
    memset(out, 0, HUB_CONTACT_LEN);
    if (mail.len == 0) return TB_STATUS(TB_OK);
    for (size_t i = 0; i < mail.len; i++) {
        uint8_t c = mail.data[i];
        lower[i] = c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
    }
    tb_bytes parts[] = { TB_LITERAL("Timbre notice contact"), tb_bytes_of(lower, mail.len) };
    TRY(crypto_hmac(hub_own_suite(hub), tb_secret_view(&hub->keys.pseudonym), parts, 2, mac));
    memcpy(out, mac, HUB_CONTACT_LEN);
    return TB_STATUS(TB_OK);
}

static tb_status get_strikes(struct hub *hub, const uint8_t contact[HUB_CONTACT_LEN],
                             struct tb_arena *arena, struct hub_row_strikes *out)
{
    struct hub_key key = hub_key_tagged('C', contact, HUB_CONTACT_LEN);
    bool found = false;
    *out = (struct hub_row_strikes){ .suspended_until_ms = 0 };
    if (!has_contact(contact)) return TB_STATUS(TB_OK);
    TRY(hub_get(hub, HUB_TABLE_NOTICES, &key, &hub_row_strikes_desc, arena, out, &found));
    if (!found) *out = (struct hub_row_strikes){ .suspended_until_ms = 0 };
    return TB_STATUS(TB_OK);
}

static size_t strikes_alive(const struct hub_row_strikes *strikes, uint64_t now_ms)
{
    size_t count = 0;
    for (size_t i = 0; i < strikes->times_ms.count; i++) {
        if (strikes->times_ms.at[i].value + (uint64_t)HUB_STRIKE_LIFE_DAYS * DAY_MS > now_ms) {
            count++;
        }
    }
    return count;
}

/* Article 23: the first one warns, and later ones suspend for a time. */
static tb_status strike(struct hub *hub, struct hub_call *call, struct hub_row_notice *row)
{
    struct hub_row_strikes strikes;
    struct hub_key key = hub_key_tagged('C', row->contact, HUB_CONTACT_LEN);
    if (!has_contact(row->contact)) return TB_STATUS(TB_OK);
    TRY(get_strikes(hub, row->contact, call->arena, &strikes));
    size_t alive = strikes_alive(&strikes, call->now_ms);
    struct wire_u64 *at = tb_arena_take(call->arena, alive + 1, sizeof *at);
    if (at == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < alive; i++) {
        at[i] = strikes.times_ms.at[strikes.times_ms.count - alive + i];
    }
    at[alive].value = call->now_ms;
    strikes.times_ms.at = at;
    strikes.times_ms.count = alive + 1;
    if (alive + 1 >= HUB_STRIKE_COUNT_MAX) {
        strikes.suspended_until_ms = call->now_ms + (uint64_t)HUB_SUSPENSION_DAYS * DAY_MS;
        strikes.times_ms.count = 0; /* afterwards it begins with a warning again */
        row->suspended = 1;
    }
    return hub_put(hub, HUB_TABLE_NOTICES, &key, &hub_row_strikes_desc, &strikes, call->arena);
}

/* ------------------------------------------------------------------ taking one */

static uint16_t check_meter(struct hub *hub, struct hub_call *call,
                            const struct hub_row_notice *row)
{
    struct hub_row_strikes strikes;
    uint64_t rate = hub->config.limits.notice_rate_per_minute, wait_ms, open_count;
    tb_status status;
    CHECK(get_strikes(hub, row->contact, call->arena, &strikes));
    if (strikes.suspended_until_ms > call->now_ms) {
        return hub_refuse_value(call, CHAT_CODE_RESTRICTED,
                                "notices of this address were manifestly unfounded and are not "
                                "taken for some time",
                                strikes.suspended_until_ms);
    }
    CHECK(get_number(hub, '+', call->arena, &open_count));
    if (open_count >= hub->config.limits.notice_open_count_max) {
        return hub_refuse_value(call, CHAT_CODE_RATE_LIMITED, "too many notices wait already",
                                DAY_MS);
    }
    if (hub->config.is_rate_limited
        && !hub_bucket_take(&hub->notices, rate, rate, call->now_ms, &wait_ms)) {
        return hub_refuse_value(call, CHAT_CODE_RATE_LIMITED, "", wait_ms);
    }
    return CHAT_CODE_OK;
out:
    return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}

static tb_status store_notice(struct hub *hub, struct hub_call *call,
                              const struct chat_recipient_key *key,
                              const struct chat_notice *notice, const struct hub_row_notice *row,
                              uint64_t *number)
{
    struct chat_sealed_notice sealed = { .about = row->about, .received_ms = row->received_ms };
    uint64_t newest, open_count;
    TRY(get_number(hub, '#', call->arena, &newest));
    TRY(get_number(hub, '+', call->arena, &open_count));
    *number = sealed.number = newest + 1;
    TRY(chat_notice_seal(hub_own_suite(hub), &hub->keys.intake, key, notice, hub->config.rng,
                         call->arena, &sealed));
    struct hub_key queue = numbered('Q', *number);
    TRY(put_number(hub, '#', *number, call->arena));
    TRY(put_number(hub, '+', open_count + 1, call->arena));
    TRY(hub_put(hub, HUB_TABLE_NOTICES, &queue, &chat_sealed_notice_desc, &sealed, call->arena));
    TRY(put_row(hub, *number, row, call->arena));
    hub_push_desk(hub, call->effects, CHAT_PUSH_REPORT_WAITING, &chat_nothing_desc,
                  &(struct chat_nothing){ NULL });
    return TB_STATUS(TB_OK);
}

/* The desk's newest key; without one there is nobody to read. */
static uint16_t find_key(struct hub *hub, struct hub_call *call, struct chat_recipient_key *key)
{
    struct chat_opaque uri = { hub->desk.desk_uri };
    if (uri.value.len == 0) return CHAT_CODE_DESK_MISSING;
    uint16_t code = hub_verb_recipient_key_get(hub, call, &uri, key);
    return code == CHAT_CODE_NOT_FOUND ? CHAT_CODE_DESK_MISSING : code;
}

uint16_t hub_verb_notice_put(struct hub *hub, struct hub_call *call, const void *request,
                             void *answer)
{
    const struct chat_notice *notice = request;
    struct chat_notice_receipt *out = answer;
    struct chat_recipient_key key;
    struct hub_row_notice row = { .kind = CHAT_NOTICE_FIRST,
                                  .received_ms = call->now_ms,
                                  .reason_code = notice->reason_code };
    tb_status status = chat_notice_check(notice);
    if (!tb_is_ok(status) || notice->kind != CHAT_NOTICE_FIRST) {
        return hub_refuse(call, CHAT_CODE_BAD_REQUEST,
                          "a notice needs a reason, the exact place, an explanation, the "
                          "declaration of good faith, and no address or a valid one");
    }
    uint16_t code = find_key(hub, call, &key);
    if (code != CHAT_CODE_OK) return code;
    CHECK(contact_of(hub, notice->mail, row.contact));
    code = check_meter(hub, call, &row);
    if (code != CHAT_CODE_OK) return code;
    CHECK(tb_rng_fill(hub->config.rng, out->secret, sizeof out->secret));
    CHECK(chat_records_hash(hub_own_suite(hub), TB_ARRAY(out->secret), row.secret_hash));
    CHECK(store_notice(hub, call, &key, notice, &row, &out->number));
    out->received_ms = call->now_ms;
    return CHAT_CODE_OK;
out:
    return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}

/* ------------------------------------------------------------------ by receipt */

static uint16_t find_asked(struct hub *hub, struct hub_call *call,
                           const struct chat_notice_ask *asked, struct hub_row_notice *row)
{
    uint8_t hash[CHAT_HASH_LEN];
    bool found;
    tb_status status;
    CHECK(get_row(hub, asked->number, call->arena, row, &found));
    CHECK(chat_records_hash(hub_own_suite(hub), TB_ARRAY(asked->secret), hash));
    if (!found || row->kind != CHAT_NOTICE_FIRST
        || !tb_equal_ct(TB_ARRAY(hash), TB_ARRAY(row->secret_hash))) {
        return hub_refuse(call, CHAT_CODE_NOT_FOUND, "no notice has this number and secret");
    }
    return CHAT_CODE_OK;
out:
    return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}

static tb_status tell_state(struct hub *hub, struct hub_call *call, uint64_t number,
                            const struct hub_row_notice *row, struct chat_notice_state *out)
{
    struct hub_row_strikes strikes;
    struct hub_row_notice complaint;
    bool found;
    *out = (struct chat_notice_state){ .number = number,
                                       .received_ms = row->received_ms,
                                       .outcome = row->outcome,
                                       .decided_ms = row->decided_ms,
                                       .reply = row->reply };
    TRY(get_strikes(hub, row->contact, call->arena, &strikes));
    if (strikes.suspended_until_ms > call->now_ms) {
        out->suspended_until_ms = strikes.suspended_until_ms;
    }
    out->is_warned = strikes_alive(&strikes, call->now_ms) != 0;
    bool is_complainable = row->outcome != CHAT_NOTICE_OPEN && row->outcome != CHAT_NOTICE_ACTED
                           && row->complaint == 0
                           && call->now_ms < row->decided_ms + CHAT_COMPLAINT_WINDOW_MS;
    if (is_complainable) out->complain_until_ms = row->decided_ms + CHAT_COMPLAINT_WINDOW_MS;
    if (row->complaint == 0) return TB_STATUS(TB_OK);
    TRY(get_row(hub, row->complaint, call->arena, &complaint, &found));
    if (!found) return TB_STATUS(HUB_ROW);
    out->complaint_ms = complaint.received_ms;
    out->complaint_outcome = complaint.outcome;
    out->complaint_reply = complaint.reply;
    return TB_STATUS(TB_OK);
}

uint16_t hub_verb_notice_state(struct hub *hub, struct hub_call *call, const void *request,
                               void *answer)
{
    const struct chat_notice_ask *asked = request;
    struct hub_row_notice row;
    uint16_t code = find_asked(hub, call, asked, &row);
    if (code != CHAT_CODE_OK) return code;
    tb_status status = tell_state(hub, call, asked->number, &row, answer);
    return tb_is_ok(status) ? CHAT_CODE_OK
                            : hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}

/* Article 20: against an answer without action, once, within six months. */
uint16_t hub_verb_notice_complain(struct hub *hub, struct hub_call *call, const void *request,
                                  void *answer)
{
    const struct chat_notice_ask *asked = request;
    struct chat_notice_state *out = answer;
    struct hub_row_notice row;
    struct chat_recipient_key key;
    tb_status status;
    uint16_t code = find_asked(hub, call, asked, &row);
    if (code != CHAT_CODE_OK) return code;
    CHECK(tell_state(hub, call, asked->number, &row, out));
    if (out->complain_until_ms == 0) {
        return hub_refuse(call, CHAT_CODE_CONFLICT,
                          "one complaint can be made, within six months of an answer without "
                          "action");
    }
    struct chat_notice notice = { .kind = CHAT_NOTICE_COMPLAINT,
                                  .reason_code = row.reason_code,
                                  .text = asked->text };
    if (!tb_is_ok(chat_notice_check(&notice))) {
        return hub_refuse(call, CHAT_CODE_BAD_REQUEST, "a complaint says what is wrong");
    }
    code = find_key(hub, call, &key);
    if (code != CHAT_CODE_OK) return code;
    struct hub_row_notice complaint = { .kind = CHAT_NOTICE_COMPLAINT,
                                        .received_ms = call->now_ms,
                                        .reason_code = row.reason_code,
                                        .about = asked->number };
    memcpy(complaint.contact, row.contact, sizeof complaint.contact);
    CHECK(store_notice(hub, call, &key, &notice, &complaint, &row.complaint));
    CHECK(put_row(hub, asked->number, &row, call->arena));
    CHECK(tell_state(hub, call, asked->number, &row, out));
    return CHAT_CODE_OK;
out:
    return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}

/* ------------------------------------------------------------------ the desk */

uint16_t hub_verb_notice_queue(struct hub *hub, struct hub_call *call, const void *request,
                               void *answer)
{
    struct chat_notice_queue *out = answer;
    struct hub_key prefix = hub_key_tagged('Q', "", 0);
    struct hub_key after = numbered('Q', ((const struct chat_queue_get *)request)->after);
    struct hub_pairs rows;
    tb_status status;
    CHECK(hub_row_list_some(hub->store, HUB_TABLE_NOTICES, &prefix, &after,
                            HUB_ANSWER_ROW_COUNT_MAX, HUB_ANSWER_BYTES_MAX, call->arena, &rows));
    out->notices.at = tb_arena_take(call->arena, rows.count, sizeof *out->notices.at);
    if (out->notices.at == NULL) return CHAT_CODE_INTERNAL;
    for (size_t i = 0; i < rows.count; i++) {
        struct chat_notice_waiting *waiting = &out->notices.at[out->notices.count++];
        struct hub_row_notice row;
        bool found;
        CHECK(wire_decode(&chat_sealed_notice_desc, rows.at[i].value, call->arena,
                          &waiting->sealed, NULL));
        CHECK(get_row(hub, waiting->sealed.number, call->arena, &row, &found));
        waiting->outcome = found ? row.outcome : CHAT_NOTICE_OPEN;
    }
    return CHAT_CODE_OK;
out:
    return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}

/* A complaint is settled by another moderator than the one who answered the notice. */
static uint16_t check_answer(struct hub *hub, struct hub_call *call,
                             const struct chat_notice_answer *asked, struct hub_row_notice *row)
{
    struct hub_row_notice about;
    bool found;
    tb_status status;
    bool is_action = asked->outcome == CHAT_NOTICE_ACTED;
    if (asked->outcome == CHAT_NOTICE_OPEN || asked->outcome > CHAT_NOTICE_UNFOUNDED
        || (is_action ? asked->basis != CHAT_BASIS_TERMS && asked->basis != CHAT_BASIS_LAW
                      : asked->basis != 0)) {
        return hub_refuse(call, CHAT_CODE_BAD_REQUEST,
                          "an answer has an outcome, and an action its basis");
    }
    CHECK(get_row(hub, asked->number, call->arena, row, &found));
    if (!found) return hub_refuse(call, CHAT_CODE_NOT_FOUND, "there is no such notice");
    if (row->outcome != CHAT_NOTICE_OPEN) {
        return hub_refuse(call, CHAT_CODE_CONFLICT, "the notice has been answered");
    }
    if (row->kind != CHAT_NOTICE_COMPLAINT) return CHAT_CODE_OK;
    CHECK(get_row(hub, row->about, call->arena, &about, &found));
    if (found && memcmp(about.decider, call->account->id.at, sizeof about.decider) == 0) {
        return hub_refuse(call, CHAT_CODE_POLICY,
                          "a complaint is settled by another moderator than the one who decided");
    }
    return CHAT_CODE_OK;
out:
    return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}

uint16_t hub_verb_notice_answer(struct hub *hub, struct hub_call *call, const void *request,
                                void *answer)
{
    (void)answer;
    const struct chat_notice_answer *asked = request;
    struct hub_row_notice row;
    uint64_t open_count;
    tb_status status;
    uint16_t code = check_answer(hub, call, asked, &row);
    if (code != CHAT_CODE_OK) return code;
    row.outcome = asked->outcome;
    row.basis = asked->basis;
    row.reply = asked->reply;
    row.decided_ms = call->now_ms;
    memcpy(row.decider, call->account->id.at, sizeof row.decider);
    CHECK(get_number(hub, '+', call->arena, &open_count));
    if (asked->outcome == CHAT_NOTICE_UNFOUNDED) CHECK(strike(hub, call, &row));
    CHECK(put_row(hub, asked->number, &row, call->arena));
    CHECK(put_number(hub, '+', open_count == 0 ? 0 : open_count - 1, call->arena));
    return CHAT_CODE_OK;
out:
    return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}

/* ------------------------------------------------------------------ forgetting */

static tb_status forget(struct hub *hub, uint64_t number, uint64_t now_ms, struct tb_arena *arena)
{
    struct hub_row_notice row;
    struct hub_key queue = numbered('Q', number);
    bool found;
    TRY(get_row(hub, number, arena, &row, &found));
    uint64_t end_ms = row.decided_ms + CHAT_COMPLAINT_WINDOW_MS
                      + (uint64_t)FORGET_AFTER_DAYS * DAY_MS;
    if (found && (row.outcome == CHAT_NOTICE_OPEN || end_ms > now_ms)) return TB_STATUS(TB_OK);
    TRY(hub_del(hub, HUB_TABLE_NOTICES, &queue));
    if (!found) return TB_STATUS(TB_OK);
    row.reply = (tb_bytes){ NULL, 0 };
    memset(row.contact, 0, sizeof row.contact);
    return put_row(hub, number, &row, arena);
}

static tb_status forget_some(struct hub *hub, uint64_t now_ms, struct tb_arena *arena)
{
    struct hub_key prefix = hub_key_tagged('Q', "", 0);
    struct hub_pairs rows;
    TRY(hub_row_list(hub->store, HUB_TABLE_NOTICES, &prefix,
                     hub->notice_at.len != 0 ? &hub->notice_at : NULL, FORGET_ROW_COUNT, arena,
                     &rows));
    for (size_t i = 0; i < rows.count; i++) {
        TRY(forget(hub, tb_get_u64(rows.at[i].key.data + 1), now_ms, arena));
    }
    hub->notice_at = rows.count == FORGET_ROW_COUNT ? hub_key_of(rows.at[rows.count - 1].key)
                                                    : (struct hub_key){ .len = 0 };
    return TB_STATUS(TB_OK);
}

tb_status hub_notice_forget(struct hub *hub, uint64_t now_ms)
{
    struct tb_arena arena;
    tb_arena_init(&arena, hub->mem, HUB_STEP_ARENA_BYTES_MAX);
    tb_status status = forget_some(hub, now_ms, &arena);
    tb_arena_wipe(&arena);
    return status;
}
