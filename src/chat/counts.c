#include "chat/counts.h"

#include <string.h>

#include "chat/decision.h"
#include "chat/outsider.h"
#include "chat/reason.h"
#include "chat/say.h"

WIRE_TABLE(chat_count, CHAT_COUNT)
WIRE_TABLE(chat_counts, CHAT_COUNTS)
WIRE_TABLE(chat_counts_list, CHAT_COUNTS_LIST)

enum { DAY_MS = 86400000, MONTH_MAX = 12 * 9999 };

struct what_row {
    uint8_t what;
    const char *name;
    bool is_median;
};
static const struct what_row WHAT_ROWS[] = {
#define WHAT_ROW(NAME_, NUMBER_, TEXT_, IS_MEDIAN_) { NUMBER_, TEXT_, IS_MEDIAN_ },
    CHAT_COUNT_LIST(WHAT_ROW)
};
enum { WHAT_COUNT = sizeof WHAT_ROWS / sizeof WHAT_ROWS[0] };

static const struct what_row *what_find(uint8_t what)
{
    for (size_t i = 0; i < WHAT_COUNT; i++) {
        if (WHAT_ROWS[i].what == what) return &WHAT_ROWS[i];
    }
    return NULL;
}

const char *chat_count_name(uint8_t what)
{
    const struct what_row *row = what_find(what);
    return row == NULL ? NULL : row->name;
}

static const char *name_in(const char *const *names, size_t count, uint8_t by)
{
    return by < count ? names[by] : NULL;
}
#define NAME_IN(NAMES_, BY_) name_in(NAMES_, sizeof(NAMES_) / sizeof((NAMES_)[0]), BY_)

const char *chat_count_by_name(uint8_t what, uint8_t by)
{
    static const char *const SOURCES[] = { "own_initiative", "member", "outsider" };
    static const char *const BASES[] = { NULL, "terms", "law" };
    static const char *const SCOPES[] = { NULL, "room", "hub" };
    static const char *const KINDS[] = { NULL, "act", "information" };
    switch (what) {
    case CHAT_COUNT_NOTICES: return by == CHAT_SOURCE_OWN ? NULL : NAME_IN(SOURCES, by);
    case CHAT_COUNT_DECISION_SOURCES:
        return by == CHAT_SOURCE_OUTSIDER ? NULL : NAME_IN(SOURCES, by);
    case CHAT_COUNT_NOTICE_REASONS:
    case CHAT_COUNT_DECISION_REASONS: return chat_reason_name(by);
    case CHAT_COUNT_NOTICE_OUTCOMES:
    case CHAT_COUNT_COMPLAINTS: return chat_notice_outcome_name(by);
    case CHAT_COUNT_NOTICE_BASES: return NAME_IN(BASES, by);
    case CHAT_COUNT_DECISIONS: return chat_decision_action_name(by);
    case CHAT_COUNT_DECISION_SCOPES: return NAME_IN(SCOPES, by);
    case CHAT_COUNT_ORDERS: return NAME_IN(KINDS, by);
    default: return what_find(what) != NULL && by == 0 ? "all" : NULL;
    }
}

struct chat_counts *chat_counts_new(struct tb_arena *arena, uint32_t month)
{
    struct chat_counts *counts = tb_arena_take(arena, 1, sizeof *counts);
    struct chat_count *at = tb_arena_take(arena, CHAT_COUNT_CELL_COUNT_MAX, sizeof *at);
    if (counts == NULL || at == NULL) return NULL;
    *counts = (struct chat_counts){ .month = month, .cells = { at, 0 } };
    for (size_t i = 0; i < WHAT_COUNT; i++) {
        for (unsigned by = 0; by <= UINT8_MAX; by++) {
            if (chat_count_by_name(WHAT_ROWS[i].what, (uint8_t)by) == NULL) continue;
            if (counts->cells.count == CHAT_COUNT_CELL_COUNT_MAX) return counts;
            at[counts->cells.count++] =
                (struct chat_count){ .what = WHAT_ROWS[i].what, .by = (uint8_t)by };
        }
    }
    return counts;
}

struct chat_count *chat_counts_at(const struct chat_counts *counts, uint8_t what, uint8_t by)
{
    for (size_t i = 0; i < counts->cells.count; i++) {
        struct chat_count *cell = &counts->cells.at[i];
        if (cell->what == what && cell->by == by) return cell;
    }
    return NULL;
}

void chat_counts_add(struct chat_counts *counts, uint8_t what, uint8_t by, uint64_t value)
{
    struct chat_count *cell = chat_counts_at(counts, what, by);
    if (cell != NULL) cell->value += value;
}

static void hide(struct chat_count *cell)
{
    cell->value = cell->n = 0;
    cell->is_hidden = 1;
}

/* The one hidden cell of a count would follow from a total: it gets company. */
static void hide_one_more(struct chat_counts *counts, uint8_t what)
{
    struct chat_count *smallest = NULL;
    size_t hidden = 0;
    for (size_t i = 0; i < counts->cells.count; i++) {
        struct chat_count *cell = &counts->cells.at[i];
        if (cell->what != what) continue;
        if (cell->is_hidden) hidden++;
        else if (cell->value != 0 && (smallest == NULL || cell->value < smallest->value)) {
            smallest = cell;
        }
    }
    if (hidden == 1 && smallest != NULL) hide(smallest);
}

void chat_counts_publish(struct chat_counts *counts)
{
    for (size_t i = 0; i < counts->cells.count; i++) {
        struct chat_count *cell = &counts->cells.at[i];
        const struct what_row *row = what_find(cell->what);
        uint64_t size = row != NULL && row->is_median ? cell->n : cell->value;
        if (size != 0 && size < CHAT_COUNT_PUBLIC_MIN) hide(cell);
    }
    for (size_t i = 0; i < WHAT_COUNT; i++) {
        if (!WHAT_ROWS[i].is_median) hide_one_more(counts, WHAT_ROWS[i].what);
    }
}

/* ------------------------------------------------------------------ medians and months */

static void sift(uint64_t *values, size_t count, size_t at)
{
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && values[child + 1] > values[child]) child++;
        if (values[at] >= values[child]) return;
        uint64_t other = values[at];
        values[at] = values[child];
        values[child] = other;
    }
}

uint64_t chat_counts_median(uint64_t *values, size_t count)
{
    for (size_t i = count / 2; i-- > 0;) sift(values, count, i);
    for (size_t end = count; end-- > 1;) {
        uint64_t largest = values[0];
        values[0] = values[end];
        values[end] = largest;
        sift(values, end, 0);
    }
    uint64_t upper = values[count / 2];
    if (count % 2 != 0) return upper;
    uint64_t lower = values[count / 2 - 1];
    return lower + (upper - lower) / 2;
}

uint32_t chat_counts_month_of(uint64_t time_ms)
{
    struct chat_say_date date = chat_say_date(time_ms);
    return (uint32_t)(date.year * 12 + date.month - 1);
}

/* A month has 28 days at least, so the guess is never late and steps of days find it. */
uint64_t chat_counts_month_begin_ms(uint32_t month)
{
    if (month < 12 * 1970) return 0;
    if (month > MONTH_MAX) month = MONTH_MAX;
    uint64_t days = (uint64_t)(month - 12 * 1970) * 30436875 / 1000000;
    days = days > 3 ? days - 3 : 0;
    while (chat_counts_month_of(days * DAY_MS) < month) days++;
    while (days != 0 && chat_counts_month_of((days - 1) * DAY_MS) >= month) days--;
    return days * DAY_MS;
}
