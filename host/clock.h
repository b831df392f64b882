/* The system's clocks. */
#ifndef TB_HOST_CLOCK_H
#define TB_HOST_CLOCK_H

#include <stdint.h>

struct host_clock {
    uint64_t newest_ms;
};

/* Unix milliseconds, never less than this clock gave before: a clock that was set back stands still
 * until it has caught up. */
uint64_t host_clock_now_ms(struct host_clock *clock);

/* Unix milliseconds as the system says. */
uint64_t host_clock_unix_ms(void);
/* Milliseconds since some moment; for time-outs alone. */
uint64_t host_clock_monotonic_ms(void);
/* Processor time of this process, user and system. */
uint64_t host_clock_cpu_us(void);

enum { HOST_CLOCK_TEXT_LEN_MAX = 32 };
/* "2026-11-24T14:05:09.250Z" with a terminator. */
void host_clock_text(uint64_t unix_ms, char out[HOST_CLOCK_TEXT_LEN_MAX]);

#endif
