/* Clients under a hub that is not honest: nothing false is shown, and what proves it is kept. */
#include "tests/sim/sim.h"

#include "chat/protocol.h"
#include "client/rooms.h"

static char room[256];

/* Three people in one room of carol's. */
static struct sim *start(uint64_t seed)
{
    struct sim *sim = malloc(sizeof *sim);
    sim_init(sim, seed, 3);
    sim_act_register(sim);
    struct sim_client *carol = &sim->clients[2];
    sim_act_create(carol, "kitchen", room);
    size_t link = sim_act_invite(carol, room, 8);
    sim_settle(sim, 60000);
    sim_act_expect(sim, link);
    for (size_t i = 0; i < 2; i++) {
        size_t join = sim_act_join(&sim->clients[i], carol->link);
        sim_settle(sim, 60000);
        sim_act_expect(sim, join);
    }
    sim->is_hostile = true;
    return sim;
}

static void finish(struct sim *sim)
{
    sim_wipe(sim);
    free(sim);
}

static void say(struct sim *sim, size_t who)
{
    size_t send = sim_act_send(&sim->clients[who], room);
    sim_settle(sim, 60000);
    sim_act_expect(sim, send);
}

static bool has_seen(const struct sim *sim, size_t text, size_t who)
{
    return (sim->texts[text].seen_by >> who & 1) != 0;
}

static bool is_page(const uint8_t *frame, size_t len)
{
    return len > 3 && frame[0] == CHAT_FRAME_PUSH && tb_get_u16(frame + 1) == CHAT_PUSH_PAGE;
}

/* The signature of a page's last link ends the frame. */
static void spoil_signature(struct sim_client *to, uint8_t *frame, size_t len)
{
    if (to->index == 1 && is_page(frame, len)) frame[len - 1] ^= 1;
}

static void a_run_with_a_changed_signature_shows_nothing(void **state)
{
    (void)state;
    struct sim *sim = start(11);
    sim->tamper = spoil_signature;
    say(sim, 2);
    assert_true(has_seen(sim, 0, 0));
    assert_true(has_seen(sim, 0, 2));
    assert_false(has_seen(sim, 0, 1));
    assert_int_equal(sim->failed_entry_count, 1);
    assert_int_equal(sim->last_failure, CHAT_RUN_SIGNATURE);
    finish(sim);
}

/* Somewhere in the ciphertext, which the chain and the signature cover. */
static void spoil_middle(struct sim_client *to, uint8_t *frame, size_t len)
{
    if (to->index == 1 && is_page(frame, len)) frame[len / 2] ^= 1;
}

static void a_changed_ciphertext_shows_nothing(void **state)
{
    (void)state;
    struct sim *sim = start(12);
    sim->tamper = spoil_middle;
    size_t send = sim_act_send(&sim->clients[2], room);
    sim_run(sim, 5000);
    assert_true(sim->ops[send].is_done);
    assert_true(has_seen(sim, 0, 0));
    assert_false(has_seen(sim, 0, 1));
    finish(sim);
}

struct alarm_search {
    struct sim *sim;
    bool is_found;
};

static bool alarm_row(void *ctx, tb_bytes key, tb_bytes value)
{
    struct alarm_search *search = ctx;
    struct client_alarm_row row;
    struct tb_arena arena;
    if (!tb_bytes_starts_with(key, TB_LITERAL("alarm"))) return true;
    tb_arena_init(&arena, &search->sim->heap.mem, 1 << 20);
    assert_ok(wire_decode(&client_alarm_row_desc, value, &arena, &row, NULL));
    if (row.code == CLIENT_ALARM_EQUIVOCATION) {
        assert_non_null(row.known);
        assert_true(row.known->timbre_signature.len != 0);
        assert_true(row.received.len != 0);
        search->is_found = true;
    }
    tb_arena_wipe(&arena);
    return true;
}

/* The hub forgets a message that bob has seen, and gives its number to another. */
static void two_histories_raise_an_alarm_that_keeps_both_signatures(void **state)
{
    (void)state;
    struct sim *sim = start(13);
    struct sim_client *bob = &sim->clients[1], *carol = &sim->clients[2];
    struct store_mem backup, carol_backup;
    say(sim, 2);
    store_mem_init(&backup);
    store_mem_init(&carol_backup);
    store_mem_copy(&backup, &sim->hub_store);
    store_mem_copy(&carol_backup, &carol->store);
    sim_disconnect(&sim->clients[0]);
    sim->clients[0].wants_connection = false;
    say(sim, 2);
    assert_true(has_seen(sim, 1, 1));

    sim_disconnect(bob);
    bob->wants_connection = false;
    sim_hub_go_back(sim, &backup, false);
    sim_client_go_back(carol, &carol_backup);
    sim_settle(sim, 60000);
    say(sim, 2);
    say(sim, 2);
    bob->wants_connection = true;
    sim_run(sim, 10000);
    assert_int_equal(sim->last_alarm, CLIENT_ALARM_EQUIVOCATION);
    assert_false(has_seen(sim, 3, 1));

    struct alarm_search search = { .sim = sim };
    assert_ok(tb_store_scan(&bob->store.store, CLIENT_TABLE_META, (tb_bytes){ 0 }, (tb_bytes){ 0 },
                            false, SIZE_MAX, alarm_row, &search));
    assert_true(search.is_found);
    store_mem_wipe(&backup);
    store_mem_wipe(&carol_backup);
    finish(sim);
}

/* Whatever octet of whatever frame is changed, a client shows no text that nobody sent. */
static void flip_somewhere(struct sim_client *to, uint8_t *frame, size_t len)
{
    struct sim *sim = to->sim;
    if (to->index == 1 && len != 0 && sim_random(sim, 8) == 0) {
        frame[sim_random(sim, (uint32_t)len)] ^= (uint8_t)(1u << sim_random(sim, 8));
    }
}

static void changed_octets_never_become_a_message(void **state)
{
    (void)state;
    for (uint64_t seed = 21; seed < 25; seed++) {
        struct sim *sim = start(seed);
        sim->tamper = flip_somewhere;
        for (size_t i = 0; i < 40; i++) {
            (void)sim_act_send(&sim->clients[i % 3], room);
            sim_run(sim, 300);
        }
        struct tb_arena arena;
        struct client_message_view *rows;
        size_t count;
        tb_arena_init(&arena, &sim->heap.mem, 1 << 26);
        tb_status status = client_messages(sim->clients[1].client, tb_bytes_text(room), 0,
                                           SIZE_MAX, &arena, &rows, &count);
        assert_ok(status);
        for (size_t i = 0; i < count; i++) {
            if (rows[i].text.len == 0) continue;
            assert_true(tb_bytes_starts_with(rows[i].text, TB_LITERAL("text ")));
        }
        tb_arena_wipe(&arena);
        finish(sim);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_with_a_changed_signature_shows_nothing),
        cmocka_unit_test(a_changed_ciphertext_shows_nothing),
        cmocka_unit_test(two_histories_raise_an_alarm_that_keeps_both_signatures),
        cmocka_unit_test(changed_octets_never_become_a_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
