/* Joining by an external commit: RFC 9420, sections 8.3 and 12.4.3.2. */
#include "mls/group_external_state.h"

/* What the steps of one external commit pass on. */
struct join {
    const struct mls_group_external *external;
    const struct mls_group_external_params *params;
    struct mls_group *group; /* the new one; without an epoch until the end */
    struct mls_epoch *now;   /* the group's epoch as it is seen from outside */
    struct tb_arena arena;   /* ends with the call */
    struct tb_arena *out_arena;
    struct mls_commit commit;
    struct mls_proposals_item *items;
    struct mls_psk_entry *psks; /* with the nonces of the proposals */
    struct mls_proposals_result result;
    struct mls_treekem_path path;
    struct mls_treekem_private own;
    struct mls_update_path update_path;
    struct tb_secret init_secret;
    struct tb_secret psk_secret;
    struct tb_secret joiner_secret;
};

static tb_status external_init(struct join *j, struct mls_external_init *out)
{
    const struct crypto_suite *suite = j->group->env.suite;
    uint8_t kem_output[CRYPTO_PUBLIC_MAX];
    if (j->external->external_pub.len == 0) return TB_STATUS(MLS_GROUP_INFO_NO_EXTERNAL_PUB);
    TRY(crypto_hpke_export_send(suite, j->external->external_pub, (tb_bytes){ NULL, 0 },
                                TB_LITERAL("MLS 1.0 external init secret"), suite->hash_len,
                                j->group->env.rng, kem_output, &j->init_secret));
    return tb_arena_dup(&j->arena, (tb_bytes){ kem_output, suite->dh_public_len },
                        &out->kem_output);
}

/* The caller's keys, each with a fresh nonce, and a proposal of each. */
static tb_status psk_proposals(struct join *j, struct mls_proposal *proposals)
{
    size_t count = j->params->psk_count, nonce_len = j->group->env.suite->hash_len;
    struct mls_pre_shared_key *bodies = tb_arena_take(&j->arena, count, sizeof *bodies);
    uint8_t *nonces = tb_arena_take(&j->arena, count, nonce_len);
    j->psks = tb_arena_take(&j->arena, count, sizeof *j->psks);
    if (bodies == NULL || nonces == NULL || j->psks == NULL) return TB_STATUS(TB_NO_SPACE);
    if (count != 0) TRY(tb_rng_fill(j->group->env.rng, nonces, count * nonce_len));
    for (size_t i = 0; i < count; i++) {
        j->psks[i] = j->params->psks[i];
        j->psks[i].id.psk_nonce = (tb_bytes){ nonces + i * nonce_len, nonce_len };
        bodies[i].psk = j->psks[i].id;
        proposals[i].proposal_type = MLS_PROPOSAL_PSK;
        proposals[i].of.psk = &bodies[i];
    }
    return TB_STATUS(TB_OK);
}

/* ExternalInit, Remove of the old leaf, pre-shared keys; all by value, decoded again. */
static tb_status choose(struct join *j)
{
    const struct mls_group_external_params *params = j->params;
    size_t count = 0, count_max = params->psk_count + 2;
    struct mls_external_init init;
    struct mls_remove remove;
    struct mls_proposal *proposals = tb_arena_take(&j->arena, count_max, sizeof *proposals);
    struct mls_proposal_or_ref *list = tb_arena_take(&j->arena, count_max, sizeof *list);
    j->items = tb_arena_take(&j->arena, count_max, sizeof *j->items);
    if (proposals == NULL || list == NULL || j->items == NULL) return TB_STATUS(TB_NO_SPACE);
    TRY(external_init(j, &init));
    proposals[count].proposal_type = MLS_PROPOSAL_EXTERNAL_INIT;
    proposals[count++].of.external_init = &init;
    if (params->prior_leaf != NULL) {
        remove.removed = *params->prior_leaf;
        proposals[count].proposal_type = MLS_PROPOSAL_REMOVE;
        proposals[count++].of.remove = &remove;
    }
    TRY(psk_proposals(j, proposals + count));
    count += params->psk_count;
    for (size_t i = 0; i < count; i++) {
        list[i].type = MLS_BY_VALUE;
        list[i].of.proposal = &proposals[i];
    }
    const struct mls_commit chosen = { .proposals = { list, count } };
    TRY(wire_copy(&mls_commit_desc, &chosen, &j->arena, &j->commit));
    for (size_t i = 0; i < count; i++) {
        j->items[i] = (struct mls_proposals_item){ j->commit.proposals.at[i].of.proposal,
                                                   MLS_SENDER_NEW_MEMBER_COMMIT, 0, false };
    }
    return TB_STATUS(TB_OK);
}

/* Our leaf but for what the path gives it. */
static tb_status leaf_fields(struct join *j, struct mls_leaf_node *out)
{
    const struct mls_key_package_params params = {
        .identity = j->params->identity,
        .signer = j->params->signer,
        .leaf_app_data = j->params->leaf_app_data,
        .extra = j->params->extra,
    };
    tb_bytes encoded;
    TRY(mls_key_package_leaf(&j->group->env, &params, j->external->external_pub, &j->arena,
                             &encoded));
    return wire_decode(&mls_leaf_node_desc, encoded, &j->arena, out, NULL);
}

static tb_status apply(struct join *j)
{
    struct mls_tree *tree = &j->result.tree;
    struct mls_leaf_node fields;
    tb_bytes context;
    const struct mls_proposals_input input = {
        .tree = &j->now->tree,
        .context = &j->now->context,
        .app_data = j->group->env.app_data,
        .items = j->items,
        .count = j->commit.proposals.count,
        .committer_type = MLS_SENDER_NEW_MEMBER_COMMIT,
        .has_path = true,
        .now_s = j->params->now_s,
    };
    TRY(mls_proposals_apply(&input, &j->arena, &j->result));
    TRY(leaf_fields(j, &fields));
    j->own.leaf_index = j->result.committer_leaf;
    TRY(mls_treekem_create(tree, &fields, j->params->signer, j->now->context.group_id,
                           j->group->env.rng, &j->arena, &j->own, &j->path));
    TRY(mls_group_epoch_provisional(j->now, &j->result, &j->arena, &context));
    TRY(mls_treekem_encrypt(tree, &j->path, context, NULL, 0, j->group->env.rng, &j->arena,
                            &j->update_path));
    j->commit.path = &j->update_path;
    return mls_proposals_finish(&input, &j->result, &j->update_path.leaf_node, &j->arena);
}

/* Content and signature, then the next epoch, whose tag completes the content. */
static tb_status next_epoch(struct join *j, struct mls_framed *framed)
{
    const struct crypto_suite *suite = j->group->env.suite;
    const struct mls_framed_content fields = {
        .group_id = j->now->context.group_id,
        .epoch = j->now->context.epoch,
        .sender = { .sender_type = MLS_SENDER_NEW_MEMBER_COMMIT },
        .authenticated_data = j->params->aad,
        .content_type = MLS_CONTENT_COMMIT,
        .of = { .commit = &j->commit },
    };
    struct mls_epoch *next = NULL;
    tb_bytes signature;
    framed->wire_format = MLS_WIRE_PUBLIC_MESSAGE;
    TRY(mls_psk_secret(suite, j->psks, j->params->psk_count, &j->arena, &j->psk_secret));
    TRY(mls_framing_sign(suite, j->params->signer, framed->wire_format, &fields,
                         j->now->context_octets, &j->arena, &framed->content, &signature));
    const struct mls_transition transition = {
        .result = &j->result,
        .init_secret = &j->init_secret,
        .commit_secret = &j->path.commit_secret,
        .psk_secret = &j->psk_secret,
        .wire_format = framed->wire_format,
        .content = framed->content,
        .signature = signature,
    };
    TRY(mls_group_epoch_next(j->now, &transition, &next, &j->joiner_secret));
    next->own = j->own;
    next->env = &j->group->env;
    j->group->now = next;
    return mls_framing_auth(signature, (tb_bytes){ next->confirmation_tag, suite->hash_len },
                            &j->arena, &framed->auth);
}

static tb_status join(struct join *j, struct mls_commit_out *out)
{
    struct mls_framed framed;
    TRY(mls_group_check_aad(j->now, j->params->aad));
    TRY(choose(j));
    TRY(apply(j));
    TRY(next_epoch(j, &framed));
    TRY(mls_framing_public(&framed, (tb_bytes){ NULL, 0 }, j->out_arena, &out->commit));
    return mls_group_info(j->group, false, NULL, 0, j->out_arena, &out->group_info,
                          &out->ratchet_tree);
}

tb_status mls_group_external_join(const struct mls_group_external *external,
                                  const struct mls_group_external_params *params,
                                  struct tb_arena *arena, struct mls_group **group,
                                  struct mls_commit_out *out)
{
    struct join j = { .external = external, .params = params, .now = external->group->now,
                      .out_arena = arena };
    struct mls_commit_out made = { .welcome = { NULL, 0 } };
    TRY(mls_group_new(&external->group->env, params->signer, &j.group));
    tb_arena_init(&j.arena, external->mem, MLS_STAGED_BYTES_MAX);
    tb_status status = join(&j, &made);
    if (tb_is_ok(status)) {
        *group = j.group;
        *out = made;
    } else {
        mls_group_free(j.group);
    }
    mls_tree_wipe(&j.result.tree);
    tb_arena_wipe(&j.arena);
    tb_wipe(&j, sizeof j);
    return status;
}
