/* A session: life, storage, views. */
#include <string.h>

#include "api/api.h"
#include "mls/group_branch.h"
#include "mls/group_psk.h"
#include "mls/group_state.h"

_Static_assert(MLS_SESSION_PAST_EPOCHS == MLS_PAST_EPOCH_COUNT_MAX, "as documented");
_Static_assert(MLS_SESSION_PROPOSALS_MAX == MLS_PENDING_PROPOSAL_COUNT_MAX, "as documented");
_Static_assert(MLS_SESSION_RESUMPTION_EPOCHS == MLS_RESUMPTION_COUNT_MAX, "as documented");

void mls_session_where(const struct tb_why *why, struct mls_where *where)
{
    if (where == NULL || why->type == NULL) return;
    *where = (struct mls_where){ why->type, why->field, why->offset };
}

/* ---------------------------------------------------------------- life */

tb_status mls_session_alloc(const struct mls_ctx *ctx, const struct mls_signer *signer,
                            struct mls_api_host *host, struct mls_session **out)
{
    if (ctx == NULL || signer == NULL) return TB_STATUS(MLS_ARGUMENT);
    if (host != NULL) {
        host->user_count++;
    } else {
        host = mls_ctx_host_new(ctx);
        if (host == NULL) return TB_STATUS(TB_NO_SPACE);
        mls_ctx_host_suite(host, signer->suite);
    }
    struct mls_session *session = tb_mem_take(&host->mem, sizeof *session);
    if (session == NULL) {
        mls_ctx_host_end(host);
        return TB_STATUS(TB_NO_SPACE);
    }
    session->host = host;
    session->is_whole_due = true;
    *out = session;
    return TB_STATUS(TB_OK);
}

void mls_session_free(struct mls_session *session)
{
    if (session == NULL) return;
    struct mls_api_host *host = session->host;
    mls_group_free(session->group);
    tb_mem_give(&host->mem, session, sizeof *session);
    mls_ctx_host_end(host);
}

enum { API_GROUP_ID_LEN = 32 };

static tb_status create(struct mls_session *session, const struct mls_signer *signer,
                        const struct mls_create_options *options, struct tb_arena *arena)
{
    struct mls_key_package_params leaf;
    struct mls_extension *extensions;
    uint8_t random_id[API_GROUP_ID_LEN];
    TRY(mls_convert_leaf_options(options->leaf, arena, &leaf));
    TRY(mls_convert_extensions(options->extensions, options->extension_count, arena,
                               &extensions));
    struct mls_group_params params = {
        .group_id = mls_convert_in(options->group_id),
        .signer = &signer->key,
        .extensions = extensions,
        .extension_count = options->extension_count,
        .not_before_s = leaf.not_before_s,
        .not_after_s = leaf.not_after_s,
        .extra = leaf.extra,
    };
    if (params.group_id.len == 0) {
        TRY(tb_rng_fill(&session->host->rng, random_id, sizeof random_id));
        params.group_id = (tb_bytes){ random_id, sizeof random_id };
    }
    TRY(mls_group_create(&session->host->env, &params, &session->group));
    const struct mls_credential_ask ask = mls_session_ask(session, 0);
    return mls_credential_ask_context(&ask, mls_group_context(session->group),
                                      (tb_bytes){ NULL, 0 });
}

int mls_session_create(const struct mls_ctx *ctx, const struct mls_signer *signer,
                       const struct mls_create_options *options, struct mls_session **out)
{
    struct mls_create_options known;
    struct mls_session *session = NULL;
    struct tb_arena arena;
    tb_status status = mls_convert_options(options, &known, sizeof known);
    if (tb_is_ok(status)) status = mls_session_alloc(ctx, signer, NULL, &session);
    if (!tb_is_ok(status)) return status.code;
    tb_arena_init(&arena, &session->host->mem, API_ARENA_BYTES_MAX);
    status = create(session, signer, &known, &arena);
    tb_arena_wipe(&arena);
    if (tb_is_ok(status)) {
        *out = session;
    } else {
        mls_session_free(session);
    }
    return status.code;
}

static tb_status join_as(struct mls_session *session, const struct mls_join_options *options,
                         const struct mls_join_params *params, struct tb_why *why)
{
    const struct mls_env *env = &session->host->env;
    if (options->successor_of != NULL) {
        return mls_group_reinit_join(options->successor_of->group, env, params, &session->group,
                                     why);
    }
    if (options->branch_of != NULL) {
        return mls_group_branch_join(options->branch_of->group, env, params, &session->group, why);
    }
    return mls_group_join(env, params, &session->group, why);
}

static tb_status join(struct mls_session *session, const struct mls_signer *signer,
                      const struct mls_join_options *options, struct tb_arena *arena,
                      struct tb_why *why)
{
    struct mls_key_package_secrets secrets = { .init_key = { .len = 0 } };
    struct mls_psk_entry *psks;
    struct mls_key_package_in *key_package;
    tb_bytes *group_ids;
    tb_status status = TB_STATUS(TB_OK);

    CHECK(mls_key_package_private(session->host->env.suite, options->private_part, arena,
                                  &secrets));
    CHECK(mls_convert_psks(options->psks, options->psk_count, arena, &psks));
    CHECK(mls_convert_octets(options->group_ids, options->group_id_count, arena, &group_ids));
    CHECK(mls_proposal_key_package(mls_convert_in(options->key_package), arena, &key_package,
                                   why));
    const struct mls_join_params params = {
        .welcome = mls_convert_in(options->welcome),
        .ratchet_tree = mls_convert_in(options->ratchet_tree),
        .key_package = mls_leaf_key_package_view(key_package),
        .secrets = &secrets,
        .signer = &signer->key,
        .psks = psks,
        .psk_count = options->psk_count,
        .now_s = options->now_s,
        .group_ids = group_ids,
        .group_id_count = options->group_id_count,
    };
    CHECK(join_as(session, options, &params, why));
    const struct mls_credential_ask ask = mls_session_ask(session, options->now_s);
    CHECK(mls_credential_ask_group(&ask, session->group));
out:
    mls_key_package_secrets_wipe(&secrets);
    return status;
}

int mls_session_join(const struct mls_ctx *ctx, const struct mls_signer *signer,
                     const struct mls_join_options *options, struct mls_session **out,
                     struct mls_where *where)
{
    struct mls_join_options known;
    struct mls_session *session = NULL;
    struct tb_arena arena;
    struct tb_why why = { NULL, NULL, 0 };
    tb_status status = mls_convert_options(options, &known, sizeof known);
    if (tb_is_ok(status) && known.successor_of != NULL && known.branch_of != NULL) {
        status = TB_STATUS(MLS_ARGUMENT);
    }
    if (tb_is_ok(status)) status = mls_session_alloc(ctx, signer, NULL, &session);
    if (!tb_is_ok(status)) return status.code;
    tb_arena_init(&arena, &session->host->mem, API_ARENA_BYTES_MAX);
    status = join(session, signer, &known, &arena, &why);
    tb_arena_wipe(&arena);
    if (tb_is_ok(status)) {
        *out = session;
    } else {
        mls_session_where(&why, where);
        mls_session_free(session);
    }
    return status.code;
}

/* ---------------------------------------------------------------- views */

struct mls_octets mls_session_group_id(const struct mls_session *session)
{
    return mls_convert_out(mls_group_id(session->group));
}

uint64_t mls_session_epoch(const struct mls_session *session)
{
    return mls_group_epoch(session->group);
}

uint16_t mls_session_cipher_suite(const struct mls_session *session)
{
    return session->host->env.suite->id;
}

uint32_t mls_session_own_leaf(const struct mls_session *session)
{
    return mls_group_own_leaf(session->group);
}

struct mls_octets mls_session_group_context(const struct mls_session *session)
{
    return mls_convert_out(mls_group_context(session->group));
}

struct mls_octets mls_session_epoch_authenticator(const struct mls_session *session)
{
    return mls_convert_out(mls_group_epoch_authenticator(session->group));
}

bool mls_session_is_active(const struct mls_session *session)
{
    return mls_group_is_active(session->group);
}

bool mls_session_extension(const struct mls_session *session, uint16_t extension_type,
                           struct mls_octets *out)
{
    tb_bytes data = mls_group_extension(session->group, extension_type);
    if (data.data == NULL) return false;
    *out = mls_convert_out(data);
    return true;
}

bool mls_session_component(const struct mls_session *session, uint16_t component_id,
                           struct mls_octets *out)
{
    tb_bytes data;
    if (!mls_group_component(session->group, component_id, &data)) return false;
    *out = mls_convert_out(data);
    return true;
}

uint32_t mls_session_leaf_count(const struct mls_session *session)
{
    return mls_group_leaf_count(session->group);
}

int mls_session_leaf(const struct mls_session *session, uint32_t leaf_index,
                     struct mls_arena *arena, struct mls_leaf_info *out)
{
    struct mls_leaf_view leaf;
    tb_status status = mls_convert_target(out);
    if (!tb_is_ok(status)) return status.code;
    if (!mls_group_leaf(session->group, leaf_index, &leaf)) return MLS_TREE_LEAF;
    return mls_convert_leaf(leaf.node, leaf_index, arena->at, out).code;
}

/* ---------------------------------------------------------------- beside */

int mls_session_group_info(struct mls_session *session, bool with_tree,
                           const struct mls_ext *extensions, size_t extension_count,
                           struct mls_arena *arena, struct mls_octets *group_info,
                           struct mls_octets *ratchet_tree)
{
    struct mls_extension *list;
    tb_bytes info, tree;
    tb_status status = mls_convert_extensions(extensions, extension_count, arena->at, &list);
    if (tb_is_ok(status)) {
        status = mls_group_info(session->group, with_tree, list, extension_count, arena->at, &info,
                                &tree);
    }
    if (!tb_is_ok(status)) return status.code;
    *group_info = mls_convert_out(info);
    if (ratchet_tree != NULL) *ratchet_tree = mls_convert_out(tree);
    return MLS_OK;
}

int mls_session_export(const struct mls_session *session, const char *label,
                       struct mls_octets context, uint8_t *out, size_t len)
{
    struct tb_secret secret = { .len = 0 };
    if (label == NULL || out == NULL) return MLS_ARGUMENT;
    if (len > TB_SECRET_MAX) return TB_TOO_LONG;
    tb_status status = mls_group_export(session->group, label, mls_convert_in(context), len,
                                        &secret);
    if (tb_is_ok(status)) memcpy(out, secret.data, len);
    tb_secret_wipe(&secret);
    return status.code;
}

int mls_session_export_safe(struct mls_session *session, uint16_t component_id, uint8_t out[64],
                            size_t *len)
{
    struct tb_secret secret = { .len = 0 };
    if (out == NULL || len == NULL) return MLS_ARGUMENT;
    tb_status status = mls_group_safe_export(session->group, component_id, &secret);
    if (tb_is_ok(status)) {
        session->is_increment_due = true;
        memcpy(out, secret.data, secret.len);
        *len = secret.len;
    }
    tb_secret_wipe(&secret);
    return status.code;
}

bool mls_session_has_resumption(const struct mls_session *session, uint64_t epoch)
{
    return mls_group_psk_has(session->group, epoch);
}

int mls_session_sign(const struct mls_session *session, const char *label,
                     struct mls_octets content, struct mls_arena *arena,
                     struct mls_octets *signature)
{
    tb_bytes part = mls_convert_in(content), made;
    tb_status status = mls_group_sign(session->group, label, &part, 1, arena->at, &made);
    if (tb_is_ok(status)) *signature = mls_convert_out(made);
    return status.code;
}
