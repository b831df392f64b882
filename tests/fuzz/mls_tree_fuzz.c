/*
 * A ratchet tree from anybody.  What is read encodes to the same octets; changes of a shared copy
 * keep its cached hashes equal to those of a tree that is read anew, and leave the first alone.
 * The input: one octet that chooses changes, then the tree.
 *
 * covers: mls_tree_decode mls_tree_encode mls_tree_check mls_tree_hash mls_tree_update
 *         mls_tree_remove mls_tree_resolution mls_tree_path_set
 */
#include "mls/tree_path.h"
#include "tests/fuzz/fuzz.h"

enum { LEAVES_LOOKED_AT_MAX = 64 };

static tb_bytes octets_of(const struct mls_tree *tree, struct tb_arena *arena)
{
    tb_bytes octets;
    FUZZ_OK(mls_tree_encode(tree, arena, &octets));
    return octets;
}

/* Keys for a path of leaf `leaf`; they need not be good ones. */
static void set_path(struct mls_tree *tree, uint32_t leaf)
{
    static const uint8_t octets[32] = { 1 };
    tb_bytes keys[MLS_TREE_HEIGHT_MAX];
    uint8_t hash[CRYPTO_HASH_MAX];
    struct mls_tree_path path;
    size_t len;
    mls_tree_path_filtered(tree, leaf, &path);
    for (uint32_t i = 0; i < path.count; i++) keys[i] = TB_ARRAY(octets);
    FUZZ_OK(mls_tree_path_set(tree, leaf, &path, keys, hash, &len));
    FUZZ_REQUIRE(len == (path.count == 0 ? 0 : tree->suite->hash_len));
}

static void change(struct mls_tree *tree, uint8_t choice, struct tb_arena *arena)
{
    const struct mls_leaf_node *leaf;
    struct mls_tree_nodes nodes;
    uint32_t index = 0;
    uint32_t limit = mls_tree_leaf_count(tree);
    if (limit > LEAVES_LOOKED_AT_MAX) limit = LEAVES_LOOKED_AT_MAX;
    while (index < limit && mls_tree_leaf(tree, index) == NULL) index++;
    leaf = index == limit ? NULL : mls_tree_leaf(tree, index);
    if (leaf == NULL) return;
    tb_bytes octets;
    FUZZ_OK(tb_arena_dup(arena, mls_span(leaf->mark_start, leaf->mark_end), &octets));
    if (choice & 1) FUZZ_OK(mls_tree_update(tree, index, octets));
    if (choice & 2) FUZZ_OK(mls_tree_remove(tree, index));
    if (choice & 4) FUZZ_OK(mls_tree_add(tree, octets, &index));
    if ((choice & 8) && mls_tree_leaf(tree, index) != NULL) set_path(tree, index);
    FUZZ_OK(mls_tree_resolution(tree, mls_tree_root(mls_tree_leaf_count(tree)), NULL, 0, arena,
                                &nodes));
}

FUZZ_TARGET(input, arena)
{
    struct crypto_suite suite;
    struct mls_tree tree, changed, fresh;
    uint8_t before[CRYPTO_HASH_MAX], after[CRYPTO_HASH_MAX], again[CRYPTO_HASH_MAX];
    FUZZ_OK(crypto_suite_init(&suite, 1, crypto_backend_native()));
    if (input.len == 0) return;
    tb_bytes octets = { input.data + 1, input.len - 1 };
    if (!tb_is_ok(mls_tree_decode(&suite, arena->mem, octets, &tree, NULL))) return;
    FUZZ_REQUIRE(tb_bytes_equal(octets_of(&tree, arena), octets));
    FUZZ_OK(mls_tree_hash(&tree, before));
    (void)mls_tree_check(&tree);

    mls_tree_share(&tree, &changed);
    change(&changed, input.data[0], arena);
    FUZZ_OK(mls_tree_hash(&changed, after));
    tb_bytes encoded = octets_of(&changed, arena);
    if (mls_tree_member_count(&changed) != 0 &&
        tb_is_ok(mls_tree_decode(&suite, arena->mem, encoded, &fresh, NULL))) {
        FUZZ_OK(mls_tree_hash(&fresh, again));
        FUZZ_REQUIRE(memcmp(after, again, suite.hash_len) == 0);
        mls_tree_wipe(&fresh);
    }
    mls_tree_wipe(&changed);
    FUZZ_REQUIRE(tb_bytes_equal(octets_of(&tree, arena), octets));
    FUZZ_OK(mls_tree_hash(&tree, again));
    FUZZ_REQUIRE(memcmp(before, again, suite.hash_len) == 0);
    mls_tree_wipe(&tree);
}
