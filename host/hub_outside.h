/* What the verbs about the public log, orders and counts share. */
#ifndef TB_HOST_HUB_OUTSIDE_H
#define TB_HOST_HUB_OUTSIDE_H

#include "host/hub_cli.h"

/* Month as 12 * year + month: "2026-03", or two of them with ".." between. */
bool host_outside_period(const char *text, uint32_t *first, uint32_t *last);
/* "2026-03-21" or "2026-03-21T10:00:00Z". */
bool host_outside_time(const char *text, uint64_t *at_ms);
void host_outside_date(uint64_t at_ms, char out[11]);

/* Every row of the log, in order; each: an exit code, HOST_EXIT_OK to go on. */
typedef int host_log_row(void *ctx, uint64_t index, const struct chat_log_row *row,
                         tb_bytes hub_record);
int host_log_walk(struct host_cli *cli, host_log_row *each, void *ctx);

#endif
