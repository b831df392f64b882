/* The server's main: the table of its verbs.  Each verb is in host/hub_*.c. */
#include "host/hub_cli.h"

static const struct host_cli_verb verbs[] = {
    { "serve", NULL, "", 0, 0, "run the hub until SIGTERM", host_verb_serve },
    { "status", NULL, "", 0, 0, "what the hub says of itself", host_verb_status },
    { "doctor", NULL, "", 0, 0, "look for what is wrong with the set-up", host_verb_doctor },
    { "user", "list", "", 0, 0, "all accounts", host_verb_user_list },
    { "user", "show", "ACCOUNT", 1, 1, "one account, by handle or address", host_verb_user_show },
    { "user", "admin", "ACCOUNT", 1, 1, "make it an admin; --end takes it away",
      host_verb_user_admin },
    { "user", "close-sessions", "ACCOUNT", 1, 1, "close all its connections",
      host_verb_user_close_sessions },
    { "invite", "create", "", 0, 0, "a link that makes an account", host_verb_invite_create },
    { "invite", "list", "", 0, 0, "invitations, and how often each was used",
      host_verb_invite_list },
    { "invite", "revoke", "ID", 1, 1, "end an invitation", host_verb_invite_revoke },
    { "room", "list", "", 0, 0, "all rooms, as far as a hub can know them", host_verb_room_list },
    { "room", "show", "ROOM", 1, 1, "one room", host_verb_room_show },
    { "room", "thaw", "ROOM", 1, 1, "after a restore: go on without waiting any longer",
      host_verb_room_thaw },
    { "desk", "refound", "", 0, 0, "the desk is lost: a link for who founds another",
      host_verb_desk_refound },
    { "keys", "list", "", 0, 0, "the hub's signing keys, and since when", host_verb_keys_list },
    { "keys", "rotate", "KEY...", 1, 3, "new keys: agent (franking), intake, frank (hub_key)",
      host_verb_keys_rotate },
    { "keys", "revoke", "ID TIME", 2, 2, "others may have had this agent key since TIME",
      host_verb_keys_revoke },
    { "backup", NULL, "FILE", 1, 1, "everything into one file, while the hub runs",
      host_verb_backup },
    { "verify", NULL, "FILE", 1, 1, "is this backup whole?", host_verb_verify },
    { "restore", NULL, "FILE", 1, 1, "put a backup into the data directory", host_verb_restore },
    { "log", "verify", "", 0, 0, "check the whole decision log; --from FILE: since then",
      host_verb_log_verify },
    { "log", "export", "FILE", 1, 1, "the checkpoint and every public entry",
      host_verb_log_export },
    { "transparency", "export", "DIR", 1, 1, "counts of a period, in the form of the EU's template",
      host_verb_transparency_export },
    { "order", "add", "", 0, 0, "register an order of an authority", host_verb_order_add },
    { "order", "list", "", 0, 0, "all orders", host_verb_order_list },
    { "order", "close", "ORDER", 1, 1, "say what effect was given", host_verb_order_close },
    { "config", "check", "", 0, 0, "exit code 78 when something is wrong",
      host_verb_config_check },
    { "config", "show", "", 0, 0, "every key; --origin says where from", host_verb_config_show },
    { "version", NULL, "", 0, 0, "of program, schema and protocol", host_verb_version },
};

int main(int argc, char **argv)
{
    return host_cli_main(argc, argv, verbs, sizeof verbs / sizeof verbs[0]);
}
