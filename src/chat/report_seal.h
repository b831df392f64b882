/*
 * The envelope of a report (spec 2.5.7): sealed to the recipients that the room names, metered by
 * the hub, which cannot read it.
 *
 *     CEK          32 fresh octets
 *     body         AES-256-GCM under HKDF-Expand-SHA256(CEK, ...), of uint32 length, report, zeros
 *     key_commit   HMAC-SHA256(CEK, "timbre report commit" || H(body)): no two readings of one body
 *     keys         EncryptWithLabel(hpke_key, "TimbreSealedReport1", room_uri<V> || report_id, CEK)
 */
#ifndef TB_CHAT_REPORT_SEAL_H
#define TB_CHAT_REPORT_SEAL_H

#include "chat/report.h"
#include "chat/status.h"
#include "chat/structs.h"
#include "crypto/crypto.h"

#define CHAT_LABEL_REPORT "TimbreReportTBS1"
#define CHAT_LABEL_SEALED_REPORT "TimbreSealedReport1"
#define CHAT_LABEL_REPORT_INTAKE "TimbreReportIntake1"

enum {
    CHAT_REPORT_PAD_LEN = 1024,
    CHAT_REPORT_RECIPIENT_COUNT_MAX = 16,
    CHAT_REPORT_BODY_LEN_MAX = 8 << 20, /* octets of a sealed report */
    CHAT_PSEUDONYM_LEN = 16
};

/* chat_sealed_report.version: what the body holds. */
enum chat_sealed_kind {
    CHAT_SEALED_IS_REPORT = 1,  /* an AbuseReport */
    CHAT_SEALED_IS_OPENINGS = 2 /* chat_openings, for the case of this report_id (chat/opening.h) */
};

struct chat_report_seal_params {
    uint8_t kind;                           /* enum chat_sealed_kind; 0: a report */
    const struct crypto_suite *suite;       /* of the reporter's key; gives the provider */
    tb_bytes room_uri;
    uint8_t report_id[CHAT_HASH_LEN];
    const uint64_t *target_seq;
    size_t target_count;
    tb_bytes report;                        /* chat_report_encode, or encoded chat_openings */
    const struct chat_recipient_key *recipients; /* verified (chat_records_verify_recipient) */
    size_t recipient_count;
    const struct crypto_signing_key *reporter_key; /* device key */
};
/* *out and all it points to live in the arena.  CHAT_REPORT_RECIPIENTS, TB_TOO_LONG,
 * CRYPTO_UNSUPPORTED for a recipient's suite. */
TB_MUST_USE tb_status chat_report_seal(const struct chat_report_seal_params *params,
                                       struct tb_rng *rng, struct tb_arena *arena,
                                       struct chat_sealed_report *out);

/* The hub's checks: version, lengths, the reporter's signature.  CHAT_SEALED_VERSION, _LENGTH,
 * _SIGNATURE, CHAT_REPORT_TARGET, CHAT_REPORT_RECIPIENTS. */
TB_MUST_USE tb_status chat_report_seal_check(const struct crypto_suite *suite,
                                             const struct chat_sealed_report *report,
                                             tb_bytes reporter_key, struct tb_arena *arena);

/* HMAC-SHA256(pseudonym key, reporter_uri<V> || uint32 month)[0..15]; month = 12 * year + month of
 * received_ms in UTC, January 0. */
TB_MUST_USE tb_status chat_report_pseudonym(const struct crypto_suite *suite,
                                            tb_bytes pseudonym_key, tb_bytes reporter_uri,
                                            uint64_t received_ms,
                                            uint8_t pseudonym[CHAT_PSEUDONYM_LEN]);
/* Drops reporter_signature, signs the rest by the intake key.  Encoded in the arena. */
TB_MUST_USE tb_status chat_report_intake_make(const struct crypto_suite *suite,
                                              const struct crypto_signing_key *intake,
                                              const struct chat_sealed_report *report,
                                              const uint8_t pseudonym[CHAT_PSEUDONYM_LEN],
                                              uint64_t received_ms, struct tb_arena *arena,
                                              tb_bytes *encoded);

/* A recipient's key with its private half. */
struct chat_report_opener {
    const struct chat_recipient_key *key;
    const struct tb_secret *private_key;
};
/*
 * V1: the hub's signature, our wrapped key, the commitment, the body, the padding.  *report is what
 * was sealed, in the arena: intake->report.version says whether a report or openings.
 * One changed octet anywhere in the intake is refused.
 * CHAT_INTAKE_SIGNATURE, CHAT_SEALED_*.
 */
TB_MUST_USE tb_status chat_report_open(const struct crypto_suite *suite, tb_bytes intake_encoded,
                                       tb_bytes intake_key,
                                       const struct chat_report_opener *openers,
                                       size_t opener_count, struct tb_arena *arena,
                                       struct chat_report_intake *intake, tb_bytes *report);

#endif
