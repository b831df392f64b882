/*
 * Peak memory of a whole process that holds one member's group, phase by phase: create and add all,
 * join, commit with a path, process.  Resident set, program and libraries and key packages of all
 * included.  The process is a child of the benchmark, so nothing that was measured before counts.
 */
#ifndef TB_BENCH_MLS_MEMORY_H
#define TB_BENCH_MLS_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/* Prints rows `peak_memory_phase` and `peak_memory`; returns the latter, in MB. */
double mls_memory_run(uint16_t cipher_suite, size_t count);

#endif
