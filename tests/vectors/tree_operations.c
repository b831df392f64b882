/* tree-operations: one proposal applied to a tree (RFC 9420, sections 7.7, 7.8 and 12.1). */
#include "mls/leaf.h"
#include "mls/tree.h"
#include "tests/vectors/vectors.h"

static bool check_hash(struct vectors_case *c, const char *field, struct mls_tree *tree)
{
    uint8_t hash[CRYPTO_HASH_MAX];
    return vectors_ok(c, field, mls_tree_hash(tree, hash)) &&
           vectors_equal(c, c->json, field, (tb_bytes){ hash, c->suite.hash_len });
}

static tb_status apply(struct mls_tree *tree, const struct mls_proposal *proposal, uint32_t sender)
{
    uint32_t leaf_index;
    switch (proposal->proposal_type) {
    case MLS_PROPOSAL_ADD:
        return mls_tree_add(tree, mls_leaf_view(&proposal->of.add->key_package.leaf_node),
                            &leaf_index);
    case MLS_PROPOSAL_UPDATE:
        return mls_tree_update(tree, sender, mls_leaf_view(&proposal->of.update->leaf_node));
    case MLS_PROPOSAL_REMOVE: return mls_tree_remove(tree, proposal->of.remove->removed);
    default: return TB_STATUS(TB_UNSUPPORTED);
    }
}

static bool check_tree(struct vectors_case *c, const char *field, const struct mls_tree *tree)
{
    tb_bytes encoded;
    return vectors_ok(c, field, mls_tree_encode(tree, c->arena, &encoded)) &&
           vectors_equal(c, c->json, field, encoded);
}

bool vectors_tree_operations(struct vectors_case *c)
{
    tb_bytes before, octets;
    struct mls_proposal proposal;
    struct mls_tree tree, changed;
    uint64_t sender;
    if (!vectors_hex(c, c->json, "tree_before", &before) ||
        !vectors_hex(c, c->json, "proposal", &octets) ||
        !vectors_u64(c, c->json, "proposal_sender", &sender) ||
        !vectors_ok(c, "proposal",
                    wire_decode(&mls_proposal_desc, octets, c->arena, &proposal, NULL)) ||
        !vectors_ok(c, "tree_before",
                    mls_tree_decode(&c->suite, c->env->mem, before, &tree, NULL))) {
        return false;
    }
    bool holds = check_hash(c, "tree_hash_before", &tree);
    mls_tree_share(&tree, &changed);
    holds = holds && vectors_ok(c, "proposal", apply(&changed, &proposal, (uint32_t)sender)) &&
            check_tree(c, "tree_after", &changed) && check_hash(c, "tree_hash_after", &changed) &&
            /* What was shared did not change with it. */
            check_tree(c, "tree_before", &tree) && check_hash(c, "tree_hash_before", &tree);
    mls_tree_wipe(&changed);
    mls_tree_wipe(&tree);
    return holds;
}
