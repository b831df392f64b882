/*
 * timbre/mls.h, third part: groups seen from outside.
 *
 * An outsider has a GroupInfo and can join by an external commit or propose from outside.  A
 * follower is a delivery service's end: it holds no secret and checks all that can be checked
 * without one (RFC 9420, section 16.12: not membership tags, confirmation tags, path secrets).
 */
#ifndef TIMBRE_MLS_OUTSIDE_H
#define TIMBRE_MLS_OUTSIDE_H

#include "timbre/mls_session.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------ outsider */

struct mls_outsider;

/*
 * group_info: GroupInfo, or an MLSMessage that holds one; ratchet_tree: encoded, unless it is in
 * it.  Everything is checked as for a Welcome, check_credential included; that the group is still
 * at this epoch is not known.  now_s 0: lifetimes are not checked.
 */
MLS_API MLS_MUST_USE int mls_outsider_new(const struct mls_ctx *ctx,
                                          struct mls_octets group_info,
                                          struct mls_octets ratchet_tree, uint64_t now_s,
                                          struct mls_outsider **out, struct mls_where *where);
MLS_API void mls_outsider_free(struct mls_outsider *outsider);
/* Views of the group, valid until the outsider is freed. */
MLS_API struct mls_octets mls_outsider_group_id(const struct mls_outsider *outsider);
MLS_API uint64_t mls_outsider_epoch(const struct mls_outsider *outsider);
MLS_API uint16_t mls_outsider_cipher_suite(const struct mls_outsider *outsider);
MLS_API uint32_t mls_outsider_leaf_count(const struct mls_outsider *outsider);
MLS_API MLS_MUST_USE int mls_outsider_leaf(const struct mls_outsider *outsider,
                                           uint32_t leaf_index, struct mls_arena *arena,
                                           struct mls_leaf_info *out);

struct mls_external_join_options {
    size_t size;
    const struct mls_leaf_options *leaf;
    bool is_resync;      /* our old leaf, prior_leaf, leaves in the same commit */
    uint32_t prior_leaf;
    const struct mls_psk *psks; /* each is proposed, with its key */
    size_t psk_count;
    struct mls_octets aad;
    uint64_t now_s;
    /* SelfRemoves that wait (draft-ietf-mls-extensions): PublicMessages of this epoch, which the
     * delivery service gives beside the GroupInfo; they are carried out by reference. */
    const struct mls_octets *self_removes;
    size_t self_remove_count;
    const struct mls_octets *group_ids; /* as in struct mls_join_options; not for a resync */
    size_t group_id_count;
};
/*
 * Join by an external commit (section 12.4.3.2).  *session is in the NEW epoch at once: save it,
 * send out->commit, and free it if the delivery service refuses.  May be called again.  Outsider
 * and session share their memory: they belong to one thread until one of them is freed.
 */
MLS_API MLS_MUST_USE int mls_outsider_join(const struct mls_outsider *outsider,
                                           const struct mls_signer *signer,
                                           const struct mls_external_join_options *options,
                                           struct mls_arena *arena, struct mls_session **session,
                                           struct mls_commit_result *out);
/* Section 12.1.8: propose to be added.  key_package: ours, encoded KeyPackage, of that signer. */
MLS_API MLS_MUST_USE int mls_outsider_propose_self(const struct mls_outsider *outsider,
                                                   const struct mls_signer *signer,
                                                   struct mls_octets key_package,
                                                   struct mls_octets aad,
                                                   struct mls_arena *arena,
                                                   struct mls_octets *message);
/* Propose as external sender sender_index of the external_senders extension. */
MLS_API MLS_MUST_USE int mls_outsider_propose(const struct mls_outsider *outsider,
                                              const struct mls_signer *signer,
                                              uint32_t sender_index,
                                              const struct mls_proposal_spec *proposal,
                                              struct mls_octets aad, struct mls_arena *arena,
                                              struct mls_octets *message);

/* ------------------------------------------------------------------ follower */

struct mls_follower;

/* From a GroupInfo of any epoch; arguments as for an outsider. */
MLS_API MLS_MUST_USE int mls_follower_new(const struct mls_ctx *ctx,
                                          struct mls_octets group_info,
                                          struct mls_octets ratchet_tree, uint64_t now_s,
                                          struct mls_follower **out, struct mls_where *where);
MLS_API void mls_follower_free(struct mls_follower *follower);
/* The whole state, pending proposals included; not secret, but whoever can write it can lie about
 * the group.  load: MLS_BLOB. */
MLS_API MLS_MUST_USE int mls_follower_state(const struct mls_follower *follower,
                                            struct mls_arena *arena, struct mls_octets *out);
MLS_API MLS_MUST_USE int mls_follower_load(const struct mls_ctx *ctx, struct mls_octets state,
                                           struct mls_follower **out);

/* Views, valid until the next merge or free. */
MLS_API struct mls_octets mls_follower_group_id(const struct mls_follower *follower);
MLS_API uint64_t mls_follower_epoch(const struct mls_follower *follower);
MLS_API struct mls_octets mls_follower_group_context(const struct mls_follower *follower);
MLS_API bool mls_follower_extension(const struct mls_follower *follower, uint16_t extension_type,
                                    struct mls_octets *out);
MLS_API bool mls_follower_component(const struct mls_follower *follower, uint16_t component_id,
                                    struct mls_octets *out);
MLS_API uint32_t mls_follower_leaf_count(const struct mls_follower *follower);
MLS_API MLS_MUST_USE int mls_follower_leaf(const struct mls_follower *follower,
                                           uint32_t leaf_index, struct mls_arena *arena,
                                           struct mls_leaf_info *out);
/* For those who join: encoded ratchet_tree. */
MLS_API MLS_MUST_USE int mls_follower_ratchet_tree(const struct mls_follower *follower,
                                                   struct mls_arena *arena,
                                                   struct mls_octets *out);

/* Verify a proposal (PublicMessage) and keep it as pending. */
MLS_API MLS_MUST_USE int mls_follower_propose(struct mls_follower *follower,
                                              struct mls_octets message, uint64_t now_s,
                                              struct mls_arena *arena,
                                              struct mls_proposal_info *out,
                                              struct mls_where *where);
MLS_API size_t mls_follower_proposal_count(const struct mls_follower *follower);
MLS_API MLS_MUST_USE int mls_follower_proposal(const struct mls_follower *follower, size_t index,
                                               struct mls_arena *arena,
                                               struct mls_proposal_info *out);
MLS_API void mls_follower_proposal_drop(struct mls_follower *follower, struct mls_octets ref);
/* Make a proposal as external sender sender_index: PublicMessage and its ProposalRef.  It is not
 * kept: hand it to mls_follower_propose when it is sent. */
MLS_API MLS_MUST_USE int mls_follower_external(const struct mls_follower *follower,
                                               const struct mls_signer *signer,
                                               uint32_t sender_index,
                                               const struct mls_proposal_spec *proposal,
                                               struct mls_octets aad, struct mls_arena *arena,
                                               struct mls_octets *message,
                                               struct mls_octets *ref);

/*
 * Verify a commit (PublicMessage) as far as public data go and stage it.  group_info: the
 * committer's GroupInfo of the new epoch, checked against the commit; empty: none.  Proposals by
 * reference must be pending.  One commit at a time is staged.
 */
MLS_API MLS_MUST_USE int mls_follower_stage(struct mls_follower *follower,
                                            struct mls_octets message,
                                            struct mls_octets group_info, uint64_t now_s,
                                            struct mls_staged_info *out,
                                            struct mls_where *where);
/* As for a session.  MLS_NO_PENDING, MLS_NOT_FOUND. */
MLS_API MLS_MUST_USE int mls_follower_staged_proposal(const struct mls_follower *follower,
                                                      size_t index, struct mls_arena *arena,
                                                      struct mls_proposal_info *out);
MLS_API MLS_MUST_USE int mls_follower_staged_leaf(const struct mls_follower *follower,
                                                  enum mls_staged_leaves which, size_t index,
                                                  struct mls_arena *arena,
                                                  struct mls_leaf_info *out);
MLS_API MLS_MUST_USE int mls_follower_merge(struct mls_follower *follower);
MLS_API void mls_follower_clear(struct mls_follower *follower);

/* ------------------------------------------------------------------ any message */

/* What an MLSMessage shows to everybody. */
struct mls_message_info {
    size_t size;
    uint16_t wire_format;         /* enum mls_wire_format */
    uint16_t cipher_suite;        /* Welcome, GroupInfo, KeyPackage; else 0 */
    uint8_t content_type;         /* PublicMessage, PrivateMessage; else 0 */
    uint8_t sender_type;          /* PublicMessage; else 0 */
    uint64_t epoch;               /* PublicMessage, PrivateMessage, GroupInfo */
    struct mls_octets group_id;   /* likewise */
    struct mls_octets authenticated_data;
};
/* Decode it; nothing is verified.  Views of the message. */
MLS_API MLS_MUST_USE int mls_message_peek(const struct mls_ctx *ctx, struct mls_octets message,
                                          struct mls_message_info *out, struct mls_where *where);

#ifdef __cplusplus
}
#endif

#endif
