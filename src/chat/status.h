/*
 * Why the chat room refuses.  One code, one cause; the rule is cited where it is checked.  R and V
 * numbers are the receiver's and the verifier's steps of docs/franking.md.
 */
#ifndef TB_CHAT_STATUS_H
#define TB_CHAT_STATUS_H

#include "base/status.h"
#include "crypto/status.h"

/* Message content, framing and Safe AAD. */
#define CHAT_STATUS_CONTENT(CODE)                                                                  \
    CODE(CHAT_CONTENT_SHAPE, 600, "the content is not the array of seven that MIMI asks for")      \
    CODE(CHAT_CONTENT_SALT, 601, "the salt is not 16 octets")                                      \
    CODE(CHAT_CONTENT_ID, 602, "a message id in the content is not 32 octets")                     \
    CODE(CHAT_CONTENT_TOPIC, 603, "the topic id is over its limit")                                \
    CODE(CHAT_CONTENT_EXPIRES, 604, "the expiration is not [bool, uint32]")                        \
    CODE(CHAT_CONTENT_EXTENSION, 605, "an extension has a wrong type or is over its limits")       \
    CODE(CHAT_CONTENT_URI, 606, "the content names no sender or no room")                          \
    CODE(CHAT_CONTENT_PART, 607, "a part has not the form of its cardinality")                     \
    CODE(CHAT_CONTENT_DEPTH, 608, "parts are nested too deeply")                                   \
    CODE(CHAT_CONTENT_PART_COUNT, 609, "the content has too many parts")                           \
    CODE(CHAT_CONTENT_TYPE, 610, "the content is not a single part of the expected type")          \
    CODE(CHAT_CONTENT_MEDIA_TYPE, 611, "the application data is not framed as MIMI content")       \
    CODE(CHAT_CONTENT_ATTACHMENT, 612, "an attachment lacks its hash or its encryption")           \
    CODE(CHAT_SAFE_AAD_FORM, 613, "the authenticated data is not a sorted list of Safe AAD items") \
    CODE(CHAT_SAFE_AAD_TAG, 614, "the Safe AAD holds no franking tag of 32 octets")                \
    CODE(CHAT_SAFE_AAD_ITEM, 615, "a Safe AAD item is missing or does not parse")                  \
    CODE(CHAT_LINK_CODE, 616, "this is no code of a new device")                                   \
    CODE(CHAT_LINK_SEALED, 617, "the sealed account key is not for this device, or was changed")   \
    CODE(CHAT_PHRASE, 618, "this is no recovery phrase, or a letter of it is wrong")

/* Receiving: R3-R10 and runs. */
#define CHAT_STATUS_FRANK(CODE)                                                                    \
    CODE(CHAT_FRANK_TAG, 630, "the franking tag does not belong to the text (R3)")                 \
    CODE(CHAT_FRANK_SENDER, 631, "the content names another sender than the device's user (R4)")   \
    CODE(CHAT_FRANK_ROOM, 632, "the content names another room (R4)")                              \
    CODE(CHAT_FRANK_SUBMITTER, 633, "the message was handed in by another user than its device's") \
    CODE(CHAT_FRANK_SUITE, 634, "the frank is for another cipher suite (R5)")                      \
    CODE(CHAT_FRANK_MIMI_FORM, 635, "the MIMI signature is half there (R5)")                       \
    CODE(CHAT_FRANK_MIMI_MISSING, 636, "the MIMI signature is required and absent (R5)")           \
    CODE(CHAT_FRANK_MIMI_SIGNATURE, 637, "the MIMI signature does not verify (R5)")                \
    CODE(CHAT_FRANK_UNKNOWN_PROFILE, 638, "the Timbre frank is of an unknown profile")             \
    CODE(CHAT_FRANK_PREV, 639, "the sender had seen another chain at that number (R9)")            \
    CODE(CHAT_FRANK_TWICE, 640, "the message id was seen before in this room (R10)")               \
    CODE(CHAT_FRANK_TRANSITION, 641, "a new agent key is not signed by the old one")               \
    CODE(CHAT_FRANK_AGENT, 642, "no agent key of the hub was in use at that time")                 \
    CODE(CHAT_RUN_SIGNATURE, 645, "the signature that ends the run does not verify (R6)")          \
    CODE(CHAT_RUN_UNSIGNED, 646, "the run does not end with a signed link (R6)")                   \
    CODE(CHAT_RUN_TOO_LONG, 647, "the run has no link or more than 64")                            \
    CODE(CHAT_RUN_KEY_ID, 648, "the links of a run name different hub keys")                       \
    CODE(CHAT_RUN_GAP, 649, "messages are missing before this one (R7)")                           \
    CODE(CHAT_RUN_OLD, 650, "the number was seen before (R7)")                                     \
    CODE(CHAT_RUN_CHAIN, 651, "the link does not continue the known chain (R7)")                   \
    CODE(CHAT_RUN_TIME_BACK, 652, "the time lies before that of the message before it (R8)")       \
    CODE(CHAT_RUN_TIME_AHEAD, 653, "the time lies too far in the future (R8)")                     \
    CODE(CHAT_RUN_GROUP, 654, "the link belongs to another group or room")                         \
    CODE(CHAT_EQUIVOCATION_FORM, 655, "the proof's heads and links do not fit together")           \
    CODE(CHAT_EQUIVOCATION_NONE, 656, "the two histories agree; nothing is proven")                \
    CODE(CHAT_EQUIVOCATION_SIGNATURE, 657, "a head of the proof is not signed by the hub")         \
    CODE(CHAT_RESTORED_SIGNATURE, 658, "the entry of a restored room is not signed by the hub")    \
    CODE(CHAT_RESTORED_NUMBER, 659, "a restored room does not skip the numbers it may have used")

/* Records, joining, login. */
#define CHAT_STATUS_RECORDS(CODE)                                                                  \
    CODE(CHAT_RECORD_FORM, 660, "a record is of an unknown version or inconsistent in itself")     \
    CODE(CHAT_RECORD_ACCOUNT, 661, "the record belongs to another account")                        \
    CODE(CHAT_RECORD_VERSION, 662, "the record is not the next version")                           \
    CODE(CHAT_RECORD_CHAIN, 663, "the record does not follow from the version before it")          \
    CODE(CHAT_RECORD_SIGNATURE, 664, "the record's signature does not verify")                     \
    CODE(CHAT_RECORD_DEVICE, 665, "a device stands twice or belongs to another account")           \
    CODE(CHAT_RECORD_REVOKED_BACK, 666, "a revoked device became active again")                    \
    CODE(CHAT_RECORD_KEY_KEPT, 667, "a device was revoked and the account key kept")               \
    CODE(CHAT_RECORD_DEVICE_COUNT, 668, "the record lists too many devices")                       \
    CODE(CHAT_HUB_RECORD_DESK, 669, "the desk's key does not follow from the one before")          \
    CODE(CHAT_LEAF_IDENTITY, 670, "a leaf's identity is not a device of this account")             \
    CODE(CHAT_LEAF_KEY, 671, "a leaf's key is not the active device key of the record")            \
    CODE(CHAT_HUB_RECORD_FORM, 672, "the hub record is of an unknown version or inconsistent")     \
    CODE(CHAT_HUB_RECORD_ROOT, 673, "the hub record has another root key than the pinned one")     \
    CODE(CHAT_HUB_RECORD_SIGNATURE, 674, "the hub record's signature does not verify")             \
    CODE(CHAT_HUB_RECORD_VERSION, 675, "the hub record is older than the one known")               \
    CODE(CHAT_RECIPIENT_KEY_FORM, 676, "the recipient key is inconsistent or lives over 90 days")  \
    CODE(CHAT_RECIPIENT_KEY_SIGNATURE, 677, "the recipient key's signature does not verify")       \
    CODE(CHAT_RECIPIENT_KEY_SERIAL, 678, "the recipient key is older than one seen before")        \
    CODE(CHAT_RECIPIENT_KEY_TIME, 679, "the recipient key is not valid at this time")              \
    CODE(CHAT_JOIN_FORM, 680, "the join request is inconsistent in itself")                        \
    CODE(CHAT_JOIN_INVITE, 681, "the join request is not signed by the invitation's key")          \
    CODE(CHAT_JOIN_DEVICE, 682, "the join request is not signed by the device's key")              \
    CODE(CHAT_JOIN_RECORD, 683, "the join request cites another record")                           \
    CODE(CHAT_INVITE_LINK, 684, "the invitation link does not parse")                              \
    CODE(CHAT_LOGIN_SIGNATURE, 685, "the login is not signed by the device's key")                 \
    CODE(CHAT_REGISTER_SIGNATURE, 686, "the registration is not signed by the invitation's key")   \
    CODE(CHAT_REGISTER_HANDLE, 687, "the handle has not the allowed form")                         \
    CODE(CHAT_COMMIT_ACK_FORM, 688, "the commit acknowledgement has an unknown result")            \
    CODE(CHAT_COMMIT_ACK_SIGNATURE, 689, "the acknowledgement's signature does not verify")

/* Room policy. */
#define CHAT_STATUS_POLICY(CODE)                                                                   \
    CODE(CHAT_RULES_FORM, 691, "a rule of the room is out of its bounds or names one user twice")  \
    CODE(CHAT_RULES_RANK, 692, "the other's role in the room is not below")                        \
    CODE(CHAT_POLICY_LAST_OWNER, 690, "the room would have no owner left who can act")             \
    CODE(CHAT_POLICY_COMPONENT, 700, "a component that every room needs is missing")               \
    CODE(CHAT_POLICY_UNKNOWN, 701, "the room's kind, class or roles are not a known policy")       \
    CODE(CHAT_POLICY_CAPABILITIES, 702, "the room does not require what every member must offer")  \
    CODE(CHAT_POLICY_EXTERNAL_SENDER, 703, "the room has not exactly the hub's external sender")   \
    CODE(CHAT_POLICY_AGENT, 704, "the franking agent is not the hub's")                            \
    CODE(CHAT_POLICY_RECIPIENT, 705, "the reports of this room would not go to the desk alone")    \
    CODE(CHAT_POLICY_ROOM_URI, 706, "the room's identifier is not one of this hub")                \
    CODE(CHAT_POLICY_ROOM_CHANGED, 707, "the room's identifier or base policy was changed")        \
    CODE(CHAT_POLICY_LIMIT, 708, "the room would have too many participants or devices")           \
    CODE(CHAT_POLICY_FRANK, 709, "the franking policy is not the one of this version")             \
    CODE(CHAT_POLICY_LEAF_STRANGER, 710, "a device belongs to nobody in the participant list")     \
    CODE(CHAT_POLICY_LEAF_REMAINS, 711, "a removed or banned user would keep a device")            \
    CODE(CHAT_POLICY_LEAF_RETAINED, 712, "a device of a user who stays would be removed")          \
    CODE(CHAT_POLICY_DM, 713, "a conversation of two has another number of participants")          \
    CODE(CHAT_POLICY_FIXED, 714, "the participants of this room are fixed")                        \
    CODE(CHAT_PARTICIPANT_INDEX, 715, "an update names a participant that does not exist")         \
    CODE(CHAT_PARTICIPANT_TWICE, 716, "an update touches one participant twice")                   \
    CODE(CHAT_PARTICIPANT_LISTED, 717, "a participant to be added is listed already")              \
    CODE(CHAT_PARTICIPANT_ROLE, 718, "a role does not exist in this room")                         \
    CODE(CHAT_PARTICIPANT_URI, 719, "a participant is not a user's identifier")                    \
    CODE(CHAT_POLICY_NOT_PARTICIPANT, 720, "the committer is no active participant")               \
    CODE(CHAT_POLICY_CAPABILITY, 721, "the committer's role lacks the capability")                 \
    CODE(CHAT_POLICY_ROLE_CHANGE, 722, "the committer's role may not make this change of role")    \
    CODE(CHAT_POLICY_PROPOSAL, 723, "a proposal of this type has no place in a room")              \
    CODE(CHAT_POLICY_STANDALONE, 724, "a member's proposal other than SelfRemove by reference")    \
    CODE(CHAT_POLICY_HUB_PROPOSAL, 725, "the hub proposes what it may not propose")                \
    CODE(CHAT_POLICY_MANDATORY_MIXED, 726, "a ban shares its commit with another list update")     \
    CODE(CHAT_POLICY_EXTERNAL_COMMIT, 727, "external commits are not allowed")                     \
    CODE(CHAT_POLICY_COMPONENT_UPDATE, 728, "this component may not be updated so")                \
    CODE(CHAT_POLICY_DICTIONARY, 729, "the components changed otherwise than the proposals say")

/* Reports: V1-V8. */
#define CHAT_STATUS_REPORT(CODE)                                                                   \
    CODE(CHAT_REPORT_ROWS, 730, "the reporter's rows are not contiguous or do not chain")          \
    CODE(CHAT_REPORT_TARGET, 731, "a reported message is not among the rows or cannot be opened")  \
    CODE(CHAT_REPORT_TOO_LARGE, 732, "the window is over 200 messages")                            \
    CODE(CHAT_REPORT_NO_SIGNED_END, 733, "no signed link ends the window yet")                     \
    CODE(CHAT_REPORT_RECIPIENTS, 734, "there is no recipient to seal the report to")               \
    CODE(CHAT_SEALED_VERSION, 735, "the sealed report is of an unknown version")                   \
    CODE(CHAT_SEALED_LENGTH, 736, "the body's length is not that of its padding")                  \
    CODE(CHAT_SEALED_SIGNATURE, 737, "the reporter's signature does not verify")                   \
    CODE(CHAT_SEALED_NOT_FOR_US, 738, "no key in the report is wrapped for this recipient")        \
    CODE(CHAT_SEALED_COMMITMENT, 739, "the key does not match its commitment")                     \
    CODE(CHAT_SEALED_BODY, 740, "the body does not decrypt")                                       \
    CODE(CHAT_SEALED_PADDING, 741, "the padding is not zeros to a multiple of 1024")               \
    CODE(CHAT_SEALED_ID, 742, "the report id does not belong to the evidence")                     \
    CODE(CHAT_SEALED_TARGETS, 757, "the envelope names other messages than the evidence")          \
    CODE(CHAT_INTAKE_SIGNATURE, 743, "the hub's intake signature does not verify (V1)")            \
    CODE(CHAT_EVIDENCE_MISSING, 744, "the report holds no evidence or more than one")              \
    CODE(CHAT_EVIDENCE_FORM, 745, "the evidence is inconsistent in itself")                        \
    CODE(CHAT_EVIDENCE_STUBS, 746, "the stubs are not contiguous (V2)")                            \
    CODE(CHAT_EVIDENCE_SIGNATURE, 747, "the stubs do not end in a signature of the hub (V2)")      \
    CODE(CHAT_EVIDENCE_REVOKED, 776, "the hub's key was revoked; level 2 alone would prove (V2)")  \
    CODE(CHAT_EVIDENCE_MIMI, 748, "a MIMI signature is missing, malformed or wrong (V2)")          \
    CODE(CHAT_EVIDENCE_CONTENT, 749, "an opened text is not valid content (V3)")                   \
    CODE(CHAT_EVIDENCE_TAG, 750, "an opened text does not belong to its stub (V3)")                \
    CODE(CHAT_EVIDENCE_SENDER, 751, "an opened text names another sender than its stub (V3)")      \
    CODE(CHAT_EVIDENCE_ROOM, 752, "an opened text or stub names another room (V3)")                \
    CODE(CHAT_EVIDENCE_ATTACHMENT_HASH, 753, "an attachment has not the hash in the text (V4)")    \
    CODE(CHAT_EVIDENCE_ATTACHMENT_KEY, 754, "an attachment does not decrypt as said (V4)")         \
    CODE(CHAT_EVIDENCE_ATTACHMENT_PLAIN, 755, "an attachment's contents have another hash (V4)")   \
    CODE(CHAT_EVIDENCE_REPLACES, 756, "an edit belongs to another sender's message (V5)")          \
    CODE(CHAT_EVIDENCE_TIME_ORDER, 758, "the times of the stubs run backwards (V2)")               \
    CODE(CHAT_EVIDENCE_GROUP_CONTEXT, 759, "the group context is missing or another one (V7)")     \
    CODE(CHAT_EVIDENCE_PROOF, 760, "the sender's own signature does not verify (V7)")              \
    CODE(CHAT_EVIDENCE_RECORD, 761, "no record of the sender is at hand (V7)")                     \
    CODE(CHAT_EVIDENCE_ACCUSED, 762, "the report accuses somebody who wrote none of it")           \
    CODE(CHAT_EVIDENCE_TARGET, 763, "a reported message is outside the window or not opened")      \
    CODE(CHAT_FRANK_VERDICT_SIGNATURE, 764, "the hub did not sign a verdict on these stubs (V8)")  \
    CODE(CHAT_REASON_UNKNOWN, 765, "there is no reason with this code or name")                    \
    CODE(CHAT_EVIDENCE_DUPLICATE, 766, "a message is opened twice")                                \
    CODE(CHAT_EVIDENCE_SENDERS, 767, "the reported messages are not all of one sender")            \
    CODE(CHAT_EVIDENCE_OWN, 768, "the reporter reported a message of their own")                   \
    CODE(CHAT_OPENINGS_FORM, 789, "what was added to a case is of no known form")                  \
    CODE(CHAT_STUB_ACK_FORM, 777, "a member's word is not about a message of the case")            \
    CODE(CHAT_STUB_ACK_SIGNATURE, 778, "a member's word does not bear the device's signature")     \
    CODE(CHAT_BUNDLE_FORM, 779, "the exported report is of no known form")

/* Decisions. */
#define CHAT_STATUS_DECISION(CODE)                                                                 \
    CODE(CHAT_DECISION_CO_SIGNATURE, 798, "no second person of the desk has signed the decision")  \
    CODE(CHAT_DESK_MESSAGE_FORM, 799, "the draft or appeal has not its form")                      \
    CODE(CHAT_DECISION_FORM, 780, "the decision is inconsistent in itself")                        \
    CODE(CHAT_DECISION_SIGNATURE, 781, "the decision is not signed by the decider's device")       \
    CODE(CHAT_DECISION_ENTRY_SIGNATURE, 782, "the log entry is not signed by the hub")             \
    CODE(CHAT_DECISION_ENTRY_CHAIN, 783, "the log entry does not follow the one before it")        \
    CODE(CHAT_STATEMENT_FORM, 784, "the statement of reasons has not its form")                    \
    CODE(CHAT_STATEMENT_SEALED, 785, "the sealed statement does not open with this device's key")  \
    CODE(CHAT_NOTICE_FORM, 786, "the notice lacks something, or is over its limits")               \
    CODE(CHAT_NOTICE_SIGNATURE, 787, "the hub did not sign this notice")                           \
    CODE(CHAT_NOTICE_SEALED, 788, "the notice does not open with the desk's keys")

/* Case work of the desk. */
#define CHAT_STATUS_CASE(CODE)                                                                     \
    CODE(CHAT_CASE_FORM, 769, "the message about a case has not its form")                         \
    CODE(CHAT_CASE_CLAIMED, 770, "another moderator works on the case")                            \
    CODE(CHAT_CASE_NOT_HELD, 771, "the case is not claimed by this account")                       \
    CODE(CHAT_CASE_CYCLE, 772, "the case would be merged into itself")                             \
    CODE(CHAT_CASE_LEASE, 773, "the claim ended before the hub had it")                            \
    CODE(CHAT_CASE_DEPTH, 774, "too many cases were merged one into the next")                     \
    CODE(CHAT_CASE_SNAPSHOT, 775, "the snapshot of the cases does not parse")

/* The public log of decisions. */
#define CHAT_STATUS_LOG(CODE)                                                                      \
    CODE(CHAT_MERKLE_RANGE, 790, "the log has no such entry or size")                              \
    CODE(CHAT_MERKLE_INCLUSION, 791, "the proof does not lead from the entry to the root")         \
    CODE(CHAT_MERKLE_CONSISTENCY, 792, "nothing proves that the log only grew")                    \
    CODE(CHAT_MERKLE_FORK, 793, "the log was rewritten: two of its roots contradict each other")   \
    CODE(CHAT_LOG_LEAF_FORM, 794, "an entry of the log does not parse")                            \
    CODE(CHAT_LOG_COMMITMENT, 795, "the decision is not the one that the log entry commits to")    \
    CODE(CHAT_LOG_CHECKPOINT_FORM, 796, "the checkpoint is not one of this hub's log")             \
    CODE(CHAT_LOG_CHECKPOINT_SIGNATURE, 797, "the checkpoint is not signed by the hub")

#define CHAT_STATUS_LIST(CODE)                                                                     \
    CHAT_STATUS_CONTENT(CODE)                                                                      \
    CHAT_STATUS_FRANK(CODE)                                                                        \
    CHAT_STATUS_RECORDS(CODE)                                                                      \
    CHAT_STATUS_POLICY(CODE)                                                                       \
    CHAT_STATUS_REPORT(CODE)                                                                       \
    CHAT_STATUS_DECISION(CODE)                                                                     \
    CHAT_STATUS_CASE(CODE)                                                                         \
    CHAT_STATUS_LOG(CODE)

enum chat_status_code {
#define CHAT_STATUS_ENUM(NAME_, NUMBER_, TEXT_) NAME_ = NUMBER_,
    CHAT_STATUS_LIST(CHAT_STATUS_ENUM)
};

/* The room's own code for a refusal; but what failed of itself (no memory, no backend) has refused
 * nothing and stays what it is. */
static inline tb_status chat_status_as(tb_status status, enum chat_status_code code)
{
    switch (status.code) {
    case TB_OK:
    case TB_NO_SPACE:
    case CRYPTO_FAILED:
        return status;
    default:
        return TB_STATUS(code);
    }
}

/*
 * The name of a code ("CHAT_FRANK_TAG") and its sentence, over base, wire, crypto, mls and chat;
 * "UNKNOWN" and "an unknown reason" for codes of the rooms above.  Constants of the program.
 */
const char *chat_status_name(tb_status status);
const char *chat_status_text(tb_status status);

#endif
