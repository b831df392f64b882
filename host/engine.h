/*
 * The engine as the server drives it: hub_step and its companions behind function pointers, so that
 * the server can be tested with a tiny engine of the test.
 */
#ifndef TB_HOST_ENGINE_H
#define TB_HOST_ENGINE_H

#include "hub/hub.h"

struct host_engine {
    void *ctx;
    void (*step)(void *ctx, const struct hub_event *event, struct hub_effects *effects);
    bool (*turn_end)(void *ctx, uint64_t now_ms, struct hub_effects *effects);
    void (*committed)(void *ctx);
    void (*refused)(void *ctx, struct hub_effects *effects);
    void (*metrics)(void *ctx, struct hub_metrics *out);
};

/* The hub's engine; `hub` must outlive it. */
struct host_engine host_engine_of(struct hub *hub);

#endif
