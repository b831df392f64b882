/*
 * What the benchmark programs share: clocks, what the kernel says about a process, medians, and the
 * one form of output (docs/benchmarks.md): one JSON object a line with --json, else a table.
 */
#ifndef TB_BENCH_BENCH_H
#define TB_BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

uint64_t bench_wall_ns(void);
uint64_t bench_cpu_ns(void);               /* of this process, all threads */
uint64_t bench_process_cpu_ns(pid_t pid);  /* user and system time of another process */
uint64_t bench_process_rss_bytes(pid_t pid);
double bench_median(double *values, size_t count); /* sorts */
uint64_t bench_percentile(uint64_t *values, size_t count, double part); /* sorts; part 0..1 */
void bench_die(const char *what) __attribute__((noreturn));

void bench_begin(const char *program, bool is_json);
/*
 * params: the inside of a JSON object ("\"rooms\": 100").  floor 0: none known.  is_rate: ratio is
 * floor / value, else value / floor; 1 is the limit of the machine, larger is worse.
 */
void bench_row(const char *name, const char *params, double value, const char *unit, double floor,
               bool is_rate);
/* A bar of the project and whether it holds. */
void bench_bar(const char *name, const char *text, bool is_reached);
void bench_skipped(const char *name, const char *why);
void bench_end(void); /* the machine */

#endif
