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
    return tb_arena_dup(&j->arena, (tb_bytes){ kem_output, suite->kem_output_len },
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

/* A SelfRemove of this epoch, verified as far as somebody outside can: the membership_tag is for
 * members. */
static tb_status open_self_remove(struct join *j, tb_bytes message, struct wire_opaque *ref,
                                  struct mls_proposals_item *item)
{
    const struct crypto_suite *suite = j->group->env.suite;
    struct mls_message in;
    uint8_t hash[CRYPTO_HASH_MAX];
    TRY(mls_framing_message(message, &j->arena, &in, NULL));
    if (in.wire_format != MLS_WIRE_PUBLIC_MESSAGE) return TB_STATUS(MLS_WIRE_FORMAT);
    const struct mls_authenticated *authenticated = &in.of.public_message->authenticated;
    const struct mls_framed_content *content = &authenticated->content;
    const struct mls_framed framed = mls_framing_of(in.wire_format, authenticated);
    if (!tb_bytes_equal(content->group_id, j->now->context.group_id)) {
        return TB_STATUS(MLS_GROUP_ID);
    }
    if (content->epoch != j->now->context.epoch) return TB_STATUS(MLS_EPOCH);
    if (content->content_type != MLS_CONTENT_PROPOSAL ||
        content->of.proposal->proposal_type != MLS_PROPOSAL_SELF_REMOVE) {
        return TB_STATUS(MLS_PROPOSALS_NOT_EXTERNAL);
    }
    if (content->sender.sender_type != MLS_SENDER_MEMBER) {
        return TB_STATUS(MLS_PROPOSALS_INVALID_SENDER);
    }
    uint32_t sender = content->sender.of.leaf_index->value;
    const struct mls_leaf_node *leaf = mls_tree_leaf(&j->now->tree, sender);
    if (leaf == NULL) return TB_STATUS(MLS_SENDER);
    TRY(mls_group_check_aad(j->now, content->authenticated_data));
    TRY(mls_framing_verify(suite, in.wire_format, authenticated, j->now->context_octets,
                           leaf->signature_key, &j->arena));
    TRY(mls_framing_proposal_ref(suite, &framed, &j->arena, hash));
    *item = (struct mls_proposals_item){ content->of.proposal, MLS_SENDER_MEMBER, sender, true };
    return tb_arena_dup(&j->arena, (tb_bytes){ hash, suite->hash_len }, &ref->value);
}

/* The SelfRemoves that wait, by reference; *covers_prior: one of them is that of our old leaf. */
static tb_status self_removes(struct join *j, struct mls_proposal_or_ref *list,
                              struct mls_proposals_item *items, bool *covers_prior)
{
    const uint32_t *prior = j->params->prior_leaf;
    size_t count = j->params->self_remove_count;
    struct wire_opaque *refs = tb_arena_take(&j->arena, count, sizeof *refs);
    if (refs == NULL) return TB_STATUS(TB_NO_SPACE);
    *covers_prior = false;
    for (size_t i = 0; i < count; i++) {
        TRY(open_self_remove(j, j->params->self_removes[i], &refs[i], &items[i]));
        list[i].type = MLS_BY_REFERENCE;
        list[i].of.reference = &refs[i];
        *covers_prior |= prior != NULL && *prior == items[i].sender_index;
    }
    return TB_STATUS(TB_OK);
}

/* ExternalInit, Remove of the old leaf, pre-shared keys by value. */
static tb_status own_proposals(struct join *j, bool with_remove, struct mls_proposal *proposals,
                               struct mls_external_init *init, struct mls_remove *remove,
                               size_t *count)
{
    size_t made = 0;
    TRY(external_init(j, init));
    proposals[made].proposal_type = MLS_PROPOSAL_EXTERNAL_INIT;
    proposals[made++].of.external_init = init;
    if (with_remove) {
        remove->removed = *j->params->prior_leaf;
        proposals[made].proposal_type = MLS_PROPOSAL_REMOVE;
        proposals[made++].of.remove = remove;
    }
    TRY(psk_proposals(j, proposals + made));
    *count = made + j->params->psk_count;
    return TB_STATUS(TB_OK);
}

/* The list, decoded again. */
static tb_status choose(struct join *j)
{
    const struct mls_group_external_params *params = j->params;
    size_t before = params->self_remove_count, count = 0;
    size_t count_max = params->psk_count + 2 + before;
    struct mls_external_init init;
    struct mls_remove remove;
    bool covers_prior;
    struct mls_proposal *proposals = tb_arena_take(&j->arena, count_max, sizeof *proposals);
    struct mls_proposal_or_ref *list = tb_arena_take(&j->arena, count_max, sizeof *list);
    j->items = tb_arena_take(&j->arena, count_max, sizeof *j->items);
    if (proposals == NULL || list == NULL || j->items == NULL) return TB_STATUS(TB_NO_SPACE);
    TRY(self_removes(j, list, j->items, &covers_prior));
    TRY(own_proposals(j, params->prior_leaf != NULL && !covers_prior, proposals, &init, &remove,
                      &count));
    for (size_t i = 0; i < count; i++) {
        list[before + i].type = MLS_BY_VALUE;
        list[before + i].of.proposal = &proposals[i];
    }
    const struct mls_commit chosen = { .proposals = { list, before + count } };
    TRY(wire_copy(&mls_commit_desc, &chosen, &j->arena, &j->commit));
    for (size_t i = before; i < before + count; i++) {
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
        .parallel = j->group->env.run_parallel,
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
    const struct mls_group_external_params *params = j->params;
    TRY(mls_group_check_aad(j->now, params->aad));
    if (params->prior_leaf == NULL) {
        TRY(mls_group_join_check_id(j->now->context.group_id, params->group_ids,
                                    params->group_id_count));
    }
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
