#include "host/client_key.h"

#include <sodium.h>
#include <string.h>

#include "host/files.h"
#include "host/mem_os.h"

/* libsodium's "moderate" of 1.0.18. */
const struct cli_key_cost cli_key_cost_default = { 3, 256u << 20 };

enum {
    SALT_LEN = crypto_pwhash_argon2id_SALTBYTES,
    OPSLIMIT_AT = 8,
    MEMLIMIT_AT = 16,
    SALT_AT = 24,
    NONCE_AT = SALT_AT + SALT_LEN,
    SEALED_AT = NONCE_AT + CLI_KEY_NONCE_LEN,
    WRAPPED_LEN = SEALED_AT + CLI_KEY_LEN + CLI_KEY_TAG_LEN
};
/* What a key file may ask of this machine; its numbers are read before they are authenticated. */
static const uint64_t opslimit_max = 64, memlimit_bytes_max = UINT64_C(4) << 30;

static const uint8_t magic[OPSLIMIT_AT] = { 'T', 'B', 'K', 'E', 'Y', '1', '\r', '\n' };

/* The key that wraps: Argon2id over what the head of the file says. */
static tb_status derive(const uint8_t head[WRAPPED_LEN], tb_bytes passphrase,
                        struct tb_secret *out)
{
    uint64_t opslimit = tb_get_u64(head + OPSLIMIT_AT);
    uint64_t memlimit = tb_get_u64(head + MEMLIMIT_AT);
    if (opslimit < crypto_pwhash_argon2id_OPSLIMIT_MIN || opslimit > opslimit_max ||
        memlimit < crypto_pwhash_argon2id_MEMLIMIT_MIN || memlimit > memlimit_bytes_max) {
        return TB_STATUS(CLI_KEY_FORMAT);
    }
    out->len = CLI_KEY_LEN;
    if (crypto_pwhash_argon2id(out->data, CLI_KEY_LEN, (const char *)passphrase.data,
                               passphrase.len, head + SALT_AT, opslimit, (size_t)memlimit,
                               crypto_pwhash_argon2id_ALG_ARGON2ID13) != 0) {
        return TB_STATUS(TB_NO_SPACE);
    }
    return TB_STATUS(TB_OK);
}

tb_status cli_key_of_phrase(tb_bytes phrase, struct tb_secret *seed)
{
    static const uint8_t salt[SALT_LEN + 1] = "Timbre recovery1";
    if (sodium_init() < 0) return TB_STATUS(TB_RANDOM);
    seed->len = CLI_KEY_LEN;
    if (crypto_pwhash_argon2id(seed->data, CLI_KEY_LEN, (const char *)phrase.data, phrase.len,
                               salt, cli_key_cost_default.opslimit,
                               (size_t)cli_key_cost_default.memlimit_bytes,
                               crypto_pwhash_argon2id_ALG_ARGON2ID13) != 0) {
        return TB_STATUS(TB_NO_SPACE);
    }
    return TB_STATUS(TB_OK);
}

static tb_status wrap(const struct tb_secret *key, tb_bytes passphrase,
                      const struct cli_key_cost *cost, struct tb_rng *rng,
                      uint8_t out[WRAPPED_LEN])
{
    struct tb_secret wrapping = { 0 };
    tb_status status = TB_STATUS(TB_OK);
    memcpy(out, magic, sizeof magic);
    tb_put_u64(out + OPSLIMIT_AT, cost->opslimit);
    tb_put_u64(out + MEMLIMIT_AT, cost->memlimit_bytes);
    CHECK(tb_rng_fill(rng, out + SALT_AT, SALT_LEN + CLI_KEY_NONCE_LEN));
    CHECK(derive(out, passphrase, &wrapping));
    crypto_aead_xchacha20poly1305_ietf_encrypt(out + SEALED_AT, NULL, key->data, CLI_KEY_LEN, out,
                                               SEALED_AT, NULL, out + NONCE_AT, wrapping.data);
out:
    tb_secret_wipe(&wrapping);
    return status;
}

static tb_status unwrap(const uint8_t wrapped[WRAPPED_LEN], tb_bytes passphrase,
                        struct tb_secret *key)
{
    struct tb_secret wrapping = { 0 };
    uint8_t opened[CLI_KEY_LEN];
    tb_status status = TB_STATUS(TB_OK);
    CHECK(derive(wrapped, passphrase, &wrapping));
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(
            opened, NULL, NULL, wrapped + SEALED_AT, CLI_KEY_LEN + CLI_KEY_TAG_LEN, wrapped,
            SEALED_AT, wrapped + NONCE_AT, wrapping.data) != 0) {
        CHECK(TB_STATUS(CLI_PASSPHRASE_WRONG));
    }
    tb_secret_set(key, TB_ARRAY(opened));
out:
    tb_secret_wipe(&wrapping);
    tb_wipe(opened, sizeof opened);
    return status;
}

tb_status cli_key_make(const char *path, tb_bytes passphrase, const struct cli_key_cost *cost,
                       struct tb_rng *rng, struct tb_secret *key)
{
    struct tb_secret fresh = { .len = CLI_KEY_LEN };
    uint8_t wrapped[WRAPPED_LEN] = { 0 };
    tb_bytes contents = tb_secret_view(&fresh);
    tb_status status = TB_STATUS(TB_OK);
    if (sodium_init() < 0) return TB_STATUS(TB_RANDOM);
    CHECK(tb_rng_fill(rng, fresh.data, CLI_KEY_LEN));
    if (passphrase.len > 0) {
        CHECK(wrap(&fresh, passphrase, cost, rng, wrapped));
        contents = TB_ARRAY(wrapped);
    }
    CHECK(host_file_write(path, contents, 0600));
    *key = fresh;
out:
    tb_secret_wipe(&fresh);
    return status;
}

tb_status cli_key_read(const char *path, tb_bytes passphrase, struct tb_secret *key)
{
    struct tb_mem mem;
    struct tb_arena arena;
    tb_bytes contents = { 0 };
    tb_status status = TB_STATUS(TB_OK);
    if (sodium_init() < 0) return TB_STATUS(TB_RANDOM);
    host_mem_init(&mem, SIZE_MAX);
    tb_arena_init(&arena, &mem, SIZE_MAX);

    status = host_file_check_private(path);
    if (status.code == TB_NOT_FOUND) status = TB_STATUS(CLI_KEY_MISSING);
    CHECK(status);
    status = host_file_read(path, WRAPPED_LEN, &arena, &contents);
    if (status.code == TB_TOO_LONG) status = TB_STATUS(CLI_KEY_FORMAT);
    CHECK(status);
    if (contents.len == CLI_KEY_LEN) {
        tb_secret_set(key, contents);
    } else if (contents.len != WRAPPED_LEN || memcmp(contents.data, magic, sizeof magic) != 0) {
        CHECK(TB_STATUS(CLI_KEY_FORMAT));
    } else if (passphrase.len == 0) {
        CHECK(TB_STATUS(CLI_PASSPHRASE_NEEDED));
    } else {
        CHECK(unwrap(contents.data, passphrase, key));
    }
out:
    tb_arena_wipe(&arena);
    return status;
}
