/* tree-validation: resolutions, tree hashes, parent hashes, leaf signatures of a received tree. */
#include "mls/leaf.h"
#include "mls/tree.h"
#include "tests/vectors/vectors.h"

static bool check_resolution(struct vectors_case *c, const struct json *wanted,
                             const struct mls_tree *tree, uint32_t node_index)
{
    struct mls_tree_nodes nodes;
    size_t i = 0;
    if (!vectors_ok(c, "resolutions",
                    mls_tree_resolution(tree, node_index, NULL, 0, c->arena, &nodes)) ||
        !vectors_true(c, "resolutions", nodes.count == wanted->count)) {
        return false;
    }
    for (const struct json *item = wanted->first; item != NULL; item = item->next, i++) {
        uint64_t node;
        if (!json_u64(item, &node) || node != nodes.at[i]) return vectors_fail(c, "resolutions");
    }
    return true;
}

static bool check_nodes(struct vectors_case *c, struct mls_tree *tree)
{
    const struct json *resolutions = json_get(c->json, "resolutions");
    const struct json *hashes = json_get(c->json, "tree_hashes");
    uint32_t node_count = 2 * mls_tree_leaf_count(tree) - 1, node_index = 0;
    if (resolutions == NULL || hashes == NULL || resolutions->count != node_count ||
        hashes->count != node_count) {
        return vectors_fail(c, "resolutions");
    }
    const struct json *resolution = resolutions->first, *hash = hashes->first;
    for (; hash != NULL; hash = hash->next, resolution = resolution->next, node_index++) {
        uint8_t got[CRYPTO_HASH_MAX];
        tb_bytes wanted;
        c->position = node_index;
        if (!check_resolution(c, resolution, tree, node_index) ||
            !vectors_true(c, "tree_hashes", json_hex(hash, c->arena, &wanted)) ||
            !vectors_ok(c, "tree_hashes", mls_tree_hash_of(tree, node_index, got)) ||
            !vectors_true(c, "tree_hashes",
                          tb_bytes_equal(wanted, (tb_bytes){ got, c->suite.hash_len }))) {
            return false;
        }
    }
    return true;
}

static bool check_leaves(struct vectors_case *c, const struct mls_tree *tree)
{
    struct mls_leaf_place place = { .leaf_index = 0 };
    if (!vectors_hex(c, c->json, "group_id", &place.group_id)) return false;
    for (; place.leaf_index < mls_tree_leaf_count(tree); place.leaf_index++) {
        const struct mls_leaf_node *leaf = mls_tree_leaf(tree, place.leaf_index);
        c->position = place.leaf_index;
        if (leaf != NULL &&
            !vectors_ok(c, "tree", mls_leaf_verify(&c->suite, leaf, &place, c->arena))) {
            return false;
        }
    }
    return true;
}

bool vectors_tree_validation(struct vectors_case *c)
{
    tb_bytes octets, encoded;
    struct mls_tree tree;
    if (!vectors_hex(c, c->json, "tree", &octets) ||
        !vectors_ok(c, "tree", mls_tree_decode(&c->suite, c->env->mem, octets, &tree, NULL))) {
        return false;
    }
    bool holds = check_nodes(c, &tree) && vectors_ok(c, "tree", mls_tree_check(&tree)) &&
                 check_leaves(c, &tree) &&
                 vectors_ok(c, "tree", mls_tree_encode(&tree, c->arena, &encoded)) &&
                 vectors_true(c, "tree", tb_bytes_equal(octets, encoded));
    mls_tree_wipe(&tree);
    return holds;
}
