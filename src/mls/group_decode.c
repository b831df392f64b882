/*
 * A member's state back from its blob.  The blob is our own and was authenticated by whoever stored
 * it; what is checked here keeps a damaged one from breaking the program, and answers MLS_BLOB.
 */
#include <string.h>

#include "mls/blob.h"
#include "mls/group_state.h"
#include "mls/structs_state.h"

static tb_status decode_key(const struct crypto_suite *suite, const struct mls_tree_key_blob *blob,
                            struct mls_treekem_key *out)
{
    if (blob->private_key.len != suite->dh_private_len ||
        blob->public_key.len != suite->dh_public_len) {
        return TB_STATUS(MLS_BLOB);
    }
    tb_secret_set(&out->private_key, blob->private_key);
    memcpy(out->public_key, blob->public_key.data, blob->public_key.len);
    out->public_len = blob->public_key.len;
    return TB_STATUS(TB_OK);
}

static tb_status decode_keys(const struct crypto_suite *suite, uint32_t leaf_index,
                             const struct mls_tree_key_blob *keys, size_t count,
                             struct mls_treekem_private *out)
{
    out->leaf_index = leaf_index;
    for (size_t i = 0; i < count; i++) {
        if (keys[i].level > MLS_TREE_HEIGHT_MAX) return TB_STATUS(MLS_BLOB);
        TRY(decode_key(suite, &keys[i], &out->at[keys[i].level]));
    }
    return TB_STATUS(TB_OK);
}

/* Every secret of a live epoch is hash_len long, of a left group empty. */
static tb_status decode_secret(size_t len, tb_bytes value, struct tb_secret *out)
{
    if (value.len != len) return TB_STATUS(MLS_BLOB);
    tb_secret_set(out, value);
    return TB_STATUS(TB_OK);
}

static tb_status decode_secrets(const struct mls_epoch_blob *blob, size_t len,
                                struct mls_epoch_secrets *out)
{
    TRY(decode_secret(len, blob->sender_data_secret, &out->sender_data_secret));
    TRY(decode_secret(len, blob->exporter_secret, &out->exporter_secret));
    TRY(decode_secret(len, blob->external_secret, &out->external_secret));
    TRY(decode_secret(len, blob->confirmation_key, &out->confirmation_key));
    TRY(decode_secret(len, blob->membership_key, &out->membership_key));
    TRY(decode_secret(len, blob->resumption_psk, &out->resumption_psk));
    TRY(decode_secret(len, blob->epoch_authenticator, &out->epoch_authenticator));
    return decode_secret(len, blob->init_secret, &out->init_secret);
}

static tb_status decode_tree(const struct mls_group *group, const struct mls_epoch_blob *blob,
                             const struct mls_group_context *context, struct mls_tree *tree)
{
    const struct crypto_suite *suite = group->env.suite;
    uint8_t hash[CRYPTO_HASH_MAX];
    tb_status status = mls_tree_decode(suite, group->env.mem, blob->ratchet_tree, tree, NULL);
    TRY(mls_blob_status(status));
    TRY(mls_tree_hash(tree, hash));
    bool is_whole = tb_bytes_equal((tb_bytes){ hash, suite->hash_len }, context->tree_hash);
    const struct mls_leaf_node *own = mls_tree_leaf(tree, blob->leaf_index);
    if (!is_whole || own == NULL) return TB_STATUS(MLS_BLOB);
    bool is_signer = tb_bytes_equal(own->signature_key,
                                    crypto_signing_key_public(&group->signer));
    return TB_STATUS(is_signer ? TB_OK : MLS_GROUP_SIGNER);
}

static tb_status decode_epoch(struct mls_group *group, const struct mls_epoch_blob *blob,
                              struct tb_arena *arena)
{
    const struct crypto_suite *suite = group->env.suite;
    struct mls_group_context context;
    struct mls_tree tree = { .suite = NULL };
    tb_status status = TB_STATUS(TB_OK);
    TRY(mls_structs_stored(&mls_group_context_desc, blob->group_context, arena, &context));
    if (blob->confirmation_tag.len != suite->hash_len ||
        blob->interim_transcript_hash.len != suite->hash_len) {
        return TB_STATUS(MLS_BLOB);
    }
    CHECK(decode_tree(group, blob, &context, &tree));
    CHECK(mls_group_epoch_new(&group->env, &context, &tree, &group->now));
    struct mls_epoch *now = group->now;
    memcpy(now->confirmation_tag, blob->confirmation_tag.data, suite->hash_len);
    memcpy(now->interim_transcript_hash, blob->interim_transcript_hash.data, suite->hash_len);
    CHECK(mls_group_epoch_reinit(now, blob->reinit));
    CHECK(decode_secrets(blob, group->is_active ? suite->hash_len : 0, &now->secrets));
    CHECK(decode_keys(suite, blob->leaf_index, blob->keys.at, blob->keys.count, &now->own));
    if (group->is_active) {
        CHECK(mls_secret_tree_decode(suite, group->env.mem, blob->secret_tree, arena,
                                     &now->secret_tree));
    }
out:
    mls_tree_wipe(&tree);
    return status;
}

static tb_status decode_past_leaves(struct mls_past *past, const struct mls_past_blob *blob)
{
    for (size_t i = blob->leaves.count; i-- > 0;) {
        const struct mls_past_leaf_blob *from = &blob->leaves.at[i];
        struct mls_past_leaf *leaf = tb_arena_take(&past->arena, 1, sizeof *leaf);
        if (leaf == NULL) return TB_STATUS(TB_NO_SPACE);
        leaf->leaf_index = from->leaf_index;
        leaf->is_blank = from->is_blank != 0;
        TRY(tb_arena_dup(&past->arena, from->signature_key, &leaf->signature_key));
        TRY(tb_arena_dup(&past->arena, from->identity, &leaf->identity));
        leaf->next = past->leaves;
        past->leaves = leaf;
    }
    return TB_STATUS(TB_OK);
}

static tb_status decode_past(struct mls_group *group, const struct mls_past_blob *blob,
                             struct tb_arena *arena, struct mls_past **out)
{
    const struct crypto_suite *suite = group->env.suite;
    struct mls_past *past = tb_mem_take(group->env.mem, sizeof *past);
    tb_status status = TB_STATUS(TB_OK);
    if (past == NULL) return TB_STATUS(TB_NO_SPACE);
    past->mem = group->env.mem;
    past->epoch = blob->epoch;
    tb_arena_init(&past->arena, past->mem, MLS_PAST_BYTES_MAX);
    CHECK(decode_secret(suite->hash_len, blob->sender_data_secret, &past->sender_data_secret));
    CHECK(tb_arena_dup(&past->arena, blob->group_context, &past->context_octets));
    CHECK(decode_past_leaves(past, blob));
    CHECK(mls_secret_tree_decode(suite, past->mem, blob->secret_tree, arena,
                                 &past->secret_tree));
    *out = past;
    return status;
out:
    mls_group_past_free(past);
    return status;
}

static tb_status decode_history(struct mls_group *group, const struct mls_group_blob *blob,
                                struct tb_arena *arena)
{
    size_t hash_len = group->env.suite->hash_len;
    if (blob->past.count > MLS_PAST_EPOCH_COUNT_MAX ||
        blob->resumption.count > MLS_RESUMPTION_COUNT_MAX) {
        return TB_STATUS(MLS_BLOB);
    }
    for (size_t i = 0; i < blob->past.count; i++) {
        TRY(decode_past(group, &blob->past.at[i], arena, &group->past[i]));
    }
    for (size_t i = 0; i < blob->resumption.count; i++) {
        const struct mls_resumption_blob *from = &blob->resumption.at[i];
        if (from->psk.len != hash_len) return TB_STATUS(MLS_BLOB);
        group->resumption[i].epoch = from->epoch;
        memcpy(group->resumption[i].psk, from->psk.data, hash_len);
        group->resumption_count++;
    }
    return TB_STATUS(TB_OK);
}

/* Octets that the cache and the stage read without looking at their kind. */
static tb_status check_content(const struct mls_framed *framed, uint8_t content_type,
                               struct tb_arena *arena, struct mls_framed_content *content)
{
    TRY(mls_structs_stored(&mls_framed_content_desc, framed->content, arena, content));
    return TB_STATUS(content->content_type == content_type ? TB_OK : MLS_BLOB);
}

static tb_status check_own_commit(const struct mls_group *group, const struct mls_framed *framed,
                                  struct tb_arena *arena)
{
    struct mls_framed_content content;
    TRY(check_content(framed, MLS_CONTENT_COMMIT, arena, &content));
    bool is_own = content.sender.sender_type == MLS_SENDER_MEMBER &&
                  content.sender.of.leaf_index->value == group->now->own.leaf_index;
    return TB_STATUS(is_own ? TB_OK : MLS_BLOB);
}

static tb_status decode_cache(struct mls_group *group, const struct mls_group_blob *blob,
                              struct tb_arena *arena)
{
    for (size_t i = 0; i < blob->cached.count; i++) {
        const struct mls_cached_blob *from = &blob->cached.at[i];
        const struct mls_framed framed = { from->wire_format, from->content, from->auth };
        struct mls_framed_content content;
        struct mls_treekem_key key = { .public_len = 0 };
        TRY(check_content(&framed, MLS_CONTENT_PROPOSAL, arena, &content));
        struct mls_cached *cached = NULL;
        tb_status status = TB_STATUS(TB_OK);
        if (from->update_key != NULL) {
            status = decode_key(group->env.suite, from->update_key, &key);
        }
        if (tb_is_ok(status)) {
            status = mls_group_cache_add(group, &framed, key.public_len == 0 ? NULL : &key,
                                         &cached);
        }
        tb_wipe(&key, sizeof key);
        TRY(status);
        cached->is_dropped = from->is_dropped != 0;
    }
    return TB_STATUS(TB_OK);
}

static tb_status decode_pending(struct mls_group *group, const struct mls_pending_blob *blob,
                                struct tb_arena *arena)
{
    const struct crypto_suite *suite = group->env.suite;
    const struct mls_framed framed = { blob->wire_format, blob->content, blob->auth };
    struct mls_known_secrets known = { .commit_secret = { .len = 0 } };
    tb_status status = TB_STATUS(TB_OK);
    CHECK(check_own_commit(group, &framed, arena));
    CHECK(decode_secret(suite->hash_len, blob->commit_secret, &known.commit_secret));
    CHECK(decode_secret(suite->hash_len, blob->psk_secret, &known.psk_secret));
    CHECK(decode_keys(suite, group->now->own.leaf_index, blob->keys.at, blob->keys.count,
                      &known.own));
    CHECK(mls_group_stage_own_again(group, &framed, &known, &group->pending));
    CHECK(tb_arena_dup(&group->pending->arena, blob->message, &group->pending->message));
out:
    tb_wipe(&known, sizeof known);
    return status;
}

tb_status mls_group_blob_tail(const struct mls_group *group, uint16_t version, tb_bytes tail,
                              struct tb_arena *arena, struct mls_secret_tree **out)
{
    struct mls_blob_2 in;
    struct mls_secret_tree *tree = NULL;
    *out = NULL;
    if (version < MLS_BLOB_VERSION_DIGEST) return TB_STATUS(tail.len == 0 ? TB_OK : MLS_BLOB);
    TRY(mls_structs_stored(&mls_blob_2_desc, tail, arena, &in));
    if (in.exporter_tree.len == 0) return TB_STATUS(TB_OK);
    TRY(mls_secret_tree_decode(group->env.suite, group->env.mem, in.exporter_tree, arena, &tree));
    if (!group->is_active || !mls_secret_tree_is_silent(tree) ||
        mls_secret_tree_leaf_count(tree) != MLS_EXPORTER_LEAF_COUNT) {
        mls_secret_tree_free(tree);
        return TB_STATUS(MLS_BLOB);
    }
    *out = tree;
    return TB_STATUS(TB_OK);
}

static tb_status decode_signers(struct mls_group *group, tb_bytes *rest, struct tb_arena *arena)
{
    struct mls_group_blob_3 more;
    TRY(mls_structs_stored_prefix(&mls_group_blob_3_desc, rest, arena, &more));
    if (more.next_signers.count > MLS_NEXT_SIGNER_COUNT_MAX) return TB_STATUS(MLS_BLOB);
    for (size_t i = 0; i < more.next_signers.count; i++) {
        TRY(mls_blob_status(crypto_signing_key_from(group->env.suite,
                                                    more.next_signers.at[i].private_key,
                                                    &group->next_signers[i])));
        group->next_signer_count++;
    }
    return TB_STATUS(TB_OK);
}

static tb_status decode(struct mls_group *group, tb_bytes octets, struct tb_arena *arena)
{
    struct mls_group_blob blob;
    uint16_t version;
    tb_bytes rest;
    TRY(mls_blob_open(group->env.suite, octets, MLS_GROUP_BLOB_VERSION, &version, &rest));
    TRY(mls_structs_stored_prefix(&mls_group_blob_desc, &rest, arena, &blob));
    if (blob.is_active > 1 || blob.last_signature.len > sizeof group->last_signature) {
        return TB_STATUS(MLS_BLOB);
    }
    group->is_active = blob.is_active == 1;
    group->use_count = blob.use_count;
    if (version >= MLS_GROUP_BLOB_VERSION_SIGNERS) TRY(decode_signers(group, &rest, arena));
    TRY(decode_epoch(group, &blob.now, arena));
    TRY(mls_group_blob_tail(group, version, rest, arena, &group->now->exporter_tree));
    TRY(decode_history(group, &blob, arena));
    TRY(decode_cache(group, &blob, arena));
    if (blob.pending != NULL) TRY(decode_pending(group, blob.pending, arena));
    if (blob.last_signature.len != 0) {
        memcpy(group->last_signature, blob.last_signature.data, blob.last_signature.len);
    }
    group->last_signature_len = blob.last_signature.len;
    return TB_STATUS(TB_OK);
}

tb_status mls_group_decode(const struct mls_env *env, tb_bytes blob,
                           const struct crypto_signing_key *signer, struct mls_group **out)
{
    struct tb_arena scratch;
    struct mls_group *group = NULL;
    TRY(mls_group_new(env, signer, &group));
    tb_arena_init(&scratch, env->mem, MLS_STAGED_BYTES_MAX);
    tb_status status = decode(group, blob, &scratch);
    tb_arena_wipe(&scratch);
    if (tb_is_ok(status)) {
        *out = group;
    } else {
        mls_group_free(group);
    }
    return status;
}
