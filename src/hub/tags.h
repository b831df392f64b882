/*
 * The franking tags that a room took lately (H4, amendments 2): tag -> log_seq, in arrival-ordered
 * segments, so that forgetting is dropping the oldest.  A tag is held as 64 bits of a seeded hash;
 * whoever gets a log_seq compares the tag in the log.
 */
#ifndef TB_HUB_TAGS_H
#define TB_HUB_TAGS_H

#include "base/mem.h"

enum { HUB_TAG_SEGMENT_COUNT_MAX = 6 };

struct hub_tag_slot {
    uint64_t hash;
    uint64_t log_seq;
};
struct hub_tag_segment {
    struct hub_tag_slot *entries; /* in order of arrival */
    uint32_t *places;             /* 2 * cap of them, by hash: 1 + an index of entries; 0: free */
    size_t count, cap;
    uint64_t first_ms, last_ms;
};
struct hub_tags {
    struct hub_tag_segment at[HUB_TAG_SEGMENT_COUNT_MAX]; /* newest first */
    size_t count;
};

/* window_ms: how long a tag counts.  TB_NO_SPACE: nothing was added. */
TB_MUST_USE tb_status hub_tags_add(struct hub_tags *tags, struct tb_mem *mem, uint64_t hash,
                                   uint64_t log_seq, uint64_t now_ms, uint64_t window_ms);
/* The n-th entry with this hash (almost always there is one at most).  False: no such entry. */
bool hub_tags_find(const struct hub_tags *tags, uint64_t hash, size_t n, uint64_t *log_seq);
/* The newest entries above after_log_seq, at most count_max, oldest first; how many. */
size_t hub_tags_newest(const struct hub_tags *tags, uint64_t after_log_seq,
                       struct hub_tag_slot *out, size_t count_max);
void hub_tags_wipe(struct hub_tags *tags, struct tb_mem *mem);

#endif
