/*
 * A stored group that was damaged: refused, or a group that can still be written, asked and freed.
 * The digest, which finds all damage, is made to fit: what lies behind it must hold by itself.
 *
 * covers: mls_group_decode mls_secret_tree_decode mls_group_encode
 */
#include "tests/fuzz/mls_group_world.h"

FUZZ_TARGET(input, arena)
{
    struct world *w = world_get();
    const struct mls_env env = { .suite = &w->suite, .mem = arena->mem, .rng = &w->rng };
    struct mls_group *group = NULL, *again = NULL;
    struct tb_buf blob;
    tb_bytes message;
    tb_buf_init(&blob, arena->mem, SIZE_MAX);
    tb_status status = mls_group_decode(&env, world_close(w, input, &blob), &w->signer[0], &group);
    tb_buf_wipe(&blob);
    if (!tb_is_ok(status)) return;
    tb_buf_init(&blob, arena->mem, SIZE_MAX);
    FUZZ_OK(mls_group_encode(group, &blob));
    FUZZ_OK(mls_group_decode(&env, tb_buf_view(&blob), &w->signer[0], &again));
    if (tb_is_ok(mls_group_protect(group, (tb_bytes){ NULL, 0 }, TB_LITERAL("x"), 0, arena,
                                   &message))) {
        FUZZ_REQUIRE(mls_group_is_active(group));
    }
    mls_group_free(again);
    mls_group_free(group);
    tb_buf_wipe(&blob);
}
