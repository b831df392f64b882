/*
 * The nodes behind struct mls_tree; for src/mls/tree*.c only.
 *
 * A node at height h has 2^h leaves under it.  A subtree that holds nothing is NULL, or a node
 * without children and contents that keeps its tree hash.  Nodes and contents are counted; what has
 * one holder may be changed in place, everything else is copied first (mls_tree_node_own).
 */
#ifndef TB_MLS_TREE_NODE_H
#define TB_MLS_TREE_NODE_H

#include "mls/tree.h"

/* One block: this, the octets of the LeafNode, and the vectors of the decoded struct. */
struct mls_tree_leaf_data {
    uint32_t refs;
    size_t size; /* of the block */
    struct mls_leaf_node node;
};

/* One block: this, then encryption_key, parent_hash and room for unmerged_leaves. */
struct mls_tree_parent_data {
    uint32_t refs;
    uint32_t key_len, hash_len;
    uint32_t unmerged_len, unmerged_cap; /* octets; 4 each leaf, big-endian as on the wire */
    uint8_t octets[];
};

struct mls_tree_node {
    uint32_t refs;
    uint32_t member_count; /* leaves under it that are not blank */
    struct mls_tree_node *left, *right;
    struct mls_tree_leaf_data *leaf;
    struct mls_tree_parent_data *parent;
    bool has_hash;
    uint8_t hash[CRYPTO_HASH_MAX];
};

static inline tb_bytes mls_tree_parent_key(const struct mls_tree_parent_data *parent)
{
    return (tb_bytes){ parent->octets, parent->key_len };
}
static inline tb_bytes mls_tree_parent_hash(const struct mls_tree_parent_data *parent)
{
    return (tb_bytes){ parent->octets + parent->key_len, parent->hash_len };
}
static inline tb_bytes mls_tree_parent_unmerged(const struct mls_tree_parent_data *parent)
{
    return (tb_bytes){ parent->octets + parent->key_len + parent->hash_len, parent->unmerged_len };
}

/* Lists of leaf indices, ascending, 4 octets each. */
static inline uint32_t mls_tree_list_at(tb_bytes list, size_t position)
{
    return tb_get_u32(list.data + 4 * position);
}
/* How many entries are below leaf_index. */
size_t mls_tree_list_below(tb_bytes list, uint32_t leaf_index);
bool mls_tree_list_has(tb_bytes list, uint32_t leaf_index);
/* The entries of [first, first + count). */
tb_bytes mls_tree_list_range(tb_bytes list, uint32_t first, uint32_t count);

/* What the decoded structs of a leaf may take, for len octets of input. */
size_t mls_tree_leaf_scratch_bytes_max(size_t len);
TB_MUST_USE tb_status mls_tree_leaf_data_new(struct tb_mem *mem, tb_bytes octets,
                                             struct mls_tree_leaf_data **out);
void mls_tree_leaf_data_release(struct mls_tree_leaf_data *leaf, struct tb_mem *mem);

/* unmerged: a list as above. */
TB_MUST_USE tb_status mls_tree_parent_data_new(struct tb_mem *mem, tb_bytes encryption_key,
                                               tb_bytes parent_hash, tb_bytes unmerged,
                                               struct mls_tree_parent_data **out);
/* Insert a leaf that is not in the list yet; *slot is replaced when shared or full. */
TB_MUST_USE tb_status mls_tree_parent_data_insert(struct tb_mem *mem,
                                                  struct mls_tree_parent_data **slot,
                                                  uint32_t leaf_index);
void mls_tree_parent_data_release(struct mls_tree_parent_data *parent, struct tb_mem *mem);

static inline bool mls_tree_node_is_blank(const struct mls_tree_node *node)
{
    return node == NULL || (node->leaf == NULL && node->parent == NULL && node->left == NULL &&
                            node->right == NULL);
}
/* *slot as a node of this tree alone, whose hash is forgotten; made when it is NULL. */
TB_MUST_USE tb_status mls_tree_node_own(struct tb_mem *mem, struct mls_tree_node **slot);
void mls_tree_node_release(struct mls_tree_node *node, struct tb_mem *mem);

/* Put contents (taken over, NULL for blank) into an owned node; keeps the tree's set of keys. */
TB_MUST_USE tb_status mls_tree_put_leaf(struct mls_tree *tree, struct mls_tree_node *node,
                                        struct mls_tree_leaf_data *leaf);
TB_MUST_USE tb_status mls_tree_put_parent(struct mls_tree *tree, struct mls_tree_node *node,
                                          struct mls_tree_parent_data *parent);

/* The way from the root to a leaf, all of it owned; slot[h] is the node h levels above the leaf. */
struct mls_tree_walk {
    struct mls_tree_node **slot[MLS_TREE_HEIGHT_MAX + 1];
};
TB_MUST_USE tb_status mls_tree_descend(struct mls_tree *tree, uint32_t leaf_index,
                                       struct mls_tree_walk *walk);
/* Count members anew and let go of subtrees that became empty, from below up. */
void mls_tree_ascend(struct mls_tree *tree, const struct mls_tree_walk *walk);
/* NULL when the node is blank or the tree has none there. */
struct mls_tree_node *mls_tree_find(const struct mls_tree *tree, uint32_t node_index);

/* Tree hash of the subtree in *slot; cached there. */
TB_MUST_USE tb_status mls_tree_hash_slot(const struct mls_tree *tree, struct mls_tree_node **slot,
                                         uint32_t height, uint32_t first_leaf, tb_bytes *out);
/* Parent hash of a node with this key and this hash above it (RFC 9420, section 7.9). */
TB_MUST_USE tb_status mls_tree_parent_hash_of(const struct crypto_suite *suite, tb_bytes key,
                                              tb_bytes parent_hash, tb_bytes sibling_tree_hash,
                                              uint8_t out[CRYPTO_HASH_MAX]);

/* Call visit for each node of the resolution until it answers false. */
typedef bool mls_tree_visit(void *ctx, uint32_t node_index, const struct mls_tree_node *node);
bool mls_tree_visit_resolution(const struct mls_tree *tree, const struct mls_tree_node *node,
                               uint32_t height, uint32_t first_leaf, mls_tree_visit *visit,
                               void *ctx);

#endif
