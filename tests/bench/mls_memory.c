#include "tests/bench/mls_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/bench.h"
#include "tests/bench/mls_world.h"

/* VmHWM since the process began, or since the mark was last set back. */
static double peak_mb(void)
{
    char line[256];
    unsigned long kib = 0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "VmHWM: %lu kB", &kib) == 1) break;
    }
    if (file != NULL) fclose(file);
    return (double)kib * 1024 / 1e6;
}

static void peak_set_back(void)
{
    FILE *file = fopen("/proc/self/clear_refs", "w");
    if (file == NULL) return; /* then a phase shows the highest so far */
    fputs("5", file);
    fclose(file);
}

static void phase_end(struct mls_world *world, const char *phase, double *peak)
{
    double mb = peak_mb();
    size_t len = mls_world_params_add(world, ", \"phase\": \"%s\"", phase);
    bench_row("peak_memory_phase", world->params, mb, "MB", 0, false);
    mls_world_params_cut(world, len);
    if (mb > *peak) *peak = mb;
    peak_set_back();
}

static tb_bytes kept(tb_bytes value)
{
    uint8_t *copy = malloc(value.len + 1);
    if (copy == NULL) bench_die("no memory");
    memcpy(copy, value.data, value.len);
    return (tb_bytes){ copy, value.len };
}

static void drop(tb_bytes value)
{
    free((void *)(uintptr_t)value.data);
}

/* The creator's group is put away as a blob while the process is the joiner. */
static tb_bytes put_away(struct mls_world *world, struct mls_group *group)
{
    struct tb_buf blob;
    tb_buf_init(&blob, &world->mem, MLS_WORLD_ARENA_BYTES_MAX);
    mls_world_must(mls_group_encode(group, &blob), "encode");
    mls_group_free(group);
    tb_bytes copy = kept(tb_buf_view(&blob));
    tb_buf_wipe(&blob);
    return copy;
}

static struct mls_group *take_back(struct mls_world *world, tb_bytes blob)
{
    struct mls_group *group;
    mls_world_must(mls_group_decode(&world->env, blob, &world->keys[0].signer, &group), "decode");
    drop(blob);
    return group;
}

static double child(uint16_t cipher_suite, size_t count)
{
    struct mls_world world;
    struct mls_world_flow flow;
    double peak = 0;
    mls_world_init(&world, cipher_suite);
    mls_world_begin(&world, count, false);
    phase_end(&world, "key packages", &peak);

    mls_world_flow_begin(&world, &flow);
    struct mls_group *group = mls_world_create(&world);
    mls_world_commit(&world, group, 1, count, false, &flow);
    mls_world_must(mls_group_pending_merge(group), "merge");
    struct mls_commit_out out = { .welcome = kept(flow.out.welcome),
                                  .ratchet_tree = kept(flow.out.ratchet_tree) };
    tb_arena_wipe(&flow.arena);
    phase_end(&world, "add all", &peak);
    tb_bytes blob = put_away(&world, group);
    phase_end(&world, "encode", &peak);

    group = mls_world_join(&world, count - 1, &out);
    drop(out.welcome);
    drop(out.ratchet_tree);
    phase_end(&world, "join", &peak);

    mls_world_flow_begin(&world, &flow);
    mls_world_commit(&world, group, 0, 0, true, &flow);
    mls_world_must(mls_group_pending_merge(group), "merge");
    tb_bytes commit = kept(flow.out.commit);
    tb_arena_wipe(&flow.arena);
    mls_group_free(group);
    phase_end(&world, "commit", &peak);

    group = take_back(&world, blob);
    phase_end(&world, "decode", &peak);
    mls_world_follow(&world, group, commit);
    drop(commit);
    mls_group_free(group);
    phase_end(&world, "process", &peak);
    bench_row("peak_memory", world.params, peak, "MB", 0, false);
    return peak;
}

double mls_memory_run(uint16_t cipher_suite, size_t count)
{
    int state;
    double *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                          -1, 0);
    if (shared == MAP_FAILED) bench_die("no shared memory");
    fflush(stdout);
    pid_t pid = fork();
    if (pid < 0) bench_die("no child process");
    if (pid == 0) {
        *shared = child(cipher_suite, count);
        fflush(stdout);
        _exit(0);
    }
    if (waitpid(pid, &state, 0) != pid || !WIFEXITED(state) || WEXITSTATUS(state) != 0) {
        bench_die("the child that measures memory failed");
    }
    double peak = *shared;
    munmap(shared, sizeof *shared);
    return peak;
}
