/*
 * The public ratchet tree (RFC 9420, sections 4 and 7).
 *
 * A tree is a small handle on counted, immutable nodes.  mls_tree_share gives a second tree in
 * constant time; a change copies the path from the root to what changes and nothing else.  So a
 * commit is staged on a shared tree and merged by exchanging handles, and a dropped one costs
 * nothing.  Tree hashes are cached in the nodes; keys are kept in a set, so that one in two places
 * is noticed without a search.
 *
 * After a refusal by a function that changes a tree, that handle is good for mls_tree_wipe only;
 * trees that share nodes with it are untouched.  Memory comes from mem and is wiped when the last
 * tree that uses it lets go.  Trees that share nodes belong to one thread.
 */
#ifndef TB_MLS_TREE_H
#define TB_MLS_TREE_H

#include "crypto/crypto.h"
#include "mls/status.h"
#include "mls/structs.h"
#include "mls/tree_keys.h"
#include "mls/tree_math.h"

struct mls_tree_node;

struct mls_tree {
    const struct crypto_suite *suite; /* borrowed */
    struct tb_mem *mem;               /* borrowed */
    struct mls_tree_node *root;       /* NULL: everything is blank */
    struct mls_tree_keys keys;        /* of all nodes; counts keys that stand in two places */
    uint32_t height;                  /* the tree has 2^height leaves */
    uint32_t credential_counts[2];    /* leaves with a basic and with an x509 credential */
};

/* One blank leaf. */
void mls_tree_init(struct mls_tree *tree, const struct crypto_suite *suite, struct tb_mem *mem);
/* A second handle on the same nodes. */
void mls_tree_share(const struct mls_tree *from, struct mls_tree *out);
void mls_tree_wipe(struct mls_tree *tree);

/*
 * Read `optional<Node> ratchet_tree<V>` (section 12.4.3.3).  Only the shape is checked here;
 * mls_tree_check and the leaves' signatures say whether the tree may be believed.
 */
TB_MUST_USE tb_status mls_tree_decode(const struct crypto_suite *suite, struct tb_mem *mem,
                                      tb_bytes ratchet_tree, struct mls_tree *out,
                                      struct tb_why *why);
TB_MUST_USE tb_status mls_tree_encode(const struct mls_tree *tree, struct tb_arena *arena,
                                      tb_bytes *ratchet_tree);

/* ---- looking ---- */

static inline uint32_t mls_tree_leaf_count(const struct mls_tree *tree)
{
    return (uint32_t)1 << tree->height;
}
uint32_t mls_tree_member_count(const struct mls_tree *tree); /* leaves that are not blank */

/* NULL when blank or outside.  Borrowed: valid while any tree that shares the leaf holds it. */
const struct mls_leaf_node *mls_tree_leaf(const struct mls_tree *tree, uint32_t leaf_index);

struct mls_tree_parent_view {
    tb_bytes encryption_key;
    tb_bytes parent_hash;
    tb_bytes unmerged_leaves; /* ascending leaf indices, 4 octets each, big-endian */
};
/* False when blank or outside.  Borrowed like a leaf. */
bool mls_tree_parent(const struct mls_tree *tree, uint32_t node_index,
                     struct mls_tree_parent_view *out);
/* The encryption key of a leaf or parent; empty when blank. */
tb_bytes mls_tree_key(const struct mls_tree *tree, uint32_t node_index);
/* No node under (and including) this one holds anything: its resolution is empty. */
bool mls_tree_is_empty_under(const struct mls_tree *tree, uint32_t node_index);

struct mls_tree_nodes {
    uint32_t *at; /* node indices */
    size_t count;
};
/*
 * Resolution of a node (section 4.1.1), without the leaves in excluded (ascending leaf indices;
 * those that the same commit adds, section 7.5).  The list is in the arena.
 */
TB_MUST_USE tb_status mls_tree_resolution(const struct mls_tree *tree, uint32_t node_index,
                                          const uint32_t *excluded, size_t excluded_count,
                                          struct tb_arena *arena, struct mls_tree_nodes *out);

/* Tree hash (section 7.8) of a node or of the whole; hash_len octets.  Cached. */
TB_MUST_USE tb_status mls_tree_hash_of(struct mls_tree *tree, uint32_t node_index,
                                       uint8_t out[CRYPTO_HASH_MAX]);
TB_MUST_USE tb_status mls_tree_hash(struct mls_tree *tree, uint8_t out[CRYPTO_HASH_MAX]);

/* ---- changing (section 12.1); leaf: octets of a LeafNode ---- */

/* Put a leaf at the leftmost blank place, extending the tree when there is none. */
TB_MUST_USE tb_status mls_tree_add(struct mls_tree *tree, tb_bytes leaf, uint32_t *leaf_index);
/* Where mls_tree_add would put a leaf. */
uint32_t mls_tree_next_leaf(const struct mls_tree *tree);
/* Replace a leaf and blank the parents above it.  MLS_TREE_LEAF when it is blank. */
TB_MUST_USE tb_status mls_tree_update(struct mls_tree *tree, uint32_t leaf_index, tb_bytes leaf);
/* Blank a leaf and the parents above it, then truncate.  MLS_TREE_LEAF when it is blank. */
TB_MUST_USE tb_status mls_tree_remove(struct mls_tree *tree, uint32_t leaf_index);
/* Replace a leaf and nothing else: the last step of an update path. */
TB_MUST_USE tb_status mls_tree_set_leaf(struct mls_tree *tree, uint32_t leaf_index, tb_bytes leaf);
/* Extend the tree until it has this leaf. */
TB_MUST_USE tb_status mls_tree_reserve(struct mls_tree *tree, uint32_t leaf_index);

/* ---- believing ---- */

/* Two nodes with one encryption key, or two leaves with one signature key (section 7.3). */
TB_MUST_USE tb_status mls_tree_check_keys(const struct mls_tree *tree);
/*
 * All that section 12.4.3.1 asks of a received tree's parents: unmerged_leaves, unique keys of the
 * suite's length, and every parent parent-hash valid (section 7.9.2).  Leaves are the caller's
 * (public_validate.h).
 */
TB_MUST_USE tb_status mls_tree_check(struct mls_tree *tree);

#endif
