/*
 * Constant time, observed: a program runs under valgrind with its secrets marked as undefined, so
 * that every branch and every address that depends on one is an error that memcheck counts.
 *
 * Constant time is a property of a binary: the Makefile builds each program with both compilers at
 * several levels.  A program prints a line for each rule and closes with the counts.
 */
#ifndef TB_TESTS_CT_CT_H
#define TB_TESTS_CT_CT_H

#include <stdbool.h>
#include <stdio.h>
#include <valgrind/memcheck.h>

#define CT_SECRET(DATA_, LEN_) VALGRIND_MAKE_MEM_UNDEFINED((DATA_), (LEN_))
#define CT_PUBLIC(DATA_, LEN_) VALGRIND_MAKE_MEM_DEFINED((DATA_), (LEN_))

struct ct_result {
    unsigned passed;
    unsigned failed;
};

/* How often the call looked at a secret in a way that takes time. */
static inline unsigned ct_leak_count(void (*call)(void))
{
    unsigned before = (unsigned)VALGRIND_COUNT_ERRORS;
    call();
    return (unsigned)VALGRIND_COUNT_ERRORS - before;
}

static inline void ct_rule(struct ct_result *result, const char *rule, bool holds)
{
    printf("%s: %s\n", holds ? "holds" : "BROKEN", rule);
    if (holds) {
        result->passed++;
    } else {
        result->failed++;
    }
}

static inline int ct_close(const struct ct_result *result)
{
    printf("%u passed, %u failed\n", result->passed, result->failed);
    return result->failed != 0;
}

#endif
