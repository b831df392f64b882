#include "host/clock.h"

#include <stdio.h>
#include <time.h>

static uint64_t read_us(clockid_t id)
{
    struct timespec at;
    if (clock_gettime(id, &at) != 0) return 0;
    return (uint64_t)at.tv_sec * 1000000 + (uint64_t)at.tv_nsec / 1000;
}

uint64_t host_clock_unix_ms(void)
{
    return read_us(CLOCK_REALTIME) / 1000;
}

uint64_t host_clock_monotonic_ms(void)
{
    return read_us(CLOCK_MONOTONIC) / 1000;
}

uint64_t host_clock_cpu_us(void)
{
    return read_us(CLOCK_PROCESS_CPUTIME_ID);
}

uint64_t host_clock_now_ms(struct host_clock *clock)
{
    uint64_t now_ms = host_clock_unix_ms();
    if (now_ms > clock->newest_ms) clock->newest_ms = now_ms;
    return clock->newest_ms;
}

void host_clock_text(uint64_t unix_ms, char out[HOST_CLOCK_TEXT_LEN_MAX])
{
    time_t at_s = (time_t)(unix_ms / 1000);
    struct tm parts;
    char date[24];
    if (gmtime_r(&at_s, &parts) == NULL ||
        strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts) == 0) {
        snprintf(out, HOST_CLOCK_TEXT_LEN_MAX, "(no date)");
        return;
    }
    snprintf(out, HOST_CLOCK_TEXT_LEN_MAX, "%s.%03uZ", date, (unsigned)(unix_ms % 1000));
}
