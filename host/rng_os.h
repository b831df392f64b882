/* The operating system's generator, getrandom(2), behind a buffer for short requests. */
#ifndef TB_HOST_RNG_OS_H
#define TB_HOST_RNG_OS_H

#include "base/mem.h"

enum { HOST_RNG_BUFFER_LEN = 256 };

/* Octets are handed out once and wiped as they go.  Not to be copied, nor used across fork(). */
struct host_rng {
    struct tb_rng rng;
    uint8_t buffer[HOST_RNG_BUFFER_LEN];
    size_t used;
};

/* The struct must not move afterwards: rng.ctx points to it. */
void host_rng_init(struct host_rng *rng);
void host_rng_wipe(struct host_rng *rng);

#endif
