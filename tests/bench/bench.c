#include "tests/bench/bench.h"

#include <openssl/crypto.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static bool is_json_output;

static uint64_t clock_ns(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t bench_wall_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

uint64_t bench_cpu_ns(void)
{
    return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

uint64_t bench_process_cpu_ns(pid_t pid)
{
    clockid_t id;
    if (clock_getcpuclockid(pid, &id) != 0) return 0;
    return clock_ns(id);
}

uint64_t bench_process_rss_bytes(pid_t pid)
{
    char path[64], line[256];
    unsigned long long kib = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "r");
    if (file == NULL) return 0;
    while (fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "VmRSS: %llu kB", &kib) == 1) break;
    }
    fclose(file);
    return kib * 1024;
}

static int compare_double(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double bench_median(double *values, size_t count)
{
    if (count == 0) return 0;
    qsort(values, count, sizeof *values, compare_double);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

static int compare_u64(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

uint64_t bench_percentile(uint64_t *values, size_t count, double part)
{
    if (count == 0) return 0;
    qsort(values, count, sizeof *values, compare_u64);
    size_t at = (size_t)(part * (double)(count - 1) + 0.5);
    return values[at < count ? at : count - 1];
}

void bench_die(const char *what)
{
    fflush(stdout);
    fprintf(stderr, "bench: %s\n", what);
    exit(1);
}

void bench_begin(const char *program, bool is_json)
{
    is_json_output = is_json;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (!is_json) {
        printf("%s\n%-34s %14s %-14s %14s %8s  %s\n", program, "name", "value", "unit", "floor",
               "ratio", "params");
    }
}

void bench_row(const char *name, const char *params, double value, const char *unit, double floor,
               bool is_rate)
{
    double ratio = 0;
    if (floor > 0 && value > 0) ratio = is_rate ? floor / value : value / floor;
    if (!is_json_output) {
        printf("%-34s %14.2f %-14s ", name, value, unit);
        if (floor > 0) {
            printf("%14.2f %8.2f", floor, ratio);
        } else {
            printf("%14s %8s", "-", "-");
        }
        printf("  %s\n", params);
        return;
    }
    printf("{\"name\": \"%s\", \"params\": {%s}, \"value\": %.3f, \"unit\": \"%s\"", name, params,
           value, unit);
    if (floor > 0) printf(", \"floor\": %.3f, \"ratio\": %.3f", floor, ratio);
    printf("}\n");
}

void bench_bar(const char *name, const char *text, bool is_reached)
{
    if (is_json_output) {
        printf("{\"name\": \"bar_%s\", \"params\": {\"bar\": \"%s\"}, \"value\": %d, "
               "\"unit\": \"reached\"}\n", name, text, is_reached);
    } else {
        printf("bar %-30s %s: %s\n", name, is_reached ? "reached" : "NOT reached", text);
    }
}

void bench_skipped(const char *name, const char *why)
{
    if (is_json_output) {
        printf("{\"name\": \"%s\", \"skipped\": \"%s\"}\n", name, why);
    } else {
        printf("%-34s skipped: %s\n", name, why);
    }
}

static void cpu_model(char *out, size_t len)
{
    char line[512];
    snprintf(out, len, "unknown");
    FILE *file = fopen("/proc/cpuinfo", "r");
    if (file == NULL) return;
    while (fgets(line, sizeof line, file) != NULL) {
        char *value = strchr(line, ':');
        if (strncmp(line, "model name", 10) != 0 || value == NULL) continue;
        value[strcspn(value, "\n")] = 0;
        snprintf(out, len, "%s", value + 2);
        break;
    }
    fclose(file);
}

void bench_end(void)
{
    char model[256];
    cpu_model(model, sizeof model);
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (is_json_output) {
        printf("{\"name\": \"machine\", \"cpu\": \"%s\", \"cores\": %ld, \"compiler\": \"%s\", "
               "\"openssl\": \"%s\", \"libsodium\": \"%s\", \"sqlite\": \"%s\"}\n",
               model, cores, __VERSION__, OpenSSL_version(OPENSSL_VERSION_STRING),
               sodium_version_string(), sqlite3_libversion());
    } else {
        printf("machine: %s, %ld cores, compiler %s, OpenSSL %s, libsodium %s, SQLite %s\n", model,
               cores, __VERSION__, OpenSSL_version(OPENSSL_VERSION_STRING),
               sodium_version_string(), sqlite3_libversion());
    }
}
