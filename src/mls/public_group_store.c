/* A public group as octets and back. */
#include <string.h>

#include "mls/blob.h"
#include "mls/public_group_state.h"
#include "mls/public_state.h"

WIRE_TABLE(mls_public_state, MLS_PUBLIC_STATE)
WIRE_TABLE(mls_public_state_2, MLS_PUBLIC_STATE_2)

/* What one encoding or decoding may take beside the group itself. */
enum { SCRATCH_BYTES_MAX = 256 << 20 };

static tb_status encode(const struct mls_public_group *group, struct tb_arena *arena,
                        struct tb_buf *out)
{
    const struct mls_public_epoch *epoch = &group->epoch;
    struct mls_public_state state = {
        .version = MLS_PUBLIC_STATE_VERSION,
        .cipher_suite = group->env.suite->id,
        .group_context = epoch->context_octets,
        .interim_transcript_hash = { epoch->interim_transcript_hash, group->env.suite->hash_len },
    };
    TRY(mls_tree_encode(&epoch->tree, arena, &state.ratchet_tree));
    state.pending.at = tb_arena_take(arena, group->pending_count, sizeof *state.pending.at);
    if (state.pending.at == NULL) return TB_STATUS(TB_NO_SPACE);
    for (const struct mls_public_pending *item = group->pending; item != NULL; item = item->next) {
        state.pending.at[state.pending.count++].value = item->message;
    }
    const struct mls_public_state_2 tail = { epoch->has_ended ? 1 : 0 };
    size_t from = out->len;
    TRY(wire_encode_buf(&mls_public_state_desc, &state, out));
    tb_status status = wire_encode_buf(&mls_public_state_2_desc, &tail, out);
    if (tb_is_ok(status)) return mls_blob_close(group->env.suite, from, out);
    mls_blob_cut(out, from);
    return status;
}

tb_status mls_public_group_encode(const struct mls_public_group *group, struct tb_buf *out)
{
    struct tb_arena arena;
    tb_arena_init(&arena, group->env.mem, SCRATCH_BYTES_MAX);
    tb_status status = encode(group, &arena, out);
    tb_arena_wipe(&arena);
    return status;
}

static tb_status take_pending(struct mls_public_group *group, tb_bytes message)
{
    const struct mls_authenticated *content;
    struct mls_public_pending *pending;
    if (group->pending_count == MLS_PUBLIC_PROPOSAL_COUNT_MAX) return TB_STATUS(MLS_PENDING_FULL);
    TRY(mls_public_pending_new(group, message, &pending, &content, NULL));
    mls_public_group_keep(group, pending);
    return TB_STATUS(TB_OK);
}

/* Signatures were verified before the group was stored; the tree hash finds damage. */
static tb_status take_state(struct mls_public_group *group, const struct mls_public_state *state)
{
    const struct crypto_suite *suite = group->env.suite;
    struct mls_public_epoch *epoch = &group->epoch;
    uint8_t hash[CRYPTO_HASH_MAX];
    tb_bytes context;
    if (state->interim_transcript_hash.len != suite->hash_len) return TB_STATUS(MLS_BLOB);
    TRY(tb_arena_dup(&epoch->arena, state->group_context, &context));
    TRY(mls_public_epoch_context(&group->env, context, epoch));
    TRY(mls_tree_decode(suite, &group->mem, state->ratchet_tree, &epoch->tree, NULL));
    TRY(mls_tree_hash(&epoch->tree, hash));
    if (!tb_bytes_equal(epoch->context.tree_hash, (tb_bytes){ hash, suite->hash_len })) {
        return TB_STATUS(MLS_BLOB);
    }
    memcpy(epoch->interim_transcript_hash, state->interim_transcript_hash.data, suite->hash_len);
    for (size_t i = 0; i < state->pending.count; i++) {
        TRY(take_pending(group, state->pending.at[i].value));
    }
    return TB_STATUS(TB_OK);
}

tb_status mls_public_group_decode(const struct mls_public_env *env, tb_bytes blob,
                                  struct mls_public_group **out)
{
    struct mls_public_group *group = NULL;
    struct mls_public_state state;
    struct mls_public_state_2 tail = { .has_ended = 0 };
    struct tb_arena arena;
    uint16_t version;
    tb_bytes rest;
    tb_status status;
    TRY(mls_blob_open(env->suite, blob, MLS_PUBLIC_STATE_VERSION, &version, &rest));
    tb_arena_init(&arena, env->mem, SCRATCH_BYTES_MAX);
    CHECK(mls_public_group_alloc(env, &group));
    CHECK(wire_decode_prefix(&mls_public_state_desc, &rest, &arena, &state, NULL));
    if (version >= MLS_BLOB_VERSION_DIGEST) {
        CHECK(wire_decode_prefix(&mls_public_state_2_desc, &rest, NULL, &tail, NULL));
    }
    if (rest.len != 0 || tail.has_ended > 1) CHECK(TB_STATUS(MLS_BLOB));
    CHECK(take_state(group, &state));
    group->epoch.has_ended = tail.has_ended == 1;
    *out = group;
    group = NULL;

out:
    mls_public_group_free(group);
    tb_arena_wipe(&arena);
    return mls_blob_status(status);
}
