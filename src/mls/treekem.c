#include "mls/treekem.h"

#include <assert.h>
#include <string.h>

void mls_treekem_private_wipe(struct mls_treekem_private *own)
{
    tb_wipe(own, sizeof *own);
}

void mls_treekem_path_wipe(struct mls_treekem_path *path)
{
    tb_wipe(path, sizeof *path);
}

static tb_bytes public_of(const struct mls_treekem_key *key)
{
    return (tb_bytes){ key->public_key, key->public_len };
}

/* The key of the own ancestor at this height, if it is the one that stands in the tree. */
static const struct mls_treekem_key *live_key(const struct mls_treekem_private *own,
                                              const struct mls_tree *tree, uint32_t height)
{
    const struct mls_treekem_key *key = &own->at[height];
    if (key->private_key.len == 0 || height > tree->height) return NULL;
    tb_bytes stands = mls_tree_key(tree, mls_tree_ancestor(own->leaf_index, height));
    return tb_bytes_equal(stands, public_of(key)) ? key : NULL;
}

void mls_treekem_private_prune(struct mls_treekem_private *own, const struct mls_tree *tree)
{
    for (uint32_t height = 0; height <= MLS_TREE_HEIGHT_MAX; height++) {
        if (live_key(own, tree, height) == NULL) tb_wipe(&own->at[height], sizeof own->at[height]);
    }
}

/* Section 7.4: node_secret and key pair of a path secret. */
static tb_status derive_key(const struct crypto_suite *suite, const struct tb_secret *path_secret,
                            struct mls_treekem_key *out)
{
    struct tb_secret node_secret = { .len = 0 };
    struct mls_treekem_key key = { .public_len = suite->dh_public_len };
    tb_status status = TB_STATUS(TB_OK);
    CHECK(crypto_derive_secret(suite, tb_secret_view(path_secret), "node", &node_secret));
    CHECK(crypto_hpke_derive(suite, tb_secret_view(&node_secret), &key.private_key,
                             key.public_key));
    *out = key;

out:
    tb_secret_wipe(&node_secret);
    tb_wipe(&key, sizeof key);
    return status;
}

static tb_status next_secret(const struct crypto_suite *suite, const struct tb_secret *path_secret,
                             struct tb_secret *out)
{
    return crypto_derive_secret(suite, tb_secret_view(path_secret), "path", out);
}

/* ---------------------------------------------------------------- making a path */

/* Path secrets, their keys into `fresh` by height, and the public keys for the tree. */
static tb_status derive_path(const struct crypto_suite *suite, struct tb_rng *rng,
                             struct tb_arena *arena, struct mls_treekem_private *fresh,
                             struct mls_treekem_path *path)
{
    uint8_t first[CRYPTO_HASH_MAX];
    tb_status status = tb_rng_fill(rng, first, suite->hash_len);
    struct tb_secret secret = { .len = 0 };
    if (tb_is_ok(status)) tb_secret_set(&secret, (tb_bytes){ first, suite->hash_len });
    tb_wipe(first, sizeof first);
    for (uint32_t i = 0; tb_is_ok(status) && i < path->path.count; i++) {
        struct mls_treekem_key *key = &fresh->at[mls_tree_level(path->path.node[i])];
        path->path_secret[i] = secret;
        CHECK(derive_key(suite, &secret, key));
        CHECK(tb_arena_dup(arena, public_of(key), &path->key[i]));
        CHECK(next_secret(suite, &path->path_secret[i], &secret));
    }
    path->commit_secret = secret;

out:
    tb_secret_wipe(&secret);
    return status;
}

static tb_status fresh_leaf_key(const struct crypto_suite *suite, struct tb_rng *rng,
                                struct mls_treekem_key *out)
{
    out->public_len = suite->dh_public_len;
    return crypto_hpke_generate(suite, rng, &out->private_key, out->public_key);
}

/* The leaf with its new key and parent hash, signed, into the tree. */
static tb_status sign_leaf(struct mls_tree *tree, const struct mls_leaf_node *fields,
                           const struct crypto_signing_key *signer,
                           const struct mls_leaf_place *place, tb_bytes encryption_key,
                           tb_bytes parent_hash, struct tb_arena *arena, tb_bytes *leaf)
{
    struct wire_opaque hash = { parent_hash };
    struct mls_leaf_node node = *fields;
    node.encryption_key = encryption_key;
    node.leaf_node_source = MLS_LEAF_COMMIT;
    node.of.parent_hash = &hash;
    TRY(mls_leaf_sign(tree->suite, signer, &node, place, arena, leaf));
    return mls_tree_set_leaf(tree, place->leaf_index, *leaf);
}

tb_status mls_treekem_create(struct mls_tree *tree, const struct mls_leaf_node *fields,
                             const struct crypto_signing_key *signer, tb_bytes group_id,
                             struct tb_rng *rng, struct tb_arena *arena,
                             struct mls_treekem_private *own, struct mls_treekem_path *out)
{
    struct mls_treekem_private fresh = { .leaf_index = own->leaf_index };
    struct mls_treekem_path path = { .leaf = { NULL, 0 } };
    struct mls_leaf_place place = { group_id, own->leaf_index };
    uint8_t parent_hash[CRYPTO_HASH_MAX];
    size_t parent_hash_len;
    tb_status status = mls_tree_reserve(tree, own->leaf_index);
    if (!tb_is_ok(status)) return status;

    mls_tree_path_filtered(tree, own->leaf_index, &path.path);
    CHECK(fresh_leaf_key(tree->suite, rng, &fresh.at[0]));
    CHECK(derive_path(tree->suite, rng, arena, &fresh, &path));
    CHECK(mls_tree_path_set(tree, own->leaf_index, &path.path, path.key, parent_hash,
                            &parent_hash_len));
    CHECK(sign_leaf(tree, fields, signer, &place, public_of(&fresh.at[0]),
                    (tb_bytes){ parent_hash, parent_hash_len }, arena, &path.leaf));
    /* All of the direct path is new: no key from before stands in the tree any more. */
    *own = fresh;
    *out = path;

out:
    mls_treekem_private_wipe(&fresh);
    mls_treekem_path_wipe(&path);
    return status;
}

static tb_status encrypt_node(const struct mls_tree *tree, const struct tb_secret *path_secret,
                              uint32_t copath, tb_bytes group_context, const uint32_t *added,
                              size_t added_count, struct tb_rng *rng, struct tb_arena *arena,
                              struct mls_update_path_node *out)
{
    struct mls_tree_nodes recipients;
    TRY(mls_tree_resolution(tree, copath, added, added_count, arena, &recipients));
    out->encrypted_path_secret.count = recipients.count;
    out->encrypted_path_secret.at =
        tb_arena_take(arena, recipients.count, sizeof *out->encrypted_path_secret.at);
    if (out->encrypted_path_secret.at == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < recipients.count; i++) {
        struct mls_hpke_ciphertext *sealed = &out->encrypted_path_secret.at[i];
        TRY(crypto_encrypt_label(tree->suite, mls_tree_key(tree, recipients.at[i]),
                                 "UpdatePathNode", group_context, tb_secret_view(path_secret), rng,
                                 arena, &sealed->kem_output, &sealed->ciphertext));
    }
    return TB_STATUS(TB_OK);
}

tb_status mls_treekem_encrypt(const struct mls_tree *tree, const struct mls_treekem_path *path,
                              tb_bytes group_context, const uint32_t *added, size_t added_count,
                              struct tb_rng *rng, struct tb_arena *arena,
                              struct mls_update_path *out)
{
    struct mls_update_path update_path;
    uint32_t count = path->path.count;
    TRY(wire_decode(&mls_leaf_node_desc, path->leaf, arena, &update_path.leaf_node, NULL));
    update_path.nodes.count = count;
    update_path.nodes.at = tb_arena_take(arena, count, sizeof *update_path.nodes.at);
    if (update_path.nodes.at == NULL) return TB_STATUS(TB_NO_SPACE);
    for (uint32_t i = 0; i < count; i++) {
        update_path.nodes.at[i].encryption_key = path->key[i];
        TRY(encrypt_node(tree, &path->path_secret[i], path->path.copath[i], group_context, added,
                         added_count, rng, arena, &update_path.nodes.at[i]));
    }
    *out = update_path;
    return TB_STATUS(TB_OK);
}

/* ---------------------------------------------------------------- following a path */

/*
 * The first recipient whose private key is ours.  An unmerged leaf stands behind its populated
 * parent in the resolution but never got the parent's key; so a place counts only by its key.
 */
static const struct mls_treekem_key *find_recipient(const struct mls_tree *tree,
                                                    const struct mls_treekem_private *own,
                                                    const struct mls_tree_nodes *recipients,
                                                    size_t *position)
{
    for (size_t i = 0; i < recipients->count; i++) {
        if (!mls_tree_is_under(own->leaf_index, recipients->at[i])) continue;
        const struct mls_treekem_key *key = live_key(own, tree, mls_tree_level(recipients->at[i]));
        if (key == NULL) continue;
        *position = i;
        return key;
    }
    return NULL;
}

static tb_status open_secret(const struct mls_tree *tree, const struct mls_treekem_private *own,
                             const struct mls_update_path_node *node, uint32_t copath,
                             tb_bytes group_context, const uint32_t *added, size_t added_count,
                             struct tb_arena *arena, struct tb_secret *out)
{
    struct mls_tree_nodes recipients;
    size_t position = 0;
    tb_bytes plain;
    TRY(mls_tree_resolution(tree, copath, added, added_count, arena, &recipients));
    const struct mls_treekem_key *key = find_recipient(tree, own, &recipients, &position);
    if (key == NULL) return TB_STATUS(MLS_PATH_SECRET);
    if (node->encrypted_path_secret.count != recipients.count) {
        return TB_STATUS(MLS_PATH_CIPHERTEXTS);
    }
    const struct mls_hpke_ciphertext *sealed = &node->encrypted_path_secret.at[position];
    TRY(crypto_decrypt_label(tree->suite, tb_secret_view(&key->private_key), public_of(key),
                             "UpdatePathNode", group_context, sealed->kem_output,
                             sealed->ciphertext, arena, &plain));
    bool is_whole = plain.len == tree->suite->hash_len;
    if (is_whole) tb_secret_set(out, plain);
    /* The arena may outlive the path secret by far (section 7.5: delete it). */
    tb_wipe((uint8_t *)(uintptr_t)plain.data, plain.len);
    return TB_STATUS(is_whole ? TB_OK : MLS_PATH_SECRET);
}

/* Derive the keys of path->node[from..] and hold them against the tree. */
static tb_status follow(const struct mls_tree *tree, const struct mls_tree_path *path,
                        uint32_t from, struct tb_secret *secret, struct mls_treekem_private *fresh)
{
    for (uint32_t i = from; i < path->count; i++) {
        struct mls_treekem_key *key = &fresh->at[mls_tree_level(path->node[i])];
        TRY(derive_key(tree->suite, secret, key));
        if (!tb_bytes_equal(public_of(key), mls_tree_key(tree, path->node[i]))) {
            return TB_STATUS(MLS_PATH_KEY);
        }
        struct tb_secret above = { .len = 0 };
        tb_status status = next_secret(tree->suite, secret, &above);
        if (tb_is_ok(status)) *secret = above;
        tb_secret_wipe(&above);
        TRY(status);
    }
    return TB_STATUS(TB_OK);
}

tb_status mls_treekem_decrypt(const struct mls_tree *tree, uint32_t sender_leaf,
                              const struct mls_update_path *update_path, tb_bytes group_context,
                              const uint32_t *added, size_t added_count, struct tb_arena *arena,
                              struct mls_treekem_private *own, struct tb_secret *commit_secret)
{
    struct mls_treekem_private fresh = *own;
    struct tb_secret secret = { .len = 0 };
    struct mls_tree_path path;
    tb_status status = TB_STATUS(TB_OK);
    uint32_t from = 0;

    mls_tree_path_filtered(tree, sender_leaf, &path);
    while (from < path.count && !mls_tree_is_under(own->leaf_index, path.copath[from])) from++;
    if (from == path.count || update_path->nodes.count != path.count) {
        status = TB_STATUS(MLS_PATH_SECRET);
        goto out;
    }
    CHECK(open_secret(tree, own, &update_path->nodes.at[from], path.copath[from], group_context,
                      added, added_count, arena, &secret));
    CHECK(follow(tree, &path, from, &secret, &fresh));
    mls_treekem_private_prune(&fresh, tree);
    *own = fresh;
    *commit_secret = secret;

out:
    mls_treekem_private_wipe(&fresh);
    tb_secret_wipe(&secret);
    return status;
}

tb_status mls_treekem_join(const struct mls_tree *tree, uint32_t committer_leaf,
                           tb_bytes path_secret, struct mls_treekem_private *own)
{
    struct mls_treekem_private fresh = *own;
    struct tb_secret secret = { .len = 0 };
    struct mls_tree_path path;
    tb_status status = TB_STATUS(TB_OK);
    uint32_t common = mls_tree_common(own->leaf_index, committer_leaf), from = 0;

    if (path_secret.len != tree->suite->hash_len) return TB_STATUS(MLS_PATH_SECRET);
    mls_tree_path_filtered(tree, committer_leaf, &path);
    while (from < path.count && path.node[from] != common) from++;
    if (from == path.count) return TB_STATUS(MLS_PATH_SECRET);
    tb_secret_set(&secret, path_secret);
    CHECK(follow(tree, &path, from, &secret, &fresh));
    *own = fresh;

out:
    mls_treekem_private_wipe(&fresh);
    tb_secret_wipe(&secret);
    return status;
}
