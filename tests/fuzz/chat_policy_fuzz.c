/*
 * GroupContexts: what reads as a room is judged without harm, its participants take the update that
 * stands behind it in the input, and a room that is accepted obeys the limits.
 *
 * Input: uint32 length of a GroupContext, the GroupContext, a ParticipantListUpdate.
 * covers: chat_policy_decode chat_policy_check_room chat_policy_apply chat_policy_role_of
 */
#include "chat/policy.h"

#include "tests/fuzz/fuzz.h"

static void apply(const struct chat_policy_room *room, tb_bytes octets, struct tb_arena *arena)
{
    struct chat_participant_update update;
    struct chat_participant_list list;

    if (!tb_is_ok(wire_decode(&chat_participant_update_desc, octets, arena, &update, NULL))) return;
    if (!tb_is_ok(chat_policy_apply(&room->roles, &room->participants, &update, arena, &list))) {
        return;
    }
    size_t count = room->participants.participants.count;
    FUZZ_REQUIRE(update.removed_indices.count <= count);
    FUZZ_REQUIRE(list.participants.count
                 == count - update.removed_indices.count + update.added_participants.count);
    FUZZ_REQUIRE(list.participants.count <= CHAT_PARTICIPANT_COUNT_MAX);
    for (size_t i = 0; i < update.added_participants.count; i++) {
        const struct chat_user_role_pair *pair = &update.added_participants.at[i];
        FUZZ_REQUIRE(chat_policy_role_of(&list, pair->user) == pair->role_index);
    }
}

FUZZ_TARGET(input, arena)
{
    struct chat_policy_room room;
    if (input.len < 4) return;
    size_t len = tb_get_u32(input.data);
    if (len > input.len - 4) return;
    tb_bytes context = { input.data + 4, len };
    tb_bytes rest = { context.data + len, input.len - 4 - len };
    if (!tb_is_ok(chat_policy_decode(context, arena, &room, NULL))) return;
    apply(&room, rest, arena);

    /* The hub that this room itself names: everything but its own word is judged. */
    bool has_sender = room.external_senders.external_senders.count != 0;
    bool has_recipient = room.frank.recipients.count != 0;
    const tb_bytes agents[] = { room.agent.franking_signature_key };
    const struct chat_policy_hub hub = {
        .domain = TB_LITERAL("hub.example"),
        .external_sender_key = has_sender
                                   ? room.external_senders.external_senders.at[0].signature_key
                                   : (tb_bytes){ NULL, 0 },
        .agent_keys = agents,
        .agent_count = 1,
        .desk_uri = has_recipient ? room.frank.recipients.at[0].uri : (tb_bytes){ NULL, 0 },
        .desk_verify_key =
            has_recipient ? room.frank.recipients.at[0].verify_key : (tb_bytes){ NULL, 0 },
    };
    if (!tb_is_ok(chat_policy_check_room(&room, &hub, NULL, 0, arena))) return;
    FUZZ_REQUIRE(chat_policy_is_kind_of_class(room.base.room_kind, room.base.room_class));
    FUZZ_REQUIRE(room.participants.participants.count <= room.base.max_users);
    FUZZ_REQUIRE(room.external_senders.external_senders.count == 1);
}
