/* Signatures verified together: one answer whatever the order and the threads. */
#include <pthread.h>
#include <stdatomic.h>

#include "tests/unit/mls_party.h"

#include "mls/public_verify.h"

/* ---------------------------------------------------------------- three ways to run */

static size_t run_calls; /* how often a batch was handed over */

static void run_backward(void *ctx, size_t count, void (*work)(void *work_ctx, size_t index),
                         void *work_ctx)
{
    (void)ctx;
    run_calls++;
    while (count-- > 0) work(work_ctx, count);
}

struct share {
    atomic_size_t next;
    size_t count;
    void (*work)(void *work_ctx, size_t index);
    void *work_ctx;
};

static void *share_main(void *ctx)
{
    struct share *share = ctx;
    for (size_t i = atomic_fetch_add(&share->next, 1); i < share->count;
         i = atomic_fetch_add(&share->next, 1)) {
        share->work(share->work_ctx, i);
    }
    return NULL;
}

static void run_on_threads(void *ctx, size_t count, void (*work)(void *work_ctx, size_t index),
                           void *work_ctx)
{
    enum { THREADS = 3 };
    struct share share = { .count = count, .work = work, .work_ctx = work_ctx };
    pthread_t threads[THREADS];
    (void)ctx;
    run_calls++;
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, share_main, &share), 0);
    }
    for (size_t i = 0; i < THREADS; i++) assert_int_equal(pthread_join(threads[i], NULL), 0);
}

static void run_all_but_the_last(void *ctx, size_t count,
                                 void (*work)(void *work_ctx, size_t index), void *work_ctx)
{
    (void)ctx;
    for (size_t i = 0; i + 1 < count; i++) work(work_ctx, i);
}

static const struct mls_parallel backward = { NULL, run_backward };
static const struct mls_parallel threads = { NULL, run_on_threads };
static const struct mls_parallel forgetful = { NULL, run_all_but_the_last };
static const struct mls_parallel *const ways[] = { NULL, &backward, &threads };
enum { WAYS = sizeof ways / sizeof ways[0] };

/* ---------------------------------------------------------------- the collection */

/* Of this many signatures, those at the two places are wrong and are called differently. */
enum { SIGNED = 150, NEVER = 1000, REFUSAL_FIRST = MLS_LEAF_SIGNATURE,
       REFUSAL_LATER = MLS_KEY_PACKAGE_SIGNATURE };

static tb_status verify_all(struct party *p, const struct mls_parallel *parallel, size_t bad_first,
                            size_t bad_later, tb_status so_far)
{
    struct mls_public_verify verify;
    const struct crypto_signing_key *signer = &p->member[0].signer;
    uint8_t *room = tb_arena_take(&p->arena, SIGNED, CRYPTO_SIGNATURE_MAX);
    tb_status status = TB_STATUS(TB_OK);
    assert_non_null(room);
    mls_public_verify_init(&verify, &p->suite, parallel, &p->heap.mem);
    for (uint32_t i = 0; i < SIGNED && tb_is_ok(status); i++) {
        uint8_t octets[4], *signature = room + i * CRYPTO_SIGNATURE_MAX;
        size_t len;
        tb_bytes content;
        tb_put_u32(octets, i);
        assert_ok(tb_arena_dup(&verify.arena, TB_ARRAY(octets), &content));
        assert_ok(p->suite.provider->sign(p->suite.provider, p->suite.signature,
                                          tb_secret_view(&signer->private_key),
                                          crypto_signing_key_public(signer), content, signature,
                                          &len));
        if (i == bad_first || i == bad_later) signature[7] ^= 1;
        status = mls_public_verify_add(&verify, crypto_signing_key_public(signer), content,
                                       (tb_bytes){ signature, len },
                                       TB_STATUS(i == bad_first ? REFUSAL_FIRST : REFUSAL_LATER));
    }
    return mls_public_verify_finish(&verify, tb_is_ok(status) ? so_far : status);
}

static void good_signatures_are_taken_in_any_order(void **state)
{
    (void)state;
    struct party p;
    party_init(&p, 1, 1);
    for (size_t way = 0; way < WAYS; way++) {
        assert_ok(verify_all(&p, ways[way], NEVER, NEVER, TB_STATUS(TB_OK)));
    }
    party_end(&p);
}

static void the_first_refusal_is_told_whatever_the_order(void **state)
{
    (void)state;
    struct party p;
    static const size_t first[] = { 0, 1, 62, 63, 64, 65, 127, 128, 148 };
    party_init(&p, 1, 2);
    for (size_t i = 0; i < sizeof first / sizeof first[0]; i++) {
        for (size_t way = 0; way < WAYS; way++) {
            assert_status(verify_all(&p, ways[way], first[i], first[i] + 1, TB_STATUS(TB_OK)),
                          REFUSAL_FIRST);
            assert_status(verify_all(&p, ways[way], first[i], SIGNED - 1, TB_STATUS(TB_OK)),
                          REFUSAL_FIRST);
        }
    }
    party_end(&p);
}

static void a_refused_signature_comes_before_what_stopped_the_collecting(void **state)
{
    (void)state;
    struct party p;
    party_init(&p, 1, 3);
    for (size_t way = 0; way < WAYS; way++) {
        assert_status(verify_all(&p, ways[way], SIGNED - 1, NEVER, TB_STATUS(MLS_LEAF_REQUIRED)),
                      REFUSAL_FIRST);
        assert_status(verify_all(&p, ways[way], NEVER, NEVER, TB_STATUS(MLS_LEAF_REQUIRED)),
                      MLS_LEAF_REQUIRED);
    }
    party_end(&p);
}

static void a_signature_that_nobody_looked_at_is_refused(void **state)
{
    (void)state;
    struct party p;
    party_init(&p, 1, 4);
    assert_status(verify_all(&p, &forgetful, NEVER, NEVER, TB_STATUS(TB_OK)), REFUSAL_LATER);
    party_end(&p);
}

/* ---------------------------------------------------------------- a group */

/* One commit adds everybody; the last of them joins. */
static void add_all_and_join(struct party *p)
{
    struct party_key_package packages[PARTY_MAX];
    struct mls_proposal adds[PARTY_MAX];
    struct mls_commit_out out;
    party_create_with(p, NULL, 0);
    for (size_t i = 1; i < PARTY_MAX; i++) {
        party_key_package(p, i, &packages[i]);
        adds[i] = packages[i].proposal;
    }
    const struct mls_commit_params params = { .proposals = adds + 1,
                                              .proposal_count = PARTY_MAX - 1,
                                              .now_s = PARTY_NOW_S };
    party_commit(p, 0, &params, &out);
    party_join(p, PARTY_MAX - 1, &packages[PARTY_MAX - 1], out.welcome, out.ratchet_tree);
    for (size_t i = 1; i < PARTY_MAX; i++) mls_key_package_secrets_wipe(&packages[i].secrets);
}

static void adding_and_joining_give_one_epoch_in_any_order(void **state)
{
    (void)state;
    uint8_t authenticator[CRYPTO_HASH_MAX];
    for (size_t way = 0; way < WAYS; way++) {
        struct party p;
        party_init(&p, 1, 5);
        p.env.run_parallel = ways[way];
        run_calls = 0;
        add_all_and_join(&p);
        party_assert_agreement(&p);
        /* The Adds of the committer, and the leaves of the newcomer. */
        assert_int_equal(run_calls, ways[way] == NULL ? 0 : 2);
        tb_bytes now = mls_group_epoch_authenticator(p.member[0].group);
        if (way == 0) memcpy(authenticator, now.data, now.len);
        assert_memory_equal(authenticator, now.data, now.len);
        party_end(&p);
    }
}

static void a_spoiled_key_package_is_refused_in_any_order(void **state)
{
    (void)state;
    for (size_t way = 0; way < WAYS; way++) {
        struct party p;
        struct party_key_package packages[3];
        struct mls_proposal adds[3];
        struct mls_commit_out out;
        party_init(&p, 1, 6);
        p.env.run_parallel = ways[way];
        party_create_with(&p, NULL, 0);
        for (size_t i = 0; i < 3; i++) {
            party_key_package(&p, i + 1, &packages[i]);
            adds[i] = packages[i].proposal;
        }
        /* The signature of the package is its end, that of the leaf stands before it. */
        uint8_t *octets = (uint8_t *)(uintptr_t)packages[1].encoded.data;
        octets[packages[1].encoded.len - 1] ^= 1;
        const struct mls_commit_params params = { .proposals = adds, .proposal_count = 3,
                                                  .now_s = PARTY_NOW_S };
        assert_status(mls_group_commit(p.member[0].group, &params, &p.arena, &out, NULL),
                      MLS_KEY_PACKAGE_SIGNATURE);
        assert_false(mls_group_has_pending(p.member[0].group));
        for (size_t i = 0; i < 3; i++) mls_key_package_secrets_wipe(&packages[i].secrets);
        party_end(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_signatures_are_taken_in_any_order),
        cmocka_unit_test(the_first_refusal_is_told_whatever_the_order),
        cmocka_unit_test(a_refused_signature_comes_before_what_stopped_the_collecting),
        cmocka_unit_test(a_signature_that_nobody_looked_at_is_refused),
        cmocka_unit_test(adding_and_joining_give_one_epoch_in_any_order),
        cmocka_unit_test(a_spoiled_key_package_is_refused_in_any_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
