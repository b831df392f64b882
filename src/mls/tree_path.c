#include "mls/tree_path.h"

#include <assert.h>
#include <string.h>

#include "mls/tree_node.h"

void mls_tree_path_filtered(const struct mls_tree *tree, uint32_t leaf_index,
                            struct mls_tree_path *out)
{
    const struct mls_tree_node *node = tree->root;
    struct mls_tree_path path = { 0 };
    /* Section 4.1.2: without the nodes whose child on the copath has an empty resolution. */
    for (uint32_t height = tree->height; height > 0; height--) {
        bool is_right = (leaf_index >> (height - 1)) & 1u;
        const struct mls_tree_node *left = node == NULL ? NULL : node->left;
        const struct mls_tree_node *right = node == NULL ? NULL : node->right;
        if (!mls_tree_node_is_blank(is_right ? left : right)) {
            uint32_t index = mls_tree_ancestor(leaf_index, height);
            path.node[path.count] = index;
            path.copath[path.count] = is_right ? mls_tree_left(index) : mls_tree_right(index);
            path.count++;
        }
        node = is_right ? right : left;
    }
    for (uint32_t i = 0; i < path.count / 2; i++) { /* found from above, listed from below */
        uint32_t other = path.count - 1 - i, node_index = path.node[i], copath = path.copath[i];
        path.node[i] = path.node[other];
        path.copath[i] = path.copath[other];
        path.node[other] = node_index;
        path.copath[other] = copath;
    }
    *out = path;
}

/* The tree hash of the child beside the walk, h levels above the leaves. */
static tb_status sibling_hash(struct mls_tree *tree, const struct mls_tree_walk *walk,
                              uint32_t leaf_index, uint32_t height, tb_bytes *out)
{
    struct mls_tree_node *parent = *walk->slot[height];
    uint32_t half = (uint32_t)1 << (height - 1);
    bool is_right = (leaf_index & half) != 0;
    uint32_t first = leaf_index >> height << height;
    return mls_tree_hash_slot(tree, is_right ? &parent->left : &parent->right, height - 1,
                              is_right ? first : first + half, out);
}

tb_status mls_tree_path_set(struct mls_tree *tree, uint32_t leaf_index,
                            const struct mls_tree_path *path, const tb_bytes *keys,
                            uint8_t leaf_parent_hash[CRYPTO_HASH_MAX], size_t *leaf_parent_hash_len)
{
    struct mls_tree_walk walk;
    uint8_t hash[CRYPTO_HASH_MAX];
    tb_bytes above = { hash, 0 }; /* the root's parent hash is empty */
    uint32_t left_to_set = path->count;
    TRY(mls_tree_descend(tree, leaf_index, &walk));
    /* From the root down: each hash covers the one above (section 7.9). */
    for (uint32_t height = tree->height; height > 0; height--) {
        struct mls_tree_node *node = *walk.slot[height];
        uint32_t node_index = mls_tree_ancestor(leaf_index, height);
        if (left_to_set == 0 || path->node[left_to_set - 1] != node_index) {
            TRY(mls_tree_put_parent(tree, node, NULL));
            continue;
        }
        struct mls_tree_parent_data *parent;
        tb_bytes sibling, key = keys[--left_to_set];
        TRY(mls_tree_parent_data_new(tree->mem, key, above, (tb_bytes){ NULL, 0 }, &parent));
        TRY(mls_tree_put_parent(tree, node, parent));
        TRY(sibling_hash(tree, &walk, leaf_index, height, &sibling));
        TRY(mls_tree_parent_hash_of(tree->suite, key, above, sibling, hash));
        above.len = tree->suite->hash_len;
    }
    assert(left_to_set == 0);
    mls_tree_ascend(tree, &walk);
    memcpy(leaf_parent_hash, hash, above.len);
    *leaf_parent_hash_len = above.len;
    return TB_STATUS(TB_OK);
}

/* Section 12.4.2: the committer's new leaf has another key than its old one. */
static tb_status check_own_key(const struct mls_tree *tree, uint32_t sender_leaf,
                               const struct mls_leaf_node *next)
{
    const struct mls_leaf_node *old = mls_tree_leaf(tree, sender_leaf);
    bool is_kept = old != NULL && tb_bytes_equal(old->encryption_key, next->encryption_key);
    return TB_STATUS(is_kept ? MLS_LEAF_UPDATE_KEY : TB_OK);
}

/* Section 12.4.2: no public key of the path stands in the tree. */
static tb_status check_fresh(const struct mls_tree *tree, tb_bytes key)
{
    bool is_known;
    TRY(crypto_hpke_key_check(tree->suite, key));
    TRY(mls_tree_keys_has(&tree->keys, tree->suite, MLS_TREE_ENCRYPTION_KEY, key, &is_known));
    return TB_STATUS(is_known ? MLS_TREE_KEY_TWICE : TB_OK);
}

static tb_status check_nodes(const struct mls_tree *tree, const struct mls_tree_path *path,
                             const struct mls_update_path *update_path, const uint32_t *added,
                             size_t added_count, struct tb_arena *arena)
{
    if (update_path->nodes.count != path->count) return TB_STATUS(MLS_PATH_LENGTH);
    for (uint32_t i = 0; i < path->count; i++) {
        const struct mls_update_path_node *node = &update_path->nodes.at[i];
        struct mls_tree_nodes recipients;
        TRY(mls_tree_resolution(tree, path->copath[i], added, added_count, arena, &recipients));
        if (node->encrypted_path_secret.count != recipients.count) {
            return TB_STATUS(MLS_PATH_CIPHERTEXTS);
        }
    }
    return TB_STATUS(TB_OK);
}

tb_status mls_tree_path_merge(struct mls_tree *tree, uint32_t sender_leaf,
                              const struct mls_update_path *update_path, const uint32_t *added,
                              size_t added_count, struct tb_arena *arena)
{
    const struct mls_leaf_node *leaf = &update_path->leaf_node;
    tb_bytes keys[MLS_TREE_HEIGHT_MAX];
    struct mls_tree_path path;
    uint8_t parent_hash[CRYPTO_HASH_MAX];
    size_t parent_hash_len;

    if (leaf->leaf_node_source != MLS_LEAF_COMMIT) return TB_STATUS(MLS_LEAF_SOURCE);
    TRY(check_own_key(tree, sender_leaf, leaf));
    TRY(check_fresh(tree, leaf->encryption_key));
    for (size_t i = 0; i < update_path->nodes.count; i++) {
        TRY(check_fresh(tree, update_path->nodes.at[i].encryption_key));
    }
    TRY(mls_tree_reserve(tree, sender_leaf));
    mls_tree_path_filtered(tree, sender_leaf, &path);
    TRY(check_nodes(tree, &path, update_path, added, added_count, arena));
    for (uint32_t i = 0; i < path.count; i++) keys[i] = update_path->nodes.at[i].encryption_key;
    TRY(mls_tree_set_leaf(tree, sender_leaf, mls_span(leaf->mark_start, leaf->mark_end)));
    TRY(mls_tree_path_set(tree, sender_leaf, &path, keys, parent_hash, &parent_hash_len));
    if (!tb_bytes_equal(leaf->of.parent_hash->value, (tb_bytes){ parent_hash, parent_hash_len })) {
        return TB_STATUS(MLS_PATH_PARENT_HASH);
    }
    return mls_tree_check_keys(tree);
}
