/* Proposals from outside a group. */
#include <string.h>

#include "cmd/mls-driver/driver.h"
#include "mls/group_external.h"

/* The group that the request shows, under the suite that its GroupInfo names. */
static tb_status suite_of(struct driver_call *call, tb_bytes group_info, uint16_t *out)
{
    struct mls_message message;
    TRY(wire_decode(&mls_message_desc, group_info, &call->arena, &message, &call->why));
    if (message.wire_format != MLS_WIRE_GROUP_INFO) return TB_STATUS(DRIVER_KIND);
    *out = message.of.group_info->group_context.cipher_suite;
    return TB_STATUS(TB_OK);
}

static tb_status add_self(struct driver_call *call, struct driver_handle *made, tb_bytes group_info)
{
    struct mls_group_external *external = NULL;
    tb_bytes message;
    tb_status status = TB_STATUS(TB_OK);
    CHECK(driver_key_package_new(made));
    CHECK(mls_group_external_open(&made->env, group_info, (tb_bytes){ NULL, 0 }, 0, &external,
                                  &call->why));
    CHECK(mls_group_external_add(external, made->key_package, &made->signer,
                                 (tb_bytes){ NULL, 0 }, &call->arena, &message));
    CHECK(driver_put_u32(call, "transaction_id", made->id));
    CHECK(driver_put_bytes(call, "proposal", message));
    CHECK(driver_put_bytes(call, "init_priv", tb_secret_view(&made->secrets.init_key)));
    CHECK(driver_put_bytes(call, "encryption_priv",
                           tb_secret_view(&made->secrets.encryption_key)));
    CHECK(driver_put_bytes(call, "signature_priv", tb_secret_view(&made->signer.private_key)));
out:
    mls_group_external_free(external);
    return status;
}

tb_status driver_new_member_add_proposal(struct driver_call *call)
{
    struct driver_handle *made;
    tb_bytes group_info, identity;
    uint16_t cipher_suite;
    TRY(driver_get_bytes(call, call->request, "group_info", &group_info));
    TRY(driver_get_bytes(call, call->request, "identity", &identity));
    TRY(suite_of(call, group_info, &cipher_suite));
    TRY(driver_handle_new(call->driver, DRIVER_KEY_PACKAGE, cipher_suite, identity, &made));
    tb_status status = add_self(call, made, group_info);
    if (!tb_is_ok(status)) driver_handle_free(call->driver, made);
    return status;
}

tb_status driver_create_external_signer(struct driver_call *call)
{
    struct driver_handle *made;
    struct wire_opaque identity;
    uint32_t cipher_suite;
    tb_bytes encoded;
    TRY(driver_get_u32(call->request, "cipher_suite", &cipher_suite));
    TRY(driver_get_bytes(call, call->request, "identity", &identity.value));
    TRY(driver_handle_new(call->driver, DRIVER_SIGNER, cipher_suite, identity.value, &made));
    const struct mls_external_sender sender = {
        .signature_key = crypto_signing_key_public(&made->signer),
        .credential = { MLS_CREDENTIAL_BASIC, { .identity = &identity } },
    };
    TRY(wire_encode(&mls_external_sender_desc, &sender, &call->arena, &encoded));
    TRY(driver_put_u32(call, "signer_id", made->id));
    return driver_put_bytes(call, "external_sender", encoded);
}

/* The list of external senders with one more at its end, encoded. */
static tb_status more_senders(struct driver_call *call, const struct mls_group *group,
                              tb_bytes added, tb_bytes *out)
{
    struct mls_external_senders old = { .external_senders = { NULL, 0 } };
    tb_bytes data = mls_group_extension(group, MLS_EXTENSION_EXTERNAL_SENDERS);
    if (data.data != NULL) {
        TRY(wire_decode(&mls_external_senders_desc, data, &call->arena, &old, &call->why));
    }
    size_t count = old.external_senders.count;
    struct mls_external_sender *list = tb_arena_take(&call->arena, count + 1, sizeof *list);
    if (list == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < count; i++) list[i] = old.external_senders.at[i];
    TRY(wire_decode(&mls_external_sender_desc, added, &call->arena, &list[count], &call->why));
    const struct mls_external_senders senders = { { list, count + 1 } };
    TRY(wire_encode(&mls_external_senders_desc, &senders, &call->arena, out));
    return driver_put_u32(call, "signer_index", (uint32_t)count);
}

tb_status driver_add_external_signer(struct driver_call *call)
{
    struct driver_handle *state;
    struct mls_group_context context;
    struct mls_group_context_extensions body = { .mark_start = NULL };
    const struct mls_proposal proposal = {
        .proposal_type = MLS_PROPOSAL_GROUP_CONTEXT_EXTENSIONS,
        .of = { .group_context_extensions = &body },
    };
    tb_bytes added, senders;
    TRY(driver_handle_get(call, DRIVER_GROUP, "state_id", &state));
    TRY(driver_get_bytes(call, call->request, "external_sender", &added));
    TRY(more_senders(call, state->group, added, &senders));
    TRY(wire_decode(&mls_group_context_desc, mls_group_context(state->group), &call->arena,
                    &context, &call->why));
    size_t count = context.extensions.count, at = 0;
    body.extensions.at = tb_arena_take(&call->arena, count + 1, sizeof *body.extensions.at);
    if (body.extensions.at == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < count; i++) {
        if (context.extensions.at[i].extension_type == MLS_EXTENSION_EXTERNAL_SENDERS) continue;
        body.extensions.at[at++] = context.extensions.at[i];
    }
    body.extensions.at[at++] = (struct mls_extension){ MLS_EXTENSION_EXTERNAL_SENDERS, senders };
    body.extensions.count = at;
    return driver_propose(call, state, &proposal);
}

static tb_status propose_outside(struct driver_call *call, struct driver_handle *signer,
                                 const struct mls_group_external *external)
{
    const struct driver_place place = { &signer->env, mls_group_external_view(external) };
    const json_t *description = json_object_get(call->request, "description");
    struct mls_proposal proposal;
    uint32_t signer_index;
    tb_bytes message;
    if (!json_is_object(description)) return TB_STATUS(DRIVER_FIELD);
    TRY(driver_get_u32(call->request, "signer_index", &signer_index));
    TRY(driver_describe(call, &place, description, &proposal));
    TRY(mls_group_external_propose(external, signer_index, &signer->signer, &proposal,
                                   (tb_bytes){ NULL, 0 }, &call->arena, &message));
    return driver_put_bytes(call, "proposal", message);
}

tb_status driver_external_signer_proposal(struct driver_call *call)
{
    struct driver_handle *signer;
    struct mls_group_external *external = NULL;
    tb_bytes group_info, ratchet_tree;
    TRY(driver_handle_get(call, DRIVER_SIGNER, "signer_id", &signer));
    TRY(driver_get_bytes(call, call->request, "group_info", &group_info));
    TRY(driver_get_bytes(call, call->request, "ratchet_tree", &ratchet_tree));
    TRY(mls_group_external_open(&signer->env, group_info, ratchet_tree, 0, &external,
                                &call->why));
    tb_status status = propose_outside(call, signer, external);
    mls_group_external_free(external);
    return status;
}
