/*
 * What the client keeps: values of its store's tables, in wire order.  The host encrypts values
 * below the store interface, so secrets may stand in these rows; keys hold names and numbers.
 * Adding a field means raising CLIENT_SCHEMA_VERSION.
 *
 * A room has a small number (room_no) of its own; keys of its tables are uint32 room_no followed by
 * a uint64 that counts, so that a scan goes through one room in order.
 */
#ifndef TB_CLIENT_ROWS_H
#define TB_CLIENT_ROWS_H

#include "chat/structs.h"
#include "client/client.h"

/* ---- META ---- */

enum client_profile_state {
    CLIENT_PROFILE_EMPTY = 0,
    CLIENT_PROFILE_REGISTERING = 1,
    CLIENT_PROFILE_LINKING = 2,    /* a device key, and a code that an existing device reads */
    CLIENT_PROFILE_RECOVERING = 3, /* a device key, and the seed of a recovery phrase */
    CLIENT_PROFILE_REGISTERED = 4, /* next_record: another record of ours, on its way */
    CLIENT_PROFILE_REJOINING = 5   /* next_* hold the keys of a record that the hub may have */
};
#define CLIENT_PROFILE_ROW(ROW, S)                                               \
    ROW(S, U16,       schema_version,  NONE)                                     \
    ROW(S, U8,        state,           NONE) /* enum client_profile_state */     \
    ROW(S, U8,        is_admin,        NONE)                                     \
    ROW(S, U8,        is_rolled_back,  NONE)                                     \
    ROW(S, BYTES_MAX, origin,          1024)                                     \
    ROW(S, BYTES_MAX, domain,          253)                                      \
    ROW(S, FIXED,     root_hash,       CHAT_HASH_LEN) /* the hub's root key, pinned */ \
    ROW(S, BYTES_MAX, account,         CHAT_URI_LEN_MAX)                         \
    ROW(S, BYTES_MAX, device,          CHAT_URI_LEN_MAX)                         \
    ROW(S, BYTES_MAX, handle,          CHAT_HANDLE_LEN_MAX)                      \
    ROW(S, BYTES_MAX, account_key,     80) /* SECRET */                          \
    ROW(S, BYTES_MAX, device_key,      80) /* SECRET */                          \
    ROW(S, BYTES,     record,          NONE) /* newest own AccountRecord */      \
    ROW(S, BYTES_MAX, next_device,      CHAT_URI_LEN_MAX)                        \
    ROW(S, BYTES_MAX, next_account_key, 80) /* SECRET */                         \
    ROW(S, BYTES_MAX, next_device_key,  80) /* SECRET */                         \
    ROW(S, BYTES,     next_record,      NONE)                                    \
    ROW(S, BYTES_MAX, invite_seed,      32) /* SECRET; until registered: of the invitation, \
                                             * the code's secret, or of the phrase */ \
    ROW(S, U64,       profile_counter,  NONE)                                    \
    ROW(S, U64,       next_op,          NONE)                                    \
    ROW(S, U64,       register_op,      NONE)                                    \
    ROW(S, U64,       next_outbox,      NONE)                                    \
    ROW(S, U64,       next_alarm,       NONE)                                    \
    ROW(S, U64,       queue_number,     NONE) /* newest report fetched as a desk */ \
    ROW(S, U64,       decision_number,  NONE) /* newest decision seen */         \
    ROW(S, U8,        receipts,         NONE) /* enum client_receipts */         \
    ROW(S, U32,       next_room_no,     NONE)
WIRE_STRUCT(client_profile_row, CLIENT_PROFILE_ROW)

/* META "desk": a moderator's keys, from creation or from the newest desk-keys message. */
#define CLIENT_DESK_KEY_ROW(ROW, S)                                              \
    ROW(S, U64,       serial,        NONE)                                       \
    ROW(S, BYTES,     recipient_key, NONE) /* encoded RecipientKey */            \
    ROW(S, BYTES_MAX, private_key,   80)   /* SECRET, of the HPKE key */
WIRE_STRUCT(client_desk_key_row, CLIENT_DESK_KEY_ROW)
#define CLIENT_DESK_ROW(ROW, S)                                                  \
    ROW(S, BYTES_MAX, room_uri,      CHAT_URI_LEN_MAX)                           \
    ROW(S, BYTES_MAX, verify_key,    80) /* SECRET; held by owners only */       \
    ROW(S, BYTES_MAX, verify_public, 255)                                        \
    ROW(S, U8,        is_published,  NONE)                                       \
    ROW(S, VEC,       keys,          client_desk_key_row) /* newest first */
WIRE_STRUCT(client_desk_row, CLIENT_DESK_ROW)

/* META "desk shared", on the owner's device that holds verify_key: who has the current keys. */
enum client_desk_rotation {
    CLIENT_DESK_KEY_PUBLISHED = 0,
    CLIENT_DESK_KEY_MADE = 1,     /* on its way into the desk room */
    CLIENT_DESK_KEY_ANNOUNCED = 2 /* the desk knows it; the hub is to publish it */
};
#define CLIENT_DESK_SHARED_ROW(ROW, S)                                           \
    ROW(S, U8,  is_due,   NONE) /* a device that had the keys is gone */         \
    ROW(S, U8,  rotation, NONE) /* enum client_desk_rotation */                  \
    ROW(S, VEC, devices,  wire_opaque)
WIRE_STRUCT(client_desk_shared_row, CLIENT_DESK_SHARED_ROW)

/* META "desk owner": the verify key among the desk's owners, and keys that may follow it. */
#define CLIENT_DESK_CANDIDATE_ROW(ROW, S)                                        \
    ROW(S, BYTES_SOME, verify_public, 255)                                       \
    ROW(S, BYTES_MAX,  verify_key,    80) /* SECRET; empty: not for us */        \
    ROW(S, U8,         is_own,        NONE)                                      \
    ROW(S, VEC,        devices,       wire_opaque) /* it was sealed to */
WIRE_STRUCT(client_desk_candidate_row, CLIENT_DESK_CANDIDATE_ROW)
#define CLIENT_DESK_OWNER_ROW(ROW, S)                                            \
    ROW(S, U8,  is_due,     NONE) /* an owner's device that had the key is gone */ \
    ROW(S, VEC, devices,    wire_opaque) /* that have the key of today */        \
    ROW(S, VEC, candidates, client_desk_candidate_row)
WIRE_STRUCT(client_desk_owner_row, CLIENT_DESK_OWNER_ROW)

/* META "decided" report id: the newest decision of the log about this case, for moderators. */
#define CLIENT_DECIDED_ROW(ROW, S)                                               \
    ROW(S, U64,       number,         NONE)                                      \
    ROW(S, U8,        action,         NONE)                                      \
    ROW(S, U8,        scope,          NONE)                                      \
    ROW(S, BYTES_MAX, decider_device, CHAT_URI_LEN_MAX)
WIRE_STRUCT(client_decided_row, CLIENT_DECIDED_ROW)

/* Behind a request for the desk's key: what is to be opened for which case. */
#define CLIENT_OPENING_ROW(ROW, S)                                               \
    ROW(S, FIXED,      report_id, CHAT_HASH_LEN)                                 \
    ROW(S, BYTES_SOME, room_uri,  CHAT_URI_LEN_MAX)                              \
    ROW(S, U8,         level,     NONE)                                          \
    ROW(S, U8,         is_ack,    NONE) /* a word on one stub; opens nothing */  \
    ROW(S, VEC,        seq,       wire_u64)
WIRE_STRUCT(client_opening_row, CLIENT_OPENING_ROW)

/* META "naming": a decision that names an owner, until the hub has answered it. */
#define CLIENT_NAMING_ROW(ROW, S)                                                \
    ROW(S, U64,   op,       NONE)                                                \
    ROW(S, BYTES, decision, NONE) /* encoded, signed Decision */
WIRE_STRUCT(client_naming_row, CLIENT_NAMING_ROW)

/* META "recipient": the newest RecipientKey that this client has accepted. */
#define CLIENT_RECIPIENT_ROW(ROW, S)                                             \
    ROW(S, U64,   serial,        NONE)                                           \
    ROW(S, BYTES, recipient_key, NONE)
WIRE_STRUCT(client_recipient_row, CLIENT_RECIPIENT_ROW)

/* META "log head": the newest checkpoint of the decision log that continued the ones before. */
#define CLIENT_LOG_ROW(ROW, S)                                                   \
    ROW(S, U64,   size,       NONE)                                              \
    ROW(S, FIXED, root,       CHAT_HASH_LEN)                                     \
    ROW(S, U64,   seen_ms,    NONE)                                              \
    ROW(S, BYTES, checkpoint, NONE)                                              \
    ROW(S, BYTES, fork,       NONE) /* LogFork with one that did not; or empty */
WIRE_STRUCT(client_log_row, CLIENT_LOG_ROW)

/* META "alarm" number: both signatures of a contradiction, or what else was wrong. */
#define CLIENT_ALARM_ROW(ROW, S)                                                 \
    ROW(S, U16,       code,     NONE)                                            \
    ROW(S, U64,       at_ms,    NONE)                                            \
    ROW(S, BYTES_MAX, room_uri, CHAT_URI_LEN_MAX)                                \
    ROW(S, U64,       room_seq, NONE)                                            \
    ROW(S, OPT,       known,    chat_stub) /* what we had verified */            \
    ROW(S, BYTES,     received, NONE)      /* the page, record or key as it came */
WIRE_STRUCT(client_alarm_row, CLIENT_ALARM_ROW)

/* ---- ROOMS, by room URI ---- */

/* Are proposals pending that the next commit must carry? */
enum client_duty {
    CLIENT_DUTY_NONE = 0,
    CLIENT_DUTY_OURS = 1,  /* and we may commit them */
    CLIENT_DUTY_OTHERS = 2 /* they remove us: somebody else commits them */
};
#define CLIENT_ROOM_ROW(ROW, S)                                                  \
    ROW(S, U32,        no,            NONE)                                      \
    ROW(S, BYTES_SOME, room_uri,      CHAT_URI_LEN_MAX)                          \
    ROW(S, BYTES_MAX,  name,          255)                                       \
    ROW(S, U8,         kind,          NONE)                                      \
    ROW(S, U8,         room_class,    NONE)                                      \
    ROW(S, U8,         state,         NONE) /* enum client_room_state */         \
    ROW(S, BYTES_MAX,  group_id,      255)                                       \
    ROW(S, U16,        cipher_suite,  NONE)                                      \
    ROW(S, U64,        cursor,        NONE) /* log_seq of the newest entry taken */ \
    ROW(S, U64,        final_seq,     NONE) /* commits up to here are final */   \
    ROW(S, U64,        tentative_seq, NONE) /* log_seq of a commit that may still roll back; 0 */ \
    ROW(S, U64,        refused_seq,   NONE) /* log_seq of a commit that we NACKed; 0 */ \
    ROW(S, U64,        head_seq,      NONE) /* room_seq of the verified chain */ \
    ROW(S, FIXED,      head_chain,    CHAT_HASH_LEN)                             \
    ROW(S, U64,        head_ms,       NONE)                                      \
    ROW(S, U64,        signed_seq,    NONE) /* newest link whose signature verified; 0: none */ \
    ROW(S, U64,        joined_seq,    NONE) /* room_seq when we joined */        \
    ROW(S, U64,        row_newest,    NONE) /* number of the newest timeline row */ \
    ROW(S, U64,        row_read,      NONE) /* rows up to here were read by the person */ \
    ROW(S, U64,        row_final,     NONE) /* rows above belong to a tentative commit */ \
    ROW(S, U64,        pages_from,    NONE) /* oldest page kept, by log_seq */   \
    ROW(S, U8,         leave_wanted,  NONE)                                      \
    ROW(S, U8,         has_commit,    NONE) /* slot CLIENT_GROUP_COMMIT is filled */ \
    ROW(S, U8,         duty,          NONE) /* enum client_duty */               \
    ROW(S, U64,        leave_made,    NONE) /* 1 + the epoch of slot CLIENT_GROUP_LEAVE */ \
    ROW(S, U64,        leave_epoch,   NONE) /* 1 + the epoch whose log holds our SelfRemove */ \
    ROW(S, U64,        create_op,     NONE)                                      \
    ROW(S, U8,         create_for,    NONE) /* enum client_create_purpose */     \
    ROW(S, BYTES_MAX,  create_case,   CHAT_HASH_LEN) /* report id of a notice room */ \
    ROW(S, U64,        restored_seq,  NONE) /* log_seq of the newest restored entry taken */ \
    ROW(S, U64,        decision_number, NONE) /* of the decision that removed us */ \
    ROW(S, U64,        pruned_seq,    NONE) /* evidence up to here is gone or pinned */ \
    ROW(S, U64,        page_mark_seq, NONE) /* cursor at page_mark_ms: what pages are older */ \
    ROW(S, U64,        page_mark_ms,  NONE)
WIRE_STRUCT(client_room_row, CLIENT_ROOM_ROW)

/* ---- GROUPS, by room_no and enum client_group_slot ---- */

enum client_group_slot {
    CLIENT_GROUP_CURRENT = 0, /* mls_group_encode, as of the last change of more than ratchets */
    CLIENT_GROUP_BEFORE = 1,  /* the epoch before a tentative commit */
    CLIENT_GROUP_COMMIT = 2,  /* client_commit_row: our commit that is on its way */
    CLIENT_GROUP_LEAVE = 3,   /* our SelfRemove as it was first sent */
    CLIENT_GROUP_RATCHETS = 4, /* mls_group_ratchets_encode: what messages changed since CURRENT */
    CLIENT_GROUP_SLOT_COUNT
};
enum client_intent_kind {
    CLIENT_INTENT_DUTY = 1,  /* the hub's pending proposals alone */
    CLIENT_INTENT_ADD = 2,   /* a participant with all devices that have a key package */
    CLIENT_INTENT_REMOVE = 3,
    CLIENT_INTENT_DEVICE = 4, /* another device of a participant; its revoked devices go */
    CLIENT_INTENT_ROLE = 5,   /* another role for a participant */
    CLIENT_INTENT_RULES = 6   /* a change of the room's rules; a kick removes as well */
};
#define CLIENT_COMMIT_ROW(ROW, S)                                                \
    ROW(S, U8,        kind,       NONE) /* enum client_intent_kind */            \
    ROW(S, U64,       op,         NONE)                                          \
    ROW(S, U64,       log_seq,    NONE) /* once it is in the log and merged; else 0 */ \
    ROW(S, BYTES_MAX, account,    CHAT_URI_LEN_MAX)                              \
    ROW(S, BYTES_MAX, device,     CHAT_URI_LEN_MAX)                              \
    ROW(S, BYTES,     commit,     NONE)                                          \
    ROW(S, BYTES,     welcome,    NONE)                                          \
    ROW(S, BYTES,     group_info, NONE)
WIRE_STRUCT(client_commit_row, CLIENT_COMMIT_ROW)

/* ---- ROWS: the timeline, by room_no and row number ---- */

enum {
    CLIENT_REACTION_LEN_MAX = 64,    /* octets */
    CLIENT_REACTION_COUNT_MAX = 256, /* reactions to one message that are kept */
    CLIENT_READER_COUNT_MAX = 64     /* readers of one own message that are kept */
};

enum client_line_kind {
    CLIENT_LINE_MESSAGE = 1,
    CLIENT_LINE_JOINED = 2,
    CLIENT_LINE_ADDED = 3,
    CLIENT_LINE_REMOVED = 4,
    CLIENT_LINE_GAP = 5,
    CLIENT_LINE_RESTORED = 6,
    CLIENT_LINE_OWNER = 7, /* and so on: the role that the account has from here on */
    CLIENT_LINE_MODERATOR = 8,
    CLIENT_LINE_MEMBER = 9
};
#define CLIENT_REACTION_ROW(ROW, S)                                              \
    ROW(S, BYTES_SOME, account,    CHAT_URI_LEN_MAX)                             \
    ROW(S, BYTES_SOME, text,       CLIENT_REACTION_LEN_MAX)                      \
    ROW(S, FIXED,      message_id, CHAT_HASH_LEN) /* of the reaction */
WIRE_STRUCT(client_reaction_row, CLIENT_REACTION_ROW)
#define CLIENT_LINE_ROW(ROW, S)                                                  \
    ROW(S, U8,        row_kind,     NONE) /* enum client_line_kind */  \
    ROW(S, U8,        is_own,       NONE)                                        \
    ROW(S, U8,        is_failed,    NONE)                                        \
    ROW(S, U8,        is_marked,    NONE) /* shown with a warning (R9) */        \
    ROW(S, U16,       code,         NONE) /* why it failed */                    \
    ROW(S, U64,       room_seq,     NONE)                                        \
    ROW(S, U64,       epoch,        NONE)                                        \
    ROW(S, U64,       at_ms,        NONE)                                        \
    ROW(S, BYTES_MAX, account,      CHAT_URI_LEN_MAX)                            \
    ROW(S, BYTES_MAX, content_type, 255)                                         \
    ROW(S, BYTES,     text,         NONE)                                        \
    ROW(S, BYTES_MAX, message_id,   CHAT_HASH_LEN)                               \
    ROW(S, U64,       decision_number, NONE) /* of a message: of its retraction */ \
    ROW(S, U64,       attachment_len, NONE) /* octets; 0: none */                \
    ROW(S, BYTES_MAX, reply_to,     CHAT_HASH_LEN) /* message id that it answers */ \
    ROW(S, U64,       expires_ms,   NONE) /* 0: stays */                         \
    ROW(S, U8,        revision,     NONE) /* enum client_revision */             \
    ROW(S, U64,       revised_ms,   NONE)                                        \
    ROW(S, VEC,       reactions,    client_reaction_row)                         \
    ROW(S, VEC,       readers,      wire_opaque) /* accounts, of an own message */
WIRE_STRUCT(client_line_row, CLIENT_LINE_ROW)

/* ---- EVIDENCE, by room_no and room_seq (spec 2.5.4, last paragraph) ---- */

#define CLIENT_EVIDENCE_ROW(ROW, S)                                              \
    ROW(S, SUB,       stub,         chat_stub)                                   \
    ROW(S, FIXED,     prev_chain,   CHAT_HASH_LEN)                               \
    ROW(S, FIXED,     chain,        CHAT_HASH_LEN)                               \
    ROW(S, U8,        opening,      NONE) /* enum chat_opening_kind that is true of it */ \
    ROW(S, U8,        is_verified,  NONE) /* its own signature was checked */    \
    ROW(S, BYTES,     application_data, NONE) /* of opening full; else of a message that failed \
                                                 after it was decrypted, or empty */ \
    ROW(S, U32,       leaf_index,   NONE)                                        \
    ROW(S, BYTES,     authenticated_data, NONE)                                  \
    ROW(S, BYTES_MAX, signature,    255) /* FramedContentAuthData, level 2 */    \
    ROW(S, FIXED,     group_context_hash, CHAT_HASH_LEN)                         \
    ROW(S, U64,       row,          NONE) /* of the timeline; 0: it has no line */ \
    ROW(S, BYTES_MAX, message_id,   CHAT_HASH_LEN) /* empty: it failed */        \
    ROW(S, U64,       pinned_until_ms, NONE) /* stays till then, however old */
WIRE_STRUCT(client_evidence_row, CLIENT_EVIDENCE_ROW)

/* ---- MESSAGE_IDS, by room_no and message id: what the message is in this room ---- */

#define CLIENT_MESSAGE_ID_ROW(ROW, S)                                            \
    ROW(S, U64, room_seq, NONE)                                                  \
    ROW(S, U64, row,      NONE) /* its line, or the one that it reacts to; 0: neither */ \
    ROW(S, U8,  is_reaction, NONE)
WIRE_STRUCT(client_message_id_row, CLIENT_MESSAGE_ID_ROW)

/* ---- OUTBOX, by number ---- */

enum client_outbox_state {
    CLIENT_OUTBOX_WAITING = 1, /* not encrypted for the epoch that stands */
    CLIENT_OUTBOX_SEALED = 2,  /* message is encrypted; it may have left */
    CLIENT_OUTBOX_ANSWERED = 3 /* durable at the hub; leaves when it is seen in the log */
};
#define CLIENT_OUTBOX_ROW(ROW, S)                                                \
    ROW(S, U8,        state,            NONE)                                    \
    ROW(S, U8,        is_silent,        NONE) /* no person waits for it */       \
    ROW(S, U64,       op,               NONE)                                    \
    ROW(S, U32,       room_no,          NONE)                                    \
    ROW(S, BYTES_SOME, room_uri,        CHAT_URI_LEN_MAX)                        \
    ROW(S, FIXED,     franking_tag,     CHAT_HASH_LEN)                           \
    ROW(S, BYTES,     application_data, NONE)                                    \
    ROW(S, U64,       epoch,            NONE)                                    \
    ROW(S, BYTES,     message,          NONE) /* MLSMessage, identical at each try */ \
    ROW(S, BYTES_MAX, signature,        255)                                     \
    ROW(S, U32,       leaf_index,       NONE)                                    \
    ROW(S, U64,       room_seq,         NONE) /* once answered */                \
    ROW(S, BYTES_MAX, case_id,          CHAT_HASH_LEN) /* statement of this case */
WIRE_STRUCT(client_outbox_row, CLIENT_OUTBOX_ROW)

/* ---- UPLOADS: 'H' op: client_upload_row;  'P' op, u64 offset: a piece of the ciphertext ---- */

#define CLIENT_UPLOAD_ROW(ROW, S)                                                \
    ROW(S, U64,        op,           NONE)                                       \
    ROW(S, BYTES_SOME, room_uri,     CHAT_URI_LEN_MAX)                           \
    ROW(S, FIXED,      id,           32)                                         \
    ROW(S, FIXED,      key,          16) /* SECRET */                            \
    ROW(S, FIXED,      nonce,        12)                                         \
    ROW(S, FIXED,      content_hash, CHAT_HASH_LEN) /* of the ciphertext */      \
    ROW(S, FIXED,      plain_hash,   CHAT_HASH_LEN)                              \
    ROW(S, U64,        total,        NONE) /* octets of the ciphertext */        \
    ROW(S, U64,        sent,         NONE)                                       \
    ROW(S, U32,        expires_s,    NONE)                                       \
    ROW(S, BYTES_MAX,  file_name,    CLIENT_FILE_NAME_LEN_MAX)                   \
    ROW(S, BYTES_MAX,  content_type, 255)                                        \
    ROW(S, BYTES_MAX,  description,  1024)
WIRE_STRUCT(client_upload_row, CLIENT_UPLOAD_ROW)

/* ---- KEY_PACKAGES, by KeyPackageRef ---- */

#define CLIENT_KEY_PACKAGE_ROW(ROW, S)                                           \
    ROW(S, U16,       cipher_suite,   NONE)                                      \
    ROW(S, U8,        is_last_resort, NONE)                                      \
    ROW(S, U64,       not_after_s,    NONE)                                      \
    ROW(S, BYTES,     key_package,    NONE)                                      \
    ROW(S, BYTES_MAX, init_key,       80) /* SECRET */                           \
    ROW(S, BYTES_MAX, encryption_key, 80) /* SECRET */
WIRE_STRUCT(client_key_package_row, CLIENT_KEY_PACKAGE_ROW)

/* ---- RECORDS, by account URI ---- */

#define CLIENT_PERSON_ROW(ROW, S)                                                \
    ROW(S, BYTES_MAX, handle,    CHAT_HANDLE_LEN_MAX)                            \
    ROW(S, U64,       pinned_ms, NONE)                                           \
    ROW(S, U8,        reset_count, NONE)                                         \
    ROW(S, BYTES,     record,    NONE) /* newest AccountRecord that was accepted */
WIRE_STRUCT(client_person_row, CLIENT_PERSON_ROW)

/* ---- INVITES, by public invite key: announced in a room, by us or by another member ---- */

#define CLIENT_INVITE_ROW(ROW, S)                                                \
    ROW(S, BYTES_SOME, room_uri,   CHAT_URI_LEN_MAX)                             \
    ROW(S, BYTES_SOME, inviter,    CHAT_URI_LEN_MAX)                             \
    ROW(S, U64,        expires_ms, NONE)                                         \
    ROW(S, U32,        use_count_max, NONE)                                      \
    ROW(S, U32,        use_count,  NONE) /* commits that named it */             \
    ROW(S, U64,        used_log_seq, NONE) /* the newest of them; 0: none, or taken back */ \
    ROW(S, U8,         is_revoked, NONE)
WIRE_STRUCT(client_invite_row, CLIENT_INVITE_ROW)

/* ---- JOINS, by room URI: rooms that we asked to join ---- */

#define CLIENT_JOIN_ROW(ROW, S)                                                  \
    ROW(S, U8,        kind, NONE) /* as chat_join_request.kind */                \
    ROW(S, U64,       op,   NONE)                                                \
    ROW(S, BYTES_MAX, seed, 32)   /* SECRET; of the invite key, kind 1 */
WIRE_STRUCT(client_join_row, CLIENT_JOIN_ROW)

/* ---- REPORTS, by nonce: handed in, or kept until a desk exists ---- */

enum client_report_state {
    CLIENT_REPORT_KEPT = 1,  /* no desk; sealed when there is one */
    CLIENT_REPORT_SENT = 2,
    CLIENT_REPORT_GONE = 3   /* sent to a desk that the operator has declared lost */
};
#define CLIENT_REPORT_ROW(ROW, S)                                                \
    ROW(S, U8,         state,       NONE)                                        \
    ROW(S, U64,        op,          NONE)                                        \
    ROW(S, BYTES_SOME, room_uri,    CHAT_URI_LEN_MAX)                            \
    ROW(S, VEC,        target_seq,  wire_u64)                                    \
    ROW(S, VEC,        open_seq,    wire_u64)                                    \
    ROW(S, U8,         reason_code, NONE)                                        \
    ROW(S, U8,         is_named,    NONE)                                        \
    ROW(S, U8,         level,       NONE) /* 1, or 2: with the senders' own signatures */ \
    ROW(S, BYTES_MAX,  note,        4096)                                        \
    ROW(S, FIXED,      nonce,       16)                                          \
    ROW(S, BYTES_MAX,  report_id,   CHAT_HASH_LEN) /* once it was handed in */   \
    ROW(S, U64,        received_ms, NONE)                                        \
    ROW(S, U8,         outcome,     NONE) /* enum chat_outcome */                \
    ROW(S, U64,        decided_ms,  NONE)                                        \
    ROW(S, U64,        decision_number, NONE)
WIRE_STRUCT(client_report_row, CLIENT_REPORT_ROW)

/* ---- NOTICES ---- */

/* 'N' u64 number: what the log says of a decision about us, or for moderators about anybody. */
#define CLIENT_NOTICE_ROW(ROW, S)                                                \
    ROW(S, SUB, entry,          chat_decision_entry)                             \
    ROW(S, U64, appealed_ms,    NONE)                                            \
    ROW(S, U64, settled_number, NONE) /* the decision that settled it; 0: none */ \
    ROW(S, U8,  settled_action, NONE)
WIRE_STRUCT(client_notice_row, CLIENT_NOTICE_ROW)
/* 'D' report id: a draft that waits for a second person. */
#define CLIENT_DRAFT_ROW(ROW, S)                                                 \
    ROW(S, SUB,   decision,   chat_decision)                                     \
    ROW(S, BYTES, statement,  NONE)                                              \
    ROW(S, U64,   expires_ms, NONE)
WIRE_STRUCT(client_draft_row, CLIENT_DRAFT_ROW)
/* 'A' u64 number: the newest words of an appeal; believed when account is its subject. */
#define CLIENT_APPEAL_ROW(ROW, S)                                                \
    ROW(S, U64,       at_ms,   NONE)                                             \
    ROW(S, BYTES_MAX, account, CHAT_URI_LEN_MAX)                                 \
    ROW(S, BYTES,     text,    NONE)
WIRE_STRUCT(client_appeal_row, CLIENT_APPEAL_ROW)
/* 'S' statement hash: the encoded statement.  'W' u64 number: words that wait for the hub. */

/* ---- CASES, by report id (desk) ---- */

enum client_case_stage {
    CLIENT_STAGE_OPEN = 1,
    CLIENT_STAGE_ROOM = 2,      /* the notice room is being made */
    CLIENT_STAGE_STATEMENT = 3, /* the statement is on its way */
    CLIENT_STAGE_DECISION = 4,  /* the decision is on its way */
    CLIENT_STAGE_DECIDED = 5
};
#define CLIENT_CASE_FILE(ROW, S)                                                 \
    ROW(S, U16,       part_index,   NONE)                                        \
    ROW(S, U8,        is_here,      NONE) /* its ciphertext came and was checked (V4) */ \
    ROW(S, U64,       len,          NONE) /* octets, as its sender stated */     \
    ROW(S, BYTES_MAX, content_type, 255)                                         \
    ROW(S, BYTES_MAX, filename,     1024)
WIRE_STRUCT(client_case_file, CLIENT_CASE_FILE)
#define CLIENT_CASE_MESSAGE(ROW, S)                                              \
    ROW(S, U64,       room_seq,   NONE)                                          \
    ROW(S, U64,       at_ms,      NONE)                                          \
    ROW(S, U64,       epoch,      NONE)                                          \
    ROW(S, U8,        is_target,  NONE)                                          \
    ROW(S, U8,        opening,    NONE) /* enum chat_opening_kind */             \
    ROW(S, U16,       verdict,    NONE) /* tb_status of its checks */            \
    ROW(S, BYTES_MAX, account,    CHAT_URI_LEN_MAX)                              \
    ROW(S, BYTES_MAX, content_type, 255)                                         \
    ROW(S, BYTES,     text,       NONE)                                          \
    ROW(S, BYTES_MAX, message_id, CHAT_HASH_LEN)                                 \
    ROW(S, U8,        level,      NONE) /* 0 not proven, 1, 2 */                 \
    ROW(S, U64,       replaces_seq, NONE) /* the first version in the window; 0: none */ \
    ROW(S, U8,        is_tombstone, NONE)                                        \
    ROW(S, VEC,       files,      client_case_file)
WIRE_STRUCT(client_case_message, CLIENT_CASE_MESSAGE)
/* What came to a case after its report, opened: chat_openings as it was sealed. */
#define CLIENT_CASE_MORE(ROW, S)                                                 \
    ROW(S, FIXED, pseudonym,   16)                                               \
    ROW(S, U64,   received_ms, NONE)                                             \
    ROW(S, BYTES, openings,    NONE)
WIRE_STRUCT(client_case_more, CLIENT_CASE_MORE)
#define CLIENT_CASE_ROW(ROW, S)                                                  \
    ROW(S, U64,        number,      NONE) /* in the hub's queue */               \
    ROW(S, FIXED,      report_id,   CHAT_HASH_LEN)                               \
    ROW(S, U64,        received_ms, NONE)                                        \
    ROW(S, FIXED,      reporter_pseudonym, 16)                                   \
    ROW(S, BYTES_MAX,  room_uri,    CHAT_URI_LEN_MAX)                            \
    ROW(S, BYTES_MAX,  accused,     CHAT_URI_LEN_MAX)                            \
    ROW(S, U8,         reason_code, NONE)                                        \
    ROW(S, BYTES_MAX,  note,        4096)                                        \
    ROW(S, U8,         level,       NONE)                                        \
    ROW(S, U16,        verdict,     NONE) /* TB_OK or the first check that failed */ \
    ROW(S, U8,         oracle,      NONE) /* V8: 0 not asked, else as chat_frank_verdict, worst */ \
    ROW(S, BYTES,      sentences,   NONE) /* what is proven and what is not */   \
    ROW(S, VEC,        messages,    client_case_message)                         \
    ROW(S, VEC,        more,        client_case_more)                            \
    ROW(S, BYTES,      proof,       NONE) /* of two histories, if a member's word made one */ \
    ROW(S, BYTES,      intake,      NONE) /* ReportIntake as it came */          \
    ROW(S, BYTES_MAX,  intake_key,  255)  /* the hub's of that time */           \
    ROW(S, VEC,        stubs,       chat_stub) /* of the window */               \
    ROW(S, FIXED,      evidence_hash, CHAT_HASH_LEN)                             \
    ROW(S, U8,         stage,       NONE) /* enum client_case_stage */  \
    ROW(S, U64,        op,          NONE)                                        \
    ROW(S, U8,         action,      NONE)                                        \
    ROW(S, U8,         scope,       NONE)                                        \
    ROW(S, U8,         decision_reason, NONE)                                    \
    ROW(S, U64,        until_ms,    NONE)                                        \
    ROW(S, BYTES,      statement,   NONE) /* encoded statement of reasons */     \
    ROW(S, BYTES,      decision,    NONE) /* encoded, signed Decision */         \
    ROW(S, BYTES_MAX,  notice_room, CHAT_URI_LEN_MAX)                            \
    ROW(S, U8,         is_sealed,   NONE) /* no key package was left: the reasons go sealed */ \
    ROW(S, U64,        decision_number, NONE)
WIRE_STRUCT(client_case_row, CLIENT_CASE_ROW)

/* ---- CASEWORK (casework.c): a message about a case, as the desk's room had it ---- */

#define CLIENT_CASE_EVENT_ROW(ROW, S)                                            \
    ROW(S, BYTES_SOME, account, CHAT_URI_LEN_MAX)                                \
    ROW(S, U64,        at_ms,   NONE) /* when the hub accepted it */             \
    ROW(S, U16,        verdict, NONE) /* TB_OK, or why it changes nothing */     \
    ROW(S, BYTES,      body,    NONE)
WIRE_STRUCT(client_case_event_row, CLIENT_CASE_EVENT_ROW)

#endif
