/* Proposals by their descriptions, and the calls that make one each. */
#include <string.h>

#include "cmd/mls-driver/driver.h"
#include "mls/group_psk.h"

tb_status driver_leaf_of(const struct mls_group *group, tb_bytes identity, uint32_t *leaf_index)
{
    struct mls_leaf_view leaf;
    for (uint32_t i = 0; i < mls_group_leaf_count(group); i++) {
        if (!mls_group_leaf(group, i, &leaf)) continue;
        if (!tb_bytes_equal(leaf.identity, identity)) continue;
        *leaf_index = i;
        return TB_STATUS(TB_OK);
    }
    return TB_STATUS(DRIVER_IDENTITY);
}

/* ---------------------------------------------------------------- one maker a type */

static tb_status describe_add(struct driver_call *call, const struct driver_place *place,
                              const json_t *from, struct mls_proposal *out)
{
    struct mls_key_package_in *key_package;
    struct mls_add *add = tb_arena_take(&call->arena, 1, sizeof *add);
    tb_bytes message;
    (void)place;
    if (add == NULL) return TB_STATUS(TB_NO_SPACE);
    TRY(driver_get_bytes(call, from, "key_package", &message));
    TRY(driver_open_key_package(call, message, &key_package));
    add->key_package = *key_package;
    *out = (struct mls_proposal){ .proposal_type = MLS_PROPOSAL_ADD, .of = { .add = add } };
    return TB_STATUS(TB_OK);
}

static tb_status describe_remove(struct driver_call *call, const struct driver_place *place,
                                 const json_t *from, struct mls_proposal *out)
{
    struct mls_remove *remove = tb_arena_take(&call->arena, 1, sizeof *remove);
    tb_bytes identity;
    if (remove == NULL) return TB_STATUS(TB_NO_SPACE);
    TRY(driver_get_bytes(call, from, "removed_id", &identity));
    TRY(driver_leaf_of(place->view, identity, &remove->removed));
    *out = (struct mls_proposal){ .proposal_type = MLS_PROPOSAL_REMOVE,
                                  .of = { .remove = remove } };
    return TB_STATUS(TB_OK);
}

static tb_status describe_external_psk(struct driver_call *call, const struct driver_place *place,
                                       const json_t *from, struct mls_proposal *out)
{
    tb_bytes psk_id;
    TRY(driver_get_bytes(call, from, "psk_id", &psk_id));
    return mls_group_psk_external(place->env, psk_id, &call->arena, out);
}

static tb_status describe_resumption_psk(struct driver_call *call,
                                         const struct driver_place *place, const json_t *from,
                                         struct mls_proposal *out)
{
    uint64_t epoch;
    TRY(driver_get_u64(from, "epoch_id", &epoch));
    return mls_group_psk_resumption(place->env, mls_group_id(place->view), epoch, &call->arena,
                                    out);
}

static tb_status get_extensions(struct driver_call *call, const json_t *from,
                                struct mls_extension **out, size_t *count)
{
    const json_t *list;
    TRY(driver_get_list(from, "extensions", &list));
    *count = json_array_size(list);
    *out = tb_arena_take(&call->arena, *count, sizeof **out);
    if (*out == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < *count; i++) {
        const json_t *item = json_array_get(list, i);
        uint32_t type;
        TRY(driver_get_u32(item, "extension_type", &type));
        if (type > UINT16_MAX) return TB_STATUS(DRIVER_FIELD);
        (*out)[i].extension_type = (uint16_t)type;
        TRY(driver_get_bytes(call, item, "extension_data", &(*out)[i].extension_data));
    }
    return TB_STATUS(TB_OK);
}

static tb_status describe_extensions(struct driver_call *call, const struct driver_place *place,
                                     const json_t *from, struct mls_proposal *out)
{
    struct mls_group_context_extensions *body = tb_arena_take(&call->arena, 1, sizeof *body);
    (void)place;
    if (body == NULL) return TB_STATUS(TB_NO_SPACE);
    TRY(get_extensions(call, from, &body->extensions.at, &body->extensions.count));
    *out = (struct mls_proposal){ .proposal_type = MLS_PROPOSAL_GROUP_CONTEXT_EXTENSIONS,
                                  .of = { .group_context_extensions = body } };
    return TB_STATUS(TB_OK);
}

static tb_status describe_reinit(struct driver_call *call, const struct driver_place *place,
                                 const json_t *from, struct mls_proposal *out)
{
    struct mls_re_init *reinit = tb_arena_take(&call->arena, 1, sizeof *reinit);
    uint32_t cipher_suite;
    (void)place;
    if (reinit == NULL) return TB_STATUS(TB_NO_SPACE);
    TRY(driver_get_u32(from, "cipher_suite", &cipher_suite));
    if (cipher_suite > UINT16_MAX) return TB_STATUS(DRIVER_FIELD);
    reinit->version = MLS_VERSION_MLS10;
    reinit->cipher_suite = (uint16_t)cipher_suite;
    TRY(driver_get_bytes(call, from, "group_id", &reinit->group_id));
    TRY(get_extensions(call, from, &reinit->extensions.at, &reinit->extensions.count));
    *out = (struct mls_proposal){ .proposal_type = MLS_PROPOSAL_REINIT,
                                  .of = { .reinit = reinit } };
    return TB_STATUS(TB_OK);
}

typedef tb_status describe_function(struct driver_call *call, const struct driver_place *place,
                                    const json_t *from, struct mls_proposal *out);

tb_status driver_describe(struct driver_call *call, const struct driver_place *place,
                          const json_t *description, struct mls_proposal *out)
{
    static const struct {
        const char *type;
        describe_function *describe;
    } rows[] = {
        { "add", describe_add },
        { "remove", describe_remove },
        { "externalPSK", describe_external_psk },
        { "resumptionPSK", describe_resumption_psk },
        { "groupContextExtensions", describe_extensions },
        { "reinit", describe_reinit },
    };
    tb_bytes type; /* a bytes field in the service */
    TRY(driver_get_bytes(call, description, "proposal_type", &type));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (!tb_bytes_equal(type, tb_bytes_text(rows[i].type))) continue;
        return rows[i].describe(call, place, description, out);
    }
    return TB_STATUS(DRIVER_PROPOSAL);
}

/* ---------------------------------------------------------------- seen in this epoch */

void driver_forget_seen(struct driver_handle *state)
{
    tb_arena_wipe(&state->seen_arena);
    state->seen = NULL;
}

/* The newest proposal of the group came as this message. */
static tb_status remember(struct driver_handle *state, tb_bytes message, tb_bytes *ref)
{
    size_t count = mls_group_pending_proposal_count(state->group);
    struct driver_seen *seen = tb_arena_take(&state->seen_arena, 1, sizeof *seen);
    if (seen == NULL) return TB_STATUS(TB_NO_SPACE);
    if (!mls_group_pending_proposal_ref(state->group, count - 1, ref)) {
        return TB_STATUS(TB_NOT_FOUND);
    }
    TRY(tb_arena_dup(&state->seen_arena, *ref, &seen->ref));
    TRY(tb_arena_dup(&state->seen_arena, message, &seen->message));
    seen->next = state->seen;
    state->seen = seen;
    return TB_STATUS(TB_OK);
}

tb_status driver_see(struct driver_call *call, struct driver_handle *state, tb_bytes message,
                     tb_bytes *ref)
{
    struct mls_received received;
    const struct mls_psk_entry *psks;
    for (const struct driver_seen *at = state->seen; at != NULL; at = at->next) {
        if (!tb_bytes_equal(at->message, message)) continue;
        *ref = at->ref;
        return TB_STATUS(TB_OK);
    }
    TRY(driver_psk_entries(call, state, &psks));
    TRY(mls_group_receive(state->group, message, 0, psks, state->psk_count, &call->arena,
                          &received, &call->why));
    if (received.kind == MLS_RECEIVED_PROPOSAL) return remember(state, message, ref);
    if (received.kind == MLS_RECEIVED_COMMIT) mls_group_drop(state->group, received.staged);
    return TB_STATUS(DRIVER_KIND);
}

tb_status driver_propose(struct driver_call *call, struct driver_handle *state,
                         const struct mls_proposal *proposal)
{
    tb_bytes message, ref;
    TRY(mls_group_propose(state->group, proposal, (tb_bytes){ NULL, 0 },
                          !state->encrypt_handshake, &call->arena, &message));
    TRY(remember(state, message, &ref));
    return driver_put_bytes(call, "proposal", message);
}

/* ---------------------------------------------------------------- the calls */

static tb_status propose_described(struct driver_call *call, describe_function *describe)
{
    struct driver_handle *state;
    struct mls_proposal proposal;
    TRY(driver_handle_get(call, DRIVER_GROUP, "state_id", &state));
    const struct driver_place place = { &state->env, state->group };
    TRY(describe(call, &place, call->request, &proposal));
    return driver_propose(call, state, &proposal);
}

static tb_status describe_update(struct driver_call *call, const struct driver_place *place,
                                 const json_t *from, struct mls_proposal *out)
{
    (void)call;
    (void)place;
    (void)from;
    *out = (struct mls_proposal){ .proposal_type = MLS_PROPOSAL_UPDATE };
    return TB_STATUS(TB_OK);
}

tb_status driver_add_proposal(struct driver_call *call)
{
    return propose_described(call, describe_add);
}

tb_status driver_update_proposal(struct driver_call *call)
{
    return propose_described(call, describe_update);
}

tb_status driver_remove_proposal(struct driver_call *call)
{
    return propose_described(call, describe_remove);
}

tb_status driver_external_psk_proposal(struct driver_call *call)
{
    return propose_described(call, describe_external_psk);
}

tb_status driver_resumption_psk_proposal(struct driver_call *call)
{
    return propose_described(call, describe_resumption_psk);
}

tb_status driver_group_context_extensions_proposal(struct driver_call *call)
{
    return propose_described(call, describe_extensions);
}

tb_status driver_reinit_proposal(struct driver_call *call)
{
    return propose_described(call, describe_reinit);
}
