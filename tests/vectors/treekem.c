/*
 * treekem: private keys from path secrets, paths of others followed by every member, and an own
 * path made for each of them and followed by all (RFC 9420, sections 7.4 to 7.6).
 */
#include "mls/treekem.h"

#include "tests/vectors/vectors.h"

/* What a case gives each leaf. */
struct member {
    bool is_there;
    struct mls_treekem_private own;
    struct crypto_signing_key signer;
};

struct scene {
    struct mls_tree tree;
    struct member *members; /* leaf_count of them */
    uint32_t leaf_count;
    tb_bytes group_id;
    tb_bytes confirmed_transcript_hash;
    uint64_t epoch;
};

static bool read_key(struct vectors_case *c, const struct json *json, struct member *member)
{
    struct mls_treekem_key *key = &member->own.at[0];
    tb_bytes encryption, signature;
    if (!vectors_private(c, json, "encryption_priv", c->suite.dh_private_len, &encryption) ||
        !vectors_private(c, json, "signature_priv", c->suite.sign_private_len, &signature)) {
        return false;
    }
    tb_secret_set(&key->private_key, encryption);
    key->public_len = c->suite.dh_public_len;
    return vectors_ok(c, "encryption_priv",
                      c->suite.provider->dh_public(c->suite.provider, c->suite.kem, encryption,
                                                   key->public_key)) &&
           vectors_ok(c, "signature_priv",
                      crypto_signing_key_from(&c->suite, signature, &member->signer));
}

/* node_secret of a path secret, and its key pair. */
static bool read_path_secret(struct vectors_case *c, const struct json *json,
                             const struct mls_tree *tree, struct member *member)
{
    struct tb_secret node_secret;
    tb_bytes secret;
    uint64_t node;
    if (!vectors_u64(c, json, "node", &node) ||
        !vectors_hex(c, json, "path_secret", &secret) ||
        !vectors_true(c, "node", node < 2 * (uint64_t)mls_tree_leaf_count(tree) - 1)) {
        return false;
    }
    struct mls_treekem_key *key = &member->own.at[mls_tree_level((uint32_t)node)];
    key->public_len = c->suite.dh_public_len;
    return vectors_ok(c, "path_secret",
                      crypto_derive_secret(&c->suite, secret, "node", &node_secret)) &&
           vectors_ok(c, "path_secret",
                      crypto_hpke_derive(&c->suite, tb_secret_view(&node_secret),
                                         &key->private_key, key->public_key)) &&
           vectors_true(c, "path_secret",
                        tb_bytes_equal((tb_bytes){ key->public_key, key->public_len },
                                       mls_tree_key(tree, (uint32_t)node)));
}

static bool read_member(struct vectors_case *c, const struct json *json, struct scene *scene)
{
    uint64_t index;
    const struct json *secrets = json_get(json, "path_secrets");
    if (!vectors_u64(c, json, "index", &index) ||
        !vectors_true(c, "index", index < scene->leaf_count && secrets != NULL)) {
        return false;
    }
    struct member *member = &scene->members[index];
    const struct mls_leaf_node *leaf = mls_tree_leaf(&scene->tree, (uint32_t)index);
    member->is_there = true;
    member->own.leaf_index = (uint32_t)index;
    if (!read_key(c, json, member) ||
        !vectors_true(c, "encryption_priv",
                      leaf != NULL && tb_bytes_equal(leaf->encryption_key,
                                                     (tb_bytes){ member->own.at[0].public_key,
                                                                 c->suite.dh_public_len }))) {
        return false;
    }
    for (const struct json *item = secrets->first; item != NULL; item = item->next) {
        if (!read_path_secret(c, item, &scene->tree, member)) return false;
    }
    return true;
}

static bool provisional_context(struct vectors_case *c, const struct scene *scene,
                                struct mls_tree *tree, tb_bytes *out)
{
    uint8_t hash[CRYPTO_HASH_MAX];
    if (!vectors_ok(c, "tree_hash_after", mls_tree_hash(tree, hash))) return false;
    struct mls_group_context context = {
        .version = MLS_VERSION_MLS10,
        .cipher_suite = c->suite.id,
        .group_id = scene->group_id,
        .epoch = scene->epoch,
        .tree_hash = { hash, c->suite.hash_len },
        .confirmed_transcript_hash = scene->confirmed_transcript_hash,
    };
    return vectors_ok(c, "tree_hash_after",
                      wire_encode(&mls_group_context_desc, &context, c->arena, out));
}

/* Every other member follows the path and comes to the same commit secret. */
static bool follow_all(struct vectors_case *c, const struct scene *scene,
                       const struct mls_tree *tree, uint32_t sender,
                       const struct mls_update_path *path, tb_bytes context, tb_bytes commit_secret,
                       const struct json *path_secrets)
{
    const struct json *item = path_secrets == NULL ? NULL : path_secrets->first;
    for (uint32_t i = 0; i < scene->leaf_count; i++) {
        struct mls_treekem_private own = scene->members[i].own, joined = own;
        struct tb_secret secret;
        tb_bytes path_secret;
        const struct json *wanted = item;
        if (item != NULL) item = item->next;
        c->position = i;
        if (i == sender || !scene->members[i].is_there) continue;
        if (!vectors_ok(c, "update_path",
                        mls_treekem_decrypt(tree, sender, path, context, NULL, 0, c->arena, &own,
                                            &secret)) ||
            !vectors_true(c, "commit_secret",
                          tb_bytes_equal(commit_secret, tb_secret_view(&secret)))) {
            return false;
        }
        if (wanted == NULL) continue;
        /* The secret of the common ancestor leads to the same keys. */
        if (!vectors_true(c, "path_secrets", json_hex(wanted, c->arena, &path_secret)) ||
            !vectors_ok(c, "path_secrets", mls_treekem_join(tree, sender, path_secret, &joined))) {
            return false;
        }
        uint32_t level = mls_tree_level(mls_tree_common(i, sender));
        if (!vectors_true(c, "path_secrets",
                          tb_equal_ct(tb_secret_view(&own.at[level].private_key),
                                      tb_secret_view(&joined.at[level].private_key)))) {
            return false;
        }
    }
    return true;
}

static bool check_given_path(struct vectors_case *c, struct scene *scene, struct mls_tree *tree,
                             const struct json *json, uint32_t sender)
{
    struct mls_update_path path;
    struct mls_leaf_place place = { scene->group_id, sender };
    tb_bytes octets, context, commit_secret;
    uint8_t hash[CRYPTO_HASH_MAX];
    return vectors_hex(c, json, "update_path", &octets) &&
           vectors_ok(c, "update_path",
                      wire_decode(&mls_update_path_desc, octets, c->arena, &path, NULL)) &&
           vectors_ok(c, "update_path",
                      mls_leaf_verify(&c->suite, &path.leaf_node, &place, c->arena)) &&
           vectors_ok(c, "update_path",
                      mls_tree_path_merge(tree, sender, &path, NULL, 0, c->arena)) &&
           vectors_ok(c, "tree_hash_after", mls_tree_hash(tree, hash)) &&
           vectors_equal(c, json, "tree_hash_after", (tb_bytes){ hash, c->suite.hash_len }) &&
           provisional_context(c, scene, tree, &context) &&
           vectors_hex(c, json, "commit_secret", &commit_secret) &&
           follow_all(c, scene, tree, sender, &path, context, commit_secret,
                      json_get(json, "path_secrets"));
}

static bool check_own_path(struct vectors_case *c, struct scene *scene, struct mls_tree *tree,
                           uint32_t sender)
{
    struct mls_treekem_private own = scene->members[sender].own;
    struct mls_treekem_path path;
    struct mls_update_path update_path;
    struct mls_tree received;
    tb_bytes context, octets;
    const struct mls_leaf_node *leaf = mls_tree_leaf(tree, sender);
    mls_tree_share(tree, &received);
    bool holds =
        vectors_ok(c, "own path",
                   mls_treekem_create(tree, leaf, &scene->members[sender].signer, scene->group_id,
                                      c->env->rng, c->arena, &own, &path)) &&
        provisional_context(c, scene, tree, &context) &&
        vectors_ok(c, "own path",
                   mls_treekem_encrypt(tree, &path, context, NULL, 0, c->env->rng, c->arena,
                                       &update_path)) &&
        vectors_ok(c, "own path",
                   wire_encode(&mls_update_path_desc, &update_path, c->arena, &octets)) &&
        vectors_ok(c, "own path",
                   wire_decode(&mls_update_path_desc, octets, c->arena, &update_path, NULL)) &&
        vectors_ok(c, "own path",
                   mls_tree_path_merge(&received, sender, &update_path, NULL, 0, c->arena)) &&
        vectors_ok(c, "own path", mls_tree_check(&received)) &&
        follow_all(c, scene, &received, sender, &update_path, context,
                   tb_secret_view(&path.commit_secret), NULL);
    mls_tree_wipe(&received);
    return holds;
}

static bool check_update(struct vectors_case *c, struct scene *scene, const struct json *json)
{
    struct mls_tree given, own;
    uint64_t sender;
    if (!vectors_u64(c, json, "sender", &sender) ||
        !vectors_true(c, "sender",
                      sender < scene->leaf_count && scene->members[sender].is_there)) {
        return false;
    }
    mls_tree_share(&scene->tree, &given);
    mls_tree_share(&scene->tree, &own);
    bool holds = check_given_path(c, scene, &given, json, (uint32_t)sender) &&
                 check_own_path(c, scene, &own, (uint32_t)sender);
    mls_tree_wipe(&given);
    mls_tree_wipe(&own);
    return holds;
}

static bool check_scene(struct vectors_case *c, struct scene *scene)
{
    const struct json *members = json_get(c->json, "leaves_private");
    const struct json *updates = json_get(c->json, "update_paths");
    if (members == NULL || updates == NULL) return vectors_fail(c, "leaves_private");
    scene->leaf_count = mls_tree_leaf_count(&scene->tree);
    scene->members = tb_arena_take(c->arena, scene->leaf_count, sizeof *scene->members);
    if (scene->members == NULL || !vectors_ok(c, "ratchet_tree", mls_tree_check(&scene->tree))) {
        return false;
    }
    for (const struct json *item = members->first; item != NULL; item = item->next) {
        if (!read_member(c, item, scene)) return false;
    }
    for (const struct json *item = updates->first; item != NULL; item = item->next) {
        if (!check_update(c, scene, item)) return false;
    }
    return true;
}

bool vectors_treekem(struct vectors_case *c)
{
    struct scene scene = { .members = NULL };
    tb_bytes octets;
    if (!vectors_hex(c, c->json, "group_id", &scene.group_id) ||
        !vectors_hex(c, c->json, "confirmed_transcript_hash", &scene.confirmed_transcript_hash) ||
        !vectors_u64(c, c->json, "epoch", &scene.epoch) ||
        !vectors_hex(c, c->json, "ratchet_tree", &octets) ||
        !vectors_ok(c, "ratchet_tree",
                    mls_tree_decode(&c->suite, c->env->mem, octets, &scene.tree, NULL))) {
        return false;
    }
    bool holds = check_scene(c, &scene);
    mls_tree_wipe(&scene.tree);
    return holds;
}
