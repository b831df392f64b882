/*
 * mls-vectors FILE...: run files of MLS test vectors.  One line a file, one line for each case that
 * did not pass, then `N passed, N failed, N skipped`.  Exits 1 on a failure or when nothing passed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "mls/status.h"
#include "tests/vectors/vectors.h"
#include "wire/status.h"

static void *take(void *ctx, size_t len)
{
    (void)ctx;
    return aligned_alloc(16, (len + 15) & ~(size_t)15);
}

static void give(void *ctx, void *data, size_t len)
{
    (void)ctx;
    (void)len;
    free(data);
}

static bool fill(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    while (len > 0) {
        size_t piece = len < 256 ? len : 256; /* getrandom gives up to 256 octets whole */
        if (getrandom(out, piece, 0) != (ssize_t)piece) return false;
        out += piece;
        len -= piece;
    }
    return true;
}

static const char *status_text(tb_status status)
{
    static const struct {
        uint16_t code;
        const char *text;
    } texts[] = {
#define TEXT_ROW(NAME_, NUMBER_, TEXT_) { NUMBER_, TEXT_ },
        TB_STATUS_LIST(TEXT_ROW) WIRE_STATUS_LIST(TEXT_ROW) CRYPTO_STATUS_LIST(TEXT_ROW)
            MLS_STATUS_LIST(TEXT_ROW)
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (texts[i].code == status.code) return texts[i].text;
    }
    return "an unlisted status";
}

static void print_case(void *ctx, const char *kind, size_t index, enum vectors_verdict verdict,
                       const struct vectors_case *c)
{
    const char *file = ctx;
    if (c == NULL) {
        printf("%s: FAILED: not a JSON text\n", file);
        return;
    }
    printf("%s: case %zu: %s: %s at %llu", file, index,
           verdict == VECTORS_FAILED ? "FAILED" : "skipped", c->field == NULL ? "?" : c->field,
           (unsigned long long)c->position);
    if (kind == NULL) printf(" (no known format has these members)");
    if (c->status.code != TB_OK) printf(" (%s)", status_text(c->status));
    printf("\n");
}

static bool read_file(const char *name, uint8_t **data, size_t *len)
{
    FILE *file = fopen(name, "rb");
    long size = -1;
    if (file == NULL) return false;
    if (fseek(file, 0, SEEK_END) == 0) size = ftell(file);
    bool is_read = size >= 0 && fseek(file, 0, SEEK_SET) == 0 &&
                   (*data = malloc((size_t)size + 1)) != NULL &&
                   fread(*data, 1, (size_t)size, file) == (size_t)size;
    fclose(file);
    *len = (size_t)size;
    return is_read;
}

int main(int argc, char **argv)
{
    struct tb_mem mem = { .take = take, .give = give, .used_bytes_max = SIZE_MAX };
    struct tb_rng rng = { .fill = fill };
    const struct vectors_env env = { crypto_backend_native(), &mem, &rng };
    struct vectors_result total = { 0 };

    if (argc < 2) {
        fprintf(stderr, "usage: %s FILE...\n", argv[0]);
        return 2;
    }
    for (int i = 1; i < argc; i++) {
        uint8_t *data = NULL;
        size_t len = 0;
        const char *kind = NULL;
        struct vectors_result result = { 0 };
        if (read_file(argv[i], &data, &len)) {
            result = vectors_run(&env, tb_bytes_of(data, len), print_case, argv[i], &kind);
        } else {
            printf("%s: FAILED: cannot be read\n", argv[i]);
            result.failed = 1;
        }
        free(data);
        printf("%s: %s: %zu passed, %zu failed, %zu skipped\n", argv[i],
               kind == NULL ? "unknown" : kind, result.passed, result.failed, result.skipped);
        total.passed += result.passed;
        total.failed += result.failed;
        total.skipped += result.skipped;
    }
    printf("%zu passed, %zu failed, %zu skipped\n", total.passed, total.failed, total.skipped);
    return total.failed != 0 || total.passed == 0 ? 1 : 0;
}
