#include "mls/public_verify.h"

#include <assert.h>

void mls_public_verify_init(struct mls_public_verify *verify, const struct crypto_suite *suite,
                            const struct mls_parallel *parallel, struct tb_mem *mem)
{
    verify->suite = suite;
    verify->parallel = parallel;
    verify->count = 0;
    tb_arena_init(&verify->arena, mem, MLS_PUBLIC_VERIFY_BYTES_MAX);
}

static void verify_one(void *ctx, size_t index)
{
    struct mls_public_verify *verify = ctx;
    const struct crypto_suite *suite = verify->suite;
    struct mls_public_verify_job *job = &verify->jobs[index];
    tb_status status = suite->provider->verify(suite->provider, suite->signature, job->public_key,
                                               job->content, job->signature);
    job->status = status.code == CRYPTO_SIGNATURE ? job->refusal : status;
}

/* The batch is empty afterwards. */
static tb_status verify_batch(struct mls_public_verify *verify)
{
    tb_status first = TB_STATUS(TB_OK);
    if (verify->parallel != NULL && verify->count > 1) {
        verify->parallel->run(verify->parallel->ctx, verify->count, verify_one, verify);
    } else {
        for (size_t i = 0; i < verify->count; i++) verify_one(verify, i);
    }
    for (size_t i = 0; i < verify->count && tb_is_ok(first); i++) first = verify->jobs[i].status;
    verify->count = 0;
    tb_arena_wipe(&verify->arena);
    return first;
}

tb_status mls_public_verify_add(struct mls_public_verify *verify, tb_bytes public_key,
                                tb_bytes content, tb_bytes signature, tb_status refusal)
{
    assert(verify->count < MLS_PUBLIC_VERIFY_COUNT_MAX);
    verify->jobs[verify->count++] = (struct mls_public_verify_job){
        .public_key = public_key,
        .content = content,
        .signature = signature,
        .refusal = refusal,
        .status = refusal, /* stands when run forgets a call */
    };
    bool is_full = verify->count == MLS_PUBLIC_VERIFY_COUNT_MAX ||
                   verify->arena.used_bytes >= MLS_PUBLIC_VERIFY_BYTES;
    return is_full ? verify_batch(verify) : TB_STATUS(TB_OK);
}

tb_status mls_public_verify_finish(struct mls_public_verify *verify, tb_status so_far)
{
    tb_status status = verify_batch(verify);
    return tb_is_ok(status) ? so_far : status;
}
