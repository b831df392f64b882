/* key-schedule: a chain of epochs (RFC 9420, section 8). */
#include "mls/schedule.h"
#include "mls/structs.h"
#include "tests/vectors/vectors.h"

struct epoch {
    const struct json *json;
    tb_bytes group_context;
    struct tb_secret commit_secret;
    struct tb_secret psk_secret;
    struct mls_epoch_secrets secrets;
};

static bool read_secret(struct vectors_case *c, const struct json *json, const char *field,
                        struct tb_secret *out)
{
    tb_bytes value;
    if (!vectors_hex(c, json, field, &value)) return false;
    if (value.len != c->suite.hash_len) return vectors_fail(c, field);
    tb_secret_set(out, value);
    return true;
}

static bool read_epoch(struct vectors_case *c, const struct json *json, struct epoch *out)
{
    struct mls_group_context context = {
        .version = MLS_VERSION_MLS10,
        .cipher_suite = c->suite.id,
        .epoch = c->position,
    };
    out->json = json;
    return vectors_hex(c, c->json, "group_id", &context.group_id) &&
           vectors_hex(c, json, "tree_hash", &context.tree_hash) &&
           vectors_hex(c, json, "confirmed_transcript_hash", &context.confirmed_transcript_hash) &&
           vectors_ok(c, "group_context",
                      wire_encode(&mls_group_context_desc, &context, c->arena,
                                  &out->group_context)) &&
           vectors_equal(c, json, "group_context", out->group_context) &&
           read_secret(c, json, "commit_secret", &out->commit_secret) &&
           read_secret(c, json, "psk_secret", &out->psk_secret);
}

static bool check_secrets(struct vectors_case *c, const struct json *json,
                          const struct mls_epoch_secrets *secrets)
{
    const struct {
        const char *field;
        const struct tb_secret *secret;
    } rows[] = {
        { "sender_data_secret", &secrets->sender_data_secret },
        { "encryption_secret", &secrets->encryption_secret },
        { "exporter_secret", &secrets->exporter_secret },
        { "external_secret", &secrets->external_secret },
        { "confirmation_key", &secrets->confirmation_key },
        { "membership_key", &secrets->membership_key },
        { "resumption_psk", &secrets->resumption_psk },
        { "epoch_authenticator", &secrets->epoch_authenticator },
        { "init_secret", &secrets->init_secret },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (!vectors_equal(c, json, rows[i].field, tb_secret_view(rows[i].secret))) return false;
    }
    return true;
}

static bool check_outputs(struct vectors_case *c, const struct epoch *epoch)
{
    const struct json *exporter = json_get(epoch->json, "exporter");
    struct tb_secret private_key, exported;
    uint8_t public_key[CRYPTO_PUBLIC_MAX];
    const char *label;
    tb_bytes context;
    uint64_t length;
    return vectors_ok(c, "external_pub",
                      mls_schedule_external_key(&c->suite, &epoch->secrets.external_secret,
                                                &private_key, public_key)) &&
           vectors_equal(c, epoch->json, "external_pub",
                         (tb_bytes){ public_key, c->suite.dh_public_len }) &&
           vectors_text(c, exporter, "label", &label) &&
           vectors_hex(c, exporter, "context", &context) &&
           vectors_u64(c, exporter, "length", &length) &&
           vectors_true(c, "length", length <= TB_SECRET_MAX) &&
           vectors_ok(c, "exporter",
                      mls_schedule_export(&c->suite, &epoch->secrets.exporter_secret, label,
                                          context, (size_t)length, &exported)) &&
           vectors_equal(c, exporter, "secret", tb_secret_view(&exported));
}

static bool check_epoch(struct vectors_case *c, struct epoch *epoch,
                        const struct tb_secret *init_secret)
{
    struct tb_secret joiner, welcome;
    return vectors_ok(c, "joiner_secret",
                      mls_schedule_joiner(&c->suite, init_secret, &epoch->commit_secret,
                                          epoch->group_context, &joiner)) &&
           vectors_equal(c, epoch->json, "joiner_secret", tb_secret_view(&joiner)) &&
           vectors_ok(c, "welcome_secret",
                      mls_schedule_welcome(&c->suite, &joiner, &epoch->psk_secret, &welcome)) &&
           vectors_equal(c, epoch->json, "welcome_secret", tb_secret_view(&welcome)) &&
           vectors_ok(c, "epochs",
                      mls_schedule_epoch(&c->suite, &joiner, &epoch->psk_secret,
                                         epoch->group_context, &epoch->secrets)) &&
           check_secrets(c, epoch->json, &epoch->secrets) && check_outputs(c, epoch);
}

bool vectors_key_schedule(struct vectors_case *c)
{
    const struct json *epochs = json_get(c->json, "epochs");
    struct epoch epoch;
    struct tb_secret init_secret;
    if (!read_secret(c, c->json, "initial_init_secret", &init_secret)) return false;
    if (epochs->kind != JSON_ARRAY) return vectors_fail(c, "epochs");
    for (const struct json *at = epochs->first; at != NULL; at = at->next, c->position++) {
        if (!read_epoch(c, at, &epoch) || !check_epoch(c, &epoch, &init_secret)) return false;
        init_secret = epoch.secrets.init_secret;
    }
    return true;
}
