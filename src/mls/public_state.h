/*
 * The stored form of a public group.  Not of the RFC; versioned by its first field.  It holds
 * nothing secret, but whoever can write it can lie to the delivery service about the group.
 */
#ifndef TB_MLS_PUBLIC_STATE_H
#define TB_MLS_PUBLIC_STATE_H

#include "wire/tls.h"

enum { MLS_PUBLIC_STATE_VERSION = 2 };

#define MLS_PUBLIC_STATE(ROW, S)                                                                   \
    ROW(S, U16, version, NONE)                                                                     \
    ROW(S, U16, cipher_suite, NONE)                                                                \
    ROW(S, BYTES, group_context, NONE)                                                             \
    ROW(S, BYTES, interim_transcript_hash, NONE)                                                   \
    ROW(S, BYTES, ratchet_tree, NONE)                                                              \
    ROW(S, VEC, pending, wire_opaque)
WIRE_STRUCT(mls_public_state, MLS_PUBLIC_STATE)

/* Behind it since version 2; then comes the digest of blob.h. */
#define MLS_PUBLIC_STATE_2(ROW, S) ROW(S, U8, has_ended, NONE)
WIRE_STRUCT(mls_public_state_2, MLS_PUBLIC_STATE_2)

#endif
