/* Proposals: from the public struct, and to it. */
#include "api/api.h"

tb_status mls_proposal_key_package(tb_bytes octets, struct tb_arena *arena,
                                   struct mls_key_package_in **out, struct tb_why *why)
{
    struct mls_message message;
    struct mls_key_package_in *key_package;
    /* A bare KeyPackage of suite 5 begins like a message; but then the length of its init key
     * stands where the inner version would. */
    tb_status status = wire_decode(&mls_message_desc, octets, arena, &message, NULL);
    if (status.code == TB_NO_SPACE) return status; /* it says nothing about the octets */
    if (tb_is_ok(status) && message.wire_format == MLS_WIRE_KEY_PACKAGE &&
        message.of.key_package->version == MLS_VERSION_MLS10) {
        *out = message.of.key_package;
        return TB_STATUS(TB_OK);
    }
    key_package = tb_arena_take(arena, 1, sizeof *key_package);
    if (key_package == NULL) return TB_STATUS(TB_NO_SPACE);
    TRY(wire_decode(&mls_key_package_in_desc, octets, arena, key_package, why));
    *out = key_package;
    return TB_STATUS(TB_OK);
}

/* ---------------------------------------------------------------- making */

static tb_status make_add(const struct mls_proposal_spec *given, struct tb_arena *arena,
                          struct mls_proposal *out)
{
    struct mls_key_package_in *key_package;
    struct mls_add *add = tb_arena_take(arena, 1, sizeof *add);
    if (add == NULL) return TB_STATUS(TB_NO_SPACE);
    TRY(mls_proposal_key_package(mls_convert_in(given->key_package), arena, &key_package, NULL));
    add->key_package = *key_package;
    out->of.add = add;
    return TB_STATUS(TB_OK);
}

static tb_status make_psk(const struct mls_env *env, const struct mls_proposal_spec *given,
                          struct tb_arena *arena, struct mls_proposal *out)
{
    size_t nonce_len = env->suite->hash_len;
    struct mls_psk_entry *entry;
    struct mls_pre_shared_key *psk = tb_arena_take(arena, 1, sizeof *psk);
    uint8_t *nonce = tb_arena_take(arena, nonce_len, 1);
    if (psk == NULL || nonce == NULL) return TB_STATUS(TB_NO_SPACE);
    TRY(mls_convert_psks(&given->psk, 1, arena, &entry));
    TRY(tb_rng_fill(env->rng, nonce, nonce_len));
    psk->psk = entry->id;
    psk->psk.psk_nonce = (tb_bytes){ nonce, nonce_len };
    out->of.psk = psk;
    return TB_STATUS(TB_OK);
}

static tb_status make_reinit(const struct mls_proposal_spec *given, struct tb_arena *arena,
                             struct mls_proposal *out)
{
    struct mls_re_init *reinit = tb_arena_take(arena, 1, sizeof *reinit);
    if (reinit == NULL) return TB_STATUS(TB_NO_SPACE);
    reinit->group_id = mls_convert_in(given->group_id);
    reinit->version = MLS_VERSION_MLS10;
    reinit->cipher_suite = given->cipher_suite;
    reinit->extensions.count = given->extension_count;
    out->of.reinit = reinit;
    return mls_convert_extensions(given->extensions, given->extension_count, arena,
                                  &reinit->extensions.at);
}

static tb_status make_extensions(const struct mls_proposal_spec *given, struct tb_arena *arena,
                                 struct mls_proposal *out)
{
    struct mls_group_context_extensions *body = tb_arena_take(arena, 1, sizeof *body);
    if (body == NULL) return TB_STATUS(TB_NO_SPACE);
    body->extensions.count = given->extension_count;
    out->of.group_context_extensions = body;
    return mls_convert_extensions(given->extensions, given->extension_count, arena,
                                  &body->extensions.at);
}

static tb_status make_app_data(const struct mls_proposal_spec *given, struct tb_arena *arena,
                               struct mls_proposal *out)
{
    struct mls_app_data_update *body = tb_arena_take(arena, 1, sizeof *body);
    struct wire_opaque *update = tb_arena_take(arena, 1, sizeof *update);
    if (body == NULL || update == NULL) return TB_STATUS(TB_NO_SPACE);
    update->value = mls_convert_in(given->data);
    body->component_id = given->component_id;
    body->op = given->is_removal ? MLS_APP_DATA_REMOVE : MLS_APP_DATA_UPDATE;
    if (!given->is_removal) body->of.update = update;
    out->of.app_data_update = body;
    return TB_STATUS(TB_OK);
}

static tb_status make_ephemeral(const struct mls_proposal_spec *given, struct tb_arena *arena,
                                struct mls_proposal *out)
{
    struct mls_app_ephemeral *body = tb_arena_take(arena, 1, sizeof *body);
    if (body == NULL) return TB_STATUS(TB_NO_SPACE);
    *body = (struct mls_app_ephemeral){ given->component_id, mls_convert_in(given->data) };
    out->of.app_ephemeral = body;
    return TB_STATUS(TB_OK);
}

static tb_status make_remove(const struct mls_proposal_spec *given, struct tb_arena *arena,
                             struct mls_proposal *out)
{
    struct mls_remove *body = tb_arena_take(arena, 1, sizeof *body);
    if (body == NULL) return TB_STATUS(TB_NO_SPACE);
    body->removed = given->leaf_index;
    out->of.remove = body;
    return TB_STATUS(TB_OK);
}

tb_status mls_proposal_make(const struct mls_env *env, const struct mls_proposal_spec *given,
                            struct tb_arena *arena, struct mls_proposal *out)
{
    struct mls_proposal_spec known;
    TRY(mls_convert_options(given, &known, sizeof known));
    *out = (struct mls_proposal){ .proposal_type = known.proposal_type };
    switch (known.proposal_type) {
    case MLS_PROPOSAL_ADD: return make_add(&known, arena, out);
    case MLS_PROPOSAL_REMOVE: return make_remove(&known, arena, out);
    case MLS_PROPOSAL_PSK: return make_psk(env, &known, arena, out);
    case MLS_PROPOSAL_REINIT: return make_reinit(&known, arena, out);
    case MLS_PROPOSAL_GROUP_CONTEXT_EXTENSIONS: return make_extensions(&known, arena, out);
    case MLS_PROPOSAL_APP_DATA_UPDATE: return make_app_data(&known, arena, out);
    case MLS_PROPOSAL_APP_EPHEMERAL: return make_ephemeral(&known, arena, out);
    case MLS_PROPOSAL_UPDATE:
    case MLS_PROPOSAL_SELF_REMOVE: return TB_STATUS(TB_OK);
    default: return TB_STATUS(MLS_ARGUMENT);
    }
}

/* ---------------------------------------------------------------- showing */

static tb_status show_extensions(const struct mls_extension *list, size_t count,
                                 struct tb_arena *arena, struct mls_proposal_spec *out)
{
    struct mls_ext *shown = tb_arena_take(arena, count, sizeof *shown);
    if (shown == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < count; i++) {
        shown[i] = (struct mls_ext){ list[i].extension_type,
                                     mls_convert_out(list[i].extension_data) };
    }
    out->extensions = shown;
    out->extension_count = count;
    return TB_STATUS(TB_OK);
}

static struct mls_psk show_psk(const struct mls_pre_shared_key_id *id)
{
    struct mls_psk psk = { .psktype = id->psktype };
    if (id->psktype == MLS_PSK_EXTERNAL) {
        psk.psk_id = mls_convert_out(id->of.psk_id->value);
    } else if (id->psktype == MLS_PSK_RESUMPTION) {
        psk.group_id = mls_convert_out(id->of.resumption->psk_group_id);
        psk.epoch = id->of.resumption->psk_epoch;
    } else if (id->psktype == MLS_PSK_APPLICATION) {
        psk.component_id = id->of.application->component_id;
        psk.psk_id = mls_convert_out(id->of.application->psk_id);
    }
    return psk;
}

tb_status mls_proposal_show(const struct mls_proposal *proposal, struct tb_arena *arena,
                            struct mls_proposal_spec *out)
{
    *out = (struct mls_proposal_spec){ .size = sizeof *out,
                                       .proposal_type = proposal->proposal_type };
    switch (proposal->proposal_type) {
    case MLS_PROPOSAL_ADD: {
        const struct mls_key_package_in *key_package = &proposal->of.add->key_package;
        out->key_package = mls_convert_out(mls_span(key_package->mark_start,
                                                    key_package->mark_end));
        return mls_convert_identity(&key_package->leaf_node.credential, arena, &out->credential);
    }
    case MLS_PROPOSAL_UPDATE:
        return mls_convert_identity(&proposal->of.update->leaf_node.credential, arena,
                                    &out->credential);
    case MLS_PROPOSAL_REMOVE: out->leaf_index = proposal->of.remove->removed; break;
    case MLS_PROPOSAL_PSK: out->psk = show_psk(&proposal->of.psk->psk); break;
    case MLS_PROPOSAL_REINIT:
        out->group_id = mls_convert_out(proposal->of.reinit->group_id);
        out->cipher_suite = proposal->of.reinit->cipher_suite;
        return show_extensions(proposal->of.reinit->extensions.at,
                               proposal->of.reinit->extensions.count, arena, out);
    case MLS_PROPOSAL_GROUP_CONTEXT_EXTENSIONS:
        return show_extensions(proposal->of.group_context_extensions->extensions.at,
                               proposal->of.group_context_extensions->extensions.count, arena,
                               out);
    case MLS_PROPOSAL_APP_DATA_UPDATE:
        out->component_id = proposal->of.app_data_update->component_id;
        out->is_removal = proposal->of.app_data_update->op == MLS_APP_DATA_REMOVE;
        if (!out->is_removal) {
            out->data = mls_convert_out(proposal->of.app_data_update->of.update->value);
        }
        break;
    case MLS_PROPOSAL_APP_EPHEMERAL:
        out->component_id = proposal->of.app_ephemeral->component_id;
        out->data = mls_convert_out(proposal->of.app_ephemeral->data);
        break;
    default: break;
    }
    return TB_STATUS(TB_OK);
}
