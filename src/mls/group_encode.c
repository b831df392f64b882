/* A member's state as one blob.  Rows: structs_state.h. */
#include "mls/blob.h"
#include "mls/group_state.h"
#include "mls/structs_state.h"

static tb_bytes public_of(const struct mls_treekem_key *key)
{
    return (tb_bytes){ key->public_key, key->public_len };
}

static tb_status encode_keys(const struct mls_treekem_private *own, struct tb_arena *arena,
                             struct mls_tree_key_blob **at, size_t *count)
{
    *count = 0;
    *at = tb_arena_take(arena, MLS_TREE_HEIGHT_MAX + 1, sizeof **at);
    if (*at == NULL) return TB_STATUS(TB_NO_SPACE);
    for (uint8_t level = 0; level <= MLS_TREE_HEIGHT_MAX; level++) {
        const struct mls_treekem_key *key = &own->at[level];
        if (key->private_key.len == 0) continue;
        (*at)[(*count)++] = (struct mls_tree_key_blob){ level, tb_secret_view(&key->private_key),
                                                       public_of(key) };
    }
    return TB_STATUS(TB_OK);
}

static tb_status encode_epoch(const struct mls_epoch *epoch, struct tb_arena *arena,
                              struct mls_epoch_blob *out)
{
    const struct mls_epoch_secrets *secrets = &epoch->secrets;
    size_t hash_len = epoch->env->suite->hash_len;
    *out = (struct mls_epoch_blob){
        .group_context = epoch->context_octets,
        .confirmation_tag = { epoch->confirmation_tag, hash_len },
        .interim_transcript_hash = { epoch->interim_transcript_hash, hash_len },
        .sender_data_secret = tb_secret_view(&secrets->sender_data_secret),
        .exporter_secret = tb_secret_view(&secrets->exporter_secret),
        .external_secret = tb_secret_view(&secrets->external_secret),
        .confirmation_key = tb_secret_view(&secrets->confirmation_key),
        .membership_key = tb_secret_view(&secrets->membership_key),
        .resumption_psk = tb_secret_view(&secrets->resumption_psk),
        .epoch_authenticator = tb_secret_view(&secrets->epoch_authenticator),
        .init_secret = tb_secret_view(&secrets->init_secret),
        .leaf_index = epoch->own.leaf_index,
        .reinit = (struct mls_re_init *)(uintptr_t)epoch->reinit,
    };
    TRY(mls_tree_encode(&epoch->tree, arena, &out->ratchet_tree));
    if (epoch->secret_tree != NULL) {
        TRY(mls_secret_tree_encode(epoch->secret_tree, arena, &out->secret_tree));
    }
    return encode_keys(&epoch->own, arena, &out->keys.at, &out->keys.count);
}

static tb_status encode_past(const struct mls_past *past, struct tb_arena *arena,
                             struct mls_past_blob *out)
{
    size_t count = 0;
    for (const struct mls_past_leaf *at = past->leaves; at != NULL; at = at->next) count++;
    *out = (struct mls_past_blob){
        .epoch = past->epoch,
        .group_context = past->context_octets,
        .sender_data_secret = tb_secret_view(&past->sender_data_secret),
        .leaves = { tb_arena_take(arena, count, sizeof *out->leaves.at), count },
    };
    if (out->leaves.at == NULL) return TB_STATUS(TB_NO_SPACE);
    count = 0;
    for (const struct mls_past_leaf *at = past->leaves; at != NULL; at = at->next) {
        out->leaves.at[count++] = (struct mls_past_leaf_blob){
            at->leaf_index, at->is_blank ? 1 : 0, at->signature_key, at->identity,
        };
    }
    return mls_secret_tree_encode(past->secret_tree, arena, &out->secret_tree);
}

static tb_status encode_history(const struct mls_group *group, struct tb_arena *arena,
                                struct mls_group_blob *out)
{
    out->past.at = tb_arena_take(arena, MLS_PAST_EPOCH_COUNT_MAX, sizeof *out->past.at);
    out->resumption.at = tb_arena_take(arena, group->resumption_count,
                                       sizeof *out->resumption.at);
    if (out->past.at == NULL || out->resumption.at == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < MLS_PAST_EPOCH_COUNT_MAX && group->past[i] != NULL; i++) {
        TRY(encode_past(group->past[i], arena, &out->past.at[out->past.count++]));
    }
    out->resumption.count = group->resumption_count;
    for (size_t i = 0; i < group->resumption_count; i++) {
        out->resumption.at[i] = (struct mls_resumption_blob){
            group->resumption[i].epoch,
            { group->resumption[i].psk, group->env.suite->hash_len },
        };
    }
    return TB_STATUS(TB_OK);
}

static tb_status encode_cache(const struct mls_group *group, struct tb_arena *arena,
                              struct mls_group_blob *out)
{
    out->cached.at = tb_arena_take(arena, group->cache_count, sizeof *out->cached.at);
    if (out->cached.at == NULL) return TB_STATUS(TB_NO_SPACE);
    for (const struct mls_cached *at = group->cache; at != NULL; at = at->next) {
        struct mls_cached_blob *blob = &out->cached.at[out->cached.count++];
        *blob = (struct mls_cached_blob){
            .wire_format = at->framed.wire_format,
            .content = at->framed.content,
            .auth = at->framed.auth,
            .is_dropped = at->is_dropped ? 1 : 0,
        };
        if (at->update_key.public_len == 0) continue;
        blob->update_key = tb_arena_take(arena, 1, sizeof *blob->update_key);
        if (blob->update_key == NULL) return TB_STATUS(TB_NO_SPACE);
        *blob->update_key = (struct mls_tree_key_blob){
            0, tb_secret_view(&at->update_key.private_key), public_of(&at->update_key),
        };
    }
    return TB_STATUS(TB_OK);
}

static tb_status encode_pending(const struct mls_staged *pending, struct tb_arena *arena,
                                struct mls_group_blob *out)
{
    struct mls_pending_blob *blob = tb_arena_take(arena, 1, sizeof *blob);
    if (blob == NULL) return TB_STATUS(TB_NO_SPACE);
    *blob = (struct mls_pending_blob){
        .wire_format = pending->framed.wire_format,
        .content = pending->framed.content,
        .auth = pending->framed.auth,
        .message = pending->message,
        .commit_secret = tb_secret_view(&pending->commit_secret),
        .psk_secret = tb_secret_view(&pending->psk_secret),
    };
    out->pending = blob;
    return encode_keys(&pending->next->own, arena, &blob->keys.at, &blob->keys.count);
}

tb_status mls_group_blob_end(const struct mls_group *group, size_t from, struct tb_arena *arena,
                             struct tb_buf *out)
{
    const struct mls_secret_tree *exporter_tree = group->now->exporter_tree;
    struct mls_blob_2 tail = { .exporter_tree = { NULL, 0 } };
    tb_status status = TB_STATUS(TB_OK);
    if (exporter_tree != NULL) {
        status = mls_secret_tree_encode(exporter_tree, arena, &tail.exporter_tree);
    }
    if (tb_is_ok(status)) status = wire_encode_buf(&mls_blob_2_desc, &tail, out);
    if (tb_is_ok(status)) return mls_blob_close(group->env.suite, from, out);
    mls_blob_cut(out, from);
    return status;
}

static tb_status encode(const struct mls_group *group, struct tb_arena *arena, struct tb_buf *out)
{
    struct mls_group_blob blob = {
        .version = MLS_GROUP_BLOB_VERSION,
        .cipher_suite = group->env.suite->id,
        .is_active = group->is_active ? 1 : 0,
        .use_count = group->use_count,
        .last_signature = mls_group_last_signature(group),
    };
    TRY(encode_epoch(group->now, arena, &blob.now));
    TRY(encode_history(group, arena, &blob));
    TRY(encode_cache(group, arena, &blob));
    if (group->pending != NULL) TRY(encode_pending(group->pending, arena, &blob));
    struct mls_signer_blob signers[MLS_NEXT_SIGNER_COUNT_MAX];
    const struct mls_group_blob_3 more = { .next_signers = { signers, group->next_signer_count } };
    for (size_t i = 0; i < group->next_signer_count; i++) {
        signers[i].private_key = tb_secret_view(&group->next_signers[i].private_key);
    }
    size_t from = out->len;
    TRY(wire_encode_buf(&mls_group_blob_desc, &blob, out));
    tb_status status = wire_encode_buf(&mls_group_blob_3_desc, &more, out);
    if (tb_is_ok(status)) return mls_group_blob_end(group, from, arena, out);
    mls_blob_cut(out, from);
    return status;
}

tb_status mls_group_encode(const struct mls_group *group, struct tb_buf *out)
{
    struct tb_arena scratch;
    tb_arena_init(&scratch, group->env.mem, MLS_STAGED_BYTES_MAX);
    tb_status status = encode(group, &scratch, out);
    tb_arena_wipe(&scratch);
    return status;
}
