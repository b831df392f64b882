/* Asking the application about credentials (RFC 9420, section 5.3.1). */
#include "api/api.h"

/* Lists of one credential's certificates, or of one GroupContext. */
enum { API_ASK_BYTES_MAX = 16 << 20 };

/* Section 5.3: the end entity's public key is the signature key. */
static tb_status check_key(const struct mls_identity *identity, tb_bytes signature_key)
{
    struct mls_octets key;
    if (identity->credential_type != MLS_CREDENTIAL_X509) return TB_STATUS(TB_OK);
    if (identity->certificate_count == 0) return TB_STATUS(MLS_CERTIFICATE);
    if (mls_certificate_key(identity->certificates[0], &key) != MLS_OK) {
        return TB_STATUS(MLS_CERTIFICATE);
    }
    bool is_same = tb_bytes_equal(mls_convert_in(key), signature_key);
    return TB_STATUS(is_same ? TB_OK : MLS_CREDENTIAL_KEY);
}

static tb_status ask_with(const struct mls_credential_ask *ask,
                          struct mls_credential_question *question,
                          const struct mls_credential *credential,
                          const struct mls_credential *previous, tb_bytes signature_key,
                          struct tb_arena *arena)
{
    struct mls_identity *old = tb_arena_take(arena, 1, sizeof *old);
    if (old == NULL) return TB_STATUS(TB_NO_SPACE);
    TRY(mls_convert_identity(credential, arena, &question->credential));
    TRY(check_key(&question->credential, signature_key));
    if (previous != NULL) {
        TRY(mls_convert_identity(previous, arena, old));
        question->previous = old;
    }
    if (ask->ctx->check_credential == NULL) return TB_STATUS(TB_OK);
    bool is_taken = ask->ctx->check_credential(ask->ctx->user, question);
    return TB_STATUS(is_taken ? TB_OK : MLS_CREDENTIAL_REFUSED);
}

tb_status mls_credential_ask_one(const struct mls_credential_ask *ask,
                                 enum mls_credential_place place, uint32_t leaf_index,
                                 const struct mls_credential *credential,
                                 const struct mls_credential *previous, tb_bytes signature_key)
{
    struct tb_arena arena;
    struct mls_credential_question question = {
        .size = sizeof question,
        .place = place,
        .group_id = mls_convert_out(ask->group_id),
        .leaf_index = leaf_index,
        .signature_key = mls_convert_out(signature_key),
        .now_s = ask->now_s,
    };
    tb_arena_init(&arena, ask->mem, API_ASK_BYTES_MAX);
    tb_status status = ask_with(ask, &question, credential, previous, signature_key, &arena);
    tb_arena_wipe(&arena);
    return status;
}

tb_status mls_credential_ask_proposal(const struct mls_credential_ask *ask,
                                      const struct mls_proposal *proposal, uint32_t leaf_index,
                                      const struct mls_leaf_node *previous)
{
    if (proposal->proposal_type == MLS_PROPOSAL_ADD) {
        return mls_credential_ask_leaf(ask, MLS_CREDENTIAL_IN_ADD, UINT32_MAX,
                                       &proposal->of.add->key_package.leaf_node);
    }
    if (proposal->proposal_type == MLS_PROPOSAL_UPDATE && proposal->of.update != NULL) {
        const struct mls_leaf_node *leaf = &proposal->of.update->leaf_node;
        return mls_credential_ask_one(ask, MLS_CREDENTIAL_IN_UPDATE, leaf_index, &leaf->credential,
                                      previous == NULL ? NULL : &previous->credential,
                                      leaf->signature_key);
    }
    return TB_STATUS(TB_OK);
}

/* The external_senders extension of an encoded GroupContext; empty without. */
static tb_status senders_of(tb_bytes context, struct tb_arena *arena, tb_bytes *out)
{
    struct mls_group_context decoded;
    *out = (tb_bytes){ NULL, 0 };
    if (context.len == 0) return TB_STATUS(TB_OK);
    TRY(wire_decode(&mls_group_context_desc, context, arena, &decoded, NULL));
    (void)mls_public_extension_find(decoded.extensions.at, decoded.extensions.count,
                                    MLS_EXTENSION_EXTERNAL_SENDERS, out);
    return TB_STATUS(TB_OK);
}

static tb_status ask_senders(const struct mls_credential_ask *ask, tb_bytes context, tb_bytes old,
                             struct tb_arena *arena)
{
    struct mls_external_senders senders;
    tb_bytes now, before;
    TRY(senders_of(context, arena, &now));
    TRY(senders_of(old, arena, &before));
    if (now.len == 0 || tb_bytes_equal(now, before)) return TB_STATUS(TB_OK);
    TRY(wire_decode(&mls_external_senders_desc, now, arena, &senders, NULL));
    for (size_t i = 0; i < senders.external_senders.count; i++) {
        const struct mls_external_sender *sender = &senders.external_senders.at[i];
        TRY(mls_credential_ask_one(ask, MLS_CREDENTIAL_IN_EXTERNAL_SENDERS, (uint32_t)i,
                                   &sender->credential, NULL, sender->signature_key));
    }
    return TB_STATUS(TB_OK);
}

tb_status mls_credential_ask_context(const struct mls_credential_ask *ask, tb_bytes context,
                                     tb_bytes old)
{
    struct tb_arena arena;
    tb_arena_init(&arena, ask->mem, API_ASK_BYTES_MAX);
    tb_status status = ask_senders(ask, context, old, &arena);
    tb_arena_wipe(&arena);
    return status;
}

tb_status mls_credential_ask_group(const struct mls_credential_ask *ask,
                                   const struct mls_group *group)
{
    struct mls_leaf_view leaf;
    for (uint32_t i = 0; i < mls_group_leaf_count(group); i++) {
        if (!mls_group_leaf(group, i, &leaf)) continue;
        TRY(mls_credential_ask_leaf(ask, MLS_CREDENTIAL_IN_GROUP, i, leaf.node));
    }
    return mls_credential_ask_context(ask, mls_group_context(group), (tb_bytes){ NULL, 0 });
}
