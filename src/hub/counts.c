/*
 * Counts of a span of time, made from the rows themselves: nothing is counted twice or typed in.
 * The public ones are made once for each month that has been over for a week, and kept.
 */
#include <string.h>

#include "hub/outside.h"

enum {
    BATCH_COUNT = 256,
    PUBLIC_MONTH_COUNT_MAX = 24,
    ASKED_MONTH_COUNT_MAX = 120,
    MEDIAN_BYTES_MAX = 8 << 20, /* a million cases; more do not move a median */
    DAY_MS = 86400000
};
enum { OF_DECISIONS, OF_NOTICES, OF_COMPLAINTS, OF_ORDERS, MEDIAN_COUNT };

struct counting {
    struct hub *hub;
    struct tb_arena *arena; /* of the answer */
    struct tb_arena scratch;
    uint64_t from_ms, until_ms;
    struct chat_counts *counts;
    struct tb_buf spans[MEDIAN_COUNT]; /* uint64_t each, host order */
};

static bool is_in(const struct counting *c, uint64_t time_ms)
{
    return time_ms >= c->from_ms && time_ms < c->until_ms;
}

static tb_status span(struct counting *c, int of, uint64_t from_ms, uint64_t to_ms)
{
    uint64_t ms = to_ms > from_ms ? to_ms - from_ms : 0;
    tb_status status = tb_buf_append(&c->spans[of], tb_bytes_of(&ms, sizeof ms));
    return status.code == TB_TOO_LONG ? TB_STATUS(TB_OK) : status;
}

/* Every row of a table under a tag, through `each`. */
static tb_status walk(struct counting *c, enum hub_table table, char tag,
                      const struct wire_desc *desc,
                      tb_status (*each)(struct counting *c, const void *row))
{
    struct hub_key prefix = hub_key_tagged(tag, "", 0), after = prefix;
    bool is_first = true;
    struct hub_pairs rows = { NULL, BATCH_COUNT };
    while (rows.count == BATCH_COUNT) {
        tb_arena_wipe(&c->scratch);
        tb_arena_init(&c->scratch, c->hub->mem, HUB_STEP_ARENA_BYTES_MAX);
        TRY(hub_row_list(c->hub->store, table, &prefix, is_first ? NULL : &after, BATCH_COUNT,
                         &c->scratch, &rows));
        void *row = tb_arena_take(&c->scratch, 1, desc->size);
        if (row == NULL) return TB_STATUS(TB_NO_SPACE);
        for (size_t i = 0; i < rows.count; i++) {
            TRY(wire_decode(desc, rows.at[i].value, &c->scratch, row, NULL));
            TRY(each(c, row));
        }
        if (rows.count != 0) after = hub_key_of(rows.at[rows.count - 1].key);
        is_first = false;
    }
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ what is counted */

static tb_status count_report(struct counting *c, const void *row)
{
    const struct hub_row_report *report = row;
    if (is_in(c, report->received_ms)) {
        chat_counts_add(c->counts, CHAT_COUNT_NOTICES, CHAT_SOURCE_MEMBER, 1);
    }
    return TB_STATUS(TB_OK);
}

static tb_status count_decision(struct counting *c, const void *row)
{
    const struct chat_decision_entry *entry = row;
    const struct chat_decision *decision = &entry->decision;
    struct hub_row_report report;
    bool is_reported = decision->report_id.len == CHAT_HASH_LEN, found;
    if (!is_in(c, entry->logged_ms)) return TB_STATUS(TB_OK);
    chat_counts_add(c->counts, CHAT_COUNT_DECISIONS, decision->action, 1);
    chat_counts_add(c->counts, CHAT_COUNT_DECISION_REASONS, decision->reason_code, 1);
    chat_counts_add(c->counts, CHAT_COUNT_DECISION_SCOPES, decision->scope, 1);
    chat_counts_add(c->counts, CHAT_COUNT_DECISION_SOURCES,
                    is_reported ? CHAT_SOURCE_MEMBER : CHAT_SOURCE_OWN, 1);
    if (decision->action == CHAT_ACTION_UNBAN) {
        chat_counts_add(c->counts, CHAT_COUNT_REVERSALS, 0, 1);
    }
    if (!is_reported) return TB_STATUS(TB_OK);
    struct hub_key key = hub_key_tagged('I', decision->report_id.data, CHAT_HASH_LEN);
    TRY(hub_get(c->hub, HUB_TABLE_REPORTS, &key, &hub_row_report_desc, &c->scratch, &report,
                &found));
    bool is_first = decision->action != CHAT_ACTION_UNBAN; /* of this case */
    return found && is_first ? span(c, OF_DECISIONS, report.received_ms, entry->logged_ms)
                             : TB_STATUS(TB_OK);
}

static tb_status count_notice(struct counting *c, const void *row)
{
    const struct hub_row_notice *notice = row;
    bool is_complaint = notice->kind == CHAT_NOTICE_COMPLAINT;
    uint8_t outcomes = is_complaint ? CHAT_COUNT_COMPLAINTS : CHAT_COUNT_NOTICE_OUTCOMES;
    if (is_in(c, notice->received_ms)) {
        if (!is_complaint) {
            chat_counts_add(c->counts, CHAT_COUNT_NOTICES, CHAT_SOURCE_OUTSIDER, 1);
            chat_counts_add(c->counts, CHAT_COUNT_NOTICE_REASONS, notice->reason_code, 1);
        }
        if (notice->outcome == CHAT_NOTICE_OPEN) {
            chat_counts_add(c->counts, outcomes, CHAT_NOTICE_OPEN, 1);
        }
    }
    if (notice->outcome == CHAT_NOTICE_OPEN || !is_in(c, notice->decided_ms)) {
        return TB_STATUS(TB_OK);
    }
    chat_counts_add(c->counts, outcomes, notice->outcome, 1);
    if (notice->suspended != 0) chat_counts_add(c->counts, CHAT_COUNT_SUSPENSIONS, 0, 1);
    if (notice->outcome == CHAT_NOTICE_ACTED) {
        if (is_complaint) chat_counts_add(c->counts, CHAT_COUNT_REVERSALS, 0, 1);
        else chat_counts_add(c->counts, CHAT_COUNT_NOTICE_BASES, notice->basis, 1);
    }
    return span(c, is_complaint ? OF_COMPLAINTS : OF_NOTICES, notice->received_ms,
                notice->decided_ms);
}

static tb_status count_order(struct counting *c, const void *row)
{
    const struct chat_order *order = row;
    if (is_in(c, order->received_ms)) {
        chat_counts_add(c->counts, CHAT_COUNT_ORDERS, order->kind, 1);
    }
    return order->closed_ms != 0 && is_in(c, order->closed_ms)
               ? span(c, OF_ORDERS, order->received_ms, order->closed_ms)
               : TB_STATUS(TB_OK);
}

static tb_status set_median(struct counting *c, int of, uint8_t what)
{
    struct chat_count *cell = chat_counts_at(c->counts, what, 0);
    size_t count = c->spans[of].len / sizeof(uint64_t);
    if (count == 0 || cell == NULL) return TB_STATUS(TB_OK);
    uint64_t *values = tb_arena_take(c->arena, count, sizeof *values);
    if (values == NULL) return TB_STATUS(TB_NO_SPACE);
    memcpy(values, c->spans[of].data, count * sizeof *values);
    cell->value = chat_counts_median(values, count);
    cell->n = count;
    return TB_STATUS(TB_OK);
}

static tb_status count_all(struct counting *c)
{
    TRY(walk(c, HUB_TABLE_REPORTS, 'I', &hub_row_report_desc, count_report));
    TRY(walk(c, HUB_TABLE_DECISIONS, 'N', &chat_decision_entry_desc, count_decision));
    TRY(walk(c, HUB_TABLE_NOTICES, 'R', &hub_row_notice_desc, count_notice));
    TRY(walk(c, HUB_TABLE_ORDERS, 'O', &chat_order_desc, count_order));
    TRY(set_median(c, OF_DECISIONS, CHAT_COUNT_DECISION_MEDIAN_MS));
    TRY(set_median(c, OF_NOTICES, CHAT_COUNT_NOTICE_MEDIAN_MS));
    TRY(set_median(c, OF_COMPLAINTS, CHAT_COUNT_COMPLAINT_MEDIAN_MS));
    return set_median(c, OF_ORDERS, CHAT_COUNT_ORDER_MEDIAN_MS);
}

/* Months `first` to `last`, as one; named `month`. */
static tb_status count_months(struct hub *hub, uint32_t first, uint32_t last, uint32_t month,
                              struct tb_arena *arena, struct chat_counts *out)
{
    struct counting c = { .hub = hub,
                          .arena = arena,
                          .from_ms = chat_counts_month_begin_ms(first),
                          .until_ms = chat_counts_month_begin_ms(last + 1),
                          .counts = chat_counts_new(arena, month) };
    if (c.counts == NULL) return TB_STATUS(TB_NO_SPACE);
    tb_arena_init(&c.scratch, hub->mem, HUB_STEP_ARENA_BYTES_MAX);
    for (size_t i = 0; i < MEDIAN_COUNT; i++) {
        tb_buf_init(&c.spans[i], hub->mem, MEDIAN_BYTES_MAX);
    }
    tb_status status = count_all(&c);
    for (size_t i = 0; i < MEDIAN_COUNT; i++) tb_buf_wipe(&c.spans[i]);
    tb_arena_wipe(&c.scratch);
    *out = *c.counts;
    return status;
}

/* ------------------------------------------------------------------ for everybody */

static tb_status public_month(struct hub *hub, uint32_t month, struct tb_arena *arena,
                              struct chat_counts *out)
{
    struct hub_key key = hub_key_tagged('M', "", 0);
    bool found;
    hub_key_add_u64(&key, month);
    TRY(hub_get(hub, HUB_TABLE_MONTHS, &key, &chat_counts_desc, arena, out, &found));
    if (found) return TB_STATUS(TB_OK);
    TRY(count_months(hub, month, month, month, arena, out));
    chat_counts_publish(out);
    return hub_put(hub, HUB_TABLE_MONTHS, &key, &chat_counts_desc, out, arena);
}

static tb_status first_month(struct hub *hub, struct tb_arena *arena, uint32_t *month)
{
    struct hub_row_identity identity;
    struct hub_key key = hub_key_of(TB_LITERAL("identity"));
    tb_status status =
        hub_row_get(hub->store, HUB_TABLE_META, &key, &hub_row_identity_desc, arena, &identity);
    *month = tb_is_ok(status) ? chat_counts_month_of(identity.created_ms) : 0;
    return status; /* the arena is wiped with the request */
}

uint16_t hub_verb_transparency(struct hub *hub, struct hub_call *call, const void *request,
                               void *answer)
{
    (void)request;
    struct chat_counts_list *out = answer;
    uint64_t delay_ms = (uint64_t)CHAT_COUNT_DELAY_DAYS * DAY_MS;
    uint32_t first, end = chat_counts_month_of(call->now_ms > delay_ms ? call->now_ms - delay_ms
                                                                       : 0);
    tb_status status;
    CHECK(first_month(hub, call->arena, &first));
    if (end > first + PUBLIC_MONTH_COUNT_MAX) first = end - PUBLIC_MONTH_COUNT_MAX;
    out->months.at = tb_arena_take(call->arena, PUBLIC_MONTH_COUNT_MAX, sizeof *out->months.at);
    if (out->months.at == NULL) return CHAT_CODE_INTERNAL;
    for (uint32_t month = first; month < end; month++) {
        CHECK(public_month(hub, month, call->arena, &out->months.at[out->months.count]));
        out->months.count++;
    }
    return CHAT_CODE_OK;
out:
    return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}

/* Exact, for the operator: each month from first to second, then all of them as month 0. */
uint16_t hub_verb_admin_counts(struct hub *hub, struct hub_call *call, const void *request,
                               void *answer)
{
    const struct chat_log_get *asked = request;
    struct chat_counts_list *out = answer;
    tb_status status;
    if (asked->first > asked->second || asked->second - asked->first >= ASKED_MONTH_COUNT_MAX
        || asked->second >= UINT32_MAX) {
        return hub_refuse_value(call, CHAT_CODE_BAD_REQUEST, "too many months",
                                ASKED_MONTH_COUNT_MAX);
    }
    uint32_t first = (uint32_t)asked->first, last = (uint32_t)asked->second;
    out->months.at = tb_arena_take(call->arena, last - first + 2, sizeof *out->months.at);
    if (out->months.at == NULL) return CHAT_CODE_INTERNAL;
    for (uint32_t month = first; month <= last; month++) {
        CHECK(count_months(hub, month, month, month, call->arena,
                           &out->months.at[out->months.count]));
        out->months.count++;
    }
    CHECK(count_months(hub, first, last, 0, call->arena, &out->months.at[out->months.count]));
    out->months.count++;
    return CHAT_CODE_OK;
out:
    return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}
