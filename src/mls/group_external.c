/* A group seen by its GroupInfo, and proposals to it from outside: RFC 9420, section 12.1.8. */
#include "mls/group_external.h"

#include <string.h>

#include "mls/group_external_state.h"
#include "mls/public_group_state.h"
#include "mls/transcript.h"

/* The tree, and whether GroupInfo and tree may be believed. */
static tb_status check_info(const struct mls_env *env, const struct mls_group_info_in *info,
                            tb_bytes beside, uint64_t now_s, struct tb_arena *arena,
                            struct mls_tree *tree, struct tb_why *why)
{
    const struct crypto_suite *suite = env->suite;
    const struct mls_group_context *context = &info->group_context;
    struct mls_public_rules rules;
    tb_bytes octets;
    if (context->version != MLS_VERSION_MLS10) return TB_STATUS(MLS_VERSION);
    if (context->cipher_suite != suite->id) return TB_STATUS(MLS_SUITE);
    if (info->confirmation_tag.len != suite->hash_len) return TB_STATUS(MLS_CONFIRMATION_TAG);
    TRY(mls_public_extensions_distinct(info->extensions.at, info->extensions.count));
    if (!mls_public_extension_find(info->extensions.at, info->extensions.count,
                                   MLS_EXTENSION_RATCHET_TREE, &octets)) {
        octets = beside;
    }
    if (octets.len == 0) return TB_STATUS(MLS_GROUP_INFO_NO_TREE);
    TRY(mls_tree_decode(suite, env->mem, octets, tree, why));
    TRY(mls_public_rules_init(&rules, suite, context->group_id, context->extensions.at,
                              context->extensions.count, now_s, arena));
    TRY(mls_public_group_info_verify(suite, tree, info, arena));
    rules.parallel = env->run_parallel;
    return mls_public_tree_check(&rules, tree, context->tree_hash);
}

/* The epoch without its secrets. */
static tb_status take_info(struct mls_group_external *external,
                           const struct mls_group_info_in *info, struct mls_tree *tree,
                           struct tb_arena *arena)
{
    struct mls_group *group = external->group;
    const struct crypto_suite *suite = group->env.suite;
    struct mls_external_pub pub = { .external_pub = { NULL, 0 } };
    tb_bytes data;
    TRY(mls_group_epoch_new(&group->env, &info->group_context, tree, &group->now));
    struct mls_epoch *now = group->now;
    if (mls_public_extension_find(info->extensions.at, info->extensions.count,
                                  MLS_EXTENSION_EXTERNAL_PUB, &data)) {
        TRY(wire_decode(&mls_external_pub_desc, data, arena, &pub, NULL));
    }
    TRY(tb_arena_dup(&now->arena, pub.external_pub, &external->external_pub));
    memcpy(now->confirmation_tag, info->confirmation_tag.data, suite->hash_len);
    return mls_transcript_interim(suite, now->context.confirmed_transcript_hash,
                                  info->confirmation_tag, now->interim_transcript_hash);
}

static tb_status open_info(struct mls_group_external *external, tb_bytes group_info,
                           tb_bytes ratchet_tree, uint64_t now_s, struct tb_why *why)
{
    const struct mls_env *env = &external->group->env;
    const struct mls_group_info_in *info;
    struct mls_tree tree = { .suite = NULL };
    struct tb_arena arena;
    tb_status status = TB_STATUS(TB_OK);
    tb_arena_init(&arena, env->mem, MLS_STAGED_BYTES_MAX);
    CHECK(mls_public_group_info_open(group_info, &arena, &info, why));
    CHECK(check_info(env, info, ratchet_tree, now_s, &arena, &tree, why));
    CHECK(take_info(external, info, &tree, &arena));
out:
    mls_tree_wipe(&tree);
    tb_arena_wipe(&arena);
    return status;
}

tb_status mls_group_external_open(const struct mls_env *env, tb_bytes group_info,
                                  tb_bytes ratchet_tree, uint64_t now_s,
                                  struct mls_group_external **out, struct tb_why *why)
{
    const struct crypto_signing_key nobody = { .public_len = 0 };
    struct mls_group_external *external = tb_mem_take(env->mem, sizeof *external);
    tb_status status = TB_STATUS(TB_OK);
    if (external == NULL) return TB_STATUS(TB_NO_SPACE);
    external->mem = env->mem;
    if (why != NULL) *why = (struct tb_why){ NULL, NULL, 0 };
    CHECK(mls_group_new(env, &nobody, &external->group));
    external->group->is_active = false;
    CHECK(open_info(external, group_info, ratchet_tree, now_s, why));
    *out = external;
    return status;
out:
    mls_group_external_free(external);
    return status;
}

void mls_group_external_free(struct mls_group_external *external)
{
    if (external == NULL) return;
    mls_group_free(external->group);
    tb_mem_give(external->mem, external, sizeof *external);
}

const struct mls_group *mls_group_external_view(const struct mls_group_external *external)
{
    return external->group;
}

/* ---------------------------------------------------------------- proposing */

/* Check, sign and frame a proposal of a sender that is no member; aad as it stands on the wire. */
static tb_status propose(const struct mls_group_external *external, struct mls_sender sender,
                         const struct crypto_signing_key *signer,
                         const struct mls_proposal *proposal, tb_bytes aad,
                         struct tb_arena *arena, tb_bytes *message)
{
    const struct mls_group *group = external->group;
    const tb_bytes nothing = { NULL, 0 };
    struct mls_proposal decoded;
    struct mls_proposals_item item = { .proposal = &decoded, .by_reference = true };
    struct mls_framed framed = { .wire_format = MLS_WIRE_PUBLIC_MESSAGE };
    struct mls_framed_content fields = {
        .group_id = group->now->context.group_id,
        .epoch = group->now->context.epoch,
        .sender = sender,
        .authenticated_data = aad,
        .content_type = MLS_CONTENT_PROPOSAL,
        .of = { .proposal = &decoded },
    };
    tb_bytes signature;
    TRY(mls_group_check_aad(group->now, aad));
    mls_group_cache_sender(&sender, &item.sender_type, &item.sender_index);
    /* The type alone first: an Update of nobody's leaf cannot be looked at. */
    if (!mls_proposals_may_send(item.sender_type, proposal->proposal_type)) {
        return TB_STATUS(MLS_PROPOSALS_INVALID_SENDER);
    }
    TRY(wire_copy(&mls_proposal_desc, proposal, arena, &decoded));
    struct mls_proposals_input input = mls_group_stage_input(group, &item, 1, 0);
    TRY(mls_proposals_check_one(&input, &item, arena));
    TRY(mls_framing_sign(group->env.suite, signer, framed.wire_format, &fields, nothing, arena,
                         &framed.content, &signature));
    TRY(mls_framing_auth(signature, nothing, arena, &framed.auth));
    return mls_framing_public(&framed, nothing, arena, message);
}

tb_status mls_group_external_add(const struct mls_group_external *external, tb_bytes key_package,
                                 const struct crypto_signing_key *signer, tb_bytes aad,
                                 struct tb_arena *arena, tb_bytes *message)
{
    const struct mls_sender sender = { .sender_type = MLS_SENDER_NEW_MEMBER_PROPOSAL };
    struct mls_add add;
    const struct mls_proposal proposal = { .proposal_type = MLS_PROPOSAL_ADD,
                                           .of = { .add = &add } };
    TRY(wire_decode(&mls_key_package_in_desc, key_package, arena, &add.key_package, NULL));
    /* Section 12.1.8: the proposal is signed by the key that the key package shows. */
    if (!tb_bytes_equal(add.key_package.leaf_node.signature_key,
                        crypto_signing_key_public(signer))) {
        return TB_STATUS(MLS_GROUP_SIGNER);
    }
    return propose(external, sender, signer, &proposal, aad, arena, message);
}

static tb_status sender_key(const struct mls_group *group, uint32_t sender_index,
                            struct tb_arena *arena, tb_bytes *key)
{
    struct mls_external_senders senders;
    tb_bytes data = mls_group_extension(group, MLS_EXTENSION_EXTERNAL_SENDERS);
    if (data.data == NULL) return TB_STATUS(MLS_SENDER);
    TRY(wire_decode(&mls_external_senders_desc, data, arena, &senders, NULL));
    if (sender_index >= senders.external_senders.count) return TB_STATUS(MLS_SENDER);
    *key = senders.external_senders.at[sender_index].signature_key;
    return TB_STATUS(TB_OK);
}

tb_status mls_group_external_propose(const struct mls_group_external *external,
                                     uint32_t sender_index,
                                     const struct crypto_signing_key *signer,
                                     const struct mls_proposal *proposal, tb_bytes aad,
                                     struct tb_arena *arena, tb_bytes *message)
{
    struct wire_u32 index = { sender_index };
    const struct mls_sender sender = { MLS_SENDER_EXTERNAL, { .sender_index = &index } };
    tb_bytes registered;
    TRY(sender_key(external->group, sender_index, arena, &registered));
    if (!tb_bytes_equal(registered, crypto_signing_key_public(signer))) {
        return TB_STATUS(MLS_SENDER);
    }
    return propose(external, sender, signer, proposal, aad, arena, message);
}
