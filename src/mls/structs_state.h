/*
 * The stored form of a member's state, SECRET throughout.  Not of the RFC; versioned by
 * mls_group_blob.version.  Rows as in structs_tree.h.
 */
#ifndef TB_MLS_STRUCTS_STATE_H
#define TB_MLS_STRUCTS_STATE_H

#include "wire/tls.h"

/* ---- secret_tree.c ---- */
#define MLS_LATE_KEY_BLOB(ROW, S)                                                                  \
    ROW(S, U32, generation, NONE)                                                                  \
    ROW(S, BYTES, key, NONE)                                                                       \
    ROW(S, BYTES, nonce, NONE)
WIRE_STRUCT(mls_late_key_blob, MLS_LATE_KEY_BLOB)

/* generation: the first that secret can still derive. */
#define MLS_RATCHET_BLOB(ROW, S)                                                                   \
    ROW(S, U32, generation, NONE)                                                                  \
    ROW(S, BYTES, secret, NONE)                                                                    \
    ROW(S, VEC, late, mls_late_key_blob)
WIRE_STRUCT(mls_ratchet_blob, MLS_RATCHET_BLOB)

#define MLS_SENDER_BLOB(ROW, S)                                                                    \
    ROW(S, U32, leaf_index, NONE)                                                                  \
    ROW(S, SUB, handshake, mls_ratchet_blob)                                                       \
    ROW(S, SUB, application, mls_ratchet_blob)
WIRE_STRUCT(mls_sender_blob, MLS_SENDER_BLOB)

/* position: 1 for the root; the children of p are 2p and 2p + 1. */
#define MLS_SUBTREE_BLOB(ROW, S)                                                                   \
    ROW(S, U32, position, NONE)                                                                    \
    ROW(S, BYTES, secret, NONE)
WIRE_STRUCT(mls_subtree_blob, MLS_SUBTREE_BLOB)

#define MLS_SECRET_TREE_BLOB(ROW, S)                                                               \
    ROW(S, U32, leaf_count, NONE)                                                                  \
    ROW(S, VEC, subtrees, mls_subtree_blob)                                                        \
    ROW(S, VEC, senders, mls_sender_blob)
WIRE_STRUCT(mls_secret_tree_blob, MLS_SECRET_TREE_BLOB)

#endif
