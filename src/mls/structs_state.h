/*
 * The stored form of a member's state, SECRET throughout.  Not of the RFC; versioned by
 * mls_group_blob.version.  Rows as in structs_tree.h.
 */
#ifndef TB_MLS_STRUCTS_STATE_H
#define TB_MLS_STRUCTS_STATE_H

#include "mls/status.h"
#include "mls/structs_group.h"

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

/* ---- group_encode.c; use_count: message keys used up so far, in all epochs ---- */

/* A private key of the tree; level: of the own ancestor that it belongs to, 0 for the leaf. */
#define MLS_TREE_KEY_BLOB(ROW, S)                                                                  \
    ROW(S, U8, level, NONE)                                                                        \
    ROW(S, BYTES, private_key, NONE)                                                               \
    ROW(S, BYTES, public_key, NONE)
WIRE_STRUCT(mls_tree_key_blob, MLS_TREE_KEY_BLOB)

/* secret_tree is empty, like all secrets, once we were removed. */
#define MLS_EPOCH_BLOB(ROW, S)                                                                     \
    ROW(S, BYTES, group_context, NONE)                                                             \
    ROW(S, BYTES, ratchet_tree, NONE)                                                              \
    ROW(S, BYTES, confirmation_tag, NONE)                                                          \
    ROW(S, BYTES, interim_transcript_hash, NONE)                                                   \
    ROW(S, BYTES, sender_data_secret, NONE)                                                        \
    ROW(S, BYTES, exporter_secret, NONE)                                                           \
    ROW(S, BYTES, external_secret, NONE)                                                           \
    ROW(S, BYTES, confirmation_key, NONE)                                                          \
    ROW(S, BYTES, membership_key, NONE)                                                            \
    ROW(S, BYTES, resumption_psk, NONE)                                                            \
    ROW(S, BYTES, epoch_authenticator, NONE)                                                       \
    ROW(S, BYTES, init_secret, NONE)                                                               \
    ROW(S, BYTES, secret_tree, NONE)                                                               \
    ROW(S, U32, leaf_index, NONE)                                                                  \
    ROW(S, VEC, keys, mls_tree_key_blob)                                                           \
    ROW(S, OPT, reinit, mls_re_init)
WIRE_STRUCT(mls_epoch_blob, MLS_EPOCH_BLOB)

#define MLS_PAST_LEAF_BLOB(ROW, S)                                                                 \
    ROW(S, U32, leaf_index, NONE)                                                                  \
    ROW(S, U8, is_blank, NONE)                                                                     \
    ROW(S, BYTES, signature_key, NONE)                                                             \
    ROW(S, BYTES, identity, NONE)
WIRE_STRUCT(mls_past_leaf_blob, MLS_PAST_LEAF_BLOB)

#define MLS_PAST_BLOB(ROW, S)                                                                      \
    ROW(S, U64, epoch, NONE)                                                                       \
    ROW(S, BYTES, group_context, NONE)                                                             \
    ROW(S, BYTES, sender_data_secret, NONE)                                                        \
    ROW(S, BYTES, secret_tree, NONE)                                                               \
    ROW(S, VEC, leaves, mls_past_leaf_blob)
WIRE_STRUCT(mls_past_blob, MLS_PAST_BLOB)

#define MLS_RESUMPTION_BLOB(ROW, S)                                                                \
    ROW(S, U64, epoch, NONE)                                                                       \
    ROW(S, BYTES, psk, NONE)
WIRE_STRUCT(mls_resumption_blob, MLS_RESUMPTION_BLOB)

/* A cached proposal by its octets; update_key only of an own Update.  A dropped one may still be
 * part of the pending commit. */
#define MLS_CACHED_BLOB(ROW, S)                                                                    \
    ROW(S, U16, wire_format, NONE)                                                                 \
    ROW(S, BYTES, content, NONE)                                                                   \
    ROW(S, BYTES, auth, NONE)                                                                      \
    ROW(S, U8, is_dropped, NONE)                                                                   \
    ROW(S, OPT, update_key, mls_tree_key_blob)
WIRE_STRUCT(mls_cached_blob, MLS_CACHED_BLOB)

/* An own commit by its octets and what we know besides: the next epoch is computed again. */
#define MLS_PENDING_BLOB(ROW, S)                                                                   \
    ROW(S, U16, wire_format, NONE)                                                                 \
    ROW(S, BYTES, content, NONE)                                                                   \
    ROW(S, BYTES, auth, NONE)                                                                      \
    ROW(S, BYTES, message, NONE)                                                                   \
    ROW(S, BYTES, commit_secret, NONE)                                                             \
    ROW(S, BYTES, psk_secret, NONE)                                                                \
    ROW(S, VEC, keys, mls_tree_key_blob)
WIRE_STRUCT(mls_pending_blob, MLS_PENDING_BLOB)

enum { MLS_GROUP_BLOB_VERSION = 3, MLS_GROUP_BLOB_VERSION_SIGNERS = 3 };
#define MLS_GROUP_BLOB(ROW, S)                                                                     \
    ROW(S, U16, version, NONE)                                                                     \
    ROW(S, U16, cipher_suite, NONE)                                                                \
    ROW(S, U8, is_active, NONE)                                                                    \
    ROW(S, SUB, now, mls_epoch_blob)                                                               \
    ROW(S, VEC, past, mls_past_blob)                                                               \
    ROW(S, VEC, resumption, mls_resumption_blob)                                                   \
    ROW(S, VEC, cached, mls_cached_blob)                                                           \
    ROW(S, OPT, pending, mls_pending_blob)                                                         \
    ROW(S, U64, use_count, NONE)                                                                   \
    ROW(S, BYTES, last_signature, NONE)
WIRE_STRUCT(mls_group_blob, MLS_GROUP_BLOB)

/* Behind it since version 3: the keys of leaves of ours that wait. */
#define MLS_SIGNER_BLOB(ROW, S) ROW(S, BYTES, private_key, NONE)
WIRE_STRUCT(mls_signer_blob, MLS_SIGNER_BLOB)
#define MLS_GROUP_BLOB_3(ROW, S) ROW(S, VEC, next_signers, mls_signer_blob)
WIRE_STRUCT(mls_group_blob_3, MLS_GROUP_BLOB_3)

/* ---- group_ratchets.c: what application messages change ---- */
enum { MLS_RATCHETS_BLOB_VERSION = 2 };
#define MLS_PAST_RATCHETS_BLOB(ROW, S)                                                             \
    ROW(S, U64, epoch, NONE)                                                                       \
    ROW(S, BYTES, secret_tree, NONE)
WIRE_STRUCT(mls_past_ratchets_blob, MLS_PAST_RATCHETS_BLOB)

#define MLS_RATCHETS_BLOB(ROW, S)                                                                  \
    ROW(S, U16, version, NONE)                                                                     \
    ROW(S, U16, cipher_suite, NONE)                                                                \
    ROW(S, U64, epoch, NONE)                                                                       \
    ROW(S, U64, use_count, NONE)                                                                   \
    ROW(S, BYTES, secret_tree, NONE)                                                               \
    ROW(S, VEC, past, mls_past_ratchets_blob)                                                      \
    ROW(S, BYTES, last_signature, NONE)
WIRE_STRUCT(mls_ratchets_blob, MLS_RATCHETS_BLOB)

/* Behind either of the two since version 2; the digest of blob.h ends them both.  The exporter tree
 * is empty once we were removed, and where version 1 was read and no epoch has begun since. */
#define MLS_BLOB_2(ROW, S) ROW(S, BYTES, exporter_tree, NONE)
WIRE_STRUCT(mls_blob_2, MLS_BLOB_2)

/* Decode what was stored.  Whatever is wrong with it, it is damaged (MLS_BLOB); that memory ended
 * (TB_NO_SPACE) is not its fault. */
TB_MUST_USE tb_status mls_structs_stored(const struct wire_desc *desc, tb_bytes octets,
                                         struct tb_arena *arena, void *out);
/* The same for what stands first in *rest, which then begins behind it. */
TB_MUST_USE tb_status mls_structs_stored_prefix(const struct wire_desc *desc, tb_bytes *rest,
                                                struct tb_arena *arena, void *out);

#endif
