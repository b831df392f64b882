/*
 * Room policy (draft-ietf-mimi-room-policy, narrowed): kinds and classes of rooms, their roles and
 * capabilities, the GroupContext of a new room, and whether a commit is allowed.
 *
 * The hub judges with its public group, a client with its staged commit; both fill the same plain
 * structs.  Everything is read from the encoded GroupContext, so both judge the same octets.
 */
#ifndef TB_CHAT_POLICY_H
#define TB_CHAT_POLICY_H

#include "chat/status.h"
#include "chat/structs_rules.h"
#include "crypto/crypto.h"
#include "mls/codepoints.h"
#include "mls/public_app_data.h"
#include "mls/structs.h"

enum chat_room_kind {
    CHAT_ROOM_DM = 1,
    CHAT_ROOM_GROUP = 2,
    CHAT_ROOM_CHANNEL = 3, /* announcements: members read, moderators and owners write */
    CHAT_ROOM_DESK = 4,
    CHAT_ROOM_NOTICE = 5,  /* the desk and one user */
    CHAT_ROOM_OBSERVATORY = 6
};
enum chat_room_class {
    CHAT_CLASS_PRIVATE = 1,
    CHAT_CLASS_OPEN = 2,
    CHAT_CLASS_CHANNEL = 3
};
/* dm, desk and notice are private; class channel belongs to kind channel alone. */
bool chat_policy_is_kind_of_class(uint8_t room_kind, uint8_t room_class);
/* May the desk name an owner in a room of this kind?  Not in its own, nor in a notice room. */
bool chat_policy_is_owner_nameable(uint8_t room_kind);
const char *chat_policy_kind_name(uint8_t room_kind);   /* "group"; NULL: unknown */
const char *chat_policy_class_name(uint8_t room_class); /* "private"; NULL: unknown */
/* 0 for an unknown name. */
uint8_t chat_policy_kind_of_name(tb_bytes name);
uint8_t chat_policy_class_of_name(tb_bytes name);

enum chat_role_index {
    CHAT_ROLE_NONE = 0,
    CHAT_ROLE_BANNED = 1,
    CHAT_ROLE_MEMBER = 2,
    CHAT_ROLE_MODERATOR = 3,
    CHAT_ROLE_OWNER = 4,
    CHAT_ROLE_POLICY_ENFORCER = 5 /* the hub, as external sender; never a participant */
};
const char *chat_policy_role_name(uint32_t role_index); /* "member"; NULL: unknown */

/* CapabilityType of room-policy-03, the ones that Timbre's roles use. */
enum chat_capability {
    CHAT_CAN_ADD_PARTICIPANT = 0x0000,
    CHAT_CAN_REMOVE_PARTICIPANT = 0x0001,
    CHAT_CAN_ADD_OWN_CLIENT = 0x0002,
    CHAT_CAN_REMOVE_OWN_CLIENT = 0x0003,
    CHAT_CAN_REMOVE_SELF = 0x0006,
    CHAT_CAN_USE_JOIN_CODE = 0x0009,
    CHAT_CAN_BAN = 0x000a,
    CHAT_CAN_UNBAN = 0x000b,
    CHAT_CAN_KICK = 0x000c,
    CHAT_CAN_CHANGE_USER_ROLE = 0x000f,
    CHAT_CAN_CHANGE_OWN_ROLE = 0x0010,
    CHAT_CAN_SEND_MESSAGE = 0x0100,
    CHAT_CAN_RECEIVE_MESSAGE = 0x0101,
    CHAT_CAN_REPORT_ABUSE = 0x0103,
    CHAT_CAN_REPLY_TO_MESSAGE = 0x0104,
    CHAT_CAN_REACT_TO_MESSAGE = 0x0105,
    CHAT_CAN_EDIT_OWN_MESSAGE = 0x0109,
    CHAT_CAN_DELETE_OWN_MESSAGE = 0x010a,
    CHAT_CAN_DELETE_OTHER_MESSAGE = 0x010b,
    CHAT_CAN_CHANGE_ROOM_METADATA = 0x0300
};

enum {
    CHAT_PARTICIPANT_COUNT_MAX = 2000, /* participants of a room, banned ones counted */
    CHAT_MEMBER_COUNT_MAX = 4000,      /* leaves of a room */
    CHAT_POLICY_CHANGE_COUNT_MAX = 512, /* participants that one commit touches */
    CHAT_REPORT_WINDOW_S = 2592000,    /* 30 days */
    CHAT_CONTEXT_BEFORE = 5,           /* messages of a report before its first target */
    CHAT_CONTEXT_AFTER = 2,            /* and after its last */
    CHAT_CLOCK_SKEW_S_MAX = 300,
    CHAT_PROFILE_T = 2,                /* TimbreFrankPolicy.profile */
    CHAT_RECIPIENT_DESK = 2            /* ReportRecipient.kind */
};

/* ---- what a room's GroupContext says ---- */

struct chat_policy_room {
    struct mls_group_context context;
    struct chat_franking_agent agent;
    struct chat_participant_list participants;
    struct chat_room_metadata metadata;
    struct chat_operational_policy operational;
    struct chat_role_data roles;
    struct chat_base_policy base;
    struct chat_expiration_policy expiration;
    struct chat_frank_policy frank;
    struct chat_room_rules rules;
    struct mls_external_senders external_senders;
    struct mls_required_capabilities required;
    struct mls_app_data_dictionary dictionary;
};
/*
 * Decode an encoded GroupContext.  *out holds views into it and pieces of the arena.  WIRE_*;
 * CHAT_POLICY_COMPONENT when one of the components of a room is missing.
 */
TB_MUST_USE tb_status chat_policy_decode(tb_bytes group_context, struct tb_arena *arena,
                                         struct chat_policy_room *out, struct tb_why *why);

/* ---- a new room ---- */

/* Facts that the hub publishes (HubRecord); views. */
struct chat_policy_hub {
    tb_bytes domain;
    tb_bytes external_sender_key;
    const tb_bytes *agent_keys; /* those in use */
    size_t agent_count;
    tb_bytes desk_uri;          /* empty: no desk yet */
    tb_bytes desk_verify_key;
    const struct chat_desk_past *desk_past; /* what rooms may still name, oldest first */
    size_t desk_past_count;
};
/* Views into the record, agent keys in the arena.  An agent is in use when until_ms is 0. */
TB_MUST_USE tb_status chat_policy_hub_of_record(const struct chat_hub_record *record,
                                                struct tb_arena *arena,
                                                struct chat_policy_hub *out);

struct chat_policy_new {
    uint8_t room_kind, room_class;
    tb_bytes room_uri;
    tb_bytes room_name;                            /* UTF-8, may be empty */
    struct chat_user_role_pair *participants;      /* the creator too; borrowed, not changed */
    size_t participant_count;
    tb_bytes desk_verify_key;  /* of a desk room that is its own recipient; else empty: the hub's */
    const struct chat_policy_hub *hub;
};
/*
 * The GroupContext extensions of spec 1.10, in the arena: required_capabilities, external_senders
 * (the hub alone), app_data_dictionary.  A dm lists both users from the start; other kinds list at
 * least an owner.  The statuses of chat_policy_check_room, for the parts that are known here.
 */
TB_MUST_USE tb_status chat_policy_extensions(const struct chat_policy_new *room,
                                             struct tb_arena *arena,
                                             struct mls_extension **extensions, size_t *count);
/* AppDataDictionary of every leaf and KeyPackage: app_components, the ids a room may use. */
TB_MUST_USE tb_status chat_policy_leaf_app_data(struct tb_arena *arena, tb_bytes *encoded);

struct chat_policy_leaf {
    uint32_t leaf_index;
    tb_bytes identity;  /* device URI */
    bool is_dead;       /* of a removed leaf: its device is revoked in the account's record, so that
                           others may remove it though its user stays.  Hub and members must agree,
                           so what only the hub knows (retention) is for the hub to propose */
};
/*
 * Is this a room of this hub that a client may join and the hub may keep?  leaves: all of them.
 * CHAT_POLICY_COMPONENT, _UNKNOWN, _CAPABILITIES, _EXTERNAL_SENDER, _AGENT, _RECIPIENT, _ROOM_URI,
 * _LIMIT, _FRANK, _LEAF_STRANGER, _DM, CHAT_PARTICIPANT_*.
 */
TB_MUST_USE tb_status chat_policy_check_room(const struct chat_policy_room *room,
                                             const struct chat_policy_hub *hub,
                                             const struct chat_policy_leaf *leaves,
                                             size_t leaf_count, struct tb_arena *arena);
/* Are the room's reports to go on to another desk, or another key of it?  Only along the record. */
TB_MUST_USE tb_status chat_policy_check_recipient_change(const struct chat_frank_policy *before,
                                                         const struct chat_frank_policy *after,
                                                         const struct chat_policy_hub *hub);
/* A room of this domain, at most CHAT_URI_LEN_MAX octets, else CHAT_POLICY_ROOM_URI. */
TB_MUST_USE tb_status chat_policy_check_uri(tb_bytes room_uri, tb_bytes domain);

/* ---- participants and roles ---- */

/* The index of a user in the list, or SIZE_MAX. */
size_t chat_policy_find(const struct chat_participant_list *list, tb_bytes user);
/* CHAT_ROLE_NONE for a user who is not in the list. */
uint32_t chat_policy_role_of(const struct chat_participant_list *list, tb_bytes user);
/* Does the room's role have the capability?  False for a role that is not in the room. */
bool chat_policy_can(const struct chat_role_data *roles, uint32_t role_index,
                     uint16_t capability);
/* The same for a user: chat_policy_role_of, then chat_policy_can. */
bool chat_policy_user_can(const struct chat_policy_room *room, tb_bytes user, uint16_t capability);
/* May a holder of by_role change from_role to to_role (authorized_role_changes)? */
bool chat_policy_may_change(const struct chat_role_data *roles, uint32_t by_role,
                            uint32_t from_role, uint32_t to_role);

/* The roles that a room of this kind has, in the arena.  CHAT_POLICY_UNKNOWN. */
TB_MUST_USE tb_status chat_policy_roles(uint8_t room_kind, struct tb_arena *arena,
                                        struct chat_role_data *out);

/*
 * Apply one update (spec 1.4): role changes, removals, appends, against indices of the list before
 * the update.  roles NULL: role indices are not looked up (app_data.h; the policy check of the
 * commit does).  The new list lives in the arena.  CHAT_PARTICIPANT_INDEX, _TWICE, _LISTED, _ROLE,
 * _URI, CHAT_POLICY_LIMIT.
 */
TB_MUST_USE tb_status chat_policy_apply(const struct chat_role_data *roles,
                                        const struct chat_participant_list *list,
                                        const struct chat_participant_update *update,
                                        struct tb_arena *arena, struct chat_participant_list *out);

/* ---- a commit ---- */

struct chat_policy_proposal {
    const struct mls_proposal *proposal;
    uint8_t sender_type;         /* enum mls_sender_type */
    tb_bytes sender_identity;    /* device URI of a member; empty for the hub */
    bool by_reference;
    tb_bytes authenticated_data; /* of the proposal's own message, when by reference */
};
struct chat_policy_commit {
    const struct crypto_suite *suite;
    uint8_t committer_type;      /* enum mls_sender_type */
    tb_bytes committer_identity; /* device URI */
    const struct chat_policy_proposal *proposals;
    size_t proposal_count;
    const struct chat_policy_leaf *leaves;  /* all of the epoch before */
    size_t leaf_count;
    const struct chat_policy_leaf *added;   /* of the new epoch */
    size_t added_count;
    const struct chat_policy_leaf *removed; /* of the epoch before */
    size_t removed_count;
};
/*
 * May this commit lead from `before` to `after`?  MLS has verified it already.  In order:
 *   who may commit: a listed participant that is not banned; no external commits
 *   each proposal by its own sender.  Members: SelfRemove by reference; Add, Remove and
 *     AppDataUpdate of 0x0022 and 0x0023 by value.  The hub: Remove; bans and removals in 0x0022;
 *     by a decision about the room (Safe AAD 0xF102) one participant as owner, where no owner with
 *     a device is left (amendments 4);
 *     rotation of 0x0021 signed by the old key (Safe AAD 0xF106 = the signature's octets);
 *     0xF101 so that reports go to what the hub's record names now, or did later than what the room
 *     names (amendments 25); AppEphemeral 0x0050 and 0x0051
 *   a hub's 0x0022 update shares its commit with nobody else's, and one that removes (so that
 *     indices shift) with no other at all
 *   role changes, additions and removals are authorised; a participant is touched once; members
 *     take their role from no owner without whom none is left that has a device
 *   participants and leaves agree: every new leaf belongs to a participant that may be there, every
 *     leaf of a removed or banned user goes, none of a user who stays (but by its own user, by
 *     SelfRemove, by the hub, when is_dead, or when the same commit adds the device again)
 *   nothing else in the GroupContext changed.  It is not measured against the hub's newest keys:
 *     a room takes those with commits of its own
 */
TB_MUST_USE tb_status chat_policy_check_commit(const struct chat_policy_room *before,
                                               const struct chat_policy_room *after,
                                               const struct chat_policy_commit *commit,
                                               const struct chat_policy_hub *hub,
                                               struct tb_arena *arena);
/*
 * The part of it that judges one standalone proposal when it arrives: sender, type, and for the hub
 * what it may contain.  CHAT_POLICY_STANDALONE, _HUB_PROPOSAL, _FIXED, CHAT_FRANK_TRANSITION, ...
 */
TB_MUST_USE tb_status chat_policy_check_proposal(const struct chat_policy_room *room,
                                                 const struct crypto_suite *suite,
                                                 const struct chat_policy_proposal *proposal,
                                                 struct tb_arena *arena);

/* The hub's update of 0xF101: the same policy with the desk as it stands, ready to propose. */
TB_MUST_USE tb_status chat_policy_recipient_proposal(const struct chat_frank_policy *frank,
                                                     const struct chat_policy_hub *hub,
                                                     struct tb_arena *arena,
                                                     struct mls_proposal *out);
/* Encode a ParticipantListUpdate as the `update` of an AppDataUpdate; and one ready to propose. */
TB_MUST_USE tb_status chat_policy_update_proposal(const struct chat_participant_update *update,
                                                  struct tb_arena *arena,
                                                  struct mls_proposal *out);
/* One participant's new role; the hub's ban of user_index is 08 <index> 00000001 00 00. */
TB_MUST_USE tb_status chat_policy_role_proposal(uint32_t user_index, uint32_t role_index,
                                                struct tb_arena *arena, struct mls_proposal *out);
/* AppDataUpdate of 0x0021: the agent of the hub has another key. */
TB_MUST_USE tb_status chat_policy_agent_proposal(tb_bytes agent_key, tb_bytes provider_uri,
                                                 struct tb_arena *arena,
                                                 struct mls_proposal *out);

#endif
