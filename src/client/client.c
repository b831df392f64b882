/* The life of the engine: load, step, turns. */
#include "client/prune.h"
#include "client/revise.h"

#include <assert.h>

static void client_forget(struct client *client)
{
    client_request_drop_all(client);
    client_fetch_drop(client);
    client->is_uploading = false;
    client_welcome_drop_all(client);
    client_room_drop_all(client);
    client_profile_wipe(client);
    tb_arena_wipe(&client->hub_arena);
    client->hub = (struct chat_hub_record){ 0 };
    client->hub_encoded = (tb_bytes){ 0 };
    client->session = CLIENT_SESSION_NONE;
    client->is_restricted = client->is_desk = client->is_synced = false;
    client->is_desk_publishing = false;
    client->fetch_op = 0;
    client->wake_at_ms = 0;
}

static tb_status client_load(struct client_turn *turn)
{
    TRY(client_profile_load(turn));
    TRY(client_record_hub_load(turn));
    TRY(client_room_load_all(turn));
    turn->client->has_kept_reports = turn->client->has_decisions = true;
    turn->client->expire_at_ms = 0;
    turn->client->has_uploads = true;
    turn->client->must_reload = false;
    return TB_STATUS(TB_OK);
}

tb_status client_new(const struct client_config *config, uint64_t now_ms, struct client **out)
{
    struct client *client = tb_mem_take(config->mem, sizeof *client);
    if (client == NULL) return TB_STATUS(TB_NO_SPACE);
    client->config = *config;
    uint16_t suite = config->cipher_suite != 0
                       ? config->cipher_suite
                       : (uint16_t)MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_ED25519;
    client->next_request_id = 1;
    tb_arena_init(&client->profile_arena, config->mem, CLIENT_TURN_BYTES_MAX);
    tb_arena_init(&client->hub_arena, config->mem, CLIENT_TURN_BYTES_MAX);

    struct client_turn turn = { .client = client, .now_ms = now_ms };
    tb_arena_init(&turn.arena, config->mem, CLIENT_TURN_BYTES_MAX);
    tb_status status = crypto_suite_init(&client->suite, suite, config->provider);
    if (tb_is_ok(status)) status = client_load(&turn);
    tb_arena_wipe(&turn.arena);
    if (!tb_is_ok(status)) {
        client_free(client);
        return status;
    }
    *out = client;
    return TB_STATUS(TB_OK);
}

void client_free(struct client *client)
{
    if (client == NULL) return;
    client_forget(client);
    tb_arena_wipe(&client->profile_arena);
    tb_mem_give(client->config.mem, client, sizeof *client);
}

bool client_status_is_fatal(tb_status status)
{
    return status.code == TB_STORE || status.code == TB_NO_SPACE || status.code == TB_RANDOM
           || status.code == CRYPTO_FAILED;
}

static tb_status client_reload(struct client_turn *turn)
{
    client_forget(turn->client);
    tb_status status = client_load(turn);
    if (!tb_is_ok(status)) turn->client->is_void = true;
    return status;
}

tb_status client_turn_read(struct client_turn *turn, struct client *client)
{
    *turn = (struct client_turn){ .client = client };
    tb_arena_init(&turn->arena, client->config.mem, CLIENT_TURN_BYTES_MAX);
    if (client->is_void) return TB_STATUS(TB_STORE);
    if (!client->must_reload) return TB_STATUS(TB_OK);
    tb_status status = client_reload(turn);
    tb_arena_wipe(&turn->arena);
    return status;
}

tb_status client_turn_begin(struct client_turn *turn, struct client *client, uint64_t now_ms,
                            struct client_effects *effects)
{
    *turn = (struct client_turn){
        .client = client,
        .now_ms = now_ms,
        .effects = effects,
        .effects_before = effects->count,
    };
    tb_arena_init(&turn->arena, client->config.mem, CLIENT_TURN_BYTES_MAX);
    if (client->is_void) return TB_STATUS(TB_STORE);
    return client->must_reload ? client_reload(turn) : TB_STATUS(TB_OK);
}

static tb_status client_flush(struct client_turn *turn)
{
    TRY(client_room_flush_all(turn));
    TRY(client_profile_flush(turn));
    uint64_t next_ms = 0;
    for (const struct client_room *room = turn->client->rooms; room != NULL; room = room->next) {
        uint64_t due[3] = { room->duty_at_ms, room->retry_at_ms, room->intent_at_ms };
        for (size_t i = 0; i < 3; i++) {
            /* What is due already waits for something else than time. */
            if (due[i] > turn->now_ms && (next_ms == 0 || due[i] < next_ms)) next_ms = due[i];
        }
    }
    uint64_t expire_ms = turn->client->expire_at_ms;
    if (expire_ms != UINT64_MAX && (next_ms == 0 || expire_ms < next_ms)) next_ms = expire_ms;
    client_wake_at(turn, next_ms);
    return TB_STATUS(TB_OK);
}

tb_status client_turn_end(struct client_turn *turn, tb_status status)
{
    struct client *client = turn->client;
    if (client->is_void) {
        tb_arena_wipe(&turn->arena);
        return status;
    }
    if (!client_status_is_fatal(status)) {
        tb_status flushed = client_flush(turn);
        if (!tb_is_ok(flushed)) status = flushed;
    }
    if (client_status_is_fatal(status)) {
        client->is_void = true;
        turn->effects->count = turn->effects_before;
    }
    tb_arena_wipe(&turn->arena);
    return status;
}

bool client_is_void(const struct client *client)
{
    return client->is_void;
}

tb_status client_turn_refused(struct client *client, struct client_effects *effects)
{
    /* What the engine had meant to do with the connection is lost with the turn. */
    bool was_connected = client->is_connected;
    client_effects_clear(effects);
    client->is_void = false;
    client->must_reload = true;
    client->session = CLIENT_SESSION_NONE;
    client_request_drop_all(client);
    if (!was_connected) return TB_STATUS(TB_OK);
    struct client_turn turn = { .client = client, .effects = effects };
    TRY(client_effect_close(&turn));
    return client_show(&turn, &(struct client_show){ .kind = CLIENT_SHOW_OFFLINE });
}

void client_wake_at(struct client_turn *turn, uint64_t at_ms)
{
    struct client *client = turn->client;
    if (at_ms == 0 || turn->effects == NULL) return;
    bool is_past = client->wake_at_ms <= turn->now_ms;
    if (client->wake_at_ms != 0 && !is_past && client->wake_at_ms <= at_ms) return;
    struct client_effect *effect = client_effect_new(turn, CLIENT_EFFECT_WAKE);
    if (effect == NULL) return; /* the next step asks again */
    effect->at_ms = at_ms;
    client->wake_at_ms = at_ms;
}

uint64_t client_op_new(struct client *client)
{
    client->is_profile_dirty = true;
    return ++client->profile.next_op;
}

static void client_due(struct client_turn *turn)
{
    for (struct client_room *room = turn->client->rooms; room != NULL; room = room->next) {
        if (room->retry_at_ms != 0 && room->retry_at_ms <= turn->now_ms) room->retry_at_ms = 0;
    }
}

static tb_status client_frame(struct client_turn *turn, tb_bytes frame)
{
    if (turn->client->session == CLIENT_SESSION_NONE) return TB_STATUS(TB_OK);
    if (frame.len == 0) return TB_STATUS(CLIENT_HUB_ANSWER);
    if (frame.data[0] == CHAT_FRAME_ANSWER) return client_request_answered(turn, frame);
    if (frame.data[0] == CHAT_FRAME_PUSH) return client_session_push(turn, frame);
    return TB_STATUS(CLIENT_HUB_ANSWER);
}

static tb_status client_event_take(struct client_turn *turn, const struct client_event *event)
{
    client_due(turn);
    if (event->kind == CLIENT_EVENT_CONNECTED) turn->client->is_connected = true;
    if (event->kind == CLIENT_EVENT_DISCONNECTED) turn->client->is_connected = false;
    switch (event->kind) {
    case CLIENT_EVENT_CONNECTED: return client_session_begin(turn);
    case CLIENT_EVENT_DISCONNECTED: return client_session_end(turn);
    case CLIENT_EVENT_FRAME: return client_frame(turn, event->bytes);
    case CLIENT_EVENT_TICK: return TB_STATUS(TB_OK);
    }
    assert(false);
    return TB_STATUS(TB_OK);
}

void client_step(struct client *client, const struct client_event *event,
                 struct client_effects *effects)
{
    struct client_turn turn;
    tb_status status = client_turn_begin(&turn, client, event->now_ms, effects);
    if (tb_is_ok(status)) status = client_expire_work(&turn);
    if (tb_is_ok(status)) status = client_prune_work(&turn);
    if (tb_is_ok(status)) status = client_event_take(&turn, event);
    if (tb_is_ok(status)) status = client_session_work(&turn);
    if (!tb_is_ok(status) && !client_status_is_fatal(status)
        && client->session != CLIENT_SESSION_NONE) {
        /* What the hub sent breaks the protocol: nothing more is believed on this connection. */
        status = client_effect_close(&turn);
        if (tb_is_ok(status)) status = client_session_end(&turn);
    }
    (void)client_turn_end(&turn, status); /* a void turn is seen through client_is_void */
}

bool client_is_registered(const struct client *client)
{
    return client->profile.state >= CLIENT_PROFILE_REGISTERED;
}
bool client_is_online(const struct client *client)
{
    return client->session == CLIENT_SESSION_ONLINE;
}
bool client_is_desk(const struct client *client)
{
    return client->is_desk;
}
tb_bytes client_account(const struct client *client)
{
    return client->profile.account;
}
tb_bytes client_device(const struct client *client)
{
    return client->profile.device;
}
tb_bytes client_handle(const struct client *client)
{
    return client->profile.handle;
}
tb_bytes client_origin(const struct client *client)
{
    return client->profile.origin;
}
