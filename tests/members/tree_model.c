#include "tests/members/tree_model.h"

#include <string.h>

static uint32_t level_of(uint32_t node)
{
    uint32_t level = 0;
    while (node & 1) {
        node >>= 1;
        level++;
    }
    return level;
}

bool tree_model_is_under(uint32_t leaf, uint32_t node)
{
    uint32_t reach = (1u << level_of(node)) - 1; /* nodes to each side */
    return 2 * leaf + reach >= node && 2 * leaf <= node + reach;
}

void tree_model_init(struct tree_model *tree)
{
    memset(tree, 0, sizeof *tree);
    for (size_t i = 0; i < TREE_MODEL_NODES_MAX; i++) tree->node[i].is_blank = true;
    tree->leaf_count = 1;
}

static uint32_t node_count(const struct tree_model *tree)
{
    return 2 * tree->leaf_count - 1;
}

uint32_t tree_model_root(const struct tree_model *tree)
{
    return tree->leaf_count - 1;
}

bool tree_model_find(const struct tree_model *tree, uint32_t owner, uint32_t *leaf)
{
    for (uint32_t i = 0; i < tree->leaf_count; i++) {
        if (tree->node[2 * i].is_blank || tree->node[2 * i].owner != owner) continue;
        *leaf = i;
        return true;
    }
    return false;
}

uint32_t tree_model_member_count(const struct tree_model *tree)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < tree->leaf_count; i++) count += !tree->node[2 * i].is_blank;
    return count;
}

static void blank_above(struct tree_model *tree, uint32_t leaf)
{
    for (uint32_t node = 1; node < node_count(tree); node += 2) {
        if (!tree_model_is_under(leaf, node)) continue;
        tree->node[node] = (struct tree_model_node){ .is_blank = true };
    }
}

uint32_t tree_model_add(struct tree_model *tree, uint32_t owner)
{
    uint32_t leaf = 0;
    while (leaf < tree->leaf_count && !tree->node[2 * leaf].is_blank) leaf++;
    if (leaf == tree->leaf_count) tree->leaf_count *= 2;
    tree->node[2 * leaf] = (struct tree_model_node){ .owner = owner, .written = ++tree->clock };
    for (uint32_t node = 1; node < node_count(tree); node += 2) {
        if (!tree->node[node].is_blank && tree_model_is_under(leaf, node)) {
            tree->node[node].unmerged |= (uint64_t)1 << leaf;
        }
    }
    return leaf;
}

void tree_model_update(struct tree_model *tree, uint32_t leaf)
{
    tree->node[2 * leaf].written = ++tree->clock;
    blank_above(tree, leaf);
}

void tree_model_remove(struct tree_model *tree, uint32_t leaf)
{
    tree->node[2 * leaf] = (struct tree_model_node){ .is_blank = true };
    blank_above(tree, leaf);
}

void tree_model_truncate(struct tree_model *tree)
{
    while (tree->leaf_count > 1) {
        for (uint32_t leaf = tree->leaf_count / 2; leaf < tree->leaf_count; leaf++) {
            if (!tree->node[2 * leaf].is_blank) return;
        }
        for (uint32_t node = tree->leaf_count - 1; node < node_count(tree); node++) {
            tree->node[node] = (struct tree_model_node){ .is_blank = true };
        }
        tree->leaf_count /= 2;
    }
}

void tree_model_path(struct tree_model *tree, uint32_t leaf)
{
    uint64_t now = ++tree->clock;
    tree->node[2 * leaf].written = now;
    for (uint32_t node = 1; node < node_count(tree); node += 2) {
        if (!tree_model_is_under(leaf, node)) continue;
        bool has_recipient = false; /* on the other side: a member is all a resolution needs */
        for (uint32_t other = 0; other < tree->leaf_count; other++) {
            bool is_right = 2 * other > node;
            if (!tree_model_is_under(other, node) || is_right == (2 * leaf > node)) continue;
            has_recipient |= !tree->node[2 * other].is_blank;
        }
        tree->node[node] = (struct tree_model_node){ .is_blank = !has_recipient,
                                                     .written = has_recipient ? now : 0 };
    }
}

bool tree_model_knows(const struct tree_model *tree, uint32_t leaf, uint32_t node)
{
    if (tree->node[node].is_blank) return false;
    if ((node & 1) == 0) return node == 2 * leaf;
    return tree_model_is_under(leaf, node) && ((tree->node[node].unmerged >> leaf) & 1) == 0;
}

uint64_t tree_model_shape(const struct tree_model *tree)
{
    uint64_t hash = 14695981039346656037u; /* FNV-1a over words */
    for (uint32_t node = 0; node < node_count(tree); node++) {
        const struct tree_model_node *at = &tree->node[node];
        uint64_t words[2] = { 0, at->unmerged };
        for (uint32_t other = 0; other < node_count(tree); other++) {
            words[0] += !tree->node[other].is_blank && tree->node[other].written < at->written;
        }
        words[0] = words[0] * 2 + at->is_blank;
        for (size_t i = 0; i < 2; i++) {
            hash = (hash ^ words[i]) * 1099511628211u;
            hash ^= hash >> 31;
        }
    }
    return hash ^ tree->leaf_count;
}
