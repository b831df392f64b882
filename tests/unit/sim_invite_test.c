/* Invitations among the members of a room: counted from the log, taken back, bound to it. */
#include "tests/sim/sim.h"

#include "chat/policy.h"
#include "chat/records.h"
#include "client/rooms.h"

static char room[256];
enum { ALICE, BOB, CAROL };

static void done(struct sim *sim, size_t op)
{
    sim_settle(sim, 60000);
    sim_act_expect(sim, op);
}

/* Carol's room and an invitation of hers; nobody has come yet. */
static struct sim *start(uint64_t seed, uint32_t uses)
{
    struct sim *sim = malloc(sizeof *sim);
    assert_non_null(sim);
    sim_init(sim, seed, 3);
    sim_act_register(sim);
    sim_act_create(&sim->clients[CAROL], "kitchen", room);
    done(sim, sim_act_invite(&sim->clients[CAROL], room, uses));
    return sim;
}

static void finish(struct sim *sim)
{
    sim_wipe(sim);
    free(sim);
}

static void join(struct sim *sim, size_t who)
{
    done(sim, sim_act_join(&sim->clients[who], sim->clients[CAROL].link));
}

static bool is_in(struct sim *sim, size_t by, size_t who)
{
    struct client_turn turn;
    struct client_room *r;
    struct chat_policy_room policy;
    assert_ok(client_turn_read(&turn, sim->clients[by].client));
    assert_ok(client_room_get(&turn, tb_bytes_text(room), &r));
    assert_ok(client_room_policy(&turn, r, &policy));
    bool is_there = chat_policy_find(&policy.participants,
                                     client_account(sim->clients[who].client)) != SIZE_MAX;
    tb_arena_wipe(&turn.arena);
    return is_there;
}

/* What somebody's client lists: how many stand, and of the first one what is left. */
static size_t listed(struct sim *sim, size_t who, uint32_t *left, size_t *inviter)
{
    struct tb_arena arena;
    struct client_invite_view *views;
    size_t count;
    tb_arena_init(&arena, &sim->heap.mem, 1 << 20);
    assert_ok(client_room_invites(sim->clients[who].client, tb_bytes_text(room), &arena, &views,
                                  &count));
    for (size_t i = 0; count != 0 && i < sim->client_count; i++) {
        bool is_by = tb_bytes_equal(views[0].inviter, client_account(sim->clients[i].client));
        if (!is_by) continue;
        assert_bytes(views[0].handle, tb_bytes_text(sim->clients[i].handle));
        if (inviter != NULL) *inviter = i;
    }
    if (count != 0 && left != NULL) *left = views[0].use_count_left;
    tb_arena_wipe(&arena);
    return count;
}

/* ------------------------------------------------------------------ requests made up by a hub */

struct push {
    struct sim_client *asker;
    const char *link, *room;
    uint64_t time_ms;
};

/* The request is really the asker's: invite key and device key sign it. */
static void request_of(const struct push *push, struct tb_arena *arena,
                       struct chat_join_request *out)
{
    struct client *client = push->asker->client;
    struct chat_invite_secret secret;
    struct crypto_signing_key invite = { 0 };
    *out = (struct chat_join_request){
        .kind = CHAT_JOIN_KIND_LINK,
        .room_uri = tb_bytes_text(push->room),
        .account = client->profile.account,
        .device = client->profile.device,
        .time_ms = push->time_ms,
    };
    assert_ok(chat_records_invite_parse(tb_bytes_text(push->link), arena, NULL, &secret));
    assert_ok(crypto_signing_key_from(&client->suite, TB_ARRAY(secret.seed), &invite));
    assert_ok(chat_records_hash(&client->suite, client->profile.record, out->record_hash));
    assert_ok(chat_records_make_join(&client->suite, &invite, &client->device_key, out, arena));
    crypto_signing_key_wipe(&invite);
}

/* As client_join_take_request does it, but somebody waits for the outcome. */
static tb_status take_push(struct sim_client *who, const void *params, uint64_t *op)
{
    const struct push *push = params;
    struct client_turn turn;
    struct client_room *r;
    struct chat_join_request request;
    assert_ok(client_turn_begin(&turn, who->client, sim_client_now(who), &who->effects));
    assert_ok(client_room_get(&turn, tb_bytes_text(push->room), &r));
    request_of(push, &turn.arena, &request);
    *op = client_op_new(who->client);
    struct client_intent_params intent = {
        .kind = CLIENT_INTENT_ADD, .op = *op, .account = request.account, .request = &request };
    tb_status status = client_intent_add(&turn, r, &intent);
    if (tb_is_ok(status)) status = client_session_work(&turn);
    return client_turn_end(&turn, status);
}

/* What a member refuses such a push with. */
static uint16_t pushed(struct sim *sim, size_t to, const struct push *push)
{
    size_t op;
    assert_ok(sim_turn(&sim->clients[to], take_push, push, SIM_OP_OTHER, &op));
    sim_settle(sim, 60000);
    assert_true(sim->ops[op].is_over);
    assert_false(sim->ops[op].is_done);
    return sim->ops[op].code;
}

static struct push push_of(struct sim *sim, size_t asker)
{
    return (struct push){ .asker = &sim->clients[asker],
                          .link = sim->clients[CAROL].link,
                          .room = room,
                          .time_ms = sim_client_now(&sim->clients[asker]) };
}

/* ------------------------------------------------------------------ uses */

static void every_member_counts_who_came_by_an_invitation(void **state)
{
    (void)state;
    struct sim *sim = start(81, 2);
    uint32_t left = 0;
    size_t inviter = SIZE_MAX;
    join(sim, BOB);
    assert_int_equal(listed(sim, CAROL, &left, &inviter), 1);
    assert_int_equal(left, 1);
    assert_int_equal(inviter, CAROL);
    assert_int_equal(listed(sim, BOB, NULL, NULL), 0); /* announced before he came */
    done(sim, sim_act_invite(&sim->clients[CAROL], room, 5));
    assert_int_equal(listed(sim, BOB, &left, &inviter), 1);
    assert_int_equal(left, 5);
    assert_int_equal(inviter, CAROL);
    join(sim, ALICE);
    assert_int_equal(listed(sim, BOB, &left, NULL), 1);
    assert_int_equal(left, 4);
    assert_int_equal(listed(sim, CAROL, NULL, NULL), 2);
    finish(sim);
}

static void members_add_nobody_beyond_the_uses_whatever_the_hub_says(void **state)
{
    (void)state;
    struct sim *sim = start(82, 1);
    join(sim, BOB);
    struct push push = push_of(sim, ALICE);
    assert_int_equal(pushed(sim, CAROL, &push), CLIENT_INVITE_USED);
    assert_false(is_in(sim, CAROL, ALICE));
    finish(sim);
}

static tb_status undo(struct sim_client *who, const void *params, uint64_t *op)
{
    struct client_turn turn;
    struct client_room *r;
    const uint64_t *log_seq = params;
    *op = 0;
    assert_ok(client_turn_begin(&turn, who->client, sim_client_now(who), &who->effects));
    assert_ok(client_room_get(&turn, tb_bytes_text(room), &r));
    return client_turn_end(&turn, client_invite_undo(&turn, r, *log_seq));
}

static uint64_t used_log_seq(struct sim *sim, size_t who)
{
    struct client_turn turn;
    struct client_pairs pairs;
    struct client_invite_row row;
    assert_ok(client_turn_read(&turn, sim->clients[who].client));
    assert_ok(client_table_all(&turn, CLIENT_TABLE_INVITES, &pairs));
    assert_int_equal(pairs.count, 1);
    assert_ok(wire_decode(&client_invite_row_desc, pairs.at[0].value, &turn.arena, &row, NULL));
    tb_arena_wipe(&turn.arena);
    return row.used_log_seq;
}

static void a_commit_that_is_rolled_back_used_nothing(void **state)
{
    (void)state;
    struct sim *sim = start(83, 3);
    uint32_t left = 0;
    size_t op;
    join(sim, BOB);
    uint64_t used = used_log_seq(sim, CAROL), other = used + 1;
    assert_true(used != 0);
    assert_ok(sim_turn(&sim->clients[CAROL], undo, &other, SIM_OP_OTHER, &op));
    assert_int_equal(listed(sim, CAROL, &left, NULL), 1);
    assert_int_equal(left, 2);
    assert_ok(sim_turn(&sim->clients[CAROL], undo, &used, SIM_OP_OTHER, &op));
    assert_int_equal(listed(sim, CAROL, &left, NULL), 1);
    assert_int_equal(left, 3);
    assert_ok(sim_turn(&sim->clients[CAROL], undo, &used, SIM_OP_OTHER, &op));
    assert_int_equal(listed(sim, CAROL, &left, NULL), 1);
    assert_int_equal(left, 3); /* once */
    finish(sim);
}

/* ------------------------------------------------------------------ taken back */

struct uninvite {
    const struct sim_client *of; /* whose invitation, as its client lists it first; NULL: all */
};

static tb_status take_back(struct sim_client *who, const void *params, uint64_t *op)
{
    const struct uninvite *wish = params;
    struct client_invite_view *views;
    struct tb_arena arena;
    size_t count;
    tb_bytes key = { 0 };
    tb_arena_init(&arena, &who->sim->heap.mem, 1 << 20);
    if (wish->of != NULL) {
        assert_ok(client_room_invites(who->client, tb_bytes_text(room), &arena, &views, &count));
        assert_true(count != 0);
        key = views[0].invite_key;
    }
    tb_status status = client_room_uninvite(who->client, sim_client_now(who), tb_bytes_text(room),
                                            key, &who->effects, op);
    tb_arena_wipe(&arena);
    return status;
}

static void an_invitation_that_was_taken_back_lets_nobody_in(void **state)
{
    (void)state;
    struct sim *sim = start(84, 8);
    size_t op;
    join(sim, BOB);
    done(sim, sim_act_invite(&sim->clients[CAROL], room, 8));
    assert_ok(sim_turn(&sim->clients[CAROL], take_back, &(struct uninvite){ .of = NULL },
                       SIM_OP_OTHER, &op));
    done(sim, op);
    assert_int_equal(sim->ops[op].number, 2);
    assert_int_equal(listed(sim, CAROL, NULL, NULL), 0);
    assert_int_equal(listed(sim, BOB, NULL, NULL), 0);
    op = sim_act_join(&sim->clients[ALICE], sim->clients[CAROL].link);
    sim_settle(sim, 60000);
    assert_true(sim->ops[op].is_over);
    assert_int_equal(sim->ops[op].code, CHAT_CODE_NOT_FOUND);
    struct push push = push_of(sim, ALICE); /* the hub that lets her ask all the same */
    assert_int_equal(pushed(sim, CAROL, &push), CLIENT_INVITE_REVOKED);
    assert_int_equal(pushed(sim, BOB, &push), CLIENT_INVITE_REVOKED);
    assert_false(is_in(sim, BOB, ALICE));
    finish(sim);
}

static void another_s_invitation_is_taken_back_by_who_may_remove_people(void **state)
{
    (void)state;
    struct sim *sim = start(85, 8);
    struct uninvite wish = { .of = &sim->clients[CAROL] };
    size_t op;
    join(sim, BOB);
    done(sim, sim_act_invite(&sim->clients[CAROL], room, 8));
    tb_status status = sim_turn(&sim->clients[BOB], take_back, &wish, SIM_OP_OTHER, &op);
    assert_int_equal(status.code, CLIENT_PERMISSION);
    done(sim, sim_act_role(&sim->clients[CAROL], room, &sim->clients[BOB], CHAT_ROLE_MODERATOR));
    assert_ok(sim_turn(&sim->clients[BOB], take_back, &wish, SIM_OP_OTHER, &op));
    done(sim, op);
    assert_int_equal(listed(sim, BOB, NULL, NULL), 0);
    assert_int_equal(listed(sim, CAROL, NULL, NULL), 1); /* the one before he came */
    finish(sim);
}

/* ------------------------------------------------------------------ of which room, and when */

static void an_invitation_to_one_room_opens_no_other(void **state)
{
    (void)state;
    struct sim *sim = start(86, 8);
    char garden[256];
    sim_act_create(&sim->clients[CAROL], "garden", garden);
    struct push push = push_of(sim, ALICE);
    push.room = garden;
    assert_int_equal(pushed(sim, CAROL, &push), CHAT_JOIN_INVITE);
    finish(sim);
}

/* Bob asked, came and was removed; the hub shows what he had asked with once more. */
static void a_request_from_before_a_removal_is_no_wish_any_more(void **state)
{
    (void)state;
    struct sim *sim = start(87, 8);
    struct push push = push_of(sim, BOB);
    join(sim, BOB);
    sim_run(sim, 1000);
    done(sim, sim_act_remove(&sim->clients[CAROL], room, &sim->clients[BOB]));
    assert_false(is_in(sim, CAROL, BOB));
    assert_int_equal(pushed(sim, CAROL, &push), CHAT_JOIN_FORM);
    assert_false(is_in(sim, CAROL, BOB));
    join(sim, BOB); /* asked anew, it is one */
    assert_true(is_in(sim, CAROL, BOB));
    finish(sim);
}

/* ------------------------------------------------------------------ Welcomes */

static struct client_room *room_of(struct sim_client *who)
{
    for (struct client_room *r = who->client->rooms; r != NULL; r = r->next) {
        if (tb_bytes_equal(r->row.room_uri, tb_bytes_text(room))) return r;
    }
    fail_msg("the room is not known");
    return NULL;
}

/* Amendments 20: bob knew the room by another group than the one that he is asked into. */
static void a_welcome_does_not_replace_a_room_s_group_by_another(void **state)
{
    (void)state;
    struct sim *sim = start(88, 8);
    struct sim_client *bob = &sim->clients[BOB];
    static uint8_t other[32] = { 1 };
    join(sim, BOB);
    done(sim, sim_act_send(&sim->clients[CAROL], room));
    done(sim, sim_act_leave(bob, room));
    room_of(bob)->row.group_id = TB_ARRAY(other);
    sim->is_hostile = true;
    size_t op = sim_act_join(bob, sim->clients[CAROL].link);
    sim_settle(sim, 60000);
    assert_true(sim->ops[op].is_over);
    assert_int_equal(sim->ops[op].code, CHAT_POLICY_ROOM_CHANGED);
    assert_bytes(room_of(bob)->row.group_id, TB_ARRAY(other));
    assert_int_equal(room_of(bob)->row.state, CLIENT_ROOM_LEFT);
    assert_null(room_of(bob)->group);
    finish(sim);
}

static tb_status lose_keys(struct sim_client *who, const void *params, uint64_t *op)
{
    (void)params;
    struct client_turn turn;
    *op = 0;
    assert_ok(client_turn_begin(&turn, who->client, sim_client_now(who), &who->effects));
    tb_status status = client_room_end(&turn, room_of(who), CLIENT_ROOM_REJOINING);
    if (tb_is_ok(status)) status = client_session_work(&turn);
    return client_turn_end(&turn, status);
}

/* The committer's head lies before messages that bob has: he gets their stubs, keeps what he has,
 * and can still report it. */
static void a_welcome_s_stubs_do_not_take_the_place_of_messages(void **state)
{
    (void)state;
    struct sim *sim = start(89, 8);
    struct sim_client *bob = &sim->clients[BOB], *carol = &sim->clients[CAROL];
    struct client_turn turn;
    struct client_evidence_row row;
    struct tb_arena arena;
    struct client_case_view *cases;
    size_t op, count;
    join(sim, BOB);
    struct client_room_row *at_carol = &room_of(carol)->row;
    struct chat_run_head before = { .room_seq = at_carol->head_seq };
    memcpy(before.chain, at_carol->head_chain, sizeof before.chain);
    done(sim, sim_act_send(carol, room));
    uint64_t seq = at_carol->head_seq, joined = room_of(bob)->row.joined_seq;
    struct chat_run_head newest = { .room_seq = seq };
    memcpy(newest.chain, at_carol->head_chain, sizeof newest.chain);
    at_carol->head_seq = before.room_seq;
    memcpy(at_carol->head_chain, before.chain, sizeof before.chain);
    assert_ok(sim_turn(bob, lose_keys, NULL, SIM_OP_OTHER, &op));
    sim_settle(sim, 60000);
    sim_run(sim, 10000);
    sim_settle(sim, 60000);
    assert_int_equal(room_of(bob)->row.state, CLIENT_ROOM_OPEN);
    assert_true(room_of(bob)->row.joined_seq > joined); /* he was added again */
    at_carol->head_seq = newest.room_seq;
    memcpy(at_carol->head_chain, newest.chain, sizeof newest.chain);
    assert_ok(client_turn_read(&turn, bob->client));
    assert_ok(client_evidence_get(&turn, room_of(bob), seq, &row));
    assert_int_equal(row.opening, CHAT_OPENING_IS_FULL);
    assert_true(row.application_data.len != 0);
    tb_arena_wipe(&turn.arena);
    done(sim, sim_act_report(bob, room, &seq, 1));
    done(sim, sim_act_fetch(&sim->clients[ALICE]));
    tb_arena_init(&arena, &sim->heap.mem, 1 << 26);
    assert_ok(client_cases(sim->clients[ALICE].client, &arena, &cases, &count));
    assert_int_equal(count, 1);
    assert_true(cases[0].is_verified);
    tb_arena_wipe(&arena);
    finish(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_member_counts_who_came_by_an_invitation),
        cmocka_unit_test(members_add_nobody_beyond_the_uses_whatever_the_hub_says),
        cmocka_unit_test(a_commit_that_is_rolled_back_used_nothing),
        cmocka_unit_test(an_invitation_that_was_taken_back_lets_nobody_in),
        cmocka_unit_test(another_s_invitation_is_taken_back_by_who_may_remove_people),
        cmocka_unit_test(an_invitation_to_one_room_opens_no_other),
        cmocka_unit_test(a_request_from_before_a_removal_is_no_wish_any_more),
        cmocka_unit_test(a_welcome_does_not_replace_a_room_s_group_by_another),
        cmocka_unit_test(a_welcome_s_stubs_do_not_take_the_place_of_messages),
    };
    return cmocka_run_group_tests_name("sim_invite", tests, NULL, NULL);
}
