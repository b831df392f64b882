/*
 * timbre/mls.h: numbers.  Written by tools/publiccodes; do not edit.
 *
 * Code points of RFC 9420 and of draft-ietf-mls-extensions ("suggested": they may still move), and
 * the status codes of the library.  A number never changes its meaning; later versions may add.
 */
#ifndef TIMBRE_MLS_CODES_H
#define TIMBRE_MLS_CODES_H

/* The library's own sources know these names already. */
#ifndef TB_MLS_CODEPOINTS_H
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

/* Component ids of draft-ietf-mls-extensions; 0x8000 to 0xffff are for private use. */
enum mls_component_id {
    MLS_COMPONENT_APP_COMPONENTS = 0x0001,
    MLS_COMPONENT_SAFE_AAD = 0x0002,
    MLS_COMPONENT_CONTENT_MEDIA_TYPES = 0x0003,
    MLS_COMPONENT_LAST_RESORT_KEY_PACKAGE = 0x0004,
    MLS_COMPONENT_APP_ACK = 0x0005,
};
#endif

enum mls_status_of_base {
    MLS_OK = 0, /* done */
    MLS_NO_SPACE = 1, /* the memory limit of this operation is reached */
    MLS_TOO_LONG = 2, /* a value is longer than its limit */
    MLS_OVERFLOW = 3, /* a sum or product does not fit its type */
    MLS_RANDOM = 4, /* the random generator gave nothing */
    MLS_STORE = 5, /* the store refused the operation */
    MLS_NOT_FOUND = 6, /* there is no such record */
    MLS_UNSUPPORTED = 7, /* this build does not offer the requested feature */
};

enum mls_status_of_wire {
    MLS_WIRE_TRUNCATED = 100, /* the input ends inside a field */
    MLS_WIRE_TRAILING = 101, /* octets follow the end of the value */
    MLS_WIRE_LENGTH_FORM = 102, /* a length prefix is not in its shortest form or is reserved */
    MLS_WIRE_LENGTH_RANGE = 103, /* a field is shorter or longer than its row allows */
    MLS_WIRE_PRESENCE = 104, /* the octet of an optional value is neither 0 nor 1 */
    MLS_WIRE_UNKNOWN_TAG = 105, /* the tag of a select has no arm */
    MLS_WIRE_VALUE = 106, /* a field with a fixed value has another one */
};

enum mls_status_of_crypto {
    MLS_CRYPTO_FAILED = 200, /* the crypto backend failed */
    MLS_CRYPTO_UNSUPPORTED = 201, /* the cipher suite or algorithm is not offered here */
    MLS_CRYPTO_KEY = 202, /* a key is not a valid key of its algorithm */
    MLS_CRYPTO_SIGNATURE = 203, /* a signature does not verify */
    MLS_CRYPTO_DECRYPT = 204, /* a ciphertext does not decrypt */
    MLS_CRYPTO_NO_MLKEM = 205, /* the cipher suite needs ML-KEM, which the backend does not have */
};

#ifndef TB_MLS_STATUS_H
enum mls_status_of_mls {
    MLS_VERSION = 300, /* the protocol version is not mls10 */
    MLS_SUITE = 301, /* the cipher suite is not that of the group */
    MLS_WIRE_FORMAT = 302, /* a message of this wire format is not taken here */
    MLS_GROUP_ID = 303, /* the message belongs to another group */
    MLS_EPOCH = 304, /* the message belongs to another epoch */
    MLS_CONTENT_TYPE = 305, /* content of this type is not taken here */
    MLS_SENDER = 306, /* the sender does not exist in the group */
    MLS_SENDER_KIND = 307, /* a sender of this kind may not send this */
    MLS_EXTENSION_DUPLICATE = 308, /* an extension type stands twice in one list */
    MLS_SAFE_AAD = 309, /* the authenticated data is not a sorted list of Safe AAD items */
    MLS_DICTIONARY_ORDER = 310, /* the component ids of a dictionary do not ascend strictly */
    MLS_TREE_SHAPE = 320, /* the node list is not a tree that can be extended to full */
    MLS_TREE_NODE_KIND = 321, /* a leaf stands in a parent's place or a parent in a leaf's */
    MLS_TREE_UNMERGED = 322, /* an unmerged_leaves list breaks the rules of section 12.4.3.1 */
    MLS_TREE_PARENT_HASH = 323, /* a parent node's hash is carried by no descendant */
    MLS_TREE_HASH = 324, /* the tree does not have the announced tree hash */
    MLS_TREE_KEY_TWICE = 325, /* an encryption key stands in two nodes */
    MLS_TREE_SIGNATURE_KEY_TWICE = 326, /* a signature key stands in two leaves */
    MLS_TREE_LEAF = 327, /* the leaf does not exist or is blank */
    MLS_TREE_FULL = 328, /* the tree has reached its limit of leaves */
    MLS_PATH_LENGTH = 330, /* the update path does not match the filtered direct path */
    MLS_PATH_CIPHERTEXTS = 331, /* a path node has not one ciphertext for each recipient */
    MLS_PATH_KEY = 332, /* a public key of the path does not belong to its path secret */
    MLS_PATH_PARENT_HASH = 333, /* the parent hash of the committer's leaf is wrong */
    MLS_PATH_SECRET = 334, /* no path secret can be had for this member */
    MLS_LEAF_SIGNATURE = 340, /* the signature of a leaf node does not verify */
    MLS_LEAF_SOURCE = 341, /* a leaf node has not the source that its place asks for */
    MLS_LEAF_LIFETIME = 342, /* the lifetime of a leaf node does not include the present */
    MLS_LEAF_REQUIRED = 343, /* a leaf node lacks a capability that the group requires */
    MLS_LEAF_CREDENTIAL = 344, /* a member does not support another member's credential type */
    MLS_LEAF_EXTENSION = 345, /* a leaf node uses an extension that its capabilities omit */
    MLS_LEAF_UPDATE_KEY = 347, /* an updated leaf keeps the encryption key of the old one */
    /* a leaf node does not support an extension of the GroupContext */
    MLS_LEAF_CONTEXT_EXTENSION = 348,
    MLS_KEY_PACKAGE_SIGNATURE = 350, /* the signature of a key package does not verify */
    MLS_KEY_PACKAGE_INIT_KEY = 351, /* the init key of a key package is also its leaf's key */
    MLS_PROPOSALS_UNKNOWN_REF = 360, /* a commit refers to a proposal that is not pending */
    MLS_PROPOSALS_INVALID_SENDER = 361, /* this kind of sender may not propose this */
    MLS_PROPOSALS_UPDATE_OWN = 362, /* the committer updates its own leaf by a proposal */
    MLS_PROPOSALS_REMOVE_OWN = 363, /* the committer removes itself */
    MLS_PROPOSALS_LEAF_TWICE = 364, /* two updates or removes concern the same leaf */
    MLS_PROPOSALS_PSK_TWICE = 366, /* two proposals bring the same pre-shared key */
    MLS_PROPOSALS_PSK = 367, /* a pre-shared key id has a form that may not be proposed */
    MLS_PROPOSALS_EXTENSIONS_TWICE = 368, /* two proposals replace the group's extensions */
    MLS_PROPOSALS_REINIT_NOT_ALONE = 369, /* a ReInit stands beside another proposal */
    MLS_PROPOSALS_REINIT_VERSION = 370, /* a ReInit lowers the protocol version */
    /* an ExternalInit in a member's commit, or not exactly one in an external commit */
    MLS_PROPOSALS_EXTERNAL_INIT = 371,
    MLS_PROPOSALS_NOT_EXTERNAL = 372, /* an external commit holds a proposal it may not hold */
    MLS_PROPOSALS_NOT_SUPPORTED = 373, /* a member does not support this type of proposal */
    MLS_PROPOSALS_KEM_OUTPUT = 374, /* the KEM output of an ExternalInit has a wrong length */
    MLS_PROPOSALS_APP_DATA = 375, /* app data updates contradict each other or the dictionary */
    MLS_PROPOSALS_DICTIONARY = 376, /* only AppDataUpdate may change the app data dictionary */
    MLS_PROPOSALS_SELF_REMOVE = 377, /* a SelfRemove by value or together with a Remove */
    MLS_COMMIT_PATH_MISSING = 380, /* the commit needs a path and has none */
    MLS_COMMIT_EXTERNAL_REMOVE = 381, /* an external commit removes somebody else's leaf */
    MLS_COMMIT_STAGED = 382, /* another commit is staged already */
    MLS_PENDING_FULL = 383, /* the epoch holds its limit of pending proposals */
    MLS_PENDING_TWICE = 384, /* the same proposal is pending already */
    MLS_GROUP_INFO_SIGNATURE = 390, /* the signature of a GroupInfo does not verify */
    MLS_GROUP_INFO_CONTEXT = 391, /* a GroupInfo has not the context that the commit leads to */
    MLS_GROUP_INFO_TAG = 392, /* a GroupInfo has not the confirmation tag of the commit */
    MLS_GROUP_INFO_NO_TREE = 393, /* the ratchet tree is neither in the GroupInfo nor beside */
    MLS_BLOB = 394, /* a stored group is damaged */
    MLS_GROUP_INFO_NO_EXTERNAL_PUB = 395, /* a GroupInfo has no key for external commits */
    MLS_BLOB_VERSION = 396, /* a stored group is of a version that is not read here */
    MLS_GENERATION_USED = 450, /* the key of this generation was used or given up */
    MLS_GENERATION_SKIP = 451, /* the sender ran further ahead than keys are derived */
    MLS_GENERATION_END = 452, /* the sender's ratchet has no generation left in this epoch */
    MLS_EPOCH_PAST = 453, /* the message is of an epoch whose keys are gone */
    MLS_MEMBERSHIP_TAG = 454, /* the membership tag of a PublicMessage is wrong or missing */
    MLS_CONFIRMATION_TAG = 455, /* the confirmation tag of a commit or GroupInfo is wrong */
    MLS_CONTENT_SIGNATURE = 456, /* the signature of a message does not verify */
    MLS_PADDING = 457, /* the padding of a PrivateMessage is not all zeros */
    MLS_OWN_MESSAGE = 458, /* the message is our own and comes back to us */
    MLS_APPLICATION_PUBLIC = 459, /* application data in a PublicMessage */
    MLS_HANDSHAKE_FORMAT = 460, /* a proposal of this kind may not be in a PrivateMessage */
    MLS_WELCOME_NOT_FOR_US = 470, /* the Welcome holds no secrets for our key package */
    MLS_WELCOME_LEAF = 471, /* our leaf of the key package is not in the tree of the Welcome */
    MLS_WELCOME_PATH_SECRET = 472, /* the path secret of the Welcome does not fit the tree */
    MLS_WELCOME_KEYS = 473, /* the private keys do not belong to the key package */
    MLS_PSK_UNKNOWN = 474, /* a pre-shared key that is asked for was not given */
    MLS_WELCOME_PSK_USAGE = 475, /* a resumption key of a Welcome has a usage not offered here */
    MLS_GROUP_INACTIVE = 480, /* we are no longer a member of the group */
    MLS_NO_PENDING = 481, /* there is no pending or staged commit of that kind */
    MLS_GROUP_SIGNER = 483, /* the signature key given is not that of our leaf */
    MLS_GROUP_EPOCH_END = 484, /* the group has no epoch left */
    MLS_RATCHETS_STALE = 485, /* the stored ratchets are not newer than the stored group */
    MLS_GROUP_REINIT = 486, /* the group has ended with a ReInit */
    MLS_GROUP_NO_REINIT = 487, /* the group has not ended with a ReInit */
    MLS_SUBGROUP_EPOCH = 488, /* a group out of another is not in its first epoch */
    MLS_SUBGROUP_PARAMETERS = 489, /* a group out of another has not the parameters agreed on */
    MLS_SUBGROUP_MEMBER = 490, /* a member of the new group is none of the old group's */
    MLS_SUBGROUP_LEFT_OUT = 491, /* a member of the old group is not in the new one */
    MLS_PENDING_FOREIGN = 492, /* a detached commit is of another epoch or group */
    MLS_GROUP_ID_TAKEN = 493, /* we are in a group with this id already */
    MLS_EXPORT_CONSUMED = 494, /* the exported secret of this component was taken already */
};
#endif

#ifndef TB_API_STATUS_H
enum mls_status_of_api {
    MLS_ARGUMENT = 1000, /* an argument is missing or asks for what this version cannot do */
    MLS_CREDENTIAL_REFUSED = 1001, /* the application does not accept a credential */
    MLS_CREDENTIAL_KEY = 1002, /* a certificate's key is not the signature key of its leaf */
    MLS_CERTIFICATE = 1003, /* a certificate cannot be read */
};
#endif

#endif
