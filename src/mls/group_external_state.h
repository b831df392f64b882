/* What group_external*.c share.  Nobody else includes this. */
#ifndef TB_MLS_GROUP_EXTERNAL_STATE_H
#define TB_MLS_GROUP_EXTERNAL_STATE_H

#include "mls/group_external.h"
#include "mls/group_state.h"

struct mls_group_external {
    struct tb_mem *mem;
    struct mls_group *group; /* inactive; its epoch has tree, context and transcript, no secret */
    tb_bytes external_pub;   /* in the epoch's arena; empty when the GroupInfo had none */
};

#endif
