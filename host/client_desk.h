/* What the verbs of the desk share: cases by the digits a person types (client_desk.c). */
#ifndef TB_HOST_CLIENT_DESK_H
#define TB_HOST_CLIENT_DESK_H

#include "host/client_case.h"

enum { CLI_DESK_WORD_LEN = 8 };
/* A case by the first digits of its report id. */
int cli_desk_find(struct cli_app *app, const char *word, struct client_case_view *out);
void cli_desk_word(const struct client_case_view *at, char out[CLI_DESK_WORD_LEN + 1]);
const char *cli_desk_reason(uint8_t code);
json_t *cli_desk_record(const struct client_case_view *at);
/* A decision by its number, with its statement of reasons (client_appeal.c). */
int cli_appeal_show(struct cli_app *app);

#endif
