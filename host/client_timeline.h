/* The rows of a room as a person or a program reads them. */
#ifndef TB_HOST_CLIENT_TIMELINE_H
#define TB_HOST_CLIENT_TIMELINE_H

#include "host/client_app.h"

struct cli_timeline {
    struct cli_app *app;
    tb_bytes room;        /* room URI, borrowed */
    uint64_t row;         /* newest row that was printed */
    size_t handle_width;  /* columns of the handles so far */
};

/* Begin so that the newest count_max rows are printed next; 0: all of them. */
TB_MUST_USE tb_status cli_timeline_init(struct cli_timeline *timeline, struct cli_app *app,
                                        tb_bytes room, uint64_t count_max);
/* Did rows come since? */
TB_MUST_USE tb_status cli_timeline_has_more(struct cli_timeline *timeline, bool *out);
/* Print the rows that came since; they count as read. */
TB_MUST_USE tb_status cli_timeline_print(struct cli_timeline *timeline);

/* Print what became of an earlier message: edited, deleted, a reaction.  Anything else: nothing. */
void cli_timeline_on_show(struct cli_timeline *timeline, const struct client_show *show);

const char *cli_timeline_revision_name(uint8_t revision); /* "edited"; "" for none */
/* One row as a record. */
json_t *cli_timeline_record(struct cli_app *app, tb_bytes room,
                            const struct client_message_view *row);
/* What a row says, without time and name: of a message its text, of anything else a sentence. */
tb_bytes cli_timeline_text(struct cli_app *app, const struct client_message_view *row);

#endif
