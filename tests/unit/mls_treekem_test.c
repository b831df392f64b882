#include "tests/unit/mls_tree_fixture.h"

#include "mls/treekem.h"

static const tb_bytes group_id = { (const uint8_t *)"group", 5 };
static const tb_bytes context = { (const uint8_t *)"provisional context", 19 };

enum { MEMBERS_MAX = 9 };

/* A group of real members, each with the private keys that it learned. */
struct group {
    struct fixture f;
    struct mls_tree tree;
    struct client clients[MEMBERS_MAX];
    struct mls_treekem_private own[MEMBERS_MAX];
};

static void begin_private(struct group *g, uint32_t leaf)
{
    struct mls_treekem_key *key = &g->own[leaf].at[0];
    g->own[leaf] = (struct mls_treekem_private){ .leaf_index = leaf };
    key->private_key = g->clients[leaf].encryption_key;
    key->public_len = g->f.suite.dh_public_len;
    memcpy(key->public_key, g->clients[leaf].encryption_public, key->public_len);
}

static void group_begin(struct group *g, unsigned count, uint64_t seed)
{
    fixture_begin(&g->f, seed);
    tree_of(&g->f, count, g->clients, &g->tree);
    for (unsigned i = 0; i < count; i++) begin_private(g, i);
}

static void group_end(struct group *g)
{
    mls_tree_wipe(&g->tree);
    fixture_end(&g->f);
}

static uint32_t add_member(struct group *g)
{
    uint32_t leaf = mls_tree_next_leaf(&g->tree), index;
    client_begin(&g->f, &g->clients[leaf], 50 + leaf);
    assert_ok(mls_tree_add(&g->tree, leaf_new(&g->f, &g->clients[leaf]), &index));
    assert_int_equal(index, leaf);
    begin_private(g, leaf);
    return leaf;
}

/* A path of the member at this leaf as it goes over the wire, and the tree of the sender. */
static void make_path(struct group *g, uint32_t sender, const uint32_t *added, size_t added_count,
                      struct mls_tree *tree, struct mls_treekem_private *own,
                      struct mls_treekem_path *secrets, struct mls_update_path *path)
{
    struct leaf_parts parts;
    tb_bytes octets;
    leaf_parts_begin(&g->f, &g->clients[sender], &parts);
    mls_tree_share(&g->tree, tree);
    *own = g->own[sender];
    assert_ok(mls_treekem_create(tree, &parts.leaf, &g->clients[sender].signer, group_id,
                                 &g->f.rng.rng, &g->f.arena, own, secrets));
    assert_ok(mls_treekem_encrypt(tree, secrets, context, added, added_count, &g->f.rng.rng,
                                  &g->f.arena, path));
    assert_ok(wire_encode(&mls_update_path_desc, path, &g->f.arena, &octets));
    assert_ok(wire_decode(&mls_update_path_desc, octets, &g->f.arena, path, NULL));
}

/* A commit with a path that everybody but the sender and the added follows. */
static void commit(struct group *g, uint32_t sender, const uint32_t *added, size_t added_count)
{
    struct mls_treekem_private own;
    struct mls_treekem_path secrets;
    struct mls_update_path path;
    struct mls_tree theirs, received;
    make_path(g, sender, added, added_count, &theirs, &own, &secrets, &path);
    mls_tree_share(&g->tree, &received);
    assert_ok(mls_tree_path_merge(&received, sender, &path, added, added_count, &g->f.arena));
    assert_ok(mls_tree_check(&received));
    assert_bytes(tree_hash_of(&g->f, &received), tree_hash_of(&g->f, &theirs));
    for (uint32_t leaf = 0; leaf < mls_tree_leaf_count(&received) && leaf < MEMBERS_MAX; leaf++) {
        struct tb_secret commit_secret;
        bool is_added = false;
        for (size_t i = 0; i < added_count; i++) is_added |= added[i] == leaf;
        if (leaf == sender || is_added || mls_tree_leaf(&received, leaf) == NULL) continue;
        assert_ok(mls_treekem_decrypt(&received, sender, &path, context, added, added_count,
                                      &g->f.arena, &g->own[leaf], &commit_secret));
        assert_true(tb_equal_ct(tb_secret_view(&commit_secret),
                                tb_secret_view(&secrets.commit_secret)));
    }
    /* An added member gets the secret of the common ancestor in its Welcome. */
    for (size_t i = 0; i < added_count; i++) {
        uint32_t common = mls_tree_common(added[i], sender), at = 0;
        while (secrets.path.node[at] != common) at++;
        assert_ok(mls_treekem_join(&received, sender, tb_secret_view(&secrets.path_secret[at]),
                                   &g->own[added[i]]));
    }
    g->own[sender] = own;
    mls_tree_wipe(&g->tree);
    mls_tree_wipe(&theirs);
    g->tree = received;
    mls_treekem_path_wipe(&secrets);
}

static void every_member_follows_the_path_of_every_other(void **state)
{
    (void)state;
    for (unsigned count = 2; count <= MEMBERS_MAX; count++) {
        struct group g;
        group_begin(&g, count, count);
        for (uint32_t sender = 0; sender < count; sender++) commit(&g, sender, NULL, 0);
        for (uint32_t sender = 0; sender < count; sender += 2) commit(&g, sender, NULL, 0);
        group_end(&g);
    }
}

static void an_unmerged_leaf_finds_itself_behind_its_populated_parent(void **state)
{
    (void)state;
    struct group g;
    group_begin(&g, 7, 21);
    commit(&g, 6, NULL, 0); /* the right half gets a parent */
    commit(&g, 0, NULL, 0);
    /* Member 0 adds number 7 without a path; member 1, of the other half, commits with one. */
    assert_int_equal(add_member(&g), 7);
    commit(&g, 1, NULL, 0);
    commit(&g, 7, NULL, 0);
    commit(&g, 4, NULL, 0);
    group_end(&g);
}

static void a_member_added_with_a_path_learns_its_keys_from_the_common_ancestor_up(void **state)
{
    (void)state;
    struct group g;
    uint32_t added[2];
    group_begin(&g, 5, 22);
    added[0] = add_member(&g);
    added[1] = add_member(&g);
    commit(&g, 2, added, 2);
    commit(&g, added[1], NULL, 0);
    commit(&g, added[0], NULL, 0);
    commit(&g, 2, NULL, 0);
    group_end(&g);
}

static void keys_whose_node_was_blanked_or_replaced_are_wiped(void **state)
{
    (void)state;
    struct group g;
    group_begin(&g, 8, 23);
    commit(&g, 0, NULL, 0);
    for (uint32_t level = 0; level <= 3; level++) {
        assert_int_not_equal(g.own[0].at[level].private_key.len, 0);
    }
    assert_ok(mls_tree_remove(&g.tree, 3));
    mls_treekem_private_prune(&g.own[0], &g.tree);
    assert_int_not_equal(g.own[0].at[0].private_key.len, 0);
    assert_int_not_equal(g.own[0].at[1].private_key.len, 0); /* node 1 is not above leaf 3 */
    assert_int_equal(g.own[0].at[2].private_key.len, 0);
    assert_int_equal(g.own[0].at[3].private_key.len, 0);
    static const struct mls_treekem_key nothing;
    assert_memory_equal(&g.own[0].at[2], &nothing, sizeof nothing);
    /* And the path of another replaces what is above both. */
    struct mls_treekem_key before = g.own[1].at[1];
    commit(&g, 0, NULL, 0);
    assert_memory_not_equal(&before, &g.own[1].at[1], sizeof before);
    group_end(&g);
}

/* ---------------------------------------------------------------- refusals */

struct attempt {
    struct group g;
    struct mls_tree theirs, received;
    struct mls_treekem_private own;
    struct mls_treekem_path secrets;
    struct mls_update_path path;
};

static void attempt_begin(struct attempt *a, uint64_t seed)
{
    group_begin(&a->g, 6, seed);
    make_path(&a->g, 0, NULL, 0, &a->theirs, &a->own, &a->secrets, &a->path);
    mls_tree_share(&a->g.tree, &a->received);
}

static void attempt_end(struct attempt *a)
{
    mls_tree_wipe(&a->theirs);
    mls_tree_wipe(&a->received);
    group_end(&a->g);
}

static tb_status merge(struct attempt *a)
{
    struct mls_tree tree;
    mls_tree_share(&a->received, &tree);
    tb_status status = mls_tree_path_merge(&tree, 0, &a->path, NULL, 0, &a->g.f.arena);
    mls_tree_wipe(&tree);
    return status;
}

static void a_path_of_another_length_is_refused(void **state)
{
    (void)state;
    struct attempt a;
    attempt_begin(&a, 31);
    assert_ok(merge(&a));
    a.path.nodes.count--;
    assert_status(merge(&a), MLS_PATH_LENGTH);
    a.path.nodes.count = 0;
    assert_status(merge(&a), MLS_PATH_LENGTH);
    attempt_end(&a);
}

static void a_path_node_without_one_ciphertext_for_each_recipient_is_refused(void **state)
{
    (void)state;
    struct attempt a;
    attempt_begin(&a, 32);
    a.path.nodes.at[1].encrypted_path_secret.count--;
    assert_status(merge(&a), MLS_PATH_CIPHERTEXTS);
    attempt_end(&a);
}

static void a_path_key_that_stands_in_the_tree_is_refused(void **state)
{
    (void)state;
    struct attempt a;
    attempt_begin(&a, 33);
    tb_bytes kept = a.path.nodes.at[0].encryption_key;
    a.path.nodes.at[0].encryption_key = mls_tree_key(&a.received, 8);
    assert_status(merge(&a), MLS_TREE_KEY_TWICE);
    /* The sender's own old key counts too. */
    a.path.nodes.at[0].encryption_key = mls_tree_key(&a.received, 0);
    assert_status(merge(&a), MLS_TREE_KEY_TWICE);
    a.path.nodes.at[0].encryption_key = kept;
    a.path.leaf_node.encryption_key = mls_tree_key(&a.received, 0);
    assert_status(merge(&a), MLS_LEAF_UPDATE_KEY);
    attempt_end(&a);
}

static void a_path_key_of_wrong_length_is_refused(void **state)
{
    (void)state;
    struct attempt a;
    attempt_begin(&a, 34);
    a.path.nodes.at[0].encryption_key.len--;
    assert_status(merge(&a), CRYPTO_KEY);
    attempt_end(&a);
}

static void a_leaf_whose_parent_hash_is_not_that_of_the_path_is_refused(void **state)
{
    (void)state;
    struct attempt a;
    uint8_t key[32] = { 3 };
    attempt_begin(&a, 35);
    a.path.nodes.at[0].encryption_key = TB_ARRAY(key);
    assert_status(merge(&a), MLS_PATH_PARENT_HASH);
    attempt_end(&a);
}

static void the_leaf_of_a_path_comes_from_a_commit(void **state)
{
    (void)state;
    struct attempt a;
    attempt_begin(&a, 36);
    a.path.leaf_node.leaf_node_source = MLS_LEAF_UPDATE;
    assert_status(merge(&a), MLS_LEAF_SOURCE);
    attempt_end(&a);
}

static tb_status decrypt(struct attempt *a, uint32_t leaf, tb_bytes group_context)
{
    struct mls_treekem_private own = a->g.own[leaf];
    struct tb_secret commit_secret = { .len = 0 };
    tb_status status = mls_treekem_decrypt(&a->received, 0, &a->path, group_context, NULL, 0,
                                           &a->g.f.arena, &own, &commit_secret);
    if (!tb_is_ok(status)) {
        assert_int_equal(commit_secret.len, 0);
        assert_memory_equal(&own, &a->g.own[leaf], sizeof own); /* nothing changed */
    }
    return status;
}

static void a_path_secret_that_is_not_that_of_the_public_keys_is_refused(void **state)
{
    (void)state;
    struct attempt a;
    attempt_begin(&a, 37);
    assert_ok(mls_tree_path_merge(&a.received, 0, &a.path, NULL, 0, &a.g.f.arena));
    assert_ok(decrypt(&a, 1, context));
    /* Another secret, well encrypted to the same member. */
    struct tb_secret other = a.secrets.path_secret[0];
    other.data[0] ^= 1;
    struct mls_hpke_ciphertext *sealed = &a.path.nodes.at[0].encrypted_path_secret.at[0];
    assert_ok(crypto_encrypt_label(&a.g.f.suite, mls_tree_key(&a.received, 2), "UpdatePathNode",
                                   context, tb_secret_view(&other), &a.g.f.rng.rng, &a.g.f.arena,
                                   &sealed->kem_output, &sealed->ciphertext));
    assert_status(decrypt(&a, 1, context), MLS_PATH_KEY);
    assert_ok(decrypt(&a, 2, context)); /* others are not concerned */
    attempt_end(&a);
}

static void a_path_secret_of_wrong_length_is_refused(void **state)
{
    (void)state;
    struct attempt a;
    attempt_begin(&a, 38);
    assert_ok(mls_tree_path_merge(&a.received, 0, &a.path, NULL, 0, &a.g.f.arena));
    struct mls_hpke_ciphertext *sealed = &a.path.nodes.at[0].encrypted_path_secret.at[0];
    assert_ok(crypto_encrypt_label(&a.g.f.suite, mls_tree_key(&a.received, 2), "UpdatePathNode",
                                   context, TB_LITERAL("short"), &a.g.f.rng.rng, &a.g.f.arena,
                                   &sealed->kem_output, &sealed->ciphertext));
    assert_status(decrypt(&a, 1, context), MLS_PATH_SECRET);
    attempt_end(&a);
}

static void a_path_secret_does_not_stay_in_the_memory_of_the_call(void **state)
{
    (void)state;
    struct attempt a;
    static uint64_t memory[1 << 14];
    struct tb_arena arena;
    struct tb_secret commit_secret;
    attempt_begin(&a, 43);
    assert_ok(mls_tree_path_merge(&a.received, 0, &a.path, NULL, 0, &a.g.f.arena));
    tb_arena_init_fixed(&arena, memory, sizeof memory);
    struct mls_treekem_private own = a.g.own[1];
    assert_ok(mls_treekem_decrypt(&a.received, 0, &a.path, context, NULL, 0, &arena, &own,
                                  &commit_secret));
    tb_bytes secret = tb_secret_view(&a.secrets.path_secret[0]);
    for (size_t at = 0; at + secret.len <= sizeof memory; at++) {
        assert_memory_not_equal((const uint8_t *)memory + at, secret.data, secret.len);
    }
    attempt_end(&a);
}

static void a_path_encrypted_under_another_group_context_does_not_open(void **state)
{
    (void)state;
    struct attempt a;
    attempt_begin(&a, 39);
    assert_ok(mls_tree_path_merge(&a.received, 0, &a.path, NULL, 0, &a.g.f.arena));
    assert_status(decrypt(&a, 1, TB_LITERAL("another context")), CRYPTO_DECRYPT);
    attempt_end(&a);
}

static void a_member_without_a_live_key_and_the_sender_itself_get_no_path_secret(void **state)
{
    (void)state;
    struct attempt a;
    attempt_begin(&a, 40);
    assert_ok(mls_tree_path_merge(&a.received, 0, &a.path, NULL, 0, &a.g.f.arena));
    assert_status(decrypt(&a, 0, context), MLS_PATH_SECRET);
    a.g.own[1].at[0].public_key[0] ^= 1; /* a key of another epoch */
    assert_status(decrypt(&a, 1, context), MLS_PATH_SECRET);
    attempt_end(&a);
}

static void a_welcome_secret_that_does_not_lead_to_the_keys_of_the_tree_is_refused(void **state)
{
    (void)state;
    struct attempt a;
    attempt_begin(&a, 41);
    assert_ok(mls_tree_path_merge(&a.received, 0, &a.path, NULL, 0, &a.g.f.arena));
    struct mls_treekem_private own = a.g.own[1];
    struct tb_secret other = a.secrets.path_secret[0];
    assert_ok(mls_treekem_join(&a.received, 0, tb_secret_view(&other), &own));
    other.data[5] ^= 1;
    assert_status(mls_treekem_join(&a.received, 0, tb_secret_view(&other), &own), MLS_PATH_KEY);
    other.len--;
    assert_status(mls_treekem_join(&a.received, 0, tb_secret_view(&other), &own),
                  MLS_PATH_SECRET);
    attempt_end(&a);
}

static bool no_randomness(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    (void)out;
    (void)len;
    return false;
}

static void a_path_without_randomness_changes_nothing_that_is_kept(void **state)
{
    (void)state;
    struct group g;
    struct leaf_parts parts;
    struct mls_tree tree;
    struct mls_treekem_path path;
    struct tb_rng dry = { NULL, no_randomness };
    group_begin(&g, 3, 42);
    leaf_parts_begin(&g.f, &g.clients[1], &parts);
    struct mls_treekem_private own = g.own[1];
    mls_tree_share(&g.tree, &tree);
    assert_status(mls_treekem_create(&tree, &parts.leaf, &g.clients[1].signer, group_id, &dry,
                                     &g.f.arena, &own, &path),
                  TB_RANDOM);
    assert_memory_equal(&own, &g.own[1], sizeof own);
    mls_tree_wipe(&tree);
    assert_ok(mls_tree_check(&g.tree));
    group_end(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_member_follows_the_path_of_every_other),
        cmocka_unit_test(an_unmerged_leaf_finds_itself_behind_its_populated_parent),
        cmocka_unit_test(a_member_added_with_a_path_learns_its_keys_from_the_common_ancestor_up),
        cmocka_unit_test(keys_whose_node_was_blanked_or_replaced_are_wiped),
        cmocka_unit_test(a_path_of_another_length_is_refused),
        cmocka_unit_test(a_path_node_without_one_ciphertext_for_each_recipient_is_refused),
        cmocka_unit_test(a_path_key_that_stands_in_the_tree_is_refused),
        cmocka_unit_test(a_path_key_of_wrong_length_is_refused),
        cmocka_unit_test(a_leaf_whose_parent_hash_is_not_that_of_the_path_is_refused),
        cmocka_unit_test(the_leaf_of_a_path_comes_from_a_commit),
        cmocka_unit_test(a_path_secret_that_is_not_that_of_the_public_keys_is_refused),
        cmocka_unit_test(a_path_secret_of_wrong_length_is_refused),
        cmocka_unit_test(a_path_secret_does_not_stay_in_the_memory_of_the_call),
        cmocka_unit_test(a_path_encrypted_under_another_group_context_does_not_open),
        cmocka_unit_test(a_member_without_a_live_key_and_the_sender_itself_get_no_path_secret),
        cmocka_unit_test(a_welcome_secret_that_does_not_lead_to_the_keys_of_the_tree_is_refused),
        cmocka_unit_test(a_path_without_randomness_changes_nothing_that_is_kept),
    };
    return cmocka_run_group_tests_name("mls/treekem", tests, NULL, NULL);
}
