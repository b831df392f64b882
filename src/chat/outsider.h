/*
 * Notices of people without an account (Articles 16, 20 and 23 of Regulation (EU) 2022/2065), the
 * register of orders (Articles 9 and 10), and public counts.
 *
 * The hub receives an outsider's words in clear, seals them to the desk's newest RecipientKey in
 * the same turn, and stores them in no other form.  Nothing about them is proven.
 */
#ifndef TB_CHAT_OUTSIDER_H
#define TB_CHAT_OUTSIDER_H

#include "chat/status.h"
#include "chat/structs.h"
#include "crypto/crypto.h"

#define CHAT_LABEL_NOTICE "TimbreNotice1"

enum {
    CHAT_NOTICE_WHERE_LEN_MAX = 1000, /* octets of UTF-8, all of these */
    CHAT_NOTICE_TEXT_LEN_MAX = 8000,
    CHAT_NOTICE_NAME_LEN_MAX = 200,
    CHAT_NOTICE_MAIL_LEN_MAX = 254,
    CHAT_NOTICE_REPLY_LEN_MAX = 2000,
    CHAT_NOTICE_SECRET_LEN = 16,
    CHAT_NOTICE_PAD_LEN = 1024, /* sealed notices are padded to multiples of this */
    CHAT_ORDER_TEXT_LEN_MAX = 1000
};
#define CHAT_COMPLAINT_WINDOW_MS (UINT64_C(184) * 86400000) /* six months (Art. 20(1)) */

enum chat_notice_kind { CHAT_NOTICE_FIRST = 1, CHAT_NOTICE_COMPLAINT = 2 };
enum chat_notice_outcome {
    CHAT_NOTICE_OPEN = 0,
    CHAT_NOTICE_ACTED = 1,    /* a complaint: upheld, action was taken after all */
    CHAT_NOTICE_NO_ACTION = 2,
    CHAT_NOTICE_UNFOUNDED = 3 /* manifestly (Art. 23(2)); no action, and a strike */
};
enum chat_notice_basis { CHAT_BASIS_TERMS = 1, CHAT_BASIS_LAW = 2 };
const char *chat_notice_outcome_name(uint8_t outcome); /* "no-action"; NULL: unknown */

/* What an outsider says.  mail may be empty: for some notices the law asks for no name. */
#define CHAT_NOTICE(ROW, S)                                          \
    ROW(S, U8,         kind,          NONE)                          \
    ROW(S, U8,         reason_code,   NONE)                          \
    ROW(S, BYTES_MAX,  where,         CHAT_NOTICE_WHERE_LEN_MAX)     \
    ROW(S, BYTES_SOME, text,          CHAT_NOTICE_TEXT_LEN_MAX)      \
    ROW(S, BYTES_MAX,  name,          CHAT_NOTICE_NAME_LEN_MAX)      \
    ROW(S, BYTES_MAX,  mail,          CHAT_NOTICE_MAIL_LEN_MAX)      \
    ROW(S, U8,         is_good_faith, NONE) /* they say so (Art. 16(2)(d)) */
WIRE_STRUCT(chat_notice, CHAT_NOTICE)
#define CHAT_NOTICE_PADDED(ROW, S)          \
    ROW(S, SUB,   notice,  chat_notice)     \
    ROW(S, BYTES, padding, NONE) /* zeros */
WIRE_STRUCT(chat_notice_padded, CHAT_NOTICE_PADDED)
/* hub_signature: "TimbreNotice1", intake key, over what comes before it. */
#define CHAT_SEALED_NOTICE(ROW, S)                                   \
    ROW(S, U16,        v,                  NONE) /* 1 */             \
    ROW(S, U64,        number,             NONE)                     \
    ROW(S, U64,        about,              NONE) /* a complaint: the notice's number */ \
    ROW(S, U64,        received_ms,        NONE)                     \
    ROW(S, FIXED,      recipient_key_hash, CHAT_HASH_LEN)            \
    ROW(S, BYTES_SOME, kem_output,         255)                      \
    ROW(S, BYTES_SOME, ciphertext,         65535)                    \
    ROW(S, BYTES_MAX,  hub_signature,      255)
WIRE_STRUCT(chat_sealed_notice, CHAT_SEALED_NOTICE)

#define CHAT_NOTICE_RECEIPT(ROW, S)                                  \
    ROW(S, U64,   number,          NONE)                             \
    ROW(S, FIXED, secret,          CHAT_NOTICE_SECRET_LEN)           \
    ROW(S, U64,   received_ms,     NONE)
WIRE_STRUCT(chat_notice_receipt, CHAT_NOTICE_RECEIPT)
/* text: of a complaint. */
#define CHAT_NOTICE_ASK(ROW, S)                                      \
    ROW(S, U64,       number, NONE)                                  \
    ROW(S, FIXED,     secret, CHAT_NOTICE_SECRET_LEN)                \
    ROW(S, BYTES_MAX, text,   CHAT_NOTICE_TEXT_LEN_MAX)
WIRE_STRUCT(chat_notice_ask, CHAT_NOTICE_ASK)
#define CHAT_NOTICE_STATE(ROW, S)                                                             \
    ROW(S, U64,       number,             NONE)                                               \
    ROW(S, U64,       received_ms,        NONE)                                               \
    ROW(S, U8,        outcome,            NONE)                                               \
    ROW(S, U64,       decided_ms,         NONE)                                               \
    ROW(S, BYTES_MAX, reply,              CHAT_NOTICE_REPLY_LEN_MAX)                          \
    ROW(S, U64,       complain_until_ms,  NONE) /* 0: no complaint can be made */             \
    ROW(S, U64,       complaint_ms,       NONE) /* 0: none was made */                        \
    ROW(S, U8,        complaint_outcome,  NONE)                                               \
    ROW(S, BYTES_MAX, complaint_reply,    CHAT_NOTICE_REPLY_LEN_MAX)                          \
    ROW(S, U64,       suspended_until_ms, NONE) /* 0: this address may send notices */        \
    ROW(S, U8,        is_warned,          NONE) /* the next unfounded ones suspend */
WIRE_STRUCT(chat_notice_state, CHAT_NOTICE_STATE)
#define CHAT_NOTICE_WAITING(ROW, S)                      \
    ROW(S, SUB, sealed,  chat_sealed_notice)             \
    ROW(S, U8,  outcome, NONE)
WIRE_STRUCT(chat_notice_waiting, CHAT_NOTICE_WAITING)
#define CHAT_NOTICE_QUEUE(ROW, S) ROW(S, VEC, notices, chat_notice_waiting)
WIRE_STRUCT(chat_notice_queue, CHAT_NOTICE_QUEUE)
#define CHAT_NOTICE_ANSWER(ROW, S)                                   \
    ROW(S, U64,        number,  NONE)                                \
    ROW(S, U8,         outcome, NONE)                                \
    ROW(S, U8,         basis,   NONE) /* of an action */             \
    ROW(S, BYTES_SOME, reply,   CHAT_NOTICE_REPLY_LEN_MAX)
WIRE_STRUCT(chat_notice_answer, CHAT_NOTICE_ANSWER)

/* CHAT_NOTICE_FORM: kind, reason, texts that are not UTF-8, a mail without `@`, no good faith. */
TB_MUST_USE tb_status chat_notice_check(const struct chat_notice *notice);
/* number, about and received_ms are filled in; seals and signs. */
TB_MUST_USE tb_status chat_notice_seal(const struct crypto_suite *suite,
                                       const struct crypto_signing_key *intake,
                                       const struct chat_recipient_key *key,
                                       const struct chat_notice *notice, struct tb_rng *rng,
                                       struct tb_arena *arena, struct chat_sealed_notice *out);
/* private_key: of the RecipientKey whose hash is named.  CHAT_NOTICE_SIGNATURE, _SEALED, _FORM. */
TB_MUST_USE tb_status chat_notice_open(const struct crypto_suite *suite,
                                       const struct chat_sealed_notice *sealed,
                                       tb_bytes intake_key, const struct chat_recipient_key *key,
                                       const struct tb_secret *private_key, struct tb_arena *arena,
                                       struct chat_notice *out);
TB_MUST_USE tb_status chat_notice_key_hash(const struct crypto_suite *suite,
                                           const struct chat_recipient_key *key,
                                           struct tb_arena *arena, uint8_t hash[CHAT_HASH_LEN]);

/* ------------------------------------------------------------------ orders of authorities */

enum chat_order_kind { CHAT_ORDER_ACT = 1, CHAT_ORDER_INFORMATION = 2 };
/* number 0: a new one; else it is closed by what is said about its effect. */
#define CHAT_ORDER(ROW, S)                                                           \
    ROW(S, U64,       number,      NONE)                                             \
    ROW(S, U8,        kind,        NONE)                                             \
    ROW(S, BYTES_MAX, authority,   CHAT_ORDER_TEXT_LEN_MAX)                          \
    ROW(S, BYTES_MAX, state,       2) /* member state, two capitals */               \
    ROW(S, BYTES_MAX, legal_basis, CHAT_ORDER_TEXT_LEN_MAX)                          \
    ROW(S, U8,        reason_code, NONE)                                             \
    ROW(S, U64,       received_ms, NONE)                                             \
    ROW(S, U64,       informed_ms, NONE) /* the authority has the acknowledgement */ \
    ROW(S, U64,       closed_ms,   NONE) /* 0: open */                               \
    ROW(S, BYTES_MAX, effect,      CHAT_ORDER_TEXT_LEN_MAX)
WIRE_STRUCT(chat_order, CHAT_ORDER)
#define CHAT_ORDERS(ROW, S) ROW(S, VEC, orders, chat_order)
WIRE_STRUCT(chat_orders, CHAT_ORDERS)

#endif
