#include "mls/framing_private.h"

#include <assert.h>
#include <string.h>

enum { SENDER_DATA_LEN = 8 + MLS_REUSE_GUARD_LEN };

/* Section 6.3.1: the first octets of the nonce are covered by the guard. */
static void nonce_guarded(uint8_t out[CRYPTO_NONCE_LEN], const struct mls_message_key *key,
                          const uint8_t guard[MLS_REUSE_GUARD_LEN])
{
    memcpy(out, key->nonce, CRYPTO_NONCE_LEN);
    for (size_t i = 0; i < MLS_REUSE_GUARD_LEN; i++) out[i] ^= guard[i];
}

static tb_status content_aad(const struct mls_private_message_in *message, struct tb_arena *arena,
                             tb_bytes *out)
{
    const struct mls_private_content_aad aad = {
        message->group_id,
        message->epoch,
        message->content_type,
        message->authenticated_data,
    };
    return wire_encode(&mls_private_content_aad_desc, &aad, arena, out);
}

static tb_status sender_aad(const struct mls_private_message_in *message, struct tb_arena *arena,
                            tb_bytes *out)
{
    const struct mls_sender_data_aad aad = {
        message->group_id,
        message->epoch,
        message->content_type,
    };
    return wire_encode(&mls_sender_data_aad_desc, &aad, arena, out);
}

/* Octets of FramedContent before the part that depends on content_type: what a PrivateMessage
 * carries outside of its ciphertext. */
static size_t content_head_len(const struct mls_framed_content *content)
{
    return wire_length_size(content->group_id.len) + content->group_id.len + 8 + 1 + 4 +
           wire_length_size(content->authenticated_data.len) + content->authenticated_data.len + 1;
}

static tb_status seal_content(const struct crypto_suite *suite, const struct mls_private_keys *keys,
                              const uint8_t guard[MLS_REUSE_GUARD_LEN], tb_bytes plain,
                              struct tb_arena *arena, struct mls_private_message_in *out)
{
    uint8_t nonce[CRYPTO_NONCE_LEN];
    tb_bytes aad;
    TRY(content_aad(out, arena, &aad));
    uint8_t *sealed = tb_arena_take(arena, plain.len + CRYPTO_TAG_LEN, 1);
    if (sealed == NULL) return TB_STATUS(TB_NO_SPACE);
    nonce_guarded(nonce, keys->key, guard);
    TRY(suite->provider->aead_seal(suite->provider, suite->aead,
                                   (tb_bytes){ keys->key->key, suite->key_len }, TB_ARRAY(nonce),
                                   aad, plain, sealed));
    out->ciphertext = (tb_bytes){ sealed, plain.len + CRYPTO_TAG_LEN };
    return TB_STATUS(TB_OK);
}

static tb_status seal_sender(const struct crypto_suite *suite, const struct mls_private_keys *keys,
                             const uint8_t guard[MLS_REUSE_GUARD_LEN], struct tb_arena *arena,
                             struct mls_private_message_in *out)
{
    uint8_t plain[SENDER_DATA_LEN];
    struct mls_message_key key = { { 0 }, { 0 } };
    tb_bytes aad;
    tb_status status = TB_STATUS(TB_OK);

    tb_put_u32(plain, keys->leaf_index);
    tb_put_u32(plain + 4, keys->generation);
    memcpy(plain + 8, guard, MLS_REUSE_GUARD_LEN);
    uint8_t *sealed = tb_arena_take(arena, sizeof plain + CRYPTO_TAG_LEN, 1);
    if (sealed == NULL) return TB_STATUS(TB_NO_SPACE);
    CHECK(sender_aad(out, arena, &aad));
    CHECK(mls_secret_tree_sender_data(suite, keys->sender_data_secret, out->ciphertext, &key));
    CHECK(suite->provider->aead_seal(suite->provider, suite->aead,
                                     (tb_bytes){ key.key, suite->key_len }, TB_ARRAY(key.nonce),
                                     aad, TB_ARRAY(plain), sealed));
    out->encrypted_sender_data = (tb_bytes){ sealed, sizeof plain + CRYPTO_TAG_LEN };
out:
    tb_wipe(&key, sizeof key);
    return status;
}

tb_status mls_framing_private_seal(const struct crypto_suite *suite, struct tb_rng *rng,
                                   const struct mls_private_keys *keys,
                                   const struct mls_framed_content *content,
                                   const struct mls_framed *framed, size_t padding_size,
                                   struct tb_arena *arena, tb_bytes *message)
{
    struct mls_private_message_in out = {
        .group_id = content->group_id,
        .epoch = content->epoch,
        .content_type = content->content_type,
        .authenticated_data = content->authenticated_data,
    };
    struct mls_message whole = {
        MLS_VERSION_MLS10,
        MLS_WIRE_PRIVATE_MESSAGE,
        { .private_message = &out },
    };
    uint8_t guard[MLS_REUSE_GUARD_LEN];
    size_t head_len = content_head_len(content);

    assert(content->sender.sender_type == MLS_SENDER_MEMBER);
    assert(framed->content.len >= head_len);
    if (padding_size > MLS_PADDING_LEN_MAX) return TB_STATUS(TB_TOO_LONG);
    tb_bytes body = { framed->content.data + head_len, framed->content.len - head_len };
    size_t len = body.len + framed->auth.len + padding_size;
    uint8_t *plain = tb_arena_take(arena, len, 1); /* zeroed: the padding */
    if (plain == NULL) return TB_STATUS(TB_NO_SPACE);
    memcpy(plain, body.data, body.len);
    memcpy(plain + body.len, framed->auth.data, framed->auth.len);

    TRY(tb_rng_fill(rng, guard, sizeof guard));
    TRY(seal_content(suite, keys, guard, (tb_bytes){ plain, len }, arena, &out));
    TRY(seal_sender(suite, keys, guard, arena, &out));
    return wire_encode(&mls_message_desc, &whole, arena, message);
}

tb_status mls_framing_private_sender(const struct crypto_suite *suite,
                                     const struct tb_secret *sender_data_secret,
                                     const struct mls_private_message_in *message,
                                     struct tb_arena *arena, struct mls_sender_data *out)
{
    uint8_t plain[SENDER_DATA_LEN];
    struct mls_message_key key = { { 0 }, { 0 } };
    tb_bytes aad;
    tb_status status = TB_STATUS(TB_OK);

    if (message->encrypted_sender_data.len != SENDER_DATA_LEN + CRYPTO_TAG_LEN) {
        return TB_STATUS(CRYPTO_DECRYPT);
    }
    CHECK(sender_aad(message, arena, &aad));
    CHECK(mls_secret_tree_sender_data(suite, sender_data_secret, message->ciphertext, &key));
    CHECK(suite->provider->aead_open(suite->provider, suite->aead,
                                     (tb_bytes){ key.key, suite->key_len }, TB_ARRAY(key.nonce),
                                     aad, message->encrypted_sender_data, plain));
    out->leaf_index = tb_get_u32(plain);
    out->generation = tb_get_u32(plain + 4);
    memcpy(out->reuse_guard, plain + 8, MLS_REUSE_GUARD_LEN);
out:
    tb_wipe(&key, sizeof key);
    tb_wipe(plain, sizeof plain);
    return status;
}

/* The head of the FramedContent that the message stands for, and room for its plaintext behind. */
static tb_status open_head(const struct mls_sender_data *sender,
                           const struct mls_private_message_in *message, size_t plain_len,
                           struct tb_arena *arena, uint8_t **octets, size_t *head_len)
{
    struct mls_framed_content head = {
        .group_id = message->group_id,
        .authenticated_data = message->authenticated_data,
    };
    size_t len = content_head_len(&head);
    uint8_t *start = tb_arena_take(arena, len + plain_len, 1), *at = start;
    if (start == NULL) return TB_STATUS(TB_NO_SPACE);

    at = wire_length_put(at, message->group_id.len);
    if (message->group_id.len != 0) memcpy(at, message->group_id.data, message->group_id.len);
    at += message->group_id.len;
    tb_put_u64(at, message->epoch);
    at[8] = MLS_SENDER_MEMBER;
    tb_put_u32(at + 9, sender->leaf_index);
    at = wire_length_put(at + 13, message->authenticated_data.len);
    if (message->authenticated_data.len != 0) {
        memcpy(at, message->authenticated_data.data, message->authenticated_data.len);
    }
    at += message->authenticated_data.len;
    *at++ = message->content_type;
    assert((size_t)(at - start) == len);
    *octets = start;
    *head_len = len;
    return TB_STATUS(TB_OK);
}

tb_status mls_framing_private_open(const struct crypto_suite *suite,
                                   const struct mls_message_key *key,
                                   const struct mls_sender_data *sender,
                                   const struct mls_private_message_in *message,
                                   struct tb_arena *arena, struct mls_authenticated *out,
                                   struct tb_why *why)
{
    uint8_t nonce[CRYPTO_NONCE_LEN], *octets = NULL;
    size_t head_len = 0;
    tb_bytes aad;

    if (message->ciphertext.len < CRYPTO_TAG_LEN) return TB_STATUS(CRYPTO_DECRYPT);
    size_t plain_len = message->ciphertext.len - CRYPTO_TAG_LEN;
    TRY(content_aad(message, arena, &aad));
    TRY(open_head(sender, message, plain_len, arena, &octets, &head_len));
    nonce_guarded(nonce, key, sender->reuse_guard);
    TRY(suite->provider->aead_open(suite->provider, suite->aead,
                                   (tb_bytes){ key->key, suite->key_len }, TB_ARRAY(nonce), aad,
                                   message->ciphertext, octets + head_len));

    /* Head and plaintext together are FramedContent and its auth data, as in a PublicMessage. */
    tb_bytes rest = { octets, head_len + plain_len };
    TRY(wire_decode_prefix(&mls_authenticated_desc, &rest, arena, out, why));
    uint8_t padding = 0;
    for (size_t i = 0; i < rest.len; i++) padding |= rest.data[i];
    return TB_STATUS(padding == 0 ? TB_OK : MLS_PADDING);
}
