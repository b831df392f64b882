/* What a member's side of MLS needs from outside, beside time. */
#ifndef TB_MLS_ENV_H
#define TB_MLS_ENV_H

#include "crypto/crypto.h"
#include "mls/public_app_data.h"
#include "mls/public_verify.h"

/* Borrowed for the life of whatever was made with it. */
struct mls_env {
    const struct crypto_suite *suite;
    struct tb_mem *mem;
    struct tb_rng *rng;
    /* How AppDataUpdate proposals change components; NULL: the last update replaces the data. */
    const struct mls_public_app_data *app_data;
    /* Threads for the signatures of many members at once (join, many Adds); NULL: none. */
    const struct mls_parallel *run_parallel;
};

#endif
