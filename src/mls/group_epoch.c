/* One epoch of a member's group, and the step to the next: RFC 9420, sections 8 and 12.4.2. */
#include <string.h>

#include "mls/group_state.h"
#include "mls/transcript.h"

tb_status mls_group_epoch_new(const struct mls_env *env, const struct mls_group_context *fields,
                              struct mls_tree *tree, struct mls_epoch **out)
{
    tb_status status = TB_STATUS(TB_OK);
    struct mls_epoch *epoch = tb_mem_take(env->mem, sizeof *epoch);
    if (epoch == NULL) return TB_STATUS(TB_NO_SPACE);
    epoch->env = env;
    tb_arena_init(&epoch->arena, env->mem, MLS_EPOCH_BYTES_MAX);
    CHECK(wire_encode(&mls_group_context_desc, fields, &epoch->arena, &epoch->context_octets));
    CHECK(wire_decode(&mls_group_context_desc, epoch->context_octets, &epoch->arena,
                      &epoch->context, NULL));
    epoch->tree = *tree;
    *tree = (struct mls_tree){ .suite = NULL };
    *out = epoch;
    return status;
out:
    mls_group_epoch_free(epoch);
    return status;
}

void mls_group_epoch_free(struct mls_epoch *epoch)
{
    if (epoch == NULL) return;
    mls_secret_tree_free(epoch->secret_tree);
    mls_secret_tree_free(epoch->exporter_tree);
    mls_tree_wipe(&epoch->tree);
    tb_arena_wipe(&epoch->arena);
    tb_mem_give(epoch->env->mem, epoch, sizeof *epoch);
}

tb_status mls_group_epoch_start(struct mls_epoch *epoch, const struct mls_epoch_secrets *secrets)
{
    const struct crypto_suite *suite = epoch->env->suite;
    tb_bytes confirmed = epoch->context.confirmed_transcript_hash;
    TRY(mls_secret_tree_new(suite, epoch->env->mem, mls_tree_leaf_count(&epoch->tree),
                            &secrets->encryption_secret, &epoch->secret_tree));
    TRY(mls_secret_tree_new(suite, epoch->env->mem, MLS_EXPORTER_LEAF_COUNT,
                            &secrets->application_export_secret, &epoch->exporter_tree));
    epoch->secrets = *secrets;
    tb_secret_wipe(&epoch->secrets.encryption_secret);
    tb_secret_wipe(&epoch->secrets.application_export_secret);
    TRY(mls_schedule_confirmation_tag(suite, &secrets->confirmation_key, confirmed,
                                      epoch->confirmation_tag));
    return mls_transcript_interim(suite, confirmed,
                                  (tb_bytes){ epoch->confirmation_tag, suite->hash_len },
                                  epoch->interim_transcript_hash);
}

/* The next GroupContext but for the transcript; tree_hash gets room for its octets. */
static tb_status next_context(const struct mls_epoch *now, struct mls_proposals_result *result,
                              uint8_t tree_hash[CRYPTO_HASH_MAX], struct mls_group_context *out)
{
    if (now->context.epoch == UINT64_MAX) return TB_STATUS(MLS_GROUP_EPOCH_END);
    TRY(mls_tree_hash(&result->tree, tree_hash));
    *out = (struct mls_group_context){
        .version = now->context.version,
        .cipher_suite = now->context.cipher_suite,
        .group_id = now->context.group_id,
        .epoch = now->context.epoch + 1,
        .tree_hash = { tree_hash, now->env->suite->hash_len },
        .confirmed_transcript_hash = now->context.confirmed_transcript_hash,
        .extensions = { (struct mls_extension *)(uintptr_t)result->rules.extensions,
                        result->rules.extension_count },
    };
    return TB_STATUS(TB_OK);
}

tb_status mls_group_epoch_provisional(const struct mls_epoch *now,
                                      struct mls_proposals_result *result, struct tb_arena *arena,
                                      tb_bytes *context)
{
    uint8_t tree_hash[CRYPTO_HASH_MAX];
    struct mls_group_context fields;
    TRY(next_context(now, result, tree_hash, &fields));
    return wire_encode(&mls_group_context_desc, &fields, arena, context);
}

tb_status mls_group_epoch_reinit(struct mls_epoch *epoch, const struct mls_re_init *reinit)
{
    if (reinit == NULL) return TB_STATUS(TB_OK);
    struct mls_re_init *copy = tb_arena_take(&epoch->arena, 1, sizeof *copy);
    if (copy == NULL) return TB_STATUS(TB_NO_SPACE);
    epoch->reinit = copy;
    return wire_copy(&mls_re_init_desc, reinit, &epoch->arena, copy);
}

tb_status mls_group_epoch_next(const struct mls_epoch *now,
                               const struct mls_transition *transition, struct mls_epoch **out,
                               struct tb_secret *joiner_secret)
{
    const struct crypto_suite *suite = now->env->suite;
    uint8_t tree_hash[CRYPTO_HASH_MAX], confirmed[CRYPTO_HASH_MAX];
    struct mls_group_context fields;
    struct mls_epoch_secrets secrets = { 0 };
    struct tb_secret joiner = { 0 };
    struct mls_epoch *next = NULL;
    tb_status status = TB_STATUS(TB_OK);

    CHECK(next_context(now, transition->result, tree_hash, &fields));
    /* The hashes before the first commit are empty, but the interim one never is. */
    CHECK(mls_transcript_confirmed(suite, (tb_bytes){ now->interim_transcript_hash,
                                                      suite->hash_len },
                                   transition->wire_format, transition->content,
                                   transition->signature, confirmed));
    fields.confirmed_transcript_hash = (tb_bytes){ confirmed, suite->hash_len };
    CHECK(mls_group_epoch_new(now->env, &fields, &transition->result->tree, &next));
    CHECK(mls_group_epoch_reinit(next, transition->result->reinit));
    CHECK(mls_schedule_joiner(suite, transition->init_secret, transition->commit_secret,
                              next->context_octets, &joiner));
    CHECK(mls_schedule_epoch(suite, &joiner, transition->psk_secret, next->context_octets,
                             &secrets));
    CHECK(mls_group_epoch_start(next, &secrets));
    *joiner_secret = joiner;
    *out = next;
    next = NULL;
out:
    mls_epoch_secrets_wipe(&secrets);
    tb_secret_wipe(&joiner);
    mls_group_epoch_free(next);
    return status;
}
