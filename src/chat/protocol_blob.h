/* The client protocol's requests about attachments. */
#ifndef TB_CHAT_PROTOCOL_BLOB_H
#define TB_CHAT_PROTOCOL_BLOB_H

#include "chat/structs.h"

/*
 * A blob is an attachment's ciphertext; its id is random and is the right to read it.  It comes and
 * goes in pieces of CHAT_BLOB_PIECE_LEN octets, the last one shorter, so an upload that broke off
 * goes on where it was.  The content of a message names it as mimi://D/b/<64 hex digits>.
 */
enum { CHAT_BLOB_ID_LEN = 32, CHAT_BLOB_PIECE_LEN = 262144 };
#define CHAT_BLOB_ID(ROW, S) ROW(S, FIXED, id, CHAT_BLOB_ID_LEN)
WIRE_STRUCT(chat_blob_id, CHAT_BLOB_ID)
/* An empty piece asks how much has come. */
#define CHAT_BLOB_PUT(ROW, S)                                    \
    ROW(S, FIXED,     id,     CHAT_BLOB_ID_LEN)                  \
    ROW(S, U64,       total,  NONE) /* octets of the whole */    \
    ROW(S, U64,       offset, NONE)                              \
    ROW(S, BYTES_MAX, piece,  CHAT_BLOB_PIECE_LEN)
WIRE_STRUCT(chat_blob_put, CHAT_BLOB_PUT)
#define CHAT_BLOB_STATE(ROW, S)        \
    ROW(S, U64, total,    NONE)        \
    ROW(S, U64, received, NONE)
WIRE_STRUCT(chat_blob_state, CHAT_BLOB_STATE)
#define CHAT_BLOB_GET(ROW, S)                                    \
    ROW(S, FIXED, id,     CHAT_BLOB_ID_LEN)                      \
    ROW(S, U64,   offset, NONE) /* a multiple of a piece's length */
WIRE_STRUCT(chat_blob_get, CHAT_BLOB_GET)
#define CHAT_BLOB_PIECE(ROW, S)                                  \
    ROW(S, U64,       total, NONE)                               \
    ROW(S, BYTES_MAX, piece, CHAT_BLOB_PIECE_LEN)
WIRE_STRUCT(chat_blob_piece, CHAT_BLOB_PIECE)

#endif
