/*
 * Proof that a hub told two histories of one room (amendments 18).  Two signed heads X (room_seq x)
 * and Y (room_seq y >= x) of one group, and the links x+1 to y that end in Y: when the chain before
 * those links (or Y's own, if y = x) is not X's, the hub signed both.  It shows the senders and
 * times of those links and nothing else, and verifies with the hub's record alone.
 *
 * A hub that was restored skips numbers (chat_frank_restored_verify), so links x+1 to y of two of
 * its histories are never both there and no proof can be made of them.
 */
#ifndef TB_CHAT_EQUIVOCATION_H
#define TB_CHAT_EQUIVOCATION_H

#include "chat/frank.h"
#include "chat/run.h"

enum { CHAT_EQUIVOCATION_LINK_COUNT_MAX = 4096 };

/* A signed head from a link whose signature was kept. */
TB_MUST_USE tb_status chat_equivocation_head(const struct crypto_suite *suite,
                                             const struct chat_run_link *link,
                                             struct chat_signed_head *out);

/*
 * The proof, encoded in the arena, after verifying it.  suite_id of the group; hub_record is the
 * encoded HubRecord that lists the agent key.  The statuses of chat_equivocation_verify.
 */
TB_MUST_USE tb_status chat_equivocation_make(const struct crypto_provider *provider,
                                             const struct chat_equivocation *proof,
                                             tb_bytes root_hash, struct tb_arena *arena,
                                             tb_bytes *encoded);

/*
 * root_hash: H(root key) of the accused hub, 32 octets.  CHAT_EQUIVOCATION_FORM (heads of two
 * groups, links not contiguous, links that do not end in Y), _NONE (the histories agree),
 * _SIGNATURE; CHAT_HUB_RECORD_* for the record; CHAT_FRANK_AGENT when the record lists no agent key
 * of that time; CRYPTO_UNSUPPORTED.
 */
TB_MUST_USE tb_status chat_equivocation_verify(const struct crypto_provider *provider,
                                               const struct chat_equivocation *proof,
                                               tb_bytes root_hash, struct tb_arena *arena);

#endif
