/* The client protocol's requests about decisions: appeals, and what became of a report. */
#ifndef TB_CHAT_PROTOCOL_DECISION_H
#define TB_CHAT_PROTOCOL_DECISION_H

#include "chat/structs.h"

/* The hub learns that somebody appeals, and when; the words go to the notice room. */
#define CHAT_APPEAL_PUT(ROW, S) ROW(S, U64, number, NONE) /* of the decision */
WIRE_STRUCT(chat_appeal_put, CHAT_APPEAL_PUT)
#define CHAT_APPEAL(ROW, S)                                               \
    ROW(S, U64, number,         NONE)                                     \
    ROW(S, U64, appealed_ms,    NONE)                                     \
    ROW(S, U64, settled_number, NONE) /* the decision that settled it; 0: pending */
WIRE_STRUCT(chat_appeal, CHAT_APPEAL)
#define CHAT_APPEALS(ROW, S) ROW(S, VEC, appeals, chat_appeal)
WIRE_STRUCT(chat_appeals, CHAT_APPEALS)

enum chat_outcome { CHAT_OUTCOME_OPEN = 0, CHAT_OUTCOME_NO_ACTION = 1, CHAT_OUTCOME_ACTION = 2 };
#define CHAT_REPORT_OUTCOME(ROW, S)                                       \
    ROW(S, U64, received_ms, NONE)                                        \
    ROW(S, U64, decided_ms,  NONE)                                        \
    ROW(S, U64, number,      NONE) /* of the newest decision about it; 0: none */ \
    ROW(S, U8,  outcome,     NONE) /* enum chat_outcome */
WIRE_STRUCT(chat_report_outcome, CHAT_REPORT_OUTCOME)

#endif
