/* What devices forget after the report window, and what they keep longer. */
#include "tests/unit/sim_report_fixture.h"

#include "chat/policy.h"
#include "client/prune.h"

static const uint64_t DAY_MS = CHAT_MS_A_DAY;

/* Days pass; people say something now and then, so that there are turns to sweep in. */
static void days(struct sim *sim, uint64_t count)
{
    sim->now_ms += count * DAY_MS;
    for (size_t i = 0; i < 4; i++) {
        sim->now_ms += 1000000;
        say(sim, BOB, "a new day");
    }
    for (size_t i = 0; i < 40; i++) sim_run(sim, 1000);
}

static bool has_evidence(const struct sim_client *who, uint64_t seq)
{
    struct client_key key = client_key_number(room_of(who)->row.no, seq);
    struct tb_arena arena;
    tb_bytes value;
    tb_arena_init(&arena, &who->sim->heap.mem, 1 << 20);
    tb_status status = tb_store_get(&who->store.store, CLIENT_TABLE_EVIDENCE,
                                    client_key_view(&key), &arena, &value);
    assert_true(tb_is_ok(status) || status.code == TB_NOT_FOUND);
    tb_arena_wipe(&arena);
    return tb_is_ok(status);
}

/* Is this text a line of carol's, or in anything else that she keeps? */
static bool keeps(struct sim *sim, const char *text)
{
    return store_mem_holds(&sim->clients[CAROL].store, tb_bytes_text(text));
}

static void after_the_window_the_line_stays_and_cannot_be_reported(void **state)
{
    (void)state;
    struct sim *sim = start(61);
    struct sim_client *carol = &sim->clients[CAROL];
    say(sim, BOB, "long ago");
    uint64_t old = newest(sim, "bob");
    days(sim, 20);
    assert_true(has_evidence(carol, old));
    uint64_t middle = newest(sim, "bob");
    /* Just over, and not swept yet: refused for the same reason. */
    sim->now_ms += 11 * DAY_MS;
    uint64_t seq = old;
    assert_int_equal(report_one(sim, CAROL, seq, 1), CLIENT_REPORT_LATE);
    days(sim, 1);
    assert_false(has_evidence(carol, old));
    assert_true(has_evidence(carol, middle));
    assert_true(has_evidence(carol, room_of(carol)->row.signed_seq));
    assert_true(keeps(sim, "long ago"));
    assert_int_equal(report_one(sim, CAROL, old, 1), CLIENT_REPORT_LATE);
    assert_int_equal(say_as(sim, CAROL, CLIENT_MESSAGE_REACT, old, "+1", 0),
                     CLIENT_REPORT_LATE);
    assert_int_equal(report_one(sim, CAROL, middle, 1), TB_OK);
    assert_int_equal(report_one(sim, CAROL, 1 << 20, 1), CLIENT_MESSAGE_UNKNOWN);
    /* A process that comes back goes on there. */
    sim_client_crash(carol);
    say(sim, CAROL, "still here");
    finish(sim);
}

static size_t row_count(const struct sim_client *who)
{
    const uint8_t tables[] = { CLIENT_TABLE_EVIDENCE, CLIENT_TABLE_MESSAGE_IDS,
                               CLIENT_TABLE_PAGES,    CLIENT_TABLE_CONTEXTS,
                               CLIENT_TABLE_EXPIRIES, CLIENT_TABLE_PINS };
    size_t count = 0;
    for (size_t i = 0; i < sizeof tables; i++) count += store_mem_count(&who->store, tables[i]);
    return count;
}

static void a_room_of_many_months_does_not_grow(void **state)
{
    (void)state;
    struct sim *sim = start(62);
    const struct sim_client *carol = &sim->clients[CAROL];
    size_t most = 0;
    for (size_t month = 0; month < 8; month++) {
        for (size_t i = 0; i < 10; i++) {
            assert_int_equal(say_as(sim, ADA, CLIENT_MESSAGE_TEXT, 0, "of this month", 3600),
                             TB_OK);
        }
        size_t removed = sim_act_role(&sim->clients[CAROL], room, &sim->clients[ADA],
                                      month % 2 == 0 ? CHAT_ROLE_MODERATOR : CHAT_ROLE_MEMBER);
        sim_settle(sim, 60000);
        sim_act_expect(sim, removed);
        days(sim, 31);
        size_t now = row_count(carol);
        if (month == 2) most = now;
        if (month > 2) assert_true(now <= most + 4);
    }
    assert_true(most != 0);
    assert_int_equal(store_mem_count(&carol->store, CLIENT_TABLE_EXPIRIES), 0);
    assert_true(store_mem_count(&carol->store, CLIENT_TABLE_CONTEXTS) <= 3);
    finish(sim);
}

static void what_a_report_rests_on_stays_until_the_appeal_is_over(void **state)
{
    (void)state;
    struct sim *sim = start(63);
    struct sim_client *carol = &sim->clients[CAROL];
    uint64_t reported = newest(sim, "bob");
    for (size_t i = 0; i < 20; i++) say(sim, ADA, "between");
    say(sim, BOB, "unreported");
    uint64_t other = newest(sim, "bob");
    say(sim, ADA, "between");
    assert_int_equal(report_one(sim, CAROL, reported, 2), TB_OK);
    for (size_t i = 0; i < 5; i++) {
        days(sim, 35);
        assert_true(has_evidence(carol, reported));
        assert_false(has_evidence(carol, other));
    }
    assert_true(store_mem_count(&carol->store, CLIENT_TABLE_PINS) != 0);
    days(sim, 35);
    days(sim, 35);
    assert_false(has_evidence(carol, reported));
    assert_int_equal(store_mem_count(&carol->store, CLIENT_TABLE_PINS), 0);
    finish(sim);
}

static void a_text_disappears_in_its_time_though_its_evidence_went_before(void **state)
{
    (void)state;
    struct sim *sim = start(64);
    assert_int_equal(say_as(sim, BOB, CLIENT_MESSAGE_TEXT, 0, "for sixty days", 60 * 86400),
                     TB_OK);
    uint64_t seq = newest(sim, "bob");
    days(sim, 45);
    assert_false(has_evidence(&sim->clients[CAROL], seq));
    assert_true(keeps(sim, "for sixty days"));
    days(sim, 16);
    assert_false(keeps(sim, "for sixty days"));
    finish(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(after_the_window_the_line_stays_and_cannot_be_reported),
        cmocka_unit_test(a_room_of_many_months_does_not_grow),
        cmocka_unit_test(what_a_report_rests_on_stays_until_the_appeal_is_over),
        cmocka_unit_test(a_text_disappears_in_its_time_though_its_evidence_went_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
