/*
 * Franking (mimi-protocol-06) and the hub's chain over a room's messages (Profile T).
 *
 *     franking_tag = HMAC-SHA256(salt, application_data)             the sender's commitment
 *     server_frank = HMAC-SHA256(hub_key, franking_tag || context)   the hub's stamp
 *     chain_n      = RefHash("Timbre 1.0 FrankChain Link", FrankLink_n), over prev_chain
 *     signatures   = SignWithLabel by the hub's franking agent
 *
 * The hash is SHA-256 whatever the suite; `suite` gives the provider, the signature algorithm and
 * the suite number that is signed.  Nothing here allocates: every encoding is built in a buffer of
 * CHAT_FRANK_TBS_LEN_MAX octets on the stack, so this is what the hub calls for each message.
 *
 * Every function may return CRYPTO_FAILED; URIs and group ids over 255 octets are a broken program.
 */
#ifndef TB_CHAT_FRANK_H
#define TB_CHAT_FRANK_H

#include "chat/content.h"
#include "chat/protocol.h"
#include "chat/status.h"
#include "chat/structs.h"
#include "crypto/crypto.h"

enum {
    CHAT_HUB_KEY_LEN = 32,
    CHAT_HUB_KEY_ID_LEN = 8,
    CHAT_FRANK_PROFILE = 1, /* the `profile` of TimbreFrankTBS and TimbreFrank */
    CHAT_FRANK_TBS_LEN_MAX = 1200
};
#define CHAT_LABEL_TIMBRE_FRANK "TimbreFrankTBS1"
#define CHAT_LABEL_FRANKING_INTEGRITY "FrankingIntegrityTBS"

struct chat_signature {
    uint8_t data[CRYPTO_SIGNATURE_MAX];
    size_t len;
};
static inline tb_bytes chat_signature_view(const struct chat_signature *signature)
{
    return (tb_bytes){ signature->data, signature->len };
}

/* salt is exactly 16 octets: HMAC keys of varying length collide (spec 2.4). */
TB_MUST_USE tb_status chat_frank_tag(const struct crypto_suite *suite, const uint8_t salt[16],
                                     tb_bytes application_data, uint8_t tag[CHAT_HASH_LEN]);

TB_MUST_USE tb_status chat_frank_hub_key_id(const struct crypto_suite *suite, tb_bytes hub_key,
                                            uint8_t id[CHAT_HUB_KEY_ID_LEN]);
TB_MUST_USE tb_status chat_frank_server(const struct crypto_suite *suite, tb_bytes hub_key,
                                        const uint8_t tag[CHAT_HASH_LEN],
                                        const struct chat_franking_context *context,
                                        uint8_t server_frank[CHAT_HASH_LEN]);
/* message: the MLSMessage octets exactly as fanned out. */
TB_MUST_USE tb_status chat_frank_ct_hash(const struct crypto_suite *suite, tb_bytes message,
                                         uint8_t ct_hash[CHAT_HASH_LEN]);

/* The chain before room_seq 1.  prev_* are empty unless the room continues another group. */
TB_MUST_USE tb_status chat_frank_genesis(const struct crypto_suite *suite,
                                         const struct chat_chain_genesis *genesis,
                                         uint8_t chain[CHAT_HASH_LEN]);
TB_MUST_USE tb_status chat_frank_link_hash(const struct crypto_suite *suite,
                                           const struct chat_frank_link *link,
                                           uint8_t chain[CHAT_HASH_LEN]);

/* The agent's signature on a link whose hash is chain: TimbreFrankTBS. */
TB_MUST_USE tb_status chat_frank_sign(const struct crypto_suite *suite,
                                      const struct crypto_signing_key *agent,
                                      const struct chat_frank_link *link,
                                      const uint8_t chain[CHAT_HASH_LEN],
                                      const uint8_t hub_key_id[CHAT_HUB_KEY_ID_LEN],
                                      struct chat_signature *out);
/* CRYPTO_SIGNATURE, CRYPTO_KEY. */
TB_MUST_USE tb_status chat_frank_verify(const struct crypto_suite *suite, tb_bytes agent_key,
                                        const struct chat_frank_link *link,
                                        const uint8_t chain[CHAT_HASH_LEN],
                                        const uint8_t hub_key_id[CHAT_HUB_KEY_ID_LEN],
                                        tb_bytes signature);
/* The same for a TBS that arrived whole (proofs). */
TB_MUST_USE tb_status chat_frank_verify_tbs(const struct crypto_suite *suite, tb_bytes agent_key,
                                            const struct chat_timbre_frank_tbs *tbs,
                                            tb_bytes signature);

/* ---- MIMI's own signature (amendments 16) ---- */

TB_MUST_USE tb_status chat_frank_mimi_sign(const struct crypto_suite *suite,
                                           const struct crypto_signing_key *agent,
                                           const uint8_t server_frank[CHAT_HASH_LEN],
                                           const struct chat_franking_context *context,
                                           struct chat_signature *out);
/*
 * May the MIMI signature be absent?  Only under profile 2, and when no participant of the message's
 * epoch has another authority than the room.  What does not parse as a URI counts as foreign.
 */
bool chat_frank_mimi_is_required(uint8_t profile, tb_bytes room_uri,
                                 const struct chat_participant_list *participants);
/*
 * R5.  Absent = suite 0 and no signature.  CHAT_FRANK_MIMI_FORM (half there), _MISSING (required),
 * CHAT_FRANK_SUITE, CHAT_FRANK_MIMI_SIGNATURE.
 */
TB_MUST_USE tb_status chat_frank_mimi_verify(const struct crypto_suite *suite, tb_bytes agent_key,
                                             const struct chat_frank *frank,
                                             const struct chat_franking_context *context,
                                             bool is_required);

/* ---- the agent's key (spec 2.5.10) ---- */

/* Safe AAD item 0xF106 on the hub's AppDataUpdate of 0x0021: the old key's signature over room_uri
 * and the new FrankingAgentData. */
TB_MUST_USE tb_status chat_frank_transition_sign(const struct crypto_suite *suite,
                                                 const struct crypto_signing_key *old_agent,
                                                 tb_bytes room_uri, tb_bytes new_agent_data,
                                                 struct chat_signature *out);
/* The identity of the agent is unchanged and the old key signed, else CHAT_FRANK_TRANSITION. */
TB_MUST_USE tb_status chat_frank_transition_verify(const struct crypto_suite *suite,
                                                   tb_bytes room_uri, tb_bytes old_agent_data,
                                                   tb_bytes new_agent_data, tb_bytes signature,
                                                   struct tb_arena *arena);

/* ---- a room that goes on after a restore (amendments 9) ---- */

/* Label "TimbreRestored1" over the entry without its signature and room_uri before it. */
TB_MUST_USE tb_status chat_frank_restored_sign(const struct crypto_suite *suite,
                                               const struct crypto_signing_key *agent,
                                               tb_bytes room_uri,
                                               const struct chat_entry_restored *entry,
                                               struct chat_signature *out);
/* CHAT_RESTORED_SIGNATURE; CHAT_RESTORED_NUMBER unless next_room_seq is at least room_seq + 2 (an
 * honest hub skips so far that no proof of equivocation can be made of lost links). */
TB_MUST_USE tb_status chat_frank_restored_verify(const struct crypto_suite *suite,
                                                 tb_bytes agent_key, tb_bytes room_uri,
                                                 const struct chat_entry_restored *entry);

/* ---- what a receiver checks of one decrypted message: R3, R4 ---- */

struct chat_frank_opened {
    tb_bytes application_data;   /* decrypted */
    tb_bytes authenticated_data; /* as received */
    tb_bytes leaf_identity;      /* device URI of the sender's leaf credential */
    tb_bytes submitter;          /* user URI that the hub names */
    tb_bytes room_uri;           /* this room's */
};
/*
 * Unframe, decode (R2), recompute the tag (R3), compare sender, leaf, submitter and room (R4).
 * *content and id are written on success only.  CHAT_CONTENT_*, WIRE_*, CHAT_SAFE_AAD_*,
 * CHAT_FRANK_TAG, _SENDER, _ROOM, _SUBMITTER, CHAT_LEAF_IDENTITY.
 */
TB_MUST_USE tb_status chat_frank_open(const struct crypto_suite *suite,
                                      const struct chat_frank_opened *message,
                                      struct tb_arena *arena, struct chat_content *content,
                                      uint8_t message_id[CHAT_HASH_LEN]);

#endif
