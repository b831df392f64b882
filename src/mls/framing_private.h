/*
 * PrivateMessage: RFC 9420, section 6.3.  Keys come from outside (secret_tree.h); what is decrypted
 * lies in the caller's arena, which wipes it.
 */
#ifndef TB_MLS_FRAMING_PRIVATE_H
#define TB_MLS_FRAMING_PRIVATE_H

#include "mls/framing.h"
#include "mls/secret_tree.h"
#include "mls/structs_secret.h"

enum { MLS_PADDING_LEN_MAX = 1 << 20 }; /* octets of padding that a sender may ask for */

/* What one PrivateMessage is sealed with. */
struct mls_private_keys {
    const struct tb_secret *sender_data_secret;
    const struct mls_message_key *key;
    uint32_t leaf_index;
    uint32_t generation;
};

/*
 * MLSMessage(PrivateMessage).  content is the struct whose signature framed->auth holds; its sender
 * is a member.  A fresh reuse guard comes from rng.
 */
TB_MUST_USE tb_status mls_framing_private_seal(const struct crypto_suite *suite,
                                               struct tb_rng *rng,
                                               const struct mls_private_keys *keys,
                                               const struct mls_framed_content *content,
                                               const struct mls_framed *framed,
                                               size_t padding_size, struct tb_arena *arena,
                                               tb_bytes *message);

/* Who sent it, by which generation.  CRYPTO_DECRYPT for anything but the group's own. */
TB_MUST_USE tb_status mls_framing_private_sender(const struct crypto_suite *suite,
                                                 const struct tb_secret *sender_data_secret,
                                                 const struct mls_private_message_in *message,
                                                 struct tb_arena *arena,
                                                 struct mls_sender_data *out);

/*
 * Decrypt.  *out views octets in the arena that are laid out as in a PublicMessage, so its marks
 * serve signature, transcript and reference.  The signature is not verified here.  MLS_PADDING.
 */
TB_MUST_USE tb_status mls_framing_private_open(const struct crypto_suite *suite,
                                               const struct mls_message_key *key,
                                               const struct mls_sender_data *sender,
                                               const struct mls_private_message_in *message,
                                               struct tb_arena *arena,
                                               struct mls_authenticated *out, struct tb_why *why);

#endif
