/* What the files about reports, the desk and people offer one another. */
#ifndef TB_CLIENT_DESK_H
#define TB_CLIENT_DESK_H

#include "client/rooms.h"

/* ---- reports and desk (report.c, desk.c, cases.c, decide.c) ---- */

struct client_key client_case_key(tb_bytes report_id);
TB_MUST_USE tb_status client_case_get(struct client_turn *turn, tb_bytes report_id,
                                      struct client_case_row *out);
TB_MUST_USE tb_status client_case_put(struct client_turn *turn, const struct client_case_row *row);
TB_MUST_USE tb_status client_queue_ask(struct client_turn *turn);
/* One of the requests of a fetch is answered; the last one ends it. */
TB_MUST_USE tb_status client_fetch_over(struct client_turn *turn, uint16_t code);
/* Does the decision log continue what was seen of it (log.c)? */
TB_MUST_USE tb_status client_log_ask(struct client_turn *turn);
/* Notices of outsiders above this number (outside.c). */
TB_MUST_USE tb_status client_outside_ask(struct client_turn *turn, uint64_t after);
TB_MUST_USE tb_status client_outside_get(struct client_turn *turn, uint64_t number,
                                         struct chat_notice_waiting *out);

/* CHAT_CASE_CLAIMED while another moderator works on the case (casework.c). */
TB_MUST_USE tb_status client_casework_may_decide(struct client_turn *turn, tb_bytes report_id);
TB_MUST_USE tb_status client_report_work(struct client_turn *turn);
/* The operator founds the desk anew: tells, and marks the reports that went to the old one. */
TB_MUST_USE tb_status client_report_desk_gone(struct client_turn *turn);
/* The desk room, its keys and their publication, when this account is the first admin's. */
TB_MUST_USE tb_status client_desk_work(struct client_turn *turn);
TB_MUST_USE tb_status client_desk_get(struct client_turn *turn, struct client_desk_row *out);
TB_MUST_USE tb_status client_desk_keys_taken(struct client_turn *turn, struct client_room *room,
                                             tb_bytes sender, tb_bytes body);
/* A commit of the desk room is final: whose device is gone had the keys, so they change. */
TB_MUST_USE tb_status client_desk_members_seen(struct client_turn *turn, struct client_room *room);
TB_MUST_USE tb_status client_desk_put(struct client_turn *turn, const struct client_desk_row *row);
/* The row of the desk whose room this is; a new one when there is none, or one of another desk. */
TB_MUST_USE tb_status client_desk_of_room(struct client_turn *turn, const struct client_room *room,
                                          struct client_desk_row *out);
/* The hub's record changed: another key of our desk, or another desk. */
TB_MUST_USE tb_status client_desk_record_changed(struct client_turn *turn);
/* After a restore of the hub: the newest RecipientKey that we hold. */
TB_MUST_USE tb_status client_desk_publish_again(struct client_turn *turn);

/* ---- verify_key among the owners (desk_owner.c) ---- */

/* With verify_key in hand: give it to owners who came; *is_due: one who had it is gone. */
TB_MUST_USE tb_status client_desk_owner_seen(struct client_turn *turn, struct client_room *room,
                                             const struct client_desk_row *desk, bool *is_due);
/* Make another key and hand it round. */
TB_MUST_USE tb_status client_desk_owner_make(struct client_turn *turn, struct client_room *room,
                                             struct client_desk_candidate_row *out);
/* The one that we made, while the hub has not taken it; or let go of it. */
TB_MUST_USE tb_status client_desk_owner_candidate(struct client_turn *turn,
                                                  struct client_desk_candidate_row *out,
                                                  bool *is_found);
TB_MUST_USE tb_status client_desk_owner_drop(struct client_turn *turn);
/* All that owners have announced as keys that may follow. */
TB_MUST_USE tb_status client_desk_owner_candidates(struct client_turn *turn,
                                                   struct client_desk_candidate_row **out,
                                                   size_t *count);
TB_MUST_USE tb_status client_desk_owner_adopt(struct client_turn *turn,
                                              struct client_desk_row *desk);
TB_MUST_USE tb_status client_desk_owner_taken(struct client_turn *turn, struct client_room *room,
                                              tb_bytes sender, tb_bytes body);

/* Send the desk's keys into the desk room. */
TB_MUST_USE tb_status client_desk_keys_send(struct client_turn *turn, struct client_room *room);
/* A RecipientKey that the hub published: serial, signature, announcement. */
TB_MUST_USE tb_status client_desk_recipient_check(struct client_turn *turn,
                                                  const struct chat_recipient_key *key);
/* The notice room is at the hub: the accused and the rest of the desk are added next. */
TB_MUST_USE tb_status client_decide_room_made(struct client_turn *turn, struct client_room *room);
/* account was added to the notice room, or could not be. */
TB_MUST_USE tb_status client_decide_room_ready(struct client_turn *turn, struct client_room *room,
                                               tb_bytes account, bool is_added);
TB_MUST_USE tb_status client_decide_statement_sent(struct client_turn *turn, tb_bytes case_id,
                                                   tb_bytes room_uri);
/* TB_NOT_FOUND: the log holds no decision about this case. */
TB_MUST_USE tb_status client_decision_known(struct client_turn *turn, tb_bytes report_id,
                                            struct client_decided_row *out);
/* The decision that the log holds about this case, if there is one. */
TB_MUST_USE tb_status client_decision_of_case(struct client_turn *turn,
                                              struct client_case_row *row);
TB_MUST_USE tb_status client_decide_work(struct client_turn *turn);
TB_MUST_USE tb_status client_decide_fail(struct client_turn *turn, tb_bytes case_id, uint16_t code,
                                         tb_bytes detail);

/* Hand in the naming of an owner that was not answered yet (naming.c). */
TB_MUST_USE tb_status client_naming_work(struct client_turn *turn);

/* Decisions of the hub's log that we have not seen (notice.c). */
TB_MUST_USE tb_status client_decision_ask(struct client_turn *turn);
/* One was pushed. */
TB_MUST_USE tb_status client_decision_came(struct client_turn *turn,
                                           const struct chat_decision_entry *entry);

/* ---- consent (consent.c) ---- */

client_answer client_consent_known;
TB_MUST_USE tb_status client_consent_take(struct client_turn *turn,
                                          const struct chat_consent_entry *entry);

#endif
