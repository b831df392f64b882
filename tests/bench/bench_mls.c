/*
 * bench-mls: the MLS core against the floor of its primitives.
 *
 *     build/bench-mls [--json] [--suite S] [--members N]
 *
 * CPU time, medians, one core, sequential; rows named _wall use two threads.  The floor counts the
 * primitives that an operation cannot do without, at the price measured in the same run
 * (tests/bench/mls_floor.c).  Bars hold for cipher suite 0x0001.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/bench.h"
#include "tests/bench/mls_cases.h"
#include "tests/bench/mls_memory.h"

enum { WARM_MEMBERS_MAX = 2000, MANY_MEMBERS = 10000, MEMORY_BAR_MB = 60 };

static void run(struct mls_world *world, size_t count)
{
    mls_world_begin(world, count, true);
    mls_cases_tree(world);
    mls_cases_state(world);
    if (count <= WARM_MEMBERS_MAX) {
        mls_cases_warm(world);
        mls_cases_messages(world, 100);
        mls_cases_messages(world, 16384);
    }
    mls_world_end(world);
}

/* Adding 10,000 against adding 1,000: 1 is linear. */
static void growth(const struct mls_world *world, const struct mls_cases_times *few,
                   const struct mls_cases_times *many)
{
    double add = log(many->add_all_us / few->add_all_us) / log(many->members / few->members);
    double join = log(many->join_us / few->join_us) / log(many->members / few->members);
    char params[sizeof world->params];
    snprintf(params, sizeof params, "\"suite\": %u, \"members\": [%.0f, %.0f]", world->suite.id,
             few->members, many->members);
    bench_row("add_all_exponent", params, add, "exponent", 0, false);
    bench_row("join_exponent", params, join, "exponent", 0, false);
    if (world->suite.id == 1) bench_bar("add_all_linear", "exponent at most 1.1", add <= 1.1);
}

static void run_both(struct mls_world *world)
{
    run(world, 1000);
    struct mls_cases_times few = world->times;
    mls_cases_context(world);
    run(world, MANY_MEMBERS);
    growth(world, &few, &world->times);
}

int main(int argc, char **argv)
{
    struct mls_world world;
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
    if (members == 1 || members > 1000000) {
        fprintf(stderr, "bench-mls: --members takes 2 to 1000000\n");
        return 2;
    }
    bench_begin("bench-mls", is_json);
    size_t most = members != 0 ? members : MANY_MEMBERS;
    double peak_mb = mls_memory_run((uint16_t)suite, most);
    if (most == MANY_MEMBERS && suite == 1) {
        bench_bar("peak_memory", "at most 60 MB, 10000 members", peak_mb <= MEMORY_BAR_MB);
    }
    mls_world_init(&world, (uint16_t)suite);
    mls_floor_measure((uint16_t)suite, &world.floor);
    if (members != 0) {
        run(&world, members);
    } else {
        run_both(&world);
    }
    bench_end();
    return 0;
}
