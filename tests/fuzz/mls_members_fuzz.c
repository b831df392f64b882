/*
 * The life of a group of up to forty (tests/members), chosen octet by octet: members and outsiders
 * do what they may in any order, some of them lie, and a model says what must come of it.  The
 * primitives are toys, so that a run is the logic of the tree and the group.
 *
 * covers: mls_group_commit mls_group_receive mls_group_merge mls_group_join mls_group_external_join
 *         mls_group_branch mls_group_branch_join mls_group_pending_attach mls_group_decode
 *         mls_treekem_decrypt mls_tree_path_merge mls_proposals_apply life_hostile
 *         life_hostile_welcome life_hostile_outsider
 */
#include "tests/fuzz/fuzz.h"
#include "tests/members/life.h"
#include "tests/members/toy.h"

FUZZ_TARGET(input, arena)
{
    struct life *life = tb_arena_take(arena, 1, sizeof *life);
    FUZZ_REQUIRE(life != NULL);
    if (input.len < 2 || input.len > 400) return;
    members_init(&life->w, toy_provider(), TOY_SUITE, 3 + input.data[0] % (PEOPLE_MAX - 2), 1);
    life_run(life, (tb_bytes){ input.data + 1, input.len - 1 });
    members_end(&life->w);
}
