/* Tables that verbs of the operator answer with: the first row holds the headings. */
#ifndef TB_HUB_ADMIN_H
#define TB_HUB_ADMIN_H

#include "hub/engine.h"

/* A growing table in the call's arena; a failure stays in status. */
struct hub_admin_table {
    struct hub_call *call;
    struct chat_admin_rows *out;
    size_t cap;
    tb_status status;
};
void hub_admin_row(struct hub_admin_table *table, const tb_bytes *cells, size_t count);
tb_bytes hub_admin_number(struct hub_admin_table *table, uint64_t value);

#endif
