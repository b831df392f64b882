/* Why people report: MIMI's AbuseType, whose list the draft leaves empty (spec 7, item 4). */
#ifndef TB_CHAT_REASON_H
#define TB_CHAT_REASON_H

#include "base/bytes.h"
#include "chat/status.h"

/* REASON(NAME, code, "name for commands", "what it says to people") */
#define CHAT_REASON_LIST(REASON)                                                                   \
    REASON(SPAM, 1, "spam", "spam")                                                                \
    REASON(HARASSMENT, 2, "harassment", "harassment")                                              \
    REASON(THREAT, 3, "threat", "a threat")                                                        \
    REASON(HATE, 4, "hate", "hate")                                                                \
    REASON(SEXUAL, 5, "sexual", "sexual content without consent")                                  \
    REASON(CHILD_SAFETY, 6, "child-safety", "a danger to children")                                \
    REASON(FRAUD, 7, "fraud", "impersonation or fraud")                                            \
    REASON(MALWARE, 8, "malware", "malware")                                                       \
    REASON(DOXXING, 9, "doxxing", "private data made public")                                      \
    REASON(ROOM_RULE, 10, "room-rule", "a breach of the room's rules")                             \
    REASON(PROTOCOL, 11, "protocol", "a violation of the protocol")                                \
    REASON(OTHER, 255, "other", "something else")

enum chat_reason {
#define CHAT_REASON_ENUM(NAME_, CODE_, WORD_, TEXT_) CHAT_REASON_##NAME_ = CODE_,
    CHAT_REASON_LIST(CHAT_REASON_ENUM)
};

/* NULL for a code that is not in the list. */
const char *chat_reason_name(uint8_t code);
const char *chat_reason_text(uint8_t code);
/* CHAT_REASON_UNKNOWN */
TB_MUST_USE tb_status chat_reason_parse(tb_bytes name, uint8_t *code);
/* The next code after `code`, ascending, or 0 at the end; 0 gives the first. */
uint8_t chat_reason_next(uint8_t code);

#endif
