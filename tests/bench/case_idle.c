#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "tests/bench/bench.h"
#include "tests/bench/cases.h"

enum { DEVICES_AN_ACCOUNT = 16 };

static bool has_descriptors(size_t count)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= count + 64;
}

static void settle(struct bench_world *world)
{
    for (int i = 0; i < 20; i++) bench_net_pump(world->net, 50);
}

static double one(size_t count, bool is_tls)
{
    struct bench_hub_process hub = { .is_tls = is_tls };
    struct bench_world world;
    char params[96];
    bench_hub_start(&hub);
    bench_world_init(&world, &hub);
    size_t account_count = (count + DEVICES_AN_ACCOUNT - 1) / DEVICES_AN_ACCOUNT, opened = 0;
    struct bench_account **accounts = calloc(account_count, sizeof *accounts);
    struct bench_conn **conns = calloc(count, sizeof *conns);
    if (accounts == NULL || conns == NULL) bench_die("no memory");
    /* Accounts first, so that what they take in the store's cache is not counted. */
    for (size_t i = 0; i < account_count; i++) {
        accounts[i] = bench_account_new(&world, DEVICES_AN_ACCOUNT);
        bench_conn_close(bench_login(&world, accounts[i], 0, NULL, NULL));
    }
    settle(&world);
    uint64_t before = bench_process_rss_bytes(hub.pid), cpu = bench_process_cpu_ns(hub.pid);
    uint64_t start = bench_wall_ns();
    for (size_t i = 0; i < account_count; i++) {
        for (size_t d = 0; d < DEVICES_AN_ACCOUNT && opened < count; d++) {
            conns[opened++] = bench_login(&world, accounts[i], d, NULL, NULL);
        }
    }
    double seconds = (double)(bench_wall_ns() - start) / 1e9;
    double cpu_ms = (double)(bench_process_cpu_ns(hub.pid) - cpu) / 1e6 / (double)count;
    settle(&world);
    double each = (double)(bench_process_rss_bytes(hub.pid) - before) / (double)count / 1024;
    snprintf(params, sizeof params, "\"connections\": %zu, \"tls\": %s", count,
             is_tls ? "true" : "false");
    bench_row("idle_connection", params, each, "KiB", 0, false);
    bench_row("login_hub_cpu", params, cpu_ms, "ms", 0, false);
    bench_row("logins_wall", params, (double)count / seconds, "1/s", 0, true);
    for (size_t i = 0; i < opened; i++) bench_conn_close(conns[i]);
    free(conns);
    free(accounts);
    bench_world_wipe(&world);
    bench_hub_stop(&hub, SIGTERM);
    bench_folder_remove(hub.folder);
    return each;
}

void bench_case_idle(const struct bench_options *options)
{
    size_t counts[2] = { 1000, 10000 };
    double plain = 0, tls = 0;
    for (size_t i = 0; i < (options->is_quick ? 1u : 2u); i++) {
        if (!has_descriptors(counts[i])) {
            bench_skipped("idle_connection", "the limit of open files is too low");
            return;
        }
        plain = one(counts[i], false);
        tls = one(counts[i], true);
    }
    bench_bar("idle_plain", "at most 8 KiB an idle connection in clear", plain <= 8);
    bench_bar("idle_tls", "at most 24 KiB an idle connection with TLS", tls <= 24);
}
