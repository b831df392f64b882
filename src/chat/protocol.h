/*
 * The client protocol: what travels between a client and its hub.  docs/protocol.md tells it in
 * prose; these rows are the bytes.
 *
 * Over the WebSocket /v1/socket each binary frame is one value:
 *     client to hub:  uint32 request_id, uint16 verb, then the verb's request to the end
 *     hub to client:  uint8 kind (1 answer, 2 push)
 *                     answer: uint32 request_id, uint16 code, then the answer or chat_error
 *                     push:   uint16 push verb, then the push
 * request_id 0 asks for no answer.  The same requests travel as POST /v1/<name> with the request as
 * body (application/octet-stream), authenticated by  Authorization: Bearer <base64url token>  of a
 * login; a refusal is application/problem+json with the code's name.
 */
#ifndef TB_CHAT_PROTOCOL_H
#define TB_CHAT_PROTOCOL_H

#include "chat/counts.h"
#include "chat/log.h"
#include "chat/outsider.h"
#include "chat/protocol_decision.h"
#include "chat/protocol_devices.h"
#include "chat/structs.h"

enum {
    CHAT_PROTOCOL_VERSION_MIN = 1,
    CHAT_PROTOCOL_VERSION_MAX = 1,
    CHAT_FRAME_LEN_MAX = CHAT_HANDSHAKE_LEN_MAX + 65536, /* octets of one frame */
    CHAT_FRAME_ANSWER = 1,
    CHAT_FRAME_PUSH = 2
};

/* CODE(NAME, number, http status, "stable name", "one sentence") */
#define CHAT_CODE_LIST(CODE)                                                                       \
    CODE(CHAT_CODE_OK, 0, 200, "ok", "done")                                                       \
    CODE(CHAT_CODE_BAD_REQUEST, 1, 400, "bad_request", "the request does not parse")               \
    CODE(CHAT_CODE_UNAUTHENTICATED, 2, 401, "unauthenticated", "log in first")                     \
    CODE(CHAT_CODE_FORBIDDEN, 3, 403, "forbidden", "your role does not allow this")                \
    CODE(CHAT_CODE_RESTRICTED, 4, 403, "restricted", "your account is restricted by a decision")   \
    CODE(CHAT_CODE_NOT_FOUND, 5, 404, "not_found", "there is no such thing")                       \
    CODE(CHAT_CODE_CONFLICT, 6, 409, "conflict", "another version was stored first")               \
    CODE(CHAT_CODE_TOO_LARGE, 7, 413, "too_large", "over the published limit")                     \
    CODE(CHAT_CODE_RATE_LIMITED, 8, 429, "rate_limited", "too many requests; wait")                \
    CODE(CHAT_CODE_WRONG_EPOCH, 9, 409, "wrong_epoch", "the room is in another epoch")             \
    CODE(CHAT_CODE_MISSING_PROPOSALS, 10, 409, "missing_proposals",                                \
         "a commit must carry the hub's pending proposals first")                                  \
    CODE(CHAT_CODE_TENTATIVE, 11, 409, "tentative", "a commit waits for its acks; retry")          \
    CODE(CHAT_CODE_FROZEN, 12, 409, "frozen", "the room is frozen after a restore")                \
    CODE(CHAT_CODE_DESK_MISSING, 13, 409, "desk_missing", "this hub has no moderation desk yet")   \
    CODE(CHAT_CODE_DUPLICATE, 14, 409, "duplicate", "this was accepted before")                    \
    CODE(CHAT_CODE_STORE, 15, 503, "store_refused", "the hub cannot store; nothing was changed")   \
    CODE(CHAT_CODE_VERSION, 16, 400, "version", "no protocol version in common")                   \
    CODE(CHAT_CODE_ROLLED_BACK, 17, 409, "rolled_back",                                            \
         "this profile is a copy or an old state; it may not send")                                \
    CODE(CHAT_CODE_INVITATION_USED, 18, 409, "invitation_used", "the invitation is used up")       \
    CODE(CHAT_CODE_INVITATION_EXPIRED, 19, 410, "invitation_expired", "the invitation is over")    \
    CODE(CHAT_CODE_NO_CONSENT, 20, 403, "no_consent", "the other person has not agreed")           \
    CODE(CHAT_CODE_SIGNATURE, 21, 403, "bad_signature", "a signature does not verify")             \
    CODE(CHAT_CODE_INVALID_COMMIT, 22, 422, "invalid_commit", "the commit breaks a rule of MLS")   \
    CODE(CHAT_CODE_POLICY, 23, 403, "policy", "the room's policy refuses this")                    \
    CODE(CHAT_CODE_ROOM_CLOSED, 24, 410, "room_closed", "the room is closed")                      \
    CODE(CHAT_CODE_INTERNAL, 25, 500, "internal", "the hub failed; see its log")                   \
    CODE(CHAT_CODE_UNSUPPORTED, 26, 404, "unsupported", "this hub does not know the request")      \
    CODE(CHAT_CODE_GONE, 27, 410, "gone", "past its retention")                                    \
    CODE(CHAT_CODE_MUTED, 28, 403, "muted", "you may not write in this room for now")              \
    CODE(CHAT_CODE_DENIED, 29, 403, "denied", "you were removed and may not come back for now")    \
    CODE(CHAT_CODE_DEVICE_REVOKED, 30, 401, "device_revoked", "this device was revoked")           \
    CODE(CHAT_CODE_ROOM_SHUT, 31, 403, "room_shut", "the desk has closed the room by a decision")

enum chat_code {
#define CHAT_CODE_ENUM(NAME_, NUMBER_, HTTP_, TEXT_, SENTENCE_) NAME_ = NUMBER_,
    CHAT_CODE_LIST(CHAT_CODE_ENUM)
};
const char *chat_code_name(uint16_t code);     /* "unknown" for one not in the list */
const char *chat_code_sentence(uint16_t code);
unsigned chat_code_http(uint16_t code);

/* Who may ask before, after, and in spite of what. */
enum chat_verb_access {
    CHAT_ACCESS_ANYONE = 1,  /* before login */
    CHAT_ACCESS_SESSION,     /* logged in, unrestricted */
    CHAT_ACCESS_RESTRICTED,  /* logged in, restricted accounts too */
    CHAT_ACCESS_DESK,        /* active participant of the desk room */
    CHAT_ACCESS_PAGE,        /* through the hub's own public forms, metered there */
    CHAT_ACCESS_ADMIN        /* through the hub's local admin socket */
};

/* VERB(NAME, number, path name, access, request struct, answer struct) */
#define CHAT_VERB_LIST(VERB)                                                                       \
    VERB(HELLO, 1, "hello", ANYONE, chat_hello, chat_hello_answer)                                 \
    VERB(HUB_RECORD, 2, "hub-record", ANYONE, chat_nothing, chat_opaque)                           \
    VERB(REGISTER, 3, "register", ANYONE, chat_register, chat_register_answer)                     \
    VERB(LOGIN, 4, "login", ANYONE, chat_login, chat_login_answer)                                 \
    VERB(RECORD_PUT, 5, "record-put", ANYONE, chat_opaque, chat_nothing)                           \
    VERB(RECORD_GET, 6, "record-get", RESTRICTED, chat_record_get, chat_record_answer)             \
    VERB(LOOKUP, 7, "lookup", SESSION, chat_opaque, chat_opaque)                                   \
    VERB(KEY_PACKAGES_PUT, 8, "key-packages-put", RESTRICTED, chat_key_packages_put,               \
         chat_key_packages_answer)                                                                 \
    VERB(KEY_MATERIAL, 9, "key-material", SESSION, chat_key_material, chat_key_material_answer)    \
    VERB(CONSENT, 10, "consent", SESSION, chat_consent_entry, chat_nothing)                        \
    VERB(CONSENTS_GET, 11, "consents-get", SESSION, chat_nothing, chat_opaques)                    \
    VERB(ROOM_CREATE, 12, "room-create", SESSION, chat_room_create, chat_room_update_answer)       \
    VERB(ROOM_UPDATE, 13, "room-update", RESTRICTED, chat_room_update, chat_room_update_answer)    \
    VERB(COMMIT_ACK, 14, "commit-ack", RESTRICTED, chat_commit_ack, chat_nothing)                  \
    VERB(SUBMIT, 15, "submit", RESTRICTED, chat_submit, chat_submit_answer)                        \
    VERB(SUBSCRIBE, 16, "subscribe", RESTRICTED, chat_cursors, chat_nothing)                       \
    VERB(CURSOR_ACK, 17, "cursor-ack", RESTRICTED, chat_cursors, chat_nothing)                     \
    VERB(WELCOME_ACK, 18, "welcome-ack", RESTRICTED, chat_opaque, chat_nothing)                    \
    VERB(STUBS_GET, 19, "stubs-get", RESTRICTED, chat_stubs_get, chat_stubs_answer)                \
    VERB(INVITE_PUT, 20, "invite-put", SESSION, chat_invite_put, chat_nothing)                     \
    VERB(JOIN_REQUEST, 21, "join-request", SESSION, chat_join_request, chat_nothing)               \
    VERB(REPORT, 22, "report", RESTRICTED, chat_sealed_report, chat_report_answer)                 \
    VERB(DESK_PUBLISH, 23, "desk-publish", SESSION, chat_desk_publish, chat_opaque)                \
    VERB(DESK_QUEUE, 24, "desk-queue", DESK, chat_queue_get, chat_queue_answer)                    \
    VERB(DECISION_PUT, 25, "decision-put", DESK, chat_decision_put, chat_decision_answer)          \
    VERB(DECISIONS_GET, 26, "decisions-get", RESTRICTED, chat_queue_get, chat_opaques)             \
    VERB(RECIPIENT_KEY_PUT, 27, "recipient-key-put", DESK, chat_recipient_key, chat_nothing)       \
    VERB(RECIPIENT_KEY_GET, 28, "recipient-key-get", SESSION, chat_opaque, chat_recipient_key)     \
    VERB(FRANK_CHECK, 29, "frank-check", SESSION, chat_frank_check, chat_frank_verdict)            \
    VERB(STATEMENTS_GET, 30, "statements-get", RESTRICTED, chat_nothing, chat_opaques)             \
    VERB(HEADS_PUT, 31, "heads-put", RESTRICTED, chat_heads, chat_heads_answer)                    \
    VERB(PAGES_IMPORT, 32, "pages-import", RESTRICTED, chat_pages_import, chat_nothing)            \
    VERB(PING, 33, "ping", ANYONE, chat_nothing, chat_nothing)                                     \
    VERB(LOGOUT, 34, "logout", RESTRICTED, chat_nothing, chat_nothing)                             \
    VERB(DESK_ROTATE, 35, "desk-rotate", DESK, chat_desk_rotate, chat_opaque)                      \
    VERB(INVITE_REVOKE, 36, "invite-revoke", SESSION, chat_invite_revoke, chat_nothing)            \
    VERB(HUB_RECORD_PUT, 37, "hub-record-put", ANYONE, chat_opaque, chat_opaque)                   \
    VERB(OPENING_PUT, 40, "opening-put", RESTRICTED, chat_sealed_report, chat_report_answer)       \
    VERB(STUB_ASK, 42, "stub-ask", DESK, chat_stub_ask, chat_nothing)                              \
    VERB(BLOB_DROP, 61, "blob-drop", SESSION, chat_blob_id, chat_nothing)                          \
    VERB(BLOB_PUT, 62, "blob-put", SESSION, chat_blob_put, chat_blob_state)                        \
    VERB(BLOB_GET, 63, "blob-get", RESTRICTED, chat_blob_get, chat_blob_piece)                     \
    VERB(APPEAL_PUT, 45, "appeal-put", RESTRICTED, chat_appeal_put, chat_appeal)                   \
    VERB(APPEALS_GET, 46, "appeals-get", DESK, chat_queue_get, chat_appeals)                       \
    VERB(REPORT_OUTCOME, 47, "report-outcome", RESTRICTED, chat_opaque, chat_report_outcome)       \
    VERB(LOG_HEAD, 48, "log-head", ANYONE, chat_log_get, chat_log_head)                            \
    VERB(LOG_ENTRY, 49, "log-entry", ANYONE, chat_log_get, chat_opaque)                            \
    VERB(LOG_INCLUSION, 50, "log-inclusion", ANYONE, chat_log_get, chat_log_path)                  \
    VERB(LOG_CONSISTENCY, 51, "log-consistency", ANYONE, chat_log_get, chat_log_path)              \
    VERB(LOG_PROOF, 52, "log-proof", RESTRICTED, chat_log_get, chat_log_proof)                     \
    VERB(NOTICE_PUT, 53, "notice-put", PAGE, chat_notice, chat_notice_receipt)                     \
    VERB(NOTICE_STATE, 54, "notice-state", PAGE, chat_notice_ask, chat_notice_state)               \
    VERB(NOTICE_COMPLAIN, 55, "notice-complain", PAGE, chat_notice_ask, chat_notice_state)         \
    VERB(NOTICE_QUEUE, 56, "notice-queue", DESK, chat_queue_get, chat_notice_queue)                \
    VERB(NOTICE_ANSWER, 57, "notice-answer", DESK, chat_notice_answer, chat_nothing)               \
    VERB(TRANSPARENCY, 58, "transparency", ANYONE, chat_nothing, chat_counts_list)                 \
    VERB(BOX_PUT, 84, "box-put", RESTRICTED, chat_box_put, chat_nothing)                           \
    VERB(BOX_GET, 85, "box-get", ANYONE, chat_box_get, chat_box)                                   \
    VERB(ADMIN_INVITE, 64, "admin-invite", ADMIN, chat_admin_invite, chat_opaque)                  \
    VERB(ADMIN_USERS, 65, "admin-users", ADMIN, chat_nothing, chat_admin_rows)                     \
    VERB(ADMIN_ROOMS, 66, "admin-rooms", ADMIN, chat_nothing, chat_admin_rows)                     \
    VERB(ADMIN_USER_SET, 67, "admin-user-set", ADMIN, chat_admin_user_set, chat_nothing)           \
    VERB(ADMIN_THAW, 68, "admin-thaw", ADMIN, chat_opaque, chat_nothing)                           \
    VERB(ADMIN_STATUS, 69, "admin-status", ADMIN, chat_nothing, chat_admin_rows)                   \
    VERB(ADMIN_INVITES, 70, "admin-invites", ADMIN, chat_nothing, chat_admin_rows)                 \
    VERB(ADMIN_INVITE_REVOKE, 71, "admin-invite-revoke", ADMIN, chat_opaque, chat_nothing)         \
    VERB(ADMIN_DESK_REFOUND, 72, "admin-desk-refound", ADMIN, chat_admin_invite, chat_opaque)      \
    VERB(ADMIN_KEYS, 73, "admin-keys", ADMIN, chat_nothing, chat_admin_rows)                       \
    VERB(ADMIN_KEYS_ROTATE, 74, "admin-keys-rotate", ADMIN, chat_admin_keys, chat_nothing)\
    VERB(ADMIN_KEYS_REVOKE, 75, "admin-keys-revoke", ADMIN, chat_admin_revoke, chat_nothing)       \
    VERB(ADMIN_LOG, 80, "admin-log", ADMIN, chat_queue_get, chat_log_rows)                         \
    VERB(ADMIN_ORDER, 81, "admin-order", ADMIN, chat_order, chat_order)                            \
    VERB(ADMIN_ORDERS, 82, "admin-orders", ADMIN, chat_queue_get, chat_orders)                     \
    VERB(ADMIN_COUNTS, 83, "admin-counts", ADMIN, chat_log_get, chat_counts_list)

enum chat_verb {
#define CHAT_VERB_ENUM(NAME_, NUMBER_, PATH_, ACCESS_, REQUEST_, ANSWER_)                          \
    CHAT_VERB_##NAME_ = NUMBER_,
    CHAT_VERB_LIST(CHAT_VERB_ENUM)
};
struct chat_verb_row {
    uint16_t verb;
    const char *path; /* POST /v1/<path> */
    enum chat_verb_access access;
    const struct wire_desc *request;
    const struct wire_desc *answer;
};
/* NULL for an unknown verb or path. */
const struct chat_verb_row *chat_verb_row(uint16_t verb);
const struct chat_verb_row *chat_verb_by_path(tb_bytes path);

/* PUSH(NAME, number, "name", struct) */
#define CHAT_PUSH_LIST(PUSH)                                                                       \
    PUSH(PAGE, 1, "page", chat_page)                                                               \
    PUSH(FINAL, 2, "final", chat_cursor)                                                           \
    PUSH(WELCOME, 3, "welcome", chat_welcome)                                                      \
    PUSH(JOIN_REQUEST, 4, "join-request", chat_join_request)                                       \
    PUSH(CONSENT, 5, "consent", chat_consent_entry)                                                \
    PUSH(REPORT_WAITING, 6, "report-waiting", chat_nothing)                                        \
    PUSH(SESSION_STATE, 7, "session-state", chat_session_state)                                    \
    PUSH(KEY_PACKAGES_LOW, 8, "key-packages-low", chat_key_packages_answer)                        \
    PUSH(ROOM_STATE, 9, "room-state", chat_room_state)                                             \
    PUSH(DECISION, 10, "decision", chat_decision_entry)                                            \
    PUSH(CLOSING, 11, "closing", chat_error) /* the hub ends this connection, and why */           \
    PUSH(HUB_RECORD, 12, "hub-record", chat_opaque)                                                \
    PUSH(RECORD, 13, "record", chat_opaque) /* one's own AccountRecord has a new version */ \
    PUSH(STUB_ASK, 14, "stub-ask", chat_stub_ask)

enum chat_push {
#define CHAT_PUSH_ENUM(NAME_, NUMBER_, TEXT_, STRUCT_) CHAT_PUSH_##NAME_ = NUMBER_,
    CHAT_PUSH_LIST(CHAT_PUSH_ENUM)
};
struct chat_push_row {
    uint16_t push;
    const char *name;
    const struct wire_desc *body;
};
const struct chat_push_row *chat_push_row(uint16_t push);

/* ------------------------------------------------------------------ frames */

#define CHAT_REQUEST_FRAME(ROW, S)     \
    ROW(S, U32,  request_id, NONE)     \
    ROW(S, U16,  verb,       NONE)     \
    ROW(S, REST, body,       NONE)
WIRE_STRUCT(chat_request_frame, CHAT_REQUEST_FRAME)
#define CHAT_ANSWER_FRAME(ROW, S)      \
    ROW(S, U8,   kind,       NONE)     \
    ROW(S, U32,  request_id, NONE)     \
    ROW(S, U16,  code,       NONE)     \
    ROW(S, REST, body,       NONE)
WIRE_STRUCT(chat_answer_frame, CHAT_ANSWER_FRAME)
#define CHAT_PUSH_FRAME(ROW, S)        \
    ROW(S, U8,   kind, NONE)           \
    ROW(S, U16,  push, NONE)           \
    ROW(S, REST, body, NONE)
WIRE_STRUCT(chat_push_frame, CHAT_PUSH_FRAME)

/* The body of every answer whose code is not ok. */
#define CHAT_ERROR(ROW, S)                                                     \
    ROW(S, BYTES_MAX, detail, 1024) /* for a person; never secret */           \
    ROW(S, U64,       value,  NONE) /* current epoch, retry after ms, limit */ \
    ROW(S, VEC,       refs,   wire_opaque) /* missing ProposalRefs */
WIRE_STRUCT(chat_error, CHAT_ERROR)

#define CHAT_NOTHING(ROW, S) ROW(S, MARK, here, NONE)
WIRE_STRUCT(chat_nothing, CHAT_NOTHING)
#define CHAT_OPAQUE(ROW, S) ROW(S, BYTES, value, NONE)
WIRE_STRUCT(chat_opaque, CHAT_OPAQUE)
#define CHAT_OPAQUES(ROW, S) ROW(S, VEC, values, wire_opaque)
WIRE_STRUCT(chat_opaques, CHAT_OPAQUES)

/* ------------------------------------------------------------------ session */

#define CHAT_HELLO(ROW, S)               \
    ROW(S, U16,       version_min, NONE) \
    ROW(S, U16,       version_max, NONE) \
    ROW(S, BYTES_MAX, software,    64)
WIRE_STRUCT(chat_hello, CHAT_HELLO)
#define CHAT_HELLO_ANSWER(ROW, S)          \
    ROW(S, U16,        version,  NONE)     \
    ROW(S, BYTES_SOME, domain,   253)      \
    ROW(S, FIXED,      nonce,    32)       \
    ROW(S, U64,        now_ms,   NONE)     \
    ROW(S, BYTES_MAX,  software, 64)
WIRE_STRUCT(chat_hello_answer, CHAT_HELLO_ANSWER)

/* invite_signature: "TimbreRegister1" by the invite key over domain<V>, H(record), handle<V>. */
#define CHAT_REGISTER(ROW, S)                                \
    ROW(S, BYTES_SOME, invite_key,       255) /* public */   \
    ROW(S, BYTES_SOME, record,           65536)              \
    ROW(S, BYTES_SOME, handle,           CHAT_HANDLE_LEN_MAX) \
    ROW(S, BYTES_MAX,  invite_signature, 255)
WIRE_STRUCT(chat_register, CHAT_REGISTER)
#define CHAT_REGISTER_TBS(ROW, S)                         \
    ROW(S, BYTES_SOME, domain,      253)                  \
    ROW(S, FIXED,      record_hash, CHAT_HASH_LEN)        \
    ROW(S, BYTES_SOME, handle,      CHAT_HANDLE_LEN_MAX)
WIRE_STRUCT(chat_register_tbs, CHAT_REGISTER_TBS)
#define CHAT_REGISTER_ANSWER(ROW, S)                \
    ROW(S, BYTES_SOME, account,  CHAT_URI_LEN_MAX)  \
    ROW(S, U8,         is_admin, NONE)
WIRE_STRUCT(chat_register_answer, CHAT_REGISTER_ANSWER)

/* signature: "TimbreLogin1" by the device key over domain<V>, device<V>, nonce, profile_counter. */
#define CHAT_LOGIN(ROW, S)                                 \
    ROW(S, BYTES_SOME, device,          CHAT_URI_LEN_MAX)  \
    ROW(S, U64,        profile_counter, NONE) /* grows at each login of the profile */ \
    ROW(S, BYTES_MAX,  signature,       255)
WIRE_STRUCT(chat_login, CHAT_LOGIN)
#define CHAT_LOGIN_TBS(ROW, S)                             \
    ROW(S, BYTES_SOME, domain,          253)               \
    ROW(S, BYTES_SOME, device,          CHAT_URI_LEN_MAX)  \
    ROW(S, FIXED,      nonce,           32)                \
    ROW(S, U64,        profile_counter, NONE)
WIRE_STRUCT(chat_login_tbs, CHAT_LOGIN_TBS)
#define CHAT_ROOM_STATE(ROW, S)                                                       \
    ROW(S, BYTES_SOME, room_uri,  CHAT_URI_LEN_MAX)                                   \
    ROW(S, U64,        log_seq,   NONE) /* newest entry */                            \
    ROW(S, U64,        cursor,    NONE) /* what the hub believes this device has */   \
    ROW(S, U64,        final_seq, NONE) /* commits up to here are final */            \
    ROW(S, U64,        epoch,     NONE)                                               \
    ROW(S, U8,         state,     NONE) /* 1 open, 2 frozen, 3 closed, 4 you are out */
WIRE_STRUCT(chat_room_state, CHAT_ROOM_STATE)
#define CHAT_LOGIN_ANSWER(ROW, S)                                     \
    ROW(S, BYTES_SOME, account,           CHAT_URI_LEN_MAX)           \
    ROW(S, U8,         is_restricted,     NONE)                       \
    ROW(S, U8,         is_admin,          NONE)                       \
    ROW(S, U8,         is_desk,           NONE)                       \
    ROW(S, FIXED,      token,             32) /* for POST; ends with this connection's login */ \
    ROW(S, U32,        record_version,    NONE)                       \
    ROW(S, U32,        key_package_count, NONE)                       \
    ROW(S, U8,         has_last_resort,   NONE)                       \
    ROW(S, U64,        hub_record_version, NONE)                      \
    ROW(S, VEC,        rooms,             chat_room_state)
WIRE_STRUCT(chat_login_answer, CHAT_LOGIN_ANSWER)
#define CHAT_SESSION_STATE(ROW, S)         \
    ROW(S, U8, is_restricted, NONE)        \
    ROW(S, U8, is_desk,       NONE)
WIRE_STRUCT(chat_session_state, CHAT_SESSION_STATE)

/* ------------------------------------------------------------------ people and keys */

#define CHAT_RECORD_GET(ROW, S)                          \
    ROW(S, BYTES_SOME, account,      CHAT_URI_LEN_MAX)   \
    ROW(S, U32,        from_version, NONE)
WIRE_STRUCT(chat_record_get, CHAT_RECORD_GET)
#define CHAT_RECORD_ANSWER(ROW, S)                       \
    ROW(S, BYTES_MAX, handle,  CHAT_HANDLE_LEN_MAX)      \
    ROW(S, VEC,       records, wire_opaque) /* AccountRecord each, versions contiguous */
WIRE_STRUCT(chat_record_answer, CHAT_RECORD_ANSWER)

#define CHAT_KEY_PACKAGES_PUT(ROW, S)                         \
    ROW(S, VEC,   key_packages, wire_opaque) /* KeyPackage each, not in MLSMessage */ \
    ROW(S, BYTES, last_resort,  NONE)        /* KeyPackage, or empty to keep the old */
WIRE_STRUCT(chat_key_packages_put, CHAT_KEY_PACKAGES_PUT)
#define CHAT_KEY_PACKAGES_ANSWER(ROW, S)   \
    ROW(S, U32, count,           NONE)     \
    ROW(S, U8,  has_last_resort, NONE)
WIRE_STRUCT(chat_key_packages_answer, CHAT_KEY_PACKAGES_ANSWER)

/* The login session stands for MIMI's requester signature, which a provider adds towards others. */
#define CHAT_KEY_MATERIAL(ROW, S)                                 \
    ROW(S, BYTES_SOME, target_user,   CHAT_URI_LEN_MAX)           \
    ROW(S, BYTES_SOME, room_uri,      CHAT_URI_LEN_MAX)           \
    ROW(S, U8,         room_kind,     NONE) /* of a room to be created; else of the room */ \
    ROW(S, VEC,        acceptable_ciphersuites, wire_u16)         \
    ROW(S, OPT,        join_request,  chat_join_request) /* consent by invitation */
WIRE_STRUCT(chat_key_material, CHAT_KEY_MATERIAL)
/* MIMI KeyMaterialResponse: codes of spec 1.3. */
#define CHAT_CLIENT_KEY_MATERIAL(ROW, S)                              \
    ROW(S, U8,         client_status, NONE) /* 0 success, 1 exhausted, 2 nothing compatible */ \
    ROW(S, BYTES_SOME, client_uri,    CHAT_URI_LEN_MAX)               \
    ROW(S, BYTES,      key_package,   NONE) /* empty unless success */
WIRE_STRUCT(chat_client_key_material, CHAT_CLIENT_KEY_MATERIAL)
#define CHAT_KEY_MATERIAL_ANSWER(ROW, S)                              \
    ROW(S, U8,         user_status, NONE)                             \
    ROW(S, BYTES_SOME, user_uri,    CHAT_URI_LEN_MAX)                 \
    ROW(S, VEC,        clients,     chat_client_key_material)
WIRE_STRUCT(chat_key_material_answer, CHAT_KEY_MATERIAL_ANSWER)

/* ------------------------------------------------------------------ rooms */

#define CHAT_ROOM_CREATE(ROW, S)                                     \
    ROW(S, BYTES, group_info,   NONE) /* MLSMessage(GroupInfo), epoch 0 */ \
    ROW(S, BYTES, ratchet_tree, NONE)
WIRE_STRUCT(chat_room_create, CHAT_ROOM_CREATE)
/* A HandshakeBundle.  The hub hands out the ratchet tree itself (distributionService). */
#define CHAT_ROOM_UPDATE(ROW, S)                                     \
    ROW(S, BYTES_SOME, room_uri,   CHAT_URI_LEN_MAX)                 \
    ROW(S, BYTES,      handshake,  NONE) /* MLSMessage(PublicMessage) */ \
    ROW(S, BYTES,      welcome,    NONE) /* MLSMessage(Welcome), or empty */ \
    ROW(S, BYTES,      group_info, NONE) /* MLSMessage(GroupInfo) of the new epoch, or empty */
WIRE_STRUCT(chat_room_update, CHAT_ROOM_UPDATE)
#define CHAT_ROOM_UPDATE_ANSWER(ROW, S)         \
    ROW(S, U64, log_seq,            NONE)       \
    ROW(S, U64, accepted_timestamp, NONE)       \
    ROW(S, U64, epoch,              NONE)
WIRE_STRUCT(chat_room_update_answer, CHAT_ROOM_UPDATE_ANSWER)

#define CHAT_SUBMIT(ROW, S)                                       \
    ROW(S, BYTES_SOME, room_uri,    CHAT_URI_LEN_MAX)             \
    ROW(S, BYTES_SOME, sending_uri, CHAT_URI_LEN_MAX) /* user */  \
    ROW(S, BYTES_SOME, app_message, CHAT_MESSAGE_LEN_MAX)
WIRE_STRUCT(chat_submit, CHAT_SUBMIT)
#define CHAT_SUBMIT_ANSWER(ROW, S)                        \
    ROW(S, U64, log_seq,            NONE)                 \
    ROW(S, U64, accepted_timestamp, NONE)                 \
    ROW(S, SUB, frank,              chat_frank)           \
    ROW(S, SUB, timbre_frank,       chat_timbre_frank)
WIRE_STRUCT(chat_submit_answer, CHAT_SUBMIT_ANSWER)

/* ---- the log (amendments 1, 8, 10) ---- */

enum chat_entry_kind {
    CHAT_ENTRY_PROPOSAL = 1,
    CHAT_ENTRY_COMMIT = 2,
    CHAT_ENTRY_MESSAGE = 3,
    CHAT_ENTRY_ROLLBACK = 4,
    CHAT_ENTRY_RESTORED = 5
};
#define CHAT_ENTRY_HANDSHAKE_BODY(ROW, S)       \
    ROW(S, U64,   accepted_timestamp, NONE)     \
    ROW(S, BYTES, message,            NONE) /* MLSMessage(PublicMessage) */
WIRE_STRUCT(chat_entry_handshake, CHAT_ENTRY_HANDSHAKE_BODY)
#define CHAT_ENTRY_MESSAGE_BODY(ROW, S)                           \
    ROW(S, U64,        accepted_timestamp, NONE)                  \
    ROW(S, BYTES_SOME, submitter,          CHAT_URI_LEN_MAX) /* user */ \
    ROW(S, BYTES_SOME, message,            CHAT_MESSAGE_LEN_MAX)  \
    ROW(S, SUB,        frank,              chat_frank)            \
    ROW(S, SUB,        timbre_frank,       chat_timbre_frank)
WIRE_STRUCT(chat_entry_message, CHAT_ENTRY_MESSAGE_BODY)
#define CHAT_ENTRY_ROLLBACK_BODY(ROW, S)                       \
    ROW(S, U64, commit_log_seq, NONE)                          \
    ROW(S, U64, epoch,          NONE) /* the epoch that stands again */ \
    ROW(S, U8,  reason,         NONE) /* the first NACK's result */
WIRE_STRUCT(chat_entry_rollback, CHAT_ENTRY_ROLLBACK_BODY)
/* After a restore: the chain goes on from (room_seq, chain) with next_room_seq, which skips every
 * number that may have been given out before.  signature: "TimbreRestored1" by the agent key. */
#define CHAT_ENTRY_RESTORED_BODY(ROW, S)               \
    ROW(S, U64,        accepted_timestamp, NONE)       \
    ROW(S, BYTES_SOME, group_id,           255)        \
    ROW(S, U64,        room_seq,           NONE)       \
    ROW(S, FIXED,      chain,              CHAT_HASH_LEN) \
    ROW(S, U64,        next_room_seq,      NONE)       \
    ROW(S, BYTES_MAX,  signature,          255)
WIRE_STRUCT(chat_entry_restored, CHAT_ENTRY_RESTORED_BODY)
#define CHAT_ENTRY_BODY(ARM, ARM_EMPTY, U)        \
    ARM(U, 1, proposal, chat_entry_handshake)     \
    ARM(U, 2, commit,   chat_entry_handshake)     \
    ARM(U, 3, message,  chat_entry_message)       \
    ARM(U, 4, rollback, chat_entry_rollback)      \
    ARM(U, 5, restored, chat_entry_restored)
WIRE_UNION(chat_entry_body, CHAT_ENTRY_BODY)
#define CHAT_ENTRY(ROW, S)                        \
    ROW(S, U64,    log_seq, NONE)                 \
    ROW(S, U8,     kind,    NONE)                 \
    ROW(S, SELECT, body,    chat_entry_body)
WIRE_STRUCT(chat_entry, CHAT_ENTRY)

/*
 * A page is what one group commit added to a room's log: either one run of messages, signed on its
 * last link, or one entry of another kind.  It is encoded once, stored once, and sent as it is.
 */
#define CHAT_PAGE(ROW, S)                                   \
    ROW(S, BYTES_SOME, room_uri, CHAT_URI_LEN_MAX)          \
    ROW(S, VEC,        entries,  chat_entry) /* log_seq contiguous, 1 to 64 */
WIRE_STRUCT(chat_page, CHAT_PAGE)

#define CHAT_CURSOR(ROW, S)                        \
    ROW(S, BYTES_SOME, room_uri, CHAT_URI_LEN_MAX) \
    ROW(S, U64,        log_seq,  NONE)
WIRE_STRUCT(chat_cursor, CHAT_CURSOR)
#define CHAT_CURSORS(ROW, S) ROW(S, VEC, cursors, chat_cursor)
WIRE_STRUCT(chat_cursors, CHAT_CURSORS)

/* amendments 19: stubs run from the 0xF105 head to the commit's position, signed at their end. */
#define CHAT_WELCOME(ROW, S)                               \
    ROW(S, BYTES_SOME, room_uri,     CHAT_URI_LEN_MAX)     \
    ROW(S, U64,        log_seq,      NONE) /* of the commit: the device's first cursor */ \
    ROW(S, BYTES,      welcome,      NONE) /* MLSMessage(Welcome) */ \
    ROW(S, BYTES,      ratchet_tree, NONE)                 \
    ROW(S, SUB,        head,         chat_chain_head) /* at the commit's position */ \
    ROW(S, VEC,        stubs,        chat_stub)            \
    ROW(S, FIXED,      chain_before, CHAT_HASH_LEN)
WIRE_STRUCT(chat_welcome, CHAT_WELCOME)

#define CHAT_STUBS_GET(ROW, S)                     \
    ROW(S, BYTES_SOME, room_uri, CHAT_URI_LEN_MAX) \
    ROW(S, U64,        from_seq, NONE)             \
    ROW(S, U64,        to_seq,   NONE) /* inclusive; answered up to the next signed link */
WIRE_STRUCT(chat_stubs_get, CHAT_STUBS_GET)
#define CHAT_STUBS_ANSWER(ROW, S)                \
    ROW(S, FIXED, chain_before, CHAT_HASH_LEN)   \
    ROW(S, VEC,   stubs,        chat_stub)
WIRE_STRUCT(chat_stubs_answer, CHAT_STUBS_ANSWER)

#define CHAT_INVITE_PUT(ROW, S)                                  \
    ROW(S, U8,         kind,       NONE) /* 1 account (admins), 2 room */ \
    ROW(S, BYTES_SOME, invite_key, 255)  /* public */            \
    ROW(S, BYTES_MAX,  room_uri,   CHAT_URI_LEN_MAX)             \
    ROW(S, U64,        expires_ms, NONE)                         \
    ROW(S, U32,        use_count_max, NONE)
WIRE_STRUCT(chat_invite_put, CHAT_INVITE_PUT)
/* Those named, or without a name all that the caller made for the room. */
#define CHAT_INVITE_REVOKE(ROW, S)                               \
    ROW(S, BYTES_SOME, room_uri,    CHAT_URI_LEN_MAX)            \
    ROW(S, VEC,        invite_keys, wire_opaque)
WIRE_STRUCT(chat_invite_revoke, CHAT_INVITE_REVOKE)

/* ------------------------------------------------------------------ desk */

#define CHAT_DESK_PUBLISH(ROW, S)                          \
    ROW(S, BYTES_SOME, desk_room_uri, CHAT_URI_LEN_MAX)    \
    ROW(S, BYTES_SOME, verify_key,    255)                 \
    ROW(S, SUB,        recipient_key, chat_recipient_key)
WIRE_STRUCT(chat_desk_publish, CHAT_DESK_PUBLISH)
/* Another verify key, signed by the one that stands, and the first RecipientKey under it. */
#define CHAT_DESK_ROTATE(ROW, S)                           \
    ROW(S, BYTES_SOME, verify_key,    255)                 \
    ROW(S, BYTES_SOME, signature,     255) /* "TimbreDeskKey1" */ \
    ROW(S, SUB,        recipient_key, chat_recipient_key)
WIRE_STRUCT(chat_desk_rotate, CHAT_DESK_ROTATE)
#define CHAT_REPORT_ANSWER(ROW, S)               \
    ROW(S, FIXED, report_id,   CHAT_HASH_LEN)    \
    ROW(S, U64,   received_ms, NONE)
WIRE_STRUCT(chat_report_answer, CHAT_REPORT_ANSWER)
#define CHAT_QUEUE_GET(ROW, S) ROW(S, U64, after, NONE) /* entries numbered above this */
WIRE_STRUCT(chat_queue_get, CHAT_QUEUE_GET)
#define CHAT_QUEUE_ENTRY(ROW, S)      \
    ROW(S, U64,   number, NONE)       \
    ROW(S, BYTES, intake, NONE) /* ReportIntake */
WIRE_STRUCT(chat_queue_entry, CHAT_QUEUE_ENTRY)
#define CHAT_QUEUE_ANSWER(ROW, S) ROW(S, VEC, entries, chat_queue_entry)
WIRE_STRUCT(chat_queue_answer, CHAT_QUEUE_ANSWER)
/* The desk asks the members of a room what they hold at this number; no text travels. */
#define CHAT_STUB_ASK(ROW, S)                        \
    ROW(S, BYTES_SOME, room_uri,  CHAT_URI_LEN_MAX)  \
    ROW(S, FIXED,      report_id, CHAT_HASH_LEN)     \
    ROW(S, U64,        room_seq,  NONE)
WIRE_STRUCT(chat_stub_ask, CHAT_STUB_ASK)
#define CHAT_DECISION_PUT(ROW, S)                             \
    ROW(S, SUB, decision,          chat_decision)             \
    ROW(S, VEC, sealed_statements, chat_sealed_statement) /* when no KeyPackage was left */
WIRE_STRUCT(chat_decision_put, CHAT_DECISION_PUT)
#define CHAT_DECISION_ANSWER(ROW, S)                                     \
    ROW(S, U64, number,             NONE)                                \
    ROW(S, U32, rooms_affected,     NONE)                                \
    ROW(S, U32, rooms_rotated,      NONE) /* at the time of the answer */
WIRE_STRUCT(chat_decision_answer, CHAT_DECISION_ANSWER)

#define CHAT_FRANK_CHECK(ROW, S)                     \
    ROW(S, BYTES_SOME, room_uri, CHAT_URI_LEN_MAX)   \
    ROW(S, VEC,        stubs,    chat_stub)
WIRE_STRUCT(chat_frank_check, CHAT_FRANK_CHECK)
/* Verdict: 1 right, 2 wrong, 3 the hub key of that time is gone.
 * hub_signature: "TimbreFrankVerdict1", intake key. */
#define CHAT_FRANK_VERDICT(ROW, S)                         \
    ROW(S, BYTES_SOME, room_uri,      CHAT_URI_LEN_MAX)    \
    ROW(S, FIXED,      stubs_hash,    CHAT_HASH_LEN) /* of stubs<V> as asked */ \
    ROW(S, BYTES_MAX,  verdicts,      512) /* one octet a stub */ \
    ROW(S, U64,        checked_ms,    NONE)                \
    ROW(S, BYTES_MAX,  hub_signature, 255)
WIRE_STRUCT(chat_frank_verdict, CHAT_FRANK_VERDICT)

/* ------------------------------------------------------------------ after a restore */

#define CHAT_HEAD(ROW, S)                                    \
    ROW(S, BYTES_SOME, room_uri, CHAT_URI_LEN_MAX)           \
    ROW(S, U64,        log_seq,  NONE)                       \
    ROW(S, OPT,        stub,     chat_stub) /* newest signed; absent: no message yet */
WIRE_STRUCT(chat_head, CHAT_HEAD)
#define CHAT_HEADS(ROW, S) ROW(S, VEC, heads, chat_head)
WIRE_STRUCT(chat_heads, CHAT_HEADS)
#define CHAT_HEADS_ANSWER(ROW, S) ROW(S, VEC, wanted, chat_cursor) /* send pages above log_seq */
WIRE_STRUCT(chat_heads_answer, CHAT_HEADS_ANSWER)
#define CHAT_PAGES_IMPORT(ROW, S)                     \
    ROW(S, BYTES_SOME, room_uri, CHAT_URI_LEN_MAX)    \
    ROW(S, VEC,        pages,    wire_opaque) /* Page each, in order */
WIRE_STRUCT(chat_pages_import, CHAT_PAGES_IMPORT)

/* ------------------------------------------------------------------ admin socket */

#define CHAT_ADMIN_INVITE(ROW, S)                          \
    ROW(S, U8,  is_admin,      NONE) /* the account becomes an admin */ \
    ROW(S, U64, expires_ms,    NONE)                       \
    ROW(S, U32, use_count_max, NONE)
WIRE_STRUCT(chat_admin_invite, CHAT_ADMIN_INVITE)
/* Rows for a table on a terminal: each value is UTF-8; the first row holds the headings. */
#define CHAT_ADMIN_ROW(ROW, S) ROW(S, VEC, cells, wire_opaque)
WIRE_STRUCT(chat_admin_row, CHAT_ADMIN_ROW)
#define CHAT_ADMIN_ROWS(ROW, S) ROW(S, VEC, rows, chat_admin_row)
WIRE_STRUCT(chat_admin_rows, CHAT_ADMIN_ROWS)
#define CHAT_ADMIN_USER_SET(ROW, S)                          \
    ROW(S, BYTES_SOME, account, CHAT_URI_LEN_MAX)            \
    ROW(S, U8,         what,    NONE) /* 1 make admin, 2 end admin, 3 close sessions */
WIRE_STRUCT(chat_admin_user_set, CHAT_ADMIN_USER_SET)
enum chat_admin_key {
    CHAT_KEYS_AGENT = 1,
    CHAT_KEYS_INTAKE = 2,
    CHAT_KEYS_FRANK = 4 /* hub_key */
};
#define CHAT_ADMIN_KEYS(ROW, S) ROW(S, U8, keys, NONE) /* enum chat_admin_key, one bit each */
WIRE_STRUCT(chat_admin_keys, CHAT_ADMIN_KEYS)
#define CHAT_ADMIN_REVOKE(ROW, S)                                     \
    ROW(S, FIXED, key_id,     8) /* the first octets of an agent key */ \
    ROW(S, U64,   revoked_ms, NONE)
WIRE_STRUCT(chat_admin_revoke, CHAT_ADMIN_REVOKE)

#endif
