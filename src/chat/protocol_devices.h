/* The client protocol's requests about devices and accounts. */
#ifndef TB_CHAT_PROTOCOL_DEVICES_H
#define TB_CHAT_PROTOCOL_DEVICES_H

#include "chat/structs.h"

/*
 * A box: something sealed that the hub keeps for whoever knows its id (chat/link.h).  What it was
 * made for decides how long it stays.
 */
enum chat_box_kind {
    CHAT_BOX_LINK = 1,    /* for a device that is being linked: an hour */
    CHAT_BOX_RECOVERY = 2, /* the backup of the account key: until another takes its place */
    CHAT_BOX_KEY = 3      /* another account key, for a device that was away: a year */
};
enum { CHAT_BOX_ID_LEN = 32, CHAT_BOX_LEN_MAX = 32768 };
#define CHAT_BOX_PUT(ROW, S)                          \
    ROW(S, U8,         kind,   NONE)                  \
    ROW(S, FIXED,      id,     CHAT_BOX_ID_LEN)       \
    ROW(S, BYTES_SOME, sealed, CHAT_BOX_LEN_MAX)
WIRE_STRUCT(chat_box_put, CHAT_BOX_PUT)
#define CHAT_BOX_GET(ROW, S) ROW(S, FIXED, id, CHAT_BOX_ID_LEN)
WIRE_STRUCT(chat_box_get, CHAT_BOX_GET)
#define CHAT_BOX(ROW, S)                                             \
    ROW(S, BYTES_SOME, sealed, CHAT_BOX_LEN_MAX)                     \
    ROW(S, BYTES,      record, NONE) /* its account's newest AccountRecord */
WIRE_STRUCT(chat_box, CHAT_BOX)

#endif
