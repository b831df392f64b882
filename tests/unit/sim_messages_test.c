/* What later messages do to earlier ones, between whole engines: answers, edits, deletions,
 * reactions, receipts, and messages that disappear. */
#include "tests/sim/sim.h"

#include <stdio.h>

#include "chat/policy.h"
#include "client/rooms.h"
#include "client/status.h"

static char room[256];
enum { ADA, BOB, CAROL };

/* Carol owns the room; each has said one thing. */
static struct sim *start(uint64_t seed)
{
    struct sim *sim = malloc(sizeof *sim);
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

static void finish(struct sim *sim)
{
    sim_model_check_epochs(sim);
    sim_wipe(sim);
    free(sim);
}

static tb_status act_message(struct sim_client *who, const void *params, uint64_t *op)
{
    return client_message(who->client, sim_client_now(who), params, &who->effects, op);
}

static uint16_t say(struct sim *sim, size_t who, enum client_message_kind kind, uint64_t of_seq,
                    const char *text, uint32_t expires_s)
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

static uint64_t newest(struct sim *sim, const char *handle)
{
    return sim_model_newest_seq(&sim->clients[CAROL], room, handle);
}

/* The message as this device shows it; texts live in the arena. */
static struct client_message_view look(struct sim *sim, size_t who, uint64_t room_seq,
                                       struct tb_arena *arena)
{
    struct client_message_view *rows, found = { 0 };
    size_t count;
    tb_arena_init(arena, &sim->heap.mem, 1 << 26);
    assert_ok(client_messages(sim->clients[who].client, tb_bytes_text(room), 0, 1000, arena, &rows,
                              &count));
    for (size_t i = 0; i < count; i++) {
        if (rows[i].room_seq == room_seq && rows[i].row_kind == 1) found = rows[i];
    }
    return found;
}

static void assert_text(tb_bytes text, const char *expected)
{
    assert_int_equal(text.len, strlen(expected));
    if (text.len != 0) assert_memory_equal(text.data, expected, text.len);
}

static void an_answer_names_the_message_that_it_answers(void **state)
{
    (void)state;
    struct sim *sim = start(31);
    struct tb_arena arena;
    uint64_t of = newest(sim, "bob");
    assert_int_equal(say(sim, ADA, CLIENT_MESSAGE_REPLY, of, "so do I", 0), TB_OK);
    for (size_t i = 0; i < 3; i++) {
        struct client_message_view view = look(sim, i, newest(sim, "ada"), &arena);
        assert_text(view.text, "so do I");
        assert_int_equal(view.reply_to_seq, of);
        tb_arena_wipe(&arena);
    }
    assert_int_equal(say(sim, ADA, CLIENT_MESSAGE_REPLY, 9999, "to nobody", 0),
                     CLIENT_MESSAGE_UNKNOWN);
    finish(sim);
}

static void an_edit_stands_in_the_place_of_ones_own_message_alone(void **state)
{
    (void)state;
    struct sim *sim = start(32);
    struct tb_arena arena;
    uint64_t of = newest(sim, "bob");
    assert_int_equal(say(sim, CAROL, CLIENT_MESSAGE_EDIT, of, "not mine", 0),
                     CLIENT_MESSAGE_OTHERS);
    assert_int_equal(say(sim, BOB, CLIENT_MESSAGE_EDIT, of, "second", 0), TB_OK);
    assert_int_equal(say(sim, BOB, CLIENT_MESSAGE_EDIT, of, "third", 0), TB_OK);
    for (size_t i = 0; i < 3; i++) {
        struct client_message_view view = look(sim, i, of, &arena);
        assert_text(view.text, "third");
        assert_int_equal(view.revision, CLIENT_REVISION_EDITED);
        tb_arena_wipe(&arena);
        view = look(sim, i, of + 4, &arena); /* an edit is no line of its own */
        assert_int_equal(view.room_seq, 0);
        tb_arena_wipe(&arena);
    }
    finish(sim);
}

static void a_deletion_is_the_senders_or_a_moderators(void **state)
{
    (void)state;
    struct sim *sim = start(33);
    struct tb_arena arena;
    uint64_t bobs = newest(sim, "bob"), adas = newest(sim, "ada");
    assert_int_equal(say(sim, BOB, CLIENT_MESSAGE_DELETE, adas, "", 0), CLIENT_PERMISSION);
    assert_int_equal(say(sim, BOB, CLIENT_MESSAGE_DELETE, bobs, "", 0), TB_OK);
    assert_int_equal(say(sim, CAROL, CLIENT_MESSAGE_DELETE, adas, "", 0), TB_OK);
    for (size_t i = 0; i < 3; i++) {
        struct client_message_view view = look(sim, i, bobs, &arena);
        assert_int_equal(view.revision, CLIENT_REVISION_DELETED);
        assert_text(view.text, "");
        tb_arena_wipe(&arena);
        view = look(sim, i, adas, &arena);
        assert_int_equal(view.revision, CLIENT_REVISION_MODERATED);
        assert_text(view.text, "");
        tb_arena_wipe(&arena);
    }
    assert_int_equal(say(sim, BOB, CLIENT_MESSAGE_EDIT, bobs, "back", 0), CLIENT_MESSAGE_GONE);
    finish(sim);
}

/* A client without our checks: what it sends changes nothing at the others. */
static void a_forged_edit_or_deletion_of_anothers_message_changes_nothing(void **state)
{
    (void)state;
    struct sim *sim = start(34);
    struct tb_arena arena;
    struct sim_client *bob = &sim->clients[BOB];
    uint64_t adas = newest(sim, "ada");
    struct client_message_view before = look(sim, CAROL, adas, &arena);
    char text[SIM_TEXT_LEN_MAX];
    snprintf(text, sizeof text, "%.*s", (int)before.text.len, (const char *)before.text.data);
    for (int is_deletion = 0; is_deletion < 2; is_deletion++) {
        struct client_turn turn;
        struct client_room *at;
        struct client_send_params params = { .replaces = before.message_id,
                                             .body = TB_LITERAL("forged"),
                                             .is_tombstone = is_deletion != 0 };
        store_mem_begin(&bob->store);
        assert_ok(client_turn_begin(&turn, bob->client, sim_client_now(bob), &bob->effects));
        assert_ok(client_room_open(&turn, tb_bytes_text(room), &at));
        assert_ok(client_send_content(&turn, at, &params));
        assert_ok(client_turn_end(&turn, TB_STATUS(TB_OK)));
        assert_ok(store_mem_commit(&bob->store));
        assert_int_equal(say(sim, BOB, CLIENT_MESSAGE_TEXT, 0, "and on", 0), TB_OK);
    }
    tb_arena_wipe(&arena);
    for (size_t i = 0; i < 3; i++) {
        struct client_message_view view = look(sim, i, adas, &arena);
        assert_int_equal(view.revision, CLIENT_REVISION_NONE);
        assert_text(view.text, text);
        tb_arena_wipe(&arena);
    }
    finish(sim);
}

static void a_reaction_is_counted_once_and_taken_back_by_its_own_sender(void **state)
{
    (void)state;
    struct sim *sim = start(35);
    struct tb_arena arena;
    uint64_t of = newest(sim, "bob");
    assert_int_equal(say(sim, ADA, CLIENT_MESSAGE_REACT, of, "+1", 0), TB_OK);
    assert_int_equal(say(sim, ADA, CLIENT_MESSAGE_REACT, of, "+1", 0), TB_OK);
    assert_int_equal(say(sim, CAROL, CLIENT_MESSAGE_REACT, of, "+1", 0), TB_OK);
    struct client_message_view view = look(sim, BOB, of, &arena);
    assert_int_equal(view.reaction_count, 2);
    assert_text(view.reactions[0].handle, "ada");
    assert_text(view.reactions[1].text, "+1");
    tb_arena_wipe(&arena);
    assert_int_equal(say(sim, BOB, CLIENT_MESSAGE_UNREACT, of, "", 0), CLIENT_MESSAGE_UNKNOWN);
    assert_int_equal(say(sim, ADA, CLIENT_MESSAGE_UNREACT, of, "", 0), TB_OK);
    view = look(sim, BOB, of, &arena);
    assert_int_equal(view.reaction_count, 1);
    assert_text(view.reactions[0].handle, "carol");
    tb_arena_wipe(&arena);
    char much[CLIENT_REACTION_LEN_MAX + 2] = { 0 };
    memset(much, 'x', sizeof much - 1);
    assert_int_equal(say(sim, ADA, CLIENT_MESSAGE_REACT, of, much, 0), CLIENT_REACTION_LENGTH);
    finish(sim);
}

static void tick(struct sim *sim)
{
    for (size_t i = 0; i < sim->client_count; i++) {
        struct sim_client *who = &sim->clients[i];
        struct client_event event = { .kind = CLIENT_EVENT_TICK, .now_ms = sim_client_now(who) };
        store_mem_begin(&who->store);
        client_step(who->client, &event, &who->effects);
        assert_false(client_is_void(who->client));
        assert_ok(store_mem_commit(&who->store));
        client_effects_clear(&who->effects);
    }
}

/* Neither line nor evidence holds the text any more, an edited version's no more than the first. */
static void a_message_that_disappears_leaves_no_text_behind(void **state)
{
    (void)state;
    struct sim *sim = start(36);
    struct tb_arena arena;
    assert_int_equal(say(sim, BOB, CLIENT_MESSAGE_TEXT, 0, "for one hour", 3600), TB_OK);
    uint64_t of = newest(sim, "bob");
    assert_int_equal(say(sim, BOB, CLIENT_MESSAGE_EDIT, of, "edited for the hour", 0), TB_OK);
    struct client_message_view view = look(sim, CAROL, of, &arena);
    assert_text(view.text, "edited for the hour");
    assert_int_equal(view.expires_ms, view.at_ms + 3600 * 1000);
    tb_arena_wipe(&arena);
    sim->now_ms += 3500 * 1000;
    tick(sim);
    view = look(sim, CAROL, of, &arena);
    assert_text(view.text, "edited for the hour");
    tb_arena_wipe(&arena);
    sim->now_ms += 200 * 1000;
    tick(sim);
    for (size_t i = 0; i < 3; i++) {
        view = look(sim, i, of, &arena);
        assert_int_equal(view.revision, CLIENT_REVISION_EXPIRED);
        assert_text(view.text, "");
        tb_arena_wipe(&arena);
        assert_false(store_mem_holds(&sim->clients[i].store, TB_LITERAL("for one hour")));
        assert_false(store_mem_holds(&sim->clients[i].store, TB_LITERAL("edited for the hour")));
    }
    assert_int_equal(say(sim, BOB, CLIENT_MESSAGE_TEXT, 0, "too short", 1), CLIENT_EXPIRY);
    finish(sim);
}

static tb_status act_read(struct sim_client *who, const void *params, uint64_t *op)
{
    *op = 0;
    (void)params;
    return client_mark_read(who->client, sim_client_now(who), tb_bytes_text(room), 1000,
                            &who->effects);
}

static void who_wants_it_tells_that_a_message_was_read(void **state)
{
    (void)state;
    struct sim *sim = start(37);
    struct tb_arena arena;
    struct sim_client *ada = &sim->clients[ADA];
    uint64_t of = newest(sim, "bob");
    size_t op;
    assert_ok(sim_turn(ada, act_read, NULL, SIM_OP_OTHER, &op));
    sim_settle(sim, 60000);
    struct client_message_view view = look(sim, BOB, of, &arena);
    assert_int_equal(view.reader_count, 0); /* not in a group, unless one says so */
    tb_arena_wipe(&arena);
    store_mem_begin(&ada->store);
    assert_ok(client_receipts_set(ada->client, sim_client_now(ada), CLIENT_RECEIPTS_ALL,
                                  &ada->effects));
    assert_ok(store_mem_commit(&ada->store));
    assert_int_equal(say(sim, BOB, CLIENT_MESSAGE_TEXT, 0, "who reads this", 0), TB_OK);
    assert_ok(sim_turn(ada, act_read, NULL, SIM_OP_OTHER, &op));
    sim_settle(sim, 60000);
    view = look(sim, BOB, newest(sim, "bob"), &arena);
    assert_int_equal(view.reader_count, 1);
    tb_arena_wipe(&arena);
    finish(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_names_the_message_that_it_answers),
        cmocka_unit_test(an_edit_stands_in_the_place_of_ones_own_message_alone),
        cmocka_unit_test(a_deletion_is_the_senders_or_a_moderators),
        cmocka_unit_test(a_forged_edit_or_deletion_of_anothers_message_changes_nothing),
        cmocka_unit_test(a_reaction_is_counted_once_and_taken_back_by_its_own_sender),
        cmocka_unit_test(a_message_that_disappears_leaves_no_text_behind),
        cmocka_unit_test(who_wants_it_tells_that_a_message_was_read),
    };
    return cmocka_run_group_tests_name("sim_messages", tests, NULL, NULL);
}
