#include "tests/support.h"

#include "mls/tree_math.h"

/* Every tree up to 2^10 leaves, against the definition: a tree is two halves around its root. */
enum { LEVEL_MAX = 10 };

struct model {
    uint32_t node, parent, left, right, first_leaf, level;
};

static struct model models[2u << LEVEL_MAX];

/* Lay the subtree with 2^level leaves that begins at node `first`; returns its root. */
static uint32_t lay(uint32_t first, uint32_t level)
{
    uint32_t root = first + (1u << level) - 1;
    struct model *model = &models[root];
    *model = (struct model){ .node = root, .first_leaf = first / 2, .level = level };
    if (level > 0) {
        model->left = lay(first, level - 1);
        model->right = lay(root + 1, level - 1);
        models[model->left].parent = models[model->right].parent = root;
    }
    return root;
}

static void every_node_of_every_tree_to_1024_leaves_has_the_relatives_of_its_place(void **state)
{
    (void)state;
    for (uint32_t height = 0; height <= LEVEL_MAX; height++) {
        uint32_t leaf_count = 1u << height, root = lay(0, height);
        assert_int_equal(mls_tree_root(leaf_count), root);
        for (uint32_t node = 0; node < 2 * leaf_count - 1; node++) {
            const struct model *model = &models[node];
            assert_int_equal(mls_tree_level(node), model->level);
            assert_int_equal(mls_tree_first_leaf(node), model->first_leaf);
            if (model->level > 0) {
                assert_int_equal(mls_tree_left(node), model->left);
                assert_int_equal(mls_tree_right(node), model->right);
            }
            if (node == root) continue;
            const struct model *parent = &models[model->parent];
            assert_int_equal(mls_tree_up(node), parent->node);
            assert_int_equal(mls_tree_sibling(node),
                             parent->left == node ? parent->right : parent->left);
        }
    }
}

static void a_leaf_is_under_its_ancestors_and_no_other_node(void **state)
{
    (void)state;
    enum { LEAF_COUNT = 1 << 7 };
    (void)lay(0, 7);
    for (uint32_t leaf = 0; leaf < LEAF_COUNT; leaf++) {
        uint32_t node = mls_tree_node_of_leaf(leaf);
        bool is_above[2 * LEAF_COUNT] = { false };
        for (uint32_t level = 0; level <= 7; level++) {
            assert_int_equal(mls_tree_ancestor(leaf, level), node);
            is_above[node] = true;
            node = models[node].parent;
        }
        for (uint32_t other = 0; other < 2 * LEAF_COUNT - 1; other++) {
            assert_int_equal(mls_tree_is_under(leaf, other), is_above[other]);
        }
    }
}

static void the_common_ancestor_is_the_lowest_node_above_both_leaves(void **state)
{
    (void)state;
    (void)lay(0, 6);
    for (uint32_t a = 0; a < 64; a++) {
        for (uint32_t b = 0; b < 64; b++) {
            uint32_t node = mls_tree_node_of_leaf(a);
            while (!mls_tree_is_under(b, node)) node = models[node].parent;
            assert_int_equal(mls_tree_common(a, b), node);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_node_of_every_tree_to_1024_leaves_has_the_relatives_of_its_place),
        cmocka_unit_test(a_leaf_is_under_its_ancestors_and_no_other_node),
        cmocka_unit_test(the_common_ancestor_is_the_lowest_node_above_both_leaves),
    };
    return cmocka_run_group_tests_name("mls/tree_math", tests, NULL, NULL);
}
