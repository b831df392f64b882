/* Cryptography and threads of the program's own (timbre/mls_crypto.h, run_parallel). */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "tests/unit/api_world.h"

/* ---------------------------------------------------------------- a provider that counts */

enum primitive { HAS, HASH, HMAC, SEAL, OPEN, DH_PUBLIC, DH, POINT, SIGN_PUBLIC, SIGN, VERIFY,
                 PRIMITIVES };

/* Forwards to the built-in one; the call number fail_at (from 1; 0: none) fails instead. */
struct counting {
    size_t calls[PRIMITIVES];
    size_t total, fail_at;
    int failure;
};

/* Is this the call that fails? */
static bool count_call(void *user, enum primitive which)
{
    struct counting *counting = user;
    counting->calls[which]++;
    return ++counting->total == counting->fail_at;
}

#define COUNT(WHICH_)                                                                              \
    do {                                                                                           \
        if (count_call(user, WHICH_)) return ((struct counting *)user)->failure;                   \
    } while (0)

static bool counting_has(void *user, uint16_t cipher_suite)
{
    struct counting *counting = user;
    counting->calls[HAS]++;
    return mls_crypto_builtin()->has_suite(NULL, cipher_suite);
}

static int counting_hash(void *user, enum mls_hash alg, const struct mls_octets *parts,
                         size_t count, uint8_t *out)
{
    COUNT(HASH);
    return mls_crypto_builtin()->hash(NULL, alg, parts, count, out);
}

static int counting_hmac(void *user, enum mls_hash alg, struct mls_octets key,
                         const struct mls_octets *parts, size_t count, uint8_t *out)
{
    COUNT(HMAC);
    return mls_crypto_builtin()->hmac(NULL, alg, key, parts, count, out);
}

static int counting_seal(void *user, enum mls_aead alg, struct mls_octets key,
                         struct mls_octets nonce, struct mls_octets aad, struct mls_octets plain,
                         uint8_t *out)
{
    COUNT(SEAL);
    return mls_crypto_builtin()->aead_seal(NULL, alg, key, nonce, aad, plain, out);
}

static int counting_open(void *user, enum mls_aead alg, struct mls_octets key,
                         struct mls_octets nonce, struct mls_octets aad, struct mls_octets sealed,
                         uint8_t *out)
{
    COUNT(OPEN);
    return mls_crypto_builtin()->aead_open(NULL, alg, key, nonce, aad, sealed, out);
}

static int counting_dh_public(void *user, enum mls_kem kem, struct mls_octets private_key,
                              uint8_t *public_key)
{
    COUNT(DH_PUBLIC);
    return mls_crypto_builtin()->dh_public(NULL, kem, private_key, public_key);
}

static int counting_dh(void *user, enum mls_kem kem, struct mls_octets private_key,
                       struct mls_octets public_key, uint8_t *shared)
{
    COUNT(DH);
    return mls_crypto_builtin()->dh(NULL, kem, private_key, public_key, shared);
}

static int counting_point(void *user, enum mls_kem kem, struct mls_octets public_key)
{
    COUNT(POINT);
    return mls_crypto_builtin()->point_check(NULL, kem, public_key);
}

static int counting_sign_public(void *user, enum mls_signing alg, struct mls_octets private_key,
                                uint8_t *public_key)
{
    COUNT(SIGN_PUBLIC);
    return mls_crypto_builtin()->sign_public(NULL, alg, private_key, public_key);
}

static int counting_sign(void *user, enum mls_signing alg, struct mls_octets private_key,
                         struct mls_octets public_key, struct mls_octets message,
                         uint8_t *signature, size_t *len)
{
    COUNT(SIGN);
    return mls_crypto_builtin()->sign(NULL, alg, private_key, public_key, message, signature, len);
}

static int counting_verify(void *user, enum mls_signing alg, struct mls_octets public_key,
                           struct mls_octets message, struct mls_octets signature)
{
    COUNT(VERIFY);
    return mls_crypto_builtin()->verify(NULL, alg, public_key, message, signature);
}

static struct mls_crypto counting_crypto(struct counting *counting)
{
    struct mls_crypto crypto = MLS_INIT(struct mls_crypto);
    crypto.user = counting;
    crypto.has_suite = counting_has;
    crypto.hash = counting_hash;
    crypto.hmac = counting_hmac;
    crypto.aead_seal = counting_seal;
    crypto.aead_open = counting_open;
    crypto.dh_public = counting_dh_public;
    crypto.dh = counting_dh;
    crypto.point_check = counting_point;
    crypto.sign_public = counting_sign_public;
    crypto.sign = counting_sign;
    crypto.verify = counting_verify;
    return crypto;
}

/* ---------------------------------------------------------------- a whole life of two members */

/* Make, add, join, say, renew, store, load, say.  The first refusal. */
static int live(const struct mls_config *config, uint16_t suite)
{
    struct api_world w;
    int status = api_begin(&w, config, suite, 2);
    if (status == MLS_OK) status = api_meet(&w);
    if (status == MLS_OK) status = api_say(&w, 0, 1, "one");
    if (status == MLS_OK) status = api_renew(&w, 1);
    if (status == MLS_OK) status = api_restart(&w, 0);
    if (status == MLS_OK) status = api_say(&w, 0, 1, "two");
    if (status == MLS_OK) assert_true(api_agree(&w));
    api_end(&w);
    return status;
}

static void a_session_runs_over_the_programs_own_cryptography(void **state)
{
    struct counting counting = { .total = 0 };
    struct mls_crypto crypto = counting_crypto(&counting);
    struct mls_config config = MLS_INIT(struct mls_config);
    (void)state;
    config.crypto = &crypto;
    assert_int_equal(live(&config, MLS_128_DHKEMP256_AES128GCM_SHA256_P256), MLS_OK);
    for (size_t i = 0; i < PRIMITIVES; i++) assert_true(counting.calls[i] > 0);
}

static void a_primitive_that_is_null_is_the_built_in_one(void **state)
{
    struct counting counting = { .total = 0 };
    struct mls_crypto crypto = MLS_INIT(struct mls_crypto);
    struct mls_config config = MLS_INIT(struct mls_config);
    (void)state;
    crypto.user = &counting;
    crypto.sign = counting_sign;
    config.crypto = &crypto;
    assert_int_equal(live(&config, MLS_128_DHKEMX25519_AES128GCM_SHA256_ED25519), MLS_OK);
    assert_true(counting.calls[SIGN] > 0);
    assert_int_equal(counting.total, counting.calls[SIGN]);
    assert_int_equal(live(NULL, MLS_128_DHKEMX25519_AES128GCM_SHA256_ED25519), MLS_OK);
    assert_int_equal(counting.total, counting.calls[SIGN]);
}

/* Every n: nothing crashes or leaks (ASan watches), and the refusal is the failure itself. */
static void a_provider_that_fails_at_any_call_is_clean(void **state)
{
    struct counting counting = { .total = 0 };
    struct mls_crypto crypto = counting_crypto(&counting);
    struct mls_config config = MLS_INIT(struct mls_config);
    (void)state;
    config.crypto = &crypto;
    assert_int_equal(live(&config, MLS_128_DHKEMP256_AES128GCM_SHA256_P256), MLS_OK);
    size_t total = counting.total;
    assert_in_range(total, 200, 5000);
    for (size_t n = 1; n <= total; n++) {
        counting = (struct counting){ .fail_at = n, .failure = MLS_CRYPTO_FAILED };
        assert_int_equal(live(&config, MLS_128_DHKEMP256_AES128GCM_SHA256_P256),
                         MLS_CRYPTO_FAILED);
    }
}

static void an_answer_that_no_primitive_has_counts_as_a_failure(void **state)
{
    struct counting counting = { .fail_at = 1, .failure = MLS_EPOCH };
    struct mls_crypto crypto = counting_crypto(&counting);
    struct mls_config config = MLS_INIT(struct mls_config);
    (void)state;
    config.crypto = &crypto;
    assert_int_equal(live(&config, MLS_128_DHKEMX25519_AES128GCM_SHA256_ED25519),
                     MLS_CRYPTO_FAILED);
    counting = (struct counting){ .fail_at = 1, .failure = -1 };
    assert_int_equal(live(&config, MLS_128_DHKEMX25519_AES128GCM_SHA256_ED25519),
                     MLS_CRYPTO_FAILED);
}

static bool only_the_first(void *user, uint16_t cipher_suite)
{
    (void)user;
    return cipher_suite == MLS_128_DHKEMX25519_AES128GCM_SHA256_ED25519;
}

static void a_provider_says_which_suites_it_does(void **state)
{
    struct mls_crypto crypto = MLS_INIT(struct mls_crypto);
    struct mls_config config = MLS_INIT(struct mls_config);
    struct mls_ctx *ctx = NULL;
    struct mls_signer *signer = NULL;
    (void)state;
    crypto.has_suite = only_the_first;
    config.crypto = &crypto;
    assert_int_equal(mls_ctx_new(&config, &ctx), MLS_OK);
    assert_true(mls_ctx_has_suite(ctx, MLS_128_DHKEMX25519_AES128GCM_SHA256_ED25519));
    assert_false(mls_ctx_has_suite(ctx, MLS_128_DHKEMP256_AES128GCM_SHA256_P256));
    assert_int_equal(mls_signer_new(ctx, MLS_128_DHKEMP256_AES128GCM_SHA256_P256, &signer),
                     MLS_CRYPTO_UNSUPPORTED);
    mls_ctx_free(ctx);
}

/* OpenSSL before 3.5 has no ML-KEM, and so its suite of the private range is not offered. */
static void the_suite_with_ml_kem_is_absent_and_says_why(void **state)
{
    struct mls_ctx *ctx = NULL;
    struct mls_signer *signer = NULL;
    (void)state;
    assert_int_equal(mls_ctx_new(NULL, &ctx), MLS_OK);
    assert_false(mls_ctx_has_suite(ctx, 0xf47a));
    assert_int_equal(mls_signer_new(ctx, 0xf47a, &signer), MLS_CRYPTO_NO_MLKEM);
    assert_int_equal(mls_signer_new(ctx, 0xf47b, &signer), MLS_CRYPTO_UNSUPPORTED);
    assert_null(signer);
    mls_ctx_free(ctx);
}

/* ---------------------------------------------------------------- the program's threads */

static size_t run_count; /* batches that were handed over */

static void run_backward(void *user, size_t count, mls_parallel_work *work, void *work_user)
{
    (void)user;
    run_count++;
    while (count-- > 0) work(work_user, count);
}

struct share {
    atomic_size_t next;
    size_t count;
    mls_parallel_work *work;
    void *work_user;
};

static void *share_main(void *user)
{
    struct share *share = user;
    for (size_t i = atomic_fetch_add(&share->next, 1); i < share->count;
         i = atomic_fetch_add(&share->next, 1)) {
        share->work(share->work_user, i);
    }
    return NULL;
}

static void run_on_two_threads(void *user, size_t count, mls_parallel_work *work, void *work_user)
{
    struct share share = { .count = count, .work = work, .work_user = work_user };
    pthread_t other;
    (void)user;
    run_count++;
    assert_int_equal(pthread_create(&other, NULL, share_main, &share), 0);
    share_main(&share);
    assert_int_equal(pthread_join(other, NULL), 0);
}

/* A session joins, an outsider and a follower open; and with one octet of a leaf's signature
 * changed the refusal is the same as without threads. */
static void open_group_of_many(mls_parallel_run *run, int damaged[3])
{
    struct mls_config config = MLS_INIT(struct mls_config);
    struct mls_octets info, tree;
    struct mls_outsider *outsider = NULL;
    struct mls_follower *follower = NULL;
    struct api_world w;
    config.run_parallel = run;
    assert_int_equal(api_begin(&w, &config, MLS_128_DHKEMX25519_AES128GCM_SHA256_ED25519,
                               API_PEOPLE_MAX), MLS_OK);
    run_count = 0;
    assert_int_equal(api_meet(&w), MLS_OK); /* the Adds, and each join */
    assert_int_equal(api_say(&w, 0, API_PEOPLE_MAX - 1, "all are here"), MLS_OK);
    if (run != NULL) assert_in_range(run_count, API_PEOPLE_MAX, 10 * API_PEOPLE_MAX);
    assert_int_equal(mls_session_group_info(w.people[0].session, false, NULL, 0, w.arena, &info,
                                            &tree), MLS_OK);
    size_t before = run_count;
    assert_int_equal(mls_outsider_new(w.ctx, info, tree, API_NOW_S, &outsider, NULL), MLS_OK);
    assert_int_equal(mls_follower_new(w.ctx, info, tree, API_NOW_S, &follower, NULL), MLS_OK);
    if (run != NULL) assert_true(run_count >= before + 2);
    mls_outsider_free(outsider);
    mls_follower_free(follower);
    uint8_t *copy = mls_arena_take(w.arena, tree.len);
    assert_non_null(copy);
    for (size_t i = 0; i < 3; i++) { /* somewhere in the leaves of three members */
        memcpy(copy, tree.data, tree.len);
        copy[tree.len / 4 * (i + 1)] ^= 1;
        const struct mls_octets other = { copy, tree.len };
        damaged[i] = mls_outsider_new(w.ctx, info, other, API_NOW_S, &outsider, NULL);
        assert_int_not_equal(damaged[i], MLS_OK);
    }
    api_end(&w);
}

static void threads_change_no_answer(void **state)
{
    int alone[3], backward[3], threads[3];
    (void)state;
    open_group_of_many(NULL, alone);
    open_group_of_many(run_backward, backward);
    open_group_of_many(run_on_two_threads, threads);
    assert_memory_equal(alone, backward, sizeof alone);
    assert_memory_equal(alone, threads, sizeof alone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_runs_over_the_programs_own_cryptography),
        cmocka_unit_test(a_primitive_that_is_null_is_the_built_in_one),
        cmocka_unit_test(a_provider_that_fails_at_any_call_is_clean),
        cmocka_unit_test(an_answer_that_no_primitive_has_counts_as_a_failure),
        cmocka_unit_test(a_provider_says_which_suites_it_does),
        cmocka_unit_test(the_suite_with_ml_kem_is_absent_and_says_why),
        cmocka_unit_test(threads_change_no_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
