/*
 * The command line: options and words into one struct, from which a verb runs.  JSON-RPC fills the
 * same struct, so a verb cannot tell which of them called it.
 *
 * No option takes a secret: every process of the machine can read a command line.  Secrets come
 * from a file, from standard input or from a prompt.
 */
#ifndef TB_HOST_CLIENT_ARGS_H
#define TB_HOST_CLIENT_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* OPTION(NAME, "name", "VALUE" or NULL, "what it does") */
#define CLI_OPTION_LIST(OPTION)                                                                 \
    OPTION(PROFILE, "profile", "NAME", "use this profile; the default is 'default'")               \
    OPTION(DATA_DIR, "data-dir", "DIR", "the folder of all profiles")                              \
    OPTION(PASSPHRASE_FILE, "passphrase-file", "FILE", "read the profile's passphrase here; - is " \
                                                       "standard input")                           \
    OPTION(CA_FILE, "ca-file", "FILE", "trust the certificates of this file instead of the "       \
                                       "system's")                                                 \
    OPTION(TIMEOUT, "timeout", "SPAN", "give up after this time, like 30s or 5m")                  \
    OPTION(JSON, "json", NULL, "print JSON, one object a line")                                    \
    OPTION(QUIET, "quiet", NULL, "print results and errors only")                                  \
    OPTION(NO_COLOR, "no-color", NULL, "print without colours")                                    \
    OPTION(OFFLINE, "offline", NULL, "show what this profile holds; do not ask the hub")           \
    OPTION(HELP, "help", NULL, "explain the verb")                                                 \
    OPTION(HANDLE, "handle", "HANDLE", "the name others see; the default is the profile's")        \
    OPTION(INVITE_FILE, "invite-file", "FILE", "read the invitation link here; - is standard "     \
                                               "input")                                            \
    OPTION(PASSPHRASE, "passphrase", NULL, "ask for a passphrase that protects the new profile")   \
    OPTION(LINK_FILE, "link-file", "FILE", "read the room's link here; - is standard input")       \
    OPTION(CODE_FILE, "code-file", "FILE", "read the new device's code here; - is standard input") \
    OPTION(PHRASE_FILE, "phrase-file", "FILE", "read the recovery phrase here; - is standard "     \
                                               "input")                                            \
    OPTION(NO_WAIT, "no-wait", NULL, "hand in the request and do not wait for the answer")         \
    OPTION(CLASS, "class", "CLASS", "private (default), open or channel")                          \
    OPTION(USES, "uses", "COUNT", "how many people may use the link; the default is 1")            \
    OPTION(EXPIRES, "expires", "SPAN", "when it ends: a link (the default is 7d), or a message, "  \
                                       "which then disappears")                                    \
    OPTION(ALL, "all", NULL, "all that you made")                                                  \
    OPTION(TYPE, "type", "TYPE", "the file's media type; else it is judged by its name")           \
    OPTION(REMOVE, "remove", NULL, "take it back")                                                 \
    OPTION(FOLLOW, "follow", NULL, "go on showing what comes in")                                  \
    OPTION(LINES, "lines", "COUNT", "show the newest COUNT lines; the default is 50, 0 is all")    \
    OPTION(REASON, "reason", "REASON", "one of the reasons of `timbre help report new`")           \
    OPTION(OPEN, "open", "MESSAGE", "open this message of the context too; can be repeated")       \
    OPTION(NOTE_FILE, "note-file", "FILE", "read a note to the moderators here; - is standard "    \
                                           "input")                                                \
    OPTION(LEVEL, "level", "LEVEL", "1 (default), or 2: with the sender's own signature")          \
    OPTION(NAMED, "named", NULL, "tell the moderators who you are")                                \
    OPTION(ACTION, "action", "ACTION", "what is done; 'timbre help desk decide' lists it")         \
    OPTION(GROUND, "ground", "GROUND", "terms (default) or illegal")                               \
    OPTION(CATEGORY, "category", "CATEGORY", "of the breach; else the one of the reason")          \
    OPTION(RULE, "rule", "RULE", "the rule or the law, like 4.2@3 with its version")               \
    OPTION(WHY_FILE, "why-file", "FILE", "read why the facts fall under the rule; - is standard "  \
                                         "input")                                                  \
    OPTION(TEXT_FILE, "text-file", "FILE", "read the words here; - is standard input")             \
    OPTION(UPHOLD, "uphold", NULL, "the decision stands")                                          \
    OPTION(REVERSE, "reverse", NULL, "the decision is undone, with all that can be undone")        \
    OPTION(SCOPE, "scope", "SCOPE", "room (default) or hub")                                       \
    OPTION(UNTIL, "until", "SPAN", "end the measure after this time; without it, it has no end")   \
    OPTION(FACTS_FILE, "facts-file", "FILE", "read the facts for the statement of reasons here; "  \
                                             "- is standard input")                                \
    OPTION(OUTCOME, "outcome", "OUTCOME", "acted, no-action or unfounded")                         \
    OPTION(BASIS, "basis", "BASIS", "of an action: law or terms")                                  \
    OPTION(REPLY_FILE, "reply-file", "FILE", "read what the sender is told here; - is standard "   \
                                             "input")                                              \
    OPTION(ANNOUNCE, "announce", "on|off", "only moderators and owners write")                     \
    OPTION(APPROVAL, "approval", "on|off", "a moderator lets newcomers in")                        \
    OPTION(SLOW, "slow", "SPAN|off", "the time between two messages of one person")                \
    OPTION(YES, "yes", NULL, "do it without asking")                                               \
    OPTION(MAN, "man", NULL, NULL) /* the verbs as a part of the manual page; not shown */

enum cli_option {
#define CLI_OPTION_ENUM(NAME_, TEXT_, VALUE_, HELP_) CLI_OPTION_##NAME_,
    CLI_OPTION_LIST(CLI_OPTION_ENUM) CLI_OPTION_COUNT
};
#define CLI_BIT(NAME_) (UINT64_C(1) << CLI_OPTION_##NAME_)

struct cli_option_row {
    const char *name;
    const char *value; /* NULL: a switch */
    const char *help;  /* NULL: hidden */
};
extern const struct cli_option_row cli_option_rows[CLI_OPTION_COUNT];

/* Every verb takes these. */
#define CLI_OPTIONS_ALL                                                                         \
    (CLI_BIT(PROFILE) | CLI_BIT(DATA_DIR) | CLI_BIT(PASSPHRASE_FILE) |                    \
     CLI_BIT(CA_FILE) | CLI_BIT(TIMEOUT) | CLI_BIT(JSON) | CLI_BIT(QUIET) |            \
     CLI_BIT(NO_COLOR) | CLI_BIT(OFFLINE) | CLI_BIT(HELP))

enum { CLI_WORD_COUNT_MAX = 256, CLI_OPEN_COUNT_MAX = 200 };

struct cli_verb;
struct cli_args {
    const struct cli_verb *verb;
    const char *values[CLI_OPTION_COUNT]; /* "" for a switch that is on; NULL: not given */
    const char *open[CLI_OPEN_COUNT_MAX]; /* --open, in order */
    size_t open_count;
    const char *words[CLI_WORD_COUNT_MAX];
    size_t count;
    const char *secret; /* JSON-RPC: a link or text that a person would have typed; else NULL */
};

static inline bool cli_args_has(const struct cli_args *args, enum cli_option option)
{
    return args->values[option] != NULL;
}

/*
 * Fill *args from the words behind the program's name; the strings are borrowed.  On a refusal
 * prints one line to err, with a hint where a word looks misspelt, and returns false.
 */
bool cli_args_parse(struct cli_args *args, int argc, char **argv, FILE *err);
/* Is every option allowed for the verb, and the number of words right?  Else as above. */
bool cli_args_check(const struct cli_args *args, FILE *err);

#endif
