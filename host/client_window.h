/* The window of a case on the terminal: who said what, which version, what is not shown and why. */
#ifndef TB_HOST_CLIENT_WINDOW_H
#define TB_HOST_CLIENT_WINDOW_H

#include <jansson.h>

#include "host/client_app.h"

/* Stubs without a text that is proven. */
size_t cli_window_withheld(const struct client_case_view *at);
void cli_window_print(struct cli_app *app, const struct client_case_view *at);
json_t *cli_window_record(struct cli_app *app, const struct client_case_view *at);

#endif
