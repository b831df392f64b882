/* Cryptography of the program's own behind a provider, and the built-in one for such a program. */
#include <string.h>

#include "api/api.h"

/* The public numbers are those of the crypto room. */
_Static_assert((int)MLS_HASH_SHA256 == CRYPTO_SHA256 && (int)MLS_HASH_SHA384 == CRYPTO_SHA384 &&
               (int)MLS_HASH_SHA512 == CRYPTO_SHA512, "hashes");
_Static_assert((int)MLS_AEAD_AES128_GCM == CRYPTO_AES128_GCM &&
               (int)MLS_AEAD_AES256_GCM == CRYPTO_AES256_GCM &&
               (int)MLS_AEAD_CHACHA20_POLY1305 == CRYPTO_CHACHA20_POLY1305, "AEADs");
_Static_assert((int)MLS_KEM_P256 == CRYPTO_KEM_P256 && (int)MLS_KEM_P384 == CRYPTO_KEM_P384 &&
               (int)MLS_KEM_P521 == CRYPTO_KEM_P521 && (int)MLS_KEM_X25519 == CRYPTO_KEM_X25519 &&
               (int)MLS_KEM_X448 == CRYPTO_KEM_X448, "KEMs");
_Static_assert((int)MLS_SIGNING_ED25519 == CRYPTO_ED25519 &&
               (int)MLS_SIGNING_ECDSA_P256 == CRYPTO_ECDSA_P256 &&
               (int)MLS_SIGNING_ED448 == CRYPTO_ED448 &&
               (int)MLS_SIGNING_ECDSA_P521 == CRYPTO_ECDSA_P521 &&
               (int)MLS_SIGNING_ECDSA_P384 == CRYPTO_ECDSA_P384, "signatures");
_Static_assert(MLS_CRYPTO_TAG_LEN == CRYPTO_TAG_LEN && MLS_CRYPTO_NONCE_LEN == CRYPTO_NONCE_LEN &&
               MLS_CRYPTO_SIGNATURE_MAX == CRYPTO_SIGNATURE_MAX, "lengths");

/* ---------------------------------------------------------------- the program's as a provider */

/* What a primitive may say; `refusal` is the one cause that lies in its input, or MLS_OK. */
static tb_status answer(int code, int refusal)
{
    bool is_known = code == TB_OK || code == TB_NO_SPACE || code == refusal;
    return TB_STATUS(is_known ? (uint16_t)code : CRYPTO_FAILED);
}

/* false: more than a program was promised at most. */
static bool parts_of(const tb_bytes *parts, size_t count,
                     struct mls_octets out[MLS_CRYPTO_PARTS_MAX])
{
    if (count > MLS_CRYPTO_PARTS_MAX) return false;
    for (size_t i = 0; i < count; i++) out[i] = mls_convert_out(parts[i]);
    return true;
}

static tb_status own_hash(const struct crypto_provider *self, enum crypto_hash alg,
                          const tb_bytes *parts, size_t count, uint8_t *out)
{
    const struct mls_crypto *own = self->user;
    struct mls_octets list[MLS_CRYPTO_PARTS_MAX];
    if (!parts_of(parts, count, list)) return TB_STATUS(TB_TOO_LONG);
    return answer(own->hash(own->user, (enum mls_hash)alg, list, count, out), MLS_OK);
}

static tb_status own_hmac(const struct crypto_provider *self, enum crypto_hash alg, tb_bytes key,
                          const tb_bytes *parts, size_t count, uint8_t *out)
{
    const struct mls_crypto *own = self->user;
    struct mls_octets list[MLS_CRYPTO_PARTS_MAX];
    if (!parts_of(parts, count, list)) return TB_STATUS(TB_TOO_LONG);
    return answer(own->hmac(own->user, (enum mls_hash)alg, mls_convert_out(key), list, count, out),
                  MLS_OK);
}

static tb_status own_seal(const struct crypto_provider *self, enum crypto_aead alg, tb_bytes key,
                          tb_bytes nonce, tb_bytes aad, tb_bytes plain, uint8_t *out)
{
    const struct mls_crypto *own = self->user;
    return answer(own->aead_seal(own->user, (enum mls_aead)alg, mls_convert_out(key),
                                 mls_convert_out(nonce), mls_convert_out(aad),
                                 mls_convert_out(plain), out), MLS_OK);
}

static tb_status own_open(const struct crypto_provider *self, enum crypto_aead alg, tb_bytes key,
                          tb_bytes nonce, tb_bytes aad, tb_bytes sealed, uint8_t *out)
{
    const struct mls_crypto *own = self->user;
    if (sealed.len < CRYPTO_TAG_LEN) return TB_STATUS(CRYPTO_DECRYPT);
    return answer(own->aead_open(own->user, (enum mls_aead)alg, mls_convert_out(key),
                                 mls_convert_out(nonce), mls_convert_out(aad),
                                 mls_convert_out(sealed), out), CRYPTO_DECRYPT);
}

static tb_status own_dh_public(const struct crypto_provider *self, enum crypto_kem kem,
                               tb_bytes private_key, uint8_t *public_key)
{
    const struct mls_crypto *own = self->user;
    return answer(own->dh_public(own->user, (enum mls_kem)kem, mls_convert_out(private_key),
                                 public_key), CRYPTO_KEY);
}

static tb_status own_dh(const struct crypto_provider *self, enum crypto_kem kem,
                        tb_bytes private_key, tb_bytes public_key, struct tb_secret *shared)
{
    const struct mls_crypto *own = self->user;
    struct tb_secret made = { .len = private_key.len };
    tb_status status = answer(own->dh(own->user, (enum mls_kem)kem, mls_convert_out(private_key),
                                      mls_convert_out(public_key), made.data), CRYPTO_KEY);
    if (tb_is_ok(status)) *shared = made;
    tb_secret_wipe(&made);
    return status;
}

static tb_status own_point_check(const struct crypto_provider *self, enum crypto_kem kem,
                                 tb_bytes public_key)
{
    const struct mls_crypto *own = self->user;
    return answer(own->point_check(own->user, (enum mls_kem)kem, mls_convert_out(public_key)),
                  CRYPTO_KEY);
}

static tb_status own_sign_public(const struct crypto_provider *self, enum crypto_signature alg,
                                 tb_bytes private_key, uint8_t *public_key)
{
    const struct mls_crypto *own = self->user;
    return answer(own->sign_public(own->user, (enum mls_signing)alg, mls_convert_out(private_key),
                                   public_key), CRYPTO_KEY);
}

static tb_status own_sign(const struct crypto_provider *self, enum crypto_signature alg,
                          tb_bytes private_key, tb_bytes public_key, tb_bytes message,
                          uint8_t signature[CRYPTO_SIGNATURE_MAX], size_t *len)
{
    const struct mls_crypto *own = self->user;
    size_t made = 0;
    TRY(answer(own->sign(own->user, (enum mls_signing)alg, mls_convert_out(private_key),
                         mls_convert_out(public_key), mls_convert_out(message), signature, &made),
               CRYPTO_KEY));
    if (made > CRYPTO_SIGNATURE_MAX) return TB_STATUS(CRYPTO_FAILED);
    *len = made;
    return TB_STATUS(TB_OK);
}

static tb_status own_verify(const struct crypto_provider *self, enum crypto_signature alg,
                            tb_bytes public_key, tb_bytes message, tb_bytes signature)
{
    const struct mls_crypto *own = self->user;
    int code = own->verify(own->user, (enum mls_signing)alg, mls_convert_out(public_key),
                           mls_convert_out(message), mls_convert_out(signature));
    return answer(code, code == CRYPTO_KEY ? CRYPTO_KEY : CRYPTO_SIGNATURE);
}

static bool own_has(const struct crypto_provider *self, uint16_t cipher_suite)
{
    const struct mls_crypto *own = self->user;
    return own->has_suite(own->user, cipher_suite);
}

struct crypto_provider mls_crypto_provider(struct mls_crypto *own)
{
    struct crypto_provider made = *crypto_backend_native();
    made.name = "the program's";
    made.user = own;
    if (own->has_suite != NULL) made.has = own_has;
    if (own->hash != NULL) made.hash = own_hash;
    if (own->hmac != NULL) made.hmac = own_hmac;
    if (own->aead_seal != NULL) made.aead_seal = own_seal;
    if (own->aead_open != NULL) made.aead_open = own_open;
    if (own->dh_public != NULL) made.dh_public = own_dh_public;
    if (own->dh != NULL) made.dh = own_dh;
    if (own->point_check != NULL) made.point_check = own_point_check;
    if (own->sign_public != NULL) made.sign_public = own_sign_public;
    if (own->sign != NULL) made.sign = own_sign;
    if (own->verify != NULL) made.verify = own_verify;
    return made;
}

/* ---------------------------------------------------------------- the built-in one */

static const struct crypto_provider *native(void) { return crypto_backend_native(); }

static bool builtin_has_suite(void *user, uint16_t cipher_suite)
{
    (void)user;
    return native()->has(native(), cipher_suite);
}

static bool parts_in(const struct mls_octets *parts, size_t count,
                     tb_bytes out[MLS_CRYPTO_PARTS_MAX])
{
    if (count > MLS_CRYPTO_PARTS_MAX) return false;
    for (size_t i = 0; i < count; i++) out[i] = mls_convert_in(parts[i]);
    return true;
}

static int builtin_hash(void *user, enum mls_hash alg, const struct mls_octets *parts,
                        size_t count, uint8_t *out)
{
    tb_bytes list[MLS_CRYPTO_PARTS_MAX];
    (void)user;
    if (!parts_in(parts, count, list)) return TB_TOO_LONG;
    return native()->hash(native(), (enum crypto_hash)alg, list, count, out).code;
}

static int builtin_hmac(void *user, enum mls_hash alg, struct mls_octets key,
                        const struct mls_octets *parts, size_t count, uint8_t *out)
{
    tb_bytes list[MLS_CRYPTO_PARTS_MAX];
    (void)user;
    if (!parts_in(parts, count, list)) return TB_TOO_LONG;
    return native()->hmac(native(), (enum crypto_hash)alg, mls_convert_in(key), list, count,
                          out).code;
}

static int builtin_seal(void *user, enum mls_aead alg, struct mls_octets key,
                        struct mls_octets nonce, struct mls_octets aad, struct mls_octets plain,
                        uint8_t *out)
{
    (void)user;
    return native()->aead_seal(native(), (enum crypto_aead)alg, mls_convert_in(key),
                               mls_convert_in(nonce), mls_convert_in(aad), mls_convert_in(plain),
                               out).code;
}

static int builtin_open(void *user, enum mls_aead alg, struct mls_octets key,
                        struct mls_octets nonce, struct mls_octets aad, struct mls_octets sealed,
                        uint8_t *out)
{
    (void)user;
    return native()->aead_open(native(), (enum crypto_aead)alg, mls_convert_in(key),
                               mls_convert_in(nonce), mls_convert_in(aad), mls_convert_in(sealed),
                               out).code;
}

static int builtin_dh_public(void *user, enum mls_kem kem, struct mls_octets private_key,
                             uint8_t *public_key)
{
    (void)user;
    return native()->dh_public(native(), (enum crypto_kem)kem, mls_convert_in(private_key),
                               public_key).code;
}

static int builtin_dh(void *user, enum mls_kem kem, struct mls_octets private_key,
                      struct mls_octets public_key, uint8_t *shared)
{
    struct tb_secret made = { .len = 0 };
    (void)user;
    tb_status status = native()->dh(native(), (enum crypto_kem)kem, mls_convert_in(private_key),
                                    mls_convert_in(public_key), &made);
    if (tb_is_ok(status)) memcpy(shared, made.data, made.len);
    tb_secret_wipe(&made);
    return status.code;
}

static int builtin_point_check(void *user, enum mls_kem kem, struct mls_octets public_key)
{
    (void)user;
    return native()->point_check(native(), (enum crypto_kem)kem, mls_convert_in(public_key)).code;
}

static int builtin_sign_public(void *user, enum mls_signing alg, struct mls_octets private_key,
                               uint8_t *public_key)
{
    (void)user;
    return native()->sign_public(native(), (enum crypto_signature)alg,
                                 mls_convert_in(private_key), public_key).code;
}

static int builtin_sign(void *user, enum mls_signing alg, struct mls_octets private_key,
                        struct mls_octets public_key, struct mls_octets message,
                        uint8_t *signature, size_t *len)
{
    (void)user;
    return native()->sign(native(), (enum crypto_signature)alg, mls_convert_in(private_key),
                          mls_convert_in(public_key), mls_convert_in(message), signature,
                          len).code;
}

static int builtin_verify(void *user, enum mls_signing alg, struct mls_octets public_key,
                          struct mls_octets message, struct mls_octets signature)
{
    (void)user;
    return native()->verify(native(), (enum crypto_signature)alg, mls_convert_in(public_key),
                            mls_convert_in(message), mls_convert_in(signature)).code;
}

const struct mls_crypto *mls_crypto_builtin(void)
{
    static const struct mls_crypto builtin = {
        .size = sizeof builtin,
        .has_suite = builtin_has_suite,
        .hash = builtin_hash,
        .hmac = builtin_hmac,
        .aead_seal = builtin_seal,
        .aead_open = builtin_open,
        .dh_public = builtin_dh_public,
        .dh = builtin_dh,
        .point_check = builtin_point_check,
        .sign_public = builtin_sign_public,
        .sign = builtin_sign,
        .verify = builtin_verify,
    };
    return &builtin;
}
