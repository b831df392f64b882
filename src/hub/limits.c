#include "hub/engine.h"

#include <assert.h>

void hub_limits_fill(struct hub_limits *limits)
{
#define HUB_LIMIT_FILL(NAME_, DEFAULT_, TEXT_)                                                     \
    if (limits->NAME_ == 0) limits->NAME_ = (DEFAULT_);
    HUB_LIMIT_LIST(HUB_LIMIT_FILL)
}

/* Thousandths that came back: per_minute * 1000 / 60000 a millisecond. */
static uint64_t bucket_used(const struct hub_bucket *bucket, uint64_t per_minute, uint64_t now_ms)
{
    uint64_t elapsed_ms = now_ms > bucket->at_ms ? now_ms - bucket->at_ms : 0;
    if (elapsed_ms > UINT32_MAX) return 0;
    uint64_t back = elapsed_ms * per_minute / 60;
    return back < bucket->milli ? bucket->milli - back : 0;
}

bool hub_bucket_take(struct hub_bucket *bucket, uint64_t burst, uint64_t per_minute,
                     uint64_t now_ms, uint64_t *wait_ms)
{
    assert(burst != 0 && per_minute != 0);
    uint64_t used = bucket_used(bucket, per_minute, now_ms);
    if (used + 1000 > burst * 1000) {
        *wait_ms = (used + 1000 - burst * 1000) * 60 / per_minute + 1;
        return false;
    }
    /* Time that was too short to give anything back still counts for the next call. */
    if (used != bucket->milli || used == 0) bucket->at_ms = now_ms;
    bucket->milli = used + 1000;
    return true;
}

bool hub_bucket_is_full(const struct hub_bucket *bucket, uint64_t per_minute, uint64_t now_ms)
{
    return bucket_used(bucket, per_minute, now_ms) == 0;
}
