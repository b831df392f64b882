#include "mls/group_psk.h"

#include "mls/group_state.h"

static tb_status new_proposal(const struct mls_env *env, struct tb_arena *arena,
                              struct mls_proposal *out)
{
    size_t nonce_len = env->suite->hash_len;
    struct mls_pre_shared_key *body = tb_arena_take(arena, 1, sizeof *body);
    uint8_t *nonce = tb_arena_take(arena, nonce_len, 1);
    if (body == NULL || nonce == NULL) return TB_STATUS(TB_NO_SPACE);
    TRY(tb_rng_fill(env->rng, nonce, nonce_len));
    body->psk.psk_nonce = (tb_bytes){ nonce, nonce_len };
    *out = (struct mls_proposal){ .proposal_type = MLS_PROPOSAL_PSK, .of = { .psk = body } };
    return TB_STATUS(TB_OK);
}

tb_status mls_group_psk_external(const struct mls_env *env, tb_bytes psk_id,
                                 struct tb_arena *arena, struct mls_proposal *out)
{
    struct mls_proposal made;
    struct wire_opaque *name = tb_arena_take(arena, 1, sizeof *name);
    if (name == NULL) return TB_STATUS(TB_NO_SPACE);
    TRY(tb_arena_dup(arena, psk_id, &name->value));
    TRY(new_proposal(env, arena, &made));
    made.of.psk->psk.psktype = MLS_PSK_EXTERNAL;
    made.of.psk->psk.of.psk_id = name;
    *out = made;
    return TB_STATUS(TB_OK);
}

tb_status mls_group_psk_resumption(const struct mls_env *env, tb_bytes group_id, uint64_t epoch,
                                   struct tb_arena *arena, struct mls_proposal *out)
{
    struct mls_proposal made;
    struct mls_resumption_psk *id = tb_arena_take(arena, 1, sizeof *id);
    if (id == NULL) return TB_STATUS(TB_NO_SPACE);
    id->usage = MLS_RESUMPTION_APPLICATION;
    id->psk_epoch = epoch;
    TRY(tb_arena_dup(arena, group_id, &id->psk_group_id));
    TRY(new_proposal(env, arena, &made));
    made.of.psk->psk.psktype = MLS_PSK_RESUMPTION;
    made.of.psk->psk.of.resumption = id;
    *out = made;
    return TB_STATUS(TB_OK);
}

bool mls_group_psk_has(const struct mls_group *group, uint64_t epoch)
{
    if (!group->is_active) return false;
    struct mls_resumption_psk of = { MLS_RESUMPTION_APPLICATION, group->now->context.group_id,
                                     epoch };
    const struct mls_pre_shared_key_id id = { .psktype = MLS_PSK_RESUMPTION,
                                              .of = { .resumption = &of } };
    tb_bytes psk;
    return tb_is_ok(mls_group_past_psk(group, &id, NULL, 0, &psk));
}
