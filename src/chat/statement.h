/*
 * Statements of reasons (EU Digital Services Act, article 17): what the person concerned is told,
 * as a message in the notice room, or sealed to the device keys when no KeyPackage is left
 * (amendments 27).
 */
#ifndef TB_CHAT_STATEMENT_H
#define TB_CHAT_STATEMENT_H

#include "chat/content.h"
#include "chat/status.h"
#include "chat/structs.h"
#include "crypto/crypto.h"

#define CHAT_LABEL_SEALED_DESK_KEY "TimbreSealedDeskKey1"
#define CHAT_LABEL_SEALED_STATEMENT "TimbreSealedStatement1"

enum { CHAT_STATEMENT_TEXT_LEN_MAX = 16384 };
/*
 * A deterministic CBOR map {1: decision id, 2: number, 3: action, 4: scope, 5: room, 6: reason
 * code, 7: rule, 8: facts, 9: until ms, 10: how to appeal, 11: decided ms, 12: report id, 13:
 * stubs}. number is 0 while the decision has none.  Texts are UTF-8; what is empty is left out.
 */
struct chat_statement {
    uint8_t decision_id[16];
    uint64_t number;
    uint8_t action;      /* enum chat_action */
    uint8_t scope;       /* enum chat_scope */
    tb_bytes room_uri;   /* empty for the hub */
    uint8_t reason_code; /* enum chat_reason */
    tb_bytes rule;       /* which rule was broken */
    tb_bytes facts;      /* what happened, without the reporter */
    uint64_t until_ms;   /* 0: without end */
    tb_bytes appeal;     /* how to answer */
    uint64_t decided_ms;
    tb_bytes report_id;  /* 32 octets or empty */
    tb_bytes stubs;      /* stubs of the case, encoded vector; or empty (amendments 29) */
};
TB_MUST_USE tb_status chat_statement_encode(const struct chat_statement *statement,
                                            struct tb_buf *buf);
/* Views into input.  WIRE_CBOR_*, CHAT_STATEMENT_FORM. */
TB_MUST_USE tb_status chat_statement_decode(tb_bytes input, struct chat_statement *out);
/* H(encoded): statement_hash of the decision. */
TB_MUST_USE tb_status chat_statement_hash(const struct crypto_suite *suite, tb_bytes encoded,
                                          uint8_t hash[CHAT_HASH_LEN]);
/* The statement as English sentences, UTF-8, lines ended by \n. */
TB_MUST_USE tb_status chat_statement_render(const struct chat_statement *statement,
                                            struct tb_buf *out);

/* HPKE to a device's signature key, as X25519; the label says what for. */
TB_MUST_USE tb_status chat_device_seal(const struct crypto_suite *suite, const char *label,
                                       tb_bytes device, tb_bytes device_key, tb_bytes encoded,
                                       struct tb_rng *rng, struct tb_arena *arena,
                                       struct chat_sealed_statement *out);
/* CHAT_STATEMENT_SEALED. */
TB_MUST_USE tb_status chat_device_open(const struct crypto_suite *suite, const char *label,
                                       const struct crypto_signing_key *device_key,
                                       const struct chat_sealed_statement *sealed,
                                       struct tb_arena *arena, tb_bytes *encoded);
/*
 * For an account without a KeyPackage (amendments 27): HPKE to a device key of its record, used as
 * an X25519 key (crypto/montgomery.h), with the device's URI as context.  What makes it the desk's
 * is the signed Decision that holds the statement's hash.  suite: 1 or 3.  CRYPTO_UNSUPPORTED,
 * CRYPTO_KEY, TB_TOO_LONG.  *out borrows device and the arena.
 */
TB_MUST_USE tb_status chat_statement_seal(const struct crypto_suite *suite, tb_bytes device,
                                          tb_bytes device_key, tb_bytes encoded,
                                          struct tb_rng *rng, struct tb_arena *arena,
                                          struct chat_sealed_statement *out);
/* CHAT_STATEMENT_SEALED: not for this device, or changed. */
TB_MUST_USE tb_status chat_statement_open(const struct crypto_suite *suite,
                                          const struct crypto_signing_key *device_key,
                                          const struct chat_sealed_statement *sealed,
                                          struct tb_arena *arena, tb_bytes *encoded);

#endif
