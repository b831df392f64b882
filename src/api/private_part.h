/* The private halves of a key package as the program stores them.  SECRET. */
#ifndef TB_API_PRIVATE_PART_H
#define TB_API_PRIVATE_PART_H

#include "wire/tls.h"

enum { MLS_PRIVATE_PART_VERSION = 1 };

#define MLS_PRIVATE_PART(ROW, S)                                                                   \
    ROW(S, U16, version, NONE)                                                                     \
    ROW(S, U16, cipher_suite, NONE)                                                                \
    ROW(S, BYTES, init_key, NONE)                                                                  \
    ROW(S, BYTES, encryption_key, NONE)
WIRE_STRUCT(mls_private_part, MLS_PRIVATE_PART)

#endif
