/* AppDataUpdate for the components of a room; the list of participants is chat/policy's. */
#include "chat/app_data.h"

#include "chat/policy.h"

static tb_status update_participants(tb_bytes old, const tb_bytes *updates, size_t update_count,
                                     struct tb_arena *arena, tb_bytes *out)
{
    struct chat_participant_list list;
    TRY(wire_decode(&chat_participant_list_desc, old, arena, &list, NULL));
    for (size_t i = 0; i < update_count; i++) {
        struct chat_participant_update update;
        TRY(wire_decode(&chat_participant_update_desc, updates[i], arena, &update, NULL));
        TRY(chat_policy_apply(NULL, &list, &update, arena, &list));
    }
    return wire_encode(&chat_participant_list_desc, &list, arena, out);
}

static tb_status update_component(void *ctx, uint16_t component_id, bool is_present, tb_bytes old,
                                  const tb_bytes *updates, size_t update_count,
                                  struct tb_arena *arena, tb_bytes *out)
{
    (void)ctx;
    if (component_id == MLS_COMPONENT_PARTICIPANT_LIST) {
        /* The empty list is one octet. */
        return update_participants(is_present ? old : TB_LITERAL("\0"), updates, update_count,
                                   arena, out);
    }
    *out = updates[update_count - 1];
    return TB_STATUS(TB_OK);
}

const struct mls_public_app_data *chat_app_data(void)
{
    static const struct mls_public_app_data APP_DATA = { NULL, update_component };
    return &APP_DATA;
}
