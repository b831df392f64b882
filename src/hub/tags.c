#include "hub/tags.h"

#include <string.h>

enum { TAG_COUNT_MIN = 32, TAG_SEGMENTS_A_WINDOW = 4 };

/* Twice as many places as entries: at most half of them are taken. */
static void place(struct hub_tag_segment *segment, size_t entry)
{
    size_t mask = 2 * segment->cap - 1, i = (size_t)segment->entries[entry].hash & mask;
    while (segment->places[i] != 0) i = (i + 1) & mask;
    segment->places[i] = (uint32_t)entry + 1;
}

static void segment_wipe(struct hub_tag_segment *segment, struct tb_mem *mem)
{
    tb_mem_give(mem, segment->entries, segment->cap * sizeof *segment->entries);
    tb_mem_give(mem, segment->places, 2 * segment->cap * sizeof *segment->places);
    *segment = (struct hub_tag_segment){ 0 };
}

static tb_status segment_grow(struct hub_tag_segment *segment, struct tb_mem *mem)
{
    struct hub_tag_segment grown = *segment;
    grown.cap = segment->cap == 0 ? TAG_COUNT_MIN : segment->cap * 2;
    if (grown.cap > UINT32_MAX / 4) return TB_STATUS(TB_NO_SPACE);
    grown.entries = tb_mem_take(mem, grown.cap * sizeof *grown.entries);
    grown.places = tb_mem_take(mem, 2 * grown.cap * sizeof *grown.places);
    if (grown.entries == NULL || grown.places == NULL) {
        tb_mem_give(mem, grown.entries, grown.cap * sizeof *grown.entries);
        tb_mem_give(mem, grown.places, 2 * grown.cap * sizeof *grown.places);
        return TB_STATUS(TB_NO_SPACE);
    }
    if (segment->count != 0) {
        memcpy(grown.entries, segment->entries, segment->count * sizeof *grown.entries);
    }
    for (size_t i = 0; i < grown.count; i++) place(&grown, i);
    segment_wipe(segment, mem);
    *segment = grown;
    return TB_STATUS(TB_OK);
}

static void drop_old(struct hub_tags *tags, struct tb_mem *mem, uint64_t now_ms,
                     uint64_t window_ms)
{
    while (tags->count != 0) {
        struct hub_tag_segment *oldest = &tags->at[tags->count - 1];
        bool is_over = now_ms > window_ms && oldest->last_ms < now_ms - window_ms;
        if (!is_over && tags->count < HUB_TAG_SEGMENT_COUNT_MAX) return;
        segment_wipe(oldest, mem);
        tags->count--;
    }
}

tb_status hub_tags_add(struct hub_tags *tags, struct tb_mem *mem, uint64_t hash, uint64_t log_seq,
                       uint64_t now_ms, uint64_t window_ms)
{
    struct hub_tag_segment *newest = &tags->at[0];
    if (tags->count == 0 || now_ms - newest->first_ms > window_ms / TAG_SEGMENTS_A_WINDOW) {
        drop_old(tags, mem, now_ms, window_ms);
        memmove(&tags->at[1], &tags->at[0], tags->count * sizeof *tags->at);
        *newest = (struct hub_tag_segment){ .first_ms = now_ms, .last_ms = now_ms };
        tags->count++;
    }
    if (newest->count == newest->cap) TRY(segment_grow(newest, mem));
    newest->entries[newest->count] = (struct hub_tag_slot){ hash, log_seq };
    place(newest, newest->count++);
    newest->last_ms = now_ms;
    return TB_STATUS(TB_OK);
}

bool hub_tags_find(const struct hub_tags *tags, uint64_t hash, size_t n, uint64_t *log_seq)
{
    for (size_t s = 0; s < tags->count; s++) {
        const struct hub_tag_segment *segment = &tags->at[s];
        if (segment->count == 0) continue;
        size_t mask = 2 * segment->cap - 1;
        for (size_t i = (size_t)hash & mask; segment->places[i] != 0; i = (i + 1) & mask) {
            const struct hub_tag_slot *entry = &segment->entries[segment->places[i] - 1];
            if (entry->hash != hash || n-- != 0) continue;
            *log_seq = entry->log_seq;
            return true;
        }
    }
    return false;
}

size_t hub_tags_newest(const struct hub_tags *tags, uint64_t after_log_seq,
                       struct hub_tag_slot *out, size_t count_max)
{
    size_t count = 0;
    for (size_t s = 0; s < tags->count; s++) {
        const struct hub_tag_segment *segment = &tags->at[s];
        for (size_t i = segment->count; i != 0 && count < count_max; i--) {
            if (segment->entries[i - 1].log_seq <= after_log_seq) break;
            out[count_max - ++count] = segment->entries[i - 1];
        }
    }
    if (count != 0) memmove(out, out + count_max - count, count * sizeof *out);
    return count;
}

void hub_tags_wipe(struct hub_tags *tags, struct tb_mem *mem)
{
    for (size_t i = 0; i < tags->count; i++) segment_wipe(&tags->at[i], mem);
    tags->count = 0;
}
