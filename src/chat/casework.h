/*
 * Case work: what moderators say to one another about a case, as typed messages of the desk room,
 * and the state that follows from them.
 *
 * A state is a pure fold over these messages in the order of the room's log, with the times that
 * the hub accepted them at; so it is the same on every moderator's client.  A message that the
 * rules refuse changes nothing, and every client refuses it for the same reason.
 */
#ifndef TB_CHAT_CASEWORK_H
#define TB_CHAT_CASEWORK_H

#include "base/mem.h"
#include "chat/status.h"
#include "chat/structs.h"
#include "crypto/crypto.h"

#define CHAT_LABEL_SEALED_CASES "TimbreSealedCases1"
#define CHAT_CASE_LEASE_MS (UINT64_C(30) * 60 * 1000) /* longest claim; it can be renewed */

enum {
    CHAT_CASE_NOTICE_LEN = 8,       /* octets of the id of an outsider's notice: its number */
    CHAT_CASE_TEXT_LEN_MAX = 4096,  /* octets of a note */
    CHAT_CASE_WHY_LEN_MAX = 512,    /* octets of what a priority rests on */
    CHAT_CASE_CODE_COUNT_MAX = 16,  /* codes of one case */
    CHAT_CASE_CODE_LEN_MAX = 32,    /* octets of a code */
    CHAT_CASE_DEPTH_MAX = 256       /* cases that were merged one into the next */
};

enum chat_case_kind {
    CHAT_CASE_CLAIM = 1, /* until_ms: "I work on it" */
    CHAT_CASE_RELEASE,
    CHAT_CASE_NOTE,      /* text, for moderators alone */
    CHAT_CASE_CODE,      /* codes: what the case is about; they replace those before */
    CHAT_CASE_MERGE,     /* into: the case that this one is a part of from now on */
    CHAT_CASE_PRIORITY,  /* level; text: what it rests on, may be empty */
    CHAT_CASE_DEADLINE,  /* until_ms; 0: the one of its level */
    CHAT_CASE_KIND_END
};
/* A level is its reason: a number alone is not understood. */
enum chat_case_level {
    CHAT_CASE_THREAT = 1,  /* a threat to life */
    CHAT_CASE_ORDER = 2,   /* an authority's order */
    CHAT_CASE_FLAGGER = 3, /* a trusted flagger's notice */
    CHAT_CASE_NORMAL = 4
};
/* "claim", "threat-to-life"; NULL when there is none. */
const char *chat_casework_kind_name(uint8_t kind);
const char *chat_casework_level_name(uint8_t level);
/* From the report's arrival to the deadline of a case for which nobody has set one. */
uint64_t chat_casework_level_ms(uint8_t level);

/*
 * A deterministic CBOR map {1: kind, 2: case, 3: subject, 4: until ms, 5: text, 6: [code, ...], 7:
 * case that it goes into, 8: level}.  A case is the 32 octets of its report id, or the 8 octets of
 * a notice's number.  What is empty is left out.
 */
struct chat_case_event {
    uint8_t kind;     /* enum chat_case_kind */
    tb_bytes case_id;
    tb_bytes subject; /* 32 octets, equal for reports about one message; empty: not proven */
    uint64_t until_ms;
    tb_bytes text;
    tb_bytes codes[CHAT_CASE_CODE_COUNT_MAX]; /* of a-z 0-9 . - _ : */
    size_t code_count;
    tb_bytes into;
    uint8_t level;    /* enum chat_case_level */
};
/* CHAT_CASE_FORM. */
TB_MUST_USE tb_status chat_casework_encode(const struct chat_case_event *event,
                                           struct tb_buf *buf);
/* Views into input.  WIRE_CBOR_*, CHAT_CASE_FORM. */
TB_MUST_USE tb_status chat_casework_decode(tb_bytes input, struct chat_case_event *out);
/* What reports about one message of a room have in common. */
TB_MUST_USE tb_status chat_casework_subject(const struct crypto_suite *suite, tb_bytes room_uri,
                                            tb_bytes message_id, uint8_t out[CHAT_HASH_LEN]);

/* ---- the state ---- */

#define CHAT_CASE_STATE(ROW, S)                                                  \
    ROW(S, BYTES_SOME, case_id,  CHAT_HASH_LEN)                                  \
    ROW(S, BYTES_MAX,  subject,  CHAT_HASH_LEN)                                  \
    ROW(S, BYTES_MAX,  into,     CHAT_HASH_LEN) /* merged: the rest stands there */ \
    ROW(S, U16,        height,   NONE) /* longest chain of cases that ends in this one */ \
    ROW(S, BYTES_MAX,  holder,   CHAT_URI_LEN_MAX) /* account of the newest claim */ \
    ROW(S, U64,        lease_ms, NONE) /* end of that claim; 0: released */      \
    ROW(S, U8,         level,    NONE) /* enum chat_case_level */                \
    ROW(S, BYTES_MAX,  why,      CHAT_CASE_WHY_LEN_MAX)                          \
    ROW(S, U64,        due_ms,   NONE) /* 0: as the level says */                \
    ROW(S, VEC,        codes,    wire_opaque)                                    \
    ROW(S, U32,        note_count, NONE)
WIRE_STRUCT(chat_case_state, CHAT_CASE_STATE)

/* Where the states are kept.  What get and of_subject give lives as long as the fold's step. */
struct chat_case_store {
    void *ctx;
    tb_status (*get)(void *ctx, tb_bytes case_id, struct chat_case_state *out); /* TB_NOT_FOUND */
    tb_status (*put)(void *ctx, const struct chat_case_state *state);
    /* The first case that a message named with this subject.  TB_NOT_FOUND. */
    tb_status (*of_subject)(void *ctx, tb_bytes subject, tb_bytes *case_id);
    tb_status (*put_subject)(void *ctx, tb_bytes subject, tb_bytes case_id);
};
struct chat_case_entry {
    uint64_t at_ms;   /* when the hub accepted it */
    tb_bytes account; /* who sent it */
    const struct chat_case_event *event;
};
/*
 * One step.  *verdict: TB_OK, or why the message changes nothing: CHAT_CASE_CLAIMED,
 * CHAT_CASE_NOT_HELD, CHAT_CASE_CYCLE, CHAT_CASE_LEASE, CHAT_CASE_DEPTH.  A message about a merged
 * case is about the one that it was merged into.  A case that is first named with the subject of
 * another one is merged into that by itself.  The status is the store's.
 */
TB_MUST_USE tb_status chat_casework_take(const struct chat_case_store *store,
                                         const struct chat_case_entry *entry, uint16_t *verdict);
/* Where the case stands now: itself, or what it was merged into.  A case that nothing was said
 * about has a state without contents. */
TB_MUST_USE tb_status chat_casework_root(const struct chat_case_store *store, tb_bytes case_id,
                                         struct chat_case_state *out);
/* Does somebody work on it at that time? */
bool chat_casework_is_held(const struct chat_case_state *state, uint64_t at_ms);

#endif
