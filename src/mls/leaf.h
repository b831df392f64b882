/*
 * Leaf nodes and key packages: their signatures (RFC 9420, sections 7.2 and 10) and small
 * questions to their lists.  Whether a leaf is valid in a group is asked in public_validate.h.
 */
#ifndef TB_MLS_LEAF_H
#define TB_MLS_LEAF_H

#include "crypto/crypto.h"
#include "mls/status.h"
#include "mls/structs.h"

/* Where a leaf node stands in a group; LeafNodeTBS holds it for the sources update and commit. */
struct mls_leaf_place {
    tb_bytes group_id;
    uint32_t leaf_index;
};

/*
 * Sign a leaf.  fields: everything but signature; signature_key must be the signer's.  place is
 * ignored for the source key_package.  encoded: the whole LeafNode, in the arena.
 */
TB_MUST_USE tb_status mls_leaf_sign(const struct crypto_suite *suite,
                                    const struct crypto_signing_key *signer,
                                    const struct mls_leaf_node *fields,
                                    const struct mls_leaf_place *place, struct tb_arena *arena,
                                    tb_bytes *encoded);
/* What a leaf's signature signs, in the arena; leaf was decoded (its marks are set). */
TB_MUST_USE tb_status mls_leaf_content(const struct mls_leaf_node *leaf,
                                       const struct mls_leaf_place *place, struct tb_arena *arena,
                                       tb_bytes *content);
/* leaf was decoded.  MLS_LEAF_SIGNATURE when the signature is not its own. */
TB_MUST_USE tb_status mls_leaf_verify(const struct crypto_suite *suite,
                                      const struct mls_leaf_node *leaf,
                                      const struct mls_leaf_place *place, struct tb_arena *arena);

/* KeyPackageTBS; fields.leaf_node is signed already and was decoded or is complete. */
TB_MUST_USE tb_status mls_leaf_key_package_sign(const struct crypto_suite *suite,
                                                const struct crypto_signing_key *signer,
                                                const struct mls_key_package_in *fields,
                                                struct tb_arena *arena, tb_bytes *encoded);
/* What its signature signs, in the arena; key_package was decoded. */
TB_MUST_USE tb_status mls_leaf_key_package_content(const struct mls_key_package_in *key_package,
                                                   struct tb_arena *arena, tb_bytes *content);
/* KeyPackageRef (section 5.2) of an encoded KeyPackage. */
TB_MUST_USE tb_status mls_leaf_key_package_ref(const struct crypto_suite *suite, tb_bytes encoded,
                                               uint8_t out[CRYPTO_HASH_MAX]);

/* The octets of a decoded leaf or key package. */
static inline tb_bytes mls_leaf_view(const struct mls_leaf_node *leaf)
{
    return mls_span(leaf->mark_start, leaf->mark_end);
}
static inline tb_bytes mls_leaf_key_package_view(const struct mls_key_package_in *key_package)
{
    return mls_span(key_package->mark_start, key_package->mark_end);
}

/* The identity of a basic credential; empty for another kind. */
tb_bytes mls_leaf_identity(const struct mls_credential *credential);

/* Types that RFC 9420, section 7.2 calls default and that are never listed. */
bool mls_leaf_is_default_extension(uint16_t extension_type);
bool mls_leaf_is_default_proposal(uint16_t proposal_type);

/* Do the capabilities list it, or is it default? */
bool mls_leaf_has_extension(const struct mls_capabilities *capabilities, uint16_t extension_type);
bool mls_leaf_has_proposal(const struct mls_capabilities *capabilities, uint16_t proposal_type);
bool mls_leaf_has_credential(const struct mls_capabilities *capabilities, uint16_t credential_type);

#endif
