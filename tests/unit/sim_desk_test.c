/* Reports and the desk between whole engines: who may be accused, and what becomes of a case. */
#include "tests/sim/sim.h"

#include "chat/protocol.h"
#include "client/rooms.h"
#include "client/status.h"

static char room[256];

/* Ada is the desk, carol's room holds all; each of them has said one thing, ada first. */
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
    for (size_t i = 0; i < 3; i++) {
        size_t send = sim_act_send(&sim->clients[i], room);
        sim_settle(sim, 60000);
        sim_act_expect(sim, send);
    }
    return sim;
}

static void finish(struct sim *sim)
{
    sim_wipe(sim);
    free(sim);
}

static uint16_t report_code(struct sim *sim, size_t who, const uint64_t *seq, size_t count)
{
    size_t op = sim_act_report(&sim->clients[who], room, seq, count);
    sim_settle(sim, 60000);
    return sim->ops[op].is_done ? TB_OK : sim->ops[op].code;
}

static void a_report_is_about_shown_messages_of_one_other_account(void **state)
{
    (void)state;
    struct sim *sim = start(21);
    uint64_t ada = sim_model_newest_seq(&sim->clients[2], room, "ada");
    uint64_t bob = sim_model_newest_seq(&sim->clients[2], room, "bob");
    uint64_t carol = sim_model_newest_seq(&sim->clients[2], room, "carol");
    const uint64_t two[] = { ada, bob }, with_own[] = { bob, carol };
    assert_true(ada > 1); /* number 1 is the announcement of carol's invitation */
    const uint64_t hidden = 1;
    assert_int_equal(report_code(sim, 2, two, 2), CLIENT_REPORT_SENDERS);
    assert_int_equal(report_code(sim, 2, with_own, 2), CLIENT_REPORT_OWN);
    assert_int_equal(report_code(sim, 2, &carol, 1), CLIENT_REPORT_OWN);
    assert_int_equal(report_code(sim, 2, &hidden, 1), CLIENT_REPORT_HIDDEN);
    assert_int_equal(report_code(sim, 2, &bob, 1), TB_OK);
    finish(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_report_is_about_shown_messages_of_one_other_account),
    };
    return cmocka_run_group_tests_name("sim_desk", tests, NULL, NULL);
}
