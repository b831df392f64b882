/* Becoming a member, and what a group state is asked. */
#include <string.h>

#include "cmd/mls-driver/driver.h"
#include "mls/group_external.h"

tb_status driver_name(struct driver_call *call)
{
    int result = json_object_set_new(call->response, "name", json_string("timbre"));
    return TB_STATUS(result == 0 ? TB_OK : TB_NO_SPACE);
}

tb_status driver_supported_ciphersuites(struct driver_call *call)
{
    json_t *list = json_array();
    bool is_set = json_object_set_new(call->response, "ciphersuites", list) == 0;
    for (uint16_t id = 1; is_set && id <= 7; id++) {
        if (!crypto_backend_native()->has(crypto_backend_native(), id)) continue;
        is_set = json_array_append_new(list, json_integer(id)) == 0;
    }
    return TB_STATUS(is_set ? TB_OK : TB_NO_SPACE);
}

tb_status driver_create_group(struct driver_call *call)
{
    struct driver_handle *state;
    tb_bytes group_id, identity;
    uint32_t cipher_suite;
    bool encrypt;
    TRY(driver_get_bytes(call, call->request, "group_id", &group_id));
    TRY(driver_get_u32(call->request, "cipher_suite", &cipher_suite));
    TRY(driver_get_bool(call->request, "encrypt_handshake", &encrypt));
    TRY(driver_get_bytes(call, call->request, "identity", &identity));
    TRY(driver_handle_new(call->driver, DRIVER_GROUP, cipher_suite, identity, &state));
    const struct mls_group_params params = {
        .group_id = group_id,
        .identity = identity,
        .signer = &state->signer,
        .not_before_s = driver_now_s() - 3600,
        .not_after_s = driver_now_s() + DRIVER_LIFETIME_S,
    };
    tb_status status = mls_group_create(&state->env, &params, &state->group);
    if (!tb_is_ok(status)) {
        driver_handle_free(call->driver, state);
        return status;
    }
    state->encrypt_handshake = encrypt;
    return driver_put_u32(call, "state_id", state->id);
}

tb_status driver_create_key_package(struct driver_call *call)
{
    struct driver_handle *made;
    tb_bytes identity, message;
    uint32_t cipher_suite;
    TRY(driver_get_bytes(call, call->request, "identity", &identity));
    TRY(driver_get_u32(call->request, "cipher_suite", &cipher_suite));
    TRY(driver_handle_new(call->driver, DRIVER_KEY_PACKAGE, cipher_suite, identity, &made));
    TRY(driver_key_package_new(made));
    TRY(driver_wrap_key_package(call, made->key_package, &message));
    TRY(driver_put_u32(call, "transaction_id", made->id));
    TRY(driver_put_bytes(call, "key_package", message));
    TRY(driver_put_bytes(call, "init_priv", tb_secret_view(&made->secrets.init_key)));
    TRY(driver_put_bytes(call, "encryption_priv", tb_secret_view(&made->secrets.encryption_key)));
    return driver_put_bytes(call, "signature_priv", tb_secret_view(&made->signer.private_key));
}

static tb_status put_state(struct driver_call *call, const struct driver_handle *state)
{
    TRY(driver_put_u32(call, "state_id", state->id));
    return driver_put_bytes(call, "epoch_authenticator",
                            mls_group_epoch_authenticator(state->group));
}

tb_status driver_join_group(struct driver_call *call)
{
    struct driver_handle *state;
    const struct mls_psk_entry *psks;
    tb_bytes welcome, ratchet_tree;
    bool encrypt;
    TRY(driver_handle_get(call, DRIVER_KEY_PACKAGE, "transaction_id", &state));
    TRY(driver_get_bytes(call, call->request, "welcome", &welcome));
    TRY(driver_get_bytes(call, call->request, "ratchet_tree", &ratchet_tree));
    TRY(driver_get_bool(call->request, "encrypt_handshake", &encrypt));
    TRY(driver_psk_entries(call, state, &psks));
    const struct mls_join_params params = {
        .welcome = welcome,
        .ratchet_tree = ratchet_tree,
        .key_package = state->key_package,
        .secrets = &state->secrets,
        .signer = &state->signer,
        .psks = psks,
        .psk_count = state->psk_count,
    };
    TRY(mls_group_join(&state->env, &params, &state->group, &call->why));
    mls_key_package_secrets_wipe(&state->secrets);
    state->kind = DRIVER_GROUP; /* the handle goes on as the group's */
    state->encrypt_handshake = encrypt;
    return put_state(call, state);
}

/* ---------------------------------------------------------------- external join */

static tb_status take_psks(struct driver_call *call, struct driver_handle *state)
{
    const json_t *list;
    TRY(driver_get_list(call->request, "psks", &list));
    for (size_t i = 0; i < json_array_size(list); i++) {
        tb_bytes id, psk;
        TRY(driver_get_bytes(call, json_array_get(list, i), "psk_id", &id));
        TRY(driver_get_bytes(call, json_array_get(list, i), "psk_secret", &psk));
        TRY(driver_psk_add(state, id, psk));
    }
    return TB_STATUS(TB_OK);
}

static tb_status join_external(struct driver_call *call, struct driver_handle *state,
                               const struct mls_group_external *external)
{
    struct mls_commit_out out;
    uint32_t prior_leaf;
    bool remove_prior;
    struct mls_group_external_params params = {
        .identity = state->identity,
        .signer = &state->signer,
    };
    TRY(take_psks(call, state));
    TRY(driver_psk_entries(call, state, &params.psks));
    params.psk_count = state->psk_count;
    TRY(driver_get_bool(call->request, "encrypt_handshake", &state->encrypt_handshake));
    TRY(driver_get_bool(call->request, "remove_prior", &remove_prior));
    if (remove_prior) {
        TRY(driver_leaf_of(mls_group_external_view(external), state->identity, &prior_leaf));
        params.prior_leaf = &prior_leaf;
    }
    TRY(mls_group_external_join(external, &params, &call->arena, &state->group, &out));
    TRY(driver_put_bytes(call, "commit", out.commit));
    return put_state(call, state);
}

/* The cipher suite is told by the GroupInfo itself. */
static tb_status suite_of(struct driver_call *call, tb_bytes group_info, uint16_t *out)
{
    struct mls_message message;
    TRY(wire_decode(&mls_message_desc, group_info, &call->arena, &message, &call->why));
    if (message.wire_format != MLS_WIRE_GROUP_INFO) return TB_STATUS(DRIVER_KIND);
    *out = message.of.group_info->group_context.cipher_suite;
    return TB_STATUS(TB_OK);
}

tb_status driver_external_join(struct driver_call *call)
{
    struct driver_handle *state;
    struct mls_group_external *external = NULL;
    tb_bytes group_info, ratchet_tree, identity;
    uint16_t cipher_suite;
    tb_status status = TB_STATUS(TB_OK);
    TRY(driver_get_bytes(call, call->request, "group_info", &group_info));
    TRY(driver_get_bytes(call, call->request, "ratchet_tree", &ratchet_tree));
    TRY(driver_get_bytes(call, call->request, "identity", &identity));
    TRY(suite_of(call, group_info, &cipher_suite));
    TRY(driver_handle_new(call->driver, DRIVER_GROUP, cipher_suite, identity, &state));
    CHECK(mls_group_external_open(&state->env, group_info, ratchet_tree, 0, &external,
                                  &call->why));
    CHECK(join_external(call, state, external));
out:
    mls_group_external_free(external);
    if (!tb_is_ok(status)) driver_handle_free(call->driver, state);
    return status;
}

/* ---------------------------------------------------------------- questions */

tb_status driver_group_info(struct driver_call *call)
{
    struct driver_handle *state;
    bool is_tree_beside;
    tb_bytes group_info, ratchet_tree;
    TRY(driver_handle_get(call, DRIVER_GROUP, "state_id", &state));
    TRY(driver_get_bool(call->request, "external_tree", &is_tree_beside));
    TRY(mls_group_info(state->group, !is_tree_beside, NULL, 0, &call->arena, &group_info,
                       &ratchet_tree));
    TRY(driver_put_bytes(call, "group_info", group_info));
    if (!is_tree_beside) ratchet_tree.len = 0;
    return driver_put_bytes(call, "ratchet_tree", ratchet_tree);
}

tb_status driver_state_auth(struct driver_call *call)
{
    struct driver_handle *state;
    TRY(driver_handle_get(call, DRIVER_GROUP, "state_id", &state));
    return driver_put_bytes(call, "state_auth_secret",
                            mls_group_epoch_authenticator(state->group));
}

tb_status driver_export(struct driver_call *call)
{
    struct driver_handle *state;
    struct tb_secret exported = { .len = 0 };
    const char *label;
    tb_bytes context;
    uint32_t key_length;
    TRY(driver_handle_get(call, DRIVER_GROUP, "state_id", &state));
    TRY(driver_get_text(call->request, "label", &label));
    TRY(driver_get_bytes(call, call->request, "context", &context));
    TRY(driver_get_u32(call->request, "key_length", &key_length));
    if (key_length > TB_SECRET_MAX) return TB_STATUS(TB_TOO_LONG);
    TRY(mls_group_export(state->group, label, context, key_length, &exported));
    tb_status status = driver_put_bytes(call, "exported_secret", tb_secret_view(&exported));
    tb_secret_wipe(&exported);
    return status;
}

tb_status driver_protect(struct driver_call *call)
{
    struct driver_handle *state;
    tb_bytes aad, plaintext, message;
    TRY(driver_handle_get(call, DRIVER_GROUP, "state_id", &state));
    TRY(driver_get_bytes(call, call->request, "authenticated_data", &aad));
    TRY(driver_get_bytes(call, call->request, "plaintext", &plaintext));
    TRY(mls_group_protect(state->group, aad, plaintext, 0, &call->arena, &message));
    return driver_put_bytes(call, "ciphertext", message);
}

tb_status driver_unprotect(struct driver_call *call)
{
    struct driver_handle *state;
    struct mls_received received;
    tb_bytes message;
    TRY(driver_handle_get(call, DRIVER_GROUP, "state_id", &state));
    TRY(driver_get_bytes(call, call->request, "ciphertext", &message));
    TRY(mls_group_receive(state->group, message, 0, NULL, 0, &call->arena, &received,
                          &call->why));
    if (received.kind == MLS_RECEIVED_COMMIT) mls_group_drop(state->group, received.staged);
    if (received.kind != MLS_RECEIVED_APPLICATION) return TB_STATUS(DRIVER_KIND);
    TRY(driver_put_bytes(call, "authenticated_data", received.authenticated_data));
    return driver_put_bytes(call, "plaintext", received.application_data);
}

tb_status driver_store_psk(struct driver_call *call)
{
    struct driver_handle *handle;
    tb_bytes id, psk;
    TRY(driver_get_bytes(call, call->request, "psk_id", &id));
    TRY(driver_get_bytes(call, call->request, "psk_secret", &psk));
    tb_status status = driver_handle_get(call, DRIVER_GROUP, "state_or_transaction_id", &handle);
    if (!tb_is_ok(status)) {
        TRY(driver_handle_get(call, DRIVER_KEY_PACKAGE, "state_or_transaction_id", &handle));
    }
    return driver_psk_add(handle, id, psk);
}

tb_status driver_free(struct driver_call *call)
{
    struct driver_handle *state;
    TRY(driver_handle_get(call, DRIVER_GROUP, "state_id", &state));
    driver_handle_free(call->driver, state);
    return TB_STATUS(TB_OK);
}
