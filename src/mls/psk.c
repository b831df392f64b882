#include "mls/psk.h"

/* psk_input of the key at this place among count. */
static tb_status psk_input(const struct crypto_suite *suite, const struct mls_psk_entry *psk,
                           size_t index, size_t count, struct tb_arena *arena,
                           struct tb_secret *out)
{
    const struct mls_psk_label label = { psk->id, (uint16_t)index, (uint16_t)count };
    const struct tb_secret zeros = { .len = suite->hash_len };
    struct tb_secret extracted = { 0 };
    tb_bytes context;
    tb_status status = TB_STATUS(TB_OK);

    CHECK(wire_encode(&mls_psk_label_desc, &label, arena, &context));
    CHECK(crypto_extract(suite, tb_secret_view(&zeros), psk->psk, &extracted));
    CHECK(crypto_expand_label(suite, tb_secret_view(&extracted), "derived psk", context,
                              suite->hash_len, out));
out:
    tb_secret_wipe(&extracted);
    return status;
}

tb_status mls_psk_secret(const struct crypto_suite *suite, const struct mls_psk_entry *psks,
                         size_t count, struct tb_arena *arena, struct tb_secret *out)
{
    struct tb_secret secret = { .len = suite->hash_len }, input = { 0 };
    tb_status status = TB_STATUS(TB_OK);

    if (count > MLS_PSK_COUNT_MAX) return TB_STATUS(TB_TOO_LONG);
    for (size_t i = 0; i < count; i++) {
        CHECK(psk_input(suite, &psks[i], i, count, arena, &input));
        CHECK(crypto_extract(suite, tb_secret_view(&input), tb_secret_view(&secret), &secret));
    }
    *out = secret;
out:
    tb_secret_wipe(&secret);
    tb_secret_wipe(&input);
    return status;
}

bool mls_psk_id_matches(const struct mls_pre_shared_key_id *a,
                        const struct mls_pre_shared_key_id *b)
{
    if (a->psktype != b->psktype || a->of.any == NULL || b->of.any == NULL) return false;
    switch (a->psktype) {
    case MLS_PSK_EXTERNAL: return tb_bytes_equal(a->of.psk_id->value, b->of.psk_id->value);
    case MLS_PSK_RESUMPTION:
        return wire_equal(&mls_resumption_psk_desc, a->of.resumption, b->of.resumption);
    case MLS_PSK_APPLICATION:
        return wire_equal(&mls_application_psk_desc, a->of.application, b->of.application);
    default: return false;
    }
}

tb_status mls_psk_find(const struct mls_psk_entry *psks, size_t count,
                       const struct mls_pre_shared_key_id *id, tb_bytes *out)
{
    for (size_t i = 0; i < count; i++) {
        if (!mls_psk_id_matches(&psks[i].id, id)) continue;
        *out = psks[i].psk;
        return TB_STATUS(TB_OK);
    }
    return TB_STATUS(MLS_PSK_UNKNOWN);
}
