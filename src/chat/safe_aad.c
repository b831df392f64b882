/* Safe AAD lists: read without memory, because the hub does it for every message. */
#include "chat/safe_aad.h"

#include <string.h>

#include "mls/codepoints.h"

/* One item at the start of *rest.  False when it is cut off or its length has a wrong form. */
static bool item_take(tb_bytes *rest, uint16_t *component_id, tb_bytes *data)
{
    size_t len;
    if (rest->len < 2) return false;
    tb_bytes at = { rest->data + 2, rest->len - 2 };
    if (!tb_is_ok(wire_length_take(&at, &len)) || len > at.len) return false;
    *component_id = tb_get_u16(rest->data);
    *data = (tb_bytes){ at.data, len };
    *rest = (tb_bytes){ at.data + len, at.len - len };
    return true;
}

tb_status chat_safe_aad_find(tb_bytes aad, uint16_t component_id, tb_bytes *data)
{
    tb_bytes rest = aad, found = { NULL, 0 };
    bool is_found = false;
    size_t len, count = 0;
    uint16_t last_id = 0;

    if (!tb_is_ok(wire_length_take(&rest, &len)) || len != rest.len) {
        return TB_STATUS(CHAT_SAFE_AAD_FORM);
    }
    while (rest.len != 0) {
        uint16_t id;
        tb_bytes item;
        if (!item_take(&rest, &id, &item)) return TB_STATUS(CHAT_SAFE_AAD_FORM);
        if (count != 0 && id <= last_id) return TB_STATUS(CHAT_SAFE_AAD_FORM);
        if (++count > CHAT_SAFE_AAD_ITEM_COUNT_MAX) return TB_STATUS(CHAT_SAFE_AAD_FORM);
        last_id = id;
        if (id == component_id) {
            found = item;
            is_found = true;
        }
    }
    if (!is_found) return TB_STATUS(CHAT_SAFE_AAD_ITEM);
    *data = found;
    return TB_STATUS(TB_OK);
}

tb_status chat_safe_aad_tag(tb_bytes aad, uint8_t tag[CHAT_HASH_LEN])
{
    tb_bytes data;
    tb_status status = chat_safe_aad_find(aad, MLS_COMPONENT_FRANK_AAD, &data);
    if (status.code == CHAT_SAFE_AAD_ITEM) return TB_STATUS(CHAT_SAFE_AAD_TAG);
    TRY(status);
    if (data.len != CHAT_HASH_LEN) return TB_STATUS(CHAT_SAFE_AAD_TAG);
    memcpy(tag, data.data, CHAT_HASH_LEN);
    return TB_STATUS(TB_OK);
}

void chat_safe_aad_of_tag(const uint8_t tag[CHAT_HASH_LEN], uint8_t out[CHAT_SAFE_AAD_TAG_LEN])
{
    out[0] = CHAT_SAFE_AAD_TAG_LEN - 1;
    tb_put_u16(out + 1, MLS_COMPONENT_FRANK_AAD);
    out[3] = CHAT_HASH_LEN;
    memcpy(out + 4, tag, CHAT_HASH_LEN);
}

tb_status chat_safe_aad_build(const struct mls_safe_aad_item *items, size_t count,
                              struct tb_arena *arena, tb_bytes *aad)
{
    struct mls_safe_aad_item sorted[CHAT_SAFE_AAD_ITEM_COUNT_MAX];

    if (count > CHAT_SAFE_AAD_ITEM_COUNT_MAX) return TB_STATUS(CHAT_SAFE_AAD_FORM);
    for (size_t i = 0; i < count; i++) {
        size_t at = i;
        while (at > 0 && sorted[at - 1].component_id > items[i].component_id) {
            sorted[at] = sorted[at - 1];
            at--;
        }
        sorted[at] = items[i];
        if (at > 0 && sorted[at - 1].component_id == items[i].component_id) {
            return TB_STATUS(CHAT_SAFE_AAD_FORM);
        }
    }
    struct mls_safe_aad list = { .aad_items = { sorted, count } };
    return wire_encode(&mls_safe_aad_desc, &list, arena, aad);
}

tb_status chat_safe_aad_moderation(tb_bytes aad, struct tb_arena *arena,
                                   struct chat_moderation_ref *out)
{
    struct chat_moderation_ref ref;
    tb_bytes data;
    TRY(chat_safe_aad_find(aad, MLS_COMPONENT_TIMBRE_MODERATION_REF, &data));
    TRY(chat_status_as(wire_decode(&chat_moderation_ref_desc, data, arena, &ref, NULL),
                       CHAT_SAFE_AAD_ITEM));
    *out = ref;
    return TB_STATUS(TB_OK);
}

tb_status chat_safe_aad_of_moderation(const struct chat_moderation_ref *ref, struct tb_arena *arena,
                                      tb_bytes *aad)
{
    struct mls_safe_aad_item item = { .component_id = MLS_COMPONENT_TIMBRE_MODERATION_REF };
    TRY(wire_encode(&chat_moderation_ref_desc, ref, arena, &item.aad_item_data));
    return chat_safe_aad_build(&item, 1, arena, aad);
}
