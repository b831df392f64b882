#include "host/store_codec.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

enum {
    NONCE_LEN = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG_LEN = crypto_aead_xchacha20poly1305_ietf_ABYTES
};

struct place {
    uint8_t data[1 + HOST_STORE_KEY_LEN_MAX];
    size_t len;
};

static tb_status place_of(uint8_t table, tb_bytes key, struct place *out)
{
    if (key.len > HOST_STORE_KEY_LEN_MAX) return TB_STATUS(TB_TOO_LONG);
    out->data[0] = table;
    if (key.len > 0) memcpy(out->data + 1, key.data, key.len);
    out->len = 1 + key.len;
    return TB_STATUS(TB_OK);
}

static tb_status seal(void *ctx, uint8_t table, tb_bytes key, tb_bytes plain, struct tb_buf *out)
{
    struct host_codec *codec = ctx;
    struct place place;
    TRY(place_of(table, key, &place));
    uint8_t *at;
    TRY(tb_buf_extend(out, NONCE_LEN + plain.len + TAG_LEN, &at));
    TRY(tb_rng_fill(codec->rng, at, NONCE_LEN));
    crypto_aead_xchacha20poly1305_ietf_encrypt(at + NONCE_LEN, NULL, plain.data, plain.len,
                                               place.data, place.len, NULL, at, codec->key.data);
    return TB_STATUS(TB_OK);
}

static tb_status open_sealed(void *ctx, uint8_t table, tb_bytes key, tb_bytes sealed,
                             struct tb_buf *out)
{
    struct host_codec *codec = ctx;
    struct place place;
    TRY(place_of(table, key, &place));
    if (sealed.len < HOST_CODEC_OVERHEAD_LEN) return TB_STATUS(HOST_DAMAGED);
    uint8_t *at;
    TRY(tb_buf_extend(out, sealed.len - HOST_CODEC_OVERHEAD_LEN, &at));
    int failed = crypto_aead_xchacha20poly1305_ietf_decrypt(
        at, NULL, NULL, sealed.data + NONCE_LEN, sealed.len - NONCE_LEN, place.data, place.len,
        sealed.data, codec->key.data);
    return TB_STATUS(failed ? HOST_DAMAGED : TB_OK);
}

void host_codec_init(struct host_codec *codec, tb_bytes key, struct tb_rng *rng)
{
    assert(key.len == HOST_CODEC_KEY_LEN);
    assert(HOST_CODEC_OVERHEAD_LEN == NONCE_LEN + TAG_LEN);
    *codec = (struct host_codec){ .codec = { codec, seal, open_sealed }, .rng = rng };
    tb_secret_set(&codec->key, key);
}

void host_codec_wipe(struct host_codec *codec)
{
    tb_secret_wipe(&codec->key);
}
