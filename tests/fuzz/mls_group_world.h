/*
 * A group of three that is the same in every run, for the targets that play a member against the
 * others.  Built once; what a run changes it changes in a copy.
 */
#ifndef TB_TESTS_FUZZ_MLS_GROUP_WORLD_H
#define TB_TESTS_FUZZ_MLS_GROUP_WORLD_H

#include "mls/blob.h"
#include "mls/group_state.h"
#include "tests/fuzz/fuzz.h"

enum { WORLD_MEMBERS = 3, WORLD_NOW_S = 1800000000 };

struct world {
    struct tb_mem mem;
    struct tb_arena arena;
    struct crypto_suite suite;
    struct tb_rng rng;
    uint64_t rng_state;
    struct crypto_signing_key signer[WORLD_MEMBERS];
    struct mls_group *member[WORLD_MEMBERS];
    struct tb_buf blob; /* member 0, stored */
};

static inline bool world_fill(void *ctx, uint8_t *out, size_t len)
{
    uint64_t *state = ctx;
    for (size_t i = 0; i < len; i++) {
        *state = *state * 6364136223846793005u + 1442695040888963407u;
        out[i] = (uint8_t)(*state >> 40);
    }
    return true;
}

static inline struct mls_env world_env(struct world *w)
{
    return (struct mls_env){ .suite = &w->suite, .mem = &w->mem, .rng = &w->rng };
}

static inline void world_add(struct world *w, size_t newcomer)
{
    const struct mls_env env = world_env(w);
    const struct mls_key_package_params params = {
        .identity = TB_LITERAL("newcomer"),
        .signer = &w->signer[newcomer],
        .not_before_s = 1,
        .not_after_s = WORLD_NOW_S + 1,
    };
    struct mls_key_package_secrets secrets;
    struct mls_add add;
    struct mls_proposal proposal = { .proposal_type = MLS_PROPOSAL_ADD, .of = { .add = &add } };
    struct mls_commit_params commit = { .proposals = &proposal,
                                        .proposal_count = 1,
                                        .force_path = true,
                                        .as_public = true };
    struct mls_commit_out out;
    struct mls_received received;
    uint8_t ref[CRYPTO_HASH_MAX];
    tb_bytes encoded;
    FUZZ_OK(mls_key_package_new(&env, &params, &w->arena, &encoded, &secrets, ref));
    FUZZ_OK(wire_decode(&mls_key_package_in_desc, encoded, &w->arena, &add.key_package, NULL));
    FUZZ_OK(mls_group_commit(w->member[0], &commit, &w->arena, &out, NULL));
    for (size_t i = 1; i < newcomer; i++) {
        FUZZ_OK(mls_group_receive(w->member[i], out.commit, 0, NULL, 0, &w->arena, &received,
                                  NULL));
        FUZZ_OK(mls_group_merge(w->member[i], received.staged));
    }
    FUZZ_OK(mls_group_pending_merge(w->member[0]));
    const struct mls_join_params join = { .welcome = out.welcome,
                                          .ratchet_tree = out.ratchet_tree,
                                          .key_package = encoded,
                                          .secrets = &secrets,
                                          .signer = &w->signer[newcomer] };
    FUZZ_OK(mls_group_join(&env, &join, &w->member[newcomer], NULL));
}

static inline struct world *world_get(void)
{
    static struct world world;
    struct world *w = &world;
    if (w->member[0] != NULL) return w;
    w->mem = (struct tb_mem){ NULL, fuzz_take, fuzz_give, 0, SIZE_MAX };
    w->rng = (struct tb_rng){ &w->rng_state, world_fill };
    tb_arena_init(&w->arena, &w->mem, SIZE_MAX);
    FUZZ_OK(crypto_suite_init(&w->suite, 0x0003, crypto_backend_native()));
    for (size_t i = 0; i < WORLD_MEMBERS; i++) {
        FUZZ_OK(crypto_signing_key_new(&w->suite, &w->rng, &w->signer[i]));
    }
    const struct mls_env env = world_env(w);
    const struct mls_group_params params = { .group_id = TB_LITERAL("fuzz"),
                                             .identity = TB_LITERAL("creator"),
                                             .signer = &w->signer[0],
                                             .not_before_s = 1,
                                             .not_after_s = WORLD_NOW_S + 1 };
    FUZZ_OK(mls_group_create(&env, &params, &w->member[0]));
    for (size_t i = 1; i < WORLD_MEMBERS; i++) world_add(w, i);
    tb_buf_init(&w->blob, &w->mem, SIZE_MAX);
    FUZZ_OK(mls_group_encode(w->member[0], &w->blob));
    return w;
}

/* A stored form with the digest that it should have; version 1 has none. */
static inline tb_bytes world_close(struct world *w, tb_bytes input, struct tb_buf *buf)
{
    if (input.len < 2 || tb_get_u16(input.data) < MLS_BLOB_VERSION_DIGEST) return input;
    FUZZ_OK(tb_buf_append(buf, input));
    FUZZ_OK(mls_blob_close(&w->suite, 0, buf));
    return tb_buf_view(buf);
}

#endif
