/* crypto-basics: RefHash, labels, signatures and HPKE (RFC 9420, sections 5.1, 5.2, 8 and 9). */
#include "tests/vectors/vectors.h"

static bool check_ref_hash(struct vectors_case *c)
{
    const struct json *json = json_get(c->json, "ref_hash");
    const char *label;
    tb_bytes value;
    uint8_t hash[CRYPTO_HASH_MAX];
    return vectors_text(c, json, "label", &label) && vectors_hex(c, json, "value", &value) &&
           vectors_ok(c, "ref_hash", crypto_ref_hash(&c->suite, label, value, hash)) &&
           vectors_equal(c, json, "out", (tb_bytes){ hash, c->suite.hash_len });
}

static bool check_expand_with_label(struct vectors_case *c)
{
    const struct json *json = json_get(c->json, "expand_with_label");
    const char *label;
    tb_bytes secret, context;
    uint64_t length;
    struct tb_secret out;
    return vectors_text(c, json, "label", &label) && vectors_hex(c, json, "secret", &secret) &&
           vectors_hex(c, json, "context", &context) && vectors_u64(c, json, "length", &length) &&
           vectors_true(c, "length", length <= TB_SECRET_MAX) &&
           vectors_ok(c, "expand_with_label",
                      crypto_expand_label(&c->suite, secret, label, context, (size_t)length,
                                          &out)) &&
           vectors_equal(c, json, "out", tb_secret_view(&out));
}

static bool check_derive_secret(struct vectors_case *c)
{
    const struct json *json = json_get(c->json, "derive_secret");
    const char *label;
    tb_bytes secret;
    struct tb_secret out;
    return vectors_text(c, json, "label", &label) && vectors_hex(c, json, "secret", &secret) &&
           vectors_ok(c, "derive_secret", crypto_derive_secret(&c->suite, secret, label, &out)) &&
           vectors_equal(c, json, "out", tb_secret_view(&out));
}

static bool check_derive_tree_secret(struct vectors_case *c)
{
    const struct json *json = json_get(c->json, "derive_tree_secret");
    const char *label;
    tb_bytes secret;
    uint64_t generation, length;
    struct tb_secret out;
    return vectors_text(c, json, "label", &label) && vectors_hex(c, json, "secret", &secret) &&
           vectors_u64(c, json, "generation", &generation) &&
           vectors_u64(c, json, "length", &length) &&
           vectors_true(c, "length", length <= TB_SECRET_MAX && generation <= UINT32_MAX) &&
           vectors_ok(c, "derive_tree_secret",
                      crypto_derive_tree_secret(&c->suite, secret, label, (uint32_t)generation,
                                                (size_t)length, &out)) &&
           vectors_equal(c, json, "out", tb_secret_view(&out));
}

/* ECDSA is randomised, so what is signed here is verified instead of compared. */
static bool check_sign_with_label(struct vectors_case *c)
{
    const struct json *json = json_get(c->json, "sign_with_label");
    const char *label;
    tb_bytes private_key, public_key, content, signature, own;
    struct crypto_signing_key key;
    return vectors_text(c, json, "label", &label) &&
           vectors_private(c, json, "priv", c->suite.sign_private_len, &private_key) &&
           vectors_hex(c, json, "pub", &public_key) && vectors_hex(c, json, "content", &content) &&
           vectors_hex(c, json, "signature", &signature) &&
           vectors_ok(c, "signature",
                      crypto_verify_label(&c->suite, public_key, label, &content, 1, signature,
                                          c->arena)) &&
           vectors_ok(c, "priv", crypto_signing_key_from(&c->suite, private_key, &key)) &&
           vectors_equal(c, json, "pub", crypto_signing_key_public(&key)) &&
           vectors_ok(c, "sign_with_label",
                      crypto_sign_label(&c->suite, &key, label, &content, 1, c->arena, &own)) &&
           vectors_ok(c, "sign_with_label",
                      crypto_verify_label(&c->suite, public_key, label, &content, 1, own,
                                          c->arena));
}

static bool check_encrypt_with_label(struct vectors_case *c)
{
    const struct json *json = json_get(c->json, "encrypt_with_label");
    const char *label;
    tb_bytes private_key, public_key, context, plain, enc, sealed, opened;
    bool is_read =
        vectors_text(c, json, "label", &label) &&
        vectors_private(c, json, "priv", c->suite.dh_private_len, &private_key) &&
        vectors_hex(c, json, "pub", &public_key) && vectors_hex(c, json, "context", &context) &&
        vectors_hex(c, json, "plaintext", &plain) && vectors_hex(c, json, "kem_output", &enc) &&
        vectors_hex(c, json, "ciphertext", &sealed);
    return is_read &&
           vectors_ok(c, "ciphertext",
                      crypto_decrypt_label(&c->suite, private_key, public_key, label, context, enc,
                                           sealed, c->arena, &opened)) &&
           vectors_equal(c, json, "plaintext", opened) &&
           vectors_ok(c, "encrypt_with_label",
                      crypto_encrypt_label(&c->suite, public_key, label, context, plain,
                                           c->env->rng, c->arena, &enc, &sealed)) &&
           vectors_ok(c, "encrypt_with_label",
                      crypto_decrypt_label(&c->suite, private_key, public_key, label, context, enc,
                                           sealed, c->arena, &opened)) &&
           vectors_equal(c, json, "plaintext", opened);
}

bool vectors_crypto_basics(struct vectors_case *c)
{
    return check_ref_hash(c) && check_expand_with_label(c) && check_derive_secret(c) &&
           check_derive_tree_secret(c) && check_sign_with_label(c) && check_encrypt_with_label(c);
}
