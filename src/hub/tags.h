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
    uint64_t log_seq; /* 0: free */
};
struct hub_tag_segment {
    struct hub_tag_slot *slots;
    size_t slot_count, count;
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
void hub_tags_wipe(struct hub_tags *tags, struct tb_mem *mem);

#endif
