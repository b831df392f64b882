/* The inside of a public group; for src/mls/public_group*.c only. */
#ifndef TB_MLS_PUBLIC_GROUP_STATE_H
#define TB_MLS_PUBLIC_GROUP_STATE_H

#include "mls/proposals.h"
#include "mls/public_group.h"
#include "mls/tree_path.h"

/* A pending proposal and all its memory. */
struct mls_public_pending {
    struct mls_public_pending *next; /* in the order of arrival */
    struct tb_arena arena;           /* holds this struct's views, its message and itself */
    struct mls_public_proposal view;
    tb_bytes message;                /* MLSMessage(PublicMessage) */
    uint8_t ref[CRYPTO_HASH_MAX];
};

/* What changes from epoch to epoch: exchanged whole at merge. */
struct mls_public_epoch {
    struct tb_arena arena; /* holds the octets and the lists of context */
    struct mls_tree tree;
    struct mls_group_context context; /* decoded from context_octets */
    tb_bytes context_octets;
    uint8_t interim_transcript_hash[CRYPTO_HASH_MAX];
    bool has_ended; /* with a ReInit */
};

struct mls_public_group {
    struct mls_public_env env;
    struct tb_mem mem; /* env.mem, counted for this group alone */
    struct mls_public_epoch epoch;
    struct mls_public_pending *pending;
    size_t pending_count;
    struct mls_public_staged *staged;   /* NULL: none */
    struct mls_public_pending *dropped; /* while staged is looking at them */
};

struct mls_public_staged {
    struct tb_arena arena; /* ends with the commit, merged or not */
    struct mls_public_epoch epoch;
    struct mls_public_commit_view view;
};

TB_MUST_USE tb_status mls_public_group_alloc(const struct mls_public_env *env,
                                             struct mls_public_group **out);
/* Decode and keep a GroupContext; octets live in epoch->arena already. */
TB_MUST_USE tb_status mls_public_epoch_context(const struct mls_public_env *env, tb_bytes octets,
                                               struct mls_public_epoch *epoch);
void mls_public_epoch_wipe(struct mls_public_epoch *epoch);

/* GroupInfo, alone or in an MLSMessage; the struct is in the arena. */
TB_MUST_USE tb_status mls_public_group_info_open(tb_bytes octets, struct tb_arena *arena,
                                                 const struct mls_group_info_in **out,
                                                 struct tb_why *why);
bool mls_public_leaf_of(const struct mls_tree *tree, uint32_t leaf_index,
                        struct mls_public_leaf *out);

/* A PublicMessage of this group and epoch with this content: everything before its signature. */
TB_MUST_USE tb_status mls_public_group_frame(const struct mls_public_group *group, tb_bytes message,
                                             uint8_t content_type, struct tb_arena *arena,
                                             const struct mls_authenticated **out,
                                             struct tb_why *why);
TB_MUST_USE tb_status mls_public_group_verify(const struct mls_public_group *group,
                                              const struct mls_authenticated *content,
                                              tb_bytes signature_key, struct tb_arena *arena);

/* proposals.h asks these of a group. */
struct mls_proposals_input mls_public_group_input(struct mls_public_group *group, uint64_t now_s);

/* Decode a proposal's message (copied) into a pending of its own; nothing is verified. */
TB_MUST_USE tb_status mls_public_pending_new(struct mls_public_group *group, tb_bytes message,
                                             struct mls_public_pending **out,
                                             const struct mls_authenticated **content,
                                             struct tb_why *why);
void mls_public_pending_free(struct mls_public_pending *pending);
/* Append to the list; the group owns it. */
void mls_public_group_keep(struct mls_public_group *group, struct mls_public_pending *pending);
/* Free a whole list. */
void mls_public_group_forget(struct mls_public_pending **list);
const struct mls_public_pending *mls_public_group_find(const struct mls_public_group *group,
                                                       tb_bytes ref);

#endif
