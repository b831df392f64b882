/* Two threads behind struct mls_parallel: the caller's and one more. */
#ifndef TB_BENCH_MLS_POOL_H
#define TB_BENCH_MLS_POOL_H

#include "mls/public_verify.h"

enum { MLS_POOL_THREAD_COUNT = 2 };

const struct mls_parallel *mls_pool_start(void);
void mls_pool_stop(void);

#endif
