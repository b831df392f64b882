/*
 * The desk's queue, for the host: acts of case work and views of what stands (chat/casework.h says
 * what the acts mean).  The queue is the same on every moderator's client once it has the room's
 * log and the hub's reports.
 */
#ifndef TB_CLIENT_QUEUE_H
#define TB_CLIENT_QUEUE_H

#include "chat/casework.h"
#include "client/client.h"

struct client_queue_act {
    uint8_t kind;          /* enum chat_case_kind */
    tb_bytes case_id;      /* 32 octets of a report id, or 8 of a notice's number */
    uint64_t until_ms;     /* DEADLINE; a claim always asks for CHAT_CASE_LEASE_MS */
    tb_bytes text;         /* NOTE, PRIORITY */
    const tb_bytes *codes; /* CODE */
    size_t code_count;
    tb_bytes into;         /* MERGE */
    uint8_t level;         /* PRIORITY */
};
/*
 * DONE: number = room_seq of the message.  Another moderator may have been quicker: whether it
 * stands is known when it came back in the log, by client_queue_verdict.
 * TB_NOT_FOUND: no such case here.  CLIENT_CASE_DECIDED, CHAT_CASE_CLAIMED, _NOT_HELD, _CYCLE,
 * _FORM, CLIENT_NOT_MEMBER.
 */
TB_MUST_USE tb_status client_queue_act(struct client *client, uint64_t now_ms,
                                       const struct client_queue_act *act,
                                       struct client_effects *effects, uint64_t *op);
/* TB_NOT_FOUND: not in the log yet.  *verdict: TB_OK or why it changes nothing. */
TB_MUST_USE tb_status client_queue_verdict(struct client *client, uint64_t room_seq,
                                           uint16_t *verdict);

/* Cases about one thing: the one that stands for them, and the rest.  Those that are decided and
 * those that are not are two entries. */
struct client_queue_view {
    tb_bytes case_id;
    uint64_t number;      /* of the report, or of the notice */
    uint64_t received_ms; /* the earliest of them */
    bool is_notice;       /* of somebody without an account */
    bool is_decided;
    uint64_t decision_number; /* 0 of a notice */
    uint64_t decided_before;  /* of an open one: a decision about the same; 0: none */
    uint8_t level;        /* enum chat_case_level */
    tb_bytes why;         /* what the level rests on; may be empty */
    tb_bytes holder, holder_handle; /* who works on it; empty: nobody at now_ms */
    uint64_t lease_ms;
    uint64_t due_ms;
    bool is_due_set;      /* by a moderator; else it follows from the level */
    const struct wire_opaque *codes;
    size_t code_count;
    uint32_t note_count;
    const tb_bytes *duplicates; /* case ids */
    size_t duplicate_count;
};
/* Most urgent first: open before decided, then level, then deadline. */
TB_MUST_USE tb_status client_queue(struct client *client, uint64_t now_ms,
                                   struct tb_arena *arena, struct client_queue_view **out,
                                   size_t *count);

struct client_queue_line {
    uint64_t room_seq, at_ms;
    tb_bytes account, handle;
    uint16_t verdict; /* TB_OK or why it changed nothing */
    struct chat_case_event event;
};
/* What was said about a case and those that are one with it, in order. */
TB_MUST_USE tb_status client_queue_history(struct client *client, tb_bytes case_id,
                                           struct tb_arena *arena,
                                           struct client_queue_line **out, size_t *count);

#endif
