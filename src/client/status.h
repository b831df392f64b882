/* Why an act of the client cannot begin, or how it ended.  One code, one cause. */
#ifndef TB_CLIENT_STATUS_H
#define TB_CLIENT_STATUS_H

#include "base/status.h"

#define CLIENT_STATUS_LIST(CODE)                                                                   \
    CODE(CLIENT_NOT_REGISTERED, 900, "this profile has no account yet")                            \
    CODE(CLIENT_REGISTERED, 901, "this profile has an account already")                            \
    CODE(CLIENT_AMBIGUOUS, 902, "more than one room fits")                                         \
    CODE(CLIENT_LINK_KIND, 903, "the invitation link is for something else")                       \
    CODE(CLIENT_LINK_HUB, 904, "the invitation link is of another hub")                            \
    CODE(CLIENT_NOT_MEMBER, 905, "this device is not a member of the room")                        \
    CODE(CLIENT_RESTRICTED, 906, "the account is restricted by a decision")                        \
    CODE(CLIENT_OFFLINE, 907, "this needs a connection to the hub")                                \
    CODE(CLIENT_ROLLED_BACK, 908, "this profile is a copy or an old state and may not send")       \
    CODE(CLIENT_TEXT_LENGTH, 909, "the text is empty or over the limit of a message")              \
    CODE(CLIENT_MESSAGE_UNKNOWN, 910, "there is no such message in this room")                     \
    CODE(CLIENT_MESSAGE_CLOSED, 911, "the message cannot be opened: it failed or is not here")     \
    CODE(CLIENT_PERMISSION, 912, "the role in this room does not allow this")                      \
    CODE(CLIENT_ALREADY_MEMBER, 913, "the account is a participant of the room already")           \
    CODE(CLIENT_NOT_PARTICIPANT, 914, "the account is no participant of the room")                 \
    CODE(CLIENT_NO_DESK, 915, "this device holds no key of the desk")                              \
    CODE(CLIENT_SCHEMA_NEWER, 916, "the profile was written by a newer version")                   \
    CODE(CLIENT_HUB_DOMAIN, 917, "the hub answers for another domain than this account's")         \
    CODE(CLIENT_HUB_ANSWER, 918, "the hub's answer does not parse or does not fit")                \
    CODE(CLIENT_NO_KEY_PACKAGE, 919, "no device of the account has a key package left")            \
    CODE(CLIENT_ROOM_STATE, 920, "the room is frozen, closed or was left")                         \
    CODE(CLIENT_LOST_RACE, 921, "another commit came first, again and again")                      \
    CODE(CLIENT_ROLLED_BACK_COMMIT, 922, "the hub took back a commit that a member cannot apply")  \
    CODE(CLIENT_BUSY, 923, "too many acts wait for their answers")                                 \
    CODE(CLIENT_DEVICE, 924, "this device is not the account's own in the hub's record")           \
    CODE(CLIENT_CASE_DECIDED, 925, "the case is decided already")                                  \
    CODE(CLIENT_CASE_UNVERIFIED, 926, "the report did not verify; no decision can rest on it")     \
    CODE(CLIENT_DESK_MISSING, 927, "this hub has no moderation desk yet")                          \
    CODE(CLIENT_REPORT_SENDERS, 928, "the messages of one report must all be of one account")      \
    CODE(CLIENT_REPORT_OWN, 929, "one's own messages cannot be reported")                          \
    CODE(CLIENT_REPORT_HIDDEN, 930, "this number is no message that was shown to anybody")         \
    CODE(CLIENT_UNBAN_DECIDER, 931, "another moderator than the one who decided takes back a ban") \
    CODE(CLIENT_UNBAN_SCOPE, 932, "a ban is taken back where it was made: in the room or the hub") \
    CODE(CLIENT_DESK_LAST, 933, "the desk's last owner cannot leave it: nobody could carry it on") \
    CODE(CLIENT_MESSAGE_OTHERS, 934, "the message is somebody else's")                             \
    CODE(CLIENT_MESSAGE_GONE, 935, "the message was deleted or has expired")                       \
    CODE(CLIENT_EXPIRY, 936, "the room does not allow this time for a message to disappear")       \
    CODE(CLIENT_REACTION_LENGTH, 937, "a reaction is one short text, such as an emoji")            \
    CODE(CLIENT_ATTACHMENT, 938, "the attachment is empty, too large, or badly described")         \
    CODE(CLIENT_ATTACHMENT_CHANGED, 939, "the attachment is not the one that was sent")            \
    CODE(CLIENT_ATTACHMENT_NONE, 940, "the message has no such attachment")                        \
    CODE(CLIENT_REPORT_LEVEL, 941, "this device does not hold what level 2 of that message needs") \
    CODE(CLIENT_INVITE_USED, 942, "the invitation is used up by those who came")                   \
    CODE(CLIENT_INVITE_REVOKED, 943, "the invitation was taken back")                              \
    CODE(CLIENT_REPORT_LATE, 944, "the message is older than the room's report window")            \
    CODE(CLIENT_ACCOUNT_KEY, 945, "this device has not the account's newest key")                  \
    CODE(CLIENT_DEVICE_SELF, 946, "a device does not revoke itself")                               \
    CODE(CLIENT_DEVICE_UNKNOWN, 947, "the account has no such active device")                      \
    CODE(CLIENT_RECOVERY_OLD, 948, "the backup under this phrase is older than the account's key") \
    CODE(CLIENT_DRAFT_NONE, 960, "no decision on this case waits for a second person")             \
    CODE(CLIENT_DRAFT_OWN, 961, "another person of the desk than the decider confirms it"       ) \
    CODE(CLIENT_SETTLE_DECIDER, 962, "who took no part in the decision settles an appeal")         \
    CODE(CLIENT_ROOM_IS_SHUT, 963, "the desk has closed the room by a decision")                   \
    CODE(CLIENT_ALARM_FORK, 950, "a sender had seen another history of this room")                 \
    CODE(CLIENT_ALARM_EQUIVOCATION, 951, "the hub signed two histories of this room")              \
    CODE(CLIENT_ALARM_RESET, 952, "an account was reset: its keys no longer follow from the old")  \
    CODE(CLIENT_ALARM_RECIPIENT_KEY, 953, "a recipient key was not announced in the desk room")    \
    CODE(CLIENT_ALARM_CLOCK, 954, "the hub's time lies too far ahead of this device's")            \
    CODE(CLIENT_ALARM_HUB_RECORD, 955, "the hub record does not follow from the pinned root")      \
    CODE(CLIENT_ALARM_RECORD, 956, "the hub gave a record that does not follow from the known") \
    CODE(CLIENT_ALARM_HISTORY, 957, "what the hub sent does not continue this room's history")     \
    CODE(CLIENT_ALARM_LOG, 958, "the decision log does not continue the one seen before: it was "  \
                                "rewritten, or came back from an older backup")

enum client_status_code {
#define CLIENT_STATUS_ENUM(NAME_, NUMBER_, TEXT_) NAME_ = NUMBER_,
    CLIENT_STATUS_LIST(CLIENT_STATUS_ENUM)
};

/* "unknown" / an empty sentence for codes of other rooms: ask chat_status_text for those. */
const char *client_status_name(uint16_t code);
const char *client_status_text(uint16_t code);

#endif
