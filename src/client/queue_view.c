/* The queue as moderators see it: cases about one thing as one, the most urgent first. */
#include "client/queue.h"

#include <string.h>

#include "client/casework.h"

/* One report or notice, before it is put together with others. */
struct item {
    tb_bytes case_id;
    tb_bytes group;   /* equal for what is one: the case that stands for them, or a subject */
    tb_bytes subject; /* or empty */
    uint64_t number, received_ms, decision_number;
    bool is_notice, is_decided;
    struct chat_case_state root;
};
struct items {
    struct item *at;
    size_t count;
};

/* ------------------------------------------------------------------ sorting */

typedef bool sort_before(const void *a, const void *b);

/* Sift what is at `at` down a heap of count pointers whose greatest is on top. */
static void sift(const void **heap, size_t at, size_t count, sort_before *is_before)
{
    for (;;) {
        size_t greatest = at;
        for (size_t child = 2 * at + 1; child < count && child <= 2 * at + 2; child++) {
            if (is_before(heap[greatest], heap[child])) greatest = child;
        }
        if (greatest == at) return;
        const void *moved = heap[at];
        heap[at] = heap[greatest];
        heap[greatest] = moved;
        at = greatest;
    }
}

static void sort(const void **list, size_t count, sort_before *is_before)
{
    for (size_t i = count / 2; i-- > 0;) sift(list, i, count, is_before);
    for (size_t end = count; end-- > 1;) {
        const void *greatest = list[0];
        list[0] = list[end];
        list[end] = greatest;
        sift(list, 0, end, is_before);
    }
}

static bool item_is_before(const void *left, const void *right)
{
    const struct item *a = left, *b = right;
    int order = tb_bytes_compare(a->group, b->group);
    if (order != 0) return order < 0;
    if (a->is_decided != b->is_decided) return b->is_decided;
    if (a->is_notice != b->is_notice) return b->is_notice;
    return a->number < b->number;
}

static bool view_is_before(const void *left, const void *right)
{
    const struct client_queue_view *a = left, *b = right;
    if (a->is_decided != b->is_decided) return b->is_decided;
    if (a->level != b->level) return a->level < b->level;
    if (a->due_ms != b->due_ms) return a->due_ms < b->due_ms;
    if (a->is_notice != b->is_notice) return b->is_notice;
    return a->number < b->number;
}

/* ------------------------------------------------------------------ items */

/* What nobody has named yet belongs to its subject. */
static tb_status item_place(struct client_turn *turn, struct item *item)
{
    TRY(client_casework_place(turn, item->case_id, item->subject, &item->root));
    bool is_named = !tb_bytes_equal(item->root.case_id, item->case_id);
    if (!is_named && item->subject.len != 0) {
        struct chat_case_store store = client_casework_store(turn);
        struct chat_case_state state;
        tb_status status = store.get(store.ctx, item->case_id, &state);
        if (status.code != TB_NOT_FOUND) TRY(status);
        is_named = tb_is_ok(status);
    }
    item->group = is_named || item->subject.len == 0 ? item->root.case_id : item->subject;
    return TB_STATUS(TB_OK);
}

static tb_status item_of_report(struct client_turn *turn, tb_bytes encoded, struct item *out)
{
    struct client_case_row row;
    TRY(wire_decode(&client_case_row_desc, encoded, &turn->arena, &row, NULL));
    *out = (struct item){ .number = row.number,
                          .received_ms = row.received_ms,
                          .is_decided = row.stage == CLIENT_STAGE_DECIDED,
                          .decision_number = row.decision_number };
    TRY(tb_arena_dup(&turn->arena, TB_ARRAY(row.report_id), &out->case_id));
    TRY(client_casework_subject(turn, &row, &out->subject));
    return item_place(turn, out);
}

static tb_status item_of_notice(struct client_turn *turn, const struct client_outside_view *notice,
                                struct item *out)
{
    uint8_t *id = tb_arena_take(&turn->arena, 1, CHAT_CASE_NOTICE_LEN);
    if (id == NULL) return TB_STATUS(TB_NO_SPACE);
    tb_put_u64(id, notice->number);
    *out = (struct item){ .case_id = tb_bytes_of(id, CHAT_CASE_NOTICE_LEN),
                          .number = notice->number,
                          .received_ms = notice->received_ms,
                          .is_notice = true,
                          .is_decided = notice->outcome != CHAT_NOTICE_OPEN };
    return item_place(turn, out);
}

static tb_status items_read(struct client_turn *turn, const struct client_outside_view *notices,
                            size_t notice_count, struct items *out)
{
    struct client_pairs rows;
    TRY(client_table_all(turn, CLIENT_TABLE_CASES, &rows));
    out->at = tb_arena_take(&turn->arena, rows.count + notice_count, sizeof *out->at);
    if (out->at == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < rows.count; i++) {
        TRY(item_of_report(turn, rows.at[i].value, &out->at[out->count++]));
    }
    for (size_t i = 0; i < notice_count; i++) {
        TRY(item_of_notice(turn, &notices[i], &out->at[out->count++]));
    }
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ views */

/* What stands for the group: the case that the others went into, else the one that came first. */
static const struct item *lead_of(const void *const *group, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct item *item = group[i];
        if (tb_bytes_equal(item->case_id, item->group)) return item;
    }
    return group[0];
}

static tb_status view_of(struct client_turn *turn, const void *const *group, size_t count,
                         struct client_queue_view *out)
{
    const struct item *lead = lead_of(group, count);
    const struct chat_case_state *state = &lead->root;
    *out = (struct client_queue_view){
        .case_id = lead->case_id,
        .number = lead->number,
        .received_ms = lead->received_ms,
        .is_notice = lead->is_notice,
        .is_decided = lead->is_decided,
        .decision_number = lead->decision_number,
        .level = state->level,
        .why = state->why,
        .is_due_set = state->due_ms != 0,
        .codes = state->codes.at,
        .code_count = state->codes.count,
        .note_count = state->note_count,
    };
    tb_bytes *duplicates = tb_arena_take(&turn->arena, count, sizeof *duplicates);
    if (duplicates == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < count; i++) {
        const struct item *item = group[i];
        if (item->received_ms != 0 && item->received_ms < out->received_ms) {
            out->received_ms = item->received_ms;
        }
        if (item != lead) duplicates[out->duplicate_count++] = item->case_id;
    }
    out->duplicates = duplicates;
    out->due_ms = state->due_ms != 0 ? state->due_ms
                                     : out->received_ms + chat_casework_level_ms(state->level);
    if (!chat_casework_is_held(state, turn->now_ms) || out->is_decided) return TB_STATUS(TB_OK);
    out->holder = state->holder;
    out->lease_ms = state->lease_ms;
    return tb_arena_dup(&turn->arena, client_record_handle(turn, state->holder),
                        &out->holder_handle);
}

static bool is_one(const struct item *a, const struct item *b)
{
    /* Who reports what was decided already waits for an answer all the same. */
    return tb_bytes_equal(a->group, b->group) && a->is_decided == b->is_decided;
}

/* The newest decision about what the open ones say, for whoever decides them. */
static uint64_t decided_before(const void *const *order, size_t from, size_t count)
{
    const struct item *first = order[from];
    uint64_t number = 0;
    for (size_t i = from; i < count && !first->is_decided; i++) {
        const struct item *item = order[i];
        if (!tb_bytes_equal(item->group, first->group)) break;
        if (item->decision_number > number) number = item->decision_number;
    }
    return number;
}

static tb_status queue_read(struct client_turn *turn, const struct items *items,
                            struct client_queue_view **out, size_t *count)
{
    const void **order = tb_arena_take(&turn->arena, items->count, sizeof *order);
    struct client_queue_view *views = tb_arena_take(&turn->arena, items->count, sizeof *views);
    struct client_queue_view *sorted = tb_arena_take(&turn->arena, items->count, sizeof *sorted);
    size_t n = 0;
    if (order == NULL || views == NULL || sorted == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < items->count; i++) order[i] = &items->at[i];
    sort(order, items->count, item_is_before);
    for (size_t i = 0, end; i < items->count; i = end) {
        const struct item *first = order[i];
        for (end = i + 1; end < items->count; end++) {
            if (!is_one(order[end], first)) break;
        }
        TRY(view_of(turn, &order[i], end - i, &views[n]));
        views[n++].decided_before = decided_before(order, i, items->count);
    }
    for (size_t i = 0; i < n; i++) order[i] = &views[i];
    sort(order, n, view_is_before);
    for (size_t i = 0; i < n; i++) sorted[i] = *(const struct client_queue_view *)order[i];
    *out = sorted;
    *count = n;
    return TB_STATUS(TB_OK);
}

tb_status client_queue(struct client *client, uint64_t now_ms, struct tb_arena *arena,
                       struct client_queue_view **out, size_t *count)
{
    struct client_turn turn = { .client = client, .now_ms = now_ms };
    struct client_outside_view *notices;
    struct items items = { NULL, 0 };
    size_t notice_count;
    TRY(client_outsides(client, arena, &notices, &notice_count));
    turn.arena = *arena;
    tb_status status = items_read(&turn, notices, notice_count, &items);
    if (tb_is_ok(status)) status = queue_read(&turn, &items, out, count);
    *arena = turn.arena;
    return status;
}
