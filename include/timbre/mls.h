/*
 * Messaging Layer Security (RFC 9420 and draft-ietf-mls-extensions) for C and C++ programs.
 *
 *   mls_base.h     conventions, status codes, allocator, randomness, credentials, keys
 *   mls_crypto.h   cryptography of the program's own
 *   mls_session.h  a member's end of a group
 *   mls_outside.h  external joins, and the delivery service's end of a group
 *
 * docs/mls.md shows how the parts fit; examples/ has whole programs.
 */
#ifndef TIMBRE_MLS_H
#define TIMBRE_MLS_H

#include "timbre/mls_base.h"
#include "timbre/mls_crypto.h"
#include "timbre/mls_outside.h"
#include "timbre/mls_session.h"

#endif
