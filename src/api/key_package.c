/* Key packages: our own, and those of others before a group is known. */
#include "api/api.h"
#include "api/private_part.h"
#include "mls/leaf.h"

WIRE_TABLE(mls_private_part, MLS_PRIVATE_PART)

static tb_status make(const struct mls_env *env, const struct mls_signer *signer,
                      const struct mls_leaf_options *leaf, bool is_last_resort,
                      struct tb_arena *arena, struct mls_key_package *out)
{
    struct mls_key_package_params params;
    struct mls_key_package_secrets secrets = { .init_key = { .len = 0 } };
    uint8_t ref[CRYPTO_HASH_MAX];
    tb_bytes encoded, private_part, ref_copy;
    tb_status status = TB_STATUS(TB_OK);

    CHECK(mls_convert_leaf_options(leaf, arena, &params));
    params.signer = &signer->key;
    params.is_last_resort = is_last_resort;
    CHECK(mls_key_package_new(env, &params, arena, &encoded, &secrets, ref));
    const struct mls_private_part part = {
        MLS_PRIVATE_PART_VERSION, env->suite->id, tb_secret_view(&secrets.init_key),
        tb_secret_view(&secrets.encryption_key)
    };
    CHECK(wire_encode(&mls_private_part_desc, &part, arena, &private_part));
    CHECK(tb_arena_dup(arena, (tb_bytes){ ref, env->suite->hash_len }, &ref_copy));
    *out = (struct mls_key_package){ mls_convert_out(encoded), mls_convert_out(private_part),
                                     mls_convert_out(ref_copy) };
out:
    mls_key_package_secrets_wipe(&secrets);
    return status;
}

int mls_key_package_make(const struct mls_ctx *ctx, const struct mls_signer *signer,
                         const struct mls_leaf_options *leaf, bool is_last_resort,
                         struct mls_arena *arena, struct mls_key_package *out)
{
    if (signer == NULL || arena == NULL || out == NULL) return MLS_ARGUMENT;
    struct tb_rng rng = mls_ctx_rng(ctx);
    const struct mls_env env = { .suite = signer->suite, .mem = arena->at->mem, .rng = &rng };
    return make(&env, signer, leaf, is_last_resort, arena->at, out).code;
}

tb_status mls_key_package_private(const struct crypto_suite *suite, struct mls_octets octets,
                                  struct tb_arena *arena, struct mls_key_package_secrets *out)
{
    struct mls_private_part part;
    tb_status status = wire_decode(&mls_private_part_desc, mls_convert_in(octets), arena, &part,
                                   NULL);
    if (status.code == TB_NO_SPACE) return status;
    if (!tb_is_ok(status) || part.version != MLS_PRIVATE_PART_VERSION ||
        part.init_key.len > TB_SECRET_MAX || part.encryption_key.len > TB_SECRET_MAX) {
        return TB_STATUS(MLS_BLOB);
    }
    if (part.cipher_suite != suite->id) return TB_STATUS(MLS_SUITE);
    tb_secret_set(&out->init_key, part.init_key);
    tb_secret_set(&out->encryption_key, part.encryption_key);
    return TB_STATUS(TB_OK);
}

/* ---------------------------------------------------------------- of others */

static tb_status open_checked(const struct mls_ctx *ctx, struct mls_octets octets, uint64_t now_s,
                              struct tb_arena *arena, struct mls_key_package_info *info,
                              struct tb_why *why)
{
    struct mls_key_package_in *in;
    struct mls_public_key_package opened;
    tb_bytes ref;
    TRY(mls_proposal_key_package(mls_convert_in(octets), arena, &in, why));
    const struct crypto_suite *suite = mls_ctx_suite(ctx, in->cipher_suite);
    if (suite == NULL) return TB_STATUS(CRYPTO_UNSUPPORTED);
    tb_bytes encoded = mls_leaf_key_package_view(in);
    TRY(mls_public_key_package_open(suite, encoded, now_s, arena, &opened, why));
    const struct mls_credential_ask ask = { ctx, arena->mem, { NULL, 0 }, now_s };
    TRY(mls_credential_ask_leaf(&ask, MLS_CREDENTIAL_IN_ADD, UINT32_MAX, &in->leaf_node));
    TRY(tb_arena_dup(arena, (tb_bytes){ opened.ref, opened.ref_len }, &ref));
    TRY(mls_convert_identity(&in->leaf_node.credential, arena, &info->credential));
    info->cipher_suite = suite->id;
    info->signature_key = mls_convert_out(opened.signature_key);
    info->key_package = mls_convert_out(encoded);
    info->ref = mls_convert_out(ref);
    info->not_before_s = opened.not_before_s;
    info->not_after_s = opened.not_after_s;
    info->is_last_resort = opened.is_last_resort;
    return TB_STATUS(TB_OK);
}

int mls_key_package_open(const struct mls_ctx *ctx, struct mls_octets key_package, uint64_t now_s,
                         struct mls_arena *arena, struct mls_key_package_info *out,
                         struct mls_where *where)
{
    struct mls_key_package_info info = { .size = sizeof info };
    struct tb_why why = { NULL, NULL, 0 };
    if (arena == NULL) return MLS_ARGUMENT;
    tb_status status = mls_convert_target(out);
    if (!tb_is_ok(status)) return status.code;
    status = open_checked(ctx, key_package, now_s, arena->at, &info, &why);
    if (tb_is_ok(status)) {
        mls_convert_result(out, &info, sizeof info);
    } else {
        mls_session_where(&why, where);
    }
    return status.code;
}
