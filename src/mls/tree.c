#include "mls/tree.h"

#include <assert.h>
#include <string.h>

#include "mls/tree_node.h"

void mls_tree_init(struct mls_tree *tree, const struct crypto_suite *suite, struct tb_mem *mem)
{
    *tree = (struct mls_tree){ .suite = suite, .mem = mem };
}

void mls_tree_share(const struct mls_tree *from, struct mls_tree *out)
{
    *out = *from;
    if (out->root != NULL) out->root->refs++;
    mls_tree_keys_share(&from->keys, &out->keys);
}

void mls_tree_wipe(struct mls_tree *tree)
{
    if (tree->mem == NULL) return;
    mls_tree_node_release(tree->root, tree->mem);
    mls_tree_keys_wipe(&tree->keys, tree->mem);
    *tree = (struct mls_tree){ .suite = tree->suite, .mem = tree->mem };
}

/* ---------------------------------------------------------------- looking */

uint32_t mls_tree_member_count(const struct mls_tree *tree)
{
    return tree->root == NULL ? 0 : tree->root->member_count;
}

const struct mls_leaf_node *mls_tree_leaf(const struct mls_tree *tree, uint32_t leaf_index)
{
    if (leaf_index >= mls_tree_leaf_count(tree)) return NULL;
    const struct mls_tree_node *node = mls_tree_find(tree, mls_tree_node_of_leaf(leaf_index));
    return node == NULL || node->leaf == NULL ? NULL : &node->leaf->node;
}

bool mls_tree_parent(const struct mls_tree *tree, uint32_t node_index,
                     struct mls_tree_parent_view *out)
{
    const struct mls_tree_node *node = mls_tree_find(tree, node_index);
    if (node == NULL || node->parent == NULL) return false;
    *out = (struct mls_tree_parent_view){
        .encryption_key = mls_tree_parent_key(node->parent),
        .parent_hash = mls_tree_parent_hash(node->parent),
        .unmerged_leaves = mls_tree_parent_unmerged(node->parent),
    };
    return true;
}

tb_bytes mls_tree_key(const struct mls_tree *tree, uint32_t node_index)
{
    const struct mls_tree_node *node = mls_tree_find(tree, node_index);
    if (node != NULL && node->leaf != NULL) return node->leaf->node.encryption_key;
    if (node != NULL && node->parent != NULL) return mls_tree_parent_key(node->parent);
    return (tb_bytes){ NULL, 0 };
}

bool mls_tree_is_empty_under(const struct mls_tree *tree, uint32_t node_index)
{
    return mls_tree_node_is_blank(mls_tree_find(tree, node_index));
}

bool mls_tree_visit_resolution(const struct mls_tree *tree, const struct mls_tree_node *node,
                               uint32_t height, uint32_t first_leaf, mls_tree_visit *visit,
                               void *ctx)
{
    if (mls_tree_node_is_blank(node)) return true;
    if (height == 0) return visit(ctx, mls_tree_node_of_leaf(first_leaf), node);
    if (node->parent == NULL) {
        uint32_t half = (uint32_t)1 << (height - 1);
        return mls_tree_visit_resolution(tree, node->left, height - 1, first_leaf, visit, ctx) &&
               mls_tree_visit_resolution(tree, node->right, height - 1, first_leaf + half, visit,
                                         ctx);
    }
    if (!visit(ctx, mls_tree_ancestor(first_leaf, height), node)) return false;
    tb_bytes unmerged = mls_tree_parent_unmerged(node->parent);
    for (size_t i = 0; i < unmerged.len / 4; i++) {
        uint32_t leaf = mls_tree_node_of_leaf(mls_tree_list_at(unmerged, i));
        if (!visit(ctx, leaf, mls_tree_find(tree, leaf))) return false;
    }
    return true;
}

struct collect {
    const uint32_t *excluded;
    size_t excluded_count;
    uint32_t *at; /* NULL while only counting */
    size_t count;
};

static bool is_excluded(const struct collect *collect, uint32_t node_index)
{
    size_t low = 0, high = collect->excluded_count;
    if (node_index % 2 != 0) return false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        uint32_t leaf = mls_tree_node_of_leaf(collect->excluded[middle]);
        if (leaf == node_index) return true;
        if (leaf < node_index) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return false;
}

static bool collect_node(void *ctx, uint32_t node_index, const struct mls_tree_node *node)
{
    struct collect *collect = ctx;
    (void)node;
    if (is_excluded(collect, node_index)) return true;
    if (collect->at != NULL) collect->at[collect->count] = node_index;
    collect->count++;
    return true;
}

tb_status mls_tree_resolution(const struct mls_tree *tree, uint32_t node_index,
                              const uint32_t *excluded, size_t excluded_count,
                              struct tb_arena *arena, struct mls_tree_nodes *out)
{
    const struct mls_tree_node *node = mls_tree_find(tree, node_index);
    uint32_t level = mls_tree_level(node_index), first = mls_tree_first_leaf(node_index);
    struct collect collect = { .excluded = excluded, .excluded_count = excluded_count };
    (void)mls_tree_visit_resolution(tree, node, level, first, collect_node, &collect);
    struct mls_tree_nodes nodes = { tb_arena_take(arena, collect.count, sizeof *nodes.at),
                                    collect.count };
    if (nodes.at == NULL) return TB_STATUS(TB_NO_SPACE);
    collect.at = nodes.at;
    collect.count = 0;
    (void)mls_tree_visit_resolution(tree, node, level, first, collect_node, &collect);
    *out = nodes;
    return TB_STATUS(TB_OK);
}

/* ---------------------------------------------------------------- changing */

uint32_t mls_tree_next_leaf(const struct mls_tree *tree)
{
    const struct mls_tree_node *node = tree->root;
    uint32_t leaf = 0;
    if (mls_tree_member_count(tree) == mls_tree_leaf_count(tree)) return mls_tree_leaf_count(tree);
    for (uint32_t height = tree->height; height > 0 && node != NULL; height--) {
        uint32_t half = (uint32_t)1 << (height - 1);
        uint32_t left_count = node->left == NULL ? 0 : node->left->member_count;
        bool goes_right = left_count == half;
        if (goes_right) leaf += half;
        node = goes_right ? node->right : node->left;
    }
    return leaf;
}

/* Decode first: a leaf that is refused leaves the tree as it was. */
static tb_status leaf_of(struct mls_tree *tree, tb_bytes octets, struct mls_tree_leaf_data **out)
{
    return mls_tree_leaf_data_new(tree->mem, octets, out);
}

tb_status mls_tree_add(struct mls_tree *tree, tb_bytes leaf, uint32_t *leaf_index)
{
    struct mls_tree_leaf_data *data;
    struct mls_tree_walk walk;
    uint32_t index = mls_tree_next_leaf(tree);
    tb_status status = TB_STATUS(TB_OK);
    TRY(leaf_of(tree, leaf, &data));
    CHECK(mls_tree_reserve(tree, index));
    CHECK(mls_tree_descend(tree, index, &walk));
    TRY(mls_tree_put_leaf(tree, *walk.slot[0], data)); /* the tree owns it from here on */
    for (uint32_t height = 1; height <= tree->height; height++) {
        struct mls_tree_node *node = *walk.slot[height];
        if (node->parent == NULL) continue;
        TRY(mls_tree_parent_data_insert(tree->mem, &node->parent, index));
    }
    mls_tree_ascend(tree, &walk);
    *leaf_index = index;
    return status;

out:
    mls_tree_leaf_data_release(data, tree->mem);
    return status;
}

tb_status mls_tree_set_leaf(struct mls_tree *tree, uint32_t leaf_index, tb_bytes leaf)
{
    struct mls_tree_leaf_data *data;
    struct mls_tree_walk walk;
    tb_status status = TB_STATUS(TB_OK);
    TRY(leaf_of(tree, leaf, &data));
    CHECK(mls_tree_reserve(tree, leaf_index));
    CHECK(mls_tree_descend(tree, leaf_index, &walk));
    TRY(mls_tree_put_leaf(tree, *walk.slot[0], data));
    mls_tree_ascend(tree, &walk);
    return status;

out:
    mls_tree_leaf_data_release(data, tree->mem);
    return status;
}

static tb_status blank_parents(struct mls_tree *tree, const struct mls_tree_walk *walk)
{
    for (uint32_t height = 1; height <= tree->height; height++) {
        TRY(mls_tree_put_parent(tree, *walk->slot[height], NULL));
    }
    return TB_STATUS(TB_OK);
}

tb_status mls_tree_update(struct mls_tree *tree, uint32_t leaf_index, tb_bytes leaf)
{
    struct mls_tree_leaf_data *data;
    struct mls_tree_walk walk;
    tb_status status = TB_STATUS(TB_OK);
    if (mls_tree_leaf(tree, leaf_index) == NULL) return TB_STATUS(MLS_TREE_LEAF);
    TRY(leaf_of(tree, leaf, &data));
    CHECK(mls_tree_descend(tree, leaf_index, &walk));
    TRY(mls_tree_put_leaf(tree, *walk.slot[0], data));
    TRY(blank_parents(tree, &walk));
    mls_tree_ascend(tree, &walk);
    return status;

out:
    mls_tree_leaf_data_release(data, tree->mem);
    return status;
}

/* Section 7.7: while the right half is empty, the left half is the tree. */
static void truncate_tree(struct mls_tree *tree)
{
    while (tree->height > 0 && (tree->root == NULL || mls_tree_node_is_blank(tree->root->right))) {
        struct mls_tree_node *root = tree->root;
        if (root != NULL) {
            tree->root = root->left;
            if (tree->root != NULL) tree->root->refs++;
            /* The key of a parent that goes was taken out of the set when it was blanked. */
            assert(root->parent == NULL);
            mls_tree_node_release(root, tree->mem);
        }
        tree->height--;
    }
}

tb_status mls_tree_remove(struct mls_tree *tree, uint32_t leaf_index)
{
    struct mls_tree_walk walk;
    if (mls_tree_leaf(tree, leaf_index) == NULL) return TB_STATUS(MLS_TREE_LEAF);
    TRY(mls_tree_descend(tree, leaf_index, &walk));
    TRY(mls_tree_put_leaf(tree, *walk.slot[0], NULL));
    TRY(blank_parents(tree, &walk));
    mls_tree_ascend(tree, &walk);
    truncate_tree(tree);
    return TB_STATUS(TB_OK);
}
