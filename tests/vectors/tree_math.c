/* tree-math: index arithmetic of full binary trees (RFC 9420, appendix C). */
#include "mls/tree_math.h"

#include "tests/vectors/vectors.h"

typedef bool node_function(uint32_t node_index, uint32_t leaf_count, uint32_t *out);

static bool left_of(uint32_t node_index, uint32_t leaf_count, uint32_t *out)
{
    (void)leaf_count;
    if (mls_tree_level(node_index) == 0) return false;
    *out = mls_tree_left(node_index);
    return true;
}

static bool right_of(uint32_t node_index, uint32_t leaf_count, uint32_t *out)
{
    (void)leaf_count;
    if (mls_tree_level(node_index) == 0) return false;
    *out = mls_tree_right(node_index);
    return true;
}

static bool parent_of(uint32_t node_index, uint32_t leaf_count, uint32_t *out)
{
    if (node_index == mls_tree_root(leaf_count)) return false;
    *out = mls_tree_up(node_index);
    return true;
}

static bool sibling_of(uint32_t node_index, uint32_t leaf_count, uint32_t *out)
{
    if (node_index == mls_tree_root(leaf_count)) return false;
    *out = mls_tree_sibling(node_index);
    return true;
}

/* A list with one entry for each node: its relative, or null for none. */
static bool check_list(struct vectors_case *c, const char *field, uint32_t leaf_count,
                       node_function *relative)
{
    const struct json *list = json_get(c->json, field);
    uint32_t node_count = 2 * leaf_count - 1, node_index = 0;
    if (list == NULL || list->count != node_count) return vectors_fail(c, field);
    for (const struct json *item = list->first; item != NULL; item = item->next, node_index++) {
        uint32_t got;
        uint64_t wanted;
        c->position = node_index;
        bool exists = relative(node_index, leaf_count, &got);
        if (exists == json_is_null(item)) return vectors_fail(c, field);
        if (exists && (!json_u64(item, &wanted) || wanted != got)) return vectors_fail(c, field);
    }
    return true;
}

bool vectors_tree_math(struct vectors_case *c)
{
    uint64_t leaf_count, node_count, root;
    if (!vectors_u64(c, c->json, "n_leaves", &leaf_count) ||
        !vectors_u64(c, c->json, "n_nodes", &node_count) ||
        !vectors_u64(c, c->json, "root", &root)) {
        return false;
    }
    if (leaf_count == 0 || leaf_count > MLS_TREE_LEAF_COUNT_MAX ||
        (leaf_count & (leaf_count - 1)) != 0) {
        return vectors_fail(c, "n_leaves");
    }
    uint32_t count = (uint32_t)leaf_count;
    return vectors_true(c, "n_nodes", node_count == 2 * leaf_count - 1) &&
           vectors_true(c, "root", root == mls_tree_root(count)) &&
           check_list(c, "left", count, left_of) && check_list(c, "right", count, right_of) &&
           check_list(c, "parent", count, parent_of) &&
           check_list(c, "sibling", count, sibling_of);
}
