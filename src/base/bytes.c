#include "base/bytes.h"

#include <assert.h>
#include <string.h>

tb_bytes tb_bytes_text(const char *text)
{
    return text == NULL ? (tb_bytes){ NULL, 0 } : tb_bytes_of(text, strlen(text));
}

bool tb_bytes_equal(tb_bytes a, tb_bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

int tb_bytes_compare(tb_bytes a, tb_bytes b)
{
    size_t shared = a.len < b.len ? a.len : b.len;
    int order = shared == 0 ? 0 : memcmp(a.data, b.data, shared);
    if (order != 0) return order;
    return a.len == b.len ? 0 : (a.len < b.len ? -1 : 1);
}

bool tb_bytes_starts_with(tb_bytes whole, tb_bytes prefix)
{
    return whole.len >= prefix.len && tb_bytes_equal((tb_bytes){ whole.data, prefix.len }, prefix);
}

bool tb_equal_ct(tb_bytes a, tb_bytes b)
{
    uint8_t difference = 0;
    if (a.len != b.len) return false;
    for (size_t i = 0; i < a.len; i++) difference |= (uint8_t)(a.data[i] ^ b.data[i]);
    __asm__ volatile("" : "+r"(difference)); /* keeps the loop free of an early exit */
    return difference == 0;
}

void tb_wipe(void *data, size_t len)
{
    if (len == 0) return;
    memset(data, 0, len);
    __asm__ volatile("" : : "r"(data) : "memory"); /* the store above is observed */
}

void tb_secret_set(struct tb_secret *secret, tb_bytes value)
{
    assert(value.len <= TB_SECRET_MAX);
    if (value.len != 0) memmove(secret->data, value.data, value.len);
    tb_wipe(secret->data + value.len, TB_SECRET_MAX - value.len);
    secret->len = value.len;
}

void tb_secret_wipe(struct tb_secret *secret)
{
    tb_wipe(secret, sizeof *secret);
}

void tb_put_u16(uint8_t *out, uint16_t value)
{
    out[0] = (uint8_t)(value >> 8);
    out[1] = (uint8_t)value;
}

void tb_put_u32(uint8_t *out, uint32_t value)
{
    tb_put_u16(out, (uint16_t)(value >> 16));
    tb_put_u16(out + 2, (uint16_t)value);
}

void tb_put_u64(uint8_t *out, uint64_t value)
{
    tb_put_u32(out, (uint32_t)(value >> 32));
    tb_put_u32(out + 4, (uint32_t)value);
}

uint16_t tb_get_u16(const uint8_t *in)
{
    return (uint16_t)((in[0] << 8) | in[1]);
}

uint32_t tb_get_u32(const uint8_t *in)
{
    return ((uint32_t)tb_get_u16(in) << 16) | tb_get_u16(in + 2);
}

uint64_t tb_get_u64(const uint8_t *in)
{
    return ((uint64_t)tb_get_u32(in) << 32) | tb_get_u32(in + 4);
}

bool tb_add_size(size_t a, size_t b, size_t *out)
{
    if (a > SIZE_MAX - b) return false;
    *out = a + b;
    return true;
}

bool tb_mul_size(size_t a, size_t b, size_t *out)
{
    if (b != 0 && a > SIZE_MAX / b) return false;
    *out = a * b;
    return true;
}
