/* The transcript hashes: RFC 9420, section 8.2.  All octets are public. */
#ifndef TB_MLS_TRANSCRIPT_H
#define TB_MLS_TRANSCRIPT_H

#include "crypto/crypto.h"
#include "mls/status.h"

/*
 * confirmed_transcript_hash of epoch n.
 *   interim_before   of epoch n-1; empty in the first epoch
 *   content          FramedContent of the commit, encoded
 *   signature        of the commit, without its length prefix
 *   out              hash_len octets
 */
TB_MUST_USE tb_status mls_transcript_confirmed(const struct crypto_suite *suite,
                                               tb_bytes interim_before, uint16_t wire_format,
                                               tb_bytes content, tb_bytes signature,
                                               uint8_t out[CRYPTO_HASH_MAX]);

/* interim_transcript_hash of epoch n; confirmed is empty in the first epoch. */
TB_MUST_USE tb_status mls_transcript_interim(const struct crypto_suite *suite, tb_bytes confirmed,
                                             tb_bytes confirmation_tag,
                                             uint8_t out[CRYPTO_HASH_MAX]);

#endif
