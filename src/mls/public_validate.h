/*
 * Validity of leaves, key packages, trees and GroupInfos from public data (RFC 9420, sections 7.3,
 * 10.1, 12.4.3.1 and 13.4).  Whether a credential names who it should is the application's.
 */
#ifndef TB_MLS_PUBLIC_VALIDATE_H
#define TB_MLS_PUBLIC_VALIDATE_H

#include "mls/leaf.h"
#include "mls/public_verify.h"
#include "mls/tree.h"

/* The longest lifetime a leaf may claim (section 7.2 asks for a limit), with slack for a clock
 * that is wrong when not_before is set. */
#define MLS_LIFETIME_MAX_S ((uint64_t)400 * 24 * 3600)

/* What a group asks of each leaf. */
struct mls_public_rules {
    const struct crypto_suite *suite;
    tb_bytes group_id;
    const struct mls_extension *extensions; /* of the GroupContext that will hold */
    size_t extension_count;
    struct mls_required_capabilities required; /* decoded from them; all empty without */
    uint64_t now_s;                            /* 0: lifetimes are not checked */
    const struct mls_parallel *parallel;       /* for signatures of many leaves; may be NULL */
};
/* Check a GroupContext's extension list (no type twice, known ones well formed) and read it. */
TB_MUST_USE tb_status mls_public_rules_init(struct mls_public_rules *rules,
                                            const struct crypto_suite *suite, tb_bytes group_id,
                                            const struct mls_extension *extensions,
                                            size_t extension_count, uint64_t now_s,
                                            struct tb_arena *arena);

/* What a leaf's capabilities must hold in this group: its extensions and what it requires (sections
 * 7.3, 11.1, 13.4). */
TB_MUST_USE tb_status mls_public_leaf_supports(const struct mls_public_rules *rules,
                                               const struct mls_leaf_node *leaf);
/*
 * Section 7.3 but for uniqueness and other members' credentials, which the tree knows.
 * leaf_node_source: the one its place asks for, or 0 for a leaf found in a tree.
 */
TB_MUST_USE tb_status mls_public_leaf_check(const struct mls_public_rules *rules,
                                            const struct mls_leaf_node *leaf,
                                            uint8_t leaf_node_source, uint32_t leaf_index,
                                            struct tb_arena *arena);
/* Section 10.1, the key package of an Add. */
TB_MUST_USE tb_status mls_public_key_package_check(const struct mls_public_rules *rules,
                                                   const struct mls_key_package_in *key_package,
                                                   struct tb_mem *mem);
/* The same, but its two signatures are left to verify (which keeps views of the key package). */
TB_MUST_USE tb_status mls_public_key_package_collect(const struct mls_public_rules *rules,
                                                     const struct mls_key_package_in *key_package,
                                                     struct mls_public_verify *verify);
/* The leaf supports every credential type in use in the tree (section 7.3, fourth item). */
TB_MUST_USE tb_status mls_public_credentials_check(const struct mls_tree *tree,
                                                   const struct mls_leaf_node *leaf);
/* The group requires this proposal type: then every member supports it. */
bool mls_public_requires_proposal(const struct mls_public_rules *rules, uint16_t proposal_type);
/* mls_public_leaf_supports of every leaf: after the rules changed. */
TB_MUST_USE tb_status mls_public_all_support(const struct mls_public_rules *rules,
                                             const struct mls_tree *tree);

/* A received tree, whole: tree hash, parents, every leaf. */
TB_MUST_USE tb_status mls_public_tree_check(const struct mls_public_rules *rules,
                                            struct mls_tree *tree, tb_bytes tree_hash);
/* GroupInfoTBS under the signer's leaf; the GroupInfo was decoded. */
TB_MUST_USE tb_status mls_public_group_info_verify(const struct crypto_suite *suite,
                                                   const struct mls_tree *tree,
                                                   const struct mls_group_info_in *group_info,
                                                   struct tb_arena *arena);

#endif
