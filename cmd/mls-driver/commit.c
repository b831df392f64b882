/* Commits, own and received. */
#include <string.h>

#include "cmd/mls-driver/driver.h"

static tb_status gather(struct driver_call *call, struct driver_handle *state,
                        struct mls_commit_params *out)
{
    const json_t *by_value;
    const tb_bytes *by_reference;
    TRY(driver_get_bytes_list(call, call->request, "by_reference", &by_reference,
                              &out->reference_count));
    TRY(driver_get_list(call->request, "by_value", &by_value));
    out->proposal_count = json_array_size(by_value);
    tb_bytes *refs = tb_arena_take(&call->arena, out->reference_count, sizeof *refs);
    struct mls_proposal *proposals = tb_arena_take(&call->arena, out->proposal_count,
                                                   sizeof *proposals);
    if (refs == NULL || proposals == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < out->reference_count; i++) {
        TRY(driver_see(call, state, by_reference[i], &refs[i]));
    }
    const struct driver_place place = { &state->env, state->group };
    for (size_t i = 0; i < out->proposal_count; i++) {
        TRY(driver_describe(call, &place, json_array_get(by_value, i), &proposals[i]));
    }
    out->references = refs;
    out->proposals = proposals;
    TRY(driver_psk_entries(call, state, &out->psks));
    out->psk_count = state->psk_count;
    return TB_STATUS(TB_OK);
}

tb_status driver_commit(struct driver_call *call)
{
    struct driver_handle *state;
    struct mls_commit_params params = { .now_s = 0 };
    struct mls_commit_out out;
    bool is_tree_beside;
    TRY(driver_handle_get(call, DRIVER_GROUP, "state_id", &state));
    TRY(driver_get_bool(call->request, "force_path", &params.force_path));
    TRY(driver_get_bool(call->request, "external_tree", &is_tree_beside));
    params.as_public = !state->encrypt_handshake;
    params.tree_in_welcome = !is_tree_beside;
    TRY(gather(call, state, &params));
    TRY(mls_group_commit(state->group, &params, &call->arena, &out, &call->why));
    if (!is_tree_beside) out.ratchet_tree.len = 0;
    TRY(driver_put_bytes(call, "commit", out.commit));
    TRY(driver_put_bytes(call, "welcome", out.welcome));
    return driver_put_bytes(call, "ratchet_tree", out.ratchet_tree);
}

tb_status driver_handle_commit(struct driver_call *call, struct driver_handle *state)
{
    struct mls_received received;
    const struct mls_psk_entry *psks;
    const tb_bytes *proposals;
    size_t count;
    tb_bytes commit, ref;
    TRY(driver_get_bytes(call, call->request, "commit", &commit));
    TRY(driver_get_bytes_list(call, call->request, "proposal", &proposals, &count));
    for (size_t i = 0; i < count; i++) TRY(driver_see(call, state, proposals[i], &ref));
    TRY(driver_psk_entries(call, state, &psks));
    TRY(mls_group_receive(state->group, commit, 0, psks, state->psk_count, &call->arena,
                          &received, &call->why));
    if (received.kind != MLS_RECEIVED_COMMIT) return TB_STATUS(DRIVER_KIND);
    TRY(mls_group_merge(state->group, received.staged));
    driver_forget_seen(state);
    return TB_STATUS(TB_OK);
}

/* The state goes on under its handle: HandleCommit may return a new one, and need not. */
static tb_status put_state(struct driver_call *call, const struct driver_handle *state)
{
    TRY(driver_put_u32(call, "state_id", state->id));
    return driver_put_bytes(call, "epoch_authenticator",
                            mls_group_epoch_authenticator(state->group));
}

tb_status driver_handle_commit_call(struct driver_call *call)
{
    struct driver_handle *state;
    TRY(driver_handle_get(call, DRIVER_GROUP, "state_id", &state));
    TRY(driver_handle_commit(call, state));
    return put_state(call, state);
}

tb_status driver_handle_pending_commit(struct driver_call *call)
{
    struct driver_handle *state;
    TRY(driver_handle_get(call, DRIVER_GROUP, "state_id", &state));
    TRY(mls_group_pending_merge(state->group));
    driver_forget_seen(state);
    return put_state(call, state);
}
