/*
 * The ratchet tree by definition (RFC 9420, sections 4.1 and 7): an array of nodes, every question
 * answered by walking all of it.  Nothing of src/mls is used, so that the two can be compared.
 */
#ifndef TB_TESTS_MEMBERS_TREE_MODEL_H
#define TB_TESTS_MEMBERS_TREE_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TREE_MODEL_LEAVES_MAX = 64, TREE_MODEL_NODES_MAX = 2 * TREE_MODEL_LEAVES_MAX };

struct tree_model_node {
    bool is_blank;
    uint32_t owner;    /* of a leaf: whose it is */
    uint64_t written;  /* when its key was made; two nodes of one path share it */
    uint64_t unmerged; /* of a parent: bit i is leaf i */
};

struct tree_model {
    uint32_t leaf_count; /* a power of two */
    uint64_t clock;
    struct tree_model_node node[TREE_MODEL_NODES_MAX];
};

void tree_model_init(struct tree_model *tree);
uint32_t tree_model_root(const struct tree_model *tree);
bool tree_model_is_under(uint32_t leaf, uint32_t node);
/* The leaf of an owner; false when there is none. */
bool tree_model_find(const struct tree_model *tree, uint32_t owner, uint32_t *leaf);
uint32_t tree_model_member_count(const struct tree_model *tree);

/* ---- section 12.1 ---- */
uint32_t tree_model_add(struct tree_model *tree, uint32_t owner);
void tree_model_update(struct tree_model *tree, uint32_t leaf);
/* Without truncation, which comes once after the proposals. */
void tree_model_remove(struct tree_model *tree, uint32_t leaf);
void tree_model_truncate(struct tree_model *tree);
/* Section 7.5: an update path. */
void tree_model_path(struct tree_model *tree, uint32_t leaf);

/* Does the member at this leaf hold the private key of this node (section 4.2)? */
bool tree_model_knows(const struct tree_model *tree, uint32_t leaf, uint32_t node);

/*
 * What matters of a tree for what can happen next: which nodes are blank, unmerged leaves, and in
 * which order keys were made.  Two trees that differ in names and times alone are the same.
 */
uint64_t tree_model_shape(const struct tree_model *tree);

#endif
