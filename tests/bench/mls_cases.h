/* The operations that bench-mls times. */
#ifndef TB_BENCH_MLS_CASES_H
#define TB_BENCH_MLS_CASES_H

#include "tests/bench/mls_world.h"

/* A row in us, and whether its bar is reached. */
void mls_cases_row(const struct mls_world *world, const char *name, double us, double floor_us);

/*
 * Create and add all, join, a commit with a path in a cold tree (right after the bulk add); fills
 * world->times.
 */
void mls_cases_tree(struct mls_world *world);
void mls_cases_state(struct mls_world *world); /* sizes of state and GroupContext */
/* Commits in a warm tree: every member was added by a path commit of the one before. */
void mls_cases_warm(struct mls_world *world);
void mls_cases_messages(struct mls_world *world, size_t octets);
/* Commits and messages of a few members whose GroupContext holds a list of 2,000 participants. */
void mls_cases_context(struct mls_world *world);

#endif
