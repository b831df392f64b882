#include "mls/framing.h"

#include <string.h>

enum { HEAD_LEN = 4 }; /* ProtocolVersion and WireFormat, before FramedContentTBS and MLSMessage */

static tb_status join(const tb_bytes *parts, size_t count, struct tb_arena *arena, tb_bytes *out)
{
    size_t len = 0;
    for (size_t i = 0; i < count; i++) {
        if (!tb_add_size(len, parts[i].len, &len)) return TB_STATUS(TB_OVERFLOW);
    }
    uint8_t *octets = tb_arena_take(arena, len, 1), *at = octets;
    if (octets == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < count; i++) {
        if (parts[i].len != 0) memcpy(at, parts[i].data, parts[i].len);
        at += parts[i].len;
    }
    *out = (tb_bytes){ octets, len };
    return TB_STATUS(TB_OK);
}

static tb_bytes head_of(uint8_t head[HEAD_LEN], uint16_t wire_format)
{
    tb_put_u16(head, MLS_VERSION_MLS10);
    tb_put_u16(head + 2, wire_format);
    return (tb_bytes){ head, HEAD_LEN };
}

struct mls_framed mls_framing_of(uint16_t wire_format, const struct mls_authenticated *content)
{
    return (struct mls_framed){
        .wire_format = wire_format,
        .content = mls_framed_content_view(&content->content),
        .auth = mls_span(content->content.mark_end, content->mark_end),
    };
}

tb_status mls_framing_sign(const struct crypto_suite *suite, const struct crypto_signing_key *key,
                           uint16_t wire_format, const struct mls_framed_content *content,
                           tb_bytes group_context, struct tb_arena *arena, tb_bytes *encoded,
                           tb_bytes *signature)
{
    uint8_t head[HEAD_LEN];
    tb_bytes octets;
    TRY(wire_encode(&mls_framed_content_desc, content, arena, &octets));
    const tb_bytes parts[] = { head_of(head, wire_format), octets, group_context };
    TRY(crypto_sign_label(suite, key, "FramedContentTBS", parts, 3, arena, signature));
    *encoded = octets;
    return TB_STATUS(TB_OK);
}

tb_status mls_framing_auth(tb_bytes signature, tb_bytes confirmation_tag, struct tb_arena *arena,
                           tb_bytes *auth)
{
    uint8_t signature_len[4], tag_len[4];
    if (signature.len > WIRE_LEN_MAX || confirmation_tag.len > WIRE_LEN_MAX) {
        return TB_STATUS(TB_TOO_LONG);
    }
    uint8_t *signature_end = wire_length_put(signature_len, signature.len);
    uint8_t *tag_end = wire_length_put(tag_len, confirmation_tag.len);
    const tb_bytes parts[] = {
        { signature_len, (size_t)(signature_end - signature_len) },
        signature,
        { tag_len, (size_t)(tag_end - tag_len) },
        confirmation_tag,
    };
    return join(parts, confirmation_tag.len == 0 ? 2 : 4, arena, auth);
}

tb_status mls_framing_verify(const struct crypto_suite *suite, uint16_t wire_format,
                             const struct mls_authenticated *content, tb_bytes group_context,
                             tb_bytes signature_key, struct tb_arena *arena)
{
    uint8_t head[HEAD_LEN];
    const tb_bytes parts[] = {
        head_of(head, wire_format),
        mls_framed_content_view(&content->content),
        group_context,
    };
    tb_status status = crypto_verify_label(suite, signature_key, "FramedContentTBS", parts, 3,
                                           content->signature, arena);
    return status.code == CRYPTO_SIGNATURE ? TB_STATUS(MLS_CONTENT_SIGNATURE) : status;
}

tb_status mls_framing_membership_tag(const struct crypto_suite *suite,
                                     const struct tb_secret *membership_key,
                                     const struct mls_framed *framed, tb_bytes group_context,
                                     uint8_t out[CRYPTO_HASH_MAX])
{
    uint8_t head[HEAD_LEN];
    const tb_bytes parts[] = {
        head_of(head, framed->wire_format),
        framed->content,
        group_context,
        framed->auth,
    };
    return crypto_hmac(suite, tb_secret_view(membership_key), parts, 4, out);
}

tb_status mls_framing_public(const struct mls_framed *framed, tb_bytes membership_tag,
                             struct tb_arena *arena, tb_bytes *message)
{
    uint8_t head[HEAD_LEN], tag_len[4];
    uint8_t *tag_end = wire_length_put(tag_len, membership_tag.len);
    const tb_bytes parts[] = {
        head_of(head, MLS_WIRE_PUBLIC_MESSAGE),
        framed->content,
        framed->auth,
        { tag_len, (size_t)(tag_end - tag_len) },
        membership_tag,
    };
    return join(parts, membership_tag.len == 0 ? 3 : 5, arena, message);
}

tb_status mls_framing_proposal_ref(const struct crypto_suite *suite,
                                   const struct mls_framed *framed, struct tb_arena *arena,
                                   uint8_t out[CRYPTO_HASH_MAX])
{
    uint8_t format[2];
    tb_bytes value;
    tb_put_u16(format, framed->wire_format);
    const tb_bytes parts[] = { TB_ARRAY(format), framed->content, framed->auth };
    TRY(join(parts, 3, arena, &value));
    return crypto_ref_hash(suite, "MLS 1.0 Proposal Reference", value, out);
}

tb_status mls_framing_message(tb_bytes octets, struct tb_arena *arena, struct mls_message *out,
                              struct tb_why *why)
{
    /* The version says how to read the rest, so it is looked at first. */
    if (octets.len >= 2 && tb_get_u16(octets.data) != MLS_VERSION_MLS10) {
        return TB_STATUS(MLS_VERSION);
    }
    return wire_decode(&mls_message_desc, octets, arena, out, why);
}

tb_status mls_framing_wrap(uint16_t wire_format, tb_bytes body, struct tb_arena *arena,
                           tb_bytes *message)
{
    uint8_t head[HEAD_LEN];
    const tb_bytes parts[] = { head_of(head, wire_format), body };
    return join(parts, 2, arena, message);
}
