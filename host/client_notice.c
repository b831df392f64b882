#include "host/client_notice.h"

#include "chat/policy.h"
#include "client/status.h"
#include "host/client_case.h"
#include "host/client_timeline.h"

static const char *type_name(enum client_show_kind kind)
{
    switch (kind) {
    case CLIENT_SHOW_ONLINE: return "online";
    case CLIENT_SHOW_OFFLINE: return "offline";
    case CLIENT_SHOW_SYNCED: return "synced";
    case CLIENT_SHOW_MESSAGE: return "message";
    case CLIENT_SHOW_MEMBER_ADDED: return "member_added";
    case CLIENT_SHOW_MEMBER_REMOVED: return "member_removed";
    case CLIENT_SHOW_ROLE: return "role";
    case CLIENT_SHOW_JOINED: return "joined";
    case CLIENT_SHOW_REMOVED_US: return "removed";
    case CLIENT_SHOW_FAILED_ENTRY: return "failed";
    case CLIENT_SHOW_GAP: return "gap";
    case CLIENT_SHOW_ALARM: return "alarm";
    case CLIENT_SHOW_RESTRICTED: return "restricted";
    case CLIENT_SHOW_REPORT_WAITING: return "report_waiting";
    case CLIENT_SHOW_CONSENT: return "contact";
    case CLIENT_SHOW_HUB_RESTORED: return "restored";
    case CLIENT_SHOW_ROLLED_BACK: return "rolled_back";
    case CLIENT_SHOW_ROOM_CLOSED: return "room_closed";
    case CLIENT_SHOW_REVISED: return "revised";
    case CLIENT_SHOW_REACTION: return "reaction";
    case CLIENT_SHOW_READ: return "read";
    case CLIENT_SHOW_CASE: return "case";
    case CLIENT_SHOW_DESK_ANEW: return "desk_anew";
    case CLIENT_SHOW_FAILED: return "refused"; /* the session, when it is of no act */
    case CLIENT_SHOW_ASKED: return "join_asked";
    case CLIENT_SHOW_PROGRESS: return "progress";
    case CLIENT_SHOW_DONE:
    case CLIENT_SHOW_DELAYED: break;
    }
    return NULL;
}

static void set_text(json_t *record, const char *field, tb_bytes text)
{
    if (text.len > 0) cli_json_set(record, field, cli_json_text(text));
}

json_t *cli_notice_record(const struct client_show *show)
{
    const char *type = type_name(show->kind);
    bool is_of_act = show->kind == CLIENT_SHOW_FAILED && show->op != 0;
    if (type == NULL || is_of_act) return NULL;
    json_t *record = json_object();
    cli_json_set(record, "type", json_string(type));
    set_text(record, "room", show->room);
    set_text(record, "room_name", show->room_name);
    if (show->number != 0 && show->kind == CLIENT_SHOW_DESK_ANEW) {
        cli_json_set(record, "reports", json_integer((json_int_t)show->number));
    } else if (show->number != 0) {
        cli_json_set(record, "room_seq", json_integer((json_int_t)show->number));
    }
    if (show->at_ms != 0) cli_json_set(record, "time", cli_json_time(show->at_ms));
    set_text(record, "account", show->account);
    set_text(record, "handle", show->handle);
    if (show->kind == CLIENT_SHOW_MESSAGE) {
        cli_json_set(record, "text", cli_json_text(show->text));
        cli_json_set(record, "content_type", cli_json_text(show->content_type));
        cli_json_set(record, "message_id", cli_json_hex(show->message_id));
        cli_json_set(record, "own", json_boolean(show->is_own));
        cli_json_set(record, "verified", json_boolean(show->is_verified));
    }
    if (show->kind == CLIENT_SHOW_CASE) {
        cli_json_set(record, "case", cli_case_word(show->message_id));
        cli_json_set(record, "act", cli_json_text(show->text));
        cli_json_set(record, "void", show->code == TB_OK
                                         ? json_null()
                                         : json_string(cli_status_show(show->code).title));
    }
    if (show->kind == CLIENT_SHOW_ROLE) {
        cli_json_set(record, "role", json_string(chat_policy_role_name(show->role_index)));
    }
    if (show->kind == CLIENT_SHOW_REVISED || show->kind == CLIENT_SHOW_REACTION) {
        cli_json_set(record, "text", cli_json_text(show->text));
    }
    if (show->kind == CLIENT_SHOW_REVISED) {
        cli_json_set(record, "revision", json_string(cli_timeline_revision_name(
                                             (uint8_t)show->code)));
    }
    if (show->decision_number != 0) {
        cli_json_set(record, "decision", json_integer((json_int_t)show->decision_number));
    }
    if (show->kind == CLIENT_SHOW_ALARM || show->kind == CLIENT_SHOW_FAILED_ENTRY ||
        show->kind == CLIENT_SHOW_FAILED) {
        struct cli_problem problem = cli_status_show(show->code);
        cli_json_set(record, "code", json_string(problem.code));
        cli_json_set(record, "title", json_string(problem.title));
    }
    if (show->kind == CLIENT_SHOW_ONLINE) {
        cli_json_set(record, "restricted", json_boolean(show->is_restricted));
    }
    return record;
}

void cli_notice_on_show(void *ctx, const struct client_show *show)
{
    struct cli_app *app = ctx;
    const char *room = cli_app_visible(app, show->room_name.len > 0 ? show->room_name : show->room);
    const char *who = cli_app_visible(app, show->handle.len > 0 ? show->handle : show->account);
    switch (show->kind) {
    case CLIENT_SHOW_ALARM:
        /* Never quiet: this is what the person must hear. */
        if (!cli_out_is_text(&app->out)) break;
        fprintf(app->out.err, "timbre: ALARM%s%s: %s\n", room[0] != 0 ? " in " : "", room,
                cli_status_problem(TB_STATUS(show->code)).title);
        break;
    case CLIENT_SHOW_REMOVED_US:
        if (show->decision_number == 0) {
            cli_out_note(&app->out, "timbre: you were removed from %s.\n", room);
        } else {
            cli_out_note(&app->out, "timbre: you were removed from %s by a decision of the desk, "
                                    "number %llu.\n",
                         room, (unsigned long long)show->decision_number);
        }
        break;
    case CLIENT_SHOW_REPORT_WAITING:
        cli_out_note(&app->out, "timbre: a report waits; 'timbre desk list' fetches it.\n");
        break;
    case CLIENT_SHOW_CONSENT:
        cli_out_note(&app->out, "timbre: %s asks for contact; 'timbre contact accept %s' agrees.\n",
                     who, who);
        break;
    case CLIENT_SHOW_ASKED:
        cli_out_note(&app->out, "timbre: somebody asks to come into %s; 'timbre room requests %s' "
                                "lists them.\n",
                     room, room);
        break;
    case CLIENT_SHOW_HUB_RESTORED:
        cli_out_note(&app->out, "timbre: the hub was restored from a backup (%s).\n", room);
        break;
    case CLIENT_SHOW_ROOM_CLOSED:
        cli_out_note(&app->out, "timbre: the room %s is closed.\n", room);
        break;
    case CLIENT_SHOW_DESK_ANEW:
        /* Never quiet: who reads reports from here on is another. */
        if (!cli_out_is_text(&app->out)) break;
        fprintf(app->out.err, "timbre: the operator of this hub has declared the moderation desk "
                              "lost and founds it anew.\n");
        if (show->number == 0) break;
        fprintf(app->out.err, "timbre: %llu of your reports went to the old desk; what it had not "
                              "decided nobody can read any more.\n"
                              "timbre: 'timbre report list' shows them; report again what still "
                              "matters.\n", (unsigned long long)show->number);
        break;
    default: break;
    }
}
