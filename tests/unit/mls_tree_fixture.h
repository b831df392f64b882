/* Leaves, key packages and members for the tests of trees and proposals; suite 0x0001. */
#ifndef TB_TESTS_UNIT_MLS_TREE_FIXTURE_H
#define TB_TESTS_UNIT_MLS_TREE_FIXTURE_H

#include "tests/support.h"

#include "mls/leaf.h"
#include "mls/treekem.h"

struct fixture {
    struct test_heap heap;
    struct test_rng rng;
    struct tb_arena arena;
    struct crypto_suite suite;
};

/* Gives everything back and checks that nothing was kept. */
static inline void fixture_end(struct fixture *f)
{
    tb_arena_wipe(&f->arena);
    assert_int_equal(f->heap.mem.used_bytes, 0);
}

static inline void fixture_begin(struct fixture *f, uint64_t seed)
{
    test_heap_init(&f->heap);
    test_rng_init(&f->rng, seed);
    tb_arena_init(&f->arena, &f->heap.mem, SIZE_MAX);
    assert_ok(crypto_suite_init(&f->suite, 1, crypto_backend_native()));
}

/* A client: what signs its leaf and what decrypts for it. */
struct client {
    struct crypto_signing_key signer;
    struct tb_secret encryption_key;
    uint8_t encryption_public[CRYPTO_PUBLIC_MAX];
    char name[24];
};

static inline void client_begin(struct fixture *f, struct client *client, unsigned number)
{
    assert_ok(crypto_signing_key_new(&f->suite, &f->rng.rng, &client->signer));
    assert_ok(crypto_hpke_generate(&f->suite, &f->rng.rng, &client->encryption_key,
                                   client->encryption_public));
    snprintf(client->name, sizeof client->name, "client %u", number);
}

/* Lists of a leaf's capabilities; a test changes what it wants wrong. */
struct leaf_parts {
    struct wire_u16 versions[2], suites[2], extensions[3], proposals[3], credentials[2];
    struct wire_opaque identity;
    struct mls_lifetime lifetime;
    struct mls_leaf_node leaf;
};

enum { FIXTURE_NOW_S = 1700000000 };

static inline void leaf_parts_begin(struct fixture *f, const struct client *client,
                                    struct leaf_parts *parts)
{
    *parts = (struct leaf_parts){
        .versions = { { MLS_VERSION_MLS10 }, { 0x7a7a } },
        .suites = { { f->suite.id }, { 0x1a1a } },
        .extensions = { { MLS_EXTENSION_APP_DATA_DICTIONARY }, { 0xff01 }, { 0x2a2a } },
        .proposals = { { MLS_PROPOSAL_APP_DATA_UPDATE },
                       { MLS_PROPOSAL_APP_EPHEMERAL },
                       { MLS_PROPOSAL_SELF_REMOVE } },
        .credentials = { { MLS_CREDENTIAL_BASIC }, { MLS_CREDENTIAL_X509 } },
        .identity = { tb_bytes_text(client->name) },
        .lifetime = { FIXTURE_NOW_S - 3600, FIXTURE_NOW_S + 3600 },
    };
    parts->leaf = (struct mls_leaf_node){
        .encryption_key = { client->encryption_public, f->suite.dh_public_len },
        .signature_key = crypto_signing_key_public(&client->signer),
        .credential = { MLS_CREDENTIAL_BASIC, { .identity = &parts->identity } },
        .leaf_node_source = MLS_LEAF_KEY_PACKAGE,
        .of = { .lifetime = &parts->lifetime },
    };
    struct mls_capabilities *has = &parts->leaf.capabilities;
    has->versions.at = parts->versions;
    has->cipher_suites.at = parts->suites;
    has->extensions.at = parts->extensions;
    has->proposals.at = parts->proposals;
    has->credentials.at = parts->credentials;
    has->versions.count = has->cipher_suites.count = has->credentials.count = 2;
    has->extensions.count = has->proposals.count = 3;
}

/* The octets of a signed leaf. */
static inline tb_bytes leaf_sign(struct fixture *f, const struct client *client,
                                 const struct leaf_parts *parts, tb_bytes group_id,
                                 uint32_t leaf_index)
{
    const struct mls_leaf_place place = { group_id, leaf_index };
    tb_bytes encoded;
    assert_ok(mls_leaf_sign(&f->suite, &client->signer, &parts->leaf, &place, &f->arena,
                            &encoded));
    return encoded;
}

static inline tb_bytes leaf_new(struct fixture *f, const struct client *client)
{
    struct leaf_parts parts;
    leaf_parts_begin(f, client, &parts);
    return leaf_sign(f, client, &parts, (tb_bytes){ NULL, 0 }, 0);
}

static inline struct mls_leaf_node *leaf_decode(struct fixture *f, tb_bytes octets)
{
    struct mls_leaf_node *leaf = tb_arena_take(&f->arena, 1, sizeof *leaf);
    assert_ok(wire_decode(&mls_leaf_node_desc, octets, &f->arena, leaf, NULL));
    return leaf;
}

/* A tree of count members without parents; clients may be NULL when nobody asks for them. */
static inline void tree_of(struct fixture *f, unsigned count, struct client *clients,
                           struct mls_tree *tree)
{
    mls_tree_init(tree, &f->suite, &f->heap.mem);
    for (unsigned i = 0; i < count; i++) {
        struct client own;
        struct client *client = clients == NULL ? &own : &clients[i];
        uint32_t index;
        client_begin(f, client, i);
        assert_ok(mls_tree_add(tree, leaf_new(f, client), &index));
        assert_int_equal(index, i);
    }
}

static inline tb_bytes tree_hash_of(struct fixture *f, struct mls_tree *tree)
{
    uint8_t *hash = tb_arena_take(&f->arena, 1, CRYPTO_HASH_MAX);
    assert_ok(mls_tree_hash(tree, hash));
    return (tb_bytes){ hash, f->suite.hash_len };
}

static inline tb_bytes tree_octets(struct fixture *f, const struct mls_tree *tree)
{
    tb_bytes octets;
    assert_ok(mls_tree_encode(tree, &f->arena, &octets));
    return octets;
}

/* The client at this leaf commits with a path: parents appear above it. */
static inline void commit_path(struct fixture *f, struct mls_tree *tree,
                               const struct client *client, uint32_t leaf_index)
{
    struct mls_treekem_private own = { .leaf_index = leaf_index };
    struct mls_treekem_path path;
    struct leaf_parts parts;
    leaf_parts_begin(f, client, &parts);
    assert_ok(mls_treekem_create(tree, &parts.leaf, &client->signer, TB_LITERAL("group"),
                                 &f->rng.rng, &f->arena, &own, &path));
    mls_treekem_private_wipe(&own);
    mls_treekem_path_wipe(&path);
}

/* The same tree from its octets, with nothing cached. */
static inline void reread(struct fixture *f, const struct mls_tree *tree, struct mls_tree *out)
{
    assert_ok(mls_tree_decode(&f->suite, &f->heap.mem, tree_octets(f, tree), out, NULL));
}

/* A leaf with keys of its own and no valid signature: the tree does not ask. */
static inline tb_bytes unsigned_leaf(struct fixture *f, uint32_t number)
{
    uint8_t key[32] = { 0 }, signature_key[32] = { 1 };
    struct wire_opaque identity = { TB_LITERAL("somebody") };
    struct mls_leaf_node leaf = {
        .encryption_key = TB_ARRAY(key),
        .signature_key = TB_ARRAY(signature_key),
        .credential = { MLS_CREDENTIAL_BASIC, { .identity = &identity } },
        .leaf_node_source = MLS_LEAF_UPDATE,
    };
    tb_bytes encoded;
    tb_put_u32(key + 4, number);
    tb_put_u32(signature_key + 4, number);
    assert_ok(wire_encode(&mls_leaf_node_desc, &leaf, &f->arena, &encoded));
    return encoded;
}

#endif
