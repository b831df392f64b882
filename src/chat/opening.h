/*
 * What comes to a case after its report: openings by anybody who holds one (counter-opening, spec
 * 2.5.6), also with the sender's signature where the report had none, and members' word on a stub
 * (corroboration).  Sealed to the desk like a report (CHAT_SEALED_IS_OPENINGS).
 */
#ifndef TB_CHAT_OPENING_H
#define TB_CHAT_OPENING_H

#include "chat/report_verify.h"
#include "chat/status.h"
#include "chat/structs.h"

#define CHAT_LABEL_STUB_ACK "TimbreStubAck1"

enum {
    CHAT_OPENING_COUNT_MAX = 32, /* openings of one message to the desk */
    CHAT_ACK_STUB_COUNT_MAX = CHAT_RUN_LINK_COUNT_MAX
};

enum chat_stub_seen {
    CHAT_SEEN_VERIFIED = 1,      /* decrypted and verified */
    CHAT_SEEN_UNDECRYPTABLE = 2,
    CHAT_SEEN_NEVER = 3          /* never received; the stubs are empty then */
};
/* stubs: from room_seq to the first that the hub signed; chain_before is that of the first. */
#define CHAT_STUB_ACK(ROW, S)                                  \
    ROW(S, U64,        room_seq,     NONE)                     \
    ROW(S, FIXED,      chain,        CHAT_HASH_LEN) /* behind room_seq */ \
    ROW(S, U8,         seen,         NONE) /* enum chat_stub_seen */ \
    ROW(S, BYTES_SOME, device,       CHAT_URI_LEN_MAX)         \
    ROW(S, FIXED,      chain_before, CHAT_HASH_LEN)            \
    ROW(S, VEC,        stubs,        chat_stub)                \
    ROW(S, BYTES_MAX,  signature,    255) /* of the device */
WIRE_STRUCT(chat_stub_ack, CHAT_STUB_ACK)
/* Label "TimbreStubAck1". */
#define CHAT_STUB_ACK_TBS(ROW, S)                              \
    ROW(S, BYTES_SOME, room_uri,     CHAT_URI_LEN_MAX)         \
    ROW(S, BYTES_SOME, group_id,     255)                      \
    ROW(S, FIXED,      report_id,    CHAT_HASH_LEN)            \
    ROW(S, U64,        room_seq,     NONE)                     \
    ROW(S, FIXED,      chain,        CHAT_HASH_LEN)            \
    ROW(S, U8,         seen,         NONE)                     \
    ROW(S, BYTES_SOME, device,       CHAT_URI_LEN_MAX)
WIRE_STRUCT(chat_stub_ack_tbs, CHAT_STUB_ACK_TBS)

#define CHAT_OPENINGS(ROW, S)                                  \
    ROW(S, U16, version,        NONE) /* 1 */                  \
    ROW(S, VEC, openings,       chat_opening)                  \
    ROW(S, VEC, group_contexts, wire_opaque) /* level 2 */     \
    ROW(S, VEC, acks,           chat_stub_ack)
WIRE_STRUCT(chat_openings, CHAT_OPENINGS)

/* CHAT_OPENINGS_FORM for another version, nothing in it, or too much. */
TB_MUST_USE tb_status chat_opening_decode(tb_bytes encoded, struct tb_arena *arena,
                                           struct chat_openings *out);

/*
 * Openings for a case that was verified: its GroupContexts grow by those that are new, then
 * chat_report_verify_more.  The statuses of that.
 */
TB_MUST_USE tb_status chat_opening_apply(const struct chat_report_verify_params *params,
                                          const struct chat_openings *openings,
                                          struct tb_arena *arena,
                                          struct chat_report_result *result);

/* Which room and case an acknowledgement is about. */
struct chat_ack_place {
    const struct crypto_suite *suite;
    tb_bytes room_uri, group_id;
    const uint8_t *report_id; /* CHAT_HASH_LEN octets */
};
TB_MUST_USE tb_status chat_opening_ack_sign(const struct chat_ack_place *place,
                                         const struct crypto_signing_key *device,
                                         struct tb_arena *arena, struct chat_stub_ack *ack);

enum chat_witness {
    CHAT_WITNESS_AGREES = 1,
    CHAT_WITNESS_UNREADABLE = 2, /* the same chain; the member could not read the message */
    CHAT_WITNESS_NEVER = 3,      /* the member has no such message: a claim */
    CHAT_WITNESS_OTHER_CHAIN = 4, /* a claim that no signature of the hub supports */
    CHAT_WITNESS_PROVES = 5      /* the hub signed two histories: *proof convinces anybody */
};
/*
 * One acknowledgement against the evidence of the case.  hub_record: encoded; root_hash as in
 * chat_equivocation_verify.  *proof is an encoded chat_equivocation, or empty.
 * CHAT_STUB_ACK_SIGNATURE, CHAT_STUB_ACK_FORM; TB_NO_SPACE, CRYPTO_FAILED.
 */
TB_MUST_USE tb_status chat_opening_ack_check(const struct chat_ack_place *place,
                                             tb_bytes device_key, tb_bytes hub_record,
                                             tb_bytes root_hash,
                                             const struct chat_report_evidence *evidence,
                                             const struct chat_stub_ack *ack,
                                             struct tb_arena *arena, enum chat_witness *outcome,
                                             tb_bytes *proof);

#endif
