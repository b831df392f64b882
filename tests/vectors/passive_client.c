/*
 * passive-client-*: a member that joins by a Welcome and then only listens.  The time is not given,
 * and the key packages have expired, so lifetimes are left unchecked.
 */
#include "mls/group.h"
#include "mls/framing.h"
#include "mls/leaf.h"
#include "tests/vectors/vectors.h"

struct client {
    struct mls_env env;
    struct crypto_signing_key signer;
    struct mls_key_package_secrets secrets;
    tb_bytes key_package;
    struct mls_psk_entry *psks;
    size_t psk_count;
};

static bool read_key(struct vectors_case *c, const char *field, size_t len, struct tb_secret *out)
{
    tb_bytes value;
    if (!vectors_private(c, c->json, field, len, &value)) return false;
    tb_secret_set(out, value);
    return true;
}

static bool read_psks(struct vectors_case *c, struct client *client)
{
    const struct json *list = json_get(c->json, "external_psks");
    if (list == NULL || list->kind != JSON_ARRAY) return vectors_fail(c, "external_psks");
    struct wire_opaque *ids = tb_arena_take(c->arena, list->count, sizeof *ids);
    client->psks = tb_arena_take(c->arena, list->count, sizeof *client->psks);
    if (ids == NULL || client->psks == NULL) return vectors_fail(c, "external_psks");
    for (const struct json *at = list->first; at != NULL; at = at->next) {
        size_t i = client->psk_count++;
        client->psks[i].id.psktype = MLS_PSK_EXTERNAL;
        client->psks[i].id.of.psk_id = &ids[i];
        if (!vectors_hex(c, at, "psk_id", &ids[i].value)) return false;
        if (!vectors_hex(c, at, "psk", &client->psks[i].psk)) return false;
    }
    return true;
}

static bool read_client(struct vectors_case *c, struct client *out)
{
    tb_bytes octets, signature_priv;
    struct mls_message message;
    *out = (struct client){ .env = { .suite = &c->suite, .mem = c->env->mem,
                                    .rng = c->env->rng } };
    if (!vectors_hex(c, c->json, "key_package", &octets) ||
        !vectors_ok(c, "key_package", mls_framing_message(octets, c->arena, &message, NULL)) ||
        !vectors_true(c, "key_package", message.wire_format == MLS_WIRE_KEY_PACKAGE) ||
        !vectors_private(c, c->json, "signature_priv", c->suite.sign_private_len,
                         &signature_priv) ||
        !vectors_ok(c, "signature_priv",
                    crypto_signing_key_from(&c->suite, signature_priv, &out->signer))) {
        return false;
    }
    out->key_package = mls_leaf_key_package_view(message.of.key_package);
    return read_key(c, "init_priv", c->suite.dh_private_len, &out->secrets.init_key) &&
           read_key(c, "encryption_priv", c->suite.dh_private_len,
                    &out->secrets.encryption_key) &&
           read_psks(c, out);
}

static bool join(struct vectors_case *c, const struct client *client, struct mls_group **group)
{
    struct mls_join_params params = {
        .key_package = client->key_package,
        .secrets = &client->secrets,
        .signer = &client->signer,
        .psks = client->psks,
        .psk_count = client->psk_count,
    };
    if (!vectors_hex(c, c->json, "welcome", &params.welcome)) return false;
    if (!json_is_null(json_get(c->json, "ratchet_tree")) &&
        !vectors_hex(c, c->json, "ratchet_tree", &params.ratchet_tree)) {
        return false;
    }
    return vectors_ok(c, "welcome", mls_group_join(&client->env, &params, group, NULL));
}

static bool receive(struct vectors_case *c, const struct client *client, struct mls_group *group,
                    const char *field, tb_bytes message, enum mls_received_kind kind)
{
    struct tb_arena arena;
    struct mls_received received;
    tb_arena_init(&arena, c->env->mem, SIZE_MAX);
    bool is_taken = vectors_ok(c, field,
                               mls_group_receive(group, message, 0, client->psks,
                                                 client->psk_count, &arena, &received, NULL)) &&
                    vectors_true(c, field, received.kind == kind);
    if (is_taken && kind == MLS_RECEIVED_COMMIT) {
        is_taken = vectors_ok(c, field, mls_group_merge(group, received.staged));
    }
    tb_arena_wipe(&arena);
    return is_taken;
}

static bool run_epoch(struct vectors_case *c, const struct client *client,
                      struct mls_group *group, const struct json *epoch)
{
    const struct json *proposals = json_get(epoch, "proposals");
    tb_bytes message;
    if (proposals == NULL || proposals->kind != JSON_ARRAY) return vectors_fail(c, "proposals");
    for (const struct json *at = proposals->first; at != NULL; at = at->next) {
        if (!vectors_true(c, "proposals", json_hex(at, c->arena, &message)) ||
            !receive(c, client, group, "proposals", message, MLS_RECEIVED_PROPOSAL)) {
            return false;
        }
    }
    return vectors_hex(c, epoch, "commit", &message) &&
           receive(c, client, group, "commit", message, MLS_RECEIVED_COMMIT) &&
           vectors_equal(c, epoch, "epoch_authenticator", mls_group_epoch_authenticator(group));
}

static bool run_group(struct vectors_case *c, const struct client *client,
                      struct mls_group *group)
{
    const struct json *epochs = json_get(c->json, "epochs");
    if (epochs->kind != JSON_ARRAY) return vectors_fail(c, "epochs");
    if (!vectors_equal(c, c->json, "initial_epoch_authenticator",
                       mls_group_epoch_authenticator(group))) {
        return false;
    }
    for (const struct json *at = epochs->first; at != NULL; at = at->next, c->position++) {
        if (!run_epoch(c, client, group, at)) return false;
    }
    return true;
}

bool vectors_passive_client(struct vectors_case *c)
{
    struct client client;
    struct mls_group *group = NULL;
    if (!read_client(c, &client) || !join(c, &client, &group)) return false;
    bool holds = run_group(c, &client, group);
    mls_group_free(group);
    return holds;
}
