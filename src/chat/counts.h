/*
 * What a hub counts of its moderation: numbers by (what, by), for a span of time.  Exact counts
 * serve the reports that the law asks for; what everybody may read passes chat_counts_publish.
 */
#ifndef TB_CHAT_COUNTS_H
#define TB_CHAT_COUNTS_H

#include "chat/status.h"
#include "chat/structs.h"

enum {
    CHAT_COUNT_CELL_COUNT_MAX = 512,
    CHAT_COUNT_PUBLIC_MIN = 11, /* k: cells of 1 to 10 are not published */
    CHAT_COUNT_DELAY_DAYS = 7   /* between a month's end and its publication */
};

/* WHAT(NAME, number, "name", is_median): what `by` means stands beside it. */
#define CHAT_COUNT_LIST(WHAT)                                                                      \
    WHAT(NOTICES, 1, "notices", false)               /* by chat_count_source */                    \
    WHAT(NOTICE_REASONS, 2, "outsider_notices_by_reason", false) /* chat_reason: hubs cannot read  \
                                                                    the others */                  \
    WHAT(NOTICE_OUTCOMES, 3, "outsider_notices_by_outcome", false) /* chat_notice_outcome */       \
    WHAT(NOTICE_BASES, 4, "actions_on_notices_by_basis", false)    /* chat_notice_basis */         \
    WHAT(DECISIONS, 5, "decisions_by_action", false)               /* chat_action */               \
    WHAT(DECISION_REASONS, 6, "decisions_by_reason", false)        /* chat_reason */               \
    WHAT(DECISION_SCOPES, 7, "decisions_by_scope", false)          /* chat_scope */                \
    WHAT(DECISION_SOURCES, 8, "decisions_by_source", false)        /* chat_count_source */         \
    WHAT(AUTOMATED, 9, "decisions_by_automated_means", false)      /* 0; always none */            \
    WHAT(COMPLAINTS, 10, "complaints_by_outcome", false)           /* chat_notice_outcome */       \
    WHAT(REVERSALS, 11, "reversals", false)                        /* 0 */                         \
    WHAT(SUSPENSIONS, 12, "suspensions_for_unfounded_notices", false) /* 0 */                      \
    WHAT(ORDERS, 13, "orders", false)                              /* chat_order_kind */           \
    WHAT(DECISION_MEDIAN_MS, 14, "median_ms_from_report_to_decision", true)                        \
    WHAT(NOTICE_MEDIAN_MS, 15, "median_ms_from_notice_to_outcome", true)                           \
    WHAT(COMPLAINT_MEDIAN_MS, 16, "median_ms_from_complaint_to_outcome", true)                     \
    WHAT(ORDER_MEDIAN_MS, 17, "median_ms_from_order_to_effect", true)

enum chat_count_what {
#define CHAT_COUNT_ENUM(NAME_, NUMBER_, TEXT_, IS_MEDIAN_) CHAT_COUNT_##NAME_ = NUMBER_,
    CHAT_COUNT_LIST(CHAT_COUNT_ENUM)
};
enum chat_count_source {
    CHAT_SOURCE_OWN = 0,
    CHAT_SOURCE_MEMBER = 1,
    CHAT_SOURCE_OUTSIDER = 2
};
const char *chat_count_name(uint8_t what); /* NULL: unknown */
/* What a `by` of this count is called: "ban", "spam", "member"; NULL: unknown. */
const char *chat_count_by_name(uint8_t what, uint8_t by);

/* n: of a median, the number of cases behind it. */
#define CHAT_COUNT(ROW, S)             \
    ROW(S, U8,  what,      NONE)       \
    ROW(S, U8,  by,        NONE)       \
    ROW(S, U64, value,     NONE)       \
    ROW(S, U64, n,         NONE)       \
    ROW(S, U8,  is_hidden, NONE) /* small; value and n are zero then */
WIRE_STRUCT(chat_count, CHAT_COUNT)
/* One month: 12 * year + month, January 0.  The cells ascend by (what, by). */
#define CHAT_COUNTS(ROW, S)            \
    ROW(S, U32, month, NONE)           \
    ROW(S, VEC, cells, chat_count)
WIRE_STRUCT(chat_counts, CHAT_COUNTS)
#define CHAT_COUNTS_LIST(ROW, S) ROW(S, VEC, months, chat_counts)
WIRE_STRUCT(chat_counts_list, CHAT_COUNTS_LIST)

/* Room for every cell, all zero, none missing.  NULL: no memory. */
struct chat_counts *chat_counts_new(struct tb_arena *arena, uint32_t month);
/* The cell; NULL for one that no count has. */
struct chat_count *chat_counts_at(const struct chat_counts *counts, uint8_t what, uint8_t by);
void chat_counts_add(struct chat_counts *counts, uint8_t what, uint8_t by, uint64_t value);
/* Hides cells of 1 to 10, and of a count with a hidden cell the smallest that is left and not zero,
 * when there is only one hidden: else a total known from elsewhere would give it away. */
void chat_counts_publish(struct chat_counts *counts);

/* Of values in any order, which are sorted.  count > 0. */
uint64_t chat_counts_median(uint64_t *values, size_t count);

uint32_t chat_counts_month_of(uint64_t time_ms);
/* When it begins.  month: 12 * year + month from 1970 on. */
uint64_t chat_counts_month_begin_ms(uint32_t month);

#endif
