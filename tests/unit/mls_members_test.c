/*
 * Lives of groups of up to forty members, chosen by a seed, against a model (tests/members).  The
 * same lives are chosen by a fuzzer in tests/fuzz/mls_members_fuzz.c.
 */
#include "tests/support.h"

#include "tests/members/life.h"
#include "tests/members/toy.h"

enum { CHOICES_LEN = 900, LIVES = 6, TOY_LIVES = 30 };

static void live(const struct crypto_provider *provider, uint16_t suite, uint32_t people,
                 uint64_t seed, struct life *total)
{
    struct life *life = calloc(1, sizeof *life);
    struct test_rng rng;
    uint8_t choices[CHOICES_LEN];
    assert_non_null(life);
    test_rng_init(&rng, seed);
    (void)test_rng_fill(&rng, choices, sizeof choices);
    print_message("suite %u, %u people, seed %llu\n", suite, people, (unsigned long long)seed);
    members_init(&life->w, provider, suite, people, seed);
    life_run(life, TB_ARRAY(choices));
    members_end(&life->w);
    total->step_count += life->step_count;
    total->commit_count += life->commit_count;
    total->refused_count += life->refused_count;
    free(life);
}

static void enough_happened(const struct life *total, size_t lives)
{
    print_message("%zu steps, %zu commits, %zu refusals\n", total->step_count,
                  total->commit_count, total->refused_count);
    assert_true(total->step_count > lives * 40);
    assert_true(total->commit_count > lives * 8);
    assert_true(total->refused_count > lives * 8);
}

static void forty_members_keep_every_promise(void **state)
{
    (void)state;
    struct life *total = calloc(1, sizeof *total);
    assert_non_null(total);
    for (uint64_t seed = 1; seed <= TOY_LIVES; seed++) {
        live(toy_provider(), TOY_SUITE, PEOPLE_MAX, seed, total);
    }
    enough_happened(total, TOY_LIVES);
    free(total);
}

static void members_of_every_suite_keep_every_promise(void **state)
{
    (void)state;
    struct life *total = calloc(1, sizeof *total);
    assert_non_null(total);
    for (uint16_t suite = 1; suite <= 7; suite++) {
        live(crypto_backend_native(), suite, suite <= 3 ? 12 : 5, 100u + suite, total);
    }
    enough_happened(total, LIVES);
    free(total);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forty_members_keep_every_promise),
        cmocka_unit_test(members_of_every_suite_keep_every_promise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
