/* What a program gets that provides neither allocator nor random generator: the system's. */
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "api/api.h"

static void *system_take(void *user, size_t len)
{
    (void)user;
    return malloc(len); /* 16-aligned on every 64-bit system */
}

static void system_give(void *user, void *data, size_t len)
{
    (void)user;
    (void)len;
    free(data);
}

/* No buffer of its own, so a fork needs no care. */
static bool system_fill(void *user, uint8_t *out, size_t len)
{
    (void)user;
    while (len > 0) {
        ssize_t got = getrandom(out, len, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        out += got;
        len -= (size_t)got;
    }
    return true;
}

const struct mls_memory mls_system_memory = { sizeof(struct mls_memory), NULL, system_take,
                                              system_give };
const struct mls_random mls_system_random = { sizeof(struct mls_random), NULL, system_fill };
