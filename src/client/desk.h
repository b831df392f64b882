/* What the files about reports, the desk and people offer one another. */
#ifndef TB_CLIENT_DESK_H
#define TB_CLIENT_DESK_H

#include "client/decisions.h"
#include "client/rooms.h"

/* ---- reports and desk (report.c, desk.c, cases.c, decide.c) ---- */

struct client_key client_case_key(tb_bytes report_id);
TB_MUST_USE tb_status client_case_get(struct client_turn *turn, tb_bytes report_id,
                                      struct client_case_row *out);
TB_MUST_USE tb_status client_case_put(struct client_turn *turn, const struct client_case_row *row);
TB_MUST_USE tb_status client_queue_ask(struct client_turn *turn);
/* V1 of row->intake, under row->intake_key, with this desk's keys; *body is what was sealed. */
struct chat_report_result;
TB_MUST_USE tb_status client_case_open(struct client_turn *turn,
                                       const struct client_case_row *row,
                                       struct chat_report_intake *intake, tb_bytes *body);
/* V2-V8, with all that was added to the case. */
TB_MUST_USE tb_status client_case_verify(struct client_turn *turn,
                                         const struct client_case_row *row,
                                         const struct chat_report_intake *intake, tb_bytes report,
                                         const struct chat_frank_verdict *oracle,
                                         struct chat_report_result *result);
/* Judge a case again, and have it checked by the hub again. */
TB_MUST_USE tb_status client_case_again(struct client_turn *turn, struct client_case_row *row);

/* ---- openings and members' words (opening.c, case_more.c) ---- */

struct chat_report_verify_params;
/* Apply what was added to a verified case. */
TB_MUST_USE tb_status client_case_more_apply(struct client_turn *turn,
                                             const struct client_case_row *row,
                                             const struct chat_report_verify_params *params,
                                             struct chat_report_result *result);
/* An entry of the queue that adds to a case that is here. */
TB_MUST_USE tb_status client_case_more_take(struct client_turn *turn,
                                            const struct chat_queue_entry *entry,
                                            const struct chat_report_intake *intake);
/* Sentences on members' words, behind those of the report; sets row->proof. */
TB_MUST_USE tb_status client_case_more_say(struct client_turn *turn, struct client_case_row *row,
                                           const struct chat_report_result *result,
                                           struct tb_buf *out);
/* The desk asks what we hold: answered once, without a person. */
TB_MUST_USE tb_status client_opening_asked(struct client_turn *turn,
                                           const struct chat_stub_ask *ask);
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
/* Ascending, in the arena. */
TB_MUST_USE tb_status client_report_seq_list(struct client_turn *turn, const uint64_t *seq,
                                             size_t count, struct wire_u64 **out);
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
/* Are there active moderators besides this account?  Then they are to look at its decisions. */
TB_MUST_USE tb_status client_desk_has_others(struct client_turn *turn, bool *out);
/* Statement and signed decision of what the row says; number_of: the decision it settles, or 0. */
TB_MUST_USE tb_status client_decision_draft(struct client_turn *turn, struct client_case_row *row,
                                            const struct client_decision_params *params,
                                            uint64_t number_of);
/* With all signatures: the notice room, and what follows from it.  Stores the row. */
TB_MUST_USE tb_status client_decide_carry(struct client_turn *turn, struct client_case_row *row);
TB_MUST_USE tb_status client_decide_statement(struct client_turn *turn, struct client_room *room,
                                              const struct client_case_row *row);
/* A decision that needs a second person goes into the desk room (draft.c). */
TB_MUST_USE tb_status client_draft_send(struct client_turn *turn,
                                        const struct client_case_row *row);
TB_MUST_USE tb_status client_draft_taken(struct client_turn *turn, struct client_room *room,
                                         tb_bytes sender, tb_bytes body);
/* The case is decided: its draft is void. */
TB_MUST_USE tb_status client_draft_drop(struct client_turn *turn, tb_bytes report_id);
/* A turn without effects, whose arena is the caller's (lists.c). */
TB_MUST_USE tb_status client_list_begin(struct client *client, struct tb_arena *arena,
                                        struct client_turn *turn);
/* Rows of NOTICES (decisions.c). */
struct client_key client_notice_key(char tag, uint64_t number);
TB_MUST_USE tb_status client_notice_statement_put(struct client_turn *turn, tb_bytes encoded);
TB_MUST_USE tb_status client_notice_entry_put(struct client_turn *turn,
                                              const struct chat_decision_entry *entry);
TB_MUST_USE tb_status client_notice_row_get(struct client_turn *turn, uint64_t number,
                                            struct client_notice_row *out);
/* Did this account decide it, or confirm it? */
bool client_decision_took_part(const struct client *client,
                               const struct chat_decision *decision);
/* The statement as text in the profile's language; number: of its decision, or 0. */
TB_MUST_USE tb_status client_statement_text(struct client_turn *turn, tb_bytes encoded,
                                            uint64_t number, tb_bytes *out);
/* Somebody appeals, in a notice room (appeal.c). */
TB_MUST_USE tb_status client_appeal_taken(struct client_turn *turn, struct client_room *room,
                                          tb_bytes sender, tb_bytes body,
                                          struct client_line_row *line);
/* Which appeals the hub knows; asked as desk. */
TB_MUST_USE tb_status client_appeals_ask(struct client_turn *turn);
/* What became of reports that are not decided yet (outcome.c). */
TB_MUST_USE tb_status client_outcome_ask(struct client_turn *turn);
/* A proposal of the hub that retracts messages, or restores them (retract.c). */
TB_MUST_USE tb_status client_retract_take(struct client_turn *turn, struct client_room *room,
                                          const struct mls_received *received);
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

/* The decision behind the change of a user's place in the room, from the hub's proposals of this
 * epoch; 0: none (decided.c). */
TB_MUST_USE tb_status client_decision_of(struct client_turn *turn, struct mls_group *group,
                                         const struct chat_policy_room *before, tb_bytes user,
                                         uint64_t *number);
/* Hand in the naming of an owner that was not answered yet (naming.c). */
TB_MUST_USE tb_status client_naming_work(struct client_turn *turn);

/* A question without whose answer a login is not in sync. */
TB_MUST_USE tb_status client_ask_send(struct client_turn *turn, uint16_t verb, const void *body,
                                      client_answer *answered, const struct client_about *about);
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
