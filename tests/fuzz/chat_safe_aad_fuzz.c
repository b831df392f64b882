/*
 * Safe AAD: the search without memory and the table agree about every list, and a list that is
 * accepted is the one that building it from its items gives.
 * covers: chat_safe_aad_find chat_safe_aad_tag chat_safe_aad_build
 */
#include "chat/safe_aad.h"

#include "tests/fuzz/fuzz.h"

FUZZ_TARGET(input, arena)
{
    struct mls_safe_aad list;
    uint8_t tag[CHAT_HASH_LEN];
    tb_bytes data, again;
    tb_status found = chat_safe_aad_find(input, 0x0020, &data);
    bool is_list = tb_is_ok(wire_decode(&mls_safe_aad_desc, input, arena, &list, NULL));
    if (!is_list) {
        FUZZ_REQUIRE(!tb_is_ok(found));
        return;
    }
    bool has_item = false, is_sorted = true;
    for (size_t i = 0; i < list.aad_items.count; i++) {
        const struct mls_safe_aad_item *item = &list.aad_items.at[i];
        if (i > 0 && item[-1].component_id >= item->component_id) is_sorted = false;
        if (item->component_id != 0x0020) continue;
        if (!has_item && tb_is_ok(found)) {
            FUZZ_REQUIRE(tb_bytes_equal(data, item->aad_item_data));
        }
        has_item = true;
    }
    if (!is_sorted) FUZZ_REQUIRE(!tb_is_ok(found));
    if (tb_is_ok(found)) FUZZ_REQUIRE(has_item && is_sorted);
    if (tb_is_ok(chat_safe_aad_tag(input, tag))) {
        FUZZ_REQUIRE(tb_is_ok(found) && data.len == CHAT_HASH_LEN);
        FUZZ_REQUIRE(memcmp(tag, data.data, CHAT_HASH_LEN) == 0);
    }
    if (is_sorted && list.aad_items.count <= CHAT_SAFE_AAD_ITEM_COUNT_MAX) {
        FUZZ_OK(chat_safe_aad_build(list.aad_items.at, list.aad_items.count, arena, &again));
        FUZZ_REQUIRE(tb_bytes_equal(again, input));
    }
}
