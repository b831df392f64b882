/*
 * An MLS group as a delivery service sees it: no secret, all that can be checked without one.
 *
 * The group follows PublicMessage handshakes.  A commit is staged, described, judged by the
 * caller's policy, and merged or dropped; nothing changes before merge.  What cannot be checked
 * here (RFC 9420, section 16.12): membership_tag, confirmation_tag, path secrets, external_pub,
 * Welcome contents.
 */
#ifndef TB_MLS_PUBLIC_GROUP_H
#define TB_MLS_PUBLIC_GROUP_H

#include "crypto/crypto.h"
#include "mls/public_app_data.h"
#include "mls/public_verify.h"
#include "mls/status.h"
#include "mls/structs.h"

struct mls_public_group;
struct mls_public_staged;

enum {
    MLS_PUBLIC_PROPOSAL_COUNT_MAX = 1024,       /* pending proposals of one epoch */
    MLS_PUBLIC_PROPOSAL_BYTES_MAX = 4 << 20,    /* memory of one of them */
    MLS_PUBLIC_STAGED_BYTES_MAX = 128 << 20,    /* memory of a staged commit but for its tree */
};

/* Borrowed for the life of the group. */
struct mls_public_env {
    const struct crypto_suite *suite;
    struct tb_mem *mem;
    const struct mls_public_app_data *app_data; /* NULL: an AppDataUpdate replaces the data */
    const struct mls_parallel *run_parallel;    /* threads for signatures; NULL: none */
};

/* group_info: MLSMessage(GroupInfo) or GroupInfo.  ratchet_tree: encoded, unless in GroupInfo.
 * Everything of RFC 9420, section 12.4.3.1 that needs no secret is checked.  now_s 0: lifetimes
 * are not. */
TB_MUST_USE tb_status mls_public_group_new(const struct mls_public_env *env, tb_bytes group_info,
                                           tb_bytes ratchet_tree, uint64_t now_s,
                                           struct mls_public_group **out, struct tb_why *why);
void mls_public_group_free(struct mls_public_group *group);
TB_MUST_USE tb_status mls_public_group_encode(const struct mls_public_group *group,
                                              struct tb_buf *out);
TB_MUST_USE tb_status mls_public_group_decode(const struct mls_public_env *env, tb_bytes blob,
                                              struct mls_public_group **out);
size_t mls_public_group_bytes(const struct mls_public_group *group); /* memory it holds */

/* A merged commit held a ReInit: the group takes no proposal and no commit any more
 * (MLS_GROUP_REINIT; RFC 9420, section 12.4.2).  Of a group taken up by its GroupInfo it is not
 * known. */
bool mls_public_group_has_ended(const struct mls_public_group *group);

/* Views, borrowed until the next merge or free. */
tb_bytes mls_public_group_id(const struct mls_public_group *group);
uint64_t mls_public_group_epoch(const struct mls_public_group *group);
tb_bytes mls_public_group_context(const struct mls_public_group *group);
tb_bytes mls_public_group_extension(const struct mls_public_group *group, uint16_t extension_type);
bool mls_public_group_component(const struct mls_public_group *group, uint16_t component_id,
                                tb_bytes *data);
uint32_t mls_public_group_leaf_count(const struct mls_public_group *group);
struct mls_public_leaf {
    uint32_t leaf_index;
    tb_bytes identity;
    tb_bytes signature_key;
    tb_bytes encryption_key;
    const struct mls_leaf_node *node; /* the whole */
};
bool mls_public_group_leaf(const struct mls_public_group *group, uint32_t leaf_index,
                           struct mls_public_leaf *out);
TB_MUST_USE tb_status mls_public_group_ratchet_tree(const struct mls_public_group *group,
                                                    struct tb_arena *arena, tb_bytes *out);

/* ---- proposals ---- */

struct mls_public_proposal {
    const struct mls_proposal *proposal;
    uint8_t sender_type;
    uint32_t sender_index; /* leaf, or index of the external sender */
    bool by_reference;
    tb_bytes ref;                /* ProposalRef; empty when by value */
    tb_bytes authenticated_data; /* of the proposal's own message */
};

/* Verify a standalone proposal (PublicMessage, member or external sender) and keep it pending. */
TB_MUST_USE tb_status mls_public_group_propose(struct mls_public_group *group, tb_bytes message,
                                               uint64_t now_s, struct tb_arena *arena,
                                               struct mls_public_proposal *out,
                                               struct tb_why *why);
/* Views, borrowed until the proposal is dropped or the next merge. */
size_t mls_public_group_pending_count(const struct mls_public_group *group);
bool mls_public_group_pending(const struct mls_public_group *group, size_t index,
                              struct mls_public_proposal *out);
void mls_public_group_pending_drop(struct mls_public_group *group, tb_bytes ref);

/*
 * Make a proposal as external sender sender_index (RFC 9420, section 12.1.8): a PublicMessage for
 * the current epoch.  It is not stored; hand it to mls_public_group_propose.
 */
TB_MUST_USE tb_status mls_public_group_external(const struct mls_public_group *group,
                                                uint32_t sender_index,
                                                const struct crypto_signing_key *key,
                                                const struct mls_proposal *proposal, tb_bytes aad,
                                                struct tb_arena *arena, tb_bytes *message,
                                                tb_bytes *ref);

/* ---- commits ---- */

struct mls_public_commit_view {
    uint8_t committer_type; /* member or new_member_commit */
    uint32_t committer_leaf;
    tb_bytes authenticated_data;
    const struct mls_public_proposal *proposals;
    size_t proposal_count;
    const struct mls_public_leaf *added; /* of the new epoch; an external joiner is one of them */
    size_t added_count;
    const struct mls_public_leaf *removed; /* of the old epoch */
    size_t removed_count;
    const struct mls_public_leaf *updated; /* Updates, and a committing member's leaf with a path */
    size_t updated_count;
    uint64_t new_epoch;
    tb_bytes new_group_context; /* encoded */
};

/*
 * Verify a commit as far as public data go (spec 3.2, items 1 to 7) and stage it.  group_info:
 * MLSMessage(GroupInfo) of the committer for the new epoch, checked against the staged context and
 * confirmation tag; empty: not checked.  At most one staged commit at a time.
 */
TB_MUST_USE tb_status mls_public_group_stage(struct mls_public_group *group, tb_bytes message,
                                             tb_bytes group_info, uint64_t now_s,
                                             struct mls_public_staged **out, struct tb_why *why);
/* Valid until the staged commit is merged or dropped. */
const struct mls_public_commit_view *
mls_public_staged_view(const struct mls_public_staged *staged);
/* A component of the NEW epoch's app_data_dictionary. */
bool mls_public_staged_component(const struct mls_public_staged *staged, uint16_t component_id,
                                 tb_bytes *data);
TB_MUST_USE tb_status mls_public_group_merge(struct mls_public_group *group,
                                             struct mls_public_staged *staged);
void mls_public_group_drop(struct mls_public_group *group, struct mls_public_staged *staged);

/* ---- key packages ---- */

struct mls_public_key_package {
    tb_bytes identity;
    tb_bytes signature_key;
    uint64_t not_before_s, not_after_s;
    bool is_last_resort;
    uint8_t ref[CRYPTO_HASH_MAX];
    size_t ref_len;
};
/* RFC 9420, section 10.1, as far as no group is needed.  Views point into `encoded`. */
TB_MUST_USE tb_status mls_public_key_package_open(const struct crypto_suite *suite,
                                                  tb_bytes encoded, uint64_t now_s,
                                                  struct tb_arena *arena,
                                                  struct mls_public_key_package *out,
                                                  struct tb_why *why);

/* What a PrivateMessage shows without keys; the hub's view of an application message. */
struct mls_public_private_message {
    tb_bytes group_id;
    uint64_t epoch;
    uint8_t content_type;
    tb_bytes authenticated_data;
};
TB_MUST_USE tb_status mls_public_private_message_open(tb_bytes message, struct tb_arena *arena,
                                                      struct mls_public_private_message *out);

#endif
