/*
 * The Merkle tree of an append-only log (RFC 9162, section 2.1), over whatever keeps its nodes.
 *
 * Only complete subtrees are kept: node (level, index) covers the 2^level leaves from
 * index * 2^level on, and never changes.  Roots and proofs of any size take O(log n) of them.
 */
#ifndef TB_CHAT_MERKLE_H
#define TB_CHAT_MERKLE_H

#include "chat/status.h"
#include "chat/structs.h"
#include "crypto/crypto.h"

enum { CHAT_MERKLE_PATH_COUNT_MAX = 64 }; /* hashes of one proof */

struct chat_merkle_hash {
    uint8_t at[CHAT_HASH_LEN];
};
struct chat_merkle_path {
    struct chat_merkle_hash at[CHAT_MERKLE_PATH_COUNT_MAX];
    size_t count;
};

/* Where the nodes are.  get: any status but TB_OK ends what asked for it and is returned. */
struct chat_merkle_nodes {
    tb_status (*get)(void *ctx, uint8_t level, uint64_t index, struct chat_merkle_hash *out);
    tb_status (*put)(void *ctx, uint8_t level, uint64_t index, const struct chat_merkle_hash *node);
    void *ctx;
    const struct crypto_suite *suite; /* its hash is SHA-256 */
};

TB_MUST_USE tb_status chat_merkle_leaf(const struct crypto_suite *suite, tb_bytes leaf,
                                       struct chat_merkle_hash *out);
/* Puts the leaf's hash at index `size` and every subtree that it completes. */
TB_MUST_USE tb_status chat_merkle_append(const struct chat_merkle_nodes *nodes, uint64_t size,
                                         tb_bytes leaf);
/* MTH of the first `size` leaves; of none, the hash of the empty string. */
TB_MUST_USE tb_status chat_merkle_root(const struct chat_merkle_nodes *nodes, uint64_t size,
                                       struct chat_merkle_hash *out);
/* PATH (2.1.3.1).  CHAT_MERKLE_RANGE unless index < size. */
TB_MUST_USE tb_status chat_merkle_inclusion(const struct chat_merkle_nodes *nodes, uint64_t index,
                                            uint64_t size, struct chat_merkle_path *out);
/* PROOF (2.1.4.1); empty when first == second.  CHAT_MERKLE_RANGE unless 0 < first <= second. */
TB_MUST_USE tb_status chat_merkle_consistency(const struct chat_merkle_nodes *nodes,
                                              uint64_t first, uint64_t second,
                                              struct chat_merkle_path *out);

/* 2.1.3.2.  CHAT_MERKLE_INCLUSION. */
TB_MUST_USE tb_status chat_merkle_inclusion_verify(const struct crypto_suite *suite,
                                                   uint64_t index, uint64_t size,
                                                   const struct chat_merkle_hash *leaf,
                                                   const struct chat_merkle_path *path,
                                                   const struct chat_merkle_hash *root);
/*
 * 2.1.4.2.  CHAT_MERKLE_FORK: the two roots contradict each other: equal sizes with other roots, or
 * a path that leads to the second root and to another first root.  CHAT_MERKLE_CONSISTENCY: the
 * path proves nothing.  CHAT_MERKLE_RANGE: the second tree is smaller.
 */
TB_MUST_USE tb_status chat_merkle_consistency_verify(const struct crypto_suite *suite,
                                                     uint64_t first, uint64_t second,
                                                     const struct chat_merkle_hash *first_root,
                                                     const struct chat_merkle_hash *second_root,
                                                     const struct chat_merkle_path *path);

#endif
