/* What a device forgets of old messages, and what it keeps for an appeal. */
#ifndef TB_CLIENT_PRUNE_H
#define TB_CLIENT_PRUNE_H

#include "client/rooms.h"

/*
 * Evidence that a report or a decision rests on stays until the appeal against it can be over
 * (amendments 29): six months to complain, and one for the answer.
 */
#define CLIENT_PIN_MS (UINT64_C(215) * CHAT_MS_A_DAY)

/* Evidence from first_seq to last_seq, as far as it is here, stays until then at least. */
TB_MUST_USE tb_status client_prune_pin(struct client_turn *turn, struct client_room *room,
                                       uint64_t first_seq, uint64_t last_seq, uint64_t until_ms);
/* A statement of reasons names these messages: encoded stubs<V>, or empty. */
TB_MUST_USE tb_status client_prune_pin_stubs(struct client_turn *turn, tb_bytes stubs);
/*
 * One bounded step of the sweep: evidence, message ids, pages and GroupContexts of one room that
 * are past its report window, or pins that have ended.  The timeline stays.
 */
TB_MUST_USE tb_status client_prune_work(struct client_turn *turn);
/* TB_OK, or CLIENT_REPORT_LATE: a message of that number, or of that time, is past the window. */
TB_MUST_USE tb_status client_prune_check(struct client_turn *turn, struct client_room *room,
                                         uint64_t room_seq,
                                         const struct client_evidence_row *evidence);

#endif
