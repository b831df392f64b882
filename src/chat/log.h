/*
 * The public log of decisions: what its leaves show, checkpoints, and proofs for third parties.
 *
 * A leaf shows that a decision was made, under which number and on which day, and commits to the
 * signed DecisionEntry under a salt.  It says no person, room, action or reason: a room's members
 * learn a decision's number from the commit that carries it, and small counts are not public.  The
 * subject and the desk get entry and salt and can show them.  When both are erased the tree stays.
 *
 * A checkpoint is a C2SP tlog-checkpoint (a signed note): origin line `<domain>/decisions`, size,
 * root, signed by the hub's intake key (Ed25519, signature type 1) under the origin as key name.
 */
#ifndef TB_CHAT_LOG_H
#define TB_CHAT_LOG_H

#include "chat/merkle.h"

enum { CHAT_LOG_CHECKPOINT_LEN_MAX = 1024, CHAT_LOG_SALT_LEN = 32 };

/* commitment: SHA-256("Timbre log entry" || salt || DecisionEntry). */
enum chat_log_kind { CHAT_LOG_DECISION = 1 };
#define CHAT_LOG_LEAF(ROW, S)                                            \
    ROW(S, U8,    kind,       NONE) /* enum chat_log_kind */             \
    ROW(S, U64,   number,     NONE) /* of the decision */                \
    ROW(S, U64,   day_ms,     NONE) /* when its day began in UTC */      \
    ROW(S, FIXED, commitment, CHAT_HASH_LEN)
WIRE_STRUCT(chat_log_leaf, CHAT_LOG_LEAF)
#define CHAT_LOG_HASH(ROW, S) ROW(S, FIXED, hash, CHAT_HASH_LEN)
WIRE_STRUCT(chat_log_hash, CHAT_LOG_HASH)
#define CHAT_LOG_PATH(ROW, S) ROW(S, VEC, hashes, chat_log_hash)
WIRE_STRUCT(chat_log_path, CHAT_LOG_PATH)
/* index and size of an inclusion proof, or first and second size of a consistency proof. */
#define CHAT_LOG_GET(ROW, S)     \
    ROW(S, U64, first,  NONE)    \
    ROW(S, U64, second, NONE)
WIRE_STRUCT(chat_log_get, CHAT_LOG_GET)
/* The newest checkpoint, and its consistency with the size that the asker knows. */
#define CHAT_LOG_HEAD(ROW, S)                                                \
    ROW(S, BYTES_MAX, checkpoint,  CHAT_LOG_CHECKPOINT_LEN_MAX)              \
    ROW(S, SUB,       consistency, chat_log_path) /* empty: nothing known, or not more */
WIRE_STRUCT(chat_log_head, CHAT_LOG_HEAD)
/* Entry and salt are empty once they are erased. */
#define CHAT_LOG_ROW(ROW, S)                          \
    ROW(S, BYTES_SOME, leaf,  255)                    \
    ROW(S, BYTES_MAX,  salt,  CHAT_LOG_SALT_LEN)      \
    ROW(S, BYTES,      entry, NONE) /* DecisionEntry */
WIRE_STRUCT(chat_log_row, CHAT_LOG_ROW)
#define CHAT_LOG_ROWS(ROW, S)                         \
    ROW(S, BYTES, hub_record, NONE)                   \
    ROW(S, VEC,   rows,       chat_log_row)
WIRE_STRUCT(chat_log_rows, CHAT_LOG_ROWS)
/* What a party to a decision can show to anybody: `timbre log verify` checks it offline. */
#define CHAT_LOG_PROOF(ROW, S)                                       \
    ROW(S, BYTES,     hub_record, NONE)                              \
    ROW(S, SUB,       row,        chat_log_row)                      \
    ROW(S, U64,       index,      NONE)                              \
    ROW(S, BYTES_MAX, checkpoint, CHAT_LOG_CHECKPOINT_LEN_MAX)       \
    ROW(S, SUB,       inclusion,  chat_log_path)
WIRE_STRUCT(chat_log_proof, CHAT_LOG_PROOF)
/* Two checkpoints of one hub that do not go together. */
#define CHAT_LOG_FORK(ROW, S)                                        \
    ROW(S, BYTES,     hub_record,  NONE)                             \
    ROW(S, BYTES_MAX, first,       CHAT_LOG_CHECKPOINT_LEN_MAX)      \
    ROW(S, BYTES_MAX, second,      CHAT_LOG_CHECKPOINT_LEN_MAX)      \
    ROW(S, SUB,       consistency, chat_log_path) /* what the hub gave for a proof */
WIRE_STRUCT(chat_log_fork, CHAT_LOG_FORK)

/* leaf and its encoding, from an entry that is signed; entry is encoded. */
TB_MUST_USE tb_status chat_log_leaf_make(const struct crypto_suite *suite, tb_bytes entry,
                                         const uint8_t salt[CHAT_LOG_SALT_LEN],
                                         struct tb_arena *arena, tb_bytes *leaf);
/* CHAT_LOG_LEAF_FORM, CHAT_LOG_COMMITMENT; no entry and no salt: erased, and the leaf is alone. */
TB_MUST_USE tb_status chat_log_row_verify(const struct crypto_suite *suite,
                                          const struct chat_log_row *row, struct tb_arena *arena,
                                          struct chat_log_leaf *leaf);

struct chat_log_point {
    uint64_t size;
    struct chat_merkle_hash root;
};
TB_MUST_USE tb_status chat_log_checkpoint_make(const struct crypto_suite *suite,
                                               const struct crypto_signing_key *intake,
                                               tb_bytes domain, const struct chat_log_point *point,
                                               struct tb_arena *arena, tb_bytes *text);
/* CHAT_LOG_CHECKPOINT_FORM, _SIGNATURE.  Signatures of others are passed over. */
TB_MUST_USE tb_status chat_log_checkpoint_open(const struct crypto_suite *suite,
                                               tb_bytes intake_key, tb_bytes domain, tb_bytes text,
                                               struct tb_arena *arena, struct chat_log_point *out);

/* The same for one that may be older than the newest intake key of the hub's record. */
TB_MUST_USE tb_status chat_log_checkpoint_past(const struct crypto_suite *suite,
                                               const struct chat_hub_record *hub, tb_bytes text,
                                               struct tb_arena *arena, struct chat_log_point *out);

/* CHAT_MERKLE_* for more hashes than a proof can have. */
TB_MUST_USE tb_status chat_log_path_read(const struct chat_log_path *wire,
                                         struct chat_merkle_path *out);
TB_MUST_USE tb_status chat_log_path_write(const struct chat_merkle_path *path,
                                          struct tb_arena *arena, struct chat_log_path *out);

/* hub: from the record in the proof, verified.  *entry is the decision that was shown. */
TB_MUST_USE tb_status chat_log_proof_verify(const struct crypto_suite *suite,
                                            const struct chat_log_proof *proof,
                                            const struct chat_hub_record *hub,
                                            struct tb_arena *arena, struct chat_log_leaf *leaf,
                                            struct chat_decision_entry *entry,
                                            struct chat_log_point *point);
/* CHAT_MERKLE_FORK: proven.  CHAT_MERKLE_CONSISTENCY: both are signed and nothing joins them.
 * TB_OK: they do go together.  *first is the smaller one. */
TB_MUST_USE tb_status chat_log_fork_verify(const struct crypto_suite *suite,
                                           const struct chat_log_fork *fork,
                                           const struct chat_hub_record *hub,
                                           struct tb_arena *arena, struct chat_log_point *first,
                                           struct chat_log_point *second);

#endif
