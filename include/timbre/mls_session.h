/*
 * timbre/mls.h, second part: a session is one device's end of one MLS group.
 *
 * Nothing that comes from outside changes a session before every check has passed.  A commit, own
 * or received, is staged: its next epoch stands beside the current one until it is merged or
 * cleared.
 *
 * Storage.  The program stores the state BEFORE any octets that a call produced leave the device,
 * and before it shows what a call decrypted (a generation used twice or a lost commit secret breaks
 * secrecy).  After protect, and receive of an application message, the small increment is enough;
 * after all else the whole state is due.  mls_session_save does both through a struct mls_store.
 *
 * Late messages open for MLS_SESSION_PAST_EPOCHS epochs.  Within an epoch a sender may run ahead
 * and messages may come out of order, up to the windows below.
 */
#ifndef TIMBRE_MLS_SESSION_H
#define TIMBRE_MLS_SESSION_H

#include "timbre/mls_base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define MLS_SESSION_PAST_EPOCHS 3        /* epochs whose application messages still open */
#define MLS_SESSION_PROPOSALS_MAX 1024   /* proposals kept in one epoch */
#define MLS_SESSION_RESUMPTION_EPOCHS 64 /* epochs whose resumption keys are kept */

struct mls_session;

/* ------------------------------------------------------------------ proposals and keys */

/* A pre-shared key or its name (RFC 9420, section 8.4). */
struct mls_psk {
    uint8_t psktype;            /* MLS_PSK_EXTERNAL, _RESUMPTION or _APPLICATION */
    uint16_t component_id;      /* application */
    struct mls_octets psk_id;   /* external, application */
    struct mls_octets group_id; /* resumption */
    uint64_t epoch;             /* resumption */
    struct mls_octets key;      /* SECRET; not part of the name */
};

/*
 * A proposal (section 12.1, draft-ietf-mls-extensions) to be made, or as it was received.  Only the
 * fields of its type count:
 *   MLS_PROPOSAL_ADD                       key_package (KeyPackage, or an MLSMessage with one)
 *   MLS_PROPOSAL_UPDATE                    the session makes the leaf; new_signer and credential
 *                                          where they change; received: credential.  By
 *                                          mls_session_propose only: no commit has its own Update
 *   MLS_PROPOSAL_REMOVE                    leaf_index
 *   MLS_PROPOSAL_PSK                       psk but its key; the nonce is made
 *   MLS_PROPOSAL_REINIT                    group_id, cipher_suite, extensions
 *   MLS_PROPOSAL_EXTERNAL_INIT             received only
 *   MLS_PROPOSAL_GROUP_CONTEXT_EXTENSIONS  extensions: the whole new list
 *   MLS_PROPOSAL_APP_DATA_UPDATE           component_id, data; or is_removal
 *   MLS_PROPOSAL_APP_EPHEMERAL             component_id, data
 *   MLS_PROPOSAL_SELF_REMOVE               none
 */
struct mls_proposal_spec {
    size_t size;
    uint16_t proposal_type;
    bool is_removal;
    uint16_t cipher_suite;
    uint16_t component_id;
    uint32_t leaf_index;
    struct mls_octets key_package;
    struct mls_octets group_id;
    struct mls_octets data;
    struct mls_psk psk;
    const struct mls_ext *extensions;
    size_t extension_count;
    struct mls_identity credential; /* received: of the leaf of an Add or Update; made: of an
                                     * Update whose credential changes, else credential_type 0 */
    const struct mls_signer *new_signer; /* of an Update to be made: as in mls_commit_options */
};

/* Who proposed it, and how it stands in its commit. */
struct mls_proposal_info {
    size_t size;
    const struct mls_proposal_spec *proposal; /* in the arena */
    uint8_t sender_type;               /* enum mls_sender_type */
    uint32_t sender_index;             /* leaf, or index of the external sender */
    bool by_reference;
    struct mls_octets authenticated_data; /* of the proposal's own message, by reference */
    struct mls_octets ref;                /* ProposalRef; empty when by value */
};

/* A leaf of the group. */
struct mls_leaf_info {
    size_t size;
    uint32_t leaf_index;
    struct mls_identity credential;
    struct mls_octets signature_key;
    struct mls_octets encryption_key;
    struct mls_octets leaf_node; /* encoded LeafNode */
};

/* ------------------------------------------------------------------ create, join, end */

struct mls_create_options {
    size_t size;
    struct mls_octets group_id;       /* empty: 32 random octets */
    const struct mls_leaf_options *leaf;
    const struct mls_ext *extensions; /* of the GroupContext, in this order */
    size_t extension_count;
};
/* A group of one in epoch 0 (RFC 9420, section 11), of the signer's suite.  The
 * signer is copied. */
MLS_API MLS_MUST_USE int mls_session_create(const struct mls_ctx *ctx,
                                            const struct mls_signer *signer,
                                            const struct mls_create_options *options,
                                            struct mls_session **out);

struct mls_join_options {
    size_t size;
    struct mls_octets welcome;      /* Welcome, or an MLSMessage that holds one */
    struct mls_octets ratchet_tree; /* encoded, when it travels beside the Welcome */
    struct mls_octets key_package;  /* ours, as mls_key_package_make gave it */
    struct mls_octets private_part; /* SECRET */
    const struct mls_psk *psks;     /* what the Welcome may ask for */
    size_t psk_count;
    uint64_t now_s;                 /* 0: lifetimes are not checked */
    /* Sections 11.2 and 11.3: the session that the new group came out of, as the successor after
     * a ReInit or as a branch; NULL for an ordinary group. */
    const struct mls_session *successor_of;
    const struct mls_session *branch_of;
    const struct mls_octets *group_ids; /* of all groups that the program is in, so that no other */
    size_t group_id_count;              /* of their names is joined: MLS_GROUP_ID_TAKEN */
};
/*
 * Join by a Welcome (section 12.4.3.1): everything there is checked, then check_credential is asked
 * about every leaf.  MLS_WELCOME_NOT_FOR_US when the Welcome names another key package.
 */
MLS_API MLS_MUST_USE int mls_session_join(const struct mls_ctx *ctx,
                                          const struct mls_signer *signer,
                                          const struct mls_join_options *options,
                                          struct mls_session **out, struct mls_where *where);
MLS_API void mls_session_free(struct mls_session *session);

/* ------------------------------------------------------------------ storage */

/*
 * The whole state, and back.  SECRET.  A received commit that is staged is not in it: it comes
 * again from where it came.  MLS_BLOB for a damaged one or one of an unknown version;
 * MLS_GROUP_SIGNER when signer is not the leaf's.
 */
MLS_API MLS_MUST_USE int mls_session_state(const struct mls_session *session,
                                           struct mls_arena *arena, struct mls_octets *out);
MLS_API MLS_MUST_USE int mls_session_load(const struct mls_ctx *ctx,
                                          const struct mls_signer *signer,
                                          struct mls_octets state, struct mls_session **out);
/* What changed since the state of this epoch: message keys.  SECRET.  Only the newest increment is
 * to be kept.  Loading one that is not newer than the state gives MLS_RATCHETS_STALE and changes
 * nothing, which is then right. */
MLS_API MLS_MUST_USE int mls_session_increment(const struct mls_session *session,
                                               struct mls_arena *arena, struct mls_octets *out);
MLS_API MLS_MUST_USE int mls_session_load_increment(struct mls_session *session,
                                                    struct mls_octets increment);

/* Two slots for each group, of the program.  Each put replaces a slot at once or not at all and
 * is durable when it returns true; get gives octets that are valid until the next call. */
enum mls_store_slot { MLS_STORE_STATE = 1, MLS_STORE_INCREMENT = 2 };
struct mls_store {
    size_t size;
    void *user;
    bool (*put)(void *user, struct mls_octets group_id, enum mls_store_slot slot,
                struct mls_octets value);
    /* *out is empty when there is nothing; false when the store cannot be read. */
    bool (*get)(void *user, struct mls_octets group_id, enum mls_store_slot slot,
                struct mls_octets *out);
};
/* Put what is due: the increment, or the whole state.  MLS_STORE when the store refuses; the same
 * is then still due. */
MLS_API MLS_MUST_USE int mls_session_save(struct mls_session *session,
                                          const struct mls_store *store);
/* MLS_NOT_FOUND when the store has no state of this group. */
MLS_API MLS_MUST_USE int mls_session_open(const struct mls_ctx *ctx,
                                          const struct mls_signer *signer,
                                          const struct mls_store *store,
                                          struct mls_octets group_id, struct mls_session **out);

/* ------------------------------------------------------------------ views (valid until the next
 * merge, or free) */

MLS_API struct mls_octets mls_session_group_id(const struct mls_session *session);
MLS_API uint64_t mls_session_epoch(const struct mls_session *session);
MLS_API uint16_t mls_session_cipher_suite(const struct mls_session *session);
MLS_API uint32_t mls_session_own_leaf(const struct mls_session *session);
/* Encoded GroupContext (section 8.1). */
MLS_API struct mls_octets mls_session_group_context(const struct mls_session *session);
/* Section 8.7: equal with all members of the epoch, to be compared out of band. */
MLS_API struct mls_octets mls_session_epoch_authenticator(const struct mls_session *session);
/* False once a merged commit removed us: the session then only shows its last epoch. */
MLS_API bool mls_session_is_active(const struct mls_session *session);
/* An extension of the GroupContext, a component of its app_data_dictionary; false: absent. */
MLS_API bool mls_session_extension(const struct mls_session *session, uint16_t extension_type,
                                   struct mls_octets *out);
MLS_API bool mls_session_component(const struct mls_session *session, uint16_t component_id,
                                   struct mls_octets *out);
/* Leaves, blanks included; leaf gives MLS_TREE_LEAF for a blank. */
MLS_API uint32_t mls_session_leaf_count(const struct mls_session *session);
MLS_API MLS_MUST_USE int mls_session_leaf(const struct mls_session *session, uint32_t leaf_index,
                                          struct mls_arena *arena, struct mls_leaf_info *out);

/* ------------------------------------------------------------------ messages */

/*
 * An application message as MLSMessage(PrivateMessage) (sections 6.3 and 9).
 *   aad           authenticated_data, readable by all; Safe AAD items once the group says so
 *   padding_size  zeros put behind the content to hide its length
 * Save before sending.  Respect mls_session_must_commit.
 */
MLS_API MLS_MUST_USE int mls_session_protect(struct mls_session *session, struct mls_octets aad,
                                             struct mls_octets content, size_t padding_size,
                                             struct mls_arena *arena, struct mls_octets *message);

enum mls_incoming_kind {
    MLS_INCOMING_APPLICATION = 1,
    MLS_INCOMING_PROPOSAL,  /* verified, and kept for a commit of this epoch */
    MLS_INCOMING_COMMIT,    /* staged: look at it, then mls_session_merge or _clear */
    MLS_INCOMING_OWN_COMMIT /* the staged own commit came back: mls_session_merge is due */
};
struct mls_incoming {
    size_t size;
    enum mls_incoming_kind kind;
    uint64_t epoch;
    uint8_t sender_type;       /* enum mls_sender_type */
    uint32_t sender_index;     /* leaf of a member */
    struct mls_octets sender_identity; /* of a member with a basic credential */
    struct mls_octets authenticated_data;
    struct mls_octets content;   /* application data */
    struct mls_octets signature; /* FramedContentAuthData.signature */
};
/*
 * Take an MLSMessage of this group.  Proposals and commits are verified whole, and check_credential
 * is asked about each new or changed leaf.  psks: what a commit may ask for.  One received commit
 * at a time is staged.  now_s 0: lifetimes are not checked.
 */
MLS_API MLS_MUST_USE int mls_session_receive(struct mls_session *session,
                                             struct mls_octets message, uint64_t now_s,
                                             const struct mls_psk *psks, size_t psk_count,
                                             struct mls_arena *arena, struct mls_incoming *out,
                                             struct mls_where *where);

/* ------------------------------------------------------------------ proposals */

/* A proposal of our own as MLSMessage, PublicMessage or PrivateMessage; it is kept as pending. */
MLS_API MLS_MUST_USE int mls_session_propose(struct mls_session *session,
                                             const struct mls_proposal_spec *proposal,
                                             struct mls_octets aad, bool as_public,
                                             struct mls_arena *arena, struct mls_octets *message);
/* The pending proposals of this epoch, in the order of arrival.  false: no such index. */
MLS_API size_t mls_session_proposal_count(const struct mls_session *session);
MLS_API MLS_MUST_USE int mls_session_proposal(const struct mls_session *session, size_t index,
                                              struct mls_arena *arena,
                                              struct mls_proposal_info *out);
/* Drop one that policy refuses. */
MLS_API void mls_session_proposal_drop(struct mls_session *session, size_t index);
/* Section 12.4: somebody's proposal waits, so a commit comes before the next own message. */
MLS_API bool mls_session_must_commit(const struct mls_session *session);

/* ------------------------------------------------------------------ commits */

struct mls_commit_options {
    size_t size;
    const struct mls_proposal_spec *const *proposals; /* by value */
    size_t proposal_count;
    const struct mls_octets *references; /* ProposalRefs of pending ones, in the commit's order */
    size_t reference_count;
    bool without_pending; /* else every other pending proposal that fits goes in, too */
    bool force_path;      /* a path even where none is needed, to renew our keys */
    bool as_public;       /* PublicMessage; else PrivateMessage */
    bool tree_in_welcome; /* ratchet_tree extension in the Welcome's GroupInfo */
    struct mls_octets aad;
    const struct mls_psk *psks;
    size_t psk_count;
    const struct mls_ext *group_info_extensions;
    size_t group_info_extension_count;
    uint64_t now_s;
    /* Our leaf with another signature key, another credential, or both (sections 5.3.1 and 7.3: the
     * others judge whether it may follow the one before); NULL: as before.  The commit then has a
     * path, and is signed by the old key; the new one signs once it is merged.  The session keeps a
     * copy and stores it in its state; mls_session_load wants the key of the leaf as it is when
     * loaded.  MLS_PENDING_FULL beyond four keys in one epoch. */
    const struct mls_signer *new_signer; /* of the same suite: MLS_SUITE */
    const struct mls_identity *new_credential;
};
struct mls_commit_result {
    size_t size;
    struct mls_octets commit;       /* MLSMessage */
    struct mls_octets welcome;      /* MLSMessage(Welcome); empty when nobody was added */
    struct mls_octets group_info;   /* MLSMessage(GroupInfo) of the new epoch with external_pub */
    struct mls_octets ratchet_tree; /* of the new epoch, encoded */
};
/*
 * Stage a commit of our own (section 12.4).  The session stays in its epoch; a commit that was
 * staged before is replaced.  Save, send, and merge when the delivery service took it; clear when
 * another commit won.
 */
MLS_API MLS_MUST_USE int mls_session_commit(struct mls_session *session,
                                            const struct mls_commit_options *options,
                                            struct mls_arena *arena,
                                            struct mls_commit_result *out,
                                            struct mls_where *where);

/* Which staged commit: ours, or the received one. */
enum mls_staged_whose { MLS_STAGED_OWN = 1, MLS_STAGED_RECEIVED = 2 };
struct mls_staged_info {
    size_t size;
    uint8_t committer_type;  /* MLS_SENDER_MEMBER or MLS_SENDER_NEW_MEMBER_COMMIT */
    uint32_t committer_leaf;
    uint64_t new_epoch;
    struct mls_octets new_group_context; /* encoded */
    bool removes_us;
    size_t proposal_count;
    size_t added_count;   /* leaves of the new epoch */
    size_t removed_count; /* leaves of the old epoch */
    size_t updated_count; /* leaves that changed, a committer's with a path included */
};
/* Views until it is merged or cleared.  MLS_NO_PENDING when none of that kind is staged. */
MLS_API MLS_MUST_USE int mls_session_staged(const struct mls_session *session,
                                            enum mls_staged_whose whose,
                                            struct mls_staged_info *out);
/* index below proposal_count; MLS_NOT_FOUND. */
MLS_API MLS_MUST_USE int mls_session_staged_proposal(const struct mls_session *session,
                                                     enum mls_staged_whose whose, size_t index,
                                                     struct mls_arena *arena,
                                                     struct mls_proposal_info *out);
/* which: MLS_LEAVES_ADDED ...; index below its count. */
enum mls_staged_leaves { MLS_LEAVES_ADDED = 1, MLS_LEAVES_REMOVED = 2, MLS_LEAVES_UPDATED = 3 };
MLS_API MLS_MUST_USE int mls_session_staged_leaf(const struct mls_session *session,
                                                 enum mls_staged_whose whose,
                                                 enum mls_staged_leaves which, size_t index,
                                                 struct mls_arena *arena,
                                                 struct mls_leaf_info *out);
/* Make the staged commit the current epoch; whatever else is staged or pending ends.  All secrets
 * of the old epoch but those for late messages are wiped.  MLS_NO_PENDING. */
MLS_API MLS_MUST_USE int mls_session_merge(struct mls_session *session,
                                           enum mls_staged_whose whose);
MLS_API void mls_session_clear(struct mls_session *session, enum mls_staged_whose whose);

/* A staged own commit apart from its session: several candidates, or secrets that wait elsewhere.
 * It must end before its session.  attach takes it on MLS_OK; MLS_PENDING_FOREIGN when the session
 * is no longer in the epoch it was made in. */
struct mls_detached;
MLS_API MLS_MUST_USE int mls_session_detach(struct mls_session *session,
                                            struct mls_detached **out);
MLS_API MLS_MUST_USE int mls_session_attach(struct mls_session *session,
                                            struct mls_detached *detached);
MLS_API void mls_detached_free(struct mls_detached *detached);

/* ------------------------------------------------------------------ groups out of groups */

/* Section 11.2: the ReInit that ended the group; MLS_GROUP_NO_REINIT while it lives. */
MLS_API MLS_MUST_USE int mls_session_reinit(const struct mls_session *session,
                                            struct mls_arena *arena,
                                            struct mls_proposal_spec *out);

struct mls_subgroup_options {
    size_t size;
    bool is_branch;                   /* else the successor of a group that ended with a ReInit */
    struct mls_octets group_id;       /* branch; a successor's is in the ReInit */
    const struct mls_ext *extensions; /* branch, likewise */
    size_t extension_count;
    const struct mls_leaf_options *leaf;   /* of ours, with the credential of the old group */
    const struct mls_octets *key_packages; /* of the others, encoded KeyPackages */
    size_t key_package_count;
    bool force_path;
    bool tree_in_welcome;
    uint64_t now_s;
};
/* Make the new group with its members at once; *session is in epoch 1, out->welcome is for the
 * others.  signer: of the new group's suite. */
MLS_API MLS_MUST_USE int mls_session_subgroup(const struct mls_session *from,
                                              const struct mls_signer *signer,
                                              const struct mls_subgroup_options *options,
                                              struct mls_arena *arena, struct mls_session **session,
                                              struct mls_commit_result *out,
                                              struct mls_where *where);

/* ------------------------------------------------------------------ beside */

/* A signed GroupInfo of this epoch, as MLSMessage, with external_pub: for external joins. */
MLS_API MLS_MUST_USE int mls_session_group_info(struct mls_session *session, bool with_tree,
                                                const struct mls_ext *extensions,
                                                size_t extension_count, struct mls_arena *arena,
                                                struct mls_octets *group_info,
                                                struct mls_octets *ratchet_tree);
/* Section 8.5: len octets, at most 80, to out.  SECRET.  label: octets, as the application's. */
MLS_API MLS_MUST_USE int mls_session_export(const struct mls_session *session, const char *label,
                                            struct mls_octets context, uint8_t *out, size_t len);
/*
 * SafeExportSecret of a component (draft-ietf-mls-extensions), SECRET: the suite's hash length in
 * octets, at most 64, to out; *len says how many.  An epoch gives it once and forgets it
 * (MLS_EXPORT_CONSUMED afterwards): save the session, an increment is enough, before it is used.
 */
MLS_API MLS_MUST_USE int mls_session_export_safe(struct mls_session *session,
                                                 uint16_t component_id, uint8_t out[64],
                                                 size_t *len);
/* Do we hold the resumption key of this epoch of the group? */
MLS_API bool mls_session_has_resumption(const struct mls_session *session, uint64_t epoch);
/* Section 5.1.2: SignWithLabel by the leaf's key, for protocols beside MLS.  label is put behind
 * "MLS 1.0 ". */
MLS_API MLS_MUST_USE int mls_session_sign(const struct mls_session *session, const char *label,
                                          struct mls_octets content, struct mls_arena *arena,
                                          struct mls_octets *signature);

#ifdef __cplusplus
}
#endif

#endif
