/* Why the crypto room refuses.  Toward the network all decryption failures look alike. */
#ifndef TB_CRYPTO_STATUS_H
#define TB_CRYPTO_STATUS_H

#include "base/status.h"

#define CRYPTO_STATUS_LIST(CODE)                                                                   \
    CODE(CRYPTO_FAILED, 200, "the crypto backend failed")                                          \
    CODE(CRYPTO_UNSUPPORTED, 201, "the cipher suite or algorithm is not offered here")             \
    CODE(CRYPTO_KEY, 202, "a key is not a valid key of its algorithm")                             \
    CODE(CRYPTO_SIGNATURE, 203, "a signature does not verify")                                     \
    CODE(CRYPTO_DECRYPT, 204, "a ciphertext does not decrypt")                                     \
    CODE(CRYPTO_NO_MLKEM, 205, "the cipher suite needs ML-KEM, which the backend does not have")

enum crypto_status_code {
#define CRYPTO_STATUS_ENUM(NAME_, NUMBER_, TEXT_) NAME_ = NUMBER_,
    CRYPTO_STATUS_LIST(CRYPTO_STATUS_ENUM)
};

#endif
