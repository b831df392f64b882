/* Received trees: their octets, and what makes them believable. */
#include "tests/unit/mls_tree_fixture.h"

/* ---------------------------------------------------------------- reading */

static tb_status read_tree(struct fixture *f, tb_bytes octets)
{
    struct mls_tree tree;
    tb_status status = mls_tree_decode(&f->suite, &f->heap.mem, octets, &tree, NULL);
    if (tb_is_ok(status)) mls_tree_wipe(&tree);
    return status;
}

/* ratchet_tree<V> with this body. */
static tb_bytes vector_of(struct fixture *f, const tb_bytes *parts, size_t count)
{
    struct tb_buf buf;
    uint8_t header[4];
    size_t len = 0;
    tb_bytes out;
    for (size_t i = 0; i < count; i++) len += parts[i].len;
    tb_buf_init(&buf, &f->heap.mem, SIZE_MAX);
    assert_ok(tb_buf_append(&buf, (tb_bytes){ header, (size_t)(wire_length_put(header, len) -
                                                               header) }));
    for (size_t i = 0; i < count; i++) assert_ok(tb_buf_append(&buf, parts[i]));
    assert_ok(tb_arena_dup(&f->arena, tb_buf_view(&buf), &out));
    tb_buf_wipe(&buf);
    return out;
}

static const tb_bytes blank = { (const uint8_t *)"\0", 1 };
static const tb_bytes present_leaf = { (const uint8_t *)"\1\1", 2 };
static const tb_bytes present_parent = { (const uint8_t *)"\1\2\1P\0\0", 6 }; /* key "P" */

static void a_ratchet_tree_is_read_back_as_it_was_written(void **state)
{
    (void)state;
    struct fixture f;
    struct client clients[11];
    struct mls_tree tree, again;
    fixture_begin(&f, 9);
    tree_of(&f, 11, clients, &tree);
    commit_path(&f, &tree, &clients[10], 10);
    assert_ok(mls_tree_remove(&tree, 3));
    reread(&f, &tree, &again);
    assert_bytes(tree_octets(&f, &again), tree_octets(&f, &tree));
    assert_bytes(tree_hash_of(&f, &again), tree_hash_of(&f, &tree));
    assert_ok(mls_tree_check(&again));
    mls_tree_wipe(&again);
    mls_tree_wipe(&tree);
    fixture_end(&f);
}

static void every_prefix_of_a_ratchet_tree_and_one_octet_more_is_refused(void **state)
{
    (void)state;
    struct fixture f;
    struct client clients[3];
    struct mls_tree tree;
    fixture_begin(&f, 10);
    tree_of(&f, 3, clients, &tree);
    commit_path(&f, &tree, &clients[2], 2);
    tb_bytes octets = tree_octets(&f, &tree);
    for (size_t len = 0; len < octets.len; len++) {
        assert_false(tb_is_ok(read_tree(&f, (tb_bytes){ octets.data, len })));
    }
    uint8_t *longer = tb_arena_take(&f.arena, 1, octets.len + 1);
    memcpy(longer, octets.data, octets.len);
    assert_status(read_tree(&f, (tb_bytes){ longer, octets.len + 1 }), WIRE_TRAILING);
    mls_tree_wipe(&tree);
    fixture_end(&f);
}

static void a_node_list_that_is_no_tree_is_refused(void **state)
{
    (void)state;
    struct fixture f;
    fixture_begin(&f, 11);
    tb_bytes leaf = unsigned_leaf(&f, 1), other = unsigned_leaf(&f, 2);
    const tb_bytes empty[] = { { NULL, 0 } };
    const tb_bytes one[] = { present_leaf, leaf };
    const tb_bytes blank_at_the_end[] = { present_leaf, leaf, blank };
    const tb_bytes only_blank[] = { blank };
    const tb_bytes leaf_as_parent[] = { present_leaf, leaf, present_leaf, other };
    const tb_bytes parent_as_leaf[] = { present_parent };
    const tb_bytes presence_two[] = { { (const uint8_t *)"\2", 1 } };
    const tb_bytes type_three[] = { { (const uint8_t *)"\1\3", 2 } };
    const tb_bytes right_half_empty[] = { present_leaf, leaf, present_parent };
    assert_status(read_tree(&f, vector_of(&f, empty, 1)), MLS_TREE_SHAPE);
    assert_ok(read_tree(&f, vector_of(&f, one, 2)));
    assert_status(read_tree(&f, vector_of(&f, blank_at_the_end, 3)), MLS_TREE_SHAPE);
    assert_status(read_tree(&f, vector_of(&f, only_blank, 1)), MLS_TREE_SHAPE);
    assert_status(read_tree(&f, vector_of(&f, leaf_as_parent, 4)), MLS_TREE_NODE_KIND);
    assert_status(read_tree(&f, vector_of(&f, parent_as_leaf, 1)), MLS_TREE_NODE_KIND);
    assert_status(read_tree(&f, vector_of(&f, presence_two, 1)), WIRE_PRESENCE);
    assert_status(read_tree(&f, vector_of(&f, type_three, 1)), WIRE_UNKNOWN_TAG);
    assert_status(read_tree(&f, vector_of(&f, right_half_empty, 3)), MLS_TREE_SHAPE);
    fixture_end(&f);
}

static void a_tree_wider_than_the_limit_is_refused(void **state)
{
    (void)state;
    struct fixture f;
    fixture_begin(&f, 12);
    tb_bytes leaf = unsigned_leaf(&f, 1);
    size_t blank_count = 2 * (size_t)MLS_TREE_LEAF_COUNT_MAX;
    tb_bytes blanks = { tb_arena_take(&f.arena, blank_count, 1), blank_count };
    assert_non_null(blanks.data);
    const tb_bytes parts[] = { blanks, present_leaf, leaf };
    assert_status(read_tree(&f, vector_of(&f, parts, 3)), MLS_TREE_FULL);
    fixture_end(&f);
}

/* ---------------------------------------------------------------- believing */

/* A valid tree of four whose root and left parent were set by paths, as a table can change it. */
struct written {
    struct fixture f;
    struct client clients[4];
    struct mls_ratchet_tree nodes;
};

static struct mls_parent_node *parent_in(struct written *w, size_t node)
{
    return w->nodes.ratchet_tree.at[node].node->of.parent_node;
}

static struct mls_leaf_node *leaf_in(struct written *w, size_t node)
{
    return w->nodes.ratchet_tree.at[node].node->of.leaf_node;
}

static void written_begin(struct written *w)
{
    struct mls_tree tree;
    uint32_t index;
    fixture_begin(&w->f, 13);
    tree_of(&w->f, 3, w->clients, &tree);
    commit_path(&w->f, &tree, &w->clients[2], 2);
    commit_path(&w->f, &tree, &w->clients[0], 0);
    client_begin(&w->f, &w->clients[3], 3);
    assert_ok(mls_tree_add(&tree, leaf_new(&w->f, &w->clients[3]), &index));
    assert_ok(mls_tree_check(&tree));
    assert_ok(wire_decode(&mls_ratchet_tree_desc, tree_octets(&w->f, &tree), &w->f.arena,
                          &w->nodes, NULL));
    assert_int_equal(w->nodes.ratchet_tree.count, 7);
    mls_tree_wipe(&tree);
}

static tb_status written_check(struct written *w)
{
    struct mls_tree tree;
    tb_bytes octets;
    assert_ok(wire_encode(&mls_ratchet_tree_desc, &w->nodes, &w->f.arena, &octets));
    assert_ok(mls_tree_decode(&w->f.suite, &w->f.heap.mem, octets, &tree, NULL));
    tb_status status = mls_tree_check(&tree);
    mls_tree_wipe(&tree);
    return status;
}

static void unmerged_leaves_ascend_and_are_members_under_their_node(void **state)
{
    (void)state;
    struct written w;
    static struct wire_u32 blank_leaf[] = { { 3 } }, outside[] = { { 2 } }, beyond[] = { { 4 } },
                           twice[] = { { 3 }, { 3 } }, falling[] = { { 3 }, { 1 } };
    written_begin(&w);
    struct mls_parent_node *root = parent_in(&w, 3), *left = parent_in(&w, 1);
    assert_int_equal(root->unmerged_leaves.count, 1);
    assert_ok(written_check(&w));
    root->unmerged_leaves.at = beyond;
    assert_status(written_check(&w), MLS_TREE_UNMERGED);
    root->unmerged_leaves.at = twice;
    root->unmerged_leaves.count = 2;
    assert_status(written_check(&w), MLS_TREE_UNMERGED);
    root->unmerged_leaves.at = falling;
    assert_status(written_check(&w), MLS_TREE_UNMERGED);
    root->unmerged_leaves.at = blank_leaf;
    root->unmerged_leaves.count = 1;
    left->unmerged_leaves.at = outside;
    left->unmerged_leaves.count = 1;
    assert_status(written_check(&w), MLS_TREE_UNMERGED);
    fixture_end(&w.f);
}

static void a_leaf_unmerged_above_is_unmerged_in_every_parent_between(void **state)
{
    (void)state;
    struct written w;
    static struct wire_u32 both[] = { { 1 }, { 3 } };
    written_begin(&w);
    /* Leaf 1 is below the left parent, which does not list it. */
    parent_in(&w, 3)->unmerged_leaves.at = both;
    parent_in(&w, 3)->unmerged_leaves.count = 2;
    assert_status(written_check(&w), MLS_TREE_UNMERGED);
    fixture_end(&w.f);
}

static void a_parent_whose_key_no_descendant_vouches_for_is_refused(void **state)
{
    (void)state;
    struct written w;
    uint8_t key[32] = { 9 }, hash[32] = { 7 };
    written_begin(&w);
    tb_bytes kept = parent_in(&w, 3)->encryption_key;
    parent_in(&w, 3)->encryption_key = TB_ARRAY(key);
    assert_status(written_check(&w), MLS_TREE_PARENT_HASH);
    parent_in(&w, 3)->encryption_key = kept;

    kept = parent_in(&w, 1)->parent_hash;
    parent_in(&w, 1)->parent_hash = TB_ARRAY(hash);
    assert_status(written_check(&w), MLS_TREE_PARENT_HASH);
    parent_in(&w, 1)->parent_hash = kept;

    leaf_in(&w, 0)->of.parent_hash->value = TB_ARRAY(hash);
    assert_status(written_check(&w), MLS_TREE_PARENT_HASH);
    fixture_end(&w.f);
}

static void a_parent_key_of_another_length_than_the_suites_is_refused(void **state)
{
    (void)state;
    struct written w;
    written_begin(&w);
    parent_in(&w, 3)->encryption_key.len--;
    assert_status(written_check(&w), CRYPTO_KEY);
    fixture_end(&w.f);
}

static void the_subtree_that_a_parent_hash_covers_may_not_change_unseen(void **state)
{
    (void)state;
    struct written w;
    uint8_t key[32] = { 5 };
    written_begin(&w);
    /* Leaf 2 is under the copath of the root's path: its tree hash is in the root's parent hash. */
    leaf_in(&w, 4)->encryption_key = TB_ARRAY(key);
    assert_status(written_check(&w), MLS_TREE_PARENT_HASH);
    fixture_end(&w.f);
}

static void an_unmerged_leaf_may_change_since_no_parent_hash_covers_it(void **state)
{
    (void)state;
    struct written w;
    uint8_t key[32] = { 5 };
    written_begin(&w);
    leaf_in(&w, 6)->encryption_key = TB_ARRAY(key);
    assert_ok(written_check(&w));
    fixture_end(&w.f);
}

static void keys_stand_once_in_a_tree(void **state)
{
    (void)state;
    struct written w;
    written_begin(&w);
    tb_bytes kept = leaf_in(&w, 6)->encryption_key;
    leaf_in(&w, 6)->encryption_key = leaf_in(&w, 4)->encryption_key;
    assert_status(written_check(&w), MLS_TREE_KEY_TWICE);
    leaf_in(&w, 6)->encryption_key = parent_in(&w, 1)->encryption_key;
    assert_status(written_check(&w), MLS_TREE_KEY_TWICE);
    leaf_in(&w, 6)->encryption_key = kept;
    leaf_in(&w, 6)->signature_key = leaf_in(&w, 4)->signature_key;
    assert_status(written_check(&w), MLS_TREE_SIGNATURE_KEY_TWICE);
    fixture_end(&w.f);
}

static void a_key_may_move_from_a_removed_leaf_to_an_added_one(void **state)
{
    (void)state;
    struct fixture f;
    struct client clients[3];
    struct mls_tree tree;
    uint32_t index;
    fixture_begin(&f, 14);
    tree_of(&f, 3, clients, &tree);
    tb_bytes again = leaf_new(&f, &clients[1]);
    assert_ok(mls_tree_add(&tree, again, &index));
    assert_status(mls_tree_check_keys(&tree), MLS_TREE_KEY_TWICE);
    assert_ok(mls_tree_remove(&tree, 1));
    assert_ok(mls_tree_check_keys(&tree));
    mls_tree_wipe(&tree);
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ratchet_tree_is_read_back_as_it_was_written),
        cmocka_unit_test(every_prefix_of_a_ratchet_tree_and_one_octet_more_is_refused),
        cmocka_unit_test(a_node_list_that_is_no_tree_is_refused),
        cmocka_unit_test(a_tree_wider_than_the_limit_is_refused),
        cmocka_unit_test(unmerged_leaves_ascend_and_are_members_under_their_node),
        cmocka_unit_test(a_leaf_unmerged_above_is_unmerged_in_every_parent_between),
        cmocka_unit_test(a_parent_whose_key_no_descendant_vouches_for_is_refused),
        cmocka_unit_test(a_parent_key_of_another_length_than_the_suites_is_refused),
        cmocka_unit_test(the_subtree_that_a_parent_hash_covers_may_not_change_unseen),
        cmocka_unit_test(an_unmerged_leaf_may_change_since_no_parent_hash_covers_it),
        cmocka_unit_test(keys_stand_once_in_a_tree),
        cmocka_unit_test(a_key_may_move_from_a_removed_leaf_to_an_added_one),
    };
    return cmocka_run_group_tests_name("mls/tree_io", tests, NULL, NULL);
}
