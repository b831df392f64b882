/*
 * The crypto room, blind to its secrets: the wrappers of the native provider (hash, HMAC, AEAD) on
 * the primitives themselves; HKDF, labels, HPKE and key conversion on the provider of provider.h.
 */
#include "tests/ct/provider.h"

#include "crypto/montgomery.h"

enum { TEXT_LEN = 40, SUITES = 2 };

static const uint16_t suite_ids[SUITES] = { 0x0001, 0x0003 }; /* AES-GCM, ChaCha20-Poly1305 */

static struct crypto_suite suite; /* of the pass that runs */
static struct tb_mem mem = { NULL, ct_take, ct_give, 0, SIZE_MAX };
static struct tb_arena arena;
static struct tb_secret key, salt, made;
static uint8_t nonce[CRYPTO_NONCE_LEN], text[TEXT_LEN], sealed[TEXT_LEN + CRYPTO_TAG_LEN];
static uint8_t opened[TEXT_LEN], digest[CRYPTO_HASH_MAX], public_key[CRYPTO_PUBLIC_MAX];
static struct tb_secret private_key;
static tb_bytes enc, cipher, plain;
static tb_status status;

/* ---------------------------------------------------------------- leaks that must be seen */

static void index_by_secret(void)
{
    static const uint8_t table[256] = { 1, 2, 3 };
    volatile uint8_t out = table[key.data[0]];
    (void)out;
}

static void branch_on_secret(void)
{
    volatile unsigned bits = 0;
    for (unsigned i = 0; i < 8; i++) {
        if ((key.data[0] >> i & 1) != 0) bits = bits + i;
    }
}

/* The library's, and not what a compiler makes of it. */
static void compare_by_memcmp(void)
{
    int (*volatile compare)(const void *, const void *, size_t) = memcmp;
    status = TB_STATUS(compare(key.data, salt.data, 32) == 0 ? TB_OK : CRYPTO_DECRYPT);
}

/* ---------------------------------------------------------------- what is watched */

static tb_bytes secret(const struct tb_secret *of) { return tb_secret_view(of); }

static void hash(void)
{
    tb_bytes part = secret(&key);
    status = crypto_hash(&suite, &part, 1, digest);
}

static void hmac(void)
{
    tb_bytes part = secret(&salt);
    status = crypto_hmac(&suite, secret(&key), &part, 1, digest);
}

static void extract(void) { status = crypto_extract(&suite, secret(&salt), secret(&key), &made); }

static void expand_label(void)
{
    status = crypto_expand_label(&suite, secret(&key), "label", TB_LITERAL("context"), 50, &made);
}

static void derive_tree_secret(void)
{
    status = crypto_derive_tree_secret(&suite, secret(&key), "key", 7, suite.key_len, &made);
}

static void seal(void)
{
    status = suite.provider->aead_seal(suite.provider, suite.aead,
                                       (tb_bytes){ key.data, suite.key_len }, TB_ARRAY(nonce),
                                       TB_LITERAL("aad"), TB_ARRAY(text), sealed);
}

static void open(void)
{
    status = suite.provider->aead_open(suite.provider, suite.aead,
                                       (tb_bytes){ key.data, suite.key_len }, TB_ARRAY(nonce),
                                       TB_LITERAL("aad"), TB_ARRAY(sealed), opened);
}

static void hpke_derive(void)
{
    status = crypto_hpke_derive(&suite, secret(&key), &private_key, public_key);
}

static tb_bytes key_view(void) { return (tb_bytes){ public_key, suite.dh_public_len }; }

static void hpke_seal(void)
{
    static uint64_t state = 1;
    struct tb_rng rng = { &state, ct_fill };
    status = crypto_encrypt_label(&suite, key_view(), "label", TB_LITERAL("context"),
                                  TB_ARRAY(text), &rng, &arena, &enc, &cipher);
}

static void hpke_open(void)
{
    status = crypto_decrypt_label(&suite, secret(&private_key), key_view(), "label",
                                  TB_LITERAL("context"), enc, cipher, &arena, &plain);
}

static void hpke_export(void)
{
    status = crypto_hpke_export_receive(&suite, secret(&private_key), key_view(), enc,
                                        TB_LITERAL(""), TB_LITERAL("export"), suite.hash_len,
                                        &made);
}

static void convert_key(void)
{
    status = crypto_montgomery_private(&suite, (tb_bytes){ key.data, 32 }, &made);
}

/* ---------------------------------------------------------------- rules */

static void mark(void)
{
    CT_SECRET(key.data, sizeof key.data);
    CT_SECRET(salt.data, sizeof salt.data);
    CT_SECRET(nonce, sizeof nonce);
    CT_SECRET(text, sizeof text);
}

static void unmark(void)
{
    CT_PUBLIC(key.data, sizeof key.data);
    CT_PUBLIC(salt.data, sizeof salt.data);
    CT_PUBLIC(nonce, sizeof nonce);
    CT_PUBLIC(text, sizeof text);
}

static void blind(struct ct_result *result, const char *what, void (*call)(void))
{
    char rule[120];
    mark();
    unsigned count = ct_leak_count(call);
    CT_PUBLIC(&status, sizeof status);
    (void)snprintf(rule, sizeof rule, "%s, %s, is blind", what, suite.name);
    ct_rule(result, rule, count == 0 && tb_is_ok(status));
}

/* The place of the wrong octet must not show: as many looks wherever it is. */
static void opening_shows_validity_alone(struct ct_result *result)
{
    unsigned counts[3];
    bool is_refused = true;
    seal();
    CT_PUBLIC(sealed, sizeof sealed);
    for (size_t i = 0; i < 3; i++) {
        static const size_t places[3] = { 0, TEXT_LEN, TEXT_LEN + CRYPTO_TAG_LEN - 1 };
        sealed[places[i]] ^= 1;
        mark();
        counts[i] = ct_leak_count(open);
        CT_PUBLIC(&status, sizeof status);
        is_refused = is_refused && status.code == CRYPTO_DECRYPT;
        CT_PUBLIC(sealed, sizeof sealed);
        sealed[places[i]] ^= 1;
    }
    mark();
    unsigned right = ct_leak_count(open);
    CT_PUBLIC(&status, sizeof status);
    CT_PUBLIC(opened, sizeof opened);
    unmark();
    /* libsodium or OpenSSL turns the comparison into a return code, and that into ours. */
    enum { LOOKS_MAX = 1 };
    ct_rule(result, "opening looks at nothing but whether the tag is right",
            right <= LOOKS_MAX && counts[0] <= LOOKS_MAX);
    ct_rule(result, "opening looks as often wherever the wrong octet is",
            counts[0] == counts[1] && counts[1] == counts[2] && is_refused);
    ct_rule(result, "opening gives the text", tb_is_ok(status) &&
                                                  memcmp(opened, text, TEXT_LEN) == 0);
}

static void run_suite(struct ct_result *result, uint16_t id)
{
    ct_rule(result, "the suite is there",
            tb_is_ok(crypto_suite_init(&suite, id, crypto_backend_native())));
    blind(result, "hash", hash);
    blind(result, "HMAC", hmac);
    blind(result, "sealing", seal);
    opening_shows_validity_alone(result);

    ct_rule(result, "the watched suite is there",
            tb_is_ok(crypto_suite_init(&suite, id, ct_provider())));
    blind(result, "extract", extract);
    blind(result, "expand with label", expand_label);
    blind(result, "derive tree secret", derive_tree_secret);
    blind(result, "HPKE derive key pair", hpke_derive);
    CT_PUBLIC(public_key, sizeof public_key);
    blind(result, "HPKE seal", hpke_seal);
    blind(result, "HPKE open", hpke_open);
    blind(result, "HPKE export", hpke_export);
    blind(result, "conversion of a seed", convert_key);
    unmark();
    CT_PUBLIC((void *)(uintptr_t)plain.data, plain.len);
    ct_rule(result, "what HPKE sealed is opened",
            plain.len == TEXT_LEN && memcmp(plain.data, text, TEXT_LEN) == 0);
}

int main(void)
{
    struct ct_result result = { 0, 0 };
    tb_arena_init(&arena, &mem, SIZE_MAX);
    key.len = salt.len = 32;
    memset(key.data, 0x42, sizeof key.data);
    memset(salt.data, 0x17, sizeof salt.data);
    memset(text, 0x33, sizeof text);
    mark();
    ct_rule(&result, "a table indexed by a secret is noticed", ct_leak_count(index_by_secret) > 0);
    ct_rule(&result, "a branch on a secret is noticed", ct_leak_count(branch_on_secret) > 0);
    ct_rule(&result, "memcmp of a secret is noticed", ct_leak_count(compare_by_memcmp) > 0);
    CT_PUBLIC(&status, sizeof status);
    for (size_t i = 0; i < SUITES; i++) run_suite(&result, suite_ids[i]);
    tb_arena_wipe(&arena);
    return ct_close(&result);
}
