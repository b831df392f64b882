/*
 * The tag index of a room in the store.  Whenever HUB_TAG_BLOCK_COUNT tags came in, they are stored
 * as one row in the transaction of the page that filled it; the pages behind the newest row are
 * read when a room is loaded.  So the index is as durable as the log, and a busy room of a day is
 * there in some milliseconds.
 */
#include <string.h>

#include "chat/safe_aad.h"
#include "hub/engine.h"

enum {
    TAG_LEN = 16,          /* u64 hash, u64 log_seq; a row begins with u64 last_ms */
    TAG_ROWS_DROPPED = 8   /* of one room in one round of the walk */
};

uint64_t hub_tag_hash(const struct hub *hub, const uint8_t tag[CHAT_HASH_LEN])
{
    return hub_map_hash(hub->tag_seed, tb_bytes_of(tag, CHAT_HASH_LEN));
}

tb_status hub_tag_seed_load(struct hub *hub)
{
    struct tb_arena arena;
    struct hub_key key = hub_key_of(TB_LITERAL("tags"));
    tb_bytes seed;
    tb_arena_init(&arena, hub->mem, HUB_STEP_ARENA_BYTES_MAX);
    tb_status status = hub_row_get_octets(hub->store, HUB_TABLE_META, &key, &arena, &seed);
    if (tb_is_ok(status) && seed.len != sizeof hub->tag_seed) status = TB_STATUS(HUB_ROW);
    if (tb_is_ok(status)) {
        memcpy(hub->tag_seed, seed.data, seed.len);
    } else if (status.code == TB_NOT_FOUND) {
        status = tb_rng_fill(hub->config.rng, hub->tag_seed, sizeof hub->tag_seed);
        if (tb_is_ok(status)) {
            status = hub_row_put_octets(hub->store, HUB_TABLE_META, &key, TB_ARRAY(hub->tag_seed));
        }
    }
    tb_arena_wipe(&arena);
    return status;
}

/* ---- writing ---- */

static tb_status write_block(struct hub *hub, struct hub_room *room, uint64_t last_log_seq,
                             struct tb_arena *arena)
{
    size_t count = room->tag_unsaved_count;
    struct hub_tag_slot *slots = tb_arena_take(arena, count, sizeof *slots);
    uint8_t *octets = tb_arena_take(arena, 8 + count * TAG_LEN, 1);
    if (slots == NULL || octets == NULL) return TB_STATUS(TB_NO_SPACE);
    /* Fewer than were counted: the oldest segment, which no window reaches, is gone. */
    count = hub_tags_newest(&room->tags, room->head.tags_seq, slots, count);
    tb_put_u64(octets, room->head.last_ms);
    for (size_t i = 0; i < count; i++) {
        tb_put_u64(octets + 8 + i * TAG_LEN, slots[i].hash);
        tb_put_u64(octets + 16 + i * TAG_LEN, slots[i].log_seq);
    }
    struct hub_key key = hub_page_key(room, last_log_seq);
    return hub_put_octets(hub, HUB_TABLE_TAGS, &key, tb_bytes_of(octets, 8 + count * TAG_LEN));
}

tb_status hub_tags_page(struct hub *hub, struct hub_room *room, const struct hub_page_tail *tail)
{
    room->tag_unsaved_count += (size_t)tail->message_count;
    if (room->tag_unsaved_count < HUB_TAG_BLOCK_COUNT) return TB_STATUS(TB_OK);
    struct tb_arena arena;
    tb_arena_init(&arena, hub->mem, HUB_STEP_ARENA_BYTES_MAX);
    tb_status status = write_block(hub, room, tail->last_log_seq, &arena);
    tb_arena_wipe(&arena);
    TRY(status);
    room->head.tags_seq = tail->last_log_seq;
    room->tag_unsaved_count = 0;
    return TB_STATUS(TB_OK);
}

/* ---- reading ---- */

struct load_ctx {
    struct hub *hub;
    struct hub_room *room;
    uint64_t oldest_ms, first_log_seq; /* backward: how far the window reaches */
    tb_status status;
};

static bool is_block(tb_bytes value)
{
    return value.len >= 8 && (value.len - 8) % TAG_LEN == 0;
}

static bool block_in_window(void *ctx, tb_bytes key, tb_bytes value)
{
    struct load_ctx *load = ctx;
    if (key.len < 8 || !is_block(value)) {
        load->status = TB_STATUS(HUB_ROW);
        return false;
    }
    if (tb_get_u64(value.data) < load->oldest_ms) return false;
    load->first_log_seq = tb_get_u64(key.data + key.len - 8);
    return true;
}

static bool add_block(void *ctx, tb_bytes key, tb_bytes value)
{
    struct load_ctx *load = ctx;
    (void)key;
    for (size_t at = 8; at < value.len && tb_is_ok(load->status); at += TAG_LEN) {
        load->status = hub_tags_add(&load->room->tags, load->hub->mem, tb_get_u64(value.data + at),
                                    tb_get_u64(value.data + at + 8), tb_get_u64(value.data),
                                    load->hub->config.limits.tag_window_ms);
    }
    return tb_is_ok(load->status);
}

static tb_status load_blocks(struct load_ctx *load)
{
    struct hub *hub = load->hub;
    struct hub_key prefix = hub_key_of(TB_ARRAY(load->room->id.at)), until = hub_key_end(&prefix);
    load->first_log_seq = UINT64_MAX;
    TRY(tb_store_scan(hub->store, HUB_TABLE_TAGS, hub_key_view(&prefix), hub_key_view(&until),
                      true, SIZE_MAX, block_in_window, load));
    TRY(load->status);
    if (load->first_log_seq == UINT64_MAX) return TB_STATUS(TB_OK);
    struct hub_key from = hub_page_key(load->room, load->first_log_seq);
    TRY(tb_store_scan(hub->store, HUB_TABLE_TAGS, hub_key_view(&from), hub_key_view(&until), false,
                      SIZE_MAX, add_block, load));
    return load->status;
}

static tb_status add_page(struct hub *hub, struct hub_room *room, const struct hub_page *page,
                          struct tb_arena *arena)
{
    struct chat_page entries;
    TRY(hub_page_entries(page, arena, &entries));
    for (size_t i = 0; i < entries.entries.count; i++) {
        const struct chat_entry *entry = &entries.entries.at[i];
        if (entry->kind != CHAT_ENTRY_MESSAGE) continue;
        struct mls_public_private_message opened;
        uint8_t tag[CHAT_HASH_LEN];
        TRY(mls_public_private_message_open(entry->body.message->message, arena, &opened));
        TRY(chat_safe_aad_tag(opened.authenticated_data, tag));
        TRY(hub_tags_add(&room->tags, hub->mem, hub_tag_hash(hub, tag), entry->log_seq,
                         entry->body.message->accepted_timestamp,
                         hub->config.limits.tag_window_ms));
        room->tag_unsaved_count++;
    }
    return TB_STATUS(TB_OK);
}

static bool page_in_window(void *ctx, tb_bytes key, tb_bytes value)
{
    (void)key;
    struct load_ctx *load = ctx;
    struct hub_page page;
    if (!hub_page_split(value, &page) || page.tail.form != HUB_PAGE_WHOLE ||
        page.tail.last_ms < load->oldest_ms) {
        return false;
    }
    load->first_log_seq = page.tail.first_log_seq;
    return true;
}

static tb_status load_pages(struct load_ctx *load)
{
    struct hub *hub = load->hub;
    struct hub_room *room = load->room;
    struct hub_key prefix = hub_key_of(TB_ARRAY(room->id.at)), until = hub_key_end(&prefix);
    struct hub_key from = hub_page_key(room, room->head.tags_seq + 1);
    load->first_log_seq = room->head.log_seq + 1;
    TRY(tb_store_scan(hub->store, HUB_TABLE_PAGES, hub_key_view(&from), hub_key_view(&until), true,
                      SIZE_MAX, page_in_window, load));
    for (uint64_t log_seq = load->first_log_seq; log_seq <= room->head.log_seq;) {
        struct tb_arena arena;
        tb_arena_init(&arena, hub->mem, HUB_STEP_ARENA_BYTES_MAX);
        struct hub_page page;
        tb_status status = hub_page_read(hub, room, log_seq, &arena, &page);
        if (tb_is_ok(status)) status = add_page(hub, room, &page, &arena);
        tb_arena_wipe(&arena);
        TRY(status);
        log_seq = page.tail.last_log_seq + 1;
    }
    return TB_STATUS(TB_OK);
}

tb_status hub_tags_load(struct hub *hub, struct hub_room *room)
{
    uint64_t window_ms = hub->config.limits.tag_window_ms;
    struct load_ctx load = { .hub = hub, .room = room, .status = TB_STATUS(TB_OK),
                             .oldest_ms = hub->now_ms > window_ms ? hub->now_ms - window_ms : 0 };
    hub_tags_wipe(&room->tags, hub->mem);
    room->tag_unsaved_count = 0;
    TRY(load_blocks(&load));
    return load_pages(&load);
}

/* ---- forgetting ---- */

tb_status hub_tags_forget(struct hub *hub, struct hub_room *room, uint64_t now_ms,
                          struct tb_arena *arena)
{
    uint64_t window_ms = hub->config.limits.tag_window_ms;
    struct hub_key prefix = hub_key_of(TB_ARRAY(room->id.at));
    struct hub_pairs rows;
    TRY(hub_row_list(hub->store, HUB_TABLE_TAGS, &prefix, NULL, TAG_ROWS_DROPPED, arena, &rows));
    for (size_t i = 0; i < rows.count; i++) {
        if (!is_block(rows.at[i].value)) return TB_STATUS(HUB_ROW);
        uint64_t last_ms = tb_get_u64(rows.at[i].value.data);
        if (now_ms <= window_ms || last_ms >= now_ms - window_ms) break;
        struct hub_key key = hub_key_of(rows.at[i].key);
        TRY(hub_del(hub, HUB_TABLE_TAGS, &key));
    }
    return TB_STATUS(TB_OK);
}
