#include "mls/public_app_data.h"

#include <assert.h>
#include <string.h>

/* ---------------------------------------------------------------- extension lists */

bool mls_public_extension_find(const struct mls_extension *extensions, size_t extension_count,
                               uint16_t extension_type, tb_bytes *extension_data)
{
    for (size_t i = 0; i < extension_count; i++) {
        if (extensions[i].extension_type != extension_type) continue;
        *extension_data = extensions[i].extension_data;
        return true;
    }
    return false;
}

tb_status mls_public_extensions_distinct(const struct mls_extension *extensions,
                                         size_t extension_count)
{
    uint8_t seen[(UINT16_MAX + 1) / 8] = { 0 };
    for (size_t i = 0; i < extension_count; i++) {
        uint16_t type = extensions[i].extension_type;
        uint8_t bit = (uint8_t)(1u << (type % 8));
        if (seen[type / 8] & bit) return TB_STATUS(MLS_EXTENSION_DUPLICATE);
        seen[type / 8] |= bit;
    }
    return TB_STATUS(TB_OK);
}

/* ---------------------------------------------------------------- sorted items */

/*
 * AppDataDictionary and SafeAAD have one shape: `struct { uint16 component_id; opaque data<V>; }
 * items<V>`.  They are walked in place, without a vector of structs.
 */
static tb_status items_open(tb_bytes octets, tb_bytes *items)
{
    size_t len;
    *items = octets;
    TRY(wire_length_take(items, &len));
    if (len > items->len) return TB_STATUS(WIRE_TRUNCATED);
    return TB_STATUS(len < items->len ? WIRE_TRAILING : TB_OK);
}

static tb_status items_next(tb_bytes *items, struct mls_component_data *out)
{
    /* A row of this struct needs no arena: it holds a number and a view. */
    return wire_decode_prefix(&mls_component_data_desc, items, NULL, out, NULL);
}

static tb_status check_sorted(tb_bytes octets, uint16_t disorder)
{
    struct mls_component_data item;
    tb_bytes items;
    uint32_t least = 0; /* what the next id must reach */
    TRY(items_open(octets, &items));
    while (items.len != 0) {
        TRY(items_next(&items, &item));
        if (item.component_id < least) return TB_STATUS(disorder);
        least = (uint32_t)item.component_id + 1;
    }
    return TB_STATUS(TB_OK);
}

tb_status mls_public_dictionary_check(tb_bytes dictionary)
{
    return check_sorted(dictionary, MLS_DICTIONARY_ORDER);
}

tb_status mls_public_safe_aad_check(tb_bytes authenticated_data)
{
    tb_status status = check_sorted(authenticated_data, MLS_SAFE_AAD);
    return tb_is_ok(status) ? status : TB_STATUS(MLS_SAFE_AAD);
}

bool mls_public_dictionary_find(tb_bytes dictionary, uint16_t component_id, tb_bytes *data)
{
    struct mls_component_data item;
    tb_bytes items;
    if (!tb_is_ok(items_open(dictionary, &items))) return false;
    while (items.len != 0) {
        if (!tb_is_ok(items_next(&items, &item)) || item.component_id > component_id) return false;
        if (item.component_id != component_id) continue;
        *data = item.data;
        return true;
    }
    return false;
}

/* ---------------------------------------------------------------- updates */

static tb_status dictionary_items(tb_bytes dictionary, struct tb_arena *arena, size_t more_max,
                                  struct mls_app_data_dictionary *out)
{
    struct mls_component_data item;
    tb_bytes items, rest;
    size_t count = 0;
    *out = (struct mls_app_data_dictionary){ .component_data = { NULL, 0 } };
    if (dictionary.len != 0) {
        TRY(mls_public_dictionary_check(dictionary));
        TRY(items_open(dictionary, &items));
        for (rest = items; rest.len != 0; count++) TRY(items_next(&rest, &item));
    }
    out->component_data.at = tb_arena_take(arena, count + more_max, sizeof item);
    if (out->component_data.at == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < count; i++) TRY(items_next(&items, &out->component_data.at[i]));
    out->component_data.count = count;
    return TB_STATUS(TB_OK);
}

/* Where the component is, or where it belongs. */
static size_t position_of(const struct mls_app_data_dictionary *dictionary, uint16_t component_id,
                          bool *is_present)
{
    size_t at = 0;
    while (at < dictionary->component_data.count &&
           dictionary->component_data.at[at].component_id < component_id) {
        at++;
    }
    *is_present = at < dictionary->component_data.count &&
                  dictionary->component_data.at[at].component_id == component_id;
    return at;
}

static void remove_at(struct mls_app_data_dictionary *dictionary, size_t at)
{
    struct mls_component_data *items = dictionary->component_data.at;
    memmove(items + at, items + at + 1,
            (dictionary->component_data.count - at - 1) * sizeof *items);
    dictionary->component_data.count--;
}

/* There is room: the list was taken with one place for each update. */
static void insert_at(struct mls_app_data_dictionary *dictionary, size_t at, uint16_t component_id)
{
    struct mls_component_data *items = dictionary->component_data.at;
    memmove(items + at + 1, items + at, (dictionary->component_data.count - at) * sizeof *items);
    items[at] = (struct mls_component_data){ .component_id = component_id };
    dictionary->component_data.count++;
}

static tb_status apply_component(const struct mls_public_app_data *app_data,
                                 struct mls_app_data_dictionary *dictionary, uint16_t component_id,
                                 const tb_bytes *updates, size_t update_count, bool removes,
                                 struct tb_arena *arena)
{
    bool is_present;
    size_t at = position_of(dictionary, component_id, &is_present);
    if (removes) {
        if (update_count != 0 || !is_present) return TB_STATUS(MLS_PROPOSALS_APP_DATA);
        remove_at(dictionary, at);
        return TB_STATUS(TB_OK);
    }
    tb_bytes old = { NULL, 0 }, data = updates[update_count - 1];
    if (is_present) old = dictionary->component_data.at[at].data;
    if (app_data != NULL) {
        TRY(app_data->update(app_data->ctx, component_id, is_present, old, updates, update_count,
                             arena, &data));
    }
    if (!is_present) insert_at(dictionary, at, component_id);
    dictionary->component_data.at[at].data = data;
    return TB_STATUS(TB_OK);
}

tb_status mls_public_dictionary_apply(const struct mls_public_app_data *app_data,
                                      tb_bytes dictionary,
                                      const struct mls_app_data_update *const *updates,
                                      size_t update_count, struct tb_arena *arena, tb_bytes *out)
{
    struct mls_app_data_dictionary next;
    tb_bytes same[MLS_APP_DATA_UPDATE_COUNT_MAX];
    if (update_count > MLS_APP_DATA_UPDATE_COUNT_MAX) return TB_STATUS(TB_TOO_LONG);
    TRY(dictionary_items(dictionary, arena, update_count, &next));
    for (size_t i = 0; i < update_count; i++) {
        uint16_t component_id = updates[i]->component_id;
        size_t same_count = 0, remove_count = 0;
        bool is_first = true;
        for (size_t j = 0; j < i; j++) {
            if (updates[j]->component_id == component_id) is_first = false;
        }
        if (!is_first) continue; /* done with the first of its component */
        for (size_t j = i; j < update_count; j++) {
            if (updates[j]->component_id != component_id) continue;
            if (updates[j]->op == MLS_APP_DATA_REMOVE) {
                remove_count++;
            } else {
                same[same_count++] = updates[j]->of.update->value;
            }
        }
        if (remove_count > 1) return TB_STATUS(MLS_PROPOSALS_APP_DATA);
        TRY(apply_component(app_data, &next, component_id, same, same_count, remove_count != 0,
                            arena));
    }
    return wire_encode(&mls_app_data_dictionary_desc, &next, arena, out);
}
