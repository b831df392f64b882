/*
 * build/sim --seed N --steps N [--seeds N] [--trace]: the simulator from the command line. It
 * runs the scripted path of people first, then random wishes under faults, for each seed.
 */
#include "tests/sim/sim.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    uint64_t seed = 1, steps = 2000, seeds = 1;
    bool is_trace = false;
    for (int i = 1; i < argc; i++) {
        uint64_t *number = NULL;
        if (strcmp(argv[i], "--trace") == 0) is_trace = true;
        if (strcmp(argv[i], "--seed") == 0) number = &seed;
        if (strcmp(argv[i], "--steps") == 0) number = &steps;
        if (strcmp(argv[i], "--seeds") == 0) number = &seeds;
        if (number != NULL && i + 1 < argc) *number = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--trace") != 0) {
            fprintf(stderr, "usage: sim [--seed N] [--steps N] [--seeds N] [--trace]\n");
            return 2;
        }
    }
    sim_script_path(seed, is_trace);
    sim_script_copy(seed, is_trace);
    sim_script_restore(seed, is_trace);
    for (uint64_t i = 0; i < seeds; i++) sim_script_chaos(seed + i, steps, is_trace);
    return 0;
}
