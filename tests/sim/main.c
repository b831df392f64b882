/*
 * build/sim [--seed N] [--steps N] [--seeds N] [--clients N] [--without PART,...]
 *           [--mode honest|member|hub] [--trace] [--no-shrink]
 *
 * The scripted paths of people first, then chaos for each seed, in a process of its own.  A run
 * that fails is made as short as it gets, and the end of its trace is printed.
 */
#include "tests/sim/sim.h"

#include <stdio.h>

static const char USAGE[] =
    "usage: sim [--seed N] [--steps N] [--seeds N] [--clients 2..8] [--without PART,...]\n"
    "           [--mode honest|member|hub] [--trace] [--no-shrink]\n";

static _Noreturn void sim_usage(void)
{
    fputs(USAGE, stderr);
    fputs("parts:", stderr);
#define SIM_PART_TELL(LABEL_, NAME_) fputs(" " #LABEL_, stderr);
    SIM_PARTS(SIM_PART_TELL)
#undef SIM_PART_TELL
    fputc('\n', stderr);
    exit(2);
}

static void sim_parts_take(const char *names, uint32_t *without)
{
    char name[32];
    while (*names != 0) {
        size_t len = strcspn(names, ",");
        uint32_t bit;
        snprintf(name, sizeof name, "%.*s", (int)len, names);
        if (!sim_part_find(name, &bit)) sim_usage();
        *without |= bit;
        names += len;
        if (*names == ',') names++;
    }
}

struct sim_args {
    struct sim_options options;
    uint64_t seeds;
    bool has_mode, is_whole;
};

static void sim_args_take(struct sim_args *args, int argc, char **argv)
{
    static const char *const MODES[] = { "honest", "member", "hub" };
    for (int i = 1; i < argc; i++) {
        const char *name = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;
        struct sim_options *options = &args->options;
        if (strcmp(name, "--trace") == 0) {
            options->is_trace = true;
            continue;
        }
        if (strcmp(name, "--no-shrink") == 0) {
            args->is_whole = true;
            continue;
        }
        if (value == NULL) sim_usage();
        i++;
        if (strcmp(name, "--without") == 0) sim_parts_take(value, &options->without);
        else if (strcmp(name, "--seed") == 0) options->seed = strtoull(value, NULL, 10);
        else if (strcmp(name, "--steps") == 0) options->steps = strtoull(value, NULL, 10);
        else if (strcmp(name, "--seeds") == 0) args->seeds = strtoull(value, NULL, 10);
        else if (strcmp(name, "--clients") == 0) options->client_count = strtoull(value, NULL, 10);
        else if (strcmp(name, "--mode") == 0) {
            size_t mode = 0;
            while (mode < 3 && strcmp(MODES[mode], value) != 0) mode++;
            if (mode == 3) sim_usage();
            options->mode = (enum sim_mode)mode;
            args->has_mode = true;
        } else sim_usage();
    }
    size_t count = args->options.client_count;
    if (count < 2 || count > SIM_CLIENT_COUNT_MAX) sim_usage();
}

int main(int argc, char **argv)
{
    struct sim_args args = { .options = sim_options_of(1, 2000), .seeds = 1 };
    sim_args_take(&args, argc, argv);
    uint64_t seed = args.options.seed, failed = 0;
    sim_script_path(seed, args.options.is_trace);
    sim_script_copy(seed, args.options.is_trace);
    sim_script_restore(seed, args.options.is_trace);
    fflush(stdout);
    for (uint64_t i = 0; i < args.seeds; i++) {
        struct sim_options options = args.options;
        options.seed = seed + i;
        if (!args.has_mode) options.mode = sim_options_of(options.seed, 0).mode;
        if (!sim_try(&options, !args.is_whole)) failed++;
    }
    printf("%llu passed, %llu failed\n", (unsigned long long)(args.seeds - failed),
           (unsigned long long)failed);
    return failed != 0;
}
