/*
 * Decisions of the desk and the hub's log of them (amendments 21).
 * A decision is signed by the decider's device key; a log entry by the hub's intake key.
 */
#ifndef TB_CHAT_DECISION_H
#define TB_CHAT_DECISION_H

#include "chat/status.h"
#include "chat/structs.h"
#include "crypto/crypto.h"

#define CHAT_LABEL_DECISION "TimbreDecision1"
#define CHAT_LABEL_CO_DECISION "TimbreCoDecision1"
#define CHAT_LABEL_DECISION_ENTRY "TimbreDecisionEntry1"

/* Fills v and signature; nobody has confirmed it then.  CHAT_DECISION_FORM for what _verify would
 * refuse. */
TB_MUST_USE tb_status chat_decision_sign(const struct crypto_suite *suite,
                                         const struct crypto_signing_key *device_key,
                                         struct chat_decision *decision, struct tb_arena *arena);
/* A second person: co_decider_device is filled in, and co_signature set.  It covers the decider's
 * signature too, so that what was signed cannot be put under another's decision. */
TB_MUST_USE tb_status chat_decision_confirm(const struct crypto_suite *suite,
                                            const struct crypto_signing_key *device_key,
                                            struct chat_decision *decision,
                                            struct tb_arena *arena);
/* device_key: of co_decider_device.  CHAT_DECISION_CO_SIGNATURE: also when nobody confirmed it. */
TB_MUST_USE tb_status chat_decision_verify_co(const struct crypto_suite *suite,
                                              const struct chat_decision *decision,
                                              tb_bytes device_key, struct tb_arena *arena);
/*
 * device_key: of decider_device, from its account's record; that it belongs to the desk is the
 * caller's check.  CHAT_DECISION_FORM: version, action, scope, reason, a room scope without a room,
 * a subject that is no user or a decider's own account, one person as both deciders, the naming of
 * an owner with a report, an end or a notice room, an action with another scope or end than it can
 * have, targets without a retraction, a reversal of nothing; CHAT_DECISION_SIGNATURE.
 */
TB_MUST_USE tb_status chat_decision_verify(const struct crypto_suite *suite,
                                           const struct chat_decision *decision,
                                           tb_bytes device_key, struct tb_arena *arena);
/* H(Decision, encoded with its signature): decision_hash of a moderation_ref. */
TB_MUST_USE tb_status chat_decision_hash(const struct crypto_suite *suite,
                                         const struct chat_decision *decision,
                                         struct tb_arena *arena, uint8_t hash[CHAT_HASH_LEN]);
/* The reference that the hub puts on its proposals.  scope_uri: the room, or the provider. */
TB_MUST_USE tb_status chat_decision_ref(const struct crypto_suite *suite,
                                        const struct chat_decision *decision, uint64_t number,
                                        tb_bytes scope_uri, struct tb_arena *arena,
                                        struct chat_moderation_ref *out);

/* ---- actions ---- */

const char *chat_decision_action_name(uint8_t action); /* "ban"; NULL: unknown */
/* CHAT_DECISION_FORM */
TB_MUST_USE tb_status chat_decision_action_parse(tb_bytes name, uint8_t *action);
/* Does it take something from the subject?  Then its reasons come first (amendments 27). */
bool chat_decision_is_restriction(uint8_t action);
/* A sanction of the account, not of its place in one room: it needs two people of the desk. */
bool chat_decision_needs_two(uint8_t action, uint8_t scope);
/* Alone at the desk, an act that needs two lasts this long at most. */
#define CHAT_SINGLE_MS_MAX (7 * UINT64_C(86400000))
/* From being informed to the last day of an appeal: six months (Regulation 2022/2065, art. 20). */
#define CHAT_APPEAL_MS_MAX (184 * UINT64_C(86400000))

/* ---- the log ---- */

/* number, prev_entry_hash, logged_ms and decision are filled in; sets hub_signature. */
TB_MUST_USE tb_status chat_decision_entry_sign(const struct crypto_suite *suite,
                                               const struct crypto_signing_key *intake,
                                               struct chat_decision_entry *entry,
                                               struct tb_arena *arena);
/* prev_number 0 and zeros for the first.  CHAT_DECISION_ENTRY_CHAIN, _SIGNATURE. */
TB_MUST_USE tb_status chat_decision_entry_verify(const struct crypto_suite *suite,
                                                 const struct chat_decision_entry *entry,
                                                 tb_bytes intake_key, uint64_t prev_number,
                                                 const uint8_t prev_entry_hash[CHAT_HASH_LEN],
                                                 struct tb_arena *arena);
TB_MUST_USE tb_status chat_decision_entry_hash(const struct crypto_suite *suite,
                                               const struct chat_decision_entry *entry,
                                               struct tb_arena *arena,
                                               uint8_t hash[CHAT_HASH_LEN]);

#endif
