#include "chat/app_data.h"

#include <string.h>

#include "chat/status.h"
#include "chat/structs.h"
#include "mls/codepoints.h"

/* Role changes: indices of the list before the update. */
static tb_status chat_app_data_change(const struct chat_participant_update *update,
                                      struct chat_user_role_pair *list, bool *is_touched,
                                      size_t count)
{
    for (size_t i = 0; i < update->changed_role_participants.count; i++) {
        struct chat_userindex_role_pair change = update->changed_role_participants.at[i];
        if (change.user_index >= count) return TB_STATUS(CHAT_PARTICIPANT_INDEX);
        if (is_touched[change.user_index]) return TB_STATUS(CHAT_PARTICIPANT_TWICE);
        is_touched[change.user_index] = true;
        list[change.user_index].role_index = change.role_index;
    }
    for (size_t i = 0; i < update->removed_indices.count; i++) {
        uint32_t index = update->removed_indices.at[i].value;
        if (index >= count) return TB_STATUS(CHAT_PARTICIPANT_INDEX);
        if (is_touched[index]) return TB_STATUS(CHAT_PARTICIPANT_TWICE);
        is_touched[index] = true;
        list[index].user = (tb_bytes){ 0 }; /* a listed user is never empty: marks the hole */
    }
    return TB_STATUS(TB_OK);
}

static tb_status chat_app_data_append(const struct chat_participant_update *update,
                                      struct chat_user_role_pair *list, size_t *count)
{
    size_t kept = 0;
    for (size_t i = 0; i < *count; i++) {
        if (list[i].user.len != 0) list[kept++] = list[i];
    }
    for (size_t i = 0; i < update->added_participants.count; i++) {
        struct chat_user_role_pair added = update->added_participants.at[i];
        for (size_t k = 0; k < kept; k++) {
            if (tb_bytes_equal(list[k].user, added.user)) return TB_STATUS(CHAT_PARTICIPANT_LISTED);
        }
        list[kept++] = added;
    }
    *count = kept;
    return TB_STATUS(TB_OK);
}

static tb_status chat_app_data_participants(tb_bytes old, tb_bytes encoded_update,
                                            struct tb_arena *arena, tb_bytes *out)
{
    struct chat_participant_list before;
    struct chat_participant_update update;
    TRY(wire_decode(&chat_participant_list_desc, old, arena, &before, NULL));
    TRY(wire_decode(&chat_participant_update_desc, encoded_update, arena, &update, NULL));
    size_t count = before.participants.count;
    struct chat_user_role_pair *list =
        tb_arena_take(arena, count + update.added_participants.count, sizeof *list);
    bool *is_touched = tb_arena_take(arena, count, sizeof *is_touched);
    if (list == NULL || is_touched == NULL) return TB_STATUS(TB_NO_SPACE);
    if (count != 0) memcpy(list, before.participants.at, count * sizeof *list);
    TRY(chat_app_data_change(&update, list, is_touched, count));
    TRY(chat_app_data_append(&update, list, &count));
    struct chat_participant_list after = { .participants = { list, count } };
    return wire_encode(&chat_participant_list_desc, &after, arena, out);
}

static tb_status chat_app_data_update(void *ctx, uint16_t component_id, bool is_present,
                                      tb_bytes old, const tb_bytes *updates, size_t update_count,
                                      struct tb_arena *arena, tb_bytes *out)
{
    (void)ctx;
    if (component_id != MLS_COMPONENT_PARTICIPANT_LIST) {
        *out = updates[update_count - 1];
        return TB_STATUS(TB_OK);
    }
    tb_bytes list = is_present ? old : TB_LITERAL("\0"); /* an empty list is one octet */
    for (size_t i = 0; i < update_count; i++) {
        TRY(chat_app_data_participants(list, updates[i], arena, &list));
    }
    *out = list;
    return TB_STATUS(TB_OK);
}

const struct mls_public_app_data *chat_app_data(void)
{
    static const struct mls_public_app_data app_data = { NULL, chat_app_data_update };
    return &app_data;
}
