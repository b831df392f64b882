/* Hash, HMAC and HKDF (RFC 5869) with the suite's hash. */
#include "crypto/crypto.h"

#include <assert.h>
#include <string.h>

tb_status crypto_hash(const struct crypto_suite *suite, const tb_bytes *parts, size_t count,
                      uint8_t out[CRYPTO_HASH_MAX])
{
    return suite->provider->hash(suite->provider, suite->hash, parts, count, out);
}

tb_status crypto_hmac(const struct crypto_suite *suite, tb_bytes key, const tb_bytes *parts,
                      size_t count, uint8_t out[CRYPTO_HASH_MAX])
{
    return suite->provider->hmac(suite->provider, suite->hash, key, parts, count, out);
}

tb_status crypto_extract(const struct crypto_suite *suite, tb_bytes salt, tb_bytes ikm,
                         struct tb_secret *out)
{
    struct tb_secret prk = { .len = suite->hash_len };
    tb_status status = crypto_hmac(suite, salt, &ikm, 1, prk.data);
    if (tb_is_ok(status)) *out = prk;
    tb_secret_wipe(&prk);
    return status;
}

/* Parts of the info of one expansion, at most: those of a label plus HPKE's. */
enum { INFO_PARTS_MAX = 8 };

tb_status crypto_expand(const struct crypto_suite *suite, tb_bytes prk, const tb_bytes *info_parts,
                        size_t count, size_t len, struct tb_secret *out)
{
    tb_bytes parts[INFO_PARTS_MAX + 2];
    uint8_t block[CRYPTO_HASH_MAX];
    uint8_t counter = 1;
    struct tb_secret okm = { .len = len };
    tb_status status = TB_STATUS(TB_OK);

    assert(count <= INFO_PARTS_MAX);
    assert(len <= TB_SECRET_MAX);
    for (size_t i = 0; i < count; i++) parts[i + 1] = info_parts[i];
    parts[count + 1] = (tb_bytes){ &counter, 1 };

    for (size_t done = 0; done < len; counter++) {
        /* The first block has no predecessor. */
        parts[0] = (tb_bytes){ block, counter == 1 ? 0 : suite->hash_len };
        CHECK(crypto_hmac(suite, prk, parts, count + 2, block));
        size_t piece = len - done < suite->hash_len ? len - done : suite->hash_len;
        memcpy(okm.data + done, block, piece);
        done += piece;
    }
    *out = okm;
out:
    tb_wipe(block, sizeof block);
    tb_secret_wipe(&okm);
    return status;
}
