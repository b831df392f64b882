/* A member who holds the keys of the room and writes with them what no client would write. */
#include "tests/sim/sim.h"

#include "client/rooms.h"
#include "mls/group_state.h"

static char room[256];

static struct mls_group *group_of(const struct sim_client *who)
{
    for (struct client_room *r = who->client->rooms; r != NULL; r = r->next) {
        if (tb_bytes_equal(r->row.room_uri, tb_bytes_text(room)) && r->group != NULL) {
            return r->group;
        }
    }
    fail_msg("the group is not loaded");
    return NULL;
}

/* The sender data are under a key that all members have: they name whom the sender likes. */
static void a_message_in_a_members_name_is_not_taken_for_its_own_lost_state(void **state)
{
    (void)state;
    struct sim *sim = malloc(sizeof *sim);
    assert_non_null(sim);
    sim_init(sim, 21, 3);
    sim_act_register(sim);
    struct sim_client *victim = &sim->clients[0], *insider = &sim->clients[2];
    sim_act_create(insider, "kitchen", room);
    size_t op = sim_act_invite(insider, room, 8);
    sim_settle(sim, 60000);
    sim_act_expect(sim, op);
    for (size_t i = 0; i < 2; i++) {
        op = sim_act_join(&sim->clients[i], insider->link);
        sim_settle(sim, 60000);
        sim_act_expect(sim, op);
    }
    for (size_t i = 0; i < 3; i++) {
        op = sim_act_send(&sim->clients[i], room);
        sim_settle(sim, 60000);
        sim_act_expect(sim, op);
    }
    sim->is_hostile = true;
    struct mls_group *group = group_of(insider);
    uint32_t own = group->now->own.leaf_index;
    group->now->own.leaf_index = mls_group_own_leaf(group_of(victim));
    (void)sim_act_send(insider, room);
    group->now->own.leaf_index = own;
    sim_settle(sim, 60000);
    assert_false(victim->is_rolled_back);
    assert_int_equal(sim->failed_entry_count, 2); /* a line without text for both others */
    op = sim_act_send(victim, room);
    sim_settle(sim, 60000);
    sim_act_expect(sim, op);
    sim_wipe(sim);
    free(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_in_a_members_name_is_not_taken_for_its_own_lost_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
