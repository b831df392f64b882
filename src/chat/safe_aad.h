/*
 * authenticated_data of every message of a room (draft-ietf-mls-extensions: Safe AAD): a list of
 * (component id, octets) with strictly ascending ids.  An empty list is the single octet 00.
 */
#ifndef TB_CHAT_SAFE_AAD_H
#define TB_CHAT_SAFE_AAD_H

#include "chat/status.h"
#include "chat/structs.h"
#include "mls/structs_ext.h"

enum {
    CHAT_SAFE_AAD_ITEM_COUNT_MAX = 16,
    CHAT_SAFE_AAD_TAG_LEN = 36 /* octets of a list with the franking tag alone */
};

/*
 * The data of one item as a view into aad; no allocation.  The whole list is checked: sorted, no id
 * twice, nothing behind it.  CHAT_SAFE_AAD_FORM for a bad list, CHAT_SAFE_AAD_ITEM when the item is
 * not in it.
 */
TB_MUST_USE tb_status chat_safe_aad_find(tb_bytes aad, uint16_t component_id, tb_bytes *data);

/* The franking tag (component 0x0020, 32 octets).  CHAT_SAFE_AAD_FORM, CHAT_SAFE_AAD_TAG. */
TB_MUST_USE tb_status chat_safe_aad_tag(tb_bytes aad, uint8_t tag[CHAT_HASH_LEN]);

/* The list that holds nothing but the tag: what every application message carries. */
void chat_safe_aad_of_tag(const uint8_t tag[CHAT_HASH_LEN], uint8_t out[CHAT_SAFE_AAD_TAG_LEN]);

/* Sorts by id.  CHAT_SAFE_AAD_FORM for an id that stands twice or too many items. */
TB_MUST_USE tb_status chat_safe_aad_build(const struct mls_safe_aad_item *items, size_t count,
                                          struct tb_arena *arena, tb_bytes *aad);

/* The reference to a decision on a hub proposal (0xF102).  CHAT_SAFE_AAD_ITEM when it is absent or
 * does not parse.  *out holds views into aad. */
TB_MUST_USE tb_status chat_safe_aad_moderation(tb_bytes aad, struct tb_arena *arena,
                                               struct chat_moderation_ref *out);
TB_MUST_USE tb_status chat_safe_aad_of_moderation(const struct chat_moderation_ref *ref,
                                                  struct tb_arena *arena, tb_bytes *aad);

#endif
