/*
 * A room of carol's with ada (the desk) and bob in it, over whole engines, and what the tests of
 * reports and attacks do there.
 */
#ifndef TB_TESTS_UNIT_SIM_REPORT_FIXTURE_H
#define TB_TESTS_UNIT_SIM_REPORT_FIXTURE_H

#include "tests/sim/sim.h"

#include <stdio.h>

#include "chat/reason.h"
#include "client/rooms.h"
#include "client/status.h"

enum { ADA, BOB, CAROL };
static char room[256];

/* Each has said one thing, ada first. */
static inline struct sim *start(uint64_t seed)
{
    struct sim *sim = malloc(sizeof *sim);
    assert_non_null(sim);
    sim_init(sim, seed, 3);
    sim_act_register(sim);
    struct sim_client *carol = &sim->clients[CAROL];
    sim_act_create(carol, "kitchen", room);
    size_t link = sim_act_invite(carol, room, 8);
    sim_settle(sim, 60000);
    sim_act_expect(sim, link);
    for (size_t i = 0; i < 2; i++) {
        size_t join = sim_act_join(&sim->clients[i], carol->link);
        sim_settle(sim, 60000);
        sim_act_expect(sim, join);
    }
    for (size_t i = 0; i < 3; i++) {
        size_t send = sim_act_send(&sim->clients[i], room);
        sim_settle(sim, 60000);
        sim_act_expect(sim, send);
    }
    return sim;
}

static inline void finish(struct sim *sim)
{
    sim_wipe(sim);
    free(sim);
}

static inline uint64_t newest(struct sim *sim, const char *handle)
{
    return sim_model_newest_seq(&sim->clients[CAROL], room, handle);
}

/* ------------------------------------------------------------------ acts */

static inline tb_status act_message(struct sim_client *who, const void *params, uint64_t *op)
{
    return client_message(who->client, sim_client_now(who), params, &who->effects, op);
}

static inline uint16_t say_as(struct sim *sim, size_t who, enum client_message_kind kind,
                              uint64_t of_seq, const char *text, uint32_t expires_s)
{
    struct client_message_params params = {
        .room = tb_bytes_text(room), .kind = kind, .of_seq = of_seq, .text = tb_bytes_text(text),
        .has_expires = expires_s != 0, .expires_s = expires_s,
    };
    size_t op;
    tb_status status = sim_turn(&sim->clients[who], act_message, &params, SIM_OP_OTHER, &op);
    if (status.code != TB_OK) return status.code;
    sim_settle(sim, 60000);
    return sim->ops[op].is_done ? TB_OK : sim->ops[op].code;
}

static inline void say(struct sim *sim, size_t who, const char *text)
{
    assert_int_equal(say_as(sim, who, CLIENT_MESSAGE_TEXT, 0, text, 0), TB_OK);
}

static inline tb_status act_report(struct sim_client *who, const void *params, uint64_t *op)
{
    return client_report(who->client, sim_client_now(who), params, &who->effects, op);
}

static inline uint16_t report_with(struct sim *sim, size_t who, struct client_report_params params)
{
    size_t op;
    params.room = tb_bytes_text(room);
    if (params.reason_code == 0) params.reason_code = CHAT_REASON_HARASSMENT;
    tb_status status = sim_turn(&sim->clients[who], act_report, &params, SIM_OP_REPORT, &op);
    if (status.code != TB_OK) return status.code;
    sim_settle(sim, 60000);
    return sim->ops[op].is_done ? TB_OK : sim->ops[op].code;
}

static inline uint16_t report_one(struct sim *sim, size_t who, uint64_t seq, uint8_t level)
{
    return report_with(sim, who, (struct client_report_params){ .room_seq = &seq,
                                                                .room_seq_count = 1,
                                                                .level = level });
}

/* The case that the desk made of the newest report.  Views live in the arena. */
static inline struct client_case_view fetch_case(struct sim *sim, struct tb_arena *arena)
{
    struct sim_client *ada = &sim->clients[ADA];
    struct client_case_view *cases;
    size_t count;
    size_t fetch = sim_act_fetch(ada);
    sim_settle(sim, 60000);
    sim_act_expect(sim, fetch);
    tb_arena_init(arena, &sim->heap.mem, 1 << 26);
    assert_ok(client_cases(ada->client, arena, &cases, &count));
    assert_true(count > 0);
    return cases[count - 1];
}

static inline const struct client_message_view *case_message(const struct client_case_view *at,
                                                             uint64_t seq)
{
    for (size_t i = 0; i < at->message_count; i++) {
        if (at->messages[i].room_seq == seq) return &at->messages[i];
    }
    fail_msg("the window does not hold this number");
    return NULL;
}

static inline bool says(tb_bytes text, const char *part)
{
    size_t len = strlen(part);
    for (size_t i = 0; i + len <= text.len; i++) {
        if (memcmp(text.data + i, part, len) == 0) return true;
    }
    return false;
}

static inline bool is_text(tb_bytes text, const char *expected)
{
    return tb_bytes_equal(text, tb_bytes_text(expected));
}

/* ------------------------------------------------------------------ what no client would do */

/* The newest message that waits in the outbox is changed before it is sealed. */
typedef void change_outbox(struct client_outbox_row *row, const void *with);
static inline void send_changed(struct sim *sim, size_t who, const char *text,
                                change_outbox *change, const void *with)
{
    struct sim_client *mallory = &sim->clients[who];
    struct client_send_params params = { .body = tb_bytes_text(text) };
    struct client_turn turn;
    struct client_room *at;
    struct client_outbox_row row;
    store_mem_begin(&mallory->store);
    assert_ok(client_turn_begin(&turn, mallory->client, sim_client_now(mallory),
                                &mallory->effects));
    assert_ok(client_room_open(&turn, tb_bytes_text(room), &at));
    assert_ok(client_send_content(&turn, at, &params));
    struct client_key key = client_key_number(at->row.no, mallory->client->profile.next_outbox);
    assert_ok(client_table_get(&turn, CLIENT_TABLE_OUTBOX, key, &client_outbox_row_desc, &row));
    change(&row, with);
    assert_ok(client_table_put(&turn, CLIENT_TABLE_OUTBOX, key, &client_outbox_row_desc, &row));
    assert_ok(client_turn_end(&turn, TB_STATUS(TB_OK)));
    assert_ok(store_mem_commit(&mallory->store));
    (void)say_as(sim, who, CLIENT_MESSAGE_TEXT, 0, "and on", 0);
}

static inline void garble_tag(struct client_outbox_row *row, const void *with)
{
    (void)with;
    row->franking_tag[0] ^= 1;
}

static inline struct client_room *room_of(const struct sim_client *who)
{
    for (struct client_room *r = who->client->rooms; r != NULL; r = r->next) {
        if (tb_bytes_equal(r->row.room_uri, tb_bytes_text(room))) return r;
    }
    fail_msg("the room is not loaded");
    return NULL;
}

#endif
