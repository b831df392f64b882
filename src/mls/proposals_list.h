/* Shared by src/mls/proposals*.c only. */
#ifndef TB_MLS_PROPOSALS_LIST_H
#define TB_MLS_PROPOSALS_LIST_H

#include "mls/proposals.h"

/* The rules of the epoch in which the proposals were made. */
TB_MUST_USE tb_status mls_proposals_old_rules(const struct mls_proposals_input *input,
                                              struct tb_arena *arena, struct mls_public_rules *out);
/* What can be said of one proposal without signatures and without the others. */
TB_MUST_USE tb_status mls_proposals_check_item(const struct mls_proposals_input *input,
                                               const struct mls_public_rules *old,
                                               const struct mls_proposals_item *item);
/* The leaf of an Update under given rules. */
TB_MUST_USE tb_status mls_proposals_check_update(const struct mls_proposals_input *input,
                                                 const struct mls_public_rules *rules,
                                                 const struct mls_proposals_item *item,
                                                 struct tb_arena *arena);
/* Section 12.2 but for the validity of the leaves that the list brings. */
TB_MUST_USE tb_status mls_proposals_check_list(const struct mls_proposals_input *input,
                                               const struct mls_public_rules *old,
                                               struct tb_arena *arena);

#endif
