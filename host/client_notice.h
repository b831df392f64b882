/* What the engine shows unasked: as records for programs and as remarks for people. */
#ifndef TB_HOST_CLIENT_NOTICE_H
#define TB_HOST_CLIENT_NOTICE_H

#include "host/client_app.h"

/* NULL for what concerns an act alone. */
json_t *cli_notice_record(const struct client_show *show);
/* A cli_run_show for ctx = struct cli_app: remarks on standard error, messages left out. */
void cli_notice_on_show(void *ctx, const struct client_show *show);

#endif
