/*
 * Statements of reasons (EU Digital Services Act, article 17): what the person concerned is told,
 * as a message in the notice room, or sealed to the device keys when no KeyPackage is left
 * (amendments 27).
 */
#ifndef TB_CHAT_STATEMENT_H
#define TB_CHAT_STATEMENT_H

#include "chat/content.h"
#include "chat/language.h"
#include "chat/status.h"
#include "chat/structs.h"
#include "crypto/crypto.h"

#define CHAT_LABEL_SEALED_DESK_KEY "TimbreSealedDeskKey1"
#define CHAT_LABEL_SEALED_STATEMENT "TimbreSealedStatement1"

enum { CHAT_STATEMENT_TEXT_LEN_MAX = 16384 };
/* How the desk came to the facts. */
enum chat_statement_source { CHAT_STATEMENT_REPORT = 0, CHAT_STATEMENT_OWN_INITIATIVE = 1 };
/*
 * A deterministic CBOR map from the numbers beside the fields.  Article 17(3): (a) action, scope,
 * targets, until, territory; (b) facts, source; (c) is constant, nothing here is decided or found
 * by a machine; (d) and (e) ground, rule, why; (f) is constant.  Texts are UTF-8; what is empty or
 * 0 is left out.  number is 0 while the decision has none.
 */
struct chat_statement {
    uint8_t decision_id[16]; /* 1 */
    uint64_t number;         /* 2; in the log of decisions */
    uint8_t action;          /* 3; enum chat_action */
    uint8_t scope;           /* 4; enum chat_scope */
    tb_bytes room_uri;       /* 5; empty for the hub */
    uint8_t reason_code;     /* 6; enum chat_reason */
    tb_bytes rule;           /* 7; which rule or law, and which version */
    tb_bytes facts;          /* 8; what happened, without the reporter */
    uint64_t until_ms;       /* 9; 0: without end */
    uint64_t decided_ms;     /* 10 */
    tb_bytes report_id;      /* 11; 32 octets or empty */
    tb_bytes stubs;          /* 12; stubs of the case, encoded vector; or empty (amendments 29) */
    uint8_t ground;          /* 13; enum chat_ground */
    tb_bytes why;            /* 14; why the facts fall under the rule */
    uint8_t category;        /* 15; chat/category.h */
    uint8_t source;          /* 16; enum chat_statement_source */
    uint64_t number_of;      /* 17; the decision that this one settles */
    uint64_t target_count;   /* 18; messages that are retracted */
    tb_bytes territory;      /* 19; empty: wherever the service is offered */
    uint8_t single;          /* 20; one person decided what otherwise needs two */
};
TB_MUST_USE tb_status chat_statement_encode(const struct chat_statement *statement,
                                            struct tb_buf *buf);
/* Views into input.  WIRE_CBOR_*, CHAT_STATEMENT_FORM. */
TB_MUST_USE tb_status chat_statement_decode(tb_bytes input, struct chat_statement *out);
/* H(encoded): statement_hash of the decision. */
TB_MUST_USE tb_status chat_statement_hash(const struct crypto_suite *suite, tb_bytes encoded,
                                          uint8_t hash[CHAT_HASH_LEN]);
/* The statement as sentences, UTF-8, lines ended by \n (statement_text.c).  It is data, so whoever
 * reads it chooses the language; facts and why stay as the desk wrote them. */
TB_MUST_USE tb_status chat_statement_render(const struct chat_statement *statement,
                                            enum chat_language language, struct tb_buf *out);

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
