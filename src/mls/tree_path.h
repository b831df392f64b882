/*
 * Update paths as everybody sees them (RFC 9420, sections 4.1.2, 7.5, 7.6 and 7.9): which nodes get
 * a new key, their parent hashes, and what a path must look like.  The secrets are treekem.h.
 */
#ifndef TB_MLS_TREE_PATH_H
#define TB_MLS_TREE_PATH_H

#include "mls/tree.h"

/* The filtered direct path of a leaf, from below to the root, and the copath child of each node. */
struct mls_tree_path {
    uint32_t count;
    uint32_t node[MLS_TREE_HEIGHT_MAX];
    uint32_t copath[MLS_TREE_HEIGHT_MAX];
};
void mls_tree_path_filtered(const struct mls_tree *tree, uint32_t leaf_index,
                            struct mls_tree_path *out);

/*
 * Blank the direct path of a leaf, then put keys[i] on path->node[i] with the parent hashes that
 * follow.  leaf_parent_hash (hash_len octets, or 0 for a lone leaf): what the leaf must carry.
 * The leaf itself stays.
 */
TB_MUST_USE tb_status mls_tree_path_set(struct mls_tree *tree, uint32_t leaf_index,
                                        const struct mls_tree_path *path, const tb_bytes *keys,
                                        uint8_t leaf_parent_hash[CRYPTO_HASH_MAX],
                                        size_t *leaf_parent_hash_len);

/*
 * Check a received path against the tree after the proposals and merge it: length, one ciphertext
 * for each recipient (added: ascending leaves that the same commit adds), keys that stand nowhere
 * in the tree, the parent hash of the new leaf.  The leaf's own validity is the caller's.
 * sender_leaf exists, or is blank when the sender joins by this commit and was not added before.
 */
TB_MUST_USE tb_status mls_tree_path_merge(struct mls_tree *tree, uint32_t sender_leaf,
                                          const struct mls_update_path *update_path,
                                          const uint32_t *added, size_t added_count,
                                          struct tb_arena *arena);

#endif
