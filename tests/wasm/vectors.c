/*
 * The vector runner as a module of WebAssembly; tests/wasm/vectors.mjs drives it.  One file at a
 * time: take memory, fill it, run, read the counts and the first case that failed.
 */
#include "cmd/wasm.h"
#include "tests/vectors/vectors.h"

#include <string.h>

#ifdef __wasm__

#define EXPORT(NAME_) __attribute__((export_name(#NAME_)))

/* What the embedder reads: 32-bit words in this order. */
struct outcome {
    uint32_t passed;
    uint32_t failed;
    uint32_t skipped;
    uint32_t kind; /* addresses of C strings */
    uint32_t failed_field;
    uint32_t failed_case;
    uint32_t failed_status;
};
static struct outcome outcome;

/* Vectors need a generator where they encrypt; nothing compares what it makes. */
static bool fill(void *ctx, uint8_t *out, size_t len)
{
    static uint64_t state = 1;
    (void)ctx;
    for (size_t i = 0; i < len; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        out[i] = (uint8_t)(state >> 40);
    }
    return true;
}

static void report(void *ctx, const char *kind, size_t index, enum vectors_verdict verdict,
                   const struct vectors_case *c)
{
    (void)ctx;
    (void)kind;
    if (verdict != VECTORS_FAILED || outcome.failed_field != 0) return;
    outcome.failed_case = (uint32_t)index;
    outcome.failed_field = (uint32_t)(uintptr_t)(c == NULL ? "not JSON" : c->field);
    outcome.failed_status = c == NULL ? 0 : c->status.code;
}

EXPORT(vectors_run_text)
const struct outcome *vectors_run_text(const uint8_t *text, size_t len);

const struct outcome *vectors_run_text(const uint8_t *text, size_t len)
{
    struct tb_rng rng = { .fill = fill };
    const struct vectors_env env = { crypto_backend_wasm(), wasm_mem(), &rng };
    const char *kind = NULL;
    memset(&outcome, 0, sizeof outcome);
    struct vectors_result result = vectors_run(&env, tb_bytes_of(text, len), report, NULL, &kind);
    outcome.passed = (uint32_t)result.passed;
    outcome.failed = (uint32_t)result.failed;
    outcome.skipped = (uint32_t)result.skipped;
    outcome.kind = (uint32_t)(uintptr_t)kind;
    return &outcome;
}

#endif
