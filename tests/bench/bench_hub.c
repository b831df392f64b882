/*
 * bench-hub: a hub on loopback with its real store, driven through real sockets.
 *
 *     build/bench-hub [--json] [--quick] [--only NAME]
 *
 * The hub is a process of its own (build/timbre-hub), and so is the generator: this program.  All
 * messages are real MLS, made before the clock starts.  Closed loop for rates, open loop at half
 * the rate for latencies.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "tests/bench/bench.h"
#include "tests/bench/cases.h"
#include "tests/bench/floors.h"

static void raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static bool wants(const char *only, const char *name)
{
    return only == NULL || strcmp(only, name) == 0;
}

static void measure_floors(struct bench_floors *floors, const char *folder)
{
    floors->signs_per_s = floor_ed25519_signs_per_s();
    floors->commits_per_s = floor_sqlite_commits_per_s(folder);
    floors->rows_per_s = floor_sqlite_rows_per_s(folder, 100);
    bench_row("floor_ed25519_sign", "\"cores\": 1", floors->signs_per_s, "1/s", 0, true);
    bench_row("floor_sqlite_commit", "\"batch\": 1, \"synchronous\": \"FULL\"",
              floors->commits_per_s, "1/s", 0, true);
    bench_row("floor_sqlite_rows", "\"batch\": 100, \"synchronous\": \"FULL\"", floors->rows_per_s,
              "1/s", 0, true);
    floors->rows_per_s_1000 = floor_sqlite_rows_per_s(folder, 1000);
    bench_row("floor_sqlite_rows", "\"batch\": 1000, \"synchronous\": \"FULL\"",
              floors->rows_per_s_1000, "1/s", 0, true);
    floors->deliveries_per_cpu_s = floor_writev_deliveries_per_cpu_s(1000, 8, 600);
    bench_row("floor_writev_delivery", "\"sockets\": 1000, \"burst\": 8, \"octets\": 600",
              floors->deliveries_per_cpu_s, "1/cpu-s", 0, true);
}

int main(int argc, char **argv)
{
    struct bench_options options = { 0 };
    struct bench_floors floors = { 0 };
    const char *only = NULL;
    bool is_json = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            is_json = true;
        } else if (strcmp(argv[i], "--quick") == 0) {
            options.is_quick = true;
        } else if (strcmp(argv[i], "--only") == 0 && i + 1 < argc) {
            only = argv[++i];
        } else {
            fprintf(stderr, "usage: bench-hub [--json] [--quick] [--only "
                            "accept|fanout|idle|drain|kill|reload]\n");
            return 2;
        }
    }
    signal(SIGPIPE, SIG_IGN);
    raise_file_limit();
    bench_begin("bench-hub", is_json);
    struct bench_hub_process hub = { 0 };
    bench_hub_start(&hub);
    measure_floors(&floors, hub.folder);
    bench_hub_stop(&hub, SIGTERM);
    bench_folder_remove(hub.folder);
    if (wants(only, "accept")) bench_case_accept(&options, &floors);
    if (wants(only, "fanout")) bench_case_fanout(&options, &floors);
    if (wants(only, "idle")) bench_case_idle(&options);
    if (wants(only, "drain")) bench_case_drain(&options, &floors);
    if (wants(only, "kill")) bench_case_kill(&options);
    if (wants(only, "reload")) bench_case_reload(&options);
    bench_end();
    return 0;
}
