/* Why the client's half of host/ refuses, and what a person is told about any refusal. */
#ifndef TB_HOST_CLIENT_STATUS_H
#define TB_HOST_CLIENT_STATUS_H

#include "host/client_out.h"
#include "host/status.h"

#define CLI_STATUS_LIST(CODE)                                                                      \
    CODE(CLI_PASSPHRASE_NEEDED, 1100, "the profile is protected by a passphrase")                  \
    CODE(CLI_PASSPHRASE_WRONG, 1101, "the passphrase is wrong, or the key file is damaged")        \
    CODE(CLI_KEY_FORMAT, 1102, "the key file has no form that this version knows")                 \
    CODE(CLI_KEY_MISSING, 1103, "the profile's key file is gone")                                  \
    CODE(CLI_PROFILE_NAME, 1104, "a profile's name is 1 to 64 of a-z A-Z 0-9 . _ -")               \
    CODE(CLI_PROFILE_ABSENT, 1105, "there is no such profile")                                     \
    CODE(CLI_ORIGIN, 1110, "the address of the hub is not http:// or https:// with a name")        \
    CODE(CLI_CONNECT, 1111, "the hub cannot be reached")                                           \
    CODE(CLI_TLS, 1112, "the hub's certificate or its TLS is not accepted")                        \
    CODE(CLI_HANDSHAKE, 1113, "what answers there is no Timbre hub")                               \
    CODE(CLI_FRAME, 1114, "the hub broke the rules of WebSocket")                                  \
    CODE(CLI_CLOSED, 1115, "the hub ended the connection")                                         \
    CODE(CLI_TIMEOUT, 1116, "no answer came in time")                                              \
    CODE(CLI_QUEUE, 1117, "too much waits to be sent")                                             \
    CODE(CLI_INTERRUPTED, 1118, "interrupted")                                                     \
    CODE(CLI_REFUSED, 1119, "the hub refused the session")

enum cli_status_code {
#define CLI_STATUS_ENUM(NAME_, NUMBER_, TEXT_) NAME_ = NUMBER_,
    CLI_STATUS_LIST(CLI_STATUS_ENUM)
};

enum { CLI_WHY_LEN_MAX = 512 }; /* octets of words that say why, with the terminator */

/* The refusal as a problem: exit code, stable name, cause, advice.  Every room's codes. */
struct cli_problem cli_status_problem(tb_status status);
/* The same for a code of the hub's answers (enum chat_code). */
struct cli_problem cli_status_chat(uint16_t code);
/* The same for the code of a CLIENT_SHOW_FAILED: enum chat_code below 100, tb_status from there. */
struct cli_problem cli_status_show(uint16_t code);

#endif
