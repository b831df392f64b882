#include "mls/tree_node.h"

#include <assert.h>
#include <string.h>

/* ---------------------------------------------------------------- lists of leaves */

size_t mls_tree_list_below(tb_bytes list, uint32_t leaf_index)
{
    size_t low = 0, high = list.len / 4;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (mls_tree_list_at(list, middle) < leaf_index) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

bool mls_tree_list_has(tb_bytes list, uint32_t leaf_index)
{
    size_t position = mls_tree_list_below(list, leaf_index);
    return position < list.len / 4 && mls_tree_list_at(list, position) == leaf_index;
}

tb_bytes mls_tree_list_range(tb_bytes list, uint32_t first, uint32_t count)
{
    if (list.len == 0) return list;
    size_t start = mls_tree_list_below(list, first);
    size_t end = mls_tree_list_below(list, first + count);
    return (tb_bytes){ list.data + 4 * start, 4 * (end - start) };
}

/* ---------------------------------------------------------------- contents */

enum { LEAF_EXPANSION_MAX = 32, LEAF_SCRATCH_BYTES_MIN = 4096, BLOCK_ALIGNMENT = 16 };

size_t mls_tree_leaf_scratch_bytes_max(size_t len)
{
    if (len > (SIZE_MAX - LEAF_SCRATCH_BYTES_MIN) / LEAF_EXPANSION_MAX) return SIZE_MAX;
    return LEAF_EXPANSION_MAX * len + LEAF_SCRATCH_BYTES_MIN;
}

static size_t aligned(size_t len)
{
    return (len + (BLOCK_ALIGNMENT - 1)) & ~(size_t)(BLOCK_ALIGNMENT - 1);
}

tb_status mls_tree_leaf_data_new(struct tb_mem *mem, tb_bytes octets,
                                 struct mls_tree_leaf_data **out)
{
    struct mls_leaf_node scratch;
    struct tb_arena measure, inside;
    if (octets.len > WIRE_LEN_MAX) return TB_STATUS(TB_TOO_LONG);
    tb_arena_init(&measure, mem, mls_tree_leaf_scratch_bytes_max(octets.len));
    tb_status status = wire_decode(&mls_leaf_node_desc, octets, &measure, &scratch, NULL);
    size_t vectors = measure.used_bytes + TB_ARENA_FIXED_OVERHEAD;
    tb_arena_wipe(&measure);
    TRY(status);

    size_t head = aligned(sizeof(struct mls_tree_leaf_data));
    size_t size = head + aligned(octets.len) + vectors;
    struct mls_tree_leaf_data *leaf = tb_mem_take(mem, size);
    if (leaf == NULL) return TB_STATUS(TB_NO_SPACE);
    uint8_t *copy = (uint8_t *)leaf + head;
    memcpy(copy, octets.data, octets.len);
    leaf->refs = 1;
    leaf->size = size;
    tb_arena_init_fixed(&inside, copy + aligned(octets.len), vectors);
    status = wire_decode(&mls_leaf_node_desc, (tb_bytes){ copy, octets.len }, &inside, &leaf->node,
                         NULL);
    assert(tb_is_ok(status)); /* the same octets were decoded above in as much memory */
    *out = leaf;
    return TB_STATUS(TB_OK);
}

void mls_tree_leaf_data_release(struct mls_tree_leaf_data *leaf, struct tb_mem *mem)
{
    if (leaf == NULL || --leaf->refs != 0) return;
    tb_mem_give(mem, leaf, leaf->size);
}

static size_t parent_size(const struct mls_tree_parent_data *parent)
{
    return sizeof *parent + parent->key_len + parent->hash_len + parent->unmerged_cap;
}

static tb_status parent_new(struct tb_mem *mem, tb_bytes encryption_key, tb_bytes parent_hash,
                            size_t unmerged_cap, struct mls_tree_parent_data **out)
{
    struct mls_tree_parent_data head = { .refs = 1 };
    if (encryption_key.len > WIRE_LEN_MAX || parent_hash.len > WIRE_LEN_MAX ||
        unmerged_cap > WIRE_LEN_MAX) {
        return TB_STATUS(TB_TOO_LONG);
    }
    head.key_len = (uint32_t)encryption_key.len;
    head.hash_len = (uint32_t)parent_hash.len;
    head.unmerged_cap = (uint32_t)unmerged_cap;
    struct mls_tree_parent_data *parent = tb_mem_take(mem, parent_size(&head));
    if (parent == NULL) return TB_STATUS(TB_NO_SPACE);
    *parent = head;
    if (encryption_key.len != 0) memcpy(parent->octets, encryption_key.data, encryption_key.len);
    if (parent_hash.len != 0) {
        memcpy(parent->octets + head.key_len, parent_hash.data, parent_hash.len);
    }
    *out = parent;
    return TB_STATUS(TB_OK);
}

tb_status mls_tree_parent_data_new(struct tb_mem *mem, tb_bytes encryption_key,
                                   tb_bytes parent_hash, tb_bytes unmerged,
                                   struct mls_tree_parent_data **out)
{
    struct mls_tree_parent_data *parent;
    TRY(parent_new(mem, encryption_key, parent_hash, unmerged.len, &parent));
    if (unmerged.len != 0) {
        memcpy(parent->octets + parent->key_len + parent->hash_len, unmerged.data, unmerged.len);
    }
    parent->unmerged_len = (uint32_t)unmerged.len;
    *out = parent;
    return TB_STATUS(TB_OK);
}

tb_status mls_tree_parent_data_insert(struct tb_mem *mem, struct mls_tree_parent_data **slot,
                                      uint32_t leaf_index)
{
    struct mls_tree_parent_data *old = *slot;
    if (old->refs > 1 || old->unmerged_cap - old->unmerged_len < 4) {
        struct mls_tree_parent_data *grown;
        TRY(parent_new(mem, mls_tree_parent_key(old), mls_tree_parent_hash(old),
                       2 * (size_t)old->unmerged_len + 4, &grown));
        memcpy(grown->octets + grown->key_len + grown->hash_len,
               mls_tree_parent_unmerged(old).data, old->unmerged_len);
        grown->unmerged_len = old->unmerged_len;
        mls_tree_parent_data_release(old, mem);
        *slot = grown;
    }
    struct mls_tree_parent_data *parent = *slot;
    uint8_t *list = parent->octets + parent->key_len + parent->hash_len;
    size_t at = 4 * mls_tree_list_below(mls_tree_parent_unmerged(parent), leaf_index);
    memmove(list + at + 4, list + at, parent->unmerged_len - at);
    tb_put_u32(list + at, leaf_index);
    parent->unmerged_len += 4;
    return TB_STATUS(TB_OK);
}

void mls_tree_parent_data_release(struct mls_tree_parent_data *parent, struct tb_mem *mem)
{
    if (parent == NULL || --parent->refs != 0) return;
    tb_mem_give(mem, parent, parent_size(parent));
}

/* ---------------------------------------------------------------- nodes */

tb_status mls_tree_node_own(struct tb_mem *mem, struct mls_tree_node **slot)
{
    struct mls_tree_node *node = *slot;
    if (node != NULL && node->refs == 1) {
        node->has_hash = false;
        return TB_STATUS(TB_OK);
    }
    struct mls_tree_node *copy = tb_mem_take(mem, sizeof *copy);
    if (copy == NULL) return TB_STATUS(TB_NO_SPACE);
    if (node != NULL) {
        *copy = *node;
        if (copy->left != NULL) copy->left->refs++;
        if (copy->right != NULL) copy->right->refs++;
        if (copy->leaf != NULL) copy->leaf->refs++;
        if (copy->parent != NULL) copy->parent->refs++;
        node->refs--;
    }
    copy->refs = 1;
    copy->has_hash = false;
    *slot = copy;
    return TB_STATUS(TB_OK);
}

void mls_tree_node_release(struct mls_tree_node *node, struct tb_mem *mem)
{
    if (node == NULL || --node->refs != 0) return;
    mls_tree_node_release(node->left, mem); /* as deep as the tree is high */
    mls_tree_node_release(node->right, mem);
    mls_tree_leaf_data_release(node->leaf, mem);
    mls_tree_parent_data_release(node->parent, mem);
    tb_mem_give(mem, node, sizeof *node);
}

struct mls_tree_node *mls_tree_find(const struct mls_tree *tree, uint32_t node_index)
{
    uint32_t level = mls_tree_level(node_index);
    uint32_t leaf = mls_tree_first_leaf(node_index);
    if (level > tree->height || leaf >= mls_tree_leaf_count(tree)) return NULL;
    struct mls_tree_node *node = tree->root;
    for (uint32_t height = tree->height; height > level && node != NULL; height--) {
        node = (leaf >> (height - 1)) & 1u ? node->right : node->left;
    }
    return node;
}

tb_status mls_tree_descend(struct mls_tree *tree, uint32_t leaf_index, struct mls_tree_walk *walk)
{
    struct mls_tree_node **slot = &tree->root;
    assert(leaf_index < mls_tree_leaf_count(tree));
    for (uint32_t height = tree->height;; height--) {
        TRY(mls_tree_node_own(tree->mem, slot));
        walk->slot[height] = slot;
        if (height == 0) return TB_STATUS(TB_OK);
        slot = (leaf_index >> (height - 1)) & 1u ? &(*slot)->right : &(*slot)->left;
    }
}

static uint32_t members_of(const struct mls_tree_node *node)
{
    return node == NULL ? 0 : node->member_count;
}

void mls_tree_ascend(struct mls_tree *tree, const struct mls_tree_walk *walk)
{
    for (uint32_t height = 0; height <= tree->height; height++) {
        struct mls_tree_node *node = *walk->slot[height];
        bool is_leaf = height == 0;
        node->member_count = is_leaf ? (node->leaf != NULL)
                                     : members_of(node->left) + members_of(node->right);
        if (node->leaf == NULL && node->parent == NULL && mls_tree_node_is_blank(node->left) &&
            mls_tree_node_is_blank(node->right)) {
            *walk->slot[height] = NULL;
            mls_tree_node_release(node, tree->mem);
        }
    }
}

tb_status mls_tree_reserve(struct mls_tree *tree, uint32_t leaf_index)
{
    while (leaf_index >= mls_tree_leaf_count(tree)) {
        if (tree->height == MLS_TREE_HEIGHT_MAX) return TB_STATUS(MLS_TREE_FULL);
        if (!mls_tree_node_is_blank(tree->root)) {
            struct mls_tree_node *root = tb_mem_take(tree->mem, sizeof *root);
            if (root == NULL) return TB_STATUS(TB_NO_SPACE);
            root->refs = 1;
            root->left = tree->root;
            root->member_count = tree->root->member_count;
            tree->root = root;
        } else {
            /* Its cached hash is that of a smaller tree. */
            mls_tree_node_release(tree->root, tree->mem);
            tree->root = NULL;
        }
        tree->height++;
    }
    return TB_STATUS(TB_OK);
}

/* ---------------------------------------------------------------- contents and keys */

static tb_status count_leaf(struct mls_tree *tree, const struct mls_leaf_node *leaf, bool enters)
{
    uint32_t *count = &tree->credential_counts[leaf->credential.credential_type -
                                               MLS_CREDENTIAL_BASIC];
    tb_status (*change)(struct mls_tree_keys *, const struct crypto_suite *, struct tb_mem *,
                        enum mls_tree_key_kind, tb_bytes) =
        enters ? mls_tree_keys_insert : mls_tree_keys_remove;
    TRY(change(&tree->keys, tree->suite, tree->mem, MLS_TREE_ENCRYPTION_KEY,
               leaf->encryption_key));
    TRY(change(&tree->keys, tree->suite, tree->mem, MLS_TREE_SIGNATURE_KEY, leaf->signature_key));
    *count = enters ? *count + 1 : *count - 1;
    return TB_STATUS(TB_OK);
}

tb_status mls_tree_put_leaf(struct mls_tree *tree, struct mls_tree_node *node,
                            struct mls_tree_leaf_data *leaf)
{
    struct mls_tree_leaf_data *old = node->leaf;
    node->leaf = leaf;
    tb_status status = TB_STATUS(TB_OK);
    if (old != NULL) status = count_leaf(tree, &old->node, false);
    mls_tree_leaf_data_release(old, tree->mem);
    TRY(status);
    return leaf == NULL ? TB_STATUS(TB_OK) : count_leaf(tree, &leaf->node, true);
}

tb_status mls_tree_put_parent(struct mls_tree *tree, struct mls_tree_node *node,
                              struct mls_tree_parent_data *parent)
{
    struct mls_tree_parent_data *old = node->parent;
    node->parent = parent;
    tb_status status = TB_STATUS(TB_OK);
    if (old != NULL) {
        status = mls_tree_keys_remove(&tree->keys, tree->suite, tree->mem, MLS_TREE_ENCRYPTION_KEY,
                                      mls_tree_parent_key(old));
    }
    mls_tree_parent_data_release(old, tree->mem);
    TRY(status);
    if (parent == NULL) return TB_STATUS(TB_OK);
    return mls_tree_keys_insert(&tree->keys, tree->suite, tree->mem, MLS_TREE_ENCRYPTION_KEY,
                                mls_tree_parent_key(parent));
}
