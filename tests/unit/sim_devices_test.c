/* Several devices of one account, between whole engines: linking, revoking, recovery. */
#include "tests/sim/sim.h"

#include <stdio.h>

#include "chat/link.h"
#include "chat/policy.h"
#include "client/rooms.h"
#include "client/status.h"

static char room[256];
enum { ADA, BOB, TABLET, PHONE, CLIENT_COUNT };
static const char ORIGIN[] = "http://sim.example";

/* Ada, who is the desk, owns the room; bob is in it; the others are machines without a profile. */
static struct sim *start(uint64_t seed)
{
    struct sim *sim = malloc(sizeof *sim);
    sim_init(sim, seed, CLIENT_COUNT);
    sim_act_register_one(&sim->clients[ADA], true);
    sim_act_register_one(&sim->clients[BOB], false);
    sim_act_create(&sim->clients[ADA], "kitchen", room);
    size_t link = sim_act_invite(&sim->clients[ADA], room, 8);
    sim_settle(sim, 60000);
    sim_act_expect(sim, link);
    size_t join = sim_act_join(&sim->clients[BOB], sim->clients[ADA].link);
    sim_settle(sim, 60000);
    sim_act_expect(sim, join);
    return sim;
}

static void finish(struct sim *sim)
{
    sim_model_check_epochs(sim);
    sim_wipe(sim);
    free(sim);
}

static void say(struct sim *sim, size_t who)
{
    size_t op = sim_act_send(&sim->clients[who], room);
    sim_settle(sim, 60000);
    sim_act_expect(sim, op);
}

static uint32_t seen_by(const struct sim *sim)
{
    return sim->texts[sim->text_count - 1].seen_by;
}

/* ---- acts ---- */

static tb_status act_link(struct sim_client *who, const void *params, uint64_t *op)
{
    (void)params;
    return client_link(who->client, sim_client_now(who), tb_bytes_text(ORIGIN), &who->effects, op);
}
static tb_status act_add(struct sim_client *who, const void *params, uint64_t *op)
{
    return client_device_add(who->client, sim_client_now(who), *(const tb_bytes *)params,
                             &who->effects, op);
}
static tb_status act_revoke(struct sim_client *who, const void *params, uint64_t *op)
{
    return client_device_revoke(who->client, sim_client_now(who), *(const tb_bytes *)params,
                                &who->effects, op);
}
static tb_status act_recovery(struct sim_client *who, const void *params, uint64_t *op)
{
    return client_recovery_new(who->client, sim_client_now(who), *(const tb_bytes *)params,
                               &who->effects, op);
}
static tb_status act_recover(struct sim_client *who, const void *params, uint64_t *op)
{
    return client_recover(who->client, sim_client_now(who), tb_bytes_text(ORIGIN),
                          *(const tb_bytes *)params, &who->effects, op);
}

static size_t act(struct sim *sim, size_t who, sim_act *what, const void *params)
{
    size_t op;
    tb_status status = sim_turn(&sim->clients[who], what, params, SIM_OP_OTHER, &op);
    sim->ops[op].code = tb_is_ok(status) ? sim->ops[op].code : status.code;
    return op;
}

/* The new machine shows a code; text and digits as it shows them. */
static size_t show_code(struct sim *sim, size_t who, struct tb_arena *arena, tb_bytes *text,
                        char digits[CHAT_LINK_DIGITS_LEN])
{
    size_t op = act(sim, who, act_link, NULL);
    sim->clients[who].wants_connection = true;
    sim_run(sim, 5000); /* it looks for its box, more than once, and there is none */
    assert_false(sim->ops[op].is_over);
    assert_ok(client_link_show(sim->clients[who].client, arena, text, digits));
    return op;
}

static void link_device(struct sim *sim, size_t by, size_t who)
{
    char there[CHAT_LINK_DIGITS_LEN], here[CHAT_LINK_DIGITS_LEN];
    struct tb_arena arena;
    tb_bytes text;
    tb_arena_init(&arena, &sim->heap.mem, 1 << 20);
    size_t link = show_code(sim, who, &arena, &text, there);
    assert_ok(client_link_read(sim->clients[by].client, text, &arena, here));
    assert_memory_equal(here, there, sizeof here);
    size_t add = act(sim, by, act_add, &text);
    sim_run(sim, 5000);
    sim_settle(sim, 60000);
    sim_act_expect(sim, add);
    sim_act_expect(sim, link);
    tb_arena_wipe(&arena);
}

static size_t device_count(struct sim *sim, size_t who, size_t of)
{
    struct client_member_view *members;
    struct tb_arena arena;
    size_t count, found = 0;
    tb_arena_init(&arena, &sim->heap.mem, 1 << 20);
    assert_ok(client_members(sim->clients[who].client, tb_bytes_text(room), &arena, &members,
                             &count));
    for (size_t i = 0; i < count; i++) {
        if (tb_bytes_equal(members[i].account, client_account(sim->clients[of].client))) {
            found = members[i].device_count;
        }
    }
    tb_arena_wipe(&arena);
    return found;
}

/* The texts that a device shows above a number. */
static size_t texts_after(struct sim *sim, size_t who, uint64_t after, struct tb_arena *arena,
                          tb_bytes out[64])
{
    struct client_message_view *rows;
    size_t count, kept = 0;
    assert_ok(client_messages(sim->clients[who].client, tb_bytes_text(room), 0, 1000, arena, &rows,
                              &count));
    for (size_t i = 0; i < count && kept < 64; i++) {
        if (rows[i].row_kind == 1 && rows[i].room_seq > after) out[kept++] = rows[i].text;
    }
    return kept;
}

/* ---- tests ---- */

static void two_devices_of_an_account_show_the_same_from_joining_on(void **state)
{
    (void)state;
    struct sim *sim = start(11);
    say(sim, ADA);
    uint64_t before = sim->texts[sim->text_count - 1].room_seq;
    link_device(sim, BOB, TABLET);
    assert_true(tb_bytes_equal(client_account(sim->clients[BOB].client),
                               client_account(sim->clients[TABLET].client)));
    assert_int_equal(device_count(sim, ADA, BOB), 2);
    assert_int_equal(seen_by(sim) & 1u << TABLET, 0); /* what was said before stays unread there */
    say(sim, ADA);
    say(sim, BOB);
    say(sim, TABLET);
    assert_int_equal(seen_by(sim), 1u << ADA | 1u << BOB | 1u << TABLET);

    struct tb_arena arena;
    tb_bytes bob[64], tablet[64];
    tb_arena_init(&arena, &sim->heap.mem, 1 << 26);
    size_t count = texts_after(sim, BOB, before, &arena, bob);
    assert_int_equal(count, 3);
    assert_int_equal(texts_after(sim, TABLET, before, &arena, tablet), count);
    for (size_t i = 0; i < count; i++) assert_true(tb_bytes_equal(bob[i], tablet[i]));
    tb_arena_wipe(&arena);
    finish(sim);
}

static void a_revoked_device_reads_nothing_new_and_cannot_log_in(void **state)
{
    (void)state;
    struct sim *sim = start(12);
    link_device(sim, BOB, TABLET);
    say(sim, ADA);
    assert_int_not_equal(seen_by(sim) & 1u << TABLET, 0);
    tb_bytes device = client_device(sim->clients[TABLET].client);
    size_t op = act(sim, BOB, act_revoke, &device);
    sim_run(sim, 10000);
    sim_act_expect(sim, op);
    assert_int_equal(device_count(sim, ADA, BOB), 1);
    assert_false(client_is_online(sim->clients[TABLET].client));
    sim->clients[TABLET].wants_connection = false;
    say(sim, ADA);
    assert_int_equal(seen_by(sim) & 1u << TABLET, 0);
    say(sim, BOB);
    finish(sim);
}

static void the_devices_that_stay_get_the_new_account_key(void **state)
{
    (void)state;
    struct sim *sim = start(13);
    link_device(sim, BOB, TABLET);
    link_device(sim, TABLET, PHONE);
    tb_bytes tablet = client_device(sim->clients[TABLET].client);
    size_t op = act(sim, BOB, act_revoke, &tablet);
    sim_run(sim, 10000);
    sim_act_expect(sim, op);
    sim->clients[TABLET].wants_connection = false;
    sim_settle(sim, 60000);
    tb_bytes bob = client_device(sim->clients[BOB].client);
    op = act(sim, PHONE, act_revoke, &bob); /* signed by the key that came in the box */
    sim_run(sim, 10000);
    sim_act_expect(sim, op);
    sim->clients[BOB].wants_connection = false;
    assert_int_equal(device_count(sim, ADA, BOB), 1);
    say(sim, PHONE);
    finish(sim);
}

static void a_code_that_was_swapped_shows_other_digits(void **state)
{
    (void)state;
    struct sim *sim = start(14);
    struct tb_arena arena;
    char own[CHAT_LINK_DIGITS_LEN], others[CHAT_LINK_DIGITS_LEN];
    tb_bytes tablet, phone;
    tb_arena_init(&arena, &sim->heap.mem, 1 << 20);
    (void)show_code(sim, TABLET, &arena, &tablet, own);
    (void)show_code(sim, PHONE, &arena, &phone, others);
    assert_memory_not_equal(own, others, sizeof own);
    tb_status status =
        client_link_read(sim->clients[BOB].client, TB_LITERAL("no code"), &arena, own);
    assert_int_equal(status.code, CHAT_LINK_CODE);
    tb_arena_wipe(&arena);
    finish(sim);
}

static void a_phrase_brings_a_lost_account_back_without_a_reset(void **state)
{
    (void)state;
    struct sim *sim = start(15);
    uint8_t octets[CHAT_RECOVERY_SEED_LEN] = { 7 }, wrong[CHAT_RECOVERY_SEED_LEN] = { 8 };
    tb_bytes seed = TB_ARRAY(octets), other = TB_ARRAY(wrong);
    size_t op = act(sim, BOB, act_recovery, &seed);
    sim_settle(sim, 60000);
    sim_act_expect(sim, op);
    /* A revocation replaces the account key; the backup follows. */
    link_device(sim, BOB, PHONE);
    tb_bytes phone = client_device(sim->clients[PHONE].client);
    op = act(sim, BOB, act_revoke, &phone);
    sim_run(sim, 10000);
    sim_act_expect(sim, op);
    sim->clients[PHONE].wants_connection = false;
    sim_disconnect(&sim->clients[BOB]);
    sim->clients[BOB].wants_connection = false;

    op = act(sim, TABLET, act_recover, &other);
    sim->clients[TABLET].wants_connection = true;
    sim_run(sim, 3000);
    assert_int_equal(sim->ops[op].code, CHAT_CODE_NOT_FOUND);
    op = act(sim, TABLET, act_recover, &seed);
    sim_run(sim, 5000);
    sim_settle(sim, 60000);
    sim_act_expect(sim, op);
    say(sim, ADA);
    assert_int_not_equal(seen_by(sim) & 1u << TABLET, 0);
    say(sim, TABLET);
    tb_bytes bob = client_device(sim->clients[BOB].client);
    op = act(sim, TABLET, act_revoke, &bob);
    sim_run(sim, 10000);
    sim_act_expect(sim, op);
    assert_int_equal(device_count(sim, ADA, BOB), 1);
    finish(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_devices_of_an_account_show_the_same_from_joining_on),
        cmocka_unit_test(a_revoked_device_reads_nothing_new_and_cannot_log_in),
        cmocka_unit_test(the_devices_that_stay_get_the_new_account_key),
        cmocka_unit_test(a_code_that_was_swapped_shows_other_digits),
        cmocka_unit_test(a_phrase_brings_a_lost_account_back_without_a_reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
