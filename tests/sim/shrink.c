/*
 * A run of chaos in a process of its own; when it fails, the same failure is looked for in less:
 * with fewer devices, without whole kinds of wishes and faults, in fewer steps.
 */
#include "tests/sim/sim.h"

#include <stdio.h>

enum {
    SIM_WHAT_LEN_MAX = 160,
    SIM_RUNS_MAX = 80,     /* of one shrinking */
    SIM_TRACE_LINES = 40,  /* that are shown of the end */
    SIM_TRACE_BYTES = 16384
};

/* What a run came to. */
struct sim_outcome {
    bool is_failed;
    char what[SIM_WHAT_LEN_MAX]; /* "FAILED: ..." without who, seed and step */
    uint64_t step;
};

bool sim_part_find(const char *name, uint32_t *bit)
{
#define SIM_PART_FIND(LABEL_, NAME_)                                                     \
    if (strcmp(name, #LABEL_) == 0) {                                                    \
        *bit = UINT32_C(1) << SIM_PART_##NAME_;                                         \
        return true;                                                                    \
    }
    SIM_PARTS(SIM_PART_FIND)
#undef SIM_PART_FIND
    return false;
}

static void sim_outcome_read(FILE *log, struct sim_outcome *out)
{
    char line[1024];
    rewind(log);
    snprintf(out->what, sizeof out->what, "the process ended");
    while (fgets(line, sizeof line, log) != NULL) {
        if (strstr(line, "ERROR: AddressSanitizer") != NULL || strstr(line, "runtime error") != NULL
            || strstr(line, "Assertion") != NULL) {
            snprintf(out->what, sizeof out->what, "%.*s", (int)strcspn(line, "\n"), line);
        }
        if (strncmp(line, "FAILED: ", 8) != 0) continue;
        const char *who = strstr(line, " (client"), *step = strstr(line, "step ");
        size_t len = who != NULL ? (size_t)(who - line) : strcspn(line, "\n");
        snprintf(out->what, sizeof out->what, "%.*s", (int)len, line);
        if (step != NULL) out->step = strtoull(step + 5, NULL, 10);
        return;
    }
}

/* log: what the run wrote to stderr, its trace included; NULL: stdout and stderr are ours. */
static struct sim_outcome sim_run_apart(const struct sim_options *options, FILE *log, bool is_quiet)
{
    struct sim_outcome out = { .is_failed = false };
    int result = 0;
    fflush(stdout);
    fflush(stderr);
    pid_t child = fork();
    if (child < 0) abort();
    if (child == 0) {
        if (dup2(fileno(log), STDERR_FILENO) < 0) _exit(3);
        if (is_quiet && freopen("/dev/null", "w", stdout) == NULL) _exit(3);
        sim_script_chaos(options, NULL);
        exit(0);
    }
    if (waitpid(child, &result, 0) != child) abort();
    out.is_failed = !WIFEXITED(result) || WEXITSTATUS(result) != 0;
    if (out.is_failed) sim_outcome_read(log, &out);
    return out;
}

struct sim_shrink {
    struct sim_options best;
    struct sim_outcome outcome;
    size_t run_count;
};

/* Takes the smaller options when they fail in the same way. */
static bool sim_shrink_to(struct sim_shrink *shrink, struct sim_options options)
{
    if (shrink->run_count >= SIM_RUNS_MAX) return false;
    shrink->run_count++;
    FILE *log = tmpfile();
    if (log == NULL) abort();
    options.is_trace = false;
    struct sim_outcome outcome = sim_run_apart(&options, log, true);
    fclose(log);
    if (!outcome.is_failed || strcmp(outcome.what, shrink->outcome.what) != 0) return false;
    shrink->best = options;
    shrink->outcome = outcome;
    if (outcome.step != 0 && outcome.step < options.steps) shrink->best.steps = outcome.step;
    return true;
}

/* Not every prefix of a failing run fails: halves, then quarters, and so on, that still do. */
static void sim_shrink_steps(struct sim_shrink *shrink)
{
    for (uint64_t cut = shrink->best.steps / 2; cut != 0;) {
        struct sim_options options = shrink->best;
        if (options.steps > cut) {
            options.steps -= cut;
            if (sim_shrink_to(shrink, options)) continue;
        }
        cut /= 2;
    }
}

static void sim_shrink_parts(struct sim_shrink *shrink)
{
    for (unsigned part = 0; part < SIM_PART_COUNT; part++) {
        struct sim_options options = shrink->best;
        options.without |= UINT32_C(1) << part;
        if (options.without != shrink->best.without) (void)sim_shrink_to(shrink, options);
    }
    while (shrink->best.client_count > 2) {
        struct sim_options options = shrink->best;
        options.client_count--;
        if (!sim_shrink_to(shrink, options)) break;
    }
}

/* ------------------------------------------------------------------ what is told */

static void sim_command_tell(const struct sim_options *options)
{
    static const char *const MODES[] = { "honest", "member", "hub" };
    fprintf(stderr, "  build/sim --seed %llu --steps %llu --clients %zu --mode %s",
            (unsigned long long)options->seed, (unsigned long long)options->steps,
            options->client_count, MODES[options->mode]);
    const char *sign = " --without ";
#define SIM_PART_TELL(LABEL_, NAME_)                                                     \
    if ((options->without >> SIM_PART_##NAME_ & 1) != 0) {                              \
        fprintf(stderr, "%s" #LABEL_, sign);                                             \
        sign = ",";                                                                     \
    }
    SIM_PARTS(SIM_PART_TELL)
#undef SIM_PART_TELL
    fputs(" --trace\n", stderr);
}

/* The last lines before the failure, and the failure with where everybody stands. */
static void sim_trace_tell(FILE *log)
{
    static char text[SIM_TRACE_BYTES + 1];
    if (fseek(log, 0, SEEK_END) != 0) return;
    long size = ftell(log);
    long from = size > SIM_TRACE_BYTES ? size - SIM_TRACE_BYTES : 0;
    if (fseek(log, from, SEEK_SET) != 0) return;
    size_t len = fread(text, 1, SIM_TRACE_BYTES, log), lines = 0;
    text[len] = 0;
    char *failed = strstr(text, "FAILED: "), *start = failed != NULL ? failed : text + len;
    while (start > text && lines < SIM_TRACE_LINES) {
        if (*--start == '\n') lines++;
    }
    fputs(start, stderr);
}

bool sim_try(const struct sim_options *options, bool may_shrink)
{
    FILE *log = tmpfile();
    if (log == NULL) abort();
    struct sim_shrink shrink = { .best = *options };
    shrink.outcome = sim_run_apart(options, log, false);
    if (options->is_trace) {
        rewind(log);
        for (int c = fgetc(log); c != EOF; c = fgetc(log)) fputc(c, stderr);
    }
    fclose(log);
    if (!shrink.outcome.is_failed) return true;
    fprintf(stderr, "seed %llu fails at step %llu: %s\n", (unsigned long long)options->seed,
            (unsigned long long)shrink.outcome.step, shrink.outcome.what);
    if (!may_shrink) return false;
    fprintf(stderr, "shrinking ...\n");
    if (shrink.outcome.step != 0 && shrink.outcome.step < options->steps) {
        struct sim_options shorter = *options;
        shorter.steps = shrink.outcome.step;
        (void)sim_shrink_to(&shrink, shorter);
    }
    sim_shrink_parts(&shrink);
    sim_shrink_steps(&shrink);
    sim_shrink_parts(&shrink);
    fprintf(stderr, "after %zu runs the shortest is\n", shrink.run_count);
    sim_command_tell(&shrink.best);
    log = tmpfile();
    if (log == NULL) abort();
    shrink.best.is_trace = true;
    (void)sim_run_apart(&shrink.best, log, true);
    sim_trace_tell(log);
    fclose(log);
    return false;
}
