/*
 * The one table of verbs.  The command line, its help, JSON-RPC, the completion script and the
 * manual page's list all read it.
 */
#ifndef TB_HOST_CLIENT_VERBS_H
#define TB_HOST_CLIENT_VERBS_H

#include "host/client_args.h"

struct cli_app;

enum cli_need {
    CLI_NEEDS_NOTHING = 1, /* no profile */
    CLI_NEEDS_NEW,         /* a profile; made when it is absent */
    CLI_NEEDS_ACCOUNT      /* a registered profile */
};

struct cli_verb {
    const char *name;      /* "room create" */
    const char *arguments; /* "NAME", "ROOM MESSAGE..." */
    uint64_t options;      /* CLI_BIT(...) beyond CLI_OPTIONS_ALL */
    uint8_t count_min, count_max; /* words behind the verb; 255: as many as there are */
    enum cli_need need;
    bool is_terminal_only; /* not offered over JSON-RPC */
    bool is_list;          /* JSON-RPC: the result is an array, however many there are */
    int (*run)(struct cli_app *app); /* returns an exit code */
    const char *summary;
    const char *more;      /* examples and remarks, or "" */
};
extern const struct cli_verb cli_verbs[];
extern const size_t cli_verb_count;

/* The verb at the start of words, and how many of them it took; NULL when there is none. */
const struct cli_verb *cli_verb_find(const char *const *words, size_t count, size_t *taken);
bool cli_verb_is_noun(const char *word); /* verbs of two words begin with it */
/* "did you mean" for words that name no verb; prints nothing when nothing is near. */
void cli_verb_hint(const char *const *words, size_t count, FILE *to);

void cli_verbs_usage(FILE *to);
void cli_verb_help(const struct cli_verb *verb, FILE *to);

int cli_verb_account_register(struct cli_app *app);
int cli_verb_account_show(struct cli_app *app);
int cli_verb_room_create(struct cli_app *app);
int cli_verb_room_list(struct cli_app *app);
int cli_verb_room_show(struct cli_app *app);
int cli_verb_room_invite(struct cli_app *app);
int cli_verb_room_invites(struct cli_app *app);
int cli_verb_room_uninvite(struct cli_app *app);
int cli_verb_room_join(struct cli_app *app);
int cli_verb_room_leave(struct cli_app *app);
int cli_verb_room_add(struct cli_app *app);
int cli_verb_room_remove(struct cli_app *app);
int cli_verb_room_rules(struct cli_app *app);
int cli_verb_room_mute(struct cli_app *app);
int cli_verb_room_unmute(struct cli_app *app);
int cli_verb_room_kick(struct cli_app *app);
int cli_verb_room_readmit(struct cli_app *app);
int cli_verb_room_requests(struct cli_app *app);
int cli_verb_room_approve(struct cli_app *app);
int cli_verb_room_role(struct cli_app *app);
int cli_verb_room_members(struct cli_app *app);
int cli_verb_account_receipts(struct cli_app *app);
int cli_verb_send(struct cli_app *app);
int cli_verb_attach(struct cli_app *app);
int cli_verb_save(struct cli_app *app);
int cli_verb_reply(struct cli_app *app);
int cli_verb_edit(struct cli_app *app);
int cli_verb_delete(struct cli_app *app);
int cli_verb_react(struct cli_app *app);
int cli_verb_tail(struct cli_app *app);
int cli_verb_chat(struct cli_app *app);
int cli_verb_device_list(struct cli_app *app);
int cli_verb_device_rejoin(struct cli_app *app);
int cli_verb_device_link(struct cli_app *app);
int cli_verb_device_add(struct cli_app *app);
int cli_verb_device_revoke(struct cli_app *app);
int cli_verb_account_recover(struct cli_app *app);
int cli_verb_recovery_new(struct cli_app *app);
int cli_verb_contact_request(struct cli_app *app);
int cli_verb_contact_accept(struct cli_app *app);
int cli_verb_contact_revoke(struct cli_app *app);
int cli_verb_contact_list(struct cli_app *app);
int cli_verb_safety_code(struct cli_app *app);
int cli_verb_report_new(struct cli_app *app);
int cli_verb_report_list(struct cli_app *app);
int cli_verb_report_open(struct cli_app *app);
int cli_verb_report_export(struct cli_app *app);
int cli_verb_report_verify(struct cli_app *app);
int cli_verb_alarm_list(struct cli_app *app);
int cli_verb_alarm_export(struct cli_app *app);
int cli_verb_desk_save(struct cli_app *app);
int cli_verb_notice_open(struct cli_app *app);
int cli_verb_desk_ask(struct cli_app *app);
int cli_verb_desk_list(struct cli_app *app);
int cli_verb_desk_show(struct cli_app *app);
int cli_verb_desk_next(struct cli_app *app);
int cli_verb_desk_claim(struct cli_app *app);
int cli_verb_desk_release(struct cli_app *app);
int cli_verb_desk_note(struct cli_app *app);
int cli_verb_desk_code(struct cli_app *app);
int cli_verb_desk_merge(struct cli_app *app);
int cli_verb_desk_priority(struct cli_app *app);
int cli_verb_desk_deadline(struct cli_app *app);
int cli_verb_desk_decide(struct cli_app *app);
int cli_verb_desk_confirm(struct cli_app *app);
int cli_verb_desk_drafts(struct cli_app *app);
int cli_verb_desk_appeals(struct cli_app *app);
int cli_verb_desk_settle(struct cli_app *app);
int cli_verb_notice_decisions(struct cli_app *app);
int cli_verb_notice_appeal(struct cli_app *app);
int cli_verb_desk_name_owner(struct cli_app *app);
int cli_verb_desk_keys(struct cli_app *app);
int cli_verb_desk_answer(struct cli_app *app);
int cli_verb_log_show(struct cli_app *app);
int cli_verb_log_prove(struct cli_app *app);
int cli_verb_log_fork(struct cli_app *app);
int cli_verb_log_verify(struct cli_app *app);
int cli_verb_notice_list(struct cli_app *app);
int cli_verb_notice_show(struct cli_app *app);
int cli_verb_sync(struct cli_app *app);
int cli_verb_rpc(struct cli_app *app);
int cli_verb_completion(struct cli_app *app);
int cli_verb_version(struct cli_app *app);
int cli_verb_help_run(struct cli_app *app);

#endif
