/*
 * Groups that come out of another (RFC 9420, sections 11.2 and 11.3): the successor of a group that
 * ended with a ReInit, and a branch of some of its members.  Both are tied to the old group by its
 * resumption key.  A ReInit is proposed and committed like any other proposal; when the commit is
 * merged the old group takes and makes nothing more (MLS_GROUP_REINIT) but its successor.
 */
#ifndef TB_MLS_GROUP_BRANCH_H
#define TB_MLS_GROUP_BRANCH_H

#include "mls/group.h"

/* What the ReInit that ended the group asks for; NULL while the group lives.  Borrowed. */
const struct mls_re_init *mls_group_reinit(const struct mls_group *group);

struct mls_group_branch_params {
    tb_bytes group_id;                        /* of a branch; for a successor the ReInit has it */
    const struct mls_extension *extensions;   /* likewise */
    size_t extension_count;
    tb_bytes identity;                        /* of our leaf: the same as in the old group */
    const struct crypto_signing_key *signer;  /* of the new suite */
    uint64_t not_before_s, not_after_s;
    tb_bytes leaf_app_data;
    const struct mls_leaf_extra *extra; /* NULL: nothing */
    const tb_bytes *key_packages;             /* of the other members, encoded as KeyPackage */
    size_t key_package_count;
    bool force_path;
    bool tree_in_welcome;
    uint64_t now_s;
};

/*
 * Create the new group with all of the key packages in it; *group is in epoch 1.  Nobody has to
 * take a commit: out->welcome is for the others, out->ratchet_tree beside it when tree_in_welcome
 * is false.  env: of the new group; its suite must be the old group's, or the ReInit's (MLS_SUITE).
 * Members are compared by their credentials: one that is not in the old group gives
 * MLS_SUBGROUP_MEMBER; in a successor every old member must be (MLS_SUBGROUP_LEFT_OUT).
 * MLS_GROUP_NO_REINIT.
 */
TB_MUST_USE tb_status mls_group_branch(const struct mls_group *from, const struct mls_env *env,
                                       const struct mls_group_branch_params *params,
                                       struct tb_arena *arena, struct mls_group **group,
                                       struct mls_commit_out *out, struct tb_why *why);
TB_MUST_USE tb_status mls_group_reinit_create(const struct mls_group *from,
                                              const struct mls_env *env,
                                              const struct mls_group_branch_params *params,
                                              struct tb_arena *arena, struct mls_group **group,
                                              struct mls_commit_out *out, struct tb_why *why);

/*
 * Join by the Welcome of such a group.  The Welcome must bring the resumption key of `from` with
 * the usage, alone (MLS_WELCOME_PSK_USAGE); params->psks holds what else it asks for.  Then: epoch
 * 1 (MLS_SUBGROUP_EPOCH), suite and version of the old group, or all that the ReInit says
 * (MLS_SUBGROUP_PARAMETERS), members as above.
 */
TB_MUST_USE tb_status mls_group_branch_join(const struct mls_group *from,
                                            const struct mls_env *env,
                                            const struct mls_join_params *params,
                                            struct mls_group **out, struct tb_why *why);
TB_MUST_USE tb_status mls_group_reinit_join(const struct mls_group *from,
                                            const struct mls_env *env,
                                            const struct mls_join_params *params,
                                            struct mls_group **out, struct tb_why *why);

#endif
