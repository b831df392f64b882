#include "host/client_status.h"

#include <ctype.h>
#include <string.h>

#include "chat/protocol.h"
#include "chat/status.h"
#include "client/status.h"

/* What to do about a refusal, where there is something.  exit 0: as the code's class says. */
struct advice_row {
    uint16_t code;
    enum cli_exit exit;
    const char *advice;
};

static const char rejoin[] =
    "It is a copy, or came back from a backup.  'timbre device rejoin' makes it a new device.";
static const char restricted[] =
    "'timbre notice list' shows the rooms in which the desk wrote to you; you may answer there.";
static const char no_desk[] =
    "The hub's first administrator has to register before anything else is possible.";
static const char store_full[] =
    "Nothing was changed.  Look whether the disk is full, then do it again.";

static const struct advice_row chat_advice[] = {
    { CHAT_CODE_RESTRICTED, CLI_EXIT_OK, restricted },
    { CHAT_CODE_RATE_LIMITED, CLI_EXIT_OK, "Wait a minute, then do it again." },
    { CHAT_CODE_FROZEN, CLI_EXIT_OK,
      "The room goes on when its members' clients have been online; 'timbre sync' helps." },
    { CHAT_CODE_TENTATIVE, CLI_EXIT_OK, "Do it again in a few seconds." },
    { CHAT_CODE_DESK_MISSING, CLI_EXIT_OK, no_desk },
    { CHAT_CODE_STORE, CLI_EXIT_OK, "Nothing was changed.  Tell the hub's operator." },
    { CHAT_CODE_VERSION, CLI_EXIT_OK, "Update this program or the hub." },
    { CHAT_CODE_ROLLED_BACK, CLI_EXIT_OK, rejoin },
    { CHAT_CODE_INVITATION_USED, CLI_EXIT_OK, "Ask for a new one." },
    { CHAT_CODE_INVITATION_EXPIRED, CLI_EXIT_OK, "Ask for a new one." },
    { CHAT_CODE_NO_CONSENT, CLI_EXIT_OK,
      "'timbre contact request WHO' asks for it; or send a link of 'timbre room invite'." },
    { CHAT_CODE_SIGNATURE, CLI_EXIT_VERIFY, NULL },
    { CHAT_CODE_INVALID_COMMIT, CLI_EXIT_VERIFY, NULL },
    { CHAT_CODE_DEVICE_REVOKED, CLI_EXIT_DENIED,
      "Another device of the account did it.  What this profile holds can still be read, with "
      "--offline." },
    { CHAT_CODE_INTERNAL, CLI_EXIT_OK, "Tell the hub's operator." },
};

static const struct advice_row status_advice[] = {
    { TB_STORE, CLI_EXIT_FAILED, store_full },
    { TB_NOT_FOUND, CLI_EXIT_NOT_FOUND, NULL },
    { CHAT_INVITE_LINK, CLI_EXIT_USAGE, "Copy all of it, from http to the last letter." },
    { CHAT_REGISTER_HANDLE, CLI_EXIT_USAGE,
      "--handle takes 2 to 32 of a-z 0-9 . _ - ; without it the profile's name is used." },
    { CHAT_LINK_CODE, CLI_EXIT_USAGE, "Copy all of what 'timbre device link' shows." },
    { CHAT_PHRASE, CLI_EXIT_USAGE, "It is six groups of five letters and digits." },
    { CLIENT_ACCOUNT_KEY, CLI_EXIT_CONFLICT, "Do it on another device of the account." },
    { CLIENT_DEVICE_UNKNOWN, CLI_EXIT_NOT_FOUND, "'timbre device list' lists the devices." },
    { CLIENT_DEVICE_SELF, CLI_EXIT_CONFLICT, "Do it on another device of the account." },
    { CLIENT_NOT_REGISTERED, CLI_EXIT_NOT_FOUND,
      "'timbre account register' makes one; --profile NAME chooses another profile." },
    { CLIENT_REGISTERED, CLI_EXIT_CONFLICT, "--profile NAME makes another profile." },
    { CLIENT_AMBIGUOUS, CLI_EXIT_CONFLICT,
      "Write more of it, or its address; 'timbre room list' and 'timbre notice list' show all." },
    { CLIENT_LINK_KIND, CLI_EXIT_USAGE,
      "'timbre account register' takes the hub's invitations, 'timbre room join' those of rooms." },
    { CLIENT_LINK_HUB, CLI_EXIT_CONFLICT, "--profile NAME chooses a profile of that hub." },
    { CLIENT_NOT_MEMBER, CLI_EXIT_DENIED, NULL },
    { CLIENT_RESTRICTED, CLI_EXIT_DENIED, restricted },
    { CLIENT_OFFLINE, CLI_EXIT_NETWORK, NULL },
    { CLIENT_ROLLED_BACK, CLI_EXIT_CONFLICT, rejoin },
    { CLIENT_TEXT_LENGTH, CLI_EXIT_USAGE, "A message has 1 to 60000 octets of text." },
    { CLIENT_MESSAGE_UNKNOWN, CLI_EXIT_NOT_FOUND, "'timbre tail ROOM' shows the numbers." },
    { CLIENT_MESSAGE_CLOSED, CLI_EXIT_NOT_FOUND, "Only what this device could read can be shown." },
    { CLIENT_PERMISSION, CLI_EXIT_DENIED, "'timbre room members ROOM' shows who may." },
    { CLIENT_ALREADY_MEMBER, CLI_EXIT_CONFLICT, NULL },
    { CLIENT_NOT_PARTICIPANT, CLI_EXIT_NOT_FOUND, NULL },
    { CLIENT_NO_DESK, CLI_EXIT_DENIED,
      "A moderator adds you to the desk's room; the keys come with it." },
    { CLIENT_SCHEMA_NEWER, CLI_EXIT_CONFLICT, "Use the version of this program that wrote it." },
    { CLIENT_ROOM_STATE, CLI_EXIT_CONFLICT, NULL },
    { CLIENT_LOST_RACE, CLI_EXIT_CONFLICT, "Do it again." },
    { CLIENT_ROLLED_BACK_COMMIT, CLI_EXIT_CONFLICT, "Do it again." },
    { CLIENT_BUSY, CLI_EXIT_CONFLICT, NULL },
    { CLIENT_INVITE_USED, CLI_EXIT_CONFLICT, "'timbre room invite ROOM' makes another." },
    { CLIENT_INVITE_REVOKED, CLI_EXIT_CONFLICT, "'timbre room invite ROOM' makes another." },
    { CLIENT_DESK_MISSING, CLI_EXIT_CONFLICT, no_desk },
    { CLIENT_CASE_DECIDED, CLI_EXIT_CONFLICT, NULL },
    { CLIENT_DESK_LAST, CLI_EXIT_DENIED, NULL },
    { CLIENT_UNBAN_DECIDER, CLI_EXIT_DENIED, NULL },
    { CLIENT_DRAFT_NONE, CLI_EXIT_NOT_FOUND, "'timbre desk drafts' lists what waits." },
    { CLIENT_DRAFT_OWN, CLI_EXIT_DENIED, NULL },
    { CLIENT_SETTLE_DECIDER, CLI_EXIT_DENIED, NULL },
    { CLIENT_ROOM_IS_SHUT, CLI_EXIT_CONFLICT, NULL },
    { CLIENT_UNBAN_SCOPE, CLI_EXIT_CONFLICT, "--scope room or --scope hub says which." },
    { CLIENT_REPORT_SENDERS, CLI_EXIT_USAGE, "Hand in one report for each account." },
    { CLIENT_REPORT_OWN, CLI_EXIT_USAGE, "Whoever wants more context opened adds --open MESSAGE." },
    { CLIENT_REPORT_HIDDEN, CLI_EXIT_NOT_FOUND, "'timbre tail ROOM' shows the numbers." },
    { CLIENT_REPORT_LEVEL, CLI_EXIT_CONFLICT, "Report it without --level 2." },
    { CHAT_CASE_FORM, CLI_EXIT_USAGE, "'timbre help desk note' and its like say what they take." },
    { CHAT_CASE_CLAIMED, CLI_EXIT_CONFLICT, "'timbre desk show CASE' says who, and until when." },
    { CHAT_CASE_NOT_HELD, CLI_EXIT_CONFLICT, NULL },
    { CHAT_CASE_CYCLE, CLI_EXIT_CONFLICT, NULL },
    { CHAT_CASE_LEASE, CLI_EXIT_CONFLICT, "Look whether this machine's clock is right." },
    { CHAT_CASE_DEPTH, CLI_EXIT_CONFLICT, NULL },
    { CLIENT_CASE_UNVERIFIED, CLI_EXIT_VERIFY, NULL },
    { HOST_LOCKED, CLI_EXIT_CONFLICT,
      "End that process, or use what it offers; two would use the same keys twice." },
    { HOST_PERMISSION, CLI_EXIT_DENIED, "chmod 600 makes the file private." },
    { HOST_SCHEMA_NEWER, CLI_EXIT_CONFLICT, "Use the version of this program that wrote it." },
    { HOST_DAMAGED, CLI_EXIT_VERIFY, NULL },
    { HOST_INTERRUPTED, CLI_EXIT_USAGE, NULL },
    { CLI_PASSPHRASE_NEEDED, CLI_EXIT_DENIED,
      "Type it when asked, or give it with --passphrase-file FILE." },
    { CLI_PASSPHRASE_WRONG, CLI_EXIT_DENIED, NULL },
    { CLI_KEY_MISSING, CLI_EXIT_NOT_FOUND, "Without it nothing of the profile can be read." },
    { CLI_PROFILE_NAME, CLI_EXIT_USAGE, NULL },
    { CLI_PROFILE_ABSENT, CLI_EXIT_NOT_FOUND,
      "'timbre account register' makes one; --profile NAME chooses another." },
    { CLI_ORIGIN, CLI_EXIT_USAGE, NULL },
    { CLI_CONNECT, CLI_EXIT_NETWORK, "Look whether the hub runs and the network works." },
    { CLI_TLS, CLI_EXIT_VERIFY, "--ca-file FILE trusts a certificate authority of your own." },
    { CLI_HANDSHAKE, CLI_EXIT_NETWORK, NULL },
    { CLI_FRAME, CLI_EXIT_NETWORK, NULL },
    { CLI_CLOSED, CLI_EXIT_NETWORK, NULL },
    { CLI_TIMEOUT, CLI_EXIT_NETWORK, "--timeout SPAN waits longer." },
    { CLI_QUEUE, CLI_EXIT_NETWORK, NULL },
    { CLI_INTERRUPTED, CLI_EXIT_FAILED, NULL },
};

struct name_row {
    uint16_t code;
    const char *name, *text;
};
static const struct name_row cli_names[] = {
#define CLI_STATUS_ROW(NAME_, NUMBER_, TEXT_) { NUMBER_, #NAME_, TEXT_ },
    CLI_STATUS_LIST(CLI_STATUS_ROW)
#define HOST_STATUS_ROW(NAME_, NUMBER_, TEXT_) { NUMBER_, #NAME_, TEXT_ },
    HOST_STATUS_LIST(HOST_STATUS_ROW)
};

static const struct advice_row *find(const struct advice_row *rows, size_t count, uint16_t code)
{
    for (size_t i = 0; i < count; i++) {
        if (rows[i].code == code) return &rows[i];
    }
    return NULL;
}

/* "CLI_KEY_FORMAT" -> "key_format": programs read the name, which no room's prefix helps. */
static void set_name(struct cli_problem *problem, const char *name)
{
    size_t len = 0;
    const char *rest = strchr(name, '_');
    if (isupper((unsigned char)name[0]) && rest != NULL) name = rest + 1;
    for (; name[len] != 0 && len + 1 < CLI_PROBLEM_CODE_LEN_MAX; len++) {
        problem->code[len] = (char)tolower((unsigned char)name[len]);
    }
    problem->code[len] = 0;
}

static enum cli_exit exit_of_status(uint16_t code)
{
    bool is_of_crypto = code >= 100 && code < 800; /* wire, crypto, mls, chat */
    bool is_alarm = code >= 950 && code < 1000;
    return is_of_crypto || is_alarm ? CLI_EXIT_VERIFY : CLI_EXIT_FAILED;
}

struct cli_problem cli_status_problem(tb_status status)
{
    struct cli_problem problem = { .exit = exit_of_status(status.code) };
    const struct advice_row *row =
        find(status_advice, sizeof status_advice / sizeof status_advice[0], status.code);
    problem.title = chat_status_text(status);
    set_name(&problem, chat_status_name(status));
    if (status.code >= 900 && status.code < 1000) {
        problem.title = client_status_text(status.code);
        set_name(&problem, client_status_name(status.code));
    }
    for (size_t i = 0; i < sizeof cli_names / sizeof cli_names[0]; i++) {
        if (cli_names[i].code != status.code) continue;
        problem.title = cli_names[i].text;
        set_name(&problem, cli_names[i].name);
    }
    if (row != NULL) {
        problem.exit = row->exit;
        problem.advice = row->advice;
    }
    return problem;
}

/* The class of the HTTP status decides, but for refusals of a proof. */
static enum cli_exit exit_of_chat(uint16_t code)
{
    switch (chat_code_http(code)) {
    case 401: case 403: return CLI_EXIT_DENIED;
    case 404: case 410: return CLI_EXIT_NOT_FOUND;
    case 409: return CLI_EXIT_CONFLICT;
    default: return CLI_EXIT_FAILED;
    }
}

struct cli_problem cli_status_chat(uint16_t code)
{
    struct cli_problem problem = { .exit = exit_of_chat(code), .title = chat_code_sentence(code) };
    const struct advice_row *row = find(chat_advice, sizeof chat_advice / sizeof chat_advice[0],
                                        code);
    set_name(&problem, chat_code_name(code));
    if (row != NULL) {
        problem.advice = row->advice;
        if (row->exit != CLI_EXIT_OK) problem.exit = row->exit;
    }
    return problem;
}

struct cli_problem cli_status_show(uint16_t code)
{
    enum { CHAT_CODE_END = 100 }; /* codes of base, which lie there too, no act ends with */
    return code < CHAT_CODE_END ? cli_status_chat(code) : cli_status_problem(TB_STATUS(code));
}
