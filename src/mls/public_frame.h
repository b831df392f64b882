/*
 * What of framing needs no secret (RFC 9420, sections 6.1, 5.2 and 8.2): signatures of
 * FramedContent, proposal references, transcript hashes.  Contents were decoded, their marks stand.
 */
#ifndef TB_MLS_PUBLIC_FRAME_H
#define TB_MLS_PUBLIC_FRAME_H

#include "crypto/crypto.h"
#include "mls/status.h"
#include "mls/structs.h"

/*
 * FramedContentTBS.  group_context: encoded GroupContext of the content's epoch; it is signed for
 * the senders member and new_member_commit and ignored for the others.
 */
TB_MUST_USE tb_status mls_public_frame_sign(const struct crypto_suite *suite,
                                            const struct crypto_signing_key *signer,
                                            uint16_t wire_format,
                                            const struct mls_framed_content *content,
                                            tb_bytes group_context, struct tb_arena *arena,
                                            tb_bytes *signature);
TB_MUST_USE tb_status mls_public_frame_verify(const struct crypto_suite *suite,
                                              tb_bytes signature_key, uint16_t wire_format,
                                              const struct mls_authenticated *content,
                                              tb_bytes group_context, struct tb_arena *arena);

/* ProposalRef; hash_len octets. */
TB_MUST_USE tb_status mls_public_frame_proposal_ref(const struct crypto_suite *suite,
                                                    uint16_t wire_format,
                                                    const struct mls_authenticated *content,
                                                    uint8_t out[CRYPTO_HASH_MAX]);

/* Section 8.2; interim: of the epoch before (empty for none). */
TB_MUST_USE tb_status mls_public_frame_confirmed_hash(const struct crypto_suite *suite,
                                                      tb_bytes interim, uint16_t wire_format,
                                                      const struct mls_authenticated *content,
                                                      uint8_t out[CRYPTO_HASH_MAX]);
TB_MUST_USE tb_status mls_public_frame_interim_hash(const struct crypto_suite *suite,
                                                    tb_bytes confirmed, tb_bytes confirmation_tag,
                                                    uint8_t out[CRYPTO_HASH_MAX]);

#endif
