/* Inside report verification: one opening against its stub.  Not for other rooms. */
#ifndef TB_CHAT_REPORT_CHECK_H
#define TB_CHAT_REPORT_CHECK_H

#include "chat/report_verify.h"

/* An epoch whose GroupContext the evidence carries (amendments 30). */
struct chat_report_epoch {
    uint64_t epoch;
    tb_bytes group_context;
    uint8_t hash[CHAT_HASH_LEN];
    bool is_mimi_required; /* amendments 16, from its participants */
};

struct chat_report_check {
    const struct chat_report_verify_params *params;
    const struct chat_report_evidence *evidence;
    struct tb_arena *arena;
    uint32_t alarms;
    struct chat_report_epoch *epochs;
    size_t epoch_count;
};

/* NULL when the evidence does not carry this epoch. */
const struct chat_report_epoch *chat_report_check_epoch(const struct chat_report_check *check,
                                                        uint64_t epoch);
/* Decode each GroupContext once: a room of this group, each epoch once.  Fills epochs.
 * CHAT_EVIDENCE_GROUP_CONTEXT, TB_NO_SPACE, CRYPTO_FAILED. */
TB_MUST_USE tb_status chat_report_check_epochs(struct chat_report_check *check);

/*
 * V3, V4 and V7 for one opening of the stub in message->stub: fills kind, verdict, level,
 * proof_verdict, message_id, content and attachments.  Only TB_NO_SPACE and CRYPTO_FAILED are
 * returned; everything else is the message's verdict.
 */
TB_MUST_USE tb_status chat_report_check_opening(struct chat_report_check *check,
                                                const struct chat_opening *opening,
                                                struct chat_report_message *message);

/* V5 over all messages, and the counts that follow from the verdicts. */
TB_MUST_USE tb_status chat_report_check_whole(struct chat_report_check *check,
                                              struct chat_report_result *result);

#endif
