#include "mls/structs.h"

#include "mls/structs_secret.h"

/* structs_tree.h */
WIRE_TABLE(mls_certificate, MLS_CERTIFICATE)
WIRE_TABLE(mls_certificates, MLS_CERTIFICATES)
WIRE_ARMS_TABLE(mls_credential_select, mls_credential, credential_type, false, MLS_CREDENTIAL_ARMS)
WIRE_TABLE(mls_credential, MLS_CREDENTIAL)
WIRE_TABLE(mls_capabilities, MLS_CAPABILITIES)
WIRE_TABLE(mls_lifetime, MLS_LIFETIME)
WIRE_TABLE(mls_extension, MLS_EXTENSION)
WIRE_ARMS_TABLE(mls_leaf_node_select, mls_leaf_node, leaf_node_source, false, MLS_LEAF_NODE_ARMS)
WIRE_TABLE(mls_leaf_node, MLS_LEAF_NODE)
WIRE_TABLE(mls_key_package_in, MLS_KEY_PACKAGE_IN)
WIRE_TABLE(mls_parent_node, MLS_PARENT_NODE)
WIRE_ARMS_TABLE(mls_node_select, mls_node, node_type, false, MLS_NODE_ARMS)
WIRE_TABLE(mls_node, MLS_NODE)
WIRE_TABLE(mls_optional_node, MLS_OPTIONAL_NODE)
WIRE_TABLE(mls_ratchet_tree, MLS_RATCHET_TREE)
WIRE_TABLE(mls_hpke_ciphertext, MLS_HPKE_CIPHERTEXT)
WIRE_TABLE(mls_update_path_node, MLS_UPDATE_PATH_NODE)
WIRE_TABLE(mls_update_path, MLS_UPDATE_PATH)

/* structs_group.h */
WIRE_TABLE(mls_group_context, MLS_GROUP_CONTEXT)
WIRE_TABLE(mls_resumption_psk, MLS_RESUMPTION_PSK)
WIRE_TABLE(mls_application_psk, MLS_APPLICATION_PSK)
WIRE_ARMS_TABLE(mls_pre_shared_key_id_select, mls_pre_shared_key_id, psktype, false,
                MLS_PRE_SHARED_KEY_ID_ARMS)
WIRE_TABLE(mls_pre_shared_key_id, MLS_PRE_SHARED_KEY_ID)
WIRE_TABLE(mls_psk_label, MLS_PSK_LABEL)
WIRE_TABLE(mls_required_capabilities, MLS_REQUIRED_CAPABILITIES)
WIRE_TABLE(mls_external_sender, MLS_EXTERNAL_SENDER)
WIRE_TABLE(mls_external_senders, MLS_EXTERNAL_SENDERS)
WIRE_TABLE(mls_add, MLS_ADD)
WIRE_TABLE(mls_update, MLS_UPDATE)
WIRE_TABLE(mls_remove, MLS_REMOVE)
WIRE_TABLE(mls_pre_shared_key, MLS_PRE_SHARED_KEY)
WIRE_TABLE(mls_re_init, MLS_RE_INIT)
WIRE_TABLE(mls_external_init, MLS_EXTERNAL_INIT)
WIRE_TABLE(mls_group_context_extensions, MLS_GROUP_CONTEXT_EXTENSIONS)
WIRE_ARMS_TABLE(mls_app_data_update_select, mls_app_data_update, op, false,
                MLS_APP_DATA_UPDATE_ARMS)
WIRE_TABLE(mls_app_data_update, MLS_APP_DATA_UPDATE_ROWS)
WIRE_TABLE(mls_app_ephemeral, MLS_APP_EPHEMERAL)
WIRE_ARMS_TABLE(mls_proposal_select, mls_proposal, proposal_type, false, MLS_PROPOSAL_ARMS)
WIRE_TABLE(mls_proposal, MLS_PROPOSAL)
WIRE_ARMS_TABLE(mls_proposal_or_ref_select, mls_proposal_or_ref, type, false,
                MLS_PROPOSAL_OR_REF_ARMS)
WIRE_TABLE(mls_proposal_or_ref, MLS_PROPOSAL_OR_REF)
WIRE_TABLE(mls_commit, MLS_COMMIT)
WIRE_TABLE(mls_group_info_in, MLS_GROUP_INFO_IN)
WIRE_TABLE(mls_external_pub, MLS_EXTERNAL_PUB)
WIRE_TABLE(mls_encrypted_group_secrets, MLS_ENCRYPTED_GROUP_SECRETS)
WIRE_TABLE(mls_welcome, MLS_WELCOME)

/* structs_msg.h */
WIRE_ARMS_TABLE(mls_sender_select, mls_sender, sender_type, false, MLS_SENDER_ARMS)
WIRE_TABLE(mls_sender, MLS_SENDER)
WIRE_ARMS_TABLE(mls_framed_content_select, mls_framed_content, content_type, false,
                MLS_FRAMED_CONTENT_ARMS)
WIRE_TABLE(mls_framed_content, MLS_FRAMED_CONTENT)
WIRE_ARMS_TABLE(mls_authenticated_select, mls_authenticated, content.content_type, false,
                MLS_AUTHENTICATED_ARMS)
WIRE_TABLE(mls_authenticated, MLS_AUTHENTICATED)
WIRE_TABLE(mls_authenticated_content, MLS_AUTHENTICATED_CONTENT)
WIRE_ARMS_TABLE(mls_public_message_select, mls_public_message_in,
                authenticated.content.sender.sender_type, false, MLS_PUBLIC_MESSAGE_ARMS)
WIRE_TABLE(mls_public_message_in, MLS_PUBLIC_MESSAGE_IN)
WIRE_TABLE(mls_private_message_in, MLS_PRIVATE_MESSAGE_IN)
WIRE_TABLE(mls_private_content_aad, MLS_PRIVATE_CONTENT_AAD)
WIRE_TABLE(mls_sender_data_aad, MLS_SENDER_DATA_AAD)
WIRE_ARMS_TABLE(mls_message_select, mls_message, wire_format, false, MLS_MESSAGE_ARMS)
WIRE_TABLE(mls_message, MLS_MESSAGE)

/* structs_ext.h */
WIRE_TABLE(mls_component_data, MLS_COMPONENT_DATA)
WIRE_TABLE(mls_app_data_dictionary, MLS_APP_DATA_DICTIONARY)
WIRE_TABLE(mls_safe_aad_item, MLS_SAFE_AAD_ITEM)
WIRE_TABLE(mls_safe_aad, MLS_SAFE_AAD)
WIRE_TABLE(mls_components_list, MLS_COMPONENTS_LIST)
WIRE_TABLE(mls_wire_formats, MLS_WIRE_FORMATS)
WIRE_TABLE(mls_parameter, MLS_PARAMETER)
WIRE_TABLE(mls_media_type, MLS_MEDIA_TYPE)
WIRE_TABLE(mls_media_type_list, MLS_MEDIA_TYPE_LIST)
WIRE_TABLE(mls_application_framing, MLS_APPLICATION_FRAMING)
WIRE_TABLE(mls_component_operation_label, MLS_COMPONENT_OPERATION_LABEL)

/* structs_secret.h */
WIRE_TABLE(mls_sender_data, MLS_SENDER_DATA)
WIRE_TABLE(mls_path_secret, MLS_PATH_SECRET)
WIRE_TABLE(mls_group_secrets, MLS_GROUP_SECRETS)
