#include "tests/unit/mls_tree_fixture.h"

#include "mls/treekem.h"

static const tb_bytes group_id = { (const uint8_t *)"group", 5 };

/* The client at this leaf commits with a path: parents appear above it. */
static void commit_path(struct fixture *f, struct mls_tree *tree, const struct client *client,
                        uint32_t leaf_index)
{
    struct mls_treekem_private own = { .leaf_index = leaf_index };
    struct mls_treekem_path path;
    struct leaf_parts parts;
    leaf_parts_begin(f, client, &parts);
    assert_ok(mls_treekem_create(tree, &parts.leaf, &client->signer, group_id, &f->rng.rng,
                                 &f->arena, &own, &path));
    mls_treekem_private_wipe(&own);
    mls_treekem_path_wipe(&path);
}

/* The same tree from its octets, with nothing cached. */
static void reread(struct fixture *f, const struct mls_tree *tree, struct mls_tree *out)
{
    assert_ok(mls_tree_decode(&f->suite, &f->heap.mem, tree_octets(f, tree), out, NULL));
}

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

/* A leaf with keys of its own and no valid signature: the tree does not ask. */
static tb_bytes unsigned_leaf(struct fixture *f, uint32_t number)
{
    uint8_t key[32] = { 0 }, signature_key[32] = { 1 };
    struct wire_opaque identity = { TB_LITERAL("somebody") };
    struct mls_leaf_node leaf = {
        .encryption_key = TB_ARRAY(key),
        .signature_key = TB_ARRAY(signature_key),
        .credential = { MLS_CREDENTIAL_BASIC, { .identity = &identity } },
        .leaf_node_source = MLS_LEAF_UPDATE,
    };
    tb_bytes encoded;
    tb_put_u32(key + 4, number);
    tb_put_u32(signature_key + 4, number);
    assert_ok(wire_encode(&mls_leaf_node_desc, &leaf, &f->arena, &encoded));
    return encoded;
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
        cmocka_unit_test(a_ratchet_tree_is_read_back_as_it_was_written),
        cmocka_unit_test(every_prefix_of_a_ratchet_tree_and_one_octet_more_is_refused),
        cmocka_unit_test(a_node_list_that_is_no_tree_is_refused),
        cmocka_unit_test(a_tree_wider_than_the_limit_is_refused),
        cmocka_unit_test(unmerged_leaves_ascend_and_are_members_under_their_node),
        cmocka_unit_test(a_leaf_unmerged_above_is_unmerged_in_every_parent_between),
        cmocka_unit_test(a_parent_whose_key_no_descendant_vouches_for_is_refused),
        cmocka_unit_test(the_subtree_that_a_parent_hash_covers_may_not_change_unseen),
        cmocka_unit_test(an_unmerged_leaf_may_change_since_no_parent_hash_covers_it),
        cmocka_unit_test(keys_stand_once_in_a_tree),
        cmocka_unit_test(a_key_may_move_from_a_removed_leaf_to_an_added_one),
    };
    return cmocka_run_group_tests_name("mls/tree", tests, NULL, NULL);
}
