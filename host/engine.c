#include "host/engine.h"

static void step(void *ctx, const struct hub_event *event, struct hub_effects *effects)
{
    hub_step(ctx, event, effects);
}

static bool turn_end(void *ctx, uint64_t now_ms, struct hub_effects *effects)
{
    return hub_turn_end(ctx, now_ms, effects);
}

static void committed(void *ctx)
{
    hub_turn_committed(ctx);
}

static void refused(void *ctx, struct hub_effects *effects)
{
    hub_turn_refused(ctx, effects);
}

static void metrics(void *ctx, struct hub_metrics *out)
{
    hub_metrics_read(ctx, out);
}

struct host_engine host_engine_of(struct hub *hub)
{
    return (struct host_engine){ hub, step, turn_end, committed, refused, metrics };
}
