#include "mls/group_pending.h"

#include "mls/group_state.h"

tb_status mls_group_pending_detach(struct mls_group *group, struct mls_staged **out)
{
    if (group->pending == NULL) return TB_STATUS(MLS_NO_PENDING);
    *out = group->pending;
    group->pending = NULL;
    return TB_STATUS(TB_OK);
}

tb_status mls_group_pending_attach(struct mls_group *group, struct mls_staged *staged)
{
    bool is_ours = group->is_active && staged->next->env == &group->env &&
                   staged->view.new_epoch == group->now->context.epoch + 1;
    if (!is_ours) return TB_STATUS(MLS_PENDING_FOREIGN);
    mls_group_pending_clear(group);
    group->pending = staged;
    return TB_STATUS(TB_OK);
}

void mls_group_pending_free(struct mls_staged *staged)
{
    mls_group_stage_free(staged);
}
