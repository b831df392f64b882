/* Sending: application messages and standalone proposals (RFC 9420, sections 6, 12.1 and 15). */
#include <string.h>

#include "mls/group_state.h"

/* Content of ours for the current epoch; the caller sets what it says. */
static struct mls_framed_content own_content(const struct mls_group *group, uint8_t content_type,
                                             tb_bytes aad, struct wire_u32 *leaf)
{
    leaf->value = group->now->own.leaf_index;
    return (struct mls_framed_content){
        .group_id = group->now->context.group_id,
        .epoch = group->now->context.epoch,
        .sender = { MLS_SENDER_MEMBER, { .leaf_index = leaf } },
        .authenticated_data = aad,
        .content_type = content_type,
    };
}

tb_status mls_group_send_sign(const struct mls_group *group, uint16_t wire_format,
                              uint8_t content_type, union mls_framed_content_select of,
                              tb_bytes aad, struct tb_arena *arena, tb_bytes *content,
                              tb_bytes *signature)
{
    struct wire_u32 leaf;
    struct mls_framed_content fields = own_content(group, content_type, aad, &leaf);
    fields.of = of;
    return mls_framing_sign(group->env.suite, &group->signer, wire_format, &fields,
                            group->now->context_octets, arena, content, signature);
}

static tb_status send_private(struct mls_group *group, const struct mls_framed *framed,
                              uint8_t content_type, tb_bytes aad, size_t padding_size,
                              struct tb_arena *arena, tb_bytes *message)
{
    struct wire_u32 leaf;
    struct mls_framed_content fields = own_content(group, content_type, aad, &leaf);
    struct mls_message_key key = { { 0 }, { 0 } };
    struct mls_private_keys keys = {
        &group->now->secrets.sender_data_secret,
        &key,
        group->now->own.leaf_index,
        0,
    };
    tb_status status = TB_STATUS(TB_OK);
    CHECK(mls_secret_tree_next(group->now->secret_tree, keys.leaf_index,
                               content_type == MLS_CONTENT_APPLICATION ? MLS_RATCHET_APPLICATION
                                                                       : MLS_RATCHET_HANDSHAKE,
                               &keys.generation, &key));
    group->use_count++;
    CHECK(mls_framing_private_seal(group->env.suite, group->env.rng, &keys, &fields, framed,
                                   padding_size, arena, message));
out:
    tb_wipe(&key, sizeof key);
    return status;
}

static tb_status send_public(struct mls_group *group, const struct mls_framed *framed,
                             struct tb_arena *arena, tb_bytes *message)
{
    const struct mls_epoch *now = group->now;
    uint8_t tag[CRYPTO_HASH_MAX];
    TRY(mls_framing_membership_tag(group->env.suite, &now->secrets.membership_key, framed,
                                   now->context_octets, tag));
    return mls_framing_public(framed, (tb_bytes){ tag, group->env.suite->hash_len }, arena,
                              message);
}

tb_status mls_group_send(struct mls_group *group, const struct mls_framed *framed,
                         uint8_t content_type, tb_bytes aad, size_t padding_size,
                         struct tb_arena *arena, tb_bytes *message)
{
    if (framed->wire_format == MLS_WIRE_PUBLIC_MESSAGE) {
        return send_public(group, framed, arena, message);
    }
    return send_private(group, framed, content_type, aad, padding_size, arena, message);
}

tb_status mls_group_protect(struct mls_group *group, tb_bytes aad, tb_bytes plaintext,
                            size_t padding_size, struct tb_arena *arena, tb_bytes *message)
{
    struct mls_framed framed = { .wire_format = MLS_WIRE_PRIVATE_MESSAGE };
    struct wire_opaque data = { plaintext };
    union mls_framed_content_select of = { .application_data = &data };
    struct tb_arena scratch;
    tb_bytes signature;
    tb_status status = TB_STATUS(TB_OK);

    TRY(mls_group_check_active(group));
    TRY(mls_group_check_aad(group->now, aad));
    /* The plaintext goes through an arena that is wiped at once. */
    tb_arena_init(&scratch, group->env.mem, MLS_STAGED_BYTES_MAX);
    CHECK(mls_group_send_sign(group, framed.wire_format, MLS_CONTENT_APPLICATION, of, aad,
                              &scratch, &framed.content, &signature));
    CHECK(mls_framing_auth(signature, (tb_bytes){ NULL, 0 }, &scratch, &framed.auth));
    tb_bytes sealed;
    CHECK(send_private(group, &framed, MLS_CONTENT_APPLICATION, aad, padding_size, &scratch,
                       &sealed));
    CHECK(tb_arena_dup(arena, sealed, message));
    memcpy(group->last_signature, signature.data, signature.len);
    group->last_signature_len = signature.len;
out:
    tb_arena_wipe(&scratch);
    return status;
}

/* ---------------------------------------------------------------- proposals */

/* An Update of our own leaf: the same leaf with a fresh key, and what changes otherwise. */
static tb_status own_update(struct mls_group *group, const struct mls_own_leaf *leaf,
                            struct tb_arena *arena, struct mls_treekem_key *key,
                            struct mls_update *out)
{
    const struct crypto_signing_key *signer = leaf->signer == NULL ? &group->signer : leaf->signer;
    const struct crypto_suite *suite = group->env.suite;
    const struct mls_leaf_place place = { group->now->context.group_id,
                                          group->now->own.leaf_index };
    struct mls_leaf_node fields = *mls_tree_leaf(&group->now->tree, place.leaf_index);
    tb_bytes encoded;
    key->public_len = suite->dh_public_len;
    TRY(crypto_hpke_generate(suite, group->env.rng, &key->private_key, key->public_key));
    fields.encryption_key = (tb_bytes){ key->public_key, key->public_len };
    fields.leaf_node_source = MLS_LEAF_UPDATE;
    fields.of.any = NULL;
    fields.signature_key = crypto_signing_key_public(signer);
    if (leaf->credential != NULL) fields.credential = *leaf->credential;
    TRY(mls_leaf_sign(suite, signer, &fields, &place, arena, &encoded));
    return wire_decode(&mls_leaf_node_desc, encoded, arena, &out->leaf_node, NULL);
}

/* Frame, sign and check a proposal of ours; then it is cached like anybody's. */
static tb_status propose(struct mls_group *group, const struct mls_proposal *proposal,
                         const struct mls_treekem_key *update_key, tb_bytes aad,
                         uint16_t wire_format, struct tb_arena *arena, tb_bytes *message)
{
    const struct mls_proposals_item item = { proposal, MLS_SENDER_MEMBER,
                                             group->now->own.leaf_index, true };
    struct mls_proposals_input input = mls_group_stage_input(group, &item, 1, 0);
    union mls_framed_content_select of = {
        .proposal = (struct mls_proposal *)(uintptr_t)proposal
    };
    struct mls_framed framed = { .wire_format = wire_format };
    struct mls_cached *cached = NULL;
    tb_bytes signature;
    TRY(mls_proposals_check_one(&input, &item, arena));
    TRY(mls_group_send_sign(group, wire_format, MLS_CONTENT_PROPOSAL, of, aad, arena,
                            &framed.content, &signature));
    TRY(mls_framing_auth(signature, (tb_bytes){ NULL, 0 }, arena, &framed.auth));
    TRY(mls_group_send(group, &framed, MLS_CONTENT_PROPOSAL, aad, 0, arena, message));
    return mls_group_cache_add(group, &framed, update_key, &cached);
}

/* draft-ietf-mls-extensions: one SelfRemove an epoch. */
static bool has_left(const struct mls_group *group)
{
    for (const struct mls_cached *at = group->cache; at != NULL; at = at->next) {
        if (at->item.proposal->proposal_type == MLS_PROPOSAL_SELF_REMOVE &&
            at->item.sender_index == group->now->own.leaf_index) {
            return true;
        }
    }
    return false;
}

static tb_status propose_with(struct mls_group *group, const struct mls_proposal *proposal,
                              const struct mls_own_leaf *leaf, tb_bytes aad, bool as_public,
                              struct tb_arena *arena, tb_bytes *message)
{
    uint16_t wire_format = as_public ? MLS_WIRE_PUBLIC_MESSAGE : MLS_WIRE_PRIVATE_MESSAGE;
    struct mls_treekem_key key = { .public_len = 0 };
    struct mls_proposal filled = *proposal, decoded;
    struct mls_update update;
    size_t signer_count = group->next_signer_count;
    tb_bytes sent;
    tb_status status = TB_STATUS(TB_OK);

    TRY(mls_group_check_active(group));
    if (proposal->proposal_type == MLS_PROPOSAL_SELF_REMOVE && !as_public) {
        return TB_STATUS(MLS_HANDSHAKE_FORMAT);
    }
    if (proposal->proposal_type == MLS_PROPOSAL_SELF_REMOVE && has_left(group)) {
        return TB_STATUS(MLS_PENDING_TWICE);
    }
    TRY(mls_group_check_aad(group->now, aad));
    if (proposal->proposal_type == MLS_PROPOSAL_UPDATE) {
        CHECK(own_update(group, leaf, arena, &key, &update));
        filled.of.update = &update;
    }
    /* Decoded again, so that its marks stand. */
    CHECK(wire_copy(&mls_proposal_desc, &filled, arena, &decoded));
    CHECK(mls_group_signer_keep(group, leaf->signer));
    CHECK(propose(group, &decoded, key.public_len == 0 ? NULL : &key, aad, wire_format, arena,
                  &sent));
    *message = sent;
out:
    if (!tb_is_ok(status)) mls_group_signer_cut(group, signer_count);
    tb_wipe(&key, sizeof key);
    return status;
}

tb_status mls_group_propose(struct mls_group *group, const struct mls_proposal *proposal,
                            tb_bytes aad, bool as_public, struct tb_arena *arena,
                            tb_bytes *message)
{
    const struct mls_own_leaf as_before = { NULL, NULL };
    return propose_with(group, proposal, &as_before, aad, as_public, arena, message);
}

tb_status mls_group_propose_update(struct mls_group *group, const struct mls_own_leaf *leaf,
                                   tb_bytes aad, bool as_public, struct tb_arena *arena,
                                   tb_bytes *message)
{
    const struct mls_proposal update = { .proposal_type = MLS_PROPOSAL_UPDATE };
    return propose_with(group, &update, leaf, aad, as_public, arena, message);
}
