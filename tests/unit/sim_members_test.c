/* Who is in a room and how they come and go: absence, invitations, heads that are asked for. */
#include "tests/sim/sim.h"

#include "chat/equivocation.h"
#include "chat/policy.h"
#include "chat/protocol.h"
#include "client/rooms.h"
#include "hub/engine.h"

static char room[256];
#define DAYS(N_) (UINT64_C(86400000) * (N_))

static void done(struct sim *sim, size_t op)
{
    sim_settle(sim, 60000);
    sim_act_expect(sim, op);
}

/* Carol's room; the first `count` people are in it. */
static struct sim *start(uint64_t seed, size_t client_count, size_t count)
{
    struct sim *sim = malloc(sizeof *sim);
    sim_init(sim, seed, client_count);
    sim_act_register(sim);
    struct sim_client *carol = &sim->clients[2];
    sim_act_create(carol, "kitchen", room);
    done(sim, sim_act_invite(carol, room, 8));
    for (size_t i = 0; i < count; i++) {
        if (i != 2) done(sim, sim_act_join(&sim->clients[i], carol->link));
    }
    return sim;
}

static void finish(struct sim *sim)
{
    sim_wipe(sim);
    free(sim);
}

static struct client_room *room_of(struct sim_client *who)
{
    for (struct client_room *r = who->client->rooms; r != NULL; r = r->next) {
        if (tb_bytes_equal(r->row.room_uri, tb_bytes_text(room))) return r;
    }
    fail_msg("the room is not known");
    return NULL;
}

/* Devices of somebody in the tree that `who` holds. */
static size_t leaf_count(struct sim_client *who, const struct sim_client *whom)
{
    struct client_room *r = room_of(who);
    size_t count = 0;
    assert_non_null(r->group);
    for (uint32_t i = 0; i < mls_group_leaf_count(r->group); i++) {
        struct mls_leaf_view leaf;
        if (!mls_group_leaf(r->group, i, &leaf)) continue;
        if (tb_bytes_equal(leaf.identity, whom->client->profile.device)) count++;
    }
    return count;
}

static uint32_t role_of(struct sim_client *who, const struct sim_client *whom)
{
    struct tb_arena arena;
    struct chat_policy_room policy;
    tb_arena_init(&arena, &who->sim->heap.mem, 1 << 24);
    assert_ok(chat_policy_decode(mls_group_context(room_of(who)->group), &arena, &policy, NULL));
    uint32_t role = chat_policy_role_of(&policy.participants, whom->client->profile.account);
    tb_arena_wipe(&arena);
    return role;
}

static bool line_is_there(struct sim_client *who, uint8_t kind, const struct sim_client *whom)
{
    struct tb_arena arena;
    struct client_message_view *rows;
    size_t count;
    bool is_there = false;
    tb_arena_init(&arena, &who->sim->heap.mem, 1 << 24);
    assert_ok(client_messages(who->client, tb_bytes_text(room), 0, SIZE_MAX, &arena, &rows,
                              &count));
    for (size_t i = 0; i < count; i++) {
        bool is_about = tb_bytes_equal(rows[i].account, whom->client->profile.account);
        is_there = is_there || (rows[i].row_kind == kind && is_about);
    }
    tb_arena_wipe(&arena);
    return is_there;
}

static void go_away(struct sim_client *who)
{
    sim_disconnect(who);
    who->wants_connection = false;
    sim_settle(who->sim, 60000);
}

static void come_back(struct sim_client *who)
{
    who->wants_connection = true;
    for (size_t i = 0; i < 20000 && !client_is_online(who->client); i++) sim_run(who->sim, 1);
    assert_true(client_is_online(who->client));
    sim_run(who->sim, 10000); /* members let one another go first */
    sim_settle(who->sim, 60000);
}

static void pass(struct sim *sim, uint64_t ms)
{
    sim->now_ms += ms;
    sim_run(sim, 60000);
    sim_settle(sim, 60000);
}

static bool has_seen_newest(const struct sim *sim, size_t who)
{
    return (sim->texts[sim->text_count - 1].seen_by >> who & 1) != 0;
}

static void everybody_reads_everybody(struct sim *sim, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t text = sim->text_count;
        done(sim, sim_act_send(&sim->clients[i], room));
        assert_int_equal(sim->texts[text].seen_by, (1u << count) - 1);
    }
}

/* ------------------------------------------------------------------ absence (amendments 6) */

/* Bob misses a commit; the others go on, and 91 days later the hub takes his device out. */
static struct sim *bob_is_away(uint64_t seed)
{
    struct sim *sim = start(seed, 4, 3);
    struct sim_client *bob = &sim->clients[1], *carol = &sim->clients[2];
    everybody_reads_everybody(sim, 3);
    go_away(bob);
    done(sim, sim_act_join(&sim->clients[3], carol->link));
    assert_int_equal(leaf_count(carol, bob), 1);
    pass(sim, DAYS(60));
    assert_int_equal(leaf_count(carol, bob), 1);
    pass(sim, DAYS(31));
    assert_int_equal(leaf_count(carol, bob), 0);
    assert_int_equal(role_of(carol, bob), CHAT_ROLE_MEMBER); /* he stays a participant */
    assert_false(line_is_there(carol, CLIENT_LINE_REMOVED, bob));
    return sim;
}

static void bob_is_whole(struct sim *sim)
{
    struct sim_client *bob = &sim->clients[1], *carol = &sim->clients[2];
    assert_int_equal(room_of(bob)->row.state, CLIENT_ROOM_OPEN);
    assert_int_equal(leaf_count(carol, bob), 1);
    assert_false(line_is_there(bob, CLIENT_LINE_REMOVED, bob));
    everybody_reads_everybody(sim, 4);
    sim_check_end(sim);
}

static void a_device_that_was_away_too_long_goes_and_comes_back(void **state)
{
    (void)state;
    struct sim *sim = bob_is_away(61);
    come_back(&sim->clients[1]);
    bob_is_whole(sim);
    finish(sim);
}

/* The commit that removed it is past retention as well. */
static void it_comes_back_when_nothing_of_its_removal_is_left(void **state)
{
    (void)state;
    struct sim *sim = bob_is_away(62);
    pass(sim, DAYS(91));
    pass(sim, DAYS(10));
    come_back(&sim->clients[1]);
    bob_is_whole(sim);
    finish(sim);
}

/* A quiet room asks nothing of anybody: who has missed no handshake stays, however long. */
static void absence_alone_removes_nobody(void **state)
{
    (void)state;
    struct sim *sim = start(63, 3, 3);
    struct sim_client *bob = &sim->clients[1], *carol = &sim->clients[2];
    everybody_reads_everybody(sim, 3);
    go_away(bob);
    done(sim, sim_act_send(carol, room));
    pass(sim, DAYS(91));
    pass(sim, DAYS(1));
    assert_int_equal(leaf_count(carol, bob), 1);
    come_back(bob);
    assert_int_equal(room_of(bob)->row.state, CLIENT_ROOM_OPEN);
    everybody_reads_everybody(sim, 3);
    finish(sim);
}

/* Removed by the others while away, and long ago: told so, and not asked in again. */
static void who_was_removed_while_away_is_told_so(void **state)
{
    (void)state;
    struct sim *sim = start(64, 3, 3);
    struct sim_client *bob = &sim->clients[1], *carol = &sim->clients[2];
    everybody_reads_everybody(sim, 3);
    go_away(bob);
    done(sim, sim_act_remove(carol, room, bob));
    pass(sim, DAYS(91));
    pass(sim, DAYS(91));
    pass(sim, DAYS(10));
    come_back(bob);
    assert_int_equal(room_of(bob)->row.state, CLIENT_ROOM_REMOVED);
    assert_int_equal(role_of(carol, bob), CHAT_ROLE_NONE);
    finish(sim);
}

/* ------------------------------------------------------------------ a hub that forgot it */

/* Bob left, and the hub was restored from before.  He comes first, the others bring the history. */
static void who_left_in_a_history_that_the_hub_forgot_stays_out(void **state)
{
    (void)state;
    struct sim *sim = start(65, 4, 3);
    struct sim_client *bob = &sim->clients[1], *carol = &sim->clients[2];
    struct store_mem backup;
    everybody_reads_everybody(sim, 3);
    store_mem_init(&backup);
    store_mem_copy(&backup, &sim->hub_store);
    done(sim, sim_act_leave(bob, room));
    done(sim, sim_act_send(carol, room));
    assert_int_equal(leaf_count(carol, bob), 0);
    sim->clients[0].wants_connection = carol->wants_connection = false;
    sim_hub_go_back(sim, &backup, true);
    sim_settle(sim, 60000);
    assert_int_equal(room_of(bob)->row.state, CLIENT_ROOM_LEFT);
    come_back(&sim->clients[0]);
    come_back(carol);
    assert_int_equal(room_of(bob)->row.state, CLIENT_ROOM_LEFT);
    assert_int_equal(room_of(carol)->row.state, CLIENT_ROOM_OPEN);
    assert_int_equal(leaf_count(carol, bob), 0);
    assert_int_equal(sim->alarm_count, 0);
    size_t text = sim->text_count;
    done(sim, sim_act_send(carol, room));
    assert_int_equal(sim->texts[text].seen_by, 1u << 0 | 1u << 2);
    done(sim, sim_act_join(bob, carol->link)); /* and he can come again */
    assert_int_equal(leaf_count(carol, bob), 1);
    everybody_reads_everybody(sim, 3);
    store_mem_wipe(&backup);
    finish(sim);
}

/* ------------------------------------------------------------------ heads (amendments 17) */

struct forgery {
    struct client_evidence_row row;
    uint64_t room_seq;
    const struct crypto_signing_key *agent; /* NULL: the hub never signed it */
};

/* Bob was told another message than the others at a number. */
static tb_status forge(struct sim_client *who, const void *params, uint64_t *op)
{
    const struct forgery *forgery = params;
    struct client_room *r = room_of(who);
    struct client_turn turn;
    struct client_evidence_row row;
    struct chat_run_link link;
    struct chat_signed_head head;
    *op = 0;
    assert_ok(client_turn_begin(&turn, who->client, sim_client_now(who), &who->effects));
    assert_ok(client_evidence_get(&turn, r, forgery->room_seq, &row));
    row.stub.franking_tag[0] ^= 1;
    chat_run_link_of_stub(&row.stub, r->row.group_id, row.prev_chain, &link);
    assert_ok(chat_equivocation_head(&r->suite, &link, &head));
    memcpy(row.chain, head.tbs.chain, sizeof row.chain);
    if (forgery->agent != NULL) {
        struct chat_signature signature;
        assert_ok(chat_frank_sign(&r->suite, forgery->agent, &link.link, head.tbs.chain,
                                  link.hub_key_id, &signature));
        tb_bytes octets = chat_signature_view(&signature);
        assert_ok(tb_arena_dup(&turn.arena, octets, &row.stub.timbre_signature));
    }
    tb_status status = client_table_put(&turn, CLIENT_TABLE_EVIDENCE,
                                        client_key_number(r->row.no, forgery->room_seq),
                                        &client_evidence_row_desc, &row);
    return client_turn_end(&turn, status);
}

static uint16_t alarm_after(uint64_t seed, bool is_signed)
{
    struct sim *sim = start(seed, 3, 3);
    struct sim_client *bob = &sim->clients[1], *carol = &sim->clients[2];
    size_t op;
    everybody_reads_everybody(sim, 3);
    sim->is_hostile = true;
    const struct hub_agent *agent = hub_keys_agent_newest(&sim->hub->keys);
    struct forgery forgery = { .room_seq = room_of(bob)->row.head_seq,
                               .agent = is_signed ? &agent->key : NULL };
    uint64_t before = room_of(bob)->row.head_seq;
    assert_ok(sim_turn(bob, forge, &forgery, SIM_OP_OTHER, &op));
    done(sim, sim_act_send(carol, room));
    sim_settle(sim, 60000);
    /* her message, his question and her answer, and no more */
    assert_int_equal(room_of(bob)->row.head_seq, before + 3);
    assert_true(has_seen_newest(sim, 1));
    uint16_t alarm = sim->last_alarm;
    finish(sim);
    return alarm;
}

static void a_head_that_does_not_fit_is_asked_for_and_becomes_a_proof(void **state)
{
    (void)state;
    assert_int_equal(alarm_after(71, true), CLIENT_ALARM_EQUIVOCATION);
}

static void without_a_proof_nobody_accuses_the_hub(void **state)
{
    (void)state;
    assert_int_equal(alarm_after(72, false), CLIENT_ALARM_FORK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_device_that_was_away_too_long_goes_and_comes_back),
        cmocka_unit_test(it_comes_back_when_nothing_of_its_removal_is_left),
        cmocka_unit_test(absence_alone_removes_nobody),
        cmocka_unit_test(who_was_removed_while_away_is_told_so),
        cmocka_unit_test(who_left_in_a_history_that_the_hub_forgot_stays_out),
        cmocka_unit_test(a_head_that_does_not_fit_is_asked_for_and_becomes_a_proof),
        cmocka_unit_test(without_a_proof_nobody_accuses_the_hub),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
