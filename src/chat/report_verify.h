/*
 * Verifying a report (spec 2.5.8, V2-V8): a pure function from the evidence, the hub's record and
 * what the verifier happens to hold, to a result that says what is proven and what is not.  V1 is
 * chat_report_open.
 *
 * A broken chain, hub signature or form refuses the report as a whole (a status).  What concerns
 * one message gives that message a verdict, and the rest stands.
 */
#ifndef TB_CHAT_REPORT_VERIFY_H
#define TB_CHAT_REPORT_VERIFY_H

#include "chat/content.h"
#include "chat/report.h"
#include "chat/status.h"
#include "chat/structs.h"
#include "crypto/crypto.h"

/* enum: flags of chat_report_result.alarms */
enum chat_report_alarm {
    CHAT_ALARM_WINDOW_SHORT_BEFORE = 1 << 0, /* less context than the policy asks for */
    CHAT_ALARM_WINDOW_SHORT_AFTER = 1 << 1,
    CHAT_ALARM_LATE = 1 << 2,                /* V6: after the report window */
    CHAT_ALARM_UNDECRYPTABLE = 1 << 3,       /* not readable, says the reporter; as withheld */
    CHAT_ALARM_NOT_RECEIVED = 1 << 4,
    CHAT_ALARM_EXPIRED = 1 << 5,
    CHAT_ALARM_TARGET_UNPROVEN = 1 << 6,     /* a reported message failed V3 */
    CHAT_ALARM_VERSIONS_MISSING = 1 << 7,    /* V5: an edit names a message not opened */
    CHAT_ALARM_FRANK_PREV = 1 << 8,          /* R9: a sender had seen another chain in the window */
    CHAT_ALARM_HUB_SAYS_WRONG = 1 << 9,      /* V8: the hub disowns a stub */
    CHAT_ALARM_PROTOCOL = 1 << 10,           /* level 2: the sender signed a tag and another text */
    CHAT_ALARM_ALTERNATIVES = 1 << 11,       /* chooseOne: people may have seen different texts */
    CHAT_ALARM_REVOKED = 1 << 12,            /* V2: the agent was revoked from before this window's
                                              * signature; what has no level 2 is not proven */
    CHAT_ALARM_REVOKED_LATER = 1 << 13       /* the agent was revoked from a later time */
};

/* V8 for one stub. */
enum chat_report_oracle {
    CHAT_ORACLE_NOT_ASKED = 0,
    CHAT_ORACLE_RIGHT = 1,
    CHAT_ORACLE_WRONG = 2,
    CHAT_ORACLE_KEY_GONE = 3 /* "not available", not "failed" (amendments 29) */
};

/* An attachment whose hash, key and contents were checked (V4). */
struct chat_report_attachment {
    uint16_t part_index;
    tb_bytes plain;
};

/* One stub of the window and what was made of it. */
struct chat_report_message {
    const struct chat_stub *stub;
    uint8_t kind;              /* enum chat_opening_kind; WITHHELD when there is no opening */
    bool is_target;
    tb_status verdict;         /* kind FULL: TB_OK, or why the text is not proven (V3, V4, V5) */
    uint8_t level;             /* 0 nothing, 1 hub vouches, 2 the sender's own signature too */
    tb_status proof_verdict;   /* why level 2 was not reached; TB_NOT_FOUND: no proof offered */
    uint8_t message_id[CHAT_MESSAGE_ID_LEN]; /* verdict TB_OK */
    const struct chat_content *content;      /* verdict TB_OK, else NULL: never show the text */
    size_t replaces_index;     /* in messages, of the version it replaces; SIZE_MAX: none, or
                                  not in the window */
    size_t reply_index;        /* the same for inReplyTo */
    uint8_t oracle;            /* enum chat_report_oracle */
    const struct chat_report_attachment *attachments; /* verdict TB_OK: those that came inline */
    size_t attachment_count;
};

struct chat_report_person {
    tb_bytes user;
    size_t message_count;  /* stubs of this sender in the window */
    size_t opened_count;   /* proven texts */
    size_t withheld_count;
    size_t target_count;
};

struct chat_report_result {
    const struct chat_abuse_report *report;
    const struct chat_report_evidence *evidence;
    struct chat_report_message *messages; /* one a stub, in order */
    size_t message_count;
    struct chat_report_person *persons;   /* in order of appearance */
    size_t person_count;
    uint8_t level;          /* lowest of the targets */
    size_t withheld_count;  /* stubs without a text that should be there */
    bool is_complete;       /* the window is as long as the policy asks for, all texts opened */
    uint32_t alarms;        /* enum chat_report_alarm */
    uint8_t evidence_hash[CHAT_HASH_LEN]; /* H(TimbreReportEvidence): Decision.evidence_hash */
    uint64_t first_time_ms, last_time_ms;
};

struct chat_report_verify_params {
    const struct crypto_suite *suite;        /* of the room's group */
    const struct chat_hub_record *hub;       /* verified; agent keys by time */
    tb_bytes room_uri;                       /* of the envelope: the evidence must name it */
    const uint8_t *report_id;                /* of the envelope; checked with reporter_uri */
    tb_bytes reporter_uri;                   /* empty: unknown */
    const struct wire_u64 *target_seq;       /* of the envelope, which the hub metered; NULL: not */
    size_t target_count;                     /* compared */
    uint64_t received_ms;                    /* of the intake */
    uint32_t report_window_s;
    uint16_t context_before, context_after;  /* of the room's policy */
    const struct chat_account_record *records; /* verified, for level 2 */
    size_t record_count;
    const struct chat_frank_verdict *oracle; /* V8, or NULL */
};
/*
 * report: what chat_report_open gave.  Everything in *out lives in the arena or in `report`, which
 * must outlive it.
 *
 * Refusals of the whole: CHAT_EVIDENCE_MISSING, _FORM, _STUBS, _TIME_ORDER, _SIGNATURE, _MIMI,
 * _ROOM, _TARGET, _ACCUSED, _SENDERS, _OWN, _DUPLICATE, _GROUP_CONTEXT, CHAT_SEALED_ID, _TARGETS,
 * CHAT_FRANK_VERDICT_SIGNATURE, WIRE_*.
 */
TB_MUST_USE tb_status chat_report_verify(const struct chat_report_verify_params *params,
                                         tb_bytes report, struct tb_arena *arena,
                                         struct chat_report_result *out);

/*
 * Further openings for stubs of a case (counter-opening): the same V3-V5 against a result; entries
 * that were not FULL and proven, or proven at a lower level, take the new opening.
 * openings: encoded TimbreOpening<V>.
 * CHAT_EVIDENCE_STUBS for a seq outside the window.
 */
TB_MUST_USE tb_status chat_report_verify_more(const struct chat_report_verify_params *params,
                                              const struct chat_opening *openings, size_t count,
                                              struct tb_arena *arena,
                                              struct chat_report_result *result);

/* The hub's answer to chat_frank_check: label "TimbreFrankVerdict1", intake key. */
#define CHAT_LABEL_FRANK_VERDICT "TimbreFrankVerdict1"
TB_MUST_USE tb_status chat_report_verdict_sign(const struct crypto_suite *suite,
                                               const struct crypto_signing_key *intake,
                                               struct chat_frank_verdict *verdict,
                                               struct tb_arena *arena);
TB_MUST_USE tb_status chat_report_verdict_verify(const struct crypto_suite *suite,
                                                 const struct chat_frank_verdict *verdict,
                                                 const struct chat_stub *stubs, size_t count,
                                                 tb_bytes room_uri, tb_bytes intake_key,
                                                 struct tb_arena *arena);
/* stubs_hash: H(stubs<V>). */
TB_MUST_USE tb_status chat_report_stubs_hash(const struct crypto_suite *suite,
                                             const struct chat_stub *stubs, size_t count,
                                             struct tb_arena *arena,
                                             uint8_t hash[CHAT_HASH_LEN]);

/*
 * What is proven and what is not, as English sentences, one a line (UTF-8, \n).  Users appear by
 * their URIs; a client may put handles beside them.
 */
TB_MUST_USE tb_status chat_report_sentences(const struct chat_report_result *result,
                                            struct tb_buf *out);

#endif
