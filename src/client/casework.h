/* Case work among the files of the client: the fold's rows, and handing them to who comes. */
#ifndef TB_CLIENT_CASEWORK_H
#define TB_CLIENT_CASEWORK_H

#include "chat/casework.h"
#include "client/desk.h"

enum { CLIENT_CASEWORK_BATCH = 256 }; /* rows that are held at once when all are read */

struct client_key client_casework_event_key(uint64_t room_seq);
/* Is this the room in which the desk works? */
bool client_casework_is_here(const struct client *client, const struct client_room *room);
/* States over the rows of this turn. */
struct chat_case_store client_casework_store(struct client_turn *turn);
/* What reports about one message have in common; empty: the report does not prove one. */
TB_MUST_USE tb_status client_casework_subject(struct client_turn *turn,
                                              const struct client_case_row *row, tb_bytes *out);
/* Messages that name this very case, oldest first: keys that end in their room_seq. */
TB_MUST_USE tb_status client_casework_named(struct client_turn *turn, tb_bytes case_id,
                                            struct client_pairs *out);
/* All states: keys are a tag and the case. */
TB_MUST_USE tb_status client_casework_states(struct client_turn *turn, struct client_pairs *out);
/* A case, and all that are one with it by what was said: cases that nobody named are not there. */
TB_MUST_USE tb_status client_casework_parts(struct client_turn *turn, tb_bytes case_id,
                                            tb_bytes **out, size_t *count);
/* Where a report stands: by what was said about it, else about its subject. */
TB_MUST_USE tb_status client_casework_place(struct client_turn *turn, tb_bytes case_id,
                                            tb_bytes subject, struct chat_case_state *out);
/* A set of cases that lasts until client_casework_unmark, in the same turn. */
TB_MUST_USE tb_status client_casework_mark(struct client_turn *turn, tb_bytes case_id);
TB_MUST_USE tb_status client_casework_is_marked(struct client_turn *turn, tb_bytes case_id,
                                                bool *out);
TB_MUST_USE tb_status client_casework_unmark(struct client_turn *turn);
/* A message about a case stands in the log of the desk's room. */
TB_MUST_USE tb_status client_casework_taken(struct client_turn *turn, struct client_room *room,
                                            const struct client_line_row *line, tb_bytes body);
/* Forget rows of the room of another desk. */
TB_MUST_USE tb_status client_casework_begin(struct client_turn *turn,
                                            const struct client_room *room);
/* Fold over all messages again, in order. */
TB_MUST_USE tb_status client_casework_again(struct client_turn *turn);
/* An account has come into the desk's room: its devices get what was said before. */
TB_MUST_USE tb_status client_casework_hand_over(struct client_turn *turn,
                                                struct client_room *room, tb_bytes account);
TB_MUST_USE tb_status client_casework_handed(struct client_turn *turn, struct client_room *room,
                                             tb_bytes sender, tb_bytes body);

#endif
