/* Why the public interface refuses, beyond the reasons of the rooms under it. */
#ifndef TB_API_STATUS_H
#define TB_API_STATUS_H

#include "base/status.h"

#define API_STATUS_LIST(CODE)                                                                      \
    CODE(MLS_ARGUMENT, 1000, "an argument is missing or asks for what this version cannot do") \
    CODE(MLS_CREDENTIAL_REFUSED, 1001, "the application does not accept a credential")             \
    CODE(MLS_CREDENTIAL_KEY, 1002, "a certificate's key is not the signature key of its leaf")     \
    CODE(MLS_CERTIFICATE, 1003, "a certificate cannot be read")

enum api_status_code {
#define API_STATUS_ENUM(NAME_, NUMBER_, TEXT_) NAME_ = NUMBER_,
    API_STATUS_LIST(API_STATUS_ENUM)
};

#endif
