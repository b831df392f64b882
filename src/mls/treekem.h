/*
 * TreeKEM: the secrets of update paths (RFC 9420, sections 7.4 to 7.6).
 */
#ifndef TB_MLS_TREEKEM_H
#define TB_MLS_TREEKEM_H

#include "mls/leaf.h"
#include "mls/tree_path.h"

/* A private key of the tree.  It counts only while its public half stands in its node. */
struct mls_treekem_key {
    struct tb_secret private_key; /* len 0: not known */
    uint8_t public_key[CRYPTO_PUBLIC_MAX];
    size_t public_len;
};

/* What one member knows: at[h] is the key of its ancestor h levels above its leaf. */
struct mls_treekem_private {
    uint32_t leaf_index;
    struct mls_treekem_key at[MLS_TREE_HEIGHT_MAX + 1];
};
void mls_treekem_private_wipe(struct mls_treekem_private *own);
/* Wipe keys whose node was blanked or got another key: after each change of the tree. */
void mls_treekem_private_prune(struct mls_treekem_private *own, const struct mls_tree *tree);

/* The secrets of an own path; path_secret[i] belongs to path.node[i]. */
struct mls_treekem_path {
    struct mls_tree_path path;
    struct tb_secret path_secret[MLS_TREE_HEIGHT_MAX];
    struct tb_secret commit_secret;
    tb_bytes leaf; /* the new LeafNode, encoded, in the caller's arena */
    tb_bytes key[MLS_TREE_HEIGHT_MAX]; /* new public keys of path.node[i], in the arena */
};
void mls_treekem_path_wipe(struct mls_treekem_path *path);

/*
 * Replace the own path with fresh keys and sign the own leaf anew.
 *
 *   tree       after the proposals; changed
 *   fields     the new leaf but for encryption_key, leaf_node_source, parent_hash and signature
 *   own        leaf_index is set; on success it holds the new private keys
 *   out        end it with mls_treekem_path_wipe
 */
TB_MUST_USE tb_status mls_treekem_create(struct mls_tree *tree, const struct mls_leaf_node *fields,
                                         const struct crypto_signing_key *signer,
                                         tb_bytes group_id, struct tb_rng *rng,
                                         struct tb_arena *arena, struct mls_treekem_private *own,
                                         struct mls_treekem_path *out);

/*
 * Encrypt the path secrets to the group.  group_context: the provisional one, encoded.  added:
 * ascending leaves that this commit adds; they get theirs in the Welcome.
 */
TB_MUST_USE tb_status mls_treekem_encrypt(const struct mls_tree *tree,
                                          const struct mls_treekem_path *path,
                                          tb_bytes group_context, const uint32_t *added,
                                          size_t added_count, struct tb_rng *rng,
                                          struct tb_arena *arena, struct mls_update_path *out);

/*
 * Decrypt a path that mls_tree_path_merge has taken into the tree: derive the keys from the common
 * ancestor up, compare them with the path's (MLS_PATH_KEY), and keep them in own.  MLS_PATH_SECRET
 * when no ciphertext is for a key we have.  own and commit_secret change only on success.
 */
TB_MUST_USE tb_status mls_treekem_decrypt(const struct mls_tree *tree, uint32_t sender_leaf,
                                          const struct mls_update_path *update_path,
                                          tb_bytes group_context, const uint32_t *added,
                                          size_t added_count, struct tb_arena *arena,
                                          struct mls_treekem_private *own,
                                          struct tb_secret *commit_secret);

/*
 * Section 12.4.3.1: path_secret of a Welcome, for the lowest common ancestor of the own leaf and
 * the committer's.  MLS_PATH_KEY when a derived key is not the node's.
 */
TB_MUST_USE tb_status mls_treekem_join(const struct mls_tree *tree, uint32_t committer_leaf,
                                       tb_bytes path_secret, struct mls_treekem_private *own);

#endif
