/* A group from outside: external joins and proposals, and what any message shows. */
#include "api/api.h"
#include "mls/framing.h"
#include "mls/group_external.h"

struct mls_outsider {
    struct mls_api_host *host;
    struct mls_group_external *external;
};

/* ---------------------------------------------------------------- life and views */

/* The suite that a GroupInfo names, before anything of it is believed. */
static tb_status suite_of(const struct mls_ctx *ctx, tb_bytes octets, struct tb_arena *arena,
                          const struct crypto_suite **out, struct tb_why *why)
{
    struct mls_message message;
    struct mls_group_info_in alone;
    const struct mls_group_info_in *info = &alone;
    tb_status status = wire_decode(&mls_message_desc, octets, arena, &message, NULL);
    if (status.code == TB_NO_SPACE) return status; /* it says nothing about the octets */
    if (tb_is_ok(status) && message.wire_format == MLS_WIRE_GROUP_INFO) {
        info = message.of.group_info;
    } else {
        TRY(wire_decode(&mls_group_info_in_desc, octets, arena, &alone, why));
    }
    *out = mls_ctx_suite(ctx, info->group_context.cipher_suite);
    return TB_STATUS(*out == NULL ? CRYPTO_UNSUPPORTED : TB_OK);
}

tb_status mls_outsider_suite(const struct mls_ctx *ctx, struct tb_mem *mem, tb_bytes group_info,
                             const struct crypto_suite **out, struct tb_why *why)
{
    struct tb_arena arena;
    tb_arena_init(&arena, mem, API_ARENA_BYTES_MAX);
    tb_status status = suite_of(ctx, group_info, &arena, out, why);
    tb_arena_wipe(&arena);
    return status;
}

static tb_status open_external(struct mls_outsider *outsider, const struct mls_ctx *ctx,
                               tb_bytes group_info, tb_bytes ratchet_tree, uint64_t now_s,
                               struct tb_why *why)
{
    const struct crypto_suite *suite;
    TRY(mls_outsider_suite(ctx, &outsider->host->mem, group_info, &suite, why));
    mls_ctx_host_suite(outsider->host, suite);
    TRY(mls_group_external_open(&outsider->host->env, group_info, ratchet_tree, now_s,
                                &outsider->external, why));
    const struct mls_group *group = mls_group_external_view(outsider->external);
    const struct mls_credential_ask ask = { ctx, &outsider->host->mem, mls_group_id(group), now_s };
    return mls_credential_ask_group(&ask, group);
}

int mls_outsider_new(const struct mls_ctx *ctx, struct mls_octets group_info,
                     struct mls_octets ratchet_tree, uint64_t now_s, struct mls_outsider **out,
                     struct mls_where *where)
{
    struct tb_why why = { NULL, NULL, 0 };
    struct mls_api_host *host = mls_ctx_host_new(ctx);
    if (host == NULL) return TB_NO_SPACE;
    struct mls_outsider *outsider = tb_mem_take(&host->mem, sizeof *outsider);
    if (outsider == NULL) {
        mls_ctx_host_end(host);
        return TB_NO_SPACE;
    }
    outsider->host = host;
    tb_status status = open_external(outsider, ctx, mls_convert_in(group_info),
                                     mls_convert_in(ratchet_tree), now_s, &why);
    if (tb_is_ok(status)) {
        *out = outsider;
    } else {
        mls_session_where(&why, where);
        mls_outsider_free(outsider);
    }
    return status.code;
}

void mls_outsider_free(struct mls_outsider *outsider)
{
    if (outsider == NULL) return;
    if (outsider->external != NULL) mls_group_external_free(outsider->external);
    struct mls_api_host *host = outsider->host;
    tb_mem_give(&host->mem, outsider, sizeof *outsider);
    mls_ctx_host_end(host);
}

static const struct mls_group *group_of(const struct mls_outsider *outsider)
{
    return mls_group_external_view(outsider->external);
}

struct mls_octets mls_outsider_group_id(const struct mls_outsider *outsider)
{
    return mls_convert_out(mls_group_id(group_of(outsider)));
}

uint64_t mls_outsider_epoch(const struct mls_outsider *outsider)
{
    return mls_group_epoch(group_of(outsider));
}

uint16_t mls_outsider_cipher_suite(const struct mls_outsider *outsider)
{
    return outsider->host->env.suite->id;
}

uint32_t mls_outsider_leaf_count(const struct mls_outsider *outsider)
{
    return mls_group_leaf_count(group_of(outsider));
}

int mls_outsider_leaf(const struct mls_outsider *outsider, uint32_t leaf_index,
                      struct mls_arena *arena, struct mls_leaf_info *out)
{
    struct mls_leaf_view leaf;
    tb_status status = mls_convert_target(out);
    if (!tb_is_ok(status)) return status.code;
    if (!mls_group_leaf(group_of(outsider), leaf_index, &leaf)) return MLS_TREE_LEAF;
    return mls_convert_leaf(leaf.node, leaf_index, arena->at, out).code;
}

/* ---------------------------------------------------------------- joining and proposing */

static tb_status join(const struct mls_outsider *outsider, struct mls_session *session,
                      const struct mls_signer *signer,
                      const struct mls_external_join_options *options, struct tb_arena *arena,
                      struct mls_commit_result *out)
{
    struct mls_key_package_params leaf;
    struct mls_psk_entry *psks;
    struct mls_commit_out made;
    tb_bytes *self_removes, *group_ids;
    if (signer->suite != outsider->host->env.suite) return TB_STATUS(MLS_SUITE);
    TRY(mls_convert_leaf_options(options->leaf, arena, &leaf));
    TRY(mls_convert_psks(options->psks, options->psk_count, arena, &psks));
    TRY(mls_convert_octets(options->self_removes, options->self_remove_count, arena,
                           &self_removes));
    TRY(mls_convert_octets(options->group_ids, options->group_id_count, arena, &group_ids));
    const struct mls_group_external_params params = {
        .signer = &signer->key,
        .extra = leaf.extra,
        .prior_leaf = options->is_resync ? &options->prior_leaf : NULL,
        .psks = psks,
        .psk_count = options->psk_count,
        .aad = mls_convert_in(options->aad),
        .now_s = options->now_s,
        .self_removes = self_removes,
        .self_remove_count = options->self_remove_count,
        .group_ids = group_ids,
        .group_id_count = options->group_id_count,
    };
    TRY(mls_group_external_join(outsider->external, &params, arena, &session->group, &made));
    mls_session_commit_result(&made, out);
    return TB_STATUS(TB_OK);
}

int mls_outsider_join(const struct mls_outsider *outsider, const struct mls_signer *signer,
                      const struct mls_external_join_options *options, struct mls_arena *arena,
                      struct mls_session **session, struct mls_commit_result *out)
{
    struct mls_external_join_options known;
    struct mls_session *made = NULL;
    tb_status status = mls_convert_options(options, &known, sizeof known);
    if (tb_is_ok(status)) status = mls_convert_target(out);
    if (tb_is_ok(status)) {
        status = mls_session_alloc(outsider->host->ctx, signer, outsider->host, &made);
    }
    if (!tb_is_ok(status)) return status.code;
    status = join(outsider, made, signer, &known, arena->at, out);
    if (tb_is_ok(status)) {
        *session = made;
    } else {
        mls_session_free(made);
    }
    return status.code;
}

int mls_outsider_propose_self(const struct mls_outsider *outsider, const struct mls_signer *signer,
                              struct mls_octets key_package, struct mls_octets aad,
                              struct mls_arena *arena, struct mls_octets *message)
{
    tb_bytes made;
    tb_status status = mls_group_external_add(outsider->external, mls_convert_in(key_package),
                                              &signer->key, mls_convert_in(aad), arena->at, &made);
    if (tb_is_ok(status)) *message = mls_convert_out(made);
    return status.code;
}

int mls_outsider_propose(const struct mls_outsider *outsider, const struct mls_signer *signer,
                         uint32_t sender_index, const struct mls_proposal_spec *proposal,
                         struct mls_octets aad, struct mls_arena *arena,
                         struct mls_octets *message)
{
    struct mls_proposal wanted;
    tb_bytes made;
    tb_status status = mls_proposal_make(&outsider->host->env, proposal, arena->at, &wanted);
    if (tb_is_ok(status)) {
        status = mls_group_external_propose(outsider->external, sender_index, &signer->key,
                                            &wanted, mls_convert_in(aad), arena->at, &made);
    }
    if (tb_is_ok(status)) *message = mls_convert_out(made);
    return status.code;
}

/* ---------------------------------------------------------------- any message */

static void show_public(const struct mls_public_message_in *in, struct mls_message_info *info)
{
    const struct mls_framed_content *content = &in->authenticated.content;
    info->content_type = content->content_type;
    info->sender_type = content->sender.sender_type;
    info->epoch = content->epoch;
    info->group_id = mls_convert_out(content->group_id);
    info->authenticated_data = mls_convert_out(content->authenticated_data);
}

static void show(const struct mls_message *message, struct mls_message_info *info)
{
    info->wire_format = message->wire_format;
    switch (message->wire_format) {
    case MLS_WIRE_PUBLIC_MESSAGE: show_public(message->of.public_message, info); break;
    case MLS_WIRE_PRIVATE_MESSAGE:
        info->content_type = message->of.private_message->content_type;
        info->epoch = message->of.private_message->epoch;
        info->group_id = mls_convert_out(message->of.private_message->group_id);
        info->authenticated_data =
            mls_convert_out(message->of.private_message->authenticated_data);
        break;
    case MLS_WIRE_WELCOME: info->cipher_suite = message->of.welcome->cipher_suite; break;
    case MLS_WIRE_GROUP_INFO:
        info->cipher_suite = message->of.group_info->group_context.cipher_suite;
        info->epoch = message->of.group_info->group_context.epoch;
        info->group_id = mls_convert_out(message->of.group_info->group_context.group_id);
        break;
    default: info->cipher_suite = message->of.key_package->cipher_suite; break;
    }
}

int mls_message_peek(const struct mls_ctx *ctx, struct mls_octets message,
                     struct mls_message_info *out, struct mls_where *where)
{
    struct mls_message_info info = { .size = sizeof info };
    struct mls_message decoded;
    struct tb_why why = { NULL, NULL, 0 };
    struct tb_mem mem = { ctx->memory.user, ctx->memory.take, ctx->memory.give, 0,
                          ctx->object_bytes_max };
    struct tb_arena arena;
    tb_status status = mls_convert_target(out);
    if (!tb_is_ok(status)) return status.code;
    tb_arena_init(&arena, &mem, API_ARENA_BYTES_MAX);
    status = mls_framing_message(mls_convert_in(message), &arena, &decoded, &why);
    if (tb_is_ok(status)) {
        show(&decoded, &info); /* views of the message, not of the arena */
        mls_convert_result(out, &info, sizeof info);
    } else {
        mls_session_where(&why, where);
    }
    tb_arena_wipe(&arena);
    return status.code;
}
