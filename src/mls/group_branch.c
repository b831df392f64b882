/* Groups out of another: RFC 9420, sections 11.2 and 11.3. */
#include "mls/group_branch.h"

#include "mls/group_state.h"

const struct mls_re_init *mls_group_reinit(const struct mls_group *group)
{
    return group->now->reinit;
}

/* ---------------------------------------------------------------- what must agree */

static bool has_credential(const struct mls_tree *tree, const struct mls_credential *credential)
{
    for (uint32_t i = 0; i < mls_tree_leaf_count(tree); i++) {
        const struct mls_leaf_node *leaf = mls_tree_leaf(tree, i);
        if (leaf != NULL && wire_equal(&mls_credential_desc, &leaf->credential, credential)) {
            return true;
        }
    }
    return false;
}

/* Every credential of one tree stands in the other. */
static bool is_covered(const struct mls_tree *part, const struct mls_tree *whole)
{
    for (uint32_t i = 0; i < mls_tree_leaf_count(part); i++) {
        const struct mls_leaf_node *leaf = mls_tree_leaf(part, i);
        if (leaf != NULL && !has_credential(whole, &leaf->credential)) return false;
    }
    return true;
}

static bool same_extensions(const struct mls_group_context *context,
                            const struct mls_re_init *reinit)
{
    if (context->extensions.count != reinit->extensions.count) return false;
    for (size_t i = 0; i < context->extensions.count; i++) {
        if (!wire_equal(&mls_extension_desc, &context->extensions.at[i],
                        &reinit->extensions.at[i])) {
            return false;
        }
    }
    return true;
}

static bool same_parameters(const struct mls_group *from, const struct mls_group_context *context,
                            uint8_t usage)
{
    const struct mls_group_context *old = &from->now->context;
    const struct mls_re_init *reinit = from->now->reinit;
    if (usage == MLS_RESUMPTION_BRANCH) {
        return context->version == old->version && context->cipher_suite == old->cipher_suite;
    }
    return context->version == reinit->version && context->cipher_suite == reinit->cipher_suite &&
           tb_bytes_equal(context->group_id, reinit->group_id) && same_extensions(context, reinit);
}

static tb_status check_group(const struct mls_group *from, const struct mls_group *group,
                             uint8_t usage)
{
    const struct mls_epoch *now = group->now;
    if (now->context.epoch != 1) return TB_STATUS(MLS_SUBGROUP_EPOCH);
    if (!same_parameters(from, &now->context, usage)) return TB_STATUS(MLS_SUBGROUP_PARAMETERS);
    if (!is_covered(&now->tree, &from->now->tree)) return TB_STATUS(MLS_SUBGROUP_MEMBER);
    if (usage == MLS_RESUMPTION_REINIT && !is_covered(&from->now->tree, &now->tree)) {
        return TB_STATUS(MLS_SUBGROUP_LEFT_OUT);
    }
    return TB_STATUS(TB_OK);
}

/* The old group is in a state that such a group can come out of. */
static tb_status check_from(const struct mls_group *from, uint8_t usage)
{
    if (usage == MLS_RESUMPTION_BRANCH) return mls_group_check_active(from);
    if (!from->is_active) return TB_STATUS(MLS_GROUP_INACTIVE);
    return TB_STATUS(from->now->reinit == NULL ? MLS_GROUP_NO_REINIT : TB_OK);
}

/* ---------------------------------------------------------------- creating */

/* What the steps of one creation pass on. */
struct create {
    const struct mls_group *from;
    const struct mls_group_branch_params *params;
    uint8_t usage;
    struct mls_group *group;
    struct tb_arena arena; /* ends with the call */
    struct mls_resumption_psk resumption;
    struct mls_pre_shared_key psk;
    struct mls_psk_entry entry;
};

static tb_status first_epoch(struct create *c, const struct mls_env *env)
{
    const struct mls_group_branch_params *params = c->params;
    const struct mls_re_init *reinit = c->from->now->reinit;
    struct mls_group_params group = {
        .group_id = params->group_id,
        .identity = params->identity,
        .signer = params->signer,
        .extensions = params->extensions,
        .extension_count = params->extension_count,
        .not_before_s = params->not_before_s,
        .not_after_s = params->not_after_s,
        .leaf_app_data = params->leaf_app_data,
        .extra = params->extra,
    };
    uint16_t suite = c->from->now->context.cipher_suite;
    if (c->usage == MLS_RESUMPTION_REINIT) {
        suite = reinit->cipher_suite;
        if (reinit->version != MLS_VERSION_MLS10) return TB_STATUS(MLS_VERSION);
        group.group_id = reinit->group_id;
        group.extensions = reinit->extensions.at;
        group.extension_count = reinit->extensions.count;
    }
    if (env->suite->id != suite) return TB_STATUS(MLS_SUITE);
    return mls_group_create(env, &group, &c->group);
}

/* The old group's current resumption key, with a fresh nonce of the new suite's length. */
static tb_status resumption_key(struct create *c)
{
    size_t nonce_len = c->group->env.suite->hash_len;
    const struct mls_epoch *old = c->from->now;
    uint8_t *nonce = tb_arena_take(&c->arena, nonce_len, 1);
    if (nonce == NULL) return TB_STATUS(TB_NO_SPACE);
    TRY(tb_rng_fill(c->group->env.rng, nonce, nonce_len));
    c->resumption = (struct mls_resumption_psk){ c->usage, old->context.group_id,
                                                 old->context.epoch };
    c->psk.psk = (struct mls_pre_shared_key_id){
        .psktype = MLS_PSK_RESUMPTION,
        .of = { .resumption = &c->resumption },
        .psk_nonce = { nonce, nonce_len },
    };
    c->entry.id = c->psk.psk;
    c->entry.psk = tb_secret_view(&old->secrets.resumption_psk);
    return TB_STATUS(TB_OK);
}

static tb_status first_commit(struct create *c, struct tb_arena *arena,
                              struct mls_commit_out *out, struct tb_why *why)
{
    const struct mls_group_branch_params *params = c->params;
    size_t count = params->key_package_count;
    struct mls_proposal *proposals = tb_arena_take(&c->arena, count + 1, sizeof *proposals);
    struct mls_add *adds = tb_arena_take(&c->arena, count, sizeof *adds);
    if (proposals == NULL || adds == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < count; i++) {
        TRY(wire_decode(&mls_key_package_in_desc, params->key_packages[i], &c->arena,
                        &adds[i].key_package, why));
        proposals[i].proposal_type = MLS_PROPOSAL_ADD;
        proposals[i].of.add = &adds[i];
    }
    proposals[count].proposal_type = MLS_PROPOSAL_PSK;
    proposals[count].of.psk = &c->psk;
    const struct mls_commit_params commit = {
        .proposals = proposals,
        .proposal_count = count + 1,
        .force_path = params->force_path,
        .tree_in_welcome = params->tree_in_welcome,
        .psks = &c->entry,
        .psk_count = 1,
        .now_s = params->now_s,
    };
    c->group->subgroup_usage = c->usage;
    TRY(mls_group_commit(c->group, &commit, arena, out, why));
    c->group->subgroup_usage = 0;
    return mls_group_pending_merge(c->group);
}

static tb_status create(const struct mls_group *from, const struct mls_env *env, uint8_t usage,
                        const struct mls_group_branch_params *params, struct tb_arena *arena,
                        struct mls_group **group, struct mls_commit_out *out, struct tb_why *why)
{
    struct create c = { .from = from, .params = params, .usage = usage };
    struct mls_commit_out made = { .welcome = { NULL, 0 } };
    tb_status status = TB_STATUS(TB_OK);
    TRY(check_from(from, usage));
    tb_arena_init(&c.arena, env->mem, MLS_STAGED_BYTES_MAX);
    CHECK(first_epoch(&c, env));
    CHECK(resumption_key(&c));
    CHECK(first_commit(&c, arena, &made, why));
    CHECK(check_group(from, c.group, usage));
    *out = made;
    *group = c.group;
    c.group = NULL;
out:
    mls_group_free(c.group);
    tb_arena_wipe(&c.arena);
    return status;
}

tb_status mls_group_branch(const struct mls_group *from, const struct mls_env *env,
                           const struct mls_group_branch_params *params, struct tb_arena *arena,
                           struct mls_group **group, struct mls_commit_out *out,
                           struct tb_why *why)
{
    return create(from, env, MLS_RESUMPTION_BRANCH, params, arena, group, out, why);
}

tb_status mls_group_reinit_create(const struct mls_group *from, const struct mls_env *env,
                                  const struct mls_group_branch_params *params,
                                  struct tb_arena *arena, struct mls_group **group,
                                  struct mls_commit_out *out, struct tb_why *why)
{
    return create(from, env, MLS_RESUMPTION_REINIT, params, arena, group, out, why);
}

/* ---------------------------------------------------------------- joining */

/* The caller's keys and, behind them, those that the old group can lend for this usage. */
static tb_status lend_keys(const struct mls_group *from, const struct mls_join_params *params,
                           uint8_t usage, struct tb_arena *arena, struct mls_psk_entry **out,
                           size_t *out_count)
{
    size_t own_count = usage == MLS_RESUMPTION_REINIT ? 1 : 1 + from->resumption_count;
    size_t count = params->psk_count;
    struct mls_psk_entry *entries = tb_arena_take(arena, count + own_count, sizeof *entries);
    struct mls_resumption_psk *ids = tb_arena_take(arena, own_count, sizeof *ids);
    if (entries == NULL || ids == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < count; i++) entries[i] = params->psks[i];
    for (size_t i = 0; i < own_count; i++) {
        bool is_now = i == 0;
        ids[i] = (struct mls_resumption_psk){
            usage, from->now->context.group_id,
            is_now ? from->now->context.epoch : from->resumption[i - 1].epoch,
        };
        entries[count].id = (struct mls_pre_shared_key_id){
            .psktype = MLS_PSK_RESUMPTION, .of = { .resumption = &ids[i] },
        };
        entries[count++].psk = is_now ? tb_secret_view(&from->now->secrets.resumption_psk)
                                      : (tb_bytes){ from->resumption[i - 1].psk,
                                                    from->env.suite->hash_len };
    }
    *out = entries;
    *out_count = count;
    return TB_STATUS(TB_OK);
}

static tb_status join(const struct mls_group *from, const struct mls_env *env, uint8_t usage,
                      const struct mls_join_params *params, struct mls_group **out,
                      struct tb_why *why)
{
    struct mls_join_params with = *params;
    struct mls_psk_entry *entries = NULL;
    struct mls_group *group = NULL;
    struct tb_arena arena;
    tb_status status = TB_STATUS(TB_OK);
    TRY(check_from(from, usage));
    tb_arena_init(&arena, env->mem, MLS_STAGED_BYTES_MAX);
    CHECK(lend_keys(from, params, usage, &arena, &entries, &with.psk_count));
    with.psks = entries;
    with.resumption_usage = usage;
    CHECK(mls_group_join(env, &with, &group, why));
    CHECK(check_group(from, group, usage));
    *out = group;
    group = NULL;
out:
    mls_group_free(group);
    tb_arena_wipe(&arena);
    return status;
}

tb_status mls_group_branch_join(const struct mls_group *from, const struct mls_env *env,
                                const struct mls_join_params *params, struct mls_group **out,
                                struct tb_why *why)
{
    return join(from, env, MLS_RESUMPTION_BRANCH, params, out, why);
}

tb_status mls_group_reinit_join(const struct mls_group *from, const struct mls_env *env,
                                const struct mls_join_params *params, struct mls_group **out,
                                struct tb_why *why)
{
    return join(from, env, MLS_RESUMPTION_REINIT, params, out, why);
}
