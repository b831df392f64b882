/*
 * What the hub shows to everybody and takes from people without an account: the public tree over
 * the decision log, notices, the register of orders, counts.
 */
#ifndef TB_HUB_OUTSIDE_H
#define TB_HUB_OUTSIDE_H

#include "hub/desk.h"
#include "hub/engine.h"

enum {
    HUB_STRIKE_COUNT_MAX = 3,     /* unfounded notices, the warned ones among them, that suspend */
    HUB_STRIKE_LIFE_DAYS = 365,   /* until one no longer counts */
    HUB_SUSPENSION_DAYS = 90      /* of an address whose notices were unfounded (Art. 23(2)) */
};

enum { HUB_CONTACT_LEN = 16 };
/*
 * What the hub keeps of a notice beside the sealed text.  contact: HMAC of the address under the
 * pseudonym key, for strikes alone; zeros without an address.
 */
#define HUB_ROW_NOTICE(ROW, S)                                        \
    ROW(S, U8,        kind,        NONE)                              \
    ROW(S, U64,       received_ms, NONE)                              \
    ROW(S, U8,        reason_code, NONE)                              \
    ROW(S, FIXED,     secret_hash, CHAT_HASH_LEN)                     \
    ROW(S, FIXED,     contact,     HUB_CONTACT_LEN)                   \
    ROW(S, U64,       about,       NONE) /* a complaint: the notice */ \
    ROW(S, U64,       complaint,   NONE) /* its complaint; 0: none */ \
    ROW(S, U8,        outcome,     NONE)                              \
    ROW(S, U8,        basis,       NONE)                              \
    ROW(S, U64,       decided_ms,  NONE)                              \
    ROW(S, FIXED,     decider,     HUB_USER_ID_LEN)                   \
    ROW(S, U8,        suspended,   NONE) /* this outcome suspended the address */ \
    ROW(S, BYTES_MAX, reply,       CHAT_NOTICE_REPLY_LEN_MAX)
WIRE_STRUCT(hub_row_notice, HUB_ROW_NOTICE)
/* Of an address: when its notices were found unfounded, oldest first. */
#define HUB_ROW_STRIKES(ROW, S)                                       \
    ROW(S, VEC, times_ms,           wire_u64)                         \
    ROW(S, U64, suspended_until_ms, NONE)
WIRE_STRUCT(hub_row_strikes, HUB_ROW_STRIKES)

/* ---- decision.c, log.c ---- */
struct hub_key hub_decision_key(uint64_t number); /* of its DecisionEntry */
/* The leaf of the decision that was just logged, in the transaction of the decision. */
TB_MUST_USE tb_status hub_log_append(struct hub *hub, const struct chat_decision_entry *entry,
                                     struct tb_arena *arena);
hub_handler hub_verb_log_head, hub_verb_log_entry, hub_verb_log_inclusion,
    hub_verb_log_consistency, hub_verb_log_proof, hub_verb_admin_log;

/* ---- notice.c ---- */
/* Rows above `after`, decoded, at most count_max. */
struct hub_notice_row {
    uint64_t number;
    struct hub_row_notice row;
};
TB_MUST_USE tb_status hub_notice_rows(struct hub *hub, uint64_t after, size_t count_max,
                                      struct tb_arena *arena, struct hub_notice_row **out,
                                      size_t *count);
/* Drops the text of notices that were settled, and complained about, long ago. */
TB_MUST_USE tb_status hub_notice_forget(struct hub *hub, uint64_t now_ms);
hub_handler hub_verb_notice_put, hub_verb_notice_state, hub_verb_notice_complain,
    hub_verb_notice_queue, hub_verb_notice_answer;

/* ---- orders.c, counts.c ---- */
hub_handler hub_verb_admin_order, hub_verb_admin_orders, hub_verb_transparency,
    hub_verb_admin_counts;

#endif
