/* What this machine can do at all, measured from raw primitives in the same run. */
#ifndef TB_BENCH_FLOORS_H
#define TB_BENCH_FLOORS_H

#include <stddef.h>

double floor_ed25519_signs_per_s(void);
double floor_sqlite_commits_per_s(const char *folder);                 /* one row each, FULL */
double floor_sqlite_rows_per_s(const char *folder, size_t batch);      /* 400 octets a row, FULL */
/* Deliveries per second of the writer's CPU: `count` sockets, gathered writev of `burst` frames. */
double floor_writev_deliveries_per_cpu_s(size_t count, size_t burst, size_t frame_bytes);

#endif
