/* Case work on the terminal: the desk's queue in order, and what was said about a case. */
#ifndef TB_HOST_CLIENT_CASE_H
#define TB_HOST_CLIENT_CASE_H

#include "host/client_app.h"

/* Reports that wait at the hub come here first.  Without a hub the known cases are shown. */
int cli_desk_fetch(struct cli_app *app);

/* What a person calls a case: "3f9a01c2", or "n12" of a notice. */
json_t *cli_case_word(tb_bytes case_id);
/*
 * rows: records of single reports and notices with their "case", and "report" if they have one.
 * *out: new records in the order of the queue, duplicates collapsed, with priority, claim,
 * deadline and codes.  rows is used up.
 */
int cli_case_rows(struct cli_app *app, json_t *rows, json_t **out);
/* The same fields for one record, and its history. */
int cli_case_record(struct cli_app *app, json_t *record);
/* Such a record's case work, as lines. */
void cli_case_print(struct cli_app *app, const json_t *record);

#endif
