/* What people do. */
#include "tests/sim/sim.h"

#include <stdio.h>

#include "chat/policy.h"
#include "chat/protocol.h"
#include "chat/records.h"
#include "client/status.h"

struct sim_wish {
    tb_bytes a, b;
    uint64_t number;
    const struct client_report_params *report;
    const struct client_decision_params *decision;
    const struct client_message_params *message;
    const struct client_attachment *attachment;
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

/* A new text that nobody else says. */
static size_t sim_text_new(struct sim_client *who, const char *room, enum client_message_kind kind)
{
    struct sim *sim = who->sim;
    SIM_GROW(sim->texts, sim->text_count, sim->text_cap);
    size_t index = sim->text_count++;
    struct sim_text *text = &sim->texts[index];
    *text = (struct sim_text){ .sender = (uint8_t)who->index, .kind = (uint8_t)kind,
                               .of = SIZE_MAX, .said_ms = sim->now_ms };
    snprintf(text->text, sizeof text->text, "text %zu of %s", index, who->handle);
    snprintf(text->room, sizeof text->room, "%s", room);
    return index;
}

size_t sim_act_send(struct sim_client *who, const char *room)
{
    size_t index = sim_text_new(who, room, CLIENT_MESSAGE_TEXT);
    struct sim_wish wish = { .a = tb_bytes_text(room),
                             .b = tb_bytes_text(who->sim->texts[index].text) };
    /* The answer cannot come within the turn, so the text is known before it. */
    size_t op = sim_do(who, sim_send, &wish, SIM_OP_SEND);
    who->sim->ops[op].text = index;
    return op;
}

static tb_status sim_message(struct sim_client *who, const void *params, uint64_t *op)
{
    const struct sim_wish *wish = params;
    return client_message(who->client, sim_client_now(who), wish->message, &who->effects, op);
}

/* Which text stood at this number at first? */
static size_t sim_text_at(const struct sim *sim, const char *room, uint64_t seq)
{
    for (size_t i = sim->text_count; i-- > 0;) {
        const struct sim_text *text = &sim->texts[i];
        bool is_line = text->kind == CLIENT_MESSAGE_TEXT && text->room_seq == seq;
        if (is_line && strcmp(text->room, room) == 0) return i;
    }
    return SIZE_MAX;
}

size_t sim_act_message(struct sim_client *who, const char *room, enum client_message_kind kind,
                       uint64_t of_seq, uint32_t expires_s)
{
    struct sim *sim = who->sim;
    size_t index = sim_text_new(who, room, kind);
    struct client_message_params params = {
        .room = tb_bytes_text(room), .kind = kind, .of_seq = of_seq,
        .has_expires = expires_s != 0, .expires_s = expires_s,
    };
    sim->texts[index].may_expire = expires_s != 0;
    if (of_seq != 0) {
        sim->texts[index].of = sim_text_at(sim, room, of_seq);
        /* In the place of a text that a restored hub may have lost, and so has no number here. */
        sim->texts[index].is_exempt = sim->texts[index].of == SIZE_MAX;
    }
    if (kind == CLIENT_MESSAGE_REACT) params.text = TB_LITERAL("+1");
    else if (kind == CLIENT_MESSAGE_TEXT || kind == CLIENT_MESSAGE_EDIT) {
        params.text = tb_bytes_text(sim->texts[index].text);
    }
    struct sim_wish wish = { .message = &params };
    size_t op = sim_do(who, sim_message, &wish, SIM_OP_SEND);
    sim->ops[op].text = index;
    return op;
}

uint8_t sim_file_octet(const char *text, size_t at)
{
    return (uint8_t)(at * 31 + (at >> 8) + (uint8_t)text[at % strlen(text)]);
}

static tb_status sim_attach(struct sim_client *who, const void *params, uint64_t *op)
{
    const struct sim_wish *wish = params;
    return client_attach(who->client, sim_client_now(who), wish->attachment, &who->effects, op);
}

/* Its name is the text; a few need more than one piece. */
size_t sim_act_attach(struct sim_client *who, const char *room)
{
    enum { FILE_LEN_MAX = 300000, FILE_LEN_USUAL = 3000 };
    struct sim *sim = who->sim;
    static uint8_t file[FILE_LEN_MAX];
    size_t index = sim_text_new(who, room, CLIENT_MESSAGE_TEXT);
    struct sim_text *text = &sim->texts[index];
    text->file_len = 1 + sim_random(sim, sim_random(sim, 8) == 0 ? FILE_LEN_MAX : FILE_LEN_USUAL);
    for (size_t i = 0; i < text->file_len; i++) file[i] = sim_file_octet(text->text, i);
    struct client_attachment attachment = {
        .room = tb_bytes_text(room), .bytes = tb_bytes_of(file, text->file_len),
        .file_name = tb_bytes_text(text->text),
        .content_type = TB_LITERAL("application/octet-stream"),
    };
    struct sim_wish wish = { .attachment = &attachment };
    size_t op = sim_do(who, sim_attach, &wish, SIM_OP_SEND);
    sim->ops[op].text = index;
    return op;
}

static tb_status sim_file(struct sim_client *who, const void *params, uint64_t *op)
{
    const struct sim_wish *wish = params;
    return client_fetch(who->client, sim_client_now(who), wish->a, wish->number, 0, &who->effects,
                        op);
}

size_t sim_act_file(struct sim_client *who, const struct sim_text *text)
{
    struct sim_wish wish = { .a = tb_bytes_text(text->room), .number = text->room_seq };
    size_t op = sim_do(who, sim_file, &wish, SIM_OP_FILE);
    who->sim->ops[op].text = (size_t)(text - who->sim->texts);
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
    /* The desk is one person, who may restrict an account for some days. */
    if (scope == CHAT_SCOPE_HUB) params.until_ms = sim_client_now(who) + 6 * CHAT_MS_A_DAY;
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
    who->is_rolled_back = who->is_behind = false;
    return sim_do(who, sim_rejoin, &wish, SIM_OP_OTHER);
}

void sim_act_rotate(struct sim *sim, uint8_t keys)
{
    uint8_t nothing[1];
    (void)sim_hub_admin(sim, CHAT_VERB_ADMIN_KEYS_ROTATE, tb_bytes_of(&keys, 1), nothing, 0);
}
