/*
 * What a later message does to an earlier one (revise.c, receipt.c), and what time does (expire.c).
 * The line of the earlier message changes; evidence of what was said stays until the report window
 * ends (spec 2.5.9), except when the message itself has expired.
 */
#ifndef TB_CLIENT_REVISE_H
#define TB_CLIENT_REVISE_H

#include "chat/content.h"
#include "client/rooms.h"

enum {
    CLIENT_RECEIPT_COUNT_MAX = 64,      /* messages that one receipt names */
    CLIENT_RECEIPT_ROOM_COUNT_MAX = 20, /* participants: receipts of larger rooms are a flood */
    CLIENT_EXPIRY_COUNT_MAX = 1000      /* messages that one turn wipes */
};

/* A message in the room's log, opened and proven. */
struct client_later {
    const struct chat_content *content;
    const struct chat_policy_room *policy; /* of the message's epoch */
    tb_bytes account;                      /* who sent it */
    uint64_t room_seq, at_ms;
    const uint8_t *message_id;
};
/* What is known of a message id in a room.  TB_NOT_FOUND. */
TB_MUST_USE tb_status client_message_id_get(struct client_turn *turn, struct client_room *room,
                                            tb_bytes id, struct client_message_id_row *out);
TB_MUST_USE tb_status client_message_id_put(struct client_turn *turn, struct client_room *room,
                                            tb_bytes id, const struct client_message_id_row *row);
TB_MUST_USE tb_status client_message_id_del(struct client_turn *turn, struct client_room *room,
                                            tb_bytes id);
bool client_revise_is_later(const struct chat_content *content);
/*
 * An edit, a deletion or a reaction: the earlier line changes.  What concerns a message that is not
 * here, or what its sender may not do, changes nothing.  *about: what its own id stands for;
 * *expires_ms: when its own text has to go, 0: not by itself.
 */
TB_MUST_USE tb_status client_revise_take(struct client_turn *turn, struct client_room *room,
                                         const struct client_later *later,
                                         struct client_message_id_row *about,
                                         uint64_t *expires_ms);
/* Store a changed line and tell it; by: who changed it, empty for time. */
TB_MUST_USE tb_status client_revise_line(struct client_turn *turn, struct client_room *room,
                                         uint64_t row, const struct client_line_row *line,
                                         tb_bytes by);
/* The body of a message-status: who has read what. */
TB_MUST_USE tb_status client_receipt_take(struct client_turn *turn, struct client_room *room,
                                          tb_bytes account, uint64_t at_ms, tb_bytes body);
/* Rows above row_before, up to row.row_read, were read: tell their senders where that is wanted. */
TB_MUST_USE tb_status client_receipt_make(struct client_turn *turn, struct client_room *room,
                                          uint64_t row_before);
/* What a new message may have: the person's wish, or the room's default.  CLIENT_EXPIRY. */
TB_MUST_USE tb_status client_expire_wanted(const struct chat_policy_room *policy, bool is_wish,
                                           uint32_t wish_s, uint32_t *expires_s);
/* When a content disappears: 0, or a time that the room's policy allows. */
uint64_t client_expire_at(const struct chat_policy_room *policy, const struct chat_content *content,
                          uint64_t accepted_ms);
/* The message with this evidence, and its line, go at that time; 0 is ignored. */
TB_MUST_USE tb_status client_expire_note(struct client_turn *turn, const struct client_room *room,
                                         const struct client_evidence_row *evidence,
                                         uint64_t expires_ms);
/* Wipe what is due, and wake up for what comes next. */
TB_MUST_USE tb_status client_expire_work(struct client_turn *turn);

/* number: of the decision that retracts the message of this line; 0: it is shown again. */
TB_MUST_USE tb_status client_revise_retract(struct client_turn *turn, struct client_room *room,
                                            uint64_t row, uint64_t number, uint64_t at_ms);

#endif
