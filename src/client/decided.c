/* Which decision of the desk is behind a change of the list of participants. */
#include "client/desk.h"

#include "chat/safe_aad.h"

static bool client_is_at(const struct chat_policy_room *room, size_t index, tb_bytes user)
{
    return index < room->participants.participants.count
           && tb_bytes_equal(room->participants.participants.at[index].user, user);
}

/* Does the update change this user's role, or take the user off the list? */
static bool client_update_names(const struct chat_policy_room *before,
                                const struct chat_participant_update *update, tb_bytes user)
{
    for (size_t i = 0; i < update->changed_role_participants.count; i++) {
        uint32_t index = update->changed_role_participants.at[i].user_index;
        if (client_is_at(before, index, user)) return true;
    }
    for (size_t i = 0; i < update->removed_indices.count; i++) {
        if (client_is_at(before, update->removed_indices.at[i].value, user)) return true;
    }
    return false;
}

tb_status client_decision_of(struct client_turn *turn, struct mls_group *group,
                             const struct chat_policy_room *before, tb_bytes user, uint64_t *number)
{
    *number = 0;
    for (size_t i = 0; i < mls_group_pending_proposal_count(group); i++) {
        struct mls_staged_proposal pending;
        struct chat_moderation_ref ref;
        struct chat_participant_update update;
        if (!mls_group_pending_proposal(group, i, &pending)) continue;
        if (pending.sender_type != MLS_SENDER_EXTERNAL) continue;
        if (pending.proposal->proposal_type != MLS_PROPOSAL_APP_DATA_UPDATE) continue;
        const struct mls_app_data_update *app = pending.proposal->of.app_data_update;
        if (app->component_id != MLS_COMPONENT_PARTICIPANT_LIST || app->op != MLS_APP_DATA_UPDATE) {
            continue;
        }
        if (!tb_is_ok(chat_safe_aad_moderation(pending.authenticated_data, &turn->arena, &ref))) {
            continue;
        }
        tb_bytes value = app->of.update->value;
        tb_status status =
            wire_decode(&chat_participant_update_desc, value, &turn->arena, &update, NULL);
        if (client_status_is_fatal(status)) return status;
        if (!tb_is_ok(status)) continue;
        if (client_update_names(before, &update, user)) *number = ref.number;
    }
    return TB_STATUS(TB_OK);
}
