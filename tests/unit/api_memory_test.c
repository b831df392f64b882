/*
 * The whole public interface while memory fails: at one allocation, at two, from one on.  No run
 * may crash, leak (the allocator counts) or call a lack of memory by another name.
 */
#include "tests/unit/api_world.h"

#include <stdlib.h>

enum { SUITE = MLS_128_DHKEMX25519_AES128GCM_SHA256_ED25519, PAIRS = 200 };
static const struct mls_octets NONE = { NULL, 0 };

/* ---------------------------------------------------------------- an allocator that fails */

struct heap {
    size_t count, first, second; /* allocations so far; the numbers of those that fail */
    bool is_for_good;            /* and all behind the first */
    size_t taken_bytes, taken;   /* what is not given back */
};

static void *heap_take(void *user, size_t len)
{
    struct heap *heap = user;
    heap->count++;
    if (heap->count == heap->first || heap->count == heap->second ||
        (heap->is_for_good && heap->count > heap->first)) {
        return NULL;
    }
    void *data = malloc(len);
    assert_non_null(data);
    heap->taken++;
    heap->taken_bytes += len;
    return data;
}

static void heap_give(void *user, void *data, size_t len)
{
    struct heap *heap = user;
    heap->taken--;
    heap->taken_bytes -= len;
    free(data);
}

/* ---------------------------------------------------------------- a store of two slots */

enum { SLOT_BYTES_MAX = 1 << 16 };
struct slots {
    uint8_t octets[3][SLOT_BYTES_MAX];
    size_t len[3];
};

static bool slots_put(void *user, struct mls_octets group_id, enum mls_store_slot slot,
                      struct mls_octets value)
{
    struct slots *slots = user;
    (void)group_id;
    assert_in_range(value.len, 1, SLOT_BYTES_MAX);
    memcpy(slots->octets[slot], value.data, value.len);
    slots->len[slot] = value.len;
    return true;
}

static bool slots_get(void *user, struct mls_octets group_id, enum mls_store_slot slot,
                      struct mls_octets *out)
{
    struct slots *slots = user;
    (void)group_id;
    *out = (struct mls_octets){ slots->octets[slot], slots->len[slot] };
    return true;
}

/* ---------------------------------------------------------------- one long life */

#define STEP(CALL_)                                                                                \
    do {                                                                                           \
        int status_ = (CALL_);                                                                     \
        if (status_ != MLS_OK) return status_;                                                     \
    } while (0)

/* What a life makes beside its people. */
struct life {
    struct api_world w;
    struct mls_signer *fresh;
    struct mls_detached *detached;
    struct mls_outsider *outsider;
    struct mls_follower *follower, *loaded;
    struct mls_session *branch, *joined, *opened;
};

/* An Update with a new key, detached and attached again, and what can be looked at. */
static int handshakes(struct life *l)
{
    struct api_world *w = &l->w;
    struct mls_proposal_spec update = MLS_INIT(struct mls_proposal_spec);
    struct mls_commit_options options = MLS_INIT(struct mls_commit_options);
    struct mls_commit_result made = MLS_INIT(struct mls_commit_result);
    struct mls_proposal_info info = MLS_INIT(struct mls_proposal_info);
    struct mls_leaf_info leaf = MLS_INIT(struct mls_leaf_info);
    struct mls_octets message;
    update.proposal_type = MLS_PROPOSAL_UPDATE;
    update.new_signer = l->fresh;
    STEP(mls_session_propose(w->people[1].session, &update, NONE, true, w->arena, &message));
    STEP(api_take(w, 0, message, NULL));
    STEP(mls_session_proposal(w->people[0].session, 0, w->arena, &info));
    STEP(mls_follower_propose(l->follower, message, API_NOW_S, w->arena, &info, NULL));
    options.now_s = API_NOW_S;
    options.as_public = true;
    STEP(mls_session_commit(w->people[0].session, &options, w->arena, &made, NULL));
    STEP(mls_session_staged_leaf(w->people[0].session, MLS_STAGED_OWN, MLS_LEAVES_UPDATED, 0,
                                 w->arena, &leaf));
    STEP(mls_session_detach(w->people[0].session, &l->detached));
    STEP(mls_session_attach(w->people[0].session, l->detached));
    l->detached = NULL;
    STEP(api_restart(w, 0));
    struct mls_staged_info staged = MLS_INIT(struct mls_staged_info);
    STEP(mls_follower_stage(l->follower, made.commit, made.group_info, API_NOW_S, &staged, NULL));
    STEP(mls_follower_merge(l->follower));
    return api_spread(w, 0, made.commit);
}

/* The third comes in from outside; a branch is made with it. */
static int outside(struct life *l)
{
    struct api_world *w = &l->w;
    struct mls_leaf_options leaf = api_leaf(&w->people[2]);
    struct mls_external_join_options options = MLS_INIT(struct mls_external_join_options);
    struct mls_commit_result made = MLS_INIT(struct mls_commit_result);
    struct mls_octets info, tree, state;
    STEP(mls_session_group_info(w->people[0].session, false, NULL, 0, w->arena, &info, &tree));
    STEP(mls_outsider_new(w->ctx, info, tree, API_NOW_S, &l->outsider, NULL));
    options.leaf = &leaf;
    options.now_s = API_NOW_S;
    STEP(mls_outsider_join(l->outsider, w->people[2].signer, &options, w->arena,
                           &w->people[2].session, &made));
    for (size_t i = 0; i < 2; i++) {
        STEP(api_take(w, i, made.commit, NULL));
        STEP(mls_session_merge(w->people[i].session, MLS_STAGED_RECEIVED));
    }
    STEP(mls_follower_state(l->follower, w->arena, &state));
    return mls_follower_load(w->ctx, state, &l->loaded);
}

static int branch(struct life *l)
{
    struct api_world *w = &l->w;
    struct mls_leaf_options leaf = api_leaf(&w->people[0]);
    struct mls_subgroup_options options = MLS_INIT(struct mls_subgroup_options);
    struct mls_commit_result made = MLS_INIT(struct mls_commit_result);
    struct mls_join_options join = MLS_INIT(struct mls_join_options);
    STEP(api_package(w, 2));
    options.is_branch = true;
    options.group_id = api_text("branch");
    options.leaf = &leaf;
    options.key_packages = &w->people[2].package.key_package;
    options.key_package_count = 1;
    options.tree_in_welcome = true;
    options.now_s = API_NOW_S;
    STEP(mls_session_subgroup(w->people[0].session, w->people[0].signer, &options, w->arena,
                              &l->branch, &made, NULL));
    join.welcome = made.welcome;
    join.key_package = w->people[2].package.key_package;
    join.private_part = w->people[2].package.private_part;
    join.now_s = API_NOW_S;
    join.branch_of = w->people[2].session;
    return mls_session_join(w->ctx, w->people[2].signer, &join, &l->joined, NULL);
}

static int storage(struct life *l)
{
    static struct slots slots;
    struct api_world *w = &l->w;
    struct mls_store store = MLS_INIT(struct mls_store);
    struct mls_session *session = w->people[2].session;
    struct mls_octets message;
    uint8_t secret[64];
    size_t len;
    memset(&slots, 0, sizeof slots);
    store.user = &slots;
    store.put = slots_put;
    store.get = slots_get;
    STEP(mls_session_save(session, &store));
    STEP(mls_session_protect(session, NONE, api_text("stored"), 0, w->arena, &message));
    STEP(mls_session_export_safe(session, 0x8001, secret, &len));
    STEP(mls_session_save(session, &store));
    STEP(mls_session_open(w->ctx, w->people[2].signer, &store, mls_session_group_id(session),
                          &l->opened));
    STEP(api_take(w, 0, message, NULL));
    return api_say(w, 1, 2, "to the end");
}

static int live(struct life *l)
{
    struct api_world *w = &l->w;
    struct mls_octets info, tree;
    STEP(mls_signer_new(w->ctx, SUITE, &l->fresh));
    STEP(api_meet_with(w, NULL, 0, 2));
    STEP(mls_session_group_info(w->people[0].session, true, NULL, 0, w->arena, &info, &tree));
    STEP(mls_follower_new(w->ctx, info, NONE, API_NOW_S, &l->follower, NULL));
    STEP(api_say(w, 0, 1, "hello"));
    STEP(handshakes(l));
    STEP(outside(l));
    STEP(branch(l));
    return storage(l);
}

static int run(struct heap *heap)
{
    struct life l;
    struct mls_memory memory = MLS_INIT(struct mls_memory);
    struct mls_config config = MLS_INIT(struct mls_config);
    memory.user = heap;
    memory.take = heap_take;
    memory.give = heap_give;
    config.memory = &memory;
    memset(&l, 0, sizeof l);
    int status = api_begin(&l.w, &config, SUITE, 3);
    if (status == MLS_OK) status = live(&l);
    mls_detached_free(l.detached);
    mls_follower_free(l.follower);
    mls_follower_free(l.loaded);
    mls_session_free(l.branch);
    mls_session_free(l.joined);
    mls_session_free(l.opened);
    mls_outsider_free(l.outsider);
    mls_signer_free(l.fresh);
    api_end(&l.w);
    assert_int_equal(heap->taken, 0);
    assert_int_equal(heap->taken_bytes, 0);
    return status;
}

static size_t count_of(void)
{
    struct heap heap = { .count = 0 };
    assert_int_equal(run(&heap), MLS_OK);
    assert_in_range(heap.count, 100, 20000);
    return heap.count;
}

/* An arena may get by with a smaller block. */
static void assert_no_space(int status)
{
    if (status != MLS_OK) assert_int_equal(status, MLS_NO_SPACE);
}

static void one_allocation_that_fails(void **state)
{
    size_t count = count_of();
    (void)state;
    for (size_t n = 1; n <= count; n++) {
        struct heap heap = { .first = n };
        assert_no_space(run(&heap));
    }
}

static void no_memory_from_one_allocation_on(void **state)
{
    size_t count = count_of();
    (void)state;
    for (size_t n = 1; n <= count; n++) {
        struct heap heap = { .first = n, .is_for_good = true };
        int status = run(&heap);
        if (heap.count >= n) assert_int_equal(status, MLS_NO_SPACE);
    }
}

/* A fixed choice of pairs, spread over all of them. */
static void two_allocations_that_fail(void **state)
{
    size_t count = count_of();
    uint64_t at = 1;
    (void)state;
    for (size_t i = 0; i < PAIRS; i++) {
        at = at * 6364136223846793005u + 1442695040888963407u;
        size_t first = 1 + (size_t)(at >> 33) % count;
        struct heap heap = { .first = first, .second = first + 1 + (size_t)(at >> 20) % 16 };
        assert_no_space(run(&heap));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_allocation_that_fails),
        cmocka_unit_test(no_memory_from_one_allocation_on),
        cmocka_unit_test(two_allocations_that_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
