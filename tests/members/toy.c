#include "tests/members/toy.h"

#include <string.h>

enum { DIGEST_LEN = 32, SIGNATURE_LEN = 64, POINT_LEN = 32 };

/* ---------------------------------------------------------------- a sponge of 256 bits */

struct sponge {
    uint64_t lane[4];
    uint64_t word;
    size_t len;
};

static void stir(struct sponge *s, uint64_t word)
{
    static const uint64_t factors[4] = { 0x9e3779b97f4a7c15u, 0xbf58476d1ce4e5b9u,
                                         0x94d049bb133111ebu, 0xd6e8feb86659fd93u };
    uint64_t carried = word;
    for (size_t i = 0; i < 4; i++) {
        s->lane[i] = (s->lane[i] ^ carried) * factors[i];
        s->lane[i] ^= s->lane[i] >> 29;
        carried += s->lane[i];
    }
    s->lane[0] ^= carried;
}

static void absorb(struct sponge *s, tb_bytes part)
{
    for (size_t i = 0; i < part.len; i++) {
        s->word = s->word << 8 | part.data[i];
        if (++s->len % 8 == 0) stir(s, s->word);
    }
}

/* Its length first, so that neighbours cannot trade octets. */
static void absorb_framed(struct sponge *s, tb_bytes part)
{
    uint8_t len[8];
    tb_put_u64(len, part.len);
    absorb(s, TB_ARRAY(len));
    absorb(s, part);
}

static struct sponge sponge_of(uint64_t purpose)
{
    struct sponge s = { .lane = { purpose, 1, 2, 3 } };
    stir(&s, purpose);
    return s;
}

static void squeeze(struct sponge *s, uint8_t out[DIGEST_LEN])
{
    stir(s, s->word);
    stir(s, s->len);
    for (uint64_t i = 0; i < 4; i++) {
        stir(s, i);
        tb_put_u64(out + 8 * i, s->lane[i]);
    }
}

enum purpose { HASH = 1, MAC, STREAM, TAG, SHARED, SIGN_PUBLIC, SIGN };

static tb_status toy_hash(const struct crypto_provider *self, enum crypto_hash alg,
                          const tb_bytes *parts, size_t count, uint8_t *out)
{
    (void)self;
    struct sponge s = sponge_of(HASH);
    (void)alg;
    for (size_t i = 0; i < count; i++) absorb(&s, parts[i]);
    squeeze(&s, out);
    return TB_STATUS(TB_OK);
}

static tb_status toy_hmac(const struct crypto_provider *self, enum crypto_hash alg, tb_bytes key,
                          const tb_bytes *parts, size_t count, uint8_t *out)
{
    (void)self;
    struct sponge s = sponge_of(MAC);
    (void)alg;
    absorb_framed(&s, key);
    for (size_t i = 0; i < count; i++) absorb(&s, parts[i]);
    squeeze(&s, out);
    return TB_STATUS(TB_OK);
}

/* ---------------------------------------------------------------- AEAD */

static void apply_stream(tb_bytes key, tb_bytes nonce, tb_bytes in, uint8_t *out)
{
    uint8_t block[DIGEST_LEN];
    for (size_t at = 0; at < in.len; at++) {
        if (at % DIGEST_LEN == 0) {
            struct sponge s = sponge_of(STREAM + (uint64_t)at * 256);
            absorb_framed(&s, key);
            absorb_framed(&s, nonce);
            squeeze(&s, block);
        }
        out[at] = in.data[at] ^ block[at % DIGEST_LEN];
    }
}

static void tag_of(tb_bytes key, tb_bytes nonce, tb_bytes aad, tb_bytes plain,
                   uint8_t out[DIGEST_LEN])
{
    struct sponge s = sponge_of(TAG);
    absorb_framed(&s, key);
    absorb_framed(&s, nonce);
    absorb_framed(&s, aad);
    absorb_framed(&s, plain);
    squeeze(&s, out);
}

static tb_status toy_seal(const struct crypto_provider *self, enum crypto_aead alg, tb_bytes key,
                          tb_bytes nonce, tb_bytes aad, tb_bytes plain, uint8_t *out)
{
    (void)self;
    uint8_t tag[DIGEST_LEN];
    (void)alg;
    tag_of(key, nonce, aad, plain, tag);
    apply_stream(key, nonce, plain, out);
    memcpy(out + plain.len, tag, CRYPTO_TAG_LEN);
    return TB_STATUS(TB_OK);
}

static tb_status toy_open(const struct crypto_provider *self, enum crypto_aead alg, tb_bytes key,
                          tb_bytes nonce, tb_bytes aad, tb_bytes sealed, uint8_t *out)
{
    (void)self;
    uint8_t tag[DIGEST_LEN];
    (void)alg;
    if (sealed.len < CRYPTO_TAG_LEN) return TB_STATUS(CRYPTO_DECRYPT);
    tb_bytes body = { sealed.data, sealed.len - CRYPTO_TAG_LEN };
    apply_stream(key, nonce, body, out);
    tag_of(key, nonce, aad, (tb_bytes){ out, body.len }, tag);
    if (memcmp(tag, sealed.data + body.len, CRYPTO_TAG_LEN) == 0) return TB_STATUS(TB_OK);
    if (body.len != 0) tb_wipe(out, body.len);
    return TB_STATUS(CRYPTO_DECRYPT);
}

/* ---------------------------------------------------------------- powers modulo 2^61 - 1 */

#define PRIME (((uint64_t)1 << 61) - 1)
__extension__ typedef unsigned __int128 wide;

static uint64_t power(uint64_t base, uint64_t exponent)
{
    uint64_t result = 1;
    for (; exponent != 0; exponent >>= 1) {
        if ((exponent & 1) != 0) result = (uint64_t)((wide)result * base % PRIME);
        base = (uint64_t)((wide)base * base % PRIME);
    }
    return result;
}

static uint64_t exponent_of(tb_bytes private_key)
{
    return tb_get_u64(private_key.data) | 2; /* never zero */
}

static tb_status toy_dh_public(const struct crypto_provider *self, enum crypto_kem kem,
                               tb_bytes private_key, uint8_t *public_key)
{
    (void)self;
    (void)kem;
    memset(public_key, 0x40, POINT_LEN);
    tb_put_u64(public_key, power(37, exponent_of(private_key)));
    return TB_STATUS(TB_OK);
}

static tb_status toy_dh(const struct crypto_provider *self, enum crypto_kem kem,
                        tb_bytes private_key, tb_bytes public_key, struct tb_secret *shared)
{
    (void)self;
    uint8_t point[8];
    (void)kem;
    if (public_key.len != POINT_LEN) return TB_STATUS(CRYPTO_KEY);
    for (size_t i = 8; i < POINT_LEN; i++) {
        if (public_key.data[i] != 0x40) return TB_STATUS(CRYPTO_KEY);
    }
    uint64_t value = tb_get_u64(public_key.data);
    if (value == 0 || value >= PRIME) return TB_STATUS(CRYPTO_KEY);
    tb_put_u64(point, power(value, exponent_of(private_key)));
    struct sponge s = sponge_of(SHARED);
    absorb(&s, TB_ARRAY(point));
    shared->len = DIGEST_LEN;
    squeeze(&s, shared->data);
    return TB_STATUS(TB_OK);
}

/* ---------------------------------------------------------------- signatures that all can make */

static tb_status toy_sign_public(const struct crypto_provider *self, enum crypto_signature alg,
                                 tb_bytes private_key, uint8_t *public_key)
{
    (void)self;
    struct sponge s = sponge_of(SIGN_PUBLIC);
    (void)alg;
    absorb(&s, private_key);
    squeeze(&s, public_key);
    return TB_STATUS(TB_OK);
}

static void signature_of(tb_bytes public_key, tb_bytes message, uint8_t out[SIGNATURE_LEN])
{
    struct sponge s = sponge_of(SIGN);
    absorb_framed(&s, public_key);
    absorb_framed(&s, message);
    squeeze(&s, out);
    squeeze(&s, out + DIGEST_LEN);
}

static tb_status toy_sign(const struct crypto_provider *self, enum crypto_signature alg,
                          tb_bytes private_key, tb_bytes public_key, tb_bytes message,
                          uint8_t signature[CRYPTO_SIGNATURE_MAX], size_t *len)
{
    (void)self;
    (void)alg;
    (void)private_key;
    signature_of(public_key, message, signature);
    *len = SIGNATURE_LEN;
    return TB_STATUS(TB_OK);
}

static tb_status toy_verify(const struct crypto_provider *self, enum crypto_signature alg,
                            tb_bytes public_key, tb_bytes message, tb_bytes signature)
{
    (void)self;
    uint8_t wanted[SIGNATURE_LEN];
    (void)alg;
    signature_of(public_key, message, wanted);
    return TB_STATUS(tb_bytes_equal(signature, TB_ARRAY(wanted)) ? TB_OK : CRYPTO_SIGNATURE);
}

static bool toy_has(const struct crypto_provider *self, uint16_t cipher_suite)
{
    (void)self;
    return cipher_suite == TOY_SUITE;
}

const struct crypto_provider *toy_provider(void)
{
    static const struct crypto_provider provider = {
        .name = "toy",
        .hash = toy_hash,
        .hmac = toy_hmac,
        .aead_seal = toy_seal,
        .aead_open = toy_open,
        .dh_public = toy_dh_public,
        .dh = toy_dh,
        .sign_public = toy_sign_public,
        .sign = toy_sign,
        .verify = toy_verify,
        .has = toy_has,
    };
    return &provider;
}
