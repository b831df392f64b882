/* Certificates for tests of X.509 credentials. */
#ifndef TB_TESTS_UNIT_API_CERTIFICATE_H
#define TB_TESTS_UNIT_API_CERTIFICATE_H

#include "tests/support.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "timbre/mls.h"

enum { API_DER_BYTES_MAX = 2048 };

/* A self-signed certificate of this Ed25519 seed. */
static inline size_t api_certificate_of(struct mls_octets seed, uint8_t der[API_DER_BYTES_MAX])
{
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed.data, seed.len);
    X509 *certificate = X509_new();
    uint8_t *end = der;
    assert_int_equal(X509_set_version(certificate, X509_VERSION_3), 1);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(certificate), 7), 1);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(certificate), 0));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(certificate), 3600));
    assert_int_equal(X509_set_pubkey(certificate, key), 1);
    assert_true(X509_sign(certificate, key, NULL) > 0);
    int len = i2d_X509(certificate, NULL);
    assert_in_range(len, 1, API_DER_BYTES_MAX);
    assert_int_equal(i2d_X509(certificate, &end), len);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return (size_t)len;
}

#endif
