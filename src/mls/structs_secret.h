/*
 * Wire structs of RFC 9420 whose octets are secret: views of decrypted text that its owner wipes.
 * Kept apart from structs.h so that a program without group secrets cannot include them.
 */
#ifndef TB_MLS_STRUCTS_SECRET_H
#define TB_MLS_STRUCTS_SECRET_H

#include "mls/structs_group.h"

/* ---- section 6.3.2 ---- */
enum { MLS_REUSE_GUARD_LEN = 4 };
#define MLS_SENDER_DATA(ROW, S)                                                                    \
    ROW(S, U32, leaf_index, NONE)                                                                  \
    ROW(S, U32, generation, NONE)                                                                  \
    ROW(S, FIXED, reuse_guard, MLS_REUSE_GUARD_LEN)
WIRE_STRUCT(mls_sender_data, MLS_SENDER_DATA)

/* ---- section 12.4.3.1 ---- */
#define MLS_PATH_SECRET(ROW, S) ROW(S, BYTES, path_secret, NONE)
WIRE_STRUCT(mls_path_secret, MLS_PATH_SECRET)

#define MLS_GROUP_SECRETS(ROW, S)                                                                  \
    ROW(S, BYTES, joiner_secret, NONE)                                                             \
    ROW(S, OPT, path_secret, mls_path_secret)                                                      \
    ROW(S, VEC, psks, mls_pre_shared_key_id)
WIRE_STRUCT(mls_group_secrets, MLS_GROUP_SECRETS)

#endif
