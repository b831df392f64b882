/* The part of a member's state that application messages change, as a blob of its own. */
#include <string.h>

#include "mls/blob.h"
#include "mls/group_state.h"
#include "mls/structs_state.h"

static tb_status encode(const struct mls_group *group, struct tb_arena *arena, struct tb_buf *out)
{
    struct mls_past_ratchets_blob past[MLS_PAST_EPOCH_COUNT_MAX];
    struct mls_ratchets_blob blob = {
        .version = MLS_RATCHETS_BLOB_VERSION,
        .cipher_suite = group->env.suite->id,
        .epoch = group->now->context.epoch,
        .use_count = group->use_count,
        .past = { past, 0 },
        .last_signature = mls_group_last_signature(group),
    };
    if (!group->is_active) return TB_STATUS(MLS_GROUP_INACTIVE);
    TRY(mls_secret_tree_encode(group->now->secret_tree, arena, &blob.secret_tree));
    for (size_t i = 0; i < MLS_PAST_EPOCH_COUNT_MAX && group->past[i] != NULL; i++) {
        past[i].epoch = group->past[i]->epoch;
        TRY(mls_secret_tree_encode(group->past[i]->secret_tree, arena, &past[i].secret_tree));
        blob.past.count++;
    }
    size_t from = out->len;
    TRY(wire_encode_buf(&mls_ratchets_blob_desc, &blob, out));
    return mls_group_blob_end(group, from, arena, out);
}

tb_status mls_group_ratchets_encode(const struct mls_group *group, struct tb_buf *out)
{
    struct tb_arena scratch;
    tb_arena_init(&scratch, group->env.mem, MLS_STAGED_BYTES_MAX);
    tb_status status = encode(group, &scratch, out);
    tb_arena_wipe(&scratch);
    return status;
}

/* The trees of the blob, none of which is in the group yet. */
struct trees {
    struct mls_secret_tree *now;
    struct mls_secret_tree *exporter;
    struct mls_secret_tree *past[MLS_PAST_EPOCH_COUNT_MAX];
};

static void trees_free(struct trees *trees)
{
    mls_secret_tree_free(trees->now);
    mls_secret_tree_free(trees->exporter);
    for (size_t i = 0; i < MLS_PAST_EPOCH_COUNT_MAX; i++) mls_secret_tree_free(trees->past[i]);
}

/* The same epochs in the same order, or the two blobs do not belong together. */
static tb_status check_epochs(const struct mls_group *group, const struct mls_ratchets_blob *blob)
{
    size_t count = 0;
    if (blob->epoch != group->now->context.epoch || blob->use_count <= group->use_count) {
        return TB_STATUS(MLS_RATCHETS_STALE);
    }
    while (count < MLS_PAST_EPOCH_COUNT_MAX && group->past[count] != NULL) count++;
    if (blob->past.count != count) return TB_STATUS(MLS_BLOB);
    for (size_t i = 0; i < count; i++) {
        if (blob->past.at[i].epoch != group->past[i]->epoch) return TB_STATUS(MLS_BLOB);
    }
    return TB_STATUS(TB_OK);
}

static tb_status decode_trees(const struct mls_group *group, const struct mls_ratchets_blob *blob,
                              struct tb_arena *arena, struct trees *out)
{
    const struct crypto_suite *suite = group->env.suite;
    TRY(mls_secret_tree_decode(suite, group->env.mem, blob->secret_tree, arena, &out->now));
    for (size_t i = 0; i < blob->past.count; i++) {
        TRY(mls_secret_tree_decode(suite, group->env.mem, blob->past.at[i].secret_tree, arena,
                                   &out->past[i]));
    }
    return TB_STATUS(TB_OK);
}

static void exchange(struct mls_secret_tree **a, struct mls_secret_tree **b)
{
    struct mls_secret_tree *kept = *a;
    *a = *b;
    *b = kept;
}

static tb_status decode(struct mls_group *group, tb_bytes octets, struct tb_arena *arena,
                        struct trees *trees)
{
    struct mls_ratchets_blob blob;
    uint16_t version;
    tb_bytes rest;
    TRY(mls_blob_open(group->env.suite, octets, MLS_RATCHETS_BLOB_VERSION, &version, &rest));
    TRY(mls_structs_stored_prefix(&mls_ratchets_blob_desc, &rest, arena, &blob));
    if (blob.last_signature.len > sizeof group->last_signature) {
        return TB_STATUS(MLS_BLOB);
    }
    TRY(check_epochs(group, &blob));
    TRY(decode_trees(group, &blob, arena, trees));
    TRY(mls_group_blob_tail(group, version, rest, arena, &trees->exporter));

    exchange(&group->now->secret_tree, &trees->now);
    exchange(&group->now->exporter_tree, &trees->exporter);
    for (size_t i = 0; i < blob.past.count; i++) {
        exchange(&group->past[i]->secret_tree, &trees->past[i]);
    }
    group->use_count = blob.use_count;
    group->last_signature_len = blob.last_signature.len;
    if (blob.last_signature.len != 0) {
        memcpy(group->last_signature, blob.last_signature.data, blob.last_signature.len);
    }
    return TB_STATUS(TB_OK);
}

tb_status mls_group_ratchets_decode(struct mls_group *group, tb_bytes blob)
{
    struct trees trees = { .now = NULL };
    struct tb_arena scratch;
    if (!group->is_active) return TB_STATUS(MLS_GROUP_INACTIVE);
    tb_arena_init(&scratch, group->env.mem, MLS_STAGED_BYTES_MAX);
    tb_status status = decode(group, blob, &scratch, &trees);
    tb_arena_wipe(&scratch);
    trees_free(&trees); /* on success the old ones */
    return status;
}
