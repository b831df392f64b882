/* What people do. */
#include "tests/sim/sim.h"

#include <stdio.h>

#include "chat/policy.h"
#include "chat/protocol.h"
#include "client/status.h"

struct sim_wish {
    tb_bytes a, b;
    uint64_t number;
    const struct client_report_params *report;
    const struct client_decision_params *decision;
};

static size_t sim_do(struct sim_client *who, sim_act *act, const struct sim_wish *wish,
                     uint8_t kind)
{
    size_t index;
    tb_status status = sim_turn(who, act, wish, kind, &index);
    if (tb_is_ok(status)) return index;
    who->sim->ops[index].is_over = true;
    who->sim->ops[index].code = status.code;
    sim_trace(who, "cannot begin: %u", status.code);
    return index;
}

void sim_act_expect(struct sim *sim, size_t op_index)
{
    const struct sim_op *op = &sim->ops[op_index];
    if (op->is_over && op->is_done) return;
    fprintf(stderr, "operation of %s: over %d done %d code %u\n", sim->clients[op->client].handle,
            op->is_over, op->is_done, op->code);
    sim_fail(sim, "an operation that must succeed did not", &sim->clients[op->client]);
}

/* ------------------------------------------------------------------ registration */

static tb_status sim_register(struct sim_client *who, const void *params, uint64_t *op)
{
    const struct sim_wish *wish = params;
    return client_register(who->client, sim_client_now(who), wish->a, wish->b, &who->effects, op);
}

static void sim_account_link(struct sim *sim, bool is_admin, char *out, size_t out_max)
{
    struct tb_arena arena;
    tb_bytes fragment;
    tb_arena_init(&arena, &sim->heap.mem, 1 << 20);
    store_mem_begin(&sim->hub_store);
    tb_status status = hub_invite_new(sim->hub, is_admin, sim->now_ms + 86400000, 1, &arena,
                                      &fragment);
    if (!tb_is_ok(status) || !tb_is_ok(store_mem_commit(&sim->hub_store))) {
        sim_fail(sim, "hub_invite_new", NULL);
    }
    snprintf(out, out_max, "http://sim.example/j/#%.*s", (int)fragment.len,
             (const char *)fragment.data);
    tb_arena_wipe(&arena);
}

static void sim_register_by(struct sim_client *who, const char *link)
{
    struct sim *sim = who->sim;
    struct sim_wish wish = { .a = tb_bytes_text(link), .b = tb_bytes_text(who->handle) };
    size_t op = sim_do(who, sim_register, &wish, SIM_OP_OTHER);
    who->wants_connection = true;
    sim_settle(sim, 60000);
    sim_act_expect(sim, op);
}

void sim_act_register_one(struct sim_client *who, bool is_admin)
{
    char link[1024];
    sim_account_link(who->sim, is_admin, link, sizeof link);
    sim_register_by(who, link);
}

void sim_act_register_with(struct sim_client *who, tb_bytes fragment)
{
    char link[1024];
    snprintf(link, sizeof link, "http://sim.example/j/#%.*s", (int)fragment.len,
             (const char *)fragment.data);
    sim_register_by(who, link);
}

void sim_act_register(struct sim *sim)
{
    for (size_t i = 0; i < sim->client_count; i++) {
        sim_act_register_one(&sim->clients[i], i == 0);
    }
}

/* ------------------------------------------------------------------ rooms */

static tb_status sim_create(struct sim_client *who, const void *params, uint64_t *op)
{
    const struct sim_wish *wish = params;
    return client_room_create(who->client, sim_client_now(who), wish->a, CHAT_CLASS_PRIVATE,
                              &who->effects, op);
}

size_t sim_act_create(struct sim_client *who, const char *name, char room[256])
{
    struct sim_wish wish = { .a = tb_bytes_text(name) };
    size_t op = sim_do(who, sim_create, &wish, SIM_OP_OTHER);
    sim_settle(who->sim, 60000);
    sim_act_expect(who->sim, op);
    struct tb_arena arena;
    tb_bytes uri;
    tb_arena_init(&arena, &who->sim->heap.mem, 1 << 20);
    if (!tb_is_ok(client_room_find(who->client, wish.a, &arena, &uri))) {
        sim_fail(who->sim, "the new room is not found", who);
    }
    snprintf(room, 256, "%.*s", (int)uri.len, (const char *)uri.data);
    tb_arena_wipe(&arena);
    return op;
}

static tb_status sim_invite(struct sim_client *who, const void *params, uint64_t *op)
{
    const struct sim_wish *wish = params;
    return client_room_invite_link(who->client, sim_client_now(who), wish->a, 0,
                                   (uint32_t)wish->number, &who->effects, op);
}
size_t sim_act_invite(struct sim_client *who, const char *room, uint32_t uses)
{
    struct sim_wish wish = { .a = tb_bytes_text(room), .number = uses };
    return sim_do(who, sim_invite, &wish, SIM_OP_LINK);
}

static tb_status sim_join(struct sim_client *who, const void *params, uint64_t *op)
{
    const struct sim_wish *wish = params;
    return client_room_join(who->client, sim_client_now(who), wish->a, &who->effects, op);
}
size_t sim_act_join(struct sim_client *who, const char *link)
{
    struct sim_wish wish = { .a = tb_bytes_text(link) };
    return sim_do(who, sim_join, &wish, SIM_OP_OTHER);
}

static tb_status sim_leave(struct sim_client *who, const void *params, uint64_t *op)
{
    const struct sim_wish *wish = params;
    return client_room_leave(who->client, sim_client_now(who), wish->a, &who->effects, op);
}
size_t sim_act_leave(struct sim_client *who, const char *room)
{
    struct sim_wish wish = { .a = tb_bytes_text(room) };
    return sim_do(who, sim_leave, &wish, SIM_OP_OTHER);
}

static tb_status sim_remove(struct sim_client *who, const void *params, uint64_t *op)
{
    const struct sim_wish *wish = params;
    return client_room_remove(who->client, sim_client_now(who), wish->a, wish->b, &who->effects,
                              op);
}
size_t sim_act_remove(struct sim_client *who, const char *room, const struct sim_client *whom)
{
    struct sim_wish wish = { .a = tb_bytes_text(room), .b = client_account(whom->client) };
    return sim_do(who, sim_remove, &wish, SIM_OP_OTHER);
}

static tb_status sim_role(struct sim_client *who, const void *params, uint64_t *op)
{
    const struct sim_wish *wish = params;
    return client_room_role(who->client, sim_client_now(who), wish->a, wish->b,
                            (uint32_t)wish->number, &who->effects, op);
}
size_t sim_act_role(struct sim_client *who, const char *room, const struct sim_client *whom,
                    uint32_t role_index)
{
    struct sim_wish wish = { .a = tb_bytes_text(room), .b = client_account(whom->client),
                             .number = role_index };
    return sim_do(who, sim_role, &wish, SIM_OP_OTHER);
}

/* ------------------------------------------------------------------ messages */

static tb_status sim_send(struct sim_client *who, const void *params, uint64_t *op)
{
    const struct sim_wish *wish = params;
    return client_send(who->client, sim_client_now(who), wish->a, wish->b, &who->effects, op);
}

size_t sim_act_send(struct sim_client *who, const char *room)
{
    struct sim *sim = who->sim;
    if (sim->text_count == SIM_TEXT_COUNT_MAX) sim_fail(sim, "too many texts", who);
    size_t index = sim->text_count++;
    struct sim_text *text = &sim->texts[index];
    snprintf(text->text, sizeof text->text, "text %zu of %s", index, who->handle);
    snprintf(text->room, sizeof text->room, "%s", room);
    text->sender = (uint8_t)who->index;
    struct sim_wish wish = { .a = tb_bytes_text(room), .b = tb_bytes_text(text->text) };
    size_t before = sim->op_count;
    /* The answer cannot come within the turn, so the text is known before it. */
    size_t op = sim_do(who, sim_send, &wish, SIM_OP_SEND);
    (void)before;
    sim->ops[op].text = index;
    return op;
}

/* ------------------------------------------------------------------ moderation */

static tb_status sim_report(struct sim_client *who, const void *params, uint64_t *op)
{
    const struct sim_wish *wish = params;
    return client_report(who->client, sim_client_now(who), wish->report, &who->effects, op);
}
size_t sim_act_report(struct sim_client *who, const char *room, const uint64_t *seq, size_t count)
{
    struct client_report_params params = {
        .room = tb_bytes_text(room),
        .room_seq = seq,
        .room_seq_count = count,
        .reason_code = 2,
        .note = TB_LITERAL("this hurts"),
    };
    struct sim_wish wish = { .report = &params };
    return sim_do(who, sim_report, &wish, SIM_OP_REPORT);
}

static tb_status sim_fetch(struct sim_client *who, const void *params, uint64_t *op)
{
    (void)params;
    return client_desk_fetch(who->client, sim_client_now(who), &who->effects, op);
}
size_t sim_act_fetch(struct sim_client *who)
{
    struct sim_wish wish = { .number = 0 };
    return sim_do(who, sim_fetch, &wish, SIM_OP_FETCH);
}

static tb_status sim_decide(struct sim_client *who, const void *params, uint64_t *op)
{
    const struct sim_wish *wish = params;
    return client_desk_decide(who->client, sim_client_now(who), wish->decision, &who->effects, op);
}
size_t sim_act_decide(struct sim_client *who, const struct client_decision_params *params)
{
    struct sim_wish wish = { .decision = params };
    return sim_do(who, sim_decide, &wish, SIM_OP_OTHER);
}
size_t sim_act_ban(struct sim_client *who, tb_bytes report_id, uint8_t scope)
{
    struct client_decision_params params = {
        .report_id = report_id,
        .action = CHAT_ACTION_BAN,
        .scope = scope,
        .reason_code = 2,
        .facts = TB_LITERAL("Repeated insults in the room."),
    };
    return sim_act_decide(who, &params);
}

static tb_status sim_name_owner(struct sim_client *who, const void *params, uint64_t *op)
{
    const struct sim_wish *wish = params;
    return client_desk_name_owner(who->client, sim_client_now(who), wish->a, wish->b,
                                  &who->effects, op);
}
size_t sim_act_name_owner(struct sim_client *who, const char *room, const struct sim_client *whom)
{
    struct sim_wish wish = { .a = tb_bytes_text(room), .b = client_account(whom->client) };
    return sim_do(who, sim_name_owner, &wish, SIM_OP_OTHER);
}

static tb_status sim_rejoin(struct sim_client *who, const void *params, uint64_t *op)
{
    (void)params;
    return client_rejoin(who->client, sim_client_now(who), &who->effects, op);
}
size_t sim_act_rejoin(struct sim_client *who)
{
    struct sim_wish wish = { .number = 0 };
    who->wants_connection = true;
    who->has_new_device = true;
    who->is_rolled_back = false;
    return sim_do(who, sim_rejoin, &wish, SIM_OP_OTHER);
}

/* ------------------------------------------------------------------ the desk at work */

static void sim_case_check(struct sim_client *desk, const struct client_case_view *view,
                           bool may_ban)
{
    struct sim *sim = desk->sim;
    if (!view->is_verified) {
        fprintf(stderr, "verdict %u\n%.*s\n", view->verdict, (int)view->sentences.len,
                (const char *)view->sentences.data);
        sim_fail(sim, "S7: an honest report does not verify", desk);
    }
    sim->reports_verified_count++;
    if (!may_ban || view->state != 1 || sim_random(sim, 4) != 0) return;
    (void)sim_act_ban(desk, view->report_id, CHAT_SCOPE_ROOM);
}

void sim_act_rotate(struct sim *sim, uint8_t keys)
{
    uint8_t nothing[1];
    (void)sim_hub_admin(sim, CHAT_VERB_ADMIN_KEYS_ROTATE, tb_bytes_of(&keys, 1), nothing, 0);
}

void sim_act_desk(struct sim *sim, bool may_ban)
{
    struct sim_client *desk = &sim->clients[0];
    struct tb_arena arena;
    struct client_case_view *cases;
    size_t count;
    tb_arena_init(&arena, &sim->heap.mem, 1 << 28);
    if (tb_is_ok(client_cases(desk->client, &arena, &cases, &count))) {
        for (size_t i = 0; i < count; i++) sim_case_check(desk, &cases[i], may_ban);
    }
    tb_arena_wipe(&arena);
    if (client_is_online(desk->client)) (void)sim_act_fetch(desk);
}

/* ------------------------------------------------------------------ chance */

static void sim_backup(struct store_mem *to, const struct store_mem *from, bool *has)
{
    store_mem_wipe(to);
    store_mem_init(to);
    store_mem_copy(to, from);
    *has = true;
}

/* Backups are made, and now and then somebody goes back to one. */
static void sim_act_rare(struct sim *sim, struct sim_client *who)
{
    uint32_t choice = sim_random(sim, 100);
    if (choice < 40) {
        sim_backup(&who->backup, &who->store, &who->has_backup);
    } else if (choice < 50 && who->has_backup && who->index != 0) {
        sim_client_go_back(who, &who->backup);
        who->is_behind = true;
    } else if (choice < 75) {
        sim_backup(&sim->hub_backup, &sim->hub_store, &sim->has_hub_backup);
        sim->has_new_agent = false;
    } else if (choice < 80 && sim->has_hub_backup) {
        sim_hub_go_back(sim, &sim->hub_backup, true);
        sim->has_new_agent = true;
        sim_model_hub_went_back(sim);
    } else if (choice < 85) {
        /* A backup holds one agent key more than were in use; two more would lose the rooms. */
        sim_act_rotate(sim, sim->has_new_agent ? CHAT_KEYS_INTAKE | CHAT_KEYS_FRANK
                                               : CHAT_KEYS_AGENT | CHAT_KEYS_INTAKE);
        sim->has_new_agent = true;
    } else {
        who->skew_ms = (int64_t)sim_random(sim, 400000) - 200000;
    }
}

static void sim_act_someone_reports(struct sim *sim, struct sim_client *who, const char *room,
                                    const struct sim_client *whom)
{
    uint64_t seq = sim_model_newest_seq(who, room, whom->handle);
    if (seq != 0 && who != whom) (void)sim_act_report(who, room, &seq, 1);
    if (sim_random(sim, 2) == 0) sim_act_desk(sim, true);
}

void sim_act_random(struct sim *sim, const char rooms[][256], size_t room_count)
{
    struct sim_client *who = &sim->clients[sim_random(sim, (uint32_t)sim->client_count)];
    const char *room = rooms[sim_random(sim, (uint32_t)room_count)];
    struct sim_client *other = &sim->clients[sim_random(sim, (uint32_t)sim->client_count)];
    uint32_t choice = sim_random(sim, 1000);
    if (who->is_rolled_back) (void)sim_act_rejoin(who);
    if (choice < 700) (void)sim_act_send(who, room);
    else if (choice < 780) (void)sim_act_invite(who, room, 4);
    else if (choice < 880) (void)(other->link[0] != 0 ? sim_act_join(who, other->link) : 0);
    else if (choice < 900) (void)sim_act_leave(who, room);
    else if (choice < 910 && who != other) (void)sim_act_remove(who, room, other);
    else if (choice < 925) sim_act_someone_reports(sim, who, room, other);
    else if (choice < 950 && who->is_connected) sim_disconnect(who);
    else if (choice < 960) sim_act_rare(sim, who);
    else sim_run(sim, sim_random(sim, 3000));
}
