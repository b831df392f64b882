/* The labelled operations of RFC 9420, sections 5.1, 5.2, 8 and 9. */
#include "crypto/crypto.h"

#include <string.h>

#include "wire/tls.h"

#define LABEL_PREFIX TB_LITERAL("MLS 1.0 ")

/* A variable-size vector header of RFC 9420, section 2.1.2, in storage of its own. */
struct header {
    uint8_t octets[6];
};

static tb_bytes header_of(struct header *header, size_t len)
{
    uint8_t *end = wire_length_put(header->octets, len);
    return (tb_bytes){ header->octets, (size_t)(end - header->octets) };
}

tb_status crypto_expand_label(const struct crypto_suite *suite, tb_bytes secret, const char *label,
                              tb_bytes context, size_t len, struct tb_secret *out)
{
    tb_bytes text = tb_bytes_text(label);
    struct header label_header, context_header;
    uint8_t length[2];

    tb_put_u16(length, (uint16_t)len);
    const tb_bytes info[] = {
        TB_ARRAY(length),
        header_of(&label_header, LABEL_PREFIX.len + text.len),
        LABEL_PREFIX,
        text,
        header_of(&context_header, context.len),
        context,
    };
    return crypto_expand(suite, secret, info, sizeof info / sizeof info[0], len, out);
}

tb_status crypto_derive_secret(const struct crypto_suite *suite, tb_bytes secret, const char *label,
                               struct tb_secret *out)
{
    return crypto_expand_label(suite, secret, label, (tb_bytes){ NULL, 0 }, suite->hash_len, out);
}

tb_status crypto_derive_tree_secret(const struct crypto_suite *suite, tb_bytes secret,
                                    const char *label, uint32_t generation, size_t len,
                                    struct tb_secret *out)
{
    uint8_t context[4];
    tb_put_u32(context, generation);
    return crypto_expand_label(suite, secret, label, TB_ARRAY(context), len, out);
}

tb_status crypto_ref_hash(const struct crypto_suite *suite, const char *label, tb_bytes value,
                          uint8_t out[CRYPTO_HASH_MAX])
{
    tb_bytes text = tb_bytes_text(label);
    struct header label_header, value_header;
    const tb_bytes parts[] = {
        header_of(&label_header, text.len),
        text,
        header_of(&value_header, value.len),
        value,
    };
    return crypto_hash(suite, parts, sizeof parts / sizeof parts[0], out);
}

/* SignContent: struct { opaque label<V> = "MLS 1.0 " + Label; opaque content<V> = parts; } */
tb_status crypto_sign_content(const char *label, const tb_bytes *parts, size_t count,
                              struct tb_arena *arena, tb_bytes *out)
{
    tb_bytes text = tb_bytes_text(label);
    struct header label_header, content_header;
    size_t content_len = 0, len;

    for (size_t i = 0; i < count; i++) {
        if (!tb_add_size(content_len, parts[i].len, &content_len)) return TB_STATUS(TB_OVERFLOW);
    }
    if (content_len > WIRE_LEN_MAX) return TB_STATUS(TB_TOO_LONG);
    tb_bytes first = header_of(&label_header, LABEL_PREFIX.len + text.len);
    tb_bytes second = header_of(&content_header, content_len);
    len = first.len + LABEL_PREFIX.len + text.len + second.len + content_len;

    uint8_t *octets = tb_arena_take(arena, len, 1);
    if (octets == NULL) return TB_STATUS(TB_NO_SPACE);
    const tb_bytes head[] = { first, LABEL_PREFIX, text, second };
    uint8_t *at = octets;
    for (size_t i = 0; i < sizeof head / sizeof head[0] + count; i++) {
        tb_bytes part = i < sizeof head / sizeof head[0] ? head[i]
                                                        : parts[i - sizeof head / sizeof head[0]];
        if (part.len != 0) memcpy(at, part.data, part.len);
        at += part.len;
    }
    *out = (tb_bytes){ octets, len };
    return TB_STATUS(TB_OK);
}

tb_status crypto_sign_label(const struct crypto_suite *suite, const struct crypto_signing_key *key,
                            const char *label, const tb_bytes *parts, size_t count,
                            struct tb_arena *arena, tb_bytes *signature)
{
    uint8_t octets[CRYPTO_SIGNATURE_MAX];
    tb_bytes content;
    size_t len;

    TRY(crypto_sign_content(label, parts, count, arena, &content));
    TRY(suite->provider->sign(suite->provider, suite->signature, tb_secret_view(&key->private_key),
                              crypto_signing_key_public(key), content, octets, &len));
    return tb_arena_dup(arena, (tb_bytes){ octets, len }, signature);
}

tb_status crypto_verify_label(const struct crypto_suite *suite, tb_bytes public_key,
                              const char *label, const tb_bytes *parts, size_t count,
                              tb_bytes signature, struct tb_arena *arena)
{
    tb_bytes content;
    TRY(crypto_sign_content(label, parts, count, arena, &content));
    return suite->provider->verify(suite->provider, suite->signature, public_key, content,
                                   signature);
}

tb_status crypto_label_info(const struct crypto_suite *suite, const char *label, tb_bytes context,
                            struct crypto_hpke_info *out)
{
    tb_bytes text = tb_bytes_text(label);
    struct header label_header, context_header;
    if (context.len > WIRE_LEN_MAX) return TB_STATUS(TB_TOO_LONG);
    const tb_bytes parts[] = {
        header_of(&label_header, LABEL_PREFIX.len + text.len),
        LABEL_PREFIX,
        text,
        header_of(&context_header, context.len),
        context,
    };
    return crypto_hpke_info_of(suite, parts, sizeof parts / sizeof parts[0], out);
}

tb_status crypto_encrypt_label(const struct crypto_suite *suite, tb_bytes public_key,
                               const char *label, tb_bytes context, tb_bytes plain,
                               struct tb_rng *rng, struct tb_arena *arena, tb_bytes *enc,
                               tb_bytes *sealed)
{
    struct crypto_hpke_info info;
    TRY(crypto_label_info(suite, label, context, &info));
    return crypto_hpke_seal_with(suite, public_key, &info, (tb_bytes){ NULL, 0 }, plain, rng,
                                 arena, enc, sealed);
}

tb_status crypto_decrypt_label(const struct crypto_suite *suite, tb_bytes private_key,
                               tb_bytes public_key, const char *label, tb_bytes context,
                               tb_bytes enc, tb_bytes sealed, struct tb_arena *arena,
                               tb_bytes *plain)
{
    struct crypto_hpke_info info;
    TRY(crypto_label_info(suite, label, context, &info));
    return crypto_hpke_open_with(suite, private_key, public_key, enc, &info,
                                 (tb_bytes){ NULL, 0 }, sealed, arena, plain);
}
