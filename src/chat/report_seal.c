/* The envelope of a report. */
#include "chat/report_seal.h"

#include <string.h>

#include "chat/records.h"
#include "chat/say.h"

enum { CEK_LEN = 32, LENGTH_LEN = 4, BODY_KEY_LEN = 32 };

/* SHA-256 and HKDF with it, whatever the suite of the room. */
static tb_status sha_suite(const struct crypto_suite *suite, struct crypto_suite *out)
{
    return crypto_suite_init(out, 0x0001, suite->provider);
}

static tb_status sha256(const struct crypto_suite *suite, tb_bytes value,
                        uint8_t out[CHAT_HASH_LEN])
{
    return suite->provider->hash(suite->provider, CRYPTO_SHA256, &value, 1, out);
}

struct body_keys {
    struct tb_secret key;
    struct tb_secret nonce;
};

static void body_keys_wipe(struct body_keys *keys)
{
    tb_secret_wipe(&keys->key);
    tb_secret_wipe(&keys->nonce);
}

static tb_status derive(const struct crypto_suite *suite, tb_bytes cek, struct body_keys *out)
{
    const tb_bytes key_info = TB_LITERAL("timbre report key");
    const tb_bytes nonce_info = TB_LITERAL("timbre report nonce");
    struct crypto_suite sha;

    TRY(sha_suite(suite, &sha));
    TRY(crypto_expand(&sha, cek, &key_info, 1, BODY_KEY_LEN, &out->key));
    return crypto_expand(&sha, cek, &nonce_info, 1, CRYPTO_NONCE_LEN, &out->nonce);
}

static tb_status commitment(const struct crypto_suite *suite, tb_bytes cek, tb_bytes body,
                            uint8_t out[CHAT_HASH_LEN])
{
    uint8_t hash[CHAT_HASH_LEN];
    TRY(sha256(suite, body, hash));
    const tb_bytes parts[] = { TB_LITERAL("timbre report commit"), TB_ARRAY(hash) };
    return suite->provider->hmac(suite->provider, CRYPTO_SHA256, cek, parts, 2, out);
}

/* What EncryptWithLabel is bound to: opaque room_uri<V> || report_id. */
static tb_status wrap_context(tb_bytes room_uri, const uint8_t report_id[CHAT_HASH_LEN],
                              struct tb_arena *arena, tb_bytes *out)
{
    size_t header_len = wire_length_size(room_uri.len);
    uint8_t *octets = tb_arena_take(arena, header_len + room_uri.len + CHAT_HASH_LEN, 1);
    if (octets == NULL) return TB_STATUS(TB_NO_SPACE);
    wire_length_put(octets, room_uri.len);
    memcpy(octets + header_len, room_uri.data, room_uri.len);
    memcpy(octets + header_len + room_uri.len, report_id, CHAT_HASH_LEN);
    *out = (tb_bytes){ octets, header_len + room_uri.len + CHAT_HASH_LEN };
    return TB_STATUS(TB_OK);
}

static tb_status aad_of(const struct chat_sealed_report *report, struct tb_arena *arena,
                        tb_bytes *out)
{
    struct chat_report_aad aad = { .version = report->version, .room_uri = report->room_uri,
                                   .body_len = report->body_len };
    memcpy(aad.report_id, report->report_id, CHAT_HASH_LEN);
    aad.target_seq.at = report->target_seq.at;
    aad.target_seq.count = report->target_seq.count;
    return wire_encode(&chat_report_aad_desc, &aad, arena, out);
}

static tb_status tbs_of(const struct crypto_suite *suite, const struct chat_sealed_report *report,
                        struct tb_arena *arena, tb_bytes *out)
{
    struct chat_report_tbs tbs = { .version = report->version, .room_uri = report->room_uri,
                                   .body_len = report->body_len };
    memcpy(tbs.report_id, report->report_id, CHAT_HASH_LEN);
    memcpy(tbs.key_commit, report->key_commit, CHAT_HASH_LEN);
    tbs.target_seq.at = report->target_seq.at;
    tbs.target_seq.count = report->target_seq.count;
    tbs.keys.at = report->keys.at;
    tbs.keys.count = report->keys.count;
    TRY(sha256(suite, report->body, tbs.body_hash));
    return wire_encode(&chat_report_tbs_desc, &tbs, arena, out);
}

/* ------------------------------------------------------------------ sealing */

/* uint32 length || report || zeros, to a multiple of CHAT_REPORT_PAD_LEN. */
static tb_status pad(tb_bytes report, struct tb_arena *arena, tb_bytes *out)
{
    size_t len = LENGTH_LEN + report.len;
    len += (CHAT_REPORT_PAD_LEN - len % CHAT_REPORT_PAD_LEN) % CHAT_REPORT_PAD_LEN;
    uint8_t *octets = tb_arena_take(arena, len, 1);
    if (octets == NULL) return TB_STATUS(TB_NO_SPACE);
    tb_put_u32(octets, (uint32_t)report.len);
    if (report.len != 0) memcpy(octets + LENGTH_LEN, report.data, report.len);
    *out = (tb_bytes){ octets, len };
    return TB_STATUS(TB_OK);
}

static tb_status seal_body(const struct chat_report_seal_params *params, tb_bytes cek,
                           struct tb_arena *arena, struct chat_sealed_report *report)
{
    struct body_keys keys = { .key = { .len = 0 } };
    tb_status status = TB_STATUS(TB_OK);
    tb_bytes plain, aad;

    CHECK(pad(params->report, arena, &plain));
    report->body_len = (uint32_t)(plain.len + CRYPTO_TAG_LEN);
    uint8_t *body = tb_arena_take(arena, report->body_len, 1);
    if (body == NULL) CHECK(TB_STATUS(TB_NO_SPACE));
    CHECK(aad_of(report, arena, &aad));
    CHECK(derive(params->suite, cek, &keys));
    CHECK(params->suite->provider->aead_seal(params->suite->provider, CRYPTO_AES256_GCM,
                                             tb_secret_view(&keys.key), tb_secret_view(&keys.nonce),
                                             aad, plain, body));
    report->body = (tb_bytes){ body, report->body_len };
    CHECK(commitment(params->suite, cek, report->body, report->key_commit));
out:
    body_keys_wipe(&keys);
    return status;
}

static tb_status wrap_keys(const struct chat_report_seal_params *params, tb_bytes cek,
                           struct tb_rng *rng, struct tb_arena *arena,
                           struct chat_sealed_report *report)
{
    tb_bytes context;
    TRY(wrap_context(report->room_uri, report->report_id, arena, &context));
    report->keys.at = tb_arena_take(arena, params->recipient_count, sizeof *report->keys.at);
    if (report->keys.at == NULL) return TB_STATUS(TB_NO_SPACE);
    report->keys.count = params->recipient_count;
    for (size_t i = 0; i < params->recipient_count; i++) {
        const struct chat_recipient_key *key = &params->recipients[i];
        struct chat_wrapped_key *wrapped = &report->keys.at[i];
        struct crypto_suite own;
        TRY(crypto_suite_init(&own, key->suite, params->suite->provider));
        TRY(chat_records_recipient_hash(params->suite, key, arena, wrapped->recipient_key_hash));
        TRY(crypto_encrypt_label(&own, key->hpke_key, CHAT_LABEL_SEALED_REPORT, context, cek, rng,
                                 arena, &wrapped->kem_output, &wrapped->ciphertext));
    }
    return TB_STATUS(TB_OK);
}

static tb_status fill_targets(const struct chat_report_seal_params *params, struct tb_arena *arena,
                              struct chat_sealed_report *report)
{
    report->target_seq.at =
        tb_arena_take(arena, params->target_count, sizeof *report->target_seq.at);
    if (report->target_seq.at == NULL) return TB_STATUS(TB_NO_SPACE);
    report->target_seq.count = params->target_count;
    for (size_t i = 0; i < params->target_count; i++) {
        report->target_seq.at[i].value = params->target_seq[i];
    }
    return TB_STATUS(TB_OK);
}

tb_status chat_report_seal(const struct chat_report_seal_params *params, struct tb_rng *rng,
                           struct tb_arena *arena, struct chat_sealed_report *out)
{
    struct chat_sealed_report report = {
        .version = params->kind == 0 ? CHAT_SEALED_IS_REPORT : params->kind,
        .room_uri = params->room_uri,
    };
    tb_status status = TB_STATUS(TB_OK);
    uint8_t cek[CEK_LEN] = { 0 };
    tb_bytes tbs;

    if (params->recipient_count == 0
        || params->recipient_count > CHAT_REPORT_RECIPIENT_COUNT_MAX) {
        return TB_STATUS(CHAT_REPORT_RECIPIENTS);
    }
    if (params->target_count == 0 || params->target_count > CHAT_REPORT_TARGET_COUNT_MAX) {
        return TB_STATUS(CHAT_REPORT_TARGET);
    }
    if (params->room_uri.len == 0 || params->room_uri.len > CHAT_URI_LEN_MAX
        || params->report.len > CHAT_REPORT_BODY_LEN_MAX - 2 * CHAT_REPORT_PAD_LEN) {
        return TB_STATUS(TB_TOO_LONG);
    }
    memcpy(report.report_id, params->report_id, CHAT_HASH_LEN);
    CHECK(tb_rng_fill(rng, cek, sizeof cek));
    CHECK(fill_targets(params, arena, &report));
    CHECK(seal_body(params, TB_ARRAY(cek), arena, &report));
    CHECK(wrap_keys(params, TB_ARRAY(cek), rng, arena, &report));
    CHECK(tbs_of(params->suite, &report, arena, &tbs));
    CHECK(crypto_sign_label(params->suite, params->reporter_key, CHAT_LABEL_REPORT, &tbs, 1, arena,
                            &report.reporter_signature));
    *out = report;
out:
    tb_wipe(cek, sizeof cek);
    return status;
}

/* ------------------------------------------------------------------ the hub */

static tb_status check_form(const struct chat_sealed_report *report)
{
    if (report->version != CHAT_SEALED_IS_REPORT && report->version != CHAT_SEALED_IS_OPENINGS) {
        return TB_STATUS(CHAT_SEALED_VERSION);
    }
    if (report->body.len != report->body_len || report->body.len < CRYPTO_TAG_LEN
        || report->body.len > CHAT_REPORT_BODY_LEN_MAX
        || (report->body.len - CRYPTO_TAG_LEN) % CHAT_REPORT_PAD_LEN != 0
        || report->body.len == CRYPTO_TAG_LEN) {
        return TB_STATUS(CHAT_SEALED_LENGTH);
    }
    if (report->target_seq.count == 0
        || report->target_seq.count > CHAT_REPORT_TARGET_COUNT_MAX) {
        return TB_STATUS(CHAT_REPORT_TARGET);
    }
    for (size_t i = 1; i < report->target_seq.count; i++) {
        if (report->target_seq.at[i].value <= report->target_seq.at[i - 1].value) {
            return TB_STATUS(CHAT_REPORT_TARGET);
        }
    }
    if (report->keys.count == 0 || report->keys.count > CHAT_REPORT_RECIPIENT_COUNT_MAX) {
        return TB_STATUS(CHAT_REPORT_RECIPIENTS);
    }
    return TB_STATUS(TB_OK);
}

tb_status chat_report_seal_check(const struct crypto_suite *suite,
                                 const struct chat_sealed_report *report, tb_bytes reporter_key,
                                 struct tb_arena *arena)
{
    tb_bytes tbs;
    TRY(check_form(report));
    TRY(tbs_of(suite, report, arena, &tbs));
    TRY(chat_status_as(crypto_verify_label(suite, reporter_key, CHAT_LABEL_REPORT, &tbs, 1,
                                           report->reporter_signature, arena),
                       CHAT_SEALED_SIGNATURE));
    return TB_STATUS(TB_OK);
}

tb_status chat_report_pseudonym(const struct crypto_suite *suite, tb_bytes pseudonym_key,
                                tb_bytes reporter_uri, uint64_t received_ms,
                                uint8_t pseudonym[CHAT_PSEUDONYM_LEN])
{
    struct chat_say_date date = chat_say_date(received_ms);
    uint8_t header[4], month[4], mac[CHAT_HASH_LEN];

    if (reporter_uri.len > CHAT_URI_LEN_MAX) return TB_STATUS(TB_TOO_LONG);
    tb_put_u32(month, (uint32_t)(date.year * 12 + date.month - 1));
    const tb_bytes parts[] = {
        { header, (size_t)(wire_length_put(header, reporter_uri.len) - header) },
        reporter_uri,
        TB_ARRAY(month),
    };
    TRY(suite->provider->hmac(suite->provider, CRYPTO_SHA256, pseudonym_key, parts, 3, mac));
    memcpy(pseudonym, mac, CHAT_PSEUDONYM_LEN);
    return TB_STATUS(TB_OK);
}

static tb_status intake_tbs(const struct chat_report_intake *intake, struct tb_arena *arena,
                            tb_bytes *out)
{
    struct chat_report_intake bare = *intake;
    tb_bytes encoded;
    bare.hub_signature = (tb_bytes){ NULL, 0 };
    TRY(wire_encode(&chat_report_intake_desc, &bare, arena, &encoded));
    *out = (tb_bytes){ encoded.data, encoded.len - 1 }; /* the empty signature is one octet */
    return TB_STATUS(TB_OK);
}

tb_status chat_report_intake_make(const struct crypto_suite *suite,
                                  const struct crypto_signing_key *intake,
                                  const struct chat_sealed_report *report,
                                  const uint8_t pseudonym[CHAT_PSEUDONYM_LEN],
                                  uint64_t received_ms, struct tb_arena *arena, tb_bytes *encoded)
{
    struct chat_report_intake made = { .report = *report, .received_ms = received_ms };
    tb_bytes tbs;

    made.report.reporter_signature = (tb_bytes){ NULL, 0 };
    memcpy(made.reporter_pseudonym, pseudonym, CHAT_PSEUDONYM_LEN);
    TRY(intake_tbs(&made, arena, &tbs));
    TRY(crypto_sign_label(suite, intake, CHAT_LABEL_REPORT_INTAKE, &tbs, 1, arena,
                          &made.hub_signature));
    return wire_encode(&chat_report_intake_desc, &made, arena, encoded);
}

/* ------------------------------------------------------------------ opening */

static tb_status unwrap(const struct crypto_suite *suite, const struct chat_sealed_report *report,
                        const struct chat_wrapped_key *wrapped,
                        const struct chat_report_opener *opener, struct tb_arena *arena,
                        tb_bytes *cek)
{
    struct crypto_suite own;
    tb_bytes context;

    TRY(crypto_suite_init(&own, opener->key->suite, suite->provider));
    TRY(wrap_context(report->room_uri, report->report_id, arena, &context));
    TRY(chat_status_as(crypto_decrypt_label(&own, tb_secret_view(opener->private_key),
                                            opener->key->hpke_key, CHAT_LABEL_SEALED_REPORT,
                                            context, wrapped->kem_output, wrapped->ciphertext,
                                            arena, cek),
                       CHAT_SEALED_NOT_FOR_US));
    if (cek->len != CEK_LEN) return TB_STATUS(CHAT_SEALED_NOT_FOR_US);
    return TB_STATUS(TB_OK);
}

static tb_status find_key(const struct crypto_suite *suite, const struct chat_sealed_report *report,
                          const struct chat_report_opener *openers, size_t opener_count,
                          struct tb_arena *arena, tb_bytes *cek)
{
    for (size_t i = 0; i < opener_count; i++) {
        uint8_t hash[CHAT_HASH_LEN];
        TRY(chat_records_recipient_hash(suite, openers[i].key, arena, hash));
        for (size_t k = 0; k < report->keys.count; k++) {
            if (memcmp(report->keys.at[k].recipient_key_hash, hash, CHAT_HASH_LEN) == 0) {
                return unwrap(suite, report, &report->keys.at[k], &openers[i], arena, cek);
            }
        }
    }
    return TB_STATUS(CHAT_SEALED_NOT_FOR_US);
}

static tb_status unpad(tb_bytes plain, tb_bytes *report)
{
    size_t len = tb_get_u32(plain.data); /* check_form: at least CHAT_REPORT_PAD_LEN octets */

    if (len > plain.len - LENGTH_LEN || plain.len - LENGTH_LEN - len >= CHAT_REPORT_PAD_LEN) {
        return TB_STATUS(CHAT_SEALED_PADDING);
    }
    for (size_t i = LENGTH_LEN + len; i < plain.len; i++) {
        if (plain.data[i] != 0) return TB_STATUS(CHAT_SEALED_PADDING);
    }
    *report = (tb_bytes){ plain.data + LENGTH_LEN, len };
    return TB_STATUS(TB_OK);
}

static tb_status open_body(const struct crypto_suite *suite,
                           const struct chat_sealed_report *report, tb_bytes cek,
                           struct tb_arena *arena, tb_bytes *out)
{
    struct body_keys keys = { .key = { .len = 0 } };
    tb_status status = TB_STATUS(TB_OK);
    uint8_t expected[CHAT_HASH_LEN];
    tb_bytes aad;

    CHECK(commitment(suite, cek, report->body, expected));
    if (!tb_equal_ct(TB_ARRAY(expected), TB_ARRAY(report->key_commit))) {
        CHECK(TB_STATUS(CHAT_SEALED_COMMITMENT));
    }
    size_t len = report->body.len - CRYPTO_TAG_LEN;
    uint8_t *plain = tb_arena_take(arena, len, 1);
    if (plain == NULL) CHECK(TB_STATUS(TB_NO_SPACE));
    CHECK(aad_of(report, arena, &aad));
    CHECK(derive(suite, cek, &keys));
    CHECK(chat_status_as(suite->provider->aead_open(suite->provider, CRYPTO_AES256_GCM,
                                                    tb_secret_view(&keys.key),
                                                    tb_secret_view(&keys.nonce), aad, report->body,
                                                    plain),
                         CHAT_SEALED_BODY));
    CHECK(unpad((tb_bytes){ plain, len }, out));
out:
    body_keys_wipe(&keys);
    return status;
}

tb_status chat_report_open(const struct crypto_suite *suite, tb_bytes intake_encoded,
                           tb_bytes intake_key, const struct chat_report_opener *openers,
                           size_t opener_count, struct tb_arena *arena,
                           struct chat_report_intake *intake, tb_bytes *report)
{
    struct chat_report_intake in;
    tb_bytes tbs, cek;

    TRY(wire_decode(&chat_report_intake_desc, intake_encoded, arena, &in, NULL));
    TRY(intake_tbs(&in, arena, &tbs));
    TRY(chat_status_as(crypto_verify_label(suite, intake_key, CHAT_LABEL_REPORT_INTAKE, &tbs, 1,
                                           in.hub_signature, arena),
                       CHAT_INTAKE_SIGNATURE));
    TRY(check_form(&in.report));
    TRY(find_key(suite, &in.report, openers, opener_count, arena, &cek));
    TRY(open_body(suite, &in.report, cek, arena, report));
    *intake = in;
    return TB_STATUS(TB_OK);
}
