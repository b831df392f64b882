#include "tests/bench/mls_cases.h"

#include <stdio.h>
#include <string.h>

#include "mls/public_group.h"
#include "tests/bench/bench.h"
#include "tests/bench/mls_pool.h"

enum { TREE_ROUNDS_MAX = 7, WARM_ROUNDS = 21, MESSAGE_ROUNDS = 400 };

static double since_us(uint64_t start)
{
    return (double)(bench_cpu_ns() - start) / 1e3;
}

/* What the bars are: rows against them are printed as they come. */
static double bar_of(const char *name)
{
    static const struct { const char *name; double ratio_max; } bars[] = {
        { "add_all", 1.4 },            { "join", 1.2 },
        { "commit_create_warm", 1.6 }, { "commit_process_warm", 1.8 },
        { "commit_create_cold", 1.2 }, { "protect", 1.2 },
        { "unprotect", 1.2 },
    };
    for (size_t i = 0; i < sizeof bars / sizeof bars[0]; i++) {
        if (strcmp(bars[i].name, name) == 0) return bars[i].ratio_max;
    }
    return 0;
}

void mls_cases_row(const struct mls_world *world, const char *name, double us, double floor_us)
{
    char text[128];
    double bar = bar_of(name);
    bench_row(name, world->params, us, "us", floor_us, false);
    if (bar == 0 || world->suite.id != 1) return;
    snprintf(text, sizeof text, "at most %.1f x floor, %zu members", bar, world->count);
    bench_bar(name, text, us <= bar * floor_us);
}

/* ---------------------------------------------------------------- cold */

static size_t rounds_of(const struct mls_world *world)
{
    return world->count > 2000 || world->suite.id > 3 ? 3 : TREE_ROUNDS_MAX;
}

/* Each leaf and each parent is hashed once; ratchet_tree holds the octets of all. */
static double tree_hash_us(const struct mls_world *world, tb_bytes ratchet_tree)
{
    size_t parent = 8 + 2 * world->suite.hash_len;
    return mls_floor_hash_us(&world->floor, ratchet_tree.len + world->count * parent);
}

static struct mls_group *add_all(struct mls_world *world, struct mls_world_flow *flow)
{
    struct mls_group *group = mls_world_create(world);
    mls_world_commit(world, group, 1, world->count, false, flow);
    mls_world_must(mls_group_pending_merge(group), "merge");
    return group;
}

/* Wall time with two threads; the floor is that of one. */
static void on_threads(struct mls_world *world, double add_floor_us, double join_floor_us)
{
    struct mls_world_flow flow;
    world->env.run_parallel = mls_pool_start();
    mls_world_flow_begin(world, &flow);
    uint64_t start = bench_wall_ns();
    struct mls_group *group = add_all(world, &flow);
    double add_us = (double)(bench_wall_ns() - start) / 1e3;
    start = bench_wall_ns();
    struct mls_group *joined = mls_world_join(world, world->count - 1, &flow.out);
    double join_us = (double)(bench_wall_ns() - start) / 1e3;
    mls_group_free(group);
    mls_group_free(joined);
    tb_arena_wipe(&flow.arena);
    mls_pool_stop();
    world->env.run_parallel = NULL;
    size_t len = mls_world_params_add(world, ", \"threads\": %d", MLS_POOL_THREAD_COUNT);
    bench_row("add_all_wall", world->params, add_us, "us", add_floor_us, false);
    bench_row("join_wall", world->params, join_us, "us", join_floor_us, false);
    mls_world_params_cut(world, len);
}

/* What a client writes of the group with each message: the whole state, or what messages change. */
static void state_rows(struct mls_world *world, const struct mls_group *group)
{
    struct tb_buf whole, ratchets;
    char text[64];
    tb_buf_init(&whole, &world->mem, MLS_WORLD_ARENA_BYTES_MAX);
    tb_buf_init(&ratchets, &world->mem, MLS_WORLD_ARENA_BYTES_MAX);
    uint64_t start = bench_cpu_ns();
    mls_world_must(mls_group_encode(group, &whole), "encode");
    bench_row("state_encode", world->params, since_us(start), "us", 0, false);
    start = bench_cpu_ns();
    mls_world_must(mls_group_ratchets_encode(group, &ratchets), "encode ratchets");
    bench_row("state_ratchets_encode", world->params, since_us(start), "us", 0, false);
    double bytes = (double)whole.len;
    bench_row("state_size", world->params, bytes, "bytes", 0, false);
    bench_row("state_ratchets_size", world->params, (double)ratchets.len, "bytes", 0, false);
    bench_row("group_context_size", world->params, (double)mls_group_context(group).len, "bytes",
              0, false);
    tb_buf_wipe(&whole);
    tb_buf_wipe(&ratchets);
    if (world->count != 1000 || world->suite.id != 1) return;
    snprintf(text, sizeof text, "at most 500000 bytes, %zu members", world->count);
    bench_bar("state_size", text, bytes <= 500000);
}

/* The first message of a few others has been read. */
void mls_cases_state(struct mls_world *world)
{
    enum { SENDERS = 8 };
    struct mls_world_flow flow;
    mls_world_flow_begin(world, &flow);
    struct mls_group *group = add_all(world, &flow);
    for (size_t i = 1; i <= SENDERS && i < world->count; i++) {
        struct mls_group *sender = mls_world_join(world, i, &flow.out);
        struct mls_received received;
        tb_bytes message;
        mls_world_must(mls_group_protect(sender, (tb_bytes){ 0 }, TB_LITERAL("text"), 0,
                                         &flow.arena, &message),
                       "protect");
        mls_world_must(mls_group_receive(group, message, MLS_WORLD_NOW_S, NULL, 0, &flow.arena,
                                         &received, NULL),
                       "unprotect");
        mls_group_free(sender);
    }
    tb_arena_wipe(&flow.arena);
    state_rows(world, group);
    mls_group_free(group);
}

/* Stage again and again: nothing changes before merge. */
static void cold_commit(struct mls_world *world, struct mls_group *group, struct mls_group *joined)
{
    const struct mls_floor *f = &world->floor;
    double create_us[TREE_ROUNDS_MAX], process_us[TREE_ROUNDS_MAX];
    size_t rounds = rounds_of(world);
    size_t commit_len = 0;
    for (size_t i = 0; i < rounds; i++) {
        struct mls_world_flow flow;
        struct tb_arena arena;
        struct mls_received received;
        mls_world_flow_begin(world, &flow);
        uint64_t start = bench_cpu_ns();
        mls_world_commit(world, group, 0, 0, true, &flow);
        create_us[i] = since_us(start);
        commit_len = flow.out.commit.len;
        tb_arena_init(&arena, &world->mem, MLS_WORLD_ARENA_BYTES_MAX);
        start = bench_cpu_ns();
        mls_world_must(mls_group_receive(joined, flow.out.commit, MLS_WORLD_NOW_S, NULL, 0,
                                         &arena, &received, NULL),
                       "receive");
        process_us[i] = since_us(start);
        mls_group_drop(joined, received.staged);
        tb_arena_wipe(&arena);
        tb_arena_wipe(&flow.arena);
        mls_group_pending_clear(group);
    }
    /* Of the commit's octets: two hashes of SHA-2 in signing (one in verifying, by the slope of the
     * signature), membership_tag and transcript. */
    double octets_us = 2 * mls_floor_hash_us(f, commit_len);
    mls_cases_row(world, "commit_create_cold", bench_median(create_us, rounds),
                  ((double)world->count - 1) * mls_floor_seal_us(f) +
                      world->log2 * mls_floor_key_pair_us(f) + 2 * f->sign.short_us +
                      mls_floor_sign_us(f, commit_len) + octets_us);
    mls_cases_row(world, "commit_process_cold", bench_median(process_us, rounds),
                  mls_floor_open_us(f) + mls_floor_key_pair_us(f) + f->verify.short_us +
                      mls_floor_verify_us(f, commit_len) + octets_us);
}

void mls_cases_tree(struct mls_world *world)
{
    const struct mls_floor *f = &world->floor;
    double n = (double)world->count, add_floor_us = 0, join_floor_us = 0;
    double add_us[TREE_ROUNDS_MAX], join_us[TREE_ROUNDS_MAX];
    struct mls_group *group = NULL, *joined = NULL;
    size_t rounds = rounds_of(world);
    for (size_t i = 0; i < rounds; i++) {
        struct mls_world_flow flow;
        mls_group_free(group);
        mls_group_free(joined);
        mls_world_flow_begin(world, &flow);
        uint64_t start = bench_cpu_ns();
        group = add_all(world, &flow);
        add_us[i] = since_us(start);
        double hash_us = tree_hash_us(world, flow.out.ratchet_tree);
        add_floor_us = (n - 1) * (2 * f->verify.short_us + mls_floor_seal_us(f)) +
                       2 * f->sign.short_us + mls_floor_sign_us(f, flow.out.commit.len) +
                       2 * mls_floor_hash_us(f, flow.out.commit.len) + hash_us;
        join_floor_us = (n + 1) * f->verify.short_us + mls_floor_open_us(f) + hash_us;
        start = bench_cpu_ns();
        joined = mls_world_join(world, world->count - 1, &flow.out);
        join_us[i] = since_us(start);
        tb_arena_wipe(&flow.arena);
    }
    world->times = (struct mls_cases_times){ n, bench_median(add_us, rounds),
                                             bench_median(join_us, rounds) };
    mls_cases_row(world, "add_all", world->times.add_all_us, add_floor_us);
    bench_row("add_all_per_member", world->params, world->times.add_all_us / (n - 1), "us",
              add_floor_us / (n - 1), false);
    mls_cases_row(world, "join", world->times.join_us, join_floor_us);
    cold_commit(world, group, joined);
    mls_group_free(group);
    mls_group_free(joined);
    on_threads(world, add_floor_us, join_floor_us);
}

/* ---------------------------------------------------------------- warm */

struct warm {
    struct mls_group *far, *near, *last;
    struct mls_public_group *follower;
};

static void public_follow(struct mls_public_group *group, const struct mls_commit_out *out)
{
    struct mls_public_staged *staged;
    mls_world_must(mls_public_group_stage(group, out->commit, out->group_info, MLS_WORLD_NOW_S,
                                          &staged, NULL),
                   "stage");
    mls_world_must(mls_public_group_merge(group, staged), "merge");
}

static void warm_up(struct mls_world *world, struct warm *warm)
{
    struct mls_public_env env = { .suite = &world->suite, .mem = &world->mem };
    struct mls_world_flow flow;
    tb_bytes info, tree;
    warm->far = warm->last = mls_world_create(world);
    warm->near = NULL;
    mls_world_flow_begin(world, &flow);
    mls_world_must(mls_group_info(warm->far, false, NULL, 0, &flow.arena, &info, &tree), "info");
    mls_world_must(mls_public_group_new(&env, info, tree, MLS_WORLD_NOW_S, &warm->follower, NULL),
                   "public group");
    tb_arena_wipe(&flow.arena);
    for (size_t i = 1; i < world->count; i++) {
        mls_world_flow_begin(world, &flow);
        mls_world_commit(world, warm->last, i, i + 1, true, &flow);
        mls_world_must(mls_group_pending_merge(warm->last), "merge");
        if (warm->last != warm->far) mls_world_follow(world, warm->far, flow.out.commit);
        if (warm->near != NULL && warm->near != warm->far) mls_group_free(warm->near);
        public_follow(warm->follower, &flow.out);
        warm->near = warm->last;
        warm->last = mls_world_join(world, i, &flow.out);
        tb_arena_wipe(&flow.arena);
    }
}

static void warm_rows(struct mls_world *world, size_t context_len, size_t commit_len,
                      double times[4][WARM_ROUNDS])
{
    const struct mls_floor *f = &world->floor;
    double seal = mls_floor_seal_us(f), open = mls_floor_open_us(f);
    double pair = mls_floor_key_pair_us(f);
    /* Both signatures of commit and GroupInfo cover the GroupContext, as do membership_tag, two
     * steps of the key schedule and the encryption of the path; the leaf's does not. */
    size_t signed_len = commit_len + context_len;
    double context_us = 4 * mls_floor_hash_us(f, context_len);
    double public_us = f->verify.short_us + 2 * mls_floor_verify_us(f, signed_len);
    char text[96];
    mls_cases_row(world, "commit_create_warm", bench_median(times[0], WARM_ROUNDS),
                  world->log2 * (seal + pair) + f->sign.short_us +
                      2 * mls_floor_sign_us(f, signed_len) + context_us);
    /* The neighbour: every parent up to the root is new to it. */
    mls_cases_row(world, "commit_process_warm", bench_median(times[1], WARM_ROUNDS),
                  open + (world->log2 - 1) * pair + f->verify.short_us +
                      mls_floor_verify_us(f, signed_len) + context_us);
    mls_cases_row(world, "commit_process_warm_far", bench_median(times[2], WARM_ROUNDS),
                  open + pair + f->verify.short_us + mls_floor_verify_us(f, signed_len) +
                      context_us);
    double follow_us = bench_median(times[3], WARM_ROUNDS);
    bench_row("public_follow_warm", world->params, follow_us, "us", public_us, false);
    if (world->suite.id != 1) return;
    snprintf(text, sizeof text, "at most three signature checks and 50 us, %zu members",
             world->count);
    bench_bar("public_follow_warm", text, follow_us <= public_us + 50);
}

void mls_cases_warm(struct mls_world *world)
{
    double times[4][WARM_ROUNDS];
    struct warm warm;
    size_t context_len = 0, commit_len = 0;
    warm_up(world, &warm);
    for (size_t i = 0; i < WARM_ROUNDS; i++) {
        struct mls_world_flow flow;
        mls_world_flow_begin(world, &flow);
        uint64_t start = bench_cpu_ns();
        mls_world_commit(world, warm.last, 0, 0, true, &flow);
        mls_world_must(mls_group_pending_merge(warm.last), "merge");
        times[0][i] = since_us(start);
        start = bench_cpu_ns();
        if (warm.near != warm.far) mls_world_follow(world, warm.near, flow.out.commit);
        times[1][i] = since_us(start);
        start = bench_cpu_ns();
        mls_world_follow(world, warm.far, flow.out.commit);
        times[2][i] = since_us(start);
        start = bench_cpu_ns();
        public_follow(warm.follower, &flow.out);
        times[3][i] = since_us(start);
        context_len = mls_group_context(warm.last).len;
        commit_len = flow.out.commit.len;
        tb_arena_wipe(&flow.arena);
    }
    warm_rows(world, context_len, commit_len, times);
    mls_public_group_free(warm.follower);
    if (warm.near != warm.far) mls_group_free(warm.near);
    mls_group_free(warm.far);
    mls_group_free(warm.last);
}

/* ---------------------------------------------------------------- messages */

static void message_rows(struct mls_world *world, size_t octets, size_t context_len,
                         double *protect_us, double *unprotect_us)
{
    const struct mls_floor *f = &world->floor;
    /* Key, nonce and next secret of the ratchet; key and nonce of the sender data. */
    double keys_us = 5 * f->hmac_us + f->aead.short_us;
    size_t signed_len = octets + context_len;
    size_t len = mls_world_params_add(world, ", \"octets\": %zu", octets);
    mls_cases_row(world, "protect", bench_median(protect_us, MESSAGE_ROUNDS),
                  mls_floor_sign_us(f, signed_len) + mls_floor_aead_us(f, octets) + keys_us);
    mls_cases_row(world, "unprotect", bench_median(unprotect_us, MESSAGE_ROUNDS),
                  mls_floor_verify_us(f, signed_len) + mls_floor_aead_us(f, octets) + keys_us);
    mls_world_params_cut(world, len);
}

void mls_cases_messages(struct mls_world *world, size_t octets)
{
    static uint8_t text[16384];
    double protect_us[MESSAGE_ROUNDS], unprotect_us[MESSAGE_ROUNDS];
    struct mls_world_flow flow;
    mls_world_flow_begin(world, &flow);
    struct mls_group *sender = add_all(world, &flow);
    struct mls_group *receiver = mls_world_join(world, 1, &flow.out);
    tb_arena_wipe(&flow.arena);
    for (size_t i = 0; i < MESSAGE_ROUNDS; i++) {
        struct tb_arena arena;
        struct mls_received received;
        tb_bytes message;
        tb_arena_init(&arena, &world->mem, MLS_WORLD_ARENA_BYTES_MAX);
        uint64_t start = bench_cpu_ns();
        mls_world_must(mls_group_protect(sender, (tb_bytes){ 0 }, tb_bytes_of(text, octets), 0,
                                         &arena, &message),
                       "protect");
        protect_us[i] = since_us(start);
        start = bench_cpu_ns();
        mls_world_must(mls_group_receive(receiver, message, MLS_WORLD_NOW_S, NULL, 0, &arena,
                                         &received, NULL),
                       "unprotect");
        unprotect_us[i] = since_us(start);
        tb_arena_wipe(&arena);
    }
    message_rows(world, octets, mls_group_context(sender).len, protect_us, unprotect_us);
    mls_group_free(sender);
    mls_group_free(receiver);
}

/* ---------------------------------------------------------------- a large GroupContext */

void mls_cases_context(struct mls_world *world)
{
    enum { MEMBERS = 16, PARTICIPANTS = 2000, PARTICIPANT_LEN = 50 };
    static uint8_t list[PARTICIPANTS * PARTICIPANT_LEN];
    memset(list, 'p', sizeof list);
    mls_world_begin(world, MEMBERS, true);
    world->component = TB_ARRAY(list);
    (void)mls_world_params_add(world, ", \"participants\": %d", PARTICIPANTS);
    struct mls_group *group = mls_world_create(world);
    bench_row("group_context_size", world->params, (double)mls_group_context(group).len, "bytes",
              0, false);
    mls_group_free(group);
    mls_cases_warm(world);
    mls_cases_messages(world, 100);
    world->component = (tb_bytes){ NULL, 0 };
    mls_world_end(world);
}
