/*
 * Signed records: accounts, the hub, recipient keys, requests to join, login and registration
 * (spec 4.2, amendments 20-23, 25).  All signatures are SignWithLabel with the suite's algorithm
 * (Ed25519) over the encoding without its last field; all hashes are SHA-256 over whole encodings.
 *
 * make_* functions write the signature into the arena and fill the struct's field; verify_* take
 * decoded structs.  Nothing believed is returned before the last check has passed.
 */
#ifndef TB_CHAT_RECORDS_H
#define TB_CHAT_RECORDS_H

#include "chat/protocol.h"
#include "chat/status.h"
#include "chat/structs.h"
#include "crypto/crypto.h"

#define CHAT_LABEL_ACCOUNT_RECORD "TimbreAccountRecord1"
#define CHAT_LABEL_HUB_RECORD "TimbreHubRecord1"
#define CHAT_LABEL_RECIPIENT_KEY "TimbreRecipientKey1"
#define CHAT_LABEL_DESK_KEY "TimbreDeskKey1"
#define CHAT_LABEL_JOIN_REQUEST "TimbreJoinRequest1"
#define CHAT_LABEL_LOGIN "TimbreLogin1"
#define CHAT_LABEL_REGISTER "TimbreRegister1"

enum {
    CHAT_RECORD_DEVICE_COUNT_MAX = 64, /* entries of a record, revoked ones counted */
    CHAT_HUB_AGENT_COUNT_MAX = 64,
    CHAT_DESK_PAST_COUNT_MAX = 256,
    CHAT_RECIPIENT_KEY_LIFE_DAYS_MAX = 90,
    CHAT_DEVICE_ACTIVE = 1,
    CHAT_DEVICE_REVOKED = 2,
    CHAT_INVITE_ACCOUNT = 1,
    CHAT_INVITE_ROOM = 2,
    CHAT_JOIN_KIND_LINK = 1,
    CHAT_JOIN_KIND_DEVICE = 2
};
#define CHAT_MS_A_DAY UINT64_C(86400000)

/* H over octets that arrived encoded, or over the encoding of a struct. */
TB_MUST_USE tb_status chat_records_hash(const struct crypto_suite *suite, tb_bytes encoded,
                                        uint8_t hash[CHAT_HASH_LEN]);
TB_MUST_USE tb_status chat_records_hash_of(const struct crypto_suite *suite,
                                           const struct wire_desc *desc, const void *value,
                                           struct tb_arena *arena, uint8_t hash[CHAT_HASH_LEN]);

/* ---- accounts ---- */

/*
 * Sign `record` (all fields but v, prev_record_hash and signature filled in).  previous: the
 * encoded version before, empty for version 0.  signer: the previous version's account key; for
 * version 0 and after a reset the record's own.  The result obeys chat_records_verify_next.
 */
TB_MUST_USE tb_status chat_records_make_account(const struct crypto_suite *suite,
                                                const struct crypto_signing_key *signer,
                                                tb_bytes previous,
                                                struct chat_account_record *record,
                                                struct tb_arena *arena, tb_bytes *encoded);
/*
 * Version 0, self-signed; its account key gives the account's URI.  CHAT_RECORD_FORM, _VERSION,
 * _ACCOUNT, _DEVICE, _DEVICE_COUNT, _SIGNATURE.
 */
TB_MUST_USE tb_status chat_records_verify_first(const struct crypto_suite *suite, tb_bytes encoded,
                                                struct tb_arena *arena,
                                                struct chat_account_record *out);
/*
 * A successor of `previous` (encoded, believed): version + 1, same account, prev_record_hash =
 * H(previous), signed by the previous account key unless reset, then self-signed; a revoked device
 * stays revoked, a known device keeps its key; a revocation replaces the account key (amendments
 * 22).  *out->reset must be shown to people.
 */
TB_MUST_USE tb_status chat_records_verify_next(const struct crypto_suite *suite, tb_bytes previous,
                                               tb_bytes encoded, struct tb_arena *arena,
                                               struct chat_account_record *out);

/* The entry of a device; NULL when it is not listed. */
const struct chat_device_key *chat_records_device(const struct chat_account_record *record,
                                                  tb_bytes device);
/*
 * Amendments 20: does this leaf belong to the account of the record?  identity is a device URI of
 * the account (CHAT_LEAF_IDENTITY) and signature_key its active key (CHAT_LEAF_KEY).
 */
TB_MUST_USE tb_status chat_records_check_leaf(const struct chat_account_record *record,
                                              tb_bytes identity, tb_bytes signature_key);

/* ---- the hub ---- */

TB_MUST_USE tb_status chat_records_root_hash(const struct crypto_suite *suite, tb_bytes root_key,
                                             uint8_t hash[CHAT_HASH_LEN]);
/* Fills v, root_key and signature. */
TB_MUST_USE tb_status chat_records_make_hub(const struct crypto_suite *suite,
                                            const struct crypto_signing_key *root,
                                            struct chat_hub_record *record, struct tb_arena *arena,
                                            tb_bytes *encoded);
/*
 * root_hash: the pinned H(root key).  known_version: the highest version seen, which may come
 * again. CHAT_HUB_RECORD_FORM, _ROOT, _SIGNATURE, _VERSION, _DESK.
 */
TB_MUST_USE tb_status chat_records_verify_hub(const struct crypto_suite *suite, tb_bytes encoded,
                                              tb_bytes root_hash, uint64_t known_version,
                                              struct tb_arena *arena,
                                              struct chat_hub_record *out);
/*
 * Agent keys that were in use at time_ms, one a call: *at starts at 0 and moves on; false when
 * there is no further one.  Ranges may overlap, since a room takes a new key with its next epoch.
 */
bool chat_records_agent_next(const struct chat_hub_record *record, uint64_t time_ms, size_t *at,
                             tb_bytes *agent_key);

/* The intake key that signed at time_ms. */
/* Others may have had this agent's private key since then; 0: no revocation (spec 2.5.10). */
uint64_t chat_records_agent_revoked_ms(const struct chat_hub_record *record, tb_bytes agent_key);
/* Does every revocation of `before` stand in `after`, be it from an earlier time? */
bool chat_records_keeps_revocations(const struct chat_hub_record *before,
                                    const struct chat_hub_record *after);
tb_bytes chat_records_intake_key(const struct chat_hub_record *record, uint64_t time_ms);
/*
 * Does `after` list every agent key that `before` had in use?  A hub that does not was restored
 * from a state without that key, or hides one: nobody can check with its record what it signed.
 * A record that is full may have let go of the oldest.
 */
bool chat_records_keeps_agents(const struct chat_hub_record *before,
                               const struct chat_hub_record *after);

/* ---- the desk's keys in the hub's record (amendments 25) ---- */

/*
 * The old verify key hands over to the next: signature of the chat_desk_past that the old one
 * becomes.  place: how many desk_past the record has before it.
 */
TB_MUST_USE tb_status chat_records_desk_key_sign(const struct crypto_suite *suite,
                                                 const struct crypto_signing_key *verify_key,
                                                 const struct chat_desk_key_tbs *tbs,
                                                 struct tb_arena *arena, tb_bytes *signature);
/* tbs->verify_key is the signer.  CHAT_HUB_RECORD_DESK. */
TB_MUST_USE tb_status chat_records_desk_key_verify(const struct crypto_suite *suite,
                                                   const struct chat_desk_key_tbs *tbs,
                                                   tb_bytes signature, struct tb_arena *arena);
/* Each desk_past leads to the next, the last to what stands: by the old key's signature over a key
 * of the same desk, or by the operator to another desk.  CHAT_HUB_RECORD_DESK. */
TB_MUST_USE tb_status chat_records_desk_check(const struct crypto_suite *suite,
                                              const struct chat_hub_record *record,
                                              struct tb_arena *arena);
/*
 * Does what `next` says of the desk follow from what `known` said?  *is_anew: the operator founded
 * it anew in between.  CHAT_HUB_RECORD_DESK.
 */
TB_MUST_USE tb_status chat_records_desk_follows(const struct chat_hub_record *known,
                                                const struct chat_hub_record *next, bool *is_anew);

/* ---- recipient keys (amendments 25) ---- */

TB_MUST_USE tb_status chat_records_make_recipient(const struct crypto_suite *suite,
                                                  const struct crypto_signing_key *verify_key,
                                                  struct chat_recipient_key *key,
                                                  struct tb_arena *arena, tb_bytes *encoded);
/*
 * verify_key: of the room's ReportRecipient.  known_serial: the highest seen, which may come again.
 * CHAT_RECIPIENT_KEY_FORM (also: life over 90 days), _SIGNATURE, _SERIAL, _TIME.
 */
TB_MUST_USE tb_status chat_records_verify_recipient(const struct crypto_suite *suite,
                                                    const struct chat_recipient_key *key,
                                                    tb_bytes uri, tb_bytes verify_key,
                                                    uint64_t known_serial, uint64_t now_ms,
                                                    struct tb_arena *arena);
/* WrappedKey.recipient_key_hash: H(RecipientKey, encoded). */
TB_MUST_USE tb_status chat_records_recipient_hash(const struct crypto_suite *suite,
                                                  const struct chat_recipient_key *key,
                                                  struct tb_arena *arena,
                                                  uint8_t hash[CHAT_HASH_LEN]);

/* ---- joining (amendments 23) ---- */

/* invite may be NULL for CHAT_JOIN_KIND_DEVICE.  Fills invite_key and both signatures: the
 * invitation's * over the fields before it, the device's over those and the invitation's. */
TB_MUST_USE tb_status chat_records_make_join(const struct crypto_suite *suite,
                                             const struct crypto_signing_key *invite,
                                             const struct crypto_signing_key *device,
                                             struct chat_join_request *request,
                                             struct tb_arena *arena);
/*
 * record: the requester's newest, encoded and verified; record_hash must be its hash and the device
 * active in it.  invite_key: the announced one (kind 1), empty for kind 2.  CHAT_JOIN_FORM,
 * _RECORD, _INVITE, _DEVICE.
 */
TB_MUST_USE tb_status chat_records_verify_join(const struct crypto_suite *suite,
                                               const struct chat_join_request *request,
                                               tb_bytes invite_key, tb_bytes record,
                                               struct tb_arena *arena);

/* The invite key of a seed. */
TB_MUST_USE tb_status chat_records_invite_key(const struct crypto_suite *suite,
                                              const struct chat_invite_secret *secret,
                                              struct crypto_signing_key *out);
/* The fragment: base64url of the encoding.  SECRET text; the arena wipes it. */
TB_MUST_USE tb_status chat_records_invite_fragment(const struct chat_invite_secret *secret,
                                                   struct tb_arena *arena, tb_bytes *fragment);
/* <origin>/j/#<fragment> */
TB_MUST_USE tb_status chat_records_invite_link(tb_bytes origin,
                                               const struct chat_invite_secret *secret,
                                               struct tb_arena *arena, tb_bytes *link);
/* A link or a bare fragment, surrounding white space allowed.  *origin (may be NULL) is empty for a
 * bare fragment; *secret holds views into the arena.  CHAT_INVITE_LINK. */
TB_MUST_USE tb_status chat_records_invite_parse(tb_bytes text, struct tb_arena *arena,
                                                tb_bytes *origin,
                                                struct chat_invite_secret *secret);

/* ---- sessions ---- */

TB_MUST_USE tb_status chat_records_login_sign(const struct crypto_suite *suite,
                                              const struct crypto_signing_key *device_key,
                                              const struct chat_login_tbs *tbs,
                                              struct tb_arena *arena, tb_bytes *signature);
TB_MUST_USE tb_status chat_records_login_verify(const struct crypto_suite *suite,
                                                tb_bytes device_key,
                                                const struct chat_login_tbs *tbs,
                                                tb_bytes signature, struct tb_arena *arena);
TB_MUST_USE tb_status chat_records_register_sign(const struct crypto_suite *suite,
                                                 const struct crypto_signing_key *invite,
                                                 const struct chat_register_tbs *tbs,
                                                 struct tb_arena *arena, tb_bytes *signature);
/* CHAT_REGISTER_HANDLE, CHAT_REGISTER_SIGNATURE. */
TB_MUST_USE tb_status chat_records_register_verify(const struct crypto_suite *suite,
                                                   tb_bytes invite_key,
                                                   const struct chat_register_tbs *tbs,
                                                   tb_bytes signature, struct tb_arena *arena);

/* ---- safety code ---- */

enum { CHAT_SAFETY_CODE_LEN = 12 * 5 + 11 }; /* 12 groups of 5 digits, a space between */
/*
 * What two people compare: the same for both, whoever computes it.  Each side (uri<V>, account
 * key<V>) gives x_0 = H("Timbre safety code" || side), x_(n+1) = H(x_n || side), n to 5200; the
 * smaller of the two x_5200 first, z = H("Timbre safety code pair" || x || y); then 12 numbers,
 * each 5 octets of H(z || u8 0) || H(z || u8 1) as an integer modulo 100000, in decimal.
 */
TB_MUST_USE tb_status chat_records_safety_code(const struct crypto_suite *suite, tb_bytes uri_a,
                                               tb_bytes key_a, tb_bytes uri_b, tb_bytes key_b,
                                               char out[CHAT_SAFETY_CODE_LEN]);

#endif
