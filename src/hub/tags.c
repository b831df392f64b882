#include "hub/tags.h"

#include <string.h>

enum { TAG_SLOT_COUNT_MIN = 64, TAG_SEGMENTS_A_WINDOW = 4 };

static void place(struct hub_tag_segment *segment, struct hub_tag_slot slot)
{
    size_t mask = segment->slot_count - 1, i = (size_t)slot.hash & mask;
    while (segment->slots[i].log_seq != 0) i = (i + 1) & mask;
    segment->slots[i] = slot;
    segment->count++;
}

static void segment_wipe(struct hub_tag_segment *segment, struct tb_mem *mem)
{
    tb_mem_give(mem, segment->slots, segment->slot_count * sizeof *segment->slots);
    *segment = (struct hub_tag_segment){ 0 };
}

static tb_status segment_grow(struct hub_tag_segment *segment, struct tb_mem *mem)
{
    struct hub_tag_segment grown = *segment;
    grown.slot_count = segment->slot_count == 0 ? TAG_SLOT_COUNT_MIN : segment->slot_count * 2;
    grown.count = 0;
    grown.slots = tb_mem_take(mem, grown.slot_count * sizeof *grown.slots);
    if (grown.slots == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < segment->slot_count; i++) {
        if (segment->slots[i].log_seq != 0) place(&grown, segment->slots[i]);
    }
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
    if ((newest->count + 1) * 4 > newest->slot_count * 3) TRY(segment_grow(newest, mem));
    place(newest, (struct hub_tag_slot){ hash, log_seq });
    newest->last_ms = now_ms;
    return TB_STATUS(TB_OK);
}

bool hub_tags_find(const struct hub_tags *tags, uint64_t hash, size_t n, uint64_t *log_seq)
{
    for (size_t s = 0; s < tags->count; s++) {
        const struct hub_tag_segment *segment = &tags->at[s];
        if (segment->count == 0) continue;
        size_t mask = segment->slot_count - 1;
        for (size_t i = (size_t)hash & mask; segment->slots[i].log_seq != 0; i = (i + 1) & mask) {
            if (segment->slots[i].hash != hash || n-- != 0) continue;
            *log_seq = segment->slots[i].log_seq;
            return true;
        }
    }
    return false;
}

void hub_tags_wipe(struct hub_tags *tags, struct tb_mem *mem)
{
    for (size_t i = 0; i < tags->count; i++) segment_wipe(&tags->at[i], mem);
    tags->count = 0;
}
