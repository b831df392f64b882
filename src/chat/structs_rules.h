/* The rules of a room that change often, component 0xF107 (room_rules.h). */
#ifndef TB_CHAT_STRUCTS_RULES_H
#define TB_CHAT_STRUCTS_RULES_H

#include "chat/structs.h"

enum {
    CHAT_RULES_USER_COUNT_MAX = 256,   /* entries of each list */
    CHAT_RULES_SLOW_MODE_S_MAX = 86400 /* seconds between two messages of one account */
};

#define CHAT_TIMED_USER(ROW, S)                              \
    ROW(S, BYTES_SOME, user,     CHAT_URI_LEN_MAX)           \
    ROW(S, U64,        until_ms, NONE) /* 0: without end */
WIRE_STRUCT(chat_timed_user, CHAT_TIMED_USER)
#define CHAT_ROOM_RULES(ROW, S)                                                        \
    ROW(S, U8,  announce_only, NONE) /* 1: moderators and owners write */              \
    ROW(S, U8,  join_approval, NONE) /* 1: a moderator lets in who comes by a link */  \
    ROW(S, U32, slow_mode_s,   NONE) /* seconds between a member's messages; 0: none */ \
    ROW(S, VEC, muted,         chat_timed_user)                                        \
    ROW(S, VEC, denied,        chat_timed_user) /* were kicked and may not come back */
WIRE_STRUCT(chat_room_rules, CHAT_ROOM_RULES)

#endif
