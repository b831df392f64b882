#include "host/rng_os.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

static bool system_fill(uint8_t *out, size_t len)
{
    while (len > 0) {
        ssize_t got = getrandom(out, len, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        out += got;
        len -= (size_t)got;
    }
    return true;
}

static bool rng_fill(void *ctx, uint8_t *out, size_t len)
{
    struct host_rng *rng = ctx;
    if (len > HOST_RNG_BUFFER_LEN) return system_fill(out, len);
    if (len > HOST_RNG_BUFFER_LEN - rng->used) {
        if (!system_fill(rng->buffer, HOST_RNG_BUFFER_LEN)) {
            host_rng_wipe(rng);
            return false;
        }
        rng->used = 0;
    }
    memcpy(out, rng->buffer + rng->used, len);
    tb_wipe(rng->buffer + rng->used, len);
    rng->used += len;
    return true;
}

void host_rng_init(struct host_rng *rng)
{
    *rng = (struct host_rng){ .rng = { rng, rng_fill }, .used = HOST_RNG_BUFFER_LEN };
}

void host_rng_wipe(struct host_rng *rng)
{
    tb_wipe(rng->buffer, sizeof rng->buffer);
    rng->used = HOST_RNG_BUFFER_LEN;
}
