/* Arithmetic modulo p = 2^255 - 19 on public values: plain, not constant in time. */
#include "crypto/montgomery.h"

#include <string.h>

enum { LIMB_COUNT = 8, EXPONENT_BITS = 255 };

/* Little-endian limbs of a value below 2^256, not always below p.  2^256 = 38 (mod p). */
struct element {
    uint32_t limb[LIMB_COUNT];
};

static struct element from_octets(const uint8_t octets[CRYPTO_X25519_LEN])
{
    struct element out;
    for (size_t i = 0; i < LIMB_COUNT; i++) {
        out.limb[i] = (uint32_t)octets[4 * i] | (uint32_t)octets[4 * i + 1] << 8
                      | (uint32_t)octets[4 * i + 2] << 16 | (uint32_t)octets[4 * i + 3] << 24;
    }
    return out;
}

/* Adds `value`, and 38 for each carry out of the top. */
static void add_small(struct element *a, uint64_t value)
{
    while (value != 0) {
        uint64_t carry = value;
        for (size_t i = 0; i < LIMB_COUNT && carry != 0; i++) {
            carry += a->limb[i];
            a->limb[i] = (uint32_t)carry;
            carry >>= 32;
        }
        value = carry * 38;
    }
}

static struct element add(const struct element *a, const struct element *b)
{
    struct element out;
    uint64_t carry = 0;
    for (size_t i = 0; i < LIMB_COUNT; i++) {
        carry += (uint64_t)a->limb[i] + b->limb[i];
        out.limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    add_small(&out, carry * 38);
    return out;
}

static struct element subtract(const struct element *a, const struct element *b)
{
    struct element out;
    uint64_t borrow = 0;
    for (size_t i = 0; i < LIMB_COUNT; i++) {
        uint64_t difference = (uint64_t)a->limb[i] - b->limb[i] - borrow;
        out.limb[i] = (uint32_t)difference;
        borrow = difference >> 63;
    }
    /* A borrow out of the top took 2^256, which is 38, too much. */
    for (borrow *= 38; borrow != 0;) {
        uint64_t rest = borrow;
        for (size_t i = 0; i < LIMB_COUNT && rest != 0; i++) {
            uint64_t difference = (uint64_t)out.limb[i] - rest;
            out.limb[i] = (uint32_t)difference;
            rest = difference >> 63;
        }
        borrow = rest * 38;
    }
    return out;
}

static struct element multiply(const struct element *a, const struct element *b)
{
    uint32_t wide[2 * LIMB_COUNT] = { 0 };
    struct element out;

    for (size_t i = 0; i < LIMB_COUNT; i++) {
        uint64_t carry = 0;
        for (size_t k = 0; k < LIMB_COUNT; k++) {
            carry += (uint64_t)a->limb[i] * b->limb[k] + wide[i + k];
            wide[i + k] = (uint32_t)carry;
            carry >>= 32;
        }
        wide[i + LIMB_COUNT] = (uint32_t)carry;
    }
    uint64_t carry = 0;
    for (size_t i = 0; i < LIMB_COUNT; i++) {
        carry += (uint64_t)wide[i + LIMB_COUNT] * 38 + wide[i];
        out.limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    add_small(&out, carry * 38);
    return out;
}

/* a^(p - 2).  p - 2 = 2^255 - 21: bits 254 to 5 are ones, the last five are 01011. */
static struct element invert(const struct element *a)
{
    struct element out = { { 1 } };
    for (unsigned bit = EXPONENT_BITS; bit-- != 0;) {
        out = multiply(&out, &out);
        if (bit >= 5 || (0x0bu >> bit & 1) != 0) out = multiply(&out, a);
    }
    return out;
}

/* The one representative below p, in octets. */
static void to_octets(struct element a, uint8_t out[CRYPTO_X25519_LEN])
{
    /* Fold bit 255 (2^255 = 19), then take p away when adding 19 reaches 2^255. */
    uint32_t top = a.limb[LIMB_COUNT - 1] >> 31;
    a.limb[LIMB_COUNT - 1] &= 0x7fffffffu;
    add_small(&a, (uint64_t)top * 19);
    struct element reaching = a;
    add_small(&reaching, 19);
    if (reaching.limb[LIMB_COUNT - 1] >> 31 != 0) {
        a = reaching;
        a.limb[LIMB_COUNT - 1] &= 0x7fffffffu;
    }
    for (size_t i = 0; i < CRYPTO_X25519_LEN; i++) {
        out[i] = (uint8_t)(a.limb[i / 4] >> (8 * (i % 4)));
    }
}

tb_status crypto_montgomery_public(tb_bytes ed25519_public, uint8_t out[CRYPTO_X25519_LEN])
{
    uint8_t octets[CRYPTO_X25519_LEN], reduced[CRYPTO_X25519_LEN];
    const struct element one = { { 1 } };

    if (ed25519_public.len != CRYPTO_X25519_LEN) return TB_STATUS(CRYPTO_KEY);
    memcpy(octets, ed25519_public.data, sizeof octets);
    octets[CRYPTO_X25519_LEN - 1] &= 0x7f; /* the sign of x */
    struct element y = from_octets(octets);
    to_octets(y, reduced);
    if (memcmp(reduced, octets, sizeof reduced) != 0) return TB_STATUS(CRYPTO_KEY);
    struct element below = subtract(&one, &y), above = add(&one, &y);
    to_octets(below, reduced);
    static const uint8_t ZERO[CRYPTO_X25519_LEN];
    if (memcmp(reduced, ZERO, sizeof reduced) == 0) return TB_STATUS(CRYPTO_KEY);
    struct element inverse = invert(&below);
    to_octets(multiply(&above, &inverse), out);
    return TB_STATUS(TB_OK);
}

tb_status crypto_montgomery_private(const struct crypto_suite *suite, tb_bytes seed,
                                    struct tb_secret *out)
{
    uint8_t hash[CRYPTO_HASH_MAX];
    tb_status status = suite->provider->hash(suite->provider, CRYPTO_SHA512, &seed, 1, hash);
    if (tb_is_ok(status)) tb_secret_set(out, (tb_bytes){ hash, CRYPTO_X25519_LEN });
    tb_wipe(hash, sizeof hash);
    return status;
}
