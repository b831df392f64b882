/*
 * An own commit kept apart from its group: several candidates for one epoch, or one whose secrets
 * wait elsewhere for the delivery service's word.
 */
#ifndef TB_MLS_GROUP_PENDING_H
#define TB_MLS_GROUP_PENDING_H

#include "mls/group.h"

/*
 * Take the pending commit out of the group, which then has none.  The caller owns *out (it holds
 * the SECRETS of the next epoch) until attach or free, and must end it before the group.  Its view
 * is valid until the group's next merge.  mls_group_encode does not see it.  MLS_NO_PENDING.
 */
TB_MUST_USE tb_status mls_group_pending_detach(struct mls_group *group, struct mls_staged **out);
/* Make it the pending commit again; one that is pending is dropped.  MLS_PENDING_FOREIGN when it
 * was made by another group or in another epoch; it stays the caller's then. */
TB_MUST_USE tb_status mls_group_pending_attach(struct mls_group *group, struct mls_staged *staged);
/* End a detached commit.  NULL is accepted. */
void mls_group_pending_free(struct mls_staged *staged);

#endif
