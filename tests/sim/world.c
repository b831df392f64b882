/* Time, connections, processes and their faults. */
#include "tests/sim/sim.h"

#include <stdio.h>

#include "chat/protocol.h"

enum { SIM_START_MS_DAY = 20000, SIM_FRAMES_A_TURN = 16 };

uint32_t sim_random(struct sim *sim, uint32_t below)
{
    return (uint32_t)(test_rng_u64(&sim->rng) >> 32) % below;
}

bool sim_chance(struct sim *sim, uint32_t per_65536)
{
    return per_65536 != 0 && sim_random(sim, 65536) < per_65536;
}

_Noreturn void sim_fail(struct sim *sim, const char *what, const struct sim_client *who)
{
    fprintf(stderr, "FAILED: %s (client %s, seed %llu, step %llu)\n", what,
            who != NULL ? who->handle : "none", (unsigned long long)sim->seed,
            (unsigned long long)sim->step);
    sim_model_dump(sim);
    abort();
}

void sim_must(const struct sim_client *who, tb_status status)
{
    if (tb_is_ok(status)) return;
    fprintf(stderr, "status %u\n", status.code);
    sim_fail(who->sim, "what cannot fail here does", who);
}

uint64_t sim_client_now(const struct sim_client *who)
{
    return who->sim->now_ms + (uint64_t)who->skew_ms;
}

/* ------------------------------------------------------------------ pipes */

static bool sim_frame_is(tb_bytes frame, bool is_to_hub)
{
    if (is_to_hub) return frame.len > 6 && tb_get_u16(frame.data + 4) == CHAT_VERB_SUBMIT;
    return frame.len > 3 && frame.data[0] == CHAT_FRAME_PUSH
           && tb_get_u16(frame.data + 1) == CHAT_PUSH_PAGE;
}

static void sim_pipe_put(struct sim *sim, struct sim_pipe *pipe, tb_bytes bytes, bool is_close)
{
    struct sim_frame *frame = malloc(sizeof *frame + bytes.len);
    if (frame == NULL) abort();
    uint64_t due_ms = sim->now_ms + 1 + sim_random(sim, sim->faults.delay_ms_max + 1);
    if (pipe->last != NULL && pipe->last->due_ms > due_ms) due_ms = pipe->last->due_ms;
    *frame = (struct sim_frame){ .due_ms = due_ms, .is_close = is_close, .len = bytes.len };
    if (bytes.len != 0) memcpy(frame->data, bytes.data, bytes.len);
    if (pipe->last != NULL) pipe->last->next = frame;
    else pipe->first = frame;
    pipe->last = frame;
}

static struct sim_frame *sim_pipe_take(struct sim_pipe *pipe)
{
    struct sim_frame *frame = pipe->first;
    pipe->first = frame->next;
    if (pipe->first == NULL) pipe->last = NULL;
    return frame;
}

static void sim_pipe_clear(struct sim_pipe *pipe)
{
    while (pipe->first != NULL) free(sim_pipe_take(pipe));
}

/* The network's faults, when a frame enters a pipe. */
static void sim_pipe_send(struct sim_client *who, struct sim_pipe *pipe, tb_bytes bytes)
{
    struct sim *sim = who->sim;
    bool is_to_hub = pipe == &who->to_hub;
    if (sim_chance(sim, sim->faults.disconnect)) {
        sim_disconnect(who); /* this frame and all behind it are lost */
        return;
    }
    if (sim->withhold != NULL && !is_to_hub && sim->withhold(who, bytes)) return;
    bool is_pliable = sim_frame_is(bytes, is_to_hub);
    sim_pipe_put(sim, pipe, bytes, false);
    if (sim->tamper != NULL && !is_to_hub) sim->tamper(who, pipe->last->data, pipe->last->len);
    if (is_pliable && sim_chance(sim, sim->faults.duplicate)) {
        sim_pipe_put(sim, pipe, bytes, false);
    }
    if (!is_pliable || is_to_hub || !sim_chance(sim, sim->faults.reorder)) return;
    struct sim_frame *head = pipe->first, *next = head->next;
    if (next == NULL || next->is_close || next->next != NULL) return;
    if (!sim_frame_is(tb_bytes_of(head->data, head->len), false)) return;
    uint64_t due_ms = head->due_ms;
    pipe->first = next;
    next->next = head;
    head->next = NULL;
    head->due_ms = next->due_ms;
    next->due_ms = due_ms;
    pipe->last = head;
}

void sim_pipe_inject(struct sim_client *who, tb_bytes frame)
{
    sim_pipe_put(who->sim, &who->to_hub, frame, false);
}

/* ------------------------------------------------------------------ the hub */

static const struct hub_config *sim_hub_config(struct sim *sim)
{
    static struct hub_config config;
    config = (struct hub_config){
        .provider = crypto_backend_native(),
        .mem = &sim->heap.mem,
        .rng = &sim->hub_rng.rng,
        .store = &sim->hub_store.store,
        .domain = "sim.example",
        .software = "sim",
    };
    return &config;
}

static void sim_hub_start(struct sim *sim)
{
    store_mem_begin(&sim->hub_store);
    tb_status status = hub_new(sim_hub_config(sim), sim->now_ms, &sim->hub);
    if (!tb_is_ok(status)) sim_fail(sim, "the hub does not load its store", NULL);
    if (!tb_is_ok(store_mem_commit(&sim->hub_store))) sim_fail(sim, "commit", NULL);
    sim->hub_wake_ms = 0;
}

static struct sim_client *sim_by_conn(struct sim *sim, hub_conn conn)
{
    for (size_t i = 0; i < sim->client_count; i++) {
        struct sim_client *who = &sim->clients[i];
        if (who->is_connected && who->conn == conn) return who;
    }
    return NULL;
}

static void sim_hub_release(struct sim *sim)
{
    for (size_t i = 0; i < sim->hub_effects.count; i++) {
        struct hub_effect *effect = &sim->hub_effects.at[i];
        struct sim_client *who = sim_by_conn(sim, effect->conn);
        if (effect->kind == HUB_EFFECT_WAKE) sim->hub_wake_ms = effect->at_ms;
        if (who == NULL) continue;
        if (effect->kind == HUB_EFFECT_SEND) {
            sim_pipe_send(who, &who->from_hub, tb_bytes_of(effect->blob->data, effect->blob->len));
        } else if (effect->kind == HUB_EFFECT_CLOSE) {
            sim_pipe_put(sim, &who->from_hub, (tb_bytes){ 0 }, true);
        }
    }
    hub_effects_clear(&sim->hub_effects);
}

static void sim_hub_turn_end(struct sim *sim)
{
    sim->hub_store.write_fault = STORE_MEM_WORKS;
    if (sim_chance(sim, sim->faults.hub_refused)) {
        sim->hub_store.commit_fault = STORE_MEM_REFUSES_ONCE;
    }
    bool may_commit = hub_turn_end(sim->hub, sim->now_ms, &sim->hub_effects);
    if (sim_chance(sim, sim->faults.hub_crash)) { /* before the commit */
        sim_hub_crash(sim);
        return;
    }
    bool is_committed = may_commit && tb_is_ok(store_mem_commit(&sim->hub_store));
    if (!may_commit) store_mem_rollback(&sim->hub_store);
    if (is_committed) hub_turn_committed(sim->hub);
    else hub_turn_refused(sim->hub, &sim->hub_effects);
    sim->hub_store.commit_fault = STORE_MEM_WORKS;
    if (is_committed && sim_chance(sim, sim->faults.hub_crash)) { /* between store and send */
        sim_hub_crash(sim);
        return;
    }
    sim_hub_release(sim);
}

static void sim_hub_turn_begin(struct sim *sim)
{
    store_mem_begin(&sim->hub_store);
    if (sim_chance(sim, sim->faults.hub_write)) {
        sim->hub_store.write_fault = STORE_MEM_REFUSES_ONCE;
    }
}

static void sim_hub_event(struct sim *sim, enum hub_event_kind kind, hub_conn conn, tb_bytes bytes)
{
    struct hub_event event = { .kind = kind, .now_ms = sim->now_ms, .conn = conn, .bytes = bytes };
    hub_step(sim->hub, &event, &sim->hub_effects);
}

size_t sim_hub_admin(struct sim *sim, uint16_t verb, tb_bytes request, uint8_t *out, size_t max)
{
    struct hub_event event = { .kind = HUB_EVENT_POST, .now_ms = sim->now_ms, .verb = verb,
                               .conn = sim->next_conn++, .is_admin = true, .bytes = request };
    size_t len = 0;
    store_mem_begin(&sim->hub_store);
    hub_step(sim->hub, &event, &sim->hub_effects);
    for (size_t i = 0; i < sim->hub_effects.count; i++) {
        const struct hub_effect *effect = &sim->hub_effects.at[i];
        if (effect->kind != HUB_EFFECT_ANSWER || effect->conn != event.conn) continue;
        if (effect->code != 0 || effect->blob->len > max) sim_fail(sim, "an operator's verb", NULL);
        len = effect->blob->len;
        memcpy(out, effect->blob->data, len);
    }
    sim_hub_turn_end(sim);
    return len;
}

void sim_hub_crash(struct sim *sim)
{
    sim->hub_crash_count++;
    hub_effects_clear(&sim->hub_effects);
    hub_free(sim->hub);
    sim->hub_store.write_fault = STORE_MEM_WORKS;
    if (sim->hub_store.is_open) store_mem_rollback(&sim->hub_store);
    sim->hub_store.commit_fault = STORE_MEM_WORKS;
    sim_hub_start(sim);
    for (size_t i = 0; i < sim->client_count; i++) {
        if (sim->clients[i].is_connected) sim_disconnect(&sim->clients[i]);
    }
}

void sim_hub_go_back(struct sim *sim, const struct store_mem *backup, bool is_told)
{
    hub_effects_clear(&sim->hub_effects);
    hub_free(sim->hub);
    store_mem_wipe(&sim->hub_store);
    store_mem_init(&sim->hub_store);
    store_mem_copy(&sim->hub_store, backup);
    sim_hub_start(sim);
    store_mem_begin(&sim->hub_store);
    if ((is_told && !tb_is_ok(hub_mark_restored(sim->hub, sim->now_ms)))
        || !tb_is_ok(store_mem_commit(&sim->hub_store))) {
        sim_fail(sim, "hub_mark_restored", NULL);
    }
    for (size_t i = 0; i < sim->client_count; i++) {
        if (sim->clients[i].is_connected) sim_disconnect(&sim->clients[i]);
    }
}

/* All frames that are due, in one turn of the hub's loop. */
static bool sim_hub_turn(struct sim *sim)
{
    bool is_woken = sim->hub_wake_ms != 0 && sim->hub_wake_ms <= sim->now_ms;
    size_t taken = 0;
    struct hub *hub = sim->hub;
    for (size_t i = 0; i < sim->client_count && taken == 0; i++) {
        struct sim_client *who = &sim->clients[i];
        if (who->to_hub.first != NULL && who->to_hub.first->due_ms <= sim->now_ms) taken++;
    }
    if (taken == 0 && !is_woken) return false;
    sim_hub_turn_begin(sim);
    taken = 0;
    for (size_t k = 0; k < sim->client_count; k++) {
        struct sim_client *who = &sim->clients[(k + sim->step) % sim->client_count];
        while (who->to_hub.first != NULL && who->to_hub.first->due_ms <= sim->now_ms
               && taken++ < SIM_FRAMES_A_TURN) {
            struct sim_frame *frame = sim_pipe_take(&who->to_hub);
            if (frame->is_close) sim_hub_event(sim, HUB_EVENT_CLOSED, tb_get_u64(frame->data),
                                               (tb_bytes){ 0 });
            else if (who->is_connected) {
                sim_hub_event(sim, HUB_EVENT_FRAME, who->conn,
                              tb_bytes_of(frame->data, frame->len));
            }
            free(frame);
        }
    }
    if (is_woken) {
        sim->hub_wake_ms = 0;
        sim_hub_event(sim, HUB_EVENT_TICK, 0, (tb_bytes){ 0 });
    }
    if (sim->hub == hub) sim_hub_turn_end(sim);
    return true;
}

/* ------------------------------------------------------------------ clients */

static void sim_client_start(struct sim_client *who)
{
    struct client_config config = {
        .provider = crypto_backend_native(),
        .mem = &who->sim->heap.mem,
        .rng = &who->rng.rng,
        .store = &who->store.store,
        .software = "sim",
        .cipher_suite = who->index % 2 == 0 ? 0 : 3,
    };
    store_mem_begin(&who->store);
    tb_status status = client_new(&config, sim_client_now(who), &who->client);
    if (!tb_is_ok(status)) sim_fail(who->sim, "a client does not load its store", who);
    if (!tb_is_ok(store_mem_commit(&who->store))) sim_fail(who->sim, "commit", who);
    who->wake_at_ms = 0;
}

static void sim_client_release(struct sim_client *who)
{
    bool is_closed = false;
    for (size_t i = 0; i < who->effects.count; i++) {
        const struct client_effect *effect = &who->effects.at[i];
        switch (effect->kind) {
        case CLIENT_EFFECT_SEND:
            if (!who->is_connected || is_closed) break;
            sim_model_sent(who, effect->bytes);
            sim_pipe_send(who, &who->to_hub, effect->bytes);
            break;
        case CLIENT_EFFECT_SHOW: sim_model_shown(who, &effect->show); break;
        case CLIENT_EFFECT_CLOSE: is_closed = true; break;
        case CLIENT_EFFECT_WAKE: who->wake_at_ms = effect->at_ms; break;
        }
    }
    client_effects_clear(&who->effects);
    if (is_closed && who->is_connected) sim_disconnect(who);
}

/* The end of a client's turn, with the faults of its process and its disk.  False: it was lost. */
static bool sim_client_turn_end(struct sim_client *who)
{
    struct sim *sim = who->sim;
    if (sim_chance(sim, sim->faults.client_crash)) { /* before the commit */
        sim_client_crash(who);
        return false;
    }
    if (sim_chance(sim, sim->faults.client_refused)) {
        who->store.commit_fault = STORE_MEM_REFUSES_ONCE;
    }
    bool may_commit = !client_is_void(who->client);
    bool is_committed = may_commit && tb_is_ok(store_mem_commit(&who->store));
    if (!may_commit) store_mem_rollback(&who->store);
    who->store.commit_fault = STORE_MEM_WORKS;
    if (!is_committed) {
        if (!tb_is_ok(client_turn_refused(who->client, &who->effects))) {
            sim_fail(sim, "client_turn_refused", who);
        }
        sim_client_release(who);
        return false;
    }
    if (sim_chance(sim, sim->faults.client_crash)) { /* between persist and send */
        sim_client_crash(who);
        return true;
    }
    sim_client_release(who);
    return true;
}

static void sim_client_step(struct sim_client *who, enum client_event_kind kind, tb_bytes bytes)
{
    struct client_event event = { .kind = kind, .now_ms = sim_client_now(who), .bytes = bytes };
    store_mem_begin(&who->store);
    if (sim_chance(who->sim, who->sim->faults.client_memory)) {
        who->sim->heap.fail_after = sim_random(who->sim, 60);
    }
    if (sim_chance(who->sim, who->sim->faults.client_write)) {
        who->store.write_fault = STORE_MEM_REFUSES_ONCE;
    }
    client_step(who->client, &event, &who->effects);
    who->sim->heap.fail_after = SIZE_MAX;
    who->store.write_fault = STORE_MEM_WORKS;
    (void)sim_client_turn_end(who);
}

tb_status sim_turn(struct sim_client *who, sim_act *act, const void *params, uint8_t op_kind,
                   size_t *op_index)
{
    uint64_t op = 0;
    store_mem_begin(&who->store);
    tb_status status = act(who, params, &op);
    *op_index = sim_model_op(who->sim, who, tb_is_ok(status) ? op : 0, op_kind);
    if (!sim_client_turn_end(who)) {
        who->sim->ops[*op_index].is_over = true; /* it never happened */
        if (tb_is_ok(status)) status = TB_STATUS(TB_STORE);
    }
    return status;
}

/* Nobody waits any more for what the process was asked to do. */
static void sim_ops_forget(struct sim_client *who)
{
    for (size_t i = who->sim->op_first; i < who->sim->op_count; i++) {
        struct sim_op *op = &who->sim->ops[i];
        if (op->client == who->index) op->is_over = true;
    }
}

void sim_client_crash(struct sim_client *who)
{
    who->sim->client_crash_count++;
    if (who->store.is_open) store_mem_rollback(&who->store);
    client_effects_clear(&who->effects);
    client_free(who->client);
    if (who->is_connected) sim_disconnect(who);
    sim_ops_forget(who);
    who->is_synced = false;
    sim_client_start(who);
}

void sim_client_go_back(struct sim_client *who, const struct store_mem *backup)
{
    client_effects_clear(&who->effects);
    client_free(who->client);
    if (who->is_connected) sim_disconnect(who);
    store_mem_wipe(&who->store);
    store_mem_init(&who->store);
    store_mem_copy(&who->store, backup);
    sim_ops_forget(who);
    for (size_t i = 0; i < who->sim->text_count; i++) { /* what it lost it may show again */
        who->sim->texts[i].seen_by &= ~(UINT32_C(1) << who->index);
    }
    sim_client_start(who);
}

void sim_connect(struct sim_client *who)
{
    struct sim *sim = who->sim;
    if (who->is_connected || who->cut_off_until_ms > sim->now_ms) return;
    who->is_connected = true;
    who->wants_connection = true;
    who->connect_at_ms = 0;
    who->conn = ++sim->next_conn;
    store_mem_begin(&sim->hub_store);
    sim_hub_event(sim, HUB_EVENT_OPENED, who->conn, (tb_bytes){ 0 });
    sim_hub_turn_end(sim);
    if (who->is_connected) sim_client_step(who, CLIENT_EVENT_CONNECTED, (tb_bytes){ 0 });
}

void sim_cut_off(struct sim_client *who, uint64_t until_ms)
{
    who->cut_off_until_ms = until_ms;
    if (until_ms != 0) sim_disconnect(who);
}

/* Both ends notice: the client at once, the hub after a while. */
void sim_disconnect(struct sim_client *who)
{
    struct sim *sim = who->sim;
    uint8_t conn[8];
    if (!who->is_connected) return;
    who->is_connected = false;
    who->is_synced = false;
    sim_pipe_clear(&who->from_hub);
    sim_pipe_clear(&who->to_hub);
    tb_put_u64(conn, who->conn);
    sim_pipe_put(sim, &who->to_hub, TB_ARRAY(conn), true);
    who->lost_connection = true;
    who->connect_at_ms = sim->now_ms + 20 + sim_random(sim, 500);
}

/* ------------------------------------------------------------------ time */

static bool sim_client_due(struct sim_client *who)
{
    struct sim *sim = who->sim;
    if (who->lost_connection) {
        who->lost_connection = false;
        sim_client_step(who, CLIENT_EVENT_DISCONNECTED, (tb_bytes){ 0 });
        return true;
    }
    if (!who->is_connected && who->wants_connection && who->connect_at_ms <= sim->now_ms
        && who->cut_off_until_ms <= sim->now_ms
        && who->to_hub.first == NULL) {
        sim_connect(who);
        return true;
    }
    if (who->from_hub.first != NULL && who->from_hub.first->due_ms <= sim->now_ms) {
        struct sim_frame *frame = sim_pipe_take(&who->from_hub);
        sim_model_received(who, tb_bytes_of(frame->data, frame->len));
        if (frame->is_close) sim_disconnect(who);
        else sim_client_step(who, CLIENT_EVENT_FRAME, tb_bytes_of(frame->data, frame->len));
        free(frame);
        return true;
    }
    if (who->wake_at_ms != 0 && who->wake_at_ms <= sim_client_now(who)) {
        who->wake_at_ms = 0;
        sim_client_step(who, CLIENT_EVENT_TICK, (tb_bytes){ 0 });
        return true;
    }
    return false;
}

void sim_run(struct sim *sim, uint64_t ms)
{
    uint64_t end_ms = sim->now_ms + ms;
    for (;;) {
        bool is_moved = sim_hub_turn(sim);
        for (size_t i = 0; i < sim->client_count; i++) {
            is_moved = sim_client_due(&sim->clients[i]) || is_moved;
        }
        if (is_moved) continue;
        if (sim->now_ms >= end_ms) break;
        sim->now_ms++;
    }
    sim_model_check_epochs(sim);
}

bool sim_is_quiet(const struct sim *sim)
{
    for (size_t i = 0; i < sim->client_count; i++) {
        const struct sim_client *who = &sim->clients[i];
        if (who->to_hub.first != NULL || who->from_hub.first != NULL || who->lost_connection) {
            return false;
        }
        if (!who->wants_connection) continue;
        if (!who->is_connected || !client_is_online(who->client)) return false;
        if (!client_is_idle(who->client) || !who->is_synced) return false;
    }
    return true;
}

void sim_settle(struct sim *sim, uint64_t ms_max)
{
    struct sim_faults faults = sim->faults;
    uint64_t end_ms = sim->now_ms + ms_max;
    sim->faults = (struct sim_faults){ .delay_ms_max = faults.delay_ms_max };
    for (size_t i = 0; i < sim->client_count; i++) sim_cut_off(&sim->clients[i], 0);
    sim_run(sim, 100);
    while (!sim_is_quiet(sim) && sim->now_ms < end_ms) sim_run(sim, 100);
    /* Who had left in a history that the hub forgot is in the tree again and has no keys: with all
     * others leaving too, nobody can commit, and what they still wish waits for ever. */
    if (!sim_is_quiet(sim) && !sim->has_lost_history && !sim->is_hostile) {
        sim_fail(sim, "the world does not come to rest", NULL);
    }
    sim->faults = faults;
}

/* ------------------------------------------------------------------ life */

void sim_init(struct sim *sim, uint64_t seed, size_t client_count)
{
    memset(sim, 0, sizeof *sim);
    test_heap_init(&sim->heap);
    test_rng_init(&sim->rng, seed);
    test_rng_init(&sim->hub_rng, seed ^ 0x5555555555555555u);
    sim->seed = seed;
    sim->now_ms = (uint64_t)SIM_START_MS_DAY * 86400000u;
    sim->client_count = client_count;
    sim->faults.delay_ms_max = 40;
    store_mem_init(&sim->hub_store);
    store_mem_init(&sim->hub_backup);
    hub_effects_init(&sim->hub_effects, &sim->heap.mem);
    sim_hub_start(sim);
    static const char *const NAMES[SIM_CLIENT_COUNT_MAX] = { "ada", "bob", "carol", "mallory",
                                                             "eve", "frank", "grace", "heidi" };
    for (size_t i = 0; i < client_count; i++) {
        struct sim_client *who = &sim->clients[i];
        who->sim = sim;
        who->index = i;
        snprintf(who->handle, sizeof who->handle, "%s", NAMES[i]);
        test_rng_init(&who->rng, seed * 31 + i + 1);
        store_mem_init(&who->store);
        store_mem_init(&who->backup);
        client_effects_init(&who->effects, &sim->heap.mem);
        sim_client_start(who);
    }
}

void sim_wipe(struct sim *sim)
{
    for (size_t i = 0; i < sim->client_count; i++) {
        struct sim_client *who = &sim->clients[i];
        client_free(who->client);
        client_effects_wipe(&who->effects);
        store_mem_wipe(&who->store);
        store_mem_wipe(&who->backup);
        sim_pipe_clear(&who->to_hub);
        sim_pipe_clear(&who->from_hub);
    }
    hub_free(sim->hub);
    hub_effects_wipe(&sim->hub_effects);
    store_mem_wipe(&sim->hub_backup);
    store_mem_wipe(&sim->hub_store);
    free(sim->ops);
    free(sim->texts);
    free(sim->epochs);
    free(sim->sealed);
}
