/* HPKE (RFC 9180), base mode, with the KEM, KDF and AEAD of a cipher suite. */
#include "crypto/crypto.h"

#include <assert.h>
#include <string.h>

#define HPKE_VERSION TB_LITERAL("HPKE-v1")
#define NOTHING ((tb_bytes){ NULL, 0 })

enum { SUITE_ID_MAX = 10 };

/* "KEM" || kem_id for the KEM, "HPKE" || kem_id || kdf_id || aead_id for the key schedule. */
struct suite_id {
    uint8_t octets[SUITE_ID_MAX];
    size_t len;
};

static struct suite_id kem_suite_id(const struct crypto_suite *suite)
{
    struct suite_id id = { { 'K', 'E', 'M' }, 5 };
    tb_put_u16(id.octets + 3, (uint16_t)suite->kem);
    return id;
}

static struct suite_id hpke_suite_id(const struct crypto_suite *suite)
{
    /* RFC 9180, sections 7.2 and 7.3; the enumerators keep the registries' order from 1. */
    struct suite_id id = { { 'H', 'P', 'K', 'E' }, 10 };
    tb_put_u16(id.octets + 4, (uint16_t)suite->kem);
    tb_put_u16(id.octets + 6, (uint16_t)suite->hash);
    tb_put_u16(id.octets + 8, (uint16_t)suite->aead);
    return id;
}

enum { IKM_PARTS_MAX = 8 };

/* Section 4: the salt's HMAC over a concatenation, so that nothing need be copied. */
static tb_status labeled_extract_parts(const struct crypto_suite *suite, const struct suite_id *id,
                                       tb_bytes salt, const char *label, const tb_bytes *ikm,
                                       size_t count, uint8_t out[CRYPTO_HASH_MAX])
{
    tb_bytes parts[3 + IKM_PARTS_MAX] = { HPKE_VERSION, { id->octets, id->len },
                                          tb_bytes_text(label) };
    assert(count <= IKM_PARTS_MAX);
    for (size_t i = 0; i < count; i++) parts[3 + i] = ikm[i];
    return crypto_hmac(suite, salt, parts, 3 + count, out);
}

static tb_status labeled_extract(const struct crypto_suite *suite, const struct suite_id *id,
                                 tb_bytes salt, const char *label, tb_bytes ikm,
                                 struct tb_secret *out)
{
    struct tb_secret prk = { .len = suite->hash_len };
    tb_status status = labeled_extract_parts(suite, id, salt, label, &ikm, 1, prk.data);
    if (tb_is_ok(status)) *out = prk;
    tb_secret_wipe(&prk);
    return status;
}

static tb_status labeled_expand(const struct crypto_suite *suite, const struct suite_id *id,
                                const struct tb_secret *prk, const char *label, tb_bytes info,
                                tb_bytes more_info, size_t len, struct tb_secret *out)
{
    uint8_t length[2];
    tb_put_u16(length, (uint16_t)len);
    const tb_bytes parts[] = { TB_ARRAY(length),     HPKE_VERSION, { id->octets, id->len },
                               tb_bytes_text(label), info,         more_info };
    return crypto_expand(suite, tb_secret_view(prk), parts, 6, len, out);
}

/* Section 7.1.3: candidates until one lies in [1, order); the first nearly always does. */
static tb_status derive_nist(const struct crypto_suite *suite, const struct suite_id *id,
                             const struct tb_secret *prk, struct tb_secret *private_key,
                             uint8_t *public_key)
{
    struct tb_secret candidate = { 0 };
    tb_status status = TB_STATUS(CRYPTO_KEY);

    for (unsigned counter = 0; counter <= 255 && status.code == CRYPTO_KEY; counter++) {
        uint8_t octet = (uint8_t)counter;
        CHECK(labeled_expand(suite, id, prk, "candidate", (tb_bytes){ &octet, 1 }, NOTHING,
                             suite->dh_private_len, &candidate));
        if (suite->kem == CRYPTO_KEM_P521) candidate.data[0] &= 1;
        status = suite->provider->dh_public(suite->provider, suite->kem, tb_secret_view(&candidate),
                                            public_key);
    }
    if (tb_is_ok(status)) *private_key = candidate;
out:
    tb_secret_wipe(&candidate);
    return status;
}

tb_status crypto_hpke_derive(const struct crypto_suite *suite, tb_bytes ikm,
                             struct tb_secret *private_key, uint8_t public_key[CRYPTO_PUBLIC_MAX])
{
    struct suite_id id = kem_suite_id(suite);
    struct tb_secret prk = { 0 }, key = { 0 };
    uint8_t point[CRYPTO_PUBLIC_MAX];
    tb_status status = TB_STATUS(TB_OK);

    if (crypto_kem_is_plain(suite->kem)) {
        CHECK(suite->provider->kem_derive(suite->provider, suite->kem, ikm, &key, point));
        *private_key = key;
        memcpy(public_key, point, suite->dh_public_len);
        goto out;
    }
    CHECK(labeled_extract(suite, &id, NOTHING, "dkp_prk", ikm, &prk));
    if (suite->kem == CRYPTO_KEM_X25519 || suite->kem == CRYPTO_KEM_X448) {
        CHECK(labeled_expand(suite, &id, &prk, "sk", NOTHING, NOTHING, suite->dh_private_len,
                             &key));
        CHECK(suite->provider->dh_public(suite->provider, suite->kem, tb_secret_view(&key), point));
    } else {
        CHECK(derive_nist(suite, &id, &prk, &key, point));
    }
    *private_key = key;
    memcpy(public_key, point, suite->dh_public_len);
out:
    tb_secret_wipe(&prk);
    tb_secret_wipe(&key);
    return status;
}

tb_status crypto_hpke_generate(const struct crypto_suite *suite, struct tb_rng *rng,
                               struct tb_secret *private_key,
                               uint8_t public_key[CRYPTO_PUBLIC_MAX])
{
    struct tb_secret ikm = { .len = suite->dh_private_len };
    tb_status status = tb_rng_fill(rng, ikm.data, ikm.len);
    if (tb_is_ok(status)) {
        status = crypto_hpke_derive(suite, tb_secret_view(&ikm), private_key, public_key);
    }
    tb_secret_wipe(&ikm);
    return status;
}

/* Section 4.1: ExtractAndExpand over kem_context = enc || pkRm. */
static tb_status kem_secret(const struct crypto_suite *suite, const struct tb_secret *dh,
                            tb_bytes enc, tb_bytes receiver_key, struct tb_secret *out)
{
    struct suite_id id = kem_suite_id(suite);
    struct tb_secret prk = { 0 };
    tb_status status = TB_STATUS(TB_OK);

    CHECK(labeled_extract(suite, &id, NOTHING, "eae_prk", tb_secret_view(dh), &prk));
    /* Nsecret of every KEM here is the length of its hash. */
    CHECK(labeled_expand(suite, &id, &prk, "shared_secret", enc, receiver_key, suite->hash_len,
                         out));
out:
    tb_secret_wipe(&prk);
    return status;
}

static tb_status plain_encap(const struct crypto_suite *suite, tb_bytes public_key,
                             struct tb_rng *rng, uint8_t *enc, struct tb_secret *shared)
{
    struct tb_secret random = { .len = CRYPTO_ENCAP_RANDOM_LEN };
    tb_status status = tb_rng_fill(rng, random.data, random.len);
    if (tb_is_ok(status)) {
        status = suite->provider->kem_encap(suite->provider, suite->kem, public_key,
                                            tb_secret_view(&random), enc, shared);
    }
    tb_secret_wipe(&random);
    return status;
}

static tb_status kem_encap(const struct crypto_suite *suite, tb_bytes public_key,
                           struct tb_rng *rng, uint8_t enc[CRYPTO_PUBLIC_MAX],
                           struct tb_secret *shared)
{
    struct tb_secret ephemeral = { 0 }, dh = { 0 };
    uint8_t point[CRYPTO_PUBLIC_MAX];
    tb_status status = TB_STATUS(TB_OK);

    if (public_key.len != suite->dh_public_len) return TB_STATUS(CRYPTO_KEY);
    if (crypto_kem_is_plain(suite->kem)) return plain_encap(suite, public_key, rng, enc, shared);
    CHECK(crypto_hpke_generate(suite, rng, &ephemeral, point));
    CHECK(suite->provider->dh(suite->provider, suite->kem, tb_secret_view(&ephemeral), public_key,
                              &dh));
    CHECK(kem_secret(suite, &dh, (tb_bytes){ point, suite->dh_public_len }, public_key, shared));
    memcpy(enc, point, suite->dh_public_len);
out:
    tb_secret_wipe(&ephemeral);
    tb_secret_wipe(&dh);
    return status;
}

static tb_status kem_decap(const struct crypto_suite *suite, tb_bytes private_key,
                           tb_bytes public_key, tb_bytes enc, struct tb_secret *shared)
{
    struct tb_secret dh = { 0 };
    tb_status status = TB_STATUS(TB_OK);

    if (enc.len != suite->kem_output_len) return TB_STATUS(CRYPTO_KEY);
    if (crypto_kem_is_plain(suite->kem)) {
        return suite->provider->kem_decap(suite->provider, suite->kem, private_key, enc, shared);
    }
    CHECK(suite->provider->dh(suite->provider, suite->kem, private_key, enc, &dh));
    CHECK(kem_secret(suite, &dh, enc, public_key, shared));
out:
    tb_secret_wipe(&dh);
    return status;
}

struct hpke_context {
    struct tb_secret key;
    struct tb_secret nonce;
    struct tb_secret exporter;
};

/* Section 5.1: key_schedule_context of mode_base (0) with the default psk_id. */
tb_status crypto_hpke_info_of(const struct crypto_suite *suite, const tb_bytes *parts, size_t count,
                              struct crypto_hpke_info *out)
{
    struct suite_id id = hpke_suite_id(suite);
    struct crypto_hpke_info info = { { 0 } };
    uint8_t *psk_id_hash = info.key_schedule_context + 1;
    TRY(labeled_extract_parts(suite, &id, NOTHING, "psk_id_hash", NULL, 0, psk_id_hash));
    TRY(labeled_extract_parts(suite, &id, NOTHING, "info_hash", parts, count,
                              psk_id_hash + suite->hash_len));
    *out = info;
    return TB_STATUS(TB_OK);
}

static tb_status hpke_schedule(const struct crypto_suite *suite, const struct tb_secret *shared,
                               const struct crypto_hpke_info *info, struct hpke_context *out)
{
    struct suite_id id = hpke_suite_id(suite);
    struct tb_secret secret = { 0 };
    tb_bytes context = { info->key_schedule_context, 1 + 2 * suite->hash_len };
    tb_status status = TB_STATUS(TB_OK);

    CHECK(labeled_extract(suite, &id, tb_secret_view(shared), "secret", NOTHING, &secret));
    CHECK(labeled_expand(suite, &id, &secret, "key", context, NOTHING, suite->key_len, &out->key));
    CHECK(labeled_expand(suite, &id, &secret, "base_nonce", context, NOTHING, CRYPTO_NONCE_LEN,
                         &out->nonce));
    CHECK(labeled_expand(suite, &id, &secret, "exp", context, NOTHING, suite->hash_len,
                         &out->exporter));
out:
    tb_secret_wipe(&secret);
    return status;
}

tb_status crypto_hpke_seal_with(const struct crypto_suite *suite, tb_bytes public_key,
                                const struct crypto_hpke_info *info, tb_bytes aad, tb_bytes plain,
                                struct tb_rng *rng, struct tb_arena *arena, tb_bytes *enc,
                                tb_bytes *sealed)
{
    uint8_t *point = tb_arena_take(arena, suite->kem_output_len, 1);
    uint8_t *octets = tb_arena_take(arena, plain.len + CRYPTO_TAG_LEN, 1);
    if (point == NULL || octets == NULL) return TB_STATUS(TB_NO_SPACE);

    struct tb_secret shared = { 0 };
    struct hpke_context context = { 0 };
    tb_status status = TB_STATUS(TB_OK);
    CHECK(kem_encap(suite, public_key, rng, point, &shared));
    CHECK(hpke_schedule(suite, &shared, info, &context));
    CHECK(suite->provider->aead_seal(suite->provider, suite->aead, tb_secret_view(&context.key),
                                     tb_secret_view(&context.nonce), aad, plain, octets));
    *enc = (tb_bytes){ point, suite->kem_output_len };
    *sealed = (tb_bytes){ octets, plain.len + CRYPTO_TAG_LEN };
out:
    tb_secret_wipe(&shared);
    tb_wipe(&context, sizeof context);
    return status;
}

tb_status crypto_hpke_open_with(const struct crypto_suite *suite, tb_bytes private_key,
                                tb_bytes public_key, tb_bytes enc,
                                const struct crypto_hpke_info *info, tb_bytes aad, tb_bytes sealed,
                                struct tb_arena *arena, tb_bytes *plain)
{
    if (sealed.len < CRYPTO_TAG_LEN) return TB_STATUS(CRYPTO_DECRYPT);
    size_t len = sealed.len - CRYPTO_TAG_LEN;
    uint8_t *octets = tb_arena_take(arena, len, 1);
    if (octets == NULL) return TB_STATUS(TB_NO_SPACE);

    struct tb_secret shared = { 0 };
    struct hpke_context context = { 0 };
    tb_status status = TB_STATUS(TB_OK);
    CHECK(kem_decap(suite, private_key, public_key, enc, &shared));
    CHECK(hpke_schedule(suite, &shared, info, &context));
    CHECK(suite->provider->aead_open(suite->provider, suite->aead, tb_secret_view(&context.key),
                                     tb_secret_view(&context.nonce), aad, sealed, octets));
    *plain = (tb_bytes){ octets, len };
out:
    tb_secret_wipe(&shared);
    tb_wipe(&context, sizeof context);
    return status;
}

tb_status crypto_hpke_seal(const struct crypto_suite *suite, tb_bytes public_key, tb_bytes info,
                           tb_bytes aad, tb_bytes plain, struct tb_rng *rng,
                           struct tb_arena *arena, tb_bytes *enc, tb_bytes *sealed)
{
    struct crypto_hpke_info hashed;
    TRY(crypto_hpke_info_of(suite, &info, 1, &hashed));
    return crypto_hpke_seal_with(suite, public_key, &hashed, aad, plain, rng, arena, enc, sealed);
}

tb_status crypto_hpke_open(const struct crypto_suite *suite, tb_bytes private_key,
                           tb_bytes public_key, tb_bytes enc, tb_bytes info, tb_bytes aad,
                           tb_bytes sealed, struct tb_arena *arena, tb_bytes *plain)
{
    struct crypto_hpke_info hashed;
    TRY(crypto_hpke_info_of(suite, &info, 1, &hashed));
    return crypto_hpke_open_with(suite, private_key, public_key, enc, &hashed, aad, sealed, arena,
                                 plain);
}

/* Section 5.3: Context.Export. */
static tb_status hpke_export(const struct crypto_suite *suite, const struct tb_secret *shared,
                             tb_bytes info, tb_bytes exporter_context, size_t len,
                             struct tb_secret *out)
{
    struct suite_id id = hpke_suite_id(suite);
    struct crypto_hpke_info hashed;
    struct hpke_context context = { 0 };
    tb_status status = TB_STATUS(TB_OK);

    CHECK(crypto_hpke_info_of(suite, &info, 1, &hashed));
    CHECK(hpke_schedule(suite, shared, &hashed, &context));
    CHECK(labeled_expand(suite, &id, &context.exporter, "sec", exporter_context, NOTHING, len,
                         out));
out:
    tb_wipe(&context, sizeof context);
    return status;
}

tb_status crypto_hpke_export_send(const struct crypto_suite *suite, tb_bytes public_key,
                                  tb_bytes info, tb_bytes exporter_context, size_t len,
                                  struct tb_rng *rng, uint8_t enc[CRYPTO_PUBLIC_MAX],
                                  struct tb_secret *out)
{
    struct tb_secret shared = { 0 };
    uint8_t point[CRYPTO_PUBLIC_MAX];
    tb_status status = TB_STATUS(TB_OK);

    CHECK(kem_encap(suite, public_key, rng, point, &shared));
    CHECK(hpke_export(suite, &shared, info, exporter_context, len, out));
    memcpy(enc, point, suite->kem_output_len);
out:
    tb_secret_wipe(&shared);
    return status;
}

tb_status crypto_hpke_export_receive(const struct crypto_suite *suite, tb_bytes private_key,
                                     tb_bytes public_key, tb_bytes enc, tb_bytes info,
                                     tb_bytes exporter_context, size_t len, struct tb_secret *out)
{
    struct tb_secret shared = { 0 };
    tb_status status = TB_STATUS(TB_OK);

    CHECK(kem_decap(suite, private_key, public_key, enc, &shared));
    CHECK(hpke_export(suite, &shared, info, exporter_context, len, out));
out:
    tb_secret_wipe(&shared);
    return status;
}
