/* The proposals of an own commit.  Shared by group*.c only. */
#ifndef TB_MLS_GROUP_SELECT_H
#define TB_MLS_GROUP_SELECT_H

#include "mls/group_state.h"

struct mls_group_selection {
    struct mls_proposals_item *items;
    struct mls_proposal_or_ref *list; /* the same, as the Commit names them */
    size_t count;
};

/* Those by value, then the cached ones that fit.  In the arena; proposals are borrowed. */
TB_MUST_USE tb_status mls_group_select(const struct mls_group *group,
                                       const struct mls_commit_params *params,
                                       struct tb_arena *arena, struct mls_group_selection *out);

#endif
