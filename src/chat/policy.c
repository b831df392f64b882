/* Kinds and classes, what a GroupContext says, participants and roles. */
#include "chat/policy.h"

#include "chat/names.h"

/* ------------------------------------------------------------------ names */

static const char *const KIND_NAMES[] = { "dm", "group", "channel", "desk", "notice",
                                          "observatory" };
static const char *const CLASS_NAMES[] = { "private", "open", "channel" };
enum {
    KIND_COUNT = sizeof KIND_NAMES / sizeof KIND_NAMES[0],
    CLASS_COUNT = sizeof CLASS_NAMES / sizeof CLASS_NAMES[0]
};

const char *chat_policy_kind_name(uint8_t room_kind)
{
    return room_kind >= 1 && room_kind <= KIND_COUNT ? KIND_NAMES[room_kind - 1] : NULL;
}

const char *chat_policy_class_name(uint8_t room_class)
{
    return room_class >= 1 && room_class <= CLASS_COUNT ? CLASS_NAMES[room_class - 1] : NULL;
}

uint8_t chat_policy_kind_of_name(tb_bytes name)
{
    for (uint8_t i = 0; i < KIND_COUNT; i++) {
        if (tb_bytes_equal(name, tb_bytes_text(KIND_NAMES[i]))) return (uint8_t)(i + 1);
    }
    return 0;
}

uint8_t chat_policy_class_of_name(tb_bytes name)
{
    for (uint8_t i = 0; i < CLASS_COUNT; i++) {
        if (tb_bytes_equal(name, tb_bytes_text(CLASS_NAMES[i]))) return (uint8_t)(i + 1);
    }
    return 0;
}

bool chat_policy_is_kind_of_class(uint8_t room_kind, uint8_t room_class)
{
    switch (room_kind) {
    case CHAT_ROOM_DM:
    case CHAT_ROOM_DESK:
    case CHAT_ROOM_NOTICE:
        return room_class == CHAT_CLASS_PRIVATE;
    case CHAT_ROOM_GROUP:
    case CHAT_ROOM_OBSERVATORY:
        return room_class == CHAT_CLASS_PRIVATE || room_class == CHAT_CLASS_OPEN;
    case CHAT_ROOM_CHANNEL:
        return room_class >= CHAT_CLASS_PRIVATE && room_class <= CHAT_CLASS_CHANNEL;
    default:
        return false;
    }
}

bool chat_policy_is_owner_nameable(uint8_t room_kind)
{
    return room_kind == CHAT_ROOM_GROUP || room_kind == CHAT_ROOM_CHANNEL
           || room_kind == CHAT_ROOM_OBSERVATORY;
}

/* ------------------------------------------------------------------ reading a GroupContext */

static tb_status decode_extension(const struct mls_group_context *context, uint16_t type,
                                  const struct wire_desc *desc, struct tb_arena *arena, void *out,
                                  struct tb_why *why)
{
    tb_bytes data;
    if (!mls_public_extension_find(context->extensions.at, context->extensions.count, type,
                                   &data)) {
        return TB_STATUS(CHAT_POLICY_COMPONENT);
    }
    return wire_decode(desc, data, arena, out, why);
}

static tb_status decode_component(const struct mls_app_data_dictionary *dictionary, uint16_t id,
                                  const struct wire_desc *desc, struct tb_arena *arena, void *out,
                                  struct tb_why *why)
{
    for (size_t i = 0; i < dictionary->component_data.count; i++) {
        if (dictionary->component_data.at[i].component_id == id) {
            return wire_decode(desc, dictionary->component_data.at[i].data, arena, out, why);
        }
    }
    return TB_STATUS(CHAT_POLICY_COMPONENT);
}

tb_status chat_policy_decode(tb_bytes group_context, struct tb_arena *arena,
                             struct chat_policy_room *out, struct tb_why *why)
{
    struct chat_policy_room *room = tb_arena_take(arena, 1, sizeof *room);
    if (room == NULL) return TB_STATUS(TB_NO_SPACE);
    const struct {
        uint16_t id;
        const struct wire_desc *desc;
        void *out;
    } components[] = {
        { MLS_COMPONENT_FRANKING_SIGNATURE_KEY, &chat_franking_agent_desc, &room->agent },
        { MLS_COMPONENT_PARTICIPANT_LIST, &chat_participant_list_desc, &room->participants },
        { MLS_COMPONENT_ROOM_METADATA, &chat_room_metadata_desc, &room->metadata },
        { MLS_COMPONENT_MLS_OPERATIONAL_POLICY, &chat_operational_policy_desc,
          &room->operational },
        { MLS_COMPONENT_ROLES_LIST, &chat_role_data_desc, &room->roles },
        { MLS_COMPONENT_BASE_ROOM_POLICY, &chat_base_policy_desc, &room->base },
        { MLS_COMPONENT_MESSAGE_EXPIRATION_POLICY, &chat_expiration_policy_desc,
          &room->expiration },
        { MLS_COMPONENT_TIMBRE_FRANK_POLICY, &chat_frank_policy_desc, &room->frank },
        { MLS_COMPONENT_TIMBRE_ROOM_RULES, &chat_room_rules_desc, &room->rules },
    };

    TRY(wire_decode(&mls_group_context_desc, group_context, arena, &room->context, why));
    TRY(decode_extension(&room->context, MLS_EXTENSION_REQUIRED_CAPABILITIES,
                         &mls_required_capabilities_desc, arena, &room->required, why));
    TRY(decode_extension(&room->context, MLS_EXTENSION_EXTERNAL_SENDERS,
                         &mls_external_senders_desc, arena, &room->external_senders, why));
    TRY(decode_extension(&room->context, MLS_EXTENSION_APP_DATA_DICTIONARY,
                         &mls_app_data_dictionary_desc, arena, &room->dictionary, why));
    for (size_t i = 0; i < sizeof components / sizeof components[0]; i++) {
        TRY(decode_component(&room->dictionary, components[i].id, components[i].desc, arena,
                             components[i].out, why));
    }
    *out = *room;
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ participants and roles */

size_t chat_policy_find(const struct chat_participant_list *list, tb_bytes user)
{
    for (size_t i = 0; i < list->participants.count; i++) {
        if (tb_bytes_equal(list->participants.at[i].user, user)) return i;
    }
    return SIZE_MAX;
}

uint32_t chat_policy_role_of(const struct chat_participant_list *list, tb_bytes user)
{
    size_t index = chat_policy_find(list, user);
    return index == SIZE_MAX ? CHAT_ROLE_NONE : list->participants.at[index].role_index;
}

static const struct chat_role *role_find(const struct chat_role_data *roles, uint32_t role_index)
{
    for (size_t i = 0; i < roles->roles.count; i++) {
        if (roles->roles.at[i].role_index == role_index) return &roles->roles.at[i];
    }
    return NULL;
}

bool chat_policy_can(const struct chat_role_data *roles, uint32_t role_index, uint16_t capability)
{
    const struct chat_role *role = role_find(roles, role_index);
    if (role == NULL) return false;
    for (size_t i = 0; i < role->role_capabilities.count; i++) {
        if (role->role_capabilities.at[i].value == capability) return true;
    }
    return false;
}

bool chat_policy_user_can(const struct chat_policy_room *room, tb_bytes user, uint16_t capability)
{
    return chat_policy_can(&room->roles, chat_policy_role_of(&room->participants, user),
                           capability);
}

bool chat_policy_may_change(const struct chat_role_data *roles, uint32_t by_role,
                            uint32_t from_role, uint32_t to_role)
{
    const struct chat_role *role = role_find(roles, by_role);
    if (role == NULL) return false;
    for (size_t i = 0; i < role->authorized_role_changes.count; i++) {
        const struct chat_role_change_targets *targets = &role->authorized_role_changes.at[i];
        if (targets->from_role_index != from_role) continue;
        for (size_t j = 0; j < targets->target_role_indexes.count; j++) {
            if (targets->target_role_indexes.at[j].value == to_role) return true;
        }
    }
    return false;
}

/* A role that a participant may have. */
static bool is_role(const struct chat_role_data *roles, uint32_t role_index)
{
    if (role_index == CHAT_ROLE_NONE || role_index == CHAT_ROLE_POLICY_ENFORCER) return false;
    return roles == NULL || role_find(roles, role_index) != NULL;
}

static tb_status apply_changes(const struct chat_role_data *roles,
                               const struct chat_participant_update *update, uint8_t *touched,
                               struct chat_user_role_pair *list, size_t count)
{
    for (size_t i = 0; i < update->changed_role_participants.count; i++) {
        const struct chat_userindex_role_pair *pair = &update->changed_role_participants.at[i];
        if (pair->user_index >= count) return TB_STATUS(CHAT_PARTICIPANT_INDEX);
        if (touched[pair->user_index] != 0) return TB_STATUS(CHAT_PARTICIPANT_TWICE);
        if (!is_role(roles, pair->role_index)) return TB_STATUS(CHAT_PARTICIPANT_ROLE);
        touched[pair->user_index] = 1;
        list[pair->user_index].role_index = pair->role_index;
    }
    for (size_t i = 0; i < update->removed_indices.count; i++) {
        uint32_t index = update->removed_indices.at[i].value;
        if (index >= count) return TB_STATUS(CHAT_PARTICIPANT_INDEX);
        if (touched[index] != 0) return TB_STATUS(CHAT_PARTICIPANT_TWICE);
        touched[index] = 1;
        list[index].user.len = 0; /* no participant has an empty URI */
    }
    return TB_STATUS(TB_OK);
}

static bool is_user_uri(tb_bytes uri)
{
    struct wire_uri parts;
    return tb_is_ok(wire_uri_parse(uri, &parts)) && parts.kind == WIRE_URI_USER;
}

tb_status chat_policy_apply(const struct chat_role_data *roles,
                            const struct chat_participant_list *list,
                            const struct chat_participant_update *update, struct tb_arena *arena,
                            struct chat_participant_list *out)
{
    size_t count = list->participants.count, kept = 0, added = update->added_participants.count;

    if (count > CHAT_PARTICIPANT_COUNT_MAX || added > CHAT_PARTICIPANT_COUNT_MAX) {
        return TB_STATUS(CHAT_POLICY_LIMIT);
    }
    struct chat_user_role_pair *next = tb_arena_take(arena, count + added, sizeof *next);
    uint8_t *touched = tb_arena_take(arena, count, 1);
    if (next == NULL || touched == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < count; i++) next[i] = list->participants.at[i];
    TRY(apply_changes(roles, update, touched, next, count));
    for (size_t i = 0; i < count; i++) {
        if (next[i].user.len != 0) next[kept++] = next[i];
    }
    struct chat_participant_list result = { .participants = { next, kept } };
    for (size_t i = 0; i < added; i++) {
        const struct chat_user_role_pair *pair = &update->added_participants.at[i];
        if (!is_user_uri(pair->user)) return TB_STATUS(CHAT_PARTICIPANT_URI);
        if (!is_role(roles, pair->role_index)) return TB_STATUS(CHAT_PARTICIPANT_ROLE);
        /* Also one that this update removes: a user is touched once. */
        if (chat_policy_find(list, pair->user) != SIZE_MAX
            || chat_policy_find(&result, pair->user) != SIZE_MAX) {
            return TB_STATUS(CHAT_PARTICIPANT_LISTED);
        }
        next[result.participants.count++] = *pair;
    }
    if (result.participants.count > CHAT_PARTICIPANT_COUNT_MAX) {
        return TB_STATUS(CHAT_POLICY_LIMIT);
    }
    *out = result;
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ proposals to make */

static tb_status component_proposal(uint16_t component_id, const struct wire_desc *desc,
                                    const void *value, struct tb_arena *arena,
                                    struct mls_proposal *out)
{
    struct mls_app_data_update *app = tb_arena_take(arena, 1, sizeof *app);
    struct wire_opaque *octets = tb_arena_take(arena, 1, sizeof *octets);
    if (app == NULL || octets == NULL) return TB_STATUS(TB_NO_SPACE);
    TRY(wire_encode(desc, value, arena, &octets->value));
    app->component_id = component_id;
    app->op = MLS_APP_DATA_UPDATE;
    app->of.update = octets;
    *out = (struct mls_proposal){ .proposal_type = MLS_PROPOSAL_APP_DATA_UPDATE };
    out->of.app_data_update = app;
    return TB_STATUS(TB_OK);
}

tb_status chat_policy_update_proposal(const struct chat_participant_update *update,
                                      struct tb_arena *arena, struct mls_proposal *out)
{
    return component_proposal(MLS_COMPONENT_PARTICIPANT_LIST, &chat_participant_update_desc,
                              update, arena, out);
}

tb_status chat_policy_agent_proposal(tb_bytes agent_key, tb_bytes provider_uri,
                                     struct tb_arena *arena, struct mls_proposal *out)
{
    const struct chat_franking_agent agent = { agent_key, MLS_CREDENTIAL_BASIC, provider_uri };
    return component_proposal(MLS_COMPONENT_FRANKING_SIGNATURE_KEY, &chat_franking_agent_desc,
                              &agent, arena, out);
}

tb_status chat_policy_role_proposal(uint32_t user_index, uint32_t role_index,
                                    struct tb_arena *arena, struct mls_proposal *out)
{
    struct chat_userindex_role_pair pair = { user_index, role_index };
    const struct chat_participant_update update = { .changed_role_participants = { &pair, 1 } };
    return chat_policy_update_proposal(&update, arena, out);
}
