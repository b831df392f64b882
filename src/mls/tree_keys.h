/*
 * The keys that stand in a tree: a counted set that shares its memory like the tree does.
 *
 * A key may be put in twice; the set then counts a duplicate until one of them leaves.  So the
 * steps of a commit can be applied in any order and judged at their end.
 */
#ifndef TB_MLS_TREE_KEYS_H
#define TB_MLS_TREE_KEYS_H

#include "crypto/crypto.h"

enum mls_tree_key_kind { MLS_TREE_ENCRYPTION_KEY = 0, MLS_TREE_SIGNATURE_KEY = 1 };
enum { MLS_TREE_KEY_KIND_COUNT = 2 };

struct mls_tree_keys_item;

struct mls_tree_keys {
    struct mls_tree_keys_item *root;
    /* By kind: how many insertions found their key present. */
    uint32_t duplicate_counts[MLS_TREE_KEY_KIND_COUNT];
};

/* Keys are told apart by SHA-256 of kind and key, so nobody can choose their place in the set. */
TB_MUST_USE tb_status mls_tree_keys_insert(struct mls_tree_keys *keys,
                                           const struct crypto_suite *suite, struct tb_mem *mem,
                                           enum mls_tree_key_kind kind, tb_bytes key);
/* The key is in the set, else the program is broken. */
TB_MUST_USE tb_status mls_tree_keys_remove(struct mls_tree_keys *keys,
                                           const struct crypto_suite *suite, struct tb_mem *mem,
                                           enum mls_tree_key_kind kind, tb_bytes key);
TB_MUST_USE tb_status mls_tree_keys_has(const struct mls_tree_keys *keys,
                                        const struct crypto_suite *suite,
                                        enum mls_tree_key_kind kind, tb_bytes key, bool *out);
void mls_tree_keys_share(const struct mls_tree_keys *from, struct mls_tree_keys *out);
void mls_tree_keys_wipe(struct mls_tree_keys *keys, struct tb_mem *mem);

#endif
