/* Typed access to the store's tables. */
#include "client/engine.h"

#include <assert.h>
#include <string.h>

struct client_key client_key_bytes(tb_bytes value)
{
    struct client_key key = { .len = value.len };
    assert(value.len <= CHAT_URI_LEN_MAX);
    if (value.len != 0) memcpy(key.data, value.data, value.len);
    return key;
}

struct client_key client_key_text(const char *text)
{
    return client_key_bytes(tb_bytes_text(text));
}

struct client_key client_key_number(uint32_t room_no, uint64_t number)
{
    struct client_key key = { .len = 12 };
    tb_put_u32(key.data, room_no);
    tb_put_u64(key.data + 4, number);
    return key;
}

uint64_t client_key_number_of(tb_bytes key)
{
    assert(key.len == 12);
    return tb_get_u64(key.data + 4);
}

tb_status client_table_get_raw(struct client_turn *turn, uint8_t table, struct client_key key,
                               tb_bytes *out)
{
    return tb_store_get(turn->client->config.store, table, client_key_view(&key), &turn->arena,
                        out);
}

tb_status client_table_get(struct client_turn *turn, uint8_t table, struct client_key key,
                           const struct wire_desc *desc, void *out)
{
    tb_bytes value;
    TRY(client_table_get_raw(turn, table, key, &value));
    tb_status status = wire_decode(desc, value, &turn->arena, out, NULL);
    /* A row that we wrote and cannot read is a damaged store. */
    if (tb_is_ok(status) || status.code == TB_NO_SPACE) return status;
    return TB_STATUS(TB_STORE);
}

tb_status client_table_put_raw(struct client_turn *turn, uint8_t table, struct client_key key,
                               tb_bytes value)
{
    return tb_store_put(turn->client->config.store, table, client_key_view(&key), value);
}

tb_status client_table_put(struct client_turn *turn, uint8_t table, struct client_key key,
                           const struct wire_desc *desc, const void *value)
{
    tb_bytes encoded;
    TRY(wire_encode(desc, value, &turn->arena, &encoded));
    return client_table_put_raw(turn, table, key, encoded);
}

tb_status client_table_del(struct client_turn *turn, uint8_t table, struct client_key key)
{
    return tb_store_del(turn->client->config.store, table, client_key_view(&key));
}

struct client_scan {
    struct client_turn *turn;
    struct client_pairs *pairs;
    tb_status status;
};

static tb_status client_scan_add(struct client_scan *scan, tb_bytes key, tb_bytes value)
{
    struct client_pairs *pairs = scan->pairs;
    if (pairs->count == pairs->cap) {
        size_t cap = pairs->cap == 0 ? 16 : pairs->cap * 2;
        struct client_pair *at = tb_arena_take(&scan->turn->arena, cap, sizeof *at);
        if (at == NULL) return TB_STATUS(TB_NO_SPACE);
        if (pairs->count != 0) memcpy(at, pairs->at, pairs->count * sizeof *at);
        pairs->at = at;
        pairs->cap = cap;
    }
    struct client_pair *pair = &pairs->at[pairs->count];
    TRY(tb_arena_dup(&scan->turn->arena, key, &pair->key));
    TRY(tb_arena_dup(&scan->turn->arena, value, &pair->value));
    pairs->count++;
    return TB_STATUS(TB_OK);
}

static bool client_scan_row(void *ctx, tb_bytes key, tb_bytes value)
{
    struct client_scan *scan = ctx;
    scan->status = client_scan_add(scan, key, value);
    return tb_is_ok(scan->status);
}

tb_status client_table_scan(struct client_turn *turn, uint8_t table, tb_bytes from, tb_bytes until,
                            bool is_backward, size_t count_max, struct client_pairs *out)
{
    struct client_pairs pairs = { 0 };
    struct client_scan scan = { turn, &pairs, TB_STATUS(TB_OK) };
    TRY(tb_store_scan(turn->client->config.store, table, from, until, is_backward, count_max,
                      client_scan_row, &scan));
    TRY(scan.status);
    *out = pairs;
    return TB_STATUS(TB_OK);
}

tb_status client_table_all(struct client_turn *turn, uint8_t table, struct client_pairs *out)
{
    return client_table_scan(turn, table, (tb_bytes){ 0 }, (tb_bytes){ 0 }, false, SIZE_MAX, out);
}

tb_status client_table_of_room(struct client_turn *turn, uint8_t table, uint32_t room_no,
                               uint64_t from, uint64_t until, size_t count_max,
                               struct client_pairs *out)
{
    struct client_key first = client_key_number(room_no, from);
    struct client_key end = client_key_number(room_no, until);
    return client_table_scan(turn, table, client_key_view(&first), client_key_view(&end), false,
                             count_max, out);
}
