/*
 * Every code point of MLS that Timbre writes or reads, registered or not, and no others anywhere
 * else: RFC 9420, section 17 and its enums; draft-ietf-mls-extensions ("suggested" values that may
 * still move); draft-ietf-mimi-protocol and -room-policy components; private values of our own.
 */
#ifndef TB_MLS_CODEPOINTS_H
#define TB_MLS_CODEPOINTS_H

/* RFC 9420, section 6. */
enum mls_protocol_version { MLS_VERSION_MLS10 = 1 };
enum mls_content_type {
    MLS_CONTENT_APPLICATION = 1,
    MLS_CONTENT_PROPOSAL = 2,
    MLS_CONTENT_COMMIT = 3,
};
enum mls_sender_type {
    MLS_SENDER_MEMBER = 1,
    MLS_SENDER_EXTERNAL = 2,
    MLS_SENDER_NEW_MEMBER_PROPOSAL = 3,
    MLS_SENDER_NEW_MEMBER_COMMIT = 4,
};

/* RFC 9420, section 17.2. */
enum mls_wire_format {
    MLS_WIRE_PUBLIC_MESSAGE = 1,
    MLS_WIRE_PRIVATE_MESSAGE = 2,
    MLS_WIRE_WELCOME = 3,
    MLS_WIRE_GROUP_INFO = 4,
    MLS_WIRE_KEY_PACKAGE = 5,
};

/* RFC 9420, section 17.1; the algorithms are in crypto. */
enum mls_cipher_suite {
    MLS_128_DHKEMX25519_AES128GCM_SHA256_ED25519 = 0x0001,
    MLS_128_DHKEMP256_AES128GCM_SHA256_P256 = 0x0002,
    MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_ED25519 = 0x0003,
    MLS_256_DHKEMX448_AES256GCM_SHA512_ED448 = 0x0004,
    MLS_256_DHKEMP521_AES256GCM_SHA512_P521 = 0x0005,
    MLS_256_DHKEMX448_CHACHA20POLY1305_SHA512_ED448 = 0x0006,
    MLS_256_DHKEMP384_AES256GCM_SHA384_P384 = 0x0007,
};

/* RFC 9420, sections 7.2, 7.8, 8.4 and 12.4. */
enum mls_leaf_node_source { MLS_LEAF_KEY_PACKAGE = 1, MLS_LEAF_UPDATE = 2, MLS_LEAF_COMMIT = 3 };
enum mls_node_type { MLS_NODE_LEAF = 1, MLS_NODE_PARENT = 2 };
enum mls_psk_type {
    MLS_PSK_EXTERNAL = 1,
    MLS_PSK_RESUMPTION = 2,
    MLS_PSK_APPLICATION = 3, /* draft-ietf-mls-extensions, section 4.4 */
};
enum mls_resumption_psk_usage {
    MLS_RESUMPTION_APPLICATION = 1,
    MLS_RESUMPTION_REINIT = 2,
    MLS_RESUMPTION_BRANCH = 3,
};
enum mls_proposal_or_ref_type { MLS_BY_VALUE = 1, MLS_BY_REFERENCE = 2 };

/* RFC 9420, section 17.3; draft-ietf-mls-extensions. */
enum mls_extension_type {
    MLS_EXTENSION_APPLICATION_ID = 0x0001,
    MLS_EXTENSION_RATCHET_TREE = 0x0002,
    MLS_EXTENSION_REQUIRED_CAPABILITIES = 0x0003,
    MLS_EXTENSION_EXTERNAL_PUB = 0x0004,
    MLS_EXTENSION_EXTERNAL_SENDERS = 0x0005,
    MLS_EXTENSION_APP_DATA_DICTIONARY = 0x0006,   /* suggested */
    MLS_EXTENSION_SUPPORTED_WIRE_FORMATS = 0x0007, /* suggested */
    MLS_EXTENSION_REQUIRED_WIRE_FORMATS = 0x0008,  /* suggested */
};

/* RFC 9420, section 17.4; draft-ietf-mls-extensions. */
enum mls_proposal_type {
    MLS_PROPOSAL_ADD = 0x0001,
    MLS_PROPOSAL_UPDATE = 0x0002,
    MLS_PROPOSAL_REMOVE = 0x0003,
    MLS_PROPOSAL_PSK = 0x0004,
    MLS_PROPOSAL_REINIT = 0x0005,
    MLS_PROPOSAL_EXTERNAL_INIT = 0x0006,
    MLS_PROPOSAL_GROUP_CONTEXT_EXTENSIONS = 0x0007,
    MLS_PROPOSAL_APP_DATA_UPDATE = 0x0008, /* suggested */
    MLS_PROPOSAL_APP_EPHEMERAL = 0x0009,   /* suggested */
    MLS_PROPOSAL_SELF_REMOVE = 0x000a,     /* suggested */
};
enum mls_app_data_update_operation { MLS_APP_DATA_UPDATE = 1, MLS_APP_DATA_REMOVE = 2 };

/* RFC 9420, section 17.5. */
enum mls_credential_type { MLS_CREDENTIAL_BASIC = 0x0001, MLS_CREDENTIAL_X509 = 0x0002 };

/*
 * Values that nobody may act on (RFC 9420, section 13.5): 0x0A0A, 0x1A1A, ... 0xEAEA in the
 * registries of cipher suites, extensions, proposals and credentials.
 */
#define MLS_IS_GREASE(VALUE_)                                                                      \
    (((VALUE_) & 0x0f0fu) == 0x0a0au && (((VALUE_) >> 12) & 0xfu) == (((VALUE_) >> 4) & 0xfu) &&   \
     (VALUE_) <= 0xeaeau)

/* Component ids: draft-ietf-mls-extensions, -mimi-protocol, -mimi-room-policy; then our own. */
enum mls_component_id {
    MLS_COMPONENT_APP_COMPONENTS = 0x0001,
    MLS_COMPONENT_SAFE_AAD = 0x0002,
    MLS_COMPONENT_CONTENT_MEDIA_TYPES = 0x0003,
    MLS_COMPONENT_LAST_RESORT_KEY_PACKAGE = 0x0004,
    MLS_COMPONENT_APP_ACK = 0x0005,
    MLS_COMPONENT_FRANK_AAD = 0x0020,
    MLS_COMPONENT_FRANKING_SIGNATURE_KEY = 0x0021,
    MLS_COMPONENT_PARTICIPANT_LIST = 0x0022,
    MLS_COMPONENT_ROOM_METADATA = 0x0023,
    MLS_COMPONENT_MLS_OPERATIONAL_POLICY = 0x0024,
    MLS_COMPONENT_ROLES_LIST = 0x0025,
    MLS_COMPONENT_PREAUTH_LIST = 0x0026,
    MLS_COMPONENT_BASE_ROOM_POLICY = 0x0027,
    MLS_COMPONENT_STATUS_NOTIFICATION_POLICY = 0x0028,
    MLS_COMPONENT_JOIN_LINK_POLICY = 0x0029,
    MLS_COMPONENT_JOIN_LINKS = 0x002a,
    MLS_COMPONENT_LINK_PREVIEW_POLICY = 0x002b,
    MLS_COMPONENT_ASSET_POLICY = 0x002c,
    MLS_COMPONENT_LOGGING_POLICY = 0x002d,
    MLS_COMPONENT_CHAT_HISTORY_POLICY = 0x002e,
    MLS_COMPONENT_BOT_POLICY = 0x002f,
    MLS_COMPONENT_MESSAGE_EXPIRATION_POLICY = 0x0030,
    MLS_COMPONENT_HUB_RETRACTED_MESSAGES = 0x0050,
    MLS_COMPONENT_HUB_RETRACTED_RANGE = 0x0051,
    MLS_COMPONENT_TIMBRE_FRANK_POLICY = 0xf101,
    MLS_COMPONENT_TIMBRE_MODERATION_REF = 0xf102,
    MLS_COMPONENT_TIMBRE_REPORT_EVIDENCE = 0xf103,
    MLS_COMPONENT_TIMBRE_KT_REF = 0xf104,
    MLS_COMPONENT_TIMBRE_CHAIN_HEAD = 0xf105,
    MLS_COMPONENT_TIMBRE_AGENT_TRANSITION = 0xf106,
    MLS_COMPONENT_TIMBRE_ROOM_RULES = 0xf107, /* GC */
    MLS_COMPONENT_TIMBRE_INVITE_USE = 0xf108, /* Safe AAD of a commit: the invite key as it is */
};

#endif
