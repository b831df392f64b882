/*
 * PreSharedKey proposals of our own (RFC 9420, sections 8.4 and 12.1.4): an id with a fresh nonce.
 * To be proposed by mls_group_propose, or by value in a commit, or from outside.
 */
#ifndef TB_MLS_GROUP_PSK_H
#define TB_MLS_GROUP_PSK_H

#include "mls/group.h"

/* psk_id: the application's name of the key.  The proposal lives in the arena. */
TB_MUST_USE tb_status mls_group_psk_external(const struct mls_env *env, tb_bytes psk_id,
                                             struct tb_arena *arena, struct mls_proposal *out);
/* The resumption key of an epoch of group group_id, with usage application. */
TB_MUST_USE tb_status mls_group_psk_resumption(const struct mls_env *env, tb_bytes group_id,
                                               uint64_t epoch, struct tb_arena *arena,
                                               struct mls_proposal *out);
/* Do we hold the resumption key of this epoch of ours (the last 64 are kept)? */
bool mls_group_psk_has(const struct mls_group *group, uint64_t epoch);

#endif
