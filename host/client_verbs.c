#include "host/client_verbs.h"

#include <string.h>

#include "host/client_text.h"

#define NEW CLI_NEEDS_NEW
#define ACCOUNT CLI_NEEDS_ACCOUNT
#define NOTHING CLI_NEEDS_NOTHING

const struct cli_verb cli_verbs[] = {
    { "account register", "", CLI_BIT(HANDLE) | CLI_BIT(INVITE_FILE) | CLI_BIT(PASSPHRASE),
      0, 0, NEW, false, false, cli_verb_account_register,
      "Make a profile and register it at the hub of an invitation.",
      "timbre account register --profile alice\n"
      "timbre account register --profile bob --invite-file bob.link\n\n"
      "The link is asked for, or read from standard input or a file.  It is a secret: whoever has\n"
      "it can register in your place.  The first administrator's client makes the desk, the room\n"
      "in which reports are worked on.\n" },
    { "account show", "", 0, 0, 0, ACCOUNT, false, false, cli_verb_account_show,
      "Show this profile's account, device and hub.", "" },
    { "account receipts", "[dm|off|all]", 0, 0, 1, ACCOUNT, false, false,
      cli_verb_account_receipts, "Show or set who learns that you have read a message.",
      "dm: conversations of two (the default); all: also groups of at most 20 people.\n" },
    { "account recover", "HUB", CLI_BIT(PHRASE_FILE) | CLI_BIT(PASSPHRASE), 1, 1, NEW, false,
      false, cli_verb_account_recover, "Come back with the recovery phrase, as a new device.",
      "timbre account recover https://hub.example --profile alice\n\n"
      "Then revoke the devices that you have lost, with 'timbre device revoke'.\n" },
    { "recovery new", "", CLI_BIT(YES), 0, 0, ACCOUNT, false, false, cli_verb_recovery_new,
      "Make a recovery phrase, show it once, and leave a backup of the account key at the hub.",
      "Write the phrase down and keep it away from this machine: when all devices are lost,\n"
      "'timbre account recover' makes a new one with it.  A new phrase replaces the old one.\n" },
    { "room create", "NAME", CLI_BIT(CLASS), 1, 1, ACCOUNT, false, false, cli_verb_room_create,
      "Create a room and be its owner.", "timbre room create team\n" },
    { "room list", "", 0, 0, 0, ACCOUNT, false, true, cli_verb_room_list, "List the rooms.", "" },
    { "room show", "ROOM", 0, 1, 1, ACCOUNT, false, false, cli_verb_room_show,
      "Show one room: its state, its class and who is in it.", "" },
    { "room invite", "ROOM", CLI_BIT(USES) | CLI_BIT(EXPIRES), 1, 1, ACCOUNT, false, false,
      cli_verb_room_invite, "Make a link with which others join.",
      "timbre room invite team --uses 3 --expires 24h\n\n"
      "The link is a secret.  Somebody in the room has to be online for a person to come in.\n" },
    { "room invites", "ROOM", 0, 1, 1, ACCOUNT, false, true, cli_verb_room_invites,
      "List the invitations to a room that can still be used.", "" },
    { "room uninvite", "ROOM [INVITATION]", CLI_BIT(ALL), 1, 2, ACCOUNT, false, false,
      cli_verb_room_uninvite, "Take an invitation to a room back.",
      "timbre room uninvite team 3f9a00c1d2e4\ntimbre room uninvite team --all\n\n"
      "INVITATION is what 'timbre room invites' shows; --all takes back all that you made.  Who\n"
      "may remove people may also take back what others made.\n" },
    { "room join", "", CLI_BIT(LINK_FILE) | CLI_BIT(NO_WAIT), 0, 0, ACCOUNT, false, false,
      cli_verb_room_join, "Join a room with a link.",
      "timbre room join\ntimbre room join --link-file team.link\n\n"
      "Waits until a member's client has let you in.  With --no-wait the request stays at the hub\n"
      "and 'timbre sync' takes the answer later.\n" },
    { "room leave", "ROOM", CLI_BIT(YES), 1, 1, ACCOUNT, false, false, cli_verb_room_leave,
      "Leave a room.", "" },
    { "room add", "ROOM WHO", 0, 2, 2, ACCOUNT, false, false, cli_verb_room_add,
      "Add a person who has agreed to contact.", "timbre room add team bob\n" },
    { "room remove", "ROOM WHO", CLI_BIT(YES), 2, 2, ACCOUNT, false, false, cli_verb_room_remove,
      "Remove a person from a room.", "" },
    { "room role", "ROOM WHO ROLE", 0, 3, 3, ACCOUNT, false, false, cli_verb_room_role,
      "Give a person another role in a room.",
      "timbre room role team bob moderator\n\n"
      "ROLE is member, moderator or owner.  A room keeps an owner: the last one cannot step down\n"
      "before another is named.\n" },
    { "room rules", "ROOM", CLI_BIT(ANNOUNCE) | CLI_BIT(SLOW) | CLI_BIT(APPROVAL), 1, 1, ACCOUNT,
      false, false, cli_verb_room_rules, "Show or change the rules of a room.",
      "timbre room rules team\ntimbre room rules team --slow 30s\n"
      "timbre room rules news --announce on\n" },
    { "room mute", "ROOM WHO", CLI_BIT(UNTIL), 2, 2, ACCOUNT, false, false, cli_verb_room_mute,
      "Let a person read, and not write, for a time.", "timbre room mute team bob --until 1h\n" },
    { "room unmute", "ROOM WHO", 0, 2, 2, ACCOUNT, false, false, cli_verb_room_unmute,
      "Let a person write again.", "" },
    { "room kick", "ROOM WHO", CLI_BIT(UNTIL), 2, 2, ACCOUNT, false, false, cli_verb_room_kick,
      "Remove a person who may not come back for a time.",
      "timbre room kick team bob --until 7d\n\nWithout --until, until 'timbre room readmit'.\n" },
    { "room readmit", "ROOM WHO", 0, 2, 2, ACCOUNT, false, false, cli_verb_room_readmit,
      "Let a person come back who was kicked.", "" },
    { "room requests", "ROOM", 0, 1, 1, ACCOUNT, false, true, cli_verb_room_requests,
      "List who asks to come in and needs approval.", "" },
    { "room approve", "ROOM WHO", 0, 2, 2, ACCOUNT, false, false, cli_verb_room_approve,
      "Let a person in who asks.", "" },
    { "room members", "ROOM", 0, 1, 1, ACCOUNT, false, true, cli_verb_room_members,
      "List who is in a room.", "" },
    { "send", "ROOM TEXT", CLI_BIT(EXPIRES), 2, 2, ACCOUNT, false, false, cli_verb_send,
      "Send a message.",
      "timbre send team \"hello\"\ndate | timbre send team -\n"
      "timbre send team \"the door code is 12\" --expires 1h\n\n"
      "TEXT - reads standard input.  When the verb ends well, the message is durable there.\n" },
    { "attach", "ROOM FILE", CLI_BIT(TYPE) | CLI_BIT(EXPIRES), 2, 2, ACCOUNT, false, false,
      cli_verb_attach, "Send a file.",
      "timbre attach team plan.pdf\n\n"
      "The file is encrypted here; the hub stores what it cannot read, for 90 days.  An upload\n"
      "that breaks off goes on with the next 'timbre sync'.\n" },
    { "save", "ROOM MESSAGE FILE", 0, 3, 3, ACCOUNT, false, false, cli_verb_save,
      "Fetch the file of a message; a file that is there is not overwritten.",
      "timbre save team 12 plan.pdf\ntimbre save team 12 - > plan.pdf\n" },
    { "reply", "ROOM MESSAGE TEXT", CLI_BIT(EXPIRES), 3, 3, ACCOUNT, false, false, cli_verb_reply,
      "Answer a message.", "timbre reply team 12 \"so do I\"\n" },
    { "edit", "ROOM MESSAGE TEXT", 0, 3, 3, ACCOUNT, false, false, cli_verb_edit,
      "Change a message of yours.",
      "timbre edit team 12 \"at nine, not ten\"\n\n"
      "Who has the earlier text keeps it for a while, so that a report can show what was said.\n" },
    { "delete", "ROOM MESSAGE", 0, 2, 2, ACCOUNT, false, false, cli_verb_delete,
      "Delete a message: yours, or as a moderator another's.",
      "timbre delete team 12\n\n"
      "It is no longer shown.  Who has it keeps it for a while, so that a report can show it.\n" },
    { "react", "ROOM MESSAGE [EMOJI]", CLI_BIT(REMOVE), 2, 3, ACCOUNT, false, false,
      cli_verb_react, "React to a message with an emoji.",
      "timbre react team 12 \xf0\x9f\x91\x8d\ntimbre react team 12 --remove\n" },
    { "tail", "ROOM", CLI_BIT(FOLLOW) | CLI_BIT(LINES), 1, 1, ACCOUNT, false, true,
      cli_verb_tail, "Show the newest messages of a room.",
      "timbre tail team --follow\ntimbre tail team --json\n\n"
      "The number before a message is what 'timbre report new' takes.\n" },
    { "chat", "ROOM", CLI_BIT(LINES), 1, 1, ACCOUNT, true, false, cli_verb_chat,
      "Read and write at once, line by line.", "timbre chat team\n\nEnd it with Ctrl-D.\n" },
    { "device list", "", 0, 0, 0, ACCOUNT, false, true, cli_verb_device_list,
      "List the devices of this account.", "" },
    { "device link", "HUB", CLI_BIT(PASSPHRASE), 1, 1, NEW, true, false, cli_verb_device_link,
      "Make this new profile a further device of an account.",
      "timbre device link https://hub.example --profile laptop\n\n"
      "Shows a code, as text and to scan, for 'timbre device add' on a device that you have, and\n"
      "digits that both show.  The code is a secret until the device is linked.  Messages from\n"
      "before stay on the devices that have them.\n" },
    { "device add", "", CLI_BIT(CODE_FILE) | CLI_BIT(YES), 0, 0, ACCOUNT, false, false,
      cli_verb_device_add, "Add the device whose code you have to this account.",
      "timbre device add\ntimbre device add --code-file laptop.code\n\n"
      "Compare the digits with those on the new device before you agree: they show that nobody\n"
      "put another code in its place.  The device comes into each of your rooms.\n" },
    { "device revoke", "DEVICE", CLI_BIT(YES), 1, 1, ACCOUNT, false, false,
      cli_verb_device_revoke, "Take another device out of the account and of every room.",
      "timbre device revoke 3f9a02\n\n"
      "DEVICE is what 'timbre device list' shows, or the beginning of its last part.  The account\n"
      "key is replaced, and the device can neither log in nor read what comes after.\n" },
    { "device rejoin", "", CLI_BIT(YES), 0, 0, ACCOUNT, false, false, cli_verb_device_rejoin,
      "Make this profile a new device of its account.",
      "For a profile that is a copy, or came back from a backup: it may not send, because its\n"
      "keys may have been used elsewhere.  The old device is revoked.\n" },
    { "contact request", "WHO", 0, 1, 1, ACCOUNT, false, false, cli_verb_contact_request,
      "Ask a person for contact, so that you may add each other to rooms.", "" },
    { "contact accept", "WHO", 0, 1, 1, ACCOUNT, false, false, cli_verb_contact_accept,
      "Agree to contact with a person.", "" },
    { "contact revoke", "WHO", 0, 1, 1, ACCOUNT, false, false, cli_verb_contact_revoke,
      "Take back your agreement.", "" },
    { "contact list", "", 0, 0, 0, ACCOUNT, false, true, cli_verb_contact_list,
      "List who asked for contact and who has agreed.", "" },
    { "safety-code", "WHO", 0, 1, 1, ACCOUNT, false, false, cli_verb_safety_code,
      "Show the digits that both of you compare.",
      "timbre safety-code bob\n\nRead them to each other, face to face or by telephone.  When\n"
      "they are equal, nobody stands between you.\n" },
    { "report new", "ROOM MESSAGE...",
      CLI_BIT(REASON) | CLI_BIT(OPEN) | CLI_BIT(NOTE_FILE) | CLI_BIT(NAMED) | CLI_BIT(LEVEL),
      2, 255,
      ACCOUNT, false, false, cli_verb_report_new, "Report messages to the moderators of a room.",
      "timbre report new team 12 13 --reason threat --open 11\n\n"
      "MESSAGE is the number that 'timbre tail' shows.  Only the messages you name are opened to\n"
      "the moderators; of those around them they see that they exist, not what they say.\n"
      "Of a message that was changed every version is opened.  With --level 2 not even the hub\n"
      "could have made the text up, and it can be shown to anybody.  'protocol' reports a\n"
      "message that failed verification although its sender signed it.\n"
      "Reasons: spam, harassment, threat, hate, sexual, child-safety, fraud, malware, doxxing,\n"
      "room-rule, protocol, other.\n" },
    { "report list", "", 0, 0, 0, ACCOUNT, false, true, cli_verb_report_list,
      "List the reports you made.", "" },
    { "report open", "ROOM REPORT MESSAGE...", CLI_BIT(LEVEL), 3, 255, ACCOUNT, false, false,
      cli_verb_report_open, "Open further messages around a report to the desk.",
      "timbre report open team 5b1e... 10 11\n\n"
      "REPORT is the identifier of the report; who reported finds it in 'timbre report list', the\n"
      "desk tells it to others.  Whoever was in the room may add what a report left closed, or\n"
      "with --level 2 the senders' own signatures.\n" },
    { "report export", "CASE FILE", 0, 2, 2, ACCOUNT, true, false, cli_verb_report_export,
      "Write a case of the desk to a file that anybody can check.",
      "timbre report export 3f9a case.txt\n\n"
      "It holds neither who reported nor the note.  Where a member's word proves that the hub\n"
      "told two histories, that proof is written instead.\n" },
    { "report verify", "FILE", 0, 1, 1, NOTHING, false, false, cli_verb_report_verify,
      "Check an exported report or a proof against a hub, without a network.",
      "timbre report verify case.txt\n\n"
      "Says what is proven and what is not, and ends with 0 only when the reported text is.\n" },
    { "alarm list", "", 0, 0, 0, ACCOUNT, false, true, cli_verb_alarm_list,
      "List the alarms that this profile raised.", "" },
    { "alarm export", "ALARM FILE", 0, 2, 2, ACCOUNT, true, false, cli_verb_alarm_export,
      "Write the proof that the hub told two histories to a file.",
      "timbre alarm export 1 proof.txt\n\n'timbre report verify' checks it.\n" },
    { "desk list", "", 0, 0, 0, ACCOUNT, false, true, cli_verb_desk_list,
      "List the cases of the moderation desk.", "" },
    { "desk show", "CASE", 0, 1, 1, ACCOUNT, false, false, cli_verb_desk_show,
      "Open a case, verify it, and say what is proven and what is not.", "" },
    { "desk next", "", 0, 0, 0, ACCOUNT, false, false, cli_verb_desk_next,
      "Claim the most urgent case that nobody works on.", "" },
    { "desk claim", "CASE", 0, 1, 1, ACCOUNT, false, false, cli_verb_desk_claim,
      "Work on a case: for 30 minutes nobody else can claim it.",
      "timbre desk claim 3f9a\n\nDo it again before the time is over to keep it.\n" },
    { "desk release", "CASE", 0, 1, 1, ACCOUNT, false, false, cli_verb_desk_release,
      "Leave a case that you claimed to others.", "" },
    { "desk note", "CASE TEXT", 0, 2, 2, ACCOUNT, false, false, cli_verb_desk_note,
      "Write a note that the moderators alone read.",
      "timbre desk note 3f9a \"the same text as last week\"\n\n"
      "TEXT - reads standard input.\n" },
    { "desk code", "CASE CODE...", 0, 2, 255, ACCOUNT, false, false, cli_verb_desk_code,
      "Say what a case is about, in short codes; they replace those before.",
      "timbre desk code 3f9a offer form:powder\n\n"
      "A code has 1 to 32 of a-z 0-9 . - _ : and a case at most 16 of them.\n" },
    { "desk merge", "CASE INTO", 0, 2, 2, ACCOUNT, false, false, cli_verb_desk_merge,
      "Make a case a part of another one.",
      "timbre desk merge 3f9a 77c1\n\nReports of one message are one case by themselves.\n" },
    { "desk priority", "CASE LEVEL [BASIS]", 0, 2, 3, ACCOUNT, false, false,
      cli_verb_desk_priority, "Say how urgent a case is, and why.",
      "timbre desk priority 3f9a order \"prefecture, no. 12\"\n\n"
      "LEVEL is threat-to-life, order (of an authority), trusted-flagger or normal.\n" },
    { "desk deadline", "CASE SPAN", 0, 2, 2, ACCOUNT, false, false, cli_verb_desk_deadline,
      "Say until when a case has to be decided.",
      "timbre desk deadline 3f9a 24h\n\n"
      "none: as its priority says, which is 1 hour, 24 hours, 3 days or 7 days after it came.\n" },
    { "desk ask", "CASE MESSAGE", 0, 2, 2, ACCOUNT, false, false, cli_verb_desk_ask,
      "Ask the members of a room what they hold at a number, without its text.",
      "timbre desk ask 3f9a 12\n\n"
      "Their clients answer by themselves when they are online, signed; 'timbre desk show' tells\n"
      "who has the same entry, and keeps the proof when the hub told somebody another history.\n" },
    { "desk save", "CASE MESSAGE FILE", 0, 3, 3, ACCOUNT, true, false, cli_verb_desk_save,
      "Write a verified attachment of a case to a file.", "timbre desk save 3f9a 12 picture\n" },
    { "desk decide", "CASE",
      CLI_BIT(ACTION) | CLI_BIT(SCOPE) | CLI_BIT(REASON) | CLI_BIT(UNTIL) |
          CLI_BIT(FACTS_FILE) | CLI_BIT(WHY_FILE) | CLI_BIT(GROUND) | CLI_BIT(CATEGORY) |
          CLI_BIT(RULE) | CLI_BIT(YES),
      1, 1, ACCOUNT, false, false, cli_verb_desk_decide, "Decide a case and sign the decision.",
      "timbre desk decide 3f9a --action mute --until 24h --rule 4.2@3 --facts-file facts.txt\n\n"
      "Shows the plan first.  The accused gets the statement of reasons and can appeal.\n"
      "Actions: none, warn, retract (the reported messages), mute (until), remove, ban (room or\n"
      "hub), unban, suspend (the account, until), close-account, close-room.  Sanctions of the\n"
      "account (ban of the hub, suspend, close-account) need two people of the desk; alone, seven\n"
      "days is the most.\n"
      "Categories: animal-welfare, consumer-information, cyber-violence,\n"
      "cyber-violence-against-women, privacy, speech, intellectual-property, civic-discourse,\n"
      "minors, public-security, fraud, self-harm, products, violence, other, not-specified.\n" },
    { "desk confirm", "CASE", CLI_BIT(YES), 1, 1, ACCOUNT, false, false, cli_verb_desk_confirm,
      "Sign a decision of another moderator, and carry it out.",
      "Shows first what the person concerned will read.\n" },
    { "desk drafts", "", 0, 0, 0, ACCOUNT, false, true, cli_verb_desk_drafts,
      "List the decisions that wait for a second person.", "" },
    { "desk appeals", "", 0, 0, 0, ACCOUNT, false, true, cli_verb_desk_appeals,
      "List the appeals against decisions.", "" },
    { "desk settle", "NUMBER",
      CLI_BIT(UPHOLD) | CLI_BIT(REVERSE) | CLI_BIT(FACTS_FILE) | CLI_BIT(YES), 1, 1, ACCOUNT,
      false, false, cli_verb_desk_settle, "Settle an appeal, or reverse a decision.",
      "timbre desk settle 12 --reverse --facts-file reasons.txt\n\n"
      "Somebody who took no part in the decision settles an appeal against it.\n" },
    { "desk name-owner", "ROOM WHO", CLI_BIT(YES), 2, 2, ACCOUNT, false, false,
      cli_verb_desk_name_owner, "Name an owner for a room that has none left.",
      "timbre desk name-owner mimi://localhost/r/0f32... bob\n\n"
      "For a room whose last owner was banned or has no device in it any more.  WHO is somebody\n"
      "who is in it.  The decision goes into the log, and the members are told its number.\n" },
    { "desk answer", "NOTICE", CLI_BIT(OUTCOME) | CLI_BIT(BASIS) | CLI_BIT(REPLY_FILE), 1, 1,
      ACCOUNT, false, false, cli_verb_desk_answer,
      "Answer a notice of somebody without an account.",
      "timbre desk answer n12 --outcome no-action --reply-file reply.txt\n\n"
      "Who sent it reads the answer with their receipt, and can complain about one without\n"
      "action; another moderator answers the complaint.  An unfounded notice is a strike.\n" },
    { "desk keys", "", 0, 0, 0, ACCOUNT, false, true, cli_verb_desk_keys,
      "Show the desk's keys that reports are sealed to.", "" },
    { "log show", "", 0, 0, 0, ACCOUNT, false, false, cli_verb_log_show,
      "Show the newest checkpoint of the hub's decision log.",
      "At each login the log has to continue the one seen before; else there is an alarm.\n" },
    { "log prove", "DECISION FILE", 0, 2, 2, ACCOUNT, false, false, cli_verb_log_prove,
      "Write the proof of a decision that concerns you.",
      "timbre log prove 7 decision-7.proof\n\n"
      "Whoever has the file can read the decision, and check with 'timbre log verify' that the\n"
      "hub logged it.\n" },
    { "log fork", "FILE", 0, 1, 1, ACCOUNT, false, false, cli_verb_log_fork,
      "Write the two checkpoints of a log that was rewritten.",
      "For after the alarm: both bear the hub's signature.\n" },
    { "log verify", "FILE", 0, 1, 1, NOTHING, false, false, cli_verb_log_verify,
      "Check such a file, offline and without an account.",
      "timbre log verify decision-7.proof\n\n"
      "Says which hub it is by the hash of its root key: compare it with the hub's own.\n" },
    { "notice list", "", 0, 0, 0, ACCOUNT, false, true, cli_verb_notice_list,
      "List the rooms in which the desk wrote to somebody.", "" },
    { "notice decisions", "", 0, 0, 0, ACCOUNT, false, true, cli_verb_notice_decisions,
      "List the desk's decisions about you.", "" },
    { "notice show", "NUMBER|ROOM", 0, 1, 1, ACCOUNT, false, true, cli_verb_notice_show,
      "Read a statement of reasons, or a notice room with the answers to it.",
      "timbre notice show 12\nLANG=fr_FR timbre notice show 12\n\n"
      "Answer with 'timbre send ROOM TEXT'.\n" },
    { "notice appeal", "NUMBER", CLI_BIT(TEXT_FILE), 1, 1, ACCOUNT, false, false,
      cli_verb_notice_appeal, "Appeal against a decision about you.",
      "timbre notice appeal 12 --text-file appeal.txt\n\n"
      "Within six months, also with a banned account.  Somebody who took no part in the decision\n"
      "settles it.\n" },
    { "notice open", "NUMBER MESSAGE...", CLI_BIT(LEVEL), 2, 255, ACCOUNT, false, false,
      cli_verb_notice_open, "Show the desk messages around the one that a decision rests on.",
      "timbre notice open 7 10 11\n\n"
      "NUMBER is that of the decision, MESSAGE that of a message in its room.\n" },
    { "sync", "", CLI_BIT(FOLLOW), 0, 0, ACCOUNT, false, false, cli_verb_sync,
      "Fetch what is new and send what waits.", "" },
    { "rpc", "", 0, 0, 0, ACCOUNT, true, false, cli_verb_rpc,
      "Speak JSON-RPC 2.0 on standard input and output, one object a line.",
      "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"send\",\"params\":{\"room\":\"team\","
      "\"text\":\"hello\"}}\n\n"
      "Methods are the verbs with a dot between their words.  What comes in is told as\n"
      "notifications with the method 'receive'.\n" },
    { "completion", "bash", 0, 1, 1, NOTHING, true, false, cli_verb_completion,
      "Print a completion script for bash.", "eval \"$(timbre completion bash)\"\n" },
    { "version", "", 0, 0, 0, NOTHING, false, false, cli_verb_version, "Print the version.", "" },
    { "help", "[VERB]", CLI_BIT(MAN), 0, 2, NOTHING, true, false, cli_verb_help_run,
      "Explain a verb.", "timbre help report new\n" },
};
const size_t cli_verb_count = sizeof cli_verbs / sizeof cli_verbs[0];

enum { HINT_DISTANCE_MAX = 2 };

/* The words of a verb's name: one or two. */
static size_t name_split(const char *name, char noun[16], const char **verb)
{
    const char *space = strchr(name, ' ');
    size_t len = space != NULL ? (size_t)(space - name) : strlen(name);
    memcpy(noun, name, len);
    noun[len] = 0;
    *verb = space != NULL ? space + 1 : NULL;
    return space != NULL ? 2 : 1;
}

const struct cli_verb *cli_verb_find(const char *const *words, size_t count, size_t *taken)
{
    for (size_t i = 0; i < cli_verb_count; i++) {
        char noun[16];
        const char *verb;
        size_t needs = name_split(cli_verbs[i].name, noun, &verb);
        if (count < needs || strcmp(words[0], noun) != 0) continue;
        if (verb != NULL && strcmp(words[1], verb) != 0) continue;
        *taken = needs;
        return &cli_verbs[i];
    }
    return NULL;
}

bool cli_verb_is_noun(const char *word)
{
    size_t len = strlen(word);
    for (size_t i = 0; i < cli_verb_count; i++) {
        const char *name = cli_verbs[i].name;
        if (strncmp(name, word, len) == 0 && name[len] == ' ') return true;
    }
    return false;
}

void cli_verb_hint(const char *const *words, size_t count, FILE *to)
{
    const struct cli_verb *best = NULL;
    unsigned best_distance = HINT_DISTANCE_MAX + 1;
    bool is_noun = false;
    for (size_t i = 0; i < cli_verb_count; i++) {
        char noun[16];
        const char *verb;
        name_split(cli_verbs[i].name, noun, &verb);
        is_noun = is_noun || (verb != NULL && strcmp(noun, words[0]) == 0);
        unsigned distance = cli_text_distance(words[0], noun);
        if (verb != NULL) distance += count > 1 ? cli_text_distance(words[1], verb) : 1;
        if (distance >= best_distance) continue;
        best = &cli_verbs[i];
        best_distance = distance;
    }
    if (is_noun) {
        fprintf(to, "What there is for '%s':\n", words[0]);
        for (size_t i = 0; i < cli_verb_count; i++) {
            size_t len = strlen(words[0]);
            const struct cli_verb *verb = &cli_verbs[i];
            if (strncmp(verb->name, words[0], len) != 0 || verb->name[len] != ' ') continue;
            fprintf(to, "  timbre %s %s\n", verb->name, verb->arguments);
        }
    } else if (best != NULL) {
        fprintf(to, "Did you mean 'timbre %s'?\n", best->name);
    } else {
        fprintf(to, "'timbre help' lists the verbs.\n");
    }
}

void cli_verbs_usage(FILE *to)
{
    fprintf(to, "usage: timbre VERB [OPTION...]\n\n");
    for (size_t i = 0; i < cli_verb_count; i++) {
        const struct cli_verb *verb = &cli_verbs[i];
        int width = fprintf(to, "  %s %s", verb->name, verb->arguments);
        fprintf(to, "%*s%s\n", width < 28 ? 28 - width : 2, "", verb->summary);
    }
    fprintf(to, "\n'timbre help VERB' tells more.\n");
}

static void options_print(uint64_t options, FILE *to)
{
    for (int i = 0; i < CLI_OPTION_COUNT; i++) {
        const struct cli_option_row *row = &cli_option_rows[i];
        if ((options >> i & 1) == 0 || row->help == NULL) continue;
        int width = fprintf(to, "  --%s%s%s", row->name, row->value != NULL ? " " : "",
                            row->value != NULL ? row->value : "");
        fprintf(to, "%*s%s\n", width < 26 ? 26 - width : 2, "", row->help);
    }
}

void cli_verb_help(const struct cli_verb *verb, FILE *to)
{
    fprintf(to, "usage: timbre %s%s%s [OPTION...]\n\n%s\n", verb->name,
            verb->arguments[0] != 0 ? " " : "", verb->arguments, verb->summary);
    if (verb->more[0] != 0) fprintf(to, "\n%s", verb->more);
    if (verb->options != 0) {
        fprintf(to, "\n");
        options_print(verb->options, to);
    }
    fprintf(to, "\nWith every verb:\n");
    options_print(CLI_OPTIONS_ALL, to);
}
