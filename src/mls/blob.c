#include "mls/blob.h"

enum { HEAD_LEN = 4 }; /* version and cipher suite */

void mls_blob_cut(struct tb_buf *out, size_t from)
{
    if (out->len > from) tb_wipe(out->data + from, out->len - from);
    out->len = from;
}

tb_status mls_blob_close(const struct crypto_suite *suite, size_t from, struct tb_buf *out)
{
    tb_bytes whole = tb_buf_view(out);
    const tb_bytes content = { whole.data + from, whole.len - from };
    uint8_t digest[CRYPTO_HASH_MAX];
    tb_status status = crypto_hash(suite, &content, 1, digest);
    if (tb_is_ok(status)) status = tb_buf_append(out, (tb_bytes){ digest, suite->hash_len });
    if (!tb_is_ok(status)) mls_blob_cut(out, from);
    return status;
}

tb_status mls_blob_open(const struct crypto_suite *suite, tb_bytes octets, uint16_t newest,
                        uint16_t *version, tb_bytes *body)
{
    uint8_t digest[CRYPTO_HASH_MAX];
    if (octets.len < HEAD_LEN) return TB_STATUS(MLS_BLOB);
    uint16_t found = tb_get_u16(octets.data);
    if (found < MLS_BLOB_VERSION_OLDEST || found > newest) return TB_STATUS(MLS_BLOB_VERSION);
    if (tb_get_u16(octets.data + 2) != suite->id) return TB_STATUS(MLS_SUITE);
    tb_bytes content = octets;
    if (found >= MLS_BLOB_VERSION_DIGEST) {
        if (octets.len < HEAD_LEN + suite->hash_len) return TB_STATUS(MLS_BLOB);
        content.len -= suite->hash_len;
        const tb_bytes kept = { octets.data + content.len, suite->hash_len };
        TRY(crypto_hash(suite, &content, 1, digest));
        if (!tb_equal_ct(kept, (tb_bytes){ digest, suite->hash_len })) {
            return TB_STATUS(MLS_BLOB);
        }
    }
    *version = found;
    *body = content;
    return TB_STATUS(TB_OK);
}
