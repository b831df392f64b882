/* Why the mls room refuses.  One code, one cause; the rule is cited where it is checked. */
#ifndef TB_MLS_STATUS_H
#define TB_MLS_STATUS_H

#include "base/status.h"

/* Framing and what is common to all messages. */
#define MLS_STATUS_FRAMING(CODE)                                                                   \
    CODE(MLS_VERSION, 300, "the protocol version is not mls10")                                    \
    CODE(MLS_SUITE, 301, "the cipher suite is not that of the group")                              \
    CODE(MLS_WIRE_FORMAT, 302, "a message of this wire format is not taken here")                  \
    CODE(MLS_GROUP_ID, 303, "the message belongs to another group")                                \
    CODE(MLS_EPOCH, 304, "the message belongs to another epoch")                                   \
    CODE(MLS_CONTENT_TYPE, 305, "content of this type is not taken here")                          \
    CODE(MLS_SENDER, 306, "the sender does not exist in the group")                                \
    CODE(MLS_SENDER_KIND, 307, "a sender of this kind may not send this")                          \
    CODE(MLS_EXTENSION_DUPLICATE, 308, "an extension type stands twice in one list")               \
    CODE(MLS_SAFE_AAD, 309, "the authenticated data is not a sorted list of Safe AAD items")       \
    CODE(MLS_DICTIONARY_ORDER, 310, "the component ids of a dictionary do not ascend strictly")

/* The tree: RFC 9420, sections 4 and 7. */
#define MLS_STATUS_TREE(CODE)                                                                      \
    CODE(MLS_TREE_SHAPE, 320, "the node list is not a tree that can be extended to full")          \
    CODE(MLS_TREE_NODE_KIND, 321, "a leaf stands in a parent's place or a parent in a leaf's")     \
    CODE(MLS_TREE_UNMERGED, 322, "an unmerged_leaves list breaks the rules of section 12.4.3.1")   \
    CODE(MLS_TREE_PARENT_HASH, 323, "a parent node's hash is carried by no descendant")            \
    CODE(MLS_TREE_HASH, 324, "the tree does not have the announced tree hash")                     \
    CODE(MLS_TREE_KEY_TWICE, 325, "an encryption key stands in two nodes")                         \
    CODE(MLS_TREE_SIGNATURE_KEY_TWICE, 326, "a signature key stands in two leaves")                \
    CODE(MLS_TREE_LEAF, 327, "the leaf does not exist or is blank")                                \
    CODE(MLS_TREE_FULL, 328, "the tree has reached its limit of leaves")                           \
    CODE(MLS_PATH_LENGTH, 330, "the update path does not match the filtered direct path")          \
    CODE(MLS_PATH_CIPHERTEXTS, 331, "a path node has not one ciphertext for each recipient")       \
    CODE(MLS_PATH_KEY, 332, "a public key of the path does not belong to its path secret")         \
    CODE(MLS_PATH_PARENT_HASH, 333, "the parent hash of the committer's leaf is wrong")            \
    CODE(MLS_PATH_SECRET, 334, "no path secret can be had for this member")

/* Leaves and key packages: RFC 9420, sections 7.3 and 10.1. */
#define MLS_STATUS_LEAF(CODE)                                                                      \
    CODE(MLS_LEAF_SIGNATURE, 340, "the signature of a leaf node does not verify")                  \
    CODE(MLS_LEAF_SOURCE, 341, "a leaf node has not the source that its place asks for")           \
    CODE(MLS_LEAF_LIFETIME, 342, "the lifetime of a leaf node does not include the present")       \
    CODE(MLS_LEAF_REQUIRED, 343, "a leaf node lacks a capability that the group requires")         \
    CODE(MLS_LEAF_CREDENTIAL, 344, "a member does not support another member's credential type")   \
    CODE(MLS_LEAF_EXTENSION, 345, "a leaf node uses an extension that its capabilities omit")      \
    CODE(MLS_LEAF_UPDATE_KEY, 347, "an updated leaf keeps the encryption key of the old one")      \
    CODE(MLS_LEAF_CONTEXT_EXTENSION, 348, "a leaf node does not support an extension of the "      \
                                         "GroupContext")                                           \
    CODE(MLS_KEY_PACKAGE_SIGNATURE, 350, "the signature of a key package does not verify")         \
    CODE(MLS_KEY_PACKAGE_INIT_KEY, 351, "the init key of a key package is also its leaf's key")

/* Proposals and commits: RFC 9420, sections 12.1 to 12.4. */
#define MLS_STATUS_PROPOSALS(CODE)                                                                 \
    CODE(MLS_PROPOSALS_UNKNOWN_REF, 360, "a commit refers to a proposal that is not pending")      \
    CODE(MLS_PROPOSALS_INVALID_SENDER, 361, "this kind of sender may not propose this")            \
    CODE(MLS_PROPOSALS_UPDATE_OWN, 362, "the committer updates its own leaf by a proposal")        \
    CODE(MLS_PROPOSALS_REMOVE_OWN, 363, "the committer removes itself")                            \
    CODE(MLS_PROPOSALS_LEAF_TWICE, 364, "two updates or removes concern the same leaf")            \
    CODE(MLS_PROPOSALS_PSK_TWICE, 366, "two proposals bring the same pre-shared key")              \
    CODE(MLS_PROPOSALS_PSK, 367, "a pre-shared key id has a form that may not be proposed")        \
    CODE(MLS_PROPOSALS_EXTENSIONS_TWICE, 368, "two proposals replace the group's extensions")      \
    CODE(MLS_PROPOSALS_REINIT_NOT_ALONE, 369, "a ReInit stands beside another proposal")           \
    CODE(MLS_PROPOSALS_REINIT_VERSION, 370, "a ReInit lowers the protocol version")                \
    CODE(MLS_PROPOSALS_EXTERNAL_INIT, 371, "an ExternalInit in a member's commit, or not exactly " \
                                          "one in an external commit")                             \
    CODE(MLS_PROPOSALS_NOT_EXTERNAL, 372, "an external commit holds a proposal it may not hold")   \
    CODE(MLS_PROPOSALS_NOT_SUPPORTED, 373, "a member does not support this type of proposal")      \
    CODE(MLS_PROPOSALS_KEM_OUTPUT, 374, "the KEM output of an ExternalInit has a wrong length")    \
    CODE(MLS_PROPOSALS_APP_DATA, 375, "app data updates contradict each other or the dictionary")  \
    CODE(MLS_PROPOSALS_DICTIONARY, 376, "only AppDataUpdate may change the app data dictionary")   \
    CODE(MLS_PROPOSALS_SELF_REMOVE, 377, "a SelfRemove by value or together with a Remove")        \
    CODE(MLS_COMMIT_PATH_MISSING, 380, "the commit needs a path and has none")                     \
    CODE(MLS_COMMIT_EXTERNAL_REMOVE, 381, "an external commit removes somebody else's leaf")       \
    CODE(MLS_COMMIT_STAGED, 382, "another commit is staged already")                               \
    CODE(MLS_PENDING_FULL, 383, "the epoch holds its limit of pending proposals")                  \
    CODE(MLS_PENDING_TWICE, 384, "the same proposal is pending already")

/* GroupInfo and stored groups. */
#define MLS_STATUS_GROUP(CODE)                                                                     \
    CODE(MLS_GROUP_INFO_SIGNATURE, 390, "the signature of a GroupInfo does not verify")            \
    CODE(MLS_GROUP_INFO_CONTEXT, 391, "a GroupInfo has not the context that the commit leads to")  \
    CODE(MLS_GROUP_INFO_TAG, 392, "a GroupInfo has not the confirmation tag of the commit")        \
    CODE(MLS_GROUP_INFO_NO_TREE, 393, "the ratchet tree is neither in the GroupInfo nor beside")   \
    CODE(MLS_GROUP_INFO_NO_EXTERNAL_PUB, 395, "a GroupInfo has no key for external commits")       \
    CODE(MLS_BLOB, 394, "a stored group is damaged")                                               \
    CODE(MLS_BLOB_VERSION, 396, "a stored group is of a version that is not read here")

/* The member's side, 450-599: secret tree, message protection, key packages, group. */
#define MLS_STATUS_MEMBER(CODE)                                                                    \
    CODE(MLS_GENERATION_USED, 450, "the key of this generation was used or given up")              \
    CODE(MLS_GENERATION_SKIP, 451, "the sender ran further ahead than keys are derived")           \
    CODE(MLS_GENERATION_END, 452, "the sender's ratchet has no generation left in this epoch")     \
    CODE(MLS_EPOCH_PAST, 453, "the message is of an epoch whose keys are gone")                    \
    CODE(MLS_MEMBERSHIP_TAG, 454, "the membership tag of a PublicMessage is wrong or missing")     \
    CODE(MLS_CONFIRMATION_TAG, 455, "the confirmation tag of a commit or GroupInfo is wrong")      \
    CODE(MLS_CONTENT_SIGNATURE, 456, "the signature of a message does not verify")                 \
    CODE(MLS_PADDING, 457, "the padding of a PrivateMessage is not all zeros")                     \
    CODE(MLS_OWN_MESSAGE, 458, "the message is our own and comes back to us")                      \
    CODE(MLS_APPLICATION_PUBLIC, 459, "application data in a PublicMessage")                       \
    CODE(MLS_HANDSHAKE_FORMAT, 460, "a proposal of this kind may not be in a PrivateMessage")      \
    CODE(MLS_WELCOME_NOT_FOR_US, 470, "the Welcome holds no secrets for our key package")          \
    CODE(MLS_WELCOME_LEAF, 471, "our leaf of the key package is not in the tree of the Welcome")   \
    CODE(MLS_WELCOME_PATH_SECRET, 472, "the path secret of the Welcome does not fit the tree")     \
    CODE(MLS_WELCOME_KEYS, 473, "the private keys do not belong to the key package")               \
    CODE(MLS_PSK_UNKNOWN, 474, "a pre-shared key that is asked for was not given")                 \
    CODE(MLS_WELCOME_PSK_USAGE, 475, "a resumption key of a Welcome has a usage not offered here") \
    CODE(MLS_GROUP_INACTIVE, 480, "we are no longer a member of the group")                        \
    CODE(MLS_NO_PENDING, 481, "there is no pending or staged commit of that kind")                 \
    CODE(MLS_GROUP_SIGNER, 483, "the signature key given is not that of our leaf")                 \
    CODE(MLS_GROUP_EPOCH_END, 484, "the group has no epoch left")                                  \
    CODE(MLS_RATCHETS_STALE, 485, "the stored ratchets are not newer than the stored group")       \
    CODE(MLS_GROUP_REINIT, 486, "the group has ended with a ReInit")                               \
    CODE(MLS_GROUP_NO_REINIT, 487, "the group has not ended with a ReInit")                        \
    CODE(MLS_SUBGROUP_EPOCH, 488, "a group out of another is not in its first epoch")              \
    CODE(MLS_SUBGROUP_PARAMETERS, 489, "a group out of another has not the parameters agreed on")  \
    CODE(MLS_SUBGROUP_MEMBER, 490, "a member of the new group is none of the old group's")         \
    CODE(MLS_SUBGROUP_LEFT_OUT, 491, "a member of the old group is not in the new one")            \
    CODE(MLS_PENDING_FOREIGN, 492, "a detached commit is of another epoch or group")               \
    CODE(MLS_GROUP_ID_TAKEN, 493, "we are in a group with this id already")                        \
    CODE(MLS_EXPORT_CONSUMED, 494, "the exported secret of this component was taken already")

#define MLS_STATUS_LIST(CODE)                                                                      \
    MLS_STATUS_MEMBER(CODE)                                                                        \
    MLS_STATUS_FRAMING(CODE)                                                                       \
    MLS_STATUS_TREE(CODE)                                                                          \
    MLS_STATUS_LEAF(CODE)                                                                          \
    MLS_STATUS_PROPOSALS(CODE)                                                                     \
    MLS_STATUS_GROUP(CODE)

enum mls_status_code {
#define MLS_STATUS_ENUM(NAME_, NUMBER_, TEXT_) NAME_ = NUMBER_,
    MLS_STATUS_LIST(MLS_STATUS_ENUM)
};

#endif
