#include "mls/tree_math.h"

#include <assert.h>

uint32_t mls_tree_level(uint32_t node_index)
{
    uint32_t level = 0;
    while ((node_index >> level) & 1u) level++;
    return level;
}

uint32_t mls_tree_ancestor(uint32_t leaf_index, uint32_t level)
{
    assert(level <= MLS_TREE_HEIGHT_MAX && leaf_index < MLS_TREE_LEAF_COUNT_MAX);
    return ((leaf_index >> level) << (level + 1)) + ((uint32_t)1 << level) - 1;
}

uint32_t mls_tree_root(uint32_t leaf_count)
{
    assert(leaf_count > 0 && (leaf_count & (leaf_count - 1)) == 0);
    return leaf_count - 1;
}

uint32_t mls_tree_left(uint32_t node_index)
{
    uint32_t level = mls_tree_level(node_index);
    assert(level > 0);
    return node_index ^ ((uint32_t)1 << (level - 1));
}

uint32_t mls_tree_right(uint32_t node_index)
{
    uint32_t level = mls_tree_level(node_index);
    assert(level > 0);
    return node_index ^ ((uint32_t)3 << (level - 1));
}

uint32_t mls_tree_up(uint32_t node_index)
{
    uint32_t level = mls_tree_level(node_index);
    uint32_t is_right = (node_index >> (level + 1)) & 1u;
    return (node_index | ((uint32_t)1 << level)) ^ (is_right << (level + 1));
}

uint32_t mls_tree_sibling(uint32_t node_index)
{
    uint32_t parent = mls_tree_up(node_index);
    return node_index < parent ? mls_tree_right(parent) : mls_tree_left(parent);
}

uint32_t mls_tree_first_leaf(uint32_t node_index)
{
    uint32_t level = mls_tree_level(node_index);
    return (node_index + 1 - ((uint32_t)1 << level)) >> 1;
}

bool mls_tree_is_under(uint32_t leaf_index, uint32_t node_index)
{
    uint32_t level = mls_tree_level(node_index);
    return leaf_index >> level == mls_tree_first_leaf(node_index) >> level;
}

uint32_t mls_tree_common(uint32_t leaf_index, uint32_t other_leaf_index)
{
    uint32_t level = 0;
    while (leaf_index >> level != other_leaf_index >> level) level++;
    return mls_tree_ancestor(leaf_index, level);
}
