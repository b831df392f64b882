/*
 * The secret tree and its ratchets: RFC 9420, section 9.
 *
 * Interior secrets are derived when a leaf first sends and forgotten with the same step; a message
 * key is forgotten when it is taken.  What remains is always the least that opens what may still
 * come: one secret for each untouched subtree, one ratchet head and some skipped keys for each leaf
 * that has sent.
 */
#ifndef TB_MLS_SECRET_TREE_H
#define TB_MLS_SECRET_TREE_H

#include "crypto/crypto.h"
#include "mls/status.h"

enum {
    MLS_GENERATION_SKIP_MAX = 1024,    /* generations a sender may run ahead */
    MLS_GENERATION_LATE_COUNT_MAX = 64 /* skipped keys kept for late messages, a ratchet */
};

enum mls_ratchet_kind { MLS_RATCHET_HANDSHAKE = 1, MLS_RATCHET_APPLICATION = 2 };

struct mls_message_key {
    uint8_t key[CRYPTO_KEY_MAX]; /* key_len octets */
    uint8_t nonce[CRYPTO_NONCE_LEN];
};

struct mls_secret_tree;

/* A tree of leaf_count leaves over the epoch's encryption_secret.  The suite and mem are borrowed
 * for the tree's life. */
TB_MUST_USE tb_status mls_secret_tree_new(const struct crypto_suite *suite, struct tb_mem *mem,
                                          uint32_t leaf_count,
                                          const struct tb_secret *encryption_secret,
                                          struct mls_secret_tree **out);
void mls_secret_tree_free(struct mls_secret_tree *tree); /* NULL is accepted */

/* The key of the leaf's next generation, which is used up even if nothing is sent with it. */
TB_MUST_USE tb_status mls_secret_tree_next(struct mls_secret_tree *tree, uint32_t leaf_index,
                                           enum mls_ratchet_kind kind, uint32_t *generation,
                                           struct mls_message_key *key);

/*
 * The key of a received generation, in two steps so that a forged message costs nothing: _find
 * derives it, _take moves the ratchet on after the message proved genuine.  Nothing else may be
 * done with the tree in between.  _take cannot fail.
 */
struct mls_secret_tree_find {
    uint32_t leaf_index;
    enum mls_ratchet_kind kind;
    uint32_t generation;
    struct mls_message_key key;
};
void mls_secret_tree_find_wipe(struct mls_secret_tree_find *find);
/* MLS_SENDER, MLS_GENERATION_USED, MLS_GENERATION_SKIP, MLS_GENERATION_END, TB_NO_SPACE. */
TB_MUST_USE tb_status mls_secret_tree_find(struct mls_secret_tree *tree, uint32_t leaf_index,
                                           enum mls_ratchet_kind kind, uint32_t generation,
                                           struct mls_secret_tree_find *out);
void mls_secret_tree_take(struct mls_secret_tree *tree, struct mls_secret_tree_find *find);

/*
 * The secret of a leaf that has not sent, which is forgotten with all that it could be derived
 * from.  For trees whose leaves are no senders (the exporter tree).  MLS_EXPORT_CONSUMED,
 * TB_NO_SPACE.
 */
TB_MUST_USE tb_status mls_secret_tree_leaf_take(struct mls_secret_tree *tree, uint32_t leaf_index,
                                                struct tb_secret *out);
/* Nobody has sent. */
bool mls_secret_tree_is_silent(const struct mls_secret_tree *tree);
uint32_t mls_secret_tree_leaf_count(const struct mls_secret_tree *tree);

/* The whole state, SECRET, and back.  Decoding refuses (MLS_BLOB) what encoding cannot give. */
TB_MUST_USE tb_status mls_secret_tree_encode(const struct mls_secret_tree *tree,
                                             struct tb_arena *arena, tb_bytes *out);
TB_MUST_USE tb_status mls_secret_tree_decode(const struct crypto_suite *suite, struct tb_mem *mem,
                                             tb_bytes blob, struct tb_arena *arena,
                                             struct mls_secret_tree **out);

/* Section 6.3.2: key and nonce that encrypt the sender data beside this ciphertext. */
TB_MUST_USE tb_status mls_secret_tree_sender_data(const struct crypto_suite *suite,
                                                  const struct tb_secret *sender_data_secret,
                                                  tb_bytes ciphertext,
                                                  struct mls_message_key *out);

#endif
