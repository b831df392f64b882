#include "chat/link.h"

#include <string.h>

#include "crypto/montgomery.h"
#include "wire/text.h"

#define LABEL_LINK "TimbreLink1"
#define LABEL_RECOVERY "TimbreRecovery1"

WIRE_TABLE(chat_box_put, CHAT_BOX_PUT)
WIRE_TABLE(chat_box_get, CHAT_BOX_GET)
WIRE_TABLE(chat_box, CHAT_BOX)
WIRE_TABLE(chat_link_code, CHAT_LINK_CODE_ROW)
WIRE_TABLE(chat_link_account, CHAT_LINK_ACCOUNT_ROW)
WIRE_TABLE(chat_link_sealed, CHAT_LINK_SEALED_ROW)

/* ------------------------------------------------------------------ the code */

tb_status chat_link_text(const struct chat_link_code *code, struct tb_arena *arena, tb_bytes *text)
{
    tb_bytes encoded;
    TRY(wire_encode(&chat_link_code_desc, code, arena, &encoded));
    size_t len = wire_text_base64_size(WIRE_TEXT_BASE64URL, encoded.len);
    char *out = tb_arena_take(arena, len, 1);
    if (out == NULL) return TB_STATUS(TB_NO_SPACE);
    wire_text_base64_encode(WIRE_TEXT_BASE64URL, encoded, out);
    *text = tb_bytes_of(out, len);
    return TB_STATUS(TB_OK);
}

static bool is_space(uint8_t c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

tb_status chat_link_parse(const struct crypto_suite *suite, tb_bytes text, struct tb_arena *arena,
                          struct chat_link_code *out)
{
    struct chat_link_code code;
    size_t len;
    while (text.len != 0 && is_space(text.data[0])) text = tb_bytes_of(text.data + 1, text.len - 1);
    while (text.len != 0 && is_space(text.data[text.len - 1])) text.len--;
    uint8_t *octets = tb_arena_take(arena, text.len, 1);
    if (octets == NULL) return TB_STATUS(TB_NO_SPACE);
    if (!tb_is_ok(wire_text_base64_decode(WIRE_TEXT_BASE64URL, text, octets, text.len, &len))) {
        return TB_STATUS(CHAT_LINK_CODE);
    }
    tb_status status = wire_decode(&chat_link_code_desc, tb_bytes_of(octets, len), arena, &code,
                                   NULL);
    if (status.code == TB_NO_SPACE) return status;
    if (!tb_is_ok(status) || code.version != 1 || code.device_key.len != suite->sign_public_len) {
        return TB_STATUS(CHAT_LINK_CODE);
    }
    *out = code;
    return TB_STATUS(TB_OK);
}

tb_status chat_link_digits(const struct crypto_suite *suite, const struct chat_link_code *code,
                           struct tb_arena *arena, char out[CHAT_LINK_DIGITS_LEN])
{
    enum { GROUP_COUNT = 4, GROUP_LEN = 5, GROUP_OCTETS = 5 };
    uint8_t hash[CRYPTO_HASH_MAX];
    tb_bytes encoded;
    TRY(wire_encode(&chat_link_code_desc, code, arena, &encoded));
    tb_bytes parts[2] = { TB_LITERAL("Timbre link digits"), encoded };
    TRY(crypto_hash(suite, parts, 2, hash));
    for (size_t i = 0; i < GROUP_COUNT; i++) {
        uint64_t value = 0;
        char *at = out + i * (GROUP_LEN + 1);
        for (size_t k = 0; k < GROUP_OCTETS; k++) value = value << 8 | hash[i * GROUP_OCTETS + k];
        for (size_t k = GROUP_LEN; k-- > 0; value /= 10) at[k] = (char)('0' + value % 10);
        if (i + 1 < GROUP_COUNT) at[GROUP_LEN] = ' ';
    }
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ ids */

static tb_status box_id(const struct crypto_suite *suite, const char *what, tb_bytes a, tb_bytes b,
                        uint8_t id[CHAT_BOX_ID_LEN])
{
    uint8_t hash[CRYPTO_HASH_MAX];
    tb_bytes parts[3] = { tb_bytes_text(what), a, b };
    TRY(suite->provider->hash(suite->provider, CRYPTO_SHA256, parts, 3, hash));
    memcpy(id, hash, CHAT_BOX_ID_LEN);
    return TB_STATUS(TB_OK);
}

tb_status chat_link_box(const struct crypto_suite *suite, tb_bytes secret,
                        uint8_t id[CHAT_BOX_ID_LEN])
{
    return box_id(suite, "Timbre link box", secret, (tb_bytes){ 0 }, id);
}

/* The record is hashed first, so that the two parts cannot run into one another. */
tb_status chat_link_key_box(const struct crypto_suite *suite, tb_bytes device, tb_bytes record,
                            uint8_t id[CHAT_BOX_ID_LEN])
{
    uint8_t hash[CRYPTO_HASH_MAX];
    TRY(suite->provider->hash(suite->provider, CRYPTO_SHA256, &record, 1, hash));
    return box_id(suite, "Timbre key box", tb_bytes_of(hash, CHAT_HASH_LEN), device, id);
}

tb_status chat_link_recovery_box(const struct crypto_suite *suite, tb_bytes recovery_public,
                                 uint8_t id[CHAT_BOX_ID_LEN])
{
    return box_id(suite, "Timbre recovery box", recovery_public, (tb_bytes){ 0 }, id);
}

/* ------------------------------------------------------------------ sealing */

static bool is_offered(const struct crypto_suite *suite)
{
    return suite->kem == CRYPTO_KEM_X25519 && suite->signature == CRYPTO_ED25519;
}

static tb_status seal(const struct crypto_suite *suite, tb_bytes public_key, const char *label,
                      tb_bytes context, const struct chat_link_account *account,
                      struct tb_rng *rng, struct tb_arena *arena, tb_bytes *sealed)
{
    struct chat_link_sealed out;
    tb_bytes plain;
    TRY(wire_encode(&chat_link_account_desc, account, arena, &plain));
    if (plain.len > CHAT_BOX_LEN_MAX - 512) return TB_STATUS(TB_TOO_LONG);
    TRY(crypto_encrypt_label(suite, public_key, label, context, plain, rng, arena,
                             &out.kem_output, &out.ciphertext));
    return wire_encode(&chat_link_sealed_desc, &out, arena, sealed);
}

static tb_status open_with(const struct crypto_suite *suite, tb_bytes private_key,
                           tb_bytes public_key, const char *label, tb_bytes context,
                           tb_bytes sealed, struct tb_arena *arena, struct chat_link_account *out)
{
    struct chat_link_sealed in;
    tb_bytes plain;
    TRY(chat_status_as(wire_decode(&chat_link_sealed_desc, sealed, arena, &in, NULL),
                       CHAT_LINK_SEALED));
    TRY(chat_status_as(crypto_decrypt_label(suite, private_key, public_key, label, context,
                                            in.kem_output, in.ciphertext, arena, &plain),
                       CHAT_LINK_SEALED));
    return chat_status_as(wire_decode(&chat_link_account_desc, plain, arena, out, NULL),
                          CHAT_LINK_SEALED);
}

tb_status chat_link_seal(const struct crypto_suite *suite, tb_bytes device_key, tb_bytes context,
                         const struct chat_link_account *account, struct tb_rng *rng,
                         struct tb_arena *arena, tb_bytes *sealed)
{
    uint8_t public_key[CRYPTO_X25519_LEN];
    if (!is_offered(suite)) return TB_STATUS(CRYPTO_UNSUPPORTED);
    TRY(crypto_montgomery_public(device_key, public_key));
    return seal(suite, TB_ARRAY(public_key), LABEL_LINK, context, account, rng, arena, sealed);
}

tb_status chat_link_open(const struct crypto_suite *suite,
                         const struct crypto_signing_key *device_key, tb_bytes context,
                         tb_bytes sealed, struct tb_arena *arena, struct chat_link_account *out)
{
    uint8_t public_key[CRYPTO_X25519_LEN];
    struct tb_secret private_key;
    if (!is_offered(suite)) return TB_STATUS(CRYPTO_UNSUPPORTED);
    TRY(crypto_montgomery_public(crypto_signing_key_public(device_key), public_key));
    TRY(crypto_montgomery_private(suite, tb_secret_view(&device_key->private_key), &private_key));
    tb_status status = open_with(suite, tb_secret_view(&private_key), TB_ARRAY(public_key),
                                 LABEL_LINK, context, sealed, arena, out);
    tb_secret_wipe(&private_key);
    return status;
}

/* ------------------------------------------------------------------ recovery */

tb_status chat_recovery_public(const struct crypto_suite *suite, tb_bytes seed,
                               struct tb_arena *arena, tb_bytes *recovery_public)
{
    struct tb_secret private_key = { 0 };
    uint8_t public_key[CRYPTO_PUBLIC_MAX];
    tb_status status = crypto_hpke_derive(suite, seed, &private_key, public_key);
    if (tb_is_ok(status)) {
        status = tb_arena_dup(arena, tb_bytes_of(public_key, suite->dh_public_len),
                              recovery_public);
    }
    tb_secret_wipe(&private_key);
    return status;
}

tb_status chat_recovery_seal(const struct crypto_suite *suite, tb_bytes recovery_public,
                             const struct chat_link_account *account, struct tb_rng *rng,
                             struct tb_arena *arena, tb_bytes *sealed)
{
    return seal(suite, recovery_public, LABEL_RECOVERY, recovery_public, account, rng, arena,
                sealed);
}

tb_status chat_recovery_open(const struct crypto_suite *suite, tb_bytes seed, tb_bytes sealed,
                             struct tb_arena *arena, struct chat_link_account *out)
{
    struct tb_secret private_key = { 0 };
    uint8_t public_key[CRYPTO_PUBLIC_MAX];
    tb_status status;
    CHECK(crypto_hpke_derive(suite, seed, &private_key, public_key));
    tb_bytes recovery_public = tb_bytes_of(public_key, suite->dh_public_len);
    CHECK(open_with(suite, tb_secret_view(&private_key), recovery_public, LABEL_RECOVERY,
                    recovery_public, sealed, arena, out));
out:
    tb_secret_wipe(&private_key);
    return status;
}
