/*
 * A member's MLS group (RFC 9420) as a state machine: stage, verify, merge.
 *
 * Nothing the outside sends changes the group before every check has passed; a commit is staged
 * (its whole next epoch is built beside the current one) and takes effect only at merge.  The group
 * owns its memory from env->mem and wipes it.  It has no clock and no storage: time is an argument,
 * and mls_group_encode gives one blob that the caller stores BEFORE any octets that the group
 * produced leave the device (a reused generation or a lost commit secret is a break of secrecy).
 *
 * One thread at a time may use a group; several groups are independent.
 */
#ifndef TB_MLS_GROUP_H
#define TB_MLS_GROUP_H

#include "crypto/crypto.h"
#include "mls/env.h"
#include "mls/key_package.h"
#include "mls/psk.h"
#include "mls/secret_tree.h"
#include "mls/status.h"
#include "mls/structs.h"

struct mls_group;
struct mls_staged;

/* Named limits; every one has its unit in its name.  Those of the ratchets are in secret_tree.h. */
enum {
    MLS_PAST_EPOCH_COUNT_MAX = 3,         /* epochs whose application messages still open */
    MLS_PENDING_PROPOSAL_COUNT_MAX = 1024 /* proposals cached in one epoch */
};

/* ------------------------------------------------------------------ life */

struct mls_group_params {
    tb_bytes group_id;
    tb_bytes identity;                        /* basic credential of the creator's leaf */
    const struct crypto_signing_key *signer;
    const struct mls_extension *extensions;   /* GroupContext extensions, in the order given */
    size_t extension_count;
    uint64_t not_before_s, not_after_s;
    tb_bytes leaf_app_data;
    const struct mls_leaf_extra *extra; /* NULL: nothing */
};
TB_MUST_USE tb_status mls_group_create(const struct mls_env *env,
                                       const struct mls_group_params *params,
                                       struct mls_group **out);

struct mls_join_params {
    tb_bytes welcome;       /* a Welcome, or an MLSMessage that holds one */
    tb_bytes ratchet_tree;  /* Node ratchet_tree<V> encoded, when it travels beside; else empty */
    tb_bytes key_package;   /* ours, encoded as KeyPackage */
    const struct mls_key_package_secrets *secrets;
    const struct crypto_signing_key *signer;
    const struct mls_psk_entry *psks;
    size_t psk_count;
    uint64_t now_s;         /* 0: lifetimes are not checked */
    /* enum mls_resumption_psk_usage of the one resumption key that the Welcome must bring, for a
     * group that comes out of another (group_branch.h sets it); 0: none is asked for. */
    uint8_t resumption_usage;
    const tb_bytes *group_ids; /* of the groups that we are in: MLS_GROUP_ID_TAKEN */
    size_t group_id_count;
    struct tb_arena *info_arena; /* NULL, or where *info_app_data goes: */
    tb_bytes *info_app_data;     /* the app_data_dictionary of the GroupInfo; empty: none */
};
TB_MUST_USE tb_status mls_group_join(const struct mls_env *env,
                                     const struct mls_join_params *params, struct mls_group **out,
                                     struct tb_why *why);
void mls_group_free(struct mls_group *group);

/*
 * The whole state as one versioned blob (it holds SECRETS: encrypt at rest), and back.  Cached
 * proposals and the own pending commit are in it; a received commit that is staged is not: it comes
 * again from where it came.
 */
TB_MUST_USE tb_status mls_group_encode(const struct mls_group *group, struct tb_buf *out);
TB_MUST_USE tb_status mls_group_decode(const struct mls_env *env, tb_bytes blob,
                                       const struct crypto_signing_key *signer,
                                       struct mls_group **out);

/*
 * Most calls change no more than ratchets: mls_group_protect, and mls_group_receive when it gives
 * an application message.  After these the small blob of the ratchets may be stored beside the last
 * whole one instead of a new whole one.  Read back the whole blob first, then the ratchets:
 * MLS_RATCHETS_STALE says that the whole blob is of another epoch or at least as new, and leaves
 * the group as it is, which is then right.  (SECRET, like the whole.)
 */
TB_MUST_USE tb_status mls_group_ratchets_encode(const struct mls_group *group, struct tb_buf *out);
TB_MUST_USE tb_status mls_group_ratchets_decode(struct mls_group *group, tb_bytes blob);

/* ------------------------------------------------------------------ views (borrowed until the next
 * merge or free) */

tb_bytes mls_group_id(const struct mls_group *group);
uint64_t mls_group_epoch(const struct mls_group *group);
uint32_t mls_group_own_leaf(const struct mls_group *group);
tb_bytes mls_group_context(const struct mls_group *group); /* encoded GroupContext */
tb_bytes mls_group_epoch_authenticator(const struct mls_group *group);
bool mls_group_is_active(const struct mls_group *group); /* false once a merged commit removed us */
/* data of an extension in the GroupContext; {NULL, 0} when absent */
tb_bytes mls_group_extension(const struct mls_group *group, uint16_t extension_type);
/* data of a component in the GroupContext's app_data_dictionary; false when absent */
bool mls_group_component(const struct mls_group *group, uint16_t component_id, tb_bytes *data);

struct mls_leaf_view {
    uint32_t leaf_index;
    tb_bytes identity;      /* of a basic credential; else empty */
    tb_bytes signature_key;
    const struct mls_leaf_node *node; /* the whole; NULL for a leaf of a past epoch */
};
uint32_t mls_group_leaf_count(const struct mls_group *group); /* leaves, blanks included */
bool mls_group_leaf(const struct mls_group *group, uint32_t leaf_index, struct mls_leaf_view *out);

/* ------------------------------------------------------------------ sending */

/*
 * An application message.  aad: authenticated_data as it stands on the wire (Safe AAD octets).
 * The generation is used up in memory when this returns; store the group before sending.
 * Whether a commit is due first (mls_group_must_commit) is for the caller to respect.
 */
TB_MUST_USE tb_status mls_group_protect(struct mls_group *group, tb_bytes aad, tb_bytes plaintext,
                                        size_t padding_size, struct tb_arena *arena,
                                        tb_bytes *message);
/* The FramedContent signature of the newest own application message is kept as evidence: */
tb_bytes mls_group_last_signature(const struct mls_group *group);

/*
 * What our leaf says anew in an Update or a commit with a path; NULL: as before.  The leaf is
 * signed by the new key (section 7.2), the message that brings it by the old one.  The group keeps
 * the key, also in its blob, and signs with it once the epoch begins; whoever loads the group from
 * then on names the new key.  At most MLS_NEXT_SIGNER_COUNT_MAX keys wait in one epoch
 * (MLS_PENDING_FULL).
 */
struct mls_own_leaf {
    const struct crypto_signing_key *signer;
    const struct mls_credential *credential; /* section 5.3.1: a successor of the one before */
};

/*
 * A standalone proposal as MLSMessage(PublicMessage or PrivateMessage); it is cached as pending.
 * Of an Update only the type is looked at: the group makes the leaf with a fresh key.
 */
TB_MUST_USE tb_status mls_group_propose(struct mls_group *group,
                                        const struct mls_proposal *proposal, tb_bytes aad,
                                        bool as_public, struct tb_arena *arena, tb_bytes *message);
/* An Update whose leaf also changes otherwise. */
TB_MUST_USE tb_status mls_group_propose_update(struct mls_group *group,
                                               const struct mls_own_leaf *leaf, tb_bytes aad,
                                               bool as_public, struct tb_arena *arena,
                                               tb_bytes *message);

struct mls_commit_params {
    const struct mls_proposal *proposals; /* by value */
    size_t proposal_count;
    const tb_bytes *references; /* ProposalRefs of cached proposals, in the order of the commit; */
    size_t reference_count;     /* that they fit together is checked, not made so */
    bool include_pending;      /* by reference: every other cached proposal that fits */
    bool force_path;
    bool as_public;            /* PublicMessage; else PrivateMessage */
    bool tree_in_welcome;      /* ratchet_tree extension inside the GroupInfo of the Welcome */
    tb_bytes aad;
    const struct mls_psk_entry *psks;
    size_t psk_count;
    const struct mls_extension *group_info_extensions; /* into Welcome's and the hub's GroupInfo */
    size_t group_info_extension_count;
    uint64_t now_s;
    struct mls_own_leaf leaf; /* something in it: the commit has a path */
};
struct mls_commit_out {
    tb_bytes commit;       /* MLSMessage */
    tb_bytes welcome;      /* MLSMessage(Welcome), empty when nobody was added */
    tb_bytes group_info;   /* MLSMessage(GroupInfo) of the new epoch, with external_pub, no tree */
    tb_bytes ratchet_tree; /* Node ratchet_tree<V> of the new epoch */
};
/*
 * Stage an own commit: the group stays in its epoch and holds the next one as pending.  A second
 * call replaces the first.  mls_group_pending_merge makes it the current epoch, _clear drops it.
 * encode/decode keep the pending commit.
 */
TB_MUST_USE tb_status mls_group_commit(struct mls_group *group,
                                       const struct mls_commit_params *params,
                                       struct tb_arena *arena, struct mls_commit_out *out,
                                       struct tb_why *why);
bool mls_group_has_pending(const struct mls_group *group);
/* SHA-256 or the suite's hash is not used here: H(commit octets) is the caller's.  This says
 * whether a received MLSMessage is, octet for octet, our pending commit. */
bool mls_group_is_own_pending(const struct mls_group *group, tb_bytes message);
TB_MUST_USE tb_status mls_group_pending_merge(struct mls_group *group);
void mls_group_pending_clear(struct mls_group *group);

/* GroupInfo of the current epoch, signed by us; with_tree puts the ratchet_tree extension in. */
TB_MUST_USE tb_status mls_group_info(struct mls_group *group, bool with_tree,
                                     const struct mls_extension *extensions, size_t extension_count,
                                     struct tb_arena *arena, tb_bytes *group_info,
                                     tb_bytes *ratchet_tree);

/* ------------------------------------------------------------------ receiving */

enum mls_received_kind {
    MLS_RECEIVED_APPLICATION = 1,
    MLS_RECEIVED_PROPOSAL,  /* verified and cached as pending */
    MLS_RECEIVED_COMMIT,    /* staged; not merged */
    MLS_RECEIVED_OWN_COMMIT /* our pending commit came back; mls_group_pending_merge is due */
};

struct mls_received {
    enum mls_received_kind kind;
    uint64_t epoch;
    uint8_t sender_type;          /* enum mls_sender_type */
    uint32_t sender_leaf;         /* when sender_type is member */
    tb_bytes sender_identity;     /* basic identity of that leaf, in the arena */
    tb_bytes authenticated_data;  /* view into the arena */
    tb_bytes application_data;    /* APPLICATION: decrypted; in the arena */
    tb_bytes signature;           /* FramedContentAuthData.signature; evidence for reports */
    const struct mls_proposal *proposal; /* PROPOSAL */
    struct mls_staged *staged;    /* COMMIT: owned by the group until merge or drop */
};

/* One proposal of a staged commit and who made it. */
struct mls_staged_proposal {
    const struct mls_proposal *proposal;
    uint8_t sender_type;
    uint32_t sender_index; /* leaf, or index of the external sender */
    bool by_reference;
    tb_bytes authenticated_data; /* of the proposal's own message when by reference */
};
struct mls_staged_view {
    uint8_t committer_type;      /* member, or new_member_commit */
    uint32_t committer_leaf;
    const struct mls_staged_proposal *proposals;
    size_t proposal_count;
    const struct mls_leaf_view *added;   /* leaves of the new epoch */
    size_t added_count;
    const struct mls_leaf_view *removed; /* leaves of the old epoch */
    size_t removed_count;
    const struct mls_leaf_view *updated; /* leaves whose node changed, the committer's included */
    size_t updated_count;
    bool removes_us;
    uint64_t new_epoch;
    tb_bytes new_group_context;  /* encoded */
};

/*
 * Take one MLSMessage of this group.  A commit is verified whole (membership tag, signature,
 * proposals, path secrets, parent hashes, confirmation tag) and staged; the caller judges policy on
 * the view and then merges or drops it.  At most one commit is staged at a time.
 * external_senders of the GroupContext are honoured; which proposals they may make is the caller's
 * policy.  now_s == 0 leaves lifetimes unchecked.
 */
TB_MUST_USE tb_status mls_group_receive(struct mls_group *group, tb_bytes message, uint64_t now_s,
                                        const struct mls_psk_entry *psks, size_t psk_count,
                                        struct tb_arena *arena, struct mls_received *out,
                                        struct tb_why *why);
const struct mls_staged_view *mls_staged_view(const struct mls_staged *staged);
TB_MUST_USE tb_status mls_group_merge(struct mls_group *group, struct mls_staged *staged);
void mls_group_drop(struct mls_group *group, struct mls_staged *staged);

/* Pending proposals of this epoch, for policy before an own commit. */
size_t mls_group_pending_proposal_count(const struct mls_group *group);
bool mls_group_pending_proposal(const struct mls_group *group, size_t index,
                                struct mls_staged_proposal *out);
/* Its ProposalRef, for mls_commit_params; borrowed until the next merge.  The newest is last. */
bool mls_group_pending_proposal_ref(const struct mls_group *group, size_t index, tb_bytes *ref);
/* Drop a cached proposal that policy refuses. */
void mls_group_pending_proposal_drop(struct mls_group *group, size_t index);
/* RFC 9420, section 12.4: somebody else's proposal waits, so a commit comes before the next
 * application message. */
bool mls_group_must_commit(const struct mls_group *group);

/* ------------------------------------------------------------------ beside */

/* RFC 9420, section 8.5. */
TB_MUST_USE tb_status mls_group_export(const struct mls_group *group, const char *label,
                                       tb_bytes context, size_t len, struct tb_secret *out);
/*
 * draft-ietf-mls-extensions, section 4.3: SafeExportSecret of a component, hash_len octets.  An
 * epoch gives it once; it and all it was derived from are forgotten then, so store the group
 * (whole, or its ratchets) before the secret is used.  MLS_EXPORT_CONSUMED.
 */
TB_MUST_USE tb_status mls_group_safe_export(struct mls_group *group, uint16_t component_id,
                                            struct tb_secret *out);
/* SignWithLabel by the own leaf key, for acks, reports and evidence of the application. */
TB_MUST_USE tb_status mls_group_sign(const struct mls_group *group, const char *label,
                                     const tb_bytes *parts, size_t count, struct tb_arena *arena,
                                     tb_bytes *signature);

#endif
