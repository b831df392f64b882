#include "hub/records.h"

#include <assert.h>
#include <string.h>

WIRE_TABLE(hub_row_identity, HUB_ROW_IDENTITY)
WIRE_TABLE(hub_row_hub_key, HUB_ROW_HUB_KEY)
WIRE_TABLE(hub_row_agent, HUB_ROW_AGENT)
WIRE_TABLE(hub_row_desk, HUB_ROW_DESK)
WIRE_TABLE(hub_row_counters, HUB_ROW_COUNTERS)
WIRE_TABLE(hub_row_account, HUB_ROW_ACCOUNT)
WIRE_TABLE(hub_row_device, HUB_ROW_DEVICE)
WIRE_TABLE(hub_row_box, HUB_ROW_BOX)
WIRE_TABLE(hub_row_key_package, HUB_ROW_KEY_PACKAGE)
WIRE_TABLE(hub_row_claim, HUB_ROW_CLAIM)
WIRE_TABLE(hub_row_blob, HUB_ROW_BLOB)
WIRE_TABLE(hub_row_blob_use, HUB_ROW_BLOB_USE)
WIRE_TABLE(hub_row_invite, HUB_ROW_INVITE)
WIRE_TABLE(hub_row_join, HUB_ROW_JOIN)
WIRE_TABLE(hub_row_membership, HUB_ROW_MEMBERSHIP)
WIRE_TABLE(hub_row_head, HUB_ROW_HEAD)
WIRE_TABLE(hub_row_participant, HUB_ROW_PARTICIPANT)
WIRE_TABLE(hub_row_member, HUB_ROW_MEMBER)
WIRE_TABLE(hub_row_role, HUB_ROW_ROLE)
WIRE_TABLE(hub_row_mandatory, HUB_ROW_MANDATORY)
WIRE_TABLE(hub_row_nack, HUB_ROW_NACK)
WIRE_TABLE(hub_row_tentative, HUB_ROW_TENTATIVE)
WIRE_TABLE(hub_row_suspended, HUB_ROW_SUSPENDED)
WIRE_TABLE(hub_row_timed, HUB_ROW_TIMED)
WIRE_TABLE(hub_row_rules, HUB_ROW_RULES)
WIRE_TABLE(hub_row_shape, HUB_ROW_SHAPE)
WIRE_TABLE(hub_row_epoch, HUB_ROW_EPOCH)
WIRE_TABLE(hub_page_tail, HUB_PAGE_TAIL)
WIRE_TABLE(hub_stub_page, HUB_STUB_PAGE)
WIRE_TABLE(hub_row_report, HUB_ROW_REPORT)

/* ---- keys ---- */

void hub_key_add(struct hub_key *key, const void *data, size_t len)
{
    assert(len <= HUB_KEY_OCTETS_MAX - key->len);
    if (len != 0) memcpy(key->octets + key->len, data, len);
    key->len += len;
}

void hub_key_add_u64(struct hub_key *key, uint64_t value)
{
    uint8_t octets[8];
    tb_put_u64(octets, value);
    hub_key_add(key, octets, sizeof octets);
}

struct hub_key hub_key_of(tb_bytes value)
{
    struct hub_key key = { .len = 0 };
    hub_key_add(&key, value.data, value.len);
    return key;
}

struct hub_key hub_key_tagged(char tag, const void *data, size_t len)
{
    struct hub_key key = { .len = 0 };
    hub_key_add(&key, &tag, 1);
    hub_key_add(&key, data, len);
    return key;
}

struct hub_key hub_key_end(const struct hub_key *prefix)
{
    struct hub_key end = *prefix;
    while (end.len != 0 && end.octets[end.len - 1] == 0xff) end.len--;
    if (end.len != 0) end.octets[end.len - 1]++;
    return end;
}

/* ---- ids ---- */

static bool take_text(tb_bytes *rest, tb_bytes text)
{
    if (!tb_bytes_starts_with(*rest, text)) return false;
    rest->data += text.len;
    rest->len -= text.len;
    return true;
}

static int hex_value(uint8_t c)
{
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool take_hex(tb_bytes *rest, uint8_t *out, size_t len)
{
    if (rest->len < 2 * len) return false;
    for (size_t i = 0; i < len; i++) {
        int high = hex_value(rest->data[2 * i]), low = hex_value(rest->data[2 * i + 1]);
        if (high < 0 || low < 0) return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    rest->data += 2 * len;
    rest->len -= 2 * len;
    return true;
}

static bool take_start(tb_bytes domain, tb_bytes *uri, tb_bytes kind)
{
    return take_text(uri, TB_LITERAL("mimi://")) && take_text(uri, domain) && take_text(uri, kind);
}

bool hub_id_user(tb_bytes domain, tb_bytes uri, struct hub_user_id *out)
{
    struct hub_user_id id;
    if (!take_start(domain, &uri, TB_LITERAL("/u/")) || !take_hex(&uri, id.at, sizeof id.at) ||
        uri.len != 0) {
        return false;
    }
    *out = id;
    return true;
}

bool hub_id_device(tb_bytes domain, tb_bytes uri, struct hub_device_id *out)
{
    struct hub_device_id id;
    if (!take_start(domain, &uri, TB_LITERAL("/d/")) ||
        !take_hex(&uri, id.at, HUB_USER_ID_LEN) || !take_text(&uri, TB_LITERAL("/")) ||
        !take_hex(&uri, id.at + HUB_USER_ID_LEN, HUB_DEVICE_ID_LEN - HUB_USER_ID_LEN) ||
        uri.len != 0) {
        return false;
    }
    *out = id;
    return true;
}

bool hub_id_room(tb_bytes domain, tb_bytes uri, struct hub_room_id *out)
{
    struct hub_room_id id;
    if (!take_start(domain, &uri, TB_LITERAL("/r/")) || !take_hex(&uri, id.at, sizeof id.at) ||
        uri.len != 0) {
        return false;
    }
    *out = id;
    return true;
}

static uint8_t *put_text(uint8_t *out, tb_bytes text)
{
    if (text.len != 0) memcpy(out, text.data, text.len);
    return out + text.len;
}

static uint8_t *put_hex(uint8_t *out, const uint8_t *data, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        *out++ = (uint8_t)digits[data[i] >> 4];
        *out++ = (uint8_t)digits[data[i] & 15];
    }
    return out;
}

/* mimi://D<kind><hex of id>; for a device a slash stands behind the user's part. */
static tb_status build(tb_bytes domain, const char *kind, const uint8_t *id, size_t len,
                       struct tb_arena *arena, tb_bytes *uri)
{
    bool is_device = len == HUB_DEVICE_ID_LEN;
    size_t total = 7 + domain.len + 3 + 2 * len + (is_device ? 1 : 0);
    uint8_t *octets = tb_arena_take(arena, total, 1);
    if (octets == NULL) return TB_STATUS(TB_NO_SPACE);
    uint8_t *at = put_text(octets, TB_LITERAL("mimi://"));
    at = put_text(at, domain);
    at = put_text(at, tb_bytes_text(kind));
    size_t first = is_device ? HUB_USER_ID_LEN : len;
    at = put_hex(at, id, first);
    if (is_device) {
        *at++ = '/';
        at = put_hex(at, id + first, len - first);
    }
    assert((size_t)(at - octets) == total);
    *uri = tb_bytes_of(octets, total);
    return TB_STATUS(TB_OK);
}

tb_status hub_uri_user(tb_bytes domain, const struct hub_user_id *id, struct tb_arena *arena,
                       tb_bytes *uri)
{
    return build(domain, "/u/", id->at, sizeof id->at, arena, uri);
}

tb_status hub_uri_device(tb_bytes domain, const struct hub_device_id *id, struct tb_arena *arena,
                         tb_bytes *uri)
{
    return build(domain, "/d/", id->at, sizeof id->at, arena, uri);
}

tb_status hub_uri_room(tb_bytes domain, const struct hub_room_id *id, struct tb_arena *arena,
                       tb_bytes *uri)
{
    return build(domain, "/r/", id->at, sizeof id->at, arena, uri);
}

/* ---- rows ---- */

tb_status hub_row_get(const struct tb_store *store, enum hub_table table,
                      const struct hub_key *key, const struct wire_desc *desc,
                      struct tb_arena *arena, void *out)
{
    tb_bytes value;
    TRY(tb_store_get(store, (uint8_t)table, hub_key_view(key), arena, &value));
    tb_status status = wire_decode(desc, value, arena, out, NULL);
    if (status.code == TB_OK || status.code == TB_NO_SPACE) return status;
    return TB_STATUS(HUB_ROW);
}

tb_status hub_row_put(const struct tb_store *store, enum hub_table table,
                      const struct hub_key *key, const struct wire_desc *desc, const void *value,
                      struct tb_arena *arena)
{
    tb_bytes encoded;
    TRY(wire_encode(desc, value, arena, &encoded));
    return tb_store_put(store, (uint8_t)table, hub_key_view(key), encoded);
}

tb_status hub_row_get_octets(const struct tb_store *store, enum hub_table table,
                             const struct hub_key *key, struct tb_arena *arena, tb_bytes *value)
{
    return tb_store_get(store, (uint8_t)table, hub_key_view(key), arena, value);
}

tb_status hub_row_put_octets(const struct tb_store *store, enum hub_table table,
                             const struct hub_key *key, tb_bytes value)
{
    return tb_store_put(store, (uint8_t)table, hub_key_view(key), value);
}

tb_status hub_row_del(const struct tb_store *store, enum hub_table table,
                      const struct hub_key *key)
{
    return tb_store_del(store, (uint8_t)table, hub_key_view(key));
}

tb_status hub_row_scan(const struct tb_store *store, enum hub_table table,
                       const struct hub_key *prefix, const struct hub_key *after,
                       size_t count_max, tb_store_row *row, void *row_ctx)
{
    struct hub_key from = *prefix, until = hub_key_end(prefix);
    if (after != NULL) {
        from = *after;
        hub_key_add(&from, "", 1); /* the next key in bytewise order */
    }
    return tb_store_scan(store, (uint8_t)table, hub_key_view(&from), hub_key_view(&until), false,
                         count_max, row, row_ctx);
}

struct list_ctx {
    struct tb_arena *arena;
    struct hub_pairs *pairs;
    size_t cap, bytes, bytes_max;
    tb_status status;
};

static bool list_row(void *ctx, tb_bytes key, tb_bytes value)
{
    struct list_ctx *list = ctx;
    struct hub_pairs *pairs = list->pairs;
    list->bytes += key.len + value.len;
    if (pairs->count != 0 && list->bytes > list->bytes_max) return false;
    if (pairs->count == list->cap) {
        size_t cap = list->cap == 0 ? 8 : list->cap * 2;
        struct hub_pair *at = tb_arena_take(list->arena, cap, sizeof *at);
        if (at == NULL) {
            list->status = TB_STATUS(TB_NO_SPACE);
            return false;
        }
        if (pairs->count != 0) memcpy(at, pairs->at, pairs->count * sizeof *at);
        pairs->at = at;
        list->cap = cap;
    }
    struct hub_pair *pair = &pairs->at[pairs->count];
    list->status = tb_arena_dup(list->arena, key, &pair->key);
    if (tb_is_ok(list->status)) list->status = tb_arena_dup(list->arena, value, &pair->value);
    if (!tb_is_ok(list->status)) return false;
    pairs->count++;
    return true;
}

tb_status hub_row_list(const struct tb_store *store, enum hub_table table,
                       const struct hub_key *prefix, const struct hub_key *after,
                       size_t count_max, struct tb_arena *arena, struct hub_pairs *out)
{
    return hub_row_list_some(store, table, prefix, after, count_max, SIZE_MAX, arena, out);
}

tb_status hub_row_list_some(const struct tb_store *store, enum hub_table table,
                            const struct hub_key *prefix, const struct hub_key *after,
                            size_t count_max, size_t bytes_max, struct tb_arena *arena,
                            struct hub_pairs *out)
{
    struct hub_pairs pairs = { NULL, 0 };
    struct list_ctx list = { arena, &pairs, 0, 0, bytes_max, TB_STATUS(TB_OK) };
    TRY(hub_row_scan(store, table, prefix, after, count_max, list_row, &list));
    TRY(list.status);
    *out = pairs;
    return TB_STATUS(TB_OK);
}
