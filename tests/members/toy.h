/*
 * A provider of primitives that keeps their algebra and nothing of their strength: keys agree,
 * signatures and tags verify, every altered octet is noticed, all some hundred times faster.  For
 * programs that walk through very many states of the tree and the group, where the primitives are
 * not what is tried.  Only cipher suite 0x0003.
 */
#ifndef TB_TESTS_MEMBERS_TOY_H
#define TB_TESTS_MEMBERS_TOY_H

#include "crypto/crypto.h"

enum { TOY_SUITE = 0x0003 };

const struct crypto_provider *toy_provider(void);

#endif
