/* Sealed to one device: statements of reasons without a KeyPackage, the key of a desk. */
#include "chat/statement.h"

#include "crypto/montgomery.h"

enum { CIPHERTEXT_LEN_MAX = 65536 }; /* of the row of chat_sealed_statement */

static bool is_offered(const struct crypto_suite *suite)
{
    return suite->kem == CRYPTO_KEM_X25519 && suite->signature == CRYPTO_ED25519;
}

tb_status chat_device_seal(const struct crypto_suite *suite, const char *label, tb_bytes device,
                           tb_bytes device_key, tb_bytes encoded, struct tb_rng *rng,
                           struct tb_arena *arena, struct chat_sealed_statement *out)
{
    struct chat_sealed_statement sealed = { .device = device };
    uint8_t public_key[CRYPTO_X25519_LEN];

    if (!is_offered(suite)) return TB_STATUS(CRYPTO_UNSUPPORTED);
    if (encoded.len > CIPHERTEXT_LEN_MAX - CRYPTO_TAG_LEN || device.len > CHAT_URI_LEN_MAX) {
        return TB_STATUS(TB_TOO_LONG);
    }
    TRY(crypto_montgomery_public(device_key, public_key));
    TRY(crypto_encrypt_label(suite, TB_ARRAY(public_key), label, device, encoded,
                             rng, arena, &sealed.kem_output, &sealed.ciphertext));
    *out = sealed;
    return TB_STATUS(TB_OK);
}

tb_status chat_device_open(const struct crypto_suite *suite, const char *label,
                           const struct crypto_signing_key *device_key,
                           const struct chat_sealed_statement *sealed, struct tb_arena *arena,
                           tb_bytes *encoded)
{
    uint8_t public_key[CRYPTO_X25519_LEN];
    struct tb_secret private_key;

    if (!is_offered(suite)) return TB_STATUS(CRYPTO_UNSUPPORTED);
    TRY(crypto_montgomery_public(crypto_signing_key_public(device_key), public_key));
    TRY(crypto_montgomery_private(suite, tb_secret_view(&device_key->private_key), &private_key));
    tb_status status = crypto_decrypt_label(suite, tb_secret_view(&private_key),
                                            TB_ARRAY(public_key), label, sealed->device,
                                            sealed->kem_output, sealed->ciphertext, arena,
                                            encoded);
    tb_secret_wipe(&private_key);
    return chat_status_as(status, CHAT_STATEMENT_SEALED);
}

tb_status chat_statement_seal(const struct crypto_suite *suite, tb_bytes device,
                              tb_bytes device_key, tb_bytes encoded, struct tb_rng *rng,
                              struct tb_arena *arena, struct chat_sealed_statement *out)
{
    return chat_device_seal(suite, CHAT_LABEL_SEALED_STATEMENT, device, device_key, encoded, rng,
                            arena, out);
}

tb_status chat_statement_open(const struct crypto_suite *suite,
                              const struct crypto_signing_key *device_key,
                              const struct chat_sealed_statement *sealed, struct tb_arena *arena,
                              tb_bytes *encoded)
{
    return chat_device_open(suite, CHAT_LABEL_SEALED_STATEMENT, device_key, sealed, arena, encoded);
}
