/*
 * The rows of the hub's store as wire structs, and the keys that they stand under.
 *
 * Ids in keys are the octets behind the hexadecimal of the URIs (docs/architecture.md, Names):
 * user 10, device 18 (user, then device), room 16.  Integers in keys are big-endian, so that scans
 * run in their order.
 *
 *     META           "identity", "desk", "counters"
 *     ACCOUNTS       user
 *     HANDLES        handle                            user
 *     RECORDS        user, u32 version                 AccountRecord as it came
 *     DEVICES        device
 *     KEY_PACKAGES   device, u8 1 last resort, u64 n   hub_row_key_package
 *     INVITES        'I' H(public key): hub_row_invite;  'A' user, H(public key): of a creator
 *     ROOMS          'H' room: hub_row_head; 'S' room: hub_row_shape; 'P' room: the shape before
 *                    a tentative commit; 'F' room, device: head presented after a restore
 *     TREES          'S' room, 'P' room                mls_public_group
 *     PAGES          room, u64 last log_seq            push frame of the page, then hub_page_tail
 *     CURSORS        room, device                      u64
 *     WELCOMES       'C' room, u64 log_seq: the push frame; 'D' device, room, u64 log_seq: empty
 *     JOIN_REQUESTS  room, device                      hub_row_join
 *     CONSENTS       'T' target, requester, room or zeros;  'R' requester, target, room or zeros
 *     MEMBERSHIPS    'U' user, room, u64 from;  'D' device, room
 *     EPOCHS         room, u64 epoch
 *     REPORTS        'Q' u64 number: ReportIntake;  'I' report id: hub_row_report;
 *                    'A' user, u64 number (open ones);  'T' room, u64 room_seq, user: u32 count;
 *                    'O' report id, user: u32 count of what was added;
 *                    'K' room, u64 room_seq, case: chat_stub_ask
 *     DECISIONS      'N' u64 number: DecisionEntry;  'I' decision id: u64 number;
 *                    'M' room user: mute;  'C' room: u64 number of the decision that closed it;
 *                    'A' u64 number: appeal;  'R' report id: u64 number of the newest decision;
 *                    'B' user, room or zeros: u64 number, of the ban in force there;
 *                    'E' u64 until_ms, u64 number: the same number
 *     RECIPIENT_KEYS H(uri), u64 serial                RecipientKey
 *     STATEMENTS     device, u64 decision number       SealedStatement
 *     LOG            'L' u64 index: leaf;  'S' u64 index: its salt;
 *                    'T' u8 level, u64 index: hash of a complete subtree
 *     HUB_KEYS       'K' hub key id: hub_row_hub_key;  'A' u64 from_ms: hub_row_agent;
 *                    'N': hub_row_agent, the next one;  'I' u64 from_ms: of old intake keys
 *     TAGS           room, u64 last log_seq            u64 last_ms, then (u64 hash, u64 log_seq)...
 *     CLAIMS         room, device, claiming device     hub_row_claim
 *     BLOBS          'H' id: hub_row_blob;  'P' id, u32 number of the piece: its octets;
 *                    'U' user: u64 octets taken;  'E' u64 until_ms, id: empty
 */
#ifndef TB_HUB_RECORDS_H
#define TB_HUB_RECORDS_H

#include "base/store.h"
#include "chat/structs.h"
#include "hub/hub.h"
#include "hub/status.h"

enum {
    HUB_USER_ID_LEN = 10,
    HUB_DEVICE_ID_LEN = 18,
    HUB_ROOM_ID_LEN = 16,
    HUB_KEY_OCTETS_MAX = 64
};
struct hub_user_id {
    uint8_t at[HUB_USER_ID_LEN];
};
struct hub_device_id {
    uint8_t at[HUB_DEVICE_ID_LEN]; /* the user's first */
};
struct hub_room_id {
    uint8_t at[HUB_ROOM_ID_LEN];
};

/* ---- the hub itself: SECRET ---- */

#define HUB_ROW_IDENTITY(ROW, S)                \
    ROW(S, U32,        schema,        NONE)     \
    ROW(S, BYTES_SOME, domain,        160)      \
    ROW(S, FIXED,      root_seed,     32)       \
    ROW(S, FIXED,      external_seed, 32)       \
    ROW(S, FIXED,      intake_seed,   32)       \
    ROW(S, FIXED,      pseudonym_key, 32)       \
    ROW(S, U64,        intake_from_ms, NONE)    \
    ROW(S, U64,        created_ms,    NONE)
WIRE_STRUCT(hub_row_identity, HUB_ROW_IDENTITY)
#define HUB_ROW_HUB_KEY(ROW, S)                 \
    ROW(S, FIXED, key,      32)                 \
    ROW(S, U64,   from_ms,  NONE)               \
    ROW(S, U64,   until_ms, NONE) /* last use; 0: in use */
WIRE_STRUCT(hub_row_hub_key, HUB_ROW_HUB_KEY)
#define HUB_ROW_AGENT(ROW, S)                   \
    ROW(S, BYTES_MAX,  seed,       32) /* empty: destroyed */ \
    ROW(S, BYTES_SOME, public_key, 255)         \
    ROW(S, U64,        from_ms,    NONE)        \
    ROW(S, U64,        until_ms,   NONE) /* 0: in use */ \
    ROW(S, U64,        revoked_ms, NONE)
WIRE_STRUCT(hub_row_agent, HUB_ROW_AGENT)
/* ---- and what is public of it ---- */
#define HUB_ROW_DESK(ROW, S)                             \
    ROW(S, BYTES_MAX, desk_uri,        CHAT_URI_LEN_MAX) \
    ROW(S, BYTES_MAX, desk_verify_key, 255)              \
    ROW(S, VEC,       desk_past,       chat_desk_past)   \
    ROW(S, U64,       queue_from,      NONE) /* reports up to here went to a desk that is gone */ \
    ROW(S, U64,       record_version,  NONE)             \
    ROW(S, U64,       record_ms,       NONE)
WIRE_STRUCT(hub_row_desk, HUB_ROW_DESK)
#define HUB_ROW_COUNTERS(ROW, S)                         \
    ROW(S, U64,   account_count,       NONE)             \
    ROW(S, U64,   admin_count,         NONE)             \
    ROW(S, U64,   room_count,          NONE)             \
    ROW(S, U64,   report_number,       NONE)             \
    ROW(S, U64,   decision_number,     NONE)             \
    ROW(S, FIXED, decision_entry_hash, CHAT_HASH_LEN)    \
    ROW(S, U64,   key_package_number,  NONE)             \
    ROW(S, U64,   restored_ms,         NONE)
WIRE_STRUCT(hub_row_counters, HUB_ROW_COUNTERS)

/* ---- people ---- */

enum {
    HUB_ACCOUNT_IS_ADMIN = 1,
    HUB_ACCOUNT_IS_RESTRICTED = 2,
    HUB_ACCOUNT_IS_SUSPENDED = 4 /* restricted, and stays in its rooms, which wait for it */
};
#define HUB_ROW_ACCOUNT(ROW, S)                              \
    ROW(S, BYTES_SOME, handle,          CHAT_HANDLE_LEN_MAX) \
    ROW(S, U8,         flags,           NONE)                \
    ROW(S, U32,        record_version,  NONE)                \
    ROW(S, FIXED,      record_hash,     CHAT_HASH_LEN)       \
    ROW(S, U64,        created_ms,      NONE)                \
    ROW(S, U64,        decision_number, NONE) /* of the restriction */ \
    ROW(S, U64,        until_ms,        NONE) /* of the restriction; 0: without end */
WIRE_STRUCT(hub_row_account, HUB_ROW_ACCOUNT)
#define HUB_ROW_DEVICE(ROW, S)                          \
    ROW(S, BYTES_SOME, signature_key,   255)            \
    ROW(S, U8,         status,          NONE)           \
    ROW(S, U64,        added_ms,        NONE)           \
    ROW(S, U64,        profile_counter, NONE) /* highest seen */
WIRE_STRUCT(hub_row_device, HUB_ROW_DEVICE)
#define HUB_ROW_BOX(ROW, S)                                  \
    ROW(S, U8,         kind,     NONE) /* enum chat_box_kind */ \
    ROW(S, FIXED,      user,     HUB_USER_ID_LEN)            \
    ROW(S, U64,        until_ms, NONE)                       \
    ROW(S, BYTES_SOME, sealed,   CHAT_BOX_LEN_MAX)
WIRE_STRUCT(hub_row_box, HUB_ROW_BOX)
#define HUB_ROW_KEY_PACKAGE(ROW, S)         \
    ROW(S, U16,   suite,       NONE)        \
    ROW(S, U64,   not_after_s, NONE)        \
    ROW(S, BYTES, key_package, NONE)
WIRE_STRUCT(hub_row_key_package, HUB_ROW_KEY_PACKAGE)
/* The key package of a device that another was given for one room: the newest. */
#define HUB_ROW_CLAIM(ROW, S)                \
    ROW(S, U64,       expires_ms, NONE)      \
    ROW(S, BYTES_MAX, ref,        64) /* KeyPackageRef */
WIRE_STRUCT(hub_row_claim, HUB_ROW_CLAIM)
#define HUB_ROW_BLOB(ROW, S)                                  \
    ROW(S, FIXED, user,     HUB_USER_ID_LEN) /* who put it */ \
    ROW(S, U64,   total,    NONE) /* octets */                \
    ROW(S, U64,   received, NONE)                             \
    ROW(S, U64,   until_ms, NONE)
WIRE_STRUCT(hub_row_blob, HUB_ROW_BLOB)
/* The octets that an account's blobs take, those that are still to come counted. */
#define HUB_ROW_BLOB_USE(ROW, S) ROW(S, U64, taken, NONE)
WIRE_STRUCT(hub_row_blob_use, HUB_ROW_BLOB_USE)
#define HUB_ROW_INVITE(ROW, S)                            \
    ROW(S, U8,         kind,          NONE)               \
    ROW(S, U8,         is_admin,      NONE)               \
    ROW(S, BYTES_SOME, invite_key,    255)                \
    ROW(S, BYTES_MAX,  room_uri,      CHAT_URI_LEN_MAX)   \
    ROW(S, BYTES_MAX,  creator,       CHAT_URI_LEN_MAX)   \
    ROW(S, U64,        expires_ms,    NONE)               \
    ROW(S, U32,        use_count_max, NONE)               \
    ROW(S, U32,        use_count,     NONE)
WIRE_STRUCT(hub_row_invite, HUB_ROW_INVITE)
#define HUB_ROW_JOIN(ROW, S)              \
    ROW(S, U64, expires_ms, NONE)         \
    ROW(S, SUB, request,    chat_join_request)
WIRE_STRUCT(hub_row_join, HUB_ROW_JOIN)
/* Until which entry somebody sees a room: to 0 while it lasts. */
#define HUB_ROW_MEMBERSHIP(ROW, S)                        \
    ROW(S, U64, from_log_seq, NONE)                       \
    ROW(S, U64, to_log_seq,   NONE)                       \
    ROW(S, U64, to_ms,        NONE)                       \
    ROW(S, U8,  is_banned,    NONE) /* handshakes alone */
WIRE_STRUCT(hub_row_membership, HUB_ROW_MEMBERSHIP)

/* ---- rooms ---- */

enum hub_room_state {
    HUB_ROOM_OPEN = 1,
    HUB_ROOM_FROZEN = 2,
    HUB_ROOM_CLOSED = 3, /* nobody is left who could commit */
    HUB_ROOM_SHUT = 5    /* by a decision of the desk, which can be reversed */
};
enum { HUB_STATE_OUT = 4 }; /* told to a device that is not in the room */
/* What changes with each message; written once a room and turn. */
#define HUB_ROW_HEAD(ROW, S)                                                         \
    ROW(S, U8,    state,           NONE)                                             \
    ROW(S, U8,    room_kind,       NONE)                                             \
    ROW(S, U64,   epoch,           NONE)                                             \
    ROW(S, U64,   log_seq,         NONE)                                             \
    ROW(S, U64,   final_seq,       NONE)                                             \
    ROW(S, U64,   room_seq,        NONE) /* newest number that may have been given out */ \
    ROW(S, FIXED, chain,           CHAT_HASH_LEN)                                    \
    ROW(S, U64,   last_ms,         NONE) /* time of the newest entry */              \
    ROW(S, U64,   reduced_seq,     NONE) /* pages up to here hold stubs alone */     \
    ROW(S, U64,   gone_seq,        NONE) /* pages up to here are gone */             \
    ROW(S, U64,   lost_seq,        NONE) /* newest handshake that went before all had it */ \
    ROW(S, U64,   frozen_ms,       NONE) /* first head presented after a restore */  \
    ROW(S, U64,   tags_seq,        NONE) /* tags up to here stand in TAGS */
WIRE_STRUCT(hub_row_head, HUB_ROW_HEAD)

enum { HUB_PARTICIPANT_IS_BANNED = 1 };
#define HUB_ROW_PARTICIPANT(ROW, S)               \
    ROW(S, FIXED, user,       HUB_USER_ID_LEN)    \
    ROW(S, U8,    flags,      NONE) /* IS_BANNED: by a decision, at once */ \
    ROW(S, U32,   role_index, NONE)
WIRE_STRUCT(hub_row_participant, HUB_ROW_PARTICIPANT)
#define HUB_ROW_MEMBER(ROW, S)                      \
    ROW(S, FIXED, device,       HUB_DEVICE_ID_LEN)  \
    ROW(S, U32,   leaf_index,   NONE)               \
    ROW(S, U64,   from_log_seq, NONE) /* the commit that added it */
WIRE_STRUCT(hub_row_member, HUB_ROW_MEMBER)
/* A role in bits: what the hub asks of it. */
enum {
    HUB_ROLE_MAY_SEND = 1,
    HUB_ROLE_MAY_ADD = 2,
    HUB_ROLE_MAY_REPORT = 4,
    HUB_ROLE_IS_OWNER = 8,
    HUB_ROLE_IS_LISTED = 16, /* any role but banned */
    HUB_ROLE_MAY_REMOVE = 32,
    HUB_ROLE_MODERATES = 64
};
#define HUB_ROW_ROLE(ROW, S)           \
    ROW(S, U32, role_index, NONE)      \
    ROW(S, U8,  bits,       NONE)
WIRE_STRUCT(hub_row_role, HUB_ROW_ROLE)

enum hub_mandatory_kind {
    HUB_MANDATORY_BAN = 1,
    HUB_MANDATORY_UNBAN = 2,
    HUB_MANDATORY_OWNER = 3,
    HUB_MANDATORY_RECIPIENT = 4, /* of nobody: where the room's reports go */
    HUB_MANDATORY_AGENT = 5,     /* the newest franking agent; device is zeros */
    HUB_MANDATORY_LEAVE = 6,
    HUB_MANDATORY_IMPORTED = 7, /* found in a member's log after a restore */
    HUB_MANDATORY_ABSENT = 8,   /* a device that can no longer follow the log */
    HUB_MANDATORY_KICK = 9,     /* off the list, and the leaves with it */
    HUB_MANDATORY_RETRACT = 10  /* messages, by the decision in aad; or restores them */
};
#define HUB_ROW_MANDATORY(ROW, S)                                       \
    ROW(S, U8,    kind,      NONE)                                      \
    ROW(S, FIXED, device,    HUB_DEVICE_ID_LEN) /* of a user: the rest is zeros */ \
    ROW(S, U8,    is_issued, NONE) /* in this epoch */                  \
    ROW(S, BYTES, aad,       NONE) /* Safe AAD with the decision */     \
    ROW(S, VEC,   refs,      wire_opaque)                               \
    ROW(S, VEC,   messages,  wire_opaque) /* as issued: to make a decoded group know them */
WIRE_STRUCT(hub_row_mandatory, HUB_ROW_MANDATORY)
#define HUB_ROW_NACK(ROW, S)                            \
    ROW(S, FIXED, device, HUB_DEVICE_ID_LEN)            \
    ROW(S, U8,    result, NONE) /* enum chat_ack_result */
WIRE_STRUCT(hub_row_nack, HUB_ROW_NACK)
#define HUB_ROW_TENTATIVE(ROW, S)                       \
    ROW(S, U64,   log_seq,     NONE)                    \
    ROW(S, U64,   deadline_ms, NONE)                    \
    ROW(S, FIXED, committer,   HUB_DEVICE_ID_LEN)       \
    ROW(S, FIXED, commit_hash, CHAT_HASH_LEN)           \
    ROW(S, VEC,   nacks,       hub_row_nack) /* in order of arrival */
WIRE_STRUCT(hub_row_tentative, HUB_ROW_TENTATIVE)
#define HUB_ROW_SUSPENDED(ROW, S)                       \
    ROW(S, FIXED, device,   HUB_DEVICE_ID_LEN)          \
    ROW(S, U64,   until_ms, NONE)
WIRE_STRUCT(hub_row_suspended, HUB_ROW_SUSPENDED)
/* What changes with commits and decisions. */
/* Rules of the room (chat/structs_rules.h), users by their ids. */
#define HUB_ROW_TIMED(ROW, S)                \
    ROW(S, FIXED, user,     HUB_USER_ID_LEN) \
    ROW(S, U64,   until_ms, NONE)
WIRE_STRUCT(hub_row_timed, HUB_ROW_TIMED)
#define HUB_ROW_RULES(ROW, S)                \
    ROW(S, U8,  announce_only, NONE)         \
    ROW(S, U32, slow_mode_s,   NONE)         \
    ROW(S, VEC, muted,         hub_row_timed) \
    ROW(S, VEC, denied,        hub_row_timed)
WIRE_STRUCT(hub_row_rules, HUB_ROW_RULES)

#define HUB_ROW_SHAPE(ROW, S)                                       \
    ROW(S, BYTES_SOME, group_id,         255)                       \
    ROW(S, U16,        cipher_suite,     NONE)                      \
    ROW(S, U64,        epoch,            NONE)                      \
    ROW(S, U64,        epoch_log_seq,    NONE) /* of its commit */  \
    ROW(S, U8,         room_kind,        NONE)                      \
    ROW(S, U8,         profile,          NONE) /* of the frank policy */ \
    ROW(S, U8,         fixed_membership, NONE)                      \
    ROW(S, U8,         is_mimi_required, NONE)                      \
    ROW(S, BYTES_SOME, agent_key,        255)                       \
    ROW(S, BYTES_MAX,  desk_key,         255) /* to which reports are signed over */ \
    ROW(S, SUB,        rules,            hub_row_rules)             \
    ROW(S, VEC,        roles,            hub_row_role)              \
    ROW(S, VEC,        participants,     hub_row_participant) /* in the list's order */ \
    ROW(S, VEC,        members,          hub_row_member) /* ascending by device */ \
    ROW(S, VEC,        mandatory,        hub_row_mandatory)         \
    ROW(S, VEC,        suspended,        hub_row_suspended)         \
    ROW(S, OPT,        tentative,        hub_row_tentative)
WIRE_STRUCT(hub_row_shape, HUB_ROW_SHAPE)

#define HUB_ROW_EPOCH(ROW, S)                                 \
    ROW(S, FIXED,      group_context_hash, CHAT_HASH_LEN)     \
    ROW(S, BYTES_SOME, agent_key,          255)               \
    ROW(S, U64,        from_log_seq,       NONE)              \
    ROW(S, U64,        from_ms,            NONE)
WIRE_STRUCT(hub_row_epoch, HUB_ROW_EPOCH)

/* Behind the page in its row.  Reduced pages hold hub_stub_page instead of the push frame. */
enum { HUB_PAGE_WHOLE = 1, HUB_PAGE_STUBS = 2, HUB_PAGE_TAIL_LEN = 1 + 5 * 8 };
#define HUB_PAGE_TAIL(ROW, S)                                               \
    ROW(S, U8,  form,          NONE)                                        \
    ROW(S, U64, first_log_seq, NONE)                                        \
    ROW(S, U64, last_log_seq,  NONE)                                        \
    ROW(S, U64, last_room_seq, NONE) /* newest number at the end of the page */ \
    ROW(S, U64, message_count, NONE)                                        \
    ROW(S, U64, last_ms,       NONE)
WIRE_STRUCT(hub_page_tail, HUB_PAGE_TAIL)
#define HUB_STUB_PAGE(ROW, S)                     \
    ROW(S, FIXED, chain_before, CHAT_HASH_LEN)    \
    ROW(S, VEC,   stubs,        chat_stub)
WIRE_STRUCT(hub_stub_page, HUB_STUB_PAGE)

#define HUB_ROW_REPORT(ROW, S)                        \
    ROW(S, U64,   number,      NONE)                  \
    ROW(S, U64,   received_ms, NONE)                  \
    ROW(S, FIXED, user,        HUB_USER_ID_LEN)       \
    ROW(S, U8,    is_open,     NONE)                  \
    ROW(S, BYTES, signature,   NONE) /* the reporter's */
WIRE_STRUCT(hub_row_report, HUB_ROW_REPORT)

/* ---- keys ---- */

struct hub_key {
    uint8_t octets[HUB_KEY_OCTETS_MAX];
    size_t len;
};
static inline tb_bytes hub_key_view(const struct hub_key *key)
{
    return tb_bytes_of(key->octets, key->len);
}
struct hub_key hub_key_of(tb_bytes value);
/* Appended in place; too much is a broken program. */
void hub_key_add(struct hub_key *key, const void *data, size_t len);
void hub_key_add_u64(struct hub_key *key, uint64_t value);
struct hub_key hub_key_tagged(char tag, const void *data, size_t len);
/* The first key behind all that begin with this one; empty when there is none. */
struct hub_key hub_key_end(const struct hub_key *prefix);

/* ---- ids and URIs of one domain ---- */

/* False for another domain, another kind of URI, or an id that is not hexadecimal of its length. */
bool hub_id_user(tb_bytes domain, tb_bytes uri, struct hub_user_id *out);
bool hub_id_device(tb_bytes domain, tb_bytes uri, struct hub_device_id *out);
bool hub_id_room(tb_bytes domain, tb_bytes uri, struct hub_room_id *out);
TB_MUST_USE tb_status hub_uri_user(tb_bytes domain, const struct hub_user_id *id,
                                   struct tb_arena *arena, tb_bytes *uri);
TB_MUST_USE tb_status hub_uri_device(tb_bytes domain, const struct hub_device_id *id,
                                     struct tb_arena *arena, tb_bytes *uri);
TB_MUST_USE tb_status hub_uri_room(tb_bytes domain, const struct hub_room_id *id,
                                   struct tb_arena *arena, tb_bytes *uri);
static inline struct hub_user_id hub_user_of_device(const struct hub_device_id *device)
{
    struct hub_user_id user;
    for (size_t i = 0; i < HUB_USER_ID_LEN; i++) user.at[i] = device->at[i];
    return user;
}

/* ---- rows ---- */

/* *out holds views into the arena.  TB_NOT_FOUND, TB_STORE, HUB_ROW. */
TB_MUST_USE tb_status hub_row_get(const struct tb_store *store, enum hub_table table,
                                  const struct hub_key *key, const struct wire_desc *desc,
                                  struct tb_arena *arena, void *out);
/* The encoding stays in the arena. */
TB_MUST_USE tb_status hub_row_put(const struct tb_store *store, enum hub_table table,
                                  const struct hub_key *key, const struct wire_desc *desc,
                                  const void *value, struct tb_arena *arena);
TB_MUST_USE tb_status hub_row_get_octets(const struct tb_store *store, enum hub_table table,
                                         const struct hub_key *key, struct tb_arena *arena,
                                         tb_bytes *value);
TB_MUST_USE tb_status hub_row_put_octets(const struct tb_store *store, enum hub_table table,
                                         const struct hub_key *key, tb_bytes value);
TB_MUST_USE tb_status hub_row_del(const struct tb_store *store, enum hub_table table,
                                  const struct hub_key *key);
/* Rows whose key begins with the prefix and is above `after` (NULL: all), at most count_max. */
TB_MUST_USE tb_status hub_row_scan(const struct tb_store *store, enum hub_table table,
                                   const struct hub_key *prefix, const struct hub_key *after,
                                   size_t count_max, tb_store_row *row, void *row_ctx);
/* The same, copied into the arena: keys and values side by side, at most count_max. */
struct hub_pair {
    tb_bytes key, value;
};
struct hub_pairs {
    struct hub_pair *at;
    size_t count;
};
TB_MUST_USE tb_status hub_row_list(const struct tb_store *store, enum hub_table table,
                                   const struct hub_key *prefix, const struct hub_key *after,
                                   size_t count_max, struct tb_arena *arena,
                                   struct hub_pairs *out);
/* As many of them as have at most bytes_max octets together, but one at least: what others wrote
 * must not make a list that is too long to be read. */
TB_MUST_USE tb_status hub_row_list_some(const struct tb_store *store, enum hub_table table,
                                        const struct hub_key *prefix, const struct hub_key *after,
                                        size_t count_max, size_t bytes_max,
                                        struct tb_arena *arena, struct hub_pairs *out);

#endif
