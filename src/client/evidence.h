/* What a device keeps of the messages that it took, as a report or an opening needs it. */
#ifndef TB_CLIENT_EVIDENCE_H
#define TB_CLIENT_EVIDENCE_H

#include "chat/protocol_blob.h"
#include "chat/report.h"
#include "client/rooms.h"

/* The GroupContext of the epoch that stands, once an epoch: level 2 needs its octets. */
TB_MUST_USE tb_status client_context_keep(struct client_turn *turn, struct client_room *room);

/*
 * One message, opened.  level 2 adds the sender's own signature when the row and its epoch's
 * GroupContext are here.  A message that failed after it was decrypted opens only where
 * may_be_wrong (a report of a violation).  What cannot be opened keeps the kind that is true of it.
 */
struct client_evidence_wish {
    uint8_t level;
    bool may_be_wrong;
};
TB_MUST_USE tb_status client_evidence_open(struct client_turn *turn, struct client_room *room,
                                           const struct client_evidence_row *evidence,
                                           const struct client_evidence_wish *wish,
                                           struct chat_report_row *out);

/*
 * The rows of a report, contiguous, with the GroupContexts of level 2.  Every version of a reported
 * message that is here is opened, and the message that a reported reaction is about, as far as a
 * window holds them (spec 2.5.9); context_before and context_after grow to reach them.
 * They stay from now on until an appeal can be over (CLIENT_PIN_MS).
 * CLIENT_REPORT_LEVEL: a target cannot be proven at the level that was asked for.
 */
TB_MUST_USE tb_status client_evidence_rows(struct client_turn *turn, struct client_room *room,
                                           const struct client_report_row *report,
                                           struct chat_report_params *params);

/* ---- attachments (report_files.c) ---- */

/* Ask for the next piece that is missing; *is_waiting: the report goes on when it came. */
TB_MUST_USE tb_status client_report_files_work(struct client_turn *turn,
                                               const struct client_report_row *report,
                                               bool *is_waiting);
/* The attachments of a row that the report opens: inside, or by their address. */
TB_MUST_USE tb_status client_report_files_attach(struct client_turn *turn,
                                                 const struct client_report_row *report,
                                                 struct chat_report_row *row);
TB_MUST_USE tb_status client_report_files_drop(struct client_turn *turn,
                                               const struct client_report_row *report);
/* A report that waited for something (report.c). */
TB_MUST_USE tb_status client_report_go_on(struct client_turn *turn,
                                          const struct client_report_row *row);
/* The id in the address of an attachment of this hub (fetch.c).  CLIENT_ATTACHMENT. */
TB_MUST_USE tb_status client_fetch_id(const struct client_turn *turn, tb_bytes url,
                                      uint8_t id[CHAT_BLOB_ID_LEN]);

/* Of the rows that carry a proof, each epoch's GroupContext, into params. */
TB_MUST_USE tb_status client_evidence_contexts(struct client_turn *turn, struct client_room *room,
                                               struct chat_report_params *params);

#endif
