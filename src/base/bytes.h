/*
 * Borrowed octets, secrets, and the few operations that every room needs on them.
 *
 * Anything typed tb_bytes is public or ciphertext, except where a comment says that the view
 * covers a secret for the length of one call.  Secrets that live longer are struct tb_secret.
 */
#ifndef TB_BASE_BYTES_H
#define TB_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

typedef struct {
    const uint8_t *data;
    size_t len;
} tb_bytes;

/* Large enough for every private key, hash and DH result of RFC 9420 (P-521 DH needs 66). */
enum { TB_SECRET_MAX = 80 };

struct tb_secret {
    uint8_t data[TB_SECRET_MAX];
    size_t len;
};

static inline tb_bytes tb_bytes_of(const void *data, size_t len)
{
    return (tb_bytes){ (const uint8_t *)data, len };
}
#define TB_LITERAL(TEXT_) ((tb_bytes){ (const uint8_t *)(TEXT_), sizeof(TEXT_) - 1 })
#define TB_ARRAY(ARRAY_) ((tb_bytes){ (ARRAY_), sizeof(ARRAY_) })

/* The octets of a C string without its terminator; NULL gives the empty view. */
tb_bytes tb_bytes_text(const char *text);

/* Equality and order of PUBLIC octets; time depends on the contents. */
bool tb_bytes_equal(tb_bytes a, tb_bytes b);
int tb_bytes_compare(tb_bytes a, tb_bytes b); /* lexicographic; a prefix sorts first */
bool tb_bytes_starts_with(tb_bytes whole, tb_bytes prefix);

/* Equality of secret octets: time depends on the lengths alone. */
bool tb_equal_ct(tb_bytes a, tb_bytes b);

/* Overwrite with zeros; the compiler may not remove it. */
void tb_wipe(void *data, size_t len);

static inline tb_bytes tb_secret_view(const struct tb_secret *secret)
{
    return (tb_bytes){ secret->data, secret->len };
}
/* len <= TB_SECRET_MAX, else the program is broken. */
void tb_secret_set(struct tb_secret *secret, tb_bytes value);
void tb_secret_wipe(struct tb_secret *secret);

/* Big-endian integers; the caller owns the bounds check. */
void tb_put_u16(uint8_t *out, uint16_t value);
void tb_put_u32(uint8_t *out, uint32_t value);
void tb_put_u64(uint8_t *out, uint64_t value);
uint16_t tb_get_u16(const uint8_t *in);
uint32_t tb_get_u32(const uint8_t *in);
uint64_t tb_get_u64(const uint8_t *in);

/* False when the result does not fit; *out is then untouched. */
bool tb_add_size(size_t a, size_t b, size_t *out);
bool tb_mul_size(size_t a, size_t b, size_t *out);

#endif
