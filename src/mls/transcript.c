#include "mls/transcript.h"

#include "wire/tls.h"

tb_status mls_transcript_confirmed(const struct crypto_suite *suite, tb_bytes interim_before,
                                   uint16_t wire_format, tb_bytes content, tb_bytes signature,
                                   uint8_t out[CRYPTO_HASH_MAX])
{
    uint8_t format[2], length[4];
    if (signature.len > WIRE_LEN_MAX) return TB_STATUS(TB_TOO_LONG);
    tb_put_u16(format, wire_format);
    uint8_t *end = wire_length_put(length, signature.len);
    const tb_bytes parts[] = {
        interim_before, TB_ARRAY(format), content, { length, (size_t)(end - length) }, signature,
    };
    return crypto_hash(suite, parts, sizeof parts / sizeof parts[0], out);
}

tb_status mls_transcript_interim(const struct crypto_suite *suite, tb_bytes confirmed,
                                 tb_bytes confirmation_tag, uint8_t out[CRYPTO_HASH_MAX])
{
    uint8_t length[4];
    if (confirmation_tag.len > WIRE_LEN_MAX) return TB_STATUS(TB_TOO_LONG);
    uint8_t *end = wire_length_put(length, confirmation_tag.len);
    const tb_bytes parts[] = { confirmed, { length, (size_t)(end - length) }, confirmation_tag };
    return crypto_hash(suite, parts, sizeof parts / sizeof parts[0], out);
}
