/* Case work between whole engines: every moderator's queue is the same, whatever happened. */
#include "tests/sim/sim.h"

#include <stdio.h>

#include "chat/statement.h"
#include "client/casework.h"
#include "client/queue.h"
#include "client/status.h"
#include "wire/cbor.h"

enum { ADA, BOB, CAROL, DAN, ERIN, CLIENT_COUNT, MODERATOR_COUNT = 3, SAID_COUNT = 4 };
static const size_t moderators[MODERATOR_COUNT] = { ADA, DAN, ERIN };
static char room[256];

static void settle_and_expect(struct sim *sim, size_t op)
{
    sim_settle(sim, 120000);
    sim_act_expect(sim, op);
}

static void let_in(struct sim *sim, size_t inviter, size_t who, const char *where)
{
    settle_and_expect(sim, sim_act_invite(&sim->clients[inviter], where, 1));
    settle_and_expect(sim, sim_act_join(&sim->clients[who], sim->clients[inviter].link));
}

static void join_desk(struct sim *sim, size_t who)
{
    char desk[256];
    tb_bytes uri = sim->clients[ADA].client->hub.desk_uri;
    snprintf(desk, sizeof desk, "%.*s", (int)uri.len, (const char *)uri.data);
    let_in(sim, ADA, who, desk);
}

static void fetch(struct sim *sim, size_t who)
{
    settle_and_expect(sim, sim_act_fetch(&sim->clients[who]));
}

/* Ada and dan are the desk.  Carol's room holds ada and bob, who says a few things; all of it is
 * reported by carol, and one of it by ada too. */
static struct sim *start(uint64_t seed)
{
    struct sim *sim = malloc(sizeof *sim);
    assert_non_null(sim);
    sim_init(sim, seed, CLIENT_COUNT);
    sim_act_register(sim);
    sim_act_create(&sim->clients[CAROL], "kitchen", room);
    let_in(sim, CAROL, ADA, room);
    let_in(sim, CAROL, BOB, room);
    join_desk(sim, DAN);
    for (size_t i = 0; i < SAID_COUNT; i++) {
        settle_and_expect(sim, sim_act_send(&sim->clients[BOB], room));
        uint64_t seq = sim_model_newest_seq(&sim->clients[CAROL], room, "bob");
        settle_and_expect(sim, sim_act_report(&sim->clients[CAROL], room, &seq, 1));
        if (i != 0) continue;
        settle_and_expect(sim, sim_act_report(&sim->clients[ADA], room, &seq, 1));
    }
    fetch(sim, ADA);
    fetch(sim, DAN);
    return sim;
}

static void finish(struct sim *sim)
{
    sim_wipe(sim);
    free(sim);
}

/* ------------------------------------------------------------------ acts */

static tb_status act(struct sim_client *who, const void *params, uint64_t *op)
{
    return client_queue_act(who->client, sim_client_now(who), params, &who->effects, op);
}

static uint16_t act_code(struct sim *sim, size_t who, const struct client_queue_act *params)
{
    size_t op;
    return sim_turn(&sim->clients[who], act, params, SIM_OP_OTHER, &op).code;
}

static uint16_t claim_code(struct sim *sim, size_t who, tb_bytes case_id)
{
    return act_code(sim, who, &(struct client_queue_act){ .kind = CHAT_CASE_CLAIM,
                                                          .case_id = case_id });
}

struct queue {
    struct tb_arena arena;
    struct client_queue_view *at;
    size_t count;
};

static tb_status queue_try(struct sim *sim, size_t who, struct queue *out)
{
    tb_arena_init(&out->arena, &sim->heap.mem, 1 << 26);
    return client_queue(sim->clients[who].client, sim->now_ms, &out->arena, &out->at,
                        &out->count);
}

static void queue_read(struct sim *sim, size_t who, struct queue *out)
{
    assert_ok(queue_try(sim, who, out));
}

/* Some act on some case of the moderator's own queue; it may be refused. */
static void act_random(struct sim *sim, size_t who)
{
    static const tb_bytes codes[] = { { (const uint8_t *)"offer", 5 },
                                      { (const uint8_t *)"form:powder", 11 } };
    struct queue queue;
    if (!tb_is_ok(queue_try(sim, who, &queue))) { /* its store has just refused a turn */
        tb_arena_wipe(&queue.arena);
        return;
    }
    struct client_queue_act params = {
        .kind = (uint8_t)(CHAT_CASE_CLAIM + sim_random(sim, CHAT_CASE_KIND_END - 1)),
        .case_id = queue.at[sim_random(sim, (uint32_t)queue.count)].case_id,
    };
    switch (params.kind) {
    case CHAT_CASE_NOTE: params.text = TB_LITERAL("call back"); break;
    case CHAT_CASE_CODE:
        params.codes = codes;
        params.code_count = 1 + sim_random(sim, 2);
        break;
    case CHAT_CASE_MERGE: /* now and then, or soon there is one case alone */
        params.into = queue.at[sim_random(sim, (uint32_t)queue.count)].case_id;
        if (sim_random(sim, 4) != 0) params.kind = CHAT_CASE_CLAIM;
        if (params.kind == CHAT_CASE_CLAIM) params.into = (tb_bytes){ 0 };
        break;
    case CHAT_CASE_PRIORITY:
        params.level = (uint8_t)(CHAT_CASE_THREAT + sim_random(sim, 4));
        params.text = TB_LITERAL("seen twice");
        break;
    case CHAT_CASE_DEADLINE: params.until_ms = sim->now_ms + sim_random(sim, 1000000); break;
    default: break;
    }
    (void)act_code(sim, who, &params);
    tb_arena_wipe(&queue.arena);
}

/* ------------------------------------------------------------------ what is compared */

static bool is_open_alone; /* compare what is not decided */
struct said {
    size_t count, void_count;
};

static void write_text(FILE *to, tb_bytes text)
{
    for (size_t i = 0; i < text.len; i++) fprintf(to, "%02x", text.data[i]);
    fputc(' ', to);
}

static void write_history(struct sim *sim, size_t who, tb_bytes case_id, FILE *to,
                          struct said *said)
{
    struct client_queue_line *lines;
    struct tb_arena arena;
    size_t count;
    tb_arena_init(&arena, &sim->heap.mem, 1 << 26);
    assert_ok(client_queue_history(sim->clients[who].client, case_id, &arena, &lines, &count));
    for (size_t i = 0; i < count; i++) {
        fprintf(to, "  %llu %llu %u %u ", (unsigned long long)lines[i].room_seq,
                (unsigned long long)lines[i].at_ms, lines[i].verdict, lines[i].event.kind);
        write_text(to, lines[i].account);
        write_text(to, lines[i].event.case_id);
        fputc('\n', to);
        said->count++;
        said->void_count += lines[i].verdict != TB_OK ? 1 : 0;
    }
    tb_arena_wipe(&arena);
}

/* Everything that a moderator's queue says, as text: malloc'ed. */
static char *queue_text(struct sim *sim, size_t who, struct said *said)
{
    struct queue queue;
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);
    assert_non_null(to);
    *said = (struct said){ 0, 0 };
    queue_read(sim, who, &queue);
    for (size_t i = 0; i < queue.count; i++) {
        const struct client_queue_view *view = &queue.at[i];
        if (is_open_alone && view->is_decided) continue;
        write_text(to, view->case_id);
        fprintf(to, "level %u due %llu lease %llu notes %u decided %u ", view->level,
                (unsigned long long)view->due_ms, (unsigned long long)view->lease_ms,
                view->note_count, view->is_decided);
        write_text(to, view->why);
        write_text(to, view->holder);
        for (size_t k = 0; k < view->code_count; k++) write_text(to, view->codes[k].value);
        fputs("with ", to);
        for (size_t k = 0; k < view->duplicate_count; k++) write_text(to, view->duplicates[k]);
        fputc('\n', to);
        write_history(sim, who, view->case_id, to, said);
    }
    tb_arena_wipe(&queue.arena);
    assert_int_equal(fclose(to), 0);
    return text;
}

static void expect_equal_queues(struct sim *sim, size_t count, struct said *said)
{
    char *wanted = queue_text(sim, moderators[0], said);
    for (size_t i = 1; i < count; i++) {
        struct said other;
        char *text = queue_text(sim, moderators[i], &other);
        assert_string_equal(text, wanted);
        free(text);
    }
    free(wanted);
}

/* ------------------------------------------------------------------ tests */

static void of_two_claims_at_once_the_first_in_the_log_stands(void **state)
{
    (void)state;
    struct sim *sim = start(61);
    struct queue queue;
    struct said said;
    queue_read(sim, ADA, &queue);
    assert_int_equal(queue.count, SAID_COUNT); /* two reports of one message are one */
    assert_int_equal(queue.at[0].duplicate_count, 1);
    /* Each claims another report of the same message; neither has heard of the other. */
    assert_int_equal(claim_code(sim, ADA, queue.at[0].case_id), TB_OK);
    assert_int_equal(claim_code(sim, DAN, queue.at[0].duplicates[0]), TB_OK);
    sim_settle(sim, 60000);
    tb_arena_wipe(&queue.arena);
    expect_equal_queues(sim, 2, &said);
    assert_int_equal(said.count, 2);
    assert_int_equal(said.void_count, 1);
    finish(sim);
}

static void a_claim_ends_by_itself(void **state)
{
    (void)state;
    struct sim *sim = start(62);
    struct queue queue;
    queue_read(sim, ADA, &queue);
    tb_bytes one = queue.at[1].case_id;
    assert_int_equal(claim_code(sim, ADA, one), TB_OK);
    sim_settle(sim, 60000);
    assert_int_equal(claim_code(sim, DAN, one), CHAT_CASE_CLAIMED);
    sim_run(sim, CHAT_CASE_LEASE_MS);
    assert_int_equal(claim_code(sim, DAN, one), TB_OK);
    sim_settle(sim, 60000);
    struct queue after;
    queue_read(sim, ADA, &after);
    for (size_t i = 0; i < after.count; i++) {
        if (!tb_bytes_equal(after.at[i].case_id, one)) continue;
        assert_true(tb_bytes_equal(after.at[i].holder, client_account(sim->clients[DAN].client)));
    }
    tb_arena_wipe(&after.arena);
    tb_arena_wipe(&queue.arena);
    finish(sim);
}

static void only_the_desk_works_on_cases(void **state)
{
    (void)state;
    struct sim *sim = start(63);
    struct queue queue;
    const uint8_t unknown[CHAT_HASH_LEN] = { 1 };
    queue_read(sim, ADA, &queue);
    assert_int_equal(claim_code(sim, BOB, queue.at[0].case_id), CLIENT_NO_DESK);
    assert_int_equal(claim_code(sim, ADA, TB_ARRAY(unknown)), TB_NOT_FOUND);
    tb_arena_wipe(&queue.arena);
    finish(sim);
}

static void be_hard_on(struct sim *sim)
{
    sim->faults = (struct sim_faults){
        .delay_ms_max = 300,
        .disconnect = 65536 / 80,
        .duplicate = 65536 / 10,
        .reorder = 65536 / 10,
        .client_crash = 65536 / 60,
        .client_refused = 65536 / 60,
        .client_memory = 65536 / 60,
        .client_write = 65536 / 60,
        .hub_crash = 65536 / 200,
    };
}

static void work(struct sim *sim, size_t moderator_count, size_t count)
{
    be_hard_on(sim);
    for (size_t i = 0; i < count; i++) {
        act_random(sim, moderators[sim_random(sim, (uint32_t)moderator_count)]);
        sim_run(sim, sim_random(sim, 400));
    }
    sim->faults = (struct sim_faults){ .delay_ms_max = 40 };
    sim_settle(sim, 600000);
}

/* [[room_seq, time, account, message]] sealed to dan's device, as ada would send it. */
static tb_bytes snapshot_of(struct sim *sim, struct client_turn *turn, uint64_t room_seq,
                            tb_bytes message)
{
    struct client *dan = sim->clients[DAN].client;
    struct chat_sealed_statement sealed;
    struct tb_buf part, body;
    tb_bytes out;
    tb_buf_init(&part, &sim->heap.mem, 4096);
    tb_buf_init(&body, &sim->heap.mem, 8192);
    assert_ok(wire_cbor_put_array(&part, 1));
    assert_ok(wire_cbor_put_array(&part, 4));
    assert_ok(wire_cbor_put_uint(&part, room_seq));
    assert_ok(wire_cbor_put_uint(&part, sim->now_ms));
    assert_ok(wire_cbor_put_string(&part, client_account(dan)));
    assert_ok(wire_cbor_put_bytes(&part, message));
    assert_ok(chat_device_seal(&dan->suite, CHAT_LABEL_SEALED_CASES, client_device(dan),
                               crypto_signing_key_public(&dan->device_key), tb_buf_view(&part),
                               dan->config.rng, &turn->arena, &sealed));
    assert_ok(wire_cbor_put_array(&body, 5));
    assert_ok(wire_cbor_put_uint(&body, 0));
    assert_ok(wire_cbor_put_uint(&body, 1));
    assert_ok(wire_cbor_put_string(&body, sealed.device));
    assert_ok(wire_cbor_put_bytes(&body, sealed.kem_output));
    assert_ok(wire_cbor_put_bytes(&body, sealed.ciphertext));
    assert_ok(tb_arena_dup(&turn->arena, tb_buf_view(&body), &out));
    tb_buf_wipe(&part);
    tb_buf_wipe(&body);
    return out;
}

/* A snapshot with one note of the case at this number, taken by dan from that sender. */
static void take_snapshot(struct sim *sim, size_t sender, uint64_t room_seq, tb_bytes case_id)
{
    struct sim_client *dan = &sim->clients[DAN];
    const struct chat_case_event note = { .kind = CHAT_CASE_NOTE, .case_id = case_id,
                                          .text = TB_LITERAL("never said") };
    struct client_turn turn;
    struct client_room *desk;
    struct tb_buf message;
    tb_buf_init(&message, &sim->heap.mem, 4096);
    assert_ok(chat_casework_encode(&note, &message));
    store_mem_begin(&dan->store);
    assert_ok(client_turn_begin(&turn, dan->client, sim_client_now(dan), &dan->effects));
    assert_ok(client_room_get(&turn, dan->client->hub.desk_uri, &desk));
    tb_bytes body = snapshot_of(sim, &turn, room_seq, tb_buf_view(&message));
    assert_ok(client_casework_handed(&turn, desk, client_account(sim->clients[sender].client),
                                     body));
    assert_ok(client_turn_end(&turn, TB_STATUS(TB_OK)));
    assert_ok(store_mem_commit(&dan->store));
    tb_buf_wipe(&message);
}

static uint32_t notes_of(struct sim *sim, size_t who, tb_bytes case_id)
{
    struct queue queue;
    uint32_t count = 0;
    queue_read(sim, who, &queue);
    for (size_t i = 0; i < queue.count; i++) {
        if (tb_bytes_equal(queue.at[i].case_id, case_id)) count = queue.at[i].note_count;
    }
    tb_arena_wipe(&queue.arena);
    return count;
}

static void a_snapshot_adds_nothing_to_what_its_receiver_read_or_will_read(void **state)
{
    (void)state;
    struct sim *sim = start(76);
    struct queue queue;
    struct client_queue_line *lines;
    struct tb_arena arena;
    size_t count;
    queue_read(sim, ADA, &queue);
    tb_bytes one = queue.at[0].case_id;
    assert_int_equal(claim_code(sim, ADA, one), TB_OK);
    sim_settle(sim, 60000);
    tb_arena_init(&arena, &sim->heap.mem, 1 << 26);
    assert_ok(client_queue_history(sim->clients[DAN].client, one, &arena, &lines, &count));
    assert_int_equal(count, 1);
    uint64_t claimed = lines[0].room_seq;
    take_snapshot(sim, ADA, claimed, one);     /* instead of what is there */
    take_snapshot(sim, ADA, claimed - 1, one); /* instead of the desk's keys */
    take_snapshot(sim, ADA, claimed + 9, one); /* before it is said */
    take_snapshot(sim, BOB, 1, one);           /* of somebody who is not at the desk */
    assert_int_equal(notes_of(sim, DAN, one), 0);
    take_snapshot(sim, ADA, 1, one);           /* from before dan came */
    assert_int_equal(notes_of(sim, DAN, one), 1);
    tb_arena_wipe(&arena);
    tb_arena_wipe(&queue.arena);
    finish(sim);
}

/* Random acts of two, then of three of whom one came meanwhile, through crashes and refusals. */
static void every_queue_is_the_same_and_a_newcomer_has_it_too(void **state)
{
    (void)state;
    size_t void_count = 0;
    for (uint64_t seed = 70; seed < 74; seed++) {
        struct sim *sim = start(seed);
        struct said before, after;
        work(sim, 2, 60);
        expect_equal_queues(sim, 2, &before);
        assert_true(before.count > 10);
        join_desk(sim, ERIN);
        fetch(sim, ERIN);
        expect_equal_queues(sim, 3, &before);
        work(sim, 3, 60);
        expect_equal_queues(sim, 3, &after);
        assert_true(after.count > before.count);
        void_count += after.void_count;
        finish(sim);
    }
    assert_true(void_count > 0); /* they did get in one another's way */
}

/* What was decided leaves the queue; a newcomer learns of what is open alone. */
static void a_newcomer_gets_the_open_cases_of_a_desk_that_has_decided(void **state)
{
    (void)state;
    struct sim *sim = start(75);
    struct queue queue;
    struct said said;
    work(sim, 2, 30);
    queue_read(sim, ADA, &queue);
    struct client_decision_params params = {
        .report_id = queue.at[queue.count - 1].case_id, .action = CHAT_ACTION_WARN,
        .scope = CHAT_SCOPE_ROOM, .reason_code = 2, .facts = TB_LITERAL("It was read."),
    };
    sim_run(sim, CHAT_CASE_LEASE_MS); /* nobody works on it any more */
    settle_and_expect(sim, sim_act_decide(&sim->clients[ADA], &params));
    tb_arena_wipe(&queue.arena);
    work(sim, 2, 10);
    join_desk(sim, ERIN);
    fetch(sim, ERIN);
    work(sim, 3, 20);
    is_open_alone = true;
    expect_equal_queues(sim, 3, &said);
    is_open_alone = false;
    finish(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_two_claims_at_once_the_first_in_the_log_stands),
        cmocka_unit_test(a_claim_ends_by_itself),
        cmocka_unit_test(only_the_desk_works_on_cases),
        cmocka_unit_test(a_snapshot_adds_nothing_to_what_its_receiver_read_or_will_read),
        cmocka_unit_test(every_queue_is_the_same_and_a_newcomer_has_it_too),
        cmocka_unit_test(a_newcomer_gets_the_open_cases_of_a_desk_that_has_decided),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
