/* The GroupContext of a room: made for a new one, checked for one that is offered. */
#include "chat/policy.h"

#include "chat/content.h"
#include "chat/names.h"
#include "chat/room_rules.h"

enum {
    PENDING_RANDOM_DELAY = 2, /* PendingProposalStrategy of room-policy-03 */
    PENDING_DELAY_MS_MAX = 2000,
    PADDING_SIZE = 64,
    GENERATION_SKIP_MAX = 1024,
    EXPIRATION_OPTIONAL = 1,
    EXPIRATION_S_MIN = 60,
    EXPIRATION_S_MAX = 31536000,
    DM_USER_COUNT = 2,
    EXTENSION_COUNT = 3
};

#define COUNT(ARRAY_) (sizeof(ARRAY_) / sizeof(ARRAY_)[0])

/* Components that a room may use, ascending: in the dictionary, in Safe AAD, or in proposals. */
static const uint16_t ROOM_COMPONENTS[] = {
    MLS_COMPONENT_SAFE_AAD,
    MLS_COMPONENT_CONTENT_MEDIA_TYPES,
    MLS_COMPONENT_FRANK_AAD,
    MLS_COMPONENT_FRANKING_SIGNATURE_KEY,
    MLS_COMPONENT_PARTICIPANT_LIST,
    MLS_COMPONENT_ROOM_METADATA,
    MLS_COMPONENT_MLS_OPERATIONAL_POLICY,
    MLS_COMPONENT_ROLES_LIST,
    MLS_COMPONENT_BASE_ROOM_POLICY,
    MLS_COMPONENT_MESSAGE_EXPIRATION_POLICY,
    MLS_COMPONENT_HUB_RETRACTED_MESSAGES,
    MLS_COMPONENT_HUB_RETRACTED_RANGE,
    MLS_COMPONENT_TIMBRE_FRANK_POLICY,
    MLS_COMPONENT_TIMBRE_MODERATION_REF,
    MLS_COMPONENT_TIMBRE_AGENT_TRANSITION,
    MLS_COMPONENT_TIMBRE_ROOM_RULES,
    MLS_COMPONENT_TIMBRE_INVITE_USE,
};
static const uint16_t SAFE_AAD_COMPONENTS[] = {
    MLS_COMPONENT_FRANK_AAD,
    MLS_COMPONENT_TIMBRE_MODERATION_REF,
    MLS_COMPONENT_TIMBRE_AGENT_TRANSITION,
    MLS_COMPONENT_TIMBRE_INVITE_USE,
};
/* Of the dictionary, ascending: a room has these and no others. */
static const uint16_t DICTIONARY_COMPONENTS[] = {
    MLS_COMPONENT_APP_COMPONENTS,
    MLS_COMPONENT_SAFE_AAD,
    MLS_COMPONENT_CONTENT_MEDIA_TYPES,
    MLS_COMPONENT_FRANKING_SIGNATURE_KEY,
    MLS_COMPONENT_PARTICIPANT_LIST,
    MLS_COMPONENT_ROOM_METADATA,
    MLS_COMPONENT_MLS_OPERATIONAL_POLICY,
    MLS_COMPONENT_ROLES_LIST,
    MLS_COMPONENT_BASE_ROOM_POLICY,
    MLS_COMPONENT_MESSAGE_EXPIRATION_POLICY,
    MLS_COMPONENT_TIMBRE_FRANK_POLICY,
    MLS_COMPONENT_TIMBRE_ROOM_RULES,
};
static const uint16_t REQUIRED_EXTENSIONS[] = { MLS_EXTENSION_APP_DATA_DICTIONARY };
static const uint16_t REQUIRED_PROPOSALS[] = {
    MLS_PROPOSAL_APP_DATA_UPDATE,
    MLS_PROPOSAL_APP_EPHEMERAL,
    MLS_PROPOSAL_SELF_REMOVE,
};
static const uint16_t REQUIRED_CREDENTIALS[] = { MLS_CREDENTIAL_BASIC };

/* ------------------------------------------------------------------ building */

static tb_status numbers(const uint16_t *values, size_t count, struct tb_arena *arena,
                         struct wire_u16 **out)
{
    *out = tb_arena_take(arena, count, sizeof **out);
    if (*out == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < count; i++) (*out)[i].value = values[i];
    return TB_STATUS(TB_OK);
}

static tb_status components_list(const uint16_t *ids, size_t count, struct tb_arena *arena,
                                 tb_bytes *out)
{
    struct mls_components_list list = { .component_ids = { NULL, count } };
    TRY(numbers(ids, count, arena, &list.component_ids.at));
    return wire_encode(&mls_components_list_desc, &list, arena, out);
}

static tb_status media_types(struct tb_arena *arena, tb_bytes *out)
{
    struct mls_media_type types[] = {
        { .type = TB_LITERAL(CHAT_MEDIA_TYPE_CONTENT) },
        { .type = TB_LITERAL(CHAT_MEDIA_TYPE_STATUS) },
    };
    const struct mls_media_type_list list = { .media_type_list = { types, COUNT(types) } };
    return wire_encode(&mls_media_type_list_desc, &list, arena, out);
}

static tb_status required_capabilities(struct tb_arena *arena, tb_bytes *out)
{
    struct mls_required_capabilities required = {
        .extension_types = { NULL, COUNT(REQUIRED_EXTENSIONS) },
        .proposal_types = { NULL, COUNT(REQUIRED_PROPOSALS) },
        .credential_types = { NULL, COUNT(REQUIRED_CREDENTIALS) },
    };
    TRY(numbers(REQUIRED_EXTENSIONS, COUNT(REQUIRED_EXTENSIONS), arena,
                &required.extension_types.at));
    TRY(numbers(REQUIRED_PROPOSALS, COUNT(REQUIRED_PROPOSALS), arena,
                &required.proposal_types.at));
    TRY(numbers(REQUIRED_CREDENTIALS, COUNT(REQUIRED_CREDENTIALS), arena,
                &required.credential_types.at));
    return wire_encode(&mls_required_capabilities_desc, &required, arena, out);
}

static tb_status external_senders(const struct chat_policy_hub *hub, tb_bytes provider,
                                  struct tb_arena *arena, tb_bytes *out)
{
    struct wire_opaque identity = { provider };
    struct mls_external_sender sender = {
        .signature_key = hub->external_sender_key,
        .credential = { .credential_type = MLS_CREDENTIAL_BASIC },
    };
    sender.credential.of.identity = &identity;
    const struct mls_external_senders senders = { .external_senders = { &sender, 1 } };
    return wire_encode(&mls_external_senders_desc, &senders, arena, out);
}

/* The values of the policy components of a room. */
struct policy_values {
    struct chat_franking_agent agent;
    struct chat_participant_list participants;
    struct chat_room_metadata metadata;
    struct chat_operational_policy operational;
    struct chat_role_data roles;
    struct chat_base_policy base;
    struct chat_expiration_policy expiration;
    struct chat_report_recipient recipient;
    struct chat_frank_policy frank;
    struct chat_room_rules rules; /* none yet */
};

static struct chat_base_policy base_policy(uint8_t room_kind, uint8_t room_class)
{
    return (struct chat_base_policy){
        .room_kind = room_kind,
        .room_class = room_class,
        .fixed_membership = room_kind == CHAT_ROOM_DM,
        .multi_device = 1,
        .max_clients = CHAT_MEMBER_COUNT_MAX,
        .max_users = room_kind == CHAT_ROOM_DM ? DM_USER_COUNT : CHAT_PARTICIPANT_COUNT_MAX,
        .discoverable = 0,
    };
}

static void fill_values(const struct chat_policy_new *room, tb_bytes provider,
                        struct policy_values *out)
{
    const struct chat_policy_hub *hub = room->hub;
    bool is_own_recipient = room->desk_verify_key.len != 0;

    out->agent = (struct chat_franking_agent){ hub->agent_keys[hub->agent_count - 1],
                                               MLS_CREDENTIAL_BASIC, provider };
    out->participants.participants.at = room->participants;
    out->participants.participants.count = room->participant_count;
    out->metadata =
        (struct chat_room_metadata){ .room_uri = room->room_uri, .room_name = room->room_name };
    out->operational = (struct chat_operational_policy){
        .external_proposal_allowed = 1,
        .external_commit_allowed = 0,
        .pending_proposal_strategy = PENDING_RANDOM_DELAY,
        .pending_delay_ms_max = PENDING_DELAY_MS_MAX,
        .padding_size = PADDING_SIZE,
        .generation_skip_max = GENERATION_SKIP_MAX,
    };
    out->base = base_policy(room->room_kind, room->room_class);
    out->expiration = (struct chat_expiration_policy){ EXPIRATION_OPTIONAL, EXPIRATION_S_MIN,
                                                       EXPIRATION_S_MAX, 0 };
    out->recipient = (struct chat_report_recipient){
        CHAT_RECIPIENT_DESK, is_own_recipient ? room->room_uri : hub->desk_uri,
        is_own_recipient ? room->desk_verify_key : hub->desk_verify_key
    };
    out->frank = (struct chat_frank_policy){
        .profile = CHAT_PROFILE_T,
        .frank_required = 1,
        .report_window_s = CHAT_REPORT_WINDOW_S,
        .context_before = CHAT_CONTEXT_BEFORE,
        .context_after = CHAT_CONTEXT_AFTER,
        .max_clock_skew_s = CHAT_CLOCK_SKEW_S_MAX,
        .recipients = { &out->recipient, 1 },
    };
}

static tb_status dictionary(const struct policy_values *values, struct tb_arena *arena,
                            tb_bytes *out)
{
    struct mls_component_data rows[COUNT(DICTIONARY_COMPONENTS)];
    const struct {
        const struct wire_desc *desc;
        const void *value;
    } encoded[] = {
        { &chat_franking_agent_desc, &values->agent },
        { &chat_participant_list_desc, &values->participants },
        { &chat_room_metadata_desc, &values->metadata },
        { &chat_operational_policy_desc, &values->operational },
        { &chat_role_data_desc, &values->roles },
        { &chat_base_policy_desc, &values->base },
        { &chat_expiration_policy_desc, &values->expiration },
        { &chat_frank_policy_desc, &values->frank },
        { &chat_room_rules_desc, &values->rules },
    };

    for (size_t i = 0; i < COUNT(rows); i++) rows[i].component_id = DICTIONARY_COMPONENTS[i];
    TRY(components_list(ROOM_COMPONENTS, COUNT(ROOM_COMPONENTS), arena, &rows[0].data));
    TRY(components_list(SAFE_AAD_COMPONENTS, COUNT(SAFE_AAD_COMPONENTS), arena, &rows[1].data));
    TRY(media_types(arena, &rows[2].data));
    for (size_t i = 0; i < COUNT(encoded); i++) {
        TRY(wire_encode(encoded[i].desc, encoded[i].value, arena, &rows[3 + i].data));
    }
    const struct mls_app_data_dictionary all = { .component_data = { rows, COUNT(rows) } };
    return wire_encode(&mls_app_data_dictionary_desc, &all, arena, out);
}

/* ------------------------------------------------------------------ checking the parts */

static tb_status check_participants(const struct chat_role_data *roles,
                                    const struct chat_participant_list *list)
{
    size_t count = list->participants.count;

    if (count > CHAT_PARTICIPANT_COUNT_MAX) return TB_STATUS(CHAT_POLICY_LIMIT);
    for (size_t i = 0; i < count; i++) {
        const struct chat_user_role_pair *pair = &list->participants.at[i];
        bool is_known = false;
        struct wire_uri uri;
        if (!tb_is_ok(wire_uri_parse(pair->user, &uri)) || uri.kind != WIRE_URI_USER) {
            return TB_STATUS(CHAT_PARTICIPANT_URI);
        }
        for (size_t k = 0; k < roles->roles.count; k++) {
            if (roles->roles.at[k].role_index == pair->role_index) is_known = true;
        }
        if (!is_known || pair->role_index == CHAT_ROLE_POLICY_ENFORCER) {
            return TB_STATUS(CHAT_PARTICIPANT_ROLE);
        }
        const struct chat_participant_list before = { .participants = { list->participants.at,
                                                                        i } };
        if (chat_policy_find(&before, pair->user) != SIZE_MAX) {
            return TB_STATUS(CHAT_PARTICIPANT_LISTED);
        }
    }
    return TB_STATUS(TB_OK);
}

static tb_status check_dm(const struct chat_base_policy *base,
                          const struct chat_participant_list *list)
{
    if (base->room_kind != CHAT_ROOM_DM) return TB_STATUS(TB_OK);
    return TB_STATUS(list->participants.count == DM_USER_COUNT ? TB_OK : CHAT_POLICY_DM);
}

tb_status chat_policy_check_uri(tb_bytes room_uri, tb_bytes domain)
{
    struct wire_uri uri;
    bool is_good = tb_is_ok(wire_uri_parse(room_uri, &uri)) && uri.kind == WIRE_URI_ROOM
                   && tb_bytes_equal(uri.domain, domain) && room_uri.len <= CHAT_URI_LEN_MAX;
    return TB_STATUS(is_good ? TB_OK : CHAT_POLICY_ROOM_URI);
}

/* The identity of a basic credential is the hub's provider URI. */
static bool is_provider(tb_bytes identity, tb_bytes domain)
{
    struct wire_uri uri;
    return tb_is_ok(wire_uri_parse(identity, &uri)) && uri.kind == WIRE_URI_PROVIDER
           && tb_bytes_equal(uri.domain, domain);
}

static bool has_number(const struct wire_u16 *values, size_t count, uint16_t wanted)
{
    for (size_t i = 0; i < count; i++) {
        if (values[i].value == wanted) return true;
    }
    return false;
}

static tb_status check_capabilities(const struct mls_required_capabilities *required)
{
    bool is_good = true;
    for (size_t i = 0; i < COUNT(REQUIRED_EXTENSIONS); i++) {
        is_good = is_good && has_number(required->extension_types.at,
                                        required->extension_types.count, REQUIRED_EXTENSIONS[i]);
    }
    for (size_t i = 0; i < COUNT(REQUIRED_PROPOSALS); i++) {
        is_good = is_good && has_number(required->proposal_types.at,
                                        required->proposal_types.count, REQUIRED_PROPOSALS[i]);
    }
    is_good = is_good && has_number(required->credential_types.at,
                                    required->credential_types.count, MLS_CREDENTIAL_BASIC);
    return TB_STATUS(is_good ? TB_OK : CHAT_POLICY_CAPABILITIES);
}

static tb_status check_hub_keys(const struct chat_policy_room *room,
                                const struct chat_policy_hub *hub)
{
    const struct mls_external_sender *sender = room->external_senders.external_senders.at;

    if (room->external_senders.external_senders.count != 1
        || !tb_bytes_equal(sender->signature_key, hub->external_sender_key)
        || sender->credential.credential_type != MLS_CREDENTIAL_BASIC
        || !is_provider(sender->credential.of.identity->value, hub->domain)) {
        return TB_STATUS(CHAT_POLICY_EXTERNAL_SENDER);
    }
    if (room->agent.credential_type != MLS_CREDENTIAL_BASIC
        || !is_provider(room->agent.identity, hub->domain)) {
        return TB_STATUS(CHAT_POLICY_AGENT);
    }
    for (size_t i = 0; i < hub->agent_count; i++) {
        if (tb_bytes_equal(room->agent.franking_signature_key, hub->agent_keys[i])) {
            return TB_STATUS(TB_OK);
        }
    }
    return TB_STATUS(CHAT_POLICY_AGENT);
}

/* Where in the hub's record this recipient stands: the current one behind all past; SIZE_MAX: it
 * is none of them. */
static size_t recipient_place(const struct chat_policy_hub *hub,
                              const struct chat_report_recipient *recipient)
{
    if (recipient->kind != CHAT_RECIPIENT_DESK) return SIZE_MAX;
    for (size_t i = 0; i < hub->desk_past_count; i++) {
        if (tb_bytes_equal(recipient->uri, hub->desk_past[i].uri)
            && tb_bytes_equal(recipient->verify_key, hub->desk_past[i].verify_key)) {
            return i;
        }
    }
    bool is_current = hub->desk_uri.len != 0 && tb_bytes_equal(recipient->uri, hub->desk_uri)
                      && tb_bytes_equal(recipient->verify_key, hub->desk_verify_key);
    return is_current ? hub->desk_past_count : SIZE_MAX;
}

/* Reports go to the desk, or to what it was until the hub updates the room; the desk's own room
 * names itself, also before the hub knows of it. */
static tb_status check_recipient(const struct chat_policy_room *room,
                                 const struct chat_policy_hub *hub)
{
    const struct chat_report_recipient *recipient = room->frank.recipients.at;
    if (room->frank.recipients.count != 1 || recipient->kind != CHAT_RECIPIENT_DESK) {
        return TB_STATUS(CHAT_POLICY_RECIPIENT);
    }
    bool is_first_desk = room->base.room_kind == CHAT_ROOM_DESK && hub->desk_uri.len == 0
                         && tb_bytes_equal(recipient->uri, room->metadata.room_uri);
    return TB_STATUS(is_first_desk || recipient_place(hub, recipient) != SIZE_MAX
                         ? TB_OK
                         : CHAT_POLICY_RECIPIENT);
}

tb_status chat_policy_check_recipient_change(const struct chat_frank_policy *before,
                                             const struct chat_frank_policy *after,
                                             const struct chat_policy_hub *hub)
{
    struct chat_frank_policy rest = *after;
    if (wire_equal(&chat_frank_policy_desc, before, after)) return TB_STATUS(TB_OK);
    rest.recipients = before->recipients;
    if (!wire_equal(&chat_frank_policy_desc, before, &rest) || before->recipients.count != 1
        || after->recipients.count != 1) {
        return TB_STATUS(CHAT_POLICY_ROOM_CHANGED);
    }
    size_t from = recipient_place(hub, before->recipients.at);
    size_t to = recipient_place(hub, after->recipients.at);
    bool is_onward = from != SIZE_MAX && to != SIZE_MAX && from < to;
    return TB_STATUS(is_onward ? TB_OK : CHAT_POLICY_RECIPIENT);
}

tb_status chat_policy_recipient_proposal(const struct chat_frank_policy *frank,
                                         const struct chat_policy_hub *hub,
                                         struct tb_arena *arena, struct mls_proposal *out)
{
    struct chat_report_recipient desk = { CHAT_RECIPIENT_DESK, hub->desk_uri,
                                          hub->desk_verify_key };
    struct chat_frank_policy next = *frank;
    struct mls_app_data_update *app = tb_arena_take(arena, 1, sizeof *app);
    struct wire_opaque *octets = tb_arena_take(arena, 1, sizeof *octets);
    if (app == NULL || octets == NULL) return TB_STATUS(TB_NO_SPACE);
    next.recipients.at = &desk;
    next.recipients.count = 1;
    TRY(wire_encode(&chat_frank_policy_desc, &next, arena, &octets->value));
    app->component_id = MLS_COMPONENT_TIMBRE_FRANK_POLICY;
    app->op = MLS_APP_DATA_UPDATE;
    app->of.update = octets;
    *out = (struct mls_proposal){ .proposal_type = MLS_PROPOSAL_APP_DATA_UPDATE };
    out->of.app_data_update = app;
    return TB_STATUS(TB_OK);
}

static tb_status check_frank(const struct chat_frank_policy *frank)
{
    bool is_good = frank->profile == CHAT_PROFILE_T && frank->frank_required == 1
                   && frank->report_window_s != 0
                   && frank->context_before <= CHAT_WINDOW_STUB_COUNT_MAX / 2
                   && frank->context_after <= CHAT_WINDOW_STUB_COUNT_MAX / 2;
    return TB_STATUS(is_good ? TB_OK : CHAT_POLICY_FRANK);
}

/* app_components, safe_aad, content_media_types and the roles are those of this version, the
 * dictionary has the known components and no others, the context the known extensions. */
static tb_status check_known(const struct chat_policy_room *room)
{
    const struct chat_base_policy expected =
        base_policy(room->base.room_kind, room->base.room_class);

    if (!chat_policy_is_kind_of_class(room->base.room_kind, room->base.room_class)
        || !wire_equal(&chat_base_policy_desc, &room->base, &expected)
        || room->context.extensions.count != EXTENSION_COUNT
        || room->dictionary.component_data.count != COUNT(DICTIONARY_COMPONENTS)
        || room->operational.external_commit_allowed != 0
        || room->operational.epoch_tolerance != 0) {
        return TB_STATUS(CHAT_POLICY_UNKNOWN);
    }
    for (size_t i = 0; i < COUNT(DICTIONARY_COMPONENTS); i++) {
        if (room->dictionary.component_data.at[i].component_id != DICTIONARY_COMPONENTS[i]) {
            return TB_STATUS(CHAT_POLICY_UNKNOWN);
        }
    }
    return TB_STATUS(TB_OK);
}

static tb_status check_fixed_components(const struct chat_policy_room *room,
                                        struct tb_arena *arena)
{
    struct chat_role_data roles;
    tb_bytes expected[3];

    TRY(components_list(ROOM_COMPONENTS, COUNT(ROOM_COMPONENTS), arena, &expected[0]));
    TRY(components_list(SAFE_AAD_COMPONENTS, COUNT(SAFE_AAD_COMPONENTS), arena, &expected[1]));
    TRY(media_types(arena, &expected[2]));
    for (size_t i = 0; i < COUNT(expected); i++) {
        if (!tb_bytes_equal(room->dictionary.component_data.at[i].data, expected[i])) {
            return TB_STATUS(CHAT_POLICY_UNKNOWN);
        }
    }
    TRY(chat_policy_roles(room->base.room_kind, arena, &roles));
    if (!wire_equal(&chat_role_data_desc, &roles, &room->roles)) {
        return TB_STATUS(CHAT_POLICY_UNKNOWN);
    }
    return TB_STATUS(TB_OK);
}

static tb_status check_components(const struct chat_policy_room *room,
                                  const struct chat_policy_hub *hub, struct tb_arena *arena)
{
    TRY(check_known(room));
    TRY(check_fixed_components(room, arena));
    TRY(check_capabilities(&room->required));
    TRY(check_hub_keys(room, hub));
    TRY(check_recipient(room, hub));
    TRY(check_frank(&room->frank));
    TRY(chat_policy_check_uri(room->metadata.room_uri, hub->domain));
    return check_dm(&room->base, &room->participants);
}

tb_status chat_policy_check_room(const struct chat_policy_room *room,
                                 const struct chat_policy_hub *hub,
                                 const struct chat_policy_leaf *leaves, size_t leaf_count,
                                 struct tb_arena *arena)
{
    TRY(check_components(room, hub, arena));
    TRY(check_participants(&room->roles, &room->participants));
    if (leaf_count > room->base.max_clients
        || room->participants.participants.count > room->base.max_users) {
        return TB_STATUS(CHAT_POLICY_LIMIT);
    }
    for (size_t i = 0; i < leaf_count; i++) {
        tb_bytes user;
        TRY(chat_names_user_of(leaves[i].identity, arena, &user));
        if (chat_policy_role_of(&room->participants, user) < CHAT_ROLE_MEMBER) {
            return TB_STATUS(CHAT_POLICY_LEAF_STRANGER);
        }
    }
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ a new room */

tb_status chat_policy_hub_of_record(const struct chat_hub_record *record, struct tb_arena *arena,
                                    struct chat_policy_hub *out)
{
    tb_bytes *keys = tb_arena_take(arena, record->agents.count, sizeof *keys);
    size_t count = 0;
    if (keys == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < record->agents.count; i++) {
        if (record->agents.at[i].until_ms == 0) keys[count++] = record->agents.at[i].signature_key;
    }
    if (count == 0) return TB_STATUS(CHAT_FRANK_AGENT);
    *out = (struct chat_policy_hub){
        .domain = record->domain,
        .external_sender_key = record->external_sender_key,
        .agent_keys = keys,
        .agent_count = count,
        .desk_uri = record->desk_uri,
        .desk_verify_key = record->desk_verify_key,
        .desk_past = record->desk_past.at,
        .desk_past_count = record->desk_past.count,
    };
    return TB_STATUS(TB_OK);
}

static tb_status check_new(const struct chat_policy_new *room, const struct policy_values *values)
{
    if (!chat_policy_is_kind_of_class(room->room_kind, room->room_class)) {
        return TB_STATUS(CHAT_POLICY_UNKNOWN);
    }
    TRY(chat_policy_check_uri(room->room_uri, room->hub->domain));
    TRY(check_participants(&values->roles, &values->participants));
    TRY(check_dm(&values->base, &values->participants));
    if (values->recipient.uri.len == 0 || values->recipient.verify_key.len == 0) {
        return TB_STATUS(CHAT_POLICY_RECIPIENT);
    }
    return TB_STATUS(TB_OK);
}

tb_status chat_policy_extensions(const struct chat_policy_new *room, struct tb_arena *arena,
                                 struct mls_extension **extensions, size_t *count)
{
    struct policy_values values = { 0 };
    tb_bytes provider;

    if (room->hub->agent_count == 0) return TB_STATUS(CHAT_POLICY_AGENT);
    TRY(chat_policy_roles(room->room_kind, arena, &values.roles));
    TRY(chat_names_provider(room->hub->domain, arena, &provider));
    fill_values(room, provider, &values);
    TRY(check_new(room, &values));
    struct mls_extension *list = tb_arena_take(arena, EXTENSION_COUNT, sizeof *list);
    if (list == NULL) return TB_STATUS(TB_NO_SPACE);
    list[0].extension_type = MLS_EXTENSION_REQUIRED_CAPABILITIES;
    list[1].extension_type = MLS_EXTENSION_EXTERNAL_SENDERS;
    list[2].extension_type = MLS_EXTENSION_APP_DATA_DICTIONARY;
    TRY(required_capabilities(arena, &list[0].extension_data));
    TRY(external_senders(room->hub, provider, arena, &list[1].extension_data));
    TRY(dictionary(&values, arena, &list[2].extension_data));
    *extensions = list;
    *count = EXTENSION_COUNT;
    return TB_STATUS(TB_OK);
}

tb_status chat_policy_leaf_app_data(struct tb_arena *arena, tb_bytes *encoded)
{
    struct mls_component_data row = { .component_id = MLS_COMPONENT_APP_COMPONENTS };
    TRY(components_list(ROOM_COMPONENTS, COUNT(ROOM_COMPONENTS), arena, &row.data));
    const struct mls_app_data_dictionary all = { .component_data = { &row, 1 } };
    return wire_encode(&mls_app_data_dictionary_desc, &all, arena, encoded);
}
