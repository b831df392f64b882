/* The ratchet_tree extension (RFC 9420, section 12.4.3.3), read and written node by node. */
#include <assert.h>
#include <string.h>

#include "mls/tree_node.h"

/* ---------------------------------------------------------------- reading */

/* Of a ParentNode only the list is copied when it is decoded: 4 octets for 4. */
enum { PARENT_SCRATCH_BYTES_MIN = 4096 };

static tb_status take_octet(tb_bytes *input, uint8_t *out)
{
    if (input->len == 0) return TB_STATUS(WIRE_TRUNCATED);
    *out = input->data[0];
    *input = (tb_bytes){ input->data + 1, input->len - 1 };
    return TB_STATUS(TB_OK);
}

static tb_status place_leaf(struct mls_tree *tree, uint32_t leaf_index, tb_bytes *input,
                            struct tb_why *why)
{
    struct mls_leaf_node scratch;
    struct tb_arena arena;
    tb_bytes rest = *input;
    /* The octets of the leaf are what a decoding takes; they are decoded again where they stay. */
    tb_arena_init(&arena, tree->mem, mls_tree_leaf_scratch_bytes_max(input->len));
    tb_status status = wire_decode_prefix(&mls_leaf_node_desc, &rest, &arena, &scratch, why);
    tb_arena_wipe(&arena);
    TRY(status);
    TRY(mls_tree_set_leaf(tree, leaf_index, mls_span(input->data, rest.data)));
    *input = rest;
    return TB_STATUS(TB_OK);
}

static tb_status place_parent(struct mls_tree *tree, uint32_t node_index, tb_bytes *input,
                              struct tb_why *why)
{
    struct mls_parent_node decoded;
    struct mls_tree_parent_data *parent = NULL;
    struct mls_tree_walk walk;
    struct tb_arena arena;
    tb_bytes rest = *input;
    uint32_t leaf = mls_tree_first_leaf(node_index);
    tb_status status;

    tb_arena_init(&arena, tree->mem, input->len + PARENT_SCRATCH_BYTES_MIN);
    CHECK(wire_decode_prefix(&mls_parent_node_desc, &rest, &arena, &decoded, why));
    tb_bytes unmerged = { decoded.mark_end - 4 * decoded.unmerged_leaves.count,
                          4 * decoded.unmerged_leaves.count };
    CHECK(mls_tree_parent_data_new(tree->mem, decoded.encryption_key, decoded.parent_hash, unmerged,
                                   &parent));
    CHECK(mls_tree_reserve(tree, leaf + ((uint32_t)1 << mls_tree_level(node_index)) - 1));
    CHECK(mls_tree_descend(tree, leaf, &walk));
    struct mls_tree_parent_data *taken = parent;
    parent = NULL;
    CHECK(mls_tree_put_parent(tree, *walk.slot[mls_tree_level(node_index)], taken));
    mls_tree_ascend(tree, &walk);
    *input = rest;

out:
    mls_tree_parent_data_release(parent, tree->mem);
    tb_arena_wipe(&arena);
    return status;
}

static tb_status place_node(struct mls_tree *tree, uint32_t node_index, tb_bytes *input,
                            struct tb_why *why)
{
    uint8_t node_type;
    TRY(take_octet(input, &node_type));
    if (node_type != MLS_NODE_LEAF && node_type != MLS_NODE_PARENT) {
        return TB_STATUS(WIRE_UNKNOWN_TAG);
    }
    if ((node_type == MLS_NODE_LEAF) != (node_index % 2 == 0)) {
        return TB_STATUS(MLS_TREE_NODE_KIND);
    }
    return node_type == MLS_NODE_LEAF ? place_leaf(tree, node_index / 2, input, why)
                                      : place_parent(tree, node_index, input, why);
}

static tb_status decode_nodes(struct mls_tree *tree, tb_bytes input, struct tb_why *why)
{
    uint8_t presence = 0;
    for (uint32_t node_index = 0; input.len != 0; node_index++) {
        if (node_index > 2 * (MLS_TREE_LEAF_COUNT_MAX - 1)) return TB_STATUS(MLS_TREE_FULL);
        TRY(take_octet(&input, &presence));
        if (presence > 1) return TB_STATUS(WIRE_PRESENCE);
        if (presence == 1) TRY(place_node(tree, node_index, &input, why));
    }
    /* The last node is there, and the right half of the tree is not empty (section 7.7). */
    if (presence != 1) return TB_STATUS(MLS_TREE_SHAPE);
    if (tree->height > 0 && (tree->root->right == NULL || tree->root->right->member_count == 0)) {
        return TB_STATUS(MLS_TREE_SHAPE);
    }
    return TB_STATUS(TB_OK);
}

tb_status mls_tree_decode(const struct crypto_suite *suite, struct tb_mem *mem,
                          tb_bytes ratchet_tree, struct mls_tree *out, struct tb_why *why)
{
    struct mls_tree tree;
    tb_bytes input = ratchet_tree;
    size_t len;
    if (why != NULL) *why = (struct tb_why){ "mls_ratchet_tree", "ratchet_tree", 0 };
    TRY(wire_length_take(&input, &len));
    if (len > input.len) return TB_STATUS(WIRE_TRUNCATED);
    if (len < input.len) return TB_STATUS(WIRE_TRAILING);
    mls_tree_init(&tree, suite, mem);
    tb_status status = decode_nodes(&tree, input, why);
    if (!tb_is_ok(status)) {
        mls_tree_wipe(&tree);
        return status;
    }
    *out = tree;
    return TB_STATUS(TB_OK);
}

/* ---------------------------------------------------------------- writing */

/* A writer that only counts while at is NULL.  len_present: up to the last node that is there. */
struct writer {
    uint8_t *at;
    size_t len;
    size_t len_present;
};

static void put(struct writer *writer, const void *data, size_t len)
{
    if (writer->at != NULL && len != 0) memcpy(writer->at + writer->len, data, len);
    writer->len += len;
}

static void put_octet(struct writer *writer, uint8_t octet)
{
    put(writer, &octet, 1);
}

static void put_vector(struct writer *writer, tb_bytes octets)
{
    uint8_t header[4];
    put(writer, header, (size_t)(wire_length_put(header, octets.len) - header));
    put(writer, octets.data, octets.len);
}

static void put_blanks(struct writer *writer, size_t count)
{
    if (writer->at != NULL) memset(writer->at + writer->len, 0, count);
    writer->len += count;
}

static void put_parent_node(struct writer *writer, const struct mls_tree_parent_data *parent)
{
    if (parent == NULL) {
        put_octet(writer, 0);
        return;
    }
    put_octet(writer, 1);
    put_octet(writer, MLS_NODE_PARENT);
    put_vector(writer, mls_tree_parent_key(parent));
    put_vector(writer, mls_tree_parent_hash(parent));
    put_vector(writer, mls_tree_parent_unmerged(parent));
    writer->len_present = writer->len;
}

/* In order: the left half, the node, the right half. */
static void put_subtree(struct writer *writer, const struct mls_tree_node *node, uint32_t height)
{
    if (mls_tree_node_is_blank(node)) {
        put_blanks(writer, ((size_t)2 << height) - 1);
        return;
    }
    if (height == 0) {
        const struct mls_leaf_node *leaf = &node->leaf->node;
        put_octet(writer, 1);
        put_octet(writer, MLS_NODE_LEAF);
        put(writer, leaf->mark_start, (size_t)(leaf->mark_end - leaf->mark_start));
        writer->len_present = writer->len;
        return;
    }
    put_subtree(writer, node->left, height - 1);
    put_parent_node(writer, node->parent);
    put_subtree(writer, node->right, height - 1);
}

tb_status mls_tree_encode(const struct mls_tree *tree, struct tb_arena *arena,
                          tb_bytes *ratchet_tree)
{
    struct writer writer = { NULL, 0, 0 };
    put_subtree(&writer, tree->root, tree->height);
    if (writer.len_present > WIRE_LEN_MAX) return TB_STATUS(TB_TOO_LONG);
    /* The blank nodes behind the last one are written, then left out. */
    uint8_t *octets = tb_arena_take(arena, writer.len + 4, 1);
    if (octets == NULL) return TB_STATUS(TB_NO_SPACE);
    size_t body_len = writer.len_present;
    writer = (struct writer){ wire_length_put(octets, body_len), 0, 0 };
    put_subtree(&writer, tree->root, tree->height);
    assert(writer.len_present == body_len);
    *ratchet_tree = mls_span(octets, writer.at + body_len);
    return TB_STATUS(TB_OK);
}
