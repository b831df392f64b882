/*
 * The native provider: libsodium for Ed25519, X25519 and ChaCha20-Poly1305, OpenSSL 3 for the rest;
 * per primitive the faster of the two.
 *
 * This is the adapter to two libraries that keep state of their own, so it is the one file of src/
 * with mutable statics: algorithms are fetched once per process, and each thread owns one digest
 * context per hash.  A context is started again right after use, which overwrites what it held.
 *
 * <sodium.h> as a whole would declare a crypto_hash of its own; only the parts in use are included.
 */
#include "crypto/backend_native.h"

#include <assert.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/params.h>
#include <pthread.h>
#include <sodium/core.h>
#include <sodium/crypto_scalarmult_curve25519.h>
#include <sodium/crypto_sign_ed25519.h>
#include <string.h>

enum { HASHES = 4, AEADS = 3 }; /* enumerators start at 1 */

/* ---------------------------------------------------------------- what is fetched once */

struct curve {
    EC_GROUP *group;
    const char *name;
    size_t scalar_len;
    EVP_MD *hash; /* of its ECDSA suite; borrowed from natives.hash */
};

static struct {
    bool is_ready;
    EVP_MD *hash[HASHES];
    EVP_CIPHER *gcm[AEADS];
    struct curve p256, p384, p521;
    pthread_key_t thread_key;
} natives;

struct thread_state {
    EVP_MD_CTX *digest[HASHES];
};

static void thread_state_free(void *value)
{
    struct thread_state *state = value;
    for (size_t i = 0; i < HASHES; i++) EVP_MD_CTX_free(state->digest[i]);
    OPENSSL_free(state);
}

static void natives_fetch(void)
{
    /* Without memory for its start libcrypto has no default context, and fetching crashes in it. */
    if (OSSL_LIB_CTX_get0_global_default() == NULL) return;
    natives.hash[CRYPTO_SHA256] = EVP_MD_fetch(NULL, "SHA256", NULL);
    natives.hash[CRYPTO_SHA384] = EVP_MD_fetch(NULL, "SHA384", NULL);
    natives.hash[CRYPTO_SHA512] = EVP_MD_fetch(NULL, "SHA512", NULL);
    natives.gcm[CRYPTO_AES128_GCM] = EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL);
    natives.gcm[CRYPTO_AES256_GCM] = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    natives.p256 = (struct curve){ EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1), "P-256", 32,
                                   natives.hash[CRYPTO_SHA256] };
    natives.p384 = (struct curve){ EC_GROUP_new_by_curve_name(NID_secp384r1), "P-384", 48,
                                   natives.hash[CRYPTO_SHA384] };
    natives.p521 = (struct curve){ EC_GROUP_new_by_curve_name(NID_secp521r1), "P-521", 66,
                                   natives.hash[CRYPTO_SHA512] };
    natives.is_ready = sodium_init() >= 0 && natives.hash[CRYPTO_SHA256] != NULL &&
                       natives.hash[CRYPTO_SHA384] != NULL && natives.hash[CRYPTO_SHA512] != NULL &&
                       natives.gcm[CRYPTO_AES128_GCM] != NULL &&
                       natives.gcm[CRYPTO_AES256_GCM] != NULL && natives.p256.group != NULL &&
                       natives.p384.group != NULL && natives.p521.group != NULL &&
                       pthread_key_create(&natives.thread_key, thread_state_free) == 0;
}

bool crypto_native_is_ready(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, natives_fetch);
    return natives.is_ready;
}

const EVP_CIPHER *crypto_native_gcm(enum crypto_aead alg)
{
    return crypto_native_is_ready() ? natives.gcm[alg] : NULL;
}

static const struct curve *curve_of_kem(enum crypto_kem kem)
{
    switch (kem) {
    case CRYPTO_KEM_P256: return &natives.p256;
    case CRYPTO_KEM_P384: return &natives.p384;
    case CRYPTO_KEM_P521: return &natives.p521;
    case CRYPTO_KEM_X25519:
    case CRYPTO_KEM_MLKEM768_X25519:
    case CRYPTO_KEM_X448: return NULL;
    }
    return NULL;
}

static const struct curve *curve_of_signature(enum crypto_signature alg)
{
    switch (alg) {
    case CRYPTO_ECDSA_P256: return &natives.p256;
    case CRYPTO_ECDSA_P384: return &natives.p384;
    case CRYPTO_ECDSA_P521: return &natives.p521;
    case CRYPTO_ED25519:
    case CRYPTO_ED448: return NULL;
    }
    return NULL;
}

/* ---------------------------------------------------------------- hash and HMAC */

static EVP_MD_CTX *digest_context(enum crypto_hash alg)
{
    if (!crypto_native_is_ready()) return NULL;
    struct thread_state *state = pthread_getspecific(natives.thread_key);
    if (state == NULL) {
        state = OPENSSL_zalloc(sizeof *state);
        if (state == NULL) return NULL;
        if (pthread_setspecific(natives.thread_key, state) != 0) {
            OPENSSL_free(state);
            return NULL;
        }
    }
    if (state->digest[alg] == NULL) {
        EVP_MD_CTX *ctx = EVP_MD_CTX_new();
        if (ctx == NULL) return NULL;
        if (EVP_DigestInit_ex2(ctx, natives.hash[alg], NULL) != 1) {
            EVP_MD_CTX_free(ctx);
            return NULL;
        }
        state->digest[alg] = ctx;
    }
    return state->digest[alg];
}

/* The context was started before and is started again: no state of this input stays in it. */
static bool digest_parts(EVP_MD_CTX *ctx, const tb_bytes *parts, size_t count, uint8_t *out)
{
    bool is_done = true;
    for (size_t i = 0; i < count && is_done; i++) {
        if (parts[i].len != 0) is_done = EVP_DigestUpdate(ctx, parts[i].data, parts[i].len) == 1;
    }
    if (is_done) is_done = EVP_DigestFinal_ex(ctx, out, NULL) == 1;
    return EVP_DigestInit_ex2(ctx, NULL, NULL) == 1 && is_done;
}

static tb_status native_hash(const struct crypto_provider *self, enum crypto_hash alg,
                             const tb_bytes *parts, size_t count, uint8_t *out)
{
    (void)self;
    uint8_t digest[CRYPTO_HASH_MAX];
    EVP_MD_CTX *ctx = digest_context(alg);
    if (ctx == NULL || !digest_parts(ctx, parts, count, digest)) return TB_STATUS(CRYPTO_FAILED);
    memcpy(out, digest, alg == CRYPTO_SHA256 ? 32 : alg == CRYPTO_SHA384 ? 48 : 64);
    tb_wipe(digest, sizeof digest);
    return TB_STATUS(TB_OK);
}

enum { HMAC_BLOCK_MAX = 128, HMAC_PARTS_MAX = 16 };

/* RFC 2104 on the thread's digest context: a third of the time of a fresh EVP_MAC. */
static tb_status native_hmac(const struct crypto_provider *self, enum crypto_hash alg, tb_bytes key,
                             const tb_bytes *parts, size_t count, uint8_t *out)
{
    size_t block_len = alg == CRYPTO_SHA256 ? 64 : 128;
    size_t hash_len = alg == CRYPTO_SHA256 ? 32 : alg == CRYPTO_SHA384 ? 48 : 64;
    uint8_t pad[HMAC_BLOCK_MAX] = { 0 }, inner[CRYPTO_HASH_MAX];
    tb_bytes pieces[HMAC_PARTS_MAX];
    EVP_MD_CTX *ctx = digest_context(alg);
    tb_status status = TB_STATUS(TB_OK);

    assert(count < HMAC_PARTS_MAX);
    if (ctx == NULL) return TB_STATUS(CRYPTO_FAILED);
    if (key.len > block_len) {
        CHECK(native_hash(self, alg, &key, 1, pad));
    } else if (key.len != 0) {
        memcpy(pad, key.data, key.len);
    }
    for (size_t i = 0; i < block_len; i++) pad[i] ^= 0x36;
    pieces[0] = (tb_bytes){ pad, block_len };
    for (size_t i = 0; i < count; i++) pieces[i + 1] = parts[i];
    if (!digest_parts(ctx, pieces, count + 1, inner)) CHECK(TB_STATUS(CRYPTO_FAILED));

    for (size_t i = 0; i < block_len; i++) pad[i] ^= 0x36 ^ 0x5c;
    pieces[1] = (tb_bytes){ inner, hash_len };
    if (!digest_parts(ctx, pieces, 2, inner)) CHECK(TB_STATUS(CRYPTO_FAILED));
    memcpy(out, inner, hash_len);
out:
    tb_wipe(pad, sizeof pad);
    tb_wipe(inner, sizeof inner);
    return status;
}

/* ---------------------------------------------------------------- Diffie-Hellman */

/* CRYPTO_KEY unless 1 <= scalar < order. */
static tb_status nist_scalar(const struct curve *curve, tb_bytes private_key, BIGNUM **out)
{
    assert(private_key.len == curve->scalar_len);
    BIGNUM *scalar = BN_secure_new();
    if (scalar == NULL) return TB_STATUS(CRYPTO_FAILED);
    BN_set_flags(scalar, BN_FLG_CONSTTIME);
    if (BN_bin2bn(private_key.data, (int)private_key.len, scalar) == NULL) {
        BN_clear_free(scalar);
        return TB_STATUS(CRYPTO_FAILED);
    }
    if (BN_is_zero(scalar) || BN_cmp(scalar, EC_GROUP_get0_order(curve->group)) >= 0) {
        BN_clear_free(scalar);
        return TB_STATUS(CRYPTO_KEY);
    }
    *out = scalar;
    return TB_STATUS(TB_OK);
}

static tb_status nist_public(const struct curve *curve, tb_bytes private_key, uint8_t *public_key)
{
    BIGNUM *scalar = NULL;
    TRY(nist_scalar(curve, private_key, &scalar));
    size_t len = 1 + 2 * curve->scalar_len;
    EC_POINT *point = EC_POINT_new(curve->group);
    bool is_done = point != NULL &&
                   EC_POINT_mul(curve->group, point, scalar, NULL, NULL, NULL) == 1 &&
                   EC_POINT_point2oct(curve->group, point, POINT_CONVERSION_UNCOMPRESSED,
                                      public_key, len, NULL) == len;
    EC_POINT_free(point);
    BN_clear_free(scalar);
    return TB_STATUS(is_done ? TB_OK : CRYPTO_FAILED);
}

/* Decoding checks that the point is on the curve; the cofactor of these curves is 1. */
static tb_status nist_point(const struct curve *curve, tb_bytes public_key, EC_POINT **out)
{
    if (public_key.len != 1 + 2 * curve->scalar_len ||
        public_key.data[0] != POINT_CONVERSION_UNCOMPRESSED) {
        return TB_STATUS(CRYPTO_KEY);
    }
    EC_POINT *point = EC_POINT_new(curve->group);
    if (point == NULL) return TB_STATUS(CRYPTO_FAILED);
    if (EC_POINT_oct2point(curve->group, point, public_key.data, public_key.len, NULL) != 1) {
        EC_POINT_free(point);
        return TB_STATUS(CRYPTO_KEY);
    }
    *out = point;
    return TB_STATUS(TB_OK);
}

static tb_status nist_dh(const struct curve *curve, tb_bytes private_key, tb_bytes public_key,
                         struct tb_secret *shared)
{
    BIGNUM *scalar = NULL, *x = NULL;
    EC_POINT *point = NULL;
    struct tb_secret result = { .len = curve->scalar_len };
    tb_status status = TB_STATUS(TB_OK);

    CHECK(nist_point(curve, public_key, &point));
    CHECK(nist_scalar(curve, private_key, &scalar));
    x = BN_secure_new();
    if (x == NULL || EC_POINT_mul(curve->group, point, NULL, point, scalar, NULL) != 1) {
        CHECK(TB_STATUS(CRYPTO_FAILED));
    }
    /* Fails for the point at infinity. */
    if (EC_POINT_get_affine_coordinates(curve->group, point, x, NULL, NULL) != 1) {
        CHECK(TB_STATUS(CRYPTO_KEY));
    }
    if (BN_bn2binpad(x, result.data, (int)result.len) < 0) CHECK(TB_STATUS(CRYPTO_FAILED));
    *shared = result;
out:
    BN_clear_free(scalar);
    BN_clear_free(x);
    EC_POINT_clear_free(point);
    tb_secret_wipe(&result);
    return status;
}

enum { X448_LEN = 56 };

static tb_status x448_dh(tb_bytes private_key, tb_bytes public_key, struct tb_secret *shared)
{
    struct tb_secret result = { .len = X448_LEN };
    if (public_key.len != X448_LEN) return TB_STATUS(CRYPTO_KEY);
    EVP_PKEY *own = EVP_PKEY_new_raw_private_key_ex(NULL, "X448", NULL, private_key.data,
                                                    private_key.len);
    EVP_PKEY *peer = EVP_PKEY_new_raw_public_key_ex(NULL, "X448", NULL, public_key.data,
                                                    public_key.len);
    EVP_PKEY_CTX *ctx = own == NULL ? NULL : EVP_PKEY_CTX_new_from_pkey(NULL, own, NULL);
    tb_status status = TB_STATUS(CRYPTO_FAILED);
    if (peer != NULL && ctx != NULL && EVP_PKEY_derive_init(ctx) == 1 &&
        EVP_PKEY_derive_set_peer(ctx, peer) == 1) {
        /* OpenSSL refuses an all-zero result. */
        bool is_done = EVP_PKEY_derive(ctx, result.data, &result.len) == 1;
        status = TB_STATUS(is_done ? TB_OK : CRYPTO_KEY);
    }
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(peer);
    EVP_PKEY_free(own);
    if (tb_is_ok(status)) *shared = result;
    tb_secret_wipe(&result);
    return status;
}

static tb_status raw_public(const char *type, tb_bytes private_key, uint8_t *public_key,
                            size_t len)
{
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key_ex(NULL, type, NULL, private_key.data,
                                                    private_key.len);
    bool is_done = key != NULL && EVP_PKEY_get_raw_public_key(key, public_key, &len) == 1;
    EVP_PKEY_free(key);
    return TB_STATUS(is_done ? TB_OK : CRYPTO_FAILED);
}

static tb_status native_dh_public(const struct crypto_provider *self, enum crypto_kem kem,
                                  tb_bytes private_key, uint8_t *public_key)
{
    (void)self;
    if (!crypto_native_is_ready()) return TB_STATUS(CRYPTO_FAILED);
    if (kem == CRYPTO_KEM_X25519) {
        assert(private_key.len == crypto_scalarmult_curve25519_SCALARBYTES);
        int result = crypto_scalarmult_curve25519_base(public_key, private_key.data);
        return TB_STATUS(result == 0 ? TB_OK : CRYPTO_FAILED);
    }
    if (kem == CRYPTO_KEM_X448) {
        assert(private_key.len == X448_LEN);
        return raw_public("X448", private_key, public_key, X448_LEN);
    }
    if (crypto_kem_is_plain(kem)) return crypto_native_kem_public(private_key, public_key);
    return nist_public(curve_of_kem(kem), private_key, public_key);
}

static tb_status native_dh(const struct crypto_provider *self, enum crypto_kem kem,
                           tb_bytes private_key, tb_bytes public_key, struct tb_secret *shared)
{
    (void)self;
    if (!crypto_native_is_ready()) return TB_STATUS(CRYPTO_FAILED);
    if (kem == CRYPTO_KEM_X25519) {
        struct tb_secret result = { .len = crypto_scalarmult_curve25519_BYTES };
        assert(private_key.len == crypto_scalarmult_curve25519_SCALARBYTES);
        if (public_key.len != crypto_scalarmult_curve25519_BYTES) return TB_STATUS(CRYPTO_KEY);
        /* Refuses an all-zero result. */
        bool is_done = crypto_scalarmult_curve25519(result.data, private_key.data,
                                                    public_key.data) == 0;
        if (is_done) *shared = result;
        tb_secret_wipe(&result);
        return TB_STATUS(is_done ? TB_OK : CRYPTO_KEY);
    }
    if (kem == CRYPTO_KEM_X448) {
        assert(private_key.len == X448_LEN);
        return x448_dh(private_key, public_key, shared);
    }
    return nist_dh(curve_of_kem(kem), private_key, public_key, shared);
}

static tb_status native_point_check(const struct crypto_provider *self, enum crypto_kem kem,
                                    tb_bytes public_key)
{
    (void)self;
    EC_POINT *point = NULL;
    if (crypto_kem_is_plain(kem)) return crypto_native_kem_check(public_key);
    tb_status status = nist_point(curve_of_kem(kem), public_key, &point);
    EC_POINT_free(point);
    return status;
}

/* ---------------------------------------------------------------- signatures */

enum { ED448_KEY_LEN = 57, EC_PARAMS = 4 };

/* private_key may be empty: a key for verification. */
static EVP_PKEY *ecdsa_key(const struct curve *curve, tb_bytes private_key, tb_bytes public_key)
{
    OSSL_PARAM params[EC_PARAMS];
    uint8_t native_order[66];
    EVP_PKEY *key = NULL;
    size_t count = 0;

    params[count++] = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
                                                       (char *)(uintptr_t)curve->name, 0);
    params[count++] = OSSL_PARAM_construct_octet_string(
        OSSL_PKEY_PARAM_PUB_KEY, (void *)(uintptr_t)public_key.data, public_key.len);
    if (private_key.len != 0) {
        /* OSSL_PARAM integers are little-endian here. */
        for (size_t i = 0; i < private_key.len; i++) {
            native_order[i] = private_key.data[private_key.len - 1 - i];
        }
        params[count++] = OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, native_order,
                                                  private_key.len);
    }
    params[count] = OSSL_PARAM_construct_end();

    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    if (ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1) {
        int selection = private_key.len != 0 ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY;
        if (EVP_PKEY_fromdata(ctx, &key, selection, params) != 1) key = NULL;
    }
    EVP_PKEY_CTX_free(ctx);
    tb_wipe(native_order, sizeof native_order);
    return key;
}

/* The hash is NULL for EdDSA, which hashes by itself.  Consumes the key. */
static bool evp_sign(EVP_PKEY *key, const char *hash, tb_bytes message, uint8_t *signature,
                     size_t *len)
{
    size_t cap = CRYPTO_SIGNATURE_MAX;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool is_done = key != NULL && ctx != NULL &&
                   EVP_DigestSignInit_ex(ctx, NULL, hash, NULL, NULL, key, NULL) == 1 &&
                   EVP_DigestSign(ctx, signature, &cap, message.data, message.len) == 1;
    if (is_done) *len = cap;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    return is_done;
}

static tb_status evp_verify(EVP_PKEY *key, const char *hash, tb_bytes message, tb_bytes signature)
{
    if (key == NULL) return TB_STATUS(CRYPTO_KEY);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    tb_status status = TB_STATUS(CRYPTO_FAILED);
    if (ctx != NULL && EVP_DigestVerifyInit_ex(ctx, NULL, hash, NULL, NULL, key, NULL) == 1) {
        bool is_valid = EVP_DigestVerify(ctx, signature.data, signature.len, message.data,
                                         message.len) == 1;
        status = TB_STATUS(is_valid ? TB_OK : CRYPTO_SIGNATURE);
    }
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    return status;
}

static tb_status native_sign_public(const struct crypto_provider *self, enum crypto_signature alg,
                                    tb_bytes private_key, uint8_t *public_key)
{
    (void)self;
    if (!crypto_native_is_ready()) return TB_STATUS(CRYPTO_FAILED);
    if (alg == CRYPTO_ED25519) {
        uint8_t expanded[crypto_sign_ed25519_SECRETKEYBYTES];
        assert(private_key.len == crypto_sign_ed25519_SEEDBYTES);
        int result = crypto_sign_ed25519_seed_keypair(public_key, expanded, private_key.data);
        tb_wipe(expanded, sizeof expanded);
        return TB_STATUS(result == 0 ? TB_OK : CRYPTO_FAILED);
    }
    if (alg == CRYPTO_ED448) {
        assert(private_key.len == ED448_KEY_LEN);
        return raw_public("ED448", private_key, public_key, ED448_KEY_LEN);
    }
    return nist_public(curve_of_signature(alg), private_key, public_key);
}

static tb_status native_sign(const struct crypto_provider *self, enum crypto_signature alg,
                             tb_bytes private_key, tb_bytes public_key, tb_bytes message,
                             uint8_t signature[CRYPTO_SIGNATURE_MAX], size_t *len)
{
    (void)self;
    if (!crypto_native_is_ready()) return TB_STATUS(CRYPTO_FAILED);
    if (alg == CRYPTO_ED25519) {
        /* libsodium's secret key is seed || public key. */
        uint8_t expanded[crypto_sign_ed25519_SECRETKEYBYTES];
        assert(private_key.len == crypto_sign_ed25519_SEEDBYTES);
        assert(public_key.len == crypto_sign_ed25519_PUBLICKEYBYTES);
        memcpy(expanded, private_key.data, private_key.len);
        memcpy(expanded + private_key.len, public_key.data, public_key.len);
        int result = crypto_sign_ed25519_detached(signature, NULL, message.data, message.len,
                                                  expanded);
        tb_wipe(expanded, sizeof expanded);
        if (result != 0) return TB_STATUS(CRYPTO_FAILED);
        *len = crypto_sign_ed25519_BYTES;
        return TB_STATUS(TB_OK);
    }
    if (alg == CRYPTO_ED448) {
        EVP_PKEY *key = EVP_PKEY_new_raw_private_key_ex(NULL, "ED448", NULL, private_key.data,
                                                        private_key.len);
        return TB_STATUS(evp_sign(key, NULL, message, signature, len) ? TB_OK : CRYPTO_FAILED);
    }
    const struct curve *curve = curve_of_signature(alg);
    EVP_PKEY *key = ecdsa_key(curve, private_key, public_key);
    bool is_done = evp_sign(key, EVP_MD_get0_name(curve->hash), message, signature, len);
    return TB_STATUS(is_done ? TB_OK : CRYPTO_FAILED);
}

static tb_status native_verify(const struct crypto_provider *self, enum crypto_signature alg,
                               tb_bytes public_key, tb_bytes message, tb_bytes signature)
{
    (void)self;
    if (!crypto_native_is_ready()) return TB_STATUS(CRYPTO_FAILED);
    if (alg == CRYPTO_ED25519) {
        if (public_key.len != crypto_sign_ed25519_PUBLICKEYBYTES) return TB_STATUS(CRYPTO_KEY);
        if (signature.len != crypto_sign_ed25519_BYTES) return TB_STATUS(CRYPTO_SIGNATURE);
        int result = crypto_sign_ed25519_verify_detached(signature.data, message.data, message.len,
                                                 public_key.data);
        return TB_STATUS(result == 0 ? TB_OK : CRYPTO_SIGNATURE);
    }
    if (alg == CRYPTO_ED448) {
        if (public_key.len != ED448_KEY_LEN) return TB_STATUS(CRYPTO_KEY);
        EVP_PKEY *key = EVP_PKEY_new_raw_public_key_ex(NULL, "ED448", NULL, public_key.data,
                                                       public_key.len);
        return evp_verify(key, NULL, message, signature);
    }
    const struct curve *curve = curve_of_signature(alg);
    if (public_key.len != 1 + 2 * curve->scalar_len ||
        public_key.data[0] != POINT_CONVERSION_UNCOMPRESSED) {
        return TB_STATUS(CRYPTO_KEY);
    }
    EVP_PKEY *key = ecdsa_key(curve, (tb_bytes){ NULL, 0 }, public_key);
    return evp_verify(key, EVP_MD_get0_name(curve->hash), message, signature);
}

static bool native_has(const struct crypto_provider *self, uint16_t cipher_suite)
{
    (void)self;
    if (cipher_suite == CRYPTO_SUITE_MLKEM && !crypto_native_has_ml_kem()) return false;
    bool is_known = cipher_suite >= 0x0001 && cipher_suite <= 0x0007;
    return (is_known || cipher_suite == CRYPTO_SUITE_MLKEM) && crypto_native_is_ready();
}

const struct crypto_provider *crypto_backend_native(void)
{
    static const struct crypto_provider provider = {
        .name = "OpenSSL and libsodium",
        .hash = native_hash,
        .hmac = native_hmac,
        .aead_seal = crypto_native_aead_seal,
        .aead_open = crypto_native_aead_open,
        .dh_public = native_dh_public,
        .dh = native_dh,
        .point_check = native_point_check,
        .kem_derive = crypto_native_kem_derive,
        .kem_encap = crypto_native_kem_encap,
        .kem_decap = crypto_native_kem_decap,
        .sign_public = native_sign_public,
        .sign = native_sign,
        .verify = native_verify,
        .has = native_has,
    };
    return &provider;
}
