/* ReInit and branches. */
#include <string.h>

#include "cmd/mls-driver/driver.h"
#include "mls/group_branch.h"
#include "mls/leaf.h"

/* ---------------------------------------------------------------- creating */

static tb_status gather(struct driver_call *call, const struct driver_handle *state,
                        const char *key_packages, struct mls_group_branch_params *out)
{
    const tb_bytes *messages;
    bool is_tree_beside;
    TRY(driver_get_bytes_list(call, call->request, key_packages, &messages,
                              &out->key_package_count));
    tb_bytes *encoded = tb_arena_take(&call->arena, out->key_package_count, sizeof *encoded);
    if (encoded == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < out->key_package_count; i++) {
        struct mls_key_package_in *key_package;
        TRY(driver_open_key_package(call, messages[i], &key_package));
        encoded[i] = mls_leaf_key_package_view(key_package);
    }
    TRY(driver_get_bool(call->request, "force_path", &out->force_path));
    TRY(driver_get_bool(call->request, "external_tree", &is_tree_beside));
    out->key_packages = encoded;
    out->tree_in_welcome = !is_tree_beside;
    out->identity = state->identity;
    out->signer = &state->signer;
    out->not_before_s = driver_now_s() - 3600;
    out->not_after_s = driver_now_s() + DRIVER_LIFETIME_S;
    return TB_STATUS(TB_OK);
}

/* CreateSubgroupResponse */
static tb_status put_created(struct driver_call *call, const struct driver_handle *state,
                             const struct mls_commit_out *out, bool is_tree_beside)
{
    TRY(driver_put_u32(call, "state_id", state->id));
    TRY(driver_put_bytes(call, "welcome", out->welcome));
    TRY(driver_put_bytes(call, "ratchet_tree",
                         is_tree_beside ? out->ratchet_tree : (tb_bytes){ NULL, 0 }));
    return driver_put_bytes(call, "epoch_authenticator",
                            mls_group_epoch_authenticator(state->group));
}

static tb_status put_joined(struct driver_call *call, const struct driver_handle *state)
{
    TRY(driver_put_u32(call, "state_id", state->id));
    return driver_put_bytes(call, "epoch_authenticator",
                            mls_group_epoch_authenticator(state->group));
}

static tb_status branch(struct driver_call *call, const struct driver_handle *old,
                        struct driver_handle *state)
{
    struct mls_group_branch_params params = { .now_s = 0 };
    struct mls_commit_out out;
    const json_t *list;
    TRY(gather(call, state, "key_packages", &params));
    TRY(driver_get_bytes(call, call->request, "group_id", &params.group_id));
    TRY(driver_get_list(call->request, "extensions", &list));
    params.extension_count = json_array_size(list);
    struct mls_extension *extensions = tb_arena_take(&call->arena, params.extension_count,
                                                     sizeof *extensions);
    if (extensions == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < params.extension_count; i++) {
        uint32_t type;
        TRY(driver_get_u32(json_array_get(list, i), "extension_type", &type));
        if (type > UINT16_MAX) return TB_STATUS(DRIVER_FIELD);
        extensions[i].extension_type = (uint16_t)type;
        TRY(driver_get_bytes(call, json_array_get(list, i), "extension_data",
                             &extensions[i].extension_data));
    }
    params.extensions = extensions;
    TRY(mls_group_branch(old->group, &state->env, &params, &call->arena, &state->group, &out,
                         &call->why));
    return put_created(call, state, &out, !params.tree_in_welcome);
}

tb_status driver_create_branch(struct driver_call *call)
{
    struct driver_handle *old, *state;
    tb_status status = TB_STATUS(TB_OK);
    TRY(driver_handle_get(call, DRIVER_GROUP, "state_id", &old));
    TRY(driver_handle_new(call->driver, DRIVER_GROUP, old->suite.id, old->identity, &state));
    state->encrypt_handshake = old->encrypt_handshake;
    CHECK(driver_psk_copy(old, state));
    CHECK(branch(call, old, state));
out:
    if (!tb_is_ok(status)) driver_handle_free(call->driver, state);
    return status;
}

/* ---------------------------------------------------------------- joining */

static tb_status join_params(struct driver_call *call, const struct driver_handle *state,
                             struct mls_join_params *out)
{
    TRY(driver_get_bytes(call, call->request, "welcome", &out->welcome));
    TRY(driver_get_bytes(call, call->request, "ratchet_tree", &out->ratchet_tree));
    TRY(driver_psk_entries(call, state, &out->psks));
    out->psk_count = state->psk_count;
    out->key_package = state->key_package;
    out->secrets = &state->secrets;
    out->signer = &state->signer;
    return TB_STATUS(TB_OK);
}

static void becomes_group(const struct driver_handle *old, struct driver_handle *state)
{
    mls_key_package_secrets_wipe(&state->secrets);
    state->kind = DRIVER_GROUP;
    state->encrypt_handshake = old->encrypt_handshake;
}

tb_status driver_handle_branch(struct driver_call *call)
{
    struct driver_handle *old, *state;
    struct mls_join_params params = { .now_s = 0 };
    TRY(driver_handle_get(call, DRIVER_GROUP, "state_id", &old));
    TRY(driver_handle_get(call, DRIVER_KEY_PACKAGE, "transaction_id", &state));
    TRY(driver_psk_copy(old, state));
    TRY(join_params(call, state, &params));
    TRY(mls_group_branch_join(old->group, &state->env, &params, &state->group, &call->why));
    becomes_group(old, state);
    return put_joined(call, state);
}

/* ---------------------------------------------------------------- ReInit */

/* A key package for the successor, and HandleReInitCommitResponse. */
static tb_status put_reinit(struct driver_call *call, const struct driver_handle *old)
{
    const struct mls_re_init *reinit = mls_group_reinit(old->group);
    struct driver_handle *made;
    tb_bytes message;
    if (reinit == NULL) return TB_STATUS(MLS_GROUP_NO_REINIT);
    TRY(driver_handle_new(call->driver, DRIVER_REINIT, reinit->cipher_suite, old->identity,
                          &made));
    made->old_id = old->id;
    TRY(driver_psk_copy(old, made));
    TRY(driver_key_package_new(made));
    TRY(driver_wrap_key_package(call, made->key_package, &message));
    TRY(driver_put_u32(call, "reinit_id", made->id));
    TRY(driver_put_bytes(call, "key_package", message));
    return driver_put_bytes(call, "epoch_authenticator",
                            mls_group_epoch_authenticator(old->group));
}

tb_status driver_handle_pending_reinit_commit(struct driver_call *call)
{
    struct driver_handle *old;
    TRY(driver_handle_get(call, DRIVER_GROUP, "state_id", &old));
    TRY(mls_group_pending_merge(old->group));
    driver_forget_seen(old);
    return put_reinit(call, old);
}

tb_status driver_handle_reinit_commit(struct driver_call *call)
{
    struct driver_handle *old;
    TRY(driver_handle_get(call, DRIVER_GROUP, "state_id", &old));
    TRY(driver_handle_commit(call, old));
    return put_reinit(call, old);
}

tb_status driver_reinit_welcome(struct driver_call *call)
{
    struct driver_handle *old, *state;
    struct mls_group_branch_params params = { .now_s = 0 };
    struct mls_commit_out out;
    TRY(driver_handle_get(call, DRIVER_REINIT, "reinit_id", &state));
    TRY(driver_handle_find(call->driver, DRIVER_GROUP, state->old_id, &old));
    TRY(gather(call, state, "key_package", &params));
    TRY(mls_group_reinit_create(old->group, &state->env, &params, &call->arena, &state->group,
                                &out, &call->why));
    becomes_group(old, state);
    return put_created(call, state, &out, !params.tree_in_welcome);
}

tb_status driver_handle_reinit_welcome(struct driver_call *call)
{
    struct driver_handle *old, *state;
    struct mls_join_params params = { .now_s = 0 };
    TRY(driver_handle_get(call, DRIVER_REINIT, "reinit_id", &state));
    TRY(driver_handle_find(call->driver, DRIVER_GROUP, state->old_id, &old));
    TRY(join_params(call, state, &params));
    TRY(mls_group_reinit_join(old->group, &state->env, &params, &state->group, &call->why));
    becomes_group(old, state);
    return put_joined(call, state);
}
