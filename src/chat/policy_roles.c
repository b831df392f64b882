/* The roles of each kind of room, as tables (docs/architecture.md; room-policy-03). */
#include "chat/policy.h"

#define CAPABILITIES(NAME_, ...) static const uint16_t NAME_[] = { __VA_ARGS__ };
#define COUNT(ARRAY_) (sizeof(ARRAY_) / sizeof(ARRAY_)[0])

/* Ascending. */
CAPABILITIES(MEMBER_CAPABILITIES, CHAT_CAN_ADD_OWN_CLIENT, CHAT_CAN_REMOVE_OWN_CLIENT,
             CHAT_CAN_REMOVE_SELF, CHAT_CAN_SEND_MESSAGE, CHAT_CAN_RECEIVE_MESSAGE,
             CHAT_CAN_REPORT_ABUSE, CHAT_CAN_REPLY_TO_MESSAGE, CHAT_CAN_REACT_TO_MESSAGE,
             CHAT_CAN_EDIT_OWN_MESSAGE, CHAT_CAN_DELETE_OWN_MESSAGE)
CAPABILITIES(INVITER_CAPABILITIES, CHAT_CAN_ADD_PARTICIPANT, CHAT_CAN_ADD_OWN_CLIENT,
             CHAT_CAN_REMOVE_OWN_CLIENT, CHAT_CAN_REMOVE_SELF, CHAT_CAN_SEND_MESSAGE,
             CHAT_CAN_RECEIVE_MESSAGE, CHAT_CAN_REPORT_ABUSE, CHAT_CAN_REPLY_TO_MESSAGE,
             CHAT_CAN_REACT_TO_MESSAGE, CHAT_CAN_EDIT_OWN_MESSAGE, CHAT_CAN_DELETE_OWN_MESSAGE)
CAPABILITIES(READER_CAPABILITIES, CHAT_CAN_ADD_OWN_CLIENT, CHAT_CAN_REMOVE_OWN_CLIENT,
             CHAT_CAN_REMOVE_SELF, CHAT_CAN_RECEIVE_MESSAGE, CHAT_CAN_REPORT_ABUSE)
CAPABILITIES(MODERATOR_CAPABILITIES, CHAT_CAN_ADD_PARTICIPANT, CHAT_CAN_REMOVE_PARTICIPANT,
             CHAT_CAN_ADD_OWN_CLIENT, CHAT_CAN_REMOVE_OWN_CLIENT, CHAT_CAN_REMOVE_SELF,
             CHAT_CAN_BAN, CHAT_CAN_UNBAN, CHAT_CAN_KICK, CHAT_CAN_CHANGE_USER_ROLE,
             CHAT_CAN_CHANGE_OWN_ROLE, CHAT_CAN_SEND_MESSAGE, CHAT_CAN_RECEIVE_MESSAGE,
             CHAT_CAN_REPORT_ABUSE, CHAT_CAN_REPLY_TO_MESSAGE, CHAT_CAN_REACT_TO_MESSAGE,
             CHAT_CAN_EDIT_OWN_MESSAGE, CHAT_CAN_DELETE_OWN_MESSAGE, CHAT_CAN_DELETE_OTHER_MESSAGE,
             CHAT_CAN_CHANGE_ROOM_METADATA)
CAPABILITIES(ENFORCER_CAPABILITIES, CHAT_CAN_REMOVE_PARTICIPANT, CHAT_CAN_BAN, CHAT_CAN_UNBAN,
             CHAT_CAN_CHANGE_USER_ROLE, CHAT_CAN_DELETE_OTHER_MESSAGE)

enum { TARGET_COUNT_MAX = 4 };
struct change_row {
    uint32_t from;
    uint32_t to[TARGET_COUNT_MAX]; /* ascending; an entry equal to `from` ends the list */
};

/* A list ends with its own `from`, which is no change. */
static const struct change_row INVITER_CHANGES[] = {
    { CHAT_ROLE_NONE, { CHAT_ROLE_MEMBER, CHAT_ROLE_NONE } },
};
static const struct change_row MODERATOR_CHANGES[] = {
    { CHAT_ROLE_NONE, { CHAT_ROLE_BANNED, CHAT_ROLE_MEMBER, CHAT_ROLE_NONE } },
    { CHAT_ROLE_BANNED, { CHAT_ROLE_NONE, CHAT_ROLE_MEMBER, CHAT_ROLE_BANNED } },
    { CHAT_ROLE_MEMBER, { CHAT_ROLE_NONE, CHAT_ROLE_BANNED, CHAT_ROLE_MEMBER } },
    { CHAT_ROLE_MODERATOR, { CHAT_ROLE_MEMBER, CHAT_ROLE_MODERATOR } },
};
static const struct change_row OWNER_CHANGES[] = {
    { CHAT_ROLE_NONE,
      { CHAT_ROLE_BANNED, CHAT_ROLE_MEMBER, CHAT_ROLE_MODERATOR, CHAT_ROLE_OWNER } },
    { CHAT_ROLE_BANNED,
      { CHAT_ROLE_NONE, CHAT_ROLE_MEMBER, CHAT_ROLE_MODERATOR, CHAT_ROLE_BANNED } },
    { CHAT_ROLE_MEMBER,
      { CHAT_ROLE_NONE, CHAT_ROLE_BANNED, CHAT_ROLE_MODERATOR, CHAT_ROLE_OWNER } },
    { CHAT_ROLE_MODERATOR,
      { CHAT_ROLE_NONE, CHAT_ROLE_BANNED, CHAT_ROLE_MEMBER, CHAT_ROLE_OWNER } },
    { CHAT_ROLE_OWNER,
      { CHAT_ROLE_NONE, CHAT_ROLE_MEMBER, CHAT_ROLE_MODERATOR, CHAT_ROLE_OWNER } },
};
/* Spec 1.5: (0 to 1), (1 to 0), (2, 3, 4 to 0 or 1). */
static const struct change_row ENFORCER_CHANGES[] = {
    { CHAT_ROLE_NONE, { CHAT_ROLE_BANNED, CHAT_ROLE_NONE } },
    { CHAT_ROLE_BANNED, { CHAT_ROLE_NONE, CHAT_ROLE_BANNED } },
    { CHAT_ROLE_MEMBER, { CHAT_ROLE_NONE, CHAT_ROLE_BANNED, CHAT_ROLE_MEMBER } },
    { CHAT_ROLE_MODERATOR, { CHAT_ROLE_NONE, CHAT_ROLE_BANNED, CHAT_ROLE_MODERATOR } },
    { CHAT_ROLE_OWNER, { CHAT_ROLE_NONE, CHAT_ROLE_BANNED, CHAT_ROLE_OWNER } },
};

struct role_row {
    uint32_t role_index;
    const uint16_t *capabilities;
    size_t capability_count;
    const struct change_row *changes;
    size_t change_count;
};
#define ROLE(INDEX_, CAPABILITIES_, CHANGES_)                                                      \
    { INDEX_, CAPABILITIES_, COUNT(CAPABILITIES_), CHANGES_, COUNT(CHANGES_) }
#define ROLE_FIXED(INDEX_, CAPABILITIES_)                                                          \
    { INDEX_, CAPABILITIES_, COUNT(CAPABILITIES_), NULL, 0 }
#define ROLE_BANNED { CHAT_ROLE_BANNED, NULL, 0, NULL, 0 }
#define ROLE_ENFORCER ROLE(CHAT_ROLE_POLICY_ENFORCER, ENFORCER_CAPABILITIES, ENFORCER_CHANGES)

/* Both users may add each other's devices; the list itself is fixed. */
static const struct role_row DM_ROLES[] = {
    ROLE_FIXED(CHAT_ROLE_MEMBER, INVITER_CAPABILITIES),
    { CHAT_ROLE_POLICY_ENFORCER, NULL, 0, NULL, 0 },
};
static const struct role_row GROUP_ROLES[] = {
    ROLE_BANNED,
    ROLE(CHAT_ROLE_MEMBER, INVITER_CAPABILITIES, INVITER_CHANGES),
    ROLE(CHAT_ROLE_MODERATOR, MODERATOR_CAPABILITIES, MODERATOR_CHANGES),
    ROLE(CHAT_ROLE_OWNER, MODERATOR_CAPABILITIES, OWNER_CHANGES),
    ROLE_ENFORCER,
};
static const struct role_row CHANNEL_ROLES[] = {
    ROLE_BANNED,
    ROLE_FIXED(CHAT_ROLE_MEMBER, READER_CAPABILITIES),
    ROLE(CHAT_ROLE_MODERATOR, MODERATOR_CAPABILITIES, MODERATOR_CHANGES),
    ROLE(CHAT_ROLE_OWNER, MODERATOR_CAPABILITIES, OWNER_CHANGES),
    ROLE_ENFORCER,
};
/* Desk, notice and observatory: members take part, moderators and owners decide who does. */
static const struct role_row CLOSED_ROLES[] = {
    ROLE_BANNED,
    ROLE_FIXED(CHAT_ROLE_MEMBER, MEMBER_CAPABILITIES),
    ROLE(CHAT_ROLE_MODERATOR, MODERATOR_CAPABILITIES, MODERATOR_CHANGES),
    ROLE(CHAT_ROLE_OWNER, MODERATOR_CAPABILITIES, OWNER_CHANGES),
    ROLE_ENFORCER,
};

static const struct {
    uint8_t room_kind;
    const struct role_row *roles;
    size_t role_count;
} KIND_ROWS[] = {
    { CHAT_ROOM_DM, DM_ROLES, COUNT(DM_ROLES) },
    { CHAT_ROOM_GROUP, GROUP_ROLES, COUNT(GROUP_ROLES) },
    { CHAT_ROOM_CHANNEL, CHANNEL_ROLES, COUNT(CHANNEL_ROLES) },
    { CHAT_ROOM_DESK, CLOSED_ROLES, COUNT(CLOSED_ROLES) },
    { CHAT_ROOM_NOTICE, CLOSED_ROLES, COUNT(CLOSED_ROLES) },
    { CHAT_ROOM_OBSERVATORY, CLOSED_ROLES, COUNT(CLOSED_ROLES) },
};

const char *chat_policy_role_name(uint32_t role_index)
{
    static const char *const NAMES[] = { "none",  "banned", "member", "moderator",
                                         "owner", "policy_enforcer" };
    return role_index < COUNT(NAMES) ? NAMES[role_index] : NULL;
}

static tb_status build_changes(const struct role_row *row, struct tb_arena *arena,
                               struct chat_role *out)
{
    out->authorized_role_changes.at =
        tb_arena_take(arena, row->change_count, sizeof *out->authorized_role_changes.at);
    if (out->authorized_role_changes.at == NULL) return TB_STATUS(TB_NO_SPACE);
    out->authorized_role_changes.count = row->change_count;
    for (size_t i = 0; i < row->change_count; i++) {
        struct chat_role_change_targets *targets = &out->authorized_role_changes.at[i];
        targets->from_role_index = row->changes[i].from;
        targets->target_role_indexes.at =
            tb_arena_take(arena, TARGET_COUNT_MAX, sizeof *targets->target_role_indexes.at);
        if (targets->target_role_indexes.at == NULL) return TB_STATUS(TB_NO_SPACE);
        while (targets->target_role_indexes.count < TARGET_COUNT_MAX) {
            uint32_t to = row->changes[i].to[targets->target_role_indexes.count];
            if (to == row->changes[i].from) break;
            targets->target_role_indexes.at[targets->target_role_indexes.count++].value = to;
        }
    }
    return TB_STATUS(TB_OK);
}

static tb_status build_role(const struct role_row *row, struct tb_arena *arena,
                            struct chat_role *out)
{
    *out = (struct chat_role){ .role_index = row->role_index,
                               .role_name = tb_bytes_text(chat_policy_role_name(row->role_index)) };
    out->role_capabilities.at =
        tb_arena_take(arena, row->capability_count, sizeof *out->role_capabilities.at);
    if (out->role_capabilities.at == NULL) return TB_STATUS(TB_NO_SPACE);
    out->role_capabilities.count = row->capability_count;
    for (size_t i = 0; i < row->capability_count; i++) {
        out->role_capabilities.at[i].value = row->capabilities[i];
    }
    if (row->role_index == CHAT_ROLE_POLICY_ENFORCER || row->role_index == CHAT_ROLE_BANNED) {
        /* Neither the hub nor a banned user is ever a member of the group. */
        struct wire_u32 *none = tb_arena_take(arena, 1, sizeof *none);
        if (none == NULL) return TB_STATUS(TB_NO_SPACE);
        out->maximum_active_participants_constraint = none;
    }
    return build_changes(row, arena, out);
}

tb_status chat_policy_roles(uint8_t room_kind, struct tb_arena *arena, struct chat_role_data *out)
{
    struct chat_role_data data = { .roles = { NULL, 0 } };

    for (size_t k = 0; k < COUNT(KIND_ROWS); k++) {
        if (KIND_ROWS[k].room_kind != room_kind) continue;
        data.roles.at = tb_arena_take(arena, KIND_ROWS[k].role_count, sizeof *data.roles.at);
        if (data.roles.at == NULL) return TB_STATUS(TB_NO_SPACE);
        data.roles.count = KIND_ROWS[k].role_count;
        for (size_t i = 0; i < data.roles.count; i++) {
            TRY(build_role(&KIND_ROWS[k].roles[i], arena, &data.roles.at[i]));
        }
        *out = data;
        return TB_STATUS(TB_OK);
    }
    return TB_STATUS(CHAT_POLICY_UNKNOWN);
}
