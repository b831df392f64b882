#include "tests/vectors/vectors.h"

#include <string.h>

/* Ceilings of what one file and one case may take. */
enum { FILE_BYTES_MAX = 512 << 20, CASE_BYTES_MAX = 256 << 20 };

enum { KEYS_MAX = 4 };

/* The keys that tell a kind from all others. */
static const struct {
    const char *name;
    vectors_kind *run;
    const char *keys[KEYS_MAX];
} kinds[] = {
    { "crypto-basics", vectors_crypto_basics, { "ref_hash", "expand_with_label" } },
    { "key-schedule", vectors_key_schedule, { "initial_init_secret", "epochs" } },
    { "psk_secret", vectors_psk_secret, { "psks", "psk_secret" } },
    { "transcript-hashes", vectors_transcript_hashes, { "interim_transcript_hash_before" } },
    { "secret-tree", vectors_secret_tree, { "encryption_secret", "sender_data", "leaves" } },
    { "message-protection", vectors_message_protection, { "proposal_priv", "application_priv" } },
    { "welcome", vectors_welcome, { "init_priv", "key_package", "signer_pub", "welcome" } },
    { "tree-math", vectors_tree_math, { "n_leaves", "n_nodes", "root" } },
    { "tree-operations", vectors_tree_operations, { "tree_before", "proposal", "tree_after" } },
    { "tree-validation", vectors_tree_validation, { "tree", "resolutions", "tree_hashes" } },
    { "treekem", vectors_treekem, { "ratchet_tree", "leaves_private", "update_paths" } },
    { "messages", vectors_messages, { "mls_welcome", "private_message", "group_secrets" } },
    { "passive-client", vectors_passive_client, { "initial_epoch_authenticator", "epochs" } },
    { "deserialization", vectors_deserialization, { "vlbytes_header", "length" } },
};

bool vectors_fail(struct vectors_case *c, const char *field)
{
    c->field = field;
    return false;
}

bool vectors_ok(struct vectors_case *c, const char *field, tb_status status)
{
    if (tb_is_ok(status)) return true;
    c->status = status;
    return vectors_fail(c, field);
}

bool vectors_true(struct vectors_case *c, const char *field, bool holds)
{
    return holds || vectors_fail(c, field);
}

bool vectors_hex(struct vectors_case *c, const struct json *object, const char *field,
                 tb_bytes *out)
{
    return vectors_true(c, field, json_hex(json_get(object, field), c->arena, out));
}

bool vectors_equal(struct vectors_case *c, const struct json *object, const char *field,
                   tb_bytes got)
{
    tb_bytes wanted;
    return vectors_hex(c, object, field, &wanted) &&
           vectors_true(c, field, tb_bytes_equal(wanted, got));
}

bool vectors_u64(struct vectors_case *c, const struct json *object, const char *field,
                 uint64_t *out)
{
    return vectors_true(c, field, json_u64(json_get(object, field), out));
}

bool vectors_private(struct vectors_case *c, const struct json *object, const char *field,
                     size_t len, tb_bytes *out)
{
    tb_bytes value;
    if (!vectors_hex(c, object, field, &value)) return false;
    if (value.len > len) return vectors_fail(c, field);
    uint8_t *padded = tb_arena_take(c->arena, len, 1);
    if (padded == NULL) return vectors_fail(c, field);
    if (value.len != 0) memcpy(padded + len - value.len, value.data, value.len);
    *out = (tb_bytes){ padded, len };
    return true;
}

bool vectors_text(struct vectors_case *c, const struct json *object, const char *field,
                  const char **out)
{
    const struct json *value = json_get(object, field);
    if (value == NULL || value->kind != JSON_STRING) return vectors_fail(c, field);
    char *text = tb_arena_take(c->arena, value->text.len + 1, 1);
    if (text == NULL) return vectors_fail(c, field);
    if (value->text.len != 0) memcpy(text, value->text.data, value->text.len);
    *out = text;
    return true;
}

static bool has_keys(const struct json *json, const char *const keys[KEYS_MAX])
{
    for (size_t i = 0; i < KEYS_MAX && keys[i] != NULL; i++) {
        if (json_get(json, keys[i]) == NULL) return false;
    }
    return true;
}

static enum vectors_verdict run_case(struct vectors_case *c, const char **kind)
{
    const struct json *suite = json_get(c->json, "cipher_suite");
    uint64_t id;
    *kind = NULL;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (!has_keys(c->json, kinds[i].keys)) continue;
        *kind = kinds[i].name;
        if (suite != NULL) {
            c->field = "cipher_suite";
            if (!json_u64(suite, &id)) return VECTORS_FAILED;
            c->status = TB_STATUS(CRYPTO_UNSUPPORTED);
            if (id > UINT16_MAX) return VECTORS_SKIPPED;
            c->status = crypto_suite_init(&c->suite, (uint16_t)id, c->env->provider);
            if (!tb_is_ok(c->status)) return VECTORS_SKIPPED;
        }
        c->field = NULL;
        return kinds[i].run(c) ? VECTORS_PASSED : VECTORS_FAILED;
    }
    c->field = "kind";
    return VECTORS_SKIPPED;
}

static void run_and_count(const struct vectors_env *env, const struct json *json, size_t index,
                          vectors_report *report, void *ctx, struct vectors_result *result,
                          const char **kind)
{
    struct tb_arena arena;
    tb_arena_init(&arena, env->mem, CASE_BYTES_MAX);
    struct vectors_case c = { .env = env, .json = json, .arena = &arena };
    enum vectors_verdict verdict = run_case(&c, kind);
    if (verdict == VECTORS_PASSED) result->passed++;
    if (verdict == VECTORS_FAILED) result->failed++;
    if (verdict == VECTORS_SKIPPED) result->skipped++;
    if (verdict != VECTORS_PASSED) report(ctx, *kind, index, verdict, &c);
    tb_arena_wipe(&arena);
}

struct vectors_result vectors_run(const struct vectors_env *env, tb_bytes text,
                                  vectors_report *report, void *ctx, const char **kind)
{
    struct vectors_result result = { 0 };
    struct tb_arena arena;
    struct json *root = NULL;
    size_t index = 0;

    *kind = NULL;
    tb_arena_init(&arena, env->mem, FILE_BYTES_MAX);
    if (!json_parse(text, &arena, &root)) {
        result.failed++;
        report(ctx, NULL, 0, VECTORS_FAILED, NULL);
    } else if (root->kind == JSON_ARRAY) {
        for (const struct json *at = root->first; at != NULL; at = at->next) {
            run_and_count(env, at, index++, report, ctx, &result, kind);
        }
    } else {
        run_and_count(env, root, 0, report, ctx, &result, kind);
    }
    tb_arena_wipe(&arena);
    return result;
}
