/*
 * A group seen from outside, by its GroupInfo and tree, and what somebody who is no member can do:
 * join by an external commit, propose to be added, propose as an external sender (RFC 9420,
 * sections 12.1.8 and 12.4.3.2).
 */
#ifndef TB_MLS_GROUP_EXTERNAL_H
#define TB_MLS_GROUP_EXTERNAL_H

#include "mls/group.h"

struct mls_group_external;

/*
 * group_info: GroupInfo, or an MLSMessage that holds one.  ratchet_tree: encoded, unless it is in
 * the GroupInfo.  Signature, tree hash, parent hashes and every leaf are checked as for a Welcome
 * (section 12.4.3.1); that the group is at this epoch is not known.  now_s 0: lifetimes are not
 * checked.  The caller ends *out with mls_group_external_free.
 */
TB_MUST_USE tb_status mls_group_external_open(const struct mls_env *env, tb_bytes group_info,
                                              tb_bytes ratchet_tree, uint64_t now_s,
                                              struct mls_group_external **out,
                                              struct tb_why *why);
void mls_group_external_free(struct mls_group_external *external);

/* The views of group.h on it; borrowed until it is freed.  Nothing else of group.h may be called
 * on this group: it has no secrets. */
const struct mls_group *mls_group_external_view(const struct mls_group_external *external);

/* ---- joining ---- */

struct mls_group_external_params {
    tb_bytes identity;                       /* basic credential of our new leaf */
    const struct crypto_signing_key *signer;
    tb_bytes leaf_app_data;
    const struct mls_leaf_extra *extra; /* NULL: nothing */
    /* Resync: our old leaf, which leaves in the same commit; NULL for none.  Its credential must
     * be the same (MLS_COMMIT_EXTERNAL_REMOVE). */
    const uint32_t *prior_leaf;
    const struct mls_psk_entry *psks; /* each gets a proposal; nonces are made */
    size_t psk_count;
    tb_bytes aad;
    uint64_t now_s;
    /* SelfRemoves that wait (draft-ietf-mls-extensions): PublicMessages of this epoch, which the
     * delivery service gives beside the GroupInfo.  They are verified but for their membership_tag
     * and carried out by reference; that of prior_leaf takes the place of its Remove. */
    const tb_bytes *self_removes;
    size_t self_remove_count;
    const tb_bytes *group_ids; /* of the groups that we are in: MLS_GROUP_ID_TAKEN; no resync */
    size_t group_id_count;
};
/*
 * Join by an external commit.  *group is in the NEW epoch at once: send out->commit, and free the
 * group if the delivery service does not take it.  out: welcome is empty.  May be called again, as
 * with another GroupInfo after a lost race.  MLS_GROUP_INFO_NO_EXTERNAL_PUB.
 */
TB_MUST_USE tb_status mls_group_external_join(const struct mls_group_external *external,
                                              const struct mls_group_external_params *params,
                                              struct tb_arena *arena, struct mls_group **group,
                                              struct mls_commit_out *out);

/* ---- proposing ---- */

/*
 * Propose to be added (sender new_member_proposal).  key_package: ours, encoded as KeyPackage; it
 * is checked as an Add would be.  MLS_GROUP_SIGNER when it is not signer's.  message:
 * MLSMessage(PublicMessage), in the arena.
 */
TB_MUST_USE tb_status mls_group_external_add(const struct mls_group_external *external,
                                             tb_bytes key_package,
                                             const struct crypto_signing_key *signer, tb_bytes aad,
                                             struct tb_arena *arena, tb_bytes *message);

/*
 * Propose as external sender sender_index of the group's external_senders extension.  MLS_SENDER
 * when that is not signer's key; MLS_PROPOSALS_INVALID_SENDER for a type that external senders may
 * not propose (Update, ExternalInit, SelfRemove).
 */
TB_MUST_USE tb_status mls_group_external_propose(const struct mls_group_external *external,
                                                 uint32_t sender_index,
                                                 const struct crypto_signing_key *signer,
                                                 const struct mls_proposal *proposal, tb_bytes aad,
                                                 struct tb_arena *arena, tb_bytes *message);

#endif
