/*
 * Wire structs of RFC 9420: group state, proposals, commits, GroupInfo and Welcome.
 * Conventions: see structs_tree.h.
 */
#ifndef TB_MLS_STRUCTS_GROUP_H
#define TB_MLS_STRUCTS_GROUP_H

#include "mls/structs_tree.h"

/* ---- section 8.1 ---- */
#define MLS_GROUP_CONTEXT(ROW, S)                                                                  \
    ROW(S, MARK, mark_start, NONE)                                                                 \
    ROW(S, U16, version, NONE)                                                                     \
    ROW(S, U16, cipher_suite, NONE)                                                                \
    ROW(S, BYTES, group_id, NONE)                                                                  \
    ROW(S, U64, epoch, NONE)                                                                       \
    ROW(S, BYTES, tree_hash, NONE)                                                                 \
    ROW(S, BYTES, confirmed_transcript_hash, NONE)                                                 \
    ROW(S, VEC, extensions, mls_extension)                                                         \
    ROW(S, MARK, mark_end, NONE)
WIRE_STRUCT(mls_group_context, MLS_GROUP_CONTEXT)

/* ---- section 8.4; the application arm is draft-ietf-mls-extensions, section 4.4 ---- */
#define MLS_RESUMPTION_PSK(ROW, S)                                                                 \
    ROW(S, U8, usage, NONE)                                                                        \
    ROW(S, BYTES, psk_group_id, NONE)                                                              \
    ROW(S, U64, psk_epoch, NONE)
WIRE_STRUCT(mls_resumption_psk, MLS_RESUMPTION_PSK)

#define MLS_APPLICATION_PSK(ROW, S)                                                                \
    ROW(S, U16, component_id, NONE)                                                                \
    ROW(S, BYTES, psk_id, NONE)
WIRE_STRUCT(mls_application_psk, MLS_APPLICATION_PSK)

#define MLS_PRE_SHARED_KEY_ID_ARMS(ARM, ARM_EMPTY, U)                                              \
    ARM(U, MLS_PSK_EXTERNAL, psk_id, wire_opaque)                                                  \
    ARM(U, MLS_PSK_RESUMPTION, resumption, mls_resumption_psk)                                     \
    ARM(U, MLS_PSK_APPLICATION, application, mls_application_psk)
WIRE_UNION(mls_pre_shared_key_id_select, MLS_PRE_SHARED_KEY_ID_ARMS)

#define MLS_PRE_SHARED_KEY_ID(ROW, S)                                                              \
    ROW(S, U8, psktype, NONE)                                                                      \
    ROW(S, SELECT, of, mls_pre_shared_key_id_select)                                               \
    ROW(S, BYTES, psk_nonce, NONE)
WIRE_STRUCT(mls_pre_shared_key_id, MLS_PRE_SHARED_KEY_ID)

#define MLS_PSK_LABEL(ROW, S)                                                                      \
    ROW(S, SUB, id, mls_pre_shared_key_id)                                                         \
    ROW(S, U16, index, NONE)                                                                       \
    ROW(S, U16, count, NONE)
WIRE_STRUCT(mls_psk_label, MLS_PSK_LABEL)

/* ---- section 11.1 ---- */
#define MLS_REQUIRED_CAPABILITIES(ROW, S)                                                          \
    ROW(S, VEC, extension_types, wire_u16)                                                         \
    ROW(S, VEC, proposal_types, wire_u16)                                                          \
    ROW(S, VEC, credential_types, wire_u16)
WIRE_STRUCT(mls_required_capabilities, MLS_REQUIRED_CAPABILITIES)

/* ---- section 12.1.8.1: the external_senders extension ---- */
#define MLS_EXTERNAL_SENDER(ROW, S)                                                                \
    ROW(S, BYTES, signature_key, NONE)                                                             \
    ROW(S, SUB, credential, mls_credential)
WIRE_STRUCT(mls_external_sender, MLS_EXTERNAL_SENDER)

#define MLS_EXTERNAL_SENDERS(ROW, S) ROW(S, VEC, external_senders, mls_external_sender)
WIRE_STRUCT(mls_external_senders, MLS_EXTERNAL_SENDERS)

/* ---- section 12.1 ---- */
#define MLS_ADD(ROW, S) ROW(S, SUB, key_package, mls_key_package_in)
WIRE_STRUCT(mls_add, MLS_ADD)

#define MLS_UPDATE(ROW, S) ROW(S, SUB, leaf_node, mls_leaf_node)
WIRE_STRUCT(mls_update, MLS_UPDATE)

#define MLS_REMOVE(ROW, S) ROW(S, U32, removed, NONE)
WIRE_STRUCT(mls_remove, MLS_REMOVE)

#define MLS_PRE_SHARED_KEY(ROW, S) ROW(S, SUB, psk, mls_pre_shared_key_id)
WIRE_STRUCT(mls_pre_shared_key, MLS_PRE_SHARED_KEY)

#define MLS_RE_INIT(ROW, S)                                                                        \
    ROW(S, BYTES, group_id, NONE)                                                                  \
    ROW(S, U16, version, NONE)                                                                     \
    ROW(S, U16, cipher_suite, NONE)                                                                \
    ROW(S, VEC, extensions, mls_extension)
WIRE_STRUCT(mls_re_init, MLS_RE_INIT)

#define MLS_EXTERNAL_INIT(ROW, S) ROW(S, BYTES, kem_output, NONE)
WIRE_STRUCT(mls_external_init, MLS_EXTERNAL_INIT)

#define MLS_GROUP_CONTEXT_EXTENSIONS(ROW, S)                                                       \
    ROW(S, MARK, mark_start, NONE)                                                                 \
    ROW(S, VEC, extensions, mls_extension)                                                         \
    ROW(S, MARK, mark_end, NONE)
WIRE_STRUCT(mls_group_context_extensions, MLS_GROUP_CONTEXT_EXTENSIONS)

/* draft-ietf-mls-extensions, section 4.7. */
#define MLS_APP_DATA_UPDATE_ARMS(ARM, ARM_EMPTY, U)                                                \
    ARM(U, MLS_APP_DATA_UPDATE, update, wire_opaque)                                               \
    ARM_EMPTY(U, MLS_APP_DATA_REMOVE, remove)
WIRE_UNION(mls_app_data_update_select, MLS_APP_DATA_UPDATE_ARMS)

#define MLS_APP_DATA_UPDATE_ROWS(ROW, S)                                                           \
    ROW(S, U16, component_id, NONE)                                                                \
    ROW(S, U8, op, NONE)                                                                           \
    ROW(S, SELECT, of, mls_app_data_update_select)
WIRE_STRUCT(mls_app_data_update, MLS_APP_DATA_UPDATE_ROWS)

/* draft-ietf-mls-extensions, section 4.8. */
#define MLS_APP_EPHEMERAL(ROW, S)                                                                  \
    ROW(S, U16, component_id, NONE)                                                                \
    ROW(S, BYTES, data, NONE)
WIRE_STRUCT(mls_app_ephemeral, MLS_APP_EPHEMERAL)

/* A type without an arm cannot be skipped, so it is refused (RFC 9420, section 12.1 and 13). */
#define MLS_PROPOSAL_ARMS(ARM, ARM_EMPTY, U)                                                       \
    ARM(U, MLS_PROPOSAL_ADD, add, mls_add)                                                         \
    ARM(U, MLS_PROPOSAL_UPDATE, update, mls_update)                                                \
    ARM(U, MLS_PROPOSAL_REMOVE, remove, mls_remove)                                                \
    ARM(U, MLS_PROPOSAL_PSK, psk, mls_pre_shared_key)                                              \
    ARM(U, MLS_PROPOSAL_REINIT, reinit, mls_re_init)                                               \
    ARM(U, MLS_PROPOSAL_EXTERNAL_INIT, external_init, mls_external_init)                           \
    ARM(U, MLS_PROPOSAL_GROUP_CONTEXT_EXTENSIONS, group_context_extensions,                        \
        mls_group_context_extensions)                                                              \
    ARM(U, MLS_PROPOSAL_APP_DATA_UPDATE, app_data_update, mls_app_data_update)                     \
    ARM(U, MLS_PROPOSAL_APP_EPHEMERAL, app_ephemeral, mls_app_ephemeral)                           \
    ARM_EMPTY(U, MLS_PROPOSAL_SELF_REMOVE, self_remove)
WIRE_UNION(mls_proposal_select, MLS_PROPOSAL_ARMS)

#define MLS_PROPOSAL(ROW, S)                                                                       \
    ROW(S, MARK, mark_start, NONE)                                                                 \
    ROW(S, U16, proposal_type, NONE)                                                               \
    ROW(S, SELECT, of, mls_proposal_select)                                                        \
    ROW(S, MARK, mark_end, NONE)
WIRE_STRUCT(mls_proposal, MLS_PROPOSAL)

/* ---- section 12.4 ---- */
#define MLS_PROPOSAL_OR_REF_ARMS(ARM, ARM_EMPTY, U)                                                \
    ARM(U, MLS_BY_VALUE, proposal, mls_proposal)                                                   \
    ARM(U, MLS_BY_REFERENCE, reference, wire_opaque)
WIRE_UNION(mls_proposal_or_ref_select, MLS_PROPOSAL_OR_REF_ARMS)

#define MLS_PROPOSAL_OR_REF(ROW, S)                                                                \
    ROW(S, U8, type, NONE)                                                                         \
    ROW(S, SELECT, of, mls_proposal_or_ref_select)
WIRE_STRUCT(mls_proposal_or_ref, MLS_PROPOSAL_OR_REF)

#define MLS_COMMIT(ROW, S)                                                                         \
    ROW(S, VEC, proposals, mls_proposal_or_ref)                                                    \
    ROW(S, OPT, path, mls_update_path)
WIRE_STRUCT(mls_commit, MLS_COMMIT)

/* ---- section 12.4.3; mark_start..mark_tbs_end is GroupInfoTBS ---- */
#define MLS_GROUP_INFO_IN(ROW, S)                                                                  \
    ROW(S, MARK, mark_start, NONE)                                                                 \
    ROW(S, SUB, group_context, mls_group_context)                                                  \
    ROW(S, VEC, extensions, mls_extension)                                                         \
    ROW(S, BYTES, confirmation_tag, NONE)                                                          \
    ROW(S, U32, signer, NONE)                                                                      \
    ROW(S, MARK, mark_tbs_end, NONE)                                                               \
    ROW(S, BYTES, signature, NONE)                                                                 \
    ROW(S, MARK, mark_end, NONE)
WIRE_STRUCT(mls_group_info_in, MLS_GROUP_INFO_IN)

/* Section 12.4.3.2: the external_pub extension. */
#define MLS_EXTERNAL_PUB(ROW, S) ROW(S, BYTES, external_pub, NONE)
WIRE_STRUCT(mls_external_pub, MLS_EXTERNAL_PUB)

/* ---- section 12.4.3.1 ---- */
#define MLS_ENCRYPTED_GROUP_SECRETS(ROW, S)                                                        \
    ROW(S, BYTES, new_member, NONE)                                                                \
    ROW(S, SUB, encrypted_group_secrets, mls_hpke_ciphertext)
WIRE_STRUCT(mls_encrypted_group_secrets, MLS_ENCRYPTED_GROUP_SECRETS)

#define MLS_WELCOME(ROW, S)                                                                        \
    ROW(S, U16, cipher_suite, NONE)                                                                \
    ROW(S, VEC, secrets, mls_encrypted_group_secrets)                                              \
    ROW(S, BYTES, encrypted_group_info, NONE)
WIRE_STRUCT(mls_welcome, MLS_WELCOME)

#endif
