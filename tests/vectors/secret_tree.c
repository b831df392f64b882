/* secret-tree: sender data keys and the ratchets of every leaf (RFC 9420, sections 6.3.2, 9). */
#include "mls/secret_tree.h"
#include "tests/vectors/vectors.h"

static bool read_secret(struct vectors_case *c, const struct json *json, const char *field,
                        struct tb_secret *out)
{
    tb_bytes value;
    if (!vectors_hex(c, json, field, &value)) return false;
    if (value.len != c->suite.hash_len) return vectors_fail(c, field);
    tb_secret_set(out, value);
    return true;
}

static bool check_sender_data(struct vectors_case *c)
{
    const struct json *json = json_get(c->json, "sender_data");
    struct tb_secret secret;
    struct mls_message_key key;
    tb_bytes ciphertext;
    return read_secret(c, json, "sender_data_secret", &secret) &&
           vectors_hex(c, json, "ciphertext", &ciphertext) &&
           vectors_ok(c, "sender_data",
                      mls_secret_tree_sender_data(&c->suite, &secret, ciphertext, &key)) &&
           vectors_equal(c, json, "key", (tb_bytes){ key.key, c->suite.key_len }) &&
           vectors_equal(c, json, "nonce", TB_ARRAY(key.nonce));
}

static bool check_generation(struct vectors_case *c, struct mls_secret_tree *tree, uint32_t leaf,
                             const struct json *json, enum mls_ratchet_kind kind)
{
    bool is_handshake = kind == MLS_RATCHET_HANDSHAKE;
    struct mls_secret_tree_find find;
    uint64_t generation;
    if (!vectors_u64(c, json, "generation", &generation)) return false;
    if (!vectors_true(c, "generation", generation <= UINT32_MAX)) return false;
    if (!vectors_ok(c, "generation",
                    mls_secret_tree_find(tree, leaf, kind, (uint32_t)generation, &find))) {
        return false;
    }
    if (!vectors_equal(c, json, is_handshake ? "handshake_key" : "application_key",
                       (tb_bytes){ find.key.key, c->suite.key_len }) ||
        !vectors_equal(c, json, is_handshake ? "handshake_nonce" : "application_nonce",
                       TB_ARRAY(find.key.nonce))) {
        return false;
    }
    mls_secret_tree_take(tree, &find);
    return true;
}

static bool check_leaves(struct vectors_case *c, struct mls_secret_tree *tree,
                         const struct json *leaves)
{
    uint32_t leaf = 0;
    for (const struct json *at = leaves->first; at != NULL; at = at->next, leaf++) {
        c->position = leaf;
        for (const struct json *generation = at->first; generation != NULL;
             generation = generation->next) {
            if (!check_generation(c, tree, leaf, generation, MLS_RATCHET_HANDSHAKE) ||
                !check_generation(c, tree, leaf, generation, MLS_RATCHET_APPLICATION)) {
                return false;
            }
        }
    }
    return true;
}

bool vectors_secret_tree(struct vectors_case *c)
{
    const struct json *leaves = json_get(c->json, "leaves");
    struct mls_secret_tree *tree = NULL;
    struct tb_secret secret;
    if (!check_sender_data(c)) return false;
    if (!read_secret(c, c->json, "encryption_secret", &secret)) return false;
    if (leaves->kind != JSON_ARRAY || leaves->count > UINT32_MAX) return vectors_fail(c, "leaves");
    if (!vectors_ok(c, "leaves",
                    mls_secret_tree_new(&c->suite, c->env->mem, (uint32_t)leaves->count, &secret,
                                        &tree))) {
        return false;
    }
    bool holds = check_leaves(c, tree, leaves);
    mls_secret_tree_free(tree);
    return holds;
}
