/* Typed messages about decisions: a draft in the desk room, an appeal in a notice room. */
#ifndef TB_CHAT_DESK_MESSAGE_H
#define TB_CHAT_DESK_MESSAGE_H

#include "base/mem.h"
#include "chat/status.h"

enum {
    CHAT_APPEAL_TEXT_LEN_MAX = 16384,
    CHAT_DRAFT_LIFE_MS = 3 * 86400000 /* until a draft that nobody confirms is void */
};
/* Deterministic CBOR {1: Decision, signed by its decider, 2: statement, 3: expires ms}. */
struct chat_draft {
    tb_bytes decision, statement;
    uint64_t expires_ms;
};
TB_MUST_USE tb_status chat_draft_encode(const struct chat_draft *draft, struct tb_buf *buf);
/* Views into input.  CHAT_DESK_MESSAGE_FORM. */
TB_MUST_USE tb_status chat_draft_decode(tb_bytes input, struct chat_draft *out);

/* Deterministic CBOR {1: number of the decision, 2: text, UTF-8}. */
struct chat_appeal_text {
    uint64_t number;
    tb_bytes text;
};
TB_MUST_USE tb_status chat_appeal_encode(const struct chat_appeal_text *appeal,
                                         struct tb_buf *buf);
/* Views into input.  CHAT_DESK_MESSAGE_FORM. */
TB_MUST_USE tb_status chat_appeal_decode(tb_bytes input, struct chat_appeal_text *out);

#endif
