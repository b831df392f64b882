/* What the verbs that put something into a room share. */
#ifndef TB_HOST_CLIENT_SEND_H
#define TB_HOST_CLIENT_SEND_H

#include "host/client_app.h"

/* Each returns an exit code and has said what there is to say. */

/* words[at] is the number of a message. */
int cli_send_number(struct cli_app *app, size_t at, uint64_t *number);
/* --expires, where it was given. */
int cli_send_expiry(struct cli_app *app, bool *has_expires, uint32_t *expires_s);
/* What became of a message whose op was awaited; sentence has its number as %llu. */
int cli_send_told(struct cli_app *app, tb_bytes room, tb_status status, const char *doing,
                  const char *sentence);
/* It stays here until the next connection. */
int cli_send_kept(struct cli_app *app, tb_bytes room);

#endif
