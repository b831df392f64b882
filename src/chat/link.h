/*
 * How an account comes onto a further device (docs/architecture.md, "Devices").
 *
 * The new device shows a code: the public half of its device key and a secret that is used once.
 * Whoever reads the code seals the account key to that device key and leaves it at the hub in a box
 * whose id only the two of them know.  The hub sees neither code nor contents.  A code that was
 * swapped on its way between the devices is found by the digits that both show.
 *
 * A recovery phrase is 128 random bits and a check as text.  The host makes 32 octets of it
 * (Argon2id); from them follow an HPKE key and the id of the box with the backup.  Devices keep the
 * public half alone, so they can renew the backup, and a device that is revoked cannot open it.
 */
#ifndef TB_CHAT_LINK_H
#define TB_CHAT_LINK_H

#include "chat/protocol_devices.h"
#include "chat/status.h"
#include "crypto/crypto.h"

enum {
    CHAT_LINK_SECRET_LEN = 32,
    CHAT_LINK_DIGITS_LEN = 4 * 5 + 3, /* four groups of five, a space between */
    CHAT_PHRASE_ENTROPY_LEN = 16,
    CHAT_PHRASE_LEN = 6 * 5 + 5,      /* six groups of five, a hyphen between */
    CHAT_RECOVERY_SEED_LEN = 32
};

/* SECRET: what the new device shows as text or QR code. */
#define CHAT_LINK_CODE_ROW(ROW, S)                            \
    ROW(S, U8,         version,    NONE) /* 1 */              \
    ROW(S, BYTES_SOME, device_key, 255)  /* public, Ed25519 */ \
    ROW(S, FIXED,      secret,     CHAT_LINK_SECRET_LEN)
WIRE_STRUCT(chat_link_code, CHAT_LINK_CODE_ROW)

/* SECRET: what a device needs to be one of the account. */
#define CHAT_LINK_ACCOUNT_ROW(ROW, S)                                          \
    ROW(S, BYTES_SOME, domain,          253)                                   \
    ROW(S, FIXED,      root_hash,       CHAT_HASH_LEN) /* the hub's root key */ \
    ROW(S, BYTES_SOME, account,         CHAT_URI_LEN_MAX)                      \
    ROW(S, BYTES_SOME, handle,          CHAT_HANDLE_LEN_MAX)                   \
    ROW(S, BYTES_MAX,  device,          CHAT_URI_LEN_MAX) /* of whom it is for; else empty */ \
    ROW(S, BYTES_SOME, account_key,     80) /* private */                      \
    ROW(S, BYTES_MAX,  recovery_public, 255) /* empty: no recovery phrase */   \
    ROW(S, BYTES,      record,          NONE) /* AccountRecord */
WIRE_STRUCT(chat_link_account, CHAT_LINK_ACCOUNT_ROW)
#define CHAT_LINK_SEALED_ROW(ROW, S)          \
    ROW(S, BYTES_SOME, kem_output, 255)       \
    ROW(S, BYTES_SOME, ciphertext, CHAT_BOX_LEN_MAX)
WIRE_STRUCT(chat_link_sealed, CHAT_LINK_SEALED_ROW)

/* ---- the code ---- */

/* base64url of the encoding; SECRET, in the arena. */
TB_MUST_USE tb_status chat_link_text(const struct chat_link_code *code, struct tb_arena *arena,
                                     tb_bytes *text);
/* Surrounding white space is allowed.  CHAT_LINK_CODE. */
TB_MUST_USE tb_status chat_link_parse(const struct crypto_suite *suite, tb_bytes text,
                                      struct tb_arena *arena, struct chat_link_code *out);
/* What both devices show: 66 bits of H("Timbre link digits" || code). */
TB_MUST_USE tb_status chat_link_digits(const struct crypto_suite *suite,
                                       const struct chat_link_code *code, struct tb_arena *arena,
                                       char out[CHAT_LINK_DIGITS_LEN]);

/* ---- boxes: ids and contents ---- */

TB_MUST_USE tb_status chat_link_box(const struct crypto_suite *suite, tb_bytes secret,
                                    uint8_t id[CHAT_BOX_ID_LEN]);
/* The account key of this record for one of its devices. */
TB_MUST_USE tb_status chat_link_key_box(const struct crypto_suite *suite, tb_bytes device,
                                        tb_bytes record, uint8_t id[CHAT_BOX_ID_LEN]);
TB_MUST_USE tb_status chat_link_recovery_box(const struct crypto_suite *suite,
                                             tb_bytes recovery_public,
                                             uint8_t id[CHAT_BOX_ID_LEN]);
/*
 * Sealed to an Ed25519 device key (as X25519, crypto/montgomery.h).  The context is bound but not
 * sent: the code's encoding, so that nobody without the code can make a box that opens, or the
 * device's URI.  CHAT_LINK_SEALED: it is not for us, or was changed.
 */
TB_MUST_USE tb_status chat_link_seal(const struct crypto_suite *suite, tb_bytes device_key,
                                     tb_bytes context, const struct chat_link_account *account,
                                     struct tb_rng *rng, struct tb_arena *arena, tb_bytes *sealed);
TB_MUST_USE tb_status chat_link_open(const struct crypto_suite *suite,
                                     const struct crypto_signing_key *device_key, tb_bytes context,
                                     tb_bytes sealed, struct tb_arena *arena,
                                     struct chat_link_account *out);

/* ---- recovery ---- */

/* entropy: random.  The check is 22 bits of its hash. */
TB_MUST_USE tb_status chat_phrase_make(const struct crypto_suite *suite,
                                       const uint8_t entropy[CHAT_PHRASE_ENTROPY_LEN],
                                       char out[CHAT_PHRASE_LEN]);
/* As somebody types it: any case, 0 for o and 1 for l, groups apart or together.  *out is the form
 * that chat_phrase_make writes.  CHAT_PHRASE. */
TB_MUST_USE tb_status chat_phrase_parse(const struct crypto_suite *suite, tb_bytes text,
                                        char out[CHAT_PHRASE_LEN]);
/* seed: CHAT_RECOVERY_SEED_LEN octets that the host made of a phrase. */
TB_MUST_USE tb_status chat_recovery_public(const struct crypto_suite *suite, tb_bytes seed,
                                           struct tb_arena *arena, tb_bytes *recovery_public);
TB_MUST_USE tb_status chat_recovery_seal(const struct crypto_suite *suite,
                                         tb_bytes recovery_public,
                                         const struct chat_link_account *account,
                                         struct tb_rng *rng, struct tb_arena *arena,
                                         tb_bytes *sealed);
/* CHAT_LINK_SEALED. */
TB_MUST_USE tb_status chat_recovery_open(const struct crypto_suite *suite, tb_bytes seed,
                                         tb_bytes sealed, struct tb_arena *arena,
                                         struct chat_link_account *out);

#endif
