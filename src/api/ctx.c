/* The library's surroundings: what the program provides, arenas, signature keys. */
#include <string.h>

#include "api/api.h"

uint32_t mls_library_version(void) { return MLS_LIBRARY_VERSION; }

/* ---------------------------------------------------------------- context */

/* The program's rule for a component, as the mls room calls it. */
static tb_status update_app_data(void *user, uint16_t component_id, bool is_present, tb_bytes old,
                                 const tb_bytes *updates, size_t update_count,
                                 struct tb_arena *arena, tb_bytes *out)
{
    const struct mls_ctx *ctx = user;
    struct mls_arena lent = { .at = arena };
    struct mls_octets *list = tb_arena_take(arena, update_count, sizeof *list);
    struct mls_octets made = { NULL, 0 };
    if (list == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < update_count; i++) list[i] = mls_convert_out(updates[i]);
    if (ctx->update_app_data(ctx->user, component_id, is_present, mls_convert_out(old), list,
                             update_count, &lent, &made) != MLS_OK) {
        return TB_STATUS(MLS_PROPOSALS_APP_DATA);
    }
    *out = mls_convert_in(made);
    return TB_STATUS(TB_OK);
}

/* The program's threads, as the mls room calls them. */
static void run_parallel(void *user, size_t count, void (*work)(void *work_ctx, size_t index),
                         void *work_ctx)
{
    const struct mls_ctx *ctx = user;
    ctx->run_parallel(ctx->user, count, work, work_ctx);
}

static tb_status config_of(const struct mls_config *given, struct mls_ctx *ctx)
{
    struct mls_config config = { .size = sizeof config };
    if (given != NULL) TRY(mls_convert_options(given, &config, sizeof config));
    ctx->memory = mls_system_memory;
    ctx->random = mls_system_random;
    if (config.memory != NULL) {
        TRY(mls_convert_options(config.memory, &ctx->memory, sizeof ctx->memory));
    }
    if (config.random != NULL) {
        TRY(mls_convert_options(config.random, &ctx->random, sizeof ctx->random));
    }
    if (ctx->memory.take == NULL || ctx->memory.give == NULL || ctx->random.fill == NULL) {
        return TB_STATUS(MLS_ARGUMENT);
    }
    ctx->object_bytes_max = config.object_bytes_max == 0 ? SIZE_MAX : config.object_bytes_max;
    ctx->user = config.user;
    ctx->check_credential = config.check_credential;
    ctx->update_app_data = config.update_app_data;
    ctx->run_parallel = config.run_parallel;
    if (config.crypto != NULL) {
        TRY(mls_convert_options(config.crypto, &ctx->crypto, sizeof ctx->crypto));
    }
    return TB_STATUS(TB_OK);
}

static void find_suites(struct mls_ctx *ctx)
{
    static const uint16_t offered[API_SUITE_COUNT_MAX] = {
        MLS_128_DHKEMX25519_AES128GCM_SHA256_ED25519,
        MLS_128_DHKEMP256_AES128GCM_SHA256_P256,
        MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_ED25519,
        MLS_256_DHKEMX448_AES256GCM_SHA512_ED448,
        MLS_256_DHKEMP521_AES256GCM_SHA512_P521,
        MLS_256_DHKEMX448_CHACHA20POLY1305_SHA512_ED448,
        MLS_256_DHKEMP384_AES256GCM_SHA384_P384,
        API_SUITE_MLKEM, /* private range; where the provider has ML-KEM */
    };
    for (size_t i = 0; i < API_SUITE_COUNT_MAX && offered[i] != 0; i++) {
        tb_status status = crypto_suite_init(&ctx->suites[ctx->suite_count], offered[i],
                                             &ctx->provider);
        if (tb_is_ok(status)) ctx->suite_count++;
    }
}

int mls_ctx_new(const struct mls_config *config, struct mls_ctx **out)
{
    struct mls_ctx made = { .suite_count = 0 };
    struct tb_mem mem;
    if (out == NULL) return MLS_ARGUMENT;
    tb_status status = config_of(config, &made);
    if (!tb_is_ok(status)) return status.code;
    struct mls_ctx *ctx = mls_ctx_take(&made, sizeof *ctx, &mem);
    if (ctx == NULL) return TB_NO_SPACE;
    *ctx = made;
    ctx->app_data = (struct mls_public_app_data){ ctx, update_app_data };
    ctx->parallel = (struct mls_parallel){ ctx, run_parallel };
    ctx->provider = mls_crypto_provider(&ctx->crypto);
    find_suites(ctx);
    *out = ctx;
    return MLS_OK;
}

void mls_ctx_free(struct mls_ctx *ctx)
{
    if (ctx == NULL) return;
    struct mls_memory memory = ctx->memory;
    tb_wipe(ctx, sizeof *ctx);
    memory.give(memory.user, ctx, sizeof *ctx);
}

bool mls_ctx_has_suite(const struct mls_ctx *ctx, uint16_t cipher_suite)
{
    return mls_ctx_suite(ctx, cipher_suite) != NULL;
}

void *mls_ctx_take(const struct mls_ctx *ctx, size_t len, struct tb_mem *mem)
{
    *mem = (struct tb_mem){ ctx->memory.user, ctx->memory.take, ctx->memory.give, 0,
                            ctx->object_bytes_max };
    return tb_mem_take(mem, len);
}

void mls_ctx_give(void *object, size_t len, const struct tb_mem *mem)
{
    struct tb_mem last = *mem;
    tb_mem_give(&last, object, len);
}

const struct crypto_suite *mls_ctx_suite(const struct mls_ctx *ctx, uint16_t cipher_suite)
{
    for (size_t i = 0; i < ctx->suite_count; i++) {
        if (ctx->suites[i].id == cipher_suite) return &ctx->suites[i];
    }
    return NULL;
}

struct tb_rng mls_ctx_rng(const struct mls_ctx *ctx)
{
    return (struct tb_rng){ ctx->random.user, ctx->random.fill };
}

struct mls_api_host *mls_ctx_host_new(const struct mls_ctx *ctx)
{
    struct tb_mem mem;
    struct mls_api_host *host = mls_ctx_take(ctx, sizeof *host, &mem);
    if (host == NULL) return NULL;
    host->ctx = ctx;
    host->user_count = 1;
    host->mem = mem;
    host->rng = mls_ctx_rng(ctx);
    host->env.mem = &host->mem;
    host->env.rng = &host->rng;
    host->env.app_data = ctx->update_app_data == NULL ? NULL : &ctx->app_data;
    host->env.run_parallel = mls_ctx_parallel(ctx);
    return host;
}

void mls_ctx_host_suite(struct mls_api_host *host, const struct crypto_suite *suite)
{
    host->env.suite = suite;
}

void mls_ctx_host_end(struct mls_api_host *host)
{
    if (host == NULL || --host->user_count != 0) return;
    mls_ctx_give(host, sizeof *host, &host->mem);
}

/* ---------------------------------------------------------------- arena */

int mls_arena_new(const struct mls_ctx *ctx, struct mls_arena **out)
{
    struct tb_mem mem;
    struct mls_arena *arena = mls_ctx_take(ctx, sizeof *arena, &mem);
    if (arena == NULL) return TB_NO_SPACE;
    arena->mem = mem;
    tb_arena_init(&arena->own, &arena->mem, API_ARENA_BYTES_MAX);
    arena->at = &arena->own;
    *out = arena;
    return MLS_OK;
}

void mls_arena_clear(struct mls_arena *arena) { tb_arena_wipe(arena->at); }

void mls_arena_free(struct mls_arena *arena)
{
    if (arena == NULL) return;
    tb_arena_wipe(&arena->own);
    mls_ctx_give(arena, sizeof *arena, &arena->mem);
}

void *mls_arena_take(struct mls_arena *arena, size_t len)
{
    return tb_arena_take(arena->at, len, 1);
}

/* ---------------------------------------------------------------- signature keys */

/* Of a suite that is not offered: unknown, or lacking in the provider. */
static int why_not(const struct mls_ctx *ctx, uint16_t cipher_suite)
{
    struct crypto_suite unused;
    return crypto_suite_init(&unused, cipher_suite, &ctx->provider).code;
}

static int signer_new(const struct mls_ctx *ctx, uint16_t cipher_suite,
                      const struct mls_octets *private_key, struct mls_signer **out)
{
    const struct crypto_suite *suite = mls_ctx_suite(ctx, cipher_suite);
    struct tb_rng rng = mls_ctx_rng(ctx);
    struct tb_mem mem;
    tb_status status;
    if (suite == NULL) return why_not(ctx, cipher_suite);
    struct mls_signer *signer = mls_ctx_take(ctx, sizeof *signer, &mem);
    if (signer == NULL) return TB_NO_SPACE;
    signer->mem = mem;
    signer->suite = suite;
    if (private_key == NULL) {
        status = crypto_signing_key_new(suite, &rng, &signer->key);
    } else {
        status = crypto_signing_key_from(suite, mls_convert_in(*private_key), &signer->key);
    }
    if (tb_is_ok(status)) {
        *out = signer;
    } else {
        mls_signer_free(signer);
    }
    return status.code;
}

int mls_signer_new(const struct mls_ctx *ctx, uint16_t cipher_suite, struct mls_signer **out)
{
    return signer_new(ctx, cipher_suite, NULL, out);
}

int mls_signer_from(const struct mls_ctx *ctx, uint16_t cipher_suite,
                    struct mls_octets private_key, struct mls_signer **out)
{
    return signer_new(ctx, cipher_suite, &private_key, out);
}

void mls_signer_free(struct mls_signer *signer)
{
    if (signer == NULL) return;
    mls_ctx_give(signer, sizeof *signer, &signer->mem);
}

struct mls_octets mls_signer_public_key(const struct mls_signer *signer)
{
    return mls_convert_out(crypto_signing_key_public(&signer->key));
}

struct mls_octets mls_signer_private_key(const struct mls_signer *signer)
{
    return mls_convert_out(tb_secret_view(&signer->key.private_key));
}
