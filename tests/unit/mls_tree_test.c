#include "tests/unit/mls_tree_fixture.h"

/* ---------------------------------------------------------------- adding and removing */

static void a_new_member_takes_the_leftmost_blank_leaf_and_the_tree_doubles_when_full(void **state)
{
    (void)state;
    struct fixture f;
    struct mls_tree tree;
    struct client client;
    uint32_t index;
    fixture_begin(&f, 1);
    tree_of(&f, 4, NULL, &tree);
    assert_int_equal(mls_tree_leaf_count(&tree), 4);
    client_begin(&f, &client, 9);
    assert_int_equal(mls_tree_next_leaf(&tree), 4);
    assert_ok(mls_tree_add(&tree, leaf_new(&f, &client), &index));
    assert_int_equal(index, 4);
    assert_int_equal(mls_tree_leaf_count(&tree), 8);

    assert_ok(mls_tree_remove(&tree, 1));
    assert_int_equal(mls_tree_next_leaf(&tree), 1);
    client_begin(&f, &client, 10);
    assert_ok(mls_tree_add(&tree, leaf_new(&f, &client), &index));
    assert_int_equal(index, 1);
    assert_int_equal(mls_tree_member_count(&tree), 5);
    mls_tree_wipe(&tree);
    fixture_end(&f);
}

static void removing_the_last_members_truncates_to_the_smallest_tree_that_holds_the_rest(
    void **state)
{
    (void)state;
    struct fixture f;
    struct mls_tree tree;
    fixture_begin(&f, 2);
    tree_of(&f, 9, NULL, &tree);
    assert_int_equal(mls_tree_leaf_count(&tree), 16);
    assert_ok(mls_tree_remove(&tree, 8));
    assert_int_equal(mls_tree_leaf_count(&tree), 8);
    for (uint32_t leaf = 1; leaf < 7; leaf++) assert_ok(mls_tree_remove(&tree, leaf));
    assert_int_equal(mls_tree_leaf_count(&tree), 8); /* leaf 7 is still there */
    assert_ok(mls_tree_remove(&tree, 7));
    assert_int_equal(mls_tree_leaf_count(&tree), 1);
    assert_int_equal(mls_tree_member_count(&tree), 1);
    mls_tree_wipe(&tree);
    fixture_end(&f);
}

static void blank_leaves_can_be_neither_updated_nor_removed(void **state)
{
    (void)state;
    struct fixture f;
    struct mls_tree tree;
    struct client client;
    fixture_begin(&f, 3);
    tree_of(&f, 3, NULL, &tree);
    client_begin(&f, &client, 4);
    tb_bytes leaf = leaf_new(&f, &client);
    assert_status(mls_tree_update(&tree, 3, leaf), MLS_TREE_LEAF);
    assert_status(mls_tree_update(&tree, 4, leaf), MLS_TREE_LEAF);
    assert_status(mls_tree_remove(&tree, 3), MLS_TREE_LEAF);
    assert_status(mls_tree_remove(&tree, UINT32_MAX), MLS_TREE_LEAF);
    assert_null(mls_tree_leaf(&tree, 3));
    assert_null(mls_tree_leaf(&tree, UINT32_MAX));
    mls_tree_wipe(&tree);
    fixture_end(&f);
}

static void updates_and_removals_blank_the_parents_above_and_an_addition_is_unmerged_in_them(
    void **state)
{
    (void)state;
    struct fixture f;
    struct mls_tree tree;
    struct client clients[8], late;
    struct mls_tree_parent_view parent;
    uint32_t index;
    fixture_begin(&f, 4);
    tree_of(&f, 7, clients, &tree);
    commit_path(&f, &tree, &clients[6], 6);
    commit_path(&f, &tree, &clients[0], 0);
    client_begin(&f, &late, 20);
    assert_ok(mls_tree_add(&tree, leaf_new(&f, &late), &index));
    assert_int_equal(index, 7);
    assert_true(mls_tree_parent(&tree, 11, &parent));
    assert_bytes(parent.unmerged_leaves, ((tb_bytes){ (const uint8_t *)"\0\0\0\7", 4 }));
    assert_true(mls_tree_parent(&tree, 7, &parent));
    assert_bytes(parent.unmerged_leaves, ((tb_bytes){ (const uint8_t *)"\0\0\0\7", 4 }));

    client_begin(&f, &late, 21);
    assert_ok(mls_tree_update(&tree, 5, leaf_new(&f, &late)));
    assert_false(mls_tree_parent(&tree, 11, &parent));
    assert_false(mls_tree_parent(&tree, 7, &parent));
    assert_true(mls_tree_parent(&tree, 3, &parent)); /* of the other half */
    assert_ok(mls_tree_remove(&tree, 2));
    assert_false(mls_tree_parent(&tree, 3, &parent));
    assert_true(mls_tree_parent(&tree, 1, &parent)); /* not above leaf 2 */
    mls_tree_wipe(&tree);
    fixture_end(&f);
}

static void a_resolution_is_the_node_then_its_unmerged_leaves_without_the_excluded(void **state)
{
    (void)state;
    struct fixture f;
    struct mls_tree tree;
    struct client clients[3], late;
    struct mls_tree_nodes nodes;
    uint32_t index;
    fixture_begin(&f, 5);
    tree_of(&f, 3, clients, &tree);
    commit_path(&f, &tree, &clients[0], 0);
    client_begin(&f, &late, 20);
    assert_ok(mls_tree_add(&tree, leaf_new(&f, &late), &index));
    assert_ok(mls_tree_resolution(&tree, 3, NULL, 0, &f.arena, &nodes));
    assert_int_equal(nodes.count, 2);
    assert_int_equal(nodes.at[0], 3);
    assert_int_equal(nodes.at[1], 6);
    assert_ok(mls_tree_resolution(&tree, 3, &index, 1, &f.arena, &nodes));
    assert_int_equal(nodes.count, 1);
    assert_ok(mls_tree_resolution(&tree, 5, NULL, 0, &f.arena, &nodes));
    assert_int_equal(nodes.count, 2); /* a blank parent: its two leaves */
    assert_ok(mls_tree_resolution(&tree, 5, &index, 1, &f.arena, &nodes));
    assert_int_equal(nodes.count, 1);
    assert_int_equal(nodes.at[0], 4);
    mls_tree_wipe(&tree);
    fixture_end(&f);
}

/* ---------------------------------------------------------------- sharing and caching */

static void assert_all_hashes_fresh(struct fixture *f, struct mls_tree *tree)
{
    struct mls_tree fresh;
    reread(f, tree, &fresh);
    assert_int_equal(mls_tree_leaf_count(&fresh), mls_tree_leaf_count(tree));
    assert_int_equal(mls_tree_member_count(&fresh), mls_tree_member_count(tree));
    for (uint32_t node = 0; node < 2 * mls_tree_leaf_count(tree) - 1; node++) {
        uint8_t cached[CRYPTO_HASH_MAX], computed[CRYPTO_HASH_MAX];
        assert_ok(mls_tree_hash_of(tree, node, cached));
        assert_ok(mls_tree_hash_of(&fresh, node, computed));
        assert_memory_equal(cached, computed, f->suite.hash_len);
    }
    assert_bytes(tree_octets(f, &fresh), tree_octets(f, tree));
    mls_tree_wipe(&fresh);
}

/* One random change; clients[i] is whoever holds leaf i. */
static void change(struct fixture *f, struct mls_tree *tree, struct client *clients, unsigned step)
{
    uint32_t count = mls_tree_leaf_count(tree), leaf = (uint32_t)(test_rng_u64(&f->rng) % count);
    struct client client;
    uint32_t index;
    while (mls_tree_leaf(tree, leaf) == NULL) leaf = (leaf + 1) % count;
    client_begin(f, &client, step);
    switch (test_rng_u64(&f->rng) % 5) {
    case 0:
    case 1:
        if (mls_tree_member_count(tree) == 24) return;
        assert_ok(mls_tree_add(tree, leaf_new(f, &client), &index));
        clients[index] = client;
        return;
    case 2:
        if (mls_tree_member_count(tree) == 1) return;
        assert_ok(mls_tree_remove(tree, leaf));
        return;
    case 3:
        assert_ok(mls_tree_update(tree, leaf, leaf_new(f, &client)));
        clients[leaf] = client;
        return;
    default: commit_path(f, tree, &clients[leaf], leaf);
    }
}

static void random_changes_keep_cached_hashes_equal_to_recomputed_and_parents_valid(void **state)
{
    (void)state;
    enum { STEP_COUNT = 160, LEAF_MAX = 64 };
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct fixture f;
        struct client clients[LEAF_MAX];
        struct mls_tree tree;
        fixture_begin(&f, seed);
        tree_of(&f, 2, clients, &tree);
        for (unsigned step = 0; step < STEP_COUNT; step++) {
            struct mls_tree before;
            mls_tree_share(&tree, &before);
            tb_bytes octets = tree_octets(&f, &before), hash = tree_hash_of(&f, &before);
            change(&f, &tree, clients, 100 + step);
            assert_ok(mls_tree_check(&tree));
            assert_all_hashes_fresh(&f, &tree);
            /* The tree from before the change did not notice. */
            assert_bytes(tree_octets(&f, &before), octets);
            assert_bytes(tree_hash_of(&f, &before), hash);
            assert_all_hashes_fresh(&f, &before);
            mls_tree_wipe(&before);
        }
        mls_tree_wipe(&tree);
        fixture_end(&f);
    }
}

static void a_dropped_change_and_a_merged_one_leave_no_memory_behind(void **state)
{
    (void)state;
    struct fixture f;
    struct client clients[5];
    struct mls_tree tree, staged;
    fixture_begin(&f, 6);
    tree_of(&f, 5, clients, &tree);
    (void)tree_hash_of(&f, &tree);
    tb_arena_wipe(&f.arena);
    size_t before = f.heap.mem.used_bytes;
    for (unsigned i = 0; i < 3; i++) { /* staged and dropped */
        mls_tree_share(&tree, &staged);
        commit_path(&f, &staged, &clients[i], i);
        (void)tree_hash_of(&f, &staged);
        mls_tree_wipe(&staged);
        tb_arena_wipe(&f.arena);
        assert_int_equal(f.heap.mem.used_bytes, before);
    }
    mls_tree_share(&tree, &staged); /* staged and merged: the old handle goes */
    commit_path(&f, &staged, &clients[0], 0);
    mls_tree_wipe(&tree);
    tree = staged;
    assert_ok(mls_tree_check(&tree));
    mls_tree_wipe(&tree);
    fixture_end(&f);
}

static void staging_in_a_tree_of_ten_thousand_takes_kilobytes(void **state)
{
    (void)state;
    enum { MEMBER_COUNT = 10000, STAGED_BYTES_MAX = 16 << 10 };
    struct fixture f;
    struct mls_tree tree, staged;
    uint32_t index;
    fixture_begin(&f, 7);
    mls_tree_init(&tree, &f.suite, &f.heap.mem);
    for (uint32_t i = 0; i < MEMBER_COUNT; i++) {
        assert_ok(mls_tree_add(&tree, unsigned_leaf(&f, i), &index));
    }
    (void)tree_hash_of(&f, &tree);
    tb_bytes update = unsigned_leaf(&f, MEMBER_COUNT);
    tb_bytes addition = unsigned_leaf(&f, MEMBER_COUNT + 1);
    size_t before = f.heap.mem.used_bytes;
    mls_tree_share(&tree, &staged);
    assert_ok(mls_tree_update(&staged, 4321, update));
    assert_ok(mls_tree_add(&staged, addition, &index));
    uint8_t hash[CRYPTO_HASH_MAX];
    assert_ok(mls_tree_hash(&staged, hash));
    assert_in_range(f.heap.mem.used_bytes - before, 1, STAGED_BYTES_MAX);
    mls_tree_wipe(&tree);
    mls_tree_wipe(&staged);
    fixture_end(&f);
}

static void every_allocation_may_fail_and_the_shared_tree_stays_whole(void **state)
{
    (void)state;
    struct fixture f;
    struct mls_tree tree;
    struct client clients[6], late;
    fixture_begin(&f, 8);
    tree_of(&f, 6, clients, &tree);
    commit_path(&f, &tree, &clients[5], 5);
    client_begin(&f, &late, 30);
    tb_bytes leaf = leaf_new(&f, &late), octets = tree_octets(&f, &tree);
    for (unsigned operation = 0; operation < 3; operation++) {
        tb_status status = TB_STATUS(TB_NO_SPACE);
        for (size_t allowed = 0; status.code == TB_NO_SPACE; allowed++) {
            struct mls_tree staged;
            uint8_t hash[CRYPTO_HASH_MAX];
            uint32_t index;
            mls_tree_share(&tree, &staged);
            size_t before = f.heap.mem.used_bytes;
            f.heap.fail_after = allowed;
            status = operation == 0   ? mls_tree_add(&staged, leaf, &index)
                     : operation == 1 ? mls_tree_update(&staged, 2, leaf)
                                      : mls_tree_remove(&staged, 4);
            if (tb_is_ok(status)) status = mls_tree_hash(&staged, hash);
            f.heap.fail_after = SIZE_MAX;
            assert_true(status.code == TB_OK || status.code == TB_NO_SPACE);
            mls_tree_wipe(&staged);
            if (status.code != TB_OK) assert_true(f.heap.mem.used_bytes <= before + 4096);
        }
        assert_ok(mls_tree_check(&tree));
        assert_bytes(tree_octets(&f, &tree), octets);
    }
    mls_tree_wipe(&tree);
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_member_takes_the_leftmost_blank_leaf_and_the_tree_doubles_when_full),
        cmocka_unit_test(
            removing_the_last_members_truncates_to_the_smallest_tree_that_holds_the_rest),
        cmocka_unit_test(blank_leaves_can_be_neither_updated_nor_removed),
        cmocka_unit_test(
            updates_and_removals_blank_the_parents_above_and_an_addition_is_unmerged_in_them),
        cmocka_unit_test(a_resolution_is_the_node_then_its_unmerged_leaves_without_the_excluded),
        cmocka_unit_test(random_changes_keep_cached_hashes_equal_to_recomputed_and_parents_valid),
        cmocka_unit_test(a_dropped_change_and_a_merged_one_leave_no_memory_behind),
        cmocka_unit_test(staging_in_a_tree_of_ten_thousand_takes_kilobytes),
        cmocka_unit_test(every_allocation_may_fail_and_the_shared_tree_stays_whole),
    };
    return cmocka_run_group_tests_name("mls/tree", tests, NULL, NULL);
}
