/* What the hub, as the room's external sender, may propose (spec 3.3, "Limit the hub"). */
#include "chat/policy_part.h"

#include "chat/frank.h"
#include "chat/safe_aad.h"

tb_status chat_policy_decode_update(const struct mls_app_data_update *update,
                                    struct tb_arena *arena, struct chat_participant_update *out)
{
    if (update->op != MLS_APP_DATA_UPDATE) return TB_STATUS(CHAT_POLICY_COMPONENT_UPDATE);
    return wire_decode(&chat_participant_update_desc, update->of.update->value, arena, out, NULL);
}

/* Does the update make one participant an owner, and nothing else? */
static bool is_naming(const struct chat_participant_update *update)
{
    return update->changed_role_participants.count == 1
           && update->changed_role_participants.at[0].role_index == CHAT_ROLE_OWNER
           && update->removed_indices.count == 0 && update->added_participants.count == 0;
}

/* Amendments 4: the desk names an owner, by a decision about this room. */
static tb_status check_naming(const struct chat_policy_room *room,
                              const struct chat_policy_proposal *proposal, struct tb_arena *arena)
{
    struct chat_moderation_ref ref;
    if (!tb_is_ok(chat_safe_aad_moderation(proposal->authenticated_data, arena, &ref))
        || ref.action != CHAT_ACTION_NAME_OWNER
        || !tb_bytes_equal(ref.scope, room->metadata.room_uri)
        || !chat_policy_is_owner_nameable(room->base.room_kind)) {
        return TB_STATUS(CHAT_POLICY_HUB_PROPOSAL);
    }
    return TB_STATUS(TB_OK);
}

/* The hub may ban and remove, carry out the naming of an owner, and nothing else. */
static tb_status check_hub_list_update(const struct chat_policy_room *room,
                                       const struct chat_policy_proposal *proposal,
                                       const struct chat_participant_update *update,
                                       struct tb_arena *arena)
{
    if (room->base.fixed_membership != 0) return TB_STATUS(CHAT_POLICY_FIXED);
    if (is_naming(update)) return check_naming(room, proposal, arena);
    for (size_t i = 0; i < update->changed_role_participants.count; i++) {
        if (update->changed_role_participants.at[i].role_index != CHAT_ROLE_BANNED) {
            return TB_STATUS(CHAT_POLICY_HUB_PROPOSAL);
        }
    }
    for (size_t i = 0; i < update->added_participants.count; i++) {
        if (update->added_participants.at[i].role_index != CHAT_ROLE_BANNED) {
            return TB_STATUS(CHAT_POLICY_HUB_PROPOSAL);
        }
    }
    return TB_STATUS(TB_OK);
}

static tb_status component_of(const struct chat_policy_room *room, uint16_t id, tb_bytes *out)
{
    for (size_t i = 0; i < room->dictionary.component_data.count; i++) {
        if (room->dictionary.component_data.at[i].component_id == id) {
            *out = room->dictionary.component_data.at[i].data;
            return TB_STATUS(TB_OK);
        }
    }
    return TB_STATUS(CHAT_POLICY_COMPONENT);
}

static tb_status check_hub_rotation(const struct chat_policy_room *room,
                                    const struct crypto_suite *suite,
                                    const struct chat_policy_proposal *proposal,
                                    struct tb_arena *arena)
{
    const struct mls_app_data_update *update = proposal->proposal->of.app_data_update;
    tb_bytes old_agent, signature;

    if (update->op != MLS_APP_DATA_UPDATE) return TB_STATUS(CHAT_POLICY_HUB_PROPOSAL);
    TRY(component_of(room, MLS_COMPONENT_FRANKING_SIGNATURE_KEY, &old_agent));
    if (!tb_is_ok(chat_safe_aad_find(proposal->authenticated_data,
                                     MLS_COMPONENT_TIMBRE_AGENT_TRANSITION, &signature))) {
        return TB_STATUS(CHAT_FRANK_TRANSITION);
    }
    return chat_frank_transition_verify(suite, room->metadata.room_uri, old_agent,
                                        update->of.update->value, signature, arena);
}

tb_status chat_policy_check_hub_proposal(const struct chat_policy_room *room,
                                    const struct crypto_suite *suite,
                                    const struct chat_policy_proposal *proposal,
                                    struct tb_arena *arena)
{
    const struct mls_proposal *body = proposal->proposal;
    struct chat_participant_update update;
    uint16_t component;

    switch (body->proposal_type) {
    case MLS_PROPOSAL_REMOVE:
        return TB_STATUS(TB_OK);
    case MLS_PROPOSAL_APP_EPHEMERAL:
        component = body->of.app_ephemeral->component_id;
        return TB_STATUS(component == MLS_COMPONENT_HUB_RETRACTED_MESSAGES
                                 || component == MLS_COMPONENT_HUB_RETRACTED_RANGE
                             ? TB_OK
                             : CHAT_POLICY_HUB_PROPOSAL);
    case MLS_PROPOSAL_APP_DATA_UPDATE:
        component = body->of.app_data_update->component_id;
        if (component == MLS_COMPONENT_FRANKING_SIGNATURE_KEY) {
            return check_hub_rotation(room, suite, proposal, arena);
        }
        /* What it says is judged with the room that it leads to. */
        if (component == MLS_COMPONENT_TIMBRE_FRANK_POLICY
            && body->of.app_data_update->op == MLS_APP_DATA_UPDATE) {
            return TB_STATUS(TB_OK);
        }
        if (component != MLS_COMPONENT_PARTICIPANT_LIST) {
            return TB_STATUS(CHAT_POLICY_HUB_PROPOSAL);
        }
        TRY(chat_policy_decode_update(body->of.app_data_update, arena, &update));
        return check_hub_list_update(room, proposal, &update, arena);
    default:
        return TB_STATUS(CHAT_POLICY_HUB_PROPOSAL);
    }
}
