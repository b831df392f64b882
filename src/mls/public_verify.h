/*
 * Signatures that do not depend on one another, verified together: those of a received tree's
 * leaves and of the key packages of one commit.
 *
 * They are collected and verified in batches, on several threads where the caller offers them.  The
 * answer is the same whatever the order: the first refusal in the order of collection.
 */
#ifndef TB_MLS_PUBLIC_VERIFY_H
#define TB_MLS_PUBLIC_VERIFY_H

#include "crypto/crypto.h"
#include "mls/status.h"

/*
 * The caller's way to use several threads.  run calls work(work_ctx, i) once for each i below
 * count, in any order and on any threads, and returns when the last call has returned; what the
 * calls wrote is then visible to the caller's thread.  work uses no memory but its own stack and
 * what belongs to its i, and the crypto provider, which must bear calls from these threads.
 */
struct mls_parallel {
    void *ctx;
    void (*run)(void *ctx, size_t count, void (*work)(void *work_ctx, size_t index),
                void *work_ctx);
};

enum {
    MLS_PUBLIC_VERIFY_COUNT_MAX = 64,      /* signatures of one batch */
    MLS_PUBLIC_VERIFY_BYTES = 256 << 10,   /* signed content that ends a batch */
    MLS_PUBLIC_VERIFY_BYTES_MAX = 64 << 20 /* memory of a batch */
};

struct mls_public_verify_job {
    tb_bytes public_key, content, signature;
    tb_status refusal; /* what a signature that is not the key's is called */
    tb_status status;
};
struct mls_public_verify {
    const struct crypto_suite *suite;    /* borrowed */
    const struct mls_parallel *parallel; /* borrowed; NULL: one after another */
    struct tb_arena arena;               /* content of the batch */
    size_t count;
    struct mls_public_verify_job jobs[MLS_PUBLIC_VERIFY_COUNT_MAX];
};

void mls_public_verify_init(struct mls_public_verify *verify, const struct crypto_suite *suite,
                            const struct mls_parallel *parallel, struct tb_mem *mem);
/*
 * Collect one: content in verify->arena; public_key and signature borrowed until the next _finish.
 * A full batch is verified, and its refusal, if any, is the answer.
 */
TB_MUST_USE tb_status mls_public_verify_add(struct mls_public_verify *verify, tb_bytes public_key,
                                            tb_bytes content, tb_bytes signature,
                                            tb_status refusal);
/*
 * Verify what is collected and end.  so_far: why the collecting stopped, or TB_OK; a signature that
 * was collected before it and is refused comes first, as if each had been verified at once.
 */
TB_MUST_USE tb_status mls_public_verify_finish(struct mls_public_verify *verify, tb_status so_far);

#endif
