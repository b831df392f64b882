/*
 * Framing that needs no message key: RFC 9420, sections 6.1 and 6.2.  Content is signed, verified
 * and put into PublicMessages as views of octets; nothing that was received is encoded again.
 * framing_private.h adds PrivateMessage.
 */
#ifndef TB_MLS_FRAMING_H
#define TB_MLS_FRAMING_H

#include "crypto/crypto.h"
#include "mls/status.h"
#include "mls/structs.h"

/*
 * AuthenticatedContent by its octets: FramedContent, then FramedContentAuthData.  Of a decoded
 * message these are views of the input; of an own message they lie in the arena of the builder.
 */
struct mls_framed {
    uint16_t wire_format;
    tb_bytes content; /* FramedContent */
    tb_bytes auth;    /* FramedContentAuthData: signature<V>, then confirmation_tag<V> of commits */
};

struct mls_framed mls_framing_of(uint16_t wire_format, const struct mls_authenticated *content);

/*
 * Sign content (SignWithLabel "FramedContentTBS").
 *   group_context   encoded GroupContext for senders member and new_member_commit, else empty
 *   encoded         the FramedContent's octets, in the arena
 *   signature       in the arena
 */
TB_MUST_USE tb_status mls_framing_sign(const struct crypto_suite *suite,
                                       const struct crypto_signing_key *key, uint16_t wire_format,
                                       const struct mls_framed_content *content,
                                       tb_bytes group_context, struct tb_arena *arena,
                                       tb_bytes *encoded, tb_bytes *signature);

/* FramedContentAuthData; confirmation_tag is empty for anything but a commit. */
TB_MUST_USE tb_status mls_framing_auth(tb_bytes signature, tb_bytes confirmation_tag,
                                       struct tb_arena *arena, tb_bytes *auth);

/* Verify the signature of decoded content.  group_context as above; MLS_CONTENT_SIGNATURE. */
TB_MUST_USE tb_status mls_framing_verify(const struct crypto_suite *suite, uint16_t wire_format,
                                         const struct mls_authenticated *content,
                                         tb_bytes group_context, tb_bytes signature_key,
                                         struct tb_arena *arena);

/* Section 6.2: MAC over AuthenticatedContentTBM; hash_len octets. */
TB_MUST_USE tb_status mls_framing_membership_tag(const struct crypto_suite *suite,
                                                 const struct tb_secret *membership_key,
                                                 const struct mls_framed *framed,
                                                 tb_bytes group_context,
                                                 uint8_t out[CRYPTO_HASH_MAX]);

/* MLSMessage(PublicMessage); membership_tag is empty for senders that are no members. */
TB_MUST_USE tb_status mls_framing_public(const struct mls_framed *framed, tb_bytes membership_tag,
                                         struct tb_arena *arena, tb_bytes *message);

/* Section 5.2: ProposalRef; hash_len octets. */
TB_MUST_USE tb_status mls_framing_proposal_ref(const struct crypto_suite *suite,
                                               const struct mls_framed *framed,
                                               struct tb_arena *arena,
                                               uint8_t out[CRYPTO_HASH_MAX]);

/* Decode an MLSMessage of version mls10.  MLS_VERSION, or a WIRE_ status. */
TB_MUST_USE tb_status mls_framing_message(tb_bytes octets, struct tb_arena *arena,
                                          struct mls_message *out, struct tb_why *why);

/* Put version and wire format before an encoded body. */
TB_MUST_USE tb_status mls_framing_wrap(uint16_t wire_format, tb_bytes body,
                                       struct tb_arena *arena, tb_bytes *message);

#endif
