/* What is added to a case after its report, and what leaves a client as proof for others. */
#ifndef TB_CLIENT_PROOF_H
#define TB_CLIENT_PROOF_H

#include "client/client.h"

/*
 * Add openings of one's own to a case (counter-opening): by the report's id, or, for whom a
 * decision concerns, by its number.  level 2 adds the senders' signatures.  DONE: number = how many
 * were opened.  CLIENT_OFFLINE, CLIENT_MESSAGE_UNKNOWN, CLIENT_MESSAGE_CLOSED.
 */
struct client_open_params {
    tb_bytes room;            /* of a report id */
    tb_bytes report_id;       /* 32 octets, or empty */
    uint64_t decision_number; /* 0: by report_id */
    const uint64_t *room_seq;
    size_t room_seq_count;
    uint8_t level;
};
TB_MUST_USE tb_status client_open(struct client *client, uint64_t now_ms,
                                  const struct client_open_params *params,
                                  struct client_effects *effects, uint64_t *op);
/* As the desk: ask the members of a case's room what they hold at this number. */
TB_MUST_USE tb_status client_desk_ask(struct client *client, uint64_t now_ms, tb_bytes report_id,
                                      uint64_t room_seq, struct client_effects *effects,
                                      uint64_t *op);

/* ---- proofs for others (export.c) ---- */

/* An encoded chat_bundle of a case that verified.  TB_NOT_FOUND, CLIENT_CASE_UNVERIFIED. */
TB_MUST_USE tb_status client_case_export(struct client *client, tb_bytes report_id,
                                         struct tb_arena *arena, tb_bytes *bundle);
/* The contents of a message's first attachment that came with the report, verified (V4).
 * CLIENT_MESSAGE_UNKNOWN, CLIENT_ATTACHMENT_NONE. */
TB_MUST_USE tb_status client_case_save(struct client *client, tb_bytes report_id,
                                       uint64_t room_seq, struct tb_arena *arena,
                                       tb_bytes *plain);
enum { CLIENT_ALARM_COUNT_MAX = 1024 };
struct client_alarm_view {
    uint64_t number, at_ms, room_seq;
    uint16_t code; /* CLIENT_ALARM_* */
    tb_bytes room;
    tb_bytes proof; /* of two histories: encoded chat_equivocation, or empty */
};
/* In the order in which they were raised. */
TB_MUST_USE tb_status client_alarms(struct client *client, struct tb_arena *arena,
                                    struct client_alarm_view **out, size_t *count);

#endif
