/*
 * Wire structs that both ends of Timbre share: MIMI's, Profile T's (docs/franking.md), and Timbre's
 * own records.  Rows in wire order.  `uri` fields are MIMI URIs in canonical octets.  H is SHA-256.
 */
#ifndef TB_CHAT_STRUCTS_H
#define TB_CHAT_STRUCTS_H

#include "mls/structs_ext.h"
#include "wire/tls.h"

enum {
    CHAT_HASH_LEN = 32,
    CHAT_URI_LEN_MAX = 255,
    CHAT_HANDLE_LEN_MAX = 32,
    CHAT_RUN_LINK_COUNT_MAX = 64,        /* links of one run */
    CHAT_WINDOW_STUB_COUNT_MAX = 200,    /* stubs of a report, its signed tail not counted */
    CHAT_MESSAGE_LEN_MAX = 65536,        /* octets of one MLSMessage with application data */
    CHAT_HANDSHAKE_LEN_MAX = 4 << 20     /* octets of one commit with its Welcome */
};

/* ---- components (MIMI room policy); their framing is mls/structs_ext.h ---- */

#define CHAT_USER_ROLE_PAIR(ROW, S)                  \
    ROW(S, BYTES_SOME, user,       CHAT_URI_LEN_MAX) \
    ROW(S, U32,        role_index, NONE)
WIRE_STRUCT(chat_user_role_pair, CHAT_USER_ROLE_PAIR)
#define CHAT_PARTICIPANT_LIST(ROW, S) ROW(S, VEC, participants, chat_user_role_pair)
WIRE_STRUCT(chat_participant_list, CHAT_PARTICIPANT_LIST)
#define CHAT_USERINDEX_ROLE_PAIR(ROW, S) \
    ROW(S, U32, user_index, NONE)        \
    ROW(S, U32, role_index, NONE)
WIRE_STRUCT(chat_userindex_role_pair, CHAT_USERINDEX_ROLE_PAIR)
#define CHAT_PARTICIPANT_UPDATE(ROW, S)                             \
    ROW(S, VEC, changed_role_participants, chat_userindex_role_pair) \
    ROW(S, VEC, removed_indices,           wire_u32)                \
    ROW(S, VEC, added_participants,        chat_user_role_pair)
WIRE_STRUCT(chat_participant_update, CHAT_PARTICIPANT_UPDATE)

/* 0x0021: the credential is basic, its identity the hub's provider URI. */
#define CHAT_FRANKING_AGENT(ROW, S)                             \
    ROW(S, BYTES_SOME, franking_signature_key, 255)             \
    ROW(S, U16,        credential_type,        NONE)            \
    ROW(S, BYTES_SOME, identity,               CHAT_URI_LEN_MAX)
WIRE_STRUCT(chat_franking_agent, CHAT_FRANKING_AGENT)

/* 0x0023 */
#define CHAT_ROOM_METADATA(ROW, S)                   \
    ROW(S, BYTES_SOME, room_uri,          CHAT_URI_LEN_MAX) \
    ROW(S, BYTES_MAX,  room_name,         255)       \
    ROW(S, VEC,        room_descriptions, wire_opaque) \
    ROW(S, BYTES_MAX,  room_avatar,       1024)      \
    ROW(S, BYTES_MAX,  room_subject,      1024)      \
    ROW(S, BYTES_MAX,  room_mood,         255)
WIRE_STRUCT(chat_room_metadata, CHAT_ROOM_METADATA)

/* 0x0025 */
#define CHAT_ROLE_CHANGE_TARGETS(ROW, S)              \
    ROW(S, U32, from_role_index,     NONE)            \
    ROW(S, VEC, target_role_indexes, wire_u32)
WIRE_STRUCT(chat_role_change_targets, CHAT_ROLE_CHANGE_TARGETS)
#define CHAT_ROLE(ROW, S)                                          \
    ROW(S, U32,       role_index,                     NONE)        \
    ROW(S, BYTES_MAX, role_name,                      64)          \
    ROW(S, BYTES_MAX, role_description,               255)         \
    ROW(S, VEC,       role_capabilities,              wire_u16)    \
    ROW(S, U32,       minimum_participants_constraint, NONE)       \
    ROW(S, OPT,       maximum_participants_constraint, wire_u32)   \
    ROW(S, U32,       minimum_active_participants_constraint, NONE) \
    ROW(S, OPT,       maximum_active_participants_constraint, wire_u32) \
    ROW(S, VEC,       authorized_role_changes,        chat_role_change_targets)
WIRE_STRUCT(chat_role, CHAT_ROLE)
#define CHAT_ROLE_DATA(ROW, S) ROW(S, VEC, roles, chat_role)
WIRE_STRUCT(chat_role_data, CHAT_ROLE_DATA)

/* 0x0027, Timbre's reading of the base policy: kind and class are Timbre's (src/chat/policy.h). */
#define CHAT_BASE_POLICY(ROW, S)                             \
    ROW(S, U8,        room_kind,         NONE) /* enum chat_room_kind */  \
    ROW(S, U8,        room_class,        NONE) /* enum chat_room_class */ \
    ROW(S, U8,        fixed_membership,  NONE)               \
    ROW(S, U8,        multi_device,      NONE)               \
    ROW(S, U32,       max_clients,       NONE)               \
    ROW(S, U32,       max_users,         NONE)               \
    ROW(S, U8,        discoverable,      NONE)
WIRE_STRUCT(chat_base_policy, CHAT_BASE_POLICY)

/* 0x0024 */
#define CHAT_OPERATIONAL_POLICY(ROW, S)                \
    ROW(S, U8,  external_proposal_allowed,  NONE)      \
    ROW(S, U8,  external_commit_allowed,    NONE)      \
    ROW(S, U8,  pending_proposal_strategy,  NONE)      \
    ROW(S, U32, pending_delay_ms_min,       NONE)      \
    ROW(S, U32, pending_delay_ms_max,       NONE)      \
    ROW(S, U32, epoch_tolerance,            NONE)      \
    ROW(S, U32, padding_size,               NONE)      \
    ROW(S, U32, generation_skip_max,        NONE)
WIRE_STRUCT(chat_operational_policy, CHAT_OPERATIONAL_POLICY)

/* 0x0030 */
#define CHAT_EXPIRATION_POLICY(ROW, S)                                   \
    ROW(S, U8,  expiration, NONE) /* 0 forbidden, 1 optional, 2 required */ \
    ROW(S, U32, min_s,      NONE)                                        \
    ROW(S, U32, max_s,      NONE)                                        \
    ROW(S, U32, default_s,  NONE)
WIRE_STRUCT(chat_expiration_policy, CHAT_EXPIRATION_POLICY)

/* 0xF101; amendments 25: the HPKE key lives in a RecipientKey, not here. */
#define CHAT_REPORT_RECIPIENT(ROW, S)                                             \
    ROW(S, U8,         kind,       NONE) /* 1 room moderators, 2 desk, 3 appeal body */ \
    ROW(S, BYTES_SOME, uri,        CHAT_URI_LEN_MAX)                              \
    ROW(S, BYTES_SOME, verify_key, 255)
WIRE_STRUCT(chat_report_recipient, CHAT_REPORT_RECIPIENT)
#define CHAT_FRANK_POLICY(ROW, S)                   \
    ROW(S, U8,  profile,          NONE)             \
    ROW(S, U8,  frank_required,   NONE)             \
    ROW(S, U32, report_window_s,  NONE)             \
    ROW(S, U16, context_before,   NONE)             \
    ROW(S, U16, context_after,    NONE)             \
    ROW(S, U32, max_clock_skew_s, NONE)             \
    ROW(S, VEC, recipients,       chat_report_recipient)
WIRE_STRUCT(chat_frank_policy, CHAT_FRANK_POLICY)

/* 0xF102, Safe AAD of a hub proposal that carries out a decision. */
#define CHAT_MODERATION_REF(ROW, S)                    \
    ROW(S, FIXED,      decision_id,   16)              \
    ROW(S, FIXED,      decision_hash, CHAT_HASH_LEN)   \
    ROW(S, U8,         action,        NONE)            \
    ROW(S, BYTES_SOME, scope,         CHAT_URI_LEN_MAX) /* room URI, or the provider's for hub */ \
    ROW(S, U64,        number,        NONE) /* in the decision log */
WIRE_STRUCT(chat_moderation_ref, CHAT_MODERATION_REF)

/* 0xF105, in GroupInfo extensions (app_data_dictionary). */
#define CHAT_CHAIN_HEAD(ROW, S)            \
    ROW(S, U64,   room_seq, NONE)          \
    ROW(S, FIXED, chain,    CHAT_HASH_LEN)
WIRE_STRUCT(chat_chain_head, CHAT_CHAIN_HEAD)

/* ---- franking (spec 2.1, 2.5.3) ---- */

#define CHAT_FRANKING_CONTEXT(ROW, S)                        \
    ROW(S, BYTES_SOME, sender_uri,         CHAT_URI_LEN_MAX) \
    ROW(S, BYTES_SOME, room_uri,           CHAT_URI_LEN_MAX) \
    ROW(S, U64,        accepted_timestamp, NONE)
WIRE_STRUCT(chat_franking_context, CHAT_FRANKING_CONTEXT)

#define CHAT_FRANK(ROW, S)                                            \
    ROW(S, FIXED,     server_frank,                   CHAT_HASH_LEN)  \
    ROW(S, U16,       franking_signature_ciphersuite, NONE)           \
    ROW(S, BYTES_MAX, franking_integrity_signature,   255)
WIRE_STRUCT(chat_frank, CHAT_FRANK)

#define CHAT_FRANKING_INTEGRITY_TBS(ROW, S)                         \
    ROW(S, FIXED, server_frank,                   CHAT_HASH_LEN)    \
    ROW(S, U16,   franking_signature_ciphersuite, NONE)             \
    ROW(S, SUB,   context,                        chat_franking_context)
WIRE_STRUCT(chat_franking_integrity_tbs, CHAT_FRANKING_INTEGRITY_TBS)

#define CHAT_FRANK_LINK(ROW, S)                      \
    ROW(S, FIXED,      prev_chain,   CHAT_HASH_LEN)  \
    ROW(S, BYTES_SOME, group_id,     255)            \
    ROW(S, U64,        epoch,        NONE)           \
    ROW(S, U64,        room_seq,     NONE)           \
    ROW(S, FIXED,      ct_hash,      CHAT_HASH_LEN)  \
    ROW(S, FIXED,      franking_tag, CHAT_HASH_LEN)  \
    ROW(S, FIXED,      server_frank, CHAT_HASH_LEN)  \
    ROW(S, SUB,        context,      chat_franking_context)
WIRE_STRUCT(chat_frank_link, CHAT_FRANK_LINK)

#define CHAT_TIMBRE_FRANK_TBS(ROW, S)                \
    ROW(S, U16,        profile,      NONE) /* 1 */   \
    ROW(S, FIXED,      chain,        CHAT_HASH_LEN)  \
    ROW(S, BYTES_SOME, group_id,     255)            \
    ROW(S, U64,        epoch,        NONE)           \
    ROW(S, U64,        room_seq,     NONE)           \
    ROW(S, FIXED,      ct_hash,      CHAT_HASH_LEN)  \
    ROW(S, FIXED,      franking_tag, CHAT_HASH_LEN)  \
    ROW(S, FIXED,      server_frank, CHAT_HASH_LEN)  \
    ROW(S, FIXED,      hub_key_id,   8)              \
    ROW(S, SUB,        context,      chat_franking_context)
WIRE_STRUCT(chat_timbre_frank_tbs, CHAT_TIMBRE_FRANK_TBS)

#define CHAT_TIMBRE_FRANK(ROW, S)                       \
    ROW(S, U16,       profile,          NONE) /* 1 */   \
    ROW(S, U64,       room_seq,         NONE)           \
    ROW(S, FIXED,     prev_chain,       CHAT_HASH_LEN)  \
    ROW(S, FIXED,     hub_key_id,       8)              \
    ROW(S, BYTES_MAX, timbre_signature, 255) /* empty inside a run */
WIRE_STRUCT(chat_timbre_frank, CHAT_TIMBRE_FRANK)

#define CHAT_CHAIN_GENESIS(ROW, S)                        \
    ROW(S, BYTES_SOME, room_uri,      CHAT_URI_LEN_MAX)   \
    ROW(S, BYTES_SOME, group_id,      255)                \
    ROW(S, BYTES_MAX,  prev_group_id, 255)                \
    ROW(S, BYTES_MAX,  prev_chain,    CHAT_HASH_LEN)
WIRE_STRUCT(chat_chain_genesis, CHAT_CHAIN_GENESIS)

/* Proof of equivocation (amendments 18): src/chat/equivocation.h. */
#define CHAT_SIGNED_HEAD(ROW, S)                       \
    ROW(S, SUB,        tbs,       chat_timbre_frank_tbs) \
    ROW(S, BYTES_SOME, signature, 255)
WIRE_STRUCT(chat_signed_head, CHAT_SIGNED_HEAD)
#define CHAT_EQUIVOCATION(ROW, S)                      \
    ROW(S, U16,   version,    NONE) /* 1 */            \
    ROW(S, U16,   suite,      NONE) /* of the group */ \
    ROW(S, SUB,   x,          chat_signed_head)        \
    ROW(S, SUB,   y,          chat_signed_head)        \
    ROW(S, VEC,   links,      chat_frank_link) /* x.room_seq + 1 to y.room_seq */ \
    ROW(S, BYTES, hub_record, NONE) /* HubRecord that lists the agent key */
WIRE_STRUCT(chat_equivocation, CHAT_EQUIVOCATION)

/* ---- reports (spec 2.5.6, 2.5.7) ---- */

#define CHAT_STUB(ROW, S)                                 \
    ROW(S, U64,       room_seq,         NONE)             \
    ROW(S, U64,       epoch,            NONE)             \
    ROW(S, FIXED,     franking_tag,     CHAT_HASH_LEN)    \
    ROW(S, FIXED,     ct_hash,          CHAT_HASH_LEN)    \
    ROW(S, SUB,       context,          chat_franking_context) \
    ROW(S, SUB,       frank,            chat_frank)       \
    ROW(S, FIXED,     hub_key_id,       8)                \
    ROW(S, BYTES_MAX, timbre_signature, 255)
WIRE_STRUCT(chat_stub, CHAT_STUB)

/* stubs<V> on its own: what a verdict of the hub is over. */
#define CHAT_STUBS(ROW, S) ROW(S, VEC, stubs, chat_stub)
WIRE_STRUCT(chat_stubs, CHAT_STUBS)

#define CHAT_ATTACHMENT_EVIDENCE(ROW, S)              \
    ROW(S, U16,   part_index, NONE)                   \
    ROW(S, U8,    how,        NONE) /* 1 octets inline, 2 fetch url */ \
    ROW(S, BYTES, ciphertext, NONE)
WIRE_STRUCT(chat_attachment_evidence, CHAT_ATTACHMENT_EVIDENCE)
#define CHAT_MLS_SENDER_PROOF(ROW, S)                    \
    ROW(S, U32,       leaf_index,         NONE)          \
    ROW(S, BYTES,     authenticated_data, NONE)          \
    ROW(S, BYTES_MAX, signature,          255)           \
    ROW(S, FIXED,     group_context_hash, CHAT_HASH_LEN)
WIRE_STRUCT(chat_mls_sender_proof, CHAT_MLS_SENDER_PROOF)
#define CHAT_OPENING_FULL(ROW, S)                              \
    ROW(S, BYTES, application_data, NONE)                      \
    ROW(S, VEC,   attachments,      chat_attachment_evidence)  \
    ROW(S, OPT,   proof,            chat_mls_sender_proof)
WIRE_STRUCT(chat_opening_full, CHAT_OPENING_FULL)
enum chat_opening_kind {
    CHAT_OPENING_IS_FULL = 1,
    CHAT_OPENING_IS_WITHHELD = 2,
    CHAT_OPENING_IS_EXPIRED = 3,
    CHAT_OPENING_IS_UNDECRYPTABLE = 4,
    CHAT_OPENING_IS_NOT_RECEIVED = 5
};
#define CHAT_OPENING_BODY(ARM, ARM_EMPTY, U)     \
    ARM(U, 1, full, chat_opening_full)           \
    ARM_EMPTY(U, 2, withheld)                    \
    ARM_EMPTY(U, 3, expired)                     \
    ARM_EMPTY(U, 4, undecryptable)               \
    ARM_EMPTY(U, 5, not_received)
WIRE_UNION(chat_opening_body, CHAT_OPENING_BODY)
#define CHAT_OPENING(ROW, S)               \
    ROW(S, U64,    room_seq, NONE)         \
    ROW(S, U8,     kind,     NONE)         \
    ROW(S, SELECT, body,     chat_opening_body)
WIRE_STRUCT(chat_opening, CHAT_OPENING)

#define CHAT_REPORT_EVIDENCE(ROW, S)                       \
    ROW(S, U16,        version,      NONE) /* 1 */         \
    ROW(S, BYTES_SOME, room_uri,     CHAT_URI_LEN_MAX)     \
    ROW(S, BYTES_SOME, group_id,     255)                  \
    ROW(S, U64,        first_seq,    NONE)                 \
    ROW(S, U64,        last_seq,     NONE)                 \
    ROW(S, FIXED,      chain_before, CHAT_HASH_LEN)        \
    ROW(S, VEC,        target_seq,   wire_u64)             \
    ROW(S, VEC,        stubs,        chat_stub)            \
    ROW(S, VEC,        openings,     chat_opening)         \
    ROW(S, VEC,        group_contexts, wire_opaque) /* level 2: GroupContext, once an epoch */ \
    ROW(S, FIXED,      nonce,        16)
WIRE_STRUCT(chat_report_evidence, CHAT_REPORT_EVIDENCE)

/* report_id = RefHash("Timbre 1.0 ReportId", this). */
#define CHAT_REPORT_ID_INPUT(ROW, S)                       \
    ROW(S, BYTES_SOME, room_uri,     CHAT_URI_LEN_MAX)     \
    ROW(S, BYTES_SOME, reporter_uri, CHAT_URI_LEN_MAX)     \
    ROW(S, VEC,        target_seq,   wire_u64)             \
    ROW(S, FIXED,      nonce,        16)
WIRE_STRUCT(chat_report_id_input, CHAT_REPORT_ID_INPUT)

#define CHAT_ABUSIVE_MESSAGE(ROW, S)              \
    ROW(S, BYTES, message_content,    NONE)       \
    ROW(S, SUB,   frank,              chat_frank) \
    ROW(S, U64,   accepted_timestamp, NONE)
WIRE_STRUCT(chat_abusive_message, CHAT_ABUSIVE_MESSAGE)
#define CHAT_ABUSE_REPORT(ROW, S)                          \
    ROW(S, BYTES_MAX, reporting_user,     CHAT_URI_LEN_MAX) \
    ROW(S, BYTES_MAX, alleged_abuser_uri, CHAT_URI_LEN_MAX) \
    ROW(S, U8,        reason_code,        NONE)            \
    ROW(S, BYTES_MAX, note,               4096)            \
    ROW(S, VEC,       messages,           chat_abusive_message) \
    ROW(S, VEC,       abuse_extensions,   mls_component_data)
WIRE_STRUCT(chat_abuse_report, CHAT_ABUSE_REPORT)

#define CHAT_WRAPPED_KEY(ROW, S)                       \
    ROW(S, FIXED,      recipient_key_hash, CHAT_HASH_LEN) \
    ROW(S, BYTES_SOME, kem_output,         255)        \
    ROW(S, BYTES_SOME, ciphertext,         255)
WIRE_STRUCT(chat_wrapped_key, CHAT_WRAPPED_KEY)
#define CHAT_SEALED_REPORT(ROW, S)                      \
    ROW(S, U16,        version,            NONE) /* 1 report, 2 openings */ \
    ROW(S, BYTES_SOME, room_uri,           CHAT_URI_LEN_MAX) \
    ROW(S, FIXED,      report_id,          CHAT_HASH_LEN) \
    ROW(S, VEC,        target_seq,         wire_u64)    \
    ROW(S, U32,        body_len,           NONE)        \
    ROW(S, MARK,       aad_end,            NONE)        \
    ROW(S, FIXED,      key_commit,         CHAT_HASH_LEN) \
    ROW(S, VEC,        keys,               chat_wrapped_key) \
    ROW(S, BYTES,      body,               NONE)        \
    ROW(S, BYTES_MAX,  reporter_signature, 255) /* empty once the hub took it */
WIRE_STRUCT(chat_sealed_report, CHAT_SEALED_REPORT)
/* The body's associated data: the octets of a SealedReport before aad_end. */
#define CHAT_REPORT_AAD(ROW, S)                         \
    ROW(S, U16,        version,    NONE)                \
    ROW(S, BYTES_SOME, room_uri,   CHAT_URI_LEN_MAX)    \
    ROW(S, FIXED,      report_id,  CHAT_HASH_LEN)       \
    ROW(S, VEC,        target_seq, wire_u64)            \
    ROW(S, U32,        body_len,   NONE)
WIRE_STRUCT(chat_report_aad, CHAT_REPORT_AAD)
/* reporter_signature: label "TimbreReportTBS1" over this, by the reporter's device key. */
#define CHAT_REPORT_TBS(ROW, S)                         \
    ROW(S, U16,        version,    NONE)                \
    ROW(S, BYTES_SOME, room_uri,   CHAT_URI_LEN_MAX)    \
    ROW(S, FIXED,      report_id,  CHAT_HASH_LEN)       \
    ROW(S, VEC,        target_seq, wire_u64)            \
    ROW(S, U32,        body_len,   NONE)                \
    ROW(S, FIXED,      key_commit, CHAT_HASH_LEN)       \
    ROW(S, VEC,        keys,       chat_wrapped_key)    \
    ROW(S, FIXED,      body_hash,  CHAT_HASH_LEN)
WIRE_STRUCT(chat_report_tbs, CHAT_REPORT_TBS)
/* hub_signature: label "TimbreReportIntake1" over everything before it, by the intake key. */
#define CHAT_REPORT_INTAKE(ROW, S)                     \
    ROW(S, SUB,       report,             chat_sealed_report) \
    ROW(S, FIXED,     reporter_pseudonym, 16)          \
    ROW(S, U64,       received_ms,        NONE)        \
    ROW(S, BYTES_MAX, hub_signature,      255)
WIRE_STRUCT(chat_report_intake, CHAT_REPORT_INTAKE)

/* ---- records (spec 4.2, amendments 21, 22, 25) ---- */

#define CHAT_DEVICE_KEY(ROW, S)                                  \
    ROW(S, BYTES_SOME, device,        CHAT_URI_LEN_MAX)          \
    ROW(S, BYTES_SOME, signature_key, 255)                       \
    ROW(S, U64,        added_ms,      NONE)                      \
    ROW(S, U8,         status,        NONE) /* 1 active, 2 revoked */
WIRE_STRUCT(chat_device_key, CHAT_DEVICE_KEY)
#define CHAT_ACCOUNT_RECORD(ROW, S)                            \
    ROW(S, U16,        v,                NONE) /* 1 */         \
    ROW(S, BYTES_SOME, account,          CHAT_URI_LEN_MAX)     \
    ROW(S, U32,        version,          NONE)                 \
    ROW(S, FIXED,      prev_record_hash, CHAT_HASH_LEN) /* zeros in version 0 */ \
    ROW(S, BYTES_SOME, account_key,      255)                  \
    ROW(S, VEC,        devices,          chat_device_key)      \
    ROW(S, U8,         reset,            NONE)                 \
    ROW(S, BYTES_MAX,  signature,        255)
WIRE_STRUCT(chat_account_record, CHAT_ACCOUNT_RECORD)

#define CHAT_AGENT_KEY(ROW, S)                        \
    ROW(S, BYTES_SOME, signature_key, 255)            \
    ROW(S, U64,        from_ms,       NONE)           \
    ROW(S, U64,        until_ms,      NONE) /* 0: still in use */ \
    ROW(S, U64,        revoked_ms,    NONE) /* others may have it since; 0: not revoked */
WIRE_STRUCT(chat_agent_key, CHAT_AGENT_KEY)
/* A desk, or a verify key of it, that another took the place of (amendments 25). */
#define CHAT_DESK_PAST(ROW, S)                                    \
    ROW(S, BYTES_SOME, uri,        CHAT_URI_LEN_MAX)              \
    ROW(S, BYTES_SOME, verify_key, 255)                           \
    ROW(S, U64,        until_ms,   NONE)                          \
    ROW(S, BYTES_MAX,  signature,  255) /* "TimbreDeskKey1" by verify_key, over the key that      \
                                           follows; empty: the operator founded the desk anew */
WIRE_STRUCT(chat_desk_past, CHAT_DESK_PAST)
#define CHAT_DESK_KEY_TBS(ROW, S)                                         \
    ROW(S, BYTES_SOME, domain,          253)                              \
    ROW(S, BYTES_SOME, uri,             CHAT_URI_LEN_MAX)                 \
    ROW(S, U32,        place,           NONE) /* of the old key, from 0 */ \
    ROW(S, BYTES_SOME, verify_key,      255)  /* the old one */           \
    ROW(S, BYTES_SOME, next_verify_key, 255)
WIRE_STRUCT(chat_desk_key_tbs, CHAT_DESK_KEY_TBS)
#define CHAT_HUB_RECORD(ROW, S)                                \
    ROW(S, U16,        v,                   NONE) /* 1 */      \
    ROW(S, BYTES_SOME, domain,              253)               \
    ROW(S, U64,        version,             NONE)              \
    ROW(S, U64,        time_ms,             NONE)              \
    ROW(S, BYTES_SOME, root_key,            255)               \
    ROW(S, VEC,        agents,              chat_agent_key)    \
    ROW(S, BYTES_SOME, external_sender_key, 255)               \
    ROW(S, BYTES_SOME, intake_key,          255)               \
    ROW(S, VEC,        old_intakes,         chat_agent_key) /* those before it */ \
    ROW(S, BYTES_MAX,  desk_uri,            CHAT_URI_LEN_MAX) /* empty: no desk yet */ \
    ROW(S, BYTES_MAX,  desk_verify_key,     255)               \
    ROW(S, VEC,        desk_past,           chat_desk_past) /* oldest first */ \
    ROW(S, BYTES_MAX,  signature,           255)
WIRE_STRUCT(chat_hub_record, CHAT_HUB_RECORD)

#define CHAT_RECIPIENT_KEY(ROW, S)                           \
    ROW(S, BYTES_SOME, uri,          CHAT_URI_LEN_MAX)       \
    ROW(S, U64,        serial,       NONE)                   \
    ROW(S, U16,        suite,        NONE)                   \
    ROW(S, BYTES_SOME, hpke_key,     255)                    \
    ROW(S, U64,        not_before_ms, NONE)                  \
    ROW(S, U64,        not_after_ms, NONE)                   \
    ROW(S, BYTES_MAX,  signature,    255)
WIRE_STRUCT(chat_recipient_key, CHAT_RECIPIENT_KEY)

/* ---- decisions ---- */

enum chat_action {
    CHAT_ACTION_NONE = 0,
    CHAT_ACTION_WARN = 1,
    CHAT_ACTION_BAN = 2,           /* from the room, or from all rooms of the hub */
    CHAT_ACTION_UNBAN = 3,         /* reversal of a ban, from the case that it rests on */
    CHAT_ACTION_NAME_OWNER = 4,    /* of a room that has no acting owner */
    CHAT_ACTION_RETRACT = 5,       /* messages of the room */
    CHAT_ACTION_MUTE = 6,          /* in the room, until */
    CHAT_ACTION_REMOVE = 7,        /* from the room; may be invited again */
    CHAT_ACTION_SUSPEND = 8,       /* the account, until; it stays in its rooms */
    CHAT_ACTION_CLOSE_ACCOUNT = 9,
    CHAT_ACTION_CLOSE_ROOM = 10,
    CHAT_ACTION_REVERSE = 11,      /* another decision, named by number_of */
    CHAT_ACTION_UPHOLD = 12        /* the same, against an appeal */
};
enum chat_scope { CHAT_SCOPE_ROOM = 1, CHAT_SCOPE_HUB = 2 };
/* What a decision rests on: the rules that people agreed to, or the law. */
enum chat_ground { CHAT_GROUND_TERMS = 0, CHAT_GROUND_ILLEGAL = 1 };
enum { CHAT_TARGET_COUNT_MAX = 64, CHAT_RULE_LEN_MAX = 64 };
#define CHAT_DECISION_TARGET(ROW, S)                                          \
    ROW(S, U64,   room_seq,   NONE)                                           \
    ROW(S, FIXED, message_id, CHAT_HASH_LEN)
WIRE_STRUCT(chat_decision_target, CHAT_DECISION_TARGET)
/* The decider signs what stands before `signature` ("TimbreDecision1"), a second person all of it
 * but the last field ("TimbreCoDecision1"). */
#define CHAT_DECISION(ROW, S)                                     \
    ROW(S, U16,        v,               NONE) /* 1 */             \
    ROW(S, FIXED,      decision_id,     16)                       \
    ROW(S, BYTES_SOME, domain,          253)                      \
    ROW(S, BYTES_SOME, subject,         CHAT_URI_LEN_MAX)         \
    ROW(S, U8,         action,          NONE)                     \
    ROW(S, U8,         scope,           NONE)                     \
    ROW(S, BYTES_MAX,  room_uri,        CHAT_URI_LEN_MAX) /* of the report */ \
    ROW(S, U64,        number_of,       NONE) /* the decision that this one settles; 0 */ \
    ROW(S, U8,         reason_code,     NONE)                     \
    ROW(S, U8,         ground,          NONE) /* enum chat_ground */ \
    ROW(S, U8,         category,        NONE) /* chat/category.h; 0: none */ \
    ROW(S, BYTES_MAX,  rule_id,         CHAT_RULE_LEN_MAX) /* of the rules, or of the law */ \
    ROW(S, U32,        rule_version,    NONE)                     \
    ROW(S, VEC,        targets,         chat_decision_target) /* messages that are retracted */ \
    ROW(S, BYTES_MAX,  report_id,       CHAT_HASH_LEN)            \
    ROW(S, FIXED,      evidence_hash,   CHAT_HASH_LEN)            \
    ROW(S, U64,        until_ms,        NONE) /* 0: without end */ \
    ROW(S, BYTES_MAX,  notice_room_uri, CHAT_URI_LEN_MAX)         \
    ROW(S, FIXED,      statement_hash,  CHAT_HASH_LEN)            \
    ROW(S, BYTES_SOME, decider_device,  CHAT_URI_LEN_MAX)         \
    ROW(S, U64,        decided_ms,      NONE)                     \
    ROW(S, BYTES_MAX,  signature,       255) /* "TimbreDecision1" */ \
    ROW(S, BYTES_MAX,  co_decider_device, CHAT_URI_LEN_MAX) /* empty: one person decided */ \
    ROW(S, BYTES_MAX,  co_signature,    255) /* "TimbreCoDecision1" */
WIRE_STRUCT(chat_decision, CHAT_DECISION)
/* One entry of the decision log; hub_signature: "TimbreDecisionEntry1", intake key. */
#define CHAT_DECISION_ENTRY(ROW, S)                      \
    ROW(S, U64,        number,          NONE) /* from 1 */ \
    ROW(S, FIXED,      prev_entry_hash, CHAT_HASH_LEN)   \
    ROW(S, U64,        logged_ms,       NONE)            \
    ROW(S, U8,         single,          NONE) /* needs two, and the desk had one person */ \
    ROW(S, SUB,        decision,        chat_decision)   \
    ROW(S, BYTES_MAX,  hub_signature,   255)
WIRE_STRUCT(chat_decision_entry, CHAT_DECISION_ENTRY)
/* 0x0050: the hub retracts messages, or with a moderation_ref of a reversal restores them
 * (draft-ietf-mimi-protocol's hub_retracted_messages; MessageIds are opaque<V>). */
#define CHAT_ABUSE_TYPE(ROW, S) ROW(S, U8, reason_code, NONE)
WIRE_STRUCT(chat_abuse_type, CHAT_ABUSE_TYPE)
#define CHAT_RETRACTED(ROW, S)                                               \
    ROW(S, U64,        hub_retracted_timestamp, NONE) /* ms */               \
    ROW(S, BYTES_SOME, remover,                 CHAT_URI_LEN_MAX)            \
    ROW(S, OPT,        abuse_type,              chat_abuse_type)                    \
    ROW(S, VEC,        retracted_messages,      wire_opaque)                 \
    ROW(S, BYTES_MAX,  signature,               255) /* "HubRetractedComponentTBS" */
WIRE_STRUCT(chat_retracted, CHAT_RETRACTED)
/* Reasons for an account without a KeyPackage: HPKE to each device key of its record. */
#define CHAT_SEALED_STATEMENT(ROW, S)                      \
    ROW(S, BYTES_SOME, device,     CHAT_URI_LEN_MAX)       \
    ROW(S, BYTES_SOME, kem_output, 255)                    \
    ROW(S, BYTES_SOME, ciphertext, 65536)
WIRE_STRUCT(chat_sealed_statement, CHAT_SEALED_STATEMENT)

/* ---- joining ---- */

/* The fragment of an invitation link, base64url. */
#define CHAT_INVITE_SECRET(ROW, S)                                \
    ROW(S, U8,         version,       NONE) /* 1 */               \
    ROW(S, U8,         kind,          NONE) /* 1 account, 2 room */ \
    ROW(S, FIXED,      seed,          32)                         \
    ROW(S, FIXED,      hub_root_hash, CHAT_HASH_LEN)              \
    ROW(S, BYTES_SOME, domain,        253)                        \
    ROW(S, BYTES_MAX,  room_uri,      CHAT_URI_LEN_MAX)           \
    ROW(S, BYTES_MAX,  inviter,       CHAT_URI_LEN_MAX)
WIRE_STRUCT(chat_invite_secret, CHAT_INVITE_SECRET)
/* Both signatures: label "TimbreJoinRequest1" over the fields before them. */
#define CHAT_JOIN_REQUEST(ROW, S)                                     \
    ROW(S, U8,         kind,             NONE) /* 1 by link, 2 another device of a participant */ \
    ROW(S, BYTES_SOME, room_uri,         CHAT_URI_LEN_MAX)            \
    ROW(S, BYTES_SOME, account,          CHAT_URI_LEN_MAX)            \
    ROW(S, BYTES_SOME, device,           CHAT_URI_LEN_MAX)            \
    ROW(S, FIXED,      record_hash,      CHAT_HASH_LEN)               \
    ROW(S, U64,        time_ms,          NONE)                        \
    ROW(S, BYTES_MAX,  invite_key,       255) /* public; empty for kind 2 */ \
    ROW(S, BYTES_MAX,  invite_signature, 255)                         \
    ROW(S, BYTES_MAX,  device_signature, 255)
WIRE_STRUCT(chat_join_request, CHAT_JOIN_REQUEST)

enum chat_ack_result {
    CHAT_ACK_APPLIED = 1,
    CHAT_ACK_CONFIRMATION_TAG = 2,
    CHAT_ACK_PATH_SECRET = 3,
    CHAT_ACK_SIGNATURE = 4,
    CHAT_ACK_POLICY = 5,
    CHAT_ACK_OTHER = 6
};
/* spec 3.5; label "TimbreCommitAck1" by the sender's leaf key of epoch n. */
#define CHAT_COMMIT_ACK(ROW, S)                           \
    ROW(S, BYTES_SOME, group_id,    255)                  \
    ROW(S, U64,        epoch,       NONE)                 \
    ROW(S, FIXED,      commit_hash, CHAT_HASH_LEN)        \
    ROW(S, U8,         result,      NONE) /* enum chat_ack_result */    \
    ROW(S, BYTES_MAX,  signature,   255)
WIRE_STRUCT(chat_commit_ack, CHAT_COMMIT_ACK)

/* spec 1.3; consent_extensions are an AppDataDictionary. */
#define CHAT_CONSENT_ENTRY(ROW, S)                           \
    ROW(S, U8,         consent_operation, NONE) /* 0 cancel, 1 request, 2 grant, 3 revoke */ \
    ROW(S, BYTES_SOME, requester_uri,     CHAT_URI_LEN_MAX)  \
    ROW(S, BYTES_SOME, target_uri,        CHAT_URI_LEN_MAX)  \
    ROW(S, OPT,        room_id,           wire_opaque)       \
    ROW(S, VEC,        client_key_packages, wire_opaque)     \
    ROW(S, VEC,        consent_extensions, mls_component_data)
WIRE_STRUCT(chat_consent_entry, CHAT_CONSENT_ENTRY)

#endif
