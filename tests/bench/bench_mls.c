/*
 * bench-mls: the MLS core against the floor of its primitives.
 *
 *     build/bench-mls [--json] [--suite S] [--members N]
 *
 * CPU time, medians, one core, sequential.  The floor counts the primitives that an operation
 * cannot do without, at the price measured in the same run (tests/bench/mls_floor.c).  "cold" is
 * right after one bulk add, "warm" after every member was added by a path commit of the one before.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/mem_os.h"
#include "host/rng_os.h"
#include "mls/group.h"
#include "mls/public_group.h"
#include "tests/bench/bench.h"
#include "tests/bench/mls_floor.h"

enum { NOW_S = 1800000000, LIFE_S = 86400, ARENA_MAX = 1 << 30, LEAF_OCTETS = 330 };

struct peer {
    struct crypto_signing_key signer;
    struct mls_key_package_secrets secrets;
    uint8_t *package;
    size_t package_len;
};
struct bench {
    struct tb_mem mem;
    struct host_rng rng;
    struct crypto_suite suite;
    struct mls_env env;
    struct mls_floor floor;
    struct peer *peers;
    size_t count;
    unsigned log2;
    char params[96];
};
struct flow { /* what a commit hands to the others */
    struct tb_arena arena;
    struct mls_commit_out out;
};

static void must(tb_status status, const char *what)
{
    char text[96];
    if (tb_is_ok(status)) return;
    snprintf(text, sizeof text, "%s: status %u", what, status.code);
    bench_die(text);
}

static void row(const struct bench *b, const char *name, double us, double floor_us)
{
    bench_row(name, b->params, us, "us", floor_us, false);
}

static void peers_make(struct bench *b)
{
    b->peers = calloc(b->count, sizeof *b->peers);
    if (b->peers == NULL) bench_die("no memory");
    for (size_t i = 0; i < b->count; i++) {
        struct peer *peer = &b->peers[i];
        struct tb_arena arena;
        char identity[64];
        uint8_t ref[CRYPTO_HASH_MAX];
        tb_bytes package;
        tb_arena_init(&arena, &b->mem, ARENA_MAX);
        int len = snprintf(identity, sizeof identity, "mimi://localhost/d/member/%zu", i);
        must(crypto_signing_key_new(&b->suite, &b->rng.rng, &peer->signer), "key");
        struct mls_key_package_params params = { .identity = tb_bytes_of(identity, (size_t)len),
                                                 .signer = &peer->signer,
                                                 .not_before_s = NOW_S - LIFE_S,
                                                 .not_after_s = NOW_S + LIFE_S };
        must(mls_key_package_new(&b->env, &params, &arena, &package, &peer->secrets, ref), "kp");
        peer->package = malloc(package.len);
        if (peer->package == NULL) bench_die("no memory");
        memcpy(peer->package, package.data, package.len);
        peer->package_len = package.len;
        tb_arena_wipe(&arena);
    }
}

static struct mls_group *create(struct bench *b)
{
    struct mls_group *group;
    struct mls_group_params params = { .group_id = TB_LITERAL("bench group"),
                                       .identity = TB_LITERAL("mimi://localhost/d/member/0"),
                                       .signer = &b->peers[0].signer,
                                       .not_before_s = NOW_S - LIFE_S,
                                       .not_after_s = NOW_S + LIFE_S };
    must(mls_group_create(&b->env, &params, &group), "create");
    return group;
}

static void flow_begin(struct bench *b, struct flow *flow)
{
    tb_arena_init(&flow->arena, &b->mem, ARENA_MAX);
}

/* Adds peers [first, until); an empty range commits alone, with a path. */
static void commit(struct bench *b, struct mls_group *group, size_t first, size_t until,
                   bool with_path, struct flow *flow)
{
    size_t count = until - first;
    struct mls_proposal *adds = tb_arena_take(&flow->arena, count, sizeof *adds);
    struct mls_add *bodies = tb_arena_take(&flow->arena, count, sizeof *bodies);
    for (size_t i = 0; i < count; i++) {
        const struct peer *peer = &b->peers[first + i];
        must(wire_decode(&mls_key_package_in_desc, tb_bytes_of(peer->package, peer->package_len),
                         &flow->arena, &bodies[i].key_package, NULL),
             "decode");
        adds[i] = (struct mls_proposal){ .proposal_type = MLS_PROPOSAL_ADD,
                                         .of = { .add = &bodies[i] } };
    }
    struct mls_commit_params params = { .proposals = adds,
                                        .proposal_count = count,
                                        .force_path = with_path,
                                        .as_public = true,
                                        .now_s = NOW_S };
    must(mls_group_commit(group, &params, &flow->arena, &flow->out, NULL), "commit");
}

static struct mls_group *join(struct bench *b, size_t index, const struct flow *flow)
{
    struct mls_group *group;
    const struct peer *peer = &b->peers[index];
    struct mls_join_params params = { .welcome = flow->out.welcome,
                                      .ratchet_tree = flow->out.ratchet_tree,
                                      .key_package = tb_bytes_of(peer->package, peer->package_len),
                                      .secrets = &peer->secrets,
                                      .signer = &peer->signer,
                                      .now_s = NOW_S };
    must(mls_group_join(&b->env, &params, &group, NULL), "join");
    return group;
}

static void follow(struct bench *b, struct mls_group *group, tb_bytes message)
{
    struct tb_arena arena;
    struct mls_received received;
    tb_arena_init(&arena, &b->mem, ARENA_MAX);
    must(mls_group_receive(group, message, NOW_S, NULL, 0, &arena, &received, NULL), "receive");
    must(mls_group_merge(group, received.staged), "merge");
    tb_arena_wipe(&arena);
}

static double since_us(uint64_t start)
{
    return (double)(bench_cpu_ns() - start) / 1e3;
}

/* ---------------------------------------------------------------- operations */

static double tree_hash_us(const struct bench *b)
{
    return mls_floor_hash_us(&b->floor, b->count * (LEAF_OCTETS + 110));
}

static void bench_add_all(struct bench *b)
{
    const struct mls_floor *f = &b->floor;
    double n = (double)b->count;
    double floor = (n - 1) * (2 * f->verify_us + mls_floor_seal_us(f)) + 3 * f->sign_us +
                   tree_hash_us(b);
    struct flow flow;
    flow_begin(b, &flow);
    uint64_t start = bench_cpu_ns();
    struct mls_group *group = create(b);
    commit(b, group, 1, b->count, false, &flow);
    must(mls_group_pending_merge(group), "merge");
    row(b, "add_all", since_us(start), floor);

    start = bench_cpu_ns();
    struct mls_group *joined = join(b, b->count - 1, &flow);
    row(b, "join", since_us(start),
        n * f->verify_us + f->verify_us + mls_floor_open_us(f) + tree_hash_us(b));
    tb_arena_wipe(&flow.arena);

    flow_begin(b, &flow);
    start = bench_cpu_ns();
    commit(b, group, 0, 0, true, &flow);
    row(b, "commit_create_cold", since_us(start),
        (n - 1) * mls_floor_seal_us(f) + b->log2 * mls_floor_key_pair_us(f) + 3 * f->sign_us);
    must(mls_group_pending_merge(group), "merge");
    start = bench_cpu_ns();
    follow(b, joined, flow.out.commit);
    row(b, "commit_process_cold", since_us(start),
        mls_floor_open_us(f) + 2 * f->verify_us + f->dh_base_us +
            mls_floor_hash_us(f, flow.out.commit.len * 2));
    tb_arena_wipe(&flow.arena);
    mls_group_free(group);
    mls_group_free(joined);
}

struct warm {
    struct mls_group *far, *near, *last;
    struct mls_public_group *follower;
};

static void public_follow(struct bench *b, struct mls_public_group *group, const struct flow *flow)
{
    struct mls_public_staged *staged;
    (void)b;
    must(mls_public_group_stage(group, flow->out.commit, flow->out.group_info, NOW_S, &staged,
                                NULL),
         "stage");
    must(mls_public_group_merge(group, staged), "merge");
}

static void warm_up(struct bench *b, struct warm *warm)
{
    struct mls_public_env env = { .suite = &b->suite, .mem = &b->mem };
    struct flow flow;
    warm->far = warm->last = create(b);
    warm->near = NULL;
    flow_begin(b, &flow);
    tb_bytes info, tree;
    must(mls_group_info(warm->far, false, NULL, 0, &flow.arena, &info, &tree), "group info");
    must(mls_public_group_new(&env, info, tree, NOW_S, &warm->follower, NULL), "public group");
    tb_arena_wipe(&flow.arena);
    for (size_t i = 1; i < b->count; i++) {
        flow_begin(b, &flow);
        commit(b, warm->last, i, i + 1, true, &flow);
        must(mls_group_pending_merge(warm->last), "merge");
        if (warm->last != warm->far) follow(b, warm->far, flow.out.commit);
        if (warm->near != NULL && warm->near != warm->far) mls_group_free(warm->near);
        public_follow(b, warm->follower, &flow);
        warm->near = warm->last;
        warm->last = join(b, i, &flow);
        tb_arena_wipe(&flow.arena);
    }
}

static void bench_warm(struct bench *b)
{
    const struct mls_floor *f = &b->floor;
    enum { ROUNDS = 21 };
    double create_us[ROUNDS], far_us[ROUNDS], near_us[ROUNDS], public_us[ROUNDS];
    struct warm warm;
    warm_up(b, &warm);
    for (int i = 0; i < ROUNDS; i++) {
        struct flow flow;
        flow_begin(b, &flow);
        uint64_t start = bench_cpu_ns();
        commit(b, warm.last, 0, 0, true, &flow);
        must(mls_group_pending_merge(warm.last), "merge");
        create_us[i] = since_us(start);
        start = bench_cpu_ns();
        follow(b, warm.far, flow.out.commit);
        far_us[i] = since_us(start);
        start = bench_cpu_ns();
        if (warm.near != warm.far) follow(b, warm.near, flow.out.commit);
        near_us[i] = since_us(start);
        start = bench_cpu_ns();
        public_follow(b, warm.follower, &flow);
        public_us[i] = since_us(start);
        tb_arena_wipe(&flow.arena);
    }
    double seal = mls_floor_seal_us(f), pair = mls_floor_key_pair_us(f);
    row(b, "commit_create_warm", bench_median(create_us, ROUNDS),
        b->log2 * (seal + pair) + 3 * f->sign_us);
    row(b, "commit_process_warm", bench_median(near_us, ROUNDS),
        mls_floor_open_us(f) + b->log2 * pair + 2 * f->verify_us);
    row(b, "commit_process_warm_far", bench_median(far_us, ROUNDS),
        mls_floor_open_us(f) + pair + 2 * f->verify_us);
    row(b, "public_follow_warm", bench_median(public_us, ROUNDS), 3 * f->verify_us);
    mls_public_group_free(warm.follower);
    if (warm.near != warm.far) mls_group_free(warm.near);
    mls_group_free(warm.far);
    mls_group_free(warm.last);
}

/* What a client writes of the group with each message of its own: the whole state, or what messages
 * change.  A first message of each of a few others has been read. */
static void bench_state(struct bench *b)
{
    enum { SENDERS = 8 };
    struct flow flow;
    flow_begin(b, &flow);
    struct mls_group *group = create(b);
    commit(b, group, 1, b->count, false, &flow);
    must(mls_group_pending_merge(group), "merge");
    for (size_t i = 1; i <= SENDERS && i < b->count; i++) {
        struct mls_group *sender = join(b, i, &flow);
        struct mls_received received;
        tb_bytes message;
        must(mls_group_protect(sender, (tb_bytes){ 0 }, TB_LITERAL("text"), 0, &flow.arena,
                               &message),
             "protect");
        must(mls_group_receive(group, message, NOW_S, NULL, 0, &flow.arena, &received, NULL),
             "unprotect");
        mls_group_free(sender);
    }
    struct tb_buf whole, ratchets;
    tb_buf_init(&whole, &b->mem, ARENA_MAX);
    tb_buf_init(&ratchets, &b->mem, ARENA_MAX);
    uint64_t start = bench_cpu_ns();
    must(mls_group_encode(group, &whole), "encode");
    row(b, "state_whole_encode", since_us(start), 0);
    start = bench_cpu_ns();
    must(mls_group_ratchets_encode(group, &ratchets), "encode ratchets");
    row(b, "state_ratchets_encode", since_us(start), 0);
    bench_row("state_whole", b->params, (double)whole.len, "octets", 0, false);
    bench_row("state_ratchets", b->params, (double)ratchets.len, "octets", 0, false);
    tb_buf_wipe(&whole);
    tb_buf_wipe(&ratchets);
    tb_arena_wipe(&flow.arena);
    mls_group_free(group);
}

static void bench_messages(struct bench *b, size_t octets, double aead_us, double sign_us,
                           double verify_us)
{
    enum { ROUNDS = 400 };
    static uint8_t text[16384];
    double protect_us[ROUNDS], unprotect_us[ROUNDS];
    struct flow flow;
    char params[sizeof b->params];
    flow_begin(b, &flow);
    struct mls_group *sender = create(b);
    commit(b, sender, 1, b->count, false, &flow);
    must(mls_group_pending_merge(sender), "merge");
    struct mls_group *receiver = join(b, 1, &flow);
    tb_arena_wipe(&flow.arena);
    for (int i = 0; i < ROUNDS; i++) {
        struct tb_arena arena;
        struct mls_received received;
        tb_bytes message;
        tb_arena_init(&arena, &b->mem, ARENA_MAX);
        uint64_t start = bench_cpu_ns();
        must(mls_group_protect(sender, (tb_bytes){ 0 }, tb_bytes_of(text, octets), 0, &arena,
                               &message),
             "protect");
        protect_us[i] = since_us(start);
        start = bench_cpu_ns();
        must(mls_group_receive(receiver, message, NOW_S, NULL, 0, &arena, &received, NULL),
             "unprotect");
        unprotect_us[i] = since_us(start);
        tb_arena_wipe(&arena);
    }
    double ratchet = 4 * b->floor.hmac_us, sender_data = 2 * b->floor.hmac_us + aead_us / 4;
    if (octets <= 100) sender_data = 2 * b->floor.hmac_us + b->floor.aead_us_100;
    memcpy(params, b->params, sizeof params);
    snprintf(b->params, sizeof b->params, "\"suite\": %u, \"members\": %zu, \"octets\": %zu",
             b->suite.id, b->count, octets);
    row(b, "protect", bench_median(protect_us, ROUNDS), sign_us + aead_us + ratchet + sender_data);
    row(b, "unprotect", bench_median(unprotect_us, ROUNDS),
        verify_us + aead_us + ratchet + sender_data);
    memcpy(b->params, params, sizeof params);
    mls_group_free(sender);
    mls_group_free(receiver);
}

static void run(struct bench *b, size_t count, bool with_warm)
{
    b->count = count;
    b->log2 = 0;
    while (((size_t)1 << b->log2) < count) b->log2++;
    snprintf(b->params, sizeof b->params, "\"suite\": %u, \"members\": %zu", b->suite.id, count);
    peers_make(b);
    bench_add_all(b);
    if (with_warm) {
        bench_warm(b);
        bench_state(b);
        bench_messages(b, 100, b->floor.aead_us_100, b->floor.sign_us, b->floor.verify_us);
        bench_messages(b, 16384, b->floor.aead_us_16k, b->floor.sign_us_16k,
                       b->floor.verify_us_16k);
    }
    bench_row("memory_in_use", b->params, (double)b->mem.used_bytes / 1e6, "MB", 0, false);
    for (size_t i = 0; i < count; i++) free(b->peers[i].package);
    free(b->peers);
    malloc_trim(0);
}

static double peak_rss_mb(void)
{
    char line[256];
    unsigned long kib = 0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "VmHWM: %lu kB", &kib) == 1) break;
    }
    if (file != NULL) fclose(file);
    return (double)kib / 1e3;
}

int main(int argc, char **argv)
{
    struct bench b = { 0 };
    unsigned suite = 1;
    size_t members = 0;
    bool is_json = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            is_json = true;
        } else if (strcmp(argv[i], "--suite") == 0 && i + 1 < argc) {
            suite = (unsigned)strtoul(argv[++i], NULL, 0);
        } else if (strcmp(argv[i], "--members") == 0 && i + 1 < argc) {
            members = strtoul(argv[++i], NULL, 0);
        } else {
            fprintf(stderr, "usage: bench-mls [--json] [--suite S] [--members N]\n");
            return 2;
        }
    }
    bench_begin("bench-mls", is_json);
    host_mem_init(&b.mem, SIZE_MAX);
    host_rng_init(&b.rng);
    must(crypto_suite_init(&b.suite, (uint16_t)suite, crypto_backend_native()), "cipher suite");
    b.env = (struct mls_env){ .suite = &b.suite, .mem = &b.mem, .rng = &b.rng.rng };
    mls_floor_measure((uint16_t)suite, &b.floor);
    if (members != 0) {
        run(&b, members, members <= 2000);
    } else {
        run(&b, 1000, true);
        run(&b, 10000, false);
    }
    bench_row("peak_memory", b.params, peak_rss_mb(), "MB", 0, false);
    bench_end();
    return 0;
}
