/*
 * Arithmetic of full binary trees stored as arrays (RFC 9420, appendix C): leaf i is node 2 * i, a
 * parent stands between its subtrees.  Node and leaf indices are those of the RFC.
 *
 * Precondition everywhere: leaf counts are powers of two, at most MLS_TREE_LEAF_COUNT_MAX.
 */
#ifndef TB_MLS_TREE_MATH_H
#define TB_MLS_TREE_MATH_H

#include <stdbool.h>
#include <stdint.h>

enum {
    MLS_TREE_HEIGHT_MAX = 17, /* levels above the leaves */
    MLS_TREE_LEAF_COUNT_MAX = 1 << MLS_TREE_HEIGHT_MAX,
};

static inline uint32_t mls_tree_node_of_leaf(uint32_t leaf_index) { return 2 * leaf_index; }

/* 0 for a leaf, one more for each level above. */
uint32_t mls_tree_level(uint32_t node_index);
/* The ancestor of a leaf that many levels above it. */
uint32_t mls_tree_ancestor(uint32_t leaf_index, uint32_t level);
uint32_t mls_tree_root(uint32_t leaf_count);
uint32_t mls_tree_left(uint32_t node_index);  /* of a parent */
uint32_t mls_tree_right(uint32_t node_index); /* of a parent */
uint32_t mls_tree_up(uint32_t node_index);    /* the parent; the caller knows it is not the root */
uint32_t mls_tree_sibling(uint32_t node_index);
/* The first leaf under a node; it has 2^level of them. */
uint32_t mls_tree_first_leaf(uint32_t node_index);
bool mls_tree_is_under(uint32_t leaf_index, uint32_t node_index);
/* The lowest node above both leaves (the leaf itself when they are the same). */
uint32_t mls_tree_common(uint32_t leaf_index, uint32_t other_leaf_index);

#endif
