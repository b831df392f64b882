/*
 * The proposals of a commit: is the list valid (RFC 9420, section 12.2), and what comes of it
 * (section 12.3), with AppDataUpdate, AppEphemeral and SelfRemove of draft-ietf-mls-extensions.
 * Members and delivery services use the same code.
 */
#ifndef TB_MLS_PROPOSALS_H
#define TB_MLS_PROPOSALS_H

#include "mls/public_app_data.h"
#include "mls/public_validate.h"
#include "mls/tree.h"

enum { MLS_PROPOSALS_PSK_COUNT_MAX = 256 }; /* pre-shared keys of one commit */

/* One proposal of the commit, in the commit's order; references are resolved by the caller. */
struct mls_proposals_item {
    const struct mls_proposal *proposal; /* decoded */
    uint8_t sender_type;                 /* of the proposal; by value: the committer */
    uint32_t sender_index;               /* leaf, or index of the external sender */
    bool by_reference;
};

struct mls_proposals_input {
    struct mls_tree *tree;                   /* of the old epoch; only its cached hashes change */
    const struct mls_group_context *context; /* of the old epoch */
    const struct mls_public_app_data *app_data; /* may be NULL */
    const struct mls_parallel *parallel;        /* may be NULL */
    const struct mls_proposals_item *items;
    size_t count;
    uint8_t committer_type;  /* member or new_member_commit */
    uint32_t committer_leaf; /* when member */
    bool has_path;           /* the commit has, or will have, a path */
    uint8_t resumption_usage; /* of pre-shared keys, beside application: the first commit of a
                               * group that comes out of another; else 0 */
    uint64_t now_s;          /* 0: lifetimes are not checked */
};

/* Leaf indices, in the arena. */
struct mls_proposals_leaves {
    uint32_t *at;
    size_t count;
};

/* Lists and views live in the arena.  The tree is the caller's, to be ended by mls_tree_wipe. */
struct mls_proposals_result {
    struct mls_tree tree;          /* after the proposals, before the path */
    struct mls_public_rules rules; /* with the extensions of the new GroupContext */
    bool rules_changed;
    uint32_t committer_leaf;       /* in the new tree; assigned here for an external commit */
    struct mls_proposals_leaves added;   /* ascending: in the order of the Adds */
    struct mls_proposals_leaves updated; /* by Update proposals */
    struct mls_proposals_leaves removed; /* of the old tree */
    const struct mls_pre_shared_key_id **psks; /* in the order of the list */
    size_t psk_count;
    const struct mls_external_init *external_init; /* NULL without */
    const struct mls_re_init *reinit;              /* NULL without */
    bool path_required;
};

/*
 * Validate the list and apply it to a shared copy of the tree.  Checked here: every rule that can
 * be judged without the path.  mls_proposals_finish judges the rest.
 */
TB_MUST_USE tb_status mls_proposals_apply(const struct mls_proposals_input *input,
                                          struct tb_arena *arena,
                                          struct mls_proposals_result *out);

/*
 * When the path, if any, is merged into result->tree: the committer's new leaf (path_leaf; NULL
 * without a path), keys that stand twice, credentials and capabilities of all members.
 */
TB_MUST_USE tb_status mls_proposals_finish(const struct mls_proposals_input *input,
                                           const struct mls_proposals_result *result,
                                           const struct mls_leaf_node *path_leaf,
                                           struct tb_arena *arena);

/* May a sender of this type propose this (section 12.1.8; by type alone)? */
bool mls_proposals_may_send(uint8_t sender_type, uint16_t proposal_type);
bool mls_proposals_needs_path(uint16_t proposal_type);

/*
 * One proposal by itself, before it is cached: the sender's right, a live leaf to remove, a valid
 * key package or leaf.  What depends on the rest of a list waits for mls_proposals_apply.
 * input: tree, context, app_data and now_s count, the rest is ignored.
 */
TB_MUST_USE tb_status mls_proposals_check_one(const struct mls_proposals_input *input,
                                              const struct mls_proposals_item *item,
                                              struct tb_arena *arena);

#endif
