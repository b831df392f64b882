/*
 * Wire structs of RFC 9420: credentials, leaves, key packages, the tree and update paths.
 *
 * Rows stand in wire order under the names of the RFC.  The union of a select is called `of`; its
 * arms bear the names of the fields that the RFC puts there.  Rows mark_* record where the decoder
 * stood, so that the octets of a decoded struct and its signed part are views of the input and
 * are never encoded again; they are NULL in structs that were filled in by hand.
 */
#ifndef TB_MLS_STRUCTS_TREE_H
#define TB_MLS_STRUCTS_TREE_H

#include "wire/tls.h"

/* The octets between two marks of a decoded struct. */
static inline tb_bytes mls_span(const uint8_t *start, const uint8_t *end)
{
    return (tb_bytes){ start, (size_t)(end - start) };
}

/* ---- section 5.3 ---- */
#define MLS_CERTIFICATE(ROW, S) ROW(S, BYTES, cert_data, NONE)
WIRE_STRUCT(mls_certificate, MLS_CERTIFICATE)

#define MLS_CERTIFICATES(ROW, S) ROW(S, VEC, certificates, mls_certificate)
WIRE_STRUCT(mls_certificates, MLS_CERTIFICATES)

#define MLS_CREDENTIAL_ARMS(ARM, ARM_EMPTY, U)                                                     \
    ARM(U, MLS_CREDENTIAL_BASIC, identity, wire_opaque)                                            \
    ARM(U, MLS_CREDENTIAL_X509, certificates, mls_certificates)
WIRE_UNION(mls_credential_select, MLS_CREDENTIAL_ARMS)

#define MLS_CREDENTIAL(ROW, S)                                                                     \
    ROW(S, U16, credential_type, NONE)                                                             \
    ROW(S, SELECT, of, mls_credential_select)
WIRE_STRUCT(mls_credential, MLS_CREDENTIAL)

/* ---- section 7.2 ---- */
#define MLS_CAPABILITIES(ROW, S)                                                                   \
    ROW(S, VEC, versions, wire_u16)                                                                \
    ROW(S, VEC, cipher_suites, wire_u16)                                                           \
    ROW(S, VEC, extensions, wire_u16)                                                              \
    ROW(S, VEC, proposals, wire_u16)                                                               \
    ROW(S, VEC, credentials, wire_u16)
WIRE_STRUCT(mls_capabilities, MLS_CAPABILITIES)

#define MLS_LIFETIME(ROW, S)                                                                       \
    ROW(S, U64, not_before, NONE)                                                                  \
    ROW(S, U64, not_after, NONE)
WIRE_STRUCT(mls_lifetime, MLS_LIFETIME)

#define MLS_EXTENSION(ROW, S)                                                                      \
    ROW(S, U16, extension_type, NONE)                                                              \
    ROW(S, BYTES, extension_data, NONE)
WIRE_STRUCT(mls_extension, MLS_EXTENSION)

#define MLS_LEAF_NODE_ARMS(ARM, ARM_EMPTY, U)                                                      \
    ARM(U, MLS_LEAF_KEY_PACKAGE, lifetime, mls_lifetime)                                           \
    ARM_EMPTY(U, MLS_LEAF_UPDATE, update)                                                          \
    ARM(U, MLS_LEAF_COMMIT, parent_hash, wire_opaque)
WIRE_UNION(mls_leaf_node_select, MLS_LEAF_NODE_ARMS)

/* mark_start..mark_tbs_end is LeafNodeTBS up to the fields that are not sent. */
#define MLS_LEAF_NODE(ROW, S)                                                                      \
    ROW(S, MARK, mark_start, NONE)                                                                 \
    ROW(S, BYTES, encryption_key, NONE)                                                            \
    ROW(S, BYTES, signature_key, NONE)                                                             \
    ROW(S, SUB, credential, mls_credential)                                                        \
    ROW(S, SUB, capabilities, mls_capabilities)                                                    \
    ROW(S, U8, leaf_node_source, NONE)                                                             \
    ROW(S, SELECT, of, mls_leaf_node_select)                                                       \
    ROW(S, VEC, extensions, mls_extension)                                                         \
    ROW(S, MARK, mark_tbs_end, NONE)                                                               \
    ROW(S, BYTES, signature, NONE)                                                                 \
    ROW(S, MARK, mark_end, NONE)
WIRE_STRUCT(mls_leaf_node, MLS_LEAF_NODE)

/* ---- section 10; mark_start..mark_tbs_end is KeyPackageTBS ---- */
#define MLS_KEY_PACKAGE_IN(ROW, S)                                                                 \
    ROW(S, MARK, mark_start, NONE)                                                                 \
    ROW(S, U16, version, NONE)                                                                     \
    ROW(S, U16, cipher_suite, NONE)                                                                \
    ROW(S, BYTES, init_key, NONE)                                                                  \
    ROW(S, SUB, leaf_node, mls_leaf_node)                                                          \
    ROW(S, VEC, extensions, mls_extension)                                                         \
    ROW(S, MARK, mark_tbs_end, NONE)                                                               \
    ROW(S, BYTES, signature, NONE)                                                                 \
    ROW(S, MARK, mark_end, NONE)
WIRE_STRUCT(mls_key_package_in, MLS_KEY_PACKAGE_IN)

/* ---- section 7.1 ---- */
#define MLS_PARENT_NODE(ROW, S)                                                                    \
    ROW(S, MARK, mark_start, NONE)                                                                 \
    ROW(S, BYTES, encryption_key, NONE)                                                            \
    ROW(S, BYTES, parent_hash, NONE)                                                               \
    ROW(S, VEC, unmerged_leaves, wire_u32)                                                         \
    ROW(S, MARK, mark_end, NONE)
WIRE_STRUCT(mls_parent_node, MLS_PARENT_NODE)

/* ---- section 12.4.3.3: the ratchet_tree extension is optional<Node> ratchet_tree<V> ---- */
#define MLS_NODE_ARMS(ARM, ARM_EMPTY, U)                                                           \
    ARM(U, MLS_NODE_LEAF, leaf_node, mls_leaf_node)                                                \
    ARM(U, MLS_NODE_PARENT, parent_node, mls_parent_node)
WIRE_UNION(mls_node_select, MLS_NODE_ARMS)

#define MLS_NODE(ROW, S)                                                                           \
    ROW(S, U8, node_type, NONE)                                                                    \
    ROW(S, SELECT, of, mls_node_select)
WIRE_STRUCT(mls_node, MLS_NODE)

#define MLS_OPTIONAL_NODE(ROW, S) ROW(S, OPT, node, mls_node)
WIRE_STRUCT(mls_optional_node, MLS_OPTIONAL_NODE)

#define MLS_RATCHET_TREE(ROW, S) ROW(S, VEC, ratchet_tree, mls_optional_node)
WIRE_STRUCT(mls_ratchet_tree, MLS_RATCHET_TREE)

/* ---- section 7.6 ---- */
#define MLS_HPKE_CIPHERTEXT(ROW, S)                                                                \
    ROW(S, BYTES, kem_output, NONE)                                                                \
    ROW(S, BYTES, ciphertext, NONE)
WIRE_STRUCT(mls_hpke_ciphertext, MLS_HPKE_CIPHERTEXT)

#define MLS_UPDATE_PATH_NODE(ROW, S)                                                               \
    ROW(S, BYTES, encryption_key, NONE)                                                            \
    ROW(S, VEC, encrypted_path_secret, mls_hpke_ciphertext)
WIRE_STRUCT(mls_update_path_node, MLS_UPDATE_PATH_NODE)

#define MLS_UPDATE_PATH(ROW, S)                                                                    \
    ROW(S, SUB, leaf_node, mls_leaf_node)                                                          \
    ROW(S, VEC, nodes, mls_update_path_node)
WIRE_STRUCT(mls_update_path, MLS_UPDATE_PATH)

#endif
