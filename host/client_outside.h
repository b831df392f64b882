/* Notices of people without an account, in the verbs of the desk. */
#ifndef TB_HOST_CLIENT_OUTSIDE_H
#define TB_HOST_CLIENT_OUTSIDE_H

#include "host/client_app.h"

/* Is it the name of a notice: "n" and its number? */
bool cli_outside_is_word(const char *word);
/* Rows for `desk list`, appended. */
int cli_outside_rows(struct cli_app *app, json_t *rows);
int cli_outside_show(struct cli_app *app, const char *word);

#endif
