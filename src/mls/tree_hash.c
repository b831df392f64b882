/* Tree hashes and parent hashes (RFC 9420, sections 7.8 and 7.9), and the check of a whole tree. */
#include <assert.h>
#include <string.h>

#include "mls/tree_node.h"

/* A vector header in storage of its own. */
struct header {
    uint8_t octets[4];
};

static tb_bytes header_of(struct header *header, size_t len)
{
    return mls_span(header->octets, wire_length_put(header->octets, len));
}

/* TreeHashInput with LeafNodeHashInput; leaf: empty for a blank one. */
static tb_status hash_leaf(const struct crypto_suite *suite, uint32_t leaf_index, tb_bytes leaf,
                           uint8_t out[CRYPTO_HASH_MAX])
{
    uint8_t head[6] = { MLS_NODE_LEAF, 0, 0, 0, 0, leaf.len != 0 };
    tb_put_u32(head + 1, leaf_index);
    const tb_bytes parts[] = { TB_ARRAY(head), leaf };
    return crypto_hash(suite, parts, 2, out);
}

/* TreeHashInput with ParentNodeHashInput; parent NULL: blank.  unmerged replaces its own list. */
static tb_status hash_parent(const struct crypto_suite *suite,
                             const struct mls_tree_parent_data *parent, tb_bytes unmerged,
                             tb_bytes left, tb_bytes right, uint8_t out[CRYPTO_HASH_MAX])
{
    struct header key_header, hash_header, unmerged_header, left_header, right_header;
    const uint8_t head[2] = { MLS_NODE_PARENT, parent != NULL };
    tb_bytes parts[11];
    size_t count = 0;
    parts[count++] = TB_ARRAY(head);
    if (parent != NULL) {
        parts[count++] = header_of(&key_header, parent->key_len);
        parts[count++] = mls_tree_parent_key(parent);
        parts[count++] = header_of(&hash_header, parent->hash_len);
        parts[count++] = mls_tree_parent_hash(parent);
        parts[count++] = header_of(&unmerged_header, unmerged.len);
        parts[count++] = unmerged;
    }
    parts[count++] = header_of(&left_header, left.len);
    parts[count++] = left;
    parts[count++] = header_of(&right_header, right.len);
    parts[count++] = right;
    return crypto_hash(suite, parts, count, out);
}

/* A subtree without any contents; 2^(height + 1) hashes, so callers cache it. */
static tb_status hash_blank(const struct crypto_suite *suite, uint32_t height, uint32_t first_leaf,
                            uint8_t out[CRYPTO_HASH_MAX])
{
    uint8_t left[CRYPTO_HASH_MAX], right[CRYPTO_HASH_MAX];
    const tb_bytes nothing = { NULL, 0 };
    if (height == 0) return hash_leaf(suite, first_leaf, nothing, out);
    uint32_t half = (uint32_t)1 << (height - 1);
    TRY(hash_blank(suite, height - 1, first_leaf, left));
    TRY(hash_blank(suite, height - 1, first_leaf + half, right));
    return hash_parent(suite, NULL, nothing, (tb_bytes){ left, suite->hash_len },
                       (tb_bytes){ right, suite->hash_len }, out);
}

static tb_bytes leaf_octets(const struct mls_tree_node *node)
{
    if (node->leaf == NULL) return (tb_bytes){ NULL, 0 };
    return mls_span(node->leaf->node.mark_start, node->leaf->node.mark_end);
}

tb_status mls_tree_hash_slot(const struct mls_tree *tree, struct mls_tree_node **slot,
                             uint32_t height, uint32_t first_leaf, tb_bytes *out)
{
    const struct crypto_suite *suite = tree->suite;
    if (*slot == NULL) TRY(mls_tree_node_own(tree->mem, slot));
    struct mls_tree_node *node = *slot;
    if (!node->has_hash) {
        if (height == 0) {
            TRY(hash_leaf(suite, first_leaf, leaf_octets(node), node->hash));
        } else if (mls_tree_node_is_blank(node)) {
            TRY(hash_blank(suite, height, first_leaf, node->hash));
        } else {
            uint32_t half = (uint32_t)1 << (height - 1);
            tb_bytes left, right, unmerged = { NULL, 0 };
            TRY(mls_tree_hash_slot(tree, &node->left, height - 1, first_leaf, &left));
            TRY(mls_tree_hash_slot(tree, &node->right, height - 1, first_leaf + half, &right));
            if (node->parent != NULL) unmerged = mls_tree_parent_unmerged(node->parent);
            TRY(hash_parent(suite, node->parent, unmerged, left, right, node->hash));
        }
        node->has_hash = true;
    }
    *out = (tb_bytes){ node->hash, suite->hash_len };
    return TB_STATUS(TB_OK);
}

tb_status mls_tree_hash(struct mls_tree *tree, uint8_t out[CRYPTO_HASH_MAX])
{
    tb_bytes hash;
    TRY(mls_tree_hash_slot(tree, &tree->root, tree->height, 0, &hash));
    memcpy(out, hash.data, hash.len);
    return TB_STATUS(TB_OK);
}

tb_status mls_tree_hash_of(struct mls_tree *tree, uint32_t node_index,
                           uint8_t out[CRYPTO_HASH_MAX])
{
    struct mls_tree_node *node = mls_tree_find(tree, node_index);
    uint32_t level = mls_tree_level(node_index), first = mls_tree_first_leaf(node_index);
    tb_bytes hash;
    assert(node_index <= 2 * (mls_tree_leaf_count(tree) - 1));
    if (mls_tree_node_is_blank(node)) return hash_blank(tree->suite, level, first, out);
    TRY(mls_tree_hash_slot(tree, &node, level, first, &hash));
    memcpy(out, hash.data, hash.len);
    return TB_STATUS(TB_OK);
}

tb_status mls_tree_parent_hash_of(const struct crypto_suite *suite, tb_bytes key,
                                  tb_bytes parent_hash, tb_bytes sibling_tree_hash,
                                  uint8_t out[CRYPTO_HASH_MAX])
{
    struct header key_header, hash_header, sibling_header;
    const tb_bytes parts[] = {
        header_of(&key_header, key.len),          key,
        header_of(&hash_header, parent_hash.len), parent_hash,
        header_of(&sibling_header, sibling_tree_hash.len), sibling_tree_hash,
    };
    return crypto_hash(suite, parts, sizeof parts / sizeof parts[0], out);
}

/* ---------------------------------------------------------------- original sibling tree hash */

/* A list without the entries of another one, in memory that the caller gives back. */
static tb_status list_without(struct tb_mem *mem, tb_bytes list, tb_bytes drop, uint8_t **memory,
                              tb_bytes *out)
{
    size_t len = 0;
    *memory = NULL;
    *out = list;
    if (list.len == 0) return TB_STATUS(TB_OK);
    uint8_t *kept = tb_mem_take(mem, list.len);
    if (kept == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < list.len / 4; i++) {
        if (mls_tree_list_has(drop, mls_tree_list_at(list, i))) continue;
        memcpy(kept + len, list.data + 4 * i, 4);
        len += 4;
    }
    *memory = kept;
    *out = (tb_bytes){ kept, len };
    return TB_STATUS(TB_OK);
}

/* Tree hash of a subtree in which the leaves of drop were never added (section 7.9). */
static tb_status hash_without(const struct mls_tree *tree, struct mls_tree_node **slot,
                              uint32_t height, uint32_t first_leaf, tb_bytes drop,
                              uint8_t out[CRYPTO_HASH_MAX])
{
    const struct crypto_suite *suite = tree->suite;
    drop = mls_tree_list_range(drop, first_leaf, (uint32_t)1 << height);
    if (drop.len == 0 || *slot == NULL) {
        tb_bytes hash;
        TRY(mls_tree_hash_slot(tree, slot, height, first_leaf, &hash));
        memcpy(out, hash.data, hash.len);
        return TB_STATUS(TB_OK);
    }
    if (height == 0) return hash_leaf(suite, first_leaf, (tb_bytes){ NULL, 0 }, out);

    struct mls_tree_node *node = *slot;
    uint8_t left[CRYPTO_HASH_MAX], right[CRYPTO_HASH_MAX], *memory = NULL;
    uint32_t half = (uint32_t)1 << (height - 1);
    tb_bytes unmerged = { NULL, 0 };
    TRY(hash_without(tree, &node->left, height - 1, first_leaf, drop, left));
    TRY(hash_without(tree, &node->right, height - 1, first_leaf + half, drop, right));
    size_t unmerged_len = node->parent == NULL ? 0 : node->parent->unmerged_len;
    if (unmerged_len != 0) {
        TRY(list_without(tree->mem, mls_tree_parent_unmerged(node->parent), drop, &memory,
                         &unmerged));
    }
    tb_bytes left_hash = { left, suite->hash_len }, right_hash = { right, suite->hash_len };
    tb_status status = hash_parent(suite, node->parent, unmerged, left_hash, right_hash, out);
    tb_mem_give(tree->mem, memory, unmerged_len);
    return status;
}

/* ---------------------------------------------------------------- the check of a whole tree */

/* Section 12.4.3.1: entries ascend, are leaves under the node, and every parent between knows. */
static tb_status check_unmerged(const struct mls_tree *tree, const struct mls_tree_node *node,
                                uint32_t height, uint32_t first_leaf)
{
    tb_bytes list = mls_tree_parent_unmerged(node->parent);
    for (size_t i = 0; i < list.len / 4; i++) {
        uint32_t leaf = mls_tree_list_at(list, i);
        if (i > 0 && mls_tree_list_at(list, i - 1) >= leaf) return TB_STATUS(MLS_TREE_UNMERGED);
        if (leaf < first_leaf || leaf - first_leaf >= (uint32_t)1 << height ||
            mls_tree_leaf(tree, leaf) == NULL) {
            return TB_STATUS(MLS_TREE_UNMERGED);
        }
        /* The next parent below is enough: it is asked the same in its turn. */
        const struct mls_tree_node *below = node;
        for (uint32_t level = height; level > 1; level--) {
            below = (leaf >> (level - 1)) & 1u ? below->right : below->left;
            if (below == NULL || below->parent != NULL) break;
        }
        if (below != node && below != NULL && below->parent != NULL &&
            !mls_tree_list_has(mls_tree_parent_unmerged(below->parent), leaf)) {
            return TB_STATUS(MLS_TREE_UNMERGED);
        }
    }
    return TB_STATUS(TB_OK);
}

/* What is left of a resolution when the parent's unmerged leaves are taken away. */
struct leftover {
    tb_bytes unmerged;
    size_t unmerged_count; /* how many of them the resolution holds */
    size_t other_count;
    const struct mls_tree_node *other;
};

static bool visit_leftover(void *ctx, uint32_t node_index, const struct mls_tree_node *node)
{
    struct leftover *leftover = ctx;
    if (node_index % 2 == 0 && mls_tree_list_has(leftover->unmerged, node_index / 2)) {
        leftover->unmerged_count++;
        return true;
    }
    leftover->other = node;
    return ++leftover->other_count <= 1;
}

/* The parent_hash that a node carries; false for a leaf without one. */
static bool carried_hash(const struct mls_tree_node *node, tb_bytes *out)
{
    if (node->parent != NULL) {
        *out = mls_tree_parent_hash(node->parent);
        return true;
    }
    if (node->leaf == NULL || node->leaf->node.leaf_node_source != MLS_LEAF_COMMIT) return false;
    *out = node->leaf->node.of.parent_hash->value;
    return true;
}

/*
 * Section 7.9.2, with C the child on this side: is there a node D, alone in the resolution of C but
 * for the unmerged leaves of P, whose parent_hash is that of P with the other child as copath?
 */
static tb_status is_valid_side(const struct mls_tree *tree, struct mls_tree_node *node,
                               uint32_t height, uint32_t first_leaf, bool is_right, bool *out)
{
    uint32_t half = (uint32_t)1 << (height - 1);
    uint32_t child_first = first_leaf + (is_right ? half : 0);
    uint32_t sibling_first = first_leaf + (is_right ? 0 : half);
    struct mls_tree_node *child = is_right ? node->right : node->left;
    struct mls_tree_node **sibling = is_right ? &node->left : &node->right;
    uint8_t sibling_hash[CRYPTO_HASH_MAX], expected[CRYPTO_HASH_MAX];
    tb_bytes unmerged = mls_tree_parent_unmerged(node->parent), carried;
    struct leftover leftover = { .unmerged = mls_tree_list_range(unmerged, child_first, half) };

    *out = false;
    (void)mls_tree_visit_resolution(tree, child, height - 1, child_first, visit_leftover,
                                    &leftover);
    if (leftover.other_count != 1 || leftover.unmerged_count != leftover.unmerged.len / 4) {
        return TB_STATUS(TB_OK);
    }
    if (!carried_hash(leftover.other, &carried)) return TB_STATUS(TB_OK);
    TRY(hash_without(tree, sibling, height - 1, sibling_first, unmerged, sibling_hash));
    TRY(mls_tree_parent_hash_of(tree->suite, mls_tree_parent_key(node->parent),
                                mls_tree_parent_hash(node->parent),
                                (tb_bytes){ sibling_hash, tree->suite->hash_len }, expected));
    *out = tb_bytes_equal(carried, (tb_bytes){ expected, tree->suite->hash_len });
    return TB_STATUS(TB_OK);
}

/* Children first: a parent's resolution is walked only when the lists below it were checked. */
static tb_status check_subtree(const struct mls_tree *tree, struct mls_tree_node *node,
                               uint32_t height, uint32_t first_leaf)
{
    bool left, right;
    if (height == 0 || mls_tree_node_is_blank(node)) return TB_STATUS(TB_OK);
    uint32_t half = (uint32_t)1 << (height - 1);
    TRY(check_subtree(tree, node->left, height - 1, first_leaf));
    TRY(check_subtree(tree, node->right, height - 1, first_leaf + half));
    if (node->parent == NULL) return TB_STATUS(TB_OK);
    TRY(crypto_hpke_key_check(tree->suite, mls_tree_parent_key(node->parent)));
    TRY(check_unmerged(tree, node, height, first_leaf));
    TRY(is_valid_side(tree, node, height, first_leaf, false, &left));
    TRY(is_valid_side(tree, node, height, first_leaf, true, &right));
    return TB_STATUS(left != right ? TB_OK : MLS_TREE_PARENT_HASH);
}

tb_status mls_tree_check_keys(const struct mls_tree *tree)
{
    if (tree->keys.duplicate_counts[MLS_TREE_ENCRYPTION_KEY] != 0) {
        return TB_STATUS(MLS_TREE_KEY_TWICE);
    }
    if (tree->keys.duplicate_counts[MLS_TREE_SIGNATURE_KEY] != 0) {
        return TB_STATUS(MLS_TREE_SIGNATURE_KEY_TWICE);
    }
    return TB_STATUS(TB_OK);
}

tb_status mls_tree_check(struct mls_tree *tree)
{
    TRY(mls_tree_check_keys(tree));
    return check_subtree(tree, tree->root, tree->height, 0);
}
