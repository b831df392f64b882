/*
 * A report for a third party: what the desk verified, in a form that anybody checks offline with
 * the hub's root key alone.  It holds neither who reported nor the note; the nonce of the evidence
 * is zero, since with the report's id it would tell the reporter among the members.
 */
#ifndef TB_CHAT_BUNDLE_H
#define TB_CHAT_BUNDLE_H

#include "chat/report_verify.h"
#include "chat/status.h"
#include "chat/structs.h"

#define CHAT_BUNDLE(ROW, S)                                                       \
    ROW(S, U16,        version,     NONE) /* 1 */                                 \
    ROW(S, U16,        suite,       NONE) /* of the room's group */               \
    ROW(S, U64,        received_ms, NONE) /* by the hub, says who exported */     \
    ROW(S, BYTES_SOME, room_uri,    CHAT_URI_LEN_MAX)                             \
    ROW(S, BYTES,      report,      NONE) /* AbuseReport */                       \
    ROW(S, VEC,        openings,    wire_opaque) /* chat_openings, without members' words */ \
    ROW(S, VEC,        records,     wire_opaque) /* AccountRecords of the senders */ \
    ROW(S, BYTES,      hub_record,  NONE) /* the agent keys, signed by the root key */
WIRE_STRUCT(chat_bundle, CHAT_BUNDLE)

struct chat_bundle_params {
    const struct crypto_suite *suite;
    uint64_t received_ms;
    tb_bytes room_uri;
    tb_bytes report;              /* as chat_report_open gave it */
    const tb_bytes *openings;     /* encoded chat_openings, in the order in which they came */
    size_t opening_count;
    const tb_bytes *records;      /* encoded AccountRecords */
    size_t record_count;
    tb_bytes hub_record;          /* encoded */
};
/* Encoded in the arena.  The statuses of chat_report_decode and chat_opening_decode. */
TB_MUST_USE tb_status chat_bundle_make(const struct chat_bundle_params *params,
                                       struct tb_arena *arena, tb_bytes *encoded);

struct chat_bundle_result {
    struct chat_hub_record hub;
    uint8_t root_hash[CHAT_HASH_LEN]; /* of the hub's root key: to be compared */
    struct chat_report_result report;
    bool has_later_record; /* level 2 rests on a record that does not prove itself */
};
/*
 * root_hash: 32 octets that the hub's root key must have, or empty: any, the caller shows it.
 * Everything lives in the arena or in `encoded`.  CHAT_BUNDLE_FORM, CRYPTO_UNSUPPORTED,
 * CHAT_HUB_RECORD_*, CHAT_RECORD_*, and the statuses of chat_report_verify.
 */
TB_MUST_USE tb_status chat_bundle_verify(const struct crypto_provider *provider, tb_bytes encoded,
                                         tb_bytes root_hash, struct tb_arena *arena,
                                         struct chat_bundle_result *out);
/* As chat_report_sentences, with what an exported report proves and what it does not. */
TB_MUST_USE tb_status chat_bundle_sentences(const struct chat_bundle_result *result,
                                            struct tb_buf *out);

#endif
