/*
 * Making a report (spec 2.5.6, amendments 14, 15): a contiguous window of stubs around the targets
 * that ends in a signature of the hub, each stub opened or visibly withheld.
 */
#ifndef TB_CHAT_REPORT_H
#define TB_CHAT_REPORT_H

#include "chat/frank.h"
#include "chat/reason.h"
#include "chat/run.h"
#include "chat/status.h"
#include "chat/structs.h"

enum {
    CHAT_REPORT_TARGET_COUNT_MAX = 32,
    CHAT_REPORT_TAIL_COUNT_MAX = CHAT_RUN_LINK_COUNT_MAX - 1,
    CHAT_REPORT_ROW_COUNT_MAX = CHAT_WINDOW_STUB_COUNT_MAX + CHAT_REPORT_TAIL_COUNT_MAX,
    CHAT_REPORT_NOTE_LEN_MAX = 4096
};

/* What the reporter holds of one message. */
struct chat_report_row {
    struct chat_stub stub;
    uint8_t kind;              /* enum chat_opening_kind; WITHHELD: not to be opened */
    tb_bytes application_data; /* kind FULL */
    const struct chat_attachment_evidence *attachments;
    size_t attachment_count;
    const struct chat_mls_sender_proof *proof; /* level 2, or NULL */
};

struct chat_report_params {
    const struct crypto_suite *suite;
    tb_bytes room_uri, group_id;
    const struct chat_hub_record *hub; /* agent keys by time */
    const struct chat_report_row *rows; /* contiguous, ascending room_seq */
    size_t row_count;
    uint8_t chain_before[CHAT_HASH_LEN]; /* of rows[0] */
    const uint64_t *target_seq;          /* ascending; each row is FULL */
    size_t target_count;
    uint16_t context_before, context_after; /* at least those of the room's policy */
    const tb_bytes *group_contexts;      /* level 2: encoded, once an epoch; may be NULL */
    size_t group_context_count;
};
/*
 * Build the evidence.  The window is [first target - context_before, last target + context_after],
 * cut at what the rows hold, and runs on to the first link at or after its end whose signature
 * verifies (a wrong one is passed over, amendments 14).  At most 200 stubs and a tail of 63.
 *
 * *out borrows the params and the arena.  CHAT_REPORT_ROWS, _TARGET, _TOO_LARGE, _NO_SIGNED_END.
 */
TB_MUST_USE tb_status chat_report_build(const struct chat_report_params *params,
                                        struct tb_rng *rng, struct tb_arena *arena,
                                        struct chat_report_evidence *out);

/* report_id = RefHash("Timbre 1.0 ReportId", room_uri<V> || reporter_uri<V> || target_seq<V> ||
 * nonce): the same report handed in twice is one report. */
TB_MUST_USE tb_status chat_report_id(const struct crypto_suite *suite,
                                     const struct chat_report_evidence *evidence,
                                     tb_bytes reporter_uri, struct tb_arena *arena,
                                     uint8_t report_id[CHAT_HASH_LEN]);

/*
 * The MIMI AbuseReport, encoded: reason, note, the first target's sender as the accused, and the
 * evidence as extension 0xF103.  reporting_user is empty unless the reporter wants to be named.
 * `messages` stays empty: the evidence holds each text once.
 */
struct chat_report_text {
    tb_bytes reporting_user; /* empty: not named */
    uint8_t reason_code;
    tb_bytes note;           /* UTF-8 */
};
TB_MUST_USE tb_status chat_report_encode(const struct chat_report_evidence *evidence,
                                         const struct chat_report_text *text,
                                         struct tb_arena *arena, tb_bytes *encoded);
/* Back: exactly one evidence, version 1, a known reason, UTF-8.  CHAT_EVIDENCE_MISSING, _FORM,
 * CHAT_REASON_UNKNOWN, WIRE_*. */
TB_MUST_USE tb_status chat_report_decode(tb_bytes encoded, struct tb_arena *arena,
                                         struct chat_abuse_report *report,
                                         struct chat_report_evidence *evidence);

#endif
